"""Plain copies of whatever a function may return."""

import json
import time
from collections import OrderedDict
from typing import Any

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from labkit.plain_data import MAX_ARRAY_BYTES, MAX_ITEMS, MAX_TEXT, Plain, accuracy_among, kind_of, plain


def is_plain(value: Plain) -> bool:
    if isinstance(value, dict):
        return all(type(key) is str and is_plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(is_plain(item) for item in value)
    if isinstance(value, np.ndarray):
        return type(value) is np.ndarray and value.dtype.kind in "biuf" and value.dtype.itemsize <= 8
    return value is None or type(value) in (bool, int, float, str)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (np.bool_(False), False),
        (3, 3),
        (np.uint8(200), 200),
        (2.5, 2.5),
        (np.float16(0.5), 0.5),
        ("text", "text"),
        ((1, [2.0, "x"]), [1, [2.0, "x"]]),
        ({1: "a", "b": (2,)}, {"1": "a", "b": [2]}),
        (OrderedDict(z=1, a=2), {"z": 1, "a": 2}),
        (range(3), [0, 1, 2]),
        ({"a": 1}.keys(), ["a"]),
        ({"a": 1}.values(), [1]),
        (pd.Series([1, 2]), [1, 2]),
        (pd.DataFrame({"loss": [0.5]}), {"kind": "DataFrame", "columns": {"loss": [0.5]}}),
        (np.array(["a", "b"]), ["a", "b"]),
        (len, {"kind": "object", "type": "builtin_function_or_method"}),
        (10**400, {"kind": "object", "type": "an integer of absurd size"}),
        (1j, {"kind": "object", "type": "complex"}),
        (b"bytes", {"kind": "object", "type": "bytes"}),
    ],
)
def test_plain_values(value: Any, expected: Plain) -> None:
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)
    assert is_plain(found)
    json.dumps(found)


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6).reshape(2, 3),
        tf.constant([[0, 1, 2], [3, 4, 5]]),
        tf.Variable([[0, 1, 2], [3, 4, 5]]),
        np.arange(6, dtype=np.longdouble).reshape(2, 3),
        tf.cast([[0, 1, 2], [3, 4, 5]], tf.bfloat16),
        np.ma.masked_array(np.arange(6).reshape(2, 3)),
        np.arange(6).reshape(2, 3)[::-1][::-1],
    ],
    ids=["array", "tensor", "variable", "longdouble", "bfloat16", "masked", "view"],
)
def test_arrays_of_every_make(value: Any) -> None:
    found = plain(value)
    assert isinstance(found, np.ndarray)
    assert is_plain(found)
    assert found.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_what_is_copied_does_not_change_any_more() -> None:
    array, items = np.zeros(3), [1, 2]
    found = plain({"array": array, "items": items})
    array[:] = 7
    items.append(3)
    assert isinstance(found, dict)
    assert isinstance(found["array"], np.ndarray)
    assert found["array"].tolist() == [0, 0, 0]
    assert found["items"] == [1, 2]


def test_sizes_are_limited() -> None:
    assert len(str(plain("x" * (MAX_TEXT + 5)))) == MAX_TEXT
    assert len(plain(list(range(MAX_ITEMS + 5)))) == MAX_ITEMS  # type: ignore[arg-type]
    large = np.broadcast_to(np.float32(0), (MAX_ARRAY_BYTES // 4 + 1,))
    assert plain(large) == {"kind": "array", "shape": [MAX_ARRAY_BYTES // 4 + 1], "dtype": "float32"}
    assert kind_of(plain(large)) == f"an array of shape ({MAX_ARRAY_BYTES // 4 + 1},)"


def test_nested_lists_of_any_size_take_little_time() -> None:
    start = time.process_time()
    found = plain([[0.0] * MAX_ITEMS] * MAX_ITEMS)
    assert time.process_time() - start < 10
    assert isinstance(found, list)
    assert found[-1] == {"kind": "object", "type": "list"}


def test_a_list_that_holds_itself_ends() -> None:
    value: list[Any] = []
    value.append(value)
    assert is_plain(plain(value))


def test_histories_and_figures() -> None:
    history = keras.callbacks.History()
    history.history = {"loss": [1.0, 0.5]}
    assert plain(history) == {"kind": "History", "history": {"loss": [1.0, 0.5]}}
    figure = plt.figure()
    found = plain({"figure": figure})
    plt.close(figure)
    assert isinstance(found, dict)
    assert isinstance(found["figure"], dict)
    assert found["figure"]["kind"] == "Figure"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        (np.zeros((2, 3)), "an array of shape (2, 3)"),
        ([], "0 values"),
        ([1], "1 value"),
        ("x", "a text"),
        ({"a": 1}, "a dict"),
        ({"kind": "object", "type": "generator"}, "an object of type generator"),
        ({"kind": "History", "history": {}}, "a History"),
        ({"kind": "DataFrame", "columns": {}}, "a data frame"),
        (2.5, "the number 2.5"),
        (True, "True"),
    ],
)
def test_kinds_have_names_for_people(value: Plain, words: str) -> None:
    assert kind_of(value) == words


def test_histories_in_an_object_array_keep_their_series() -> None:
    histories = np.empty(2, dtype=object)
    for i in range(2):
        histories[i] = keras.callbacks.History()
        histories[i].history = {"loss": [1.0, 0.5 + i]}
    assert plain({"histories": histories}) == {
        "histories": [{"kind": "History", "history": {"loss": [1.0, 0.5 + i]}} for i in range(2)]
    }


@pytest.mark.parametrize(
    ("metrics", "accuracy"),
    [
        (["accuracy"], "accuracy"),
        (["top5_acc", "accuracy"], "accuracy"),
        (["top5_acc", "test_acc"], "test_acc"),
        (["mse", "sparse_categorical_accuracy"], "sparse_categorical_accuracy"),
        (["justesse"], "justesse"),
        (["mse", "justesse"], None),
        ([], None),
    ],
)
def test_the_name_of_the_accuracy(metrics: list[str], accuracy: str | None) -> None:
    assert accuracy_among(metrics) == accuracy
