#!/usr/bin/env python3
"""gensim's Word2Vec on the texts that tessera_bench_word_vectors --texts wrote: words per second, and its vectors as a file.

Usage: word2vec.py TEXTS VECTORS.txt [--threads N] [--epochs N] [--dimensions N]
"""
import argparse
import time

import gensim

parser = argparse.ArgumentParser()
parser.add_argument("texts")
parser.add_argument("vectors")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--dimensions", type=int, default=100)
given = parser.parse_args()
with open(given.texts) as file:
    texts = [line.split() for line in file]
model = gensim.models.Word2Vec(vector_size=given.dimensions, window=5, min_count=5, sg=1, negative=5, sample=1e-3, workers=given.threads, seed=1)
model.build_vocab(texts)
start = time.perf_counter()
model.train(texts, total_examples=len(texts), epochs=given.epochs)
seconds = time.perf_counter() - start
words = sum(map(len, texts))
print(f"gensim {gensim.__version__}, {given.threads} threads: {given.epochs} passes over {words:,} words in {seconds:.1f} s, {given.epochs * words / seconds:,.0f} words/s")
model.wv.save_word2vec_format(given.vectors)
