"""Train the sample submissions' run records: every variant, all runs, all epochs, on a few images of CIFAR-10.

usage: python -m autograder.samples.make_records    (some minutes on a laptop; CIFAR-10 must be in KERAS_HOME)

Writes records/<variant>.html beside this file, as `lab.publish` makes them.
"""

import importlib.util
import sys
from typing import Any

from rich.progress import track

from autograder import build
from autograder.dataset import dataset
from autograder.samples.edits import RECORDS
from lab import run_record, settings

IMAGES = 420  # to train on: enough for curves, few enough to wait for; accuracies are those of the whole test set


def main() -> None:
    """Train and write all records.

    Raises:
        SystemExit: CIFAR-10 is not at hand.
    """
    if dataset().source != "CIFAR-10":
        raise SystemExit("error: CIFAR-10 is not in KERAS_HOME; records of other images do not pass where it is")
    reference = _reference()
    (x_train, y_train), (x_test, y_test) = dataset().arrays
    raw = (x_train[:IMAGES], y_train[:IMAGES], x_test, y_test)
    names = ("x_train", "y_train", "x_test", "y_test")
    vars(reference).update(zip(names, reference.preprocess(*raw), strict=True))
    RECORDS.mkdir(exist_ok=True)
    for variant in track(list(settings.VARIANTS), "training"):
        results = reference.run_experiment(getattr(reference, f"build_{variant}"))
        record = run_record.make(variant, results, results["models"])
        (RECORDS / f"{variant}.html").write_text(run_record.to_html(record) + "\n")


def _reference() -> Any:
    path = build.PROJECT / "solutions" / "reference.py"
    spec = importlib.util.spec_from_file_location("reference", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["reference"] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
