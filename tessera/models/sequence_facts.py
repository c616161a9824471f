#!/usr/bin/env python3
"""Writes sequence_facts_test.inc: what PyTorch (float64, CPU) makes of classifiers and taggers over sequences of many lengths: scores, loss, and
the gradients of all parameters.

    python3 sequence_facts.py > sequence_facts_test.inc      # needs torch; the tests need the table only

Parameters are patterns of exact numbers which the test makes itself, so only answers are kept.
"""
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

torch.set_default_dtype(torch.float64)
WORDS = torch.tensor([[3, 6, 2, 3, 5], [4, 1, 0, 0, 0], [6, 0, 0, 0, 0]])
LENGTHS = torch.tensor([5, 2, 1])
CLASSES = torch.tensor([1, 0, 1])
TAGS = torch.tensor([[0, 2, 1, 1, 0], [2, 0, -1, -1, -1], [1, -1, -1, -1, -1]])
KINDS = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}


def pattern(seed, shape):
    """Element i is ((37 i + 101 seed) mod 127 - 63) / 64."""
    i = torch.arange(torch.Size(shape).numel())
    return (((37 * i + 101 * seed) % 127 - 63) / 64).reshape(shape)


class Net(torch.nn.Module):
    def __init__(self, kind, pooling, layers, both, outputs):
        super().__init__()
        self.pooling, self.both = pooling, both
        self.embedding = torch.nn.Embedding(7, 3, padding_idx=0)
        features = 3
        self.recurrence = None
        if kind:
            self.recurrence = KINDS[kind](3, 2, layers, batch_first=True, bidirectional=both)
            features = 4 if both else 2
        if pooling == "attention":
            self.context = torch.nn.Parameter(torch.zeros(5))
            self.projection = torch.nn.Linear(features, 5)
        self.head = torch.nn.Linear(features, outputs)

    def ordered(self):
        rest = [*self.recurrence.parameters()] if self.recurrence else []
        if self.pooling == "attention":
            rest += [self.context, *self.projection.parameters()]
        return [self.embedding.weight, *rest, *self.head.parameters()]

    def forward(self):
        x, last = self.embedding(WORDS), None
        if self.recurrence:
            packed = pack_padded_sequence(x, LENGTHS, batch_first=True, enforce_sorted=False)
            out, state = self.recurrence(packed)
            x, _ = pad_packed_sequence(out, batch_first=True, total_length=5)
            h = state[0] if isinstance(state, tuple) else state
            last = torch.cat([h[-2], h[-1]], 1) if self.both else h[-1]
        inside = (torch.arange(5)[None] < LENGTHS[:, None])[..., None]
        if self.pooling == "last":
            x = last
        elif self.pooling == "mean":
            x = (x * inside).sum(1) / LENGTHS[:, None]
        elif self.pooling == "max":
            x = x.masked_fill(~inside, -torch.inf).max(1).values
        elif self.pooling == "attention":
            answers = torch.tanh(self.projection(x)) @ self.context
            weights = answers.masked_fill(~inside[..., 0], -torch.inf).softmax(1)
            x = (weights[..., None] * x).sum(1)
        return self.head(x)


def main():
    print(f"// Made by sequence_facts.py with PyTorch {torch.__version__}.")
    cases = [("gru_mean", "gru", "mean", 1, False), ("lstm_last_both", "lstm", "last", 2, True), ("rnn_max", "rnn", "max", 1, True),
             ("words_mean", "", "mean", 1, False), ("words_max", "", "max", 1, False), ("gru_attention", "gru", "attention", 1, True),
             ("gru_last", "gru", "last", 2, False), ("tagger_gru", "gru", "", 1, True), ("tagger_lstm", "lstm", "", 1, False)]
    for name, kind, pooling, layers, both in cases:
        net = Net(kind, pooling, layers, both, 2 if pooling else 3)
        for seed, parameter in enumerate(net.ordered()):
            parameter.data = pattern(seed, parameter.shape)
        net.embedding.weight.data[0] = 0
        scores = net()
        if pooling:
            loss = torch.nn.functional.cross_entropy(scores, CLASSES)
        else:
            loss = torch.nn.functional.cross_entropy(scores.reshape(-1, 3), TAGS.reshape(-1), ignore_index=-1)
            scores = scores * (torch.arange(5)[None] < LENGTHS[:, None])[..., None]
        loss.backward()
        values = [scores, loss, *(parameter.grad for parameter in net.ordered())]
        numbers = ", ".join(repr(float(v) + 0.0) for t in values for v in t.detach().reshape(-1))
        print(f'{{"{name}", {{{numbers}}}}},')


main()
