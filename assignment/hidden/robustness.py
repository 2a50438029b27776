"""Hidden checks of question 9."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from assignment.hidden._registry import registry
from assignment.hidden.run_records import judge_record
from assignment.hidden.training import BROADCAST, share_of_pairs
from lab.checks.common import numbers, require_call
from lab.checks.robustness import ONE_A_RUN, count_of, results_in
from lab.probes import inputs
from labkit.judging import Failure, Observations, Unjudged

Judge = Callable[[dict[str, Any], dict[str, Any]], None]
Statistic = Callable[[Any], Any]

ENOUGH = 0.85  # share of the training images: batches that are not full may be left out
TOLERANCE = 1e-4 + 5e-5  # of an accuracy: rounding to four digits is fine


def _judge_any(observations: Observations, judge: Judge, n_calls: int | None = None, key: str = "") -> None:
    """Judge the experiment with the student's own functions, else with neutral ones in their place.

    A fault of an earlier question then costs nothing here.

    Args:
        observations: all of them.
        judge: raises what is wrong with one call, given its returned dict.
        n_calls: how many of the calls count; all of them if None.
        key: of the dict, without which there is nothing to judge.

    Raises:
        Failure: neither is right; the failure of the first.
    """
    first: Failure | None = None
    for call in observations["q9"]["calls"][:n_calls]:
        try:
            value = results_in(require_call(call, "run_experiment"))
            if key and key not in value:
                raise Failure(f"`run_experiment` returns a dict with `{key}`.", f"There is no `{key}`.")
            judge(call, value)
            return
        except Failure as failure:
            first = first or failure
    raise first or Failure("`run_experiment` can be tried.", "There was nothing to try it on.")


def _calls_of_fit(runs: list[dict[str, Any]]) -> str:
    return {0: "`fit` was not called.", 1: "`fit` was called once."}.get(
        len(runs), f"`fit` was called {len(runs)} times."
    )


@registry.check("q9", 1.5, after="q9_answered")
def q9_runs(observations: Observations) -> None:
    """Every run trains a model with `train`, on all training images, for as many epochs as asked."""

    def judge(call: dict[str, Any], value: dict[str, Any]) -> None:
        n, runs = inputs.EXPERIMENT_RUNS, call["runs"]
        # Fewer runs that give fewer entries are the fault of another check.
        if not runs or (len(runs) < n and any(count_of(value.get(key)) == n for key in ONE_A_RUN)):
            raise Failure(f"With n_runs={n}, {n} models are trained.", _calls_of_fit(runs))
        if not call["built"]:
            raise Failure(
                "Each run trains a model that `build_model` gives, whichever builder that is.",
                "`build_model` was never called.",
                "`run_experiment` serves for other networks too: which one, its argument says.",
            )
        for run in runs:
            _judge_run(run)

    _judge_any(observations, judge)


def _judge_run(run: dict[str, Any]) -> None:
    if run["on_test"]:
        raise Failure(
            "Every run trains on the training images.",
            "A run trained on images of the test set.",
            "What is measured on images that were trained on says nothing about new ones.",
        )
    if not run["by_train"]:
        raise Failure(
            "Every run trains with your `train` of Question 6.",
            "A run called `fit` by itself.",
            "`train` knows the validation share and the size of batches. Folds are not asked for: every run takes all "
            "of `x_train`, and what differs are the random numbers.",
        )
    if run["share"] is not None and run["share"] < ENOUGH:
        raise Failure(
            "Every run gets all images of `x_train`.",
            f"A run got {run['share']:.0%} of them.",
            "Folds or samples are not asked for: what differs between the runs are the random numbers.",
        )
    if run["epochs"] != inputs.EXPERIMENT_EPOCHS:
        raise Failure(
            f"With epochs={inputs.EXPERIMENT_EPOCHS}, each run trains {inputs.EXPERIMENT_EPOCHS} epochs.",
            f"A run trained {run['epochs']}.",
            "Hand `epochs` on to `train`.",
        )


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
        if len(starts) == 1:
            raise Failure("There are several runs to compare.", _calls_of_fit(call["runs"]))

    # A builder that gives the same weights each time spoils the experiment, and no other question would notice.
    seen = observations["q9"]
    own_only = seen["builder_repeats"] and not seen["calls"][0].get("error")
    _judge_any(observations, judge, 1 if own_only else None)


def _right_accuracies(call: dict[str, Any]) -> list[list[float]]:
    """For each run the accuracies that count as right: on the test set that the notebook holds."""
    labels = np.asarray(call["labels"])
    right = []
    for run in call["runs"]:
        own = [] if run["predicted"] is None else [float(np.mean(run["predicted"] == labels))]
        right.append([*own, *run["elsewhere"]])
    if not all(right):
        raise Unjudged("a trained model could not be evaluated any more after `run_experiment` had ended.")
    return right


def _claimed(value: dict[str, Any]) -> list[float]:
    claimed = numbers(value["accuracies"])
    if claimed is None or not np.isfinite(claimed).all():
        raise Failure("`accuracies` holds numbers.", "It holds something else.")
    return claimed


def _wrong(claimed: list[float], right: list[list[float]]) -> list[int]:
    """Numbers of the accuracies that are not right. Where there are more or fewer than runs, which is the fault of
    another check, the last ones count, and each may be of any run."""
    if len(claimed) != len(right):
        claimed, right = claimed[-len(right) :], [[option for options in right for option in options]] * len(claimed)
    return [
        i
        for i, (c, options) in enumerate(zip(claimed, right, strict=False))
        if not any(abs(c - option) <= TOLERANCE for option in options)
    ]


def _is_of_pairs(claimed: float, run: dict[str, Any], call: dict[str, Any]) -> bool:
    """Whether each prediction of a run was compared with each label."""
    found = run["predicted"]
    return found is not None and abs(claimed - share_of_pairs(found, call["labels"])) <= TOLERANCE


@registry.check("q9", 2, after="q9_answered")
def q9_accuracies(observations: Observations) -> None:
    """The accuracies are those of the trained models on the test set, as fractions, in the order of the runs."""

    def judge(call: dict[str, Any], value: dict[str, Any]) -> None:
        claimed, right = _claimed(value), _right_accuracies(call)
        if not right:
            raise Failure("The accuracies are those of trained models.", "`fit` was not called.")
        wrong = _wrong(claimed, right)
        if not wrong:
            return
        expected = "Each accuracy is that of the model trained in this run, on the test set."
        if not _wrong([accuracy / 100 for accuracy in claimed], right):
            raise Failure("Accuracies are fractions, between 0 and 1.", "They are given in percent.")
        if np.allclose(sorted(claimed), sorted(options[0] for options in right), rtol=0, atol=TOLERANCE):
            raise Failure(expected, "They are in another order than the runs.", "Histories and models follow it too.")
        if all(any(round(option, 2) == round(claimed[i], 6) for option in right[i]) for i in wrong):
            raise Failure(expected, "They are rounded to two digits.", "Thousands of images tell finer differences.")
        if all(_is_of_pairs(value, run, call) for value, run in zip(claimed, call["runs"], strict=False)):
            raise Failure(expected, "Every prediction is compared with every label.", BROADCAST)
        trained = [run["train_accuracy"] for run in call["runs"]]
        on_train = all(trained[i] is not None and abs(claimed[i] - trained[i]) <= TOLERANCE for i in wrong)
        raise Failure(
            expected,
            "They are accuracies on the training set."
            if on_train
            else f"{len(wrong)} of {len(claimed)} are not what the trained models reach there.",
            "`evaluate(model, x_test, y_test)` after each training; the accuracy is its second number.",
        )

    _judge_any(observations, judge, key="accuracies")


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
    values = [(call, results_in(call.get("value"))) for call in observations["q9"]["calls"]]
    if not any("mean" in value or "std" in value for _, value in values):
        raise Failure("`mean` and `std` are numbers.", "There is neither.")
    for call, value in values:
        if value:
            _judge_mean_std(call, value)


def _judge_mean_std(call: dict[str, Any], value: dict[str, Any]) -> None:
    """Judge what there is: that one is missing is the fault of another check."""
    mean, std = (numbers([value[key]]) if key in value else [] for key in ("mean", "std"))
    if mean is None or std is None or len(mean) > 1 or len(std) > 1:
        raise Failure("`mean` and `std` are numbers.", "They are not.")
    claimed = numbers(value.get("accuracies", []))
    # What is returned may be rounded, or a text: mean and std are right too if they are those of the accuracies behind.
    labels = np.asarray(call["labels"])
    behind = [float(np.mean(run["predicted"] == labels)) for run in call["runs"] if run["predicted"] is not None]
    lists = [np.array(found) for found in (claimed, behind) if found]
    if not lists:
        raise Failure("`accuracies` holds numbers.", "It holds something else.")
    if mean and not any(_agree(mean[0], np.mean(found), _unit(found)) for found in lists):
        raise Failure("`mean` is the mean of the accuracies.", _instead(mean[0], lists[0], np.mean, _NOT_THE_MEAN))
    if std and not any(_is_std(std[0], found) for found in lists):
        raise Failure(
            "`std` is the standard deviation of the accuracies (population or sample).",
            _instead(std[0], lists[0], np.std, _NOT_THE_STD),
            "`np.std`",
        )


def _unit(accuracies: np.ndarray) -> float:
    """100 for percent, which is the fault of another check; else 1."""
    return 100.0 if np.max(accuracies) > 1 else 1.0


def _is_std(value: float, accuracies: np.ndarray) -> bool:
    """Whether it is their standard deviation, of the sample or of the population; one alone has none of a sample."""
    if len(accuracies) == 1 and not np.isfinite(value):
        return True
    return any(_agree(value, np.std(accuracies, ddof=n), _unit(accuracies)) for n in (0, 1) if len(accuracies) > n)


def _agree(found: float, right: Any, unit: float) -> bool:
    return bool(abs(found - right) <= TOLERANCE * unit)


def _instead(found: float, accuracies: np.ndarray, right: Statistic, others: Mapping[str, Statistic]) -> str:
    """What a number is instead of the statistic that it should be."""
    for name, statistic in others.items():
        if np.isclose(found, statistic(accuracies), rtol=1e-4, atol=1e-9):
            return f"It is {name}."
    if any(np.isclose(found, factor * right(accuracies), rtol=0.01) for factor in (100, 0.01)):
        return "It is in another unit than the accuracies: all three are fractions."
    return "It is another number."


@registry.check("q9", 1, after="q9_answered")
def q9_histories(observations: Observations) -> None:
    """The histories hold the curves of every run."""

    def judge(call: dict[str, Any], value: dict[str, Any]) -> None:
        epochs = [run["epochs"] for run in call["runs"]]
        histories = _histories(value["histories"])[-len(epochs) or None :]  # one too many is the fault of another check
        if not histories:
            raise Failure("`histories` is a list, one history a run.", "It is something else, or empty.")
        for number, history in enumerate(histories):
            series = _series(history)
            if "loss" not in series or not any(key.startswith("val_") for key in series):
                raise Failure(
                    "Each history holds loss, accuracy and their validation values.",
                    f"One holds: {', '.join(series) or 'no series'}.",
                )
            n = epochs[number] if len(epochs) == len(histories) else inputs.EXPERIMENT_EPOCHS
            for name, values in series.items():
                if not (name == "loss" or name.startswith("val_")) or np.size(values) == n:
                    continue
                if np.size(values) == n + 1 and np.ravel(values)[0] == 0:
                    raise Failure(
                        "Each series of a history has as many values as the run took epochs.",
                        f"`{name}` has a 0 in front of its first epoch.",
                        "Nothing is known of an epoch 0: leave the series as `fit` gave it.",
                    )
                raise Failure(
                    "Each series of a history has as many values as the run took epochs.",
                    f"After {n} epochs, `{name}` has {np.size(values)}.",
                )

    _judge_any(observations, judge, key="histories")


def _histories(found: Any) -> list[Any]:
    """The histories in what should be a list of them: a single one is the fault of another check."""
    if isinstance(found, list):
        return found
    if isinstance(found, dict) and found.get("kind") in (None, "History", "DataFrame"):
        return [found] if _series(found).keys() & {"loss"} else list(found.values())
    return []


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


@registry.check("q9", 1, of_record=True)
def q9_record(observations: Observations) -> None:
    """The run record of tiny_vgg is in the notebook."""
    judge_record(observations, "tiny_vgg")
