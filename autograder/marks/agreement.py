"""Written answers over all submissions: how often each item of a rubric was ticked, and whether two people agree."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

from autograder.marks.decided import Decided, marks_of
from autograder.marks.decisions import Decision
from autograder.marks.rubric import Item, Rubric

FEWEST: Final = 5  # answers that two people marked below which agreement says nothing


@dataclass
class ItemSummary:
    """One item of a rubric over all marked answers.

    Args:
        full, part: how often it was earned as a whole, and in part.
        pairs: for each answer that two people marked by themselves: what each gave of it, 0 to 1.
    """

    item: Item
    full: int = 0
    part: int = 0
    pairs: list[tuple[float, float]] = field(default_factory=list)

    @property
    def agreement(self) -> float | None:
        """Share of the answers on which two people agreed; None where too few were marked by two."""
        if len(self.pairs) < FEWEST:
            return None
        return sum(one == other for one, other in self.pairs) / len(self.pairs)

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa: agreement beyond chance; None where too few were marked by two, or all were alike."""
        observed = self.agreement
        if observed is None:
            return None
        n = len(self.pairs)
        values = {value for pair in self.pairs for value in pair}
        chance = sum(
            sum(one == value for one, _ in self.pairs) * sum(other == value for _, other in self.pairs)
            for value in values
        ) / (n * n)
        return None if chance == 1 else (observed - chance) / (1 - chance)


@dataclass
class WrittenSummary:
    """One written answer over all submissions.

    Args:
        rubric: by which it is marked.
        states: state -> how many submissions.
        marks: of each answer that was marked.
        items: in the rubric's order.
        differences: between the marks of two people, for each answer that both marked by themselves.
    """

    rubric: Rubric
    states: dict[str, int] = field(default_factory=dict)
    marks: list[float] = field(default_factory=list)
    items: list[ItemSummary] = field(default_factory=list)
    differences: list[float] = field(default_factory=list)

    @property
    def marked(self) -> int:
        """How many answers are marked."""
        return self.states.get("marked", 0)

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to tell of it."""
        return self.rubric.points > 0 or set(self.states) != {"unmarked"}


def summarise(decided: Sequence[Decided], decisions: Iterable[Decision]) -> list[WrittenSummary]:
    """Every written answer.

    Args:
        decided: all submissions.
        decisions: everything that was ever said, in the order of time.
    """
    if not decided:
        return []
    found = {name: _summary(rubric, decided) for name, rubric in decided[0].rubrics.items()}
    known = {one.result.submission for one in decided}
    groups: dict[tuple[str, str], list[Decision]] = {}
    for decision in decisions:
        if decision.kind == "written" and decision.name in found and decision.submission in known:
            groups.setdefault((decision.submission, decision.name), []).append(decision)
    for (_, name), group in groups.items():
        summary = found[name]
        for one, other in combinations(_independent(group), 2):
            summary.differences.append(abs(marks_of(one, summary.rubric) - marks_of(other, summary.rubric)))
            for item in summary.items:
                item.pairs.append((_share(one, item.item), _share(other, item.item)))
    return list(found.values())


def _summary(rubric: Rubric, decided: Sequence[Decided]) -> WrittenSummary:
    summary = WrittenSummary(rubric, items=[ItemSummary(item) for item in rubric.items])
    for one in decided:
        written = one.written[rubric.name]
        summary.states[written.state] = summary.states.get(written.state, 0) + 1
        if written.state != "marked" or written.marks is None:
            continue
        summary.marks.append(written.marks)
        for item in summary.items:
            share = written.items.get(item.item.id, 0.0)
            item.full += share == 1
            item.part += 0 < share < 1
    return summary


def _independent(group: Sequence[Decision]) -> list[Decision]:
    """The last decision of each person who had not seen what another one said, on the text that was judged last."""
    authors = {decision.id: decision.by for decision in group}
    latest: dict[str, Decision] = {}
    for decision in group:
        seen = {authors[old] for old in decision.replaces if old in authors}
        if decision.value is not None and seen <= {decision.by} and decision.of == group[-1].of:
            latest[decision.by] = decision
    return list(latest.values())


def _share(decision: Decision, item: Item) -> float:
    return float((decision.value or {"items": {}})["items"].get(item.id, 0.0))
