#!/usr/bin/env python3
"""Word vectors with the command-line tool: planted groups found, one seal over threads and backends, killed, resumed, verified, traced and taken apart;
texts encoded, alone and among others, and classified; exported in three formats; nothing of the texts in the record or on the screen.

Usage: word_vectors.py PROGRAM
"""

import csv
import json
import random
import struct
import sys

import journey
from journey import expect, seal_of

try:
    import numpy
    import onnxruntime
except ImportError:
    onnxruntime = None

GROUPS = {"lung": "cough wheeze airway breath".split(), "bone": "femur tibia joint fracture".split()}
FIRST_WORD = 2  # the id of a vocabulary's first word
CONFIG = """name = "made"
[data]
path = "texts.csv"
[model]
dimensions = 8
[training]
epochs = 12
batch = 64
learning_rate = 0.03
subsample = 0
[record]
checkpoint_every = 20
digest_every = 10
"""


def write_texts(path, count=300):
    draw = random.Random(8)
    with path.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["text", "part"])
        for _ in range(count):
            part = draw.choice(sorted(GROUPS))
            rows.writerow([" ".join(draw.choice([part, *GROUPS[part]]) for _ in range(6)), part])


def check_seals(tessera, config):
    store = ["--store", tessera.store]
    printed = tessera.run("embed", "train", config, *store, "--name", "whole").stdout
    seal = seal_of(tessera.store / "whole")
    expect("loss per pair" in printed and "untrained 4.1589" in printed, printed)
    for threads, backend in ((1, "cpu"), (7, "reference")):
        name = f"threads-{threads}"
        tessera.run("embed", "train", config, *store, "--name", name, "--quiet", "--threads", threads, "--backend", backend)
        expect(seal_of(tessera.store / name) == seal, f"{name}: another seal")
    killed = journey.kill_in_the_middle(tessera, "killed", "embed", "train", config, "--quiet")
    tessera.run("resume", killed, *store, "--quiet", "--threads", "3")
    expect(seal_of(tessera.store / killed) == seal, f"{killed}: the resumed run has another seal")
    expect("identical: " in tessera.run("verify", "whole", *store, "--quiet").stdout, "the run does not verify")
    tessera.run("trace", "whole", *store, "--from", "3", "--quiet", "--output", tessera.store.parent / "whole.trace")
    record = b"".join(path.read_bytes() for path in (tessera.store / "whole").rglob("*") if path.is_file())
    for word in [*GROUPS, *GROUPS["lung"], *GROUPS["bone"]]:
        expect(word.encode() not in record and word not in printed, f"'{word}' of the texts is in the record or on the screen")
    print(f"one seal {seal[:12]} over threads and backends, killed and resumed, verified and traced; no word of the texts in the record")


def check_nearest(tessera):
    store = ["--store", tessera.store]
    for part, words in GROUPS.items():
        lines = tessera.run("embed", "nearest", "whole", part.upper(), *store, "--count", "4").stdout.splitlines()
        expect({line.split()[1] for line in lines} == set(words), f"{part} is near {lines}")
        near = json.loads(tessera.run("embed", "nearest", "whole", part, *store, "--count", "4", "--json").stdout)
        expect([f"{entry['cosine']:.4f}  {entry['word']}" for entry in near] == lines, f"{near} and {lines}")
    answers = tessera.run("embed", "analogy", "whole", "cough", "wheeze", "femur", *store, "--count", "3").stdout.split()[1::2]
    expect(set(answers) < {"bone", *GROUPS["bone"]}, f"cough is to wheeze as femur is to {answers}")
    print("the planted groups are found")


def encoded(tessera, scratch, rows):
    """The lines of the CSV file for these texts."""
    with (scratch / "some.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([["text", "part"], *rows])
    result = tessera.run("embed", "encode", "whole", scratch / "some.csv", "--store", tessera.store, "--label", "part", "--output", scratch / "some-v.csv")
    return (scratch / "some-v.csv").read_text().splitlines()[1:], result.stderr


def check_encode(tessera, scratch):
    with (scratch / "texts.csv").open() as file:
        rows = list(csv.reader(file))[1:]
    all_lines, _ = encoded(tessera, scratch, rows)
    for place in (0, 7, len(rows) - 1):
        alone, _ = encoded(tessera, scratch, [rows[place]])
        expect(alone == [all_lines[place]], f"text {place} gets another vector alone: {alone[0]}")
    unknown, said = encoded(tessera, scratch, [["xyzzy", "bone"], *rows[:2]])
    expect(unknown[0] == "0," * 8 + "bone" and "1 texts have no word" in said, f"{unknown[0]}, {said}")
    encoded(tessera, scratch, rows)
    (scratch / "linear.toml").write_text('name = "linear"\n[data]\nformat = "csv"\npath = "some-v.csv"\nlabel_column = "part"\nheld_out = 0.25\n'
                                         '[[network]]\nlayer = "linear"\nunits = 2\n[training]\nepochs = 20\noptimizer = "adam"\nlearning_rate = 0.05\n')
    printed = tessera.run("train", scratch / "linear.toml", "--store", tessera.store, "--quiet").stdout
    expect("accuracy 1.0000" in printed, printed)
    print("texts encoded alone and among others have the same vectors; a linear layer tells their kinds")


def check_export(tessera, scratch):
    export = ["export", "whole", "--store", tessera.store, "--output"]
    tessera.run(*export, scratch / "words.txt", "--format", "word2vec")
    lines = (scratch / "words.txt").read_text().splitlines()
    expect(lines[0] == "10 8" and len(lines) == 11, lines[0])
    vectors = {line.split()[0]: [float(number) for number in line.split()[1:]] for line in lines[1:]}
    tessera.run(*export, scratch / "words.safetensors", "--format", "safetensors")
    data = (scratch / "words.safetensors").read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    begin, end = json.loads(data[8:8 + length])["centre"]["data_offsets"]
    table = struct.unpack(f"<{(end - begin) // 4}f", data[8 + length + begin:8 + length + end])
    names = [line.split("\t")[0] for line in (tessera.store / "whole.vocabulary.tsv").read_text().splitlines()[1:]]
    for row, name in enumerate(names, start=FIRST_WORD):
        written = struct.unpack("<8f", struct.pack("<8f", *vectors[name]))
        expect(table[8 * row:8 * row + 8] == written, f"{name}: the text has other numbers than the safetensors file")
    tessera.run(*export, scratch / "words.onnx", "--format", "onnx")
    if onnxruntime is not None:
        session = onnxruntime.InferenceSession((scratch / "words.onnx").read_bytes(), providers=["CPUExecutionProvider"])
        (found,) = session.run(["vectors"], {"words": numpy.array([[FIRST_WORD, FIRST_WORD + 3, 0]])})
        expect(tuple(float(x) for x in found[0, 1]) == table[8 * (FIRST_WORD + 3):8 * (FIRST_WORD + 4)], "onnxruntime gives another vector")
    print("word2vec's text, safetensors and ONNX have the same vectors")


def check_refusals(tessera, scratch):
    store = ["--store", tessera.store]
    said = tessera.run("embed", "nearest", "whole", "coug", *store, status=1).stderr
    expect("the word 'coug' is not among the 10 known ones (did you mean 'cough'?)" in said, said)
    said = tessera.run("embed", "nearest", "whole", "cough lung", *store, status=2).stderr
    expect("'cough lung' is 2 words, expected one" in said, said)
    said = tessera.run("export", "whole", *store, "--format", "onnx", "--network", "encoder", "--output", "x.onnx", status=2).stderr
    expect("is a run of one network" in said, said)
    vocabulary = tessera.store / "threads-1.vocabulary.tsv"
    text = vocabulary.read_text()
    vocabulary.write_text(text.replace("cough", "laugh"))
    said = tessera.run("embed", "nearest", "threads-1", "laugh", *store, status=4).stderr
    expect("not the run's vocabulary" in said, said)
    vocabulary.unlink()
    said = tessera.run("embed", "nearest", "threads-1", "cough", *store, status=3).stderr
    expect("the run's vocabulary is not there" in said, said)
    print("unknown words and other vocabularies are answered with a sentence")


def run(program, scratch, _arguments):
    tessera = journey.Tessera(program, scratch / "store")
    write_texts(scratch / "texts.csv")
    config = scratch / "made.toml"
    config.write_text(CONFIG)
    check_seals(tessera, config)
    check_nearest(tessera)
    check_encode(tessera, scratch)
    check_export(tessera, scratch)
    check_refusals(tessera, scratch)


if __name__ == "__main__":
    sys.exit(journey.main(run, __doc__))
