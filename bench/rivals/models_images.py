"""bench/cases/models_images.cc in PyTorch."""

import torch
from torch import nn

from inputs import labels, normal
from model import Model, adam, fused, layout


def classifier_loss(network, x, y):
    return nn.functional.cross_entropy(network(x), y)


def mlp(batch, _dropout):
    network = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
    return Model(network, [normal(batch, 784), labels(batch, 10)], classifier_loss, adam(network))


def block(before, after):
    return [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]


class Residual(nn.Module):
    def __init__(self, *body):
        super().__init__()
        self.body = nn.Sequential(*body)

    def forward(self, x):
        return self.body(x) + x


def cnn(batch, dropout):
    network = nn.Sequential(
        *block(1, 32), nn.MaxPool2d(2), *block(32, 64),
        Residual(*block(64, 64), nn.Conv2d(64, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64)), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.4 if dropout else 0.0), nn.Linear(64 * 7 * 7, 10))
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.01, **fused())
    return Model(layout(network), [layout(normal(batch, 1, 28, 28)), labels(batch, 10)], classifier_loss, optimizer)


class Maxout(nn.Module):
    """The largest of some neighbouring channels."""

    def __init__(self, pieces):
        super().__init__()
        self.pieces = pieces

    def forward(self, x):
        return x.unflatten(1, (-1, self.pieces)).max(2)[0]


def maxout_cnn(batch, dropout):
    network = nn.Sequential(
        nn.Conv2d(1, 64, 5, padding=2), Maxout(2), nn.MaxPool2d(2), nn.Conv2d(32, 128, 5, padding=2), Maxout(2), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.5 if dropout else 0.0), nn.Linear(64 * 7 * 7, 10))
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9, **fused())
    return Model(layout(network), [layout(normal(batch, 1, 28, 28)), labels(batch, 10)], classifier_loss, optimizer)


# ---- Autoencoders: the layers end in logits, whose sigmoid is the reconstruction ----


class Autoencoder(nn.Sequential):
    def logits(self, x):
        return super().forward(x)

    def forward(self, x):
        return torch.sigmoid(self.logits(x))


def autoencoder(batch, _dropout):
    network = Autoencoder(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 64), nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 784),
                          nn.Unflatten(1, (1, 28, 28)))
    return Model(network, [torch.sigmoid(normal(batch, 1, 28, 28))], lambda network, x: nn.functional.mse_loss(network(x), x), adam(network))


def convolutional_autoencoder(batch, _dropout):
    network = Autoencoder(
        nn.Conv2d(1, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(32 * 7 * 7, 32),
        nn.Linear(32, 32 * 7 * 7), nn.ReLU(), nn.Unflatten(1, (32, 7, 7)), nn.ConvTranspose2d(32, 16, 4, 2, 1), nn.ReLU(),
        nn.ConvTranspose2d(16, 1, 4, 2, 1))
    return Model(layout(network), [layout(torch.sigmoid(normal(batch, 1, 28, 28)))],
                 lambda network, x: nn.functional.binary_cross_entropy_with_logits(network.logits(x), x), adam(network))


ROWS = {"MLP": mlp, "CNN": cnn, "maxout CNN": maxout_cnn, "autoencoder": autoencoder, "convolutional autoencoder": convolutional_autoencoder}
