"""Judging: what each outcome earns, and what people read."""

from fractions import Fraction

import pytest

from autograder import assignment
from lab import settings
from lab.questions import QUESTIONS
from labkit.judging import (
    CheckResult,
    Failure,
    Observations,
    ProbeError,
    Registry,
    Skipped,
    Unjudged,
    judge,
    points_of,
)


def registry() -> Registry:
    """Four checks of question 4: passed, failed, after the failed one, and in doubt."""
    checks = Registry(QUESTIONS.points, texts=vars(settings), hidden=False)

    @checks.check("q4", 1)
    def first(observations: Observations) -> None:
        """The {FILTERS} filters are there."""

    @checks.check("q4", 2)
    def second(observations: Observations) -> None:
        """It has pooling."""
        raise Failure("Pooling.", "None.", "Add it.")

    @checks.check("q4", 3, after=("first", "second"))
    def third(observations: Observations) -> None:
        """Pooling halves."""

    @checks.check("q4", 4)
    def fourth(observations: Observations) -> None:
        """It can be followed."""
        raise Unjudged("it is odd.")

    @checks.check("q4", 2, after="fourth")
    def fifth(observations: Observations) -> None:
        """It ends well."""

    @checks.check("q5", 1)
    def sixth(observations: Observations) -> None:
        """It compiles."""
        raise ZeroDivisionError

    @checks.check("q5", 1, after="sixth")
    def seventh(observations: Observations) -> None:
        """It compiles well."""

    return checks


@pytest.fixture
def results() -> dict[str, CheckResult]:
    return {r.name: r for r in judge(registry().checks.values(), Observations({}))}


def test_outcomes(results: dict[str, CheckResult]) -> None:
    assert {name: r.outcome for name, r in results.items()} == {
        "first": "passed",
        "second": "failed",
        "third": "skipped",
        "fourth": "unjudged",
        "fifth": "unjudged",
        "sixth": "error",
        "seventh": "unjudged",
    }


@pytest.mark.parametrize(
    ("needed", "outcome"), [("first", "error"), ("second", "skipped"), ("fourth", "unjudged"), ("nothing", "error")]
)
def test_a_check_can_find_nothing_to_judge(needed: str, outcome: str) -> None:
    checks = registry()

    @checks.check("q4", 1)
    def eighth(observations: Observations) -> None:
        """It is small."""
        raise Skipped(needed)

    result = judge(checks.checks.values(), Observations({}))[-1]
    assert (result.outcome, result.earned) == (outcome, 0)
    assert outcome != "skipped" or result.message == "Skipped: this needs “It has pooling.” first."


def test_only_what_passed_earns(results: dict[str, CheckResult]) -> None:
    share = Fraction(QUESTIONS.points["q4"], 1 + 2 + 3 + 4 + 2)
    assert {n: r.earned for n, r in results.items() if r.earned} == {"first": pytest.approx(float(share))}
    assert results["third"].points == pytest.approx(float(3 * share))


def test_what_people_read(results: dict[str, CheckResult]) -> None:
    assert results["first"].title == f"The {settings.FILTERS} filters are there."
    assert results["first"].message == ""
    assert results["second"].message == "Expected: Pooling.\nFound: None.\nHint: Add it."
    assert results["third"].message == "Skipped: this needs “It has pooling.” first."
    assert results["fourth"].message == "Needs a person's look: it is odd."
    assert results["fifth"].message == "Needs a person's look: it is odd."  # as what it needs
    assert results["sixth"].message.startswith("The grader failed here.")
    assert "ZeroDivisionError" in results["sixth"].traceback
    assert "ZeroDivisionError" not in results["sixth"].message


def test_a_failure_without_hint() -> None:
    assert str(Failure("A.", "B.")) == "Expected: A.\nFound: B."


def test_judging_twice_gives_the_same() -> None:
    checks = registry().checks.values()
    assert judge(checks, Observations({})) == judge(checks, Observations({}))


def test_a_probe_that_failed_is_the_graders_fault() -> None:
    checks = Registry(QUESTIONS.points, texts=vars(settings), hidden=True)

    @checks.check("q1", 1)
    def looks(observations: Observations) -> None:
        """It looks."""
        observations["q1"]

    (result,) = judge(checks.checks.values(), Observations({"q1": {"grader_error": "Traceback: boom"}}))
    assert (result.outcome, result.earned) == ("error", 0.0)
    assert "Traceback: boom" in result.traceback
    with pytest.raises(ProbeError, match="boom"):
        Observations({"q1": {"grader_error": "boom"}})["q1"]


def test_what_could_not_be_tried_is_wrong_but_for_the_record() -> None:
    observations = Observations({"q4": {"not_run": "Trying it was stopped after 9 seconds of computing."}})
    with pytest.raises(Failure, match="can be tried") as failure:
        observations["q4"]
    assert failure.value.found == "Trying it was stopped after 9 seconds of computing."
    assert observations.model_spec("q4") == {}
    assert Observations({"q4": {"spec": {"nodes": []}}}).model_spec("q4") == {"nodes": []}


def test_a_probe_that_noted_no_call_is_no_evidence() -> None:
    for name in ("calls", "describe"):
        with pytest.raises(ProbeError, match="noted no call"):
            Observations({"q1": {"error": None, name: []}})["q1"]


def test_observations_are_copies() -> None:
    observations = Observations({"q1": {"a": 1}})
    observations["q1"]["a"] = 2
    assert observations["q1"] == {"a": 1}
    assert observations["q2"] == {}


def test_checks_are_registered_with_care() -> None:
    checks = Registry(QUESTIONS.points, texts=vars(settings), hidden=False)
    checks.check("q99", 1)(registry().checks["first"].judge)
    assert (checks.checks, checks.without_question) == ({}, {"first": "q99"})
    checks.check("q4", 1)(registry().checks["first"].judge)
    with pytest.raises(ValueError, match="two checks are named first"):
        checks.check("q4", 1)(registry().checks["first"].judge)

    def untitled(observations: Observations) -> None: ...

    with pytest.raises(ValueError, match="no docstring"):
        checks.check("q4", 1)(untitled)


def test_a_check_comes_after_those_that_it_needs() -> None:
    checks = list(registry().checks.values())
    with pytest.raises(ValueError, match="third comes after first"):
        judge(checks[2:], Observations({}))


def test_points_of_the_practical() -> None:
    points = points_of(assignment.all_checks())
    for question, wanted in QUESTIONS.points.items():
        total = sum(points[c.name] for c in assignment.all_checks() if c.question == question)
        assert total == pytest.approx(wanted, abs=1e-4)
    assert QUESTIONS.max_score == 100


def test_an_empty_submission_earns_nothing_and_blames_nobody() -> None:
    results = judge(assignment.all_checks(), Observations({question: {} for question in QUESTIONS.points}))
    assert sum(r.earned for r in results) == 0
    assert {r.outcome for r in results} <= {"failed", "skipped"}, [r for r in results if r.outcome == "error"]
