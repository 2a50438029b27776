"""Grade a folder of submissions into a gradebook."""

import os
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from autograder import gradebook, submissions
from autograder.dataset import dataset
from autograder.grading import grade_notebook
from autograder.results import SubmissionResult
from autograder.submissions import UnreadableSubmission


def grade_folder(folder: Path, out: Path, jobs: int | None = None, console: Console | None = None) -> None:
    """Grade every submission of a folder; results are written the moment they exist.

    Args:
        folder: holds `.ipynb` and `.zip` files.
        out: the gradebook; made if missing.
        jobs: submissions at a time; by default one a core.
        console: where progress and the table are printed.
    """
    console = console or Console()
    paths = submissions.find(folder, but=out)
    out.mkdir(parents=True, exist_ok=True)
    source = dataset().source  # decoded once, before the workers want it
    console.print(f"Grading {len(paths)} submissions on {source} data.", highlight=False)
    results: list[SubmissionResult] = []
    try:
        for result in _graded(paths, jobs or os.cpu_count() or 1, console):
            gradebook.write_result(result, out)
            results.append(result)
    finally:  # after Ctrl-C too
        gradebook.write_summary(results, out, source)
    console.print(gradebook.table(results))
    console.print(f"{out / 'grades.csv'}  {out / 'report.html'}", highlight=False, soft_wrap=True)


def _graded(paths: list[Path], jobs: int, console: Console) -> Iterator[SubmissionResult]:
    names = _names(paths)
    pool = ThreadPoolExecutor(max_workers=jobs)
    try:
        yield from _as_they_end(pool, paths, names, console)
    finally:
        pool.shutdown(cancel_futures=True)  # what runs is finished, what waits is dropped


def _as_they_end(
    pool: ThreadPoolExecutor, paths: list[Path], names: dict[Path, str], console: Console
) -> Iterator[SubmissionResult]:
    with (
        Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        ) as progress,
    ):
        task = progress.add_task("starting", total=len(paths))
        futures = {pool.submit(grade_file, path, names[path]): path for path in paths}
        for future in as_completed(futures):
            result = future.result()
            score = "–" if result.score is None else f"{result.score:g}"
            if not console.is_terminal:
                line = f"{result.submission}: {result.status}, {score} marks, {result.seconds:.0f} s"
                console.print(line, highlight=False, markup=False)
            progress.update(task, advance=1, description=f"{result.submission[:24]}: {score}")
            yield result


def _names(paths: list[Path]) -> dict[Path, str]:
    """File names without ending; with it where two would be the same. Bytes that are no text become �."""
    texts = {p: os.fsencode(p.name).decode("utf-8", "replace") for p in paths}
    stems = {p: text if p.is_dir() else Path(text).stem for p, text in texts.items()}
    known = list(stems.values())
    return {p: stems[p] if known.count(stems[p]) == 1 else texts[p] for p in paths}


def grade_file(path: Path, name: str | None = None) -> SubmissionResult:
    """Grade one submitted file. Never raises: what cannot be graded comes back as `needs_review`."""
    name = name or path.stem
    start = time.monotonic()
    try:
        submission = submissions.read(path)
        graded = grade_notebook(submission.notebook, submission.extra_files)
    except UnreadableSubmission as reason:
        return SubmissionResult(name, "needs_review", seconds=time.monotonic() - start, notes=(str(reason),))
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
    )
