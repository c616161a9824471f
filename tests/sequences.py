#!/usr/bin/env python3
"""Texts and tagged sentences with the command-line tool: trained, killed in mid-epoch, resumed and verified to one seal on any number of threads;
predicted, evaluated, swept and reported; wrong data answered with a sentence.

Usage: sequences.py PROGRAM
"""

import csv
import json
import subprocess
import sys

import journey
from journey import expect, seal_of

try:
    import numpy
    import onnxruntime
except ImportError:
    onnxruntime = None

EXAMPLES = journey.ROOT / "examples" / "train"
DATA = journey.ROOT / "data"
FIRST_WORD = 2  # the id of a vocabulary's first word, behind a first line
LONG = ["--set", "training.epochs=20", "--set", "record.checkpoint_every=10", "--set", "record.digest_every=10"]


def one_seal(tessera, config):
    store = ["--store", tessera.store]
    whole = f"whole-{config.stem}"
    tessera.run("train", config, *store, "--name", whole, "--quiet", *LONG)
    seal = seal_of(tessera.store / whole)
    for threads, backend in ((1, "cpu"), (7, "reference")):
        name = f"{config.stem}-{threads}"
        tessera.run("train", config, *store, "--name", name, "--quiet", *LONG, "--threads", threads, "--backend", backend)
        expect(seal_of(tessera.store / name) == seal, f"{name}: another seal")
    killed = journey.kill_in_the_middle(tessera, f"killed-{config.stem}", "train", config, "--quiet", *LONG)
    tessera.run("resume", killed, *store, "--quiet", "--threads", "3")
    expect(seal_of(tessera.store / killed) == seal, f"{killed}: the resumed run has another seal")
    verified = tessera.run("verify", whole, *store, "--quiet", "--threads", "2", "--spot", "2")
    expect("identical: " in verified.stdout, verified.stdout)
    tessera.run("trace", whole, *store, "--from", "3", "--quiet", "--output", tessera.store.parent / f"{whole}.trace")
    print(f"{config.stem}: one seal {seal[:12]} over threads and backends, killed and resumed, verified and traced")
    return whole


def check_onnx(tessera, scratch, run, texts):
    """The run's network as ONNX; where onnxruntime is, it gives these texts' probabilities of 'praise'."""
    path = scratch / f"{run}.onnx"
    tessera.run("export", run, "--store", tessera.store, "--format", "onnx", "--output", path)
    expect(path.stat().st_size > 0, f"{path} is empty")
    if onnxruntime is None or not texts:
        return
    rows = (tessera.store / f"{run}.vocabulary.tsv").read_text().splitlines()[1:]
    ids = {row.split("\t")[0]: i for i, row in enumerate(rows, start=FIRST_WORD)}
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    classes = json.loads(session.get_modelmeta().custom_metadata_map["tessera.classes"])
    words = [[ids[word] for word in text.split()] for text, _ in texts]
    longest = max(len(row) for row in words) + 3  # padding changes nothing
    (scores,) = session.run(["scores"], {"words": numpy.array([row + [0] * (longest - len(row)) for row in words])})
    for row, (text, expected) in zip(scores, texts):
        shares = numpy.exp(row - row.max())
        found = float(shares[classes.index("praise")] / shares.sum())
        expect(abs(found - expected) < 1e-5, f"onnxruntime gives '{text}' the probability {found}, predict {expected}")
    print(f"ONNX: onnxruntime gives {len(texts)} texts the same probabilities")


def use_texts(tessera, scratch, run):
    store = ["--store", tessera.store]
    said = tessera.run("predict", run, *store, "--text", "The film was NOT good", "--gates").stdout
    expect(said.startswith("* ") and "  blame\n" in said.splitlines(keepends=True)[0], said)
    expect([line.split()[0] for line in said.splitlines()[4:]] == ["The", "film", "was", "NOT", "good"], said)
    expect("zebra?" in tessera.run("predict", run, *store, "--text", "a zebra", "--gates").stdout, "an unknown word is not marked")
    texts = scratch / "new.txt"
    texts.write_text("the film was not good\nthe film was not bad\n")
    rows = list(csv.DictReader(tessera.run("predict", run, *store, texts).stdout.splitlines()))
    expect([row["prediction"] for row in rows] == ["blame", "praise"], f"other predictions: {rows}")
    alone = scratch / "alone.txt"
    alone.write_text("the film was not bad\n")
    row = next(csv.DictReader(tessera.run("predict", run, *store, alone).stdout.splitlines()))
    expect(row["probability_praise"] == rows[1]["probability_praise"], "a prediction depends on what stands beside it")
    evaluated = tessera.run("evaluate", run, DATA / "sentiment.csv", *store)
    expect("accuracy  1.0000" in evaluated.stdout and "only the 375 held-out" in evaluated.stderr, evaluated.stdout + evaluated.stderr)
    mean = tessera.run("train", EXAMPLES / "sentiment.toml", *store, "--name", "mean", "--quiet", "--set", "network.2.layer=time_pool",
                       "--set", "network.2.units=").stdout
    expect(float(mean.split("accuracy ")[1].split(",")[0]) < 0.8, f"the mean of words knows what 'not' turns around: {mean}")
    compared = tessera.run("compare", run, "mean", *store).stdout
    expect("time_pool" in compared, compared)
    rows = [(text, float(row["probability_praise"])) for text, row in zip(texts.read_text().splitlines(), rows)]
    check_onnx(tessera, scratch, run, rows)
    check_onnx(tessera, scratch, "mean", [])
    tessera.run("export", run, *store, "--format", "safetensors", "--output", scratch / "x.safetensors")
    tessera.run("predict", run, *store, "--weights", scratch / "x.safetensors", alone)


def use_tags(tessera, scratch, run):
    store = ["--store", tessera.store]
    said = tessera.run("predict", run, *store, "--text", "give 20 mg from 4 May 2017 on .").stdout
    tags = [line.split()[1] for line in said.splitlines()[1:]]
    expect(tags == ["O", "B-QUANTITY", "I-QUANTITY", "O", "B-DATE", "I-DATE", "I-DATE", "O", "O"], said)
    words = scratch / "words.conll"
    words.write_text("room\n20\n\n20\nmg\n")
    rows = list(csv.DictReader(tessera.run("predict", run, *store, words).stdout.splitlines()))
    expect([row["sentence"] for row in rows] == ["1", "1", "2", "2"] and rows[3]["word"] == "mg", f"other rows: {rows}")
    check_onnx(tessera, scratch, run, [])
    expect("B-DATE" in tessera.run("evaluate", run, DATA / "quantities.conll", *store).stdout, "no table of tags")


def report_and_sweep(tessera, scratch, runs):
    store = ["--store", tessera.store]
    tessera.run("report", *runs, "mean", *store, "--output", scratch / "page.html")
    page = (scratch / "page.html").read_text()
    expect("Words are shown as the network reads them" in page, "the report shows no missed text")
    sweep = scratch / "sweep.toml"
    sweep.write_text(f"base = '{EXAMPLES / 'sentiment.toml'}'\nmethod = 'grid'\n[[parameter]]\nkey = 'network.2.units'\nvalues = [4, 8]\n")
    for _ in range(2):  # the second time nothing is left to do
        swept = tessera.run("sweep", sweep, *store, "--quiet", "--set", "training.epochs=1")
        expect("network.2.units" in swept.stdout, swept.stdout)


WRONG = {  # name of the file: its bytes, and what is said
    "empty.csv": (b"", "the file is empty, expected a header and texts"),
    "column.csv": (b"txt,label\na,b\n", "there is no column 'text'"),
    "nul.csv": (b"text,label\na\0b,1\n", "nul.csv:2: found a NUL byte"),
    "utf8.csv": (b"text,label\na\xff,1\n", "utf8.csv:2: found bytes that are not UTF-8"),
}


def wrong_data(tessera, scratch, run):
    store = ["--store", tessera.store]
    for name, (content, said) in WRONG.items():
        (scratch / name).write_bytes(content)
        result = tessera.run("train", EXAMPLES / "sentiment.toml", *store, "--name", "wrong", "--set", f"data.path={scratch / name}",
                             status=1)
        expect(said in result.stderr, f"{name}: {result.stderr}")
    unseen = scratch / "unseen.csv"
    unseen.write_text("text,label\ngood,perhaps\n")
    expect("found the label 'perhaps'" in tessera.run("evaluate", run, unseen, *store, status=1).stderr, "an unseen label is taken")
    long = scratch / "long.csv"
    long.write_text("text,label\n" + "good " * 250000 + ",praise\n")
    expect("accuracy" in tessera.run("evaluate", run, long, *store).stdout, "a line of a megabyte is not read")
    print("wrong data are refused by name and line")


def run(program, scratch, _arguments):
    subprocess.run([sys.executable, DATA / "make_sentences.py", scratch], check=True)
    for name in ("sentiment.csv", "quantities.conll"):
        expect((scratch / name).read_bytes() == (DATA / name).read_bytes(), f"make_sentences.py makes another {name}")
    tessera = journey.Tessera(program, scratch / "runs")
    texts, tags = (one_seal(tessera, EXAMPLES / f"{name}.toml") for name in ("sentiment", "tags"))
    use_texts(tessera, scratch, texts)
    use_tags(tessera, scratch, tags)
    print("predictions do not depend on what stands beside them; gates and tags as expected")
    report_and_sweep(tessera, scratch, [texts, tags])
    print("reported and swept")
    wrong_data(tessera, scratch, texts)


if __name__ == "__main__":
    sys.exit(journey.main(run, __doc__))
