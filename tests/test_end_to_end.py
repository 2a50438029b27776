"""From the master notebook to marks, the ways that people go: make grade and otter run, with bad files between."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from zoo import notebooks

from assignment import samples
from autograder.__main__ import main
from autograder.gradebook.store import safe_name
from autograder.handout import build
from lab.questions import QUESTIONS

BAD_FILES = {
    "empty.ipynb": (b"", "The notebook file is empty"),
    "cut-off.ipynb": (b'{"cells": [', "The file is not valid JSON"),
    "picture.ipynb": (b"\x89PNG\r\n\x1a\n", "The file is not valid JSON"),
    "damaged.zip": (b"PK\x03\x04", "The zip file is damaged"),
    "answers.pdf": (b"%PDF-1.7", "The file is no notebook (.ipynb) and no zip"),
}


RENAMED = "Übung 3 (final) ÷ v2"

FRESH = """
    q9 - 4 result:
        ❌ Every run starts with a fresh model.
        Expected: Each run starts from new random weights.
        Found: A run went on with the weights that another run had ended with.
        Hint: Build the model inside the loop.

    q9 - 5 result:
"""  # in Otter's form


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return samples.write(tmp_path_factory.mktemp("samples"))


@pytest.fixture(scope="module")
def gradebook(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    mixed = tmp_path_factory.mktemp("mixed")
    for path in folder.iterdir():  # the solution as it is: its cells that only draw are run too, which takes longer
        (_write_with_picture if path.stem != "solution" else shutil.copy)(path, mixed / path.name)
    for name, (content, _) in BAD_FILES.items():
        (mixed / name).write_bytes(content)
    _write_without_checks(mixed / "small-slips.ipynb", mixed / f"{RENAMED}.ipynb")
    out = tmp_path_factory.mktemp("gradebook")
    assert main(["grade", "--submissions", str(mixed), "--out", str(out)]) == 0
    return out


def _write_with_picture(source: Path, target: Path) -> None:
    """The same notebook as it is handed in: with a picture in its outputs."""
    notebook = nbformat.read(source, as_version=4)
    notebooks.add_picture(notebook)
    nbformat.write(notebook, target)


def _write_without_checks(source: Path, target: Path) -> None:
    """The same notebook under another name, with all check cells deleted."""
    notebook = nbformat.read(source, as_version=4)
    notebook.cells = [c for c in notebook.cells if "grader" not in c.source]
    nbformat.write(notebook, target)


def rows(gradebook: Path) -> dict[str, dict[str, str]]:
    with (gradebook / "grades.csv").open(newline="") as file:
        return {row["submission"]: row for row in csv.DictReader(file)}


def checks(gradebook: Path, name: str) -> dict[str, dict[str, Any]]:
    result = json.loads((gradebook / "results" / f"{name}.json").read_text())
    return {c["name"]: c for q in result["questions"].values() for c in q["checks"]}


@pytest.mark.parametrize("sample", samples.SAMPLES, ids=lambda s: s.name)
def test_every_sample_gets_its_marks(gradebook: Path, sample: samples.Sample) -> None:
    row = rows(gradebook)[sample.name]
    wanted = sample.marks()
    assert {q: float(row[q]) for q in QUESTIONS.points} == wanted, sample.story
    assert float(row["score"]) == sum(wanted.values())
    assert row["status"] == "graded"
    assert row["max_score"] == "100"


def test_the_solution_gets_everything_and_the_blank_nothing(gradebook: Path) -> None:
    assert rows(gradebook)["solution"]["score"] == "110"
    assert rows(gradebook)["solution"]["percent"] == "110.0"
    assert rows(gradebook)["blank"]["score"] == "0"


def test_columns_are_the_fixed_ones(gradebook: Path) -> None:
    header = (gradebook / "grades.csv").read_text().splitlines()[0]
    questions = ",".join(f"q{n}" for n in range(1, 15))
    assert header == f"submission,status,score,max_score,percent,{questions},bonus,seconds,note"


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_a_row_with_a_reason(gradebook: Path, name: str) -> None:
    row = rows(gradebook)[Path(name).stem]
    assert row["status"] == "needs_review"
    assert row["score"] == row["q1"] == row["bonus"] == ""
    assert row["note"].startswith(BAD_FILES[name][1])


def test_each_submission_has_its_pages(gradebook: Path) -> None:
    for name in map(safe_name, rows(gradebook)):
        assert (gradebook / "results" / f"{name}.json").is_file()
        assert (gradebook / "feedback" / f"{name}.html").is_file()
    assert (gradebook / "report.html").is_file()


def test_feedback_says_what_is_wrong_in_words(gradebook: Path) -> None:
    slips = checks(gradebook, "small-slips")
    found = {name: c["found"] for name, c in slips.items() if c["outcome"] != "passed"}
    assert found == {
        "q3_same_map": "Images that were in both sets came out different.",
        "q4_convolutions": found["q4_convolutions"],
        "q5_loss_runs": found["q5_loss_runs"],
        "q5_loss": "this needs “The loss can be computed for your labels and your model's output.” first.",
        "q6_arguments": "`fit` was asked for 7 epochs with batches of 32.",
        "q9_record": "Those of run 1 belong to another one: 9,420 parameters against 14,700.",
    }
    assert "With these `mse` fails" in found["q5_loss_runs"]
    assert found["q4_convolutions"].endswith("has kernel_size = [5, 5].")


def test_blank_is_skipped_with_reasons_not_failed_again(gradebook: Path) -> None:
    blank = checks(gradebook, "blank")
    assert {c["outcome"] for c in blank.values()} == {"failed", "skipped"}
    assert "returned nothing (None)" in blank["q7_answered"]["found"]
    assert blank["q7_accuracy"]["outcome"] == "skipped"


def test_marks_do_not_depend_on_name_or_test_cells(gradebook: Path) -> None:
    found = rows(gradebook)
    questions = [{q: found[name][q] for q in QUESTIONS.points} for name in (RENAMED, "small-slips")]
    assert questions[0] == questions[1]


@pytest.mark.parametrize("name", ["solution", "one-model-for-all-runs"])
def test_otter_run_gives_the_same_marks(folder: Path, gradebook: Path, tmp_path: Path, name: str) -> None:
    archive = build.autograder(tmp_path)
    submission = tmp_path / "anything.ipynb"
    _write_with_picture(folder / f"{name}.ipynb", submission)
    command = [sys.executable, "-m", "otter", "run", "-a", str(archive), "-o", str(tmp_path), str(submission)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    tests = json.loads((tmp_path / "results.json").read_text())["tests"]
    otter = {t["name"]: t["score"] for t in tests if "score" in t}
    row = rows(gradebook)[name]
    assert otter == {q: pytest.approx(float(row[q])) for q in QUESTIONS.points}
    outputs = {t["name"]: t["output"] for t in tests}
    if name == "one-model-for-all-runs":
        assert FRESH in outputs["q9"]
    assert "autograder.check(" not in json.dumps(outputs)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["grade", "--submissions", "no/such/folder"], "error: there is no folder no/such/folder"),
        (["grade", "--submissions", __file__], "is a file, not a folder of submissions"),
        (["grade", "--jobs", "0"], "'0' is not a whole number from 1 on"),
        (["grade", "--colour"], "unrecognized arguments: --colour"),
        ([], "the following arguments are required: COMMAND"),
    ],
    ids=["missing", "file", "jobs", "option", "nothing"],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(arguments)
    except SystemExit as exit_:
        code = exit_.code  # type: ignore[assignment]
    assert code == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert words in lines[0]


def test_an_empty_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", "--submissions", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"error: {tmp_path} holds no submission\n"
