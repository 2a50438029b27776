"""What it costs to verify the run records of a submission: `make bench`, or `python benchmarks/record_cost.py [--n N]`.

The sample submission with all four variants, five runs each, is read and its records are evaluated on CIFAR-10's test
set, as in grading; only the observations are made beforehand. Printed are medians of N repetitions.
"""

import argparse
import os
import platform
import statistics
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat

from assignment import samples
from assignment.hidden import weight_check
from assignment.hidden.run_records import judge_record, with_answers
from autograder.sandbox import execute
from lab import run_record, settings
from lab.questions import QUESTIONS
from labkit.judging import Observations


def main() -> None:
    """Measure and print.

    Raises:
        SystemExit: CIFAR-10 is not at hand.
    """
    parser = argparse.ArgumentParser(description="what verified run records cost")
    parser.add_argument("--n", type=int, default=7, metavar="N", help="how often it is measured (default: 7)")
    n = parser.parse_args().n
    if not weight_check.is_possible():
        raise SystemExit("error: CIFAR-10 is not in KERAS_HOME; without it records are read, not evaluated")
    with TemporaryDirectory() as folder:
        notebook = nbformat.read(samples.write(Path(folder)) / "solution.ipynb", as_version=4)
    questions = ["q3", "q4", *list(QUESTIONS.variants.values())[1:]]
    seen = execute(notebook, questions=questions)
    observations = Observations(seen.observations, seen.seed)
    reading, evaluating = [], []
    for number in range(n + 1):  # the first one warms up
        start = time.process_time()
        records = run_record.find(notebook)
        read = time.process_time()
        drawn = with_answers(replace(observations, records=records))
        for variant in QUESTIONS.variants:
            judge_record(drawn, variant)
        if number:
            reading.append(read - start)
            evaluating.append(time.process_time() - read)
    processors = Path("/proc/cpuinfo").read_text().splitlines()
    name = next((line.partition(":")[2].strip() for line in processors if line.startswith("model name")), "unknown CPU")
    print(
        f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {version('numpy')}; n = {n}, median"
    )
    runs = settings.RUNS * len(QUESTIONS.variants)
    print(
        f"run records of {runs} runs: {statistics.median(reading):.2f} CPU s to read, "
        f"{statistics.median(evaluating):.2f} CPU s to evaluate (at most {max(evaluating):.2f})"
    )


if __name__ == "__main__":
    main()
