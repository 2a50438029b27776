"""Real schedulers and workers of dask, each in processes of its own, on loopback."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0  # seconds


def wait_for(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


def command(process: psutil.Process) -> list[str]:
    """Its command line; nothing of a process that has just ended."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@contextmanager
def dask(folder: Path, *arguments: str, ready: str, **variables: str) -> Iterator[tuple[psutil.Process, Path]]:
    """A command of dask's own in a process of its own, from when it says that it is ready; and its log."""
    log = folder / f"{arguments[0]}-{len(list(folder.iterdir()))}.log"
    environment = (
        os.environ | {"PYTHONPATH": f"{PROJECT}:{PROJECT}/assignment:{PROJECT}/autograder/handed_out"} | variables
    )
    with log.open("w") as file:
        started = subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments, "--host", "127.0.0.1", "--no-dashboard"],
            cwd=folder, env=environment, stdout=file, stderr=file, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    process = psutil.Process(started.pid)
    try:
        wait_for(lambda: ready in log.read_text() or started.poll() is not None, ready)
        assert started.poll() is None, log.read_text()
        yield process, log
    finally:
        if started.poll() is None:
            ended = [process, *process.children(recursive=True)]
            for one in ended:
                one.kill()
        started.wait()


@contextmanager
def scheduler(folder: Path, **variables: str) -> Iterator[str]:
    """Its address."""
    with dask(folder, "scheduler", "--port", "0", ready="Scheduler at:", **variables) as (_, log):
        yield next(line.split()[-1] for line in log.read_text().splitlines() if "Scheduler at:" in line)


@contextmanager
def worker(folder: Path, address: str, *options: str, **variables: str) -> Iterator[psutil.Process]:
    """One of one thread."""
    options = (address, "--nthreads", "1", "--local-directory", str(folder), *options)
    with dask(folder, "worker", *options, ready="Registered to:", **variables) as (process, _):
        yield process
