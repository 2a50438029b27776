"""What this machine has, and what it is told where it has too little."""

import io
import subprocess
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from autograder import doctor
from autograder.__main__ import main
from autograder.docker import contained
from autograder.sandbox import jail

MAC = (jail.Way("files, network, processes and memory of this computer", "", "the jail needs Linux"),)


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without a jail and without containers."""
    monkeypatch.setattr(jail, "ways", lambda: MAC)
    monkeypatch.setattr(jail, "missing", lambda: ("files",))
    monkeypatch.setattr(doctor, "engine", lambda: "")


def shown() -> tuple[int, str]:
    console = Console(file=io.StringIO(), width=200)
    status = doctor.show(console)
    return status, console.file.getvalue()  # type: ignore[attr-defined]


def test_a_machine_that_can_grade(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jail, "ways", lambda: (jail.Way("files", "Landlock", "Linux 5.13"),))
    monkeypatch.setattr(doctor, "engine", lambda: "podman")
    status, text = shown()
    assert (status, text.splitlines()[-1]) == (0, "This machine can grade.")
    assert "Linux 5.13" not in text
    rows = {line.split()[1] for line in text.splitlines()[1:-1]}
    assert rows >= {
        "system",
        "user",
        "Landlock",
        "libseccomp",
        "kept",
        "Python",
        "memory",
        "disk",
        "CIFAR-10",
        "containers",
    }


def test_what_is_missing_has_a_remedy(mac: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.sys, "platform", "darwin")
    monkeypatch.setattr(doctor, "available_memory", lambda: 2**30)
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10, 1))
    status, text = shown()
    assert status == 1
    assert "the jail needs Linux" in text
    assert "end other programs" in text
    assert "PYTHON=python3.12" in text


def test_four_lines_say_what_is_missing_and_the_ways_out(mac: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four is what a person reads; the way that works at once comes first."""
    what, missing, first, second = doctor.refusal("grade OUT=marks").splitlines()
    assert what == "error: on this system student code is not kept from " + MAC[0].thing + "."
    assert missing == "Missing: the jail needs Linux. `make doctor` says more."
    assert (first[:5], second[:5]) == ("1. On", "2. In")
    assert second.endswith("start it, then: make grade OUT=marks IN=docker")
    monkeypatch.setattr(doctor, "engine", lambda: "docker")
    first, second = doctor.refusal("grade OUT=marks").splitlines()[2:]
    assert first == "1. In a container, as docker is here: make grade OUT=marks IN=docker"
    assert second.endswith("make grade OUT=marks")


def test_grading_says_so_before_anything_else(
    mac: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "the class"
    folder.mkdir()
    (folder / "ada.ipynb").write_bytes(b"{")
    assert main(["grade", "--submissions", str(folder), "--out", str(tmp_path / "out")]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert f"make grade SUBMISSIONS='{folder}' OUT={tmp_path / 'out'}" in lines[2]
    assert not (tmp_path / "out").exists()


def test_a_machine_that_holds_student_code_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jail, "ways", lambda: (jail.Way("files", "Landlock", ""),))
    assert doctor.refusal("grade") == ""


@pytest.mark.parametrize(
    ("installed", "answers", "wanted"),
    [
        (("docker", "podman"), ("docker", "podman"), "docker"),
        (("docker", "podman"), ("podman",), "podman"),  # Docker's daemon does not run
        (("podman",), ("podman",), "podman"),
        (("docker",), (), ""),
        ((), (), ""),
    ],
)
def test_an_engine_is_one_that_answers(
    monkeypatch: pytest.MonkeyPatch, installed: tuple[str, ...], answers: tuple[str, ...], wanted: str
) -> None:
    monkeypatch.setattr(contained.shutil, "which", lambda name: name if name in installed else None)

    def run(command: list[str], **_: Any) -> Any:
        assert command[1:] == ["info"]
        return subprocess.CompletedProcess(command, 0 if command[0] in answers else 1, "", "it is not running")

    monkeypatch.setattr(contained.subprocess, "run", run)
    assert doctor.engine() == wanted
