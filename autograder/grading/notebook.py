"""Grade one notebook: run it in the sandbox, judge what was observed."""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, takewhile
from typing import Any

from autograder import assignment, master
from autograder.assignment import RunRecords
from autograder.grading import run_records
from autograder.grading.baselines import baselines
from autograder.intake import absent_packages, newer_python
from autograder.results import CellError, Reported
from autograder.sandbox import DEFAULT_LIMITS, Execution, ForkServer, Limits, execute
from labkit.judging import CheckResult, Observations, judge

MAX_PICTURES = 6  # of one question that go into the feedback
MAX_PICTURE = 2 * 2**20  # bytes
MAX_DEEDS = 10  # that are listed
MAX_ABSENT = 10
MAX_DOUBTS = 10


@dataclass
class Graded:
    """All that is known of one notebook after grading."""

    checks: list[CheckResult]
    executed: Any
    notes: list[str] = field(default_factory=list)
    cell_errors: list[CellError] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)
    images: dict[str, list[bytes]] = field(default_factory=dict)
    reported: dict[str, Reported] = field(default_factory=dict)
    is_provisional: bool = False  # it did what no answer needs: its marks count when a person has looked
    may_change: bool = False  # grading again may end otherwise: a fault of ours is mended, a notebook is trusted

    @property
    def needs_review(self) -> bool:
        """Whether a person has to look: something could not be judged, or the marks are provisional."""
        return self.is_provisional or any(c.is_open for c in self.checks)


def grade_notebook(
    notebook: Any,
    extra_files: Mapping[str, bytes] | None = None,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[str], None] = lambda step: None,
    unsafe: bool = False,
    trust: bool = False,
    fork_server: ForkServer | None = None,
    entropy: bytes | None = None,
    doubts: Sequence[str] = (),
) -> Graded:
    """Run a submitted notebook in the sandbox and judge it.

    Where it does what no answer needs (see `sandbox/inside/watching.py`), its marks are provisional.

    Args:
        notebook: in nbformat 4, with the outputs that it was submitted with (run records are in them).
        extra_files: further files of the submission, see `sandbox.execute`.
        limits: time limits.
        progress: called with a short text before each step.
        unsafe: go on where this system cannot hold student code safely.
        trust: a person has looked: the marks count, whatever it does.
        fork_server: forks the kernels; without one each is started afresh.
        entropy: see `sandbox.execute`.
        doubts: sentences about what of the notebook could not be read: what does not pass waits for a person then.

    Raises:
        JailError: it cannot, and `unsafe` was not said.
        MachineError: this machine has run out of disk or memory, or is too busy.
    """
    execution = execute(
        notebook,
        extra_files,
        limits,
        progress,
        unsafe=unsafe,
        fork_server=fork_server,
        entropy=entropy,
        is_settled=is_settled,
    )
    for question in assignment.questions():
        execution.observations.setdefault(question, {"given_up": "it was not tried."})
    progress("judging")
    known = _records()
    observations = Observations(execution.observations, execution.seed, known.find(notebook) if known else {})
    observations = known.tried(observations) if known else observations
    records = observations.records
    checks = judge(assignment.all_checks(), observations)
    doubts = [*doubts, *newer_python.find(notebook, extra_files or {})]
    open_ = _in_doubt(checks, doubts)
    waiting = " What did not pass waits for you." if open_ != checks else ""
    unread = [f"{doubt}{waiting}" for doubt in doubts[:MAX_DOUBTS]]
    is_provisional = bool(execution.deeds) and not trust
    return Graded(
        checks=open_,
        executed=execution.notebook,
        notes=[
            *_deeds(execution.deeds, trust),
            *unread,
            *execution.losses,
            *_review_notes(checks),
            *(_remarks(known, records) if known else ()),
            *execution.notes,
            *absent_packages.absent(notebook, extra_files or {})[:MAX_ABSENT],
        ],
        is_provisional=is_provisional,
        may_change=is_provisional or any(c.outcome == "error" for c in checks),
        cell_errors=execution.cell_errors,
        written=written_answers(notebook),
        images=pictures(notebook, execution),
        reported=run_records.summarise(records, known) if known else {},
    )


def _records() -> RunRecords | None:
    """What the practical makes of run records; None where it has none."""
    records = assignment.current().records
    return records() if records else None


def _remarks(known: RunRecords, records: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is unusual in run records; a damaged file of baselines costs this, and no marks."""
    try:
        return known.remarks(records, baselines())
    except ValueError as problem:
        return [str(problem)]


def _in_doubt(checks: list[CheckResult], doubts: Sequence[str]) -> list[CheckResult]:
    """Checks that did not pass are open where a part of the notebook could not be read."""
    return [
        replace(check, outcome="unjudged", earned=0.0, found=doubts[0], expected="", hint="")
        if doubts and check.outcome in ("failed", "skipped")
        else check
        for check in checks
    ]


def is_settled(question: str, observation: Mapping[str, Any]) -> bool:
    """Whether all checks of a question pass, those of its run record aside."""
    checks = [c for c in assignment.all_checks() if c.question == question and not c.of_record]
    return all(result.outcome == "passed" for result in judge(checks, Observations({question: dict(observation)})))


def _deeds(deeds: Sequence[str], trust: bool) -> list[str]:
    """What a notebook did that no answer needs, and what that means for its marks."""
    if not deeds:
        return []
    meaning = (
        "You have said that its marks count."
        if trust
        else "No answer needs that: its marks are provisional until you have looked. If they are to count, grade it "
        "again with --trust and the submission's name."
    )
    return [f"{deeds[0]} {meaning}", *deeds[1:MAX_DEEDS]]


def _review_notes(checks: list[CheckResult]) -> list[str]:
    """For each question, what could not be judged and why; without the checks that come after such a one."""
    notes = []
    for question in assignment.questions():
        open_ = [c for c in checks if c.question == question and c.is_open]
        marks = sum(check.points for check in open_)
        names = {check.name for check in open_}
        reasons: dict[str, str] = {}  # a check that waits for another one repeats what that one found
        for check in open_:
            if check.waits_for not in names:
                reasons.setdefault(check.found or check.outcome, _reason(check))
        if open_:
            notes.append(f"{question} ({marks:g} marks open): {' '.join(reasons.values())}")
    return notes


def _reason(check: CheckResult) -> str:
    if check.outcome == "error":
        return f"The grader failed in {check.name}."
    return f"{check.name} needs a look: {check.found}"


_HEADING = re.compile(r"^#{1,6}\s+(\S[^\n]*)", re.MULTILINE)
_PLACEHOLDER = "_Type your answer here, replacing this text._"
_END = "<!-- END QUESTION -->"


def _sections(notebook: Any) -> list[tuple[str, int]]:
    """(question or written answer, index of its heading's cell), in order."""
    known = master.read(assignment.current().master)
    found = []
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            names = map(known.label_of, _HEADING.findall(cell.source))
            found += [(name, index) for name in names if name is not None]
    return found


def written_answers(notebook: Any) -> dict[str, str]:
    """Written answers, name -> text: the Markdown cells below their headings, as far as Otter's mark."""
    answers: dict[str, str] = {}
    sections = assignment.current().sections
    for (name, start), (_, end) in pairwise([*_sections(notebook), ("", len(notebook.cells))]):
        if name not in sections or not sections[name].is_manual:
            continue
        cells = takewhile(lambda cell: not cell.source.startswith(_END), notebook.cells[start + 1 : end])
        texts = [cell.source.strip() for cell in cells if cell.cell_type == "markdown"]
        answers[name] = "\n\n".join(text for text in texts if text not in ("", _PLACEHOLDER))
    return answers


def pictures(notebook: Any, execution: Execution) -> dict[str, list[bytes]]:
    """PNG pictures under each question's heading: those submitted, else those of this run."""
    sections = [(name, index) for name, index in _sections(notebook) if name in assignment.questions()]
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
