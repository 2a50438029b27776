"""Train the reference solution: every variant, several seeds, and sum up what it reaches.

usage: python -m solutions.train_baselines [--seeds N] [--epochs N] [--variants NAME ...] [--jobs N] [--out FOLDER]

Each finished seed is saved at once, in OUT/runs, and is not trained again. At the end OUT/baselines.json and the
figures are written from all that is finished; where these are the published ones, docs/baselines.md too.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from autograder import dataset
from lab import settings
from solutions import runs, summary

PROJECT = Path(__file__).parent.parent
PUBLISHED = Path(__file__).parent / "baselines"
SEEDS = 10
COMMAND = "make baselines"
EVERY = 10  # epochs between two lines, where there is no terminal
Task = tuple[str, int]  # variant, seed


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 all is trained, 1 some run failed, 2 wrong usage."""
    options = _options(arguments)
    console = Console()
    data = dataset.dataset()
    raw = [array for split in data.arrays for array in split]
    fingerprint = runs.fingerprint(raw)
    full = options.epochs == settings.EPOCHS and data.source == "CIFAR-10"
    out = options.out or (PUBLISHED if full else PROJECT / "build" / f"baselines-{options.epochs}-{data.source}")
    tasks = [(variant, seed) for seed in range(options.seeds) for variant in options.variants]
    keys = {variant: runs.key(variant, options.epochs, fingerprint) for variant in options.variants}
    left = [task for task in tasks if not _is_done(out, task, keys)]
    console.print(
        f"{len(tasks)} runs of {options.epochs} epochs on {data.source} data into {out}: "
        f"{len(tasks) - len(left)} are done, {len(left)} are left, {options.jobs} at a time."
    )
    with _display(left, options.epochs, console) as show:
        if options.trainer == "ensemble":
            failed = _train_together(left, out, keys, data.source, options.epochs, show)
        else:
            failed = _train_apart(left, out, keys, data.source, options, show)
    finished = _finished(out, fingerprint, options.epochs)
    if finished:
        page = PROJECT / "docs" / "baselines.md" if out == PUBLISHED else None
        summary.write(finished, out, fingerprint, COMMAND, page)
        console.print(_table(finished))
    for task, reason in failed.items():
        console.print(f"{_name(task)} failed: {reason}", style="bold red", highlight=False)
    return 1 if failed else 0


def _finished(out: Path, fingerprint: str, epochs: int) -> dict[str, list[runs.Run]]:
    """Variant -> its finished runs by seed, of variants with two or more of them (fewer have no spread)."""
    found: dict[str, list[runs.Run]] = {}
    for variant in settings.VARIANTS:
        key = runs.key(variant, epochs, fingerprint)
        some = [run for seed in runs.seeds(out / "runs", variant) if (run := runs.load(out / "runs", variant, seed))]
        some = [run for run in some if run.key == key]
        if len(some) > 1:
            found[variant] = some
    return found


def _table(finished: dict[str, list[runs.Run]]) -> Table:
    table = Table("variant", "runs", "test accuracy", "CPU s a run", box=None)
    for variant, some in finished.items():
        spread = summary.spread(some)
        seconds = statistics.median(run.cpu_seconds for run in some)
        table.add_row(variant, str(spread.n), f"{spread.mean:.4f} ± {spread.std:.4f}", f"{seconds:.0f}")
    return table


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m solutions.train_baselines", description="train the reference")
    parser.add_argument("--seeds", type=_positive, default=SEEDS, help=f"runs of each variant (default {SEEDS})")
    parser.add_argument("--epochs", type=_positive, default=settings.EPOCHS, help="of each run")
    names = list(settings.VARIANTS)
    parser.add_argument("--variants", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument(
        "--jobs", type=_positive, default=os.cpu_count() or 1, help="runs of `fit` at a time (default: one a core)"
    )
    trainer = "ensemble" if os.environ.get("KERAS_BACKEND") == "jax" else "fit"
    parser.add_argument(
        "--trainer",
        choices=("fit", "ensemble"),
        default=trainer,
        help=f"`fit`, or all seeds in one program, on JAX (default: {trainer})",
    )
    parser.add_argument("--out", type=Path, help="folder (default: solutions/baselines for full runs on real data)")
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _is_done(out: Path, task: Task, keys: dict[str, str]) -> bool:
    run = runs.load(out / "runs", *task)
    return run is not None and run.key == keys[task[0]]


def _name(task: Task) -> str:
    return f"{task[0]}, seed {task[1]}"


def _train_apart(
    left: list[Task], out: Path, keys: dict[str, str], source: str, options: argparse.Namespace, show: "Show"
) -> dict[Task, str]:
    """Train each in a process of its own, some at a time; which failed, and why."""
    if not left:
        return {}
    threads = max(1, (os.cpu_count() or 1) // options.jobs)
    os.environ |= {"TF_NUM_INTRAOP_THREADS": str(threads), "OMP_NUM_THREADS": str(threads), "TF_CPP_MIN_LOG_LEVEL": "3"}
    context = multiprocessing.get_context("spawn")  # TensorFlow does not survive a fork
    failed = {}
    with (
        context.Manager() as manager,
        ProcessPoolExecutor(min(options.jobs, len(left)), context) as pool,
    ):
        queue = manager.Queue()
        futures: dict[Future[str], Task] = {
            pool.submit(_train_one, task, options.epochs, out, keys[task[0]], source, queue): task for task in left
        }
        try:
            for future in _watched(futures, queue, show):
                try:
                    show(futures[future], options.epochs, future.result())
                except BrokenProcessPool:
                    failed[futures[future]] = "its process was ended (too little memory?)"
                except Exception as error:  # of one run; the others go on
                    failed[futures[future]] = f"{type(error).__name__}: {error}"
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return failed


def _watched(futures: dict[Future[str], Task], queue: Any, show: "Show") -> Iterator[Future[str]]:
    """Each future when it is done; meanwhile the progress of the others is shown."""
    waiting = set(futures)
    while waiting:
        while not queue.empty():
            task, epoch = queue.get()
            show(task, epoch, "")
        done = {future for future in waiting if future.done()}
        yield from done
        waiting -= done
        time.sleep(0.2)


def _train_one(task: Task, epochs: int, out: Path, key: str, source: str, queue: Any) -> str:
    """In a process of its own: train, save, and say what was reached."""
    from solutions import fit_trainer

    raw = [array for split in dataset.dataset().arrays for array in split]
    trained = fit_trainer.train(*task, epochs, raw, lambda epoch: queue.put((task, epoch)))
    runs.save(out / "runs", trained, variant=task[0], epochs=epochs, key=key, trainer="fit", data=source)
    return _reached(trained)


def _train_together(
    left: list[Task], out: Path, keys: dict[str, str], source: str, epochs: int, show: "Show"
) -> dict[Task, str]:
    """Train all that is left of a variant in one program, one variant after the other."""
    from solutions import ensemble

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


def _reached(trained: runs.Trained) -> str:
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
