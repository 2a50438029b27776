"""An independent forward pass of small image networks, in plain NumPy.

The trusted side uses it to judge feature maps and to evaluate weights that a student trained, without Keras
and without any code of the student's. It takes a *spec*, the graph as plain JSON data, and arrays of weights.
Both are untrusted: a whole spec is checked before anything is computed, and what is unknown, does not fit or
is absurdly large raises `UnsupportedSpec`.

Spec: `{"nodes": [node, ...], "outputs": [ids]}`, nodes in topological order, each with `id`, `name`, `kind`,
`inputs` (ids), `shape` (of its output, without the batch axis), `config`, `layer` (the number of its layer,
under which its weights are found, or None), `training` (True, False, or None: as the caller says),
`trainable`, and `weights` (names). Weights are keyed `"<layer>/<weight name>"`. Images are (rows, columns,
channels). What each kind means, to the placing of its padding, is what Keras on TensorFlow makes of it.
"""

import math
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import erf, expit

Array: TypeAlias = npt.NDArray[np.floating[Any]]
Shape: TypeAlias = tuple[int, ...]

MAX_ELEMENTS: Final = 200_000_000  # of one activation, whole batch
MAX_LIVE: Final = 2 * MAX_ELEMENTS  # of all activations held at one time, whole batch
MAX_BUFFER: Final = 50_000_000  # elements of scratch space that one image may need in one node
MAX_WORK: Final = 500_000_000  # multiplications an image, all nodes; tiny VGG has 1.7 million
MAX_NODES: Final = 2_000
MAX_SIDE: Final = 1_024  # of kernels, strides, dilations and paddings, in pixels
MAX_RANK: Final = 6
CHUNK: Final = 400_000  # elements of scratch space worked on at a time: about a cache full


class UnsupportedSpec(ValueError):
    """This spec, with these weights, cannot be computed here. The message says which node and why."""


def forward(
    spec: Mapping[str, Any], weights: Mapping[str, npt.NDArray[Any]], x: Array, training: bool = False
) -> dict[int, Array]:
    """Every node's activation.

    Args:
        spec: the graph, as the module says.
        weights: `"<layer>/<weight name>"` -> array of any real dtype.
        x: batch (n, rows, columns, channels), n >= 1, float32 or float64, the dtype of the computation.
        training: mode of the nodes whose own `training` is None. In training mode batch normalisation uses
            the statistics of `x`; nothing is updated.

    Returns:
        Node id -> activation (n, *shape of the node), dtype of `x`. They may share memory.

    Raises:
        UnsupportedSpec: spec, weights or size are not supported.
        ValueError: `x` is not a float32 or float64 batch.
    """
    x = np.asarray(x)
    if x.dtype not in (np.float32, np.float64) or x.ndim < 2 or len(x) == 0:
        raise ValueError(f"x must be a float32 or float64 batch, not {x.dtype} of shape {x.shape}")
    plan = _plan(spec, weights, training)
    plan.check(x.shape, keep_all=True)
    return plan.run(x, keep_all=True)


def predict(
    spec: Mapping[str, Any],
    weights: Mapping[str, npt.NDArray[Any]],
    x: npt.NDArray[Any],
    batch_size: int = 1000,
) -> npt.NDArray[np.float32]:
    """The activation of the only output, in inference mode.

    Args:
        spec, weights: as for `forward`.
        x: images (n, rows, columns, channels), any real dtype, memory-mapped or not.
        batch_size: images computed at a time; memory grows with it, not with n.

    Returns:
        (n, *shape of the output), float32.

    Raises:
        UnsupportedSpec: spec, weights or size are not supported, or the spec has not exactly one output.
    """
    plan = _plan(spec, weights, training=False)
    if len(plan.outputs) != 1:
        raise UnsupportedSpec(f"the model has {len(plan.outputs)} outputs; one is wanted")
    plan = plan.needed()
    plan.check((min(batch_size, max(len(x), 1)), *x.shape[1:]), keep_all=False)
    last = plan.steps[-1]
    if len(x) * last.size > MAX_ELEMENTS:
        raise UnsupportedSpec(f"{last.label} needs too much memory for {len(x)} images")
    result = np.empty((len(x), *last.shape), np.float32)
    for start in range(0, len(x), batch_size):
        part = slice(start, start + batch_size)
        result[part] = plan.run(np.asarray(x[part], np.float32), keep_all=False)[last.node]
    return result


def work(spec: Mapping[str, Any], weights: Mapping[str, npt.NDArray[Any]]) -> int:
    """Multiplications an image, about.

    Raises:
        UnsupportedSpec: spec or weights are not supported.
    """
    return sum(step.result.work + step.size for step in _plan(spec, weights, training=False).steps)


# ---- the plan: all that was checked, ready to run ----


@dataclass(frozen=True)
class _Result:
    """What one node does. Sizes are for one image.

    Args:
        shape: of its output, without the batch axis.
        run: inputs -> output, batch axis first.
        work: multiplications, about.
        buffer: elements of scratch space.
    """

    shape: Shape
    run: Callable[[list[Array]], Array]
    work: int = 0
    buffer: int = 0


@dataclass(frozen=True)
class _Step:
    node: int
    label: str
    inputs: tuple[int, ...]
    result: _Result

    @property
    def shape(self) -> Shape:
        return self.result.shape

    @property
    def size(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class _Plan:
    steps: tuple[_Step, ...]
    outputs: tuple[int, ...]

    def needed(self) -> "_Plan":
        """The same with only the steps that lead to the first output, which comes last."""
        wanted = {self.outputs[0]}
        kept: list[_Step] = []
        for step in reversed(self.steps):
            if step.node in wanted:
                wanted.update(step.inputs)
                kept.append(step)
        return _Plan(tuple(reversed(kept)), self.outputs[:1])

    def drops(self) -> list[set[int]]:
        """For each step, the nodes whose activation nobody wants after it."""
        last = {node: at for at, step in enumerate(self.steps) for node in (step.node, *step.inputs)}
        drops: list[set[int]] = [set() for _ in self.steps]
        for node, at in last.items():
            if node not in self.outputs:
                drops[at].add(node)
        return drops

    def check(self, batch_shape: Shape, *, keep_all: bool) -> None:
        """Raise UnsupportedSpec where this batch does not fit or would take too much memory or time."""
        n, image_shape = batch_shape[0], tuple(batch_shape[1:])
        sizes = {step.node: n * step.size for step in self.steps}
        live = 0
        for step, drop in zip(self.steps, self.drops(), strict=True):
            if not step.inputs and step.shape != image_shape:
                raise UnsupportedSpec(f"{step.label} takes images of shape {step.shape}, not {image_shape}")
            live += sizes[step.node]
            if sizes[step.node] > MAX_ELEMENTS or live > MAX_LIVE or step.result.buffer > MAX_BUFFER:
                raise UnsupportedSpec(f"{step.label} needs too much memory for a batch of {n}")
            if not keep_all:
                live -= sum(sizes[node] for node in drop)
        work = sum(step.result.work + step.size for step in self.steps)
        if work > MAX_WORK:
            raise UnsupportedSpec(f"the model takes {work:.0e} multiplications an image, over {MAX_WORK:.0e}")

    def run(self, x: Array, *, keep_all: bool) -> dict[int, Array]:
        """Node id -> activation of all nodes, or of the outputs only. Overflow gives inf or NaN, silently."""
        live: dict[int, Array] = {}
        with np.errstate(all="ignore"):
            for step, drop in zip(self.steps, self.drops(), strict=True):
                live[step.node] = step.result.run([live[node] for node in step.inputs] or [x])
                if not keep_all:
                    for node in drop:
                        del live[node]
        return live


def _plan(spec: Mapping[str, Any], weights: Mapping[str, npt.NDArray[Any]], training: bool) -> _Plan:
    """Check a spec and its weights. Computes nothing but output shapes."""
    if not isinstance(spec, Mapping) or not isinstance(weights, Mapping):
        raise UnsupportedSpec("spec and weights must be mappings")
    nodes, outputs = spec.get("nodes"), spec.get("outputs")
    if not isinstance(nodes, list) or not 1 <= len(nodes) <= MAX_NODES:
        raise UnsupportedSpec(f"the spec must have a list of 1 to {MAX_NODES} nodes")
    shapes: dict[int, Shape] = {}
    steps: list[_Step] = []
    for raw in nodes:
        node = _Node(raw, weights, training)
        if node.id in shapes:
            raise node.wrong("has the same id as a node before it")
        for one in node.inputs:
            if one not in shapes:
                raise node.wrong(f"takes node {_show(one)}, which does not come before it")
        build = _KINDS.get(node.kind)
        if build is None:
            raise node.wrong("is of a kind that is not known here")
        result = build(node, [shapes[one] for one in node.inputs])
        node.check_weights()
        if len(result.shape) > MAX_RANK or math.prod(result.shape) > MAX_ELEMENTS:
            raise node.wrong("has too large an output")
        stated = node.raw.get("shape")
        if not isinstance(stated, list | tuple) or tuple(stated) != result.shape:
            raise node.wrong(f"has an output of shape {_show(result.shape)}, not {_show(stated)} as it says")
        shapes[node.id] = result.shape
        steps.append(_Step(node.id, node.label, node.inputs, result))
    if sum(not step.inputs for step in steps) != 1:
        raise UnsupportedSpec("the model must have exactly one Input")
    if not isinstance(outputs, list) or not 1 <= len(outputs) <= len(nodes):
        raise UnsupportedSpec(f"outputs must be a list of 1 to {len(nodes)} node ids")
    if not all(_is_int(one) and one in shapes for one in outputs):
        raise UnsupportedSpec(f"outputs must be a list of node ids, not {_show(outputs)}")
    return _Plan(tuple(steps), tuple(outputs))


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e30 <= value <= 1e30


def _show(value: object) -> str:
    """A short text for a message, whatever the value is."""
    try:
        return reprlib.repr(value)
    except (ValueError, RecursionError):  # integers of thousands of digits, nested lists
        return f"a {type(value).__name__} too long to show"


class _Node:
    """Checked access to one node of an untrusted spec. Every getter raises UnsupportedSpec."""

    def __init__(self, raw: object, weights: Mapping[str, npt.NDArray[Any]], training: bool) -> None:
        if not isinstance(raw, Mapping) or not _is_int(raw.get("id")):
            raise UnsupportedSpec(f"a node is not a mapping with a whole number as id: {_show(raw)}")
        self.raw: Mapping[str, Any] = raw
        self.id: int = raw["id"]
        self.kind = raw["kind"] if isinstance(raw.get("kind"), str) else ""
        self.label = f"node {_show(self.id)} ({_show(raw.get('kind'))}, named {_show(raw.get('name'))})"
        inputs, config = raw.get("inputs"), raw.get("config", {})
        if not isinstance(inputs, list) or not all(_is_int(one) for one in inputs):
            raise self.wrong(f"must list the ids of its inputs, not {_show(inputs)}")
        if not isinstance(config, Mapping):
            raise self.wrong("has no mapping as config")
        self.inputs = tuple(inputs)
        self._config = config
        self._weights = weights
        self._used: set[str] = set()
        own, trainable = raw.get("training"), raw.get("trainable", True)
        if not (own is None or isinstance(own, bool)) or not isinstance(trainable, bool):
            raise self.wrong("must have true, false or null as training and true or false as trainable")
        self.training: bool = training if own is None else own
        self.trainable: bool = trainable

    def wrong(self, text: str) -> UnsupportedSpec:
        return UnsupportedSpec(f"{self.label} {text}")

    def get(self, key: str, fits: Callable[[Any], bool], wanted: str, default: object = None) -> Any:
        value = self._config.get(key, default)
        if not fits(value):
            raise self.wrong(f"needs {wanted} as {key}, not {_show(value)}")
        return value

    def whole(self, key: str, low: int = 1, high: int = MAX_ELEMENTS) -> int:
        number: int = self.get(key, lambda v: _is_int(v) and low <= v <= high, f"a whole number from {low} to {high}")
        return number

    def number(self, key: str, default: float | None = None) -> float:
        return float(self.get(key, _is_number, "a finite number", default))

    def flag(self, key: str) -> bool:
        value: bool = self.get(key, lambda v: isinstance(v, bool), "true or false")
        return value

    def word(self, key: str, words: Mapping[str, Any] | tuple[str, ...]) -> str:
        value: str = self.get(key, lambda v: isinstance(v, str) and v in words, f"one of {', '.join(words)}")
        return value

    def pair(self, key: str) -> tuple[int, int]:
        def fits(value: Any) -> bool:
            return (
                isinstance(value, list | tuple)
                and len(value) == 2
                and all(_is_int(v) and 1 <= v <= MAX_SIDE for v in value)
            )

        first, second = self.get(key, fits, f"two whole numbers from 1 to {MAX_SIDE}")
        return first, second

    def weight(self, name: str, *shape: int) -> npt.NDArray[Any]:
        """The weight of that name, of exactly that shape."""
        self._used.add(name)
        key = f"{_show(self.raw.get('layer'))}/{name}"
        value = self._weights.get(key)
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
            raise self.wrong(f"has no weight {key} of real numbers")
        if value.shape != shape:
            raise self.wrong(f"needs weight {key} of shape {_show(shape)}, not {_show(value.shape)}")
        return value

    def check_weights(self) -> None:
        """Raise where the node says it has other weights than those it was computed with."""
        names = self.raw.get("weights", [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise self.wrong("must list the names of its weights")
        if set(names) != self._used:
            raise self.wrong(f"should have the weights {sorted(self._used)}, not {_show(names)}")

    def axis(self, rank: int) -> int:
        """Config key `axis`, which counts the batch axis, as an index from 1 to `rank`."""
        axis: int = self.get(
            "axis", lambda v: _is_int(v) and (1 <= v <= rank or -rank <= v <= -1), "an axis but the first"
        )
        return axis % (rank + 1)

    def one(self, shapes: list[Shape], rank: int | None = None) -> Shape:
        """The shape of the only input, which must have `rank` axes beside the batch axis."""
        if len(shapes) != 1:
            raise self.wrong(f"must have one input, not {len(shapes)}")
        if rank is not None and len(shapes[0]) != rank:
            raise self.wrong(f"needs an input of {rank} axes, not of shape {_show(shapes[0])}")
        return shapes[0]


# ---- activation functions: array -> array of the same shape and dtype ----


def _softmax(x: Array) -> Array:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _gelu(x: Array) -> Array:
    return np.asarray(0.5 * x * (1 + erf(x / math.sqrt(2))))  # exact, as Keras' default; not the tanh formula


_ACTIVATIONS: dict[str, Callable[[Array, float], Array]] = {
    "linear": lambda x, slope: x,
    "relu": lambda x, slope: np.maximum(x, 0),
    "relu6": lambda x, slope: np.clip(x, 0, 6),
    "leaky_relu": lambda x, slope: np.where(x > 0, x, slope * x),
    "elu": lambda x, slope: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "gelu": lambda x, slope: _gelu(x),
    "tanh": lambda x, slope: np.tanh(x),
    "sigmoid": lambda x, slope: expit(x),
    "silu": lambda x, slope: x * expit(x),
    "softplus": lambda x, slope: np.logaddexp(x, 0),
    "softmax": lambda x, slope: _softmax(x),
}


def _activation(node: _Node, key: str) -> Callable[[Array], Array]:
    function = _ACTIVATIONS[node.word(key, _ACTIVATIONS)]
    slope = node.number("negative_slope", default=0.2)
    return lambda x: function(x, slope)


# ---- windows: what convolution and pooling share ----


@dataclass(frozen=True)
class _Window:
    """Where windows lie along one axis of an image, as TensorFlow places them. All in pixels."""

    size: int  # of the image
    kernel: int
    stride: int
    dilation: int
    out: int  # windows
    before: int  # padding
    after: int

    @property
    def padded(self) -> int:
        return self.before + self.size + self.after

    def tap(self, index: int) -> slice:
        """Those pixels of the padded image that lie under the kernel's element `index`."""
        start = index * self.dilation
        return slice(start, start + (self.out - 1) * self.stride + 1, self.stride)


def _windows(node: _Node, key: str, shape: Shape, dilation: tuple[int, int] = (1, 1)) -> list[_Window]:
    """The windows along rows and columns of a layer on images (rows, columns, channels)."""
    kernels, strides = node.pair(key), node.pair("strides")
    same = node.word("padding", ("same", "valid")) == "same"
    windows = []
    for size, kernel, stride, step in zip(shape[:2], kernels, strides, dilation, strict=True):
        reach = (kernel - 1) * step + 1
        before = after = 0
        if same:
            out = -(-size // stride)
            padding = max((out - 1) * stride + reach - size, 0)
            before, after = padding // 2, padding - padding // 2  # an odd pixel goes to the end
        else:
            out = (size - reach) // stride + 1
            if reach > size:
                raise node.wrong(f"has windows of {reach} pixels on an image of {size}")
        windows.append(_Window(size, kernel, stride, step, out, before, after))
    return windows


def _in_chunks(x: Array, buffer: int, shape: Shape, run: Callable[[Array, Array], None]) -> Array:
    """Fill an array (n, *shape) by `run(part of x, part of result)`, a cache full of buffers at a time."""
    result = np.empty((len(x), *shape), x.dtype)
    chunk = max(1, CHUNK // buffer)
    for start in range(0, len(x), chunk):
        run(x[start : start + chunk], result[start : start + chunk])
    return result


def _padded(x: Array, rows: _Window, columns: _Window, value: float) -> Array:
    if rows.padded == rows.size and columns.padded == columns.size:
        return x
    result = np.full((len(x), rows.padded, columns.padded, x.shape[3]), value, x.dtype)
    result[:, rows.before : rows.before + rows.size, columns.before : columns.before + columns.size] = x
    return result


# ---- kinds: node and shapes of its inputs -> what it does ----


def _input(node: _Node, shapes: list[Shape]) -> _Result:
    shape = node.raw.get("shape")
    if shapes or not isinstance(shape, list | tuple) or not all(_is_int(v) and v >= 1 for v in shape):
        raise node.wrong(f"must have no inputs and a shape of whole numbers, not {_show(shape)}")
    if not shape:
        raise node.wrong("has no axis beside the batch axis")
    return _Result(tuple(shape), lambda inputs: inputs[0])


def _conv2d(node: _Node, shapes: list[Shape]) -> _Result:
    shape = node.one(shapes, rank=3)
    filters, groups = node.whole("filters"), node.whole("groups")
    dilation = node.pair("dilation")
    rows, columns = _windows(node, "kernel_size", shape, dilation)
    if shape[2] % groups or filters % groups:
        raise node.wrong(f"cannot share {shape[2]} channels and {filters} filters among {groups} groups")
    if max(dilation) > 1 and max(rows.stride, columns.stride) > 1:
        raise node.wrong("has both strides and dilation, which Keras has not")
    channels, each = shape[2] // groups, filters // groups
    kernel = node.weight("kernel", rows.kernel, columns.kernel, channels, filters)
    bias = node.weight("bias", filters) if node.flag("use_bias") else np.zeros(filters)
    activation = _activation(node, "activation")
    taps = rows.kernel * columns.kernel * channels
    buffer = rows.padded * columns.padded * shape[2] + rows.out * columns.out * taps

    def part(x: Array, result: Array) -> None:
        # Each window becomes a row of a matrix (im2col), so that a matrix product convolves. One product an
        # image: BLAS is quicker with these than with a long thin one, over which its threads get in each
        # other's way.
        x = _padded(x, rows, columns, 0)
        reach = ((rows.kernel - 1) * rows.dilation + 1, (columns.kernel - 1) * columns.dilation + 1)
        windows = np.lib.stride_tricks.sliding_window_view(x, reach, axis=(1, 2))
        windows = windows[:, :: rows.stride, :: columns.stride, :, :: rows.dilation, :: columns.dilation]
        windows = windows.transpose(0, 1, 2, 4, 5, 3)
        products = []
        for group in range(groups):
            inside = windows[..., group * channels : (group + 1) * channels].reshape(len(x), -1, taps)
            matrix = kernel[..., group * each : (group + 1) * each].reshape(taps, each)
            products.append(inside @ matrix.astype(x.dtype, copy=False))
        product = np.concatenate(products, axis=2) if groups > 1 else products[0]
        product += bias.astype(x.dtype, copy=False)
        result[...] = activation(product).reshape(result.shape)

    out = (rows.out, columns.out, filters)
    return _Result(
        out,
        lambda inputs: _in_chunks(inputs[0], buffer, out, part),
        work=math.prod(out) * taps,
        buffer=buffer,
    )


def _dense(node: _Node, shapes: list[Shape]) -> _Result:
    shape = node.one(shapes)
    units = node.whole("units")
    kernel = node.weight("kernel", shape[-1], units)
    bias = node.weight("bias", units) if node.flag("use_bias") else np.zeros(units)
    activation = _activation(node, "activation")

    def run(inputs: list[Array]) -> Array:
        x = inputs[0]
        product = x.reshape(-1, shape[-1]) @ kernel.astype(x.dtype, copy=False)
        product += bias.astype(x.dtype, copy=False)
        return activation(product.reshape(*x.shape[:-1], units))

    return _Result((*shape[:-1], units), run, work=math.prod(shape) * units)


def _activation_layer(node: _Node, shapes: list[Shape]) -> _Result:
    function = _activation(node, "function")
    return _Result(node.one(shapes), lambda inputs: function(inputs[0]))


def _pooling(node: _Node, shapes: list[Shape]) -> _Result:
    shape = node.one(shapes, rank=3)
    rows, columns = _windows(node, "pool_size", shape)
    largest = node.kind == "MaxPooling2D"
    out = (rows.out, columns.out, shape[2])
    buffer = rows.padded * columns.padded * shape[2]

    def inside(axis: _Window) -> Array:  # how many pixels of each window are image, not padding
        first = np.arange(axis.out) * axis.stride - axis.before
        return np.minimum(first + axis.kernel, axis.size) - np.maximum(first, 0.0)

    def part(x: Array, result: Array) -> None:
        x = _padded(x, rows, columns, -np.inf if largest else 0)
        combine = np.maximum if largest else np.add
        x = reduce(combine, (x[:, rows.tap(i)] for i in range(rows.kernel)))
        result[...] = reduce(combine, (x[:, :, columns.tap(i)] for i in range(columns.kernel)))
        if not largest:
            result /= np.outer(inside(rows), inside(columns))[:, :, None]

    return _Result(
        out,
        lambda inputs: _in_chunks(inputs[0], buffer, out, part),
        work=math.prod(out) * (rows.kernel * columns.stride + columns.kernel),
        buffer=buffer,
    )


def _global_pooling(node: _Node, shapes: list[Shape]) -> _Result:
    shape = node.one(shapes, rank=3)
    keepdims = node.flag("keepdims")

    def run(inputs: list[Array]) -> Array:
        x = inputs[0]
        if node.kind == "GlobalMaxPooling2D":
            return np.asarray(x.max(axis=(1, 2), keepdims=keepdims))
        return np.asarray(x.mean(axis=(1, 2), keepdims=keepdims, dtype=np.float64)).astype(x.dtype)

    return _Result((1, 1, shape[2]) if keepdims else shape[2:], run, work=math.prod(shape))


def _batch_normalization(node: _Node, shapes: list[Shape]) -> _Result:
    shape = node.one(shapes)
    if node.axis(len(shape)) != len(shape):
        raise node.wrong("normalises along another axis than the last")
    epsilon = node.number("epsilon")
    moving_mean = node.weight("moving_mean", shape[-1])
    moving_variance = node.weight("moving_variance", shape[-1])
    gamma = node.weight("gamma", shape[-1]) if node.flag("scale") else np.ones(shape[-1])
    beta = node.weight("beta", shape[-1]) if node.flag("center") else np.zeros(shape[-1])
    from_batch = node.training and node.trainable  # a frozen layer keeps to its moving statistics

    def run(inputs: list[Array]) -> Array:
        x = inputs[0]
        mean: npt.NDArray[Any] = moving_mean.astype(np.float64)
        variance: npt.NDArray[Any] = moving_variance.astype(np.float64)
        if from_batch:
            axes = tuple(range(x.ndim - 1))
            mean = x.mean(axis=axes, dtype=np.float64)  # sums over a whole batch lose digits in float32
            variance = np.square(x - mean.astype(x.dtype)).mean(axis=axes, dtype=np.float64)
        factor = gamma / np.sqrt(variance + epsilon)
        return np.asarray(x * factor.astype(x.dtype) + (beta - mean * factor).astype(x.dtype))

    return _Result(shape, run)


def _merge(node: _Node, shapes: list[Shape]) -> _Result:
    few, many = len(shapes) < 2, node.kind == "Subtract" and len(shapes) > 2
    if few or many or len({len(shape) for shape in shapes}) != 1:
        raise node.wrong(f"cannot merge inputs of shapes {_show(shapes)}")
    sides = [{side for side in axis if side != 1} or {1} for axis in zip(*shapes, strict=True)]
    if any(len(side) > 1 for side in sides):
        raise node.wrong(f"cannot merge inputs of shapes {_show(shapes)}")
    combine = {"Add": np.add, "Multiply": np.multiply, "Subtract": np.subtract}[node.kind]

    def run(inputs: list[Array]) -> Array:
        result = combine(inputs[0], inputs[1])
        for one in inputs[2:]:
            result = combine(result, one)
        return np.asarray(result)

    out = tuple(side.pop() for side in sides)
    return _Result(out, run, work=math.prod(out) * len(shapes))


def _concatenate(node: _Node, shapes: list[Shape]) -> _Result:
    if not shapes:
        raise node.wrong("has no inputs")
    axis = node.axis(len(shapes[0]))
    if len({(*shape[: axis - 1], *shape[axis:]) for shape in shapes}) != 1 or len({*map(len, shapes)}) != 1:
        raise node.wrong(f"cannot join inputs of shapes {_show(shapes)} along axis {axis}")
    joined = sum(shape[axis - 1] for shape in shapes)
    shape = (*shapes[0][: axis - 1], joined, *shapes[0][axis:])
    return _Result(shape, lambda inputs: np.concatenate(inputs, axis=axis))


def _reshaped(shape: Shape) -> _Result:
    return _Result(shape, lambda inputs: inputs[0].reshape(len(inputs[0]), *shape))


def _flatten(node: _Node, shapes: list[Shape]) -> _Result:
    return _reshaped((math.prod(node.one(shapes)),))


def _reshape(node: _Node, shapes: list[Shape]) -> _Result:
    total = math.prod(node.one(shapes))

    def fits(value: Any) -> bool:
        return (
            isinstance(value, list | tuple)
            and 1 <= len(value) <= MAX_RANK
            and all(_is_int(v) and (v == -1 or 1 <= v <= MAX_ELEMENTS) for v in value)
            and sum(v == -1 for v in value) <= 1
        )

    target = node.get("target_shape", fits, "a shape with at most one -1")
    known = math.prod(v for v in target if v != -1)
    shape = tuple(total // known if v == -1 else v for v in target)
    if math.prod(shape) != total:
        raise node.wrong(f"cannot make {_show(tuple(target))} of an input of shape {_show(shapes[0])}")
    return _reshaped(shape)


def _zero_padding(node: _Node, shapes: list[Shape]) -> _Result:
    rows, columns, channels = node.one(shapes, rank=3)

    def fits(value: Any) -> bool:
        return (
            isinstance(value, list | tuple)
            and len(value) == 2
            and all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in value)
            and all(_is_int(v) and 0 <= v <= MAX_SIDE for pair in value for v in pair)
        )

    (top, bottom), (left, right) = node.get("padding", fits, f"two pairs of whole numbers up to {MAX_SIDE}")
    shape = (top + rows + bottom, left + columns + right, channels)
    return _Result(shape, lambda inputs: np.pad(inputs[0], ((0, 0), (top, bottom), (left, right), (0, 0))))


def _rescaling(node: _Node, shapes: list[Shape]) -> _Result:
    shape = node.one(shapes)

    def along_channels(value: Any) -> Any:  # [[[a, b, c]]] -> [a, b, c]
        for _ in shape:
            if isinstance(value, list | tuple) and len(value) == 1:
                value = value[0]
        return value

    def fits(value: Any) -> bool:
        value = along_channels(value)
        if isinstance(value, list | tuple):
            return len(value) == shape[-1] and all(_is_number(v) for v in value)
        return _is_number(value)

    scale, offset = (
        np.asarray(along_channels(node.get(key, fits, "finite numbers, one or one a channel,")), np.float64)
        for key in ("scale", "offset")
    )

    def run(inputs: list[Array]) -> Array:
        x = inputs[0]
        return np.asarray(x * scale.astype(x.dtype) + offset.astype(x.dtype))

    return _Result(shape, run)


def _dropout(node: _Node, shapes: list[Shape]) -> _Result:
    rate = node.number("rate")
    if not 0 <= rate <= 1:
        raise node.wrong(f"has a rate of {rate}")
    if node.training and rate > 0:
        raise node.wrong("is random in training mode")
    return _identity(node, shapes)


def _identity(node: _Node, shapes: list[Shape]) -> _Result:
    return _Result(node.one(shapes), lambda inputs: inputs[0])


_KINDS: dict[str, Callable[[_Node, list[Shape]], _Result]] = {
    "Input": _input,
    "Conv2D": _conv2d,
    "Dense": _dense,
    "Activation": _activation_layer,
    "MaxPooling2D": _pooling,
    "AveragePooling2D": _pooling,
    "GlobalMaxPooling2D": _global_pooling,
    "GlobalAveragePooling2D": _global_pooling,
    "BatchNormalization": _batch_normalization,
    "Add": _merge,
    "Multiply": _merge,
    "Subtract": _merge,
    "Concatenate": _concatenate,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "ZeroPadding2D": _zero_padding,
    "Rescaling": _rescaling,
    "Dropout": _dropout,
    "SpatialDropout2D": _dropout,
    "Identity": _identity,
}
