"""bench/cases/models_sequences.cc in PyTorch."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from inputs import labels, normal
from model import Model, adam, seconds_of

VOCABULARY, TIMES, FEATURES, CLASSES = 5000, 50, 64, 10


class SequenceClassifier(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, FEATURES)
        self.recurrent = kind(FEATURES, FEATURES, batch_first=True)
        self.head = nn.Linear(FEATURES, CLASSES)
        self.packed = False

    def states(self, ids, lengths):
        """[N, T, features], zeros past the length. In one direction the padding behind a sequence does not change its states."""
        x = self.embedding(ids)
        if self.packed:
            packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            return pad_packed_sequence(self.recurrent(packed)[0], batch_first=True, total_length=ids.shape[1])[0]
        inside = torch.arange(ids.shape[1]) < lengths[:, None]
        return self.recurrent(x)[0] * inside[:, :, None]

    def forward(self, ids, lengths):
        return self.head(self.states(ids, lengths).sum(1) / lengths[:, None])


class SequenceModel(Model):
    """Packed or padded sequences, whichever is faster here: training is timed once with each, and so are predictions."""

    def __init__(self, kind, batch):
        ids, lengths = labels(batch * TIMES, VOCABULARY).reshape(batch, TIMES), torch.tensor([10 + i * 7 % (TIMES - 9) for i in range(batch)])
        network = SequenceClassifier(kind)
        super().__init__(network, [ids, lengths, labels(batch, CLASSES)],
                         lambda network, ids, lengths, y: nn.functional.cross_entropy(network(ids, lengths), y), adam(network))
        self.choose(lambda: self.loss(network, *self.inputs).backward())

    def choose(self, work):
        times = {}
        for packed in (False, True):
            self.network.packed = packed
            times[packed] = seconds_of(work)
        self.network.packed = times[True] < times[False]

    def predict(self):
        return self.network(*self.inputs[:2])

    def evaluate(self):
        super().evaluate()
        with torch.inference_mode():
            self.choose(self.predict)


def sequence_classifier(kind):
    return lambda batch, _dropout: SequenceModel(kind, batch)


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
        "LSTM classifier": sequence_classifier(nn.LSTM), "transformer block": transformer}
