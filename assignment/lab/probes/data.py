"""Questions 1 to 3: loading, looking at, and preprocessing the data."""

from typing import Any

import numpy as np

from lab import settings
from lab.probes import inputs
from lab.student import TinyVggStudent
from labkit.plain_data import Plain, kind_of
from labkit.questions import Observation
from labkit.student import Raised, Value


def probe_loading(student: TinyVggStudent) -> Observation:
    """`load_data` once; `describe_data` on data of other sizes, with labels of the form that `load_data` gives."""
    answer = student.call("load_data")
    loaded: dict[str, Plain] = {"error": answer.error and dict(answer.error), "form": "", "parts": None}
    if answer.value is not None:
        loaded |= _look_at_splits(student, answer.value)
    shape = _label_shape(loaded) or student.label_shape()
    given = [inputs.describe_inputs(student.seed, number, shape) for number in range(len(inputs.DESCRIBED))]
    return {
        "load": loaded,
        "describe": [student.told(student.call("describe_data", *arrays)) for arrays in given],
    }


def _look_at_splits(student: TinyVggStudent, value: Value) -> dict[str, Plain]:
    found, form = _two_pairs(student, value)
    if found is None:
        return {"form": form, "parts": None}
    parts: dict[str, Plain] = {}
    for split, (x, y) in zip(("train", "test"), found, strict=True):
        if x.shape is None or y.shape is None:
            kinds = (kind_of(student.plain(part, 1)) for part in (x, y))
            return {"form": f"a {split} part of {' and '.join(kinds)}"}
        array = x if x.kind == "array" else student.value("as_array", value=x)
        n = array.shape[0] if array.shape else 0
        rows = inputs.sampled_rows(student.seed, split, n) if n else np.zeros(0, int)
        parts[split] = {
            "x_shape": list(array.shape or ()),
            "y_shape": list(y.shape),
            "x_dtype": array.dtype,
            "y_dtype": y.dtype,
            "x_rows": student.ask("array", value=array, rows=rows) if n else None,
            "y": student.ask("array", value=y),
        }
    return {"form": form, "parts": parts}


_Pairs = tuple[tuple[Value, Value], tuple[Value, Value]]


def _two_pairs(student: TinyVggStudent, value: Value) -> tuple[_Pairs | None, str]:
    """What `load_data` returned as two pairs, and its form in words. None where it holds no such pairs."""

    def n_axes(part: Value) -> int:
        try:
            shape = part.shape if part.shape is not None else student.value("as_array", value=part).shape
        except Raised:
            return 0
        return len(shape or ())

    if len(value.items) == 2 and all(len(pair.items) == 2 for pair in value.items):
        (x_train, y_train), (x_test, y_test) = (pair.items for pair in value.items)
        if n_axes(x_train) == n_axes(y_train) == 4 and n_axes(x_test) in (1, 2):
            return ((x_train, x_test), (y_train, y_test)), "the images of both sets first, then the labels of both"
        return ((x_train, y_train), (x_test, y_test)), inputs.TWO_PAIRS
    if len(value.items) == 4 and [n_axes(part) == 4 for part in value.items] == [True, False, True, False]:
        x_train, y_train, x_test, y_test = value.items
        return ((x_train, y_train), (x_test, y_test)), "four arrays in a row"
    return None, kind_of(student.plain(value, 1))


def _label_shape(loaded: dict[str, Any]) -> str | None:
    if not loaded["parts"]:
        return None
    return {1: "(n,)", 2: "(n, 1)"}.get(len(loaded["parts"]["train"]["y_shape"]))


def probe_examples(student: TinyVggStudent) -> Observation:
    """`plot_examples` twice."""
    shape = student.label_shape()
    calls: list[Plain] = []
    for number in range(len(inputs.SHOWN)):
        x, y = inputs.example_inputs(student.seed, number, shape)
        calls.append(student.call_plot("plot_examples", x, y, list(settings.CLASS_NAMES)))
    return {"label_shape": shape, "calls": calls}


def probe_preprocessing(student: TinyVggStudent) -> Observation:
    """`preprocess` on the same training data with two different test sets.

    A notebook whose Question 1 scales the images already has that against it there; here its images come in
    that form, unless `preprocess` is right with raw ones.
    """
    shape = student.label_shape()
    forms = ["raw", *_own_image_form(student)]
    for form in forms:
        calls = [_preprocess(student, number, shape, form) for number in range(2)]
        if form == forms[-1] or all(_small_floats(call) for call in calls):
            break
    return {"label_shape": shape, "form": form, "calls": list(calls)}


def _preprocess(student: TinyVggStudent, number: int, shape: str, form: str) -> dict[str, Plain]:
    arrays = inputs.preprocess_inputs(student.seed, number, shape, form)
    given = [student.value("hold", value=array) for array in arrays]
    answer = student.call("preprocess", *given)
    after = [student.ask("array", value=value) for value in given]
    unchanged = all(np.array_equal(a, b) for a, b in zip(arrays, after, strict=True))
    return student.told(answer, frames_as_arrays=True) | {"unchanged": unchanged}


def _own_image_form(student: TinyVggStudent) -> list[str]:
    """The form of the images that Question 1 of this notebook gives, where it is none of raw images."""
    images = student.named("x_train_raw").get("x_train_raw")
    if images is None or images.kind != "array" or not images.shape or not images.dtype.startswith("float"):
        return []
    some = student.ask("array", value=images, rows=np.arange(min(200, images.shape[0])))
    if not isinstance(some, np.ndarray) or not some.size:
        return []
    return ["unit" if np.abs(some).max() <= 1 else "float"]


def _small_floats(call: dict[str, Any]) -> bool:
    value = call["value"]
    if not isinstance(value, list) or len(value) != 4:
        return False
    images = [x for x in (value[0], value[2]) if isinstance(x, np.ndarray) and x.dtype.kind == "f" and x.size]
    return len(images) == 2 and all(0.05 < np.abs(x).max() <= 10 for x in images)
