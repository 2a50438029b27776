"""Hidden checks: what decides the marks. They see observations only; no student code runs beside them."""

from lab import checks as public
from lab.judging import Check, Registry

registry = Registry(hidden=True)

from autograder.checks import (  # noqa: E402
    architecture,
    data,
    residual,
    robustness,
    training,
    visualization,
)

__all__ = [
    "all_checks",
    "architecture",
    "data",
    "registry",
    "residual",
    "robustness",
    "training",
    "visualization",
]


def all_checks() -> list[Check]:
    """Public and hidden checks, question by question, public ones first."""
    from lab import settings

    every = [*public.registry.checks.values(), *registry.checks.values()]
    return [check for question in settings.POINTS for check in every if check.question == question]
