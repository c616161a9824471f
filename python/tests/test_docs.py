"""The blocks of docs/python.md, one after the other, and the programs of python/examples beside what they are to print."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

import tessera

EXAMPLES = sorted((ROOT / "python" / "examples").glob("*.py"))


def blocks(page):
    text = page.read_text()
    for match in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, match.start(1)), match.group(1)


def test_the_page_runs(tmp_path, monkeypatch):
    page = ROOT / "docs" / "python.md"
    monkeypatch.chdir(tmp_path)
    names, found = {}, 0
    for line, block in blocks(page):
        exec(compile("\n" * line + block, str(page), "exec"), names)
        found += 1
    assert found >= 8


def test_the_type_stub_names_every_class():
    stub = Path(tessera.__file__).with_suffix(".pyi")
    found = {node.name: node for node in ast.parse(stub.read_text()).body if isinstance(node, ast.ClassDef)}
    assert set(found) == {row["class"].__name__ for row in tessera.estimators()}
    assert "n_clusters" in [argument.arg for argument in found["KMeans"].body[-1].args.kwonlyargs]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_print_what_is_beside_them(example, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(Path(tessera.__file__).parents[1])}
    for threads in ("1", "3"):
        found = subprocess.run([sys.executable, str(example)], cwd=tmp_path, env={**environment, "TESSERA_THREADS": threads},
                               capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stderr
        assert found.stdout == example.with_suffix(".txt").read_text()
