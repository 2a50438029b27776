"""Describe any traceable Keras model as a plain graph, however it was written.

`trace(model)` gives a spec (JSON data) and the variables that it names; nothing in a spec is code. Sequential,
functional, nested and subclassed models, own layers, `Lambda`, functions called on tensors (`keras.ops.relu(x)`,
`x + y`) all come out as the same kinds of nodes.

A spec is `{"nodes": [...], "outputs": [ids], "order": [keys], "untracked": [names], "made_in_call": bool,
"unused": [[kind, name]]}`: `order` has the keys of all weights in the order of `model.weights`; `untracked` names
layers whose weights are not among these, and `made_in_call` says whether such layers are new ones at each call;
`unused` are layers and functions that were called on what the model computes, without any effect on its output. Nodes
are in topological order:

| key | value |
|---|---|
| id, name, kind | number, layer name, e.g. "Conv2D", "Activation", "Add", or the class name of what is unknown |
| inputs | ids of the nodes that feed it |
| shape | output shape without the batch axis |
| config | plain settings of that kind (the keys of Keras' own arguments) |
| layer | number of the layer object; equal numbers share weights; null for functions |
| is_layer | whether it is a layer of its own in the model, rather than a function |
| training | the `training` argument of that call: true, false or null (inside a functional model only true is noted) |
| trainable, regularized | booleans |
| weights, weight_shapes | names and shapes of its weights, whose keys are f"{layer}/{name}" |
"""

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

Spec = dict[str, Any]
Node = dict[str, Any]
Variables = dict[str, Any]

_POINTS = np.array([-7.0, -3.0, -1.0, -0.5, -0.1, 0.0, 0.1, 0.5, 1.0, 3.0, 5.5, 6.5, 9.0])


class TraceError(Exception):
    """The model cannot be described as a graph; the message says where it stopped."""


def trace(model: Any) -> tuple[Spec, Variables]:
    """Trace a built model from input to output. The model is as before afterwards.

    Args:
        model: a `keras.Model` that was built; it takes one batch of images (n, rows, columns, channels).

    Returns:
        the spec as in the module's docstring, and f"{layer}/{weight name}" -> live Keras variable.

    Raises:
        TraceError: a function in the model cannot be followed symbolically, it has several inputs, or it has weights
            that no layer of the graph accounts for.
    """
    tracer, outputs = _traced(model)
    traced, own = ({id(v) for v in some if is_weight(v)} for some in (tracer.variables.values(), model.weights))
    if own - traced:
        raise TraceError("the model uses weights in a way that its layers do not show")
    untracked = {key.split("/")[0] for key, v in tracer.variables.items() if id(v) not in own}
    names = list(dict.fromkeys(node["name"] for node in tracer.nodes if str(node["layer"]) in untracked))
    again = _traced(model)[0].variables.values() if names else ()
    keys = {id(variable): key for key, variable in tracer.variables.items()}
    spec = {
        "nodes": tracer.nodes,
        "outputs": outputs,
        "order": [keys[id(variable)] for variable in model.weights if is_weight(variable)],
        "untracked": names,
        "unused": tracer.unused,
        "made_in_call": bool(names) and traced != {id(v) for v in again if is_weight(v)},
    }
    return spec, tracer.variables


def _traced(model: Any) -> tuple["_Tracer", list[int]]:
    """A tracer that has gone through a model, and the numbers of the model's outputs."""
    tracer = _Tracer()
    with nodes_restored(model):
        graph = _functional(model)
        if graph is not None:
            if len(graph.inputs) != 1:
                raise TraceError(f"the model takes {len(graph.inputs)} inputs, not one image batch")
            start = tracer.emit("Input", "input", [], graph.inputs[0].shape, {}, None)
            outputs = tracer.inner_graph(graph, [start])
        else:
            shape = getattr(model, "_build_shapes_dict", None) or {}
            first = next(iter(shape.values()), (None, 32, 32, 3)) if isinstance(shape, dict) else None
            first = first if isinstance(first, tuple | list) and len(first) == 4 else (None, 32, 32, 3)
            start = tracer.emit("Input", "input", [], first, {}, None)
            images = keras.Input(batch_shape=tuple(first))
            outputs = tracer.called(model.call, ((images,), {}), {id(images): start}, model.name)
        tracer.note_unused()
    return tracer, outputs


def is_weight(variable: Any) -> bool:
    """Whether a Keras variable takes part in the computation: no counter, no state of a random generator."""
    return "seed" not in variable.name and "float" in str(variable.dtype)


def is_regularized(layer: Any) -> bool:
    """Whether a layer has a regulariser or a constraint."""
    regularizers = [f"{name}_regularizer" for name in ("kernel", "bias", "activity", "beta", "gamma")]
    names = [*regularizers, "kernel_constraint", "bias_constraint"]
    return any(getattr(layer, name, None) is not None for name in names)


@contextmanager
def nodes_restored(model: Any) -> Iterator[None]:
    """Undo what symbolic calls inside note down in a model and its layers, which a student's own code may look at."""
    layers = list(model._flatten_layers())
    before = [(len(y._inbound_nodes), len(y._outbound_nodes)) for y in layers]
    try:
        yield
    finally:
        for layer, (inbound, outbound) in zip(layers, before, strict=True):
            del layer._inbound_nodes[inbound:]
            del layer._outbound_nodes[outbound:]


@functools.cache
def _functional_class() -> Any:
    images = keras.Input((1,))
    return type(keras.Model(inputs=images, outputs=images))


def _functional(layer: Any) -> Any | None:
    """The graph inside a functional or sequential model, if it has one and runs just that."""
    if isinstance(layer, keras.Sequential):
        return layer._functional if type(layer).call is keras.Sequential.call else None
    functional = _functional_class()
    if isinstance(layer, functional) and type(layer).call is functional.call:
        return layer
    return None


class _Tracer:
    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.variables: Variables = {}
        self._layer_numbers: dict[int, int] = {}
        self._alive: list[Any] = []  # ids are only unique among living objects
        self._operations: dict[int, Any] = {}  # those that the output depends on
        self.unused: list[list[str]] = []

    def note_unused(self) -> None:
        """Fill `unused`; while what was called symbolically is still noted down in the layers."""
        from_the_start = reversed(self._operations.values())
        users = [node.operation for operation in from_the_start for node in operation._outbound_nodes]
        without_effect = {id(user): user for user in users if id(user) not in self._operations}
        self.unused = [[type(user).__name__, str(user.name)[:200]] for user in without_effect.values()][:20]

    def emit(
        self,
        kind: str,
        name: str,
        inputs: list[int],
        shape: Iterable[Any],
        config: dict[str, Any],
        layer: Any | None,
        training: bool | None = None,
    ) -> int:
        """Add a node; shape includes the batch axis."""
        number, weights, shapes = None, [], []
        if layer is not None:
            number = self._layer_numbers.setdefault(id(layer), len(self._layer_numbers))
            self._alive.append(layer)
            for variable in filter(is_weight, layer.weights):
                weight = variable.name
                while weight in weights:  # layers made of layers have several kernels
                    weight += "_"
                weights.append(weight)
                shapes.append([int(n) for n in variable.shape])
                self.variables[f"{number}/{weight}"] = variable
        self.nodes.append(
            {
                "id": len(self.nodes),
                "name": str(name)[:200],
                "kind": kind,
                "inputs": inputs,
                "shape": [None if n is None else int(n) for n in list(shape)[1:]],
                "config": config,
                "layer": number,
                "is_layer": layer is not None,
                "training": training,
                "trainable": bool(getattr(layer, "trainable", True)),
                "regularized": layer is not None and is_regularized(layer),
                "weights": weights,
                "weight_shapes": shapes,
            }
        )
        return len(self.nodes) - 1

    def inner_graph(self, graph: Any, inputs: list[int], training: bool | None = None) -> list[int]:
        """Walk a functional model's own nodes, without calling its layers again."""
        known = {id(t): number for t, number in zip(graph.inputs, inputs, strict=True)}
        return [self._tensor(t, known, graph_training=(training,)) for t in keras.tree.flatten(graph.outputs)]

    def called(
        self,
        function: Callable[..., Any],
        arguments: tuple[Any, dict[str, Any]],
        known: dict[int, int],
        name: str,
    ) -> list[int]:
        """Call a function on fresh symbolic tensors in place of known ones, and walk what it did."""
        fresh: dict[int, Any] = {}

        def replaced(value: Any) -> Any:
            if not isinstance(value, keras.KerasTensor):
                return value
            if id(value) not in fresh:
                fresh[id(value)] = keras.Input(batch_shape=value.shape, dtype=value.dtype)
            return fresh[id(value)]

        args, kwargs = keras.tree.map_structure(replaced, arguments)
        parameters = _parameters(function)
        if "training" in parameters and kwargs.get("training") is not True:
            kwargs["training"] = None  # a default of False is replaced by the caller's mode when Keras runs it
        for name_of_keras in ("mask", "training"):  # which a `Lambda` hands on only to a function that takes them
            if parameters and name_of_keras not in parameters:
                kwargs.pop(name_of_keras, None)
        self._alive.append(fresh)
        try:
            result = function(*args, **kwargs)
        except Exception as error:
            raise TraceError(f"`{name}` cannot be followed symbolically: {error}"[:500]) from None
        outputs = keras.tree.flatten(result)
        if not outputs or not all(isinstance(t, keras.KerasTensor) for t in outputs):
            raise TraceError(f"`{name}` does not return a tensor when it is called symbolically")
        self._alive.append(outputs)
        inside = {id(tensor): known[original] for original, tensor in fresh.items()}
        return [self._tensor(t, inside) for t in outputs]

    def _tensor(self, tensor: Any, known: dict[int, int], graph_training: tuple[bool | None] | None = None) -> int:
        """Node number of a symbolic tensor, tracing back as far as needed (deep models: no recursion).

        Inside a functional model `graph_training` holds the mode in which it is called: Keras itself writes False
        into its nodes, so that only True is a student's word.
        """
        stack = [tensor]
        while stack:
            top = stack[-1]
            if id(top) in known:
                stack.pop()
                continue
            operation, index, _ = top._keras_history
            if operation is None:
                raise TraceError("the output does not depend on the input images alone")
            node = operation._inbound_nodes[index]
            self._operations[id(operation)] = operation
            if node.is_input:
                raise TraceError(f"`{operation.name}` is a second input")
            missing = [t for t in node.input_tensors if id(t) not in known]
            if missing:
                stack.extend(missing)
                continue
            training = _training_argument(operation, node)
            if graph_training is not None:
                training = graph_training[0] if graph_training[0] is not None else training or None
            outputs = self._operation(operation, node, known, training)
            for output, number in zip(node.outputs, outputs, strict=True):
                known[id(output)] = number
        return known[id(tensor)]

    def _operation(self, operation: Any, node: Any, known: dict[int, int], training: bool | None) -> list[int]:
        shape, sources = node.outputs[0].shape, [known[id(t)] for t in node.input_tensors]
        is_layer = isinstance(operation, keras.layers.Layer)
        if is_layer:
            graph = _functional(operation)
            if graph is not None:
                return self.inner_graph(graph, sources, training)
            described = _describe_layer(operation)
            if described is not None:
                kind, config = described
                return [self.emit(kind, operation.name, sources, shape, config, operation, training)]
            function = _function_inside(operation)
            if function is not None:
                arguments = (node.arguments.args, node.arguments.kwargs)
                nodes, variables = len(self.nodes), dict(self.variables)
                try:
                    return self.called(function, arguments, known, operation.name)
                except TraceError:
                    del self.nodes[nodes:]
                    self.variables = variables
                    if operation.weights:
                        raise
        else:
            described = _describe_function(operation, node)
            if described is not None:
                kind, config = described
                return [self.emit(kind, operation.name, sources, shape, config, None)]
            if any(isinstance(a, keras.Variable) for a in keras.tree.flatten(vars(node.arguments))):
                raise TraceError(f"`{operation.name}` uses weights that belong to no layer of its own")
        recognized = _recognize(operation, node) if len(sources) == 1 else None
        if recognized is None and not is_layer and len(sources) == 1 and shape == node.input_tensors[0].shape:
            recognized = "Activation", {"function": f"own function {operation.name}"[:80]}
        kind, config = recognized or (type(operation).__name__, {})
        owner = operation if is_layer else None
        return [
            self.emit(kind, operation.name, sources, output.shape, config, owner, training) for output in node.outputs
        ]


def _function_inside(layer: Any) -> Callable[..., Any] | None:
    """What a layer of the student's own, or a `Lambda`, calls."""
    if isinstance(layer, keras.layers.Lambda):
        return functools.partial(layer.function, **(layer.arguments or {}))
    if type(layer).__module__.startswith("keras."):
        return None
    function: Callable[..., Any] = layer.call
    return function


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # some built-in functions have none
        return {}


def _training_argument(operation: Any, node: Any) -> bool | None:
    """The mode that a call was given; None where it follows that of the model."""
    value = node.arguments.kwargs.get("training")
    if value is None and len(node.arguments.args) > 1 and isinstance(node.arguments.args[1], bool):
        value = node.arguments.args[1]
    if value is False and isinstance(operation, keras.layers.Layer):
        default = _parameters(operation.call).get("training")
        if default is not None and default.default is False:  # Keras writes the default down as if it were given
            return None
    return value if isinstance(value, bool) else None


def _pair(value: Any) -> list[int]:
    return [int(value)] * 2 if isinstance(value, int) else [int(v) for v in value]


def _describe_layer(layer: Any) -> tuple[str, dict[str, Any]] | None:
    """Kind and config of a layer that Keras itself defines; None for what has to be looked into."""
    layers = keras.layers
    base: Any = next((c for c in type(layer).__mro__ if c.__module__.startswith("keras.")), None)
    if base is None or type(layer).call is not base.call:
        return None
    if getattr(layer, "data_format", None) == "channels_first":
        return f"{base.__name__} (channels first)", {}
    plain_kinds = (layers.Add, layers.Multiply, layers.Subtract, layers.Flatten, layers.Identity)
    if isinstance(layer, layers.Conv2D):
        config = {
            "filters": int(layer.filters),
            "kernel_size": _pair(layer.kernel_size),
            "strides": _pair(layer.strides),
            "padding": str(layer.padding),
            "dilation": _pair(layer.dilation_rate),
            "groups": int(layer.groups),
            "use_bias": bool(layer.use_bias),
        }
        return base.__name__, config | _activation(layer.activation)
    if isinstance(layer, layers.Conv2DTranspose | layers.SeparableConv2D | layers.DepthwiseConv2D):
        config = {"kernel_size": _pair(layer.kernel_size), "strides": _pair(layer.strides)}
        config |= {"padding": str(layer.padding), "filters": int(getattr(layer, "filters", None) or 0)}
        return base.__name__, config | _activation(layer.activation)
    if isinstance(layer, layers.Dense):
        return "Dense", {"units": int(layer.units), "use_bias": bool(layer.use_bias)} | _activation(layer.activation)
    if isinstance(layer, layers.Activation):
        return "Activation", _function_config(_activation(layer.activation))
    if isinstance(layer, layers.ReLU):
        return "Activation", _function_config(_activation(layer))
    if isinstance(layer, layers.Softmax):
        last = layer.axis in (-1, (-1,), [-1])
        return "Activation", {"function": "softmax" if last else f"softmax over axis {layer.axis}"}
    if isinstance(layer, layers.LeakyReLU):
        return "Activation", {"function": "leaky_relu", "negative_slope": float(layer.negative_slope)}
    if isinstance(layer, layers.PReLU):
        return "Activation", {"function": "prelu"}
    if isinstance(layer, layers.ELU):
        return "Activation", _function_config(_activation(layer))
    if isinstance(layer, layers.MaxPooling2D | layers.AveragePooling2D):
        kind = "MaxPooling2D" if isinstance(layer, layers.MaxPooling2D) else "AveragePooling2D"
        config = {"pool_size": _pair(layer.pool_size), "strides": _pair(layer.strides)}
        return kind, config | {"padding": str(layer.padding)}
    if isinstance(layer, layers.GlobalAveragePooling2D | layers.GlobalMaxPooling2D):
        return base.__name__, {"keepdims": bool(layer.keepdims)}
    if isinstance(layer, layers.BatchNormalization):
        return "BatchNormalization", {
            "axis": int(layer.axis),
            "epsilon": float(layer.epsilon),
            "momentum": float(layer.momentum),
            "center": bool(layer.center),
            "scale": bool(layer.scale),
        }
    if isinstance(layer, layers.Concatenate):
        return "Concatenate", {"axis": int(layer.axis)}
    if isinstance(layer, layers.Reshape):
        return "Reshape", {"target_shape": [int(n) for n in layer.target_shape]}
    if isinstance(layer, layers.ZeroPadding2D):
        return "ZeroPadding2D", {"padding": [[int(n) for n in side] for side in layer.padding]}
    if isinstance(layer, layers.Rescaling):
        numbers = {"scale": layer.scale, "offset": layer.offset}
        return "Rescaling", {key: np.asarray(value, float).tolist() for key, value in numbers.items()}
    if isinstance(layer, layers.Dropout | layers.SpatialDropout2D):
        return base.__name__, {"rate": float(layer.rate)}
    if isinstance(layer, plain_kinds):
        return base.__name__, {}
    if base.__name__ in ("Layer", "Lambda", "Model", "Functional", "Sequential", "Normalization"):
        return None
    return base.__name__, {}


def _describe_function(operation: Any, node: Any) -> tuple[str, dict[str, Any]] | None:
    """Kind and config of a function called on symbolic tensors."""
    if type(operation).__name__ in ("Add", "Multiply", "Subtract") and len(node.input_tensors) == 2:
        return type(operation).__name__, {}
    if type(operation).__name__ == "Concatenate":
        return "Concatenate", {"axis": int(getattr(operation, "axis", -1))}
    return None


def _activation(function: Any) -> dict[str, Any]:
    """{"activation": name, ...} of a function, by what it does at some points."""
    name, slope = _name_of(function)
    return {"activation": name} | ({"negative_slope": slope} if slope is not None else {})


def _function_config(config: dict[str, Any]) -> dict[str, Any]:
    """The same for an Activation node, whose key is "function"."""
    return {"function": config.pop("activation")} | config


def _name_of(function: Any) -> tuple[str, float | None]:
    if function is None:
        return "linear", None
    label = getattr(function, "__name__", type(function).__name__)
    unknown = f"own function {label}"[:80], None
    try:
        got = np.asarray(function(keras.ops.convert_to_tensor(_POINTS[None], dtype="float32")))
    except Exception:
        return unknown
    return (_elementwise(_POINTS[None], got) if got.shape == (1, *_POINTS.shape) else None) or unknown


def _elementwise(x: np.ndarray, got: np.ndarray) -> tuple[str, float | None] | None:
    """The name of an activation that makes `got` of `x` (same shape), and its slope if it is a leaky ReLU."""
    for name, wanted in _activations(x).items():
        if np.allclose(got, wanted, atol=1e-4):
            return name, None
    low = x.argmin()
    slope = float(got.flat[low] / x.flat[low])
    if 0 < slope < 1 and np.allclose(got, np.where(x > 0, x, slope * x), atol=1e-4):
        return "leaky_relu", round(slope, 6)
    return None


def _activations(x: np.ndarray) -> dict[str, np.ndarray]:
    exponential = np.exp(x - x.max(-1, keepdims=True))
    sigmoid = 1 / (1 + np.exp(-x))
    return {
        "relu": np.maximum(x, 0),
        "softmax": exponential / exponential.sum(-1, keepdims=True),
        "linear": x,
        "relu6": np.clip(x, 0, 6),
        "sigmoid": sigmoid,
        "tanh": np.tanh(x),
        "gelu": x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2,
        "gelu (approximate)": x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2,
        "elu": np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        "silu": x * sigmoid,
        "softplus": np.log1p(np.exp(x)),
    }


def _recognize(operation: Any, node: Any) -> tuple[str, dict[str, Any]] | None:
    """What an unknown function without weights does, found by trying it on numbers."""
    source, output = node.input_tensors[0].shape[1:], node.outputs[0].shape[1:]
    if None in source or None in output or len(node.outputs) != 1:
        return None
    x = np.random.default_rng(0).uniform(-9, 9, (2, *source)).astype("float32")
    value = keras.ops.convert_to_tensor(x)
    args, kwargs = node.arguments.fill_in({id(node.input_tensors[0]): value})
    try:
        got = np.asarray(operation(*args, **kwargs)).astype("float32")
    except Exception:
        return None
    if got.shape != (2, *output):
        return None
    if output == (math.prod(source),) and np.allclose(got, x.reshape(2, -1)):
        return "Flatten", {}
    if output == source:
        named = _elementwise(x, got)
        if named is not None:
            slope = {} if named[1] is None else {"negative_slope": named[1]}
            return "Activation", {"function": named[0]} | slope
        return _rescaling(x, got)
    if len(source) == len(output) == 3 and source[2] == output[2] and source[0] % output[0] == 0:
        return _pooling(x, got)
    return None


def _rescaling(x: np.ndarray, got: np.ndarray) -> tuple[str, dict[str, Any]] | None:
    """Scale and offset of a map that is affine, with one scale and offset a channel."""
    axes = tuple(range(x.ndim - 1))
    scale = (got.max(axes) - got.min(axes)) / (x.max(axes) - x.min(axes))
    for sign in (1, -1):
        offset = got.mean(axes) - sign * scale * x.mean(axes)
        if np.allclose(got, sign * scale * x + offset, atol=1e-4 * float(np.abs(got).max()), rtol=0):
            return "Rescaling", {"scale": (sign * scale).tolist(), "offset": offset.tolist()}
    return None


def _pooling(x: np.ndarray, got: np.ndarray) -> tuple[str, dict[str, Any]] | None:
    """Size of a pooling of square windows that do not overlap."""
    (n, rows, columns, channels), size = x.shape, x.shape[1] // got.shape[1]
    if (rows, columns) != (size * got.shape[1], size * got.shape[2]):
        return None
    tiles = x.reshape(n, rows // size, size, columns // size, size, channels)
    config = {"pool_size": [size] * 2, "strides": [size] * 2, "padding": "valid"}
    for kind, wanted in (("MaxPooling2D", tiles.max((2, 4))), ("AveragePooling2D", tiles.mean((2, 4)))):
        if np.allclose(got, wanted, atol=1e-4):
            return kind, config
    return None
