"""What the journeys share: driving the command-line tool as a user does, in a scratch folder.

A journey is a program `NAME.py PROGRAM [options]`, where PROGRAM is the built tessera. It prints what it does and ends with
status 0, 1 (something did not hold), or 77 (skipped, with the reason), which ctest knows.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIGITS = ROOT / "examples" / "train" / "digits.toml"
SKIPPED = 77

# The digits, cut short but with many checkpoints.
SHORT = ["--set", "training.epochs=2", "--set", "record.checkpoint_every=10", "--set", "record.digest_every=5"]

# The digits at full length with many checkpoints: time enough to be killed in.
MANY_CHECKPOINTS = ["--set", "record.checkpoint_every=10", "--set", "record.digest_every=5"]


class Failure(Exception):
    """Something that should hold did not."""


def expect(condition, message):
    if not condition:
        raise Failure(message)


class Tessera:
    """The tool in a store of its own; `under` is the command of an emulator that runs it."""

    def __init__(self, program, store, under=()):
        self.program, self.store, self.under = str(Path(program).resolve()), Path(store), list(map(str, under))
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("TESSERA_")}

    def command(self, *words):
        return [*self.under, self.program, *map(str, words)]

    def start(self, *words, env=None):
        """A running process; its output goes to pipes."""
        return subprocess.Popen(self.command(*words), cwd=ROOT, env=self.environment | (env or {}),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                errors="replace")

    def run(self, *words, env=None, status=0):
        """Runs to the end; `status` is the exit status that is expected, or None."""
        result = subprocess.run(self.command(*words), cwd=ROOT, env=self.environment | (env or {}),
                                stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
                                timeout=3000)
        if status is not None:
            expect(result.returncode == status,
                   f"`tessera {' '.join(map(str, words))}` ended with status {result.returncode}, expected {status}:\n"
                   f"{result.stdout[-2000:]}{result.stderr[-2000:]}")
        return result

    def train_words(self, *words, settings=SHORT):
        return ["train", DIGITS, "--store", self.store, "--quiet", *settings, *words]

    def train(self, *words, settings=SHORT, env=None):
        """Trains and returns the folder of the new run."""
        before = set(self.runs())
        self.run(*self.train_words(*words, settings=settings), env=env)
        new = set(self.runs()) - before
        expect(len(new) == 1, f"training made {len(new)} new runs in {self.store}")
        return new.pop()

    def runs(self):
        """The folders of the store's runs."""
        return [claim.parent for claim in self.store.glob("*/claim.json")]


def kill_in_the_middle(tessera, name, *words):
    """The name of a run, NAME-0 or so, of the training `words` that was killed behind its second checkpoint; a fast machine may need some tries."""
    for attempt in range(10):
        killed = f"{name}-{attempt}"
        process = tessera.start(*words, "--store", tessera.store, "--name", killed)
        end = time.monotonic() + 60
        while time.monotonic() < end and process.poll() is None and len(list(tessera.store.glob(f"{killed}/checkpoints/*"))) < 2:
            time.sleep(0.002)
        process.kill()
        process.communicate()
        if process.returncode == -9:
            return killed
    raise Failure("ten trainings were over before they could be killed")


def seal_of(run):
    """The seal of a run: the same for the same claim, chain and final checkpoint."""
    path = run / "seal.json"
    expect(path.exists(), f"{run.name} has no seal.json")
    return json.loads(path.read_text())["seal"]


def main(journey, description):
    """Runs journey(program, scratch folder, arguments); prints how it went; returns the exit status."""
    if len(sys.argv) < 2:
        print(f"usage: {Path(sys.argv[0]).name} PROGRAM [options]\n{description}", file=sys.stderr)
        return 2
    scratch = Path(tempfile.mkdtemp(prefix="tessera-journey-"))
    try:
        return journey(sys.argv[1], scratch, sys.argv[2:]) or 0
    except Failure as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
