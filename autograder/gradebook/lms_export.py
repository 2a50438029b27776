"""Marks in the form that Moodle, Canvas or Gradescope have: OUT/grades-<system>.csv. docs/gradebook.md says more.

Whose a submission is follows from its name, as the system's own download of all submissions makes it, or from a file
that the instructor gives. A submission of which that is not known, or that shares its id with another one, is left out
and named; nobody gets another's marks.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autograder import tables
from autograder.marks import book
from autograder.marks.book import undecided
from autograder.marks.decided import Decided
from autograder.marks.rubric import Rubric
from autograder.sanitize import cell, number, one_line
from autograder.results import SubmissionResult
from autograder import assignment

REQUIRED: Final = ("submission", "id")
OPTIONAL: Final = ("name", "email")

# How each system names what an instructor downloads. Students choose what comes after the number, and, in Canvas, how
# they are called: where a name could be read in two ways, it is not read at all.
_NAMES: Final = {
    "moodle": re.compile(r"(?P<name>[^_]*)_(?P<id>[0-9]{1,18})_assignsubmission_file(_|$)"),
    "canvas": re.compile(r"(?P<name>[^\W_]+)(_LATE)?_(?P<id>[0-9]{1,18})_[0-9]+_(?![0-9]+_)"),
    "gradescope": re.compile(r"(?P<name>)submission_(?P<id>[0-9]{1,18})$"),
}
FORMATS: Final = tuple(_NAMES)


class IdsError(ValueError):
    """A file of ids is not in order. The message names it and says what to do."""


@dataclass(frozen=True)
class Student:
    """Whose a submission is.

    Args:
        id: Moodle: the participant's number. Canvas: the user's ID. Gradescope: the student's ID (SID), from a file.
        name: as far as it is known.
        email: as far as it is known.
        submission_id: Gradescope's number of the submission, from its name.
    """

    id: str
    name: str = ""
    email: str = ""
    submission_id: str = ""

    @property
    def key(self) -> str:
        """What no two submissions may share."""
        return self.id or f"submission {self.submission_id}"


def read_ids(path: Path, system: str) -> dict[str, Student]:
    """Read an instructor's file: columns `submission` and `id`, and if wanted `name` and `email`; others are ignored.

    Args:
        path: a CSV file, with commas or semicolons.
        system: one of `FORMATS`.

    Returns:
        submission (as in grades.csv) -> whose it is.

    Raises:
        IdsError: it cannot be read, lacks a column, names a submission twice, or an id has not the system's form.
    """
    try:
        named, lines = tables.read(path)
    except tables.TableError as problem:
        raise IdsError(str(problem)) from None
    columns = [column.lower() for column in named]
    if missing := [column for column in REQUIRED if column not in columns]:
        raise IdsError(f"{path} has no column {' and no column '.join(missing)}; its first line names the columns")
    known: dict[str, Student] = {}
    for line, cells in lines:
        row = {column.lower(): content for column, content in cells.items()}
        fields = {column: row.get(column, "").strip() for column in (*REQUIRED, *OPTIONAL)}
        submission = fields.pop("submission")
        if not submission or not fields["id"]:
            continue
        if submission in known:
            raise IdsError(f"{path}, line {line}: {submission} is there twice")
        known[submission] = Student(**{**fields, "id": _id(fields["id"], system, f"{path}, line {line}")})
    return known


def _id(text: str, system: str, where: str) -> str:
    if system == "gradescope":
        return text
    digits = text.removeprefix("Participant ") if system == "moodle" else text
    if not re.fullmatch(r"[0-9]{1,18}", digits):
        what = {"moodle": "the number of a participant", "canvas": "the ID of a user in Canvas"}[system]
        raise IdsError(f"{where}: {one_line(text, 40)!r} is not {what}, which is made of digits")
    return digits


def student_of(submission: str, system: str, ids: Mapping[str, Student]) -> Student | None:
    """Whose a submission is; None where neither the file of ids nor its name says so. The file comes first."""
    named = _NAMES[system].match(submission)
    listed = ids.get(submission) or next(
        (ids[submission + end] for end in (".ipynb", ".zip") if submission + end in ids), None
    )
    if system == "gradescope" and (named or listed):
        student = listed or Student("")
        return Student(student.id, student.name, student.email, named["id"] if named else "")
    return listed or (Student(named["id"], named["name"]) if named else None)


def encode(
    results: Sequence[SubmissionResult],
    system: str,
    ids: Mapping[str, Student] | None = None,
    decided: Mapping[str, Decided] | None = None,
) -> tuple[str, list[str]]:
    """The file for one system, and a sentence for every submission that is left out of it.

    A submission that needs review has an empty grade, which no system takes for a zero.

    Args:
        results: in the order of the rows.
        system: one of `FORMATS`.
        ids: what `read_ids` gave.
        decided: what people said of the submissions; None: nothing.
    """
    known = book.rubrics()
    students = {result.submission: student_of(result.submission, system, ids or {}) for result in results}
    counts = Counter(student.key for student in students.values() if student)
    rows, warnings = [], []
    for result in results:
        student = students[result.submission]
        name = one_line(result.submission, 80)
        if student is None:
            warnings.append(f"{name} is left out: its name holds no id of {system.title()}. Give it one with --ids.")
        elif counts[student.key] > 1:
            same = [one_line(n, 80) for n, s in students.items() if s and s.key == student.key]
            warnings.append(
                f"{name} is left out: {', '.join(n for n in same if n != name)} has the same id, {student.key}. "
                "Remove one of them, or say with --ids whose they are."
            )
        else:
            rows.append(_ROWS[system]((decided or {}).get(result.submission) or undecided(result), student))
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerows([*_HEADS[system](known), *rows])
    return file.getvalue(), warnings


def _grade(decided: Decided) -> str:
    return "" if decided.status == "needs_review" else number(decided.score)


def _moodle(decided: Decided, student: Student) -> list[str]:
    status = "Needs review" if decided.status == "needs_review" else "Graded"
    most = decided.max_score + assignment.questions().bonus
    # Without a column of comments, since Moodle would take an empty one for "delete the comment".
    identifier = f"Participant {student.id}"
    return [identifier, cell(student.name), cell(student.email), status, _grade(decided), number(most), "Yes", "-"]


def _canvas(decided: Decided, student: Student) -> list[str]:
    return [cell(student.name), student.id, "", "", "", _grade(decided)]


def _gradescope(decided: Decided, student: Student) -> list[str]:
    reviewed = decided.status == "needs_review"
    questions = _questions(decided.rubrics)
    marks = ["" if reviewed else number(decided.question_score(question)) for question in questions]
    status = "Ungraded" if reviewed else "Graded"
    known = [cell(text) for text in (student.name, student.id, student.email)]
    return [*known, _grade(decided), number(decided.max_score), status, student.submission_id, *marks]


def _questions(known: Mapping[str, Rubric]) -> dict[str, float]:
    """Questions with their marks, and the written answers that have any."""
    return {**assignment.questions().points, **{name: rubric.points for name, rubric in known.items() if rubric.points}}


def _moodle_head(known: Mapping[str, Rubric]) -> list[list[str]]:
    who = ["Identifier", "Full name", "Email address"]
    return [[*who, "Status", "Grade", "Maximum Grade", "Grade can be changed", "Last modified (grade)"]]


def _canvas_head(known: Mapping[str, Rubric]) -> list[list[str]]:
    return [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment.current().title],
        ["    Points Possible", "", "", "", "", number(book.max_score(known))],
    ]


def _gradescope_head(known: Mapping[str, Rubric]) -> list[list[str]]:
    columns = [f"{i}: {name} ({points:.1f} pts)" for i, (name, points) in enumerate(_questions(known).items(), 1)]
    return [["Name", "SID", "Email", "Total Score", "Max Points", "Status", "Submission ID", *columns]]


_ROWS: Final = {"moodle": _moodle, "canvas": _canvas, "gradescope": _gradescope}
_HEADS: Final = {"moodle": _moodle_head, "canvas": _canvas_head, "gradescope": _gradescope_head}
