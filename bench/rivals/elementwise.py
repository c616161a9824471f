"""bench/cases/elementwise.cc in PyTorch."""

import torch

from inputs import normal


def function(f, positive=False):
    def make(n):
        x = normal(n)
        if positive:
            x = x.abs() + 0.01
        return lambda: f(x)

    return make


def pair(f):
    def make(n):
        a, b = normal(n), normal(n).abs() + 0.01
        return lambda: f(a, b)

    return make


MAKERS = [(name + r" (\d+)", function(getattr(torch, name))) for name in ("exp", "erf", "tanh", "sigmoid", "expm1", "sin", "cos", "relu")]
MAKERS += [(name + r" (\d+)", function(getattr(torch, name), positive=True)) for name in ("log", "log1p", "sqrt")]
MAKERS += [(name + r" (\d+)", pair(getattr(torch, name))) for name in ("add", "multiply", "divide")]
