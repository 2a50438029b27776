"""Submitted files: what is read, and what people are told about files that cannot be."""

import json
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.intake import submissions
from autograder.intake.submissions import UnreadableSubmission


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
        (b'{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "no front end would open it"),
        (b'{"worksheets": 3, "nbformat": 3}', "no front end would open it"),
        (b"[" * 100_000, "not valid JSON"),
    ],
    ids=["empty", "blank", "cut-off", "picture", "list", "object", "cells-no-list", "worksheets-no-list", "nested"],
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
    assert submissions.parse(notebook_bytes(**metadata)).notebook.cells[0].source == "x = 1"


def test_old_notebook_formats_are_read() -> None:
    cell = {"cell_type": "code", "language": "python", "input": ["x = 2"], "outputs": [], "metadata": {}}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": [cell]}]}
    assert submissions.parse(json.dumps(old).encode()).notebook.cells[0].source == "x = 2"
    del old["nbformat"]
    assert submissions.parse(json.dumps(old).encode()).notebook.cells[0].source == "x = 2"


def without(thing: dict[str, Any], name: str) -> None:
    del thing[name]


ODD = {  # what is done to a notebook of one cell, `x = "ä"` -> source then, notes, doubts
    "no nbformat": (lambda n: without(n, "nbformat"), 'x = "ä"', "", ""),
    "nbformat as text": (lambda n: n.update(nbformat="4"), 'x = "ä"', "", ""),
    "no metadata": (lambda n: n.update(metadata=None), 'x = "ä"', "", ""),
    "kernel as text": (lambda n: n["metadata"].update(kernelspec="python3"), 'x = "ä"', "", ""),
    "null outputs": (lambda n: n["cells"][0].update(outputs=None), 'x = "ä"', "", ""),
    "no outputs": (lambda n: without(n["cells"][0], "outputs"), 'x = "ä"', "", ""),
    "odd outputs": (
        lambda n: n["cells"][0].update(outputs=[None, {}, {"output_type": "display_data", "data": None}]),
        'x = "ä"',
        "",
        "",
    ),
    "cell metadata null": (lambda n: n["cells"][0].update(metadata=None), 'x = "ä"', "", ""),
    "half an emoji": (
        lambda n: n["cells"][0].update(source="x = 1  # \ud83d"),
        "x = 1  # �",
        "The notebook holds halves of characters (of emojis, say); “�” stands in their place.",
        "",
    ),
    "no source": (lambda n: without(n["cells"][0], "source"), "", "", "The text of cell 1 is missing or damaged."),
    "odd source": (
        lambda n: n["cells"][0].update(source=["x = 1\n", 3]),
        "x = 1\n",
        "",
        "The text of cell 1 is missing or damaged.",
    ),
    "unknown kind": (
        lambda n: n["cells"].append({"cell_type": "sql", "source": "SELECT", "metadata": {}}),
        'x = "ä"',
        "",
        "Cell 2 is of an unknown kind, “sql”, and was not run.",
    ),
    "no kind": (
        lambda n: without(n["cells"][0], "cell_type"),
        'x = "ä"',
        "",
        "Cell 1 is without a kind, and was taken for code.",
    ),
    "no cell": (
        lambda n: n["cells"].append(None),
        'x = "ä"',
        "",
        "Cell 2 of the file is no cell, and was left out.",
    ),
}


@pytest.mark.parametrize("damage", ODD)
def test_an_odd_file_is_read_as_far_as_it_goes(damage: str) -> None:
    change, source, notes, doubts = ODD[damage]
    notebook = json.loads(notebook_bytes('x = "ä"'))
    change(notebook)
    read = submissions.parse(json.dumps(notebook).encode())
    assert read.notebook.cells[0].source == source
    assert (" ".join(read.notes), " ".join(read.doubts)) == (notes, doubts)
    assert submissions.parse(submissions.write(read.notebook)).notebook.cells[0].source == source


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_other_encodings_are_read(encoding: str) -> None:
    text = json.dumps(json.loads(notebook_bytes('x = "ä"')), ensure_ascii=False)
    read = submissions.parse(text.encode(encoding))
    assert read.notebook.cells[0].source == 'x = "ä"'
    told = "The file is not UTF-8; it was read as Windows' code page 1252. Letters with accents may be wrong."
    assert read.notes == ((told,) if encoding == "cp1252" else ())


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


HANDED_IN = {  # what a student's folder or zip may hold besides its notebook, and what of that is carried along
    "helpers.py": b"A = 1",
    "data/more.csv": b"1,2",
    "lab.py": b"replaces ours",
    "lab/settings.py": b"EPOCHS = 1",
    "student/lab/checks.py": b"of the handout",
    "._tiny_vgg.ipynb": b"junk of another system",
    ".DS_Store": b"junk",
    ".git/old.ipynb": b"{}",
    ".venv/lib/site-packages/keras/demo.ipynb": b"{}",
    ".ipynb_checkpoints/tiny_vgg-checkpoint.ipynb": b"{}",
    "__MACOSX/tiny_vgg.ipynb": b"{}",
    "node_modules/x/demo.ipynb": b"{}",
    "env/pyvenv.cfg": b"home = /usr/bin",
    "env/share/demo.ipynb": b"{}",
}
CARRIED = {"helpers.py": b"A = 1", "data/more.csv": b"1,2"}


def handed_in(tmp_path: Path, form: str, files: dict[str, bytes]) -> Path:
    if form == "zip":
        return zipped(tmp_path / "s.zip", files)
    for name, content in files.items():
        path = tmp_path / "somebody_123_assignsubmission_file" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "somebody_123_assignsubmission_file"


@pytest.mark.parametrize("name", ["tiny_vgg.ipynb", "__old.ipynb", ".ipynb", "TINY.IPYNB"])
@pytest.mark.parametrize("form", ["folder", "zip"])
def test_a_folder_and_a_zip_are_read_by_one_rule(tmp_path: Path, form: str, name: str) -> None:
    read = submissions.read(handed_in(tmp_path, form, {name: notebook_bytes(), **HANDED_IN}))
    assert read.notebook.cells[0].source == "x = 1"
    assert read.extra_files == CARRIED


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_a_notebook_in_a_subfolder_is_found(tmp_path: Path, form: str) -> None:
    files = {"note.txt": b"not beside it", "student/tiny_vgg.ipynb": notebook_bytes(), "student/helpers.py": b"A = 1"}
    read = submissions.read(handed_in(tmp_path, form, {**files, "student/lab/settings.py": b"EPOCHS = 1"}))
    assert (read.notebook.cells[0].source, read.extra_files) == ("x = 1", {"helpers.py": b"A = 1"})


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_a_zip_counts_where_there_is_no_notebook(tmp_path: Path, form: str) -> None:
    inner = zipped(tmp_path / "inner.zip", {"nb.ipynb": notebook_bytes("x = 2"), "more.py": b"B = 2"}).read_bytes()
    read = submissions.read(handed_in(tmp_path, form, {"all.zip": inner}))
    assert (read.notebook.cells[0].source, read.extra_files) == ("x = 2", {"more.py": b"B = 2"})
    read = submissions.read(handed_in(tmp_path, form, {"all.zip": inner, "a.ipynb": notebook_bytes("x = 3")}))
    assert (read.notebook.cells[0].source, read.extra_files) == ("x = 3", {})
    assert read.notes == (f"The {form} also holds all.zip, which was not looked at.",)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a.ipynb", "old/b.ipynb"], "The {form} holds 2 notebooks (a.ipynb, old/b.ipynb). Leave the one that counts."),
        (["a.zip", "b.zip"], "The {form} holds 2 zips (a.zip, b.zip). Leave the one that counts."),
        (["a.py", ".venv/a.ipynb"], "The {form} holds no notebook (.ipynb). Ask for one that does."),
    ],
)
@pytest.mark.parametrize("form", ["folder", "zip"])
def test_which_notebook_counts_is_not_guessed(tmp_path: Path, form: str, names: list[str], words: str) -> None:
    with pytest.raises(UnreadableSubmission) as reason:
        submissions.read(handed_in(tmp_path, form, dict.fromkeys(names, notebook_bytes())))
    assert str(reason.value) == words.format(form=form)


def test_a_zip_in_a_zip_in_a_zip_is_not_looked_for(tmp_path: Path) -> None:
    content = notebook_bytes()
    for name in ("a.ipynb", "b.zip", "c.zip"):
        content = zipped(tmp_path / "s.zip", {name: content}).read_bytes()
    with pytest.raises(UnreadableSubmission, match="holds no notebook"):
        submissions.read(tmp_path / "s.zip")


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    hand_in = handed_in(tmp_path, "folder", {"tiny_vgg.ipynb": notebook_bytes(), "L\udcf6sung.pdf": b"1"})
    (hand_in / "passwords.txt").symlink_to("/etc/passwd")
    (hand_in / "link.ipynb").symlink_to(hand_in / "tiny_vgg.ipynb")
    read = submissions.read(hand_in)
    assert (read.notebook.cells[0].source, read.extra_files) == ("x = 1", {})


def test_every_file_is_listed_or_named_as_left_out(tmp_path: Path) -> None:
    listed = [".hidden.ipynb", ".ipynb", "__name.ipynb", "a.zip", "b.ipynb", "late.py"]
    unlisted = [".DS_Store", "._b.ipynb", ".git", "__MACOSX"]
    for name in (*listed, *unlisted, "gradebook"):
        (tmp_path / name).write_bytes(b"")
    assert [p.name for p in submissions.find(tmp_path, but=tmp_path / "gradebook")] == listed
    assert submissions.left_out(tmp_path, but=tmp_path / "gradebook") == unlisted
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


def test_odd_members_do_not_matter(tmp_path: Path) -> None:
    files = {"a": b"1", "a/n.ipynb": notebook_bytes(), ".": b"2"}
    assert submissions.read(zipped(tmp_path / "s.zip", files)).extra_files == {}
