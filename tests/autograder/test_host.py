"""Faults of the machine and packages that are missing cost no marks; they are said, and the next run tries again."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from autograder import batch
from autograder.grading import one_submission
from autograder.grading.one_submission import grade_file
from autograder.sandbox import ForkServer, MachineError, execute, host, jail
from autograder.sandbox.jail import Room
from lab.questions import QUESTIONS


def notebook(*sources: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])


def test_a_missing_package_is_a_note(tmp_path: Path) -> None:
    path = tmp_path / "ada.ipynb"
    nbformat.write(notebook("x = 1", "import a_package_of_nobody as nobody\ndef load_data():\n    return 1"), path)
    result = grade_file(path)
    assert result.status == "graded"
    assert result.notes == (
        "Cell 2 imports `a_package_of_nobody`, which is no package here and did not come with the notebook.",
    )
    assert [e.error for e in result.cell_errors] == ["ModuleNotFoundError: No module named 'a_package_of_nobody'"]
    (loaded,) = [c for c in result.checks if c.name == "q1_answered"]
    assert "is not defined" not in loaded.found  # the cell went on


def test_a_module_that_the_notebook_writes_is_imported_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "ada.ipynb"
    nbformat.write(notebook("open('helpers.py', 'w').write('A = 1')\nimport helpers"), path)
    result = grade_file(path)
    assert (result.status, result.score, result.cell_errors) == ("graded", 0, ())
    assert result.notes == ("Cell 1 imports `helpers`, which is no package here and did not come with the notebook.",)


def test_a_full_disk_is_no_fault_of_the_student(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ada.ipynb"
    nbformat.write(notebook("x = 1"), path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3 * 2**20))
    result = grade_file(path)
    assert (result.status, result.score, result.checks, result.key) == ("needs_review", None, (), "")
    (note,) = result.notes
    assert note.startswith("Not graded: the disk of /")
    assert note.endswith(
        " is full (3 MiB are free). Mend that, then run the same command again: it grades what is missing."
    )
    monkeypatch.setattr(host, "available_memory", lambda: 5 * 2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2**40))
    assert grade_file(path).notes[0].startswith("Not graded: the memory of this machine is full (5 MiB are free).")


@pytest.mark.parametrize(
    ("room", "said"),
    [
        (Room(spare_disk=2**62), "this machine has no disk left"),
        (Room(spare_memory=2**62), "this machine has no memory left"),
    ],
)
def test_a_machine_that_runs_out_meanwhile(room: Room, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = jail.command.__defaults__
    assert defaults == (jail.DEFAULT_ROOM,)
    monkeypatch.setattr(jail.command, "__defaults__", (room,))
    with pytest.raises(MachineError, match=said):
        execute(notebook("import time; time.sleep(5)"), questions=())


def test_a_kernel_that_the_system_ended_for_memory(monkeypatch: pytest.MonkeyPatch, fork_server: ForkServer) -> None:
    kills = iter([0, 1])
    monkeypatch.setattr(host, "kills_for_memory", lambda: next(kills))
    with pytest.raises(MachineError, match="no memory left"):
        execute(notebook("import os; os.kill(os.getpid(), 9)"), questions=(), fork_server=fork_server)


def test_a_cell_that_found_the_disk_full_is_believed_where_it_is(
    monkeypatch: pytest.MonkeyPatch, fork_server: ForkServer
) -> None:
    source = "raise OSError(28, 'No space left on device')"
    seen = execute(notebook(source), questions=(), fork_server=fork_server)
    assert [error.error for error in seen.cell_errors] == ["OSError: [Errno 28] No space left on device"]
    monkeypatch.setattr(host, "lacks_disk", lambda folder: True)
    with pytest.raises(MachineError, match="no disk left"):
        execute(notebook(source), questions=(), fork_server=fork_server)


def test_the_system_counts_memory() -> None:
    available = host.available_memory()
    assert available is not None
    assert 2**26 < available < 2**44
    assert host.kills_for_memory() >= 0


def test_the_batch_goes_on_after_a_fault_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is recorded that the next run would take for a result."""
    path = tmp_path / "ada.ipynb"
    nbformat.write(notebook("x = 1"), path)

    def full(*args: object, **options: object) -> None:
        raise MachineError("this machine has no disk left")

    monkeypatch.setattr(one_submission, "grade_notebook", full)
    first = grade_file(path)
    assert batch._is_due(path, first, batch.Options())
    assert all(first.question_score(question) is None for question in QUESTIONS.points)
