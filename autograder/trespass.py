"""Find where a notebook reaches for the grader, or for the machinery beneath: its marks wait for a person's look.

Probes run beside the student's code, in the same kernel, and what they write can be forged by whoever knows its form.
No practical needs to touch them, so a notebook that does is told by its source: it imports or names modules of the
grader, changes functions of modules that it imported, or runs text as code, in which all of that could be hidden.
This is a list of known ways. It stops nobody who finds another one; the jail (`autograder.sandbox`) does not need it.
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

import lab
from autograder import syntax
from autograder.sandbox import inside

MAX_SOURCE = 10**6  # characters of one cell or file
OURS = {"inside"}  # packages of the sandbox
OPEN = {"checking", "keep_runs", "pack", "publish", "settings"}  # of `lab`: what the handout uses
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
HARMLESS = {
    ("importlib", "reload"),
    ("importlib", "metadata"),
    ("inspect", "getsource"),
    ("inspect", "signature"),
    ("threading", "Lock"),
    ("threading", "RLock"),
    ("unittest", "TestCase"),
    ("unittest", "TestLoader"),
    ("unittest", "TestSuite"),
    ("unittest", "TextTestRunner"),
    ("unittest", "main"),
}
PARTLY = {module for module, _ in HARMLESS}  # may be imported as a whole, for these functions
FREE = re.compile(  # of packages, that may be set: how things are shown and downloaded, constants that shorten training
    r"(?:pd|pandas)\.options\.[a-z_.]+|InteractiveShell\.ast_node_interactivity|"
    r"ssl\._create_default_https_context|lab\.settings\.[A-Z_]+|(?:plt|pyplot|matplotlib\.pyplot)\.show|"
    r"sys\.(?:stdout|stderr)|(?:PIL\.)?(?:ImageFile\.LOAD_TRUNCATED_IMAGES|Image\.MAX_IMAGE_PIXELS)"
)
OLD_NAMES = re.compile(r"(?:np|numpy)\.(bool|int|float|complex|object|str)")  # that NumPy no longer has
PLAIN_NAME = re.compile(r"'[a-z][a-z_]*'")  # of an attribute, as text
LOOKS_UP = re.compile(r"\b(?:globals|locals|vars|dir|__dict__|__main__|user_ns|attrgetter)\b")  # names in text
RUN_TEXT = {"capture", "prun", "time", "timeit"}  # magics of IPython that run what they are given
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
_LAB = {path.stem for path in Path(lab.__file__).parent.iterdir()} - OPEN - {"__init__", "__pycache__"}
_INSIDE = {path.stem for path in Path(inside.__file__).parent.glob("*.py")} - {"__init__"}
_TEXT = re.compile(rf"\b(inside\.(?:{'|'.join(sorted(_INSIDE))})|lab\.(?:{'|'.join(sorted(_LAB))}))\b")


def find(notebook: Any, files: Mapping[str, bytes]) -> list[str]:
    """Sentences that say where; none for a notebook that keeps to itself. Arguments as for `look`."""
    return look(notebook, files)[0]


def look(notebook: Any, files: Mapping[str, bytes]) -> tuple[list[str], dict[str, str]]:
    """Sentences that say where a notebook reaches for the grader; and modules that it imports and that are nowhere,
    each with a sentence.

    Args:
        notebook: in nbformat 4.
        files: what came with it, relative path -> content.
    """
    sources = list(_sources(notebook, files))
    names = _Names({PurePosixPath(name).parts[0].removesuffix(".py") for name in files})
    names.own |= {name for _, source in sources for name in _WRITTEN.findall(source)}
    names.unused = _unused([source for _, source in sources])
    names.partly = {m for m in PARTLY if any(re.search(rf"\bimport\b.*\b{m}\b", s) for _, s in sources)}
    read = [(place, _parsed(_without_magics(source))) for place, source in sources]
    for _, tree in read:
        if not isinstance(tree, str):
            names.note(tree)
    found: dict[str, None] = {}
    absent: dict[str, str] = {}
    for place, tree in read:
        if not place.startswith("Cell"):  # modules have names of their own
            names.redefined = set()
        reader = _Reader(names)
        found |= dict.fromkeys(f"{place} {what}." for what in reader.look(tree))
        absent = {module: f"{place} imports `{module}`, which {ABSENT}." for module in reader.absent} | absent
    return list(found), absent


@dataclass
class _Names:
    """What names stand for in a notebook.

    Args:
        own: modules that came with it, or that it writes.
        partly: modules of `HARMLESS` that it imports.
        imported: what it imports from packages.
        made: what calls give, such as a model that has the name of a module.
        shells: what `get_ipython()` gives.
        unused: words that occur once in all of it.
        redefined: of `NAMES`, what its cells so far have given another meaning.
    """

    own: set[str]
    partly: set[str] = field(default_factory=set)
    imported: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    shells: set[str] = field(default_factory=set)
    unused: set[str] = field(default_factory=set)
    redefined: set[str] = field(default_factory=set)

    @property
    def is_open(self) -> bool:
        """Whether all names are used as names, and none is put together from text."""
        return bool(self.unused)

    def is_package(self, module: str) -> bool:
        """Whether a module is not the notebook's own; where both are there, the package is found first."""
        return module not in self.own or _is_here(module)

    def note(self, tree: ast.AST) -> None:
        """Add the names that some code binds."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                modules = [(alias.name.split(".")[0], alias) for alias in node.names]
                self.imported |= {alias.asname or module for module, alias in modules if self.is_package(module)}
            elif isinstance(node, ast.ImportFrom) and self.is_package((node.module or "").split(".")[0]):
                self.imported |= {alias.asname or alias.name for alias in node.names}
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                bound = {target.id for target in node.targets if isinstance(target, ast.Name)}
                self.made |= bound
                self.shells |= bound if _names_shell(node.value) else set()


def _unused(sources: list[str]) -> set[str]:
    """Words that occur once in all sources; none where names are looked up by text that may be put together."""
    words = Counter(word for source in sources for word in re.findall(r"\w+", source))
    return set() if any(map(LOOKS_UP.search, sources)) else {word for word, count in words.items() if count == 1}


def _names_shell(node: ast.AST) -> bool:
    return any("get_ipython" in (getattr(part, "id", ""), getattr(part, "attr", "")) for part in ast.walk(node))


@cache
def _is_here(module: str) -> bool:
    """Whether it belongs to Python, or is a package here."""
    if module in sys.stdlib_module_names:
        return True
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError, AttributeError):
        return False


DEEP = "is nested too deeply to be read"


def _parsed(source: str) -> ast.AST | str:
    """The syntax tree of a cell, or why there is none, as the end of a sentence; "" where it would not run either."""
    if len(source) > MAX_SOURCE:
        return "is too long to be read"
    try:
        return syntax.parse(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError):
        return ""
    except (RecursionError, MemoryError):  # it runs where more recursion is allowed
        return DEEP


_MAGIC = re.compile(r"\A\s*%%(\w+)(.*)(?:\n|\Z)")  # such as %%time
_OPTIONS = re.compile(r"\A(?:\s*-\w+(?:\s*\d+)?)*\s*")  # such as -n 10


def _without_magics(source: str) -> str:
    """A cell without the magics at its top; what these run is kept."""
    while match := _MAGIC.match(source):
        line = _OPTIONS.sub("", match[2]) if match[1] in RUN_TEXT - {"capture"} else ""
        source = f"{line}\n{source[match.end() :]}"
    return source


_WRITTEN = re.compile(r"\A\s*%%(?:writefile|file) +(\w+)\.py")


def _sources(notebook: Any, files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "code":
            yield f"Cell {number}", cell.source
    for name, content in files.items():
        if PurePosixPath(name).suffix in (".py", ".ipy", ".pth"):
            yield f"The file {name[:100]}", content.decode("utf-8", "replace")


class _Reader(ast.NodeVisitor):
    """Looks at one cell."""

    def __init__(self, names: _Names) -> None:
        self._names = names
        self._found: list[str] = []
        self.absent: list[str] = []  # modules that are nowhere

    def look(self, tree: ast.AST | str) -> list[str]:
        """What code does, as `_parsed` gives it, as ends of sentences."""
        if isinstance(tree, str):
            return [tree] if tree else []
        try:
            self.visit(tree)
        except RecursionError:
            return [DEEP]
        return self._found

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name not in self._names.partly or alias.asname:
                self._module(alias.name, "", alias.asname or alias.name.split(".")[0])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self._module(node.module or "", alias.name, alias.asname or alias.name)

    def visit_Module(self, node: ast.Module) -> None:
        """A name of `NAMES` that a cell defines has that meaning from there on."""
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef | ast.ClassDef) and self._names.is_open:
                self._names.redefined |= {statement.name} & NAMES
            self.visit(statement)
            if isinstance(statement, ast.Assign) and self._names.is_open:
                self._names.redefined |= {t.id for t in statement.targets if isinstance(t, ast.Name)} & NAMES
            if isinstance(statement, ast.Delete):
                self._names.redefined -= {ast.unparse(target) for target in statement.targets}

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """What a function names so itself, by a parameter or an assignment, is its own."""
        parameters = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
        before = self._names.redefined
        self._names.redefined = before | (parameters & NAMES)
        self.generic_visit(node)
        self._names.redefined = before

    def visit_Expr(self, node: ast.Expr) -> None:
        """A docstring does nothing."""
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        """`np.bool = bool` brings an old name back."""
        old = [OLD_NAMES.fullmatch(ast.unparse(target)) for target in node.targets]
        if all(match and match[1] == ast.unparse(node.value) for match in old):
            return
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """`"google.colab" in sys.modules` asks where it runs."""
        asks = isinstance(node.left, ast.Constant) and [type(op) for op in node.ops] in ([ast.In], [ast.NotIn])
        if asks and ast.unparse(node.comparators[0]) == "sys.modules":
            self.visit(node.left)
        else:
            self.generic_visit(node)

    def _module(self, module: str, name: str, bound: str) -> None:
        parts = [*module.split("."), *([name] if name else [])]
        full = ".".join(parts)
        if parts[0] in OURS or (parts[0] == "lab" and len(parts) > 1 and parts[1] not in OPEN | {"*"}):
            self._found.append(f"imports `{full}`, which belongs to the grader")
        elif parts[0] in MACHINERY and name not in ATTRIBUTES and bound in self._names.unused:
            return
        elif name in ATTRIBUTES or (parts[0] in MACHINERY and (parts[0], "".join(parts[1:2])) not in HARMLESS):
            self._found.append(f"imports `{full}`, with which code can change the grader")
        elif parts[0] not in self._names.own | {"", "lab", "otter", "google"} and not _is_here(parts[0]):
            self.absent.append(parts[0])

    def visit_Name(self, node: ast.Name) -> None:
        suspect = NAMES - self._names.redefined | self._names.partly
        if node.id in suspect and isinstance(node.ctx, ast.Load):
            self._found.append(f"uses `{node.id}`, with which code can change the grader")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr in ATTRIBUTES:
            self._found.append(f"uses `{ast.unparse(node)[:80]}`, with which code can change the grader")
        elif isinstance(node.value, ast.Name) and node.value.id in self._names.partly:
            if (node.value.id, node.attr) not in HARMLESS:
                self._found.append(f"uses `{ast.unparse(node)}`, with which code can change the grader")
            return
        elif node.attr in ("events", "ev", "ex", "kernel") and self._is_shell(node.value):
            self._found.append("uses the kernel itself, with which code can change the grader")
        elif isinstance(node.ctx, ast.Store | ast.Del) and self._is_of_a_package(node.value):
            if not FREE.fullmatch(ast.unparse(node)):
                self._found.append(f"changes `{ast.unparse(node)[:80]}`, which belongs to a package")
        elif node.attr == "__dict__" and self._is_of_a_package(node.value):
            self._found.append(f"uses `{ast.unparse(node)[:80]}`, with which code can change the grader")
        elif isinstance(node.value, ast.Name) and node.value.id == "lab" and node.attr not in OPEN:
            self._found.append(f"uses `lab.{node.attr}`, which belongs to the grader")
        self.generic_visit(node)

    def _is_shell(self, node: ast.expr) -> bool:
        return _names_shell(node) or (isinstance(node, ast.Name) and node.id in self._names.shells)

    def _is_of_a_package(self, node: ast.expr) -> bool:
        """Whether it is or starts with an imported name, or is the class of something other than `self`.

        `settings` may be changed: students shorten training so.
        """
        while isinstance(node, ast.Attribute):
            if node.attr == "__class__":
                return ast.unparse(node.value) != "self"
            node = node.value
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "type":
            return [ast.unparse(arg) for arg in node.args] != ["self"]
        names = self._names.imported - self._names.made - {"settings"} | HANDED_OUT
        return isinstance(node, ast.Name) and node.id in names

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id == "setattr" and node.args:
            target = node.args[0]
            named = ast.unparse(node.args[1]) if len(node.args) == 3 else ""
            is_plain = bool(PLAIN_NAME.fullmatch(named)) and not self._is_of_a_package(target)
            if not is_plain and not (isinstance(target, ast.Name) and target.id == "self"):
                self._found.append(f"uses `{ast.unparse(node)[:80]}`, with which code can change the grader")
        self._texts(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "modules":  # that of `sys` cannot be called
            for part in (node.func.value, *node.args, *node.keywords):
                self.visit(part)
            return
        self.generic_visit(node)

    def _texts(self, node: ast.Call) -> None:
        """Text that a call runs, as far as it stands there."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        texts = [arg.value if isinstance(arg, ast.Constant) else None for arg in given]
        if name in ("run_line_magic", "run_cell_magic"):
            if node.args and texts[0] is not None and texts[0] not in RUN_TEXT:
                return
        elif "timeit" in ast.unparse(node.func):
            is_put_together = any(isinstance(arg, ast.BinOp | ast.JoinedStr) for arg in node.args)
            if not is_put_together and not any(isinstance(text, str) for text in texts):
                return
        elif name in ("vars", "getattr") and node.args:
            of_a_package = name == "vars" and self._is_of_a_package(node.args[0])
            if not of_a_package and ast.unparse(node.args[0]) not in ("sys", "get_ipython()"):
                return
            texts = [None]
        else:
            return
        for text in texts:
            if isinstance(text, str):
                self._found += _Reader(self._names).look(_parsed(_OPTIONS.sub("", text)))
            elif text is None:
                self._found.append(f"uses `{ast.unparse(node)[:80]}`, with which code can change the grader")

    def visit_Constant(self, node: ast.Constant) -> None:
        match = _TEXT.search(node.value) if isinstance(node.value, str) else None
        if match:
            self._found.append(f"names `{match[0]}`, which belongs to the grader")
