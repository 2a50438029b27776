"""Questions 10 to 12: feature maps, kernels, and the filters of ResNet50."""

from collections.abc import Callable
from typing import Any

import numpy as np

from lab.probes import inputs
from lab.student import TinyVggStudent
from labkit.plain_data import Plain
from labkit.questions import Observation
from labkit.student import NeedsEarlier, Raised, Tensor, Value


def probe_feature_maps(student: TinyVggStudent) -> Observation:
    """`feature_maps` on models with weights drawn from the seed; `plot_feature_maps` on made-up maps."""
    calls, own = _calls(student, "feature_maps", lambda number: [inputs.feature_image(student.seed, number)])
    maps = inputs.made_up_maps(student.seed)
    form = _form_of_maps(student, own, inputs.feature_image(student.seed, 0))
    given = [maps, form(maps)] if form else [maps]
    return {"calls": calls, "plots": [student.call_plot("plot_feature_maps", m, inputs.FILTER_INDEX) for m in given]}


def probe_kernels(student: TinyVggStudent) -> Observation:
    """`first_layer_kernels` on models with weights drawn from the seed; its plot on made-up kernels."""
    calls, own = _calls(student, "first_layer_kernels", lambda _: [])
    plots = _plots(student, "plot_first_layer_kernels", inputs.made_up_kernels, own, in_keras=(2, 3, 0, 1))
    return {"calls": calls, "plots": plots}


def _calls(
    student: TinyVggStudent, function: str, arguments: Callable[[int], list[Any]]
) -> tuple[list[Plain], Value | None]:
    """A function called on several models, each with other weights: what came of it, the model's spec and number
    format, and "usual", whether it is a model of the student's own that right answers of any kind can handle. Also the
    live value of the first call."""
    calls: list[Plain] = []
    first = None
    for number, (model, own) in enumerate(_models(student)):
        described = student.spec(model)
        with student.weights_drawn(model, described, student.seed + number):
            answer = student.call(function, model, *arguments(number))
            value = student.told(answer)
        first = answer.value if number == 0 else first
        about = {key: described[key] for key in ("spec", "untraced", "precision")}
        calls.append(value | about | {"number": number, "usual": own and _is_usual(described)})
    return calls, first


def _plots(
    student: TinyVggStudent,
    function: str,
    made_up: Callable[[int], np.ndarray],
    own: Value | None,
    in_keras: tuple[int, ...],
) -> list[Plain]:
    """A plot of a made-up array; also of one that is a tensor, or has its axes in the order in which Keras has them,
    where the student's own is so.

    Args:
        in_keras: that order, as axes of the made-up array.
    """
    array = made_up(student.seed)
    given = array
    shape = () if own is None or own.shape is None else own.shape
    if shape != array.shape and shape == tuple(array.shape[axis] for axis in in_keras):
        given = array.transpose(in_keras)
    is_tensor = own is not None and own.kind == "tensor"
    forms: list[Any] = [given, Tensor(given)] if is_tensor else [given]
    return [student.call_plot(function, form) for form in (forms if given is array else [array, *forms])]


def _form_of_maps(
    student: TinyVggStudent, own: Value | None, image: np.ndarray
) -> Callable[[dict[str, np.ndarray]], dict[str, Any]] | None:
    """How to give made-up maps the form of the student's own: tensors, with a batch axis, channels first, after the
    image itself; None where these are plain."""
    if own is None or own.kind != "dict":
        return None
    try:
        items = {name: Value.of(item) for name, item in student.ask("items", value=own).items()}
        (name, first), *others = items.items()
        last = others[-1][1] if others else first
        tensors, batched = last.kind == "tensor", len(last.shape or ()) == 4
        turned = bool(others) and all(inputs.has_channels_first(item.shape or ()) for _, item in others)
        begins_with_image = int(np.prod(first.shape or ())) == image.size and bool(
            np.allclose(np.ravel(student.ask("array", value=first)), image.ravel())
        )
    except (Raised, TypeError, ValueError):  # they hold no values
        return None
    if not (tensors or batched or begins_with_image or turned):
        return None

    def form(maps: dict[str, np.ndarray]) -> dict[str, Any]:
        maps = {key: np.moveaxis(array, -1, 0) for key, array in maps.items()} if turned else maps
        given = {name: image} | maps if begins_with_image else maps
        given = {key: array[None] if batched else array for key, array in given.items()}
        return {key: Tensor(array) if tensors else array for key, array in given.items()}

    return form


def _models(student: TinyVggStudent) -> list[tuple[Value, bool]]:
    """Models, and whether they are the student's own: these twice, then the neutral one where there is one."""
    models: list[tuple[Value, bool]] = []
    try:
        models = [student.model(), student.model()]
    except NeedsEarlier:
        if not student.stand_ins:
            raise
    return models + ([student.model(is_own=False)] if student.stand_ins else [])


def _is_usual(described: dict[str, Any]) -> bool:
    """Whether a model has inputs, and convolutions among layers of which each is at hand and used once."""
    nodes = described["spec"].get("nodes") or []
    used = [node["name"] for node in nodes if node["is_layer"]]
    at_hand = len(set(used)) == len(used) and set(used) <= set(described["layers"])
    return at_hand and any(node["kind"] == "Conv2D" for node in nodes) and bool(described["has_inputs"])


def probe_resnet50_filters(student: TinyVggStudent) -> Observation:
    """`resnet50_filters`, and its plot on made-up filters."""
    answer = student.call("resnet50_filters")
    return {
        "filters": student.told(answer),
        "plots": _plots(student, "plot_resnet50_filters", inputs.made_up_filters, answer.value, in_keras=(1, 2, 3, 0)),
    }
