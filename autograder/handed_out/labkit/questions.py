"""The table of a practical's questions: one row each, from which everything else about them follows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from labkit.plain_data import Plain
from labkit.student import NeedsEarlier, Student

Observation = dict[str, Plain]


@dataclass(frozen=True)
class Question:
    """A question whose answer is probed.

    Args:
        name: as in the names of its checks, and in `# BEGIN QUESTION` of the master notebook, such as "q4".
        points: its marks.
        probe: looks at the answer in a student's notebook.
        leaned_on: that one of its functions which probes of later questions call; empty if none does.
        has_fallback: whether the practical has another that may take its place, see `kernel/fallbacks.py`.
        variant: the experiment whose run record it wants; empty if none.
        is_bonus: its marks come on top of the maximum.
        is_slow: its probe takes long: it is tried with fallbacks only where the student's own functions do not earn
            all marks.
    """

    name: str
    points: float
    probe: Callable[[Any], Observation]
    leaned_on: str = ""
    has_fallback: bool = False
    variant: str = ""
    is_bonus: bool = False
    is_slow: bool = False


class Questions(Mapping[str, Question]):
    """All questions of a practical, in the order of the notebook, by name.

    >>> questions = Questions(
    ...     Question("q1", 4, probe=lambda student: {}, leaned_on="load_data"),
    ...     Question("bonus", 2, probe=lambda student: {}, is_bonus=True),
    ... )
    >>> questions.points, questions.max_score, questions.bonus, questions.leaned_on
    ({'q1': 4, 'bonus': 2}, 4, 2, {'q1': 'load_data'})
    """

    def __init__(self, *rows: Question) -> None:
        """The table.

        Raises:
            ValueError: two rows have one name, one variant, or one function that others lean on.
        """
        self._rows = {row.name: row for row in rows}
        for what in ("name", "variant", "leaned_on"):
            names = [name for row in rows if (name := getattr(row, what))]
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"two rows of the table of questions have {what}={twice[0]!r}")

    def __getitem__(self, name: str) -> Question:
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def points(self) -> dict[str, float]:
        """Question -> its marks."""
        return {row.name: row.points for row in self.values()}

    @property
    def max_score(self) -> float:
        """Marks of all questions without the bonus."""
        return sum(row.points for row in self.values() if not row.is_bonus)

    @property
    def bonus(self) -> float:
        """Marks that come on top of `max_score`."""
        return sum(row.points for row in self.values() if row.is_bonus)

    @property
    def leaned_on(self) -> dict[str, str]:
        """Question -> its function that probes of later questions call."""
        return {row.name: row.leaned_on for row in self.values() if row.leaned_on}

    @property
    def fallbacks(self) -> tuple[str, ...]:
        """Functions of students' that another may take the place of."""
        return tuple(row.leaned_on for row in self.values() if row.has_fallback)

    @property
    def variants(self) -> dict[str, str]:
        """Variant -> the question that wants its run record."""
        return {row.variant: row.name for row in self.values() if row.variant}

    def observe(self, question: str, student: Student) -> Observation:
        """What the probe of one question sees; {"needs": reason} where an earlier answer is missing.

        Raises:
            KeyError: there is no such question.
        """
        try:
            return self[question].probe(student)
        except NeedsEarlier as reason:
            return {"needs": str(reason)}
