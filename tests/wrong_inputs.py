#!/usr/bin/env python3
"""What the tool says to wrong inputs: every command with at least five of them, compared with wrong_inputs.txt.

Usage: wrong_inputs.py PROGRAM           compares
       wrong_inputs.py PROGRAM --write   writes wrong_inputs.txt anew (read the difference before committing it)

Every message must be on standard error and name what was wrong; the status must not be 0; standard output stays empty, except
for the commands in SPEAKS_ANYWAY, whose lines there are marked with '| ' in the transcript.
"""

import difflib
import os
import re
import shutil
import struct
import subprocess
import sys

import journey
from journey import expect

TRANSCRIPT = journey.ROOT / "tests" / "wrong_inputs.txt"

GOOD = """name = "tiny"
seed = 1
[data]
format = "csv"
path = "tiny.csv"
label_column = "kind"
shape = [2]
held_out = 0.25
[[network]]
layer = "linear"
units = 2
[training]
epochs = 2
batch = 4
optimizer = "sgd"
learning_rate = 0.1
"""

TABLE = "a,b,kind\n" + "".join(f"{i % 3},{i % 5},{i % 2}\n" for i in range(24))


def variant(old, new):
    expect(old in GOOD, f"{old!r} is not in the good configuration")
    return GOOD.replace(old, new)


FILES = {
    "good.toml": GOOD,
    "tiny.csv": TABLE,
    "empty.toml": "",
    "typing.toml": variant("batch = 4", 'batch = "four"'),
    "bounds.toml": variant("batch = 4", "batch = 0"),
    "unknown.toml": variant("learning_rate", "lerning_rate"),
    "broken.toml": variant("[data]", "[data"),
    "layer.toml": variant('layer = "linear"', 'layer = "liner"'),
    "nodata.toml": variant("tiny.csv", "missing.csv"),
    "ragged.toml": variant("tiny.csv", "ragged.csv"),
    "ragged.csv": "a,b,kind\n1,2,0\n1,0\n",
    "words.toml": variant("tiny.csv", "words.csv"),
    "words.csv": "a,b,kind\n1,2,0\n1,two,1\n",
    "nan.toml": variant("tiny.csv", "nan.csv"),
    "nan.csv": "a,b,kind\n1,2,0\n1,nan,1\n",
    "huge.toml": variant("tiny.csv", "huge.csv"),
    "huge.csv": "a,b,kind\n1,2,0\n1,1e39,1\n",
    "none.csv": "",
    "bare.csv": "1,2,x\n2,1,y\n3,2,x\n4,1,y\n",
    "narrow.csv": "a,kind\n1,0\n2,1\n",
    "semicolons.csv": "a;b\n1;2\n",
    "unclosed.csv": "a,b\n1,\"2\n",
    "twins.csv": "id,b\n1,2\n2,3\n1,4\n5\n",
    "header.csv": "a,b,kind\n",
    "blank.csv": "\na,b,kind\n1,2,0\n",
    "infinite.csv": TABLE + "1,-inf,0\n",
    "alone.csv": "kind\n0\n1\n",
    "texts.toml": "[data]\nformat = 'text'\npath = 'texts.csv'\ntext_column = 'text'\nlabel_column = 'kind'\n"
                  "[[network]]\nlayer = 'embedding'\nfeatures = 2\n[[network]]\nlayer = 'gru'\nunits = 2\n"
                  "[training]\nepochs = 1\nlearning_rate = 0.1\n",
    "embed.toml": "[data]\npath = 'texts.csv'\n[model]\ndimensions = 4\n[training]\nepochs = 1\n",
    "texts.csv": "text,kind\n" + "a good film,1\na bad film,0\n" * 8,
    "nul.csv": "text,kind\na\0b,1\n",
    "latin.csv": "text,kind\na good caf\xe9,1\n",
    "tags.toml": "[data]\nformat = 'tags'\npath = 'tags.conll'\n[[network]]\nlayer = 'embedding'\nfeatures = 2\n"
                 "[[network]]\nlayer = 'gru'\nunits = 2\n[training]\nepochs = 1\nlearning_rate = 0.1\n",
    "tags.conll": "a O\nb P\n\n" * 8,
    "ragged.conll": "a O\nb X O\n",
    "notes.toml": "[data]\nformat = \"json-lines\"\npath = \"missing.jsonl\"\n",
    "images.toml": "[data]\nimages = \"missing.idx\"\n[model]\nkind = \"gan\"\n",
    "empty.idx": "",
    "broken.jsonl": "{\"id\": 1, \"text\": \"a\", \"labels\": []}\n{\"id\": 2, \"text\": \"of somebody",
    "short.idx": "\0\0\x08\x01\0\0\0\x05ab",
    "public.key": "not a key\n",
    "cifar.toml": variant('format = "csv"\npath = "tiny.csv"\nlabel_column = "kind"\nshape = [2]',
                          'format = "cifar10"\nfiles = ["none.csv"]'),
    "sweep.toml": "base = 'good.toml'\nmethod = 'grid'\n[[parameter]]\nkey = 'training.batch'\nvalues = [4]\n",
    "sweep_key.toml": "base = 'good.toml'\nmethod = 'grid'\n[[parameter]]\nkey = 'training.bach'\nvalues = [4]\n",
    "sweep_base.toml": "base = 'missing.toml'\nmethod = 'grid'\n[[parameter]]\nkey = 'training.batch'\nvalues = [4]\n",
    "sweep_range.toml": "base = 'good.toml'\n[[parameter]]\nkey = 'training.batch'\nlowest = 4\nhighest = 8\n",
}



def npy(shape, values):
    """A file of float32 numbers as NumPy writes it, in the encoding of FILES."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return (b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{len(values)}f", *values)).decode("latin-1")


FILES |= {
    "flat.npy": npy((4,), [0, 1, 2, 3]),
    "nan.npy": npy((2, 1, 2), [0, 1, float("nan"), 3]),
    "bright.npy": npy((2, 1, 2), [0, 1, 2, 256]),
}

# One list of words per case, by command. RUN is a good run, COPY a copy of it that a case may damage first, FIT a good run of a fit.
CASES = {
    "": [[], ["trian"], ["--threads", "2"], ["key"], ["code"], ["generate"], ["embed"], ["trian", "good.toml"], ["help", "trian"]],
    "train": [
        ["train"], ["train", "missing.toml"], ["train", "empty.toml"], ["train", "typing.toml"], ["train", "bounds.toml"],
        ["train", "unknown.toml"], ["train", "broken.toml"], ["train", "layer.toml"], ["train", "nodata.toml"],
        ["train", "ragged.toml"], ["train", "words.toml"], ["train", "nan.toml"],
        ["train", "huge.toml"], ["train", "cifar.toml"], ["train", "cifar.toml", "--set", 'data.files=["tiny.csv"]'],
        ["train", "cifar.toml", "--set", "data.files=[]"],
        ["train", "good.toml", "--set", "training.bach=8"], ["train", "good.toml", "--set", "training.batch"],
        ["train", "good.toml", "--set", "training.batch=lots"], ["train", "good.toml", "--threads", "0"],
        ["train", "good.toml", "--thread", "2"], ["train", "good.toml", "--backend", "cuda"],
        ["train", "good.toml", "--simd", "sse9"], ["train", "good.toml", "--store", "tiny.csv"],
        ["train", "good.toml", "--name", "../up"], ["train", "good.toml", "--key", "missing.key"],
        ["train", "good.toml", "extra.toml"],
        ["train", "texts.toml", "--set", "data.text_column=txt"], ["train", "texts.toml", "--set", "data.path=none.csv"],
        ["train", "texts.toml", "--set", "data.path=nul.csv"], ["train", "texts.toml", "--set", "data.path=latin.csv"],
        ["train", "texts.toml", "--set", "data.path=good.toml"], ["train", "texts.toml", "--set", "data.min_count=99"],
        ["train", "texts.toml", "--set", "network.1.entries=3"], ["train", "texts.toml", "--set", "network.2.output=all"],
        ["train", "texts.toml", "--set", "network.1.layer=linear", "--set", "network.1.features=", "--set", "network.1.units=2"],
        ["train", "tags.toml"], ["train", "tags.toml", "--set", "data.path=ragged.conll"],
        ["train", "tags.toml", "--set", "data.path=none.csv"], ["train", "tags.toml", "--set", "data.stratified=true"]],
    "sweep": [
        ["sweep"], ["sweep", "missing.toml"], ["sweep", "empty.toml"], ["sweep", "good.toml"], ["sweep", "sweep_key.toml"],
        ["sweep", "sweep_base.toml"], ["sweep", "sweep_range.toml"], ["sweep", "sweep.toml", "--set", "data.held_out=0"],
        ["sweep", "sweep.toml", "--store", "tiny.csv"], ["sweep", "sweep.toml", "--thread", "2"]],
    "predict": [
        ["predict"], ["predict", "RUN"], ["predict", "no-such-run", "tiny.csv"], ["predict", "RUN", "missing.csv"],
        ["predict", "RUN", "none.csv"], ["predict", "RUN", "narrow.csv"], ["predict", "RUN", "words.csv"],
        ["predict", "RUN", "short.idx"], ["predict", "RUN", "tiny.csv", "--ouput", "x"],
        ["predict", "RUN", "--text", "a film"], ["predict", "RUN", "tiny.csv", "--text", "a film"],
        ["predict", "RUN", "tiny.csv", "--gates"], ["predict", "RUN", "tiny.csv", "--output", "runs/run/chain.jsonl"],
        ["predict", "RUN", "tiny.csv", "--output", "runs/run/new.csv"],
        ["predict", "RUN", "tiny.csv", "--query", "SELECT 1"], ["predict", "FIT", "tiny.csv", "--query", "SELECT 1"],
        ["predict", "FIT", "postgresql://me:hush@127.0.0.1:1/clinic"], ["predict", "FIT", "jdbc:postgresql://127.0.0.1:1/clinic?password=hush"],
        ["predict", "FIT", "infinite.csv"], ["predict", "FIT", "alone.csv"], ["predict", "FIT", "blank.csv"]],
    "export": [
        ["export"], ["export", "RUN"], ["export", "RUN", "--format", "pickle", "--output", "x"],
        ["export", "RUN", "--format", "onnx"], ["export", "no-such-run", "--format", "onnx", "--output", "x"],
        ["predict", "RUN", "tiny.csv", "--weights", "tiny.csv"]],
    "analyse": [
        ["analyse", "host=127.0.0.1 password=hush"], ["analyse", " postgresql://me:hush@127.0.0.1/clinic"], ["analyse"], ["analyse", "missing.csv"], ["analyse", "none.csv"], ["analyse", "tiny.csv", "--target", "knd"],
        ["analyse", "tiny.csv", "--target", "kind", "--task", "both"], ["analyse", "words.csv", "--target", "b", "--task", "numbers"],
        ["analyse", "semicolons.csv"], ["analyse", "unclosed.csv"], ["analyse", "ragged.csv"], ["analyse", "header.csv", "--target", "kind"],
        ["analyse", "tiny.csv", "--columns", "a,b"], ["analyse", "tiny.csv", "--columns", "a,,b"], ["analyse", "flat.npy", "--columns", "a"],
        ["analyse", "tiny.csv", "--separator", "ab"], ["analyse", "tiny.csv", "--format", "cvs"], ["analyse", "tiny.csv", "--query", "SELECT 1"],
        ["analyse", "tiny.csv", "--labels", "short.idx"], ["analyse", "short.idx"], ["analyse", "tiny.csv", "--format", "sqlite"],
        ["analyse", "tiny.csv", "--format", "sqlite", "--query", "SELECT * FROM t"], ["analyse", "nan.npy"], ["analyse", "bright.npy", "--target", "a"],
        ["analyse", "postgresql://me@127.0.0.1:1/clinic"], ["analyse", "postgres://127.0.0.1:1/clinic", "--query", "SELECT 1", "--format", "csv"],
        ["analyse", "postgres://127.0.0.1:1/clinic", "--query", "SELECT 1", "--columns", "a"],
        ["analyse", "flat.npy", "--labels", "flat.npy"], ["analyse", "tiny.csv", "--output", "no/such/page.html"],
        ["analyse", "tiny.csv", "--outptu", "page.html"]],
    "evaluate": [
        ["evaluate"], ["evaluate", "RUN"], ["evaluate", "no-such-run", "tiny.csv"], ["evaluate", "RUN", "missing.csv"],
        ["evaluate", "RUN", "header.csv"], ["evaluate", "RUN", "words.csv"], ["evaluate", "RUN", "tiny.csv", "--labels", "tiny.csv"],
        ["evaluate", "RUN", "tiny.csv", "--thread", "2"],
        ["evaluate", "RUN", "tiny.csv", "--query", "SELECT 1"], ["evaluate", "FIT", "tiny.csv", "--query", "SELECT 1"],
        ["evaluate", "FIT", "postgresql://me:hush@127.0.0.1:1/clinic"], ["evaluate", "FIT", "infinite.csv"], ["evaluate", "FIT", "alone.csv"]],
    "verify": [
        ["verify"], ["verify", "no-such-run"], ["verify", "tiny.csv"], ["verify", "RUN", "--from", "-1"],
        ["verify", "RUN", "--from", "100000"], ["verify", "RUN", "--trust", "missing.pub"],
        ["verify", "RUN", "--spot", "0"], ["verify", "RUN", "--spot", "2", "--from", "3"], ["verify", "RUN", "--seed", "2"],
        ["verify", "RUN", "--spot", "2", "--share", "1 %"], ["verify", "RUN", "--spot", "2", "--share", "0"],
        ["verify", "RUN", "--trust", "public.key"], ["verify", "RUN", "--treads", "2"],
        ["verify", "COPY:unsealed"], ["verify", "COPY:claim"], ["verify", "COPY:chain"], ["verify", "COPY:checkpoint"],
        ["verify", "COPY:circumstances"], ["verify", "COPY:shortened"]],
    "resume": [
        ["resume"], ["resume", "no-such-run"], ["resume", "RUN"], ["resume", "RUN", "--threads", "many"], ["resume", "tiny.csv"],
        ["resume", "COPY:claim"], ["resume", "RUN", "--csv", "c.csv"]],
    "runs": [
        ["runs", "--where", "accuracy >"], ["runs", "--where", "acuracy > 0.5"], ["runs", "--where", "(accuracy > 0.5"],
        ["runs", "--where", "accuracy > 0.5 nad seed = 1"], ["runs", "--sotre", "x"], ["runs", "tiny.csv"],
        ["runs", "--store", "tiny.csv"]],
    "show": [
        ["show"], ["show", "no-such-run"], ["show", "tiny.csv"], ["show", "RUN", "--steps", "few"], ["show", "RUN", "--json5"],
        ["show", "COPY:claim"]],
    "compare": [
        ["compare"], ["compare", "RUN"], ["compare", "RUN", "no-such-run"], ["compare", "RUN", "runs/run/."],
        ["compare", "RUN", "tiny.csv"], ["compare", "RUN", "COPY:shortened", "--jsn"],
        ["compare", "RUN", "--store", "missing-store"]],
    "report": [
        ["report"], ["report", "no-such-run"], ["report", "tiny.csv"], ["report", "RUN", "RUN"], ["report", "RUN", "--output"],
        ["report", "RUN", "--output", "missing-folder/a.html"], ["report", "RUN", "--output", "runs"],
        ["report", "RUN", "--outputs", "a.html"], ["report", "RUN", "--threads", "0"],
        ["report", "COPY:chain", "--output", "damaged.html"]],
    "visualise": [
        ["visualise"], ["visualise", "no-such-run"], ["visualise", "tiny.csv"], ["visualise", "RUN"],
        ["visualise", "RUN", "--method", "guidet"], ["visualise", "RUN", "--layer", "0"], ["visualise", "RUN", "--maps", "many"],
        ["visualise", "RUN", "--ouput", "x"], ["visualise", "COPY:chain"], ["visualise", "COPY:checkpoint"]],
    "selftest": [
        ["selftest", "--backend", "gpu"], ["selftest", "--threads", "-3"], ["selftest", "--simd", "avx1024"],
        ["selftest", "--tabel"], ["selftest", "now"]],
    "doctor": [["doctor", "python4"], ["doctor", "--json5"], ["doctor", "-x"], ["doctor", "--threads", "2"], ["doctor", ""]],
    "code train": [
        ["code", "train"], ["code", "train", "missing.toml"], ["code", "train", "good.toml"], ["code", "train", "notes.toml"],
        ["code", "train", "notes.toml", "--set", "model.embeding=8"], ["code", "train", "notes.toml", "--set", "model.drop=lots"],
        ["code", "train", "notes.toml", "--set", "data.path=broken.jsonl"], ["code", "train", "notes.toml", "--thread", "2"]],
    "code evaluate": [
        ["code", "evaluate"], ["code", "evaluate", "no-such-run"], ["code", "evaluate", "RUN"], ["code", "evaluate", "tiny.csv"],
        ["code", "evaluate", "RUN", "--vocabulry", "x"]],
    "code predict": [
        ["code", "predict"], ["code", "predict", "RUN"], ["code", "predict", "RUN", "tiny.csv"],
        ["code", "predict", "no-such-run", "tiny.csv"], ["code", "predict", "RUN", "tiny.csv", "--format", "pdf"],
        ["code", "predict", "RUN", "tiny.csv", "--codes", "many"]],
    "generate train": [
        ["generate", "train"], ["generate", "train", "missing.toml"], ["generate", "train", "empty.toml"],
        ["generate", "train", "good.toml"], ["generate", "train", "images.toml"],
        ["generate", "train", "images.toml", "--set", "data.images=empty.idx"],
        ["generate", "train", "images.toml", "--set", "data.images=short.idx"],
        ["generate", "train", "images.toml", "--set", "data.images=flat.npy"],
        ["generate", "train", "images.toml", "--set", "data.images=nan.npy"],
        ["generate", "train", "images.toml", "--set", "data.images=bright.npy"],
        ["generate", "train", "images.toml", "--set", "data.images=tiny.csv"],
        ["generate", "train", "images.toml", "--set", "model.latnt=8"],
        ["generate", "train", "images.toml", "--set", "model.channels=[8]"],
        ["generate", "train", "images.toml", "--set", "model.hidden=[]"],
        ["generate", "train", "images.toml", "--set", "model.kind=vae"], ["generate", "train", "images.toml", "--thread", "2"]],
    "generate samples": [
        ["generate", "samples"], ["generate", "samples", "RUN"], ["generate", "samples", "RUN", "--out", "x.png"],
        ["generate", "samples", "no-such-run", "--out", "x.png"], ["generate", "samples", "tiny.csv", "--out", "x.png"],
        ["generate", "samples", "RUN", "--out", "x.png", "--count", "0"],
        ["generate", "samples", "RUN", "--out", "x.png", "--seed", "x"]],
    "embed train": [
        ["embed", "train"], ["embed", "train", "missing.toml"], ["embed", "train", "empty.toml"], ["embed", "train", "good.toml"],
        ["embed", "train", "embed.toml", "--set", "data.path=missing.csv"], ["embed", "train", "embed.toml", "--set", "data.path=none.csv"],
        ["embed", "train", "embed.toml", "--set", "data.path=nul.csv"], ["embed", "train", "embed.toml", "--set", "data.path=latin.csv"],
        ["embed", "train", "embed.toml", "--set", "data.path=flat.npy"], ["embed", "train", "embed.toml", "--set", "data.text_column=txt"],
        ["embed", "train", "embed.toml", "--set", "text.min_count=1000"], ["embed", "train", "embed.toml", "--set", "text.top=1"],
        ["embed", "train", "embed.toml", "--set", "model.dimension=8"], ["embed", "train", "embed.toml", "--set", "model.window=0"],
        ["embed", "train", "embed.toml", "--set", "training.subsample=2"], ["embed", "train", "embed.toml", "--set", "training.learning_rate=nan"],
        ["embed", "train", "embed.toml", "--thread", "2"]],
    "embed nearest": [
        ["embed", "nearest"], ["embed", "nearest", "RUN"], ["embed", "nearest", "RUN", "good"], ["embed", "nearest", "no-such-run", "good"],
        ["embed", "nearest", "tiny.csv", "good"], ["embed", "nearest", "RUN", "good", "--count", "0"], ["embed", "nearest", "RUN", "good", "--jsn"]],
    "embed analogy": [
        ["embed", "analogy"], ["embed", "analogy", "RUN", "good", "bad"], ["embed", "analogy", "RUN", "good", "bad", "film"],
        ["embed", "analogy", "no-such-run", "good", "bad", "film"], ["embed", "analogy", "RUN", "good", "bad", "film", "--count", "many"]],
    "embed encode": [
        ["embed", "encode"], ["embed", "encode", "RUN"], ["embed", "encode", "RUN", "texts.csv"],
        ["embed", "encode", "RUN", "texts.csv", "--output", "x-v.csv"], ["embed", "encode", "no-such-run", "texts.csv", "--output", "x-v.csv"],
        ["embed", "encode", "RUN", "texts.csv", "--output", "missing-folder/x.csv"]],
    "fit": [
        ["fit"], ["fit", "gausian_nb"], ["fit", "gaussian_nb"], ["fit", "gaussian_nb", "tiny.csv"], ["fit", "gausian_nb", "tiny.csv", "--target", "kind"],
        ["fit", "gaussian_nb", "missing.csv", "--target", "kind"], ["fit", "gaussian_nb", "none.csv", "--target", "kind"],
        ["fit", "gaussian_nb", "tiny.csv", "--target", "knd"], ["fit", "gaussian_nb", "tiny.csv", "--target", "kind", "--set", "var_smothing=1"],
        ["fit", "gaussian_nb", "tiny.csv", "--target", "kind", "--set", "var_smoothing=x"], ["fit", "gaussian_nb", "tiny.csv", "--target", "kind", "--set", "alpha"],
        ["fit", "gaussian_nb", "tiny.csv", "--target", "kind", "--set", "data.test=2"], ["fit", "gaussian_nb", "tiny.csv", "--target", "kind", "--set", "data.tst=0.1"],
        ["fit", "gaussian_nb", "tiny.csv", "--target", "kind", "--set", "model.estimator=x"], ["fit", "gaussian_nb", "tiny.csv", "--target", "kind", "--set", "data.target=a"], ["fit", "k_means", "tiny.csv", "--target", "kind"],
        ["fit", "k_means"], ["fit", "k_means", "tiny.csv", "--set", "evaluate.folds=3"], ["fit", "pca", "tiny.csv", "--set", "features.categories=target"],
        ["fit", "gaussian_nb", "tiny.csv", "--target", "kind", "--set", "data.columns=a,kind"], ["fit", "gaussian_nb", "tiny.csv", "--target", "kind", "--set", "data.columns=a,kind", "--set", "data.header=true"],
        ["fit", "gaussian_nb", "tiny.csv", "--target", "kind", "--set", "data.columns=a,b,kind"], ["fit", "gaussian_nb", "tiny.csv", "--target", "kind", "--set", "data.columns=A,B,kind"],
        ["fit", "gaussian_nb", "tiny.csv", "--target", "kind", "--set", "data.columns=a,b, ,kind"], ["fit", "gaussian_nb", "tiny.csv", "--target", "kind", "--set", "data.columns=a,b,kind", "--set", "data.header=True"],
        ["fit", "gaussian_nb", "flat.npy", "--target", "column_1", "--set", "data.missing=?"], ["fit", "gaussian_nb", "tiny.csv", "--target", "kind", "--no-header"],
        ["fit", "gaussian_nb", "bare.csv", "--target", "kind"], ["fit", "gaussian_nb", "blank.csv", "--target", "kind"],
        ["fit", "gaussian_nb", "infinite.csv", "--target", "kind"], ["fit", "ridge", "infinite.csv", "--target", "b"], ["fit", "ridge", "nan.csv", "--target", "b"],
        ["fit", "gaussian_nb", "latin.csv", "--target", "kind"],
        ["fit", "gaussian_nb", "postgresql://me@127.0.0.1:1/clinic", "--target", "kind"], ["fit", "gaussian_nb", "postgresql://me:hush@x@127.0.0.1:1/clinic", "--target", "kind"],
        ["fit", "gaussian_nb", "postgresql+psycopg2://me:hush@127.0.0.1:1/clinic", "--target", "kind"],
        ["fit", "gaussian_nb", "tiny.csv", "--target", "kind", "--set", "data.query=SELECT 1"], ["fit", "gaussian_nb", "PostgreSQL://127.0.0.1:1/x?sslpassword=hush", "--target", "kind"],
        ["fit", "gaussian_nb", "tiny.csv", "--target", "kind", "--set", "data.separator=x"],
        ["fit", "gaussian_nb", "tiny.csv", "--target", "kind", "--taget", "kind"], ["fit", "--parameters"],
        ["fit", "pipeline_classifier", "tiny.csv", "--target", "kind", "--set", "steps=standard_scaler, gausian_nb"], ["fit", "pipeline_classifier", "tiny.csv", "--target", "kind", "--set", "steps=gaussian_nb, gaussian_nb"],
        ["fit", "pipeline_classifier", "tiny.csv", "--target", "kind", "--set", "select_k_best__k=2"],
        ["fit", "target_encoder", "none.csv"], ["fit", "target_encoder", "none.csv", "--target", "kind"], ["fit", "exhaustive_selection", "none.csv", "--target", "kind"]],
    "search": [
        ["search"], ["search", "gaussian_nb"], ["search", "gaussian_nb", "tiny.csv"], ["search", "gausian_nb", "tiny.csv", "--target", "kind", "--grid", "a=1"],
        ["search", "gaussian_nb", "missing.csv", "--target", "kind", "--grid", "var_smoothing=1"], ["search", "gaussian_nb", "none.csv", "--target", "kind", "--grid", "var_smoothing=1"],
        ["search", "gaussian_nb", "tiny.csv", "--target", "kind"], ["search", "gaussian_nb", "tiny.csv", "--target", "kind", "--grid", "var_smoothing"], ["search", "gaussian_nb", "tiny.csv", "--target", "kind", "--grid", "var_smothing=1"], ["search", "gaussian_nb", "tiny.csv", "--target", "kind", "--grid", "var_smoothing=1,x"], ["search", "gaussian_nb", "tiny.csv", "--target", "kind", "--grid", "var_smoothing=1,,2"],
        ["search", "gaussian_nb", "tiny.csv", "--target", "kind", "--grid", "var_smoothing=1", "--grid", "var_smoothing=2"], ["search", "gaussian_nb", "tiny.csv", "--target", "kind", "--range", "var_smoothing=1..2"], ["search", "gaussian_nb", "tiny.csv", "--target", "kind", "--random", "3", "--range", "var_smoothing=2..1"],
        ["search", "gaussian_nb", "tiny.csv", "--target", "kind", "--random", "3", "--range", "var_smoothing=0..1:log"], ["search", "gaussian_nb", "tiny.csv", "--target", "kind", "--random", "3", "--step-by-step", "--grid", "var_smoothing=1"],
        ["search", "gaussian_nb", "tiny.csv", "--target", "kind", "--grid", "features.scale=true,false"], ["search", "gaussian_nb", "tiny.csv", "--target", "kind", "--grid", "var_smoothing=1", "--score", "acuracy"], ["search", "gaussian_nb", "tiny.csv", "--target", "kind", "--grid", "var_smoothing=1", "--set", "evaluate.folds=0"],
        ["search", "gaussian_nb", "tiny.csv", "--target", "kind", "--grid", "var_smoothing=1", "--csv", "missing-folder/c.csv"], ["search", "gaussian_nb", "tiny.csv", "--target", "kind", "--gird", "var_smoothing=1"], ["search", "k_means", "tiny.csv", "--target", "kind", "--grid", "seed=1"],
        ["search", "gaussian_nb", "postgresql://me:hush@127.0.0.1:1/clinic", "--target", "kind", "--grid", "var_smoothing=1"],
        ["search", "gaussian_nb", "infinite.csv", "--target", "kind", "--grid", "var_smoothing=1,2"],
        ["search", "k_means", "tiny.csv", "--grid", "seed=1"], ["search", "woe_encoder", "tiny.csv", "--target", "kind", "--grid", "a=1"]],
    "ingest": [
        ["ingest"], ["ingest", "tiny.csv"], ["ingest", "missing.csv", "x.sqlite", "t"], ["ingest", "none.csv", "x.sqlite", "t"],
        ["ingest", "semicolons.csv", "x.sqlite", "t"], ["ingest", "unclosed.csv", "x.sqlite", "t"],
        ["ingest", "tiny.csv", "tiny.csv", "t"], ["ingest", "tiny.csv", "missing-folder/x.sqlite", "t"],
        ["ingest", "tiny.csv", "x.sqlite", "t", "--unique", "knd"], ["ingest", "tiny.csv", "x.sqlite", "t", "--batch", "0"],
        ["ingest", "tiny.csv", "x.sqlite", "t", "--separator", "comma"], ["ingest", "tiny.csv", "x.sqlite", "t", "--uniqe", "a"],
        ["ingest", "tiny.csv", "x.sqlite", "t", "--rejected", "missing-folder/r.csv"],
        ["ingest", "twins.csv", "twins.sqlite", "t", "--unique", "id", "--quiet"],
        ["ingest", "narrow.csv", "twins.sqlite", "t", "--quiet"]],
    "generate evaluate": [
        ["generate", "evaluate"], ["generate", "evaluate", "RUN"], ["generate", "evaluate", "no-such-run"],
        ["generate", "evaluate", "tiny.csv"], ["generate", "evaluate", "RUN", "--count", "1"], ["generate", "evaluate", "RUN", "--sed", "2"]],
    "key new": [
        ["key", "new"], ["key", "now", "a.key"], ["key", "new", "existing.key"], ["key", "new", "missing-folder/a.key"],
        ["key", "new", "a.key", "b.key"], ["key", "new", "--force", "a.key"]],
    "trace": [
        ["trace"], ["trace", "RUN"], ["trace", "no-such-run", "--from", "1"], ["trace", "RUN", "--from", "0"],
        ["trace", "RUN", "--from", "3", "--to", "2"], ["trace", "RUN", "--from", "9", "--to", "99"],
        ["trace", "RUN", "--from", "2", "--output", "good.trace"], ["trace", "RUN", "--from", "2", "--output", "tiny.csv/here.trace"],
        ["trace", "RUN", "--from", "2", "--values", "--no-values"], ["trace", "RUN", "--form", "2"],
        ["trace", "good.trace", "--from", "2"], ["trace", "COPY:chain", "--from", "2"]],
    "diff": [
        ["diff"], ["diff", "RUN"], ["diff", "RUN", "no-such-run"], ["diff", "RUN", "tiny.csv"], ["diff", "RUN", "RUN", "RUN"],
        ["diff", "RUN", "RUN", "--jsn"], ["diff", "RUN", "COPY:chain"], ["diff", "COPY:claim", "RUN"],
        ["diff", "RUN", "cut.trace"], ["diff", "good.trace", "changed.trace"], ["diff", "good.trace", "later.trace"],
        ["show", "RUN", "--ops"]],
}

# Commands that fail and still have something to say on standard output.
SPEAKS_ANYWAY = [["ingest", "twins.csv", "twins.sqlite", "t", "--unique", "id", "--quiet"],  # all but the refused are in the table
                 ["show", "COPY:claim"],  # what is left to show of a damaged record
                 ["report", "COPY:chain", "--output", "damaged.html"],
                 ["diff", "RUN", "COPY:chain"], ["diff", "COPY:claim", "RUN"]]  # the damage is the answer


def flip(path, position):
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(bytes(data))


def damage(run, how):
    if how == "unsealed":
        (run / "seal.json").unlink()
    elif how == "claim":
        flip(run / "claim.json", 20)
    elif how == "chain":
        flip(run / "chain.jsonl", len((run / "chain.jsonl").read_bytes()) // 2)
    elif how == "circumstances":
        flip(run / "circumstances.json", 30)
    elif how == "checkpoint":
        flip(sorted((run / "checkpoints").iterdir())[0], -1)
    elif how == "shortened":
        lines = (run / "chain.jsonl").read_text().splitlines(keepends=True)
        (run / "chain.jsonl").write_text("".join(lines[:-2]))


def make_traces(scratch, call):
    """A good trace, one that was cut short, one in which a digit was changed, and one of another step."""
    for step, name in ((2, "good"), (3, "later")):
        made = call(["trace", "runs/run", "--from", f"{step}", "--output", f"{name}.trace", "--quiet"])
        expect(made.returncode == 0, f"no trace of step {step}: {made.stderr}")
    lines = (scratch / "good.trace" / "trace.jsonl").read_text().splitlines(keepends=True)
    changed = re.sub(r'"root":"(.)', lambda found: '"root":"' + ("1" if found[1] == "0" else "0"), lines[3])
    for name, text in (("cut", lines[:-3]), ("changed", lines[:3] + [changed] + lines[4:])):
        shutil.copytree(scratch / "good.trace", scratch / f"{name}.trace")
        (scratch / f"{name}.trace" / "trace.jsonl").write_text("".join(text))


def anonymous(text, scratch):
    """What may differ between machines is replaced: paths, hashes, process numbers."""
    text = text.replace(str(scratch), "SCRATCH").replace(str(scratch.resolve()), "SCRATCH")
    text = re.sub(r"\b[0-9a-f]{64}\b", "<sha256>", text)
    text = re.sub(r"\b(process |tmp-)\d+", r"\1<number>", text)
    text = re.sub(r"\b(avx512, avx2|avx2|neon)(?=[,)]|$)", "<levels>", text) if "available" in text else text
    return text


def transcript(program, scratch):
    for name, text in FILES.items():
        (scratch / name).write_bytes(text.encode("latin-1"))
    (scratch / "existing.key").write_text("keep me")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TESSERA_")}

    def call(words):
        return subprocess.run([program, *words], cwd=scratch, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, timeout=300)

    made = call(["train", "good.toml", "--name", "run"])
    expect(made.returncode == 0, f"the good configuration does not train: {made.stderr}")
    made = call(["fit", "gaussian_nb", "tiny.csv", "--target", "kind", "--name", "fit", "--quiet"])
    expect(made.returncode == 0, f"the good fit fails: {made.stderr}")
    make_traces(scratch, call)
    lines, copies = [], 0
    for command, cases in CASES.items():
        expect(len(cases) >= 5, f"'{command}' has fewer than five wrong inputs")
        for words in cases:
            shown, actual = [], []
            for word in words:
                if word in ("RUN", "FIT"):
                    word = f"runs/{word.lower()}"
                elif word.startswith("COPY:"):
                    copies += 1
                    copy = scratch / "damaged" / f"{copies}"
                    copy.parent.mkdir(exist_ok=True)
                    subprocess.run(["cp", "-r", str(scratch / "runs" / "run"), str(copy)], check=True)
                    damage(copy, word[5:])
                    shown.append(f"<run with {word[5:]} damaged>")
                    actual.append(f"damaged/{copies}")
                    continue
                shown.append(word if word and " " not in word else f"'{word}'")
                actual.append(word)
            result = call(actual)
            expect(result.returncode > 0, f"tessera {' '.join(words)} ended with status {result.returncode}")
            speaks = words in SPEAKS_ANYWAY
            expect(bool(result.stdout) == speaks,
                   f"tessera {' '.join(words)}: standard output should be {'used' if speaks else 'empty'}: {result.stdout}")
            expect(result.stderr or speaks, f"tessera {' '.join(words)} says nothing on standard error")
            lines.append(f"$ tessera {' '.join(shown)}".rstrip())
            lines += [f"| {line}".rstrip() for line in anonymous(result.stdout, scratch).splitlines()]
            lines += anonymous(result.stderr, scratch).splitlines()
            lines.append(f"[status {result.returncode}]")
            lines.append("")
    expect((scratch / "existing.key").read_text() == "keep me", "an existing key was replaced")
    left = sorted(path.name for path in (scratch / "runs").iterdir() if path.is_dir() and path.name not in ("run", "fit"))
    expect(not left, f"refused trainings left folders behind: {left}")
    return "\n".join(lines)


def wrong_inputs(program, scratch, arguments):
    found = transcript(str(journey.Path(program).resolve()), scratch)
    if "--write" in arguments:
        TRANSCRIPT.write_text(found)
        print(f"wrote {TRANSCRIPT}: {found.count('$ tessera')} wrong inputs")
        return 0
    expected = TRANSCRIPT.read_text()
    difference = list(difflib.unified_diff(expected.splitlines(), found.splitlines(), "wrong_inputs.txt", "now", lineterm=""))
    expect(not difference, "the tool answers wrong inputs otherwise than before:\n" + "\n".join(difference))
    print(f"{found.count('$ tessera')} wrong inputs, answered as before")
    return 0


if __name__ == "__main__":
    sys.exit(journey.main(wrong_inputs, __doc__))
