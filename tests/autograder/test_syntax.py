"""Threads that build syntax trees at the same time do not disturb each other."""

import gc
import sys
import threading
import time
from collections.abc import Iterator

import nbformat
import numpy as np
import pytest

from autograder.intake import absent_packages
from autograder.sandbox import observation_reader
from autograder.sandbox.inside import messages

SECONDS = 2
THREADS = 4


@pytest.fixture
def many_switches() -> Iterator[None]:
    """The garbage collector is often at work, also in the midst of building a tree, and gives way to other threads."""

    def give_way(phase: str, info: dict[str, int]) -> None:
        time.sleep(0)

    before = gc.get_threshold()
    gc.set_threshold(50)
    gc.callbacks.append(give_way)
    yield
    gc.callbacks.remove(give_way)
    gc.set_threshold(*before)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="later versions of Python count for each thread")
@pytest.mark.usefixtures("many_switches")
def test_notebooks_and_observations_are_read_by_many_threads_at_a_time() -> None:
    """Without the lock, this fails (python/cpython#106905)."""
    source = "import json\ndef f(a, b):\n    return [a + b * c for c in range(3)]\n" * 40
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    answer = messages.pack({str(n): np.arange(n) for n in range(20)})
    faults: list[BaseException] = []
    end = time.monotonic() + SECONDS

    def read() -> None:
        try:
            while time.monotonic() < end:
                assert absent_packages.absent(notebook, {}) == []
                assert len(observation_reader.decode(*answer)) == 20
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=read) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
