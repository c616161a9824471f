"""bench/cases/reduction.cc in PyTorch."""

import torch

from inputs import labels, normal, unary

AXES = {"all": (0, 1), "inner": (1,), "outer": (0,)}


def along(name, function):
    """A maker for each set of axes."""
    def maker(axes):
        return lambda *shape: unary(lambda x: function(x, axes), *shape)

    return [(rf"{name} {which} (\d+)x(\d+)", maker(axes)) for which, axes in AXES.items()]


def gradients(forward, *shapes, labelled=False):
    """The gradients of one layer, where its output and the gradient that arrives there are given."""
    inputs = [normal(*shape).requires_grad_() for shape in shapes]
    target = [labels(shapes[0][0], shapes[0][1])] if labelled else []
    y = forward(*inputs, *target)
    g = normal(*y.shape)
    return lambda: torch.autograd.grad(y, inputs, g, retain_graph=True)


def cross_entropy(x, y):
    return torch.nn.functional.cross_entropy(x, y, reduction="none")


def layer_norm(x, w, b):
    return torch.nn.functional.layer_norm(x, w.shape, w, b)


def layer_norm_forward(rows, columns):
    x, w, b = normal(rows, columns), normal(columns), normal(columns)
    return lambda: layer_norm(x, w, b)


def cross_entropy_forward(rows, columns):
    x, y = normal(rows, columns), labels(rows, columns)
    return lambda: cross_entropy(x, y)


MAKERS = [
    (r"sum (\d+)", lambda n: unary(torch.sum, n)),
    *along("sum", torch.sum),
    *along("variance", lambda x, axes: torch.var(x, axes, correction=0)),
    *along("max", torch.amax),
    *along("argmax", lambda x, axes: torch.argmax(x, axes[0])),
    (r"softmax (\d+)x(\d+)", lambda *n: unary(lambda x: torch.softmax(x, -1), *n)),
    (r"log_softmax (\d+)x(\d+)", lambda *n: unary(lambda x: torch.log_softmax(x, -1), *n)),
    (r"softmax gradient (\d+)x(\d+)", lambda *n: gradients(lambda x: torch.softmax(x, -1), n)),
    (r"log_softmax gradient (\d+)x(\d+)", lambda *n: gradients(lambda x: torch.log_softmax(x, -1), n)),
    (r"softmax middle (\d+)x(\d+)x(\d+)", lambda *n: unary(lambda x: torch.softmax(x, 1), *n)),
    (r"log_softmax middle (\d+)x(\d+)x(\d+)", lambda *n: unary(lambda x: torch.log_softmax(x, 1), *n)),
    (r"softmax gradient middle (\d+)x(\d+)x(\d+)", lambda *n: gradients(lambda x: torch.softmax(x, 1), n)),
    (r"log_softmax gradient middle (\d+)x(\d+)x(\d+)", lambda *n: gradients(lambda x: torch.log_softmax(x, 1), n)),
    (r"cross_entropy (\d+)x(\d+)", cross_entropy_forward),
    (r"cross_entropy gradient (\d+)x(\d+)", lambda *n: gradients(cross_entropy, n, labelled=True)),
    (r"layer_norm (\d+)x(\d+)", layer_norm_forward),
    (r"layer_norm gradients (\d+)x(\d+)", lambda *n: gradients(layer_norm, n, n[1:], n[1:])),
]
