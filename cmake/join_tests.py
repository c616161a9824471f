#!/usr/bin/env python3
"""Joins test sources, so that what they include is parsed once and templates that they share are compiled once.

join_tests.py OUTPUT SOURCE...

A test source keeps everything in one unnamed namespace, which would be one and the same for all of them; in OUTPUT each has a
namespace with the name of its file. Messages and __LINE__ speak of the source (#line). `join_tests.py --can SOURCE...`
prints those sources that are written so that this is possible.
"""
import pathlib
import re
import sys

UNNAMED = "namespace {"
# The last two lines of a test: its unnamed namespace ends where the namespace of the room does.
END = re.compile(r"^\}  // namespace\n\}  // namespace tessera[\w:]*\n*\Z", re.MULTILINE)


def can_be_joined(text):
    return text.count(UNNAMED) == 1 and END.search(text) is not None and "#define" not in text and "HWY_TARGET_INCLUDE" not in text


def part(path):
    text = path.read_text()
    if not can_be_joined(text):
        sys.exit(f"{path} no longer has one unnamed namespace with everything in it and no macro: configure again (cmake)")
    name = re.sub(r"\W", "_", str(path.with_suffix("")).rpartition("/tessera/")[2])
    return f'#line 1 "{path}"\n' + text.replace(UNNAMED, f"namespace of_{name} {{")


def main():
    if sys.argv[1] == "--can":
        print(";".join(name for name in sys.argv[2:] if can_be_joined(pathlib.Path(name).read_text())))
        return
    output = pathlib.Path(sys.argv[1])
    text = "\n".join(part(pathlib.Path(name)) for name in sys.argv[2:])
    if not output.exists() or output.read_text() != text:
        output.write_text(text)


main()
