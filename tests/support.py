"""Try answers in this process: the reference solution with some functions replaced, probed and judged.

What the sandbox does in a kernel of its own, without the kernel: fast enough for hundreds of small tests.
"""

import asyncio
import contextlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import kept
import keras
import numpy as np
import pytest
from keras.src.utils import naming

from assignment.data.dataset import dataset, resnet50_conv1
from assignment.kernel import serve
from assignment.kernel.fallbacks import FUNCTIONS
from autograder import assignment
from autograder.grading import notebook
from autograder.sandbox import one_pass
from autograder.sandbox.inside import prepare
from lab.questions import QUESTIONS
from lab.student import TinyVggStudent
from labkit.agent import Agent
from labkit.judging import CheckResult, Observations, judge
from labkit.short_training import recording

PROJECT = Path(__file__).resolve().parent.parent
SEED = 20240131
NOT_KEPT = "one in five is observed by `make test`; this one by `make test-all`, and kept from then on"


@cache
def serve_data() -> None:
    """This process becomes like the sandbox: `keras.datasets.cifar10.load_data` and `ResNet50` work offline."""
    prepare._hasten()
    prepare._make_ticks_late()
    (x_train, _), _ = dataset().arrays
    serve._serve_cifar10(Path(x_train.filename).parent)  # type: ignore[attr-defined]
    serve._serve_resnet50(*resnet50_conv1())


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
    only_kept: bool = False,
) -> Observations:
    """What the probes of some questions see, with neutral stand-ins as at grading; kept between runs, see `kept`.

    Where only what is kept is wanted, the test is skipped if nothing is.
    """
    wanted = (questions,) if isinstance(questions, str) else questions
    key = kept.key(wanted, student_code, without, seed)
    looks = kept.read(key, seed)
    if looks is not None:
        with contextlib.suppress(KeyError):  # other checks may want another look
            return _observations(wanted, lambda question, stand_ins: looks[_name(question, stand_ins)], seed)
    if only_kept:
        pytest.skip(NOT_KEPT)
    looks = kept.write(key, _look(wanted, student_code, without, seed), seed)
    return _observations(wanted, lambda question, stand_ins: looks[_name(question, stand_ins)], seed)


def _look(wanted: tuple[str, ...], student_code: str, without: tuple[str, ...], seed: int) -> kept.Looks:
    """Run the probes; each look at a question is named as at grading."""
    looks: dict[str, dict[str, Any]] = {}

    def look(question: str, stand_ins: Any) -> dict[str, Any]:
        student.neutral = stand_ins
        seen = QUESTIONS.observe(question, student)
        looks[_name(question, stand_ins)] = seen
        return seen

    keras.utils.set_random_seed(seed)  # as in the sandbox
    naming.reset_uids()  # names of layers are those of a fresh kernel, whatever was tried before
    names = namespace(student_code, without)
    with recording(keep_rows=False):
        student = TinyVggStudent(Agent(names, FUNCTIONS).answer, seed, FUNCTIONS)
        _observations(wanted, look, seed)
    return looks


def _observations(wanted: tuple[str, ...], look: Callable[[str, str], dict[str, Any]], seed: int) -> Observations:
    async def answer(question: str) -> dict[str, Any]:
        async def at(stand_ins: str) -> dict[str, Any]:
            return look(question, stand_ins)

        return await one_pass.look_twice(question, at, notebook.is_settled)

    return Observations({question: asyncio.run(answer(question)) for question in wanted}, seed)


def _name(question: str, stand_ins: str) -> str:
    return f"{question}-only" if stand_ins == "only" else question


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
    checks = [c for c in assignment.all_checks() if c.question == question and not c.name.endswith("_record")]
    return {r.name: r for r in judge(checks, observations)}


def tries(n: int) -> int:
    """How many examples hypothesis makes: all with `make test-all`, a fifth of them with `make test`."""
    return n if hypothesis.settings.get_current_profile_name() == "full" else max(3, n // 5)


def failed(results: dict[str, CheckResult]) -> set[str]:
    """Names of the checks that did not pass."""
    return {name for name, result in results.items() if result.outcome != "passed"}


def accuracy(y_pred: np.ndarray, labels: np.ndarray) -> float:
    """Share of rows whose largest value is at the label."""
    return float(np.mean(y_pred.argmax(axis=1) == labels.reshape(-1)))
