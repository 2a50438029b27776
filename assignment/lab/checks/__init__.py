"""Public checks: what `grader.check("q4")` tells a student. Shapes, types, and the first mistake named."""

from lab.checks import architecture, data, robustness, training, visualization
from lab.checks._registry import registry

__all__ = ["architecture", "data", "registry", "robustness", "training", "visualization"]
