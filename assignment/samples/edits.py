"""Small named edits of the solution notebook, from which sample submissions and the zoo are made."""

import re
from pathlib import Path
from typing import Any

import nbformat

RECORDS = Path(__file__).parent / "records"


class EditError(RuntimeError):
    """An edit does not fit the notebook any more; the message names it."""


def defining(notebook: Any, function: str) -> Any:
    """The one code cell that defines a function.

    Raises:
        EditError: there is none, or several.
    """
    return only(notebook, rf"^def {function}\(")


def only(notebook: Any, pattern: str) -> Any:
    """The one code cell in which a pattern occurs (`^` is the start of a line).

    Raises:
        EditError: there is none, or several.
    """
    found = [c for c in notebook.cells if c.cell_type == "code" and re.search(pattern, c.source, re.MULTILINE)]
    if len(found) != 1:
        raise EditError(f"{pattern!r} is in {len(found)} cells of the notebook, not in one")
    return found[0]


def function_in(cell: Any, name: str) -> str:
    """Source of a top-level function of a cell."""
    match = re.search(rf"^def {name}\(.*?(?=^\S|\Z)", cell.source, re.MULTILINE | re.DOTALL)
    if match is None:
        raise EditError(f"the cell does not define {name}")
    return match.group(0)


def replace_function(notebook: Any, name: str, source: str) -> None:
    """Put other source in the place of a whole function; the empty text deletes it."""
    cell = defining(notebook, name)
    cell.source = cell.source.replace(function_in(cell, name), source.strip("\n") + "\n\n\n").strip("\n") + "\n"


def replace_text(notebook: Any, old: str, new: str) -> None:
    """Change a piece of text, in the one code cell that has it."""
    cell = only(notebook, re.escape(old))
    cell.source = cell.source.replace(old, new)


def record_file(variant: str, sample: str | None = None) -> Path:
    """The stored record of a variant, HTML: of the solution's networks, or of a sample's own."""
    return RECORDS / f"{sample}-{variant}.html" if sample else RECORDS / f"{variant}.html"


def publish(notebook: Any, variant: str, page: str | None = None) -> None:
    """Put the stored output of `publish` under the cell that calls it.

    Args:
        variant: whose record it is.
        page: its HTML; by default that of the sample submissions.
    """
    page = record_file(variant).read_text() if page is None else page
    cell = only(notebook, rf'publish\("{variant}"')
    cell.outputs = [nbformat.v4.new_output("display_data", data={"text/html": page, "text/plain": variant})]
