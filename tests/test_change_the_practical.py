"""Every recipe of docs/change-the-practical.md, done on a copy of the project as the page says."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "docs" / "change-the-practical.md"
DEED = re.compile(
    r"^<!-- (?P<deed>\w+) ?(?P<what>[^>]*?) -->\n(?:```\w*\n(?P<text>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)
AFTER = "q14"  # new questions are put below this one

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Recipe:
    """A section of the page: what it does, with what."""

    title: str
    deeds: tuple[tuple[str, str, str], ...]


def _recipes() -> list[Recipe]:
    found = []
    for section in PAGE.read_text().split("\n## ")[1:]:
        deeds = tuple((m["deed"], m["what"], m["text"] or "") for m in DEED.finditer(section))
        if deeds:
            found.append(Recipe(section.partition("\n")[0], deeds))
    return found


RECIPES = _recipes()


def test_the_page_has_recipes() -> None:
    assert len(RECIPES) >= 7
    for recipe in RECIPES:
        assert any(deed == "expect" for deed, _, _ in recipe.deeds), recipe.title


def _copy(folder: Path) -> Path:
    ignore = shutil.ignore_patterns("__pycache__", "runs", "*.png")
    for name in ("assignment", "autograder", "solutions", "docs"):
        shutil.copytree(PROJECT / name, folder / name, ignore=ignore)
    shutil.copy(PROJECT / "requirements.txt", folder)
    return folder


def _replaced(text: str, diff: str, where: str) -> str:
    """A text after a diff of `-` and `+` lines; what stands between two `-` blocks is another place."""
    for block in re.findall(r"((?:^-.*\n)+)((?:^\+.*\n)*)", diff, re.MULTILINE):
        old, new = ("".join(line[1:] for line in part.splitlines(keepends=True)) for part in block)
        assert text.count(old) == 1, f"{where}: {old!r}"
        text = text.replace(old, new)
    return text


class Notebook:
    """The master notebook of a copy."""

    def __init__(self, path: Path) -> None:
        self.path, self.content = path, json.loads(path.read_text())
        self.cells = self.content["cells"]
        self.new: list[dict[str, object]] = []

    def edit(self, name: str, diff: str) -> None:
        (cell,) = [cell for cell in self.cells if cell["id"] == name]
        source = _replaced("".join(cell["source"]) + "\n", diff, name)
        cell["source"] = source.removesuffix("\n").splitlines(keepends=True)

    def delete(self, question: str) -> None:
        start, end = self._range(question)
        del self.cells[start : end + 1]

    def add(self, kind: str, text: str) -> None:
        make = {"raw": nbformat.v4.new_raw_cell, "markdown": nbformat.v4.new_markdown_cell}
        self.new.append(make.get(kind, nbformat.v4.new_code_cell)(text.removesuffix("\n")))

    def save(self) -> None:
        _, end = self._range(AFTER)
        self.cells[end + 1 : end + 1] = self.new
        self.path.write_text(json.dumps(self.content))

    def _range(self, question: str) -> tuple[int, int]:
        sources = ["".join(cell["source"]) for cell in self.cells]
        start = next(i for i, s in enumerate(sources) if re.match(rf"# BEGIN QUESTION\nname: {question}$", s))
        return start, next(i for i in range(start, len(sources)) if sources[i].startswith("# END QUESTION"))


def _do(recipe: Recipe, copy: Path) -> None:
    notebook = Notebook(copy / "assignment" / "master.ipynb")
    for deed, what, text in recipe.deeds:
        if deed == "edit" and what.startswith("cell "):
            notebook.edit(what.removeprefix("cell "), text)
        elif deed == "edit":
            (copy / what).write_text(_replaced((copy / what).read_text(), text, what))
        elif deed == "append":
            (copy / what).write_text((copy / what).read_text() + "\n\n" + text)
        elif deed == "delete":
            notebook.delete(what)
        elif deed == "cell":
            notebook.add(what, text)
        else:
            assert deed == "expect", deed
    notebook.save()


def _build(copy: Path, what: str) -> str:
    paths = [copy, copy / "assignment", copy / "autograder" / "handed_out"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))}
    command = [sys.executable, "-m", "autograder", "build", what]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize("recipe", RECIPES, ids=[recipe.title for recipe in RECIPES])
def test_a_recipe_works_as_the_page_says(recipe: Recipe, tmp_path: Path) -> None:
    copy = _copy(tmp_path / "copy")
    _do(recipe, copy)
    said = _build(copy, "docs") + _build(copy, "student")
    cells = nbformat.read(copy / "dist" / "student" / "tiny_vgg.ipynb", as_version=4).cells
    seen = {
        "handout": " ".join(" ".join(cell.source.split()) for cell in cells),
        "scheme": (copy / "docs" / "marking-scheme.md").read_text(),
        "said": said,
    }
    for deed, what, _ in recipe.deeds:
        if deed == "expect":
            where, _, words = what.partition(": ")
            assert words in seen[where], words
