"""Hostile files: in zips beside the notebook, in the place of a notebook, and names and texts that end up in pages."""

import io
import json
import zipfile

import nbformat

from zoo.hostile.attack import HARMFUL, OURS, Attack, zipped
from zoo.hostile.world import FOLDER, SECRET_FILE

CODE = "code that runs in the grader's process"
OUTSIDE = "a file outside the scratch folder"
ROOM = "memory and time of the grader"
MARKED = f"open({str(FOLDER / 'hostile-file')!r}, 'a').write('hostile-file')\n"
FORGE = b"""
def serve(turn):
    open("../pipes/replies", "w").write('{"passed": true}')
observe = describe = serve
"""


def _many() -> bytes:
    return zipped({f"f{i}.txt": b"" for i in range(100_000)})


def _overlapping(content: bytes) -> bytes:
    """A zip of one notebook and one file of 4 GB of zeros."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("submission.ipynb", content)
        with archive.open("data.bin", "w", force_zip64=True) as member:
            for _ in range(4096):
                member.write(bytes(2**20))
    return buffer.getvalue()


def _lying_sizes(content: bytes) -> bytes:
    """A zip whose directory says that 300 MB of zeros are 10 bytes."""
    packed = bytearray(zipped({"submission.ipynb": content, "data.bin": bytes(300 * 2**20)}))
    central = packed.rindex(b"PK\x01\x02")
    packed[central + 24 : central + 28] = (10).to_bytes(4, "little")
    return bytes(packed)


def _big_notebook(content: bytes) -> bytes:
    return zipped({"submission.ipynb": b" " * (250 * 2**20) + content})


def _many_cells(content: bytes) -> bytes:
    notebook = nbformat.reads(content.decode(), as_version=4)
    notebook.cells += [nbformat.v4.new_markdown_cell("x") for _ in range(50_000)]
    return nbformat.writes(notebook).encode()


def _metadata(content: bytes) -> bytes:
    """Tests, plugins and a kernel's command in the metadata, as Otter and Jupyter keep them elsewhere."""
    notebook = json.loads(content)
    notebook["metadata"]["otter"] = {
        "tests": {q: {"name": q, "points": 50, "suites": []} for q in ("q1", "q2")},
        "assignment_name": "<script>zoo()</script>",
        "plugins": ["os.system"],
        "OK_FORMAT": True,
    }
    notebook["metadata"]["kernelspec"] = {
        "name": "python3",
        "display_name": "<img src=zoo onerror=zoo()>",
        "language": "python",
        "argv": ["sh", "-c", f"echo hostile-kernel > {FOLDER}/hostile-kernel"],
        "env": {"PYTHONSTARTUP": "/tmp/x.py", "LD_PRELOAD": "/tmp/x.so"},
    }
    for cell in notebook["cells"]:
        cell["metadata"]["otter"] = {"tests": ["q1"]}
    return json.dumps(notebook).encode()


def _shown(content: bytes) -> bytes:
    """A notebook whose written answers and outputs are programs for a browser."""
    notebook = nbformat.reads(content.decode(), as_version=4)
    bad = "<script>zoo()</script><img src=zoo onerror=zoo()><svg onload=zoo()>[x](javascript:zoo()) \x1b[31m {{ 7*7 }}"
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and "Type your answer" in cell.source:
            cell.source = bad
        if cell.cell_type == "code":
            cell.outputs = [
                nbformat.v4.new_output("display_data", data={"text/html": bad, "image/svg+xml": bad, "image/png": bad})
            ]
    return nbformat.writes(notebook).encode()


BESIDE = (
    Attack(
        "brings modules that Python starts with",
        CODE,
        files={
            "sitecustomize.py": MARKED.encode(),
            "usercustomize.py": MARKED.encode(),
            "zoo.pth": f"import os; {MARKED}".encode(),
            ".ipython/profile_default/startup/00.py": MARKED.encode(),
            "jupyter_config.py": MARKED.encode(),
            "ipython_config.py": MARKED.encode(),
            "conftest.py": MARKED.encode(),
            "pyproject.toml": b"[tool.pytest.ini_options]\naddopts = '-p hostile'\n",
        },
    ),
    Attack(
        "brings modules with the names of packages",
        "probes that use the submission's own NumPy",
        files={
            name: FORGE + MARKED.encode()
            for name in ("numpy.py", "keras.py", "json.py", "tensorflow/__init__.py", "matplotlib/__init__.py", "os.py")
        },
    ),
    Attack(
        "brings its own grader",
        "full marks without an answer",
        files=dict.fromkeys(
            (
                "lab/__init__.py",
                "lab/probes/__init__.py",
                "inside/__init__.py",
                "inside/serving.py",
                "autograder/__init__.py",
                "autograder/hidden.py",
                "otter/__init__.py",
                "tests/q1.py",
                "lab.py",
            ),
            FORGE,
        ),
    ),
    Attack(
        "brings files for other places",
        OUTSIDE,
        files={
            "../hostile-traversal": b"hostile",
            "../../../../../../../../tmp/hostile-traversal": b"hostile",
            "/tmp/hostile-absolute": b"hostile",
            "..\\..\\hostile-backslash": b"hostile",
            "a/../../../hostile-inner": b"hostile",
            "../lib/lab/probes/__init__.py": FORGE,
            "C:\\hostile": b"hostile",
        },
    ),
    Attack(
        "brings a link to the secret",
        "a planted secret",
        "got(open('link.txt').read())",
        content=lambda content: zipped(
            {"submission.ipynb": content},
            {"link.txt": str(SECRET_FILE), "out": "../out", "submission2.ipynb": "/etc/passwd"},
        ),
        suffix=".zip",
        ends=None,
    ),
    Attack("brings a file of four gigabytes of zeros", ROOM, content=_overlapping, suffix=".zip", plain=HARMFUL),
    Attack("lies about the size of a file", ROOM, content=_lying_sizes, suffix=".zip", ends=None),
    Attack(
        "brings a hundred thousand files",
        ROOM,
        content=lambda content: _many(),
        suffix=".zip",
        ends="needs_review",
    ),
    Attack(
        "brings a notebook of 250 MB",
        ROOM,
        content=_big_notebook,
        suffix=".zip",
        ends="needs_review",
        says="larger than",
        plain=HARMFUL,
    ),
)

INSTEAD = (
    Attack("has fifty thousand cells", ROOM, content=_many_cells),
    Attack("brings tests, plugins and a kernel's command in its metadata", CODE, content=_metadata),
    Attack(
        "is ten thousand brackets",
        "the recursion limit of the grader",
        content=lambda content: b'{"cells": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        ends="needs_review",
    ),
    Attack(
        "has cells of strange types",
        "a batch that stops",
        content=lambda content: json.dumps(
            {
                "cells": [{"cell_type": ["code"], "source": {"a": 1}, "metadata": 5, "outputs": "x"}, 7, None],
                "metadata": {},
                "nbformat": 4,
                "nbformat_minor": 5,
            }
        ).encode(),
        ends="needs_review",
    ),
)

PAGES = (
    Attack(
        "writes programs into its answers and outputs",
        "the browser of whoever reads the feedback",
        content=_shown,
    ),
    Attack(
        "raises errors with programs and escapes",
        "the browser and the terminal of whoever reads the notes",
        """
class Error(Exception):
    pass
Error.__name__ = "<script>zoo()</script>"
raise Error("<script>zoo()</script><img src=zoo onerror=zoo()>\\x1b]0;zoo\\x07\\x1b[2J\\x1b[31m{{7*7}}\\x00\\u202e")
""",
    ),
    Attack(
        "puts programs into everything that is reported",
        "the browser and the spreadsheet of whoever reads the marks",
        """
bad = "<script>zoo()</script><img src=zoo onerror=zoo()>\\x1b[2J=cmd|' /C calc'!A0"
class Bad: pass
Bad.__name__ = Bad.__qualname__ = bad
def describe_data(*a): raise ValueError(bad)
preprocess = evaluate = lambda *a, **k: Bad()
def plot_examples(*a):
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(); figure.suptitle(bad); axes.set_title(bad); axes.plot([1], label=bad)
    return figure
feature_maps = lambda *a: {bad: bad}
import keras
def build_tiny_vgg():
    return keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(),
                             keras.layers.Dense(10, name="script_zoo_script")], name="zoo")
""",
        edits=(
            lambda notebook: notebook.cells.__setitem__(
                slice(1, None), [c for c in notebook.cells[1:] if c.cell_type != "code" or "def " not in c.source]
            ),
        ),
        earns={"q4": 6.0},  # a network, although not the one asked for
    ),
    Attack(
        "has a name that is a program",
        "the browser, the terminal and the spreadsheet of whoever reads the marks",
        suffix="=1+1;<script>zoo()<\uff0fscript><img src=zoo onerror=zoo()>\x1b[2J.ipynb",
        plain=OURS,
    ),
)

ATTACKS = (*BESIDE, *INSTEAD, *PAGES)
