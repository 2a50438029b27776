"""What grading one submission comes to, before anybody formats it."""

from dataclasses import dataclass, field
from typing import Literal

from lab import settings
from lab.judging import CheckResult

OPEN = "❓"  # how a check begins in Otter's texts that a person has to look at


@dataclass(frozen=True)
class CellError:
    """A cell of the student's notebook that raised, timed out or was not run."""

    cell: int  # counted from 1 over all cells
    preview: str  # the first line of its source
    error: str  # the last line of its traceback


@dataclass(frozen=True)
class SubmissionResult:
    """One row of the gradebook.

    Args:
        submission: file name without its ending; unique within a gradebook.
        status: `needs_review` when a person has to look: nothing could be graded, or some check could not
            be judged. What could be judged is in `checks` either way.
        checks: empty when nothing could be graded.
        seconds: wall-clock time spent on it.
        notes: sentences for the instructor, the most important first.
        cell_errors: what went wrong in the student's own cells, in order.
        written: written answers (manual questions), name -> text.
        images: PNG pictures, question -> those submitted, else those of this run.
        key: of submission and grader, see `autograder.resume`; empty where grading again may end otherwise.
    """

    submission: str
    status: Literal["graded", "needs_review"]
    checks: tuple[CheckResult, ...] = ()
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    cell_errors: tuple[CellError, ...] = ()
    written: dict[str, str] = field(default_factory=dict)
    images: dict[str, list[bytes]] = field(default_factory=dict)
    key: str = ""

    def question_score(self, question: str) -> float | None:
        """Marks earned on one question; None when none of its checks could be judged."""
        judged = [c for c in self.checks if c.question == question and c.outcome not in ("unjudged", "error")]
        return round(sum(c.earned for c in judged), 4) if judged else None

    @property
    def score(self) -> float | None:
        """Marks earned, bonus included; None when nothing could be graded."""
        scores = [self.question_score(question) for question in settings.POINTS]
        known = [s for s in scores if s is not None]
        return round(sum(known), 4) if known else None
