"""One submission, graded whatever happens: here, or on another machine that got its bytes."""

import atexit
import contextlib
import hmac
import logging
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from autograder import workers
from autograder.grading import cache_key
from autograder.grading.notebook import grade_notebook
from autograder.intake import submissions
from autograder.intake.submissions import Parcel, UnreadableSubmission
from autograder.results import FAILED, NOT_GRADED, SubmissionResult
from autograder.sandbox import DEFAULT_LIMITS, ForkServer, Limits, MachineError, environment, jail, open_fork_server
from autograder.workers import WorkersError


@dataclass(frozen=True)
class Task:
    """A submission on its way to where it is graded.

    Args:
        name: of its row.
        parcel: its bytes.
        key: see `autograder.grading.cache_key`.
        unsafe: go on where that system cannot hold student code safely.
        trust: its marks count whatever it does: a person has looked.
        fresh: start its kernels afresh instead of forking them.
        entropy, limits: see `sandbox.execute`.
    """

    name: str
    parcel: Parcel
    key: str
    unsafe: bool = False
    trust: bool = False
    fresh: bool = False
    entropy: bytes | None = None
    limits: Limits = DEFAULT_LIMITS


def grade_file(
    path: Path,
    name: str | None = None,
    unsafe: bool = False,
    trust: bool = False,
    kernels: ForkServer | None = None,
) -> SubmissionResult:
    """Grade one submitted file. Never raises: what cannot be graded comes back as `needs_review`."""
    task = prepare(path, name or path.stem, unsafe, trust)
    return grade(task, kernels) if isinstance(task, Task) else task


def prepare(
    path: Path,
    name: str,
    unsafe: bool = False,
    trust: bool = False,
    fresh: bool = False,
    secret: bytes | None = None,
    limits: Limits | None = None,
) -> Task | SubmissionResult:
    """Read a submission; the arguments are those of `Task`. What is no notebook has its result already.

    Args:
        secret: of the gradebook, from which comes the entropy of what is graded into it.
        limits: None: the usual ones.
    """
    key = ""
    try:
        key = cache_key.key_of(path)
        entropy = secret and hmac.digest(secret, key.encode(), "sha256")
        parcel = submissions.pack(path)
        return Task(name, parcel, key, unsafe, trust, fresh, entropy, limits or DEFAULT_LIMITS)
    except UnreadableSubmission as reason:
        return SubmissionResult(name, "needs_review", notes=(str(reason),), key=key)
    except OSError as error:  # a file that the system does not give is no fault of its author
        return not_graded(name, f"{error.filename or path} cannot be read ({error.strerror})")
    except Exception as error:
        return _grader_failed(name, error)


def grade(task: Task, kernels: ForkServer | None = None) -> SubmissionResult:
    """Grade what was read. Never raises: what cannot be graded comes back as `needs_review`."""
    start = time.monotonic()
    result = _graded(task, kernels)
    return replace(result, seconds=time.monotonic() - start)


def _graded(task: Task, kernels: ForkServer | None) -> SubmissionResult:
    try:
        submission = submissions.unpack(task.parcel)
        graded = grade_notebook(
            submission.notebook,
            submission.extra_files,
            doubts=submission.doubts,
            unsafe=task.unsafe,
            trust=task.trust,
            fork_server=kernels,
            entropy=task.entropy,
            limits=task.limits,
        )
    except UnreadableSubmission as reason:
        return SubmissionResult(task.name, "needs_review", notes=(str(reason),), key=task.key)
    except MachineError as error:
        return not_graded(task.name, str(error))
    except Exception as error:
        return _grader_failed(task.name, error)
    return SubmissionResult(
        task.name,
        "needs_review" if graded.needs_review else "graded",
        checks=tuple(graded.checks),
        notes=(*graded.notes, *submission.notes),
        cell_errors=tuple(graded.cell_errors),
        written=graded.written,
        images=graded.images,
        reported=graded.reported,
        code=graded.code,
        key="" if graded.may_change else task.key,
    )


def not_graded(name: str, reason: str) -> SubmissionResult:
    """The row of a submission that a fault of the machine has kept from being graded."""
    note = f"{NOT_GRADED} {reason}. Mend that, then run the same command again: it grades what is missing."
    return SubmissionResult(name, "needs_review", notes=(note,))


def _grader_failed(name: str, error: Exception) -> SubmissionResult:
    last = traceback.format_exc().strip().splitlines()
    notes = (f"{FAILED} {type(error).__name__}: {error}"[:500], *last[-12:])
    return SubmissionResult(name, "needs_review", notes=notes)


# ---- on a worker ----


def grade_on_worker(task: Task, surroundings: Mapping[str, str]) -> SubmissionResult:
    """Grade in the process of a worker, if it is fit to.

    Args:
        task: what to grade.
        surroundings: `resume.surroundings` of the grader that asks.

    Raises:
        WorkersError: marks would depend on who graded, or student code would not be held safely.
    """
    reason = _why_unfit(surroundings, task.unsafe)
    if reason:
        raise WorkersError(f"{workers.place()} {reason}")
    if task.fresh:
        return grade(task)
    kernels = _kernels()
    result = grade(task, kernels)
    if kernels is not None and kernels.complaint:
        logging.getLogger(__name__).warning("a kernel was started afresh, which is slower: %s", kernels.complaint)
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
_open: list[ForkServer] = []


def _kernels() -> ForkServer | None:
    """The fork server of this process, opened when it is first wanted. It ends with the process, however that ends."""
    if not sys.platform.startswith("linux"):
        return None
    with _opening:
        if not _open:
            context = contextlib.ExitStack()
            _open.append(context.enter_context(open_fork_server(environment())))
            atexit.register(context.close)
    return _open[0]
