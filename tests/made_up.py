"""Made-up results of grading, for the pages that show them."""

import struct

from autograder.grading.baselines import Baseline
from autograder.marks.decided import digest_of_text
from autograder.marks.decisions import Decision
from autograder.marks.rubric import Item, Rubric
from autograder.results import CellError, Reported, SubmissionResult
from lab.questions import QUESTIONS
from labkit.judging import CheckResult

HOSTILE = (
    "</style></title><script>alert(1)</script><img src=x onerror=alert(1)>"
    "\" onclick='x' {{ 7 * 7 }} {% raw %} &lt;b&gt; "
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x00\x08 \u202egnp \ud800"
)


def png(width=3, height=2):
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", width, height) + b"\x08\x02\x00\x00\x00"


def check(question, outcome, points=5.0, *, name=None, title="Title.", hidden=False, **texts):
    earned = points if outcome == "passed" else 0.0
    return CheckResult(name or question, question, title, hidden, points, earned, outcome, **texts)


def every_outcome():
    return SubmissionResult(
        "submission-01",
        "needs_review",
        [
            check("q1", "passed", title="`load_data` gives both sets."),
            check("q3", "failed", 3, name="a", expected="E-text", found="F-text", hint="H-text"),
            check("q3", "skipped", 5, name="b", found="this needs “Title.” first."),
            check("q4", "unjudged", 12, found="U-text", hidden=True),
            check("q5", "error", 6, traceback="Traceback TB-SECRET"),
            check("q6", "failed", 8, hidden=True, expected="HE", found="HF", hint="HH"),
            check("bonus", "passed", 10),
        ],
        notes=["NOTE-FOR-INSTRUCTOR"],
        cell_errors=[CellError(12, "y = x / 0", "ZeroDivisionError: division by zero")],
        written={"q9_std": "Line one\n<b>two</b>", "q13_bn": " "},
        images={"q1": [png()]},
    )


def hostile():
    return SubmissionResult(
        HOSTILE,
        "needs_review",
        [
            check("q1", "failed", title=HOSTILE, expected=HOSTILE, found=f"`{HOSTILE}`", hint=HOSTILE),
            check("q2", "skipped", title=HOSTILE, found=HOSTILE),
            check("q3", "unjudged", title=HOSTILE, found=HOSTILE),
            check("q4", "error", title=HOSTILE, traceback=HOSTILE),
        ],
        notes=[HOSTILE],
        cell_errors=[CellError(1, HOSTILE, HOSTILE)],
        written={HOSTILE: HOSTILE},
        images={HOSTILE: [png(), HOSTILE.encode("utf-8", "replace")], "q1": [b"<svg onload=alert(1)>"]},
        reported={"tiny_vgg": Reported(0.5, 0.1, 1, ("w",), ("h",)), HOSTILE: Reported(0.5, 0.1, 1, ("w",), ("h",))},
    )


def class_of(marks):
    """A submission for each row; a mark for each of the checks a, b, c and so on, of 2 marks each; None: unjudged."""

    def one(name, row):
        checks = [
            CheckResult(letter, "q1", f"{letter} is right.", False, 2.0, earned or 0.0, outcome(earned))
            for letter, earned in zip("abcd", row, strict=False)
        ]
        return SubmissionResult(name, "graded", checks)

    def outcome(earned):
        return "unjudged" if earned is None else "passed" if earned else "failed"

    return [one(f"s{i}", row) for i, row in enumerate(marks)]


#              a  b  c  d
MARKS = [
    (2.0, 0.0, 2.0, 2.0),
    (2.0, 0.0, 2.0, 2.0),
    (2.0, 0.0, 1.0, 2.0),
    (2.0, 2.0, 2.0, 2.0),
    (0.0, 0.0, 2.0, 2.0),
    (2.0, 0.0, 1.0, 2.0),
    (0.0, 2.0, 0.0, 2.0),
    (0.0, 2.0, 0.0, 2.0),
    (0.0, 2.0, 1.0, 2.0),
    (0.0, 0.0, 0.0, 2.0),
]


def reporting(name, **means):
    reported = {variant: Reported(mean, 0.0123, 5) for variant, mean in means.items()}
    return SubmissionResult(name, "graded", reported=reported)


BASELINES = {"tiny_vgg": Baseline(0.61, 0.01, 10, 0.58, 0.64)}


MEAN, STD = Item("mean", 2, "Quotes the **mean**."), Item("std", 2, "Quotes the `std`.")
RUBRICS = {"w1": Rubric("w1", "what it means", 4, (MEAN, STD)), "w2": Rubric("w2", "filters", 0, (MEAN,))}


def solved(name="s1", **written):
    checks = [check(question, "passed", points) for question, points in QUESTIONS.points.items()]
    return SubmissionResult(name, "graded", tuple(checks), written=written or {"w1": "It scatters.", "w2": "Edges."})


def marked(result, name="w1", by="ann", **items):
    """A decision on a written answer, by `RUBRICS`."""
    value = {"items": items, "marks": None, "comment": "A comment.", "rubric": RUBRICS[name].digest}
    return Decision(by, result.submission, f"written:{name}", value, digest_of_text(result.written[name]))
