"""Public checks of the practical on digits."""

from lab import settings
from lab.questions import QUESTIONS
from labkit import calls
from labkit.judging import Failure, Observations, Registry

registry = Registry(QUESTIONS.points, hidden=False, texts=vars(settings))


@registry.check("d1", 1)
def d1_answered(observations: Observations) -> None:
    """`scale` returns arrays."""
    calls.values_of(observations, "d1", "scale")


@registry.check("d2", 1)
def d2_answered(observations: Observations) -> None:
    """`build_mlp` returns a Keras model."""
    seen = observations["d2"]
    calls.require_no_error(seen["call"], "build_mlp")
    if not seen["is_model"]:
        raise Failure("`build_mlp` returns a model.", f"It returned {seen['call']['value']}.")
