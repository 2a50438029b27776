"""What is handed out with the practical on digits. It holds no answer."""

from lab.checks import registry
from lab.questions import QUESTIONS
from labkit.checking import Checking

check = Checking(QUESTIONS, registry)

__all__ = ["check"]
