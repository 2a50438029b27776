"""Questions 4, 5, 13, 14 and bonus: models as graphs, and how they are compiled."""

import numpy as np

from lab import settings
from lab.probes import inputs
from lab.student import Data, TinyVggStudent, drawn_weights
from labkit.plain_data import Plain
from labkit.questions import Observation
from labkit.student import Raised, Value

_PREDICTIONS = 4  # made-up predictions on which loss and metrics are tried
_REPEATS = 11  # further calls in training mode: one coin tossed a batch goes unseen once in 2**_REPEATS times
_LAST_STEP = -(-int(settings.N_TRAIN * (1 - settings.VALIDATION_SPLIT)) // settings.BATCH_SIZE) * settings.EPOCHS - 1
_STEPS = [int(step) for step in np.linspace(0, _LAST_STEP, 5)]  # at which a schedule of learning rates is looked at


def probe_builder(student: TinyVggStudent, builder: str) -> Observation:
    """Call a builder and describe its model: graph, and outputs under weights drawn from the seed."""
    answer = student.call(builder)
    if answer.value is None:
        return {"error": answer.error and dict(answer.error)}
    model = answer.value
    if model.kind != "model":
        return {"error": None, "is_model": False, "returned": student.what_is(model)}
    seen: dict[str, Plain] = {"error": None, "is_model": True}
    try:
        shapes = student.ask("output_shapes", model=model, shape=list(settings.IMAGE_SHAPE), training=False)
    except Raised as error:
        about = student.spec(model)
        structure = {"spec": about["spec"], "untraced": about["untraced"]} if about["spec"]["nodes"] else {}
        return seen | structure | {"output_shape": None, "call_error": str(error)}
    seen |= {"n_outputs": len(shapes), "output_shape": shapes[0]}
    about = student.spec(model)
    seen |= {key: about[key] for key in ("precision", "spec", "untraced")}
    x = student.value("hold", value=inputs.model_images(student.seed, builder))
    with student.weights_drawn(model, about, student.seed):
        try:
            seen["inference"] = student.ask("outputs", model=model, x=x, training=False)
            moving = drawn_weights(about, student.seed, only="moving")  # undoes what a call in training mode does
            student.ask("assign", variables=Value.of(about["variables"]), values=moving)
            seen["training"] = first = student.ask("outputs", model=model, x=x, training=True)
            repeats = 0 if student.ask("is_keras_own", model=model) else _REPEATS
            again = (student.ask("outputs", model=model, x=x, training=True) for _ in range(repeats))
            seen["random_in_training"] = any(not np.allclose(first, outputs, atol=1e-3) for outputs in again)
        except Raised as error:  # by the student's own `call`
            seen |= {"output_shape": None, "call_error": str(error)}
    return seen


def probe_compilation(student: TinyVggStudent) -> Observation:
    """`compile_model`: the optimizer, and what loss and metrics make of known predictions.

    Where the student's own labels (question 3) or outputs (question 4) are not known or are odd, both forms are tried:
    what is wrong with them is judged there.
    """
    data = student.data("compile", 3 * inputs.PREDICTED_ROWS, inputs.PREDICTED_ROWS)
    model, own = student.model()
    answer = student.call("compile_model", model)
    if answer.value is None:
        return {"error": answer.error and dict(answer.error)}
    is_model = answer.value.kind == "model"
    model = answer.value if is_model else model
    compiled = student.ask("compiled", model=model, steps=_STEPS)
    seen: dict[str, Plain] = {
        "error": None,
        "returned": "a model" if is_model else student.what_is(answer.value),
        "compiled": compiled is not None,
    }
    if compiled is None:
        return seen
    one_hot = _is_one_hot(data.y_test)
    probabilities = _gives_probabilities(student, model, data.x_test) if own else None
    return seen | {
        "takes_any_model": _takes_any_model(student),
        **compiled,
        "labels": data.labels[1],
        "label_shape": [int(n) for n in np.shape(data.y_test)],
        "trials": [
            _trial(student, data, form, outputs)
            for form in ([one_hot] if data.own_labels else [False, True])
            for outputs in ([True, False] if probabilities is None else [probabilities])
        ],
    }


def _is_one_hot(y: np.ndarray) -> bool:
    return y.ndim == 2 and y.shape[1] == settings.N_CLASSES


def _gives_probabilities(student: TinyVggStudent, model: Value, x: np.ndarray) -> bool | None:
    """True: rows of probabilities. False: raw scores. None: neither (sigmoid, ReLU, an error)."""
    try:
        outputs = student.ask("outputs", model=model, x=x, training=False)
    except Raised:
        return None
    if np.allclose(outputs.sum(axis=1), 1, atol=1e-2) and (outputs >= 0).all():
        return True
    return False if (outputs < 0).any() else None


def _takes_any_model(student: TinyVggStudent) -> bool | None:
    """Whether `compile_model` compiles its argument, and not a model of its own; None where that cannot be told."""
    other = student.value("flat_model", shape=list(settings.IMAGE_SHAPE), n_classes=settings.N_CLASSES)
    answer = student.call("compile_model", other)
    if answer.value is None:
        return None
    result = answer.value if answer.value.kind == "model" else other
    same = result.handle == other.handle or student.shapes_of(result) == student.shapes_of(other)
    return bool(same and student.ask("compiled", model=result, steps=[0]) is not None)


def _trial(student: TinyVggStudent, data: Data, one_hot: bool, probabilities: bool) -> Plain:
    """Loss and metrics of a freshly compiled model for labels and outputs of one form, several predictions."""
    model, _ = student.model()
    answer = student.call("compile_model", model)
    model = answer.value if answer.value is not None and answer.value.kind == "model" else model
    y = data.y_test
    smoothed = one_hot and not np.isin(y, (0, 1)).all()  # a fault of question 3, not of the loss
    if one_hot != _is_one_hot(y) or smoothed:
        y = np.eye(settings.N_CLASSES, dtype="float32")[data.labels[1]] if one_hot else data.labels[1][:, None]
    given = [inputs.predictions(student.seed, number, probabilities) for number in range(_PREDICTIONS)]
    return {
        "one_hot": one_hot,
        "probabilities": probabilities,
        "calls": [student.ask("judge_predictions", model=model, y=y, y_pred=y_pred) for y_pred in given],
    }
