"""Public checks of question 9."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from lab.checks._registry import registry
from lab.checks.common import require_call, require_no_error
from lab.probes.inputs import AGAIN_RUNS, RESULT_KEYS
from labkit.judging import Failure, Observations
from labkit.plain_data import kind_of

ONE_A_RUN = ("accuracies", "histories")


@registry.check("q9", 0.5)
def q9_answered(observations: Observations) -> None:
    """`run_experiment` trains models, and returns its results."""
    require_no_error(observations["q9"], "run_experiment")
    call = _first_usable(observations)
    require_call(call, "run_experiment")
    if not call.get("runs"):
        raise Failure("`run_experiment` trains models.", "It trained none.", "Each run calls `train`.")


def _first_usable(observations: Observations) -> dict[str, Any]:
    """The experiment with the student's own functions; else, at grading, that with neutral ones."""
    calls: list[dict[str, Any]] = observations["q9"]["calls"]
    return next((call for call in calls if not call.get("error") and not call.get("needs")), calls[0])


def results_in(value: Any) -> dict[str, Any]:
    """The results that `run_experiment` returned, as far as it returned a dict."""
    return value if isinstance(value, dict) and kind_of(value) == "a dict" else {}


@registry.check("q9", 1, after="q9_answered")
def q9_entries(observations: Observations) -> None:
    """The results are a dict with accuracies, mean, std and histories: of the runs of this call, one entry each."""
    call = _first_usable(observations)
    value = call["value"]
    if not results_in(value) and value != {}:
        raise Failure("`run_experiment` returns a dict.", f"It returned {kind_of(value)}.")
    missing = [key for key in RESULT_KEYS if key not in value]
    if missing:
        raise Failure(
            "The dict has the keys " + ", ".join(f"`{key}`" for key in RESULT_KEYS) + ".",
            "There is no " + ", no ".join(f"`{key}`" for key in missing) + ".",
        )
    again = call.get("again") or {}
    _require_no_earlier_runs(value, len(call["runs"]), observations["q9"]["n_runs"])
    _require_no_earlier_runs(results_in(again.get("value")), again.get("trained", 0), AGAIN_RUNS)
    _require_entries(value, len(call["runs"]), observations["q9"]["n_runs"])
    if again:
        _require_entries(results_in(again["value"]), again["trained"], AGAIN_RUNS)


def _require_no_earlier_runs(value: Mapping[str, Any], trained: int, n: int) -> None:
    for key in ONE_A_RUN:
        count = count_of(value.get(key)) or 0
        if trained and count > max(trained, n):
            raise Failure(
                "The results of a call hold the runs of that call only.",
                f"`{key}` holds more entries than the call made runs: those of an earlier call are still there, or "
                "some are there twice.",
                "Make the lists anew at the top of `run_experiment`, not in a cell and not as default arguments; a run "
                "adds one entry to each.",
            )


def _require_entries(value: Mapping[str, Any], trained: int, n: int) -> None:
    for key in ONE_A_RUN:
        count = count_of(value[key]) if key in value else n
        if count != n:
            raise Failure(
                f"For n_runs={n}, `{key}` holds {n} entries, one a run.",
                f"It is {kind_of(value[key])}." if count is None else f"It holds {count}.",
                _hint(count, trained, n),
            )


def count_of(found: Any) -> int | None:
    """Number of entries of a list, an array or a dict by run; None for anything else, such as a single history."""
    if isinstance(found, dict):
        return None if kind_of(found) != "a dict" or "loss" in found else len(found)
    if isinstance(found, np.ndarray):
        return len(found) if found.ndim else None
    return len(found) if isinstance(found, list) else None


def _hint(count: int | None, n_trained: int, n_runs: int) -> str:
    if n_trained != n_runs:
        return (
            "`run_experiment` trained only once: does `return` stand inside the loop?"
            if n_trained == 1
            else "Does the loop make as many runs as `n_runs` says?"
        )
    if count is None or count == 1:
        return "Collect what every run gives: is the list made anew in each run?"
    return "All runs count, and each of them once."
