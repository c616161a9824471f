#!/usr/bin/env python3
"""How far layers and their gradients are from PyTorch: random shapes, float32 against PyTorch's float64.

The program given as argument (tests/layer_errors.cc) prints layers with inputs, parameters, results and gradients; PyTorch computes the same from the
same numbers in float64, and in float32 for comparison. Per layer the largest error of forward pass and gradients is reported,
  relative: |found - exact| / the largest |exact| of its tensor,
  ULP:      |found - exact| in units of the last place of `exact`, over elements of at least 1/1000 of the largest,
with what PyTorch's own float32 has beside it. An error that is more than four times PyTorch's and above 1e-6 fails.

Usage: layer_errors.py PROGRAM [--markdown]     status 77: PyTorch is not there
"""

import json
import subprocess
import sys

try:
    import numpy as np
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError:
    print("skipped: PyTorch is not installed for", sys.executable)
    raise SystemExit(77)


class SelfAttention(nn.MultiheadAttention):
    def __init__(self, features, heads):
        super().__init__(features, heads, batch_first=True)

    def forward(self, x):
        return super().forward(x, x, x, need_weights=False)[0]


class Recurrent(nn.Module):
    """The outputs of all times; the parameters have no prefix."""

    def __new__(cls, kind, *sizes):
        layer = kind(*sizes[:3], bidirectional=sizes[3], batch_first=True)
        layer.register_forward_hook(lambda _module, _inputs, outputs: outputs[0])
        return layer


class Residual(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, x):
        return self.body(x) + x


class Unpool(nn.Module):
    def __init__(self, kernel):
        super().__init__()
        self.kernel = kernel

    def forward(self, x):
        values, switches = F.max_pool2d(x, self.kernel, return_indices=True)
        return F.max_unpool2d(values, switches, self.kernel, output_size=x.shape)


class Function(nn.Module):
    """Of x, or of x and the targets that are made of its shape: as classes_of, bits_of, shares_of in layer_errors.cc."""

    def __init__(self, function, targets=None):
        super().__init__()
        self.function, self.targets = function, targets

    def forward(self, x):
        return self.function(x, self.targets(x)) if self.targets else self.function(x)


def classes(x):
    return torch.arange(x.shape[0]) % x.shape[1]


def bits(x):
    return (torch.arange(x.numel()).reshape(x.shape) % 2).to(x.dtype)


def shares(x):
    return torch.softmax(torch.arange(x.numel()).reshape(x.shape).to(x.dtype) * 0.01, 1)


NAMES = {made.__name__: made for made in (SelfAttention, Recurrent, Residual, Unpool, Function, classes, bits, shares)} | {"nn": nn, "F": F}


def tensor(value, dtype):
    array = np.array(value["data"], dtype=np.int64 if value["type"] == "int64" else np.float64).reshape(value["shape"])
    made = torch.from_numpy(array)
    return made if value["type"] == "int64" else made.to(dtype)


def run_torch(case, dtype):
    """The forward pass and the gradients by name."""
    layer = eval(case["torch"], NAMES).to(dtype)
    layer.train(case["training"])
    given = case.get("parameters") or {}
    named = dict(layer.named_parameters())
    assert sorted(named) == sorted(given), (sorted(named), sorted(given))
    with torch.no_grad():
        for name, parameter in named.items():
            parameter.copy_(tensor(given[name], dtype))
    x = tensor(case["x"], dtype)
    if x.is_floating_point():
        x.requires_grad_()
    y = layer(x)
    y.backward(tensor(case["slope"], dtype))
    results = {"y": y.detach()}
    for name, parameter in named.items():
        results[name] = parameter.grad
    if x.is_floating_point():
        results["x"] = x.grad
    return {name: value.double().numpy() for name, value in results.items()}


def errors(found, exact):
    """(relative, ULP)"""
    assert found.shape == exact.shape, (found.shape, exact.shape)
    scale = np.abs(exact).max(initial=0)
    if scale == 0:
        return float(np.abs(found).max(initial=0)), 0.0
    difference = np.abs(found - exact)
    large = np.abs(exact) >= scale / 1000
    ulps = difference[large] / np.spacing(np.abs(exact[large]).astype(np.float32))
    return float(difference.max() / scale), float(ulps.max(initial=0))


def main():
    markdown = "--markdown" in sys.argv
    torch.set_num_threads(1)
    largest = {}
    for line in subprocess.run([sys.argv[1]], check=True, capture_output=True, text=True).stdout.splitlines():
        case = json.loads(line)
        exact, single = run_torch(case, torch.float64), run_torch(case, torch.float32)
        found = {"y": case["y"], **(case.get("gradients") or {})}
        assert sorted(found) == sorted(exact), (case["name"], sorted(found), sorted(exact))
        row = largest.setdefault(case["name"], [[0, 0], [0, 0], [0, 0], [0, 0]])
        for name, value in found.items():
            side = 0 if name == "y" else 1
            for column, numbers in ((side, tensor(value, torch.float64).numpy()), (2 + side, single[name])):
                for i, error in enumerate(errors(numbers, exact[name])):
                    row[column][i] = max(row[column][i], error)
    head = ["layer", "forward", "ULP", "gradients", "ULP", "PyTorch forward", "ULP", "gradients", "ULP"]
    if markdown:
        print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    else:
        print(f"{head[0]:24}" + "".join(f"{text:>16}" for text in head[1:]))
    wrong = []
    for name, row in largest.items():
        cells = [f"{number:.1e}" if i == 0 else f"{number:.1f}" for pair in row for i, number in enumerate(pair)]
        print("| " + " | ".join([name] + cells) + " |" if markdown else f"{name:24}" + "".join(f"{c:>16}" for c in cells))
        for own, other in ((row[0], row[2]), (row[1], row[3])):
            if not own[0] <= max(1e-6, 4 * other[0]):
                wrong.append(name)
    if wrong:
        print("too far from PyTorch:", ", ".join(sorted(set(wrong))))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
