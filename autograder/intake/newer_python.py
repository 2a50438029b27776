"""Find what was written in a newer Python than the grader's, which cannot read it: no fault of its author."""

import re
import sys
from collections.abc import Mapping
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from autograder import syntax

REFUSED = ("SyntaxError", "IndentationError", "TabError")
_MAGIC = re.compile(r"\s*%%(?:capture|prun|time|timeit)\b.*(?:\n|\Z)")  # with Python below


def find(notebook: Any, files: Mapping[str, bytes]) -> list[str]:
    """Sentences that name the cells and files; none where all can be read, or where the student's Python could not
    either. Whether a still newer Python could is not looked at.

    Args:
        notebook: in nbformat 4, with the outputs that it was submitted with.
        files: what came with it, relative path -> content.
    """
    written, here = _version(notebook), sys.version_info[:2]
    if written is not None and written <= here:
        return []
    places = [
        f"Cell {number}"
        for number, cell in enumerate(notebook.cells, 1)
        if cell.cell_type == "code" and _ran(cell, written) and not _is_read(cell.source)
    ]
    if written is not None:
        texts = {name: content.decode("utf-8", "replace") for name, content in files.items() if name.endswith(".py")}
        places += [f"The file {name[:100]}" for name, text in texts.items() if not _is_read(text)]
    newer = f"Python {written[0]}.{written[1]}" if written else "a Python that the file does not name"
    grader = f"Python {here[0]}.{here[1]}, in which the grader runs"
    return [f"{place} cannot be read by {grader}; the notebook was written in {newer}." for place in places]


def _version(notebook: Any) -> tuple[int, int] | None:
    """Of the Python in which it was saved, where the file says so; Colab's do not."""
    info = notebook.metadata.get("language_info")
    told = re.match(r"(\d{1,4})\.(\d{1,4})", str(info.get("version", "")) if isinstance(info, dict) else "")
    return (int(told[1]), int(told[2])) if told else None


def _ran(cell: Any, written: tuple[int, int] | None) -> bool:
    """Whether the student's Python has read a cell, or may have, as far as its outputs tell."""
    if any(
        output.get("output_type") == "error" and output.get("ename") in REFUSED for output in cell.get("outputs") or []
    ):
        return False
    return written is not None or cell.get("execution_count") is not None


def _is_read(source: str) -> bool:
    while match := _MAGIC.match(source):
        source = source[match.end() :]
    try:
        syntax.parse(TransformerManager().transform_cell(source))
    except SyntaxError:
        return False
    except (ValueError, RecursionError, MemoryError):  # not a matter of the version
        return True
    return True
