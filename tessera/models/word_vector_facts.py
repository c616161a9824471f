#!/usr/bin/env python3
"""Writes word_vector_facts_file_test.inc, a small file of word vectors, and word_vector_facts_test.inc, what gensim says of it: the words nearest to some,
and answers to analogies.

    python3 word_vector_facts.py      # needs gensim; the tests need the tables only
"""
from pathlib import Path

import gensim
from gensim.models import KeyedVectors

FOLDER, WORDS, DIMENSIONS = Path(__file__).parent, 40, 12


def number(row, column):
    """In eighths, so that the decimals are exact; no two cosines are equal."""
    return ((37 * row * row + 101 * column + 13 * row * column * column) % 127 - 63) / 8


def main():
    lines = [f"{WORDS} {DIMENSIONS}"]
    lines += [" ".join([f"word{row}", *(f"{number(row, column)}" for column in range(DIMENSIONS))]) for row in range(WORDS)]
    text = "".join(line + "\n" for line in lines)
    (FOLDER / "word_vector_facts_file_test.inc").write_text(f'R"({text})"\n')
    path = Path("/tmp/word_vector_facts.txt")
    path.write_text(text)
    vectors = KeyedVectors.load_word2vec_format(str(path))
    path.unlink()
    questions = [[f"word{i}"] for i in (0, 7, 39)] + [["word1", "word2", "word3"], ["word20", "word5", "word30"]]
    out = f"// Written by word_vector_facts.py with gensim {gensim.__version__}.\n"
    for question in questions:
        found = (vectors.most_similar(question[0], topn=8) if len(question) == 1 else
                 vectors.most_similar(positive=question[1:], negative=question[:1], topn=8))
        names = ", ".join(f'"{word}"' for word in question)
        answers = ", ".join(f'{{"{word}", {cosine!r}}}' for word, cosine in found)
        out += f"{{{{{names}}}, {{{answers}}}}},\n"
    (FOLDER / "word_vector_facts_test.inc").write_text(out)


if __name__ == "__main__":
    main()
