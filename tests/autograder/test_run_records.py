import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from assignment.samples.edits import RECORDS
from autograder import assignment
from autograder.gradebook.result_json import decode, encode
from autograder.grading import run_records
from autograder.grading.run_records import SameTraining
from autograder.results import Reported, SubmissionResult
from lab import run_record, settings


def run(accuracy, weights=(), history=None):
    values = [{"path": path, "value": np.asarray(value, "<f4")} for path, value in weights]
    return {"accuracy": accuracy, "weights": values, "history": history or {}}


def known(is_evaluated=True):
    """What the practical makes of records, on a machine with or without the real test set."""
    return replace(assignment.current().records(), are_evaluated=lambda: is_evaluated)


def of_runs(*runs):
    return run_records.summarise({"tiny_vgg": {"runs": list(runs)}}, known())["tiny_vgg"]


# What is kept of a run record


def test_mean_and_standard_deviation_are_those_of_numpy():
    found = of_runs(run(0.5), run(0.625), run(0.75))
    assert (found.mean, found.std, found.n) == (0.625, 0.125, 3)
    assert (of_runs(run(0.5)).mean, of_runs(run(0.5)).std) == (0.5, None)


@pytest.mark.parametrize("accuracy", [1.5, -0.1, 1e299])
def test_what_is_no_accuracy_has_no_mean(accuracy):
    found = of_runs(run(0.5), run(accuracy))
    assert (found.mean, found.std, found.n) == (None, None, 2)


def test_records_that_cannot_be_read_are_left_out():
    assert run_records.summarise({"tiny_vgg": {"error": "the record is damaged"}}, known()) == {}
    assert run_records.summarise({"tiny_vgg": {"runs": []}}, known()) == {"tiny_vgg": Reported(None, None, 0)}


def test_weights_are_told_apart_by_their_values_alone():
    kernel = np.arange(6).reshape(2, 3)
    plain = of_runs(run(0.5, [("conv/kernel", kernel)])).weights
    assert plain == (hashlib.sha256(b"(2, 3)\n" + kernel.astype("<f4").tobytes()).hexdigest(),)
    assert of_runs(run(0.5, [("other/kernel", kernel), ("dropout/seed_generator_state", [1, 2])])).weights == plain
    assert of_runs(run(0.5, [("conv/kernel", kernel.T)])).weights != plain
    assert of_runs(run(0.5, [("conv/kernel", kernel + 1e-4)])).weights != plain
    assert of_runs(run(0.5), run(0.5, [("dropout/seed_generator_state", [1])])).weights == ("", "")


def test_histories_are_told_apart_where_they_are_long_enough():
    history = {"loss": [1.0, 0.5, 0.25, 0.2, 0.1], "val_loss": [1.0, 0.5, 0.4, 0.3, 0.2]}
    turned = dict(reversed(history.items()))
    first, second, third = of_runs(
        run(0.5, history=history), run(0.5, history=turned), run(0.5, history={"loss": [0.1] * 9})
    ).histories
    assert first == second == hashlib.sha256(json.dumps(history, sort_keys=True).encode()).hexdigest()
    assert third == ""


def test_records_of_the_samples():
    page = (RECORDS / "tiny_vgg.html").read_text()
    notebook = {"cells": [{"outputs": [{"data": {"text/html": page}}]}]}
    found = run_records.summarise(run_record.find(notebook), known())["tiny_vgg"]
    assert found.n == settings.RUNS
    assert found.mean == pytest.approx(run_record.find(notebook)["tiny_vgg"]["mean"])
    assert len({*found.weights, *found.histories}) == 2 * settings.RUNS


# The same training in two submissions


def holding(name, **weights):
    return SubmissionResult(name, "graded", reported={v: Reported(0.5, 0.1, 1, w) for v, w in weights.items()})


def test_submissions_with_a_training_in_common_are_one_group():
    results = [
        holding("a", tiny_vgg=("1", "2"), tiny_vgg_bn=("3",)),
        holding("b", tiny_vgg=("4",)),
        holding("c", tiny_vgg=("2",)),  # with a
        holding("d", tiny_resnet=("5",)),
        holding("e", tiny_vgg_bn=("3",), tiny_resnet=("5",)),  # with a, and with d
        holding("f", tiny_vgg=("",)),
        holding("g", tiny_vgg=("",)),  # both have none
    ]
    assert run_records.same_trainings(results) == [
        SameTraining(
            ("a", "c", "d", "e"),
            ("tiny_vgg (weights of 1 run)", "tiny_vgg_bn (weights of 1 run)", "tiny_resnet (weights of 1 run)"),
        )
    ]


def test_one_training_twice_in_one_submission_is_no_group():
    assert run_records.same_trainings([holding("a", tiny_vgg=("1", "1"), tiny_vgg_bn=("1",)), holding("b")]) == []


def test_histories_are_not_taken_for_weights():
    one = SubmissionResult("a", "graded", reported={"tiny_vgg": Reported(0.5, 0.1, 1, ("1",), ("2",))})
    two = SubmissionResult("b", "graded", reported={"tiny_vgg": Reported(0.5, 0.1, 1, ("2",), ("1",))})
    assert run_records.same_trainings([one, two]) == []
    (group,) = run_records.same_trainings([one, replace(one, submission="b")])
    assert group == SameTraining(("a", "b"), ("tiny_vgg (weights of 1 run, histories of 1 run)",))


def answering(name, *runs):
    weights, answers = zip(*runs, strict=True)
    return SubmissionResult(name, "graded", reported={"tiny_vgg": Reported(0.5, 0.1, 1, weights, answers=answers)})


def test_weights_that_answer_alike_are_one_training():
    one, nearly, other = "0123456789" * 10, "0123456789" * 9 + "0123456798", "9876543210" * 10
    results = [
        answering("a", ("1", one), ("2", other)),
        answering("b", ("3", nearly), ("4", "")),
        answering("c", ("5", "")),
        answering("d", ("2", other)),  # the very weights of a: said once
    ]
    assert run_records.same_trainings(results[:3]) == [SameTraining(("a", "b"), ("tiny_vgg (answers of 1 run)",))]
    assert run_records.same_trainings(results[2:]) == []
    assert run_records.same_trainings([results[0], results[3]]) == [
        SameTraining(("a", "d"), ("tiny_vgg (weights of 1 run)",))
    ]
    assert run_records.same_trainings([answering("a", ("1", one), ("2", nearly)), results[2]]) == []


def test_answers_survive_the_trip_through_a_file():
    result = answering("a", ("1", "0123456789" * 10), ("2", ""))
    again = decode(encode(result))
    assert again.reported == result.reported
    assert run_records.same_trainings([again, answering("b", ("3", "0123456789" * 10))]) == [
        SameTraining(("a", "b"), ("tiny_vgg (answers of 1 run)",))
    ]
    with pytest.raises(ValueError, match="answers"):
        decode(encode(answering("a", ("1", "01x"))))
