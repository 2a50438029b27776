"""Who does the work: threads of this process, or the workers of a dask scheduler, behind one interface.

A batch hands tasks over with `submit`, waits for futures as `concurrent.futures` has them, and asks `outcome` what
became of each. dask finds a worker for a task, and another one where a worker has ended with it.
"""

import contextlib
import logging
import pickle
import re
import time
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

T = TypeVar("T")
CONNECT = 10  # seconds in which a scheduler answers
LOOK = 5.0  # seconds between two looks at who is there
AHEAD = 16  # tasks, at the least, that a scheduler has at hand: it may start workers by their number
LARGE = "1GiB"  # a task holds a whole submission, of which dask would warn from 10 MB on


class WorkersError(RuntimeError):
    """The workers cannot do what is asked of them; the message says why."""


class WorkerLost(RuntimeError):
    """The workers that had a task ended, one after the other; the message says where."""


class Workers:
    """Threads of this process.

    Args:
        executor: does the work.
        count: how many tasks are done at a time.
    """

    def __init__(self, executor: Executor, count: int) -> None:
        self._executor, self._count = executor, count

    @property
    def ahead(self) -> int:
        """How many tasks they should have at hand: a further one for each moment between two."""
        return self._count + 1

    def submit(self, function: Callable[..., T], *arguments: Any) -> "Future[T]":
        """Have a task done."""
        return self._executor.submit(function, *arguments)

    def outcome(self, future: "Future[T]") -> T:
        """What a task that is done has returned; what it has raised is raised.

        Raises:
            WorkerLost: it was not done, as whoever tried ended.
            WorkersError: the workers are no more.
        """
        return future.result()

    def channel(self, hear: Callable[[Any], None]) -> Callable[[Any], None]:
        """What a task may call to tell something while it is being done: `hear` gets it, in another thread."""
        return hear

    def look(self) -> str:
        """A sentence where there is something to say of the workers, now and then."""
        return ""


@contextlib.contextmanager
def here(count: int, at_once: Callable[[], bool] = lambda: False) -> Iterator[Workers]:
    """Threads of this process.

    Args:
        count: tasks at a time.
        at_once: at the end, whether not to wait for tasks that are being done.
    """
    executor = ThreadPoolExecutor(count)
    try:
        yield Workers(executor, count)
    finally:
        executor.shutdown(wait=not at_once(), cancel_futures=True)


def cores() -> int:
    """Of this machine, as far as this process may use them."""
    from dask.system import CPU_COUNT

    return max(1, int(CPU_COUNT))


def memory() -> int | None:
    """Bytes that are free, as far as this process may use them; None where the system does not say."""
    from distributed.system import MEMORY_LIMIT

    from autograder.sandbox import host

    free = host.available_memory()
    return None if free is None else min(free, int(MEMORY_LIMIT))


# ---- a dask scheduler ----


class _Cluster(Workers):
    """The workers of a scheduler."""

    def __init__(self, client: Any, address: str) -> None:
        super().__init__(client.get_executor(pure=False), 0)
        self._client, self._address = client, address
        self._looked, self._said = 0.0, ""

    @property
    def ahead(self) -> int:
        return max(AHEAD, 2 * self._count)

    def submit(self, function: Callable[..., T], *arguments: Any) -> "Future[T]":
        import dask

        with dask.config.set({"distributed.admin.large-graph-warning-threshold": LARGE}):
            return super().submit(_opener(), pickle.dumps((function, arguments)))

    def outcome(self, future: "Future[T]") -> T:
        from distributed.scheduler import KilledWorker

        try:
            return future.result()
        except CancelledError:
            raise WorkersError(f"the scheduler at {self._address} has gone") from None
        except KilledWorker as error:
            last = error.last_worker.address
            raise WorkerLost(f"{error.allowed_failures + 1} workers ended with it, at last {last}") from None
        except ImportError as error:
            raise WorkersError(f"a worker lacks this project or one of its packages: {error}") from None

    def channel(self, hear: Callable[[Any], None]) -> Callable[[Any], None]:
        topic = f"tiny-vgg-{uuid4().hex}"
        self._client.subscribe_topic(topic, lambda event: hear(event[1]))
        return partial(_tell, topic)

    def look(self) -> str:
        now = time.monotonic()
        if now - self._looked < LOOK:
            return ""
        self._looked = now
        found = self._client.scheduler_info().get("workers")
        if found is None:  # the scheduler has gone, as `outcome` says when it is sure
            return ""
        self._count = sum(worker["nthreads"] for worker in found.values())
        said, self._said = self._said, _told(len(found), self._count)
        return self._said if self._said != said else ""


def _opener() -> Callable[[bytes], Any]:
    """What unpickles and does a task: nested, so that it travels by value, and as bytes, so that the scheduler, which
    looks at all that it is sent, needs none of this project, and a worker that lacks it can say so."""

    def task(pickled: bytes) -> Any:
        import pickle

        function, arguments = pickle.loads(pickled)
        return function(*arguments)

    return task


def _told(workers: int, threads: int) -> str:
    if not threads:
        return "No worker is there; waiting for one."
    return f"{workers} workers, {threads} at a time."


def positive(text: str) -> int:
    """A number of workers, runs or epochs as it stands on a command line.

    >>> positive("4")
    4

    Raises:
        ArgumentTypeError: it is no whole number, or none from 1 on.
    """
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def address(text: str) -> str:
    """The address of a scheduler as it stands on a command line.

    Raises:
        ArgumentTypeError: it has another form.
    """
    if not re.fullmatch(r"[a-z]+://\S+:\d+", text):
        raise ArgumentTypeError(f"{text!r} is no address such as tcp://10.0.0.1:8786")
    return text


@contextlib.contextmanager
def cluster(address: str) -> Iterator[Workers]:
    """The workers of a dask scheduler: those that are there, and those that come later.

    Args:
        address: such as `tcp://10.0.0.1:8786`. Certificates for `tls://` are those of dask's own configuration.

    Raises:
        WorkersError: no scheduler answers there.
    """
    from distributed import Client

    for name in ("distributed", "distributed.client"):  # what goes wrong is said once, by `outcome`
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=CONNECT, set_as_default=False)
    except OSError:
        raise WorkersError(f"no dask scheduler answers at {address} (within {CONNECT} s)") from None
    with client:
        yield _Cluster(client, address)


# ---- asked by a task ----


def place() -> str:
    """Where this task is done, in words."""
    from distributed import get_worker

    try:
        return f"the worker at {get_worker().address}"
    except ValueError:
        return "this machine"


def share() -> int:
    """Cores for each of the tasks that this task's worker does at a time."""
    from distributed import get_worker

    return max(1, cores() // get_worker().state.nthreads)


def _tell(topic: str, message: Any) -> None:
    from distributed import get_worker

    worker = get_worker()
    if worker.state.tasks[worker.get_current_task()].state == "cancelled":
        raise WorkersError("nobody waits for this task any more")
    worker.log_event(topic, message)
