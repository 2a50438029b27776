"""The one-way door: what a student's kernel says, as JSON and npz, is read as hostile data."""

import io
import json
import zipfile
from typing import Any

import numpy as np

from autograder import syntax
from autograder.sandbox.inside.messages import STORED
from labkit.plain_data import count_values

MAX_JSON = 20 * 2**20
MAX_VALUES = 1_000_000  # in it; two thousand are usual
MAX_ARRAYS = 256 * 2**20
MAX_MEMBERS = 20_000
MAX_DEPTH = 40
MAX_DIGITS = 20  # of an integer


class DoorError(ValueError):
    """What came back is no answer; the message says why."""


def decode(text: bytes, packed: bytes) -> dict[str, Any]:
    """What a kernel has said.

    Args:
        text: JSON, an object.
        packed: an npz of the arrays in it; nothing where there are none.

    Raises:
        DoorError: it is not what it should be, or too large.
    """
    if len(text) > MAX_JSON or len(packed) > MAX_ARRAYS:
        raise DoorError(f"an answer is larger than {MAX_JSON >> 20} MiB of text and {MAX_ARRAYS >> 20} MiB of arrays")
    if count_values(text) > MAX_VALUES:
        raise DoorError(f"an answer has more than {MAX_VALUES:,} values")
    try:
        written = json.loads(text, parse_int=_int)
    except (ValueError, RecursionError):
        raise DoorError("an answer is not JSON") from None
    restored = _restore(written, _arrays(packed) if packed else {}, MAX_DEPTH)
    if not isinstance(restored, dict):
        raise DoorError("an answer is not a JSON object")
    return restored


def _int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError("an integer of absurd size")
    return int(digits)


def _arrays(packed: bytes) -> dict[str, np.ndarray]:
    """Numeric arrays of an npz; sizes are looked at before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS or sum(m.file_size for m in members) > MAX_ARRAYS:
                raise DoorError("the arrays of an answer are too large")
        with syntax.building, np.load(io.BytesIO(packed), allow_pickle=False, max_header_size=2_000) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except DoorError:
        raise
    except Exception:
        raise DoorError("the arrays of an answer cannot be read") from None
    if any(a.dtype.kind not in "biuf" for a in arrays.values()):
        raise DoorError("an array of an answer is not numeric")
    return arrays


def _restore(value: Any, arrays: dict[str, np.ndarray], depth: int) -> Any:
    if depth == 0:
        raise DoorError("an answer is nested too deeply")
    if isinstance(value, dict):
        if set(value) == {STORED}:
            key = value[STORED]
            if not isinstance(key, str) or key not in arrays:
                raise DoorError("an array of an answer is missing")
            return arrays[key]
        return {k: _restore(v, arrays, depth - 1) for k, v in value.items()}
    if isinstance(value, list):
        return [_restore(v, arrays, depth - 1) for v in value]
    return value
