"""Files that appear whole or not at all."""

import os
from pathlib import Path
from uuid import uuid4


def write_text(path: Path, text: str, mode: int = 0o666) -> None:
    """Write a file in one step: a reader, or a run that is cut off, never sees half of it.

    Raises:
        OSError: it could not be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{uuid4().hex}.tmp")  # in the same folder, since a rename stays on one disk
    try:
        temporary.touch(mode)
        temporary.write_text(text, "utf-8", newline="")
        os.replace(temporary, path)
    except OSError as error:  # a full disk does not say which file it had no room for
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        temporary.unlink(missing_ok=True)
