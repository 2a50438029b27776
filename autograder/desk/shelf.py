"""A gradebook as the desk sees it: read once, and again where a file has changed."""

import hashlib
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from autograder.gradebook import store
from autograder.marks import book
from autograder.marks.decided import Decided
from autograder.marks.decisions import NOTHING, Decision, Ledger, Standing, standing
from autograder.marks.rubric import Rubric
from autograder.results import SubmissionResult
from autograder.sanitize import natural_key


def key_of(submission: str) -> str:
    """What addresses of the desk call a submission, so that none shows a name that is to be hidden."""
    return hashlib.sha256(submission.encode("utf-8", "surrogatepass")).hexdigest()[:12]


class Shelf:
    """All submissions of a gradebook with what people said of them.

    Args:
        out: the gradebook's folder.

    Raises:
        GradebookError: it holds no results, or one that cannot be read.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self.log = book.log(out)
        self._lock = threading.RLock()
        self._stamps: dict[Path, tuple[int, int]] = {}
        self._results: dict[Path, SubmissionResult] = {}
        self._decided: dict[str, Decided] = {}
        self._ledger: Ledger = {}
        self._said: list[Decision] = []
        self.problems: list[str] = []
        if not self.everybody():
            raise store.GradebookError(
                self.problems[0]
                if self.problems
                else f"{out} holds no results: `make grade OUT={out}` makes a gradebook."
            )

    def everybody(self) -> dict[str, Decided]:
        """Key -> submission, by name; as of now.

        Raises:
            OSError: a file cannot be read.
            RubricError: a rubric of the master notebook is not in order.
        """
        with self._lock:
            is_new = self._read_results()
            said = self.log.decisions()
            rubrics = book.rubrics()
            if is_new or len(said) != len(self._said) or said != self._said or rubrics != self.rubrics:
                self._said, self._ledger = said, standing(said)
                self._decide(rubrics)
            return self._decided

    @property
    def rubrics(self) -> Mapping[str, Rubric]:
        """Written answer -> how it is marked; as of the last look."""
        return next(iter(self._decided.values())).rubrics if self._decided else {}

    def said(self) -> Sequence[Decision]:
        """Everything that was ever decided, in the order of time; as of the last look."""
        return self._said

    def markers(self) -> Standing:
        """Among whom written answers are dealt out."""
        return self._ledger.get("", {}).get("markers", NOTHING)

    def _decide(self, rubrics: Mapping[str, Rubric]) -> None:
        before = self._decided
        self._decided = {}
        for result in sorted(self._results.values(), key=lambda result: natural_key(result.submission)):
            key, standings = key_of(result.submission), self._ledger.get(result.submission, {})
            old = before.get(key)
            is_same = old and old.result is result and old.rubrics == rubrics and old.standings == standings
            self._decided[key] = old if old and is_same else Decided(result, rubrics, standings)

    def _read_results(self) -> bool:
        """Read what has changed. Pictures are left on the disk: those of a class fill the memory."""
        with os.scandir(self.out / "results") as entries:
            stamps = {
                self.out / "results" / entry.name: (status.st_mtime_ns, status.st_size)
                for entry in entries
                if entry.name.endswith(".json") and entry.name[0] != "." and (status := entry.stat())
            }
        if stamps == self._stamps:
            return False
        self.problems = []
        for path in self._results.keys() - stamps.keys():
            del self._results[path]
        for path in sorted(stamp for stamp in stamps if stamps[stamp] != self._stamps.get(stamp)):
            try:
                self._results[path] = replace(store.read_path(path), images={})
            except store.GradebookError as problem:
                self._results.pop(path, None)
                self.problems.append(str(problem))
        self._stamps = stamps
        return True

    def save(self, decisions: Sequence[Decision]) -> None:
        """Keep decisions; see `autograder.marks.decisions.Log.append`.

        Raises:
            DecisionError: one is not in order; none was kept.
            OSError: they could not be written.
        """
        self.log.append(decisions)

    def pictures(self, decided: Decided) -> Mapping[str, Sequence[bytes]]:
        """Pictures of a submission, question -> PNG files as they came.

        Raises:
            GradebookError: its result cannot be read.
        """
        path = self.out / "results" / f"{store.safe_name(decided.result.submission)}.json"
        return _pictures(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _pictures(path: Path, changed: int) -> Mapping[str, Sequence[bytes]]:
    return store.read_path(path).images
