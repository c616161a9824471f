#!/usr/bin/env python3
"""Writes sentiment.csv and quantities.conll, made sentences for networks over words, beside this file.

Usage: make_sentences.py [FOLDER]

Both are the same on every machine: only random() of a seeded generator is drawn from, whose values Python keeps.
"""

import random
import sys
from pathlib import Path

draw = random.Random(20170313)


def one_of(choices):
    return choices[int(draw.random() * len(choices))]


# ---- Sentences that praise or do not, where "not" turns around what follows ----

GOOD = "good great lovely funny fresh clever warm".split()
BAD = "bad dull awful sad stale silly cold".split()
THINGS = "the film,the book,the food,the play,the music,this hotel,the room,our guide,the story".split(",")


def adjective(praise):
    return one_of(GOOD if praise else BAD)


def clause(praise):
    form = int(draw.random() * 8)
    thing = one_of(THINGS)
    if form <= 1:
        return f"{thing} was {one_of(['', 'really ', 'very '])}{adjective(praise)}"
    if form == 2:
        return f"{thing} was not {adjective(not praise)}"
    if form == 3:
        return f"{thing} was not {adjective(not praise)} but {adjective(praise)}"
    if form == 4:
        return f"{thing} was {adjective(praise)} and not {adjective(not praise)}"
    if form == 5:
        return f"i {'liked' if praise else 'hated'} {thing}"
    if form == 6:
        return f"i did not {'hate' if praise else 'like'} {thing}"
    return f"nobody said that {thing} was {adjective(not praise)}"


def sentiment():
    yield "text,label"
    made = set()
    while len(made) < 1500:
        praise = draw.random() < 0.5
        text = clause(praise)
        if draw.random() < 0.3:
            text += f" {one_of(['and', 'so'])} {clause(praise)}"
        if text not in made:  # so that no sentence stands on both sides of a split
            made.add(text)
            yield f"{text},{'praise' if praise else 'blame'}"


# ---- Sentences with dates, quantities and other numbers, a tag for each word ----

MONTHS = "January February March April May June July August September October November December".split()
UNITS = "mg ml tablets weeks days hours people beds".split()


def number(low, high):
    return str(low + int(draw.random() * (high - low + 1)))


def date():
    form = int(draw.random() * 4)
    year, month, day = number(1990, 2024), 1 + int(draw.random() * 12), number(1, 28)
    if form == 0:
        return [f"{year}-{month:02}-{int(day):02}"]
    if form == 1:
        return [day, MONTHS[month - 1], year]
    if form == 2:
        return [MONTHS[month - 1], year]
    return [year]


def quantity():
    amount = number(1990, 2024) if draw.random() < 0.2 else number(2, 60)  # a number that could be a year
    return [amount, one_of(UNITS)]


def tagged(words, kind):
    return [(word, ("I-" if i else "B-") + kind if kind else "O") for i, word in enumerate(words)]


def plain(text):
    return tagged(text.split(), "")


def tagged_sentence():
    form = int(draw.random() * 7)
    if form == 0:
        return [*plain("give"), *tagged(quantity(), "QUANTITY"), *plain("from"), *tagged(date(), "DATE"), *plain("on .")]
    if form == 1:
        return [*plain("seen in room"), *tagged([number(1, 60)], "NUMBER"), *plain("on"), *tagged(date(), "DATE"), *plain(".")]
    if form == 2:
        return [*plain("it may take"), *tagged(quantity(), "QUANTITY"), *plain(", not"), *tagged(quantity(), "QUANTITY"), *plain(".")]
    if form == 3:
        return [*tagged(quantity(), "QUANTITY"), *plain("were there in"), *tagged(date(), "DATE"), *plain(".")]
    if form == 4:
        return [*plain("see page"), *tagged([number(1, 2024)], "NUMBER"), *plain("of the report of"), *tagged(date(), "DATE"), *plain(".")]
    if form == 5:
        return [*tagged(date(), "DATE"), *plain(": patient"), *tagged([number(100, 2024)], "NUMBER"), *plain("has slept"),
                *tagged(quantity(), "QUANTITY"), *plain(".")]
    return [*plain("nothing may be said before"), *tagged(date(), "DATE"), *plain("about case"), *tagged([number(1, 60)], "NUMBER"),
            *plain(".")]


def tags():
    for _ in range(900):
        yield from (f"{word}\t{tag}" for word, tag in tagged_sentence())
        yield ""


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    (folder / "sentiment.csv").write_text("\n".join(sentiment()) + "\n")
    (folder / "quantities.conll").write_text("\n".join(tags()))


if __name__ == "__main__":
    main()
