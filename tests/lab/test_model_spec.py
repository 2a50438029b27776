"""The tracer: one graph for every way of writing a model, and the model as it was before."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from lab.student import TinyVggStudent
from labkit.agent import Agent
from labkit.model_description import spec_of
from labkit.model_spec import TraceError, trace

SHAPE = (8, 8, 3)


def built(*steps: Any) -> Any:
    """A Sequential model on small images."""
    return keras.Sequential([keras.Input(SHAPE), *steps])


def kinds(model: Any) -> list[str]:
    """Kinds of the nodes of a traced model, in order."""
    return [node["kind"] for node in trace(model)[0]["nodes"]]


class Twice(layers.Layer):
    """An own layer without weights."""

    def call(self, x: Any) -> Any:
        return x * 2.0


class Pair(layers.Layer):
    """An own layer of two layers, called with the mode of the model."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = layers.Conv2D(4, 3), layers.BatchNormalization()

    def call(self, x: Any, training: bool = False) -> Any:
        return self.norm(self.conv(x), training=training)


class Chain(keras.Model):
    """A subclassed model around some layers and a function."""

    def __init__(self, function: Callable[[Any], Any], *steps: Any) -> None:
        super().__init__()
        self.function, self.steps = function, list(steps)

    def call(self, x: Any) -> Any:
        for step in self.steps:
            x = self.function(step(x))
        return x


def chain(function: Callable[[Any], Any], *steps: Any) -> Any:
    """That model, built."""
    model = Chain(function, *steps)
    model(keras.Input(SHAPE))
    return model


def test_a_node_says_all_that_the_docstring_promises() -> None:
    model = built(layers.Conv2D(4, (3, 5), strides=(2, 1), activation="relu", name="first", kernel_regularizer="l2"))
    model.layers[0].trainable = False
    spec, variables = trace(model)
    images, conv = spec["nodes"]
    assert images["kind"] == "Input"
    assert images["shape"] == [8, 8, 3]
    assert conv == {
        "id": 1,
        "name": "first",
        "kind": "Conv2D",
        "inputs": [0],
        "shape": [3, 4, 4],
        "config": {
            "filters": 4,
            "kernel_size": [3, 5],
            "strides": [2, 1],
            "padding": "valid",
            "dilation": [1, 1],
            "groups": 1,
            "use_bias": True,
            "activation": "relu",
        },
        "layer": 0,
        "is_layer": True,
        "training": None,
        "trainable": False,
        "regularized": True,
        "weights": ["kernel", "bias"],
        "weight_shapes": [[3, 5, 3, 4], [4]],
    }
    assert spec["outputs"] == [1]
    assert variables["0/kernel"] is model.layers[0].kernel
    assert variables["0/bias"] is model.layers[0].bias


def functional(make: Callable[[Any], Any]) -> Any:
    """A functional model that makes its output of x."""
    x = keras.Input(SHAPE)
    return keras.Model(x, make(x))


FORMS = [
    ("layer", lambda: built(layers.ReLU())),
    ("Activation", lambda: built(layers.Activation("relu"))),
    ("function", lambda: functional(keras.ops.relu)),
    ("maximum", lambda: functional(lambda x: keras.ops.maximum(x, 0))),
    ("Lambda", lambda: built(layers.Lambda(tf.nn.relu))),
    ("nested", lambda: built(keras.Sequential([layers.ReLU()]))),
    ("subclass", lambda: chain(lambda x: x, layers.ReLU())),
    ("subclass with a function", lambda: chain(keras.ops.relu, layers.Identity())),
]


@pytest.mark.parametrize(("name", "make"), FORMS, ids=[name for name, _ in FORMS])
def test_a_relu_is_a_relu_however_it_is_written(name: str, make: Callable[[], Any]) -> None:
    nodes = [node for node in trace(make())[0]["nodes"] if node["kind"] != "Identity"]
    assert [(node["kind"], node["config"]) for node in nodes[1:]] == [("Activation", {"function": "relu"})]


FUNCTIONS = {
    "relu6": keras.ops.relu6,
    "tanh": keras.ops.tanh,
    "sigmoid": keras.ops.sigmoid,
    "elu": keras.ops.elu,
    "silu": keras.ops.silu,
    "softplus": keras.ops.softplus,
    "softmax": keras.ops.softmax,
    "gelu": lambda x: keras.ops.gelu(x, approximate=False),
    "gelu (approximate)": keras.ops.gelu,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_activations_are_known_by_what_they_do(name: str) -> None:
    for model in (functional(FUNCTIONS[name]), built(layers.Activation(FUNCTIONS[name]))):
        assert trace(model)[0]["nodes"][1]["config"] == {"function": name}
    conv = built(layers.Conv2D(4, 3, activation=FUNCTIONS[name]))
    assert trace(conv)[0]["nodes"][1]["config"]["activation"] == name


@pytest.mark.parametrize(
    "make",
    [lambda x: layers.LeakyReLU(0.3)(x), lambda x: keras.ops.leaky_relu(x, 0.3), layers.ReLU(negative_slope=0.3)],
)
def test_a_leaky_relu_keeps_its_slope(make: Callable[[Any], Any]) -> None:
    config = trace(functional(make))[0]["nodes"][1]["config"]
    assert config["function"] == "leaky_relu"
    assert config["negative_slope"] == pytest.approx(0.3)


def test_unknown_functions_are_not_taken_for_others() -> None:
    assert trace(functional(keras.ops.sin))[0]["nodes"][1]["config"]["function"].startswith("own function")
    assert trace(built(layers.Activation(keras.ops.sin)))[0]["nodes"][1]["config"] == {"function": "own function sin"}
    assert kinds(built(layers.Softmax(axis=1)))[1] == "Activation"
    assert trace(built(layers.Softmax(axis=1)))[0]["nodes"][1]["config"] == {"function": "softmax over axis 1"}
    assert kinds(functional(lambda x: keras.ops.flip(x, 1)))[1] == "Activation"  # of an unknown function
    assert kinds(functional(lambda x: keras.ops.transpose(x, (0, 2, 1, 3)))) == ["Input", "Activation"]
    assert kinds(functional(lambda x: keras.ops.max(x, (1, 2)))) == ["Input", "Max"]


@pytest.mark.parametrize(
    ("make", "scale", "offset"),
    [
        (lambda x: x / 4.0, 0.25, 0),
        (lambda x: 1.0 - x, -1, 1),
        (lambda x: x * np.array([1, 2, 3], "float32") + 0.5, [1, 2, 3], 0.5),
        (Twice(), 2, 0),
        (layers.Normalization(mean=[1, 2, 3], variance=[1, 4, 16]), [1, 0.5, 0.25], [-1, -1, -0.75]),
    ],
    ids=["division", "negative", "channels", "own layer", "normalisation"],
)
def test_scaling_is_recognized(make: Callable[[Any], Any], scale: Any, offset: Any) -> None:
    nodes = trace(functional(make))[0]["nodes"][1:]
    got_scale, got_offset = np.ones(3), np.zeros(3)
    for node in nodes:
        assert node["kind"] == "Rescaling"
        got_scale = got_scale * node["config"]["scale"]
        got_offset = got_offset * node["config"]["scale"] + node["config"]["offset"]
    np.testing.assert_allclose(got_scale, np.broadcast_to(scale, 3), atol=1e-4)
    np.testing.assert_allclose(got_offset, np.broadcast_to(offset, 3), atol=1e-4)


@pytest.mark.parametrize(
    ("make", "kind", "size"),
    [
        (lambda x: keras.ops.max_pool(x, 2), "MaxPooling2D", 2),
        (lambda x: keras.ops.average_pool(x, 4), "AveragePooling2D", 4),
        (layers.Lambda(lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID")), "MaxPooling2D", 2),
        (layers.MaxPooling2D(2), "MaxPooling2D", 2),
    ],
    ids=["max_pool", "average_pool", "TensorFlow", "layer"],
)
def test_pooling_is_recognized(make: Callable[[Any], Any], kind: str, size: int) -> None:
    node = trace(functional(make))[0]["nodes"][1]
    assert node["kind"] == kind
    assert node["config"] == {"pool_size": [size, size], "strides": [size, size], "padding": "valid"}


def test_reshaping_to_one_axis_is_a_flatten() -> None:
    assert kinds(functional(lambda x: keras.ops.reshape(x, (-1, 192)))) == ["Input", "Flatten"]
    assert kinds(functional(layers.Flatten())) == ["Input", "Flatten"]


def test_sums_are_followed_through_own_layers_and_models() -> None:
    class Sum(layers.Layer):
        def call(self, tensors: Any) -> Any:
            return tensors[0] + tensors[1]

    start = keras.Input(SHAPE)
    inner = keras.Model(start, Sum()([layers.ReLU()(start), start]))
    spec, _ = trace(functional(lambda x: inner(inner(x))))
    assert [(n["kind"], n["inputs"]) for n in spec["nodes"]] == [
        ("Input", []),
        ("Activation", [0]),
        ("Add", [1, 0]),
        ("Activation", [2]),
        ("Add", [3, 2]),
    ]


def test_shared_layers_have_one_number() -> None:
    dense = layers.Dense(3)
    spec, variables = trace(functional(lambda x: dense(dense(x))))
    assert [node["layer"] for node in spec["nodes"]] == [None, 0, 0]
    assert set(variables) == {"0/kernel", "0/bias"}


def test_own_layers_are_looked_into() -> None:
    spec, variables = trace(built(Pair(), Pair()))
    assert [node["kind"] for node in spec["nodes"]] == ["Input"] + ["Conv2D", "BatchNormalization"] * 2
    assert [node["training"] for node in spec["nodes"]] == [None] * 5
    assert len(variables) == 12


class Fixed(keras.Model):
    """A subclassed model that calls a part of it in one mode."""

    def __init__(self, part: Any, training: bool | None) -> None:
        super().__init__()
        self.part, self.mode = part, training

    def call(self, x: Any) -> Any:
        return self.part(x, training=self.mode)


@pytest.mark.parametrize("training", [True, False, None])
def test_a_fixed_mode_is_noted(training: bool | None) -> None:
    for part in (layers.BatchNormalization(), keras.Sequential([layers.BatchNormalization()])):
        model = Fixed(part, training)
        model(keras.Input(SHAPE))
        assert trace(model)[0]["nodes"][-1]["training"] is training
    inside = functional(lambda x: layers.BatchNormalization()(x, training=training))
    assert trace(inside)[0]["nodes"][-1]["training"] is (training or None)


def test_dropout_by_default_has_no_fixed_mode() -> None:
    assert trace(chain(lambda x: x, layers.Dropout(0.5)))[0]["nodes"][1]["training"] is None


def test_random_states_and_counters_are_no_weights() -> None:
    model = built(layers.Dropout(0.5), layers.RandomFlip(), layers.Dense(2))
    assert set(trace(model)[1]) == {"2/kernel", "2/bias"}


def test_layers_of_layers_have_all_their_weights() -> None:
    model = built(layers.Reshape((64, 3)), layers.Bidirectional(layers.SimpleRNN(2)))
    spec, variables = trace(model)
    assert len(variables) == len(model.weights) == 6
    assert len(set(spec["nodes"][-1]["weights"])) == 6


def own_weights() -> Any:
    class Scale(layers.Layer):
        def build(self, shape: Any) -> None:
            self.factor = self.add_weight(shape=(1,))

        def call(self, x: Any) -> Any:
            return x * self.factor

    return built(Scale())


def two_inputs() -> Any:
    inputs = [keras.Input(SHAPE), keras.Input(SHAPE)]
    return keras.Model(inputs, layers.Add()(inputs))


UNTRACEABLE = [
    (lambda: chain(tf.nn.relu, layers.Identity()), "cannot be followed symbolically"),
    (own_weights, "belong to no layer"),
    (two_inputs, "takes 2 inputs"),
]


@pytest.mark.parametrize(("make", "message"), UNTRACEABLE, ids=["TensorFlow", "own weights", "inputs"])
def test_what_cannot_be_followed_says_why(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(TraceError, match=message):
        trace(make())


HIDDEN = layers.Dense(2, name="hidden")
UNTRACKED = {
    "made in call": (lambda: chain(lambda x: layers.Dense(2, name="new")(x), layers.Identity()), ["new"], True),
    "global": (lambda: chain(lambda x: HIDDEN(x), layers.Identity()), ["hidden"], False),
    "in a Lambda": (lambda: built(layers.Lambda(lambda x: HIDDEN(x)), layers.Flatten()), ["hidden"], False),
    "none": (lambda: built(layers.Dense(2), layers.Flatten()), [], False),
}


@pytest.mark.parametrize(("make", "names", "made_in_call"), UNTRACKED.values(), ids=UNTRACKED)
def test_layers_that_keras_does_not_track_are_named(
    make: Callable[[], Any], names: list[str], made_in_call: bool
) -> None:
    spec, variables = trace(make())
    assert (spec["untracked"], spec["made_in_call"]) == (names, made_in_call)
    assert len(variables) == 2
    assert len(spec["order"]) == (0 if names else 2)


def test_what_has_no_effect_on_the_output_is_noted() -> None:
    def branch(x: Any) -> Any:
        x = layers.ReLU()(x)
        layers.Add(name="forgotten")([x, x])
        return layers.ReLU()(x)

    assert trace(functional(branch))[0]["unused"] == [["Add", "forgotten"]]
    assert trace(functional(lambda x: layers.Add()([x, x])))[0]["unused"] == []


def nodes_of(model: Any) -> list[tuple[str, int, int]]:
    """Names of all layers, and how many calls each has noted down."""
    return [(y.name, len(y._inbound_nodes), len(y._outbound_nodes)) for y in model._flatten_layers()]


MODELS = {
    "sequential": lambda: built(layers.Conv2D(4, 3), layers.BatchNormalization(), layers.Flatten(), layers.Dense(2)),
    "own layers": lambda: built(Pair(), layers.Flatten(), layers.Dense(2)),
    "nested": lambda: built(keras.Sequential([layers.Conv2D(4, 3)]), layers.Dropout(0.5)),
    "subclass": lambda: chain(keras.ops.relu, layers.Conv2D(4, 3), layers.BatchNormalization()),
    "untraceable": lambda: chain(tf.nn.relu, layers.Conv2D(4, 3), layers.BatchNormalization()),
}


def drawn(model: Any) -> Any:
    """The model has other weights meanwhile."""
    pupil = TinyVggStudent(Agent({"model": model}).answer, 7)
    value = pupil.named("model")["model"]
    return pupil.weights_drawn(value, pupil.ask("spec", model=value, shape=list(SHAPE)), 7)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_the_same_after_a_look_as_before(name: str) -> None:
    model = MODELS[name]()
    x = np.random.default_rng(0).normal(size=(5, *SHAPE)).astype("float32")
    weights, nodes, output = model.get_weights(), nodes_of(model), np.asarray(model(x, training=False))
    tensors = [layer.output for layer in model.layers] if name in ("sequential", "nested") else []
    spec = spec_of(model, SHAPE)[0]
    with drawn(model):
        assert not np.allclose(np.asarray(model(x, training=True)), output, atol=1e-2)
    assert nodes_of(model) == nodes
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(np.asarray(model(x, training=False)), output)
    assert [layer.output for layer in model.layers[: len(tensors)]] == tensors
    again = spec_of(model, SHAPE)[0]
    assert (again["nodes"] and [n | {"name": ""} for n in again["nodes"]]) == (
        spec["nodes"] and [n | {"name": ""} for n in spec["nodes"]]  # functions get a new name at each call
    )
    assert keras.layers.Layer.__call__.__qualname__ == "Layer.__call__"


def test_weights_come_back_also_after_an_error() -> None:
    model = built(layers.Dense(2))
    weights = model.get_weights()
    with pytest.raises(ZeroDivisionError), drawn(model):
        _ = 1 / 0
    np.testing.assert_array_equal(model.get_weights()[0], weights[0])


def test_a_traced_model_can_still_be_trained() -> None:
    model = built(layers.Flatten(), layers.Dense(2))
    trace(model)
    model.compile("sgd", "mse")
    before = model.get_weights()[0]
    model.fit(np.ones((4, *SHAPE)), np.ones((4, 2)), verbose=0)
    assert not np.allclose(before, model.get_weights()[0])


def test_weights_of_an_untraceable_model_come_in_order_of_use() -> None:
    class Backwards(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.last, self.first = layers.Dense(2), layers.Dense(5)

        def call(self, x: Any) -> Any:
            return self.last(tf.nn.relu(self.first(x)))

    model = Backwards()
    model(keras.Input((32, 32, 3)))
    spec, variables, reason = spec_of(model, (32, 32, 3))
    assert spec["weights"] == {"0/kernel": [3, 5], "1/bias": [5], "2/kernel": [5, 2], "3/bias": [2]}
    assert variables["0/kernel"] is model.first.kernel
    assert "TensorFlow function" in str(reason)
    assert "\n" not in str(reason)
    assert (spec["trainable"], spec["regularized"]) == (True, False)
    model.last.trainable = False
    assert spec_of(model, (32, 32, 3))[0]["trainable"] is False
