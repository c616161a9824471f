"""bench/cases/models.cc in PyTorch: published networks, trained for a step and asked for predictions."""

import torch
from torch import nn

from inputs import labels, normal


# ---- PointNet (Qi et al., CVPR 2017), written as its PyTorch ports are: Conv1d of 1, BatchNorm1d, torch.max ----


class SharedLayers(nn.Sequential):
    def __init__(self, *widths):
        layers = []
        for before, width in zip(widths, widths[1:]):
            layers += [nn.Conv1d(before, width, 1, bias=False), nn.BatchNorm1d(width), nn.ReLU(inplace=True)]
        super().__init__(*layers)


def dense_layers(*widths):
    layers = []
    for before, width in zip(widths, widths[1:]):
        layers += [nn.Linear(before, width, bias=False), nn.BatchNorm1d(width), nn.ReLU(inplace=True)]
    return layers


class TransformNet(nn.Module):
    def __init__(self, size, widths=(64, 128, 1024), head=(512, 256)):
        super().__init__()
        self.size = size
        self.shared = SharedLayers(size, *widths)
        self.head = nn.Sequential(*dense_layers(widths[-1], *head))
        self.last = nn.Linear(head[-1], size * size)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, x):
        features = torch.max(self.shared(x), 2)[0]
        change = self.last(self.head(features)).view(-1, self.size, self.size)
        return change + torch.eye(self.size, dtype=x.dtype)


class PointNet(nn.Module):
    def __init__(self, classes, first=(64, 64), second=(64, 128, 1024), head=(512, 256), drop=0.3, transform=()):
        super().__init__()
        self.input_transform = TransformNet(3, *transform)
        self.first = SharedLayers(3, *first)
        self.feature_transform = TransformNet(first[-1], *transform)
        self.second = SharedLayers(first[-1], *second)
        self.head = nn.Sequential(*dense_layers(second[-1], *head), nn.Dropout(drop), nn.Linear(head[-1], classes))

    def forward(self, x):  # [N, 3, P]
        x = torch.bmm(x.transpose(2, 1), self.input_transform(x)).transpose(2, 1)
        x = self.first(x)
        transform = self.feature_transform(x)
        x = torch.bmm(x.transpose(2, 1), transform).transpose(2, 1)
        return self.head(torch.max(self.second(x), 2)[0]), transform


def orthogonality(transform):
    difference = torch.eye(transform.shape[1], dtype=transform.dtype) - torch.bmm(transform, transform.transpose(2, 1))
    return (difference * difference).sum((1, 2)).mean()


def pointnet_step(points, batch):
    network = PointNet(40)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    x, y = normal(batch, points, 3).transpose(2, 1).contiguous(), labels(batch, 40)

    def step():
        optimizer.zero_grad()
        scores, transform = network(x)
        loss = nn.functional.cross_entropy(scores, y) + 0.001 * orthogonality(transform)
        loss.backward()
        optimizer.step()

    return step


def pointnet_inference(points, batch):
    network = PointNet(40).eval()
    x = normal(batch, points, 3).transpose(2, 1).contiguous()

    @torch.inference_mode()
    def predict():
        network(x)

    return predict


MAKERS = [
    (r"training step PointNet (\d+) points batch (\d+)", pointnet_step),
    (r"inference PointNet (\d+) points batch (\d+)", pointnet_inference),
]
