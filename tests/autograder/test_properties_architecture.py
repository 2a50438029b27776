"""Questions 4, 5, 13 and 14 over whole ranges of inputs, against oracles in plain Python and NumPy."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from keras import layers
from support import tries

from assignment.hidden.architecture import LEARNING_RATES, q5_learning_rate, q5_loss, vgg_faults
from assignment.hidden.model_graph import Graph, canonical
from lab import settings
from lab.probes import inputs
from labkit.judging import Failure, Observations
from labkit.model_spec import trace

# The faults found in a network are those that it was drawn with, however it is written


@dataclass(frozen=True)
class Drawn:
    """A network like the tiny VGG, each number of which may be another."""

    blocks: int
    convolutions: int
    filters: int
    kernel_size: int
    padding: str
    activation: str
    pool_size: int
    maximum: bool
    last_activation: str | None
    dropout: bool

    @property
    def size(self) -> int:
        """Rows and columns after the last block; below 1 if it cannot be built."""
        rows: int = settings.IMAGE_SHAPE[0]
        for _ in range(self.blocks):
            rows -= self.convolutions * (self.kernel_size - 1) * (self.padding == "valid")
            rows //= self.pool_size
        return rows

    @property
    def faults(self) -> set[str]:
        """Categories in which it differs from the question."""
        convolution = (settings.FILTERS, settings.KERNEL_SIZE, "same")
        same = {
            "blocks": (self.blocks, self.convolutions) == (settings.BLOCKS, settings.CONVS_PER_BLOCK),
            "convolutions": (self.filters, self.kernel_size, self.padding) == convolution,
            "activations": self.activation == "relu",
            "pooling": (self.pool_size, self.maximum) == (settings.POOL_SIZE, True),
            "head": self.last_activation in (None, "softmax"),
            "nothing_else": not self.dropout,
        }
        return {category for category, is_so in same.items() if not is_so}


NETWORKS = st.builds(
    Drawn,
    blocks=st.sampled_from([2, 2, 1, 3]),
    convolutions=st.sampled_from([2, 2, 1, 3]),
    filters=st.one_of(st.just(settings.FILTERS), st.integers(1, 40)),
    kernel_size=st.sampled_from([3, 3, 1, 5]),
    padding=st.sampled_from(["same", "same", "valid"]),
    activation=st.sampled_from(["relu", "relu", "tanh", "elu"]),
    pool_size=st.sampled_from([2, 2, 3]),
    maximum=st.sampled_from([True, True, False]),
    last_activation=st.sampled_from(["softmax", "softmax", None, "sigmoid"]),
    dropout=st.sampled_from([False, False, True]),
)


def layers_of(network: Drawn, activations_apart: bool, padding_apart: bool) -> list[list[Any]]:
    """New layers of each block, and of the head."""
    apart = padding_apart and network.padding == "same"
    parts: list[list[Any]] = []
    for _ in range(network.blocks):
        block: list[Any] = []
        for _ in range(network.convolutions):
            if apart:
                block.append(layers.ZeroPadding2D(network.kernel_size // 2))
            block.append(
                layers.Conv2D(
                    network.filters,
                    network.kernel_size,
                    padding="valid" if apart else network.padding,
                    activation=None if activations_apart else network.activation,
                )
            )
            if activations_apart:
                block.append(layers.Activation(network.activation))
        block.append((layers.MaxPooling2D if network.maximum else layers.AveragePooling2D)(network.pool_size))
        parts.append(block)
    dropout = [layers.Dropout(0.5)] if network.dropout else []
    dense = layers.Dense(settings.N_CLASSES, activation=None if activations_apart else network.last_activation)
    last = [layers.Activation(network.last_activation)] if activations_apart and network.last_activation else []
    return [*parts, [layers.Flatten(), *dropout, dense, *last]]


class Subclass(keras.Model):  # type: ignore[misc]
    """A network whose layers are called one after the other."""

    def __init__(self, parts: list[Any]) -> None:
        super().__init__()
        self.parts = parts

    def call(self, x: Any) -> Any:
        for part in self.parts:
            x = part(x)
        return x


def written(parts: list[list[Any]], style: str) -> Any:
    """A built model of these layers."""
    flat = [layer for part in parts for layer in part]
    images = keras.Input(settings.IMAGE_SHAPE)
    if style == "sequential":
        return keras.Sequential([images, *flat])
    if style == "nested":
        return keras.Sequential([images, *(keras.Sequential(part) for part in parts)])
    if style == "functional":
        x = images
        for layer in flat:
            x = layer(x)
        return keras.Model(images, x)
    model = Subclass(flat)
    model(images)
    return model


@given(
    network=NETWORKS,
    style=st.sampled_from(["sequential", "nested", "functional", "subclass"]),
    activations_apart=st.booleans(),
    padding_apart=st.booleans(),
)
@examples(deadline=None, max_examples=tries(60))
def test_faults_are_those_that_were_drawn(
    network: Drawn, style: str, activations_apart: bool, padding_apart: bool
) -> None:
    assume(network.size > 0)
    model = written(layers_of(network, activations_apart, padding_apart), style)
    spec, _ = trace(model)
    assert set(vgg_faults(canonical(spec), settings.BLOCKS)) == network.faults


# The canonical graph computes what the spec computes

ELEMENTWISE = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "tanh": np.tanh,
    "linear": lambda x: x,
}


def result(kind: str, config: dict[str, Any], values: list[np.ndarray]) -> np.ndarray:
    """What one step makes of its inputs (rows, columns, channels)."""
    x = values[0]
    if kind == "Activation":
        return np.asarray(ELEMENTWISE[config["function"]](x))
    if kind in ("MaxPooling2D", "AveragePooling2D"):
        tiles = x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2, x.shape[2])
        return np.asarray(tiles.max((1, 3)) if kind == "MaxPooling2D" else tiles.mean((1, 3)))
    if kind == "Add":
        return np.asarray(values[0] + values[1])
    return x.reshape(-1) if kind == "Flatten" else x


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    """Specs of up to 12 nodes in a row or branched."""
    nodes: list[dict[str, Any]] = []

    def add(kind: str, sources: list[int], shape: tuple[int, ...], config: dict[str, Any]) -> None:
        node = {"id": len(nodes), "name": f"node{len(nodes)}", "kind": kind, "inputs": sources, "shape": list(shape)}
        rest = {"config": config, "layer": None, "training": None, "trainable": True, "regularized": False}
        nodes.append(node | rest)

    add("Input", [], (16, 16, 2), {})
    pool = {"pool_size": [2, 2], "strides": [2, 2], "padding": "valid"}
    for _ in range(draw(st.integers(1, 11))):
        source = nodes[draw(st.sampled_from([-1, -1, -1, draw(st.integers(0, len(nodes) - 1))]))]
        shape = tuple(source["shape"])
        same = [node["id"] for node in nodes if tuple(node["shape"]) == shape]
        kinds = (
            ["Activation"] * 3 + ["Identity", "Reshape", "Add"] + ["MaxPooling2D", "AveragePooling2D"] * (shape[0] > 2)
        )
        kind = draw(st.sampled_from(kinds))
        if kind == "Activation":
            add(kind, [source["id"]], shape, {"function": draw(st.sampled_from(sorted(ELEMENTWISE)))})
        elif kind == "Add":
            add(kind, [source["id"], draw(st.sampled_from(same))], shape, {})
        elif kind.endswith("Pooling2D"):
            add(kind, [source["id"]], (shape[0] // 2, shape[1] // 2, shape[2]), pool)
        else:
            add(kind, [source["id"]], shape, {})
    if draw(st.booleans()):
        add("Reshape", [len(nodes) - 1], (int(np.prod(nodes[-1]["shape"])),), {})
    return {"nodes": nodes, "outputs": [len(nodes) - 1]}


def values_of_spec(spec: dict[str, Any], x: np.ndarray) -> np.ndarray:
    """The output of a spec."""
    values: list[np.ndarray] = []
    for node in spec["nodes"]:
        sources = [values[i] for i in node["inputs"]] or [x]
        values.append(result(node["kind"], node["config"], sources).reshape(node["shape"]))
    return values[spec["outputs"][0]]


def values_of_graph(graph: Graph, x: np.ndarray) -> np.ndarray:
    """The output of a canonical graph, each step of which has the shape that it says."""
    values: list[np.ndarray] = []
    for step in graph.steps:
        values.append(result(step.kind, step.config, [values[i] for i in step.inputs] or [x]))
        assert values[-1].shape == step.shape
    return values[graph.output]


@given(spec=specs(), seed=st.integers(0, 1000))
@examples(deadline=None, max_examples=tries(200))
def test_the_canonical_graph_computes_the_same(spec: dict[str, Any], seed: int) -> None:
    x = np.random.default_rng(seed).normal(0, 4, spec["nodes"][0]["shape"])
    graph = canonical(spec)
    np.testing.assert_allclose(values_of_graph(graph, x), values_of_spec(spec, x), rtol=1e-12)
    assert all(step.kind not in ("Identity", "Reshape") for step in graph.steps)
    assert all(step.config["function"] != "linear" for step in graph.of_kind("Activation"))


# Question 5


@given(rates=st.lists(st.floats(-8, 0).map(lambda exponent: 10**exponent), min_size=1, max_size=5))
@examples(deadline=None, max_examples=tries(200))
def test_learning_rates_are_right_within_their_range(rates: list[float]) -> None:
    low, high = LEARNING_RATES
    assume(all(abs(rate / end - 1) > 1e-3 for rate in rates for end in (low, high)))  # rounding is forgiven
    steps = [[274 * number, rate] for number, rate in enumerate(rates)]
    optimizer = {"is_schedule": len(rates) > 1, "learning_rates": steps}
    observations = Observations({"q5": {"optimizer": optimizer}})
    if all(low <= rate <= high for rate in rates):
        q5_learning_rate(observations)
    else:
        with pytest.raises(Failure):
            q5_learning_rate(observations)


@given(
    seed=st.integers(0, 10**9),
    probabilities=st.booleans(),
    smoothing=st.sampled_from([0.0, 0.1, 0.3]),
    factor=st.sampled_from([1.0, inputs.PREDICTED_ROWS, 0.5, 2.0, -1.0, 0.0]),
    penalty=st.floats(0, 5),
)
@examples(deadline=None, max_examples=tries(100))
def test_the_loss_is_crossentropy_or_its_sum_up_to_a_penalty(
    seed: int, probabilities: bool, smoothing: float, factor: float, penalty: float
) -> None:
    labels = np.random.default_rng(seed).integers(0, settings.N_CLASSES, inputs.PREDICTED_ROWS)
    calls = []
    for number in range(4):
        p = inputs.predictions(seed, number, probabilities).astype(float)
        logarithms = np.log(p) if probabilities else p - np.log(np.exp(p).sum(axis=1, keepdims=True))
        rows = -(1 - smoothing) * logarithms[np.arange(len(labels)), labels] - smoothing * logarithms.mean(axis=1)
        calls.append({"loss": factor * float(rows.mean()) + penalty})
    seen = {
        "labels": labels,
        "loss": {"name": "a loss", "from_logits": not probabilities, "label_smoothing": smoothing},
        "trials": [{"one_hot": False, "probabilities": probabilities, "calls": calls}],
    }
    observations = Observations({"q5": seen}, seed)
    if factor in (1, inputs.PREDICTED_ROWS):
        q5_loss(observations)
    else:
        with pytest.raises(Failure):
            q5_loss(observations)
