"""Questions 6 to 8: training, evaluating, and curves."""

import contextlib
import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from lab import settings
from lab.observe import Plain, accuracy_among, plain
from lab.probes import Observation, inputs
from lab.recorder import Fit, recording
from lab.student import Data, NeedsEarlier, Student, integers, quiet

MAX_ROWS = 5_000  # of what a fit was given that are looked up
MAX_MEASURED = 20  # calls of `model.evaluate` within one of `evaluate` whose numbers are kept
LEARNING_RATE = "learning_rate"  # what callbacks of Keras that change it note
KEY_STEP = 48  # every 48th value of an image tells it from all others


def probe_training(student: Student) -> Observation:
    """`train` as it is by default, then with other epochs and batch size; `fit` is recorded."""
    data = student.data("train", inputs.TRAINED_ROWS, 64)
    calls: list[Plain] = []
    for options in ({}, {"epochs": inputs.OTHER_EPOCHS, "batch_size": inputs.OTHER_BATCH_SIZE}):
        call = _train(student, data, options)
        if _nothing_on_one_side(call):
            full = _train(student, _full_size(data, student.seed), options)
            call = call if _nothing_on_one_side(full) else full
        calls.append(plain(call))
    return {"calls": calls}


def _train(student: Student, data: Data, options: dict[str, int]) -> dict[str, Any]:
    model, _ = student.compiled(data)
    small = len(data.x_train) <= MAX_ROWS
    with recording() as seen:
        before = model.get_weights()
        x = data.x_train.copy() if small else data.x_train
        answer = student.call("train", model, x, data.y_train.copy(), **options)
        after = model.get_weights()
    return {
        "error": answer.error and dict(answer.error),
        "n": len(data.x_train),
        "looked_up": min(len(data.x_train), MAX_ROWS),
        "fits": [_describe_fit(fit, data, student.namespace) for fit in seen.fits],
        "trained": not all(np.array_equal(a, b) for a, b in itertools.zip_longest(before, after)),
        "returned": _describe_history(answer.value),
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


def _describe_history(value: Any) -> dict[str, Plain]:
    is_history = isinstance(value, keras.callbacks.History)
    series = value.history if is_history else value if isinstance(value, dict) else {}
    kind = "History" if is_history else "dict" if isinstance(value, dict) else type(value).__name__[:100]
    loss = series.get("loss") if isinstance(series, dict) else None
    epochs = len(loss) if isinstance(loss, list) else None
    return {"kind": kind, "series": [str(key)[:100] for key in list(series)[:50]], "epochs": epochs}


def _describe_fit(fit: Fit, data: Data, names: Mapping[str, Any]) -> dict[str, Any]:
    known = {key: i for i, key in enumerate(_keys(data.x_train))}
    rows, labels_kept = _rows(fit.x_train, fit.y_train, known, data)
    validation_rows, validation_labels_kept = _rows(fit.x_validation, fit.y_validation, known, data)
    return {
        "epochs": fit.epochs,
        "initial_epoch": fit.initial_epoch,
        "batch_size": fit.batch_size,
        "n_train": fit.n_train,
        "n_epoch": fit.n_epoch,
        "n_validation": fit.n_validation,
        "validates": fit.validates,
        "rows": rows,
        "validation_rows": validation_rows,
        "labels_kept": labels_kept and validation_labels_kept,
        "of_notebook": _are_of_notebook(fit.x_train, rows, names),
        "validates_on_notebook": _are_of_notebook(fit.x_validation, validation_rows, names),
        "callbacks": plain(fit.callbacks),
    }


def _are_of_notebook(x: Any, rows: np.ndarray, names: Mapping[str, Any]) -> bool:
    """Whether images that `train` was not given are those of the notebook's own arrays."""
    strangers = {key for key, row in zip(_keys(x[:MAX_ROWS]), rows, strict=False) if row < 0} if len(rows) else set()
    return bool(strangers) and any(
        not strangers.isdisjoint(_keys(value))
        for value in list(names.values())
        if isinstance(value, np.ndarray) and value.ndim == 4 and value.shape[1:] == settings.IMAGE_SHAPE
    )


def _keys(x: Any) -> list[bytes]:
    """For each image a key that no other image has."""
    x = np.asarray(x)
    if x.ndim < 2 or not x.size or x.dtype.kind not in "biuf":
        return []
    some = np.ascontiguousarray(x.reshape(len(x), -1)[:, ::KEY_STEP], dtype=np.float32)
    return [row.tobytes() for row in some]


def _rows(x: Any, y: Any, known: dict[bytes, int], data: Data) -> tuple[np.ndarray, bool]:
    """Which rows of the given data these are (-1: none of them), and whether each has its own label."""
    if x is None:
        return np.zeros(0, int), True
    rows = np.array([known.get(key, -1) for key in _keys(x[:MAX_ROWS])], dtype=int)
    found = rows >= 0
    labels = None if y is None else integers(y[:MAX_ROWS])
    if labels is None or len(labels) != len(rows):
        return rows, not len(rows)
    return rows, bool(np.array_equal(labels[found], data.labels[0][rows[found]]))


def probe_evaluation(student: Student) -> Observation:
    """`evaluate` on two sets of fresh data, under weights drawn from the seed.

    What is right is computed after the call, so that nobody finds it on the way there.
    """
    calls: list[Plain] = []
    for number, n in enumerate(inputs.EVALUATED):
        seed, hits = student.seed + number, inputs.HITS[number]
        data = student.data(f"evaluate {number}", 2 * settings.N_CLASSES, n)
        model, own = student.compiled(data)
        rows, reports_accuracy = _labels_that_hit(model, data, seed, hits)
        if own["compile"] and not reports_accuracy and "compile_model" in student.neutral:
            model = student.neutral["compile_model"](student.model()[0], data.y_test)
            own = {"compile": False}
            rows, _ = _labels_that_hit(model, data, seed, hits)
        loss = _loss_of(model)
        with _weights_drawn(model, seed), recording() as seen:
            answer = student.call("evaluate", model, data.x_test.copy(), data.y_test[rows])
            name = None if own["compile"] else _asked_for(answer.error)
            if name:
                _rename_metric(model, data.y_test, name)
                answer = student.call("evaluate", model, data.x_test.copy(), data.y_test[rows])
        right = _what_is_right(model, data, rows, seed, loss)
        calls.append(
            answer.plain() | right | {"trains": len(seen.fits), "measured": plain(seen.measured[:MAX_MEASURED])}
        )
    return {"calls": calls}


def _labels_that_hit(model: Any, data: Data, seed: int, hits: float) -> tuple[np.ndarray, bool]:
    """Of which image each test image gets the label, and whether the model's metrics report its accuracy.

    Labels are handed out anew so that about `hits` of the images are classified rightly: where a model is no better
    than chance, loss and accuracy of any other data look much the same.
    """
    with _weights_drawn(model, seed), quiet():
        outputs = model(data.x_test, training=False)
        known, guessed = data.labels[1], np.asarray(outputs).argmax(axis=1)
        hit = (inputs.generator(seed, "hits").random(len(known)) < hits) & np.isin(guessed, known)
        wanted = np.where(hit, guessed, known)
        rows = np.array([np.flatnonzero(known == label)[0] for label in wanted])
        y = data.y_test[rows]
        model.compute_loss(x=data.x_test, y=y, y_pred=outputs, training=False)  # which builds it
        model.reset_metrics()
        logs = model.compute_metrics(data.x_test, y, outputs)
        model.reset_metrics()
    right = np.mean(guessed == wanted)
    return rows, any(abs(float(value) - right) < 1e-4 for name, value in logs.items() if name != "loss")


def _loss_of(model: Any) -> Callable[[Any, Any], float]:
    """The loss that the model is compiled with now, of labels and outputs."""
    compiled = model._compile_loss
    return lambda y, outputs: float((0 if compiled is None else compiled(y, outputs)) + sum(model.losses))


def _what_is_right(
    model: Any, data: Data, rows: np.ndarray, seed: int, loss: Callable[[Any, Any], float]
) -> dict[str, Any]:
    """{"labels": as integers, "y_pred": outputs (n, N_CLASSES), "loss": as compiled before the call}."""
    with _weights_drawn(model, seed), quiet():
        outputs = model(data.x_test, training=False)
        y = keras.ops.convert_to_tensor(data.y_test[rows])
        return {"labels": plain(data.labels[1][rows]), "y_pred": plain(np.asarray(outputs)), "loss": loss(y, outputs)}


@contextlib.contextmanager
def _weights_drawn(model: Any, seed: int) -> Iterator[None]:
    """Random weights that do not saturate the model; its own come back at the end."""
    before = [(variable, np.asarray(variable).copy()) for variable in model.weights]
    for number, (variable, _) in enumerate(before):
        if "float" in str(variable.dtype):
            variable.assign(inputs.weight(seed, f"variable {number}", variable.name, tuple(variable.shape)))
    try:
        yield
    finally:
        for variable, value in before:
            variable.assign(value)


def _asked_for(error: dict[str, Any] | None) -> str | None:
    """The name under which a function looked for the accuracy, when it did not find it."""
    if error is None or error.get("type") != "KeyError":
        return None
    name = str(error["message"]).strip("'\"").removeprefix("val_")
    return name if name and name != "loss" else None


def _rename_metric(model: Any, y: Any, name: str) -> None:
    """Compile again with the same loss; the accuracy gets another name."""
    kind = keras.metrics.CategoricalAccuracy if np.ndim(y) == 2 and np.shape(y)[1] > 1 else None
    metric = (kind or keras.metrics.SparseCategoricalAccuracy)(name=name)
    model.compile(optimizer="sgd", loss=model.loss, metrics=[metric], run_eagerly=True)


def probe_curves(student: Student) -> Observation:
    """`plot_history` of two histories that were made up, with the student's own metric names."""
    name, own, metrics = _metric_name(student)
    try:
        model = student.model()[0]
    except NeedsEarlier:
        model = None

    def plots(form: Callable[[Any], Any] = lambda history: history, known: Collection[str] = ()) -> list[Any]:
        """What is drawn of histories in a form; with further series, as far as it asks for such that are known."""
        further: list[str] = []
        while True:
            given = [form(history) for history in _histories(student.seed, name, further, model)]
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


def _histories(seed: int, name: str, further: Sequence[str], model: Any) -> list[keras.callbacks.History]:
    histories = []
    for number, length in enumerate(inputs.CURVE_LENGTHS):
        history = keras.callbacks.History()
        history.set_model(model)
        history.history = inputs.curves(seed, number, name)
        for key in further:
            history.history |= inputs.further_curves(seed, number, key)
        history.epoch = list(range(length))
        history.params = {"verbose": 0, "epochs": length, "steps": 274}
        histories.append(history)
    return histories


def _first_error(calls: list[dict[str, Plain]]) -> dict[str, Any] | None:
    return next((call["error"] for call in calls if isinstance(call["error"], dict)), None)


def _own_history(student: Student) -> tuple[Callable[[Any], Any] | None, set[str]]:
    """How to turn a History into what the student's `train` returns (None where that is a History, or nothing), and the
    names of its series, those of validation aside."""
    data = student.data("history form", 3 * settings.BATCH_SIZE, 2 * settings.N_CLASSES)
    model, _ = student.compiled(data)
    with recording(keep_rows=False):
        returned = student.call("train", model, data.x_train, data.y_train).value
    series = getattr(returned, "history", returned)
    names = {str(name) for name in series} if isinstance(series, dict) or _is_data_frame(series) else set()
    form: Callable[[Any], Any] | None = None
    if isinstance(returned, dict):
        form = lambda history: dict(history.history)  # noqa: E731
    elif _is_data_frame(returned):
        form = lambda history: type(returned)(history.history)  # noqa: E731
    return form, {name.removeprefix("val_") for name in names}


def _is_data_frame(value: Any) -> bool:
    return type(value).__name__ == "DataFrame"


def _metric_name(student: Student) -> tuple[str, bool, set[str]]:
    """What the student's histories call the accuracy, whether that comes from question 5, and what they may hold."""
    try:
        data = student.data("metric name", 2 * settings.N_CLASSES, 2 * settings.N_CLASSES)
        model, own = student.compiled(data)
        with quiet(), recording(keep_rows=False):
            logs = model.evaluate(data.x_test, data.y_test, verbose=0, return_dict=True)
    except Exception:
        return "accuracy", False, {LEARNING_RATE}
    name = accuracy_among(str(n) for n in logs if n != "loss")
    return name or "accuracy", own["compile"] and name is not None, {LEARNING_RATE, *map(str, logs)}
