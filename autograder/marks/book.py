"""All decisions of a gradebook, applied to its results."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from autograder.marks.decided import Decided, max_score
from autograder.marks.decisions import Log, Standing, standing
from autograder.marks.rubric import Rubric, rubrics
from autograder.results import SubmissionResult

__all__ = ["decide", "digest", "log", "max_score", "rubrics", "trusted", "undecided"]


@lru_cache(maxsize=8)
def log(out: Path) -> Log:
    """The decisions of a gradebook; kept, so that what was read is not read again."""
    return Log(out)


def decide(
    results: Sequence[SubmissionResult], out: Path, known: Mapping[str, Rubric] | None = None
) -> dict[str, Decided]:
    """Submission -> what the grader and people said of it.

    Args:
        results: of the gradebook.
        out: the gradebook's folder.
        known: rubrics; None: those of the master notebook.

    Raises:
        OSError: decisions cannot be read.
        RubricError: a rubric of the master notebook is not in order.
    """
    ledger = standing(log(out).decisions())
    known = rubrics() if known is None else known
    return {result.submission: Decided(result, known, ledger.get(result.submission, {})) for result in results}


def undecided(result: SubmissionResult) -> Decided:
    """A submission of which nobody has said anything.

    Raises:
        RubricError: a rubric of the master notebook is not in order.
    """
    return Decided(result, rubrics(), {})


def digest(out: Path) -> str:
    """Of all decisions of a gradebook, by which files tell whether they have them; empty where there are none."""
    ids = sorted(decision.id for decision in log(out).decisions())
    return hashlib.sha256("".join(ids).encode()).hexdigest()[:16] if ids else ""


def trusted(out: Path) -> dict[str, str]:
    """Submissions whose marks people let count -> digest of the files that they looked at.

    Raises:
        OSError: decisions cannot be read.
    """
    found = {}
    for submission, targets in standing(log(out).decisions()).items():
        decision = targets.get("review", Standing()).decision
        if decision and decision.value and decision.value["action"] == "trust" and decision.of:
            found[submission] = decision.of
    return found
