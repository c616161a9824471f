"""What the kernels are meant to reach, beside what was reached: one table over all the runs of `kernels`, made from the same medians as the rows.

A ratio is Tessera's speed with a rival's as 1. `least` is the slowest row of a group, `mean` the geometric mean of the group."""

import statistics
from dataclasses import dataclass
from typing import Callable

PRODUCTS, CONVOLUTIONS, BLOCKED = "Matrix products", "Convolutions", "Convolutions beside oneDNN in its own layout"
SUMMED_BYTES = 2500 * 4000 * 4


@dataclass
class Run:
    """What one vector width and number of threads measured: {family: {case: {side: seconds}}}, and the bandwidth of reading in GB/s."""

    simd: str
    threads: int
    bandwidth: float
    families: dict

    def ratios(self, wanted, family=None, rivals=None):
        """Of the cases for which wanted(case) holds: with the fastest rival, or the fastest of those named."""
        found = []
        for name, cases in self.families.items():
            for case, seconds in cases.items():
                others = [s for side, s in seconds.items() if side != "Tessera" and (rivals is None or side in rivals)]
                if wanted(case) and family in (None, name) and others:
                    found.append(min(others) / seconds["Tessera"])
        return found

    def read_shares(self):
        """Of the sums of 10^7 elements: bytes a second, as a share of the bandwidth of reading."""
        sums = {case: s for case, s in self.families.get("Reductions and normalisations", {}).items()
                if case.startswith("sum ") and case.endswith("2500x4000")}
        return [SUMMED_BYTES / seconds["Tessera"] * 1e-9 / self.bandwidth for seconds in sums.values()]


def sizes_of(case):
    return [int(number) for number in case.split(" ")[-1].split("x")]


def is_product(case):
    return case.startswith("matmul") and " bf16 " not in case and min(sizes_of(case)[-3:]) > 1


def is_vector_product(case, cached):
    """A matrix of 64 MB or more lies in memory."""
    return case.startswith("matmul") and " bf16 " not in case and min(sizes_of(case)[-3:]) == 1 and (max(sizes_of(case)) < 4096) == cached


def is_pass(case):
    return case.startswith("conv") and " groups " in case


def starts(*words):
    return lambda case: case.startswith(words)


def wide(run, avx512, avx2):
    return avx512 if run.simd == "avx512" else avx2


@dataclass(frozen=True)
class Goal:
    what: str
    goal: Callable[[Run], float]
    values: Callable[[Run], list]
    summary: Callable[[list], float] = min


GOALS = (
    Goal("matrix × matrix, mean", lambda run: 1 if run.threads > 1 else wide(run, 1, 0.95), lambda run: run.ratios(is_product, PRODUCTS),
         statistics.geometric_mean),
    Goal("matrix × matrix, least", lambda run: wide(run, 0.85, 0.8), lambda run: run.ratios(is_product, PRODUCTS)),
    Goal("matrix × vector from memory, least", lambda _: 0.9, lambda run: run.ratios(lambda case: is_vector_product(case, False), PRODUCTS)),
    Goal("matrix × vector in caches, least", lambda _: 0.6, lambda run: run.ratios(lambda case: is_vector_product(case, True), PRODUCTS)),
    Goal("convolution passes beside PyTorch, mean", lambda _: 1, lambda run: run.ratios(is_pass, CONVOLUTIONS), statistics.geometric_mean),
    Goal("convolution passes beside PyTorch, least", lambda _: 0.7, lambda run: run.ratios(is_pass, CONVOLUTIONS)),
    Goal("convolution beside oneDNN's own layout, mean", lambda _: 0.9, lambda run: run.ratios(is_pass, BLOCKED), statistics.geometric_mean),
    Goal("sums of 10^7 numbers, share of read bandwidth, least of all, inner, outer", lambda _: 0.95, Run.read_shares),
    Goal("softmax, layer norm 4096x1024, least", lambda _: 1.2,
         lambda run: run.ratios(lambda case: case in ("softmax 4096x1024", "layer_norm 4096x1024"))),
    Goal("exp, log, erf, least", lambda _: 1, lambda run: run.ratios(starts("exp ", "log ", "erf "), "Elementwise")),
    Goal("tanh, least", lambda _: 2, lambda run: run.ratios(starts("tanh "), "Elementwise")),
    Goal("sigmoid, least", lambda _: 2, lambda run: run.ratios(starts("sigmoid "), "Elementwise")),
    Goal("GRU layer beside PyTorch, least", lambda _: 1.3, lambda run: run.ratios(starts("GRU "), rivals=("PyTorch",))),
    Goal("Adam over 100 tensors, least", lambda _: 2, lambda run: run.ratios(starts("Adam 100 "))),
    Goal("normal numbers beside PyTorch, least", lambda _: 2, lambda run: run.ratios(starts("random_normal"), rivals=("PyTorch",))),
    Goal("normal numbers beside std::normal_distribution", lambda _: 3, lambda run: run.ratios(starts("random_normal"), rivals=("std",))),
)


# Networks that are small or recurrent; what they have to reach is more than for the others.
SMALL = ("MLP", "autoencoder", "GAN", "bag of words", "skip-gram", "RNN classifier", "GRU classifier", "LSTM classifier", "attention classifier",
         "sequence tagger", "hierarchical attention")


def is_small(case):
    return case.split(" training ")[0].split(" inference ")[0] in SMALL


MODEL_GOALS = (
    Goal("every row, least", lambda _: 1, lambda run: run.ratios(lambda case: True, rivals=("PyTorch",))),
    Goal("small and recurrent models, least", lambda _: 1.5, lambda run: run.ratios(is_small, rivals=("PyTorch",))),
)


def cell(goal, run):
    values = goal.values(run)
    if not values:
        return "-"
    value, wanted = goal.summary(values), goal.goal(run)
    text = f"{value:.2f} (goal {wanted:g})"
    if value >= wanted:
        return text
    below = sum(one < wanted for one in values)
    return f"**{text}**" + (f"; {below} of {len(values)} rows below" if goal.summary is min and len(values) > 1 else "")


def table_of(goals, runs):
    title = {"avx512": "AVX-512", "avx2": "AVX2"}
    header = [f"{title[run.simd]}, {run.threads} thread{'s' if run.threads > 1 else ''}" for run in runs]
    table = [f"| | {' | '.join(header)} |", "|---|" + "---:|" * len(runs)]
    return table + [f"| {goal.what} | {' | '.join(cell(goal, run) for run in runs)} |" for goal in goals]


def lines(runs):
    """The table of the kernels; bold where a goal was missed."""
    return ["### Goals", "", "Speed with the fastest rival's as 1 (that of the rival named, where one is), and the goal; in bold what misses it.", "",
            *table_of(GOALS, runs), ""]


def model_lines(runs, memory):
    """The same of the models, beside PyTorch at its defaults."""
    shares = {name: ours / others for name, (ours, others) in memory.items() if name != "nothing"}
    most = max(shares, key=shares.get)
    short = [f"{case} {seconds['PyTorch'] / seconds['Tessera']:.2f} ({run.simd}, {run.threads})" for run in runs
             for case, seconds in run.families["Published models"].items()
             if seconds["PyTorch"] / seconds["Tessera"] < (1.5 if is_small(case) else 1)]
    return ["### Goals", "", "Speed with PyTorch's at its defaults as 1, and the goal; in bold what misses it. Small and recurrent: " + ", ".join(SMALL) + ".", "",
            *table_of(MODEL_GOALS, runs), "", f"Memory at most PyTorch's: {shares[most]:.2f} at the most ({most}).", "",
            f"Rows below their goal: {'; '.join(short) or 'none'}.", ""]
