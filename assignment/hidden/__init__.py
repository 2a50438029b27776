"""Hidden checks: what decides the marks. They see observations only; no student code runs beside them."""

from lab import settings
from lab.questions import QUESTIONS
from labkit.judging import Registry

registry = Registry(QUESTIONS.points, hidden=True, texts=vars(settings))

from assignment.hidden import (  # noqa: E402
    architecture,
    data,
    residual,
    robustness,
    training,
    visualization,
)

__all__ = ["architecture", "data", "registry", "residual", "robustness", "training", "visualization"]
