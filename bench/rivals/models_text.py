"""bench/cases/models_text.cc in PyTorch."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from inputs import labels
from model import Model, adam

VOCABULARY, FIRST_WORD, LABELS = 5000, 2, 40
SENTENCES, WORDS = 20, 30


def documents(count):
    """Ids [documents, 20, 30]: 5 to 20 sentences of 5 to 30 words, then padding."""
    ids = torch.zeros(count * SENTENCES, WORDS, dtype=torch.int64)
    for place in range(count * SENTENCES):
        document, sentence = divmod(place, SENTENCES)
        if sentence < 5 + document * 7 % 16:
            for word in range(5 + place * 11 % 26):
                ids[place, word] = FIRST_WORD + (place * 131 + word * 17) % (VOCABULARY - FIRST_WORD)
    return ids.reshape(count, SENTENCES, WORDS)


def label_sets(count):
    return torch.tensor([float(i * 5 % 8 == 0) for i in range(count * LABELS)]).reshape(count, LABELS)


def loss_of_labels(network, x, y):
    return nn.functional.binary_cross_entropy_with_logits(network(x), y)


# ---- Hierarchical attention (Yang et al., NAACL 2016; Baumel et al., 2018), sentences and documents as packed sequences ----


class AttentionPool(nn.Module):
    def __init__(self, features, size):
        super().__init__()
        self.context = nn.Parameter(torch.empty(size).uniform_(-size ** -0.5, size ** -0.5))
        self.projection = nn.Linear(features, size)

    def forward(self, x, lengths):
        answers = torch.tanh(self.projection(x)) @ self.context
        inside = torch.arange(x.shape[1]) < lengths[:, None]
        weights = torch.softmax(answers.masked_fill(~inside, float("-inf")), 1)
        return torch.bmm(weights[:, None], x)[:, 0]


def run_packed(layer, x, lengths):
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    return pad_packed_sequence(layer(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class HierarchicalAttention(nn.Module):
    def __init__(self, embedding=64, hidden=32, attention=64, drop=0.3):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, embedding)
        self.words = nn.GRU(embedding, hidden, batch_first=True, bidirectional=True)
        self.word_attention = AttentionPool(2 * hidden, attention)
        self.sentences = nn.GRU(2 * hidden, hidden, batch_first=True, bidirectional=True)
        self.sentence_attention = AttentionPool(2 * hidden, attention)
        self.head = nn.Linear(2 * hidden, LABELS)
        self.drop = nn.Dropout(drop)

    def forward(self, documents):
        words = (documents != 0).sum(2)
        sentences = (words != 0).sum(1)
        present, lengths = documents[words != 0], words[words != 0]
        embedded = self.drop(self.embedding(present))
        vectors = self.word_attention(run_packed(self.words, embedded, lengths), lengths)
        rows = torch.zeros(*words.shape, vectors.shape[1])
        rows[words != 0] = vectors
        states = run_packed(self.sentences, rows, sentences)
        return self.head(self.drop(self.sentence_attention(states, sentences)))


def hierarchical_attention(batch, dropout):
    network = HierarchicalAttention(drop=0.3 if dropout else 0.0)
    return Model(network, [documents(batch), label_sets(batch)], loss_of_labels, adam(network))


# ---- Logistic regression on log(1 + how often a word occurs), of length 1 ----


class BagOfWords(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(VOCABULARY, LABELS)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, documents):
        ids = documents.flatten(1)
        counts = torch.zeros(len(ids), VOCABULARY).scatter_add_(1, ids, torch.ones(ids.shape))
        counts[:, :FIRST_WORD] = 0
        return self.linear(nn.functional.normalize(torch.log1p(counts), dim=1))


def bag_of_words(batch, _dropout):
    network = BagOfWords()
    return Model(network, [documents(batch), label_sets(batch)], loss_of_labels, adam(network))


# ---- Skip-gram with negative sampling (Mikolov et al., NIPS 2013) ----


class SkipGram(nn.Module):
    def __init__(self, dimensions=64):
        super().__init__()
        self.centre, self.context = nn.Embedding(VOCABULARY, dimensions), nn.Embedding(VOCABULARY, dimensions)
        nn.init.uniform_(self.centre.weight, -0.5 / dimensions, 0.5 / dimensions)
        nn.init.zeros_(self.context.weight)

    def forward(self, words):
        return self.centre(words)

    def loss(self, centres, contexts, negatives):
        others = torch.cat([contexts[:, None], negatives], 1)
        logits = torch.bmm(self.context(others), self.centre(centres)[:, :, None])[:, :, 0]
        wanted = torch.zeros_like(logits)
        wanted[:, 0] = 1
        return nn.functional.binary_cross_entropy_with_logits(logits, wanted) * others.shape[1]


def skip_gram(batch, _dropout, negatives=5):
    network, centres = SkipGram(), labels(batch, VOCABULARY)
    inputs = [centres, centres + 1, labels(batch * negatives, VOCABULARY).reshape(batch, negatives)]
    return Model(network, inputs, SkipGram.loss, adam(network, 1e-2))


ROWS = {"hierarchical attention": hierarchical_attention, "bag of words": bag_of_words, "skip-gram": skip_gram}
