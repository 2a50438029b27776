"""Faults of the machine that grades, told apart from the student's: no disk, no memory, no core to run on.

A package that is missing is told by `autograder.intake.absent_packages`.
"""

import errno
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from autograder.sandbox.cpu_time import Reading
from autograder.sandbox.jail import DEFAULT_ROOM

FULL = (errno.ENOSPC, errno.EDQUOT)
SELDOM = 0.1  # of the time: who waited for a core no longer than that was not kept from running


sockets = Path("/tmp")  # where folders of sockets are made: their path may have 107 characters at most


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


def require_cores(spent: Reading) -> None:
    """Raise where what the clock found too slow was kept from running by what else runs here.

    Who wanted no core has only itself to blame, however busy the machine is. Where the system does not say for how long
    the jail waited for one, what waited for one anywhere on this machine tells; and where that is not told, its load.

    Args:
        spent: in the time that was too long.

    Raises:
        MachineError: it had no core for most of that time.
    """
    most = spent.clock / 2
    if spent.kept is not None and spent.kept < SELDOM * spent.clock:
        is_busy = False
    elif spent.pressed is None and spent.kept is None:
        is_busy = os.getloadavg()[0] > 2 * (os.cpu_count() or 1)
    else:
        is_busy = max(spent.kept or 0.0, spent.pressed or 0.0) > most
    if is_busy or spent.stolen > most:
        raise MachineError(
            f"this machine is too busy (in {spent.clock:.0f} s the notebook could run for {spent.computed:.0f} s)"
        )


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


def remove(folder: Path) -> None:
    """Remove a folder and all in it, however deep, and also where a notebook has made folders without rights."""
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
    if subprocess.run(["rm", "-rf", "--", str(folder)], **quiet).returncode:
        subprocess.run(["chmod", "-R", "u+rwX", "--", str(folder)], **quiet)
        subprocess.run(["rm", "-rf", "--", str(folder)], **quiet)
