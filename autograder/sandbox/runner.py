"""Run a notebook's cells in a kernel of its own, then the probes in the same kernel.

The kernel sees `lab`, `inside` and the data, in a scratch folder that is removed afterwards; hidden checks and
expected values are not there. The inputs of the probes are drawn after the student's cells have run.
"""

import asyncio
import copy
import logging
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib as mpl
import nbformat
import numpy as np
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

import lab
from autograder.dataset import dataset, resnet50_conv1
from autograder.results import CellError
from autograder.sandbox import door
from lab import settings

MAX_OUTPUT = 2 * 2**20  # characters of one cell's text output that are kept
GRACE = 10.0  # seconds between the interrupt of a cell and the end of its kernel
MAX_DEATHS = 4  # kernels that may die before the rest is given up


@dataclass(frozen=True)
class Limits:
    """Wall-clock seconds."""

    cell: float = 120.0
    probe: float = 90.0
    start: float = 120.0


DEFAULT_LIMITS = Limits()

_QUIET = logging.getLogger("autograder.sandbox.nbclient")  # time-outs are told in the results
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False


@dataclass
class Execution:
    """What became of a notebook: its cells with new outputs, and the observations."""

    notebook: Any
    observations: dict[str, dict[str, Any]] = field(default_factory=dict)
    cell_errors: list[CellError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seed: int = 0


def execute(
    notebook: Any,
    extra_files: Mapping[str, bytes] | None = None,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[str], None] = lambda step: None,
    questions: Sequence[str] = tuple(settings.POINTS),
) -> Execution:
    """Run a submitted notebook and observe questions.

    Args:
        notebook: an nbformat 4 notebook; it is not changed.
        extra_files: further files of the submission, relative path -> content; put beside the notebook.
        limits: time limits. A cell that exceeds its limit is interrupted, and the next one is run.
        progress: called with a short text before each step.
        questions: those that are observed.
    """
    skipped: dict[int, str] = {}
    notes: list[str] = []
    deaths = 0
    while True:
        with _scratch(extra_files or {}) as folder:
            run = _Run(notebook, folder, limits, progress, skipped, questions)
            try:
                asyncio.run(run.all())
            except DeadKernelError:
                run.kernel_died()
        run.result.notes[:0] = notes
        if run.died_in is None:
            return run.result
        skipped[run.died_in] = "not run: it ended the kernel"
        deaths += 1
        notes.append(f"Cell {run.died_in + 1} ended the kernel; the notebook was run again without it.")
        if deaths > MAX_DEATHS:
            run.result.notes.append("The kernel died again and again; what came later was not run.")
            return run.result


@contextmanager
def _scratch(extra_files: Mapping[str, bytes]) -> Iterator[Path]:
    """A scratch folder with lib/ (lab, inside), data/, work/ (the kernel's working directory) and out/."""
    folder = Path(tempfile.mkdtemp(prefix="tiny-vgg-"))
    try:
        for name in ("lib", "work", "out", "home", "matplotlib"):
            (folder / name).mkdir()
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(Path(lab.__file__).parent, folder / "lib" / "lab", ignore=ignore)
        shutil.copytree(Path(__file__).parent / "inside", folder / "lib" / "inside", ignore=ignore)
        _write_data(folder / "data")
        for fonts in Path(mpl.get_cachedir()).glob("fontlist*.json"):
            shutil.copy(fonts, folder / "matplotlib")
        for name, content in extra_files.items():
            target = folder / "work" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_data(folder: Path) -> None:
    """The data set as links to the decoded arrays where they are files, and ResNet50's first convolution."""
    folder.mkdir()
    (x_train, y_train), (x_test, y_test) = dataset().arrays
    for name, array in (("x_train", x_train), ("y_train", y_train), ("x_test", x_test), ("y_test", y_test)):
        source = getattr(array, "filename", None)
        if source is not None:
            (folder / f"{name}.npy").symlink_to(source)
        else:
            np.save(folder / f"{name}.npy", array)
    kernel, bias = resnet50_conv1()
    np.save(folder / "conv1_kernel.npy", kernel)
    np.save(folder / "conv1_bias.npy", bias)


class _Run:
    """One pass over the notebook in one kernel."""

    def __init__(
        self,
        notebook: Any,
        folder: Path,
        limits: Limits,
        progress: Callable[[str], None],
        skipped: dict[int, str],
        questions: Sequence[str],
    ) -> None:
        self.result = Execution(notebook=_clean(notebook))
        self.died_in: int | None = None
        self._folder, self._limits, self._progress, self._skipped = folder, limits, progress, skipped
        self._questions = questions
        self._current: int | str | None = None

    async def all(self) -> None:
        """Set up, run the student's cells, draw the seed, run the probes."""
        manager = AsyncKernelManager(kernel_name="python3", transport="ipc", ip=str(self._folder / "k"))
        client = NotebookClient(
            self.result.notebook,
            km=manager,
            allow_errors=True,
            interrupt_on_timeout=True,
            timeout=self._limits.cell,
            startup_timeout=self._limits.start,
            store_widget_state=False,
            log=_QUIET,
        )
        client.owns_km = True
        options: dict[str, Any] = {"cwd": str(self._folder / "work"), "env": self._environment()}
        options |= {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}  # TensorFlow's start-up log
        async with client.async_setup_kernel(**options):
            await self._hidden(client, f"from inside.prepare import prepare; prepare({str(self._folder / 'data')!r})")
            for index, cell in enumerate(client.nb.cells):
                if cell.cell_type == "code" and cell.source.strip():
                    await self._student_cell(client, index, cell)
            self.result.seed = secrets.randbits(32)
            for question in self._questions:
                await self._probe(client, question)
        self._current = None

    def kernel_died(self) -> None:
        """Note in which cell, or for which question's sake, the kernel died."""
        if isinstance(self._current, int):
            self.died_in = self._current
        elif isinstance(self._current, str):
            self._not_run(self._current, "the kernel ended while it was tried")
            self.result.notes.append(f"The kernel ended while {self._current} was tried.")
            for question in self._questions:
                if question not in self.result.observations:
                    self._not_run(question, f"the kernel had ended while {self._current} was tried")

    def _environment(self) -> dict[str, str]:
        """Nothing of the grader's own environment but what Python needs."""
        home = str(self._folder / "home")
        keep = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "TZ")
        return {name: os.environ[name] for name in keep if name in os.environ} | {
            "HOME": home,
            "TMPDIR": str(self._folder / "work"),
            "IPYTHONDIR": home,
            "JUPYTER_CONFIG_DIR": home,
            "JUPYTER_DATA_DIR": home,
            "JUPYTER_RUNTIME_DIR": home,
            "KERAS_HOME": home,
            "MPLCONFIGDIR": str(self._folder / "matplotlib"),
            "PYTHONPATH": str(self._folder / "lib"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "random",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "-1",
        }

    async def _hidden(self, client: Any, source: str) -> None:
        """A cell of ours that is not part of the notebook.

        Raises:
            RuntimeError: it failed, which is a fault of the grader.
        """
        cell = nbformat.v4.new_code_cell(source)
        await self._execute_ours(client, cell, self._limits.start)
        error = _error_of(cell)
        if error is not None:
            raise RuntimeError("the sandbox could not be set up:\n" + "\n".join(error["traceback"]))

    async def _student_cell(self, client: Any, index: int, cell: Any) -> None:
        self._progress(f"cell {index + 1} of {len(client.nb.cells)}")
        if index in self._skipped:
            self._note_error(index, cell, self._skipped[index])
            return
        self._current = index
        stopped = await self._execute(client, cell, index, self._limits.cell)
        error = _error_of(cell)
        if stopped:
            self._skipped[index] = f"stopped after {self._limits.cell:.0f} seconds"
            self._note_error(index, cell, self._skipped[index])
        elif error is not None:
            self._note_error(index, cell, f"{error['ename']}: {error['evalue']}"[:300])
        _cap_outputs(cell)
        self._current = None

    async def _probe(self, client: Any, question: str) -> None:
        self._progress(question)
        self._current = question
        folder = str(self._folder / "out")
        source = f"from inside.look import look; look({question!r}, {self.result.seed}, {folder!r})"
        cell = nbformat.v4.new_code_cell(source)
        stopped = await self._execute_ours(client, cell, self._limits.probe)
        error = _error_of(cell)
        try:
            observation = door.read(self._folder / "out", question)
        except door.DoorError as reason:
            self.result.notes.append(f"{question}: {reason}.")
            observation = None
        if observation is not None:
            self.result.observations[question] = observation
        elif stopped:
            self._not_run(question, f"trying it took longer than {self._limits.probe:.0f} seconds")
        else:
            trace = _without_colours("\n".join(error["traceback"])) if error else "no observation was written"
            self.result.observations[question] = {"grader_error": trace[-4000:]}
        self._current = None

    def _not_run(self, question: str, reason: str) -> None:
        self.result.observations[question] = {"error": {"kind": "not run", "message": reason}}

    def _note_error(self, index: int, cell: Any, error: str) -> None:
        preview = next((line for line in cell.source.splitlines() if line.strip()), "")
        self.result.cell_errors.append(CellError(index + 1, preview[:100], _without_colours(error)))

    async def _execute_ours(self, client: Any, cell: Any, limit: float) -> bool:
        """Execute a cell that is no part of the notebook; whether it had to be stopped."""
        client.nb.cells.append(cell)
        try:
            return await self._execute(client, cell, len(client.nb.cells) - 1, limit)
        finally:
            client.nb.cells.pop()

    @staticmethod
    async def _execute(client: Any, cell: Any, index: int, limit: float) -> bool:
        """Execute a cell; after its time it is interrupted. Whether that was needed.

        Raises:
            DeadKernelError: the kernel ended, or it had to be ended since the cell ignored the interrupt.
        """
        client.timeout = limit
        start = time.monotonic()
        try:
            await asyncio.wait_for(client.async_execute_cell(cell, index, store_history=True), limit + GRACE)
        except TimeoutError:
            await client.km.shutdown_kernel(now=True)
            raise DeadKernelError("the cell could not be interrupted") from None
        return time.monotonic() - start >= limit


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


def _error_of(cell: Any) -> Any | None:
    return next((o for o in cell.outputs if o.output_type == "error"), None)


def _cap_outputs(cell: Any) -> None:
    """Cut text that is too long, and say so."""
    for output in cell.outputs:
        if output.output_type == "stream" and len(output.text) > MAX_OUTPUT:
            output.text = output.text[:MAX_OUTPUT] + "\n[The rest of this output was cut.]\n"


def _without_colours(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
