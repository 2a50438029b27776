"""Probes: functions that look at live objects of a student's kernel and return observations.

One module for each theme; `observe(question, student)` runs the probe of one question.
"""

from collections.abc import Callable
from typing import Any

from labkit.plain_data import Plain

Observation = dict[str, Plain]


def observe(question: str, student: Any) -> Observation:
    """The observation of one question; {"needs": reason} where an earlier answer is missing.

    Raises:
        KeyError: there is no such question.
    """
    from labkit.student import NeedsEarlier

    try:
        return _probes()[question](student)
    except NeedsEarlier as reason:
        return {"needs": str(reason)}


def _probes() -> dict[str, Callable[[Any], Observation]]:
    from lab.probes import architecture, data, robustness, training, visualization

    return {
        "q1": data.probe_loading,
        "q2": data.probe_examples,
        "q3": data.probe_preprocessing,
        "q4": lambda student: architecture.probe_builder(student, "build_tiny_vgg"),
        "q5": architecture.probe_compilation,
        "q6": training.probe_training,
        "q7": training.probe_evaluation,
        "q8": training.probe_curves,
        "q9": robustness.probe_experiment,
        "q10": visualization.probe_feature_maps,
        "q11": visualization.probe_kernels,
        "q12": visualization.probe_resnet50_filters,
        "q13": lambda student: architecture.probe_builder(student, "build_tiny_vgg_bn"),
        "q14": lambda student: architecture.probe_builder(student, "build_tiny_vgg_3blocks"),
        "bonus": lambda student: architecture.probe_builder(student, "build_tiny_resnet"),
    }
