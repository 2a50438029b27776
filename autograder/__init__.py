"""The grader of the practical: sandboxed execution, hidden checks, gradebook."""

from autograder.hidden import check

__all__ = ["check"]
