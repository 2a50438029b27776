"""Cells of the handout that only try answers: they need not be run where nothing of the student's depends on them.

At grading the probes call the student's functions; what `results = run_experiment(build_tiny_vgg)` gives is looked at
by nobody, and would take more time than all else.
"""

import ast
import json
import re
import symtable
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from autograder import syntax

GIVEN: Final = (
    Path(__file__).parents[2] / "assignment" / "given_cells.json"
)  # sources of such cells; `make docs` writes it
LOOKED_UP: Final = {"x_train_raw", "y_train_raw", "x_test_raw", "y_test_raw"}  # by probes, among the names
LABELS: Final = "y_train"  # looked up too, but only where `preprocess` does not work on the images of the probes
SWAPPED: Final = {"x_train", "y_train", "x_test", "y_test"}  # what `run_experiment` uses, and its probe puts into place
# With these any name can be reached, without its being written down.
ANY_NAME: Final = {
    "__main__", "dir", "eval", "exec", "get_ipython", "getattr", "globals", "In", "inspect", "locals", "Out", "sys",
    "vars",
}  # fmt: skip
_OUTPUT: Final = re.compile(r"_+(i*|ih|oh|dh|i?\d+)")  # IPython's names of earlier inputs and outputs
_MAGIC: Final = re.compile(r"^\s*[%!].*$", re.MULTILINE)


def needless(cells: Sequence[str]) -> set[int]:
    """Numbers of the cells that need not be run before the probes.

    Args:
        cells: sources of a notebook's cells, in order; empty for those that are no code.
    """
    return _needless(cells, LOOKED_UP)


def late(cells: Sequence[str]) -> list[str]:
    """Of these the ones that give `y_train`, in order: for when a probe looks it up."""
    return [cells[index] for index in sorted(needless(cells) - _needless(cells, LOOKED_UP | {LABELS}))]


def _needless(cells: Sequence[str], looked_up: set[str]) -> set[int]:
    given = _given()
    wanted = set(looked_up)
    for source in cells:
        if source.strip() not in given:
            try:
                wanted |= _used(source)
            except (SyntaxError, ValueError, RecursionError, MemoryError):  # of cells that nobody can foresee
                return set()
    if wanted & ANY_NAME or any(_OUTPUT.fullmatch(name) for name in wanted):
        return set()
    found = set()
    for index in reversed(range(len(cells))):
        if cells[index].strip() in given:
            if _assigned(cells[index]) & wanted:
                wanted |= _used(cells[index])
            else:
                found.add(index)
    return found


@cache
def _given() -> frozenset[str]:
    return frozenset(json.loads(GIVEN.read_text("utf-8")))


def given_cells(solution: Iterable[str]) -> list[str]:
    """Of the sources of the solution's code cells those that only try answers: all but imports, definitions, checks.

    They lie outside the regions of the solution, so the handout has them as they are.
    """
    found = []
    for source in solution:
        body = syntax.parse(source).body
        kinds = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
        is_check = re.search(r"^grader\b|\botter\b", source, re.MULTILINE)
        calls = any(isinstance(node, ast.Call) for node in ast.walk(ast.Module(body, [])))
        if calls and not is_check and not any(isinstance(node, kinds) for node in body):
            found.append(source.strip())
    return found


def _used(source: str) -> set[str]:
    """Global names that the code of a cell reads, in its functions too; of lines that are no Python, every word.

    Raises:
        SyntaxError: the rest is no Python either.
    """
    magics = {word for line in _MAGIC.findall(source) for word in re.findall(r"\w+", line)}
    names: set[str] = set()

    def visit(table: symtable.SymbolTable, in_experiment: bool) -> None:
        top = table.get_type() == "module"
        used = {s.get_name() for s in table.get_symbols() if (s.is_referenced() if top else s.is_global())}
        names.update(used - SWAPPED if in_experiment else used)
        for child in table.get_children():
            visit(child, in_experiment or child.get_name() == "run_experiment")

    visit(symtable.symtable(_MAGIC.sub("", source), "cell", "exec"), False)
    nodes = list(ast.walk(syntax.parse(_MAGIC.sub("", source))))
    imported = {alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    changed = [target for node in nodes if isinstance(node, ast.Delete) for target in node.targets]
    changed += [node.target for node in nodes if isinstance(node, ast.AugAssign)]
    needed = {name.id for target in changed for name in ast.walk(target) if isinstance(name, ast.Name)}
    return names | magics | needed | (imported & ANY_NAME)


def _assigned(source: str) -> set[str]:
    """Names that a cell binds, or in whose objects it puts something."""
    names = set()
    for node in ast.walk(syntax.parse(source)):
        targets = node.targets if isinstance(node, ast.Assign) else [node] if isinstance(node, ast.Name) else []
        for target in targets:
            while isinstance(target, ast.Subscript | ast.Attribute):
                target = target.value
            if isinstance(target, ast.Name) and (isinstance(node, ast.Assign) or isinstance(target.ctx, ast.Store)):
                names.add(target.id)
    return names
