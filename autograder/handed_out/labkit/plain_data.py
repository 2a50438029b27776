"""Turn what a student's function returned into plain data: JSON values and NumPy arrays, never code.

`plain` copies and caps; nothing that it returns refers to an object of the student's.
"""

import contextlib
import itertools
import numbers
import re
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

Plain: TypeAlias = bool | int | float | str | np.ndarray | list["Plain"] | dict[str, "Plain"] | None

MAX_ARRAY_BYTES = 64 * 2**20
MAX_ITEMS = 20_000
MAX_DEPTH = 8
MAX_TEXT = 4_000
KEY_STEP = 48  # every 48th value of an image tells it from all others
MAX_IN_ALL = 200_000  # items of nested containers


_of_figures: list[Callable[[Any], Plain]] = []  # what describes them, once something that needs Matplotlib is imported


def describes_figures(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Decorates the function by which `plain` describes figures."""
    _of_figures[:] = [function]
    return function


def plain(value: Any, depth: int = MAX_DEPTH) -> Plain:
    """A plain copy of any value.

    Arrays and tensors become NumPy arrays, histories and data frames dicts of lists, figures what is drawn
    in them. What has no plain form becomes `{"kind": "object", "type": ...}`. Dicts made here for special
    values have the key "kind".

    Raises:
        Nothing of its own; an exception of the value's own methods goes through.
    """
    return _Copier().copy(value, depth)


class _Copier:
    """Copies one value; counts items, since nested containers can hold any number of them."""

    def __init__(self) -> None:
        self._left = MAX_IN_ALL

    def copy(self, value: Any, depth: int) -> Plain:
        if value is None or isinstance(value, bool | np.bool_):
            return None if value is None else bool(value)
        if isinstance(value, str):
            return str(value)[:MAX_TEXT]
        if isinstance(value, np.ndarray):
            return self._array(value, depth)
        if isinstance(value, numbers.Integral):
            number = int(value)
            return number if abs(number) < 2**63 else {"kind": "object", "type": "an integer of absurd size"}
        if isinstance(value, numbers.Real):
            return float(value)
        if depth == 0 or self._left <= 0:
            return _opaque(value)
        if _is_instance(value, "matplotlib.figure", "FigureBase") and _of_figures:
            return _of_figures[0](value)
        if _is_instance(value, "keras.src.callbacks.history", "History"):
            return {"kind": "History", "history": self.copy(value.history, depth - 1)}
        if _is_instance(value, "pandas", "DataFrame"):
            return {"kind": "DataFrame", "columns": self.copy(value.to_dict("list"), depth - 1)}
        if _is_instance(value, "pandas", "Series"):
            return self.copy(value.to_list(), depth - 1)
        if isinstance(value, Mapping):
            items = self._count(value.items())
            return {str(key)[:MAX_TEXT]: self.copy(item, depth - 1) for key, item in items}
        if isinstance(value, list | tuple | set | frozenset | range | type({}.keys()) | type({}.values())):
            return [self.copy(item, depth - 1) for item in self._count(value)]
        if callable(getattr(value, "__array__", None)):
            return self._array(np.asarray(value), depth)
        return _opaque(value)

    def _count(self, values: Iterable[Any]) -> list[Any]:
        items = list(itertools.islice(values, MAX_ITEMS))
        self._left -= len(items)
        return items

    def _array(self, array: np.ndarray, depth: int) -> Plain:
        if array.dtype.kind == "V" and array.dtype.names is None:  # bfloat16 and the like
            with contextlib.suppress(TypeError, ValueError):
                array = array.astype(np.float32)
        if array.dtype.kind not in "biuf":
            return self.copy(array.tolist(), max(depth - 1, 0)) if array.size <= MAX_ITEMS else _opaque(array)
        if array.nbytes > MAX_ARRAY_BYTES:
            return {"kind": "array", "shape": list(array.shape), "dtype": str(array.dtype)}
        if array.dtype.kind == "f" and array.dtype.itemsize not in (2, 4, 8):
            array = array.astype(np.float64)
        return np.array(array)  # a copy, of the base class


def _opaque(value: Any) -> Plain:
    return {"kind": "object", "type": type(value).__name__[:200]}


def _is_instance(value: Any, module: str, name: str) -> bool:
    """isinstance without importing a heavy package that the student may not use."""
    return any(base.__name__ == name and (base.__module__ or "").startswith(module) for base in type(value).__mro__)


def image_keys(x: Any) -> np.ndarray:
    """For each image a key (n, values) that no other image has; none where these are no images."""
    x = np.asarray(x)
    if x.ndim < 2 or not x.size or x.dtype.kind not in "biuf":
        return np.zeros((0, 0), np.float32)
    return np.ascontiguousarray(x.reshape(len(x), -1)[:, ::KEY_STEP], dtype=np.float32)


def describe_error(error: BaseException, name: str = "") -> dict[str, Plain]:
    """An error in plain form, with the line of the notebook that raised it.

    Args:
        error: see there.
        name: of the function that was called.
    """
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "ipykernel" in f.filename or f.filename.startswith(("<ipython", "<cell"))]
    line = (own[-1].line or "") if own else ""
    try:
        message = without_colours(str(error))
    except Exception:
        message = ""
    return {
        "kind": "raised",
        "name": name,
        "type": type(error).__name__[:100],
        "message": message[:500],
        "line": line[:200],
    }


def count_values(text: bytes) -> int:
    """How many values a JSON text has at most, before it is read: a list of two bytes takes sixty in memory."""
    return sum(text.count(mark) for mark in (b",", b"[", b"{"))


def without_colours(message: str) -> str:
    """Keras writes some of its messages in bold."""
    return re.sub(r"\x1b\[[0-9;]*m", "", message)


def text_of(error: BaseException) -> str:
    """Kind and message of an error, less what Keras and TensorFlow add for their own developers."""
    try:
        message = re.sub(r"\{\{function_node.*?\}\} | \[Op:\w+\].*|\x1b\[[0-9;]*m", "", str(error))
    except Exception:
        message = ""
    message = message.split("\n\nArguments received by")[0]
    return f"{type(error).__name__}: {message}"[:500]


def kind_of(value: Plain) -> str:
    """What a person would call a plain value, for messages."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, dict):
        kind = value.get("kind")
        if kind == "object":
            return f"an object of type {value.get('type')}"
        if kind == "array":
            shape = value.get("shape")
            return f"an array of shape {tuple(shape) if isinstance(shape, list) else shape}"
        return {"Figure": "a figure", "History": "a History", "DataFrame": "a data frame"}.get(str(kind), "a dict")
    if isinstance(value, list):
        return f"{len(value)} values" if len(value) != 1 else "1 value"
    if isinstance(value, str):
        return "a text"
    return f"the number {value:g}" if not isinstance(value, bool) else str(value)


def why_missing(name: str, error: Mapping[str, Any]) -> str:
    """Why a function cannot be called, as a sentence without its full stop.

    Args:
        name: of the function.
        error: of the call; its kind is "missing".
    """
    if now := str(error.get("now") or ""):
        what = now if now == "None" else f"{'an' if now[0] in 'aeiouAEIOU' else 'a'} {now}"
        return f"`{name}` is now {what}, not a function"
    if error.get("markdown"):
        return f"The code of `{name}` stands in a Markdown cell (cell {error['markdown']}), so it did not run"
    return f"`{name}` is not defined"


def accuracy_among(metrics: Iterable[str]) -> str | None:
    """Which of some names of metrics is the accuracy's: one that says so, else the only one; None where it is open."""
    names = list(metrics)

    def fits(name: str) -> tuple[bool, bool, bool]:
        says_so = "acc" in name.lower()
        return name.lower() in ("accuracy", "acc"), says_so and "top" not in name.lower(), says_so

    best = max(names, key=fits, default=None)
    return best if best is not None and (len(names) == 1 or any(fits(best))) else None
