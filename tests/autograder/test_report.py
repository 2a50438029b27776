import base64
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up import BASELINES, HOSTILE, MARKS, check, class_of, every_outcome, hostile, png, reporting

from autograder import assignment, sanitize
from autograder.gradebook import figures, item_analysis, pages, store
from autograder.gradebook.similarity import Pair, Similar
from autograder.results import CellError, Reported, SubmissionResult
from lab.questions import QUESTIONS
from labkit.questions import Questions

CSP = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
VOID = {"meta", "img", "link", "br", "hr", "input", "base", "source", "embed"}


class Page(HTMLParser):
    """A page as a parser sees it: elements, text, and the text inside each element of a kind."""

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.elements, self.stack, self.inside = [], [], {}
        self.feed(source)
        self.close()
        assert self.stack == [], "elements left open"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in ("td", "th", "dt", "dd"):
            self.handle_data(" ")
        if tag not in VOID:
            self.stack.append(tag)
            self.inside.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        for tag in set(self.stack):
            self.inside[tag][-1] += data

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def text(self):
        return " ".join(self.inside["body"][0].split())

    def section(self, heading_id):
        """The text of the section that this heading labels."""
        labels = [attrs.get("aria-labelledby") for attrs in self.all("section")]
        return " ".join(self.inside["section"][labels.index(heading_id)].split())


def student(result, **options):
    return Page(pages.feedback_page(result, **options))


def report(*results, data_source="CIFAR-10"):
    return Page(pages.class_report(results, data_source))


PAGES = {
    "feedback": lambda: student(every_outcome()),
    "feedback, nothing graded": lambda: student(SubmissionResult("a", "needs_review")),
    "report": lambda: report(every_outcome(), SubmissionResult("b", "needs_review")),
    "report of a class": lambda: Page(
        pages.class_report(
            [*class_of(MARKS), reporting("a", tiny_vgg=0.5)], "CIFAR-10", BASELINES, Similar((Pair("s0", "s1", 1, 1),))
        )
    ),
    "report, nobody": lambda: report(),
}


# Both pages


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_pages_are_self_contained_and_accessible(page):
    page = page()
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == 1
    policies = [m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert len(policies) == 1
    assert policies[0].startswith(CSP)
    tags = [tag for tag, _ in page.elements]
    assert not {"script", "link", "iframe", "object", "embed", "form", "base", "svg"} & set(tags)
    assert not [a for _, attrs in page.elements for a in attrs if a.startswith("on")]
    assert all(image["src"].startswith("data:image/") and image["alt"] for image in page.all("img"))
    assert all(head.get("scope") in ("col", "row") for head in page.all("th"))
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {attrs["aria-labelledby"] for _, attrs in page.elements if "aria-labelledby" in attrs} <= set(ids)
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert all(below <= above + 1 for above, below in pairwise(levels))
    anchors = [a["href"][1:] for a in page.all("a") if a["href"].startswith("#")]
    assert set(anchors) <= set(ids)
    assert "@import" not in page.inside["style"][0]
    assert "url(" not in page.inside["style"][0]


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_has_contrast_on_every_ground():
    css = (Path(pages.__file__).parent / "style.css").read_text("utf-8")
    colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", css))
    inks = ("ink", "quiet", "link", "passed", "failed", "skipped", "unjudged", "error")
    pairs = [(ink, ground) for ink in inks for ground in ("paper", "card")]
    pairs += [("ink", ground) for ground in ("callout", "good", "part", "bad")]
    for ink, ground in pairs:
        dark, light = sorted((luminance(colours[ink]), luminance(colours[ground])))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)  # WCAG 2 AA


@pytest.mark.parametrize("page", ["feedback", "report"])
def test_hostile_text_is_only_text(page):
    result = hostile()
    again = replace(result, submission=HOSTILE + "2")
    similar = Similar((Pair(HOSTILE, HOSTILE + "2", 1.0, 1.0),), problem=HOSTILE)
    class_page = pages.class_report([result, again], HOSTILE, similar=similar, baseline_problem=HOSTILE)
    source = pages.feedback_page(result) if page == "feedback" else class_page
    source.encode()  # lone surrogates are gone
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", source)
    seen = Page(source)
    assert "<script>alert(1)</script><img src=x onerror=alert(1)>" in seen.text
    assert "{{ 7 * 7 }} {% raw %} &lt;b&gt; red" in seen.text
    assert "title" not in seen.text.replace("</title>", "")
    assert not {"script", "b"} & {tag for tag, _ in seen.elements}
    assert not [a for _, attrs in seen.elements for a in attrs if a.startswith("on")]
    assert all(image["src"].startswith(("data:image/png", "data:image/svg+xml")) for image in seen.all("img"))


# The student's page


def test_feedback_says_score_and_outcomes_in_words():
    page = student(every_outcome())
    assert page.inside["title"] == ["Feedback for submission-01"]
    assert "15 of 100 marks (15 %)" in page.text
    assert "10 of them from the bonus" in page.text
    assert "could not decide 2 checks. A person will look; up to 18 more marks are open." in page.text
    assert "✓ passed 5 / 5" in page.section("q1")
    assert "0 of 8 marks" in page.section("q3")
    assert "✗ not passed 0 / 3 Expected E-text Found F-text Hint H-text" in page.section("q3")
    assert "– skipped 0 / 5 Skipped: this needs “Title.” first." in page.section("q3")
    assert "12 marks open" in page.section("q4")
    assert "? needs a look open / 12 A person will look at this: U-text" in page.section("q4")
    assert "! grader fault open / 6 The grader failed here." in page.section("q5")
    assert page.inside["code"][0] == "load_data"


def test_overview_has_a_bar_for_every_question():
    page = student(every_outcome())
    overview = page.section("overview")
    for question, shown in {"Question 1": "5 / 5", "Question 3": "0 / 8", "Question 4": "open / 12"}.items():
        assert f"{question} {shown}" in overview
    widths = {a["class"]: a["style"] for a in page.all("span") if "style" in a}
    assert set(widths) == {"got", "open"}
    assert [a["href"] for a in page.all("a")] == [f"#{question}" for question in QUESTIONS.points]
    assert "No check of this question was run." in page.section("q2")


def test_feedback_has_nothing_meant_for_the_instructor():
    source = pages.feedback_page(every_outcome())
    assert "TB-SECRET" not in source
    assert "NOTE-FOR-INSTRUCTOR" not in source


def test_hidden_checks_show_title_and_outcome_only_where_the_instructor_wants_it():
    shown = student(every_outcome())
    assert "Expected HE Found HF Hint HH" in shown.section("q6")
    bare = student(every_outcome(), show_hidden=False)
    assert bare.section("q6") == "Question 6 0 of 8 marks Title. hidden ✗ not passed 0 / 8"
    told = "Checks marked hidden were not in your notebook; they ran after you handed it in."
    assert told in shown.text
    assert f"{told} For these this page tells whether they passed." in bare.text
    assert "U-text" not in bare.text
    assert "Expected E-text" in bare.section("q3")  # not a hidden one


def test_what_is_noted_of_graded_submissions_is_told():
    noted = SubmissionResult("ada", "graded", notes=["tiny_vgg: odd <b>."])
    page = report(noted, SubmissionResult("bob", "needs_review", notes=["why"]), SubmissionResult("cy", "graded"))
    assert page.section("noted") == "Graded, and worth a look ada tiny_vgg: odd <b>."
    assert page.section("review") == "Need review bob why"
    assert "worth a look" not in report(SubmissionResult("cy", "graded")).text


def withheld():
    reason = "Cell 2 makes code objects. It was not run; a person decides."
    checks = [check(question, "unjudged", found=reason) for question in QUESTIONS.points]
    return SubmissionResult("ada", "needs_review", checks, notes=["Cell 2 changes `json.dumps`. Read that cell."])


def test_the_one_reason_of_a_submission_that_was_not_run_is_told_once():
    result = withheld()
    assert report(result).section("review") == "Need review ada Cell 2 changes json.dumps. Read that cell."
    assert student(result).text.count("It was not run; a person decides.") == 1


def test_one_reason_of_several_checks_is_told_once():
    checks = [check("q4", "unjudged", title=title, found="cannot tell") for title in ("A.", "B.")]
    review = report(SubmissionResult("ada", "needs_review", [*checks, check("q5", "passed")])).section("review")
    assert review == "Need review ada Question 4, “A”; Question 4, “B”: cannot tell"


def test_nothing_graded_is_not_a_zero():
    page = student(SubmissionResult("a", "needs_review", notes=["reason"]))
    assert "No score yet" in page.text
    assert "This is not a zero" in page.text
    assert "0 of" not in page.text


def test_cell_errors_and_written_answers():
    page = student(every_outcome())
    assert "12 y = x / 0 ZeroDivisionError: division by zero" in page.section("cell-errors")
    assert page.inside["blockquote"] == ["Line one\n<b>two</b>"]
    assert "A person reads and marks these" in page.section("written")
    assert "q13_bn Nothing was written." in page.section("written")


def test_pictures_are_embedded_beside_their_question():
    page = student(every_outcome())
    (image,) = page.all("img")
    assert base64.b64decode(image["src"].removeprefix("data:image/png;base64,")) == png()
    assert (image["width"], image["height"]) == ("3", "2")
    assert image["alt"] == "Picture 1 of 1 that your notebook drew for Question 1"


def test_only_six_pictures_of_a_question_are_shown_and_only_harmless_ones():
    candidates = [
        b"GIF89a",
        png(100_000, 100_000),
        png() + bytes(pages.MAX_PICTURE_BYTES),
        b"\x89PNG\r\n\x1a\n",
        *[png(10 + i) for i in range(8)],
    ]
    page = student(SubmissionResult("a", "graded", [check("q2", "passed")], images={"q2": candidates}))
    assert [image["width"] for image in page.all("img")] == ["10", "11", "12", "13", "14", "15"]
    assert "6 more pictures are in your notebook, but not shown here." in page.section("q2")


def test_pictures_outside_the_questions_are_shown_too():
    page = student(SubmissionResult("a", "graded", [check("q2", "passed")], images={"other": [png()]}))
    assert len(page.all("img")) == 1
    assert "Pictures outside the questions" in page.section("other-pictures")


def test_endless_text_is_cut():
    long = "x" * 10_000_000
    result = SubmissionResult(
        "a",
        "graded",
        [check("q1", "failed", expected=long, found=long, hint=long)],
        cell_errors=[CellError(i, long, long) for i in range(40)],
        written={"q9": long},
    )
    assert len(pages.feedback_page(result)) < 100_000
    page = student(result)
    assert "… (9,998,000 more characters)" in page.text
    assert "And 10 more." in page.section("cell-errors")


# The class report


def class_of_three():
    def one(name, outcome, q4):
        return SubmissionResult(
            name, "graded", [check("q1", outcome, name="reads"), check("q4", q4, 12, name="builds")]
        )

    return [one("a 1", "passed", "passed"), one("b", "failed", "passed"), one("c", "skipped", "unjudged")]


def test_report_numbers():
    page = report(*class_of_three())
    assert "Graded with CIFAR-10." in page.text
    assert "Submissions 3 Graded 3 Need review 0 Mean score 9.7 Median score 12" in page.text
    # Scores 17, 12 and 0: sample standard deviation by hand sqrt(156.33 / 2) = 8.7.
    assert "lowest 0, median 12, mean 9.7 (sample standard deviation 8.7), highest 17." in page.section("scores")
    assert "Marks of 1 of them are partly open, and count as none until you have looked." in page.section("scores")
    assert "partly open" not in report(*class_of_three()[:2]).text
    questions = page.section("questions")
    assert "Question 1 1.7 5 33 % 1 3" in questions  # mean, marks, share, full, judged
    assert "Question 4 12.0 12 100 % 2 2" in questions
    assert re.findall(r"\d+ %", page.section("checks")) == ["33 %", "100 %"]


def test_a_question_may_be_worth_nothing(monkeypatch):
    rows = [replace(row, points=0) if row.is_bonus else row for row in QUESTIONS.values()]
    practical = replace(assignment.current(), questions=Questions(*rows))
    monkeypatch.setattr(assignment, "current", lambda: practical)
    page = report(SubmissionResult("a", "graded", [check("bonus", "passed", 0)]))
    assert "Bonus 0.0 0 1 1" in page.section("questions")


def test_report_names_the_data():
    page = report(data_source="stand-in")
    assert "Graded with stand-in data." in page.text
    assert "say nothing about CIFAR-10" in page.text
    assert "stand-in" not in report().text


def test_report_lists_review_first_with_reasons():
    page = report(full := class_of_three()[0], every_outcome(), SubmissionResult("silent", "needs_review"))
    review = page.section("review")
    assert "submission-01 NOTE-FOR-INSTRUCTOR Question 4, “Title”: U-text" in review
    assert "Question 5, “Title”: grader fault, see below" in review
    assert "silent No reason was recorded." in review
    assert full.submission not in review
    assert page.text.index("Need review") < page.text.index("All submissions")


def test_report_shows_each_fault_once_with_all_it_hit():
    one = every_outcome()
    two = SubmissionResult("submission-02", "needs_review", one.checks)
    other = SubmissionResult("c", "needs_review", [check("q5", "error", traceback="another")])
    page = report(one, two, other)
    assert page.inside["pre"] == ["Traceback TB-SECRET", "another"]
    assert "In submission-01, submission-02:" in page.section("faults")
    assert "None." in report(class_of_three()[0]).section("faults")


def test_report_links_lead_to_the_written_pages(tmp_path):
    names = ("a b", "../x", "ü?#%", "v1.2")
    results = [SubmissionResult(name, "graded", [check("q1", "passed")], seconds=31) for name in names]
    for result in results:
        store.write_result(result, tmp_path)
    store.write_summary(results, tmp_path, "CIFAR-10")
    page = Page((tmp_path / "report.html").read_text("utf-8"))
    links = [urlsplit(a["href"]) for a in page.all("a")]
    assert len(links) == 8  # all submissions, and the slowest ones
    assert all((link.scheme, link.netloc, link.query, link.fragment) == ("", "", "", "") for link in links)
    assert {(tmp_path / unquote(link.path)).resolve() for link in links} == set((tmp_path / "feedback").iterdir())


def test_links_to_code_lead_to_the_written_files(tmp_path):
    names = ("../x", "ü?#%")
    for name in names:
        store.write_result(SubmissionResult(name, "graded", code="# %%\nx = 1\n"), tmp_path)
    results = store.read_results(tmp_path)
    similar = Similar((Pair(*names, 0.987, 0.6),), more=2)
    page = Page(pages.class_report(results, "CIFAR-10", similar=similar))
    links = [urlsplit(a["href"]).path for a in page.all("a") if a["href"].startswith("code/")]
    assert {(tmp_path / unquote(link)).resolve() for link in links} == set((tmp_path / "code").iterdir())
    section = page.section("together")
    assert "Pairs that share 60 % or more of the own code of one of them" in section
    assert "../x ü?#% 99 % 60 % one, other And 2 more pairs." in section


def test_report_is_the_same_for_the_same_results():
    assert pages.class_report(class_of_three(), "CIFAR-10") == pages.class_report(class_of_three(), "CIFAR-10")


def test_histogram_counts_every_score_once():
    scores = [0, 9.99, 10, 55, 100, 109, 110]
    counts = {low: count for low, _, count in figures.score_counts(scores) if count}
    assert counts == {0: 2, 10: 1, 50: 1, 100: 3}
    assert [low for low, _, _ in figures.score_counts([])] == list(range(0, sum(QUESTIONS.points.values()), 10))
    picture, words = figures.histogram(scores)
    assert base64.b64decode(picture.split(",", 1)[1]).startswith(b"<?xml")
    assert words == "Histogram of the scores of 7 submissions. 0 to 10: 2, 10 to 20: 1, 50 to 60: 1, 100 to 110: 3."


# How hard a check is, and whether it tells good submissions from weak ones


def test_difficulty_and_discrimination_are_those_of_numpy():
    table = np.array(MARKS)
    a, b, c, d = item_analysis.summarise(class_of(MARKS))
    assert [round(check.difficulty, 4) for check in (a, b, c, d)] == [0.5, 0.4, 0.55, 1.0]
    for column, found in enumerate((a, b, c)):
        rest = table.sum(axis=1) - table[:, column]
        assert found.discrimination == pytest.approx(np.corrcoef(table[:, column], rest)[0, 1], abs=1e-12)
    # By hand, of b: the rest is 6 6 5 6 4 5 2 2 3 2; covariance 2.6 - 0.8 * 4.1, variances 0.96 and 2.69.
    assert b.discrimination == pytest.approx(-0.68 / math.sqrt(0.96 * 2.69))
    assert d.discrimination is None  # everybody has it
    assert [check.is_backward for check in (a, b, c, d)] == [False, True, False, False]


def test_what_is_not_decided_counts_neither_way():
    a, *_ = item_analysis.summarise(class_of([*MARKS, (None, 2.0, 2.0, 2.0)]))
    assert (a.difficulty, len(a.against)) == (0.5, 10)
    (open_,) = item_analysis.summarise(class_of([(None,)]))
    assert (open_.difficulty, open_.discrimination) == (None, None)


def test_few_submissions_have_no_correlation():
    assert all(check.discrimination is None for check in item_analysis.summarise(class_of(MARKS[:9])))
    section = report(*class_of(MARKS[:9])).section("checks")
    assert "q1 a is right. 56 % – 5 4" in section
    assert "“–”: nobody's marks differ, or fewer than 10 such submissions." in section
    assert "Good submissions" not in section


def test_a_check_that_good_submissions_fail_stands_out():
    page = report(*class_of(MARKS))
    section = page.section("checks")
    assert "Good submissions fail this check more often than weak ones." in section
    assert "Question 1: b is right. (−0.42)" in section
    assert "q1 b is right. 40 % −0.42 4 6" in section
    assert [a for a in page.all("td") if a.get("class") == "none"] != []


# Reported accuracies


def test_report_shows_reported_accuracies_without_a_baseline():
    page = report(reporting("a", tiny_vgg=0.5, tiny_resnet=0.25), SubmissionResult("b", "graded"))
    section = page.section("reported")
    assert "There is no baseline to compare with; make baselines trains it." in section
    assert "tiny_vgg tiny_vgg_bn tiny_vgg_3blocks tiny_resnet a 0.500 ± 0.012 (5) 0.250 ± 0.012 (5)" in section
    assert "No submission holds a run record." in report(SubmissionResult("b", "graded")).section("reported")


def test_report_compares_with_the_baseline():
    results = [reporting("low", tiny_vgg=0.549), reporting("in", tiny_vgg=0.551), reporting("high", tiny_vgg=0.671)]
    page = Page(pages.class_report(results, "CIFAR-10", BASELINES))
    section = page.section("reported")
    assert "Baseline 0.610 ± 0.010 (10)0.580 to 0.640" in section
    assert "low 0.549 ± 0.012 (5)below" in section
    assert "in 0.551 ± 0.012 (5) high 0.671 ± 0.012 (5)above" in section
    assert "what lies more than 3 points below or above it is worth a look" in section
    assert "no baseline" not in section


def test_report_marks_records_that_were_only_read():
    results = [
        SubmissionResult(name, "graded", reported={"tiny_vgg": Reported(0.5, 0.01, 5, is_evaluated=name == "tried")})
        for name in ("read", "tried")
    ]
    section = report(*results).section("reported")
    assert "Records marked “not evaluated” were only read" in section
    assert "read 0.500 ± 0.010 (5)not evaluated tried 0.500 ± 0.010 (5)" in section
    assert "not evaluated" not in report(results[1]).section("reported")


def test_a_baseline_that_cannot_be_read_is_told():
    page = Page(pages.class_report([reporting("a", tiny_vgg=0.6)], "CIFAR-10", baseline_problem="x is damaged"))
    assert "The baseline could not be read: x is damaged" in page.section("reported")


def test_picture_of_the_accuracies_in_words():
    results = [reporting("a", tiny_vgg=0.5), reporting("b", tiny_vgg=0.625), SubmissionResult("c", "graded")]
    picture, words = figures.accuracies(results, BASELINES)
    assert base64.b64decode(picture.split(",", 1)[1]).startswith(b"<?xml")
    assert words == (
        "Reported test accuracies, a dot for each submission. tiny_vgg: 2, from 0.500 to 0.625, median 0.562; baseline "
        "0.580 to 0.640. tiny_vgg_bn: none. tiny_vgg_3blocks: none. tiny_resnet: none."
    )
    no_accuracy = SubmissionResult("a", "graded", reported={"tiny_vgg": Reported(None, None, 5)})
    assert figures.accuracies([no_accuracy], {}) is None
    assert "a no accuracies (5)" in report(no_accuracy).section("reported")


# What to look at together


def test_report_names_submissions_with_the_same_training_neutrally():
    same = {"tiny_vgg": Reported(0.5, 0.01, 2, ("1", "2"), ("3", "4"))}
    results = [SubmissionResult(name, "graded", reported=same) for name in ("a", "b")]
    section = report(*results).section("together")
    assert "a, b: tiny_vgg (weights of 2 runs, histories of 2 runs)." in section
    assert "What two submissions have in common says nothing about how it came about." in section
    assert not re.search("cheat|plagia|copied|suspect", section, re.IGNORECASE)
    alone = "No two submissions hold the same trained weights or histories, or weights that answer alike."
    assert alone in report().section("together")


def test_report_says_why_code_was_not_compared():
    page = Page(pages.class_report([], "CIFAR-10", similar=Similar(problem="it took longer than 60 s")))
    assert "Nothing was compared: it took longer than 60 s." in page.section("together")


def test_report_lists_the_slowest_first():
    results = [SubmissionResult(f"s{i}", "graded", seconds=28.4 + i) for i in range(8)]
    assert report(*results).section("slowest") == "Slowest to grade s7: 35 s s6: 34 s s5: 33 s s4: 32 s s3: 31 s"
    assert report(*results[:3]).section("slowest") == "Slowest to grade s2: 30 s"
    assert report(*results[:2]).section("slowest") == "Slowest to grade None took longer than 30 s."


# Text


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;never ended\nnext line", "\nnext line"),
        ("\x1bcreset", "reset"),
        ("10 %\r20 %\r\n30 %", "10 %\n20 %\n30 %"),
        ("a\tb\x00\x07\x7f", "a\tb"),
        ("ab\u202ecd\u2066", "abcd"),
        ("naïve 学生 😀", "naïve 学生 😀"),
    ],
)
def test_clean(dirty, clean):
    assert sanitize.clean(dirty) == clean


@given(st.text())
def test_clean_leaves_nothing_to_clean(anything):
    cleaned = sanitize.clean(anything)
    assert sanitize.clean(cleaned) == cleaned
    cleaned.encode()
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", cleaned)


@pytest.mark.parametrize(
    ("value", "shown"), [(12.0, "12"), (7.5, "7.5"), (0.0, "0"), (10, "10"), (5.33333, "5.3333"), (None, "")]
)
def test_number(value, shown):
    assert sanitize.number(value) == shown
