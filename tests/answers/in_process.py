"""Try answers in this process, each on its own question: for test_answers.py."""

import hashlib
import pickle
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from typing import Any
from unittest import mock

import pytest
from support import observations_of
from zoo.notebooks import changed_code, make, solution, undefined

from answers import RIGHT, WRONG, records
from answers.entries import Entry, spread, whole
from assignment.hidden import weight_check
from assignment.hidden.run_records import with_answers
from autograder import assignment
from lab import run_record
from lab.questions import QUESTIONS
from labkit.judging import CheckResult, judge

DAILY = 5  # of so many answers one is observed by `make test` in any case
BEFORE = {"q9": ("q4",), "q13": ("q4",), "q14": ("q4",)}  # questions whose answers these are compared with


def follows_settings(entry: Entry) -> bool:
    """Whether the entry holds under other settings too: no filters, runs or epochs typed in as numbers."""
    if entry in records.ENTRIES:
        return False
    texts = (changed_code(entry.apply(solution())), *entry.fails.values())
    return not any(re.search(r"\b(5|[1-9]0|100|35000|15000)\b", text) for text in texts)


@cache
def quick() -> frozenset[str]:
    """Names of one right and two wrong entries of each question, which are also tried with other settings."""
    return frozenset(
        entry.name
        for entries, n in ((RIGHT, 1), (WRONG, 2))
        for entry in spread(filter(follows_settings, whole(entries)), n, of_notebooks=0)
    )


def mark_quick(items: Iterable[pytest.Item]) -> None:
    """Mark the tests of these entries; only where somebody asks, since all of the edits are made for it."""
    for item in items:
        case = getattr(item, "callspec", None)
        if case is not None and case.id in quick():
            item.add_marker(pytest.mark.quick)


def parameters(entries: Iterable[Entry]) -> list[Any]:
    """Entries about one question; all but one in five are deferred: `make test` tries them where they are kept."""
    chosen = [entry for entry in entries if entry.question != "all"]
    marks = [() if number % DAILY == 0 else (pytest.mark.deferred,) for number in range(len(chosen))]
    return [pytest.param(e, id=e.name, marks=m) for e, m in zip(chosen, marks, strict=True)]


def assert_gets_its_marks(entry: Entry, only_kept: bool = False) -> None:
    """The entry's answer to its question gets just the stated marks, for the stated reasons; see `observations_of`."""
    if entry.real and not weight_check.is_possible():
        pytest.skip("needs CIFAR-10 in KERAS_HOME")
    recorded = entry.question in QUESTIONS.variants.values() and not entry.is_snippet
    notebook = make(entry) if recorded else entry.apply(solution())
    code = changed_code(notebook)
    if re.search(r"^\s*[%!]", code, re.MULTILINE):
        pytest.skip("IPython's magics: graded by `make zoo` only")
    alone = entry.is_snippet and entry.question == "q9"  # whose record alone is compared with question 4
    before = () if alone else BEFORE.get(entry.question, ())
    questions = (*before, *(("q3",) if entry.real else ()), entry.question)
    seen = observations_of(questions, code, undefined(notebook), only_kept=only_kept)
    observations = replace(seen, records=run_record.find(notebook))
    checks = [check for check in assignment.all_checks() if check.question == entry.question]
    with (
        mock.patch.object(weight_check, "verify", _verify),
        mock.patch.object(weight_check, "answers", _answers),
    ):
        results = {result.name: result for result in judge(checks, with_answers(observations))}
    if entry.is_snippet:  # it has no record
        results = {name: result for name, result in results.items() if not name.endswith("_record")}
    assert_as_stated(entry, results)
    full = sum(result.points for result in results.values())
    earned = sum(result.earned for result in results.values())
    assert earned == pytest.approx(full if entry.marks is None else entry.marks)


def _once(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function; most entries have network and record of the solution, for which it computes once."""
    known: dict[bytes, Any] = {}

    def look_up(*arguments: Any) -> Any:
        digest = hashlib.sha256(pickle.dumps(arguments)).digest()
        if digest not in known:
            known[digest] = function(*arguments)
        return known[digest]

    return look_up


_verify, _answers = _once(weight_check.verify), _once(weight_check.answers)


def assert_as_stated(entry: Entry, results: dict[str, CheckResult]) -> None:
    """Just the stated checks fail or wait, with the stated words; others pass, or are skipped because of these."""
    said = {name: f"{r.outcome}: {r.message}" for name, r in results.items() if r.outcome != "passed"}
    opens = {name: words for name, words in entry.opens.items() if name in results}
    for outcome, stated in (("failed", entry.fails), ("unjudged", opens)):
        found = {name for name, result in results.items() if result.outcome == outcome}
        assert found == set(stated), said
        assert all(stated[name] in results[name].message for name in found), said
    assert all(result.outcome != "error" for result in results.values()), said
    assert not any(words in said[name] for name in said for words in ("Traceback", "def build_")), said
