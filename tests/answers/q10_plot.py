"""Question 10: the figure of the maps, and maps in other forms with a figure of their own."""

from answers.entries import Entry, function, line, right, wrong

_LAYERS = """
def feature_maps(model, image):
    shown = [layer for layer in model.layers if len(layer.output.shape) == 4]
    maps = keras.Model(model.inputs, [layer.output for layer in shown]).predict(image[np.newaxis], verbose=0)
    return {layer.name: np.moveaxis(m[0], -1, 0) for layer, m in zip(shown, maps)}
"""


RIGHT: tuple[Entry, ...] = (
    right(
        "q10",
        "panels coloured by a colour map beforehand",
        "the picture is the same as with cmap",
        function(
            "plot_feature_maps",
            """
def plot_feature_maps(maps, filter_index):
    fig, axs = plt.subplots(1, len(maps), figsize=(3 * len(maps), 3))
    for ax, name in zip(axs, maps):
        fmap = maps[name][..., filter_index]
        norm = plt.Normalize(vmin=fmap.min(), vmax=fmap.max())
        ax.imshow(plt.cm.viridis(norm(fmap)))
        ax.set(title=name, xticks=[], yticks=[])
    return fig
""",
        ),
    ),
    right(
        "q10",
        "small maps enlarged to one mosaic",
        "repeated pixels show the same picture",
        function(
            "plot_feature_maps",
            """
def plot_feature_maps(maps, filter_index):
    side = max(m.shape[0] for m in maps.values())
    tiles = []
    for m in maps.values():
        picture = m[:, :, filter_index]
        scale = side // picture.shape[0]
        tiles.append(np.kron(picture, np.ones((scale, scale))))
    fig, ax = plt.subplots(figsize=(2 * len(maps), 2))
    ax.imshow(np.hstack(tiles), cmap='gray')
    ax.set_xticks([side * (i + 0.5) for i in range(len(maps))], list(maps), rotation=30)
    ax.set_yticks([])
    return fig
""",
        ),
    ),
    right(
        "q10",
        "standardised and clipped for display",
        "scaling in the plot is free",
        function(
            "plot_feature_maps",
            """
def plot_feature_maps(maps, filter_index):
    for i, (layer_name, fmap) in enumerate(maps.items()):
        channel_image = fmap[:, :, filter_index].copy()
        channel_image -= channel_image.mean()
        channel_image /= channel_image.std() + 1e-5
        channel_image *= 64
        channel_image += 128
        channel_image = np.clip(channel_image, 0, 255).astype('uint8')
        plt.subplot(len(maps) // 5 + 1, 5, i + 1)
        plt.title(layer_name)
        plt.grid(False)
        plt.imshow(channel_image, aspect='auto', cmap='viridis')
    plt.tight_layout()
    plt.show()
""",
        ),
    ),
    right(
        "q10",
        "one matshow figure a layer",
        "a list of figures is asked for as well",
        function(
            "plot_feature_maps",
            """
def plot_feature_maps(maps, filter_index):
    figures = []
    for name, values in maps.items():
        plt.matshow(values[:, :, filter_index], cmap="gray")
        plt.suptitle(f"{name} (filter {filter_index})")
        plt.colorbar()
        figures.append(plt.gcf())
    return figures
""",
        ),
    ),
    right(
        "q10",
        "each layer shown as a figure of its own",
        "plt.show() ends a figure, as it does in Jupyter",
        function(
            "plot_feature_maps",
            """
def plot_feature_maps(maps, filter_index):
    for layer in maps:
        plt.imshow(maps[layer][..., filter_index], cmap="viridis")
        plt.title(layer)
        plt.axis("off")
        plt.show()
""",
        ),
    ),
    right(
        "q10",
        "names as row labels of heat maps",
        "pcolormesh draws values too, a label names its panel",
        function(
            "plot_feature_maps",
            """
def plot_feature_maps(maps, filter_index):
    fig = plt.figure(figsize=(4, 3 * len(maps)))
    grid = fig.add_gridspec(len(maps), 1, hspace=0.3)
    for row, (name, values) in enumerate(maps.items()):
        ax = fig.add_subplot(grid[row, 0])
        mesh = ax.pcolormesh(values[:, :, filter_index], cmap="magma")
        ax.invert_yaxis()
        ax.set_ylabel(name)
        fig.colorbar(mesh, ax=ax)
    return fig
""",
        ),
    ),
    right(
        "q10",
        "seaborn's heat maps",
        "heatmap draws a mesh, from the top down",
        function(
            "plot_feature_maps",
            """
import seaborn as sns
def plot_feature_maps(maps, filter_index):
    fig, axes = plt.subplots(1, len(maps), )
    for ax, (name, values) in zip(axes.flat, maps.items()):
        sns.heatmap(values[:, :, filter_index], ax=ax, cmap="viridis", xticklabels=False, yticklabels=False)
        ax.set_title(name)
    return fig
""",
        ),
    ),
    right(
        "q10",
        "batches of one throughout",
        "maps with a batch axis, drawn as they are",
        function(
            "feature_maps",
            """
def feature_maps(model, image):
    wanted = [layer for layer in model.layers[1:] if len(layer.output.shape) == 4]
    extractor = keras.Model(model.inputs, [layer.output for layer in wanted])
    return {layer.name: out for layer, out in zip(wanted, extractor.predict(image[None], verbose=0))}
""",
        ),
        function(
            "plot_feature_maps",
            """
def plot_feature_maps(maps, filter_index):
    fig = plt.figure(figsize=(15, 6))
    for number, (name, out) in enumerate(maps.items(), 1):
        ax = fig.add_subplot(2, 5, number)
        ax.imshow(out[0, :, :, filter_index])
        ax.set_title(name)
    return fig
""",
        ),
    ),
    right(
        "q10",
        "tensors throughout",
        "the plot knows what it gets",
        function(
            "feature_maps",
            """
def feature_maps(model, image):
    wanted = [layer for layer in model.layers[1:] if len(layer.output.shape) == 4]
    extractor = keras.Model(model.inputs, [layer.output for layer in wanted])
    return {layer.name: out[0] for layer, out in zip(wanted, extractor(image[None]))}
""",
        ),
        function(
            "plot_feature_maps",
            """
def plot_feature_maps(maps, filter_index):
    fig, axes = plt.subplots(2, (len(maps) + 1) // 2)
    for ax, (name, out) in zip(axes.flat, maps.items()):
        ax.imshow(out.numpy()[:, :, filter_index])
        ax.set_title(name)
    return fig
""",
        ),
    ),
    right(
        "q10",
        "the image first and left out of the plot",
        "the input layer is optional",
        function(
            "feature_maps",
            """
def feature_maps(model, image):
    wanted = [layer for layer in model.layers if len(layer.output.shape) == 4]
    extractor = keras.Model(model.inputs, [layer.output for layer in wanted])
    return {layer.name: out[0].numpy() for layer, out in zip(wanted, extractor(image[None]))}
""",
        ),
        function(
            "plot_feature_maps",
            """
def plot_feature_maps(maps, filter_index):
    items = list(maps.items())[1:]  # the input has no filters
    fig, axes = plt.subplots(1, len(items), figsize=(15, 3))
    for ax, (name, out) in zip(axes, items):
        ax.imshow(out[:, :, filter_index])
        ax.set_title(name)
    return fig
""",
        ),
    ),
    right(
        "q10",
        "one pooling layer used twice",
        "both of its maps are its output",
        function(
            "build_tiny_vgg",
            """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.convs = [layers.Conv2D(10, 3, padding="same", activation="relu") for _ in range(4)]
        self.pool = layers.MaxPooling2D()
        self.flatten = layers.Flatten()
        self.classifier = layers.Dense(10, activation="softmax")

    def call(self, x):
        for number, conv in enumerate(self.convs):
            x = conv(x)
            x = self.pool(x) if number % 2 else x
        return self.classifier(self.flatten(x))


def build_tiny_vgg():
    return Net()
""",
        ),
        function(
            "feature_maps",
            """
def feature_maps(model, image):
    x, maps = image[None], {}
    steps = [model.convs[0], model.convs[1], model.pool, model.convs[2], model.convs[3], model.pool]
    for step in steps:
        x = step(x)
        maps[step.name if step.name not in maps else step.name + "_1"] = x[0].numpy()
    return maps
""",
        ),
    ),
    right(
        "q10",
        "convolutions in half precision",
        "they round to three digits",
        line("build_tiny_vgg", ('padding="same", name', 'padding="same", dtype="mixed_float16", name')),
    ),
    right(
        "q10",
        "keys are names of tensors, the input image under a name of its own",
        "one key for each feature map is what counts",
        function(
            "feature_maps",
            """
def feature_maps(model, image):
    tensors = [layer.output for layer in model.layers if len(layer.output.shape) == 4]
    maps = keras.Model(model.inputs, tensors).predict(image[np.newaxis], verbose=0)
    return {"the image": image} | {tensor.name: m[0] for tensor, m in zip(tensors, maps)}
""",
        ),
    ),
)

WRONG: tuple[Entry, ...] = (
    wrong(
        "q10",
        "filter index ignored",
        "filter 0 is drawn whatever is asked for",
        line("plot_feature_maps", ("values[:, :, filter_index]", "values[:, :, 0]")),
        marks=6.5,
        fails={"q10_plot": "but that of filter 0 is"},
    ),
    wrong(
        "q10",
        "filters counted from one in the plot",
        "they count from 0",
        line("plot_feature_maps", ("values[:, :, filter_index]", "values[:, :, filter_index - 1]")),
        marks=6.5,
        fails={"q10_plot": "but that of filter 2 is"},
    ),
    wrong(
        "q10",
        "first panel repeated",
        "the variable of an earlier loop is drawn",
        function(
            "plot_feature_maps",
            """
def plot_feature_maps(maps, filter_index):
    first_map = next(iter(maps.values()))
    fig, axes = plt.subplots(1, len(maps), figsize=(2 * len(maps), 2))
    for ax, name in zip(axes, maps):
        ax.imshow(first_map[:, :, filter_index])
        ax.set_title(name)
    return fig
""",
        ),
        marks=6.5,
        fails={"q10_plot": "That of `activation` is not drawn. (4 of 5 are missing.)"},
    ),
    wrong(
        "q10",
        "last panel left out",
        "the loop ends one layer early",
        line("plot_feature_maps", ("maps.items(), strict", "list(maps.items())[:-1], strict")),
        marks=6.5,
        fails={"q10_plot": "That of `activation_1` is not drawn"},
    ),
    wrong(
        "q10",
        "one row of the maps for a filter",
        "the first axis is not that of the filters",
        line("plot_feature_maps", ("values[:, :, filter_index]", "values[filter_index]")),
        marks=6.5,
        fails={"q10_plot": "is not drawn"},
    ),
    wrong(
        "q10",
        "mean of all filters drawn",
        "one filter is asked for",
        line("plot_feature_maps", ("values[:, :, filter_index]", "values.mean(axis=-1)")),
        marks=6.5,
        fails={"q10_plot": "is not drawn"},
    ),
    wrong(
        "q10",
        "panels transposed",
        "rows run from left to right",
        line("plot_feature_maps", ("values[:, :, filter_index]", "values[:, :, filter_index].T")),
        marks=6.5,
        fails={"q10_plot": "drawn transposed"},
    ),
    wrong(
        "q10",
        "no titles",
        "the panels do not say which layer they show",
        line("plot_feature_maps", ("        axis.set_title(name, fontsize=9)\n", "")),
        marks=7.5,
        fails={"q10_titles": "`conv2d` is nowhere in the figure"},
    ),
    wrong(
        "q10",
        "names hidden with the axes",
        "axis off hides the x label too",
        line("plot_feature_maps", ("axis.set_title(name, fontsize=9)", "axis.set_xlabel(name)")),
        marks=7.5,
        fails={"q10_titles": "hides the labels"},
    ),
    wrong(
        "q10",
        "titles that only count the layers",
        "a number is not the name",
        line(
            "plot_feature_maps",
            (
                "axis, (name, values) in zip(axes.flat, maps.items(), strict=False)",
                "i, values in enumerate(maps.values())",
            ),
            ("        axis.imshow", "        axis = axes.flat[i]\n        axis.imshow"),
            ("set_title(name,", 'set_title(f"Layer {i + 1}",'),
        ),
        marks=7.5,
        fails={"q10_titles": "the name of its layer as its title"},
    ),
    wrong(
        "q10",
        "filters first, in the plot as well",
        "the order of axes is another one, everywhere",
        function("feature_maps", _LAYERS),
        function(
            "plot_feature_maps",
            """
def plot_feature_maps(maps, filter_index):
    figure, axes = plt.subplots(1, len(maps), squeeze=False)
    for axis, (name, values) in zip(axes[0], maps.items()):
        axis.imshow(values[filter_index])
        axis.set_title(name)
    return figure
""",
        ),
        marks=7,
        fails={"q10_answered": "the filters come first"},
    ),
)
