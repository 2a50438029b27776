"""Question 9: the run record."""

import base64
from collections.abc import Callable
from typing import Any

import numpy as np

from answers.entries import Entry, RecordEdit, line, right, wrong


def _renamed(metric: str) -> RecordEdit:
    """A run record of a notebook whose metric has this name."""

    def edit(record: dict[str, Any]) -> dict[str, Any]:
        for run in record["runs"]:
            run["history"] = {name.replace("accuracy", metric): series for name, series in run["history"].items()}
        return record

    return edit


def _more_runs(record: dict[str, Any]) -> dict[str, Any]:
    """A run record of ten runs."""
    runs = record["runs"]
    more = [
        run
        | {
            "history": {k: v[::-1] for k, v in run["history"].items()},
            "weights": [_negative(weight) for weight in run["weights"]],
        }
        for run in runs
    ]
    return record | {"runs": runs + more}


def _negative(weight: dict[str, Any]) -> dict[str, Any]:
    """Other weights, with which the network still gives every image the same class."""
    values = -np.frombuffer(base64.b64decode(weight["data"]), "<f4")
    return weight | {"data": base64.b64encode(values.tobytes()).decode()}


Record = dict[str, Any]


def _runs(change: Callable[[Record], Record]) -> RecordEdit:
    """Changes every run of a record."""
    return lambda record: record | {"runs": [change(run) for run in record["runs"]]}


def _few_epochs(run: Record) -> Record:
    return run | {"history": {name: series[:10] for name, series in run["history"].items()}}


def _diverged(record: Record) -> Record:
    record["runs"][2]["history"]["loss"][40:] = [float("nan")] * len(record["runs"][2]["history"]["loss"][40:])
    return record


def _cut_off(record: Record) -> Record:
    weight = record["runs"][-1]["weights"][-1]
    weight["data"] = weight["data"][:20]
    return record


def _other_network(run: Record) -> Record:
    """Weights of a network without its last bias."""
    return run | {"weights": run["weights"][:-1]}


RIGHT: tuple[Entry, ...] = (
    right(
        "q9",
        "ten runs in the record",
        "more than asked for",
        line("run_experiment", ("n_runs=settings.RUNS", "n_runs=10")),
        record=_more_runs,
    ),
    right(
        "q9",
        "metric called acc in the record",
        "the histories name the accuracy as the student's metric does",
        line("compile_model", ('metrics=["accuracy"]', 'metrics=["acc"]')),
        line("evaluate", ('scores["accuracy"]', 'scores["acc"]')),
        line(
            "plot_history",
            ("history.history[quantity]", 'history.history[quantity.replace("accuracy", "acc")]'),
            ('history.history[f"val_{quantity}"]', 'history.history["val_" + quantity.replace("accuracy", "acc")]'),
        ),
        record=_renamed("acc"),
    ),
    right(
        "q9",
        "metric with a French name in the record",
        "the histories name the accuracy as the student's metric does",
        line("compile_model", ('"accuracy"', 'keras.metrics.SparseCategoricalAccuracy(name="justesse")')),
        line("evaluate", ('scores["accuracy"]', 'scores["justesse"]')),
        line("plot_history", ('["loss", "accuracy"]', '["loss", "justesse"]')),
        record=_renamed("justesse"),
    ),
)

WRONG: tuple[Entry, ...] = (
    # The run record
    wrong(
        "q9",
        "outputs cleared before handing in",
        "the run record was in them",
        record=lambda record: None,
        marks=11,
        fails={"q9_record": "do not clear its outputs"},
    ),
    wrong(
        "q9",
        "three runs published",
        "the experiment was cut short",
        line("run_experiment", ("n_runs=settings.RUNS", "n_runs=3")),
        record=lambda record: record | {"runs": record["runs"][:3]},
        marks=11,
        fails={"q9_record": "It holds 3."},
    ),
    wrong(
        "q9",
        "ten epochs published",
        "the experiment was cut short",
        line("run_experiment", ("epochs=settings.EPOCHS", "epochs=10")),
        record=_runs(_few_epochs),
        marks=11,
        fails={"q9_record": "`loss` has 10 values"},
    ),
    wrong(
        "q9",
        "mean of an earlier experiment published",
        "it is not that of the accuracies beside it",
        record=lambda record: record | {"mean": 0.75},
        marks=11,
        fails={"q9_record": "all of it from one experiment"},
    ),
    wrong(
        "q9",
        "one run published five times",
        "copies are no runs",
        record=lambda record: (
            record | {"runs": record["runs"][:1] * 5, "mean": record["runs"][0]["accuracy"], "std": 0}
        ),
        marks=11,
        fails={"q9_record": "Two runs have the same loss in every epoch"},
    ),
    wrong(
        "q9",
        "models not returned for publishing",
        "a record without weights cannot be verified",
        line("run_experiment", ('        "models": models,\n', "")),
        record=_runs(lambda run: run | {"weights": []}),
        marks=11,
        fails={"q9_record": "Let `run_experiment` return the list `models` too"},
    ),
    wrong(
        "q9",
        "network changed after the experiment",
        "the published weights belong to another one",
        record=_runs(_other_network),
        marks=11,
        fails={"q9_record": "Those of run 1 belong to another one"},
    ),
    wrong(
        "q9",
        "training diverged in one run",
        "its loss is no number any more",
        record=_diverged,
        marks=11,
        fails={"q9_record": "belongs to a training that failed"},
    ),
    wrong(
        "q9",
        "record cut off by an editor",
        "its last weights are incomplete",
        record=_cut_off,
        marks=11,
        fails={"q9_record": "save the notebook"},
    ),
)
