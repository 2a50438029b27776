"""The handout and the autograder: built alike every time, in step with the checks, and free of answers."""

import ast
import html
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from IPython.core.formatters import DisplayFormatter
from otter.test_files.exception_test import ExceptionTestFile

from autograder import assignment
from autograder.gradebook import similarity
from autograder.handout import build
from lab.questions import QUESTIONS
from labkit import otter_display
from labkit.judging import points_of

MASTER = build.PROJECT / "assignment" / "master.ipynb"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    build.student(out)
    build.autograder(out)
    return out


def master_cells() -> list[Any]:
    return list(nbformat.read(MASTER, as_version=4).cells)


def test_building_twice_gives_the_same_bytes(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "KEPT", tmp_path / "kept")
    build.student(tmp_path)
    build.autograder(tmp_path)
    for name in ("student.zip", "autograder.zip"):
        assert (tmp_path / name).read_bytes() == (made / name).read_bytes(), name


def test_what_otter_made_is_kept_until_something_of_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assigned: list[Path] = []

    def assign(stage: Path, made: Path) -> None:
        assigned.append(stage)
        made.mkdir()
        (made / "made").write_text((stage / assignment.current().notebook).read_text())

    render, kept = build.render, tmp_path / "kept"
    monkeypatch.setattr(build, "KEPT", kept)
    monkeypatch.setattr(build, "_assign", assign)
    for _ in range(2):
        with build._assigned() as folder:
            assert folder.parent == kept
    assert len(assigned) == 1

    def other(master: Path) -> Any:
        notebook = render(master)
        notebook.cells[0].source += " "
        return notebook

    monkeypatch.setattr(build, "render", other)
    (old,) = kept.iterdir()
    os.utime(old, (0, 0))
    with build._assigned() as folder:
        assert folder != old
    assert (len(assigned), old.exists()) == (2, False)
    monkeypatch.setattr(build, "version", lambda name: "another")
    with build._assigned():
        assert len(assigned) == 3
    monkeypatch.setattr(build, "KEPT", tmp_path / "file")
    (tmp_path / "file").write_text("nothing can be kept here")
    with build._assigned() as folder:
        assert (folder / "made").exists()
    assert len(assigned) == 4


def test_handout_holds_what_a_student_needs(made: Path) -> None:
    names = set(zipfile.ZipFile(made / "student.zip").namelist())
    wanted = {"tiny_vgg.ipynb", "README.md", "requirements.txt", "lab/settings.py", "figures/tiny_vgg.png"}
    wanted |= {f"tests/{question}.py" for question in QUESTIONS.points}
    assert {f"student/{name}" for name in wanted} <= names
    assert (made / "student" / "requirements.txt").read_text().startswith("tensorflow==2.")


def test_code_that_is_compared_knows_what_the_handout_gives(made: Path) -> None:
    cells = nbformat.read(made / "student" / assignment.current().notebook, as_version=4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    otter = ("# Initialize Otter", "grader.", "# Save your notebook")
    assert similarity.handed_out() == [source for source in code if not source.startswith(otter)]


def solution_lines() -> set[str]:
    """Distinctive lines of code that only the solution regions of the master notebook hold."""
    inside, outside = set(), set()
    for cell in master_cells():
        if cell.cell_type != "code":
            continue
        in_solution = False
        for line in (raw.strip() for raw in cell.source.splitlines()):
            if line in ("# BEGIN SOLUTION", "# END SOLUTION"):
                in_solution = line == "# BEGIN SOLUTION"
            elif len(line) >= 28:  # shorter ones, such as `xs.append(x)`, may well stand elsewhere
                (inside if in_solution else outside).add(line)
    return inside - outside


def handout_texts(made: Path) -> dict[str, str]:
    files = [p for p in (made / "student").rglob("*") if p.suffix in (".ipynb", ".py", ".md", ".txt")]
    texts = {str(p.relative_to(made)): p.read_text() for p in files}
    notebook = nbformat.read(made / "student" / assignment.current().notebook, as_version=4)
    texts["cells"] = "\n".join(cell.source for cell in notebook.cells)
    return texts


def test_handout_holds_no_line_of_a_solution(made: Path) -> None:
    lines = solution_lines()
    assert len(lines) > 80
    texts = handout_texts(made)
    leaks = [(name, line) for name, text in texts.items() for line in lines if line in text]
    assert leaks == []


def test_handout_holds_no_rubric(made: Path) -> None:
    rubrics = []
    inside = False
    for cell in master_cells():
        if cell.cell_type == "raw" and "BEGIN SOLUTION" in cell.source:
            inside = True
        elif cell.cell_type == "raw" and "END SOLUTION" in cell.source:
            inside = False
        elif inside and cell.cell_type == "markdown":
            rubrics += [line.strip() for line in cell.source.splitlines() if len(line.strip()) > 40]
    assert rubrics, "the written answers have rubrics"
    cells = handout_texts(made)["cells"]
    assert [line for line in rubrics if line in cells] == []


def test_handout_holds_no_hidden_check(made: Path) -> None:
    hidden = [check for check in assignment.all_checks() if check.hidden]
    assert len(hidden) > 40
    for name, text in handout_texts(made).items():
        for check in hidden:
            assert not re.search(rf"\b{check.name}\b", text), (name, check.name)
        assert not re.search(r"\bautograder[./]\w", text), f"{name} speaks of the grader's own files"
    for path in (made / "student").rglob("*"):
        assert path.suffix in (".ipynb", ".py", ".md", ".txt", ".png", ""), f"{path.name} has no place in the handout"


def test_every_function_of_the_handout_is_left_open(made: Path) -> None:
    notebook = nbformat.read(made / "student" / assignment.current().notebook, as_version=4)
    open_functions = set()
    for cell in notebook.cells:
        if cell.cell_type != "code" or "def " not in cell.source:
            continue
        for node in ast.parse(cell.source).body:
            if isinstance(node, ast.FunctionDef):
                body = [n for n in node.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
                if not body:
                    open_functions.add(node.name)
                    assert ast.get_docstring(node), node.name
    assert open_functions == set(FIXED_FORMS)


FIXED_FORMS = {
    "load_data": "()",
    "describe_data": "(x_train, y_train, x_test, y_test)",
    "plot_examples": "(x, y, class_names)",
    "preprocess": "(x_train, y_train, x_test, y_test)",
    "build_tiny_vgg": "()",
    "compile_model": "(model)",
    "train": "(model, x, y, epochs=settings.EPOCHS, batch_size=settings.BATCH_SIZE)",
    "evaluate": "(model, x_test, y_test)",
    "plot_history": "(history)",
    "run_experiment": "(build_model, n_runs=settings.RUNS, epochs=settings.EPOCHS)",
    "feature_maps": "(model, image)",
    "plot_feature_maps": "(maps, filter_index)",
    "first_layer_kernels": "(model)",
    "plot_first_layer_kernels": "(kernels)",
    "resnet50_filters": "()",
    "plot_resnet50_filters": "(filters)",
    "build_tiny_vgg_bn": "()",
    "build_tiny_vgg_3blocks": "()",
    "build_tiny_resnet": "()",
}


def test_signatures_are_the_fixed_ones(made: Path) -> None:
    cells = handout_texts(made)["cells"]
    for name, signature in FIXED_FORMS.items():
        assert f"def {name}{signature}:" in cells


def test_each_check_has_one_test_cell_in_order() -> None:
    cells = [cell.source for cell in build.render(MASTER).cells if cell.cell_type == "code"]
    tests = [source.partition("# END TEST CONFIG\n")[2] for source in cells if "BEGIN TEST CONFIG" in source]
    checks = assignment.all_checks()
    packages = ["autograder" if check.hidden else "lab" for check in checks]
    assert tests == [
        f'def test_{check.name}(env):\n    import {package}\n\n    {package}.check("{check.name}", env)'
        for check, package in zip(checks, packages, strict=True)
    ]


def test_points_make_100_and_10(made: Path) -> None:
    points = points_of(assignment.all_checks())
    assert sum(points.values()) == pytest.approx(110)
    assert QUESTIONS.max_score == 100
    with zipfile.ZipFile(made / "autograder.zip") as archive:
        for question, total in QUESTIONS.points.items():
            source = archive.read(f"tests/{question}.py").decode()
            found = [float(p) for p in re.findall(r"points=([\d.]+), hidden", source)]
            assert sum(found) == pytest.approx(total), question


def test_public_tests_of_the_handout_are_the_public_checks(made: Path) -> None:
    for question in QUESTIONS.points:
        source = (made / "student" / "tests" / f"{question}.py").read_text()
        called = re.findall(r"lab\.check\('(\w+)', env\)", source)
        assert called == [c.name for c in assignment.all_checks() if c.question == question and not c.hidden]


def test_autograder_zip_names_the_plugin_and_holds_the_checks(made: Path) -> None:
    with zipfile.ZipFile(made / "autograder.zip") as archive:
        config = json.loads(archive.read("otter_config.json"))
        names = archive.namelist()
    assert config["plugins"] == ["autograder.otter_plugin.SandboxPlugin"]
    assert "files/assignment/hidden/architecture.py" in names
    assert not [n for n in names if "samples" in n or "__pycache__" in n]


def test_autograder_zip_carries_what_a_container_needs(made: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(made / "autograder.zip") as archive:
        archive.extractall(tmp_path)
        rights = {info.filename: info.external_attr >> 16 & 0o777 for info in archive.infolist()}
    for name in ("setup.sh", "run_autograder", "run_otter.py", "environment.yml"):
        assert (tmp_path / name).read_bytes() == (build.PROJECT / "autograder" / "docker" / name).read_bytes(), name
    assert rights["setup.sh"] == rights["run_autograder"] == 0o755
    assert (tmp_path / "requirements.txt").read_bytes() == (build.PROJECT / "requirements.txt").read_bytes()
    # Otter finds the plugin and the checks in the zip's own files, wherever these lie.
    source = "import autograder.otter_plugin, lab; print(autograder.otter_plugin.__file__, lab.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd="/",
        env={"PYTHONPATH": str(tmp_path / "files")},
        capture_output=True,
        text=True,
        check=True,
    )
    files = tmp_path / "files"
    assert done.stdout.split() == [str(files / "autograder" / "otter_plugin.py"), str(files / "lab" / "__init__.py")]


def test_settings_fill_the_text(made: Path) -> None:
    cells = handout_texts(made)["cells"]
    assert "[[" not in re.sub(r"\[\[[0-9.]", "", cells)
    for question, points in QUESTIONS.points.items():
        number = "Bonus" if question == "bonus" else f"Question {question[1:]}:"
        heading = next(line for line in cells.splitlines() if line.startswith("###") and number in line)
        assert f"{points} {'additional ' if question == 'bonus' else ''}points)" in heading, heading


@pytest.mark.parametrize("name", ["solutions/reference.py", "docs/marking-scheme.md"])
def test_derived_files_are_in_step(name: str) -> None:
    wanted = build.reference_source() if name.endswith(".py") else build.marking_scheme()
    assert (build.PROJECT / name).read_text() == wanted, f"{name} is out of step: `make docs`"


def test_an_unknown_setting_is_named(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("[[ FILTRES ]] filters")])
    path = tmp_path / "master.ipynb"
    nbformat.write(notebook, path)
    with pytest.raises(build.BuildError, match="'FILTRES' is undefined"):
        build.render(path)


FAULTY = """
import numpy as np

def load_data():
    return ((np.zeros((3, 32, 32, 3), "uint8"), np.zeros((3, 1), int)),) * 2

def describe_data(*arrays):
    raise ValueError("3 < 5 & more")
"""
CHECKED = """\
q1: 1 of 3 checks passed.

✅ `load_data` returns two pairs of arrays.

❌ `describe_data` returns a dictionary with the five keys.
   Expected: `describe_data` runs through, given what the question describes.
   Found: `describe_data` raised ValueError: 3 < 5 & more

❌ The arrays have the shapes of CIFAR-10.
   Expected: `x_train` has the shape (50000, 32, 32, 3).
   Found: Its shape is (3, 32, 32, 3).
   Hint: Is the training set returned first, and are images and labels in their places?"""


def checked(made: Path, code: str) -> Any:
    """What `grader.check("q1")` returns in the handout, for a notebook with this code."""
    names: dict[str, Any] = {}
    exec(code, names)
    results = ExceptionTestFile.from_file(str(made / "student" / "tests" / "q1.py"))
    results.run(names)
    return results


def test_a_check_tells_title_expected_found_and_hint_once(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    formatter = DisplayFormatter()
    monkeypatch.setattr(otter_display, "get_ipython", lambda: SimpleNamespace(display_formatter=formatter))
    shown, _ = formatter.format(checked(made, FAULTY), include=("text/plain", "text/html"))
    assert shown["text/plain"] == CHECKED
    first, *others = CHECKED.split("\n\n")
    assert shown["text/html"].splitlines()[0] == f"<p><strong>{first}</strong></p>"
    told = re.findall(r'<pre style="white-space: pre-wrap">(.*?)</pre>', shown["text/html"], re.DOTALL)
    assert told == [html.escape(other) for other in others]


def test_otters_own_form_has_a_title_once(made: Path) -> None:
    text = repr(checked(made, FAULTY))
    assert text.count("The arrays have the shapes of CIFAR-10.") == text.count("Found: Its shape is") == 1
    assert "message:" not in text


def test_every_gate_has_its_reason() -> None:
    gated = [check for check in assignment.all_checks() if any(not name.endswith("_answered") for name in check.after)]
    scheme = build.marking_scheme()
    for check in gated:
        assert check.why, check.name
        assert f"`{check.name}` after " in scheme
