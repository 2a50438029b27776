"""Record what `fit` is asked to do, and do a token amount of it.

Inside `recording()`, `fit` on any Keras model trains nothing: it notes its arguments, moves the weights a
little, runs the callbacks, and returns a `History` of the length that was asked for, with the model's own
metric names. `evaluate` and `predict` stay truthful, and note which weights saw which data. So hours of
training can be looked at in seconds.
"""

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

MAX_ROWS = 5_000  # of the data that a fit was given; what goes beyond is counted, not kept
EVALUATED_ROWS = 640  # of a large data set that `evaluate` looks at
LARGE = 2_000  # rows
NUDGE = 0.05  # standard deviation of the token change, relative to that of each weight


@dataclass
class Fit:
    """One call of `fit`."""

    model: Any
    epochs: int
    initial_epoch: int
    batch_size: int | None
    n_train: int
    x_train: np.ndarray | None
    y_train: np.ndarray | None
    n_validation: int
    x_validation: np.ndarray | None
    y_validation: np.ndarray | None
    validates: bool
    callbacks: list[dict[str, Any]]
    weights_before: list[np.ndarray]
    weights_after: list[np.ndarray] = field(default_factory=list)


@dataclass
class Evaluation:
    """One call of `evaluate` or `predict`."""

    model: Any
    weights: list[np.ndarray]
    n: int
    x: np.ndarray | None
    y: np.ndarray | None


@dataclass
class Recording:
    """All that happened while recording, in order."""

    fits: list[Fit] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    keep_rows: bool = True


_active: list[Recording] = []


@contextlib.contextmanager
def recording(*, keep_rows: bool = True) -> Iterator[Recording]:
    """Shorten and record training until the end of the block; may be nested, the innermost records.

    Args:
        keep_rows: whether to keep the rows that `fit` and `evaluate` were given.
    """
    current = Recording(keep_rows=keep_rows)
    if not _active:
        _install()
    _active.append(current)
    try:
        yield current
    finally:
        _active.remove(current)
        if not _active:
            _uninstall()


_NAMES = ("fit", "evaluate", "predict", "train_on_batch")


def _install() -> None:
    trainer = _trainer()
    for name in _NAMES:
        setattr(keras.Model, name, globals()[f"_{name}"](getattr(trainer, name)))


def _uninstall() -> None:
    for name in _NAMES:
        delattr(keras.Model, name)


def _trainer() -> type:
    """The class from which every model inherits `fit`."""
    return next(base for base in keras.Model.__mro__[1:] if "fit" in vars(base))


def _eager(model: Any) -> None:
    """Tracing a graph costs more than the few steps that are run here."""
    model.run_eagerly = True
    model.jit_compile = False


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
        limit = MAX_ROWS if recording.keep_rows else 8
        train = _Rows.of(x, y, batch_size, steps_per_epoch, limit)
        held_out = _Rows.none()
        validates = validation_data is not None or bool(validation_split)
        if validation_data is not None:
            pair = validation_data if isinstance(validation_data, tuple | list) else (validation_data, None)
            held_out = _Rows.of(pair[0], pair[1], validation_batch_size, validation_steps, limit)
        elif validation_split:
            train, held_out = train.split(validation_split)
        # A truthful look at a few rows: it builds the model, finds misfits of labels and loss, and names the metrics.
        _eager(self)
        logs = _trainer().evaluate(self, *train.head(8), verbose=0, return_dict=True)  # type: ignore[attr-defined]
        entry = self.get_weights()
        epochs, initial_epoch = int(epochs), int(initial_epoch)
        note = Fit(
            model=self,
            epochs=epochs,
            initial_epoch=initial_epoch,
            batch_size=train.batch_size,
            n_train=train.n,
            x_train=train.x if recording.keep_rows else None,
            y_train=train.y if recording.keep_rows else None,
            n_validation=held_out.n,
            x_validation=held_out.x if recording.keep_rows else None,
            y_validation=held_out.y if recording.keep_rows else None,
            validates=validates,
            callbacks=[],
            weights_before=entry,
        )
        number = len(recording.fits)
        recording.fits.append(note)
        _nudge(self, number)
        curves = _curves(list(logs), max(epochs - initial_epoch, 0), validates, number)
        history, note.callbacks = _run_callbacks(self, callbacks, curves, initial_epoch, epochs, train)
        note.weights_after = self.get_weights()
        return history

    fit.__doc__ = original.__doc__
    return fit


def _evaluate(original: Any) -> Any:
    def evaluate(self: Any, x: Any = None, y: Any = None, batch_size: int | None = None, **options: Any) -> Any:
        arrays = _is_array(x) and (y is None or _is_array(y))
        rows = len(x) if arrays else 0
        if arrays and rows > LARGE and not options.get("_use_cached_eval_dataset"):
            x, y = x[:EVALUATED_ROWS], None if y is None else y[:EVALUATED_ROWS]
            weight = options.get("sample_weight")
            if weight is not None:
                options["sample_weight"] = weight[:EVALUATED_ROWS]
        if arrays:
            batch_size = max(batch_size or 0, 256)
        _eager(self)
        result = original(self, x, y, batch_size, **options)
        _note_evaluation(self, x, y, rows)
        return result

    evaluate.__doc__ = original.__doc__
    return evaluate


def _predict(original: Any) -> Any:
    def predict(self: Any, x: Any, batch_size: int | None = None, *args: Any, **options: Any) -> Any:
        arrays = _is_array(x)
        if arrays:
            batch_size = max(batch_size or 0, 500)
        _eager(self)
        result = original(self, x, batch_size, *args, **options)
        _note_evaluation(self, x, None, len(x) if arrays else 0)
        return result

    predict.__doc__ = original.__doc__
    return predict


def _train_on_batch(original: Any) -> Any:
    def train_on_batch(self: Any, x: Any, y: Any = None, *args: Any, **options: Any) -> Any:
        """The first batches of a hand-written loop are real; the rest only nudge the weights."""
        calls = getattr(self, "_lab_batches", 0)
        self._lab_batches = calls + 1
        if calls < 2 or not hasattr(self, "_lab_last_logs"):
            _eager(self)
            self._lab_last_logs = original(self, x, y, *args, **options)
        return self._lab_last_logs

    train_on_batch.__doc__ = original.__doc__
    return train_on_batch


def _note_evaluation(model: Any, x: Any, y: Any, n: int) -> None:
    recording = _active[-1]
    if not recording.keep_rows:
        return
    if _is_array(x):
        kept, labels = np.asarray(x[:EVALUATED_ROWS]), None if y is None else np.asarray(y[:EVALUATED_ROWS])
    else:
        rows = _Rows.of(x, y, None, None, MAX_ROWS)
        kept, labels, n = rows.x, rows.y, rows.n
    recording.evaluations.append(Evaluation(model, model.get_weights(), n, kept, labels))


def _is_array(value: Any) -> bool:
    return hasattr(value, "shape") and hasattr(value, "__getitem__") and hasattr(value, "__array__")


@dataclass
class _Rows:
    """The data given to `fit`: at most `limit` rows of it, and how many there are."""

    x: np.ndarray | None
    y: np.ndarray | None
    n: int
    batch_size: int | None

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
            return cls(x, labels, len(x), size)
        return cls._of_batches(x, steps, limit)

    @classmethod
    def _of_batches(cls, data: Any, steps: int | None, limit: int) -> "_Rows":
        """From a tf.data.Dataset, a PyDataset or a generator of batches."""
        if hasattr(data, "__len__") and hasattr(data, "__getitem__") and not hasattr(data, "cardinality"):
            batches: Any = (data[i] for i in range(len(data)))
        else:
            batches = iter(data)
        xs, ys, n, size = [], [], 0, None
        for batch in itertools.islice(batches, steps if steps is not None else limit):
            x, y = (batch[0], batch[1]) if isinstance(batch, tuple | list) else (batch, None)
            x = np.asarray(x)
            size = size or len(x)
            if n < limit:
                xs.append(x)
                ys.append(None if y is None else np.asarray(y))
            n += len(x)
            if n >= limit and steps is None and not _is_finite(data):
                break
        if not xs:
            raise ValueError("the data given to fit holds no batch")
        labels = None if ys[0] is None else np.concatenate(ys)  # type: ignore[arg-type]
        return cls(np.concatenate(xs), labels, n, size)

    def split(self, share: float) -> tuple["_Rows", "_Rows"]:
        """As Keras splits: the last part, before any shuffling, is held out."""
        if not 0 < share < 1:
            raise ValueError(f"`validation_split` must be between 0 and 1, received {share}")
        if self.x is None:
            return self, _Rows.none()
        at = int(self.n * (1 - share))
        first = _Rows(self.x[:at], None if self.y is None else self.y[:at], at, self.batch_size)
        last = _Rows(self.x[at:], None if self.y is None else self.y[at:], self.n - at, self.batch_size)
        return first, last

    def head(self, n: int) -> tuple[Any, Any]:
        x = None if self.x is None else np.asarray(self.x[:n])
        return x, None if self.y is None else np.asarray(self.y[:n])


def _is_finite(data: Any) -> bool:
    try:
        return bool(0 <= int(data.cardinality()) < 10**6)
    except Exception:
        return hasattr(data, "__len__")


def _nudge(model: Any, number: int) -> None:
    rng = np.random.default_rng([number, 20])
    for variable in model.trainable_variables:
        value = np.asarray(variable)
        scale = NUDGE * (float(value.std()) or 0.1)
        variable.assign(value + rng.normal(0, scale, value.shape).astype(value.dtype))


def _curves(names: list[str], epochs: int, validates: bool, number: int) -> dict[str, list[float]]:
    """Histories that look like training: the loss falls, everything else rises."""
    rng = np.random.default_rng([number, 21])
    time = np.arange(epochs) / max(epochs, 1)
    curves: dict[str, list[float]] = {}
    for prefix, gap in (("", 0.0), ("val_", 0.15)) if validates else (("", 0.0),):
        for name in names:
            noise = rng.normal(0, 0.01, epochs)
            falls = 0.8 + 1.4 * np.exp(-4 * time) + gap
            rises = 0.25 + 0.45 * (1 - np.exp(-4 * time)) - gap / 3
            curves[prefix + name] = [float(v) for v in (falls if name == "loss" else rises) + noise]
    return curves


def _run_callbacks(
    model: Any,
    callbacks: Any,
    curves: dict[str, list[float]],
    initial_epoch: int,
    epochs: int,
    train: _Rows,
) -> tuple[Any, list[dict[str, Any]]]:
    """Run every callback over the made-up epochs; say which of them may end training early."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks = callbacks.callbacks
    given = list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks] if callbacks else []
    given = [c for c in given if not isinstance(c, keras.callbacks.History | keras.callbacks.ProgbarLogger)]
    history = keras.callbacks.History()
    steps = -(-train.n // train.batch_size) if train.batch_size else None
    for callback in [history, *given]:
        callback.set_model(model)
        callback.set_params({"epochs": epochs, "steps": steps, "verbose": 0})
    described = [_describe_callback(callback, epochs - initial_epoch) for callback in given]
    model.history = history
    quiet = (keras.callbacks.EarlyStopping, keras.callbacks.TensorBoard, keras.callbacks.TerminateOnNaN)
    heavy = (keras.callbacks.ModelCheckpoint, keras.callbacks.BackupAndRestore)
    active = [history, *(c for c in given if not isinstance(c, quiet + heavy))]
    model.stop_training = False
    for callback in active:
        callback.on_train_begin({})
    for index, epoch in enumerate(range(initial_epoch, epochs)):
        logs = {name: values[index] for name, values in curves.items()}
        for callback in active:
            callback.on_epoch_begin(epoch, {})
            callback.on_epoch_end(epoch, dict(logs))
            if model.stop_training:
                position = next((i for i, c in enumerate(given) if c is callback), None)
                if position is not None:
                    described[position]["stops_at"] = epoch + 1
                model.stop_training = False
        if epoch == epochs - 1:
            for callback in given:
                if isinstance(callback, keras.callbacks.ModelCheckpoint):
                    callback.on_epoch_end(epoch, dict(logs))
    for callback in active:
        callback.on_train_end({})
    return history, described


def _describe_callback(callback: Any, epochs: int) -> dict[str, Any]:
    described: dict[str, Any] = {"class": type(callback).__name__[:100], "stops_at": None}
    if isinstance(callback, keras.callbacks.EarlyStopping):
        first = int(callback.start_from_epoch) + int(callback.patience) + 1
        described["stops_at"] = first if first < epochs else None
    return described
