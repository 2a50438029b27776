"""Finished runs of an experiment, kept on disk: a lost runtime costs the run at work, not the ones before it."""

import contextlib
import hashlib
import inspect
import json
import os
import time
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path("kept-runs")
DRIVE = Path("/content/drive")  # where Colab has a Google Drive, once it is mounted
SAMPLE = 100  # rows of the data that are compared


@contextlib.contextmanager
def keep_runs(name: str, folder: Path | str = FOLDER) -> Iterator[None]:
    """Keep what every `fit` in this block ends with; in a repeated block, take that up instead of training again.

    A run is taken up where the block comes to it at the same place with the same network, optimizer, data, seed and
    settings of `fit`. What was changed is trained again. What cannot be compared (the code of your own classes, data
    that are no arrays) is named. Delete the folder to train everything again.

    Args:
        name: of the experiment; its folder.
        folder: where the folders of experiments are.

    Raises:
        FileNotFoundError: that is on Google Drive, which is not mounted; what is kept would be lost with the machine.
    """
    import keras  # here, as the grader imports `lab` where it needs no Keras

    from labkit import short_training

    if short_training.is_recording():  # at marking nothing is trained
        yield
        return
    block = _Block(name, Path(folder) / name)
    if DRIVE in block.folder.parents and not any(DRIVE.glob("*")):
        mount = f'from google.colab import drive; drive.mount("{DRIVE}")'
        raise FileNotFoundError(f"Your Drive is not mounted. Run `{mount}` in a cell of its own, then this one again.")
    inherited = "fit" not in vars(keras.Model)
    original, set_seed = keras.Model.fit, keras.utils.set_random_seed

    def fit(model: Any, *args: Any, **options: Any) -> Any:
        return block.fit(original, model, *args, **options)

    def set_random_seed(seed: int) -> None:
        block.seed = int(seed)
        set_seed(seed)

    fit.__doc__, set_random_seed.__doc__ = original.__doc__, set_seed.__doc__
    keras.Model.fit, keras.utils.set_random_seed = fit, set_random_seed
    try:
        yield
    finally:
        keras.utils.set_random_seed = set_seed
        if inherited:
            del keras.Model.fit
        else:
            keras.Model.fit = original


class _Block:
    """One experiment at work."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.number = 0  # of fits so far
        self.seed: int | None = None  # the last one that was set
        self.warned = False  # of what cannot be compared

    def fit(self, original: Any, model: Any, *args: Any, **options: Any) -> Any:
        self.number += 1
        arguments = inspect.signature(original).bind(model, *args, **options)
        arguments.apply_defaults()
        try:
            path = self.folder / f"{self.number:02}-{self._key(model, arguments.arguments)}.npz"
        except Exception:  # of a class of the notebook that is asked about itself
            print(f"{self.name}, training {self.number}: not kept, as network or optimizer cannot be described.")
            return original(model, *args, **options)
        history = _take_up(path, model, arguments.arguments)
        if history is not None:
            self._say(path, _uncompared(model, arguments.arguments))
            return history
        history = original(model, *args, **options)
        _keep(path, model, history)
        return history

    def _say(self, path: Path, uncompared: list[str]) -> None:
        day = time.strftime("%d %b, %H:%M", time.localtime(path.stat().st_mtime))
        print(f"{self.name}, training {self.number}: taken up from {path} of {day}.")
        if uncompared and not self.warned:
            self.warned = True
            print(
                f"What cannot be compared is {', '.join(uncompared)}: if you have changed it since then, "
                f"delete {self.folder} and run this cell again."
            )

    def _key(self, model: Any, arguments: dict[str, Any]) -> str:
        """Of all that the training depends on, as far as it can be seen from here; see `_uncompared`."""
        parts = [
            *_description(model),
            f"{self.seed}",
            *(f"{name}={_seen(value)}" for name, value in arguments.items() if name not in ("self", "verbose")),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _description(model: Any) -> list[str]:
    """Network and optimizer, without the names that Keras counts up."""
    layers = list(model._flatten_layers())
    network = " ".join(type(layer).__name__ for layer in (model, *layers))
    if not any(type(layer).__name__ == "Lambda" for layer in layers):  # it would tell the cell's file, ever another one
        with contextlib.suppress(Exception):  # of a class that says nothing of its inside
            network = model.to_json()
    optimizer = getattr(model, "optimizer", None)
    names = [layer.name for layer in (model, *layers, optimizer) if layer is not None]
    for number, layer in sorted(enumerate(names), key=lambda pair: -len(pair[1])):
        network = network.replace(f'"{layer}"', f"#{number}")
    shapes = [str(tuple(weight.shape)) for weight in model.weights]
    config = {} if optimizer is None else {k: v for k, v in optimizer.get_config().items() if k != "name"}
    config["loss"] = _loss(model)
    return [network, *shapes, type(optimizer).__name__, json.dumps(config, sort_keys=True, default=str)]


def _loss(model: Any) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):  # Keras warns of a loss that it cannot store
            return (model.get_compile_config() or {}).get("loss")
    except Exception:
        return type(model.loss).__name__


def _seen(value: Any) -> str:
    """An argument of `fit` as text: of arrays form, kind and some rows, of other objects their class."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_seen, value))}]"
    if _is_array(value):
        rows = np.asarray(value[:: max(1, len(value) // SAMPLE)] if len(value.shape) else value)
        return f"{value.shape}{rows.dtype}{hashlib.sha256(rows.tobytes()).hexdigest()}"
    return repr(value) if isinstance(value, int | float | str | None) else type(value).__name__


def _is_array(value: Any) -> bool:
    wanted = ("shape", "__getitem__", "__array__")
    return not isinstance(value, type) and all(hasattr(value, name) for name in wanted)


def _is_seen(value: Any) -> bool:
    """Whether `_seen` tells all that there is."""
    if isinstance(value, tuple | list):
        return all(map(_is_seen, value))
    return _seen(value) != type(value).__name__


def _is_of_keras(value: Any) -> bool:
    """Whether it is an object, class or function of Keras, or the name of one."""
    module = getattr(value, "__module__", None) or type(value).__module__
    return value is None or isinstance(value, str) or module.partition(".")[0] == "keras"


def _uncompared(model: Any, arguments: dict[str, Any]) -> list[str]:
    """What a training depends on and its key does not hold, in words."""
    parts = [model, *model._flatten_layers()]
    used = [*parts, getattr(model, "optimizer", None), getattr(model, "loss", None)]
    used += [getattr(layer, "activation", None) for layer in parts]
    own = {getattr(value, "__name__", type(value).__name__) for value in used if not _is_of_keras(value)}
    own |= {"Lambda" for layer in parts if type(layer).__name__ == "Lambda"}
    return [*sorted(own), *(name for name, value in arguments.items() if name != "self" and not _is_seen(value))]


def _keep(path: Path, model: Any, history: Any) -> None:
    """Write weights and history, wholly or not at all."""
    arrays = {f"{number:03}": np.asarray(weight) for number, weight in enumerate(model.get_weights())}
    text = json.dumps({"epoch": list(history.epoch), "history": history.history}, default=float)
    temporary = path.with_suffix(".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, history=np.frombuffer(text.encode(), np.uint8), **arrays)
        os.replace(temporary, path)
    except OSError as error:  # the training is worth more than its copy
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        print(f"This training could not be kept in {path}: {error.strerror}.")


def _take_up(path: Path, model: Any, arguments: dict[str, Any]) -> Any:
    """The history of a training that was kept, its weights put into the model; None where there is none that fits."""
    if not path.exists():
        return None
    import keras

    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            kept = json.loads(arrays["history"].tobytes())
            weights = [arrays[name] for name in sorted(arrays.files) if name != "history"]
        if not model.built:
            model(_first(arguments["x"]))
        model.set_weights(weights)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        print(f"{path} cannot be used; this training is done again.")
        return None
    history = keras.callbacks.History()
    history.set_model(model)
    history.set_params({"epochs": arguments["epochs"], "verbose": 0})
    history.epoch, history.history = kept["epoch"], kept["history"]
    model.history = history
    return history


def _first(x: Any) -> Any:
    """Some images of what `fit` gets, for a network to be built by.

    Raises:
        TypeError: they come from something that cannot be looked into without using it up.
    """
    if hasattr(x, "__array__"):
        return np.asarray(x[:1])
    batch = next(iter(x.take(1))) if hasattr(x, "take") else x[0]
    return batch[0] if isinstance(batch, tuple | list) else batch
