#!/usr/bin/env python3
"""Images made with the command-line tool: an autoencoder, a GAN and a DCGAN trained, verified and traced, one of them killed and resumed to one seal;
pictures that are PNG, the same for the same seed; a page with both losses.

Usage: generation.py PROGRAM
"""

import random
import struct
import sys
import zlib

import journey
from journey import expect, seal_of

CONFIG = """name = "bars"
[data]
images = "bars.idx"
[training]
epochs = {epochs}
batch = 16
[record]
checkpoint_every = 20
evaluate_every = 100
pictures = 9
[model]
"""
KINDS = {"autoencoder": "kind = 'autoencoder'\nnetwork = 'convolutional'\nchannels = [4]\ncode = 4\n",
         "gan": "kind = 'gan'\nhidden = [16]\nlatent = 4\n",
         "dcgan": "kind = 'dcgan'\nchannels = [4, 6]\nlatent = 4\n"}


def write_images(path):
    """100 images of 8x8 pixels with one bright bar each."""
    draw = random.Random(5)
    pixels = bytearray()
    for _ in range(100):
        row = draw.randrange(8)
        for y in range(8):
            pixels += bytes([255 if y == row else 0] * 8)
    path.write_bytes(struct.pack(">HBBIII", 0, 8, 3, 100, 8, 8) + pixels)


def size_of_png(path):
    """Width and height; the checksum and the length of the pixels are looked at, too."""
    data = path.read_bytes()
    expect(data.startswith(b"\x89PNG\r\n\x1a\n"), f"{path} is no PNG")
    chunks, at = {}, 8
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        expect(zlib.crc32(name + body) == struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0], f"{path}: {name} is damaged")
        chunks[name] = body
        at += 12 + length
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    expect(len(zlib.decompress(chunks[b"IDAT"])) == height * (width + 1), f"{path} has other pixels than it says")
    return width, height


def samples_of(tessera, scratch, run, *options):
    path = scratch / "samples.png"
    tessera.run("generate", "samples", run, "--store", tessera.store, "--out", path, *options)
    return path.read_bytes(), size_of_png(path)


def check_export(tessera, scratch, kind, network):
    """A network of a run for other programs; what there is not is said."""
    path = scratch / f"{kind}.onnx"
    words = ["export", kind, "--store", tessera.store, "--format", "onnx", "--output", path, "--network"]
    tessera.run(*words, network)
    expect(network.encode() in path.read_bytes(), f"{path} does not name the {network}")
    refused = tessera.run(*words, "painter", status=2)
    expect(f"'{network}'" in refused.stderr and "painter" in refused.stderr, refused.stderr)


def check_kind(tessera, scratch, kind):
    config = scratch / f"{kind}.toml"
    killing = kind == "dcgan"  # the others are killed with the models of model_runs.py
    config.write_text(CONFIG.format(epochs=300 if killing else 20) + KINDS[kind])
    store = ["--store", tessera.store, "--quiet"]
    tessera.run("generate", "train", config, *store, "--name", kind)
    seal = seal_of(tessera.store / kind)
    if killing:
        killed = journey.kill_in_the_middle(tessera, f"{kind}-killed", "generate", "train", config)
        tessera.run("resume", killed, *store, "--threads", "1")
        expect(seal_of(tessera.store / killed) == seal, f"{kind}: the resumed run has another seal")
        expect(samples_of(tessera, scratch, killed)[0] == samples_of(tessera, scratch, kind)[0], "the resumed run makes other samples")
    verified = tessera.run("verify", kind, *store, "--threads", "3")
    expect("identical: " in verified.stdout, verified.stdout)
    tessera.run("trace", kind, *store, "--from", "3", "--output", scratch / f"{kind}.trace")
    last = sorted((tessera.store / f"{kind}.pictures").iterdir())[-1]
    expect(size_of_png(last) == ((38, 28) if kind == "autoencoder" else (28, 28)), f"the picture is {size_of_png(last)}")
    expect(samples_of(tessera, scratch, kind, "--count", "9")[0] == last.read_bytes(), f"{kind}: other samples than in training")
    check_export(tessera, scratch, kind, "decoder" if kind == "autoencoder" else "generator")
    print(f"{kind}: seal {seal[:12]}{', killed and resumed to it' if killing else ''}, verified, traced; pictures as expected")


def run(program, scratch, _arguments):
    tessera = journey.Tessera(program, scratch / "runs")
    write_images(scratch / "bars.idx")
    for kind in KINDS:
        check_kind(tessera, scratch, kind)
    one, other = (samples_of(tessera, scratch, "gan", "--seed", seed)[0] for seed in ("1", "2"))
    expect(one != other, "two seeds make the same samples")
    page = scratch / "page.html"
    tessera.run("report", "gan", "--store", tessera.store, "--output", page)
    text = page.read_text()
    expect("Discriminator loss" in text and "Generator loss" in text, "the page does not show both losses")


if __name__ == "__main__":
    sys.exit(journey.main(run, __doc__))
