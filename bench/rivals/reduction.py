"""bench/cases/reduction.cc in PyTorch."""

import torch

from inputs import unary


MAKERS = [
    (r"sum (\d+)", lambda n: unary(torch.sum, n)),
    (r"softmax (\d+)x(\d+)", lambda *n: unary(lambda x: torch.softmax(x, -1), *n)),
]
