"""The first thing that runs in a student's kernel: data and weights offline, training shortened."""

import contextlib
import gc
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from IPython import get_ipython
from matplotlib_inline.config import InlineBackend

YOUNG = 10_000, 20, 50  # objects, collections, collections: less garbage collection than usual, for more speed


def prepare(folder: str, seed: int, draws: bool = True) -> None:
    """Set the kernel up.

    Args:
        folder: holds x_train.npy, y_train.npy, x_test.npy, y_test.npy, conv1_kernel.npy and conv1_bias.npy.
        seed: of the random numbers that the notebook draws; the same notebook gets the same ones.
        draws: whether figures become pictures below their cells. Not where the notebook was handed in with pictures:
            those are the ones that are shown, and drawing takes more time than most cells.
    """
    if not draws:
        InlineBackend.instance(parent=get_ipython()).figure_formats = set()
    gc.freeze()
    gc.set_threshold(*YOUNG)
    keras.utils.set_random_seed(seed)
    sys.modules["otter"] = _silent_otter()
    source = Path(folder)
    _serve_cifar10(source)
    _serve_resnet50(np.load(source / "conv1_kernel.npy"), np.load(source / "conv1_bias.npy"))
    from lab.recorder import recording

    global _shortened
    _shortened = recording(keep_rows=False)
    _shortened.__enter__()


_shortened: Any = None  # for the life of the kernel


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
            with _quick_kernels():
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


@contextlib.contextmanager
def _quick_kernels() -> Iterator[None]:
    """Initial kernels repeat a few random numbers: to draw the 25 million of a ResNet50 takes half a second."""
    scaling = keras.initializers.VarianceScaling
    original = scaling.__call__
    some = np.random.default_rng(0).normal(0, 0.02, 4099).astype(np.float32)
    scaling.__call__ = lambda self, shape, dtype=None: keras.ops.convert_to_tensor(np.resize(some, shape), dtype)
    try:
        yield
    finally:
        scaling.__call__ = original
