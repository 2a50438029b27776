"""A submitted notebook as data: text, code and pictures. Nothing of it runs, and no HTML of its outputs is shown."""

import base64
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from autograder.gradebook import pages
from autograder.gradebook.similarity import CELL
from autograder.intake import submissions
from autograder.results import SubmissionResult

MAX_CELLS: Final = 2_000
MAX_SOURCE: Final = 20_000  # characters of one cell
MAX_OUTPUT: Final = 5_000  # characters of one output
MAX_OUTPUTS: Final = 10  # of one cell
_NAMED: Final = re.compile(r"\b[Cc]ell (\d{1,5})\b")


@dataclass(frozen=True)
class Cell:
    """One cell. `texts` and `pictures` are its outputs; `left_out` is how many are of another kind, or too many."""

    number: int
    kind: str
    source: str
    texts: tuple[str, ...] = ()
    pictures: tuple[pages.Picture, ...] = ()
    left_out: int = 0


@lru_cache(maxsize=4)
def of_file(path: Path, changed: int) -> list[Cell]:
    """The cells of a submission; `changed` is when its file was, so that another one is read anew.

    Raises:
        OSError: it cannot be read.
        UnreadableSubmission: it holds no notebook.
    """
    cells = submissions.read(path).notebook.cells[:MAX_CELLS]
    return [_cell(number, cell) for number, cell in enumerate(cells, 1)]


def of_code(code: str) -> list[Cell]:
    """The cells of the code that a gradebook keeps; their numbers are not those of the notebook."""
    parts = [part for part in re.split(rf"^{CELL}", code, flags=re.MULTILINE) if part.strip()]
    return [Cell(number, "code", part.strip("\n")) for number, part in enumerate(parts, 1)]


def _cell(number: int, cell: Any) -> Cell:
    if cell.cell_type != "code":
        return Cell(number, str(cell.cell_type), str(cell.source))
    outputs = list(_outputs(cell))
    texts = tuple(one for one in outputs if isinstance(one, str))
    pictures = tuple(one for one in outputs if isinstance(one, pages.Picture))
    left_out = max(0, len(cell.outputs) - len(texts) - len(pictures))
    return Cell(number, "code", str(cell.source), texts, pictures, left_out)


def _outputs(cell: Any) -> Iterator[str | pages.Picture]:
    for output in cell.outputs[:MAX_OUTPUTS]:
        data = output.get("data") or {}
        png, text = data.get("image/png"), output.get("text") or data.get("text/plain")
        if output.get("output_type") == "error":
            yield f"{output.get('ename')}: {output.get('evalue')}"
        elif isinstance(png, str) and len(png) < 2 * pages.MAX_PICTURE_BYTES:
            try:
                found = pages.picture(base64.b64decode(png))
            except ValueError:
                found = None
            if found:
                yield found
        elif isinstance(text, str) and "text/html" not in data:
            yield text


def reasons(result: SubmissionResult) -> dict[int, list[str]]:
    """Number of a cell -> sentences of the grader that name it."""
    found: dict[int, list[str]] = defaultdict(list)
    for sentence in dict.fromkeys([*result.notes, *(check.found for check in result.checks if check.is_open)]):
        for number in dict.fromkeys(_NAMED.findall(sentence)):
            found[int(number)].append(sentence)
    for error in result.cell_errors:
        found[error.cell].append(error.error)
    return dict(found)
