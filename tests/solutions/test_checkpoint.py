"""A training that was stopped ends like one that was not."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab import settings
from solutions import reference
from solutions.runs import RunError
from solutions.trainers import fit
from solutions.trainers.checkpoint import Backup

EPOCHS = 5


def images(n: int = 80) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    sizes = n, n, n // 2, n // 2
    shapes = settings.IMAGE_SHAPE, (1,), settings.IMAGE_SHAPE, (1,)
    highest = 256, settings.N_CLASSES, 256, settings.N_CLASSES
    return [rng.integers(0, h, (size, *shape)) for h, size, shape in zip(highest, sizes, shapes, strict=True)]


class Stopped(Exception):
    pass


def stop_after(last: int) -> Any:
    def progress(epoch: int) -> None:
        if epoch == last:
            raise Stopped

    return progress


@pytest.fixture
def in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Images come in the same order in each epoch: else that of a training that goes on is another one."""

    def train(model: Any, x: Any, y: Any, epochs: int) -> Any:
        return model.fit(x, y, batch_size=16, epochs=epochs, validation_split=0.3, shuffle=False, verbose=0)

    monkeypatch.setattr(reference, "train", train)


def close(one: Any, other: Any) -> None:
    assert one.history.keys() == other.history.keys()
    for name, series in one.history.items():
        assert series == pytest.approx(other.history[name], rel=1e-4)
    for a, b in zip(one.weights, other.weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    assert one.accuracy == pytest.approx(other.accuracy)


@pytest.mark.usefixtures("in_order")
@pytest.mark.parametrize("variant", ["tiny_vgg", "tiny_vgg_bn"])
def test_a_stopped_training_goes_on_with_weights_and_optimizer(variant: str, tmp_path: Path) -> None:
    whole = fit.train(variant, 3, EPOCHS, images())
    with pytest.raises(Stopped):
        fit.train(variant, 3, EPOCHS, images(), stop_after(4), Backup(tmp_path, "k", every=2))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.npz", "training.json"]
    epochs: list[int] = []
    resumed = fit.train(variant, 3, EPOCHS, images(), epochs.append, Backup(tmp_path, "k", every=2))
    assert epochs == [3, 4, 5]
    close(resumed, whole)
    assert resumed.cpu_seconds > 0
    assert (whole.resumed_at, resumed.resumed_at) == ([], [2])


@pytest.mark.usefixtures("in_order")
def test_one_that_only_had_to_be_evaluated(tmp_path: Path) -> None:
    whole = fit.train("tiny_vgg", 0, EPOCHS, images(), backup=Backup(tmp_path, "k", every=1))
    again = fit.train("tiny_vgg", 0, EPOCHS, images(), backup=Backup(tmp_path, "k", every=1))
    close(again, whole)
    assert again.seconds >= whole.seconds * 0.9


def test_what_was_kept_of_another_training_is_not_used(tmp_path: Path) -> None:
    fit.train("tiny_vgg", 0, 1, images(), backup=Backup(tmp_path, "one", every=1))
    epochs: list[int] = []
    fit.train("tiny_vgg", 0, 2, images(), epochs.append, Backup(tmp_path, "other", every=1))
    assert epochs == [1, 2]


@pytest.mark.parametrize("left", [0, 50])
@pytest.mark.parametrize("name", ["training.json", "1.npz"])
def test_damage_is_told(name: str, left: int, tmp_path: Path) -> None:
    folder = tmp_path / "tiny_vgg-0"
    fit.train("tiny_vgg", 0, 1, images(), backup=Backup(folder, "k", every=1))
    (folder / name).write_bytes((folder / name).read_bytes()[:left])
    with pytest.raises(RunError, match=f"^{folder} is damaged: delete it, and that run starts anew$"):
        fit.train("tiny_vgg", 0, 2, images(), backup=Backup(folder, "k", every=1))
    shutil.rmtree(folder)
    fit.train("tiny_vgg", 0, 2, images(), backup=Backup(folder, "k", every=1))
