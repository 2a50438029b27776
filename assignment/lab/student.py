"""One student's kernel, as the probes look at it."""

import contextlib
import re
import traceback
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
from IPython.utils.capture import capture_output

from lab import settings
from lab.figures_drawn import drawing
from lab.observe import Plain, plain, why_missing
from lab.probes import inputs


class NeedsEarlier(Exception):
    """A question leans on an earlier one that gives nothing to work with yet.

    Args:
        question: number of the earlier one.
        reason: what is wrong with it, as a sentence without its full stop.
    """

    def __init__(self, question: int, reason: str) -> None:
        self.question = question
        super().__init__(f"Question {question} has to work first: {reason}.")


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
        withheld: functions that did not come to an end before; they count as not defined.
        catch_up: runs cells that give `y_train`, where they have been left out so far.
        stand_ins: whether question 9 is tried with the student's own functions, with neutral ones, or both.
        markdown: names whose code stands in a Markdown cell -> the number of that cell.
    """

    def __init__(
        self,
        namespace: dict[str, Any],
        seed: int,
        neutral: Mapping[str, Callable[..., Any]] | None = None,
        withheld: Collection[str] = (),
        catch_up: Callable[[], None] = lambda: None,
        stand_ins: Literal["also", "never", "only"] = "also",
        markdown: Mapping[str, int] | None = None,
    ) -> None:
        self.namespace, self.seed, self.neutral = namespace, seed, dict(neutral or {})
        self.withheld = frozenset(withheld)
        self._catch_up = catch_up
        self.stand_ins = stand_ins
        self._markdown = dict(markdown or {})

    def defines(self, name: str) -> bool:
        """Whether the notebook defines a function of that name."""
        return is_function(self.namespace.get(name)) and name not in self.withheld

    def missing(self, name: str) -> dict[str, Plain]:
        """The error of calling what is not defined, with what is known of it."""
        error: dict[str, Plain] = {"kind": "missing", "name": name}
        if name in self.namespace and name not in self.withheld:
            value = self.namespace[name]
            error["now"] = "None" if value is None else type(value).__name__[:100]
        elif name in self._markdown:
            error["markdown"] = self._markdown[name]
        return error

    def call(self, name: str, *args: Any, **options: Any) -> Answer:
        """Call a function of the student's, quietly; what it raises becomes `Answer.error`."""
        if not self.defines(name):
            return Answer(error=self.missing(name))
        return run(self.namespace[name], *args, name=name, **options)

    def call_plot(self, name: str, *args: Any) -> dict[str, Plain]:
        """Call a plotting function and describe the figures that it showed, closed, returned or left open.

        Returns:
            {"error": ..., "figures": [described figures]}; see `lab.figures_drawn` and `lab.figures_seen`.
        """
        with drawing() as drawn:
            answer = self.call(name, *args)
            if answer.error is not None:
                return {"error": dict(answer.error), "figures": []}
            try:
                return {"error": None, "figures": list(drawn.figures(answer.value))}
            except Exception as error:
                return {"error": _describe_error(error, name), "figures": []}

    # What earlier answers give later questions to work with

    def label_shape(self) -> str:
        """Form of raw labels in the student's question 1: "(n, 1)" or "(n,)"."""
        for name in ("y_train_raw", "y_test_raw"):
            labels = self.namespace.get(name)
            if isinstance(labels, np.ndarray) and labels.ndim in (1, 2):
                return "(n, 1)" if labels.ndim == 2 else "(n,)"
        return "(n, 1)"

    def data(self, key: str, n_train: int, n_test: int) -> "Data":
        """Small fresh data, through the student's own `preprocess` as far as that gives something usable.

        Images and labels are judged apart: labels keep the form that the student gives them even where the
        images cannot be used, and the other way round.
        """
        raw = inputs.raw_data(self.seed, key, n_train, n_test, self.label_shape())
        answer = self.call("preprocess", *(a.copy() for a in raw))
        fault = _missing_or_raised("preprocess", answer)
        x_train, y_train, x_test, y_test = (np.zeros((0, 0, 0)),) * 4  # of no form
        if fault is None:
            parts = _four_arrays(answer.value)
            x_train, y_train, x_test, y_test = parts or (x_train, y_train, x_test, y_test)
            fault = "`preprocess` does not return four arrays" if parts is None else None
        image_fault = _image_fault("x_train", x_train, n_train) or _image_fault("x_test", x_test, n_test)
        if image_fault:
            x_train, x_test = raw[0] / np.float32(255), raw[2] / np.float32(255)
        form = _label_form(y_train) or _label_form(y_test)
        if form is None:
            self._catch_up()
            form = _label_form(self.namespace.get("y_train"))
        label_faults = _label_fault("y_train", y_train, n_train), _label_fault("y_test", y_test, n_test)
        mixed = (_label_form(y_train) == "one-hot") != (_label_form(y_test) == "one-hot")
        if label_faults[0] or _label_form(y_train) != form:
            y_train = _labels_in_form(raw[1], form)
        if label_faults[1] or _label_form(y_test) != form:
            y_test = _labels_in_form(raw[3], form)
        return Data(
            x_train.astype("float32"),
            y_train,
            x_test.astype("float32"),
            y_test,
            labels=(integers(y_train), integers(y_test)),
            fault=fault or image_fault or label_faults[0] or label_faults[1],
            own_labels=fault is None and not any(label_faults) and not mixed,
        )

    def model(self) -> tuple[Any, bool]:
        """A fresh tiny VGG of the student's, or the neutral model; and whether it is the student's.

        Raises:
            NeedsEarlier: there is neither.
        """
        answer = self.call("build_tiny_vgg")
        fits = answer.error is None and classifies(answer.value)
        if fits and answer.value.weights:
            return answer.value, True
        if "build" in self.neutral:
            return self.neutral["build"](), False
        fault = _missing_or_raised("build_tiny_vgg", answer)
        if fault is None and not isinstance(answer.value, keras.Model):
            fault = "`build_tiny_vgg` does not return a Keras model"
        if fits:
            fault = "the model of `build_tiny_vgg` has no weights that Keras could train"
        sizes = f"{settings.N_CLASSES} values for an image of shape {settings.IMAGE_SHAPE}"
        raise NeedsEarlier(4, fault or f"the model of `build_tiny_vgg` does not give {sizes}")

    def compiled(self, data: "Data") -> tuple[Any, dict[str, bool]]:
        """A fresh compiled model that fits the data, and which parts of it are the student's own.

        Raises:
            NeedsEarlier: neither the student's functions nor neutral ones give one.
        """
        model, own_model = self.model()
        answer = self.call("compile_model", model)
        compiled = answer.value if isinstance(answer.value, keras.Model) else model
        fault = _missing_or_raised("compile_model", answer) or _misfit(compiled, data)
        if fault is None:
            return compiled, {"model": own_model, "compile": True}
        if "compile_model" in self.neutral:
            model, own_model = self.model()
            return self.neutral["compile_model"](model, data.y_train), {"model": own_model, "compile": False}
        if data.fault is not None and not data.own_labels and answer.error is None:
            raise NeedsEarlier(3, data.fault)
        raise NeedsEarlier(5, fault)


@dataclass
class Data:
    """Preprocessed arrays.

    Args:
        x_train, x_test: float32 (n, 32, 32, 3).
        y_train, y_test: labels in the student's form: (n,), (n, 1) or one-hot (n, N_CLASSES).
        labels: the same as integers (n,), of train and of test.
        fault: why they are not all what the student's own `preprocess` returned; None if they are.
        own_labels: whether the labels are, and have one form in training and test.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    labels: tuple[np.ndarray, np.ndarray]
    fault: str | None
    own_labels: bool


def is_function(value: Any) -> bool:
    """Whether it can be an answer: it can be called, and is no model, which is what a builder gives."""
    return callable(value) and not isinstance(value, keras.Layer)


def run(function: Callable[..., Any], *args: Any, name: str = "", **options: Any) -> Answer:
    """Call a function of the student's without its prints and warnings."""
    try:
        with quiet():
            return Answer(value=function(*args, **options))
    except (Exception, SystemExit) as error:
        return Answer(error=_describe_error(error, name))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No prints and no displayed tables (`model.summary()`), and warnings are not errors."""
    with warnings.catch_warnings(), capture_output():
        warnings.simplefilter("ignore")
        yield


def _describe_error(error: BaseException, name: str) -> dict[str, Plain]:
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "ipykernel" in f.filename or f.filename.startswith(("<ipython", "<cell"))]
    line = (own[-1].line or "") if own else ""
    try:
        message = _without_colours(str(error))
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


def _missing_or_raised(name: str, answer: Answer) -> str | None:
    """What is wrong with calling a function of the student's, as part of a sentence; None if nothing is."""
    if answer.error is None:
        return None
    if answer.error["kind"] == "missing":
        return why_missing(name, answer.error)
    return f"`{name}` raised {answer.error['type']}: {_short(str(answer.error['message']))}"


def _without_colours(message: str) -> str:
    """Keras writes some of its messages in bold."""
    return re.sub(r"\x1b\[[0-9;]*m", "", message)


def _short(message: str) -> str:
    """The first line of an error's message, for the middle of a sentence."""
    lines = [line.strip() for line in _without_colours(message).splitlines()]
    first = next((line for line in lines if line), "(no message)")
    return (first if len(first) <= 160 else first[:157] + "...").rstrip(".")


def _misfit(model: Any, data: Data) -> str | None:
    """Why loss, metrics, model and labels do not fit each other, tried on a few rows; None if they do."""
    if not model.compiled:
        return "`compile_model` does not compile the model"
    try:
        with quiet():
            model.run_eagerly, model.jit_compile = True, False
            loss = model.evaluate(data.x_train[:8], data.y_train[:8], verbose=0)
    except Exception as error:
        message = _short(str(error))
        return f"the compiled model cannot be evaluated on your labels ({type(error).__name__}: {message})"
    finite = bool(np.all(np.isfinite(np.asarray(loss, dtype=float))))
    return None if finite else "the loss of the compiled model is not a finite number"


def _four_arrays(value: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None:
    if not isinstance(value, tuple | list) or len(value) != 4:
        return None
    try:
        x_train, y_train, x_test, y_test = (np.asarray(v) for v in value)
    except Exception:
        return None
    return x_train, y_train, x_test, y_test


def _image_fault(name: str, x: np.ndarray, n: int) -> str | None:
    if x.shape != (n, *settings.IMAGE_SHAPE):
        return f"for {n} images, the `{name}` that `preprocess` returns has the shape {x.shape}"
    if x.dtype.kind != "f":
        return f"the `{name}` that `preprocess` returns is of type {x.dtype}, not float"
    if not np.abs(x).max(initial=0) <= 1000:  # also where a value is not a number
        return f"the `{name}` that `preprocess` returns holds values that are not of order one"
    return None


def _label_form(y: Any) -> str | None:
    """ "(n,)", "(n, 1)" or "one-hot"; None for anything else."""
    if not isinstance(y, np.ndarray) or y.dtype.kind not in "biuf" or y.ndim not in (1, 2):
        return None
    if y.ndim == 1:
        return "(n,)"
    return {1: "(n, 1)", settings.N_CLASSES: "one-hot"}.get(y.shape[1])


def _label_fault(name: str, y: np.ndarray, n: int) -> str | None:
    form = _label_form(y)
    if form is None or len(y) != n:
        return f"for {n} labels, the `{name}` that `preprocess` returns has the shape {y.shape}"
    whole = form == "one-hot" or bool(((y >= 0) & (y < settings.N_CLASSES) & (y == np.floor(y))).all())
    if not whole or not np.isfinite(y).all():
        return f"the `{name}` that `preprocess` returns holds values that are no class numbers"
    return None


def _labels_in_form(raw: np.ndarray, form: str | None) -> np.ndarray:
    """Raw labels in a form of `_label_form`; as they are for None."""
    if form == "one-hot":
        return np.asarray(np.eye(settings.N_CLASSES, dtype="float32")[raw.reshape(-1)])
    if form is None:
        return raw
    return raw.reshape(-1) if form == "(n,)" else raw.reshape(-1, 1)


def integers(y: Any) -> np.ndarray:
    """Labels of any form as class numbers (n,)."""
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == settings.N_CLASSES:
        return np.asarray(y.argmax(axis=1))
    return np.asarray(y.reshape(-1))
