"""Writes the type stub of the package, tessera/__init__.pyi: the classes of the estimators exist only once the package is imported.

Usage: python stubs.py FOLDER     of the built package
"""

import inspect
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
import tessera  # noqa: E402

HEAD = '''# Made by python/bindings/stubs.py from the library's table of estimators.
from typing import Any

from tessera._core import (Error as Error, Stopped as Stopped, active_backend as active_backend, backend_names as backend_names,
                           set_thread_count as set_thread_count, simd_levels as simd_levels, thread_count as thread_count,
                           use_backend as use_backend, use_simd_level as use_simd_level)
from tessera._estimators import (Classifier as Classifier, Clusterer as Clusterer, Estimator as Estimator, Regressor as Regressor,
                                 Transformer as Transformer, estimators as estimators, load as load, make_estimator as make_estimator)
from tessera._runs import (Run as Run, Verification as Verification, fit as fit, load_run as load_run, resume as resume, search as search,
                           verify as verify)
from tessera._tables import (Schema as Schema, Table as Table, TableFeatures as TableFeatures, parse_csv as parse_csv, read_csv as read_csv,
                             read_table as read_table)

__version__: str

def digest(what: Any) -> str: ...
def settings_of_fit() -> str: ...
'''


def stub_of(row):
    made = row["class"]
    words = []
    for name, parameter in inspect.signature(made).parameters.items():
        if name != "inner":
            words.append(f"{name}: {type(parameter.default).__name__} = ...")
    star = "*, " if words else ""
    base = made.__mro__[1].__name__
    members = "".join(f"    {word.split(' = ')[0]}\n" for word in words if not hasattr(getattr(tessera, base), word.split(":")[0]))
    return f"\nclass {made.__name__}({base}):\n    \"\"\"{row['sentence']}\"\"\"\n{members}    def __init__(self, {star}{', '.join(words + ['**inner: Any'])}) -> None: ...\n"


if __name__ == "__main__":
    Path(sys.argv[1], "tessera", "__init__.pyi").write_text(HEAD + "".join(stub_of(row) for row in tessera.estimators()))
