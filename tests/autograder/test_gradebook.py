import csv
import io
import json
import os
import re
import string
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from autograder.gradebook import store
from autograder.results import CellError, Reported, SubmissionResult
from autograder.sanitize import natural_key
from lab.questions import QUESTIONS
from labkit.judging import CheckResult

HEADER = "submission,status,score,max_score,percent,q1,q2,q3,q4,q5,q6,q7,q8,q9,q10,q11,q12,q13,q14,bonus,seconds,note"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def check(question, earned, points, outcome="passed", name="", **texts):
    name = name or f"{question}_check"
    return CheckResult(name, question, f"{name} is right.", False, points, earned, outcome, **texts)


def full(name="submission-01", **fields):
    checks = tuple(check(q, points, points) for q, points in QUESTIONS.points.items())
    return SubmissionResult(name, "graded", checks, seconds=4.04, **fields)


def rich_result():
    """One of everything, its checks not in the order of the questions."""
    checks = (
        check("q4", 7.5, 7.5, name="q4_a"),
        check("q1", 0.0, 5, "failed", expected="five", found="fou\x1b[31mr \ud800", hint="“count”"),
        check("q4", 0.0, 4.5, "skipped", name="q4_b", found="this needs “q4_a” first."),
        check("bonus", 0.0, 10, "error", traceback="Traceback\nZeroDivisionError: división"),
        check("q2", 0.0, 5, "unjudged", found="cannot tell"),
    )
    return SubmissionResult(
        "büro 7/…",
        "needs_review",
        checks,
        seconds=3.0000000000000004,
        notes=("first", "second\nline"),
        cell_errors=(CellError(3, "x = 1 / 0", "ZeroDivisionError: division by zero"),),
        written={"q9_std": "It says\r\nnothing.", "q13_bn": ""},
        images={"q2": [PNG, b""], "q8": []},
        reported={"tiny_vgg": Reported(0.5, None, 1, ("ab",), ("",)), "tiny_resnet": Reported(None, None, 0)},
        code="# %%\nx = 'ü'\n",
    )


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def grades(tmp_path, *results):
    store.write_summary(results, tmp_path, "stand-in")
    return (tmp_path / "grades.csv").read_text("utf-8")


# grades.csv


def test_header_is_exactly_what_scripts_rely_on(tmp_path):
    assert grades(tmp_path).splitlines() == [HEADER]


def test_the_full_solution_has_110_percent(tmp_path):
    text = grades(tmp_path, full(notes=("all well",)))
    marks = "5,5,8,12,6,8,5,6,12,8,5,6,7,7,10"
    assert text.splitlines()[1] == f"submission-01,graded,110,100,110.0,{marks},4.0,all well"


def test_numbers_have_no_trailing_zeros_and_unjudged_is_empty_not_zero(tmp_path):
    (row,) = rows(grades(tmp_path, rich_result()))
    assert (row["score"], row["percent"], row["seconds"]) == ("7.5", "7.5", "3.0")
    assert (row["q1"], row["q4"]) == ("0", "7.5")
    assert (row["q2"], row["q3"], row["bonus"]) == ("", "", "")
    assert (row["status"], row["note"]) == ("needs_review", "first")


def test_shares_of_marks_are_not_cut_short(tmp_path):
    thirds = [check("q3", 8 / 3, 8 / 3, name=f"q3_{i}") for i in range(2)]
    (row,) = rows(grades(tmp_path, SubmissionResult("a", "graded", thirds)))
    assert row["q3"] == row["score"] == "5.3333"
    assert row["percent"] == "5.3"


def test_nothing_graded_leaves_all_marks_empty(tmp_path):
    (row,) = rows(grades(tmp_path, SubmissionResult("a", "needs_review", notes=["No notebook:\nempty file."])))
    assert {row[c] for c in ("score", "percent", *QUESTIONS.points)} == {""}
    assert row["max_score"] == "100"
    assert row["note"] == "No notebook: empty file."


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'=1"),
        ("\r=1", "'=1"),
        ("\tplain", "'plain"),
        ("\x1b[31m=1", "'=1"),
        ("a;=1", "a,=1"),  # in locales in which a semicolon separates cells
        ("read that cell; --trust with", "read that cell, --trust with"),
        ("a=1 - b", "a=1 - b"),
        ('say "hi", you', 'say "hi", you'),
    ],
)
def test_no_cell_is_a_formula(tmp_path, text, cell):
    (row,) = rows(grades(tmp_path, full(text, notes=[text])))
    assert row["submission"] == row["note"] == cell


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_makes_one_row_that_reads_back(name, note):
    text = store._csv([full(name, notes=[note])])
    text.encode()  # no lone surrogates
    assert text.count("\n") == 2
    (row,) = rows(text)
    for cell in (row["submission"], row["note"]):
        assert cell.lstrip()[:1] not in tuple("=+-@")
        assert cell.isprintable() or not re.search(r"[\x00-\x1f\x7f-\x9f]", cell)
    assert row["score"] == "110"


def test_thousands_of_digits_can_be_sorted():
    names = ["a" + "9" * 10_000, "a" + "1" * 10_000, "a" + "0" * 10_000 + "2"]
    assert sorted(names, key=natural_key) == names[::-1]


def test_rows_are_in_natural_order(tmp_path):
    names = ["b1", "a10", "A2", "a1", "a01", "a", "7", "a" + "9" * 400]
    text = grades(tmp_path, *(full(name) for name in names))
    assert [row["submission"] for row in rows(text)] == ["7", "a", "a01", "a1", "A2", "a10", names[-1], "b1"]


# The JSON files


def test_results_read_back_exactly(tmp_path):
    results = [rich_result(), full("a10"), full("a9"), SubmissionResult("z", "needs_review")]
    for result in results:
        store.write_result(result, tmp_path)
    assert store.read_results(tmp_path) == [results[2], results[1], results[0], results[3]]


def test_lists_read_back_as_tuples(tmp_path):
    listed = replace(rich_result(), checks=list(rich_result().checks), notes=list(rich_result().notes))
    store.write_result(listed, tmp_path)
    assert store.read_results(tmp_path) == [rich_result()]


def test_files_fit_the_published_schema(tmp_path):
    schema_file = Path(store.__file__).parents[1] / "result.schema.json"
    schema = json.loads(schema_file.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    for result in (rich_result(), full(), SubmissionResult("empty", "needs_review")):
        store.write_result(result, tmp_path)
        file = tmp_path / "results" / f"{store.safe_name(result.submission)}.json"
        jsonschema.validate(json.loads(file.read_text("utf-8")), schema)


def test_json_says_what_the_csv_says(tmp_path):
    store.write_result(rich_result(), tmp_path)
    (file,) = (tmp_path / "results").iterdir()
    data = json.loads(file.read_text("utf-8"))
    assert (data["schema"], data["score"], data["max_score"], data["percent"]) == (5, 7.5, 100, 7.5)
    assert list(data["questions"]) == list(QUESTIONS.points)
    q4 = data["questions"]["q4"]
    assert (q4["score"], q4["points"]) == (7.5, 12)
    assert [c["name"] for c in q4["checks"]] == ["q4_a", "q4_b"]
    assert data["questions"]["q2"]["score"] is None
    assert data["questions"]["bonus"]["checks"][0]["traceback"].startswith("Traceback")
    assert data["reported"]["tiny_vgg"] == {
        "mean": 0.5,
        "std": None,
        "n": 1,
        "weights": ["ab"],
        "histories": [""],
        "answers": [],
        "is_evaluated": True,
    }
    assert "code" not in data


def test_the_code_lies_beside_the_result(tmp_path):
    store.write_result(rich_result(), tmp_path)
    (file,) = (tmp_path / "code").iterdir()
    assert file.name == f"{store.safe_name('büro 7/…')}.txt"
    assert file.read_bytes() == "# %%\nx = 'ü'\n".encode()
    file.unlink()
    assert store.read_result("büro 7/…", tmp_path) is None


def test_empty_folder_has_no_results(tmp_path):
    assert store.read_results(tmp_path) == []


def edited(**fields):
    return lambda data: json.dumps({**data, **fields})


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: json.dumps(data)[:-1], "Expecting"),
        (lambda data: "", "Expecting"),
        (lambda data: "[" * 100_000, "nested too deeply"),
        (lambda data: "[]", "data must be object"),
        (edited(seconds="long"), r"data\.seconds must be number"),
        (edited(schema=1), r"data\.schema must be same as const definition: 5"),
        (edited(status="fine"), r"data\.status must be one of \['graded', 'needs_review'\]"),
        (edited(seconds=float("nan")), "NaN"),
        (edited(images={"q1": ["AAAA!"]}), "base64"),
        (edited(surprise=1), "surprise"),
    ],
)
def test_a_damaged_file_is_named_with_the_reason(tmp_path, damage, reason):
    store.write_result(full("submission-01"), tmp_path)
    file = tmp_path / "results" / "submission-01.json"
    file.write_text(damage(json.loads(file.read_text("utf-8"))), "utf-8")
    with pytest.raises(store.GradebookError, match=reason) as caught:
        store.read_results(tmp_path)
    assert str(file) in str(caught.value)


def test_bytes_that_are_no_text_are_a_damaged_file(tmp_path):
    store.write_result(full(), tmp_path)
    (tmp_path / "results" / "submission-01.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(store.GradebookError, match=r"submission-01\.json"):
        store.read_results(tmp_path)


def test_a_check_that_is_missing_or_double_is_damage(tmp_path):
    store.write_result(full(), tmp_path)
    file = tmp_path / "results" / "submission-01.json"
    data = json.loads(file.read_text("utf-8"))
    data["questions"]["q1"]["checks"].clear()
    file.write_text(json.dumps(data), "utf-8")
    with pytest.raises(store.GradebookError, match="not numbered"):
        store.read_results(tmp_path)


def test_a_copied_result_is_not_counted_twice(tmp_path):
    store.write_result(full(), tmp_path)
    file = tmp_path / "results" / "submission-01.json"
    (tmp_path / "results" / "copy.json").write_bytes(file.read_bytes())
    with pytest.raises(store.GradebookError, match=r"copy\.json holds the result of 'submission-01'"):
        store.read_results(tmp_path)


# Writing


def test_files_lie_where_scripts_expect_them(tmp_path):
    out = tmp_path / "new" / "gradebook"
    store.write_result(full(), out)
    store.write_summary([full()], out, "CIFAR-10")
    found = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    assert found == [
        "code/submission-01.txt",
        "feedback/submission-01.html",
        "grades.csv",
        "report.html",
        "results/submission-01.json",
        "similarity.json",
    ]


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    store.write_result(full(), tmp_path)

    def broken(source, target):
        assert Path(source).parent == Path(target).parent
        raise OSError(28, "disk full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", broken)
        with pytest.raises(OSError, match="disk full"):
            store.write_result(full(notes=("new",)), tmp_path)
    assert store.read_results(tmp_path) == [full()]
    assert sorted(p.name for p in tmp_path.rglob("*.*")) == [
        "submission-01.html",
        "submission-01.json",
        "submission-01.txt",
    ]


def test_writing_again_replaces(tmp_path):
    store.write_result(full(notes=("old",)), tmp_path)
    store.write_result(full(notes=("new",)), tmp_path)
    assert [r.notes for r in store.read_results(tmp_path)] == [("new",)]


# Names

ODD_NAMES = [
    "../x",
    "..",
    ".",
    "",
    ".hidden",
    "-rf",
    "a b",
    "a/b",
    "a\\b",
    "a\x00b",
    "übung",
    "ubung?",
    "学生",
    "😀",
    "\ud800",
    "CON",
    "nul.txt",
    "x" * 300,
    "x" * 301,
    "<script>",
    "%2e%2e",
    "a\nb",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_stay_inside_the_folder(tmp_path, name):
    store.write_result(full(name), tmp_path / "out")
    stem = store.safe_name(name)
    assert set(stem) <= set(string.ascii_letters + string.digits + "-_.")
    assert len(stem) <= 80
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()) == [
        f"out/code/{stem}.txt",
        f"out/feedback/{stem}.html",
        f"out/results/{stem}.json",
    ]
    assert store.read_results(tmp_path / "out") == [full(name)]


def test_different_names_have_different_stems():
    hashed = [store.safe_name(name) for name in ODD_NAMES]
    assert len(set(hashed)) == len(ODD_NAMES)
    # Nobody takes another's place by handing in a file that is named like the other's stem.
    assert not set(hashed) & {store.safe_name(stem) for stem in hashed}


@pytest.mark.parametrize("name", ["submission-01", "Smith_4711", "v1.2", "late-9f3a"])
def test_plain_names_are_kept(name):
    assert store.safe_name(name) == name


# The terminal


def printed(results, width):
    console = Console(width=width, file=io.StringIO(), color_system=None, legacy_windows=False)
    console.print(store.table(results))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


CLASS = [
    full("a-very-long-name-of-a-submission-that-goes-on", notes=["a note " * 40]),
    full("b\x1b[2J[red]b"),
    SubmissionResult("c", "needs_review", notes=["The notebook did not finish."]),
    replace(rich_result(), submission="d" * 20),
]


@pytest.mark.parametrize("width", [100, 80])
def test_table_fits_with_every_number_whole(width):
    lines = printed(CLASS, width)
    assert all(cell_len(line) <= width for line in lines)
    marks = "5 5 8 12 6 8 5 6 12 8 5 6 7 7 10"
    row_a, row_b, row_c, row_d = lines[2:6]
    assert f"graded 110 {marks}" in " ".join(row_a.split())
    assert row_a.startswith("a-very-long-name-of… ")
    assert row_a.endswith("…")
    assert f"b[red]b graded 110 {marks}" in " ".join(row_b.split())
    assert "c review ? " + " ".join("?" * 15) in " ".join(row_c.split())
    assert "d" * 20 + " review 7.5 0 ? ? 7 ?" in " ".join(row_d.split())
    assert len(lines) == 7  # head, rule, four submissions, caption: nothing wrapped


def test_table_shows_the_note_where_there_is_room():
    assert "The notebook did " in printed(CLASS, 100)[4]
    assert printed([CLASS[2]], 100)[2].endswith("The notebook did not finish.")


def test_table_never_rounds_up_to_full_marks():
    almost = check("q4", 11.96, 12)
    (row,) = printed([SubmissionResult("a", "graded", [almost])], 100)[2:3]
    assert row.split()[:7] == ["a", "graded", "12", "?", "?", "?", "11"]


def test_empty_class_is_a_table_without_rows():
    assert len(printed([], 100)) == 3
