"""Marks in a spreadsheet, and penalties from a column of dates: taken as a whole, or told why not."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
import written_class
from made_up import HOSTILE, RUBRICS, marked, solved

from autograder import tables
from autograder.__main__ import main
from autograder.gradebook import store
from autograder.marks import book, late
from autograder.marks.decisions import Log, standing
from autograder.results import SubmissionResult


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gradebook of three submissions, the first of which is marked."""
    written_class.use(RUBRICS, monkeypatch)
    results = [solved("a"), solved("=b", w1="=1+1\nline", w2=""), SubmissionResult("c", "needs_review")]
    for result in results:
        store.write_result(result, tmp_path / "out")
    Log(tmp_path / "out").append([marked(results[0], mean=1, std=0.5)])
    return tmp_path / "out"


def export(out: Path) -> list[dict[str, str]]:
    assert main(["marks-export", "--out", str(out)]) == 0
    return list(csv.DictReader(io.StringIO((out / "marks.csv").read_text("utf-8-sig"))))


def take(out: Path, rows: list[dict[str, str]], *, delimiter: str = ",") -> int:
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    (out / "marks.csv").write_text(file.getvalue(), "utf-8-sig")
    return main(["marks-import", "--out", str(out), "--file", str(out / "marks.csv"), "--by", "bob"])


def found(out: Path) -> dict[str, Any]:
    return {name: one.written["w1"] for name, one in book.decide(store.read_results(out), out).items()}


def test_a_table_that_is_not_edited_changes_nothing(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = export(out)
    assert [row["submission"] for row in rows] == ["'=b", "a", "c"]
    assert rows[0]["w1 answer"] == "'=1+1\nline"
    assert [rows[1][f"w1 {column}"] for column in ("mean", "std", "marks", "comment")] == ["1", "0.5", "", "A comment."]
    assert take(out, rows) == 0
    assert "0 decisions taken over" in capsys.readouterr().out
    assert len(Log(out).decisions()) == 1


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_what_was_edited_is_taken_over(out: Path, delimiter: str) -> None:
    rows = export(out)
    rows[0] |= {"w1 mean": "x", "w1 comment": "'=well done\nreally"}
    rows[1] |= {"w1 std": "1"}
    rows[2] |= {"w1 marks": "0"}
    assert take(out, rows, delimiter=delimiter) == 0
    now = found(out)
    assert (now["=b"].marks, now["=b"].comments) == (2, ["=well done\nreally"])
    assert (now["a"].marks, now["a"].standing.decision.by) == (4, "bob")
    assert (now["c"].state, now["c"].marks) == ("marked", 0)
    assert "w1" in (out / "grades.csv").read_text().splitlines()[0]
    assert "=well done" in (out / "feedback" / f"{store.safe_name('=b')}.html").read_text()


def test_a_table_that_is_taken_over_again_changes_nothing(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also where somebody has decided otherwise since."""
    rows = export(out)
    rows[1] |= {"w1 std": "1"}
    assert take(out, rows) == take(out, rows) == 0
    assert "1 decision taken over" in capsys.readouterr().out
    later = export(out)
    later[1] |= {"w1 marks": "2"}
    assert take(out, later) == take(out, rows) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("0 decisions taken over")
    assert len(Log(out).decisions()) == 3
    assert (found(out)["a"].state, found(out)["a"].marks) == ("marked", 2)


def test_marks_that_are_emptied_are_withdrawn(out: Path) -> None:
    rows = export(out)
    rows[1] |= {"w1 mean": "", "w1 std": "", "w1 comment": ""}
    assert take(out, rows) == 0
    assert found(out)["a"].state == "unmarked"


def test_what_others_decided_since_the_export_is_a_conflict(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = export(out)
    (first,) = Log(out).decisions()
    again = marked(solved("a"), by="cleo", std=1)
    Log(out).append([type(again)(**{**vars(again), "replaces": (first.id,)})])
    rows[1] |= {"w1 mean": "0"}
    assert take(out, rows) == 0
    assert found(out)["a"].state == "conflict"
    assert "1 conflict to settle" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        ({"submission": "nobody"}, "line 4: the gradebook has no submission 'nobody'"),
        ({"submission": HOSTILE.replace("\ud800", "").replace("\0", "")}, "line 4: the gradebook has no submission"),
        ({"submission": "c"}, "'c' is there twice"),
        ({"w1 mean": "0,5"}, "line 4, w1 mean: '0,5' has a decimal comma: write 0.5"),
        ({"w1 mean": "2"}, "line 4, w1 mean: 2 is more than 1"),
        ({"w1 marks": "4.5"}, "line 4, w1 marks: 4.5 is more than 4"),
        ({"w1 marks": "-1"}, "line 4, w1 marks: '-1' is no number from 0 to 4"),
        ({"w1 marks": "nan"}, "'nan' is no number"),
        ({"w2 marks": "1"}, "w2 marks: 1 is more than 0"),
        ({"w1 comment": "a" * 10_001}, "w1 comment: more than 10,000 characters"),
        ({"w1 comment": "b", "w1 made from": "x y z"}, "w1 made from: this is not what the export wrote"),
        ({"w1 comment": "b", "w1 made from": f"{'0' * 32} {'0' * 12}"}, "line 4: the rubric of w1 has changed"),
        ({"w1 comment": "b", "w1 made from": "x"}, "w1 made from: this is not what the export wrote"),
    ],
)
def test_a_table_that_is_not_in_order_changes_nothing(
    out: Path, capsys: pytest.CaptureFixture[str], edit: dict[str, str], problem: str
) -> None:
    rows = export(out)
    rows[2] |= {"w1 mean": "1"}
    rows[1] |= edit
    capsys.readouterr()
    assert take(out, rows) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert problem in error
    assert len(Log(out).decisions()) == 1


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda text: text.replace("w1 mean", "w1 mode"), "no column 'w1 mean', which the rubric asks for"),
        (lambda text: text.replace("w1 answer", "w1 gone"), "a column 'w1 gone', of which the rubric has no item"),
        (lambda text: text.replace("submission", "name", 1), "no column submission"),
        (lambda text: text.replace("w1 answer", "w1 mean"), "two columns of one name"),
        (lambda text: "", "no column submission"),
        (lambda text: text.encode("utf-16"), "is not UTF-8 text"),
        (lambda text: text + "a" * (tables.MAX_TABLE), "larger than 10 MiB"),
        (lambda text: None, "cannot be read"),
    ],
)
def test_a_table_of_another_rubric_or_form_is_told(
    out: Path, capsys: pytest.CaptureFixture[str], change: Any, problem: str
) -> None:
    export(out)
    file = out / "marks.csv"
    content = change(file.read_text("utf-8-sig"))
    file.unlink()
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    capsys.readouterr()
    assert main(["marks-import", "--out", str(out), "--file", str(file)]) == 1
    error = capsys.readouterr().err
    assert problem in error
    assert str(file) in error
    assert len(Log(out).decisions()) == 1


def test_decisions_of_another_gradebook_are_taken_over(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = out.parent / "other"
    Log(other).append([marked(solved("a"), by="cleo", std=1)])
    assert main(["marks-import", "--out", str(out), "--file", str(other)]) == 0
    assert found(out)["a"].state == "conflict"
    assert main(["marks-import", "--out", str(out), "--file", str(out.parent)]) == 1
    assert "holds no decisions" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["marks-export"], ["marks-import", "--file", "x.csv"]])
def test_without_results_there_is_nothing_to_mark(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert main([*command, "--out", str(tmp_path / "none")]) == 1
    assert "holds no results: `make grade OUT=" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


# ---- late ----


def dates(*pairs: tuple[str, str]) -> list[tuple[int, dict[str, str]]]:
    return [(line, {"submission": name, "date": date}) for line, (name, date) in enumerate(pairs, 2)]


def test_each_day_that_has_begun_costs() -> None:
    rows = dates(
        ("a", "2026-01-31 23:59"),
        ("b", "2026-02-01 00:10"),
        ("c", "2026-02-03"),
        ("d", "2026-03-01T12:00"),
        ("e", ""),
        ("f", "2026-01-02"),
    )
    everybody: dict[str, dict[str, Any]] = {name: {} for name in "abcdef"}
    until = late.moment("2026-01-31", "deadline")
    said = late.penalties(rows, everybody, until, 10, 50, "ann")
    assert {one.submission: one.value["amount"] for one in said if one.value} == {"b": -10, "c": -30, "d": -50}
    assert next(one.value["reason"] for one in said if one.value) == "handed in 1 day late (2026-02-01 00:10)"


def test_dates_that_are_read_again_change_nothing_and_a_mended_one_withdraws(tmp_path: Path) -> None:
    log = Log(tmp_path)
    until = late.moment("2026-01-31", "deadline")

    def read(date: str) -> int:
        standings = {"a": {}} | standing(log.decisions())
        said = late.penalties(dates(("a", date)), standings, until, 10, 50, "ann")
        log.append(said)
        return len(said)

    assert [read("2026-02-01"), read("2026-02-01"), read("2026-01-30"), read("2026-01-30")] == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (dates(("nobody", "2026-01-01")), "line 2: the gradebook has no submission 'nobody'"),
        (dates(("a", "2026-01-01"), ("a", "2026-01-01")), "line 3: a is there twice"),
        (dates(("a", "31.1.2026")), "line 2, date: '31.1.2026' is no date such as"),
        (dates(("a", "2026-01-01T00:00+01:00")), "time zone"),
    ],
)
def test_dates_that_are_not_in_order_are_told(rows: list[tuple[int, dict[str, str]]], problem: str) -> None:
    with pytest.raises(late.LateError, match=problem):
        late.penalties(rows, {"a": {}}, late.moment("2026-01-31", "deadline"), 10, 50, "ann")
