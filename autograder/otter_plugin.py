"""The Otter plugin: the submission runs in the sandbox, Otter judges in a kernel without student code.

`before_execution` runs the submitted notebook in the sandbox and returns another, trusted one, which only loads
the results; Otter's tests look them up. `after_grading` attaches the student's executed notebook. So plain `otter run`,
`otter grade` and Gradescope get the isolation without a change to Otter.
"""

import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import nbformat
from otter.plugins import AbstractOtterPlugin

from autograder import assignment
from autograder.grading.notebook import Graded, grade_notebook
from autograder.intake import submissions
from autograder.results import OPEN
from labkit.checking import RESULTS
from labkit.judging import CheckResult

RESULTS_FILE = "check_results.json"

LOADER = """\
import sys
sys.path[:0] = {paths!r}
from autograder.otter_plugin import load_results
{name} = load_results({file!r})
"""


class SandboxPlugin(AbstractOtterPlugin):  # type: ignore[misc]
    """Isolates the submission from the tests.

    Configuration: `unsafe: true` lets it go on where the system cannot hold student code safely, `trust: true` lets
    the marks of a notebook count that does what no answer needs.
    """

    _graded: Graded | None = None

    def before_execution(self, submission: Any) -> Any:
        """Run the submission in the sandbox.

        Returns:
            A notebook of one cell that loads the results of all checks.
        """
        folder = Path(self.submission_path).parent
        source = folder.parent / "source" / "files"
        _take_practical_of(source)
        if isinstance(submission, str):
            submission = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(submission)])
        config = self.plugin_config or {}
        files = submissions.beside(Path(self.submission_path), folder)
        self._graded = grade_notebook(
            submission, files, unsafe=bool(config.get("unsafe")), trust=bool(config.get("trust"))
        )
        _remove_student_files(folder)
        results = folder.parent / RESULTS_FILE
        results.write_text(json.dumps([asdict(c) for c in self._graded.checks]))
        loader = LOADER.format(paths=[str(source)], name=RESULTS, file=str(results))
        return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(loader)])

    def after_grading(self, results: Any) -> None:
        """Attach the student's notebook as it ran, and say what a person has to look at."""
        if self._graded is None:
            return
        results.notebook = self._graded.executed
        _write_plain_messages(results, {c.name: c for c in self._graded.checks})
        lines = [f"Cell {e.cell} ({e.preview}): {e.error}" for e in self._graded.cell_errors]
        if self._graded.needs_review:
            lines[:0] = ["Needs a person's look:", *self._graded.notes]
        if lines:
            results.set_output("\n".join(lines))


def load_results(file: str) -> dict[str, CheckResult]:
    """Results of all checks by name, in the clean kernel."""
    return {item["name"]: CheckResult(**item) for item in json.loads(Path(file).read_text())}


def _take_practical_of(source: Path) -> None:
    """Grade by the practical that lies in Otter's zip, whatever engine is installed here."""
    found = [path.parent for path in source.glob("*/definition.py")]
    if len(found) == 1:
        os.environ[assignment.VARIABLE] = str(found[0])


def _remove_student_files(folder: Path) -> None:
    """Nothing of the student's may be importable where the tests run; `tests/` is Otter's own copy."""
    for path in folder.iterdir():
        if path.name == "tests" and not path.is_symlink():
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _write_plain_messages(results: Any, checks: dict[str, CheckResult]) -> None:
    """Say what was found, without the line of the test's code that Otter adds."""
    by_question: dict[str, list[CheckResult]] = {}
    for check in checks.values():
        by_question.setdefault(check.question, []).append(check)
    for question, test_file in results.results.items():
        for case, check in zip(test_file.test_case_results, by_question.get(question, []), strict=False):
            mark = "✅" if case.passed else OPEN if check.is_open else "❌"
            case.message = f"{mark} {check.title}" + (f"\n{check.message}" if check.message else "")
