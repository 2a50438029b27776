"""Model specs in a canonical form, so that one architecture looks the same however it was written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lab import settings
from labkit.judging import Unjudged

CONVOLUTIONS = ("Conv2D", "SeparableConv2D", "DepthwiseConv2D", "Conv2DTranspose")
WEIGHTED = (*CONVOLUTIONS, "Dense", "BatchNormalization")
POOLING = ("MaxPooling2D", "AveragePooling2D")


@dataclass(frozen=True)
class Step:
    """One step of a model: a layer without its activation, or an activation."""

    index: int
    kind: str
    name: str
    config: dict[str, Any]
    inputs: tuple[int, ...]
    shape: tuple[int | None, ...]
    layer: int | None = None
    training: bool | None = None
    trainable: bool = True
    regularized: bool = False

    def __str__(self) -> str:
        return f"`{self.name}` ({describe(self)})"


@dataclass
class Graph:
    """Steps in topological order; step 0 is the input."""

    steps: list[Step]
    output: int
    _consumers: dict[int, list[Step]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for step in self.steps:
            for source in step.inputs:
                self._consumers.setdefault(source, []).append(step)

    def __getitem__(self, index: int) -> Step:
        return self.steps[index]

    def after(self, step: Step) -> list[Step]:
        """The steps that use a step's output."""
        return self._consumers.get(step.index, [])

    def before(self, step: Step) -> Step:
        """The only input of a step."""
        return self.steps[step.inputs[0]]

    def of_kind(self, *kinds: str) -> list[Step]:
        """Steps of some kinds, in order."""
        return [step for step in self.steps if step.kind in kinds]

    @property
    def is_chain(self) -> bool:
        """Whether every step feeds just the next one."""
        return all(s.inputs == ((s.index - 1,) if s.index else ()) for s in self.steps)


def describe(step: Step) -> str:
    """A step in words."""
    config = step.config
    if step.kind == "Conv2D":
        size = "×".join(str(n) for n in config["kernel_size"])
        return f"convolution {size}, {config['filters']} filters, {config['padding']} padding"
    if step.kind == "Dense":
        return f"dense, {config['units']} units"
    if step.kind == "Activation":
        return f"activation {config['function']}"
    if step.kind in POOLING:
        size = "×".join(str(n) for n in config["pool_size"])
        return f"{'max' if step.kind == 'MaxPooling2D' else 'average'} pooling {size}"
    words = {"BatchNormalization": "batch normalisation", "Flatten": "flatten", "Input": "input"}
    return words.get(step.kind, step.kind)


def canonical(spec: dict[str, Any]) -> Graph:
    """The canonical graph of a spec.

    Activations become steps of their own; what changes nothing (identity, linear activation, a second ReLU,
    reshaping to the same shape) and rescaling of the input are left out; padding by a layer of its own becomes
    "same" padding; a reshape to one axis is a flatten; ReLU and max pooling, which commute, come in that order.

    Raises:
        Unjudged: the spec is not a graph with one output.
    """
    nodes, outputs = spec.get("nodes"), spec.get("outputs")
    if not nodes or not isinstance(outputs, list) or len(outputs) != 1:
        raise Unjudged("the model could not be described as a graph with one output.")
    steps: list[Step] = []
    place: dict[int, int] = {}  # node id -> index of the step that has its value

    def add(node: dict[str, Any], kind: str, config: dict[str, Any], inputs: tuple[int, ...]) -> int:
        is_main = kind != "Activation" or node["kind"] == "Activation"
        steps.append(
            Step(
                index=len(steps),
                kind=kind,
                name=node["name"],
                config=config,
                inputs=inputs,
                shape=tuple(node["shape"]),
                layer=node["layer"] if is_main else None,
                training=node["training"],
                trainable=node["trainable"],
                regularized=node["regularized"] and is_main,
            )
        )
        return len(steps) - 1

    for node in nodes:
        kind, config = node["kind"], dict(node["config"])
        inputs = tuple(place[i] for i in node["inputs"])
        if _changes_nothing(node, [steps[i] for i in inputs]):
            place[node["id"]] = inputs[0]
            continue
        if kind == "Reshape" and len(node["shape"]) == 1:
            kind, config = "Flatten", {}
        if kind == "Conv2D" and _is_same_padding(steps[inputs[0]], config):
            inputs, config["padding"] = steps[inputs[0]].inputs, "same"
        activation = config.pop("activation", "linear")
        slope = config.pop("negative_slope", None) if kind != "Activation" else None
        index = add(node, kind, config, inputs)
        if activation != "linear":
            function = {"function": activation} | ({"negative_slope": slope} if slope is not None else {})
            index = add(node, "Activation", function, (index,))
        place[node["id"]] = index
    return _without_second_relus(_relus_before_pools(_pruned(steps, place[outputs[0]])))


def _changes_nothing(node: dict[str, Any], sources: list[Step]) -> bool:
    kind, config = node["kind"], node["config"]
    if kind == "Rescaling":
        return sources[0].kind == "Input" and bool(np.all(config["scale"]))
    if kind in ("Reshape", "Flatten"):
        return bool(tuple(node["shape"]) == sources[0].shape)
    return kind == "Identity" or bool(kind == "Activation" and config.get("function") == "linear")


def is_relu(step: Step) -> bool:
    """Whether a step is a ReLU, nothing leaky or capped."""
    return step.kind == "Activation" and step.config["function"] == "relu"


def _relus_before_pools(graph: Graph) -> Graph:
    """The same function, with each ReLU that follows a max pooling moved before it."""
    steps = list(graph.steps)
    for step in graph.steps:
        if is_relu(step) and graph.before(step).kind == "MaxPooling2D" and len(graph.after(graph.before(step))) == 1:
            pool = graph.before(step)
            shape = graph.before(pool).shape
            steps[pool.index] = replace(step, index=pool.index, inputs=pool.inputs, shape=shape)
            steps[step.index] = replace(pool, index=step.index, inputs=step.inputs)
    return Graph(steps, graph.output)


def _without_second_relus(graph: Graph) -> Graph:
    """The same function, without ReLUs of what a ReLU gave."""
    return without(graph, lambda step: is_relu(step) and is_relu(graph.before(step)))


def without_normalization(graph: Graph) -> Graph:
    """The graph with every batch normalisation left out."""
    return _without_second_relus(without(graph, lambda step: step.kind == "BatchNormalization"))


def without(graph: Graph, leave_out: Callable[[Step], bool]) -> Graph:
    """A graph less some steps of one input; what used such a step uses its input instead."""
    place: dict[int, int] = {}
    steps: list[Step] = []
    for step in graph.steps:
        sources = tuple(place[i] for i in step.inputs)
        if leave_out(step):
            place[step.index] = sources[0]
            continue
        place[step.index] = len(steps)
        steps.append(replace(step, index=len(steps), inputs=sources))
    return Graph(steps, place[graph.output])


def _is_same_padding(source: Step, config: dict[str, Any]) -> bool:
    if source.kind != "ZeroPadding2D" or config["padding"] != "valid":
        return False
    wanted = [[(k - 1) // 2, (k - 1) // 2] for k in config["kernel_size"]]
    return bool(source.config["padding"] == wanted) and all(k % 2 for k in config["kernel_size"])


def _pruned(steps: list[Step], output: int) -> Graph:
    """Only the steps that the output depends on, numbered anew."""
    needed, stack = set(), [output]
    while stack:
        index = stack.pop()
        if index not in needed:
            needed.add(index)
            stack.extend(steps[index].inputs)
    numbers = {old: new for new, old in enumerate(sorted(needed))}
    kept = []
    for old in sorted(needed):
        inputs = tuple(numbers[i] for i in steps[old].inputs)
        kept.append(replace(steps[old], index=numbers[old], inputs=inputs))
    return Graph(kept, numbers[output])


def pattern(graph: Graph) -> list[str]:
    """Order of convolutions ("conv") and poolings ("pool") before the first dense layer."""
    words = []
    for step in graph.steps:
        if step.kind == "Dense":
            break
        if step.kind in CONVOLUTIONS:
            words.append("conv")
        elif step.kind in POOLING:
            words.append("pool")
    return words


def block_pattern(blocks: int) -> list[str]:
    """What `pattern` gives for a tiny VGG of so many blocks."""
    return (["conv"] * settings.CONVS_PER_BLOCK + ["pool"]) * blocks


def skip(graph: Graph, step: Step, kinds: Sequence[str]) -> Step | None:
    """The next step of a chain that is not of these kinds; None at a branch or at the end."""
    current = step
    while True:
        following = graph.after(current)
        if len(following) != 1:
            return None
        current = following[0]
        if current.kind not in kinds:
            return current
