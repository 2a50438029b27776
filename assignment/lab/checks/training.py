"""Public checks of questions 6 to 8."""

from typing import Any

from lab import settings
from lab.checks._registry import registry
from lab.checks.common import numbers, require_call, require_no_error
from lab.probes.inputs import OTHER_BATCH_SIZE, OTHER_EPOCHS
from labkit.calls import require_earlier
from labkit.judging import Failure, Observations
from labkit.plain_data import accuracy_among, kind_of


def trained(observations: Observations) -> dict[str, Any]:
    """The first call of `train` that did not raise: as it is by default, or else with all arguments given."""
    calls = observations["q6"].get("calls") or [{}]
    return dict(next((call for call in calls if call and not call["error"]), calls[0]))


def epochs_asked(fits: list[dict[str, Any]]) -> int:
    """Epochs that the given calls of `fit` come to."""
    return sum(max(fit["epochs"] - fit["initial_epoch"], 0) for fit in fits)


KERAS_DEFAULTS = {"epochs": 1, "batch_size": 32}  # of `fit`, where nothing is said


def not_handed_on(observations: Observations) -> set[str]:
    """Which of `epochs` and `batch_size` never reach their places in `fit`: left out, or one in the place of the other.

    Told by `q6_arguments`: what `train` does by default then says nothing of its defaults.
    """
    asked = [
        {"epochs": epochs_asked(call["fits"]), "batch_size": call["fits"][0]["batch_size"]}
        for call in observations["q6"]["calls"]
        if call["fits"] and not call["error"]
    ]
    if len(asked) < 2:
        return set()
    swapped = [
        {"epochs": settings.BATCH_SIZE, "batch_size": settings.EPOCHS},
        {"epochs": OTHER_BATCH_SIZE, "batch_size": OTHER_EPOCHS},
    ]
    if asked == swapped:
        return set(KERAS_DEFAULTS)
    return {name for name, value in KERAS_DEFAULTS.items() if all(call[name] == value for call in asked)}


@registry.check("q6", 0.5)
def q6_answered(observations: Observations) -> None:
    """`train` calls `fit`."""
    require_earlier(observations["q6"])
    call = trained(observations)
    require_no_error(call, "train")
    if not call["fits"]:
        raise Failure("`train` calls `model.fit`.", "`fit` was not called on any model.")


@registry.check("q6", 0.5, after="q6_answered")
def q6_validates(observations: Observations) -> None:
    """`fit` gets images for validation."""
    if not any(fit["validates"] for fit in trained(observations)["fits"]):
        raise Failure(
            "A share of the training data is held out for validation.",
            "`fit` was called without validation data.",
            "Look up `validation_split` and `validation_data` in the documentation of `fit`.",
        )


@registry.check("q6", 1, after="q6_answered")
def q6_arguments(observations: Observations) -> None:
    """`train` uses its arguments `model`, `epochs` and `batch_size`."""
    call = observations["q6"]["calls"][1]
    require_no_error(call, "train")
    if not call["trained"]:
        raise Failure(
            "`train` trains the model that it is given.",
            "After the call its weights were what they had been.",
            "Does `fit` belong to the argument `model`, or to another model of the notebook?",
        )
    sizes = sorted({fit["batch_size"] for fit in call["fits"]}, key=str)
    epochs = epochs_asked(call["fits"])
    each_fit = all(
        fit["epochs"] == OTHER_EPOCHS for fit in call["fits"]
    )  # that there are several is told of the default
    if not (epochs == OTHER_EPOCHS or each_fit) or sizes != [OTHER_BATCH_SIZE]:
        swapped = epochs == OTHER_BATCH_SIZE and sizes == [OTHER_EPOCHS]
        raise Failure(
            f"`train(..., epochs={OTHER_EPOCHS}, batch_size={OTHER_BATCH_SIZE})` does just that.",
            f"`fit` was asked for {epochs} epochs with batches of {' and '.join(map(str, sizes))}.",
            "Without names, the arguments of `fit` have an order of their own."
            if swapped
            else "Hand the arguments on to `fit`.",
        )


@registry.check("q6", 1, after="q6_answered")
def q6_history(observations: Observations) -> None:
    """`train` returns the `History` that `fit` returns, with an entry for each epoch."""
    for call, asked in zip(observations["q6"]["calls"], (settings.EPOCHS, OTHER_EPOCHS), strict=True):
        if call["error"]:
            continue
        returned = call["returned"]
        if returned["kind"] != "History":
            raise Failure(
                "`train` returns the `History` object.",
                f"It returned {_article(returned['kind'])}.",
                "Return what `fit` returns; its `.history` is only a part of it.",
            )
        if "loss" not in returned["series"]:
            raise Failure("The history holds what `fit` noted.", "It holds no loss.")
        n = returned["epochs"]
        if n not in (None, asked, epochs_asked(call["fits"])):  # other numbers of epochs are told elsewhere
            raise Failure(
                "The history that `train` returns has an entry for each epoch.",
                f"For epochs={asked} it has {n}, and `fit` was called {len(call['fits'])} times.",
                "Every call of `fit` makes a new History: call it once, with `epochs=epochs`.",
            )


def _article(kind: str) -> str:
    return "nothing (None)" if kind == "NoneType" else f"an object of type {kind}"


def loss_and_accuracy(value: object) -> tuple[float, float] | None:
    """The pair that `evaluate` returns, from a tuple, list, array or dict; None if it is not one.

    In a dict the key of the loss contains "loss"; the accuracy is what its name says, else the first other.
    """
    if isinstance(value, dict):
        loss = next((k for k in value if "loss" in k.lower()), None)
        others = [k for k in value if k != loss]
        name = accuracy_among(others) or (others[0] if others else None)
        if loss is None or name is None:
            return None
        value = [value[loss], value[name]]
    pair = numbers(value)
    return (pair[0], pair[1]) if pair is not None and len(pair) == 2 else None


@registry.check("q7", 1)
def q7_answered(observations: Observations) -> None:
    """`evaluate` returns two numbers."""
    seen = observations["q7"]
    require_earlier(seen)
    for call in seen.get("calls", [{}]):
        value = require_call(call, "evaluate")
        if loss_and_accuracy(value) is None:
            raise Failure(
                "`evaluate` returns `(loss, accuracy)`, two numbers.",
                f"It returned {_what(value)}.",
                "Both are asked for. `model.evaluate` gives the accuracy too if the model was compiled with a metric."
                if _is_loss_alone(value)
                else "",
            )


def _what(value: Any) -> str:
    """What a person would call something that is no pair of numbers."""
    if isinstance(value, list) and any(isinstance(item, str) for item in value):
        return "text" if all(isinstance(item, str) for item in value) else "numbers and text"
    if isinstance(value, dict) and "kind" not in value:
        return f"a dict with the keys {', '.join(repr(str(key)[:40]) for key in list(value)[:6]) or '(none)'}"
    return kind_of(value)


def _is_loss_alone(value: object) -> bool:
    """Whether it may be what `model.evaluate` gives of a model without metrics."""
    found = numbers(value)
    return found is not None and len(found) == 1


@registry.check("q8", 0.5)
def q8_answered(observations: Observations) -> None:
    """`plot_history` draws curves."""
    for call in observations["q8"].get("calls", [{}]):
        require_no_error(call, "plot_history")
        if not call["figures"]:
            raise Failure(
                "`plot_history` returns a Matplotlib figure (or a list of two).",
                "It returned no figure and left none open.",
                "Replace the `...` by your code, with `return fig` at the end.",
            )
        if not _lines_drawn(call):
            raise Failure("The figure shows curves.", "No axes of it holds a line.", "`ax.plot(...)`")


@registry.check("q8", 0.5, after="q8_answered")
def q8_lines(observations: Observations) -> None:
    """There are at least four curves: loss and accuracy, for training and for validation."""
    for call in observations["q8"]["calls"]:
        lines = _lines_drawn(call)
        if lines < 4:
            raise Failure(
                "Loss and accuracy are drawn, each for training and for validation.",
                f"There {'is' if lines == 1 else 'are'} {lines} curve{'s' * (lines != 1)}.",
                "`print(history.history.keys())` shows the series that there are.",
            )


def _lines_drawn(call: dict[str, Any]) -> int:
    return sum(len(axes["lines"]) for figure in call["figures"] for axes in figure["axes"])
