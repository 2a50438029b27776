"""Train the reference solution: every variant, several seeds, and sum up what it reaches.

usage: python -m solutions.train_baselines [--seeds N] [--epochs N] [--variants NAME ...] [--out FOLDER]
                                           [--jobs N | --scheduler URL] [--trainer fit|ensemble]

`fit` trains each seed by itself, on the backend that Keras has; `ensemble` all seeds of a variant in one program, on
JAX (`KERAS_BACKEND=jax`, where it is the default), which is made for a GPU.

Each finished seed is saved at once, in OUT/runs, and is not trained again. One that was at work when `fit` was stopped
on this machine goes on from what was kept of it every few epochs, in OUT/unfinished. At the end OUT/baselines.json and
the figures are written from all that is finished; where these are the published ones, docs/baselines.md too.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from assignment.data import dataset
from autograder import workers
from lab import settings
from lab.questions import QUESTIONS
from solutions import runs, summary
from solutions.trainers import one_process
from solutions.trainers.one_process import Task

PROJECT = Path(__file__).parent.parent
SEEDS = 10
MEMORY = 5 * 2**29  # bytes of one run of `fit`: the images as floats, twice for a moment, and what TensorFlow needs
EVERY = 10  # epochs between two lines, where there is no terminal
TICK = 0.2  # seconds between two looks at the trainings


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 all is trained, 1 some run failed or could not be done, 2 wrong usage, 130 Ctrl-C."""
    options = _options(arguments)
    try:
        return _train(options, Console())
    except KeyboardInterrupt:
        print("Interrupted; runs that were finished are kept.", file=sys.stderr)
        return 130
    except workers.WorkersError as error:
        print(f"error: {error}. Runs that were finished are kept.", file=sys.stderr)
        return 1
    except (OSError, ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _train(options: argparse.Namespace, console: Console) -> int:
    data = dataset.dataset()
    raw = [array for split in data.arrays for array in split]
    fingerprint = runs.fingerprint(raw)
    out = options.out or runs.home(options.epochs, data.source)
    tasks = [(variant, seed) for seed in range(options.seeds) for variant in options.variants]
    keys = {variant: runs.key(variant, options.epochs, fingerprint) for variant in options.variants}
    left = [task for task in tasks if not _is_done(out, task, keys)]
    at_a_time = "" if options.scheduler else f", {options.jobs} at a time"
    console.print(
        f"{len(tasks)} runs of {options.epochs} epochs on {data.source} data into {out}: "
        f"{len(tasks) - len(left)} are done, {len(left)} are left{at_a_time}."
    )
    with _display(left, options.epochs, console) as show:
        if options.trainer == "ensemble":
            failed = _train_together(left, out, keys, data.source, options.epochs, show)
        else:
            failed = _train_apart(left, out, keys, data.source, options, show)
    finished = runs.finished(out / "runs", fingerprint, options.epochs)
    if finished:
        page = PROJECT / "docs" / "baselines.md" if out == runs.PUBLISHED else None
        summary.write(finished, out, fingerprint, page)
        console.print(_table(finished))
    for task, reason in failed.items():
        console.print(f"{_name(task)} failed: {reason}", style="bold red", highlight=False)
    return 1 if failed else 0


def _table(finished: dict[str, list[runs.Run]]) -> Table:
    table = Table("variant", "runs", "test accuracy", "CPU s of a run", box=None)
    costs = summary.cpu_seconds(finished)
    for variant, some in finished.items():
        spread = summary.of_accuracies(some)
        table.add_row(variant, str(spread.n), f"{spread.mean:.4f} ± {spread.std:.4f}", f"{costs[variant]:.0f}")
    return table


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m solutions.train_baselines", description="train the reference")
    parser.add_argument("--seeds", type=workers.positive, default=SEEDS, help=f"runs of each variant (default {SEEDS})")
    parser.add_argument("--epochs", type=workers.positive, default=settings.EPOCHS, help="of each run")
    names = list(QUESTIONS.variants)
    parser.add_argument("--variants", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--jobs", type=workers.positive, help="runs of `fit` at a time (default: one a core, if memory allows)"
    )
    where.add_argument(
        "--scheduler", type=workers.address, metavar="URL", help="train on the workers of a dask scheduler"
    )
    trainer = "ensemble" if os.environ.get("KERAS_BACKEND") == "jax" else "fit"
    parser.add_argument(
        "--trainer",
        choices=("fit", "ensemble"),
        default=trainer,
        help=f"`fit`, or all seeds in one program, on JAX (default: {trainer})",
    )
    parser.add_argument("--out", type=Path, help="folder (default: solutions/baselines for full runs on real data)")
    options = parser.parse_args(arguments)
    if options.scheduler and options.trainer == "ensemble":
        parser.error("--trainer ensemble trains in one program; --scheduler is for `fit`")
    options.jobs = options.jobs or _fitting()
    return options


def _fitting() -> int:
    """How many runs of `fit` this machine can train at a time."""
    memory = workers.memory()
    return workers.cores() if memory is None else max(1, min(workers.cores(), memory // MEMORY))


def _is_done(out: Path, task: Task, keys: dict[str, str]) -> bool:
    run = runs.load(out / "runs", *task)
    return run is not None and run.key == keys[task[0]]


def _backup(out: Path, task: Task) -> Path:
    """Where a run of `fit` is kept while it is trained."""
    return out / "unfinished" / f"{task[0]}-{task[1]}"


def _name(task: Task) -> str:
    return f"{task[0]}, seed {task[1]}"


def _train_apart(
    left: list[Task], out: Path, keys: dict[str, str], source: str, options: argparse.Namespace, show: "Show"
) -> dict[Task, str]:
    """Train each in a process of its own, some at a time, here or on the workers of a scheduler.

    Returns:
        which failed, and why.

    Raises:
        WorkersError: the scheduler or its workers cannot be used.
    """
    if not left:
        return {}
    failed = {}
    threads = None if options.scheduler else max(1, workers.cores() // options.jobs)
    with workers.cluster(options.scheduler) if options.scheduler else _here(options.jobs) as crew:
        told: SimpleQueue[tuple[Task, int]] = SimpleQueue()
        tell = crew.channel(told.put)
        futures = {}
        for task in left:
            backup = None if options.scheduler else _backup(out, task)  # no folder is everybody's
            job = crew.submit(one_process.train, task, options.epochs, keys[task[0]], source, threads, tell, backup)
            futures[job] = task
        for future in _watched(futures, told, crew, show):
            task = futures[future]
            try:
                run, weights = crew.outcome(future)
            except workers.WorkersError:
                raise
            except Exception as error:  # of one run; the others go on
                failed[task] = f"{type(error).__name__}: {error}"
            else:
                runs.keep(out / "runs", run, weights)
                shutil.rmtree(_backup(out, task), ignore_errors=True)
                show(task, options.epochs, _reached(run))
    return failed


@contextmanager
def _here(jobs: int) -> Iterator[workers.Workers]:
    """Threads of this process; after Ctrl-C they wait for no training."""
    with workers.here(jobs) as crew:
        try:
            yield crew
        except BaseException:
            one_process.end_all()
            raise


def _watched(
    futures: dict[Future[Any], Task], told: "SimpleQueue[tuple[Task, int]]", crew: workers.Workers, show: "Show"
) -> Iterator[Future[Any]]:
    """Each future when it is done; meanwhile the progress of the others is shown."""
    waiting = set(futures)
    while waiting:
        while not told.empty():
            task, epoch = told.get()
            show(task, epoch, "")
        done, waiting = wait(waiting, TICK, FIRST_COMPLETED)
        yield from done
        sentence = crew.look()
        if sentence:
            print(sentence)


def _train_together(
    left: list[Task], out: Path, keys: dict[str, str], source: str, epochs: int, show: "Show"
) -> dict[Task, str]:
    """Train all that is left of a variant in one program, one variant after the other."""
    from solutions.trainers import ensemble

    raw = [array for split in dataset.dataset().arrays for array in split]
    for variant in dict.fromkeys(variant for variant, _ in left):
        seeds = [seed for name, seed in left if name == variant]

        def progress(epoch: int, variant: str = variant, seeds: list[int] = seeds) -> None:
            for seed in seeds:
                show((variant, seed), epoch, "")

        for trained in ensemble.train(variant, seeds, epochs, raw, progress):
            runs.save(
                out / "runs",
                trained,
                variant=variant,
                epochs=epochs,
                key=keys[variant],
                trainer="ensemble",
                data=source,
            )
            show((variant, trained.seed), epochs, _reached(trained))
    return {}


def _reached(trained: runs.Trained | runs.Run) -> str:
    return f"test accuracy {trained.accuracy:.4f} after {trained.seconds:.0f} s"


Show = Callable[[Task, int, str], None]  # run, epochs done, what it reached (at its end)


@contextmanager
def _display(left: list[Task], epochs: int, console: Console) -> Iterator[Show]:
    """A bar for each run at work and one for all; plain lines where there is no terminal."""
    if not console.is_terminal:
        yield (
            lambda task, epoch, reached: (
                console.print(f"{_name(task)}: {reached or f'epoch {epoch} of {epochs}'}", highlight=False)
                if reached or epoch % EVERY == 0
                else None
            )
        )
        return
    columns = ("{task.description}", BarColumn(), "{task.completed}/{task.total}", TimeElapsedColumn())
    with Progress(*columns, TextColumn("left:"), TimeRemainingColumn(), console=console) as progress:
        everything = progress.add_task("all epochs", total=epochs * len(left))
        bars: dict[Task, TaskID] = {}

        def show(task: Task, epoch: int, reached: str) -> None:
            if reached:
                console.print(f"{_name(task)}: {reached}", highlight=False)
                progress.remove_task(bars.pop(task)) if task in bars else None
                return
            if task not in bars:
                bars[task] = progress.add_task(_name(task), total=epochs)
            progress.advance(everything, epoch - progress.tasks[progress.task_ids.index(bars[task])].completed)
            progress.update(bars[task], completed=epoch)

        yield show


if __name__ == "__main__":
    sys.exit(main())
