"""Faults around the grader: it is killed, the disk is full, files cannot be read. Nothing recorded is lost."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import PROJECT

GRADE = [sys.executable, "-m", "autograder", "grade"]
AS_OTHERS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]
NEEDS_SETPRIV = pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root is stopped by no right, and setpriv is missing"
)


def without_roots_rights(command: list[str]) -> list[str]:
    """The command, for which rights of files count."""
    return [*AS_OTHERS, *command] if os.geteuid() == 0 else command


def grade(folder: Path, out: Path, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [*before, *GRADE, "--submissions", str(folder), "--out", str(out)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def class_of(size: int, folder: Path) -> Path:
    """A folder of files that cannot be parsed: they are graded in no time."""
    folder.mkdir()
    for number in range(size):
        (folder / f"student{number:03}.ipynb").write_text(f'{{"no notebook": {number}')
    return folder


def contents(out: Path) -> dict[str, str]:
    """Every file of a gradebook, times aside."""
    files = (path for path in out.rglob("[!.]*") if path.is_file())
    return {str(p.relative_to(out)): without_times(p.name, p.read_text()) for p in files}


def without_times(name: str, text: str) -> str:
    if name == "grades.csv":
        return re.sub(r",\d+\.\d,", ",,", text)
    return re.sub(r'"seconds": [\d.e-]+|<td>\d+\.\d</td></tr>', "", text)


@pytest.mark.slow
def test_a_grader_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = class_of(200, tmp_path / "class")
    assert grade(folder, tmp_path / "whole").returncode == 0
    (tmp_path / "killed").mkdir()
    shutil.copy(tmp_path / "whole" / "secret", tmp_path / "killed")
    results = tmp_path / "killed" / "results"
    moments = random.Random(4)
    kept: dict[str, str] = {}
    for target in sorted(moments.sample(range(5, 120), 4)):
        command = [*GRADE, "--submissions", str(folder), "--out", str(tmp_path / "killed")]
        process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while len(list(results.glob("*.json"))) < target and process.poll() is None:
            time.sleep(moments.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        process.wait()
        found = {path.name: path.read_text() for path in results.glob("*.json")}
        assert {name: found[name] for name in kept} == kept  # nothing is lost, or graded again
        assert all(json.loads(text)["status"] == "needs_review" for text in found.values())  # none is cut off
        kept = found
    assert target <= len(kept) < 200
    assert grade(folder, tmp_path / "killed").returncode == 0
    killed = contents(tmp_path / "killed")
    assert killed == contents(tmp_path / "whole")
    assert {name: (results / name).read_text() for name in kept} == kept


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="only root can make a small disk")
def test_a_full_disk_stops_the_run_and_loses_nothing(tmp_path: Path) -> None:
    folder = class_of(60, tmp_path / "class")
    (tmp_path / "disk").mkdir()
    kept = tmp_path / "kept"
    script = f"""
        mount -t tmpfs -o size=400k none {tmp_path}/disk
        {sys.executable} -m autograder grade --submissions {folder} --out {tmp_path}/disk/out; echo "first: $?"
        cp -r {tmp_path}/disk/out {kept}
        mount -o remount,size=40m {tmp_path}/disk
        {sys.executable} -m autograder grade --submissions {folder} --out {tmp_path}/disk/out; echo "second: $?"
        cp -r {tmp_path}/disk/out {tmp_path}/final
    """
    command = ["unshare", "--mount", "sh", "-c", script]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if "mount:" in done.stderr:
        pytest.skip(f"no small disk can be made here: {done.stderr.splitlines()[0]}")
    assert re.search(r"error: \[Errno 28\] No space left on device: '.*/disk/out/", done.stderr)
    assert "Traceback" not in done.stderr
    assert "first: 1\n" in done.stdout
    assert "second: 0\n" in done.stdout
    before = {p.name: p.read_text() for p in (kept / "results").glob("*.json")}
    after = {p.name: p.read_text() for p in (tmp_path / "final" / "results").glob("*.json")}
    assert 0 < len(before) < 60
    assert len(after) == 60
    assert {name: after[name] for name in before} == before
    assert not list(kept.rglob(".*.tmp"))


@NEEDS_SETPRIV
def test_a_submission_that_cannot_be_read_waits_without_marks(tmp_path: Path) -> None:
    folder = class_of(2, tmp_path / "class")
    closed = folder / "student001.ipynb"
    closed.chmod(0)
    done = grade(folder, tmp_path / "out", tuple(without_roots_rights([])))
    assert done.returncode == 0, done.stderr
    row = json.loads((tmp_path / "out" / "results" / "student001.json").read_text())
    assert (row["status"], row["score"]) == ("needs_review", None)
    assert row["notes"] == [
        f"Not graded: {closed} cannot be read (Permission denied). Mend that, then run the same command again: it "
        "grades what is missing."
    ]
    closed.chmod(0o600)
    done = grade(folder, tmp_path / "out", tuple(without_roots_rights([])))
    assert "Grading 1 submissions" in done.stdout
    row = json.loads((tmp_path / "out" / "results" / "student001.json").read_text())
    assert row["notes"][0].startswith("The file is not valid JSON")
    closed.chmod(0)  # graded already, closed afterwards: it keeps what it has
    done = grade(folder, tmp_path / "out", tuple(without_roots_rights([])))
    assert done.returncode == 0
    assert "student001 keeps its result: Not graded: " in done.stdout
    assert json.loads((tmp_path / "out" / "results" / "student001.json").read_text()) == row


@NEEDS_SETPRIV
def test_a_folder_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    folder = class_of(1, tmp_path / "class")
    folder.chmod(0)
    done = grade(folder, tmp_path / "out", tuple(without_roots_rights([])))
    folder.chmod(0o700)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"error: [Errno 13] Permission denied: '{folder}'"
    assert "Traceback" not in done.stderr


EXECUTE = """
import sys
import nbformat
from autograder.sandbox import execute
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(sys.argv[1])])
seen = execute(notebook, questions=("q1",))
print([error.error for error in seen.cell_errors])
"""
HIDING = {
    "rights": ("import os, time\nos.mkdir('closed', 0)\ntime.sleep(5)", "Permission denied"),
    "depth": (
        "import os, time\nfor _ in range(1500):\n    os.mkdir('x' * 200)\n    os.chdir('x' * 200)\ntime.sleep(5)",
        "File name too long",
    ),
}


@NEEDS_SETPRIV
@pytest.mark.parametrize("way", HIDING)
def test_scratch_folders_that_cannot_be_looked_into_end_the_kernel_and_go(tmp_path: Path, way: str) -> None:
    source, reason = HIDING[way]
    command = without_roots_rights([sys.executable, "-c", EXECUTE, source])
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"['not run: it ended the kernel (it hid files: {reason})']\n"
    assert list(tmp_path.iterdir()) == []
