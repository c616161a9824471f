"""Tessera: machine learning with the same bits everywhere.

One class for every estimator of the library, named as scikit-learn's (`tessera.KMeans`, `tessera.GaussianNB`, ...; `tessera.estimators()`
lists them), tables (`read_csv`, `Table`, `TableFeatures`), and recorded fits (`fit`, `load_run`, `verify`). What is computed here has the same bits as
on the command line and in C++, on any number of threads.
"""

from tessera import _arrays, _core
from tessera._core import (Error, Stopped, active_backend, backend_names, set_thread_count, simd_levels, thread_count, use_backend,
                           use_simd_level)
from tessera._estimators import CLASSES as _CLASSES
from tessera._estimators import Classifier, Clusterer, Estimator, Regressor, Transformer, estimators, load, make_estimator
from tessera._runs import Run, Verification, fit, load_run, resume, search, verify
from tessera._tables import Schema, Table, TableFeatures, parse_csv, read_csv, read_table

__version__ = _core.version

globals().update({made.__name__: made for made in _CLASSES.values()})


def digest(what):
    """SHA-256, hexadecimal, to compare bits: of a fitted estimator, a Table, or an array (its type, shape and elements)."""
    if isinstance(what, (Estimator, Table)):
        return what.digest()
    return _core.array_digest(_arrays.readable(_arrays.array_of(what), "digest"))


def settings_of_fit():
    """Every setting of `fit`, with its bounds, default and meaning, as text."""
    return _core.fit_reference()


__all__ = ["Classifier", "Clusterer", "Error", "Estimator", "Regressor", "Run", "Schema", "Stopped", "Table", "TableFeatures",
           "Transformer", "Verification", "active_backend", "backend_names", "digest", "estimators", "fit", "load", "load_run",
           "make_estimator", "parse_csv", "read_csv", "read_table", "resume", "search", "set_thread_count", "settings_of_fit", "simd_levels",
           "thread_count", "use_backend", "use_simd_level", "verify", *sorted(made.__name__ for made in _CLASSES.values())]
