"""Where a notebook reaches for the grader it is told; honest notebooks never are."""

import nbformat
import pytest
from answers import RIGHT
from zoo.__main__ import BLIND
from zoo.notebooks import solution

from autograder import build, trespass


def found(*sources: str, **files: str) -> list[str]:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    return trespass.find(notebook, {name.replace("_py", ".py"): text.encode() for name, text in files.items()})


CHANGE = "with which code can change the grader"
GRADERS = "which belongs to the grader"
REACHING = {
    "import inside.look": f"imports `inside.look`, {GRADERS}",
    "from inside import look as l": f"imports `inside.look`, {GRADERS}",
    "from lab.probes import observe": f"imports `lab.probes.observe`, {GRADERS}",
    "from lab import student": f"imports `lab.student`, {GRADERS}",
    "import lab\nlab.recorder.recording": f"uses `lab.recorder`, {GRADERS}",
    "import importlib\nimportlib.import_module('x')": f"uses `importlib.import_module`, {CHANGE}",
    "import inspect as i\ni.getsource(f)": f"imports `inspect`, {CHANGE}",
    "import os, \\\n    inspect\ninspect.currentframe()": f"imports `inspect`, {CHANGE}",
    "import inspect\nother = inspect": f"uses `inspect`, {CHANGE}",
    "%time from inside import look": f"imports `inside.look`, {GRADERS}",
    "%timeit -n 1 from inside import look": f"imports `inside.look`, {GRADERS}",
    "%%capture\n%%time\nfrom inside import look": f"imports `inside.look`, {GRADERS}",
    "%%timeit from inside import look\nx": f"imports `inside.look`, {GRADERS}",
    "get_ipython().run_cell_magic('time', '', 'import inside')": f"imports `inside`, {GRADERS}",
    "get_ipython().run_line_magic(line='import inside', magic_name='time')": f"imports `inside`, {GRADERS}",
    "get_ipython().run_line_magic(name, text)": f"uses `get_ipython().run_line_magic(name, text)`, {CHANGE}",
    "get_ipython().ex(text)": f"uses the kernel itself, {CHANGE}",
    "import timeit\ntimeit.timeit('import inside')": f"imports `inside`, {GRADERS}",
    "import timeit\ntimeit.timeit('im' + rest)": f"uses `timeit.timeit('im' + rest)`, {CHANGE}",
    "import sys\nvars(sys)['mod' + 'ules']": f"uses `vars(sys)`, {CHANGE}",
    "1" + " + 1" * 40_000: "is nested too deeply to be read",
    "name = 'inside.look'": f"names `inside.look`, {GRADERS}",
    "import sys\nsys.modules['in' + 'side']": f"uses `sys.modules`, {CHANGE}",
    "exec(text)": f"uses `exec`, {CHANGE}",
    "run = eval": f"uses `eval`, {CHANGE}",
    "import json\njson.dumps = print": "changes `json.dumps`, which belongs to a package",
    "keras.Model.fit = lambda *a: None": "changes `keras.Model.fit`, which belongs to a package",
    "setattr(keras.Model, 'fit', print)": f"uses `setattr(keras.Model, 'fit', print)`, {CHANGE}",
    "get_ipython().kernel.do_execute": f"uses the kernel itself, {CHANGE}",
    "%%time\nimport ctypes\nctypes.cdll": f"imports `ctypes`, {CHANGE}",
    "import ctypes\nglobals()['c' + 'types']": f"imports `ctypes`, {CHANGE}",
    "from unittest import mock\nmock.patch('x')": f"imports `unittest.mock`, {CHANGE}",
    "import threading\nthreading.settrace(f)": f"uses `threading.settrace`, {CHANGE}",
    "setattr(layer, name, False)": f"uses `setattr(layer, name, False)`, {CHANGE}",
    "eval('1')\ndef eval(x):\n    return x": f"uses `eval`, {CHANGE}",
    "def eval(x):\n    return x\ndel eval\neval('1')": f"uses `eval`, {CHANGE}",
    "def f(eval):\n    return eval(1)\neval('1')": f"uses `eval`, {CHANGE}",
    "np.bool = str": "changes `np.bool`, which belongs to a package",
    "import sys\nsys.modules.pop('x')": f"uses `sys.modules`, {CHANGE}",
    "f = (lambda: 0).__globals__": "uses `(lambda: 0).__globals__`, " + CHANGE,
    "from sys import modules": f"imports `sys.modules`, {CHANGE}",
    "from sys import _getframe as f": f"imports `sys._getframe`, {CHANGE}",
    "from gc import get_objects": f"imports `gc.get_objects`, {CHANGE}",
    "get_ipython().events.register('pre_run_cell', f)": f"uses the kernel itself, {CHANGE}",
    "ip = get_ipython()\nip.ex(text)": f"uses the kernel itself, {CHANGE}",
    "type(model).fit = print": "changes `type(model).fit`, which belongs to a package",
    "model.__class__.fit = print": "changes `model.__class__.fit`, which belongs to a package",
    "vars(keras)['Model'] = print": f"uses `vars(keras)`, {CHANGE}",
    "keras.__dict__.update(Model=print)": f"uses `keras.__dict__`, {CHANGE}",
    "import sys\n'sys' in sys.modules == exec(code)": f"uses `sys.modules`, {CHANGE}",
}


@pytest.mark.parametrize("source", REACHING)
def test_reaching_for_the_grader_is_told(source: str) -> None:
    assert found("x = 1", source)[0] == f"Cell 2 {REACHING[source]}."


def test_files_beside_the_notebook_are_read_too() -> None:
    assert found("import helper", helper_py="import inside.look") == [
        "The file helper.py imports `inside.look`, which belongs to the grader."
    ]


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline\n!pip install seaborn",
        "%%writefile blocks.py\nx = 1",
        "model.compile(optimizer='adam')\nmodel.eval = 3",
        "import gc\ngc.collect()",
        "class M(keras.Model):\n    def __init__(self):\n        setattr(self, 'a', 1)\n        self.b = 2",
        "from lab import publish, settings\nsettings.EPOCHS = 1",
        "plt.rcParams['figure.figsize'] = (3, 3)",
        "import pandas as pd\npd.options.display.max_rows = 20",
        "from IPython.core.interactiveshell import InteractiveShell\nInteractiveShell.ast_node_interactivity = 'all'",
        "import lab\nlab.settings.EPOCHS = 2",
        "class Counter:\n    n = 0\n    def count(self):\n        type(self).n += 1\n        self.__class__.n += 1",
        "from lab import settings\nprint(vars(settings))",
        "import sys\nIN_COLAB = 'google.colab' in sys.modules",
        "import ssl\nssl._create_default_https_context = ssl._create_unverified_context",
        "total = " + " + ".join(350 * ["'a'"]),
        "print(vars(model), model.__dict__)",
        "import os, sys, time, random, json, pickle, copy, warnings\nsys.path.append('.')",
        "get_ipython().run_line_magic('matplotlib', 'inline')",
        "get_ipython().run_line_magic()",
        "def broken(:",
        "text = 'a look inside. And lab.settings'",
        "plt.savefig('lab.png')",
        "print('what is inside.it')",
        "import inspect\nprint(inspect.getsource(build_tiny_vgg))",
        "import importlib, lab\nimportlib.reload(lab)",
        "def inspect(model):\n    return model\ninspect(build_tiny_vgg())",
        "%time train(model, x, y)",
        "%timeit -n 3 build_tiny_vgg()",
        "import timeit\ntimeit.timeit(lambda: build_tiny_vgg(), number=3)",
        "filters.repeat(8, axis=1)\nnp.repeat(x, 2 * n, 0)",
        "from timeit import default_timer as timer\nstart = timer()",
        "def eval(model, x):\n    return model(x)\neval(model, x)",
        "compile = build_tiny_vgg()\ncompile.summary()",
        "def compile(model):\n    model.compile()\n    return model\nmodel = compile(model)",
        "def score(model, eval):\n    return eval(model)",
        "try:\n    import seaborn as sns\nexcept ImportError:\n    sns = None",
        "import threading",
        "from unittest import mock",
        "for layer in model.layers:\n    setattr(layer, 'trainable', False)",
        "from lab import *",
        "import threading\nlock = threading.Lock()\nwith lock:\n    pass",
        "from threading import Lock\nlock = Lock()",
        "import unittest\nclass T(unittest.TestCase):\n    pass\nunittest.main(argv=[''], exit=False)",
        "import sys\nsys.stdout = open('log.txt', 'w')\nsys.stdout = sys.__stdout__",
        "print(list(net.modules()))",
        "plt.show = lambda *args, **options: None",
        "np.bool = bool\nnp.float = float",
        "from PIL import ImageFile\nImageFile.LOAD_TRUNCATED_IMAGES = True",
        'def f():\n    """As lab.keeping and inside.look do."""',
    ],
)
def test_honest_cells_are_left_alone(source: str) -> None:
    assert found(source) == []
    assert found("%%writefile blocks.py\nx = 1", "import blocks") == []


def test_packages_that_are_not_here_are_told_apart() -> None:
    sources = (
        "try:\n    import just_now\nexcept ImportError:\n    pass",
        "from google.colab import drive\nimport blocks",
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    absent = "Cell 1 imports `just_now`, which is no package here and did not come with the notebook."
    assert trespass.look(notebook, {"blocks.py": b""}) == ([], {"just_now": absent})


def test_names_go_from_cell_to_cell() -> None:
    assert found("import json", "json.dumps = print") == ["Cell 2 changes `json.dumps`, which belongs to a package."]
    assert found("ip = get_ipython()", "ip.ex(text)") == [f"Cell 2 uses the kernel itself, {CHANGE}."]
    assert found("from keras.applications import resnet50", "resnet50 = f()\nresnet50.trainable = False") == []
    assert found("import blocks", "blocks.size = 3", blocks_py="size = 2") == []
    hidden = "Cell 1 changes `Model.fit`, which belongs to a package."
    assert found("from keras import Model\nModel.fit = f", keras_py="") == [hidden]


def test_no_whole_notebook_is_told() -> None:
    """Nor is any other answer: `answers/in_process.py` sees to that."""
    notebooks = {"handout": build.handout(), "solution": solution()}
    notebooks |= {path.stem: nbformat.read(path, as_version=4) for path in BLIND}
    notebooks |= {entry.name: entry.apply(solution()) for entry in RIGHT if entry.question == "all"}
    told = {name: trespass.find(notebook, {}) for name, notebook in notebooks.items()}
    assert {name: where for name, where in told.items() if where} == {}
