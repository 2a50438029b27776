"""`make grade IN=docker`: which commands it runs, with a program in the engine's place."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.docker import contained

ENGINE = """#!{python}
import json, os, sys
with open({log!r}, "a") as log:
    log.write(json.dumps(sys.argv) + "\\n")
if "build" in sys.argv:
    context = sys.argv[-1]
    assert sorted(os.listdir(context)) == ["Dockerfile", "data", "requirements.txt", "setup.sh"], os.listdir(context)
sys.exit({codes}.get(sys.argv[1], 0))
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "bin").mkdir()
    (tmp_path / "keras").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "log"


def install(log: Path, name: str = "docker", **codes: int) -> None:
    """Put a program in the place of an engine; codes: subcommand -> its exit code, else 0."""
    program = log.parent / "bin" / name
    program.write_text(ENGINE.format(python=sys.executable, log=str(log), codes=codes))
    program.chmod(0o755)


def calls(log: Path) -> list[list[str]]:
    return [[Path(call[0]).name, *call[1:]] for call in map(json.loads, log.read_text().splitlines())]


def values(command: list[str], option: str) -> list[str]:
    return [after for before, after in itertools.pairwise(command) if before == option]


def test_a_folder_is_graded_in_one_container(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(log)
    (tmp_path / "the class").mkdir()
    assert contained.main(["--submissions", "the class", "--out", "marks", "--only", "ann"]) == 0
    command = calls(log)[-1]
    assert command[:3] == ["docker", "run", "--rm"]
    assert values(command, "--network") == ["none"]
    assert values(command, "--user") == [f"{os.getuid()}:{os.getgid()}"]
    assert values(command, "--volume") == [
        f"{contained.PROJECT}:/project:ro",
        f"{tmp_path}/marks:/out:rw",
        f"{tmp_path}/cache/tiny-vgg-practical:/cache/tiny-vgg-practical:rw",
        f"{tmp_path}/the class:/submissions:ro",
        f"{tmp_path}/keras:/keras:ro",
    ]
    tail = f"{contained.PYTHON} -m autograder grade --out /out --submissions /submissions --only ann"
    assert command[command.index(contained.image_name()) + 1 :] == tail.split()
    assert capsys.readouterr().out == f"/out is {tmp_path}/marks\n"
    assert (tmp_path / "marks").is_dir()  # the engine would make it as root


def test_the_image_is_built_once(log: Path) -> None:
    install(log, image=1)
    assert contained.main([]) == 0
    assert [call[1] for call in calls(log)] == ["info", "image", "build", "run"]
    build = calls(log)[2]
    assert values(build, "--tag") == [contained.image_name()]
    assert values(build, "--build-arg") == [f"BASE={contained.BASE}"]
    log.unlink()
    install(log)
    assert contained.main([]) == 0
    assert [call[1] for call in calls(log)] == ["info", "image", "run"]


def test_exit_codes_are_those_of_the_container(log: Path) -> None:
    install(log, run=130)
    assert contained.main([]) == 130


def test_podman_serves_too_and_keeps_the_owner(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contained.os, "getuid", lambda: 1000)
    install(log, "docker", info=1)
    install(log, "podman")
    assert contained.main([]) == 0
    assert calls(log)[-1][:2] == ["podman", "run"]
    assert values(calls(log)[-1], "--userns") == ["keep-id"]


def test_one_sentence_says_why_there_is_no_container(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert contained.main([]) == 1
    words = "error: there is neither Docker nor Podman here: install one (docs/instructors.md)\n"
    assert capsys.readouterr().err == words
    install(log, info=1)
    assert contained.main([]) == 1
    assert capsys.readouterr().err == "error: docker: it does not run\n"
    install(log, image=1, build=3)
    assert contained.main([]) == 1
    assert capsys.readouterr().err == f"error: the image could not be made on {contained.BASE} (exit code 3)\n"


def test_wrong_folders_are_told_before_anything_is_built(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(log)
    assert contained.main(["--submissions", "nowhere"]) == 2
    assert contained.main(["--ids", "nobody.csv"]) == 2
    assert capsys.readouterr().err == "error: there is no folder nowhere\nerror: there is no file nobody.csv\n"
    assert not log.exists()


def test_the_line_for_those_without_make_is_printed(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(log)
    assert contained.main(["--print"]) == 0
    assert capsys.readouterr().out.startswith("docker run --rm --network none")
    assert len(calls(log)) == 1


def test_it_needs_nothing_but_python(tmp_path: Path) -> None:
    """Where the packages cannot be installed, this is the way."""
    command = [sys.executable, "-I", "-S", str(contained.FOLDER / "contained.py"), "--help"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_make_goes_into_the_container_when_told_to() -> None:
    command = ["make", "-n", "--no-print-directory", "grade", "IN=docker", "SUBMISSIONS=a b", "OUT=marks"]
    said = subprocess.run(command, cwd=contained.PROJECT, capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ['python3 autograder/docker/contained.py --submissions "a b" --out "marks"']
