#!/usr/bin/env python3
"""The same cases as bench/cases.cc in PyTorch on the CPU, behind the same line protocol (bench_main.cc)."""

import re
import sys
import time

import torch

torch.manual_seed(1)


def normal(*shape, scale=1.0):
    return torch.randn(*shape) * scale


def labels(count, classes):
    return torch.tensor([i * 7 % classes for i in range(count)])


def matmul(m, k, n):
    a, b = normal(m, k), normal(k, n)
    return lambda: torch.matmul(a, b)


def convolution(batch, channels, size, outputs, kernel, gradients):
    x, w = normal(batch, channels, size, size), normal(outputs, channels, kernel, kernel, scale=0.1)
    padding = kernel // 2
    if not gradients:
        return lambda: torch.nn.functional.conv2d(x, w, padding=padding)
    x.requires_grad_()
    w.requires_grad_()
    return lambda: torch.autograd.grad(torch.nn.functional.conv2d(x, w, padding=padding).sum(), (x, w))


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


def unary(function, *shape):
    x = normal(*shape)
    return lambda: function(x)


# Pattern of a name, and what makes the case from the numbers in it.
MAKERS = [
    (r"matmul (\d+)x(\d+)x(\d+)", matmul),
    (r"conv2d (\d+)x(\d+)x(\d+)x\d+ filters (\d+)x(\d+)x\d+", lambda *n: convolution(*n, gradients=False)),
    (r"conv2d with gradients (\d+)x(\d+)x(\d+)x\d+ filters (\d+)x(\d+)x\d+", lambda *n: convolution(*n, gradients=True)),
    (r"exp (\d+)", lambda n: unary(torch.exp, n)),
    (r"sum (\d+)", lambda n: unary(torch.sum, n)),
    (r"add (\d+)", lambda n: unary(lambda x: torch.add(x, x), n)),
    (r"softmax (\d+)x(\d+)", lambda *n: unary(lambda x: torch.softmax(x, -1), *n)),
    (r"max_pool2d (\d+)x(\d+)x(\d+)x(\d+)", lambda *n: unary(lambda x: torch.nn.functional.max_pool2d(x, 2), *n)),
    (r"training step MLP 784-256-10 batch 128", mlp_step),
    (r"training step CNN (\d+)x\d+ batch (\d+)", convolutional_step),
]


def make(name):
    for pattern, maker in MAKERS:
        match = re.fullmatch(pattern, name)
        if match:
            return maker(*(int(number) for number in match.groups()))
    return None


def measure(function, slot):
    start, calls = time.perf_counter(), 0
    while time.perf_counter() - start < slot / 4 or calls == 0:
        function()
        calls += 1
    repeats = max(1, int(slot / ((time.perf_counter() - start) / calls)))
    start = time.perf_counter()
    for _ in range(repeats):
        function()
    return (time.perf_counter() - start) / repeats


def main():
    torch.set_num_threads(int(sys.argv[1]))
    cases = {}
    for line in sys.stdin:
        words = line.rstrip("\n").split(" ", 2)
        if words[0] == "machine":
            print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads", flush=True)
        elif words[0] == "run":
            if words[2] not in cases:
                cases[words[2]] = make(words[2])
            case = cases[words[2]]
            print("none" if case is None else f"{measure(case, float(words[1])):.9g}", flush=True)


if __name__ == "__main__":
    main()
