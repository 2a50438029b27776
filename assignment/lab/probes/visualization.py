"""Questions 10 to 12: feature maps, kernels, and the filters of ResNet50."""

from collections.abc import Callable
from typing import Any

from lab.observe import Plain
from lab.probes import Observation, inputs
from lab.probes.architecture import WeightsDrawn, spec_of
from lab.student import NeedsEarlier, Student


def probe_feature_maps(student: Student) -> Observation:
    """`feature_maps` on models with weights drawn from the seed; `plot_feature_maps` on made-up maps."""
    calls = _calls(student, "feature_maps", lambda number: [inputs.feature_image(student.seed, number)])
    plot = student.call_plot("plot_feature_maps", inputs.made_up_maps(student.seed), inputs.FILTER_INDEX)
    return {"calls": calls, "plot": plot}


def probe_kernels(student: Student) -> Observation:
    """`first_layer_kernels` on models with weights drawn from the seed; its plot on made-up kernels."""
    calls = _calls(student, "first_layer_kernels", lambda _: [])
    plot = student.call_plot("plot_first_layer_kernels", inputs.made_up_kernels(student.seed))
    return {"calls": calls, "plot": plot}


def _calls(student: Student, function: str, arguments: Callable[[int], list[Any]]) -> list[Plain]:
    """A function called on several models, each with other weights: what came of it, the model's spec, and "usual",
    whether it is a model of the student's own that right answers of any kind can handle."""
    calls: list[Plain] = []
    for number, (model, own) in enumerate(_models(student)):
        spec, variables, reason = spec_of(model)
        with WeightsDrawn(model, variables, student.seed + number):
            value = student.call(function, model, *arguments(number)).plain()
        usual = own and _is_usual(model, spec)
        calls.append(value | {"spec": spec, "untraced": reason, "number": number, "usual": usual})
    return calls


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
    answer = student.call("resnet50_filters").plain()
    return {
        "filters": answer,
        "plot": student.call_plot("plot_resnet50_filters", inputs.made_up_filters(student.seed)),
    }
