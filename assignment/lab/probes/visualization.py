"""Questions 10 to 12: feature maps, kernels, and the filters of ResNet50."""

from typing import Any

from lab.observe import Plain
from lab.probes import Observation, inputs
from lab.probes.architecture import WeightsDrawn, spec_of
from lab.student import NeedsEarlier, Student


def probe_feature_maps(student: Student) -> Observation:
    """`feature_maps` on models with weights drawn from the seed; `plot_feature_maps` on made-up maps."""
    calls: list[Plain] = []
    for number, model in enumerate(_models(student)):
        spec, variables, reason = spec_of(model)
        with WeightsDrawn(model, variables, student.seed):
            answer = student.call("feature_maps", model, inputs.feature_image(student.seed, number))
            value = answer.plain()
        calls.append(value | {"spec": spec, "untraced": reason})
    plot = student.call_plot("plot_feature_maps", inputs.made_up_maps(student.seed), inputs.FILTER_INDEX)
    return {"calls": calls, "plot": plot}


def _models(student: Student) -> list[Any]:
    """The student's own model, twice, and the neutral one where there is one."""
    try:
        own = [student.model()[0], student.model()[0]]
    except NeedsEarlier:
        if not student.neutral:
            raise
        own = []
    return own + ([student.neutral["build"]()] if student.neutral else [])


def probe_kernels(student: Student) -> Observation:
    """`first_layer_kernels` on models with weights drawn from the seed; its plot on made-up kernels."""
    calls: list[Plain] = []
    for model in _models(student)[1:]:
        spec, variables, reason = spec_of(model)
        with WeightsDrawn(model, variables, student.seed):
            calls.append(student.call("first_layer_kernels", model).plain() | {"spec": spec, "untraced": reason})
    plot = student.call_plot("plot_first_layer_kernels", inputs.made_up_kernels(student.seed))
    return {"calls": calls, "plot": plot}


def probe_resnet50_filters(student: Student) -> Observation:
    """`resnet50_filters`, and its plot on made-up filters."""
    answer = student.call("resnet50_filters").plain()
    return {
        "filters": answer,
        "plot": student.call_plot("plot_resnet50_filters", inputs.made_up_filters(student.seed)),
    }
