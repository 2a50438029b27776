"""Try answers in this process: the reference solution with some functions replaced, probed and judged.

What the sandbox does in a kernel of its own, without the kernel: fast enough for hundreds of small tests.
"""

from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np

from autograder.checks import all_checks
from autograder.dataset import dataset, resnet50_conv1
from autograder.sandbox.inside import prepare
from autograder.sandbox.inside.neutral import FUNCTIONS
from lab.judging import CheckResult, Observations, judge
from lab.probes import observe
from lab.recorder import recording
from lab.student import Student

PROJECT = Path(__file__).resolve().parent.parent
SEED = 20240131


@cache
def serve_data() -> None:
    """`keras.datasets.cifar10.load_data` and `ResNet50` work offline in this process, as in the sandbox."""
    (x_train, _), _ = dataset().arrays
    prepare._serve_cifar10(Path(x_train.filename).parent)  # type: ignore[attr-defined]
    prepare._serve_resnet50(*resnet50_conv1())


@cache
def _reference_code() -> Any:
    path = PROJECT / "solutions" / "reference.py"
    return compile(path.read_text(), str(path), "exec")


def namespace(student_code: str = "", without: tuple[str, ...] = ()) -> dict[str, Any]:
    """Names that a notebook defines: the reference solution's, then what a student wrote, less some names."""
    serve_data()
    names: dict[str, Any] = {"__name__": "notebook"}
    exec(_reference_code(), names)
    exec(compile(student_code, "<cell of the student>", "exec"), names)
    for name in without:
        names.pop(name, None)
    return names


def observations_of(
    questions: tuple[str, ...] | str,
    student_code: str = "",
    without: tuple[str, ...] = (),
    seed: int = SEED,
) -> Observations:
    """What the probes of some questions see, with neutral stand-ins as at grading."""
    wanted = (questions,) if isinstance(questions, str) else questions
    keras.utils.set_random_seed(seed)  # as in the sandbox
    names = namespace(student_code, without)
    with recording(keep_rows=False):
        student = Student(names, seed, FUNCTIONS)
        return Observations({q: observe(q, student) for q in wanted}, seed)


def results_of(
    question: str,
    student_code: str = "",
    without: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
    seed: int = SEED,
) -> dict[str, CheckResult]:
    """Results of all checks of one question but that of the run record, by name.

    Args:
        question: the one judged.
        student_code: source run after the reference solution, replacing functions of it.
        without: names that the notebook does not define.
        also: earlier questions that are observed too (questions 13 and 14 look at question 4).
        seed: of all inputs.
    """
    observations = observations_of((*also, question), student_code, without, seed)
    checks = [c for c in all_checks() if c.question == question and not c.name.endswith("_record")]
    return {r.name: r for r in judge(checks, observations)}


def failed(results: dict[str, CheckResult]) -> set[str]:
    """Names of the checks that did not pass."""
    return {name for name, result in results.items() if result.outcome != "passed"}


def accuracy(y_pred: np.ndarray, labels: np.ndarray) -> float:
    """Share of rows whose largest value is at the label."""
    return float(np.mean(y_pred.argmax(axis=1) == labels.reshape(-1)))
