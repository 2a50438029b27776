"""The marks of written answers as a table, for those who prefer a spreadsheet: written, edited, read again.

A row is a submission. Of each written answer there is a column with its text, one for each item of the rubric (1, 0, or
the share that was earned), one for marks in the place of what the items make, one for the comment, and one that says
what the row was made from, so that what others decided since is no conflict lost.
"""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from autograder import tables
from autograder.marks.decided import Decided, Written, digest_of_text
from autograder.marks.decisions import Decision
from autograder.marks.rubric import Rubric
from autograder.sanitize import clean, natural_key, number, one_line

TICKS: Final = ("x", "X", "✓")
MAX_COMMENT: Final = 10_000
_FORMULA: Final = re.compile(r"\s*[=+\-@＝＋－＠\t\r]")
_DIGEST: Final = r"([0-9a-f]{12})?"  # of a rubric
_OURS: Final = re.compile(r"(w\d+) (.+)")


class SheetError(ValueError):
    """A table of marks is not in order; nothing of it was taken. The message names file, line and column."""


def encode(decided: Sequence[Decided]) -> str:
    """The table.

    Args:
        decided: all submissions.
    """
    known = decided[0].rubrics if decided else {}
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["submission", *(column for rubric in known.values() for column in _columns(rubric))])
    for one in sorted(decided, key=lambda one: natural_key(one.result.submission)):
        cells = [cell for written in one.written.values() for cell in _cells(written)]
        writer.writerow([_text(one.result.submission), *cells])
    return file.getvalue()


def _columns(rubric: Rubric) -> list[str]:
    names = ["answer", *(item.id for item in rubric.items), "marks", "comment", "made from"]
    return [f"{rubric.name} {name}" for name in names]


def _cells(written: Written) -> list[str]:
    heads = [head for head in written.standing.heads if head.value is not None]
    shown = heads[-1].value if heads else None
    made_from = " ".join([digest_of_text(written.text), written.rubric.digest, *written.standing.ids])
    if shown is None:
        return [_text(written.text), *("" for _ in written.rubric.items), "", "", made_from]
    ticked = [number(shown["items"].get(item.id, 0.0)) for item in written.rubric.items]
    return [_text(written.text), *ticked, number(shown["marks"]), _text(shown["comment"]), made_from]


def _text(text: str) -> str:
    """Text that no spreadsheet takes for a formula; `_plain` is the way back."""
    text = clean(text)
    return f"'{text}" if _FORMULA.match(text) else text


def _plain(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def read(path: Path, decided: Mapping[str, Decided], said: Mapping[str, Decision], by: str) -> list[Decision]:
    """The decisions that a table holds and the gradebook has not.

    Args:
        path: what `encode` wrote, edited.
        decided: submission -> what is known of it.
        said: id -> decision, of everything that was ever said.
        by: who marked.

    Raises:
        SheetError: the table is not in order.
    """
    try:
        columns, rows = tables.read(path)
    except tables.TableError as problem:
        raise SheetError(str(problem)) from None
    rubrics = next(iter(decided.values())).rubrics if decided else {}
    _require_columns(path, columns, rubrics)
    named = {_text(one_name): one_name for one_name in decided}
    known = {_content(decision) for decision in said.values()}  # of a table that was taken over before
    found: list[Decision] = []
    seen: set[str] = set()
    for line, row in rows:
        submission = named.get(row["submission"], row["submission"])
        where = f"{path}, line {line}"
        if submission not in decided:
            raise SheetError(f"{where}: the gradebook has no submission {one_line(submission, 60)!r}")
        if submission in seen:
            raise SheetError(f"{where}: {one_line(submission, 60)!r} is there twice")
        seen.add(submission)
        for written in decided[submission].written.values():
            decision = _decision(written, submission, row, said, by, where)
            if decision is not None and _content(decision) not in known:
                found.append(decision)
    return found


def _content(decision: Decision) -> str:
    """What a decision says, whenever it was made."""
    return json.dumps(asdict(decision) | {"at": "", "id": ""}, sort_keys=True)


def _require_columns(path: Path, columns: Sequence[str], rubrics: Mapping[str, Rubric]) -> None:
    if "submission" not in columns:
        raise SheetError(f"{path} has no column submission; `make marks-export` writes a table that has")
    if len(set(columns)) < len(columns):
        raise SheetError(f"{path} has two columns of one name")
    wanted = [column for rubric in rubrics.values() for column in _columns(rubric)]
    needed = [column for column in wanted if not column.endswith((" answer", " made from"))]
    if missing := [column for column in needed if column not in columns]:
        raise SheetError(f"{path} has no column {missing[0]!r}, which the rubric asks for: export the marks again")
    if unknown := [column for column in columns if _OURS.fullmatch(column) and column not in wanted]:
        raise SheetError(f"{path} has a column {unknown[0]!r}, of which the rubric has no item: export the marks again")


def _decision(
    written: Written, submission: str, row: Mapping[str, str], said: Mapping[str, Decision], by: str, where: str
) -> Decision | None:
    """What a row says of one answer; None where that is nothing new."""
    name = written.name
    made_from = (row.get(f"{name} made from") or "").split()
    digest, rubric, *ids = made_from if len(made_from) > 1 else [digest_of_text(written.text), *made_from, ""]
    value = _value(written.rubric, row, where)
    before = said[ids[-1]].value if ids and ids[-1] in said else None
    if value == (before and {key: before[key] for key in ("items", "marks", "comment")}) or (value is None and not ids):
        return None
    if not all(re.fullmatch(r"[0-9a-f]{32}", one) for one in (digest, *ids)) or not re.fullmatch(_DIGEST, rubric):
        raise SheetError(f"{where}, {name} made from: this is not what the export wrote: export the marks again")
    if rubric and rubric != written.rubric.digest:
        raise SheetError(f"{where}: the rubric of {name} has changed since the export: export the marks again")
    if value is not None:
        value["rubric"] = written.rubric.digest
    return Decision(by, submission, f"written:{name}", value, digest, tuple(ids))


def _value(rubric: Rubric, row: Mapping[str, str], where: str) -> dict[str, Any] | None:
    cells = {item.id: row[f"{rubric.name} {item.id}"].strip() for item in rubric.items}
    marks, comment = row[f"{rubric.name} marks"].strip(), _plain(row[f"{rubric.name} comment"])
    if not marks and not comment and not any(cells.values()):
        return None
    if len(comment) > MAX_COMMENT:
        raise SheetError(f"{where}, {rubric.name} comment: more than {MAX_COMMENT:,} characters")
    shares = {
        item: 1.0 if cell in TICKS else _number(cell, 1.0, f"{where}, {rubric.name} {item}")
        for item, cell in cells.items()
        if cell
    }
    return {
        "items": {item: share for item, share in shares.items() if share},
        "marks": _number(marks, rubric.points, f"{where}, {rubric.name} marks") if marks else None,
        "comment": comment,
    }


def _number(text: str, most: float, where: str) -> float:
    if re.fullmatch(r"\d+,\d+", text):
        raise SheetError(f"{where}: {text!r} has a decimal comma: write {text.replace(',', '.')}")
    if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text):
        raise SheetError(f"{where}: {one_line(text, 40)!r} is no number from 0 to {most:g}")
    if float(text) > most:
        raise SheetError(f"{where}: {text} is more than {most:g}, which is the most there is")
    return float(text)
