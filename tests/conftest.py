"""Data and the reference solution for all tests, and which of them are run, where, and how long.

What is decoded or observed is kept in build/cache between runs.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

PROJECT = Path(__file__).resolve().parent.parent
os.environ.setdefault("XDG_CACHE_HOME", str(PROJECT / "build" / "cache"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("MPLBACKEND", "agg")
for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(threads, "1")  # as many tests as cores are run at a time

LEFT_OUT = "left out: the time was up"
BEGUN = time.monotonic()

# `make test-all` says --hypothesis-profile=full; see `support.tries`.
hypothesis.settings.register_profile("fast", deadline=None)
hypothesis.settings.register_profile("full", deadline=None)
hypothesis.settings.load_profile("fast")


@pytest.fixture(scope="session")
def fork_server() -> Iterator[Any]:
    """Forks kernels, in the place of one started afresh for each notebook."""
    from autograder.sandbox import environment, open_fork_server

    with open_fork_server(environment()) as warm:
        yield warm


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--budget",
        type=float,
        default=float("inf"),
        metavar="SECONDS",
        help="begin no test later; say what is left out",
    )
    parser.addoption(
        "--from-kept",
        action="store_true",
        help="try deferred answers only where their observations are kept in build/cache",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Those that share something come first, so that none is alone at the end."""
    if "quick" in config.option.markexpr:
        from answers.in_process import mark_quick

        mark_quick(items)
    items.sort(key=lambda item: not _shares(item.path))


@cache
def _shares(file: Path) -> bool:
    """Whether tests of a file have a fixture in common."""
    return 'scope="module"' in file.read_text("utf-8")


class _Scheduling(LoadScopeScheduling):
    """Tests that share what takes long to make stay on one worker."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if _shares(PROJECT / file) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return _Scheduling(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if time.monotonic() - BEGUN > item.config.getoption("budget"):
        pytest.skip(LEFT_OUT)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if LEFT_OUT in str(r.longrepr)]
    if skipped:
        terminalreporter.section("left out, since the time was up")
        for file, n in sorted(Counter(r.nodeid.partition("::")[0] for r in skipped).items()):
            terminalreporter.write_line(f"{file}: {n} {'test' if n == 1 else 'tests'}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        import kept

        kept.prune()
