"""Recorded training against a real, one-epoch training of an equal model outside the recording."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from keras import callbacks, layers

from labkit import short_training
from labkit.short_training import Fit, recording

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # Keras with NumPy 2
    pytest.mark.filterwarnings("ignore:Your input ran out of data:UserWarning"),  # Keras, of every generator
    pytest.mark.filterwarnings("ignore:.shuffle=True. was passed:UserWarning"),  # Keras, though it is the default
]

N = 50
RNG = np.random.default_rng(5)
X = RNG.uniform(0, 1, (N, 8, 8, 3)).astype("float32")
Y = RNG.integers(0, 4, N)


def network(*, built: bool = True, batch_norm: bool = False, metrics: Any = ("accuracy",)) -> Any:
    """A small compiled classifier of 4 classes."""
    steps = [layers.Conv2D(2, 3), *([layers.BatchNormalization()] if batch_norm else []), layers.Flatten()]
    start = [keras.Input((8, 8, 3))] if built else []
    model = keras.Sequential([*start, *steps, layers.Dense(4, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=list(metrics))
    return model


def dataset(batch: int = 16) -> Any:
    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(batch)


class Pairs(keras.utils.PyDataset):
    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Any:
        return X[index * 20 : (index + 1) * 20], Y[index * 20 : (index + 1) * 20]


def batches(times: int = 1) -> Iterator[Any]:
    for _ in range(times):
        for i in range(0, N, 10):
            yield X[i : i + 10], Y[i : i + 10]


def recorded(model: Any, *args: Any, **options: Any) -> tuple[Any, Fit]:
    """History and note of one recorded fit."""
    with recording() as seen:
        history = model.fit(*args, **options)
    assert len(seen.fits) == 1
    return history, seen.fits[0]


FORMS: dict[str, tuple[Callable[[], tuple[Any, ...]], dict[str, Any], int, int]] = {
    "arrays": (lambda: (X, Y), {}, N, 32),
    "arrays, positional": (lambda: (X, Y, 7), {}, N, 7),
    "labels (n, 1)": (lambda: (X, Y[:, None]), {"batch_size": 16}, N, 16),
    "float64": (lambda: (X.astype("float64"), Y), {}, N, 32),
    "bytes": (lambda: ((X * 255).astype("uint8"), Y), {}, N, 32),
    "tensors": (lambda: (tf.constant(X), tf.constant(Y)), {"batch_size": 10}, N, 10),
    "a series of labels": (lambda: (X, pd.Series(Y)), {}, N, 32),
    "a tf.data.Dataset": (lambda: (dataset(),), {}, N, 16),
    "an endless Dataset with steps": (lambda: (dataset(10).repeat(),), {"steps_per_epoch": 5}, N, 10),
    "a PyDataset": (lambda: (Pairs(),), {}, N, 20),
    "a generator": (lambda: (batches(),), {}, N, 10),
    "an endless generator with steps": (lambda: (batches(9),), {"steps_per_epoch": 5}, N, 10),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_data(name: str) -> None:
    make, options, n, batch_size = FORMS[name]
    history, fit = recorded(network(), *make(), epochs=4, verbose=0, **options)
    real = network().fit(*make(), epochs=1, verbose=0, **options)
    assert list(history.history) == list(real.history)
    assert {len(v) for v in history.history.values()} == {4}
    assert history.epoch == [0, 1, 2, 3]
    assert (fit.n_train, fit.batch_size, fit.epochs, fit.validates) == (n, batch_size, 4, False)
    rows = np.asarray(fit.x_train, dtype="float32")
    np.testing.assert_allclose(rows / rows.max(), X / X.max(), atol=0.005)
    np.testing.assert_array_equal(np.ravel(fit.y_train), Y)


VALIDATION: dict[str, tuple[Callable[[], dict[str, Any]], int, slice]] = {
    "split": (lambda: {"validation_split": 0.3}, 35, slice(35, N)),
    "split with rounding": (lambda: {"validation_split": 0.33}, 33, slice(33, N)),
    "arrays": (lambda: {"validation_data": (X[:9], Y[:9])}, N, slice(0, 9)),
    "a list": (lambda: {"validation_data": [X[:9], Y[:9]]}, N, slice(0, 9)),
    "a Dataset": (lambda: {"validation_data": dataset().take(1)}, N, slice(0, 16)),
    "a generator": (lambda: {"validation_data": batches(), "validation_steps": 2}, N, slice(0, 20)),
}


@pytest.mark.parametrize("name", VALIDATION)
def test_every_form_of_validation(name: str) -> None:
    make, n_train, held_out = VALIDATION[name]
    history, fit = recorded(network(), X, Y, epochs=3, verbose=0, **make())
    real = network().fit(X, Y, epochs=1, verbose=0, **make())
    assert list(history.history) == list(real.history)
    assert fit.validates
    assert (fit.n_train, fit.n_validation) == (n_train, len(X[held_out]))
    np.testing.assert_array_equal(fit.x_validation, X[held_out])
    np.testing.assert_array_equal(np.ravel(fit.y_validation), Y[held_out])


def test_the_split_is_that_of_keras() -> None:
    """A real fit sees the same rows: its loss on them is that of the part that the recorder calls training data."""
    _, fit = recorded(network(), X, Y, validation_split=0.3, verbose=0)
    model = network()
    history = model.fit(X, Y, validation_split=0.3, batch_size=N, verbose=0, shuffle=False)
    fresh = network()
    fresh.set_weights(model.get_weights())
    loss = fresh.evaluate(fit.x_validation, fit.y_validation, verbose=0)[0]
    assert history.history["val_loss"][0] == pytest.approx(loss, rel=1e-4)


@pytest.mark.parametrize(
    "metrics",
    [
        (),
        ("acc",),
        ("accuracy", "sparse_top_k_categorical_accuracy"),
        (keras.metrics.SparseCategoricalAccuracy(name="hits"),),
    ],
    ids=["none", "acc", "two", "object"],
)
def test_metric_names_are_the_models_own(metrics: Any) -> None:
    history, _ = recorded(network(metrics=metrics), X, Y, epochs=2, validation_split=0.5, verbose=0)
    real = network(metrics=metrics).fit(X, Y, epochs=1, validation_split=0.5, verbose=0)
    assert list(history.history) == list(real.history)


def test_validation_frequency() -> None:
    history, _ = recorded(network(), X, Y, epochs=6, validation_split=0.5, validation_freq=2, verbose=0)
    assert [len(history.history[k]) for k in ("loss", "val_loss")] == [6, 3]


def test_epochs_from_the_initial_one() -> None:
    history, fit = recorded(network(), X, Y, initial_epoch=3, epochs=5, verbose=0)
    assert history.epoch == [3, 4]
    assert (fit.initial_epoch, fit.epochs) == (3, 5)


def test_weights_change_and_stay_finite() -> None:
    model = network(batch_norm=True)
    with recording() as seen:
        model.fit(X, Y, epochs=100, verbose=0)
        model.fit(X, Y, epochs=100, verbose=0)
        first, second = seen.fits
        assert all(np.isfinite(w).all() for fit in seen.fits for w in fit.weights_after)
        trainable = len(model.trainable_variables)
        moved = [not np.array_equal(a, b) for a, b in zip(first.weights_before, first.weights_after, strict=True)]
        assert sum(moved) == trainable
        for a, b in zip(first.weights_after, second.weights_before, strict=True):
            np.testing.assert_array_equal(a, b)
        assert np.isfinite(model.evaluate(X, Y, verbose=0)).all()
        statistics = {v.name: np.asarray(v) for v in model.non_trainable_variables}
        assert (statistics["moving_variance"] > 0).all()


def test_an_unbuilt_model_is_built() -> None:
    model = network(built=False)
    _, fit = recorded(model, X, Y, verbose=0)
    assert model.built
    assert [w.shape for w in fit.weights_before] == [(3, 3, 3, 2), (2,), (72, 4), (4,)]


def test_misfits_are_told_as_in_keras() -> None:
    model = network()
    model.compile("adam", "categorical_crossentropy")
    with recording():
        with pytest.raises(ValueError, match=r"[Ss]hape"):
            model.fit(X, Y[:, None], verbose=0)
        with pytest.raises(ValueError, match="cardinality"):
            network().fit(X, Y[:-1], verbose=0)
        with pytest.raises(ValueError, match="validation_split"):
            network().fit(dataset(), validation_split=0.3, verbose=0)
        with pytest.raises(ValueError, match="compile"):
            keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten()]).fit(X, Y)


# Callbacks


def test_early_stopping_is_noted_and_not_run() -> None:
    stop = callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    history, fit = recorded(network(), X, Y, epochs=20, validation_split=0.5, callbacks=[stop], verbose=0)
    assert len(history.epoch) == 20
    assert fit.callbacks == [{"class": "EarlyStopping", "stops_at": 4}]
    patient = callbacks.EarlyStopping(patience=20, restore_best_weights=True)
    _, fit = recorded(network(), X, Y, epochs=20, validation_split=0.5, callbacks=patient, verbose=0)
    assert fit.callbacks[0]["stops_at"] is None


class StopWhenGood(callbacks.Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if logs["accuracy"] > 0.95:
            self.model.stop_training = True


def test_an_own_callback_that_stops_is_noted() -> None:
    history, fit = recorded(network(), X, Y, epochs=100, callbacks=[StopWhenGood()], verbose=0)
    assert len(history.epoch) == 100
    assert fit.callbacks[0]["class"] == "StopWhenGood"
    assert 1 < fit.callbacks[0]["stops_at"] < 100


class LogAndStop(callbacks.Callback):
    """Writes to a drive that is not mounted; stops early all the same."""

    def on_train_begin(self, logs: Any = None) -> None:
        self.log = Path("/dev/null/log.txt").open("w")  # noqa: SIM115

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if epoch == 4:
            self.model.stop_training = True
        self.log.write("x")


class Raises(callbacks.Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        raise AttributeError("a fault of its own")


def test_callbacks_that_cannot_write_their_files_are_run_all_the_same() -> None:
    own = [callbacks.CSVLogger("/dev/null/log.csv"), callbacks.ModelCheckpoint("/dev/null/best.keras"), LogAndStop()]
    history, fit = recorded(network(), X, Y, epochs=9, callbacks=own, verbose=0)
    assert len(history.history["loss"]) == 9
    assert [described["stops_at"] for described in fit.callbacks] == [None, None, 5]
    with pytest.raises(AttributeError, match="a fault of its own"):
        recorded(network(), X, Y, epochs=2, callbacks=[Raises()], verbose=0)


def test_epochs_that_end_early_are_noted() -> None:
    _, fit = recorded(network(), X, Y, epochs=2, batch_size=2, steps_per_epoch=2, verbose=0)
    assert (fit.n_train, fit.n_epoch) == (len(X), 4)
    _, fit = recorded(network(), X, Y, epochs=2, batch_size=2, verbose=0)
    assert (fit.n_train, fit.n_epoch) == (len(X), len(X))


def test_stopping_after_the_last_epoch_is_no_stop() -> None:
    class AtTheEnd(callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.stop_training = epoch == self.params["epochs"] - 1

    _, fit = recorded(network(), X, Y, epochs=5, callbacks=[AtTheEnd()], verbose=0)
    assert fit.callbacks[0]["stops_at"] is None


def test_callbacks_see_every_epoch(tmp_path: Path) -> None:
    seen: list[int] = []
    own = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    rate = callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))
    log = callbacks.CSVLogger(str(tmp_path / "log.csv"))
    given = [own, rate, log, callbacks.TerminateOnNaN(), callbacks.TensorBoard(tmp_path / "board")]
    history, fit = recorded(network(), X, Y, epochs=5, validation_split=0.5, callbacks=given, verbose=0)
    assert seen == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(history.history["learning_rate"], [0.1, 0.05, 0.1 / 3, 0.025, 0.02], rtol=1e-5)
    assert pd.read_csv(tmp_path / "log.csv")["loss"].tolist() == pytest.approx(history.history["loss"], rel=1e-3)
    assert [c["stops_at"] for c in fit.callbacks] == [None] * 5
    assert not (tmp_path / "board").exists()


@pytest.mark.parametrize("name", ["best.keras", "last.weights.h5"])
def test_a_checkpoint_can_be_loaded(tmp_path: Path, name: str) -> None:
    path = str(tmp_path / name)
    save = callbacks.ModelCheckpoint(path, save_best_only=True, save_weights_only="weights" in name)
    model = network()
    with recording() as seen:
        model.fit(X, Y, epochs=30, validation_split=0.5, callbacks=[save], verbose=0)
        if "weights" in name:
            model.set_weights([0 * w for w in model.get_weights()])
            model.load_weights(path)
        loaded = model if "weights" in name else keras.models.load_model(path)
        for a, b in zip(loaded.get_weights(), seen.fits[0].weights_after, strict=True):
            np.testing.assert_array_equal(a, b)


# Evaluation


def test_evaluation_is_truthful() -> None:
    model = network()
    wanted = model.evaluate(X, Y, verbose=0, return_dict=True)
    in_order = [wanted["loss"], wanted["accuracy"]]
    right = model.predict(X, verbose=0)
    with recording() as seen:
        assert model.evaluate(X, Y, verbose=0) == pytest.approx(in_order, rel=1e-5)
        assert model.evaluate(X, Y[:, None], batch_size=8, return_dict=True, verbose=0) == pytest.approx(
            wanted, rel=1e-5
        )
        assert model.evaluate(dataset(), verbose=0) == pytest.approx(in_order, rel=1e-5)
        assert model.evaluate(Pairs(), verbose=0) == pytest.approx(in_order, rel=1e-5)
        assert model.evaluate(batches(), verbose=0) == pytest.approx(in_order, rel=1e-5)
        assert model.evaluate(batches(9), steps=5, verbose=0) == pytest.approx(in_order, rel=1e-5)
        weighted = model.evaluate(X, Y, sample_weight=np.ones(N), verbose=0)
        assert weighted == pytest.approx(in_order, rel=1e-5)
        for given in (X, tf.constant(X), dataset().map(lambda x, y: x)):
            np.testing.assert_allclose(model.predict(given, verbose=0), right, rtol=1e-4, atol=1e-6)
    assert seen.evaluations == []  # only large ones are noted


@pytest.mark.parametrize(
    ("batch_size", "steps"), [(8, 3), (8, 1), (7, 99), (None, 1), (None, None)], ids=lambda value: str(value)
)
def test_steps_end_an_evaluation_as_in_keras(batch_size: int | None, steps: int | None) -> None:
    model = network()
    wanted = model.evaluate(X, Y, batch_size, 0, None, steps)
    outputs = model.predict(X, batch_size, 0, steps)
    with recording():
        assert model.evaluate(X, Y, batch_size, 0, None, steps) == pytest.approx(wanted, rel=1e-5)
        assert model.evaluate(X, Y, batch_size=batch_size, verbose=0, steps=steps) == pytest.approx(wanted, rel=1e-5)
        np.testing.assert_allclose(model.predict(X, batch_size, 0, steps), outputs, rtol=1e-4, atol=1e-6)
        found = model.predict(X, batch_size=batch_size, verbose=0, steps=steps)
        np.testing.assert_allclose(found, outputs, rtol=1e-4, atol=1e-6)


STRATEGIES = {
    "mirrored": lambda: tf.distribute.MirroredStrategy(["/cpu:0"]),
    "one device": lambda: tf.distribute.OneDeviceStrategy("/cpu:0"),
    "the default": tf.distribute.get_strategy,
}


@pytest.mark.parametrize("inside", [False, True], ids=["fitted outside", "fitted inside"])
@pytest.mark.parametrize("name", STRATEGIES)
def test_a_model_of_a_distribution_scope(name: str, inside: bool) -> None:
    strategy = STRATEGIES[name]()
    with strategy.scope():
        model = network(batch_norm=True)
    with recording() as seen, strategy.scope() if inside else contextlib.nullcontext():
        before = model.predict(X, verbose=0)
        history = model.fit(X, Y, epochs=3, validation_split=0.2, verbose=0)
        loss, _ = model.evaluate(X, Y, verbose=0)
        after = model.predict(X, verbose=0)
    assert len(history.history["val_loss"]) == 3
    assert np.isfinite(loss)
    assert not np.allclose(before, after)
    (fit,) = seen.fits
    assert len(fit.weights_after) == len(fit.weights_before) == len(model.get_weights())


class Fails(callbacks.Callback):
    """Fails at one of its events."""

    def __init__(self, event: str) -> None:
        super().__init__()
        setattr(self, event, self._fail)

    def _fail(self, *args: Any) -> None:
        raise RuntimeError("as asked")


@pytest.mark.parametrize("event", ["set_model", "on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end"])
def test_what_is_noted_is_whole_where_a_callback_fails(event: str) -> None:
    model = network()
    with recording() as seen, pytest.raises(RuntimeError, match="as asked"):
        model.fit(X, Y, epochs=2, callbacks=[Fails(event)], verbose=0)
    (fit,) = seen.fits
    assert [w.shape for w in fit.weights_after] == [w.shape for w in fit.weights_before]
    assert not np.array_equal(fit.weights_after[0], fit.weights_before[0])


def test_what_is_noted_is_whole_where_the_optimizer_fails() -> None:
    class Broken(keras.optimizers.Adam):
        def build(self, variables: Any) -> None:
            raise RuntimeError("as asked")

    model = network()
    model.compile(Broken(), "sparse_categorical_crossentropy")
    with recording() as seen, pytest.raises(RuntimeError, match="as asked"):
        model.fit(X, Y, verbose=0)
    assert [w.shape for w in seen.fits[0].weights_after] == [w.shape for w in seen.fits[0].weights_before]


def test_labels_of_the_validation_images_have_to_fit_too() -> None:
    with recording() as seen, pytest.raises(ValueError, match="shape"):
        network().fit(X, Y, validation_data=(X, np.eye(4)[Y]), verbose=0)
    assert seen.fits == []


def test_predictions_of_several_outputs_keep_their_structure() -> None:
    model = network()
    both = keras.Model(model.inputs, {y.name: y.output for y in model.layers})
    wanted = both.predict(X, verbose=0)
    with recording():
        found = both.predict(X, verbose=0)
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=1e-5)


def test_large_evaluations_are_shortened_and_noted() -> None:
    model = network()
    n = short_training.LARGE + 1
    x, y = np.resize(X, (n, 8, 8, 3)), np.resize(Y, n)
    outputs = model.predict(x, verbose=0)
    with recording() as seen:
        _, accuracy = model.evaluate(x, y, verbose=0)
        model.predict(x, verbose=0)
        model.evaluate(tf.data.Dataset.from_tensor_slices((x, y)).batch(500), verbose=0)
    shortened, predicted, in_batches = seen.evaluations
    few = short_training.EVALUATED_ROWS
    assert accuracy == pytest.approx(np.mean(outputs[:few].argmax(1) == y[:few]))
    assert [e.n for e in seen.evaluations] == [n, n, n]
    np.testing.assert_array_equal(shortened.predicted, outputs[:few].argmax(1))
    np.testing.assert_array_equal(shortened.labels, y[:few])
    np.testing.assert_array_equal(predicted.predicted, outputs.argmax(1))
    assert predicted.labels is None
    np.testing.assert_array_equal(in_batches.predicted, outputs.argmax(1))
    np.testing.assert_array_equal(in_batches.labels, y)


def test_fewer_rows_are_evaluated_where_nothing_is_judged() -> None:
    """In the student's own cells; a recording of a probe within them looks at more again."""
    model = network()
    n = short_training.LARGE + 1
    x, y = np.resize(X, (n, 8, 8, 3)), np.resize(Y, n)
    weights = RNG.uniform(0.5, 1.5, n)
    right = model.predict(x, verbose=0).argmax(1) == y
    found = []
    with recording(keep_rows=False) as unjudged:
        found.append(model.evaluate(x, y, verbose=0)[1])
        with recording():
            found.append(model.evaluate(x, y, verbose=0)[1])
        model.evaluate(x, y, sample_weight=weights, verbose=0)
        found.append(model.evaluate(x[: short_training.LARGE], y[: short_training.LARGE], verbose=0)[1])
    rows = short_training.UNJUDGED_ROWS, short_training.EVALUATED_ROWS, short_training.LARGE
    assert found == pytest.approx([right[:few].mean() for few in rows])
    assert unjudged.evaluations == []


# Nesting and tidying up


def test_the_innermost_recording_records() -> None:
    model = network()
    with recording() as outer:
        with recording() as inner:
            model.fit(X, Y, verbose=0)
        model.fit(X, Y, verbose=0)
        model.fit(X, Y, verbose=0)
    assert (len(outer.fits), len(inner.fits)) == (2, 1)


def test_without_rows_nothing_is_kept() -> None:
    model = network()
    with recording(keep_rows=False) as seen:
        model.fit(dataset(1).repeat(), steps_per_epoch=10_000, verbose=0)
    assert seen.fits[0].x_train is None
    assert seen.fits[0].n_train == short_training.FEW
    assert seen.evaluations == []


def test_everything_is_as_before() -> None:
    model = network(batch_norm=True)
    before = model.get_weights()
    names = ("fit", "evaluate", "predict", "train_on_batch")
    methods = [getattr(keras.Model, name) for name in names]
    eager = model.run_eagerly

    def train_and_fail() -> None:
        with recording():
            model.fit(X, Y, epochs=3, verbose=0)
            model.evaluate(X, Y, verbose=0)
            model.train_on_batch(X, Y)
            assert not all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        train_and_fail()
    assert [getattr(keras.Model, name) for name in names] == methods
    assert not any(name in vars(keras.Model) for name in names)
    assert model.run_eagerly == eager
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert len(model.fit(X, Y, epochs=2, verbose=0).epoch) == 2


def test_a_hand_written_loop_returns_logs() -> None:
    model = network()
    with recording():
        logs = [model.train_on_batch(X[:8], Y[:8]) for _ in range(5)]
    assert all(len(pair) == 2 and np.isfinite(pair).all() for pair in logs)


def test_a_metric_that_is_no_number_is_left_out_of_what_was_measured() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy", keras.metrics.F1Score()])
    x, y = np.ones((6, 4), np.float32), np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2]]
    batches = [(x, y)]
    with recording() as seen:
        loss, accuracy, f1 = model.evaluate(iter(batches), steps=1, verbose=0)
    assert np.shape(f1) == (3,)
    assert seen.measured == [[pytest.approx(loss), pytest.approx(accuracy)]]
