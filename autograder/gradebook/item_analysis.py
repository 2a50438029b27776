"""Every check over all submissions: outcomes, how hard it is, and whether it tells good submissions from weak ones."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from autograder.results import SubmissionResult
from autograder import assignment

OUTCOMES: Final = ("passed", "failed", "skipped", "unjudged", "error")
FEWEST: Final = 10  # submissions below which a correlation says nothing
_NOTHING: Final = 1e-9  # marks; a smaller range is rounding


@dataclass
class CheckSummary:
    """One check over all submissions.

    Args:
        counts: how often each outcome came.
        faults: of the grader: traceback -> whose.
        earned: share of its marks, of each submission in which it was decided.
        against: (marks of this check, marks of all others), of each submission in which every check was decided.
    """

    question: str
    title: str
    hidden: bool
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    faults: dict[str, list[SubmissionResult]] = field(default_factory=dict)
    earned: list[float] = field(default_factory=list)
    against: list[tuple[float, float]] = field(default_factory=list)

    @property
    def difficulty(self) -> float | None:
        """Share of its marks that was earned; a skipped check earns none. None where it was decided nowhere."""
        return statistics.fmean(self.earned) if self.earned else None

    @property
    def discrimination(self) -> float | None:
        """Correlation of its marks with those of all other checks; None where it cannot be computed."""
        if len(self.against) < FEWEST:
            return None
        own, others = zip(*self.against, strict=True)
        if min(max(own) - min(own), max(others) - min(others)) < _NOTHING:
            return None
        return statistics.correlation(own, others)

    @property
    def is_backward(self) -> bool:
        """Whether good submissions fail it more often than weak ones, also once it is rounded for people."""
        return self.discrimination is not None and self.discrimination <= -0.005


def summarise(results: Sequence[SubmissionResult]) -> list[CheckSummary]:
    """Every check that occurs, in the order of the questions."""
    found: dict[str, CheckSummary] = {}
    for result in results:
        total = sum(check.earned for check in result.checks)
        is_decided = all(not check.is_open for check in result.checks)
        for check in result.checks:
            summary = found.setdefault(check.name, CheckSummary(check.question, check.title, check.hidden))
            summary.counts[check.outcome] += 1
            if check.outcome == "error":
                summary.faults.setdefault(check.traceback, []).append(result)
            if not check.is_open and check.points > 0:
                summary.earned.append(check.earned / check.points)
            if is_decided:
                summary.against.append((check.earned, total - check.earned))
    order = list(assignment.questions().points)
    return sorted(found.values(), key=lambda summary: order.index(summary.question))
