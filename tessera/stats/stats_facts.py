#!/usr/bin/env python3
"""Writes stats_facts_test.inc (samples, and what scipy, numpy and scikit-learn make of them) and distribution_facts_test.inc (scipy's distributions).

    python3 stats_facts.py      # writes both beside itself; needs scipy and scikit-learn; the tests need the tables only
"""

import sys
from pathlib import Path

import mpmath
import numpy as np
import scipy
import sklearn
from scipy import stats
from scipy.stats._ksstats import _kolmogn_DMTW
from sklearn.feature_selection import _mutual_info
from sklearn.preprocessing import scale

HERE = Path(__file__).resolve().parent

# name: (parameters, scipy's distribution)
CONTINUOUS = {
    "Uniform": [((-1.5, 2.0), lambda a, b: stats.uniform(a, b - a))],
    "Normal": [((0.0, 1.0), stats.norm), ((-3.5, 0.25), stats.norm)],
    "Exponential": [((1.0,), lambda r: stats.expon(scale=1 / r)), ((8.0,), lambda r: stats.expon(scale=1 / r))],
    "Gumbel": [((0.0, 1.0), stats.gumbel_r), ((2.0, 3.5), stats.gumbel_r)],
    "Gamma": [((a, s), lambda a, s: stats.gamma(a, scale=s)) for a, s in ((0.125, 1.0), (1.0, 3.0), (2.5, 4.0), (80.0, 0.5), (20000.0, 1.0))],
    "ChiSquare": [((k,), stats.chi2) for k in (1.0, 4.0, 250.0)],
    "Beta": [((a, b), stats.beta) for a, b in ((0.5, 0.5), (1.0, 1.0), (2.0, 5.0), (0.25, 12.0), (300.0, 200.0))],
    "StudentT": [((v,), stats.t) for v in (1.0, 2.5, 10.0, 300.0)],
}
DISCRETE = {
    "Bernoulli": [((0.3,), stats.bernoulli)],
    "Binomial": [((10.0, 0.5), stats.binom), ((40.0, 0.03125), stats.binom), ((100000.0, 0.25), stats.binom)],
    "Poisson": [((0.5,), stats.poisson), ((12.0,), stats.poisson), ((5000.0,), stats.poisson)],
}
SHARES = [1e-12, 1e-4, 0.01, 0.1, 0.25, 0.5, 0.7, 0.95, 0.999, 0.9999999]


def exact_log_density(name, parameters, x, log_density):
    """scipy's formulas lose digits in large parameters; these do not."""
    if max(parameters) < 1000:
        return log_density
    log, gamma = mpmath.log, mpmath.loggamma
    with mpmath.workdps(40):
        x = [mpmath.mpf(float(v)) for v in x]
        p = [mpmath.mpf(v) for v in parameters]
        if name == "Gamma":
            return [float((p[0] - 1) * log(v / p[1]) - v / p[1] - gamma(p[0]) - log(p[1])) for v in x]
        if name == "Binomial":
            return [float(gamma(p[0] + 1) - gamma(v + 1) - gamma(p[0] - v + 1) + v * log(p[1]) + (p[0] - v) * log(1 - p[1])) for v in x]
        if name == "Poisson":
            return [float(v * log(p[0]) - p[0] - gamma(v + 1)) for v in x]
    raise ValueError(name)


def numbers(values):
    return ", ".join(float_text(v) for v in np.ravel(values))


def distributions(out):
    """{name, {parameters}, {x, log density, cdf, survival}..., {p, quantile}..., {mean, variance}}"""
    for table in (CONTINUOUS, DISCRETE):
        for name, cases in table.items():
            for parameters, make in cases:
                d = make(*parameters)
                x = np.unique(d.ppf(SHARES)) if table is DISCRETE else d.ppf(SHARES)
                x = np.array([float(f"{v:.6g}") for v in x])  # short numbers, exactly the same on both sides
                log_density = d.logpmf(x) if table is DISCRETE else d.logpdf(x)
                log_density = exact_log_density(name, parameters, x, log_density)
                points = [v for row in zip(x, log_density, d.cdf(x), d.sf(x)) for v in row]
                # The quantile search is tested where p is a number of few bits: 1 - p is then exact on both sides.
                shares = [1 / 1024, 0.0625, 0.25, 0.4375, 0.5625, 0.8125, 0.96875, 1023 / 1024]
                quantiles = [v for p in shares for v in (p, d.ppf(p))]
                mean, variance = d.stats("mv")
                mean = np.nan if name == "StudentT" and parameters[0] <= 1 else mean  # scipy says infinity
                print(f'{{"{name}", {{{numbers(parameters)}}}, {{{numbers(points)}}}, {{{numbers(quantiles)}}}, {float_text(mean)}, {float_text(variance)}}},',
                      file=out)


def float_text(value):
    return "kNaN" if np.isnan(value) else ("kInfinity" if value > 0 else "-kInfinity") if np.isinf(value) else repr(float(value))


def show(out, name, values):
    print(f'{{"{name}", {{{numbers(values)}}}}},', file=out)


def samples():
    random = np.random.default_rng(5)
    x = np.round(random.normal(size=120), 9)
    y = np.round(0.6 * x + 0.5 * random.normal(size=120), 9)
    z = np.round(random.gamma(2.0, size=90), 9)
    labels = (x + 0.7 * random.normal(size=120) > 0).astype(int) + 2 * (random.random(120) > 0.9)
    return x, y, z, labels, np.round(3 * x) / 2, np.round(2 * y)


def moments(out, x, y, tied_x, tied_y):
    show(out, "moments", [x.mean(), x.var(ddof=1), x.var(), x.std(ddof=1), stats.skew(x), stats.kurtosis(x), stats.sem(x)])
    show(out, "covariance", [np.cov(x, y)[0, 1], np.corrcoef(x, y)[0, 1]])
    show(out, "covariance matrix", np.cov([x, y, tied_x]))
    show(out, "correlation matrix", np.corrcoef([x, y, tied_x]))
    q = [0.0, 0.03125, 0.25, 0.5, 0.7, 0.9, 0.99, 1.0]
    show(out, "q", q)
    show(out, "quantiles", np.quantile(x, q))
    show(out, "ranks", stats.rankdata(tied_x))
    for name, a, b in (("", x, y), (" tied", tied_x, tied_y)):
        show(out, "rank correlations" + name, [stats.spearmanr(a, b)[0], stats.kendalltau(a, b)[0]])


def information(out, x, y, labels, tied_x, tied_y):
    p, q = np.array([1, 2, 3, 10]) / 16, np.array([4, 6, 5, 1]) / 16
    m = (p + q) / 2
    show(out, "divergences", [stats.entropy(p), stats.entropy(p, base=2), stats.entropy(p, q), stats.entropy(q, p, base=2),
                              (stats.entropy(p, m) + stats.entropy(q, m)) / 2, stats.entropy(p) + stats.entropy(p, q)])
    joint = np.array([[8, 1, 3], [0, 4, 16]]) / 32
    independent = np.outer(joint.sum(1), joint.sum(0))
    show(out, "joint", [stats.entropy(joint.ravel()), stats.entropy(joint.ravel()) - stats.entropy(joint.sum(1)),
                        stats.entropy(joint.ravel(), independent.ravel())])
    sx, sy = scale(x, with_mean=False), scale(y, with_mean=False)
    for k in (1, 3, 10):
        show(out, f"neighbours {k}", [_mutual_info._compute_mi_cc(sx, sy, k), _mutual_info._compute_mi_cd(sx, labels, k)])
    counts, _, _ = np.histogram2d(x, y, bins=6)
    shares = counts / counts.sum()
    show(out, "histogram", [stats.entropy(shares.ravel(), np.outer(shares.sum(1), shares.sum(0)).ravel())])
    show(out, "labels", labels)
    show(out, "labels information", [sklearn.metrics.mutual_info_score(labels, tied_x)])


def intervals(out, x):
    for kind, k, n in (("few", 0, 12), ("some", 8, 10), ("many", 4321, 100000), ("all", 7, 7)):
        for confidence in (0.9, 0.95, 0.999):
            ends = stats.binomtest(k, n).proportion_ci(confidence, method="wilson")
            show(out, f"wilson {kind} {confidence}", ends)
    table = stats.contingency.odds_ratio([[12, 5], [29, 2]], kind="sample")
    show(out, "odds ratio", [table.statistic, *table.confidence_interval(0.95)])
    show(out, "mean intervals", [*stats.t.interval(0.95, len(x) - 1, x.mean(), stats.sem(x)), *stats.norm.interval(0.9, x.mean(), 1.5 / len(x) ** 0.5)])


def tests(out, x, y, z):
    show(out, "ks one", [v for d in (stats.norm(0, 1), stats.norm(0.25, 1.25), stats.norm(1, 1)) for v in stats.kstest(x, d.cdf)])
    show(out, "ks two", [v for a, b in ((x, y), (x[:50], z), (x, x[:40])) for v in stats.ks_2samp(a, b, method="exact")])
    places = [(1, 0.625), (5, 0.4375), (10, 0.25), (30, 0.125), (120, 0.15), (120, 0.05), (500, 0.06), (500, 0.09), (500, 0.25), (2000, 0.02), (20000, 0.008),
              (20000, 0.02), (1000000, 0.0007)]
    # scipy's own choice is an approximation for some of these; its exact algorithm up to n = 2000.
    exact = lambda n, d: _kolmogn_DMTW(n, d, cdf=False) if n <= 2000 and n * d * d < 4 else stats.kstwo.sf(d, n)  # noqa: E731
    show(out, "ks survival", [v for n, d in places for v in (n, d, exact(n, d))])
    show(out, "chi-square", stats.chisquare([16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8]))
    result = stats.chi2_contingency([[10, 10, 20], [20, 20, 17]], correction=False)
    show(out, "independence", [result.statistic, result.pvalue, result.dof])
    for name, result in (("one", stats.ttest_1samp(x, 0.2)), ("welch", stats.ttest_ind(x, z, equal_var=False)), ("equal", stats.ttest_ind(x, z)),
                         ("paired", stats.ttest_rel(x, y))):
        show(out, f"t {name}", [result.statistic, result.pvalue, result.df])


def main():
    source = f"// Made by stats_facts.py with scipy {scipy.__version__}, numpy {np.__version__}, scikit-learn {sklearn.__version__}."
    with open(HERE / "distribution_facts_test.inc", "w") as out:
        print(source, file=out)
        distributions(out)
    with open(HERE / "stats_facts_test.inc", "w") as out:
        print(source, file=out)
        x, y, z, labels, tied_x, tied_y = samples()
        for name, values in (("x", x), ("y", y), ("z", z), ("tied x", tied_x), ("tied y", tied_y)):
            show(out, name, values)
        moments(out, x, y, tied_x, tied_y)
        information(out, x, y, labels, tied_x, tied_y)
        intervals(out, x)
        tests(out, x, y, z)


if __name__ == "__main__":
    sys.exit(main())
