#!/usr/bin/env python3
"""Writes estimator_facts_test.inc: what scikit-learn's estimators say of a small table after they learned from another one.

    python3 estimator_facts.py > estimator_facts_test.inc      # needs scikit-learn; the tests need the table only

A case is the estimator's name here, its settings, scikit-learn's object and the tolerance: 1e-9 where both compute the same formula, 1e-6 where both
search for the same optimum. Probabilities are compared for classifiers, predictions otherwise, and what a transformation gives.
"""

import json

import sklearn
from sklearn.cluster import KMeans
from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

ROWS, LEARNED, FEATURES = 90, 60, 6


def features(i):
    return [(7 * i * i + 11 * f * i + 5 * f * f + 3 * i) % 13 % 5 for f in range(FEATURES)]


def number(i):
    x = features(i)
    return 0.5 * x[0] - x[1] + 0.25 * x[5] + (5 * i * i % 7) / 8


X = [features(i) for i in range(ROWS)]
NUMBERS = [number(i) for i in range(ROWS)]
CLASSES = [int(n > -1) + int(n > 0.5) for n in NUMBERS]

CASES = [
    ("gaussian_nb", {}, GaussianNB(), 1e-9),
    ("gaussian_nb", {"var_smoothing": 0.1}, GaussianNB(var_smoothing=0.1), 1e-9),
    ("multinomial_nb", {}, MultinomialNB(), 1e-9),
    ("multinomial_nb", {"alpha": 0.1, "fit_prior": False}, MultinomialNB(alpha=0.1, fit_prior=False), 1e-9),
    ("bernoulli_nb", {}, BernoulliNB(), 1e-9),
    ("bernoulli_nb", {"alpha": 0.5, "binarize": 2}, BernoulliNB(alpha=0.5, binarize=2), 1e-9),
    ("k_means", {"n_clusters": 3, "init": "first_rows"}, KMeans(3, init=X[:3], n_init=1), 1e-9),
    ("k_means", {"n_clusters": 5, "init": "first_rows", "tol": 0}, KMeans(5, init=X[:5], n_init=1, tol=0), 1e-9),
    ("standard_scaler", {}, StandardScaler(), 1e-9),
    ("standard_scaler", {"with_mean": False}, StandardScaler(with_mean=False), 1e-9),
    ("min_max_scaler", {}, MinMaxScaler(), 1e-9),
    ("min_max_scaler", {"range_least": -2, "range_most": 3}, MinMaxScaler((-2, 3)), 1e-9),
    ("max_abs_scaler", {}, MaxAbsScaler(), 1e-9),
    ("robust_scaler", {}, RobustScaler(), 1e-9),
    ("robust_scaler", {"quantile_low": 7.5, "quantile_high": 91}, RobustScaler(quantile_range=(7.5, 91)), 1e-9),
    *[(f"decision_tree_{kind}", settings, tree(**settings), 1e-9)
      for kind, tree in (("classifier", DecisionTreeClassifier), ("regressor", DecisionTreeRegressor))
      for settings in ({}, {"max_depth": 3}, {"min_samples_leaf": 5}, {"min_samples_split": 20}, {"max_leaf_nodes": 6})],
    ("decision_tree_classifier", {"criterion": "entropy", "max_depth": 4},
     DecisionTreeClassifier(criterion="entropy", max_depth=4), 1e-9),
    *[(f"hist_gradient_boosting_{kind}", settings, boosting(early_stopping=False, **settings), 1e-5)
      for kind, boosting in (("classifier", HistGradientBoostingClassifier), ("regressor", HistGradientBoostingRegressor))
      for settings in ({"max_iter": 20}, {"max_iter": 10, "min_samples_leaf": 5, "max_leaf_nodes": 6, "l2_regularization": 0.5},
                       {"max_iter": 15, "max_depth": 2, "min_samples_leaf": 3, "learning_rate": 0.3})],
]


def require_no_ties(estimator):
    """scikit-learn's trees draw the order of the features: a fact must be the same for every seed."""
    if isinstance(estimator, (DecisionTreeClassifier, DecisionTreeRegressor)):
        found = {tuple(answers(clone(estimator).set_params(random_state=seed))) for seed in range(50)}
        assert len(found) == 1, f"{estimator} depends on its seed"


def answers(estimator):
    kind = getattr(estimator, "_estimator_type", None) or estimator.__sklearn_tags__().estimator_type
    estimator.fit(X[:LEARNED], NUMBERS[:LEARNED] if kind == "regressor" else CLASSES[:LEARNED])
    for method in ("predict_proba", "predict", "transform"):
        if hasattr(estimator, method):
            return getattr(estimator, method)(X[LEARNED:]).ravel().tolist()
    raise ValueError(estimator)


print(f"// Made by estimator_facts.py with scikit-learn {sklearn.__version__}.")
for name, settings, estimator, tolerance in CASES:
    require_no_ties(estimator)
    values = ", ".join(f"{value:.13g}" for value in answers(estimator))
    print(f'{{"{name}", R"({json.dumps(settings)})", {tolerance}, {{{values}}}}},')
