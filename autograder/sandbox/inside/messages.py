"""Messages between a probe and the agent in the kernel: plain data as JSON, its arrays as npz beside it."""

import io
import json
import os
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

HEAD = struct.Struct("<4sQQ")  # mark, bytes of the text, bytes of the arrays
MARK = b"ask1"
STORED = "stored"  # {"stored": key} stands for an array of the npz

# As they were before a notebook could change them.
_dumps, _loads, _load, _savez, _write = json.dumps, json.loads, np.load, np.savez, os.write


class MessageError(ValueError):
    """What arrived is no message; the message of the error says why."""


def pack(value: Any) -> tuple[bytes, bytes]:
    """The text, and the arrays."""
    arrays: dict[str, np.ndarray] = {}

    def strip(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            key = f"a{len(arrays)}"
            arrays[key] = value
            return {STORED: key}
        if isinstance(value, dict):
            return {k: strip(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [strip(v) for v in value]
        return value.item() if isinstance(value, np.generic) else value

    text = _dumps(strip(value)).encode()
    packed = io.BytesIO()
    if arrays:
        _savez(packed, **arrays)  # type: ignore[arg-type]
    return text, packed.getvalue()


def frame(value: Any) -> bytes:
    """A whole message."""
    text, packed = pack(value)
    return b"".join((HEAD.pack(MARK, len(text), len(packed)), text, packed))


def read(read_exactly: Callable[[int], bytes], max_text: int, max_packed: int) -> tuple[bytes, bytes]:
    """Text and arrays of the next message; sizes are looked at first.

    Raises:
        MessageError: it is none, or too large.
    """
    mark, of_text, of_packed = HEAD.unpack(read_exactly(HEAD.size))
    if mark != MARK:
        raise MessageError("it does not begin as a message does")
    if of_text > max_text or of_packed > max_packed:
        raise MessageError(f"it is larger than {max_text >> 20} and {max_packed >> 20} MiB")
    return read_exactly(of_text), read_exactly(of_packed)


def restore(text: bytes, packed: bytes) -> Any:
    """What was packed. For messages that can be trusted: those of the other direction are read by `sandbox.door`."""
    arrays = dict(_load(io.BytesIO(packed), allow_pickle=False)) if packed else {}

    def put_back(value: Any) -> Any:
        if isinstance(value, dict):
            return arrays[value[STORED]] if set(value) == {STORED} else {k: put_back(v) for k, v in value.items()}
        return [put_back(v) for v in value] if isinstance(value, list) else value

    return put_back(_loads(text))


def write_all(descriptor: int, content: bytes) -> None:
    """Write to a pipe that blocks."""
    view = memoryview(content)
    while view:
        view = view[_write(descriptor, view) :]
