"""What counts as judged wrongly: marks, checks or words other than an entry says."""

from dataclasses import replace

import pytest
from answers.entries import right, wrong

from autograder import assignment
from autograder.results import SubmissionResult
from labkit.judging import CheckResult, points_of
from zoo.accuracy import judge

RIGHT = right("q4", "all is well", "it is right")
WRONG = wrong("q4", "five by five kernels", "3×3 is asked", marks=10, fails={"q4_convolutions": "kernel_size"})


def result(**found: str) -> SubmissionResult:
    """A graded submission in which some checks failed, with what was found."""
    points = points_of(assignment.all_checks())
    checks = []
    for check in assignment.all_checks():
        passed = CheckResult(
            check.name, check.question, check.title, check.hidden, points[check.name], points[check.name], "passed"
        )
        lost = replace(passed, earned=0.0, outcome="failed", found=found.get(check.name, ""))
        checks.append(lost if check.name in found else passed)
    return SubmissionResult("a", "graded", tuple(checks))


def test_as_stated_is_right() -> None:
    assert judge(RIGHT, result()).faults == ()
    assert judge(WRONG, result(q4_convolutions="has kernel_size = [5, 5].")).faults == ()


@pytest.mark.parametrize(
    ("entry", "graded", "fault"),
    [
        (RIGHT, result(q4_convolutions="x"), "q4: 10.0 marks instead of 12"),
        (WRONG, result(), "q4_convolutions did not fail"),
        (WRONG, result(q4_convolutions="other words"), "q4_convolutions does not say 'kernel_size'"),
        (WRONG, result(q4_convolutions="kernel_size", q9_fresh="x"), "q9_fresh failed"),
        (RIGHT, replace(result(), status="needs_review", notes=("why",)), "it needs review: why"),
    ],
    ids=["right-one-loses", "wrong-one-passes", "other-words", "loses-elsewhere", "review"],
)
def test_anything_else_is_a_fault(entry: object, graded: SubmissionResult, fault: str) -> None:
    faults = judge(entry, graded).faults  # type: ignore[arg-type]
    assert any(found.startswith(fault) for found in faults), faults
