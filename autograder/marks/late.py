"""Penalties for what was handed in late, from a table of dates."""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from autograder.marks.decisions import Decision, Standing
from autograder.sanitize import one_line

NAME: Final = "late"  # of the adjustment
_DAY: Final = timedelta(days=1)


class LateError(ValueError):
    """A table of dates is not in order; nothing of it was taken. The message names the line and the column."""


def moment(text: str, where: str) -> datetime:
    """A date with or without a time; a date alone is its end.

    >>> print(moment("2026-01-31", "line 2, date"), moment("2026-01-31 12:30", "line 3, date"), sep=", ")
    2026-01-31 23:59:59, 2026-01-31 12:30:00

    Raises:
        LateError: it is none.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise LateError(f"{where}: {one_line(text, 40)!r} is no date such as 2026-01-31 23:59") from None
    is_day = re.fullmatch(r"\d{4}-\d{2}-\d{2}", text.strip())
    return found + _DAY - timedelta(seconds=1) if is_day else found


def penalties(
    rows: Iterable[tuple[int, Mapping[str, str]]],
    standings: Mapping[str, Mapping[str, Standing]],
    deadline: datetime,
    percent: float,
    most: float,
    by: str,
) -> list[Decision]:
    """An adjustment for each submission that came late; what was said of one before, and is the same, stays.

    Args:
        rows: of a table with the columns `submission` and `date`, with their lines.
        standings: of every submission of the gradebook.
        deadline: until when nothing is late.
        percent: of the marks earned, that each day costs which has begun.
        most: per cent that it costs at most.
        by: who decides.

    Raises:
        LateError: a row is not in order.
    """
    found = []
    seen: set[str] = set()
    for line, row in rows:
        submission = row["submission"].strip()
        if submission not in standings:
            raise LateError(f"line {line}: the gradebook has no submission {one_line(submission, 60)!r}")
        if submission in seen:
            raise LateError(f"line {line}: {one_line(submission, 60)} is there twice")
        seen.add(submission)
        if not row["date"].strip():
            continue
        handed_in = moment(row["date"], f"line {line}, date")
        if (handed_in.tzinfo is None) != (deadline.tzinfo is None):
            raise LateError(f"line {line}, date: give both the dates and the deadline a time zone, or none of them")
        before = standings[submission].get(f"adjustment:{NAME}", Standing())
        value = _value(handed_in, deadline, percent, most)
        now = before.decision.value if before.decision else None
        if value != now or before.is_conflict:
            found.append(Decision(by, submission, f"adjustment:{NAME}", value, replaces=before.ids))
    return found


def _value(handed_in: datetime, deadline: datetime, percent: float, most: float) -> dict[str, object] | None:
    days = math.ceil((handed_in - deadline) / _DAY)
    if days <= 0:
        return None
    cost = min(days * percent, most)
    words = f"handed in {days} {'day' if days == 1 else 'days'} late ({handed_in:%Y-%m-%d %H:%M})"
    return {"amount": -cost, "unit": "percent", "reason": words}
