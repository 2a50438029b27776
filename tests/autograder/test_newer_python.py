"""Notebooks in a newer Python than the grader's: nothing is lost by what it cannot read."""

import sys
from typing import Any

import nbformat
import pytest

from autograder.grading import notebook as grading
from autograder.intake import newer_python
from autograder.sandbox import Execution

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
BROKEN = "def broken(:"  # as syntax of a later Python looks to this one
SENTENCE = f"Cell 2 cannot be read by Python {HERE}, in which the grader runs; the notebook was written in"


def notebook(*sources: str, version: Any = "3.99.1", **cell: Any) -> Any:
    cells = [nbformat.v4.new_code_cell(source, **cell) for source in sources]
    info = {"name": "python"} | ({} if version is None else {"version": version})
    return nbformat.v4.new_notebook(cells=cells, metadata={"language_info": info})


def refused(kind: str) -> list[Any]:
    return [nbformat.v4.new_output("error", ename=kind, evalue="", traceback=[])]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python reads them")
@pytest.mark.parametrize("source", ["print(f'{d['a']}')", "type X = int", "def first[T](x: list[T]) -> T: ..."])
def test_syntax_of_a_later_python_is_told(source: str) -> None:
    for line in (source, f"%%time\n{source}", f"%matplotlib inline\n{source}"):
        assert newer_python.find(notebook("x = 1", line, version="3.13.1"), {}) == [f"{SENTENCE} Python 3.13."]


def test_what_the_file_says_of_its_python_decides() -> None:
    assert newer_python.find(notebook("x = 1", BROKEN), {}) == [f"{SENTENCE} Python 3.99."]
    for older in (f"{HERE}.9", "3.8", "2.7.18"):
        assert newer_python.find(notebook("x = 1", BROKEN, version=older), {}) == []


@pytest.mark.parametrize("version", [None, "", "new", 3, ["3.99"], "3"])
def test_where_it_does_not_say_a_cell_that_ran_is_told(version: Any) -> None:
    ran = notebook("x = 1", BROKEN, version=version, execution_count=7)
    assert newer_python.find(ran, {}) == [f"{SENTENCE} a Python that the file does not name."]
    assert newer_python.find(notebook("x = 1", BROKEN, version=version), {}) == []


@pytest.mark.parametrize("kind", newer_python.REFUSED)
def test_what_the_students_python_refused_too_is_not_told(kind: str) -> None:
    assert newer_python.find(notebook(BROKEN, outputs=refused(kind)), {}) == []
    assert len(newer_python.find(notebook(BROKEN, outputs=refused("NameError")), {})) == 1


def test_what_this_python_reads_is_not_told() -> None:
    readable = ["x = 1", "%%bash\ndef broken(:", "!ls\n%time y = 2", "%%writefile a.txt\n{{{", "await x", "print?"]
    assert newer_python.find(notebook(*readable), {"notes.txt": b"def broken(:"}) == []


def test_files_are_read_too() -> None:
    told = f"The file own.py cannot be read by Python {HERE}, in which the grader runs; the notebook was written in"
    assert newer_python.find(notebook("x = 1"), {"own.py": BROKEN.encode()}) == [f"{told} Python 3.99."]


def test_checks_that_did_not_pass_wait_for_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = {"calls": [{"error": {"kind": "missing", "name": "describe_data"}, "value": None}]}
    monkeypatch.setattr(grading, "execute", lambda notebook, *args, **options: Execution(notebook, {"q1": missing}))
    graded = grading.grade_notebook(notebook("x = 1", BROKEN))
    assert {check.outcome for check in graded.checks} == {"unjudged"}
    assert {check.found for check in graded.checks if check.question == "q1"} == {f"{SENTENCE} Python 3.99."}
    assert graded.notes[0] == f"{SENTENCE} Python 3.99. What did not pass waits for you."
    assert graded.needs_review
