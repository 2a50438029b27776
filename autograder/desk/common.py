"""What the pages of the desk have in common."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from flask import abort, current_app, flash, request, session

from autograder.desk.shelf import Shelf, key_of
from autograder.marks.decided import Decided, State, Written
from autograder.marks.decisions import Decision
from autograder.sanitize import one_line

Filter = Literal["open", "mine", "second", "marked", "changed", "conflict", "all"]
FILTERS: Final[Mapping[str, str]] = {
    "open": "to mark",
    "mine": "mine to mark",
    "second": "to mark a second time",
    "changed": "changed since",
    "conflict": "in conflict",
    "marked": "marked",
    "all": "all",
}
MAX_QUERY: Final = 200  # characters


def shelf() -> Shelf:
    """The gradebook."""
    found: Shelf = current_app.extensions["shelf"]
    return found


def submission_or_404(key: str) -> Decided:
    """The submission of an address; a page that says so where there is none."""
    return shelf().everybody().get(key) or abort(404)


def my_name() -> str:
    """Who decides."""
    return str(session["name"])


def number_of(everybody: Mapping[str, Decided]) -> dict[str, int]:
    """Key -> a number that stands for a name that is hidden: by the hash, which follows no alphabet."""
    return {key: number for number, key in enumerate(sorted(everybody), 1)}


def title_of(decided: Decided, numbers: Mapping[str, int]) -> str:
    """What a page calls a submission."""
    key = key_of(decided.result.submission)
    return f"No. {numbers[key]}" if hides_names() else one_line(decided.result.submission, 80)


def in_order(keys: Iterable[str], name: str) -> list[str]:
    """The order in which the answers to one question are marked: another one for each question, the same every day."""
    return sorted(keys, key=lambda key: hashlib.sha256(f"{name} {key}".encode()).digest())


def query() -> str:
    """What was typed into the page's search."""
    return request.args.get("q", "").strip()[:MAX_QUERY]


def dealt(order: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Answer -> who marks it, dealt out in turns; nobody where there are no names."""
    return {key: names[place % len(names)] for place, key in enumerate(order)} if names else {}


def marker_names() -> list[str]:
    """Among whom written answers are dealt out."""
    decision = shelf().markers().decision
    return list(decision.value["names"]) if decision and decision.value else []


def fits(written: Written, shows: str, mine: bool, by: str) -> bool:
    """Whether an answer is among those that a filter shows.

    Args:
        written: the answer.
        shows: one of `FILTERS`.
        mine: whether it was dealt to the person who looks.
        by: that person.
    """
    state: State = written.state
    if shows == "all":
        return True
    if shows in ("open", "mine"):
        return state in ("unmarked", "changed") and (shows == "open" or mine)
    if shows == "second":
        authors = {head.by for head in written.standing.heads if head.value is not None}
        return bool(authors) and by not in authors
    return state == shows


def seen_ids(field: str) -> tuple[str, ...]:
    """What a person had in sight on a page that may be old: ids of decisions, as the form sends them back."""
    known = {decision.id for decision in shelf().said()}
    return tuple(one for one in request.form.get(field, "").split()[:50] if one in known)


def text_field(name: str, most: int) -> str:
    """A field of a form; a page that says so where it is too long."""
    text = request.form.get(name, "").replace("\r\n", "\n").strip()
    if len(text) > most:
        abort(400, f"{name} has more than {most:,} characters")
    return text


def save(decisions: Sequence[Decision], sentence: str) -> None:
    """Keep decisions; the next page says so, and no page before that.

    Raises:
        DecisionError: one is not in order.
        OSError: they could not be written.
    """
    shelf().save(decisions)
    flash(sentence)


def value_of(decision: Decision | None) -> Mapping[str, Any]:
    """What a decision says; nothing where there is none."""
    return (decision.value if decision else None) or {}


def number_field(name: str, most: float) -> float | None:
    """A number of a form, None where the field is empty; a page that says so where it is none, or too large."""
    text = request.form.get(name, "").strip().replace("−", "-")
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        hint = f": write {text.replace(',', '.')}" if "," in text else ""
        abort(400, f"“{one_line(text, 40)}” is no number{hint}.")
    if not 0 <= found <= most:
        abort(400, f"{text} marks are not possible: there are from 0 to {most:g}.")
    return found


def hides_names() -> bool:
    """Whether this browser shows no names of submissions."""
    return bool(session.get("hides_names"))
