#!/usr/bin/env python3
"""Checks that includes follow the arrows between the rooms.

The arrows are the DEPENDS lists of the tessera_room(...) lines of the top CMakeLists.txt; they are transitive, and every
room may include `base`. Only tests may follow TEST_DEPENDS. Headers of a library may be included where the LINK list of
the room, or of a room that it may include, names that library; Highway only in the room that links it.

Usage: check_includes.py [ROOT]      checks the tree
       check_includes.py --self-test checks that the check finds planted violations
"""

import re
import sys
import tempfile
from pathlib import Path

# How the headers of a library begin. A library that is not in a room's LINK list is not to be included there.
LIBRARY_HEADERS = {
    "hwy::hwy": ("hwy/",),
    "OpenSSL::Crypto": ("openssl/",),
    "fmt::fmt": ("fmt/",),
    "ZLIB::ZLIB": ("zlib.h",),
    "nlohmann_json::nlohmann_json": ("nlohmann/",),
    "SQLite::SQLite3": ("sqlite3.h",),
    "EXPAT::EXPAT": ("expat.h",),
    "tessera_libpq": ("libpq-fe.h",),
    "tomlplusplus::tomlplusplus": ("toml++/",),
    "CLI11::CLI11": ("CLI/",),
}
NOT_INHERITED = {"hwy::hwy"}  # only the room itself, not the rooms above it
TEST_HEADERS = ("gtest/", "gmock/", "rapidcheck", "mpfr.h", "gmp.h")
ALSO_IN_TESTS = {"numerics": {"hwy::hwy"}}  # scalar against SIMD
ALSO_IN_INLINE = {"numerics": {"hwy::hwy"}}  # *-inl.h: formulas that backends compile for each vector width

ROOM_LINE = re.compile(r"^tessera_room\((.*?)\)", re.MULTILINE | re.DOTALL)
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
KEYWORDS = {"DEPENDS", "LINK", "OPTIONAL", "TEST_DEPENDS", "EXECUTABLE", "SEPARATE"}


def read_rooms(cmake_lists):
    """{room: {"DEPENDS": set, "LINK": set, "TEST_DEPENDS": set, ...}} from the tessera_room lines."""
    rooms = {}
    for match in ROOM_LINE.finditer(cmake_lists.read_text()):
        words = match.group(1).split()
        room = {keyword: set() for keyword in KEYWORDS}
        keyword = None
        for word in words[1:]:
            if word in KEYWORDS:
                keyword = word
            elif keyword:
                room[keyword].add(word)
        rooms[words[0]] = room
    return rooms


def reachable(rooms, starts):
    """The rooms that can be reached over DEPENDS from `starts`, these included."""
    found, waiting = set(), list(starts)
    while waiting:
        room = waiting.pop()
        if room not in found:
            found.add(room)
            waiting += rooms[room]["DEPENDS"]
    return found


def check_file(path, root, rooms):
    """The violations of one file, as sentences."""
    room = path.relative_to(root / "tessera").parts[0]
    is_test = path.stem.endswith("_test") or "_test_" in path.name or path.stem.startswith("test_")
    starts = {room, "base"} | (rooms[room]["TEST_DEPENDS"] if is_test else set())
    allowed_rooms = reachable(rooms, starts)
    libraries = rooms[room]["LINK"] | rooms[room]["OPTIONAL"]
    for other in allowed_rooms - {room}:
        libraries |= rooms[other]["LINK"] - NOT_INHERITED
    if is_test:
        libraries |= ALSO_IN_TESTS.get(room, set())
    if path.name.endswith("-inl.h"):
        libraries |= ALSO_IN_INLINE.get(room, set())

    for number, line in enumerate(path.read_text().splitlines(), 1):
        include = INCLUDE.match(line)
        if not include:
            continue
        quote, target = include.groups()
        where = f"{path.relative_to(root)}:{number}"
        is_library = target.startswith(tuple(sum(LIBRARY_HEADERS.values(), ())))
        if quote == '"' and not is_library:  # Highway's own convention is quotes
            parts = target.split("/")
            if parts[0] != "tessera" or len(parts) < 3:
                yield f'{where}: includes "{target}"; write the path from the root, as in "tessera/{room}/file.h"'
            elif parts[1] not in allowed_rooms:
                yield (f'{where}: the room {room} includes "{target}", but may include only '
                       f"{', '.join(sorted(allowed_rooms))}")
            elif not (root / target).exists():
                yield f'{where}: includes "{target}", which does not exist'
            continue
        if target.startswith("tessera/"):
            yield f"{where}: includes <{target}>; the project's own headers are included with quotes"
        for library, beginnings in LIBRARY_HEADERS.items():
            if target.startswith(beginnings) and library not in libraries:
                yield f"{where}: includes <{target}>, but the room {room} does not link {library}"
        if target.startswith(TEST_HEADERS) and not is_test:
            yield f"{where}: includes <{target}>, which only tests may do"


def public_headers(root, rooms):
    """What a user may include: the headers that lie directly in a room, but for the program's own room and test helpers."""
    for room in rooms:
        for path in sorted((root / "tessera" / room).glob("*.h")):
            if room != "cli" and not path.stem.endswith(("_test", "-inl", "_cases")) and not path.stem.startswith("test_"):
                yield path.relative_to(root).as_posix()


def check_umbrella(root, rooms):
    """tessera/tessera.h includes public headers that exist, and a header of every room that has one."""
    umbrella = root / "tessera" / "tessera.h"
    if not umbrella.exists():
        return
    included = {match.group(2) for match in map(INCLUDE.match, umbrella.read_text().splitlines()) if match}
    public = set(public_headers(root, rooms))
    for header in sorted(included - public):
        yield f"tessera/tessera.h: includes {header}, which is not a public header"
    for room in rooms:
        of_room = {header for header in public if header.startswith(f"tessera/{room}/")}
        if of_room and not of_room & included:
            yield f"tessera/tessera.h: includes nothing of the room {room}"


def check_tree(root):
    rooms = read_rooms(root / "CMakeLists.txt")
    violations, files = [], 0
    for name, room in rooms.items():
        for other in room["DEPENDS"] | room["TEST_DEPENDS"]:
            if other not in rooms:
                violations.append(f"CMakeLists.txt: room {name} depends on {other}, which is not a room")
    if violations:
        return violations, files
    for path in sorted((root / "tessera").rglob("*")):
        if path.suffix not in (".h", ".cc", ".def", ".inc"):
            continue
        if path.parent == root / "tessera":  # the umbrella header
            continue
        folder = path.relative_to(root / "tessera").parts[0]
        if folder not in rooms:
            violations.append(f"{path.relative_to(root)}: the folder {folder} is not a room of CMakeLists.txt")
            continue
        files += 1
        violations += check_file(path, root, rooms)
    violations += check_umbrella(root, rooms)
    return violations, files


# ---- The check of the check ----

PLANTED = {
    "tessera/base/error.h": ("#pragma once\n#include <string>\n", None),
    "tessera/base/up.cc": ('#include "tessera/tensor/tensor.h"\n', "the room base includes"),
    "tessera/tensor/tensor.h": ('#pragma once\n#include "tessera/base/error.h"\n', None),
    "tessera/tensor/simd.cc": ("#include <hwy/highway.h>\n", "does not link hwy::hwy"),
    "tessera/tensor/short.cc": ('#include "tensor.h"\n', "write the path from the root"),
    "tessera/tensor/gone.cc": ('#include "tessera/tensor/gone.h"\n', "which does not exist"),
    "tessera/tensor/angle.cc": ("#include <tessera/base/error.h>\n", "with quotes"),
    "tessera/tensor/mock.cc": ("#include <gtest/gtest.h>\n", "only tests may do"),
    "tessera/tensor/quoted.cc": ('#include "hwy/highway.h"\n', "does not link hwy::hwy"),
    "tessera/backends/simd.cc": ("  #  include <hwy/highway.h>\n", None),
    "tessera/backends/quoted.cc": ('#include "hwy/highway.h"\n', None),
    "tessera/backends/b.h": ('#include "tessera/base/error.h"\n', None),
    "tessera/nn/layer.cc": ('#include "tessera/backends/b.h"\n', "the room nn includes"),
    "tessera/nn/layer_test.cc": ('#include "tessera/backends/b.h"\n#include <gtest/gtest.h>\n', None),
    "tessera/nn/simd_test.cc": ("#include <hwy/highway.h>\n", "does not link hwy::hwy"),
    "tessera/attic/old.h": ("#pragma once\n", "is not a room"),
}
PLANTED_ROOMS = """
tessera_room(base LINK fmt::fmt)
tessera_room(tensor   DEPENDS base)
tessera_room(backends DEPENDS tensor LINK hwy::hwy)
tessera_room(nn       DEPENDS tensor TEST_DEPENDS backends)
"""


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "CMakeLists.txt").write_text(PLANTED_ROOMS)
        for name, (text, _) in PLANTED.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        violations, _ = check_tree(root)
        wrong = []
        for name, (_, expected) in PLANTED.items():
            found = [violation for violation in violations if violation.startswith(name + ":")]
            if expected is None and found:
                wrong.append(f"{name}: should be allowed, but: {found[0]}")
            elif expected is not None and not any(expected in violation for violation in found):
                wrong.append(f"{name}: '{expected}' was not found; violations there: {found}")
        planted = sum(expected is not None for _, expected in PLANTED.values())
        if len(violations) != planted:
            wrong.append(f"{planted} violations were planted, {len(violations)} found")
    for line in wrong:
        print(line, file=sys.stderr)
    if not wrong:
        print(f"the include check finds all {planted} planted violations and allows the rest")
    return 1 if wrong else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    violations, files = check_tree(root.resolve())
    for violation in violations:
        print(violation, file=sys.stderr)
    if violations:
        print(f"{len(violations)} includes against the arrows", file=sys.stderr)
        return 1
    print(f"{files} files follow the arrows")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
