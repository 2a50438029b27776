"""What the reference solution reaches, as far as it was trained: solutions/baselines/baselines.json."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lab import settings

PATH: Final = Path(__file__).resolve().parents[2] / "solutions" / "baselines" / "baselines.json"


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


def baselines(path: Path = PATH) -> dict[str, Baseline]:
    """Variant -> baseline; none where there is no file of trainings on CIFAR-10 with the constants of this practical.

    Raises:
        ValueError: the file is not what `solutions.summary` writes; the message names it.
    """
    if not path.exists():
        return {}
    try:
        data = json.loads(path.read_text("utf-8"))
        constants = {name: getattr(settings, name, None) for name in ("EPOCHS", *data["constants"])}
        if data["dataset"]["name"] != "CIFAR-10" or data["constants"] != json.loads(json.dumps(constants)):
            return {}
        known = {variant: of for variant, of in data["variants"].items() if variant in settings.VARIANTS}
        return {variant: _baseline(of) for variant, of in known.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise ValueError(f"{path} is damaged ({problem!r}); make baselines writes it anew") from None


def _baseline(of: Mapping[str, Any]) -> Baseline:
    low, high = of["interval"]
    return Baseline(float(of["mean"]), float(of["std"]), int(of["n"]), float(low), float(high))
