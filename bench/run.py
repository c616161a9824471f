#!/usr/bin/env python3
"""Measures Tessera beside what a user could pick instead and writes bench/RESULTS.md. `./dev bench` calls it inside .venv-bench.

A round measures one case once on every side, in turns, the order turned around from round to round, so that a drift of the machine
meets all alike. Reported are medians over the rounds, and the rival that was fastest at that case. The peak probes say what the
processor could do.

Usage: run.py --build BUILD_FOLDER [--rounds N] [--slot SECONDS] [--threads N,N] [--simd avx512,avx2:1] [--kept FILE] [--pause SECONDS] [WHAT]
WHAT is `kernels`, `models` or `recording` (one part of RESULTS.md is made anew), `growth` (the plots of docs/performance.md are), nothing
(all of them), or a part of a case's name or of its family's: then the table is printed and RESULTS.md is left alone. With --kept the parts
`kernels` and `models` are measured in pieces: what was found is kept in FILE, the program ends after SECONDS, and the same command goes on.
"""

import argparse
import os
import platform
import statistics
import subprocess
from pathlib import Path

import goals
import growth
import published
import recording
import sides
from kept import Kept

HERE = Path(__file__).resolve().parent
QUICK = 0.03  # seconds per call, of the slowest side
PARTS = ("kernels", "models", "growth", "recording")


def numbers(word):
    return list(map(int, word.split("x")))


def work_of(name):
    """Floating-point operations of one call, where GFLOP/s say something."""
    words = name.split(" ")
    if words[0] in ("matmul", "linear"):
        batch, m, k, n = [1, *numbers(words[-1])][-4:]
        return 2 * batch * m * k * n
    return None


def measure(case, workers, rounds, slot):
    """{side: median seconds per call}, of the sides that have the case. An interruption falsifies a quick row most: it gets twice as many rounds."""
    times = {worker.name: [] for worker in workers}
    current, needed = 0, rounds
    while current < needed:
        for worker in workers if current % 2 == 0 else reversed(workers):
            seconds = worker.seconds(slot, case)
            if seconds is not None:
                times[worker.name].append(seconds)
        current += 1
        if current == rounds and max(map(max, filter(None, times.values()))) < QUICK:
            needed = 2 * rounds + 1
    return {name: statistics.median(values) for name, values in times.items() if values}


def peak_of(worker):
    """The best of some short probes: an interruption only ever lowers one."""
    return max(float(worker.ask("peak 0.1")) for _ in range(5))


def milliseconds(seconds):
    return f"{seconds * 1e3:.4f}" if seconds < 1e-3 else f"{seconds * 1e3:.3f}" if seconds < 0.1 else f"{seconds * 1e3:.0f}"


def row_of(case, result, peak):
    """The line of the table, and Tessera's speed with the fastest rival's as 1."""
    ours = result["Tessera"]
    work = work_of(case)
    speed = f"{work / ours * 1e-9:.1f} | {100 * work / ours * 1e-9 / peak:.0f} %" if work and peak else "- | -"
    rivals = {name: seconds for name, seconds in result.items() if name != "Tessera"}
    if not rivals:
        return f"| {case} | {milliseconds(ours)} | {speed} | - | - | - |", None
    rival = min(rivals, key=rivals.get)
    ratio = rivals[rival] / ours
    return f"| {case} | {milliseconds(ours)} | {speed} | {rival} | {milliseconds(rivals[rival])} | {ratio:.2f} |", ratio


HEADER = ["| case | Tessera ms | GFLOP/s | of peak | fastest rival | its ms | Tessera's speed, rival = 1 |", "|---|---:|---:|---:|---|---:|---:|"]


def family_table(family, cases, workers, arguments, peak, result_of):
    """The lines of the table, and {case: {side: seconds}}."""
    is_model = family == published.FAMILY
    lines = [f"#### {family}", "", *(published.HEADER if is_model else HEADER)]
    ratios, results = [], {}
    for case in cases:
        results[case] = result_of(case)
        line, ratio = published.row_of(case, results[case], milliseconds) if is_model else row_of(case, results[case], peak)
        lines.append(line)
        ratios += [ratio] if ratio else []
        print(line, flush=True)
        if is_model:  # a network and its optimiser, on every side
            for worker in workers:
                if "PyTorch" in worker.name or worker.name == "Tessera":
                    worker.ask("forget")
    if ratios:
        lines += ["", f"Geometric mean of {len(ratios)} rows: {statistics.geometric_mean(ratios):.2f}; least: {min(ratios):.2f}."]
        print(lines[-1], flush=True)
    return lines + [""], results


def is_wanted(part, family, case):
    if part in ("kernels", "models"):
        return (family == published.FAMILY) == (part == "models")
    return part in case or part.lower() in family.lower()


def tables(threads, simd, arguments, part, kept):
    """The lines of one vector width and number of threads, and what they were made from."""
    workers = (sides.open_models if part == "models" else sides.open_sides)(arguments.build, threads, simd)
    try:
        return tables_of(workers, threads, simd, arguments, part, kept)
    finally:
        for worker in workers:
            worker.close()


def tables_of(workers, threads, simd, arguments, part, kept):
    tessera = workers[0]
    families = {}
    for line in tessera.ask_list():
        family, case = line.split("\t")
        if family != growth.FAMILY and is_wanted(part, family, case):
            families.setdefault(family, []).append(case)
    if not families:
        raise SystemExit(f"no row's or family's name has '{part}'; WHAT is {', '.join(PARTS)} or a part of such a name")
    for worker in workers[1:3]:
        worker.ask("machine")  # answered when PyTorch has been loaded: probes are for a quiet machine
    peak = kept.get((simd, threads, "peak"), lambda: peak_of(tessera))
    title = f"### {simd.upper().replace('AVX5', 'AVX-5')}, {threads} thread{'s' if threads > 1 else ''}"
    print(title, flush=True)
    bandwidth = kept.get((simd, threads, "bandwidth"), lambda: float(tessera.ask("read_bandwidth 0.3")))
    lines = [title, "", f"Peak probe (fused multiply-adds on registers): {peak:.0f} GFLOP/s. Reading 40 MB: {bandwidth:.0f} GB/s.", ""]
    run = goals.Run(simd, threads, bandwidth, {})
    for family, cases in families.items():
        table, run.families[family] = family_table(
            family, cases, workers, arguments, peak,
            lambda case: kept.get((simd, threads, case), lambda: measure(case, workers, arguments.rounds, arguments.slot)))
        lines += table
    after = kept.get((simd, threads, "peak after"), lambda: peak_of(tessera))
    return lines + [f"The peak probe after the rounds: {after:.0f} GFLOP/s.", ""], run


def machine_lines(arguments, part):
    processor = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            processor = line.split(":", 1)[1].strip()
            break
    compiler = subprocess.run(["c++", "--version"], capture_output=True, text=True, check=False).stdout.splitlines()[0]
    return [f"- Machine: {processor}, {os.cpu_count()} processors, {platform.system()} {platform.release()}; {compiler}",
            f"- Load average at the start: {os.getloadavg()[0]:.1f} (above 0.5 the numbers are those of a busy machine)",
            f"- Command: `./dev bench {part or 'kernels'} --rounds {arguments.rounds} --slot {arguments.slot}{f' --simd {arguments.simd}' if arguments.simd else ''}`",
            f"- {rivals_of(part)} For AVX2 each is told to use no more.", ""]


def rivals_of(part):
    if part == "models":
        return (f"Rival: PyTorch {version_of('torch')} (PyPI), eager, with its defaults. \"Tuned\" is the same with `fused=True` in its optimisers and, "
                "for networks of images, `channels_last`.")
    found = ["PyTorch " + version_of("torch"), "OpenBLAS " + version_of("scipy-openblas32"), "MKL " + version_of("mkl")]
    return f"Rivals: {', '.join(found)} (PyPI); OpenBLAS, BLIS, oneDNN and SLEEF of Debian."


def version_of(package):
    from importlib import metadata
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(not installed)"


def write_part(path, part, lines):
    """Puts the lines between the marks of that part; the rest of the file stays."""
    begin, end = f"<!-- begin {part} -->", f"<!-- end {part} -->"
    text = path.read_text()
    if begin not in text:
        text += f"\n## {part.capitalize()}\n\n{begin}\n{end}\n"
    before, after = text[:text.index(begin)], text[text.index(end):]
    path.write_text(before + begin + "\n" + "\n".join(lines) + "\n" + after)
    print(f"written: {path}")


def parse_arguments():
    parser = argparse.ArgumentParser(description="Measure Tessera beside its rivals.")
    parser.add_argument("--build", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--slot", type=float, default=0.05, help="seconds per case, side and round")
    parser.add_argument("--threads", default="")
    parser.add_argument("--simd", default="")
    parser.add_argument("--output", default=str(HERE / "RESULTS.md"))
    parser.add_argument("--kept", default="", metavar="FILE")
    parser.add_argument("--pause", type=float, metavar="SECONDS")
    parser.add_argument("what", nargs="?", default="")
    return parser.parse_args()


def simd_levels():
    flags = Path("/proc/cpuinfo").read_text()
    return [level for level, flag in (("avx512", "avx512vl"), ("avx2", "avx2")) if flag in flags]


def levels_of(words, threads):
    """(level, numbers of threads) of words such as "avx512", and "avx2:1" for one number only."""
    pairs = [word.partition(":") for word in words]
    return [(level, [int(count)] if count else threads) for level, _, count in pairs]


def main():
    arguments = parse_arguments()
    threads = [int(n) for n in arguments.threads.split(",")] if arguments.threads else sorted({1, len(os.sched_getaffinity(0))})
    levels = levels_of(arguments.simd.split(",") if arguments.simd else simd_levels(), threads)
    wanted = [part for part in PARTS if arguments.what in ("", part)]
    measured = [part for part in ("kernels", "models") if part in wanted]
    kept = Kept(arguments.kept, arguments.pause)
    for part in measured if wanted else [arguments.what]:
        lines = kept.get((part, "machine"), lambda: machine_lines(arguments, part))
        checked, memory = [], {}
        if part == "models":
            checked = kept.get((part, "check"), lambda: published.check_lines(arguments.build))
            memory = kept.get((part, "memory"), lambda: published.memory(arguments.build))
        results = [tables(count, level, arguments, part, kept) for level, counts in levels for count in counts]
        if wanted:
            runs = [run for _, run in results]
            lines = lines + (goals.model_lines(runs, memory) + checked + published.memory_lines(memory) if part == "models" else goals.lines(runs))
        lines += [line for table, _ in results for line in table]
        if wanted:
            write_part(Path(arguments.output), part, lines)
    if "growth" in wanted:
        growth.draw(arguments, threads)
    if "recording" in wanted:
        write_part(Path(arguments.output), "recording", recording.tables(arguments.build, HERE.parent))


if __name__ == "__main__":
    main()
