"""The baseline as the grader reads it, and what it says of a student's run record."""

import json
from dataclasses import replace

import numpy as np
import pytest

from assignment.hidden import run_records
from autograder import assignment
from autograder.grading.baselines import Baseline, baselines
from lab import settings
from solutions import summary
from solutions.runs import Run


def trained(accuracy, epochs=settings.EPOCHS, data="CIFAR-10"):
    history = {f"{part}{name}": [0.5] * epochs for part in ("", "val_") for name in ("loss", "accuracy")}
    fields = {
        "variant": "tiny_vgg", "seed": 1, "epochs": epochs, "accuracy": accuracy, "loss": 1.0, "history": history,
        "parameters": 9420, "seconds": 1.0, "cpu_seconds": 1.0, "key": "k", "trainer": "fit", "data": data,
        "hardware": "h", "versions": {}, "resumed_at": [],
    }  # fmt: skip
    return Run(**{name: fields[name] for name in Run.__dataclass_fields__})


def given(tmp_path, monkeypatch):
    """The file of baselines of the practical."""
    path = tmp_path / "baselines.json"
    practical = replace(assignment.current(), baselines=path)
    monkeypatch.setattr(assignment, "current", lambda: practical)
    return path


def test_baselines_are_read_as_they_are_written(tmp_path, monkeypatch):
    path = given(tmp_path, monkeypatch)
    assert baselines() == {}
    path.write_text(summary.encode({"tiny_vgg": [trained(0.6), trained(0.62), trained(0.64)]}, "sha"))
    found = baselines()["tiny_vgg"]
    low, high = json.loads(path.read_text())["variants"]["tiny_vgg"]["interval"]
    assert found == Baseline(0.62, 0.02, 3, low, high)


@pytest.mark.parametrize("runs", [[trained(0.6, data="stand-in")] * 2, [trained(0.6, epochs=5)] * 2])
def test_a_trial_run_is_no_baseline(tmp_path, monkeypatch, runs):
    path = given(tmp_path, monkeypatch)
    path.write_text(summary.encode({"tiny_vgg": runs}, "sha"))
    assert baselines() == {}


def test_a_baseline_of_another_practical_is_none(tmp_path, monkeypatch):
    path = given(tmp_path, monkeypatch)
    path.write_text(summary.encode({"tiny_vgg": [trained(0.6), trained(0.62)]}, "sha"))
    assert baselines()
    for name in ("FILTERS", "RUNS", "EPOCHS"):
        with monkeypatch.context() as patch:
            patch.setattr(settings, name, getattr(settings, name) + 1)
            assert baselines() == {}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"dataset": {"name": "CIFAR-10"}, "constants": {"EPOCHS": 100}, "variants": 3}']
)
def test_a_damaged_baseline_is_named(tmp_path, monkeypatch, text):
    path = given(tmp_path, monkeypatch)
    path.write_text(text)
    with pytest.raises(ValueError, match=r"baselines\.json is damaged .*; make baselines writes it anew"):
        baselines()


# What is said of a record


def record(accuracies=(0.6, 0.61, 0.62, 0.63, 0.64), validation=None, epoch=-1):
    rng = np.random.default_rng(0)
    runs = []
    for i, accuracy in enumerate(accuracies):
        history = {name: list(rng.uniform(0.5, 1, settings.EPOCHS)) for name in ("loss", "val_loss")}
        trained_on = round(settings.N_TRAIN * (1 - settings.VALIDATION_SPLIT))
        history["accuracy"] = list(rng.integers(trained_on // 2, trained_on, settings.EPOCHS) / trained_on)
        history["val_accuracy"] = [0.1] * settings.EPOCHS
        history["val_accuracy"][epoch] = accuracy + 0.003 if validation is None else validation(accuracy)
        weights = [{"path": "dense/kernel", "value": rng.normal(size=(3, 4)) * (i + 1)}]
        runs.append({"accuracy": accuracy, "history": history, "weights": weights})
    return {"runs": runs, "mean": float(np.mean(accuracies)), "std": float(np.std(accuracies))}


KNOWN = {"tiny_vgg": Baseline(0.62, 0.01, 5, 0.60, 0.64)}


@pytest.mark.parametrize("mean", [0.575, 0.62, 0.665])
def test_a_plausible_record_is_passed_over(mean):
    accuracies = [mean + d for d in (-0.002, -0.001, 0, 0.001, 0.002)]
    assert run_records.remarks({"tiny_vgg": record(accuracies)}, KNOWN) == []


@pytest.mark.parametrize(("mean", "word"), [(0.7, "higher"), (0.5, "lower")])
def test_an_implausible_mean_is_told_to_the_instructor(mean, word):
    accuracies = [mean + d for d in (-0.002, -0.001, 0, 0.001, 0.002)]
    assert run_records.remarks({"tiny_vgg": record(accuracies)}, KNOWN) == [
        f"tiny_vgg: the mean accuracy {mean:.3f} is {word} than the reference makes plausible (0.570 to 0.670); "
        "its run record is worth a look."
    ]
    assert run_records.remarks({"tiny_vgg": record(accuracies)}, {}) == []


def test_curves_that_do_not_belong_to_the_accuracies_are_told():
    assert run_records.remarks({"tiny_vgg": record(validation=lambda accuracy: 0.9)}, {}) == [
        "tiny_vgg: run 1 ends with a validation accuracy of 0.900 and a test accuracy of 0.600; "
        "its run record is worth a look."
    ]


@pytest.mark.parametrize("epoch", [-1, -2])
def test_curves_that_end_or_peak_at_the_test_accuracies_are_told(epoch):
    """As they do where the test set was handed to `fit` for validation, or the best epoch chosen by it."""
    told = run_records.remarks({"tiny_vgg": record(validation=lambda accuracy: accuracy, epoch=epoch)}, {})
    assert told[0] == (
        "tiny_vgg: the validation accuracy of every run ends or peaks at its very test accuracy; "
        "look whether the test set was used for validation, or to choose the epoch."
    )
    by_chance = record(validation=lambda accuracy: accuracy if accuracy != 0.62 else 0.6201)
    assert run_records.remarks({"tiny_vgg": by_chance}, {}) == []


def test_records_that_lose_marks_anyway_are_not_told_twice():
    assert run_records.remarks({"tiny_vgg": {"error": "the record is damaged"}}, KNOWN) == []
    assert run_records.remarks({"tiny_vgg": record([0.9] * 2)}, KNOWN) == []
