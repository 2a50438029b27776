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
from autograder.grading.examiner import END, HEAD, Request
from autograder.grading.one_submission import Task, grader_failed, not_graded, unreadable
from autograder.intake.submissions import MAX_EXTRA, MAX_NOTEBOOK, Parcel, UnreadableSubmission
from autograder.results import SubmissionResult
from autograder.sandbox import ForkServer, environment, host, open_fork_server
from labkit.plain_data import count_values

START = 180.0  # seconds that the imports may take
SPARE = 600.0  # seconds that an examiner may take beside what its notebook may
MAX_HEAD = 2**20
MAX_REPLY = MAX_NOTEBOOK + MAX_EXTRA + 2**26  # bytes; pictures, or a submission
MAX_VALUES = 5_000_000  # in a result, whose texts are counted too; a thousand are usual
REMOVALS = 40  # tries to remove what an examiner has left, 0.25 s apart: its kernels are just ending


class ExaminerError(RuntimeError):
    """No examiner can be had; the message says why."""


class _Lost(Exception):
    """An examiner gave no reply; the message says what became of it."""

    def __init__(self, status: int | None) -> None:
        super().__init__()
        self.signal = os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else None


class Examiners:
    """For all threads of this process. Made by `open_examiners`.

    Args:
        process: the warm one.
        door: a socket to it.
        kernels: where examiners ask for kernels, in this order.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", door: socket.socket, kernels: Sequence[ForkServer]) -> None:
        self._process, self._door, self._kernels = process, door, kernels
        self._lock = threading.Lock()
        self._is_ready = False

    @property
    def complaint(self) -> str:
        """Why kernels were not forked, where they were to be."""
        return self._kernels[0].complaint

    def grade(self, task: Task) -> SubmissionResult:
        """Grade what a task names. Never raises: what cannot be graded comes back as `needs_review`."""
        start, kills = time.monotonic(), host.kills_for_memory()
        try:
            head, (written, code) = self._ask(task, is_to_be_graded=True)
            if complaint := str(head.get("complaint", "")):
                self._kernels[0].give_up(complaint[:500])
            if count_values(written) > MAX_VALUES:
                raise ValueError("a result of absurd size")
            result = result_form.decode(written.decode("ascii"), is_file=False)
            if result.submission != task.name or result.key not in ("", task.key):
                raise ValueError("a result of another submission")
            return replace(result, code=code.decode(), seconds=time.monotonic() - start)
        except _Lost as lost:
            result = _of_lost(task, lost, is_short_of_memory=host.kills_for_memory() > kills)
        except (OSError, ExaminerError) as error:
            result = not_graded(task.name, str(error))
        except ValueError as error:
            result = grader_failed(task.name, f"what came is no result ({error})")
        return replace(result, seconds=time.monotonic() - start)

    def pack(self, task: Task) -> Task | SubmissionResult:
        """The task with the bytes of its submission, to be graded elsewhere; a result where it cannot be read."""
        kills = host.kills_for_memory()
        try:
            head, parts = self._ask(task, is_to_be_graded=False)
            if "refused" in head:
                raise UnreadableSubmission(str(head["refused"]))
            notebook, *files = parts
            extra = dict(zip(map(str, head["names"]), files, strict=True))
            return replace(task, source=Parcel(notebook, extra, tuple(map(str, head["notes"]))))
        except UnreadableSubmission as reason:
            return unreadable(task, reason)
        except _Lost as lost:
            return _of_lost(task, lost, is_short_of_memory=host.kills_for_memory() > kills)
        except (OSError, ExaminerError) as error:
            return not_graded(task.name, str(error))
        except (ValueError, KeyError, TypeError) as error:
            return grader_failed(task.name, f"what came is no submission ({error})")

    def _ask(self, task: Task, is_to_be_graded: bool) -> tuple[dict[str, Any], list[bytes]]:
        """What an examiner replies.

        Raises:
            ExaminerError: there is none.
            _Lost: it gave no reply.
            ValueError: what it gave is none.
        """
        with _folders() as (scratch, sockets), contextlib.ExitStack() as stack:
            line = self._line(stack)
            with contextlib.suppress(BrokenPipeError):  # it has ended already, and how is told on the line
                line.sendall(pickle.dumps(Request(task, is_to_be_graded, scratch, sockets)))
                line.shutdown(socket.SHUT_WR)
            return _parse(_read(line, time.monotonic() + task.limits.whole + SPARE))

    def _line(self, stack: contextlib.ExitStack) -> socket.socket:
        """To a new examiner."""
        ours, theirs = socket.socketpair()
        stack.enter_context(ours)
        with theirs, self._lock:
            try:
                if not self._is_ready:
                    self._door.settimeout(START)
                    self._is_ready = self._door.recv(16) == b"ready"
                clients = [client for server in self._kernels if (client := server.client()) is not None]
                for client in clients:
                    stack.enter_context(client)
                socket.send_fds(self._door, [b"one more"], [one.fileno() for one in (theirs, *clients)])
            except OSError as error:
                raise ExaminerError(f"no process can be had in which to grade it: {error}") from None
        return ours


class Here(Examiners):
    """Grades in this process, on systems that cannot hold student code."""

    def __init__(self) -> None:
        pass

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
    scratch = Path(tempfile.mkdtemp(prefix=f"grading-{os.getpid()}-"))
    sockets = Path(tempfile.mkdtemp(prefix=f"k-{os.getpid()}-", dir=host.sockets))
    try:
        for folder in (scratch, sockets):
            folder.chmod(0o711)  # a kernel may be another user's, and knows where its own folders are
        yield scratch, sockets
    finally:
        for _ in range(REMOVALS):
            host.remove(scratch)
            host.remove(sockets)
            if not scratch.exists() and not sockets.exists():
                break
            time.sleep(0.25)


def _read(line: socket.socket, end: float) -> bytearray:
    """All that comes on a line until it is closed; nothing where it takes too long, or is too much."""
    content = bytearray()
    watched = select.poll()
    watched.register(line, select.POLLIN)
    while watched.poll(max(0.0, 1000 * (end - time.monotonic()))):
        piece = line.recv(2**20)
        if not piece:
            return content
        content += piece
        if len(content) > MAX_REPLY:
            break
    return bytearray()


def _parse(content: bytearray) -> tuple[dict[str, Any], list[bytes]]:
    """The head of a reply, and its parts."""
    status = END.unpack(content[-END.size :])[0] if len(content) >= END.size else None
    if status != 0:
        raise _Lost(status)
    view = memoryview(content)[: -END.size]
    (size,) = HEAD.unpack(view[: HEAD.size]) if len(view) >= HEAD.size else (MAX_HEAD + 1,)
    if size > MAX_HEAD or count_values(bytes(view[HEAD.size : HEAD.size + size])) > MAX_HEAD:
        raise ValueError("its head is too large")
    head, at = json.loads(bytes(view[HEAD.size : HEAD.size + size])), HEAD.size + size
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
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        stack.enter_context(ours)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "autograder.grading.examiner"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=os.environ
                | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
                | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),  # as many at a time as cores
                start_new_session=True,  # Ctrl-C is for this process, which ends it
            )
        stack.callback(process.wait)
        stack.callback(process.kill)
        yield Examiners(process, ours, servers)
