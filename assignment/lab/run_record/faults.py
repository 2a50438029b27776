"""What is wrong with a run record in itself: said by `publish` at once, and by the marking later, in the same words."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from lab import settings
from labkit.judging import Failure
from labkit.plain_data import accuracy_among

TOLERANCE = 1e-3  # of mean and standard deviation
SAME = 0.1  # distance of the weights of two runs, relative to their length; independent trainings have about 1.4
PERMUTED = 1e-3  # the same, of their sorted values: equal in nothing but their order
ROUNDING = 1e-6  # of a stored loss
OWN_TRAINING = "Every run is a training of its own."
NEW_MODELS = "Does `run_experiment` build a new model in every run, and keep each in `models`?"
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


def trained(weights: Sequence[Mapping[str, Any]]) -> list[np.ndarray]:
    """The values of a run's weights, but for states of random generators."""
    return [weight["value"] for weight in weights if not is_seed(weight)]


def is_seed(weight: Mapping[str, Any]) -> bool:
    """Whether this is the state of a random generator."""
    return "seed" in str(weight["path"]).rpartition("/")[2]


def accuracy_name(history: Mapping[str, Any]) -> str | None:
    """The name that a history has for the accuracy; None where it has none."""
    names = [name for name in history if name != "loss" and not name.startswith("val_")]
    validated = [name for name in names if f"val_{name}" in history]
    return accuracy_among(validated) or accuracy_among(name for name in names if "acc" in name.lower())


def _history_fault(number: int, run: Mapping[str, Any]) -> Failure | None:
    history: dict[str, list[float]] = run["history"]
    accuracy = accuracy_name(history)
    needed = ["loss", "val_loss", *([accuracy, f"val_{accuracy}"] if accuracy else [])]
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
    """A curve that was written and not measured; one that never moved is a training that failed, but a training."""
    if len(losses) < 4 or len(set(losses)) < 2:
        return None
    if np.ptp(np.diff(losses)) <= ROUNDING:
        return Failure(
            f"Each run trained for {settings.EPOCHS} epochs.",
            f"In run {number}, the losses lie on a straight line.",
            AS_RETURNED,
        )
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
    """Two runs that are one: the same curve, the same weights, or either with a little done to it."""
    curves = [np.array(run["history"].get("loss", ()), float) for run in runs]
    if len({tuple(curve) for curve in curves}) < len(curves):
        yield Failure(
            OWN_TRAINING, "Two runs have the same loss in every epoch.", "Is the same seed set before every run?"
        )
        return
    kernels = [[w["value"] for w in run["weights"] if w["value"].ndim > 1 and not is_seed(w)] for run in runs]
    for i, j in combinations(range(len(runs)), 2):
        if _is_shifted(curves[i], curves[j]):
            yield Failure(
                OWN_TRAINING, f"The losses of runs {i + 1} and {j + 1} are one curve, shifted or scaled.", AS_RETURNED
            )
            return
        if _are_alike(kernels[i], kernels[j]):
            yield Failure(
                OWN_TRAINING,
                f"Runs {i + 1} and {j + 1} ended in nearly the same weights.",
                NEW_MODELS,
            )
            return


def _is_shifted(one: Any, other: Any) -> bool:
    """Whether two curves that move differ by the same amount, or the same factor, in every epoch."""
    if len(one) != len(other) or len(one) < 4 or min(np.ptp(one), np.ptp(other)) <= 10 * ROUNDING or not other.all():
        return False
    return bool(np.ptp(one - other) <= 2 * ROUNDING or np.ptp(one / other) * np.abs(other).min() <= 2 * ROUNDING)


def _are_alike(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether the kernels of two runs are nearly equal, or the same numbers in another order of the filters."""
    if not one or [kernel.shape for kernel in one] != [kernel.shape for kernel in other]:
        return False
    for values, limit in ((np.ravel, SAME), (lambda kernel: np.sort(kernel, axis=None), PERMUTED)):
        a, b = (np.concatenate([values(kernel) for kernel in run]) for run in (one, other))
        if np.linalg.norm(a - b) <= limit * np.linalg.norm(a):
            return True
    return False
