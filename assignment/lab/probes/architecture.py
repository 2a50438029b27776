"""Questions 4, 5, 13, 14 and bonus: models as graphs, and how they are compiled."""

import inspect
import re
import sys
from typing import Any

import keras
import numpy as np

from lab import settings
from lab.model_spec import TraceError, is_regularized, is_weight, trace
from lab.observe import Plain, kind_of, plain
from lab.probes import Observation, inputs
from lab.student import Data, Student, quiet

_PREDICTIONS = 4  # made-up predictions on which loss and metrics are tried
_REPEATS = 11  # further calls in training mode: one coin tossed a batch goes unseen once in 2**_REPEATS times


def probe_builder(student: Student, builder: str) -> Observation:
    """Call a builder and describe its model: graph, and outputs under weights drawn from the seed."""
    answer = student.call(builder)
    if answer.error is not None:
        return {"error": dict(answer.error)}
    model = answer.value
    if not isinstance(model, keras.Model):
        return {"error": None, "is_model": False, "returned": _what_is(model)}
    seen: dict[str, Plain] = {"error": None, "is_model": True}
    try:
        with quiet():
            outputs = keras.tree.flatten(model(keras.Input(settings.IMAGE_SHAPE), training=False))
    except Exception as error:
        spec, _, reason = spec_of(model)
        structure = {"spec": spec, "untraced": reason} if spec["nodes"] else {}
        return seen | structure | {"output_shape": None, "call_error": _text(error)}
    seen["n_outputs"] = len(outputs)
    seen["output_shape"] = [None if n is None else int(n) for n in outputs[0].shape]
    seen["precision"] = precision_of(model)
    spec, variables, reason = spec_of(model)
    seen |= {"spec": spec, "untraced": reason}
    x = inputs.model_images(student.seed, builder)
    with WeightsDrawn(model, variables, student.seed):
        try:
            with quiet():
                seen["inference"] = plain(_outputs(model, x, training=False))
                _reset_statistics(model, variables, student.seed)
                seen["training"] = plain(first := _outputs(model, x, training=True))
                repeats = 0 if _is_keras_own(model) else _REPEATS
                again = (_outputs(model, x, training=True) for _ in range(repeats))
                seen["random_in_training"] = any(not np.allclose(first, o, atol=1e-3) for o in again)
        except Exception as error:  # of the student's own `call`
            seen |= {"output_shape": None, "call_error": _text(error)}
    return seen


def _outputs(model: Any, x: np.ndarray, training: bool) -> np.ndarray:
    return np.asarray(keras.tree.flatten(model(x, training=training))[0]).astype(np.float32)


def _is_keras_own(model: Any) -> bool:
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


def _what_is(value: Any) -> str:
    """What was returned instead of a model, in words."""
    if isinstance(value, type):
        return f"the class `{value.__name__}` itself, not a model made from it"
    try:
        return kind_of(plain(value, 1))
    except Exception:  # of the value's own methods
        return f"an object of type {type(value).__name__}"[:200]


def _text(error: Exception) -> str:
    """Kind and message of an error, less what Keras and TensorFlow add for their own developers."""
    message = re.sub(r"\{\{function_node.*?\}\} | \[Op:\w+\].*|\x1b\[[0-9;]*m", "", str(error))
    message = message.split("\n\nArguments received by")[0]
    return f"{type(error).__name__}: {message}"[:500]


def precision_of(model: Any) -> str:
    """The coarsest number format that a layer computes in."""
    formats = {str(layer.compute_dtype) for layer in model._flatten_layers()}
    return next((name for name in ("bfloat16", "float16") if name in formats), "float32")


def spec_of(model: Any) -> tuple[dict[str, Plain], dict[str, Any], str | None]:
    """Spec and variables of a built model; or why it cannot be traced, and its variables in order of use."""
    try:
        spec, variables = trace(model)
        return spec, variables, None
    except Exception as error:  # TraceError, or whatever an unusual layer raises when it is looked at
        reason = (str(error) if isinstance(error, TraceError) else _text(error)).split("\n")[0]
    named = {f"{i}/{v.name}": v for i, v in enumerate(_weights_in_order(model))}
    layers = list(model._flatten_layers())
    spec = {
        "nodes": None,
        "weights": plain({key: [int(n) for n in v.shape] for key, v in named.items()}),
        "trainable": all(bool(layer.trainable) for layer in layers),
        "regularized": any(is_regularized(layer) for layer in layers),
    }
    return spec, named, reason


def _weights_in_order(model: Any) -> list[Any]:
    """The model's weights, in the order in which its layers are called (lists of layers may hold them otherwise)."""
    called: list[Any] = []
    original = keras.layers.Layer.__call__

    def call(layer: Any, *args: Any, **options: Any) -> Any:
        called.append(layer)
        return original(layer, *args, **options)

    keras.layers.Layer.__call__ = call
    try:
        with quiet():
            model(np.zeros((1, *settings.IMAGE_SHAPE), np.float32), training=False)
    except Exception:  # images of another size: the order of definition has to do
        called.clear()
    finally:
        keras.layers.Layer.__call__ = original
    leaves = [layer for layer in called if not list(layer._flatten_layers(include_self=False))]
    ordered = {id(v): v for layer in (*leaves, model) for v in layer.weights if is_weight(v)}
    return list(ordered.values())


class WeightsDrawn:
    """A model with weights drawn from the seed; its own come back at the end."""

    def __init__(self, model: Any, variables: dict[str, Any], seed: int) -> None:
        self._model, self._variables, self._seed = model, variables, seed

    def __enter__(self) -> None:
        # Also of layers that Keras does not track, and of counters, which are no weights.
        everything = {id(v): v for v in (*self._model.weights, *self._variables.values())}
        self._before = [(v, np.asarray(v).copy()) for v in everything.values()]
        draw_weights(self._variables, self._seed)

    def __exit__(self, *exception: object) -> None:
        for variable, value in self._before:
            variable.assign(value)


def draw_weights(variables: dict[str, Any], seed: int) -> None:
    """Give every variable the weights that the judge will draw again."""
    for key, variable in variables.items():
        variable.assign(inputs.weight(seed, key, variable.name, tuple(variable.shape)))


def _reset_statistics(model: Any, variables: dict[str, Any], seed: int) -> None:
    """Undo what a call in training mode did to moving averages."""
    draw_weights({k: v for k, v in variables.items() if v.name.startswith("moving")}, seed)


def probe_compilation(student: Student) -> Observation:
    """`compile_model`: the optimizer, and what loss and metrics make of known predictions.

    Where the student's own labels (question 3) or outputs (question 4) are not known or are odd, both forms are tried:
    what is wrong with them is judged there.
    """
    data = student.data("compile", 3 * inputs.PREDICTED_ROWS, inputs.PREDICTED_ROWS)
    model, own = student.model()
    answer = student.call("compile_model", model)
    if answer.error is not None:
        return {"error": dict(answer.error)}
    compiled = answer.value if isinstance(answer.value, keras.Model) else model
    seen: dict[str, Plain] = {
        "error": None,
        "returned": "a model" if isinstance(answer.value, keras.Model) else _what_is(answer.value),
        "compiled": bool(compiled.compiled),
    }
    if not compiled.compiled:
        return seen
    one_hot = _is_one_hot(data.y_test)
    probabilities = _gives_probabilities(compiled, data.x_test) if own else None
    seen |= {
        "takes_any_model": _takes_any_model(student),
        "optimizer": _describe_optimizer(compiled.optimizer),
        "loss": _describe_loss(compiled.loss),
        "labels": data.labels[1],
        "label_shape": [int(n) for n in np.shape(data.y_test)],
        "trials": [
            _trial(student, data, form, outputs)
            for form in ([one_hot] if data.own_labels else [False, True])
            for outputs in ([True, False] if probabilities is None else [probabilities])
        ],
    }
    return seen


def _is_one_hot(y: np.ndarray) -> bool:
    return y.ndim == 2 and y.shape[1] == settings.N_CLASSES


def _gives_probabilities(model: Any, x: Any) -> bool | None:
    """True: rows of probabilities. False: raw scores. None: neither (sigmoid, ReLU, an error)."""
    try:
        with quiet():
            outputs = np.asarray(model(x, training=False)).astype(np.float32)
    except Exception:
        return None
    if np.allclose(outputs.sum(axis=1), 1, atol=1e-2) and (outputs >= 0).all():
        return True
    return False if (outputs < 0).any() else None


def _takes_any_model(student: Student) -> bool | None:
    """Whether `compile_model` compiles its argument, and not a model of its own; None where that cannot be told."""
    layers = keras.layers
    other = keras.Sequential(
        [keras.Input(settings.IMAGE_SHAPE), layers.Flatten(), layers.Dense(settings.N_CLASSES, "softmax")]
    )
    answer = student.call("compile_model", other)
    if answer.error is not None:
        return None
    result = answer.value if isinstance(answer.value, keras.Model) else other
    same = result is other or [v.shape for v in result.weights] == [v.shape for v in other.weights]
    return bool(same and result.compiled)


def _trial(student: Student, data: Data, one_hot: bool, probabilities: bool) -> Plain:
    """Loss and metrics of a freshly compiled model for labels and outputs of one form, several predictions."""
    model, _ = student.model()
    answer = student.call("compile_model", model)
    model = answer.value if isinstance(answer.value, keras.Model) else model
    y = data.y_test
    smoothed = one_hot and not np.isin(y, (0, 1)).all()  # a fault of question 3, not of the loss
    if one_hot != _is_one_hot(y) or smoothed:
        y = np.eye(settings.N_CLASSES, dtype="float32")[data.labels[1]] if one_hot else data.labels[1][:, None]
    return {
        "one_hot": one_hot,
        "probabilities": probabilities,
        "calls": [_judged_predictions(model, y, student.seed, i, probabilities) for i in range(_PREDICTIONS)],
    }


def _judged_predictions(model: Any, y: Any, seed: int, number: int, probabilities: bool) -> Plain:
    y_pred = keras.ops.convert_to_tensor(inputs.predictions(seed, number, probabilities))
    labels = keras.ops.convert_to_tensor(np.asarray(y))
    result: dict[str, Plain] = {"loss": None, "metrics": {}, "loss_error": None, "metrics_error": None}
    with quiet():
        try:
            loss = float(np.asarray(model.compute_loss(x=None, y=labels, y_pred=y_pred, training=False)))
            result |= {"loss": loss} if np.isfinite(loss) else {"loss_error": f"it is {loss}"}
        except Exception as error:
            result["loss_error"] = _text(error)
        try:
            model.reset_metrics()
            values = model.compute_metrics(x=None, y=labels, y_pred=y_pred)
            result["metrics"] = {str(k)[:100]: plain(np.asarray(v)) for k, v in dict(values).items()}
        except Exception as error:
            result["metrics_error"] = _text(error)
        model.reset_metrics()
    return result


def _describe_optimizer(optimizer: Any) -> dict[str, Plain]:
    inner = getattr(optimizer, "inner_optimizer", None)  # of a LossScaleOptimizer
    optimizer = optimizer if inner is None else inner
    rates: list[Plain] = []
    schedule: Any = getattr(optimizer, "_learning_rate", None)
    is_schedule = isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule)
    steps = -(-int(settings.N_TRAIN * (1 - settings.VALIDATION_SPLIT)) // settings.BATCH_SIZE) * settings.EPOCHS
    try:
        with quiet():
            for step in np.linspace(0, steps - 1, 5).astype(int) if is_schedule else [0]:
                rate = schedule(int(step)) if is_schedule else optimizer.learning_rate
                rates.append([int(step), float(np.asarray(rate))])
    except Exception as error:  # of a schedule of the student's own
        rates.append(_text(error))
    known = type(optimizer).__module__.startswith("keras.src.optimizers.")
    return {
        "class": type(optimizer).__name__[:100],
        "is_adam": known and type(optimizer) is keras.optimizers.Adam,
        "weight_decay": bool(getattr(optimizer, "weight_decay", None)),
        "is_schedule": is_schedule,
        "learning_rates": rates,
    }


def _describe_loss(loss: Any) -> dict[str, Plain]:
    while isinstance(loss, list | tuple | dict) and len(loss) == 1:
        loss = next(iter(loss.values() if isinstance(loss, dict) else loss))
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    options = getattr(loss, "_fn_kwargs", None) or {}
    return {
        "name": str(name)[:100],
        "from_logits": bool(options.get("from_logits", getattr(loss, "from_logits", False))),
        "label_smoothing": float(options.get("label_smoothing", 0) or 0),
    }
