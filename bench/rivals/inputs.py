"""What the files of PyTorch's cases share."""

import torch


def normal(*shape, scale=1.0):
    return torch.randn(*shape) * scale


def labels(count, classes):
    return torch.tensor([i * 7 % classes for i in range(count)])


def unary(function, *shape):
    x = normal(*shape)
    return lambda: function(x)
