"""Figures of the finished runs: validation curves, accuracies, cost."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from solutions.runs import Run
from solutions.summary import cpu_seconds

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")  # told apart by colour-blind people too (Okabe and Ito)
JITTER = 0.12  # rows
SHOWN_FROM = 3  # epoch from which the axes hold all curves; before it they move most, and tell least


def draw(finished: Mapping[str, Sequence[Run]], folder: Path) -> None:
    """Write curves.png, accuracies.png and cost.png.

    Args:
        finished: variant -> its runs.
    """
    for name, figure in (("curves", curves), ("accuracies", accuracies), ("cost", cost)):
        figure(finished).savefig(folder / f"{name}.png", dpi=110, metadata={"Software": None})


def curves(finished: Mapping[str, Sequence[Run]]) -> Figure:
    """Validation accuracy and loss against the epoch: the mean over the runs, and a band from lowest to highest."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    for axis, quantity in zip(figure.subplots(1, 2), ("accuracy", "loss"), strict=True):
        lows, highs = [], []
        for (variant, runs), colour in zip(finished.items(), COLOURS, strict=False):
            values = np.array([run.history[f"val_{quantity}"] for run in runs])
            epochs = np.arange(1, values.shape[1] + 1)
            axis.fill_between(epochs, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.2, lw=0)
            axis.plot(epochs, values.mean(axis=0), color=colour, lw=1.5, label=f"{variant} ({len(runs)} runs)")
            lows.append(values[:, SHOWN_FROM - 1 :].min(initial=values[:, -1].min()))
            highs.append(values[:, SHOWN_FROM - 1 :].max(initial=values[:, -1].max()))
        margin = 0.05 * (max(highs) - min(lows))
        if margin > 0:
            axis.set_ylim(min(lows) - margin, max(highs) + margin)
        axis.set(xlabel="epoch", ylabel=f"validation {quantity}")
        axis.grid(alpha=0.3)
    figure.axes[0].legend(loc="lower right")
    figure.suptitle("Mean of the runs; the band reaches from the lowest to the highest")
    return figure


def accuracies(finished: Mapping[str, Sequence[Run]]) -> Figure:
    """Test accuracy of each run as a dot, with mean and sample standard deviation."""
    figure = Figure(figsize=(8, 0.9 + 0.6 * len(finished)), layout="constrained")
    axis = figure.subplots()
    for row, ((_, runs), colour) in enumerate(zip(finished.items(), COLOURS, strict=False)):
        values = np.array([run.accuracy for run in runs])
        heights = row + JITTER * np.linspace(-1, 1, len(values))
        axis.plot(values, heights, "o", color=colour, alpha=0.6)
        axis.errorbar(values.mean(), row + 0.3, xerr=values.std(ddof=1), fmt="D", color="black", capsize=4, ms=5)
    axis.set_yticks(range(len(finished)), list(finished))
    axis.set_ylim(len(finished) - 0.4, -0.5)
    axis.set_xlabel("test accuracy: each run, and below it mean ± standard deviation")
    axis.grid(axis="x", alpha=0.3)
    return figure


def cost(finished: Mapping[str, Sequence[Run]]) -> Figure:
    """Test accuracy against processor time of a run; the numbers of weights beside."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axis = figure.subplots()
    costs = cpu_seconds(finished)
    for (variant, runs), colour in zip(finished.items(), COLOURS, strict=False):
        seconds, values = costs[variant], [run.accuracy for run in runs]
        label = f"{variant}: {runs[0].parameters:,} weights"
        mean, std = np.mean(values), np.std(values, ddof=1)
        axis.errorbar(seconds, mean, yerr=std, fmt="o", color=colour, capsize=4, label=label)
    axis.set(xlabel="processor seconds of a run (the least)", ylabel="test accuracy, mean ± standard deviation")
    axis.margins(0.1)
    axis.legend()
    axis.grid(alpha=0.3)
    return figure
