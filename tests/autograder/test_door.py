"""The one-way door: observations written by a hostile kernel are refused with a reason, honest ones come back."""

import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.sandbox import door
from autograder.sandbox.door import DoorError
from autograder.sandbox.inside.look import store


def write(folder: Path, value: Any, **arrays: np.ndarray) -> None:
    text = value if isinstance(value, str) else json.dumps({"seed": 7, "observation": value})
    (folder / "q1.json").write_text(text)
    np.savez(folder / "q1.npz", **arrays)


def test_an_observation_comes_back_as_it_was(tmp_path: Path) -> None:
    value = {"a": np.arange(6.0).reshape(2, 3), "b": [1, None, True, "é", {"c": np.zeros((0, 2), "uint8")}], "d": 0.1}
    store(value, tmp_path / "q1", 7)
    back = door.read(tmp_path, "q1", 7)
    assert back is not None
    np.testing.assert_array_equal(back["a"], value["a"])
    assert back["b"][:4] == [1, None, True, "é"]
    assert back["b"][4]["c"].shape == (0, 2)
    assert back["b"][4]["c"].dtype == np.uint8
    assert back["d"] == 0.1


def test_nothing_written_is_none(tmp_path: Path) -> None:
    assert door.read(tmp_path, "q1", 7) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("[1]", "is not a JSON object"),
        ('{"a":' * 100_000, "is not JSON"),
        ('{"seed": 7, "observation": [1]}', "is not a JSON object"),
        ('{"seed": 7, "observation": {"stored": "a0"}}', "is missing"),
        ('{"seed": 8, "observation": {}}', "is not one of this run"),
        ('{"observation": {}}', "is not one of this run"),
        ('{"seed": 7, "observation": {"a": ' + "9" * 21 + "}}", "is not JSON"),
        ('{"seed": 7, "observation": {"a": {"stored": "a7"}}}', "is missing"),
        ('{"seed": 7, "observation": {"a": {"stored": 3}}}', "is missing"),
    ],
    ids=[
        "cut-off",
        "list",
        "deep",
        "of-a-list",
        "an-array",
        "replayed",
        "no-seed",
        "long",
        "unknown-array",
        "wrong-key",
    ],
)
def test_forged_json_is_refused(tmp_path: Path, text: str, words: str) -> None:
    write(tmp_path, text)
    with pytest.raises(DoorError, match=words):
        door.read(tmp_path, "q1", 7)


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    value: Any = 1
    for _ in range(door.MAX_DEPTH + 2):
        value = [value]
    write(tmp_path, {"a": value})
    with pytest.raises(DoorError, match="nested too deeply"):
        door.read(tmp_path, "q1", 7)


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("pickle-ran",)


def test_pickles_are_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"a": {"stored": "a0"}}, a0=np.array([Trap()], dtype=object))
    with pytest.raises(DoorError, match="cannot be read"):
        door.read(tmp_path, "q1", 7)
    (tmp_path / "q1.npz").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(DoorError, match="cannot be read"):
        door.read(tmp_path, "q1", 7)
    assert not (tmp_path / "pickle-ran").exists()


def test_arrays_of_text_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {"a": 1}, a0=np.array(["x"]))
    with pytest.raises(DoorError, match="not numeric"):
        door.read(tmp_path, "q1", 7)


def test_many_values_are_refused_before_they_are_read(tmp_path: Path) -> None:
    write(tmp_path, {"a": [[]] * 1_000_000})
    with pytest.raises(DoorError, match="the observation of q1 has more than 1,000,000 values"):
        door.read(tmp_path, "q1", 7)


@pytest.mark.parametrize("name", ["q1.json", "q1.npz"])
def test_links_are_not_followed(tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("{}")
    write(tmp_path, {})
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to(secret)
    with pytest.raises(DoorError, match=f"{name} cannot be read"):
        door.read(tmp_path, "q1", 7)


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "q1.json")
    with pytest.raises(DoorError, match="not a plain file"):
        door.read(tmp_path, "q1", 7)


def test_sizes_are_capped_before_unpacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MAX_JSON", 50)
    write(tmp_path, {"a": "x" * 100})
    with pytest.raises(DoorError, match="is larger than"):
        door.read(tmp_path, "q1", 7)
    monkeypatch.undo()
    monkeypatch.setattr(door, "MAX_ARRAYS", 100_000)
    write(tmp_path, {})
    np.savez_compressed(tmp_path / "q1.npz", a0=np.zeros(10**6, "uint8"))  # a small file, a large array
    assert (tmp_path / "q1.npz").stat().st_size < 100_000
    with pytest.raises(DoorError, match="too large"):
        door.read(tmp_path, "q1", 7)
