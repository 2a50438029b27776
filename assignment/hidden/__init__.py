"""Hidden checks: what decides the marks. They see observations only; no student code runs beside them."""

from lab import checks as public
from lab import settings
from labkit.judging import Check, Registry

registry = Registry(settings.POINTS, hidden=True, texts=vars(settings))

from assignment.hidden import architecture, data, residual, robustness, training, visualization  # noqa: E402

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
    """Public and hidden checks, question by question, public ones first.

    Raises:
        ValueError: a public and a hidden check have the same name.
    """
    both = public.registry.checks.keys() & registry.checks.keys()
    if both:
        raise ValueError(f"both a public and a hidden check are named {', '.join(sorted(both))}")
    every = [*public.registry.checks.values(), *registry.checks.values()]
    return [check for question in settings.POINTS for check in every if check.question == question]
