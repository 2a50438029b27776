"""What grading one submission comes to, before anybody formats it."""

from dataclasses import dataclass, field
from typing import Literal

from autograder import assignment
from labkit.judging import CheckResult

OPEN = "❓"  # how a check begins in Otter's texts that a person has to look at


@dataclass(frozen=True)
class CellError:
    """A cell of the student's notebook that raised, timed out or was not run."""

    cell: int  # counted from 1 over all cells
    preview: str  # the first line of its source
    error: str  # the last line of its traceback


@dataclass(frozen=True)
class Reported:
    """What the run record of one variant says. It is the student's own word.

    Args:
        mean: of the reported test accuracies; None where one of them is no accuracy.
        std: their sample standard deviation (divided by n - 1); None, too, where there is one run.
        n: number of runs.
        weights: SHA-256 of the trained weights of each run; empty where a record holds none.
        histories: SHA-256 of the history of each run; empty where it is too short to tell two runs apart.
        answers: the classes that the weights of each run give for the images of its hidden checks, a digit each; empty
            where they could not be tried.
        is_evaluated: whether weights were tried on the real test set; they are not where it is not at hand.
    """

    mean: float | None
    std: float | None
    n: int
    weights: tuple[str, ...] = ()
    histories: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    is_evaluated: bool = True


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
        reported: what its run records say, variant -> results; unreadable ones are left out.
        code: source of the notebook and of the modules beside it, cut and cleaned, see `gradebook.similarity`.
        tokens: its own part in the form in which submissions are compared; None where that could not be made.
        key: of submission and grader, see `autograder.grading.cache_key`; empty where grading again may end otherwise.
        fault: whose fault it is that nothing was graded; "" where something was, or where it is the submission's own.
    """

    submission: str
    status: Literal["graded", "needs_review"]
    checks: tuple[CheckResult, ...] = ()
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    cell_errors: tuple[CellError, ...] = ()
    written: dict[str, str] = field(default_factory=dict)
    images: dict[str, list[bytes]] = field(default_factory=dict)
    reported: dict[str, Reported] = field(default_factory=dict)
    code: str = ""
    tokens: str | None = None
    key: str = ""
    fault: Literal["", "machine", "grader"] = ""

    @property
    def may_recover(self) -> bool:
        """Whether a fault of the machine or of the grader kept something from being graded, which may not recur."""
        return bool(self.fault) or any(check.outcome == "error" for check in self.checks)

    @property
    def judged(self) -> int:
        """Number of checks that could be judged."""
        return sum(not check.is_open for check in self.checks)

    def question_score(self, question: str) -> float | None:
        """Marks earned on one question; None when none of its checks could be judged."""
        judged = [c for c in self.checks if c.question == question and not c.is_open]
        return round(sum(c.earned for c in judged), 4) if judged else None

    @property
    def score(self) -> float | None:
        """Marks earned, bonus included; None when nothing could be graded."""
        scores = [self.question_score(question) for question in assignment.questions()]
        known = [s for s in scores if s is not None]
        return round(sum(known), 4) if known else None
