"""Reads what bench::write_check wrote: https://github.com/huggingface/safetensors, "Format"."""

import json
import struct
from pathlib import Path

import torch

TYPES = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64}


def read(path):
    """{name: tensor}"""
    data = Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    body, tensors = data[8 + size:], {}
    for name, entry in json.loads(data[8:8 + size]).items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        tensors[name] = torch.frombuffer(bytearray(body[begin:end]), dtype=TYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors
