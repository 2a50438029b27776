"""Faults of the machine that grades, told apart from the student's: no disk, no memory, no core to run on.

A package that is missing is told before the notebook is run, by `autograder.trespass`.
"""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox.jail import DEFAULT_ROOM

FULL = (errno.ENOSPC, errno.EDQUOT)


class MachineError(RuntimeError):
    """The machine could not do what grading needs. It says nothing about the submission."""


def require_room(folder: Path) -> None:
    """Raise where there is no room to grade in.

    Args:
        folder: on the disk that holds scratch folders.

    Raises:
        MachineError: its disk or the memory is nearly full.
    """
    free = shutil.disk_usage(folder).free
    if free < DEFAULT_ROOM.spare_disk:
        raise MachineError(f"the disk of {folder} is full ({free >> 20} MiB are free)")
    memory = available_memory()
    if memory is not None and memory < DEFAULT_ROOM.spare_memory:
        raise MachineError(f"the memory of this machine is full ({memory >> 20} MiB are free)")


@dataclass(frozen=True)
class Cores:
    """What some processes have had of the cores so far.

    Args:
        had: seconds.
        waited: seconds in which they could have run, and others did.
    """

    had: float
    waited: float


def cores_of(parent: int) -> Cores:
    """Of the processes that a process has started.

    How long those waited that have ended is not known, and left out. Zeros where the system does not say.
    """
    had, waited = sum(_ticks(parent)[2:]), 0
    for process in _descendants(parent):
        had += sum(_ticks(process))
        for thread in _threads(process):
            with contextlib.suppress(OSError):  # it has just ended
                waited += int((thread / "schedstat").read_text().split()[1])  # nanoseconds
    return Cores(had / os.sysconf("SC_CLK_TCK"), waited / 1e9)


def require_cores(before: Cores, now: Cores, seconds: float) -> None:
    """Raise where what took too long was kept from running by what else runs here.

    Args:
        before: what it had of the cores when it began.
        now: and what at its end.
        seconds: between the two.

    Raises:
        MachineError: it had less than a third of a core, and would have taken more.
    """
    had, waited = now.had - before.had, now.waited - before.waited
    if had < seconds / 3 and waited > seconds / 2:
        raise MachineError(f"this machine is too busy (in {seconds:.0f} s the notebook could run for {had:.0f} s)")


def _ticks(process: int) -> tuple[int, ...]:
    """Time on cores, in clock ticks: its own, for itself and in the system, and that of children that have ended."""
    try:
        status = Path(f"/proc/{process}/stat").read_bytes()
    except OSError:
        return (0, 0, 0, 0)
    return tuple(map(int, status.rpartition(b")")[2].split()[11:15]))  # the name before it may hold anything


def _threads(process: int) -> list[Path]:
    folder = Path(f"/proc/{process}/task")
    try:
        return [folder / name for name in os.listdir(folder)]
    except OSError:
        return []


def _descendants(parent: int) -> Iterator[int]:
    for thread in _threads(parent):
        children: list[str] = []
        with contextlib.suppress(OSError):
            children = (thread / "children").read_text().split()
        for child in map(int, children):
            yield child
            yield from _descendants(child)


def available_memory() -> int | None:
    """Bytes that processes can still have; None where the system does not say."""
    return _count("/proc/meminfo", "MemAvailable:", 1024)


def kills_for_memory() -> int:
    """How many processes the system has ended since its start because memory had run out."""
    return _count("/proc/vmstat", "oom_kill", 1) or 0


def _count(file: str, name: str, unit: int) -> int | None:
    try:
        lines = Path(file).read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * unit for line in lines if line.split()[0] == name), None)


def is_full_disk(error: str) -> bool:
    """Whether the last line of a traceback says so. Whoever raises it may say what he likes: see `lacks_disk`."""
    return any(f"[Errno {number}]" in error for number in FULL)


def lacks_disk(folder: Path) -> bool:
    """Whether the disk that holds a folder is nearly full."""
    return shutil.disk_usage(folder).free < 2 * DEFAULT_ROOM.spare_disk
