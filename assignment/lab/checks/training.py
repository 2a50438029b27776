"""Public checks of questions 6 to 8."""

from lab.checks import registry
from lab.checks.common import numbers, require_call, require_earlier, require_no_error
from lab.judging import Failure, Observations
from lab.observe import kind_of


@registry.check("q6", 1)
def q6_answered(observations: Observations) -> None:
    """`train` calls `fit`, with validation."""
    seen = observations["q6"]
    require_earlier(seen)
    for call in seen.get("calls", [{}]):
        require_no_error(call, "train")
        if not call["fits"]:
            raise Failure("`train` calls `model.fit`.", "`fit` was not called on any model.")
        if not any(fit["validates"] for fit in call["fits"]):
            raise Failure(
                "A share of the training data is held out for validation.",
                "`fit` was called without validation data.",
                "Look up `validation_split` in the documentation of `fit`.",
            )


def loss_and_accuracy(value: object) -> tuple[float, float] | None:
    """The pair that `evaluate` returns, from a tuple, list, array or dict; None if it is not one.

    In a dict the loss is called "loss" and the accuracy the first other key, preferably one with "acc".
    """
    if isinstance(value, dict):
        others = [k for k in value if k != "loss"]
        name = next((k for k in others if "acc" in k.lower()), others[0] if others else None)
        if "loss" not in value or name is None:
            return None
        value = [value["loss"], value[name]]
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
            raise Failure("`evaluate` returns `(loss, accuracy)`.", f"It returned {kind_of(value)}.")


@registry.check("q8", 1)
def q8_answered(observations: Observations) -> None:
    """`plot_history` draws lines."""
    for call in observations["q8"].get("calls", [{}]):
        require_no_error(call, "plot_history")
        if not call["figures"]:
            raise Failure(
                "`plot_history` returns a Matplotlib figure (or a list of two).",
                "It returned no figure and left none open.",
                "`return fig` at the end.",
            )
        if not any(axes["lines"] for figure in call["figures"] for axes in figure["axes"]):
            raise Failure("The figure shows curves.", "No axes of it holds a line.", "`ax.plot(...)`")
