"""The one-way door: observations come back from the sandbox as JSON and npz, read as hostile data."""

import io
import json
import os
import stat
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from autograder import syntax
from lab.run_record import count_values

MAX_JSON = 20 * 2**20
MAX_VALUES = 1_000_000  # in it; two thousand are usual
MAX_ARRAYS = 256 * 2**20
MAX_MEMBERS = 20_000
MAX_DEPTH = 40
MAX_DIGITS = 20  # of an integer


class DoorError(ValueError):
    """What came back is not an observation; the message says why."""


def read(folder: Path, question: str, seed: int) -> dict[str, Any] | None:
    """The observation that the sandbox wrote for a question; None if it wrote none.

    Args:
        folder: where the sandbox writes.
        question: such as "q4".
        seed: of the inputs that the question was tried with; what was written for others is refused.

    Raises:
        DoorError: a file is too large, a link, or not what it should be.
    """
    text = _bytes(folder / f"{question}.json", MAX_JSON)
    if text is None:
        return None
    if count_values(text) > MAX_VALUES:
        raise DoorError(f"the observation of {question} has more than {MAX_VALUES:,} values")
    packed = _bytes(folder / f"{question}.npz", MAX_ARRAYS)
    try:
        written = json.loads(text, parse_int=_int)
    except (ValueError, RecursionError):
        raise DoorError(f"the observation of {question} is not JSON") from None
    if not isinstance(written, dict) or not isinstance(written.get("observation"), dict):
        raise DoorError(f"the observation of {question} is not a JSON object")
    if written.get("seed") != seed:
        raise DoorError(f"the observation of {question} is not one of this run")
    arrays = _arrays(packed) if packed else {}
    restored = _restore(written["observation"], arrays, MAX_DEPTH)
    if not isinstance(restored, dict):
        raise DoorError(f"the observation of {question} is not a JSON object")
    return restored


def _int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError("an integer of absurd size")
    return int(digits)


def _bytes(path: Path, limit: int) -> bytes | None:
    """Content of a plain file of bounded size; links are not followed."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DoorError(f"{path.name} cannot be read: {error.strerror}") from None
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise DoorError(f"{path.name} is not a plain file")
        content = file.read(limit + 1)
    if len(content) > limit:
        raise DoorError(f"{path.name} is larger than {limit >> 20} MiB")
    return content


def _arrays(packed: bytes) -> dict[str, np.ndarray]:
    """Numeric arrays of an npz; sizes are looked at before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS or sum(m.file_size for m in members) > MAX_ARRAYS:
                raise DoorError("the arrays of an observation are too large")
        with syntax.building, np.load(io.BytesIO(packed), allow_pickle=False, max_header_size=2_000) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except DoorError:
        raise
    except Exception:
        raise DoorError("the arrays of an observation cannot be read") from None
    if any(a.dtype.kind not in "biuf" for a in arrays.values()):
        raise DoorError("an array of an observation is not numeric")
    return arrays


def _restore(value: Any, arrays: dict[str, np.ndarray], depth: int) -> Any:
    if depth == 0:
        raise DoorError("an observation is nested too deeply")
    if isinstance(value, dict):
        if set(value) == {"stored"}:
            key = value["stored"]
            if not isinstance(key, str) or key not in arrays:
                raise DoorError("an array of an observation is missing")
            return arrays[key]
        return {k: _restore(v, arrays, depth - 1) for k, v in value.items()}
    if isinstance(value, list):
        return [_restore(v, arrays, depth - 1) for v in value]
    return value
