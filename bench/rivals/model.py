"""What the files of models share."""

import sys
import time

import torch

# "PyTorch tuned", a side of its own: what a user can switch on without another model. Adam in one pass, and images with their channels last.
TUNED = "tuned" in sys.argv


class Model:
    """A network with its inputs, ready to be trained and asked: the counterpart of bench/cases/models.h."""

    def __init__(self, network, inputs, loss, optimizer):
        self.networks, self.network, self.inputs, self.loss, self.optimizer = [network], network, inputs, loss, optimizer

    def step(self):
        """One training step; the loss before it."""
        self.optimizer.zero_grad()
        loss = self.loss(self.network, *self.inputs)
        loss.backward()
        self.optimizer.step()
        return loss

    def predict(self):
        return self.network(self.inputs[0])

    def evaluate(self):
        for network in self.networks:
            network.eval()

    def train(self):
        for network in self.networks:
            network.train()


def adam(network, rate=1e-3, **settings):
    return torch.optim.Adam(network.parameters(), lr=rate, **fused(), **settings)


def fused():
    return {"fused": True} if TUNED else {}


def layout(tensor_or_network):
    """For networks of images and their inputs."""
    return tensor_or_network.to(memory_format=torch.channels_last) if TUNED else tensor_or_network


def seconds_of(work, repeats=5):
    """The least of some runs after a first one."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)
