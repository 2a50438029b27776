"""Questions to an agent over named pipes: what it says is taken only as an answer to what was asked."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.sandbox import asking
from autograder.sandbox.asking import Asking, NoAnswer
from autograder.sandbox.inside import messages
from autograder.sandbox.observation_reader import DoorError


@pytest.fixture
def pipes(tmp_path: Path) -> Iterator[Asking]:
    made = Asking(tmp_path)
    yield made
    made.close()


def kernel(pipes: Asking, reply: Callable[[dict[str, Any]], bytes]) -> threading.Thread:
    """Answers in a thread what is asked, up to the end of the turn."""
    requests, replies = os.open(pipes.paths[0], os.O_RDONLY), os.open(pipes.paths[1], os.O_WRONLY)

    def read(size: int) -> bytes:
        content = bytearray()
        while len(content) < size:
            content += os.read(requests, size - len(content))
        return bytes(content)

    def work() -> None:
        while True:
            request = messages.restore(*messages.read(read, 2**30, 2**30))
            if request["verb"] is None:
                break
            messages.write_all(replies, reply(request))
        os.close(requests)
        os.close(replies)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def echo(request: dict[str, Any]) -> bytes:
    return messages.frame({"number": request["number"], "answer": {"value": request["arguments"]}})


def test_large_arrays_go_there_and_back(pipes: Asking) -> None:
    thread = kernel(pipes, echo)
    pipes.begin()
    given = np.random.default_rng(0).random(2**20)
    np.testing.assert_array_equal(pipes.ask("v", {"x": given})["value"]["x"], given)
    assert pipes.ask("v", {"a": [1, None]}) == {"value": {"a": [1, None]}}
    pipes.end()
    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (lambda r: b"x" * 100, "an answer cannot be read: it does not begin as a message does"),
        (lambda r: messages.frame({"number": r["number"] + 1, "answer": {"value": 1}}), "no answer to what was asked"),
        (lambda r: messages.frame({"answer": {"value": 1}}), "no answer to what was asked"),
        (lambda r: messages.frame({"number": r["number"], "answer": {}}), "no answer to what was asked"),
        (lambda r: messages.frame({"number": r["number"], "answer": 3}), "no answer to what was asked"),
        (lambda r: messages.frame([]), "an answer is not a JSON object"),
        (lambda r: messages.HEAD.pack(messages.MARK, 2**62, 0), "an answer cannot be read: it is larger than 20 and"),
        (lambda r: messages.HEAD.pack(messages.MARK, 0, 2**62), "an answer cannot be read: it is larger than 20 and"),
    ],
    ids=["noise", "another-number", "no-number", "empty", "no-dict", "list", "long-text", "large-arrays"],
)
def test_what_is_no_answer_is_refused(pipes: Asking, reply: Callable[[dict[str, Any]], bytes], words: str) -> None:
    kernel(pipes, reply)
    pipes.begin()
    with pytest.raises(DoorError, match=words):
        pipes.ask("v", {})
    pipes.end()


def test_what_was_said_before_it_was_asked_is_thrown_away(pipes: Asking) -> None:
    with pipes.paths[1].open("wb") as forged:
        forged.write(messages.frame({"number": 1, "answer": {"value": "forged"}}))
    kernel(pipes, echo)
    pipes.begin()
    assert pipes.ask("v", {"a": 1}) == {"value": {"a": 1}}
    pipes.end()


def test_all_answers_of_a_turn_are_limited(pipes: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MAX_IN_ALL", 20_000)
    kernel(pipes, echo)
    pipes.begin()
    pipes.ask("v", {"x": np.zeros(2_000)})
    with pytest.raises(DoorError, match="an answer cannot be read: it is larger than"):
        pipes.ask("v", {"x": np.zeros(2_000)})
    pipes.end()


def test_who_waits_for_an_answer_is_told_that_none_will_come(pipes: Asking) -> None:
    pipes.begin()
    threading.Timer(0.1, pipes.give_up).start()
    with pytest.raises(NoAnswer):
        pipes.ask("v", {})


def test_a_kernel_that_reads_nothing_blocks_nobody(pipes: Asking) -> None:
    pipes.begin()
    threading.Timer(0.1, pipes.lose).start()
    with pytest.raises(NoAnswer):
        pipes.ask("v", {"x": np.zeros(2**20)})
    pipes.give_up()
