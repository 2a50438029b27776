"""Every entry of the zoo on its own question, judged in this process: `make zoo` grades them as whole notebooks."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import observations_of

from autograder import trespass
from autograder.checks import all_checks
from lab import run_record, settings
from lab.judging import CheckResult, judge
from lab.probes import robustness
from zoo import equivalent, wrong
from zoo.entries import Entry, spread
from zoo.notebooks import changed_code, make, solution, undefined

BEFORE = {"q9": ("q4",), "q13": ("q4",), "q14": ("q4",)}  # questions whose answers these are compared with
ENTRIES = [e for e in (*equivalent.ENTRIES, *wrong.ENTRIES) if e.question != "all"]


@pytest.fixture(autouse=True)
def _scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some students write files. And experiments on fewer images than at grading, which is quicker."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(robustness, "ROWS", (205, 331))


def follows_settings(entry: Entry) -> bool:
    """Whether the entry holds under other settings too: no filters, runs or epochs typed in as numbers."""
    texts = (changed_code(entry.apply(solution())), *entry.fails.values())
    return not any(re.search(r"\b(5|[1-9]0|100|35000|15000)\b", text) for text in texts)


QUICK = {
    entry.name
    for entries, n in ((equivalent.ENTRIES, 1), (wrong.ENTRIES, 2))
    for entry in spread(filter(follows_settings, entries), n, of_notebooks=0)
}


def parameters() -> list[Any]:
    """All entries; one right and two wrong ones of each question are marked as quick."""
    marks = {entry.name: [pytest.mark.quick] if entry.name in QUICK else [] for entry in ENTRIES}
    return [pytest.param(entry, id=entry.name, marks=marks[entry.name]) for entry in ENTRIES]


@pytest.mark.parametrize("entry", parameters())
def test_entry_gets_its_marks(entry: Entry) -> None:
    notebook = make(entry) if entry.question in settings.VARIANTS.values() else entry.apply(solution())
    code = changed_code(notebook)
    assert trespass.find(notebook, {}) == []
    if re.search(r"^\s*[%!]", code, re.MULTILINE):
        pytest.skip("IPython's magics: graded by `make zoo` only")
    questions = (*BEFORE.get(entry.question, ()), entry.question)
    observations = replace(observations_of(questions, code, undefined(notebook)), records=run_record.find(notebook))
    checks = [check for check in all_checks() if check.question == entry.question]
    results = {result.name: result for result in judge(checks, observations)}
    assert_as_stated(entry, results)
    full = settings.POINTS[entry.question]
    earned = sum(result.earned for result in results.values())
    assert earned == pytest.approx(full if entry.marks is None else entry.marks)


def assert_as_stated(entry: Entry, results: dict[str, CheckResult]) -> None:
    """Just the stated checks fail, with the stated words; others pass, or are skipped because of these."""
    said = {name: f"{r.outcome}: {r.message}" for name, r in results.items() if r.outcome != "passed"}
    failed = {name for name, r in results.items() if r.outcome not in ("passed", "skipped")}
    assert failed == set(entry.fails), said
    for name in failed:
        assert results[name].outcome == "failed", said
        assert entry.fails[name] in results[name].message, said[name]


def test_every_question_has_entries() -> None:
    for entries, least, quick in ((equivalent.ENTRIES, 4, 1), (wrong.ENTRIES, 14, 2)):
        for question in settings.POINTS:
            names = [entry.name for entry in entries if entry.question == question]
            assert len(names) >= least, question
            assert sum(name in QUICK for name in names) == quick, question


def test_names_are_unique() -> None:
    names = [entry.name for entry in (*equivalent.ENTRIES, *wrong.ENTRIES)]
    assert sorted(names) == sorted(set(names))
