"""Every question of the practical, once: a row each.

A lecturer who wants other marks changes the number here; handout, marking scheme, pages and files follow.
docs/change-the-practical.md leads through what else can be changed.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from lab.probes import architecture, data, robustness, training, visualization
from lab.student import TinyVggStudent
from labkit.questions import Observation, Question, Questions


def _builds(builder: str) -> Callable[[TinyVggStudent], Observation]:
    return partial(architecture.probe_builder, builder=builder)


QUESTIONS: Final = Questions(
    Question("q1", 5, data.probe_loading),
    Question("q2", 5, data.probe_examples),
    Question("q3", 8, data.probe_preprocessing, leaned_on="preprocess"),
    Question("q4", 12, _builds("build_tiny_vgg"), leaned_on="build_tiny_vgg", has_fallback=True),
    Question("q5", 6, architecture.probe_compilation, leaned_on="compile_model", has_fallback=True),
    Question("q6", 8, training.probe_training, leaned_on="train", has_fallback=True),
    Question("q7", 5, training.probe_evaluation, leaned_on="evaluate", has_fallback=True),
    Question("q8", 6, training.probe_curves),
    Question("q9", 12, robustness.probe_experiment, variant="tiny_vgg", is_slow=True),
    Question("q10", 8, visualization.probe_feature_maps),
    Question("q11", 5, visualization.probe_kernels),
    Question("q12", 6, visualization.probe_resnet50_filters),
    Question("q13", 7, _builds("build_tiny_vgg_bn"), variant="tiny_vgg_bn"),
    Question("q14", 7, _builds("build_tiny_vgg_3blocks"), variant="tiny_vgg_3blocks"),
    Question("bonus", 10, _builds("build_tiny_resnet"), variant="tiny_resnet", is_bonus=True),
)
