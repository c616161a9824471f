"""bench/cases/types.cc in PyTorch. (A file types.py would hide Python's own.)"""

import torch

from inputs import normal


def numbers(count, dtype, byte=False):
    x = normal(count, scale=20.0 if byte else 100.0)
    return (x.abs() if byte else x).to(getattr(torch, dtype))


def cast(source, target, count):
    x, dtype = numbers(count, source, byte=target == "uint8"), getattr(torch, target)
    return lambda: x.to(dtype)


def arange(dtype, count):
    return lambda: torch.arange(count, dtype=getattr(torch, dtype))


def reduction(dtype, function):
    def make(count):
        x = numbers(count, dtype)
        return lambda: function(x)

    return make


def outer(count):
    x = numbers(count, "int64").reshape(1024, -1)
    return lambda: torch.sum(x, 0)


def pair(count):
    a, b = numbers(count, "bfloat16"), numbers(count, "bfloat16")
    return lambda: torch.add(a, b)


def product(m, k, n):
    a, b = normal(m, k).bfloat16(), normal(k, n).bfloat16()
    return lambda: torch.matmul(a, b)


MAKERS = [
    (r"cast (\w+) to (\w+) (\d+)", cast),
    (r"arange (\w+) (\d+)", arange),
    (r"int64 sum (\d+)", reduction("int64", torch.sum)),
    (r"int64 sum outer (\d+)", outer),
    (r"int64 max (\d+)", reduction("int64", torch.max)),
    (r"bool sum (\d+)", reduction("bool", torch.sum)),
    (r"bfloat16 add (\d+)", pair),
    (r"bfloat16 relu (\d+)", reduction("bfloat16", torch.relu)),
    (r"bfloat16 matmul (\d+)x(\d+)x(\d+)", product),
]
