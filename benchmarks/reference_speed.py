"""What `make grade` compares this machine with: `make bench`, or `python benchmarks/reference_speed.py [--n N]`.

Measured are a piece of the calibration (`autograder/calibration.py`) in CPU seconds, and by the clock the start of a
batch and the sample solution, all four variants in it, with a picture in its outputs and without: medians of N. They go
into `benchmarks/reference.json`, beside the machine, which should have nothing else to do.
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

import nbformat

from assignment import samples
from autograder import calibration
from autograder.grading.one_submission import grade_file
from autograder.sandbox import environment, open_fork_server
from autograder.sandbox.provisioner import ForkServer

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
PACKAGES = ("keras", "tensorflow", "numpy")


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description="the reference of this machine's speed")
    parser.add_argument("--n", type=int, default=7, metavar="N", help="how often it is measured (default: 7)")
    n = parser.parse_args().n
    pieces = [calibration.measure().piece for _ in range(n)]
    with TemporaryDirectory() as folder:
        bare = samples.write(Path(folder)) / "solution.ipynb"
        complete = bare.with_name("with_pictures.ipynb")
        notebook = nbformat.read(bare, as_version=4)
        cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
        cell.outputs = [nbformat.v4.new_output("display_data", data={"image/png": PIXEL})]
        nbformat.write(notebook, complete)
        begun = time.monotonic()
        with open_fork_server(environment()) as kernels:
            _seconds(complete, kernels)
            first = time.monotonic() - begun
            times = {path: [_seconds(path, kernels) for _ in range(n)] for path in (complete, bare)}
    medians = {path: statistics.median(found) for path, found in times.items()}
    found = calibration.Reference(
        f"{_processor()}, {os.cpu_count()} cores",
        ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in PACKAGES)]),
        round(statistics.median(pieces), 4),
        round(max(first - medians[complete], 0.0), 1),
        round(medians[complete], 1),
        round(medians[bare], 1),
    )
    calibration.REFERENCE.write_text(json.dumps(asdict(found), indent=2) + "\n")
    print(f"{found.machine}, Linux {platform.release().partition('-')[0]}, {found.versions}; n = {n}, median")
    print(f"a piece of the calibration: {found.piece:.4f} CPU s ({min(pieces):.4f} to {max(pieces):.4f})")
    print(f"start of a batch: {found.start:.1f} s (measured once)")
    for name, path in (("with a picture", complete), ("without pictures", bare)):
        print(f"one solution {name}: {medians[path]:.1f} s ({min(times[path]):.1f} to {max(times[path]):.1f})")


def _seconds(path: Path, kernels: ForkServer) -> float:
    begun = time.monotonic()
    grade_file(path, kernels=kernels)
    return time.monotonic() - begun


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")


if __name__ == "__main__":
    main()
