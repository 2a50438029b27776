"""A student's notebook, as probes see it: through questions to an agent, which may be in another process."""

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

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
        stand_ins: functions of the student's that another may take the place of where they are unusable, as at grading;
            none in the student's own kernel.
        withheld: functions that did not come to an end before; they count as not defined.
        neutral: whether a slow question is tried with the student's own functions, with stand-ins, or both.
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
            self.ask("replace", name=name, stand_in=name)

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
        return name not in self.withheld and is_function(self.named(name).get(name))

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
        return self.answer(self.ask("call", function=name, arguments=list(args), options=options))

    def call_stand_in(self, name: str, *args: Any) -> Value:
        """Call one of `stand_ins`.

        Raises:
            RuntimeError: it failed.
        """
        answer = self.answer(self.ask("call", function=self.stand_in(name), arguments=list(args)))
        if answer.value is None:
            raise RuntimeError(f"the stand-in `{name}` failed: {answer.error}")
        return answer.value

    def stand_in(self, name: str) -> Value:
        """One of `stand_ins`."""
        return self.value("stand_in", name=name)

    def answer(self, found: Mapping[str, Any]) -> Answer:
        """What the agent says of a call."""
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

    def array(self, value: Value) -> np.ndarray:
        """An object as an array; where its values are no numbers, one of its form with others.

        Raises:
            Raised: it is none.
        """
        array = self.value("as_array", value=value)
        found = self.ask("array", value=array)
        return found if isinstance(found, np.ndarray) else of_form(array)

    def shapes_of(self, model: Value) -> list[list[int]]:
        """Shapes of all weights of a model."""
        return list(self.ask("weights", model=model)["shapes"].values())

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


def of_form(value: Value) -> np.ndarray:
    """An array of an object's shape and number format, as far as these are known here, of any values."""
    try:
        return np.broadcast_to(np.zeros((), value.dtype), value.shape or ())
    except (TypeError, ValueError):
        return np.zeros((0, 0, 0), np.void)


def is_function(value: Value | None) -> bool:
    return value is not None and value.kind in ("function", "class")


def missing_or_raised(name: str, answer: Answer) -> str | None:
    """What is wrong with calling a function of the student's, as part of a sentence; None if nothing is."""
    if answer.error is None:
        return None
    if answer.error["kind"] == "missing":
        return why_missing(name, answer.error)
    return f"`{name}` raised {answer.error['type']}: {short(str(answer.error['message']))}"


def short(message: str) -> str:
    """The first line of an error's message, for the middle of a sentence."""
    lines = [line.strip() for line in without_colours(message).splitlines()]
    first = next((line for line in lines if line), "(no message)")
    return (first if len(first) <= 160 else first[:157] + "...").rstrip(".")
