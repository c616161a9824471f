#!/usr/bin/env python3
"""Writes generative_facts_test.inc: what PyTorch (float64, CPU) and scikit-learn answer to questions that the tests of generative models ask.

    python3 generative_facts.py > generative_facts_test.inc      # needs torch and sklearn; the tests need the table only

Inputs are patterns of exact numbers which the tests make themselves (generative_facts_test.h), so only answers are kept.
"""
import numpy
import sklearn
import torch
import torch.nn.functional as F
from sklearn.svm import LinearSVC
from torch import nn

torch.set_default_dtype(torch.float64)
facts = []


def fact(name, *tensors):
    facts.append((name, [float(v) for t in tensors for v in torch.as_tensor(t).detach().reshape(-1)]))


def pattern(seed, *shape, scale=1.0):
    """Element i is ((37 i + 101 seed) mod 127 - 63) / 64 scale."""
    count = 1
    for length in shape:
        count *= length
    i = torch.arange(count)
    return (((37 * i + 101 * seed) % 127 - 63) / 64 * scale).reshape(shape)


def fill(network, seed):
    for offset, (name, parameter) in enumerate(network.named_parameters()):
        parameter.data = pattern(seed + offset, *parameter.shape, scale=0.5)
        if parameter.dim() == 1 and name.endswith("weight"):
            parameter.data += 1


def adam(network):
    return torch.optim.Adam(network.parameters(), lr=0.01, betas=(0.5, 0.999))


def state(*networks):
    return [value for network in networks
            for value in [*network.parameters(), *(b for n, b in network.named_buffers() if "tracked" not in n)]]


def dcgan():
    generator = nn.Sequential(nn.ConvTranspose2d(3, 3, 2, bias=False), nn.BatchNorm2d(3), nn.ReLU(),
                              nn.ConvTranspose2d(3, 2, 4, 2, 1, bias=False), nn.BatchNorm2d(2), nn.ReLU(),
                              nn.ConvTranspose2d(2, 1, 4, 2, 1), nn.Tanh())
    discriminator = nn.Sequential(nn.Conv2d(1, 2, 4, 2, 1), nn.LeakyReLU(0.2),
                                  nn.Conv2d(2, 3, 4, 2, 1, bias=False), nn.BatchNorm2d(3), nn.LeakyReLU(0.2),
                                  nn.Conv2d(3, 1, 2))
    fill(generator, 1)
    fill(discriminator, 30)
    generator_adam, discriminator_adam = adam(generator), adam(discriminator)
    losses = []
    for step in range(1, 4):
        real = pattern(70 + step, 4, 1, 8, 8)
        fake = generator(pattern(50 + step, 4, 3, 1, 1)).detach()
        loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
        discriminator_adam.zero_grad()
        loss.backward()
        discriminator_adam.step()
        losses.append(loss.detach())
        loss = F.softplus(-discriminator(generator(pattern(60 + step, 4, 3, 1, 1)))).mean()
        generator_adam.zero_grad()
        loss.backward()
        generator_adam.step()
        losses.append(loss.detach())
    fact("dcgan losses", *losses)
    fact("dcgan state", *state(generator, discriminator))


def penalty():
    """Wasserstein with the penalty between samples, and non-saturating with R1: the discriminator after two steps."""
    for name in ("between", "real"):
        generator = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 3))
        critic = nn.Sequential(nn.Linear(3, 4), nn.LeakyReLU(0.2), nn.Linear(4, 1))
        fill(generator, 1)
        fill(critic, 30)
        generator_adam, critic_adam = adam(generator), adam(critic)
        found = []
        for step in range(1, 3):
            real, fake = pattern(70 + step, 4, 3), generator(pattern(50 + step, 4, 2)).detach()
            u = (pattern(80 + step, 4) + 1) / 2
            between = name == "between"
            x = (u[:, None] * real + (1 - u[:, None]) * fake if between else real).clone().requires_grad_()
            slope, = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
            if between:
                term = ((slope.norm(dim=1) - 1)**2).mean()
                loss = critic(fake).mean() - critic(real).mean()
            else:
                term = (slope**2).sum(1).mean() / 2
                loss = F.softplus(-critic(real)).mean() + F.softplus(critic(fake)).mean()
            critic_adam.zero_grad()
            (loss + 10 * term).backward()
            critic_adam.step()
            found += [loss.detach(), term.detach()]
            scores = critic(generator(pattern(60 + step, 4, 2)))
            loss = -scores.mean() if between else F.softplus(-scores).mean()
            generator_adam.zero_grad()
            loss.backward()
            generator_adam.step()
            found.append(loss.detach())
        fact("penalty " + name, *found, *state(generator, critic))


def svm():
    x = torch.cat([pattern(5, 40, 3), pattern(6, 40, 2, scale=2.0)], dim=1).numpy()
    labels = (numpy.arange(40) * 7 % 11) % 3
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    for c in (1.0, 0.05):
        found = LinearSVC(C=c, loss="squared_hinge", dual=False, tol=1e-12, max_iter=100000).fit(x, labels)
        fact(f"svm {c:g}", found.coef_, found.intercept_)


for part in (dcgan, penalty, svm):
    part()
print(f"// Written by generative_facts.py with PyTorch {torch.__version__} and scikit-learn {sklearn.__version__}.")
for name, values in facts:
    print(f'{{"{name}", {{{", ".join(repr(v) for v in values)}}}}},')
