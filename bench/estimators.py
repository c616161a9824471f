#!/usr/bin/env python3
"""Estimators beside scikit-learn, XGBoost and LightGBM: the same data, settings and number of threads, in turns, medians.

Usage: estimators.py PROGRAM [WHAT...] [--threads 2] [--seconds 20] [--growth]
  PROGRAM   build/release/bin/tessera_bench_estimators
  WHAT      parts of rows' names; without them every row
  --growth  each row at 10^4, 10^5 and 10^6 rows of data instead of its own number (where the row says that it grows)
Prints a table: seconds of fitting and of using (predict or transform), and how many times as fast Tessera is.

A row: estimator, settings, what it is measured beside, data, rows, columns, rows to predict. A new estimator is a new row.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    name: str
    settings: dict
    rival: str  # an expression that makes the rival's estimator; names of MODULES
    data: str = "blobs"
    rows: int = 100_000
    columns: int = 20
    queries: int = 10_000
    grows: bool = False
    needs: str = ""  # a package besides scikit-learn


BOOSTING = {"max_iter": 100, "max_leaf_nodes": 31, "learning_rate": 0.1, "max_bins": 255, "early_stopping": "false"}
PLACES_ROWS = ("classical_mds", "smacof")  # and has nothing to use on others
ROWS = [
    Row("k_neighbors_classifier", {}, "neighbors.KNeighborsClassifier(n_jobs=T)", columns=3, grows=True),
    Row("k_neighbors_classifier", {}, "neighbors.KNeighborsClassifier(n_jobs=T)", queries=2_000),
    Row("k_neighbors_regressor", {"weights": "distance"}, "neighbors.KNeighborsRegressor(weights='distance', n_jobs=T)", "line", columns=8),
    Row("k_neighbors_classifier", {"metric": "l1"}, "neighbors.KNeighborsClassifier(p=1, n_jobs=T)", queries=1_000),
    Row("k_means", {"n_clusters": 10, "init": "first_rows", "max_iter": 20, "tol": 0.0},
        "cluster.KMeans(10, init=X[:10], n_init=1, max_iter=20, tol=0)", "noise", grows=True),
    Row("k_means", {"n_clusters": 10}, "cluster.KMeans(10, n_init=1, random_state=0)", "blobs"),
    Row("k_means", {"n_clusters": 100, "init": "first_rows", "max_iter": 10, "tol": 0.0},
        "cluster.KMeans(100, init=X[:100], n_init=1, max_iter=10, tol=0)", "noise"),
    Row("gaussian_nb", {}, "naive_bayes.GaussianNB()", grows=True),
    Row("multinomial_nb", {}, "naive_bayes.MultinomialNB()", "counts"),
    Row("bernoulli_nb", {}, "naive_bayes.BernoulliNB()", "counts"),
    Row("decision_tree_classifier", {}, "tree.DecisionTreeClassifier(random_state=0)", "hard"),
    Row("decision_tree_regressor", {}, "tree.DecisionTreeRegressor(random_state=0)", "line"),
    Row("random_forest_classifier", {"n_estimators": 10}, "ensemble.RandomForestClassifier(10, n_jobs=T, random_state=0)", "hard"),
    Row("random_forest_regressor", {"n_estimators": 4}, "ensemble.RandomForestRegressor(4, n_jobs=T, random_state=0)", "line", 30_000),
    Row("extra_trees_classifier", {"n_estimators": 10}, "ensemble.ExtraTreesClassifier(10, n_jobs=T, random_state=0)", "hard"),
    Row("extra_trees_regressor", {"n_estimators": 4}, "ensemble.ExtraTreesRegressor(4, n_jobs=T, random_state=0)", "line", 30_000),
    Row("bagging_classifier", {}, "ensemble.BaggingClassifier(n_jobs=T, random_state=0)", "hard", 30_000),
    Row("hist_gradient_boosting_classifier", BOOSTING, "ensemble.HistGradientBoostingClassifier(early_stopping=False)", "two", grows=True),
    Row("hist_gradient_boosting_regressor", BOOSTING, "ensemble.HistGradientBoostingRegressor(early_stopping=False)", "line"),
    Row("hist_gradient_boosting_classifier", BOOSTING, "lightgbm.LGBMClassifier(n_estimators=100, num_leaves=31, learning_rate=0.1, max_bin=255, "
        "min_child_samples=20, min_child_weight=1e-3, n_jobs=T, verbose=-1)", "two", needs="lightgbm"),
    Row("hist_gradient_boosting_classifier", BOOSTING, "xgboost.XGBClassifier(n_estimators=100, tree_method='hist', grow_policy='lossguide', max_leaves=31, "
        "max_depth=0, learning_rate=0.1, max_bin=255, reg_lambda=0, min_child_weight=1e-3, n_jobs=T)", "two", needs="xgboost"),
    Row("standard_scaler", {}, "preprocessing.StandardScaler()", queries=100_000, grows=True),
    Row("min_max_scaler", {}, "preprocessing.MinMaxScaler()", queries=100_000),
    Row("max_abs_scaler", {}, "preprocessing.MaxAbsScaler()", queries=100_000),
    Row("robust_scaler", {}, "preprocessing.RobustScaler()", queries=100_000),
    Row("simple_imputer", {}, "impute.SimpleImputer()", "holes", queries=100_000),
    Row("simple_imputer", {"strategy": "median"}, "impute.SimpleImputer(strategy='median')", "holes", queries=100_000),
    Row("linear_regression", {}, "linear_model.LinearRegression(n_jobs=T)", "line", columns=100),
    Row("ridge", {}, "linear_model.Ridge()", "line", columns=100, grows=True),
    Row("lasso", {"alpha": 0.1}, "linear_model.Lasso(0.1)", "line", columns=100),
    Row("elastic_net", {"alpha": 0.1}, "linear_model.ElasticNet(0.1)", "line", columns=100),
    Row("lasso", {"alpha": 0.1}, "linear_model.Lasso(0.1)", "line", 500, 5_000, 500),
    Row("elastic_net", {"alpha": 0.1}, "linear_model.ElasticNet(0.1)", "line", 500, 5_000, 500),
    Row("logistic_regression", {}, "linear_model.LogisticRegression()", "two", columns=100, grows=True),
    Row("logistic_regression", {}, "linear_model.LogisticRegression()", "hard", columns=100),
    Row("poisson_regressor", {}, "linear_model.PoissonRegressor()", "events", columns=100),
    Row("linear_svc", {}, "svm.LinearSVC()", "two", columns=100),
    Row("linear_svc", {"loss": "hinge"}, "svm.LinearSVC(loss='hinge')", "two", 20_000),
    Row("linear_svc", {"loss": "hinge"}, "svm.LinearSVC(loss='hinge')", "apart", 20_000),
    Row("linear_svc", {}, "svm.LinearSVC()", "apart", 20_000),
    Row("svc", {}, "svm.SVC()", "two", 10_000, 20, 5_000),
    Row("svr", {}, "svm.SVR()", "line", 5_000, 20, 5_000),
    Row("gaussian_mixture", {"n_components": 8, "init_params": "random", "max_iter": 10, "tol": 0.0},
        "mixture.GaussianMixture(8, init_params='random', max_iter=10, tol=0, random_state=0)", "blobs", grows=True),
    Row("gaussian_mixture", {"n_components": 8, "covariance_type": "diag", "init_params": "random", "max_iter": 10, "tol": 0.0},
        "mixture.GaussianMixture(8, covariance_type='diag', init_params='random', max_iter=10, tol=0, random_state=0)", "blobs"),
    Row("pca", {"n_components": 10}, "decomposition.PCA(10)", "noise", columns=100, queries=100_000, grows=True),
    Row("pca", {"svd_solver": "full"}, "decomposition.PCA(svd_solver='full')", "noise", 1_500, 500, 1_500),
    Row("pca", {"n_components": 10, "svd_solver": "randomized"}, "decomposition.PCA(10, svd_solver='randomized', random_state=0)", "noise", 4_000, 1_000, 4_000),
    Row("classical_mds", {"n_components": 2}, "manifold.ClassicalMDS(2)", "noise", 1_500),
    Row("smacof", {"n_components": 2, "max_iter": 30, "eps": 0.0},
        "manifold.MDS(2, init='random', n_init=1, max_iter=30, eps=0, n_jobs=T, random_state=0)", "noise", 1_500),
    Row("target_encoder", {}, "preprocessing.TargetEncoder(random_state=0)", "codes", columns=5, queries=100_000),
    Row("ordinal_encoder", {}, "preprocessing.OrdinalEncoder()", "codes", columns=5, queries=100_000),
    Row("one_hot_encoder", {}, "preprocessing.OneHotEncoder(sparse_output=False)", "few codes", columns=5, queries=100_000),
    Row("linear_svr", {}, "svm.LinearSVR()", "line", 20_000, 20),
    Row("kernel_ridge", {"kernel": "rbf"}, "kernel_ridge.KernelRidge(kernel='rbf')", "line", 3_000, 20, 3_000),
    Row("factor_analysis", {"n_components": 5}, "decomposition.FactorAnalysis(5)", "noise", 10_000, 20, 10_000),
]


def make(kind, rows, columns, seed):
    """X float64 and y: int64 classes, float64 numbers, or None."""
    import numpy as np

    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, columns))
    weights = np.random.default_rng(99).normal(size=columns)  # the same for training rows and queries
    if kind == "noise":
        return x, None
    if kind == "blobs":
        centers = np.random.default_rng(98).normal(size=(10, columns)) * 2
        y = rng.integers(0, 10, rows)
        return x + centers[y], y
    if kind == "two":
        return x, (x @ weights + rng.normal(size=rows) * np.sqrt(columns) / 2 + x[:, 0] * x[:, 1] > 0).astype(np.int64)
    if kind == "apart":
        return x, (x @ weights + rng.normal(size=rows) * np.sqrt(columns) / 20 > 0).astype(np.int64)
    if kind == "hard":
        return x, np.digitize(x @ weights / np.sqrt(columns) + rng.normal(size=rows), [-1.5, -0.5, 0.5, 1.5])
    if kind == "counts":
        y = rng.integers(0, 5, rows)
        return rng.poisson(np.random.default_rng(97).gamma(1, 1, (5, columns))[y]).astype(float), y
    if kind == "events":
        return x, rng.poisson(np.exp(x @ weights / np.sqrt(columns) / 2)).astype(float)
    if kind == "line":
        return x, x @ weights + rng.normal(size=rows)
    if kind in ("codes", "few codes"):
        codes = rng.integers(0, 1000 if kind == "codes" else 10, (rows, columns))
        codes[:1000] = np.arange(1000)[:, None] % (1000 if kind == "codes" else 10)  # all of them
        return codes.astype(float), (np.sin(codes[:, 0]) + rng.normal(size=rows) > 0).astype(np.int64)
    if kind == "holes":
        x[rng.random(x.shape) < 0.1] = np.nan
        return x, None
    raise ValueError(kind)


class Ours:
    """The program, which waits for lines."""

    def __init__(self, program, threads, row, paths):
        command = [program, str(threads), row.name, json.dumps(row.settings), *map(str, paths)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self):
        try:
            self.process.stdin.write("run\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError((self.process.stderr.read().strip().splitlines() or ["no answer"])[-1][:150])
        return [float(word) for word in line.split()]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def run_rival(row, threads, x, y, queries):
    import importlib

    names = {"T": threads, "X": x}
    for module in ("cluster", "decomposition", "ensemble", "impute", "kernel_ridge", "linear_model", "manifold", "mixture", "naive_bayes", "neighbors", "preprocessing", "svm", "tree"):
        if module + "." in row.rival:
            names[module] = importlib.import_module("sklearn." + module)
    if row.needs:
        names[row.needs] = importlib.import_module(row.needs)
    model = eval(row.rival, names)  # noqa: S307: an expression of this file
    start = time.perf_counter()
    model.fit(x) if y is None else model.fit(x, y)
    fitted = time.perf_counter()
    if row.name in PLACES_ROWS:
        return fitted - start, 0, getattr(model, "stress_", None) or model.eigenvalues_.sum()
    model.transform(queries) if hasattr(model, "transform") and not hasattr(model, "predict") else model.predict(queries)
    used = time.perf_counter()
    some = slice(0, min(len(x), 2000))
    score = getattr(model, "inertia_", None)
    if score is None:
        score = model.score(x[some], y[some]) if y is not None and hasattr(model, "predict") and hasattr(model, "score") else 0
    return fitted - start, used - fitted, score


def measure(program, row, threads, seconds):
    import numpy as np

    x, y = make(row.data, row.rows, row.columns, 1)
    queries, _ = make(row.data, row.queries, row.columns, 2)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "x.npy", "-" if y is None else Path(folder) / "y.npy", Path(folder) / "queries.npy"]
        for path, array in zip(paths, (x, y, queries)):
            if path != "-":
                np.save(path, array)
        ours = Ours(program, threads, row, paths)
        try:
            found, begin = ([], []), time.perf_counter()
            while not found[0] or (time.perf_counter() - begin < seconds and len(found[0]) < 15):
                found[0].append(ours.run())
                found[1].append(run_rival(row, threads, x, y, queries))
        finally:
            ours.close()
    return [[statistics.median(column) for column in zip(*runs)] for runs in found], len(found[0])


def show(program, row, threads, seconds):
    rival = row.rival.split("(")[0].split(".")[-1]
    size = f"{row.rows} x {row.columns}"
    title = f"{row.name} {' '.join(f'{k}={v}' for k, v in row.settings.items() if row.settings is not BOOSTING)}"[:58]
    try:
        (ours, theirs), times = measure(program, row, threads, seconds)
    except (RuntimeError, ImportError) as error:
        print(f"{title:<58} {size:>13}  skipped: {error}", flush=True)
        return
    print(f"{title:<58} {size:>13} {rival:<30} {ours[0]:>8.4f} {theirs[0]:>8.4f} {theirs[0] / ours[0]:>6.2f}x  "
          f"{ours[1]:>8.4f} {theirs[1]:>8.4f} {theirs[1] / ours[1] if ours[1] else 0:>6.2f}x  {ours[2]:>9.4g} {theirs[2]:>9.4g} {times:>3}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("what", nargs="*")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--growth", action="store_true")
    options = parser.parse_args()
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    if not Path(options.program).exists():
        sys.exit(f"estimators.py: there is no program {options.program}; build it with -DTESSERA_BUILD_BENCH=ON")
    print(f"{'estimator':<58} {'data':>13} {'rival':<30} {'fit s':>8} {'rival s':>8} {'':>7}  {'use s':>8} {'rival s':>8} {'':>7}  "
          f"{'score':>9} {'rival':>9} runs")
    for row in ROWS:
        if options.what and not any(part in f"{row.name} {row.rows}x{row.columns} {row.rival}" for part in options.what):
            continue
        sizes = [10_000, 100_000, 1_000_000] if options.growth and row.grows else [] if options.growth else [row.rows]
        for rows in sizes:
            show(options.program, row._replace(rows=rows), options.threads, options.seconds)


if __name__ == "__main__":
    main()
