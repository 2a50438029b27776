"""Decisions of people, kept as lines of JSON in OUT/decisions: appended, never changed.

Every process that writes has a file of its own, so writers never wait for one another, and two folders are merged by
copying the files of one beside those of the other. A decision names those that it replaces; what nobody has replaced
stands. `decision.schema.json` describes a line.
"""

import json
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import fastjsonschema

VERSION: Final = 1
FOLDER: Final = "decisions"
MAX_LINE: Final = 2**18  # bytes
SCHEMA: Final[dict[str, Any]] = json.loads(Path(__file__).with_name("decision.schema.json").read_text("utf-8"))
_is_of_form = fastjsonschema.compile(SCHEMA, use_default=False)
_VALUES: Final = {  # kind of target -> definition of its value
    "written": "written",
    "check": "override",
    "question": "override",
    "total": "override",
    "adjustment": "adjustment",
    "review": "review",
    "markers": "markers",
}
_is_value = {
    name: fastjsonschema.compile({**SCHEMA["$defs"][name], "$schema": SCHEMA["$schema"]}, use_default=False)
    for name in set(_VALUES.values())
}


class DecisionError(ValueError):
    """A decision is not of the form of the schema. The message is one sentence."""


@dataclass(frozen=True)
class Decision:
    """What one person said about one thing; see `decision.schema.json` for the fields."""

    by: str
    submission: str
    target: str
    value: Mapping[str, Any] | None
    of: str = ""
    replaces: tuple[str, ...] = ()
    at: str = field(default_factory=lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z")
    id: str = field(default_factory=lambda: uuid4().hex)

    @property
    def kind(self) -> str:
        """Of its target: `written`, `check`, `question`, `total`, `adjustment`, `review` or `markers`."""
        return self.target.partition(":")[0]

    @property
    def name(self) -> str:
        """Of its target: of the answer, the check, the question or the adjustment."""
        return self.target.partition(":")[2]


def encode(decision: Decision) -> bytes:
    """A line of the log.

    Raises:
        DecisionError: it is not of the form of the schema.
    """
    data = {"version": VERSION, **asdict(decision), "replaces": list(decision.replaces)}
    _check(data)
    try:
        line = json.dumps(data, allow_nan=False).encode("ascii") + b"\n"
    except ValueError as problem:
        raise DecisionError(str(problem)) from None
    if len(line) > MAX_LINE:
        raise DecisionError(f"a decision has more than {MAX_LINE >> 10} KiB")
    return line


def decode(line: bytes) -> Decision:
    """The decision that a line holds.

    Raises:
        DecisionError: it holds none.
    """
    if len(line) > MAX_LINE:
        raise DecisionError(f"a line has more than {MAX_LINE >> 10} KiB")
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        raise DecisionError("it is not valid JSON") from None
    _check(data)
    del data["version"]
    return Decision(**{**data, "replaces": tuple(data["replaces"])})


def _check(data: Any) -> None:
    try:
        _is_of_form(data)
        if data["value"] is not None:
            _is_value[_VALUES[data["target"].partition(":")[0]]](data["value"])
    except fastjsonschema.JsonSchemaValueException as problem:
        raise DecisionError(problem.message[:200]) from None


class Log:
    """The decisions of a gradebook: reads what everybody has written, writes to a file of its own.

    Args:
        out: the gradebook's folder.
    """

    def __init__(self, out: Path) -> None:
        self.folder = out / FOLDER
        self._lock = threading.RLock()
        self._forget()
        self._own: Path | None = None

    def _forget(self) -> None:
        self._read: dict[Path, int] = {}  # bytes of each file that have been read
        self._lines: dict[Path, int] = {}
        self._decisions: dict[str, Decision] = {}
        self._problems: list[str] = []

    def decisions(self) -> list[Decision]:
        """All decisions so far, those that other processes wrote just now too, in the order of their time.

        Raises:
            OSError: a file cannot be read.
        """
        with self._lock:
            files = sorted(self.folder.glob("[!.]*.jsonl"))
            sizes = {path: path.stat().st_size for path in files}
            if any(size > sizes.get(path, 0) for path, size in self._read.items()):  # a file was replaced, or removed
                self._forget()
            for path, size in sizes.items():
                if size > self._read.get(path, 0):
                    self._read_on(path)
            return sorted(self._decisions.values(), key=lambda one: one.at)

    def problems(self) -> list[str]:
        """A sentence for each line that is no decision."""
        with self._lock:
            return list(self._problems)

    def _read_on(self, path: Path) -> None:
        """Read what a file has more. A last line without an end was cut off before anybody heard that it is saved."""
        start = self._read.get(path, 0)
        with path.open("rb") as file:
            file.seek(start)
            whole, end, _ = file.read().rpartition(b"\n")
        if not end:
            return
        for line in whole.split(b"\n"):
            self._lines[path] = self._lines.get(path, 0) + 1
            if not line.strip():
                continue
            try:
                decision = decode(line)
            except DecisionError as problem:
                self._problems.append(
                    f"{path}, line {self._lines[path]}, is no decision ({problem}): it is left out. Mend or delete it."
                )
                continue
            self._decisions.setdefault(decision.id, decision)
        self._read[path] = start + len(whole) + 1

    def append(self, decisions: Sequence[Decision]) -> None:
        """Keep decisions: they are on the disk when this returns, all of them or, where it fails, none.

        Raises:
            DecisionError: one is not of the form of the schema.
            OSError: they could not be written.
        """
        content = b"".join(map(encode, decisions))
        if not content:
            return
        with self._lock:
            path = self._own or self._begin()
            try:
                _append(path, content)
            except OSError as error:
                self._own = None  # whatever is at its end, the next one goes into another file
                raise OSError(error.errno, error.strerror, str(path)) from None

    def _begin(self) -> Path:
        made = not self.folder.exists()
        self.folder.mkdir(parents=True, exist_ok=True)
        if made:
            _sync_folder(self.folder.parent)
        now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        self._own = self.folder / f"{now}-{uuid4().hex[:8]}.jsonl"
        os.close(os.open(self._own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _sync_folder(self.folder)
        return self._own


def _append(path: Path, content: bytes) -> None:
    """Append to a file and wait for the disk; where there is no room, the file is as before."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        before = os.fstat(file).st_size
        try:
            rest = content
            while rest:
                rest = rest[os.write(file, rest) :]
            os.fsync(file)
        except OSError:
            os.ftruncate(file, before)
            raise
    finally:
        os.close(file)


def _sync_folder(folder: Path) -> None:
    """Wait until the disk has the names of a folder's files."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def merge(out: Path, other: Path) -> int:
    """Take over the decisions of another gradebook; those that are there already are not doubled.

    Returns:
        How many are new.

    Raises:
        DecisionError: a line of the other one is no decision; nothing was changed.
        OSError: a file could not be read or written.
    """
    theirs = Log(other)
    found = theirs.decisions()
    if problems := theirs.problems():
        raise DecisionError(problems[0])
    log = Log(out)
    known = {decision.id for decision in log.decisions()}
    new = [decision for decision in found if decision.id not in known]
    log.append(new)
    return len(new)


# ---- what stands ----


@dataclass(frozen=True)
class Standing:
    """What stands of one target.

    Args:
        heads: decisions that nobody has replaced, the oldest first; one without a value withdraws what was said before.
    """

    heads: tuple[Decision, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """What a new decision on this target replaces, if the person has seen all that stands."""
        return tuple(head.id for head in self.heads)

    @property
    def is_conflict(self) -> bool:
        """Whether two people have said different things, and nobody has settled it. Comments may differ."""
        return len(self.heads) > 1 and len({_essence(head) for head in self.heads}) > 1

    @property
    def decision(self) -> Decision | None:
        """What counts; None where nobody has decided, or there is a conflict."""
        return self.heads[-1] if self.heads and self.heads[-1].value is not None and not self.is_conflict else None


def _essence(decision: Decision) -> str:
    words = ("comment", "reason", "rubric")
    value = decision.value and {key: entry for key, entry in decision.value.items() if key not in words}
    return json.dumps(value, sort_keys=True)


NOTHING: Final = Standing()
Ledger = dict[str, dict[str, Standing]]  # submission -> target -> what stands


def standing(decisions: Iterable[Decision]) -> Ledger:
    """What stands of every target, submission by submission.

    Args:
        decisions: in the order of their time.
    """
    groups: dict[tuple[str, str], list[Decision]] = {}
    for decision in decisions:
        groups.setdefault((decision.submission, decision.target), []).append(decision)
    ledger: Ledger = {}
    for (submission, target), group in groups.items():
        replaced = {old for decision in group for old in decision.replaces}
        heads = tuple(decision for decision in group if decision.id not in replaced)
        ledger.setdefault(submission, {})[target] = Standing(heads)
    return ledger
