"""Checks: functions that judge observations. The same machinery serves the public and the hidden ones.

A check is a function decorated with `check`; its docstring is the title that people read. It returns
when the answer is right, and raises

- `Failure` when it is wrong: the student's marks for this check are lost;
- `Unjudged` when it cannot be told: no marks are lost, a person has to look;
- `Skipped` when what another check lacks leaves nothing to judge.

Any other exception is a fault of the grader. It costs nothing either, and the instructor gets the traceback.
"""

import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from labkit.plain_data import Plain

Outcome = Literal["passed", "failed", "skipped", "unjudged", "error"]


class Failure(Exception):
    """The answer is wrong.

    Args:
        expected: what is asked for, in general. Never a hidden value.
        found: what the answer did.
        hint: one step that helps.
    """

    def __init__(self, expected: str, found: str, hint: str = "") -> None:
        self.expected, self.found, self.hint = expected, found, hint
        super().__init__(expected, found, hint)

    def __str__(self) -> str:
        parts = [f"Expected: {self.expected}", f"Found: {self.found}"]
        return "\n".join(parts + ([f"Hint: {self.hint}"] if self.hint else []))


class ProbeError(RuntimeError):
    """A probe failed, which is a fault of the grader; the message is its traceback."""


class Unjudged(Exception):
    """The answer may be right, but this grader cannot tell. The message says why."""


class Skipped(Exception):
    """There is nothing to judge, for want of what another check asks for.

    Args:
        needed: name of that check; it comes earlier, and did not pass.
    """

    def __init__(self, needed: str) -> None:
        self.needed = needed
        super().__init__(needed)


@dataclass(frozen=True)
class Observations:
    """All that is known of one submission: plain data, no student code.

    Args:
        answers: question -> what its probe saw.
        seed: from which the probes' inputs were drawn.
        records: variant -> run record found in the submitted notebook.
    """

    answers: Mapping[str, dict[str, Plain]]
    seed: int = 0
    records: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    def __getitem__(self, question: str) -> dict[str, Any]:
        """What the probe of a question saw.

        Raises:
            ProbeError: the probe itself failed, or says that it tried nothing.
            Unjudged: the question was not tried, through no fault of its own.
            Failure: trying it took too long, or ended the kernel.
        """
        answer = dict(self.answers.get(question, {}))
        if "grader_error" in answer:
            raise ProbeError(str(answer["grader_error"]))
        if "given_up" in answer:
            raise Unjudged(str(answer["given_up"]))
        if "not_run" in answer:
            raise Failure("What this question asks for can be tried.", str(answer["not_run"]))
        if [] in (answer.get("calls"), answer.get("describe")):
            raise ProbeError("The probe noted no call. Does code of the notebook take its place?")
        return answer

    def model_spec(self, question: str) -> dict[str, Any]:
        """The description of the model that a question's builder gives; empty where it gives none."""
        return dict(self.answers.get(question, {}).get("spec") or {})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Check:
    """One check, as registered by the `check` decorator."""

    name: str
    question: str
    title: str
    weight: float
    hidden: bool
    after: tuple[str, ...]
    judge: Callable[[Observations], None]
    of: float  # marks of its question
    why: str = ""  # it cannot be judged without the checks in `after`
    of_record: bool = False  # it reads the run records in the notebook, which no probe sees


@dataclass(frozen=True)
class CheckResult:
    """What one check said of one submission. `earned` and `points` are marks."""

    name: str
    question: str
    title: str
    hidden: bool
    points: float
    earned: float
    outcome: Outcome
    expected: str = ""
    found: str = ""
    hint: str = ""
    traceback: str = ""  # of a fault of the grader, for the instructor only
    waits_for: str = ""  # name of the check without which this one could not be judged

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided on its marks yet."""
        return self.outcome in ("unjudged", "error")

    @property
    def message(self) -> str:
        """What a person reads below the title; empty when passed."""
        if self.outcome == "passed":
            return ""
        if self.outcome == "failed":
            return str(Failure(self.expected, self.found, self.hint))
        if self.outcome == "skipped":
            return f"Skipped: {self.found}"
        if self.outcome == "unjudged":
            return f"Needs a person's look: {self.found}"
        return "The grader failed here. This costs no marks; the instructor has been told."


class Registry:
    """The checks of one side (public or hidden), in the order of their definition."""

    def __init__(self, points: Mapping[str, float], *, hidden: bool, texts: Mapping[str, object] | None = None) -> None:
        """None of them yet.

        Args:
            points: question -> its marks.
            hidden: whether students do not see them.
            texts: what stands in titles between braces.
        """
        self.points, self.hidden, self._texts = points, hidden, texts or {}
        self.checks: dict[str, Check] = {}
        self.without_question: dict[str, str] = {}  # check -> the question that it is of, which is not in the table

    def check(
        self, question: str, weight: float, after: str | Iterable[str] = (), why: str = "", of_record: bool = False
    ) -> Callable[[Callable[[Observations], None]], Callable[[Observations], None]]:
        """Register a check.

        Args:
            question: the question whose marks it decides.
            weight: its share of that question's marks.
            after: names of checks of the same question without which this one makes no sense; it is skipped
                unless they passed. The question's own `*_answered` check always comes first.
            why: why it cannot be judged without them, where that is not said by the first of them.
            of_record: whether it reads the run records in the notebook.
        """

        def register(judge: Callable[[Observations], None]) -> Callable[[Observations], None]:
            if question not in self.points:  # a lecturer has left it out; `make docs` and `make student` tell
                self.without_question[judge.__name__] = question
                return judge
            if judge.__name__ in self.checks:
                raise ValueError(f"two checks are named {judge.__name__}")
            title = (judge.__doc__ or "").strip()
            if not title:
                raise ValueError(f"{judge.__name__} has no docstring, which is the title that people read")
            names = (after,) if isinstance(after, str) else tuple(after)
            title = title.format_map(self._texts)
            self.checks[judge.__name__] = Check(
                judge.__name__,
                question,
                title,
                weight,
                self.hidden,
                names,
                judge,
                self.points[question],
                why,
                of_record,
            )
            return judge

        return register


def points_of(checks: Iterable[Check]) -> dict[str, float]:
    """Marks of each check: its question's points, shared out by weight."""
    checks = list(checks)
    total: dict[str, float] = {}
    for item in checks:
        total[item.question] = total.get(item.question, 0) + item.weight
    return {c.name: round(c.of * c.weight / total[c.question], 6) for c in checks}


def judge(checks: Iterable[Check], observations: Observations) -> list[CheckResult]:
    """Judge all observations. Deterministic: same checks and observations, same results.

    A check whose `after` did not pass is skipped: it earns nothing where that one failed, and stays
    unjudged where that one could not be judged.

    >>> registry = Registry({"q1": 4}, hidden=False)
    >>> @registry.check("q1", 1)
    ... def q1_answered(observations):
    ...     'There is an answer.'
    ...     if observations["q1"].get("value") is None:
    ...         raise Failure("An answer.", "Nothing.")
    >>> @registry.check("q1", 3, after="q1_answered")
    ... def q1_right(observations):
    ...     'The answer is right.'
    ...     if observations["q1"]["value"] != 42:
    ...         raise Failure("The right number.", "Another one.", "Look at the question again.")
    >>> for value in (42, 41, None):
    ...     results = judge(registry.checks.values(), Observations({"q1": {"value": value}}))
    ...     print([(result.outcome, result.earned) for result in results])
    [('passed', 1.0), ('passed', 3.0)]
    [('passed', 1.0), ('failed', 0.0)]
    [('failed', 0.0), ('skipped', 0.0)]
    """
    checks = list(checks)
    points = points_of(checks)
    results: dict[str, CheckResult] = {}
    for item in checks:
        results[item.name] = _judge_one(item, points[item.name], observations, results)
    return list(results.values())


def _judge_one(
    item: Check, points: float, observations: Observations, before: Mapping[str, CheckResult]
) -> CheckResult:
    def result(outcome: Outcome, found: str = "", **texts: str) -> CheckResult:
        earned = points if outcome == "passed" else 0.0
        texts["found"] = found
        return CheckResult(item.name, item.question, item.title, item.hidden, points, earned, outcome, **texts)

    def waiting(needed: CheckResult) -> CheckResult:
        """Of a check that cannot be judged without another one."""
        if needed.is_open:
            said = needed.found or f"“{needed.title}” could not be judged."
            return result("unjudged", found=said, waits_for=needed.name)
        return result("skipped", found=f"this needs “{needed.title}” first.", waits_for=needed.name)

    for name in item.after:
        if name not in before:
            raise ValueError(f"{item.name} comes after {name}, which was not judged before it")
        if before[name].outcome != "passed":
            return waiting(before[name])
    try:
        item.judge(observations)
    except Failure as failure:
        return result("failed", expected=failure.expected, found=failure.found, hint=failure.hint)
    except Unjudged as reason:
        return result("unjudged", found=str(reason))
    except Skipped as reason:
        needed = before.get(reason.needed)
        if needed is not None and needed.outcome != "passed":
            return waiting(needed)
        return result("error", traceback=traceback.format_exc())
    except Exception:
        return result("error", traceback=traceback.format_exc())
    return result("passed")
