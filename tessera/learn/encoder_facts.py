#!/usr/bin/env python3
"""Writes encoder_facts_test.inc: what scikit-learn's and category_encoders' encoders say of a small table.

    python3 encoder_facts.py > encoder_facts_test.inc    # needs scikit-learn, category_encoders, pandas; the tests need the table only

A case: the encoder's name here, its settings, the target (numbers, binary, classes), whether training rows are asked for (fit_transform) or later ones, the
tolerance and the values. The tolerance is 1e-9 but for James-Stein's binary model, where category_encoders stops a minimiser early.
"""

import json
import warnings

import category_encoders as ce
import numpy as np
import pandas as pd
import sklearn
from sklearn.model_selection import KFold
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

warnings.filterwarnings("ignore")
ROWS, LEARNED, FEATURES = 90, 60, 4


def features(i):
    row = [(7 * i * i + 11 * f * i + 5 * f * f + 3 * i) % 13 % (3 + f) for f in range(FEATURES)]
    if i >= LEARNED and i % 7 == 0:
        row[1] = 9  # unseen
    return [float(value) for value in row]


def number(i):
    x = features(i)
    return 0.5 * x[0] - x[2] + 0.25 * x[3] + (5 * i * i % 7) / 8


X = np.array([features(i) for i in range(ROWS)])
NUMBERS = np.array([number(i) for i in range(ROWS)])
TARGETS = {"numbers": NUMBERS, "binary": (NUMBERS > -0.5).astype(int),
           "classes": (NUMBERS > -1).astype(int) + (NUMBERS > 0.5).astype(int)}
FOLDS = KFold(5)
COLUMNS = [f"c{f}" for f in range(FEATURES)]

CASES = []  # name, settings, target, training, object, tolerance
for target in TARGETS:
    for settings, smooth in (({}, "auto"), ({"smooth": 4}, 4.0), ({"smooth": 0}, 0.0)):
        CASES.append(("target_encoder", settings, target, False, TargetEncoder(smooth=smooth, cv=FOLDS), 1e-9))
        CASES.append(("target_encoder", {**settings, "shuffle": False}, target, True, TargetEncoder(smooth=smooth, cv=FOLDS), 1e-9))
for target in ("numbers", "binary"):
    CASES += [
        ("target_encoder", {"weighting": "sigmoid"}, target, False, ce.TargetEncoder(cols=COLUMNS), 1e-9),
        ("target_encoder", {"weighting": "sigmoid", "min_samples_leaf": 3, "smoothing": 2}, target, False,
         ce.TargetEncoder(cols=COLUMNS, min_samples_leaf=3, smoothing=2), 1e-9),
        ("m_estimate_encoder", {}, target, False, ce.MEstimateEncoder(cols=COLUMNS), 1e-9),
        ("m_estimate_encoder", {"m": 7}, target, False, ce.MEstimateEncoder(cols=COLUMNS, m=7), 1e-9),
        ("james_stein_encoder", {}, target, False, ce.JamesSteinEncoder(cols=COLUMNS), 1e-9),
        ("james_stein_encoder", {"model": "pooled"}, target, False, ce.JamesSteinEncoder(cols=COLUMNS, model="pooled"), 1e-9),
        ("james_stein_encoder", {"model": "beta"}, target, False, ce.JamesSteinEncoder(cols=COLUMNS, model="beta"), 1e-9),
        ("leave_one_out_encoder", {}, target, False, ce.LeaveOneOutEncoder(cols=COLUMNS), 1e-9),
        ("leave_one_out_encoder", {}, target, True, ce.LeaveOneOutEncoder(cols=COLUMNS), 1e-9),
        ("catboost_encoder", {"a": 2}, target, False, ce.CatBoostEncoder(cols=COLUMNS, a=2), 1e-9),
    ]
CASES += [
    ("james_stein_encoder", {"model": "binary"}, "binary", False, ce.JamesSteinEncoder(cols=COLUMNS, model="binary"), 1e-4),
    ("woe_encoder", {}, "binary", False, ce.WOEEncoder(cols=COLUMNS), 1e-9),
    ("woe_encoder", {"regularization": 0.25}, "binary", False, ce.WOEEncoder(cols=COLUMNS, regularization=0.25), 1e-9),
    ("count_encoder", {}, "binary", False, ce.CountEncoder(cols=COLUMNS, handle_unknown=0), 1e-9),
    ("count_encoder", {"normalize": True}, "binary", False, ce.CountEncoder(cols=COLUMNS, normalize=True, handle_unknown=0), 1e-9),
    ("ordinal_encoder", {"handle_unknown": "use_encoded_value", "unknown_value": -5}, "binary", False,
     OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-5), 1e-9),
]
for settings in ({"handle_unknown": "ignore"}, {"handle_unknown": "ignore", "drop": "first"}, {"handle_unknown": "ignore", "min_frequency": 14},
                 {"handle_unknown": "infrequent_if_exist", "min_frequency": 14}, {"handle_unknown": "infrequent_if_exist", "max_categories": 3},
                 {"handle_unknown": "infrequent_if_exist", "max_categories": 3, "drop": "first"}, {"handle_unknown": "ignore", "drop": "if_binary", "max_categories": 2}):
    CASES.append(("one_hot_encoder", settings, "binary", False, OneHotEncoder(sparse_output=False, **settings), 1e-9))

print(f"// Written by encoder_facts.py with scikit-learn {sklearn.__version__} and category_encoders {ce.__version__}.")
for name, settings, target, training, encoder, tolerance in CASES:
    y = TARGETS[target][:LEARNED]
    x = pd.DataFrame(X, columns=COLUMNS) if type(encoder).__module__.startswith("category_encoders") else X
    learned, others = x[:LEARNED], x[LEARNED:]
    if isinstance(x, pd.DataFrame):
        learned, others, y = learned.astype(str), others.astype(str).reset_index(drop=True), pd.Series(y)
    if training:
        found = encoder.fit_transform(learned, y)
    elif isinstance(encoder, TargetEncoder):
        encoder.fit_transform(learned, y)
        found = encoder.transform(others)
    else:
        found = encoder.fit(learned, y).transform(others)
    values = ", ".join(f"{float(value):.13g}" for value in np.asarray(found, dtype=float).ravel())
    print(f'{{"{name}", R"({json.dumps(settings)})", "{target}", {str(training).lower()}, {tolerance}, {{{values}}}}},')
