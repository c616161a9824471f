"""Recorded fits from Python; test_same_bits.py holds them beside the command line's."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from test_same_bits import write_table

import tessera


def test_a_run_is_used_without_its_data(tmp_path):
    path = write_table(tmp_path / "table.csv")
    run = tessera.fit("k_neighbors_classifier", path, target="kind", store=tmp_path, n_neighbors=3, data__ignore=["amount"], evaluate__folds=3,
                      features__scale=True)
    assert len(run.fold_scores) == 3 and 0 <= run.scores["test_score"] <= 1 and run.classes == ["high", "low", "mid"]
    assert run.settings["data.ignore"] == "amount" and run.estimator.n_neighbors == 3 and len(run.seal) == 64
    table = tessera.read_csv(path)
    columns = {name: table[name] for name in ("work", "b", "a", "kind")}
    path.unlink()
    again = tessera.load_run(run.folder)
    assert again.seal == run.seal and list(again.predict(table)) == list(run.predict(columns))
    assert again.predict_proba(table).shape == (120, 3)
    assert again.scores == {} and again.seal[:12] in repr(again)
    with pytest.raises(tessera.Error, match="there is no column 'a', expected numbers as at training"):
        again.predict(table.take_columns(["b", "work"]))
    with pytest.raises(tessera.Error, match="table.csv"):
        tessera.resume(run.folder)


def test_what_learns_without_a_target_is_fitted_without_one(tmp_path):
    path = write_table(tmp_path / "table.csv")
    clusters = tessera.fit("k_means", path, store=tmp_path, n_clusters=3, data__ignore=["kind", "work"])
    assert clusters.classes == [] and clusters.fold_scores == [] and clusters.scores["inertia"] > 0 and clusters.verify()
    assert set(clusters.predict(path)) == {0, 1, 2} and clusters.predictions_csv(path).startswith("row,cluster\n")
    scaled = tessera.fit(tessera.StandardScaler, path, target=None, store=tmp_path, data__ignore=["kind", "work"])
    assert scaled.estimator.transform(scaled.features(path)).shape[0] == 120
    with pytest.raises(tessera.Error, match="expected a target"):
        tessera.fit("gaussian_nb", path, store=tmp_path)


def test_estimators_are_settings_too(tmp_path):
    path = write_table(tmp_path / "table.csv")
    by_name = tessera.fit("decision_tree_classifier", path, target="kind", store=tmp_path, max_depth=3, seed=5)
    by_estimator = tessera.fit(tessera.DecisionTreeClassifier(max_depth=3, seed=5), path, target="kind", store=tmp_path)
    assert by_name.seal == by_estimator.seal
    assert by_name.seal != tessera.fit(tessera.DecisionTreeClassifier, path, target="kind", store=tmp_path).seal
    assert by_name.evaluate(path)


def test_verify_finds_what_was_changed(tmp_path):
    path = write_table(tmp_path / "table.csv")
    run = tessera.fit("gaussian_nb", path, target="kind", store=tmp_path, name="one")
    found = run.verify()
    assert found and found.code == 0 and found.message.startswith("identical") and found.seal == run.seal
    checkpoint = sorted(pathlib.Path(run.folder, "checkpoints").iterdir())[0]
    changed = bytearray(checkpoint.read_bytes())
    changed[-1] ^= 1
    checkpoint.write_bytes(bytes(changed))
    found = tessera.verify(run.folder)
    assert not found and found.code == 1 and checkpoint.name[:8] in found.message
    path.write_text(path.read_text().replace("office", "Office", 1))
    with pytest.raises(tessera.Error) as caught:
        tessera.load_run(run.folder)
    assert caught.value.code == 1


@pytest.mark.parametrize("words, sentence", [
    ({"estimator": "gausian_nb"}, "did you mean 'gaussian_nb'"),
    ({"estimator": "k_means"}, "'k_means' is for clustering, expected an estimator that predicts a target"),
    ({"target": "kindd"}, "did you mean 'kind'"),
    ({"table": "nowhere.csv"}, "nowhere.csv"),
    ({"alpha": 3}, "gaussian_nb: there is no parameter 'alpha'"),
    ({"data__tests": 0.5}, "did you mean 'data.test'"),
    ({"settings": {"data.test": 2}}, "data.test"),
    ({"evaluate__folds": 1}, "evaluate.folds is 1, expected 0 or at least 2"),
])
def test_what_is_wrong_with_a_fit(tmp_path, words, sentence):
    words = {"estimator": "gaussian_nb", "table": write_table(tmp_path / "t.csv"), "target": "kind", "store": tmp_path / "runs", **words}
    with pytest.raises(tessera.Error, match=sentence):
        tessera.fit(words.pop("estimator"), words.pop("table"), **words)


def test_a_value_of_a_search_may_have_commas(tmp_path):
    path = write_table(tmp_path / "table.csv")
    words = {"target": "kind", "store": tmp_path, "evaluate__folds": 3}
    one, two = "standard_scaler, gaussian_nb", "min_max_scaler, gaussian_nb"

    def tried(grid, **more):
        run = tessera.search("pipeline_classifier", path, grid=grid, **words, **more)
        assert run.verify()
        return run, [dict(candidate["settings"])["steps"] for candidate in run.candidates]

    single, found = tried({"steps": [one]})
    assert found == [one] and single.estimator.get_params()["steps"] == one
    assert tried({"steps": [tuple(one.split(", "))]})[0].seal == single.seal
    assert tried({"steps": [one, two]})[1] == [one, two]
    smoothing = {"gaussian_nb__var_smoothing": [1e-9, 0.1]}
    assert tried({"steps": [two], **smoothing})[1] == [two, two]
    assert tried({"steps": [one]}, random=2)[1] == [one, one]
    assert tried({"steps": [one], **smoothing}, step_by_step=True, steps=two)[1] == [one] * 3
    with pytest.raises(tessera.Error, match="grid: steps: found the value .* expected none with a bar"):
        tried({"steps": [f"{one}|{two}"]})
    with pytest.raises(tessera.Error, match="nowhere_nb"):
        tried({"steps": ["standard_scaler, nowhere_nb"]})
    with pytest.raises(tessera.Error, match="--grid steps=: expected NAME=VALUE,VALUE"):
        tried({"steps": []})
    with pytest.raises(tessera.Error, match="grid: steps: expected a list of values, found 'standard_scaler, gaussian_nb'"):
        tried({"steps": one})


SCRIPT = """
import sys, tessera
tessera.fit("random_forest_classifier", sys.argv[1], target="kind", store=sys.argv[2], name="stopped", n_estimators=1000, evaluate__folds=50)
"""


def test_a_stopped_run_goes_on_to_the_same_seal(tmp_path):
    path = write_table(tmp_path / "table.csv", 300)
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(path), str(tmp_path)], stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "PYTHONPATH": str(pathlib.Path(tessera.__file__).parents[1])})
    folder = tmp_path / "stopped"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None and not any((folder / "checkpoints").glob("*.safetensors")):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=120)
    if process.returncode == 0 or (process.returncode == -signal.SIGINT and not error):  # the second: it was just leaving
        pytest.skip("the machine was faster than the signal")
    assert "tessera.Stopped" in error and re.search("resume", error)
    resumed = tessera.resume(folder)
    whole = tessera.fit("random_forest_classifier", path, target="kind", store=tmp_path, n_estimators=1000, evaluate__folds=50)
    assert resumed.seal == whole.seal and np.array_equal(resumed.predict(path), whole.predict(path))
