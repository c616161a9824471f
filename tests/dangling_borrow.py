#!/usr/bin/env python3
"""A borrowed reference (tessera/base/optional_ref.h) that would dangle must not compile; one that is sound must.

Usage: dangling_borrow.py CLANG ROOT

clang knows lifetimebound, so it also sees what no type says: a reference that is kept where its object ends.
"""

import subprocess
import sys

BEGIN = """#include <optional>
#include <string>
#include "tessera/base/optional_ref.h"
using namespace tessera;
std::string make();
std::optional<int> maybe();
std::unique_ptr<int> owner();
"""
SCHEMA = """#include "tessera/data/schema.h"
data::Schema schema();
"""

SOUND = [
    "std::string text = make(); OptionalRef<const std::string> ref(text); (void)ref;",
    "std::optional<int> value = maybe(); OptionalRef<int> ref(value); (void)ref;",
    "const data::Schema kept = schema(); auto ref = kept.find(\"age\"); (void)ref;",
]
DANGLING = [
    "OptionalRef<const std::string> ref(make()); (void)ref;",
    "OptionalRef<const int> ref(maybe()); (void)ref;",
    "OptionalRef<const int> ref(owner()); (void)ref;",
    "OptionalRef<const std::string> ref = std::string(\"x\"); (void)ref;",
    "auto ref = schema().find(\"age\"); (void)ref;",
    # Only lifetimebound sees this one: the object has a name, and ends before the reference.
    "} OptionalRef<const std::string> kept() { std::string text = make(); return OptionalRef<const std::string>(text);",
]


def compiles(clang, root, body):
    command = [clang, "-std=c++20", "-fsyntax-only", "-Werror=dangling", "-Werror=return-stack-address", "-DFMT_HEADER_ONLY",
               "-I", root, "-x", "c++", "-"]
    begin = BEGIN + (SCHEMA if "schema()" in body else "")
    return subprocess.run(command, input=f"{begin}void use() {{\n{body}}}\n", text=True, capture_output=True, check=False)


def main():
    clang, root = sys.argv[1:3]
    for body in SOUND:
        result = compiles(clang, root, body)
        if result.returncode:
            raise SystemExit(f"FAILED: does not compile: {body}\n{result.stderr}")
    for body in DANGLING:
        if compiles(clang, root, body).returncode == 0:
            raise SystemExit(f"FAILED: compiles, and dangles: {body}")
    print(f"{len(SOUND)} sound borrows compile, {len(DANGLING)} dangling ones do not")
    return 0


if __name__ == "__main__":
    sys.exit(main())
