#!/usr/bin/env python3
"""Writes linear_facts_test.inc: coefficients and intercepts of scikit-learn's linear models, iterated to tight tolerances.

    TESSERA_DATA=... python3 linear_facts.py > linear_facts_test.inc      # needs scikit-learn; the tests need the table only

Tables: "small" is that of estimator_facts.py, "wide" its first 12 rows with the squares and products of its features; the others are CSV files of
TESSERA_DATA/tabular, the last column being the target, features as they are ("scaled": less their means, divided by their deviations).
A fact is the table, the estimator, its settings here, the tolerance relative to the largest coefficient, coefficients and intercepts.
"""

import json
import os
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, PoissonRegressor, Ridge

DATA = os.environ["TESSERA_DATA"] + "/tabular/"
warnings.simplefilter("ignore")


def features(i):
    return [(7 * i * i + 11 * f * i + 5 * f * f + 3 * i) % 13 % 5 for f in range(6)]


def small():
    x = np.array([features(i) for i in range(60)], dtype=float)
    numbers = 0.5 * x[:, 0] - x[:, 1] + 0.25 * x[:, 5] + np.array([(5 * i * i % 7) / 8 for i in range(60)])
    return x, numbers


def wide():
    x, y = small()
    x, y = x[:12], y[:12]
    return np.hstack([x] + [x[:, [a]] * x[:, [b]] for a in range(6) for b in range(a, 6)]), y


def read(name):
    rows = [line.strip().split(",") for line in open(DATA + name + ".csv") if line.strip()]
    x = np.array([[float(cell) for cell in row[:-1]] for row in rows])
    labels = [row[-1] for row in rows]
    if name == "ionosphere":
        return x, np.array([float(label == "g") for label in labels])
    return x, np.array([float(label) for label in labels])


def scaled(x):
    deviation = x.std(axis=0)
    return (x - x.mean(axis=0)) / np.where(deviation > 0, deviation, 1)


def table(name):
    if name == "small":
        return small()
    if name == "wide":
        return wide()
    x, y = read(name.removesuffix(" scaled"))
    return (scaled(x), y) if name.endswith(" scaled") else (x, y)


def classes(name, y):
    if name == "small":
        return (y > -1).astype(int) + (y > 0.5).astype(int)
    return (y - y.min()).astype(int)


LOGISTIC = dict(tol=1e-12, max_iter=100000)
NEWTON = dict(LOGISTIC, solver="newton-cholesky")
SAGA = dict(LOGISTIC, solver="saga", random_state=0)
SPARSE = dict(tol=1e-14, max_iter=1000000)
POISSON = dict(tol=1e-11, max_iter=10000, solver="newton-cholesky")

CASES = [
    ("small", "linear_regression", {}, LinearRegression(), 1e-9),
    ("small", "linear_regression", {"solver": "normal"}, LinearRegression(), 1e-9),
    ("small", "linear_regression", {"solver": "gradient_descent", "tol": 1e-12}, LinearRegression(), 1e-9),
    ("small", "linear_regression", {"fit_intercept": False}, LinearRegression(fit_intercept=False), 1e-9),
    ("wide", "linear_regression", {}, LinearRegression(), 1e-9),
    ("wide", "linear_regression", {"fit_intercept": False}, LinearRegression(fit_intercept=False), 1e-9),
    ("housing", "linear_regression", {}, LinearRegression(), 1e-9),
    ("housing", "linear_regression", {"solver": "normal"}, LinearRegression(), 1e-9),
    ("housing", "linear_regression", {"solver": "gradient_descent", "tol": 1e-12}, LinearRegression(), 1e-9),
    ("small", "ridge", {}, Ridge(solver="svd"), 1e-9),
    ("small", "ridge", {"alpha": 100, "fit_intercept": False}, Ridge(100, fit_intercept=False, solver="svd"), 1e-9),
    ("wide", "ridge", {"alpha": 0.1}, Ridge(0.1, solver="svd"), 1e-9),
    ("wide", "ridge", {"alpha": 0}, LinearRegression(), 1e-9),
    ("housing", "ridge", {}, Ridge(solver="svd"), 1e-9),
    ("housing", "ridge", {"alpha": 0}, Ridge(0, solver="svd"), 1e-9),
    ("small", "lasso", {"alpha": 0.1, "tol": 1e-14}, Lasso(0.1, **SPARSE), 1e-7),
    ("small", "lasso", {"alpha": 0.01, "tol": 1e-14, "positive": True}, Lasso(0.01, positive=True, **SPARSE), 1e-7),
    ("wide", "lasso", {"alpha": 0.05, "tol": 1e-14, "max_iter": 100000}, Lasso(0.05, **SPARSE), 1e-6),
    ("housing", "lasso", {"alpha": 0.5, "tol": 1e-14, "max_iter": 100000}, Lasso(0.5, **SPARSE), 1e-6),
    ("small", "elastic_net", {"alpha": 0.1, "tol": 1e-14}, ElasticNet(0.1, **SPARSE), 1e-7),
    ("small", "elastic_net", {"alpha": 0.2, "l1_ratio": 0.9, "tol": 1e-14, "fit_intercept": False},
     ElasticNet(0.2, l1_ratio=0.9, fit_intercept=False, **SPARSE), 1e-7),
    ("wide", "elastic_net", {"alpha": 0.1, "l1_ratio": 0.3, "tol": 1e-14, "max_iter": 100000}, ElasticNet(0.1, l1_ratio=0.3, **SPARSE), 1e-6),
    ("housing scaled", "elastic_net", {"alpha": 0.2, "l1_ratio": 0.7, "tol": 1e-14}, ElasticNet(0.2, l1_ratio=0.7, **SPARSE), 1e-6),
    ("small", "poisson_regressor", {"tol": 1e-11}, PoissonRegressor(**POISSON), 1e-8),
    ("small", "poisson_regressor", {"alpha": 0, "tol": 1e-11, "fit_intercept": False},
     PoissonRegressor(alpha=0, fit_intercept=False, **POISSON), 1e-8),
    ("housing scaled", "poisson_regressor", {"alpha": 0.01, "tol": 1e-11}, PoissonRegressor(alpha=0.01, **POISSON), 1e-8),
    ("winequality-red", "poisson_regressor", {"tol": 1e-11}, PoissonRegressor(**POISSON), 1e-6),
    *[(name, "logistic_regression", {"tol": 1e-11, "solver": solver, "max_iter": 10000, **settings},
       LogisticRegression(**NEWTON, **theirs), 1e-6)
      for solver in ("newton", "margin")
      for name, settings, theirs in (
          ("small", {}, {}), ("small", {"C": 100, "fit_intercept": False}, {"C": 100, "fit_intercept": False}),
          ("small", {"class_weight": "balanced"}, {"class_weight": "balanced"}),
          ("pima-indians-diabetes", {}, {}), ("pima-indians-diabetes", {"penalty": "none"}, {"C": np.inf}),
          ("ionosphere", {"C": 10}, {"C": 10}), ("ionosphere", {"class_weight": "balanced"}, {"class_weight": "balanced"}),
          ("wine", {}, {}), ("wine scaled", {"C": 0.1}, {"C": 0.1}), ("winequality-red scaled", {}, {}))],
    ("small", "logistic_regression", {"penalty": "l1", "tol": 1e-11}, LogisticRegression(l1_ratio=1, **SAGA), 1e-6),
    ("small", "logistic_regression", {"penalty": "elasticnet", "l1_ratio": 0.5, "C": 0.2, "tol": 1e-11},
     LogisticRegression(l1_ratio=0.5, C=0.2, **SAGA), 1e-6),
    ("ionosphere", "logistic_regression", {"penalty": "l1", "C": 0.2, "tol": 1e-11},
     LogisticRegression(l1_ratio=1, C=0.2, **SAGA), 1e-5),
    ("wine scaled", "logistic_regression", {"penalty": "l1", "C": 0.1, "tol": 1e-11},
     LogisticRegression(l1_ratio=1, C=0.1, **SAGA), 1e-5),
]

print(f"// Made by linear_facts.py with scikit-learn {sklearn.__version__}.")
for name, estimator, settings, theirs, tolerance in CASES:
    x, y = table(name)
    if estimator == "logistic_regression":
        y = classes(name, y)
    if estimator == "poisson_regressor":
        y = np.maximum(y, 0)
    theirs.fit(x, y)
    coefficients = np.append(np.ravel(theirs.coef_), theirs.intercept_ if np.ndim(theirs.intercept_) else [theirs.intercept_])
    if estimator == "logistic_regression" and theirs.coef_.shape[0] == 1:
        coefficients = np.append(np.ravel(theirs.coef_), np.ravel(theirs.intercept_)[:1])
    if estimator == "logistic_regression" and theirs.coef_.shape[0] > 1 and np.ravel(theirs.intercept_).size == 1:
        coefficients = np.append(np.ravel(theirs.coef_), np.zeros(theirs.coef_.shape[0]))
    values = ", ".join(f"{value:.13g}" for value in coefficients)
    print(f'{{"{name}", "{estimator}", R"({json.dumps(settings)})", {tolerance}, {{{values}}}}},')
