"""Question 9: repeated runs."""

import functools
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any

import keras
import numpy as np

from lab import settings
from lab.observe import Plain, plain
from lab.probes import Observation, inputs
from lab.recorder import Fit, Recording, recording
from lab.student import Data, NeedsEarlier, Student, integers, quiet

ROWS = (205, 331)
DATA_NAMES = ("x_train", "y_train", "x_test", "y_test")
PIXEL_STEP = 48  # every 48th value of an image tells it from all others
AGAIN_ROWS = 40  # of a second call, which is only to show what is left of the first
LABEL_SHAPES = ((settings.N_TEST,), (settings.N_TEST, 1), (settings.N_TEST, settings.N_CLASSES))


def probe_experiment(student: Student) -> Observation:
    """`run_experiment` with the student's own functions; at grading also with neutral ones in their place.

    The arrays `x_train`, `y_train`, `x_test`, `y_test` of the notebook are small ones meanwhile.
    """
    if not student.defines("run_experiment"):
        return {"error": student.missing("run_experiment")}
    calls: list[Plain] = []
    if student.stand_ins != "only":
        calls.append(_experiment(student, student.data("experiment", *ROWS), {}))
    if student.neutral and student.stand_ins != "never":
        neutral_data = Student({}, student.seed, student.neutral).data("experiment neutral", *ROWS)
        functions = {n: student.neutral[n] for n in ("compile_model", "train", "evaluate")}
        calls.append(_experiment(student, neutral_data, functions))
    return {
        "error": None,
        "n_runs": inputs.EXPERIMENT_RUNS,
        "epochs": inputs.EXPERIMENT_EPOCHS,
        "builder_repeats": student.stand_ins != "only" and _builder_repeats(student),
        "calls": calls,
    }


def _builder_repeats(student: Student) -> bool:
    """Whether the student's own builder gives the same weights each time, as with a seed inside it."""
    try:
        models = [student.model() for _ in range(2)]
    except NeedsEarlier:
        return False
    first, second = (kernels_digest(model.get_weights()) for model, _ in models)
    return all(own for _, own in models) and first == second


def _experiment(student: Student, data: Data, functions: dict[str, Any]) -> dict[str, Plain]:
    arrays = (data.x_train, data.y_train, data.x_test, data.y_test)
    swapped = dict(zip(DATA_NAMES, arrays, strict=True)) | functions

    built = 0

    def build_model() -> Any:
        nonlocal built
        built += 1
        return student.neutral["build"]() if functions else student.model()[0]

    try:
        build_model()
    except NeedsEarlier as reason:
        return {"needs": str(reason)}
    built = 0
    with recording() as seen, _names_swapped(student.namespace, swapped):
        answer = student.call(
            "run_experiment", build_model, n_runs=inputs.EXPERIMENT_RUNS, epochs=inputs.EXPERIMENT_EPOCHS
        )
    if answer.error is not None and not student.neutral:
        try:  # in the student's own kernel: is it the fault of an earlier question?
            student.compiled(data)
        except NeedsEarlier as reason:
            return {"needs": str(reason)}
    labels = _labels_of_notebook(student)
    train = _codes_of(student.namespace.get("train")) | _codes_of(functions.get("train"))
    return answer.plain() | {
        "runs": [_describe_run(run, seen, data, labels, train) for run in _runs(seen, inputs.EXPERIMENT_RUNS)],
        "labels": data.labels[1],
        "built": built,
        "again": _again(student, swapped) if answer.error is None else {},
    }


def _again(student: Student, swapped: dict[str, Any]) -> dict[str, Plain]:
    """What a second, small experiment returns and how often it trained; nothing where it raises."""
    few = {name: swapped[name][:AGAIN_ROWS] for name in DATA_NAMES}
    with recording(keep_rows=False) as seen, _names_swapped(student.namespace, swapped | few):
        answer = student.call("run_experiment", _small_model, n_runs=inputs.AGAIN_RUNS, epochs=1)
    if not isinstance(answer.value, dict):
        return {}
    answer.value = {key: answer.value[key] for key in inputs.RESULT_KEYS if key in answer.value}
    return answer.plain() | {"trained": len(_runs(seen, inputs.AGAIN_RUNS))}


def _small_model() -> Any:
    """Trained and evaluated in no time."""
    steps = [
        keras.layers.AveragePooling2D(8),
        keras.layers.Flatten(),
        keras.layers.Dense(settings.N_CLASSES, "softmax"),
    ]
    return keras.Sequential([keras.Input(settings.IMAGE_SHAPE), *steps])


def _codes_of(function: Any) -> set[CodeType]:
    """Code of a function, and of what it wraps; empty for what is not written in Python."""
    found: set[CodeType] = set()
    while function is not None:
        method = function if hasattr(function, "__code__") else type(function).__call__
        code = getattr(method, "__code__", None)
        found |= {code} if isinstance(code, CodeType) else set()
        function = getattr(function, "func" if isinstance(function, functools.partial) else "__wrapped__", None)
    return found


@contextmanager
def _names_swapped(namespace: dict[str, Any], swapped: dict[str, Any]) -> Iterator[None]:
    before = {name: namespace[name] for name in swapped if name in namespace}
    namespace.update(swapped)
    try:
        yield
    finally:
        for name in swapped:
            namespace.pop(name, None)
        namespace.update(before)


def _runs(seen: Recording, n_runs: int) -> list[list[Fit]]:
    """Fits grouped into runs. Several fits in a row of one model are one run where each run has its own model, or
    where they go on from a later epoch; else each is a run."""
    models: list[list[Fit]] = []
    for fit in seen.fits:
        if models and models[-1][-1].model is fit.model:
            models[-1].append(fit)
        else:
            models.append([fit])
    if len(models) == n_runs:
        return models
    runs: list[list[Fit]] = []
    for fit in seen.fits:
        if runs and fit.initial_epoch > 0 and runs[-1][-1].model is fit.model:
            runs[-1].append(fit)
        else:
            runs.append([fit])
    return runs


def _describe_run(
    run: list[Fit], seen: Recording, data: Data, labels: list[np.ndarray], train: set[CodeType]
) -> dict[str, Plain]:
    first, last = run[0], run[-1]
    on_test, on_train = (_predicted(last, x) for x in (data.x_test, data.x_train))
    return {
        "epochs": sum(fit.epochs - fit.initial_epoch for fit in run),
        "on_test": any(_has_images(fit.x_train, data.x_test) for fit in run),
        "share": _share_of_images(run, data.x_train),
        "by_train": not train or all(fit.callers & train for fit in run),
        "start": kernels_digest(first.weights_before),
        "end": kernels_digest(last.weights_after),
        "predicted": plain(on_test),
        "train_accuracy": None if on_train is None else float(np.mean(on_train == data.labels[0])),
        "elsewhere": _accuracies_elsewhere(last, seen, labels),
    }


def _predicted(fit: Fit, x: np.ndarray) -> np.ndarray | None:
    """Classes that the model gives to images with the weights that it was left with; None where that fails, as after
    the notebook has changed the model."""
    before = [(v, np.asarray(v).copy()) for v in fit.model.weights]
    try:
        with quiet():
            fit.model.set_weights(fit.weights_after)
            return np.asarray(np.asarray(fit.model(x, training=False)).argmax(axis=1))
    except Exception:
        return None
    finally:
        for variable, value in before:
            variable.assign(value)


def _share_of_images(run: list[Fit], wanted: np.ndarray) -> float | None:
    """Share of the training images that a run got to train on or to validate with; None where it got none of these."""
    known = _keys(wanted)
    used = set[bytes]().union(*(known & (_keys(fit.x_train) | _keys(fit.x_validation)) for fit in run))
    return len(used) / len(known) if used else None


def _has_images(x: Any, wanted: np.ndarray) -> bool:
    """Whether some of these images are among others."""
    return not _keys(x).isdisjoint(_keys(wanted))


def _keys(x: Any) -> set[bytes]:
    """Keys of the first images, each of which no other image has."""
    if np.ndim(x) != 4 or not len(x):
        return set()
    first = np.asarray(x[: 4 * max(ROWS)])
    if first.dtype.kind not in "biuf":
        return set()
    some = first.reshape(len(first), -1)[:, ::PIXEL_STEP].astype(np.float32)
    return {row.tobytes() for row in some}


def _labels_of_notebook(student: Student) -> list[np.ndarray]:
    """Test labels among the notebook's own names, as class numbers; equal ones once."""
    found: dict[bytes, np.ndarray] = {}
    for value in list(student.namespace.values()):
        if isinstance(value, np.ndarray) and value.shape in LABEL_SHAPES and value.dtype.kind in "biuf":
            numbers = integers(value).astype(int)
            found[numbers.tobytes()] = numbers
    return list(found.values())


def _accuracies_elsewhere(fit: Fit, seen: Recording, labels: list[np.ndarray]) -> list[Plain]:
    """Accuracies of the trained weights on the notebook's own full-size test set, if it was used instead."""
    digest = kernels_digest(fit.weights_after)
    found: list[Plain] = []
    for evaluation in seen.evaluations:
        if evaluation.n != settings.N_TEST or evaluation.predicted is None:
            continue
        if kernels_digest(evaluation.weights) != digest:
            continue
        options = labels if evaluation.labels is None else [integers(evaluation.labels)]
        found += [
            float(np.mean(evaluation.predicted == option))
            for option in options
            if len(option) == len(evaluation.predicted)
        ]
    return found


def kernels_digest(weights: list[np.ndarray]) -> str:
    """A short fingerprint of all kernels of a model."""
    digest = hashlib.sha256()
    for array in weights:
        if array.ndim > 1:
            digest.update(np.ascontiguousarray(array, dtype=np.float32).tobytes())
    return digest.hexdigest()[:16]
