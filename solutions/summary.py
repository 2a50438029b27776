"""What the finished runs say together: baselines.json, and the page docs/baselines.md."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from lab import settings
from solutions.runs import Run, RunError

FORMAT = 1
LEVEL = 0.999  # of the interval in which the mean of a student's runs is expected
CONFIDENCE = 0.95  # of what the page says about differences
PLAIN = "tiny_vgg"  # what the other variants are compared with
EVERY = 5  # epochs between two values of the thinned curves


@dataclass(frozen=True)
class Spread:
    """Test accuracies of a variant, summed up.

    Args:
        n: number of runs.
        mean: of their accuracies.
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


def spread(runs: Sequence[Run]) -> Spread:
    """Of the accuracies of some runs, at least two."""
    accuracies = [run.accuracy for run in runs]
    return Spread(len(accuracies), float(np.mean(accuracies)), float(np.std(accuracies, ddof=1)))


def difference(one: Spread, other: Spread) -> tuple[float, float, float]:
    """How much more accurate `one` is than `other` (Welch): the difference, and the ends of its interval."""
    a, b = one.std**2 / one.n, other.std**2 / other.n
    error = math.sqrt(a + b)
    freedom = (a + b) ** 2 / (a**2 / (one.n - 1) + b**2 / (other.n - 1))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * error
    return one.mean - other.mean, one.mean - other.mean - half, one.mean - other.mean + half


def encode(finished: Mapping[str, Sequence[Run]], fingerprint: str, command: str) -> str:
    """baselines.json.

    Args:
        finished: variant -> its runs, at least `runs.ENOUGH`.
        fingerprint: SHA-256 of the dataset.
        command: that trains them.
    """
    some = next(iter(finished.values()))[0]
    data = {
        "format": FORMAT,
        "command": command,
        "dataset": {"name": some.data, "sha256": fingerprint},
        "epochs": some.epochs,
        "batch_size": settings.BATCH_SIZE,
        "std": "sample standard deviation (divided by n - 1)",
        "interval": f"{LEVEL:.1%} prediction interval of the mean of {settings.RUNS} further runs (Student's t)",
        "variants": {variant: _variant(runs) for variant, runs in finished.items()},
    }
    return json.dumps(data, indent=1) + "\n"


def _variant(runs: Sequence[Run]) -> dict[str, Any]:
    together = spread(runs)
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


def page(finished: Mapping[str, Sequence[Run]], replications: Mapping[str, Replication], folder: str) -> str:
    """docs/baselines.md.

    Args:
        finished: variant -> its runs, at least `runs.ENOUGH`.
        replications: variant -> its training without the trainer, as far as it was done.
        folder: where the figures lie, as seen from the page.
    """
    spreads = {variant: spread(runs) for variant, runs in finished.items()}
    some = next(iter(finished.values()))[0]
    hardware = sorted({run.hardware for runs in finished.values() for run in runs})
    versions = sorted({f"{k} {v}" for runs in finished.values() for run in runs for k, v in run.versions.items()})
    lines = [
        "# What the reference solution reaches",
        "",
        f"Made by `make baselines`; numbers in `solutions/baselines/baselines.json`. {some.epochs} epochs each on "
        f"{some.data}, batches of {settings.BATCH_SIZE}, Adam, the last {settings.VALIDATION_SPLIT:.0%} of the "
        f"training images for validation; accuracy on the {settings.N_TEST:,} test images after the last epoch. "
        f"Trained on: {'; '.join(hardware)} ({', '.join(versions)}).",
        "",
        "| variant | weights | runs | test accuracy, mean ± std | lowest to highest | plausible mean of "
        f"{settings.RUNS} runs | CPU seconds a run (median) |",
        "|---|---:|---:|---:|---:|---:|---:|",
        *(_row(variant, runs, spreads[variant]) for variant, runs in finished.items()),
        "",
        f"± is the sample standard deviation over the runs. “Plausible” is the {LEVEL:.1%} prediction interval for the "
        "mean of further runs of just this recipe.",
        "",
        f"![Test accuracy of every run]({folder}/accuracies.png)",
        "",
        "## What the changes do",
        "",
        f"Differences of the means to the tiny VGG, with their {CONFIDENCE:.0%} confidence intervals (Welch):",
        "",
        *_differences(spreads),
        "",
        f"![Validation curves, every run and their mean]({folder}/curves.png)",
        "",
        f"![Cost against accuracy]({folder}/cost.png)",
        *_replicated(spreads, replications),
    ]
    return "\n".join(lines) + "\n"


def _replicated(spreads: Mapping[str, Spread], replications: Mapping[str, Replication]) -> list[str]:
    """The section about trainings without the trainer; nothing where there are none."""
    rows = []
    for variant, one in replications.items():
        if variant in spreads:
            low, high = spreads[variant].interval(1)
            verdict = "inside" if low <= one.accuracy <= high else "outside"
            rows.append(f"| {variant} | {one.seed} | {one.accuracy:.4f} | {low:.3f} to {high:.3f} | {verdict} |")
    if not rows:
        return []
    return [
        "",
        "## Once more, without the trainer",
        "",
        "`make replicate` calls the solution notebook's own functions once for each variant, with a seed that no "
        f"baseline has. The interval is the {LEVEL:.1%} prediction interval for one further run.",
        "",
        "| variant | seed | test accuracy | plausible run | |",
        "|---|---:|---:|---:|---|",
        *rows,
    ]


def _row(variant: str, runs: Sequence[Run], together: Spread) -> str:
    low, high = together.interval(settings.RUNS)
    accuracies = [run.accuracy for run in runs]
    cost = np.median([run.cpu_seconds for run in runs])
    return (
        f"| {variant} | {runs[0].parameters:,} | {together.n} | {together.mean:.4f} ± {together.std:.4f} | "
        f"{min(accuracies):.4f} to {max(accuracies):.4f} | {low:.3f} to {high:.3f} | {cost:,.0f} |"
    )


def _differences(spreads: Mapping[str, Spread]) -> list[str]:
    if PLAIN not in spreads:
        return [f"(not to be told without runs of {PLAIN})"]
    lines = []
    for variant in [variant for variant in spreads if variant != PLAIN]:
        found, low, high = difference(spreads[variant], spreads[PLAIN])
        verdict = "better" if low > 0 else "worse" if high < 0 else "no difference can be told with so few runs"
        lines.append(f"- **{variant}**: {100 * found:+.2f} points ({100 * low:+.2f} to {100 * high:+.2f}): {verdict}.")
    return lines


def write(
    finished: Mapping[str, Sequence[Run]], out: Path, fingerprint: str, command: str, page_path: Path | None
) -> None:
    """Write baselines.json and the figures into `out`, and the page where one is wanted."""
    from solutions import figures

    out.mkdir(parents=True, exist_ok=True)
    (out / "baselines.json").write_text(encode(finished, fingerprint, command))
    figures.draw(finished, out)
    if page_path is not None:
        folder = Path("..") / out.relative_to(page_path.parent.parent)
        page_path.write_text(page(finished, replications(out), folder.as_posix()))
