"""What an attack got, held against what its honest part earns."""

from html.parser import HTMLParser
from pathlib import Path

from autograder.gradebook import store
from autograder.results import SubmissionResult
from lab.questions import QUESTIONS
from zoo.accuracy import Outcome
from zoo.hostile.attack import Attack
from zoo.hostile.world import WORD


def judge(attack: Attack, result: SubmissionResult, out: Path, traces: list[str]) -> Outcome:
    """Compare marks, status and words; look for secrets and programs in what was written; take note of traces.

    Args:
        attack: the submission.
        result: of it.
        out: the gradebook that it is in.
        traces: all that was found outside, see `World.traces`.
    """
    got = {question: result.question_score(question) for question in QUESTIONS.points}
    faults = []
    is_provisional = not attack.trusted and result.status == "needs_review"  # no mark of these counts yet
    for question, marks in got.items():
        earned = attack.earns.get(question, 0.0)
        if abs((marks or 0.0) - earned) > 1e-3 and not is_provisional:
            faults.append(f"{question}: {marks} marks instead of {earned:g}")
    if attack.ends is not None and result.status != attack.ends:
        faults.append(f"it ended as {result.status} instead of {attack.ends}: {'; '.join(result.notes[:3])}")
    said = "\n".join([*result.notes, *(f"{error.cell}: {error.error}" for error in result.cell_errors)])
    if attack.says not in said:
        faults.append(f"nothing says {attack.says!r}: {said[:1000]}")
    name = store.safe_name(result.submission)
    page = (out / "feedback" / f"{name}.html").read_text()
    row = (out / "results" / f"{name}.json").read_text()
    if WORD in page + row:
        faults.append(f"it got a secret: {row[max(0, row.find(WORD) - 100) :][:300]}")
    faults += programs_in(page)
    faults += [trace for trace in traces if attack.name in trace]
    return Outcome(attack, got, tuple(faults))


def programs_in(page: str) -> list[str]:
    """What a page holds that a browser would run, or a terminal obey, and that the attacks have put there."""
    finder = _Finder()
    finder.feed(page)
    return finder.found + ["an escape sequence in the page"] * ("\x1b" in page)


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "object", "embed", "base", "form"):
            self.found.append(f"<{tag}> in the page")
        for name, value in attrs:
            if name.startswith("on") or (value or "").strip().lower().startswith("javascript:"):
                self.found.append(f"<{tag} {name}={value}> in the page")
