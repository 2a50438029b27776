"""A small class through `make endurance`: graded at once, with graders that are killed, and with the desk open."""

import re
from pathlib import Path

import pytest

from zoo import endurance

N = 12


@pytest.mark.slow
def test_a_small_class_survives_its_graders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(endurance, "FOLDER", tmp_path)
    for name in ("CLASS", "WHOLE", "KILLED", "OPEN"):
        monkeypatch.setattr(endurance, name, tmp_path / name.lower())
    monkeypatch.setattr(endurance, "KILLS", 2)
    endurance.grade_at_once(N, seed=3)
    assert endurance.grade_killed(seed=3) == 0
    said = capsys.readouterr().out
    assert f"{N} submissions in " in said
    assert "killed 2 times, with " in said
    assert said.endswith(" files differ; 0 processes were left by killed runs\n")
    assert endurance.grade_with_the_desk_open(seed=3) == 0
    said = capsys.readouterr().out
    assert re.fullmatch(
        r"[1-9]\d* marks were given meanwhile: 0 are lost, 0 are on no page; 0 of \d+ files differ\n", said
    )
    damaged = [path for path in endurance.CLASS.iterdir() if path.read_bytes()[-1:] != b"\n"]
    assert len(damaged) == 2, "every tenth file is cut off, and has its row too"
    assert len((endurance.WHOLE / "grades.csv").read_text().splitlines()) == N + 1
