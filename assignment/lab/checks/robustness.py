"""Public check of question 9."""

from typing import Any

import numpy as np

from lab.checks import registry
from lab.checks.common import require_call, require_no_error
from lab.judging import Failure, Observations
from lab.observe import kind_of

RESULT_KEYS = ("accuracies", "mean", "std", "histories")


@registry.check("q9", 1)
def q9_answered(observations: Observations) -> None:
    """`run_experiment` returns a dict with accuracies, mean, std and histories, one a run."""
    seen = observations["q9"]
    require_no_error(seen, "run_experiment")
    calls = seen["calls"]
    usable = [call for call in calls if not call.get("error") and not call.get("needs")] or calls
    for call in usable[:1]:
        value = require_call(call, "run_experiment")
        if not isinstance(value, dict) or kind_of(value) != "a dict":
            raise Failure("`run_experiment` returns a dict.", f"It returned {kind_of(value)}.")
        missing = [key for key in RESULT_KEYS if key not in value]
        if missing:
            raise Failure(
                "The dict has the keys " + ", ".join(f"`{key}`" for key in RESULT_KEYS) + ".",
                "There is no " + ", no ".join(f"`{key}`" for key in missing) + ".",
            )
        n = seen["n_runs"]
        for key in ("accuracies", "histories"):
            count = _count(value[key])
            if count != n:
                raise Failure(
                    f"For n_runs={n}, `{key}` holds {n} entries, one a run.",
                    f"It is {kind_of(value[key])}." if count is None else f"It holds {count}.",
                    _hint(count, len(call["runs"]), n),
                )


def _count(found: Any) -> int | None:
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
