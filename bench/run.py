#!/usr/bin/env python3
"""Measures Tessera beside PyTorch and writes bench/RESULTS.md. `./dev bench` calls it inside .venv-bench.

Both sides are processes that stay alive and answer line by line (bench_main.cc, rivals.py). A round measures one case once in
each, in turns, the first one changing from round to round, so that a drift of the machine meets both alike. Reported are
medians over the rounds. The peak probe says what the processor could do.

Usage: run.py --build BUILD_FOLDER [--rounds N] [--slot SECONDS] [--threads N,N] [--output FILE] [PART_OF_A_NAME]
With a part of a name the table is printed and RESULTS.md is left alone.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

import recording

HERE = Path(__file__).resolve().parent


class Worker:
    """A measuring process: one line in, one line out."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"a measuring process ended while it was asked '{line}'")
        return answer.rstrip("\n")

    def ask_list(self):
        lines = [self.ask("list")]
        while lines[-1]:
            lines.append(self.process.stdout.readline().rstrip("\n"))
        return lines[:-1]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def work_of(name):
    """Floating-point operations of one call, where GFLOP/s say something."""
    words = name.split(" ")
    if words[0] == "matmul":
        m, k, n = map(int, words[1].split("x"))
        return 2 * m * k * n
    if name.startswith("conv2d "):
        batch, channels, size, _ = map(int, words[-3].split("x"))
        outputs, kernel, _ = map(int, words[-1].split("x"))
        forward = 2 * batch * outputs * size * size * channels * kernel * kernel
        return forward * (3 if "gradients" in name else 1)
    return None


def measure(case, workers, rounds, slot):
    """Median seconds per call of each worker, and the spread of the rounds; None where a rival has no such case."""
    times = {name: [] for name in workers}
    for current in range(rounds):
        order = list(workers)
        if current % 2:
            order.reverse()
        for name in order:
            answer = workers[name].ask(f"run {slot} {case}")
            if answer != "none":
                times[name].append(float(answer))
    return {name: statistics.median(values) if values else None for name, values in times.items()}


def peak_of(worker):
    """The best of some short probes: an interruption only ever lowers one."""
    return max(float(worker.ask("peak 0.1")) for _ in range(5))


def milliseconds(seconds):
    return "-" if seconds is None else f"{seconds * 1e3:.3f}" if seconds < 0.1 else f"{seconds * 1e3:.0f}"


def kernel_table(threads, arguments, rival_python):
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))
    workers = {"tessera": Worker([f"{arguments.build}/bin/tessera_bench", str(threads)])}
    os.environ.update(environment)
    workers["pytorch"] = Worker([rival_python, str(HERE / "rivals.py"), str(threads)])
    backend = workers["tessera"].ask("machine")
    rival = workers["pytorch"].ask("machine")
    peak = peak_of(workers["tessera"])
    lines = [f"## Kernels and training steps beside PyTorch, {threads} thread{'s' if threads > 1 else ''}", "",
             f"Tessera: {backend}. Rival: {rival}. Peak probe (fused multiply-adds on registers): {peak:.0f} GFLOP/s.", "",
             "| case | Tessera ms | GFLOP/s | of peak | PyTorch ms | Tessera's speed, PyTorch = 1 |",
             "|---|---:|---:|---:|---:|---:|"]
    cases = [name for name in workers["tessera"].ask_list() if arguments.part in name]
    ratios = []
    for case in cases:
        result = measure(case, workers, arguments.rounds, arguments.slot)
        work, ours, theirs = work_of(case), result["tessera"], result["pytorch"]
        speed = f"{work / ours * 1e-9:.1f} | {100 * work / ours * 1e-9 / peak:.0f} %" if work and peak else "- | -"
        ratio = f"{theirs / ours:.2f}" if theirs else "-"
        if theirs:
            ratios.append(theirs / ours)
        lines.append(f"| {case} | {milliseconds(ours)} | {speed} | {milliseconds(theirs)} | {ratio} |")
        print(lines[-1], flush=True)
    peak_after = peak_of(workers["tessera"])
    lines += ["", f"Geometric mean of the last column: {statistics.geometric_mean(ratios):.2f}. "
              f"The peak probe after the rounds: {peak_after:.0f} GFLOP/s."] if ratios else []
    for worker in workers.values():
        worker.close()
    return lines + [""]


def machine_lines():
    processor = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            processor = line.split(":", 1)[1].strip()
            break
    compiler = subprocess.run(["c++", "--version"], capture_output=True, text=True, check=False).stdout.splitlines()[0]
    return [f"- Machine: {processor}, {os.cpu_count()} processors, {platform.system()} {platform.release()}; {compiler}",
            f"- Load average at the start: {os.getloadavg()[0]:.1f} (above 0.5 the numbers are those of a busy machine)"]


def parse_arguments():
    parser = argparse.ArgumentParser(description="Measure Tessera beside PyTorch.")
    parser.add_argument("--build", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--slot", type=float, default=0.2, help="seconds per case, side and round")
    parser.add_argument("--threads", default="")
    parser.add_argument("--output", default=str(HERE / "RESULTS.md"))
    parser.add_argument("part", nargs="?", default="")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    processors = len(os.sched_getaffinity(0))
    threads = [int(n) for n in arguments.threads.split(",")] if arguments.threads else sorted({1, processors})
    lines = ["# Measured", "",
             "What `./dev bench` measured: medians of interleaved rounds. These are the first, honest numbers; a later change makes the slow ones fast.", "",
             *machine_lines(),
             f"- Command: `./dev bench --rounds {arguments.rounds} --slot {arguments.slot}`", ""]
    if arguments.part not in ("recording", "verify"):
        for count in threads:
            lines += kernel_table(count, arguments, sys.executable)
    if arguments.part in "recording and verify":
        lines += recording.tables(arguments.build, HERE.parent)
    text = "\n".join(lines)
    if arguments.part:
        print(text)
    else:
        Path(arguments.output).write_text(text)
        print(f"written: {arguments.output}")


if __name__ == "__main__":
    main()
