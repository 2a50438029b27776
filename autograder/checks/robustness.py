"""Hidden checks of question 9."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.checks import registry
from autograder.checks.records import judge_record
from lab.checks.common import numbers, require_call
from lab.checks.robustness import RESULT_KEYS
from lab.judging import Failure, Observations
from lab.probes import inputs

Judge = Callable[[dict[str, Any], dict[str, Any]], None]
Statistic = Callable[[Any], Any]

TOLERANCE = 1e-4 + 5e-5  # of an accuracy: rounding to four digits is fine


def _judge_any(observations: Observations, judge: Judge, n_calls: int | None = None) -> None:
    """Judge the experiment with the student's own functions, else with neutral ones in their place.

    A fault of an earlier question then costs nothing here.

    Args:
        observations: all of them.
        judge: raises what is wrong with one call, given its returned dict.
        n_calls: how many of the calls count; all of them if None.

    Raises:
        Failure: neither is right; the failure of the first.
    """
    first: Failure | None = None
    for call in observations["q9"]["calls"][:n_calls]:
        try:
            value = require_call(call, "run_experiment")
            if not isinstance(value, dict) or any(key not in value for key in RESULT_KEYS):
                raise Failure("`run_experiment` returns a dict with the four keys.", "It does not.")
            judge(call, value)
            return
        except Failure as failure:
            first = first or failure
    raise first or Failure("`run_experiment` can be tried.", "There was nothing to try it on.")


def _runs(call: dict[str, Any]) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = call["runs"]
    if len(runs) != inputs.EXPERIMENT_RUNS:
        raise Failure(
            f"With n_runs={inputs.EXPERIMENT_RUNS}, {inputs.EXPERIMENT_RUNS} models are trained.", _calls_of_fit(runs)
        )
    return runs


def _calls_of_fit(runs: list[dict[str, Any]]) -> str:
    return {0: "`fit` was not called.", 1: "`fit` was called once."}.get(
        len(runs), f"`fit` was called {len(runs)} times."
    )


@registry.check("q9", 2, after="q9_answered")
def q9_runs(observations: Observations) -> None:
    """Every run trains a model, for as many epochs as asked."""

    def judge(call: dict[str, Any], value: dict[str, Any]) -> None:
        runs = _runs(call)
        if not call["built"]:
            raise Failure(
                "Each run trains a model that `build_model` gives, whichever builder that is.",
                "`build_model` was never called.",
                "`run_experiment` serves for other networks too: which one, its argument says.",
            )
        for run in runs:
            if run["on_test"]:
                raise Failure(
                    "Every run trains on the training images.",
                    "A run trained on images of the test set.",
                    "What is measured on images that were trained on says nothing about new ones.",
                )
            if run["epochs"] != inputs.EXPERIMENT_EPOCHS:
                raise Failure(
                    f"With epochs={inputs.EXPERIMENT_EPOCHS}, each run trains {inputs.EXPERIMENT_EPOCHS} epochs.",
                    f"A run trained {run['epochs']}.",
                    "Hand `epochs` on to `train`.",
                )

    _judge_any(observations, judge)


@registry.check("q9", 3, after="q9_answered")
def q9_fresh(observations: Observations) -> None:
    """Every run starts with a fresh model."""

    def judge(call: dict[str, Any], value: dict[str, Any]) -> None:
        if not call["runs"]:
            raise Failure("Every run trains a model.", _calls_of_fit([]))
        starts = [run["start"] for run in call["runs"]]
        ends = [run["end"] for run in call["runs"]]
        if any(start in ends for start in starts):
            raise Failure(
                "Each run starts from new random weights.",
                "A run went on with the weights that another run had ended with.",
                "Build the model inside the loop.",
            )
        if len(set(starts)) < len(starts):
            raise Failure(
                "Each run starts from its own random weights.",
                "Two runs started from the same weights.",
                "Is the same seed set before every model is built, here or inside the builder, or are weights copied?",
            )
        if len(starts) < inputs.EXPERIMENT_RUNS:
            raise Failure("There are several runs.", _calls_of_fit(call["runs"]))

    # A builder that gives the same weights each time spoils the experiment, and no other question would notice.
    seen = observations["q9"]
    own_only = seen["builder_repeats"] and not seen["calls"][0].get("error")
    _judge_any(observations, judge, 1 if own_only else None)


def _right_accuracies(call: dict[str, Any]) -> list[list[float]]:
    """For each run the accuracies that count as right: on the test set that the notebook holds."""
    labels = np.asarray(call["labels"])
    return [[float(np.mean(run["predicted"] == labels)), *run["elsewhere"]] for run in _runs(call)]


def _unit(claimed: list[float]) -> float:
    """1 for fractions, 100 for percent."""
    return 100.0 if max(claimed, default=0) > 1 else 1.0


def _claimed(value: dict[str, Any]) -> list[float]:
    """Accuracies as fractions."""
    claimed = numbers(value["accuracies"])
    if claimed is None or not np.isfinite(claimed).all():
        raise Failure("`accuracies` holds numbers.", "It holds something else.")
    return [accuracy / _unit(claimed) for accuracy in claimed]


@registry.check("q9", 2, after="q9_answered")
def q9_accuracies(observations: Observations) -> None:
    """The accuracies are those of the trained models on the test set, in the order of the runs."""

    def judge(call: dict[str, Any], value: dict[str, Any]) -> None:
        claimed = _claimed(value)
        right = _right_accuracies(call)
        if len(claimed) != len(right):
            raise Failure("There is one accuracy a run.", f"There are {len(claimed)} for {len(right)} runs.")
        wrong = [
            i
            for i, (c, options) in enumerate(zip(claimed, right, strict=True))
            if not any(abs(c - option) <= TOLERANCE for option in options)
        ]
        if wrong:
            expected = "Each accuracy is that of the model trained in this run, on the test set."
            if np.allclose(sorted(claimed), sorted(options[0] for options in right), rtol=0, atol=TOLERANCE):
                raise Failure(
                    expected, "They are in another order than the runs.", "Histories and models follow it too."
                )
            if all(round(right[i][0], 2) == round(claimed[i], 6) for i in wrong):
                raise Failure(
                    expected, "They are rounded to two digits.", "Thousands of images tell finer differences."
                )
            on_train = all(abs(claimed[i] - call["runs"][i]["train_accuracy"]) <= TOLERANCE for i in wrong)
            raise Failure(
                expected,
                "They are accuracies on the training set."
                if on_train
                else f"{len(wrong)} of {len(claimed)} are not what the trained models reach there.",
                "`evaluate(model, x_test, y_test)` after each training; the accuracy is its second number.",
            )

    _judge_any(observations, judge)


# What a mean or a standard deviation is sometimes mistaken for, by the words that a message uses.
_NOT_THE_MEAN: dict[str, Statistic] = {
    "their median": np.median,
    "their sum": np.sum,
    "the best of them": np.max,
    "the last of them": lambda a: a[-1],
}
_NOT_THE_STD: dict[str, Statistic] = {
    "the variance": np.var,
    "the sample variance": lambda a: np.var(a, ddof=1),
    "the standard error of their mean": lambda a: np.std(a, ddof=1) / len(a) ** 0.5,
    "the distance between the best and the worst": np.ptp,
}


@registry.check("q9", 2, after="q9_answered")
def q9_mean_std(observations: Observations) -> None:
    """Mean and standard deviation are those of the accuracies."""
    # Whatever the accuracies are, these have to be theirs: every call counts that gave some.
    for call in observations["q9"]["calls"]:
        value = call.get("value")
        if isinstance(value, dict) and all(key in value for key in RESULT_KEYS):
            _judge_mean_std(call, value)


def _judge_mean_std(call: dict[str, Any], value: dict[str, Any]) -> None:
    mean, std = numbers([value["mean"]]), numbers([value["std"]])
    if mean is None or std is None or len(mean) != 1 or len(std) != 1:
        raise Failure("`mean` and `std` are numbers.", "They are not.")
    claimed = numbers(value["accuracies"])
    unit = _unit(claimed or mean)
    # What is returned may be rounded, or a text: mean and std are right too if they are those of the accuracies behind.
    behind = [unit * float(np.mean(run["predicted"] == np.asarray(call["labels"]))) for run in call["runs"]]
    lists = [np.array(found) for found in (claimed, behind) if found]
    if not lists:
        raise Failure("`accuracies` holds numbers.", "It holds something else.")
    if not any(_agree(mean[0], np.mean(accuracies), unit) for accuracies in lists):
        raise Failure("`mean` is the mean of the accuracies.", _instead(mean[0], lists[0], np.mean, _NOT_THE_MEAN))
    if not any(_agree(std[0], np.std(found, ddof=n), unit) for found in lists for n in (0, 1) if len(found) > n):
        raise Failure(
            "`std` is the standard deviation of the accuracies (population or sample).",
            _instead(std[0], lists[0], np.std, _NOT_THE_STD),
            "`np.std`",
        )


def _agree(found: float, right: Any, unit: float) -> bool:
    return bool(abs(found - right) <= TOLERANCE * unit)


def _instead(found: float, accuracies: np.ndarray, right: Statistic, others: Mapping[str, Statistic]) -> str:
    """What a number is instead of the statistic that it should be."""
    for name, statistic in others.items():
        if np.isclose(found, statistic(accuracies), rtol=1e-4, atol=1e-9):
            return f"It is {name}."
    if any(np.isclose(found, factor * right(accuracies), rtol=0.01) for factor in (100, 0.01)):
        return "It is in another unit than the accuracies: either all are fractions, or all are in percent."
    return "It is another number."


@registry.check("q9", 1, after="q9_answered")
def q9_histories(observations: Observations) -> None:
    """The histories hold the curves of every run."""

    def judge(call: dict[str, Any], value: dict[str, Any]) -> None:
        histories = value["histories"]
        histories = list(histories.values()) if isinstance(histories, dict) else histories
        if not isinstance(histories, list):
            raise Failure("`histories` is a list, one history a run.", "It is something else.")
        epochs = [run["epochs"] for run in call["runs"]]
        for number, history in enumerate(histories):
            series = _series(history)
            if "loss" not in series or not any(key.startswith("val_") for key in series):
                raise Failure(
                    "Each history holds loss, accuracy and their validation values.",
                    f"One holds: {', '.join(series) or 'no series'}.",
                )
            n = epochs[number] if len(epochs) == len(histories) else inputs.EXPERIMENT_EPOCHS
            for name, values in series.items():
                if (name == "loss" or name.startswith("val_")) and np.size(values) != n:
                    raise Failure(
                        "Each series of a history has as many values as the run took epochs.",
                        f"After {n} epochs, `{name}` has {np.size(values)}.",
                    )

    _judge_any(observations, judge)


def _series(history: Any) -> dict[str, Any]:
    if not isinstance(history, dict):
        return {}
    if history.get("kind") == "object":
        return {}
    if history.get("kind") == "History":
        inner = history["history"]
    elif history.get("kind") == "DataFrame":
        inner = {k: v for k, v in history["columns"].items() if k != "epoch"}
    else:
        inner = history
    return inner if isinstance(inner, dict) else {}


@registry.check("q9", 1)
def q9_record(observations: Observations) -> None:
    """The run record of tiny_vgg is in the notebook."""
    judge_record(observations, "tiny_vgg")
