"""What was graded before need not be graded again: a key for a submission under this grader and these settings."""

import hashlib
import json
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

import labkit
from autograder import assignment, master
from autograder.assignment import Assignment

_GRADER = Path(__file__).parents[1]
_PARTS = ("*.py", "*.html", "*.css", "*.json")  # of the grader, whose change may change a result or its page
_NO_PART = {"samples", "marks", "desk", "figures"}  # what people decide comes after the grader
_PACKAGES = ("keras", "tensorflow", "numpy", "matplotlib")  # whose versions may


def key_of(submission: Path) -> str:
    """A hash of a submission's content, the grader's source, the settings, the data and the versions of packages.

    Args:
        submission: a file, or a folder of files.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256(_fingerprint().encode())
    _add(submission, digest)
    return digest.hexdigest()


def content_of(submission: Path) -> str:
    """A hash of a submission's content alone, by which a person's word on it is bound to what that person saw.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    _add(submission, digest)
    return digest.hexdigest()[:32]


def _add(submission: Path, digest: "hashlib._Hash") -> None:
    root = submission.resolve()  # the teacher's folder may be one of links; links in a student's are not read
    files = sorted(root.rglob("*")) if root.is_dir() else [root]
    for file in files:
        if file.is_symlink() or not file.is_file():
            continue
        digest.update(f"\n{submission.name}/{file.relative_to(root)}\n".encode(errors="surrogateescape"))
        with file.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())


def _of_notebook(practical: Assignment) -> list[object]:
    """What of the master notebook may change a result: not its texts, its solutions, or what people mark by."""
    sections = practical.sections.values()
    graded = [(s.name, s.label, s.points, s.tests, s.functions) for s in sections if not s.is_manual]
    return [graded, [(s.name, s.label) for s in sections if s.is_manual], master.read(practical.master).given_cells]


@cache
def _fingerprint() -> str:
    return hashlib.sha256(json.dumps(surroundings()).encode()).hexdigest()


@cache
def surroundings() -> dict[str, str]:
    """What a result depends on beside the submission: name -> data, version, or hash of the grader and its settings."""
    found = {"data": assignment.current().data().source, "Python": ".".join(platform.python_version_tuple()[:2])}
    found |= {package: version(package) for package in _PACKAGES}
    digest = hashlib.sha256()
    practical = assignment.current()
    for folder in (_GRADER, Path(labkit.__file__ or "").parent, practical.folder, practical.lab):
        for file in sorted(f for part in _PARTS for f in folder.rglob(part)):
            if not _NO_PART.intersection(file.relative_to(folder).parts):
                digest.update(f"{file.relative_to(folder)}\n".encode())
                digest.update(file.read_bytes())
    digest.update(repr(_of_notebook(practical)).encode())
    if practical.baselines is not None and practical.baselines.exists():  # notes on run records speak of them
        digest.update(practical.baselines.read_bytes())
    return found | {"grader": digest.hexdigest()}
