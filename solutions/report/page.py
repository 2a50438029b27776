"""The page docs/baselines.md: what the runs show, for a teacher to bring to class."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lab import settings
from solutions.runs import Run
from solutions.summary import (
    CONFIDENCE,
    LEVEL,
    Replication,
    command,
    common_hardware,
    cpu_seconds,
    difference,
    of_accuracies,
    spread,
)

PLAIN = "tiny_vgg"  # what the other variants are compared with
LEVEL_OF_SPEED = 0.6  # validation accuracy whose first epoch tells how fast a variant learns


RESNET = (
    "The tiny ResNet is another architecture (stem, early pooling, batch normalisation, average pooling): its "
    "difference is not what shortcuts do.",
    "",
)


@dataclass(frozen=True)
class Trait:
    """Something that a history shows of how a run went.

    Args:
        name: heading of its column.
        of: its value in one run, NaN where there is none.
        unit, digits: how it is written.
        factor: from the value to what is written.
    """

    name: str
    of: Callable[[Run], float]
    unit: str = " %"
    digits: int = 1
    factor: float = 100.0

    def values(self, runs: Sequence[Run]) -> list[float]:
        return [self.factor * self.of(run) for run in runs]


def _epochs_to_level(run: Run) -> float:
    reached = np.asarray(run.history["val_accuracy"]) >= LEVEL_OF_SPEED
    return float(np.argmax(reached)) + 1 if reached.any() else float("nan")


def _best(run: Run) -> float:
    return max(run.history["val_accuracy"])


def _lost(run: Run) -> float:
    return _best(run) - run.history["val_accuracy"][-1]


TRAITS = (
    Trait(f"epochs to {LEVEL_OF_SPEED:.0%} validation accuracy", _epochs_to_level, unit="", factor=1),
    Trait("best validation accuracy of an epoch", _best),
    Trait("lost from there to the last epoch", _lost, unit=" points"),
    Trait("training accuracy of the last epoch", lambda run: run.history["accuracy"][-1]),
)


def page(finished: Mapping[str, Sequence[Run]], replications: Mapping[str, Replication], folder: str) -> str:
    """docs/baselines.md.

    Args:
        finished: variant -> its runs, at least `runs.ENOUGH`.
        replications: variant -> its training without the trainer, as far as it was done.
        folder: where the figures lie, as seen from the page.
    """
    some = next(iter(finished.values()))[0]
    everything = [run for runs in finished.values() for run in runs]
    hardware = sorted({run.hardware for run in everything})
    versions = sorted({f"{package} {version}" for run in everything for package, version in run.versions.items()})
    costs = cpu_seconds(finished)
    resumed = sum(bool(run.resumed_at) for run in everything)
    lines = [
        "# What the reference solution reaches",
        "",
        f"Made by `{command(finished)}`; numbers in `solutions/baselines/baselines.json`. {some.epochs} epochs each on "
        f"{some.data}, batches of {settings.BATCH_SIZE}, Adam, the last {settings.VALIDATION_SPLIT:.0%} of the "
        f"training images for validation; accuracy on the {settings.N_TEST:,} test images after the last epoch. "
        f"Trained on: {'; '.join(hardware)} ({', '.join(versions)}). {_resumed(resumed, len(everything))}",
        "",
        "| variant | trainable weights | runs | test accuracy, mean ± std | lowest to highest | plausible mean of "
        f"{settings.RUNS} runs | CPU seconds of a run |",
        "|---|---:|---:|---:|---:|---:|---:|",
        *(_row(variant, runs, costs[variant]) for variant, runs in finished.items()),
        "",
        f"± is the sample standard deviation over the runs. “Plausible” is the {LEVEL:.1%} prediction interval for the "
        "mean of further runs of just this recipe; it takes accuracies for normally spread. Where runs are few, or far "
        f"apart, it is wide, and hardly any mean looks implausible. {_on(finished)}",
        "",
        f"![Test accuracy of every run]({folder}/accuracies.png)",
        "",
        "## How the variants compare",
        "",
        "Differences of the mean test accuracies after the last epoch to the tiny VGG, with confidence intervals that "
        f"hold together at {CONFIDENCE:.0%} (Welch, Bonferroni). They take accuracies for normally spread, and "
        "allow for the luck of a run (first weights, order of the batches), not for that of these test images, this "
        "split and these settings:",
        "",
        *_differences(finished),
        "",
        *(RESNET if "tiny_resnet" in finished else ()),
        f"![Cost against accuracy]({folder}/cost.png)",
        "",
        *_ways(finished),
        "",
        f"![Validation curves: mean of the runs, and from the lowest to the highest]({folder}/curves.png)",
        *_replicated(finished, replications),
    ]
    return "\n".join(lines) + "\n"


def _resumed(resumed: int, n: int) -> str:
    if not resumed:
        return "None of the runs was interrupted."
    return (
        f"{resumed} of the {n} runs {'was' if resumed == 1 else 'were'} interrupted and went on with other random "
        "numbers (`resumed_at` in the file)."
    )


def _on(finished: Mapping[str, Sequence[Run]]) -> str:
    """Where the CPU seconds were taken."""
    hardware = common_hardware(finished)
    if hardware is None:
        return "CPU seconds are the least of each variant's runs, on different hardware; compare them roughly."
    return (
        f"CPU seconds are the least of each variant's runs on {hardware}: what else the machine did adds to the others."
    )


def _row(variant: str, runs: Sequence[Run], cost: float) -> str:
    together = of_accuracies(runs)
    low, high = together.interval(settings.RUNS)
    accuracies = [run.accuracy for run in runs]
    return (
        f"| {variant} | {runs[0].parameters:,} | {together.n} | {together.mean:.4f} ± {together.std:.4f} | "
        f"{min(accuracies):.4f} to {max(accuracies):.4f} | {low:.3f} to {high:.3f} | {cost:,.0f} |"
    )


def _differences(finished: Mapping[str, Sequence[Run]]) -> list[str]:
    if PLAIN not in finished:
        return [f"(not to be told without runs of {PLAIN})"]
    plain = of_accuracies(finished[PLAIN])
    lines = []
    others = [variant for variant in finished if variant != PLAIN]
    for variant in others:
        found, low, high = difference(of_accuracies(finished[variant]), plain, len(others))
        verdict = "better" if low > 0 else "worse" if high < 0 else "no difference can be told with so few runs"
        lines.append(f"- **{variant}**: {100 * found:+.2f} points ({100 * low:+.2f} to {100 * high:+.2f}): {verdict}.")
    return lines


def _ways(finished: Mapping[str, Sequence[Run]]) -> list[str]:
    """The section about the epochs before the last."""
    compared = len(TRAITS) * len([variant for variant in finished if variant != PLAIN])
    return [
        "## How they get there",
        "",
        "The test accuracy is that of the last epoch. The histories show the way to it, mean ± std over the runs:",
        "",
        f"| variant | {' | '.join(trait.name for trait in TRAITS)} |",
        f"|---|{'---:|' * len(TRAITS)}",
        *(
            f"| {variant} | {' | '.join(_cell(trait, runs, finished.get(PLAIN)) for trait in TRAITS)} |"
            for variant, runs in finished.items()
        ),
        "",
        f"**Bold**: the {CONFIDENCE:.0%} confidence interval of the difference to the tiny VGG (Welch) does not reach "
        f"zero. Each holds by itself, so of these {compared} cells one or the other may be bold by chance. The best of "
        "many epochs is picked with hindsight, so it flatters every variant a little, and what is lost since is never "
        "below zero. Keras takes the training accuracy while the weights still change, and with batch normalisation "
        "by the statistics of each batch.",
    ]


def _cell(trait: Trait, runs: Sequence[Run], plain: Sequence[Run] | None) -> str:
    values = trait.values(runs)
    never = int(np.isnan(values).sum())
    if never:
        return f"not reached in {never} of {len(values)} runs"
    together = spread(values)
    text = f"{together.mean:.{trait.digits}f} ± {together.std:.{trait.digits}f}{trait.unit}"
    theirs = trait.values(plain) if plain is not None else values
    if np.isnan(theirs).any():
        return text
    _, low, high = difference(together, spread(theirs))
    return f"**{text}**" if low > 0 or high < 0 else text


def _replicated(finished: Mapping[str, Sequence[Run]], replications: Mapping[str, Replication]) -> list[str]:
    """The section about trainings without the trainer; nothing where there are none."""
    rows = []
    for variant, one in replications.items():
        if variant in finished and finished[variant][0].key == one.reference:
            together = of_accuracies(finished[variant])
            low, high = together.interval(1)
            verdict = "inside" if low <= one.accuracy <= high else "outside"
            away = (one.accuracy - together.mean) / together.std
            rows.append(
                f"| {variant} | {one.seed} | {one.accuracy:.4f} | {away:+.1f} | {low:.3f} to {high:.3f} | {verdict} |"
            )
    if not rows:
        return []
    return [
        "",
        "## Once more, without the trainer",
        "",
        "`make replicate` calls the solution notebook's own functions once for each variant, with a seed that no "
        "baseline has. “Away” is its distance from the mean of the baseline in standard deviations, “plausible run” "
        f"the {LEVEL:.1%} prediction interval for one further run: wide enough that only a trainer that does something "
        "else would be found out, not one that is a point or two off.",
        "",
        "| variant | seed | test accuracy | away | plausible run | |",
        "|---|---:|---:|---:|---:|---|",
        *rows,
    ]
