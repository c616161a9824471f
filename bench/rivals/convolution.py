"""bench/cases/convolution.cc in PyTorch."""

import torch

from inputs import normal, unary


def convolution(batch, channels, size, outputs, kernel, gradients):
    x, w = normal(batch, channels, size, size), normal(outputs, channels, kernel, kernel, scale=0.1)
    padding = kernel // 2
    if not gradients:
        return lambda: torch.nn.functional.conv2d(x, w, padding=padding)
    x.requires_grad_()
    w.requires_grad_()
    return lambda: torch.autograd.grad(torch.nn.functional.conv2d(x, w, padding=padding).sum(), (x, w))


MAKERS = [
    (r"conv2d (\d+)x(\d+)x(\d+)x\d+ filters (\d+)x(\d+)x\d+", lambda *n: convolution(*n, gradients=False)),
    (r"conv2d with gradients (\d+)x(\d+)x(\d+)x\d+ filters (\d+)x(\d+)x\d+", lambda *n: convolution(*n, gradients=True)),
    (r"max_pool2d (\d+)x(\d+)x(\d+)x(\d+)", lambda *n: unary(lambda x: torch.nn.functional.max_pool2d(x, 2), *n)),
]
