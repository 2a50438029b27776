"""Time that counts is CPU time: what a student is charged with, on a quiet machine and beside other programs."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import pytest
from answers import RIGHT, WRONG
from answers.entries import Entry, right
from zoo import accuracy, notebooks

from autograder import assignment
from autograder.grading import one_submission
from autograder.grading.notebook import grade_notebook
from autograder.results import SubmissionResult
from autograder.sandbox import (
    Execution,
    ForkServer,
    Limits,
    MachineError,
    cpu_time,
    environment,
    execute,
    host,
    one_pass,
    open_fork_server,
)
from autograder.sandbox.cpu_time import Meter, Reading, Watch
from labkit.judging import Observations, judge

# ---- what is measured ----

COMPUTING = """
import os, time
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
while time.process_time() < SECONDS:
    pass
"""


@contextlib.contextmanager
def computing(count: int, seconds: float = 1e6) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that compute on one and the same core, each for so many CPU seconds."""
    code = COMPUTING.replace("SECONDS", repr(seconds))
    started = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(count)]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_three_on_one_core_have_one_core_together_and_wait_for_two() -> None:
    meter = Meter(os.getpid())
    with computing(3):
        time.sleep(0.5)
        before = meter.read()
        time.sleep(2)
        spent = meter.read().since(before)
    assert 0.2 < spent.computed < spent.clock + 0.3  # other processes may run on that core, too
    assert spent.kept is not None
    assert spent.kept > 1.5 * spent.clock
    assert spent.pressed is None or spent.pressed > 0.5 * spent.clock


def test_processes_that_have_ended_count() -> None:
    meter = Meter(os.getpid())
    before = meter.read()
    with computing(2, seconds=0.5) as started:
        for process in started:
            process.wait()
    assert 1.0 <= meter.read().since(before).computed < 1.5


def test_a_child_that_nobody_waits_for_takes_nothing_back() -> None:
    """Its time is lost for the system when it ends."""
    child = "import time\nwhile time.process_time() < 0.6: pass"
    code = "import os, signal, time\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
    code += f"if os.fork() == 0:\n    exec({child!r})\n"
    meter, readings = Meter(os.getpid()), []
    with subprocess.Popen([sys.executable, "-c", f"{code}else:\n    time.sleep(60)"]) as process:
        while not list(cpu_time._descendants(process.pid)):  # on a busy machine it takes a while to begin
            time.sleep(0.01)
        while not readings or list(cpu_time._descendants(process.pid)):
            readings.append(meter.read().computed)
            time.sleep(0.02)
            if len(readings) < 10:
                time.sleep(0.1)
        readings.append(meter.read().computed)
        process.kill()
    assert readings == sorted(readings)
    assert readings[-1] - readings[0] > 0.3


def test_without_the_systems_word_the_clock_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "exists", lambda path: False)
    meter = Meter(os.getpid())
    before = meter.read()
    time.sleep(0.2)
    spent = meter.read().since(before)
    assert spent.computed == spent.clock >= 0.2
    assert (spent.kept, spent.pressed) == (None, None)


# ---- what is too much ----


def watched(watch: Watch, seconds: int, computed: float, kept: float, step: float = 0.25) -> tuple[str, float]:
    """What a watch says of somebody who computes and is kept from it for so much of each second; and when."""
    clock = 0.0
    while clock < seconds:
        clock += step
        excess = watch.excess(Reading(clock, computed * clock, kept * clock, 0.0))
        if excess:
            return excess, clock
    return "", clock


START = Reading(0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("computed", "kept", "said", "at"),
    [
        (1.0, 0.0, " after 120 seconds of computing", 120),
        (4.0, 0.0, " after 120 seconds of computing", 30),  # four threads
        (0.125, 0.875, " after 120 seconds of computing", 960),  # beside seven others
        (0.0, 0.0, ": it waited for 60 seconds without computing", 60),
        (0.005, 0.0, ": it waited for 60 seconds without computing", 60),  # it looks at the clock now and then
        (0.001, 0.5, ": it waited for 60 seconds without computing", 120),  # it waited for the half of the time only
        (0.03, 0.0, ": it was not done after 2400 seconds, in most of which it did not compute", 2400),
        (0.005, 0.995, ": it was not done after 2400 seconds, in most of which it did not compute", 2400),
    ],
)
def test_what_is_too_much(computed: float, kept: float, said: str, at: float) -> None:
    excess, when = watched(Watch(START, 120, 60), 3000, computed, kept)
    assert excess == said
    assert when == pytest.approx(at, rel=0.02)


def test_what_nobody_saw_is_no_waiting() -> None:
    """The grader itself may have had no core for a minute, while the kernel had nothing more to do."""
    watch = Watch(START, 120, 60)
    assert [watch.excess(Reading(clock, 0.0)) for clock in (0.25, 90, 90.25)] == ["", "", ""]


BUSY = r"^this machine is too busy \(in 60 s the notebook could run for 6 s\)$"


@pytest.mark.parametrize(
    ("spent", "load", "is_busy"),
    [
        (Reading(60, 6, kept=40, pressed=60), 0, True),
        (Reading(60, 6, kept=20, pressed=60), 0, True),  # it was kept from running, and so were others
        (Reading(60, 6, kept=20, pressed=20), 0, False),
        (Reading(60, 6, kept=1, pressed=60), 99, False),  # it wanted no core, however busy the machine
        (Reading(60, 6, kept=40, pressed=None), 0, True),
        (Reading(60, 6, kept=20, pressed=None), 99, False),
        (Reading(60, 6, kept=None, pressed=40), 0, True),
        (Reading(60, 6, kept=None, pressed=20), 99, False),
        (Reading(60, 6, kept=None, pressed=None), 99, True),
        (Reading(60, 6, kept=None, pressed=None), 1, False),
        (Reading(60, 6, kept=0, pressed=0, stolen=40), 0, True),
        (Reading(60, 6, kept=0, pressed=0, stolen=10), 0, False),
    ],
)
def test_when_the_machine_is_to_blame(
    spent: Reading, load: float, is_busy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (load * (os.cpu_count() or 1), 0.0, 0.0))
    with pytest.raises(MachineError, match=BUSY) if is_busy else contextlib.nullcontext():
        host.require_cores(spent)


# ---- in the kernel ----

WAITING = "it waited for 4 seconds without computing"
WAITS = {
    "sleep": "import time\ntime.sleep(10**6)",
    "deadlock": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    "a thread that does not end": "thread = threading.Thread(target=lock.acquire)\nthread.start()\nthread.join()",
    "a program that reads on": "import subprocess\nsubprocess.run(['sleep', '1000000'])",
    "looks now and then": "import time\nwhile True:\n    time.sleep(0.5)",
}


@pytest.fixture(scope="module")
def warm() -> Iterator[ForkServer]:
    with open_fork_server(environment()) as fork_server:
        yield fork_server


def of(*sources: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def run(warm: ForkServer, *sources: str, limits: Limits, questions: tuple[str, ...] = ()) -> Execution:
    return execute(of(*sources), limits=limits, questions=questions, fork_server=warm)


def test_what_waits_is_told_so(warm: ForkServer) -> None:
    function = "def describe_data(*arrays):\n    lock.acquire()\ndef preprocess(*arrays):\n    return input('how?')"
    asks = "input('name?')"
    seen = run(warm, *WAITS.values(), asks, function, limits=Limits(wait=4), questions=("q1", "q3"))
    told = [error.error for error in seen.cell_errors]
    assert told == [f"stopped: {WAITING}"] * len(WAITS) + ["it asked for input, and at grading nobody types"]
    assert seen.observations["q1"] == {"not_run": f"Trying it was stopped: {WAITING}."}
    (asked,) = [
        c for c in judge(assignment.all_checks(), Observations(seen.observations, seen.seed)) if c.name == "q3_answered"
    ]
    assert asked.hint == "`input()` cannot be answered at grading: a function gets what it needs as its arguments."


def test_what_hardly_computes_ends_by_the_clock(warm: ForkServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu_time, "FAR", 2)
    source = "import time\nwhile True:\n    time.sleep(0.05)\n    sum(range(5_000))"
    seen = run(warm, source, limits=Limits(cell=4))
    assert [error.error for error in seen.cell_errors] == [
        "stopped: it was not done after 8 seconds, in most of which it did not compute"
    ]


@contextlib.contextmanager
def on_a_busy_core(warm: ForkServer) -> Iterator[None]:
    """What is forked meanwhile shares its core with eight programs that compute."""
    warm._wait_until_ready()
    assert warm._process is not None
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(warm._process.pid, {min(cores)})
    try:
        with computing(8):
            yield
    finally:
        os.sched_setaffinity(warm._process.pid, cores)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine of this test is, the clock ends nothing that computes."""
    monkeypatch.setattr(cpu_time, "FAR", 1000)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("core", [contextlib.nullcontext, on_a_busy_core], ids=["quiet", "busy"])
def test_an_endless_loop_is_told_within_its_cpu_time(core: Any, warm: ForkServer) -> None:
    readings: list[Reading] = []
    with core(warm), pytest.MonkeyPatch.context() as patch:
        patch.setattr(Meter, "read", lambda meter, read=Meter.read: readings.append(read(meter)) or readings[-1])
        function = "def describe_data(*arrays):\n    while True: pass"
        seen = run(warm, "while True: pass", function, limits=Limits(cell=2, probe=2), questions=("q1",))
    assert [error.error for error in seen.cell_errors] == ["stopped after 2 seconds of computing"]
    assert seen.observations["q1"] == {"not_run": "Trying it was stopped after 2 seconds of computing."}
    spent = readings[-1].since(readings[0])
    assert 4 <= spent.computed < 9, "both together, and setting up"


class Starved(Meter):
    """Of a kernel that gets no core."""

    def read(self) -> Reading:
        clock = time.monotonic()
        return Reading(clock, 0.0, clock, clock)


def test_a_kernel_that_got_no_core_is_no_fault_of_the_student(
    warm: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpu_time, "FAR", 1)
    monkeypatch.setattr(one_pass, "Meter", Starved)
    with pytest.raises(MachineError, match=r"^this machine is too busy \(in [23] s the notebook could run for 0 s\)$"):
        run(warm, "while True: pass", limits=Limits(cell=2))


def test_a_notebook_has_a_limit_by_the_clock(warm: ForkServer) -> None:
    """All its passes together; what was not tried waits for a person."""
    seen = run(warm, "import time; time.sleep(3)", "x = 1", limits=Limits(whole=3), questions=("q1",))
    assert [error.error for error in seen.cell_errors] == [
        "not run: the notebook took more than 3 seconds by the clock"
    ]
    assert seen.observations == {
        "q1": {"given_up": "the notebook took more than 3 seconds by the clock; this was not tried."}
    }


# ---- marks ----


def entry_named(name: str) -> Entry:
    return next(entry for entry in (*RIGHT, *WRONG) if entry.name == name)


ENTRIES = ("q4-subclassed-model", "q6-batch-size-not-handed-on", "q9-weights-of-the-last-run-handed-on")


@pytest.mark.slow
@pytest.mark.usefixtures("patient")
def test_a_busy_machine_costs_nobody_a_mark(warm: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four notebooks share one core with eight programs. By the clock some cells and probes would be too slow."""
    solution = right("q1", "the solution", "nothing is changed")
    entries = {entry.name: entry for entry in (solution, *map(entry_named, ENTRIES))}
    for name, entry in entries.items():
        nbformat.write(notebooks.make(entry), tmp_path / f"{name}.ipynb")
    limits = Limits(cell=8, probe=6)
    monkeypatch.setattr(one_submission, "grade_notebook", partial(grade_notebook, limits=limits))
    own, read = threading.local(), Meter.read

    def noted(meter: Meter) -> Reading:
        own.readings.append(read(meter))
        return own.readings[-1]  # type: ignore[no-any-return]

    def grade(path: Path) -> tuple[SubmissionResult, Reading]:
        own.readings = []
        result = one_submission.grade_file(path, kernels=warm)
        return result, own.readings[-1].since(own.readings[0])

    monkeypatch.setattr(Meter, "read", noted)
    with on_a_busy_core(warm), ThreadPoolExecutor(4) as pool:
        found = list(pool.map(grade, sorted(tmp_path.glob("*.ipynb"))))
    for result, spent in found:
        print(f"{result.submission}: {result.score} marks, {spent.computed:.1f} CPU s in {spent.clock:.0f} s")
        assert spent.clock > 4 * spent.computed, "the core was not busy"
    faults = {result.submission: accuracy.judge(entries[result.submission], result).faults for result, _ in found}
    assert faults == dict.fromkeys(entries, ())
