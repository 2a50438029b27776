"""A submission's result as JSON and back. `result.schema.json` describes the form, field by field."""

import base64
import dataclasses
import json
from pathlib import Path
from typing import Any

import fastjsonschema

from autograder.results import CellError, SubmissionResult
from lab import settings
from lab.judging import CheckResult

SCHEMA_VERSION = 1
SCHEMA: dict[str, Any] = json.loads(Path(__file__).with_name("result.schema.json").read_text("utf-8"))
_is_of_form = fastjsonschema.compile(SCHEMA, use_default=False)


def percent(result: SubmissionResult) -> float | None:
    """The score in percent of `settings.MAX_SCORE`, one decimal; above 100 with the bonus."""
    return None if result.score is None else round(100 * result.score / settings.MAX_SCORE, 1)


def encode(result: SubmissionResult) -> str:
    """The result as JSON text. Pictures become base64.

    Raises:
        KeyError: a check belongs to no question of `settings.POINTS`.
        ValueError: a number is not finite.
    """
    checks: dict[str, list[dict[str, Any]]] = {question: [] for question in settings.POINTS}
    for order, check in enumerate(result.checks):
        fields = dataclasses.asdict(check)
        checks[fields.pop("question")].append({**fields, "order": order})
    data = {
        "schema": SCHEMA_VERSION,
        "submission": result.submission,
        "status": result.status,
        "score": result.score,
        "max_score": settings.MAX_SCORE,
        "percent": percent(result),
        "questions": {
            question: {
                "score": result.question_score(question),
                "points": settings.POINTS[question],
                "checks": checks[question],
            }
            for question in settings.POINTS
        },
        "notes": list(result.notes),
        "cell_errors": [dataclasses.asdict(error) for error in result.cell_errors],
        "written": result.written,
        "images": {
            name: [base64.b64encode(picture).decode() for picture in pictures]
            for name, pictures in result.images.items()
        },
        "seconds": result.seconds,
        "key": result.key,
    }
    # ASCII, since a hostile notebook's text may hold lone surrogates, which UTF-8 cannot.
    return json.dumps(data, indent=2, allow_nan=False) + "\n"


def decode(text: str) -> SubmissionResult:
    """The result back from its JSON text. Its sequences are tuples, its values those that were encoded.

    Raises:
        ValueError: not JSON, or not of the form that the schema describes; the message is one line.
    """
    try:
        data = json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    try:
        _is_of_form(data)
    except fastjsonschema.JsonSchemaException:
        _say_where(data)
    numbered = [
        (fields["order"], CheckResult(question=question, **{k: v for k, v in fields.items() if k != "order"}))
        for question, entry in data["questions"].items()
        for fields in entry["checks"]
    ]
    if sorted(order for order, _ in numbered) != list(range(len(numbered))):
        raise ValueError("its checks are not numbered 0, 1, 2 and so on")
    return SubmissionResult(
        submission=data["submission"],
        status=data["status"],
        checks=tuple(check for _, check in sorted(numbered, key=lambda pair: pair[0])),
        seconds=data["seconds"],
        notes=tuple(data["notes"]),
        cell_errors=tuple(CellError(**error) for error in data["cell_errors"]),
        written=data["written"],
        images={
            name: [base64.b64decode(picture, validate=True) for picture in pictures]
            for name, pictures in data["images"].items()
        },
        key=data["key"],
    )


def _say_where(data: Any) -> None:
    """Raise the most telling of the ways in which this differs from the schema."""
    import jsonschema  # here, as its import takes a second

    problem = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(SCHEMA).iter_errors(data))
    if problem is not None:
        raise ValueError(f"at {problem.json_path}: {problem.message[:200]}")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number that JSON knows")
