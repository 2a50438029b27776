"""Make the handout and the autograder from the master notebook. Same input, same bytes."""

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jinja2
import nbformat
from nbconvert.exporters import PythonExporter

import labkit
from autograder import assignment, master
from autograder.marks import rubric
from labkit.asserts import OtterTest
from labkit.judging import Check, points_of

PROJECT = Path(__file__).resolve().parents[2]
LABKIT = Path(labkit.__file__).parent
STUDENT_PACKAGES = (
    "tensorflow",
    "keras",
    "numpy",
    "matplotlib",
    "otter-grader",
    "scikit-learn",
    "pandas",
    "seaborn",
    "jupyterlab",
    "ipykernel",
)
IN_ZIP = ("setup.sh", "run_autograder", "run_otter.py", "environment.yml")  # ours, of autograder/docker, for Otter's
KEPT = PROJECT / "build" / "assigned"
ASSIGNING = ("otter-grader", "nbformat")  # packages
DAY = 86_400  # seconds
ZIP_DATE = (2020, 1, 1, 0, 0, 0)


class BuildError(RuntimeError):
    """The master notebook cannot be built; the message names the cell or the question."""


def student(out: Path) -> Path:
    """Write `out/student/` and `out/student.zip`.

    Raises:
        BuildError: the master notebook is not in order.
    """
    with _assigned() as made:
        folder = out / "student"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made / "student", folder)
        (folder / "requirements.txt").write_text(student_requirements())
        if page := assignment.current().students_page:
            shutil.copy(page, folder / "README.md")
        _write_zip(out / "student.zip", folder, "student")
    return out / "student.zip"


def autograder(out: Path) -> Path:
    """Write `out/autograder.zip`, which Otter and Gradescope take.

    Raises:
        BuildError: the master notebook is not in order.
    """
    with _assigned() as made, tempfile.TemporaryDirectory() as temporary:
        archives = list((made / "autograder").glob("*-autograder_*.zip"))
        if len(archives) != 1:
            raise BuildError(f"otter assign wrote {len(archives)} autograder archives instead of one")
        folder = Path(temporary)
        with zipfile.ZipFile(archives[0]) as archive:
            archive.extractall(folder)
        files = folder / "files"
        shutil.rmtree(files / "figures", ignore_errors=True)
        shutil.copytree(PROJECT / "autograder", files / "autograder", ignore=_IGNORED)
        practical = assignment.current().folder
        shutil.copytree(practical, files / practical.name, ignore=_NOT_OF_THE_ASSIGNMENT)
        for name in IN_ZIP:
            shutil.copy(PROJECT / "autograder" / "docker" / name, folder / name)
        shutil.copy(PROJECT / "requirements.txt", folder / "requirements.txt")
        out.mkdir(parents=True, exist_ok=True)
        _write_zip(out / "autograder.zip", folder, "")
    return out / "autograder.zip"


def remarks() -> list[str]:
    """What a lecturer may not have meant, or has still to do: sentences."""
    unused = [item for registry in assignment.current().checks() for item in registry.without_question.items()]
    questions = list(dict.fromkeys(question for _, question in unused))
    return [
        f"Not used, since the table of questions has no {question}: "
        + ", ".join(check for check, of in unused if of == question)
        for question in questions
    ] + list(assignment.current().stale().values())


def solution() -> Any:
    """The rendered notebook with solutions, markers and test cells taken out: what a perfect student hands in."""
    with _assigned() as made:
        return nbformat.read(made / "autograder" / assignment.current().notebook, as_version=4)


def handout() -> Any:
    """The notebook that students get."""
    with _assigned() as made:
        return nbformat.read(made / "student" / assignment.current().notebook, as_version=4)


_IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", "docker", "desk", "handed_out")
_NOT_OF_THE_ASSIGNMENT = shutil.ignore_patterns("__pycache__", "*.pyc", "lab", "figures", "samples")


@contextmanager
def _assigned() -> Iterator[Path]:
    """What `otter assign` makes of the rendered master notebook: student/ and autograder/ in a folder to be read only.

    It is kept under a fingerprint of all that goes into it, since Otter takes ten seconds.
    """
    practical = assignment.current()
    with tempfile.TemporaryDirectory() as temporary:
        stage, made = Path(temporary) / "stage", Path(temporary) / "made"
        stage.mkdir()
        nbformat.write(render(practical.master), stage / assignment.current().notebook)
        shutil.copytree(practical.lab, stage / "lab", ignore=_IGNORED)
        shutil.copytree(LABKIT, stage / "labkit", ignore=_IGNORED)
        if (practical.folder / "figures").is_dir():
            ignore = shutil.ignore_patterns("*.py", "__pycache__")
            shutil.copytree(practical.folder / "figures", stage / "figures", ignore=ignore)
        kept = KEPT / _fingerprint(stage)
        if not kept.is_dir():
            _assign(stage, made)
            _keep(made, kept)
        yield kept if kept.is_dir() else made


def _assign(stage: Path, made: Path) -> None:
    practical = assignment.current()
    path = os.pathsep.join(str(PROJECT / p) for p in (".", practical.folder, LABKIT.parent))
    command = [sys.executable, "-m", "otter", "assign", practical.notebook, str(made), "--no-run-tests", "--no-pdfs"]
    done = subprocess.run(
        command, cwd=stage, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BuildError(f"otter assign failed:\n{done.stderr[-3000:]}")
    for part in ("student", "autograder"):
        _name_cells(made / part / assignment.current().notebook)


def _fingerprint(stage: Path) -> str:
    """Of all files of a folder, and of the packages that work on them."""
    digest = hashlib.sha256(repr([sys.version, *((name, version(name)) for name in ASSIGNING)]).encode())
    for file in sorted(path for path in stage.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(stage)} {file.stat().st_size}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:32]


def _keep(made: Path, kept: Path) -> None:
    """Keep what was made, in the place of what is older than a day; where that is not possible, it is not kept."""
    with suppress(OSError):  # no right to write, or another process has just kept the same
        KEPT.mkdir(parents=True, exist_ok=True)
        for old in KEPT.iterdir():
            if time.time() - old.stat().st_mtime > DAY:
                shutil.rmtree(old, ignore_errors=True)
        new = Path(tempfile.mkdtemp(prefix="new-", dir=KEPT))
        shutil.copytree(made, new, dirs_exist_ok=True)
        new.rename(kept)


def render(master: Path) -> Any:
    """The master notebook with settings filled into its text, and a test cell for each check.

    Raises:
        BuildError: a placeholder is unknown, or a rubric is not in order.
    """
    notebook = nbformat.read(master, as_version=4)
    try:
        known = rubric.find([(cell.cell_type, cell.source, cell.id) for cell in notebook.cells])
    except rubric.RubricError as error:
        raise BuildError(str(error)) from None
    names = {**assignment.current().texts, "WORTH": rubric.worth(known)}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            try:
                cell.source = rubric.TEXTS.from_string(cell.source).render(names)
            except jinja2.TemplateError as error:
                raise BuildError(f"master notebook, cell {cell.id}: {error}") from None
    notebook.cells = list(_with_tests(notebook.cells))
    return notebook


def _with_tests(cells: Sequence[Any]) -> Iterator[Any]:
    """The cells, with a generated test cell for each check at the end of its question; written ones are left out."""
    checks = assignment.all_checks()
    points = points_of(checks)
    tests = {test.name: test for section in assignment.current().sections.values() for test in section.tests}
    question, in_tests = "", False
    for cell in cells:
        mark = master.mark_of(cell.cell_type, cell.source)
        if mark == ("BEGIN", "QUESTION"):
            question = master.name_of(cell.source)
        if mark == ("END", "QUESTION"):
            own = [check for check in checks if check.question == question]
            if own:
                yield _raw_cell("# BEGIN TESTS", f"tests-of-{question}")
                yield from (_test_cell(check, points[check.name], tests.get(check.name)) for check in own)
                yield _raw_cell("# END TESTS", f"end-of-tests-of-{question}")
        in_tests = mark == ("BEGIN", "TESTS") or (in_tests and mark != ("END", "TESTS"))
        if not in_tests and mark != ("END", "TESTS"):
            yield cell


def _raw_cell(source: str, name: str) -> Any:
    """A cell under a name of its own: one that is drawn would make each build another."""
    cell = nbformat.v4.new_raw_cell(source)
    cell.id = name.replace("_", "-")[:64]
    return cell


def _test_cell(check: Check, points: float, test: OtterTest | None) -> Any:
    """A test cell for Otter: it looks up what a check found; a public one runs it where students work."""
    if check.hidden:
        package, call = "autograder", f"autograder.check({_quoted(check.name)}, env)"
    elif test is None:
        package, call = "lab", f"lab.check({_quoted(check.name)}, env)"
    else:
        package, call = "labkit.checking", f"labkit.checking.test({_quoted(check.name)}, {test.source!r}, env)"
    source = f"def test_{check.name}(env):\n    import {package}\n\n    {call}"
    cell = nbformat.v4.new_code_cell(_test_config(check, points) + source)
    cell.id = f"test-{check.name.replace('_', '-')}"[:64]
    return cell


def _quoted(name: str) -> str:
    return f'"{name}"'


def _test_config(check: Check, points: float) -> str:
    hidden = str(check.hidden).lower()
    return f'""" # BEGIN TEST CONFIG\npoints: {points:g}\nhidden: {hidden}\n""" # END TEST CONFIG\n'


def _name_cells(path: Path) -> None:
    """Give every cell an id that follows from its content; Otter draws those of its own cells at random."""
    notebook = nbformat.read(path, as_version=4)
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:10]
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = f"{digest}-{seen[digest]}"
    nbformat.write(notebook, path)


def student_requirements() -> str:
    """The versions of requirements.txt that students need, for their own computer."""
    lines = (PROJECT / "requirements.txt").read_text().splitlines()
    pinned = {line.split("==")[0].lower(): line for line in lines if "==" in line}
    return "\n".join(pinned[name] for name in STUDENT_PACKAGES) + "\n"


def _write_zip(path: Path, folder: Path, top: str) -> None:
    """A zip whose bytes depend on names and contents only."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            name = (Path(top) / file.relative_to(folder)).as_posix()
            info = zipfile.ZipInfo(name, ZIP_DATE)
            info.external_attr = (0o100755 if file.suffix == ".sh" or name == "run_autograder" else 0o100644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, file.read_bytes())


# Files in the repository that follow from others


def write_derived(project: Path) -> list[Path]:
    """Write solutions/reference.py and docs/marking-scheme.md; tests hold them in step."""
    reference = project / "solutions" / "reference.py"
    reference.write_text(reference_source())
    scheme = project / "docs" / "marking-scheme.md"
    scheme.write_text(marking_scheme())
    return [reference, scheme]


def reference_source() -> str:
    """The solution's imports and functions as a module, by nbconvert's Python exporter; nothing in it runs anything."""
    notebook = solution()
    sources = [_definitions(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    sources = _used_imports(sources)
    cells = [nbformat.v4.new_code_cell(source) for source in sources if source]
    exporter = PythonExporter(exclude_input_prompt=True, exclude_markdown=True)
    source, _ = exporter.from_notebook_node(nbformat.v4.new_notebook(cells=cells))
    body = re.sub(r"\A(#[^\n]*\n|\s)*", "", source)  # the exporter's shebang and coding lines
    header = (
        '"""The reference solution: imports and functions of the master notebook.\n\n'
        "Generated by `make docs`; do not edit. `run_experiment` works on the module's\n"
        "names x_train, y_train, x_test and y_test, as it does in the notebook: set them first.\n"
        '"""\n\n'
    )
    return header + re.sub(r"\n{4,}", "\n\n\n", body.strip()) + "\n"


def _definitions(source: str) -> str:
    """The imports and functions of a cell, without Otter's markers."""
    try:
        body = ast.parse(source).body
    except SyntaxError:  # magics
        return ""
    kinds = (ast.FunctionDef, ast.Import, ast.ImportFrom)
    kept = [n for n in body if isinstance(n, kinds) and not _imports_otter(n)]
    lines = source.splitlines()
    parts = ["\n".join(lines[n.lineno - 1 : n.end_lineno]) for n in kept]
    text = "\n".join(
        p if isinstance(n, ast.Import | ast.ImportFrom) else f"\n\n{p}" for n, p in zip(kept, parts, strict=True)
    )
    return "\n".join(line for line in text.splitlines() if line.strip() not in ("# BEGIN SOLUTION", "# END SOLUTION"))


def _used_imports(sources: list[str]) -> list[str]:
    """The sources without imports of names that no function uses (the notebook's other cells do)."""
    trees = [ast.walk(ast.parse(source)) for source in sources]
    used = {node.id for tree in trees for node in tree if isinstance(node, ast.Name)}
    kept = []
    for source in sources:
        for node in ast.parse(source).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [a for a in node.names if (a.asname or a.name) in used]
                new = ast.unparse(type(node)(**(vars(node) | {"names": names}))) if names else ""
                source = f"{source}\n".replace(ast.unparse(node) + "\n" * (not new), new)
        kept.append(source.strip("\n"))
    return kept


def _imports_otter(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import) and any(alias.name == "otter" for alias in node.names)


def _gates(checks: Iterable[Check]) -> list[str]:
    """Why checks are skipped, as a Markdown list."""
    gates = [
        "- after `*_answered`: where a function is missing, raises or returns nothing of the asked kind, nothing of it",
        "  can be judged. Marks of other questions are not touched.",
    ]
    others = [(check, gate) for check in checks for gate in check.after if not gate.endswith("_answered")]
    gates += [f"- `{check.name}` after `{gate}`: {check.why}." for check, gate in others]
    return [
        *gates,
        "- any other: where the answer holds nothing that it could look at (no arrays, no images, no model, no maps).",
        "  What the student reads names the check that has found this.",
    ]


def marking_scheme() -> str:
    """Every check with its marks, as Markdown."""
    checks = assignment.all_checks()
    points = points_of(checks)
    lines = [
        "# Marking scheme",
        "",
        "Generated from the checks by `make docs`; do not edit.",
        "",
        _totals(),
        "Public checks are those that `grader.check` shows to students.",
        "One slip costs the marks of one check. A check is skipped, and earns nothing, only where an earlier fault",
        "leaves it nothing to judge:",
        "",
        *_gates(checks),
    ]
    sections = assignment.current().sections
    for question, total in assignment.questions().points.items():
        lines += [
            "",
            f"## {question}: {sections[question].title} ({total:g} marks)",
            "",
            "| marks | check | shown | after |",
            "|---:|---|---|---|",
        ]
        for check in checks:
            if check.question == question:
                shown = "hidden" if check.hidden else "public"
                after = ", ".join(check.after) or "–"
                lines.append(f"| {points[check.name]:g} | {check.title} | {shown} | {after} |")
    return "\n".join([*lines, *_written_answers()]) + "\n"


def _totals() -> str:
    """What all questions make together."""
    questions = assignment.questions()
    bonus = f", {questions.bonus:g} more come from the bonus" if questions.bonus else ""
    return f"{questions.max_score:g} marks make a full score{bonus}."


def _written_answers() -> list[str]:
    """The rubrics of the written answers, as Markdown."""
    lines = ["", "## Written answers", "", "Marked by people ([marking-by-hand.md](marking-by-hand.md))."]
    for name, one in rubric.rubrics().items():
        counts = f"{one.points:g} marks" if one.points else "in no total"
        lines += ["", f"### {name}: {one.title} ({counts})", "", "| share | item |", "|---:|---|"]
        lines += [f"| {item.share:g} | {item.text.replace('|', chr(92) + '|')} |" for item in one.items]
        lines += ["", *(f"- {note}" for note in one.notes)]
    return lines
