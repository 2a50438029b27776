"""Questions of the commonest kind: a function is called with drawn inputs, and compared with a reference."""

from typing import Any

import numpy as np
import pytest

from labkit import calls
from labkit.agent import Agent
from labkit.judging import Failure, Observations
from labkit.student import Student


def draw(rng: np.random.Generator) -> tuple[Any, ...]:
    return (rng.normal(size=(int(rng.integers(3, 9)), 2)),)


def seen(function: Any, seed: int = 4) -> Observations:
    """What the probe of “mean of each row” sees of an answer."""
    names = {} if function is None else {"row_means": function}
    return Observations({"q1": calls.probe_of("row_means", draw)(Student(Agent(names).answer, seed))}, seed)


def compare(observations: Observations) -> None:
    calls.compare(observations, "q1", "row_means", draw, lambda x: x.mean(axis=1), hint="By rows.")


@pytest.mark.parametrize("answer", [lambda x: x.mean(axis=1), lambda x: [sum(row) / len(row) for row in x]])
def test_what_is_right_passes_in_any_form(answer: Any) -> None:
    compare(seen(answer))
    compare(seen(answer, seed=99))


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (lambda x: x.mean(axis=0), "It returned one of shape (2,)."),
        (lambda x: x.mean(axis=1) + 0.01, "Its values are others."),
        (lambda x: "the means", "It returned a text."),
        (lambda x: None, "`row_means` returned nothing (None)."),
        (lambda x: x.means, "`row_means` raised AttributeError: 'numpy.ndarray' object has no attribute 'means'"),
        (None, "`row_means` is not defined: was it renamed, or did its cell fail?"),
    ],
    ids=["shape", "values", "text", "nothing", "error", "missing"],
)
def test_what_is_wrong_is_told(answer: Any, found: str) -> None:
    with pytest.raises(Failure) as caught:
        compare(seen(answer))
    assert caught.value.found == found


def test_each_call_has_other_inputs_and_the_judge_draws_the_same() -> None:
    first, second = (calls.drawn(4, "row_means", draw, number)[0] for number in (0, 1))
    assert first.shape != second.shape or not np.array_equal(first, second)
    np.testing.assert_array_equal(first, calls.drawn(4, "row_means", draw, 0)[0])
    given: list[np.ndarray] = []
    seen(lambda x: given.append(x))
    np.testing.assert_array_equal(given[0], first)
