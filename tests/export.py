#!/usr/bin/env python3
"""`tessera export` as others see it: the safetensors file taken apart by hand and given back to `predict`, the event file's records and check
sums read here (and by TensorBoard, where that package is installed), the ONNX file by onnxruntime where that is, with the classes that
`predict` says.

Usage: export.py PROGRAM
"""

import csv
import datetime
import io
import json
import struct
import sys

import journey
from journey import expect

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
except ImportError:
    EventAccumulator = None
try:
    import numpy
    import onnxruntime
except ImportError:
    onnxruntime = None

CSV = journey.ROOT / "data" / "digits.csv"


def crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def masked(value):
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(data):
    """The records of a TFRecord file; their check sums must hold."""
    while data:
        length, sum_of_length = struct.unpack("<QI", data[:12])
        record, (sum_of_record,) = data[12:12 + length], struct.unpack("<I", data[12 + length:16 + length])
        expect(masked(crc32c(data[:8])) == sum_of_length, "the check sum of a length")
        expect(masked(crc32c(record)) == sum_of_record, "the check sum of a record")
        yield record
        data = data[16 + length:]


def chain_scalars(run):
    """{name: [(step, float32 value)]} of the record's chain."""
    scalars = {}
    for line in (run / "chain.jsonl").read_text().splitlines():
        entry = json.loads(line)
        for name, value in entry.get("scalars", {}).items():
            number = struct.unpack("f", struct.pack("f", float.fromhex(value)))[0]
            scalars.setdefault(name, []).append((entry["step"], number))
    expect(scalars, "the chain has no scalars")
    return scalars


def check_events(tessera, run, scratch):
    tessera.run("export", run, "--format", "tensorboard", "--output", scratch / "events")
    (path,) = (scratch / "events").iterdir()
    scalars, data = chain_scalars(run), path.read_bytes()
    steps = {step for points in scalars.values() for step, _ in points}
    count = sum(1 for _ in records(data))
    expect(count == 1 + len(steps), f"{count} records for {len(steps)} steps")
    started = json.loads((run / "circumstances.json").read_text())["sessions"][0]["started"]
    begin = datetime.datetime.fromisoformat(started.replace("Z", "+00:00")).timestamp()
    for record in records(data):  # field 1 is the wall time
        (wall_time,) = struct.unpack("<d", record[1:9])
        expect(record[0] == 0x09 and begin <= wall_time < begin + 3600, f"the wall time {wall_time} of a run begun at {started}")
    tessera.run("export", run, "--format", "tensorboard", "--output", scratch / "events")
    expect(path.read_bytes() == data, "the second export has other bytes")
    if EventAccumulator is None:
        return f"{count} records (tensorboard is not installed)"
    reader = EventAccumulator(str(path.parent), size_guidance={"scalars": 0})
    reader.Reload()
    expect(sorted(reader.Tags()["scalars"]) == sorted(scalars), f"tags: {reader.Tags()['scalars']}")
    for name, points in scalars.items():
        expect([(event.step, event.value) for event in reader.Scalars(name)] == points, f"the values of {name}")
    return f"{count} records, read by tensorboard"


def check_safetensors(tessera, run, scratch):
    path = scratch / "weights.safetensors"
    tessera.run("export", run, "--format", "safetensors", "--output", path)
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    seal = json.loads((run / "seal.json").read_text())["seal"]
    expect(header["__metadata__"]["tessera.seal"] == seal, "the seal in the metadata")
    expect("0.weight" in header, f"the names: {sorted(header)}")
    own = tessera.run("predict", run, CSV).stdout
    other = tessera.train("--set", "seed=9")
    expect(tessera.run("predict", other, CSV).stdout != own, "another seed predicts the same")
    expect(tessera.run("predict", other, CSV, "--weights", path).stdout == own, "the weights of the file predict otherwise")
    return own


def check_onnx(tessera, run, scratch, predicted):
    path = scratch / "network.onnx"
    tessera.run("export", run, "--format", "onnx", "--output", path)
    data = path.read_bytes()
    tessera.run("export", run, "--format", "onnx", "--output", path)
    expect(path.read_bytes() == data, "the second export has other bytes")
    if onnxruntime is None:
        return "onnxruntime is not installed"
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    metadata = session.get_modelmeta().custom_metadata_map
    classes, scale = json.loads(metadata["tessera.classes"]), float(metadata["tessera.scale"])
    with CSV.open() as file:
        rows = [[float(value) for name, value in row.items() if name != "digit"] for row in csv.DictReader(file)]
    features = (numpy.array(rows, dtype=numpy.float32) / numpy.float32(scale)).reshape(-1, *session.get_inputs()[0].shape[1:])
    scores = session.run(["scores"], {"features": features})[0]
    found = [classes[int(best)] for best in scores.argmax(axis=1)]
    expected = [row["prediction"] for row in csv.DictReader(io.StringIO(predicted))]
    expect(found == expected, "onnxruntime predicts other classes")
    return f"onnxruntime predicts the same {len(found)} classes"


def export(program, scratch, _):
    tessera = journey.Tessera(program, scratch / "runs")
    run = tessera.train()
    print(f"event file: {check_events(tessera, run, scratch)}")
    predicted = check_safetensors(tessera, run, scratch)
    print("safetensors: the weights of a file predict as the run that they came from")
    print(f"ONNX: {check_onnx(tessera, run, scratch, predicted)}")
    with (run / "chain.jsonl").open("a") as chain:
        chain.write("{}\n")
    result = tessera.run("export", run, "--format", "onnx", "--output", scratch / "no.onnx", status=None)
    expect(result.returncode != 0 and not (scratch / "no.onnx").exists(), "the network of a damaged record was written")
    print("the network of a damaged record is not written")


if __name__ == "__main__":
    sys.exit(journey.main(export, __doc__))
