"""The agent in the kernel: it answers requests, one at a time, until it is told to stop."""

import contextlib
import os
from collections.abc import Sequence
from typing import Any

from .messages import frame, read, restore, write_all

MAX_REQUEST = 2**30  # bytes

_server: "_Server | None" = None  # for the life of the kernel


def open_pipes(requests: str, replies: str, late: Sequence[str]) -> None:
    """Make the agent, before anything of the student's has run.

    Args:
        requests, replies: named pipes.
        late: cells that are left out, to be run when a name of theirs is looked up.
    """
    global _server
    _server = _Server(requests, replies, late)


def serve(turn: int) -> None:
    """Answer the requests of one turn, up to its end; those of earlier turns are left out."""
    if _server is None:
        raise RuntimeError("there is no agent")
    _server.serve(turn)


class _Server:
    """An agent at the end of two pipes."""

    def __init__(self, requests: str, replies: str, late: Sequence[str]) -> None:
        from IPython import get_ipython

        from lab.agent import Agent

        from .fallbacks import FUNCTIONS

        self._requests, self._replies = os.open(requests, os.O_RDONLY), os.open(replies, os.O_WRONLY)
        self._names: dict[str, Any] = get_ipython().user_ns
        self._late = list(late)
        self._agent = Agent(self._names, FUNCTIONS, self._catch_up, contained=(BaseException,))

    def serve(self, turn: int) -> None:
        from lab.agent import is_function

        from .shell import last_callables

        for name, function in last_callables.items():  # it may have been used again, as in `evaluate = evaluate(...)`
            if not is_function(self._names.get(name)):
                self._names[name] = function
        while True:
            request = restore(*read(self._read, MAX_REQUEST, MAX_REQUEST))
            if request["turn"] != turn:
                continue
            if request["verb"] is None:
                self._agent.forget()
                return
            answer = self._agent.answer(request["verb"], request["arguments"])
            write_all(self._replies, frame({"number": request["number"], "answer": answer}))

    def _read(self, size: int) -> bytes:
        parts = []
        while size:
            part = os.read(self._requests, min(size, 2**20))
            if not part:
                raise EOFError("nobody asks any more")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _catch_up(self) -> None:
        from lab.quiet import quiet

        while self._late:
            source = self._late.pop(0)
            with quiet(), contextlib.suppress(Exception, SystemExit):  # it may be what does not work
                exec(compile(source, "<cell>", "exec"), self._names)
