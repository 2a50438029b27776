"""The class report's figure."""

import base64
import io
from collections.abc import Sequence

import matplotlib.style
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lab import settings

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
    edges = range(0, sum(settings.POINTS.values()), _BIN)
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
        axes.axvline(settings.MAX_SCORE, color="#5b6673", linestyle=":", linewidth=1)
        axes.set_xticks([*lefts, bins[-1][1]][::2])
        axes.set_ylim(0, max(4, *heights) * 1.08)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("score (dotted: all marks without the bonus)")
        axes.set_ylabel("submissions")
        file = io.BytesIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    address = f"data:image/svg+xml;base64,{base64.b64encode(file.getvalue()).decode()}"
    counted = ", ".join(f"{low} to {high}: {count}" for low, high, count in bins if count)
    return Markup(address), f"Histogram of the scores of {len(scores)} submissions. {counted}."
