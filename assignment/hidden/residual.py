"""Hidden checks of the bonus question: tiny ResNet (He et al., 2016, with fewer layers)."""

from functools import partial
from itertools import pairwise

from assignment.hidden import reference_specs
from assignment.hidden._registry import registry
from assignment.hidden.architecture import (
    GLOBAL_POOLING,
    gives_classes,
    graph_of,
    judge_head,
    judge_outputs,
    judge_weights_free,
)
from assignment.hidden.model_graph import CONVOLUTIONS, POOLING, Graph, Step, describe, is_relu
from assignment.hidden.run_records import judge_record
from lab import settings
from labkit.judging import Failure, Observations

BUILDER = "build_tiny_resnet"
_references = partial(reference_specs.of_variant, "tiny_resnet")  # what untraceable answers are compared with
BLOCK = "The block's input is added to the output of its second convolution, and ReLU comes after the Add."
KEEP_INPUT = "Keep the block's input in a variable before the first convolution, and add that."


def _graph(observations: Observations) -> Graph:
    return graph_of(observations, "bonus", _references, BUILDER)


def _conv_fault(step: Step, size: int) -> str | None:
    """How a convolution differs from one of that size, as a sentence; None if it does not."""
    wanted = {
        "filters": settings.FILTERS,
        "kernel_size": [size] * 2,
        "strides": [1, 1],
        "dilation": [1, 1],
        "groups": 1,
    }
    if size > 1:
        wanted["padding"] = "same"
    wrong = next((key for key, value in wanted.items() if step.config.get(key) != value), None)
    return None if wrong is None else f"`{step.name}` has {wrong} = {step.config.get(wrong)}."


def _is_conv(step: Step, size: int) -> bool:
    return step.kind == "Conv2D" and _conv_fault(step, size) is None


def _stem(graph: Graph) -> list[Step]:
    """The steps of the stem, input included.

    Raises:
        Failure: the stem is another one.
    """
    size = settings.STEM_KERNEL_SIZE
    expected = (
        f"The stem is: convolution {size}×{size} with {settings.FILTERS} filters and same padding, "
        f"batch normalisation, ReLU, max pooling {settings.POOL_SIZE}×{settings.POOL_SIZE}."
    )
    pool = [settings.POOL_SIZE] * 2
    tests = (
        lambda s: _is_conv(s, size),
        lambda s: s.kind == "BatchNormalization",
        is_relu,
        lambda s: s.kind == "MaxPooling2D" and s.config["pool_size"] == pool and s.config["strides"] == pool,
    )
    steps = [graph[0]]
    for fits in tests:
        following = graph.after(steps[-1])
        if len(following) != 1 or not fits(following[0]):
            is_first = len(steps) == 1 and [step.kind for step in following] == ["Conv2D"]
            fault = _conv_fault(following[0], size) if is_first else None
            raise Failure(expected, fault or f"After {describe(steps[-1])} comes {_all(following)}.")
        steps.append(following[0])
    return steps


def _all(steps: list[Step]) -> str:
    return " and ".join(describe(step) for step in steps) or "nothing"


def _back(graph: Graph, step: Step) -> tuple[Step, list[Step]]:
    """Step back over batch normalisation; what was stepped over comes along."""
    passed = []
    while step.kind == "BatchNormalization":
        passed.append(step)
        step = graph.before(step)
    return step, passed


def _behind(graph: Graph, step: Step) -> set[int]:
    """A step and all that it depends on."""
    found: set[int] = set()
    left = [step.index]
    while left:
        index = left.pop()
        if index not in found:
            found.add(index)
            left.extend(graph[index].inputs)
    return found


def _block(graph: Graph, add: Step) -> list[Step]:
    """All steps of one residual block, from after its input to its last activation.

    Raises:
        Failure: the block is built differently.
    """
    if len(add.inputs) != 2:
        raise Failure(BLOCK, f"`{add.name}` adds {len(add.inputs)} tensors.")
    summands = [graph[index] for index in add.inputs]
    behind = [_behind(graph, summand) for summand in summands]
    own = [behind[0] - behind[1], behind[1] - behind[0]]
    longer = 0 if len(own[0]) >= len(own[1]) else 1
    _judge_between(add, *[[graph[index] for index in sorted(own[i])] for i in (longer, 1 - longer)])
    source, path = _main_path(graph, add, summands[longer])
    passed = _shortcut(graph, summands[1 - longer], source)
    tail = graph.after(add)
    normalized = []
    if len(tail) == 1 and tail[0].kind == "BatchNormalization":
        normalized = [tail[0]]
        tail = graph.after(tail[0])
    if len(tail) != 1 or not is_relu(tail[0]):
        raise Failure(
            BLOCK, f"After `{add.name}` comes {_all(tail)}, not ReLU.", "The block's last activation follows the Add."
        )
    return [*path, *passed, add, *normalized, tail[0]]


def _judge_between(add: Step, main: list[Step], shortcut: list[Step]) -> None:
    """What lies on each of the two ways to an Add, and not on the other.

    Raises:
        Failure: nothing, a pooling, or another number of convolutions than a block has.
    """
    if not main:
        raise Failure(BLOCK, f"`{add.name}` adds a tensor to itself.", KEEP_INPUT)
    pools = [step for step in (*main, *shortcut) if step.kind in (*POOLING, *GLOBAL_POOLING)]
    if pools:
        raise Failure(
            BLOCK,
            f"The block holds {pools[0]}.",
            "Nothing is pooled inside a residual block: what is added keeps its size.",
        )
    count = sum(step.kind in CONVOLUTIONS for step in main)
    if count != settings.CONVS_PER_BLOCK:
        raise Failure(
            BLOCK,
            f"From where the shortcut starts to `{add.name}` there "
            f"{'is 1 convolution' if count == 1 else f'are {count} convolutions'}.",
            f"A block has {settings.CONVS_PER_BLOCK} convolutions, and a shortcut of its own. {KEEP_INPUT}",
        )


def _main_path(graph: Graph, add: Step, end: Step) -> tuple[Step, list[Step]]:
    """The step from which a block's convolutions start, and the steps from there to the Add, backwards."""
    size = settings.KERNEL_SIZE
    path: list[Step] = []
    current = end
    for number in range(settings.CONVS_PER_BLOCK, 0, -1):
        current, passed = _back(graph, current)
        path += passed
        if number == settings.CONVS_PER_BLOCK and current.kind == "Activation":
            raise Failure(
                BLOCK,
                f"Before `{add.name}` comes {describe(current)}.",
                "The activation of the last convolution waits until after the Add.",
            )
        if current.kind != "Conv2D":
            raise Failure(BLOCK, f"Where convolution {number} of a block should be, there is {current}.")
        fault = _conv_fault(current, size)
        if fault:
            raise Failure(
                f"Convolutions of a block: {settings.FILTERS} filters of {size}×{size}, “same” padding.", fault
            )
        path.append(current)
        current = graph.before(current)
        if number > 1:
            if not is_relu(current):
                raise Failure(BLOCK, f"Before `{path[-1].name}` comes {describe(current)}, not ReLU.")
            path.append(current)
            current = graph.before(current)
    return current, path


def _shortcut(graph: Graph, end: Step, source: Step) -> list[Step]:
    """What lies on the shortcut: nothing, or a 1×1 convolution (with batch normalisation or not).

    Raises:
        Failure: it is something else, or starts elsewhere.
    """
    if end.index == source.index:
        return []
    step, passed = _back(graph, end)
    if step.inputs == (source.index,) and _is_conv(step, 1):
        return [*passed, step]
    if end.index in _behind(graph, source):
        raise Failure(
            BLOCK,
            f"Between the start of the shortcut and the first convolution there is {describe(source)}.",
            "The first convolution and the shortcut start from the same tensor.",
        )
    fault = _conv_fault(step, 1) if step.kind == "Conv2D" else None
    raise Failure(
        "The shortcut is the block's input itself, or a 1×1 convolution of it, with nothing else.",
        fault or f"On the shortcut there is {end}.",
    )


def _blocks(graph: Graph) -> list[list[Step]]:
    """The residual blocks, in order.

    Raises:
        Failure: there are none, or one is built differently.
    """
    adds = graph.of_kind("Add")
    if not settings.BLOCKS <= len(adds) <= settings.BLOCKS + 1:
        raise Failure(
            f"The model has {settings.BLOCKS} or {settings.BLOCKS + 1} residual blocks, each with one Add.",
            f"It has {len(adds) or 'no'} Add layer{'' if len(adds) < 2 else 's'}.",
            "Each block has a shortcut of its own, round all of its convolutions.",
        )
    blocks = [_block(graph, add) for add in adds]
    for number, (before, block) in enumerate(pairwise(blocks), 2):
        own = {step.index for step in block}
        starts = {i for step in block for i in step.inputs} - own
        if starts != {before[-1].index}:
            found = _all([graph[i] for i in sorted(starts)])
            raise Failure(
                "Each block works on the output of the block before it, with nothing in between.",
                f"Block {number} starts from {found}.",
            )
    return blocks


@registry.check("bonus", 1)
def bonus_stem(observations: Observations) -> None:
    """The stem is convolution {STEM_KERNEL_SIZE}×{STEM_KERNEL_SIZE}, batch normalisation, ReLU, max pooling."""
    _stem(_graph(observations))


@registry.check("bonus", 3)
def bonus_blocks(observations: Observations) -> None:
    """Each residual block adds its input to the output of its convolutions, then applies ReLU."""
    graph = _graph(observations)
    unused = [name for kind, name in observations["bonus"]["spec"].get("unused", []) if kind == "Add"]
    if unused and len(graph.of_kind("Add")) < settings.BLOCKS:
        raise Failure(
            BLOCK,
            f"`{unused[0]}` adds up two tensors, but nothing uses the sum.",
            "Go on with what the Add returns: `x = layers.Add()([shortcut, x])`.",
        )
    _blocks(graph)


@registry.check("bonus", 1)
def bonus_head(observations: Observations) -> None:
    """The model ends with average pooling {AVERAGE_POOL_SIZE}×{AVERAGE_POOL_SIZE}, flatten, dense."""
    graph = _graph(observations)
    if gives_classes(observations["bonus"]):
        _judge_end(graph)
    elif graph.of_kind("Flatten"):
        _judge_average_pooling(graph)


def _end(graph: Graph) -> list[Step]:
    """Input and head: the step before flatten (or dense), flatten, dense layers and their activations."""
    flat, dense = graph.of_kind("Flatten"), graph.of_kind("Dense")
    activations = [step for one in dense for step in graph.after(one) if step.kind == "Activation"]
    return [graph[0], *map(graph.before, flat or dense[:1]), *flat, *dense, *activations]


def _judge_end(graph: Graph) -> None:
    _judge_average_pooling(graph)
    judge_head(graph)


def _judge_average_pooling(graph: Graph) -> None:
    size = [settings.AVERAGE_POOL_SIZE] * 2
    expected = f"After the last block come average pooling {size[0]}×{size[0]} and flatten."
    hint = "Pooling over everything (global) would leave one value a filter."
    flat = graph.of_kind("Flatten")
    if not flat:
        found = [describe(step) for step in graph.of_kind(*GLOBAL_POOLING)]
        raise Failure(expected, f"There is no flatten{', but ' + found[0] if found else ''}.", hint if found else "")
    before = graph.before(flat[0])
    if before.kind != "AveragePooling2D" or before.config["pool_size"] != size or before.config["strides"] != size:
        raise Failure(expected, f"Before flatten there is {describe(before)}.", hint if "Global" in before.kind else "")


@registry.check("bonus", 1)
def bonus_nothing_else(observations: Observations) -> None:
    """The model holds nothing else."""
    _judge_nothing_else(_graph(observations))


def _judge_nothing_else(graph: Graph) -> None:
    expected = "Nothing but stem, residual blocks and head."
    allowed = {"Input", "BatchNormalization", "Activation", "Add", "MaxPooling2D", *CONVOLUTIONS}
    allowed |= {"AveragePooling2D", "Flatten", "Dense", *GLOBAL_POOLING}
    for step in graph.steps:
        if step.kind not in allowed:
            raise Failure(expected, f"The model also holds {step}.")
    if len(graph.of_kind("Dense")) > 1:
        raise Failure(expected, f"It has {len(graph.of_kind('Dense'))} dense layers.")
    try:
        known = {s.index for s in _stem(graph)} | {s.index for block in _blocks(graph) for s in block}
    except Failure:
        known = set()  # judged by the checks above
    if known:
        known |= {s.index for s in _end(graph)}
        for step in graph.steps:
            if step.index not in known and step.kind not in GLOBAL_POOLING:
                raise Failure(expected, f"The model also holds {step}.")
    for step in graph.of_kind("BatchNormalization"):
        if step.config["axis"] not in (-1, 3):
            raise Failure(
                "Batch normalisation works on each channel (the last axis).",
                f"`{step.name}` has axis = {step.config['axis']}.",
            )
    judge_weights_free(graph, expected)


@registry.check("bonus", 1)
def bonus_outputs(observations: Observations) -> None:
    """What the model computes is what its layers say, in training and in inference mode."""

    def judge_structure() -> None:
        graph = _graph(observations)
        _stem(graph)
        _blocks(graph)
        _judge_end(graph)
        _judge_nothing_else(graph)

    judge_outputs(observations, "bonus", BUILDER, _references, judge_structure)


@registry.check("bonus", 2, of_record=True)
def bonus_record(observations: Observations) -> None:
    """The run record of tiny_resnet is in the notebook."""
    judge_record(observations, "tiny_resnet")
