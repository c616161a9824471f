#!/usr/bin/env python3
"""Writes real_estimators_facts_test.inc: what scikit-learn's estimators reach on tables that people know.

    python3 real_estimators_facts.py DATA > real_estimators_facts_test.inc    # DATA: the folder with tabular/; needs scikit-learn and pandas

Every fourth row, from the fourth on, is left to the test. Texts become one feature per category of the other rows, missing numbers their mean, and
every feature is standardised. A case says how close Tessera has to come: `same` predictions where the method has one answer, a difference of
the objective (mean log loss, or mean squared error, of the test rows) where both search for one optimum, and of the accuracy where random numbers
decide, which are not the same ones.
"""

import json
import sys

import numpy as np
import pandas
import sklearn
from sklearn.ensemble import (ExtraTreesClassifier, HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier,
                              RandomForestRegressor)
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, PoissonRegressor, Ridge
from sklearn.metrics import log_loss
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

TABLES = {  # file, target, columns that are left out, has a header
    "titanic": ("titanic.csv", "Survived", ["PassengerId", "Name", "Ticket", "Cabin"], True),
    "breast_cancer": ("breast-cancer-wisconsin.csv", "column_10", [], False),
    "wine": ("wine.csv", "column_14", [], False),
    "iris": ("iris.csv", "column_5", [], False),
    "ionosphere": ("ionosphere.csv", "column_35", [], False),
    "adult": ("adult_train.csv.gz", "column_15", [], False),
    "abalone": ("abalone.csv", "column_9", [], False),
    "housing": ("housing.csv", "column_14", [], False),
}
EXACT = {"tol": 1e-10, "max_iter": 100000}
CLASSIFIERS = [  # tables, our name, our settings, theirs, how close
    (["wine", "iris", "ionosphere", "titanic", "breast_cancer", "adult"], "gaussian_nb", {}, GaussianNB(), "same"),
    (["wine", "iris", "ionosphere"], "k_neighbors_classifier", {"n_neighbors": 7}, KNeighborsClassifier(7), "same"),
    (["wine", "iris", "ionosphere", "titanic", "breast_cancer", "adult"], "logistic_regression", {"tol": 1e-10, "max_iter": 1000},
     LogisticRegression(solver="newton-cg", **EXACT), "objective"),
    (["wine", "titanic", "breast_cancer"], "logistic_regression", {"C": 0.05, "tol": 1e-10, "max_iter": 1000},
     LogisticRegression(C=0.05, solver="newton-cg", **EXACT), "objective"),
    (["wine", "iris", "ionosphere", "titanic", "breast_cancer"], "svc", {"tol": 1e-9}, SVC(tol=1e-9), "same"),
    (["wine", "ionosphere", "breast_cancer"], "linear_svc", {"C": 0.1, "tol": 1e-10, "max_iter": 100000},
     LinearSVC(C=0.1, intercept_scaling=1, **EXACT), "same"),
    (["wine", "ionosphere", "titanic", "breast_cancer", "adult"], "decision_tree_classifier", {"max_depth": 4},
     DecisionTreeClassifier(max_depth=4), "accuracy"),
    (["wine", "ionosphere", "titanic", "breast_cancer", "adult"], "random_forest_classifier", {"n_estimators": 50},
     RandomForestClassifier(50), "accuracy"),
    (["wine", "ionosphere", "titanic", "breast_cancer"], "extra_trees_classifier", {"n_estimators": 50}, ExtraTreesClassifier(50), "accuracy"),
    (["ionosphere", "titanic", "breast_cancer", "adult"], "hist_gradient_boosting_classifier", {},
     HistGradientBoostingClassifier(early_stopping=False), "accuracy"),
]
REGRESSORS = [
    (["abalone", "housing"], "linear_regression", {}, LinearRegression(), "objective"),
    (["abalone", "housing"], "ridge", {"alpha": 10}, Ridge(10), "objective"),
    (["abalone", "housing"], "lasso", {"alpha": 0.1, "tol": 1e-10, "max_iter": 100000}, Lasso(0.1, **EXACT), "objective"),
    (["abalone", "housing"], "elastic_net", {"alpha": 0.1, "l1_ratio": 0.3, "tol": 1e-10, "max_iter": 100000},
     ElasticNet(alpha=0.1, l1_ratio=0.3, **EXACT), "objective"),
    (["abalone", "housing"], "poisson_regressor", {"alpha": 0.5, "tol": 1e-9, "max_iter": 1000},
     PoissonRegressor(alpha=0.5, tol=1e-9, max_iter=1000, solver="newton-cholesky"), "objective"),
    (["abalone", "housing"], "k_neighbors_regressor", {"n_neighbors": 5}, KNeighborsRegressor(5), "objective"),
    (["abalone", "housing"], "random_forest_regressor", {"n_estimators": 50}, RandomForestRegressor(50), "accuracy"),
    (["abalone", "housing"], "hist_gradient_boosting_regressor", {}, HistGradientBoostingRegressor(early_stopping=False), "accuracy"),
]


def read(folder, name):
    file, target, without, header = TABLES[name]
    options = {} if header else {"header": None}
    table = pandas.read_csv(f"{folder}/tabular/{file}", skipinitialspace=True, na_values=["?"], keep_default_na=False if name != "titanic" else True,
                            **options)
    if not header:
        table.columns = [f"column_{i + 1}" for i in range(table.shape[1])]
    return table.drop(columns=[target, *without]), table[target]


def features(table, training):
    columns = []
    for name in table:
        column = table[name]
        if pandas.api.types.is_numeric_dtype(column):
            columns.append(column.fillna(column[training].mean()).astype(float).to_numpy())
        else:
            texts = column.astype(object).where(column.notna(), None)
            for category in sorted({text for text in texts[training] if text is not None}):
                columns.append(np.array([float(text == category) for text in texts]))
    x = np.stack(columns, 1)
    deviation = x[training].std(0)
    return (x - x[training].mean(0)) / np.where(deviation > 0, deviation, 1)


def case(folder, table, estimator, classes):
    rows, target = read(folder, table)
    training = np.arange(len(rows)) % 4 != 3
    x = features(rows, training)
    y = np.unique(target.astype(str), return_inverse=True)[1] if classes else target.to_numpy(float)
    estimator.fit(x[training], y[training])
    predicted = estimator.predict(x[~training])
    truth = y[~training]
    if not classes:
        return {"quality": 1 - np.mean((predicted - truth) ** 2) / truth.var(), "objective": np.mean((predicted - truth) ** 2), "wrong": 0, "sum": 0}
    objective = log_loss(truth, estimator.predict_proba(x[~training])) if hasattr(estimator, "predict_proba") else 0
    return {"quality": np.mean(predicted == truth), "objective": objective, "wrong": int(np.sum(predicted != truth)),
            "sum": int(np.sum((np.arange(len(truth)) % 97 + 1) * predicted))}


def main(folder):
    print(f"// Written by real_estimators_facts.py with scikit-learn {sklearn.__version__}; not edited by hand.")
    for cases, classes in ((CLASSIFIERS, True), (REGRESSORS, False)):
        for tables, name, settings, estimator, closeness in cases:
            for table in tables:
                found = case(folder, table, estimator, classes)
                print(f'{{"{table}", "{name}", R"({json.dumps(settings)})", Closeness::k{closeness.capitalize()}, {found["quality"]:.17g}, '
                      f'{found["objective"]:.17g}, {found["wrong"]}, {found["sum"]}}},')


if __name__ == "__main__":
    main(sys.argv[1])
