"""Questions 4, 5, 13, 14 and bonus: models as graphs, and how they are compiled."""

from typing import Any

import keras
import numpy as np

from lab import settings
from lab.model_spec import TraceError, trace
from lab.observe import Plain, kind_of, plain
from lab.probes import Observation, inputs
from lab.student import Student, classifies, quiet


def probe_builder(student: Student, builder: str) -> Observation:
    """Call a builder and describe its model: graph, and outputs under weights drawn from the seed."""
    answer = student.call(builder)
    if answer.error is not None:
        return {"error": dict(answer.error)}
    model = answer.value
    if not isinstance(model, keras.Model):
        return {"error": None, "is_model": False, "returned": kind_of(plain(model, 1))}
    seen: dict[str, Plain] = {"error": None, "is_model": True}
    try:
        with quiet():
            output = model(keras.Input(settings.IMAGE_SHAPE))
        seen["output_shape"] = [None if n is None else int(n) for n in output.shape]
    except Exception as error:
        return seen | {"output_shape": None, "call_error": f"{type(error).__name__}: {error}"[:500]}
    seen["compiled"] = bool(model.compiled)
    spec, variables, reason = spec_of(model)
    seen |= {"spec": spec, "untraced": reason}
    x = inputs.model_images(student.seed, builder)
    with WeightsDrawn(model, variables, student.seed):
        for name, training in (("inference", False), ("training", True)):
            with quiet():
                seen[name] = plain(np.asarray(model(x, training=training), dtype=np.float32))
            _reset_statistics(model, variables, student.seed)
    return seen


def spec_of(model: Any) -> tuple[Plain, dict[str, Any], str | None]:
    """Spec and variables of a built model, or why it cannot be traced and its variables in order."""
    try:
        spec, variables = trace(model)
        return spec, variables, None
    except TraceError as error:
        named = {f"{i}/{v.name}": v for i, v in enumerate(model.weights) if "seed" not in v.name}
        shapes = {key: [int(n) for n in v.shape] for key, v in named.items()}
        return {"nodes": None, "weights": plain(shapes)}, named, str(error)


class WeightsDrawn:
    """A model with weights drawn from the seed; its own come back at the end."""

    def __init__(self, model: Any, variables: dict[str, Any], seed: int) -> None:
        self._model, self._variables, self._seed = model, variables, seed

    def __enter__(self) -> None:
        self._before = self._model.get_weights()
        draw_weights(self._variables, self._seed)

    def __exit__(self, *exception: object) -> None:
        self._model.set_weights(self._before)


def draw_weights(variables: dict[str, Any], seed: int) -> None:
    """Give every variable the weights that the judge will draw again."""
    for key, variable in variables.items():
        variable.assign(inputs.weight(seed, key, variable.name, tuple(variable.shape)))


def _reset_statistics(model: Any, variables: dict[str, Any], seed: int) -> None:
    """Undo what a call in training mode did to moving averages."""
    draw_weights({k: v for k, v in variables.items() if v.name.startswith("moving")}, seed)


def probe_compilation(student: Student) -> Observation:
    """`compile_model`: the optimizer, and what loss and metrics make of known predictions."""
    data = student.data("compile", 3 * inputs.PREDICTED_ROWS, inputs.PREDICTED_ROWS)
    model, own = student.model()
    answer = student.call("compile_model", model)
    if answer.error is not None:
        return {"error": dict(answer.error)}
    returned = answer.value
    compiled = returned if isinstance(returned, keras.Model) else model
    seen: dict[str, Plain] = {
        "error": None,
        "own_model": own,
        "returned": "a model" if isinstance(returned, keras.Model) else kind_of(plain(returned, 1)),
        "compiled": bool(compiled.compiled),
        "classifies": classifies(compiled),
    }
    if not compiled.compiled:
        return seen
    one_hot = np.ndim(data.y_test) == 2 and np.shape(data.y_test)[1] == settings.N_CLASSES
    x = data.x_test[: inputs.PREDICTED_ROWS]
    with quiet():
        outputs = np.asarray(compiled(x, training=False))
    probabilities = bool(np.allclose(outputs.sum(axis=1), 1, atol=1e-3) and (outputs >= 0).all())
    seen |= {
        "optimizer": _describe_optimizer(compiled.optimizer),
        "loss": _describe_loss(compiled.loss),
        "one_hot": one_hot,
        "probabilities": probabilities,
        "labels": data.labels[1],
        "calls": [_judged_predictions(compiled, data.y_test, student.seed, i, probabilities) for i in (0, 1)],
    }
    return seen


def _judged_predictions(model: Any, y: Any, seed: int, number: int, probabilities: bool) -> dict[str, Plain]:
    y_pred = keras.ops.convert_to_tensor(inputs.predictions(seed, number, probabilities))
    labels = keras.ops.convert_to_tensor(np.asarray(y))
    result: dict[str, Plain] = {"loss": None, "metrics": {}, "loss_error": None, "metrics_error": None}
    with quiet():
        try:
            loss = model.compute_loss(x=None, y=labels, y_pred=y_pred, training=False)
            result["loss"] = float(np.asarray(loss))
        except Exception as error:
            result["loss_error"] = f"{type(error).__name__}: {error}"[:500]
        try:
            model.reset_metrics()
            values = model.compute_metrics(x=None, y=labels, y_pred=y_pred)
            result["metrics"] = {str(k)[:100]: plain(np.asarray(v)) for k, v in dict(values).items()}
        except Exception as error:
            result["metrics_error"] = f"{type(error).__name__}: {error}"[:500]
        model.reset_metrics()
    return result


def _describe_optimizer(optimizer: Any) -> dict[str, Plain]:
    inner = getattr(optimizer, "inner_optimizer", None)  # of a LossScaleOptimizer
    optimizer = optimizer if inner is None else inner
    rates: list[Plain] = []
    schedule = getattr(optimizer, "_learning_rate", None)
    steps = -(-int(settings.N_TRAIN * (1 - settings.VALIDATION_SPLIT)) // settings.BATCH_SIZE) * settings.EPOCHS
    for step in (0, steps // 2, steps):
        rate = schedule(step) if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule) else None
        rates.append(float(np.asarray(optimizer.learning_rate if rate is None else rate)))
    known = type(optimizer).__module__.startswith("keras.src.optimizers.")
    return {
        "class": type(optimizer).__name__[:100],
        "is_adam": known and type(optimizer) is keras.optimizers.Adam,
        "extends_adam": isinstance(optimizer, keras.optimizers.Adam),
        "learning_rates": rates,
    }


def _describe_loss(loss: Any) -> dict[str, Plain]:
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    options = getattr(loss, "_fn_kwargs", None) or {}
    return {
        "name": str(name)[:100],
        "from_logits": bool(options.get("from_logits", getattr(loss, "from_logits", False))),
        "label_smoothing": float(options.get("label_smoothing", 0) or 0),
    }
