"""Curves in run records that may have been written and not measured: told to the instructor, never punished.

What `lab.run_record.faults` takes marks for is left out here. A guess is made only where measured curves are far from
the limit: `tests/autograder/test_judging_records.py` holds the distance for the baseline's runs.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np

from lab import settings
from lab.run_record import faults

FEWEST: Final = 10  # epochs, and different values, below which curves say nothing
ONE_CURVE: Final = (
    1e-6  # share of a curve's variance that another one leaves unexplained; of measured ones 1e-4 and more
)
MOVES: Final = 0.1  # by how much a loss changes in a training that is under way
SPLIT: Final = 0.005  # of all training images, by which the validation set may be larger or smaller than asked for
DIGITS: Final = 6  # of a stored accuracy; rounded to fewer, every number is a share of 35,000
SHARES: Final = 0.5  # of the values, that have to be shares of so many images; of numbers drawn at random 0.2 are

Series = dict[str, Any]  # name -> array, of one run


def remarks(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What is odd, one sentence of a kind.

    Args:
        runs: of a record without faults.
    """
    curves = [_curves(run["history"]) for run in runs]
    yield from list(_lengths(runs))[:1]
    yield from list(_constant(curves))[:1]
    yield from list(_one_curve(curves))[:1]
    yield from list(_no_shares(curves))[:1]


def _curves(history: Mapping[str, Sequence[float]]) -> Series:
    """The four series that every run has, by their usual names."""
    name = faults.accuracy_name(history)
    names = {"loss": "loss", "accuracy": str(name), "val_loss": "val_loss", "val_accuracy": f"val_{name}"}
    return {usual: np.array(history[own], float) for usual, own in names.items()}


def _lengths(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for number, run in enumerate(runs, 1):
        epochs = len(run["history"]["loss"])
        for name, values in run["history"].items():
            if len(values) != epochs:
                yield f"`{name[:40]}` of run {number} has {len(values)} values, its loss {epochs}"


def _constant(curves: Sequence[Series]) -> Iterator[str]:
    """A network that has died keeps its accuracy, and its loss still trembles."""
    for number, run in enumerate(curves, 1):
        for name, values in run.items():
            moves = np.ptp(run[name.replace("accuracy", "loss")]) > MOVES
            if len(values) >= FEWEST and not np.ptp(values) and (moves or "loss" in name):
                yield f"`{name}` of run {number} is the same in every epoch"


def _one_curve(curves: Sequence[Series]) -> Iterator[str]:
    every = [(number, name, values) for number, run in enumerate(curves, 1) for name, values in run.items()]
    moving = [(number, name, values) for number, name, values in every if len(set(values)) >= FEWEST]
    for (one, name, values), (other, of_other, others) in combinations(moving, 2):
        if _unexplained(values, others) < ONE_CURVE:
            yield f"`{name}` of run {one} and `{of_other}` of run {other} are one curve, shifted, scaled or mirrored"


def _unexplained(one: Any, other: Any) -> float:
    """Share of the variance that a straight line between two curves leaves; 1 where they differ in length."""
    if len(one) != len(other):
        return 1.0
    a, b = one - one.mean(), other - other.mean()
    return float(1 - (a @ b) ** 2 / ((a @ a) * (b @ b)))


def _no_shares(curves: Sequence[Series]) -> Iterator[str]:
    held_out = settings.VALIDATION_SPLIT
    for name, share in (("accuracy", 1 - held_out), ("val_accuracy", held_out)):
        low, high = (round(settings.N_TRAIN * (share + sign * SPLIT)) for sign in (-1, 1))
        for number, run in enumerate(curves, 1):
            if len(run[name]) >= FEWEST and best_share(run[name], low, high) < SHARES:
                n = round(settings.N_TRAIN * share)
                yield f"the values of `{name}` of run {number} are no shares of {n:,} images, nor of nearly so many"


def best_share(values: Any, low: int, high: int) -> float:
    """How many of some accuracies (0 to 1) are shares of the same number of images, for the number that suits best.

    1 where they cannot be told: rounded to less than `DIGITS`, or no shares at all.
    """
    if (np.round(values, DIGITS - 1) == values).all() or values.min() < 0 or values.max() > 1:
        return 1.0
    sizes = np.arange(low, high + 1)[:, None]
    hits = values * sizes
    return float((np.abs(hits - np.round(hits)) <= sizes * 10.0**-DIGITS).mean(axis=1).max())
