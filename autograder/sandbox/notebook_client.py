"""nbclient with a jailed kernel of its own, and with limits to what a cell may put out."""

import logging
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient

MAX_OUTPUT = 10 * 2**20  # characters of one cell's output that are kept
MAX_MESSAGE = 400 * 2**20  # bytes of a message of the kernel's; at a larger one ZeroMQ hangs up

QUIET = logging.getLogger("autograder.sandbox.nbclient")  # time-outs are told in the results
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False


def sockets() -> zmq.asyncio.Context:
    """From which all sockets to one kernel come."""
    context = zmq.asyncio.Context()
    context.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE)
    return context


class Jailed(KernelSpecManager):
    """Knows one kernel: Python's, in the jail."""

    def __init__(self, command: list[str]) -> None:
        super().__init__()
        self._command = command

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The only one, whatever its name."""
        return KernelSpec(argv=self._command, display_name="Python 3", language="python")


class Client(NotebookClient):  # type: ignore[misc]
    """Drops what a cell puts out beyond `MAX_OUTPUT`, before it is kept."""

    def __init__(self, notebook: Any, **options: Any) -> None:
        super().__init__(notebook, **options)
        self._sizes: dict[int, int] = {}

    @property
    def flooded(self) -> list[int]:
        """Indices of the cells whose output was cut."""
        cells = range(len(self.nb.cells))
        return [index for index, size in self._sizes.items() if size > MAX_OUTPUT and index in cells]

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        """As in nbclient, up to a size; beyond it, of the errors of a cell the first one is kept, cut."""
        size = self._sizes.get(cell_index, 0) + _size((msg.get("content"), msg.get("metadata"), msg.get("buffers")))
        self._sizes[cell_index] = size
        if size > MAX_OUTPUT and msg["msg_type"] != "status":
            if msg["msg_type"] != "error" or error_of(cell) is not None:
                return None
            content = {name: str(msg["content"].get(name))[:300] for name in ("ename", "evalue")}
            msg = {**msg, "content": {**content, "traceback": []}}
        return super().process_message(msg, cell, cell_index)


def _size(value: Any) -> int:
    """Characters and bytes of what is in a message, however deep."""
    size, left = 0, [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += [*one, *one.values()]
        elif isinstance(one, list | tuple):
            left += one
        else:
            size += len(one) if isinstance(one, str | bytes | memoryview) else 8
    return size


def error_of(cell: Any) -> Any | None:
    """The first error among the outputs of a cell."""
    return next((o for o in cell.outputs if o.output_type == "error"), None)
