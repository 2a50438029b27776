"""Grade one notebook: run it in the sandbox, judge what was observed."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from autograder.checks import all_checks
from autograder.results import CellError
from autograder.sandbox import DEFAULT_LIMITS, Execution, Limits, execute
from lab import run_record, settings
from lab.judging import CheckResult, Observations, judge

MAX_PICTURES = 6  # of one question that go into the feedback
MAX_PICTURE = 2 * 2**20  # bytes


@dataclass
class Graded:
    """All that is known of one notebook after grading."""

    checks: list[CheckResult]
    executed: Any
    notes: list[str] = field(default_factory=list)
    cell_errors: list[CellError] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)
    images: dict[str, list[bytes]] = field(default_factory=dict)

    @property
    def needs_review(self) -> bool:
        """Whether a person has to look: something could not be judged."""
        return any(c.outcome in ("unjudged", "error") for c in self.checks)


def grade_notebook(
    notebook: Any,
    extra_files: Mapping[str, bytes] | None = None,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[str], None] = lambda step: None,
    unsafe: bool = False,
) -> Graded:
    """Run a submitted notebook in the sandbox and judge it.

    Args:
        notebook: in nbformat 4, with the outputs that it was submitted with (run records are in them).
        extra_files: further files of the submission, see `sandbox.execute`.
        limits: time limits.
        progress: called with a short text before each step.
        unsafe: go on where this system cannot hold student code safely.

    Raises:
        JailError: it cannot, and `unsafe` was not said.
    """
    execution = execute(notebook, extra_files, limits, progress, unsafe=unsafe)
    for question in settings.POINTS:
        execution.observations.setdefault(question, {"given_up": "it was not tried."})
    progress("judging")
    observations = Observations(execution.observations, execution.seed, run_record.find(notebook))
    checks = judge(all_checks(), observations)
    return Graded(
        checks=checks,
        executed=execution.notebook,
        notes=[*_review_notes(checks), *execution.notes],
        cell_errors=execution.cell_errors,
        written=written_answers(notebook),
        images=pictures(notebook, execution),
    )


def _review_notes(checks: list[CheckResult]) -> list[str]:
    notes = []
    for check in checks:
        if check.outcome == "error":
            notes.append(f"{check.question}: the grader failed in {check.name} ({check.points:g} marks open).")
        elif check.outcome == "unjudged":
            notes.append(f"{check.question}: {check.name} needs a look ({check.points:g} marks open): {check.found}")
    return notes


_HEADING = re.compile(r"^#{2,4}\s+(Question (\d+)|Bonus|Written answer (\d+))", re.MULTILINE)


# Cells of the handout that are no answers: Otter's marks, its placeholder, headings of sections.
_OURS = re.compile(r"<!-- (BEGIN|END) QUESTION|_Type your answer here, replacing this text\._$|## \S")


def _sections(notebook: Any) -> list[tuple[str, int]]:
    """(question or written answer, index of its heading's cell), in order."""
    found = []
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "markdown":
            continue
        for match in _HEADING.finditer(cell.source):
            name = f"q{match.group(2)}" if match.group(2) else f"w{match.group(3)}" if match.group(3) else "bonus"
            found.append((name, index))
    return found


def written_answers(notebook: Any) -> dict[str, str]:
    """Written answers, name -> text: the Markdown cells between a heading “Written answer” and the next one."""
    answers: dict[str, str] = {}
    for (name, start), (_, end) in pairwise([*_sections(notebook), ("", len(notebook.cells))]):
        if not name.startswith("w"):
            continue
        texts = [c.source.strip() for c in notebook.cells[start + 1 : end] if c.cell_type == "markdown"]
        answers[name] = "\n\n".join(t for t in texts if t and not _OURS.match(t))
    return answers


def pictures(notebook: Any, execution: Execution) -> dict[str, list[bytes]]:
    """PNG pictures under each question's heading: those submitted, else those of this run."""
    sections = [(name, index) for name, index in _sections(notebook) if name in settings.POINTS]
    found: dict[str, list[bytes]] = {}
    for source in (notebook, execution.notebook):
        current: dict[str, list[bytes]] = {}
        for index, cell in enumerate(source.cells):
            name = next((n for n, start in reversed(sections) if start <= index), None)
            if name is not None and cell.cell_type == "code":
                current.setdefault(name, []).extend(_pngs(cell))
        for name, images in current.items():
            if images and name not in found:
                found[name] = images[:MAX_PICTURES]
    return found


def _pngs(cell: Any) -> list[bytes]:
    images = []
    for output in cell.outputs:
        encoded = (output.get("data") or {}).get("image/png")
        if isinstance(encoded, str) and len(encoded) < 2 * MAX_PICTURE:
            try:
                images.append(base64.b64decode(encoded))
            except ValueError:
                continue
    return images
