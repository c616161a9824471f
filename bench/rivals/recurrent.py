"""bench/cases/recurrent.cc in PyTorch, whose optimisers are as they are by default."""

import torch

from inputs import normal


def optimizer_step(kind, **settings):
    def make(*shape):
        parameters = [torch.nn.Parameter(normal(*shape)) for _ in range(100)]
        for parameter in parameters:
            parameter.grad = normal(*shape)
        return kind(parameters, lr=1e-3, **settings).step

    return make


def forward(kind):
    def make(times, batch, features):
        layer, x = kind(features, features), normal(times, batch, features)
        return lambda: evaluate(layer, x)

    return make


def evaluate(layer, x):
    with torch.no_grad():
        layer(x)


def forward_and_backward(kind):
    def make(times, batch, features):
        layer, x, gradient = kind(features, features), normal(times, batch, features), normal(times, batch, features)
        leaves = [*layer.parameters(), x.requires_grad_()]
        return lambda: torch.autograd.grad(layer(x)[0], leaves, gradient)

    return make


def bias_relu_dropout(x, bias):
    return torch.nn.functional.dropout(torch.relu(x + bias), 0.5)


def finish(n, c, h, w):
    x, bias = normal(n, c, h, w), normal(c, 1, 1)
    return lambda: bias_relu_dropout(x, bias)


def finish_gradient(n, c, h, w):
    x, bias, g = normal(n, c, h, w).requires_grad_(), normal(c, 1, 1).requires_grad_(), normal(n, c, h, w)
    return lambda: torch.autograd.grad(bias_relu_dropout(x, bias), (x, bias), g)


MAKERS = [
    (r"GRU forward (\d+)x(\d+)x(\d+)", forward(torch.nn.GRU)),
    (r"GRU forward and backward (\d+)x(\d+)x(\d+)", forward_and_backward(torch.nn.GRU)),
    (r"LSTM forward (\d+)x(\d+)x(\d+)", forward(torch.nn.LSTM)),
    (r"LSTM forward and backward (\d+)x(\d+)x(\d+)", forward_and_backward(torch.nn.LSTM)),
    (r"bias\+relu\+dropout (\d+)x(\d+)x(\d+)x(\d+)", finish),
    (r"bias\+relu\+dropout forward and backward (\d+)x(\d+)x(\d+)x(\d+)", finish_gradient),
    (r"Adam 100 tensors (\d+)x(\d+)", optimizer_step(torch.optim.Adam)),
    (r"AMSGrad 100 tensors (\d+)x(\d+)", optimizer_step(torch.optim.Adam, amsgrad=True)),
    (r"SGD with momentum 100 tensors (\d+)x(\d+)", optimizer_step(torch.optim.SGD, momentum=0.9)),
    (r"RMSprop 100 tensors (\d+)x(\d+)", optimizer_step(torch.optim.RMSprop)),
    (r"RMSprop centered with momentum 100 tensors (\d+)x(\d+)", optimizer_step(torch.optim.RMSprop, momentum=0.9, centered=True)),
    (r"Adagrad 100 tensors (\d+)x(\d+)", optimizer_step(torch.optim.Adagrad)),
    (r"Adadelta 100 tensors (\d+)x(\d+)", optimizer_step(torch.optim.Adadelta)),
]
