"""What the tests share. TESSERA_BUILD names a build folder with the command-line tool and every_digest; by default build/release of this tree."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

import tessera

ROOT = Path(__file__).resolve().parents[2]
# In the background of a shell SIGINT is ignored, also by the programs that are started from here; some tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)

BUILD = Path(os.environ.get("TESSERA_BUILD", ROOT / "build" / "release"))


def program(name):
    path = BUILD / "bin" / name
    if not path.exists():
        pytest.skip(f"{path} is not built")
    return str(path)


@pytest.fixture
def cli():
    return program("tessera")


@pytest.fixture
def every_digest():
    return program("every_digest")


@pytest.fixture(autouse=True)
def as_before():
    """Every test begins with the default backend and number of threads."""
    threads = tessera.thread_count()
    yield
    tessera.set_thread_count(threads)
    tessera.use_backend("cpu")


def small_table(rows=80):
    """Small whole numbers that every method can learn from, with a target for each task."""
    generator = np.random.Generator(np.random.Philox(7))
    x = np.floor(generator.random((rows, 6)) * 5) * (generator.random((rows, 6)) > 0.4)
    signal = x[:, 0] + 0.5 * x[:, 1] - x[:, 2]
    return x, np.where(signal > 0.5, "high", np.where(signal < -0.5, "low", "mid")), signal - signal.min() + 0.1 * generator.random(rows)


def target_for(estimator, classes, numbers):
    task = estimator._task
    return numbers if task == "regression" else classes if task == "classification" else None


def fitted(row, x, classes, numbers):
    """The estimator of a row of tessera.estimators(), fitted; a transformer that wants a target gets the classes."""
    estimator = row["class"]()
    target = target_for(estimator, classes, numbers)
    try:
        return estimator.fit(x, target)
    except tessera.Error as error:
        if target is not None or "target" not in str(error):
            raise
        return estimator.fit(x, classes)


def says(estimator, x):
    able = [name for name in ("predict_proba", "decision_function", "transform", "predict") if hasattr(estimator, name)]
    return getattr(estimator, able[0])(x)


ROWS = tessera.estimators()
IDS = [row["name"] for row in ROWS]
