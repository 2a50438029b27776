"""Public checks: what `grader.check("q4")` tells a student. Shapes, types, and the first mistake named."""

from lab.judging import Registry

registry = Registry(hidden=False)

from lab.checks import architecture, data, robustness, training, visualization  # noqa: E402

__all__ = ["architecture", "data", "registry", "robustness", "training", "visualization"]
