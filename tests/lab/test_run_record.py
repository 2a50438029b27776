"""Run records: what goes in comes out, and nothing else gets through."""

import base64
import json
import math
import zlib
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from lab import run_record, settings
from lab.questions import QUESTIONS
from lab.run_record import RecordError

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


class History:
    """As `keras.callbacks.History`."""

    def __init__(self, series: dict[str, Any]) -> None:
        self.history = series


SERIES = {"loss": [1.25, 0.75], "val_loss": [1.5, 1.125], "accuracy": [0.25, 0.5], "val_accuracy": [0.125, 0.375]}


def network() -> Any:
    return keras.Sequential(
        [keras.Input((4, 4, 3)), keras.layers.Conv2D(2, 3), keras.layers.BatchNormalization(), keras.layers.Flatten()]
    )


def results(**other: Any) -> dict[str, Any]:
    """What `run_experiment` returns, for two runs."""
    accuracies = [0.625, 0.75]
    return {"accuracies": accuracies, "mean": 0.6875, "std": 0.0625, "histories": [SERIES, SERIES]} | other


def packed(record: Any) -> str:
    return base64.b64encode(zlib.compress(json.dumps(record).encode())).decode()


def valid(**other: Any) -> dict[str, Any]:
    return json.loads(json.dumps(run_record.make("tiny_vgg", results(**other), [network(), network()])))


def notebook(*pages: Any) -> dict[str, Any]:
    outputs = [{"output_type": "display_data", "data": {"text/html": page}} for page in pages]
    return {"cells": [{"cell_type": "markdown", "source": ""}, {"cell_type": "code", "outputs": outputs}]}


def test_round_trip_is_exact() -> None:
    models = [network(), network()]
    models[0].set_weights(
        [np.random.default_rng(i).normal(size=w.shape) for i, w in enumerate(models[0].get_weights())]
    )
    page = run_record.to_html(run_record.make("tiny_vgg", results(), models))
    found = run_record.find(notebook("<p>before</p>" + page + "<p>after</p>"))
    assert list(found) == ["tiny_vgg"]
    record = found["tiny_vgg"]
    assert (record["mean"], record["std"]) == (0.6875, 0.0625)
    assert [run["accuracy"] for run in record["runs"]] == [0.625, 0.75]
    assert all(run["history"] == SERIES for run in record["runs"])
    for run, model in zip(record["runs"], models, strict=True):
        for stored, wanted in zip(run["weights"], model.get_weights(), strict=True):
            assert stored["value"].dtype == np.float32
            np.testing.assert_array_equal(stored["value"], wanted)
    assert record["runs"][0]["weights"][0]["path"].endswith("kernel")
    assert record["made_with"]["keras"] == keras.__version__


@pytest.mark.parametrize(
    "history",
    [SERIES, History(SERIES), pd.DataFrame(SERIES), {k: np.array(v) for k, v in SERIES.items()}],
    ids=["dict", "History", "data frame", "arrays"],
)
def test_every_form_of_history(history: Any) -> None:
    record = run_record.make("tiny_vgg", results(histories=[history, history]), None)
    assert record["runs"][1]["history"] == SERIES


@pytest.mark.parametrize(
    "other",
    [
        {"accuracies": {0: 0.625, 1: 0.75}, "histories": {0: SERIES, 1: SERIES}},
        {"accuracies": np.array([[0.625], [0.75]]), "mean": np.array([0.6875])},
        {"accuracies": pd.Series([0.625, 0.75]), "std": np.float32(0.0625)},
        {"histories": [SERIES | {"run": 3}, SERIES | {"note": "fine"}]},
    ],
    ids=["by number of the run", "arrays", "series", "further entries"],
)
def test_every_form_of_results(other: Any) -> None:
    record = run_record.make("tiny_vgg", results(**other), None)
    assert [run["accuracy"] for run in record["runs"]] == [0.625, 0.75]
    assert (record["mean"], record["std"]) == (0.6875, 0.0625)
    assert [run["history"] for run in record["runs"]] == [SERIES, SERIES]


def test_percent_becomes_a_fraction() -> None:
    record = run_record.make("tiny_vgg", results(accuracies=[62.5, 75.0], mean=68.75, std=6.25), None)
    assert [record["runs"][0]["accuracy"], record["mean"], record["std"]] == [0.625, 0.6875, 0.0625]


@pytest.mark.parametrize(
    ("variant", "other", "models", "words"),
    [
        ("tiny", {}, None, "unknown variant 'tiny': it is one of tiny_vgg"),
        ("tiny_vgg", {"histories": [SERIES]}, None, "2 accuracies, but 1 histories"),
        ("tiny_vgg", {}, [None], "2 accuracies, but 1 models"),
        ("tiny_vgg", {"histories": [3, 4]}, None, "a History, a dict or a data frame"),
    ],
)
def test_what_cannot_be_recorded(variant: str, other: Any, models: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        run_record.make(variant, results(**other), models)


def test_missing_keys_are_named() -> None:
    with pytest.raises(ValueError, match="no std, no histories; Question 9"):
        run_record.make("tiny_vgg", {"accuracies": [0.5], "mean": 0.5}, None)


def test_the_last_record_of_a_variant_counts() -> None:
    first = run_record.to_html(run_record.make("tiny_vgg", results(mean=0.25), None))
    last = run_record.to_html(run_record.make("tiny_vgg", results(mean=0.5), None))
    other = run_record.to_html(run_record.make("tiny_vgg_bn", results(), None))
    found = run_record.find(notebook(first, other, list(last)))
    assert {name: record["mean"] for name, record in found.items()} == {"tiny_vgg": 0.5, "tiny_vgg_bn": 0.6875}


def test_a_trial_further_down_does_not_hide_a_whole_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "RUNS", 2)
    monkeypatch.setattr(settings, "EPOCHS", 2)

    def page(**changes: Any) -> str:
        return run_record.to_html(run_record.make("tiny_vgg", results(**changes), None))

    def chosen(*pages: str) -> Any:
        return run_record.find(notebook(*pages))["tiny_vgg"].get("mean", "damaged")

    few_runs = page(accuracies=[0.5], mean=0.5, histories=[SERIES])
    few_epochs = page(mean=0.25, histories=[SERIES, SERIES | {"loss": [1.5]}])
    damaged = '<div hidden data-tiny-vgg-run-record="tiny_vgg:AAAA"></div>'
    assert chosen(few_runs, page(), few_epochs, few_runs) == 0.6875
    assert chosen(page(), page(mean=0.75), few_runs) == 0.75
    assert chosen(page(), damaged) == "damaged"
    assert chosen(damaged, few_runs) == 0.5
    assert chosen(page(), *[few_runs] * run_record.MAX_RECORDS) == 0.5


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"cells": []},
        {"cells": [{"cell_type": "code"}]},
        {"cells": [{"cell_type": "code", "outputs": None}]},
        notebook(None),
        notebook(5),
        {"cells": [{"cell_type": "code", "outputs": [{"output_type": "stream", "text": "tiny-vgg-run-record"}]}]},
        notebook('<div hidden data-tiny-vgg-run-record="other:AAAA"></div>'),
        notebook("<div hidden data-tiny-vgg-run-record=tiny_vgg:AAAA></div>"),
    ],
)
def test_notebooks_without_a_record(odd: Any) -> None:
    assert run_record.find(odd) == {}


def with_changes(*path: Any, value: Any) -> str:
    record = valid()
    place = record
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return packed(record)


def weight(**other: Any) -> dict[str, Any]:
    data = base64.b64encode(np.zeros(6, "<f4").tobytes()).decode()
    return {"path": "conv/kernel", "shape": [2, 3], "data": data} | other


HOSTILE = {
    "empty": ("", "cut off"),
    "no base64": ("A", "damaged"),
    "other characters": ("%%%%", "damaged"),
    "no zlib": (base64.b64encode(b"plain").decode(), "damaged"),
    "no JSON": (base64.b64encode(zlib.compress(b"{")).decode(), "damaged"),
    "not UTF-8": (base64.b64encode(zlib.compress(b"\xff\xfe\xff")).decode(), "damaged"),
    "a list": (packed([1]), "not one of tiny_vgg"),
    "another format": (with_changes("format", value=2), "not one of tiny_vgg"),
    "another variant": (with_changes("variant", value="tiny_resnet"), "not one of tiny_vgg"),
    "deeply nested": (
        base64.b64encode(zlib.compress(b"[" * 100_000 + b"]" * 100_000)).decode(),
        "damaged",
    ),
    "no runs": (with_changes("runs", value=None), "no list of runs"),
    "too many runs": (with_changes("runs", value=[{}] * (run_record.MAX_RUNS + 1)), "holds 21 runs; 20 at most"),
    "a run that is a number": (with_changes("runs", 0, value=3), "run 1"),
    "accuracy NaN": (with_changes("runs", 0, "accuracy", value=math.nan), "accuracy of run 1 is not a finite number"),
    "accuracy infinite": (with_changes("runs", 1, "accuracy", value=math.inf), "accuracy of run 2"),
    "accuracy a text": (with_changes("runs", 0, "accuracy", value="0.7"), "not a finite number"),
    "accuracy a boolean": (with_changes("runs", 0, "accuracy", value=True), "not a finite number"),
    "accuracy absurd": (with_changes("runs", 0, "accuracy", value=10**400), "accuracy of run 1 is not a finite number"),
    "mean missing": (with_changes("mean", value=None), "mean is not a finite number"),
    "std a list": (with_changes("std", value=[0.1]), "std is not a finite number"),
    "history a list": (with_changes("runs", 0, "history", value=[]), "history of run 1"),
    "a series of texts": (with_changes("runs", 0, "history", "loss", value=["a"]), "loss of run 1"),
    "a series of NaN": (with_changes("runs", 0, "history", "loss", value=[math.nan]), "loss of run 1"),
    "an endless series": (
        with_changes("runs", 0, "history", "loss", value=[0.5] * (run_record.MAX_EPOCHS + 1)),
        "the history of run 1 holds 1001 epochs; 1000 at most",
    ),
    "too many series": (
        with_changes("runs", 0, "history", value={str(i): [] for i in range(run_record.MAX_SERIES + 1)}),
        "history of run 1",
    ),
    "weights a text": (with_changes("runs", 0, "weights", value="w"), "weights of run 1 are not a list"),
    "too many weights": (with_changes("runs", 0, "weights", value=[weight()] * 1001), "weights of run 1"),
    "a weight that is a number": (with_changes("runs", 0, "weights", 0, value=1), "a weight of run 1"),
    "shape missing": (with_changes("runs", 0, "weights", 0, "shape", value=None), "no proper shape"),
    "shape huge": (with_changes("runs", 0, "weights", value=[weight(shape=[10**5, 10**5])]), "no proper shape"),
    "shape negative": (with_changes("runs", 0, "weights", value=[weight(shape=[-2, -3])]), "no proper shape"),
    "shape of booleans": (with_changes("runs", 0, "weights", value=[weight(shape=[True])]), "no proper shape"),
    "shape too long": (with_changes("runs", 0, "weights", value=[weight(shape=[1] * 7)]), "no proper shape"),
    "shape that does not fit": (with_changes("runs", 0, "weights", value=[weight(shape=[2, 4])]), "does not fit"),
    "data a number": (with_changes("runs", 0, "weights", value=[weight(data=7)]), "no proper shape"),
    "data damaged": (with_changes("runs", 0, "weights", value=[weight(data="AAA")]), "is damaged"),
    "made_with a list": (with_changes("made_with", value=[]), "made_with"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_records_are_refused(name: str) -> None:
    text, words = HOSTILE[name]
    with pytest.raises(RecordError, match=words):
        run_record.read(text, "tiny_vgg")


def test_a_cut_record_is_refused() -> None:
    whole = packed(valid())
    for length in (len(whole) // 2 // 4 * 4, len(whole) - 4, 8):
        with pytest.raises(RecordError, match=r"damaged|cut off"):
            run_record.read(whole[:length], "tiny_vgg")


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_record, "MAX_JSON", 2**16)
    bomb = base64.b64encode(zlib.compress(b" " * 2**20, 9)).decode()
    assert len(bomb) < 2_000
    with pytest.raises(RecordError, match="too large"):
        run_record.read(bomb, "tiny_vgg")
    lists = base64.b64encode(zlib.compress(b"[" + b"[]," * 10_000 + b"[]]", 9)).decode()
    monkeypatch.setattr(run_record, "MAX_VALUES", 20_000)
    with pytest.raises(RecordError, match="too large"):
        run_record.read(lists, "tiny_vgg")
    monkeypatch.setattr(run_record, "MAX_TEXT", 100)
    with pytest.raises(RecordError, match="too large"):
        run_record.read("A" * 101, "tiny_vgg")


def test_a_damaged_record_is_reported_beside_good_ones() -> None:
    good = run_record.to_html(run_record.make("tiny_vgg_bn", results(), None))
    bad = '<div hidden data-tiny-vgg-run-record="tiny_vgg:AAAA"></div>'
    found = run_record.find(notebook(bad, good))
    assert found["tiny_vgg"] == {"error": "the record is damaged"}
    assert found["tiny_vgg_bn"]["mean"] == 0.6875


def test_long_texts_are_cut() -> None:
    record = valid()
    record["made_with"] = {"python": "3" * 10_000}
    record["runs"][0]["weights"][0]["path"] = "p" * 10_000
    found = run_record.read(packed(record), "tiny_vgg")
    assert found["made_with"]["python"] == "3" * 80
    assert found["runs"][0]["weights"][0]["path"] == "p" * 200


def test_every_variant_can_be_recorded() -> None:
    pages = [run_record.to_html(run_record.make(variant, results(), None)) for variant in QUESTIONS.variants]
    assert set(run_record.find(notebook("".join(pages)))) == set(QUESTIONS.variants)
