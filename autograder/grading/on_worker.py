"""Grading on a worker of a dask scheduler, whose machine need not be the one that asks."""

import atexit
import contextlib
import logging
import threading
from collections.abc import Mapping

from autograder import workers
from autograder.grading import cache_key
from autograder.grading.examiners import Examiners, open_examiners
from autograder.grading.one_submission import Task
from autograder.results import SubmissionResult
from autograder.sandbox import jail
from autograder.workers import WorkersError


def grade(task: Task, surroundings: Mapping[str, str]) -> SubmissionResult:
    """Have an examiner of this machine grade, if it is fit to.

    Args:
        task: what to grade, with its bytes.
        surroundings: `cache_key.surroundings` of the grader that asks.

    Raises:
        WorkersError: marks would depend on who graded, or student code would not be held safely.
    """
    reason = _why_unfit(surroundings, task.unsafe)
    if reason:
        raise WorkersError(f"{workers.place()} {reason}")
    examiners = _examiners(is_warm=not task.fresh)
    result = examiners.grade(task)
    if examiners.complaint:
        logging.getLogger(__name__).warning("a kernel was started afresh, which is slower: %s", examiners.complaint)
    return result


def _why_unfit(surroundings: Mapping[str, str], unsafe: bool) -> str:
    here = cache_key.surroundings()
    differing = [
        "the grader or its settings" if name == "grader" else f"{name} ({here.get(name)} there, {value} here)"
        for name, value in surroundings.items()
        if here.get(name) != value
    ]
    if differing:
        return f"differs in {', '.join(differing)}: bring it to the same state and start it anew"
    try:
        jail.require(unsafe)
    except jail.JailError as error:
        return f"may not grade: {error}"
    return ""


_opening = threading.Lock()
_open: dict[bool, Examiners] = {}


def _examiners(is_warm: bool) -> Examiners:
    """Those of this process, opened when they are first wanted. They end with the process, however that ends."""
    with _opening:
        if is_warm not in _open:
            context = contextlib.ExitStack()
            _open[is_warm] = context.enter_context(open_examiners(is_warm))
            atexit.register(context.close)
    return _open[is_warm]
