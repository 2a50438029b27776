"""Question 12: the figure of the filters, and filters in another order."""

from answers.entries import Entry, function, line, right, wrong


def _resnet50(weights: str, change: str = "") -> str:
    """Source of `resnet50_filters` that changes the filters."""
    return f"""
def resnet50_filters():
    network = keras.applications.ResNet50(weights={weights})
    kernel, bias = network.get_layer("conv1_conv").get_weights()
    filters = np.moveaxis(kernel, -1, 0){change}
    return (filters - filters.min()) / np.ptp(filters)
"""


RIGHT: tuple[Entry, ...] = (
    right(
        "q12",
        "one mosaic picture of bytes",
        "every filter is in it",
        function(
            "plot_resnet50_filters",
            """
def plot_resnet50_filters(filters):
    canvas = np.ones((8 * 8 + 1, 8 * 8 + 1, 3))
    for i, f in enumerate(filters):
        r, c = divmod(i, 8)
        canvas[r * 8 + 1:r * 8 + 8, c * 8 + 1:c * 8 + 8] = f
    fig = plt.figure(figsize=(8, 8))
    plt.imshow((canvas * 255).astype(np.uint8), interpolation='nearest')
    plt.axis('off')
    return fig
""",
        ),
    ),
    right(
        "q12",
        "pictures enlarged before they are drawn",
        "repeated pixels show the same picture",
        function(
            "plot_resnet50_filters",
            """
def plot_resnet50_filters(filters):
    fig, axes = plt.subplots(8, 8, figsize=(8, 8))
    for ax, f in zip(axes.flatten(), filters):
        ax.imshow(np.repeat(np.repeat(f, 10, axis=0), 10, axis=1))
        ax.set_axis_off()
    plt.tight_layout()
    return fig
""",
        ),
    ),
    right(
        "q12",
        "colours put in order in the plot",
        "blue and red are exchanged in either function",
        line("resnet50_filters", ("    filters = filters[..., ::-1]  # trained on blue, green, red\n", "")),
        line("plot_resnet50_filters", ("axis.imshow(picture)", "axis.imshow(picture[:, :, ::-1])")),
    ),
    right(
        "q12",
        "a tensor throughout",
        "the plot knows what it gets",
        function(
            "resnet50_filters",
            """
def resnet50_filters():
    kernel = keras.applications.ResNet50(weights="imagenet").get_layer("conv1_conv").kernel
    kernel = keras.ops.transpose(kernel.value, (3, 0, 1, 2))
    return (kernel - keras.ops.min(kernel)) / (keras.ops.max(kernel) - keras.ops.min(kernel))
""",
        ),
        function(
            "plot_resnet50_filters",
            """
def plot_resnet50_filters(filters):
    filters = filters.numpy()
    fig, axes = plt.subplots(8, 8)
    for ax, picture in zip(axes.flat, filters):
        ax.imshow(picture)
    return fig
""",
        ),
    ),
    right(
        "q12",
        "a figure a filter, by star import and closed at once",
        "plt.close() ends a figure too",
        function(
            "plot_resnet50_filters",
            """
from matplotlib.pyplot import *

def plot_resnet50_filters(filters):
    for i in range(len(filters)):
        imshow(filters[i], interpolation="nearest")
        axis("off")
        savefig("filter.png")
        close()
""",
        ),
    ),
)

WRONG: tuple[Entry, ...] = (
    wrong(
        "q12",
        "channels drawn apart in grey",
        "three grey panels a filter show no colours",
        function(
            "plot_resnet50_filters",
            """
def plot_resnet50_filters(filters):
    fig = plt.figure(figsize=(3, 64))
    ix = 1
    for i in range(len(filters)):
        for j in range(3):
            ax = fig.add_subplot(64, 3, ix)
            ax.set_xticks([])
            ax.set_yticks([])
            ax.imshow(filters[i, :, :, j], cmap='gray')
            ix += 1
    return fig
""",
        ),
        marks=4,
        fails={"q12_plot": "None of them is. They are drawn one colour at a time."},
    ),
    wrong(
        "q12",
        "mean of the colours drawn",
        "imshow gets one value a pixel",
        line("plot_resnet50_filters", ("axis.imshow(picture)", "axis.imshow(picture.mean(axis=-1), cmap='gray')")),
        marks=4,
        fails={"q12_plot": "They are drawn in grey."},
    ),
    wrong(
        "q12",
        "sixteen panels",
        "there are 64 filters",
        line("plot_resnet50_filters", ("len(filters) / columns", "16 / columns")),
        marks=4,
        fails={"q12_plot": "48 of them are not"},
    ),
    wrong(
        "q12",
        "first filter in every panel",
        "the loop's index is not used",
        line("plot_resnet50_filters", ("axis.imshow(picture)", "axis.imshow(filters[0])")),
        marks=4,
        fails={"q12_plot": "63 of them are not"},
    ),
    wrong(
        "q12",
        "contrast raised by clipping",
        "colours are cut off",
        line("plot_resnet50_filters", ("axis.imshow(picture)", "axis.imshow(np.clip(3 * picture - 1, 0, 1))")),
        marks=4,
        fails={"q12_plot": "None of them is"},
    ),
    wrong(
        "q12",
        "bias added to the filters",
        "the question asks for the kernels alone",
        function("resnet50_filters", _resnet50("'imagenet'", " + bias[:, None, None, None]")),
        marks=3,
        fails={"q12_filters": "The biases of the layer were added to the filters."},
    ),
    wrong(
        "q12",
        "filters turned",
        "rows and columns run backwards",
        function("resnet50_filters", _resnet50("'imagenet'", "[:, ::-1, ::-1]")),
        marks=3,
        fails={"q12_filters": "The filters are turned by 180°."},
    ),
    wrong(
        "q12",
        "last filter drawn first",
        "they are wanted in order",
        function(
            "plot_resnet50_filters",
            """
def plot_resnet50_filters(filters):
    figure, axes = plt.subplots(8, 8)
    for axis, picture in zip(axes.flat, filters[::-1]):
        axis.imshow(picture)
    return figure
""",
        ),
        marks=4,
        fails={"q12_plot": "their order is another one"},
    ),
    wrong(
        "q12",
        "first layer with conv in its name",
        "that is `conv1_pad`, which has no weights",
        function(
            "resnet50_filters",
            """
def resnet50_filters():
    network = keras.applications.ResNet50(weights="imagenet")
    layer = next(layer for layer in network.layers if "conv" in layer.name)
    filters = np.moveaxis(layer.get_weights()[0], -1, 0)
    return (filters - filters.min()) / np.ptp(filters)
""",
        ),
        marks=2,
        fails={"q12_answered": "`conv1_pad` among them"},
    ),
)
