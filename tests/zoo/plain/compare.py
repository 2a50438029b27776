"""The zoo, graded the usual way: `python -m zoo.plain.compare [--all] [--only TEXT ...]`, with tests/ on the path.

The right and wrong submissions that `make zoo` grades, run records aside (`--all`: every one), are run, then tested by
the test files that `otter assign` makes of plain.ipynb, with Otter's own classes, in the process in which the student's
code ran: as plain Otter does it. The question is how many right submissions plain Otter fails, and how many wrong ones
it passes.

What differs from a run of `otter run`, all in favour of plain Otter or of the clock:

- Training is shortened and data are served offline as in the project's own sandbox: histories have the
  length that was asked for, but nobody has learnt anything. Plain Otter would train for hours. So no test asserts an
  accuracy that only training reaches.
- A question's tests are run before the next check cell, since they look at variables such as `history` and `results`,
  which the notebook defines below its check cell. Where they fail, or the check cell is missing, they are run after
  the last cell, as Otter does with missing ones, and the better result counts.
- A submission is tested on the question that it is about, and of the cells that try the answers only those are run on
  which the variables of these tests depend.
- Test cases are functions, so that a student's prints fail no test, as they would in Otter's older format.
- Submissions run in processes forked from one that has imported TensorFlow and run nothing of it, with a time limit.

Results are kept in build/zoo/plain.json by notebook and tests, so that a stopped run goes on where it was.
"""

import argparse
import ast
import hashlib
import importlib
import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import nbformat
from conftest import PROJECT  # and its environment: no GPU, no windows, data kept in build/cache
from rich.console import Console
from rich.table import Table

from assignment.data.dataset import dataset
from lab.questions import QUESTIONS
from zoo.plain import PLAIN

OUT = PROJECT / "build" / "zoo" / "plain.json"
AT_A_TIME = 2
DATA = {"x_train", "y_train", "x_test", "y_test"}  # arrays that functions use, too
LIMIT = 600.0  # wall-clock seconds of one submission
RESULT, FAULT = "plain-result.json", "plain-fault.txt"  # in a child's scratch folder
IMPORTED = (
    "IPython.core.interactiveshell",
    "keras",
    "labkit.short_training",
    "matplotlib.pyplot",
    "otter.test_files",
    "pandas",
    "seaborn",
    "sklearn.model_selection",
    "tensorflow",
)


@dataclass(frozen=True)
class Submission:
    """One submission of the zoo, as far as plain Otter looks at it.

    Args:
        name: of the entry.
        question: which one it is about; "all" for the form of a whole notebook.
        right: whether it must pass that question, or fail it.
        cells: source of its code cells.
    """

    name: str
    question: str
    right: bool
    cells: tuple[str, ...]


@dataclass
class Outcome:
    """What plain Otter made of a submission.

    Args:
        key: hash of the notebook and the tests that it came from.
        tests: question -> test case -> its message, empty where it passed.
        fault: why there are no tests; such a submission gets nothing.
    """

    key: str
    question: str
    right: bool
    tests: dict[str, dict[str, str]] = field(default_factory=dict)
    cell_errors: list[str] = field(default_factory=list)
    fault: str = ""
    seconds: float = 0.0

    def lost(self) -> set[str]:
        """Questions with a test that failed; all of them where the submission could not be run."""
        return {q for q in QUESTIONS.points if not self.tests.get(q) or any(self.tests[q].values())}

    @property
    def passed(self) -> bool:
        """Whether the question that the submission is about passed all its tests; for "all", every question."""
        return not (self.lost() if self.question == "all" else self.lost() & {self.question})


def main() -> int:
    """Run what was not run before, print the comparison."""
    parser = argparse.ArgumentParser(prog="python -m zoo.plain.compare", description="grade the zoo by plain Otter")
    parser.add_argument(
        "--only", nargs="+", default=[""], metavar="TEXT", help="just the submissions whose name holds one of these"
    )
    parser.add_argument("--all", action="store_true", help="every entry of the zoo, not just a spread of them")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE", help="where results are kept")
    arguments = parser.parse_args()
    tests = test_files()
    chosen = submissions(tests, arguments.only, everything=arguments.all or arguments.only != [""])
    known = _read(arguments.out)
    keys = {s.name: _key(s, tests) for s in chosen}
    left = [s for s in chosen if s.name not in known or known[s.name].key != keys[s.name]]
    _import_all()
    console = Console()
    for number, (submission, outcome) in enumerate(_run_all(left, tests), 1):
        outcome.key = keys[submission.name]
        known[submission.name] = outcome
        _write(arguments.out, known)
        console.print(f"{number} of {len(left)}: {outcome.seconds:.0f} s, {submission.name}", highlight=False)
    report({s.name: known[s.name] for s in chosen}, console)
    return 0


# What is run


def submissions(tests: Mapping[str, str], only: Sequence[str] = ("",), *, everything: bool = True) -> list[Submission]:
    """The solution, right and wrong entries, and the notebooks written without sight of the solution.

    Args:
        tests: question -> source of its test file.
        only: just those whose name holds one of these texts.
        everything: every entry, not just the spread that `make zoo` grades, without run records.
    """
    from answers import records
    from answers.entries import spread

    from zoo.__main__ import BLIND, GROUPS, OF_NOTEBOOKS, SPREAD
    from zoo.notebooks import solution

    found = [Submission("solution", "all", True, _code(solution()))]
    for group, entries in GROUPS.items():
        others = [entry for entry in entries if entry not in records.ENTRIES]
        for entry in entries if everything else spread(others, SPREAD[group], OF_NOTEBOOKS):
            cells = _code(entry.apply(solution()))
            if entry.question != "all":
                cells = needed(cells, _code(solution()), tests[entry.question])
            found.append(Submission(entry.name, entry.question, group == "equivalent", cells))
    blind = {f"blind-{path.stem}": _code(nbformat.read(path, as_version=4)) for path in BLIND}
    found += [Submission(name, "all", True, cells) for name, cells in blind.items()]
    return [submission for submission in found if any(text in submission.name for text in only)]


def _code(notebook: Any) -> tuple[str, ...]:
    return tuple(c.source for c in notebook.cells if c.cell_type == "code" and c.source.strip())


def needed(cells: Sequence[str], solution: Sequence[str], tests: str) -> tuple[str, ...]:
    """Cells without those of the solution that try answers, unless tests depend on a name that they assign.

    Args:
        cells: of the submission.
        solution: cells of the solution.
        tests: source of a test file, whose arguments are names of the notebook.
    """
    functions = [node for node in ast.walk(ast.parse(tests)) if isinstance(node, ast.FunctionDef)]
    wanted = {argument.arg for function in functions for argument in function.args.args} | DATA
    kept: list[str] = []
    for source in reversed(cells):
        is_trial = source in solution and not re.match("def |import |# Init|grader", source)
        names = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)] if is_trial else []
        if is_trial and not any(n.id in wanted for n in names if isinstance(n.ctx, ast.Store)):
            continue
        wanted |= {n.id for n in names if isinstance(n.ctx, ast.Load)}
        kept.insert(0, source)
    return tuple(kept)


def test_files() -> dict[str, str]:
    """Question -> source of the test file that `otter assign` makes of plain.ipynb."""
    with tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary) / "made"
        command = [sys.executable, "-m", "otter", "assign", str(PLAIN), str(made), "--no-run-tests", "--no-pdfs"]
        subprocess.run(command, cwd=temporary, capture_output=True, check=True)
        files = (made / "autograder" / "tests").glob("*.py")
        return {path.stem: path.read_text() for path in files}


def _key(submission: Submission, tests: Mapping[str, str]) -> str:
    content = json.dumps([asdict(submission), sorted(tests.items())])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


# The warm parent and its children


def _import_all() -> None:
    """What students and tests import, once for all children."""
    for name in IMPORTED:
        importlib.import_module(name)


def _assert_cold() -> None:
    """A child of a process in which TensorFlow has run anything hangs in its first `fit`.

    Raises:
        RuntimeError: it has.
    """
    from tensorflow.python.eager import context

    if context.context_safe() is not None and context.context_safe()._initialized:
        raise RuntimeError("TensorFlow has run in this process: children forked from it would hang")
    if threading.active_count() > 1:
        raise RuntimeError(f"threads are running in this process: {threading.enumerate()}")


def _run_all(left: Sequence[Submission], tests: Mapping[str, str]) -> Iterator[tuple[Submission, Outcome]]:
    """Each submission in a process of its own, some at a time; in the order in which they end."""
    if not left:
        return
    waiting = list(reversed(left))
    running: dict[int, _Child] = {}
    with _served() as data:
        while waiting or running:
            while waiting and len(running) < AT_A_TIME:
                child = _Child(waiting.pop(), tests, data)
                running[child.process.sentinel] = child
            wait(list(running), timeout=1.0)
            for sentinel, child in list(running.items()):
                if child.ended():
                    del running[sentinel]
                    yield child.submission, child.outcome()


@contextmanager
def _served() -> Iterator[Path]:
    """A folder with the data that is served offline."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "data"
        dataset().write(folder)
        yield folder


class _Child:
    """A process that runs one submission, in a scratch folder."""

    def __init__(self, submission: Submission, tests: Mapping[str, str], data: Path) -> None:
        _assert_cold()
        self.submission = submission
        self._scratch = tempfile.TemporaryDirectory()
        self._start = time.monotonic()
        own = tests if submission.question == "all" else {submission.question: tests[submission.question]}
        arguments = (submission.cells, own, data, Path(self._scratch.name))
        self.process = multiprocessing.get_context("fork").Process(target=_grade, args=arguments)
        self.process.start()

    def ended(self) -> bool:
        """Whether it has ended; it is made to after its time."""
        if time.monotonic() - self._start > LIMIT:
            self.process.kill()
        self.process.join(timeout=0)
        return not self.process.is_alive()

    def outcome(self) -> Outcome:
        """What it found, or why it found nothing."""
        seconds = round(time.monotonic() - self._start, 1)
        found = Outcome("", self.submission.question, self.submission.right, seconds=seconds)
        path = Path(self._scratch.name) / RESULT
        if path.exists():
            found.tests, found.cell_errors = json.loads(path.read_text())
        elif seconds > LIMIT:
            found.fault = f"stopped after {LIMIT:.0f} s"
        elif (Path(self._scratch.name) / FAULT).exists():
            found.fault = (Path(self._scratch.name) / FAULT).read_text()
        else:
            found.fault = f"the process ended with {self.process.exitcode}"
        self.process.close()
        self._scratch.cleanup()
        return found


def _grade(cells: Sequence[str], tests: Mapping[str, str], data: Path, scratch: Path) -> None:
    """In the child: run the cells, then the tests; leaves what they found in the scratch folder."""
    try:
        _make_quiet(scratch)
        found, errors = _run_notebook(cells, tests, data)
        temporary = scratch / f"{RESULT}.tmp"
        temporary.write_text(json.dumps([found, errors]))
        temporary.rename(scratch / RESULT)
    except BaseException:
        (scratch / FAULT).write_text(traceback.format_exc())
    finally:
        os._exit(0)  # no clearing up: the process is a copy of its parent


def _make_quiet(scratch: Path) -> None:
    """Nothing to read, nothing to show, and a folder to write in."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    sys.stdin = open(0)  # noqa: SIM115
    work = scratch / "work"
    work.mkdir()
    os.chdir(work)
    os.environ |= {"HOME": str(scratch), "IPYTHONDIR": str(scratch / "ipython"), "TMPDIR": str(scratch)}


def _run_notebook(
    cells: Sequence[str], tests: Mapping[str, str], data: Path
) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Run the cells, and the tests among and after them.

    Returns:
        (question -> test case -> message, errors that cells raised).
    """
    import keras
    import matplotlib.pyplot as plt
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    from assignment.kernel.serve import serve
    from autograder.sandbox.inside.prepare import _silent_otter
    from labkit.short_training import recording

    sys.modules["otter"] = _silent_otter()
    serve(data)
    keras.utils.set_random_seed(0)
    shortened = recording(keep_rows=False)
    shortened.__enter__()  # until the process ends
    sys.path.append("")
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    shell.system = shell.getoutput = lambda command, **options: ""
    errors: list[str] = []
    found: dict[str, dict[str, str]] = {}
    above = None  # question whose check cell is the last one above
    for source in cells:
        check = re.search(r"^grader\.check\([\"'](\w+)[\"']\)", source, re.MULTILINE)
        if check and above in tests:
            found[above] = _run_tests(tests[above], shell.user_ns)
        above = check[1] if check else above
        result = shell.run_cell(source, store_history=True)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            errors.append(f"{type(error).__name__}: {error}"[:300])
        plt.close("all")  # as the inline backend does
    for question in tests:
        if question not in found or any(found[question].values()):
            again = _run_tests(tests[question], shell.user_ns)
            found[question] = min(found.get(question, again), again, key=lambda cases: sum(map(bool, cases.values())))
    return found, errors


def _run_tests(source: str, names: dict[str, Any]) -> dict[str, str]:
    """Test case -> what Otter says of it, empty where it passed. Otter's modules were imported before `prepare`."""
    import matplotlib.pyplot as plt
    from otter.test_files.exception_test import ExceptionTestFile

    file = ExceptionTestFile.from_string(source)
    functions = [case.body.test_func.__name__ for case in file.test_cases]
    try:
        file.run(names)
    except BaseException as error:  # what Otter does not catch, such as SystemExit
        return dict.fromkeys(functions, f"{type(error).__name__}: {error}")
    finally:
        plt.close("all")
    results = zip(functions, file.test_case_results, strict=True)
    return {name: "" if result.passed else result.message[-600:] for name, result in results}


# What is kept and shown


def _read(path: Path) -> dict[str, Outcome]:
    return {name: Outcome(**o) for name, o in json.loads(path.read_text()).items()} if path.exists() else {}


def _write(path: Path, outcomes: Mapping[str, Outcome]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps({name: asdict(outcomes[name]) for name in sorted(outcomes)}, indent=1))
    temporary.rename(path)


def report(outcomes: Mapping[str, Outcome], console: Console) -> None:
    """Print how often plain Otter errs, by question."""
    table = Table("question", "right ones failed", "wrong ones passed", title="Plain Otter with the obvious asserts")
    for question in ("all", *QUESTIONS.points):
        group = [o for o in outcomes.values() if o.question == question]
        if group:
            table.add_row(question, *_errors(group))
    table.add_section()
    table.add_row("together", *_errors(outcomes.values()))
    console.print(table)
    for name, outcome in outcomes.items():
        if outcome.fault:
            console.print(f"{name}: {outcome.fault}", style="red", markup=False)


def _errors(outcomes: Any) -> tuple[str, str]:
    right, wrong = ([o for o in outcomes if o.right is is_right] for is_right in (True, False))
    failed, passed = sum(not o.passed for o in right), sum(o.passed for o in wrong)
    return f"{failed} of {len(right)}" if right else "", f"{passed} of {len(wrong)}" if wrong else ""


if __name__ == "__main__":
    sys.exit(main())
