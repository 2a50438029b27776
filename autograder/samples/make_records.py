"""Train the sample submissions' run records: every variant, all runs, all epochs, on a few stand-in images.

usage: python -m autograder.samples.make_records    (a few minutes on a laptop)

Writes records/<variant>.html beside this file, as `lab.publish` makes them.
"""

import importlib.util
import sys
from typing import Any

from rich.progress import track

from autograder import build, standin
from autograder.samples.edits import RECORDS
from lab import run_record, settings

IMAGES = (420, 200)  # training and test images: enough for curves, few enough to wait for


def main() -> None:
    """Train and write all records."""
    reference = _reference()
    (x_train, y_train), (x_test, y_test) = standin.make_cifar10()
    raw = (x_train[: IMAGES[0]], y_train[: IMAGES[0]], x_test[: IMAGES[1]], y_test[: IMAGES[1]])
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
