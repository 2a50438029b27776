"""Modules that a notebook imports and nobody has."""

import nbformat
import pytest

from autograder.intake import absent_packages


def absent(*sources: str, **files: str) -> list[str]:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    return absent_packages.absent(notebook, {name.replace("_py", ".py"): text.encode() for name, text in files.items()})


def test_packages_that_are_not_here_are_told() -> None:
    sources = (
        "try:\n    import just_now\nexcept ImportError:\n    pass",
        "%%time\nfrom just_now.deep import x\nimport other",
    )
    assert absent(*sources) == [
        "Cell 1 imports `just_now`, which is no package here and did not come with the notebook.",
        "Cell 2 imports `other`, which is no package here and did not come with the notebook.",
    ]
    assert absent("import blocks", blocks_py="import just_now") == [
        "The file blocks.py imports `just_now`, which is no package here and did not come with the notebook."
    ]


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np, os.path\nfrom keras import layers",
        "from google.colab import drive\nimport otter\nfrom lab import publish",
        "from . import x",
        "import just_now(",
        "import just_now" + "x" * absent_packages.MAX_SOURCE,
        "import just_now\n" + "(" * 10_000,
        "text = 'import just_now'",
    ],
    ids=["here", "given", "relative", "broken", "long", "deep", "text"],
)
def test_of_others_nothing_is_said(source: str) -> None:
    assert absent(source) == []


def test_what_came_with_the_notebook_or_is_written_by_it_is_its_own() -> None:
    assert absent("import blocks", blocks_py="x = 1") == []
    assert absent("%%writefile blocks.py\nx = 1", "import blocks") == []
