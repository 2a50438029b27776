"""Question 9 on any numbers of runs, accuracies and epochs, against oracles in plain Python."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support import tries

from autograder import assignment
from lab import settings as practical
from lab.probes import inputs, robustness
from labkit.judging import CheckResult, Observations, judge

CHECKS = {check.name: check for check in assignment.all_checks() if check.question == "q9"}
RUNS = inputs.EXPERIMENT_RUNS
few = settings(max_examples=tries(80), deadline=None)
fractions = st.floats(0, 1, allow_subnormal=False)
units = st.sampled_from((1, 100))
containers = st.sampled_from((list, tuple, np.array, lambda values: dict(enumerate(values))))


def judged(name: str, value: dict[str, Any] | None = None, **other: Any) -> CheckResult:
    """The result of one check of an experiment that returned these values; the other checks are left out."""
    complete = {"accuracies": [], "mean": 0.5, "std": 0.1, "histories": []} | (value or {})
    if isinstance(complete["accuracies"], tuple):
        complete["accuracies"] = list(complete["accuracies"])  # as `labkit.plain_data.plain` gives it
    call = {"error": None, "value": complete, "runs": [], "labels": np.zeros(0, int), "built": 1} | other
    check = CHECKS[name]
    alone = replace(check, after=())
    answer = {"error": None, "calls": [call], "builder_repeats": False}
    result = judge([alone], Observations({"q9": answer}))[0]
    assert result.outcome in ("passed", "failed"), result.traceback
    return result


def mean_of(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def std_of(values: list[float], less: int) -> float:
    return math.sqrt(math.fsum((v - mean_of(values)) ** 2 for v in values) / (len(values) - less))


@few
@given(st.lists(fractions, min_size=2, max_size=12), units, st.sampled_from((0, 1)), containers)
def test_mean_and_std_of_any_accuracies_are_accepted(
    accuracies: list[float], unit: int, less: int, container: Any
) -> None:
    given_values = [unit * a for a in accuracies]
    value = {"accuracies": container(given_values), "mean": mean_of(given_values), "std": std_of(given_values, less)}
    assert judged("q9_mean_std", value).message == ""


@few
@given(st.lists(fractions, min_size=2, max_size=12), st.sampled_from(("mean", "std")), st.floats(-0.5, 0.5))
def test_any_other_mean_or_std_is_refused(accuracies: list[float], key: str, error: float) -> None:
    right = {"mean": [mean_of(accuracies)], "std": [std_of(accuracies, 0), std_of(accuracies, 1)]}
    value = {"accuracies": accuracies} | {name: values[0] for name, values in right.items()}
    value[key] = right[key][0] + error
    assume(all(abs(value[key] - number) > 2e-4 for number in right[key]))
    assert judged("q9_mean_std", value).outcome == "failed"


@st.composite
def trained(draw: st.DrawFn) -> tuple[np.ndarray, list[np.ndarray]]:
    """Labels of a test set, and what the model of each run predicts for it."""
    n = draw(st.integers(30, 400))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    labels = rng.integers(0, 10, n)
    hits = draw(st.lists(fractions, min_size=RUNS, max_size=RUNS))
    return labels, [np.where(rng.random(n) < hit, labels, rng.integers(0, 10, n)) for hit in hits]


def experiment(labels: np.ndarray, predicted: list[np.ndarray]) -> tuple[list[float], dict[str, Any]]:
    """Accuracies counted one by one, and what the probe saw."""
    right = [sum(int(a) == int(b) for a, b in zip(labels, row, strict=True)) / len(labels) for row in predicted]
    runs = [{"predicted": row, "train_accuracy": -1.0, "elsewhere": []} for row in predicted]
    return right, {"labels": labels, "runs": runs}


@few
@given(trained(), st.sampled_from((1, 100)), st.booleans(), containers)
def test_accuracies_of_the_trained_models_are_accepted_as_fractions(
    data: tuple[np.ndarray, list[np.ndarray]], unit: int, rounded: bool, container: Any
) -> None:
    right, seen = experiment(*data)
    assume(unit == 1 or max(right) > 0.01)
    values = [unit * (round(a, 4) if rounded else a) for a in right]
    result = judged("q9_accuracies", {"accuracies": container(values)}, **seen)
    assert result.found == ("" if unit == 1 else "They are given in percent.")


@few
@given(trained(), st.integers(0, RUNS - 1), st.floats(-1, 1))
def test_an_accuracy_that_no_model_reached_is_refused(
    data: tuple[np.ndarray, list[np.ndarray]], run: int, error: float
) -> None:
    right, seen = experiment(*data)
    claimed = [*right[:run], right[run] + error, *right[run + 1 :]]
    assume(abs(error) > 2e-4 and 0 <= claimed[run] <= 1)
    assert judged("q9_accuracies", {"accuracies": claimed}, **seen).outcome == "failed"


@few
@given(st.lists(st.integers(1, 4), min_size=RUNS, max_size=RUNS))
def test_several_fits_of_one_model_are_one_run(fits: list[int]) -> None:
    seen = [{"model": number, "initial_epoch": 0} for number, n in enumerate(fits) for _ in range(n)]
    assert [len(run) for run in robustness._runs(seen, RUNS)] == fits


@few
@given(st.lists(st.integers(0, 3), min_size=1, max_size=8))
def test_fits_of_one_model_are_runs_unless_they_go_on(starts: list[int]) -> None:
    seen = [{"model": 1, "initial_epoch": start} for start in starts]
    expected = 1 if RUNS == 1 else 1 + sum(start == 0 for start in starts[1:])
    assert len(robustness._runs(seen, RUNS)) == expected


@few
@given(st.integers(0, practical.RUNS + 3), st.sampled_from((0, 1, practical.EPOCHS - 1, practical.EPOCHS)))
def test_a_record_is_complete_or_not(n_runs: int, last_epochs: int) -> None:
    rng = np.random.default_rng(n_runs)
    names = ("loss", "acc", "val_loss", "val_acc")
    runs = [
        {
            "accuracy": float(rng.random()),
            "history": {name: list(rng.random(practical.EPOCHS)) for name in names},
            "weights": [{"path": "w", "value": rng.random(3)}],
        }
        for _ in range(n_runs)
    ]
    for run in runs[-1:]:
        run["history"] = {name: values[:last_epochs] for name, values in run["history"].items()}
    accuracies = [run["accuracy"] for run in runs]
    record = {
        "runs": runs,
        "mean": mean_of(accuracies) if runs else 0.0,
        "std": std_of(accuracies, 1) if n_runs > 1 else 0.0,
    }
    result = judge([CHECKS["q9_record"]], Observations({}, 0, {"tiny_vgg": record}))[0]
    complete = n_runs >= practical.RUNS and last_epochs == practical.EPOCHS
    assert result.outcome == ("unjudged" if complete else "failed")  # no network was seen in which to try it
