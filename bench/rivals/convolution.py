"""bench/cases/convolution.cc in PyTorch."""

import warnings

import torch
from torch.utils import mkldnn

from inputs import normal, unary

# Of a way of compiling that PyTorch itself still uses.
warnings.filterwarnings("ignore", category=FutureWarning, module="torch.jit")


def convolution_pass(which, image, filters, padding, stride, groups):
    """One of the three passes, in one to three axes: oneDNN computes a single gradient when only one is asked for."""
    (batch, channels, *sizes), (outputs, *kernel) = image, filters
    x, w = normal(*image), normal(outputs, channels // groups, *kernel, scale=0.1)
    each = lambda n: [n] * len(sizes)
    y = torch.ops.aten.convolution(x, w, None, each(stride), each(padding), each(1), False, each(0), groups)
    if which == "forward":
        return lambda: torch.ops.aten.convolution(x, w, None, each(stride), each(padding), each(1), False, each(0), groups)
    gradient, wanted = normal(*y.shape), [which == "input gradient", which == "weight gradient", False]
    return lambda: torch.ops.aten.convolution_backward(gradient, x, w, None, each(stride), each(padding), each(1), False, each(0),
                                                       groups, wanted)


def blocked(image, filters, padding, stride, groups):
    """oneDNN as it likes it best: weights packed before, images that come and go in its blocked layout."""
    (batch, channels, *sizes), (outputs, *kernel) = image, filters
    layer = torch.nn.Conv2d(channels, outputs, kernel, stride, padding, groups=groups, bias=False).eval()
    packed, x = mkldnn.to_mkldnn(layer), normal(*image).to_mkldnn()

    def forward():
        with torch.inference_mode():
            packed(x)
    return forward


def with_gradients(batch, channels, size, outputs, kernel):
    x, w = normal(batch, channels, size, size), normal(outputs, channels, kernel, kernel, scale=0.1)
    x.requires_grad_()
    w.requires_grad_()
    return lambda: torch.autograd.grad(torch.nn.functional.conv2d(x, w, padding=kernel // 2).sum(), (x, w))


def passes(which, axes, make=None):
    image, filters = "x".join([r"(\d+)"] * (2 + axes)), "x".join([r"(\d+)"] * (1 + axes))
    pattern = rf"conv{axes}d {which} {image} filters {filters} padding (\d+) stride (\d+) groups (\d+)"
    make = make or (lambda *parts: convolution_pass(which, *parts))
    return pattern, lambda *n: make(n[:2 + axes], n[2 + axes:3 + 2 * axes], *n[-3:])


MAKERS = [
    *(passes(which, axes) for which in ("forward", "input gradient", "weight gradient") for axes in (1, 2, 3)),
    passes("blocked", 2, blocked),
    (r"conv2d with gradients (\d+)x(\d+)x(\d+)x\d+ filters (\d+)x(\d+)x\d+", with_gradients),
    (r"max_pool2d (\d+)x(\d+)x(\d+)x(\d+)", lambda *n: unary(lambda x: torch.nn.functional.max_pool2d(x, 2), *n)),
    (r"average_pool2d (\d+)x(\d+)x(\d+)x(\d+)", lambda *n: unary(lambda x: torch.nn.functional.avg_pool2d(x, 2), *n)),
]
