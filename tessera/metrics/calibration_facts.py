#!/usr/bin/env python3
"""Writes calibration_facts_test.inc: scikit-learn's calibration_curve and brier_score_loss of probabilities that calibration_test.cc makes, too.

    python3 calibration_facts.py > calibration_facts_test.inc
"""

import sklearn
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

ROWS = 200
P = [((37 * i * i + 11 * i) % 211 + 0.5) / 211.5 for i in range(ROWS)]
HITS = [int((53 * i * i + 7 * i) % 101 / 101 < p * p) for i, p in enumerate(P)]

print(f"// Made by calibration_facts.py with scikit-learn {sklearn.__version__}.")
for strategy in ("uniform", "quantile"):
    for bins in (5, 7):
        share, mean = calibration_curve(HITS, P, n_bins=bins, strategy=strategy)
        pairs = ", ".join(f"{{{m:.15g}, {s:.15g}}}" for m, s in zip(mean, share))
        print(f"{{metrics::BinEdges::k{strategy.capitalize()}, {bins}, {{{pairs}}}}},")
three = [[p * 0.75, 1 - p, p * 0.25] for p in P]
print(f"// brier_score_loss: {brier_score_loss(HITS, P):.15g} {brier_score_loss([i % 3 for i in range(ROWS)], three):.15g}")
