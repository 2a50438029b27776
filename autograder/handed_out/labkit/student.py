"""A student's notebook, as probes see it: through questions to an agent, which may be in another process."""

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from lab import settings
from lab.probes import inputs
from labkit.plain_data import MAX_DEPTH, Plain, kind_of, why_missing, without_colours

Neutral = Literal["also", "never", "only"]
Ask = Callable[[str, dict[str, Any]], Mapping[str, Any]]  # verb and arguments -> answer, see `labkit.agent`


class NeedsEarlier(Exception):
    """A question leans on an earlier one that gives nothing to work with yet.

    Args:
        question: number of the earlier one.
        reason: what is wrong with it, as a sentence without its full stop.
    """

    def __init__(self, question: int, reason: str) -> None:
        self.question = question
        super().__init__(f"Question {question} has to work first: {reason}.")


class Raised(Exception):
    """An object of the student's did not let itself be looked at; the message has kind and message of its error.

    Args:
        error: see `labkit.plain_data.describe_error`; "text" is the message here.
    """

    def __init__(self, error: Mapping[str, Any]) -> None:
        self.type, self.message = str(error["type"]), str(error["message"])
        super().__init__(str(error["text"]))


@dataclass(frozen=True)
class Value:
    """A live object of the notebook's, as it is seen from outside; see `labkit.agent.Agent`.

    Args:
        handle: which one it is; the same object has the same.
        kind: "none", "model", "array", "tensor", "sequence", "dict", "data frame", "class", "function" or "other".
        type: name of its class, or of the class that it is.
        shape, dtype: where it has them; -1 in a shape is any number.
        items: of a short sequence.
        length: of any sequence.
    """

    handle: int
    kind: str
    type: str
    shape: tuple[int, ...] | None = None
    dtype: str = ""
    items: tuple["Value", ...] = ()
    length: int | None = None

    @classmethod
    def of(cls, outline: Any) -> "Value":
        """From what an agent says of it."""
        shape, length = outline.get("shape"), outline.get("length")
        return cls(
            int(outline["handle"]),
            str(outline["kind"]),
            str(outline["type"]),
            tuple(shape) if isinstance(shape, list) else None,
            str(outline.get("dtype", "")),
            tuple(map(cls.of, outline.get("items", ()))),
            length if isinstance(length, int) else None,
        )


@dataclass(frozen=True)
class Copied:
    """As an argument: a fresh copy of an array."""

    value: Value


@dataclass(frozen=True)
class Tensor:
    """As an argument: an array as a tensor of Keras' backend."""

    array: np.ndarray


@dataclass
class Answer:
    """What calling one of the student's functions came to: a live value, or an error in plain form."""

    value: Value | None = None
    error: dict[str, Plain] | None = None


class Student:
    """The names that a student's notebook defines, and ways of calling them.

    Args:
        ask: the agent's answers.
        seed: from which all inputs are drawn; it stays here.
        stand_ins: names of functions that may take the place of what is unusable (`build`, `compile_model`, `train`,
            `evaluate`), as at grading; none in the student's own kernel.
        withheld: functions that did not come to an end before; they count as not defined.
        neutral: whether question 9 is tried with the student's own functions, with stand-ins, or both.
        markdown: names whose code stands in a Markdown cell -> the number of that cell.
    """

    def __init__(
        self,
        ask: Ask,
        seed: int,
        stand_ins: Collection[str] = (),
        withheld: Collection[str] = (),
        neutral: Neutral = "also",
        markdown: Mapping[str, int] | None = None,
    ) -> None:
        self._ask, self.seed, self.stand_ins = ask, seed, frozenset(stand_ins)
        self.withheld = frozenset(withheld)
        self.neutral = neutral
        self._markdown = dict(markdown or {})

    def withhold(self) -> None:
        """Put stand-ins into the place of what did not come to an end before: other functions may call it."""
        for name in sorted(self.withheld):
            self.ask("replace", name=name, stand_in="build" if name == "build_tiny_vgg" else name)

    def ask(self, verb: str, **arguments: Any) -> Any:
        """The agent's answer.

        Raises:
            Raised: objects of the student's did not let themselves be looked at.
        """
        answer = self._ask(verb, {name: _structure(value) for name, value in arguments.items()})
        if "raised" in answer:
            raise Raised(answer["raised"])
        return answer["value"]

    def value(self, verb: str, **arguments: Any) -> Value:
        """An object that the agent has made, or found."""
        return Value.of(self.ask(verb, **arguments))

    def named(self, *names: str) -> dict[str, Value]:
        """What the notebook has under some names."""
        return {name: Value.of(outline) for name, outline in self.ask("named", names=list(names)).items()}

    def defines(self, name: str) -> bool:
        """Whether the notebook defines a function of that name."""
        return name not in self.withheld and _is_function(self.named(name).get(name))

    def missing(self, name: str) -> dict[str, Plain]:
        """The error of calling what is not defined, with what is known of it."""
        error: dict[str, Plain] = {"kind": "missing", "name": name}
        value = None if name in self.withheld else self.named(name).get(name)
        if value is not None:
            error["now"] = "None" if value.kind == "none" else value.type[:100]
        elif name in self._markdown:
            error["markdown"] = self._markdown[name]
        return error

    def call(self, name: str, *args: Any, **options: Any) -> Answer:
        """Call a function of the student's, quietly; what it raises becomes `Answer.error`."""
        if not self.defines(name):
            return Answer(error=self.missing(name))
        return self._answer(self.ask("call", function=name, arguments=list(args), options=options))

    def call_stand_in(self, name: str, *args: Any) -> Value:
        """Call one of `stand_ins`.

        Raises:
            RuntimeError: it failed.
        """
        answer = self._answer(self.ask("call", function=self.stand_in(name), arguments=list(args)))
        if answer.value is None:
            raise RuntimeError(f"the stand-in `{name}` failed: {answer.error}")
        return answer.value

    def stand_in(self, name: str) -> Value:
        """One of `stand_ins`."""
        return self.value("stand_in", name=name)

    def _answer(self, found: Mapping[str, Any]) -> Answer:
        return Answer(error=found["error"]) if found["error"] else Answer(Value.of(found["value"]))

    def told(self, answer: Answer, **options: Any) -> dict[str, Plain]:
        """{"error": ..., "value": ...} of an answer, plain; for the options see `labkit.agent.Agent.plain`."""
        if answer.error is not None or answer.value is None:
            return {"error": answer.error and dict(answer.error), "value": None}
        try:
            return {"error": None, "value": self.plain(answer.value, **options)}
        except Raised as error:
            about = {"kind": "raised", "name": "the returned value", "type": error.type, "message": error.message}
            return {"error": {**about, "line": ""}, "value": None}

    def plain(self, value: Value, depth: int = MAX_DEPTH, **options: Any) -> Plain:
        """A plain copy of an object.

        Raises:
            Raised: by the object's own methods.
        """
        copied: Plain = self.ask("plain", value=value, depth=depth, **options)
        return copied

    def what_is(self, value: Value) -> str:
        """What was returned, in words."""
        if value.kind == "class":
            return f"the class `{value.type}` itself, not a model made from it"
        try:
            return kind_of(self.plain(value, 1))
        except Raised:  # by the value's own methods
            return f"an object of type {value.type}"[:200]

    def call_plot(self, name: str, *args: Any) -> dict[str, Plain]:
        """Call a plotting function and describe the figures that it showed, closed, returned or left open.

        Returns:
            {"error": ..., "figures": [described figures]}; see `labkit.figures_drawn` and `labkit.figure_description`.
        """
        if not self.defines(name):
            return {"error": self.missing(name), "figures": []}
        drawn: dict[str, Plain] = self.ask("draw", function=name, arguments=list(args))
        return drawn

    # What earlier answers give later questions to work with

    def label_shape(self) -> str:
        """Form of raw labels in the student's question 1: "(n, 1)" or "(n,)"."""
        for value in self.named("y_train_raw", "y_test_raw").values():
            if value.kind == "array" and value.shape is not None and len(value.shape) in (1, 2):
                return "(n, 1)" if len(value.shape) == 2 else "(n,)"
        return "(n, 1)"

    def data(self, key: str, n_train: int, n_test: int) -> "Data":
        """Small fresh data, through the student's own `preprocess` as far as that gives something usable.

        Images and labels are judged apart: labels keep the form that the student gives them even where the
        images cannot be used, and the other way round.
        """
        raw = inputs.raw_data(self.seed, key, n_train, n_test, self.label_shape())
        answer = self.call("preprocess", *raw)
        fault = _missing_or_raised("preprocess", answer)
        x_train, y_train, x_test, y_test = (np.zeros((0, 0, 0)),) * 4  # of no form
        if fault is None:
            parts = self._four_arrays(answer.value)
            x_train, y_train, x_test, y_test = parts or (x_train, y_train, x_test, y_test)
            fault = "`preprocess` does not return four arrays" if parts is None else None
        image_fault = _image_fault("x_train", x_train, n_train) or _image_fault("x_test", x_test, n_test)
        if image_fault:
            x_train, x_test = raw[0] / np.float32(255), raw[2] / np.float32(255)
        form = _label_form(y_train) or _label_form(y_test)
        if form is None:
            self.ask("catch_up")
            own = self.named("y_train").get("y_train")
            form = _label_form(_of_form(own)) if own is not None and own.kind == "array" else None
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

    def _four_arrays(self, value: Value | None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None:
        if value is None or value.kind != "sequence" or len(value.items) != 4:
            return None
        try:
            x_train, y_train, x_test, y_test = (self.array(item) for item in value.items)
        except Raised:
            return None
        return x_train, y_train, x_test, y_test

    def array(self, value: Value) -> np.ndarray:
        """An object as an array; where its values are no numbers, one of its form with others.

        Raises:
            Raised: it is none.
        """
        array = self.value("as_array", value=value)
        found = self.ask("array", value=array)
        return found if isinstance(found, np.ndarray) else _of_form(array)

    def neutral_data(self, key: str, n_train: int, n_test: int) -> "Data":
        """Small fresh data that nothing of the student's has touched."""
        x_train, y_train, x_test, y_test = inputs.raw_data(self.seed, key, n_train, n_test)
        x_train, x_test = x_train / np.float32(255), x_test / np.float32(255)
        labels = integers(y_train), integers(y_test)
        return Data(x_train, y_train, x_test, y_test, labels, fault=None, own_labels=False)

    def model(self, is_own: bool = True) -> tuple[Value, bool]:
        """A fresh tiny VGG of the student's, or the neutral model; and whether it is the student's.

        Args:
            is_own: whether the student's is wanted at all.

        Raises:
            NeedsEarlier: there is neither.
        """
        found = self.ask("usable_model", **self._builder(is_own))
        if found["model"] is not None:
            return Value.of(found["model"]), bool(found["is_own"])
        if self.defines("build_tiny_vgg"):
            answer = self._answer({"error": found["error"], "value": found["value"]})
        else:
            answer = Answer(error=self.missing("build_tiny_vgg"))
        fault = _missing_or_raised("build_tiny_vgg", answer)
        if fault is None and (answer.value is None or answer.value.kind != "model"):
            fault = "`build_tiny_vgg` does not return a Keras model"
        if found["classifies"]:
            fault = "the model of `build_tiny_vgg` has no weights that Keras could train"
        sizes = f"{settings.N_CLASSES} values for an image of shape {settings.IMAGE_SHAPE}"
        raise NeedsEarlier(4, fault or f"the model of `build_tiny_vgg` does not give {sizes}")

    def _builder(self, is_own: bool) -> dict[str, Any]:
        """Arguments of the agent's `usable_model` and `count`."""
        return {
            "builder": "build_tiny_vgg" if is_own and self.defines("build_tiny_vgg") else None,
            "shape": list(settings.IMAGE_SHAPE),
            "n_classes": settings.N_CLASSES,
            "stand_in": "build" if "build" in self.stand_ins else None,
        }

    def counted_builder(self, is_own: bool) -> Value:
        """A function that gives what `model` does, or the neutral model, and counts its calls."""
        return self.value("count", **self._builder(is_own))

    def compiled(self, data: "Data") -> tuple[Value, dict[str, bool]]:
        """A fresh compiled model that fits the data, and which parts of it are the student's own.

        Raises:
            NeedsEarlier: neither the student's functions nor neutral ones give one.
        """
        model, own_model = self.model()
        answer = self.call("compile_model", model)
        compiled = answer.value if answer.value is not None and answer.value.kind == "model" else model
        fault = _missing_or_raised("compile_model", answer) or self._misfit(compiled, data)
        if fault is None:
            return compiled, {"model": own_model, "compile": True}
        if "compile_model" in self.stand_ins:
            model, own_model = self.model()
            compiled = self.call_stand_in("compile_model", model, data.y_train)
            return compiled, {"model": own_model, "compile": False}
        if data.fault is not None and not data.own_labels and answer.error is None:
            raise NeedsEarlier(3, data.fault)
        raise NeedsEarlier(5, fault)

    def _misfit(self, model: Value, data: "Data") -> str | None:
        """Why loss, metrics, model and labels do not fit each other, tried on a few rows; None if they do."""
        if self.ask("compiled", model=model, steps=[0]) is None:
            return "`compile_model` does not compile the model"
        try:
            logs = self.ask("evaluate", model=model, x=data.x_train[:8], y=data.y_train[:8], eagerly=True)
        except Raised as error:
            message = _short(error.message)
            return f"the compiled model cannot be evaluated on your labels ({error.type}: {message})"
        numbers = (np.asarray(value) for value in logs.values())
        finite = all(number.dtype.kind in "biuf" and np.isfinite(number).all() for number in numbers)
        return None if finite else "the loss of the compiled model is not a finite number"

    # Models under other weights, and shortened training

    def spec(self, model: Value) -> dict[str, Any]:
        """A model as a graph, see `labkit.agent.Agent.spec`."""
        described: dict[str, Any] = self.ask("spec", model=model, shape=list(settings.IMAGE_SHAPE))
        return described

    def shapes_of(self, model: Value) -> list[list[int]]:
        """Shapes of all weights of a model."""
        return list(self.ask("weights", model=model)["shapes"].values())

    @contextlib.contextmanager
    def weights_drawn(self, model: Value, described: Mapping[str, Any], seed: int) -> Iterator[None]:
        """A model with weights drawn from a seed; its own come back at the end.

        Args:
            described: what the agent's `spec` or `weights` says of its variables.
        """
        variables = Value.of(described["variables"])
        kept = self.value("keep", model=model, variables=variables)
        self.ask("assign", variables=variables, values=drawn_weights(described, seed))
        try:
            yield
        finally:
            self.ask("restore", kept=kept)

    @contextlib.contextmanager
    def recording(self, keep_rows: bool = True) -> Iterator[Value]:
        """Training is shortened and recorded until the end of the block."""
        recorded = self.value("begin_recording", keep_rows=keep_rows)
        try:
            yield recorded
        finally:
            self.ask("end_recording", recorded=recorded)

    @contextlib.contextmanager
    def swapped(self, names: Mapping[str, Any]) -> Iterator[None]:
        """Names of the notebook are something else until the end of the block."""
        before = self.value("swap", names=names)
        try:
            yield
        finally:
            self.ask("swap_back", before=before)


def drawn_weights(described: Mapping[str, Any], seed: int, only: str = "") -> dict[str, np.ndarray]:
    """Weights for a model's variables, drawn from a seed as the judge will draw them again.

    Args:
        described: what the agent says of them: "shapes" and "names" by key, and "dtypes" where some are no numbers.
        seed: see there.
        only: the beginning of the names of those that are wanted.
    """
    dtypes = described.get("dtypes", {})
    return {
        key: inputs.weight(seed, key, name, tuple(described["shapes"][key]))
        for key, name in described["names"].items()
        if "float" in str(dtypes.get(key, "float")) and name.startswith(only)
    }


def _structure(value: Any) -> Any:
    """An argument of a verb, with the objects in it as the agent takes them."""
    if isinstance(value, dict):
        return {key: _given(item) for key, item in value.items()}
    return [_given(item) for item in value] if isinstance(value, list) else _given(value)


def _given(value: Any) -> Any:
    """An argument for a function of the student's, as the agent takes it; see `labkit.agent`."""
    if isinstance(value, Value):
        return {"handle": value.handle}
    if isinstance(value, Copied):
        return {"copy": value.value.handle}
    if isinstance(value, Tensor):
        return {"tensor": value.array}
    if isinstance(value, dict):
        return {"dict": {key: _given(item) for key, item in value.items()}}
    return [_given(item) for item in value] if isinstance(value, list) else value


def _of_form(value: Value) -> np.ndarray:
    """An array of an object's shape and number format, as far as these are known here, of any values."""
    try:
        return np.broadcast_to(np.zeros((), value.dtype), value.shape or ())
    except (TypeError, ValueError):
        return np.zeros((0, 0, 0), np.void)


def _is_function(value: Value | None) -> bool:
    return value is not None and value.kind in ("function", "class")


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


def _missing_or_raised(name: str, answer: Answer) -> str | None:
    """What is wrong with calling a function of the student's, as part of a sentence; None if nothing is."""
    if answer.error is None:
        return None
    if answer.error["kind"] == "missing":
        return why_missing(name, answer.error)
    return f"`{name}` raised {answer.error['type']}: {_short(str(answer.error['message']))}"


def _short(message: str) -> str:
    """The first line of an error's message, for the middle of a sentence."""
    lines = [line.strip() for line in without_colours(message).splitlines()]
    first = next((line for line in lines if line), "(no message)")
    return (first if len(first) <= 160 else first[:157] + "...").rstrip(".")


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
