"""Answers that are equal, or nearly so, to be marked at once."""

import difflib
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from markupsafe import Markup, escape
from rapidfuzz import fuzz, process

from autograder.sanitize import clean

NEARLY: Final = 85.0  # per cent of characters in common, in order, from which on two answers are nearly equal
SHORTEST: Final = 40  # characters below which an answer is equal to others, or not alike
MAX_TEXT: Final = 5_000  # characters of an answer that are compared
MAX_WORDS: Final = 1_500  # of each of two answers whose differences are shown


@lru_cache(maxsize=10_000)
def essence(text: str) -> str:
    """What counts of a text when answers are compared: no case, no layout, no emphasis. Numbers count."""
    return " ".join(re.sub(r"[*_`#>]", " ", clean(text)[:MAX_TEXT]).casefold().split())


def nearly_equal(text: str, others: Mapping[str, str]) -> list[tuple[str, float]]:
    """Others whose text is nearly, and not quite, equal to one; the nearest first, with the share in common (0 to 1).

    Args:
        text: of one answer.
        others: name -> text.
    """
    own = essence(text)
    if len(own) < SHORTEST:
        return []
    candidates = _essences(tuple(others.items()))
    found = process.extract(own, candidates, scorer=fuzz.ratio, score_cutoff=NEARLY, limit=20, processor=None)
    return [(name, score / 100) for other, score, name in found if other != own]


@lru_cache(maxsize=16)
def _essences(items: Sequence[tuple[str, str]]) -> dict[str, str]:
    return {name: essence(text) for name, text in items}


def differences(text: str, other: str) -> Markup:
    """The other text with what it has in the place of the first: words taken out and put in."""
    mine, theirs = (re.findall(r"\S+\s*", clean(one)[:MAX_TEXT])[:MAX_WORDS] for one in (text, other))
    parts = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes():
        if tag == "equal":
            parts.append(escape("".join(theirs[j1:j2])))
            continue
        if i2 > i1:
            parts.append(Markup("<del>%s</del> ") % "".join(mine[i1:i2]).rstrip())
        if j2 > j1:
            parts.append(Markup("<ins>%s</ins> ") % "".join(theirs[j1:j2]).rstrip())
    return Markup().join(parts)
