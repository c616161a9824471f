#!/usr/bin/env python3
"""Record batches of pyarrow through Tessera's tables and back, in one process, by Arrow's C data interface.

Usage: arrow_exchange.py MODULE     MODULE is the shared library of arrow_exchange.cc; status 77 where there is no pyarrow

pyarrow of the interpreter that runs this, or of .venv-bench, is used.
"""

import ctypes
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

try:
    import pyarrow as pa
    from pyarrow.cffi import ffi
except ImportError:
    other = ROOT / ".venv-bench" / "bin" / "python"
    if other.exists() and Path(sys.prefix).resolve() != (ROOT / ".venv-bench").resolve():
        os.execv(other, [str(other), __file__, *sys.argv[1:]])
    print("skipped: no pyarrow (pip install pyarrow cffi)")
    sys.exit(77)


def round_trip(module, batch):
    """(batch that came back, digest), or None where it was refused."""
    made = [ffi.new("struct ArrowSchema*"), ffi.new("struct ArrowArray*"), ffi.new("struct ArrowSchema*"), ffi.new("struct ArrowArray*")]
    places = [int(ffi.cast("uintptr_t", each)) for each in made]
    batch._export_to_c(places[1], places[0])
    digest = ctypes.create_string_buffer(65)
    status = module.tessera_arrow_round_trip(*[ctypes.c_void_p(place) for place in places], digest)
    if status != 0:
        return None
    return pa.RecordBatch._import_from_c(places[3], places[2]), digest.value.decode()


def expect(condition, what):
    if not condition:
        raise SystemExit(f"FAILED: {what}")


def main():
    module = ctypes.CDLL(sys.argv[1])
    numbers = {str(kind): pa.array([1, None, 3], kind) for kind in
               (pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64(), pa.uint64(), pa.float32(), pa.float64())}
    numbers["bool"] = pa.array([True, None, False])
    numbers["half"] = pa.array([0.5, None, -2], pa.float32()).cast(pa.float16())
    batch = pa.RecordBatch.from_pydict({
        **numbers, "nan": pa.array([float("nan"), 1.0, None]), "text": pa.array(["oak", None, "Zoë, \"x\""]),
        "large": pa.array(["", "a", "b"], pa.large_string()), "null": pa.nulls(3),
        "kind": pa.array(["b", "a", None]).dictionary_encode()})
    back, digest = round_trip(module, batch)
    back.validate(full=True)
    for name, column in zip(batch.schema.names, batch.columns):
        expected = [None if value == "" else value for value in column.to_pylist()]  # an empty text is missing
        found = back.column(name).to_pylist()
        if name == "nan":
            expect(str(found) == str(expected), f"{name}: {found}, expected {expected}")
        else:
            expect(found == expected, f"{name}: {found}, expected {expected}")
    expect(pa.types.is_dictionary(back.schema.field("kind").type), "categories came back as another type")
    sliced, _ = round_trip(module, batch.slice(1, 2))
    expect(sliced.column("text").to_pylist() == [None, "Zoë, \"x\""], "a slice has other texts")
    expect(sliced.column("kind").to_pylist() == ["a", None], "a slice has other categories")
    expect(sliced.column("bool").to_pylist() == [None, 0.0], "a slice has other flags")
    _, digest_again = round_trip(module, back)
    expect(digest_again == digest, "what came back has another digest")
    dates = pa.RecordBatch.from_pydict({"day": pa.array([0], pa.date32())})
    expect(round_trip(module, dates) is None, "dates were taken")
    print(f"pyarrow {pa.__version__}: {len(batch.schema.names)} columns there and back, slices, and a refusal")
    return 0


if __name__ == "__main__":
    sys.exit(main())
