"""One pass over a notebook in one kernel: its cells, then the questions to the agent in it.

It has more than 400 lines since the parts of a pass share its state: what is skipped, withheld, spent and asked.
"""

import asyncio
import atexit
import contextlib
import copy
import hashlib
import json
import os
import re
import subprocess
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError

from autograder import assignment, master
from autograder.intake import skippable_cells
from autograder.results import CellError
from autograder.sandbox import host, jail, notebook_client, observation_reader
from autograder.sandbox.asking import PIPES, Asking, NoAnswer
from autograder.sandbox.cpu_time import LOOK, Meter, Reading, Watch
from autograder.sandbox.fork_server import OPTIONS
from autograder.sandbox.host import MachineError
from autograder.sandbox.notebook_client import error_of
from autograder.sandbox.provisioner import ForkServer, Provisioner
from autograder.sandbox.scratch import OPEN, kernel_environment
from labkit.student import Neutral, Student

GRACE = 10.0  # seconds, of CPU time or of waiting, between the interrupt of a cell and the end of its kernel
REST = 30.0  # seconds in which what a cell has put out arrives, on a busy machine too
PAUSES = 15.0, 1.0  # seconds after all cells of a kernel that follows one that has ended, and after each at most


@dataclass(frozen=True)
class Limits:
    """Seconds of CPU time that the processes of the jail have together; where it says so, others, or by the clock."""

    cell: float = 120.0
    cells: float = 900.0  # all cells of a pass together
    probe: float = 90.0
    start: float = 120.0
    wait: float = 60.0  # by the clock, without computing
    whole: float = 7200.0  # by the clock, all passes together
    examiner: float = 300.0  # of the process that reads, asks and judges; with a whole solution it takes 2


DEFAULT_LIMITS = Limits()

# The working directory comes last: a student's numpy.py must not stand in for NumPy.
PREPARE = """\
import sys
sys.path[:] = [*filter(None, sys.path), ""]
__import__("inside.prepare", fromlist=["prepare"]).prepare(
    {folder!r}, {seed}, {draws!r}, {event!r}, {late!r}, {asked!r}
)
del sys
"""
SERVES = "serves {turn}"  # what the agent tells when it begins to answer
SERVE = "__import__('sys').audit({event!r}, {turn})"


@dataclass
class Execution:
    """What became of a notebook: its cells with new outputs, the observations, and sentences for the instructor."""

    notebook: Any
    observations: dict[str, dict[str, Any]] = field(default_factory=dict)
    cell_errors: list[CellError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)  # which cells did not define what others need
    deeds: list[str] = field(default_factory=list)  # what it did that no answer needs: sentences
    seed: int = 0


class Pass:
    """One pass over the notebook in one kernel. What it learns of cells and functions serves the next pass too."""

    def __init__(
        self,
        notebook: Any,
        folder: Path,
        limits: Limits,
        end: float,
        progress: Callable[[str], None],
        skipped: dict[int, str],
        withheld: list[str],
        questions: Sequence[str],
        entropy: bytes,
        fork_server: ForkServer | None,
        is_settled: Callable[[str, Mapping[str, Any]], bool],
        suspect: int | str | None,
    ) -> None:
        # All passes have the same seeds. The kernel learns that of the probes when its cells have run.
        self.result = Execution(notebook=_clean(notebook), seed=_seed(entropy, "probes"))
        self._kernel_seed = _seed(entropy, "kernel")
        # Where the notebook was handed in with its pictures, cells that try answers have nothing to add.
        self._draws = not any(
            "image/png" in (o.get("data") or {}) for c in notebook.cells for o in c.get("outputs", [])
        )
        sources = [cell.source if cell.cell_type == "code" else "" for cell in notebook.cells]
        self._needless = set() if self._draws else skippable_cells.needless(sources)
        self._late = [] if self._draws else skippable_cells.late(sources)
        self.died = self.has_started = False
        self._where = "After its cells, the notebook"
        self._folder, self._limits, self._progress, self._skipped = folder, limits, progress, skipped
        self._end = end  # by the clock
        self._withheld, self._questions, self._is_settled = withheld, questions, is_settled
        self._fork_server = fork_server
        self._markdown = _in_markdown(notebook)
        # A kernel may end a moment after the cell that asked for it, while another one runs. So after one has ended,
        # the cells before that moment are given some time each in the next.
        paused = 0 if suspect is None else suspect if isinstance(suspect, int) else len(sources)
        self._paused, self._pause = paused, min(PAUSES[1], PAUSES[0] / max(1, paused))
        self.pausing = False
        self.current: int | str | None = None  # cell or question
        self._kills = host.kills_for_memory()
        self._lifeline: int | None = None  # the kernel lives as long as this end of a pipe is open

    async def all(self) -> None:
        """Set up, run the student's cells, run the probes."""
        self._asking = Asking(self._folder / "pipes")
        sockets = (self._folder / "sockets").resolve()
        context = notebook_client.sockets()
        manager = AsyncKernelManager(
            context=context,
            kernel_spec_manager=notebook_client.Jailed(self._command(sockets)),
            connection_file=str(self._folder / "connection.json"),
            transport="ipc",
            ip=str(sockets / "k"),
        )
        if self._fork_server is not None:
            of_kernel = {"kernel_id": "", "kernel_spec": manager.kernel_spec, "parent": manager}
            manager.provisioner = Provisioner(self._fork_server, self._folder / "policy.json", **of_kernel)
        client = notebook_client.Client(
            self.result.notebook,
            km=manager,
            allow_errors=True,
            timeout=None,  # see `_execute`
            iopub_timeout=REST,
            startup_timeout=self._limits.start,
            store_widget_state=False,
            log=notebook_client.QUIET,
        )
        client.owns_km = True
        options: dict[str, Any] = {"cwd": str(self._folder / "work"), "env": kernel_environment(self._folder)}
        options |= {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}  # TensorFlow's start-up log
        held, self._lifeline = os.pipe()
        try:
            async with client.async_setup_kernel(stdin=held, **options):
                try:
                    await self._cells_and_probes(client)
                finally:  # before the client ends what it takes for the kernel: the supervisor
                    await self._end_kernel(client)
        finally:
            os.close(held)
            self._let_go()
            self._asking.close()
            context.destroy(linger=0)
            atexit.unregister(client._cleanup_kernel)  # nbclient leaves it there if the kernel has not started

    async def _cells_and_probes(self, client: Any) -> None:
        self._meter = Meter(client.km.provisioner.pid)
        await self._hidden(
            client,
            PREPARE.format(
                folder=str(self._folder / "data"),
                seed=self._kernel_seed,
                draws=self._draws,
                event=self._asking.event,
                late=self._late,
                asked=assignment.current().functions,
            ),
        )
        self._asking.hide()
        self.has_started = True
        start = self._meter.read()
        for index, cell in enumerate(client.nb.cells):
            if cell.cell_type == "code" and cell.source.strip() and index not in self._needless:
                so_far = self._meter.read().since(start)
                if so_far.computed > self._limits.cells:
                    self._skipped[index] = f"not run: the cells before it computed for {self._limits.cells:.0f} seconds"
                elif self._is_over(so_far):
                    self._skipped[index] = f"not run: {self._over}"
                await self._student_cell(client, index, cell)
        for index in client.flooded:
            self.result.notes.append(f"The output of cell {index + 1} was cut: it was too long.")
        await self._look_for_losses(client)
        for question in self._questions:
            if self._is_over(self._meter.read().since(start)):
                self.result.observations[question] = {"given_up": f"{self._over}; this was not tried."}
            else:
                await self._probe(client, question)
        self.current = None

    def _is_over(self, spent: Reading) -> bool:
        """Whether the notebook has had all the time that it may take by the clock.

        Raises:
            MachineError: it has, since this machine had other things to do.
        """
        if time.monotonic() < self._end:
            return False
        host.require_cores(spent)
        return True

    @property
    def _over(self) -> str:
        return f"the notebook took more than {self._limits.whole:.0f} seconds by the clock"

    def kernel_died(self) -> str:
        """Note in which cell, or for which question's sake, the kernel died; a sentence about it.

        Raises:
            RuntimeError: it died before anything of the student's had run.
            MachineError: it was ended because this machine has run out of disk or memory.
        """
        self.died = True
        reason = self.blame_the_machine()
        why = f" ({reason})" if reason else ""
        if isinstance(self.current, int):
            self._skipped[self.current] = f"not run: it ended the kernel{why}"
            return f"Cell {self.current + 1} ended the kernel{why}; the notebook was run again without it."
        if self.current is None and not self.has_started:
            raise RuntimeError(f"the sandbox's kernel ended before the notebook was run{why}")
        if self.current is None:
            return f"The kernel ended between two cells{why}; the notebook was run again."
        reason = f"The kernel ended while it was tried{why}."
        self.result.observations[self.current] = self._withhold(self.current, reason)
        return f"The kernel ended while {self.current} was tried{why}; the other questions were tried in a new one."

    def blame_the_machine(self) -> str:
        """Why the kernel was ended, where that is known and not the machine's fault.

        Raises:
            MachineError: this machine has run out of disk or memory.
        """
        file = self._folder / "reason"
        written = file.read_text().strip() if file.exists() else ""
        reason = json.loads(written) if written else {"words": "", "is_of_the_machine": False}
        if reason["is_of_the_machine"]:
            raise MachineError(reason["words"])
        if not reason["words"] and host.kills_for_memory() > self._kills:
            raise MachineError("this machine has no memory left")
        return str(reason["words"])

    def _command(self, sockets: Path) -> list[str]:
        """What starts the kernel, in the jail."""
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", *OPTIONS]
        write = [*(self._folder / name for name in OPEN), sockets, *(self._folder / "pipes" / name for name in PIPES)]
        read = [self._folder / "lib", self._folder / "data", self._folder / "sockets"]
        read += [path.resolve() for path in (self._folder / "data").iterdir()]
        return jail.command(self._folder, argv, write, read, Path(self._folder / "connection.json"))

    async def _hidden(self, client: Any, source: str) -> None:
        """A cell of ours that is not part of the notebook.

        Raises:
            RuntimeError: it failed, which is a fault of the grader.
        """
        cell = nbformat.v4.new_code_cell(source)
        await self._execute_ours(client, cell, self._limits.start)
        error = error_of(cell)
        if error is not None:
            raise RuntimeError("the sandbox could not be set up:\n" + "\n".join(error["traceback"]))

    async def _student_cell(self, client: Any, index: int, cell: Any) -> None:
        self._progress(f"cell {index + 1} of {len(client.nb.cells)}")
        if index in self._skipped:
            self._note_error(index, cell, self._skipped[index])
            return
        self.current = index
        stopped = await self._execute(client, cell, index, self._limits.cell)
        error = error_of(cell)
        if stopped:
            self._skipped[index] = f"stopped{stopped}"
            self._note_error(index, cell, self._skipped[index])
        elif error is not None:
            self._note_error(index, cell, f"{error['ename']}: {error['evalue']}"[:300])
        if index < self._paused:
            self.pausing = True
            await asyncio.sleep(self._pause)
            await self._hidden(client, "None")
            self.pausing = False
        self._note_deeds(self._asking.deeds(), f"Cell {index + 1}")
        self.current = None

    async def _look_for_losses(self, client: Any) -> None:
        """Note which cells failed to define what the handout imports, or what it asks for."""
        practical = assignment.current()
        known = (*master.read(practical.master).imported, *practical.functions)
        bound = {
            error.cell: _bound_by(client.nb.cells[error.cell - 1].source, known) for error in self.result.cell_errors
        }
        names = sorted({name for found in bound.values() for name in found})
        if not names:
            return
        found = await self._ask(client, lambda student: {"defined": list(student.named(*names))})
        if "defined" not in found:  # told by the questions' own
            return
        undefined = set(names) - set(found["defined"])
        for error in self.result.cell_errors:
            lost = [f"`{name}`" for name in bound[error.cell] if name in undefined]
            if lost:
                what = f"{', '.join(lost)} {'are' if lost[1:] else 'is'} not defined"
                self.result.losses.append(f"Cell {error.cell} failed ({error.error}): {what}.")

    async def _probe(self, client: Any, question: str) -> None:
        self._progress(question)
        self.current = question
        self._where = f"While {question} was tried, code of the notebook"
        self.result.observations[question] = await look_twice(
            question, lambda neutral: self._look(client, question, neutral), self._is_settled
        )
        self.current = None

    async def _look(self, client: Any, question: str, neutral: Neutral) -> dict[str, Any]:
        """Run a probe; where it gives nothing, an observation that says why."""
        observation = await self._ask(client, partial(assignment.questions().observe, question), neutral)
        if "not_run" in observation:
            return self._withhold(question, observation["not_run"])
        return observation

    async def _ask(
        self, client: Any, probe: Callable[[Student], dict[str, Any]], neutral: Neutral = "also"
    ) -> dict[str, Any]:
        """What a probe finds, which works in a thread of its own while the kernel answers it; else why there is
        nothing: {"not_run": it took too long}, {"given_up": what came is no answer}, {"grader_error": a traceback}."""
        practical = assignment.current()
        fallbacks = practical.questions.fallbacks
        student = practical.student(
            self._asking.ask, self.result.seed, fallbacks, self._withheld, neutral, self._markdown
        )
        turn = self._asking.begin()
        cell = nbformat.v4.new_code_cell(SERVE.format(event=self._asking.event, turn=turn))  # it binds no name
        asked = asyncio.create_task(asyncio.to_thread(_probed, probe, student))
        served = asyncio.create_task(self._execute_ours(client, cell, self._limits.probe, self._asking.give_up))
        try:
            await asyncio.wait({asked, served}, return_when=asyncio.FIRST_COMPLETED)
            if asked.done():
                self._asking.end()
            stopped = await served
        finally:
            self._asking.lose()
            observation = await asked
        deeds = self._asking.deeds()
        if SERVES.format(turn=turn) not in deeds and "given_up" not in observation and not stopped:
            deeds.append("silences what tells of it")
        self._note_deeds([deed for deed in deeds if deed != SERVES.format(turn=turn)], self._where)
        if stopped:
            return {"not_run": f"Trying it was stopped{stopped}."}
        return observation

    def _note_deeds(self, deeds: Sequence[str], where: str) -> None:
        """Note what the notebook did that no answer needs."""
        said = [f"{where} {deed}." for deed in deeds]
        self.result.deeds += [sentence for sentence in said if sentence not in self.result.deeds]

    def _withhold(self, question: str, reason: str) -> dict[str, Any]:
        if question in assignment.questions().leaned_on:  # it would not come to an end in later questions either
            self._withheld.append(assignment.questions().leaned_on[question])
        return {"not_run": reason}

    def _note_error(self, index: int, cell: Any, error: str) -> None:
        if error.startswith("StdinNotImplementedError"):
            error = "it asked for input, and at grading nobody types"
        preview = next((line for line in cell.source.splitlines() if line.strip()), "")
        self.result.cell_errors.append(CellError(index + 1, preview[:100], _without_colours(error)))

    async def _execute_ours(
        self, client: Any, cell: Any, limit: float, interrupted: Callable[[], None] = lambda: None
    ) -> str:
        """Execute a cell that is no part of the notebook; see `_execute`."""
        client.nb.cells.append(cell)
        try:
            return await self._execute(client, cell, len(client.nb.cells) - 1, limit, interrupted)
        finally:
            client.nb.cells.pop()

    async def _end_kernel(self, client: Any) -> None:
        """End the kernel, and whatever the student's code has started."""
        self._let_go()
        for _ in range(int(GRACE / 0.05)):
            if not await client.km.is_alive():
                return
            await asyncio.sleep(0.05)

    def _let_go(self) -> None:
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None

    async def _execute(
        self, client: Any, cell: Any, index: int, limit: float, interrupted: Callable[[], None] = lambda: None
    ) -> str:
        """Execute a cell; one that takes too much is interrupted.

        Args:
            client: of the kernel.
            cell: what is executed.
            index: where it stands in the client's notebook.
            limit: CPU seconds that it may take.
            interrupted: called when it has taken too much.

        Returns:
            what it took too much of, see `Watch.excess`.

        Raises:
            DeadKernelError: the kernel ended, or it had to be ended since the cell ignored the interrupt.
            MachineError: it took that long since this machine had other things to do.
        """
        execution = asyncio.ensure_future(client.async_execute_cell(cell, index, store_history=True))
        try:
            excess = await self._excess(execution, limit, self._limits.wait)
            if excess:
                await client.km.interrupt_kernel()
                interrupted()
                if await self._excess(execution, GRACE, GRACE):
                    await self._end_kernel(client)
                    raise DeadKernelError("the cell could not be interrupted")
            await execution
        finally:
            execution.cancel()
            with contextlib.suppress(DeadKernelError, asyncio.CancelledError):
                await execution
        return excess

    async def _excess(self, execution: asyncio.Future[Any], computing: float, waiting: float) -> str:
        """Wait for the end of an execution; what it took too much of before, see `Watch.excess`.

        Raises:
            MachineError: of the clock's time, and that since this machine had other things to do.
        """
        watch = Watch(self._meter.read(), computing, waiting)
        while True:
            done, _ = await asyncio.wait({execution}, timeout=LOOK)
            excess = "" if done else watch.excess(self._meter.read())
            if watch.by_clock is not None:
                host.require_cores(watch.by_clock)
            if done or excess:
                return excess


def _probed(probe: Callable[[Student], dict[str, Any]], student: Student) -> dict[str, Any]:
    """What a probe finds, or why it finds nothing."""
    try:
        student.withhold()
        return probe(student)
    except NoAnswer:
        return {"given_up": "nobody answered any more: does code of the notebook interfere with the grader?"}
    except observation_reader.DoorError as reason:
        return {"given_up": f"{reason}: does code of the notebook interfere with the grader?"}
    except Exception:
        return {"grader_error": _without_colours(traceback.format_exc())[-4000:]}


async def look_twice(
    question: str,
    look: Callable[[Neutral], Awaitable[dict[str, Any]]],
    is_settled: Callable[[str, Mapping[str, Any]], bool],
) -> dict[str, Any]:
    """The observation of a question; one in doubt is looked at again, with neutral stand-ins, if it is not settled.

    Args:
        question: such as "q4".
        look: runs the probe, given whether stand-ins are tried; see `labkit.student.Student`.
        is_settled: see `execute`.
    """
    if not assignment.questions()[question].is_slow:
        return await look("also")
    observation = await look("never")
    if "calls" in observation and not is_settled(question, observation):
        more = await look("only")
        if "calls" in more:
            return observation | {"calls": [*_list(observation["calls"]), *_list(more["calls"])]}
        if "grader_error" in more:
            return more
    return observation


def _seed(entropy: bytes, purpose: str) -> int:
    """32 bits; one of them tells nothing of another."""
    return int.from_bytes(hashlib.sha256(entropy + purpose.encode()).digest()[:4])


def _clean(notebook: Any) -> Any:
    """A copy without outputs, under our own kernel, whatever the file says."""
    copied = copy.deepcopy(notebook)
    copied.metadata = nbformat.NotebookNode(
        kernelspec={"name": "python3", "display_name": "Python 3", "language": "python"}
    )
    for cell in copied.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        cell.metadata = nbformat.NotebookNode()
    return copied


def _in_markdown(notebook: Any) -> dict[str, int]:
    """Functions that the questions ask for whose code stands in a Markdown or raw cell -> number of that cell."""
    found: dict[str, int] = {}
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "code":
            names = re.findall(
                r"^[ \t]*(?:def[ \t]+(\w+)[ \t]*\(|(\w+)[ \t]*=[ \t]*lambda\b)", cell.source, re.MULTILINE
            )
            found |= dict.fromkeys({a or b for a, b in names} & set(assignment.current().functions), number)
    return found


def _bound_by(source: str, names: Sequence[str]) -> list[str]:
    """Of some names those that a cell imports or assigns or defines as functions; it may be no Python."""
    found = []
    for name in names:
        imports = rf"(?:from\s[^\n]*)?\bimport\b(?:[^\n]*|\s*\([^)]*)\b{name}\b"
        if re.search(rf"^[ \t]*(?:{imports}|(?:def|class)\s+{name}\b|{name}\s*=[^=])", source, re.MULTILINE):
            found.append(name)
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _without_colours(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
