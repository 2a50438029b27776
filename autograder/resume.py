"""What was graded before need not be graded again: a key for a submission under this grader and these settings."""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

import lab
from autograder.dataset import dataset

_GRADER = Path(__file__).parent
_PARTS = ("*.py", "*.html", "*.css", "*.json")  # of the grader, whose change may change a result or its page
_PACKAGES = ("keras", "tensorflow", "numpy", "matplotlib")  # whose versions may


def key_of(submission: Path) -> str:
    """A hash of a submission's content, the grader's source, the settings, the data and the versions of packages.

    Args:
        submission: a file, or a folder of files.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256(_fingerprint().encode())
    files = sorted(submission.rglob("*")) if submission.is_dir() else [submission]
    for file in files:
        if file.is_symlink() or not file.is_file():
            continue
        digest.update(f"\n{file.relative_to(submission.parent)}\n".encode(errors="surrogateescape"))
        with file.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()


@cache
def _fingerprint() -> str:
    digest = hashlib.sha256(dataset().source.encode())
    for package in _PACKAGES:
        digest.update(f"{package} {version(package)}\n".encode())
    for folder in (_GRADER, Path(lab.__file__).parent):
        for file in sorted(f for part in _PARTS for f in folder.rglob(part)):
            if "samples" not in file.relative_to(folder).parts:
                digest.update(f"{file.relative_to(folder)}\n".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()
