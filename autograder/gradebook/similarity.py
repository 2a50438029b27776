"""Which submissions hold similar code: fingerprints by `copydetect`, of what students wrote themselves.

A fingerprint is a piece of code of `PIECE` characters, in which every name has become one letter, so that renaming
hides nothing, and comments and white space are gone. What the handout gives is taken away first. A pair is for a person
to look at: short answers to one question are alike without any copying.
"""

import hashlib
import io
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

from autograder.sanitize import clean
from autograder.results import SubmissionResult
from autograder import assignment, master

PIECE: Final = 40  # characters of reduced code that two submissions must share in a row
OTTERS = ("grader.", "# Initialize Otter", "# Save your notebook")  # how cells begin that check, or pack
SHARE: Final = 0.6  # of one submission's own code, from which on a pair is listed; of independent ones it is about 0.3
OVERLAP: Final = 400  # characters of reduced code below which a pair is not listed; a whole solution has about 3,000
MAX_CODE: Final = 40_000  # characters of one submission that are looked at; a whole solution has about 15,000
MAX_PAIRS: Final = 50
MAX_COMPARED: Final = 1_000  # pairs, those that share most fingerprints; the others are judged by these alone
LONGEST: Final = 10.0  # CPU seconds in which the tokens of one submission are made; a whole solution takes 0.05

CELL: Final = "# %%"  # begins every cell, and every module, of the code that is kept
_SOLUTION: Final = re.compile(r"^( *)# BEGIN SOLUTION\n.*?# END SOLUTION", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Pair:
    """Two submissions, and how much of the own code of each stands in the other one as well (0 to 1)."""

    one: str
    other: str
    share_of_one: float
    share_of_other: float


@dataclass(frozen=True)
class Similar:
    """Pairs of similar submissions, the most similar first.

    Args:
        pairs: at most `MAX_PAIRS`.
        more: how many were left out.
        problem: why nothing was compared; empty where it was.
        unread: submissions that were not compared, since their code could not be read in time.
    """

    pairs: tuple[Pair, ...] = ()
    more: int = 0
    problem: str = ""
    unread: tuple[str, ...] = ()


def source_of(notebook: Any, extra_files: Mapping[str, bytes]) -> str:
    """The code of a submission as text, cell by cell, then the modules beside it; at most `MAX_CODE` characters."""
    cells = (f"{CELL}\n{cell.source}\n" for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip())
    modules = (
        f"{CELL} {name}\n{content[: 4 * MAX_CODE].decode('utf-8', 'replace')}\n"
        for name, content in sorted(extra_files.items())
        if name.endswith(".py")
    )
    parts, room = [], MAX_CODE
    for part in itertools.chain(cells, modules):
        parts.append(clean(part[:room]))
        room -= len(parts[-1])
    return "".join(parts)


def tokens_of(code: str) -> str | None:
    """What students wrote themselves, as it is compared; None where it cannot be read. Hostile code may take minutes.

    Args:
        code: what `source_of` gave.
    """
    from copydetect.utils import filter_code

    try:
        known = {cell.strip() for cell in handed_out()}
        return str(filter_code("\n".join(_own(code, known)), "code.py", "python")[0])
    except Exception:  # of a lexer, for a text that it was not made for, or of the master notebook
        return None


def find(results: Sequence[SubmissionResult], kept: Path) -> Similar:
    """Compare all submissions, or read what was found when the same ones were compared before.

    Args:
        results: of the class.
        kept: the file with what was found; written by the caller, from `encode`.
    """
    try:
        data = json.loads(kept.read_text("utf-8"))
        if data["key"] == _key(results):
            return Similar(tuple(Pair(**pair) for pair in data["pairs"]), int(data["more"]), "", tuple(data["unread"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass  # none, or damaged: it is made anew
    try:
        given = handed_out()
    except Exception as error:  # without it all submissions would look alike; grading itself does not need it
        return Similar(problem=f"the handout's code could not be made from {assignment.current().master.name}: {error}")
    tokens = {result.submission: result.tokens for result in results if result.tokens}
    unread = tuple(result.submission for result in results if result.code and result.tokens is None)
    return replace(compare(tokens, given), unread=unread)


def encode(similar: Similar, results: Sequence[SubmissionResult]) -> str:
    """What `find` reads again, unless there was a problem: then it tries again."""
    return json.dumps({"key": "" if similar.problem else _key(results), **asdict(similar)}, indent=1) + "\n"


def _key(results: Sequence[SubmissionResult]) -> str:
    digest = hashlib.sha256(f"{version('copydetect')} {PIECE} {SHARE} {OVERLAP} {MAX_PAIRS}".encode())
    practical = assignment.current()
    for path in (practical.master, *sorted(practical.lab.glob("*.py")), Path(__file__)):
        digest.update(path.read_bytes())
    for result in results:
        digest.update(f"{result.submission!r} {result.tokens!r}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def handed_out() -> list[str]:
    """The cells of the handout that hold code, but Otter's own: those of the master notebook without solutions."""
    cells = master.read(assignment.current().master).cells
    return [
        _SOLUTION.sub(r"\1...", cell.source)
        for cell in cells
        if cell.kind == "code" and not cell.source.startswith(OTTERS)
    ]


def compare(tokens: Mapping[str, str], given: Sequence[str]) -> Similar:
    """Find pairs of submissions with similar code. Pairs are limited by number, so that it always comes to an end.

    Args:
        tokens: submission -> what `tokens_of` gave.
        given: cells of the handout.
    """
    from copydetect import compare_files
    from copydetect.utils import filter_code

    handout = _fingerprint(str(filter_code("\n".join(given), "code.py", "python")[0]), [])
    known = sorted(handout.hashes)
    every = {name: _fingerprint(one, known) for name, one in tokens.items()}
    prints = {name: one for name, one in every.items() if one.token_coverage >= OVERLAP}
    found = []
    candidates = _candidates({name: own.hashes for name, own in prints.items()})
    for one, other, _ in candidates[:MAX_COMPARED]:
        overlap, shares, _ = compare_files(prints[one], prints[other])
        if overlap >= OVERLAP and max(shares) >= SHARE:
            found.append(Pair(one, other, *(min(1.0, round(float(share), 4)) for share in shares)))
    found.sort(key=lambda pair: -max(pair.share_of_one, pair.share_of_other))
    others = sum(share >= SHARE for _, _, share in candidates[MAX_COMPARED:])
    return Similar(tuple(found[:MAX_PAIRS]), max(0, len(found) - MAX_PAIRS) + others)


def _candidates(hashes: Mapping[str, set[int]]) -> list[tuple[str, str, float]]:
    """Pairs that may be similar, and which share of the fingerprints of one stands in the other; the highest first.

    Long common pieces share many fingerprints: pairs that have few are left out.
    """
    from scipy.sparse import csr_array

    names, some = list(hashes), [np.fromiter(own, np.int64) for own in hashes.values()]
    if len(some) < 2:
        return []
    _, columns = np.unique(np.concatenate(some), return_inverse=True)
    ends = np.cumsum([0, *map(len, some)])
    present = csr_array((np.ones(len(columns), np.int32), columns, ends))
    lengths = np.diff(ends)
    shares = (present @ present.T).toarray() / np.maximum(np.minimum.outer(lengths, lengths), 1)
    rows, others = np.nonzero(np.triu(shares >= SHARE / 2, 1))
    order = np.argsort(-shares[rows, others], kind="stable")
    return [(names[a], names[b], float(shares[a, b])) for a, b in zip(rows[order], others[order], strict=True)]


def _own(code: str, known: set[str]) -> Iterator[str]:
    """The cells that were not handed out as they are, nor made by Otter."""
    for part in code.split(CELL)[1:]:
        cell = part.partition("\n")[2].strip()
        if cell not in known and not cell.startswith(OTTERS):
            yield cell


def _fingerprint(tokens: str, given: Sequence[int]) -> Any:
    from copydetect import CodeFingerprint

    return CodeFingerprint("code.py", PIECE, 1, list(given), filter=False, fp=io.StringIO(tokens), language="python")
