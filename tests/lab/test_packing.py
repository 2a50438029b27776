"""`pack`: what is handed in is the notebook that is worked in, whatever it is called now."""

import json
import os
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from zoo.notebooks import solution

from autograder.handout import build
from lab import pack
from labkit import packing, short_training


@pytest.fixture(scope="module")
def notebooks() -> dict[str, Any]:
    return {"empty": build.handout(), "full": solution()}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    return tmp_path


def save(folder: Path, name: str, notebook: Any, saved: float = 1e9) -> None:
    nbformat.write(notebook, folder / name)
    os.utime(folder / name, (saved, saved))


def running(monkeypatch: pytest.MonkeyPatch, *cells: str, **names: str) -> None:
    """This kernel has run these cells."""
    shell = SimpleNamespace(user_ns=names, history_manager=SimpleNamespace(input_hist_raw=["", *cells]))
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)


def packed(folder: Path) -> list[str]:
    """Names in the zip files of the folder, Otter's own aside."""
    names = [name for path in folder.glob("*.zip") for name in zipfile.ZipFile(path).namelist()]
    return [name for name in names if not name.startswith("__")]


def test_the_handout_has_no_answers_and_the_solution_has(notebooks: dict[str, Any], folder: Path) -> None:
    for name, notebook in notebooks.items():
        save(folder, f"{name}.ipynb", notebook)
    found = {notebook.path.stem: notebook.answers for notebook in packing.notebooks()}
    assert found == {"empty": 0, "full": 19}


def test_work_under_another_name_is_packed_and_not_the_empty_original(
    notebooks: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save(folder, "tiny_vgg.ipynb", notebooks["empty"], saved=2e9)
    save(folder, "tiny_vgg_Lee.ipynb", notebooks["full"])
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "tiny_vgg.ipynb"))  # as before “Save As”
    pack()
    assert packed(folder) == ["tiny_vgg_Lee.ipynb"]
    assert "Packed: tiny_vgg_Lee.ipynb, as it was saved.\n" in capsys.readouterr().out


def test_nothing_is_packed_without_answers(
    notebooks: dict[str, Any], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(folder, "tiny_vgg.ipynb", notebooks["empty"])
    pack()
    assert packed(folder) == []
    assert capsys.readouterr().out == (
        "Nothing was packed: no question is answered in tiny_vgg.ipynb as it was saved.\n"
        "Save the notebook that holds your answers in this folder, then run this cell again.\n"
    )


def test_of_two_with_answers_that_of_this_kernel_is_packed(
    notebooks: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, other = (
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        for source in ("def a(): 1 + 1", "def b(): 2 + 2")
    )
    save(folder, "mine.ipynb", mine)
    save(folder, "other.ipynb", other, saved=2e9)
    running(monkeypatch, "def a(): 1 + 1")
    pack()
    assert packed(folder) == ["mine.ipynb"]
    assert capsys.readouterr().out.endswith(
        "Packed: mine.ipynb, as it was saved.\n"
        "Not packed: other.ipynb, where questions are answered, too. Is mine.ipynb the right one?\n"
    )


@pytest.mark.parametrize("front_end", ["JupyterLab", "VS Code"])
def test_the_notebook_that_the_front_end_names_counts_wherever_it_lies(
    notebooks: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch, front_end: str
) -> None:
    (folder / "work").mkdir()
    save(folder / "work", "a.ipynb", notebooks["full"])
    save(folder, "z.ipynb", notebooks["full"], saved=2e9)
    path = str(folder / "work" / "a.ipynb")
    running(monkeypatch, **({"__vsc_ipynb_file__": path} if front_end == "VS Code" else {}))
    if front_end == "JupyterLab":
        monkeypatch.setenv("JPY_SESSION_NAME", path)
    pack()
    assert packed(folder / "work") == ["work/a.ipynb"]


def test_files_that_are_no_notebooks_are_passed_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, content in enumerate(("", "{", "[]", '{"cells": 3}', json.dumps({"cells": [{}]}))):
        (folder / f"{number}.ipynb").write_text(content)
    monkeypatch.setenv("JPY_SESSION_NAME", "no-path")
    pack()
    assert capsys.readouterr().out == (
        f"Nothing was packed: no notebook is saved in {folder}. Hand in the file of this notebook itself.\n"
    )


def test_on_colab_and_at_marking_nothing_is_packed(
    notebooks: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save(folder, "tiny_vgg.ipynb", notebooks["full"])
    with short_training.recording():
        pack()
    assert (packed(folder), capsys.readouterr().out) == ([], "")
    monkeypatch.setitem(sys.modules, "google.colab", SimpleNamespace())
    pack()
    assert packed(folder) == []
    assert capsys.readouterr().out == (
        "Nothing was packed: on Colab choose File → Download → Download .ipynb and hand in that file.\n"
    )


def test_checks_work_whatever_the_notebook_is_called(notebooks: dict[str, Any]) -> None:
    first = next(cell.source for cell in notebooks["empty"].cells if cell.cell_type == "code")
    assert first == "# Initialize Otter\nimport otter\n\ngrader = otter.Notebook()"
    assert notebooks["empty"].cells[-2].source.endswith("pack()") or notebooks["empty"].cells[-1].source.endswith(
        "pack()"
    )
