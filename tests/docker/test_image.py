"""What goes into the containers and what becomes of their results, without a container."""

import csv
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml

from autograder import docker
from autograder.docker import batch, run_otter
from autograder.handout import build
from autograder.intake import submissions

PINS = (build.PROJECT / "requirements.txt").read_text()


def notebook(source: str = "x = 1") -> bytes:
    return submissions.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One of each kind: a notebook, two files of one name, a zip with a module, a student's folder, a damaged file."""
    folder = tmp_path / "class"
    (folder / "Ada L (final)").mkdir(parents=True)
    (folder / "Ada L (final)" / "tiny_vgg.ipynb").write_bytes(notebook("who = 'Ada'"))
    (folder / "one.ipynb").write_bytes(notebook("which = 1"))
    for name, members in {"one.zip": {"a.ipynb": "which = 2"}, "more.zip": {"b.ipynb": "", "own.py": "y = 1"}}.items():
        with zipfile.ZipFile(folder / name, "w") as archive:
            for member, text in members.items():
                archive.writestr(member, notebook(text) if member.endswith("ipynb") else text)
    (folder / "=1+1.ipynb").write_bytes(notebook("a formula"))
    (folder / "cut-off.ipynb").write_bytes(b'{"cells": [')
    return folder


def source_of(content: bytes) -> str:
    return str(nbformat.reads(content.decode(), as_version=4).cells[0].source)


def test_submissions_are_staged_in_the_forms_that_otter_knows(folder: Path, tmp_path: Path) -> None:
    staged = tmp_path / "staged"
    staged.mkdir()
    unread = batch._stage(submissions.find(folder), staged)
    assert {p.name for p in staged.iterdir()} == {
        "=1+1.ipynb",
        "Ada L (final).ipynb",
        "one.ipynb.ipynb",
        "one.zip.ipynb",
        "more.zip",
    }
    assert source_of((staged / "Ada L (final).ipynb").read_bytes()) == "who = 'Ada'"
    assert source_of((staged / "one.zip.ipynb").read_bytes()) == "which = 2"
    assert set(zipfile.ZipFile(staged / "more.zip").namelist()) == {"more.ipynb", "own.py"}
    assert unread == {
        "cut-off.ipynb": "The file is not valid JSON (line 1): it was damaged or cut off. Ask for it again."
    }


OTTER = """\
import csv, pathlib, sys
arguments = sys.argv[2:]
out = pathlib.Path(arguments[arguments.index("--output-dir") + 1])
kind = arguments[arguments.index("--ext") + 1]
(out / "grading-summaries").mkdir()
rows = ["file,q1,total_points_earned,percent_correct,grading_status", "points-per-question,4,4,1,--"]
for path in sorted(pathlib.Path(arguments[0]).glob("*." + kind)):
    failed = "Ada" in path.name
    rows.append(f"{path.name},{0 if failed else 3.5},{0 if failed else 3.5},0,{'failed! Exit code: 75' if failed else 'Completed'}")
    text = "failed" if failed else "q1 results:\\n    test_q1 result:\\n        ❓ The model is right.\\n        It is strange."
    text = "q1 results: All test cases passed!" if kind == "zip" else text
    (out / "grading-summaries" / (path.stem + ".txt")).write_text(text)
(out / "final_grades.csv").write_text("\\n".join(rows) + "\\n")
"""  # noqa: E501


def test_a_batch_says_whom_a_person_has_to_look_at(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a program in Otter's place, which fails for Ada and leaves a check open in the other notebooks."""
    run = subprocess.run
    stand_in = tmp_path / "otter.py"
    stand_in.write_text(OTTER)

    def without_docker(command: list[str], **options: Any) -> Any:
        assert command[1:4] == ["-m", "otter", "grade"]
        assert command[command.index("--image") + 1] == "an-image"
        return run([sys.executable, str(stand_in), *command[3:]], **options)

    monkeypatch.setattr(batch.subprocess, "run", without_docker)
    out = tmp_path / "out"
    batch.grade(folder, out, Path("autograder.zip"), "an-image", containers=1)
    with (out / "final_grades.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["file"], row["q1"]) for row in rows] == [
        ("points-per-question", "4"),
        ("'=1+1.ipynb", "3.5"),
        ("Ada L (final).ipynb", "0"),
        ("more.zip", "3.5"),
        ("one.ipynb.ipynb", "3.5"),
        ("one.zip.ipynb", "3.5"),
    ]
    assert (out / "needs_review.txt").read_text().splitlines() == [
        "=1+1.ipynb: The model is right. It is strange.",
        "Ada L (final).ipynb: The container had no memory, disk or core left; grade fewer at a time.",
        "cut-off.ipynb: The file is not valid JSON (line 1): it was damaged or cut off. Ask for it again.",
        "one.ipynb.ipynb: The model is right. It is strange.",
        "one.zip.ipynb: The model is right. It is strange.",
    ]
    assert (out / "grading-summaries" / "more.txt").read_text() == "q1 results: All test cases passed!"
    assert "more.zip: 3.5 marks\n" in capsys.readouterr().out


@pytest.mark.parametrize(("memory", "cores", "wanted"), [(24, 2, 2), (24, 16, 6), (2, 4, 1), (None, 4, 4)])
def test_as_many_containers_as_fit(
    memory: int | None, cores: int, wanted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "available_memory", lambda: None if memory is None else memory * 2**30)
    monkeypatch.setattr(batch.os, "cpu_count", lambda: cores)
    assert batch.how_many_fit() == wanted


def test_without_docker_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    words = r"there is no `docker` command: install it \(docs/instructors.md\); `make grade` needs none"
    with pytest.raises(docker.EngineError, match=words):
        docker.require_engine()


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folders that a container has, here."""
    given = tmp_path / "autograder"
    for name in ("source", "submission", "results"):
        (given / name).mkdir(parents=True)
    monkeypatch.setattr(run_otter, "GIVEN", given)
    for name in ("HOME", "KERAS_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, "")
    return given


@pytest.mark.parametrize(("text", "wanted"), [("", {}), ('{"users": []}', {"users": []}), (None, {})])
def test_metadata_can_be_parsed(container: Path, tmp_path: Path, text: str | None, wanted: dict[str, Any]) -> None:
    if text is not None:
        (container / "submission_metadata.json").write_text(text)
    work = tmp_path / "work"
    work.mkdir()
    run_otter._prepare(work)
    assert json.loads((work / "submission_metadata.json").read_text()) == wanted
    assert {p.name for p in work.iterdir()} == {"source", "submission", "results", "submission_metadata.json"}


def test_a_container_that_is_too_narrow_says_what_it_needs(container: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_otter._problem() == ""
    access = run_otter.os.access
    for closed, words in {
        "/tmp": "cannot write to /tmp: start the container with --tmpfs /tmp",
        str(
            container / "results"
        ): f"cannot write to {container / 'results'}: mount a folder there that this user may change",
        str(container / "submission"): f"cannot read {container / 'submission'}: change its rights, or start the "
        "container as root",
    }.items():

        def narrow(path: Any, mode: int, closed: str = closed) -> bool:
            return str(path) != closed and access(path, mode)

        monkeypatch.setattr(run_otter.os, "access", narrow)
        assert run_otter._problem().endswith(words)


def test_the_environment_file_leads_to_the_pins() -> None:
    environment = yaml.safe_load((docker.FOLDER / "environment.yml").read_text())
    assert environment["dependencies"] == ["python=3.11", "pip", {"pip": ["-r requirements.txt"]}]
    assert "tensorflow==" in PINS
    assert "otter-grader==" in PINS
