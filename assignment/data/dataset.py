"""The data that grading serves to notebooks and judges by: real CIFAR-10 where it is, else the stand-in."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from assignment.data import synthetic

Split = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Dataset:
    """Memory-mapped arrays ((x_train, y_train), (x_test, y_test)), and where they come from; see `assignment.Data`."""

    arrays: tuple[Split, Split]
    source: str

    @property
    def is_real(self) -> bool:
        """Whether it is CIFAR-10."""
        return self.source == "CIFAR-10"

    @property
    def cache(self) -> Path | None:
        """The folder of the arrays; None where they are in memory only."""
        file = getattr(self.arrays[0][0], "filename", None)
        return None if file is None else Path(file).parent

    def write(self, folder: Path) -> None:
        """The arrays, as links where they are files, and ResNet50's first convolution."""
        folder.mkdir()
        (x_train, y_train), (x_test, y_test) = self.arrays
        for name, array in (("x_train", x_train), ("y_train", y_train), ("x_test", x_test), ("y_test", y_test)):
            source = getattr(array, "filename", None)
            if source is not None:
                (folder / f"{name}.npy").symlink_to(source)
            else:
                np.save(folder / f"{name}.npy", array)
        kernel, bias = resnet50_conv1()
        np.save(folder / "conv1_kernel.npy", kernel)
        np.save(folder / "conv1_bias.npy", bias)


def keras_home() -> Path:
    """Where Keras keeps downloaded data and weights."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")


def cache_folder() -> Path:
    """Where decoded arrays are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "tiny-vgg-practical"


@cache
def dataset() -> Dataset:
    """The data of this machine.

    Raises:
        ValueError: a file of CIFAR-10 in `KERAS_HOME` is damaged; the message names it.
    """
    arrays, source = synthetic.cifar10(cache_folder(), keras_home())
    return Dataset(arrays, source)


@cache
def resnet50_conv1() -> tuple[np.ndarray, np.ndarray]:
    """Kernel (7, 7, 3, 64) and bias (64,) that `ResNet50(weights="imagenet")` is served with at grading."""
    return synthetic.resnet50_conv1()


def found() -> list[tuple[str, str, str]]:
    """For `make doctor`: what, where it is, and what to do where it is not. Hashes are looked at on reading."""
    home, cached = keras_home(), cache_folder() / "cifar-10"
    unpacked = ("cifar-10-batches-py-target/cifar-10-batches-py", "cifar-10-batches-py")
    places = (home / "datasets" / folder for folder in unpacked)
    data = cached if cached.is_dir() else next((place for place in places if (place / "test_batch").is_file()), None)
    weights = home / "models" / "resnet50_weights_tf_dim_ordering_tf_kernels.h5"
    without = "make data [FROM=file]; without it run records are read, not evaluated"
    return [
        ("CIFAR-10", str(data or f"not in {home}"), "" if data else without),
        (
            "ResNet50's weights",
            str(weights) if weights.is_file() else f"not in {home}",
            "" if weights.is_file() else "make data [FROM=file], for trying the notebook yourself; grading needs none",
        ),
    ]
