"""The figures that a function draws, as a reader of the notebook sees them: also those that it shows or closes."""

import contextlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np
from IPython import get_ipython
from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.figure import Figure

from labkit.figure_description import describe_figure, figures_of
from labkit.plain_data import Plain

MAX_FIGURES = 100

Described = dict[str, Plain]


class Drawn:
    """The figures of an answer, each as it was when it was shown or closed, and as it is in the end."""

    def __init__(self) -> None:
        self._states: dict[Figure, list[Described]] = {}

    def note(self, figure: Figure) -> None:
        """Describe a figure that is shown or closed as it is now: it may be cleared, and drawn into again."""
        with contextlib.suppress(Exception):  # one that cannot be described is met again at the end
            self._describe(figure)

    def figures(self, returned: Any) -> list[Described]:
        """Those that were shown or closed, then those that are returned or open, described; each once.

        A figure counts as it is in the end, and besides as it was shown where some of that was lost afterwards.
        """
        opened = [manager.canvas.figure for manager in Gcf.get_all_fig_managers()]
        for figure in dict.fromkeys([*self._states, *figures_of(returned, opened)]):
            self._describe(figure)
        return [state for states in self._states.values() for state in states]

    def _describe(self, figure: Figure) -> None:
        if sum(map(len, self._states.values())) >= MAX_FIGURES:
            return
        before, state = self._states.setdefault(figure, []), describe_figure(figure)
        before[:] = [earlier for earlier in before if not _content(earlier) <= _content(state)] + [state]


def _content(described: Any) -> set[tuple[Any, ...]]:
    """The values of all lines and images of a described figure."""
    arrays = [line[along] for axes in described["axes"] for line in axes["lines"] for along in ("x", "y")]
    arrays += [image["data"] for axes in described["axes"] for image in axes["images"]]
    return {(array.shape, array.dtype.str, array.tobytes()) for array in map(np.asarray, arrays)}


@contextlib.contextmanager
def drawing() -> Iterator[Drawn]:
    """Note what is drawn meanwhile, apart from the figures that are open already: these are out of reach.

    `plt.show`, `figure.show` and `plt.close` take figures away, so that the next plot begins a new one, as in Jupyter;
    by whatever name they are called, since what they call is watched. `display` leaves a figure open.
    """
    drawn, kind = Drawn(), cast(Any, FigureManagerBase)
    figures, show, opened = Gcf.figs, kind.show, _Open(drawn.note)

    def end(manager: Any) -> None:
        drawn.note(manager.canvas.figure)
        if manager in opened.values():
            del opened[manager.num]

    Gcf.figs, kind.show = opened, end
    try:
        with _displays_to(drawn.note):
            yield drawn
    finally:
        Gcf.figs, kind.show = figures, show


class _Open(OrderedDict[Any, Any]):
    """The open figures, as pyplot keeps them (number -> manager); each is noted when it is closed."""

    def __init__(self, note: Callable[[Figure], None]) -> None:
        super().__init__()
        self._note = note

    def pop(self, number: Any, *default: Any) -> Any:
        manager = super().pop(number, *default)
        if hasattr(manager, "canvas"):
            self._note(manager.canvas.figure)
        return manager

    def clear(self) -> None:
        for manager in self.values():
            self._note(manager.canvas.figure)
        super().clear()


@contextlib.contextmanager
def _displays_to(note: Callable[[Figure], None]) -> Iterator[None]:
    """Hand figures that are displayed to `note`, in place of drawing them."""
    shell = get_ipython()
    if shell is None:
        yield
        return
    formatter = shell.display_formatter.ipython_display_formatter
    before = formatter.for_type(Figure, note)
    try:
        yield
    finally:
        formatter.pop(Figure, None)
        if before is not None:
            formatter.for_type(Figure, before)
