"""Grade a folder of submissions into a gradebook."""

import os
import sys
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from autograder import gradebook, resume, submissions, verification
from autograder.dataset import dataset
from autograder.grading import grade_notebook
from autograder.results import SubmissionResult
from autograder.sandbox import MachineError, Nursery, environment, jail, open_nursery
from autograder.submissions import UnreadableSubmission

NOT_GRADED = "Not graded:"  # how a note on a fault of the machine begins


@dataclass(frozen=True)
class Options:
    """How a folder is graded.

    Args:
        jobs: submissions at a time; None: one a core.
        only: grade just the submissions whose name holds this text; the others keep the result that they have.
        force: grade also what was graded before and has not changed.
        unsafe: go on where this system cannot hold student code safely.
        trust: run submissions whose name holds this text even if they reach for the grader (`autograder.trespass`).
        fresh: start every kernel afresh instead of forking it from a warm process: slower, the same marks.
    """

    jobs: int | None = None
    only: str = ""
    force: bool = False
    unsafe: bool = False
    trust: str | None = None
    fresh: bool = False

    def trusts(self, name: str) -> bool:
        """Whether a submission is run even if it reaches for the grader."""
        return self.trust is not None and self.trust in name


def grade_folder(
    folder: Path, out: Path, options: Options | None = None, console: Console | None = None
) -> list[SubmissionResult]:
    """Grade every submission of a folder; results are written the moment they exist.

    What the gradebook holds already is kept, as long as submission, grader, settings and data are the same.

    Args:
        folder: holds `.ipynb` and `.zip` files.
        out: the gradebook; made if missing.
        options: see there.
        console: where progress and the table are printed.

    Returns:
        the results of the gradebook.

    Raises:
        GradebookError: a result that is to be kept is damaged; the message names the file.
        JailError: this system cannot hold student code safely.
    """
    options, console = options or Options(), console or Console()
    jail.require(options.unsafe)
    for hole in jail.missing():
        console.print(f"UNSAFE: student code is not kept from {hole}.", style="bold red", highlight=False)
    names = _names(submissions.find(folder, but=out))
    out.mkdir(parents=True, exist_ok=True)
    gradebook.sweep(out)
    source = dataset().source  # decoded once, before the workers want it
    known = {path: _known(name, out, options, console) for path, name in names.items()}
    results = {path: result for path, result in known.items() if result and not _is_due(path, result, options)}
    due = [path for path in names if path not in results and options.only in names[path]]
    console.print(f"Grading {len(due)} submissions on {source} data.", highlight=False)
    if not verification.is_possible():
        console.print("Run records are read, not evaluated: put CIFAR-10 into KERAS_HOME for that.", highlight=False)
    if results and not options.only:
        console.print(f"{len(results)} were graded before and have not changed (--force grades them too).")
    try:
        for path, result in _graded({path: names[path] for path in due}, options, console):
            before = known[path]
            if _is_of_the_machine(result) and before is not None:
                console.print(f"{names[path]} keeps its result: {result.notes[0]}", highlight=False, markup=False)
                result = before
            else:
                gradebook.write_result(result, out)
            results[path] = result
    finally:  # after Ctrl-C too
        gradebook.write_summary(list(results.values()), out, source)
    console.print(gradebook.table(list(results.values())))
    console.print(f"{out / 'grades.csv'}  {out / 'report.html'}", highlight=False, soft_wrap=True)
    return list(results.values())


def _known(name: str, out: Path, options: Options, console: Console) -> SubmissionResult | None:
    """The result that a gradebook holds of a submission. One that cannot be read is put aside, if it is graded now.

    Raises:
        GradebookError: it cannot be read, and the submission is not among those that are graded now.
    """
    try:
        return gradebook.read_result(name, out)
    except gradebook.GradebookError as error:
        if options.only not in name:
            raise
        aside = gradebook.put_aside(name, out)
        console.print(f"{error}", f"It is kept as {aside}; {name} is graded again.", highlight=False, markup=False)
        return None


def _is_due(path: Path, known: SubmissionResult, options: Options) -> bool:
    """Whether a submission that has a result is to be graded again."""
    if options.only not in known.submission:
        return False
    if options.force or not known.key:
        return True
    try:
        return known.key != resume.key_of(path)
    except OSError:  # `grade_file` says why
        return True


def _graded(names: dict[Path, str], options: Options, console: Console) -> Iterator[tuple[Path, SubmissionResult]]:
    """Results as they come, with progress."""
    with (
        Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        ) as progress,
    ):
        task = progress.add_task("starting", total=len(names))
        for path, result in _tried(names, options, console):
            score = "–" if result.score is None else f"{result.score:g}"
            if not console.is_terminal:
                line = f"{result.submission}: {result.status}, {score} marks, {result.seconds:.0f} s"
                console.print(line, highlight=False, markup=False)
            progress.update(task, advance=1, description=f"{result.submission[:24]}: {score}")
            yield path, result


def _tried(names: dict[Path, str], options: Options, console: Console) -> Iterator[tuple[Path, SubmissionResult]]:
    """Several at a time; then those for which the machine had no room beside the others, one by one."""
    alone = []
    with _nursery(options, len(names)) as kernels:

        def grade(path: Path) -> SubmissionResult:
            name = names[path]
            return grade_file(path, name, options.unsafe, options.trusts(name), kernels)

        pool = ThreadPoolExecutor(max_workers=options.jobs or os.cpu_count() or 1)
        try:
            futures = {pool.submit(grade, path): path for path in names}
            for future in as_completed(futures):
                if _is_of_the_machine(future.result()):
                    alone.append(futures[future])
                else:
                    yield futures[future], future.result()
        finally:
            pool.shutdown(cancel_futures=True)  # what runs is finished, what waits is dropped
        for path in alone:
            yield path, grade(path)
        if kernels is not None and kernels.complaint:
            console.print(f"Kernels were started afresh, which is slower: {kernels.complaint}.", highlight=False)


def _nursery(options: Options, count: int) -> AbstractContextManager[Nursery | None]:
    """Where kernels are forked, if there is more than one to come."""
    pays = count > 1 and not options.fresh and sys.platform.startswith("linux")
    return open_nursery(environment()) if pays else nullcontext()


def _is_of_the_machine(result: SubmissionResult) -> bool:
    """Whether nothing was graded through a fault of the machine."""
    return bool(result.notes) and result.notes[0].startswith(NOT_GRADED)


def _names(paths: list[Path]) -> dict[Path, str]:
    """File names without ending; with it where two would be the same. Bytes that are no text become �."""
    texts = {p: os.fsencode(p.name).decode("utf-8", "replace") for p in paths}
    stems = {p: text if p.is_dir() else Path(text).stem for p, text in texts.items()}
    known = list(stems.values())
    return {p: stems[p] if known.count(stems[p]) == 1 else texts[p] for p in paths}


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """A file that the system does not give is no fault of its author."""
    try:
        yield
    except OSError as error:
        raise MachineError(f"{error.filename or path} cannot be read ({error.strerror})") from None


def grade_file(
    path: Path,
    name: str | None = None,
    unsafe: bool = False,
    trust: bool = False,
    kernels: Nursery | None = None,
) -> SubmissionResult:
    """Grade one submitted file. Never raises: what cannot be graded comes back as `needs_review`."""
    name = name or path.stem
    start = time.monotonic()
    key = ""
    try:
        with _reading(path):
            key = resume.key_of(path)
            submission = submissions.read(path)
        graded = grade_notebook(
            submission.notebook, submission.extra_files, unsafe=unsafe, trust=trust, nursery=kernels
        )
    except UnreadableSubmission as reason:
        return SubmissionResult(name, "needs_review", seconds=time.monotonic() - start, notes=(str(reason),), key=key)
    except MachineError as error:
        note = f"{NOT_GRADED} {error}. Mend that, then run the same command again: it grades what is missing."
        return SubmissionResult(name, "needs_review", seconds=time.monotonic() - start, notes=(note,))
    except Exception as error:
        last = traceback.format_exc().strip().splitlines()
        notes = (f"The grader failed: {type(error).__name__}: {error}"[:500], *last[-12:])
        return SubmissionResult(name, "needs_review", seconds=time.monotonic() - start, notes=notes)
    return SubmissionResult(
        name,
        "needs_review" if graded.needs_review else "graded",
        checks=tuple(graded.checks),
        seconds=time.monotonic() - start,
        notes=tuple(graded.notes),
        cell_errors=tuple(graded.cell_errors),
        written=graded.written,
        images=graded.images,
        reported=graded.reported,
        code=graded.code,
        key="" if graded.may_change else key,
    )
