"""Train the sample submissions' run records: every variant, all runs, all epochs, on a few images of CIFAR-10.

usage: python -m assignment.samples.make_records [--only TEXT]

Writes records/<variant>.html beside this file, as `lab.publish` makes them, and records/<sample>-<variant>.html where a
sample has networks of its own. Takes some minutes on a laptop, and CIFAR-10 in KERAS_HOME.
"""

import argparse
from pathlib import Path
from typing import Any

from rich.progress import track

from assignment import made_with
from assignment.data.dataset import dataset
from assignment.samples import SAMPLES, Sample, edits
from autograder.handout import build
from lab import run_record
from lab.questions import QUESTIONS
from solutions.runs import CONSTANTS

IMAGES = 420  # to train on: enough for curves, few enough to wait for; accuracies are those of the whole test set


def main() -> None:
    """Train and write all records.

    Raises:
        SystemExit: CIFAR-10 is not at hand.
    """
    if dataset().source != "CIFAR-10":
        raise SystemExit("error: CIFAR-10 is not in KERAS_HOME; records of other images do not pass where it is")
    parser = argparse.ArgumentParser(prog="python -m assignment.samples.make_records", description="train the samples")
    parser.add_argument("--only", default="", metavar="TEXT", help="just the records whose file's name holds this text")
    only = parser.parse_args().only
    files: dict[Path, tuple[Sample | None, str]] = {
        edits.record_file(variant): (None, variant) for variant in QUESTIONS.variants
    }
    for sample in SAMPLES:
        files |= {edits.record_file(variant, sample.name): (sample, variant) for variant in sample.own_records}
    edits.RECORDS.mkdir(exist_ok=True)
    for file in track([file for file in files if only in file.name], "training"):
        file.write_text(_record(*files[file]) + "\n")
    if not only:
        made_with.note(made_with.SAMPLES, ("RUNS", "EPOCHS", *CONSTANTS))


def _record(sample: Sample | None, variant: str) -> str:
    """HTML of the record that the solution's experiment gives, with the builder that the sample has."""
    path = build.PROJECT / "solutions" / "reference.py"
    names: dict[str, Any] = {"__name__": "reference"}
    exec(compile(path.read_text(), str(path), "exec"), names)
    if sample is not None:
        exec(sample.edits[f"build_{variant}"] or "", names)
    (x_train, y_train), (x_test, y_test) = dataset().arrays
    arrays = names["preprocess"](x_train[:IMAGES], y_train[:IMAGES], x_test, y_test)
    names.update(zip(("x_train", "y_train", "x_test", "y_test"), arrays, strict=True))
    results = names["run_experiment"](names[f"build_{variant}"])
    return run_record.to_html(run_record.make(variant, results, results["models"]))


if __name__ == "__main__":
    main()
