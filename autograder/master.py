"""The master notebook, read once: its questions, their tests in Otter's usual form, and what else grading has to know.

`# BEGIN QUESTION` and its relatives are Otter Assign's: https://otter-grader.readthedocs.io (Creating Assignments).
"""

import ast
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

from labkit.asserts import OtterTest

_BEGIN: Final = re.compile(r"^#\s*BEGIN QUESTION\b[^\n]*\n?(?P<config>.*)", re.DOTALL | re.IGNORECASE)
_MARK: Final = re.compile(r"^#\s*(?P<which>BEGIN|END) (?P<what>QUESTION|SOLUTION|TESTS|PROMPT)\b", re.IGNORECASE)
_CONFIG: Final = re.compile(
    r'\A\s*"""\s*#?\s*BEGIN TEST CONFIG\s*\n(?P<config>.*?)"""\s*#?\s*END TEST CONFIG\s*\n?', re.DOTALL | re.IGNORECASE
)
_HIDDEN: Final = re.compile(r"\A\s*#[^\n]*\bhidden\b[^\n]*\n", re.IGNORECASE)
_HEADING: Final = re.compile(r"^#{1,6}\s+(?P<text>\S[^\n]*)", re.MULTILINE)


class MasterError(ValueError):
    """The master notebook is not in order; the message names the cell and says what to do."""


@dataclass(frozen=True)
class Cell:
    """One cell: "raw", "markdown" or "code", its text, its identifier, and whether it belongs to a solution."""

    kind: str
    source: str
    id: str
    in_solution: bool


@dataclass(frozen=True)
class Section:
    """One question of the notebook.

    Args:
        name: as in `# BEGIN QUESTION`.
        label: the beginning of its heading, such as "Question 4", by which it is found in any notebook.
        title: the rest of the heading.
        points: what `points:` says; None where it says nothing.
        is_manual: whether a person marks it.
        tests: its own test cells, in Otter's usual form.
        functions: those that its solution defines.
    """

    name: str
    label: str
    title: str
    points: float | None
    is_manual: bool
    tests: tuple[OtterTest, ...]
    functions: tuple[str, ...]


@dataclass(frozen=True)
class Master:
    """What the notebook says.

    Args:
        sections: its questions and written answers, by name, in order.
        cells: all of them.
    """

    sections: dict[str, Section]
    cells: tuple[Cell, ...]

    @property
    def given_cells(self) -> list[str]:
        """Sources of the code cells that students get as they are, tests aside."""
        return [cell.source for cell in self.cells if cell.kind == "code" and not cell.in_solution]

    @property
    def imported(self) -> tuple[str, ...]:
        """Names that cells of the handout import."""
        found: dict[str, None] = {}
        for source in self.given_cells:
            for node in _body(source):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    found |= {alias.asname or alias.name.partition(".")[0]: None for alias in node.names}
        return tuple(name for name in found if name != "otter")

    def label_of(self, heading: str) -> str | None:
        """Name of the section that a heading begins; None for other headings."""
        text = " ".join(heading.split()).casefold()
        fitting = [
            (len(section.label), name)
            for name, section in self.sections.items()
            if re.match(rf"{re.escape(section.label.casefold())}(?!\w)", text)
        ]
        return max(fitting)[1] if fitting else None


def label_and_title(heading: str) -> tuple[str, str]:
    """“Question 4: the tiny VGG (12 points)” → "Question 4" and "the tiny VGG"."""
    text = re.sub(r"\s*(\(.*\)|\[\[.*\]\])\s*$", "", heading.strip())
    label, _, title = text.partition(":")
    return " ".join(label.split()), title.strip()


def mark_of(kind: str, source: str) -> tuple[str, str] | None:
    """("BEGIN" or "END", "QUESTION", "SOLUTION", "TESTS" or "PROMPT") of a raw cell that marks a region; else None."""
    match = _MARK.match(source.strip()) if kind == "raw" else None
    return (match["which"].upper(), match["what"].upper()) if match else None


def name_of(begin: str) -> str:
    """The name in a cell `# BEGIN QUESTION`; empty where it has none."""
    match = _BEGIN.match(begin.strip())
    return str(_yaml(match["config"], "").get("name") or "") if match else ""


def read(path: Path) -> Master:
    """The master notebook in a file; the same file is read once.

    Raises:
        MasterError: it is not in order.
    """
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        raise MasterError(f"there is no master notebook {path}") from None


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> Master:
    try:
        given = json.loads(path.read_text("utf-8"))["cells"]
        cells = [(str(cell["cell_type"]), "".join(cell["source"]), str(cell.get("id", ""))) for cell in given]
    except (ValueError, KeyError, TypeError) as problem:
        raise MasterError(f"{path} cannot be read as a notebook ({problem})") from None
    return parse(cells)


def parse(cells: Sequence[tuple[str, str, str]]) -> Master:
    """A master notebook from (kind, source, identifier) of its cells.

    Raises:
        MasterError: it is not in order.
    """
    sections: dict[str, Section] = {}
    kept: list[Cell] = []
    inside: list[tuple[str, str, str]] | None = None  # cells of the question that is open
    opened, solution, tests = "", False, False
    for kind, source, cell in cells:
        mark = mark_of(kind, source)
        begins, what = (mark[0] == "BEGIN", mark[1]) if mark else (False, "")
        if what == "QUESTION":
            if begins == (inside is not None):
                raise MasterError(
                    _where(cell) + ("a question begins inside another" if begins else "no question is open")
                )
            if begins:
                inside, opened = [], cell
            else:
                section = _section(inside or [], opened)
                if section.name in sections:
                    raise MasterError(f"{_where(opened)}there are two questions {section.name}")
                sections[section.name] = section
                inside = None
        if what == "SOLUTION":
            solution = begins
        if what == "TESTS":
            tests = begins
        if inside is not None:
            inside.append((kind, source, cell))
        if not tests:
            kept.append(Cell(kind, source, cell, solution))
    if inside is not None:
        raise MasterError(f"{_where(opened)}this question has no “# END QUESTION”")
    return Master(sections, tuple(kept))


def _where(cell: str) -> str:
    return f"master notebook, cell {cell}: "


def _section(cells: Sequence[tuple[str, str, str]], opened: str) -> Section:
    begin = _BEGIN.match(cells[0][1].strip())
    config = _yaml(begin["config"] if begin else "", opened)
    name = str(config.get("name") or "")
    if not name.isidentifier():
        raise MasterError(f"{_where(opened)}a question needs a line such as “name: q4”")
    heading = next(
        (m["text"] for kind, source, _ in cells if kind == "markdown" and (m := _HEADING.search(source))), ""
    )
    if not heading:
        raise MasterError(f"{_where(opened)}{name} has no heading, by which it is found in a student's notebook")
    label, title = label_and_title(heading)
    points = config.get("points")
    if isinstance(points, dict | list):
        raise MasterError(f"{_where(opened)}give {name} one number as its points, and its tests points of their own")
    tests = tuple(_tests(name, cells))
    functions = (
        node.name
        for kind, source, _ in cells[: _first_test(cells)]
        if kind == "code"
        for node in _body(source)
        if isinstance(node, ast.FunctionDef)
    )
    return Section(
        name,
        label,
        title,
        None if points is None else float(points),
        bool(config.get("manual")),
        tests,
        tuple(dict.fromkeys(functions)),
    )


def _first_test(cells: Sequence[tuple[str, str, str]]) -> int:
    starts = (i for i, (kind, source, _) in enumerate(cells) if mark_of(kind, source) == ("BEGIN", "TESTS"))
    return next(starts, len(cells))


def _tests(question: str, cells: Sequence[tuple[str, str, str]]) -> Iterator[OtterTest]:
    for number, (_, source, cell) in enumerate(_test_cells(cells), 1):
        shown = _HIDDEN.sub("", source)
        match = _CONFIG.match(shown)
        config = _yaml(match["config"], cell) if match else {}
        hidden = bool(config.get("hidden", shown != source))
        code = (shown[match.end() :] if match else shown).strip("\n")
        try:
            body = ast.parse(code).body
        except SyntaxError as problem:
            raise MasterError(f"{_where(cell)}the test is no Python ({problem.msg}, line {problem.lineno})") from None
        if not any(isinstance(node, ast.Assert | ast.Raise | ast.Call) for part in body for node in ast.walk(part)):
            raise MasterError(f"{_where(cell)}the test asserts nothing, so that every answer passes")
        yield OtterTest(
            f"{question}_{number}", _title(body, code, number), code, float(config.get("points", 1)), hidden
        )


def _test_cells(cells: Sequence[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    open_ = False
    for kind, source, cell in cells:
        mark = mark_of(kind, source)
        if mark and mark[1] == "TESTS":
            open_ = mark[0] == "BEGIN"
        elif open_ and kind == "code":
            yield kind, source, cell


def _title(body: Sequence[ast.stmt], code: str, number: int) -> str:
    """A test's docstring, or the comment that it begins with; else its number."""
    for node in body:
        text = ast.get_docstring(node) if isinstance(node, ast.FunctionDef) else None
        if text:
            return text.splitlines()[0]
    first = code.strip().partition("\n")[0]
    return first.lstrip("# ").strip() if first.startswith("#") else f"Test {number}"


def _yaml(text: str, cell: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise MasterError(f"{_where(cell)}{' '.join(str(problem).split())}") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise MasterError(f"{_where(cell)}lines such as “name: q4” are wanted here")
    return found


def _body(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError:  # magics
        return []
