"""Read submitted files: notebooks, and zips that hold one. Bad files get a reason, never a crash."""

import io
import json
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from lab.run_record import count_values

try:
    from lzma import LZMAError
except ImportError:  # a Python without it reads no such zip
    LZMAError = zlib.error  # type: ignore[misc,assignment]

MAX_NOTEBOOK = 200 * 2**20  # bytes
MAX_VALUES = 5_000_000  # in it; see `count_values`
MAX_MEMBERS = 2_000
MAX_EXTRA = 50 * 2**20  # bytes of all further files together
SMALLER = "Ask for it again, without large outputs of its own."
IGNORED = ("__MACOSX", ".ipynb_checkpoints", "__pycache__")
OURS = (
    "lab",
    "inside",
    "tests",
    "figures",
    "otter",
    "autograder",
    "__init__",
)  # come with the grader, not with a submission


class UnreadableSubmission(ValueError):
    """A file cannot be graded; the message says why, and what to do."""


@dataclass(frozen=True)
class Parcel:
    """The bytes of a submission, as they travel to where it is graded: the notebook's, and those of further files."""

    notebook: bytes
    extra_files: dict[str, bytes] = field(default_factory=dict)


@dataclass
class Submission:
    """A submitted notebook, in nbformat 4, and the files that came with it."""

    notebook: Any
    extra_files: dict[str, bytes] = field(default_factory=dict)


def find(folder: Path, but: Path | None = None) -> list[Path]:
    """The submissions in a folder, by name: its files, and its folders (one for each student, as Moodle makes them).

    Hidden files are left out, and so is the gradebook (`but`) where it lies there too; a file that is no notebook and
    no zip is listed all the same, so that it gets a row.
    """
    found = (p for p in folder.iterdir() if not p.name.startswith((".", "__")))
    return sorted((p for p in found if but is None or p.resolve() != but.resolve()), key=lambda p: p.name)


def read(path: Path) -> Submission:
    """Read one submission.

    Raises:
        UnreadableSubmission: it is not one notebook in Python that can be parsed.
    """
    return unpack(pack(path))


def unpack(parcel: Parcel) -> Submission:
    """Parse what `pack` has read.

    Raises:
        UnreadableSubmission: it is no notebook in Python that can be parsed.
    """
    return Submission(parse(parcel.notebook), parcel.extra_files)


def pack(path: Path) -> Parcel:
    """Read the bytes of one submission.

    Raises:
        UnreadableSubmission: it is not one notebook, or too large.
    """
    if path.is_dir():
        return _pack_folder(path)
    if path.suffix.lower() == ".zip":
        return _pack_zip(path)
    if path.suffix.lower() != ".ipynb":
        raise UnreadableSubmission(
            f"The file is no notebook (.ipynb) and no zip: “{path.suffix or path.name}”. Ask for the notebook."
        )
    if path.stat().st_size > MAX_NOTEBOOK:
        raise UnreadableSubmission(f"The notebook is larger than {MAX_NOTEBOOK >> 20} MiB. {SMALLER}")
    return Parcel(path.read_bytes())


def _pack_folder(path: Path) -> Parcel:
    found = [p for p in find(path) if p.suffix.lower() in (".ipynb", ".zip") and p.is_file() and not p.is_symlink()]
    if len(found) != 1:
        raise UnreadableSubmission(
            f"The folder holds {len(found) or 'no'} notebooks or zips; leave the one that counts."
        )
    parcel = pack(found[0])
    return parcel if found[0].suffix.lower() == ".zip" else Parcel(parcel.notebook, beside(found[0], path))


def beside(notebook: Path, folder: Path) -> dict[str, bytes]:
    """What the student handed in in the folder of the notebook, other notebooks aside; not what Otter copied there.

    A copy of the handout that lies there too is ours, and its files are left out.
    """
    files: dict[str, bytes] = {}
    room = MAX_EXTRA
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        left_out = any(part in IGNORED or part in OURS or part.startswith(".") for part in relative.parts)
        if path == notebook or path.suffix == ".ipynb" or left_out or not is_theirs(relative) or not _is_text(relative):
            continue
        if not path.is_symlink() and path.is_file() and path.stat().st_size <= room:
            files[str(relative)] = path.read_bytes()
            room -= len(files[str(relative)])
    return files


def _is_text(name: PurePath) -> bool:
    try:
        str(name).encode()
    except UnicodeEncodeError:  # of an old system's alphabet
        return False
    return True


def parse(content: bytes) -> Any:
    """A notebook in nbformat 4.

    Raises:
        UnreadableSubmission: it is empty, damaged, or not written in Python.
    """
    import nbformat  # here, as its import takes a second, in which nothing may have to be graded

    if not content.strip():
        raise UnreadableSubmission("The notebook file is empty. Ask for it again.")
    if count_values(content) > MAX_VALUES:
        raise UnreadableSubmission(f"The notebook holds more than {MAX_VALUES:,} values. {SMALLER}")
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise UnreadableSubmission(
            f"The file is not valid JSON{where}: it was damaged or cut off. Ask for it again."
        ) from None
    if not isinstance(data, dict) or not ("cells" in data or "worksheets" in data):
        raise UnreadableSubmission("The file is JSON, but not a notebook. Ask for the notebook.")
    try:
        notebook = nbformat.reads(json.dumps(data), as_version=4)
        for cell in notebook.cells:
            if not isinstance(cell.source, str) or cell.cell_type not in ("code", "markdown", "raw"):
                raise ValueError("a cell has no source")
        _require_python(notebook)
    except UnreadableSubmission:
        raise
    except Exception as error:
        raise UnreadableSubmission(f"The notebook cannot be read: {error}"[:300]) from None
    return notebook


def _require_python(notebook: Any) -> None:
    """Kernels are named at will; the language counts."""
    kernelspec = notebook.metadata.get("kernelspec") or {}
    info = notebook.metadata.get("language_info") or {}
    name = str(kernelspec.get("name") or "")
    language = str(kernelspec.get("language") or info.get("name") or "").lower()
    known = language or ("python" if re.search("python|conda|venv|ipykernel|^$", name, re.IGNORECASE) else "")
    if known not in ("python", "ipython"):
        raise UnreadableSubmission(
            f"The notebook is for the kernel “{name}”{f' ({language})' if language else ''}, which is unknown here; "
            "this practical is in Python."
        )


def _pack_zip(path: Path) -> Parcel:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir() and _wanted(m)]
            notebooks = [m for m in members if m.filename.lower().endswith(".ipynb")]
            if len(archive.infolist()) > MAX_MEMBERS:
                raise UnreadableSubmission(
                    f"The zip holds more than {MAX_MEMBERS} files. Ask for one with the notebook alone."
                )
            if not notebooks:
                raise UnreadableSubmission("The zip holds no notebook (.ipynb). Ask for one that does.")
            if len(notebooks) > 1:
                names = ", ".join(PurePosixPath(m.filename).name for m in notebooks[:4])
                raise UnreadableSubmission(
                    f"The zip holds {len(notebooks)} notebooks ({names}). Leave the one that counts."
                )
            content = _member(archive, notebooks[0], MAX_NOTEBOOK)
            return Parcel(content, _extra_files(archive, members, notebooks[0]))
    except UnreadableSubmission:
        raise
    except (zipfile.BadZipFile, zlib.error, LZMAError, ValueError, RuntimeError, OSError, EOFError):
        raise UnreadableSubmission("The zip file is damaged or encrypted. Ask for it again.") from None


def _wanted(member: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(member.filename.replace("\\", "/")).parts
    return not any(part in IGNORED or part.startswith("._") for part in parts)


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    with archive.open(member) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise UnreadableSubmission(f"{member.filename[:100]} is larger than {limit >> 20} MiB. {SMALLER}")
    return content


def _extra_files(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], notebook: zipfile.ZipInfo
) -> dict[str, bytes]:
    """Files beside the notebook, such as a student's own module; never ones that replace the grader's."""
    base = PurePosixPath(notebook.filename).parent
    files: dict[str, bytes] = {}
    room = MAX_EXTRA
    for member in members:
        name = PurePosixPath(member.filename)
        if member is notebook or not name.is_relative_to(base):
            continue
        relative = name.relative_to(base)
        is_link = (member.external_attr >> 16) & 0o170000 == 0o120000
        if is_link or "\\" in member.filename or not is_theirs(relative) or member.file_size > room:
            continue
        files[str(relative)] = _member(archive, member, room)
        room -= len(files[str(relative)])
    return files


def is_theirs(relative: PurePath) -> bool:
    """Whether a file beside the notebook may be a student's own: not outside, and not named like the grader's."""
    parts = relative.parts
    inside = bool(parts) and not relative.is_absolute() and ".." not in parts
    return inside and parts[0] not in OURS and PurePath(parts[0]).stem not in OURS


def write(notebook: Any) -> bytes:
    """A notebook as bytes."""
    import nbformat

    buffer = io.StringIO()
    nbformat.write(notebook, buffer)
    return buffer.getvalue().encode()
