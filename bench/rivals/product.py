"""bench/cases/product.cc in PyTorch."""

import torch

from inputs import normal


def matmul(m, k, n):
    a, b = normal(m, k), normal(k, n)
    return lambda: torch.matmul(a, b)


MAKERS = [
    (r"matmul (\d+)x(\d+)x(\d+)", matmul),
]
