"""Kept runs: an experiment that was cut off goes on where it was, and what was changed is trained again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from labkit import kept_runs, short_training
from labkit.kept_runs import keep_runs

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 4)).astype("float32"), RNG.integers(0, 3, 60)


class Cut(Exception):
    """The runtime is lost."""


def build(units: int = 5) -> Any:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units, "relu"), keras.layers.Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
    return model


class Experiment:
    """Trainings in a block, as a student's loop has them; counts those that were really done."""

    def __init__(self, folder: Path, **fit: Any) -> None:
        self.folder, self.options = folder, {"epochs": 2, "validation_split": 0.3, "verbose": 0} | fit
        self.trained = 0

    def run(
        self,
        runs: int = 3,
        cut_after: int | None = None,
        builder: Callable[[], Any] = build,
        seed: int | None = 0,
        x: Any = X,
    ) -> list[tuple[list[float], list[Any]]]:
        """(losses, weights) of every run."""
        count = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: self._count())
        ends = []
        with keep_runs("tiny_vgg", self.folder):
            for number in range(runs):
                if number == cut_after:
                    raise Cut
                if seed is not None:
                    keras.utils.set_random_seed(seed + number)
                model = builder()
                history = model.fit(x, Y, callbacks=[count], **self.options)
                ends.append((history.history["val_loss"], model.get_weights()))
                assert model.history is history
                assert history.epoch == [0, 1]
        return ends

    def _count(self) -> None:
        self.trained += 1


def equal(one: list[tuple[list[float], list[Any]]], other: list[tuple[list[float], list[Any]]]) -> bool:
    return all(
        a[0] == b[0] and all(np.array_equal(v, w) for v, w in zip(a[1], b[1], strict=True))
        for a, b in zip(one, other, strict=True)
    )


def test_what_was_finished_is_taken_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    experiment = Experiment(tmp_path)
    with pytest.raises(Cut):
        experiment.run(cut_after=2)
    assert experiment.trained == 2
    capsys.readouterr()
    ends = experiment.run()
    assert experiment.trained == 3
    one, warning, two = capsys.readouterr().out.splitlines()
    assert warning.startswith("What cannot be compared is callbacks: ")
    assert [line.split(" of ")[0].rpartition("-")[0] for line in (one, two)] == [
        f"tiny_vgg, training {number}: taken up from {tmp_path}/tiny_vgg/0{number}" for number in (1, 2)
    ]
    assert equal(ends, Experiment(tmp_path / "elsewhere").run())
    assert len({losses[-1] for losses, _ in ends}) == 3


def test_without_seeds_runs_are_taken_up_too(tmp_path: Path) -> None:
    experiment = Experiment(tmp_path)
    first = experiment.run(2, seed=None)
    assert equal(experiment.run(2, seed=None), first)
    assert experiment.trained == 2


@pytest.mark.parametrize(
    "change",
    [
        {"builder": lambda: build(6)},
        {"builder": lambda: _compiled("sgd")},
        {"builder": lambda: _compiled(keras.optimizers.Adam(0.01))},
        {"seed": 10},
        {"x": X[::-1]},
    ],
    ids=["network", "optimizer", "learning rate", "seed", "data"],
)
def test_what_was_changed_is_trained_again(change: dict[str, Any], tmp_path: Path) -> None:
    experiment = Experiment(tmp_path)
    experiment.run(2)
    experiment.run(2, **change)
    assert experiment.trained == 4


def _compiled(optimizer: Any) -> Any:
    model = build()
    model.compile(optimizer, model.loss, metrics=["accuracy"], run_eagerly=True)
    return model


@pytest.mark.parametrize("options", [{"batch_size": 16}, {"validation_split": 0.2}, {"shuffle": False}])
def test_other_settings_of_fit_are_trained_again(options: dict[str, Any], tmp_path: Path) -> None:
    Experiment(tmp_path).run(1)
    other = Experiment(tmp_path, **options)
    other.run(1)
    assert other.trained == 1


def test_models_that_are_built_by_their_data(tmp_path: Path) -> None:
    def unbuilt() -> Any:
        model = keras.Sequential([keras.layers.Dense(3, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", run_eagerly=True)
        return model

    experiment = Experiment(tmp_path)
    first = experiment.run(1, builder=unbuilt)
    assert equal(experiment.run(1, builder=unbuilt), first)
    assert experiment.trained == 1


def test_a_damaged_file_costs_its_run_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    experiment = Experiment(tmp_path)
    first = experiment.run(2)
    (path,) = (tmp_path / "tiny_vgg").glob("01-*.npz")
    path.write_bytes(path.read_bytes()[:100])
    assert equal(experiment.run(2), first)
    assert experiment.trained == 3
    assert f"{path} cannot be used; this training is done again." in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tiny_vgg").write_text("a file where the folder belongs")
    experiment = Experiment(tmp_path)
    experiment.run(1)
    assert experiment.trained == 1
    assert "This training could not be kept in" in capsys.readouterr().out


def test_a_drive_that_is_not_mounted_is_told_before_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_runs, "DRIVE", tmp_path)
    folder = tmp_path / "MyDrive" / "kept-runs"
    experiment = Experiment(folder)
    with pytest.raises(FileNotFoundError) as error:
        experiment.run(1)
    mount = f'from google.colab import drive; drive.mount("{tmp_path}")'
    assert str(error.value) == f"Your Drive is not mounted. Run `{mount}` in a cell of its own, then this one again."
    assert list(tmp_path.iterdir()) == []  # Colab mounts nothing over a folder that holds something
    with short_training.recording(), keep_runs("tiny_vgg", folder):  # at marking there is no drive
        pass
    (tmp_path / "MyDrive").mkdir()
    experiment.run(1)
    assert experiment.trained == 1
    assert len(list((folder / "tiny_vgg").iterdir())) == 1


def test_nothing_is_kept_at_marking_and_keras_is_left_as_it_was(tmp_path: Path) -> None:
    before = keras.Model.fit, keras.utils.set_random_seed, "fit" in vars(keras.Model)
    with short_training.recording(), keep_runs("tiny_vgg", tmp_path):
        build().fit(X, Y, epochs=2)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Cut), keep_runs("tiny_vgg", tmp_path):
        raise Cut
    assert before == (keras.Model.fit, keras.utils.set_random_seed, "fit" in vars(keras.Model))


# ---- what cannot be compared ----


class Net(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = keras.layers.Dense(5), keras.layers.Dense(3)

    def call(self, inputs: Any) -> Any:
        return self.two(keras.ops.relu(self.one(inputs)))


class Halving(keras.optimizers.schedules.LearningRateSchedule):
    """Cannot be stored: it has no `get_config`."""

    def __call__(self, step: Any) -> Any:
        return 0.01 * 0.5**step


def own_loss(y_true: Any, y_pred: Any) -> Any:
    return keras.losses.sparse_categorical_crossentropy(y_true, y_pred)


def fit(folder: Path, model: Any, loss: Any, x: Any = X, y: Any = Y, optimizer: Any = "adam") -> Any:
    """Train once in a block."""
    model.compile(optimizer, loss, run_eagerly=True)
    with keep_runs("tiny_vgg", folder):
        return model.fit(x, y, epochs=2, shuffle=False, verbose=0)


LOGITS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def dataset() -> Any:
    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(16)


@pytest.mark.parametrize(
    ("build", "loss", "data", "named"),
    [
        (Net, LOGITS, lambda: (dataset(), None), "Net, x"),
        (Net, LOGITS, lambda: (X, Y), "Net"),
        (build, own_loss, lambda: (X, Y), "own_loss"),
        (lambda: keras.Sequential([keras.layers.Dense(3), keras.layers.Lambda(abs)]), LOGITS, lambda: (X, Y), "Lambda"),
        (lambda: keras.Sequential([keras.layers.Dense(3, abs)]), LOGITS, lambda: (X, Y), "abs"),
    ],
    ids=["class and dataset", "class", "loss", "Lambda", "activation"],
)
def test_what_cannot_be_compared_is_named(
    build: Callable[[], Any],
    loss: Any,
    data: Callable[[], tuple[Any, Any]],
    named: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = fit(tmp_path, build(), loss, *data())
    assert capsys.readouterr().out == ""
    assert fit(tmp_path, build(), loss, *data()).history == first.history
    taken_up, warning = capsys.readouterr().out.splitlines()
    assert taken_up.startswith(f"tiny_vgg, training 1: taken up from {tmp_path}/tiny_vgg/01-")
    assert warning == (
        f"What cannot be compared is {named}: if you have changed it since then, "
        f"delete {tmp_path}/tiny_vgg and run this cell again."
    )


def test_a_loss_that_was_changed_is_trained_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fit(tmp_path, Net(), LOGITS)
    fit(tmp_path, Net(), keras.losses.SparseCategoricalCrossentropy())
    assert capsys.readouterr().out == ""


def test_what_cannot_be_described_is_trained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fit(
        tmp_path, build(), "sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(Halving())
    ).epoch == [0, 1]
    assert capsys.readouterr().out == ("tiny_vgg, training 1: not kept, as network or optimizer cannot be described.\n")
