"""Submitted files: what is read, and what people are told about files that cannot be."""

import json
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder import submissions
from autograder.submissions import UnreadableSubmission


def notebook_bytes(source: str = "x = 1", **metadata: object) -> bytes:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)], metadata=metadata)
    return submissions.write(notebook)


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b'{"cells": [', "not valid JSON (line 1)"),
        (b"\x89PNG\r\n\x1a\n", "not valid JSON"),
        (b"[1, 2]", "JSON, but not a notebook"),
        (b'{"a": 1}', "JSON, but not a notebook"),
        (b'{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "cannot be read"),
        (b'{"cells": [{}], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "cannot be read"),
        (b"[" * 100_000, "not valid JSON"),
    ],
    ids=["empty", "blank", "cut-off", "picture", "list", "object", "cells-no-list", "cell-no-source", "nested"],
)
def test_a_bad_file_gets_a_reason(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "s.ipynb"
    path.write_bytes(content)
    with pytest.raises(UnreadableSubmission) as reason:
        submissions.read(path)
    assert words in str(reason.value)


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}, "kernel “ir” (r), which is unknown"),
        ({"kernelspec": {"name": "julia-1.9", "display_name": "Julia"}}, "kernel “julia-1.9”, which is unknown"),
        ({"kernelspec": {"name": "xyz", "display_name": "?"}}, "kernel “xyz”, which is unknown"),
    ],
)
def test_another_language_is_named(metadata: dict[str, object], words: str) -> None:
    with pytest.raises(UnreadableSubmission) as reason:
        submissions.parse(notebook_bytes(**metadata))
    assert words in str(reason.value)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"kernelspec": {"name": "tf-gpu", "display_name": "My env", "language": "python"}},
        {"kernelspec": {"name": "conda-env-ml-py", "display_name": "ml"}},
        {"kernelspec": {"name": "tf", "display_name": "tf"}, "language_info": {"name": "python"}},
        {"colab": {"provenance": []}, "kernelspec": {"name": "python3", "display_name": "Python 3"}},
    ],
    ids=["none", "own-name", "conda", "language-info", "colab"],
)
def test_python_under_any_kernel_name_is_read(metadata: dict[str, object]) -> None:
    assert submissions.parse(notebook_bytes(**metadata)).cells[0].source == "x = 1"


def test_old_notebook_formats_are_read() -> None:
    cell = {"cell_type": "code", "language": "python", "input": ["x = 2"], "outputs": [], "metadata": {}}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": [cell]}]}
    assert submissions.parse(json.dumps(old).encode()).cells[0].source == "x = 2"


def test_zip_with_a_notebook_in_a_subfolder_and_a_module(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "s.zip",
        {
            "hand-in/nb.ipynb": notebook_bytes(),
            "hand-in/helpers.py": b"A = 1",
            "hand-in/lab/settings.py": b"EPOCHS = 1",
            "hand-in/.ipynb_checkpoints/nb-checkpoint.ipynb": notebook_bytes(),
            "__MACOSX/hand-in/._nb.ipynb": b"junk",
        },
    )
    read = submissions.read(path)
    assert read.notebook.cells[0].source == "x = 1"
    assert read.extra_files == {"helpers.py": b"A = 1"}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "holds no notebook"),
        ({"readme.txt": b"hello"}, "holds no notebook"),
        ({"a.ipynb": notebook_bytes(), "b.ipynb": notebook_bytes()}, "holds 2 notebooks (a.ipynb, b.ipynb)"),
        ({"a.ipynb": b""}, "is empty"),
    ],
    ids=["empty", "none", "two", "empty-notebook"],
)
def test_a_bad_zip_gets_a_reason(tmp_path: Path, files: dict[str, bytes], words: str) -> None:
    with pytest.raises(UnreadableSubmission) as reason:
        submissions.read(zipped(tmp_path / "s.zip", files))
    assert words in str(reason.value)


def test_a_damaged_zip_gets_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "s.zip"
    path.write_bytes(b"PK\x03\x04 nothing more")
    with pytest.raises(UnreadableSubmission, match="damaged or encrypted"):
        submissions.read(path)


def test_files_outside_the_folder_are_left_out(tmp_path: Path) -> None:
    files = {"nb.ipynb": notebook_bytes(), "../evil.py": b"1", "/etc/evil.py": b"1", "a/../../evil.py": b"1"}
    assert submissions.read(zipped(tmp_path / "s.zip", files)).extra_files == {}


def test_an_oversized_notebook_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submissions, "MAX_NOTEBOOK", 100)
    path = tmp_path / "s.ipynb"
    path.write_bytes(notebook_bytes("y" * 200))
    with pytest.raises(UnreadableSubmission, match="larger than"):
        submissions.read(path)
    with pytest.raises(UnreadableSubmission, match="larger than"):
        submissions.read(zipped(tmp_path / "s.zip", {"a.ipynb": notebook_bytes("y" * 200)}))


def test_a_small_file_that_takes_much_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submissions, "MAX_VALUES", 1_000)
    with pytest.raises(UnreadableSubmission) as reason:
        submissions.parse(b'{"cells": [], "x": [' + b"[]," * 1_000 + b"[]]}")
    assert str(reason.value) == (
        "The notebook holds more than 1,000 values. Ask for it again, without large outputs of its own."
    )


def test_a_folder_a_student_is_read_as_moodle_makes_them(tmp_path: Path) -> None:
    hand_in = tmp_path / "somebody_123_assignsubmission_file"
    hand_in.mkdir()
    (hand_in / "tiny_vgg.ipynb").write_bytes(notebook_bytes())
    (hand_in / "._tiny_vgg.ipynb").write_bytes(b"junk of another system")
    (hand_in / "helpers.py").write_bytes(b"A = 1")
    (hand_in / "lab.py").write_bytes(b"replaces ours")
    for name in ("student/lab/checks.py", ".git/config", "student/tiny_vgg.ipynb", "__old.ipynb", "L\udcf6sung.pdf"):
        (hand_in / name).parent.mkdir(parents=True, exist_ok=True)
        (hand_in / name).write_bytes(b"left out")
    (hand_in / "passwords.txt").symlink_to("/etc/passwd")
    (hand_in / "link.ipynb").symlink_to(hand_in / "tiny_vgg.ipynb")
    read = submissions.read(hand_in)
    assert read.notebook.cells[0].source == "x = 1"
    assert read.extra_files == {"helpers.py": b"A = 1"}
    (hand_in / "tiny_vgg.ipynb").unlink()
    zipped(hand_in / "all.zip", {"nb.ipynb": notebook_bytes("x = 2"), "more.py": b"B = 2"})
    read = submissions.read(hand_in)
    assert (read.notebook.cells[0].source, read.extra_files) == ("x = 2", {"more.py": b"B = 2"})
    (hand_in / "second.ipynb").write_bytes(notebook_bytes())
    with pytest.raises(UnreadableSubmission, match="holds 2 notebooks or zips"):
        submissions.read(hand_in)


def test_every_file_is_listed_but_hidden_ones(tmp_path: Path) -> None:
    for name in ("b.ipynb", "a.zip", "late.py", "._b.ipynb", ".DS_Store"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "__MACOSX").mkdir()
    assert [p.name for p in submissions.find(tmp_path)] == ["a.zip", "b.ipynb", "late.py"]
    (tmp_path / "gradebook").mkdir()
    assert [p.name for p in submissions.find(tmp_path, but=tmp_path / "gradebook")] == ["a.zip", "b.ipynb", "late.py"]
    with pytest.raises(UnreadableSubmission, match=r"no notebook .* “.py”"):
        submissions.read(tmp_path / "late.py")


@pytest.mark.parametrize(
    ("compression", "damaged"), [(zipfile.ZIP_DEFLATED, slice(60, 80)), (zipfile.ZIP_LZMA, slice(45, 60))]
)
def test_damaged_data_inside_a_zip_gets_a_reason(tmp_path: Path, compression: int, damaged: slice) -> None:
    path = tmp_path / "s.zip"
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("a.ipynb", notebook_bytes("y = 2\n" * 500))
    content = bytearray(path.read_bytes())
    content[damaged] = b"\xff" * (damaged.stop - damaged.start)
    path.write_bytes(content)
    with pytest.raises(UnreadableSubmission, match="damaged"):
        submissions.read(path)


def test_a_name_in_a_zip_that_is_no_text_gets_a_reason(tmp_path: Path) -> None:
    path = zipped(tmp_path / "s.zip", {"ä.ipynb": notebook_bytes()})
    path.write_bytes(path.read_bytes().replace("ä".encode(), b"\xff\xff"))  # flagged as UTF-8, which it is not
    with pytest.raises(UnreadableSubmission, match="damaged"):
        submissions.read(path)


def test_odd_members_and_metadata_do_not_matter(tmp_path: Path) -> None:
    files = {"a": b"1", "a/n.ipynb": notebook_bytes(), ".": b"2"}
    assert submissions.read(zipped(tmp_path / "s.zip", files)).extra_files == {}
    broken = json.loads(notebook_bytes())
    broken["metadata"]["kernelspec"] = "python3"
    with pytest.raises(UnreadableSubmission, match="cannot be read"):
        submissions.parse(json.dumps(broken).encode())
