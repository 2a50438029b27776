"""Grading on the workers of a real dask scheduler: processes of their own, which are also killed."""

import csv
import io
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
from cluster import PATIENCE, PROJECT, command, dask, scheduler, wait_for, worker
from rich.console import Console

from autograder import batch, workers
from autograder.__main__ import main
from autograder.batch import Options
from autograder.gradebook import store
from autograder.grading import cache_key
from autograder.sandbox import jail

FORK_SERVER = str(PROJECT / "autograder" / "sandbox" / "fork_server.py")
NEEDS_JAIL = pytest.mark.skipif(bool(jail.missing()), reason=f"no whole jail here: {'; '.join(jail.missing())}")


def class_of(size: int, folder: Path, length: int = 10) -> Path:
    """A folder of files that cannot be parsed, which the workers find out."""
    folder.mkdir()
    for number in range(size):
        (folder / f"student{number:03}.ipynb").write_text(f'{{"no notebook": [{"0, " * length}{number}')
    return folder


def grade(folder: Path, out: Path, address: str | None, **options: object) -> list[str]:
    """Grade; the lines that were printed."""
    printed = Console(file=io.StringIO(), width=200)
    try:
        batch.grade_folder(folder, out, Options(scheduler=address, **options), printed)  # type: ignore[arg-type]
    finally:
        lines: list[str] = printed.file.getvalue().splitlines()  # type: ignore[attr-defined]
    return lines


def rows(out: Path) -> dict[str, dict[str, str]]:
    """Of grades.csv, where no submission may stand twice."""
    with (out / "grades.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert len({row["submission"] for row in found}) == len(found)
    return {row["submission"]: row for row in found}


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "dask").mkdir()
    with scheduler(tmp_path / "dask") as found:
        yield found


@pytest.mark.slow
def test_a_worker_is_killed_half_way(tmp_path: Path, address: str) -> None:
    """Nothing is lost, nothing graded twice into the gradebook; a worker may also come late."""
    folder = class_of(60, tmp_path / "class", 300_000)
    results = tmp_path / "out" / "results"
    kept: dict[str, int] = {}
    with worker(tmp_path / "dask", address, "--no-nanny") as first:

        def kill() -> None:
            wait_for(lambda: len(list(results.glob("*.json"))) >= 15, "the first results")
            first.kill()
            kept.update({path.name: path.stat().st_mtime_ns for path in results.glob("*.json")})

        with worker(tmp_path / "dask", address, "--no-nanny"):
            killer = threading.Thread(target=kill)
            killer.start()
            lines = grade(folder, tmp_path / "out", address)
            killer.join()
    assert not first.is_running()
    assert 15 <= len(kept) < 60
    names = {path.stem for path in folder.iterdir()}
    assert sorted(line.split(":")[0] for line in lines if ": needs_review, " in line) == sorted(names)
    assert "2 workers, 2 at a time." in lines
    assert {name: (results / name).stat().st_mtime_ns for name in kept} == kept
    notes = {row["note"] for row in rows(tmp_path / "out").values()}
    assert set(rows(tmp_path / "out")) == names
    assert notes == {"The file is not valid JSON (line 1): it was damaged or cut off. Ask for it again."}
    assert grade(folder, tmp_path / "out", address)[0].startswith("Grading 0 submissions")


@pytest.mark.slow
@NEEDS_JAIL
def test_a_submission_that_ends_its_workers_waits_and_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "dask").mkdir()
    folder = class_of(3, tmp_path / "class")
    sleeper = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import time\ntime.sleep(100)")])
    nbformat.write(sleeper, folder / "eve.ipynb")
    with (
        scheduler(tmp_path / "dask", DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as address,
        worker(tmp_path / "dask", address) as nanny,
    ):
        killed: set[int] = set()

        def busy() -> list[psutil.Process]:
            """The worker, below its nanny, while it has a kernel."""
            return [
                process
                for process in nanny.children()
                if process.pid not in killed
                and any(FORK_SERVER in command(child) and child.children() for child in process.children())
            ]

        def kill() -> None:
            for _ in range(2):  # beside the others, then alone
                wait_for(busy, "a submission to be tried")
                [process] = busy()
                killed.add(process.pid)
                process.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        lines = grade(folder, tmp_path / "out", address, fresh=True)
        killer.join()
    assert len(killed) == 2
    found = rows(tmp_path / "out")
    assert sorted(found) == ["eve", "student000", "student001", "student002"]
    assert found["eve"]["status"] == "needs_review"
    assert found["eve"]["score"] == ""
    assert found["eve"]["note"].startswith("Not graded: 1 workers ended with it, at last tcp://127.0.0.1:")
    assert sum("eve: needs_review" in line for line in lines) == 1
    assert all(found[name]["note"].startswith("The file is not valid JSON") for name in found if name != "eve")


@pytest.mark.slow
@NEEDS_JAIL
def test_student_code_on_a_worker_reaches_neither_it_nor_the_scheduler(tmp_path: Path, address: str) -> None:
    """And with the worker its kernels and its fork server end."""
    (tmp_path / "class").mkdir()
    with worker(tmp_path / "dask", address, "--no-nanny") as process:
        ports = [c.laddr.port for c in process.net_connections("tcp") if c.status == psutil.CONN_LISTEN]
        ports.append(int(address.rpartition(":")[2]))
        cells = [
            nbformat.v4.new_code_cell(f"import socket\nsocket.create_connection(('127.0.0.1', {port}))")
            for port in ports
        ]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "class" / "eve.ipynb")
        lines = grade(tmp_path / "class", tmp_path / "out", address)
        below = process.children(recursive=True)
        assert any(FORK_SERVER in command(child) for child in below)
        process.send_signal(signal.SIGTERM)
        _, left = psutil.wait_procs([process, *below], timeout=PATIENCE)
        assert left == []
    assert len(ports) >= 2
    assert any(line.startswith("eve: graded, 0 marks") for line in lines), lines
    [result] = store.read_results(tmp_path / "out")
    assert [error.error for error in result.cell_errors] == ["OSError: [Errno 95] Operation not supported"] * len(ports)


@pytest.mark.slow
def test_a_worker_of_another_state_grades_nothing(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = class_of(2, tmp_path / "class")
    true = cache_key.surroundings()
    other = true | {"data": "drawings", "keras": "2.0", "grader": "of another commit"}
    monkeypatch.setattr(cache_key, "surroundings", lambda: other)
    with worker(tmp_path / "dask", address, "--no-nanny"), pytest.raises(workers.WorkersError) as raised:
        grade(folder, tmp_path / "out", address)
    sentence = str(raised.value)
    assert sentence.startswith("the worker at tcp://127.0.0.1:")
    assert sentence.endswith(
        f" differs in data ({true['data']} there, drawings here), keras ({true['keras']} there, 2.0 here), "
        "the grader or its settings: bring it to the same state and start it anew"
    )
    assert rows(tmp_path / "out") == {}


@pytest.mark.slow
def test_a_worker_without_a_package_is_told(tmp_path: Path, address: str) -> None:
    folder = class_of(1, tmp_path / "class")
    package = tmp_path / "other" / "autograder" / "grading"
    package.mkdir(parents=True)
    for part in (package.parent, package):
        (part / "__init__.py").touch()
    (package / "on_worker.py").write_text("import otter_of_another_world\n")
    options = ("worker", address, "--nthreads", "1", "--no-nanny")
    with (
        dask(tmp_path / "dask", *options, ready="Registered to:", PYTHONPATH=str(tmp_path / "other")),
        pytest.raises(workers.WorkersError) as raised,
    ):
        grade(folder, tmp_path / "out", address)
    assert (
        str(raised.value)
        == "a worker lacks this project or one of its packages: No module named 'otter_of_another_world'"
    )


@pytest.mark.slow
def test_a_scheduler_that_goes_leaves_the_gradebook(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workers, "CONNECT", 2)
    folder = class_of(200, tmp_path / "class", 300_000)
    [process] = [p for p in psutil.Process().children() if "scheduler" in command(p)]

    def kill() -> None:
        wait_for(lambda: len(list((tmp_path / "out" / "results").glob("*.json"))) >= 5, "the first results")
        process.kill()

    killer = threading.Thread(target=kill)
    with worker(tmp_path / "dask", address, "--no-nanny"):
        killer.start()
        status = main(["grade", "--submissions", str(folder), "--out", str(tmp_path / "out"), "--scheduler", address])
        killer.join()
    assert status == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"error: the scheduler at {address} has gone"
    found = rows(tmp_path / "out")
    assert sorted(found) == sorted(r.submission for r in store.read_results(tmp_path / "out"))
    assert 5 <= len(found) < 200


@pytest.mark.slow
def test_no_worker_is_told_until_one_comes(tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "LOOK", 0.5)
    printed = Console(file=io.StringIO(), width=200)
    text = printed.file.getvalue  # type: ignore[attr-defined]
    folder = class_of(2, tmp_path / "class")
    options = Options(scheduler=address)
    grading = threading.Thread(target=batch.grade_folder, args=(folder, tmp_path / "out", options, printed))
    grading.start()
    wait_for(lambda: "No worker is there; waiting for one." in text(), "the sentence")
    assert "needs_review" not in text()
    with worker(tmp_path / "dask", address, "--no-nanny"):
        grading.join()
    assert len(rows(tmp_path / "out")) == 2
    assert text().count("No worker is there") == 1


def test_no_scheduler_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workers, "CONNECT", 1)
    folder = class_of(1, tmp_path / "class")
    out = tmp_path / "out"
    assert main(["grade", "--submissions", str(folder), "--out", str(out), "--scheduler", "tcp://127.0.0.1:1"]) == 1
    assert capsys.readouterr().err == "error: no dask scheduler answers at tcp://127.0.0.1:1 (within 1 s)\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scheduler", "head-node"], "'head-node' is no address such as tcp://10.0.0.1:8786"),
        (["--scheduler", "tcp://a:1", "--jobs", "2"], "not allowed with argument --scheduler"),
    ],
)
def test_wrong_usage(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["grade", *arguments])
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err
