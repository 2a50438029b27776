"""Hidden checks of questions 4, 5, 13, 14 and bonus."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from assignment.hidden import forward_pass, reference_specs
from assignment.hidden._registry import registry
from assignment.hidden.model_graph import (
    CONVOLUTIONS,
    POOLING,
    WEIGHTED,
    Graph,
    Step,
    block_pattern,
    canonical,
    describe,
    is_relu,
    pattern,
    skip,
    without_normalization,
)
from assignment.hidden.run_records import judge_record
from lab import settings
from lab.probes import inputs
from labkit.judging import Failure, Observations, Skipped, Unjudged

NORMALIZATION = "BatchNormalization"
LEARNING_RATES = (1e-5, 1e-2)
TOLERANCES = {"float32": 2e-4, "float16": 0.03, "bfloat16": 0.06}  # of outputs, by the format they are computed in

References = Callable[[], list[dict[str, Any]]]
Faults = dict[str, Failure]

# What untraceable answers of questions 4, 13 and 14 are compared with.
_vgg_references = partial(reference_specs.of_variant, "tiny_vgg")
_bn_references = partial(reference_specs.of_variant, "tiny_vgg_bn")
_three_references = partial(reference_specs.of_variant, "tiny_vgg_3blocks")


def graph_of(observations: Observations, question: str, references: References, builder: str) -> Graph:
    """The graph of a submitted model, or of the reference that behaves the same where it cannot be followed.

    Raises:
        Skipped: there is no model, or none with one output.
        Unjudged: it cannot be followed and behaves like no reference.
    """
    seen, seed = _described(observations, question), observations.seed
    spec: dict[str, Any] = seen["spec"]
    followed = bool(spec.get("nodes"))
    if followed and _is_known(spec, seed):
        return canonical(spec)
    reference = _twin(seen, references, seed, builder)
    if reference is not None:
        return canonical(reference)
    if followed:
        return canonical(spec)
    raise Unjudged(f"the model is written in a way that cannot be followed ({seen['untraced']}).")


def _described(observations: Observations, question: str) -> dict[str, Any]:
    """What was seen of a model that a builder gives.

    Raises:
        Skipped: there is no model, or none with one output.
    """
    seen = observations[question]
    if not seen.get("spec") or seen.get("n_outputs", 1) != 1:
        raise Skipped(f"{question}_answered")
    return seen


def _is_known(spec: dict[str, Any], seed: int) -> bool:
    """Whether all that the spec holds can be computed independently."""
    shape = [n or size for n, size in zip(spec["nodes"][0]["shape"], settings.IMAGE_SHAPE, strict=True)]
    images = np.zeros((1, *shape), np.float32)
    try:
        forward_pass.forward(spec, drawn_weights(spec, seed), images)
    except forward_pass.UnsupportedSpec:
        return False
    return True


def _twin(seen: dict[str, Any], references: References, seed: int, builder: str) -> dict[str, Any] | None:
    """The reference that gives the same outputs under the same weights, frozen or regularised as the model is."""
    spec = seen["spec"]
    if not _has_outputs(seen):
        return None
    if spec.get("nodes"):
        shapes = {
            f"{node['layer']}/{name}": shape
            for node in spec["nodes"]
            for name, shape in zip(node["weights"], node["weight_shapes"], strict=True)
        }
        trainable = all(node["trainable"] for node in spec["nodes"])
        regularized = any(node["regularized"] for node in spec["nodes"])
    else:
        shapes, trainable, regularized = spec["weights"], spec["trainable"], spec["regularized"]
    for reference in references():
        weights = _assigned(shapes, reference, seed)
        if weights is not None and _difference(seen, reference, weights, seed, builder) is None:
            nodes = [node | {"trainable": trainable, "regularized": regularized} for node in reference["nodes"]]
            return reference | {"nodes": nodes}
    return None


def _assigned(shapes: dict[str, list[int]], reference: dict[str, Any], seed: int) -> dict[str, np.ndarray] | None:
    """The model's drawn weights as those of a reference."""
    keys = reference_specs.assigned(shapes, reference)
    if keys is None:
        return None
    own_names = {key: key.split("/", 1)[1] for key in shapes}
    return {of: inputs.weight(seed, key, own_names[key], tuple(shapes[key])) for of, key in keys.items()}


def _has_outputs(seen: dict[str, Any]) -> bool:
    """Whether the model was called, with weights that the judge can draw again."""
    return "training" in seen and not seen["spec"].get("made_in_call")


def gives_classes(seen: dict[str, Any]) -> bool:
    """Whether the model gives a value for each class; if not, its end is judged with that, and not once more."""
    return tuple(seen.get("output_shape") or ())[1:] == (settings.N_CLASSES,)


class _NotComputable(Exception):
    """Outputs cannot be computed independently."""


def _difference(
    seen: dict[str, Any], spec: dict[str, Any], weights: dict[str, np.ndarray], seed: int, builder: str
) -> str | None:
    """How the observed outputs differ from an independent forward pass; None if they do not.

    Raises:
        _NotComputable: there is no independent forward pass of such a model.
    """
    x = inputs.model_images(seed, builder)
    tolerance = TOLERANCES[seen["precision"]]
    ends_with_softmax = spec["nodes"][spec["outputs"][0]]["config"].get("activation") == "softmax"
    for mode in ("inference", "training"):
        observed = seen.get(mode)
        try:
            wanted = forward_pass.forward(spec, weights, x, training=mode == "training")[spec["outputs"][0]]
        except forward_pass.UnsupportedSpec as reason:
            if mode == "training":
                continue
            raise _NotComputable(str(reason)) from None
        if not isinstance(observed, np.ndarray) or observed.shape != wanted.shape:
            return "they have another shape than those of the layers it lists"
        candidates = [observed, _softmax(observed)] if ends_with_softmax else [observed]
        if mode == "training" and seen.get("random_in_training"):
            return "in training mode they are random"
        if not any(np.allclose(c, wanted, atol=tolerance, rtol=5 * tolerance) for c in candidates):
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


KINDS = {"Input", "Activation", "Flatten", "Dense", *CONVOLUTIONS, *POOLING}  # of steps in a tiny VGG
GLOBAL_POOLING = ("GlobalAveragePooling2D", "GlobalMaxPooling2D")


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
        "head": lambda: judge_head(graph),
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
    convolutions = graph.of_kind(*CONVOLUTIONS)
    if not convolutions:
        raise Failure("The blocks are made of `Conv2D` layers.", "The model has none.")
    for step in convolutions:
        if step.kind != "Conv2D":
            raise Failure("The blocks are made of `Conv2D` layers.", f"`{step.name}` is a {step.kind}.")
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
    convolutions = graph.of_kind(*CONVOLUTIONS)
    if not convolutions:
        raise Failure("Each convolution is followed by ReLU.", "The model has no convolution.")
    between = {step.kind for step in graph.steps} - KINDS  # judged elsewhere
    for step in convolutions:
        following = skip(graph, step, tuple(between))
        if following is None or not is_relu(following):
            found = "nothing" if following is None else describe(following)
            raise Failure(
                "Each convolution is followed by ReLU.",
                f"After `{step.name}` comes {found}.",
                "Give the convolution an `activation`, or let a layer of its own follow whose result the next takes.",
            )


def _judge_pooling(graph: Graph) -> None:
    pools = graph.of_kind(*POOLING)
    size = [settings.POOL_SIZE] * 2
    if not pools and not graph.of_kind(*CONVOLUTIONS):  # else the number of poolings is judged with the blocks
        raise Failure("Each block ends with max pooling.", "The model has no pooling.")
    for step in pools:
        if step.kind != "MaxPooling2D" or step.config["pool_size"] != size or step.config["strides"] != size:
            strides = "×".join(str(n) for n in step.config["strides"])
            raise Failure(
                f"Each block ends with max pooling {settings.POOL_SIZE}×{settings.POOL_SIZE}, without overlap.",
                f"`{step.name}` is {describe(step)} with strides {strides}.",
            )


def judge_head(graph: Graph) -> None:
    """Flatten, a dense layer with `N_CLASSES` units, and softmax or nothing.

    Raises:
        Failure: the model ends otherwise.
    """
    expected = f"The model ends with flatten, then a dense layer of {settings.N_CLASSES} units with softmax."
    dense = graph.of_kind("Dense")
    if not dense:
        raise Failure(expected, "The model has no dense layer.")
    last = dense[-1]
    if last.config["units"] != settings.N_CLASSES:
        raise Failure(expected, f"The last dense layer, `{last.name}`, has {last.config['units']} units.")
    if not last.config.get("use_bias", True):
        raise Failure(expected, f"`{last.name}` has no bias.", "Leave `use_bias` as it is.")
    first = dense[0]
    source = graph.before(first)
    while (source.kind not in KINDS or source.kind == "Activation") and len(source.inputs) == 1:
        if source.kind in GLOBAL_POOLING:
            break
        source = graph.before(source)
    if source.kind != "Flatten":
        raise Failure(
            expected,
            f"Before `{first.name}` comes {describe(source)}.",
            "Global pooling keeps one value of each feature map, flatten keeps all of them."
            if source.kind in GLOBAL_POOLING
            else "A dense layer wants one axis: flatten the feature maps.",
        )
    following = graph.after(last)
    if following and (following[0].kind != "Activation" or following[0].config["function"] != "softmax"):
        raise Failure(
            expected,
            f"After the last dense layer comes {describe(following[0])}.",
            "The classes exclude each other: their probabilities add up to 1.",
        )


def _judge_nothing_else(graph: Graph, batch_normalization: bool) -> None:
    allowed = KINDS | (set() if graph.of_kind("Flatten") else set(GLOBAL_POOLING))  # judged with the head
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
    activations = [s for s in graph.of_kind("Activation") if graph.before(s).kind not in WEIGHTED]
    if activations:
        raise Failure(expected, f"{activations[0]} comes after {describe(graph.before(activations[0]))}.")
    judge_weights_free(graph, expected)


def judge_weights_free(graph: Graph, expected: str) -> None:
    """No regulariser, nothing frozen, nothing shared, no mode fixed."""
    weighted = graph.of_kind(*WEIGHTED)
    for step in weighted:
        if step.regularized:
            raise Failure(expected, f"`{step.name}` has a regulariser or a constraint.")
        if not step.trainable:
            raise Failure(expected, f"`{step.name}` is frozen (trainable=False): it cannot learn.")
        if step.training is not None:
            raise Failure(expected, f"`{step.name}` is called with training={step.training}.")
    layers = [step.layer for step in weighted if step.layer is not None]
    if len(set(layers)) < len(layers):
        shared = next(s for s in weighted if s.layer is not None and layers.count(s.layer) > 1)
        raise Failure(
            expected,
            f"`{shared.name}` is used more than once: its weights are shared.",
            "Make a new layer object for each place.",
        )


# Question 4


def _vgg_graph(observations: Observations) -> Graph:
    return graph_of(observations, "q4", _vgg_references, "build_tiny_vgg")


def _raise_fault(observations: Observations, category: str) -> None:
    fault = vgg_faults(_vgg_graph(observations), settings.BLOCKS).get(category)
    if fault is not None and (category != "head" or gives_classes(observations["q4"])):
        raise fault


def _raise_any(faults: Faults) -> None:
    for fault in faults.values():
        raise fault


@registry.check("q4", 2)
def q4_blocks(observations: Observations) -> None:
    """The model has {BLOCKS} blocks of {CONVS_PER_BLOCK} convolutions and a pooling."""
    _raise_fault(observations, "blocks")


@registry.check("q4", 2)
def q4_convolutions(observations: Observations) -> None:
    """Every convolution has {FILTERS} filters of {KERNEL_SIZE}×{KERNEL_SIZE} with same padding."""
    _raise_fault(observations, "convolutions")


@registry.check("q4", 1)
def q4_activations(observations: Observations) -> None:
    """Every convolution is followed by ReLU."""
    _raise_fault(observations, "activations")


@registry.check("q4", 1)
def q4_pooling(observations: Observations) -> None:
    """Every pooling takes the maximum of {POOL_SIZE}×{POOL_SIZE}."""
    _raise_fault(observations, "pooling")


@registry.check("q4", 1)
def q4_head(observations: Observations) -> None:
    """The model ends with flatten, dense and softmax (or logits)."""
    _raise_fault(observations, "head")


@registry.check("q4", 1)
def q4_nothing_else(observations: Observations) -> None:
    """The model holds nothing else."""
    _raise_fault(observations, "nothing_else")


@registry.check("q4", 2)
def q4_outputs(observations: Observations) -> None:
    """What the model computes is what its layers say, in training and in inference mode."""
    judge_outputs(
        observations,
        "q4",
        "build_tiny_vgg",
        _vgg_references,
        lambda: _raise_any(vgg_faults(_vgg_graph(observations), settings.BLOCKS)),
    )


def judge_outputs(
    observations: Observations,
    question: str,
    builder: str,
    references: References,
    judge_structure: Callable[[], None],
) -> None:
    """The outputs of a model equal those of an independent forward pass through its spec, or of a reference.

    Args:
        judge_structure: raises a Failure where the model is built otherwise than asked for.

    Raises:
        Skipped: there are none, or none of known weights.
        Failure: they differ.
        Unjudged: they cannot be computed independently, though the model seems right.
    """
    seen, seed = _described(observations, question), observations.seed
    if not _has_outputs(seen):
        raise Skipped(f"{question}_answered")
    spec = seen["spec"]
    reason = seen["untraced"]
    difference = None
    if spec.get("nodes"):
        try:
            difference = _difference(seen, spec, drawn_weights(spec, seed), seed, builder)
            if difference is None:
                return
            # A functional model hands its own mode down, whatever `training` argument its layers were given.
            inside = spec | {"nodes": [node | {"training": None} for node in spec["nodes"]]}
            if _difference(seen, inside, drawn_weights(spec, seed), seed, builder) is None:
                return
        except _NotComputable as error:
            reason = str(error)
    if _twin(seen, references, seed, builder) is not None:
        return
    if difference is None:
        try:
            judge_structure()
        except Failure:
            return  # a layer that was not asked for costs the marks of that check only
        raise Unjudged(f"the outputs of the model cannot be computed independently ({reason}).")
    raise Failure(
        "The outputs are those of the layers that the model is made of.",
        f"For some images and weights, {difference}.",
        "Does the model do something in `call` that its layers do not show, or is a `training` argument fixed?",
    )


# Question 5


@registry.check("q5", 1, after="q5_answered")
def q5_adam(observations: Observations) -> None:
    """The optimizer is Adam."""
    optimizer = observations["q5"]["optimizer"]
    if not optimizer["is_adam"]:
        raise Failure("The optimizer is Adam.", f"It is {optimizer['class']}.")
    if optimizer["weight_decay"]:
        raise Failure("The optimizer is Adam.", "It is Adam with weight decay, which is another one: AdamW.")


@registry.check("q5", 1, after="q5_answered")
def q5_learning_rate(observations: Observations) -> None:
    """The learning rate is one that can work."""
    low, high = LEARNING_RATES
    optimizer = observations["q5"]["optimizer"]
    for rate in optimizer["learning_rates"]:
        if isinstance(rate, str):
            raise Failure("The learning rate is a number or a schedule.", f"Looking it up raised {rate}.")
        step, value = rate
        if not low <= value * 1.0001 or not value <= high * 1.0001:
            raise Failure(
                "The learning rate is small, but not tiny: around a thousandth, all through the training.",
                f"It is {value:.2g}" + (f" at step {step} of the training." if optimizer["is_schedule"] else "."),
                "Adam's default is a good start.",
            )


@registry.check(
    "q5", 1.5, after=("q5_answered", "q5_loss_runs"), why="a loss that cannot be computed is not the right one"
)
def q5_loss(observations: Observations) -> None:
    """The loss is the crossentropy for this form of labels and outputs."""
    seen = observations["q5"]
    if any(_is_crossentropy(observations, trial) for trial in seen["trials"]):
        return
    loss, trial = seen["loss"], seen["trials"][0]
    form = "one-hot rows" if trial["one_hot"] else "class numbers"
    outputs = "probabilities (softmax)" if trial["probabilities"] else "logits (no softmax)"
    hint = "Labels, loss and last activation must fit one another."
    if loss["from_logits"] and trial["probabilities"]:
        hint = "`from_logits=True` says that the model has no softmax, but it has one."
    elif not loss["from_logits"] and not trial["probabilities"]:
        hint = "The model has no softmax: the loss has to know."
    raise Failure(
        f"Crossentropy, in the form for labels that are {form} and outputs that are {outputs}.",
        f"`{loss['name']}` does not compute it.",
        hint,
    )


def _is_crossentropy(observations: Observations, trial: dict[str, Any]) -> bool:
    """Whether the losses of some predictions differ as their crossentropies do (a regulariser's share drops out)."""
    seen = observations["q5"]
    labels, smoothing = np.asarray(seen["labels"]).astype(int), seen["loss"]["label_smoothing"]
    values, wanted = [], []
    for number, call in enumerate(trial["calls"]):
        if call["loss"] is None:
            return False
        p = inputs.predictions(observations.seed, number, trial["probabilities"]).astype(float)
        p = p if trial["probabilities"] else _softmax(p)
        target = np.full(p.shape, smoothing / p.shape[1])
        target[np.arange(len(labels)), labels] += 1 - smoothing
        wanted.append(float(-(target * np.log(np.maximum(p, 1e-7))).sum(axis=1).mean()))
        values.append(call["loss"])
    factors = (1, len(labels))  # the mean over the batch, or the sum
    return any(np.allclose(np.diff(values), n * np.diff(wanted), atol=1e-3 * n) for n in factors)


@registry.check("q5", 1, after="q5_answered")
def q5_accuracy(observations: Observations) -> None:
    """The metrics report the accuracy."""
    trials = observations["q5"]["trials"]
    if any(_reports_accuracy(observations, trial) for trial in trials):
        return
    call = trials[0]["calls"][0]
    names = [name for name in call["metrics"] if name != "loss"]
    error = " ".join(str(call["metrics_error"] or "").split())
    found = f"No metric does; there are: {', '.join(names)}." if names else "There are no metrics."
    raise Failure(
        "A metric counts the share of images whose highest output is the right class.",
        f"The metrics cannot be computed: {error[:200]}" if error else found,
        '`metrics=["accuracy"]` chooses the right form by itself.',
    )


def _reports_accuracy(observations: Observations, trial: dict[str, Any]) -> bool:
    """Whether one of the metrics is the accuracy of each of the predictions."""
    labels = np.asarray(observations["q5"]["labels"])
    candidates: set[str] | None = None
    for number, call in enumerate(trial["calls"]):
        p = inputs.predictions(observations.seed, number, trial["probabilities"])
        right = float(np.mean(p.argmax(axis=1) == labels))
        values = {k: v for k, v in call["metrics"].items() if k != "loss"}
        hits = {k for k, v in values.items() if np.ndim(v) == 0 and abs(float(v) - right) < 1e-5}
        candidates = hits if candidates is None else candidates & hits
    return bool(candidates)


# Questions 13 and 14: the student's own question 4 with one change, or the specification with it


def _own_graph(observations: Observations) -> Graph | None:
    """The student's question 4, if there is one that can be followed."""
    spec = observations.model_spec("q4")
    return canonical(spec) if spec.get("nodes") else None


def _own_faults(observations: Observations) -> Faults:
    """Faults of the student's question 4; they are not counted again."""
    own = _own_graph(observations)
    return {} if own is None else vgg_faults(own, settings.BLOCKS)


def _raise_new_faults(faults: Faults, own: Faults, but: tuple[str, ...] = ()) -> None:
    for category, fault in faults.items():
        if category not in own and category not in but:
            raise fault


def _bn_graph(observations: Observations) -> Graph:
    return graph_of(observations, "q13", _bn_references, "build_tiny_vgg_bn")


@registry.check("q13", 2)
def q13_batch_normalization(observations: Observations) -> None:
    """Batch normalisation stands between each convolution and its activation."""
    _judge_batch_normalization(observations)


def _judge_batch_normalization(observations: Observations) -> None:
    graph = _bn_graph(observations)
    expected = "After every convolution comes batch normalisation, and then the activation."
    convolutions = graph.of_kind(*CONVOLUTIONS)
    if not convolutions:
        raise Failure(expected, "The model has no convolution.")
    without_activation = "activations" in _own_faults(observations)  # in question 4 already, and judged there
    for step in convolutions:
        following = graph.after(step)
        if len(following) != 1 or following[0].kind != "BatchNormalization":
            unused = [name for kind, name in observations["q13"]["spec"].get("unused", []) if kind == NORMALIZATION]
            if unused and not graph.of_kind(NORMALIZATION):
                raise Failure(
                    expected,
                    f"`{unused[0]}` normalises, but nothing uses its result.",
                    "Go on with what the layer returns: `x = layers.BatchNormalization()(x)`.",
                )
            raise _other_than_normalization(graph, step, expected)
        second = graph.after(following[0])
        if (len(second) != 1 or second[0].kind != "Activation") and not without_activation:
            found = describe(second[0]) if second else "nothing"
            raise Failure(expected, f"After `{following[0].name}` comes {found}.")
    _judge_normalizations(graph, expected)


def _other_than_normalization(graph: Graph, convolution: Step, expected: str) -> Failure:
    """What to say where something else than batch normalisation comes after a convolution."""
    following = graph.after(convolution)
    later = skip(graph, convolution, ("Activation",))
    if later is None or later.kind != "BatchNormalization" or following[0].kind != "Activation":
        return Failure(
            expected,
            f"After `{convolution.name}` comes {describe(following[0]) if following else 'nothing'}.",
            "The normalisation takes what the convolution gives, and the activation takes what it gives.",
        )
    if following[0].name == convolution.name:
        return Failure(
            expected,
            f"`{convolution.name}` has an activation of its own, which comes before the normalisation `{later.name}`.",
            "Leave `activation` out of the convolution, and add a ReLU layer after the normalisation.",
        )
    return Failure(
        expected,
        f"{following[0]} comes before the normalisation `{later.name}`, not after it.",
        "Change the order of these two layers.",
    )


def _judge_normalizations(graph: Graph, expected: str) -> None:
    normalizations = graph.of_kind("BatchNormalization")
    for step in normalizations:
        before = graph.before(step)
        if before.kind not in CONVOLUTIONS:
            raise Failure(expected, f"`{step.name}` comes after {describe(before)}.")
        if step.config["axis"] not in (-1, 3):
            raise Failure(
                "Batch normalisation works on each channel (the last axis).",
                f"`{step.name}` has axis = {step.config['axis']}.",
            )
        if not step.config["center"] and not before.config.get("use_bias", True):
            raise Failure(
                "The convolution has a bias, or the batch normalisation an offset.",
                f"`{before.name}` has no bias, and `{step.name}` no offset (center=False).",
            )
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


@registry.check("q13", 1)
def q13_rest(observations: Observations) -> None:
    """Everything else is as in question 4."""
    _judge_bn_rest(observations)


def _judge_bn_rest(observations: Observations) -> None:
    graph = without_normalization(_bn_graph(observations))
    faults = vgg_faults(graph, settings.BLOCKS, batch_normalization=True)
    _raise_new_faults(faults, _own_faults(observations), but=() if gives_classes(observations["q13"]) else ("head",))


@registry.check("q13", 1)
def q13_outputs(observations: Observations) -> None:
    """What the model computes is what its layers say, in training and in inference mode."""

    def judge_structure() -> None:
        _judge_batch_normalization(observations)
        _raise_any(vgg_faults(without_normalization(_bn_graph(observations)), settings.BLOCKS))

    judge_outputs(observations, "q13", "build_tiny_vgg_bn", _bn_references, judge_structure)


@registry.check("q13", 2, of_record=True)
def q13_record(observations: Observations) -> None:
    """The run record of tiny_vgg_bn is in the notebook."""
    judge_record(observations, "tiny_vgg_bn")


def _three_graph(observations: Observations) -> Graph:
    return graph_of(observations, "q14", _three_references, "build_tiny_vgg_3blocks")


@registry.check("q14", 2)
def q14_blocks(observations: Observations) -> None:
    """The model has one block more than that of question 4, built like the others."""
    graph = _three_graph(observations)
    own = _own_graph(observations)
    if own is not None and "blocks" in _own_faults(observations) and _has_one_block_more(graph, own):
        return
    _judge_blocks(graph, settings.BLOCKS + 1)


def _has_one_block_more(graph: Graph, own: Graph) -> bool:
    """Whether a model has the blocks of another, and one more, like one of those or as the question asks."""
    words = pattern(own)
    blocks: list[list[str]] = [[]]
    for word in words:
        blocks[-1].append(word)
        if word == "pool":
            blocks.append([])
    whole = block_pattern(1)
    more = [block for block in (*blocks, whole, whole[:-1]) if block]
    places = range(len(words) + 1)
    return any(pattern(graph) == words[:at] + block + words[at:] for block in more for at in places)


@registry.check("q14", 1)
def q14_rest(observations: Observations) -> None:
    """Everything else is as in question 4, without batch normalisation."""
    graph, own = _three_graph(observations), _own_graph(observations)
    if graph.of_kind("BatchNormalization") and not (own and own.of_kind("BatchNormalization")):
        raise Failure(
            "The model of Question 4, without batch normalisation, and one block more.",
            f"It holds {graph.of_kind('BatchNormalization')[0]}.",
            "Start from `build_tiny_vgg`, not from Question 13: one change at a time.",
        )
    but = ("blocks",) if gives_classes(observations["q14"]) else ("blocks", "head")
    _raise_new_faults(vgg_faults(graph, settings.BLOCKS + 1), _own_faults(observations), but)


@registry.check("q14", 1)
def q14_outputs(observations: Observations) -> None:
    """What the model computes is what its layers say, in training and in inference mode."""
    judge_outputs(
        observations,
        "q14",
        "build_tiny_vgg_3blocks",
        _three_references,
        lambda: _raise_any(vgg_faults(_three_graph(observations), settings.BLOCKS + 1)),
    )


@registry.check("q14", 2, of_record=True)
def q14_record(observations: Observations) -> None:
    """The run record of tiny_vgg_3blocks is in the notebook."""
    judge_record(observations, "tiny_vgg_3blocks")
