"""bench/cases/training.cc in PyTorch."""

import torch

from inputs import labels, normal


def training_step(parameters, x, y, network):
    def step():
        for parameter in parameters:
            parameter.requires_grad_()
        loss = torch.nn.functional.cross_entropy(network(parameters, x), y)
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for i, gradient in enumerate(gradients):
                parameters[i] = parameters[i] - gradient * 0.01

    return step


def mlp(p, x):
    return torch.relu(x @ p[0] + p[1]) @ p[2] + p[3]


def convolutional(p, x):
    f = torch.nn.functional
    y = f.max_pool2d(torch.relu(f.conv2d(x, p[0], padding=1) + p[1]), 2)
    y = f.max_pool2d(torch.relu(f.conv2d(y, p[2], padding=1) + p[3]), 2)
    return y.reshape(x.shape[0], -1) @ p[4] + p[5]


def convolutional_step(size, batch):
    pooled = size // 2 // 2
    parameters = [normal(16, 1, 3, 3, scale=0.3), normal(16, 1, 1, scale=0.1), normal(32, 16, 3, 3, scale=0.1),
                  normal(32, 1, 1, scale=0.1), normal(32 * pooled * pooled, 10, scale=0.05), normal(10, scale=0.1)]
    return training_step(parameters, normal(batch, 1, size, size), labels(batch, 10), convolutional)


def mlp_step():
    parameters = [normal(784, 256, scale=0.05), normal(256, scale=0.1), normal(256, 10, scale=0.05), normal(10, scale=0.1)]
    return training_step(parameters, normal(128, 784), labels(128, 10), mlp)


MAKERS = [
    (r"training step MLP 784-256-10 batch 128", mlp_step),
    (r"training step CNN (\d+)x\d+ batch (\d+)", convolutional_step),
]
