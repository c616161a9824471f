"""bench/cases/convolution.cc in PyTorch."""

import torch

from inputs import normal, unary


def convolution_pass(which, batch, channels, size, outputs, kernel, padding, stride, groups):
    """One of the three passes: oneDNN computes a single gradient when only one is asked for."""
    x, w = normal(batch, channels, size, size), normal(outputs, channels // groups, kernel, kernel, scale=0.1)
    if which == "forward":
        return lambda: torch.nn.functional.conv2d(x, w, padding=padding, stride=stride, groups=groups)
    side = (size + 2 * padding - kernel) // stride + 1
    gradient, wanted = normal(batch, outputs, side, side), [which == "input gradient", which == "weight gradient", False]
    pair = lambda n: [n, n]
    return lambda: torch.ops.aten.convolution_backward(gradient, x, w, None, pair(stride), pair(padding), pair(1), False, pair(0),
                                                       groups, wanted)


def with_gradients(batch, channels, size, outputs, kernel):
    x, w = normal(batch, channels, size, size), normal(outputs, channels, kernel, kernel, scale=0.1)
    x.requires_grad_()
    w.requires_grad_()
    return lambda: torch.autograd.grad(torch.nn.functional.conv2d(x, w, padding=kernel // 2).sum(), (x, w))


def passes(which):
    pattern = rf"conv2d {which} (\d+)x(\d+)x(\d+)x\d+ filters (\d+)x(\d+)x\d+ padding (\d+) stride (\d+) groups (\d+)"
    return pattern, lambda *n: convolution_pass(which, *n)


MAKERS = [
    *map(passes, ("forward", "input gradient", "weight gradient")),
    (r"conv2d with gradients (\d+)x(\d+)x(\d+)x\d+ filters (\d+)x(\d+)x\d+", with_gradients),
    (r"max_pool2d (\d+)x(\d+)x(\d+)x(\d+)", lambda *n: unary(lambda x: torch.nn.functional.max_pool2d(x, 2), *n)),
    (r"average_pool2d (\d+)x(\d+)x(\d+)x(\d+)", lambda *n: unary(lambda x: torch.nn.functional.avg_pool2d(x, 2), *n)),
]
