"""A second run grades only what has changed, as seen with files that cannot be read: they take no time."""

import contextlib
import csv
import io
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import nbformat
import psutil
import pytest
from made_up import png
from rich.console import Console

from autograder import assignment, batch, master, workers
from autograder.batch import Options
from autograder.gradebook import store
from autograder.grading import cache_key, examiners, one_submission
from autograder.grading.notebook import Graded
from autograder.results import SubmissionResult
from autograder.sandbox import jail
from labkit.judging import CheckResult, Outcome

PROJECT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Examiners have tests of their own; here grading is replaced."""
    monkeypatch.setattr(examiners, "open_examiners", lambda is_warm: contextlib.nullcontext(examiners.Here()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "submissions"
    made.mkdir()
    for name in ("ada", "bob"):
        (made / f"{name}.ipynb").write_bytes(b"")
    return made


def run(folder: Path, options: Options | None = None) -> list[str]:
    """Grade into a gradebook beside the folder; the lines printed about what was graded."""
    printed = Console(file=io.StringIO(), width=200)
    batch.grade_folder(folder, folder.parent / "out", options, printed)
    lines = printed.file.getvalue().splitlines()  # type: ignore[attr-defined]
    return [line.split(":")[0] for line in lines if ": needs_review, " in line]


def test_what_has_not_changed_is_kept(folder: Path) -> None:
    assert sorted(run(folder)) == ["ada", "bob"]
    assert run(folder) == []
    (folder / "bob.ipynb").write_bytes(b"{")
    assert run(folder) == ["bob"]
    notes = {r.submission: r.notes[0] for r in store.read_results(folder.parent / "out")}
    assert notes["ada"].startswith("The notebook file is empty")
    assert notes["bob"].startswith("The file is not valid JSON")


def test_what_a_link_leads_to_counts(folder: Path) -> None:
    links = folder.parent / "links"
    links.mkdir()
    for path in folder.iterdir():
        (links / path.name).symlink_to(path)
    assert sorted(run(links)) == ["ada", "bob"]
    assert run(links) == []
    (folder / "bob.ipynb").write_bytes(b"{")
    assert run(links) == ["bob"]


def test_a_run_that_cannot_start_keeps_the_gradebook(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(address: str) -> NoReturn:
        raise workers.WorkersError(f"no dask scheduler answers at {address}")

    monkeypatch.setattr(workers, "cluster", nobody)
    run(folder)
    grades = (folder.parent / "out" / "grades.csv").read_text()
    assert grades.count("\n") == 3
    with pytest.raises(workers.WorkersError):
        run(folder, Options(force=True, scheduler="tcp://127.0.0.1:1"))
    assert (folder.parent / "out" / "grades.csv").read_text() == grades


def test_a_name_of_a_file_controls_no_terminal(folder: Path) -> None:
    (folder / "eve\x1b]0;title\x07\x1b[2J.ipynb").write_bytes(b"")
    printed = Console(file=io.StringIO(), width=200)
    batch.grade_folder(folder, folder.parent / "out", console=printed)
    text = printed.file.getvalue()  # type: ignore[attr-defined]
    assert "eve" in text
    assert "\x1b" not in text


def test_new_baselines_make_all_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notes on run records speak of them."""
    keys = []
    for text in (None, "{}", "{ }"):
        if text is not None:
            (tmp_path / "baselines.json").write_text(text)
        practical = replace(assignment.current(), baselines=tmp_path / "baselines.json")
        monkeypatch.setattr(assignment, "current", lambda practical=practical: practical)
        keys.append(cache_key.surroundings.__wrapped__()["grader"])
    assert len(set(keys)) == 3


PLAIN = """\
# BEGIN QUESTION
name: q15
points: 5|### Question 15: mean|# BEGIN TESTS|# A number.
assert mean([1]) == 1|# END TESTS|# END QUESTION"""


def test_a_plain_question_that_has_changed_makes_all_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tests stand in the master notebook alone; words of texts and rubrics grade nothing again."""

    def key(old: str = "", new: str = "") -> str:
        path = tmp_path / "master.ipynb"
        content = json.loads(assignment.PROJECT.joinpath("assignment", "master.ipynb").read_text())
        kinds = ("raw", "markdown", "raw", "code", "raw", "raw")
        content["cells"] += [
            {"cell_type": kind, "source": source, "id": f"new-{number}"}
            for number, (kind, source) in enumerate(zip(kinds, PLAIN.split("|"), strict=True))
        ]
        text = json.dumps(content)
        assert old in text
        path.write_text(text.replace(old, new))
        master._read.cache_clear()
        practical = replace(practical_of_project, folder=tmp_path)
        monkeypatch.setattr(assignment, "current", lambda: practical)
        return str(cache_key.surroundings.__wrapped__()["grader"])

    practical_of_project = assignment.current()
    before = key()
    assert key("mean([1]) == 1", "mean([2]) == 2") != before
    assert key("points: 5", "points: 6") != before
    assert key("Question 15: mean", "Exercise 15: mean") != before
    assert key("Question 15: mean", "Question 15: the mean") == before
    assert key("**Rubric** (0 marks; look at: q9)", "**Rubric** (4 marks; look at: q9)") == before


def test_force_and_only(folder: Path) -> None:
    assert run(folder, Options(only="bo")) == ["bob"]
    assert run(folder) == ["ada"]
    assert run(folder, Options(force=True, only="ad")) == ["ada"]
    assert sorted(run(folder, Options(force=True))) == ["ada", "bob"]
    assert (folder.parent / "out" / "grades.csv").read_text().count("needs_review") == 2


def test_brief_feedback_is_written_without_grading_again(folder: Path) -> None:
    failure = CheckResult("q4_flatten", "q4", "The maps are flattened.", True, 2, 0, "failed", "E", "F-text", "H")
    out = folder.parent / "out"
    run(folder)
    ada = store.read_result("ada", out)
    assert ada is not None
    pictures = {"q2": [png(4, 4)]}
    store.write_result(replace(ada, checks=(failure,), images=pictures), out)
    page = out / "feedback" / "ada.html"
    assert "F-text" in page.read_text("utf-8")
    assert run(folder, Options(brief=True)) == []
    assert "The maps are flattened." in page.read_text("utf-8")
    assert "F-text" not in page.read_text("utf-8")
    assert "data:image/png" in page.read_text("utf-8")
    written = page.stat().st_mtime_ns
    assert run(folder, Options(brief=True)) == []
    assert page.stat().st_mtime_ns == written
    assert run(folder, Options()) == []
    assert "F-text" in page.read_text("utf-8")


def test_pictures_are_on_disk_and_not_in_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of a class of a thousand would be gigabytes."""
    pictures = {"q2": [png(4, 4)]}
    monkeypatch.setattr(
        one_submission, "prepare", lambda path, name, *_: SubmissionResult(name, "graded", images=pictures, key="k")
    )
    monkeypatch.setattr(cache_key, "key_of", lambda path: "k")
    out = folder.parent / "out"
    for _ in range(2):  # graded, then kept
        results = batch.grade_folder(folder, out, None, Console(file=io.StringIO()))
        assert [(result.submission, result.images) for result in results] == [("ada", {}), ("bob", {})]
        assert [result.images for result in store.read_results(out)] == [pictures, pictures]


def test_another_grader_grades_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(folder)
    monkeypatch.setattr(cache_key, "_fingerprint", lambda: "of another grader")
    assert sorted(run(folder)) == ["ada", "bob"]


def test_a_result_that_cannot_be_read_is_kept_aside_and_graded_again(folder: Path) -> None:
    run(folder)
    results = folder.parent / "out" / "results"
    (results / "ada.json").write_text("{}")
    with pytest.raises(store.GradebookError, match=r"ada.json is damaged, or of another version"):
        run(folder, Options(only="bob"))
    assert run(folder) == ["ada"]
    assert [path.read_text() for path in results.glob("ada.json.*.old")] == ["{}"]
    assert [r.submission for r in store.read_results(folder.parent / "out")] == ["ada", "bob"]


def test_provisional_marks_count_when_somebody_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted: list[bool] = []

    def grade(*args: Any, trust: bool, **options: Any) -> Graded:
        trusted.append(trust)
        is_provisional = not trust
        return Graded([], nbformat.v4.new_notebook(), is_provisional=is_provisional, may_change=is_provisional)

    monkeypatch.setattr(one_submission, "grade_notebook", grade)
    nbformat.write(nbformat.v4.new_notebook(), folder / "eve.ipynb")
    with pytest.raises(batch.UnknownSubmission, match=r"--trust ev: .*submissions holds no submission of that name"):
        run(folder, Options(trust=("ev",)))
    run(folder, Options(only="eve"))
    assert status_of("eve", folder) == "needs_review"
    run(folder, Options(only="eve", trust=("ada", "eve")))
    assert status_of("eve", folder) == "graded"
    assert trusted == [False, True]
    assert run(folder, Options(only="eve")) == []  # it stays so


def status_of(name: str, folder: Path) -> str:
    result = store.read_result(name, folder.parent / "out")
    assert result is not None
    return result.status


def test_no_two_submissions_have_one_name() -> None:
    paths = [Path(name) for name in ("ada.ipynb", "bob.ipynb", "bob.zip", "cy.ipynb", "cy.zip", "cy.ipynb.zip")]
    names = batch._names(paths)
    assert [names[path] for path in paths[:3]] == ["ada", "bob.ipynb", "bob.zip"]
    assert names[paths[4]] == "cy.zip"
    assert names[paths[3]].startswith("cy.ipynb ")
    assert len({*names.values()}) == len(paths)


def test_what_the_machine_had_no_room_for_is_tried_again_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def grade(task: one_submission.Task) -> SubmissionResult:
        tried.append(task.name)
        if task.name == "ada" and tried.count("ada") < 2:
            return one_submission.not_graded("ada", "the disk is full")
        return SubmissionResult(task.name, "needs_review", notes=("it is empty",))

    monkeypatch.setattr(one_submission, "grade", grade)
    assert run(folder, Options(jobs=1)) == ["bob", "ada"]
    assert tried == ["ada", "bob", "ada"]
    assert store.read_results(folder.parent / "out")[0].notes == ("it is empty",)


@pytest.mark.parametrize("passes", [True, False], ids=["passes", "stays"])
def test_what_a_fault_of_the_grader_has_met_is_tried_again_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch, passes: bool
) -> None:
    nbformat.write(nbformat.v4.new_notebook(), folder / "ada.ipynb")
    tried: list[str] = []

    def grade_notebook(*arguments: Any, **options: Any) -> Graded:
        tried.append("")
        if len(tried) == 1 or not passes:
            raise SystemError("AST constructor recursion depth mismatch")
        return Graded(checks=[], executed=nbformat.v4.new_notebook())

    monkeypatch.setattr(one_submission, "grade_notebook", grade_notebook)
    run(folder, Options(jobs=1, only="ada"))
    assert len(tried) == 2
    result = store.read_result("ada", folder.parent / "out")
    assert result is not None
    assert result.notes[:1] == (
        () if passes else ("The grader failed: SystemError: AST constructor recursion depth mismatch",)
    )


def checked(name: str, *outcomes: Outcome) -> SubmissionResult:
    """A result with checks that ended so."""
    checks = tuple(CheckResult(f"q1_{i}", "q1", "It is so.", False, 1, 0, o) for i, o in enumerate(outcomes))
    return SubmissionResult(name, "needs_review", checks=checks)


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (checked("ada", "passed", "error"), checked("ada", "passed", "passed"), 1),
        (checked("ada", "passed", "error"), checked("ada", "error", "error"), 0),
        (checked("ada", "passed", "error"), one_submission.not_graded("ada", "the memory is full"), 0),
        (one_submission.not_graded("ada", "the memory is full"), checked("ada", "error", "passed"), 1),
    ],
    ids=["passes", "worse", "machine", "better"],
)
def test_of_two_tries_the_one_that_judged_more_is_kept(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    first: SubmissionResult,
    second: SubmissionResult,
    kept: int,
) -> None:
    tries = [first, second]
    written: list[SubmissionResult] = []

    def write(result: SubmissionResult, out: Path, **options: bool) -> None:
        written.append(replace(result, seconds=0))

    monkeypatch.setattr(one_submission, "grade", lambda task: tries.pop(0))
    monkeypatch.setattr(store, "write_result", write)
    run(folder, Options(only="ada"))
    assert tries == []
    assert written == [first, (first, second)[kept]], "the first is written at once"


def test_a_fault_that_meets_many_is_no_accident(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    for number in range(batch.ACCIDENTS + 1):
        (tmp_path / f"{number}.ipynb").write_bytes(b"")

    def grade(task: one_submission.Task) -> SubmissionResult:
        tried.append(task.name)
        return checked(task.name, "passed", "error")

    monkeypatch.setattr(one_submission, "grade", grade)
    results = batch.grade_folder(tmp_path, tmp_path / "out", Options(), Console(file=io.StringIO()))
    assert len(results) == len(tried) == batch.ACCIDENTS + 1


def test_a_fault_of_the_grader_overwrites_no_marks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = replace(checked("ada", "passed"), status="graded")
    monkeypatch.setattr(one_submission, "grade", lambda task: good)
    run(folder, Options(only="ada"))
    monkeypatch.setattr(one_submission, "grade", lambda task: one_submission.grader_failed("ada", "KeyError: 1"))
    run(folder, Options(only="ada", force=True))
    result = store.read_result("ada", folder.parent / "out")
    assert result is not None
    assert result.status == "graded"


def test_a_fault_of_the_machine_overwrites_no_marks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(folder)
    before = store.read_result("ada", folder.parent / "out")
    full = one_submission.not_graded("ada", "the disk is full")
    monkeypatch.setattr(one_submission, "grade", lambda *arguments, **options: full)
    printed = Console(file=io.StringIO(), width=200)
    found = batch.grade_folder(folder, folder.parent / "out", Options(force=True, only="ada"), printed)
    assert (
        {result.submission: result for result in found}["ada"]
        == before
        == store.read_result("ada", folder.parent / "out")
    )
    assert "ada keeps its result: Not graded: the disk is full." in printed.file.getvalue()  # type: ignore[attr-defined]


def test_a_gradebook_has_one_secret_and_each_submission_its_own_entropy(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, code in (("ada", "1"), ("bob", "2")):
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), folder / f"{name}.ipynb")
    tried: dict[str, list[object]] = {"ada": [], "bob": []}

    def grade(task: one_submission.Task) -> SubmissionResult:
        tried[task.name].append(task.entropy)
        return SubmissionResult(task.name, "graded")

    monkeypatch.setattr(one_submission, "grade", grade)
    run(folder)
    run(folder, Options(force=True))
    secret = folder.parent / "out" / "secret"
    assert secret.stat().st_mode & 0o077 == 0
    secret.write_text("zz")  # damaged
    run(folder, Options(force=True))
    assert [len(set(entropies)) for entropies in tried.values()] == [2, 2]
    assert [entropies[0] == entropies[1] for entropies in tried.values()] == [True, True]
    assert set(tried["ada"]).isdisjoint(tried["bob"])


# ---- pace ----


def result(status: str) -> SubmissionResult:
    return SubmissionResult("somebody", status)  # type: ignore[arg-type]


def test_pace() -> None:
    now = [100.0]
    assert str(batch.Pace(100)) == ""
    pace = batch.Pace(100, 1500.0, clock=lambda: now[0])
    assert str(pace) == "about 25 min left"
    for status in ("graded", "needs_review", "graded", "graded"):
        pace.count(result(status))
    now[0] += 60
    assert str(pace) == "1 to review, 4 a minute, 24 min left"
    now[0] += 4 * 3600 - 60
    assert str(pace) == "1 to review, 0.017 a minute, 96 h 00 min left"
    for _ in range(95):
        pace.count(result("graded"))
    now[0] = 100 + 99 * 20
    assert str(pace) == "1 to review, 3 a minute, 20 s left"
    pace.count(result("graded"))
    assert str(pace).endswith(" 0 s left")


def test_lines_say_how_far_it_is(folder: Path) -> None:
    printed = Console(file=io.StringIO(), width=200)
    batch.grade_folder(folder, folder.parent / "out", Options(jobs=1), printed)
    lines = printed.file.getvalue().splitlines()  # type: ignore[attr-defined]
    first, second = (line for line in lines if ": needs_review, " in line)
    assert re.fullmatch(r"ada: needs_review, – marks, 0 s \(1 of 2, 1 to review, [\d.]+ a minute, \d+ s left\)", first)
    assert re.fullmatch(r"bob: .* \(2 of 2, 2 to review, [\d.]+ a minute, 0 s left\)", second)


@pytest.mark.parametrize(
    ("cores", "free", "jobs", "said"),
    [
        (8, 64.0, 8, ""),
        (8, 7.6, 3, "3 at a time: 7.6 GiB of memory are free (--jobs sets another number)."),
        (2, 1.0, 1, "1 at a time: 1.0 GiB of memory are free (--jobs sets another number)."),
        (2, None, 2, ""),
    ],
)
def test_as_many_at_a_time_as_cores_and_memory_allow(
    cores: int, free: float | None, jobs: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "cores", lambda: cores)
    monkeypatch.setattr(workers, "memory", lambda: None if free is None else int(free * 2**30))
    sentences: list[str] = []
    assert batch._jobs(sentences.append) == jobs
    assert sentences == [said] * bool(said)


def test_the_memory_is_that_which_is_free() -> None:
    free, total = psutil.virtual_memory().available, psutil.virtual_memory().total
    found = workers.memory()
    assert found is not None
    assert 0 < found < total
    assert found < free + 2**30


# ---- Ctrl-C, as a real signal to a real process ----

GRADE = [sys.executable, "-m", "autograder", "grade", "--jobs", "1"]


STOPPING = "Stopping when 1 submissions that are being graded are done; Ctrl-C: at once."


def interrupted(folder: Path, out: Path, when: Callable[[], bool], twice: bool) -> subprocess.CompletedProcess[str]:
    """`python -m autograder grade`, which gets SIGINT when something is the case, and once more when it has said so."""
    command = [*GRADE, "--submissions", str(folder), "--out", str(out)]
    said = out.with_suffix(".stdout")
    with said.open("w") as file:
        process = subprocess.Popen(command, cwd=PROJECT, stdout=file, stderr=subprocess.PIPE, text=True)
    for condition in (when, lambda: STOPPING in said.read_text())[: 1 + twice]:
        while not condition() and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=100)
    return subprocess.CompletedProcess(command, process.returncode, said.read_text(), complaints)


def names_in(out: Path) -> list[str]:
    """Of grades.csv."""
    with (out / "grades.csv").open(newline="") as file:
        return [row["submission"] for row in csv.DictReader(file)]


def test_ctrl_c_leaves_a_gradebook(tmp_path: Path) -> None:
    folder, out = tmp_path / "class", tmp_path / "out"
    folder.mkdir()
    for number in range(400):
        (folder / f"s{number:03}.ipynb").write_text(f'{{"no notebook": [{"0, " * 100_000}{number}')
    done = interrupted(folder, out, lambda: len(list((out / "results").glob("*.json"))) >= 10, twice=False)
    assert done.returncode == 130
    assert done.stderr == "Interrupted; what was graded so far is kept.\n"
    graded = sorted(r.submission for r in store.read_results(out))
    assert sorted(names_in(out)) == graded
    assert 10 <= len(graded) < 400
    assert "report.html" in [path.name for path in out.iterdir()]
    assert not list(out.rglob(".*.tmp"))
    kept = {path: path.stat().st_mtime_ns for path in (out / "results").iterdir()}
    batch.grade_folder(folder, out, Options(jobs=1), Console(quiet=True))
    assert len(names_in(out)) == 400
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


@pytest.mark.skipif(bool(jail.missing()), reason="no whole jail here")
def test_ctrl_c_waits_for_what_is_at_work_and_a_second_one_does_not(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    folder.mkdir()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (folder / "ada.ipynb").write_bytes(b"")
    sleeper = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import time\ntime.sleep(80)")])
    nbformat.write(sleeper, folder / "eve.ipynb")
    start = time.monotonic()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(scratch))
        begun = lambda: bool(list(scratch.glob("grading-[0-9]*/grading-*")))  # noqa: E731 - a kernel's
        done = interrupted(folder, tmp_path / "out", begun, twice=True)
    assert time.monotonic() - start < 60
    assert done.returncode == 130
    assert STOPPING in done.stdout
    assert done.stderr == "Interrupted; what was graded so far is kept.\n"
    assert names_in(tmp_path / "out") == ["ada"]
    left = [p for p in psutil.process_iter(["cmdline"]) if any(str(scratch) in a for a in p.info["cmdline"] or ())]
    assert psutil.wait_procs(left, timeout=10)[1] == []
