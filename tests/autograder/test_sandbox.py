"""The kernel of student code, forked or started afresh: what it finds there, what becomes of cells that misbehave."""

import json
import os
import re
import subprocess
import sys
from typing import Any

import nbformat
import numpy as np
import pytest

from assignment.data.dataset import dataset, resnet50_conv1
from autograder.grading import notebook as grading
from autograder.sandbox import Execution, ForkServer, Limits, environment, execute, jail, open_fork_server, runner
from autograder.sandbox.provisioner import Ward
from lab.probes import inputs

SHORT = Limits(cell=6, probe=60, start=120)
COMPUTING = "import time\nstart = time.process_time()\nwhile time.process_time() - start < {seconds}: pass"


_warm: list[ForkServer] = []
BOTH = ["forked", pytest.param("fresh", marks=pytest.mark.slow)]


@pytest.fixture(scope="session", autouse=True)
def _kernels(fork_server: ForkServer) -> None:
    _warm.append(fork_server)


def notebook_of(*sources: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])


def run(
    *sources: str,
    questions: tuple[str, ...] = (),
    limits: Limits = SHORT,
    kernels: str = "forked",
    **options: Any,
) -> Execution:
    warm = _warm[0] if kernels == "forked" else None
    seen = execute(notebook_of(*sources), limits=limits, questions=questions, fork_server=warm, **options)
    assert _warm[0].complaint == ""
    return seen


def printed(execution: Execution, cell: int) -> str:
    return "".join(o.get("text", "") for o in execution.notebook.cells[cell].outputs)


@pytest.fixture(scope="module", params=BOTH)
def misbehaved(request: pytest.FixtureRequest) -> Execution:
    return run(
        "while True:\n    pass",
        "x = 1",
        "import os\nos._exit(3)",
        "print('x is', x)",
        "1 / 0",
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        "input('name?')",
        "def describe_data(a, b, c, d):\n    return {'n_train': len(a)}",
        questions=("q1",),
        kernels=request.param,
    )


def test_cells_that_misbehave_cost_only_themselves(misbehaved: Execution) -> None:
    assert printed(misbehaved, 3) == "x is 1\n"
    errors = {e.cell: (e.preview, e.error) for e in misbehaved.cell_errors}
    assert errors[1] == ("while True:", "stopped after 6 seconds of computing")
    assert errors[3] == ("import os", "not run: it ended the kernel")
    assert errors[5] == ("1 / 0", "ZeroDivisionError: division by zero")
    assert errors[6] == ("import signal", "not run: it ended the kernel")
    assert errors[7] == ("input('name?')", "it asked for input, and at grading nobody types")
    assert set(errors) == {1, 3, 5, 6, 7}
    assert misbehaved.notes == [f"Cell {n} ended the kernel; the notebook was run again without it." for n in (3, 6)]


def test_what_is_defined_is_observed_all_the_same(misbehaved: Execution) -> None:
    describe = misbehaved.observations["q1"]["describe"]
    assert [call["value"] for call in describe] == [{"n_train": 57}, {"n_train": 90}]
    assert misbehaved.observations["q1"]["load"]["error"] == {"kind": "missing", "name": "load_data"}


def test_what_is_missing_here_does_not_keep_the_rest_of_a_cell() -> None:
    seen = run(
        "a = 1\nfrom google.colab import drive\ndrive.mount('/content/drive')\nb = a + 1\ndef f():\n    return b",
        "import os\nos.chdir('/content/drive')\n%matplotlib inline\nc = 3",
        "%tensorflow_version 2.x\n%matplotlib widget\n%load_ext no_such_extension\nn = 4\n%time d = n",
        "%time 1 / 0",
        "%%time\nfrom google.colab import files\nfiles.upload()\ng = 6",
        "1 / 0\ne = 5",
        "print(a, b, c, d, f(), g, e)",
        "import inspect\nprint(inspect.getsource(f))",
    )
    assert "There is no magic `%tensorflow_version` here.\n" in printed(seen, 2)
    assert [o.ename for o in seen.notebook.cells[4].outputs] == ["ModuleNotFoundError", "NameError"]
    assert printed(seen, 6) == "1 2 3 4 2 6 5\n"
    assert printed(seen, 7) == "def f():\n    return b\n\n"
    errors = {e.cell: e.error for e in seen.cell_errors}
    assert errors == {
        1: "ModuleNotFoundError: No module named 'google.colab'",
        2: "FileNotFoundError: [Errno 2] No such file or directory: '/content/drive'",
        4: "ZeroDivisionError: division by zero",
        5: "ModuleNotFoundError: No module named 'google.colab'",
        6: "ZeroDivisionError: division by zero",
    }


def test_a_gpu_or_a_network_that_is_missing_here_does_not_keep_the_rest_of_a_cell() -> None:
    seen = run(
        "import tensorflow as tf\n"
        "tf.config.experimental.set_memory_growth(tf.config.list_physical_devices('GPU')[0], True)\na = 1",
        "physical_devices = tf.config.list_physical_devices('GPU')\n"
        "tf.config.experimental.set_memory_growth(physical_devices[0], True)\nf = 6",
        "if tf.test.gpu_device_name() != '/device:GPU:0':\n    raise SystemError('GPU device not found')\nb = 2",
        "import keras\nkeras.utils.get_file('cat.png', 'https://example.org/cat.png')\nc = 3",
        "import urllib.request\nurllib.request.urlretrieve('https://example.org/cat.png', 'cat.png')\nd = 4",
        "[][0]\ne = 5",
        "print(a, f, b, c, d, e)",
    )
    assert printed(seen, 6) == "1 6 2 3 4 5\n"
    errors = {e.cell: e.error for e in seen.cell_errors}
    assert errors[1] == errors[2] == errors[6] == "IndexError: list index out of range"
    assert errors[3] == "SystemError: GPU device not found"
    assert errors[4].startswith("Exception: URL fetch failure on https://example.org/cat.png")
    assert errors[5].startswith("URLError: ")


FAILING = {  # what stands above other lines -> the error that is told
    "input('id')": "it asked for input, and at grading nobody types",
    "from getpass import getpass\ngetpass()": "it asked for input, and at grading nobody types",
    "import subprocess\nsubprocess.run('false', check=True)": "CalledProcessError: Command 'false' returned",
    "import os\nos.environ['COLAB_GPU']": "KeyError: 'COLAB_GPU'",
    "import os\nassert os.path.exists('/content/drive'), 'mount it'": "AssertionError: mount it",
    "import keras\nassert keras.__version__ == '2.4'": "AssertionError: ",
    "import sys\nsys.exit('no GPU')": "SystemExit: no GPU",
    "raise RecursionError('deep')": "RecursionError: deep",
    "await nothing": "NameError: name 'nothing' is not defined",
    "%%memit": "NameError: there is no cell magic `%%memit` here; its lines were run without it",
    "%%time\n1 / 0": "ZeroDivisionError: division by zero",
    "%%capture\n1 / 0": "ZeroDivisionError: division by zero",
    "exit()": "SystemExit: ",
    "quit()": "SystemExit: ",
    "get_ipython().ask_exit()": "SystemExit: ",
    "for i in range(3):\n    reached = i\n    assert i < 1": "AssertionError: ",
}


def test_a_failing_statement_does_not_keep_the_rest_of_its_cell() -> None:
    below = "\nreached_below.append(0)\ndef f():\n    return 1\nreached_below[-1] = f()"
    seen = run("reached_below = []", *(source + below for source in FAILING), "print(reached, sum(reached_below))")
    told = {e.cell: e.error for e in seen.cell_errors}
    for number, error in enumerate(FAILING.values(), 2):
        assert told[number].startswith(error), told[number]
    assert printed(seen, len(FAILING) + 1) == f"1 {len(FAILING)}\n"  # a loop is not gone on with
    assert seen.notes == []


def test_a_cell_that_was_interrupted_is_not_gone_on_with() -> None:
    limits = Limits(cell=6, probe=60, start=120, wait=3)
    sources = "import time\ntime.sleep(60)\nx = 1", "raise KeyboardInterrupt\nx = 2", "print('x' in globals())"
    seen = run(*sources, limits=limits)
    assert seen.cell_errors[0].error == "stopped: it waited for 3 seconds without computing"
    assert printed(seen, 2) == "False\n"


def test_which_cell_failed_to_define_what_others_need() -> None:
    seen = run(
        "import keras, no_such_package as np\nfrom keras import layers",
        "import matplotlib.pyplot as plt\nassert 1 == 2",
        "def train(:\n    pass",
        "raise ValueError('no')\ndef evaluate(model, x, y):\n    return 0",
        "preprocess = keras.no_such_thing",
        "def preprocess(*a):\n    return a",
        questions=("q3",),
    )
    first, second = seen.losses
    assert first == "Cell 1 failed (ModuleNotFoundError: No module named 'no_such_package'): `np` is not defined."
    assert re.fullmatch(r"Cell 3 failed \(SyntaxError: invalid syntax .*\): `train` is not defined\.", second)


COMMANDS = {  # -> what is printed
    "!echo hi": "hi\n",
    "name = 'you'\n!echo {name}; echo $name": "you\nyou\n",
    "!mkdir -p plots && ls -d plots": "plots\n",
    "!no-such-command": "no-such-command: command not found\n",
    "x = !echo a; echo b\nprint(x, x.n)": "['a', 'b'] a\nb\n",
    "!!echo a": "",
    "x = %system echo a\nprint(x)": "['a']\n",
    "get_ipython().system('echo a')": "a\n",
    "print(get_ipython().getoutput('echo a'))": "['a']\n",
    "%%bash\necho hi; exit 3": "hi\n",
    "%%sh\necho hi": "hi\n",
    "%%script bash\necho hi": "hi\n",
    "%%ruby\nputs 1": "",
    "!sleep 600 &": "",
    "!read answer; echo done": "done\n",
    "import os\nos.system('echo hi > said')\nprint(open('said').read())": "hi\n\n",
    "!pip install -q seaborn": "Nothing is installed at grading: `pip install -q seaborn` was left out.\n",
    "import sys\n!{sys.executable} -m pip install x": "-m pip install x` was left out.\n",
    "!sudo apt-get install -y graphviz": "`sudo apt-get install -y graphviz` was left out.\n",
    "%pip install seaborn": "Nothing is installed at grading: `%pip install seaborn` was left out.\n",
    "%conda install seaborn": "Nothing is installed at grading: `%conda install seaborn` was left out.\n",
    "%cd -q /no/such/folder": "[Errno 2] No such file or directory: '/no/such/folder'\n",
}


def test_commands_run_quietly_and_never_fail() -> None:
    magics = [source for source in COMMANDS if source.startswith("%%")]
    others = [source for source in COMMANDS if source not in magics]
    seen = run(*(source + "\ny = 1" for source in others), *magics)
    assert seen.cell_errors == []
    for number, source in enumerate([*others, *magics]):
        assert COMMANDS[source] in printed(seen, number), (source, printed(seen, number))


def test_a_command_that_takes_too_long_is_stopped_with_its_cell() -> None:
    limits = Limits(cell=6, probe=60, start=120, wait=3)
    seen = run("!sleep 600\nx = 1", "print('x' in globals())", limits=limits)
    assert [(e.cell, e.error) for e in seen.cell_errors] == [(1, "stopped: it waited for 3 seconds without computing")]
    assert printed(seen, 1) == "False\n"


def test_a_kernel_that_ends_a_moment_later_is_blamed_on_the_cell_that_asked() -> None:
    seen = run(
        "import IPython\nIPython.Application.instance().kernel.do_shutdown(False)",
        "get_ipython().exit_now = True",
        "import os, threading",
        "threading.Timer(0.5, os._exit, (1,)).start()",
        "import time\ntime.sleep(1)",
        "def describe_data(a, b, c, d):\n    return {'n_train': len(a)}",
        questions=("q1",),
    )
    assert [(e.cell, e.error) for e in seen.cell_errors] == [(4, "not run: it ended the kernel")]
    assert seen.notes == ["Cell 4 ended the kernel; the notebook was run again without it."]
    assert [call["value"] for call in seen.observations["q1"]["describe"]] == [{"n_train": 57}, {"n_train": 90}]


WRITING = {  # -> what is printed
    "open('/tmp/x', 'w').write('a')\nprint(open('/tmp/x').read())": "a\n",
    "import numpy as np\nnp.save('/tmp/a.npy', np.arange(3))\nprint(np.load('/tmp/a.npy').sum())": "3\n",
    "import os\nos.makedirs('/content/checkpoints', exist_ok=True)\nprint(os.listdir('/content/checkpoints'))": "[]\n",
    "import os\nos.makedirs('/mnt/data/me', exist_ok=True)\nprint(os.path.isdir('/mnt/data/me'))": "True\n",
    "from pathlib import Path\np = Path('/root/plots')\np.mkdir(parents=True, exist_ok=True)\n"
    "(p / 'a.txt').write_text('x')\nprint([f.name for f in p.iterdir()], list(Path('/root').glob('*/*.txt')))": (
        "['a.txt'] [PosixPath('/root/plots/a.txt')]\n"
    ),
    "import tempfile, os\nwith tempfile.TemporaryDirectory(dir='/tmp') as d:\n    open(d + '/x', 'w').close()\n"
    "    print(d[:5], os.listdir(d))\nprint(os.path.exists(d))": "/tmp/ ['x']\nFalse\n",
    "import shutil, os\nos.makedirs('/tmp/a/b')\nopen('/tmp/a/b/c', 'w').close()\nshutil.copytree('/tmp/a', '/tmp/d')\n"
    "shutil.rmtree('/tmp/a')\nprint(os.path.exists('/tmp/a'), os.listdir('/tmp/d/b'))": "False ['c']\n",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.savefig('/content/new/x.png')\nplt.close()\n"
    "print(plt.imread('/content/new/x.png').shape)": "(480, 640, 4)\n",
    "import pandas as pd\npd.DataFrame({'a': [1]}).to_csv('../a.csv')\nprint(len(pd.read_csv('../a.csv')))": "1\n",
    "import h5py as h\nwith h.File('/tmp/a.h5', 'w') as f:\n    f['x'] = 3\nprint(h.File('/tmp/a.h5')['x'][()])": "3\n",
    "import tensorflow as tf\ntf.io.gfile.makedirs('/tmp/g')\nwith tf.io.gfile.GFile('/tmp/g/x', 'w') as f:\n"
    "    f.write('a')\nprint(tf.io.gfile.glob('/tmp/g/*') != [], tf.io.gfile.exists('/tmp/g/x'))": "True True\n",
    "%cd /tmp\nopen('y', 'w').write('a')\nprint(open('/tmp/y').read())\n%cd -q /content\n": "a\n",
    "%%writefile /content/blocks.py\nx = 1\n": "Writing /content/blocks.py\n",
    "import blocks\nprint(blocks.x)": "1\n",  # on Colab, this folder is the working directory
}


def test_what_is_written_elsewhere_can_be_read_back() -> None:
    seen = run(*WRITING, "open('/no/such/file')", "open('/etc/passwd')")
    for number, (source, said) in enumerate(WRITING.items()):
        assert printed(seen, number).endswith(said), (source, printed(seen, number), seen.cell_errors)
    first, second = (e.error for e in seen.cell_errors)
    assert first == "FileNotFoundError: [Errno 2] No such file or directory: '/no/such/file'"
    is_there = not jail._may_have_roots()  # else not even its name
    assert second == (
        "PermissionError: [Errno 13] Permission denied: '/etc/passwd'"
        if is_there
        else "FileNotFoundError: [Errno 2] No such file or directory: '/etc/passwd'"
    )


def test_nothing_written_elsewhere_stays_or_is_seen_by_others() -> None:
    before = set(os.listdir("/tmp"))
    run("open('/tmp/of-a-student', 'w').write('a')\nopen('/content-of-a-student', 'w').write('a')")
    assert "of-a-student" not in set(os.listdir("/tmp")) - before
    assert not os.path.exists("/content-of-a-student")
    assert printed(run("import os\nprint(os.listdir('/tmp'), os.listdir('/kaggle/working'))"), 0) == "[] ['figures']\n"


TRAINING = """
import keras, numpy as np
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
model.compile("sgd", "mse")
x, y = np.random.rand(50, 4), np.random.rand(50, 2)
def kept(*callbacks):
    return model.fit(x, y, epochs=3, verbose=0, validation_split=0.3, callbacks=list(callbacks))
def same(other):
    return all((a == b).all() for a, b in zip(model.get_weights(), other.get_weights()))
"""
SAVING = """
kept(keras.callbacks.ModelCheckpoint("/tmp/ckpt/best.weights.h5", save_weights_only=True))
model.load_weights("/tmp/ckpt/best.weights.h5")
kept(keras.callbacks.ModelCheckpoint("/tmp/x.keras"))
print(same(keras.models.load_model("/tmp/x.keras")))
model.save("/content/m.keras")
print(same(keras.models.load_model("/content/m.keras")))
model.save("/content/old/m.h5")
print(same(keras.models.load_model("/content/old/m.h5", compile=False)))
kept(keras.callbacks.CSVLogger("/mnt/logs/a.csv"), keras.callbacks.BackupAndRestore("/tmp/backup"))
print(len(open("/mnt/logs/a.csv").readlines()))
"""


def test_models_are_kept_elsewhere() -> None:
    seen = run(TRAINING, SAVING, limits=Limits(cell=100, probe=60, start=120))
    assert seen.cell_errors == []
    said = [line for line in printed(seen, 1).splitlines() if not line.startswith("WARNING")]
    assert said == ["True", "True", "True", "4"]


def test_the_last_function_of_a_name_counts() -> None:
    seen = run(
        "def describe_data(a, b, c, d):\n    return {'n_train': len(a)}\ndescribe_data = describe_data([], 1, 2, 3)",
        "load_data = 'cifar10'",
        "import keras\ndef build_tiny_vgg():\n    return keras.Sequential([keras.layers.Flatten()])",
        "build_tiny_vgg = build_tiny_vgg()",
        questions=("q1", "q4"),
    )
    assert [call["value"] for call in seen.observations["q1"]["describe"]] == [{"n_train": 57}, {"n_train": 90}]
    assert seen.observations["q1"]["load"]["error"] == {"kind": "missing", "name": "load_data", "now": "str"}
    assert seen.observations["q4"]["error"] is None


def test_code_in_a_markdown_cell_is_told() -> None:
    notebook = notebook_of("x = 1")
    notebook.cells.append(nbformat.v4.new_markdown_cell("    def load_data():\n        return 1"))
    seen = execute(notebook, limits=SHORT, questions=("q1",), fork_server=_warm[0])
    assert seen.observations["q1"]["load"]["error"] == {"kind": "missing", "name": "load_data", "markdown": 2}


def test_the_notebook_may_use_any_name() -> None:
    """Ours are not in its way, nor its own in ours."""
    seen = run(
        "print(sorted(name for name in dir() if name in ('look', 'prepare', 'sys')))",
        "def look(image):\n    return len(image)\ndef prepare(image):\n    return image\ninside, sys = 1, 2",
        "def describe_data(a, b, c, d):\n    return {'n_train': look(prepare(a))}",
        questions=("q1", "q2"),
    )
    assert printed(seen, 0) == "[]\n"
    assert [call["value"] for call in seen.observations["q1"]["describe"]] == [{"n_train": 57}, {"n_train": 90}]
    assert seen.observations["q2"]["calls"][0]["error"] == {"kind": "missing", "name": "plot_examples"}


def test_a_kernel_that_dies_in_a_probe_costs_that_question() -> None:
    source = "import os\ndef describe_data(*a):\n    os._exit(1)\ndef preprocess(*a):\n    return a"
    seen = run(source, questions=("q3", "q1", "q2"))
    call = seen.observations["q3"]["calls"][0]
    given = inputs.preprocess_inputs(seen.seed, 0, seen.observations["q3"]["label_shape"])
    for array, right in zip(call["value"], given, strict=True):  # observed before, judged by the same seed
        np.testing.assert_array_equal(array, right)
    assert seen.observations["q1"] == {"not_run": "The kernel ended while it was tried."}
    assert seen.observations["q2"]["calls"][0]["error"]["kind"] == "missing"
    assert seen.notes == ["The kernel ended while q1 was tried; the other questions were tried in a new one."]


def test_a_probe_that_takes_too_long_is_stopped() -> None:
    source = "def describe_data(*a):\n    while True: pass"
    seen = run(source, questions=("q1", "q3"), limits=Limits(cell=6, probe=8, start=120))
    assert seen.observations["q1"] == {"not_run": "Trying it was stopped after 8 seconds of computing."}
    assert seen.observations["q3"]["calls"][0]["error"]["kind"] == "missing"


def test_a_function_that_hangs_or_ends_the_kernel_is_not_called_for_later_questions() -> None:
    source = """
import os, time, keras
def preprocess(*a):
    time.sleep(600)
def compile_model(model):
    os._exit(1)
def train(model, x, y, epochs=100, batch_size=128):
    return model.fit(x, y, epochs=epochs, batch_size=batch_size, validation_split=0.3)
def evaluate(model, x, y):
    return model.evaluate(x, y)
"""
    seen = run(source, questions=("q3", "q5", "q6", "q7"), limits=Limits(cell=6, probe=30, start=120, wait=5))
    assert seen.observations["q3"] == {"not_run": "Trying it was stopped: it waited for 5 seconds without computing."}
    assert seen.observations["q5"] == {"not_run": "The kernel ended while it was tried."}
    assert [call["error"] for q in ("q6", "q7") for call in seen.observations[q]["calls"]] == [None] * 4
    assert seen.notes == ["The kernel ended while q5 was tried; the other questions were tried in a new one."]


@pytest.fixture(scope="module", params=BOTH)
def looked_around(request: pytest.FixtureRequest) -> dict[str, Any]:
    source = """
import os, json, keras, tensorflow as tf, numpy as np
from keras.datasets import cifar10
from keras.applications import ResNet50, ResNet50V2
from keras.applications.resnet50 import ResNet50 as ResNet50b
from tensorflow.keras.datasets import cifar10 as cifar10_tf
found = {"environment": sorted(os.environ), "work": sorted(os.listdir("."))}
import sys, random, tempfile, threading, matplotlib
found["modules"] = sorted(sys.modules)
found["path"] = sys.path
found["random"] = [random.random(), np.random.rand(), random.random()]
found["temporary"] = tempfile.gettempdir() == os.environ["TMPDIR"]
found["home"] = keras.src.backend.config.keras_home() == os.environ["KERAS_HOME"]
found["backend"] = matplotlib.get_backend()
open_ = [f"/proc/self/fd/{n}" for n in os.listdir("/proc/self/fd")]
found["files"] = sorted(os.readlink(name) for name in open_ if os.path.exists(name))
found["main"] = __name__ == "__main__" and sys.modules["__main__"].__dict__ is globals()
(a, b), (c, d) = cifar10.load_data()
(e, f), (g, h) = cifar10_tf.load_data()
found["forms"] = [str((v.dtype, v.shape)) for v in (a, b, c, d)]
found["same"] = bool((a == e).all() and (d == h).all())
found["sums"] = [int(v.astype("int64").sum()) for v in (a, b, c, d)]
found["first"] = a[:2].tolist()
def kernel(model):
    return np.asarray(model.get_layer("conv1_conv").kernel)
found["kernel"] = kernel(ResNet50(weights="imagenet")).tolist()
for name, model in (("b", ResNet50b()), ("tf", tf.keras.applications.ResNet50(include_top=False)),
                    ("resnet", keras.applications.resnet.ResNet50())):
    found[name] = bool((kernel(model) == np.array(found["kernel"], "float32")).all())
found["v2"] = bool((kernel(ResNet50V2()) == np.array(found["kernel"], "float32")).all())
model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
before = [w.copy() for w in model.get_weights()]
history = model.fit(a / 255.0, b, epochs=100, batch_size=128, validation_split=0.3)
found["history"] = {k: len(v) for k, v in history.history.items()}
found["moved"] = bool((before[0] != model.get_weights()[0]).any())
import otter
grader = otter.Notebook("any.ipynb")
found["check"] = repr(grader.check("q1"))
print(json.dumps(found))
"""
    files = {"mine/helpers.py": b"A = 1"}
    os.environ["A_SECRET_OF_THE_GRADER"] = "1"
    try:
        limits = Limits(cell=100, probe=60, start=120)
        seen = run(source, limits=limits, extra_files=files, kernels=request.param)
    finally:
        del os.environ["A_SECRET_OF_THE_GRADER"]
    assert seen.cell_errors == []
    return dict(json.loads(printed(seen, 0)))


def test_data_is_that_of_the_judge(looked_around: dict[str, Any]) -> None:
    (x_train, y_train), (x_test, y_test) = dataset().arrays
    arrays = (x_train, y_train, x_test, y_test)
    assert looked_around["forms"] == [str((np.dtype("uint8"), a.shape)) for a in arrays]
    assert looked_around["sums"] == [int(np.asarray(a, dtype="int64").sum()) for a in arrays]
    assert looked_around["first"] == x_train[:2].tolist()
    assert looked_around["same"]


def test_resnet50_has_the_judges_kernel_under_every_import_path(looked_around: dict[str, Any]) -> None:
    np.testing.assert_array_equal(np.array(looked_around["kernel"], "float32"), resnet50_conv1()[0])
    assert looked_around["b"]
    assert looked_around["tf"]
    assert looked_around["resnet"]
    assert not looked_around["v2"], "another network has other filters"


def test_training_is_shortened_in_cells(looked_around: dict[str, Any]) -> None:
    assert looked_around["history"] == dict.fromkeys(("accuracy", "loss", "val_accuracy", "val_loss"), 100)
    assert looked_around["moved"]


def test_the_kernel_finds_a_bare_environment(looked_around: dict[str, Any]) -> None:
    assert "A_SECRET_OF_THE_GRADER" not in looked_around["environment"]
    assert looked_around["work"] == ["figures", "mine"]


def test_the_kernel_finds_nothing_of_the_grader(looked_around: dict[str, Any]) -> None:
    beside = {"fork_server", "supervisor", "runner", "observation_reader", "host", "jail", "provisioner"}
    assert not beside & set(looked_around["modules"])
    assert not [name for name in looked_around["modules"] if name.partition(".")[0] == "autograder"]
    assert not [path for path in looked_around["path"] if "autograder" in path]
    files = [name for name in looked_around["files"] if name.startswith("/") and not name.endswith(".npy")]
    pipes = [name for name in files if "/pipes/" in name]  # of the agent; their names are gone
    assert len(pipes) == 3
    assert all(name.endswith(" (deleted)") for name in pipes)
    assert [name for name in files if not name.startswith(("/dev/", "/proc/")) and name not in pipes] == []


def test_the_kernel_is_like_any_other(looked_around: dict[str, Any]) -> None:
    assert looked_around["temporary"]
    assert looked_around["home"]
    assert looked_around["main"]
    assert looked_around["backend"] in ("inline", "module://matplotlib_inline.backend_inline")


def test_check_cells_do_nothing(looked_around: dict[str, Any]) -> None:
    assert looked_around["check"] == "None"


def test_scratch_folders_are_removed_and_seeds_differ(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    first, second = run("import os; print(os.getcwd())"), run("pass")
    assert str(tmp_path) in printed(first, 0)
    assert list(tmp_path.iterdir()) == []
    assert first.seed != second.seed


def test_a_kernel_that_cannot_be_set_up_is_the_graders_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.sandbox.one_pass.PREPARE", "import os; os._exit(1)  # {folder!r}")
    with pytest.raises(RuntimeError, match="ended before the notebook was run"):
        run("x = 1")


def test_a_flood_of_output_is_cut_with_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.sandbox.notebook_client.MAX_OUTPUT", 50_000)
    seen = run("for i in range(100):\n    print('x' * 1_000, flush=True)\n" * 3, "print('after')")
    assert 1_000 < len(printed(seen, 0)) <= 50_000
    assert printed(seen, 1) == "after\n"
    assert seen.notes == ["The output of cell 1 was cut: it was too long."]


def test_cells_have_a_limit_together() -> None:
    limits = Limits(cell=60, cells=2, probe=60, start=120)
    sources = ("import time; time.sleep(3)", "print('in time')", COMPUTING.format(seconds=3), "print('too late')")
    seen = run(*sources, limits=limits)
    assert [printed(seen, index) for index in (1, 3)] == ["in time\n", ""]
    assert [(e.cell, e.error) for e in seen.cell_errors] == [(4, "not run: the cells before it computed for 2 seconds")]


def test_a_students_module_does_not_stand_in_for_numpy() -> None:
    files = {"numpy.py": b"raise SystemExit('mine')", "helpers.py": b"A = 7", "a": b"", "a/b": b"", "n" * 300: b""}
    seen = run("import numpy, helpers; print(numpy.__name__, helpers.A)", extra_files=files)
    assert printed(seen, 0) == "numpy 7\n"


@pytest.mark.slow
def test_figures_come_and_go_as_in_a_fresh_kernel() -> None:
    sources = (
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
        "plt.plot([3, 4])",
        "print(plt.get_fignums(), plt.isinteractive())",
    )
    forked, fresh = (run(*sources, kernels=kind) for kind in ("forked", "fresh"))
    kinds = [
        [sorted(output.get("data", {"text": 0})) for output in cell.outputs]
        for seen in (forked, fresh)
        for cell in seen.notebook.cells
    ]
    assert (
        kinds[:3]
        == kinds[3:]
        == [[["image/png", "text/plain"]], [["text/plain"], ["image/png", "text/plain"]], [["text"]]]
    )
    assert printed(forked, 2) == printed(fresh, 2) == "[] True\n"


@pytest.mark.parametrize("with_pictures", [True, False])
def test_figures_that_are_shown_one_after_another(with_pictures: bool) -> None:
    """By Jupyter's own way of showing them; `display` ends none."""
    plot = """
import matplotlib.pyplot as plt
from matplotlib.pyplot import *

def plot_examples(x, y, class_names):
    plt.imshow(x[0]); plt.title("a"); plt.show()
    imshow(x[1]); title("b"); show(); clf()
    figure, axes = plt.subplots()
    for name in "cd":
        axes.clear(); axes.imshow(x["cd".index(name)]); axes.set_title(name)
        display(figure)
    plt.show()

figure = plt.figure()
"""
    book = notebook_of(plot)
    if with_pictures:
        book.cells[0].outputs = [nbformat.v4.new_output("display_data", {"image/png": "AAAA"})]
    seen = execute(book, questions=("q2",), fork_server=_warm[0])
    assert seen.cell_errors == []
    for call in seen.observations["q2"]["calls"]:
        titles = [axes["title"] for figure in call["figures"] for axes in figure["axes"] if axes["images"]]
        assert titles == ["a", "b", "c", "d"]


def test_descriptors_of_ended_kernels_are_closed() -> None:
    def count() -> int:
        return len(os.listdir("/proc/self/fd"))

    run("pass")
    before = count()
    for _ in range(3):
        run("pass")
    assert count() <= before


def test_forked_kernels_draw_different_numbers() -> None:
    source = "import random, numpy; print(random.random(), numpy.random.rand())"
    assert len({printed(run(source), 0) for _ in range(2)}) == 2


EXPERIMENT = """
import keras
from keras import layers

def build_tiny_vgg():
    return keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(2, 9, strides=9), layers.Flatten(),
                             layers.Dense(10, activation="softmax")])

def preprocess(x_train, y_train, x_test, y_test):
    return x_train / 255.0, y_train, x_test / 255.0, y_test

def compile_model(model):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model

def train(model, x, y, epochs=100, batch_size=128):
    return model.fit(x, y, batch_size=batch_size, epochs=epochs, validation_split=0.3, verbose=0)

def evaluate(model, x, y):
    return model.evaluate(x, y, verbose=0)

def run_experiment(build_model, n_runs=5, epochs=100):
    histories, accuracies = [], []
    for run in range(n_runs):
        model = compile_model(build_model())
        histories.append(train(model, x_train, y_train, epochs=epochs).history)
        accuracies.append(evaluate(model, x_test, y_test)[1])
    return {"accuracies": accuracies, "mean": sum(accuracies) / n_runs, "std": STD, "histories": histories}
"""


@pytest.mark.parametrize(("std", "calls"), [("float(__import__('numpy').std(accuracies))", 1), ("0.5", 2)])
def test_neutral_functions_are_tried_only_where_the_students_own_do_not_earn_all_marks(std: str, calls: int) -> None:
    source = EXPERIMENT.replace("STD", std)
    seen = run(source, questions=("q9",), is_settled=grading.is_settled, entropy=b"1").observations["q9"]
    assert len(seen["calls"]) == calls
    whole = run(source, questions=("q9",), entropy=b"1").observations["q9"]
    assert len(whole["calls"]) == 2
    drawn = [call["value"]["accuracies"] for call in whole["calls"]]
    assert [call["value"]["accuracies"] for call in seen["calls"]] == drawn[:calls]


def test_the_same_entropy_gives_the_same_observations() -> None:
    """Weights that Keras draws are among them: what a student is told of a run is the same when it is graded again."""
    cells = (
        "import keras, random, numpy",
        "print(hash('a'), random.random(), numpy.random.rand(), keras.layers.Dense(2).kernel_initializer((2, 2)))",
        "def describe_data(*arrays):\n    return {'n_train': random.random()}",
    )
    seen = [
        run(*cells, questions=("q1",), kernels=kernels, entropy=entropy)
        for kernels, entropy in (("forked", b"1"), ("forked", b"1"), ("fresh", b"1"), ("forked", b"2"))
    ]
    assert [printed(one, 1) == printed(seen[0], 1) for one in seen] == [True, True, True, False]
    assert [one.observations == seen[0].observations for one in seen] == [True, True, True, False]
    assert [one.seed == seen[0].seed for one in seen] == [True, True, True, False]
    told = printed(seen[0], 1)
    assert str(seen[0].seed) not in told


@pytest.mark.slow
def test_without_a_nursery_kernels_are_started_afresh() -> None:
    with open_fork_server(environment()) as broken:
        assert broken._process is not None
        broken._process.kill()
        broken._process.wait()
        assert (
            printed(execute(notebook_of("print(6 * 7)"), limits=SHORT, questions=(), fork_server=broken), 0) == "42\n"
        )
    assert broken.complaint.startswith("the fork server")


@pytest.mark.slow
def test_a_nursery_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.sandbox.provisioner.sys.executable", "/nowhere/python")
    with open_fork_server(environment()) as broken:
        monkeypatch.undo()
        assert broken.complaint.startswith("the fork server of kernels cannot be started: [Errno 2]")
        assert (
            printed(execute(notebook_of("print(6 * 7)"), limits=SHORT, questions=(), fork_server=broken), 0) == "42\n"
        )


@pytest.mark.slow
def test_a_forked_kernel_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_fork_server(environment()) as broken, subprocess.Popen(["sleep", "100"]) as ended:
        forked = Ward(ended.pid, os.pidfd_open(ended.pid))
        ended.kill()
        monkeypatch.setattr(broken, "fork", lambda *arguments: forked)
        assert (
            printed(execute(notebook_of("print(6 * 7)"), limits=SHORT, questions=(), fork_server=broken), 0) == "42\n"
        )
    assert broken.complaint.startswith("a kernel that the fork server had forked did not start (")


def test_nothing_is_forked_from_a_process_in_which_tensorflow_has_computed(tmp_path: Any) -> None:
    """The fork would hang in the first training."""
    source = """
import os, sys
sys.path.insert(0, sys.argv[1])
import fork_server, tensorflow as tf
print(repr(fork_server._why_not()))
tf.constant(1.0) + 1
print(repr(fork_server._why_not()))
"""
    folder = os.path.dirname(runner.__file__)
    done = subprocess.run(
        [sys.executable, "-c", source, folder], env=environment(), capture_output=True, text=True, check=True
    )
    before, after = done.stdout.splitlines()
    assert before == "''"
    assert after == "'TensorFlow has begun to compute'" or after.endswith("threads are at work'")
