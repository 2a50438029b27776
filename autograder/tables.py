"""CSV files as spreadsheets write them."""

import csv
import io
from pathlib import Path
from typing import Final

MAX_TABLE: Final = 10 * 2**20  # bytes
MAX_CELL: Final = 2**17  # characters, as Python's csv has it


class TableError(ValueError):
    """A table cannot be read. The message names the file and says what to do."""


def read(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Read a CSV file with commas or semicolons, whose first line names the columns.

    Returns:
        The columns, and each row with the number of its last line; cells that are missing are empty.

    Raises:
        TableError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_TABLE + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise TableError(f"{path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise TableError(f"{path} is not UTF-8 text: save it as “CSV UTF-8”") from None
    if len(content) > MAX_TABLE:
        raise TableError(f"{path} is larger than {MAX_TABLE >> 20} MiB")
    return parse(text, str(path))


def parse(text: str, name: str) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    r"""A table that was read; see `read`. `name` is what a sentence calls it.

    >>> parse("submission;date\nann;2026-01-31\nbob\n", "dates.csv")[1]
    [(2, {'submission': 'ann', 'date': '2026-01-31'}), (3, {'submission': 'bob', 'date': ''})]

    Raises:
        TableError: it is not in order.
    """
    head = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    try:
        columns = [column.strip() for column in next(rows, [])]
        lines = [
            (rows.line_num, dict.fromkeys(columns, "") | dict(zip(columns, row, strict=False))) for row in rows if row
        ]
    except csv.Error as error:
        raise TableError(f"{name}, line {rows.line_num}: {error}") from None
    return columns, lines
