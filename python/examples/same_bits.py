"""A model learns here; its digest is the same on every machine, on any number of threads, and in C++."""

import numpy as np

import tessera

x = np.arange(600.0).reshape(200, 3) % 17
y = np.where((x[:, 0] > 8) ^ (x[:, 1] > 8), "odd", "even")

for name in ("gaussian_nb", "decision_tree_classifier", "random_forest_classifier"):
    model = tessera.make_estimator(name).fit(x[:150], y[:150])
    print(f"{name:<26} accuracy {model.score(x[150:], y[150:]):.2f}  {model.digest()[:16]}")
