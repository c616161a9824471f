"""The processes that are measured beside each other: Tessera, and what a user could pick instead. Each stays alive and answers line by line."""

import os
import signal
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
DEBIAN = Path("/usr/lib") / f"{os.uname().machine}-linux-gnu"

# How each side is held to AVX2; without these it takes the widest vectors of the processor.
AVX2 = {"TESSERA_SIMD": "avx2", "ATEN_CPU_CAPABILITY": "avx2", "MKL_ENABLE_INSTRUCTIONS": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2",
        "DNNL_MAX_CPU_ISA": "AVX2", "OPENBLAS_CORETYPE": "Haswell", "BLIS_ARCH_TYPE": "haswell"}
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS")


class Side:
    """A measuring process: one line in, one line out. It is stopped between the lines, so that its waiting threads take no processor from the
    others."""

    def __init__(self, name, command, environment):
        self.name = name
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

    def ask(self, line):
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if answer:
            self.process.send_signal(signal.SIGSTOP)
        else:
            raise SystemExit(f"{self.name}: the measuring process ended while it was asked '{line}'")
        return answer.rstrip("\n")

    def ask_list(self, question="list"):
        lines = [self.ask(question)]
        self.process.send_signal(signal.SIGCONT)
        while lines[-1]:
            lines.append(self.process.stdout.readline().rstrip("\n"))
        return lines[:-1]

    def seconds(self, slot, case):
        """Per call; None where this side has no such case."""
        answer = self.ask(f"run {slot} {case}")
        return None if answer == "none" else float(answer)

    def close(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.close()
        self.process.wait()


def environment_of(threads, simd):
    environment = dict(os.environ, **{name: str(threads) for name in THREADS})
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # a machine's crutch for old versions; it slows the current one
        environment.pop(name, None)
    environment["LD_LIBRARY_PATH"] = f"{Path(sys.prefix) / 'lib'}:{environment.get('LD_LIBRARY_PATH', '')}"
    return dict(environment, **(AVX2 if simd == "avx2" else {}))


def libraries():
    """(name, path) of the libraries of matrix products that are installed: current ones from PyPI, and Debian's."""
    packages = next(Path(sys.prefix).glob("lib/python3*/site-packages"))
    for name, path in (("OpenBLAS", packages / "scipy_openblas32" / "lib" / "libscipy_openblas.so"),
                       ("MKL", Path(sys.prefix) / "lib" / "libmkl_rt.so.3"),
                       ("OpenBLAS of Debian", DEBIAN / "openblas-pthread" / "libopenblas.so.0"),
                       ("BLIS of Debian", DEBIAN / "blis-pthread" / "libblis.so.4"),
                       ("oneDNN of Debian", DEBIAN / "libdnnl.so.2")):
        if path.exists():
            yield name, path


def open_two(build, threads, simd):
    """Tessera and PyTorch."""
    environment = environment_of(threads, simd)
    return [Side("Tessera", [f"{build}/bin/tessera_bench", threads], environment),
            Side("PyTorch", [sys.executable, HERE / "rivals" / "pytorch.py", threads], environment)]


def open_models(build, threads, simd):
    """Tessera, PyTorch, and PyTorch with what can be switched on for the same model."""
    tuned = Side("PyTorch tuned", [sys.executable, HERE / "rivals" / "pytorch.py", threads, "tuned"], environment_of(threads, simd))
    return [*open_two(build, threads, simd), tuned]


def open_sides(build, threads, simd):
    """Tessera first, then PyTorch, then the rest."""
    environment, other = environment_of(threads, simd), f"{build}/bin/tessera_bench_rivals"
    sides = open_two(build, threads, simd)
    sides += [Side(name, [other, "blas", path], environment) for name, path in libraries()]
    if threads == 1:  # loops over an array, written for one
        sides += [Side("SLEEF", [other, "sleef-avx2" if simd == "avx2" else "sleef"], environment),
                  Side("std", [other, "std"], environment)]
    return sides
