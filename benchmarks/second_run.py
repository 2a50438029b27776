"""How long a second run over an unchanged class takes: `python benchmarks/second_run.py [--size N] [--runs N]`.

The solution notebook is graded once; its result and its file are copied for every student of a class. Measured is the
command `python -m autograder grade` from its start to its end, imports included: wall-clock and CPU time.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from autograder.gradebook import store
from autograder.grading import cache_key, one_submission
from autograder.handout import build
from autograder.intake import submissions


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="a second run over an unchanged class")
    parser.add_argument("--size", type=int, default=100, metavar="N", help="submissions (default: 100)")
    parser.add_argument("--runs", type=int, default=7, metavar="N", help="how often it is measured (default: 7)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder, out = Path(temporary, "class"), Path(temporary, "gradebook")
        folder.mkdir()
        size = _fill(folder, out, options.size)
        times = [_second_run(folder, out) for _ in range(options.runs + 1)][1:]  # the first one warms up files
    wall, cpu = ([t[column] for t in times] for column in (0, 1))
    print(
        f"{options.size} submissions of {size[0] >> 10} KiB, results of {size[1] >> 10} KiB, {os.cpu_count()} cores, ",
        end="",
    )
    print(f"n = {options.runs}: median {statistics.median(wall):.2f} s ({min(wall):.2f} to {max(wall):.2f}),", end=" ")
    print(f"{statistics.median(cpu):.2f} CPU s")


def _fill(folder: Path, out: Path, size: int) -> tuple[int, int]:
    """A class and its gradebook; bytes of a submission and of a result."""
    content = submissions.write(build.solution())
    first = folder / "student000.ipynb"
    first.write_bytes(content)
    graded = one_submission.grade_file(first)
    assert graded.status == "graded", graded.notes
    for number in range(size):
        path = folder / f"student{number:03}.ipynb"
        path.write_bytes(content)
        store.write_result(replace(graded, submission=path.stem, key=cache_key.key_of(path)), out)
    return len(content), (out / "results" / "student000.json").stat().st_size


def _second_run(folder: Path, out: Path) -> tuple[float, float]:
    command = [sys.executable, "-m", "autograder", "grade", "--submissions", str(folder), "--out", str(out)]
    start, used = time.monotonic(), os.times()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    wall, now = time.monotonic() - start, os.times()
    assert done.stdout.startswith("Grading 0 submissions"), done.stdout
    return wall, now.children_user + now.children_system - used.children_user - used.children_system


if __name__ == "__main__":
    main()
