"""The part "models" of RESULTS.md: a training step and predictions of every published model beside PyTorch, after both sides were found to compute
the same; and the memory that a training takes.

Usage: published.py --build BUILD_FOLDER    only compares what both sides compute, and measures memory
"""

import argparse
import tempfile
from pathlib import Path

import sides

FAMILY = "Published models"
# Predictions and loss with the given weights; losses after a training step and after two; predictions after three. A step of Adam moves a weight whose gradient is rounding
# noise as far as any other, so these may differ far more than the noise does: as far as they do when the inputs are changed by it.
COLUMNS = ("predictions", "loss", "losses after one and two steps", "predictions after three steps")
TOLERANCES = (1e-4, 1e-4, 1e-2, 5e-2)
STEPS, BATCH = 10, 128


class Table:
    """Lines of a table, printed as they come."""

    def __init__(self, *columns):
        self.lines = []
        self.add(*columns)
        self.say("|---|" + "---:|" * (len(columns) - 1))

    def say(self, line):
        self.lines.append(line)
        print(line, flush=True)

    def add(self, *cells):
        self.say(f"| {' | '.join(cells)} |")


def models_of(build):
    """Their names."""
    two = sides.open_two(build, 1, "")
    names = two[0].ask_list("models")
    for side in two:
        side.close()
    return names


def compare(build):
    """A table of the largest relative differences; ends the program where a model is not the same on both sides."""
    names, failed = models_of(build), []
    table = Table("model", *COLUMNS)
    tessera, pytorch = sides.open_two(build, 1, "")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "check.safetensors"
        for name in names:
            tessera.ask(f"check {path} {name}")
            differences = pytorch.ask(f"check {path} {name}").split(" ")
            table.add(name, *differences)
            if not all(float(difference) <= limit for difference, limit in zip(differences, TOLERANCES)):
                failed.append(name)
    for side in (tessera, pytorch):
        side.close()
    if failed:
        raise SystemExit(f"not the same model on both sides, so not to be compared: {', '.join(failed)}")
    return table.lines


def peaks_of(build, question):
    """Largest resident sets of both sides, each in a process of its own."""
    peaks = []
    for side in sides.open_two(build, 1, ""):
        peaks.append(float(side.ask(question)))
        side.close()
    return peaks


def memory(build):
    """{model: [Tessera's MB, PyTorch's]}; the first row is of a process in which nothing was made yet."""
    found = {"nothing": peaks_of(build, "memory 0 matmul 32x32x32")}
    for name in models_of(build):
        found[name] = peaks_of(build, f"memory {STEPS} {name} training batch {BATCH}")
        print(f"{name}: {found[name][0]:.0f} and {found[name][1]:.0f} MB", flush=True)
    return found


def check_lines(build):
    """What stands before the times in RESULTS.md."""
    return ["### The same models", "",
            "Largest relative differences from PyTorch, with the same weights and inputs, without dropout. Above "
            f"{', '.join(f'{limit:g}' for limit in TOLERANCES)} nothing would be measured.", "", *compare(build), ""]


def memory_lines(found):
    table = Table("model", "Tessera MB", "PyTorch MB", "Tessera's share")
    for name, (ours, others) in found.items():
        table.add(name, f"{ours:.0f}", f"{others:.0f}", "-" if name == "nothing" else f"{ours / others:.2f}")
    return [f"### Memory of a training with batches of {BATCH}", "",
            f"The largest resident set of a process that makes the model and its inputs and takes {STEPS} training steps on one thread, all of it: "
            "program and libraries included, nothing subtracted.", "", *table.lines, ""]


HEADER = ["| case | Tessera ms | PyTorch ms | Tessera's speed, PyTorch = 1 | tuned PyTorch ms | Tessera's speed, tuned = 1 |", "|---|---:|---:|---:|---:|---:|"]


def row_of(case, result, milliseconds):
    """The line of the table, and Tessera's speed with that of PyTorch at its defaults as 1."""
    ours = result["Tessera"]
    cells = [f"{milliseconds(result[side])} | {result[side] / ours:.2f}" if side in result else "- | -" for side in ("PyTorch", "PyTorch tuned")]
    return f"| {case} | {milliseconds(ours)} | {' | '.join(cells)} |", result["PyTorch"] / ours


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    arguments = parser.parse_args()
    check_lines(arguments.build)
    memory_lines(memory(arguments.build))
