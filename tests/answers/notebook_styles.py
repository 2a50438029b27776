"""Right answers in notebooks of another style: how all of their code is written."""

import re

from answers.entries import Edit, Entry, cell_after, cell_before, function, line, right, text
from answers.notebook import BUILD_VGG, CONV_BLOCK, everywhere, first, last
from lab import settings

IMPORTS = """\
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers
"""


def imports(*lines: str) -> Edit:
    """Other import lines at the head of the notebook."""
    return text(IMPORTS, "\n".join(lines) + "\n")


def _value(match: re.Match[str]) -> str:
    return repr(getattr(settings, match[1]))


USED = ("FILTERS", "KERNEL_SIZE", "CONVS_PER_BLOCK", "BLOCKS", "POOL_SIZE", "STEM_KERNEL_SIZE", "AVERAGE_POOL_SIZE")
CONSTANTS = "\n".join(f"    {name} = {getattr(settings, name)!r}" for name in (*USED, "EPOCHS", "BATCH_SIZE", "RUNS"))

RIGHT: tuple[Entry, ...] = (
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

WRONG: tuple[Entry, ...] = ()
