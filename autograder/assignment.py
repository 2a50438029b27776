"""The door: what the engine knows of the practical. No other file of the engine imports it.

The practical is a folder with a `definition.py`, which holds `ASSIGNMENT`. It is the one beside the engine, unless the
variable `AUTOGRADER_ASSIGNMENT` names another: `python -m autograder --assignment FOLDER` sets it.
"""

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from autograder import master
from autograder.master import Section
from labkit import asserts
from labkit.judging import Check, Observations, Registry
from labkit.questions import Question, Questions
from labkit.student import Student

VARIABLE: Final = "AUTOGRADER_ASSIGNMENT"
PROJECT: Final = Path(__file__).resolve().parents[1]


class AssignmentError(RuntimeError):
    """A folder holds no practical, or one that is not in order. The message names the folder or the file."""


class Data(Protocol):
    """The data of a practical on this machine, decoded."""

    @property
    def source(self) -> str:
        """What it is, such as "CIFAR-10" or "stand-in"."""

    @property
    def is_real(self) -> bool:
        """Whether it is what students work with, and not a stand-in."""

    @property
    def cache(self) -> Path | None:
        """The folder in which it is kept decoded; None where nothing is kept."""

    def write(self, folder: Path) -> None:
        """Put the files that the student's kernel is served with, or links to them, into a new folder."""


@dataclass(frozen=True)
class NoData:
    """Of a practical that needs none but what its packages bring."""

    source: str = "its own"
    is_real: bool = True
    cache: Path | None = None

    def write(self, folder: Path) -> None:
        """An empty folder."""
        folder.mkdir()


@dataclass(frozen=True)
class RunRecords:
    """What a practical makes of the run records in a submitted notebook: results of trainings, variant -> record.

    Args:
        find: those of a notebook.
        tried: observations with what the weights of their runs answer.
        are_evaluated: whether weights can be tried on the real test set on this machine.
        trained: the values of a run's weights that are trained.
        alike: numbers of runs that are one training, two by two, by what their weights answer.
        remarks: what is unusual in records, beside what the reference solution reaches (see `grading.baselines`).
    """

    find: Callable[[Any], dict[str, dict[str, Any]]]
    tried: Callable[[Observations], Observations]
    are_evaluated: Callable[[], bool]
    trained: Callable[[Sequence[Mapping[str, Any]]], list[np.ndarray]]
    alike: Callable[[Sequence[str]], Iterator[tuple[int, int]]]
    remarks: Callable[[Mapping[str, Mapping[str, Any]], Mapping[str, Any]], list[str]]


@dataclass(frozen=True)
class LookedUp:
    """Names of the notebook that probes look up, so that cells which give them are run.

    Args:
        always: in any case.
        late: only where an earlier question gives nothing to work with.
        replaced: name of a function -> the names that it uses and that its probe puts others in the place of.
    """

    always: frozenset[str] = frozenset()
    late: frozenset[str] = frozenset()
    replaced: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Assignment:
    """A practical, as its `definition.py` declares it.

    Args:
        name: short, of files and images: lower-case letters and hyphens.
        title: as people read it.
        folder: where it is, with `master.ipynb` and `lab/`.
        questions: those that are probed. What `current` gives has those of the master notebook too, in its order.
        student: the class through which probes see a notebook.
        checks: gives those that students see, and the hidden ones.
        texts: what the master notebook and titles of checks may name: `[[ NAME ]]`.
        fetch: see `data.fetching.fetch`; None where there is nothing to fetch.
        data: gives the data of this machine.
        found: for `doctor`: (what, where it is or that it is not, what to do or "").
        records: gives what it makes of run records; None where no question wants one.
        looked_up: by probes.
        baselines: file of what the reference solution reaches, see `solutions.summary`; None where there is none.
        trained_with: constants without which a file of baselines says too little.
        data_name: of its real data, as that file has it.
        samples: writes the sample submissions into a folder, which it gives back; None where there are none.
        stale: what has to be made anew since constants are others ("samples" among it), name -> a sentence.
        students_page: goes into the handout as README.md; None where there is none.
        work: a short computation like that of a probe or check, always the same, by which machines are compared.
    """

    name: str
    title: str
    folder: Path
    questions: Questions
    checks: Callable[[], tuple[Registry, Registry]]
    student: type[Student] = Student
    texts: Mapping[str, object] = field(default_factory=dict)
    data: Callable[[], Data] = NoData
    fetch: Callable[[str | None, Callable[[str], None]], None] | None = None
    found: Callable[[], list[tuple[str, str, str]]] = list
    records: Callable[[], RunRecords] | None = None
    looked_up: LookedUp = LookedUp()
    baselines: Path | None = None
    trained_with: tuple[str, ...] = ()
    data_name: str = ""
    samples: Callable[[Path], Path] | None = None
    stale: Callable[[], Mapping[str, str]] = dict
    students_page: Path | None = None
    work: Callable[[], object] = object

    @property
    def master(self) -> Path:
        """The master notebook."""
        return self.folder / "master.ipynb"

    @property
    def notebook(self) -> str:
        """File name of the notebook that students get."""
        return f"{self.name.replace('-', '_')}.ipynb"

    @property
    def lab(self) -> Path:
        """The package that is handed out; in Otter's zip it lies beside the practical."""
        own = self.folder / "lab"
        return own if own.is_dir() else self.folder.parent / "lab"

    @property
    def kernel(self) -> Path:
        """The package that enters the student's kernel at grading; there may be none."""
        return self.folder / "kernel"

    @property
    def functions(self) -> tuple[str, ...]:
        """Names of the functions that the questions ask for."""
        return tuple(name for section in self.sections.values() for name in section.functions)

    @property
    def sections(self) -> dict[str, Section]:
        """Questions and written answers of the master notebook, by name, in order."""
        return master.read(self.master).sections

    def all_checks(self) -> list[Check]:
        """Public and hidden checks, question by question, public ones first.

        Raises:
            ValueError: a public and a hidden check have the same name.
            AssignmentError: a question has marks, and nothing by which they can be earned.
        """
        public, hidden = self.checks()
        both = public.checks.keys() & hidden.checks.keys()
        if both:
            raise ValueError(f"both a public and a hidden check are named {', '.join(sorted(both))}")
        every = [*public.checks.values(), *hidden.checks.values()]
        for question in self.questions.keys() - {check.question for check in every}:
            section = self.sections[question]
            if not section.tests:
                raise AssignmentError(f"{question} stands in the table of questions, and no check is of it")
            every += [asserts.check_of(test, question, self.questions[question].points) for test in section.tests]
        return [check for question in self.questions for check in every if check.question == question]


def current() -> Assignment:
    """The practical of this process.

    Raises:
        AssignmentError: its folder holds none.
    """
    return _load(os.environ.get(VARIABLE) or _usual())


@cache
def _usual() -> str:
    """The practical of this project, which lies beside the engine."""
    found = sorted(path.parent for path in PROJECT.glob("*/definition.py"))
    if len(found) != 1:
        raise AssignmentError(f"{PROJECT} holds {len(found)} practicals instead of one: set {VARIABLE}")
    return str(found[0])


def questions() -> Questions:
    """The questions of the practical of this process."""
    return current().questions


def all_checks() -> list[Check]:
    """All checks of the practical of this process, see `Assignment.all_checks`."""
    return current().all_checks()


def write_samples(folder: Path) -> Path:
    """Write the sample submissions of the practical of this process into a folder, which is returned.

    Raises:
        AssignmentError: it has none.
    """
    write = current().samples
    if write is None:
        raise AssignmentError("this practical has no sample submissions: name a folder (--submissions)")
    return write(folder)


@cache
def _load(name: str) -> Assignment:
    folder = Path(name).resolve()
    if not (folder / "definition.py").is_file():
        raise AssignmentError(f"{name} holds no practical: there is no definition.py in it")
    if not folder.name.isidentifier():
        raise AssignmentError(f"{name}: the folder of a practical is named like a module of Python, without hyphens")
    for path in (str(folder.parent), str(folder)):
        if path not in sys.path:
            sys.path.insert(0, path)
    module = importlib.import_module(f"{folder.name}.definition")
    found = getattr(module, "ASSIGNMENT", None)
    if not isinstance(found, Assignment):
        raise AssignmentError(f"{folder / 'definition.py'} defines no ASSIGNMENT")
    return replace(found, questions=_merged(found))


def _merged(found: Assignment) -> Questions:
    """The questions of the table and those that stand in the master notebook alone, in the notebook's order.

    Raises:
        AssignmentError: a question is in one place and not in the other, or has no marks or no tests.
    """
    rows = []
    sections = found.sections
    if missing := [name for name in found.questions if name not in sections]:
        raise AssignmentError(
            f"{found.master}: there is no question {missing[0]}, which stands in the table of questions"
        )
    for name, section in sections.items():
        row = found.questions.get(name)
        where = f"{found.master}: {name}"
        if row is not None:
            if section.tests or section.is_manual:
                raise AssignmentError(f"{where} stands in the table of questions, so it has no test cells of its own")
            if row.leaned_on and row.leaned_on not in section.functions:
                raise AssignmentError(f"{where}: its solution has no function `{row.leaned_on}`, which others lean on")
            rows.append(row)
        elif not section.is_manual:
            if not section.tests:
                raise AssignmentError(f"{where} has no test cells, and no row in the table of questions")
            if section.points is None:
                raise AssignmentError(f"{where} has no marks: write “points: 5” below “name: {name}”")
            rows.append(Question(name, section.points, asserts.probe_of(section.tests)))
    return Questions(*rows)
