#!/usr/bin/env python3
"""Writes k_neighbors_facts_test.inc: scikit-learn's KNeighborsRegressor on a table without equal distances.

    python3 k_neighbors_facts.py > k_neighbors_facts_test.inc      # needs scikit-learn; the test needs the table only
"""

import sklearn
from sklearn.neighbors import KNeighborsRegressor


def features(i):
    return [(370261 * i * i * i + 101013 * f * f * i + 17377 * i * i * f + 1103 * f) % 1000003 / 65536 for f in range(4)]


def number(i):
    return (389 * i * i + 7 * i) % 1013 / 32


# The facts are worth something only where the tenth neighbour is clearly nearer than the eleventh, and the same for the others.
for q in range(80, 100):
    gaps = [[abs(a - b) for a, b in zip(features(q), features(i))] for i in range(80)]
    for measures in ([sum(g) for g in gaps], [max(g) for g in gaps], [sum(d * d for d in g) for g in gaps]):
        nearest = sorted(measures)
        assert all(nearest[k] - nearest[k - 1] > 1e-6 for k in (1, 3, 10)), q

print(f"// Made by k_neighbors_facts.py with scikit-learn {sklearn.__version__}: metric, weights, k, predictions of rows 80 to 99.")
for metric in ("l1", "l2", "chebyshev"):
    for weights in ("uniform", "distance"):
        for k in (1, 3, 10):
            model = KNeighborsRegressor(k, weights=weights, metric=metric)
            model.fit([features(i) for i in range(80)], [number(i) for i in range(80)])
            values = ", ".join(f"{v:.15g}" for v in model.predict([features(i) for i in range(80, 100)]))
            print(f'{{"{metric}", "{weights}", {k}, {{{values}}}}},')
