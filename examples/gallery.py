#!/usr/bin/env python3
"""Makes docs/gallery.md: every example by topic, with what its first comment says, its picture, what it prints, and a link to the program.

Usage: gallery.py            writes docs/gallery.md
       gallery.py --check    status 1 where the page is not what it would write
"""

import re
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent
PAGE = EXAMPLES.parent / "docs" / "gallery.md"

# In the order of the page; a topic without a row here fails.
TOPICS = {
    "tensors": "Tensors and operations",
    "numerics": "Numbers and bits",
    "linalg": "Linear algebra",
    "autograd": "Derivatives",
    "linalg": "Linear algebra",
    "statistics": "Statistics and information theory",
    "tables": "Tables and splits",
    "estimators": "Estimators",
    "learning": "Losses, optimisers, training",
    "networks": "Layers and networks",
    "recurrent": "Sequences",
    "text": "Text",
    "generative": "Images made by networks",
    "visualisation": "What networks look at",
    "runs": "Recorded runs",
    "diagnosis": "Where two runs part",
    "interchange": "Other people's formats",
    "plot": "Pictures",
}

BEGIN = """# Gallery

Short programs, one per method, each with what it prints; `./dev examples` builds, runs and compares all of them, `build/release/bin/example_NAME`
is one. This page is made by `examples/gallery.py`.
"""


def description(source):
    """The comment that the program begins with, as one paragraph."""
    lines = []
    for line in source.read_text().splitlines():
        if not line.startswith("//"):
            break
        lines.append(line[2:].strip())
    return " ".join(lines)


def entry(source):
    name, topic = source.stem, source.parent.name
    words = name.replace("_", " ")
    text = f"**{words.capitalize()}** ([program](../examples/{topic}/{name}.cc)). {description(source)}\n"
    if source.with_suffix(".svg").exists():
        text += f"\n![{words}](../examples/{topic}/{name}.svg)\n"
    output = source.with_suffix(".txt").read_text().rstrip("\n")
    return text + f"\n<details><summary>what it prints</summary>\n\n```text\n{output}\n```\n\n</details>\n\n"


def page():
    sources = sorted(EXAMPLES.glob("*/*.cc"))
    unknown = {source.parent.name for source in sources} - set(TOPICS)
    if unknown:
        raise SystemExit(f"examples/gallery.py: no row in TOPICS for {', '.join(sorted(unknown))}")
    text = BEGIN
    for topic, title in TOPICS.items():
        entries = [entry(source) for source in sources if source.parent.name == topic]
        if entries:
            text += f"\n## {title}\n\n" + "".join(entries)
    return text


def main():
    silent = [str(source.relative_to(EXAMPLES)) for source in EXAMPLES.glob("*/*.cc") if not re.search(r"\w{3}", description(source))]
    if silent:
        raise SystemExit(f"these examples do not begin with a comment that says what they show: {', '.join(sorted(silent))}")
    if "--check" not in sys.argv:
        PAGE.write_text(page())
    elif not PAGE.exists() or PAGE.read_text() != page():
        raise SystemExit("docs/gallery.md is not what examples/gallery.py makes of the examples; run it")


if __name__ == "__main__":
    main()
