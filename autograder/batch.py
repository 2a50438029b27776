"""Grade a folder of submissions into a gradebook."""

import hashlib
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from autograder import assignment
from autograder.gradebook import sources, store
from autograder.grading import cache_key
from autograder.intake import submissions
from autograder.marks import book
from autograder.results import SubmissionResult
from autograder.sanitize import one_line

if TYPE_CHECKING:  # what grades is imported when there is something to grade: it takes seconds
    from autograder.grading.one_submission import Task
    from autograder.sandbox import Limits
    from autograder.workers import Workers

MEMORY = 5 * 2**29  # bytes that a submission seldom exceeds; `sandbox.jail.Room` says what ends one
ACCIDENTS = 10  # submissions that a fault of the grader meets by chance; where it is more, all would meet it again
TICK = 0.5  # seconds between two looks at Ctrl-C and at the workers


class UnknownSubmission(ValueError):
    """The options name a submission that is not there; the message says which."""


@dataclass(frozen=True)
class Options:
    """How a folder is graded.

    Args:
        jobs: submissions at a time; None: one a core, as far as memory goes.
        only: grade just the submissions whose name holds this text; the others keep the result that they have.
        force: grade also what was graded before and has not changed.
        unsafe: go on where this system cannot hold student code safely.
        trust: names of submissions whose marks count whatever they do: a person has looked at them.
        fresh: start every kernel afresh instead of forking it from a warm process: slower, the same marks.
        scheduler: address of a dask scheduler, whose workers grade; None: this machine does.
        brief: of hidden checks, feedback pages tell the title and the outcome only.
        limits: of time; None: the usual ones.
    """

    jobs: int | None = None
    only: str = ""
    force: bool = False
    unsafe: bool = False
    trust: tuple[str, ...] = ()
    fresh: bool = False
    scheduler: str | None = None
    brief: bool = False
    limits: "Limits | None" = None


def grade_folder(
    folder: Path, out: Path, options: Options | None = None, console: Console | None = None
) -> list[SubmissionResult]:
    """Grade every submission of a folder; results are written the moment they exist.

    What the gradebook holds already is kept, as long as submission, grader, settings and data are the same. Ctrl-C ends
    the batch with the submissions that are being graded, a second one at once; the gradebook holds all that was graded.

    Args:
        folder: holds `.ipynb` and `.zip` files.
        out: the gradebook; made if missing.
        options: see there.
        console: where progress and the table are printed.

    Returns:
        the results of the gradebook, without their pictures.

    Raises:
        GradebookError: a result that is to be kept is damaged; the message names the file.
        JailError: this system cannot hold student code safely.
        RubricError: a rubric of the master notebook is not in order.
        UnknownSubmission: one that is to be trusted is not there.
        WorkersError: the scheduler or its workers cannot be used.
        KeyboardInterrupt: Ctrl-C has ended the batch.
    """
    options, console = options or Options(), console or Console()
    names = _names(submissions.find(folder, but=out))
    for unknown in set(options.trust) - set(names.values()):
        raise UnknownSubmission(f"--trust {unknown}: {folder} holds no submission of that name")
    book.rubrics()  # one that is not in order is told before anything is graded
    out.mkdir(parents=True, exist_ok=True)
    store.sweep(out)
    options = replace(options, trust=(*options.trust, *_trusted(names, out, console)))
    data = assignment.current().data()  # decoded once, before the workers want it
    sources.write(names, out, data.source)
    known = {path: _known(name, out, options, console) for path, name in names.items()}
    results = {path: result for path, result in known.items() if result and not _is_due(path, result, options)}
    due = {path: name for path, name in names.items() if path not in results and options.only in name}
    console.print(f"Grading {len(due)} submissions on {data.source} data.", highlight=False)
    if left_out := submissions.left_out(folder, but=out):
        listed = ", ".join(one_line(name, 60) for name in left_out)
        console.print(f"Left out: {listed} (hidden, or of a program).", highlight=False, markup=False, soft_wrap=True)
    if not data.is_real:
        console.print("Run records are read, not evaluated: `make data` fetches what that needs.", highlight=False)
    if results and not options.only:
        console.print(f"{len(results)} were graded before and have not changed (--force grades them too).")
    try:
        with closing(_graded(due, options, store.secret(out), console)) as graded:
            for path, result, is_last in graded:
                before = known[path]
                if before is None or result.checks or not result.may_recover:
                    store.write_result(result, out, show_hidden=not options.brief)
                    results[path] = _without_pictures(result)
                elif is_last:
                    note = one_line(f"{names[path]} keeps its result: {result.notes[0]}")
                    console.print(note, highlight=False, markup=False)
                    results[path] = before
    finally:  # after Ctrl-C too; what was to be graded again and was not keeps its result
        kept = [result for result in (known | results).values() if result is not None]
        old = [result for path, result in known.items() if result is not None and results.get(path, result) is result]
        _finish(kept, old, out, options, data.source)
    for problem in book.log(out).problems():
        console.print(one_line(problem), highlight=False, markup=False, soft_wrap=True)
    console.print(store.table(kept, book.decide(kept, out)))
    console.print(f"{out / 'grades.csv'}  {out / 'report.html'}", highlight=False, soft_wrap=True)
    return kept


def _finish(
    kept: Sequence[SubmissionResult], old: Sequence[SubmissionResult], out: Path, options: Options, data_source: str
) -> None:
    """Write what people have decided since into the files of results that this run did not write, then the summary."""
    decided = book.decide(old, out)
    for result in old:
        store.renew(decided[result.submission], out, show_hidden=not options.brief)
    store.write_summary(kept, out, data_source)


def _trusted(names: dict[Path, str], out: Path, console: Console) -> Iterator[str]:
    """Submissions whose marks people let count at the marking desk, unless their files are others since."""
    said = book.trusted(out)
    for path, name in names.items():
        if name not in said:
            continue
        try:
            content = cache_key.content_of(path)
        except OSError:  # `one_submission.prepare` says why
            continue
        if content == said[name]:
            yield name
        else:
            note = f"{one_line(name)} was let pass, and is another file since: look at it again."
            console.print(note, highlight=False, markup=False)


def _without_pictures(result: SubmissionResult) -> SubmissionResult:
    """What is kept in memory of a result once it is written: those of a large class hold gigabytes of pictures."""
    return replace(result, images={})


def _known(name: str, out: Path, options: Options, console: Console) -> SubmissionResult | None:
    """The result that a gradebook holds of a submission. One that cannot be read is put aside, if it is graded now.

    Raises:
        GradebookError: it cannot be read, and the submission is not among those that are graded now.
    """
    try:
        known = store.read_result(name, out)
        return None if known is None else _without_pictures(known)
    except store.GradebookError as error:
        if options.only not in name:
            raise
        aside = store.put_aside(name, out)
        note = one_line(f"{error} It is kept as {aside}; {name} is graded again.")
        console.print(note, highlight=False, markup=False)
        return None


def _is_due(path: Path, known: SubmissionResult, options: Options) -> bool:
    """Whether a submission that has a result is to be graded again."""
    if options.only not in known.submission:
        return False
    if options.force or not known.key:
        return True
    try:
        return known.key != cache_key.key_of(path)
    except OSError:  # `one_submission.prepare` says why
        return True


def _names(paths: list[Path]) -> dict[Path, str]:
    """File names without ending; with it where two would be the same, with a part of its hash where they still are.

    Bytes that are no text become �.
    """
    texts = {p: os.fsencode(p.name).decode("utf-8", "replace") for p in paths}
    stems = {p: text if p.is_dir() else Path(text).stem for p, text in texts.items()}
    hashed = {p: f"{text} {hashlib.sha256(os.fsencode(p.name)).hexdigest()[:8]}" for p, text in texts.items()}
    stem_counts = Counter(stems.values())
    names = {p: stems[p] if stem_counts[stems[p]] == 1 else texts[p] for p in paths}
    counts = Counter(names.values())
    return {p: names[p] if counts[names[p]] == 1 else hashed[p] for p in paths}


# ---- the submissions that are due ----


def _graded(
    due: dict[Path, str], options: Options, secret: bytes, console: Console
) -> Generator[tuple[Path, SubmissionResult, bool], None, None]:
    """Results as they come, and whether each is the last one of its submission, with progress.

    Raises:
        KeyboardInterrupt: at the end, where Ctrl-C has cut it short.
    """
    if not due:
        return
    with (
        _interrupts() as stop,
        _crew(due, options, secret, stop, console) as crew,
        _progress(len(due), console, crew.expected) as show,
    ):
        for path, result, is_last in _tried(crew, list(due)):
            if is_last:
                show(result)
            yield path, result, is_last
    if stop.asked:
        raise KeyboardInterrupt


class Stop:
    """What Ctrl-C asks for.

    Args:
        asked: to end with the submissions that are being graded.
        at_once: not to wait for these either.
    """

    def __init__(self) -> None:
        self.asked = self.at_once = False


@contextmanager
def _interrupts() -> Iterator[Stop]:
    """Ctrl-C is taken note of; only a second one interrupts. In another thread than the main one nothing changes."""
    stop = Stop()

    def note(number: int, frame: Any) -> None:
        if stop.asked:
            stop.at_once = True
            raise KeyboardInterrupt
        stop.asked = True

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@dataclass(frozen=True)
class _Crew:
    """Who grades.

    Args:
        workers: their interface.
        prepare: makes of a submission a task, or the result where there is nothing to grade.
        grade: what the workers do with a task.
        stop: what Ctrl-C asks for.
        say: prints a sentence.
        expected: seconds that the batch will take, where something is known of that before it begins.
    """

    workers: "Workers"
    prepare: "Callable[[Path], Task | SubmissionResult]"
    grade: "Callable[[Task], SubmissionResult]"
    stop: Stop
    say: Callable[[str], None]
    expected: float | None = None


@contextmanager
def _crew(due: dict[Path, str], options: Options, secret: bytes, stop: Stop, console: Console) -> Iterator[_Crew]:
    """The workers of the scheduler, or threads of this process, with kernels that are forked where there is more than
    one submission to come.

    Raises:
        JailError: this system is to grade and cannot hold student code safely.
        WorkersError: no scheduler answers.
    """
    from autograder import workers
    from autograder.grading import examiners, on_worker, one_submission
    from autograder.sandbox import jail

    def say(sentence: str, style: str = "") -> None:
        console.print(sentence, highlight=False, markup=False, style=style)

    def warn(sentence: str) -> None:
        say(f"UNSAFE: {sentence}", "bold red")

    def prepare(path: Path) -> "Task | SubmissionResult":
        name = due[path]
        is_trusted = name in options.trust
        return one_submission.prepare(path, name, options.unsafe, is_trusted, options.fresh, secret, options.limits)

    def pack(path: Path) -> "Task | SubmissionResult":
        task = prepare(path)
        return task if isinstance(task, SubmissionResult) else packers.pack(task)

    with ExitStack() as stack:
        if options.scheduler:
            if options.unsafe:
                warn("workers whose system cannot hold student code grade all the same.")
            others = stack.enter_context(workers.cluster(options.scheduler))
            packers = stack.enter_context(examiners.open_examiners(is_warm=False))
            yield _Crew(others, pack, partial(on_worker.grade, surroundings=cache_key.surroundings()), stop, say)
            return
        jail.require(options.unsafe)
        for hole in jail.missing():
            warn(f"student code is not kept from {hole}.")
        jobs = options.jobs or _jobs(say)
        expected = _expected(list(due), jobs, say)  # before anything of ours keeps the machine busy
        here = stack.enter_context(examiners.open_examiners(is_warm=len(due) > 1 and not options.fresh))
        threads = stack.enter_context(workers.here(jobs, lambda: stop.at_once))
        yield _Crew(threads, prepare, here.grade, stop, say, expected)
        if here.complaint:
            say(f"Kernels were started afresh, which is slower: {here.complaint}.")


def _jobs(say: Callable[[str], None]) -> int:
    """How many submissions this machine can grade at a time."""
    from autograder import workers

    cores, memory = workers.cores(), workers.memory()
    if memory is None or memory // MEMORY >= cores:
        return cores
    fitting = max(1, memory // MEMORY)
    say(f"{fitting} at a time: {memory / 2**30:.1f} GiB of memory are free (--jobs sets another number).")
    return fitting


def _expected(paths: Sequence[Path], jobs: int, say: Callable[[str], None]) -> float | None:
    """How many seconds they will take on this machine, which says how fast it is; None where nothing is known."""
    from autograder import calibration

    try:
        reference = calibration.reference()
    except ValueError as problem:
        say(str(problem))
        return None
    if reference is None or not paths:
        return None
    speed = calibration.measure()
    seconds = calibration.seconds_left(reference, speed, len(paths), sum(map(_is_bare, paths)), jobs)
    say(f"{calibration.sentence(reference, speed)} About {_duration(seconds)} left.")
    return seconds


def _is_bare(path: Path) -> bool:
    """Whether it is a notebook without a picture, as far as a glance at the file can tell."""
    try:
        return path.suffix == ".ipynb" and b"image/png" not in path.read_bytes()
    except OSError:
        return False


def _tried(crew: _Crew, paths: Sequence[Path]) -> Iterator[tuple[Path, SubmissionResult, bool]]:
    """Several at a time; then, one by one, those that a fault of the machine or of the grader has met beside others.

    Yields:
        a submission, its result, and whether that is its last one.
    """
    met = {}
    for path, result in _each(crew, paths, None):
        if result.may_recover:
            met[path] = result
        yield path, result, not result.may_recover
    ours = sum(result.fault != "machine" for result in met.values())
    again = [path for path, result in met.items() if result.fault == "machine" or ours <= ACCIDENTS]
    for path, result in _each(crew, again, 1):
        yield path, max(result, met.pop(path), key=lambda one: one.judged), True
    for path, result in met.items():
        yield path, result, True


def _each(crew: _Crew, paths: Sequence[Path], ahead: int | None) -> Iterator[tuple[Path, SubmissionResult]]:
    """Results as they come. What is graded elsewhere is read shortly before its turn, so that few are in memory.

    Args:
        crew: who grades.
        paths: of the submissions.
        ahead: how many are handed over at a time; None: as many as keep the workers busy.
    """
    waiting = iter(paths)
    handed: dict[Future[SubmissionResult], tuple[Path, Task]] = {}
    told = False
    while True:
        while not crew.stop.asked and len(handed) < (ahead or crew.workers.ahead):
            path = next(waiting, None)
            if path is None:
                break
            task = crew.prepare(path)
            if isinstance(task, SubmissionResult):
                yield path, task
            else:
                handed[crew.workers.submit(crew.grade, task)] = path, task
        if crew.stop.asked:
            handed = {future: of for future, of in handed.items() if not future.cancel()}
            if handed and not told:
                crew.say(f"Stopping when {len(handed)} submissions that are being graded are done; Ctrl-C: at once.")
                told = True
        if not handed:
            return
        done, _ = wait(handed, TICK, FIRST_COMPLETED)
        for future in done:
            path, task = handed.pop(future)
            yield path, _outcome(crew.workers, future, task)
        sentence = crew.workers.look()
        if sentence:
            crew.say(sentence)


def _outcome(workers: "Workers", future: "Future[SubmissionResult]", task: "Task") -> SubmissionResult:
    from autograder.grading.one_submission import not_graded
    from autograder.workers import WorkerLost

    try:
        return workers.outcome(future)
    except WorkerLost as reason:
        return not_graded(task.name, str(reason))


# ---- progress ----


@contextmanager
def _progress(total: int, console: Console, expected: float | None) -> Iterator[Callable[[SubmissionResult], None]]:
    """What is told of each result: a bar in a terminal, a line elsewhere."""
    pace = Pace(total, expected)
    with ExitStack() as stack:
        if console.is_terminal:
            columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=24), MofNCompleteColumn())
            bar = Progress(*columns, TextColumn("{task.fields[pace]}"), TimeElapsedColumn(), console=console)
            task = stack.enter_context(bar).add_task("starting", total=total, pace=str(pace))

        def show(result: SubmissionResult) -> None:
            pace.count(result)
            name = one_line(result.submission)
            score = "–" if result.score is None else f"{result.score:g}"
            if console.is_terminal:
                bar.update(task, advance=1, description=f"{name[:24]}: {score}", pace=str(pace))
                return
            line = f"{name}: {result.status}, {score} marks, {result.seconds:.0f} s"
            console.print(f"{line} ({pace.done} of {total}, {pace})", highlight=False, markup=False, soft_wrap=True)

        yield show


class Pace:
    """How far a batch is, and how fast.

    Args:
        total: number of submissions.
        expected: seconds that they will take, as far as is known before the first one is done.
        clock: seconds.
    """

    def __init__(self, total: int, expected: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.done = self.to_review = 0
        self._total, self._expected, self._clock, self._start = total, expected, clock, clock()

    def count(self, result: SubmissionResult) -> None:
        """One more is done."""
        self.done += 1
        self.to_review += result.status == "needs_review"

    def __str__(self) -> str:
        """Such as `2 to review, 4.1 a minute, 23 min left`; before the first one is done, `about 25 min left`."""
        if not self.done:
            return "" if self._expected is None else f"about {_duration(self._expected)} left"
        seconds = max(self._clock() - self._start, 1e-3)
        left = (self._total - self.done) * seconds / self.done
        rate = 60 * self.done / seconds
        return f"{self.to_review} to review, {rate:{'.0f' if rate >= 10 else '.2g'}} a minute, {_duration(left)} left"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"
