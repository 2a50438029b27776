"""Questions to the agent in a student's kernel; its answers, and what it tells of the notebook, are hostile data."""

import contextlib
import os
import secrets
import select
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.sandbox import observation_reader
from autograder.sandbox.inside import messages

TICK = 0.25  # seconds between two looks at whether anybody still answers
MAX_IN_ALL = 2**30  # bytes of the answers of one turn
PIPES = ("requests", "replies", "deeds")
MAX_DEED = 300  # characters of one of these
MAX_DEEDS = 2**16  # bytes that are kept of what is told about a notebook


class NoAnswer(Exception):
    """Nobody answers any more: the cell in which the agent works has ended."""


class Asking:
    """Named pipes to one kernel. A turn begins, questions are asked in it, and it ends.

    Args:
        folder: where the pipes are made.
    """

    def __init__(self, folder: Path) -> None:
        self.paths = tuple(folder / name for name in PIPES)
        for path in self.paths:
            os.mkfifo(path, 0o600)
        # Open on both sides, so that neither open nor write waits for the kernel, and its end is no end of file.
        descriptors = [os.open(path, os.O_RDWR | os.O_NONBLOCK) for path in self.paths]
        self._requests, self._replies, self._deeds = self._descriptors = descriptors
        self._turn, self._told = 0, b""
        self.event = secrets.token_hex(16)  # lets the agent answer, see inside/watching.py
        self._lost = threading.Event()
        self._received = 0

    def close(self) -> None:
        """Nothing is asked any more."""
        for descriptor in self._descriptors:
            os.close(descriptor)

    def hide(self) -> None:
        """The kernel has opened them: nobody finds them from now on."""
        for path in self.paths:
            path.unlink()

    def deeds(self) -> list[str]:
        """What the agent has told of the notebook since the last time, as ends of sentences."""
        while len(self._told) < MAX_DEEDS and select.select([self._deeds], [], [], 0)[0]:
            self._told += os.read(self._deeds, 2**12)
        lines, self._told = self._told.split(b"\n"), b""
        return [line.decode("utf-8", "replace")[:MAX_DEED] for line in lines if line]

    def begin(self) -> int:
        """Begin a turn; its number. Answers to earlier ones, and what nobody has asked for, are thrown away."""
        self._turn, self._received = self._turn + 1, 0
        self._lost.clear()
        while select.select([self._replies], [], [], 0)[0]:
            os.read(self._replies, 2**20)
        return self._turn

    def end(self) -> None:
        """End the turn: the agent goes back to where it was called."""
        self._write({"turn": self._turn, "verb": None})

    def give_up(self) -> None:
        """The turn has taken too long: the agent is told to end it, and who waits for an answer gets `NoAnswer`."""
        self.lose()
        with contextlib.suppress(NoAnswer):
            self.end()

    def lose(self) -> None:
        """Nobody answers any more: who waits for an answer gets `NoAnswer`."""
        self._lost.set()

    def ask(self, verb: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The answer, see `labkit.agent.Agent.answer`. Called from another thread than the one that runs the kernel.

        Raises:
            NoAnswer: the turn is lost.
            DoorError: what came is no answer to this.
        """
        number = secrets.randbits(62)
        self._write({"turn": self._turn, "number": number, "verb": verb, "arguments": arguments})
        limit = max(0, MAX_IN_ALL - self._received)
        try:
            text, packed = messages.read(
                self._read, observation_reader.MAX_JSON, min(observation_reader.MAX_ARRAYS, limit)
            )
        except messages.MessageError as error:
            raise observation_reader.DoorError(f"an answer cannot be read: {error}") from None
        self._received += len(text) + len(packed)
        reply = observation_reader.decode(text, packed)
        answer = reply.get("answer")
        if reply.get("number") != number or not isinstance(answer, dict) or not answer.keys() & {"value", "raised"}:
            raise observation_reader.DoorError("what came is no answer to what was asked")
        return answer

    def _write(self, message: dict[str, Any]) -> None:
        view = memoryview(messages.frame(message))
        while view:
            self._wait(self._requests, for_reading=False)
            view = view[os.write(self._requests, view) :]

    def _read(self, size: int) -> bytes:
        content = bytearray()
        while len(content) < size:
            self._wait(self._replies, for_reading=True)
            content += os.read(self._replies, min(size - len(content), 2**20))
        return bytes(content)

    def _wait(self, descriptor: int, for_reading: bool) -> None:
        """Until something can be read or written."""
        while True:
            pipes = [descriptor]
            ready = select.select(pipes if for_reading else [], [] if for_reading else pipes, [], TICK)
            if ready[0] or ready[1]:
                return
            if self._lost.is_set():
                raise NoAnswer
