"""Hidden checks: what decides the marks. They see observations only; no student code runs beside them."""

from assignment.hidden import architecture, data, residual, robustness, training, visualization
from assignment.hidden._registry import registry

__all__ = ["architecture", "data", "registry", "residual", "robustness", "training", "visualization"]
