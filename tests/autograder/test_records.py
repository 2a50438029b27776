"""Run records that no network was observed for, copies of trainings, and curves that were never measured."""

from collections.abc import Callable
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from autograder import copies, verification
from autograder.baseline import PATH
from autograder.checks import reference_specs
from autograder.checks.records import judge_record, with_answers
from autograder.samples.edits import RECORDS
from lab import run_record, settings
from lab.judging import Failure, Observations, Unjudged
from lab.probes import inputs

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
    question = "q4" if variant == "tiny_vgg" else settings.VARIANTS[variant]
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
    if verification.is_possible():
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


@pytest.mark.parametrize("variant", settings.VARIANTS)
def test_real_weights_beside_a_blank_notebook_are_tried_in_the_network_asked_for(variant: str) -> None:
    if not verification.is_possible():
        pytest.skip("needs CIFAR-10 in KERAS_HOME")
    judged(variant, trained(variant))


@pytest.mark.parametrize("variant", ["tiny_vgg", "tiny_vgg_bn"])
def test_a_network_that_cannot_be_computed_is_told(variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its weights reach nothing in the network that was asked for, so that they may be right in their own."""
    if not verification.is_possible():
        pytest.skip("needs CIFAR-10 in KERAS_HOME")
    record = with_weights(trained(variant), INVENTED["arrays of the right shapes"])
    spec = spec_of(variant, record)
    strange = spec | {"nodes": [n | {"kind": "Fancy"} if n["kind"] == "Flatten" else n for n in spec["nodes"]]}
    with pytest.raises(Unjudged, match=r"the network cannot be computed here \(.*Fancy.*\), and they do not reach"):
        judged(variant, record, strange)
    judged(variant, trained(variant), strange)
