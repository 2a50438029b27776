"""The four variants as specs: what a model that cannot be traced is compared with, and records of no known model."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Final

from lab import settings

WEIGHT_NAMES: Final = ("kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance")


class _Builder:
    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = []
        self._layers = 0
        self.add("Input", settings.IMAGE_SHAPE, {}, inputs=[])

    def add(
        self,
        kind: str,
        shape: tuple[int, ...],
        config: dict[str, Any],
        weights: dict[str, list[int]] | None = None,
        inputs: list[int] | None = None,
    ) -> int:
        number = len(self.nodes)
        self.nodes.append(
            {
                "id": number,
                "name": f"{kind}_{number}",
                "kind": kind,
                "inputs": [number - 1] if inputs is None else inputs,
                "shape": list(shape),
                "config": config,
                "layer": self._layers if weights else None,
                "is_layer": True,
                "training": None,
                "trainable": True,
                "regularized": False,
                "weights": list(weights or {}),
                "weight_shapes": list((weights or {}).values()),
            }
        )
        self._layers += bool(weights)
        return number

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.nodes[-1]["shape"])

    def conv(self, kernel_size: int, source: int | None = None, use_bias: bool = True) -> None:
        rows, columns, channels = self.shape if source is None else self.nodes[source]["shape"]
        config = {
            "filters": settings.FILTERS,
            "kernel_size": [kernel_size] * 2,
            "strides": [1, 1],
            "padding": "same",
            "dilation": [1, 1],
            "groups": 1,
            "use_bias": use_bias,
            "activation": "linear",
        }
        weights = {"kernel": [kernel_size, kernel_size, channels, settings.FILTERS]}
        weights |= {"bias": [settings.FILTERS]} if use_bias else {}
        sources = None if source is None else [source]
        self.add("Conv2D", (rows, columns, settings.FILTERS), config, weights, inputs=sources)

    def batch_normalization(self) -> None:
        config = {"axis": -1, "epsilon": 1e-3, "momentum": 0.99, "center": True, "scale": True}
        names = ("gamma", "beta", "moving_mean", "moving_variance")
        self.add("BatchNormalization", self.shape, config, {n: [self.shape[-1]] for n in names})

    def activation(self, function: str) -> None:
        self.add("Activation", self.shape, {"function": function})

    def pool(self, kind: str, size: int) -> None:
        rows, columns, channels = self.shape
        config = {"pool_size": [size] * 2, "strides": [size] * 2, "padding": "valid"}
        self.add(kind, (rows // size, columns // size, channels), config)

    def head(self) -> dict[str, Any]:
        rows, columns, channels = self.shape
        n = rows * columns * channels
        self.add("Flatten", (n,), {})
        config = {"units": settings.N_CLASSES, "use_bias": True, "activation": "softmax"}
        weights = {"kernel": [n, settings.N_CLASSES], "bias": [settings.N_CLASSES]}
        output = self.add("Dense", (settings.N_CLASSES,), config, weights)
        return {"nodes": self.nodes, "outputs": [output]}


def tiny_vgg(blocks: int = settings.BLOCKS, batch_normalization: bool = False, use_bias: bool = True) -> dict[str, Any]:
    """Spec of tiny_vgg, tiny_vgg_bn and tiny_vgg_3blocks; `use_bias` is that of the convolutions."""
    model = _Builder()
    for _ in range(blocks):
        for _ in range(settings.CONVS_PER_BLOCK):
            model.conv(settings.KERNEL_SIZE, use_bias=use_bias)
            if batch_normalization:
                model.batch_normalization()
            model.activation("relu")
        model.pool("MaxPooling2D", settings.POOL_SIZE)
    return model.head()


def tiny_resnet(
    batch_normalization: bool = False,
    blocks: int = settings.BLOCKS,
    projection: bool = False,
    normalized_projection: bool = False,
    normalized_sum: bool = False,
) -> dict[str, Any]:
    """Spec of tiny_resnet.

    Args:
        batch_normalization: after the blocks' convolutions.
        blocks: how many.
        projection: whether the shortcut is a 1×1 convolution of the block's input, else it is that input.
        normalized_projection, normalized_sum: batch normalisation after that, and after the sum.
    """
    model = _Builder()
    model.conv(settings.STEM_KERNEL_SIZE)
    model.batch_normalization()
    model.activation("relu")
    model.pool("MaxPooling2D", settings.POOL_SIZE)
    for _ in range(blocks):
        start = shortcut = len(model.nodes) - 1
        if projection:
            model.conv(1)
            if normalized_projection:
                model.batch_normalization()
            shortcut = len(model.nodes) - 1
        for number in range(settings.CONVS_PER_BLOCK):
            model.conv(settings.KERNEL_SIZE, source=start if number == 0 else None)
            if batch_normalization:
                model.batch_normalization()
            if number < settings.CONVS_PER_BLOCK - 1:
                model.activation("relu")
        model.add("Add", model.shape, {}, inputs=[len(model.nodes) - 1, shortcut])
        if normalized_sum:
            model.batch_normalization()
        model.activation("relu")
    model.pool("AveragePooling2D", settings.AVERAGE_POOL_SIZE)
    return model.head()


def of_variant(variant: str) -> list[dict[str, Any]]:
    """Specs of every right form of a variant.

    Raises:
        KeyError: there is no such variant.
    """
    return {
        "tiny_vgg": lambda: [tiny_vgg()],
        "tiny_vgg_bn": lambda: [tiny_vgg(batch_normalization=True, use_bias=bias) for bias in (True, False)],
        "tiny_vgg_3blocks": lambda: [tiny_vgg(settings.BLOCKS + 1)],
        "tiny_resnet": _every_tiny_resnet,
    }[variant]()


def _every_tiny_resnet() -> list[dict[str, Any]]:
    shortcuts = ((False, False), (True, False), (True, True))
    forms = product((False, True), (settings.BLOCKS, settings.BLOCKS + 1), shortcuts, (False, True))
    specs = [tiny_resnet(bn, blocks, *shortcut, total) for bn, blocks, shortcut, total in forms]
    return [*specs, *map(_shortcuts_last, specs)]


def _shortcuts_last(spec: dict[str, Any]) -> dict[str, Any]:
    """The same network, but of each block the shortcut's convolution is made last: weights are told apart by order."""
    nodes = list(spec["nodes"])
    by_id = {node["id"]: node for node in nodes}
    for add in [node for node in nodes if node["kind"] == "Add"]:
        shortcut = [by_id[add["inputs"][1]]]
        if shortcut[0]["kind"] == "BatchNormalization":
            shortcut.insert(0, by_id[shortcut[0]["inputs"][0]])
        if shortcut[0]["kind"] == "Conv2D":
            nodes = [node for node in nodes if node not in shortcut]
            at = nodes.index(add)
            nodes[at:at] = shortcut
    return spec | {"nodes": nodes}


def assigned(shapes: Mapping[str, Sequence[int]], reference: Mapping[str, Any]) -> dict[str, str] | None:
    """Which weight of a model is which of a reference: by shape, name (where it is a usual one) and order.

    Args:
        shapes: key, such as "3/kernel", -> shape, in the model's order.
        reference: a spec.

    Returns:
        Key in the reference -> key in the model, of all weights of both; None where they do not fit.
    """
    left = {key: list(shape) for key, shape in shapes.items()}
    found = {}
    for node in reference["nodes"]:
        for name, shape in zip(node["weights"], node["weight_shapes"], strict=True):
            own_names = {key: key.split("/", 1)[1] for key, own_shape in left.items() if own_shape == shape}
            key = next((key for key, own in own_names.items() if own == name or own not in WEIGHT_NAMES), None)
            if key is None:
                return None
            del left[key]
            found[f"{node['layer']}/{name}"] = key
    return None if left else found


def fitting(variant: str, weights: Sequence[tuple[str, Sequence[int]]]) -> list[dict[str, Any]]:
    """The forms of a variant that have just these weights, with the key of each as `order`.

    Args:
        weights: name and shape of each, in Keras' order.
    """
    shapes = {f"{number}/{name}": shape for number, (name, shape) in enumerate(weights)}
    found = []
    for reference in of_variant(variant):
        keys = assigned(shapes, reference)
        if keys is not None:
            own = {key: of_reference for of_reference, key in keys.items()}
            found.append(reference | {"order": [own[key] for key in shapes]})
    return found
