"""Question 11: the figure of the kernels, and kernels in other forms."""

from answers.entries import Entry, function, line, right, wrong

PANEL = "axis.imshow(kernels[channel, number],"


def _first_layer(returned: str) -> str:
    """Source of `first_layer_kernels` that returns an expression of `kernel` and `bias`."""
    return f"""
def first_layer_kernels(model):
    kernel, bias = next(y for y in model.layers if isinstance(y, layers.Conv2D)).get_weights()
    return {returned}
"""


RIGHT: tuple[Entry, ...] = (
    right(
        "q11",
        "one grey figure a channel",
        "several figures hold every panel",
        function(
            "plot_first_layer_kernels",
            """
def plot_first_layer_kernels(kernels):
    figures = []
    for channel, colour in zip(kernels, ("red", "green", "blue")):
        fig, axes = plt.subplots(2, 5)
        fig.suptitle(colour)
        for kernel, ax in zip(channel, axes.ravel()):
            ax.imshow(kernel, cmap="gray", vmin=kernels.min(), vmax=kernels.max())
            ax.axis("off")
        figures.append(fig)
    return figures
""",
        ),
    ),
    right(
        "q11",
        "a mosaic with frames in blue and red",
        "a colour map applied beforehand, and pixels repeated",
        function(
            "plot_first_layer_kernels",
            """
def plot_first_layer_kernels(kernels):
    limit = np.abs(kernels).max()
    coloured = plt.get_cmap("coolwarm")(0.5 + kernels / (2 * limit), bytes=True)[..., :3]
    big = coloured.repeat(16, axis=2).repeat(16, axis=3)
    framed = np.pad(big, ((0, 0), (0, 0), (2, 2), (2, 2), (0, 0)), constant_values=255)
    mosaic = np.concatenate([np.concatenate(list(row), axis=1) for row in framed], axis=0)
    fig, ax = plt.subplots(figsize=(10, 3))
    ax.imshow(mosaic)
    ax.axis("off")
    return fig
""",
        ),
    ),
    right(
        "q11",
        "filters down and channels across",
        "the layout is free",
        function(
            "plot_first_layer_kernels",
            """
def plot_first_layer_kernels(kernels):
    n_channels, n_filters = kernels.shape[0], kernels.shape[1]
    plt.figure(figsize=(3, 10))
    ix = 1
    for f in range(n_filters):
        for c in range(n_channels):
            ax = plt.subplot(n_filters, n_channels, ix)
            ax.set_xticks([])
            ax.set_yticks([])
            k = kernels[c, f]
            plt.imshow((k - k.min()) / (k.max() - k.min()), cmap='gray')
            ix += 1
    plt.show()
""",
        ),
    ),
    right(
        "q11",
        "one figure, shown and cleared for each channel",
        "what was shown counts as it was then",
        function(
            "plot_first_layer_kernels",
            """
def plot_first_layer_kernels(kernels):
    fig = plt.figure(figsize=(10, 1.5))
    for channel, name in zip(kernels, ["red", "green", "blue"]):
        for i, kernel in enumerate(channel, 1):
            fig.add_subplot(1, len(channel), i).matshow(kernel, cmap="gray")
        fig.suptitle(name)
        fig.show()
        fig.clear()
""",
        ),
    ),
    right(
        "q11",
        "seaborn's heat maps of kernels",
        "colours around zero, sparse axes",
        function(
            "plot_first_layer_kernels",
            """
import seaborn as sns
def plot_first_layer_kernels(kernels):
    fig, axes = plt.subplots(*kernels.shape[:2], figsize=(10, 3))
    for c in range(kernels.shape[0]):
        for f in range(kernels.shape[1]):
            sns.heatmap(kernels[c, f], ax=axes[c, f], cmap="coolwarm", center=0, cbar=False, square=True)
            if c == 0:
                axes[c, f].set_title(f"filter {f}")
        axes[c, 0].set_ylabel(["red", "green", "blue"][c])
    return fig
""",
        ),
    ),
    right(
        "q11",
        "a tensor throughout",
        "the plot knows what it gets",
        function(
            "first_layer_kernels",
            """
def first_layer_kernels(model):
    return keras.ops.transpose(model.trainable_variables[0].value, (2, 3, 0, 1))
""",
        ),
        function(
            "plot_first_layer_kernels",
            """
def plot_first_layer_kernels(kernels):
    fig, axes = plt.subplots(3, 10)
    for channel in range(3):
        for number in range(10):
            axes[channel, number].imshow(kernels[channel, number].numpy(), cmap="gray")
    return fig
""",
        ),
    ),
    right(
        "q11",
        "kernels in the colour of their channel",
        "scaling and colours are free",
        function(
            "plot_first_layer_kernels",
            """
def plot_first_layer_kernels(kernels):
    fig, axes = plt.subplots(3, 10)
    low, high = kernels.min(), kernels.max()
    for channel in range(3):
        for number in range(10):
            picture = np.zeros((3, 3, 3))
            picture[..., channel] = (kernels[channel, number] - low) / (high - low)
            axes[channel, number].imshow(picture)
    return fig
""",
        ),
    ),
)

WRONG: tuple[Entry, ...] = (
    wrong(
        "q11",
        "one filter drawn",
        "always the first one",
        line("plot_first_layer_kernels", (PANEL, "axis.imshow(kernels[channel, 0],")),
        marks=3,
        fails={"q11_plot": "27 of them are not"},
    ),
    wrong(
        "q11",
        "first channel drawn three times",
        "the loop's channel is not used",
        line("plot_first_layer_kernels", (PANEL, "axis.imshow(kernels[0, number],")),
        marks=3,
        fails={"q11_plot": "20 of them are not"},
    ),
    wrong(
        "q11",
        "six filters drawn",
        "a number copied from elsewhere",
        line("plot_first_layer_kernels", ("channels, filters = kernels.shape[:2]", "channels, filters = 3, 6")),
        marks=3,
        fails={"q11_plot": "12 of them are not"},
    ),
    wrong(
        "q11",
        "three channels as colours",
        "a panel for each channel and filter is asked for",
        function(
            "plot_first_layer_kernels",
            """
def plot_first_layer_kernels(kernels):
    scaled = (kernels - kernels.min()) / (kernels.max() - kernels.min())
    fig, axes = plt.subplots(2, 5)
    for i, ax in enumerate(axes.flat):
        ax.imshow(scaled[:, i].transpose(1, 2, 0))
        ax.axis("off")
    return fig
""",
        ),
        marks=3,
        fails={"q11_plot": "3 channels × 10 filters"},
    ),
    wrong(
        "q11",
        "absolute values drawn",
        "positive and negative weights look alike",
        line("plot_first_layer_kernels", (PANEL, "axis.imshow(np.abs(kernels[channel, number]),")),
        marks=3,
        fails={"q11_plot": "drawn as absolute values"},
    ),
    wrong(
        "q11",
        "transposed panels",
        "indices of rows and columns exchanged",
        line("plot_first_layer_kernels", (PANEL, "axis.imshow(kernels[channel, number].T,")),
        marks=3,
        fails={"q11_plot": "drawn transposed"},
    ),
    wrong(
        "q11",
        "seaborn's heat maps of transposed kernels",
        "indices of rows and columns exchanged",
        function(
            "plot_first_layer_kernels",
            """
import seaborn as sns
def plot_first_layer_kernels(kernels):
    fig, axes = plt.subplots(*kernels.shape[:2], figsize=(10, 3))
    for c in range(kernels.shape[0]):
        for f in range(kernels.shape[1]):
            sns.heatmap(kernels[c, f].T, ax=axes[c, f], cmap="coolwarm", center=0, cbar=False, square=True)
            if c == 0:
                axes[c, f].set_title(f"filter {f}")
        axes[c, 0].set_ylabel(["red", "green", "blue"][c])
    return fig
""",
        ),
        marks=3,
        fails={"q11_plot": "drawn transposed"},
    ),
    wrong(
        "q11",
        "kernels drawn as curves",
        "plot in place of imshow",
        line(
            "plot_first_layer_kernels",
            (
                'image = axis.imshow(kernels[channel, number], cmap="RdBu_r", vmin=-limit, vmax=limit)',
                "axis.plot(kernels[channel, number])",
            ),
            ('    figure.colorbar(image, ax=axes, label="weight")\n', ""),
        ),
        marks=3,
        fails={"q11_plot": "None of them is"},
    ),
    wrong(
        "q11",
        "axes as Keras has them, in the plot as well",
        "the order of axes is another one, everywhere",
        function("first_layer_kernels", _first_layer("kernel")),
        function(
            "plot_first_layer_kernels",
            """
def plot_first_layer_kernels(kernels):
    channels, filters = kernels.shape[2:]
    figure, axes = plt.subplots(channels, filters)
    for channel, number in np.ndindex(channels, filters):
        axes[channel, number].imshow(kernels[:, :, channel, number])
    return figure
""",
        ),
        marks=4,
        fails={"q11_answered": "`np.transpose` puts the axes in another order"},
    ),
    wrong(
        "q11",
        "bias added to the kernels",
        "the question asks for the kernels alone",
        function("first_layer_kernels", _first_layer("kernel.transpose(2, 3, 0, 1) + bias[:, None, None]")),
        marks=3,
        fails={"q11_values": "The biases were added to them."},
    ),
    wrong(
        "q11",
        "kernels mirrored",
        "left and right are exchanged",
        function("first_layer_kernels", _first_layer("kernel.transpose(2, 3, 0, 1)[..., ::-1]")),
        marks=3,
        fails={"q11_values": "The kernels are mirrored, left to right."},
    ),
)
