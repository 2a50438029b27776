"""`publish`: one output that people and the grader can read, and warnings while there is time."""

import re
from typing import Any

import keras
import numpy as np
import pytest

from lab import publish, run_record, settings
from lab.run_record.publish import problems
from labkit import short_training

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def history(run: int, epochs: int = settings.EPOCHS, validation: bool = True) -> dict[str, list[float]]:
    names = ["loss", "accuracy", *(["val_loss", "val_accuracy"] if validation else [])]
    rng = np.random.default_rng(run)
    return {name: list(rng.uniform(1, 2, epochs)) for name in names}


def network() -> Any:
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])


def results(runs: int = settings.RUNS, **other: Any) -> dict[str, Any]:
    accuracies = [0.7 + 0.01 * i for i in range(runs)]
    full = {
        "accuracies": accuracies,
        "mean": float(np.mean(accuracies)),
        "std": float(np.std(accuracies)),
        "histories": [history(i) for i in range(runs)],
        "models": [network() for _ in range(runs)],
    }
    return full | other


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What `display` was given, in order."""
    pages: list[dict[str, str]] = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: pages.append(data))
    return pages


def warnings_of(given: dict[str, Any]) -> list[str]:
    return problems(run_record.to_html(run_record.make("tiny_vgg", given, given.get("models"))))


def test_one_output_for_people_and_grader(shown: list[dict[str, str]]) -> None:
    publish("tiny_vgg", results())
    (output,) = shown
    assert set(output) == {"text/html", "text/plain"}
    page, text = output["text/html"], output["text/plain"]
    assert "0.7200 ± 0.0141" in page
    assert "0.7200 ± 0.0141" in text
    assert text.splitlines()[1:] == [f"  run {i + 1}: {0.7 + 0.01 * i:.4f}" for i in range(5)]
    assert page.count("<tr>") == 1 + settings.RUNS
    assert "data:image/png;base64,iVBOR" in page
    assert "⚠" not in page
    record = run_record.find({"cells": [{"outputs": [{"data": output}]}]})["tiny_vgg"]
    assert [run["accuracy"] for run in record["runs"]] == pytest.approx([0.7, 0.71, 0.72, 0.73, 0.74])
    assert all(len(run["weights"]) == 2 for run in record["runs"])


def test_nothing_of_the_record_is_visible(shown: list[dict[str, str]]) -> None:
    publish("tiny_vgg", results())
    hidden = re.findall(r"<div hidden [^>]*></div>", shown[0]["text/html"])
    assert len(hidden) == 1
    assert run_record.MARK not in shown[0]["text/html"].replace(hidden[0], "")


def test_models_may_be_given_apart(shown: list[dict[str, str]]) -> None:
    given = results()
    publish("tiny_vgg_bn", {k: v for k, v in given.items() if k != "models"}, models=given["models"])
    record = run_record.find({"cells": [{"outputs": [{"data": shown[0]}]}]})["tiny_vgg_bn"]
    assert all(run["weights"] for run in record["runs"])


def test_a_full_record_has_no_problems() -> None:
    assert warnings_of(results()) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (results(2), "Expected: The record holds 5 runs. Found: It holds 2. Hint: Run the experiment with the default"),
        (results(histories=[history(i, 7) for i in range(5)]), "Found: In run 1, `loss` has 7 values."),
        (results(histories=[history(i, 7 if i else 100) for i in range(5)]), "Found: In run 2, `loss` has 7 values."),
        (
            results(histories=[{k: v[:20] * 5 for k, v in history(i).items()} for i in range(5)]),
            "Expected: Each run trained for 100 epochs. Found: In run 1, the losses of the first 20 epochs come again",
        ),
        (results(histories=[history(i, validation=False) for i in range(5)]), "Found: That of run 1 has no val_loss."),
        (results(models=None), "Found: Those of run 1 are missing. Hint: Let `run_experiment` return the list"),
        (results(histories=[history(0)] * 5), "Found: Two runs have the same loss in every epoch."),
        (results(models=[network()] * 5), "Found: Runs 1 and 2 ended in nearly the same weights."),
        (results(mean=0.75), "Found: The mean says 0.7500, the accuracies say 0.7200."),
        (results(std=0.0), "Found: The record says 0.0000, the accuracies say 0.0158."),
        (
            results(histories=[{k: [*v[:-1], float("nan")] for k, v in history(i).items()} for i in range(5)]),
            "The record of tiny_vgg cannot be read again: the record's accuracy of run 1 is not a finite number.",
        ),
    ],
    ids=[
        "few runs", "few epochs", "one short run", "repeated curve", "no validation", "no models", "same seed",
        "one model", "mean", "std", "diverged",
    ],
)  # fmt: skip
def test_problems_are_said_at_once(given: dict[str, Any], words: str, shown: list[dict[str, str]]) -> None:
    assert [words in warning for warning in warnings_of(given)] == [True]
    publish("tiny_vgg", given)
    assert words in shown[0]["text/plain"].partition("This would cost marks. ")[2]
    assert "⚠ This would cost marks." in shown[0]["text/html"]


def test_a_curve_that_never_moved_is_no_repetition() -> None:
    """A network that died trains on without a change: that is a pity, not a forgery."""
    dead = {name: [2.3026] * settings.EPOCHS for name in history(0)}
    assert warnings_of(results(histories=[dead, *(history(i) for i in range(4))])) == []


@pytest.mark.parametrize(
    ("curve", "words"),
    [
        (lambda i: np.linspace(2, 1 + i / 10, settings.EPOCHS), "In run 1, the losses lie on a straight line."),
        (
            lambda i: np.array(history(0)["loss"]) + i / 10,
            "The losses of runs 1 and 2 are one curve, shifted or scaled.",
        ),
        (
            lambda i: np.array(history(0)["loss"]) * (1 + i),
            "The losses of runs 1 and 2 are one curve, shifted or scaled.",
        ),
    ],
    ids=["straight", "shifted", "scaled"],
)
def test_curves_that_nobody_measured(curve: Any, words: str) -> None:
    given = results(histories=[history(i) | {"loss": list(curve(i))} for i in range(5)])
    assert [words in warning for warning in warnings_of(given)] == [True]


def test_at_marking_nothing_is_stored(shown: list[dict[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    with short_training.recording():
        publish("tiny_vgg", results())
    assert shown == []
    assert capsys.readouterr().out.startswith("tiny_vgg: accuracy 0.7200 ± 0.0141 over 5 runs")


def test_names_cannot_break_the_page(shown: list[dict[str, str]]) -> None:
    given = results()
    given["histories"][0]["<script>"] = given["histories"][0]["loss"]
    publish("tiny_vgg", given)
    assert "<script>" not in shown[0]["text/html"]
    assert list(run_record.find({"cells": [{"outputs": [{"data": shown[0]}]}]})) == ["tiny_vgg"]


def test_histories_without_series_are_drawn_as_none(shown: list[dict[str, str]]) -> None:
    publish("tiny_vgg", results(histories=[{}] * 5))
    assert "<td>–</td>" in shown[0]["text/html"]


def test_an_unknown_variant_is_refused() -> None:
    with pytest.raises(ValueError, match="it is one of tiny_vgg, tiny_vgg_bn"):
        publish("vgg", results())
