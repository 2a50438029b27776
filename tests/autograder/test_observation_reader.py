"""The one-way door: what a hostile kernel says is refused with a reason, honest answers come back."""

import io
import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.sandbox import observation_reader
from autograder.sandbox.inside import messages
from autograder.sandbox.observation_reader import DoorError


def decode(value: Any, **arrays: np.ndarray) -> dict[str, Any]:
    text = value if isinstance(value, str) else json.dumps(value)
    packed = io.BytesIO()
    np.savez(packed, **arrays)  # type: ignore[arg-type]
    return observation_reader.decode(text.encode(), packed.getvalue())


def test_an_answer_comes_back_as_it_was() -> None:
    value = {"a": np.arange(6.0).reshape(2, 3), "b": [1, None, True, "é", {"c": np.zeros((0, 2), "uint8")}], "d": 0.1}
    back = observation_reader.decode(*messages.pack(value))
    np.testing.assert_array_equal(back["a"], value["a"])
    assert back["b"][:4] == [1, None, True, "é"]
    assert back["b"][4]["c"].shape == (0, 2)
    assert back["b"][4]["c"].dtype == np.uint8
    assert back["d"] == 0.1
    trusted = messages.restore(*messages.pack(value))
    np.testing.assert_array_equal(trusted["a"], value["a"])
    assert trusted["b"][:4] == back["b"][:4]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "an answer is not JSON"),
        ("[1]", "an answer is not a JSON object"),
        ('{"a":' * 100_000, "an answer is not JSON"),
        ('{"stored": "a0"}', "an array of an answer is missing"),
        ('{"a": ' + "9" * 21 + "}", "an answer is not JSON"),
        ('{"a": {"stored": "a7"}}', "an array of an answer is missing"),
        ('{"a": {"stored": 3}}', "an array of an answer is missing"),
    ],
    ids=["cut-off", "list", "deep", "an-array", "long", "unknown-array", "wrong-key"],
)
def test_forged_json_is_refused(text: str, words: str) -> None:
    with pytest.raises(DoorError, match=words):
        decode(text)


def test_text_that_is_no_text_is_refused() -> None:
    with pytest.raises(DoorError, match="an answer is not JSON"):
        observation_reader.decode(b"\xff\xfe{", b"")


def test_deep_nesting_is_refused() -> None:
    value: Any = 1
    for _ in range(observation_reader.MAX_DEPTH + 2):
        value = [value]
    with pytest.raises(DoorError, match="an answer is nested too deeply"):
        decode({"a": value})


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("pickle-ran",)


def test_pickles_are_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DoorError, match="cannot be read"):
        decode({"a": {"stored": "a0"}}, a0=np.array([Trap()], dtype=object))
    with pytest.raises(DoorError, match="cannot be read"):
        observation_reader.decode(b"{}", pickle.dumps(Trap()))
    assert not (tmp_path / "pickle-ran").exists()


def test_arrays_of_text_are_refused() -> None:
    with pytest.raises(DoorError, match="an array of an answer is not numeric"):
        decode({"a": 1}, a0=np.array(["x"]))


def test_many_values_are_refused_before_they_are_read() -> None:
    with pytest.raises(DoorError, match="an answer has more than 1,000,000 values"):
        decode({"a": [[]] * 1_000_000})


def test_sizes_are_capped_before_unpacking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observation_reader, "MAX_JSON", 50)
    with pytest.raises(DoorError, match="is larger than"):
        decode({"a": "x" * 100})
    monkeypatch.undo()
    monkeypatch.setattr(observation_reader, "MAX_ARRAYS", 100_000)
    packed = io.BytesIO()
    np.savez_compressed(packed, a0=np.zeros(10**6, "uint8"))  # a small file, a large array
    assert len(packed.getvalue()) < 100_000
    with pytest.raises(DoorError, match="too large"):
        observation_reader.decode(b"{}", packed.getvalue())
