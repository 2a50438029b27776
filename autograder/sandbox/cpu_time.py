"""CPU time of what runs in a jail, what kept it from more, and when that is too much.

A student is charged with CPU time, which is the same beside other programs. The clock only ends what does not compute.
"""

import contextlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LOOK = 0.25  # seconds between two looks at a cell that runs
IDLE = 0.01  # of a core: who computes less than that is waiting
FAR = 20  # times its limit of CPU time, by the clock: enough for who shares his core with a dozen others


@dataclass(frozen=True)
class Reading:
    """Seconds, each counted from some moment: only the difference of two readings says something.

    Args:
        clock: that have passed.
        computed: of CPU time that the jail has had, all its processes together, ended ones included.
        kept: in which threads of the jail could have run and others did; None: the system does not say.
        pressed: in which anything on this machine waited for a core; None: the system does not say.
        stolen: that the host of this virtual machine gave to others, on the average of the cores.
    """

    clock: float
    computed: float
    kept: float | None = 0.0
    pressed: float | None = 0.0
    stolen: float = 0.0

    def since(self, before: "Reading") -> "Reading":
        """What has passed since then."""
        return Reading(
            self.clock - before.clock,
            self.computed - before.computed,
            None if self.kept is None or before.kept is None else self.kept - before.kept,
            None if self.pressed is None or before.pressed is None else self.pressed - before.pressed,
            self.stolen - before.stolen,
        )


class Meter:
    """Reads what a jail uses.

    Args:
        supervisor: the process below which all processes of the jail are; its own time does not count.
    """

    def __init__(self, supervisor: int) -> None:
        self._supervisor = supervisor
        self._computed = self._kept = 0.0
        self._waits: dict[str, int] = {}  # of each thread, nanoseconds

    def read(self) -> Reading:
        """What it has used up to now. Where the system tells no CPU time (no Linux), that is what has passed."""
        clock = time.monotonic()
        if not Path("/proc/self/stat").exists():
            return Reading(clock, clock, None, None)
        computed, waits = sum(_ticks(self._supervisor)[2:]), {}
        for process in _descendants(
            self._supervisor
        ):  # parents first: a child that ends meanwhile is not counted twice
            computed += sum(_ticks(process))
            for thread in _threads(process):
                with contextlib.suppress(OSError):  # it has just ended
                    waits[str(thread)] = int((thread / "schedstat").read_text().split()[1])
        # A child that ends meanwhile is missing in this reading, and one that nobody waited for in all later ones.
        self._computed = max(self._computed, computed / os.sysconf("SC_CLK_TCK"))
        self._kept += sum(max(0, wait - self._waits.get(thread, 0)) for thread, wait in waits.items()) / 1e9
        self._waits = waits
        return Reading(clock, self._computed, self._kept if _tells_waits() else None, _pressed(), _stolen())


class Watch:
    """Says when a cell or a probe has taken too much.

    Args:
        start: the reading when it began.
        computing: CPU seconds that it may take.
        waiting: seconds that it may wait without computing.
    """

    def __init__(self, start: Reading, computing: float, waiting: float) -> None:
        self._start = self._last = self._idle_from = start
        self._computing, self._waiting = computing, waiting
        self._idle = 0.0
        self.by_clock: Reading | None = None  # what was used in the time that the clock found too long

    def excess(self, now: Reading) -> str:
        """What it has taken too much of, as the end of a sentence that begins with "stopped"; nothing: empty."""
        used, step = now.since(self._start), now.since(self._last)
        self._last = now
        if used.computed >= self._computing:
            return f" after {self._computing:.0f} seconds of computing"
        # It was waiting while it could have run, and while we were there to see it.
        self._idle += max(0.0, min(step.clock, 2 * LOOK) - (step.kept or 0.0))
        idle = now.since(self._idle_from)
        if idle.computed > IDLE * self._waiting:
            self._idle, self._idle_from = 0.0, now
        elif self._idle >= self._waiting:
            self.by_clock = idle
            return f": it waited for {self._waiting:.0f} seconds without computing"
        if used.clock >= FAR * self._computing:
            self.by_clock = used
            return f": it was not done after {FAR * self._computing:.0f} seconds, in most of which it did not compute"
        return ""


def _ticks(process: int) -> tuple[int, ...]:
    """Time on cores, in clock ticks: its own, for itself and in the system, and that of children that have ended."""
    try:
        status = Path(f"/proc/{process}/stat").read_bytes()
    except OSError:
        return (0, 0, 0, 0)
    return tuple(map(int, status.rpartition(b")")[2].split()[11:15]))  # the name before it may hold anything


def _threads(process: int) -> list[Path]:
    folder = Path(f"/proc/{process}/task")
    try:
        return [folder / name for name in os.listdir(folder)]
    except OSError:
        return []


def _descendants(parent: int) -> Iterator[int]:
    for thread in _threads(parent):
        children: list[str] = []
        with contextlib.suppress(OSError):
            children = (thread / "children").read_text().split()
        for child in map(int, children):
            yield child
            yield from _descendants(child)


@cache
def _tells_waits() -> bool:
    """Whether the kernel measures how long threads wait for a core; where it does not, it says zeros."""
    try:
        return int(Path("/proc/self/schedstat").read_text().split()[0]) > 0
    except (OSError, ValueError, IndexError):
        return False


def _pressed() -> float | None:
    """Seconds since the start of the machine in which something waited for a core."""
    try:
        found = re.search(r"^some .*\btotal=(\d+)", Path("/proc/pressure/cpu").read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) / 1e6 if found else None


def _stolen() -> float:
    try:
        times = Path("/proc/stat").read_text().partition("\n")[0].split()[1:]
    except OSError:
        return 0.0
    return int(times[7]) / os.sysconf("SC_CLK_TCK") / (os.cpu_count() or 1) if len(times) > 7 else 0.0
