"""bench/cases/models_sequences.cc in PyTorch."""

import torch
from torch import nn

from inputs import labels, normal
from model import Model, adam, seconds_of
from models_text import AttentionPool, run_packed

VOCABULARY, TIMES, FEATURES, CLASSES = 5000, 50, 64, 10


def sentences(count):
    """From 10 to 50 words, then zeros."""
    ids = 1 + labels(count * TIMES, VOCABULARY - 1).reshape(count, TIMES)
    lengths = torch.tensor([10 + i * 7 % (TIMES - 9) for i in range(count)])
    return torch.where(torch.arange(TIMES) < lengths[:, None], ids, 0)


def classifier_loss(network, ids, y):
    return nn.functional.cross_entropy(network(ids), y)


class SequenceClassifier(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, FEATURES, padding_idx=0)
        self.recurrent = kind(FEATURES, FEATURES, batch_first=True)
        self.head = nn.Linear(FEATURES, CLASSES)
        self.packed = False

    def states(self, ids, inside, lengths):
        """[N, T, features], zeros past the length. In one direction the padding behind a sequence does not change its states."""
        x = self.embedding(ids)
        if self.packed:
            return run_packed(self.recurrent, x, lengths)
        return self.recurrent(x)[0] * inside[:, :, None]

    def forward(self, ids):
        inside = ids != 0
        lengths = inside.sum(1)
        return self.head(self.states(ids, inside, lengths).sum(1) / lengths[:, None])


class SequenceModel(Model):
    """Packed or padded sequences, whichever is faster here: training is timed once with each, and so are predictions."""

    def __init__(self, kind, batch):
        network = SequenceClassifier(kind)
        super().__init__(network, [sentences(batch), labels(batch, CLASSES)], classifier_loss, adam(network))
        self.choose(lambda: self.loss(network, *self.inputs).backward())

    def choose(self, work):
        times = {}
        for packed in (False, True):
            self.network.packed = packed
            times[packed] = seconds_of(work)
        self.network.packed = times[True] < times[False]

    def evaluate(self):
        super().evaluate()
        with torch.inference_mode():
            self.choose(self.predict)


def sequence_classifier(kind):
    return lambda batch, _dropout: SequenceModel(kind, batch)


# ---- In both directions sequences have to be packed ----


class AttentionClassifier(nn.Module):
    """Yang et al., NAACL 2016: a learned question that each word answers."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, FEATURES, padding_idx=0)
        self.recurrent = nn.GRU(FEATURES, FEATURES // 2, batch_first=True, bidirectional=True)
        self.attention = AttentionPool(FEATURES, FEATURES)
        self.head = nn.Linear(FEATURES, CLASSES)

    def forward(self, ids):
        lengths = (ids != 0).sum(1)
        return self.head(self.attention(run_packed(self.recurrent, self.embedding(ids), lengths), lengths))


def attention_classifier(batch, _dropout):
    network = AttentionClassifier()
    return Model(network, [sentences(batch), labels(batch, CLASSES)], classifier_loss, adam(network))


class SequenceTagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, FEATURES, padding_idx=0)
        self.recurrent = nn.LSTM(FEATURES, FEATURES, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * FEATURES, CLASSES)

    def forward(self, ids):
        return self.head(run_packed(self.recurrent, self.embedding(ids), (ids != 0).sum(1)))


class Tagger(Model):
    def __init__(self, batch):
        network = SequenceTagger()
        super().__init__(network, [sentences(batch), labels(batch * TIMES, CLASSES).reshape(batch, TIMES)], self.loss_of_words, adam(network))

    @staticmethod
    def loss_of_words(network, ids, tags):
        return nn.functional.cross_entropy(network(ids).flatten(0, 1), tags.where(ids != 0, -1).flatten(), ignore_index=-1)

    def predict(self):
        """Zeros at padding, as the other side has them."""
        return super().predict() * (self.inputs[0] != 0)[:, :, None]


# ---- Vaswani et al., "Attention is all you need", NIPS 2017: PyTorch's own layer, without dropout of the attention's weights ----


class EncoderBlock(nn.Module):
    def __init__(self, drop, width=128, heads=4, hidden=512):
        super().__init__()
        self.encoder = nn.TransformerEncoderLayer(width, heads, hidden, drop, batch_first=True)
        self.encoder.self_attn.dropout = 0.0
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x):
        return self.head(self.encoder(x).mean(1))


def transformer(batch, dropout):
    network = EncoderBlock(0.1 if dropout else 0.0)
    return Model(network, [normal(batch, 64, 128), labels(batch, CLASSES)],
                 lambda network, x, y: nn.functional.cross_entropy(network(x), y), adam(network))


ROWS = {"RNN classifier": sequence_classifier(nn.RNN), "GRU classifier": sequence_classifier(nn.GRU),
        "LSTM classifier": sequence_classifier(nn.LSTM), "attention classifier": attention_classifier,
        "sequence tagger": lambda batch, _dropout: Tagger(batch), "transformer block": transformer}
