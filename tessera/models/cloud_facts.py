#!/usr/bin/env python3
"""Writes cloud_facts_test.inc: what PyTorch (float64, CPU) makes of PointNets and of the voxel network: loss, scores, gradients, and the scores after
that step's running statistics.

    python3 cloud_facts.py > cloud_facts_test.inc      # needs torch; the tests need the table only

The networks are those of bench/rivals/models_clouds.py, and the segmentation below. Element i of parameter k is 0.4 sin(1 + k + 0.7 i), so only
answers are kept: of each gradient its norm, and its product with cos(1), cos(2), ... so that exchanged elements show.
"""

import sys
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench" / "rivals"))
from models_clouds import PointNet, SharedLayers, VoxelNetwork, orthogonality  # noqa: E402

torch.set_default_dtype(torch.float64)
SMALL = {"first": (8, 6), "second": (6, 16), "transform": ((5, 10), (7,))}
POOLS = {"max": lambda x: torch.max(x, 2)[0], "mean": lambda x: x.mean(2), "sum": lambda x: x.sum(2)}


class Classifier(PointNet):
    def __init__(self, pool, **settings):
        super().__init__(**settings)
        self.pool = POOLS[pool]

    def stages(self, x):
        """Each point's features behind the transform, the pooled vector, the transform."""
        x = torch.bmm(x.transpose(2, 1), self.input_transform(x)).transpose(2, 1)
        x = self.first(x)
        transform = self.feature_transform(x)
        local = torch.bmm(x.transpose(2, 1), transform).transpose(2, 1)
        return local, self.pool(self.second(local)), transform

    def forward(self, x):
        _, pooled, transform = self.stages(x)
        return self.head(pooled), transform


class Segmentation(Classifier):
    """As in the paper's figure 2: the pooled vector beside each point's features, then layers that all points share."""

    def __init__(self, head=(12, 9), classes=4, **settings):
        super().__init__(head=(1,), classes=1, **settings)
        channels = settings["first"][-1] + settings["second"][-1]
        self.head = nn.Sequential(SharedLayers(channels, *head), nn.Conv1d(head[-1], classes, 1))

    def forward(self, x):
        local, pooled, transform = self.stages(x)
        scores = self.head(torch.cat([local, pooled[:, :, None].expand(-1, -1, x.shape[2])], 1))
        return scores.transpose(2, 1), transform


def fill(network):
    for k, parameter in enumerate(network.parameters()):
        i = torch.arange(parameter.numel())
        parameter.data = (0.4 * torch.sin(1 + k + 0.7 * i)).reshape(parameter.shape)


def show(name, tensors):
    numbers = ", ".join(f"{float(v) + 0.0:.10g}" for t in tensors for v in t.detach().reshape(-1))
    print(f'{{"{name}", {{{numbers}}}}},')


def show_all(name, network, x, labels, penalty):
    """`penalty` makes of what the network gives its scores and what is added to the loss."""
    fill(network)
    scores, added = penalty(network(x))
    loss = nn.functional.cross_entropy(scores.reshape(-1, scores.shape[-1]), labels) + added
    loss.backward()
    gradients = [parameter.grad.reshape(-1) for parameter in network.parameters()]
    show(f"{name}_forward", [loss, scores])
    show(f"{name}_norms", [gradient.norm() for gradient in gradients])
    show(f"{name}_products", [gradient @ torch.cos(torch.arange(1.0, len(gradient) + 1)) for gradient in gradients])
    network.eval()
    show(f"{name}_evaluated", [penalty(network(x))[0]])


def main():
    print(f"// Made by cloud_facts.py with PyTorch {torch.__version__}.")
    i = torch.arange(5 * 7 * 3)
    clouds = torch.sin(0.3 * i * i + i).reshape(5, 7, 3).transpose(2, 1)
    with_penalty = lambda given: (given[0], 0.001 * orthogonality(given[1]))  # noqa: E731
    for pool in POOLS:
        network = Classifier(pool, classes=4, head=(12,), drop=0.0, **SMALL)
        show_all(f"classifier_{pool}", network, clouds, torch.tensor([0, 1, 2, 3, 0]), with_penalty)
    for pool in ("max", "mean"):
        show_all(f"segmentation_{pool}", Segmentation(pool=pool, **SMALL), clouds, torch.arange(35) * 3 % 4, with_penalty)
    i = torch.arange(3 * 40 * 3)
    places = (((37 * i + 101) % 127 - 63) / 64).reshape(3, 40, 3)  # none on a border between two cells
    voxels = VoxelNetwork(4, resolution=15, channels=3, hidden=5, drop=0.0)
    show_all("voxels", voxels, places, torch.tensor([0, 3, 2]), lambda given: (given, 0.0))


main()
