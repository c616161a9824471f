"""Inside scikit-learn's own tools, where they take whatever quacks. Skipped without scikit-learn."""

import numpy as np
import pytest
from conftest import IDS, ROWS, small_table

import tessera

sklearn = pytest.importorskip("sklearn")
from sklearn.base import clone, is_classifier, is_regressor  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.validation import check_is_fitted  # noqa: E402


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_clone(row):
    made = row["class"]()
    again = clone(made)
    assert type(again) is type(made) and again.get_params() == made.get_params() and again is not made
    assert is_classifier(made) == (row["task"] == "classification") and is_regressor(made) == (row["task"] == "regression")
    with pytest.raises(sklearn.exceptions.NotFittedError):
        check_is_fitted(made)


def test_clone_of_an_estimator_with_one_inside():
    bag = tessera.BaggingClassifier(estimator=tessera.DecisionTreeClassifier(max_depth=3), n_estimators=4)
    bag.set_params(estimator__min_samples_leaf=2)
    again = clone(bag)
    assert again.get_params()["estimator__max_depth"] == 3 and again.get_params()["estimator__min_samples_leaf"] == 2


def test_cross_validation_and_search():
    x, classes, numbers = small_table(120)
    scores = cross_val_score(tessera.GaussianNB(), x, classes, cv=4)
    assert scores.shape == (4,) and scores.min() > 0.4
    assert cross_val_score(tessera.DecisionTreeRegressor(), x, numbers, cv=3).shape == (3,)
    assert cross_val_predict(tessera.GaussianNB(), x, classes, method="predict_proba", cv=3).shape == (120, 3)
    search = GridSearchCV(tessera.KNeighborsClassifier(), {"n_neighbors": [1, 3, 5], "weights": ["uniform", "distance"]}, cv=3, scoring="f1_macro")
    search.fit(x, classes)
    assert search.best_params_["n_neighbors"] in (1, 3, 5) and search.best_estimator_.score(x, classes) > 0.6
    nested = GridSearchCV(tessera.BaggingClassifier(n_estimators=3), {"estimator__max_depth": [1, 4]}, cv=3).fit(x, classes)
    assert nested.best_params_["estimator__max_depth"] == 4
    auc = cross_val_score(tessera.GaussianNB(), x, classes == "low", cv=3, scoring="roc_auc")
    assert auc.min() > 0.7


def test_pipeline_with_scikit_learn_s_own_parts():
    x, classes, _ = small_table()
    pipeline = make_pipeline(tessera.StandardScaler(), LogisticRegression()).fit(x, classes)
    other = make_pipeline(StandardScaler(), tessera.KNeighborsClassifier()).fit(x, classes)
    assert pipeline.score(x, classes) > 0.7 and other.score(x, classes) > 0.7
    assert np.allclose(pipeline[0].transform(x), StandardScaler().fit_transform(x), atol=1e-12)
