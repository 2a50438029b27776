"""`lab.check`: what a test cell of the notebook calls."""

import secrets
from collections.abc import Mapping
from typing import Any

from labkit import asserts
from labkit.judging import CheckResult, Observations, Registry, judge
from labkit.questions import Questions
from labkit.student import Student

RESULTS = "_tiny_vgg_results"  # in the clean kernel at grading: check name -> CheckResult


class CheckFailed(Exception):
    """A check did not pass; the message is for the student."""


class Checking:
    """`lab.check` of a practical, which its test cells call.

    Args:
        questions: their probes.
        checks: the public ones.
        student: the class through which probes see the notebook.
    """

    def __init__(self, questions: Questions, checks: Registry, student: type[Student] = Student) -> None:
        self._questions, self._checks, self._student = questions, checks, student
        self._last: tuple[Any, dict[str, CheckResult]] = (None, {})

    def __call__(self, name: str, env: Mapping[str, Any]) -> None:
        """Run one public check on the functions of a notebook, or look up its result at grading.

        Args:
            name: the check's name, such as "q4_answered".
            env: the kernel's global names.

        Raises:
            CheckFailed: it did not pass.
            KeyError: there is no such check.
        """
        if RESULTS in env:
            report(env[RESULTS][name])
            return
        from labkit.otter_display import show_plainly

        show_plainly(self._checks)
        advise(self._look(name, env)[name])

    def _look(self, name: str, env: Mapping[str, Any]) -> dict[str, CheckResult]:
        """Probe the question that a check belongs to; its other checks in the same cell share the probe."""
        from labkit.agent import Agent

        question = self._checks.checks[name].question
        moment = (question, _execution_count(), id(env))
        if moment[1] is None or self._last[0] != moment:
            seed = secrets.randbits(32)
            student = self._student(Agent(dict_of(env)).answer, seed)
            observations = Observations({question: self._questions.observe(question, student)}, seed)
            wanted = [c for c in self._checks.checks.values() if c.question == question]
            self._last = moment, {r.name: r for r in judge(wanted, observations)}
        return self._last[1]


def test(name: str, source: str, env: Mapping[str, Any]) -> None:
    """Run a test in Otter's usual form on the names of a notebook, or look up its result at grading.

    Args:
        name: of the test, such as "q15_1".
        source: see `labkit.asserts.run`.
        env: the kernel's global names.

    Raises:
        CheckFailed: it did not pass.
    """
    if RESULTS in env:
        report(env[RESULTS][name])
        return
    try:
        asserts.run(source, env)
    except AssertionError as error:
        raise CheckFailed(str(error)) from None
    except Exception as error:
        raise CheckFailed(f"{type(error).__name__}: {error}") from None


def report(result: CheckResult) -> None:
    """Raise what is read about a check after grading, unless it passed.

    Raises:
        CheckFailed: it did not pass.
    """
    if result.outcome != "passed":
        title = result.title if result.outcome == "failed" else f"{result.title} ({result.outcome})"
        raise CheckFailed(f"{title}\n{result.message}")


def advise(result: CheckResult) -> None:
    """Raise what a student reads about a check in their own notebook, unless it passed.

    Raises:
        CheckFailed: it did not pass, or could not be tried.
    """
    if result.outcome == "passed":
        return
    text = {
        "failed": result.message,
        "skipped": f"Not tried yet: {result.found}",
        "unjudged": f"This question cannot be tried yet. {result.found}",
        "error": "This check itself failed, which is no fault of yours. Please show your teacher this:\n"
        + result.traceback,
    }[result.outcome]
    raise CheckFailed(f"{result.title}\n{text}")


def dict_of(env: Mapping[str, Any]) -> dict[str, Any]:
    """The kernel's own dict of names: the student's functions look names up in it."""
    return env if isinstance(env, dict) else dict(env)


def _execution_count() -> int | None:
    from IPython import get_ipython

    shell = get_ipython()
    return None if shell is None else int(shell.execution_count)
