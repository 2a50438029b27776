"""Question 11: kernels and figures in rarer forms; snippets."""

from answers.entries import Entry, code, right, wrong
from answers.q10_parts import LARGE, NESTED, SUBCLASS
from answers.quick import with_network, with_plots
from lab import settings

KERNEL = "def first_layer_kernels(model):\n    k = next(y for y in model.layers if 'conv' in y.name).get_weights()[0]\n"
SHAPE = f"({settings.IMAGE_SHAPE[2]}, {settings.FILTERS}, {settings.KERNEL_SIZE}, {settings.KERNEL_SIZE})"
GRID = """
def plot_first_layer_kernels(kernels):
    channels, filters = kernels.shape[:2]
    fig, axes = plt.subplots(channels, filters)
    for c in range(channels):
        for f in range(filters):
            %s
    return fig
"""


RIGHT: tuple[Entry, ...] = (
    right("q11", "the solution itself", "it is the answer", code("")),
    right(
        "q11",
        "transposed by numpy.transpose",
        "channels and filters come first",
        with_plots(KERNEL + "    return np.transpose(k, (2, 3, 0, 1))"),
    ),
    right(
        "q11",
        "axes swapped twice",
        "channels and filters come first",
        with_plots(KERNEL + "    return k.swapaxes(0, 2).swapaxes(1, 3)"),
    ),
    right(
        "q11",
        "nested lists of numbers",
        "they are read as an array",
        with_plots(
            KERNEL + "    return np.array([[k[:, :, c, f] for f in range(k.shape[3])] for c in range(3)]).tolist()"
        ),
    ),
    right(
        "q11",
        "first weights of the model",
        "they are the kernels",
        with_plots("def first_layer_kernels(m): return m.get_weights()[0].transpose(2, 3, 0, 1)"),
    ),
    right(
        "q11",
        "layer found by its name",
        "the name is the student's own",
        with_plots(
            "def first_layer_kernels(m):\n    return m.get_layer('block1_conv1').kernel.numpy().transpose(2, 3, 0, 1)"
        ),
    ),
    right(
        "q11",
        "layer found by its number",
        "the first one is the input",
        with_plots("def first_layer_kernels(m): return m.layers[1].weights[0].numpy().transpose(2, 3, 0, 1)"),
    ),
    right(
        "q11",
        "split and stacked",
        "channels and filters come first",
        with_plots(KERNEL + "    return np.stack(np.split(k, 3, axis=2)).transpose(0, 4, 1, 2, 3)[..., 0]"),
    ),
    right("q11", "question 4 left out", "it costs nothing here", with_plots("build_tiny_vgg = None")),
    right("q11", "question 4 has larger kernels and more filters", "it costs nothing here", with_plots(LARGE)),
    right(
        "q11",
        "question 4 starts with a rescaling layer",
        "the first layer with kernels is meant",
        with_plots("""
def build_tiny_vgg():
    return keras.Sequential([layers.Rescaling(2.0, -1.0), layers.Conv2D(10, 3, padding="same", activation="relu"),
        layers.Flatten(), layers.Dense(10, activation="softmax")])
"""),
    ),
    right("q11", "question 4 is a subclass", "another network is then looked into", with_plots(SUBCLASS)),
    right("q11", "question 4 nests its blocks", "another network is then looked into", with_plots(NESTED)),
    right(
        "q11",
        "panels in grey",
        "colours are free",
        with_network(GRID % "axes[c, f].imshow(kernels[c, f], cmap='gray')"),
    ),
    right(
        "q11",
        "symmetric limits",
        "colours are free",
        with_network(GRID % "m = abs(kernels).max(); axes[c, f].imshow(kernels[c, f], cmap='bwr', vmin=-m, vmax=m)"),
    ),
    right(
        "q11",
        "panels by pcolormesh",
        "they show the same values",
        with_network(GRID % "axes[c, f].pcolormesh(kernels[c, f])"),
    ),
    right(
        "q11",
        "axes switched off",
        "names are not asked for",
        with_network(GRID % "axes[c, f].imshow(kernels[c, f]); axes[c, f].axis('off')"),
    ),
    right(
        "q11",
        "panels by pyplot",
        "it has a current figure",
        with_network("""
def plot_first_layer_kernels(kernels):
    fig = plt.figure()
    for i, k in enumerate(np.asarray(kernels).reshape(-1, *kernels.shape[2:])):
        plt.subplot(3, 10, i + 1); plt.imshow(k)
    return plt.gcf()
"""),
    ),
    right(
        "q11",
        "mosaic in one picture",
        "every kernel is found in it",
        with_network("""
def plot_first_layer_kernels(kernels):
    fig, ax = plt.subplots()
    ax.imshow(np.vstack([np.hstack(channel) for channel in kernels]))
    return fig
"""),
    ),
)

WRONG: tuple[Entry, ...] = (
    wrong(
        "q11",
        "kernels left out",
        "the notebook does not define the function",
        with_plots("del first_layer_kernels"),
        marks=2,
        fails={"q11_answered": "`first_layer_kernels` is not defined"},
    ),
    wrong(
        "q11",
        "kernels left as they came",
        "nothing is returned",
        with_plots("def first_layer_kernels(model): ..."),
        marks=2,
        fails={"q11_answered": "returned nothing (None)"},
    ),
    wrong(
        "q11",
        "kernels raise an error",
        "nothing is returned",
        with_plots("def first_layer_kernels(model): return model.nothing"),
        marks=2,
        fails={"q11_answered": "AttributeError"},
    ),
    wrong(
        "q11",
        "kernels as a text",
        "an array is asked for",
        with_plots("def first_layer_kernels(model): return 'k'"),
        marks=2,
        fails={"q11_answered": "shape (3, 10, 3, 3).\nFound: It is a text"},
    ),
    wrong(
        "q11",
        "class and not kernels",
        "an array is asked for",
        with_plots("def first_layer_kernels(model): return list"),
        marks=2,
        fails={"q11_answered": "an object of type"},
    ),
    wrong(
        "q11",
        "channel and row swapped",
        "channels come first",
        with_plots(KERNEL + "    return k.transpose(0, 3, 2, 1)"),
        marks=3,
        fails={"q11_values": "in another order"},
    ),
    wrong(
        "q11",
        "kernels of the last convolution",
        "those of the first one are asked for",
        with_plots(
            "def first_layer_kernels(m):\n"
            "    y = [y for y in m.layers if isinstance(y, layers.Conv2D)]\n"
            "    return y[-1].get_weights()[0].transpose(2, 3, 0, 1)"
        ),
        marks=2,
        fails={"q11_answered": "shape (10, 10, 3, 3)"},
    ),
    wrong(
        "q11",
        "filters reversed",
        "they have the order of the model",
        with_plots(KERNEL + "    return k.transpose(2, 3, 0, 1)[:, ::-1]"),
        marks=3,
        fails={"q11_values": "The filters are in the order of the model.\nFound: They are in reverse order"},
    ),
    wrong(
        "q11",
        "figure left out",
        "the notebook does not define the function",
        with_network("del plot_first_layer_kernels"),
        marks=3,
        fails={"q11_plot": "is not defined"},
    ),
    wrong(
        "q11",
        "figure left as it came",
        "nothing is drawn",
        with_network("def plot_first_layer_kernels(kernels): ..."),
        marks=3,
        fails={"q11_plot": "returned no figure"},
    ),
    wrong(
        "q11",
        "figure raises an error",
        "nothing is drawn",
        with_network("def plot_first_layer_kernels(kernels): kernels[99]"),
        marks=3,
        fails={"q11_plot": "raised IndexError"},
    ),
    wrong(
        "q11",
        "last panel missing",
        "every kernel is asked for",
        with_network(GRID % "(c, f) == (2, 9) or axes[c, f].imshow(kernels[c, f])"),
        marks=3,
        fails={"q11_plot": "`kernels[2, 9]` is not"},
    ),
    wrong(
        "q11",
        "negative kernels drawn",
        "light and dark are exchanged",
        with_network(GRID % "axes[c, f].imshow(-kernels[c, f])"),
        marks=3,
        fails={"q11_plot": "None of them is"},
    ),
    wrong(
        "q11",
        "mean over the channels drawn",
        "each channel is asked for",
        with_network(GRID % "axes[c, f].imshow(kernels[:, f].mean(0))"),
        marks=3,
        fails={"q11_plot": "None of them is"},
    ),
    wrong(
        "q11",
        "histograms of the kernels",
        "pictures are asked for",
        with_network(GRID % "axes[c, f].hist(kernels[c, f].ravel())"),
        marks=3,
        fails={"q11_plot": "None of them is"},
    ),
)
