"""Marks to and from a spreadsheet, and from another gradebook."""

import getpass
from pathlib import Path

from autograder import files
from autograder.gradebook import store
from autograder.marks import book, decisions, sheet
from autograder.marks.decided import Decided


def export(out: Path, file: Path) -> str:
    """Write the marks of written answers as a table.

    Args:
        out: the gradebook's folder.
        file: the table.

    Returns:
        A sentence on what was done.

    Raises:
        GradebookError: there are no results, or one cannot be read.
        OSError: a file could not be read or written.
        RubricError: a rubric of the master notebook is not in order.
    """
    decided = _everybody(out)
    files.write_text(file, "\ufeff" + sheet.encode(list(decided.values())))
    return f"{file}: {len(decided)} submissions. Edit it, then: make marks-import OUT={out} FILE={file}"


def take(out: Path, file: Path, by: str = "") -> str:
    """Take over marks from a table, or all decisions from another gradebook, and write the files that have them.

    Args:
        out: the gradebook's folder.
        file: the table, or the other gradebook's folder.
        by: who marked; empty: the user of this machine.

    Returns:
        A sentence on what was done.

    Raises:
        DecisionError: the other gradebook holds a line that is no decision; nothing was changed.
        GradebookError: there are no results, or one cannot be read.
        OSError: a file could not be read or written.
        RubricError: a rubric of the master notebook is not in order.
        SheetError: the table is not in order; nothing was changed.
    """
    decided = _everybody(out)
    if file.is_dir():
        if not (file / decisions.FOLDER).is_dir():
            raise sheet.SheetError(f"{file} holds no decisions: FILE names a table, or a gradebook that has some")
        new = decisions.merge(out, file)
    else:
        log = book.log(out)
        said = {decision.id: decision for decision in log.decisions()}
        found = sheet.read(file, decided, said, (by or getpass.getuser())[:80])
        log.append(found)
        new = len(found)
    store.write_again(out)
    conflicts = sum(standing.is_conflict for one in _everybody(out).values() for standing in one.standings.values())
    differ = (
        f" {conflicts} {'conflict' if conflicts == 1 else 'conflicts'} to settle: make review OUT={out}"
        if conflicts
        else ""
    )
    return f"{new} {'decision' if new == 1 else 'decisions'} taken over from {file}.{differ}"


def _everybody(out: Path) -> dict[str, Decided]:
    results = store.read_results(out) if out.is_dir() else []
    if not results:
        raise store.GradebookError(f"{out} holds no results: `make grade OUT={out}` makes a gradebook.")
    return book.decide(results, out)
