"""The commonest kind of question: call this function with these drawn inputs, compare with this reference."""

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from labkit.judging import Failure, Observations, Unjudged
from labkit.plain_data import Plain, kind_of, why_missing
from labkit.student import Student

TIMES = 3  # calls of a function
Draw = Callable[[np.random.Generator], tuple[Any, ...]]
Hint = Callable[[str, str, str], str]  # function, type and message of an error -> what may help


def drawn(seed: int, function: str, draw: Draw, number: int) -> tuple[Any, ...]:
    """The arguments of one call, the same for probe and judge.

    >>> def two(rng):
    ...     return rng.integers(9), rng.integers(9)
    >>> drawn(1, "add", two, 0) == drawn(1, "add", two, 0) != drawn(1, "add", two, 1)
    True
    """
    return draw(np.random.default_rng([seed, number, zlib.crc32(function.encode())]))


def probe_of(function: str, draw: Draw, times: int = TIMES) -> Callable[[Student], dict[str, Plain]]:
    """A probe that calls a function of the notebook.

    Args:
        function: its name.
        draw: gives its arguments (numbers, text, NumPy arrays) from a generator.
        times: how often it is called, each time with other arguments.
    """

    def probe(student: Student) -> dict[str, Plain]:
        calls: list[Plain] = []
        for number in range(times):
            answer = student.call(function, *drawn(student.seed, function, draw, number))
            calls.append(student.told(answer))
        return {"calls": calls}

    return probe


def values_of(observations: Observations, question: str, function: str) -> list[Any]:
    """What each call returned.

    Raises:
        Failure: the function is missing, raised, or returned nothing.
    """
    return [require_call(call, function) for call in observations[question].get("calls", [{}])]


def compare(
    observations: Observations,
    question: str,
    function: str,
    draw: Draw,
    reference: Callable[..., Any],
    tolerance: float = 1e-5,
    hint: str = "",
) -> None:
    """Each call returned what the reference returns.

    Args:
        observations: see there.
        question: whose probe is `probe_of(function, draw)`.
        function: its name.
        draw: as the probe has it.
        reference: what is right, of the same arguments: a number or an array.
        tolerance: largest difference of two numbers, absolute and relative.
        hint: one step that helps.

    Raises:
        Failure: one did not; shapes are told, values are not.

    >>> def draw(rng):
    ...     return (rng.random(3),)
    >>> seen = Observations({"q1": {"calls": [{"value": 0.5}]}}, seed=1)
    >>> compare(seen, "q1", "mean", draw, np.mean)
    Traceback (most recent call last):
    labkit.judging.Failure: Expected: `mean` returns what the question asks for.
    Found: Its values are others.
    """
    for number, value in enumerate(values_of(observations, question, function)):
        right = np.asarray(reference(*drawn(observations.seed, function, draw, number)))
        try:
            found = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            raise Failure(f"`{function}` returns numbers.", f"It returned {kind_of(value)}.", hint) from None
        if found.shape != right.shape:
            shapes = f"shape {right.shape}", f"shape {found.shape}"
            raise Failure(
                f"`{function}` returns an array of {shapes[0]} here.", f"It returned one of {shapes[1]}.", hint
            )
        if not np.allclose(found, right, atol=tolerance, rtol=tolerance):
            raise Failure(f"`{function}` returns what the question asks for.", "Its values are others.", hint)


def require_earlier(observation: dict[str, Any]) -> None:
    """Stop where an earlier question gives nothing to work with.

    Raises:
        Unjudged: the observation says what is needed first.
    """
    if observation.get("needs"):
        raise Unjudged(str(observation["needs"]))


def require_call(call: dict[str, Any], function: str, hint: Hint = lambda *_: "") -> Any:
    """The value that a call gave.

    Args:
        call: see `labkit.student.Student.told`.
        function: its name.
        hint: what may help against an error.

    Raises:
        Failure: the function is missing, raised, or returned nothing.
    """
    require_earlier(call)
    require_no_error(call, function, hint)
    if call.get("value") is None:
        raise Failure(
            f"`{function}` returns its result.",
            f"`{function}` returned nothing (None).",
            "Replace the `...` by your code and end the function with `return`.",
        )
    return call["value"]


def require_no_error(call: dict[str, Any], function: str, hint: Hint = lambda *_: "") -> None:
    """Stop where a function is missing or raised; the arguments are those of `require_call`.

    Raises:
        Failure: it is so.
    """
    error = call.get("error") if call else {"kind": "missing"}
    if not error:
        return
    if error.get("kind") == "missing":
        found, way_out = f"{why_missing(function, error)}.", "Turn that cell into a code cell, and run it."
        if error.get("now"):
            way_out = "Give that value another name, and run the cell of the function again."
        elif not error.get("markdown"):
            found = f"`{function}` is not defined: was it renamed, or did its cell fail?"
            way_out = "Keep the name that the question gives, and run the cell."
        raise Failure(f"The notebook defines the function `{function}`.", found, way_out)
    where = f" in the line `{error['line']}`" if error.get("line") else ""
    raise Failure(
        f"`{function}` runs through, given what the question describes.",
        f"`{function}` raised {error.get('type')}{where}: {error.get('message')}",
        hint(function, str(error.get("type")), str(error.get("message"))),
    )
