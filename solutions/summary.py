"""What the finished runs say together, and baselines.json."""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from lab import settings
from lab.questions import QUESTIONS
from solutions.runs import CONSTANTS, Run, RunError

FORMAT = 1
LEVEL = 0.999  # of the interval in which the mean of a student's runs is expected
CONFIDENCE = 0.95  # of what the page says about differences
EVERY = 5  # epochs between two values of the thinned curves


@dataclass(frozen=True)
class Spread:
    """A quantity of the runs of a variant, most often the test accuracy, summed up.

    Args:
        n: number of runs.
        mean: of their values.
        std: sample standard deviation (divided by n - 1).
    """

    n: int
    mean: float
    std: float

    def interval(self, runs: int, level: float = LEVEL) -> tuple[float, float]:
        """Where the mean of so many further runs lies, for normally spread accuracies (Student's t).

        A prediction interval: mean ± t(n - 1) · std · sqrt(1/n + 1/runs), as far as there are accuracies. Of two
        or three runs it says next to nothing.
        """
        half = float(stats.t.ppf((1 + level) / 2, self.n - 1)) * self.std * math.sqrt(1 / self.n + 1 / runs)
        return max(0.0, self.mean - half), min(1.0, self.mean + half)


@dataclass(frozen=True)
class Replication:
    """One training by the notebook's own functions, and by nothing of the trainer.

    Args:
        reference: key of what was trained, see `runs.key`.
        seed: of initial weights and shuffling.
        epochs: how long.
        accuracy, loss: on the test set, after the last epoch.
        cpu_seconds: processor time of the training.
        hardware, versions: where that was.
    """

    reference: str
    seed: int
    epochs: int
    accuracy: float
    loss: float
    cpu_seconds: float
    hardware: str
    versions: dict[str, str]


def replications(folder: Path) -> dict[str, Replication]:
    """Variant -> its replication, as far as `solutions.replicate` has made them.

    Raises:
        RunError: the file is damaged.
    """
    path = folder / "replication.json"
    if not path.exists():
        return {}
    try:
        return {variant: Replication(**of) for variant, of in json.loads(path.read_text())["variants"].items()}
    except (AttributeError, KeyError, TypeError, ValueError):
        raise RunError(f"{path} is damaged: delete it, and make replicate makes it again") from None


def spread(values: Sequence[float]) -> Spread:
    """Of at least two values, one of each run."""
    return Spread(len(values), float(np.mean(values)), float(np.std(values, ddof=1)))


def of_accuracies(runs: Sequence[Run]) -> Spread:
    """Of the test accuracies of some runs."""
    return spread([run.accuracy for run in runs])


def common_hardware(finished: Mapping[str, Sequence[Run]]) -> str | None:
    """Of most runs, where every variant has some on it; else None."""
    counts = Counter(run.hardware for runs in finished.values() for run in runs)
    everywhere = set.intersection(*({run.hardware for run in runs} for runs in finished.values()))
    return next((hardware for hardware, _ in counts.most_common() if hardware in everywhere), None)


def cpu_seconds(finished: Mapping[str, Sequence[Run]]) -> dict[str, float]:
    """Variant -> least processor time of a run, of those on the hardware that all variants have in common.

    What else a machine does adds to it, and never takes away.
    """
    common = common_hardware(finished)
    return {
        variant: min(run.cpu_seconds for run in runs if common in (run.hardware, None))
        for variant, runs in finished.items()
    }


def difference(one: Spread, other: Spread, comparisons: int = 1) -> tuple[float, float, float]:
    """How far the mean of `one` lies above that of `other` (Welch): the difference, and the ends of its interval.

    Of so many comparisons, the intervals hold together at the level `CONFIDENCE` (Bonferroni).
    """
    a, b = one.std**2 / one.n, other.std**2 / other.n
    error = math.sqrt(a + b)
    if error == 0:
        return one.mean - other.mean, one.mean - other.mean, one.mean - other.mean
    freedom = (a + b) ** 2 / (a**2 / (one.n - 1) + b**2 / (other.n - 1))
    missed = (1 - CONFIDENCE) / comparisons
    half = float(stats.t.ppf(1 - missed / 2, freedom)) * error
    return one.mean - other.mean, one.mean - other.mean - half, one.mean - other.mean + half


def command(finished: Mapping[str, Sequence[Run]]) -> str:
    """What trains these runs."""
    said = f"make baselines SEEDS={max(len(runs) for runs in finished.values())}"
    epochs = next(iter(finished.values()))[0].epochs
    if epochs != settings.EPOCHS:
        said += f" EPOCHS={epochs}"
    return said if set(finished) == set(QUESTIONS.variants) else f'{said} VARIANTS="{" ".join(finished)}"'


def encode(finished: Mapping[str, Sequence[Run]], fingerprint: str) -> str:
    """baselines.json.

    Args:
        finished: variant -> its runs, at least `runs.ENOUGH`.
        fingerprint: SHA-256 of the dataset.
    """
    some = next(iter(finished.values()))[0]
    data = {
        "format": FORMAT,
        "command": command(finished),
        "dataset": {"name": some.data, "sha256": fingerprint},
        "constants": {name: getattr(settings, name) for name in ("RUNS", *CONSTANTS)} | {"EPOCHS": some.epochs},
        "std": "sample standard deviation (divided by n - 1)",
        "interval": f"{LEVEL:.1%} prediction interval of the mean of {settings.RUNS} further runs (Student's t)",
        "variants": {variant: _variant(runs) for variant, runs in finished.items()},
    }
    return json.dumps(data, indent=1) + "\n"


def _variant(runs: Sequence[Run]) -> dict[str, Any]:
    together = of_accuracies(runs)
    low, high = together.interval(settings.RUNS)
    kept = range(EVERY - 1, runs[0].epochs, EVERY)
    return {
        "reference": runs[0].key,
        "parameters": runs[0].parameters,
        "n": together.n,
        "mean": round(together.mean, 5),
        "std": round(together.std, 5),
        "interval": [round(low, 5), round(high, 5)],
        "curve_epochs": [epoch + 1 for epoch in kept],
        "runs": [
            {
                "seed": run.seed,
                "accuracy": round(run.accuracy, 5),
                "loss": round(run.loss, 5),
                "epochs": run.epochs,
                "seconds": run.seconds,
                "cpu_seconds": run.cpu_seconds,
                "resumed_at": run.resumed_at,
                "trainer": run.trainer,
                "hardware": run.hardware,
                "versions": run.versions,
                **{
                    f"val_{name}": [run.history[f"val_{name}"][epoch] for epoch in kept]
                    for name in ("loss", "accuracy")
                },
            }
            for run in runs
        ],
    }


def write(finished: Mapping[str, Sequence[Run]], out: Path, fingerprint: str, page_path: Path | None) -> None:
    """Write baselines.json and the figures into `out`, and the page where one is wanted."""
    from solutions.report import figures, page

    out.mkdir(parents=True, exist_ok=True)
    (out / "baselines.json").write_text(encode(finished, fingerprint))
    figures.draw(finished, out)
    if page_path is not None:
        folder = Path("..") / out.relative_to(page_path.parent.parent)
        page_path.write_text(page.page(finished, replications(out), folder.as_posix()))
