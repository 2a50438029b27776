"""Tests in Otter's usual form: asserts on the names of a notebook, run beside its code.

They are as safe as Otter's own and no safer: whoever writes the notebook can reach what they use.
"""

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labkit.judging import Check, Failure, Observations
from labkit.plain_data import Plain
from labkit.student import Student

FILE = "<test>"
OF_A_LINE = "`assert "  # how the message of an assertion begins that has none of its own


@dataclass(frozen=True)
class OtterTest:
    """A test cell.

    Args:
        name: unique in the practical, such as "q15_1".
        title: what people read.
        source: bare asserts, or one function `test_...` whose arguments are names of the notebook, or `env` for all.
        weight: its share of the question's marks.
        hidden: whether students do not see it.
    """

    name: str
    title: str
    source: str
    weight: float
    hidden: bool


def run(source: str, names: Mapping[str, Any]) -> None:
    """Run a test cell on the names of a notebook, which it does not change.

    >>> run("assert total == 3", {"total": 3})
    >>> run("assert total == 3", {"total": 4})
    Traceback (most recent call last):
    AssertionError: `assert total == 3` does not hold.

    Raises:
        Exception: what the test raises; an assertion without a message of its own gets the line that does not hold.
    """
    scope = dict(names)
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and node.msg is None:
            line = " ".join(ast.unparse(node.test).split())
            node.msg = ast.copy_location(ast.Constant(f"{OF_A_LINE}{line}` does not hold."), node)
    exec(compile(ast.fix_missing_locations(tree), FILE, "exec"), scope)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            wanted = inspect.signature(scope[node.name]).parameters
            scope[node.name](**{name: scope if name == "env" else scope.get(name) for name in wanted})


def probe_of(tests: Sequence[OtterTest]) -> Callable[[Student], dict[str, Plain]]:
    """A probe that lets the notebook's own process run tests."""

    def probe(student: Student) -> dict[str, Plain]:
        return {"tests": {test.name: student.ask("run_test", source=test.source) for test in tests}}

    return probe


def check_of(test: OtterTest, question: str, points: float) -> Check:
    """What judges what a test has said."""

    def judge(observations: Observations) -> None:
        error = observations[question]["tests"][test.name]
        if error is None:
            return
        message = str(error["message"])
        if error["type"] != "AssertionError":
            message = f"{error['type']}: {message}"
        elif test.hidden and message.startswith(OF_A_LINE):  # it would show what is tested
            message = "An assertion does not hold."
        raise Failure("The test passes.", message)

    return Check(test.name, question, test.title, test.weight, test.hidden, (), judge, points)
