"""What grading writes: a result and a feedback page for each submission, the grades, the class report.

    OUT/results/<name>.json   one submission, in the form of result.schema.json
    OUT/feedback/<name>.html  what the student reads
    OUT/code/<name>.txt       the code that was handed in
    OUT/grades.csv            one row a submission
    OUT/grades-<system>.csv   the grades for Moodle, Canvas or Gradescope, where wanted (`autograder.gradebook.lms_export`)
    OUT/report.html           the class, for the instructor
    OUT/similarity.json       similar code, for the next report: to find it takes time
    OUT/decisions/*.jsonl     what people decided (`autograder.marks.decisions`)
    OUT/decisions/written     which decisions the files above have
    OUT/submissions.json      where the submissions lie (`autograder.gradebook.sources`)
    OUT/secret                drawn once: with it a submission that is graded again is tried with the same inputs

`<name>` is `safe_name` of the submission. Every file appears whole or not at all.
"""

import contextlib
import csv
import io
import os
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from rich import box
from rich.table import Table
from rich.text import Text

from autograder.grading.baselines import baselines
from autograder.gradebook import sources, lms_export
from autograder.files import write_text
from autograder.marks import book
from autograder.marks.decided import Decided, fingerprint
from autograder.gradebook import pages, result_json, similarity
from autograder.sanitize import cell, natural_key, number, one_line, safe_name
from autograder.results import SubmissionResult
from autograder import assignment

__all__ = [
    "GradebookError",
    "read_result",
    "read_results",
    "safe_name",
    "secret",
    "sweep",
    "table",
    "write_result",
    "write_summary",
    "write_upload",
]

FIRST, LAST = ("submission", "status", "score", "max_score", "percent"), ("seconds", "note")  # columns


SECRET = 32  # bytes


class GradebookError(ValueError):
    """A file in OUT/results is not what `write_result` wrote. The message names it and says why."""


def write_result(result: SubmissionResult, out: Path, *, show_hidden: bool = True) -> None:
    """Write one submission's result, feedback page and code.

    The result comes last: where OUT/results has a submission, the others are there as well.

    Args:
        result: the graded submission.
        out: the gradebook's folder, made when it is missing.
        show_hidden: see `autograder.gradebook.pages.feedback_page`.

    Raises:
        OSError: a file could not be written, or decisions could not be read.
        RubricError: a rubric of the master notebook is not in order.
    """
    name = safe_name(result.submission)
    decided = book.decide([result], out)[result.submission]
    page = pages.feedback_page(result, show_hidden=show_hidden, decided=decided)
    write_text(_feedback_path(result.submission, out), page)
    write_text(out / "code" / f"{name}.txt", result.code)
    write_text(out / "results" / f"{name}.json", result_json.encode(result, decided))


def renew(decided: Decided, out: Path, *, show_hidden: bool | None = None) -> bool:
    """Write result and feedback page of one submission anew, if people have decided since, or the page is to tell more
    or less of hidden checks.

    Args:
        decided: the submission; its pictures are read from its result.
        out: the gradebook's folder.
        show_hidden: see `autograder.gradebook.pages.feedback_page`; None: as it is.

    Returns:
        Whether it was necessary.

    Raises:
        GradebookError: the result cannot be read.
        OSError: a file could not be read or written.
    """
    path = _feedback_path(decided.result.submission, out)
    with path.open("rb") as page:
        start = page.read(pages.HEAD).decode("utf-8", "replace")
    shows = pages.shows_hidden(start) if show_hidden is None else show_hidden
    if pages.shows_hidden(start) == shows and pages.fingerprint_in(start) == fingerprint(decided):
        return False
    result = read_result(decided.result.submission, out)
    if result is None:
        return False
    whole = replace_result(decided, result)
    name = safe_name(result.submission)
    write_text(out / "results" / f"{name}.json", result_json.encode(result, whole))
    write_text(path, pages.feedback_page(result, show_hidden=shows, decided=whole))  # last: it says what both hold
    return True


def replace_result(decided: Decided, result: SubmissionResult) -> Decided:
    """The same decisions about another result of the same submission."""
    return Decided(result, decided.rubrics, decided.standings)


def secret(out: Path) -> bytes:
    """The gradebook's secret; drawn where there is none that can be used.

    Raises:
        OSError: it can be neither read nor written.
    """
    file = out / "secret"
    with contextlib.suppress(FileNotFoundError, ValueError):
        found = bytes.fromhex(file.read_text("ascii"))
        if len(found) >= SECRET:
            return found
    found = secrets.token_bytes(SECRET)
    write_text(file, found.hex(), 0o600)
    return found


def write_summary(results: Sequence[SubmissionResult], out: Path, data_source: str) -> None:
    """Write grades.csv, report.html and similarity.json, sorted by submission (`a2` before `a10`).

    Args:
        results: all submissions of the gradebook.
        out: the gradebook's folder, made when it is missing.
        data_source: which data the grading used, see `assignment.Data`.

    Raises:
        OSError: a file could not be written, or decisions could not be read.
        RubricError: a rubric of the master notebook is not in order.
    """
    ordered = _ordered(results)
    digest = book.digest(out)
    decided = book.decide(ordered, out)
    write_text(out / "grades.csv", _csv(ordered, decided))  # first: nothing below may keep it from being written
    similar = similarity.find(ordered, out / "similarity.json")
    write_text(out / "similarity.json", similarity.encode(similar, ordered))
    try:
        known, problem = baselines(), ""
    except ValueError as error:
        known, problem = {}, str(error)
    said = book.log(out).decisions()
    report = pages.class_report(ordered, data_source, known, similar, problem, decided, said)
    write_text(out / "report.html", report)
    if digest:
        write_text(out / "decisions" / "written", digest + "\n")


def write_again(out: Path) -> list[SubmissionResult]:
    """Write every file that marks are in anew, as far as people have decided since it was written.

    Returns:
        All results of the gradebook, without their pictures.

    Raises:
        GradebookError: a result cannot be read, or there is none.
        OSError: a file could not be read or written.
        RubricError: a rubric of the master notebook is not in order.
    """
    results = [replace(result, images={}) for result in read_results(out)]
    if not results:
        raise GradebookError(f"{out} holds no results: `make grade OUT={out}` makes a gradebook.")
    for decided in book.decide(results, out).values():
        renew(decided, out)
    write_summary(results, out, sources.data_of(out))
    return results


def is_outdated(out: Path) -> bool:
    """Whether people have decided since the files were written.

    Raises:
        OSError: decisions cannot be read.
    """
    try:
        written = (out / "decisions" / "written").read_text("ascii").strip()
    except (FileNotFoundError, ValueError):
        written = ""
    return written != book.digest(out)


def write_upload(
    results: Sequence[SubmissionResult], out: Path, system: str, ids: Mapping[str, lms_export.Student]
) -> tuple[Path, list[str]]:
    """Write grades-<system>.csv.

    Args:
        results: all submissions of the gradebook.
        out: the gradebook's folder.
        system: one of `upload.FORMATS`.
        ids: what `upload.read_ids` gave; may be empty.

    Returns:
        The file, and a sentence for every submission that is left out of it.

    Raises:
        OSError: it could not be written, or decisions could not be read.
        RubricError: a rubric of the master notebook is not in order.
    """
    text, warnings = lms_export.encode(_ordered(results), system, ids, book.decide(results, out))
    path = out / f"grades-{system}.csv"
    write_text(path, text)
    return path, warnings


def read_results(out: Path) -> list[SubmissionResult]:
    """All results that `write_result` wrote to this folder, sorted by submission.

    Raises:
        GradebookError: a file cannot be read, or is not of the form of the schema.
    """
    return _ordered([read_path(path) for path in (out / "results").glob("[!.]*.json")])


def read_result(submission: str, out: Path) -> SubmissionResult | None:
    """The result of one submission, with its feedback page and its code beside it; None where one is missing.

    Raises:
        GradebookError: the file cannot be read, or is not of the form of the schema.
    """
    name = safe_name(submission)
    path = out / "results" / f"{name}.json"
    others = (out / "feedback" / f"{name}.html", _code_path(path))
    return read_path(path) if path.exists() and all(other.exists() for other in others) else None


def _feedback_path(submission: str, out: Path) -> Path:
    return out / "feedback" / f"{safe_name(submission)}.html"


def _code_path(result: Path) -> Path:
    """Where the code lies that belongs to a file of OUT/results."""
    return result.parent.parent / "code" / f"{result.stem}.txt"


def put_aside(submission: str, out: Path) -> Path:
    """Rename a result that cannot be read, so that another can be written; where it is now."""
    path = out / "results" / f"{safe_name(submission)}.json"
    aside = path.with_name(f"{path.name}.{uuid4().hex[:8]}.old")
    os.replace(path, aside)
    return aside


def read_path(path: Path) -> SubmissionResult:
    """The result in a file of OUT/results.

    Raises:
        GradebookError: the file cannot be read, or is not of the form of the schema.
    """
    try:
        result = result_json.decode(path.read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise GradebookError(
            f"{path} is damaged, or of another version of the grader: {problem}. Without --only, it is put aside and "
            "that submission graded again."
        ) from None
    if path.stem != safe_name(result.submission):
        raise GradebookError(
            f"{path} holds the result of {one_line(result.submission)!r}, which belongs in "
            f"{safe_name(result.submission)}.json. Delete or rename it."
        )
    return replace(result, code=_code(path))


def _code(result: Path) -> str:
    """The code that belongs to a file of OUT/results."""
    path = _code_path(result)
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as problem:
        raise GradebookError(f"{path} is damaged, or missing: {problem}.") from None


def table(results: Sequence[SubmissionResult], decided: Mapping[str, Decided] | None = None) -> Table:
    """The grades for a terminal of 80 columns or more, one line a submission, sorted as in grades.csv.

    A question shows whole marks, rounded down (so that only a full answer shows full marks), and `?` where
    nothing could be judged. The note takes the room that is left.

    Args:
        results: all submissions of the gradebook.
        decided: what people said of them; None: nothing.
    """
    grid = Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False, caption_justify="left")
    grid.add_column("submission", no_wrap=True, max_width=20, overflow="ellipsis")
    grid.add_column("status", no_wrap=True)
    grid.add_column("score", no_wrap=True, justify="right")
    for question in assignment.questions():
        grid.add_column(_header(question), no_wrap=True, justify="right")
    grid.add_column("note")  # the only column that gives way
    for result in _ordered(results):
        one = _decided(result, decided)
        review = one.status == "needs_review"
        grid.add_row(
            Text(one_line(result.submission)),
            Text("review" if review else "graded", style="yellow" if review else ""),
            Text(number(one.score, 1) or "?", style="bold"),
            *(_marks(one, question) for question in assignment.questions()),
            Text(one_line(one.note), no_wrap=True, overflow="ellipsis"),
        )
    bonus = "+: bonus; " if assignment.questions().bonus else ""
    grid.caption = f"Whole marks, rounded down; {bonus}?: could not be judged."
    return grid


def _header(question: str) -> str:
    """As short as can be: the number in what people call it; + for a bonus."""
    if assignment.questions()[question].is_bonus:
        return "+"
    number_ = re.search(r"\d+", assignment.current().sections[question].label)
    return number_[0] if number_ else question


def _ordered(results: Sequence[SubmissionResult]) -> list[SubmissionResult]:
    return sorted(results, key=lambda result: natural_key(result.submission))


def _decided(result: SubmissionResult, decided: Mapping[str, Decided] | None) -> Decided:
    return (decided or {}).get(result.submission) or book.undecided(result)


def _marks(decided: Decided, question: str) -> Text:
    score = decided.question_score(question)
    if score is None:
        return Text("?", style="yellow")
    full = score >= assignment.questions().points[question]
    return Text(str(int(score)), style="green" if full else "red" if score <= 0 else "")


def _csv(results: Sequence[SubmissionResult], decided: Mapping[str, Decided] | None = None) -> str:
    """One row a submission. Written answers have columns where they have marks, adjustments where there are any."""
    everything = [_decided(result, decided) for result in results]
    known = everything[0].rubrics if everything else book.rubrics()
    written = [name for name, rubric in known.items() if rubric.points]
    adjusted = ["adjustments"] if any(one.adjustments for one in everything) else []
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*FIRST, *assignment.questions(), *written, *adjusted, *LAST])
    for one in everything:
        writer.writerow(
            [
                cell(one.result.submission),
                one.status,
                number(one.score),
                number(one.max_score),
                "" if one.percent is None else f"{one.percent:.1f}",
                *(number(one.question_score(question)) for question in (*assignment.questions(), *written)),
                *(number(sum(a.marks for a in one.adjustments)) for _ in adjusted),
                f"{one.result.seconds:.1f}",
                cell(one.note),
            ]
        )
    return file.getvalue()


def sweep(out: Path) -> None:
    """Remove what a run that was killed has left half written, a minute ago or more: other runs may be writing now."""
    for folder in (out, out / "results", out / "feedback", out / "code"):
        for path in folder.glob(".*.tmp"):
            if re.fullmatch(r"\.[0-9a-f]{32}\.tmp", path.name) and time.time() - path.stat().st_mtime > 60:
                path.unlink(missing_ok=True)
