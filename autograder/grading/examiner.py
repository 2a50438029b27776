"""One process a submission: `python -m autograder.grading.examiner` is a warm process from which examiners are forked.

An examiner reads a submission, has it run, asks and judges, and writes one reply. It has limits of CPU time and memory,
no network, and may write nothing but its own scratch folder: whatever a notebook holds, it spoils no other's grading.

On standard input, a socket, comes for each examiner one message with open sockets: its line, one on which this process
tells how it has ended, and where it may ask for kernels. On its line it gets a request and then writes its reply. Who
closes the line ends the examiner; who closes standard input ends all.
"""

import ctypes
import gc
import json
import os
import pickle
import resource
import select
import signal
import socket
import struct
import tempfile
import traceback
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import matplotlib as mpl

import labkit
from autograder import assignment, result_form
from autograder.gradebook import similarity
from autograder.grading import cache_key, one_submission
from autograder.grading.one_submission import Task
from autograder.intake.submissions import Parcel, UnreadableSubmission
from autograder.sandbox import ForkServer, host, jail, supervisor

MESSAGE = 16  # bytes of a message on standard input
SOCKETS = 4  # that come with it, at most
HEAD = struct.Struct("<Q")  # length of the JSON with which a reply begins
END = struct.Struct("<i")  # wait status of an examiner that has ended; `NOT_STARTED`
NOT_STARTED = -1
MEMORY = 4 * 2**30  # bytes that it may have beside what it shares
FILE = 2**30  # bytes of a file that it writes


@dataclass(frozen=True)
class Request:
    """What an examiner is to do.

    Args:
        task: the submission; one that lies here is graded, or else packed.
        is_to_be_graded: the reply is a result; otherwise the bytes of the submission, which is graded elsewhere.
        scratch: folder that the examiner may write to.
        sockets: another one, with a short name.
    """

    task: Task
    is_to_be_graded: bool
    scratch: Path
    sockets: Path


@dataclass(frozen=True)
class _Examiner:
    pid: int
    end: int  # a descriptor of the process
    line: socket.socket
    told: socket.socket  # where it is told how it has ended


def main() -> None:
    """Import and load what all need, then fork examiners."""
    door = socket.socket(fileno=os.dup(0))
    _warm_up()
    door.send(b"ready")
    examiners: dict[int, _Examiner] = {}  # by both of their descriptors
    watched = select.poll()
    watched.register(door, select.POLLIN)
    while True:
        for descriptor, _ in watched.poll():
            if descriptor == door.fileno():
                message, sockets, _, _ = socket.recv_fds(door, MESSAGE, SOCKETS)
                if not message:
                    return  # all examiners end with this process
                examiner = _fork(door, list(map(_socket, sockets)), set(examiners.values()))
                if examiner is None:
                    continue
                examiners |= dict.fromkeys((examiner.end, examiner.line.fileno()), examiner)
                watched.register(examiner.end, select.POLLIN)
                watched.register(examiner.line, 0)  # its end alone
            elif descriptor in examiners:
                examiner = examiners[descriptor]
                if descriptor != examiner.end:  # nobody waits for its reply
                    os.kill(examiner.pid, signal.SIGKILL)
                for one in (examiner.end, examiner.line.fileno()):
                    watched.unregister(one)
                    del examiners[one]
                _bury(examiner)


def _warm_up() -> None:
    """Import and read what every submission needs, so that all examiners share it."""
    assignment.all_checks()
    assignment.current().data()
    similarity.tokens_of("# %%\nx = 1\n")
    cache_key.surroundings()
    jail.missing()
    gc.collect()
    gc.freeze()  # what a fork does not touch stays shared


def _socket(descriptor: int) -> socket.socket:
    return socket.socket(fileno=descriptor)


def _fork(door: socket.socket, sockets: Sequence[socket.socket], others: Collection[_Examiner]) -> _Examiner | None:
    """A new examiner; None where this machine has no room for one, which is told on its socket."""
    parent, pid = os.getpid(), -1
    try:
        line, told, *kernels = sockets
        pid = os.fork()
        if pid == 0:
            door.close()
            told.close()
            for other in others:  # whose lines end with them
                other.line.close()
                other.told.close()
                os.close(other.end)
            _be_an_examiner(line, kernels, parent)
        end = os.pidfd_open(pid)
    except (OSError, ValueError):  # ValueError: there was no room for its descriptors
        if pid > 0:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        if len(sockets) > 1:
            _tell(sockets[1], NOT_STARTED)
        for one in sockets:
            one.close()
        return None
    for one in kernels:
        one.close()
    return _Examiner(pid, end, line, told)


def _tell(told: socket.socket, status: int) -> None:
    with suppress(OSError):  # nobody listens
        told.send(END.pack(status), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)


def _bury(examiner: _Examiner) -> None:
    """Wait for its end, which has come, and tell how that was."""
    _, status = os.waitpid(examiner.pid, 0)
    _tell(examiner.told, status)
    examiner.told.close()
    examiner.line.close()
    os.close(examiner.end)


# ---- in the examiner ----


def _be_an_examiner(line: socket.socket, kernels: Sequence[socket.socket], parent: int) -> NoReturn:
    status = 1
    try:
        _end_with(parent)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        request: Request = pickle.loads(_all_of(line))  # from the process that has started all this
        _confine(request)
        try:
            graded = request.is_to_be_graded
            head, content = _graded(request.task, _fork_servers(kernels)) if graded else _packed(request.task)
        except Exception as error:  # a fault of the grader; `one_submission.grade` has told of all that it met
            head, content = {"failed": [f"{type(error).__name__}: {error}"[:500], traceback.format_exc()[-2000:]]}, []
        encoded = json.dumps(head | {"sizes": list(map(len, content))}).encode()
        for part in (HEAD.pack(len(encoded)), encoded, *content):
            line.sendall(part)
        status = 0
    finally:
        os._exit(status)


def _end_with(parent: int) -> None:
    """This process ends when the one that has forked it does."""
    ctypes.CDLL(None).prctl(supervisor.PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _all_of(line: socket.socket) -> bytes:
    pieces = []
    while piece := line.recv(2**20):
        pieces.append(piece)
    return b"".join(pieces)


def _confine(request: Request) -> None:
    """From now on it has its limits, no network, and writes to its scratch folder only."""
    tempfile.tempdir, host.sockets = str(request.scratch), request.sockets
    _limit(resource.RLIMIT_CPU, round(request.task.limits.examiner))
    _limit(resource.RLIMIT_DATA, _data() + MEMORY)
    _limit(resource.RLIMIT_FSIZE, FILE)
    _limit(resource.RLIMIT_CORE, 0)
    practical = assignment.current()
    read = [assignment.PROJECT, Path(labkit.__file__).parent, practical.folder, practical.lab]
    read += [Path(mpl.get_cachedir()), *filter(None, [practical.data().cache])]
    source = request.task.source
    jail.confine([*read, *([] if isinstance(source, Parcel) else [source])], [request.scratch, request.sockets])


def _limit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    resource.setrlimit(which, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _data() -> int:
    """Bytes of memory that this process has for itself, as `RLIMIT_DATA` counts them."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))


def _fork_servers(sockets: Sequence[socket.socket]) -> ForkServer | None:
    """Where it may ask for kernels: of the first, and of the second where that one gives none."""
    server = None
    for one in reversed(sockets):
        server = ForkServer(None, one, server)
    return server


def _graded(task: Task, kernels: ForkServer | None) -> tuple[dict[str, Any], list[bytes]]:
    result = one_submission.grade(task, kernels, _tokens_in_time)
    complaint = kernels.complaint if kernels else ""
    return {"complaint": complaint}, [result_form.encode(result).encode("ascii"), result.code.encode()]


def _packed(task: Task) -> tuple[dict[str, Any], list[bytes]]:
    try:
        parcel = one_submission.parcel_of(task)
    except UnreadableSubmission as reason:
        return {"refused": str(reason)}, []
    files = parcel.extra_files
    about = json.dumps({"names": list(files), "notes": list(parcel.notes)}).encode()
    return {}, [about, parcel.notebook, *files.values()]


def _tokens_in_time(code: str) -> str | None:
    """As `similarity.tokens_of`, in a process of its own, which may be lost."""
    made = _within(similarity.LONGEST, lambda: json.dumps(similarity.tokens_of(code)).encode())
    return None if made is None else json.loads(made)


def _within(seconds: float, work: Callable[[], bytes]) -> bytes | None:
    """What some work gives; None where it takes more CPU time than this, or fails."""
    reading, writing = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            _end_with(parent)
            os.close(reading)
            resource.setrlimit(resource.RLIMIT_CPU, (max(1, round(seconds)),) * 2)
            with os.fdopen(writing, "wb") as file:
                file.write(work())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        made = file.read()
    return made if os.waitpid(pid, 0)[1] == 0 else None


if __name__ == "__main__":
    main()
