"""What `make grade` says of this machine's speed, and how long it thinks that a class will take."""

import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from autograder import batch, calibration
from autograder.calibration import Reference, Speed

REFERENCE = Reference("AMD EPYC, 2 cores", "Python 3.11.7", piece=0.04, start=8.0, submission=4.0, bare=12.0)


@pytest.mark.parametrize(
    ("speed", "submissions", "bare", "jobs", "seconds", "said"),
    [
        (Speed(0.04, 1.0), 30, 0, 2, 68, "This machine has 1.0 times the speed of that of docs/benchmarks.md"),
        (Speed(0.08, 1.0), 30, 0, 2, 136, "This machine has 0.5 times the speed of that of docs/benchmarks.md"),
        (Speed(0.04, 0.25), 30, 0, 2, 272, "; other programs leave 25 % of a core to this one."),
        (Speed(0.04, 1.0), 30, 15, 2, 128, "(AMD EPYC, 2 cores)."),
        (Speed(0.02, 1.0), 31, 0, 2, 36, "This machine has 2.0 times the speed of that of docs/benchmarks.md"),
        (Speed(0.04, 1.0), 1, 0, 8, 12, "(AMD EPYC, 2 cores)."),
    ],
)
def test_the_time_left_follows_from_the_speed(
    speed: Speed, submissions: int, bare: int, jobs: int, seconds: float, said: str
) -> None:
    assert calibration.seconds_left(REFERENCE, speed, submissions, bare, jobs) == pytest.approx(seconds)
    assert said in calibration.sentence(REFERENCE, speed)


def test_the_work_is_short_and_always_the_same() -> None:
    one, two = calibration.measure(), calibration.measure()
    assert 1 / 4 < one.piece / two.piece < 4
    assert 0 < one.piece < 0.4, "a tenth of the reference's speed"
    assert 0 < one.share <= 1


def test_the_committed_reference_names_its_machine() -> None:
    reference = calibration.reference()
    assert reference is not None
    assert re.fullmatch(r".+, \d+ cores", reference.machine)
    assert re.fullmatch(r"Python [\d.]+, keras [\d.]+, tensorflow [\d.]+, numpy [\d.]+", reference.versions)


def grade(folder: Path) -> str:
    printed = Console(file=io.StringIO(), width=200)
    folder.mkdir()
    (folder / "ada.ipynb").write_bytes(b"")
    batch.grade_folder(folder, folder.parent / "out", batch.Options(jobs=1), printed)
    return str(printed.file.getvalue())  # type: ignore[attr-defined]


def test_a_batch_says_it_before_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "reference", lambda: REFERENCE)
    monkeypatch.setattr(calibration, "measure", lambda: Speed(0.05, 0.5))
    lines = grade(tmp_path / "submissions").splitlines()
    said = (
        "This machine has 0.8 times the speed of that of docs/benchmarks.md (AMD EPYC, 2 cores); other programs leave "
        "50 % of a core to this one. About 50 s left."
    )
    assert lines.index(said) < next(i for i, line in enumerate(lines) if line.startswith("ada: "))


def test_notebooks_without_pictures_are_expected_to_take_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, bare, packed, gone = (tmp_path / name for name in ("drawn.ipynb", "bare.ipynb", "packed.zip", "gone.ipynb"))
    drawn.write_text('{"data": {"image/png": "iVBORw0KGgo"}}')
    bare.write_text("{}")
    packed.write_text("PK")
    said: list[str] = []
    monkeypatch.setattr(calibration, "reference", lambda: REFERENCE)
    monkeypatch.setattr(calibration, "measure", lambda: Speed(0.04, 1.0))
    assert batch._expected([drawn, bare, packed, gone], 1, said.append) == 8 + 3 * 4 + 12
    assert batch._expected([], 1, said.append) is None
    assert len(said) == 1


@pytest.mark.parametrize("content", [None, "{", json.dumps({"piece": 1})])
def test_without_a_reference_it_says_nothing_of_it(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "REFERENCE", tmp_path / "reference.json")
    if content is not None:
        (tmp_path / "reference.json").write_text(content)
    said = grade(tmp_path / "submissions")
    assert "This machine" not in said
    assert (f"{tmp_path / 'reference.json'} is damaged: " in said) == (content is not None)
