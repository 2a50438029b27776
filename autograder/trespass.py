"""Find where a notebook reaches for the grader, or for the machinery beneath: its marks wait for a person's look.

Probes run beside the student's code, in the same kernel, and what they write can be forged by whoever knows its form.
No practical needs to touch them, so a notebook that does is told by its source: it imports or names modules of the
grader, changes functions of modules that it imported, or runs text as code, in which all of that could be hidden.
This is a list of known ways. It stops nobody who finds another one; the jail (`autograder.sandbox`) does not need it.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import PurePosixPath
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from autograder import syntax

MAX_SOURCE = 10**6  # characters of one cell or file
OURS = {"inside"}  # packages of the sandbox
OPEN = {"checking", "keep_runs", "publish", "settings"}  # of `lab`: what the handout uses
MACHINERY = {  # modules that nothing in this practical needs, and that change others or run text
    "_ctypes",
    "builtins",
    "cffi",
    "code",
    "ctypes",
    "dill",
    "importlib",
    "imp",
    "inspect",
    "ipykernel",
    "marshal",
    "pkgutil",
    "runpy",
    "threading",
    "_thread",
    "unittest",
    "zmq",
}
HARMLESS = {("importlib", "reload"), ("importlib", "metadata"), ("inspect", "getsource"), ("inspect", "signature")}
HANDED_OUT = {"keras", "layers", "np", "plt", "tf"}  # names that the handout imports
NAMES = {"__builtins__", "__import__", "__loader__", "__spec__", "compile", "eval", "exec", "delattr"}
ATTRIBUTES = {
    "__builtins__",
    "__closure__",
    "__code__",
    "__globals__",
    "__import__",
    "__loader__",
    "__subclasses__",
    "_current_frames",
    "_getframe",
    "ast_transformers",
    "get_objects",
    "get_referrers",
    "input_transformers_cleanup",
    "input_transformers_post",
    "meta_path",
    "modules",
    "path_hooks",
    "run_cell",
    "run_cell_async",
    "setprofile",
    "settrace",
    "user_ns",
    "user_global_ns",
}
ABSENT = "is no package here and did not come with the notebook"
_TEXT = re.compile(rf"\b(inside\.\w+|lab\.(?!(?:{'|'.join(sorted(OPEN))})\b)[a-z_]\w*)")


def find(notebook: Any, files: Mapping[str, bytes]) -> list[str]:
    """Sentences that say where; none for a notebook that keeps to itself.

    Args:
        notebook: in nbformat 4.
        files: what came with it, relative path -> content.
    """
    sources = list(_sources(notebook, files))
    own = {PurePosixPath(name).parts[0].removesuffix(".py") for name in files}
    own |= {name for _, source in sources for name in _WRITTEN.findall(source)}
    found: dict[str, None] = {}
    for place, source in sources:
        for what in _Reader(own).read(_MAGIC.sub("", source, count=1)):
            found[f"{place} {what}."] = None
    return list(found)


_MAGIC = re.compile(r"\A\s*%%.*\n")  # such as %%time
_WRITTEN = re.compile(r"\A\s*%%(?:writefile|file) +(\w+)\.py")


def _sources(notebook: Any, files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "code":
            yield f"Cell {number}", cell.source
    for name, content in files.items():
        if PurePosixPath(name).suffix in (".py", ".ipy", ".pth"):
            yield f"The file {name[:100]}", content.decode("utf-8", "replace")


class _Reader(ast.NodeVisitor):
    """Reads one cell."""

    def __init__(self, own: set[str]) -> None:
        self._own = own
        self._found: list[str] = []
        self._imported: set[str] = set()

    def read(self, source: str) -> list[str]:
        """What it does, as ends of sentences."""
        if len(source) > MAX_SOURCE:
            return ["is too long to be read"]
        try:
            tree = syntax.parse(TransformerManager().transform_cell(source))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return []  # it does not run either
        try:
            self._note_imports(tree)
            self.visit(tree)
        except RecursionError:
            return ["is nested too deeply to be read"]
        return self._found

    def _note_imports(self, tree: ast.AST) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                self._imported |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                self._imported |= {alias.asname or alias.name for alias in node.names}

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._module(alias.name, "")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self._module(node.module or "", alias.name)

    def _module(self, module: str, name: str) -> None:
        parts = [*module.split("."), *([name] if name else [])]
        full = ".".join(parts)
        if parts[0] in OURS or (parts[0] == "lab" and len(parts) > 1 and parts[1] not in OPEN):
            self._found.append(f"imports `{full}`, which belongs to the grader")
        elif parts[0] in MACHINERY and (parts[0], parts[1] if len(parts) > 1 else "") not in HARMLESS:
            self._found.append(f"imports `{full}`, with which code can change the grader")
        elif not self._is_known(parts[0]):
            self._found.append(f"imports `{parts[0]}`, which {ABSENT}")

    def _is_known(self, package: str) -> bool:
        if package in sys.stdlib_module_names or package in self._own or package in ("", "lab", "otter", "google"):
            return True
        try:
            return find_spec(package) is not None
        except (ImportError, ValueError, AttributeError):
            return False

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in NAMES and isinstance(node.ctx, ast.Load):
            self._found.append(f"uses `{node.id}`, with which code can change the grader")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr in ATTRIBUTES:
            self._found.append(f"uses `{ast.unparse(node)[:80]}`, with which code can change the grader")
        elif node.attr == "kernel" and "get_ipython" in ast.unparse(node.value):
            self._found.append("uses the kernel itself, with which code can change the grader")
        elif isinstance(node.ctx, ast.Store | ast.Del) and self._is_of_a_module(node.value):
            self._found.append(f"changes `{ast.unparse(node)[:80]}`, which belongs to a package")
        elif isinstance(node.value, ast.Name) and node.value.id == "lab" and node.attr not in OPEN:
            self._found.append(f"uses `lab.{node.attr}`, which belongs to the grader")
        self.generic_visit(node)

    def _is_of_a_module(self, node: ast.expr) -> bool:
        """Whether it is or starts with an imported name. `settings` may be changed: students shorten training so."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id in (self._imported | HANDED_OUT) - {"settings"}

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id == "setattr" and node.args:
            target = node.args[0]
            if not (isinstance(target, ast.Name) and target.id == "self"):
                self._found.append(f"uses `{ast.unparse(node)[:80]}`, with which code can change the grader")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        match = _TEXT.search(node.value) if isinstance(node.value, str) else None
        if match:
            self._found.append(f"names `{match[0]}`, which belongs to the grader")
