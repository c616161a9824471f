#!/usr/bin/env python3
"""Writes margin_facts_test.inc: what scikit-learn's support vector machines, kernel methods, calibration and voting say of the table of estimator_facts.py.

    python3 margin_facts.py > margin_facts_test.inc      # needs scikit-learn; the tests need the table only

A case is the estimator's name here, its settings, scikit-learn's object and the tolerance. Both search for the same optimum with tight tolerances;
LIBSVM keeps its kernel in float32, which leaves it 1e-6 from it. Probabilities are compared where there are some, else decisions or predictions.
"""

import json
import warnings

import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.isotonic import IsotonicRegression
from sklearn.kernel_ridge import KernelRidge
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR

warnings.simplefilter("error")
ROWS, LEARNED, FEATURES = 90, 60, 6


def features(i):
    return [(7 * i * i + 11 * f * i + 5 * f * f + 3 * i) % 13 % 5 for f in range(FEATURES)]


def number(i):
    x = features(i)
    return 0.5 * x[0] - x[1] + 0.25 * x[5] + (5 * i * i % 7) / 8


X = [features(i) for i in range(ROWS)]
NUMBERS = [number(i) for i in range(ROWS)]
CLASSES = [int(n > -1) + int(n > 0.5) for n in NUMBERS]


class OneFeature(IsotonicRegression):
    """Of the first column."""

    def fit(self, x, y):
        return super().fit([row[0] for row in x], y)

    def predict(self, x):
        return super().predict([row[0] for row in x])


KERNELS = [{}, {"kernel": "linear", "C": 0.5}, {"kernel": "poly", "degree": 2, "coef0": 1, "gamma": "auto"},
           {"kernel": "sigmoid", "gamma": 0.02, "coef0": -0.5}, {"C": 10, "gamma": 0.3}]
TIGHT = {"tol": 1e-9}
LONG = {"tol": 1e-11, "max_iter": 1000000}

CASES = [
    *[("svc", {**s, **TIGHT}, SVC(**s, **TIGHT), 2e-6) for s in KERNELS],
    ("svc", {"decision_function_shape": "ovo", **TIGHT}, SVC(decision_function_shape="ovo", **TIGHT), 2e-6),
    *[("svr", {**s, **TIGHT}, SVR(**s, **TIGHT), 2e-6) for s in KERNELS],
    ("svr", {"epsilon": 0.4, "C": 3, **TIGHT}, SVR(epsilon=0.4, C=3, **TIGHT), 2e-6),
    *[("linear_svc", {**s, **LONG}, LinearSVC(**s, **LONG), 1e-6)
      for s in ({}, {"loss": "hinge"}, {"loss": "hinge", "C": 0.05, "intercept_scaling": 10}, {"C": 0.1, "fit_intercept": False})],
    *[("linear_svr", {**s, **LONG}, LinearSVR(**s, **LONG), 1e-6)
      for s in ({}, {"epsilon": 0.3, "C": 0.1}, {"loss": "squared_epsilon_insensitive", "epsilon": 0.2, "C": 3})],
    *[("kernel_ridge", s, KernelRidge(**s), 1e-9)
      for s in ({}, {"kernel": "rbf", "alpha": 0.1}, {"kernel": "rbf", "gamma": 0.02}, {"kernel": "poly", "degree": 2, "coef0": 0.5})],
    *[("calibrated_classifier", {**s, "cv": 3, **{f"estimator__{k}": v for k, v in LONG.items()}},
       CalibratedClassifierCV(LinearSVC(**LONG), cv=3, **s), tolerance)
      for s, tolerance in (({}, 1e-5), ({"method": "isotonic"}, 1e-6), ({"ensemble": False}, 1e-5))],
    *[("calibrated_classifier", {"estimator": "gaussian_nb", "cv": 4, **s}, CalibratedClassifierCV(GaussianNB(), cv=4, **s), tolerance)
      for s, tolerance in (({}, 1e-5), ({"method": "isotonic", "ensemble": False}, 1e-9))],
    *[("isotonic_regression", {k: str(v).lower() for k, v in s.items()}, OneFeature(out_of_bounds="clip", **s), 1e-9)
      for s in ({}, {"increasing": False}, {"increasing": "auto", "y_min": -1, "y_max": 0.75})],
    ("voting_classifier", {"estimators": "gaussian_nb, multinomial_nb", "voting": "soft", "weights": "2, 1"},
     VotingClassifier([("a", GaussianNB()), ("b", MultinomialNB())], voting="soft", weights=[2, 1]), 1e-9),
    ("voting_regressor", {"estimators": "kernel_ridge, kernel_ridge", "weights": "1, 3", "kernel_ridge_2__kernel": "rbf"},
     VotingRegressor([("a", KernelRidge()), ("b", KernelRidge(kernel="rbf"))], weights=[1, 3]), 1e-9),
    ("kernel_ridge", {"kernel": "sigmoid", "gamma": 0.01}, KernelRidge(kernel="sigmoid", gamma=0.01), 1e-9),
]


def answers(name, estimator):
    target = CLASSES if sklearn.base.is_classifier(estimator) else NUMBERS
    estimator.fit(X[:LEARNED], target[:LEARNED])
    for method in ("predict_proba", "decision_function", "predict"):
        if hasattr(estimator, method):
            return getattr(estimator, method)(X[LEARNED:]).ravel().tolist()
    raise ValueError(estimator)


print(f"// Made by margin_facts.py with scikit-learn {sklearn.__version__}.")
for name, settings, estimator, tolerance in CASES:
    values = ", ".join(f"{value:.13g}" for value in answers(name, estimator))
    print(f'{{"{name}", R"({json.dumps(settings)})", {tolerance}, {{{values}}}}},')
