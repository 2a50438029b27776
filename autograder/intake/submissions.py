"""Read submitted files: notebooks, and zips that hold one. Bad files get a reason, never a crash."""

import io
import json
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from autograder.intake import mend
from autograder.sanitize import one_line
from labkit.plain_data import count_values

try:
    from lzma import LZMAError
except ImportError:  # a Python without it reads no such zip
    LZMAError = zlib.error  # type: ignore[misc,assignment]

MAX_NOTEBOOK = 200 * 2**20  # bytes
MAX_VALUES = 5_000_000  # in it; see `count_values`
MAX_MEMBERS = 2_000
MAX_EXTRA = 50 * 2**20  # bytes of all further files together
SMALLER = "Ask for it again, without large outputs of its own."
IGNORED = ("__MACOSX", "__pycache__", "node_modules", "site-packages")  # and what is hidden, such as .git and .venv
ENVIRONMENT = "pyvenv.cfg"  # the file that makes a folder an environment of Python
OURS = (
    "lab",
    "labkit",
    "practical_kernel",
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
    """The bytes of a submission, as they travel to where it is graded: the notebook's, and those of further files.

    Args:
        notebook: as it was handed in.
        extra_files: relative path -> content.
        notes: sentences about what was handed in besides, and is not graded.
    """

    notebook: bytes
    extra_files: dict[str, bytes] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass
class Submission:
    """A submitted notebook and the files that came with it.

    Args:
        notebook: in nbformat 4.
        extra_files: relative path -> content.
        notes: sentences about what was odd, and has cost nothing.
        doubts: sentences about what is damaged, so that marks may be missing through no fault of the answers.
    """

    notebook: Any
    extra_files: dict[str, bytes] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def find(folder: Path, but: Path | None = None) -> list[Path]:
    """The submissions in a folder, by name: its files, and its folders (one for each student, as Moodle makes them).

    The gradebook (`but`) is left out where it lies there too, and so is what `left_out` names; a file that is no
    notebook and no zip is listed all the same, so that it gets a row.
    """
    return [path for path in _entries(folder, but) if not _is_of_a_program(path.name)]


def left_out(folder: Path, but: Path | None = None) -> list[str]:
    """Names of the files and folders there that are no submissions: hidden ones, and what programs leave behind."""
    return [path.name for path in _entries(folder, but) if _is_of_a_program(path.name)]


def _entries(folder: Path, but: Path | None) -> list[Path]:
    entries = (path for path in folder.iterdir() if but is None or path.resolve() != but.resolve())
    return sorted(entries, key=lambda path: path.name)


def _is_of_a_program(name: str) -> bool:
    """Whether a file or folder is hidden or a program's, and no notebook or zip with an odd name."""
    is_hidden = name.startswith(".") and (name.startswith("._") or not _kind(name))
    return is_hidden or name in IGNORED


def _kind(name: str) -> str:
    """`.ipynb` or `.zip`, also of a file that has no other name; "" for other files."""
    return next((ending for ending in (".ipynb", ".zip") if name.lower().endswith(ending)), "")


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
    read = parse(parcel.notebook)
    return replace(read, extra_files=parcel.extra_files, notes=(*read.notes, *parcel.notes))


def pack(path: Path) -> Parcel:
    """Read the bytes of one submission.

    Raises:
        UnreadableSubmission: it is not one notebook, or too large.
    """
    if path.is_dir():
        return _pack("folder", _files_of(path), may_hold_zips=True)
    kind = _kind(path.name)
    if kind == ".zip":
        return _pack_zip(path, may_hold_zips=True)
    if not kind:
        raise UnreadableSubmission(
            f"The file is no notebook (.ipynb) and no zip: “{path.suffix or path.name}”. Ask for the notebook."
        )
    return Parcel(_on_disk(path, PurePosixPath("The notebook")).content(MAX_NOTEBOOK))


# ---- folders and zips ----


@dataclass(frozen=True)
class _File:
    """A file of a folder or a zip.

    Args:
        path: relative to it.
        size: bytes, as the file system or the zip says.
        open: opens it for reading bytes.
    """

    path: PurePosixPath
    size: int
    open: Callable[[], Any]

    def content(self, limit: int) -> bytes:
        """Its bytes.

        Raises:
            UnreadableSubmission: they are more than the limit, whatever `size` says.
        """
        content = b""
        if self.size <= limit:
            with self.open() as file:
                content = file.read(limit + 1)
        if self.size > limit or len(content) > limit:
            raise UnreadableSubmission(f"{one_line(str(self.path), 100)} is larger than {limit >> 20} MiB. {SMALLER}")
        return content


def _pack(container: str, files: Sequence[_File], may_hold_zips: bool) -> Parcel:
    """The one notebook among the files of a folder or a zip, and what lies beside it; that of its one zip without one.

    Args:
        container: "folder" or "zip".
        files: all that it holds.
        may_hold_zips: whether a zip among them counts: one in a zip in a zip does not.

    Raises:
        UnreadableSubmission: there is no notebook, or more than one.
    """
    files = _theirs(files)
    if len(files) > MAX_MEMBERS:
        raise UnreadableSubmission(
            f"The {container} holds more than {MAX_MEMBERS} files. Ask for one with the notebook alone."
        )
    found = {kind: [file for file in files if _kind(file.path.name) == kind] for kind in (".ipynb", ".zip")}
    chosen = found[".ipynb"] or (found[".zip"] if may_hold_zips else [])
    if not chosen:
        raise UnreadableSubmission(f"The {container} holds no notebook (.ipynb). Ask for one that does.")
    if len(chosen) > 1:
        names = ", ".join(one_line(str(file.path), 60) for file in chosen[:4])
        what = "notebooks" if found[".ipynb"] else "zips"
        raise UnreadableSubmission(f"The {container} holds {len(chosen)} {what} ({names}). Leave the one that counts.")
    content = chosen[0].content(MAX_NOTEBOOK)
    if not found[".ipynb"]:
        return _pack_zip(io.BytesIO(content), may_hold_zips=False)
    zips = ", ".join(one_line(str(file.path), 60) for file in found[".zip"][:4])
    notes = (f"The {container} also holds {zips}, which was not looked at.",) if zips else ()
    return Parcel(content, _beside(chosen[0], files), notes)


def _theirs(files: Sequence[_File]) -> list[_File]:
    """Those that no program has put there: none in a hidden folder, in an environment, or in one of `IGNORED`."""
    environments = {file.path.parent for file in files if file.path.name == ENVIRONMENT} - {PurePosixPath(".")}
    return [
        file
        for file in files
        if not any(_is_of_a_program(part) for part in file.path.parts[:-1] if part != "..")
        and not _is_of_a_program(file.path.name)
        and environments.isdisjoint(file.path.parents)
    ]


def _beside(notebook: _File, files: Sequence[_File]) -> dict[str, bytes]:
    """What the student handed in in the folder of the notebook, such as an own module; other notebooks and zips aside.

    A copy of the handout that lies there too is ours, and its files are left out.
    """
    found: dict[str, bytes] = {}
    room = MAX_EXTRA
    for file in files:
        if _kind(file.path.name) or not file.path.is_relative_to(notebook.path.parent) or file.size > room:
            continue
        relative = file.path.relative_to(notebook.path.parent)
        if is_theirs(relative) and not any(part in OURS for part in relative.parts) and _is_text(relative):
            found[str(relative)] = file.content(room)
            room -= len(found[str(relative)])
    return found


def beside(notebook: Path, folder: Path) -> dict[str, bytes]:
    """What the student handed in in the folder of a notebook, as `_beside`; not what Otter copied there."""
    at = PurePosixPath(notebook.relative_to(folder))
    return _beside(_on_disk(notebook, at), _theirs(_files_of(folder)))


def _files_of(folder: Path) -> list[_File]:
    """The files of a folder; links in it are not followed."""
    files = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_of_a_program(name))
        paths = (Path(place, name) for name in sorted(names))
        files += [
            _on_disk(path, PurePosixPath(path.relative_to(folder)))
            for path in paths
            if path.is_file() and not path.is_symlink()
        ]
    return files


def _on_disk(path: Path, relative: PurePosixPath) -> _File:
    return _File(relative, path.stat().st_size, partial(path.open, "rb"))


def _is_text(name: PurePath) -> bool:
    try:
        str(name).encode()
    except UnicodeEncodeError:  # of an old system's alphabet
        return False
    return True


def _pack_zip(file: Path | io.BytesIO, may_hold_zips: bool) -> Parcel:
    try:
        with zipfile.ZipFile(file) as archive:
            files = [_member(archive, member) for member in archive.infolist() if _is_file(member)]
            return _pack("zip", files, may_hold_zips)
    except UnreadableSubmission:
        raise
    except (zipfile.BadZipFile, zlib.error, LZMAError, ValueError, RuntimeError, OSError, EOFError):
        raise UnreadableSubmission("The zip file is damaged or encrypted. Ask for it again.") from None


def _is_file(member: zipfile.ZipInfo) -> bool:
    is_link = (member.external_attr >> 16) & 0o170000 == 0o120000
    return not member.is_dir() and not is_link


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> _File:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    return _File(path, member.file_size, partial(archive.open, member))


def parse(content: bytes) -> Submission:
    """A notebook without further files.

    Raises:
        UnreadableSubmission: it is empty, damaged, or not written in Python.
    """
    import nbformat  # here, as its import takes a second, in which nothing may have to be graded

    if not content.strip():
        raise UnreadableSubmission("The notebook file is empty. Ask for it again.")
    if count_values(content) > MAX_VALUES:
        raise UnreadableSubmission(f"The notebook holds more than {MAX_VALUES:,} values. {SMALLER}")
    text, notes = mend.decode(content)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise UnreadableSubmission(
            f"The file is not valid JSON{where}: it was damaged or cut off. Ask for it again."
        ) from None
    try:
        mended = mend.mended(data)
        notebook = nbformat.reads(mended.text, as_version=4)
    except mend.Unmendable as reason:
        raise UnreadableSubmission(str(reason)) from None
    except Exception:  # of whichever of its formats and steps
        raise UnreadableSubmission(mend.DAMAGED) from None
    _require_python(notebook)
    return Submission(notebook, notes=(*notes, *mended.notes), doubts=tuple(mended.doubts))


def _require_python(notebook: Any) -> None:
    """Kernels are named at will; the language counts."""
    kernelspec, info = notebook.metadata.get("kernelspec", {}), notebook.metadata.get("language_info", {})
    name = str(kernelspec.get("name") or "")
    language = str(kernelspec.get("language") or info.get("name") or "").lower()
    known = language or ("python" if re.search("python|conda|venv|ipykernel|^$", name, re.IGNORECASE) else "")
    if known not in ("python", "ipython"):
        raise UnreadableSubmission(
            f"The notebook is for the kernel “{name}”{f' ({language})' if language else ''}, which is unknown here; "
            "this practical is in Python."
        )


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
