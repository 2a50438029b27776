"""`make doctor` and the first minute: what this machine has of what grading needs, and what to do about the rest."""

import ctypes.util
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder import assignment
from autograder.docker import contained
from autograder.sandbox import jail
from autograder.sandbox.host import available_memory

PYTHONS = ((3, 11), (3, 14))  # the first that will do, the first that will not
MEMORY, DISK = 4 * 2**30, 2 * 2**30  # bytes that one submission at a time may take


@dataclass(frozen=True)
class Finding:
    """A row of the table.

    Args:
        name: what was looked at.
        found: what it is here.
        remedy: what to do; empty where it is well.
        is_needed: whether nothing can be graded without it.
    """

    name: str
    found: str
    remedy: str = ""
    is_needed: bool = True


def show(console: Console) -> int:
    """Print the table.

    Returns:
        Exit code: 0 if this machine can grade, else 1.
    """
    findings = examine()
    table = Table(box=None, pad_edge=False)
    for heading in ("", "what", "found", "remedy"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        sign = "ok" if not finding.remedy else "missing" if finding.is_needed else "better"
        style = {"ok": "green", "missing": "bold red", "better": "yellow"}[sign]
        table.add_row(f"[{style}]{sign}[/]", finding.name, finding.found, finding.remedy)
    console.print(table, highlight=False)
    is_able = not any(finding.remedy and finding.is_needed for finding in findings)
    console.print("This machine can grade." if is_able else ways_out("grade"), highlight=False, soft_wrap=True)
    return 0 if is_able else 1


def examine() -> list[Finding]:
    """Everything that grading needs, the jail first."""
    return [*_jail(), _python(), _memory(), _disk(), *_data(), _engine_row()]


def refusal(command: str) -> str:
    """Why this machine cannot hold student code, and the two ways out, in four lines; empty where it can.

    Args:
        command: what was asked for, as arguments of `make`.
    """
    holes = [way for way in jail.ways() if way.is_required and not way.by]
    if not holes:
        return ""
    return (
        f"error: on this system student code is not kept from {'; from '.join(way.thing for way in holes)}.\n"
        f"Missing: {'; '.join(dict.fromkeys(way.needs for way in holes))}. `make doctor` says more.\n"
        f"{ways_out(command)}"
    )


def engine() -> str:
    """The command of the container engine that answers here; empty where none does."""
    try:
        return contained.find_engine()
    except contained.EngineError:
        return ""


def ways_out(command: str) -> str:
    """Two lines; the way that works here at once comes first."""
    name = engine()
    contained = f"make {command} IN=docker"
    if name:
        return (
            f"1. In a container, as {name} is here: {contained}\n"
            f"2. On a Linux machine or a virtual one that has what is missing: make {command}"
        )
    return (
        f"1. On a Linux machine or a virtual one that has what is missing: make {command}\n"
        f"2. In a container: install Docker or Podman, start it, then: {contained}"
    )


def _jail() -> list[Finding]:
    found = [Finding("system", f"{platform.system()} {platform.release()}, {platform.machine()}")]
    if sys.platform.startswith("linux"):
        version = jail._landlock_abi()
        namespaces = "process namespaces are allowed" if jail._may_make_namespaces() else "no process namespaces"
        seccomp = ctypes.util.find_library("seccomp")
        found += [
            Finding("user", f"{os.geteuid()}{' (root)' if os.geteuid() == 0 else ''}; {namespaces}"),
            Finding("Landlock", f"version {version}" if version else "none"),
            Finding("libseccomp", seccomp or "none", "" if seccomp else "apt-get install libseccomp2"),
        ]
    return found + [
        Finding(f"kept from student code: {way.thing}", way.by or "open", "" if way.by else way.needs, way.is_required)
        for way in jail.ways()
    ]


def _python() -> Finding:
    is_fit = PYTHONS[0] <= sys.version_info[:2] < PYTHONS[1]
    remedy = "" if is_fit else "make grade PYTHON=python3.12 (3.11 to 3.13), after removing .venv"
    return Finding("Python", platform.python_version(), remedy)


def _memory() -> Finding:
    memory = available_memory()
    if memory is None:
        return Finding("memory", "this system does not say")
    remedy = "" if memory >= MEMORY else f"end other programs: a submission may take {MEMORY >> 30} GiB"
    return Finding("memory", f"{memory / 2**30:.1f} GiB free, {os.cpu_count()} cores", remedy, is_needed=False)


def _disk() -> Finding:
    folder = Path(os.environ.get("TMPDIR") or "/tmp")
    free = shutil.disk_usage(folder if folder.is_dir() else Path.cwd()).free
    remedy = "" if free >= DISK else f"make room, or set TMPDIR: a submission may take {DISK >> 30} GiB"
    return Finding("disk", f"{free / 2**30:.1f} GiB free in {folder}", remedy)


def _data() -> list[Finding]:
    return [Finding(*found, is_needed=False) for found in assignment.current().found()]


def _engine_row() -> Finding:
    name = engine()
    remedy = "" if name else "only for `make otter-grade` and IN=docker: install Docker or Podman, and start it"
    return Finding("containers", name or "no Docker or Podman that answers", remedy, is_needed=False)
