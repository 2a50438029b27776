"""How fast this machine is beside the one of docs/benchmarks.md, by a short work that is always the same.

The reference is `benchmarks/reference.json`; `benchmarks/reference_speed.py` (`make bench`) writes it.
"""

import ast
import json
import math
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from threadpoolctl import threadpool_limits

from autograder import assignment

REFERENCE = Path(__file__).parent.parent / "benchmarks" / "reference.json"
PIECES = 5  # of the work; the fastest one counts, which others have disturbed least
BUSY = 0.9  # of a core: who has less shares it


@dataclass(frozen=True)
class Reference:
    """What was measured where nothing else ran.

    Args:
        machine: its processor and number of cores.
        versions: of Python and the packages that compute.
        piece: CPU seconds of a piece of the work.
        start: seconds before the first submission of a batch.
        submission: seconds of a whole solution with its pictures, graded alone.
        bare: the same of one that was handed in without pictures: cells that only draw are run too.
    """

    machine: str
    versions: str
    piece: float
    start: float
    submission: float
    bare: float


@dataclass(frozen=True)
class Speed:
    """What this machine does.

    Args:
        piece: CPU seconds of a piece of the work.
        share: of a core, that other programs have left.
    """

    piece: float
    share: float


def reference() -> Reference | None:
    """The reference; None where it is not there, as where the project is installed without its benchmarks.

    Raises:
        ValueError: the file is damaged; the message names it.
    """
    try:
        return Reference(**json.loads(REFERENCE.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise ValueError(f"{REFERENCE} is damaged: {error}") from None


def measure() -> Speed:
    """Do the work: a third of a second on the machine of the reference."""
    _piece()  # warms up
    clock, cpu = time.monotonic(), time.process_time()
    pieces = []
    with threadpool_limits(1):  # as in a kernel
        for _ in range(PIECES):
            start = time.process_time()
            _piece()
            pieces.append(time.process_time() - start)
    share = (time.process_time() - cpu) / (time.monotonic() - clock)
    return Speed(min(pieces), min(share, 1.0))


def seconds_left(reference: Reference, speed: Speed, submissions: int, bare: int, jobs: int) -> float:
    """How long a batch will take, before anything of it is done.

    Args:
        reference: what a machine of known speed takes.
        speed: of this machine.
        submissions: how many there are.
        bare: how many of them have no pictures.
        jobs: how many are graded at a time.
    """
    slower = speed.piece / reference.piece / speed.share
    mean = (reference.submission * (submissions - bare) + reference.bare * bare) / submissions
    return slower * (reference.start + mean * math.ceil(submissions / jobs))


def sentence(reference: Reference, speed: Speed) -> str:
    """What `make grade` says at its start."""
    times = reference.piece / speed.piece
    said = f"This machine has {times:.1f} times the speed of that of docs/benchmarks.md ({reference.machine})"
    if speed.share < BUSY:
        said += f"; other programs leave {100 * speed.share:.0f} % of a core to this one"
    return f"{said}."


def _piece() -> None:
    """Like grading, for the larger part Python: source becomes a tree, and texts; then the practical's own work."""
    source = _source()
    for _ in range(3):
        json.loads(json.dumps([ast.dump(node) for node in ast.parse(source).body]))
    assignment.current().work()


@cache
def _source() -> str:
    return "\n".join(f"def f{i}(x, y={i}):\n    return [x * {i} + y for x in range(y) if x % 3]" for i in range(100))
