"""What the reference solution reaches, as far as it was trained: the practical's `baselines`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from autograder import assignment

MARGIN: Final = 0.03  # beyond the interval, by choice: another right scaling or learning rate is not the reference's


@dataclass(frozen=True)
class Baseline:
    """What the reference solution reaches: see `solutions.summary`. `low` and `high` are the ends of its interval."""

    mean: float
    std: float
    n: int
    low: float
    high: float

    @property
    def plausible(self) -> tuple[float, float]:
        """Between which a mean needs no second look."""
        return self.low - MARGIN, self.high + MARGIN


def baselines() -> dict[str, Baseline]:
    """Variant -> baseline; none where there is no file of trainings on the practical's data, with its constants.

    Raises:
        ValueError: the file is not what `solutions.summary` writes; the message names it.
    """
    practical = assignment.current()
    path = practical.baselines
    if path is None or not path.exists():
        return {}
    try:
        data = json.loads(path.read_text("utf-8"))
        constants = {name: practical.texts.get(name) for name in (*practical.trained_with, *data["constants"])}
        if data["dataset"]["name"] != practical.data_name or data["constants"] != json.loads(json.dumps(constants)):
            return {}
        known = {variant: of for variant, of in data["variants"].items() if variant in practical.questions.variants}
        return {variant: _baseline(of) for variant, of in known.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise ValueError(f"{path} is damaged ({problem!r}); make baselines writes it anew") from None


def _baseline(of: Mapping[str, Any]) -> Baseline:
    low, high = of["interval"]
    return Baseline(float(of["mean"]), float(of["std"]), int(of["n"]), float(low), float(high))
