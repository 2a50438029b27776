"""From entries to notebooks: the edits, and run records that fit what the entry builds."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from support import namespace

from autograder import build
from autograder.samples import edits
from lab import run_record, settings
from zoo.entries import Entry


@cache
def solution() -> Any:
    """The master notebook's solution, without run records."""
    return build.solution()


def make(entry: Entry) -> Any:
    """The notebook that the entry's student hands in, with a run record of every variant."""
    notebook = entry.apply(solution())
    code = changed_code(notebook)
    for variant in settings.VARIANTS:
        record = _own_record(variant, code) if f"def build_{variant}(" in code else None
        edits.publish(notebook, variant, record or _reference_record(variant))
    return notebook


def changed_code(notebook: Any) -> str:
    """Source of the code cells that are not those of the solution, in order."""
    known = {cell.source.strip() for cell in solution().cells}
    return "\n\n".join(c.source for c in notebook.cells if c.cell_type == "code" and c.source.strip() not in known)


def undefined(notebook: Any) -> tuple[str, ...]:
    """Functions of the solution that the notebook does not define."""
    source, known = ("\n".join(c.source for c in n.cells if c.cell_type == "code") for n in (notebook, solution()))
    functions = re.findall(r"^def (\w+)\(", known, re.MULTILINE)
    return tuple(f for f in functions if not re.search(rf"^(def|class) {f}\b|^{f}\b.*=", source, re.MULTILINE))


@cache
def _reference_record(variant: str) -> str:
    return _record(variant, namespace()[f"build_{variant}"])


def _own_record(variant: str, code: str) -> str | None:
    """A record of networks of the entry's own; None where its builder gives none."""
    try:
        return _record(variant, namespace(code)[f"build_{variant}"])
    except Exception:  # the entry's fault: that is what it is there for
        return None


def _record(variant: str, builder: Callable[[], Any]) -> str:
    """The HTML of a record with made-up curves, of networks as they are built."""
    rng = np.random.default_rng(1)
    models = [builder() for _ in range(settings.RUNS)]
    for model in models:
        model(np.zeros((1, *settings.IMAGE_SHAPE), np.float32))
    accuracies = rng.uniform(0.65, 0.75, settings.RUNS).round(4)
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    histories = [{name: rng.uniform(0.2, 0.9, settings.EPOCHS).round(4) for name in names} for _ in models]
    results = {"accuracies": accuracies, "mean": accuracies.mean(), "std": accuracies.std(), "histories": histories}
    return run_record.to_html(run_record.make(variant, results, models))
