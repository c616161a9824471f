#!/usr/bin/env python3
"""Compiles, runs and checks what the documentation shows.

`generate` turns every ```cpp block of the headers' comments, README.md and docs/*.md into a function of a test program
(tests/docs_main.cc runs them). #line directives make the compiler and `assert` name the page and line where the block
stands. A block is a piece of a function body, given <tessera/tessera.h>, `using namespace tessera;` and the CPU backend;
a block that defines main() is a program of its own. A block marked ```cpp no-run is compiled only.

`pages` checks README.md and docs/*.md: every relative link leads to a file, and every `$ tessera COMMAND` and `$ ./dev
COMMAND` of a ```console block exists.

Usage: check_docs.py generate ROOT OUTPUT_FOLDER SHARDS
       check_docs.py pages ROOT TESSERA_PROGRAM
"""

import re
import subprocess
import sys
from pathlib import Path

COMMENT = re.compile(r"^\s*// ?(.*)$")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


class Block:
    def __init__(self, page, line, run):
        self.page, self.line, self.run, self.lines = page, line, run, []

    @property
    def name(self):
        return f"{self.page}:{self.line}"

    @property
    def is_program(self):
        return any(re.match(r"int main\s*\(", line) for line in self.lines)


def fenced_blocks(page, numbered_lines, language):
    """Blocks ```language ... ``` of a page, from (line number, text) pairs."""
    block = None
    for number, text in numbered_lines:
        fence = text.strip()
        if block is None:
            if fence.split(" ")[0] == "```" + language:
                block = Block(page, number + 1, "no-run" not in fence)
        elif fence.startswith("```"):
            yield block
            block = None
        else:
            block.lines.append(text)
    if block is not None:
        raise SystemExit(f"{block.name}: the ```{language} block is not closed")


def comment_lines(path):
    """(line number, text) of the // comments of a header; other lines end a comment and give nothing."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = COMMENT.match(line)
        if match:
            yield number, match.group(1)


def pages(root):
    return [page for page in [root / "README.md", *sorted((root / "docs").glob("*.md"))] if page.exists()]


def cpp_blocks(root):
    for header in sorted((root / "tessera").rglob("*.h")):
        yield from fenced_blocks(header.relative_to(root).as_posix(), comment_lines(header), "cpp")
    for page in pages(root):
        lines = enumerate(page.read_text().splitlines(), 1)
        yield from fenced_blocks(page.relative_to(root).as_posix(), lines, "cpp")


# ---- generate ----


def shard_source(shard, blocks, root):
    includes = ["#include <tessera/tessera.h>"]
    bodies, table = [], []
    for index, block in enumerate(blocks):
        function = f"block_{shard}_{index}"
        if block.page.endswith(".h"):
            includes.append(f'#include "{block.page}"')
        includes += [line.strip() for line in block.lines if line.lstrip().startswith("#include")]
        # Includes move to the top; their lines stay, empty, so that line numbers are right.
        text = "\n".join("" if line.lstrip().startswith("#include") else line for line in block.lines)
        position = f'#line {block.line} "{block.page}"\n'
        if block.is_program:
            bodies.append(f"namespace {function}_program {{\n#define main program\n{position}{text}\n#undef main\n}}\n"
                          f"static void {function}() {{ assert({function}_program::program() == 0); }}\n")
        else:
            bodies.append(f"static void {function}() {{\nusing namespace tessera;\n{position}{text}\n}}\n")
        table.append(f'  blocks.push_back({{"{block.name}", {function}, {"true" if block.run else "false"}}});\n')
    includes = "\n".join(dict.fromkeys(includes))
    return (f"// Made by tests/check_docs.py from the code blocks of the documentation.\n{includes}\n\n"
            f'#include "tests/docs_block.h"\n\n{"".join(bodies)}\n'
            f"void add_blocks_{shard}(std::vector<DocsBlock>& blocks) {{\n  (void)blocks;\n{''.join(table)}}}\n")


def generate(root, folder, shards):
    folder.mkdir(parents=True, exist_ok=True)
    blocks = list(cpp_blocks(root))
    for shard in range(shards):
        path = folder / f"docs_blocks_{shard}.cc"
        text = shard_source(shard, blocks[shard::shards], root)
        if not path.exists() or path.read_text() != text:  # an unchanged file is not compiled again
            path.write_text(text)
    print(f"{len(blocks)} code blocks in the documentation")


# ---- pages ----


def known_commands(program, arguments):
    result = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    return set(re.findall(r"^  ([a-z][a-z-]*)\b", result.stdout + result.stderr, re.MULTILINE))


def check_pages(root, program):
    problems = []
    tessera_commands = known_commands(program, ["--help"])
    dev_commands = known_commands(str(root / "dev"), ["help"])
    if not tessera_commands:
        problems.append(f"{program} --help names no command")
    extra = [root / name for name in ("ARCHITECTURE.md", "CONTRIBUTING.md") if (root / name).exists()]
    checked_links = checked_commands = 0
    for page in pages(root) + extra:
        name = page.relative_to(root).as_posix()
        for number, line in enumerate(page.read_text().splitlines(), 1):
            for target in LINK.findall(line):
                if "://" in target or target.startswith("mailto:"):
                    continue
                checked_links += 1
                if not (page.parent / target).exists():
                    problems.append(f"{name}:{number}: links to {target}, which does not exist")
        for block in fenced_blocks(name, enumerate(page.read_text().splitlines(), 1), "console"):
            for offset, line in enumerate(block.lines):
                match = re.match(r"\$ (\S*/)?(tessera|dev) ([a-z][a-z-]*)", line)
                if not match:
                    continue
                checked_commands += 1
                commands = tessera_commands if match.group(2) == "tessera" else dev_commands
                if match.group(3) not in commands:
                    problems.append(f"{name}:{block.line + offset}: there is no command "
                                    f"'{match.group(2)} {match.group(3)}'")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{checked_links} links and {checked_commands} commands checked, {len(problems)} problems")
    return 1 if problems else 0


def main(arguments):
    if len(arguments) == 4 and arguments[0] == "generate":
        return generate(Path(arguments[1]), Path(arguments[2]), int(arguments[3]))
    if len(arguments) == 3 and arguments[0] == "pages":
        return check_pages(Path(arguments[1]), arguments[2])
    print(__doc__.split("Usage: ")[1], file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
