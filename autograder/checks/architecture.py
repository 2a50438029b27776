"""Hidden checks of questions 4, 5, 13, 14 and bonus."""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder import forward
from autograder.checks import reference_specs, registry
from autograder.checks.graph import (
    POOLING,
    WEIGHTED,
    Graph,
    Step,
    block_pattern,
    canonical,
    describe,
    pattern,
    skip,
)
from autograder.checks.records import judge_record
from lab import settings
from lab.judging import Failure, Observations, Unjudged
from lab.probes import inputs

LEARNING_RATES = (1e-5, 1e-2)
OUTPUT_TOLERANCE = 2e-4

References = Callable[[], list[dict[str, Any]]]
Faults = dict[str, Failure]


def vgg_references() -> list[dict[str, Any]]:
    """What an untraceable answer of question 4 is compared with."""
    return [reference_specs.tiny_vgg()]


def spec_of(seen: dict[str, Any], references: References, seed: int, builder: str) -> dict[str, Any]:
    """The spec of a submitted model; of one that cannot be traced, the reference that behaves the same.

    Raises:
        Unjudged: it cannot be traced and behaves like no reference.
    """
    spec: dict[str, Any] = seen["spec"]
    if spec.get("nodes"):
        return spec
    shapes = list(spec["weights"].items())
    for reference in references():
        keys = [f"{n['layer']}/{name}" for n in reference["nodes"] for name in n["weights"]]
        wanted = [shape for n in reference["nodes"] for shape in n["weight_shapes"]]
        if [shape for _, shape in shapes] != wanted:
            continue
        weights = {
            key: inputs.weight(seed, own, own.split("/")[1], tuple(shape))
            for key, (own, shape) in zip(keys, shapes, strict=True)
        }
        if _outputs_differ(seen, reference, weights, seed, builder) is None:
            return reference
    raise Unjudged(f"the model is written in a way that cannot be followed ({seen['untraced']}).")


def _outputs_differ(
    seen: dict[str, Any], spec: dict[str, Any], weights: dict[str, np.ndarray], seed: int, builder: str
) -> str | None:
    """How the observed outputs differ from an independent forward pass; None if they do not."""
    x = inputs.model_images(seed, builder)
    logits_spec = spec["nodes"][spec["outputs"][0]]["config"]
    for mode in ("inference", "training"):
        observed = seen.get(mode)
        try:
            wanted = forward.forward(spec, weights, x, training=mode == "training")[spec["outputs"][0]]
        except forward.UnsupportedSpec as reason:
            if mode == "training":
                continue
            return f"they cannot be computed ({reason})"
        close = isinstance(observed, np.ndarray) and observed.shape == wanted.shape
        if close and np.allclose(observed, wanted, atol=OUTPUT_TOLERANCE, rtol=1e-3):
            continue
        logits = logits_spec.get("activation") == "softmax" and close
        if logits and np.allclose(_softmax(observed), wanted, atol=OUTPUT_TOLERANCE, rtol=1e-3):
            continue
        return f"in {mode} mode they differ from those of the layers it lists"
    return None


def _softmax(x: np.ndarray) -> np.ndarray:
    exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


def drawn_weights(spec: dict[str, Any], seed: int) -> dict[str, np.ndarray]:
    """The weights that the probe gave to the model's variables, drawn again."""
    weights = {}
    for node in spec["nodes"]:
        for name, shape in zip(node["weights"], node["weight_shapes"], strict=True):
            key = f"{node['layer']}/{name}"
            weights[key] = inputs.weight(seed, key, name, tuple(shape))
    return weights


# What a tiny VGG may get wrong, by category


def vgg_faults(graph: Graph, blocks: int, *, batch_normalization: bool = False) -> Faults:
    """Every category in which a model differs from a tiny VGG of so many blocks.

    Categories: blocks, convolutions, activations, pooling, head, nothing_else. With `batch_normalization`,
    batch normalisation after convolutions is no fault (where exactly is judged elsewhere).
    """
    judges: dict[str, Callable[[], None]] = {
        "blocks": lambda: _judge_blocks(graph, blocks),
        "convolutions": lambda: _judge_convolutions(graph, batch_normalization),
        "activations": lambda: _judge_activations(graph),
        "pooling": lambda: _judge_pooling(graph),
        "head": lambda: _judge_head(graph),
        "nothing_else": lambda: _judge_nothing_else(graph, batch_normalization),
    }
    faults: Faults = {}
    for category, judge in judges.items():
        try:
            judge()
        except Failure as failure:
            faults[category] = failure
    return faults


def _judge_blocks(graph: Graph, blocks: int) -> None:
    found, wanted = pattern(graph), block_pattern(blocks)
    if found != wanted:
        raise Failure(
            f"{blocks} blocks, each of {settings.CONVS_PER_BLOCK} convolutions and a pooling.",
            f"Up to the first dense layer, the model has: {', '.join(found) or 'neither'}.",
            "Count the convolutions and poolings in `model.summary()`.",
        )


def _judge_convolutions(graph: Graph, any_bias: bool) -> None:
    wanted = {
        "filters": settings.FILTERS,
        "kernel_size": [settings.KERNEL_SIZE] * 2,
        "padding": "same",
        "strides": [1, 1],
        "dilation": [1, 1],
        "groups": 1,
    } | ({} if any_bias else {"use_bias": True})
    convolutions = graph.of_kind("Conv2D")
    if not convolutions:
        raise Failure("The blocks are made of `Conv2D` layers.", "The model has none.")
    for step in convolutions:
        wrong = [key for key, value in wanted.items() if step.config.get(key) != value]
        if wrong:
            key = wrong[0]
            size = f"{settings.KERNEL_SIZE}×{settings.KERNEL_SIZE}"
            raise Failure(
                f"Every convolution has {settings.FILTERS} filters of {size}, “same” padding, stride 1 and a bias.",
                f"`{step.name}` has {key} = {step.config.get(key)}.",
                "Without “same” padding the picture shrinks at each convolution." if key == "padding" else "",
            )


def _judge_activations(graph: Graph) -> None:
    convolutions = graph.of_kind("Conv2D")
    if not convolutions:
        raise Failure("Each convolution is followed by ReLU.", "The model has no convolution.")
    for step in convolutions:
        following = skip(graph, step, ("BatchNormalization", "Dropout", "SpatialDropout2D"))
        if following is None or following.kind != "Activation" or following.config["function"] != "relu":
            found = "nothing" if following is None else describe(following)
            raise Failure(
                "Each convolution is followed by ReLU.",
                f"After `{step.name}` comes {found}.",
                "Give the layer an `activation`, or add an `Activation` layer.",
            )


def _judge_pooling(graph: Graph) -> None:
    pools = graph.of_kind(*POOLING)
    size = [settings.POOL_SIZE] * 2
    if not pools:
        raise Failure("Each block ends with max pooling.", "The model has no pooling.")
    for step in pools:
        if step.kind != "MaxPooling2D" or step.config["pool_size"] != size or step.config["strides"] != size:
            strides = "×".join(str(n) for n in step.config["strides"])
            raise Failure(
                f"Each block ends with max pooling {settings.POOL_SIZE}×{settings.POOL_SIZE}, without overlap.",
                f"`{step.name}` is {describe(step)} with strides {strides}.",
            )


def _judge_head(graph: Graph) -> None:
    expected = f"The model ends with flatten, then a dense layer of {settings.N_CLASSES} units with softmax."
    dense = graph.of_kind("Dense")
    if not dense:
        raise Failure(expected, "The model has no dense layer.")
    last = dense[-1]
    if last.config["units"] != settings.N_CLASSES:
        raise Failure(expected, f"The last dense layer, `{last.name}`, has {last.config['units']} units.")
    first = dense[0]
    source = graph.before(first)
    while source.kind in ("Dropout", "BatchNormalization", "Activation") and source.inputs:
        source = graph.before(source)
    if source.kind != "Flatten":
        raise Failure(
            expected,
            f"Before `{first.name}` comes {describe(source)}.",
            "A dense layer wants one axis: flatten the feature maps.",
        )
    following = graph.after(last)
    if following and (following[0].kind != "Activation" or following[0].config["function"] != "softmax"):
        raise Failure(
            expected,
            f"After the last dense layer comes {describe(following[0])}.",
            "The classes exclude each other: their probabilities add up to 1.",
        )


def _judge_nothing_else(graph: Graph, batch_normalization: bool) -> None:
    allowed = {"Input", "Conv2D", "Activation", "Flatten", "Dense", *POOLING}
    allowed |= {"BatchNormalization"} if batch_normalization else set()
    expected = "Nothing but what the question lists."
    for step in graph.steps:
        if step.kind not in allowed:
            raise Failure(expected, f"The model also holds {step}.", "Leave it out: it makes another model.")
    if not graph.is_chain:
        raise Failure(expected, "The model branches.", "Each layer works on the output of the one before it.")
    if len(graph.of_kind("Dense")) > 1:
        raise Failure(
            expected,
            f"It has {len(graph.of_kind('Dense'))} dense layers.",
            "Between flatten and the classes there is nothing.",
        )
    if len(graph.of_kind("Flatten")) > 1:
        raise Failure(expected, "It flattens more than once.")
    activations = [s for s in graph.of_kind("Activation") if graph.before(s).kind not in WEIGHTED]
    if activations:
        raise Failure(expected, f"{activations[0]} comes after {describe(graph.before(activations[0]))}.")
    _judge_weights_free(graph, expected)


def _judge_weights_free(graph: Graph, expected: str) -> None:
    """No regulariser, nothing frozen, nothing shared, no mode fixed."""
    weighted = graph.of_kind(*WEIGHTED)
    for step in weighted:
        if step.regularized:
            raise Failure(expected, f"`{step.name}` has a regulariser or a constraint.")
        if not step.trainable:
            raise Failure(expected, f"`{step.name}` is frozen (trainable=False): it cannot learn.")
        if step.training is not None and step.kind != "BatchNormalization":
            raise Failure(expected, f"`{step.name}` is called with training={step.training}.")
    layers = [step.layer for step in weighted if step.layer is not None]
    if len(set(layers)) < len(layers):
        shared = next(s for s in weighted if layers.count(s.layer) > 1)
        raise Failure(
            expected,
            f"`{shared.name}` is used more than once: its weights are shared.",
            "Make a new layer object for each place.",
        )


# Question 4


def _vgg_graph(observations: Observations) -> Graph:
    seen = observations["q4"]
    return canonical(spec_of(seen, vgg_references, observations.seed, "build_tiny_vgg"))


def _raise_fault(observations: Observations, category: str) -> None:
    fault = vgg_faults(_vgg_graph(observations), settings.BLOCKS).get(category)
    if fault is not None:
        raise fault


@registry.check("q4", 2, after="q4_answered")
def q4_blocks(observations: Observations) -> None:
    """The model has {BLOCKS} blocks of {CONVS_PER_BLOCK} convolutions and a pooling."""
    _raise_fault(observations, "blocks")


@registry.check("q4", 2, after="q4_answered")
def q4_convolutions(observations: Observations) -> None:
    """Every convolution has {FILTERS} filters of {KERNEL_SIZE}×{KERNEL_SIZE} with same padding."""
    _raise_fault(observations, "convolutions")


@registry.check("q4", 1, after="q4_answered")
def q4_activations(observations: Observations) -> None:
    """Every convolution is followed by ReLU."""
    _raise_fault(observations, "activations")


@registry.check("q4", 1, after="q4_answered")
def q4_pooling(observations: Observations) -> None:
    """Every pooling takes the maximum of {POOL_SIZE}×{POOL_SIZE}."""
    _raise_fault(observations, "pooling")


@registry.check("q4", 1, after="q4_answered")
def q4_head(observations: Observations) -> None:
    """The model ends with flatten, dense and softmax (or logits)."""
    _raise_fault(observations, "head")


@registry.check("q4", 1, after="q4_answered")
def q4_nothing_else(observations: Observations) -> None:
    """The model holds nothing else."""
    _raise_fault(observations, "nothing_else")


@registry.check("q4", 2, after="q4_answered")
def q4_outputs(observations: Observations) -> None:
    """What the model computes is what its layers say, in training and in inference mode."""
    judge_outputs(observations, "q4", "build_tiny_vgg", vgg_references)


def judge_outputs(observations: Observations, question: str, builder: str, references: References) -> None:
    """The outputs of a model equal those of an independent forward pass through its spec.

    Raises:
        Failure: they differ.
        Unjudged: the model cannot be followed.
    """
    seen = observations[question]
    if not seen["spec"].get("nodes"):
        spec_of(seen, references, observations.seed, builder)  # found by its outputs, or Unjudged
        return
    spec = seen["spec"]
    difference = _outputs_differ(seen, spec, drawn_weights(spec, observations.seed), observations.seed, builder)
    if difference is not None:
        raise Failure(
            "The outputs are those of the layers that the model is made of.",
            f"For some images and weights, {difference}.",
            "Is there a layer that was not asked for, or a fixed `training` argument?",
        )


# Question 5


@registry.check("q5", 1, after="q5_answered")
def q5_adam(observations: Observations) -> None:
    """The optimizer is Adam."""
    optimizer = observations["q5"]["optimizer"]
    if not optimizer["is_adam"]:
        raise Failure("The optimizer is Adam.", f"It is {optimizer['class']}.")


@registry.check("q5", 1, after="q5_answered")
def q5_learning_rate(observations: Observations) -> None:
    """The learning rate is one that can work."""
    low, high = LEARNING_RATES
    for rate in observations["q5"]["optimizer"]["learning_rates"]:
        if not low <= rate <= high * 1.0001:
            raise Failure(
                "The learning rate is small, but not tiny: around a thousandth.",
                f"It is {rate:g}.",
                "Adam's default is a good start.",
            )


@registry.check("q5", 2, after="q5_answered")
def q5_loss(observations: Observations) -> None:
    """The loss is the crossentropy for this form of labels and outputs."""
    seen = observations["q5"]
    loss, labels = seen["loss"], np.asarray(seen["labels"])[: inputs.PREDICTED_ROWS]
    form = "one-hot rows" if seen["one_hot"] else "class numbers"
    outputs = "probabilities (softmax)" if seen["probabilities"] else "logits (no softmax)"
    expected = f"Crossentropy, in the form for labels that are {form} and outputs that are {outputs}."
    values, wanted = [], []
    for number, call in enumerate(seen["calls"]):
        if call["loss"] is None:
            raise Failure(expected, f"`{loss['name']}` cannot be computed: {call['loss_error']}")
        p = inputs.predictions(observations.seed, number, seen["probabilities"])
        p = p if seen["probabilities"] else _softmax(p)
        values.append(call["loss"])
        smooth = np.full(p.shape, loss["label_smoothing"] / p.shape[1])
        smooth[np.arange(len(labels)), labels] += 1 - loss["label_smoothing"]
        wanted.append(float(-(smooth * np.log(np.maximum(p, 1e-7))).sum(axis=1).mean()))
    # The difference of two losses: a regulariser's share, which does not belong to this question, drops out.
    if abs((values[0] - values[1]) - (wanted[0] - wanted[1])) > 1e-3:
        hint = "Labels, loss and last activation must fit one another; the question has a table."
        if loss["from_logits"] and seen["probabilities"]:
            hint = "`from_logits=True` says that the model has no softmax, but it has one."
        elif not loss["from_logits"] and not seen["probabilities"]:
            hint = "The model has no softmax: the loss has to know."
        raise Failure(expected, f"`{loss['name']}` does not compute it.", hint)


@registry.check("q5", 1, after="q5_answered")
def q5_accuracy(observations: Observations) -> None:
    """The metrics report the accuracy."""
    seen = observations["q5"]
    labels = np.asarray(seen["labels"])[: inputs.PREDICTED_ROWS]
    candidates: set[str] | None = None
    names: list[str] = []
    for number, call in enumerate(seen["calls"]):
        p = inputs.predictions(observations.seed, number, seen["probabilities"])
        right = float(np.mean(p.argmax(axis=1) == labels))
        values = {k: v for k, v in call["metrics"].items() if k != "loss"}
        names = list(values)
        hits = {k for k, v in values.items() if np.ndim(v) == 0 and abs(float(v) - right) < 1e-5}
        candidates = hits if candidates is None else candidates & hits
    if not candidates:
        raise Failure(
            "A metric counts the share of images whose highest output is the right class.",
            f"The metrics are: {', '.join(names) or 'none'}"
            + (f" ({seen['calls'][0]['metrics_error']})" if seen["calls"][0]["metrics_error"] else "")
            + ".",
            '`metrics=["accuracy"]` chooses the right form by itself.',
        )


# Questions 13 and 14: the student's own question 4 with one change, or the specification with it


def _own_faults(observations: Observations) -> Faults:
    """Faults of the student's question 4; they are not counted again."""
    seen = observations["q4"]
    if not seen.get("is_model") or not (seen.get("spec") or {}).get("nodes"):
        return {}
    try:
        return vgg_faults(canonical(seen["spec"]), settings.BLOCKS)
    except Unjudged:
        return {}


def _without_batch_normalization(graph: Graph) -> Graph:
    """The graph with every batch normalisation left out."""
    place: dict[int, int] = {}
    steps: list[Step] = []
    for step in graph.steps:
        sources = tuple(place[i] for i in step.inputs)
        if step.kind == "BatchNormalization":
            place[step.index] = sources[0]
            continue
        place[step.index] = len(steps)
        steps.append(Step(**(vars(step) | {"index": len(steps), "inputs": sources})))
    return Graph(steps, place[graph.output])


def _bn_references() -> list[dict[str, Any]]:
    return [reference_specs.tiny_vgg(batch_normalization=True)]


def _bn_graph(observations: Observations) -> Graph:
    return canonical(spec_of(observations["q13"], _bn_references, observations.seed, "build_tiny_vgg_bn"))


@registry.check("q13", 2, after="q13_answered")
def q13_batch_normalization(observations: Observations) -> None:
    """Batch normalisation stands between each convolution and its activation."""
    graph = _bn_graph(observations)
    expected = "After every convolution comes batch normalisation, and then the activation."
    convolutions = graph.of_kind("Conv2D")
    if not convolutions:
        raise Failure(expected, "The model has no convolution.")
    for step in convolutions:
        following = graph.after(step)
        if len(following) != 1 or following[0].kind != "BatchNormalization":
            found = describe(following[0]) if following else "nothing"
            later = following and skip(graph, step, ("Activation",))
            hint = "The convolution's own `activation` comes before anything that follows it."
            raise Failure(
                expected,
                f"After `{step.name}` comes {found}.",
                hint if later and later.kind == "BatchNormalization" else "",
            )
        second = graph.after(following[0])
        if len(second) != 1 or second[0].kind != "Activation":
            found = describe(second[0]) if second else "nothing"
            raise Failure(expected, f"After `{following[0].name}` comes {found}.")
    _judge_normalizations(graph, expected)


def _judge_normalizations(graph: Graph, expected: str) -> None:
    normalizations = graph.of_kind("BatchNormalization")
    for step in normalizations:
        if not graph.before(step).kind == "Conv2D":
            raise Failure(expected, f"`{step.name}` comes after {describe(graph.before(step))}.")
        if step.config["axis"] not in (-1, 3):
            raise Failure(
                "Batch normalisation works on each channel (the last axis).",
                f"`{step.name}` has axis = {step.config['axis']}.",
            )
        if not step.config["center"] and not step.config["scale"]:
            raise Failure("Batch normalisation learns an offset or a scale.", f"`{step.name}` has neither of them.")
        if not step.trainable:
            raise Failure("Batch normalisation learns.", f"`{step.name}` is frozen (trainable=False).")
        if step.training is not None:
            raise Failure(
                "Batch normalisation uses the batch in training and moving averages afterwards.",
                f"`{step.name}` is called with training={step.training}.",
                "Leave the argument out: Keras knows.",
            )
    layers = [step.layer for step in normalizations]
    if len(set(layers)) < len(layers):
        raise Failure(
            "Every convolution has its own batch normalisation.",
            "One and the same layer object is used in several places.",
        )


def _raise_new_faults(faults: Faults, own: Faults, but: tuple[str, ...] = ()) -> None:
    for category, fault in faults.items():
        if category not in own and category not in but:
            raise fault


@registry.check("q13", 1, after="q13_answered")
def q13_rest(observations: Observations) -> None:
    """Everything else is as in question 4."""
    graph = _without_batch_normalization(_bn_graph(observations))
    faults = vgg_faults(graph, settings.BLOCKS, batch_normalization=True)
    _raise_new_faults(faults, _own_faults(observations))


@registry.check("q13", 1, after="q13_answered")
def q13_outputs(observations: Observations) -> None:
    """What the model computes is what its layers say, in training and in inference mode."""
    judge_outputs(observations, "q13", "build_tiny_vgg_bn", _bn_references)


@registry.check("q13", 2)
def q13_record(observations: Observations) -> None:
    """The run record of tiny_vgg_bn is in the notebook."""
    judge_record(observations, "tiny_vgg_bn")


def _three_references() -> list[dict[str, Any]]:
    return [reference_specs.tiny_vgg(settings.BLOCKS + 1)]


def _three_graph(observations: Observations) -> Graph:
    seen = observations["q14"]
    return canonical(spec_of(seen, _three_references, observations.seed, "build_tiny_vgg_3blocks"))


@registry.check("q14", 2, after="q14_answered")
def q14_blocks(observations: Observations) -> None:
    """The model has one block more than that of question 4, built like the others."""
    graph = _three_graph(observations)
    own = observations["q4"]
    if "blocks" in _own_faults(observations):
        words = pattern(canonical(own["spec"]))
        ends = [i + 1 for i, word in enumerate(words) if word == "pool"]
        if ends:
            last_block = words[ends[-2] if len(ends) > 1 else 0 : ends[-1]]
            if pattern(graph) == words[: ends[-1]] + last_block:
                return
    _judge_blocks(graph, settings.BLOCKS + 1)


@registry.check("q14", 1, after="q14_answered")
def q14_rest(observations: Observations) -> None:
    """Everything else is as in question 4, without batch normalisation."""
    faults = vgg_faults(_three_graph(observations), settings.BLOCKS + 1)
    _raise_new_faults(faults, _own_faults(observations), but=("blocks",))


@registry.check("q14", 1, after="q14_answered")
def q14_outputs(observations: Observations) -> None:
    """What the model computes is what its layers say, in training and in inference mode."""
    judge_outputs(observations, "q14", "build_tiny_vgg_3blocks", _three_references)


@registry.check("q14", 2)
def q14_record(observations: Observations) -> None:
    """The run record of tiny_vgg_3blocks is in the notebook."""
    judge_record(observations, "tiny_vgg_3blocks")
