"""After changed constants it is said what has to be made anew, and how."""

import ast
from pathlib import Path

import pytest
from support import PROJECT

from assignment import made_with
from autograder import __main__ as command_line
from autograder.handout import build
from lab import settings


def test_nothing_is_stale_here() -> None:
    assert made_with.stale() == {}
    assert build.remarks() == []


def test_a_changed_constant_makes_what_reads_it_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "EPOCHS", 20)
    monkeypatch.setattr(settings, "IMAGE_SHAPE", (28, 28, 3))
    changed = "(EPOCHS was 100, is 20, IMAGE_SHAPE was [32, 32, 3], is [28, 28, 3])"
    assert build.remarks()[:2] == [
        f"The handout's figures were made with other constants {changed}: "
        "`python assignment/figures/draw_figures.py` draws them anew.",
        f"The run records of the sample submissions were made with other constants {changed}: they cost these samples "
        "marks until `python -m assignment.samples.make_records` (minutes) trains them anew.",
    ]
    assert build.remarks()[2].startswith("The baselines were made with other constants (IMAGE_SHAPE was")
    assert build.remarks()[2].endswith("they count for nothing until `make baselines` (hours) trains them anew.")


def test_only_what_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "CLASS_NAMES", ("cat", "dog"))
    assert list(made_with.stale()) == ["figures"]
    monkeypatch.undo()
    monkeypatch.setattr(settings, "RUNS", 3)
    assert list(made_with.stale()) == ["samples", "baselines"]


def test_grading_the_samples_says_that_they_are_stale(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "RUNS", 3)
    monkeypatch.setattr("autograder.assignment.write_samples", lambda folder: tmp_path)  # an empty folder
    assert command_line.main(["grade", "--out", str(tmp_path / "out")]) == 2
    said, problem = capsys.readouterr().err.splitlines()
    assert said.startswith(
        "The run records of the sample submissions were made with other constants (RUNS was 5, is 3)"
    )
    assert problem == f"error: {tmp_path} holds no submission"


def test_what_is_made_is_noted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(made_with, "FILE", tmp_path / "made_with.json")
    monkeypatch.setattr(made_with, "BASELINES_FILE", tmp_path / "none")
    made_with.note("figures", ["EPOCHS", "CLASS_NAMES"])
    monkeypatch.setattr(settings, "EPOCHS", 20)
    made_with.note("samples", ["EPOCHS"])
    assert list(made_with.stale()) == ["figures"]
    made_with.note("figures", ["EPOCHS", "CLASS_NAMES"])
    assert made_with.stale() == {}


def test_a_scripts_constants_are_those_that_it_reads() -> None:
    script = PROJECT / "assignment" / "figures" / "draw_figures.py"
    nodes = ast.walk(ast.parse(script.read_text()))
    names = {n.attr for n in nodes if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "settings"}
    assert set(made_with.read_by(script)) == names
