"""One student's kernel, as the probes look at it."""

import contextlib
import io
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import matplotlib.pyplot as plt
import numpy as np

from lab import settings
from lab.figures_seen import describe_figure, figures_of
from lab.observe import Plain, plain
from lab.probes import inputs


class NeedsEarlier(Exception):
    """A question leans on an earlier one that gives nothing to work with yet."""


@dataclass
class Answer:
    """What calling one of the student's functions came to: a live value, or an error in plain form."""

    value: Any = None
    error: dict[str, Plain] | None = None

    def plain(self) -> dict[str, Plain]:
        """{"error": ..., "value": ...}, plain."""
        if self.error is not None:
            return {"error": dict(self.error), "value": None}
        try:
            return {"error": None, "value": plain(self.value)}
        except Exception as error:
            return {"error": _describe_error(error, "the returned value"), "value": None}


class Student:
    """The names that a student's notebook defines, and ways of calling them.

    Args:
        namespace: the kernel's global names.
        seed: from which all inputs are drawn.
        neutral: at grading, functions that stand in where an earlier question has no usable answer
            (`build`, `compile_model`, `train`, `evaluate`); none in the student's own kernel.
    """

    def __init__(
        self, namespace: dict[str, Any], seed: int, neutral: Mapping[str, Callable[..., Any]] | None = None
    ) -> None:
        self.namespace, self.seed, self.neutral = namespace, seed, dict(neutral or {})

    def defines(self, name: str) -> bool:
        """Whether the notebook defines a function of that name."""
        return callable(self.namespace.get(name))

    def call(self, name: str, *args: Any, **options: Any) -> Answer:
        """Call a function of the student's, quietly; what it raises becomes `Answer.error`."""
        if not self.defines(name):
            return Answer(error={"kind": "missing", "name": name})
        return run(self.namespace[name], *args, name=name, **options)

    def call_plot(self, name: str, *args: Any) -> dict[str, Plain]:
        """Call a plotting function and describe the figures that it returned or left open.

        Returns:
            {"error": ..., "figures": [described figures]}; see `lab.figures_seen`.
        """
        before = set(plt.get_fignums())
        show, close = plt.show, plt.close
        plt.show = plt.close = lambda *args, **options: None  # type: ignore[assignment]
        try:
            answer = self.call(name, *args)
            opened = [plt.figure(n) for n in plt.get_fignums() if n not in before]
            if answer.error is not None:
                return {"error": dict(answer.error), "figures": []}
            figures = figures_of(answer.value, opened)
            return {"error": None, "figures": [describe_figure(f) for f in figures[:100]]}
        except Exception as error:
            return {"error": _describe_error(error, name), "figures": []}
        finally:
            plt.show, plt.close = show, close
            for number in set(plt.get_fignums()) - before:
                plt.close(number)

    # What earlier answers give later questions to work with

    def label_shape(self) -> str:
        """Form of raw labels in the student's question 1: "(n, 1)" or "(n,)"."""
        for name in ("y_train_raw", "y_test_raw"):
            labels = self.namespace.get(name)
            if isinstance(labels, np.ndarray) and labels.ndim in (1, 2):
                return "(n, 1)" if labels.ndim == 2 else "(n,)"
        return "(n, 1)"

    def data(self, key: str, n_train: int, n_test: int) -> "Data":
        """Small fresh data, through the student's own `preprocess` where that gives something usable."""
        raw = inputs.raw_data(self.seed, key, n_train, n_test, self.label_shape())
        answer = self.call("preprocess", *(a.copy() for a in raw))
        arrays = _usable(answer.value, n_train, n_test) if answer.error is None else None
        own = arrays is not None
        if arrays is None:
            x_train, y_train, x_test, y_test = raw
            arrays = (x_train / np.float32(255), y_train, x_test / np.float32(255), y_test)
        return Data(*arrays, labels=(raw[1].ravel(), raw[3].ravel()), own=own)

    def model(self, builder: str = "build_tiny_vgg") -> tuple[Any, bool]:
        """A fresh model of the student's, or the neutral one; and whether it is the student's.

        Raises:
            NeedsEarlier: there is neither.
        """
        answer = self.call(builder)
        if answer.error is None and classifies(answer.value):
            return answer.value, True
        if "build" not in self.neutral:
            raise NeedsEarlier(f"`{builder}` (question 4) has to return a model first")
        return self.neutral["build"](), False

    def compiled(self, data: "Data") -> tuple[Any, dict[str, bool]]:
        """A fresh compiled model that fits the data, and which parts of it are the student's own.

        Raises:
            NeedsEarlier: neither the student's functions nor neutral ones give one.
        """
        model, own_model = self.model()
        answer = self.call("compile_model", model)
        compiled = answer.value if isinstance(answer.value, keras.Model) else model
        if answer.error is None and _works(compiled, data):
            return compiled, {"model": own_model, "compile": True}
        if "compile_model" not in self.neutral:
            raise NeedsEarlier("`compile_model` (question 5) has to work with your model and labels first")
        model, own_model = self.model()
        return self.neutral["compile_model"](model, data.y_train), {"model": own_model, "compile": False}


@dataclass
class Data:
    """Preprocessed arrays, and the integer labels behind them (train, test)."""

    x_train: Any
    y_train: Any
    x_test: Any
    y_test: Any
    labels: tuple[np.ndarray, np.ndarray]
    own: bool


def run(function: Callable[..., Any], *args: Any, name: str = "", **options: Any) -> Answer:
    """Call a function of the student's without its prints and warnings."""
    try:
        with quiet():
            return Answer(value=function(*args, **options))
    except (Exception, SystemExit) as error:
        return Answer(error=_describe_error(error, name))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No prints, and warnings are not errors."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def _describe_error(error: BaseException, name: str) -> dict[str, Plain]:
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "ipykernel" in f.filename or f.filename.startswith(("<ipython", "<cell"))]
    line = (own[-1].line or "") if own else ""
    try:
        message = str(error)
    except Exception:
        message = ""
    return {
        "kind": "raised",
        "name": name,
        "type": type(error).__name__[:100],
        "message": message[:500],
        "line": line[:200],
    }


def classifies(model: Any) -> bool:
    """Whether it is a Keras model that gives `N_CLASSES` values for an image; it is built afterwards."""
    if not isinstance(model, keras.Model):
        return False
    try:
        with quiet():
            output = model(keras.Input(settings.IMAGE_SHAPE))
        return tuple(output.shape) == (None, settings.N_CLASSES)
    except Exception:
        return False


def _works(model: Any, data: Data) -> bool:
    """Whether loss, metrics and labels fit each other, tried on a few rows."""
    try:
        with quiet():
            model.run_eagerly, model.jit_compile = True, False
            loss = model.evaluate(data.x_train[:8], data.y_train[:8], verbose=0)
        return bool(np.all(np.isfinite(np.asarray(loss, dtype=float))))
    except Exception:
        return False


def _usable(value: Any, n_train: int, n_test: int) -> tuple[Any, Any, Any, Any] | None:
    if not isinstance(value, tuple | list) or len(value) != 4:
        return None
    try:
        x_train, y_train, x_test, y_test = (np.asarray(v) for v in value)
    except Exception:
        return None
    images = all(
        x.shape == (n, *settings.IMAGE_SHAPE) and x.dtype.kind == "f" and np.abs(x).max(initial=0) <= 1000
        for x, n in ((x_train, n_train), (x_test, n_test))
    )
    shapes = [(n_train, n_test), ((n_train, 1), (n_test, 1))]
    shapes.append(((n_train, settings.N_CLASSES), (n_test, settings.N_CLASSES)))
    labels = any(y_train.shape == _tuple(a) and y_test.shape == _tuple(b) for a, b in shapes)
    return (x_train.astype("float32"), y_train, x_test.astype("float32"), y_test) if images and labels else None


def _tuple(shape: Any) -> tuple[int, ...]:
    return shape if isinstance(shape, tuple) else (shape,)
