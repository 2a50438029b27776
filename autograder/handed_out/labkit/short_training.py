"""Record what `fit` is asked to do, and do a token amount of it.

Inside `recording()`, `fit` on any Keras model trains nothing: it notes its arguments, moves the weights a
little, runs the callbacks, and returns a `History` of the length that was asked for, with the model's own
metric names. `evaluate` and `predict` stay truthful, and note which weights saw which data. So hours of
training can be looked at in seconds.
"""

import contextlib
import itertools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from numbers import Real
from types import CodeType
from typing import Any

import keras
import numpy as np

MAX_ROWS = 5_000  # of the batches that a fit was given; what goes beyond is counted, not kept
EVALUATED_ROWS = 640  # of a large array that `evaluate` looks at
UNJUDGED_ROWS = 64  # of it, where no evaluation is noted
LARGE = 2_000  # rows
NUDGE = 0.05  # standard deviation of the token change, relative to that of each weight
SHORTENED = "_shortened"  # attribute of a `fit` that trains nothing
FEW = 8  # rows or batches, where nothing is recorded


@dataclass(eq=False)
class Fit:
    """One call of `fit`."""

    model: Any
    epochs: int
    initial_epoch: int
    batch_size: int | None
    n_train: int
    n_epoch: int  # images that an epoch goes through; fewer than `n_train` where `steps_per_epoch` ends it early
    x_train: Any
    y_train: Any
    n_validation: int
    x_validation: Any
    y_validation: Any
    validates: bool
    callbacks: list[dict[str, Any]]
    weights_before: list[np.ndarray]
    weights_after: list[np.ndarray]  # the same where `fit` failed before it had changed any
    callers: frozenset[CodeType]  # code of the functions from which `fit` was called, directly or not


@dataclass(eq=False)
class Evaluation:
    """One call of `evaluate` or `predict` on a large set of data.

    Args:
        model: that was evaluated.
        weights: that it had.
        n: rows that it was given.
        predicted: class that the model gave to each row looked at (of a large array `evaluate` looks at the first
            `EVALUATED_ROWS` only); None where outputs are no class scores.
        labels: as given, of the same rows; None for `predict`.
    """

    model: Any
    weights: list[np.ndarray]
    n: int
    predicted: np.ndarray | None
    labels: np.ndarray | None


@dataclass(eq=False)
class Recording:
    """All that happened while recording, in order."""

    fits: list[Fit] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)  # of more than `LARGE` rows
    measured: list[list[float]] = field(default_factory=list)  # what each `evaluate` gave: the loss, then the metrics
    keep_rows: bool = True
    touched: dict[int, "_Touched"] = field(default_factory=dict)

    @property
    def limit(self) -> int:
        """Rows to keep of data that come in batches."""
        return MAX_ROWS if self.keep_rows else FEW

    @property
    def evaluated_rows(self) -> int:
        """Rows of a large array that `evaluate` looks at."""
        return EVALUATED_ROWS if self.keep_rows else UNJUDGED_ROWS


_active: list[Recording] = []


@contextlib.contextmanager
def recording(*, keep_rows: bool = True) -> Iterator[Recording]:
    """Shorten and record training until the end of the block; may be nested, the innermost records.

    Afterwards every model has the weights that it had before.

    Args:
        keep_rows: whether to keep the rows that `fit` was given, and to note evaluations.
    """
    current = Recording(keep_rows=keep_rows)
    if not _active:
        _install()
    _active.append(current)
    try:
        yield current
    finally:
        _active.remove(current)
        for touched in current.touched.values():
            touched.restore()
        if not _active:
            _uninstall()


def is_recording() -> bool:
    """Whether training is shortened at this moment, as it is at marking; there by another copy of this module."""
    return hasattr(keras.Model.fit, SHORTENED)


_NAMES = ("fit", "evaluate", "predict", "train_on_batch")
_replaced: dict[str, Any] = {}  # what keras.Model itself had under these names, which is usually nothing


def _install() -> None:
    trainer = _trainer()
    for name in _NAMES:
        if name in vars(keras.Model):
            _replaced[name] = vars(keras.Model)[name]
        setattr(keras.Model, name, globals()[f"_{name}"](getattr(trainer, name)))


def _uninstall() -> None:
    for name in _NAMES:
        delattr(keras.Model, name)
        if name in _replaced:
            setattr(keras.Model, name, _replaced.pop(name))


def _trainer() -> Any:
    """The class from which every model inherits `fit`."""
    return next(base for base in keras.Model.__mro__[1:] if "fit" in vars(base))


class _Touched:
    """A model that was fitted, evaluated or asked for predictions, and how it was before."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._settings = model.run_eagerly, model.jit_compile, getattr(model, "history", None)
        self._weights: list[tuple[Any, np.ndarray]] | None = None

    def keep_weights(self) -> None:
        """Remember the weights, the first time."""
        if self._weights is None:
            self._weights = [(v, np.asarray(v).copy()) for v in self._model.weights]

    def restore(self) -> None:
        """Undo what recording did to the model."""
        model = self._model
        model.run_eagerly, model.jit_compile, model.history = self._settings
        model.test_function = model.predict_function = None
        for variable, value in self._weights or ():
            variable.assign(value)


def _touch(model: Any) -> _Touched:
    """Run it eagerly from now on: tracing a graph costs more than the few steps that are run here."""
    touched = _active[-1].touched.setdefault(id(model), _Touched(model))
    model.run_eagerly = True
    model.jit_compile = False
    return touched


def _measure(model: Any, x: Any, y: Any, batch_size: int) -> dict[str, Any]:
    """What `evaluate(..., return_dict=True)` says of arrays, without the costly iterator around it."""
    if keras.backend.backend() != "tensorflow":
        return dict(_trainer().evaluate(model, x, y, batch_size, verbose=0, return_dict=True))
    model.reset_metrics()
    logs: dict[str, Any] = {}
    for batch in _batches(x, y, batch_size):
        logs = model.test_step(batch)
    logs = model._get_metrics_result_or_logs(logs)
    return {name: float(np.asarray(logs[name])) for name in sorted(logs)}  # Keras sorts them too


def _batches(x: Any, y: Any, size: int) -> Iterator[tuple[Any, ...]]:
    for start in range(0, len(x), size):
        yield tuple(_tensor(a[start : start + size]) for a in ((x,) if y is None else (x, y)))


def _tensor(values: Any) -> Any:
    array = np.asarray(values)
    return keras.ops.convert_to_tensor(array.astype(keras.config.floatx()) if array.dtype.kind == "f" else array)


def _fit(original: Any) -> Any:
    def fit(
        self: Any,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> Any:
        self._assert_compile_called("fit")
        recording = _active[-1]
        train = _Rows.of(x, y, batch_size, steps_per_epoch, recording.limit)
        held_out = _Rows.none()
        validates = validation_data is not None or bool(validation_split)
        if validation_data is not None:
            pair = validation_data if isinstance(validation_data, tuple | list) else (validation_data, None)
            held_out = _Rows.of(pair[0], pair[1], validation_batch_size, validation_steps, recording.limit)
        elif validation_split:
            if not train.splits:
                raise ValueError("`validation_split` is only supported for arrays, not for data that come in batches")
            train, held_out = train.split(validation_split)
        # A truthful look at a few rows: it builds the model, finds misfits of labels and loss, and names the metrics.
        touched = _touch(self)
        logs = _measure(self, *train.head(FEW), FEW)
        if validation_data is not None and held_out.n:
            _measure(self, *held_out.head(FEW), FEW)
        touched.keep_weights()
        epochs, initial_epoch = int(epochs), int(initial_epoch)
        most = None if steps_per_epoch is None else int(steps_per_epoch) * (train.batch_size or 1)
        note = Fit(
            model=self,
            epochs=epochs,
            initial_epoch=initial_epoch,
            batch_size=train.batch_size,
            n_train=train.n,
            n_epoch=train.n if most is None else min(train.n, most),
            x_train=train.x if recording.keep_rows else None,
            y_train=train.y if recording.keep_rows else None,
            n_validation=held_out.n,
            x_validation=held_out.x if recording.keep_rows else None,
            y_validation=held_out.y if recording.keep_rows else None,
            validates=validates,
            callbacks=[],
            weights_before=self.get_weights(),
            weights_after=self.get_weights(),
            callers=_callers(),
        )
        number = len(recording.fits)
        recording.fits.append(note)
        with _scope_of(self):
            _nudge(self, number)
            if not self.optimizer.built:  # a saved model could not be loaded otherwise
                self.optimizer.build(self.trainable_variables)
        note.weights_after = self.get_weights()  # also where a callback raises
        curves = _curves(list(logs), max(epochs - initial_epoch, 0), validates, number)
        history, note.callbacks = _run_callbacks(
            self, callbacks, curves, range(initial_epoch, epochs), train, _validation_epochs(validation_freq)
        )
        note.weights_after = self.get_weights()
        return history

    fit.__doc__ = original.__doc__
    vars(fit)[SHORTENED] = True
    return fit


def _callers() -> frozenset[CodeType]:
    """Code of all functions that are at work."""
    found, frame = set(), sys._getframe(1)
    while frame is not None:
        found.add(frame.f_code)
        frame = frame.f_back  # type: ignore[assignment]
    return frozenset(found)


def _scope_of(model: Any) -> contextlib.AbstractContextManager[Any]:
    """What a model's variables have to be made in: the scope of the distribution strategy that it was built in."""
    strategy = getattr(model, "distribute_strategy", None)
    return contextlib.nullcontext() if strategy is None else strategy.scope()


def _validation_epochs(frequency: Any) -> Callable[[int], bool]:
    """Whether `fit` validates after an epoch (counted from 0), given its `validation_freq`."""
    if isinstance(frequency, int):
        return lambda epoch: (epoch + 1) % frequency == 0
    return lambda epoch: epoch + 1 in frequency


EVALUATE = ("verbose", "sample_weight", "steps", "callbacks", "return_dict")  # further arguments, in Keras' order


def _evaluate(original: Any) -> Any:
    def evaluate(
        self: Any, x: Any = None, y: Any = None, batch_size: int | None = None, *more: Any, **options: Any
    ) -> Any:
        options |= dict(zip(EVALUATE, more, strict=False))
        if options.get("_use_cached_eval_dataset"):
            return original(self, x, y, batch_size, **options)
        self._assert_compile_called("evaluate")
        _touch(self)
        if not (_is_array(x) and (y is None or _is_array(y))):
            if not isinstance(x, list) and not hasattr(x, "cardinality") and not hasattr(x, "__getitem__"):
                # A generator can be gone through once only.
                x = list(itertools.islice(x, options.pop("steps", None) or MAX_ROWS))
                result = original(self, _again(x), y, batch_size, **options)
            else:
                result = original(self, x, y, batch_size, **options)
            _note_batches(self, x, y, options.get("steps"))
            _note_numbers(result)
            return result
        weight = options.get("sample_weight")
        x, y, weight = _first_steps((x, y, weight), options.pop("steps", None), batch_size)
        rows = len(x)
        if rows > LARGE:
            few = slice(_active[-1].evaluated_rows)
            x, y, weight = (None if a is None else a[few] for a in (x, y, weight))
        size = max(batch_size or 0, 256)
        plain = {"verbose", "return_dict"}
        if set(options) <= plain and (y is None or len(y) == len(x)):
            logs = _measure(self, x, y, size)
            result = logs if options.get("return_dict") else self._flatten_metrics_in_order(logs)
        else:
            result = original(self, x, y, size, **(options | ({} if weight is None else {"sample_weight": weight})))
        _note(self, rows, lambda: _classes(self, x), y)
        _note_numbers(result)
        return result

    evaluate.__doc__ = original.__doc__
    return evaluate


def _note_numbers(result: Any) -> None:
    """Note the numbers that `evaluate` gave, the loss first; a metric that is no number (one a class) is left out."""
    if not _active[-1].keep_rows:
        return
    if isinstance(result, dict):
        result = [value for _, value in sorted(result.items(), key=lambda item: item[0] != "loss")]
    values = result if isinstance(result, list) else [result]
    numbers = [float(value) for value in values if isinstance(value, Real)]
    if numbers:
        _active[-1].measured.append(numbers)


def _first_steps(arrays: tuple[Any, ...], steps: int | None, batch_size: int | None) -> tuple[Any, ...]:
    """The rows that so many batches hold. Where steps or size are not given, Keras goes through all rows."""
    if not steps or not batch_size:
        return arrays
    rows = slice(int(steps) * batch_size)
    return tuple(None if a is None else a[rows] for a in arrays)


PREDICT = ("verbose", "steps", "callbacks")  # further arguments, in Keras' order


def _predict(original: Any) -> Any:
    def predict(self: Any, x: Any, batch_size: int | None = None, *more: Any, **options: Any) -> Any:
        options |= dict(zip(PREDICT, more, strict=False))
        _touch(self)
        if not _is_array(x):
            return original(self, x, batch_size, **options)
        (x,) = _first_steps((x,), options.pop("steps", None), batch_size)
        size = max(batch_size or 0, 500)
        if keras.backend.backend() == "tensorflow" and set(options) <= {"verbose"} and len(x):
            parts = [self.predict_step(batch) for batch in _batches(x, None, size)]
            result = keras.tree.map_structure(lambda *p: np.concatenate([np.asarray(q) for q in p]), *parts)
        else:
            result = original(self, x, size, **options)
        _note(self, len(x), lambda: _argmax(result), None)
        return result

    predict.__doc__ = original.__doc__
    return predict


def _train_on_batch(original: Any) -> Any:
    def train_on_batch(self: Any, x: Any, y: Any = None, *args: Any, **options: Any) -> Any:
        """The first batches of a hand-written loop are real; the rest do nothing."""
        calls = getattr(self, "_lab_batches", 0)
        self._lab_batches = calls + 1
        if calls < 2 or not hasattr(self, "_lab_last_logs"):
            _touch(self).keep_weights()
            self._lab_last_logs = original(self, x, y, *args, **options)
        return self._lab_last_logs

    train_on_batch.__doc__ = original.__doc__
    return train_on_batch


def _note(model: Any, n: int, classes: Callable[[], np.ndarray | None], labels: Any) -> None:
    """Note a large evaluation, where that is wanted."""
    recording = _active[-1]
    if recording.keep_rows and n > LARGE:
        labels = None if labels is None else np.asarray(labels)
        recording.evaluations.append(Evaluation(model, model.get_weights(), n, classes(), labels))


def _note_batches(model: Any, data: Any, y: Any, steps: int | None) -> None:
    if not _active[-1].keep_rows:
        return
    predicted, labels, n = [], [], 0
    batches = [(data, y)] if isinstance(data, list) and y is not None else _batches_of(data)
    for batch in itertools.islice(batches, steps or MAX_ROWS):
        x, of_x = (batch[0], batch[1]) if isinstance(batch, tuple | list) and len(batch) > 1 else (batch, None)
        n += len(x)
        classes = _classes(model, np.asarray(x))
        if classes is None or of_x is None:
            return
        predicted.append(classes)
        labels.append(np.asarray(of_x))
    if predicted:
        _note(model, n, lambda: np.concatenate(predicted), np.concatenate(labels))


def _classes(model: Any, x: Any) -> np.ndarray | None:
    """Class that the model gives to each row."""
    parts = [_argmax(np.asarray(model(batch[0], training=False))) for batch in _batches(x, None, 500)]
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if known and len(known) == len(parts) else None


def _argmax(outputs: Any) -> np.ndarray | None:
    return np.asarray(outputs.argmax(axis=1)) if isinstance(outputs, np.ndarray) and outputs.ndim == 2 else None


def _again(batches: list[Any]) -> Iterator[Any]:
    yield from batches


def _batches_of(data: Any) -> Iterator[Any]:
    """The batches of a tf.data.Dataset, a PyDataset, a list or a generator."""
    if hasattr(data, "__len__") and hasattr(data, "__getitem__") and not hasattr(data, "cardinality"):
        return (data[i] for i in range(len(data)))
    return iter(data)


def _is_array(value: Any) -> bool:
    return hasattr(value, "shape") and hasattr(value, "__getitem__") and hasattr(value, "__array__")


@dataclass
class _Rows:
    """The data given to `fit`: at most `limit` rows of it if it comes in batches, and how many there are."""

    x: Any
    y: Any
    n: int
    batch_size: int | None
    splits: bool = False

    @classmethod
    def none(cls) -> "_Rows":
        return cls(None, None, 0, None)

    @classmethod
    def of(cls, x: Any, y: Any, batch_size: int | None, steps: int | None, limit: int) -> "_Rows":
        if _is_array(x) or isinstance(x, list):
            x = np.asarray(x) if isinstance(x, list) else x
            labels = None if y is None else (np.asarray(y) if isinstance(y, list) else y)
            if labels is not None and len(labels) != len(x):
                raise ValueError(
                    f"Data cardinality is ambiguous. Make sure all arrays contain the same number of samples. "
                    f"'x' sizes: {len(x)}, 'y' sizes: {len(labels)}"
                )
            size = batch_size or 32
            if steps is not None and batch_size is None:
                size = -(-len(x) // steps)
            return cls(x, labels, len(x), size, splits=True)
        return cls._of_batches(x, steps, limit)

    @classmethod
    def _of_batches(cls, data: Any, steps: int | None, limit: int) -> "_Rows":
        """From a tf.data.Dataset, a PyDataset or a generator of batches."""
        xs: list[np.ndarray] = []
        ys: list[np.ndarray | None] = []
        n, size = 0, None
        most = limit if steps is None else steps if limit > FEW else min(steps, FEW)
        for batch in itertools.islice(_batches_of(data), most):
            x, y = (batch[0], batch[1]) if isinstance(batch, tuple | list) else (batch, None)
            x = np.asarray(x)
            size = size or len(x)
            if n < limit:
                xs.append(x)
                ys.append(None if y is None else np.asarray(y))
            n += len(x)
            if n >= limit and steps is None and _endless(data):
                break
        if not xs:
            raise ValueError("the data given to fit holds no batch")
        labels = [y for y in ys if y is not None]
        return cls(np.concatenate(xs), np.concatenate(labels) if labels else None, n, size)

    def split(self, share: float) -> tuple["_Rows", "_Rows"]:
        """As Keras splits: the last part, before any shuffling, is held out."""
        if not 0 < share < 1:
            raise ValueError(f"`validation_split` must be between 0 and 1, received {share}")
        at = int(self.n * (1 - share))
        first = _Rows(self.x[:at], None if self.y is None else self.y[:at], at, self.batch_size)
        last = _Rows(self.x[at:], None if self.y is None else self.y[at:], self.n - at, self.batch_size)
        return first, last

    def head(self, n: int) -> tuple[Any, Any]:
        return np.asarray(self.x[:n]), None if self.y is None else np.asarray(self.y[:n])


def _endless(data: Any) -> bool:
    return hasattr(data, "cardinality") and int(data.cardinality()) == -1


def _nudge(model: Any, number: int) -> None:
    rng = np.random.default_rng([number, 20])
    for variable in model.trainable_variables:
        value = np.asarray(variable)
        scale = NUDGE * (float(value.std()) or 0.1)
        variable.assign(value + rng.normal(0, scale, value.shape).astype(value.dtype))


def _curves(names: list[str], epochs: int, validates: bool, number: int) -> dict[str, list[float]]:
    """Histories that look like training: the loss falls, everything else rises, far enough to set off whatever
    waits for a good value."""
    rng = np.random.default_rng([number, 21])
    time = np.arange(epochs) / max(epochs, 1)
    curves: dict[str, list[float]] = {}
    for prefix, gap in (("", 0.0), ("val_", 0.15)) if validates else (("", 0.0),):
        for name in names:
            noise = rng.normal(0, 0.01, epochs)
            falls = 0.05 + 2.2 * np.exp(-5 * time) + gap
            rises = 0.995 - 0.75 * np.exp(-5 * time) - gap / 3
            values = falls + noise if name == "loss" else np.clip(rises + noise, 0, 1)
            curves[prefix + name] = [float(v) for v in values]
    return curves


def _run_callbacks(
    model: Any,
    callbacks: Any,
    curves: dict[str, list[float]],
    epochs: range,
    train: _Rows,
    validates_after: Callable[[int], bool],
) -> tuple[Any, list[dict[str, Any]]]:
    """Run every callback over the made-up epochs; say which of them may end training early."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks = callbacks.callbacks
    given = keras.tree.flatten(callbacks) if callbacks else []
    own_history = next((c for c in given if isinstance(c, keras.callbacks.History)), None)
    given = [c for c in given if not isinstance(c, keras.callbacks.History | keras.callbacks.ProgbarLogger)]
    history = keras.callbacks.History() if own_history is None else own_history
    steps = -(-train.n // train.batch_size) if train.batch_size else None
    described = [_describe_callback(callback, len(epochs)) for callback in given]
    heavy = (keras.callbacks.TensorBoard, keras.callbacks.BackupAndRestore)
    quiet = (keras.callbacks.EarlyStopping, keras.callbacks.TerminateOnNaN, keras.callbacks.ModelCheckpoint)
    for callback in [*given, history]:
        if not isinstance(callback, heavy):
            callback.set_model(model)
            callback.set_params({"epochs": epochs.stop, "steps": steps, "verbose": 0})
    # As in Keras the history comes last: it notes what callbacks add to the logs.
    active = [*(c for c in given if not isinstance(c, quiet + heavy)), history]
    model.history = history
    model.stop_training = False
    writing = _Writing()
    for callback in active:
        writing.step(callback, "on_train_begin", {})
    for index, epoch in enumerate(epochs):
        logs = {
            name: values[index]
            for name, values in curves.items()
            if validates_after(epoch) or not name.startswith("val_")
        }
        if epoch == epochs[-1]:
            for callback in given:
                if isinstance(callback, keras.callbacks.ModelCheckpoint):
                    writing.step(callback, "on_epoch_end", epoch, dict(logs))
        for callback in active:
            writing.step(callback, "on_epoch_begin", epoch, {})
            writing.step(callback, "on_epoch_end", epoch, logs)
            if model.stop_training:
                position = next((i for i, c in enumerate(given) if c is callback), None)
                if position is not None and epoch < epochs[-1] and described[position]["stops_at"] is None:
                    described[position]["stops_at"] = epoch + 1
                model.stop_training = False
    for callback in active:
        writing.step(callback, "on_train_end", {})
    return history, described


class _Writing:
    """Runs callbacks, also those that cannot write their files: where these go may not be there when this runs, such as
    a drive that is not mounted."""

    def __init__(self) -> None:
        self._failed: set[int] = set()

    def step(self, callback: Any, name: str, *arguments: Any) -> None:
        """Call a method of a callback. One that could not write may raise anything later: its file is not there."""
        try:
            getattr(callback, name)(*arguments)
        except OSError:
            self._failed.add(id(callback))
        except Exception:
            if id(callback) not in self._failed:
                raise


def _describe_callback(callback: Any, epochs: int) -> dict[str, Any]:
    described: dict[str, Any] = {"class": type(callback).__name__[:100], "stops_at": None}
    if isinstance(callback, keras.callbacks.EarlyStopping):
        first = int(callback.start_from_epoch) + int(callback.patience) + 1
        described["stops_at"] = first if first < epochs else None
    return described
