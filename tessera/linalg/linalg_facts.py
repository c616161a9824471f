#!/usr/bin/env python3
"""Writes linalg_facts_test.inc: what NumPy and SciPy (LAPACK) make of some matrices.

    python3 linalg_facts.py > linalg_facts_test.inc      # needs numpy and scipy; the tests need the table only

Element (i, j) of matrix k is ((7 i + 13 j + 5 i j + 3 k + i^3 + i j^2) mod 101 - 50) / 16, which is exact. Signs that LAPACK leaves open are made those of
the room's headers.
"""

import numpy as np
import scipy
import scipy.linalg as sl

CASES = [(1, 5, 5), (2, 8, 8), (3, 12, 12), (4, 9, 4), (5, 4, 9), (6, 40, 40)]


def matrix(k, rows, columns):
    i, j = np.arange(rows)[:, None], np.arange(columns)[None, :]
    return ((7 * i + 13 * j + 5 * i * j + 3 * k + i**3 + i * j * j) % 101 - 50) / 16


def show(k, name, values):
    numbers = ", ".join(f"{float(v):.17g}" for v in np.asarray(values, dtype=float).reshape(-1))
    print(f'{{{k}, "{name}", {{{numbers}}}}},')


def positive(columns):
    """Each column with its component of the largest absolute value positive."""
    top = columns[np.abs(columns).argmax(0), np.arange(columns.shape[1])]
    return columns * np.sign(top)


def square(k, a):
    symmetric, definite = a + a.T, a @ a.T + np.eye(len(a))
    sign, logarithm = np.linalg.slogdet(a)
    show(k, "determinant", [np.linalg.det(a), sign, logarithm])
    show(k, "solve", np.linalg.solve(a, np.arange(1.0, len(a) + 1)))
    show(k, "inverse", np.linalg.inv(a)[0])
    show(k, "cholesky", np.linalg.cholesky(definite)[-1])
    values, vectors = np.linalg.eigh(symmetric)
    show(k, "symmetric values", values)
    show(k, "symmetric vector", positive(vectors)[:, -1])
    general = sorted(np.linalg.eigvals(a), key=lambda z: (round(z.real, 9), round(abs(z.imag), 9), -z.imag))
    show(k, "eigenvalues", [[z.real, z.imag] for z in general])
    show(k, "graded eigenvalues", sorted(np.linalg.eigvals(definite * 10.0 ** -np.arange(len(a))[:, None]).real)[-3:])
    show(k, "power", np.linalg.matrix_power(a, 5)[0])


def any_shape(k, a):
    show(k, "norms", [np.linalg.norm(a, kind) for kind in ("fro", 1, np.inf, 2, "nuc")] + [np.linalg.cond(a)])
    show(k, "singular values", np.linalg.svd(a, compute_uv=False))
    show(k, "left vector", positive(np.linalg.svd(a, full_matrices=False)[0])[:, 0])
    r = np.linalg.qr(a)[1]
    show(k, "r", (r * np.sign(np.diag(r))[:, None])[0])
    show(k, "permutation", sl.qr(a, mode="economic", pivoting=True)[2])
    right = np.arange(1.0, len(a) + 1)
    show(k, "least squares", np.linalg.lstsq(a, right, rcond=None)[0])
    deficient = np.hstack([a, a[:, :2] - a[:, 1:3]])
    show(k, "deficient", np.linalg.lstsq(deficient, right, rcond=None)[0])
    show(k, "rank", [np.linalg.matrix_rank(deficient)])
    show(k, "pseudoinverse", np.linalg.pinv(deficient)[0])


print(f"// Written by linalg_facts.py with NumPy {np.__version__}, SciPy {scipy.__version__}.")
for number, rows, columns in CASES:
    made = matrix(number, rows, columns)
    if rows == columns:
        square(number, made)
    any_shape(number, made)
