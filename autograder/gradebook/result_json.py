"""A submission's result in the gradebook: what the grader said, and the marks with all that people said."""

from typing import Any

from autograder import assignment
from autograder.marks.book import undecided
from autograder.marks.decided import Decided, Written
from autograder.marks.decisions import Decision
from autograder.result_form import SCHEMA, decode, percent
from autograder.result_form import encode as encode_result
from autograder.results import SubmissionResult

__all__ = ["SCHEMA", "decode", "encode", "percent"]


def encode(result: SubmissionResult, decided: Decided | None = None) -> str:
    """The result as JSON text, see `result_form.encode`.

    Args:
        result: what the grader said.
        decided: with what people said; None: nobody said anything. `decode` leaves it to OUT/decisions.
    """
    return encode_result(result, _decided(decided or undecided(result)))


def _decided(decided: Decided) -> dict[str, Any]:
    """What the marks are with all that people said."""
    overrides = [
        {"target": target, **_said(decision), **(decision.value or {})}
        for target, standing in sorted(decided.standings.items())
        if target.startswith(("check:", "question:", "total")) and (decision := standing.decision)
    ]
    return {
        "status": decided.status,
        "score": decided.score,
        "max_score": decided.max_score,
        "percent": decided.percent,
        "open": list(decided.open),
        "questions": {question: decided.question_score(question) for question in assignment.questions()},
        "written": {name: _written(written) for name, written in decided.written.items()},
        "overrides": overrides,
        "adjustments": [
            {"name": one.name, "marks": one.marks, **_said(one.decision), **(one.decision.value or {})}
            for one in decided.adjustments
        ],
    }


def _written(written: Written) -> dict[str, Any]:
    return {
        "state": written.state,
        "marks": written.marks,
        "points": written.rubric.points,
        "items": written.items,
        "comments": written.comments,
        "said": [_said(head) for head in written.standing.heads if head.value is not None],
    }


def _said(decision: Decision) -> dict[str, str]:
    return {"by": decision.by, "at": decision.at}
