"""Which room may import which: the engine knows the practical through one door, and no import runs upstairs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
ROOTS = {  # where modules lie -> the name that they begin with
    "autograder/handed_out/labkit": "labkit",
    "assignment/lab": "lab",
    "assignment": "assignment",
    "autograder": "autograder",
    "solutions": "solutions",
}
DOOR = "autograder.assignment"
# From the ground up. A module imports those of its own floor and of lower ones, as far as nothing else is said.
FLOORS = (
    ("labkit",),
    ("lab",),
    ("autograder.master", "autograder.assignment"),
    ("assignment",),
    ("autograder.syntax", "autograder.sanitize", "autograder.files", "autograder.tables", "autograder.results"),
    ("autograder.result_form",),
    ("autograder.intake",),
    ("autograder.sandbox",),
    ("autograder.marks.rubric", "autograder.gradebook.similarity", "autograder.workers", "autograder.calibration"),
    ("autograder.grading", "autograder.handout"),
    ("autograder.marks",),
    ("autograder.gradebook",),
    (
        "autograder.batch",
        "autograder.desk",
        "autograder.marks.by_table",
        "autograder.docker",
        "autograder.doctor",
        "autograder.otter_plugin",
    ),
    ("autograder.__main__",),
)
WORDS = re.compile(r"CIFAR|ResNet|VGG|tiny_|Question \d|^q\d+$|^bonus$")


def _modules() -> Iterator[tuple[str, Path]]:
    seen: set[Path] = set()
    for root, name in ROOTS.items():
        for path in sorted((PROJECT / root).rglob("*.py")):
            if path in seen or ("handed_out" in path.parts and name != "labkit"):
                continue
            seen.add(path)
            parts = (name, *path.relative_to(PROJECT / root).with_suffix("").parts)
            yield ".".join(part for part in parts if part != "__init__"), path


MODULES = dict(_modules())


def _imports(module: str, everywhere: bool = True) -> set[str]:
    """Modules of ours that one imports.

    Args:
        module: its name.
        everywhere: also inside functions; else only what happens when it is imported.
    """
    tree = ast.parse(MODULES[module].read_text())
    nodes = ast.walk(tree) if everywhere else _at_import(tree)
    package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: -node.level + 1 or None]) if node.level else ""
            name = ".".join(filter(None, (base, node.module or "")))
            found |= {f"{name}.{alias.name}" if f"{name}.{alias.name}" in MODULES else name for alias in node.names}
    return {name for name in found if name in MODULES}


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        is_typing = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and not is_typing:
            yield child
            yield from _at_import(child)


def _is_in(module: str, room: str) -> bool:
    return module == room or module.startswith(room + ".")


def test_the_engine_imports_nothing_of_the_practical() -> None:
    for module in MODULES:
        if _is_in(module, "autograder"):
            found = {name for name in _imports(module) if _is_in(name, "lab") or _is_in(name, "assignment")}
            assert not found, f"{module} imports {sorted(found)}: only {DOOR} knows the practical"


def test_what_is_handed_out_knows_no_question_and_nothing_hidden() -> None:
    for module in MODULES:
        allowed = ("labkit",) if _is_in(module, "labkit") else ("lab", "labkit") if _is_in(module, "lab") else None
        if allowed:
            found = {name for name in _imports(module) if not any(_is_in(name, room) for room in allowed)}
            assert not found, f"{module} is handed out, and imports {sorted(found)}"


def test_hidden_checks_know_nothing_of_the_engine() -> None:
    for module in MODULES:
        if any(_is_in(module, f"assignment.{room}") for room in ("hidden", "data", "kernel")):
            found = {name for name in _imports(module) if _is_in(name, "autograder") and name != "autograder.syntax"}
            assert not found, f"{module} imports {sorted(found)}"


def test_no_import_goes_round_in_a_circle() -> None:
    graph = {module: _imports(module, everywhere=False) - {module} for module in MODULES}
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join([*way[way.index(module) :], module])
        if module not in done:
            for other in sorted(graph[module]):
                visit(other, (*way, module))
            done.add(module)

    for module in sorted(graph):
        visit(module, ())


def _floor(module: str) -> int | None:
    fitting = [(len(room), floor) for floor, rooms in enumerate(FLOORS) for room in rooms if _is_in(module, room)]
    return max(fitting)[1] if fitting else None


def test_no_import_runs_upstairs() -> None:
    for module in MODULES:
        floor = _floor(module)
        if floor is None or _is_in(module, "assignment"):  # what of the practical may import is said above
            continue
        for name in _imports(module, everywhere=False):
            other = _floor(name)
            assert other is None or other <= floor, f"{module} imports {name}, which is upstairs"


@pytest.mark.parametrize("module", [name for name in MODULES if _is_in(name, "autograder")])
def test_the_engine_names_no_question_and_no_data(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text())
    docs = {id(node.body[0].value) for node in ast.walk(tree) if _has_docstring(node)}  # type: ignore[attr-defined]
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docs)
    texts = [node.value for node in constants if isinstance(node.value, str)]
    assert not [text for text in texts if WORDS.search(text)]


@pytest.mark.parametrize("page", sorted((PROJECT / "autograder").rglob("*.html")), ids=lambda page: page.stem)
def test_pages_name_no_practical(page: Path) -> None:
    assert not re.search(r"CIFAR|ResNet|VGG|tiny_", page.read_text())


def _has_docstring(node: ast.AST) -> bool:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return isinstance(node, kinds) and ast.get_docstring(node) is not None
