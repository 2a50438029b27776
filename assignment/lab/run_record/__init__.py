"""The format of run records: made by the student's `publish`, read again at grading.

A record is plain JSON, compressed and written as text into a hidden element of the cell's HTML. Reading treats
it as hostile: sizes are capped before anything is unpacked, every number and name is looked at.
"""

import base64
import binascii
import json
import math
import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lab import settings
from lab.questions import QUESTIONS
from labkit.plain_data import count_values

FORMAT = 1
MARK = "tiny-vgg-run-record"
MAX_TEXT = 32 * 2**20  # characters of one encoded record
MAX_JSON = 96 * 2**20  # bytes of one decoded record
MAX_VALUES = 2_000_000  # in it; see `count_values`
MAX_RECORDS = 5  # of one variant that are looked at
MAX_RUNS = max(20, 2 * settings.RUNS)
MAX_EPOCHS = max(1_000, 2 * settings.EPOCHS)
MAX_SERIES = 30
MAX_WEIGHTS = 5_000_000  # numbers in one variable
LARGEST = 1e300  # also an integer of a thousand digits is a number in JSON

_ELEMENT = re.compile(rf'<div hidden data-{MARK}="([A-Za-z0-9_.-]{{1,60}}):([A-Za-z0-9+/=]*)"></div>')


class RecordError(ValueError):
    """A run record cannot be read; the message says why."""


def make(variant: str, results: Mapping[str, Any], models: Sequence[Any] | None) -> dict[str, Any]:
    """A record of the results of `run_experiment`.

    Raises:
        ValueError: an unknown variant, or results of another form.
    """
    if variant not in QUESTIONS.variants:
        raise ValueError(f"unknown variant {variant!r}: it is one of {', '.join(QUESTIONS.variants)}")
    missing = [key for key in ("accuracies", "mean", "std", "histories") if key not in results]
    if missing:
        raise ValueError(f"the results have no {', no '.join(missing)}; Question 9 lists what they hold")
    accuracies = _numbers(results["accuracies"])
    histories = [_series(history) for history in _items(results["histories"])]
    if len(histories) != len(accuracies):
        raise ValueError(f"there are {len(accuracies)} accuracies, but {len(histories)} histories")
    if models is not None and len(models) != len(accuracies):
        raise ValueError(f"there are {len(accuracies)} accuracies, but {len(models)} models")
    weights = [_weights(model) for model in models] if models is not None else [[]] * len(accuracies)
    unit = 100.0 if max(accuracies, default=0.0) > 1 else 1.0  # percent or fraction
    return {
        "format": FORMAT,
        "variant": variant,
        "mean": _numbers(results["mean"])[0] / unit,
        "std": _numbers(results["std"])[0] / unit,
        "runs": [
            {"accuracy": a / unit, "history": h, "weights": w}
            for a, h, w in zip(accuracies, histories, weights, strict=True)
        ],
        "made_with": _made_with(),
    }


def _items(values: Any) -> Any:
    """Entries of a list, or of a dict by number of the run."""
    return list(values.values()) if isinstance(values, Mapping) else values


def _numbers(values: Any) -> list[float]:
    """One number or any container of numbers, as a flat list."""
    return [float(v) for v in np.ravel(np.asarray(_items(values), dtype=float))]


def _series(history: Any) -> dict[str, list[float]]:
    """A History, dict or data frame as plain lists."""
    source = getattr(history, "history", history)
    if hasattr(source, "to_dict"):
        source = source.to_dict("list")
    if not isinstance(source, Mapping):
        raise ValueError("each of the `histories` is a History, a dict or a data frame")
    return {str(k): [round(v, 6) for v in _numbers(values)] for k, values in source.items() if np.ndim(values) == 1}


def _weights(model: Any) -> list[dict[str, Any]]:
    stored = []
    for variable in model.weights:
        value = np.asarray(variable, dtype="<f4")
        stored.append(
            {
                "path": str(variable.path),
                "shape": list(value.shape),
                "data": base64.b64encode(np.ascontiguousarray(value).tobytes()).decode(),
            }
        )
    return stored


def _made_with() -> dict[str, str]:
    """Versions and device, for a person who wonders about a number."""
    import platform

    import keras

    device = "unknown"
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        details = tf.config.experimental.get_device_details(gpus[0]) if gpus else {}
        device = str(details.get("device_name", "GPU")) if gpus else "CPU"
    return {
        "python": platform.python_version(),
        "keras": str(keras.__version__),
        "backend": str(keras.backend.backend()),
        "device": device,
    }


def to_html(record: Mapping[str, Any]) -> str:
    """The hidden element that carries a record."""
    text = json.dumps(record, separators=(",", ":"), sort_keys=True)
    packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
    return f'<div hidden data-{MARK}="{record["variant"]}:{packed}"></div>'


def find(notebook: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The records in the outputs of a notebook: of each variant the last one, trials aside (of `MAX_RECORDS`).

    Returns:
        variant -> record, or {"error": sentence} for one that cannot be read.
    """
    packed: dict[str, list[str]] = {}
    for cell in notebook.get("cells", []):
        for output in cell.get("outputs") or []:
            data = output.get("data") or {}
            page = data.get("text/html", "")
            page = "".join(page) if isinstance(page, list) else str(page)
            if MARK not in page:
                continue
            for match in _ELEMENT.finditer(page):
                if match.group(1) in QUESTIONS.variants:
                    packed.setdefault(match.group(1), []).append(match.group(2))
    return {variant: _chosen(texts[-MAX_RECORDS:], variant) for variant, texts in packed.items()}


def _chosen(texts: Sequence[str], variant: str) -> dict[str, Any]:
    """The last record that is no trial: one of few runs or epochs further down does not hide it. Else the last one."""
    last = None
    for text in reversed(texts):
        try:
            record = read(text, variant)
        except RecordError as error:
            return last or {"error": str(error)}
        if not _is_trial(record):
            return record
        last = last or record
    return last or {}


def _is_trial(record: Mapping[str, Any]) -> bool:
    runs = record["runs"]
    return len(runs) < settings.RUNS or any(len(run["history"].get("loss", ())) < settings.EPOCHS for run in runs)


def read(packed: str, variant: str) -> dict[str, Any]:
    """Decode and check one record.

    Raises:
        RecordError: it is damaged, too large, or not of the form that `make` gives.
    """
    if len(packed) > MAX_TEXT:
        raise RecordError("the record is too large")
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(base64.b64decode(packed, validate=True), MAX_JSON)
        if unpacker.unconsumed_tail or not unpacker.eof:
            raise RecordError("the record is too large or cut off")
        if count_values(text) > MAX_VALUES:
            raise RecordError("the record is too large")
        record = json.loads(text)
    except (binascii.Error, zlib.error, ValueError, RecursionError) as error:
        if isinstance(error, RecordError):
            raise
        raise RecordError("the record is damaged") from None
    if not isinstance(record, dict) or record.get("format") != FORMAT or record.get("variant") != variant:
        raise RecordError(f"the record is not one of {variant}")
    runs = record.get("runs")
    if not isinstance(runs, list):
        raise RecordError("the record holds no list of runs")
    if len(runs) > MAX_RUNS:
        raise RecordError(f"the record holds {len(runs)} runs; {MAX_RUNS} at most can be judged")
    return {
        "variant": variant,
        "mean": _number(record.get("mean"), "mean"),
        "std": _number(record.get("std"), "std"),
        "runs": [_run(run, i) for i, run in enumerate(runs, 1)],
        "made_with": {str(k)[:40]: str(v)[:80] for k, v in _dict(record.get("made_with"), "made_with", 20).items()},
    }


def _run(run: Any, number: int) -> dict[str, Any]:
    run = _dict(run, f"run {number}", 10)
    history = {}
    for name, values in _dict(run.get("history"), f"history of run {number}", MAX_SERIES).items():
        if not isinstance(values, list):
            raise RecordError(f"a series in the history of run {number} is not a list of numbers")
        if len(values) > MAX_EPOCHS:
            raise RecordError(f"the history of run {number} holds {len(values)} epochs; {MAX_EPOCHS} at most are read")
        history[str(name)[:100]] = [_number(v, f"{name} of run {number}") for v in values]
    weights = run.get("weights")
    if not isinstance(weights, list) or len(weights) > 1000:
        raise RecordError(f"the weights of run {number} are not a list")
    return {
        "accuracy": _number(run.get("accuracy"), f"accuracy of run {number}"),
        "history": history,
        "weights": [_weight(item, number) for item in weights],
    }


def _weight(item: Any, number: int) -> dict[str, Any]:
    item = _dict(item, f"a weight of run {number}", 5)
    shape, data = item.get("shape"), item.get("data")
    sizes = isinstance(shape, list) and len(shape) <= 6 and all(type(n) is int and 0 <= n < 10**6 for n in shape)
    if not sizes or not isinstance(data, str) or math.prod(shape or ()) > MAX_WEIGHTS:
        raise RecordError(f"a weight of run {number} has no proper shape")
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise RecordError(f"a weight of run {number} is damaged") from None
    if len(raw) != 4 * math.prod(shape or ()):
        raise RecordError(f"a weight of run {number} does not fit its shape")
    values = np.frombuffer(raw, dtype="<f4").reshape(tuple(shape or ()))
    return {"path": str(item.get("path"))[:200], "value": values}


def _dict(value: Any, what: str, size: int) -> dict[str, Any]:
    if not isinstance(value, dict) or len(value) > size:
        raise RecordError(f"the record's {what} does not have the form that `publish` gives it")
    return value


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < LARGEST:
        raise RecordError(f"the record's {what} is not a finite number")
    return float(value)
