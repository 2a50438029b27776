"""Which figures a plotting function is judged by, however it shows, closes, clears and returns them."""

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import pytest

from labkit import figures_drawn
from labkit.agent import Agent
from labkit.student import Student

BEGIN = """
import matplotlib.figure
import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.pyplot import *
from pylab import *

before, its_axes = plt.subplots()  # of an earlier cell

def one():
    plt.plot([1, 1])
    plt.title("one")

def two():
    plt.plot([2, 2])
    plt.title("two")

def f():
"""

APART = {
    "show": "one(); plt.show(); two(); plt.show()",
    "star imports": "one(); show(); two(); show()",
    "the last one left open": "one(); plt.show(); two()",
    "a show that does not block": "one(); plt.show(block=False); two(); plt.show(block=False)",
    "figure.show": "fig = plt.figure(); one(); fig.show(); fig = plt.figure(); two(); fig.show()",
    "figure.show and no new figure": "one(); plt.gcf().show(); two(); plt.gcf().show()",
    "close": "one(); plt.close(); two(); plt.close()",
    "close, star import": "one(); close(); two(); close()",
    "close all": "figure(); one(); figure(); two(); plt.close('all')",
    "close by figure": "fig = plt.figure(); one(); plt.close(fig); fig = plt.figure(); two(); close(fig)",
    "close by number": "plt.figure(7); one(); plt.close(7); plt.figure(7); two(); plt.close(7)",
    "close by name": "plt.figure('a'); one(); plt.close('a'); plt.figure('a'); two(); plt.close('a')",
    "saved, then closed": "one(); plt.savefig('1.png'); plt.close(); two(); savefig('2.png'); close()",
    "shown, then closed": "one(); plt.show(); plt.close(); two(); plt.show(); plt.close('all')",
    "cleared after each show": "one(); plt.show(); plt.clf(); two(); plt.show(); plt.clf(); plt.close()",
    "one figure, cleared between": "fig = plt.figure(); one(); fig.show(); fig.clf(); fig.add_subplot(title='two'); "
    "fig.axes[0].plot([2, 2]); return fig",
    "axes of one figure, cleared between": "fig, ax = plt.subplots(); one(); fig.show(); ax.clear(); "
    "ax.plot([2, 2]); ax.set_title('two'); fig.show()",
    "returned in a list": "a = plt.figure(); one(); b = plt.figure(); two(); return [a, b]",
    "shown and returned": "a = plt.figure(); one(); plt.show(); b = plt.figure(); two(); plt.show(); return a, b",
    "only the second returned": "one(); plt.show(); fig = plt.figure(); two(); plt.show(); return fig",
    "closed and returned": "a = plt.figure(); one(); plt.close(); b = plt.figure(); two(); plt.close(); return a, b",
    "gcf after show": "one(); plt.show(); two(); fig = plt.gcf(); plt.show(); return fig",
    "not known to pyplot": "one(); plt.show(); fig = matplotlib.figure.Figure(); ax = fig.subplots(); "
    "ax.plot([2, 2]); ax.set_title('two'); return fig",
    "another backend": "plt.switch_backend('agg'); one(); plt.show(); two(); plt.show()",
    "a figure of an earlier cell, shown again": "its_axes.clear(); its_axes.plot([1, 1]); its_axes.set_title('one'); "
    "before.show(); two(); plt.show()",
}


@pytest.fixture(autouse=True)
def _scratch(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    plt.close("all")


def drawn(body: str) -> list[tuple[str, list[list[float]]]]:
    """Titles and curves of each figure that has axes, by what a function with this body draws."""
    names: dict[str, Any] = {"__name__": "notebook"}
    exec(BEGIN + f"    {body}\n", names)
    seen: Any = Student(Agent(names).answer, 7).call_plot("f")
    assert seen["error"] is None
    axes = [[a for a in figure["axes"] if a["lines"]] for figure in seen["figures"]]
    return [
        (" ".join(a["title"] for a in some), [line["y"].tolist() for a in some for line in a["lines"]])
        for some in axes
        if some
    ]


@pytest.mark.parametrize("body", APART.values(), ids=APART)
def test_figures_shown_one_after_another(body: str) -> None:
    assert drawn(body) == [("one", [[1, 1]]), ("two", [[2, 2]])]


@pytest.mark.parametrize(
    "body",
    ["one(); two(); plt.show()", "one(); fig = plt.gcf(); two(); return fig", "one(); plt.savefig('1.png'); two()"],
)
def test_what_nothing_ends_stays_in_one_figure(body: str) -> None:
    assert drawn(body) == [("two", [[1, 1], [2, 2]])]


def test_a_figure_counts_as_it_is_in_the_end() -> None:
    assert drawn("fig = plt.figure(); plt.plot([1, 1]); plt.show(); fig.axes[0].set_title('one'); return fig") == [
        ("one", [[1, 1]])
    ]
    assert drawn("fig, ax = plt.subplots(); fig.show(); ax.plot([1, 1]); ax.set_title('one')") == [("one", [[1, 1]])]


def test_a_line_whose_values_change_after_it_was_shown_counts_twice() -> None:
    body = "line, = plt.plot([1, 1]); fig = plt.gcf(); fig.show(); line.set_ydata([2, 2]); return fig"
    assert drawn(body) == [("", [[1, 1]]), ("", [[2, 2]])]


def test_of_very_many_figures_the_first_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures_drawn, "MAX_FIGURES", 2)
    assert len(drawn("for _ in range(4): one(); plt.show()")) == 2
    assert len(drawn("return [(plt.figure(), one()) for _ in range(4)]")) == 2


def test_everything_is_as_before_afterwards() -> None:
    mine, axes = plt.subplots()
    functions = plt.show, plt.close, type(mine).show, type(mine.canvas.manager).show
    drawn("one(); plt.show(); plt.close('all'); plt.figure(1); two(); before.show(); plt.figure(before); plt.close(1)")
    assert (plt.show, plt.close, type(mine).show, type(mine.canvas.manager).show) == functions
    assert plt.figure(plt.get_fignums()[0]) is mine
    assert len(plt.get_fignums()) == 2  # and that of the earlier cell
    assert not axes.lines
    plt.close(mine)
    assert len(plt.get_fignums()) == 1
