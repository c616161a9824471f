"""Every estimator as a Python class: parameters, classes, pickling, files, errors, interruption."""

import copy
import inspect
import multiprocessing
import os
import pickle
import re
import signal
import threading
import time

import numpy as np
import pytest
from conftest import IDS, ROOT, ROWS, fitted, says, small_table
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import tessera

every = pytest.mark.parametrize("row", ROWS, ids=IDS)


def test_classes_have_the_names_that_they_have_in_cpp():
    rows = re.findall(r'{"(\w+)",[^}]*?make<(\w+)>', (ROOT / "tessera" / "learn" / "estimators.cc").read_text())
    assert {name: made.__name__ for name, made in ((row["name"], row["class"]) for row in ROWS)} == dict(rows)
    assert all(getattr(tessera, cpp) is tessera.make_estimator(name).__class__ for name, cpp in rows)


@every
def test_parameters_are_those_of_the_table(row):
    made = row["class"]()
    signature = inspect.signature(row["class"])
    outer = made.get_params(deep=False)
    assert {name: p.default for name, p in signature.parameters.items() if name != "inner"} == outer
    assert all(name in row["class"].__doc__ for name in outer)
    assert row["class"](**made.get_params()).get_params() == made.get_params()
    assert repr(made) == f"{row['class'].__name__}()"
    for name, value in outer.items():
        assert getattr(made, name) == value or hasattr(type(made), name)
    with pytest.raises(tessera.Error, match=f"{row['name']}: there is no parameter 'colour'"):
        row["class"](colour=3)


def test_a_refused_parameter_changes_nothing():
    model = tessera.KNeighborsClassifier(n_neighbors=3)
    with pytest.raises(tessera.Error, match="k_neighbors_classifier: n_neighbors: expected a whole number, at least 1, found '0'"):
        model.set_params(weights="distance", n_neighbors=0)
    with pytest.raises(tessera.Error, match="did you mean 'n_neighbors'"):
        tessera.KNeighborsClassifier(n_neighbours=3)
    assert model.get_params() == tessera.KNeighborsClassifier(n_neighbors=3).get_params()
    model.n_neighbors = np.int64(4)
    assert model.n_neighbors == 4 and repr(model).startswith("KNeighborsClassifier(n_neighbors=")
    with pytest.raises(tessera.Error, match="found '2.5'"):
        model.n_neighbors = 2.5
    with pytest.raises(ValueError):  # what scikit-learn raises, too
        model.n_neighbors = "many"


def test_an_estimator_inside_another():
    inner = tessera.DecisionTreeClassifier(max_depth=2)
    bag = tessera.BaggingClassifier(estimator=inner, n_estimators=3)
    assert bag.get_params()["estimator__max_depth"] == 2 and bag.estimator is inner
    assert bag.set_params(estimator__max_depth=4).get_params()["estimator__max_depth"] == 4
    by_name = tessera.BaggingClassifier(estimator="decision_tree_classifier", n_estimators=3, estimator__max_depth=4)
    x, classes, _ = small_table()
    assert bag.fit(x, classes).digest() == by_name.fit(x, classes).digest()
    bag.set_params(estimator="gaussian_nb")
    assert "estimator__max_depth" not in bag.get_params() and "estimator__var_smoothing" in bag.get_params()
    assert pickle.loads(pickle.dumps(bag)).get_params() == bag.get_params()


def test_a_pipeline_of_estimators():
    x, classes, _ = small_table()
    parts = tessera.PipelineClassifier(steps=[tessera.StandardScaler(), tessera.PCA(n_components=3), tessera.LogisticRegression(C=0.5)])
    texts = tessera.PipelineClassifier(steps="standard_scaler, pca, logistic_regression", pca__n_components=3, logistic_regression__C=0.5)
    assert parts.fit(x, classes).digest() == texts.fit(x, classes).digest()
    scaled = tessera.StandardScaler().fit_transform(x)
    turned = tessera.PCA(n_components=3).fit_transform(scaled)
    assert np.array_equal(tessera.LogisticRegression(C=0.5).fit(turned, classes).predict_proba(turned), parts.predict_proba(x))
    again = pickle.loads(pickle.dumps(parts))
    assert again.digest() == parts.digest() and again.get_params()["pca__n_components"] == 3
    assert parts.set_params(logistic_regression__C=2).get_params()["logistic_regression__C"] == 2


def test_what_an_estimator_cannot_do_it_does_not_have():
    x, classes, _ = small_table()
    margins = tessera.LinearSVC().fit(x, classes)
    assert hasattr(margins, "decision_function") and not hasattr(margins, "predict_proba")
    assert margins.decision_function(x).shape == (80, 3)
    assert np.array_equal(margins.classes_[margins.decision_function(x).argmax(axis=1)], margins.predict(x))
    mixture = tessera.GaussianMixture(n_components=2).fit(x)
    assert mixture.predict_proba(x).shape == (80, 2) and abs(mixture.score(x) - mixture.score_samples(x).mean()) < 1e-9
    assert not hasattr(tessera.KMeans(), "predict_proba") and not hasattr(tessera.KMeans(), "score")
    pca = tessera.PCA(n_components=6).fit(x)
    assert np.allclose(pca.inverse_transform(pca.transform(x)), x, atol=1e-12) and not hasattr(tessera.OneHotEncoder(), "inverse_transform")
    tree = tessera.DecisionTreeClassifier().fit(x, classes)
    assert tree.feature_importances_.shape == (6,) and not hasattr(tessera.KNeighborsClassifier().fit(x, classes), "feature_importances_")


@every
def test_pickles_copies_and_files_keep_every_bit(row, tmp_path):
    table = small_table()
    model = fitted(row, *table)
    bits = tessera.digest(says(model, table[0]))
    path = tmp_path / "model.safetensors"
    model.save(path)
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model), tessera.load(path), row["class"].load(path)):
        assert type(other) is type(model)
        assert other.digest() == model.digest() and tessera.digest(says(other, table[0])) == bits
        assert other.get_params() == model.get_params() and other.n_features_in_ == 6
        if row["task"] == "classification":
            assert list(other.classes_) == ["high", "low", "mid"]
    unfitted = pickle.loads(pickle.dumps(row["class"]()))
    with pytest.raises(tessera.Error, match="it has learned nothing yet: call fit first"):
        unfitted.save(path)


def test_a_pickle_of_another_estimator_is_refused():
    x, classes, _ = small_table()
    model, other = tessera.GaussianNB().fit(x, classes), tessera.KNeighborsClassifier().fit(x, classes)

    def restored(**changes):
        return tessera.GaussianNB().__setstate__({**model.__getstate__(), **changes})

    with pytest.raises(tessera.Error, match="gaussian_nb: found a pickled k_neighbors_classifier, expected gaussian_nb"):
        restored(saved=other.__getstate__()["saved"])
    for extras, count in (({"classes_": model.classes_[:2]}, 2), ({}, 0)):
        with pytest.raises(tessera.Error, match=f"gaussian_nb: found {count} classes in the pickle, expected the 3 that it has learned"):
            restored(extras=extras)


def learn_elsewhere(queue, name):
    queue.put(fitted({"class": type(tessera.make_estimator(name))}, *small_table()))


@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_a_model_of_another_process_has_the_same_bits(how):
    context = multiprocessing.get_context(how)
    queue = context.Queue()
    process = context.Process(target=learn_elsewhere, args=(queue, "random_forest_classifier"))
    process.start()
    model = queue.get(timeout=60)
    process.join()
    assert model.digest() == fitted({"class": tessera.RandomForestClassifier}, *small_table()).digest()


@pytest.mark.parametrize("labels", [["b", "a", "c"], [5, -3, 70000000000], [True, False], [2.0, 1.0], ["Zoë", "10", "9"]], ids=str)
def test_classes_of_any_kind(labels, tmp_path):
    generator = np.random.Generator(np.random.Philox(1))
    codes = generator.integers(0, len(labels), 60)
    codes[:len(labels)] = range(len(labels))
    x = codes[:, None] + 0.01 * generator.random((60, 1))
    y = [labels[code] for code in codes]
    for given_y in (y, np.array(y), np.array(y, dtype=object), np.array(y)[:, None]):
        model = tessera.GaussianNB().fit(x, given_y)
        assert list(model.classes_) == sorted(set(y)) and list(model.predict(x)) == y and model.score(x, given_y) == 1
    model.save(tmp_path / "m")
    again = tessera.load(tmp_path / "m")
    assert list(again.classes_) == list(model.classes_) and again.classes_.dtype.kind == np.array(y).dtype.kind
    assert model.score(x[:4], np.array(["nobody"] * 4)) == 0  # classes that training did not have are never right


def test_large_classes_without_sign():
    y = np.array([2**63 - 1, 2**63 - 2, 2**63 - 1, 2**63 - 2], dtype=np.uint64)
    model = tessera.GaussianNB().fit([[1.0], [2.0], [1.1], [2.1]], y)
    assert model.classes_.tolist() == [2**63 - 2, 2**63 - 1] and model.predict([[1.0]]).tolist() == [2**63 - 1]
    assert model.score([[1.0], [2.0]], y[:2]) == 1 and model.score([[1.0], [2.0]], y[:2].astype(np.int64)) == 1


@pytest.mark.parametrize("make, x, y, sentence", [
    ("GaussianNB", [[1.0], [np.nan]], [0, 1], r"gaussian_nb: features: row 1, column 0 is missing \(NaN\); expected a finite number"),
    ("GaussianNB", [[1.0], [np.inf]], [0, 1], "gaussian_nb: features: row 1, column 0 is infinite"),
    ("GaussianNB", [1.0, 2.0], [0, 1], r"gaussian_nb: expected features \[rows, columns\] with at least one of each, found \[2\]"),
    ("GaussianNB", np.zeros((0, 3)), [], r"found \[0, 3\]"),
    ("GaussianNB", [[1.0], [2.0]], [0, 1, 1], r"gaussian_nb: expected a target \[2\], one value per row of features, found \[3\]"),
    ("GaussianNB", [[1.0], [2.0]], None, r"gaussian_nb: expected a target \[2\], .* found none"),
    ("GaussianNB", [[1.0], [2.0]], ["a", "a"], "gaussian_nb: expected at least two classes in the target, found only class a"),
    ("GaussianNB", [[1.0], [2.0]], [0.5, 1], "gaussian_nb: target: row 0 is 0.5, expected classes"),
    ("GaussianNB", [[1.0], [2.0]], [0, np.nan], r"gaussian_nb: target: row 1 is missing \(NaN\), expected classes"),
    ("GaussianNB", [[1.0], [2.0]], ["a", None], "gaussian_nb: target: row 1 is missing, expected a class"),
    ("GaussianNB", [[1.0], [2.0]], np.array(["a", 2], dtype=object), "found numbers and texts among the classes"),
    ("GaussianNB", [[1.0], [2.0]], np.array([b"a", b"b"]), "gaussian_nb: target: found bytes, expected classes that are texts"),
    ("GaussianNB", [[1.0], [2.0]], np.array([b"a", b"b"], dtype=object), "gaussian_nb: target: found bytes, expected classes that are texts"),
    ("GaussianNB", [[1.0], [2.0]], np.array([b"a", "b"], dtype=object), "found bytes and texts among the classes"),
    ("GaussianNB", [[1.0], [2.0]], ["a", "\ud800"], "gaussian_nb: target: row 1 is .* which is no Unicode text"),
    ("GaussianNB", [[1.0], [2.0]], np.array([0, 2**63], dtype=np.uint64), r"row 1 is 9223372036854775808, expected whole numbers below 2\^63"),
    ("GaussianNB", [[1.0], [2.0]], [[0, 1], [1, 0]], r"gaussian_nb: expected a target \[rows\], .*found shape \[2, 2\]"),
    ("GaussianNB", [[1.0], ["x"]], [0, 1], r"gaussian_nb: features: element \[1, 0\] is 'x', expected a number"),
    ("GaussianNB", [[1.0], [2.0, 3.0]], [0, 1], "found rows of different lengths"),
    ("GaussianNB", np.array([[1 + 2j], [2]]), [0, 1], "gaussian_nb: features: expected numbers, found elements of type complex128"),
    ("GaussianNB", np.zeros((1,) * 9), [0, 1], "array: found 9 axes"),
    ("KNeighborsRegressor", [[1.0], [2.0]], [1, np.inf], "k_neighbors_regressor: target: row 1, column 0 is infinite"),
    ("KNeighborsRegressor", [[1.0], [2.0]], ["1", "y"], "k_neighbors_regressor: target: row 1 is 'y', expected a number"),
    ("KNeighborsRegressor", [[1.0], [2.0]], [1, 2], "k_neighbors_regressor"),  # 5 neighbours of 2 rows
])
def test_bad_input_is_told_in_a_sentence(make, x, y, sentence):
    with pytest.raises(tessera.Error, match=sentence):
        getattr(tessera, make)().fit(x, y)


def test_predictions_of_other_columns_are_refused():
    x, classes, _ = small_table()
    model = tessera.GaussianNB().fit(x, classes)
    with pytest.raises(tessera.Error, match="gaussian_nb: expected 6 features, as it has learned, found 5"):
        model.predict(x[:, :5])
    with pytest.raises(tessera.Error, match="gaussian_nb: it has learned nothing yet: call fit first"):
        tessera.GaussianNB().predict(x)
    with pytest.raises(AttributeError):
        tessera.StandardScaler().fit(x).predict
    assert not hasattr(tessera.GaussianNB(), "classes_") and not hasattr(tessera.GaussianNB(), "n_features_in_")


def test_a_damaged_file_is_refused(tmp_path):
    x, classes, _ = small_table()
    path = tmp_path / "m.safetensors"
    tessera.GaussianNB().fit(x, classes).save(path)
    bytes_ = path.read_bytes()
    for damaged in (b"", bytes_[:-1], b"x" * 100, bytes_.replace(b"gaussian_nb", b"gaussian_nz")):
        path.write_bytes(damaged)
        with pytest.raises(tessera.Error, match="m.safetensors: "):
            tessera.load(path)
    with pytest.raises(tessera.Error, match="nowhere"):
        tessera.load(tmp_path / "nowhere")
    path.write_bytes(bytes_)
    with pytest.raises(tessera.Error, match="found gaussian_nb, expected k_means"):
        tessera.KMeans.load(path)


@pytest.mark.parametrize("algorithm", ["kd_tree", "brute"])
def test_what_was_learned_does_not_change_with_the_caller_s_array(algorithm):
    x, classes, numbers = small_table()
    mine, target = np.ascontiguousarray(x, dtype=np.float64).copy(), numbers.copy()
    model = tessera.KNeighborsRegressor(n_neighbors=1, algorithm=algorithm).fit(mine, target)
    before = model.predict(x)
    mine[:], target[:] = 0, 0
    assert np.array_equal(model.predict(x), before)
    scaler = tessera.StandardScaler(with_mean=False, with_std=False).fit(x)
    same = scaler.transform(x)
    assert np.array_equal(same, x) and not np.shares_memory(same, x)
    same[:] = 7  # the caller's own
    assert not np.array_equal(scaler.transform(x), same)


def test_memory_of_others_is_read_where_it_lies():
    class Elsewhere:  # what a library without NumPy hands out
        def __init__(self, array):
            self.array = array

        def __dlpack__(self, **options):
            return self.array.__dlpack__(**options)

        def __dlpack_device__(self):
            return self.array.__dlpack_device__()

    x, classes, _ = small_table()
    model = tessera.GaussianNB().fit(Elsewhere(x), classes)
    assert model.digest() == tessera.GaussianNB().fit(x, classes).digest()
    assert np.array_equal(model.predict(memoryview(x)), model.predict(x))
    frozen = x.copy()
    frozen.flags.writeable = False
    assert np.array_equal(model.predict(frozen), model.predict(x))


def test_state_shows_the_memory_of_the_model():
    x, classes, _ = small_table()
    model = tessera.GaussianNB().fit(x, classes)
    state = model.state()
    assert state["means"].shape == (3, 6) and state["features"] == 6 and not state["means"].flags.writeable
    assert np.shares_memory(state["means"], model.state()["means"]) and np.array_equal(model.means_, state["means"])
    del model
    assert np.allclose(state["means"][0], x[classes == "high"].mean(axis=0), rtol=1e-12)


def test_a_fit_forgets_and_a_failed_fit_leaves_nothing():
    x, classes, _ = small_table()
    model = tessera.GaussianNB().fit(x, classes)
    model.fit(x[:, :3], np.where(classes == "low", 0, 1))
    assert list(model.classes_) == [0, 1] and model.n_features_in_ == 3
    with pytest.raises(tessera.Error):
        model.fit(x * np.nan, classes)
    with pytest.raises(tessera.Error, match="nothing yet"):
        model.predict(x)
    assert not hasattr(model, "classes_")


class Frame:
    def __init__(self, values, columns=("a", "b")):
        self.values, self.columns = values, list(columns)

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype=dtype)


OTHER_ORDER = "expected the columns that it has learned from, in their order, found 'b' where 'a' was"


def test_columns_of_a_data_frame_are_remembered():
    x, classes, _ = small_table()
    model = tessera.GaussianNB().fit(Frame(x[:, :2]), classes)
    assert list(model.feature_names_in_) == ["a", "b"]
    assert np.array_equal(model.predict(Frame(x[:, :2])), model.predict(x[:, :2]))
    with pytest.raises(tessera.Error, match=OTHER_ORDER):
        model.predict(Frame(x[:, :2], ["b", "a"]))


def test_every_method_asks_for_the_columns_that_it_has_learned_from():
    x, classes, numbers = small_table()
    learned, turned = Frame(x[:, :2]), Frame(x[:, [1, 0]], ["b", "a"])
    cases = [(tessera.LogisticRegression(), classes, ["predict", "predict_proba", "decision_function", "score"]), (tessera.Ridge(), numbers, ["predict", "score"]),
             (tessera.GaussianMixture(), None, ["predict", "predict_proba", "score_samples", "score"]),
             (tessera.StandardScaler(), None, ["transform", "inverse_transform"]), (tessera.PCA(n_components=2), None, ["transform", "inverse_transform"])]
    for model, y, methods in cases:
        model.fit(learned, y)
        for method in methods:
            words = (y,) if method == "score" else ()
            getattr(model, method)(learned, *words)
            with pytest.raises(tessera.Error, match=OTHER_ORDER):
                getattr(model, method)(turned, *words)
    components = cases[-1][0].transform(learned)  # may have names of their own
    assert np.allclose(cases[-1][0].inverse_transform(Frame(components, ["first", "second"])), x[:, :2], atol=1e-12)


def test_an_observer_is_told_of_iterations_and_may_stop_them():
    x, classes, _ = small_table()
    seen = []
    tessera.HistGradientBoostingClassifier(max_iter=5).fit(x, classes, observer=lambda step, scalars: seen.append((step, dict(scalars))))
    assert [step for step, _ in seen] == [1, 2, 3, 4, 5] and all(scalars for _, scalars in seen)
    count = []
    tessera.HistGradientBoostingClassifier(max_iter=50).fit(x, classes, observer=lambda step, _: count.append(step) or step < 3)
    assert count == [1, 2, 3]

    def broken(step, scalars):
        raise RuntimeError("mine")

    model = tessera.HistGradientBoostingClassifier()
    with pytest.raises(RuntimeError, match="mine"):
        model.fit(x, classes, observer=broken)
    assert not model.__sklearn_is_fitted__()

    class Undecided:
        def __bool__(self):
            raise RuntimeError("neither")

    with pytest.raises(RuntimeError, match="neither"):
        model.fit(x, classes, observer=lambda step, scalars: Undecided())
    assert not model.__sklearn_is_fitted__()


def test_interrupting_a_fit_leaves_nothing_half_learned():
    x, classes, _ = small_table(400)
    model = tessera.HistGradientBoostingClassifier(max_iter=1_000_000, n_iter_no_change=1_000_000)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, classes)
    assert time.monotonic() - begin < 20
    timer.join()
    with pytest.raises(tessera.Error, match="nothing yet"):
        model.predict(x)


def test_other_threads_run_while_an_estimator_computes():
    x, classes, _ = small_table(400)
    model = tessera.RandomForestClassifier(n_estimators=30).fit(x, classes)
    expected, found = model.digest(), []

    def work(i):
        found.append((tessera.digest(model.predict_proba(x)), tessera.RandomForestClassifier(n_estimators=30).fit(x, classes).digest()))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(tessera.digest(model.predict_proba(x)), expected)] * 4


@settings(max_examples=60, deadline=None)
@given(x=arrays.arrays(np.float64, arrays.array_shapes(min_dims=2, max_dims=2, min_side=3, max_side=12),
                       elements=st.integers(-9999, 9999).map(lambda number: number / 8)),
       seed=st.integers(0, 2**32 - 1), data=st.data())
def test_any_view_of_an_array_is_read_right(x, seed, data):
    """Scaling to [0, 1] beside NumPy's own arithmetic, for any slice, order and step."""
    steps = tuple(slice(None, None, data.draw(st.sampled_from([1, 2, -1, -2]))) for _ in range(2))
    view = (x.T if data.draw(st.booleans()) else x)[steps]
    model = tessera.MaxAbsScaler().fit(view)
    most = np.abs(view).max(axis=0)
    assert np.array_equal(model.transform(view), view / np.where(most == 0, 1, most))
    shuffled = np.random.Generator(np.random.Philox(seed)).permutation(len(view))
    assert np.array_equal(model.transform(view[shuffled]), model.transform(view)[shuffled])  # no row depends on its neighbours


@settings(max_examples=40, deadline=None)
@given(st.one_of(arrays.arrays(st.sampled_from([np.float64, np.float32, np.int64, np.uint8, np.bool_]), arrays.array_shapes(max_dims=4))))
def test_a_digest_sees_type_shape_and_elements(array):
    assert tessera.digest(array) == tessera.digest(np.asfortranarray(array)) == tessera.digest(array.copy())
    assert tessera.digest(array) != tessera.digest(array[None])
    changed = array.copy()
    changed.flat[0] = not changed.flat[0] if changed.dtype == np.bool_ else 1 if changed.flat[0] != 1 else 2
    assert tessera.digest(array) != tessera.digest(changed)
