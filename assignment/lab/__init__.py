"""The support package of the practical, handed out with the notebook. It holds no answer."""

from lab.checks import registry
from lab.questions import QUESTIONS
from lab.run_record.publish import publish
from lab.student import TinyVggStudent
from labkit.checking import Checking
from labkit.kept_runs import keep_runs
from labkit.packing import pack

check = Checking(QUESTIONS, registry, TinyVggStudent)

__all__ = ["check", "keep_runs", "pack", "publish"]
