"""bench/cases/models_generative.cc in PyTorch."""

import math

import torch
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from inputs import normal
from model import Model, adam, layout

SIDE = 32


def set_trained(network, trained):
    for parameter in network.parameters():
        parameter.requires_grad_(trained)


class Adversarial(Model):
    """A step of both players, each with noise of its own; the discriminator's gradients rest while the generator learns."""

    def __init__(self, makes, judges, batch, latent):
        self.makes, self.judges = layout(makes), layout(judges)
        self.networks = [self.makes, self.judges]
        self.inputs = [normal(batch, latent), normal(batch, latent), layout(normal(batch, 1, SIDE, SIDE))]
        self.optimizers = [adam(network, 2e-4, betas=(0.5, 0.999)) for network in self.networks]

    def step(self):
        first, second, images = self.inputs
        real, made_up, loss = torch.ones(len(images), 1), torch.zeros(len(images), 1), functional.binary_cross_entropy_with_logits
        with torch.no_grad():
            made = self.makes(first)
        self.optimizers[1].zero_grad()
        criticism = loss(self.judges(images), real) + loss(self.judges(made), made_up)
        criticism.backward()
        self.optimizers[1].step()
        self.optimizers[0].zero_grad()
        set_trained(self.judges, False)
        pretence = loss(self.judges(self.makes(second)), real)
        pretence.backward()
        set_trained(self.judges, True)
        self.optimizers[0].step()
        return criticism.detach() + pretence.detach()

    def predict(self):
        return self.makes(self.inputs[1])


# ---- Goodfellow et al., NeurIPS 2014, of fully connected layers ----


def gan(batch, _dropout, latent=64, hidden=(256, 512)):
    def stack(widths, activation):
        layers = []
        for before, width in zip(widths, widths[1:]):
            layers += [nn.Linear(before, width), activation()]
        return layers[:-1]

    makes = nn.Sequential(*stack([latent, *hidden, SIDE * SIDE], nn.ReLU), nn.Tanh(), nn.Unflatten(1, (1, SIDE, SIDE)))
    judges = nn.Sequential(nn.Flatten(), *stack([SIDE * SIDE, *reversed(hidden), 1], lambda: nn.LeakyReLU(0.2)))
    return Adversarial(makes, judges, batch, latent)


# ---- DCGAN (Radford, Metz & Chintala, ICLR 2016) ----

NOISE, WIDTH = 100, 32


def dcgan_generator():
    def up(before, after, stride, bias=False):
        return nn.ConvTranspose2d(before, after, 4, stride, 0 if stride == 1 else 1, bias=bias)

    layers, widths = [nn.Unflatten(1, (NOISE, 1, 1))], (NOISE, 4 * WIDTH, 2 * WIDTH, WIDTH)
    for number, (before, after) in enumerate(zip(widths, widths[1:])):
        layers += [up(before, after, 1 if number == 0 else 2), nn.BatchNorm2d(after), nn.ReLU(True)]
    return nn.Sequential(*layers, up(WIDTH, 1, 2, bias=True), nn.Tanh())


def dcgan_discriminator():
    layers, widths = [], (1, WIDTH, 2 * WIDTH, 4 * WIDTH)
    for number, (before, after) in enumerate(zip(widths, widths[1:])):
        layers += [nn.Conv2d(before, after, 4, 2, 1, bias=number == 0), *([nn.BatchNorm2d(after)] if number else []), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(4 * WIDTH, 1, 4), nn.Flatten())


def dcgan(batch, _dropout):
    return Adversarial(dcgan_generator(), dcgan_discriminator(), batch, NOISE)


# ---- Progressive growing (Karras et al., ICLR 2018): the last stage, without a fade-in ----

LATENT, CHANNELS = 64, (64, 64, 32, 16)


class EqualizedConv2d(nn.Module):
    def __init__(self, before, after, kernel, padding, gain=math.sqrt(2)):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(after, before, kernel, kernel)), nn.Parameter(torch.zeros(after))
        self.scale, self.padding = gain / math.sqrt(before * kernel * kernel), padding

    def forward(self, x):
        return functional.conv2d(x, self.weight * self.scale, self.bias, padding=self.padding)


class EqualizedLinear(nn.Module):
    def __init__(self, before, after):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(after, before)), nn.Parameter(torch.zeros(after))
        self.scale = 1 / math.sqrt(before)

    def forward(self, x):
        return functional.linear(x, self.weight * self.scale, self.bias)


class PixelNorm(nn.Module):
    def forward(self, x):
        return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-8)


class MinibatchDeviation(nn.Module):
    def forward(self, x, group=4):
        group = min(group, len(x))
        deviation = torch.sqrt(x.unflatten(0, (group, -1)).var(0, unbiased=False) + 1e-8).mean((1, 2, 3))
        return torch.cat([x, deviation.repeat(group)[:, None, None, None].expand(-1, 1, *x.shape[2:])], 1)


def convolved(*convolution, normalized=False):
    return [EqualizedConv2d(*convolution), nn.LeakyReLU(0.2), *([PixelNorm()] if normalized else [])]


class Growing(nn.Module):
    """Blocks and layers to or from images, by stage, as the other side has their parameters."""

    def __init__(self, blocks, images):
        super().__init__()
        self.parts = nn.ModuleList(part for pair in zip(blocks, images) for part in pair)
        self.blocks, self.last = [block for block in blocks], images[-1]

    def trained(self):
        """Parameters of the last stage: all blocks, and the layer to or from images."""
        return [parameter for part in (*self.blocks, self.last) for parameter in part.parameters()]


class ProgressiveGenerator(Growing):
    def __init__(self):
        blocks = [nn.Sequential(*convolved(LATENT, CHANNELS[0], 4, 3, normalized=True), *convolved(CHANNELS[0], CHANNELS[0], 3, 1, normalized=True))]
        for before, width in zip(CHANNELS, CHANNELS[1:]):
            blocks.append(nn.Sequential(nn.Upsample(scale_factor=2), *convolved(before, width, 3, 1, normalized=True),
                                        *convolved(width, width, 3, 1, normalized=True)))
        super().__init__(blocks, [EqualizedConv2d(width, 1, 1, 0, 1) for width in CHANNELS])
        self.normal = PixelNorm()

    def forward(self, latents):
        x = self.normal(latents)[:, :, None, None]
        for block in self.blocks:
            x = block(x)
        return self.last(x)


class ProgressiveDiscriminator(Growing):
    def __init__(self):
        width = CHANNELS[0]
        blocks = [nn.Sequential(MinibatchDeviation(), *convolved(width + 1, width, 3, 1), *convolved(width, width, 4, 0), nn.Flatten(),
                                EqualizedLinear(width, 1))]
        for below, width in zip(CHANNELS, CHANNELS[1:]):
            blocks.append(nn.Sequential(*convolved(width, width, 3, 1), *convolved(width, below, 3, 1), nn.AvgPool2d(2)))
        super().__init__(blocks, [nn.Sequential(*convolved(1, width, 1, 0)) for width in CHANNELS])

    def forward(self, images):
        x = self.last(images)
        for block in reversed(self.blocks):
            x = block(x)
        return x


class ProgressiveGan(Model):
    """Wasserstein loss with gradient penalty and drift; an average of the generator's weights is kept."""

    def __init__(self, batch):
        self.makes, self.judges = layout(ProgressiveGenerator()), layout(ProgressiveDiscriminator())
        self.networks, self.steps = [self.makes, self.judges], 0
        self.inputs = [normal(batch, LATENT), layout(normal(batch, 1, SIDE, SIDE))]
        self.average = AveragedModel(self.makes, multi_avg_fn=get_ema_multi_avg_fn(0.999))
        self.optimizers = [adam(network, betas=(0.0, 0.99)) for network in self.networks]

    def draw(self):
        """Latents of both players and places between; those that the other side drew, when both are compared."""
        batch = len(self.inputs[0])
        if len(self.inputs) > 2:
            return [drawn[self.steps] for drawn in self.inputs[2:]]
        return torch.randn(batch, LATENT), torch.randn(batch, LATENT), torch.rand(batch)

    def penalty(self, real, fake, share):
        share = share[:, None, None, None]
        x = (share * real + (1 - share) * fake).requires_grad_()
        slope, = torch.autograd.grad(self.judges(x).sum(), x, create_graph=True)
        return (slope.flatten(1).norm(dim=1) - 1).square().mean()

    def step(self):
        images = self.inputs[1]
        first, second, share = self.draw()
        with torch.no_grad():
            fake = self.makes(first)
        self.optimizers[1].zero_grad()
        scores = self.judges(images)
        criticism = self.judges(fake).mean() - scores.mean() + 10 * self.penalty(images, fake, share) + 0.001 * scores.square().mean()
        criticism.backward()
        self.optimizers[1].step()
        self.optimizers[0].zero_grad()
        set_trained(self.judges, False)
        pretence = -self.judges(self.makes(second)).mean()
        pretence.backward()
        set_trained(self.judges, True)
        self.optimizers[0].step()
        self.average.update_parameters(self.makes)
        self.steps += 1
        return criticism.detach() + pretence.detach()

    def predict(self):
        return self.makes(self.inputs[0])


ROWS = {"GAN": gan, "DCGAN": dcgan, "progressive GAN": lambda batch, _dropout: ProgressiveGan(batch)}
