"""Tests in Otter's usual form: what they see, what is told of them, and that they change nothing."""

from typing import Any

import pytest

from labkit import asserts, checking
from labkit.agent import Agent
from labkit.asserts import OtterTest
from labkit.checking import RESULTS, CheckFailed
from labkit.judging import CheckResult, Observations, judge
from labkit.student import Student

NAMES = {"double": lambda n: 2 * n, "limit": 3}


@pytest.mark.parametrize(
    "source",
    [
        "assert double(2) == 4",
        "def test_double(double):\n    assert double(2) == 4",
        "def test_all(env):\n    assert env['double'](env['limit']) == 6",
        "def test_missing(halve):\n    assert halve is None",
        "import math\nassert math.isclose(double(0.5), 1)",
    ],
    ids=["bare", "a-name", "env", "what-is-missing-is-none", "an-import"],
)
def test_what_holds_is_silent(source: str) -> None:
    asserts.run(source, NAMES)
    checking.test("q1_1", source, NAMES)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("assert double(2) == 5", "`assert double(2) == 5` does not hold."),
        ("assert double(2) == 5, 'Twice two is not five.'", "Twice two is not five."),
        ("def test_it(double):\n    assert double(\n        1) == 3", "`assert double(1) == 3` does not hold."),
        ("assert halve(2) == 1", "NameError: name 'halve' is not defined"),
        ("raise ValueError('as it is')", "ValueError: as it is"),
    ],
)
def test_what_does_not_hold_is_told(source: str, said: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        checking.test("q1_1", source, NAMES)
    assert str(caught.value) == said


def test_a_test_leaves_the_notebook_as_it_was() -> None:
    names = dict(NAMES)
    asserts.run("limit = 9\nadded = 1\nassert limit == 9", names)
    assert names == NAMES


def test_at_grading_a_result_is_looked_up() -> None:
    failed = CheckResult("q1_1", "q1", "Doubles", False, 2, 0, "failed", "A number.", "No.")
    with pytest.raises(CheckFailed, match=r"Doubles\nExpected: A number.\nFound: No"):
        checking.test("q1_1", "assert True", {RESULTS: {"q1_1": failed}})


def results(tests: list[OtterTest], names: dict[str, Any]) -> list[CheckResult]:
    seen = asserts.probe_of(tests)(Student(Agent(names).answer, 1))
    return judge([asserts.check_of(one, "q1", 6) for one in tests], Observations({"q1": seen}))


def test_tests_are_run_beside_the_notebook_and_judged_elsewhere() -> None:
    tests = [
        OtterTest("q1_1", "Doubles", "assert double(2) == 4", 1, False),
        OtterTest("q1_2", "Of more", "assert double(3) == 7", 2, False),
    ]
    right, wrong = results(tests, dict(NAMES))
    assert (right.outcome, right.earned, right.title) == ("passed", 2, "Doubles")
    assert (wrong.outcome, wrong.points, wrong.found) == ("failed", 4, "`assert double(3) == 7` does not hold.")


def test_a_hidden_test_does_not_show_its_line() -> None:
    sources = {"assert double(3) == 7": "An assertion does not hold.", "assert double(3) == 7, 'Three.'": "Three."}
    for source, said in sources.items():
        (result,) = results([OtterTest("q1_1", "Hidden", source, 1, True)], dict(NAMES))
        assert result.found == said
