"""Which runs are one training: by the classes that their weights give for the same images.

Noise on the weights, another order of the filters, or a factor that a later layer takes back change every number of a
network and hardly any of its answers. Two trainings of their own differ in many answers: `benchmarks/record_copies.py`
measures in how many. The images are of the test set with dark and bright exchanged: trained networks agree less on
them than on what they were trained for, copies as much.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from lab import settings

IMAGES: Final = 100
ALIKE: Final = 0.8  # Cohen's kappa of two runs, from which on they are one; pairs of the baseline's have 0.40 at most
VARIED: Final = (
    0.5  # agreement that chance alone gives, beyond which answers say nothing: a dead network has one answer
)
_ROWS: Final = 500  # runs compared with all others at a time


def kappas(answers: Sequence[str], rows: slice = slice(None)) -> npt.NDArray[Any]:
    """Cohen's kappa of runs: their agreement beyond chance, 1 for equal answers. 0 where too few classes are given.

    Args:
        answers: of each run, a digit for each of `IMAGES` images.
        rows: the runs that are compared with all.

    Returns:
        Array (runs in rows, runs).
    """
    if not answers:
        return np.zeros((0, 0))
    classes = np.array([list(text.encode()) for text in answers]) - ord("0")
    given = (classes[..., None] == np.arange(settings.N_CLASSES)).astype(np.float32)
    shares = given.mean(axis=1)
    flat = given.reshape(len(given), -1)
    observed, chance = flat[rows] @ flat.T / classes.shape[1], shares[rows] @ shares.T
    return np.where(chance <= VARIED, (observed - chance) / np.maximum(1 - chance, 1 - VARIED), 0.0)


def pairs(answers: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The runs that are one training, two by two, in order.

    Args:
        answers: as for `kappas`; empty where a run has none.
    """
    known = [number for number, text in enumerate(answers) if text]
    texts = [answers[number] for number in known]
    for start in range(0, len(texts), _ROWS):
        alike = kappas(texts, slice(start, start + _ROWS)) >= ALIKE
        for row, column in np.argwhere(alike):
            if start + row < column:
                yield known[start + row], known[column]
