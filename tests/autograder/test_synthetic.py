"""The stand-in data, the reader of the real files, and their cache."""

import hashlib
import itertools
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assignment.data import synthetic
from lab import settings


@pytest.fixture(scope="module")
def made() -> synthetic.Data:
    return synthetic.make_cifar10()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Data of 200 and 50 images, to try what happens to files."""
    monkeypatch.setattr(settings, "N_TRAIN", 200)
    monkeypatch.setattr(settings, "N_TEST", 50)


# ---- drawn images ----


def test_shapes_types_and_class_counts_are_those_of_cifar10(made: synthetic.Data) -> None:
    for (x, y), n in zip(made, (50_000, 10_000), strict=True):
        assert (x.shape, x.dtype) == ((n, 32, 32, 3), np.uint8)
        assert (y.shape, y.dtype) == ((n, 1), np.uint8)
        np.testing.assert_array_equal(np.bincount(y[:, 0], minlength=10), [n // 10] * 10)


def test_order_is_shuffled(made: synthetic.Data) -> None:
    for _, y in made:
        same_as_next = np.mean(y[1:] == y[:-1])
        assert 0.08 < same_as_next < 0.12
        np.testing.assert_allclose(np.bincount(y[:2000, 0], minlength=10), 200, atol=60)


def test_no_two_images_are_equal(made: synthetic.Data) -> None:
    (train, _), (test, _) = made
    assert len({image.tobytes() for image in itertools.chain(train, test)}) == 60_000


def test_pixel_statistics_are_about_those_of_photographs(made: synthetic.Data) -> None:
    for x, _ in made:
        pixels = x[:3000].astype(np.float32) / 255
        means = pixels.mean(axis=(0, 1, 2))
        assert pixels.mean() == pytest.approx(0.45, abs=0.02)
        assert pixels.std() == pytest.approx(0.25, abs=0.02)
        assert 0.005 < means.max() - means.min() < 0.06
        assert x[:3000].std(axis=(1, 2, 3)).min() > 4  # no image is empty
    neighbours = np.corrcoef(pixels[:, :, 1:].ravel(), pixels[:, :, :-1].ravel())[0, 1]
    assert 0.7 < neighbours < 0.97  # smooth, but not without noise


def test_data_follow_from_the_seed(few: None) -> None:
    def arrays(seed: int) -> list[np.ndarray]:
        return [array for split in synthetic.make_cifar10(seed) for array in split]

    for first, second in zip(arrays(3), arrays(3), strict=True):
        np.testing.assert_array_equal(first, second)
    assert all((first != second).any() for first, second in zip(arrays(3), arrays(4), strict=True))


@pytest.mark.slow
def test_a_small_network_learns_it_but_not_at_once(made: synthetic.Data) -> None:
    import keras

    (x, y), (x_test, y_test) = made
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Rescaling(1 / 255)])
    for _ in range(2):
        for _ in range(2):
            model.add(keras.layers.Conv2D(10, 3, padding="same", activation="relu"))
        model.add(keras.layers.MaxPooling2D(2))
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile(keras.optimizers.Adam(0.002), "sparse_categorical_crossentropy", metrics=["accuracy"])
    accuracies = []
    for _ in range(2):
        model.fit(x[:10_000], y[:10_000], batch_size=32, verbose=0)
        accuracies.append(model.evaluate(x_test[:2000], y_test[:2000], batch_size=500, verbose=0)[1])
    assert 0.25 < accuracies[0] < 0.7
    assert accuracies[0] + 0.03 < accuracies[1] < 0.85


def test_colours_alone_do_not_give_the_class_away(made: synthetic.Data) -> None:
    from sklearn.linear_model import LogisticRegression

    (x, y), (x_test, y_test) = made

    def colours(images: np.ndarray) -> np.ndarray:
        return np.concatenate([images.mean(axis=(1, 2)), images.std(axis=(1, 2))], axis=1) / 255

    linear = LogisticRegression(max_iter=500).fit(colours(x[:5000]), y[:5000, 0])
    assert 0.1 < linear.score(colours(x_test), y_test[:, 0]) < 0.32


# ---- the cache ----


def assert_equal_data(first: synthetic.Data, second: synthetic.Data) -> None:
    for one, other in zip(itertools.chain(*first), itertools.chain(*second), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_cache_holds_what_was_made_and_makes_it_once(
    few: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = synthetic.cached_cifar10(tmp_path / "a" / "b")
    assert_equal_data(first, synthetic.make_cifar10())
    monkeypatch.setattr(synthetic, "make_cifar10", lambda: pytest.fail("made a second time"))
    second = synthetic.cached_cifar10(tmp_path / "a" / "b")
    assert_equal_data(first, second)
    for array in itertools.chain(*second):
        assert isinstance(array, np.memmap)
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_several_processes_may_fill_the_cache_at_once(tmp_path: Path) -> None:
    code = """
import sys, time
from pathlib import Path
from lab import settings
from assignment.data import synthetic
settings.N_TRAIN, settings.N_TEST = 500, 100
folder = Path(sys.argv[1])
(folder / f"ready-{sys.argv[2]}").touch()
while len(list(folder.glob("ready-*"))) < 4:
    time.sleep(0.001)
(x, _), (_, y) = synthetic.cached_cifar10(folder / "cache")
print(x.sum(dtype="int64"), y.sum(dtype="int64"))
"""
    root = Path(synthetic.__file__).parents[2]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, (root, root / "assignment", root / "autograder" / "handed_out")))
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), str(number)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    printed = {process.communicate(timeout=60)[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 4
    assert len(printed) == 1
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["stand-in-1"]


def test_a_write_that_fails_leaves_nothing_behind(few: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save, calls = np.save, itertools.count(1)

    def full_disk(path: Path, array: np.ndarray) -> None:
        if next(calls) == 3:
            raise OSError(28, "No space left on device")
        save(path, array)

    monkeypatch.setattr(np, "save", full_disk)
    with pytest.raises(OSError, match="No space left"):
        synthetic.cached_cifar10(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert_equal_data(synthetic.cached_cifar10(tmp_path), synthetic.make_cifar10())


@pytest.mark.parametrize("damage", ["cut short", "empty", "missing", "another shape", "objects"])
def test_a_damaged_cache_is_named(few: None, tmp_path: Path, damage: str) -> None:
    synthetic.cached_cifar10(tmp_path)
    path = tmp_path / "stand-in-1" / "x_test.npy"
    if damage == "cut short":
        path.write_bytes(path.read_bytes()[:-5])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "missing":
        path.unlink()
    else:
        np.save(path, np.zeros((50, 32), object if damage == "objects" else np.uint8))
    with pytest.raises(ValueError, match=r"x_test\.npy.*: delete "):
        synthetic.cached_cifar10(tmp_path)


# ---- CIFAR-10's own files ----

NEW = "datasets/cifar-10-batches-py-target/cifar-10-batches-py"
OLD = "datasets/cifar-10-batches-py"


def write_official(home: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> synthetic.Data:
    """Six small files in the official form, made official by their hashes, and what is in them."""
    folder = home / place
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    hashes, images, labels = {}, [], []
    for name in synthetic.OFFICIAL_MD5:
        n = settings.N_TEST if name == "test_batch" else settings.N_TRAIN // 5
        x, y = rng.integers(0, 256, (n, 32, 32, 3), np.uint8), rng.integers(0, 10, n)
        planes = np.concatenate([x[:, :, :, c].reshape(n, 1024) for c in range(3)], axis=1)
        batch = {b"batch_label": b"one", b"labels": y.tolist(), b"data": planes, b"filenames": []}
        # The official files were written by Python 2 and an old NumPy, which called its module so.
        content = pickle.dumps(batch, protocol=2).replace(b"cnumpy._core.", b"cnumpy.core.")
        (folder / name).write_bytes(content)
        hashes[name] = hashlib.md5(content).hexdigest()
        images.append(x)
        labels.append(y.astype(np.uint8)[:, None])
    monkeypatch.setattr(synthetic, "OFFICIAL_MD5", hashes)
    return (np.concatenate(images[:5]), np.concatenate(labels[:5])), (images[5], labels[5])


@pytest.mark.parametrize("place", [NEW, OLD])
def test_official_files_are_decoded(few: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    wanted = write_official(tmp_path, place, monkeypatch)
    found = synthetic.load_real_cifar10(tmp_path)
    assert found is not None
    assert_equal_data(found, wanted)
    assert {array.dtype for split in found for array in split} == {np.dtype(np.uint8)}


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    assert synthetic.load_real_cifar10(None) is None
    assert synthetic.load_real_cifar10(tmp_path) is None
    (tmp_path / "datasets").mkdir()
    assert synthetic.load_real_cifar10(tmp_path) is None


def test_a_changed_file_is_never_unpickled(few: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_official(tmp_path, NEW, monkeypatch)
    mark = tmp_path / "it ran"

    class Attack:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (mark,)

    attack = pickle.dumps(Attack())
    pickle.loads(attack)
    assert mark.exists()  # the attack works
    mark.unlink()
    (tmp_path / NEW / "data_batch_4").write_bytes(attack)
    with pytest.raises(ValueError, match=r"data_batch_4 is not CIFAR-10's official file"):
        synthetic.load_real_cifar10(tmp_path)
    assert not mark.exists()


def test_a_missing_file_is_named(few: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_official(tmp_path, NEW, monkeypatch)
    (tmp_path / NEW / "test_batch").unlink()
    with pytest.raises(ValueError, match=r"test_batch is missing"):
        synthetic.load_real_cifar10(tmp_path)


def test_the_real_data_are_taken_where_they_are(few: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, cache = tmp_path / "home", tmp_path / "cache"
    home.mkdir()
    drawn, source = synthetic.cifar10(cache, home)
    assert source == "stand-in"
    assert_equal_data(drawn, synthetic.make_cifar10())
    wanted = write_official(home, NEW, monkeypatch)
    for again in (False, True):
        if again:  # from the cache, without another look at the files
            (home / NEW / "test_batch").unlink()
        found, source = synthetic.cifar10(cache, home)
        assert source == "CIFAR-10"
        assert_equal_data(found, wanted)
        assert all(isinstance(array, np.memmap) for array in itertools.chain(*found))
    assert synthetic.cifar10(cache, None)[1] == "stand-in"


KERAS_HOME = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()


@pytest.mark.skipif(not (KERAS_HOME / NEW).is_dir(), reason="CIFAR-10 is not in KERAS_HOME")
def test_the_real_data_are_those_of_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras
    from keras.src.datasets import cifar10

    monkeypatch.setattr(cifar10, "get_file", lambda **_: str((KERAS_HOME / NEW).parent))
    found = synthetic.load_real_cifar10(KERAS_HOME)
    assert found is not None
    assert_equal_data(found, keras.datasets.cifar10.load_data())
    (_, y_train), (_, y_test) = found
    assert {array.dtype for array in itertools.chain(*found)} == {np.dtype(np.uint8)}
    np.testing.assert_array_equal(np.bincount(y_train[:, 0]), [5000] * 10)
    np.testing.assert_array_equal(np.bincount(y_test[:, 0]), [1000] * 10)


# ---- ResNet50's first convolution ----


def filters(kernel: np.ndarray) -> np.ndarray:
    return kernel.transpose(3, 0, 1, 2)


def likeness(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """|correlation| of every filter (64, ...) with every other: 1 where one is an affine image of the other."""
    rows = []
    for values in (first.reshape(64, -1), second.reshape(64, -1)):
        centred = values - values.mean(axis=1, keepdims=True)
        rows.append(centred / np.linalg.norm(centred, axis=1, keepdims=True))
    return np.abs(rows[0] @ rows[1].T)


def test_the_kernel_looks_like_the_real_one_in_numbers() -> None:
    kernel, bias = synthetic.resnet50_conv1()
    assert (kernel.shape, kernel.dtype) == ((7, 7, 3, 64), np.float32)
    assert (bias.shape, bias.dtype) == ((64,), np.float32)
    assert kernel.std() == pytest.approx(0.11, abs=0.02)  # the real one's is 0.111
    assert abs(kernel.mean()) < 0.01
    assert 0.3 < kernel.max() < 1
    assert -1 < kernel.min() < -0.3
    assert (bias != 0).all()
    spread = kernel.std(axis=(0, 1, 2))
    assert spread.max() > 5 * spread.min()  # filters differ in strength, as the real ones do
    np.testing.assert_array_equal(kernel, synthetic.resnet50_conv1()[0])
    assert not np.array_equal(kernel, synthetic.resnet50_conv1(1)[0])


def test_no_filter_is_like_another() -> None:
    kernel, _ = synthetic.resnet50_conv1()
    alike = likeness(filters(kernel), filters(kernel))
    assert (alike - np.eye(64)).max() < 0.9


@pytest.mark.parametrize("channels", [*itertools.permutations(range(3))])
@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_no_filter_has_a_symmetry(mirrored: bool, turns: int, channels: tuple[int, ...]) -> None:
    original = filters(synthetic.resnet50_conv1()[0])
    changed = np.rot90(original[:, :, ::-1] if mirrored else original, turns, axes=(1, 2))[..., channels]
    if not mirrored and not turns and channels == (0, 1, 2):
        np.testing.assert_array_equal(changed, original)
    else:
        assert likeness(original, changed).max() < 0.96
