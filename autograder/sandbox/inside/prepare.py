"""The first thing that runs in a student's kernel: training is shortened, data is served, the agent waits."""

import functools
import gc
import importlib.util
import sys
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
from IPython import get_ipython
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib_inline.config import InlineBackend

from labkit.agent import is_function
from labkit.short_training import recording

from .elsewhere import lead
from .serving import begin
from .shell import set_up

YOUNG = 10_000, 20, 50  # objects, collections, collections: less garbage collection than usual, for more speed


def prepare(folder: str, seed: int, draws: bool, event: str, late: Sequence[str], asked: Sequence[str]) -> None:
    """Set the kernel up.

    Args:
        folder: holds the data that the practical serves.
        seed: of the random numbers that the notebook draws; the same notebook gets the same ones.
        draws: whether figures become pictures below their cells. Not where the notebook was handed in with pictures:
            those are the ones that are shown, and drawing takes more time than most cells.
        event, late: see `serving.begin`.
        asked: names of the functions that the questions ask for.
    """
    if not draws:
        InlineBackend.instance(parent=get_ipython()).figure_formats = set()
        _make_ticks_late()
    set_up(get_ipython(), asked, is_function)
    lead(Path(folder).parent)
    _hasten()
    keras.utils.set_random_seed(seed)
    sys.modules["otter"] = _silent_otter()
    source = Path(folder)
    fallbacks = {}
    if importlib.util.find_spec("practical_kernel") is not None:  # its kernel/, as it is called here
        from practical_kernel.serve import serve

        fallbacks = serve(source)

    global _shortened
    _shortened = recording(keep_rows=False)
    _shortened.__enter__()
    begin(str(source.parent), event, late, fallbacks)


_shortened: Any = None  # for the life of the kernel


def _hasten() -> None:
    """What all Python code here gains by, whatever it does."""
    if sys.version_info < (3, 12):  # which keeps these attributes by itself: TensorFlow looks at them all the time
        typing._get_protocol_attrs = functools.cache(typing._get_protocol_attrs)  # type: ignore[attr-defined]
    gc.freeze()
    gc.set_threshold(*YOUNG)
    # pyplot draws every open figure after each statement that changed it; here nobody looks before its cell has ended.
    canvas: Any = FigureCanvasBase
    canvas.draw_idle = lambda self, *arguments, **options: None


def _make_ticks_late() -> None:
    """New axes get their ticks when somebody looks at them, in the style of that moment: they take half of the time
    that it takes to make axes, of which a page of filters has 64."""
    from matplotlib import axes, axis

    kind: Any = axes.Axes
    ticks: Any = axis._LazyTickList
    init, get, made = kind.__init__, ticks.__get__, []

    def make(new: Any, *arguments: Any, **options: Any) -> None:
        if any("tick" in name for name in options):  # they are looked at at once
            init(new, *arguments, **options)
            return
        made.append(new)
        try:
            init(new, *arguments, **options)
        finally:
            made.pop()

    kind.__init__ = make
    ticks.__get__ = lambda self, of, owner=None: [] if made and of is not None else get(self, of, owner)


class _Notebook:
    """Stands in for `otter.Notebook`: check cells do nothing at grading."""

    def __init__(self, *args: Any, **options: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **options: None


def _silent_otter() -> types.ModuleType:
    module = types.ModuleType("otter")
    module.Notebook = _Notebook  # type: ignore[attr-defined]
    return module
