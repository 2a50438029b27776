"""Marks by hand outlast grading again, in whatever way, and grading heeds what people decided."""

import contextlib
import csv
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import nbformat
import pytest
import written_class
from at_the_desk import TOKEN, Person
from cluster import PROJECT, scheduler, worker
from made_up import RUBRICS, marked, solved
from rich.console import Console

from autograder import batch
from autograder.batch import Options
from autograder.desk import app
from autograder.desk.shelf import key_of
from autograder.gradebook import sources, store
from autograder.grading import cache_key, examiners, one_submission
from autograder.grading.one_submission import Task
from autograder.marks import book
from autograder.marks.decisions import Decision, Log
from autograder.marks.rubric import RubricError
from autograder.results import SubmissionResult

TESTS = PROJECT / "tests"


def grade(task: Task) -> SubmissionResult:
    """In the place of grading, in a moment: the first cell is written answer 1."""
    text = nbformat.reads(one_submission.parcel_of(task).notebook.decode(), as_version=4).cells[0].source
    key = "" if "reaches" in text and not task.trust else task.key
    status = "graded" if key else "needs_review"
    return replace(solved(task.name, w1=text, w2=""), key=key, status=status, seconds=0.1)


def grade_here(monkeypatch: pytest.MonkeyPatch, how: Callable[[Task], SubmissionResult]) -> None:
    """Grade in this process, in this way."""
    monkeypatch.setattr(one_submission, "grade", how)
    monkeypatch.setattr(examiners, "open_examiners", lambda is_warm: contextlib.nullcontext(examiners.Here()))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two notebooks."""
    written_class.use(RUBRICS, monkeypatch)
    grade_here(monkeypatch, grade)
    made = tmp_path / "submissions"
    made.mkdir()
    for name in ("ada", "bob"):
        write(made / f"{name}.ipynb", "It scatters.")
    return made


def write(file: Path, text: str) -> None:
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text, id="a")]), file)


def run(folder: Path, **options: Any) -> str:
    printed = Console(file=io.StringIO(), width=200)
    batch.grade_folder(folder, folder.parent / "out", Options(jobs=1, fresh=True, **options), printed)
    return printed.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def rows(folder: Path) -> dict[str, dict[str, str]]:
    with (folder.parent / "out" / "grades.csv").open(newline="") as file:
        return {row["submission"]: row for row in csv.DictReader(file)}


def mark(folder: Path, name: str) -> None:
    (result,) = [one for one in store.read_results(folder.parent / "out") if one.submission == name]
    Log(folder.parent / "out").append([marked(result, mean=1)])


def test_marks_outlast_grading_again(folder: Path) -> None:
    run(folder)
    mark(folder, "ada")
    for options in ({}, {"force": True}, {"only": "ada", "force": True}, {"brief": True}):
        assert "bob" in run(folder, **options)
        found = rows(folder)
        assert (found["ada"]["status"], found["ada"]["score"], found["ada"]["w1"]) == ("graded", "112", "2")
        assert (found["bob"]["status"], found["bob"]["note"]) == ("needs_review", "w1: not marked yet.")
        page = (folder.parent / "out" / "feedback" / "ada.html").read_text()
        assert "A comment." in page
    assert len(Log(folder.parent / "out").decisions()) == 1


PRELOAD = f"""
import sys
sys.path[:0] = [{str(TESTS)!r}, {str(TESTS / "autograder")!r}]
from autograder.grading import examiners, on_worker, one_submission
from test_marks_and_grading import grade
one_submission.grade, on_worker._examiners = grade, lambda is_warm: examiners.Here()
"""


@pytest.mark.slow
def test_marks_outlast_grading_on_a_scheduler(folder: Path, tmp_path: Path) -> None:
    run(folder)
    mark(folder, "ada")
    mark(folder, "bob")
    write(folder / "bob.ipynb", "It does not scatter.")
    (tmp_path / "dask").mkdir()
    preload = tmp_path / "dask" / "preload.py"
    preload.write_text(PRELOAD)
    with (
        scheduler(tmp_path / "dask") as address,
        worker(tmp_path / "dask", address, "--no-nanny", "--preload", str(preload)),
    ):
        said = run(folder, scheduler=address, force=True, unsafe=True)
    assert "1 workers, 1 at a time." in said
    assert "ada: graded" in said
    found = rows(folder)
    assert (found["ada"]["status"], found["ada"]["score"], found["ada"]["w1"]) == ("graded", "112", "2")
    assert (found["bob"]["status"], found["bob"]["w1"]) == ("needs_review", "2")
    assert found["bob"]["note"] == "w1: the answer is another one since it was marked."
    assert "A comment." in (folder.parent / "out" / "feedback" / "ada.html").read_text()
    assert len(Log(folder.parent / "out").decisions()) == 2


GRADER = f"""
import sys, time
sys.path[:0] = [{str(TESTS)!r}, {str(TESTS / "autograder")!r}]
import pytest, written_class, test_marks_and_grading as here

def slowly(task):
    time.sleep(0.1)
    return here.grade(task)

with pytest.MonkeyPatch.context() as patch:
    written_class.use(here.RUBRICS, patch)
    here.grade_here(patch, slowly)
    for _ in range(3):
        print(here.run(here.Path(sys.argv[1]), force=True))
"""


@pytest.mark.slow
def test_what_people_mark_while_a_class_is_graded_is_kept(folder: Path, tmp_path: Path) -> None:
    """Three people at the desk, and the grader in a process of its own: all submissions anew, three times."""
    for number in range(10):
        write(folder / f"student{number}.ipynb", f"It scatters by 0.00{number}.")
    run(folder)
    out = folder.parent / "out"
    desk = app.make(out, app.Door(TOKEN))
    mark(folder, "bob")
    write(folder / "bob.ipynb", "It does not scatter.")
    grader = subprocess.Popen(
        [sys.executable, "-c", GRADER, str(folder)], cwd=PROJECT, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": f"{PROJECT}:{PROJECT}/assignment:{PROJECT}/autograder/handed_out"},
    )  # fmt: skip
    saved: dict[str, list[str]] = {}

    def work(number: int) -> None:
        person = Person(desk.test_client(), f"marker {number}")
        names = [name for place, name in enumerate(sorted(set(rows(folder)) - {"bob"})) if place % 3 == number]
        step = 0
        while grader.poll() is None or step < len(names):
            name, share = names[step % len(names)], ("1", "0.5")[step // len(names) % 2]
            fields = {"item-mean": share, "item-std": "", "comment": f"Look {step}.", "then": "stay"}
            answer = person.mark(name, **fields)
            assert answer.status_code == 303
            assert "Saved." in person.get(answer.headers["Location"]).text
            saved.setdefault(name, []).append({"1": "2", "0.5": "1"}[share])
            person.get(("/", "/submissions", f"/submission/{key_of(name)}")[step % 3])
            if step % 5 == 4:
                assert person.send("/", "/files").status_code == 303
            step += 1
            time.sleep(0.05)

    with ThreadPoolExecutor(3) as people:
        for done in [people.submit(work, number) for number in range(3)]:
            done.result()
    printed, _ = grader.communicate()
    assert grader.returncode == 0
    assert printed.count("Grading 12 submissions") == 3
    assert len(saved) == 11
    assert len(Log(out).decisions()) == 1 + sum(map(len, saved.values()))
    assert "Grading 0 submissions" in run(folder)
    found = rows(folder)
    assert {name: found[name]["w1"] for name in saved} == {name: marks[-1] for name, marks in saved.items()}
    assert {found[name]["status"] for name in saved} == {"graded"}
    assert (found["bob"]["w1"], found["bob"]["note"]) == ("2", "w1: the answer is another one since it was marked.")
    for name in saved:
        assert "Look " in (out / "feedback" / f"{name}.html").read_text()
    assert not list(out.rglob("*.tmp"))


def test_what_was_decided_is_in_the_files_after_a_run_that_grades_nothing(folder: Path) -> None:
    run(folder)
    mark(folder, "ada")
    assert "Grading 0 submissions" in run(folder)
    assert "A comment." in (folder.parent / "out" / "feedback" / "ada.html").read_text()
    assert "A comment." in (folder.parent / "out" / "results" / "ada.json").read_text()
    before = (folder.parent / "out" / "results" / "ada.json").stat().st_mtime_ns
    run(folder)
    assert (folder.parent / "out" / "results" / "ada.json").stat().st_mtime_ns == before


def test_an_answer_that_changed_is_flagged_and_one_that_did_not_is_not(folder: Path) -> None:
    run(folder)
    mark(folder, "ada")
    mark(folder, "bob")
    write(folder / "ada.ipynb", "It does not scatter.")
    nbformat.write(
        nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_markdown_cell("It scatters.", id="a"), nbformat.v4.new_code_cell("x = 1", id="b")]
        ),
        folder / "bob.ipynb",
    )
    run(folder)
    found = rows(folder)
    assert found["ada"]["note"] == "w1: the answer is another one since it was marked."
    assert (found["ada"]["status"], found["ada"]["score"]) == ("needs_review", "112")
    assert (found["bob"]["status"], found["bob"]["w1"]) == ("graded", "2")


def test_a_notebook_that_a_person_lets_run_is_run_until_it_is_another_one(folder: Path) -> None:
    write(folder / "ada.ipynb", "It reaches for the grader.")
    run(folder)
    assert store.read_results(folder.parent / "out")[0].status == "needs_review"
    value = {"action": "trust", "reason": "I have read it."}
    content = cache_key.content_of(folder / "ada.ipynb")
    Log(folder.parent / "out").append([Decision("ann", "ada", "review", value, content)])
    run(folder)
    assert store.read_results(folder.parent / "out")[0].status == "graded"
    write(folder / "ada.ipynb", "It reaches for the grader once more.")
    assert "ada was let pass, and is another file since" in run(folder)
    assert store.read_results(folder.parent / "out")[0].status == "needs_review"


def test_a_line_that_is_no_decision_is_told_and_costs_nothing(folder: Path) -> None:
    run(folder)
    mark(folder, "ada")
    damaged = folder.parent / "out" / "decisions" / "damaged.jsonl"
    damaged.write_text("no decision\n")
    assert f"{damaged}, line 1, is no decision" in run(folder)
    assert rows(folder)["ada"]["w1"] == "2"


def test_a_rubric_that_is_not_in_order_is_told_before_anything_is_graded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> NoReturn:
        raise RubricError("master notebook, cell w1-04: it is not in order")

    monkeypatch.setattr(book, "rubrics", refuse)
    with pytest.raises(RubricError, match="cell w1-04"):
        run(folder)
    assert not (folder.parent / "out").exists()


def test_the_gradebook_knows_where_its_submissions_lie(folder: Path) -> None:
    run(folder)
    out = folder.parent / "out"
    assert sources.path_of("ada", out) == folder / "ada.ipynb"
    (folder / "ada.ipynb").unlink()
    assert sources.path_of("ada", out) is None
    assert sources.path_of("nobody", out) is None
    (out / sources.NAME).write_text("[]")
    assert sources.path_of("bob", out) is None


def test_a_change_of_the_desk_makes_nothing_due() -> None:
    assert {"marks", "desk"} <= cache_key._NO_PART
