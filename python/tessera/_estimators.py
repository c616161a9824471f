"""One class for every row of the library's table of estimators. There is no code for a single one here: a new row has its class."""

import functools
import inspect
import keyword
import types

import numpy as np

from tessera import _arrays, _core
from tessera._core import Error

# Parts of scikit-learn's names that are written in capitals.
_CAPITALS = {"ard", "cv", "ica", "lda", "mds", "nb", "nca", "nmf", "pca", "pls", "qda", "rbf", "rfe", "sgd", "svc", "svd", "svm", "svr", "tsne", "woe"}

_SPELLED = {"catboost": "CatBoost"}


def class_name(name):
    """'hist_gradient_boosting_classifier' -> 'HistGradientBoostingClassifier', 'gaussian_nb' -> 'GaussianNB'."""
    words = name.split("_")
    return "".join(word.upper() if word in _CAPITALS else _SPELLED.get(word, word[:1].upper() + word[1:]) for word in words)


def _text(value):
    """A parameter as the library reads it."""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    if isinstance(value, Estimator):
        return value._name
    if isinstance(value, type) and issubclass(value, Estimator):
        return value._name
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(part) for part in value)
    return str(value)


def _settings_within(name, value):
    """The settings of estimators that are given as a parameter's value: 'estimator__alpha', or of a list under the name of each, 'pca__whiten'."""
    if isinstance(value, Estimator):
        return {f"{name}__{inner}": part for inner, part in value.get_params().items()}
    found, seen = {}, {}
    for part in value if isinstance(value, (list, tuple)) else ():
        if isinstance(part, Estimator):
            seen[part._name] = seen.get(part._name, 0) + 1
            key = part._name if seen[part._name] == 1 else f"{part._name}_{seen[part._name]}"
            found.update(_settings_within(key, part))
    return found


def _value(kind, text):
    return {"real": float, "integer": int, "flag": lambda word: word == "true"}.get(kind, str)(text)


def _depth(name):
    return name.count("__")


def _outer_first(items):
    """Parameters in the order in which they can be set: 'estimator' before 'estimator__alpha'."""
    return sorted(items, key=lambda item: _depth(item[0]))


class _Where:
    """A method that only those have which are able to: with these settings, hasattr tells (as scikit-learn's tools ask)."""

    def __init__(self, method):
        self._method = method
        functools.update_wrapper(self, method)

    def __get__(self, instance, owner=None):
        if instance is None:
            return self._method
        name = self._method.__name__
        if name not in instance._settings.abilities():
            raise AttributeError(f"'{type(instance).__name__}' has no '{name}' with these settings")
        return types.MethodType(self._method, instance)


class Estimator:
    """What all estimators have. Parameters are checked when they are set, and count from the next fit on.

    `fit` gives the estimator itself; what it has learned is in `state()`, and as attributes whose names end with '_'. A model that
    was pickled, or saved and loaded, predicts the same bits, here and elsewhere; `digest()` compares two models. Threads may predict
    with one model at once. `fit` can be interrupted (Ctrl-C); then nothing is learned.
    """

    _name = None
    _task = None

    def __init__(self, **parameters):
        self._settings = _core.Model(self._name)
        self._given = {}
        self._model = None
        self.set_params(**parameters)

    # ---- Parameters ----

    def get_params(self, deep=True):
        """Every parameter with its value; `deep` adds those of the estimators inside, as 'estimator__alpha'."""
        values = {}
        for name, kind, text, _, _ in self._settings.parameters():
            if _depth(name) == 0 or deep or name in self._given:
                values[name] = self._given.get(name, _value(kind, text))
        return values

    def set_params(self, **parameters):
        """Sets parameters, all of them or, where one is refused, none. What was learned stays as it is until the next fit."""
        texts = {name: _text(value) for name, value in parameters.items()}
        for name, value in parameters.items():
            for inner, part in _settings_within(name, value).items():
                texts.setdefault(inner, _text(part))
        self._settings.set_parameters(_outer_first(texts.items()))
        for name in parameters:  # what was set inside an estimator that is no longer there is gone
            self._given = {known: value for known, value in self._given.items() if not known.startswith(name + "__")}
        self._given.update(parameters)
        return self

    def __repr__(self):
        defaults = {name: text for name, _, text, _, _ in _core.Model(self._name).parameters()}
        shown = [f"{name}={self._given.get(name, _value(kind, text))!r}"
                 for name, kind, text, _, _ in self._settings.parameters() if defaults.get(name) != text]
        return f"{type(self).__name__}({', '.join(shown)})"

    # ---- Learning ----

    def _learn(self, x, y, observer, transform):
        self._model = None
        self.__dict__.pop("classes_", None)
        names = _arrays.names_of_features(x)
        features = _arrays.features_of(x, self._name)
        classes, target = self._encoded(y)
        model, rows = self._settings.fit(features, target, transform, observer)
        self._model = model
        if classes is not None:
            self.classes_ = classes
        self.__dict__.pop("feature_names_in_", None)
        if names is not None:
            self.feature_names_in_ = names
        return rows

    def _encoded(self, y):
        """(classes, what the library learns from)."""
        if y is None or self._task == "clustering":
            return None, None
        if self._task == "classification":
            return _arrays.encode_classes(y, self._name)
        if self._task == "transformation":
            array = _arrays.target_of(y, self._name)
            if array.dtype.kind not in "fiub":  # encoders learn from classes, too
                return None, _arrays.encode_classes(array, self._name)[1].astype(np.float64)
        return None, _arrays.numbers_of_target(y, self._name)

    def fit(self, X, y=None, *, observer=None):
        """Learns from the features X [rows, columns] and, if the method needs one, the target y [rows].

        `observer(step, scalars)` is called after each iteration of a method that iterates; it stops it by returning False.
        """
        self._learn(X, y, observer, False)
        return self

    def _fitted(self):
        if self._model is None:
            raise Error(f"{self._name}: it has learned nothing yet: call fit first")
        return self._model

    def __sklearn_is_fitted__(self):
        return self._model is not None

    def _known(self, x, way_back=False):
        """Features for what has learned: a data frame must have the columns that it has learned from, in their order.

        On the way back the columns may be others altogether, such as principal components.
        """
        names, learned = _arrays.names_of_features(x), self.__dict__.get("feature_names_in_")
        if names is not None and learned is not None and list(names) != list(learned) and not (way_back and set(learned).isdisjoint(names)):
            different = next((pair for pair in zip(names, learned) if pair[0] != pair[1]), None)
            found = f"'{different[0]}' where '{different[1]}' was" if different else f"{len(names)} instead of {len(learned)}"
            raise Error(f"{self._name}: expected the columns that it has learned from, in their order, found {found}")
        return _arrays.features_of(x, self._name)

    def _asked(self, what, x):
        return getattr(self._fitted(), what)(self._known(x))

    # ---- What was learned ----

    @property
    def n_features_in_(self):
        if self._model is None:
            raise AttributeError("n_features_in_")
        return self._model.features

    def state(self):
        """Everything learned, by name: arrays (read-only), whole numbers and numbers as arrays without axes."""
        return self._fitted().state()

    def __getattr__(self, name):
        if name == "feature_importances_" and self.__dict__.get("_model") is not None:
            value = self._model.importances()
            if value is not None:
                return value
        if name.endswith("_") and name not in ("features_", "classes_") and not name.startswith("_") and self.__dict__.get("_model") is not None:
            value = self._model.state().get(name[:-1])
            if value is not None:
                return value if value.ndim else value.item()
        raise AttributeError(f"'{type(self).__name__}' has no attribute '{name}'")

    def digest(self):
        """SHA-256, hexadecimal, of settings and everything learned: the same for the same bits, in C++, too."""
        return self._fitted().digest()

    # ---- Keeping ----

    def _class_texts(self):
        return _arrays.class_texts(self.classes_) if "classes_" in self.__dict__ else ([], "text")

    def save(self, path):
        """Writes one canonical file (safetensors), which tessera.load and the C++ library read."""
        _core.save_model(self._fitted(), str(path), *self._class_texts())

    @classmethod
    def load(cls, path):
        """The estimator of a file that save wrote; refuses one of another class."""
        made = load(path)
        if not isinstance(made, cls):
            raise Error(f"{path}: found {made._name}, expected {cls._name}")
        return made

    def __getstate__(self):
        saved = self._model.to_bytes([], "text") if self._model is not None else None
        extras = {name: value for name, value in self.__dict__.items() if name not in ("_settings", "_model", "_given")}
        settings = [(name, text) for name, _, text, _, _ in self._settings.parameters()]
        return {"settings": settings, "given": self._given, "saved": saved, "extras": extras}

    def __setstate__(self, state):
        self.__init__()
        self._settings.set_parameters(_outer_first(state["settings"]))
        self._given = state["given"]
        if state["saved"] is not None:
            model = _core.parse_model(state["saved"], self._name)[0]
            if model.name != self._name:
                raise Error(f"{self._name}: found a pickled {model.name}, expected {self._name}")
            classes = len(state["extras"].get("classes_", ()))
            if self._task == "classification" and classes != model.classes:
                raise Error(f"{self._name}: found {classes} classes in the pickle, expected the {model.classes} that it has learned")
            self._model = model
        self.__dict__.update(state["extras"])

    def __sklearn_tags__(self):
        """What scikit-learn's tools ask; only they call it."""
        from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags, TransformerTags

        task = self._task
        return Tags(
            estimator_type={"classification": "classifier", "regression": "regressor", "clustering": "clusterer",
                            "transformation": "transformer"}[task],
            target_tags=TargetTags(required=task in ("classification", "regression")),
            classifier_tags=ClassifierTags() if task == "classification" else None,
            regressor_tags=RegressorTags() if task == "regression" else None,
            transformer_tags=TransformerTags() if task == "transformation" else None,
            input_tags=InputTags(allow_nan=self._settings.accepts_missing))


class Classifier(Estimator):
    """A classifier: the classes may be texts, whole numbers or flags; `classes_` has them in their order."""

    _estimator_type = "classifier"

    def predict(self, X):
        """The most probable class of each row."""
        codes = self._asked("predict", X)
        return self.classes_[codes]

    @_Where
    def predict_proba(self, X):
        """The probability of each class [rows, classes], in the order of `classes_`."""
        return self._asked("predict_proba", X)

    @_Where
    def decision_function(self, X):
        """How far each row is on the side of a class: [rows] of two classes (above 0: the second), else [rows, classes]."""
        return self._asked("decision_function", X)

    def score(self, X, y):
        """The share of the rows whose class is predicted."""
        model = self._fitted()
        return model.score(self._known(X), _arrays.positions_of(y, self.classes_, self._name))


class Regressor(Estimator):
    """An estimator that predicts a number."""

    _estimator_type = "regressor"

    def predict(self, X):
        """The number that is predicted for each row."""
        return self._asked("predict", X)

    def score(self, X, y):
        """R^2: 1 is perfect, 0 is as good as the mean."""
        model = self._fitted()
        return model.score(self._known(X), _arrays.numbers_of_target(y, self._name))


class Clusterer(Estimator):
    """An estimator that puts rows into clusters, without a target."""

    _estimator_type = "clusterer"

    def predict(self, X):
        """The cluster of each row."""
        return self._asked("predict", X)

    @_Where
    def predict_proba(self, X):
        """How probable each cluster is for each row [rows, clusters]."""
        return self._asked("predict_proba", X)

    @_Where
    def score_samples(self, X):
        """The log-likelihood of each row."""
        return self._asked("score_samples", X)

    @_Where
    def score(self, X, y=None):
        """The mean log-likelihood of the rows."""
        return self._asked("log_likelihood", X)

    def fit_predict(self, X, y=None, **options):
        """The cluster of each row that it learned from."""
        return self.fit(X, y, **options).predict(X)


class Transformer(Estimator):
    """An estimator that gives other features for the same rows."""

    _estimator_type = "transformer"

    def transform(self, X):
        """The new features of each row."""
        return self._asked("transform", X)

    @_Where
    def inverse_transform(self, X):
        """The way back, up to rounding."""
        return self._fitted().inverse_transform(self._known(X, way_back=True))

    def fit_transform(self, X, y=None, *, observer=None):
        """Learns, and gives what the rows become for a method that learns from them next: an encoder does not look at a row's own target."""
        return self._learn(X, y, observer, True)


_KINDS = {"classification": Classifier, "regression": Regressor, "clustering": Clusterer, "transformation": Transformer}


def _parameter(name, sentence, allowed):
    def get(self):
        return self.get_params()[name]

    def put(self, value):
        self.set_params(**{name: value})

    return property(get, put, doc=f"{sentence} ({allowed})")


def _make_class(name, task, sentence):
    parameters = [row for row in _core.Model(name).parameters() if _depth(row[0]) == 0]
    lines = [f"{sentence[:1].upper()}{sentence[1:]}.", "", "Parameters, with what they are unless set:", ""]
    members = {"_name": name, "_task": task, "__module__": "tessera"}
    signed = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)]
    for parameter, kind, text, allowed, what in parameters:
        default = _value(kind, text)
        lines.append(f"{parameter} = {default!r}\n    {what} ({allowed})")
        signed.append(inspect.Parameter(parameter, inspect.Parameter.KEYWORD_ONLY, default=default))
        if not keyword.iskeyword(parameter) and not hasattr(_KINDS[task], parameter):
            members[parameter] = _parameter(parameter, what, allowed)
    signed.append(inspect.Parameter("inner", inspect.Parameter.VAR_KEYWORD))  # estimator__alpha=...

    def __init__(self, **parameters):
        Estimator.__init__(self, **parameters)

    __init__.__signature__ = inspect.Signature(signed)
    members["__init__"] = __init__
    members["__doc__"] = "\n".join(lines)
    return type(class_name(name), (_KINDS[task],), members)


CLASSES = {name: _make_class(name, task, sentence) for name, task, sentence in _core.estimator_rows()}
_SENTENCES = {name: sentence for name, _, sentence in _core.estimator_rows()}


def estimators(task=None):
    """Every estimator: a dict of its name on the command line, its class here, its task and a sentence.

    `task`: only those for "classification", "regression", "clustering" or "transformation".
    """
    return [{"name": name, "class": made, "task": made._task, "sentence": _SENTENCES[name]}
            for name, made in CLASSES.items() if task is None or made._task == task]


def make_estimator(name, **parameters):
    """An estimator by its name on the command line ('k_means')."""
    if name not in CLASSES:
        _core.Model(name)  # raises the Error with a suggestion
    return CLASSES[name](**parameters)


def _from_model(model, names, kind):
    made = CLASSES[model.name]()
    made._settings.set_parameters(_outer_first((row[0], row[2]) for row in model.parameters()))
    made._given = {name: _value(kind, text) for name, kind, text, _, _ in model.parameters() if _depth(name) > 0}
    made._model = model
    if made._task == "classification":
        made.classes_ = _arrays.classes_of_texts(names, kind, model.classes)
    return made


def load(path):
    """The estimator of a file that `save` wrote here or in C++."""
    return _from_model(*_core.load_model(str(path)))
