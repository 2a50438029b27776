"""One answer: what the student did, as edits of the solution notebook, and what it must get."""

import re
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import nbformat

from assignment.samples import edits

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="  # a PNG
Edit = Callable[[Any], None]  # changes a notebook
RecordEdit = Callable[[dict[str, Any]], dict[str, Any] | None]  # gives back a run record, or None for no record


@dataclass(frozen=True)
class Entry:
    """An answer made by small edits of the solution notebook.

    Args:
        question: which one it is about, such as "q4"; "all" for the form of a whole notebook.
        did: what the student did, in a few words.
        why: why that is right, or what it spoils.
        edits: applied in order.
        marks: that the question must get; None: all of them. A snippet's are those without the run record.
        fails: checks that must fail -> words that their feedback must hold. What depends on them is skipped.
        elsewhere: marks of other questions that cannot but suffer.
        record: changes the run record of the question's variant before it is published; None: nothing is changed.
        real: whether it needs CIFAR-10, on which records are evaluated.
        opens: checks of any question that must wait for a person -> words that they must say.
    """

    question: str
    did: str
    why: str
    edits: tuple[Edit, ...]
    marks: float | None = None
    fails: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, float] = field(default_factory=dict)
    record: RecordEdit | None = None
    real: bool = False
    opens: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of its file: "q4-five-by-five-kernels"."""
        words = re.sub(r"[^a-z0-9]+", "-", self.did.lower()).strip("-")
        return f"{self.question}-{words}"

    @property
    def is_snippet(self) -> bool:
        """Whether it stands for no notebook that a student would hand in: it is tried in process only."""
        return any(isinstance(edit, _Snippet) for edit in self.edits)

    def apply(self, solution: Any) -> Any:
        """The notebook that this student hands in; the solution stays as it is.

        Raises:
            EditError: an edit does not fit the notebook any more.
        """
        notebook = deepcopy(solution)
        try:
            for edit in self.edits:
                edit(notebook)
        except edits.EditError as problem:
            raise edits.EditError(f"entry {self.name}: {problem}") from None
        return notebook


def right(
    question: str,
    did: str,
    why: str,
    *changes: Edit,
    elsewhere: Mapping[str, float] | None = None,
    record: RecordEdit | None = None,
    real: bool = False,
) -> Entry:
    """An entry that must get full marks."""
    return Entry(question, did, why, changes, elsewhere=elsewhere or {}, record=record, real=real)


def wrong(
    question: str,
    did: str,
    why: str,
    *changes: Edit,
    marks: float,
    fails: Mapping[str, str],
    elsewhere: Mapping[str, float] | None = None,
    record: RecordEdit | None = None,
    real: bool = False,
    opens: Mapping[str, str] | None = None,
) -> Entry:
    """An entry that must lose the marks of some checks."""
    return Entry(question, did, why, changes, marks, fails, elsewhere or {}, record, real, opens or {})


def whole(entries: Iterable[Entry]) -> list[Entry]:
    """Those that stand for whole notebooks, which `make zoo` grades."""
    return [entry for entry in entries if not entry.is_snippet]


def spread(entries: Iterable[Entry], n: int, of_notebooks: int) -> list[Entry]:
    """At most n entries of each question, evenly from all of them, and so many that are about whole notebooks."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.question, []).append(entry)
    chosen = []
    for question, group in groups.items():
        k = min(of_notebooks if question == "all" else n, len(group))
        chosen += [group[i * len(group) // k] for i in range(k)]
    return chosen


# Edits


def function(name: str, source: str) -> Edit:
    """Replace a whole function. Its source may hold imports, helpers and classes too; empty, it deletes it."""
    return lambda notebook: edits.replace_function(notebook, name, source)


def line(name: str, *changes: tuple[str, str]) -> Edit:
    """Replace pieces of text within a function; each old text must be there just once."""

    def edit(notebook: Any) -> None:
        source = edits.function_in(edits.defining(notebook, name), name)
        for old, new in changes:
            if source.count(old) != 1:
                raise edits.EditError(f"{old!r} is {source.count(old)} times in {name}, not once")
            source = source.replace(old, new)
        edits.replace_function(notebook, name, source)

    return edit


def cell_before(name: str, source: str) -> Edit:
    """Insert a code cell before the one that defines a function."""
    return lambda notebook: _insert(notebook, name, source, 0)


def cell_after(name: str, source: str) -> Edit:
    """Insert a code cell after the one that defines a function."""
    return lambda notebook: _insert(notebook, name, source, 1)


def code(source: str) -> Edit:
    """A snippet: code that is run after all the solution's definitions, and so replaces some of them.

    Without a run record of its own, it is judged without the check of the record.
    """
    return _Snippet(source)


@dataclass(frozen=True)
class _Snippet:
    source: str

    def __call__(self, notebook: Any) -> None:
        last = max(i for i, c in enumerate(notebook.cells) if c.cell_type == "code" and c.source.startswith("def "))
        notebook.cells.insert(last + 1, nbformat.v4.new_code_cell(self.source))


def text(old: str, new: str) -> Edit:
    """Replace a piece of text in the one code cell that has it."""
    return lambda notebook: edits.replace_text(notebook, old, new)


def _insert(notebook: Any, name: str, source: str, offset: int) -> None:
    index = notebook.cells.index(edits.defining(notebook, name))
    notebook.cells.insert(index + offset, nbformat.v4.new_code_cell(source.strip("\n")))
