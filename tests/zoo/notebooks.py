"""From entries to notebooks: the edits, and run records that fit what the entry builds."""

import ast
import contextlib
import io
import re
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import kept
import keras
import nbformat
import numpy as np
from answers.entries import PIXEL, Entry
from support import PROJECT, namespace

from assignment.samples import edits
from autograder.handout import build
from lab import run_record, settings
from lab.questions import QUESTIONS


@cache
def solution() -> Any:
    """The master notebook's solution, without run records. Kept as observations are."""
    sources = ("assignment/master.ipynb", "assignment/**/*.py", "autograder/**/*.py")
    texts = [path.read_text() for pattern in sources for path in sorted(PROJECT.glob(pattern))]
    key = kept.key("solution", *texts)
    found = kept.read(key, 0) or kept.write(key, {"solution": {"notebook": nbformat.writes(build.solution())}}, 0)
    return nbformat.reads(found["solution"]["notebook"], as_version=4)


def make(entry: Entry) -> Any:
    """The notebook that the entry's student hands in, with a run record of every variant."""
    notebook = entry.apply(solution())
    code = changed_code(notebook)
    for variant, question in QUESTIONS.variants.items():
        record = _own_record(variant, code) if re.search(rf"\bbuild_{variant}\b", code) else None
        if entry.record is not None and question == entry.question:
            record = entry.record(record or deepcopy(_reference_record(variant)))
            if record is None:
                continue
        edits.publish(notebook, variant, run_record.to_html(record) if record else reference_record(variant))
    comment_out_trials(notebook, entry.question)
    return notebook


def publish_own(notebook: Any) -> None:
    """Put a run record of every variant into a whole notebook that was written by somebody, of networks of its own."""
    for variant in QUESTIONS.variants:
        record = _own_record(variant, changed_code(notebook))
        if record is None:
            raise ValueError(f"the notebook's own build_{variant} gives no network")
        edits.publish(notebook, variant, run_record.to_html(record))


def add_picture(notebook: Any) -> None:
    """Put a picture into the outputs of the first code cell: then cells that only try answers are left out."""
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    first.outputs.append(nbformat.v4.new_output("display_data", data={"image/png": PIXEL, "text/plain": "<Figure>"}))


def comment_out_trials(notebook: Any, question: str) -> None:
    """Comment out the cells that try the answers, as people do when they are done; all stay where the whole notebook
    is the point.

    Answers are looked up and called at grading, so nothing depends on these cells; they would make up more than half of
    the zoo's time.
    """
    if question == "all":
        return
    known = {cell.source for cell in solution().cells}
    for cell in notebook.cells:
        is_trial = (
            cell.cell_type == "code"
            and cell.source in known
            and not re.match("def |import |# Init|grader", cell.source)
        )
        if is_trial:
            cell.source = "\n".join(f"# {line}" for line in cell.source.splitlines())


def changed_code(notebook: Any) -> str:
    """Source of the code cells that are not those of the solution, in order; comments alone are left out."""
    known = {cell.source.strip() for cell in solution().cells}
    cells = [c.source for c in notebook.cells if c.cell_type == "code" and c.source.strip() not in known]
    return "\n\n".join(source for source in cells if re.search(r"^[^#\s]", source, re.MULTILINE))


def definitions(code: str) -> str:
    """Source without what trains, draws or prints: the imports, definitions and other assignments of its top level.

    Raises:
        SyntaxError: it is no Python.
    """
    tree = ast.parse(re.sub(r"^([ \t]*)[%!].*$", r"\1pass", code, flags=re.MULTILINE))
    kept: list[ast.stmt] = []
    unknown = set(_assigned_by_solution())  # names that only what is left out would give
    for node in tree.body:
        if isinstance(node, ast.Pass):  # where a magic stood
            continue
        if isinstance(node, _DEFINITIONS) or not (_calls(node) & _WORK or _names(node, ast.Load) & unknown):
            kept.append(node)
            unknown -= {node.name} if isinstance(node, _NAMED) else _names(node, ast.Store)
        else:
            unknown |= _names(node, ast.Store)
    tree.body = kept
    return ast.unparse(tree)


_NAMED = (ast.FunctionDef, ast.ClassDef)
_DEFINITIONS = (ast.Import, ast.ImportFrom, *_NAMED)
_WORK = {
    *("train", "fit", "evaluate", "predict", "run_experiment", "load_data", "preprocess", "publish", "show"),
    *("Notebook", "mount", "download"),  # of Otter and Colab
    *("makedirs", "mkdir", "save", "savefig", "to_csv"),  # no file is written outside the jail
}


def _calls(node: ast.AST) -> set[str]:
    functions = [call.func for call in ast.walk(node) if isinstance(call, ast.Call)]
    return {ast.unparse(function).split(".")[-1] for function in functions}


def _names(node: ast.stmt, context: type[ast.expr_context]) -> set[str]:
    return {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, context)}


@cache
def _assigned_by_solution() -> frozenset[str]:
    """What the cells of the solution assign, which no changed code has."""
    code = "\n".join(cell.source for cell in solution().cells if cell.cell_type == "code")
    nodes = [node for node in ast.parse(code).body if not isinstance(node, _DEFINITIONS)]
    return frozenset().union(*(_names(node, ast.Store) for node in nodes))


def undefined(notebook: Any) -> tuple[str, ...]:
    """Functions of the solution that the notebook does not define."""
    source, known = ("\n".join(c.source for c in n.cells if c.cell_type == "code") for n in (notebook, solution()))
    functions = re.findall(r"^def (\w+)\(", known, re.MULTILINE)
    return tuple(f for f in functions if not re.search(rf"^(def|class) {f}\b|^{f}\b.*=", source, re.MULTILINE))


@cache
def reference_record(variant: str) -> str:
    """The HTML of a record of the solution's own networks."""
    return run_record.to_html(_reference_record(variant))


@cache
def _reference_record(variant: str) -> dict[str, Any]:
    record = _own_record(variant, "")
    assert record is not None
    return record


def _own_record(variant: str, code: str) -> dict[str, Any] | None:
    """A record of networks of the entry's own; None where its builder gives none. Kept as observations are."""
    key = kept.key("record", variant, code, Path(__file__).read_text())
    found = kept.read(key, 0)
    if found is None:
        record: dict[str, Any] | None = None
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):  # that is what the entry is for
            record = _record(variant, _defined_by(code)[f"build_{variant}"])
        found = kept.write(key, {"record": {"record": record}}, 0)
    return found["record"]["record"]


def _defined_by(code: str) -> dict[str, Any]:
    """The names that a notebook's code defines; a statement that fails is left out, as at grading."""
    names = namespace()
    imports = [c.source for c in solution().cells if c.cell_type == "code" and c.source.startswith("import keras")]
    for node in ast.parse("\n".join([*imports, definitions(code)])).body:
        with contextlib.suppress(Exception, SystemExit):
            exec(compile(ast.Module([node], []), "<cell of the student>", "exec"), names)
    return names


def _record(variant: str, builder: Callable[[], Any]) -> dict[str, Any]:
    """A record with made-up curves, of networks that give every image the same class: each is right for a tenth."""
    rng = np.random.default_rng(1)
    keras.utils.set_random_seed(1)  # the same notebook every time: what was graded before need not be graded again
    model = builder()
    outputs = keras.tree.flatten(model(np.zeros((1, *settings.IMAGE_SHAPE), np.float32)))[0]
    accuracies = np.full(settings.RUNS, 1 / settings.N_CLASSES)
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    histories = [{name: rng.uniform(0.2, 0.9, settings.EPOCHS).round(4) for name in names} for _ in accuracies]
    results = {"accuracies": accuracies, "mean": accuracies.mean(), "std": accuracies.std(), "histories": histories}
    record = run_record.make(variant, results, None)
    weights = model.get_weights()
    for run in record["runs"]:
        model.set_weights(_naming_one_class(weights, int(outputs.shape[-1]), rng))
        run["weights"] = run_record._weights(model)
    return record


def _naming_one_class(weights: list[np.ndarray], n_outputs: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Kernels moved, as training does, and the last layer of weights made to answer with its bias alone."""
    weights = [w + rng.normal(0, 0.1, w.shape) if w.ndim > 1 else w.copy() for w in weights]
    sizes = (settings.N_CLASSES, n_outputs)
    last = [i for i, weight in enumerate(weights) if weight.ndim and weight.shape[-1] in sizes][-2:]
    for i in last:
        weights[i] = np.zeros_like(weights[i])
    if last and weights[last[-1]].ndim == 1:
        weights[last[-1]][0] = 1
    return weights
