"""Kept runs: an experiment that was cut off goes on where it was, and what was changed is trained again."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest

from lab import recorder
from lab.keeping import keep_runs

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
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" of ")[0].rpartition("-")[0] for line in lines] == [
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


def test_nothing_is_kept_at_marking_and_keras_is_left_as_it_was(tmp_path: Path) -> None:
    before = keras.Model.fit, keras.utils.set_random_seed, "fit" in vars(keras.Model)
    with recorder.recording(), keep_runs("tiny_vgg", tmp_path):
        build().fit(X, Y, epochs=2)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Cut), keep_runs("tiny_vgg", tmp_path):
        raise Cut
    assert before == (keras.Model.fit, keras.utils.set_random_seed, "fit" in vars(keras.Model))


# ---- what cannot be compared ----

NOTEBOOK = """\
import keras
import numpy as np
import tensorflow as tf

BATCH = 16
x, y = np.random.default_rng(0).normal(size=(60, 4)).astype("float32"), np.arange(60) % 3


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.one, self.two = keras.layers.Dense(5), keras.layers.Dense(3)

    def call(self, inputs):
        return self.two(keras.ops.relu(self.one(inputs)))


def batches(x, y):
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)


def train(model, x, y):
    return model.fit(batches(x, y), epochs=2, shuffle=False, verbose=0)


def unrelated():
    return 1


def experiment():
    ends = []
    for run in range(2):
        keras.utils.set_random_seed(run)
        model = Net()
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), run_eagerly=True)
        ends.append((train(model, x, y).history["loss"], model.get_weights()))
    return ends
"""


def rerun(folder: Path, source: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> int:
    """Run a notebook with an experiment anew; how many of its trainings were taken up."""
    notebook = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", notebook)
    exec(compile(source, "<cell>", "exec"), vars(notebook))
    with keep_runs("tiny_vgg", folder):
        notebook.experiment()
    return capsys.readouterr().out.count("taken up")


def test_a_class_of_ones_own_and_data_that_are_no_arrays_are_taken_up_while_nothing_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rerun(tmp_path, NOTEBOOK, monkeypatch, capsys) == 0
    harmless = NOTEBOOK.replace("return 1", "return 2").replace("    ends = []", "    # of every run\n\n    ends = []")
    assert harmless != NOTEBOOK
    assert rerun(tmp_path, harmless, monkeypatch, capsys) == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("keras.ops.relu(self.one(inputs))", "self.one(inputs)"),
        ("BATCH = 16", "BATCH = 20"),
        (".batch(BATCH)", ".shuffle(60).batch(BATCH)"),
        ("np.arange(60) % 3", "np.arange(60)[::-1] % 3"),
        ("default_rng(0)", "default_rng(1)"),
        ("from_logits=True", "from_logits=False"),
    ],
    ids=["call of the network", "size of the batches", "order of the images", "labels", "images", "loss"],
)
def test_what_was_changed_in_a_class_or_a_dataset_is_trained_again(
    before: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rerun(tmp_path, NOTEBOOK, monkeypatch, capsys)
    assert before in NOTEBOOK
    assert rerun(tmp_path, NOTEBOOK.replace(before, after), monkeypatch, capsys) == 0
