"""What a written answer talks about: run records, learning curves, pictures, and what the reference reaches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from autograder import assignment
from autograder.desk import common
from autograder.gradebook import pages, sources
from autograder.grading.baselines import Baseline, baselines
from autograder.intake import submissions
from autograder.marks.decided import Decided
from autograder.results import Reported


@dataclass(frozen=True)
class Record:
    """One variant: what the submission reports, and what the reference reaches."""

    variant: str
    reported: Reported | None
    baseline: Baseline | None
    has_curves: bool


@dataclass(frozen=True)
class Beside:
    """What lies beside an answer.

    Args:
        records: of the variants that the answer talks about.
        pictures: (question, number of the picture, its width and height).
    """

    records: Sequence[Record]
    pictures: Sequence[tuple[str, int, int, int]]


def beside(decided: Decided, questions: Sequence[str]) -> Beside:
    """What the answers to these questions hold."""
    try:
        known: Mapping[str, Baseline] = baselines()
    except ValueError:  # the class report says so
        known = {}
    reported = decided.result.reported
    path = sources.path_of(decided.result.submission, common.shelf().out)
    records = [
        Record(variant, reported.get(variant), known.get(variant), path is not None and variant in reported)
        for variant, question in assignment.questions().variants.items()
        if question in questions
    ]
    found = common.shelf().pictures(decided)
    pictures = [
        (question, number, picture.width, picture.height)
        for question in questions
        for number, data in enumerate(found.get(question, [])[: pages.MAX_PICTURES])
        if (picture := pages.picture(data))
    ]
    return Beside(records, pictures)


def curves(path: Path, variant: str) -> bytes | None:
    """Learning curves of a variant's run record, as an SVG; None where there is none that can be read.

    Args:
        path: the submission's file or folder.
        variant: one of `the practical's variants`.
    """
    return _curves(path, path.stat().st_mtime_ns, variant)


@lru_cache(maxsize=64)
def _curves(path: Path, changed: int, variant: str) -> bytes | None:
    records = assignment.current().records
    if records is None:
        return None
    try:
        record = records().find(submissions.read(path).notebook).get(variant)
    except submissions.UnreadableSubmission:
        return None
    if not record or record.get("error"):
        return None
    from autograder.gradebook import figures

    return figures.histories([run["history"] for run in record["runs"]])
