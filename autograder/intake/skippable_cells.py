"""Cells of the handout that only try answers: they need not be run where nothing of the student's depends on them.

At grading the probes call the student's functions; what `results = run_experiment(build_model)` gives is looked at
by nobody, and would take more time than all else.
"""

import ast
import re
import symtable
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

from autograder import assignment, master, syntax

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
    return _needless(cells, set(assignment.current().looked_up.always))


def late(cells: Sequence[str]) -> list[str]:
    """Of these the ones that give names which probes may look up, in order: for when one does."""
    looked_up = assignment.current().looked_up
    return [cells[index] for index in sorted(needless(cells) - _needless(cells, {*looked_up.always, *looked_up.late}))]


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


def _given() -> frozenset[str]:
    return _only_trying(tuple(master.read(assignment.current().master).given_cells))


@cache
def _only_trying(given: tuple[str, ...]) -> frozenset[str]:
    return frozenset(given_cells(given))


def given_cells(given: Iterable[str]) -> list[str]:
    """Of the cells that the handout gives those that only try answers: all but imports, definitions, checks."""
    found = []
    for source in given:
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

    replaced = assignment.current().looked_up.replaced

    def visit(table: symtable.SymbolTable, others: frozenset[str]) -> None:
        top = table.get_type() == "module"
        used = {s.get_name() for s in table.get_symbols() if (s.is_referenced() if top else s.is_global())}
        names.update(used - others)
        for child in table.get_children():
            visit(child, others | replaced.get(child.get_name(), frozenset()))

    visit(symtable.symtable(_MAGIC.sub("", source), "cell", "exec"), frozenset())
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
