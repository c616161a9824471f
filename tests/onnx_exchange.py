#!/usr/bin/env python3
"""Models that Tessera exported, run by onnxruntime and checked by onnx: every layer and every model of the library, with the outputs that the
network itself gave. Needs the packages onnx, onnxruntime and numpy; status 77 (skipped) without them.

Usage: onnx_exchange.py TESSERA_INTERCHANGE_TEST TESSERA_CLI_TEST
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77
# Both compute in float32, in different orders; the outputs are of the order of one.
LARGEST = 2e-6


def check(folder, name):
    """The largest difference of one model, relative to the largest output."""
    model = onnx.load(folder / f"{name}.onnx")
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(str(folder / f"{name}.onnx"), providers=["CPUExecutionProvider"])
    tensors = {}
    for part in ("input", "output"):
        tensor = onnx.TensorProto()
        tensor.ParseFromString((folder / f"{name}.{part}.pb").read_bytes())
        tensors[part] = onnx.numpy_helper.to_array(tensor)
    found = session.run(None, {session.get_inputs()[0].name: tensors["input"]})[0]
    assert found.shape == tensors["output"].shape, f"{name}: shape {found.shape}, expected {tensors['output'].shape}"
    return float(numpy.max(numpy.abs(found - tensors["output"])) / numpy.max(numpy.abs(tensors["output"])))


def main(programs):
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"TESSERA_EXCHANGE_FOLDER": folder}
        for program in programs:
            subprocess.run([program, "--gtest_filter=OnnxExchange.*:Models/ExportOfModels.*"], env=environment, check=True,
                           stdout=subprocess.DEVNULL)
        names = sorted(path.stem for path in Path(folder).glob("*.onnx"))
        wrong = 0
        for name in names:
            difference = check(Path(folder), name)
            wrong += difference > LARGEST
            print(f"{name:26} {difference:.1e}{'  TOO LARGE' if difference > LARGEST else ''}")
    assert names, "no model was exported"
    print(f"{len(names)} models, onnxruntime {onnxruntime.__version__}: {wrong} differ by more than {LARGEST}")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        import numpy
        import onnx
        import onnx.numpy_helper
        import onnxruntime
    except ImportError as error:
        print(f"skipped: {error}")
        sys.exit(SKIPPED)
    sys.exit(main(sys.argv[1:]))
