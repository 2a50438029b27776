"""What is wrong with a run record in itself: said by `publish` at once, and by the marking later, in the same words."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from lab import settings
from lab.judging import Failure

TOLERANCE = 1e-3  # of mean and standard deviation
SAME = 0.1  # distance of the weights of two runs, relative to their length; independent trainings have about 1.4
AS_RETURNED = "Publish what `run_experiment` returned, all of it from one experiment."


def faults(record: Mapping[str, Any]) -> Iterator[Failure]:
    """Everything that is wrong, the most useful first, at most one of a kind.

    Args:
        record: of the form that `lab.run_record.read` gives.
    """
    runs: list[dict[str, Any]] = record["runs"]
    if len(runs) < settings.RUNS:
        yield Failure(
            f"The record holds {settings.RUNS} runs.",
            f"It holds {len(runs)}.",
            "Run the experiment with the default of `n_runs`, and publish it again.",
        )
    for fault_of in (_history_fault, _weights_fault):
        found = (fault_of(number, run) for number, run in enumerate(runs, 1))
        yield from [fault for fault in found if fault is not None][:1]
    if runs:
        yield from _accuracy_faults(record, [run["accuracy"] for run in runs])
    yield from _same_faults(runs)


def is_seed(weight: Mapping[str, Any]) -> bool:
    """Whether this is the state of a random generator."""
    return "seed" in str(weight["path"]).rpartition("/")[2]


def _history_fault(number: int, run: Mapping[str, Any]) -> Failure | None:
    history: dict[str, list[float]] = run["history"]
    accuracy = [name for name in history if "acc" in name.lower() and not name.startswith("val_")]
    needed = ["loss", "val_loss", *accuracy[:1], *(f"val_{name}" for name in accuracy[:1])]
    missing = [name for name in needed if name not in history] or ([] if accuracy else ["accuracy"])
    if missing:
        return Failure(
            "The history of each run has loss, accuracy and their validation values.",
            f"That of run {number} has no {missing[0]}.",
        )
    for name in needed:
        if len(history[name]) != settings.EPOCHS:
            return Failure(
                f"Each run trained for {settings.EPOCHS} epochs.",
                f"In run {number}, `{name}` has {len(history[name])} values.",
                "Run the experiment with the default of `epochs`, and publish it again.",
            )
    return _repetition(number, history["loss"])


def _repetition(number: int, losses: Sequence[float]) -> Failure | None:
    """A curve that was written out several times; one that never moved is a training that failed, but a training."""
    if len(set(losses)) < 2:
        return None
    for period in range(1, len(losses) // 2 + 1):
        if all(loss == losses[epoch % period] for epoch, loss in enumerate(losses)):
            return Failure(
                f"Each run trained for {settings.EPOCHS} epochs.",
                f"In run {number}, the losses of the first {period} epochs come again and again.",
                "Run the experiment with the default of `epochs`, and publish it again.",
            )
    return None


def _weights_fault(number: int, run: Mapping[str, Any]) -> Failure | None:
    weights: list[dict[str, Any]] = run["weights"]
    if not weights:
        return Failure(
            "The record holds the final weights of every run.",
            f"Those of run {number} are missing.",
            "Let `run_experiment` return the list `models` too, and publish again.",
        )
    if not all(np.isfinite(weight["value"]).all() for weight in weights):
        return Failure("Weights are finite numbers.", f"Run {number} ended with weights that are not.")
    return None


def _accuracy_faults(record: Mapping[str, Any], accuracies: Sequence[float]) -> Iterator[Failure]:
    impossible = [accuracy for accuracy in accuracies if not 0 <= accuracy <= 1]
    if impossible:
        yield Failure("Accuracies in the record are between 0 and 1.", f"One is {impossible[0]:g}.")
    if abs(record["mean"] - np.mean(accuracies)) > TOLERANCE:
        yield Failure(
            "The record's mean is that of its accuracies.",
            f"The mean says {record['mean']:.4f}, the accuracies say {np.mean(accuracies):.4f}.",
            AS_RETURNED,
        )
    stds = [float(np.std(accuracies, ddof=ddof)) for ddof in (0, 1) if len(accuracies) > ddof]
    if not any(abs(record["std"] - std) <= TOLERANCE for std in stds):
        yield Failure(
            "The record's standard deviation is that of its accuracies.",
            f"The record says {record['std']:.4f}, the accuracies say {stds[-1]:.4f}.",
            AS_RETURNED,
        )


def _same_faults(runs: Sequence[Mapping[str, Any]]) -> Iterator[Failure]:
    """Two runs that are one: the same losses, or nearly the same weights (a little noise on top is no training)."""
    losses = [tuple(run["history"].get("loss", ())) for run in runs]
    if len(set(losses)) < len(losses):
        yield Failure(
            "Every run is a training of its own.",
            "Two runs have the same loss in every epoch.",
            "Is the same seed set before every run?",
        )
        return
    kernels = [[w["value"].ravel() for w in run["weights"] if w["value"].ndim > 1 and not is_seed(w)] for run in runs]
    vectors = [np.concatenate([np.zeros(0), *run]) for run in kernels]
    for (i, one), (j, other) in combinations(enumerate(vectors, 1), 2):
        if one.shape == other.shape and one.size and np.linalg.norm(one - other) <= SAME * np.linalg.norm(one):
            yield Failure(
                "Every run is a training of its own.",
                f"Runs {i} and {j} ended in nearly the same weights.",
                "Does `run_experiment` build a new model in every run, and keep each in `models`?",
            )
            return
