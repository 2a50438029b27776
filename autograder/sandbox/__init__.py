"""Run a submission in a process of its own and bring back observations: plain data."""

from autograder.sandbox.host import MachineError
from autograder.sandbox.provisioner import Nursery, open_nursery
from autograder.sandbox.runner import DEFAULT_LIMITS, Execution, Limits, environment, execute

__all__ = ["DEFAULT_LIMITS", "Execution", "Limits", "MachineError", "Nursery", "environment", "execute", "open_nursery"]
