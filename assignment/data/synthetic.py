"""CIFAR-10 as it is read from Keras' folder, and drawings that stand in on machines without it.

The stand-in images are drawings: a class has its shape (an aeroplane's fuselage and wings, a cat's face and
ears), some usual colours and some usual backgrounds, all of which vary from image to image. They have
CIFAR-10's shapes, class counts and about its pixel statistics. Nothing learnt from them says anything about
photographs; they are there so that training code has something to learn.
"""

import hashlib
import io
import os
import pickle
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from autograder import syntax
from lab import settings

Bytes: TypeAlias = npt.NDArray[np.uint8]
Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Split: TypeAlias = tuple[Bytes, Bytes]  # images (n, 32, 32, 3) and labels (n, 1)
Data: TypeAlias = tuple[Split, Split]  # train, test

SIDE: Final = settings.IMAGE_SHAPE[0]  # rows and columns of an image
OFFICIAL_MD5: Final = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
_VERSION: Final = 1  # of the drawings: raise it when they change, and caches are made anew


# ---- where data comes from ----


def cifar10(cache: Path, keras_home: Path | None) -> tuple[Data, Literal["CIFAR-10", "stand-in"]]:
    """CIFAR-10 if it is under `keras_home` (or was, and is cached), else the stand-in.

    Args:
        cache: folder for the decoded arrays, made if missing. A second call takes milliseconds.
        keras_home: Keras' folder (its environment variable KERAS_HOME, by default ~/.keras), or None to take
            the stand-in.

    Returns:
        ((x_train, y_train), (x_test, y_test)), read-only and memory-mapped, uint8: images (50000, 32, 32, 3)
        and (10000, 32, 32, 3), labels (50000, 1) and (10000, 1); and which data they are.

    Raises:
        ValueError: a file of CIFAR-10 is missing or not the official one, or the cache is damaged.
    """
    if keras_home is not None:
        folder = cache / "cifar-10"
        if folder.is_dir():
            return _load(folder), "CIFAR-10"
        real = load_real_cifar10(keras_home)
        if real is not None:
            _save(folder, real)
            return _load(folder), "CIFAR-10"
    return cached_cifar10(cache), "stand-in"


def cached_cifar10(folder: Path) -> Data:
    """`make_cifar10()`, made at the first call and kept in `folder`. Several processes may call at once.

    Returns:
        As `cifar10`: read-only, memory-mapped.

    Raises:
        ValueError: the cache is damaged.
    """
    inside = folder / f"stand-in-{_VERSION}"
    if not inside.is_dir():
        _save(inside, make_cifar10())
    return _load(inside)


def load_real_cifar10(keras_home: Path | None) -> Data | None:
    """The official Python files that Keras unpacks, decoded as `keras.datasets.cifar10.load_data` does.

    The files are pickles, which can run code: each is unpickled only after its official MD5 was seen.

    Args:
        keras_home: folder that holds `datasets/`.

    Returns:
        As `cifar10`, in memory; None where there is no folder of these files.

    Raises:
        ValueError: a file is missing or differs from the official one. Names the file.
    """
    if keras_home is None:
        return None
    datasets = keras_home / "datasets"
    places = [datasets / "cifar-10-batches-py-target/cifar-10-batches-py", datasets / "cifar-10-batches-py"]
    folder = next((place for place in places if place.is_dir()), None)
    if folder is None:
        return None
    batches = [_official_batch(folder / name, md5) for name, md5 in OFFICIAL_MD5.items()]
    images, labels = zip(*batches, strict=True)
    return (np.concatenate(images[:5]), np.concatenate(labels[:5])), (images[5], labels[5])


def _official_batch(path: Path, md5: str) -> Split:
    if not path.is_file():
        raise ValueError(f"CIFAR-10 is incomplete: {path} is missing")
    content = path.read_bytes()
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        raise ValueError(f"{path} is not CIFAR-10's official file: its MD5 is {found}, not {md5}")
    batch = pickle.load(io.BytesIO(content), encoding="bytes")  # the same bytes that were just verified
    images = batch[b"data"].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), np.array(batch[b"labels"], np.uint8)[:, None]


def _shapes() -> dict[str, tuple[int, ...]]:
    return {
        "x_train": (settings.N_TRAIN, *settings.IMAGE_SHAPE),
        "y_train": (settings.N_TRAIN, 1),
        "x_test": (settings.N_TEST, *settings.IMAGE_SHAPE),
        "y_test": (settings.N_TEST, 1),
    }


def _save(folder: Path, data: Data) -> None:
    """Write the four arrays so that `folder` is there with all of them or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        arrays = (array for split in data for array in split)
        for name, array in zip(_shapes(), arrays, strict=True):
            np.save(scratch / f"{name}.npy", array)
        scratch.chmod(0o755)  # other accounts of a shared machine may read the cache
        os.rename(scratch, folder)
    except OSError:
        if not folder.is_dir():  # else another process was first, with the same arrays
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _load(folder: Path) -> Data:
    arrays = []
    for name, shape in _shapes().items():
        path = folder / f"{name}.npy"
        try:
            with syntax.building:
                array = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise ValueError(f"{path} cannot be read ({error}): delete {folder}") from error
        if array.shape != shape or array.dtype != np.uint8:
            raise ValueError(f"{path} holds {array.dtype} of shape {array.shape}: delete {folder}")
        arrays.append(array)
    x_train, y_train, x_test, y_test = arrays
    return (x_train, y_train), (x_test, y_test)


# ---- drawn images ----
# A figure is a list of parts (layer, primitive, numbers) in a square from -1 to 1, y downwards, facing right.
# Ellipse and box: centre x, y, half width, half height. Line: from x, y to x, y, half width. Triangle: three
# corners, clockwise as seen.

_BODY, _LIGHT, _DARK = range(3)
_Part: TypeAlias = tuple[int, str, tuple[float, ...]]


def _legs(width: float, *feet: float) -> list[_Part]:
    return [(_BODY, "line", (x, 0.15, 1.06 * x, 0.82, width)) for x in feet]


_FIGURES: Final[tuple[list[_Part], ...]] = (
    [  # airplane
        (_BODY, "line", (-0.85, 0.0, 0.75, -0.02, 0.12)),
        (_BODY, "triangle", (-0.15, 0.0, 0.3, 0.0, -0.4, 0.6)),
        (_BODY, "triangle", (0.0, 0.0, -0.25, -0.5, 0.3, 0.0)),
        (_BODY, "triangle", (-0.9, 0.0, -0.98, -0.45, -0.55, 0.0)),
        (_LIGHT, "line", (-0.6, -0.04, 0.35, -0.05, 0.03)),
        (_DARK, "ellipse", (0.66, -0.06, 0.09, 0.05)),
    ],
    [  # automobile
        (_BODY, "box", (0.0, 0.17, 0.88, 0.19)),
        (_BODY, "ellipse", (-0.08, 0.0, 0.55, 0.38)),
        (_LIGHT, "ellipse", (-0.08, -0.08, 0.4, 0.19)),
        (_DARK, "ellipse", (-0.52, 0.36, 0.19, 0.19)),
        (_DARK, "ellipse", (0.52, 0.36, 0.19, 0.19)),
    ],
    [  # bird
        (_BODY, "ellipse", (0.0, 0.0, 0.52, 0.29)),
        (_BODY, "ellipse", (0.5, -0.27, 0.2, 0.19)),
        (_BODY, "triangle", (-0.35, -0.1, -0.35, 0.15, -0.98, 0.12)),
        (_LIGHT, "ellipse", (-0.1, 0.0, 0.3, 0.13)),
        (_LIGHT, "triangle", (0.62, -0.34, 0.92, -0.22, 0.62, -0.16)),
        (_DARK, "line", (0.0, 0.28, 0.04, 0.68, 0.03)),
        (_DARK, "line", (0.14, 0.26, 0.18, 0.66, 0.03)),
        (_DARK, "ellipse", (0.54, -0.31, 0.05, 0.05)),
    ],
    [  # cat
        (_BODY, "ellipse", (0.0, 0.12, 0.64, 0.54)),
        (_BODY, "triangle", (-0.62, 0.0, -0.55, -0.8, -0.1, -0.3)),
        (_BODY, "triangle", (0.62, 0.0, 0.1, -0.3, 0.55, -0.8)),
        (_LIGHT, "ellipse", (0.0, 0.36, 0.26, 0.17)),
        (_DARK, "ellipse", (-0.26, 0.02, 0.1, 0.09)),
        (_DARK, "ellipse", (0.26, 0.02, 0.1, 0.09)),
        (_DARK, "ellipse", (0.0, 0.25, 0.08, 0.06)),
        (_DARK, "line", (0.2, 0.34, 0.8, 0.24, 0.02)),
        (_DARK, "line", (-0.2, 0.34, -0.8, 0.24, 0.02)),
    ],
    [  # deer
        (_BODY, "ellipse", (-0.1, 0.08, 0.5, 0.19)),
        (_BODY, "line", (0.3, 0.02, 0.5, -0.36, 0.09)),
        (_BODY, "ellipse", (0.6, -0.42, 0.19, 0.1)),
        (_BODY, "line", (0.5, -0.48, 0.4, -0.92, 0.035)),
        (_BODY, "line", (0.56, -0.48, 0.76, -0.9, 0.035)),
        (_BODY, "line", (0.45, -0.7, 0.22, -0.82, 0.03)),
        *_legs(0.05, -0.5, -0.36, 0.2, 0.34),
        (_LIGHT, "ellipse", (-0.1, 0.18, 0.32, 0.07)),
        (_LIGHT, "ellipse", (-0.6, 0.0, 0.09, 0.09)),
        (_DARK, "ellipse", (0.76, -0.4, 0.04, 0.04)),
    ],
    [  # dog
        (_BODY, "ellipse", (0.0, 0.0, 0.46, 0.6)),
        (_BODY, "ellipse", (-0.54, 0.02, 0.18, 0.5)),
        (_BODY, "ellipse", (0.54, 0.02, 0.18, 0.5)),
        (_LIGHT, "ellipse", (0.0, 0.36, 0.3, 0.25)),
        (_DARK, "ellipse", (-0.2, -0.12, 0.08, 0.08)),
        (_DARK, "ellipse", (0.2, -0.12, 0.08, 0.08)),
        (_DARK, "ellipse", (0.0, 0.24, 0.14, 0.1)),
        (_DARK, "line", (0.0, 0.3, 0.0, 0.5, 0.02)),
    ],
    [  # frog
        (_BODY, "ellipse", (0.0, 0.22, 0.72, 0.38)),
        (_BODY, "ellipse", (-0.36, -0.14, 0.2, 0.2)),
        (_BODY, "ellipse", (0.36, -0.14, 0.2, 0.2)),
        (_BODY, "line", (-0.6, 0.4, -0.88, 0.62, 0.11)),
        (_BODY, "line", (0.6, 0.4, 0.88, 0.62, 0.11)),
        (_LIGHT, "ellipse", (0.0, 0.42, 0.42, 0.14)),
        (_DARK, "ellipse", (-0.36, -0.16, 0.09, 0.09)),
        (_DARK, "ellipse", (0.36, -0.16, 0.09, 0.09)),
        (_DARK, "line", (-0.38, 0.2, 0.38, 0.2, 0.025)),
    ],
    [  # horse
        (_BODY, "ellipse", (-0.08, 0.04, 0.56, 0.27)),
        (_BODY, "line", (0.35, -0.05, 0.6, -0.45, 0.16)),
        (_BODY, "line", (0.6, -0.5, 0.88, -0.3, 0.11)),
        *_legs(0.075, -0.5, -0.34, 0.22, 0.38),
        (_DARK, "line", (0.22, -0.22, 0.5, -0.64, 0.07)),
        (_DARK, "line", (-0.6, -0.02, -0.84, 0.5, 0.07)),
        (_LIGHT, "ellipse", (0.9, -0.28, 0.08, 0.07)),
    ],
    [  # ship
        (_BODY, "box", (0.0, 0.3, 0.66, 0.17)),
        (_BODY, "triangle", (0.6, 0.13, 1.0, 0.13, 0.6, 0.47)),
        (_BODY, "triangle", (-0.9, 0.13, -0.6, 0.13, -0.6, 0.47)),
        (_LIGHT, "box", (-0.22, -0.03, 0.32, 0.15)),
        (_LIGHT, "triangle", (0.2, 0.05, 0.2, -0.85, 0.68, 0.05)),
        (_DARK, "line", (0.16, 0.1, 0.16, -0.92, 0.03)),
        (_DARK, "box", (-0.3, -0.32, 0.09, 0.15)),
    ],
    [  # truck
        (_BODY, "box", (0.66, 0.12, 0.24, 0.3)),
        (_LIGHT, "box", (-0.25, -0.08, 0.62, 0.46)),
        (_LIGHT, "box", (0.74, 0.0, 0.1, 0.1)),
        (_DARK, "box", (0.0, 0.42, 0.88, 0.06)),
        (_DARK, "ellipse", (-0.6, 0.5, 0.17, 0.17)),
        (_DARK, "ellipse", (-0.2, 0.5, 0.17, 0.17)),
        (_DARK, "ellipse", (0.6, 0.5, 0.17, 0.17)),
    ],
)

# Usual colours of the body, red, green, blue from 0 to 1; a third of the images have any other.
_COLOURS: Final[tuple[list[tuple[float, float, float]], ...]] = (
    [(0.85, 0.86, 0.88), (0.5, 0.53, 0.58), (0.3, 0.35, 0.45)],
    [(0.7, 0.1, 0.1), (0.75, 0.75, 0.75), (0.12, 0.14, 0.25), (0.75, 0.6, 0.1)],
    [(0.45, 0.33, 0.2), (0.3, 0.4, 0.6), (0.75, 0.25, 0.15), (0.2, 0.2, 0.2)],
    [(0.75, 0.5, 0.25), (0.45, 0.43, 0.42), (0.15, 0.14, 0.14), (0.85, 0.82, 0.78)],
    [(0.6, 0.42, 0.25), (0.45, 0.32, 0.2)],
    [(0.7, 0.55, 0.38), (0.35, 0.24, 0.16), (0.85, 0.8, 0.72), (0.2, 0.18, 0.17)],
    [(0.35, 0.55, 0.2), (0.45, 0.42, 0.2), (0.25, 0.4, 0.25)],
    [(0.45, 0.25, 0.13), (0.25, 0.17, 0.12), (0.8, 0.76, 0.7)],
    [(0.2, 0.25, 0.4), (0.6, 0.15, 0.12), (0.85, 0.85, 0.85), (0.25, 0.25, 0.25)],
    [(0.7, 0.15, 0.1), (0.15, 0.3, 0.6), (0.8, 0.7, 0.2), (0.85, 0.85, 0.85)],
)

# Colour at the top and at the bottom of a background.
_SCENES: Final = {
    "sky": ((0.4, 0.58, 0.82), (0.74, 0.82, 0.88)),
    "clouds": ((0.7, 0.73, 0.78), (0.55, 0.58, 0.62)),
    "sea": ((0.65, 0.74, 0.82), (0.12, 0.3, 0.4)),
    "road": ((0.6, 0.58, 0.56), (0.3, 0.3, 0.31)),
    "meadow": ((0.5, 0.6, 0.62), (0.32, 0.48, 0.16)),
    "forest": ((0.12, 0.22, 0.1), (0.35, 0.38, 0.2)),
    "earth": ((0.42, 0.34, 0.22), (0.52, 0.42, 0.28)),
    "indoors": ((0.72, 0.64, 0.52), (0.42, 0.27, 0.17)),
    "night": ((0.06, 0.06, 0.09), (0.14, 0.12, 0.12)),
    "snow": ((0.8, 0.83, 0.88), (0.9, 0.9, 0.92)),
}
# Usual scenes of a class; half of the images have any.
_USUAL: Final = (
    ("sky", "clouds"),
    ("road", "indoors"),
    ("sky", "forest", "snow"),
    ("indoors", "earth"),
    ("meadow", "forest", "snow"),
    ("indoors", "meadow"),
    ("forest", "earth"),
    ("meadow", "earth"),
    ("sea", "clouds"),
    ("road", "snow"),
)
_CHUNK: Final = 250  # images drawn at a time: their arrays fit the processor's cache


def make_cifar10(seed: int = 0) -> Data:
    """Draw the stand-in for CIFAR-10. Equal seeds give equal data. Some seconds on two cores.

    Returns:
        ((x_train, y_train), (x_test, y_test)), uint8, with the shapes and class counts of CIFAR-10 (5,000
        training and 1,000 test images a class), in random order. No two images are equal.
    """
    texture = _texture(np.random.default_rng([seed, 0]))
    splits = []
    for number, n in enumerate((settings.N_TRAIN, settings.N_TEST), start=1):
        balanced = (np.arange(n) % settings.N_CLASSES).astype(np.uint8)
        labels = np.random.default_rng([seed, number]).permutation(balanced)
        images = np.empty((n, *settings.IMAGE_SHAPE), np.uint8)
        jobs = [
            (label, places[start : start + _CHUNK], [seed, number, label, start])
            for label in range(settings.N_CLASSES)
            for places in [np.flatnonzero(labels == label)]
            for start in range(0, len(places), _CHUNK)
        ]

        def draw(job: tuple[int, npt.NDArray[np.intp], list[int]], images: Bytes = images) -> None:
            label, places, entropy = job
            canvas = _Canvas(len(places), texture, np.random.default_rng(entropy))
            canvas.background(label)
            canvas.figure(label)
            images[places] = canvas.photograph()

        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            list(pool.map(draw, jobs))
        splits.append((images, labels[:, None]))
    return splits[0], splits[1]


def _texture(rng: np.random.Generator, side: int = 512) -> Floats:
    """Noise with the 1/f spectrum of natural images: (3, side, side), mean 0, standard deviation 1."""
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
    frequency[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.standard_normal((4, side, side))) / frequency
    noise = np.fft.irfft2(spectrum, s=(side, side))
    noise /= noise.std(axis=(1, 2), keepdims=True)
    mostly_grey = 0.9 * noise[3] + 0.45 * noise[:3]
    return np.asarray(mostly_grey / np.hypot(0.9, 0.45), np.float32)


class _Canvas:
    """n images being painted: `image` (n, 3, 32, 32), from 0 to 1."""

    def __init__(self, n: int, texture: Floats, rng: np.random.Generator) -> None:
        self._n, self._texture, self._rng = n, texture, rng
        self.image: Floats = np.empty((n, 3, SIDE, SIDE), np.float32)
        axis = np.linspace(-1, 1, SIDE, dtype=np.float32)
        self._x, self._y = axis[None, None, :], axis[None, :, None]

    def _uniform(self, low: float, high: float, *shape: int) -> Floats:
        return self._rng.uniform(low, high, (self._n, *shape)).astype(np.float32)

    def _crops(self) -> Floats:
        """Random pieces of the texture, (n, 3, 32, 32)."""
        windows = np.lib.stride_tricks.sliding_window_view(self._texture, (SIDE, SIDE), axis=(1, 2))
        top, left = self._rng.integers(0, windows.shape[1], (2, self._n))
        return windows[:, top, left].transpose(1, 0, 2, 3)

    def _blend(self, mask: Floats, colour: Floats) -> None:
        self.image += mask[:, None] * (colour - self.image)

    def background(self, label: int) -> None:
        """Two colours that meet at a soft horizon, texture, and two blots that belong to nothing."""
        uniform, names = self._uniform, list(_SCENES)
        usual = self._rng.choice([names.index(name) for name in _USUAL[label]], self._n)
        scene = np.where(self._rng.random(self._n) < 0.5, usual, self._rng.integers(0, len(names), self._n))
        ends = np.array(list(_SCENES.values()), np.float32)[scene] + uniform(-0.12, 0.12, 2, 3)
        below = np.clip(0.5 + (self._y - uniform(-0.5, 0.5, 1, 1)) * uniform(0.5, 4, 1, 1), 0, 1)
        self.image[...] = ends[:, 0, :, None, None]
        self._blend(np.broadcast_to(below, (self._n, SIDE, SIDE)), ends[:, 1, :, None, None])
        self.image += uniform(0.03, 0.16, 1, 1, 1) * self._crops()
        for primitive in (_ellipse, _box):
            ranges = ((-1, 1), (-1, 1), (0.1, 0.5), (0.1, 0.5))
            distance = primitive(self._x, self._y, *(uniform(low, high, 1, 1) for low, high in ranges))
            self._blend(uniform(0, 0.9, 1, 1) * _mask(distance * (SIDE / 2)), uniform(0, 1, 3, 1, 1))

    def figure(self, label: int) -> None:
        """The class's figure: moved, scaled, tilted, mirrored, each number of each part a little off."""
        uniform = self._uniform
        scale, aspect, tilt = uniform(0.55, 1, 1, 1), uniform(0.8, 1.25, 1, 1), uniform(-0.35, 0.35, 1, 1)
        x, y = self._x - uniform(-0.35, 0.35, 1, 1), self._y - uniform(-0.35, 0.35, 1, 1)
        facing = np.where(uniform(0, 1, 1, 1) < 0.5, np.float32(-1), np.float32(1))
        u = (np.cos(tilt) * x + np.sin(tilt) * y) * facing / (scale * aspect)
        v = (np.cos(tilt) * y - np.sin(tilt) * x) / scale
        palette = np.array(_COLOURS[label], np.float32)
        usual = palette[self._rng.integers(0, len(palette), self._n)]
        body = np.where(uniform(0, 1, 1) < 0.65, usual, uniform(0, 1, 3)) + uniform(-0.1, 0.1, 3)
        light = body + (1 - body) * uniform(0.25, 0.8, 1) + uniform(-0.15, 0.05, 3)
        dark = body * uniform(0.05, 0.4, 1)
        surface = uniform(0.02, 0.12, 1, 1, 1) * self._crops()
        surface -= uniform(0, 0.15, 1, 1, 1) * v[:, None]  # lit from above
        for layer, colour in ((_BODY, body), (_LIGHT, light), (_DARK, dark)):
            distance = np.full((self._n, SIDE, SIDE), np.inf, np.float32)
            for of_layer, primitive, numbers in _FIGURES[label]:
                if of_layer == layer:
                    moved = (np.float32(number) + uniform(-0.03, 0.03, 1, 1) for number in numbers)
                    np.minimum(distance, _DISTANCES[primitive](u, v, *moved), out=distance)
            self._blend(_mask(distance * scale * (SIDE / 2)), colour[:, :, None, None] + surface)

    def photograph(self) -> Bytes:
        """Exposure, contrast, noise: uint8 images (n, 32, 32, 3). Uses up the canvas."""
        image, uniform = self.image, self._uniform
        image -= 0.5
        image *= 255 * uniform(0.65, 1.25, 1, 1, 1)
        image += 255 * uniform(0.33, 0.6, 1, 1, 1)
        noise = self._rng.integers(0, 256, image.shape, np.uint8)
        image += uniform(0.04, 0.16, 1, 1, 1) * (noise.astype(np.float32) - 127.5)
        return np.clip(image, 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)


def _mask(distance: Floats) -> Floats:
    """1 inside, 0 outside, smooth over a pixel; distance from the edge in pixels, negative inside."""
    return np.asarray(np.clip(0.5 - distance, 0, 1))


# Signed distances from a primitive's edge, about: (x, y, its numbers) -> negative inside.


def _ellipse(x: Floats, y: Floats, *numbers: Floats) -> Floats:
    left, top, width, height = numbers
    radius = np.sqrt(np.square((x - left) / width) + np.square((y - top) / height))
    return np.asarray((radius - 1) * np.minimum(np.abs(width), np.abs(height)))


def _box(x: Floats, y: Floats, *numbers: Floats) -> Floats:
    left, top, width, height = numbers
    return np.asarray(np.maximum(np.abs(x - left) - width, np.abs(y - top) - height))


def _line(x: Floats, y: Floats, *numbers: Floats) -> Floats:
    x0, y0, x1, y1, width = numbers
    dx, dy = x1 - x0, y1 - y0
    along = np.clip(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy), 0, 1)
    return np.asarray(
        np.sqrt(np.square(x - x0 - along * dx) + np.square(y - y0 - along * dy)) - np.maximum(width, 0.02)
    )


def _triangle(x: Floats, y: Floats, *numbers: Floats) -> Floats:
    corners = [(numbers[i], numbers[i + 1]) for i in (0, 2, 4)]
    distance: Floats = np.full((1, 1, 1), -np.inf, np.float32)
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        length = np.hypot(x1 - x0, y1 - y0)
        distance = np.maximum(distance, ((y1 - y0) * (x - x0) - (x1 - x0) * (y - y0)) / length)
    return distance


_DISTANCES: Final[dict[str, Callable[..., Floats]]] = {
    "ellipse": _ellipse,
    "box": _box,
    "line": _line,
    "triangle": _triangle,
}


# ---- the first convolution of ResNet50 ----


def resnet50_conv1(seed: int = 0) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Stand-in for the first convolution of Keras' ResNet50: gratings, colour edges and blobs.

    No filter has a symmetry (mirrored, turned, transposed, or with its channels in another order it is
    another filter) and no two are alike, so that a permuted answer shows.

    Returns:
        kernel (7, 7, 3, 64): row, column, channel (blue, green, red), filter; values of both signs with a
        standard deviation of about 0.1. bias (64,), small. Both float32.
    """
    rng = np.random.default_rng([seed, 3])
    n = 64
    y, x = np.mgrid[-3:4, -3:4][:, :, :, None, None].astype(float)

    def uniform(low: float, high: float, *shape: int) -> npt.NDArray[Any]:
        return rng.uniform(low, high, (*shape, n))

    def channels(*values: float) -> npt.NDArray[Any]:  # in another order for each filter: (3, n)
        return rng.permuted(np.tile(np.array(values)[:, None], n), axis=0)

    # A grating of some orientation and wavelength (pixels) under a soft window that sits off the centre and
    # is higher on one side. A long wavelength makes a blob or an edge. Channels differ in phase.
    angle = np.pi * (np.arange(n) * 0.618 % 1) + 0.05
    wavelength = rng.permutation(np.geomspace(2.3, 14, n))
    phase = uniform(0, 2 * np.pi) + channels(-0.5, 0, 0.5)
    left, top, lean = uniform(-1, 1), uniform(-1, 1), uniform(0, 2 * np.pi)
    across = (x - left) * np.cos(angle) + (y - top) * np.sin(angle)
    window = np.exp(
        -np.square((x - left) / uniform(1.2, 2.6)) / 2 - np.square((y - top) / uniform(1.2, 2.6)) / 2
    ) * np.exp(0.25 * (x * np.cos(lean) + y * np.sin(lean)))
    # Half are nearly grey, half set one colour against another.
    grey = np.sign(uniform(-1, 1)) * channels(0.65, 1, 1.35)
    weight = np.where(np.arange(n) % 2 == 0, grey, channels(-1.3, 0.2, 1.1) + uniform(-0.3, 0.3))
    kernel = weight * window * np.cos(2 * np.pi * across / wavelength + phase)
    kernel += 0.08 * rng.standard_normal(kernel.shape)
    kernel -= 0.7 * kernel.mean(axis=(0, 1), keepdims=True)
    kernel *= rng.permutation(np.linspace(0.02, 0.18, n)) / kernel.std(axis=(0, 1, 2))
    return kernel.astype(np.float32), (0.01 * rng.standard_normal(n)).astype(np.float32)
