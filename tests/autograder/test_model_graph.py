"""Canonical graphs of specs written by hand."""

from typing import Any

import numpy as np
import pytest

from assignment.hidden import reference_specs
from assignment.hidden.forward_pass import forward
from assignment.hidden.model_graph import (
    Graph,
    block_pattern,
    canonical,
    describe,
    is_relu,
    pattern,
    skip,
    without,
    without_normalization,
)
from lab import settings
from labkit.judging import Unjudged

CONV = {
    "filters": 4,
    "kernel_size": [3, 3],
    "strides": [1, 1],
    "padding": "same",
    "dilation": [1, 1],
    "groups": 1,
    "use_bias": True,
    "activation": "linear",
}
POOL = {"pool_size": [2, 2], "strides": [2, 2], "padding": "valid"}
RELU = {"function": "relu"}
Part = tuple[str, dict[str, Any], list[int]]


def chain(*parts: Part, inputs: list[list[int]] | None = None) -> dict[str, Any]:
    """A spec of (kind, config, shape) in a row, after an input of 8×8 with 3 channels; `inputs` where it branches."""
    nodes = [
        {
            "id": i,
            "name": f"{kind.lower()}{i}",
            "kind": kind,
            "inputs": ([i - 1] if i else []) if inputs is None else inputs[i],
            "shape": shape,
            "config": config,
            "layer": i,
            "is_layer": True,
            "training": None,
            "trainable": True,
            "regularized": False,
            "weights": [],
            "weight_shapes": [],
        }
        for i, (kind, config, shape) in enumerate([("Input", {}, [8, 8, 3]), *parts])
    ]
    return {"nodes": nodes, "outputs": [len(nodes) - 1]}


def conv(**options: Any) -> Part:
    return "Conv2D", CONV | options, [8, 8, 4]


def step(kind: str, config: dict[str, Any] | None = None, shape: tuple[int, ...] = (8, 8, 4)) -> Part:
    return kind, config or {}, list(shape)


def words(graph: Graph) -> list[str]:
    """Kinds of the steps; activations by their function."""
    return [s.config["function"] if s.kind == "Activation" else s.kind for s in graph.steps]


def check(graph: Graph) -> None:
    """Indices and inputs of a graph fit each other."""
    assert [s.index for s in graph.steps] == list(range(len(graph.steps)))
    assert all(i < s.index for s in graph.steps for i in s.inputs)
    assert graph.output == len(graph.steps) - 1


RECTIFIED = ["Input", "Conv2D", "relu"]
SAME = [
    ("argument", [conv(activation="relu")], RECTIFIED),
    ("layer", [conv(), step("Activation", RELU)], RECTIFIED),
    ("twice", [conv(activation="relu"), step("Activation", RELU)], RECTIFIED),
    (
        "identities",
        [conv(), step("Identity"), step("Activation", RELU), step("Activation", {"function": "linear"})],
        RECTIFIED,
    ),
    ("rescaling", [step("Rescaling", {"scale": 2.0, "offset": 0.0}, (8, 8, 3)), conv(activation="relu")], RECTIFIED),
    (
        "rescaling twice",
        [step("Rescaling", {"scale": [1, 2, 3], "offset": 1}, (8, 8, 3)) for _ in range(2)] + [conv(activation="relu")],
        RECTIFIED,
    ),
    (
        "padding",
        [step("ZeroPadding2D", {"padding": [[1, 1], [1, 1]]}, (10, 10, 3)), conv(padding="valid", activation="relu")],
        RECTIFIED,
    ),
    ("leaky", [conv(activation="leaky_relu", negative_slope=0.1)], ["Input", "Conv2D", "leaky_relu"]),
    (
        "reshape to the same",
        [step("Reshape", {"target_shape": [8, 8, 3]}, (8, 8, 3)), conv(activation="relu")],
        RECTIFIED,
    ),
    ("reshape", [conv(), step("Reshape", {"target_shape": [-1]}, (256,))], ["Input", "Conv2D", "Flatten"]),
    ("flatten twice", [step("Flatten", {}, (192,)), step("Flatten", {}, (192,))], ["Input", "Flatten"]),
    (
        "ReLU after the pooling",
        [conv(), step("MaxPooling2D", POOL, (4, 4, 4)), step("Activation", RELU, (4, 4, 4))],
        ["Input", "Conv2D", "relu", "MaxPooling2D"],
    ),
    (
        "ReLU before and after the pooling",
        [conv(activation="relu"), step("MaxPooling2D", POOL, (4, 4, 4)), step("Activation", RELU, (4, 4, 4))],
        ["Input", "Conv2D", "relu", "MaxPooling2D"],
    ),
]
OTHER = [
    ("too much padding", [step("ZeroPadding2D", {"padding": [[2, 2], [2, 2]]}, (12, 12, 3)), conv(padding="valid")]),
    ("padding on one side", [step("ZeroPadding2D", {"padding": [[0, 2], [0, 2]]}, (10, 10, 3)), conv(padding="valid")]),
    ("padding and same", [step("ZeroPadding2D", {"padding": [[1, 1], [1, 1]]}, (10, 10, 3)), conv()]),
    ("rescaling inside", [conv(), step("Rescaling", {"scale": 2.0, "offset": 0.0})]),
    ("rescaling to nothing", [step("Rescaling", {"scale": 0.0, "offset": 1.0}, (8, 8, 3))]),
    ("reshape to another shape", [step("Reshape", {"target_shape": [4, 16, 3]}, (4, 16, 3))]),
    ("ReLU after average pooling", [step("AveragePooling2D", POOL, (4, 4, 3)), step("Activation", RELU, (4, 4, 3))]),
    ("ReLU6 after ReLU", [step("Activation", RELU, (8, 8, 3)), step("Activation", {"function": "relu6"}, (8, 8, 3))]),
    (
        "tanh after max pooling",
        [step("MaxPooling2D", POOL, (4, 4, 3)), step("Activation", {"function": "tanh"}, (4, 4, 3))],
    ),
]


@pytest.mark.parametrize(("name", "parts", "expected"), SAME, ids=[name for name, *_ in SAME])
def test_what_computes_the_same_looks_the_same(name: str, parts: list[Part], expected: list[str]) -> None:
    graph = canonical(chain(*parts))
    assert words(graph) == expected
    assert graph.is_chain
    assert all(s.config.get("padding") == "same" for s in graph.of_kind("Conv2D"))
    check(graph)


@pytest.mark.parametrize(("name", "parts"), OTHER, ids=[name for name, _ in OTHER])
def test_what_computes_something_else_stays(name: str, parts: list[Part]) -> None:
    graph = canonical(chain(*parts))
    assert words(graph)[1:] == [
        config.get("function", kind) if kind == "Activation" else kind for kind, config, _ in parts
    ]
    check(graph)


def test_a_relu_stays_behind_a_pooling_that_is_used_otherwise_too() -> None:
    parts = [step("MaxPooling2D", POOL), step("Activation", RELU), step("Add")]
    spec = chain(*parts, inputs=[[], [0], [1], [1, 2]])
    assert words(canonical(spec)) == ["Input", "MaxPooling2D", "relu", "Add"]


def test_the_moved_relu_has_the_shape_of_what_it_works_on() -> None:
    graph = canonical(chain(conv(), step("MaxPooling2D", POOL, (4, 4, 4)), step("Activation", RELU, (4, 4, 4))))
    assert [s.shape for s in graph.steps] == [(8, 8, 3), (8, 8, 4), (8, 8, 4), (4, 4, 4)]
    assert [s.name for s in graph.steps] == ["input0", "conv2d1", "activation3", "maxpooling2d2"]


def test_branches_are_kept_and_what_is_unused_is_not() -> None:
    parts = [conv(), conv(), step("Dense", {"units": 3, "use_bias": True}), step("Add")]
    graph = canonical(chain(*parts, inputs=[[], [0], [1], [1], [2, 1]]))
    assert words(graph) == ["Input", "Conv2D", "Conv2D", "Add"]
    assert graph[3].inputs == (2, 1)
    assert not graph.is_chain
    assert [s.index for s in graph.after(graph[1])] == [2, 3]
    assert graph.before(graph[2]) is graph[1]
    check(graph)


def test_a_layer_and_its_activation_share_a_name_but_the_weights_are_the_layers() -> None:
    spec = chain(conv(activation="relu"))
    spec["nodes"][1] |= {"regularized": True, "trainable": False}
    layer, activation = canonical(spec).steps[1:]
    assert (layer.name, layer.layer, layer.regularized, layer.trainable) == ("conv2d1", 1, True, False)
    assert (activation.name, activation.layer, activation.regularized) == ("conv2d1", None, False)


@pytest.mark.parametrize(
    "spec", [{}, {"nodes": None}, {"nodes": [], "outputs": [0]}, chain(conv()) | {"outputs": [0, 1]}]
)
def test_what_is_no_graph_with_one_output_is_not_judged(spec: dict[str, Any]) -> None:
    with pytest.raises(Unjudged):
        canonical(spec)


def test_leaving_out_joins_what_is_around() -> None:
    norm = step("BatchNormalization")
    graph = without_normalization(
        canonical(chain(norm, conv(activation="relu"), norm, norm, step("Activation", RELU), norm))
    )
    assert words(graph) == RECTIFIED
    check(graph)
    graph = without(
        canonical(chain(conv(), conv(), step("Add"), inputs=[[], [0], [1], [1, 2]])), lambda s: s.index == 2
    )
    assert graph[2].inputs == (1, 1)
    check(graph)


def test_patterns_of_the_references() -> None:
    graph = canonical(reference_specs.tiny_vgg())
    assert pattern(graph) == block_pattern(settings.BLOCKS)
    assert pattern(canonical(reference_specs.tiny_vgg(3, batch_normalization=True))) == block_pattern(3)
    assert block_pattern(1) == ["conv"] * settings.CONVS_PER_BLOCK + ["pool"]
    separable = step("SeparableConv2D", {"kernel_size": [3, 3], "activation": "relu"})
    assert pattern(canonical(chain(separable, step("MaxPooling2D", POOL), step("Dense", {"units": 1}), conv()))) == [
        "conv",
        "pool",
    ]


REFERENCES = {
    "tiny_vgg": (reference_specs.tiny_vgg(), 9420),  # parameters, counted by hand
    "tiny_vgg_bn": (reference_specs.tiny_vgg(batch_normalization=True), 9420 + 4 * 40),
    "tiny_vgg_bn without bias": (reference_specs.tiny_vgg(batch_normalization=True, use_bias=False), 9420 + 4 * 30),
    "tiny_vgg_3blocks": (reference_specs.tiny_vgg(3), 6440),
    "tiny_resnet": (reference_specs.tiny_resnet(), 1480 + 40 + 4 * 910 + 1610),
    "tiny_resnet, all options": (
        reference_specs.tiny_resnet(True, 3, True, True, True),
        1480 + 40 + 6 * 950 + 3 * (110 + 40 + 40) + 1610,
    ),
}


@pytest.mark.skipif((settings.FILTERS, settings.KERNEL_SIZE) != (10, 3), reason="the numbers are those of this size")
@pytest.mark.parametrize("name", REFERENCES)
def test_references_can_be_computed_and_have_the_right_size(name: str) -> None:
    spec, parameters = REFERENCES[name]
    rng = np.random.default_rng(0)
    weights = {
        f"{node['layer']}/{weight}": rng.uniform(0.1, 0.2, shape)
        for node in spec["nodes"]
        for weight, shape in zip(node["weights"], node["weight_shapes"], strict=True)
    }
    assert sum(w.size for w in weights.values()) == parameters
    x = rng.normal(size=(2, *settings.IMAGE_SHAPE)).astype(np.float32)
    output = forward(spec, weights, x)[spec["outputs"][0]]
    np.testing.assert_allclose(output.sum(axis=1), 1, rtol=1e-5)


def test_skipping() -> None:
    graph = canonical(chain(conv(), step("Dropout"), step("BatchNormalization"), step("Activation", RELU)))
    after = skip(graph, graph[1], ("Dropout", "BatchNormalization"))
    assert after is not None
    assert is_relu(after)
    assert skip(graph, graph[1], ()) is graph[2]
    assert skip(graph, graph[4], ()) is None
    branched = canonical(chain(conv(), conv(), step("Add"), inputs=[[], [0], [1], [1, 2]]))
    assert skip(branched, branched[1], ()) is None


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (conv(kernel_size=[5, 3]), "convolution 5×3, 4 filters, same padding"),
        (step("Dense", {"units": 7}), "dense, 7 units"),
        (step("Activation", {"function": "tanh"}), "activation tanh"),
        (step("MaxPooling2D", POOL), "max pooling 2×2"),
        (step("AveragePooling2D", POOL), "average pooling 2×2"),
        (step("BatchNormalization"), "batch normalisation"),
        (step("GaussianNoise"), "GaussianNoise"),
    ],
)
def test_steps_in_words(part: Part, text: str) -> None:
    found = canonical(chain(part)).steps[1]
    assert describe(found) == text
    assert str(found) == f"`{part[0].lower()}1` ({text})"
