"""`make grade IN=docker` and `make review IN=docker`: which commands they run, with a program in the engine's place."""

import itertools
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.docker import contained
from autograder.gradebook import sources

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


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["grade", "SUBMISSIONS=a b", "OUT=marks"], '--submissions "a b" --out "marks"'),
        (["review", "OUT=my marks", "PORT=8000"], 'review --out "my marks" --port 8000'),
    ],
)
def test_make_goes_into_the_container_when_told_to(arguments: list[str], line: str) -> None:
    command = ["make", "-n", "--no-print-directory", "IN=docker", *arguments]
    said = subprocess.run(command, cwd=contained.PROJECT, capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == [f"python3 autograder/docker/contained.py {line}"]


# ---- the marking desk ----


def gradebook(folder: Path, submissions: Path | None = None) -> Path:
    """One with a result, whose submissions lie in a folder."""
    (folder / "results").mkdir(parents=True)
    if submissions is not None:
        submissions.mkdir(parents=True, exist_ok=True)
        (submissions / "ada.ipynb").write_text("{}")
        sources.write({submissions / "ada.ipynb": "ada"}, folder, "CIFAR-10")
    return folder


def test_the_desk_is_reached_from_this_machine_only(log: Path, tmp_path: Path) -> None:
    install(log)
    gradebook(tmp_path / "marks", tmp_path / "the class")
    assert contained.main(["review", "--out", "marks", "--port", "8123", "--behind-https", "marks.example"]) == 0
    command = calls(log)[-1]
    assert command[:3] == ["docker", "run", "--rm"]
    assert values(command, "--publish") == ["127.0.0.1:8123:8000"]
    assert values(command, "--user") == [f"{os.getuid()}:{os.getgid()}"]
    assert values(command, "--volume") == [
        f"{contained.PROJECT}:/project:ro",
        f"{tmp_path}/the class:/desk/the class:ro",
        f"{tmp_path}/marks:/desk/marks:rw",
    ]
    assert "DESK_PUBLISHED=127.0.0.1:8123" in values(command, "--env")
    tail = f"{contained.PYTHON} -m autograder review --out /desk/marks --host 0.0.0.0 --port 8000"
    assert command[command.index(contained.image_name()) + 1 :] == [*tail.split(), "--behind-https", "marks.example"]


def test_a_port_that_is_free_is_found_and_one_that_is_not_is_told(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(log)
    gradebook(tmp_path / "gradebook")
    assert contained.main(["review"]) == 0
    (published,) = values(calls(log)[-1], "--publish")
    assert 1024 <= int(published.split(":")[1]) < 65536
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert contained.main(["review", "--port", str(port)]) == 1
    words = f"error: the desk cannot listen on 127.0.0.1, port {port} (Address already in use): choose another one "
    assert capsys.readouterr().err == f"{words}with PORT\n"


def test_a_desk_that_cannot_be_opened_is_told_before_anything_is_built(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(log)
    assert contained.main(["review", "--out", "marks"]) == 2
    assert not (tmp_path / "marks").exists()
    gradebook(tmp_path / "marks")
    assert contained.main(["review", "--out", "marks", "--host", "0.0.0.0"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: marks holds no results: `make grade OUT=marks` makes a gradebook",
        "error: in a container the desk is for this machine only: leave HOST out, put a reverse proxy before it",
    ]
    assert not log.exists()


@pytest.mark.parametrize(
    ("out", "submissions"),
    [("marks", "class"), ("a/b/marks", "class/of/2026"), ("class/marks", "class"), ("marks", "marks/class")],
)
def test_notebooks_are_found_in_the_container_as_they_are_here(tmp_path: Path, out: str, submissions: str) -> None:
    made = gradebook(tmp_path / out, tmp_path / submissions)
    command = contained.review_command("docker", made, 8000, [], is_terminal=False)
    places = {place: Path(here) for here, place, _ in (volume.split(":") for volume in values(command, "--volume"))}
    inside = command[command.index("--out") + 1]
    assert places[inside] == made
    folder, _, name = json.loads((made / sources.NAME).read_text())["places"]["ada"].rpartition("/")
    assert (places[os.path.normpath(f"{inside}/{folder}")] / name).read_text() == "{}"


def test_a_gradebook_without_its_submissions_can_be_opened(tmp_path: Path) -> None:
    made = gradebook(tmp_path / "marks", tmp_path / "class")
    (tmp_path / "class").rename(tmp_path / "moved")
    for damage in (None, "[]", "{", '{"places": {"ada": "ada.ipynb"}}'):
        if damage is not None:
            (made / sources.NAME).write_text(damage)
        command = contained.review_command("docker", made, 8000, [], is_terminal=True)
        assert len(values(command, "--volume")) == 2


def test_a_gradebook_that_was_graded_in_a_container_finds_its_submissions_here(log: Path, tmp_path: Path) -> None:
    """The container saw them elsewhere; the desk may be opened with a container or without."""
    install(log)
    made = gradebook(tmp_path / "a" / "marks", tmp_path / "class")
    (made / sources.NAME).write_text(
        json.dumps({"data": "CIFAR-10", "places": {"ada": "../submissions/ada.ipynb", "bob": "../elsewhere/bob"}})
    )
    assert contained.main(["--submissions", "class", "--out", "a/marks"]) == 0
    assert sources.path_of("ada", made) == tmp_path / "class" / "ada.ipynb"
    assert sources.path_of("bob", made) is None
    assert sources.data_of(made) == "CIFAR-10"
