"""Questions 1 to 3: loading, looking at, and preprocessing the data."""

from typing import Any

import numpy as np

from lab import settings
from lab.observe import Plain, kind_of, plain
from lab.probes import Observation, inputs
from lab.student import Student


def probe_loading(student: Student) -> Observation:
    """`load_data` once; `describe_data` on data of other sizes."""
    answer = student.call("load_data")
    loaded: dict[str, Plain] = {"error": answer.error and dict(answer.error), "form": "", "parts": None}
    if answer.error is None:
        loaded |= _look_at_splits(answer.value, student.seed)
    given = [inputs.describe_inputs(student.seed, number) for number in range(len(inputs.DESCRIBED))]
    return {"load": loaded, "describe": [student.call("describe_data", *arrays).plain() for arrays in given]}


def _look_at_splits(value: Any, seed: int) -> dict[str, Plain]:
    try:
        (x_train, y_train), (x_test, y_test) = value
    except (TypeError, ValueError):
        return {"form": kind_of(plain(value, 1)), "parts": None}
    parts: dict[str, Plain] = {}
    for split, x, y in (("train", x_train, y_train), ("test", x_test, y_test)):
        if not (hasattr(x, "shape") and hasattr(y, "shape")):
            return {"form": f"a {split} part of {kind_of(plain(x, 1))} and {kind_of(plain(y, 1))}"}
        n = len(x)
        rows = inputs.sampled_rows(seed, split, n) if n else np.zeros(0, int)
        parts[split] = {
            "x_shape": list(x.shape),
            "y_shape": list(y.shape),
            "x_dtype": str(x.dtype),
            "y_dtype": str(y.dtype),
            "x_rows": plain(np.asarray(x[rows] if isinstance(x, np.ndarray) else np.asarray(x)[rows])),
            "y": plain(np.asarray(y)),
        }
    return {"form": "two pairs of arrays", "parts": parts}


def probe_examples(student: Student) -> Observation:
    """`plot_examples` twice."""
    shape = student.label_shape()
    calls: list[Plain] = []
    for number in range(len(inputs.SHOWN)):
        x, y = inputs.example_inputs(student.seed, number, shape)
        calls.append(student.call_plot("plot_examples", x, y, list(settings.CLASS_NAMES)))
    return {"label_shape": shape, "calls": calls}


def probe_preprocessing(student: Student) -> Observation:
    """`preprocess` on the same training data with two different test sets."""
    shape = student.label_shape()
    calls: list[Plain] = []
    for number in range(2):
        arrays = inputs.preprocess_inputs(student.seed, number, shape)
        given = [a.copy() for a in arrays]
        answer = student.call("preprocess", *given)
        call = answer.plain()
        call["unchanged"] = all(np.array_equal(a, b) for a, b in zip(arrays, given, strict=True))
        calls.append(call)
    return {"label_shape": shape, "calls": calls}
