"""bench/cases/layers.cc in PyTorch."""

import torch
from torch import nn

from inputs import labels, normal


def step(layer, x):
    """Forward pass, and the gradients of parameters and input."""
    if x.is_floating_point():
        x.requires_grad_()
    leaves = [*layer.parameters()] + ([x] if x.is_floating_point() else [])
    slope = torch.randn_like(layer(x))
    return lambda: torch.autograd.grad(layer(x), leaves, slope)


class SelfAttention(nn.MultiheadAttention):
    def forward(self, x):
        return super().forward(x, x, x, need_weights=False)[0]


def of(make, pattern):
    return (r"layer " + pattern, lambda *shape: step(make(shape), normal(*shape)))


IMAGES = r"(\d+)x(\d+)x(\d+)x(\d+)"
MAKERS = [
    of(lambda s: nn.BatchNorm2d(s[1]), "batch_norm " + IMAGES),
    of(lambda s: nn.BatchNorm1d(s[1]), r"batch_norm (\d+)x(\d+)"),
    of(lambda s: nn.GroupNorm(8, s[1]), "group_norm " + IMAGES),
    of(lambda s: nn.InstanceNorm2d(s[1]), "instance_norm " + IMAGES),
    of(lambda s: nn.LeakyReLU(0.2), "leaky_relu " + IMAGES),
    of(lambda s: nn.ELU(), "elu " + IMAGES),
    of(lambda s: nn.GELU(), "gelu " + IMAGES),
    of(lambda s: nn.SiLU(), "silu " + IMAGES),
    of(lambda s: nn.MaxPool2d(2), "max_pool " + IMAGES),
    of(lambda s: nn.AvgPool2d(2), "avg_pool " + IMAGES),
    of(lambda s: nn.Upsample(scale_factor=2), "upsample " + IMAGES),
    of(lambda s: nn.Conv1d(s[1], 64, 3, padding=1), r"conv1d (\d+)x(\d+)x(\d+)"),
    of(lambda s: nn.ConvTranspose2d(s[1], 32, 4, 2, 1), "conv_transpose2d " + IMAGES),
    of(lambda s: SelfAttention(s[2], 8, batch_first=True), r"attention (\d+)x(\d+)x(\d+)"),
    (r"layer embedding (\d+)x(\d+) of (\d+)x(\d+)",
     lambda entries, features, n, t: step(nn.Embedding(entries, features), labels(n * t, entries).reshape(n, t))),
]
