"""The agent in the kernel: it answers requests, one at a time, until it is told to stop."""

import builtins
import contextlib
import gc
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import keras
import numpy as np
from IPython import get_ipython

from labkit.agent import Agent, is_function
from labkit.quiet import quiet

from .messages import frame, read, restore, write_all
from .shell import last_callables
from .watching import Watch, libraries

MAX_REQUEST = 2**30  # bytes
USED: tuple[tuple[Any, str], ...] = (  # by the agent, where a notebook could change them
    (
        builtins,
        "all any callable dict getattr hasattr id isinstance len list max min set sorted str sum tuple type zip",
    ),
    (json.JSONEncoder, "default encode iterencode"),
    (json.JSONDecoder, "decode raw_decode"),
    (np, "array array_equal asarray ascontiguousarray ndim"),
    (keras.layers.Layer, "__call__ get_weights set_weights"),
    (keras.Model, "compile compute_loss compute_metrics evaluate fit predict train_on_batch"),
    (keras.Variable, "assign"),
    (sys, "audit"),
)
OURS = ("inside", "lab", "labkit", "practical_kernel")  # packages that the notebook does not share with the agent


def begin(scratch: str, event: str, late: Sequence[str], fallbacks: Mapping[str, Callable[..., Any]]) -> None:
    """Make the agent, before anything of the student's has run; it is out of the notebook's reach then.

    Args:
        scratch: the scratch folder, with the named pipes.
        event: name of the audit event that lets the agent answer, see `watching`.
        late: cells that are left out, to be run when a name of theirs is looked up.
        fallbacks: functions that stand in where an earlier answer is unusable.
    """
    server = _Server(f"{scratch}/pipes", late, fallbacks)
    ours = f"{scratch}/pipes", f"{scratch}/lib/inside", f"{scratch}/lib/practical_kernel"
    watch = Watch(server.report, event, server.serve, ours, [*libraries(), f"{scratch}/lib/"])
    for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
        server.keep(sys.modules.pop(name))  # a notebook that imports `lab` gets one of its own
    os.register_at_fork(after_in_child=server.leave)
    watch.begin()
    gc.freeze()  # what is frozen is not among the objects that `gc` gives out


def _is_class_of(value: Any, module: ModuleType) -> bool:
    return isinstance(value, type) and value.__module__ == module.__name__


class _Server:
    """An agent at the end of named pipes."""

    def __init__(self, pipes: str, late: Sequence[str], fallbacks: Mapping[str, Callable[..., Any]]) -> None:
        self._requests = os.open(f"{pipes}/requests", os.O_RDONLY)
        self._replies, self._deeds = (os.open(f"{pipes}/{name}", os.O_WRONLY) for name in ("replies", "deeds"))
        self._names: dict[str, Any] = get_ipython().user_ns
        self._late = list(late)
        self._agent = Agent(self._names, fallbacks, self._catch_up, contained=(BaseException,))
        self._used = [(owner, name, getattr(owner, name)) for owner, names in USED for name in names.split()]
        self._own: list[tuple[Any, str, Any]] = []  # names of a module or class, one of them, what it was
        self._write, self._read_pipe, self._close = os.write, os.read, os.close

    def keep(self, module: ModuleType) -> None:
        """Remember the functions and classes of a module of ours, and the methods of these."""
        for owner in (module, *(value for value in vars(module).values() if _is_class_of(value, module))):
            self._own += [(vars(owner), name, value) for name, value in vars(owner).items() if callable(value)]

    def report(self, what: str) -> None:
        """Tell what the notebook does."""
        self._write(self._deeds, what.encode("utf-8", "replace") + b"\n")

    def leave(self) -> None:
        """In a fork of the kernel: it neither hears questions nor answers them; what it does is told all the same."""
        ours, self._requests, self._replies = (self._requests, self._replies), -1, -1
        for descriptor in ours:
            with contextlib.suppress(OSError):
                self._close(descriptor)

    def serve(self, turn: int) -> None:
        """Answer the requests of one turn, up to its end; those of earlier turns are left out."""
        for name, function in last_callables.items():  # it may have been used again, as in `evaluate = evaluate(...)`
            if not is_function(self._names.get(name)):
                self._names[name] = function
        self.report(f"serves {turn}")
        self._check()
        while True:
            request = restore(*read(self._read, MAX_REQUEST, MAX_REQUEST))
            if request["turn"] != turn:
                continue
            if request["verb"] is None:
                self._agent.forget()
                self._check()
                return
            answer = self._agent.answer(request["verb"], request["arguments"])
            write_all(self._replies, frame({"number": request["number"], "answer": answer}))

    def _check(self) -> None:
        """Tell which functions that the agent uses are no longer what they were."""
        for owner, name, before in self._used:
            if getattr(owner, name, None) is not before:
                self.report(f"changes `{getattr(owner, '__name__', '')}.{name}`, which the grader uses")
        if any(names.get(name) is not before for names, name, before in self._own):
            self.report("changes the grader's own functions")

    def _read(self, size: int) -> bytes:
        parts = []
        while size:
            part = self._read_pipe(self._requests, min(size, 2**20))
            if not part:
                raise EOFError("nobody asks any more")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _catch_up(self) -> None:
        while self._late:
            source = self._late.pop(0)
            with quiet(), contextlib.suppress(Exception, SystemExit):  # it may be what does not work
                exec(compile(source, "<cell>", "exec"), self._names)
