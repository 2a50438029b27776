"""The forward pass against Keras: the same graph is built twice, as Keras layers and as a spec by hand."""

import copy
import functools
import math
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers
from support import tries

from assignment.hidden.forward_pass import MAX_ELEMENTS, UnsupportedSpec, forward, predict

DTYPES = ("float32", "float64")
EXACT = 1e-10  # in float64
STEPS = 32  # of float32: how far off a sum may be, in steps of its terms


@contextmanager
def computing_in(dtype: str) -> Iterator[None]:
    """New Keras layers compute in this dtype."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


class Twin:
    """One graph, grown as a Keras model and as a spec. Keras tells each node's shape."""

    def __init__(self, *shape: int, dtype: str = "float32") -> None:
        self.dtype = dtype
        self.tensors = [keras.Input(shape, dtype=dtype)]
        self.layers: list[Any] = []
        self.nodes = [self._node("Input", "images", [], {})]

    def _node(self, kind: str, name: str, inputs: list[int], config: dict[str, Any], **more: Any) -> dict:
        number = len(self.tensors) - 1
        node = {"id": number, "name": name, "kind": kind, "inputs": inputs, "config": config}
        node |= {"shape": list(self.tensors[-1].shape[1:]), "layer": None, "training": None}
        return node | {"trainable": True, "weights": []} | more

    def add(self, layer: Any, config: dict[str, Any] | None = None, *inputs: int, training: bool | None = None) -> int:
        """Call the layer on nodes, on the last one if none is named. Its class name is the node's kind."""
        inputs = inputs or (len(self.tensors) - 1,)
        sources = [self.tensors[i] for i in inputs]
        arguments = {} if training is None else {"training": training}
        self.tensors.append(layer(sources if len(sources) > 1 else sources[0], **arguments))
        if layer not in self.layers:
            self.layers.append(layer)
        more = {"layer": self.layers.index(layer), "weights": [w.name for w in layer.weights]}
        more |= {"training": training, "trainable": layer.trainable}
        self.nodes.append(self._node(type(layer).__name__, layer.name, list(inputs), config or {}, **more))
        return len(self.nodes) - 1

    @property
    def spec(self) -> dict[str, Any]:
        return {"nodes": self.nodes, "outputs": [len(self.nodes) - 1]}

    def randomise(self, seed: int = 0) -> dict[str, np.ndarray]:
        """Give every layer random weights, none of them zero or negligible, and return them by their keys."""
        rng = np.random.default_rng(seed)
        weights = {}
        for number, layer in enumerate(self.layers):
            for variable in layer.weights:
                value = rng.normal(0, 1 / math.sqrt(math.prod(variable.shape[:-1])), variable.shape)
                if variable.name in ("gamma", "moving_variance"):
                    value = rng.uniform(0.5, 2, variable.shape)
                variable.assign(value)
                weights[f"{number}/{variable.name}"] = np.asarray(variable).copy()
        return weights

    def keras(self, x: np.ndarray, training: bool | None) -> list[np.ndarray]:
        """Every node's activation, by Keras."""
        model = keras.Model(self.tensors[0], [keras.ops.copy(t) for t in self.tensors])
        saved = [np.asarray(v).copy() for v in model.weights]
        outputs = [np.asarray(t) for t in model(x, training=training)]
        for variable, value in zip(model.weights, saved, strict=True):  # training moves the moving statistics
            variable.assign(value)
        return outputs

    def roundings(self, weights: dict[str, np.ndarray], x: np.ndarray, training: bool) -> list[float]:
        """What rounding to float32 may change in each node, on any processor: `STEPS` times what changes in float64
        where each value of the images and each weight is one step of float32 off, or where the result is."""
        rng, step = np.random.default_rng(2), float(np.finfo("float32").eps)

        def moved(values: np.ndarray) -> np.ndarray:
            return values * (1 + rng.choice([-1, 1], values.shape) * step)

        exact = {key: value.astype("float64") for key, value in weights.items()}
        x = x.astype("float64")
        one = forward(self.spec, exact, x, training=training)
        other = forward(self.spec, {key: moved(value) for key, value in exact.items()}, moved(x), training=training)
        largest = [(np.abs(one[n] - other[n]).max(initial=0), np.abs(one[n]).max(initial=0)) for n in one]
        return [STEPS * max(float(change), step * float(value)) for change, value in largest]

    def check(self, n: int = 3, training: bool | None = None, tolerance: float = EXACT) -> None:
        """Both sides agree on every node, for a batch of n: to `tolerance` in float64, else up to rounding."""
        x = np.random.default_rng(1).normal(0.3, 1.5, (n, *self.tensors[0].shape[1:])).astype(self.dtype)
        weights = self.randomise()
        wanted = self.keras(x, training)
        got = forward(self.spec, weights, x, training=bool(training))
        assert list(got) == list(range(len(self.nodes)))
        single = self.dtype == "float32"
        limits = self.roundings(weights, x, bool(training)) if single else [tolerance] * len(wanted)
        for number, value in enumerate(wanted):
            assert got[number].dtype == self.dtype
            assert got[number].shape == value.shape
            relative = 0 if single else tolerance
            np.testing.assert_allclose(got[number], value, rtol=relative, atol=limits[number])


# ---- every kind against Keras ----

SIDES = st.integers(1, 9)
PADDINGS = st.sampled_from(("same", "valid"))
PAIRS = st.tuples(st.integers(1, 4), st.integers(1, 4))


@settings(max_examples=tries(60), deadline=None, derandomize=True)
@given(st.data(), st.sampled_from(DTYPES), PADDINGS, PAIRS, st.booleans())
def test_convolution_agrees_with_keras(
    data: st.DataObject, dtype: str, padding: str, kernel: tuple[int, int], use_bias: bool
) -> None:
    strides = data.draw(st.sampled_from(((1, 1), (1, 1), (2, 1), (2, 2), (3, 2))))
    dilation = data.draw(st.sampled_from(((1, 1), (2, 2), (1, 3)))) if strides == (1, 1) else (1, 1)
    groups = data.draw(st.sampled_from((1, 1, 2, 3)))
    channels, filters = groups * data.draw(st.integers(1, 3)), groups * data.draw(st.integers(1, 3))
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    low = reach if padding == "valid" else [1, 1]
    size = [data.draw(st.integers(side, side + 6)) for side in low]
    config = {"filters": filters, "kernel_size": [*kernel], "strides": [*strides], "padding": padding}
    config |= {"dilation": [*dilation], "groups": groups, "use_bias": use_bias, "activation": "tanh"}
    with computing_in(dtype):
        twin = Twin(*size, channels, dtype=dtype)
        layer = layers.Conv2D(filters, kernel, strides, padding, None, dilation, groups, "tanh", use_bias=use_bias)
        twin.add(layer, config)
        twin.check(n=data.draw(st.integers(1, 4)))


@pytest.mark.parametrize("average", [False, True])
@settings(max_examples=tries(40), deadline=None, derandomize=True)
@given(dtype=st.sampled_from(DTYPES), padding=PADDINGS, pool=PAIRS, strides=PAIRS, extra=st.tuples(SIDES, SIDES))
def test_pooling_agrees_with_keras(
    average: bool,
    dtype: str,
    padding: str,
    pool: tuple[int, int],
    strides: tuple[int, int],
    extra: tuple[int, int],
) -> None:
    low = [k - 1 for k in pool] if padding == "valid" else [0, 0]
    rows, columns = (a + b for a, b in zip(low, extra, strict=True))
    kind = layers.AveragePooling2D if average else layers.MaxPooling2D
    with computing_in(dtype):
        twin = Twin(rows, columns, 2, dtype=dtype)
        twin.add(kind(pool, strides, padding), {"pool_size": pool, "strides": strides, "padding": padding})
        twin.check()


NAMES = (
    "linear",
    "relu",
    "softmax",
    "relu6",
    "leaky_relu",
    "elu",
    "gelu",
    "tanh",
    "sigmoid",
    "silu",
    "softplus",
)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_activation_functions_agree_with_keras(name: str, dtype: str) -> None:
    with computing_in(dtype):
        twin = Twin(3, 40, 4, dtype=dtype)
        twin.add(layers.Rescaling(20.0, 1.0), {"scale": 20.0, "offset": 1.0})  # out to the flat ends
        twin.add(layers.Activation(name), {"function": name})
        twin.add(layers.Dense(3, activation=name), {"units": 3, "use_bias": True, "activation": name})
        # TensorFlow keeps the constants in these two in float32, whatever it computes in.
        twin.check(tolerance=1e-6 if name in ("leaky_relu", "gelu") else EXACT)


def test_leaky_relu_takes_its_slope_from_the_config() -> None:
    x = np.array([[-2.0, -0.5, 0.0, 3.0]])
    spec = small([4], "Activation", [4], {"function": "leaky_relu", "negative_slope": 0.25})
    wanted = np.asarray(keras.layers.LeakyReLU(0.25, dtype="float64")(x))
    np.testing.assert_allclose(forward(spec, {}, x)[1], wanted, rtol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("keepdims", [False, True])
def test_global_pooling_agrees_with_keras(dtype: str, keepdims: bool) -> None:
    with computing_in(dtype):
        twin = Twin(5, 7, 3, dtype=dtype)
        twin.add(layers.GlobalMaxPooling2D(keepdims=keepdims), {"keepdims": keepdims}, 0)
        twin.add(layers.GlobalAveragePooling2D(keepdims=keepdims), {"keepdims": keepdims}, 0)
        twin.check()


def batch_norm(center: bool = True, scale: bool = True, axis: int = -1) -> dict[str, Any]:
    return {"axis": axis, "epsilon": 0.002, "momentum": 0.9, "center": center, "scale": scale}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(("center", "scale"), [(True, True), (False, True), (True, False), (False, False)])
def test_batch_normalization_agrees_with_keras(dtype: str, training: bool, center: bool, scale: bool) -> None:
    config = batch_norm(center, scale)
    with computing_in(dtype):
        twin = Twin(4, 5, 3, dtype=dtype)
        twin.add(layers.BatchNormalization(**config), config)
        twin.add(layers.Flatten())
        twin.add(layers.BatchNormalization(**config | {"axis": 1}), config | {"axis": 1})
        twin.check(n=4, training=training)


def test_a_frozen_batch_normalization_keeps_to_its_moving_statistics() -> None:
    twin = Twin(4, 5, 3)
    twin.add(layers.BatchNormalization(**batch_norm(), trainable=False), batch_norm())
    twin.check(training=True)


@pytest.mark.parametrize("explicit", [False, True])
def test_an_explicit_training_argument_wins(explicit: bool) -> None:
    twin = Twin(4, 5, 3)
    twin.add(layers.BatchNormalization(**batch_norm()), batch_norm(), training=explicit)
    twin.check(training=None)
    x = np.random.default_rng(2).normal(size=(6, 4, 5, 3))
    weights = twin.randomise()
    results = [forward(twin.spec, weights, x, training=training)[1] for training in (False, True)]
    np.testing.assert_array_equal(*results)


def test_batch_statistics_keep_their_digits_in_float32() -> None:
    x = np.random.default_rng(0).normal(100, 0.1, (60, 32, 32, 2)).astype(np.float32)
    config = {"axis": -1, "epsilon": 1e-7, "momentum": 0.9, "center": False, "scale": False}
    spec = small([32, 32, 2], "BatchNormalization", [32, 32, 2], config, ["moving_mean", "moving_variance"])
    weights = {"0/moving_mean": np.zeros(2), "0/moving_variance": np.ones(2)}
    single, double = (forward(spec, weights, v, training=True)[1] for v in (x, x.astype(np.float64)))
    np.testing.assert_allclose(single, double, atol=2e-4)


@pytest.mark.parametrize("dtype", DTYPES)
def test_merging_agrees_with_keras(dtype: str) -> None:
    with computing_in(dtype):
        twin = Twin(4, 5, 3, dtype=dtype)
        one = twin.add(layers.Rescaling([1.0, 2.0, 3.0], -0.5), {"scale": [1.0, 2.0, 3.0], "offset": -0.5})
        two = twin.add(layers.Activation("relu"), {"function": "relu"})
        row = twin.add(layers.GlobalMaxPooling2D(keepdims=True), {"keepdims": True})
        twin.add(layers.Add(), {}, 0, one, two)
        twin.add(layers.Multiply(), {}, two, one)
        twin.add(layers.Multiply(), {}, one, row)  # one value a channel, spread over the image
        twin.add(layers.Subtract(), {}, one, two)
        for axis in (-1, 1, 2, 3, -3):
            twin.add(layers.Concatenate(axis), {"axis": axis}, one, two, one)
        twin.check()


@pytest.mark.parametrize("dtype", DTYPES)
def test_reshaping_and_pointwise_layers_agree_with_keras(dtype: str) -> None:
    with computing_in(dtype):
        twin = Twin(4, 6, 3, dtype=dtype)
        twin.add(layers.ZeroPadding2D(((1, 0), (2, 3))), {"padding": [[1, 0], [2, 3]]})
        twin.add(layers.Dropout(0.4), {"rate": 0.4})
        twin.add(layers.SpatialDropout2D(0.4), {"rate": 0.4})
        twin.add(layers.Reshape((-1, 5, 3)), {"target_shape": [-1, 5, 3]})
        twin.add(layers.Identity())
        twin.add(layers.Dense(4), {"units": 4, "use_bias": True, "activation": "linear"})
        twin.add(layers.Reshape((2, 2, -1)), {"target_shape": [2, 2, -1]})
        twin.add(layers.Flatten())
        no_bias = {"units": 2, "use_bias": False, "activation": "softmax"}
        twin.add(layers.Dense(2, "softmax", use_bias=False), no_bias)
        twin.check(training=False)


def test_rescaling_takes_constants_along_the_channels_in_any_nesting() -> None:
    x = np.random.default_rng(0).normal(size=(2, 4, 5, 3))
    scale = [[[1.5, 2.0, -3.0]]]
    spec = small([4, 5, 3], "Rescaling", [4, 5, 3], {"scale": scale, "offset": [[[[0.1, 0.2, 0.3]]]]})
    np.testing.assert_allclose(forward(spec, {}, x)[1], x * np.array(scale) + np.array([0.1, 0.2, 0.3]))


def test_dropout_of_nothing_is_allowed_in_training() -> None:
    spec = small([4], "Dropout", [4], {"rate": 0.0})
    x = np.ones((2, 4), np.float32)
    np.testing.assert_array_equal(forward(spec, {}, x, training=True)[1], x)


# ---- whole networks ----


def conv(filters: int, kernel: int = 3, activation: str = "linear", **more: Any) -> tuple[Any, dict[str, Any]]:
    layer = layers.Conv2D(filters, kernel, padding="same", activation=activation, **more)
    config = {"filters": filters, "kernel_size": [kernel] * 2, "strides": [1, 1], "padding": "same"}
    config |= {"dilation": [1, 1], "groups": 1, "use_bias": True, "activation": activation}
    return layer, config | more


def pool(kind: Any, size: int) -> tuple[Any, dict[str, Any]]:
    return kind(size), {"pool_size": [size] * 2, "strides": [size] * 2, "padding": "valid"}


def dense(units: int) -> tuple[Any, dict[str, Any]]:
    return layers.Dense(units, "softmax"), {"units": units, "use_bias": True, "activation": "softmax"}


def relu() -> tuple[Any, dict[str, Any]]:
    return layers.Activation("relu"), {"function": "relu"}


def tiny_vgg(dtype: str = "float32") -> Twin:
    with computing_in(dtype):
        twin = Twin(32, 32, 3, dtype=dtype)
        for _ in range(2):
            twin.add(*conv(10, activation="relu"))
            twin.add(*conv(10))
            twin.add(*relu())
            twin.add(*pool(layers.MaxPooling2D, 2))
        twin.add(layers.Flatten())
        twin.add(*dense(10))
    return twin


def tiny_resnet(dtype: str = "float32") -> Twin:
    with computing_in(dtype):
        twin = Twin(32, 32, 3, dtype=dtype)
        twin.add(*conv(10, 7, use_bias=False))
        twin.add(layers.BatchNormalization(**batch_norm()), batch_norm())
        twin.add(*relu())
        block = twin.add(*pool(layers.MaxPooling2D, 2))
        for _ in range(2):
            shortcut = twin.add(*conv(10, 1), block)
            twin.add(*conv(10, activation="relu"), block)
            twin.add(*conv(10))
            twin.add(layers.BatchNormalization(**batch_norm()), batch_norm())
            twin.add(layers.Add(), {}, len(twin.nodes) - 1, shortcut)
            block = twin.add(*relu())
        twin.add(*pool(layers.AveragePooling2D, 4))
        twin.add(layers.Flatten())
        twin.add(*dense(10))
    return twin


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("build", [tiny_vgg, tiny_resnet])
def test_whole_networks_agree_with_keras(build: Any, training: bool, dtype: str) -> None:
    build(dtype).check(n=8, training=training)


def test_shared_layers_share_their_weights() -> None:
    twin = Twin(8, 8, 4)
    layer, config = conv(4, activation="relu")
    for _ in range(3):
        twin.add(layer, config)
    assert {node["layer"] for node in twin.nodes[1:]} == {0}
    twin.check()


def test_predict_is_keras_predict() -> None:
    twin = tiny_resnet()
    weights = twin.randomise()
    x = np.random.default_rng(3).random((75, 32, 32, 3), np.float32)
    wanted = keras.Model(twin.tensors[0], twin.tensors[-1]).predict(x, verbose=0)
    got = predict(twin.spec, weights, x, batch_size=32)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, wanted, atol=twin.roundings(weights, x, training=False)[-1])


def test_predict_takes_memory_mapped_bytes_and_an_empty_batch(tmp_path: Path) -> None:
    twin = tiny_vgg()
    weights = twin.randomise()
    images = np.random.default_rng(4).integers(0, 256, (20, 32, 32, 3), np.uint8)
    np.save(tmp_path / "images.npy", images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    wanted = forward(twin.spec, weights, images.astype(np.float32))[len(twin.nodes) - 1]
    limit = twin.roundings(weights, images.astype(np.float32), training=False)[-1]
    np.testing.assert_allclose(predict(twin.spec, weights, mapped, batch_size=7), wanted, atol=limit)
    assert predict(twin.spec, weights, images[:0]).shape == (0, 10)


def test_the_memory_of_predict_does_not_grow_with_the_images() -> None:
    twin = tiny_vgg()
    weights = twin.randomise()
    peaks = []
    for n in (100, 400):
        x = np.zeros((n, 32, 32, 3), np.float32)
        tracemalloc.start()
        predict(twin.spec, weights, x, batch_size=50)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.05 * peaks[0]
    assert peaks[1] < 50 * 4 * 4 * 10 * 32 * 32  # four activations of 50 images are never held at once


def test_predict_leaves_out_what_the_output_does_not_need() -> None:
    spec = small([4], "Identity", [4], {})
    spec["nodes"].append(spec["nodes"][1] | {"id": 2, "kind": "Dropout", "config": {"rate": 0.0}, "inputs": [0]})
    x = np.ones((2, 4), np.float32)
    assert list(forward(spec, {}, x)) == [0, 1, 2]
    np.testing.assert_array_equal(predict(spec, {}, x), x)


def test_inputs_are_not_changed_and_overflow_is_silent() -> None:
    twin = tiny_vgg()
    weights = {key: value * 1e30 for key, value in twin.randomise().items()}
    x = np.ones((2, 32, 32, 3), np.float32)
    before = copy.deepcopy((twin.spec, weights, x))
    result = forward(twin.spec, weights, x)[len(twin.nodes) - 1]
    assert not np.isfinite(result).all()
    np.testing.assert_equal((twin.spec, weights, x), before)


# ---- untrusted specs ----


def small(
    source: list[int], kind: str, shape: list[int], config: dict[str, Any], weights: list[str] | None = None
) -> dict[str, Any]:
    """An Input and one node of that kind."""
    common = {"name": "a", "layer": 0, "training": None, "trainable": True}
    nodes = [
        common | {"id": 0, "kind": "Input", "inputs": [], "shape": source, "config": {}, "weights": []},
        common | {"id": 1, "kind": kind, "inputs": [0], "shape": shape, "config": config} | {"weights": weights or []},
    ]
    return {"nodes": nodes, "outputs": [1]}


CONV = {"filters": 4, "kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "dilation": [1, 1]}
CONV |= {"groups": 1, "use_bias": False, "activation": "relu"}
POOL = {"pool_size": [2, 2], "strides": [2, 2], "padding": "valid"}
X = np.ones((2, 8, 8, 3), np.float32)
KERNEL = {"0/kernel": np.ones((3, 3, 3, 4), np.float32)}


def a_conv(**config: Any) -> dict[str, Any]:
    return small([8, 8, 3], "Conv2D", [8, 8, 4], CONV | config, ["kernel"])


def changed(spec: dict[str, Any], node: int, **values: Any) -> dict[str, Any]:
    spec["nodes"][node] |= values
    return spec


def without(spec: dict[str, Any], *path: Any) -> dict[str, Any]:
    inside: Any = spec
    for key in path[:-1]:
        inside = inside[key]
    del inside[path[-1]]
    return spec


def many_nodes() -> dict[str, Any]:
    spec = small([8, 8, 3], "Identity", [8, 8, 3], {})
    spec["nodes"] += [spec["nodes"][1] | {"id": i, "inputs": [i - 1]} for i in range(2, 5000)]
    return spec


BAD_SPECS = [
    ([], "must be mappings"),
    ({}, "list of 1 to"),
    ({"nodes": [], "outputs": []}, "list of 1 to"),
    ({"nodes": [3], "outputs": []}, "not a mapping"),
    (many_nodes(), "list of 1 to"),
    (changed(a_conv(), 1, id=True), "whole number as id"),
    (changed(a_conv(), 1, id=0, inputs=[]), "same id"),
    (changed(a_conv(), 1, kind="Lambda"), "not known"),
    (changed(a_conv(), 1, kind=["Conv2D"]), "not known"),
    (changed(a_conv(), 1, inputs=[1]), "does not come before"),
    (changed(a_conv(), 1, inputs=[7]), "does not come before"),
    (changed(a_conv(), 1, inputs=0), "ids of its inputs"),
    (changed(a_conv(), 1, inputs=[0, 0]), "one input"),
    (changed(a_conv(), 1, shape=[8, 8, 5]), r"shape \(8, 8, 4\), not \[8, 8, 5\]"),
    (changed(a_conv(), 1, shape=None), "not None"),
    (changed(a_conv(), 1, training="yes"), "training"),
    (changed(a_conv(), 1, trainable=None), "trainable"),
    (changed(a_conv(), 1, layer=9), "no weight 9/kernel"),
    (changed(a_conv(), 1, weights=[]), "should have the weights"),
    (changed(a_conv(), 1, weights=["kernel", "lora_a"]), "should have the weights"),
    (changed(a_conv(), 1, config=[]), "no mapping as config"),
    (changed(a_conv(), 0, shape=[8, None, 3]), "whole numbers"),
    (changed(a_conv(), 0, shape=[8, 8, 10**5000]), "too large"),
    (changed(a_conv(), 0, shape=[9, 8, 3]), r"says|takes images"),
    (changed(a_conv(), 0, shape=[]), "no axis"),
    (changed(a_conv(), 1, kind="Input", inputs=[], shape=[8, 8, 3], weights=[]), "exactly one Input"),
    (a_conv() | {"outputs": [2]}, "outputs must be"),
    (a_conv() | {"outputs": []}, "outputs must be"),
    (a_conv() | {"outputs": [[1]]}, "outputs must be"),
    (a_conv() | {"outputs": [1, 1, 1]}, "outputs must be"),
    (without(a_conv(), "nodes", 1, "config", "padding"), "as padding, not None"),
    (without(a_conv(), "nodes", 1, "shape"), "not None"),
    (without(a_conv(), "nodes", 1, "inputs"), "ids of its inputs"),
    (a_conv(filters=5), r"weight 0/kernel of shape \(3, 3, 3, 5\)"),
    (a_conv(filters=4.0), "whole number"),
    (a_conv(filters=True), "whole number"),
    (a_conv(use_bias=True), "no weight 0/bias"),
    (a_conv(use_bias=1), "true or false"),
    (a_conv(kernel_size=[3]), "two whole numbers"),
    (a_conv(kernel_size=[0, 3]), "two whole numbers"),
    (a_conv(strides=[10**6, 1]), "two whole numbers"),
    (a_conv(strides=[2, 2], dilation=[2, 2]), "both strides and dilation"),
    (a_conv(padding="full"), "one of same, valid"),
    (a_conv(padding="valid", dilation=[4, 4]), "windows of 9 pixels on an image of 8"),
    (a_conv(groups=2), "cannot share 3 channels"),
    (a_conv(activation="mish"), "one of linear, relu"),
    (a_conv(activation=None), "one of linear, relu"),
    (a_conv(negative_slope=math.nan), "finite number"),
    (small([8, 8, 3], "Dense", [8, 8, 4], {"units": 4, "use_bias": False, "activation": "relu"}), "0/kernel"),
    (small([8, 8, 3], "BatchNormalization", [8, 8, 3], batch_norm(axis=1)), "another axis"),
    (small([8, 8, 3], "BatchNormalization", [8, 8, 3], batch_norm(axis=0)), "an axis but the first"),
    (small([8, 8, 3], "BatchNormalization", [8, 8, 3], batch_norm()), "no weight 0/moving_mean"),
    (small([8, 8, 3], "MaxPooling2D", [8, 8, 3], POOL | {"pool_size": [9, 1]}), "windows of 9"),
    (small([192], "MaxPooling2D", [4, 4, 3], POOL), "3 axes"),
    (small([8, 8, 3], "Dropout", [8, 8, 3], {"rate": 1.5}), "rate of 1.5"),
    (small([8, 8, 3], "Add", [8, 8, 3], {}), "cannot merge"),
    (changed(small([8, 8, 3], "Subtract", [8, 8, 3], {}), 1, inputs=[0, 0, 0]), "cannot merge"),
    (small([8, 8, 3], "Concatenate", [8, 8, 3], {"axis": 0}), "an axis but the first"),
    (small([8, 8, 3], "Reshape", [8, 8, 3], {"target_shape": [-1, -1]}), "at most one -1"),
    (small([8, 8, 3], "Reshape", [8, 8, 3], {"target_shape": [-1, 7]}), "cannot make"),
    (small([8, 8, 3], "Reshape", [8, 8, 3], {"target_shape": [0, -1]}), "at most one -1"),
    (small([8, 8, 3], "ZeroPadding2D", [8, 8, 3], {"padding": [[-1, 0], [0, 0]]}), "two pairs"),
    (small([8, 8, 3], "Rescaling", [8, 8, 3], {"scale": [1.0, 2.0], "offset": 0.0}), "finite numbers"),
    (small([8, 8, 3], "Rescaling", [8, 8, 3], {"scale": 1.0, "offset": math.inf}), "finite numbers"),
]


@pytest.mark.parametrize(("spec", "message"), BAD_SPECS, ids=range(len(BAD_SPECS)))
def test_bad_specs_are_refused_with_a_reason(spec: Any, message: str) -> None:
    for judge in (forward, predict):
        with pytest.raises(UnsupportedSpec, match=message):
            judge(spec, KERNEL, X)


@pytest.mark.parametrize(
    "kernel",
    [
        np.full((3, 3, 3, 4), "1"),
        np.full((3, 3, 3, 4), None),
        np.ones((3, 3, 3, 4), complex),
        np.ones((3, 3, 3, 4)).tolist(),
        np.ones((3, 3, 4, 3)),
        np.array(1.0),
    ],
    ids=["text", "objects", "complex", "list", "transposed", "scalar"],
)
def test_bad_weights_are_refused(kernel: Any) -> None:
    with pytest.raises(UnsupportedSpec, match="weight 0/kernel"):
        forward(a_conv(), {"0/kernel": kernel}, X)


def test_dropout_in_training_is_refused() -> None:
    spec = small([8, 8, 3], "Dropout", [8, 8, 3], {"rate": 0.5})
    with pytest.raises(UnsupportedSpec, match="random in training"):
        forward(spec, {}, X, training=True)
    with pytest.raises(UnsupportedSpec, match="random in training"):
        predict(changed(spec, 1, training=True), {}, X)


def test_predict_wants_one_output() -> None:
    with pytest.raises(UnsupportedSpec, match="2 outputs"):
        predict(a_conv() | {"outputs": [0, 1]}, KERNEL, X)


def test_integer_and_empty_batches_are_the_callers_mistake() -> None:
    for x in (X.astype(int), X[:0], np.float32(1.0)):
        with pytest.raises(ValueError, match="x must be") as raised:
            forward(a_conv(), KERNEL, x)
        assert not isinstance(raised.value, UnsupportedSpec)


def padded_often() -> dict[str, Any]:
    """Images that grow by 2,048 pixels a side and node."""
    padding = {"padding": [[1024, 1024], [1024, 1024]]}
    spec = small([8, 8, 3], "ZeroPadding2D", [2056, 2056, 3], padding)
    spec["nodes"] += [
        spec["nodes"][1] | {"id": i, "inputs": [i - 1], "shape": [8 + 2048 * i, 8 + 2048 * i, 3]} for i in range(2, 9)
    ]
    return spec


def doubled_often() -> dict[str, Any]:
    spec = small([8, 8, 3], "Concatenate", [8, 8, 6], {"axis": -1})
    spec["nodes"][1]["inputs"] = [0, 0]
    spec["nodes"] += [
        spec["nodes"][1] | {"id": i, "inputs": [i - 1, i - 1], "shape": [8, 8, 3 * 2**i]} for i in range(2, 30)
    ]
    return spec


def zeros(*shape: int) -> np.ndarray:
    """Zeros that take no memory."""
    return np.broadcast_to(np.float32(0), shape)


WIDE_DENSE = {"units": 2_000_000, "use_bias": False, "activation": "relu"}

HUGE = [
    (padded_often(), {}, "too large an output"),
    (doubled_often(), {}, "too large an output"),
    (
        changed(a_conv(), 0, shape=[50_000, 50_000, 3]),
        KERNEL,
        "too large an output",
    ),
    (
        small([8, 8, 3], "Dense", [8, 8, 2_000_000], WIDE_DENSE, ["kernel"]),
        {"0/kernel": zeros(3, 2_000_000)},
        "too much memory",
    ),
    (
        changed(a_conv(kernel_size=[1024, 1024], filters=1), 1, shape=[8, 8, 1]),
        {"0/kernel": zeros(1024, 1024, 3, 1)},
        "too much memory",
    ),
    (
        changed(a_conv(filters=400_000), 1, shape=[8, 8, 400_000]),
        {"0/kernel": zeros(3, 3, 3, 400_000)},
        "multiplications",
    ),
]


@pytest.mark.parametrize(("spec", "weights", "message"), HUGE, ids=range(len(HUGE)))
def test_absurd_sizes_are_refused_before_anything_is_allocated(spec: Any, weights: Any, message: str) -> None:
    tracemalloc.start()
    try:
        for judge in (forward, predict):
            with pytest.raises(UnsupportedSpec, match=message):
                judge(spec, weights, X)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


def test_an_activation_over_the_cap_is_refused() -> None:
    spec = small([1000, 1000, 2], "Identity", [1000, 1000, 2], {})
    n = MAX_ELEMENTS // 2_000_000
    with pytest.raises(UnsupportedSpec, match=f"batch of {n + 1}"):
        forward(spec, {}, zeros(n + 1, 1000, 1000, 2))


def test_activations_that_are_too_large_together_are_refused() -> None:
    spec = small([1000, 1000, 2], "Identity", [1000, 1000, 2], {})
    spec["nodes"] += [spec["nodes"][1] | {"id": 2, "inputs": [1]}]
    x = zeros(90, 1000, 1000, 2)  # each activation is within the cap
    with pytest.raises(UnsupportedSpec, match=r"node 2 .*too much memory for a batch of 90"):
        forward(spec, {}, x)
    spec["nodes"].pop()
    assert forward(spec, {}, x)[1].shape == x.shape


# ---- damaged specs: whatever is put wherever, the answer is a result or UnsupportedSpec ----

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 12),
    st.sampled_from([10**9, -(10**9), 10**400, 10**5000, math.nan, math.inf, 1e308, "", "same", "Add", "Dense"]),
    st.lists(st.integers(-2, 9), max_size=4),
    st.lists(st.lists(st.integers(0, 3), max_size=3), max_size=3),
    st.dictionaries(st.sampled_from(["axis", "rate", "id"]), st.integers(-1, 5), max_size=2),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything inside nested lists and dicts."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in items for place in [(*path, key), *places(inner, (*path, key))]]


@functools.cache
def every_kind() -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A valid graph with a node of every kind."""
    twin = Twin(8, 8, 3)
    twin.add(layers.Rescaling([1.0, 2.0, 3.0], 0.5), {"scale": [1.0, 2.0, 3.0], "offset": 0.5})
    twin.add(layers.ZeroPadding2D(((1, 1), (0, 2))), {"padding": [[1, 1], [0, 2]]})
    first = twin.add(*conv(4, activation="relu"))
    twin.add(layers.BatchNormalization(**batch_norm()), batch_norm())
    twin.add(layers.SpatialDropout2D(0.1), {"rate": 0.1})
    twin.add(layers.Dropout(0.1), {"rate": 0.1})
    twin.add(layers.Add(), {}, len(twin.nodes) - 1, first)
    twin.add(layers.Multiply(), {}, len(twin.nodes) - 1, first)
    twin.add(layers.Subtract(), {}, len(twin.nodes) - 1, first)
    twin.add(layers.Concatenate(), {"axis": -1}, len(twin.nodes) - 1, first)
    twin.add(*pool(layers.MaxPooling2D, 2))
    twin.add(*pool(layers.AveragePooling2D, 2))
    twin.add(layers.Activation("softmax"), {"function": "softmax"})
    twin.add(layers.Identity())
    twin.add(layers.GlobalMaxPooling2D(keepdims=True), {"keepdims": True})
    twin.add(layers.GlobalAveragePooling2D(keepdims=False), {"keepdims": False})
    twin.add(layers.Reshape((2, 4)), {"target_shape": [2, 4]})
    twin.add(layers.Flatten())
    twin.add(*dense(3))
    twin.check(training=False)
    return twin.spec, twin.randomise()


@settings(max_examples=tries(600), deadline=None, derandomize=True)
@given(st.data())
def test_damaged_specs_raise_nothing_else(data: st.DataObject) -> None:
    valid, weights = every_kind()
    spec = copy.deepcopy(valid)
    for _ in range(data.draw(st.integers(1, 2))):
        *path, last = data.draw(st.sampled_from(places(valid)))
        inside: Any = spec
        try:
            for key in path:
                inside = inside[key]
            inside[last] = data.draw(JUNK)
        except (KeyError, IndexError, TypeError):
            continue  # the first damage has taken this place away
    x = np.ones((2, 8, 8, 3), np.float32)
    message, result = "", {}
    try:
        result = forward(spec, weights, x, training=data.draw(st.booleans()))
    except UnsupportedSpec as reason:
        message = str(reason)
    if message:
        assert 10 < len(message) < 400
    else:
        assert all(result[node["id"]].shape == (2, *node["shape"]) for node in spec["nodes"])
