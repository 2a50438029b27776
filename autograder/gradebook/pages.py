"""The pages that people read: a feedback page for each student and the class report."""

import base64
import re
import statistics
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from autograder.grading.baselines import MARGIN, Baseline
from autograder.marks import agreement
from autograder.marks.book import max_score, rubrics, undecided
from autograder.marks.decided import Decided, fingerprint
from autograder.marks.decisions import Decision
from autograder.gradebook import figures, item_analysis
from autograder.grading import run_records
from autograder.gradebook.similarity import SHARE, Similar
from autograder.sanitize import clean, cut, number, one_line, safe_name
from autograder.results import SubmissionResult
from autograder import assignment
from labkit.judging import CheckResult

# How much of one submission a page shows. A hostile notebook may hold any amount.
MAX_PICTURES: Final = 6  # of one question
MAX_PICTURE_BYTES: Final = 2_000_000
MAX_PICTURE_PIXELS: Final = 30_000_000  # a small file can unpack to gigabytes in the reader's browser
MAX_CELL_ERRORS: Final = 30
HEAD: Final = 1000  # bytes at the start of a feedback page, of which `shows_hidden` needs no more

# Outcome -> symbol, word. The symbol is decoration, the word carries the meaning.
OUTCOMES: Final = {
    "passed": ("✓", "passed"),
    "failed": ("✗", "not passed"),
    "skipped": ("–", "skipped"),
    "unjudged": ("?", "needs a look"),
    "error": ("!", "grader fault"),
}
_CODE: Final = re.compile(r"`([^`\n]+)`")
_DECISIONS: Final = re.compile(r'<meta name="decisions" content="([0-9a-f]*)">')
_SLOWEST: Final = 5  # submissions that are listed with their seconds, if they took longer than
_SLOW: Final = 30.0  # seconds; a whole solution takes a third of that


@dataclass(frozen=True)
class Picture:
    """A picture that may be shown. `address` is a data URI, `width` and `height` are in pixels."""

    address: Markup
    width: int
    height: int


@dataclass(frozen=True)
class QuestionView:
    """One question of one submission.

    Args:
        open: the marks that nobody has decided on yet.
        override: what a person said of it as a whole.
        overrides: check -> what a person said of it.
    """

    name: str
    score: float | None
    points: float
    open: float
    checks: Sequence[CheckResult]
    pictures: Sequence[Picture]
    pictures_left_out: int
    override: Decision | None
    overrides: Mapping[str, Decision]


@dataclass(frozen=True)
class QuestionSummary:
    """One question over all submissions. `mean` is None where it was judged in none."""

    name: str
    points: float
    mean: float | None
    judged: int
    full: int


@dataclass(frozen=True)
class VariantSummary:
    """One variant over all submissions: how many reported it, and the baseline."""

    name: str
    records: int
    baseline: Baseline | None

    def place(self, mean: float | None) -> str:
        """Where a reported mean lies with regard to what the baseline makes plausible: "below", "above", or nothing."""
        if mean is None or self.baseline is None:
            return ""
        low, high = self.baseline.plausible
        return "below" if mean < low else "above" if mean > high else ""


def feedback_page(result: SubmissionResult, *, show_hidden: bool = True, decided: Decided | None = None) -> str:
    """The page for one student: self-contained HTML without scripts.

    Tracebacks of grader faults and the notes for the instructor are never in it.

    Args:
        result: the graded submission.
        show_hidden: whether hidden checks say what they expected and found; else title and outcome only.
        decided: the result with what people said of it; None: nothing.
    """
    decided = decided or undecided(result)
    waiting = [check for check in decided.open_checks if decided.check_marks(check) is None]
    known = set(assignment.questions().points)
    other = [picture for name, pictures in result.images.items() if name not in known for picture in pictures]
    pictures, left_out = _pictures(other)
    return _ENVIRONMENT.get_template("feedback.html").render(
        result=result,
        decided=decided,
        fingerprint=fingerprint(decided),
        questions=[_question_view(decided, name) for name in assignment.questions()],
        bonus=_bonus(decided),
        open_marks=sum(check.points for check in waiting),
        open_checks=len(waiting),
        written=[one for one in decided.written.values() if one.name in result.written or one.standing.heads],
        other_written={name: text for name, text in result.written.items() if name not in decided.written},
        one_reason=one_reason(result),
        any_hidden=any(check.hidden for check in result.checks),
        cell_errors=result.cell_errors[:MAX_CELL_ERRORS],
        cell_errors_left_out=max(0, len(result.cell_errors) - MAX_CELL_ERRORS),
        other_pictures=pictures,
        other_pictures_left_out=left_out,
        show_hidden=show_hidden,
    )


def shows_hidden(start: str) -> bool:
    """Whether a feedback page, of which this is the start, was made with `show_hidden`."""
    return '<meta name="hidden-checks" content="titles">' not in start


def fingerprint_in(start: str) -> str:
    """Which decisions a feedback page has, of which this is the start; see `autograder.marks.decided.fingerprint`."""
    match = _DECISIONS.search(start)
    return match.group(1) if match else ""


def class_report(
    results: Sequence[SubmissionResult],
    data_source: str,
    baselines: Mapping[str, Baseline] | None = None,
    similar: Similar | None = None,
    baseline_problem: str = "",
    decided: Mapping[str, Decided] | None = None,
    decisions: Sequence[Decision] = (),
) -> str:
    """The page for the instructor: self-contained HTML without scripts, in the order of `results`.

    Args:
        results: all graded submissions.
        data_source: which data the grading used, see `assignment.Data`.
        baselines: what the reference solution reaches, by variant; None where that is not known.
        similar: submissions with similar code; None where they were not compared.
        baseline_problem: why baselines could not be read.
        decided: what people said of the submissions; None: nothing.
        decisions: everything that people ever said, in the order of time.
    """
    baselines = baselines or {}
    known = decided or {}
    everybody = {r.submission: known.get(r.submission) or undecided(r) for r in results}
    scores = [one.score for one in everybody.values() if one.score is not None]
    picture, picture_text = figures.histogram(scores) if scores else (Markup(), "")
    return _ENVIRONMENT.get_template("report.html").render(
        results=results,
        data_source=data_source,
        decided=everybody,
        to_review=[result for result in results if everybody[result.submission].status == "needs_review"],
        scores=scores,
        columns=_columns(),
        **_of_people(list(everybody.values()), decisions),
        mean=statistics.fmean(scores) if scores else None,
        median=statistics.median(scores) if scores else None,
        deviation=statistics.stdev(scores) if len(scores) > 1 else None,
        histogram=picture,
        histogram_text=picture_text,
        questions=[summarise_question(list(everybody.values()), name) for name in _columns()],
        checks=item_analysis.summarise(results),
        fewest=item_analysis.FEWEST,
        margin=MARGIN,
        noted=[r for r in results if everybody[r.submission].status != "needs_review" and r.notes],
        variants=[summarise_variant(results, variant, baselines.get(variant)) for variant in assignment.questions().variants],
        baseline_problem=baseline_problem,
        accuracies=figures.accuracies(results, baselines),
        some_unevaluated=any(not told.is_evaluated for result in results for told in result.reported.values()),
        same_trainings=run_records.same_trainings(results),
        similar=similar or Similar(),
        share=SHARE,
        by_name={result.submission: result for result in results},
        slowest=sorted((r for r in results if r.seconds > _SLOW), key=lambda r: -r.seconds)[:_SLOWEST],
        slow=_SLOW,
    )


def one_reason(result: SubmissionResult) -> str:
    """Why nothing of a submission could be judged, where every check says the same; else nothing."""
    reasons = {check.found if check.outcome == "unjudged" else "" for check in result.checks}
    return reasons.pop() if len(reasons) == 1 else ""


def open_checks(result: SubmissionResult) -> list[tuple[str, str]]:
    """(which checks, why they are open), each reason once; none where the notes have told the only one."""
    if result.notes and one_reason(result):
        return []
    titles: dict[str, list[str]] = {}
    for check in result.checks:
        if check.is_open:
            why = "grader fault, see below" if check.outcome == "error" else check.found
            title = one_line(check.title).rstrip(".")
            titles.setdefault(why, []).append(f"{label(check.question)}, “{title}”")
    return [("; ".join(which), why) for why, which in titles.items()]


def _of_people(decided: Sequence[Decided], decisions: Sequence[Decision]) -> dict[str, Any]:
    """What the class report tells of people's decisions."""
    return {
        "open": sum(one.score is not None and _is_partly_open(one) for one in decided),
        "written": agreement.summarise(decided, decisions),
        "fewest_pairs": agreement.FEWEST,
        "overridden": [one for one in decided if _by_hand(one)],
        "max_score": max_score(rubrics()),
    }


def _is_partly_open(decided: Decided) -> bool:
    return bool(decided.open) or any(decided.check_marks(check) is None for check in decided.open_checks)


def _columns() -> dict[str, float]:
    """Questions with their marks, and the written answers that have any."""
    return {**assignment.questions().points, **{name: rubric.points for name, rubric in rubrics().items() if rubric.points}}


def _by_hand(decided: Decided) -> list[tuple[str, Decision]]:
    """What people said in the place of the grader, or besides, with words for what it is about."""
    found = []
    for target, standing in decided.standings.items():
        kind, _, name = target.partition(":")
        decision = standing.decision
        if decision is not None and kind in ("check", "question", "total", "adjustment"):
            found.append((label(name) if kind == "question" else name or kind, decision))
    return found


def summarise_question(results: Sequence[SubmissionResult | Decided], question: str) -> QuestionSummary:
    """Mean marks of one question over the submissions in which it was judged."""
    points = _columns()[question]
    scores = [score for r in results if (score := r.question_score(question)) is not None]
    mean = statistics.fmean(scores) if scores else None
    return QuestionSummary(question, points, mean, len(scores), sum(score >= points for score in scores))


def summarise_variant(results: Sequence[SubmissionResult], variant: str, baseline: Baseline | None) -> VariantSummary:
    """The accuracies of one variant that were reported."""
    return VariantSummary(variant, sum(variant in result.reported for result in results), baseline)


def code_link(submission: str) -> str:
    """Address of a submission's code, seen from the class report."""
    return f"code/{quote(safe_name(submission))}.txt"


def feedback_link(submission: str) -> str:
    """Address of a submission's feedback page, seen from the class report."""
    return f"feedback/{quote(safe_name(submission))}.html"


def _bonus(decided: Decided) -> float | None:
    """Marks of the bonus questions; None where there are none, or nothing of them could be judged."""
    scores = [decided.question_score(question.name) for question in assignment.questions().values() if question.is_bonus]
    known = [score for score in scores if score is not None]
    return sum(known) if known else None


def _question_view(decided: Decided, name: str) -> QuestionView:
    checks = [check for check in decided.result.checks if check.question == name]
    pictures, left_out = _pictures(decided.result.images.get(name, []))
    override = decided.of(f"question:{name}").decision
    said = {check.name: decided.of(f"check:{check.name}").decision for check in checks}
    waiting = [check for check in checks if override is None and decided.check_marks(check) is None]
    return QuestionView(
        name=name,
        score=decided.question_score(name),
        points=assignment.questions().points[name],
        open=sum(check.points for check in waiting),
        checks=checks,
        pictures=pictures,
        pictures_left_out=left_out,
        override=override,
        overrides={check: decision for check, decision in said.items() if decision},
    )


def _pictures(candidates: Sequence[bytes]) -> tuple[list[Picture], int]:
    """The first pictures that may be shown, and how many there are besides."""
    shown: list[Picture] = []
    for data in candidates:
        one = picture(data)
        if one is not None and len(shown) < MAX_PICTURES:
            shown.append(one)
    return shown, len(candidates) - len(shown)


def picture(data: bytes) -> Picture | None:
    """A PNG file as it may be shown; None where it may not."""
    # A PNG starts with its signature and a header chunk of width and height.
    if len(data) > MAX_PICTURE_BYTES or data[:8] != b"\x89PNG\r\n\x1a\n" or data[12:16] != b"IHDR":
        return None
    if len(data) < 24:
        return None
    width, height = struct.unpack(">II", data[16:24])
    if width * height > MAX_PICTURE_PIXELS:
        return None
    return Picture(Markup("data:image/png;base64," + base64.b64encode(data).decode()), width, height)


def label(question: str) -> str:
    """What people call a question, or a written answer: the beginning of its heading; one that is gone by its name."""
    section = assignment.current().sections.get(question)
    return section.label if section else question


def _day(at: str) -> str:
    """The day of a decision, as people write it without ambiguity."""
    return at[:10]


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def _prose(text: str, limit: int) -> Markup:
    """Text of a check or a note for a page: cut, cleaned, escaped, with `code` in backticks set as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(clean(cut(text, limit))))))


def _rich_line(text: str) -> Markup:
    """A line of Markdown; what that takes is imported where there is one, as most runs show none."""
    from autograder.gradebook import prose

    return prose.inline(text)


def _for_people(value: Any) -> Any:
    """Runs on everything that a template prints, so that no text from a notebook is forgotten."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else clean(value)


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_for_people,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(
    number=number,
    signed=_signed,
    one_line=one_line,
    cut=cut,
    prose=_prose,
    rich_line=_rich_line,
    label=label,
    open_checks=open_checks,
    feedback_link=feedback_link,
    code_link=code_link,
    day=_day,
    by_hand=_by_hand,
)
_ENVIRONMENT.globals.update(
    outcomes=OUTCOMES,
    title=lambda: assignment.current().title,
    real_data=lambda: assignment.current().data_name,
    has_bonus=lambda: bool(assignment.questions().bonus),
)
