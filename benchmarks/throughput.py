"""Submissions a minute, against stock `otter run`: `make bench`, or `python benchmarks/throughput.py [--n N]`.

Copies of the whole solution notebook, all four variants in it, are graded in three ways in one run:

- N by `otter run` one after another, with the autograder that `otter assign` makes of tests/zoo/plain/plain.ipynb,
- N by `otter run` as many at a time as there are workers,
- 6 N by `python -m autograder grade` with as many workers: as many as it is to grade in the time of the second way, so
  that its start, once a batch, counts as it does for a class. It is told apart, too: the time to the first result.

Training is shortened alike everywhere: for stock Otter a first cell starts the sandbox's own recorder and serves the
data offline. CPU seconds are those of the whole machine, which should have nothing else to do; memory is what processes
do not share (USS), sampled. At the end one submission is graded alone, with the clock read at every step.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
import psutil

from assignment import samples
from assignment.data.dataset import dataset
from autograder.grading.notebook import grade_notebook
from autograder.sandbox import environment, open_fork_server

PROJECT = Path(__file__).parent.parent
MORE = 6  # times as many submissions for our own grader
PLAIN = PROJECT / "tests" / "zoo" / "plain" / "plain.ipynb"
SHORTENED = """\
import sys
from pathlib import Path
from assignment.kernel.serve import serve as _serve
_serve(Path({data!r}))
from labkit.short_training import recording as _recording
_shortened = _recording(keep_rows=False)
_shortened.__enter__()
"""


@dataclass
class Measured:
    """What a way of grading took for n submissions: seconds on the clock and of the processors, most memory
    (bytes), and seconds to the first result where that was looked at."""

    name: str
    n: int
    at_a_time: int
    seconds: float
    cpu: float
    memory: float
    first: float | None = None

    @property
    def a_minute(self) -> float:
        """Submissions."""
        return 60 * self.n / self.seconds

    def line(self) -> str:
        """For a terminal."""
        each = self.memory / self.at_a_time / 2**20
        return f"{self.name:<34} {self.n:>4} {self.a_minute:8.1f} {self.cpu / self.n:12.1f} {each:10.0f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="submissions a minute, against stock otter run")
    parser.add_argument("--n", type=int, default=6, metavar="N", help="for stock otter run (default: 6)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="workers (default: cores)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        notebook = _with_pictures(samples.write(folder / "samples") / "solution.ipynb")
        ours, theirs = folder / "ours", folder / "theirs"
        ours.mkdir()
        theirs.mkdir()
        dataset().write(folder / "data")
        for number in range(options.n):
            _write_shortened(notebook, theirs / f"s{number}.ipynb", folder / "data")
        for number in range(MORE * options.n):
            shutil.copy(notebook, ours / f"s{number}.ipynb")
        autograder = _stock_autograder(folder)
        stock = [_otter_run(autograder, path, folder) for path in sorted(theirs.iterdir())]
        command = [
            sys.executable,
            "-m",
            "autograder",
            "grade",
            "--submissions",
            str(ours),
            "--out",
            str(folder / "out"),
        ]
        command += ["--jobs", str(options.jobs)]
        results = [
            _measured("otter run, one after another", len(stock), 1, lambda: [run() for run in stock]),
            _measured(
                f"otter run, {options.jobs} at a time",
                len(stock),
                options.jobs,
                lambda: _at_a_time(stock, options.jobs),
            ),
            _measured(
                f"make grade, {options.jobs} workers",
                MORE * options.n,
                options.jobs,
                lambda: _run(command, folder),
                folder / "out" / "results",
            ),
        ]
        print(f"\n{_cpu()}, {os.cpu_count()} cores, Linux {_linux()}, Python {platform.python_version()},")
        print(", ".join(f"{p} {version(p)}" for p in ("keras", "tensorflow", "otter-grader")) + "\n")
        print(f"{'':<34} {'n':>4} {'a minute':>8} {'CPU s each':>12} {'MiB each':>10}")
        for result in results:
            print(result.line())
        one, several, own = results
        print(f"\nmake grade wrote its first result after {own.first:.1f} s")
        for other in (one, several):
            print(f"make grade has {own.a_minute / other.a_minute:.1f} times the throughput of {other.name}")
        _print_breakdown(notebook)


def _with_pictures(path: Path) -> Path:
    """The solution with the pictures that its cells draw, as a notebook is handed in."""
    notebook = nbformat.read(path, as_version=4)
    for cell, executed in zip(notebook.cells, grade_notebook(notebook).executed.cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs = cell.outputs or executed.outputs
    nbformat.write(notebook, path)
    return path


# Stock Otter


def _write_shortened(source: Path, target: Path, data: Path) -> None:
    notebook = nbformat.read(source, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(SHORTENED.format(data=str(data))))
    nbformat.write(notebook, target)


def _stock_autograder(folder: Path) -> Path:
    made = folder / "made"
    _run([sys.executable, "-m", "otter", "assign", str(PLAIN), str(made), "--no-run-tests", "--no-pdfs"], folder)
    (zipped,) = (made / "autograder").glob("*-autograder*.zip")
    return zipped


def _otter_run(autograder: Path, notebook: Path, folder: Path) -> Callable[[], None]:
    def run() -> None:
        out = folder / "stock" / notebook.stem
        out.mkdir(parents=True, exist_ok=True)
        _run([sys.executable, "-m", "otter", "run", str(notebook), "-a", str(autograder), "-o", str(out)], out)
        if not (out / "results.json").exists():
            raise RuntimeError(f"otter run wrote no result for {notebook.name}")

    return run


def _at_a_time(runs: list[Callable[[], None]], jobs: int) -> None:
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda run: run(), runs))


def _run(command: list[str], folder: Path) -> None:
    paths = os.pathsep.join(
        str(path) for path in (PROJECT, PROJECT / "assignment", PROJECT / "autograder" / "handed_out")
    )
    done = subprocess.run(
        command, cwd=folder, env=os.environ | environment() | {"PYTHONPATH": paths}, capture_output=True
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:5])} failed:\n{done.stderr.decode()[-2000:]}")


# Measuring


def _measured(name: str, n: int, at_a_time: int, work: Callable[[], Any], results: Path | None = None) -> Measured:
    """Do the work and look at the machine meanwhile, and at when the folder of results has its first."""
    print(f"{name} ...", flush=True)
    most, first, stop = 0.0, None, threading.Event()

    def sample() -> None:
        nonlocal most, first
        while not stop.wait(0.5):
            most = max(most, _memory())
            if first is None and results is not None and any(results.glob("*.json")):
                first = time.monotonic() - start

    watcher = threading.Thread(target=sample, daemon=True)
    start, used = time.monotonic(), _cpu_seconds()
    watcher.start()
    work()
    stop.set()
    return Measured(name, n, at_a_time, time.monotonic() - start, _cpu_seconds() - used, most, first)


def _memory() -> float:
    """Bytes that the processes below this one do not share."""
    total = 0
    for process in psutil.Process().children(recursive=True):
        try:
            total += process.memory_full_info().uss
        except psutil.Error:  # it has ended
            continue
    return float(total)


def _cpu_seconds() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system)


def _print_breakdown(path: Path) -> None:
    """Where the time of one submission goes, graded alone in a kernel that is forked from the warm process."""
    notebook = nbformat.read(path, as_version=4)
    steps: list[tuple[float, str]] = []
    with open_fork_server(environment()) as fork_server:
        grade_notebook(notebook, fork_server=fork_server)  # warms up files and caches
        start = time.monotonic()
        grade_notebook(notebook, fork_server=fork_server, progress=lambda step: steps.append((time.monotonic(), step)))
        end = time.monotonic()
    times = [start, *(at for at, _ in steps), end]
    names = ["start of the kernel", *(_stage(step, notebook) for _, step in steps)]
    spent: dict[str, float] = {}
    for name, before, after in zip(names, times, times[1:], strict=False):
        spent[name] = spent.get(name, 0) + after - before
    print(f"\none submission alone: {end - start:.1f} s, of which")
    for name, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        if seconds >= 0.05:
            print(f"{seconds:7.2f} s  {name}")


def _stage(step: str, notebook: Any) -> str:
    """A step of grading in words: cells by their first line."""
    if not step.startswith("cell "):
        return "judging" if step == "judging" else f"probe of {step}"
    source = notebook.cells[int(step.split()[1]) - 1].source
    return f"cell: {source.strip().splitlines()[0][:70]}"


def _linux() -> str:
    """Its version, without what a distribution or a host adds."""
    return platform.release().partition("-")[0]


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")


if __name__ == "__main__":
    main()
