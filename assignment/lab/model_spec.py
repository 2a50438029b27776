"""Describe any traceable Keras model as a plain graph, however it was written.

`trace(model)` gives a spec (JSON data) and the variables that it names; nothing in a spec is code. Sequential,
functional, nested and subclassed models, own layers, `Lambda`, functions called on tensors (`keras.ops.relu(x)`,
`x + y`) all come out as the same kinds of nodes.

A spec is `{"nodes": [...], "outputs": [ids]}`, nodes in topological order:

| key | value |
|---|---|
| id, name, kind | number, layer name, e.g. "Conv2D", "Activation", "Add", or the class name of what is unknown |
| inputs | ids of the nodes that feed it |
| shape | output shape without the batch axis |
| config | plain settings of that kind (the keys of Keras' own arguments) |
| layer | number of the layer object; equal numbers share weights; null for functions |
| is_layer | whether it is a layer of its own in the model, rather than a function |
| training | the `training` argument of that call: true, false or null |
| trainable, regularized | booleans |
| weights, weight_shapes | names and shapes of its weights, whose keys are f"{layer}/{name}" |
"""

import math
from collections.abc import Callable, Iterable
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
        TraceError: a function in the model cannot be followed symbolically, or it has several inputs.
    """
    tracer = _Tracer()
    with _NodesRestored(model):
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
            outputs = tracer.called(model.call, [start], model.name)
    return {"nodes": tracer.nodes, "outputs": outputs}, tracer.variables


class _NodesRestored:
    """Undo what symbolic calls add to layers, else `layer.output` becomes ambiguous for the student."""

    def __init__(self, model: Any) -> None:
        self._layers = list(model._flatten_layers())

    def __enter__(self) -> None:
        self._before = [(len(y._inbound_nodes), len(y._outbound_nodes)) for y in self._layers]

    def __exit__(self, *exception: object) -> None:
        for layer, (inbound, outbound) in zip(self._layers, self._before, strict=True):
            del layer._inbound_nodes[inbound:]
            del layer._outbound_nodes[outbound:]


def _functional(layer: Any) -> Any | None:
    """The graph inside a functional or sequential model, if it has one and runs just that."""
    if isinstance(layer, keras.Sequential):
        return layer._functional if type(layer).call is keras.Sequential.call else None
    functional = type(keras.Model(inputs=(i := keras.Input((1,))), outputs=i))
    if isinstance(layer, functional) and type(layer).call is functional.call:
        return layer
    return None


class _Tracer:
    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.variables: Variables = {}
        self._layer_numbers: dict[int, int] = {}
        self._alive: list[Any] = []  # ids are only unique among living objects

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
            for variable in layer.weights:
                if "seed" in variable.name:
                    continue
                weights.append(variable.name)
                shapes.append([int(n) for n in variable.shape])
                self.variables[f"{number}/{variable.name}"] = variable
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
                "regularized": _is_regularized(layer),
                "weights": weights,
                "weight_shapes": shapes,
            }
        )
        return len(self.nodes) - 1

    def inner_graph(self, graph: Any, inputs: list[int]) -> list[int]:
        """Walk a functional model's own nodes, without calling its layers again."""
        known = {id(t): number for t, number in zip(graph.inputs, inputs, strict=True)}
        # Inside such a graph only an explicit `training=True` binds; Keras itself writes False there.
        return [self._tensor(t, known, only_true=True) for t in keras.tree.flatten(graph.outputs)]

    def called(self, function: Callable[..., Any], inputs: list[int], name: str) -> list[int]:
        """Call a function on fresh symbolic tensors and walk what it did."""
        tensors = [keras.Input(self.nodes[i]["shape"]) for i in inputs]
        self._alive.append(tensors)
        try:
            result = function(*tensors)
        except Exception as error:
            raise TraceError(f"`{name}` cannot be followed symbolically: {error}"[:500]) from None
        outputs = keras.tree.flatten(result)
        if not outputs or not all(isinstance(t, keras.KerasTensor) for t in outputs):
            raise TraceError(f"`{name}` does not return a tensor when it is called symbolically")
        self._alive.append(outputs)
        known = {id(t): number for t, number in zip(tensors, inputs, strict=True)}
        return [self._tensor(t, known) for t in outputs]

    def _tensor(self, tensor: Any, known: dict[int, int], only_true: bool = False) -> int:
        """Node number of a symbolic tensor, tracing back as far as needed (deep models: no recursion)."""
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
            if node.is_input:
                raise TraceError(f"`{operation.name}` is a second input")
            missing = [t for t in node.input_tensors if id(t) not in known]
            if missing:
                stack.extend(missing)
                continue
            sources = [known[id(t)] for t in node.input_tensors]
            training = _training_argument(node)
            if only_true and training is False:
                training = None
            outputs = self._operation(operation, node, sources, training)
            for output, number in zip(node.outputs, outputs, strict=True):
                known[id(output)] = number
        return known[id(tensor)]

    def _operation(self, operation: Any, node: Any, sources: list[int], training: bool | None) -> list[int]:
        shape = node.outputs[0].shape
        is_layer = isinstance(operation, keras.layers.Layer)
        if is_layer:
            graph = _functional(operation)
            if graph is not None:
                if training is not None:
                    raise TraceError(f"`{operation.name}` is called with training={training}")
                return self.inner_graph(graph, sources)
            described = _describe_layer(operation)
            if described is not None:
                kind, config = described
                return [self.emit(kind, operation.name, sources, shape, config, operation, training)]
            if isinstance(operation, keras.layers.Lambda) or not type(operation).__module__.startswith("keras."):
                function = operation.function if isinstance(operation, keras.layers.Lambda) else operation.call
                nodes, variables = len(self.nodes), dict(self.variables)
                try:
                    return self.called(function, sources, operation.name)
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
        recognized = _recognize(operation, node) if len(sources) == 1 else None
        kind, config = recognized or (type(operation).__name__, {})
        owner = operation if is_layer else None
        return [
            self.emit(kind, operation.name, sources, output.shape, config, owner, training) for output in node.outputs
        ]


def _training_argument(node: Any) -> bool | None:
    value = node.arguments.kwargs.get("training")
    if value is None and len(node.arguments.args) > 1 and isinstance(node.arguments.args[1], bool):
        value = node.arguments.args[1]
    return value if isinstance(value, bool) else None


def _is_regularized(layer: Any | None) -> bool:
    names = ("kernel_regularizer", "bias_regularizer", "activity_regularizer", "beta_regularizer")
    names += ("gamma_regularizer", "kernel_constraint", "bias_constraint")
    return any(getattr(layer, name, None) is not None for name in names)


def _pair(value: Any) -> list[int]:
    return [int(value)] * 2 if isinstance(value, int) else [int(v) for v in value]


def _describe_layer(layer: Any) -> tuple[str, dict[str, Any]] | None:
    """Kind and config of a layer that Keras itself defines; None for what has to be looked into."""
    layers = keras.layers
    base = next((c for c in type(layer).__mro__ if c.__module__.startswith("keras.")), None)
    if base is None or type(layer).call is not base.call:
        return None
    if getattr(layer, "data_format", None) == "channels_first":
        return f"{base.__name__} (channels first)", {}
    plain_kinds = (layers.Add, layers.Multiply, layers.Subtract, layers.Flatten, layers.Identity)
    if isinstance(layer, layers.Conv2D) and not isinstance(layer, layers.Conv2DTranspose):
        config = {
            "filters": int(layer.filters),
            "kernel_size": _pair(layer.kernel_size),
            "strides": _pair(layer.strides),
            "padding": str(layer.padding),
            "dilation": _pair(layer.dilation_rate),
            "groups": int(layer.groups),
            "use_bias": bool(layer.use_bias),
        }
        kind = "Conv2D" if base.__name__ == "Conv2D" else base.__name__
        return kind, config | _activation(layer.activation)
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
    if isinstance(layer, layers.Lambda) or base.__name__ in ("Layer", "Model", "Functional", "Sequential"):
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
    try:
        got = np.asarray(function(keras.ops.convert_to_tensor(_POINTS[None], dtype="float32")))[0]
    except Exception:
        return f"own function {label}"[:80], None
    if got.shape != _POINTS.shape:
        return f"own function {label}"[:80], None
    slope = float(got[2] / _POINTS[2])
    leaky = np.where(_POINTS > 0, _POINTS, slope * _POINTS)
    for name, wanted in _activations().items():
        if np.allclose(got, wanted, atol=1e-4):
            return name, None
    if 0 < slope < 1 and np.allclose(got, leaky, atol=1e-4):
        return "leaky_relu", slope
    return f"own function {label}"[:80], None


def _activations() -> dict[str, np.ndarray]:
    x = _POINTS
    exponential = np.exp(x - x.max())
    sigmoid = 1 / (1 + np.exp(-x))
    return {
        "relu": np.maximum(x, 0),
        "softmax": exponential / exponential.sum(),
        "linear": x,
        "relu6": np.clip(x, 0, 6),
        "sigmoid": sigmoid,
        "tanh": np.tanh(x),
        "gelu": x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2,
        "elu": np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        "silu": x * sigmoid,
        "softplus": np.log1p(np.exp(x)),
    }


def _recognize(operation: Any, node: Any) -> tuple[str, dict[str, Any]] | None:
    """What an unknown function without weights does, found by trying it on numbers."""
    source, output = node.input_tensors[0].shape[1:], node.outputs[0].shape[1:]
    if None in source or None in output or len(node.outputs) != 1:
        return None

    def run(x: np.ndarray) -> np.ndarray | None:
        value = keras.ops.convert_to_tensor(x, dtype="float32")
        fill = {id(node.input_tensors[0]): value}
        arguments = keras.tree.map_structure(lambda t: fill.get(id(t), t), (node.arguments.args, node.arguments.kwargs))
        try:
            return np.asarray(operation(*arguments[0], **arguments[1]))
        except Exception:
            return None

    x = np.random.default_rng(0).uniform(-9, 9, (2, *source)).astype("float32")
    got = run(x)
    if got is None or got.shape != (2, *output):
        return None
    if len(output) == 1 and np.allclose(got, x.reshape(2, -1)):
        return "Flatten", {}
    if output == source:
        candidates = {
            "relu": np.maximum(x, 0),
            "linear": x,
            "relu6": np.clip(x, 0, 6),
            "softmax": np.exp(x - x.max(-1, keepdims=True)),
        }
        candidates["softmax"] = candidates["softmax"] / candidates["softmax"].sum(-1, keepdims=True)
        for name, wanted in candidates.items():
            if np.allclose(got, wanted, atol=1e-4):
                return "Activation", {"function": name}
        return None
    if len(source) == len(output) == 3 and source[2] == output[2] and source[0] % output[0] == 0:
        size = source[0] // output[0]
        if source[1] != size * output[1]:
            return None
        tiles = x.reshape(2, output[0], size, output[1], size, source[2])
        config = {"pool_size": [size] * 2, "strides": [size] * 2, "padding": "valid"}
        if np.allclose(got, tiles.max((2, 4)), atol=1e-4):
            return "MaxPooling2D", config
        if np.allclose(got, tiles.mean((2, 4)), atol=1e-4):
            return "AveragePooling2D", config
    return None
