"""bench/cases/elementwise.cc in PyTorch."""

import torch

from inputs import unary


MAKERS = [
    (r"exp (\d+)", lambda n: unary(torch.exp, n)),
    (r"add (\d+)", lambda n: unary(lambda x: torch.add(x, x), n)),
]
