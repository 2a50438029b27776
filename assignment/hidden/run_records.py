"""Run records: what the student's own trainings reached, as published in the submitted notebook."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from assignment.hidden import curves as odd_curves
from assignment.hidden import reference_specs, same_trainings, weight_check
from lab import settings
from lab.questions import QUESTIONS
from lab.run_record import faults
from labkit.judging import Failure, Observations, Unjudged

GAP = 0.1  # between validation and test accuracy of one network; on CIFAR-10 the two differ by a point or two
CHANCE = 0.15  # accuracy below which networks guess
BUILDERS = {variant: "q4" if variant == "tiny_vgg" else question for variant, question in QUESTIONS.variants.items()}


def with_answers(observations: Observations) -> Observations:
    """The same, with `answers` added to every run of a record: the classes that its weights give for certain images
    (`verification.answers`), by which copies are told. They are missing where the weights cannot be tried.
    """
    records = {
        variant: record if record.get("error") else record | {"runs": _answered(observations, variant, record["runs"])}
        for variant, record in observations.records.items()
    }
    return replace(observations, records=records)


def _answered(observations: Observations, variant: str, runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not runs:
        return runs
    weights, preprocessing = [run["weights"] for run in runs], observations.answers.get("q3") or {}
    for spec in (observations.model_spec(BUILDERS[variant]), *_fitting(variant, runs)):
        try:
            answers = weight_check.answers(spec, weights, preprocessing, observations.seed)
        except Exception:  # whatever it is, the check of the record meets it too, and tells it
            continue
        return [run | {"answers": of_run} for run, of_run in zip(runs, answers, strict=True)]
    return runs


def judge_record(observations: Observations, variant: str) -> None:
    """The record of a variant is there, complete and in agreement with itself.

    Raises:
        Failure: it is not.
        Unjudged: its weights can be tried in no network; the message says why.
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
    for fault in faults.faults(record):
        raise fault
    runs: list[dict[str, Any]] = record["runs"]
    _judge_shapes(runs, _weight_shapes(observations.model_spec(BUILDERS[variant])))
    _judge_copies(runs)
    _judge_accuracies(observations, variant, runs)


def remarks(records: Mapping[str, Mapping[str, Any]], known: Mapping[str, Any]) -> list[str]:
    """Sentences for the instructor on what is unusual in run records, and costs no marks: the weights reach what they
    claim, and a recipe that is right in another way may do so too.

    Args:
        records: as `lab.run_record.find` gives them.
        known: variant -> what the reference solution reaches.
    """
    said = []
    for variant, record in records.items():
        if record.get("error") or any(faults.faults(record)):
            continue
        low, high = known[variant].plausible if variant in known else (0.0, 1.0)
        if not low <= record["mean"] <= high:
            word = "higher" if record["mean"] > high else "lower"
            said.append(
                f"{variant}: the mean accuracy {record['mean']:.3f} is {word} "
                f"than the reference makes plausible ({low:.3f} to {high:.3f}); its run record is worth a look."
            )
        curves = [_validation_curve(run) for run in record["runs"]]
        if all(_ends_or_peaks_at(curve, run["accuracy"]) for curve, run in zip(curves, record["runs"], strict=True)):
            said.append(
                f"{variant}: the validation accuracy of every run ends or peaks at its very test accuracy; "
                "look whether the test set was used for validation, or to choose the epoch."
            )
        for number, (curve, run) in enumerate(zip(curves, record["runs"], strict=True), 1):
            last = (curve or [-1.0])[-1]
            if 0 <= last <= 1 and abs(last - run["accuracy"]) > GAP:
                said.append(
                    f"{variant}: run {number} ends with a validation accuracy of {last:.3f} and a test accuracy of "
                    f"{run['accuracy']:.3f}; its run record is worth a look."
                )
                break
        said += [f"{variant}: {what}; were its curves measured?" for what in odd_curves.remarks(record["runs"])]
    return said


def _validation_curve(run: Mapping[str, Any]) -> list[float]:
    """Validation accuracies, one an epoch; empty where there are none."""
    return list(run["history"].get(f"val_{faults.accuracy_name(run['history'])}") or [])


def _ends_or_peaks_at(curve: list[float], accuracy: float) -> bool:
    """Whether the last or the highest value is an accuracy, to less than an image of the test set."""
    return bool(curve) and min(abs(curve[-1] - accuracy), abs(max(curve) - accuracy)) < 0.5 / settings.N_TEST


def _judge_copies(runs: Sequence[Mapping[str, Any]]) -> None:
    """No two runs answer alike, as one network does, whatever was done to its weights."""
    answers = [run.get("answers", "") for run in runs]
    for i, j in same_trainings.pairs(answers):
        equal = sum(map(str.__eq__, answers[i], answers[j]))
        raise Failure(
            faults.OWN_TRAINING,
            f"Runs {i + 1} and {j + 1} ended in nearly the same network: it gives the same class for {equal} of "
            f"{same_trainings.IMAGES} images.",
            faults.NEW_MODELS,
        )


def _judge_accuracies(observations: Observations, variant: str, runs: list[dict[str, Any]]) -> None:
    """The weights reach the accuracies that were recorded with them, in the submitted network.

    Where that one cannot be computed, weights that reach them in the network that was asked for are right too. Without
    CIFAR-10 they are believed, if they fit a submitted network.
    """
    own = observations.model_spec(BUILDERS[variant])
    if not weight_check.is_possible():
        if not _weight_shapes(own):
            raise _not_tried(
                f"{_no_network(variant)}, and CIFAR-10 is not at hand to try them in the one that was asked for"
            )
        return
    try:
        verdict = _verified(observations, own, runs)
    except weight_check.UnknownScaling as error:
        raise Unjudged(f"The recorded weights could not be evaluated: {error}.") from None
    except weight_check.CannotVerify as error:
        reason = f"the network cannot be computed here ({error})" if _weight_shapes(own) else _no_network(variant)
        _judge_in_references(observations, variant, runs, reason)
        return
    if verdict.agrees:
        return
    claims = [run["accuracy"] for run in runs]
    worst = int(np.argmax([abs(m - c) for m, c in zip(verdict.measured, claims, strict=True)]))
    untrained = np.mean(verdict.measured) < CHANCE  # a single one may be lucky
    raise Failure(
        "The recorded weights reach the accuracies that were recorded with them, on CIFAR-10's test set.",
        f"Run {worst + 1} says {claims[worst]:.4f}; on {verdict.images:,} test images its weights reach "
        f"{verdict.measured[worst]:.4f}.",
        "That is guessing: were the models trained, on CIFAR-10, with the images that `preprocess` gives?"
        if untrained
        else faults.AS_RETURNED,
    )


def _judge_in_references(observations: Observations, variant: str, runs: list[dict[str, Any]], reason: str) -> None:
    """The weights reach their accuracies in the network that was asked for; that they do not is no fault.

    Args:
        reason: why they are not tried in the submitted network.
    """
    fitting = _fitting(variant, runs)
    for reference in fitting:
        try:
            if _verified(observations, reference, runs).agrees:
                return
        except weight_check.CannotVerify:
            continue
    they = "do not reach their accuracies in" if fitting else "do not fit"
    raise _not_tried(f"{reason}, and they {they} the one that was asked for")


def _verified(observations: Observations, spec: Mapping[str, Any], runs: list[dict[str, Any]]) -> weight_check.Verdict:
    return weight_check.verify(
        spec,
        [run["weights"] for run in runs],
        [run["accuracy"] for run in runs],
        observations.answers.get("q3") or {},
        observations.seed,
    )


def _fitting(variant: str, runs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The networks asked for that have weights such as those of the first run."""
    weights = [weight for weight in runs[0]["weights"] if not faults.is_seed(weight)]
    return reference_specs.fitting(
        variant, [(str(weight["path"]).rpartition("/")[2], weight["value"].shape) for weight in weights]
    )


def _no_network(variant: str) -> str:
    return f"`build_{variant}` gave no network"


def _not_tried(reason: str) -> Unjudged:
    return Unjudged(
        f"The recorded weights could not be tried: {reason}. A person looks at the outputs of this experiment instead."
    )


def _judge_shapes(runs: list[dict[str, Any]], shapes: list[tuple[int, ...]] | None) -> None:
    """The final weights of every run fit the submitted network."""
    for number, run in enumerate(runs, 1):
        found = sorted(weight["value"].shape for weight in run["weights"] if not faults.is_seed(weight))
        if shapes is not None and found != shapes:
            raise Failure(
                "The recorded weights fit the network that the submitted code builds.",
                f"Those of run {number} belong to another one: {_count(found)} parameters against {_count(shapes)}.",
                "Was the network changed after the experiment? Then run the experiment again.",
            )


def _weight_shapes(spec: Mapping[str, Any]) -> list[tuple[int, ...]] | None:
    """Shapes of all weights of an observed network, sorted; None where none was observed."""
    if spec.get("nodes"):
        shapes = {
            f"{node['layer']}/{name}": tuple(shape)
            for node in spec["nodes"]
            for name, shape in zip(node["weights"], node["weight_shapes"], strict=True)
        }
        return sorted(shapes[key] for key in spec.get("order", shapes) if key in shapes)
    return sorted(tuple(shape) for shape in spec["weights"].values()) if spec.get("weights") else None


def _count(shapes: list[tuple[int, ...]]) -> str:
    return f"{sum(math.prod(shape) for shape in shapes):,}"
