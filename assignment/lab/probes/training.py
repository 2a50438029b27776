"""Questions 6 to 8: training, evaluating, and curves."""

from typing import Any

import keras
import numpy as np

from lab import settings
from lab.observe import Plain, plain
from lab.probes import Observation, inputs
from lab.probes.architecture import WeightsDrawn, spec_of
from lab.recorder import Fit, recording
from lab.student import Data, Student, quiet


def probe_training(student: Student) -> Observation:
    """`train` as it is by default, then with other epochs and batch size; `fit` is recorded."""
    data = student.data("train", inputs.TRAINED_ROWS, 64)
    calls: list[Plain] = []
    for options in ({}, {"epochs": inputs.OTHER_EPOCHS, "batch_size": inputs.OTHER_BATCH_SIZE}):
        model, own = student.compiled(data)
        with recording() as seen:
            answer = student.call("train", model, data.x_train.copy(), np.array(data.y_train), **options)
        call: dict[str, Plain] = {
            "error": answer.error and dict(answer.error),
            "own": plain(own),
            "fits": [_describe_fit(fit, data) for fit in seen.fits],
            "returned": _describe_history(answer.value),
        }
        calls.append(call)
    return {"n": inputs.TRAINED_ROWS, "calls": calls}


def _describe_history(value: Any) -> dict[str, Plain]:
    is_history = isinstance(value, keras.callbacks.History)
    series = value.history if is_history else value if isinstance(value, dict) else {}
    lengths: dict[str, Plain] = {str(k)[:100]: len(v) for k, v in list(series.items())[:50] if hasattr(v, "__len__")}
    kind = "History" if is_history else "dict" if isinstance(value, dict) else type(value).__name__[:100]
    return {"kind": kind, "lengths": lengths}


def _describe_fit(fit: Fit, data: Data) -> dict[str, Plain]:
    known = {_row_key(row): i for i, row in enumerate(data.x_train)}
    rows, labels_kept = _rows(fit.x_train, fit.y_train, known, data)
    validation_rows, validation_labels_kept = _rows(fit.x_validation, fit.y_validation, known, data)
    test = {_row_key(row) for row in data.x_test}
    return {
        "epochs": fit.epochs,
        "initial_epoch": fit.initial_epoch,
        "batch_size": fit.batch_size,
        "n_train": fit.n_train,
        "n_validation": fit.n_validation,
        "validates": fit.validates,
        "rows": rows,
        "validation_rows": validation_rows,
        "labels_kept": labels_kept and validation_labels_kept,
        "test_rows": _count_in(fit.x_train, test) + _count_in(fit.x_validation, test),
        "callbacks": plain(fit.callbacks),
    }


def _row_key(row: Any) -> bytes:
    return np.asarray(row, dtype=np.float32).tobytes()


def _rows(x: Any, y: Any, known: dict[bytes, int], data: Data) -> tuple[np.ndarray, bool]:
    """Which rows of the given data these are (-1: none of them), and whether each has its own label."""
    if x is None:
        return np.zeros(0, int), True
    rows = np.array([known.get(_row_key(row), -1) for row in np.asarray(x)], dtype=int)
    found = rows >= 0
    labels = _integers(y)
    if labels is None or len(labels) != len(rows):
        return rows, labels is None and not len(rows)
    return rows, bool(np.array_equal(labels[found], data.labels[0][rows[found]]))


def _integers(y: Any) -> np.ndarray | None:
    if y is None:
        return None
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == settings.N_CLASSES:
        return np.asarray(y.argmax(axis=1))
    return np.asarray(y.reshape(-1))


def _count_in(x: Any, keys: set[bytes]) -> int:
    return 0 if x is None else sum(_row_key(row) in keys for row in np.asarray(x))


def probe_evaluation(student: Student) -> Observation:
    """`evaluate` on two sets of fresh data, under weights drawn from the seed."""
    calls: list[Plain] = []
    for number, n in enumerate(inputs.EVALUATED):
        data = student.data(f"evaluate {number}", 64, n)
        model, own = student.compiled(data)
        _, variables, _ = spec_of(model)
        with WeightsDrawn(model, variables, student.seed + number), recording():
            with quiet():
                y_pred = np.asarray(model(data.x_test, training=False))
                reference = model.evaluate(data.x_test, data.y_test, verbose=0, return_dict=True)
                on_train = model.evaluate(data.x_train, data.y_train, verbose=0, return_dict=True)
            answer = student.call("evaluate", model, data.x_test.copy(), np.array(data.y_test))
        calls.append(
            answer.plain()
            | {
                "own": plain(own),
                "y_pred": plain(y_pred),
                "labels": plain(data.labels[1]),
                "loss": float(reference["loss"]),
                "loss_on_train": float(on_train["loss"]),
            }
        )
    return {"calls": calls}


def probe_curves(student: Student) -> Observation:
    """`plot_history` of two histories that were made up, with the student's own metric names."""
    name = metric_name(student)
    calls: list[Plain] = []
    for number in range(len(inputs.CURVE_LENGTHS)):
        history = keras.callbacks.History()
        history.history = inputs.curves(student.seed, number, name)
        history.epoch = list(range(inputs.CURVE_LENGTHS[number]))
        history.params = {"verbose": 0, "epochs": inputs.CURVE_LENGTHS[number], "steps": 274}
        calls.append(student.call_plot("plot_history", history))
    return {"metric": name, "calls": calls}


def metric_name(student: Student) -> str:
    """What the student's histories call the accuracy ("accuracy" where question 5 gives no answer)."""
    try:
        data = student.data("metric name", 2 * settings.N_CLASSES, 2 * settings.N_CLASSES)
        model, _ = student.compiled(data)
        with quiet():
            logs = model.evaluate(data.x_test, data.y_test, verbose=0, return_dict=True)
    except Exception:
        return "accuracy"
    names = [str(n) for n in logs if n != "loss"]
    return next((n for n in names if "acc" in n.lower()), "accuracy")
