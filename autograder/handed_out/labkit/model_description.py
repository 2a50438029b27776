"""Keras models as plain data: their graph, their number format, and what they are compiled with."""

import inspect
import sys
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from labkit.model_spec import TraceError, is_regularized, is_weight, trace
from labkit.plain_data import Plain, plain, text_of
from labkit.quiet import quiet


def precision_of(model: Any) -> str:
    """The coarsest number format that a layer computes in."""
    formats = {str(layer.compute_dtype) for layer in model._flatten_layers()}
    return next((name for name in ("bfloat16", "float16") if name in formats), "float32")


def spec_of(model: Any, shape: tuple[int, ...]) -> tuple[dict[str, Plain], dict[str, Any], str | None]:
    """Spec and variables of a built model; or why it cannot be traced, and its variables in order of use."""
    try:
        spec, variables = trace(model)
        return spec, variables, None
    except Exception as error:  # TraceError, or whatever an unusual layer raises when it is looked at
        reason = (str(error) if isinstance(error, TraceError) else text_of(error)).split("\n")[0]
    named = {f"{i}/{v.name}": v for i, v in enumerate(_weights_in_order(model, shape))}
    layers = list(model._flatten_layers())
    spec = {
        "nodes": None,
        "weights": plain({key: [int(n) for n in v.shape] for key, v in named.items()}),
        "trainable": all(bool(layer.trainable) for layer in layers),
        "regularized": any(is_regularized(layer) for layer in layers),
    }
    return spec, named, reason


def _weights_in_order(model: Any, shape: tuple[int, ...]) -> list[Any]:
    """The model's weights, in the order in which its layers are called (lists of layers may hold them otherwise)."""
    called: list[Any] = []
    original = keras.layers.Layer.__call__

    def call(layer: Any, *args: Any, **options: Any) -> Any:
        called.append(layer)
        return original(layer, *args, **options)

    keras.layers.Layer.__call__ = call
    try:
        with quiet():
            model(np.zeros((1, *shape), np.float32), training=False)
    except Exception:  # images of another size: the order of definition has to do
        called.clear()
    finally:
        keras.layers.Layer.__call__ = original
    leaves = [layer for layer in called if not list(layer._flatten_layers(include_self=False))]
    ordered = {id(v): v for layer in (*leaves, model) for v in layer.weights if is_weight(v)}
    return list(ordered.values())


def is_keras_own(model: Any) -> bool:
    """Whether it is a graph of Keras' own layers and functions, none of which draws random numbers."""
    layers = list(model._flatten_layers())
    parts = [*layers, *(operation for layer in layers for operation in getattr(layer, "operations", ()))]
    activations = [a for layer in layers if (a := getattr(layer, "activation", None)) is not None]
    makers = [*map(type, parts), *(a if inspect.isfunction(a) else type(a) for a in activations)]
    changed = any({"call", "convolution_op"} & vars(part).keys() for part in parts)
    calls_own = any(isinstance(layer, keras.layers.Lambda) for layer in layers)
    draws = any("seed" in variable.name for variable in model.variables)
    return all(map(_is_of_keras, makers)) and not (changed or calls_own or draws)


def _is_of_keras(maker: Any) -> bool:
    """Whether a class or function is the one that a module of Keras has under its name."""
    module = sys.modules.get(str(maker.__module__)) if str(maker.__module__).startswith("keras.src.") else None
    return getattr(module, str(maker.__name__), None) is maker


def describe_optimizer(optimizer: Any, steps: Sequence[int]) -> dict[str, Plain]:
    inner = getattr(optimizer, "inner_optimizer", None)  # of a LossScaleOptimizer
    optimizer = optimizer if inner is None else inner
    rates: list[Plain] = []
    schedule: Any = getattr(optimizer, "_learning_rate", None)
    is_schedule = isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule)
    try:
        with quiet():
            for step in steps if is_schedule else [0]:
                rate = schedule(int(step)) if is_schedule else optimizer.learning_rate
                rates.append([int(step), float(np.asarray(rate))])
    except Exception as error:  # of a schedule of the student's own
        rates.append(text_of(error))
    known = type(optimizer).__module__.startswith("keras.src.optimizers.")
    return {
        "class": type(optimizer).__name__[:100],
        "is_adam": known and type(optimizer) is keras.optimizers.Adam,
        "weight_decay": bool(getattr(optimizer, "weight_decay", None)),
        "is_schedule": is_schedule,
        "learning_rates": rates,
    }


def describe_loss(loss: Any) -> dict[str, Plain]:
    while isinstance(loss, list | tuple | dict) and len(loss) == 1:
        loss = next(iter(loss.values() if isinstance(loss, dict) else loss))
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    options = getattr(loss, "_fn_kwargs", None) or {}
    return {
        "name": str(name)[:100],
        "from_logits": bool(options.get("from_logits", getattr(loss, "from_logits", False))),
        "label_smoothing": float(options.get("label_smoothing", 0) or 0),
    }
