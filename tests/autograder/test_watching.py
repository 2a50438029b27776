"""What a notebook does is noted while it runs: what only a tamperer does, and nothing that honest notebooks do."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from support import PROJECT

from autograder.sandbox import Execution, ForkServer, execute

ANSWER = """
def describe_data(x_train, y_train, x_test, y_test):
    {body}
    return {{'n_train': len(x_train)}}
"""


@pytest.fixture(scope="module")
def kernels(fork_server: ForkServer) -> Any:
    def run(*sources: str, questions: tuple[str, ...] = ()) -> Execution:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
        return execute(notebook, fork_server=fork_server, questions=questions)

    return run


CALLERS = "looks at the frames of its callers"
REACHING = {  # a cell -> what it does
    "import inside.serving": "opens files of the grader",
    "import importlib\nimportlib.import_module('in' + 'side.watching')": "opens files of the grader",
    "open('helper.py', 'w').write('import inside')\nimport helper": "opens files of the grader",
    "import glob\n[open(p).read() for p in glob.glob('../lib/inside/*.py')]": "opens files of the grader",
    "import sys\nsys._getframe(0)": CALLERS,
    "import inspect\ninspect.currentframe()": CALLERS,
    "import inspect\ninspect.stack()": CALLERS,
    "import logging\nlogging.currentframe()": CALLERS,
    "import traceback\nlist(traceback.walk_stack(None))": CALLERS,
    "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    error.__traceback__.tb_frame": CALLERS,
    "(i for i in ()).gi_frame": CALLERS,
    "import operator\noperator.attrgetter('gi_frame')(i for i in ())": CALLERS,
    "exec('import sys\\nsys._getframe(0)')": CALLERS,
    "eval(compile('__import__(\"sys\")._getframe(0)', 'x', 'eval'))": CALLERS,
    "import sys\nsys._current_frames()": "looks at the frames of all threads",
    "import gc\ngc.get_objects()": "goes through all objects of the process",
    "import gc\ngc.get_referrers(gc)": "looks for what refers to an object",
    "import gc\ngc.get_referents(gc)": "goes through what an object refers to",
    "import ctypes\nctypes.string_at(id(0), 8)": "reads and writes the memory of the process",
    "def f(): pass\nf.__code__": "reads `__code__` of functions",
    "def f(): pass\nf.__code__ = (lambda: 1).__code__": "changes `__code__` of functions",
    "def f(): pass\nf.__defaults__ = (1,)": "changes `__defaults__` of functions",
    "import sys\nsys.addaudithook(print)": "listens to Python's audit events",
    "import sys\ncompile('1', sys.prefix + '/lib/x.py', 'eval')": "compiles code in the name of a package",
}


def test_what_reaches_for_the_grader_is_noted_with_its_cell(kernels: Any) -> None:
    """Each deed once, at the first cell that does it."""
    seen = kernels(*REACHING)
    first = {what: cell for cell, what in reversed(list(enumerate(REACHING.values(), 1)))}
    wanted = [f"Cell {cell} {what}." for what, cell in sorted(first.items(), key=lambda item: item[1])]
    assert [deed for deed in wanted if deed not in seen.deeds] == []


@pytest.mark.slow
@pytest.mark.parametrize(("source", "what"), REACHING.items())
def test_each_way_of_reaching_for_the_grader_is_noted(kernels: Any, source: str, what: str) -> None:
    assert f"Cell 1 {what}." in kernels(source).deeds


def test_the_agent_is_in_no_place_that_can_be_named(kernels: Any) -> None:
    looks = """
import sys
print([name for name in sys.modules if name.partition(".")[0] == "inside" or name == "labkit.agent"])
import labkit.agent, labkit.short_training
print(labkit.short_training._active, labkit.short_training.is_recording())
print([name for name, value in globals().items() if "gent" in type(value).__name__])
import os
print(os.path.exists("../pipes/requests"))
"""
    seen = kernels(looks)
    (printed,) = (output["text"] for output in seen.notebook.cells[0].outputs)
    assert printed == "[]\n[] True\n[]\nFalse\n"
    assert seen.deeds == []


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import numpy as np\nnp.asarray = lambda *a, **k: None", "changes `numpy.asarray`, which the grader uses"),
        ("import builtins\nbuiltins.sorted = lambda *a, **k: []", "changes `builtins.sorted`, which the grader uses"),
        (
            "import keras\nnames = keras.Model.fit.__globals__\nnames['_curves'] = names['_nudge'] = print",
            "changes the grader's own functions",
        ),
        (
            "from matplotlib.backend_bases import FigureCanvasBase as c\n"
            "our = c.draw_idle.__globals__['begin'].__globals__\n"
            "our['Agent'].call = lambda *a, **k: {'error': None, 'value': None}",
            "changes the grader's own functions",
        ),
        ("import keras\nkeras.Model.fit = print", "changes `Model.fit`, which the grader uses"),
        (ANSWER.format(body="import sys; sys._getframe(1)"), CALLERS),
        (ANSWER.format(body="import gc; gc.get_objects()"), "goes through all objects of the process"),
        (
            ANSWER.format(body="import keras; keras.Layer.__call__ = print"),
            "changes `Layer.__call__`, which the grader uses",
        ),
    ],
    ids=["numpy", "builtins", "recorder", "agent", "keras", "frames", "objects", "keras-later"],
)
def test_what_is_done_while_questions_are_asked_is_noted(kernels: Any, source: str, what: str) -> None:
    assert f"While q1 was tried, code of the notebook {what}." in kernels(source, questions=("q1",)).deeds


def test_an_agent_whose_pipes_are_closed_gives_no_answer(kernels: Any) -> None:
    source = """
import os
for name in os.listdir("/proc/self/fd"):
    try:
        if "/pipes/" in os.readlink(f"/proc/self/fd/{name}"):
            os.close(int(name))
    except OSError:
        pass
"""
    said = "nobody answered any more: does code of the notebook interfere with the grader?"
    assert kernels(source, questions=("q1",)).observations["q1"] == {"given_up": said}


INNOCENT = (Path(__file__).parent / "innocent_cells.ipy").read_text().split("# %%\n")[1:]


def test_the_page_on_security_has_these_numbers() -> None:
    page = " ".join((PROJECT / "docs" / "security.md").read_text().split())
    assert f"{len(REACHING)} ways of reaching for the grader, each noted; {len(INNOCENT)} honest cells" in page


def test_nothing_that_honest_notebooks_do_is_noted(kernels: Any) -> None:
    assert len(INNOCENT) >= 100
    seen = kernels(
        "import numpy as np, matplotlib.pyplot as plt", *(cell.strip() for cell in INNOCENT), questions=("q1",)
    )
    assert seen.deeds == []
    expected = {cell for cell, source in enumerate(INNOCENT, 2) if source.strip() == "1 / 0"}
    odd = [error for error in seen.cell_errors if error.cell not in expected]
    assert [error for error in odd if "No module named" not in error.error] == []


PIPES_OF_A_FORK = """
import os

def pipes():
    names = [os.readlink(f"/proc/self/fd/{n}") for n in range(3, 200) if os.path.lexists(f"/proc/self/fd/{n}")]
    return sorted(name.rpartition("/pipes/")[2].split()[0] for name in names if "/pipes/" in name)

child = os.fork()
if child == 0:
    open("of_the_child", "w").write(" ".join(pipes()))
    os._exit(0)
os.waitpid(child, 0)
print(pipes(), open("of_the_child").read())
"""


def test_a_fork_of_the_kernel_neither_hears_nor_answers_questions(kernels: Any) -> None:
    seen = kernels(PIPES_OF_A_FORK)
    assert seen.notebook.cells[0].outputs[0].text == "['deeds', 'replies', 'requests'] deeds\n"
