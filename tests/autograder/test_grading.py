"""What becomes of faults that are not the student's, and what is taken from a notebook beside its marks."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from support import PROJECT

from assignment.samples import edits
from autograder import assignment, batch
from autograder.grading import notebook as grading
from autograder.grading import one_submission
from autograder.grading.notebook import pictures, written_answers
from autograder.intake import submissions
from autograder.results import SubmissionResult
from autograder.sandbox import Execution
from lab import settings
from lab.questions import QUESTIONS

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n-one").decode()


def notebook_of(*cells: Any) -> Any:
    return nbformat.v4.new_notebook(cells=list(cells))


def markdown(text: str) -> Any:
    return nbformat.v4.new_markdown_cell(text)


def picture(png: str = PNG) -> Any:
    output = nbformat.v4.new_output("display_data", data={"image/png": png})
    return nbformat.v4.new_code_cell("plot()", outputs=[output])


def graded_with(
    monkeypatch: pytest.MonkeyPatch, observations: dict[str, Any], losses: tuple[str, ...] = ()
) -> SubmissionResult:
    """Grade a file whose run in the sandbox observed this."""
    execution = Execution(notebook=notebook_of(), observations=observations, losses=list(losses))
    monkeypatch.setattr(grading, "execute", lambda *args, **options: execution)
    return one_submission.grade(
        one_submission.Task("somebody", submissions.Parcel(submissions.write(notebook_of())), key="k")
    )


def test_a_probe_that_fails_is_the_graders_fault_and_no_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    result = graded_with(monkeypatch, {"q2": {"grader_error": "Traceback: something of ours"}})
    assert result.status == "needs_review"
    assert result.question_score("q2") is None
    assert "q2 (5 marks open): The grader failed in q2_answered." in result.notes
    faults = [c for c in result.checks if c.outcome == "error"]
    assert {c.question for c in faults} == {"q2"}
    assert all("something of ours" in c.traceback for c in faults)
    assert {c.outcome for c in result.checks if c.question == "q2"} == {"error"}


def test_what_a_failing_cell_did_not_define_is_said_first(monkeypatch: pytest.MonkeyPatch) -> None:
    loss = "Cell 1 failed (ImportError: no): `np` is not defined."
    result = graded_with(monkeypatch, {"q2": {"grader_error": "Traceback: something of ours"}}, (loss,))
    assert result.notes[0] == loss
    assert len(result.notes) > 1


def test_an_observation_of_another_form_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever comes through the door, judging goes on; a check that cannot cope is reported, not hidden."""
    odd = {
        question: {"error": None, "calls": [{"error": None, "value": "odd", "figures": 3}]}
        for question in QUESTIONS.points
    }
    result = graded_with(monkeypatch, odd)
    assert len(result.checks) == len(assignment.all_checks())
    assert all(check.traceback for check in result.checks if check.outcome == "error")
    assert {check.earned for check in result.checks} == {0}
    assert result.status == "needs_review"
    noted = {note.split()[0] for note in result.notes}
    assert noted == {c.question for c in result.checks if c.outcome in ("unjudged", "error")}


def test_a_crash_of_the_sandbox_is_a_row_with_the_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*args: Any, **options: Any) -> Execution:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(grading, "execute", broken)
    path = tmp_path / "somebody.ipynb"
    nbformat.write(notebook_of(), path)
    result = one_submission.grade_file(path)
    assert result.status == "needs_review"
    assert result.score is None
    assert result.notes[0] == "The grader failed: OSError: [Errno 28] No space left on device"


def test_a_damaged_file_of_baselines_costs_no_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged() -> Any:
        raise ValueError("baselines.json is damaged (KeyError('n')); make baselines writes it anew")

    before = graded_with(monkeypatch, {})
    monkeypatch.setattr(grading, "baselines", damaged)
    result = graded_with(monkeypatch, {})
    assert result.checks == before.checks
    assert set(result.notes) - set(before.notes) == {
        "baselines.json is damaged (KeyError('n')); make baselines writes it anew"
    }


def test_what_was_not_tried_is_open_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    result = graded_with(monkeypatch, {"q1": {"load": {"error": {"kind": "missing", "name": "load_data"}}}})
    assert result.status == "needs_review"
    assert result.question_score("q1") == 0
    assert result.question_score("q2") is None
    assert "q2 (5 marks open): q2_answered needs a look: it was not tried." in result.notes


def test_written_answers_are_found_under_their_headings() -> None:
    notebook = notebook_of(
        markdown("## 4. Robustness"),
        markdown("### Written answer 1: what the standard deviation tells you\n\nIn three to six sentences"),
        markdown("It tells how far a run lies\nfrom the mean."),
        markdown("## My second point\n\nAnd more."),
        markdown("<!-- END QUESTION -->\n\n## 5. Visualisation"),
        markdown("### What a feature map is"),
        markdown("### Question 10: feature maps (8 points)"),
        markdown("not an answer"),
        markdown("### Written answer 2: two first layers"),
        markdown("_Type your answer here, replacing this text._"),
    )
    assert written_answers(notebook) == {
        "w1": "It tells how far a run lies\nfrom the mean.\n\n## My second point\n\nAnd more.",
        "w2": "",
    }


def test_pictures_belong_to_the_question_above_them() -> None:
    other = base64.b64encode(b"\x89PNG\r\n\x1a\n-two").decode()
    submitted = notebook_of(
        picture(),
        markdown("### Question 2: looking (5 points)"),
        picture(),
        markdown("### Bonus: more"),
        picture(other),
    )
    rerun = notebook_of(*(nbformat.v4.new_code_cell("x") for _ in range(5)))
    found = pictures(submitted, Execution(notebook=rerun))
    assert found == {"q2": [b"\x89PNG\r\n\x1a\n-one"], "bonus": [b"\x89PNG\r\n\x1a\n-two"]}


def test_pictures_of_this_run_stand_in_for_cleared_outputs() -> None:
    heading = markdown("### Question 8: curves (6 points)")
    submitted = notebook_of(heading, nbformat.v4.new_code_cell("plot()"))
    rerun = notebook_of(heading, picture())
    assert pictures(submitted, Execution(notebook=rerun)) == {"q8": [b"\x89PNG\r\n\x1a\n-one"]}


def test_files_of_one_name_stay_apart(tmp_path: Path) -> None:
    paths = [tmp_path / "a.ipynb", tmp_path / "a.zip", tmp_path / "b.zip"]
    assert list(batch._names(paths).values()) == ["a.ipynb", "a.zip", "b"]


DEEDS = ["Cell 1 looks at the frames of its callers.", "While q4 was tried, code of the notebook makes code objects."]


@pytest.mark.parametrize("trust", [False, True])
def test_marks_of_a_notebook_that_reaches_for_the_grader_are_provisional(
    monkeypatch: pytest.MonkeyPatch, trust: bool
) -> None:
    """All that it does is told; nothing of it keeps it from being run and judged."""
    observed = {question: {"not_run": "Trying it was stopped."} for question in QUESTIONS.points}
    seen = Execution(notebook_of(), observed, deeds=DEEDS)
    monkeypatch.setattr(grading, "execute", lambda *args, **options: seen)
    graded = grading.grade_notebook(notebook_of(), trust=trust)
    assert not [check for check in graded.checks if check.is_open]
    assert (graded.needs_review, graded.may_change) == (not trust, not trust)
    meaning = (
        "You have said that its marks count."
        if trust
        else "No answer needs that: its marks are provisional until you have looked. If they are to count, grade it "
        "again with --trust and the submission's name."
    )
    assert graded.notes == [f"{DEEDS[0]} {meaning}", DEEDS[1]]


def test_run_records_and_code_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading, "execute", lambda *args, **options: Execution(notebook=notebook_of()))
    page = (edits.RECORDS / "tiny_vgg.html").read_text()
    output = nbformat.v4.new_output("display_data", data={"text/html": page})
    notebook = notebook_of(nbformat.v4.new_code_cell("x = 2", outputs=[output]))
    parcel = submissions.Parcel(submissions.write(notebook), {"own.py": b"x = 1"})
    result = one_submission.grade(one_submission.Task("somebody", parcel, key="k"))
    assert result.code == "# %%\nx = 2\n# %% own.py\nx = 1\n"
    assert result.tokens == "V=2V=1"
    assert list(result.reported) == ["tiny_vgg"]
    assert result.reported["tiny_vgg"].n == settings.RUNS


def test_what_is_damaged_costs_nothing_until_a_person_has_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    observed = {question: {"error": None, "calls": []} for question in QUESTIONS.points}
    monkeypatch.setattr(grading, "execute", lambda *args, **options: Execution(notebook_of(), observed))
    notebook = json.loads(submissions.write(notebook_of(nbformat.v4.new_code_cell("x = 1"))))
    del notebook["cells"][0]["source"]
    parcel = submissions.Parcel(json.dumps(notebook).encode())
    result = one_submission.grade(one_submission.Task("somebody", parcel, key="k"))
    assert not [check for check in result.checks if check.outcome in ("failed", "skipped")]
    assert result.notes[0] == "The text of cell 1 is missing or damaged. What did not pass waits for you."


def test_the_judge_needs_neither_keras_nor_tensorflow() -> None:
    code = "import sys, autograder.grading; print(sys.modules.keys() & {'keras', 'tensorflow'})"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("set()\n", "")
