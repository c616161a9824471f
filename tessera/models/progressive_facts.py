#!/usr/bin/env python3
"""Writes progressive_facts_test.inc: what PyTorch (float64, CPU) makes of the layers and networks of progressive growing.

    python3 progressive_facts.py > progressive_facts_test.inc      # needs torch; the tests need the table only

Inputs and weights are the patterns of nn/torch_facts_test.h, which the tests make themselves, so only answers are kept.
"""
import math

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
facts = []


def fact(name, *tensors):
    facts.append((name, [float(v) for t in tensors for v in torch.as_tensor(t).detach().reshape(-1)]))


def pattern(seed, *shape, scale=1.0):
    """Element i is ((37 i + 101 seed) mod 127 - 63) / 64 scale."""
    i = torch.arange(math.prod(shape))
    return (((37 * i + 101 * seed) % 127 - 63) / 64 * scale).reshape(shape)


def value_and_slopes(name, y, *inputs):
    fact(name, y, *torch.autograd.grad((y * pattern(9, *y.shape)).sum(), inputs))


def he(weight, gain=math.sqrt(2)):
    return weight * (gain / math.sqrt(weight[0].numel()))


def deviation(x, group):
    """The mean over all elements of the standard deviation over a group, as one more channel."""
    n, c, h, w = x.shape
    y = x.reshape(group, n // group, c, h, w)
    std = torch.sqrt(((y - y.mean(0, keepdim=True))**2).mean(0) + 1e-8)
    average = std.mean((1, 2, 3)).repeat(group).reshape(n, 1, 1, 1)
    return torch.cat([x, average.expand(n, 1, h, w)], 1)


def pixel_norm(x):
    return x / torch.sqrt((x**2).mean(1, keepdim=True) + 1e-8)


def layers():
    x, w, b = (pattern(s, *shape).requires_grad_() for s, shape in ((1, (2, 3, 5, 4)), (2, (4, 3, 3, 3)), (3, (4,))))
    value_and_slopes("conv", F.conv2d(x, he(w), b, padding=1), x, w, b)
    x, w, b = (pattern(s, *shape).requires_grad_() for s, shape in ((4, (5, 6)), (5, (3, 6)), (6, (3,))))
    value_and_slopes("linear", F.linear(x, he(w, 1), b), x, w, b)
    x = pattern(7, 6, 2, 3, 2).requires_grad_()
    for group in (2, 3, 6):
        value_and_slopes(f"deviation {group}", deviation(x, group), x)
    value_and_slopes("pixel norm", pixel_norm(x), x)


LATENT, CHANNELS, COLOURS, GROUP = 3, (3, 2), 2, 2


def networks():
    """A step's losses and their slopes in every weight, half faded in. Weights in the order of Module::parameters()."""
    shapes = {}

    def add(net, name, out, inside, kernel):
        shapes[net, name] = [(out, inside, kernel, kernel) if kernel else (out, inside), (out,)]

    c0, c1 = CHANNELS
    add("g", "0a", c0, LATENT, 4), add("g", "0b", c0, c0, 3), add("g", "image0", COLOURS, c0, 1)
    add("g", "1a", c1, c0, 3), add("g", "1b", c1, c1, 3), add("g", "image1", COLOURS, c1, 1)
    add("d", "0a", c0, c0 + 1, 3), add("d", "0b", c0, c0, 4), add("d", "score", 1, c0, 0), add("d", "image0", c0, COLOURS, 1)
    add("d", "1a", c1, c1, 3), add("d", "1b", c0, c1, 3), add("d", "image1", c1, COLOURS, 1)
    weights, seed = {}, 20
    for key, pair in shapes.items():
        weights[key] = [pattern(seed + i, *shape, scale=2).requires_grad_() for i, shape in enumerate(pair)]
        seed += 2

    def conv(x, net, name, padding, gain=math.sqrt(2)):
        w, b = weights[net, name]
        return F.conv2d(x, he(w, gain), b, padding=padding)

    def leaky(x):
        return F.leaky_relu(x, 0.2)

    def generator(z, alpha):
        x = pixel_norm(leaky(conv(pixel_norm(z)[:, :, None, None], "g", "0a", 3)))
        x = pixel_norm(leaky(conv(x, "g", "0b", 1)))
        old = F.interpolate(conv(x, "g", "image0", 0, 1), scale_factor=2)
        y = pixel_norm(leaky(conv(F.interpolate(x, scale_factor=2), "g", "1a", 1)))
        y = pixel_norm(leaky(conv(y, "g", "1b", 1)))
        return (1 - alpha) * old + alpha * conv(y, "g", "image1", 0, 1)

    def discriminator(x, alpha):
        old = leaky(conv(F.avg_pool2d(x, 2), "d", "image0", 0))
        y = leaky(conv(leaky(conv(x, "d", "image1", 0)), "d", "1a", 1))
        y = F.avg_pool2d(leaky(conv(y, "d", "1b", 1)), 2)
        y = deviation((1 - alpha) * old + alpha * y, GROUP)
        y = leaky(conv(leaky(conv(y, "d", "0a", 1)), "d", "0b", 0))
        w, b = weights["d", "score"]
        return F.linear(y.flatten(1), he(w, 1), b)

    alpha = 0.25
    z, real, u = pattern(10, 4, LATENT), pattern(11, 4, COLOURS, 8, 8), (pattern(12, 4) + 1) / 2
    real = (1 - alpha) * F.interpolate(F.avg_pool2d(real, 2), scale_factor=2) + alpha * real
    fake = generator(z, alpha)
    fact("generated", fake)
    scores = discriminator(real, alpha)
    between = (u[:, None, None, None] * real + (1 - u[:, None, None, None]) * fake.detach()).requires_grad_()
    slope, = torch.autograd.grad(discriminator(between, alpha).sum(), between, create_graph=True)
    penalty = ((slope.flatten(1).norm(dim=1) - 1)**2).mean()
    loss = discriminator(fake.detach(), alpha).mean() - scores.mean() + 10 * penalty + 0.001 * (scores**2).mean()
    of = {net: [w for key, pair in weights.items() if key[0] == net for w in pair] for net in "gd"}
    fact("discriminator step", loss, penalty, *torch.autograd.grad(loss, of["d"]))
    generator_loss = -discriminator(fake, alpha).mean()
    fact("generator step", generator_loss, *torch.autograd.grad(generator_loss, of["g"]))


layers()
networks()
print(f"// Written by progressive_facts.py with PyTorch {torch.__version__}.")
for name, values in facts:
    print('{"%s", {%s}},' % (name, ", ".join(repr(v) for v in values)))
