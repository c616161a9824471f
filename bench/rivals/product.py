"""bench/cases/product.cc in PyTorch."""

from functools import partial

import torch

from inputs import normal


def operand(rows, columns, transposed, dtype, batch):
    if transposed:
        return operand(columns, rows, False, dtype, batch).mT
    return normal(*batch, rows, columns).to(dtype)


def product(transposed, dtype, *sizes):
    *batch, m, k, n = sizes
    a = operand(m, k, transposed[0] == "t", dtype, batch)
    b = operand(k, n, transposed[1] == "t", dtype, batch)
    return lambda: torch.matmul(a, b)


def linear(activates, m, k, n):
    x, weight, bias = normal(m, k), normal(n, k), normal(n)
    if activates:
        return lambda: torch.relu_(torch.nn.functional.linear(x, weight, bias))
    return lambda: torch.nn.functional.linear(x, weight, bias)


def makers():
    yield r"linear (\d+)x(\d+)x(\d+)", partial(linear, False)
    yield r"linear relu (\d+)x(\d+)x(\d+)", partial(linear, True)
    for transposed in ("nn", "nt", "tn", "tt"):
        for word, dtype in (("", torch.float32), ("f64 ", torch.float64)):
            words = ("" if transposed == "nn" else transposed + " ") + word
            yield rf"matmul {words}(\d+)x(\d+)x(\d+)", partial(product, transposed, dtype)
            yield rf"matmul {words}batch (\d+)x(\d+)x(\d+)x(\d+)", partial(product, transposed, dtype)


MAKERS = list(makers())
