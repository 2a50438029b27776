"""One submission, graded whatever happens: here, or on another machine that got its bytes."""

import hmac
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.gradebook import similarity
from autograder.grading import cache_key
from autograder.grading.notebook import grade_notebook
from autograder.intake import submissions
from autograder.intake.submissions import Parcel, UnreadableSubmission
from autograder.results import SubmissionResult
from autograder.sandbox import DEFAULT_LIMITS, ForkServer, Limits, MachineError, host

SPARE = 2**30  # bytes of memory: where less is free, it is this machine that has too little
TOO_LARGE = (
    "Reading or judging this submission takes too much memory: nothing was graded. Look at it, or ask for it again "
    "without what is huge in it."
)


@dataclass(frozen=True)
class Task:
    """A submission on its way to where it is graded.

    Args:
        name: of its row.
        source: where it lies on this machine, or its bytes.
        key: see `autograder.grading.cache_key`.
        unsafe: go on where that system cannot hold student code safely.
        trust: its marks count whatever it does: a person has looked.
        fresh: start its kernels afresh instead of forking them.
        entropy, limits: see `sandbox.execute`.
    """

    name: str
    source: Path | Parcel
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
    """Grade one submitted file in this process. Never raises: what cannot be graded comes back as `needs_review`."""
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
    """What is to be done with a submission; the arguments are those of `Task`. It is not read but for its hash.

    Args:
        secret: of the gradebook, from which comes the entropy of what is graded into it.
        limits: None: the usual ones.
    """
    try:
        key = cache_key.key_of(path)
    except OSError as error:  # a file that the system does not give is no fault of its author
        return not_graded(name, f"{error.filename or path} cannot be read ({error.strerror})")
    entropy = secret and hmac.digest(secret, key.encode(), "sha256")
    return Task(name, path, key, unsafe, trust, fresh, entropy, limits or DEFAULT_LIMITS)


def grade(
    task: Task,
    kernels: ForkServer | None = None,
    tokens_of: Callable[[str], str | None] = similarity.tokens_of,
) -> SubmissionResult:
    """Grade in this process. Never raises: what cannot be graded comes back as `needs_review`.

    Args:
        task: what to grade.
        kernels: forks them; None: they are started afresh.
        tokens_of: as that of `gradebook.similarity`.
    """
    start = time.monotonic()
    result = _graded(task, kernels, tokens_of)
    return replace(result, seconds=time.monotonic() - start)


def _graded(task: Task, kernels: ForkServer | None, tokens_of: Callable[[str], str | None]) -> SubmissionResult:
    try:
        submission = submissions.unpack(parcel_of(task))
        code = similarity.source_of(submission.notebook, submission.extra_files)
        tokens = tokens_of(code)  # first: no thread is at work yet
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
        return unreadable(task, reason)
    except MachineError as error:
        return not_graded(task.name, str(error))
    except MemoryError:
        available = host.available_memory()
        if available is not None and available < SPARE:
            return not_graded(task.name, "this machine has no memory left")
        return unreadable(task, TOO_LARGE)
    except OSError as error:
        if task.source == Path(error.filename or ""):  # a file that the system does not give is no fault of its author
            return not_graded(task.name, f"{error.filename} cannot be read ({error.strerror})")
        return _failed(task.name, error)
    except Exception as error:
        return _failed(task.name, error)
    return SubmissionResult(
        task.name,
        "needs_review" if graded.needs_review else "graded",
        checks=tuple(graded.checks),
        notes=(*graded.notes, *submission.notes),
        cell_errors=tuple(graded.cell_errors),
        written=graded.written,
        images=graded.images,
        reported=graded.reported,
        code=code,
        tokens=tokens,
        key="" if graded.may_change else task.key,
    )


def parcel_of(task: Task) -> Parcel:
    """The bytes of a submission.

    Raises:
        UnreadableSubmission: it is not one notebook, or too large.
        OSError: the system does not give it.
    """
    return task.source if isinstance(task.source, Parcel) else submissions.pack(task.source)


def unreadable(task: Task, reason: object) -> SubmissionResult:
    """The row of a submission that cannot be graded through a fault of its own: graded again, it would end so again."""
    return SubmissionResult(task.name, "needs_review", notes=(str(reason),), key=task.key)


def not_graded(name: str, reason: str) -> SubmissionResult:
    """The row of a submission that a fault of the machine has kept from being graded."""
    note = f"Not graded: {reason}. Mend that, then run the same command again: it grades what is missing."
    return SubmissionResult(name, "needs_review", notes=(note,), fault="machine")


def _failed(name: str, error: Exception) -> SubmissionResult:
    last = traceback.format_exc().strip().splitlines()
    return grader_failed(name, f"{type(error).__name__}: {error}"[:480], *last[-12:])


def grader_failed(name: str, reason: str, *more: str) -> SubmissionResult:
    """The row of a submission that a fault of the grader has kept from being graded."""
    return SubmissionResult(name, "needs_review", notes=(f"The grader failed: {reason}", *more), fault="grader")
