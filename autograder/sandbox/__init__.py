"""Run a submission in a process of its own and bring back observations: plain data."""

from autograder.sandbox.machine import MachineError
from autograder.sandbox.runner import DEFAULT_LIMITS, Execution, Limits, execute

__all__ = ["DEFAULT_LIMITS", "Execution", "Limits", "MachineError", "execute"]
