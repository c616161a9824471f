#!/usr/bin/env python3
"""Linear algebra beside NumPy and SciPy (their OpenBLAS), the same methods, sizes and number of threads.

Usage: linalg.py PROGRAM [--threads 2] [SIZE...]     PROGRAM is build/bench/bin/tessera_bench_linalg
Prints a table: milliseconds of both (the best of some repetitions) and how many times as long Tessera takes.
"""

import argparse
import os
import subprocess
import time


def measured(body):
    best, total = float("inf"), 0
    for _ in range(51):
        start = time.perf_counter()
        body()
        taken = time.perf_counter() - start
        best, total = min(best, taken), total + taken
        if total > 0.6:
            break
    return best * 1e3


def methods(n):
    import numpy as np
    import scipy.linalg as sl

    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(n, n)), rng.normal(size=(n, n))
    symmetric, definite = a + a.T, a @ a.T
    lower = np.linalg.cholesky(definite)
    tall, right = rng.normal(size=(10 * n, n // 10)), rng.normal(size=10 * n)
    return {
        "matmul": lambda: a @ b,
        "triangular": lambda: sl.solve_triangular(lower, b, lower=True),
        "cholesky": lambda: np.linalg.cholesky(definite),
        "lu": lambda: sl.lu_factor(a),
        "solve": lambda: np.linalg.solve(a, b),
        "inverse": lambda: np.linalg.inv(a),
        "qr": lambda: np.linalg.qr(a),
        "pivoted_qr": lambda: sl.qr(a, mode="economic", pivoting=True),
        "least_squares": lambda: np.linalg.lstsq(tall, right, rcond=None),
        "symmetric_eigenvalues": lambda: np.linalg.eigvalsh(symmetric),
        "symmetric_eigen": lambda: np.linalg.eigh(symmetric),
        "largest_two_eigen": lambda: sl.eigh(symmetric, subset_by_index=[n - 2, n - 1]),
        "singular_values": lambda: np.linalg.svd(a, compute_uv=False),
        "svd": lambda: np.linalg.svd(a, full_matrices=False),
        "eigenvalues": lambda: np.linalg.eigvals(a),
        "eigen": lambda: np.linalg.eig(a),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("sizes", nargs="*", type=int, default=[100, 300, 1000])
    options = parser.parse_args()
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    command = [options.program, str(options.threads), *map(str, options.sizes)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    ours = {(method, int(size)): float(taken) for method, size, taken in map(str.split, lines)}
    print(f"{'method':<22} {'n':>5} {'Tessera ms':>11} {'NumPy ms':>9} {'times':>6}")
    for n in options.sizes:
        for method, body in methods(n).items():
            theirs = measured(body)
            print(f"{method:<22} {n:>5} {ours[method, n]:>11.2f} {theirs:>9.2f} {ours[method, n] / theirs:>6.2f}", flush=True)


if __name__ == "__main__":
    main()
