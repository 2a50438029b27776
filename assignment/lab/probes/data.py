"""Questions 1 to 3: loading, looking at, and preprocessing the data."""

from typing import Any

import numpy as np

from lab import settings
from lab.observe import Plain, kind_of, plain
from lab.probes import Observation, inputs
from lab.student import Student


def probe_loading(student: Student) -> Observation:
    """`load_data` once; `describe_data` on data of other sizes, with labels of the form that `load_data` gives."""
    answer = student.call("load_data")
    loaded: dict[str, Plain] = {"error": answer.error and dict(answer.error), "form": "", "parts": None}
    if answer.error is None:
        loaded |= _look_at_splits(answer.value, student.seed)
    shape = _label_shape(loaded) or student.label_shape()
    given = [inputs.describe_inputs(student.seed, number, shape) for number in range(len(inputs.DESCRIBED))]
    return {"load": loaded, "describe": [student.call("describe_data", *arrays).plain() for arrays in given]}


def _look_at_splits(value: Any, seed: int) -> dict[str, Plain]:
    found, form = _two_pairs(value)
    if found is None:
        return {"form": form, "parts": None}
    (x_train, y_train), (x_test, y_test) = found
    parts: dict[str, Plain] = {}
    for split, x, y in (("train", x_train, y_train), ("test", x_test, y_test)):
        if not (hasattr(x, "shape") and hasattr(y, "shape")):
            return {"form": f"a {split} part of {kind_of(plain(x, 1))} and {kind_of(plain(y, 1))}"}
        x = x if isinstance(x, np.ndarray) else np.asarray(x)
        n = len(x) if x.ndim else 0
        rows = inputs.sampled_rows(seed, split, n) if n else np.zeros(0, int)
        parts[split] = {
            "x_shape": list(x.shape),
            "y_shape": list(y.shape),
            "x_dtype": str(x.dtype),
            "y_dtype": str(y.dtype),
            "x_rows": plain(x[rows]) if n else None,
            "y": plain(np.asarray(y)),
        }
    return {"form": form, "parts": parts}


def _two_pairs(value: Any) -> tuple[Any, str]:
    """What `load_data` returned as two pairs, and its form in words. None where it holds no such pairs."""
    try:
        (x_train, y_train), (x_test, y_test) = value
        if np.ndim(x_train) == np.ndim(y_train) == 4 and np.ndim(x_test) in (1, 2):
            return ((x_train, x_test), (y_train, y_test)), "the images of both sets first, then the labels of both"
        return value, inputs.TWO_PAIRS
    except (TypeError, ValueError):
        pass
    try:
        x_train, y_train, x_test, y_test = value
        if [np.ndim(part) == 4 for part in value] == [True, False, True, False]:
            return ((x_train, y_train), (x_test, y_test)), "four arrays in a row"
    except (TypeError, ValueError):
        pass
    return None, kind_of(plain(value, 1))


def _label_shape(loaded: dict[str, Any]) -> str | None:
    if not loaded["parts"]:
        return None
    return {1: "(n,)", 2: "(n, 1)"}.get(len(loaded["parts"]["train"]["y_shape"]))


def probe_examples(student: Student) -> Observation:
    """`plot_examples` twice."""
    shape = student.label_shape()
    calls: list[Plain] = []
    for number in range(len(inputs.SHOWN)):
        x, y = inputs.example_inputs(student.seed, number, shape)
        calls.append(student.call_plot("plot_examples", x, y, list(settings.CLASS_NAMES)))
    return {"label_shape": shape, "calls": calls}


def probe_preprocessing(student: Student) -> Observation:
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


def _preprocess(student: Student, number: int, shape: str, form: str) -> dict[str, Plain]:
    arrays = inputs.preprocess_inputs(student.seed, number, shape, form)
    given = [a.copy() for a in arrays]
    answer = student.call("preprocess", *given)
    if isinstance(answer.value, tuple | list):
        answer.value = [_as_array(value) for value in answer.value]
    call = answer.plain()
    call["unchanged"] = all(np.array_equal(a, b) for a, b in zip(arrays, given, strict=True))
    return call


def _as_array(value: Any) -> Any:
    """Data frames count as arrays; anything else stays as it is."""
    if not hasattr(value, "to_numpy"):
        return value
    try:
        return np.asarray(value)
    except Exception:  # only looks like a data frame
        return value


def _own_image_form(student: Student) -> list[str]:
    """The form of the images that Question 1 of this notebook gives, where it is none of raw images."""
    images = student.namespace.get("x_train_raw")
    if not isinstance(images, np.ndarray) or images.dtype.kind != "f" or not images.size:
        return []
    return ["unit" if np.abs(images[:200]).max() <= 1 else "float"]


def _small_floats(call: dict[str, Any]) -> bool:
    value = call["value"]
    if not isinstance(value, list) or len(value) != 4:
        return False
    images = [x for x in (value[0], value[2]) if isinstance(x, np.ndarray) and x.dtype.kind == "f" and x.size]
    return len(images) == 2 and all(0.05 < np.abs(x).max() <= 10 for x in images)
