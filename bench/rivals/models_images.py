"""bench/cases/models_images.cc in PyTorch."""

import torch
from torch import nn

from inputs import labels, normal
from model import Model, adam


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
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.01)
    return Model(network, [normal(batch, 1, 28, 28), labels(batch, 10)], classifier_loss, optimizer)


def autoencoder(batch, _dropout):
    network = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 784))
    return Model(network, [normal(batch, 784)], lambda network, x: nn.functional.mse_loss(network(x), x), adam(network))


# ---- DCGAN (Radford, Metz & Chintala, ICLR 2016), a step as in PyTorch's tutorial, whose discriminator rests while the generator learns ----

NOISE, WIDTH = 100, 32


def generator():
    def up(before, after, stride):
        return nn.ConvTranspose2d(before, after, 4, stride, 0 if stride == 1 else 1, bias=False)

    layers, widths = [], (NOISE, 4 * WIDTH, 2 * WIDTH, WIDTH)
    for number, (before, after) in enumerate(zip(widths, widths[1:])):
        layers += [up(before, after, 1 if number == 0 else 2), nn.BatchNorm2d(after), nn.ReLU(True)]
    return nn.Sequential(*layers, up(WIDTH, 1, 2), nn.Tanh())


def discriminator():
    layers, widths = [], (1, WIDTH, 2 * WIDTH, 4 * WIDTH)
    for number, (before, after) in enumerate(zip(widths, widths[1:])):
        layers += [nn.Conv2d(before, after, 4, 2, 1, bias=False), *([nn.BatchNorm2d(after)] if number else []), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(4 * WIDTH, 1, 4, bias=False), nn.Flatten())


class Dcgan(Model):
    def __init__(self, batch):
        self.makes, self.judges = generator(), discriminator()
        self.networks = [self.makes, self.judges]
        self.inputs = [normal(batch, NOISE, 1, 1), normal(batch, 1, 32, 32)]
        self.optimizers = [torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999)) for network in self.networks]

    def step(self):
        noise, images = self.inputs
        real, made_up, loss = torch.ones(len(noise), 1), torch.zeros(len(noise), 1), nn.functional.binary_cross_entropy_with_logits
        made = self.makes(noise)
        self.optimizers[1].zero_grad()
        criticism = loss(self.judges(images), real) + loss(self.judges(made.detach()), made_up)
        criticism.backward()
        self.optimizers[1].step()
        self.optimizers[0].zero_grad()
        self.judges.requires_grad_(False)  # their gradients are not asked for here
        pretence = loss(self.judges(made), real)
        pretence.backward()
        self.judges.requires_grad_(True)
        self.optimizers[0].step()
        return criticism + pretence

    def predict(self):
        return self.makes(self.inputs[0])


ROWS = {"MLP": mlp, "CNN": cnn, "autoencoder": autoencoder, "DCGAN": lambda batch, _dropout: Dcgan(batch)}
