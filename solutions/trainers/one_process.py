"""Train one seed in a process of its own, which may be one of another machine's.

The process gets its number of threads before TensorFlow is imported, gives all its memory back, and shares Keras' seed
with nobody. It prints the number of epochs done, and ends when its standard input is closed: with who has started it.

usage: python -m solutions.trainers.one_process VARIANT SEED EPOCHS KEY DATA FOLDER BACKUP
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assignment.data import dataset
from autograder import workers
from solutions import runs

OTHER = 3  # exit code: this machine would train something else
Task = tuple[str, int]  # variant, seed
Tell = Callable[[tuple[Task, int]], None]  # run, epochs done

_lock = threading.Lock()
_processes: set[subprocess.Popen[str]] = set()


def train(
    task: Task, epochs: int, key: str, source: str, threads: int | None, tell: Tell, backup: Path | None = None
) -> tuple[runs.Run, list[npt.NDArray[np.float32]]]:
    """Train, and give the run and its final weights.

    Args:
        task: what to train.
        epochs: how long.
        key: of the run, see `runs.key`.
        source: of the data.
        threads: that it may use; None: its share of a worker's.
        tell: called after each epoch.
        backup: folder in which it is kept now and then, to go on from there; None: it is not kept.

    Raises:
        WorkersError: this machine would train something else.
        RuntimeError: it failed; the message says why.
    """
    count = str(threads or workers.share())
    environment = os.environ | {"TF_NUM_INTRAOP_THREADS": count, "OMP_NUM_THREADS": count, "TF_CPP_MIN_LOG_LEVEL": "3"}
    with tempfile.TemporaryDirectory(prefix="tiny-vgg-run-") as name, tempfile.TemporaryFile("w+") as log:
        folder = Path(name)
        command = [
            sys.executable,
            "-m",
            "solutions.trainers.one_process",
            task[0],
            str(task[1]),
            str(epochs),
            key,
            source,
            name,
        ]
        command += [str(backup or "")]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log}
        with _started(command, env=environment, text=True, **pipes) as process:
            for line in process.stdout or ():
                tell((task, int(line)))
            status = process.wait()
        log.seek(0)
        last = log.read().strip().splitlines()[-1:]
        if status == OTHER:
            raise workers.WorkersError(
                f"{workers.place()} has another reference solution, other settings or other data"
            )
        if status < 0:
            raise RuntimeError(f"its process was ended by {signal.Signals(-status).name} (too little memory?)")
        run = runs.load(folder, *task)
        if status or run is None:
            raise RuntimeError(last[0] if last else f"its process ended with exit code {status}")
        return run, runs.weights(folder, *task)


@contextlib.contextmanager
def _started(command: list[str], **options: Any) -> Any:
    with subprocess.Popen(command, **options) as process:
        with _lock:
            _processes.add(process)
        try:
            yield process
        finally:
            process.kill()
            with _lock:
                _processes.discard(process)


def end_all() -> None:
    """End what `train` has started in any thread of this process."""
    with _lock:
        for process in _processes:
            process.kill()


def main(variant: str, seed: str, epochs: str, key: str, source: str, folder: str, backup: str) -> None:
    """In the process of its own."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    told = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what TensorFlow or Keras print is no number of epochs
    raw = [array for split in dataset.dataset().arrays for array in split]
    if runs.key(variant, int(epochs), runs.fingerprint(raw)) != key:
        sys.exit(OTHER)
    from solutions.trainers import fit
    from solutions.trainers.checkpoint import Backup

    kept = Backup(Path(backup), key) if backup else None
    trained = fit.train(variant, int(seed), int(epochs), raw, lambda epoch: print(epoch, file=told, flush=True), kept)
    runs.save(Path(folder), trained, variant=variant, epochs=int(epochs), key=key, trainer="fit", data=source)


def _end_with_parent() -> None:
    os.read(0, 1)  # not through sys.stdin, whose lock would be held when Python ends
    os._exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
