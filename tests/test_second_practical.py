"""A second practical, declared in one folder, goes through the same engine: handout, grading, pages, Otter."""

import csv
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder.sandbox.jail import missing

PROJECT = Path(__file__).resolve().parents[1]
FOLDER = PROJECT / "tests" / "second_practical"
WRONG = {  # text of the solution -> a slip
    "/ settings.HIGHEST": "/ 255",
    "(y_true, y_pred), 1)": "(y_pred, y_true), 1)",
    "_Type your answer here, replacing this text._": "Fours and nines, since both have a loop.",
}
QUESTIONS = {"right": {"d1": 4, "d2": 6, "d3": 5}, "slips": {"d1": 1, "d2": 6, "d3": 3}}

NEEDS_JAIL = pytest.mark.skipif(bool(missing()), reason="this system has no jail")


def run(*arguments: str, python: str = "-m") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"AUTOGRADER_ASSIGNMENT": str(FOLDER)} if python == "-c" else os.environ
    command = [sys.executable, python, *arguments]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A solution, and one with a slip in questions 1 and 3 and a written answer."""
    folder = tmp_path_factory.mktemp("handed-in")
    code = "import sys, nbformat; from autograder.handout import build; nbformat.write(build.solution(), sys.argv[1])"
    run(code, str(folder / "right.ipynb"), python="-c")
    notebook = nbformat.read(folder / "right.ipynb", as_version=4)
    for old, new in WRONG.items():
        hits = [cell for cell in notebook.cells if old in cell.source]
        assert len(hits) == 1, old
        hits[0].source = hits[0].source.replace(old, new)
    nbformat.write(notebook, folder / "slips.ipynb")
    return folder


@NEEDS_JAIL
def test_it_is_graded_by_the_same_engine(handed_in: Path, tmp_path: Path) -> None:
    out = tmp_path / "gradebook"
    run("autograder", "--assignment", str(FOLDER), "grade", "--submissions", str(handed_in), "--out", str(out))
    rows = {row["submission"]: row for row in csv.DictReader((out / "grades.csv").read_text().splitlines())}
    for name, questions in QUESTIONS.items():
        assert {question: float(rows[name][question]) for question in questions} == questions
        assert float(rows[name]["max_score"]) == 19  # 15, and 4 of the written answer
    checks = json.loads((out / "results" / "slips.json").read_text())["questions"]
    told = {check["name"]: check["found"] for one in checks.values() for check in one["checks"] if check["found"]}
    assert told == {"d1_scaled": "Its values are others.", "d3_3": "An assertion does not hold."}
    page = (out / "feedback" / "slips.html").read_text()
    for words in ("Exercise 1", "Right answers stand on the diagonal.", "In your words 1", "Fours and nines"):
        assert words in page
    report = (out / "report.html").read_text()
    assert "CIFAR" not in page + report
    assert "VGG" not in page + report
    assert "Handwritten digits" in page
    assert "bonus" not in page + report


@NEEDS_JAIL
@pytest.mark.slow
def test_otter_gives_the_same_marks(handed_in: Path, tmp_path: Path) -> None:
    run("autograder", "--assignment", str(FOLDER), "build", "autograder", "--out", str(tmp_path))
    with zipfile.ZipFile(tmp_path / "autograder.zip") as archive:
        assert "files/second_practical/definition.py" in archive.namelist()
        archive.extractall(tmp_path / "zip")
    for name, questions in QUESTIONS.items():
        out = tmp_path / name
        out.mkdir()
        arguments = ["-a", str(tmp_path / "autograder.zip"), "-o", str(out), str(handed_in / f"{name}.ipynb")]
        run("otter", "run", *arguments)
        tests = json.loads((out / "results.json").read_text())["tests"]
        found = dict.fromkeys(questions, 0.0)
        for test in tests:
            question = test["name"].partition(" ")[0]
            if question in found:
                found[question] += test["score"]
        assert found == pytest.approx(questions)


def test_the_handout_has_what_it_needs(tmp_path: Path) -> None:
    run("autograder", "--assignment", str(FOLDER), "build", "student", "--out", str(tmp_path))
    names = {path.name for path in (tmp_path / "student").iterdir()}
    assert names == {"digits.ipynb", "lab", "labkit", "requirements.txt", "tests"}
    texts = [cell.source for cell in nbformat.read(tmp_path / "student" / "digits.ipynb", as_version=4).cells]
    assert not any("An array of shape" in text and "np.add.at" in text for text in texts)
    hidden = "Rows are the true digits."
    assert hidden not in "".join(path.read_text() for path in (tmp_path / "student").rglob("*.py"))
    assert hidden not in "".join(texts)
