"""What decisions come to beside what the grader said, in every file that is written."""

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import written_class
from made_up import HOSTILE, MEAN, RUBRICS, STD, check, every_outcome, marked, solved

from autograder.gradebook import lms_export, pages, result_json, store
from autograder.marks import agreement, book
from autograder.marks.decided import Decided, digest_of_check, digest_of_checks, digest_of_text, fingerprint
from autograder.marks.decisions import Decision, Log, standing
from autograder.marks.rubric import Item, Rubric
from autograder.results import SubmissionResult


def override(result: SubmissionResult, target: str, marks: float, of: str = "", **fields: Any) -> Decision:
    return Decision("ann", result.submission, target, {"marks": marks, "reason": "A reason."}, of, **fields)


def adjusted(result: SubmissionResult, amount: float, unit: str = "marks", name: str = "late") -> Decision:
    value = {"amount": amount, "unit": unit, "reason": "A reason."}
    return Decision("ann", result.submission, f"adjustment:{name}", value)


def decided(result: SubmissionResult, *said: Decision, rubrics: dict[str, Rubric] | None = None) -> Decided:
    ledger = standing(said)
    return Decided(result, RUBRICS if rubrics is None else rubrics, ledger.get(result.submission, {}))


# ---- one submission ----


def test_where_nobody_said_anything_it_is_as_the_grader_says() -> None:
    for result in (solved(), every_outcome(), SubmissionResult("a", "needs_review", notes=("No notebook.",))):
        one = book.undecided(result)
        assert (one.score, one.status, one.max_score) == (result.score, result.status, 100)
        assert one.note == (result.notes[0] if result.notes else "")
        assert fingerprint(one) == ""


def test_written_answers_with_marks_raise_the_maximum_and_wait() -> None:
    one = decided(solved())
    assert (one.score, one.max_score, one.status) == (110, 104, "needs_review")
    assert one.open == ("w1: not marked yet.",)
    assert one.note == "w1: not marked yet."


def test_ticked_items_make_marks() -> None:
    one = decided(solved(), marked(solved(), mean=1, std=0.5))
    assert (one.score, one.status, one.written["w1"].marks) == (113, "graded", 3)
    assert one.percent == 108.7


def test_marks_follow_the_rubric_of_today() -> None:
    harder = {"w1": Rubric("w1", "", 8, (MEAN, replace(STD, share=6), Item("new", 0, "")))}
    one = decided(solved(), marked(solved(), mean=1), rubrics=harder)
    assert one.written["w1"].marks == 2
    assert one.written["w1"].rubric_note.startswith("The rubric has changed since")
    other = decided(solved(), marked(solved(), mean=1), rubrics={"w1": Rubric("w1", "", 4, (STD,))})
    assert other.written["w1"].marks == 0
    assert other.written["w1"].rubric_note == "The rubric no longer has mean, which was ticked here."


def test_an_answer_that_changed_is_flagged_and_its_marks_are_kept() -> None:
    one = decided(solved(w1="Another text.", w2=""), marked(solved(), mean=1))
    assert (one.written["w1"].state, one.written["w1"].marks) == ("changed", 2)
    assert one.open == ("w1: the answer is another one since it was marked.",)
    assert decided(solved(w1="It scatters. \n", w2=""), marked(solved(), mean=1)).open == ()


def test_a_conflict_counts_for_neither() -> None:
    one = decided(solved(), marked(solved(), mean=1), marked(solved(), by="bob", std=0.5))
    assert (one.written["w1"].state, one.written["w1"].marks, one.score) == ("conflict", None, 110)
    assert one.open == ("w1: two people decided differently.",)
    unmarked = decided(solved(), marked(solved(), "w2", mean=1), marked(solved(), "w2", by="bob"), rubrics={})
    assert unmarked.status == "needs_review"


def test_a_check_is_overridden_and_the_grader_s_word_stays() -> None:
    result = every_outcome()
    failed = next(one for one in result.checks if one.name == "a")
    said = override(result, "check:a", 2, digest_of_check(failed))
    one = decided(result, said, rubrics={})
    assert (one.score, result.score) == (17, 15)
    assert one.question_score("q3") == 2
    assert one.result == result
    assert decided(result, override(result, "check:a", 99), rubrics={}).question_score("q3") == 3


def test_open_checks_are_judged_by_a_person() -> None:
    result = every_outcome()
    q4, q5 = (next(one for one in result.checks if one.name == name) for name in ("q4", "q5"))
    one = decided(result, override(result, "check:q4", 6, digest_of_check(q4)), rubrics={})
    assert one.open == ("q5: 6 marks could not be judged.",)
    both = decided(
        result, override(result, "check:q4", 6, digest_of_check(q4)), override(result, "question:q5", 6), rubrics={}
    )
    assert (both.status, both.score, both.note) == ("graded", 27, "Decided by ann.")
    assert digest_of_check(q5) != digest_of_check(q4)


def test_an_override_is_flagged_where_the_grader_says_something_else_since() -> None:
    result = every_outcome()
    said = override(result, "question:q3", 4, digest_of_checks([c for c in result.checks if c.question == "q3"]))
    again = replace(result, checks=tuple(check("q3", "passed", 8) if c.question == "q3" else c for c in result.checks))
    assert "q3: the grader says something else since a person decided." in decided(again, said, rubrics={}).open
    assert decided(again, said, rubrics={}).question_score("q3") == 4


def test_a_total_settles_everything_but_a_conflict() -> None:
    nothing = SubmissionResult("a", "needs_review", notes=("No notebook.",))
    one = decided(nothing, override(nothing, "total", 50))
    assert (one.score, one.status, one.note) == (50, "graded", "Decided by ann.")
    two = decided(nothing, override(nothing, "total", 50), override(nothing, "total", 60))
    assert (two.score, two.status) == (None, "needs_review")


def test_nothing_half_decided_looks_final() -> None:
    nothing = SubmissionResult("a", "needs_review", notes=("No notebook.",))
    one = decided(nothing, override(nothing, "question:q1", 5), rubrics={})
    assert one.score == 5
    assert one.status == "needs_review"
    assert one.open[0].startswith("q2, q3, ")


def test_adjustments_are_in_marks_or_in_per_cent_of_what_was_earned() -> None:
    late, praise = adjusted(solved(), -10, "percent"), adjusted(solved(), 2, name="praise")
    one = decided(solved(), late, praise, rubrics={})
    assert one.score == 101
    assert [(a.name, a.marks, a.words) for a in one.adjustments] == [
        ("late", -11, "−10 %"),
        ("praise", 2, "+2 marks"),
    ]
    assert decided(solved(), adjusted(solved(), -500), rubrics={}).score == 0


def test_a_new_file_that_was_asked_for_is_waited_for() -> None:
    nothing = SubmissionResult("a", "needs_review", notes=("No notebook.",))
    asked = Decision("ann", "a", "review", {"action": "new_file", "reason": "cut off"})
    assert decided(nothing, asked, rubrics={}).note == "ann has asked for a new file."
    assert decided(nothing, asked, rubrics={}).open[1:] == ("Nothing could be graded.",)
    praised = Decision("ann", "a", "adjustment:praise", {"amount": 1, "unit": "marks", "reason": "x"})
    assert decided(nothing, praised, rubrics={}).note == "No notebook.", "the grader knows more"


# ---- every file ----


@pytest.fixture
def book_with_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three submissions: one marked, one open, one with an override and an adjustment."""
    written_class.use(RUBRICS, monkeypatch)
    results = [solved("done"), solved("open"), solved("changed")]
    for result in results:
        store.write_result(result, tmp_path)
    third = results[2]
    Log(tmp_path).append(
        [
            marked(results[0], mean=1),
            marked(third, mean=1),
            override(third, "check:q1", 1, digest_of_check(third.checks[0])),
            override(third, "question:q2", 4),
            adjusted(third, -10, "percent"),
        ]
    )
    for one in book.decide(results, tmp_path).values():
        store.renew(one, tmp_path)
    store.write_summary(results, tmp_path, "CIFAR-10")
    return tmp_path


def test_the_grades_have_them(book_with_marks: Path) -> None:
    text = (book_with_marks / "grades.csv").read_text()
    found = {row["submission"]: row for row in csv.DictReader(io.StringIO(text))}
    columns = ("status", "score", "max_score", "q1", "q2", "w1", "adjustments", "note")
    assert [found["done"][c] for c in columns] == ["graded", "112", "104", "5", "5", "2", "0", ""]
    assert [found["open"][c] for c in columns[:3]] == ["needs_review", "110", "104"]
    assert (found["open"]["w1"], found["open"]["note"]) == ("", "w1: not marked yet.")
    assert [found["changed"][c] for c in columns] == ["graded", "96.3", "104", "1", "4", "2", "-10.7", ""]


@pytest.mark.parametrize("system", lms_export.FORMATS)
def test_the_files_for_other_systems_have_them(book_with_marks: Path, system: str) -> None:
    results = store.read_results(book_with_marks)
    ids = {name: lms_export.Student(str(number)) for number, name in enumerate(("done", "open", "changed"))}
    path, _ = store.write_upload(results, book_with_marks, system, ids)
    lines = path.read_text().splitlines()
    (done,) = (line for line in lines if re.search(r"\b112\b", line))
    assert not any(re.search(r"\b110\b", line) for line in lines)
    assert {"moodle": ",114,", "canvas": ",112", "gradescope": ",104,"}[system] in done
    if system == "gradescope":
        assert "16: w1 (4.0 pts)" in lines[0]
        assert any("Ungraded" in line and line.endswith(",") for line in lines)


def test_the_results_have_them_and_keep_what_the_grader_said(book_with_marks: Path) -> None:
    data = json.loads((book_with_marks / "results" / "changed.json").read_text())
    jsonschema.Draft202012Validator(result_json.SCHEMA).validate(data)
    assert (data["score"], data["decided"]["score"]) == (110, 96.3)
    assert data["questions"]["q1"]["score"] == 5
    assert data["decided"]["questions"]["q1"] == 1
    assert data["decided"]["written"]["w1"]["items"] == {"mean": 1}
    assert [one["target"] for one in data["decided"]["overrides"]] == ["check:q1", "question:q2"]
    assert {one["by"] for one in data["decided"]["overrides"]} == {"ann"}
    still_open = json.loads((book_with_marks / "results" / "open.json").read_text())
    assert still_open["decided"]["open"] == ["w1: not marked yet."]


def test_the_feedback_pages_have_them(book_with_marks: Path) -> None:
    page = (book_with_marks / "feedback" / "changed.html").read_text()
    assert "96.3</span> of 104 marks" in page
    for words in (
        "A comment.",
        "2 of 4 marks",
        "Quotes the <strong>mean</strong>.",
        "given by hand",
        "Set to 4 marks by hand",
        "−10 %",
    ):
        assert words in page, words
    assert "A person will look at this notebook" not in page
    still_open = (book_with_marks / "feedback" / "open.html").read_text()
    assert "A person will look at this notebook before the score is final." in still_open
    assert "4 marks open" in still_open


def test_a_brief_page_tells_of_a_rubric_what_was_earned() -> None:
    one = decided(solved(), marked(solved(), mean=1))
    whole, brief = (pages.feedback_page(one.result, decided=one, show_hidden=hidden) for hidden in (True, False))
    assert "Quotes the <strong>mean</strong>." in whole
    assert "Quotes the <strong>mean</strong>." in brief
    assert "Quotes the <code>std</code>." in whole
    assert "Quotes the <code>std</code>." not in brief


def test_the_report_has_them(book_with_marks: Path) -> None:
    page = (book_with_marks / "report.html").read_text()
    assert "Decided by hand" in page
    assert "2 of 3 marked" in page
    assert "w1: not marked yet." in page
    assert re.search(r"Need review</dt><dd>1<", page)


def test_files_are_written_again_only_where_something_was_said(book_with_marks: Path) -> None:
    results = store.read_results(book_with_marks)
    assert not store.is_outdated(book_with_marks)
    assert not any(store.renew(one, book_with_marks) for one in book.decide(results, book_with_marks).values())
    Log(book_with_marks).append([marked(results[2], mean=1, std=1)])
    assert store.is_outdated(book_with_marks)
    renewed = {name: store.renew(one, book_with_marks) for name, one in book.decide(results, book_with_marks).items()}
    assert renewed == {"changed": False, "done": False, "open": True}
    store.write_summary(results, book_with_marks, "CIFAR-10")
    assert not store.is_outdated(book_with_marks)


def test_no_text_of_a_marker_becomes_a_program(tmp_path: Path) -> None:
    result = solved("s1")
    words = HOSTILE.replace("\ud800", "")
    value = {"items": {"mean": 1.0}, "marks": None, "comment": words}
    said = [
        Decision(words[:80], "s1", "written:w1", value, digest_of_text("It scatters.")),
        Decision(words[:80], "s1", "check:q1", {"marks": 1, "reason": words}),
        Decision(words[:80], "s1", "question:q2", {"marks": 1, "reason": words}),
        Decision(words[:80], "s1", "adjustment:" + words[:80], {"amount": -1, "unit": "marks", "reason": words}),
    ]
    one = decided(result, *said)
    for page in (
        pages.feedback_page(result, decided=one),
        pages.class_report([result], "CIFAR-10", decided={"s1": one}, decisions=said),
    ):
        assert "<script" not in page
        assert "<img src=x" not in page
        assert "alert(1)" in page


# ---- over the class ----


def test_agreement_counts_answers_that_two_people_marked_by_themselves() -> None:
    results = [solved(f"s{number}") for number in range(6)]
    said = []
    for number, result in enumerate(results):
        said += [marked(result, mean=1), marked(result, by="bob", **({"mean": 1} if number else {"mean": 0.5}))]
    looked = replace(marked(results[0], by="cleo", std=1), replaces=(said[0].id,))
    ledger = standing([*said, looked])
    everybody = [Decided(result, RUBRICS, ledger[result.submission]) for result in results]
    first = agreement.summarise(everybody, [*said, looked])[0]
    mean, std = first.items
    assert len(mean.pairs) == 6
    assert mean.agreement == pytest.approx(5 / 6)
    assert std.kappa is None
    assert first.differences == [1, 0, 0, 0, 0, 0]
    assert (mean.full, first.states) == (5, {"conflict": 1, "marked": 5})
