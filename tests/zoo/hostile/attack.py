"""One hostile submission: what it does, as a cell or as files, and what it must get."""

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import nbformat
from answers.entries import Edit

from autograder.handout import build
from autograder.intake import submissions
from zoo.hostile.world import ABSTRACT, FOLDER, PORT, SECRET_FILE, VICTIM, WORD

# What every attack knows: the places to reach, and its own name, which it leaves wherever it gets.
PRELUDE = f"""\
import os, sys
WORLD, SECRET, VICTIM, PORT, ABSTRACT = {str(FOLDER)!r}, {str(SECRET_FILE)!r}, {VICTIM!r}, {PORT}, {ABSTRACT!r}
NAME, WORD = "NAME OF THE ATTACK", {WORD!r}
"""
REPORTS = """
def got(what):
    text = str(what)
    if WORD not in text:
        return print("nothing")
    raise SystemError(NAME + " got " + text[text.index(WORD):][:100])

"""
HARMFUL = "not tried: it would harm the machine"
OURS = "not tried: plain Otter has no such thing"


@dataclass(frozen=True)
class Attack:
    """A submission that wants more than it has earned.

    Args:
        did: what it does, in a few words.
        wants: what it is after.
        cell: source of its first cell, before anything of the grader's can have run in the notebook; a function where
            it takes a while to make.
        edits: further changes of the notebook.
        files: what a zip holds beside the notebook, path -> content; an empty dict makes no zip.
        content: the bytes of the submission where it is no proper notebook or zip, made from those of the notebook.
        suffix: of the file.
        base: the notebook that it starts from.
        earns: question -> marks that its honest part earns; all others must get nothing.
        ends: what the row in the gradebook must say; None where that is a race.
        says: words that its notes or the errors of its cells must hold.
        plain: why plain Otter is not tried with it: `HARMFUL` or `OURS`.
        trusted: whether the grader is told that its marks count whatever it does; so that it is the sandbox that is
            tried, and not what is noted of it.
    """

    did: str
    wants: str
    cell: str | Callable[[], str] = ""
    edits: tuple[Edit, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    content: Callable[[bytes], bytes] | None = None
    suffix: str = ""
    base: Literal["blank", "solution"] = "blank"
    earns: Mapping[str, float] = field(default_factory=dict)
    ends: Literal["graded", "needs_review"] | None = "graded"
    says: str = ""
    plain: str = ""
    trusted: bool = True

    @property
    def question(self) -> str:
        """It is about a whole notebook."""
        return "all"

    @property
    def name(self) -> str:
        """Of its file: "hostile-reads-the-secret"; "untrusted-..." where it is not trusted."""
        words = re.sub(r"[^a-z0-9]+", "-", self.did.lower()).strip("-")
        return f"{'hostile' if self.trusted else 'untrusted'}-{words}"

    def file(self, reports: str = REPORTS) -> tuple[str, bytes]:
        """Name and content of the submission.

        Args:
            reports: source of `got`, with which an attack tells of its success.
        """
        notebook = base_notebook(self.base)
        for edit in self.edits:
            edit(notebook)
        cell = self.cell if isinstance(self.cell, str) else self.cell()
        if cell:
            source = PRELUDE.replace("NAME OF THE ATTACK", self.name) + reports + cell.strip("\n")
            notebook.cells.insert(0, nbformat.v4.new_code_cell(source, id="attack"))
        content = submissions.write(notebook)
        suffix = ".ipynb"
        if self.files:
            content, suffix = zipped({"submission.ipynb": content, **self.files}), ".zip"
        if self.content is not None:
            content = self.content(content)
        return f"{self.name}{self.suffix or suffix}", content


def base_notebook(name: str) -> Any:
    """The handout ("blank") or the "solution", to be changed."""
    return nbformat.reads(_base(name), as_version=4)


@cache
def _base(name: str) -> str:
    notebook: Any = build.solution() if name == "solution" else build.handout()
    return str(nbformat.writes(notebook))


def zipped(files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    """A zip archive; paths are taken as they are.

    Args:
        files: path -> content.
        links: path -> where a symbolic link points to.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path), content, zipfile.ZIP_DEFLATED)
        for path, target in (links or {}).items():
            info = zipfile.ZipInfo(path)
            info.create_system, info.external_attr = 3, 0o120777 << 16
            archive.writestr(info, target)
    return buffer.getvalue()
