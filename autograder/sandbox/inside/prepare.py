"""The first thing that runs in a student's kernel: data and weights offline, training shortened."""

import contextlib
import functools
import gc
import sys
import types
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from IPython import get_ipython
from keras.src.backend.common import global_state
from keras.src.backend.common.stateless_scope import in_stateless_scope
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib_inline.config import InlineBackend

from lab import settings
from lab.agent import is_function
from lab.recorder import recording

from .elsewhere import lead
from .serving import begin
from .shell import set_up

YOUNG = 10_000, 20, 50  # objects, collections, collections: less garbage collection than usual, for more speed


def prepare(folder: str, seed: int, draws: bool, event: str, late: Sequence[str]) -> None:
    """Set the kernel up.

    Args:
        folder: holds x_train.npy, y_train.npy, x_test.npy, y_test.npy, conv1_kernel.npy and conv1_bias.npy.
        seed: of the random numbers that the notebook draws; the same notebook gets the same ones.
        draws: whether figures become pictures below their cells. Not where the notebook was handed in with pictures:
            those are the ones that are shown, and drawing takes more time than most cells.
        event, late: see `serving.begin`.
    """
    if not draws:
        InlineBackend.instance(parent=get_ipython()).figure_formats = set()
        _make_ticks_late()
    set_up(get_ipython(), settings.ASKED, is_function)
    lead(Path(folder).parent)
    _hasten()
    keras.utils.set_random_seed(seed)
    sys.modules["otter"] = _silent_otter()
    source = Path(folder)
    _serve_cifar10(source)
    _serve_resnet50(np.load(source / "conv1_kernel.npy"), np.load(source / "conv1_bias.npy"))

    global _shortened
    _shortened = recording(keep_rows=False)
    _shortened.__enter__()
    begin(str(source.parent), event, late)


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


def _serve_cifar10(source: Path) -> None:
    """Let Keras' own `load_data` give our arrays, under whatever name it was imported: each time new ones that may be
    changed, of which nothing is read before it is looked at."""
    from keras.src.datasets import cifar10

    def load() -> Any:
        x_train, y_train, x_test, y_test = (
            np.load(source / f"{name}.npy", mmap_mode="c").view(np.ndarray)
            for name in ("x_train", "y_train", "x_test", "y_test")
        )
        return (x_train, y_train.reshape(-1, 1)), (x_test, y_test.reshape(-1, 1))

    cifar10._served = load
    cifar10.load_data.__code__ = _load_data.__code__


def _load_data() -> Any:
    return _served()


_served: Any = None  # what `_load_data` finds in the module of Keras


def _serve_resnet50(kernel: np.ndarray, bias: np.ndarray) -> None:
    """ImageNet weights without a network: ResNet50 gets the given first convolution, other networks another one."""
    from keras.src.applications import resnet

    build = resnet.ResNet
    models: dict[str, Any] = {}

    def serve(*args: Any, **options: Any) -> Any:
        if options.get("weights", "imagenet") != "imagenet":
            return build(*args, **options)
        key = repr(sorted((k, str(v)) for k, v in options.items() if k != "weights"))
        if key not in models or options.get("input_tensor") is not None:
            with _values_on_demand():
                models[key] = build(*args, **(options | {"weights": None}))
        model = models[key]
        first, offset = kernel, bias
        if options.get("weights_name", options.get("name")) != "resnet50":
            rng = np.random.default_rng(len(str(options.get("name"))))
            first = rng.permuted(kernel, axis=3)
        layer = model.get_layer("conv1_conv")
        layer.set_weights([first] if not layer.use_bias else [first, offset])
        return model

    resnet.ResNet = serve


class _OnDemand(keras.Variable):  # type: ignore[misc]
    """A variable that becomes an ordinary one when its value is looked at or changed."""

    _trainable: bool
    _made_trainable: bool

    @property
    def _value(self) -> Any:
        if in_stateless_scope():  # Keras itself looks only at its shape there
            return None
        self.__class__ = keras.Variable
        frozen, self._trainable = self._trainable, self._made_trainable  # TensorFlow watches it as it was made
        self._deferred_initialize()
        self._trainable = frozen
        return self._value


@contextlib.contextmanager
def _values_on_demand() -> Iterator[None]:
    """Variables made inside get their initial values when somebody looks at them: to draw all 25 million of a ResNet50,
    of which one kernel is looked at, takes half a second."""
    with keras.StatelessScope():
        yield
        for variable in global_state.get_global_attribute("uninitialized_variables") or []:
            variable._made_trainable = variable._trainable
            variable.__class__ = _OnDemand
        global_state.set_global_attribute("uninitialized_variables", [])
