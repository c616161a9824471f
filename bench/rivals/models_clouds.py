"""bench/cases/models_clouds.cc in PyTorch."""

import torch
from torch import nn

from inputs import labels, normal
from model import Model, adam

POINTS, CLASSES, PARTS = 256, 10, 4

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
        self.weight, self.bias = nn.Parameter(torch.zeros(size * size, head[-1])), nn.Parameter(torch.zeros(size * size))

    def forward(self, x):
        features = torch.max(self.shared(x), 2)[0]
        change = nn.functional.linear(self.head(features), self.weight, self.bias).view(-1, self.size, self.size)
        return change + torch.eye(self.size, dtype=x.dtype)


class PointNet(nn.Module):
    def __init__(self, classes, first=(64, 64), second=(64, 128, 1024), head=(512, 256), drop=0.3, transform=()):
        super().__init__()
        self.input_transform = TransformNet(3, *transform)
        self.first = SharedLayers(3, *first)
        self.feature_transform = TransformNet(first[-1], *transform)
        self.second = SharedLayers(first[-1], *second)
        self.head = nn.Sequential(*dense_layers(second[-1], *head), nn.Dropout(drop), nn.Linear(head[-1], classes))

    def local(self, x):
        x = torch.bmm(x.transpose(2, 1), self.input_transform(x)).transpose(2, 1)
        x = self.first(x)
        transform = self.feature_transform(x)
        return torch.bmm(x.transpose(2, 1), transform).transpose(2, 1), transform

    def forward(self, x):  # [N, 3, P]
        x, transform = self.local(x)
        return self.head(torch.max(self.second(x), 2)[0]), transform


class PointNetSegmentation(PointNet):
    """The pooled vector repeated for each point and put behind the point's own features."""

    def __init__(self, classes, head=(512, 256, 128)):
        super().__init__(classes, head=head)
        self.head = nn.Sequential(*SharedLayers(64 + 1024, *head), nn.Conv1d(head[-1], classes, 1))

    def forward(self, x):
        x, transform = self.local(x)
        pooled = torch.max(self.second(x), 2, keepdim=True)[0]
        return self.head(torch.cat([x, pooled.expand(-1, -1, x.shape[2])], 1)), transform


def orthogonality(transform):
    difference = torch.eye(transform.shape[1], dtype=transform.dtype) - torch.bmm(transform, transform.transpose(2, 1))
    return (difference * difference).sum((1, 2)).mean()


def pointnet_loss(network, x, y):
    scores, transform = network(x)
    return nn.functional.cross_entropy(scores, y) + 0.001 * orthogonality(transform)


class PointNetModel(Model):
    """Its clouds lie as PyTorch's ports have them, [N, 3, P]; the other side's come as [N, P, 3]."""

    def __init__(self, network, batch, y):
        super().__init__(network, [normal(batch, POINTS, 3), y], pointnet_loss, adam(network))

    @property
    def inputs(self):
        return self._inputs

    @inputs.setter
    def inputs(self, tensors):
        self._inputs = [tensors[0].transpose(2, 1).contiguous(), *tensors[1:]]

    def predict(self):
        return super().predict()[0]


def pointnet(batch, dropout):
    return PointNetModel(PointNet(CLASSES, drop=0.3 if dropout else 0.0), batch, labels(batch, CLASSES))


class SegmentationModel(PointNetModel):
    """Scores as [N, P, parts], as the other side has them."""

    def __init__(self, batch):
        super().__init__(PointNetSegmentation(PARTS), batch, labels(batch * POINTS, PARTS))

    @property
    def inputs(self):
        return self._inputs

    @inputs.setter
    def inputs(self, tensors):
        x, y = tensors
        self._inputs = [x.transpose(2, 1).contiguous(), y.reshape(len(x), -1)]

    def predict(self):
        return super().predict().transpose(2, 1)


# ---- VoxNet (Maturana & Scherer, IROS 2015) ----


class VoxelNetwork(nn.Module):
    def __init__(self, classes, resolution=32, channels=32, hidden=128, drop=0.5):
        super().__init__()
        self.resolution = resolution
        side = ((resolution - 5) // 2 + 1 - 2) // 2
        self.layers = nn.Sequential(
            nn.Conv3d(1, channels, 5, 2), nn.ReLU(), nn.Conv3d(channels, channels, 3), nn.ReLU(), nn.MaxPool3d(2), nn.Flatten(),
            nn.Linear(channels * side ** 3, hidden), nn.ReLU(), nn.Dropout(drop), nn.Linear(hidden, classes))

    def voxelise(self, clouds):
        """Occupancy of the cube [-1, 1]^3, [N, 1, z, y, x]."""
        n = self.resolution
        cells = ((clouds + 1) * (n / 2)).floor().clamp_(max=n - 1).long()
        places = (cells[..., 2] * n + cells[..., 1]) * n + cells[..., 0]
        inside = (clouds.abs() <= 1).all(2)
        voxels = torch.zeros(len(clouds), n ** 3 + 1)
        voxels.scatter_(1, torch.where(inside, places, n ** 3), 1.0)  # the last cell is that of points outside
        return voxels[:, :-1].reshape(-1, 1, n, n, n)

    def forward(self, clouds):
        return self.layers(self.voxelise(clouds))


def voxel_network(batch, dropout):
    network = VoxelNetwork(CLASSES, drop=0.5 if dropout else 0.0)
    return Model(network, [normal(batch, POINTS, 3, scale=0.3), labels(batch, CLASSES)],
                 lambda network, x, y: nn.functional.cross_entropy(network(x), y), adam(network))


ROWS = {"PointNet": pointnet, "PointNet segmentation": lambda batch, _dropout: SegmentationModel(batch), "voxel network": voxel_network}
