"""A second run grades only what has changed, as seen with files that cannot be read: they take no time."""

import io
from pathlib import Path
from typing import Any

import nbformat
import pytest
from rich.console import Console

from autograder import attempt, batch, gradebook, resume
from autograder.batch import Options
from autograder.grading import Graded
from autograder.results import SubmissionResult


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "submissions"
    made.mkdir()
    for name in ("ada", "bob"):
        (made / f"{name}.ipynb").write_bytes(b"")
    return made


def run(folder: Path, options: Options | None = None) -> list[str]:
    """Grade into a gradebook beside the folder; the lines printed about what was graded."""
    printed = Console(file=io.StringIO(), width=200)
    batch.grade_folder(folder, folder.parent / "out", options, printed)
    lines = printed.file.getvalue().splitlines()  # type: ignore[attr-defined]
    return [line.split(":")[0] for line in lines if ": needs_review, " in line]


def test_what_has_not_changed_is_kept(folder: Path) -> None:
    assert sorted(run(folder)) == ["ada", "bob"]
    assert run(folder) == []
    (folder / "bob.ipynb").write_bytes(b"{")
    assert run(folder) == ["bob"]
    notes = {r.submission: r.notes[0] for r in gradebook.read_results(folder.parent / "out")}
    assert notes["ada"].startswith("The notebook file is empty")
    assert notes["bob"].startswith("The file is not valid JSON")


def test_force_and_only(folder: Path) -> None:
    assert run(folder, Options(only="bo")) == ["bob"]
    assert run(folder) == ["ada"]
    assert run(folder, Options(force=True, only="ad")) == ["ada"]
    assert sorted(run(folder, Options(force=True))) == ["ada", "bob"]
    assert (folder.parent / "out" / "grades.csv").read_text().count("needs_review") == 2


def test_another_grader_grades_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(folder)
    monkeypatch.setattr(resume, "_fingerprint", lambda: "of another grader")
    assert sorted(run(folder)) == ["ada", "bob"]


def test_a_result_that_cannot_be_read_is_kept_aside_and_graded_again(folder: Path) -> None:
    run(folder)
    results = folder.parent / "out" / "results"
    (results / "ada.json").write_text("{}")
    with pytest.raises(gradebook.GradebookError, match=r"ada.json is damaged, or of another version"):
        run(folder, Options(only="bob"))
    assert run(folder) == ["ada"]
    assert [path.read_text() for path in results.glob("ada.json.*.old")] == ["{}"]
    assert [r.submission for r in gradebook.read_results(folder.parent / "out")] == ["ada", "bob"]


def test_a_notebook_that_waits_is_run_when_it_is_trusted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forger = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import inside.look")])
    nbformat.write(forger, folder / "eve.ipynb")
    assert sorted(run(folder)) == ["ada", "bob", "eve"]
    assert run(folder) == ["eve"]  # told again what it waits for, without being run
    trusted: list[bool] = []

    def grade(*args: Any, trust: bool, **options: Any) -> Graded:
        trusted.append(trust)
        return Graded(checks=[], executed=forger)

    monkeypatch.setattr(attempt, "grade_notebook", grade)
    run(folder, Options(trust="eve"))
    assert trusted == [True]


def test_what_the_machine_had_no_room_for_is_tried_again_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def grade(task: attempt.Task, kernels: object) -> SubmissionResult:
        tried.append(task.name)
        note = "Not graded: full" if task.name == "ada" and tried.count("ada") < 2 else "it is empty"
        return SubmissionResult(task.name, "needs_review", notes=(note,))

    monkeypatch.setattr(attempt, "grade", grade)
    assert run(folder, Options(jobs=1)) == ["bob", "ada"]
    assert tried == ["ada", "bob", "ada"]
    assert gradebook.read_results(folder.parent / "out")[0].notes == ("it is empty",)


def test_a_fault_of_the_machine_overwrites_no_marks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(folder)
    before = gradebook.read_result("ada", folder.parent / "out")
    full = SubmissionResult("ada", "needs_review", notes=("Not graded: the disk is full.",))
    monkeypatch.setattr(attempt, "grade", lambda *arguments, **options: full)
    printed = Console(file=io.StringIO(), width=200)
    found = batch.grade_folder(folder, folder.parent / "out", Options(force=True, only="ada"), printed)
    assert (
        {result.submission: result for result in found}["ada"]
        == before
        == gradebook.read_result("ada", folder.parent / "out")
    )
    assert "ada keeps its result: Not graded: the disk is full." in printed.file.getvalue()  # type: ignore[attr-defined]
