"""What `make grade` compares this machine with: `make bench`, or `python benchmarks/reference_speed.py [--n N]`.

Measured are, in CPU seconds, a piece of the calibration (`autograder/calibration.py`), the start of a batch, and the
sample solution, all four variants in it: medians of N. They go into `benchmarks/reference.json`, beside the machine.
"""

import argparse
import json
import os
import platform
import statistics
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder import calibration, samples
from autograder.attempt import grade_file
from autograder.sandbox import environment, open_nursery
from autograder.sandbox.cpu_time import Meter

PACKAGES = ("keras", "tensorflow", "numpy")


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description="the reference of this machine's speed")
    parser.add_argument("--n", type=int, default=7, metavar="N", help="how often it is measured (default: 7)")
    n = parser.parse_args().n
    pieces = [calibration.measure().piece for _ in range(n)]
    meter, whole = Meter(os.getpid()), []
    with TemporaryDirectory() as folder:
        solution = samples.write(Path(folder)) / "solution.ipynb"
        before = _spent(meter)
        with open_nursery(environment()) as kernels:
            grade_file(solution, kernels=kernels)  # warms up
            first = _spent(meter) - before
            for _ in range(n):
                before = _spent(meter)
                grade_file(solution, kernels=kernels)
                whole.append(_spent(meter) - before)
    submission = statistics.median(whole)
    found = calibration.Reference(
        f"{_processor()}, {os.cpu_count()} cores",
        ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in PACKAGES)]),
        round(statistics.median(pieces), 4),
        round(max(first - submission, 0.0), 1),
        round(submission, 1),
    )
    calibration.REFERENCE.write_text(json.dumps(asdict(found), indent=2) + "\n")
    print(f"{found.machine}, Linux {platform.release().partition('-')[0]}, {found.versions}; n = {n}, median")
    print(f"a piece of the calibration: {found.piece:.4f} CPU s ({min(pieces):.4f} to {max(pieces):.4f})")
    print(f"start of a batch: {found.start:.1f} CPU s (measured once)")
    print(f"one solution: {found.submission:.1f} CPU s ({min(whole):.1f} to {max(whole):.1f})")


def _spent(meter: Meter) -> float:
    return meter.read().computed + time.process_time()


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")


if __name__ == "__main__":
    main()
