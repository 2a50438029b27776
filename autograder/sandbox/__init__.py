"""Run a submission in a process of its own and bring back observations: plain data."""

from autograder.sandbox.host import MachineError
from autograder.sandbox.one_pass import DEFAULT_LIMITS, Execution, Limits
from autograder.sandbox.provisioner import ForkServer, open_fork_server
from autograder.sandbox.runner import execute
from autograder.sandbox.scratch import environment

__all__ = [
    "DEFAULT_LIMITS",
    "Execution",
    "ForkServer",
    "Limits",
    "MachineError",
    "environment",
    "execute",
    "open_fork_server",
]
