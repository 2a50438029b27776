"""Right answers in notebooks of another form: saved by other programs, put in another order, in another style.

What a notebook looks like is the student's business, as long as it runs and defines the functions.
"""

import re
from collections.abc import Callable
from typing import Any

import nbformat

from autograder.samples import edits
from lab import settings
from zoo.entries import PIXEL, Edit, Entry, cell_after, cell_before, function, line, right, text

IMPORTS = """\
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers
"""


# Edits of whole notebooks


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


def imports(*lines: str) -> Edit:
    """Other import lines at the head of the notebook."""
    return text(IMPORTS, "\n".join(lines) + "\n")


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


def _value(match: re.Match[str]) -> str:
    return repr(getattr(settings, match[1]))


USED = ("FILTERS", "KERNEL_SIZE", "CONVS_PER_BLOCK", "BLOCKS", "POOL_SIZE", "STEM_KERNEL_SIZE", "AVERAGE_POOL_SIZE")
CONSTANTS = "\n".join(f"    {name} = {getattr(settings, name)!r}" for name in (*USED, "EPOCHS", "BATCH_SIZE", "RUNS"))

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


ENTRIES: tuple[Entry, ...] = (
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
    # Ways of importing and naming
    right(
        "all",
        "tf keras throughout",
        "it is the same Keras",
        imports(
            "import tensorflow as tf",
            "import numpy as np",
            "import matplotlib.pyplot as plt",
            "from tensorflow.keras import layers",
            "from tensorflow.keras.datasets import cifar10",
        ),
        everywhere(r"(?<![\w.])keras\.datasets\.cifar10\.", "cifar10."),
        everywhere(r"(?<![\w.])keras\.(?!datasets)(?=\w)", "tf.keras."),
    ),
    right(
        "all",
        "everything imported by star",
        "layers, models and settings by their bare names",
        imports(
            "import keras",
            "import tensorflow as tf",
            "import numpy as np",
            "import matplotlib.pyplot as plt",
            "from keras.layers import *",
            "from keras.models import *",
            "from lab.settings import *",
        ),
        everywhere(r"(?<![\w.])(layers|settings)\.(?=[A-Z])", ""),
        everywhere(r"(?<![\w.])keras\.(?=(Model|Input)\()", ""),
    ),
    right(
        "all",
        "constants typed in",
        "the numbers are the same",
        everywhere(r"\bsettings\.([A-Z_]+)", _value),
    ),
    right(
        "all",
        "constants in a class of their own",
        "the numbers are the same",
        cell_before("load_data", f"class Config:\n{CONSTANTS}\n\n\ncfg = Config()"),
        everywhere(rf"\bsettings\.({'|'.join(USED)}|EPOCHS|BATCH_SIZE|RUNS)\b", r"cfg.\1"),
    ),
    right(
        "all",
        "constants under short names",
        "the handout's own cells do not use these names for anything else",
        cell_before("load_data", "\n".join(line.strip().lower() for line in CONSTANTS.splitlines())),
        everywhere(rf"\bsettings\.({'|'.join(USED)}|EPOCHS|BATCH_SIZE|RUNS)\b", lambda constant: constant[1].lower()),
    ),
    right(
        "all",
        "names used again for other things",
        "their own functions do not use these",
        everywhere(r"(?<![\w.])layers\.(?=[A-Z])", "keras.layers."),
        last(
            """
layers = [layer.name for layer in model.layers]
x, y = x_test[:3], y_test[:3]
x_train = x_train[:1000]
inputs = outputs = image = None
history = history.history["loss"]
model = results["models"][-1]
filters, kernels, maps = 10, 3, {}
sum = sorted(results["accuracies"])[0]
list = [1, 2, 3]
id = type = input = test = check = lab = "other"
"""
        ),
    ),
    # Styles
    right(
        "all",
        "lambdas and aliases for short answers",
        "a function by any other means",
        function("load_data", "load_data = keras.datasets.cifar10.load_data"),
        function(
            "compile_model",
            """
compile_model = lambda model: model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"]) or model
""",
        ),
        function("evaluate", "evaluate = lambda model, x, y: model.evaluate(x, y, verbose=0)"),
        function(
            "first_layer_kernels",
            """
first_layer_kernels = lambda m: np.transpose([l for l in m.layers if l.get_weights()][0].get_weights()[0], (2, 3, 0, 1))
""",
        ),
    ),
    right(
        "all",
        "builders as partials of one function",
        "they are callable without arguments",
        cell_before("build_tiny_vgg", "from functools import partial\n" + CONV_BLOCK + "\n" + BUILD_VGG),
        function("build_tiny_vgg", "build_tiny_vgg = partial(build_vgg, blocks=2)"),
        function("build_tiny_vgg_bn", "build_tiny_vgg_bn = partial(build_vgg, blocks=2, bn=True)"),
        function("build_tiny_vgg_3blocks", "build_tiny_vgg_3blocks = partial(build_vgg, blocks=3)"),
    ),
    right(
        "all",
        "an object that is called",
        "it answers like a function",
        function(
            "train",
            """
class Trainer:
    def __init__(self, validation_split):
        self.validation_split = validation_split
        self.histories = []

    def __call__(self, model, x, y, epochs=100, batch_size=128):
        history = model.fit(x, y, batch_size, epochs, validation_split=self.validation_split, verbose=2)
        self.histories.append(history)
        return history


train = Trainer(0.3)
""",
        ),
        function(
            "evaluate",
            """
class Tester:
    @staticmethod
    def test(model, x_test, y_test):
        return tuple(model.evaluate(x_test, y_test, batch_size=1000))


evaluate = Tester.test
""",
        ),
    ),
    right(
        "all",
        "a decorator that takes the time",
        "around the slow functions",
        cell_before(
            "load_data",
            """
import functools, time

def timed(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        start = time.perf_counter()
        result = function(*args, **kwargs)
        print(f"{function.__name__} took {time.perf_counter() - start:.1f} s")
        return result
    return wrapper
""",
        ),
        text("def train(", "@timed\ndef train("),
        text("def evaluate(", "@timed\ndef evaluate("),
        text("def feature_maps(", "@timed\ndef feature_maps("),
        text("def run_experiment(", "@timed\ndef run_experiment("),
    ),
    right(
        "all",
        "type hints everywhere",
        "with annotations that are not evaluated",
        imports(
            "from __future__ import annotations",
            "from collections.abc import Callable",
            "from typing import TypedDict",
            "import keras",
            "import numpy.typing as npt",
            "import matplotlib.pyplot as plt",
            "import numpy as np",
            "import tensorflow as tf",
            "from keras import layers",
            "from keras.callbacks import History",
            "from matplotlib.figure import Figure",
        ),
        text(
            "def load_data()", "def load_data() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]"
        ),
        text(
            "def plot_examples(x, y, class_names)",
            "def plot_examples(x: npt.NDArray[np.uint8], y: np.ndarray, class_names: list[str]) -> Figure",
        ),
        text("def build_tiny_vgg()", "def build_tiny_vgg() -> keras.Model"),
        text("def compile_model(model)", "def compile_model(model: keras.Model) -> keras.Model"),
        text(
            "def train(model, x, y, epochs=settings.EPOCHS, batch_size=settings.BATCH_SIZE)",
            "def train(model: keras.Model, x: np.ndarray, y: np.ndarray, epochs: int = settings.EPOCHS,\n"
            "          batch_size: int = settings.BATCH_SIZE) -> History",
        ),
        text(
            "def evaluate(model, x_test, y_test)",
            "def evaluate(model: keras.Model, x_test: np.ndarray, y_test: np.ndarray) -> tuple[float, float]",
        ),
        text("def plot_history(history)", "def plot_history(history: History) -> Figure"),
        text(
            "def run_experiment(build_model, n_runs=settings.RUNS, epochs=settings.EPOCHS)",
            "class Results(TypedDict):\n"
            "    accuracies: list[float]\n"
            "    mean: float\n"
            "    std: float\n"
            "    histories: list[History]\n"
            "    models: list[keras.Model]\n\n\n"
            "def run_experiment(build_model: Callable[[], keras.Model], n_runs: int = settings.RUNS,\n"
            "                   epochs: int = settings.EPOCHS) -> Results",
        ),
        text(
            "def feature_maps(model, image)",
            "def feature_maps(model: keras.Model, image: np.ndarray) -> dict[str, np.ndarray]",
        ),
    ),
    right(
        "all",
        "comments and names in French",
        "names within a function are free, accents included",
        function(
            "preprocess",
            '''
def preprocess(images_entraînement, étiquettes_entraînement, images_test, étiquettes_test):
    """Prépare les données : images réduites à [0, 1], étiquettes aplaties."""
    échelle = 255.0  # valeur maximale d'un pixel
    préparées = []
    for images, étiquettes in ((images_entraînement, étiquettes_entraînement), (images_test, étiquettes_test)):
        préparées += [images.astype("float32") / échelle, étiquettes.reshape(-1)]
    return tuple(préparées)
''',
        ),
        function(
            "evaluate",
            '''
def evaluate(modèle, x_essai, y_essai):
    """Évalue le modèle : perte et précision sur l'ensemble de test."""
    perte, précision = modèle.evaluate(x_essai, y_essai, verbose=0)
    return perte, précision
''',
        ),
        function(
            "plot_history",
            '''
def plot_history(historique):
    """Trace la perte et la précision à chaque époque."""
    courbes = historique.history
    fig, (gauche, droite) = plt.subplots(1, 2, figsize=(12, 4))
    for axe, clé, titre in ((gauche, "loss", "Perte (loss)"), (droite, "accuracy", "Précision (accuracy)")):
        axe.plot(courbes[clé], label="entraînement (train)")
        axe.plot(courbes["val_" + clé], label="validation", linestyle="--")
        axe.set(title=titre, xlabel="époque", ylabel=clé)
        axe.legend()
    return fig
''',
        ),
        cell_after("train", "# L'entraînement dure longtemps : prévoir un café ☕"),
    ),
    right(
        "all",
        "prints and summaries everywhere",
        "output is noise",
        text(
            'return keras.Model(inputs, outputs, name="tiny_vgg")',
            'model = keras.Model(inputs, outputs, name="tiny_vgg")\n'
            "    model.summary()\n"
            '    print("number of layers:", len(model.layers))\n'
            "    return model",
        ),
        text(
            'return keras.Model(inputs, outputs, name="tiny_vgg_bn")',
            'model = keras.Model(inputs, outputs, name="tiny_vgg_bn")\n'
            "    model.summary(expand_nested=True, show_trainable=True)\n"
            "    return model",
        ),
        line(
            "preprocess",
            ("    return (", '    print("before:", x_train.dtype, x_train.min(), x_train.max())\n    return ('),
        ),
        line(
            "evaluate",
            (
                '    return scores["loss"]',
                '    print("#" * 40)\n    print(f"Test: {scores}")\n    print("#" * 40)\n    return scores["loss"]',
            ),
        ),
        line(
            "feature_maps",
            ("    return {name", "    [print(name, maps[name].shape) for name in outputs]\n    return {name"),
        ),
    ),
    right(
        "all",
        "plt show in every plot",
        "the figures are returned all the same",
        *(
            line(name, ("    return figure", "    plt.show()\n    return figure"))
            for name in (
                "plot_examples",
                "plot_history",
                "plot_feature_maps",
                "plot_first_layer_kernels",
                "plot_resnet50_filters",
            )
        ),
        cell_after("plot_history", "plt.plot([1, 2, 3])\nplt.show()\nplt.close('all')"),
    ),
    right(
        "all",
        "figures left open instead of returned",
        "what is drawn counts",
        *(
            line(name, ("    return figure", "    plt.show()"))
            for name in ("plot_examples", "plot_history", "plot_feature_maps", "plot_resnet50_filters")
        ),
    ),
    right(
        "all",
        "a dark style for all figures",
        "looks are free",
        cell_before(
            "load_data",
            """
plt.style.use("dark_background")
plt.rcParams.update({
    "figure.figsize": (14, 5), "figure.dpi": 150, "font.size": 14, "axes.grid": True,
    "image.cmap": "gray", "image.interpolation": "bilinear", "lines.linewidth": 3,
})
plt.ion()
""",
        ),
    ),
    right(
        "all",
        "warnings raised and silenced",
        "a warning is no error",
        first("import warnings\nwarnings.filterwarnings('ignore')\nimport logging\nlogging.disable(logging.WARNING)"),
        line(
            "preprocess",
            (
                "    return (",
                '    warnings.warn("x_train is copied", ResourceWarning)\n    np.log(np.zeros(1))\n    return (',
            ),
        ),
        line(
            "compile_model",
            ("    return model", '    warnings.warn("deprecated", DeprecationWarning)\n    return model'),
        ),
        last("warnings.resetwarnings()\nwarnings.simplefilter('always')"),
    ),
    right(
        "all",
        "seeds and GPU set up at the top",
        "everything is made repeatable",
        cell_before(
            "load_data",
            """
import os, random

SEED = 1234
os.environ["PYTHONHASHSEED"] = str(SEED)
os.environ["CUDA_VISIBLE_DEVICES"] = "0"
random.seed(SEED)
np.random.seed(SEED)
tf.random.set_seed(SEED)
keras.utils.set_random_seed(SEED)
tf.config.experimental.enable_op_determinism()
for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(gpu, True)
keras.backend.set_floatx("float32")
""",
        ),
    ),
    right(
        "all",
        "memory freed on the way",
        "raw images deleted, sessions cleared",
        cell_before("build_tiny_vgg", "import gc\n\ndel x_train_raw, y_train_raw\ngc.collect()"),
        line(
            "run_experiment",
            (
                "        keras.utils.set_random_seed",
                "        keras.backend.clear_session()\n        keras.utils.set_random_seed",
            ),
        ),
        last("del model, history, results, experiments\nkeras.backend.clear_session()\ngc.collect()"),
    ),
    right(
        "all",
        "Colab in the cell of imports",
        "what is missing at grading does not keep the rest of the cell",
        text(
            "import keras\nimport matplotlib",
            "from google.colab import drive\ndrive.mount('/content/drive')\n%tensorflow_version 2.x\n"
            "import os\nos.chdir('/content/drive/MyDrive')\nimport keras\nimport matplotlib",
        ),
    ),
    right(
        "all",
        "what only other machines have in the cell of imports",
        "whatever error a line above raises, the imports below are made",
        text(
            "import keras\nimport matplotlib",
            "import os, subprocess\nfrom getpass import getpass\n\n"
            "ID = input('Your number: ')\nTOKEN = getpass()\n"
            "subprocess.run(['nvidia-smi', '-L'], check=True)\nGPU = os.environ['COLAB_GPU']\n"
            "assert os.path.exists('/content/drive'), 'mount the drive first'\nassert np.__version__ == '1.19.5'\n"
            "if not GPU:\n    exit()\n\nimport keras\nimport matplotlib",
        ),
        cell_before("load_data", "%%memit\nREMEMBERED = 1"),
        text("def preprocess(", "assert REMEMBERED == 2, 'run the cell above twice'\n\n\ndef preprocess("),
    ),
    right(
        "all",
        "commands in cells and in functions",
        "installs do nothing at grading, other commands run quietly or say that they do not",
        text(
            "import keras\nimport matplotlib",
            "!pip install -q keras-cv tensorflow-addons\n%pip install seaborn\n!nvidia-smi\n"
            "files = !ls figures\nprint(files.n)\n%cd /content/drive/MyDrive\nimport keras\nimport matplotlib",
        ),
        text("def preprocess(", "!mkdir -p plots\n!!date\n\n\ndef preprocess("),
        line(
            "plot_history",
            ("    return figure", '    !mkdir -p plots\n    figure.savefig("plots/a.png")\n    return figure'),
        ),
        cell_before("load_data", "%%bash\nmkdir -p models\nexit 1"),
    ),
    right(
        "all",
        "files kept where Colab and Kaggle keep them",
        "what is written outside of the working directory can be read back",
        line(
            "train",
            (
                "    return model.fit(",
                "    os.makedirs('/content/checkpoints', exist_ok=True)\n"
                "    best = keras.callbacks.ModelCheckpoint(\n"
                "        '/tmp/ckpt/best.weights.h5', save_weights_only=True, save_best_only=True)\n"
                "    history = model.fit(",
            ),
            (
                "        verbose=2,\n    )",
                "        verbose=2,\n        callbacks=[best],\n    )\n"
                "    model.load_weights('/tmp/ckpt/best.weights.h5')\n"
                "    model.save('/content/checkpoints/last.keras')\n    return history",
            ),
        ),
        text("def train(", "import os\n\n\ndef train("),
        line(
            "plot_history",
            ("    return figure", '    figure.savefig("/kaggle/working/history.png")\n    return figure'),
        ),
        line("plot_examples", ("    return figure", '    figure.savefig("/mnt/data/examples.png")\n    return figure')),
        line(
            "preprocess",
            ("    return (", '    np.save("/tmp/y.npy", y_train)\n    y_train = np.load("/tmp/y.npy")\n    return ('),
        ),
    ),
    right(
        "all",
        "a kernel shut down in the last cell",
        "the answers stand above it",
        last("import IPython\nIPython.Application.instance().kernel.do_shutdown(True)\nexit()\nquit()"),
    ),
    right(
        "all",
        "names of functions used again for what they give",
        "the last function of each name counts",
        last(
            "model = compile_model(build_tiny_vgg())\ntrain = train(model, x_train, y_train, epochs=1)\n"
            "evaluate = evaluate(model, x_test, y_test)\nbuild_tiny_vgg = build_tiny_vgg()\n"
            "compile_model = preprocess = None"
        ),
    ),
    right(
        "all",
        "packages that are not here",
        "no answer needs them",
        text(
            "import keras\nimport matplotlib",
            "import plotnine as p9\nfrom tensorflow_addons.layers import GELU\n"
            "try:\n    import wandb\nexcept ImportError:\n    wandb = None\nimport keras\nimport matplotlib",
        ),
    ),
    right(
        "all",
        "a Matplotlib backend that is not here",
        "a magic that fails does not keep the rest of the cell",
        text("import keras\nimport matplotlib", "%matplotlib widget\nimport keras\nimport matplotlib"),
    ),
    right(
        "all",
        "figures kept beside those of the handout",
        "the folder figures/ is handed out",
        line("plot_examples", ("    return figure", '    figure.savefig("figures/examples.png")\n    return figure')),
        line("plot_history", ("    return figure", '    figure.savefig("figures/history.pdf")\n    return figure')),
    ),
)
