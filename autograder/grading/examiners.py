"""Hands each submission to an examiner, a process of its own (`examiner.py`), and takes its reply as hostile data."""

import contextlib
import json
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder import result_form
from autograder.grading import one_submission
from autograder.grading.examiner import END, HEAD, NOT_STARTED, Request
from autograder.grading.one_submission import Task, grader_failed, not_graded, unreadable
from autograder.intake.submissions import MAX_EXTRA, MAX_NOTEBOOK, Parcel, UnreadableSubmission
from autograder.results import SubmissionResult
from autograder.sandbox import ForkServer, environment, host, open_fork_server
from labkit.plain_data import count_values

START = 180.0  # seconds that the imports may take
SPARE = 600.0  # seconds that an examiner may take beside what its notebook may
END_TOLD = 60.0  # seconds in which an examiner that has closed its line ends, and how is told
STARTS = 10  # of the warm process, at most
COMPLAINTS = 3  # of examiners that get no forked kernel, after which none is forked any more
MAX_HEAD = 2**16
MAX_REPLY = MAX_NOTEBOOK + MAX_EXTRA + 2**26  # bytes; pictures, or a submission
MAX_VALUES = 5_000_000  # in a result, whose texts are counted too; a thousand are usual
REMOVALS = 40  # tries to remove what an examiner has left, 0.25 s apart: its kernels are just ending


class ExaminerError(RuntimeError):
    """No examiner can be had; the message says why."""


class _Lost(Exception):
    """An examiner gave no reply.

    Args:
        status: its wait status; None where not even that is known.
    """

    def __init__(self, status: int | None) -> None:
        super().__init__()
        self.signal = os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else None


class Examiners:
    """For all threads of this process. Made by `open_examiners`.

    Args:
        kernels: where examiners ask for kernels, in this order.
    """

    def __init__(self, kernels: Sequence[ForkServer]) -> None:
        self._kernels = kernels
        self._lock = threading.Lock()
        self._starts = self._complaints = 0
        self._start()

    def _start(self) -> None:
        """Start the warm process."""
        self._starts += 1
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - why it cannot be started; open as long as it runs
        self._is_ready = False
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "autograder.grading.examiner"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                env=os.environ
                | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
                | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),  # as many at a time as cores
                start_new_session=True,  # Ctrl-C is for this process, which ends it
            )

    def close(self) -> None:
        """End the warm process, and with it all examiners."""
        self._process.kill()
        self._process.wait()
        self._door.close()
        self._said.close()

    @property
    def complaint(self) -> str:
        """Why kernels were not forked, where they were to be."""
        return self._kernels[0].complaint

    def grade(self, task: Task) -> SubmissionResult:
        """Grade what a task names. Never raises: what cannot be graded comes back as `needs_review`."""
        start, kills = time.monotonic(), host.kills_for_memory()
        try:
            head, parts = self._ask(task, is_to_be_graded=True)
            self._hear(str(head.get("complaint", "")))
            return replace(_result(task, head, parts), seconds=time.monotonic() - start)
        except _Lost as lost:
            result = _of_lost(task, lost, is_short_of_memory=host.kills_for_memory() > kills)
        except (OSError, ExaminerError) as error:
            result = not_graded(task.name, str(error))
        except Exception as error:
            result = grader_failed(task.name, f"what came is no result ({type(error).__name__}: {error})"[:500])
        return replace(result, seconds=time.monotonic() - start)

    def pack(self, task: Task) -> Task | SubmissionResult:
        """The task with the bytes of its submission, to be graded elsewhere; a result where it cannot be read."""
        kills = host.kills_for_memory()
        try:
            head, parts = self._ask(task, is_to_be_graded=False)
            return _parcel(task, head, parts)
        except UnreadableSubmission as reason:
            return unreadable(task, reason)
        except _Lost as lost:
            return _of_lost(task, lost, is_short_of_memory=host.kills_for_memory() > kills)
        except (OSError, ExaminerError) as error:
            return not_graded(task.name, str(error))
        except Exception as error:
            return grader_failed(task.name, f"what came is no submission ({type(error).__name__}: {error})"[:500])

    def _hear(self, complaint: str) -> None:
        """Of an examiner that got no kernel from the first of `kernels`. One alone may be wrong, or lie."""
        if complaint:
            self._complaints += 1
            if self._complaints >= COMPLAINTS:
                self._kernels[0].give_up(complaint[:500])

    def _ask(self, task: Task, is_to_be_graded: bool) -> tuple[dict[str, Any], list[bytes]]:
        """What an examiner replies.

        Raises:
            ExaminerError: there is none.
            _Lost: it gave no reply.
            ValueError: what it gave is none.
        """
        with _folders() as (scratch, sockets), contextlib.ExitStack() as stack:
            line, told = self._line(stack)
            end = time.monotonic() + task.limits.whole + SPARE
            with contextlib.suppress(ConnectionError):  # it has ended already, and how is told
                line.sendall(pickle.dumps(Request(task, is_to_be_graded, scratch, sockets)))
                line.shutdown(socket.SHUT_WR)
            content = _read(line, end)
            line.close()  # where it is not done yet, it ends now
            told.settimeout(END_TOLD)
            with contextlib.suppress(OSError):
                status = told.recv(END.size)
                return _parse(content, END.unpack(status)[0] if len(status) == END.size else None)
            raise _Lost(None)

    def _line(self, stack: contextlib.ExitStack) -> tuple[socket.socket, socket.socket]:
        """To a new examiner, and where is told how it has ended.

        Raises:
            ExaminerError: there is none.
        """
        ours, theirs = (list(pair) for pair in zip(socket.socketpair(), socket.socketpair(), strict=True))
        for one in ours:
            stack.enter_context(one)
        with self._lock, contextlib.ExitStack() as given:
            for one in theirs:
                given.enter_context(one)
            if self._process.poll() is not None and self._starts < STARTS:
                self.close()
                self._start()
            clients = [client for server in self._kernels if (client := server.client()) is not None]
            for client in clients:
                given.enter_context(client)
            if not clients:
                raise ExaminerError(f"no kernel can be had: {self._kernels[-1].complaint}")
            try:
                if not self._is_ready:
                    self._door.settimeout(START)
                    self._is_ready = self._door.recv(16) == b"ready"
                socket.send_fds(self._door, [b"one more"], [one.fileno() for one in (*theirs, *clients)])
            except OSError as error:
                self._said.seek(0)
                why = (self._said.read().decode("utf-8", "replace").strip().splitlines() or [str(error)])[-1]
                raise ExaminerError(f"no process can be had in which to grade it: {why[:300]}") from None
        return ours[0], ours[1]


def _result(task: Task, head: dict[str, Any], parts: list[bytes]) -> SubmissionResult:
    """The result in a reply.

    Raises:
        ValueError: there is none, or one of another submission.
    """
    if "failed" in head:
        return grader_failed(task.name, *map(str, head["failed"]))
    written, code = parts
    if count_values(written) > MAX_VALUES:
        raise ValueError("a result of absurd size")
    result = result_form.decode(written.decode("ascii"), is_file=False)
    if result.submission != task.name or result.key not in ("", task.key):
        raise ValueError("a result of another submission")
    return replace(result, code=code.decode())


def _parcel(task: Task, head: dict[str, Any], parts: list[bytes]) -> Task | SubmissionResult:
    """The task with the bytes in a reply.

    Raises:
        UnreadableSubmission: the submission cannot be read.
        ValueError: there are none.
    """
    if "failed" in head:
        return grader_failed(task.name, *map(str, head["failed"]))
    if "refused" in head:
        raise UnreadableSubmission(str(head["refused"]))
    about, notebook, *files = parts
    said = json.loads(about)
    extra = dict(zip(map(str, said["names"]), files, strict=True))
    return replace(task, source=Parcel(notebook, extra, tuple(map(str, said["notes"]))))


class Here(Examiners):
    """Grades in this process, on systems that cannot hold student code: nothing has its limits there."""

    def __init__(self) -> None:
        pass

    def close(self) -> None:
        """There is nothing to end."""

    @property
    def complaint(self) -> str:
        return ""

    def grade(self, task: Task) -> SubmissionResult:
        return one_submission.grade(task)

    def pack(self, task: Task) -> Task | SubmissionResult:
        try:
            return replace(task, source=one_submission.parcel_of(task))
        except UnreadableSubmission as reason:
            return unreadable(task, reason)


def _of_lost(task: Task, lost: _Lost, is_short_of_memory: bool) -> SubmissionResult:
    """The row of a submission whose examiner gave no reply."""
    if lost.signal == signal.SIGXCPU:
        return unreadable(
            task,
            f"Reading or judging this submission took more than {task.limits.examiner:.0f} seconds of computing: "
            "nothing was graded. Look at it, or ask for it again without what is huge in it.",
        )
    if lost.signal == signal.SIGKILL and is_short_of_memory:
        return not_graded(task.name, "this machine has no memory left")
    how = f"by signal {lost.signal}" if lost.signal else "without a reply"
    return grader_failed(task.name, f"the process that graded it ended {how}")


@contextlib.contextmanager
def _folders() -> Iterator[tuple[Path, Path]]:
    """Two folders that an examiner may write to: for scratch, and for sockets, with a short name."""
    with contextlib.ExitStack() as stack:
        made = []
        for start, where in ((f"grading-{os.getpid()}-", None), (f"k-{os.getpid()}-", host.sockets)):
            made.append(Path(tempfile.mkdtemp(prefix=start, dir=where)))
            stack.callback(_remove, made[-1])
            made[-1].chmod(0o711)  # a kernel may be another user's, and knows where its own folders are
        yield made[0], made[1]


def _remove(folder: Path) -> None:
    for _ in range(REMOVALS):
        host.remove(folder)
        if not folder.exists():
            return
        time.sleep(0.25)


def _read(line: socket.socket, end: float) -> bytearray:
    """All that comes on a line until it is closed; nothing where it takes too long, or is too much."""
    content = bytearray()
    watched = select.poll()
    watched.register(line, select.POLLIN)
    while watched.poll(max(0.0, 1000 * (end - time.monotonic()))):
        try:
            piece = line.recv(2**20)
        except ConnectionResetError:  # it has ended before it had read all that it was asked
            piece = b""
        if not piece:
            return content
        content += piece
        if len(content) > MAX_REPLY:
            break
    return bytearray()


def _parse(content: bytearray, status: int | None) -> tuple[dict[str, Any], list[bytes]]:
    """The head of a reply, and its parts.

    Args:
        content: all that came.
        status: how the examiner has ended.

    Raises:
        ExaminerError: it could not be started.
        _Lost: it gave no reply.
        ValueError: what it gave is none.
    """
    if status == NOT_STARTED:
        raise ExaminerError("this machine has no room for another process")
    if status != 0:
        raise _Lost(status)
    view = memoryview(content)
    (size,) = HEAD.unpack(view[: HEAD.size]) if len(view) >= HEAD.size else (MAX_HEAD + 1,)
    if size > MAX_HEAD:
        raise ValueError("its head is too large")
    try:
        head, at = json.loads(bytes(view[HEAD.size : HEAD.size + size])), HEAD.size + size
    except RecursionError:
        raise ValueError("its head is nested too deeply") from None
    if not isinstance(head, dict) or not isinstance(head.get("sizes"), list):
        raise ValueError("it has no head")
    parts = []
    for length in head["sizes"]:
        if not isinstance(length, int) or not 0 <= length <= len(view) - at:
            raise ValueError("its parts are longer than it is")
        parts.append(bytes(view[at : at + length]))
        at += length
    return head, parts


@contextlib.contextmanager
def open_examiners(is_warm: bool) -> Iterator[Examiners]:
    """Start the process from which examiners are forked, and those that give them kernels; they end with the context,
    or with this process.

    Args:
        is_warm: kernels are forked from a process that has imported what notebooks import.
    """
    if not sys.platform.startswith("linux"):  # where nothing is held anyway
        yield Here()
        return
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(open_fork_server(environment()))] if is_warm else []
        servers.append(stack.enter_context(open_fork_server(environment(), ())))
        servers[0].spare = servers[1] if is_warm else None
        examiners = Examiners(servers)
        stack.callback(examiners.close)
        yield examiners
