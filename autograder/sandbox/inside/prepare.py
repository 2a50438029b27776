"""The first thing that runs in a student's kernel: data and weights offline, training shortened."""

import sys
import types
from pathlib import Path
from typing import Any

import keras
import numpy as np
from IPython import get_ipython
from matplotlib_inline.config import InlineBackend


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
    """Let Keras' own `load_data` assemble the arrays from ours, under whatever name it was imported."""
    from keras.src.datasets import cifar10

    x_train, y_train, x_test, y_test = (
        np.load(source / f"{name}.npy", mmap_mode="r") for name in ("x_train", "y_train", "x_test", "y_test")
    )

    def load_batch(path: str, label_key: str = "labels") -> tuple[np.ndarray, np.ndarray]:
        name = Path(path).name
        if name == "test_batch":
            x, y = x_test, y_test
        else:
            n = len(x_train) // 5
            part = slice((int(name[-1]) - 1) * n, int(name[-1]) * n)
            x, y = x_train[part], y_train[part]
        return np.transpose(x, (0, 3, 1, 2)), np.asarray(y).reshape(-1)

    cifar10.get_file = lambda *args, **options: str(source)
    cifar10.load_batch = load_batch


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
