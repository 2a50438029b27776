"""Question 9: repeated runs."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from lab import settings
from lab.observe import Plain, plain
from lab.probes import Observation, inputs
from lab.probes.training import _integers
from lab.recorder import LARGE, Fit, Recording, recording
from lab.student import Data, NeedsEarlier, Student, quiet

ROWS = (700, 483)
DATA_NAMES = ("x_train", "y_train", "x_test", "y_test")


def probe_experiment(student: Student) -> Observation:
    """`run_experiment` with the student's own functions; at grading also with neutral ones in their place.

    The arrays `x_train`, `y_train`, `x_test`, `y_test` of the notebook are small ones meanwhile.
    """
    if not student.defines("run_experiment"):
        return {"error": {"kind": "missing", "name": "run_experiment"}}
    data = student.data("experiment", *ROWS)
    calls: list[Plain] = [_experiment(student, data, {})]
    if student.neutral:
        neutral_data = Student({}, student.seed, student.neutral).data("experiment neutral", *ROWS)
        functions = {n: student.neutral[n] for n in ("compile_model", "train", "evaluate")}
        calls.append(_experiment(student, neutral_data, functions))
    return {
        "error": None,
        "n_runs": inputs.EXPERIMENT_RUNS,
        "epochs": inputs.EXPERIMENT_EPOCHS,
        "calls": calls,
    }


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
    runs = _runs(seen)
    return answer.plain() | {
        "built": built,
        "runs": [_describe_run(run, seen, data) for run in runs],
        "labels": data.labels[1],
    }


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


def _runs(seen: Recording) -> list[list[Fit]]:
    """Fits grouped into runs: a fit that goes on from a later epoch belongs to the one before it."""
    runs: list[list[Fit]] = []
    for fit in seen.fits:
        goes_on = runs and fit.initial_epoch > 0 and runs[-1][-1].model is fit.model
        if goes_on:
            runs[-1].append(fit)
        else:
            runs.append([fit])
    return runs


def _describe_run(run: list[Fit], seen: Recording, data: Data) -> dict[str, Plain]:
    first, last = run[0], run[-1]
    model = last.model
    before = model.get_weights()
    model.set_weights(last.weights_after)
    with quiet():
        predicted = {
            name: np.asarray(model(x, training=False)).argmax(axis=1)
            for name, x in (("test", data.x_test), ("train", data.x_train))
        }
    model.set_weights(before)
    return {
        "epochs": sum(fit.epochs - fit.initial_epoch for fit in run),
        "start": kernels_digest(first.weights_before),
        "end": kernels_digest(last.weights_after),
        "predicted": plain(predicted["test"]),
        "train_accuracy": float(np.mean(predicted["train"] == data.labels[0])),
        "elsewhere": _accuracies_elsewhere(last, seen),
    }


def _accuracies_elsewhere(fit: Fit, seen: Recording) -> list[Plain]:
    """Accuracies of the trained weights on the notebook's own full-size test set, if it was used instead."""
    digest = kernels_digest(fit.weights_after)
    found: list[Plain] = []
    for evaluation in seen.evaluations:
        large_test = evaluation.n > LARGE and evaluation.n == settings.N_TEST
        if not large_test or kernels_digest(evaluation.weights) != digest or evaluation.x is None:
            continue
        labels = _integers(evaluation.y)
        if labels is None:
            continue
        with quiet():
            outputs = np.asarray(evaluation.model(evaluation.x, training=False))
        found.append(float(np.mean(outputs.argmax(axis=1) == labels)))
    return found


def kernels_digest(weights: list[np.ndarray]) -> str:
    """A short fingerprint of all kernels of a model."""
    digest = hashlib.sha256()
    for array in weights:
        if array.ndim > 1:
            digest.update(np.ascontiguousarray(array, dtype=np.float32).tobytes())
    return digest.hexdigest()[:16]
