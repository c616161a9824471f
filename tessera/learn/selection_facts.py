#!/usr/bin/env python3
"""Writes selection_facts_test.inc: what scikit-learn says of scores of features, selections, pipelines, cross-validation and curves on a made table.

    python3 selection_facts.py > selection_facts_test.inc      # needs scikit-learn; the tests need the table only

A line is a name and numbers. The table itself is among them: x [80, 6], counts [80, 4], classes, numbers.
"""

import numpy as np
import sklearn
from scipy.stats import norm
from sklearn.feature_selection import (SelectFromModel, SelectKBest, SelectPercentile, VarianceThreshold, chi2, f_classif, f_regression,
                                       mutual_info_classif, mutual_info_regression)
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score, learning_curve, validation_curve
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

rng = np.random.default_rng(7)
x = rng.normal(size=(80, 6)) * [1, 2, 0.5, 1, 3, 1] + [0, 1, 0, 5, 0, 0]
numbers = x[:, 0] - 0.5 * x[:, 1] + 0.3 * rng.normal(size=80)
classes = np.digitize(numbers, [-1, 0])
two = (numbers > -0.4).astype(int)
counts = rng.poisson(1 + np.outer(classes + 1, [0.3, 1, 2, 0.1])).astype(float)

facts = {"x": x, "counts": counts, "classes": classes, "two": two, "numbers": numbers}
for name, scores in (("f_classif", f_classif(x, classes)), ("f_regression", f_regression(x, numbers)), ("chi2", chi2(counts, classes))):
    facts[name], facts[name + " p"] = scores
facts["mutual_info_classif"] = mutual_info_classif(x, classes, random_state=0)
facts["mutual_info_regression"] = mutual_info_regression(x, numbers, random_state=0)


def kept(selector, target):
    return selector.fit(x, target).get_support(indices=True)


facts["select_k_best f_classif 2"] = kept(SelectKBest(f_classif, k=2), classes)
facts["select_k_best f_regression 3"] = kept(SelectKBest(f_regression, k=3), numbers)
facts["select_k_best mutual_info_regression 2"] = kept(SelectKBest(mutual_info_regression, k=2), numbers)
for share in (10, 34, 50, 80, 100):
    facts[f"select_percentile {share}"] = kept(SelectPercentile(f_classif, percentile=share), classes)
facts["variance_threshold 1"] = kept(VarianceThreshold(1), None)
facts["variance_threshold variances"] = VarianceThreshold().fit(x).variances_
for threshold in ("mean", "median", "0.5*mean", 0.1):
    facts[f"select_from_model {threshold}"] = kept(SelectFromModel(DecisionTreeClassifier(max_depth=3, random_state=0), threshold=threshold), classes)
facts["select_from_model 2"] = kept(SelectFromModel(DecisionTreeRegressor(max_depth=4, random_state=0), threshold=-np.inf, max_features=2), numbers)

facts["select_from_model lasso"] = kept(SelectFromModel(Lasso(0.2, tol=1e-10)), numbers)
facts["select_from_model ridge"] = kept(SelectFromModel(Ridge()), numbers)
facts["select_from_model l1"] = kept(SelectFromModel(LogisticRegression(l1_ratio=1, C=0.1, solver="saga", tol=1e-8, max_iter=100000), threshold=1e-5), classes)
facts["select_from_model l2"] = kept(SelectFromModel(LogisticRegression(tol=1e-8, max_iter=1000)), classes)

pipe = make_pipeline(StandardScaler(), SelectKBest(f_classif, k=3), KNeighborsClassifier(4))
facts["pipeline probabilities"] = pipe.fit(x[:60], classes[:60]).predict_proba(x[60:])
pipe = make_pipeline(MinMaxScaler(), SelectPercentile(f_regression, percentile=50), KNeighborsRegressor(3))
facts["pipeline numbers"] = pipe.fit(x[:60], numbers[:60]).predict(x[60:])
pipe = make_pipeline(MinMaxScaler(clip=True), SelectKBest(chi2, k=3), MultinomialNB())
facts["pipeline folds"] = cross_val_score(pipe, x, classes, cv=KFold(4))

facts["folds gaussian_nb"] = cross_val_score(GaussianNB(), x, classes, cv=KFold(5))
facts["folds stratified"] = cross_val_score(GaussianNB(), x, classes, cv=StratifiedKFold(5))
for name in ("balanced_accuracy", "f1_macro", "f1_weighted", "neg_log_loss", "neg_brier_score", "roc_auc_ovr"):
    facts[f"folds {name}"] = cross_val_score(GaussianNB(), x, classes, cv=StratifiedKFold(4), scoring=name)
facts["folds roc_auc of a decision"] = cross_val_score(LinearSVC(tol=1e-9, max_iter=100000, C=0.1), x, two, cv=StratifiedKFold(4), scoring="roc_auc")
facts["folds roc_auc"] = cross_val_score(GaussianNB(), x, two, cv=StratifiedKFold(4), scoring="roc_auc")
for name in ("average_precision", "f1", "precision", "recall", "neg_brier_score"):
    facts[f"folds of two {name}"] = cross_val_score(GaussianNB(), x, two, cv=StratifiedKFold(4), scoring=name)
for name in ("r2", "explained_variance", "neg_mean_squared_error", "neg_root_mean_squared_error", "neg_mean_absolute_error",
             "neg_median_absolute_error"):
    facts[f"folds {name}"] = cross_val_score(KNeighborsRegressor(), x, numbers, cv=KFold(4), scoring=name)

sizes, train, test = learning_curve(GaussianNB(), x, classes, cv=StratifiedKFold(4), train_sizes=[0.3, 0.55, 1.0])
facts["learning_curve sizes"], facts["learning_curve train"], facts["learning_curve test"] = sizes, train, test
train, test = validation_curve(KNeighborsRegressor(), x, numbers, param_name="n_neighbors", param_range=[1, 3, 9, 27], cv=KFold(5))
facts["validation_curve train"], facts["validation_curve test"] = train, test


def delong(scores, labels):
    """Area and its variance by the definition: placements of all pairs."""
    kernel = np.sign(scores[labels == 1][:, None] - scores[labels != 1][None, :]) / 2 + 0.5
    variance = sum(np.var(kernel.mean(axis), ddof=1) / kernel.shape[1 - axis] for axis in (0, 1))
    return kernel.mean(), variance


area, variance = delong(np.round(x[:, 0], 1), two)
facts["auc_interval"] = [area, area - norm.ppf(0.975) * variance**0.5, min(1, area + norm.ppf(0.975) * variance**0.5)]

print(f"// Written by selection_facts.py with scikit-learn {sklearn.__version__}.")
for name, values in facts.items():
    print(f'{{"{name}", {{{", ".join(repr(float(value)) for value in np.ravel(values))}}}}},')
