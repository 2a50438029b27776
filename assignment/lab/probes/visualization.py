"""Questions 10 to 12: feature maps, kernels, and the filters of ResNet50."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from lab.observe import Plain
from lab.probes import Observation, inputs
from lab.probes.architecture import WeightsDrawn, precision_of, spec_of
from lab.student import NeedsEarlier, Student


def probe_feature_maps(student: Student) -> Observation:
    """`feature_maps` on models with weights drawn from the seed; `plot_feature_maps` on made-up maps."""
    calls, own = _calls(student, "feature_maps", lambda number: [inputs.feature_image(student.seed, number)])
    maps = inputs.made_up_maps(student.seed)
    form = _form_of_maps(own, inputs.feature_image(student.seed, 0))
    given = [maps, form(maps)] if form else [maps]
    return {"calls": calls, "plots": [student.call_plot("plot_feature_maps", m, inputs.FILTER_INDEX) for m in given]}


def probe_kernels(student: Student) -> Observation:
    """`first_layer_kernels` on models with weights drawn from the seed; its plot on made-up kernels."""
    calls, own = _calls(student, "first_layer_kernels", lambda _: [])
    plots = _plots(student, "plot_first_layer_kernels", inputs.made_up_kernels, own, in_keras=(2, 3, 0, 1))
    return {"calls": calls, "plots": plots}


def _calls(student: Student, function: str, arguments: Callable[[int], list[Any]]) -> tuple[list[Plain], Any]:
    """A function called on several models, each with other weights: what came of it, the model's spec and number
    format, and "usual", whether it is a model of the student's own that right answers of any kind can handle. Also the
    live value of the first call."""
    calls: list[Plain] = []
    first = None
    for number, (model, own) in enumerate(_models(student)):
        spec, variables, reason = spec_of(model)
        with WeightsDrawn(model, variables, student.seed + number):
            answer = student.call(function, model, *arguments(number))
            value = answer.plain()
        first = answer.value if number == 0 else first
        about = {"spec": spec, "untraced": reason, "precision": precision_of(model)}
        calls.append(value | about | {"number": number, "usual": own and _is_usual(model, spec)})
    return calls, first


def _plots(
    student: Student, function: str, made_up: Callable[[int], np.ndarray], own: Any, in_keras: tuple[int, ...]
) -> list[Plain]:
    """A plot of a made-up array; also of one that is a tensor, or has its axes in the order in which Keras has them,
    where the student's own is so.

    Args:
        in_keras: that order, as axes of the made-up array.
    """
    array = made_up(student.seed)
    given = array
    shape = tuple(getattr(own, "shape", ()))
    if shape != array.shape and shape == tuple(array.shape[axis] for axis in in_keras):
        given = array.transpose(in_keras)
    forms = [given, keras.ops.convert_to_tensor(given)] if _is_tensor(own) else [given]
    return [student.call_plot(function, form) for form in (forms if given is array else [array, *forms])]


def _is_tensor(value: Any) -> bool:
    return not isinstance(value, np.ndarray) and hasattr(value, "numpy")


def _form_of_maps(own: Any, image: np.ndarray) -> Callable[[dict[str, Any]], dict[str, Any]] | None:
    """How to give made-up maps the form of the student's own: tensors, with a batch axis, channels first, after the
    image itself; None where these are plain."""
    if not isinstance(own, dict) or not own:
        return None
    (name, first), last = next(iter(own.items())), next(reversed(own.values()))
    try:
        tensors, batched = _is_tensor(last), np.ndim(last) == 4
        turned = len(own) > 1 and all(inputs.has_channels_first(np.shape(array)) for array in list(own.values())[1:])
        begins_with_image = np.size(first) == image.size and bool(np.allclose(np.ravel(first), image.ravel()))
    except Exception:  # they hold no values
        return None
    if not (tensors or batched or begins_with_image or turned):
        return None

    def form(maps: dict[str, Any]) -> dict[str, Any]:
        maps = {key: np.moveaxis(array, -1, 0) for key, array in maps.items()} if turned else maps
        given = {name: image} | maps if begins_with_image else maps
        given = {key: array[None] if batched else array for key, array in given.items()}
        return {key: keras.ops.convert_to_tensor(array) if tensors else array for key, array in given.items()}

    return form


def _models(student: Student) -> list[tuple[Any, bool]]:
    """Models, and whether they are the student's own: these twice, then the neutral one where there is one."""
    models: list[tuple[Any, bool]] = []
    try:
        models = [student.model(), student.model()]
    except NeedsEarlier:
        if not student.neutral:
            raise
    return models + ([(student.neutral["build"](), False)] if student.neutral else [])


def _is_usual(model: Any, spec: Any) -> bool:
    """Whether a model has inputs, and convolutions among layers of which each is at hand and used once."""
    nodes = spec.get("nodes") or []
    used = [node["name"] for node in nodes if node["is_layer"]]
    at_hand = len(set(used)) == len(used) and set(used) <= {layer.name for layer in model.layers}
    return at_hand and any(node["kind"] == "Conv2D" for node in nodes) and bool(getattr(model, "inputs", None))


def probe_resnet50_filters(student: Student) -> Observation:
    """`resnet50_filters`, and its plot on made-up filters."""
    answer = student.call("resnet50_filters")
    return {
        "filters": answer.plain(),
        "plots": _plots(student, "plot_resnet50_filters", inputs.made_up_filters, answer.value, in_keras=(1, 2, 3, 0)),
    }
