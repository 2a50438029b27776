"""What a student reads in their own notebook, and what comes out at grading."""

from typing import Any

import pytest

from lab import check
from labkit import checking
from labkit.checking import RESULTS, CheckFailed
from labkit.judging import CheckResult, Outcome


def result(outcome: Outcome, **texts: str) -> CheckResult:
    return CheckResult("q4_answered", "q4", "It is a model.", False, 1.0, 0.0, outcome, **texts)


def told(outcome: Outcome, **texts: str) -> str:
    with pytest.raises(CheckFailed) as caught:
        checking.advise(result(outcome, **texts))
    return str(caught.value)


def test_a_check_that_passed_is_silent() -> None:
    checking.advise(result("passed"))
    checking.report(result("passed"))


def test_advice_speaks_to_the_student() -> None:
    failed = told("failed", expected="A model.", found="A dict.", hint="Return it.")
    assert failed == "It is a model.\nExpected: A model.\nFound: A dict.\nHint: Return it."
    needs = told("unjudged", found="Question 3 has to work first: `preprocess` is not defined.")
    assert needs == (
        "It is a model.\nThis question cannot be tried yet. Question 3 has to work first: `preprocess` is not defined."
    )
    assert told("skipped", found="this needs “A.” first.") == "It is a model.\nNot tried yet: this needs “A.” first."
    broken = told("error", traceback="Traceback: boom")
    assert "no fault of yours" in broken
    assert "Traceback: boom" in broken
    for text in (failed, needs, broken):
        assert "unjudged" not in text
        assert "person's look" not in text
        assert "instructor" not in text


def test_at_grading_the_outcome_is_named() -> None:
    with pytest.raises(CheckFailed, match=r"It is a model. \(unjudged\)\nNeeds a person's look: odd."):
        checking.report(result("unjudged", found="odd."))


def test_at_grading_results_are_looked_up() -> None:
    env = {RESULTS: {"q4_answered": result("failed", expected="A.", found="B.")}}
    with pytest.raises(CheckFailed, match=r"Found: B\."):
        check("q4_answered", env)
    check("q4_answered", {RESULTS: {"q4_answered": result("passed")}})


def failure(name: str, env: dict[str, Any]) -> str:
    with pytest.raises(CheckFailed) as caught:
        check(name, env)
    return str(caught.value)


def test_in_a_notebook_the_functions_are_tried() -> None:
    assert "`load_data` is not defined" in failure("q1_answered", {})
    assert "Not tried yet: this needs" in failure("q1_shapes", {})
    with pytest.raises(KeyError):
        check("q1_nothing", {})


def test_the_question_at_fault_is_named() -> None:
    """Question 7 cannot be tried before question 4, and question 6 says so too."""
    for name in ("q6_answered", "q7_answered", "q9_answered", "q10_answered", "q11_answered"):
        env = {"train": int, "evaluate": int, "run_experiment": int, "feature_maps": int, "first_layer_kernels": int}
        text = failure(name, env)
        assert (
            "This question cannot be tried yet. Question 4 has to work first: `build_tiny_vgg` is not defined." in text
        )


class Shell:
    """IPython's, as far as `check` looks at it."""

    execution_count: int | None = 1


def test_checks_of_one_cell_share_the_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr("IPython.get_ipython", lambda: Shell())
    monkeypatch.setattr(check, "_last", (None, {}))
    env = {"load_data": lambda: calls.append(1)}
    failure("q1_answered", env)
    failure("q1_shapes", env)
    assert len(calls) == 1
    monkeypatch.setattr(Shell, "execution_count", 2)
    failure("q1_answered", env)
    assert len(calls) == 2
