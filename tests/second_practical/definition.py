"""The practical on digits, as the engine gets it."""

from pathlib import Path
from typing import Final

from autograder.assignment import Assignment
from lab import settings
from lab.checks import registry as public
from lab.questions import QUESTIONS
from labkit.judging import Registry


def _checks() -> tuple[Registry, Registry]:
    from second_practical.hidden import registry as hidden

    return public, hidden


ASSIGNMENT: Final = Assignment(
    name="digits",
    title="Handwritten digits",
    folder=Path(__file__).resolve().parent,
    questions=QUESTIONS,
    checks=_checks,
    texts=vars(settings) | {"POINTS": QUESTIONS.points},
)
