"""Which tests are run when, and what is said of those for which there was no time."""

import re
import subprocess
import sys

from conftest import PROJECT


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/autograder/test_syntax.py", *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def test_what_there_is_no_time_for_is_listed() -> None:
    done = run("--budget", "0")
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout
    (counted,) = re.findall(r"^tests/autograder/test_syntax.py: (\d+) tests?$", done.stdout, re.MULTILINE)
    assert any("left out, since the time was up" in line for line in lines)
    assert re.search(rf"\b{counted} skipped\b", lines[-1])
    assert "passed" not in lines[-1]


def test_what_there_is_time_for_is_run() -> None:
    done = run("--budget", "600")
    assert done.returncode == 0, done.stdout
    assert "left out" not in done.stdout
    assert " passed" in done.stdout.splitlines()[-1]


def test_every_test_is_in_one_of_the_two() -> None:
    """`make test` and `make test-all` leave out nothing together; properties are in both, with more examples in one."""
    makefile = (PROJECT / "Makefile").read_text()
    assert re.findall(r'pytest .*-m "(.*)"', makefile) == ["not slow", "slow or deferred or hypothesis"]
    ci = (PROJECT / ".ci" / "run").read_text().splitlines()
    rest = "make test-all BUDGET=$((left > 60 ? left : 60))"
    assert [line for line in ci if line.startswith("make")] == ["make lint", "make test", rest]
