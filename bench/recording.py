"""What a record costs, and what its verification costs: one training with and without the record (bench/recording_main.cc), and
`tessera verify` beside `tessera train`, both in interleaved rounds."""

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROUNDS = 5
KINDS = {"none": "not recorded", "default": "recorded, default interval", "every": "recorded, every tensor digested at every step",
         "traced": "recorded, every operation of every step traced"}


def cases(root):
    """(title, configuration, overrides)."""
    yield "digits", root / "examples" / "train" / "digits.toml", []
    fashion = root / "examples" / "train" / "fashion_mnist.toml"
    if os.environ.get("TESSERA_DATA") and fashion.exists():
        yield "Fashion-MNIST, 500 steps", fashion, ["training.steps=500", "record.evaluate_every=0"]


def recording_table(build, title, config, overrides, scratch):
    command = [f"{build}/bin/tessera_bench_recording", config, scratch / "recorded", str(ROUNDS), *overrides]
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    steps_seconds, whole_seconds, steps = {}, {}, 0
    for line in result.stdout.splitlines():
        kind, count, of_steps, whole = line.split()
        steps = int(count)
        steps_seconds.setdefault(kind, []).append(float(of_steps))
        whole_seconds.setdefault(kind, []).append(float(whole))
    yield f"### Recording: {title}, {steps} steps"
    yield ""
    yield "| | ms a step | more than not recorded | with beginning and sealing, ms a step |"
    yield "|---|---:|---:|---:|"
    for kind, name in KINDS.items():
        median = statistics.median(steps_seconds[kind])
        # Each round against its own neighbour, so that a drift of the machine cancels.
        more = statistics.median(a / b - 1 for a, b in zip(steps_seconds[kind], steps_seconds["none"]))
        whole = statistics.median(whole_seconds[kind])
        yield f"| {name} | {median / steps * 1e3:.3f} | {100 * more:.1f} % | {whole / steps * 1e3:.3f} |"
    yield ""


def timed(command, root):
    start = time.perf_counter()
    subprocess.run(list(map(str, command)), cwd=root, check=True, capture_output=True)
    return time.perf_counter() - start


def verify_rows(program, title, config, overrides, scratch, root):
    settings = [word for override in overrides for word in ("--set", override)]
    train, verify = [], []
    for round_number in range(ROUNDS):
        store = scratch / f"store{round_number}"
        train.append(timed([program, "train", config, "--store", store, "--quiet", *settings], root))
        run = next(store.glob("*/claim.json")).parent
        verify.append(timed([program, "verify", run], root))
    a, b = statistics.median(train), statistics.median(verify)
    yield f"| {title} | {a:.2f} | {b:.2f} | {b / a:.2f} |"


def tables(build, root):
    scratch = Path(tempfile.mkdtemp(prefix="tessera-bench-"))
    try:
        lines = ["## Recording and verifying", ""]
        for title, config, overrides in cases(root):
            lines += recording_table(build, title, config, overrides, scratch)
        lines += ["### Verify against train, whole commands", "", "| | train s | verify s | verify / train |", "|---|---:|---:|---:|"]
        for title, config, overrides in cases(root):
            where = scratch / title.split(",")[0]
            lines += verify_rows(f"{build}/bin/tessera", title, config, overrides, where, root)
        return lines + [""]
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
