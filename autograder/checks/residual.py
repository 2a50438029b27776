"""Hidden checks of the bonus question: tiny ResNet (He et al., 2016, with fewer layers)."""

from itertools import pairwise, product
from typing import Any

from autograder.checks import reference_specs, registry
from autograder.checks.architecture import GLOBAL_POOLING, graph_of, judge_head, judge_outputs, judge_weights_free
from autograder.checks.graph import CONVOLUTIONS, Graph, Step, describe, is_relu
from autograder.checks.records import judge_record
from lab import settings
from lab.judging import Failure, Observations

BUILDER = "build_tiny_resnet"


def _references() -> list[dict[str, Any]]:
    shortcuts = ((False, False), (True, False), (True, True))
    forms = product((False, True), (settings.BLOCKS, settings.BLOCKS + 1), shortcuts, (False, True))
    return [reference_specs.tiny_resnet(bn, blocks, *shortcut, total) for bn, blocks, shortcut, total in forms]


def _graph(observations: Observations) -> Graph:
    return graph_of(observations["bonus"], _references, observations.seed, BUILDER)


def _is_conv(step: Step, size: int) -> bool:
    config = step.config
    return (
        step.kind == "Conv2D"
        and config["filters"] == settings.FILTERS
        and config["kernel_size"] == [size] * 2
        and config["padding"] == "same"
        and config["strides"] == [1, 1]
        and config["dilation"] == [1, 1]
        and config["groups"] == 1
    )


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
            found = " and ".join(describe(s) for s in following) or "nothing"
            raise Failure(expected, f"After {describe(steps[-1])} comes {found}.")
        steps.append(following[0])
    return steps


def _back(graph: Graph, step: Step) -> tuple[Step, list[Step]]:
    """Step back over batch normalisation; what was stepped over comes along."""
    passed = []
    while step.kind == "BatchNormalization":
        passed.append(step)
        step = graph.before(step)
    return step, passed


def _block(graph: Graph, add: Step) -> list[Step]:
    """All steps of one residual block, from after its input to its last activation.

    Raises:
        Failure: the block is built differently.
    """
    rule = "The block's input is added to the output of its second convolution, and ReLU comes after the Add."
    if len(add.inputs) != 2:
        raise Failure(rule, f"`{add.name}` adds {len(add.inputs)} tensors.")
    failures = []
    for main, other in (add.inputs, add.inputs[::-1]):
        try:
            source, path = _main_path(graph, graph[main], rule)
            passed = _shortcut(graph, graph[other], source, rule)
        except Failure as failure:
            failures.append(failure)
            continue
        tail = graph.after(add)
        normalized = []
        if len(tail) == 1 and tail[0].kind == "BatchNormalization":
            normalized = [tail[0]]
            tail = graph.after(tail[0])
        if not tail or not is_relu(tail[0]) or len(tail) != 1:
            found = " and ".join(describe(s) for s in tail) or "nothing"
            raise Failure(rule, f"After `{add.name}` comes {found}.", "The block's last activation follows the Add.")
        return [*path, *passed, add, *normalized, tail[0]]
    raise _most_telling(failures)


def _most_telling(failures: list[Failure]) -> Failure:
    """Of the two ways to read a block, the failure that got further."""
    return max(failures, key=lambda failure: getattr(failure, "depth", 0))


def _fail(rule: str, found: str, depth: int, hint: str = "") -> Failure:
    failure = Failure(rule, found, hint)
    failure.depth = depth  # type: ignore[attr-defined]
    return failure


def _main_path(graph: Graph, end: Step, rule: str) -> tuple[Step, list[Step]]:
    size = settings.KERNEL_SIZE
    path: list[Step] = []
    current = end
    for number in range(settings.CONVS_PER_BLOCK, 0, -1):
        current, passed = _back(graph, current)
        path += passed
        depth = settings.CONVS_PER_BLOCK - number
        if not _is_conv(current, size):
            what = f"Where convolution {number} of a block ({size}×{size}, same) should be, there is"
            hint = ""
            if depth == 0 and current.kind == "Activation":
                hint = "The activation of the last convolution waits until after the Add."
            elif current.kind.endswith("Pooling2D"):
                hint = "Nothing is pooled inside a residual block: both summands need the same shape."
            raise _fail(rule, f"{what} {current}.", depth, hint)
        path.append(current)
        current = graph.before(current)
        if number > 1:
            if not is_relu(current):
                raise _fail(rule, f"Before `{path[-1].name}` comes {describe(current)}, not ReLU.", depth + 1)
            path.append(current)
            current = graph.before(current)
    return current, path


def _shortcut(graph: Graph, end: Step, source: Step, rule: str) -> list[Step]:
    """What lies on the shortcut: nothing, or a 1×1 convolution (with batch normalisation or not)."""
    if end.index == source.index:
        return []
    step, passed = _back(graph, end)
    if step.kind == "Conv2D" and step.config["kernel_size"] == [1, 1] and step.inputs == (source.index,):
        return [*passed, step]
    raise _fail(
        rule,
        f"The shortcut comes from {describe(step)}, the convolutions start at {describe(source)}.",
        settings.CONVS_PER_BLOCK,
        "Keep the block's input in a variable before the first convolution, and add that.",
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
            f"It has {len(adds)} Add layers.",
        )
    blocks = [_block(graph, add) for add in adds]
    for number, (before, block) in enumerate(pairwise(blocks), 2):
        own = {step.index for step in block}
        starts = {i for step in block for i in step.inputs} - own
        if starts != {before[-1].index}:
            found = " and ".join(describe(graph[i]) for i in sorted(starts))
            raise Failure(
                "Each block works on the output of the block before it, with nothing in between.",
                f"Block {number} starts from {found}.",
            )
    return blocks


@registry.check("bonus", 1, after="bonus_answered")
def bonus_stem(observations: Observations) -> None:
    """The stem is convolution {STEM_KERNEL_SIZE}×{STEM_KERNEL_SIZE}, batch normalisation, ReLU, max pooling."""
    _stem(_graph(observations))


@registry.check("bonus", 3, after="bonus_answered")
def bonus_blocks(observations: Observations) -> None:
    """Each residual block adds its input to the output of its convolutions, then applies ReLU."""
    _blocks(_graph(observations))


@registry.check("bonus", 1, after="bonus_answered")
def bonus_head(observations: Observations) -> None:
    """The model ends with average pooling {AVERAGE_POOL_SIZE}×{AVERAGE_POOL_SIZE}, flatten, dense."""
    _judge_end(_graph(observations))


def _end(graph: Graph) -> list[Step]:
    """Input and head: the step before flatten, flatten, dense layers and their activations."""
    flat, dense = graph.of_kind("Flatten"), graph.of_kind("Dense")
    activations = [step for one in dense for step in graph.after(one) if step.kind == "Activation"]
    return [graph[0], *map(graph.before, flat), *flat, *dense, *activations]


def _judge_end(graph: Graph) -> None:
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
    judge_head(graph)


@registry.check("bonus", 1, after="bonus_answered")
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


@registry.check("bonus", 1, after="bonus_answered")
def bonus_outputs(observations: Observations) -> None:
    """What the model computes is what its layers say, in training and in inference mode."""

    def judge_structure() -> None:
        graph = _graph(observations)
        _stem(graph)
        _blocks(graph)
        _judge_end(graph)
        _judge_nothing_else(graph)

    judge_outputs(observations, "bonus", BUILDER, _references, judge_structure)


@registry.check("bonus", 2)
def bonus_record(observations: Observations) -> None:
    """The run record of tiny_resnet is in the notebook."""
    judge_record(observations, "tiny_resnet")
