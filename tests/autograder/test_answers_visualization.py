"""Questions 10 to 12: answers that must be accepted, and wrong ones that must lose exactly their own checks."""

from dataclasses import dataclass

import pytest

from autograder.dataset import resnet50_conv1
from lab import settings
from lab.judging import CheckResult
from tests.support import results_of


@dataclass(frozen=True)
class Wrong:
    """A wrong answer: the checks that fail, and words that the failure of the first of them says."""

    name: str
    code: str
    checks: tuple[str, ...]
    words: tuple[str, ...]


QUICK = """
def build_tiny_vgg():
    return keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(10, 3), layers.MaxPooling2D(4), layers.Flatten(),
        layers.Dense(10, activation="softmax")])
"""  # for tests of plots, which do not depend on it

QUICK_PLOTS = """
def plot_feature_maps(maps, filter_index):
    fig, ax = plt.subplots()
    for m in maps.values():
        ax.imshow(m[:, :, filter_index])
    ax.set_title(", ".join(maps))
    return fig
def plot_first_layer_kernels(kernels):
    fig, ax = plt.subplots()
    ax.imshow(np.vstack([np.hstack(channel) for channel in kernels]))
    return fig
def plot_resnet50_filters(filters):
    fig, ax = plt.subplots()
    ax.imshow(np.hstack(filters))
    return fig
"""  # for tests of everything else


def outcomes(results: dict[str, CheckResult], outcome: str) -> set[str]:
    return {name for name, result in results.items() if result.outcome == outcome}


def assert_accepted(question: str, code: str) -> None:
    results = results_of(question, code)
    told = {name: (r.outcome, r.message, r.traceback) for name, r in results.items() if r.outcome != "passed"}
    assert told == {}


def assert_wrong(question: str, case: Wrong, before: str = "") -> None:
    results = results_of(question, before + case.code)
    told = {name: (r.outcome, r.message, r.traceback) for name, r in results.items() if r.outcome != "passed"}
    assert outcomes(results, "failed") == set(case.checks), told
    assert not outcomes(results, "error") | outcomes(results, "unjudged"), told
    if outcomes(results, "skipped"):
        assert {f"{question}_answered", "q10_plot"} & set(case.checks), told
    message = results[case.checks[0]].message
    for words in case.words:
        assert words in message, message


def ids(cases: list[Wrong]) -> list[str]:
    return [case.name for case in cases]


# Question 10: feature maps

EXTRACT = """
def feature_maps(model, image):
    wanted = [layer for layer in model.layers if len(layer.output.shape) == 4]
    extractor = keras.Model(model.inputs, [layer.output for layer in wanted])
    values = extractor(image[None])
    return {layer.name: %s for layer, v in zip(wanted, values)}
"""

MAPS_ACCEPTED = {
    "squeezed": EXTRACT % "np.squeeze(v)",
    "tensors without the batch axis": EXTRACT % "v[0]",
    "float64": EXTRACT % "np.asarray(v[0], dtype=np.float64)",
    "reverse order of the layers": """
def feature_maps(model, image):
    wanted = [layer for layer in model.layers[1:] if len(layer.output.shape) == 4][::-1]
    values = keras.Model(model.inputs, [layer.output for layer in wanted]).predict(image[None])
    return dict(zip([layer.name for layer in wanted], [v[0] for v in values]))
""",
    "image given as a batch of its copies": """
def feature_maps(model, image):
    wanted = [y for y in model.layers if len(y.output.shape) == 4]
    values = keras.Model(model.inputs, [y.output for y in wanted])(np.stack([image] * 3))
    return {y.name: np.asarray(v)[1] for y, v in zip(wanted, values)}
""",
    "subclassed model of question 4": """
class Tiny(keras.Model):
    def __init__(self):
        super().__init__()
        self.steps = [y(**k) for y, k in [
            (layers.Conv2D, dict(filters=10, kernel_size=3, padding="same", activation="relu")),
            (layers.Conv2D, dict(filters=10, kernel_size=3, padding="same", activation="relu")),
            (layers.MaxPooling2D, dict(pool_size=2)), (layers.Flatten, {}),
            (layers.Dense, dict(units=10, activation="softmax"))]]
    def call(self, x):
        for step in self.steps:
            x = step(x)
        return x
def build_tiny_vgg():
    return Tiny()
""",
    "nested blocks in question 4": """
def build_tiny_vgg():
    def block(name):
        return keras.Sequential([layers.Conv2D(10, 3, padding="same"), layers.ReLU(), layers.Conv2D(10, 3,
            padding="same"), layers.ReLU(), layers.MaxPooling2D(2)], name=name)
    return keras.Sequential([keras.Input((32, 32, 3)), block("one"), block("two"), layers.Flatten(),
        layers.Dense(10, activation="softmax")])
""",
    "batch normalisation and dropout in the model": """
def build_tiny_vgg():
    return keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(10, 3), layers.BatchNormalization(),
        layers.ReLU(), layers.Dropout(0.5), layers.MaxPooling2D(), layers.Flatten(),
        layers.Dense(10, activation="softmax")])
""",
    "question 4 is missing": "build_tiny_vgg = None",
    "question 4 raises": "def build_tiny_vgg(): raise RuntimeError('not yet')",
    "question 3 is missing": "preprocess = None",
    "question 4 has 5x5 kernels and 32 filters": """
def build_tiny_vgg():
    return keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(32, 5, activation="relu"),
        layers.MaxPooling2D(), layers.Flatten(), layers.Dense(10, activation="softmax")])
""",
}

MAPS_WRONG = [
    Wrong("missing", "del feature_maps", ("q10_answered",), ("`feature_maps` is not defined",)),
    Wrong("left blank", "def feature_maps(model, image): ...", ("q10_answered",), ("returned nothing (None)",)),
    Wrong("raises", "def feature_maps(model, image): return undefined", ("q10_answered",), ("raised NameError",)),
    Wrong("a text", "def feature_maps(model, image): return 'maps'", ("q10_answered",), ("It returned a text",)),
    Wrong("a class", "def feature_maps(model, image): return dict", ("q10_answered",), ("returns a dict",)),
    Wrong("a huge list", "def feature_maps(m, i): return [0] * 10**6", ("q10_answered",), ("returns a dict",)),
    Wrong("an empty dict", "def feature_maps(model, image): return {}", ("q10_answered",), ("It is empty",)),
    Wrong("without the pooling", EXTRACT.replace("== 4", "== 4 and 'pool' not in layer.name") % "v[0]",
          ("q10_layers",), ("There is no `block1_pool`",)),
    Wrong("a global image", "def feature_maps(model, image): return _right(model, np.ones((32, 32, 3), 'float32'))",
          ("q10_values",), ("is something else",)),
]  # fmt: skip

KEEP_RIGHT = "_right = feature_maps\n"


@pytest.mark.parametrize("code", MAPS_ACCEPTED.values(), ids=list(MAPS_ACCEPTED))
def test_feature_maps_accepted(code: str) -> None:
    assert_accepted("q10", QUICK_PLOTS + code)


@pytest.mark.parametrize("case", MAPS_WRONG, ids=ids(MAPS_WRONG))
def test_feature_maps_wrong(case: Wrong) -> None:
    assert_wrong("q10", case, KEEP_RIGHT + QUICK_PLOTS)


# Question 10: their plot

PANELS = """
def plot_feature_maps(maps, filter_index):
    fig, axes = plt.subplots(1, len(maps))
    for ax, (name, m) in zip(axes, maps.items()):
        %s
        ax.set_title(name)
    return fig
"""

MAP_PLOTS_ACCEPTED = {
    "grey": PANELS % "ax.imshow(m[..., filter_index], cmap='gray')",
    "pcolor": PANELS % "ax.pcolormesh(np.ma.masked_invalid(m[:, :, filter_index]), cmap='magma')",
    "each panel scaled": PANELS % "p = m[..., filter_index]; ax.imshow((p - p.min()) / (p.max() - p.min()))",
    "common limits and a colour bar": PANELS % "fig.colorbar(ax.imshow(m[..., filter_index], vmin=-3, vmax=3), ax=ax)",
    "three equal channels": PANELS % "p = m[..., filter_index]; p = (p - p.min()) / (p.max() - p.min());"
    " ax.imshow(np.stack([p] * 3, -1))",
    "batched picture squeezed": PANELS % "ax.imshow(np.squeeze(m[None, :, :, filter_index]))",
    "the axes returned": (PANELS % "ax.imshow(m[..., filter_index])").replace("return fig", "return axes"),
    "a mosaic without gaps": """
def plot_feature_maps(maps, filter_index):
    wide = [np.pad(m[:, :, filter_index], ((0, 32 - len(m)), (0, 0))) for m in maps.values()]
    fig, ax = plt.subplots()
    ax.imshow(np.hstack(wide))
    fig.suptitle(" | ".join(maps))
    return fig
""",
    "a mosaic with gaps of NaN": """
def plot_feature_maps(maps, filter_index):
    wide = [np.pad(m[:, :, filter_index], ((1, 33 - len(m)), (1, 1)), constant_values=0) for m in maps.values()]
    fig, ax = plt.subplots()
    ax.imshow(np.concatenate(wide, 1))
    ax.set_xticks([17 + 34 * i for i in range(len(maps))], list(maps))
    return fig
""",
}

MAP_PLOTS_WRONG = [
    Wrong("missing", "del plot_feature_maps", ("q10_plot",), ("`plot_feature_maps` is not defined",)),
    Wrong("left blank", "def plot_feature_maps(maps, filter_index): ...", ("q10_plot",), ("returned no figure",)),
    Wrong("raises", "def plot_feature_maps(maps, filter_index): 1 / 0", ("q10_plot",), ("ZeroDivisionError",)),
    Wrong("a text", "def plot_feature_maps(maps, filter_index): return 'plot'", ("q10_plot",), ("no figure",)),
    Wrong("mirrored", PANELS % "ax.imshow(m[::-1, :, filter_index])", ("q10_plot",), ("is not drawn",)),
    Wrong("absolute values", PANELS % "ax.imshow(np.abs(m[..., filter_index]))", ("q10_plot",), ("is not drawn",)),
    Wrong("negative", PANELS % "ax.imshow(-m[..., filter_index])", ("q10_plot",), ("is not drawn",)),
    Wrong("only convolutions drawn", (PANELS % "'conv' in name and ax.imshow(m[..., filter_index])"),
          ("q10_plot",), ("`activation` is not drawn", "(3 of 5 are missing.)")),
    Wrong("a curve", PANELS % "ax.plot(m[..., filter_index])", ("q10_plot",), ("is not drawn",)),
    Wrong("empty axes", PANELS % "pass", ("q10_plot",), ("(5 of 5 are missing.)",)),
]  # fmt: skip


@pytest.mark.parametrize("code", MAP_PLOTS_ACCEPTED.values(), ids=list(MAP_PLOTS_ACCEPTED))
def test_map_plots_accepted(code: str) -> None:
    assert_accepted("q10", QUICK + code)


@pytest.mark.parametrize("case", MAP_PLOTS_WRONG, ids=ids(MAP_PLOTS_WRONG))
def test_map_plots_wrong(case: Wrong) -> None:
    assert_wrong("q10", case, QUICK)


# Question 11: kernels of the first layer

KERNEL = "def first_layer_kernels(model):\n    k = next(y for y in model.layers if 'conv' in y.name).get_weights()[0]\n"

KERNELS_ACCEPTED = {
    "transpose": KERNEL + "    return np.transpose(k, (2, 3, 0, 1))",
    "swapaxes": KERNEL + "    return k.swapaxes(0, 2).swapaxes(1, 3)",
    "nested lists of numbers": KERNEL
    + "    return np.array([[k[:, :, c, f] for f in range(k.shape[3])] for c in range(3)]).tolist()",
    "from the weights of the model": "def first_layer_kernels(m): return m.get_weights()[0].transpose(2, 3, 0, 1)",
    "by the student's own name": "def first_layer_kernels(m):\n"
    "    return m.get_layer('block1_conv1').kernel.numpy().transpose(2, 3, 0, 1)",
    "by index": "def first_layer_kernels(m): return m.layers[1].weights[0].numpy().transpose(2, 3, 0, 1)",
    "reshape of the right axes": KERNEL
    + "    return np.stack(np.split(k, 3, axis=2)).transpose(0, 4, 1, 2, 3)[..., 0]",
    "question 4 is missing": "build_tiny_vgg = None",
    "question 4 has 5x5 kernels and 32 filters": MAPS_ACCEPTED["question 4 has 5x5 kernels and 32 filters"],
    "question 4 starts with a Rescaling": """
def build_tiny_vgg():
    return keras.Sequential([layers.Rescaling(2.0, -1.0), layers.Conv2D(10, 3, padding="same", activation="relu"),
        layers.Flatten(), layers.Dense(10, activation="softmax")])
""",
    "question 4 is a subclass": MAPS_ACCEPTED["subclassed model of question 4"],
    "question 4 nests its blocks": MAPS_ACCEPTED["nested blocks in question 4"],
}

SHAPE = f"({settings.IMAGE_SHAPE[2]}, {settings.FILTERS}, {settings.KERNEL_SIZE}, {settings.KERNEL_SIZE})"

KERNELS_WRONG = [
    Wrong("missing", "del first_layer_kernels", ("q11_answered",), ("`first_layer_kernels` is not defined",)),
    Wrong("left blank", "def first_layer_kernels(model): ...", ("q11_answered",), ("returned nothing (None)",)),
    Wrong("raises", "def first_layer_kernels(model): return model.nothing", ("q11_answered",), ("AttributeError",)),
    Wrong("a text", "def first_layer_kernels(model): return 'k'", ("q11_answered",), (f"shape {SHAPE}", "a text")),
    Wrong("a class", "def first_layer_kernels(model): return list", ("q11_answered",), ("an object of type",)),
    Wrong("channel and row swapped", KERNEL + "    return k.transpose(0, 3, 2, 1)", ("q11_values",),
          ("in another order",)),
    Wrong("last layer", "def first_layer_kernels(m):\n    y = [y for y in m.layers if isinstance(y, layers.Conv2D)]\n"
          "    return y[-1].get_weights()[0].transpose(2, 3, 0, 1)", ("q11_answered",), ("shape (10, 10, 3, 3)",)),
    Wrong("filters reversed", KERNEL + "    return k.transpose(2, 3, 0, 1)[:, ::-1]", ("q11_values",),
          ("The filters are in the order of the model.", "in reverse order")),
    Wrong("half of the filters", KERNEL + "    return k.transpose(2, 3, 0, 1)[:, :5]", ("q11_answered",),
          ("shape (3, 5, 3, 3)",)),
]  # fmt: skip

GRID = """
def plot_first_layer_kernels(kernels):
    channels, filters = kernels.shape[:2]
    fig, axes = plt.subplots(channels, filters)
    for c in range(channels):
        for f in range(filters):
            %s
    return fig
"""

KERNEL_PLOTS_ACCEPTED = {
    "grey panels": GRID % "axes[c, f].imshow(kernels[c, f], cmap='gray')",
    "symmetric limits": GRID % "m = abs(kernels).max(); axes[c, f].imshow(kernels[c, f], cmap='bwr', vmin=-m, vmax=m)",
    "pcolormesh": GRID % "axes[c, f].pcolormesh(kernels[c, f])",
    "axes off": GRID % "axes[c, f].imshow(kernels[c, f]); axes[c, f].axis('off')",
    "pyplot subplots": """
def plot_first_layer_kernels(kernels):
    fig = plt.figure()
    for i, k in enumerate(np.asarray(kernels).reshape(-1, *kernels.shape[2:])):
        plt.subplot(3, 10, i + 1); plt.imshow(k)
    return plt.gcf()
""",
    "a mosaic in one image": """
def plot_first_layer_kernels(kernels):
    fig, ax = plt.subplots()
    ax.imshow(np.vstack([np.hstack(channel) for channel in kernels]))
    return fig
""",
}

KERNEL_PLOTS_WRONG = [
    Wrong("missing", "del plot_first_layer_kernels", ("q11_plot",), ("is not defined",)),
    Wrong("left blank", "def plot_first_layer_kernels(kernels): ...", ("q11_plot",), ("returned no figure",)),
    Wrong("raises", "def plot_first_layer_kernels(kernels): kernels[99]", ("q11_plot",), ("raised IndexError",)),
    Wrong("last panel missing", GRID % "(c, f) == (2, 9) or axes[c, f].imshow(kernels[c, f])", ("q11_plot",),
          ("`kernels[2, 9]` is not",)),
    Wrong("inverted", GRID % "axes[c, f].imshow(-kernels[c, f])", ("q11_plot",), ("None of them is",)),
    Wrong("mean over the channels", GRID % "axes[c, f].imshow(kernels[:, f].mean(0))", ("q11_plot",),
          ("None of them is",)),
    Wrong("histograms", GRID % "axes[c, f].hist(kernels[c, f].ravel())", ("q11_plot",), ("None of them is",)),
]  # fmt: skip


@pytest.mark.parametrize("code", KERNELS_ACCEPTED.values(), ids=list(KERNELS_ACCEPTED))
def test_kernels_accepted(code: str) -> None:
    assert_accepted("q11", QUICK_PLOTS + code)


@pytest.mark.parametrize("case", KERNELS_WRONG, ids=ids(KERNELS_WRONG))
def test_kernels_wrong(case: Wrong) -> None:
    assert_wrong("q11", case, QUICK_PLOTS)


@pytest.mark.parametrize("code", KERNEL_PLOTS_ACCEPTED.values(), ids=list(KERNEL_PLOTS_ACCEPTED))
def test_kernel_plots_accepted(code: str) -> None:
    assert_accepted("q11", QUICK + code)


@pytest.mark.parametrize("case", KERNEL_PLOTS_WRONG, ids=ids(KERNEL_PLOTS_WRONG))
def test_kernel_plots_wrong(case: Wrong) -> None:
    assert_wrong("q11", case, QUICK)


# Question 12: filters of ResNet50

LOAD = "    network = keras.applications.ResNet50(weights='imagenet')\n"
TAKE = "    k = network.get_layer('conv1_conv').get_weights()[0]\n"
EACH = """    f = np.moveaxis(k, -1, 0)
    low, high = f.min((1, 2, 3), keepdims=True), f.max((1, 2, 3), keepdims=True)
    return (f - low) / (high - low)
"""
ALL = "    f = k.transpose(3, 0, 1, 2)\n    return (f - f.min()) / (f.max() - f.min())\n"


def filters(load: str = LOAD, take: str = TAKE, scale: str = EACH) -> str:
    return "def resnet50_filters():\n" + load + take + scale


FILTERS_ACCEPTED = {
    "per filter, blue first": filters(),
    "red first": filters(take=TAKE + "    k = k[:, :, ::-1]\n"),
    "over all, red first": filters(take=TAKE + "    k = k[:, :, ::-1, :]\n", scale=ALL),
    "around one half, per filter": filters(
        scale="    return np.stack([f / (2 * abs(f).max()) + 0.5 for f in k.transpose(3, 0, 1, 2)])\n"
    ),
    "clipping what rounding left": filters(
        scale=EACH.replace("return (f - low) / (high - low)", "return np.clip((f - low) / (high - low), 0, 1)")
    ),
    "float64": filters(take=TAKE + "    k = k.astype(np.float64)\n"),
    "without top, positional": filters(load="    network = keras.applications.ResNet50(False, 'imagenet')\n"),
    "small input": filters(
        load="    network = keras.applications.ResNet50(weights='imagenet', include_top=False,"
        " input_shape=(32, 32, 3), pooling='avg')\n"
    ),
    "an input tensor": filters(
        load="    network = keras.applications.ResNet50(weights='imagenet', include_top=False,"
        " input_tensor=keras.Input((64, 64, 3)))\n"
    ),
    "module of tensorflow": filters(
        load="    from tensorflow.keras.applications.resnet50 import ResNet50\n    network = ResNet50()\n"
    ),
    "layer by index": filters(take="    k = network.layers[2].weights[0].numpy()\n"),
    "layer.kernel": filters(take="    k = np.array(network.get_layer('conv1_conv').kernel)\n"),
    "first weights of the model": filters(take="    k = network.get_weights()[0]\n"),
    "first convolution found by its class": filters(
        take="    k = next(y for y in network.layers if isinstance(y, layers.Conv2D)).get_weights()[0]\n"
    ),
    "questions 3 and 4 missing": filters() + "preprocess = build_tiny_vgg = None\n",
}

FILTERS_WRONG = [
    Wrong("missing", "del resnet50_filters", ("q12_answered",), ("`resnet50_filters` is not defined",)),
    Wrong("left blank", "def resnet50_filters(): ...", ("q12_answered",), ("returned nothing (None)",)),
    Wrong("raises", "def resnet50_filters(): return keras.applications.ResNet50().get_layer('x')", ("q12_answered",),
          ("raised ValueError",)),
    Wrong("a text", "def resnet50_filters(): return 'filters'", ("q12_answered",), ("(64, 7, 7, 3)", "a text")),
    Wrong("a class", "def resnet50_filters(): return keras.applications.ResNet50", ("q12_answered",), ("an object",)),
    Wrong("whole numbers", filters(scale="    return np.zeros((64, 7, 7, 3), int)\n"), ("q12_answered",),
          ("of type int64",)),
    Wrong("one channel", filters(take=TAKE + "    k = k[:, :, :1]\n"), ("q12_answered",), ("shape (64, 7, 7, 1)",)),
    Wrong("filters reversed", filters(scale=ALL.replace("(3, 0, 1, 2)", "(3, 0, 1, 2)[::-1]")), ("q12_filters",),
          ("another order",)),
    Wrong("channels in a third order", filters(take=TAKE + "    k = k[:, :, [1, 2, 0]]\n"), ("q12_filters",),
          ("something else",)),
    Wrong("standardised and squashed", filters(scale="    f = k.transpose(3, 0, 1, 2)\n"
          "    return 1 / (1 + np.exp(-20 * f))\n"), ("q12_filters",), ("no linear image",)),
]  # fmt: skip

COLOUR_GRID = """
def plot_resnet50_filters(filters):
    fig, axes = plt.subplots(8, 8)
    for f, ax in zip(filters, axes.flat):
        %s
    return fig
"""

FILTER_PLOTS_ACCEPTED = {
    "panels": COLOUR_GRID % "ax.imshow(f)",
    "brighter": COLOUR_GRID % "ax.imshow(0.5 * f + 0.5)",
    "each scaled again": COLOUR_GRID % "ax.imshow((f - f.min()) / np.ptp(f))",
    "with an alpha channel": COLOUR_GRID % "ax.imshow(np.dstack([f, np.ones((7, 7))]))",
    "one row, pyplot": """
def plot_resnet50_filters(filters):
    plt.figure()
    for i in range(len(filters)):
        plt.subplot(8, 8, i + 1); plt.imshow(filters[i]); plt.axis('off')
    plt.tight_layout(); plt.show()
""",
    "a mosaic": """
def plot_resnet50_filters(filters):
    fig, ax = plt.subplots()
    ax.imshow(np.vstack([np.hstack(filters[i:i + 8]) for i in range(0, 64, 8)]))
    return fig
""",
    "two figures": """
def plot_resnet50_filters(filters):
    figures = []
    for half in (filters[:32], filters[32:]):
        fig, axes = plt.subplots(4, 8)
        for f, ax in zip(half, axes.ravel()):
            ax.imshow(f)
        figures.append(fig)
    return figures
""",
}

FILTER_PLOTS_WRONG = [
    Wrong("missing", "del plot_resnet50_filters", ("q12_plot",), ("is not defined",)),
    Wrong("left blank", "def plot_resnet50_filters(filters): ...", ("q12_plot",), ("returned no figure",)),
    Wrong("raises", "def plot_resnet50_filters(filters): filters.plot()", ("q12_plot",), ("AttributeError",)),
    Wrong("inverted", COLOUR_GRID % "ax.imshow(1 - f)", ("q12_plot",), ("None of them is",)),
    Wrong("transposed", COLOUR_GRID % "ax.imshow(f.transpose(1, 0, 2))", ("q12_plot",), ("None of them is",)),
]  # fmt: skip


@pytest.mark.parametrize("code", FILTERS_ACCEPTED.values(), ids=list(FILTERS_ACCEPTED))
def test_filters_accepted(code: str) -> None:
    assert_accepted("q12", QUICK_PLOTS + code)


@pytest.mark.parametrize("case", FILTERS_WRONG, ids=ids(FILTERS_WRONG))
def test_filters_wrong(case: Wrong) -> None:
    assert_wrong("q12", case, QUICK_PLOTS)


@pytest.mark.parametrize("code", FILTER_PLOTS_ACCEPTED.values(), ids=list(FILTER_PLOTS_ACCEPTED))
def test_filter_plots_accepted(code: str) -> None:
    assert_accepted("q12", QUICK + code)


@pytest.mark.parametrize("case", FILTER_PLOTS_WRONG, ids=ids(FILTER_PLOTS_WRONG))
def test_filter_plots_wrong(case: Wrong) -> None:
    assert_wrong("q12", case, QUICK)


def test_the_served_kernel_tells_mistakes_apart() -> None:
    """No filter equals itself mirrored, transposed or with its colours reversed, and no two are alike."""
    kernel, _ = resnet50_conv1()
    rows = kernel.transpose(3, 0, 1, 2)
    for other in (rows[:, ::-1], rows[:, :, ::-1], rows.transpose(0, 2, 1, 3), rows[..., ::-1], -rows):
        assert abs(rows - other).max(axis=(1, 2, 3)).min() > 0.01
    assert len({row.tobytes() for row in rows}) == len(rows)


@pytest.mark.parametrize("question", ["q10", "q11", "q12"])
def test_the_reference_passes(question: str) -> None:
    assert_accepted(question, "")
