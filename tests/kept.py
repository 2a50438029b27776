"""Observations are kept in build/cache between runs, under a key of all that they follow from; they are judged anew.

A change of a probe, of the recorder, of the solution, of a package or of the answer gives another key, so that the
answer is observed anew; a change of a check does not. What has not been used for longest is removed.
"""

import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from assignment.data.dataset import dataset
from autograder.sandbox import observation_reader
from autograder.sandbox.inside import messages

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = PROJECT / "build" / "cache" / "observations"
LIMIT = 2 * 2**30  # bytes of all that is kept
# What observes, relative to the project. Of the lab, the public checks only judge.
SOURCES = (
    "assignment/lab",
    "assignment/kernel",
    "autograder/handed_out",
    "autograder/sandbox/inside",
    "assignment/data/synthetic.py",
    "solutions/reference.py",
    "tests/kept.py",
    "tests/support.py",
)
JUDGING = "assignment/lab/checks"
VARIABLES = ("TF_", "XLA_", "OPENBLAS_", "OMP_", "KERAS_BACKEND")  # beginnings of names; they change numbers

Looks = Mapping[str, dict[str, Any]]  # name of a look, such as "q9-only" -> what it saw


def key(*parts: Any, project: Path = PROJECT) -> str:
    """Under which observations are kept.

    Args:
        parts: what is observed: questions, source of the answer, seed and so on; JSON values.
        project: whose observing side it is.
    """
    return _digest(sources(project), versions(), machine(), *parts)


@cache
def sources(project: Path) -> str:
    """A fingerprint of the observing side's sources."""
    found = []
    for name in SOURCES:
        path = project / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            if project / JUDGING not in file.parents:
                found += [str(file.relative_to(project)), file.read_text()]
    return _digest(*found)


@cache
def versions() -> str:
    """A fingerprint of Python and of all packages."""
    packages = (f"{package.name} {package.version}" for package in importlib.metadata.distributions())
    return _digest(sys.version, *sorted(packages))


@cache
def machine() -> str:
    """A fingerprint of the data, and of what numbers may depend on here."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    features = sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))})
    variables = sorted(f"{k}={v}" for k, v in os.environ.items() if k.startswith(VARIABLES))
    return _digest(dataset().source, platform.machine(), *features, *variables)


def _digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def read(name: str, seed: int) -> Looks | None:
    """What is kept under a key, read as grading reads it; None where nothing is, or it is damaged."""
    folder = FOLDER / name
    try:
        found = _read(folder, seed)
        os.utime(folder)
    except (observation_reader.DoorError, KeyError, OSError):
        return None
    return found or None


def write(name: str, looks: Looks, seed: int) -> Looks:
    """Keep looks, in the place of what was there; gives what grading would read of them.

    Raises:
        DoorError: grading would refuse to read them.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="new-", dir=FOLDER))
    try:
        for look, observation in looks.items():
            text, packed = messages.pack({"seed": seed, "observation": observation})
            (made / f"{look}.json").write_bytes(text)
            (made / f"{look}.npz").write_bytes(packed)
        found = _read(made, seed)
        shutil.rmtree(FOLDER / name, ignore_errors=True)
        with contextlib.suppress(OSError):  # another process has kept the same meanwhile
            made.rename(FOLDER / name)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return found


def _read(folder: Path, seed: int) -> dict[str, dict[str, Any]]:
    looks = {
        path.stem: observation_reader.decode(path.read_bytes(), path.with_suffix(".npz").read_bytes())
        for path in folder.glob("*.json")
    }
    return {look: kept["observation"] for look, kept in looks.items() if kept["seed"] == seed}


def prune(limit: int = LIMIT) -> None:
    """Remove what has not been used for longest, until no more than so many bytes are left."""
    left = 0
    for folder in sorted(FOLDER.glob("*"), key=_last_used, reverse=True):
        left += sum(file.stat().st_size for file in folder.iterdir())
        if left > limit:
            shutil.rmtree(folder, ignore_errors=True)


def _last_used(folder: Path) -> float:
    return folder.stat().st_mtime
