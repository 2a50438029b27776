"""Public checks: what `grader.check("q4")` tells a student. Shapes, types, and the first mistake named."""

from lab import settings
from lab.questions import QUESTIONS
from labkit.judging import Registry

registry = Registry(QUESTIONS.points, hidden=False, texts=vars(settings))

from lab.checks import architecture, data, robustness, training, visualization  # noqa: E402

__all__ = ["architecture", "data", "registry", "robustness", "training", "visualization"]
