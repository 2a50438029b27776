"""One process a submission: what a notebook does to the one that reads it spoils no other's grading."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import nbformat
import psutil
import pytest

from autograder import result_form
from autograder.gradebook import similarity
from autograder.grading import examiner
from autograder.grading import examiners as module
from autograder.grading.examiner import END, HEAD
from autograder.grading.examiners import Examiners, open_examiners
from autograder.grading.one_submission import Task
from autograder.intake.submissions import Parcel
from autograder.results import SubmissionResult
from autograder.sandbox import DEFAULT_LIMITS, jail, notebook_client
from labkit.judging import CheckResult

pytestmark = pytest.mark.skipif(bool(jail.missing()), reason=f"no whole jail here: {'; '.join(jail.missing())}")


@pytest.fixture(scope="module")
def examiners() -> Iterator[Examiners]:
    with open_examiners(is_warm=True) as found:
        yield found


@pytest.fixture
def own_examiners() -> Iterator[Examiners]:
    """To be damaged."""
    with open_examiners(is_warm=False) as found:
        yield found


@pytest.fixture
def submission(tmp_path: Path) -> Callable[..., Task]:
    """Writes a notebook of these code cells; its task."""

    def write(*cells: str, name: str = "ada") -> Task:
        path = tmp_path / f"{name}.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells))), path)
        return Task(name, path, key="k")

    return write


def examiner_of(examiners: Examiners) -> psutil.Process:
    """The one that is at work."""
    while not (found := psutil.Process(examiners._process.pid).children()):
        time.sleep(0.02)
    return found[0]


def folders() -> set[str]:
    own = f"{os.getpid()}-"
    return {
        path.name
        for folder, start in ((Path(tempfile.gettempdir()), "grading-"), (Path("/tmp"), "k-"))
        for path in folder.glob(f"{start}{own}*")
    }


def test_a_notebook_is_graded_and_nothing_is_left(examiners: Examiners, submission: Callable[..., Task]) -> None:
    result = examiners.grade(submission("print(6 * 7)", "1 / 0"))
    assert (result.submission, result.status, result.score, result.key) == ("ada", "graded", 0, "k")
    assert [error.error for error in result.cell_errors] == ["ZeroDivisionError: division by zero"]
    assert (result.code, result.tokens) == ("# %%\nprint(6 * 7)\n# %%\n1 / 0\n", "print(6*7)1/0")
    assert folders() == set()
    assert examiners.complaint == ""


def test_what_cannot_be_read_is_a_row(examiners: Examiners, tmp_path: Path) -> None:
    path = tmp_path / "ada.ipynb"
    path.write_bytes(b"{")
    result = examiners.grade(Task("ada", path, key="k"))
    assert result.notes == ("The file is not valid JSON (line 1): it was damaged or cut off. Ask for it again.",)
    assert (result.status, result.key, result.fault) == ("needs_review", "k", "")
    gone = examiners.grade(Task("ada", tmp_path / "none.ipynb", key="k"))
    assert gone.notes[0].startswith(
        f"Not graded: {tmp_path / 'none.ipynb'} cannot be read (No such file or directory)."
    )
    assert gone.fault == "machine"


def test_a_submission_is_packed_to_be_graded_elsewhere(examiners: Examiners, tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    content = nbformat.writes(nbformat.v4.new_notebook()).encode()
    (tmp_path / "ada" / "work.ipynb").write_bytes(content)
    (tmp_path / "ada" / "own.py").write_text("A = 1")
    (tmp_path / "ada" / "old.zip").write_bytes(b"")
    task = examiners.pack(Task("ada", tmp_path / "ada", key="k"))
    note = "The folder also holds old.zip, which was not looked at."
    assert isinstance(task, Task)
    assert task.source == Parcel(content, {"own.py": b"A = 1"}, (note,))
    (tmp_path / "ada" / "work.ipynb").unlink()
    refused = examiners.pack(Task("ada", tmp_path / "ada", key="k"))
    assert isinstance(refused, SubmissionResult)
    assert refused.notes == ("The zip file is damaged or encrypted. Ask for it again.",)


HUGE = {
    "one comment": ("# " + "import " * 9_000,),
    "many timers": ("\n".join(["%%time"] * 20_000),),
    "tabs": ("\n".join("\t" * n for n in range(280)) + "\t" * 20_000,),
    "a long cell": ("\n".join(f"x{n} = {n}" for n in range(50_000)),),
}
TOO_LONG = (
    "Reading or judging this submission took more than 2 seconds of computing: nothing was graded. Look at it, or ask "
    "for it again without what is huge in it."
)


@pytest.mark.parametrize("name", HUGE)
def test_huge_text_costs_its_own_examiner_only(
    name: str, examiners: Examiners, submission: Callable[..., Task]
) -> None:
    """Whether it takes more than a limit or not, there is a row that says so, and the one beside it is graded."""
    task = replace(submission(*HUGE[name]), limits=replace(DEFAULT_LIMITS, examiner=2))
    with ThreadPoolExecutor(2) as both:
        huge, other = both.map(examiners.grade, (task, submission("1 / 0", name="bob")))
    assert (other.submission, other.status, len(other.cell_errors)) == ("bob", "graded", 1)
    assert huge.status == "graded" or huge.notes == (TOO_LONG,)
    assert (huge.key, huge.fault) == ("k", "")
    assert folders() == set()


def test_what_takes_too_long_to_read_is_told(own_examiners: Examiners, tmp_path: Path) -> None:
    notebook = json.loads(nbformat.writes(nbformat.v4.new_notebook()))
    notebook["metadata"]["zeros"] = [[0] * 9 for _ in range(450_000)]
    path = tmp_path / "ada.ipynb"
    path.write_text(json.dumps(notebook))
    result = own_examiners.grade(Task("ada", path, "k", limits=replace(DEFAULT_LIMITS, examiner=2)))
    assert (result.status, result.notes, result.key) == ("needs_review", (TOO_LONG,), "k")


FLOODS = {
    "a print": "print('x' * 300_000_000)",
    "errors": """\
for _ in range(400):
    try:
        raise ValueError("x" * 1_000_000)
    except ValueError:
        get_ipython().showtraceback()
""",
    "metadata": """\
from IPython.display import display
for _ in range(400):
    display({"text/plain": "a"}, metadata={"x": "y" * 1_000_000}, raw=True)
""",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_of_output_is_cut(name: str, examiners: Examiners, submission: Callable[..., Task]) -> None:
    result = examiners.grade(submission(FLOODS[name], "1 / 0"))
    assert result.status == "graded"
    assert "The output of cell 1 was cut: it was too long." in result.notes
    assert [error.cell for error in result.cell_errors if error.cell == 2] == [2], "the next cell is run"
    assert len(result_form.encode(result)) < 2**20


def test_code_that_cannot_be_read_in_time_is_not_compared(
    own_examiners: Examiners, submission: Callable[..., Task]
) -> None:
    assert examiner._within(10, lambda: b"made") == b"made"
    start = time.monotonic()

    def endless() -> bytes:
        while True:
            pass

    assert examiner._within(1, endless) is None
    assert time.monotonic() - start < 60
    assert examiner._within(10, lambda: b"" + bytes(int("no number"))) is None
    assert similarity.tokens_of("# %%\nx = 1\n") == "V=1"


def test_an_examiner_that_is_killed_is_a_row_and_its_kernel_ends(
    own_examiners: Examiners, submission: Callable[..., Task]
) -> None:
    with ThreadPoolExecutor(1) as thread:
        graded = thread.submit(own_examiners.grade, submission("import time\ntime.sleep(1000)"))
        [launcher] = [psutil.Process(server._process.pid) for server in own_examiners._kernels if server._process]
        while not launcher.children(recursive=True):
            time.sleep(0.02)
        kernels = launcher.children(recursive=True)
        examiner_of(own_examiners).kill()
        result = graded.result()
    assert result.notes == ("The grader failed: the process that graded it ended by signal 9",)
    assert (result.status, result.fault, result.key) == ("needs_review", "grader", "")
    assert psutil.wait_procs(kernels, timeout=20)[1] == []
    assert folders() == set()


def test_the_warm_process_is_started_again(own_examiners: Examiners, submission: Callable[..., Task]) -> None:
    own_examiners._process.kill()
    own_examiners._process.wait()
    assert own_examiners.grade(submission("1 / 0")).status == "graded"


def test_without_it_nothing_is_graded_and_why_is_said(
    own_examiners: Examiners, submission: Callable[..., Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STARTS", 1)
    own_examiners._process.kill()
    own_examiners._process.wait()
    result = own_examiners.grade(submission("x = 1"))
    assert result.fault == "machine"
    assert result.notes[0].startswith("Not graded: no process can be had in which to grade it: ")


def test_a_machine_without_room_for_a_process_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the process from which all are forked goes on."""

    def fork() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(examiner.os, "fork", fork)
    (line, ours), (told, ours_told) = socket.socketpair(), socket.socketpair()
    with ours, ours_told:
        assert examiner._fork(ours, [line, told], ()) is None
        (status,) = END.unpack(ours_told.recv(END.size))
    with pytest.raises(module.ExaminerError, match="this machine has no room for another process"):
        module._parse(bytearray(), status)
    assert examiner._fork(ours, [], ()) is None, "nor is it lost where no descriptor arrived"


# ---- what it may do ----

CONFINED = """
import os, socket, sys
from pathlib import Path
from autograder.sandbox import jail
inside, outside = map(Path, sys.argv[1:])
jail.confine([], [inside])
def tried(what):
    try:
        what()
        return "done"
    except OSError as error:
        return type(error).__name__
print(tried(lambda: (inside / "a").write_text("a")))
print(tried(lambda: (outside / "b").write_text("b")))
print(tried(lambda: (outside / "secret").read_text()))
print(tried(lambda: (outside / "secret").unlink()))
print(tried(lambda: os.mkdir(outside / "c")))
print(tried(lambda: socket.socket(socket.AF_INET)))
print(tried(lambda: socket.socket(socket.AF_UNIX)))
"""


def test_an_examiner_writes_to_its_own_folder_and_has_no_network(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret").write_text("s")
    done = subprocess.run(
        [sys.executable, "-c", CONFINED, str(inside), str(outside)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["done", *["PermissionError"] * 4, "OSError", "done"]
    assert sorted(path.name for path in outside.iterdir()) == ["secret"]


# ---- what it says is hostile ----


def reply(head: object, *parts: bytes) -> bytearray:
    text = json.dumps(head).encode()
    return bytearray(b"".join((HEAD.pack(len(text)), text, *parts)))


def test_a_reply_in_order() -> None:
    head, parts = module._parse(reply({"sizes": [1, 2], "complaint": ""}, b"a", b"bc"), 0)
    assert (head["complaint"], parts) == ("", [b"a", b"bc"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (reply({"sizes": [3]}, b"a"), "its parts are longer than it is"),
        (reply({"sizes": [-1]}, b"a"), "its parts are longer than it is"),
        (reply({"sizes": ["1"]}, b"a"), "its parts are longer than it is"),
        (reply([1]), "it has no head"),
        (reply({}), "it has no head"),
        (bytearray(HEAD.pack(50_000) + b"[" * 50_000), "its head is nested too deeply"),
        (bytearray(HEAD.pack(2**40) + b"{}"), "its head is too large"),
        (bytearray(), "its head is too large"),
    ],
)
def test_a_reply_out_of_order(content: bytearray, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        module._parse(content, 0)


@pytest.mark.parametrize("status", [None, int(signal.SIGSEGV), 256])
def test_no_reply(status: int | None) -> None:
    with pytest.raises(module._Lost):
        module._parse(reply({"sizes": []}), status)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"earned": 0', '"earned": 1e999', "1e999 is not a number that JSON knows"),
        ('"earned": 0', '"earned": 1e9', "a check earned more than its marks"),
        ('"q1": {', '"q99": {', "its questions are not those of the practical"),
    ],
)
def test_a_result_that_cannot_be_is_none(old: str, new: str, said: str) -> None:
    check = CheckResult("q1_a", "q1", "It is so.", False, 1, 0, "failed")
    text = result_form.encode(SubmissionResult("ada", "graded", checks=(check,)))
    assert result_form.decode(text, is_file=False).checks == (check,)
    assert old in text
    with pytest.raises(ValueError, match=said):
        result_form.decode(text.replace(old, new, 1), is_file=False)


def test_what_is_nested_deeply_is_measured() -> None:
    deep: object = "abc"
    for _ in range(100_000):
        deep = [deep]
    assert notebook_client._size({"x": deep}) == 4


def test_a_reply_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert module._read(ours, time.monotonic() + 0.2) == b""
        monkeypatch.setattr(module, "MAX_REPLY", 10)
        theirs.send(b"x" * 11)
        assert module._read(ours, time.monotonic() + 60) == b""


@pytest.mark.parametrize(
    "other", [SubmissionResult("eve", "graded", key="k"), SubmissionResult("ada", "graded", key="l")]
)
def test_a_result_of_another_submission_is_none(
    other: SubmissionResult, own_examiners: Examiners, submission: Callable[..., Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"complaint": ""}, [result_form.encode(other).encode(), b""]
    monkeypatch.setattr(own_examiners, "_ask", lambda *args, **options: said)
    result = own_examiners.grade(submission("x = 1"))
    assert result.notes == ("The grader failed: what came is no result (ValueError: a result of another submission)",)


def test_a_short_one_does_not_wait_for_a_long_one(examiners: Examiners, submission: Callable[..., Task]) -> None:
    long, short = submission("import time\ntime.sleep(20)"), submission("x = 1", name="bob")
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(examiners.grade, short)
        while not psutil.Process(examiners._process.pid).children():
            time.sleep(0.01)
        second = threads.submit(examiners.grade, long)
        assert first.result().submission == "bob"
        assert not second.done()


def test_an_unknown_submission_is_marked_by_nobody_else(examiners: Examiners, tmp_path: Path) -> None:
    """Many at a time, each with its own reply."""
    tasks = []
    for number in range(12):
        path = tmp_path / f"s{number}.ipynb"
        path.write_text(f'{{"no notebook": {number}')
        tasks.append(Task(path.stem, path, key=f"k{number}"))
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(examiners.grade, tasks))
    assert [(one.submission, one.key) for one in found] == [(task.name, task.key) for task in tasks]
