"""`pack`: the notebook that is worked in, in a zip file to be handed in."""

import ast
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GIVEN = {"compare"}  # functions that the handout holds complete
TOLD = (
    "__vsc_ipynb_file__",
    "JPY_SESSION_NAME",
)  # where VS Code and Jupyter say which notebook a kernel was started for


@dataclass(frozen=True)
class Notebook:
    """A notebook in the working directory, as it was saved.

    Args:
        path: of the file.
        ran: how many of its code cells were run in this kernel, as they stand there.
        answers: how many functions it defines that are not empty, those of the handout aside.
        is_told: whether the front end has named it when the kernel was started.
        saved: when, in seconds.
    """

    path: Path
    ran: int
    answers: int
    is_told: bool
    saved: float


def pack() -> None:
    """Pack the notebook that is worked in, as it was saved, and show a link to the zip file. One without answers is
    not packed: work saved under another name leaves the handout's empty notebook behind, which looks just like it.
    """
    from labkit import short_training

    if short_training.is_recording():  # at marking
        return
    if "google.colab" in sys.modules:
        print("Nothing was packed: on Colab choose File → Download → Download .ipynb and hand in that file.")
        return
    found = sorted(notebooks(), key=lambda n: (n.ran, n.answers > 0, n.is_told, n.saved))
    if not found:
        print(f"Nothing was packed: no notebook is saved in {Path.cwd()}. Hand in the file of this notebook itself.")
        return
    *others, chosen = found
    if not chosen.answers:
        print(f"Nothing was packed: no question is answered in {chosen.path.name} as it was saved.")
        print("Save the notebook that holds your answers in this folder, then run this cell again.")
        return
    from otter import Notebook as Grader

    Grader().export(os.path.relpath(chosen.path), pdf=False, ignore_log=True)
    print(f"Packed: {chosen.path.name}, as it was saved.")
    also = ", ".join(sorted(other.path.name for other in others if other.answers))
    if also:
        print(f"Not packed: {also}, where questions are answered, too. Is {chosen.path.name} the right one?")


def notebooks() -> Iterator[Notebook]:
    """Those in the working directory, and the one that the front end names. Files that cannot be read are left out."""
    run, told = _run_cells(), _told()
    for path in {path.resolve() for path in [*Path.cwd().glob("[!.]*.ipynb"), *told]}:
        try:
            cells = json.loads(path.read_text("utf-8"))["cells"]
            sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
            saved = path.stat().st_mtime
        except (OSError, ValueError, KeyError, TypeError):
            continue
        ran = sum(source.strip() in run for source in sources)
        yield Notebook(path, ran, sum(map(_answers, sources)), path in told, saved)


def _run_cells() -> set[str]:
    """What was run in this kernel, cell by cell."""
    from IPython import get_ipython

    shell = get_ipython()
    history: list[Any] = [] if shell is None else shell.history_manager.input_hist_raw
    return {str(source).strip() for source in history}


def _told() -> list[Path]:
    """The notebook for which this kernel was started; saved under another name since, it still has the old one here."""
    from IPython import get_ipython

    shell = get_ipython()
    names = [None if shell is None else shell.user_ns.get(TOLD[0]), os.environ.get(TOLD[1])]
    return [Path(name).resolve() for name in names if isinstance(name, str) and Path(name).is_file()]


def _answers(source: str) -> int:
    """How many functions of a cell are not empty."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):  # magics, which no handed-out answer has
        return int("def " in source)
    functions = (node for node in body if isinstance(node, ast.FunctionDef) and node.name not in GIVEN)
    return sum(not all(_is_empty(statement) for statement in node.body) for node in functions)


def _is_empty(statement: ast.stmt) -> bool:
    """Whether it is a docstring, or `...`."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
