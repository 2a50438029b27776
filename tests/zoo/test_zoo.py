"""Every entry of the zoo on its own question, judged in this process: `make zoo` grades them as whole notebooks."""

import re
from pathlib import Path

import pytest
from support import results_of

from autograder.checks import all_checks
from lab import settings
from lab.judging import CheckResult, points_of
from zoo import equivalent, wrong
from zoo.entries import Entry
from zoo.notebooks import changed_code, solution, undefined

BEFORE = {"q13": ("q4",), "q14": ("q4",)}  # questions whose answers these are compared with
POINTS = points_of(all_checks())
ENTRIES = [e for e in (*equivalent.ENTRIES, *wrong.ENTRIES) if e.question != "all"]


@pytest.fixture(autouse=True)
def _scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some students write files."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_entry_gets_its_marks(entry: Entry) -> None:
    notebook = entry.apply(solution())
    code = changed_code(notebook)
    if re.search(r"^\s*[%!]", code, re.MULTILINE):
        pytest.skip("IPython's magics: graded by `make zoo` only")
    results = results_of(entry.question, code, undefined(notebook), BEFORE.get(entry.question, ()))
    assert_as_stated(entry, results)
    lost = sum(c.points - c.earned for c in results.values())
    lost += sum(POINTS[name] for name in entry.fails if name.endswith("_record"))
    full = settings.POINTS[entry.question]
    assert full - lost == pytest.approx(full if entry.marks is None else entry.marks)


def assert_as_stated(entry: Entry, results: dict[str, CheckResult]) -> None:
    """Just the stated checks fail, with the stated words; others pass, or are skipped because of these."""
    said = {name: f"{r.outcome}: {r.message}" for name, r in results.items() if r.outcome != "passed"}
    failed = {name for name, r in results.items() if r.outcome not in ("passed", "skipped")}
    assert failed == {name for name in entry.fails if not name.endswith("_record")}, said
    for name in failed:
        assert results[name].outcome == "failed", said
        assert entry.fails[name] in results[name].message, said[name]


def test_names_are_unique() -> None:
    names = [entry.name for entry in (*equivalent.ENTRIES, *wrong.ENTRIES)]
    assert sorted(names) == sorted(set(names))
