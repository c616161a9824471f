#!/usr/bin/env python3
"""Writes nist_strd_nonlinear_test.inc: how many digits SciPy's MINPACK gets right of NIST's nonlinear sets, from both starts.

    python3 nist_strd_nonlinear_facts.py FOLDER_OF_DAT_FILES > nist_strd_nonlinear_test.inc

scipy.optimize.least_squares (method "lm": MINPACK's lmder; Jacobians to the last digit by complex steps; tolerances 1e-15; variables scaled by their
Jacobian) and scipy.optimize.curve_fit (lmdif, tolerances 1e-15): the better of the two.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
from scipy.optimize import curve_fit, least_squares

pi, exp, sin, cos = np.pi, np.exp, np.sin, np.cos
MODELS = {
    "Bennett5": lambda b, x: b[0] * (b[1] + x) ** (-1 / b[2]),
    "Chwirut2": lambda b, x: exp(-b[0] * x) / (b[1] + b[2] * x),
    "DanWood": lambda b, x: b[0] * x ** b[1],
    "ENSO": lambda b, x: b[0] + b[1] * cos(2 * pi * x / 12) + b[2] * sin(2 * pi * x / 12) + b[4] * cos(2 * pi * x / b[3])
    + b[5] * sin(2 * pi * x / b[3]) + b[7] * cos(2 * pi * x / b[6]) + b[8] * sin(2 * pi * x / b[6]),
    "Eckerle4": lambda b, x: b[0] / b[1] * exp(-0.5 * ((x - b[2]) / b[1]) ** 2),
    "Gauss1": lambda b, x: b[0] * exp(-b[1] * x) + b[2] * exp(-((x - b[3]) ** 2) / b[4] ** 2)
    + b[5] * exp(-((x - b[6]) ** 2) / b[7] ** 2),
    "Hahn1": lambda b, x: (b[0] + b[1] * x + b[2] * x**2 + b[3] * x**3) / (1 + b[4] * x + b[5] * x**2 + b[6] * x**3),
    "Kirby2": lambda b, x: (b[0] + b[1] * x + b[2] * x**2) / (1 + b[3] * x + b[4] * x**2),
    "Lanczos3": lambda b, x: b[0] * exp(-b[1] * x) + b[2] * exp(-b[3] * x) + b[4] * exp(-b[5] * x),
    "MGH17": lambda b, x: b[0] + b[1] * exp(-x * b[3]) + b[2] * exp(-x * b[4]),
    "Misra1a": lambda b, x: b[0] * (1 - exp(-b[1] * x)),
    "Nelson": lambda b, x: b[0] - b[1] * x[0] * exp(-b[2] * x[1]),
    "Rat42": lambda b, x: b[0] / (1 + exp(b[1] - b[2] * x)),
    "Roszman1": lambda b, x: b[0] - b[1] * x - np.arctan(b[2] / (x - b[3])) / pi,
}
MODELS["Gauss2"], MODELS["Thurber"] = MODELS["Gauss1"], MODELS["Hahn1"]


def digits(found, certified):
    """Of the worst: the logarithm of the relative error; 11 for what rounds to the certified number."""
    off = np.abs(found - certified)
    right = off <= 0.5001 * 10.0 ** (np.floor(np.log10(np.abs(certified))) - 10)
    error = np.max(np.where(right, 1e-11, off / np.abs(certified)))
    return 0.0 if not error < 1 else -np.log10(error)


def read(path):
    lines = path.read_text().splitlines()
    start = max(i for i, line in enumerate(lines) if line.startswith("Data:"))
    table = [line.split("=")[1].split() for line in lines[:start] if line.strip()[:1] == "b" and "=" in line and line.strip()[1].isdigit()]
    data = np.array([[float(word) for word in line.split()] for line in lines[start + 1:] if line.split()])
    return np.array(table, dtype=float), data[:, 0], data[:, 1:].T


def jacobian(model, b, x):
    return np.stack([model(b + 1e-100j * np.eye(len(b))[j], x).imag / 1e-100 for j in range(len(b))], 1)


for name in sorted(MODELS):
    table, y, x = read(Path(sys.argv[1]) / f"{name}.dat")
    model = MODELS[name]
    y, x = (np.log(y), x) if name == "Nelson" else (y, x[0])
    for start in (0, 1):
        best = (0.0, 0.0)
        for way in ("lmder", "lmdif"):
            try:
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")
                    if way == "lmder":
                        found = least_squares(lambda b: model(b, x) - y, table[:, start], jac=lambda b: jacobian(model, b, x), method="lm",
                                              x_scale="jac", ftol=1e-15, xtol=1e-15, gtol=1e-15, max_nfev=100000).x
                    else:
                        found = curve_fit(lambda x, *b: model(np.array(b), x), x, y, table[:, start], ftol=1e-15, xtol=1e-15,
                                          gtol=1e-15, maxfev=100000)[0]
                    j = jacobian(model, found, x)
                    squares = np.sum((model(found, x) - y) ** 2)
                    deviations = np.sqrt(np.diag(np.linalg.inv(j.T @ j)) * squares / (len(y) - len(found)))
            except (RuntimeError, ValueError, np.linalg.LinAlgError):
                continue
            best = max(best, (digits(found, table[:, 2]), digits(deviations, table[:, 3])))
        print(f'{{"{name}", {start + 1}, {np.floor(best[0] * 100) / 100:.2f}, {np.floor(best[1] * 100) / 100:.2f}}},')
