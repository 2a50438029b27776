"""The hostile zoo: what it takes for a success of an attack, and a slice of it, one attack of each theme."""

import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from autograder import assignment, batch
from autograder.gradebook import store
from autograder.results import CellError, SubmissionResult
from autograder.sandbox import jail
from labkit.judging import CheckResult, points_of
from zoo import __main__ as zoo
from zoo import hostile
from zoo.hostile import files, forging, greedy, judging, lying, on_plain, reaching
from zoo.hostile.attack import Attack
from zoo.hostile.world import ABSTRACT, FOLDER, PORT, SECRET_FILE, VARIABLE, World


@pytest.fixture(scope="module", autouse=True)
def _one_world() -> None:
    """All listeners have the same ports: these tests stay on one worker."""


ATTACK = Attack("tries something", "a mark", ends="needs_review", says="a reason")


def result(*right: str, **changes: object) -> SubmissionResult:
    """A submission that got the marks of some checks."""
    points = points_of(assignment.all_checks())
    checks = []
    for check in assignment.all_checks():
        earned = points[check.name] if check.name in right else 0.0
        outcome = "passed" if earned else "failed"
        checks.append(
            CheckResult(check.name, check.question, check.title, check.hidden, points[check.name], earned, outcome)  # type: ignore[arg-type]
        )
    whole = SubmissionResult(ATTACK.name, "needs_review", tuple(checks), notes=("a reason",))
    return replace(whole, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("graded", "traces", "fault"),
    [
        (result(), [], None),
        (result("q4_answered"), [], "q4: 2.0 marks instead of 0"),
        (result(status="graded"), [], "it ended as graded instead of needs_review"),
        (result(notes=("another",)), [], "nothing says 'a reason'"),
        (result(cell_errors=(CellError(1, "x", "it got the swordfish"),)), [], "it got a secret"),
        (result(), [f"a listener heard: {ATTACK.name}"], "a listener heard"),
        (result(), ["a listener heard: hostile-another"], None),
    ],
    ids=["nothing", "a-mark", "another-end", "no-reason", "a-secret", "a-trace", "a-trace-of-another"],
)
def test_what_counts_as_success(tmp_path: Path, graded: SubmissionResult, traces: list[str], fault: str | None) -> None:
    store.write_result(graded, tmp_path)
    faults = judging.judge(ATTACK, graded, tmp_path, traces).faults
    assert [f for f in faults if fault and f.startswith(fault)] or (not fault and not faults), faults


def test_what_an_honest_part_earns_is_no_success(tmp_path: Path) -> None:
    store.write_result(result("q4_answered"), tmp_path)
    earning = replace(ATTACK, earns={"q4": 2.0})
    assert judging.judge(earning, result("q4_answered"), tmp_path, []).faults == ()


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("<p>&lt;script&gt;</p>", []),
        ("<p><script>zoo()</script>", ["<script> in the page"]),
        ("<img src=x onerror=zoo()>", ["<img onerror=zoo()> in the page"]),
        ("<a href=' JavaScript:zoo()'>", ["<a href= JavaScript:zoo()> in the page"]),
        ("\x1b[2J", ["an escape sequence in the page"]),
    ],
)
def test_programs_in_pages_are_found(page: str, found: list[str]) -> None:
    assert judging.programs_in(page) == found


def test_the_world_sees_whoever_has_been_there(tmp_path: Path) -> None:
    """The traps work: an attack that is not held back leaves a trace of each kind, with its name."""
    mine = tmp_path / "grader.py"
    mine.write_text("right")
    world = World(mine)
    name = "hostile-test"
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)", f"{name}-sleeps"]
    stray = Path("/tmp") / f"{name}-{os.getpid()}"
    try:
        with world.planted():
            assert "swordfish" in SECRET_FILE.read_text()
            assert "swordfish" in os.environ[VARIABLE]
            for family, address in ((socket.AF_INET, ("127.0.0.1", PORT)), (socket.AF_UNIX, f"\0{ABSTRACT}")):
                with socket.socket(family) as connection:
                    connection.connect(address)
                    connection.send(f"{name}-{family.name}".encode())
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(f"{name}-udp".encode(), ("127.0.0.1", PORT))
            mine.write_text(f"wrong {name}-writes")
            (FOLDER / f"{name}-new").write_text("")
            stray.write_text("")
            process = subprocess.Popen(sleeper)
            time.sleep(0.5)
    finally:
        stray.unlink()
        process.kill()
        process.wait()
    said = "\n".join(world.traces())
    for trace in (
        f"a listener heard: a connection: {name}-AF_INET",
        f"a listener heard: a connection: {name}-AF_UNIX",
        f"a listener heard: {name}-udp",
        f"a file was changed, made or removed: {mine} b'wrong {name}-writes'",
        f"a file was changed, made or removed: {FOLDER / name}-new",
        f"something was left: {stray}",
        f"a process is left: {sys.executable} -c import time; time.sleep(60) {name}-sleeps",
    ):
        assert trace in said, said
    assert VARIABLE not in os.environ


def test_the_world_sees_nothing_where_nothing_happened() -> None:
    world = World()
    with world.planted():
        pass
    assert world.traces() == []


def test_attacks_have_names_of_their_own_and_are_many() -> None:
    names = [attack.name for attack in hostile.ATTACKS]
    assert len(set(names)) == len(names) >= 60


def test_every_attack_that_plain_otter_can_have_was_tried_on_it() -> None:
    assert set(on_plain.results()) == {attack.name for attack in hostile.ATTACKS if not attack.plain}
    assert all(on_plain.of(attack) for attack in forging.OTTER), "run python -m zoo.hostile.on_plain"


def test_what_plain_otter_gave_in_words() -> None:
    said = [
        (on_plain.Found("", 15.0, 15.0, "", ()), "full marks", True),
        (on_plain.Found("", 0.5, 15.0, "", ("it leaves a process",)), "0.5 of 15 marks; it leaves a process", True),
        (on_plain.Found("", 0.5, 15.0, "", ()), "0.5 of 15 marks", False),
        (on_plain.Found("", 0.0, 0.0, on_plain.HANGS, ()), "grading hangs", True),
        (on_plain.Found("", 0.0, 0.0, "no result: somebody has to look", ()), "no result: somebody has to look", False),
        (on_plain.Found("", 0.0, 15.0, "", ()), "it fails", False),
    ]
    for found, words, succeeds in said:
        assert (found.words, found.succeeds) == (words, succeeds)


SLICE = (
    *(a for a in reaching.ATTACKS if a.did in ("reads a file of the instructor", "leaves a daemon behind")),
    *(a for a in forging.ATTACKS if a.did in ("forges answers that say passed", "calls no test function")),
    *(a for a in lying.ATTACKS if a.did == "hands in a mean that is whatever is asked"),
    *(a for a in files.ATTACKS if a.did == "brings its own grader"),
    *(a for a in greedy.ATTACKS if a.did == "makes a million files"),
)


@pytest.mark.skipif(bool(jail.missing()), reason=f"no whole jail here: {'; '.join(jail.missing())}")
def test_a_slice_of_the_hostile_zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(SLICE) == 7
    monkeypatch.setattr(zoo, "FOLDER", tmp_path)
    outcomes, traces = zoo._attack(SLICE, batch.Options(), Console(quiet=True))
    assert {o.entry.name: o.faults for o in outcomes if o.faults} == {}
    assert traces == []
