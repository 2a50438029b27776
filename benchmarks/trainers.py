"""The two trainers of the baselines, side by side: `make bench`, or `python benchmarks/trainers.py`.

An epoch of the tiny VGG on 2,560 images, of which the last 30 % are for validation: plain `fit` on TensorFlow, `fit` on
JAX, and all seeds in one program on JAX with one, two and four seeds, each in its own process. The first epoch, which
compiles graphs, is left out. That one program is made for a GPU, which it keeps busy; a CPU is faster with `fit`.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

from lab import settings

PROJECT = Path(__file__).parent.parent
IMAGES, EPOCHS = 2560, 3
CASES = (
    ("tensorflow", "fit", 1),
    ("jax", "fit", 1),
    ("jax", "ensemble", 1),
    ("jax", "ensemble", 2),
    ("jax", "ensemble", 4),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="fit, and all seeds in one program")
    parser.add_argument("--variant", default="tiny_vgg")
    parser.add_argument("--case", nargs=2, metavar=("TRAINER", "SEEDS"), help="measure one, in this process")
    options = parser.parse_args()
    if options.case:
        print(f"RESULT {_seconds_of_an_epoch(options.variant, options.case[0], int(options.case[1]))}")
        return
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()},")
    print(", ".join(f"{p} {version(p)}" for p in ("keras", "tensorflow", "jax")) + f"; {options.variant}")
    print(f"an epoch: {IMAGES:,} images, the last {settings.VALIDATION_SPLIT:.0%} of them for validation\n")
    first: float | None = None
    for backend, trainer, seeds in CASES:
        command = [sys.executable, __file__, "--variant", options.variant, "--case", trainer, str(seeds)]
        paths = os.pathsep.join(
            str(path) for path in (PROJECT, PROJECT / "assignment", PROJECT / "autograder" / "handed_out")
        )
        env = os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": paths, "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        seconds = float(done.stdout.rpartition("RESULT ")[2]) / seeds
        first = first or seconds
        print(
            f"{trainer:<9} on {backend:<11} {seeds} seed{'s' * (seeds > 1):<2} {seconds:6.2f} s an epoch and seed",
            end="",
        )
        print(f" ({seconds / first:.1f} times the first)" if seconds != first else "", flush=True)


def _seconds_of_an_epoch(variant: str, trainer: str, seeds: int) -> float:
    """The fastest epoch but the first, in wall-clock seconds."""
    from assignment.data.dataset import dataset
    from solutions.trainers import ensemble, fit

    raw = [array[:IMAGES] for split in dataset().arrays for array in split]
    times: list[float] = []
    note = lambda epoch: times.append(time.perf_counter())  # noqa: E731
    if trainer == "fit":
        fit.train(variant, 0, EPOCHS, raw, note)
    else:
        ensemble.train(variant, list(range(seeds)), EPOCHS, raw, note)
    return min(b - a for a, b in pairwise(times))


if __name__ == "__main__":
    main()
