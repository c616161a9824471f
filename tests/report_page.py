#!/usr/bin/env python3
"""`tessera report` and `tessera compare`, read as a stranger would: the pages with html.parser, the pictures with the checker of
tests/plot_integrity.py, the numbers with what the record's own files say.

A page loads nothing, runs nothing, has headings in order, unique ids, names for pictures and tables; what a hostile record says is
text in it. A damaged or interrupted record is reported as such. The same record gives the same bytes.

Usage: report_page.py PROGRAM
"""

import base64
import json
import re
import shutil
import struct
import sys
import zlib
from html.parser import HTMLParser

import journey
import plot_integrity
from journey import expect

VOID = {"meta", "img", "br", "hr", "link", "input"}
ALLOWED = {"html", "head", "meta", "title", "style", "body", "a", "header", "nav", "main", "footer", "section", "h1", "h2", "h3",
           "h4", "h5", "h6", "p", "ul", "li", "code", "strong", "span", "div", "dl", "dt", "dd", "figure", "figcaption", "img",
           "details", "summary", "table", "caption", "thead", "tbody", "tr", "th", "td"} | plot_integrity.ALLOWED
EVIL = ["<script>alert(1)</script>", "x'&amp;<img src=x onerror=alert(2)>", "</style></svg>"]


class Page(HTMLParser):
    """A page taken apart, with what every page has to keep checked on the way."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.path, self.open, self.ids, self.links, self.headings = path, [], [], [], []
        self.images, self.texts, self.labels, self.tags, self.styles = [], [], [], [], []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        expect(not self.open, f"{path.name}: not closed: {self.open}")

    def handle_starttag(self, tag, attrs):
        where = f"{self.path.name}:{self.getpos()[0]}: <{tag}>"
        expect(tag in ALLOWED, f"{where} has no place in a report")
        names = [name for name, _ in attrs]
        expect(len(names) == len(set(names)), f"{where} has an attribute twice")
        attributes = dict(attrs)
        for name, value in attrs:
            expect(not name.startswith("on"), f"{where} has {name}")
            if name in ("src", "href", "srcset", "action", "data", "poster"):
                inside = name == "href" and value.startswith("#") or name == "src" and value.startswith("data:image/png;base64,")
                expect(inside, f"{where} loads {value[:60]}")
        self.tags.append(("svg " + tag if "svg" in self.open else tag, attributes))
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "a":
            self.links.append(attributes["href"][1:])
        self.labels += attributes.get("aria-labelledby", "").split()
        if tag == "img":
            expect(attributes.get("alt", "").strip(), f"{where} says nothing to who cannot see it")
            self.images.append(attributes["src"])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append([int(tag[1]), ""])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        expect(self.open and self.open[-1] == tag,
               f"{self.path.name}:{self.getpos()[0]}: </{tag}> while {self.open[-3:]} is open")
        self.open.pop()

    def handle_data(self, data):
        if "style" in self.open:
            self.styles.append(data)
            return
        self.texts.append(data)
        if self.open and re.fullmatch("h[1-6]", self.open[-1]):
            self.headings[-1][1] += data

    @property
    def text(self):
        return "\n".join(self.texts)


def check_form(page):
    """Standing alone, and fit for a keyboard and a screen reader."""
    name = page.path.name
    for word in ("http:", "https:", "url(", "@import", "@font-face"):
        expect(word not in "".join(page.styles), f"{name}: the style sheet has {word}")
    addresses = set(re.findall(r"(?:https?:)?//[^\s\"'<>)]+", page.path.read_text(encoding="utf-8")))
    addresses = {address for address in addresses if address.startswith("http")}
    expect(addresses <= {"http://www.w3.org/2000/svg"}, f"{name}: addresses {addresses}")
    tags = [tag for tag, _ in page.tags]
    policy = [attributes for tag, attributes in page.tags if attributes.get("http-equiv") == "Content-Security-Policy"]
    expect(policy and policy[0]["content"].startswith("default-src 'none'"), f"{name}: no policy that forbids to load")
    expect(dict(page.tags[0][1]).get("lang") == "en", f"{name}: no language")
    for tag in ("title", "main", "nav", "h1"):
        expect(tags.count(tag) == 1, f"{name}: {tags.count(tag)} <{tag}>")
    levels = [level for level, _ in page.headings]
    expect(levels[0] == 1, f"{name}: the first heading is h{levels[0]}")
    for (before, _), (level, title) in zip(page.headings, page.headings[1:]):
        expect(level <= before + 1, f"{name}: h{level} '{title}' follows an h{before}")
        expect(title.strip(), f"{name}: an h{level} says nothing")
    double = {one for one in page.ids if page.ids.count(one) > 1}
    expect(not double, f"{name}: ids stand twice: {double}")
    for reference in page.links + page.labels:
        expect(reference in page.ids, f"{name}: nothing has the id {reference}")
    expect(page.links[0] == "content", f"{name}: the first link does not skip to the content")
    expect(tags.count("table") == tags.count("caption"), f"{name}: tables without captions")
    for tag, attributes in page.tags:
        if tag == "th":
            expect(attributes.get("scope") in ("row", "col"), f"{name}: a header without scope")


def check_images(page):
    """Every inline picture is a PNG that a strict reader takes."""
    for source in page.images:
        data = base64.b64decode(source.split(",", 1)[1], validate=True)
        expect(data[:8] == b"\x89PNG\r\n\x1a\n", "no PNG")
        width, height, bits, colour = struct.unpack(">IIBB", data[16:26])
        at, packed = 8, b""
        while at < len(data):
            length, kind = struct.unpack(">I4s", data[at:at + 8])
            body = data[at + 8:at + 8 + length]
            expect(struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0] == zlib.crc32(kind + body), "checksum")
            packed += body if kind == b"IDAT" else b""
            at += length + 12
        expect(bits == 8 and len(zlib.decompress(packed)) == height * (1 + width * {0: 1, 2: 3}[colour]), "pixels")


def report(tessera, scratch, name, *words, status=0, pictures=True, env=None):
    path = scratch / name
    result = tessera.run("report", *words, "--store", tessera.store, "--output", path, status=status, env=env)
    expect(result.stdout.strip() == str(path), f"the path is not printed: {result.stdout}")
    page = Page(path)
    check_form(page)
    check_images(page)
    if pictures:
        plot_integrity.check_page(path)
    return page


def check_good(tessera, scratch, run):
    page = report(tessera, scratch, "good.html", run)
    expect("Sealed: 90 steps, the record is intact" in page.text, "no verdict")
    expect(journey.seal_of(run) in page.text, "the seal is not in the page")
    expect(len(page.images) > 0, "no sample that was missed is shown")
    titles = [title for _, title in page.headings]
    for title in ("Curves", "On held-out samples", "Hardest classes", "Configuration", "Verifications"):
        expect(title in titles, f"no part {title}: {titles}")
    # The same numbers as `evaluate`, whose classes are ordered in the same way.
    evaluated = tessera.run("evaluate", run, journey.ROOT / "data" / "digits.csv").stdout
    accuracy = re.search(r"accuracy  (\S+)", evaluated).group(1)
    expect(f"Accuracy {accuracy}," in page.text, f"another accuracy than {accuracy}")
    order = [line.split()[0] for line in evaluated.split("\n\n")[1].splitlines()[1:]]
    rows = re.findall(r'<tr><th scope="row">([^<]*)</th><td class="number">[0-9,]+</td><td class="number">[0-9.]{6}</td>',
                      page.path.read_text(encoding="utf-8"))
    expect(rows == order, f"the classes are ordered {rows}, by evaluate {order}")
    # Nothing of the time or the machine at hand is in it.
    again = scratch / "again.html"
    tessera.run("report", run, "--output", again, "--threads", "1", "--backend", "reference")
    expect(again.read_bytes() == page.path.read_bytes(), "the same record gave another page")
    tessera.run("verify", run, "--threads", "1")
    later = report(tessera, scratch, "later.html", run)
    expect("identical: " in later.text and "whole" in later.text, "the verification is not in the page")
    print(f"a sealed run: {len(page.headings)} headings, {len(page.images)} missed samples, the same bytes twice")


def check_damaged(tessera, scratch, run):
    def copied(name, damage):
        copy = scratch / name
        shutil.copytree(run, copy)
        damage(copy)
        return copy

    def flip(path):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(bytes(data))

    damages = {
        "chain": lambda copy: flip(copy / "chain.jsonl"),
        "claim": lambda copy: (copy / "claim.json").write_text("{}\n"),
        "circumstances": lambda copy: flip(copy / "circumstances.json"),
        "checkpoint": lambda copy: flip(sorted((copy / "checkpoints").iterdir())[0]),
        "cut": lambda copy: (copy / "chain.jsonl").write_bytes((copy / "chain.jsonl").read_bytes()[:-9]),
        "nofolder": lambda copy: (shutil.rmtree(copy / "checkpoints"), (copy / "checkpoints").write_text("x")),
        "noseal": lambda copy: (copy / "seal.json").write_text("no seal"),
    }
    for name, damage in damages.items():
        page = report(tessera, scratch, f"{name}.html", copied(name, damage), status=1, pictures=False)
        expect("Not intact: " in page.text and "Sealed: " not in page.text, f"{name}: not reported as damaged")
        expect(not page.images, f"{name}: weights of a damaged record were used")
    open_run = copied("open", lambda copy: (copy / "seal.json").unlink())
    expect("Interrupted after " in report(tessera, scratch, "open.html", open_run).text, "not reported as interrupted")
    print(f"{len(damages)} damaged records and an interrupted one: reported as such")
    return [scratch / name for name in damages]


def check_hostile(tessera, scratch):
    """A record whose every name is an attempt at markup."""
    folder = scratch / "hostile"
    folder.mkdir()
    rows = [f"{i % 3 * 2 + i % 2},{i % 5},{EVIL[i * 7 % 3]}" for i in range(90)]
    (folder / "data.csv").write_text("<b>a,\"</td>b\"\"c\",kind<i>\n" + "\n".join(rows) + "\n")
    (folder / "evil.toml").write_text('name = "evil"\n[data]\nformat = "csv"\npath = "data.csv"\nlabel_column = "kind<i>"\n'
                                      'held_out = 0.5\n[[network]]\nlayer = "linear"\nunits = 3\n[training]\nepochs = 2\n'
                                      'learning_rate = 0.01\n')
    tessera.run("train", folder / "evil.toml", "--store", tessera.store, "--quiet", "--set", "seed=3")
    copy = folder / EVIL[0].replace("/", "!") / '"><b onclick=x>'
    shutil.copytree(tessera.store / "evil-0001", copy)
    line = {"when": EVIL[0], "message": EVIL[1], "status": 0, "steps": 1, "part": EVIL[2], "program": EVIL[0],
            "program_digest": "", "environment": {"threads": EVIL[1], "backend": EVIL[2]}}
    (copy / "verifications.jsonl").write_text(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\nnot json <script>\n")
    page = report(tessera, scratch, "hostile.html", copy)
    for evil in [*EVIL, "<b>a", '</td>b"c', "kind<i>", '"><b onclick=x>']:
        expect(evil in page.text, f"{evil} is not in the page as text")
    expect("1 line of verifications.jsonl cannot be read" in page.text, "the unreadable line is not told")
    both = report(tessera, scratch, "hostile-both.html", copy, "evil-0001")
    expect(EVIL[1] in both.text, "the comparison lost the names")
    (folder / "data.csv").unlink()
    missing = report(tessera, scratch, "missing.html", copy)
    expect("Not evaluated: the input 'features' is not at" in missing.text, "missing data are not told")
    print("hostile names, columns, classes, notes: text in every page")


def check_comparison(tessera, scratch, run, damaged):
    other = tessera.train("--set", "training.learning_rate=0.02")
    lines = tessera.run("compare", run, other, "--json").stdout.splitlines()
    expect(len(lines) == 1, "--json is not one line")
    compared = json.loads(lines[0])
    expect([entry["key"] for entry in compared["differences"]] == ["training.learning_rate"], f"{compared['differences']}")
    for folder, found in zip((run, other), compared["runs"]):
        chain = [json.loads(line) for line in (folder / "chain.jsonl").read_text().splitlines()]
        scalars = {}
        for line in chain:
            scalars.update(line.get("scalars", {}))
        expect(found["scalars"] == scalars, f"final values {found['scalars']}, in the chain {scalars}")
        expect(found["steps"] == chain[-1]["step"] and found["seal"] == journey.seal_of(folder), "steps or seal")
        checkpoint = (folder / "checkpoints" / f"{chain[-1]['checkpoint']}.safetensors").read_bytes()
        header = json.loads(checkpoint[8:8 + struct.unpack("<Q", checkpoint[:8])[0]])
        count = 0
        for name, entry in header.items():
            if name.startswith("model."):
                size = 1
                for length in entry["shape"]:
                    size *= length
                count += size
        expect(found["parameters"] == count, f"{found['parameters']} parameters, {count} in the checkpoint")
        timing = [json.loads(line)["microseconds"] for line in (folder / "timing.jsonl").read_text().splitlines()]
        expect(found["microseconds"] == max(timing), "another time than timing.jsonl's")
    shown = tessera.run("compare", run, other).stdout
    expect(journey.seal_of(other)[:12] in shown and "training.learning_rate" in shown, shown)
    said = tessera.run("compare", run, *damaged, status=1).stdout
    expect(said.count("is not intact: ") == len(damaged), said)
    page = report(tessera, scratch, "several.html", run, other, damaged[0], status=1)
    titles = [title for level, title in page.headings if level == 2]
    expect(titles == ["Comparison", "Losses side by side", run.name, other.name, damaged[0].name], f"{titles}")
    expect("2 charts with the same axes" in page.text, "no small multiples")
    print("two runs and damaged ones beside each other: the numbers are those of their files")


def report_page(program, scratch, arguments):
    del arguments
    tessera = journey.Tessera(program, scratch / "store")
    run = tessera.train()
    check_good(tessera, scratch, run)
    damaged = check_damaged(tessera, scratch, run)
    check_hostile(tessera, scratch)
    check_comparison(tessera, scratch, run, damaged)


if __name__ == "__main__":
    try:
        sys.exit(journey.main(report_page, __doc__))
    except plot_integrity.Fault as fault:
        sys.exit(f"FAILED: {fault}")
