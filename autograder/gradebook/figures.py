"""The class report's figures."""

import base64
import io
import math
import os
import statistics
from collections.abc import Mapping, Sequence

import matplotlib.style
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from autograder.grading.baselines import Baseline
from autograder.results import SubmissionResult
from autograder import assignment

_BIN = 10  # marks
_STYLE = {
    "font.family": "sans-serif",
    "font.size": 9,
    "svg.fonttype": "none",  # text stays text, in a font of the reader's system
    "svg.hashsalt": "tiny-vgg",  # equal scores give an equal file
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#5b6673",
    "axes.labelcolor": "#1f2933",
    "xtick.color": "#3d4855",
    "ytick.color": "#3d4855",
}


def score_counts(scores: Sequence[float]) -> list[tuple[int, int, int]]:
    """How many scores lie from each bin's lower edge to below its upper one; the last bin has both.

    Returns:
        (lower edge, upper edge, count) of every bin from 0 to all marks with the bonus.
    """
    edges = range(0, math.ceil(sum(assignment.questions().points.values())), _BIN)
    counts = [0] * len(edges)
    for score in scores:
        counts[min(int(score // _BIN), len(counts) - 1)] += 1
    return [(edge, edge + _BIN, count) for edge, count in zip(edges, counts, strict=True)]


def histogram(scores: Sequence[float]) -> tuple[Markup, str]:
    """The distribution of scores.

    Args:
        scores: marks of each submission, at least one.

    Returns:
        The picture's address (an SVG as data URI), and its text for readers who cannot see it.
    """
    bins = score_counts(scores)
    # Small, so that its text is still of a readable size on a phone.
    with matplotlib.style.context(["default", _STYLE]):
        figure = Figure(figsize=(3.8, 2.4), layout="constrained")
        axes = figure.add_subplot()
        lefts, heights = [low for low, _, _ in bins], [count for _, _, count in bins]
        axes.bar(lefts, heights, width=_BIN, align="edge", color="#2f6690", edgecolor="white")
        axes.axvline(assignment.questions().max_score, color="#5b6673", linestyle=":", linewidth=1)
        axes.set_xticks([*lefts, bins[-1][1]][::2])
        axes.set_ylim(0, max(4, *heights) * 1.08)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("score (dotted: all marks without a bonus)")
        axes.set_ylabel("submissions")
        address = _address(figure)
    counted = ", ".join(f"{low} to {high}: {count}" for low, high, count in bins if count)
    return address, f"Histogram of the scores of {len(scores)} submissions. {counted}."


def accuracies(results: Sequence[SubmissionResult], baselines: Mapping[str, Baseline]) -> tuple[Markup, str] | None:
    """The mean test accuracy that each submission reports, a dot each, by variant, on the baseline's interval.

    Returns:
        The picture's address and its text, as `histogram`; None where nobody reports any.
    """
    means = {
        variant: [mean for result in results if (mean := _mean(result, variant)) is not None]
        for variant in assignment.questions().variants
    }
    if not any(means.values()):
        return None
    with matplotlib.style.context(["default", _STYLE]):
        figure = Figure(figsize=(3.8, 2.8), layout="constrained")
        axes = figure.add_subplot()
        axes.use_sticky_edges = False  # the lowest bar would end at the axis
        for place, (variant, values) in enumerate(means.items()):
            if baseline := baselines.get(variant):
                height = baseline.high - baseline.low
                axes.bar(place, height, width=0.8, bottom=baseline.low, color="#d9e5ee")
                axes.hlines(baseline.mean, place - 0.4, place + 0.4, color="#5b6673", linewidth=1)
            # Spread to the sides by the golden ratio, so that no two dots of one height lie on one another.
            sides = [place + 0.6 * ((0.618034 * number) % 1 - 0.5) for number in range(len(values))]
            axes.plot(sides, values, "o", color="#2f6690", markersize=3.5, alpha=0.75, markeredgewidth=0)
        shared = os.path.commonprefix(list(means)) if len(means) > 1 else ""
        axes.set_xticks(range(len(means)), [variant[len(shared) :] for variant in means])
        axes.set_xlim(-0.5, len(means) - 0.5)
        axes.set_ylabel("reported test accuracy")
        axes.set_axisbelow(True)
        axes.grid(axis="y", color="#dde2e8", linewidth=0.5)
        address = _address(figure)
    texts = [_in_words(variant, values, baselines.get(variant)) for variant, values in means.items()]
    return address, " ".join(["Reported test accuracies, a dot for each submission.", *texts])


def histories(runs: Sequence[Mapping[str, Sequence[float]]]) -> bytes:
    """The learning curves of an experiment, as an SVG file: loss and accuracy, a thin line a run.

    Args:
        runs: series of Keras' names, of each run.
    """
    with matplotlib.style.context(["default", _STYLE]):
        figure = Figure(figsize=(6.4, 2.4), layout="constrained")
        for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
            for series, colour, word in ((name, "#2f6690", "training"), (f"val_{name}", "#b5541c", "validation")):
                for number, run in enumerate(runs):
                    values = run.get(series, ())
                    epochs = range(1, len(values) + 1)
                    axes.plot(epochs, values, color=colour, linewidth=0.8, alpha=0.8, label=None if number else word)
            axes.set_xlabel("epoch")
            axes.set_ylabel(name)
            axes.legend(frameon=False)
        return _svg(figure)


def _mean(result: SubmissionResult, variant: str) -> float | None:
    reported = result.reported.get(variant)
    return None if reported is None else reported.mean


def _in_words(variant: str, values: Sequence[float], baseline: Baseline | None) -> str:
    known = f"; baseline {baseline.low:.3f} to {baseline.high:.3f}" if baseline else ""
    if not values:
        return f"{variant}: none{known}."
    middle = statistics.median(values)
    return f"{variant}: {len(values)}, from {min(values):.3f} to {max(values):.3f}, median {middle:.3f}{known}."


def _address(figure: Figure) -> Markup:
    """A figure as data URI, an SVG."""
    return Markup("data:image/svg+xml;base64," + base64.b64encode(_svg(figure)).decode())


def _svg(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()
