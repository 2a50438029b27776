"""The tests with which plain Otter is compared must be fair: they accept the reference solution."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT

from lab.questions import QUESTIONS


@pytest.mark.slow
def test_the_solution_passes_every_plain_test(tmp_path: Path) -> None:
    out = tmp_path / "plain.json"
    path = os.pathsep.join(str(PROJECT / folder) for folder in ("tests", ".", "assignment", "autograder/handed_out"))
    done = subprocess.run(
        [sys.executable, "-m", "zoo.plain.compare", "--only", "solution", "--out", str(out)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text())["solution"]
    assert not found["fault"]
    assert not found["cell_errors"]
    assert set(found["tests"]) == set(QUESTIONS.points)
    assert all(2 <= len(cases) <= 6 for cases in found["tests"].values())
    assert not {name: message for cases in found["tests"].values() for name, message in cases.items() if message}
