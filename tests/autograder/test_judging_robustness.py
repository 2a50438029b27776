"""Question 9: run records made by hand; those of whole notebooks are in `answers/records.py`."""

import math
from typing import Any
from unittest import mock

import numpy as np
import pytest

from assignment.hidden import reference_specs, weight_check
from autograder import assignment
from lab import settings
from labkit.judging import CheckResult, Observations, judge

SHAPES = [(3, 3, 3, 10), (10,), *[(3, 3, 10, 10), (10,)] * 3, (640, 10), (10,)]  # of a tiny VGG


def record(runs: int = settings.RUNS, **other: Any) -> dict[str, Any]:
    """A record as `lab.run_record.read` gives it."""
    accuracies = [0.68 + 0.01 * i for i in range(runs)]
    rng = np.random.default_rng(0)
    series = ("loss", "accuracy", "val_loss", "val_accuracy")
    one = [
        {
            "accuracy": accuracy,
            "history": {name: [1.0 + i] * settings.EPOCHS for name in series},
            "weights": [{"path": "w", "value": rng.normal(size=shape)} for shape in SHAPES],
        }
        for i, accuracy in enumerate(accuracies)
    ]
    return {"runs": one, "mean": np.mean(accuracies), "std": np.std(accuracies, ddof=1)} | other


def changed(run: int, **other: Any) -> dict[str, Any]:
    """A record of which one run is different."""
    made = record()
    made["runs"][run] |= other
    return made


def judged(found: dict[str, Any] | None, q4: dict[str, Any] | None = None) -> CheckResult:
    """The result of `q9_record` where there is no CIFAR-10, on which weights are evaluated."""
    check = next(c for c in assignment.all_checks() if c.name == "q9_record")
    answers = {"q4": {"spec": reference_specs.tiny_vgg()} if q4 is None else q4}
    with mock.patch.object(weight_check, "is_possible", return_value=False):
        return judge([check], Observations(answers, 0, {} if found is None else {"tiny_vgg": found}))[0]


@pytest.mark.parametrize(
    "found",
    [
        record(),
        record(settings.RUNS + 5),
        record(std=float(np.std([0.68 + 0.01 * i for i in range(settings.RUNS)]))),
        changed(0, weights=[{"path": "w", "value": np.ones(s, "float32")} for s in reversed(SHAPES)]),
        changed(0, weights=[*record()["runs"][0]["weights"], {"path": "dropout/seed", "value": np.zeros(2)}]),
    ],
    ids=["complete", "more runs", "population std", "weights in another order", "a seed among the weights"],
)
def test_record_accepted(found: dict[str, Any]) -> None:
    assert judged(found).message == ""


@pytest.mark.parametrize("q4", [{}, {"error": {"kind": "missing"}}, {"spec": {"nodes": None, "weights": {}}}])
def test_record_without_a_network_to_compare(q4: dict[str, Any]) -> None:
    result = judged(record(), q4)
    assert result.outcome == "unjudged"
    assert result.found.startswith("The recorded weights could not be tried: `build_tiny_vgg` gave no network, and")


def test_record_of_a_network_that_cannot_be_traced() -> None:
    shapes = {str(i): list(shape) for i, shape in enumerate(SHAPES)}
    assert judged(record(), {"spec": {"nodes": None, "weights": shapes}}).outcome == "passed"
    assert judged(record(), {"spec": {"nodes": None, "weights": {"0": [5]}}}).outcome == "failed"


HISTORY = record()["runs"][0]["history"]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "the run record of tiny_vgg.\nFound: There is none."),
        ({"error": "the record is damaged"}, "Found: The record is damaged."),
        (record(2), f"holds {settings.RUNS} runs.\nFound: It holds 2."),
        (record(mean=0.9), "The mean says 0.9000, the accuracies say 0.7000."),
        (record(std=0.5), "The record says 0.5000, the accuracies say 0.0158."),
        (changed(1, accuracy=1.5), "between 0 and 1.\nFound: One is 1.5."),
        (changed(1, history={k: v for k, v in HISTORY.items() if k != "val_loss"}), "run 2 has no val_loss"),
        (changed(1, history={k: v for k, v in HISTORY.items() if "acc" not in k}), "run 2 has no accuracy"),
        (changed(1, history=HISTORY | {"loss": [1.0] * 10}), "In run 2, `loss` has 10 values."),
        (changed(1, history=HISTORY), "Two runs have the same loss in every epoch."),
        (changed(3, weights=[]), "Those of run 4 are missing."),
        (
            changed(3, weights=[w | {"value": w["value"] + 0.01} for w in record()["runs"][1]["weights"]]),
            "Runs 2 and 4 ended in nearly the same weights.",
        ),
        (
            changed(3, weights=[{"path": "w", "value": np.full(s, math.nan)} for s in SHAPES]),
            "Run 4 ended with weights that are not.",
        ),
        (
            changed(3, weights=[{"path": "w", "value": np.zeros((5, 5, 3, 10))}]),
            "Those of run 4 belong to another one: 750 parameters against 9,420.",
        ),
    ],
    ids=["none", "damaged", "two runs", "mean", "std", "impossible accuracy", "no validation", "no accuracy",
         "ten epochs", "same losses", "no weights", "copied weights", "weights not finite", "another network"],
)  # fmt: skip
def test_record_wrong(found: dict[str, Any] | None, words: str) -> None:
    result = judged(found)
    assert result.outcome == "failed"
    assert words in result.message
