"""Submissions that attack: none may gain a mark, a secret or a foothold, or stop the batch."""

from typing import Any

import nbformat

from autograder.handout import build
from autograder.sandbox import Limits
from zoo.hostile import files, forging, greedy, lying, reaching
from zoo.hostile.world import WORD

ATTACKS = tuple(attack for theme in (reaching, forging, lying, files, greedy) for attack in theme.ATTACKS)

LIMITS = Limits(cell=20, cells=100, probe=15, wait=20)  # many attacks take all the time that they get


def victim() -> Any:
    """A classmate's submission, which holds a secret."""
    notebook = build.handout()
    notebook.cells.insert(0, nbformat.v4.new_code_cell(f"# the {WORD} of a classmate"))
    return notebook
