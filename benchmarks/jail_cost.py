"""What the jail costs: `make bench`, or `python benchmarks/jail_cost.py [--pairs N]`.

The solution notebook is graded in the jail and without one, in turns, in one run: the same kernel, cells, probes and
checks, but started by a shell that only ends it. Printed are medians of the wall-clock time and of the CPU time of the
whole machine, which should have nothing else to do, and the ratio of each pair.
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from autograder.grading.notebook import grade_notebook
from autograder.handout import build
from autograder.sandbox import jail

# Starts the kernel, and ends it as soon as the grader lets go, as the supervisor does.
BARE = '"$@" </dev/null & kernel=$!; cat >/dev/null; kill -9 $kernel; wait $kernel 2>/dev/null'


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="what the jail costs")
    parser.add_argument("--pairs", type=int, default=7, metavar="N", help="how often each is measured (default: 7)")
    pairs = parser.parse_args().pairs
    notebook = build.solution()
    jailed, bare = jail.command, _bare
    _measure(notebook, jailed)  # warms up files and caches
    times: dict[str, list[tuple[float, float]]] = {"jail": [], "no jail": []}
    for number in range(pairs):
        for name, command in sorted({"jail": jailed, "no jail": bare}.items(), reverse=bool(number % 2)):
            times[name].append(_measure(notebook, command))
            print(f"{number + 1} of {pairs}: {name}: {times[name][-1][0]:.2f} s, {times[name][-1][1]:.2f} CPU s")
    print(f"\n{_cpu()}, {os.cpu_count()} cores, Linux {_linux()}, Python {platform.python_version()},")
    print(f"keras {version('keras')}, tensorflow {version('tensorflow')}; solution notebook, n = {pairs}, median\n")
    for column, unit in enumerate(("wall-clock s", "CPU s")):
        with_, without = ([t[column] for t in times[name]] for name in ("jail", "no jail"))
        ratios = [a / b for a, b in zip(with_, without, strict=True)]
        cost = statistics.median(ratios) - 1
        print(
            f"{unit:>12}: {statistics.median(with_):6.2f} with, {statistics.median(without):6.2f} without the jail; "
            f"it costs {cost:+.1%} (pairs from {min(ratios) - 1:+.1%} to {max(ratios) - 1:+.1%})"
        )


def _bare(folder: Path, argv: Sequence[str], *arguments: Any, **options: Any) -> list[str]:
    return ["/bin/sh", "-c", BARE, "kernel", *argv]


def _measure(notebook: Any, command: Any) -> tuple[float, float]:
    """Wall-clock and CPU seconds of grading once; the marks must be the same either way."""
    jail.command = command
    start, used = time.monotonic(), _cpu_seconds()
    graded = grade_notebook(notebook)
    assert all(c.outcome == "passed" or c.name.endswith("_record") for c in graded.checks), graded.notes
    return time.monotonic() - start, _cpu_seconds() - used


def _cpu_seconds() -> float:
    """Of all processes of this machine: those in a process namespace are not charged to who has started them."""
    user, nice, system = map(int, Path("/proc/stat").read_text().split()[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def _linux() -> str:
    """Its version, without what a distribution or a host adds."""
    return platform.release().partition("-")[0]


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")


if __name__ == "__main__":
    main()
