"""Run records: what the student's own trainings reached, as published in the submitted notebook."""

import math
from itertools import combinations
from typing import Any

import numpy as np

from autograder import verification
from lab import settings
from lab.judging import Failure, Observations, Unjudged

TOLERANCE = 1e-3
SAME = 0.1  # distance of the weights of two runs, relative to their length; independent trainings have about 1.4
CHANCE = 0.15  # accuracy below which a network guesses
AS_RETURNED = "Publish what `run_experiment` returned, all of it from one experiment."
BUILDERS = {variant: "q4" if variant == "tiny_vgg" else question for variant, question in settings.VARIANTS.items()}


def judge_record(observations: Observations, variant: str) -> None:
    """The record of a variant is there, complete and in agreement with itself.

    Raises:
        Failure: it is not.
    """
    record = observations.records.get(variant)
    if record is None:
        raise Failure(
            f"The notebook's outputs hold the run record of {variant}.",
            "There is none.",
            f'Run the cell with `publish("{variant}", ...)` after training, save the notebook, and do not clear '
            "its outputs.",
        )
    if record.get("error"):
        failed = "finite" in str(record["error"])
        raise Failure(
            "The run record can be read.",
            f"{str(record['error'])[:1].upper()}{str(record['error'])[1:]}.",
            "A loss that is no number (`nan`) belongs to a training that failed: look at its curve, and repeat it."
            if failed
            else "Run the cell with `publish` again, and save the notebook.",
        )
    runs: list[dict[str, Any]] = record["runs"]
    if len(runs) < settings.RUNS:
        raise Failure(
            f"The record holds {settings.RUNS} runs.",
            f"It holds {len(runs)}.",
            "Run the experiment with the default of `n_runs`, and publish it again.",
        )
    for number, run in enumerate(runs, 1):
        _judge_history(number, run["history"])
        _judge_weights(number, run["weights"], _weight_shapes(observations, BUILDERS[variant]))
    accuracies = [run["accuracy"] for run in runs]
    impossible = [accuracy for accuracy in accuracies if not 0 <= accuracy <= 1]
    if impossible:
        raise Failure("Accuracies in the record are between 0 and 1.", f"One is {impossible[0]:g}.")
    if abs(record["mean"] - np.mean(accuracies)) > TOLERANCE:
        raise Failure(
            "The record's mean is that of its accuracies.",
            f"The mean says {record['mean']:.4f}, the accuracies say {np.mean(accuracies):.4f}.",
            AS_RETURNED,
        )
    stds = (np.std(accuracies), np.std(accuracies, ddof=1))
    if not any(abs(record["std"] - std) <= TOLERANCE for std in stds):
        raise Failure(
            "The record's standard deviation is that of its accuracies.",
            f"The record says {record['std']:.4f}, the accuracies say {stds[1]:.4f}.",
            AS_RETURNED,
        )
    losses = [tuple(run["history"]["loss"]) for run in runs]
    if len(set(losses)) < len(losses):
        raise Failure(
            "Every run is a training of its own.",
            "Two runs have the same loss in every epoch.",
            "Is the same seed set before every run?",
        )
    _judge_distances([run["weights"] for run in runs])
    _judge_accuracies(observations, BUILDERS[variant], runs)


def _judge_distances(weights: list[list[dict[str, Any]]]) -> None:
    """No two runs ended in the same weights, or in those of one another with a little noise on top."""
    kernels = [[w["value"].ravel() for w in run if w["value"].ndim > 1 and not _is_seed(w)] for run in weights]
    vectors = [np.concatenate([np.zeros(0), *run]) for run in kernels]
    for (i, one), (j, other) in combinations(enumerate(vectors, 1), 2):
        if one.shape == other.shape and one.size and np.linalg.norm(one - other) <= SAME * np.linalg.norm(one):
            raise Failure(
                "Every run is a training of its own.",
                f"Runs {i} and {j} ended in nearly the same weights.",
                "Does `run_experiment` build a new model in every run, and keep each in `models`?",
            )


def _judge_accuracies(observations: Observations, question: str, runs: list[dict[str, Any]]) -> None:
    """The weights reach the accuracies that were recorded with them; believed where that cannot be tried."""
    if not verification.is_possible():
        return
    claims = [run["accuracy"] for run in runs]
    weights = [run["weights"] for run in runs]
    preprocessing = observations.answers.get("q3") or {}
    try:
        verdict = verification.verify(
            observations.model_spec(question), weights, claims, preprocessing, observations.seed
        )
    except verification.UnknownScaling as error:
        raise Unjudged(f"The recorded weights could not be evaluated: {error}.") from None
    except verification.CannotVerify:
        return
    if verdict.agrees:
        return
    worst = int(np.argmax([abs(m - c) for m, c in zip(verdict.measured, claims, strict=True)]))
    untrained = max(verdict.measured) < CHANCE
    raise Failure(
        "The recorded weights reach the accuracies that were recorded with them, on CIFAR-10's test set.",
        f"Run {worst + 1} says {claims[worst]:.4f}; on {verdict.images:,} test images its weights reach "
        f"{verdict.measured[worst]:.4f}.",
        "That is guessing: were the models trained, on CIFAR-10, with the images that `preprocess` gives?"
        if untrained
        else AS_RETURNED,
    )


def _judge_weights(number: int, weights: list[dict[str, Any]], shapes: list[tuple[int, ...]] | None) -> None:
    """The final weights of a run are there, finite, and fit the submitted network."""
    if not weights:
        raise Failure(
            "The record holds the final weights of every run.",
            f"Those of run {number} are missing.",
            "Let `run_experiment` return the list `models` too, and publish again.",
        )
    if not all(np.isfinite(weight["value"]).all() for weight in weights):
        raise Failure("Weights are finite numbers.", f"Run {number} ended with weights that are not.")
    found = sorted(weight["value"].shape for weight in weights if not _is_seed(weight))
    if shapes is not None and found != shapes:
        raise Failure(
            "The recorded weights fit the network that the submitted code builds.",
            f"Those of run {number} belong to another one: {_count(found)} parameters against {_count(shapes)}.",
            "Was the network changed after the experiment? Then run the experiment again.",
        )


def _is_seed(weight: dict[str, Any]) -> bool:
    """Whether this is the state of a random generator."""
    return "seed" in str(weight["path"]).rpartition("/")[2]


def _weight_shapes(observations: Observations, question: str) -> list[tuple[int, ...]] | None:
    """Shapes of all weights of the network that a question's builder gives, sorted; None where it gives none."""
    spec = observations.model_spec(question)
    if spec.get("nodes"):
        layers = {node["layer"]: node["weight_shapes"] for node in spec["nodes"] if node["layer"] is not None}
        return sorted(tuple(shape) for shapes in layers.values() for shape in shapes)
    return sorted(tuple(shape) for shape in spec["weights"].values()) if spec.get("weights") else None


def _count(shapes: list[tuple[int, ...]]) -> str:
    return f"{sum(math.prod(shape) for shape in shapes):,}"


def _judge_history(number: int, history: dict[str, list[float]]) -> None:
    accuracy = [name for name in history if "acc" in name.lower() and not name.startswith("val_")]
    needed = ["loss", "val_loss", *accuracy[:1], *(f"val_{name}" for name in accuracy[:1])]
    missing = [name for name in needed if name not in history] or ([] if accuracy else ["accuracy"])
    if missing:
        raise Failure(
            "The history of each run has loss, accuracy and their validation values.",
            f"That of run {number} has no {missing[0]}.",
        )
    for name in needed:
        if len(history[name]) != settings.EPOCHS:
            raise Failure(
                f"Each run trained for {settings.EPOCHS} epochs.",
                f"In run {number}, `{name}` has {len(history[name])} values.",
                "Run the experiment with the default of `epochs`, and publish it again.",
            )
