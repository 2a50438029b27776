"""Right answers in notebooks of another form: saved by other programs, put in another order, on other machines."""

import re
from collections.abc import Callable
from typing import Any

import nbformat

from answers.entries import PIXEL, Edit, Entry, cell_after, cell_before, function, line, right, text
from assignment.samples import edits


def saved(minor: int, metadata: dict[str, Any], cell: Callable[[int], dict[str, Any]] = lambda number: {}) -> Edit:
    """In format 4.`minor` (cells have ids from 4.5 on), with metadata of the notebook and of each cell."""

    def edit(notebook: Any) -> None:
        notebook.nbformat_minor = minor
        notebook.metadata = nbformat.from_dict(metadata)
        for number, c in enumerate(notebook.cells):
            c.metadata = nbformat.from_dict(cell(number))
            if minor < 5:
                c.pop("id", None)

    return edit


def first(source: str) -> Edit:
    """A code cell before all others."""
    return lambda notebook: notebook.cells.insert(0, nbformat.v4.new_code_cell(source.strip("\n")))


def last(source: str) -> Edit:
    """A code cell after all others."""
    return lambda notebook: notebook.cells.append(nbformat.v4.new_code_cell(source.strip("\n")))


def everywhere(pattern: str, new: str | Callable[[re.Match[str]], str]) -> Edit:
    """Replace a pattern in all code cells."""

    def edit(notebook: Any) -> None:
        for c in _code(notebook):
            c.source = re.sub(pattern, new, c.source, flags=re.MULTILINE)

    return edit


def dropped(unwanted: Callable[[Any], bool]) -> Edit:
    """Without some cells."""

    def edit(notebook: Any) -> None:
        notebook.cells = [c for c in notebook.cells if not unwanted(c)]

    return edit


def answers_last(notebook: Any) -> None:
    """The cells that define functions, after all the others."""
    notebook.cells.sort(key=_defines)


def answers_in_one_cell(notebook: Any) -> None:
    """One cell with all functions, after the imports."""
    answers = [c for c in notebook.cells if _defines(c)]
    notebook.cells = [c for c in notebook.cells if not _defines(c)]
    start = notebook.cells.index(edits.only(notebook, r"^import keras"))
    source = "\n\n\n".join(c.source.strip() for c in answers)
    notebook.cells.insert(start + 1, nbformat.v4.new_code_cell(source))


def outputs_of_all_kinds(notebook: Any) -> None:
    """What a cell can leave behind: streams, tables, pictures, widgets, errors."""
    for number, c in enumerate(_code(notebook), 1):
        c.execution_count = number
        c.outputs = [
            nbformat.v4.new_output("stream", name="stdout", text="Epoch 1/100\n274/274 - 5s - loss: 1.71\n" * 20),
            nbformat.v4.new_output("stream", name="stderr", text="I0000 00:00:1 device:GPU:0 created\n"),
            nbformat.v4.new_output("execute_result", data={"text/html": "<table><tr><td>0.71</td></tr></table>"}),
            nbformat.v4.new_output("display_data", data={"image/png": PIXEL, "text/plain": "<Figure size 640x480>"}),
            nbformat.v4.new_output(
                "display_data", data={"application/vnd.jupyter.widget-view+json": {"model_id": "f00"}}
            ),
            nbformat.v4.new_output("error", ename="KeyboardInterrupt", evalue="", traceback=["\x1b[31mInterrupted"]),
        ]


def _code(notebook: Any) -> list[Any]:
    return [c for c in notebook.cells if c.cell_type == "code"]


def _defines(cell: Any) -> bool:
    """Whether it does nothing but define a function."""
    return cell.cell_type == "code" and re.match(r"def (?!compare)", cell.source) is not None


CONV_BLOCK = """
def conv_block(x, number, bn=False):
    for conv in (1, 2):
        x = layers.Conv2D(10, 3, padding="same", name=f"block{number}_conv{conv}")(x)
        if bn:
            x = layers.BatchNormalization(name=f"block{number}_bn{conv}")(x)
        x = layers.Activation("relu", name=f"block{number}_act{conv}")(x)
    return layers.MaxPooling2D(name=f"block{number}_pool")(x)
"""

BUILD_VGG = """
def build_vgg(blocks, bn=False):
    inputs = keras.Input((32, 32, 3))
    x = inputs
    for number in range(1, blocks + 1):
        x = conv_block(x, number, bn)
    x = layers.Flatten()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
"""


RIGHT: tuple[Entry, ...] = (
    # Saved by another program
    right(
        "all",
        "saved by Colab",
        "format 4.0 without cell ids, with Colab's own metadata everywhere",
        saved(
            0,
            {
                "accelerator": "GPU",
                "colab": {"provenance": [], "gpuType": "T4", "toc_visible": True, "name": "Copy of tiny_vgg.ipynb"},
                "kernelspec": {"name": "python3", "display_name": "Python 3"},
                "language_info": {"name": "python"},
            },
            lambda number: {
                "id": f"Xk3{number:09d}",
                "outputId": f"5b1f0c2e-{number:04d}",
                "colab": {"base_uri": "https://localhost:8080/", "height": 1000},
                "executionInfo": {
                    "status": "ok",
                    "timestamp": 1700000000000 + number,
                    "user_tz": -60,
                    "elapsed": 5123,
                    "user": {"displayName": "", "userId": ""},
                },
            },
        ),
    ),
    right(
        "all",
        "saved by VS Code",
        "format 4.2, a kernel of its own name, no cell ids",
        saved(
            2,
            {
                "kernelspec": {"display_name": ".venv (3.12.3)", "language": "python", "name": "python3"},
                "language_info": {
                    "codemirror_mode": {"name": "ipython", "version": 3},
                    "file_extension": ".py",
                    "mimetype": "text/x-python",
                    "name": "python",
                    "nbconvert_exporter": "python",
                    "pygments_lexer": "ipython3",
                    "version": "3.12.3",
                },
                "orig_nbformat": 4,
                "vscode": {"interpreter": {"hash": "31f2aee4e71d21fbe5cf8b01ff0e069b"}},
            },
            lambda number: {"vscode": {"languageId": "python"}},
        ),
    ),
    right(
        "all",
        "saved by classic Jupyter in a conda environment",
        "format 4.4, the kernel is known by another name, extensions left their marks",
        saved(
            4,
            {
                "kernelspec": {
                    "display_name": "Python [conda env:tf]",
                    "language": "python",
                    "name": "conda-env-tf-py",
                },
                "language_info": {"name": "python", "version": "3.9.18"},
                "toc": {"base_numbering": 1, "nav_menu": {}, "number_sections": True, "toc_window_display": True},
                "varInspector": {"cols": {"lenName": 16}, "types_to_exclude": ["module", "function"]},
            },
            lambda number: {
                "ExecuteTime": {"end_time": "2024-05-02T10:11:12.1Z", "start_time": "2024-05-02T09:00:00.0Z"},
                "scrolled": True,
                "collapsed": number % 2 == 0,
                "slideshow": {"slide_type": "skip"},
                "tags": ["parameters"],
            },
        ),
    ),
    right(
        "all",
        "no metadata at all",
        "some converters keep the cells only",
        saved(5, {}),
    ),
    right(
        "all",
        "Windows line endings",
        "some editors write them into every cell",
        text("import keras\nimport matplotlib", "%matplotlib inline\nimport keras\nimport matplotlib"),
        everywhere(r"\n", "\r\n"),
    ),
    right(
        "all",
        "outputs of all kinds",
        "only those of `publish` count",
        outputs_of_all_kinds,
    ),
    # Which cells there are, and in what order
    right(
        "all",
        "answer cells moved to the end",
        "the cells that call them raise errors, which cost nothing by themselves",
        answers_last,
    ),
    right(
        "all",
        "all answers in one cell",
        "and the cells below call them",
        answers_in_one_cell,
    ),
    right(
        "all",
        "nothing but code",
        "texts, headings and check cells are deleted",
        dropped(lambda cell: cell.cell_type != "code" or "grader" in cell.source),
    ),
    right(
        "all",
        "first attempts left above",
        "the last definition counts",
        cell_before(
            "describe_data",
            """
def describe_data(x_train, y_train, x_test, y_test):
    return {"n_train": 50000, "n_test": 10000}
""",
        ),
        cell_before(
            "feature_maps",
            """
# does not work, see below
def feature_maps(model, image):
    return model.predict(image)

feature_maps(model, x_test[0])
""",
        ),
        cell_before(
            "plot_history",
            """
def plot_history(history):
    plt.plot(history.history["loss"]
""",
        ),
    ),
    right(
        "all",
        "corrected at the end",
        "the last definition counts",
        function(
            "preprocess",
            """
def preprocess(x_train, y_train, x_test, y_test):
    return x_train / 255, y_train, x_test, y_test
""",
        ),
        line("build_tiny_vgg", ('padding="same"', 'padding="valid"')),
        last(
            """
# Corrections, after running everything again

def preprocess(x_train, y_train, x_test, y_test):
    return (x_train / 255).astype("float32"), y_train, (x_test / 255).astype("float32"), y_test


def build_tiny_vgg():
    model = keras.Sequential([keras.Input((32, 32, 3))])
    for block in range(2):
        model.add(layers.Conv2D(10, 3, padding="same", activation="relu"))
        model.add(layers.Conv2D(10, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dense(10, activation="softmax"))
    return model
"""
        ),
    ),
    right(
        "all",
        "cells of their own between",
        "looking round is what a notebook is for",
        cell_after(
            "describe_data",
            """
import pandas as pd

(x, y), _ = load_data()
df = pd.DataFrame({"label": y.ravel(), "brightness": x.mean(axis=(1, 2, 3))})
df.groupby("label").describe()
""",
        ),
        cell_after("plot_examples", "plt.hist(x[:200].ravel(), bins=50)\nplt.title('pixel values')"),
        cell_after("compile_model", "# TODO: ask about the learning rate"),
        cell_after("evaluate", ""),
        cell_after("feature_maps", "help(keras.Model.fit)\nfeature_maps?"),
        cell_after("train", "for layer in build_tiny_vgg().layers:\n    print(layer.name, layer.count_params())"),
        last("1 / 0  # where does it go on?"),
    ),
    right(
        "all",
        "one step a cell",
        "functions call what other cells define",
        cell_before("preprocess", 'def to_float(x):\n    return x.astype("float32")'),
        cell_before("preprocess", "def scaled(x):\n    return to_float(x) / 127.5 - 1"),
        function(
            "preprocess",
            """
def preprocess(x_train, y_train, x_test, y_test):
    return scaled(x_train), np.squeeze(y_train), scaled(x_test), np.squeeze(y_test)
""",
        ),
        cell_before(
            "run_experiment",
            """
def one_run(build_model, epochs, seed):
    keras.utils.set_random_seed(seed)
    net = compile_model(build_model())
    history = train(net, x_train, y_train, epochs=epochs)
    return net, history, evaluate(net, x_test, y_test)[1]
""",
        ),
        cell_before("run_experiment", "FIRST_SEED = 1000"),
        function(
            "run_experiment",
            """
def run_experiment(build_model, n_runs=settings.RUNS, epochs=settings.EPOCHS):
    runs = [one_run(build_model, epochs, FIRST_SEED + i) for i in range(n_runs)]
    nets, histories, accuracies = zip(*runs)
    return dict(accuracies=np.array(accuracies), mean=np.mean(accuracies), std=np.std(accuracies),
                histories=list(histories), models=list(nets))
""",
        ),
    ),
    right(
        "all",
        "blocks built by a helper cell",
        "three questions share it",
        cell_before("build_tiny_vgg", CONV_BLOCK),
        cell_before("build_tiny_vgg", BUILD_VGG),
        function("build_tiny_vgg", "def build_tiny_vgg():\n    return build_vgg(2)"),
        function("build_tiny_vgg_bn", "def build_tiny_vgg_bn():\n    return build_vgg(2, bn=True)"),
        function("build_tiny_vgg_3blocks", "def build_tiny_vgg_3blocks():\n    return build_vgg(3)"),
    ),
    right(
        "all",
        "helpers written into a file",
        "the cell makes a module, the next one imports it",
        cell_before("build_tiny_vgg", "%%writefile my_blocks.py\nfrom keras import layers\n\n" + CONV_BLOCK),
        cell_before("build_tiny_vgg", "from my_blocks import conv_block\n\n" + BUILD_VGG),
        function("build_tiny_vgg", "def build_tiny_vgg():\n    return build_vgg(2)"),
        function("build_tiny_vgg_3blocks", "def build_tiny_vgg_3blocks():\n    return build_vgg(3)"),
    ),
    # Magics, shell commands, files
    right(
        "all",
        "magics above every cell",
        "IPython takes them",
        text("import keras\nimport matplotlib", "%matplotlib inline\nimport keras\nimport matplotlib"),
        cell_before("load_data", "%config InlineBackend.figure_format = 'retina'\n%load_ext autoreload\n%autoreload 2"),
        everywhere(r"\A(?=(history = train|results\w* = run_experiment))", "%%time\n"),
        everywhere(r"\Amodel = ", "%%time\nmodel = "),
        everywhere(r"\A(?=kernels = )", "%%capture captured\n"),
    ),
    right(
        "all",
        "installs and shell commands",
        "a command that fails stops no notebook",
        first("!pip install -q keras\n%pip install -q --no-deps keras"),
        cell_before("load_data", "!nvidia-smi\ngpus = !nvidia-smi -L\nprint(gpus)"),
        cell_after("train", "!ls -la\n%env KERAS_BACKEND\n%pwd"),
    ),
    right(
        "all",
        "works in Google Drive",
        "what is missing at grading raises errors in cells of its own",
        first(
            """
from google.colab import drive
drive.mount("/content/drive")
%cd "/content/drive/MyDrive/Deep learning/practical 2"
"""
        ),
        last('model.save("tiny_vgg.keras")\nmodel = keras.models.load_model("tiny_vgg.keras")\nmodel.summary()'),
        last('np.save("accuracies.npy", results["accuracies"])\nfiles.download("accuracies.npy")'),
    ),
    right(
        "all",
        "asks for a GPU before it imports",
        "there is none at grading, and the rest of the cell is run all the same",
        first(
            """
import tensorflow as tf
gpus = tf.config.list_physical_devices("GPU")
tf.config.experimental.set_memory_growth(gpus[0], True)
if tf.test.gpu_device_name() != "/device:GPU:0":
    raise SystemError("GPU device not found")
from functools import partial
"""
        ),
        cell_before("build_tiny_vgg", 'Conv = partial(layers.Conv2D, padding="same")'),
        everywhere(r"layers\.Conv2D\(", "Conv("),
    ),
    right(
        "all",
        "asks before it trains",
        "nobody answers at grading; the records are in the notebook",
        everywhere(
            r"^(results\w* = run_experiment\(.*\))$",
            r'if input("Train all runs again? [y/n] ").lower().startswith("y"):\n    \1',
        ),
    ),
    right(
        "all",
        "a main block",
        "it is run in a notebook",
        text(
            "model = compile_model(build_tiny_vgg())\nhistory = train(model, x_train, y_train)",
            'if __name__ == "__main__":\n'
            "    model = compile_model(build_tiny_vgg())\n"
            "    history = train(model, x_train, y_train)",
        ),
    ),
)

WRONG: tuple[Entry, ...] = ()
