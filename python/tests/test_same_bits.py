"""The same bits from the command line, C++ and Python, whatever the number of threads, the backend, the layout of arrays."""

import csv
import hashlib
import io
import json
import subprocess

import numpy as np
import pytest
from conftest import IDS, ROWS, fitted, says, small_table

import tessera


def test_cpp_and_python_learn_the_same(every_digest, tmp_path):
    lines = subprocess.run([every_digest, str(tmp_path)], capture_output=True, text=True, check=True).stdout.splitlines()
    x = np.load(tmp_path / "features.npy")
    assert [line.split()[0] for line in lines] == IDS
    for line in lines:
        name, target, learned, said = line.split()
        estimator = tessera.make_estimator(name).fit(x, np.load(tmp_path / f"{target}.npy"))
        assert estimator.digest() == learned, name
        assert tessera.digest(estimator.transform(x) if hasattr(estimator, "transform") else estimator.predict(x)) == said, name


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_threads_and_backends_do_not_change_a_bit(row):
    table = small_table()
    expected = fitted(row, *table)
    bits = tessera.digest(says(expected, table[0]))
    for threads in (1, 2, 3, 7):
        tessera.set_thread_count(threads)
        assert tessera.thread_count() == threads
        again = fitted(row, *table)
        assert again.digest() == expected.digest(), threads
        assert tessera.digest(says(again, table[0])) == bits, threads
    tessera.use_backend("reference")
    assert fitted(row, *table).digest() == expected.digest()


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_layout_and_type_of_an_array_do_not_change_a_bit(row):
    x, classes, numbers = small_table()
    expected = fitted(row, x, classes, numbers)
    wide = np.zeros((2 * len(x), 13))
    wide[::2, 1::2] = x
    unaligned = np.frombuffer(b"x" + x.tobytes(), dtype=np.uint8)[1:].view(np.float64).reshape(x.shape)
    for name, other in {"Fortran": np.asfortranarray(x), "every other": wide[::2, 1::2], "backwards": x[::-1][::-1],
                        "reversed twice": x[:, ::-1].copy()[:, ::-1], "float32": x.astype(np.float32), "int64": x.astype(np.int64),
                        "int8": x.astype(np.int8), "uint8": x.astype(np.uint8), "half": x.astype(np.float16),
                        "big endian": x.astype(">f8"), "objects": x.astype(object), "list": x.tolist(),
                        "unaligned": unaligned}.items():
        assert np.array_equal(np.asarray(other, dtype=np.float64), x), name
        assert fitted(row, other, classes, numbers).digest() == expected.digest(), name
        assert tessera.digest(says(expected, other)) == tessera.digest(says(expected, x)), name


def write_table(path, rows=120):
    x, classes, numbers = small_table(rows)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "work", "kind", "amount"])
        for i in range(rows):
            work = ["office", "field", "", "sea"][int(x[i, 3]) % 4]
            writer.writerow([x[i, 0], "" if i % 17 == 0 else x[i, 1], work, classes[i], repr(float(numbers[i]))])
    return path


# (estimator, target, parameters and settings): both tasks, with and without folds.
FITS = [("gaussian_nb", "kind", {"data.ignore": "amount"}),
        ("k_neighbors_classifier", "kind", {"n_neighbors": 3, "features.scale": True, "data.ignore": "amount", "evaluate.folds": 3}),
        ("decision_tree_regressor", "amount", {"max_depth": 4, "data.test": 0.25, "evaluate.folds": 2}),
        ("hist_gradient_boosting_classifier", "kind", {"max_iter": 12, "learning_rate": 0.3, "seed": 7, "evaluate.folds": 0})]


@pytest.mark.parametrize("name, target, settings", FITS, ids=[fit[0] for fit in FITS])
def test_command_line_and_python_record_the_same_run(cli, tmp_path, name, target, settings):
    table = write_table(tmp_path / "table.csv")
    words = []
    for key, value in settings.items():
        words += ["--set", f"{key}={str(value).lower() if isinstance(value, bool) else value}"]
    subprocess.run([cli, "fit", name, str(table), "--target", target, "--store", str(tmp_path / "cli"), "--name", "one", "--quiet",
                    "--threads", "3", *words], check=True, capture_output=True)
    by_cli = tessera.load_run(tmp_path / "cli" / "one")
    keys = {key: value for key, value in settings.items() if "." in key or key == "seed"}
    parameters = {key: value for key, value in settings.items() if key not in keys}
    by_python = tessera.fit(name, table, target=target, store=tmp_path / "python", settings=keys, **parameters)
    assert by_python.seal == by_cli.seal == json.loads((tmp_path / "cli" / "one" / "seal.json").read_text())["seal"]
    assert by_python.estimator.digest() == by_cli.estimator.digest()

    # What the two say of the table.
    answer = subprocess.run([cli, "predict", by_python.folder, str(table)], capture_output=True, text=True, check=True).stdout
    assert by_cli.predictions_csv(table) == answer
    rows = list(csv.DictReader(io.StringIO(answer)))
    predicted = by_python.predict(table)
    if target == "kind":
        assert [row["prediction"] for row in rows] == list(predicted)
        probabilities = np.array([[float(row[f"probability_{kind}"]) for kind in by_python.classes] for row in rows])
        assert np.array_equal(probabilities, by_python.predict_proba(table))
    else:
        assert np.array_equal([float(row["prediction"]) for row in rows], predicted)
    assert subprocess.run([cli, "verify", by_python.folder, "--quiet"], capture_output=True, check=False).returncode == 0
    assert tessera.verify(by_cli.folder)

    # The same features and the same rows make the same estimator by hand.
    data = tessera.read_csv(table)
    assert np.array_equal(by_python.features(table), by_python.features(data.take_columns([n for n in data.names if n != target])))


def test_command_line_and_python_record_the_same_search(cli, tmp_path):
    table = write_table(tmp_path / "table.csv")
    words = ["--grid", "n_neighbors=1,5", "--grid", "weights=uniform,distance", "--set", "data.ignore=amount", "--set", "evaluate.folds=3"]
    subprocess.run([cli, "search", "k_neighbors_classifier", str(table), "--target", "kind", "--store", str(tmp_path / "cli"), "--name", "one", "--quiet", *words],
                   check=True, capture_output=True)
    run = tessera.search("k_neighbors_classifier", table, target="kind", store=tmp_path / "python", data__ignore="amount", evaluate__folds=3,
                         grid={"n_neighbors": [1, 5], "weights": ["uniform", "distance"]})
    assert run.seal == tessera.load_run(tmp_path / "cli" / "one").seal and tessera.verify(run.folder)
    assert len(run.candidates) == 4 and all(len(candidate["folds"]) == 3 for candidate in run.candidates)
    best = min(run.candidates, key=lambda candidate: candidate["rank"])
    assert best["settings"] == {"n_neighbors": str(run.estimator.n_neighbors), "weights": run.estimator.weights}


def test_a_saved_file_has_the_bytes_that_its_digest_says(tmp_path):
    x, classes, numbers = small_table()
    model = tessera.DecisionTreeRegressor(max_depth=3).fit(x, numbers)
    model.save(tmp_path / "tree.safetensors")
    assert hashlib.sha256((tmp_path / "tree.safetensors").read_bytes()).hexdigest() == model.digest()
