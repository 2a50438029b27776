"""Every answer on its own question, in this process; `make zoo ALL=1` grades whole notebooks."""

from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import pytest
from zoo.notebooks import changed_code, solution

from answers import RIGHT, WRONG
from answers.entries import Entry, code, right, whole
from answers.in_process import assert_gets_its_marks, parameters, quick
from lab.questions import QUESTIONS


@pytest.fixture(autouse=True)
def _scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Some students write files, or choose another style for all their figures."""
    monkeypatch.chdir(tmp_path)
    with mpl.rc_context():
        yield


@pytest.fixture
def only_kept(request: pytest.FixtureRequest) -> bool:
    """Whether this test is for another day, unless its observation is kept."""
    is_deferred = request.node.get_closest_marker("deferred") is not None
    return is_deferred and bool(request.config.getoption("--from-kept"))


@pytest.mark.parametrize("entry", parameters(RIGHT))
def test_right_answer_gets_all_marks(entry: Entry, only_kept: bool) -> None:
    assert_gets_its_marks(entry, only_kept)


@pytest.mark.parametrize("entry", parameters(WRONG))
def test_wrong_answer_gets_its_marks(entry: Entry, only_kept: bool) -> None:
    assert_gets_its_marks(entry, only_kept)


def test_every_question_has_entries() -> None:
    for entries, least, n_quick in ((RIGHT, 4, 1), (WRONG, 14, 2)):
        for question in QUESTIONS.points:
            names = [entry.name for entry in whole(entries) if entry.question == question]
            assert len(names) >= least, question
            assert sum(name in quick() for name in names) == n_quick, question


def test_names_are_unique() -> None:
    names = [entry.name for entry in (*RIGHT, *WRONG)]
    assert sorted(names) == sorted(set(names))


def test_a_snippet_is_run_as_it_stands_and_is_no_notebook() -> None:
    entry = right("q6", "a snippet", "for this test", code("EPOCHS = 7\n\n"))
    assert changed_code(entry.apply(solution())) == "EPOCHS = 7\n\n"
    assert whole([entry]) == []
