"""The rubrics of the written answers, as the master notebook has them.

A cell between `# BEGIN SOLUTION` and `# END SOLUTION` of a question that is marked by hand, so that no handout has it:

    **Rubric** (4 marks; look at: q9, q13)

    - `difference` (2) *Compares* the difference of the means with the scatter.
    - `unclear` (-1) Says nothing that could be wrong.
    - Any verdict that the numbers bear out is right.

An item has an identifier, which stays when its words change, and a share: all marks of the answer go to those who have
earned all shares above zero. A share below zero takes away. What has no identifier is a note for those who mark.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import jinja2

from autograder import assignment

MAX_ITEMS: Final = 20
_HEAD: Final = re.compile(r"\*\*Rubric\*\* \((?P<points>\d+(?:\.\d+)?) marks?(?:; look at: (?P<beside>[\w, ]+))?\)")
_ITEM: Final = re.compile(r"`(?P<id>[a-z][a-z0-9_]{0,39})` \((?P<share>-?\d+(?:\.\d+)?)\) (?P<text>.+)", re.DOTALL)
_NAME: Final = re.compile(r"^name: *([A-Za-z_]\w*) *$", re.MULTILINE)
TEXTS: Final = jinja2.Environment(  # of the master notebook: `[[ NAME ]]`, since LaTeX has braces of its own
    variable_start_string="[[",
    variable_end_string="]]",
    block_start_string="[%",
    block_end_string="%]",
    comment_start_string="[#",
    comment_end_string="#]",
    undefined=jinja2.StrictUndefined,
    keep_trailing_newline=True,
)


class RubricError(ValueError):
    """A rubric of the master notebook is not in order. The message names the cell and says what to do."""


@dataclass(frozen=True)
class Item:
    """One line of a rubric that can be ticked. `text` is Markdown."""

    id: str
    share: float
    text: str


@dataclass(frozen=True)
class Rubric:
    """How a written answer is marked.

    Args:
        name: of the answer, `w1` and so on.
        title: of the answer, as its heading has it.
        task: what was asked, as Markdown.
        points: marks of a full answer; 0: it is marked, and no total has it.
        items: what can be ticked.
        notes: further sentences for those who mark, as Markdown.
        beside: questions whose records and pictures the answer talks about.
    """

    name: str
    title: str
    points: float
    items: tuple[Item, ...]
    notes: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    task: str = ""

    @property
    def digest(self) -> str:
        """Of what marks follow from: another one now means that what was marked before may want a second look."""
        shares = [self.points, [(item.id, item.share) for item in self.items]]
        return hashlib.sha256(json.dumps(shares).encode()).hexdigest()[:12]

    def worth(self, item: Item) -> float:
        """Marks of an item."""
        whole = sum(one.share for one in self.items if one.share > 0)
        return self.points * item.share / whole if whole else 0.0

    def marks(self, earned: Mapping[str, float]) -> float:
        """What ticked items make, from 0 to all marks; those that the rubric no longer has make nothing.

        Args:
            earned: item -> the share of it that was earned, 0 to 1.
        """
        total = sum(self.worth(item) * earned.get(item.id, 0.0) for item in self.items)
        return round(min(max(total, 0.0), self.points), 4)


def rubrics(master: Path | None = None) -> dict[str, Rubric]:
    """Written answer -> how it is marked, in the notebook's order; none where there is no master notebook.

    Raises:
        RubricError: a rubric is not in order.
    """
    master = master or assignment.current().master
    try:
        changed = master.stat().st_mtime_ns
    except FileNotFoundError:
        return {}
    return dict(_read(master, changed))


@lru_cache(maxsize=4)
def _read(master: Path, changed: int) -> Mapping[str, Rubric]:
    try:
        cells = json.loads(master.read_text("utf-8"))["cells"]
        texts = [(cell["cell_type"], "".join(cell["source"]), str(cell.get("id", ""))) for cell in cells]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise RubricError(f"{master} cannot be read as a notebook ({problem})") from None
    return find(texts)


def find(cells: list[tuple[str, str, str]]) -> dict[str, Rubric]:
    """The rubrics of a notebook, given as (kind, source, identifier) of each cell.

    Raises:
        RubricError: a rubric is not in order, or an answer that is marked by hand has none.
    """
    found: dict[str, Rubric] = {}
    name, task, in_solution = "", "", False
    for kind, source, cell in cells:
        if kind == "raw":
            in_solution = source.startswith("# BEGIN SOLUTION") or (
                in_solution and not source.startswith("# END SOLUTION")
            )
            if source.startswith("# BEGIN QUESTION"):
                name, task = _written(source), ""
            elif source.startswith("# END QUESTION"):
                if name and name not in found:
                    raise RubricError(
                        f"master notebook, {name}: no cell of its solution begins with “**Rubric** (0 marks)”"
                    )
                name = ""
        elif kind == "markdown" and name and not in_solution:
            task += source + "\n\n"
        elif kind == "markdown" and name and source.startswith("**Rubric**"):
            found[name] = _parsed(name, _rendered(task, cell), _rendered(source, cell), cell)
    return found


def _written(source: str) -> str:
    """Name of the written answer that a question's first cell begins; "" for others."""
    match = _NAME.search(source)
    return match.group(1) if match and "manual: true" in source else ""


def _rendered(source: str, cell: str) -> str:
    try:
        return TEXTS.from_string(source).render({"WORTH": defaultdict(str), **assignment.current().texts})
    except jinja2.TemplateError as error:
        raise RubricError(f"master notebook, cell {cell}: {error}") from None


def _parsed(name: str, task: str, text: str, cell: str) -> Rubric:
    where = f"master notebook, cell {cell}"
    head = _HEAD.match(text)
    if not head:
        first = text.partition("\n")[0]
        raise RubricError(f"{where}: {first!r} is not of the form “**Rubric** (4 marks; look at: q9)”")
    bullets = [" ".join(part.split()) for part in re.split(r"^- ", text[head.end() :], flags=re.MULTILINE)[1:]]
    items, notes = [], []
    for bullet in bullets:
        match = _ITEM.fullmatch(bullet)
        if match:
            items.append(Item(match["id"], float(match["share"]), match["text"]))
        else:
            notes.append(bullet)
    if len({item.id for item in items}) < len(items):
        raise RubricError(f"{where}: two items of the rubric have one identifier")
    if not any(item.share > 0 for item in items) or len(items) > MAX_ITEMS:
        raise RubricError(f"{where}: a rubric has from 1 to {MAX_ITEMS} items such as “- `mean` (2) Quotes the mean.”")
    beside = tuple(word.strip() for word in (head["beside"] or "").split(",") if word.strip())
    if unknown := [question for question in beside if question not in assignment.questions()]:
        raise RubricError(f"{where}: there is no question {unknown[0]}")
    title, _, rest = task.partition("\n")
    title = title.lstrip("# ").partition(": ")[2] or title
    return Rubric(name, title.strip(), float(head["points"]), tuple(items), tuple(notes), beside, rest.strip())


def worth(known: Mapping[str, Rubric]) -> dict[str, str]:
    """Written answer -> what its heading in the handout says of its marks; nothing where it has none."""
    points = {name: rubric.points for name, rubric in known.items()}
    return {name: f" ({n:g} {'point' if n == 1 else 'points'})" if n else "" for name, n in points.items()}
