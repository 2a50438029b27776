"""A training that was stopped goes on: weights, optimizer, history and time are kept every few epochs."""

import json
import time
import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import keras
import numpy as np

from solutions.runs import RunError

EVERY = 5  # epochs
SEEDS = 1000  # a seed's own random numbers after a stop: other orders of the images than in its first epochs


class Backup(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps one training in a folder.

    Args:
        folder: of this training alone.
        key: of all that its outcome depends on; what was kept under another one is not used.
        every: epochs between two times of keeping.

    `history` (name -> values), `seconds` and `cpu_seconds` are of all epochs, those before a stop included;
    `resumed_at` has the numbers of epochs after which it went on.
    """

    def __init__(self, folder: Path, key: str, every: int = EVERY) -> None:
        super().__init__()
        self._folder, self._key, self._every = folder, key, every
        self._file = folder / "training.json"
        self.history: dict[str, list[float]] = {}
        self.resumed_at: list[int] = []
        self._before: tuple[float, ...] = (0.0, 0.0)
        self._start = (0.0, 0.0)

    @property
    def seconds(self) -> float:
        """On the clock, while it was trained."""
        return self._before[0] + time.perf_counter() - self._start[0]

    @property
    def cpu_seconds(self) -> float:
        """Of processors."""
        return self._before[1] + time.process_time() - self._start[1]

    def restore(self, model: Any, seed: int) -> int:
        """Give a fresh compiled model what was kept, if anything was.

        Returns:
            the number of epochs that it has been trained for.

        Raises:
            RunError: what was kept is damaged.
        """
        self._start = time.perf_counter(), time.process_time()
        if not self._file.exists():
            return 0
        try:
            kept = json.loads(self._file.read_text())
            if kept["key"] != self._key:
                return 0
            model.optimizer.build(model.trainable_variables)
            with (self._folder / kept["weights"]).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                for number, variable in enumerate(_variables(model)):
                    variable.assign(arrays[str(number)])
            epochs, self.history, self._before = int(kept["epochs"]), kept["history"], tuple(kept["spent"])
            self.resumed_at = [*kept["resumed_at"], epochs]
        except (OSError, ValueError, KeyError, TypeError, BadZipFile, EOFError, zlib.error):
            raise RunError(f"{self._folder} is damaged: delete it, and that run starts anew") from None
        keras.utils.set_random_seed(SEEDS * (seed + 1) + epochs)
        return epochs

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Note the values; keep all now and then."""
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
        if (epoch + 1) % self._every == 0:
            self._keep(epoch + 1)

    def _keep(self, epochs: int) -> None:
        """The small file is replaced at once, and names the large one: a stop at any moment leaves both as they fit."""
        self._folder.mkdir(parents=True, exist_ok=True)
        weights = f"{epochs}.npz"
        arrays = {str(number): np.asarray(variable) for number, variable in enumerate(_variables(self.model))}
        np.savez(self._folder / weights, allow_pickle=False, **arrays)
        spent = self.seconds, self.cpu_seconds
        kept = {"key": self._key, "epochs": epochs, "weights": weights, "history": self.history, "spent": spent}
        kept["resumed_at"] = self.resumed_at
        temporary = self._file.with_suffix(".tmp")
        temporary.write_text(json.dumps(kept))
        temporary.rename(self._file)
        for path in self._folder.glob("*.npz"):
            if path.name != weights:
                path.unlink()


def _variables(model: Any) -> list[Any]:
    """All that training changes."""
    return [*model.weights, *model.optimizer.variables]
