"""An instructor changes constants in `lab/settings.py`: handout, solution, checks and zoo follow, and still agree."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

PROJECT = Path(__file__).resolve().parent.parent
CHANGES = {"FILTERS": ("10", "16"), "RUNS": ("5", "3"), "EPOCHS": ("100", "50")}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with other settings."""
    copy = tmp_path_factory.mktemp("changed")
    for name in ("assignment", "autograder", "solutions", "tests", "docs"):
        shutil.copytree(PROJECT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "requirements.txt"):
        shutil.copy(PROJECT / name, copy)
    path = copy / "assignment" / "lab" / "settings.py"
    source = path.read_text()
    for name, (old, new) in CHANGES.items():
        source, hits = re.subn(rf"^{name}: Final = {old}\b", f"{name}: Final = {new}", source, flags=re.MULTILINE)
        assert hits == 1, name
    path.write_text(source)
    return copy


def run(changed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(str(changed / p) for p in (".", "assignment", "autograder/handed_out", "tests"))
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=changed,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_handout_says_the_new_numbers(changed: Path) -> None:
    done = run(changed, "autograder", "build", "student")
    assert done.returncode == 0, done.stderr
    (path,) = (changed / "dist" / "student").glob("*.ipynb")
    text = " ".join(" ".join(c.source.split()) for c in nbformat.read(path, as_version=4).cells)
    assert "3 trainings of 50 epochs" in text
    assert "each with 16 filters of" in text
    assert "colour channel, filter" in text
    assert "(3, 16, 3, 3)" in text
    assert not re.search(r"\b(10 filters|5 runs|100 epochs|\(3, 10, 3, 3\))", text)


def test_a_slice_of_the_zoo_gets_its_marks(changed: Path) -> None:
    done = run(changed, "pytest", "tests/answers", "-q", "-m", "quick", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout[-5000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed.group(1)) >= 45  # one right and two wrong answers a question


def test_a_whole_notebook_gets_its_marks(changed: Path) -> None:
    done = run(changed, "zoo", "--only", "all-saved-by-colab")
    assert done.returncode == 0, done.stdout[-5000:]
    assert done.stdout.splitlines()[-1] == "equivalent 1/1, wrong 0/0, hostile 0/0"
