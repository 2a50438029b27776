"""Which models are called only once in training mode: graphs that cannot toss a coin."""

import functools
import random
from collections.abc import Callable
from typing import Any

import keras
import pytest
from keras import layers, ops

from labkit.model_description import is_keras_own
from solutions import reference

VARIANTS = ("tiny_vgg", "tiny_vgg_bn", "tiny_vgg_3blocks", "tiny_resnet")


def graph(step: Callable[[Any], Any]) -> Any:
    """A functional model with some step in the middle."""
    inputs = keras.Input((8, 8, 3))
    x = step(layers.Conv2D(4, 3, padding="same", activation="relu")(inputs))
    return keras.Model(inputs, layers.Dense(10)(layers.Flatten()(x)))


def coin(x: Any) -> Any:
    return x if random.random() < 0.5 else -x


class Coin(layers.Layer):  # type: ignore[misc]
    def call(self, x: Any) -> Any:
        return coin(x)


class Labelled(Coin):
    __module__ = "keras.src.layers.core.identity"


class Toss(keras.Operation):  # type: ignore[misc]
    def call(self, x: Any) -> Any:
        return coin(x)

    def compute_output_spec(self, x: Any) -> Any:
        return keras.KerasTensor(x.shape, x.dtype)


class Network(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.inner = graph(lambda x: x)

    def call(self, x: Any) -> Any:
        return coin(self.inner(x))


@functools.wraps(keras.activations.relu)
def disguised(x: Any) -> Any:
    return coin(x)


def replaced(x: Any) -> Any:
    layer = layers.Identity()
    layer.call = coin
    return layer(x)


@pytest.mark.parametrize("variant", VARIANTS)
def test_models_of_the_reference_are_keras_own(variant: str) -> None:
    assert is_keras_own(getattr(reference, f"build_{variant}")())


@pytest.mark.parametrize(
    "step",
    [
        lambda x: layers.ReLU()(layers.BatchNormalization()(x)),
        lambda x: layers.Add()([x, ops.relu(x)]) + x,
        lambda x: layers.Activation("gelu")(layers.LeakyReLU()(x)),
        lambda x: layers.Conv2D(4, 1, activation=keras.activations.relu)(x),
        lambda x: layers.Conv2D(4, 1, activation=layers.ReLU())(x),
        lambda x: keras.Sequential([layers.Conv2D(4, 1), layers.MaxPooling2D()])(x),
    ],
    ids=["normalised", "operations", "activations", "function", "layer as function", "nested"],
)
def test_graphs_of_keras_layers_are(step: Callable[[Any], Any]) -> None:
    assert is_keras_own(graph(step))


@pytest.mark.parametrize(
    "step",
    [
        Coin(),
        Labelled(),
        Toss(),
        layers.Lambda(coin),
        layers.Activation(coin),
        layers.Conv2D(4, 1, activation=coin),
        layers.Conv2D(4, 1, activation=disguised),
        keras.Sequential([Coin()]),
        replaced,
        layers.Dropout(0.1),
        layers.GaussianNoise(0.1),
    ],
    ids=[
        "own layer", "own layer under another name", "own operation", "lambda", "activation", "of a convolution",
        "wrapped", "nested", "replaced", "dropout", "noise",
    ],
)  # fmt: skip
def test_what_may_toss_a_coin_is_not(step: Callable[[Any], Any]) -> None:
    assert not is_keras_own(graph(step))


def test_a_model_with_a_call_of_its_own_is_not() -> None:
    assert not is_keras_own(Network())
