"""bench/cases/index.cc in PyTorch."""

import torch

from inputs import normal


def sort(*shape, axis):
    x = normal(*shape)
    return lambda: torch.sort(x, dim=axis, stable=True)


def whole_numbers(function):
    def make(count):
        x = torch.randint(0, 1 << 40, (count,))
        return lambda: function(x, stable=True)
    return make


def argsort(count):
    x = normal(count)
    return lambda: torch.argsort(x, stable=True)


def embedding(count, rows, columns, gradient):
    words = torch.randint(0, rows, (count,))
    if gradient:
        g = normal(count, columns)
        return lambda: torch.ops.aten.embedding_dense_backward(g, words, rows, -1, False)
    table = normal(rows, columns)
    return lambda: torch.index_select(table, 0, words)


def along(rows, columns, axis, adds):
    x = normal(rows, columns)
    index = torch.argsort(normal(rows, columns), dim=axis)
    if adds:
        return lambda: torch.zeros(rows, columns).scatter_add_(axis, index, x)
    return lambda: torch.gather(x, axis, index)


MAKERS = [
    (r"random_normal (\d+)", lambda n: lambda: torch.randn(n)),
    (r"random_normal (\d+) float64", lambda n: lambda: torch.randn(n, dtype=torch.float64)),
    (r"random_uniform (\d+)", lambda n: lambda: torch.rand(n)),
    (r"random_bits (\d+)", lambda n: lambda: torch.randint(0, 1 << 32, (n,))),
    (r"random_permutation (\d+)", lambda n: lambda: torch.randperm(n)),
    (r"sort (\d+)", lambda n: sort(n, axis=0)),
    (r"sort rows of (\d+)x(\d+)", lambda m, n: sort(m, n, axis=1)),
    (r"sort columns of (\d+)x(\d+)", lambda m, n: sort(m, n, axis=0)),
    (r"sort (\d+) int64", whole_numbers(torch.sort)),
    (r"argsort (\d+)", argsort),
    (r"argsort (\d+) int64", whole_numbers(torch.argsort)),
    (r"gather (\d+) of (\d+)x(\d+)", lambda *numbers: embedding(*numbers, gradient=False)),
    (r"gather gradient (\d+) of (\d+)x(\d+)", lambda *numbers: embedding(*numbers, gradient=True)),
    (r"take_along rows of (\d+)x(\d+)", lambda m, n: along(m, n, 1, False)),
    (r"take_along columns of (\d+)x(\d+)", lambda m, n: along(m, n, 0, False)),
    (r"scatter_add rows of (\d+)x(\d+)", lambda m, n: along(m, n, 1, True)),
    (r"scatter_add columns of (\d+)x(\d+)", lambda m, n: along(m, n, 0, True)),
    (r"fill (\d+)", lambda n: lambda: torch.zeros(n)),
]
