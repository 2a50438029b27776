"""What the grader says of a submission as JSON and back. `result.schema.json` describes the form, field by field."""

import base64
import dataclasses
import json
import math
from pathlib import Path
from typing import Any, Final

import fastjsonschema

from autograder import assignment
from autograder.results import CellError, Reported, SubmissionResult
from labkit.judging import CheckResult

SCHEMA_VERSION: Final = 5
DECIDED: Final = "decided"  # the field that says what people decided; a file has it, a reply of an examiner has not
SCHEMA: Final[dict[str, Any]] = json.loads(Path(__file__).with_name("result.schema.json").read_text("utf-8"))
_UNDECIDED: Final = SCHEMA | {"required": [name for name in SCHEMA["required"] if name != DECIDED]}
_is_of_form: Final = {
    is_file: fastjsonschema.compile(schema, use_default=False)
    for is_file, schema in ((True, SCHEMA), (False, _UNDECIDED))
}


def percent(result: SubmissionResult) -> float | None:
    """The score in percent of `assignment.questions().max_score`, one decimal; above 100 with the bonus."""
    return None if result.score is None else round(100 * result.score / assignment.questions().max_score, 1)


def encode(result: SubmissionResult, decided: dict[str, Any] | None = None) -> str:
    """The result as JSON text, without its code. Pictures become base64.

    Args:
        result: what the grader said.
        decided: the field that says what people decided; None: it is left out.

    Raises:
        KeyError: a check belongs to no question of `assignment.questions().points`.
        ValueError: a number is not finite.
    """
    checks: dict[str, list[dict[str, Any]]] = {question: [] for question in assignment.questions()}
    for order, check in enumerate(result.checks):
        fields = dataclasses.asdict(check)
        checks[fields.pop("question")].append({**fields, "order": order})
    data = {
        "schema": SCHEMA_VERSION,
        "submission": result.submission,
        "status": result.status,
        "score": result.score,
        "max_score": assignment.questions().max_score,
        "percent": percent(result),
        "questions": {
            question: {
                "score": result.question_score(question),
                "points": assignment.questions().points[question],
                "checks": checks[question],
            }
            for question in assignment.questions()
        },
        "notes": list(result.notes),
        "cell_errors": [dataclasses.asdict(error) for error in result.cell_errors],
        "written": result.written,
        "images": {
            name: [base64.b64encode(picture).decode() for picture in pictures]
            for name, pictures in result.images.items()
        },
        "reported": {variant: dataclasses.asdict(reported) for variant, reported in result.reported.items()},
        **({} if decided is None else {DECIDED: decided}),
        "seconds": result.seconds,
        "tokens": result.tokens,
        "key": result.key,
        "fault": result.fault,
    }
    # ASCII, since a hostile notebook's text may hold lone surrogates, which UTF-8 cannot.
    return json.dumps(data, indent=2, allow_nan=False) + "\n"


def decode(text: str, is_file: bool = True) -> SubmissionResult:
    """The result back from its JSON text. Its sequences are tuples, its values those that were encoded.

    Args:
        text: what `encode` gave.
        is_file: whether it has to say what people decided.

    Raises:
        ValueError: not JSON, or not of the form that the schema describes; the message is one line.
    """
    try:
        data = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    try:
        _is_of_form[is_file](data)
    except fastjsonschema.JsonSchemaValueException as problem:
        raise ValueError(problem.message[:200]) from None
    numbered = [
        (fields["order"], CheckResult(question=question, **{k: v for k, v in fields.items() if k != "order"}))
        for question, entry in data["questions"].items()
        for fields in entry["checks"]
    ]
    if not is_file and set(data["questions"]) != set(assignment.questions()):
        raise ValueError("its questions are not those of the practical")
    if any(check.earned > check.points for _, check in numbered):
        raise ValueError("a check earned more than its marks")
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
        reported={variant: _reported(fields) for variant, fields in data["reported"].items()},
        tokens=data["tokens"],
        key=data["key"],
        fault=data["fault"],
    )


def _reported(fields: dict[str, Any]) -> Reported:
    sequences = {name: tuple(fields[name]) for name in ("weights", "histories", "answers")}
    return Reported(**{**fields, **sequences})


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        _refuse(text)
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number that JSON knows")
