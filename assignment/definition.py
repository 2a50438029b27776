"""The practical on tiny VGGs, as the engine gets it: every part of it is named here.

What takes long to import is imported when it is wanted: a second run over a class grades nothing.
"""

from collections import ChainMap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from assignment.data.dataset import dataset, found
from autograder.assignment import Assignment, LookedUp, RunRecords
from lab import settings
from lab.questions import QUESTIONS
from lab.student import TinyVggStudent
from labkit.judging import Registry

_FOLDER = Path(__file__).resolve().parent


def _checks() -> tuple[Registry, Registry]:
    from assignment.hidden import registry as hidden
    from lab.checks import registry as public

    return public, hidden


def _records() -> RunRecords:
    from assignment.hidden import run_records, same_trainings, weight_check
    from lab import run_record
    from lab.run_record import faults

    return RunRecords(
        find=run_record.find,
        tried=run_records.with_answers,
        are_evaluated=weight_check.is_possible,
        trained=faults.trained,
        alike=same_trainings.pairs,
        remarks=run_records.remarks,
    )


def _fetch(source: str | None, say: Callable[[str], None]) -> None:
    from assignment.data import fetching

    fetching.fetch(source, say)


def _samples(folder: Path) -> Path:
    from assignment import samples

    return samples.write(folder)


def _stale() -> Mapping[str, str]:
    from assignment import made_with

    return made_with.stale()


def _work() -> object:
    from assignment.hidden.work import work

    return work()


ASSIGNMENT: Final = Assignment(
    name="tiny-vgg",
    title="Tiny VGG",
    folder=_FOLDER,
    questions=QUESTIONS,
    checks=_checks,
    student=TinyVggStudent,
    texts=ChainMap(vars(settings), {"POINTS": QUESTIONS.points, "MAX_SCORE": QUESTIONS.max_score}),
    data=dataset,
    fetch=_fetch,
    found=found,
    records=_records,
    looked_up=LookedUp(
        always=frozenset({"x_train_raw", "y_train_raw", "x_test_raw", "y_test_raw"}),
        late=frozenset({"y_train"}),  # where `preprocess` does not work on the images of the probes
        replaced={"run_experiment": frozenset({"x_train", "y_train", "x_test", "y_test"})},
    ),
    baselines=_FOLDER.parent / "solutions" / "baselines" / "baselines.json",
    trained_with=("EPOCHS",),
    data_name="CIFAR-10",
    samples=_samples,
    stale=_stale,
    students_page=_FOLDER.parent / "docs" / "students.md",
    work=_work,
)
