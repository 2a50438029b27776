"""Where hidden checks register."""

from typing import Final

from lab import settings
from lab.questions import QUESTIONS
from labkit.judging import Registry

registry: Final = Registry(QUESTIONS.points, hidden=True, texts=vars(settings))
