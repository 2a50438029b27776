"""What decisions of people come to beside what the grader said of a submission."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, Literal

from autograder import assignment
from autograder.marks.decisions import NOTHING, Decision, Standing
from autograder.marks.rubric import Rubric
from autograder.results import SubmissionResult
from labkit.judging import CheckResult

State = Literal["unmarked", "marked", "conflict", "changed"]
UNGRADED: Final = "Nothing could be graded."
_OVERRIDES: Final = ("check:", "question:", "total")


@lru_cache(maxsize=20_000)
def digest_of_text(text: str) -> str:
    """Of a written answer: white space at the ends of lines and of the text does not count."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:32]


def digest_of_check(check: CheckResult) -> str:
    """Of what the grader says of a check, as far as marks go."""
    return _digest([check.outcome, check.earned, check.points])


def digest_of_checks(checks: Sequence[CheckResult]) -> str:
    """Of what the grader says of a question, or of everything."""
    return _digest([(check.name, check.outcome, check.earned, check.points) for check in checks])


@dataclass(frozen=True)
class Written:
    """The marks of one written answer.

    Args:
        rubric: by which it is marked.
        text: the answer.
        standing: what people said of it.
    """

    rubric: Rubric
    text: str
    standing: Standing = NOTHING

    @property
    def name(self) -> str:
        """Of the answer."""
        return self.rubric.name

    @cached_property
    def state(self) -> State:
        """`changed`: it was marked, and its text is another one now."""
        if self.standing.is_conflict:
            return "conflict"
        if self.standing.decision is None:
            return "unmarked"
        digest = digest_of_text(self.text)
        return "marked" if any(head.of == digest for head in self.standing.heads) else "changed"

    @property
    def marks(self) -> float | None:
        """Of the answer; None where nobody has decided."""
        return None if self.standing.decision is None else marks_of(self.standing.decision, self.rubric)

    @property
    def items(self) -> dict[str, float]:
        """Items of the rubric that were ticked, with the share of each that was earned."""
        decision = self.standing.decision
        ticked: Mapping[str, float] = decision.value["items"] if decision and decision.value else {}
        return {item.id: ticked[item.id] for item in self.rubric.items if item.id in ticked}

    @property
    def comments(self) -> list[str]:
        """What the student reads; more than one where people agreed on the marks in different words."""
        heads = [] if self.standing.decision is None else self.standing.heads
        found = [head.value["comment"].strip() for head in heads if head.value]
        return list(dict.fromkeys(text for text in found if text))

    @property
    def is_open(self) -> bool:
        """Whether its marks are still to be decided, where they count."""
        return self.rubric.points > 0 and self.state != "marked"

    @property
    def rubric_note(self) -> str:
        """What of the rubric is another one since it was marked; empty where nothing is."""
        decision = self.standing.decision
        if decision is None or decision.value is None:
            return ""
        known = {item.id for item in self.rubric.items}
        if gone := [item for item in decision.value["items"] if item not in known]:
            return f"The rubric no longer has {', '.join(gone)}, which was ticked here."
        over = decision.value["marks"]
        if over is not None and over > self.rubric.points:
            return f"{over:g} marks were given, and the rubric now has {self.rubric.points:g}."
        if decision.value.get("rubric", self.rubric.digest) != self.rubric.digest:
            return "The rubric has changed since; the marks follow from the one of today."
        return ""


def marks_of(decision: Decision, rubric: Rubric) -> float:
    """What a decision on a written answer gives by the rubric of today."""
    value = decision.value or {"items": {}, "marks": 0.0}
    if value["marks"] is not None:
        return min(float(value["marks"]), rubric.points)
    return rubric.marks(value["items"])


@dataclass(frozen=True)
class Adjustment:
    """A bonus or a penalty. `marks` is what it comes to."""

    name: str
    marks: float
    decision: Decision

    @property
    def words(self) -> str:
        """The amount as it was said, with its sign."""
        value = self.decision.value or {}
        sign = f"{value['amount']:+g}".replace("-", "−")
        return (
            f"{sign} %" if value["unit"] == "percent" else f"{sign} {'mark' if abs(value['amount']) == 1 else 'marks'}"
        )


@dataclass(frozen=True)
class Decided:
    """One submission with all that people said of it. What the grader said is in `result`, as it was.

    Args:
        result: of the grader.
        rubrics: written answer -> how it is marked.
        standings: target -> what people said.
    """

    result: SubmissionResult
    rubrics: Mapping[str, Rubric]
    standings: Mapping[str, Standing]

    def of(self, target: str) -> Standing:
        """What people said of one target."""
        return self.standings.get(target, NOTHING)

    @cached_property
    def written(self) -> dict[str, Written]:
        """Every written answer of the practical, whether this submission has it or not."""
        texts = self.result.written
        return {
            name: Written(rubric, texts.get(name, ""), self.of(f"written:{name}"))
            for name, rubric in self.rubrics.items()
        }

    def check_marks(self, check: CheckResult) -> float | None:
        """Marks of a check; None where nobody has decided."""
        decision = self.of(f"check:{check.name}").decision
        if decision and decision.value:
            return min(float(decision.value["marks"]), check.points)
        return None if check.is_open else check.earned

    def question_score(self, question: str) -> float | None:
        """Marks of a question; None where nothing of it was decided."""
        if question in self.rubrics:
            return self.written[question].marks
        decision = self.of(f"question:{question}").decision
        if decision and decision.value:
            return float(decision.value["marks"])
        marks = [self.check_marks(check) for check in self.result.checks if check.question == question]
        known = [mark for mark in marks if mark is not None]
        return round(sum(known), 4) if known else None

    @cached_property
    def base(self) -> float | None:
        """Marks of all questions, without adjustments; None where nothing was decided."""
        scores = [self.question_score(question) for question in assignment.questions()]
        scores += [written.marks for written in self.written.values() if written.rubric.points]
        known = [score for score in scores if score is not None]
        return round(sum(known), 4) if known else None

    @cached_property
    def adjustments(self) -> list[Adjustment]:
        """Bonuses and penalties; per cent are of the marks earned without any."""
        found = []
        for target, standing in sorted(self.standings.items()):
            decision = standing.decision
            if target.startswith("adjustment:") and decision and decision.value:
                amount = float(decision.value["amount"])
                marks = amount if decision.value["unit"] == "marks" else (self.base or 0.0) * amount / 100
                found.append(Adjustment(decision.name, round(marks, 4), decision))
        return found

    @cached_property
    def score(self) -> float | None:
        """Marks with everything that people said; never below 0. None where nothing was decided."""
        decision = self.of("total").decision
        if decision and decision.value:
            return float(decision.value["marks"])
        if self.base is None:
            return None
        return max(0.0, round(self.base + sum(one.marks for one in self.adjustments), 4))

    @property
    def max_score(self) -> float:
        """Marks of all questions without the bonus, those of written answers included."""
        return max_score(self.rubrics)

    @property
    def percent(self) -> float | None:
        """The score in percent of `max_score`, one decimal; above 100 with the bonus."""
        return None if self.score is None else round(100 * self.score / self.max_score, 1)

    @property
    def is_decided(self) -> bool:
        """Whether anybody said anything of this submission that still stands."""
        return any(head.value is not None for standing in self.standings.values() for head in standing.heads)

    @property
    def status(self) -> Literal["graded", "needs_review"]:
        """`needs_review` as long as something is open."""
        return "needs_review" if self.open else "graded"

    @cached_property
    def open(self) -> tuple[str, ...]:
        """Sentences on what a person has still to decide; none where the score is final."""
        review = self.of("review").decision
        is_asked_for = review and review.value and review.value["action"] == "new_file"
        found = []
        if review and is_asked_for and self.result.status == "needs_review":
            found.append(f"{review.by} has asked for a new file.")
        found += [f"{_words(target)}: two people decided differently." for target in self._conflicts]
        found += [
            f"{_words(target)}: the grader says something else since a person decided." for target in self._outdated
        ]
        if self.of("total").decision is None:
            found += self._open_marks
        return tuple(found)

    @property
    def _conflicts(self) -> list[str]:
        counted = {f"written:{name}" for name, rubric in self.rubrics.items() if not rubric.points}
        return [target for target, standing in self.standings.items() if standing.is_conflict and target not in counted]

    @property
    def _outdated(self) -> list[str]:
        """Overrides of what the grader has judged anew, with another outcome."""
        return [
            target
            for target, standing in self.standings.items()
            if target.startswith(_OVERRIDES)
            and standing.decision is not None
            and standing.decision.of not in ("", self.digest(target))
        ]

    def digest(self, target: str) -> str:
        """Of what the grader says now of a check, a question or everything; empty for other targets."""
        kind, _, name = target.partition(":")
        if kind == "check":
            return next((digest_of_check(check) for check in self.result.checks if check.name == name), "gone")
        if kind == "question":
            return digest_of_checks([check for check in self.result.checks if check.question == name])
        return digest_of_checks(self.result.checks) if kind == "total" else ""

    @property
    def _open_marks(self) -> list[str]:
        found = []
        waiting = [check for check in self.open_checks if self.check_marks(check) is None]
        if waiting and self.result.status == "needs_review":
            marks = sum(check.points for check in waiting)
            questions = ", ".join(dict.fromkeys(check.question for check in waiting))
            found.append(f"{questions}: {marks:g} marks could not be judged.")
        elif self.result.status == "needs_review" and not any(check.is_open for check in self.result.checks):
            found += self._ungraded
        unmarked = [name for name, written in self.written.items() if written.is_open and written.state == "unmarked"]
        changed = [name for name, written in self.written.items() if written.is_open and written.state == "changed"]
        if unmarked:
            found.append(f"{', '.join(unmarked)}: not marked yet.")
        if changed:
            found.append(f"{', '.join(changed)}: the answer is another one since it was marked.")
        return found

    @property
    def _ungraded(self) -> list[str]:
        """Of a submission of which the grader says nothing, or nothing that it could not judge."""
        missing = [question for question in assignment.questions() if self.question_score(question) is None]
        if len(missing) == len(assignment.questions().points):
            return [UNGRADED]
        return [f"{', '.join(missing)}: nothing was decided." if missing else "A person has to look."]

    @property
    def open_checks(self) -> list[CheckResult]:
        """Checks that the grader could not judge, and whose question nobody has decided on as a whole."""
        return [
            check
            for check in self.result.checks
            if check.is_open and self.of(f"question:{check.question}").decision is None
        ]

    @property
    def note(self) -> str:
        """The most important sentence for the instructor."""
        said = self.result.notes[0] if self.result.notes else ""
        if self.result.status == "needs_review" and self.is_decided and not self.open:
            who = dict.fromkeys(head.by for standing in self.standings.values() for head in standing.heads)
            return f"Decided by {', '.join(who)}."
        if said and self.open[:1] == (UNGRADED,):
            return said
        is_of_people = self.is_decided or self.result.status == "graded"
        return self.open[0] if self.open and (is_of_people or not said) else said


def _words(target: str) -> str:
    kind, _, name = target.partition(":")
    return {"written": name, "question": name, "check": name, "total": "total", "adjustment": f"“{name}”"}.get(
        kind, kind
    )


def max_score(rubrics: Mapping[str, Rubric]) -> float:
    """Marks of all questions without the bonus, those of written answers included."""
    return assignment.questions().max_score + sum(rubric.points for rubric in rubrics.values())


def fingerprint(decided: Decided) -> str:
    """Of all that files say of a submission beside what the grader said: another one now, and they are written anew."""
    if not decided.is_decided and not any(rubric.points for rubric in decided.rubrics.values()):
        return ""
    said = {target: [head.id for head in standing.heads] for target, standing in sorted(decided.standings.items())}
    by = {name: [rubric.digest, [item.text for item in rubric.items]] for name, rubric in decided.rubrics.items()}
    return _digest([said, by])[:16]
