#!/usr/bin/env python3
"""Writes mixtures_facts_test.inc: what scikit-learn's mixtures and decompositions find in a small table (mixtures_facts_test.h has the same one).

    python3 mixtures_facts.py > mixtures_facts_test.inc      # needs scikit-learn; the tests need the table only

There is no mixture of multinomial distributions in scikit-learn: its facts are those of the dozen lines of numpy and scipy below.
"""

import warnings

import numpy as np
import sklearn
from scipy.special import logsumexp
from sklearn.base import clone
from sklearn.decomposition import PCA, FactorAnalysis
from sklearn.manifold import ClassicalMDS, smacof
from sklearn.metrics import euclidean_distances
from sklearn.mixture import GaussianMixture

warnings.filterwarnings("ignore")
ROWS, FEATURES = 60, 4


def number(i, f):
    return 3 * ((i % 3) * (f + 2) % 3) + (7 * i * i + 11 * f * i + 5 * f * f + 3 * i) % 13 / 4 + i * (f + 1) % 7 / 9


X = np.array([[number(i, f) for f in range(FEATURES)] for i in range(ROWS)])
COUNTS = np.array([[(7 * i * i + 11 * f * i + 5 * f * f + 3 * i) % 13 % (2 + 3 * ((i + f) % 3)) for f in range(5)]
                   for i in range(ROWS)], dtype=float)
PRECISIONS = {"full": np.array([np.eye(FEATURES) * 0.5 + 0.125] * 3), "tied": np.eye(FEATURES) * 0.5 + 0.125,
              "diag": np.full((3, FEATURES), 0.5), "spherical": np.full(3, 0.5)}


def say(name, values):
    print(f'{{"{name}", {{{", ".join(f"{value:.17g}" for value in np.ravel(values).astype(float))}}}}},')


def mixtures():
    for kind, precisions in PRECISIONS.items():
        start = dict(covariance_type=kind, weights_init=[0.25, 0.25, 0.5], means_init=X[:3], precisions_init=precisions)
        model = GaussianMixture(3, **start).fit(X)
        say(f"{kind} run", [model.n_iter_, model.lower_bound_, model.bic(X), model.aic(X), model.score(X), model.converged_])
        for what in ("weights", "means", "covariances", "precisions"):
            say(f"{kind} {what}", getattr(model, what + "_"))
        say(f"{kind} samples", model.score_samples(X[:10]))
        say(f"{kind} responsibilities", model.predict_proba(X[:10]))
        say(f"{kind} optimum", [GaussianMixture(3, tol=1e-13, max_iter=5000, **start).fit(X).score(X)])


def multinomial(alpha, steps):
    weights, theta = np.array([0.25, 0.75]), np.array([[1, 2, 3, 4, 5], [5, 4, 3, 2, 1]]) / 15
    for _ in range(steps):
        joint = COUNTS @ np.log(theta).T + np.log(weights)
        shares = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
        weights = shares.mean(axis=0)
        theta = shares.T @ COUNTS + alpha
        theta /= theta.sum(axis=1, keepdims=True)
    say(f"multinomial {alpha}", [*weights, *theta.ravel(), logsumexp(COUNTS @ np.log(theta).T + np.log(weights), axis=1).mean()])


def decompositions():
    for name, model in (("full", PCA(svd_solver="full")), ("eigh", PCA(svd_solver="covariance_eigh")),
                        ("two", PCA(2, svd_solver="full")), ("whiten", PCA(2, svd_solver="full", whiten=True)),
                        ("share", PCA(0.8, svd_solver="full"))):
        model.fit(X)
        say(f"pca {name} components", model.components_)
        say(f"pca {name} numbers", [*model.explained_variance_, *model.explained_variance_ratio_, *model.singular_values_,
                                    model.noise_variance_, clone(model).set_params(whiten=False).fit(X).score(X)])
        say(f"pca {name} transform", model.transform(X[:5]))
        say(f"pca {name} covariance", model.get_covariance())
    wide = PCA(2).fit(X[:3])
    say("pca wide components", wide.components_)
    say("pca wide numbers", [*wide.explained_variance_, *wide.explained_variance_ratio_, *wide.singular_values_, wide.noise_variance_])
    for k in (1, 2):
        model = FactorAnalysis(k, tol=1e-9, max_iter=20000, svd_method="lapack").fit(X)
        say(f"factors {k} run", [model.loglike_[-1], model.score(X)])
        say(f"factors {k} noise", model.noise_variance_)
        say(f"factors {k} covariance", model.get_covariance())
        say(f"factors {k} transform", np.abs(model.transform(X[:5])))
    model = FactorAnalysis(2, svd_method="lapack").fit(X)
    say("factors default", [model.n_iter_, model.loglike_[-1], *model.noise_variance_])
    for rotation in ("varimax", "quartimax"):
        say(f"factors {rotation}", np.abs(FactorAnalysis(2, svd_method="lapack", rotation=rotation).fit(X).components_))


def scaling():
    distances = euclidean_distances(X)
    model = ClassicalMDS(n_components=2).fit(X)
    say("mds classical", np.abs(model.embedding_))
    say("mds eigenvalues", model.eigenvalues_)
    manhattan = np.abs(X[:, None, :] - X[None, :, :]).sum(axis=2)
    for name, given in (("euclid", distances), ("manhattan", manhattan)):
        points, stress, steps = smacof(given, n_components=2, init=X[:, :2], n_init=1, return_n_iter=True, eps=1e-6)
        share = smacof(given, n_components=2, init=X[:, :2], n_init=1, normalized_stress=True)[1]
        say(f"smacof {name}", [stress, steps, share, *points[:5].ravel()])


print(f"// Made by mixtures_facts.py with scikit-learn {sklearn.__version__}.")
mixtures()
multinomial(1, 12)
multinomial(0.125, 12)
decompositions()
scaling()
