"""Finished trainings of the reference solution, each in two files of a folder: `<variant>-<seed>.json` and `.npz`.

A run is kept under a key of what is trained: the functions of `reference.py`, the constants of the practical, the
number of epochs, the data. One with another key counts as not done. Packages, trainer and hardware stand in each run
and are not part of the key: the page names all of them.
"""

import ast
import hashlib
import importlib
import json
import os
import platform
import re
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from lab import settings
from lab.questions import QUESTIONS

HERE = Path(__file__).parent
PUBLISHED = HERE / "baselines"
REFERENCE = HERE / "reference.py"
ENOUGH = 3  # runs of a variant; a standard deviation of two says nothing
STEPS = ("load_data", "preprocess", "compile_model", "train", "evaluate")  # functions that every run follows
CONSTANTS = (
    "IMAGE_SHAPE", "N_CLASSES", "FILTERS", "KERNEL_SIZE", "CONVS_PER_BLOCK", "BLOCKS", "POOL_SIZE", "STEM_KERNEL_SIZE",
    "AVERAGE_POOL_SIZE", "BATCH_SIZE", "VALIDATION_SPLIT",
)  # fmt: skip


class RunError(ValueError):
    """The files of a run cannot be read; the message names them."""


@dataclass(frozen=True)
class Trained:
    """What the training of one seed gave.

    Args:
        seed: of initial weights and shuffling.
        accuracy, loss: on the test set, after the last epoch.
        history: name of the series ("loss", "accuracy", "val_loss", "val_accuracy") -> its value in each epoch.
        weights: final, in the order of `model.weights`.
        parameters: number of trainable weights.
        seconds: wall-clock time of the training; of all that were trained in one program, divided by their number.
        cpu_seconds: processor time of the same, all threads together. Other work on the machine shows in it, too, but
            less than in `seconds`.
        resumed_at: numbers of epochs after which it was stopped and went on, with other random numbers.
    """

    seed: int
    accuracy: float
    loss: float
    history: dict[str, list[float]]
    weights: list[npt.NDArray[Any]]
    parameters: int
    seconds: float
    cpu_seconds: float
    resumed_at: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Run:
    """One training, as it is kept.

    Args:
        variant, epochs: what was trained, how long.
        key: of all that the outcome depends on, see `key`.
        seed, accuracy, loss, history, parameters, seconds, cpu_seconds, resumed_at: as for `Trained`.
        trainer: "fit" or "ensemble".
        hardware: the processor or GPU, in words.
        versions: package -> version.
        data: "CIFAR-10" or "stand-in".
    """

    variant: str
    seed: int
    epochs: int
    key: str
    accuracy: float
    loss: float
    history: dict[str, list[float]]
    parameters: int
    seconds: float
    cpu_seconds: float
    trainer: str
    hardware: str
    versions: dict[str, str]
    data: str
    resumed_at: list[int] = field(default_factory=list)


def home(epochs: int, source: str) -> Path:
    """The folder of the published baselines for trainings of full length on CIFAR-10, another for trials."""
    full = epochs == settings.EPOCHS and source == "CIFAR-10"
    return PUBLISHED if full else HERE.parent / "build" / f"baselines-{epochs}-{source}"


def save(folder: Path, trained: Trained, *, variant: str, epochs: int, key: str, trainer: str, data: str) -> Run:
    """Keep what was trained in this process, with a note of where that was."""
    run = Run(
        variant=variant,
        seed=trained.seed,
        epochs=epochs,
        key=key,
        accuracy=trained.accuracy,
        loss=trained.loss,
        history={k: [float(f"{v:.6g}") for v in series] for k, series in trained.history.items()},
        parameters=trained.parameters,
        seconds=round(trained.seconds, 1),
        cpu_seconds=round(trained.cpu_seconds, 1),
        trainer=trainer,
        hardware=hardware(),
        versions=versions(),
        data=data,
        resumed_at=trained.resumed_at,
    )
    keep(folder, run, trained.weights)
    return run


def keep(folder: Path, run: Run, weights: Sequence[npt.NDArray[Any]]) -> None:
    """Keep a run and its weights, so that it is there wholly or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    path = _path(folder, run.variant, run.seed)
    path.unlink(missing_ok=True)
    arrays = {f"{number:03}": np.asarray(value, np.float32) for number, value in enumerate(weights)}
    np.savez_compressed(path.with_suffix(".npz"), allow_pickle=False, **arrays)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(asdict(run)) + "\n")
    temporary.rename(path)


def load(folder: Path, variant: str, seed: int) -> Run | None:
    """A saved run, or None.

    Raises:
        RunError: its file is damaged.
    """
    path = _path(folder, variant, seed)
    if not path.exists():
        return None
    try:
        return Run(**json.loads(path.read_text()))
    except (ValueError, TypeError):
        raise RunError(f"{path} is damaged: delete it, and that run is trained again") from None


def seeds(folder: Path, variant: str) -> list[int]:
    """Of the runs of a variant that are saved, ascending."""
    return sorted(int(path.stem.rpartition("-")[2]) for path in folder.glob(f"{variant}-*.json"))


def finished(folder: Path, fingerprint: str, epochs: int) -> dict[str, list[Run]]:
    """Variant -> its saved runs by seed, of variants with enough of them.

    Raises:
        RunError: a file is damaged.
    """
    found: dict[str, list[Run]] = {}
    for variant in QUESTIONS.variants:
        wanted = key(variant, epochs, fingerprint)
        some = [run for seed in seeds(folder, variant) if (run := load(folder, variant, seed)) and run.key == wanted]
        if len(some) >= ENOUGH:
            found[variant] = some
    return found


def weights(folder: Path, variant: str, seed: int) -> list[npt.NDArray[np.float32]]:
    """The final weights of a saved run, in the order of `model.weights`.

    Raises:
        RunError: its file is missing or damaged.
    """
    path = _path(folder, variant, seed).with_suffix(".npz")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return [arrays[name] for name in sorted(arrays.files)]
    except (OSError, ValueError, BadZipFile, EOFError, zlib.error):
        raise RunError(f"{path} is missing or damaged: delete that run's .json, and it is trained again") from None


def _path(folder: Path, variant: str, seed: int) -> Path:
    return folder / f"{variant}-{seed}.json"


@cache
def key(variant: str, epochs: int, fingerprint: str) -> str:
    """Of the functions that a run of this variant calls (docstrings and layout aside), constants, epochs and data."""
    functions = _functions()
    called = [*STEPS, f"build_{variant}"]
    for name in called:  # and what these call, and so on
        found = re.findall(r"Name\(id='(\w+)'", functions[name])
        called += [other for other in dict.fromkeys(found) if other in functions and other not in called]
    parts = [functions[name] for name in called]
    parts += [f"{name}={getattr(settings, name)!r}" for name in CONSTANTS]
    return hashlib.sha256("\n".join([*parts, str(epochs), fingerprint]).encode()).hexdigest()[:16]


@cache
def _functions() -> dict[str, str]:
    """Name -> syntax tree of each function of the reference solution, without its docstring, as text."""
    found = {}
    for node in ast.parse(REFERENCE.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            if ast.get_docstring(node) is not None:
                node.body = node.body[1:]
            found[node.name] = ast.dump(node)
    return found


def fingerprint(arrays: Sequence[npt.NDArray[Any]]) -> str:
    """SHA-256 of a dataset's arrays, shapes included."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.shape}{array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def hardware() -> str:
    """The GPU, or the processor and how many threads a training may use."""
    gpu = _gpu()
    if gpu:
        return gpu
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    threads = int(os.environ.get("TF_NUM_INTRAOP_THREADS") or os.cpu_count() or 1)
    return f"{names[0] if names else platform.machine()}, {threads} thread{'s' * (threads > 1)}"


def _gpu() -> str:
    """Name of the first GPU; empty where there is none."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        device = jax.devices()[0]
        return str(device.device_kind) if device.platform == "gpu" else ""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU")) if gpus else ""


def versions() -> dict[str, str]:
    """Of Python, Keras and the package of its backend."""
    import keras

    backend = keras.backend.backend()
    package = importlib.import_module(backend)
    return {"python": platform.python_version(), "keras": keras.__version__, backend: package.__version__}
