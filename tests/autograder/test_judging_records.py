"""Run records that no network was observed for, copies of trainings, and curves that were never measured."""

import json
import runpy
from collections.abc import Callable
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from support import PROJECT

from assignment.hidden import reference_specs, same_trainings, weight_check
from assignment.hidden.curves import ONE_CURVE, _curves, _unexplained, best_share
from assignment.hidden.run_records import judge_record, remarks, with_answers
from assignment.samples.edits import RECORDS
from autograder import assignment
from lab import run_record, settings
from lab.probes import inputs
from lab.questions import QUESTIONS
from labkit.judging import Observations, Unjudged

Record = dict[str, Any]


@cache
def trained(variant: str) -> Record:
    """The record of real trainings that the samples have."""
    page = (RECORDS / f"{variant}.html").read_text()
    return run_record.find({"cells": [{"outputs": [{"data": {"text/html": page}}]}]})[variant]


def with_weights(record: Record, change: Callable[[Any, np.random.Generator], Any]) -> Record:
    """Other values for every weight of every run, from random numbers of the run's own."""
    runs = []
    for number, run in enumerate(record["runs"]):
        rng = np.random.default_rng(number)
        weights = [w | {"value": np.asarray(change(w["value"], rng), np.float32)} for w in run["weights"]]
        runs.append(run | {"weights": weights})
    return record | {"runs": runs}


def judged(variant: str, record: Record, spec: dict[str, Any] | None = None) -> None:
    """Judge a record beside a notebook whose builder gives a network of that spec, or none."""
    question = "q4" if variant == "tiny_vgg" else QUESTIONS.variants[variant]
    raw = inputs.preprocess_inputs(1, 0, "None")[0]
    answers: Any = {"q3": {"calls": [{"value": [raw / 255, None, None, None]}]}}  # so that one scaling is tried alone
    answers |= {} if spec is None else {question: {"spec": spec}}
    judge_record(with_answers(Observations(answers, 1, {variant: record})), variant)


def spec_of(variant: str, record: Record) -> dict[str, Any]:
    weights = [(w["path"].rpartition("/")[2], w["value"].shape) for w in record["runs"][0]["weights"]]
    return reference_specs.fitting(variant, weights)[0]


# What cannot be tried


INVENTED = {
    "a single array": lambda value, rng: rng.normal(0, 0.1, (3, 3, 3, 10)),
    "arrays of the right shapes": lambda value, rng: rng.normal(0, 0.1, value.shape),
}


@pytest.mark.parametrize("how", INVENTED)
@pytest.mark.parametrize("variant", ["tiny_vgg", "tiny_resnet"])
def test_invented_weights_beside_a_blank_notebook_are_open(variant: str, how: str) -> None:
    record = with_weights(trained(variant), INVENTED[how])
    if weight_check.is_possible():
        they = "do not reach their accuracies in" if how == "arrays of the right shapes" else "do not fit"
        reason = f"and they {they} the one that was asked for"
    else:
        reason = "and CIFAR-10 is not at hand to try them in the one that was asked for"
    with pytest.raises(Unjudged) as told:
        judged(variant, record)
    assert str(told.value) == (
        f"The recorded weights could not be tried: `build_{variant}` gave no network, {reason}. "
        "A person looks at the outputs of this experiment instead."
    )


@pytest.mark.parametrize("variant", QUESTIONS.variants)
def test_real_weights_beside_a_blank_notebook_are_tried_in_the_network_asked_for(variant: str) -> None:
    if not weight_check.is_possible():
        pytest.skip("needs CIFAR-10 in KERAS_HOME")
    judged(variant, trained(variant))


@pytest.mark.parametrize("variant", ["tiny_vgg", "tiny_vgg_bn"])
def test_a_network_that_cannot_be_computed_is_told(variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its weights reach nothing in the network that was asked for, so that they may be right in their own."""
    if not weight_check.is_possible():
        pytest.skip("needs CIFAR-10 in KERAS_HOME")
    record = with_weights(trained(variant), INVENTED["arrays of the right shapes"])
    spec = spec_of(variant, record)
    strange = spec | {"nodes": [n | {"kind": "Fancy"} if n["kind"] == "Flatten" else n for n in spec["nodes"]]}
    with pytest.raises(Unjudged, match=r"the network cannot be computed here \(.*Fancy.*\), and they do not reach"):
        judged(variant, record, strange)
    judged(variant, trained(variant), strange)


# Copies


def test_a_classmates_trainings_with_noise_answer_alike() -> None:
    """The noise is of 1e-5: no number is left as it was."""
    variant = "tiny_vgg"
    mine = trained(variant)
    theirs = with_weights(mine, lambda value, rng: value * rng.normal(1, 1e-5, value.shape))
    spec: Any = {"q4": {"spec": spec_of(variant, mine)}}
    one, other = (
        with_answers(Observations(spec, 1, {variant: record})).records[variant]["runs"] for record in (mine, theirs)
    )
    answers = [run["answers"] for run in (*one, *other)]
    assert list(same_trainings.pairs(answers)) == [(run, run + settings.RUNS) for run in range(settings.RUNS)]


def test_networks_that_give_one_class_are_no_copies() -> None:
    most = "3" * 99
    assert list(same_trainings.pairs(["0" * 100, "0" * 100, most + "1", most + "1", "", ""])) == []


def test_agreement_is_cohens_kappa() -> None:
    one, other = "01" * 50, "01" * 48 + "10" * 2
    found = same_trainings.kappas([one, other])
    assert found[0, 1] == pytest.approx((0.96 - 0.5) / (1 - 0.5))
    assert (found[0, 0], found[1, 1]) == (1, 1)
    assert list(same_trainings.pairs([one, other, "23" * 50])) == [(0, 1)]


@pytest.mark.parametrize("variant", QUESTIONS.variants)
def test_trainings_of_their_own_are_far_from_copies(variant: str) -> None:
    """All pairs of the baseline's runs: half the limit is the most."""
    found = runpy.run_path(str(PROJECT / "benchmarks" / "record_copies.py"))["own_kappas"](variant)
    assert len(found) >= 10
    assert max(found) < same_trainings.ALIKE / 2 + 0.01


# Curves


def measured() -> dict[str, list[dict[str, list[float]]]]:
    """Histories of the baseline's runs: variant -> runs."""
    found: dict[str, list[dict[str, list[float]]]] = {variant: [] for variant in QUESTIONS.variants}
    for file in sorted((assignment.PROJECT / "solutions" / "baselines" / "runs").glob("*.json")):
        run = json.loads(file.read_text())
        found[run["variant"]].append(run["history"])
    return found


def with_curves(variant: str, histories: list[dict[str, list[float]]]) -> list[str]:
    """What is said of the samples' record with these curves, and accuracies that suit them."""
    runs = [
        run | {"history": history, "accuracy": history["val_accuracy"][-1] + 0.001}
        for run, history in zip(trained(variant)["runs"], histories, strict=True)
    ]
    accuracies = [run["accuracy"] for run in runs]
    record = {"runs": runs, "mean": float(np.mean(accuracies)), "std": float(np.std(accuracies))}
    return remarks({variant: record}, {})


def test_measured_curves_are_far_from_being_told() -> None:
    for variant, histories in measured().items():
        assert with_curves(variant, histories) == []
        curves = [_curves(history) for history in histories]
        series = [values for run in curves for values in run.values()]
        assert min(_unexplained(a, b) for a, b in combinations(series, 2)) > 100 * ONE_CURVE
        assert {best_share(run["accuracy"], 34_750, 35_250) for run in curves} == {1.0}
        assert {best_share(run["val_accuracy"], 14_750, 15_250) for run in curves} == {1.0}


def mirrored(histories: list[dict[str, Any]]) -> None:
    histories[2]["accuracy"] = [round(1 - value, 6) for value in histories[0]["accuracy"]]


def constant(histories: list[dict[str, Any]]) -> None:
    histories[1]["val_accuracy"] = [0.65] * settings.EPOCHS


def longer(histories: list[dict[str, Any]]) -> None:
    histories[3]["learning_rate"] = [1e-3] * 50


def drawn(histories: list[dict[str, Any]]) -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, settings.EPOCHS)
    histories[4]["accuracy"] = list((np.array(histories[4]["accuracy"]) + noise).round(6))


def copied(histories: list[dict[str, Any]]) -> None:
    histories[1]["val_loss"] = histories[0]["val_loss"]


INVENTIONS = {
    mirrored: "`accuracy` of run 1 and `accuracy` of run 3 are one curve, shifted, scaled or mirrored",
    constant: "`val_accuracy` of run 2 is the same in every epoch",
    longer: "`learning_rate` of run 4 has 50 values, its loss 100",
    drawn: "the values of `accuracy` of run 5 are no shares of 35,000 images, nor of nearly so many",
    copied: "`val_loss` of run 1 and `val_loss` of run 2 are one curve, shifted, scaled or mirrored",
}


@pytest.mark.parametrize("invent", INVENTIONS)
def test_invented_curves_are_told(invent: Callable[[list[dict[str, Any]]], None]) -> None:
    histories = measured()["tiny_vgg"]
    invent(histories)
    assert with_curves("tiny_vgg", histories) == [f"tiny_vgg: {INVENTIONS[invent]}; were its curves measured?"]


def test_what_a_dead_or_a_rounded_training_leaves_is_not_told() -> None:
    histories = measured()["tiny_vgg"]
    rng = np.random.default_rng(0)
    dead = {"loss": 2.3026, "accuracy": 0.1, "val_loss": 2.3027, "val_accuracy": 0.098}
    histories[0] = {name: [value] * settings.EPOCHS for name, value in dead.items()}
    for name in ("loss", "val_loss"):
        histories[0][name] = list((2.3026 + rng.normal(0, 1e-4, settings.EPOCHS)).round(6))
    histories[1] = {name: [round(value, 3) for value in values] for name, values in histories[1].items()}
    assert with_curves("tiny_vgg", histories) == []
