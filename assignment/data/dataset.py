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
    """Memory-mapped arrays ((x_train, y_train), (x_test, y_test)), and where they come from."""

    arrays: tuple[Split, Split]
    source: str

    @property
    def is_real(self) -> bool:
        """Whether it is CIFAR-10."""
        return self.source == "CIFAR-10"


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
