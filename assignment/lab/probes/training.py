"""Questions 6 to 8: training, evaluating, and curves."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from lab import settings
from lab.probes import inputs
from lab.student import Data, TinyVggStudent, integers
from labkit.plain_data import Plain, accuracy_among, image_keys
from labkit.questions import Observation
from labkit.student import Copied, NeedsEarlier, Raised, Value

MAX_ROWS = 5_000  # of what a fit was given that are looked up
MAX_MEASURED = 20  # calls of `model.evaluate` within one of `evaluate` whose numbers are kept
LEARNING_RATE = "learning_rate"  # what callbacks of Keras that change it note


def probe_training(student: TinyVggStudent) -> Observation:
    """`train` as it is by default, then with other epochs and batch size; `fit` is recorded."""
    data = student.data("train", inputs.TRAINED_ROWS, 64)
    calls: list[Plain] = []
    for options in ({}, {"epochs": inputs.OTHER_EPOCHS, "batch_size": inputs.OTHER_BATCH_SIZE}):
        call = _train(student, data, options)
        if _nothing_on_one_side(call):
            full = _train(student, _full_size(data, student.seed), options)
            call = call if _nothing_on_one_side(full) else full
        calls.append(call)
    return {"calls": calls}


def _train(student: TinyVggStudent, data: Data, options: dict[str, int]) -> dict[str, Any]:
    model, _ = student.compiled(data)
    x: Any = data.x_train
    if len(x) > MAX_ROWS:
        x = student.value("hold_windows", row=inputs.many_numbers(student.seed), shape=list(settings.IMAGE_SHAPE))
    with student.recording() as recorded:
        before = student.ask("weights", model=model)["values"]
        answer = student.call("train", model, x, data.y_train, **options)
        after = student.ask("weights", model=model)["values"]
        fits = student.ask("fits", recorded=recorded, rows=MAX_ROWS)
    return {
        "error": answer.error and dict(answer.error),
        "n": len(data.x_train),
        "looked_up": min(len(data.x_train), MAX_ROWS),
        "fits": [_describe_fit(fit, data, student) for fit in fits],
        "trained": before.keys() != after.keys() or not all(np.array_equal(before[k], after[k]) for k in before),
        "returned": _describe_history(student, answer.value),
    }


def _nothing_on_one_side(call: dict[str, Any]) -> bool:
    """Whether a split left nothing to train on or to validate with, as one at a fixed number (35,000) does."""
    raised = call["error"] is not None and call["error"]["kind"] == "raised"
    return raised or any(fit["validates"] and 0 in (fit["n_train"], fit["n_validation"]) for fit in call["fits"])


def _full_size(data: Data, seed: int) -> Data:
    """As many rows as CIFAR-10 has for training, with labels of the same form."""
    x = inputs.many_images(seed)
    rows = np.arange(len(x)) % len(data.y_train)
    labels = data.labels[0][rows], data.labels[1]
    return Data(x, data.y_train[rows], data.x_test, data.y_test, labels, data.fault, data.own_labels)


def _describe_history(student: TinyVggStudent, value: Value | None) -> dict[str, Plain]:
    if value is None:
        return {"kind": "NoneType", "series": [], "epochs": None}
    series = student.ask("series", value=value)
    names = series["names"] if series["kind"] in ("History", "dict") else []
    return {"kind": series["kind"], "series": names, "epochs": series["epochs"] if names else None}


def _describe_fit(fit: dict[str, Any], data: Data, student: TinyVggStudent) -> dict[str, Any]:
    known = {key.tobytes(): i for i, key in enumerate(image_keys(data.x_train))}
    rows, labels_kept = _rows(fit["train"], known, data)
    validation_rows, validation_labels_kept = _rows(fit["validation"], known, data)
    told = ("epochs", "initial_epoch", "batch_size", "n_train", "n_epoch", "n_validation", "validates", "callbacks")
    return {key: fit[key] for key in told} | {
        "rows": rows,
        "validation_rows": validation_rows,
        "labels_kept": labels_kept and validation_labels_kept,
        "of_notebook": _are_of_notebook(student, fit["train"], rows),
        "validates_on_notebook": _are_of_notebook(student, fit["validation"], validation_rows),
    }


def _are_of_notebook(student: TinyVggStudent, given: dict[str, Any], rows: np.ndarray) -> bool:
    """Whether images that `train` was not given are those of the notebook's own arrays."""
    strangers = given["keys"][rows < 0] if len(rows) else rows
    return bool(len(strangers)) and bool(student.ask("holds_images", keys=strangers, shape=list(settings.IMAGE_SHAPE)))


def _rows(given: dict[str, Any], known: dict[bytes, int], data: Data) -> tuple[np.ndarray, bool]:
    """Which rows of the given data these are (-1: none of them), and whether each has its own label."""
    if given["keys"] is None:
        return np.zeros(0, int), True
    rows = np.array([known.get(key.tobytes(), -1) for key in given["keys"]], dtype=int)
    found = rows >= 0
    labels = None if given["labels"] is None else integers(given["labels"])
    if labels is None or len(labels) != len(rows):
        return rows, not len(rows)
    return rows, bool(np.array_equal(labels[found], data.labels[0][rows[found]]))


def probe_evaluation(student: TinyVggStudent) -> Observation:
    """`evaluate` on two sets of fresh data, under weights drawn from the seed.

    What is right is computed after the call, so that nobody finds it on the way there.
    """
    calls: list[Plain] = []
    for number, n in enumerate(inputs.EVALUATED):
        seed, hits = student.seed + number, inputs.HITS[number]
        data = student.data(f"evaluate {number}", 2 * settings.N_CLASSES, n)
        model, own = student.compiled(data)
        x = student.value("hold", value=data.x_test)
        rows, reports_accuracy = _labels_that_hit(student, model, x, data, seed, hits)
        if own["compile"] and not reports_accuracy and "compile_model" in student.stand_ins:
            model = student.call_stand_in("compile_model", student.model()[0], data.y_test)
            own = {"compile": False}
            rows, _ = _labels_that_hit(student, model, x, data, seed, hits)
        y = data.y_test[rows]
        loss = student.value("keep_loss", model=model)
        weights = student.ask("weights", model=model)
        with student.weights_drawn(model, weights, seed), student.recording() as recorded:
            answer = student.call("evaluate", model, Copied(x), y)
            name = None if own["compile"] else _asked_for(answer.error)
            if name:
                one_hot = data.y_test.ndim == 2 and data.y_test.shape[1] > 1
                student.ask("recompile", model=model, one_hot=one_hot, metric=name)
                answer = student.call("evaluate", model, Copied(x), y)
            told = student.told(answer)
            trains = len(student.ask("fits", recorded=recorded, rows=0))
            measured = student.ask("measured", recorded=recorded, most=MAX_MEASURED)
        with student.weights_drawn(model, weights, seed):
            right = student.ask("computed_loss", model=model, loss=loss, x=Copied(x), y=y)
        calls.append(told | right | {"labels": data.labels[1][rows], "trains": trains, "measured": measured})
    return {"calls": calls}


def _labels_that_hit(
    student: TinyVggStudent, model: Value, x: Value, data: Data, seed: int, hits: float
) -> tuple[np.ndarray, bool]:
    """Of which image each test image gets the label, and whether the model's metrics report its accuracy.

    Labels are handed out anew so that about `hits` of the images are classified rightly: where a model is no better
    than chance, loss and accuracy of any other data look much the same.
    """
    with student.weights_drawn(model, student.ask("weights", model=model), seed):
        seen = student.ask("predictions", model=model, x=x)
        guessed = seen["values"].argmax(axis=1)
        known = data.labels[1]
        hit = (inputs.generator(seed, "hits").random(len(known)) < hits) & np.isin(guessed, known)
        wanted = np.where(hit, guessed, known)
        rows = np.array([np.flatnonzero(known == label)[0] for label in wanted])
        logs = student.ask("metrics", model=model, x=x, y=data.y_test[rows], outputs=Value.of(seen["outputs"]))
    right = np.mean(guessed == wanted)
    return rows, any(abs(value - right) < 1e-4 for name, value in logs.items() if name != "loss")


def _asked_for(error: dict[str, Any] | None) -> str | None:
    """The name under which a function looked for the accuracy, when it did not find it."""
    if error is None or error.get("type") != "KeyError":
        return None
    name = str(error["message"]).strip("'\"").removeprefix("val_")
    return name if name and name != "loss" else None


def probe_curves(student: TinyVggStudent) -> Observation:
    """`plot_history` of two histories that were made up, with the student's own metric names."""
    name, own, metrics = _metric_name(student)
    try:
        model: Value | None = student.model()[0]
    except NeedsEarlier:
        model = None

    def plots(form: Value | None = None, known: Collection[str] = ()) -> list[Any]:
        """What is drawn of histories in the form of an object, with further series, as far as it asks for such that
        are known."""
        further: list[str] = []
        while True:
            given = _histories(student, name, further, model)
            if form is not None:
                given = [student.value("convert", history=history, like=form) for history in given]
            calls = [student.call_plot("plot_history", history) for history in given]
            key = _asked_for(_first_error(calls))
            if key is None or key in further or key not in known:
                return calls
            further.append(key)

    calls = plots()
    other = None if own else _asked_for(_first_error(calls))
    if other:
        name = other
        calls = plots()
    if _first_error(calls):  # perhaps it expects just what `train` returns in this notebook
        form, series = _own_history(student)
        for again in (plots(known=series or metrics), plots(form, series or metrics) if form else calls):
            calls = again if _first_error(calls) else calls
    return {"metric": name, "calls": list(calls)}


def _histories(student: TinyVggStudent, name: str, further: Sequence[str], model: Value | None) -> list[Value]:
    histories = []
    for number, length in enumerate(inputs.CURVE_LENGTHS):
        series = inputs.curves(student.seed, number, name)
        for key in further:
            series |= inputs.further_curves(student.seed, number, key)
        params = {"verbose": 0, "epochs": length, "steps": 274}
        histories.append(student.value("hold_history", series=series, model=model, params=params))
    return histories


def _first_error(calls: list[dict[str, Plain]]) -> dict[str, Any] | None:
    return next((call["error"] for call in calls if isinstance(call["error"], dict)), None)


def _own_history(student: TinyVggStudent) -> tuple[Value | None, set[str]]:
    """What the student's `train` returns, where that is another form of a History, and the names of its series, those
    of validation aside."""
    data = student.data("history form", 3 * settings.BATCH_SIZE, 2 * settings.N_CLASSES)
    model, _ = student.compiled(data)
    with student.recording(keep_rows=False):
        returned = student.call("train", model, data.x_train, data.y_train).value
    if returned is None:
        return None, set()
    series = student.ask("series", value=returned)
    form = returned if series["kind"] in ("dict", "DataFrame") else None
    return form, {name.removeprefix("val_") for name in series["names"]}


def _metric_name(student: TinyVggStudent) -> tuple[str, bool, set[str]]:
    """What the student's histories call the accuracy, whether that comes from question 5, and what they may hold."""
    try:
        data = student.data("metric name", 2 * settings.N_CLASSES, 2 * settings.N_CLASSES)
        model, own = student.compiled(data)
        with student.recording(keep_rows=False):
            logs = student.ask("evaluate", model=model, x=data.x_test, y=data.y_test)
    except (NeedsEarlier, Raised):
        return "accuracy", False, {LEARNING_RATE}
    name = accuracy_among(str(n) for n in logs if n != "loss")
    return name or "accuracy", own["compile"] and name is not None, {LEARNING_RATE, *map(str, logs)}
