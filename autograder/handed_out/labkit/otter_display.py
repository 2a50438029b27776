"""How the results of `grader.check` look in a notebook: each check's title once, with what was expected and found.

Otter's own form adds the line of the test's code to each. IPython lets a type be displayed in another way; what Otter
itself keeps and logs stays as it is.
"""

import html
from typing import Any

from IPython import get_ipython

from labkit.checking import CheckFailed
from labkit.judging import Registry

TEST_FILE = "otter.test_files.exception_test", "ExceptionTestFile"


def show_plainly(checks: Registry) -> None:
    """Display results that are not all right as `as_text` and `as_html` have them, from now on.

    Args:
        checks: those that the results are of.
    """
    shell = get_ipython()
    if shell is not None:
        formatters = shell.display_formatter.formatters
        formatters["text/plain"].for_type_by_name(
            *TEST_FILE, lambda results, printer, _: printer.text(as_text(results, checks))
        )
        formatters["text/html"].for_type_by_name(*TEST_FILE, lambda results: as_html(results, checks))


def as_text(results: Any, checks: Registry) -> str:
    """The results of a question, an Otter `TestFile`, as text."""
    if results.passed_all:
        return repr(results)
    return "\n\n".join([_summary(results), *(_told(case, checks) for case in results.test_case_results)])


def as_html(results: Any, checks: Registry) -> str:
    """The same as HTML."""
    if results.passed_all:
        return str(results._repr_html_())
    parts = [
        f'<pre style="white-space: pre-wrap">{html.escape(_told(case, checks))}</pre>'
        for case in results.test_case_results
    ]
    return "\n".join([f"<p><strong>{html.escape(_summary(results))}</strong></p>", *parts])


def _summary(results: Any) -> str:
    passed = [case.passed for case in results.test_case_results]
    return f"{results.name}: {sum(passed)} of {len(passed)} checks passed."


def _told(case: Any, checks: Registry) -> str:
    """A check's title, and below it what is amiss."""
    if case.passed:
        check = checks.checks.get(case.test_case.body.test_func.__name__.removeprefix("test_"))
        return f"✅ {check.title if check else case.test_case.name}"
    # Before our own message, Otter has the place where the exception was raised.
    message = str(case.message)
    text = message.partition(f"{CheckFailed.__name__}: ")[2] or message
    return "❌ " + text.replace("\n", "\n   ")
