"""Question 12: filters and figures in rarer forms; snippets."""

from answers.entries import Entry, code, right, wrong
from answers.quick import with_network, with_plots

LOAD = "    network = keras.applications.ResNet50(weights='imagenet')\n"
TAKE = "    k = network.get_layer('conv1_conv').get_weights()[0]\n"
EACH = """    f = np.moveaxis(k, -1, 0)
    low, high = f.min((1, 2, 3), keepdims=True), f.max((1, 2, 3), keepdims=True)
    return (f - low) / (high - low)
"""
ALL = "    f = k.transpose(3, 0, 1, 2)\n    return (f - f.min()) / (f.max() - f.min())\n"


def filters(load: str = LOAD, take: str = TAKE, scale: str = EACH) -> str:
    """Source of `resnet50_filters` in three steps."""
    return "def resnet50_filters():\n" + load + take + scale


COLOUR_GRID = """
def plot_resnet50_filters(filters):
    fig, axes = plt.subplots(8, 8)
    for f, ax in zip(filters, axes.flat):
        %s
    return fig
"""


RIGHT: tuple[Entry, ...] = (
    right("q12", "the solution itself", "it is the answer", code("")),
    right("q12", "each filter scaled, blue first", "either order of the colours will do", with_plots(filters())),
    right(
        "q12",
        "each filter scaled, red first",
        "either order of the colours will do",
        with_plots(filters(take=TAKE + "    k = k[:, :, ::-1]\n")),
    ),
    right(
        "q12",
        "scaled over all filters, red first",
        "either way of scaling will do",
        with_plots(filters(take=TAKE + "    k = k[:, :, ::-1, :]\n", scale=ALL)),
    ),
    right(
        "q12",
        "each filter scaled around one half",
        "zero is then grey",
        with_plots(
            filters(scale="    return np.stack([f / (2 * abs(f).max()) + 0.5 for f in k.transpose(3, 0, 1, 2)])\n")
        ),
    ),
    right(
        "q12",
        "clipped after scaling",
        "it removes what rounding left",
        with_plots(
            filters(
                scale=EACH.replace("return (f - low) / (high - low)", "return np.clip((f - low) / (high - low), 0, 1)")
            )
        ),
    ),
    right(
        "q12", "double precision", "any floats do", with_plots(filters(take=TAKE + "    k = k.astype(np.float64)\n"))
    ),
    right(
        "q12",
        "without top, by position",
        "the first layers are the same",
        with_plots(filters(load="    network = keras.applications.ResNet50(False, 'imagenet')\n")),
    ),
    right(
        "q12",
        "small input and pooling at the end",
        "the first layers are the same",
        with_plots(
            filters(
                load="    network = keras.applications.ResNet50(weights='imagenet', include_top=False,"
                " input_shape=(32, 32, 3), pooling='avg')\n"
            )
        ),
    ),
    right(
        "q12",
        "input tensor of its own",
        "the first layers are the same",
        with_plots(
            filters(
                load="    network = keras.applications.ResNet50(weights='imagenet', include_top=False,"
                " input_tensor=keras.Input((64, 64, 3)))\n"
            )
        ),
    ),
    right(
        "q12",
        "module of tf.keras",
        "it is the same network",
        with_plots(
            filters(load="    from tensorflow.keras.applications.resnet50 import ResNet50\n    network = ResNet50()\n")
        ),
    ),
    right(
        "q12",
        "layer found by its number",
        "it is the first convolution",
        with_plots(filters(take="    k = network.layers[2].weights[0].numpy()\n")),
    ),
    right(
        "q12",
        "kernel attribute of the layer",
        "it is the first convolution",
        with_plots(filters(take="    k = np.array(network.get_layer('conv1_conv').kernel)\n")),
    ),
    right(
        "q12",
        "first weights of the model",
        "they are those of the first convolution",
        with_plots(filters(take="    k = network.get_weights()[0]\n")),
    ),
    right(
        "q12",
        "first convolution found by its class",
        "it is the one",
        with_plots(
            filters(take="    k = next(y for y in network.layers if isinstance(y, layers.Conv2D)).get_weights()[0]\n")
        ),
    ),
    right(
        "q12",
        "questions 3 and 4 left out",
        "they cost nothing here",
        with_plots(filters() + "preprocess = build_tiny_vgg = None\n"),
    ),
    right("q12", "panels", "a filter a panel", with_network(COLOUR_GRID % "ax.imshow(f)")),
    right(
        "q12",
        "panels made brighter",
        "a linear map shows the same",
        with_network(COLOUR_GRID % "ax.imshow(0.5 * f + 0.5)"),
    ),
    right(
        "q12",
        "each filter scaled again",
        "a linear map shows the same",
        with_network(COLOUR_GRID % "ax.imshow((f - f.min()) / np.ptp(f))"),
    ),
    right(
        "q12",
        "panels with an alpha channel",
        "the colours are the same",
        with_network(COLOUR_GRID % "ax.imshow(np.dstack([f, np.ones((7, 7))]))"),
    ),
    right(
        "q12",
        "panels by pyplot, nothing returned",
        "a figure that is left open counts",
        with_network("""
def plot_resnet50_filters(filters):
    plt.figure()
    for i in range(len(filters)):
        plt.subplot(8, 8, i + 1); plt.imshow(filters[i]); plt.axis('off')
    plt.tight_layout(); plt.show()
"""),
    ),
    right(
        "q12",
        "mosaic in one picture",
        "every filter is found in it",
        with_network("""
def plot_resnet50_filters(filters):
    fig, ax = plt.subplots()
    ax.imshow(np.vstack([np.hstack(filters[i:i + 8]) for i in range(0, 64, 8)]))
    return fig
"""),
    ),
    right(
        "q12",
        "two figures in a list",
        "all filters are in one of them",
        with_network("""
def plot_resnet50_filters(filters):
    figures = []
    for half in (filters[:32], filters[32:]):
        fig, axes = plt.subplots(4, 8)
        for f, ax in zip(half, axes.ravel()):
            ax.imshow(f)
        figures.append(fig)
    return figures
"""),
    ),
)

WRONG: tuple[Entry, ...] = (
    wrong(
        "q12",
        "filters left out",
        "the notebook does not define the function",
        with_plots("del resnet50_filters"),
        marks=2,
        fails={"q12_answered": "`resnet50_filters` is not defined"},
    ),
    wrong(
        "q12",
        "filters left as they came",
        "nothing is returned",
        with_plots("def resnet50_filters(): ..."),
        marks=2,
        fails={"q12_answered": "returned nothing (None)"},
    ),
    wrong(
        "q12",
        "a layer that is not there",
        "nothing is returned",
        with_plots("def resnet50_filters(): return keras.applications.ResNet50().get_layer('x')"),
        marks=2,
        fails={"q12_answered": "raised ValueError"},
    ),
    wrong(
        "q12",
        "filters as a text",
        "an array is asked for",
        with_plots("def resnet50_filters(): return 'filters'"),
        marks=2,
        fails={"q12_answered": "(64, 7, 7, 3).\nFound: It is a text"},
    ),
    wrong(
        "q12",
        "class and not filters",
        "an array is asked for",
        with_plots("def resnet50_filters(): return keras.applications.ResNet50"),
        marks=2,
        fails={"q12_answered": "an object"},
    ),
    wrong(
        "q12",
        "noughts as whole numbers",
        "floats from 0 to 1 are asked for",
        with_plots(filters(scale="    return np.zeros((64, 7, 7, 3), int)\n")),
        marks=2,
        fails={"q12_answered": "of type int64"},
    ),
    wrong(
        "q12",
        "one channel of three",
        "colours are asked for",
        with_plots(filters(take=TAKE + "    k = k[:, :, :1]\n")),
        marks=2,
        fails={"q12_answered": "shape (64, 7, 7, 1)"},
    ),
    wrong(
        "q12",
        "filters in reverse order",
        "they have the order of the network",
        with_plots(filters(scale=ALL.replace("(3, 0, 1, 2)", "(3, 0, 1, 2)[::-1]"))),
        marks=3,
        fails={"q12_filters": "another order"},
    ),
    wrong(
        "q12",
        "colours in a third order",
        "they are neither of the two orders",
        with_plots(filters(take=TAKE + "    k = k[:, :, [1, 2, 0]]\n")),
        marks=3,
        fails={"q12_filters": "something else"},
    ),
    wrong(
        "q12",
        "squashed by a sigmoid",
        "a linear map is asked for",
        with_plots(filters(scale="    f = k.transpose(3, 0, 1, 2)\n    return 1 / (1 + np.exp(-20 * f))\n")),
        marks=3,
        fails={"q12_filters": "no linear image"},
    ),
    wrong(
        "q12",
        "figure left out",
        "the notebook does not define the function",
        with_network("del plot_resnet50_filters"),
        marks=4,
        fails={"q12_plot": "is not defined"},
    ),
    wrong(
        "q12",
        "figure left as it came",
        "nothing is drawn",
        with_network("def plot_resnet50_filters(filters): ..."),
        marks=4,
        fails={"q12_plot": "returned no figure"},
    ),
    wrong(
        "q12",
        "figure raises an error",
        "nothing is drawn",
        with_network("def plot_resnet50_filters(filters): filters.plot()"),
        marks=4,
        fails={"q12_plot": "AttributeError"},
    ),
    wrong(
        "q12",
        "negative filters drawn",
        "light and dark are exchanged",
        with_network(COLOUR_GRID % "ax.imshow(1 - f)"),
        marks=4,
        fails={"q12_plot": "None of them is"},
    ),
    wrong(
        "q12",
        "transposed filters drawn",
        "they lie on their side",
        with_network(COLOUR_GRID % "ax.imshow(f.transpose(1, 0, 2))"),
        marks=4,
        fails={"q12_plot": "None of them is"},
    ),
)
