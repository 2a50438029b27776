"""Modules that a notebook imports and that are neither here nor came with it: told beside its marks."""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import PurePosixPath
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from autograder import syntax

MAX_SOURCE = 10**6  # characters of one cell or file that is looked at
GIVEN = {"", "lab", "otter", "google"}  # what the handout imports, and what Colab has
_MAGICS = re.compile(r"\A(?:\s*%%\w+.*(?:\n|\Z))+")  # at the top of a cell, such as %%time
_WRITES = re.compile(r"\A\s*%%(?:writefile|file) +(\w+)\.py")


def absent(notebook: Any, files: Mapping[str, bytes]) -> list[str]:
    """A sentence for each such module.

    Args:
        notebook: in nbformat 4.
        files: what came with it, relative path -> content.
    """
    sources = list(_sources(notebook, files))
    own = {PurePosixPath(name).parts[0].removesuffix(".py") for name in files}
    own |= {name for _, source in sources for name in _WRITES.findall(source)}
    found: dict[str, str] = {}
    for place, source in sources:
        for module in _imported(source):
            if module not in own | GIVEN and not _is_here(module):
                found.setdefault(
                    module, f"{place} imports `{module}`, which is no package here and did not come with the notebook."
                )
    return list(found.values())


def _sources(notebook: Any, files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "code":
            yield f"Cell {number}", cell.source
    for name, content in files.items():
        if PurePosixPath(name).suffix in (".py", ".ipy"):
            yield f"The file {name[:100]}", content.decode("utf-8", "replace")


def _imported(source: str) -> Iterator[str]:
    """First parts of the names of imported modules, in order; none of what cannot be read as Python."""
    if len(source) > MAX_SOURCE or "import" not in source:
        return
    try:
        tree = syntax.parse(TransformerManager().transform_cell(_MAGICS.sub("", source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]


@cache
def _is_here(module: str) -> bool:
    """Whether it belongs to Python, or is a package here."""
    if module in sys.stdlib_module_names:
        return True
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError, AttributeError):
        return False
