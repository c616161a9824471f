"""A small training for each family of models, with its committed seal: what the bit matrix and the kills go through.

A family is a row of FAMILIES, a configuration tests/models/NAME.toml, and a line of tests/models/seals.txt (bit_matrix.py --write makes it). Data that
a configuration looks for in ${TESSERA_DATA} is made here, the same bytes everywhere: whole numbers, and divisions and square roots of them, which are exact
to the bit.
"""

import json
import math
import random
import struct
import tomllib
from dataclasses import dataclass

import journey
from journey import expect, seal_of

FOLDER = journey.ROOT / "tests" / "models"
SEALS = FOLDER / "seals.txt"


@dataclass(frozen=True)
class Family:
    name: str
    command: tuple = ("train",)  # that trains it: tessera COMMAND CONFIGURATION --store STORE

    @property
    def config(self):
        return FOLDER / f"{self.name}.toml"

    @property
    def epochs(self):
        return tomllib.loads(self.config.read_text())["training"]["epochs"]


FAMILIES = (
    Family("mlp"),
    Family("cnn"),
    Family("pointnet"),
    Family("voxel_network"),
    Family("autoencoder", ("generate", "train")),
    Family("gan", ("generate", "train")),
    Family("dcgan", ("generate", "train")),
    Family("recurrent"),
    Family("sequence_classifier"),
    Family("sequence_tagger"),
    Family("hierarchical_attention", ("code", "train")),
    Family("bag_of_words", ("code", "train")),
    Family("progressive", ("generate", "train")),
    Family("point_segmentation"),
    Family("pointnet_mean"),
    Family("pointnet_sum"),
    Family("bfloat16"),
    Family("rnn"),
    Family("attention"),
    Family("word_vectors", ("embed", "train")),
)


def families(names=()):
    """Those of these names, or all."""
    unknown = set(names) - {family.name for family in FAMILIES}
    expect(not unknown, f"there is no family {', '.join(unknown)}; there are: {', '.join(family.name for family in FAMILIES)}")
    return [family for family in FAMILIES if not names or family.name in names]


def committed_seals():
    """{name: seal}"""
    lines = [line.split() for line in SEALS.read_text().splitlines() if not line.startswith("#")]
    return dict(filter(None, lines))


def write_seals(seals):
    text = "".join(line + "\n" for line in SEALS.read_text().splitlines() if line.startswith("#"))
    SEALS.write_text(text + "".join(f"{name} {seal}\n" for name, seal in seals.items()))


# ---- Runs ----


def train_words(family, store):
    return [*family.command, family.config, "--store", store, "--quiet"]


def environment(data):
    return {"TESSERA_DATA": str(data)}


def train(tessera, family, data, *words):
    """The folder of a new run in the store, which must hold none."""
    tessera.run(*train_words(family, tessera.store), *words, env=environment(data))
    runs = tessera.runs()
    expect(len(runs) == 1, f"{family.name}: the training made {len(runs)} runs")
    return runs[0]


def seal_of_training(tessera, family, data, *words):
    return seal_of(train(tessera, family, data, *words))


# ---- Data ----


def make_data(folder):
    """Every file that a configuration of FAMILIES looks for in ${TESSERA_DATA}."""
    folder.mkdir(parents=True, exist_ok=True)
    write_shapes(folder)
    write_mushrooms(folder)
    write_bars(folder)
    write_sequences(folder)
    write_notes(folder)
    write_texts(folder)
    write_tags(folder)
    write_crosses(folder)


class Draw:
    """Whole numbers by chance; only random() is promised to give the same in every version of Python."""

    def __init__(self, seed):
        self.numbers = random.Random(seed)

    def below(self, bound):
        return int(self.numbers.random() * bound)

    def one_of(self, items):
        return items[self.below(len(items))]


def draw_point(shape, draw):
    x, y, z = ((draw.below(2001) - 1000) / 1000 for _ in range(3))
    length = math.sqrt(x * x + y * y + z * z) or 1.0
    return {"ball": (x / length, y / length, z / length), "plate": (x, y, 0.0), "rod": (0.0, 0.0, z)}[shape]


def write_npy(path, dtype, letter, shape, values):
    """As NumPy writes it; `letter` is struct's for the type."""
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{len(values)}{letter}", *values))


def write_shapes(folder, count=24, points=16):
    """Points on balls, plates and rods: float32 [shapes, points, 3] and a table of labels."""
    draw, shapes = Draw(11), ["ball", "plate", "rod"] * (count // 3)
    values = [number for shape in shapes for _ in range(points) for number in draw_point(shape, draw)]
    write_npy(folder / "shapes.npy", "<f4", "f", (count, points, 3), values)
    (folder / "shapes.csv").write_text("".join(line + "\n" for line in ["shape", *shapes]))


def write_mushrooms(folder, count=24, points=16):
    """Points on caps (upper halves of balls) and stems (rods below them), and of each point which it is of: [mushrooms, points, 3], [mushrooms, points]."""
    draw, values, parts = Draw(16), [], []
    for _ in range(count):
        size, length = 500 + draw.below(500), 800 + draw.below(800)
        for _ in range(points):
            stem = draw.below(2)
            x, y, z = draw_point("rod" if stem else "ball", draw)
            values += [0.1 * draw.below(2), 0.1 * draw.below(2), (abs(z) - 1) * length / 1000] if stem else [x * size / 1000, y * size / 1000, abs(z) * size / 1000]
            parts.append(stem)
    write_npy(folder / "mushrooms.npy", "<f4", "f", (count, points, 3), values)
    write_npy(folder / "mushroom_parts.npy", "|u1", "B", (count, points), parts)


def write_bars(folder, count=80, side=12):
    """Pictures of one bar each, as bytes in IDX: [pictures, 12, 12]."""
    draw, pixels = Draw(15), bytearray()
    for _ in range(count):
        across, place, grey = draw.below(2), draw.below(side - 2), 160 + draw.below(96)
        pixels += bytes(grey if place <= (i, j)[across] < place + 3 else 0 for i in range(side) for j in range(side))
    (folder / "bars.idx").write_bytes(b"\0\0\x08\x03" + struct.pack(">3I", count, side, side) + pixels)


def write_sequences(folder, count=64, times=9):
    """Sequences of 9 symbols, in one half or the other of which symbol 3 stands; that is their kind."""
    draw, lines = Draw(12), [",".join([*(f"t{time}" for time in range(times)), "kind"])]
    for number in range(count):
        symbols = [draw.one_of([0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11]) for _ in range(times)]
        symbols[number % 2 * 5 + draw.below(4)] = 3
        lines.append(",".join(map(str, [*symbols, number % 2])))
    (folder / "sequences.csv").write_text("".join(line + "\n" for line in lines))


FINDINGS = {"cough": "786.2", "pneumonia": "486", "reflux": "593.70"}
FILLERS = ["The examination was unremarkable.", "Further views may help.", "Seen in the morning, and once more after noon."]


def write_notes(folder, count=60):
    """Notes of made sentences with the codes of the findings in them."""
    draw, lines = Draw(13), []
    for number in range(count):
        found = [word for word in FINDINGS if draw.below(2)]
        sentences = [draw.one_of(FILLERS), *(f"There is {word} on the left." for word in found), *FILLERS[:draw.below(3)]]
        lines.append(json.dumps({"id": number, "text": "\n".join(sentences), "labels": [FINDINGS[word] for word in found]}))
    (folder / "notes.jsonl").write_text("".join(line + "\n" for line in lines))


WORDS = "the film book play was really very seen in room again".split()


def write_texts(folder, count=64):
    """Texts of 3 to 14 words; one is of the kind that the word says which stands in it, or of the other behind "not"."""
    draw, lines = Draw(14), ["text,kind"]
    for number in range(count):
        words = [draw.one_of(WORDS) for _ in range(1 + draw.below(12))]
        good, turned = number % 2, draw.below(2)
        lines.append(" ".join([*words, *["not"] * turned, "good" if good else "bad"]) + f",{good ^ turned}")
    (folder / "texts.csv").write_text("".join(line + "\n" for line in lines))


def write_tags(folder, count=64):
    """Sentences of 1 to 9 words; a number is a quantity before "mg"."""
    draw, lines = Draw(15), []
    for _ in range(count):
        for _ in range(1 + draw.below(4)):
            lines += [f"{10 + draw.below(90)}\tquantity", "mg\tquantity"] if draw.below(2) else [f"{draw.one_of(WORDS)}\tO"]
        lines += [f"{10 + draw.below(90)}\tO", ""]
    (folder / "tags.conll").write_text("".join(line + "\n" for line in lines))


def write_crosses(folder, count=80, side=16):
    """Pictures of crosses at chance, as bytes in IDX: [pictures, 16, 16]."""
    draw, pixels = Draw(14), bytearray()
    for _ in range(count):
        row, column, grey = draw.below(side), draw.below(side), 128 + draw.below(128)
        pixels += bytes(grey if row in (i, i - 1) or column == j else 0 for i in range(side) for j in range(side))
    (folder / "crosses.idx").write_bytes(b"\0\0\x08\x03" + struct.pack(">3I", count, side, side) + pixels)
