"""Faults of the machine that grades, told apart from the student's: no disk, no memory.

A package that is missing is told before the notebook is run, by `autograder.trespass`.
"""

import errno
import shutil
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
