"""Where the submissions of a gradebook lie, so that people can be shown their notebooks: OUT/submissions.json."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from autograder.files import write_text

NAME: Final = "submissions.json"


def write(names: Mapping[Path, str], out: Path, data_source: str) -> None:
    """Write where the submissions lie, as seen from the gradebook.

    Args:
        names: file or folder -> submission.
        out: the gradebook's folder.
        data_source: which data the grading used, see `assignment.Data`.

    Raises:
        OSError: it could not be written.
    """
    places = {name: os.path.relpath(path.absolute(), out.absolute()) for path, name in names.items()}
    write_text(out / NAME, json.dumps({"data": data_source, "places": places}, indent=1) + "\n")


def path_of(submission: str, out: Path) -> Path | None:
    """Where the file or folder of a submission lies; None where that is not known, or it is no longer there."""
    try:
        place = json.loads((out / NAME).read_text("ascii"))["places"][submission]
        path = Path(os.path.normpath(out.absolute() / place))
        return path if path.exists() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def data_of(out: Path) -> str:
    """Which images the last run graded with; "unknown" where nothing says so."""
    try:
        return str(json.loads((out / NAME).read_text("ascii"))["data"])
    except (OSError, ValueError, KeyError, TypeError):
        return "unknown"
