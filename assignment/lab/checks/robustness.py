"""Public check of question 9."""

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
            found = value[key]
            if not hasattr(found, "__len__") or len(found) != n:
                raise Failure(
                    f"For n_runs={n}, `{key}` holds {n} entries, one a run.",
                    f"It holds {kind_of(found)}.",
                )
