"""Recorded fits: what `tessera fit` does, with the same seal, and the use of what was learned."""

import os

from tessera import _core, _tables
from tessera._core import Error
from tessera._estimators import Estimator, _from_model, _text


class Run:
    """A recorded fit: its folder, what was learned, and predictions. `tessera.fit` and `tessera.load_run` give one."""

    def __init__(self, folder, result=None):
        self.folder = os.fspath(folder)
        self._fitted = _core.FittedModel(self.folder)
        self._result = result or {}
        self._estimator = None

    @property
    def seal(self):
        """The seal of the record, hexadecimal: the same on every machine, and from the command line."""
        return _core.run_seal(self.folder)

    @property
    def scores(self):
        """The scores of the last step, by name, of a run that was fitted in this process."""
        return dict(self._result.get("scores", {}))

    @property
    def fold_scores(self):
        return list(self._result.get("folds", []))

    @property
    def candidates(self):
        """Of a search in this process: settings, scores of the folds, mean and rank (1 is the best) of everything that was tried."""
        return list(self._result.get("candidates", []))

    @property
    def settings(self):
        """Every setting of the run, as text."""
        return dict(self._fitted.settings())

    @property
    def classes(self):
        """Of a classification: the names of the classes, as they stand in the table."""
        return list(self._fitted.classes)

    @property
    def estimator(self):
        """What has learned, as one of this package's estimators: for features() of a table."""
        if self._estimator is None:
            self._estimator = _from_model(*self._fitted.model())
        return self._estimator

    def _table(self, data, query):
        if isinstance(data, (str, os.PathLike)):
            return self._fitted.read(os.fspath(data), query)
        if query:
            raise Error(f"query: found {query!r}, but the rows are a {type(data).__name__}; expected the path or the address of a database")
        return _tables.Table(data)._core

    def features(self, data, *, query=""):
        """The features that the estimator sees: float64 [rows, features]. `data` and `query` as in predict."""
        return self._fitted.features(self._table(data, query))

    def predict(self, data, *, query=""):
        """The class, or the number, of each row.

        data   a file of any kind that fit reads, the address of a PostgreSQL database (postgresql://USER@HOST/DATABASE), a Table, a data frame or a dict
               of columns
        query  'SELECT ...': the rows, where data is an SQLite or PostgreSQL database; else it is asked the query of the run
        """
        return self.estimator.predict(self.features(data, query=query))

    def predict_proba(self, data, *, query=""):
        """The probability of each class [rows, classes], in the order of `classes`. `data` and `query` as in predict."""
        return self.estimator.predict_proba(self.features(data, query=query))

    def predictions_csv(self, data, *, query=""):
        """What `tessera predict` writes. `data` and `query` as in predict."""
        return self._fitted.predictions_csv(self._table(data, query))

    def evaluate(self, path, *, query=""):
        """What `tessera evaluate` says of a table with the target; of the run's own table, of the rows that were held out for the test. A database is asked
        `query`, or else the query of the run."""
        text, note = self._fitted.evaluate(os.fspath(path), query)
        return f"{text}{note}\n" if note else text

    def verify(self, **options):
        """See tessera.verify."""
        return verify(self.folder, **options)

    def __repr__(self):
        return f"<tessera.Run {self.folder}: {self.settings.get('model.estimator')}, seal {str(self.seal)[:12]}>"


class Verification:
    """What `verify` found: `identical`, `message` and `notes`, `code` (the exit status of `tessera verify`) and the `seal`. True if identical."""

    def __init__(self, found):
        self.identical, self.code = found["identical"], found["code"]
        self.message, self.notes, self.seal = found["message"], found["notes"], found["seal"]

    def __bool__(self):
        return self.identical

    def __repr__(self):
        return f"<tessera.Verification {self.message}>"


def _settings(estimator, given, by_key):
    """NAME=VALUE for every setting."""
    texts = {}
    if isinstance(estimator, Estimator):
        texts = {f"parameters.{name}": _text(value) for name, value in estimator.get_params(deep=True).items()}
    for name, value in given.items():
        if name.split("__")[0] in ("data", "features", "evaluate") and "__" in name:
            texts[name.replace("__", ".")] = value
        else:
            texts[f"parameters.{name}"] = _text(value)
    texts.update(by_key or {})
    listed = {key: ",".join(map(str, value)) if isinstance(value, (list, tuple)) else _text(value) for key, value in texts.items()}
    return [f"{key}={listed[key]}" for key in sorted(listed, key=lambda key: key.count("__"))]


def fit(estimator, table, *, target=None, store="runs", name="", key="", quiet=True, settings=None, **parameters):
    """Learns from a table with cross-validation and a held-out test, and records the run: `tessera fit` as a function, with the same seal.
    Clusterings and transformations take no target and learn from all rows.

    estimator   a name ("k_neighbors_classifier"), one of this package's classes, or an estimator with its parameters
    table       the file, or the address of a PostgreSQL database (postgresql://USER@HOST/DATABASE); a database needs data__query="SELECT ..."
    target      the column that is to be predicted, if the estimator predicts one
    store, name the folder of all runs, and the run's name there
    key         a private key that signs the seal
    settings    every setting by its key, as `tessera fit --set` takes it: {"data.test": 0.3, "seed": 7}
    parameters  parameters of the estimator by name; other settings with '__' for the dot: data__test=0.3, evaluate__folds=10

    It can be stopped with Ctrl-C (tessera.Stopped) and resumed: tessera.resume(folder).
    """
    chosen = estimator if isinstance(estimator, str) else estimator._name
    result = _core.fit_run(chosen, os.fspath(table), target or "", _settings(estimator, parameters, settings), os.fspath(store),
                           name, os.fspath(key), quiet)
    return Run(result["folder"], result)


def _values_of_grid(name, values):
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise Error(f"grid: {name}: expected a list of values, found {values!r}")
    return [_text(value) for value in values]


def search(estimator, table, *, target, grid=None, ranges=None, random=0, step_by_step=False, scoring="", store="runs", name="", key="",
           quiet=True, settings=None, **parameters):
    """The best settings of an estimator for a table, by cross-validation of the training rows: `tessera search` as a function, with the same seal.

    grid         values of parameters, {"n_neighbors": [1, 3, 5]}: every combination is tried
    random       so many draws instead; `ranges` are drawn from, {"alpha": "1e-3..1e3:log"}
    step_by_step one parameter after the other, each with the best of those before it
    scoring      what is judged by; default: accuracy or R^2

    The others are as in `fit`. The run's `candidates` say what was tried, its estimator has learned with the best settings from all training rows.
    """
    chosen = estimator if isinstance(estimator, str) else estimator._name
    result = _core.search_run(chosen, os.fspath(table), target, _settings(estimator, parameters, settings),
                              [(parameter, _values_of_grid(parameter, values)) for parameter, values in (grid or {}).items()],
                              [f"{parameter}={text}" for parameter, text in (ranges or {}).items()], random, step_by_step, scoring,
                              os.fspath(store), name, os.fspath(key), quiet)
    return Run(result["folder"], result)


def resume(folder, *, key="", data_folder="", quiet=True):
    """Goes on with a run that was stopped or killed."""
    result = _core.resume_run(os.fspath(folder), os.fspath(key), os.fspath(data_folder), quiet)
    return Run(result["folder"], result)


def load_run(folder):
    """A sealed run, by its folder, whoever made it."""
    return Run(folder)


def verify(folder, *, trust="", data_folder=""):
    """Executes the recorded run again and compares: every score, every digest of the state."""
    return Verification(_core.verify_run(os.fspath(folder), os.fspath(trust), os.fspath(data_folder)))
