"""How speed grows with the size of the work and with threads: measures one piece of work in many sizes, and draws docs/images/growth_*.svg."""

import statistics
import subprocess
from pathlib import Path

import sides

FAMILY = "Growth"
IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
SHOWN = ("Tessera", "PyTorch", "OpenBLAS", "SLEEF")  # a picture of every rival would be one of none

# first word of the cases -> (title, unit of the size, label and unit of the speed, work of a case, what one unit of speed is)
PICTURES = {
    "matmul": ("Square matrix products by size", "rows", "speed", "GFLOP/s", lambda n: 2 * n ** 3, 1e9),
    "exp": ("Exponential function by number of elements", "elements", "speed", "Gelements/s", lambda n: n, 1e9),
    "sum": ("Sums by number of elements", "elements", "speed", "Gelements/s", lambda n: n, 1e9),
}


def size_of(case):
    return int(case.split(" ")[1].split("x")[0])


def points(arguments, threads):
    """Lines (first word of the case, panel, side, size, speed)."""
    workers = [side for side in sides.open_sides(arguments.build, threads, "") if side.name in SHOWN]
    cases = [line.split("\t")[1] for line in workers[0].ask_list() if line.startswith(FAMILY)]
    panel = f"{threads} thread{'s' if threads > 1 else ''}"
    for case in cases:
        word = case.split(" ")[0]
        work, unit = PICTURES[word][4:]
        times = {worker.name: [] for worker in workers}
        for current in range(arguments.rounds):
            for worker in workers if current % 2 == 0 else reversed(workers):
                seconds = worker.seconds(arguments.slot, case)
                if seconds is not None:
                    times[worker.name].append(seconds)
        for name, values in times.items():
            if values:
                yield word, panel, name, size_of(case), work(size_of(case)) / statistics.median(values) / unit
    for worker in workers:
        worker.close()


def draw(arguments, thread_counts):
    measured = [point for threads in thread_counts for point in points(arguments, threads)]
    IMAGES.mkdir(exist_ok=True)
    for word, (title, x_unit, label, unit, _, _) in PICTURES.items():
        lines = sorted((point[1:] for point in measured if point[0] == word), key=lambda point: (point[0], SHOWN.index(point[1]), point[2]))
        common = set.intersection(*({line[1] for line in lines if line[0] == panel} for panel in {line[0] for line in lines}))
        text = "\n".join("\t".join(map(str, line)) for line in lines if line[1] in common)
        path = IMAGES / f"growth_{word}.svg"
        subprocess.run([f"{arguments.build}/bin/tessera_bench_plot", title, x_unit, label, unit, path], input=text, text=True, check=True)
        print(f"written: {path}")
