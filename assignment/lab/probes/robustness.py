"""Question 9: repeated runs."""

from typing import Any

import numpy as np

from lab import settings
from lab.probes import inputs
from lab.student import Data, TinyVggStudent, integers
from labkit.plain_data import Plain
from labkit.questions import Observation
from labkit.student import NeedsEarlier, Value

ROWS = (205, 331)
DATA_NAMES = ("x_train", "y_train", "x_test", "y_test")
STOOD_IN = ("compile_model", "train", "evaluate")
AGAIN_ROWS = 40  # of a second call, which is only to show what is left of the first
LABEL_SHAPES = ((settings.N_TEST,), (settings.N_TEST, 1), (settings.N_TEST, settings.N_CLASSES))


def probe_experiment(student: TinyVggStudent) -> Observation:
    """`run_experiment` with the student's own functions; at grading also with neutral ones in their place.

    The arrays `x_train`, `y_train`, `x_test`, `y_test` of the notebook are small ones meanwhile.
    """
    if not student.defines("run_experiment"):
        return {"error": student.missing("run_experiment")}
    calls: list[Plain] = []
    if student.neutral != "only":
        calls.append(_experiment(student, student.data("experiment", *ROWS), {}))
    if student.stand_ins and student.neutral != "never":
        functions = {name: student.stand_in(name) for name in STOOD_IN}
        calls.append(_experiment(student, student.neutral_data("experiment neutral", *ROWS), functions))
    return {
        "error": None,
        "n_runs": inputs.EXPERIMENT_RUNS,
        "epochs": inputs.EXPERIMENT_EPOCHS,
        "builder_repeats": student.neutral != "only" and _builder_repeats(student),
        "calls": calls,
    }


def _builder_repeats(student: TinyVggStudent) -> bool:
    """Whether the student's own builder gives the same weights each time, as with a seed inside it."""
    try:
        models = [student.model() for _ in range(2)]
    except NeedsEarlier:
        return False
    if not all(own for _, own in models):
        return False
    first, second = (student.ask("weights", model=model)["values"].values() for model, _ in models)
    kernels = zip((v for v in first if v.ndim > 1), (v for v in second if v.ndim > 1), strict=False)
    return all(np.array_equal(a, b) for a, b in kernels)


def _experiment(student: TinyVggStudent, data: Data, functions: dict[str, Value]) -> dict[str, Plain]:
    arrays = (data.x_train, data.y_train, data.x_test, data.y_test)
    held = {name: student.value("hold", value=array) for name, array in zip(DATA_NAMES, arrays, strict=True)}
    is_own = not functions
    try:
        student.model(is_own)
    except NeedsEarlier as reason:
        return {"needs": str(reason)}
    build_model = student.counted_builder(is_own)
    runs = {"n_runs": inputs.EXPERIMENT_RUNS, "epochs": inputs.EXPERIMENT_EPOCHS}
    with student.recording() as recorded, student.swapped(held | functions):
        answer = student.call("run_experiment", build_model, **runs)
    if answer.error is not None and not student.stand_ins:
        try:  # in the student's own kernel: is it the fault of an earlier question?
            student.compiled(data)
        except NeedsEarlier as reason:
            return {"needs": str(reason)}
    seen = _Seen(student, recorded, held, data, [functions[name] for name in functions if name == "train"])
    return student.told(answer) | {
        "runs": [seen.describe(run) for run in _runs(seen.fits, inputs.EXPERIMENT_RUNS)],
        "labels": data.labels[1],
        "built": student.ask("counted", function=build_model),
        "again": _again(student, held, functions) if answer.error is None else {},
    }


def _again(student: TinyVggStudent, held: dict[str, Value], functions: dict[str, Value]) -> dict[str, Plain]:
    """What a second, small experiment returns and how often it trained; nothing where it raises."""
    rows = np.arange(AGAIN_ROWS)
    few = {
        name: student.value("hold", value=student.ask("array", value=value, rows=rows)) for name, value in held.items()
    }
    build = student.value("small_builder", shape=list(settings.IMAGE_SHAPE), n_classes=settings.N_CLASSES, pool=8)
    with student.recording(keep_rows=False) as recorded, student.swapped(few | functions):
        answer = student.call("run_experiment", build, n_runs=inputs.AGAIN_RUNS, epochs=1)
    if answer.value is None or answer.value.kind != "dict":
        return {}
    fits = student.ask("fits", recorded=recorded, rows=0)
    told = student.told(answer, keys=list(inputs.RESULT_KEYS))
    return told | {"trained": len(_runs(fits, inputs.AGAIN_RUNS))}


def _runs(fits: list[dict[str, Any]], n_runs: int) -> list[list[dict[str, Any]]]:
    """Fits grouped into runs. Several fits in a row of one model are one run where each run has its own model, or
    where they go on from a later epoch; else each is a run."""
    models: list[list[dict[str, Any]]] = []
    for fit in fits:
        if models and models[-1][-1]["model"] == fit["model"]:
            models[-1].append(fit)
        else:
            models.append([fit])
    if len(models) == n_runs:
        return models
    runs: list[list[dict[str, Any]]] = []
    for fit in fits:
        if runs and fit["initial_epoch"] > 0 and runs[-1][-1]["model"] == fit["model"]:
            runs[-1].append(fit)
        else:
            runs.append([fit])
    return runs


class _Seen:
    """What happened in one experiment.

    Args:
        student: whose it was.
        recorded: the recording of it.
        held: the notebook's arrays meanwhile.
        data: the same as they were before.
        trains: what stood in for the student's `train`.
    """

    def __init__(
        self, student: TinyVggStudent, recorded: Value, held: dict[str, Value], data: Data, trains: list[Value]
    ) -> None:
        self._student, self._recorded, self._data = student, recorded, data
        self._x_train, self._x_test = held["x_train"], held["x_test"]
        self.fits = student.ask("fits", recorded=recorded, rows=4 * max(ROWS), through=["train", *trains])
        for number, fit in enumerate(self.fits):
            fit["number"] = number
        self._wanted = {name: _texts(student.ask("keys", value=held[name])) for name in ("x_train", "x_test")}
        self._elsewhere = _on_whole_test_set(student, recorded)

    def describe(self, run: list[dict[str, Any]]) -> dict[str, Plain]:
        """One run, as the checks judge it."""
        first, last = run[0], run[-1]
        on_test, on_train = (self._predicted(last, x) for x in (self._x_test, self._x_train))
        right = None if on_train is None else float(np.mean(on_train == self._data.labels[0]))
        return {
            "epochs": sum(fit["epochs"] - fit["initial_epoch"] for fit in run),
            "on_test": any(_keys(fit["train"]) & self._wanted["x_test"] for fit in run),
            "share": self._share_of_images(run),
            "by_train": all(fit["through"] for fit in run),
            "start": first["start"],
            "end": last["end"],
            "predicted": on_test,
            "train_accuracy": right,
            "elsewhere": [accuracy for kernels, accuracy in self._elsewhere if kernels == last["end"]],
        }

    def _predicted(self, fit: dict[str, Any], x: Value) -> Any:
        """Classes that the model gives to images with the weights that it was left with; None where that fails."""
        return self._student.ask("predict_as_left", recorded=self._recorded, number=fit["number"], x=x)

    def _share_of_images(self, run: list[dict[str, Any]]) -> float | None:
        """Share of the training images that a run got to train on or to validate with; None where it got none."""
        known = self._wanted["x_train"]
        used = set[bytes]().union(*(known & (_keys(fit["train"]) | _keys(fit["validation"])) for fit in run))
        return len(used) / len(known) if used else None


def _keys(given: dict[str, Any]) -> set[bytes]:
    """Keys of the images that a `fit` was given, each of which no other image has."""
    return _texts(given["keys"]) if given["ndim"] == 4 else set()


def _texts(keys: np.ndarray) -> set[bytes]:
    return {key.tobytes() for key in keys}


def _on_whole_test_set(student: TinyVggStudent, recorded: Value) -> list[tuple[str, float]]:
    """(digest of the kernels, accuracy) of evaluations on a test set of full size, if it was used instead."""
    found: list[tuple[str, float]] = []
    for evaluation in student.ask("evaluations", recorded=recorded):
        predicted = evaluation["predicted"]
        if evaluation["n"] != settings.N_TEST or predicted is None:
            continue
        labels = evaluation["labels"]
        options = _labels_of_notebook(student) if labels is None else [integers(labels)]
        found += [
            (evaluation["kernels"], float(np.mean(predicted == option)))
            for option in options
            if len(option) == len(predicted)
        ]
    return found


def _labels_of_notebook(student: TinyVggStudent) -> list[np.ndarray]:
    """Test labels among the notebook's own names, as class numbers; equal ones once."""
    arrays = student.ask("label_arrays", shapes=[list(shape) for shape in LABEL_SHAPES])
    found = {numbers.tobytes(): numbers for numbers in (integers(array).astype(int) for array in arrays)}
    return list(found.values())
