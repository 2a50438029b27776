"""Notebooks of the zoo: what goes into them beside what an entry says."""

from pathlib import Path

import nbformat
import pytest

from lab import run_record, settings
from lab.questions import QUESTIONS
from zoo import notebooks
from zoo.__main__ import BLIND


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`:UserWarning")  # as one of them does
@pytest.mark.parametrize("path", BLIND, ids=lambda path: path.stem)
def test_whole_notebooks_get_records_of_their_own_networks(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    notebook = nbformat.read(path, as_version=4)
    notebooks.publish_own(notebook)
    found = run_record.find(notebook)
    assert sorted(found) == sorted(QUESTIONS.variants)
    assert all(len(record["runs"]) == settings.RUNS for record in found.values())


def test_definitions_are_what_runs_without_training() -> None:
    code = """
import keras
%matplotlib inline
filters = 10
def build_tiny_vgg():
    return keras.Sequential()
with keep_runs("tiny_vgg"):
    results = run_experiment(build_tiny_vgg)
experiments["tiny_vgg"] = results
best = max(results["accuracies"])
print(best)
best = 0.5
rounded = round(best)
def own(x):
    y_train = x
    return y_train
held_out = own(y_train)
"""
    kept = notebooks.definitions(code)
    assert kept.splitlines() == [
        "import keras",
        "filters = 10",
        "",
        "def build_tiny_vgg():",
        "    return keras.Sequential()",
        "best = 0.5",
        "rounded = round(best)",
        "",
        "def own(x):",
        "    y_train = x",
        "    return y_train",
    ]
