"""Questions 10 to 12: feature maps, kernels, and the filters of ResNet50."""

from zoo.entries import Entry, function, line, wrong

PREDICT = "maps = extractor.predict(image[np.newaxis], verbose=0)"
RETURN_MAPS = "return {name: maps[name][0] for name in outputs}"
SPATIAL = "len(layer.output.shape) == 4 and not isinstance(layer, layers.InputLayer)"

FEATURE_MAPS: tuple[Entry, ...] = (
    wrong(
        "q10",
        "kernels in place of outputs",
        "weights are no feature maps",
        function(
            "feature_maps",
            """
def feature_maps(model, image):
    maps = {}
    for layer in model.layers:
        if 'conv' in layer.name:
            filters, biases = layer.get_weights()
            maps[layer.name] = filters[:, :, 0, :]
    return maps
""",
        ),
        marks=3,
        fails={"q10_layers": "There is no `block1_relu1`", "q10_values": "has the shape (3, 3, 10)"},
    ),
    wrong(
        "q10",
        "maps of the first test image",
        "the image that is passed in is not used",
        line(
            "feature_maps",
            ("    outputs = {", "    _, (images, _) = load_data()\n    outputs = {"),
            ("image[np.newaxis]", "images[:1] / 255"),
        ),
        marks=5,
        fails={"q10_values": "output of its layer for the given image"},
    ),
    wrong(
        "q10",
        "inputs of the layers for their outputs",
        "every map stands under the next layer's name",
        line("feature_maps", ("layer.name: layer.output\n", "layer.name: layer.input\n")),
        marks=5,
        fails={"q10_values": "has the shape (32, 32, 3)"},
    ),
    wrong(
        "q10",
        "names shifted by the input layer",
        "the names begin one layer earlier than the maps",
        function(
            "feature_maps",
            """
def feature_maps(model, image):
    layer_outputs = [layer.output for layer in model.layers[1:] if len(layer.output.shape) == 4]
    extractor = keras.Model(model.inputs, layer_outputs)
    layer_names = [layer.name for layer in model.layers]
    return {n: m[0] for n, m in zip(layer_names, extractor.predict(image[None], verbose=0))}
""",
        ),
        marks=5,
        fails={"q10_values": "`block1_conv1` is that of `block1_relu1`"},
    ),
    wrong(
        "q10",
        "convolutions only",
        "activations and pooling are asked for too",
        line("feature_maps", (SPATIAL, "isinstance(layer, layers.Conv2D)")),
        marks=6,
        fails={"q10_layers": "There is no `block1_relu1`"},
    ),
    wrong(
        "q10",
        "convolutions and pooling without ReLU",
        "the activation layers are forgotten",
        line("feature_maps", (SPATIAL, "isinstance(layer, (layers.Conv2D, layers.MaxPooling2D))")),
        marks=6,
        fails={"q10_layers": "every convolution, activation and pooling layer"},
    ),
    wrong(
        "q10",
        "last block only",
        "the first block is missing",
        line("feature_maps", (SPATIAL, "layer.name.startswith('block2')")),
        marks=6,
        fails={"q10_layers": "There is no `block1_conv1`"},
    ),
    wrong(
        "q10",
        "first four layers only",
        "a number of layers copied from elsewhere",
        line("feature_maps", ("for layer in model.layers\n", "for layer in model.layers[:5]\n")),
        marks=6,
        fails={"q10_layers": "There is no `block1_pool`"},
    ),
    wrong(
        "q10",
        "flatten and dense among the maps",
        "their outputs have no rows and columns",
        line("feature_maps", (SPATIAL, "not isinstance(layer, layers.InputLayer)")),
        line(
            "plot_feature_maps",
            ("columns = 5", "maps = {n: v for n, v in maps.items() if v.ndim == 3}\n    columns = 5"),
        ),
        marks=6,
        fails={"q10_layers": "`flatten` has none"},
    ),
    wrong(
        "q10",
        "layer numbers for names",
        "the keys have to be the layers' names",
        line("feature_maps", (RETURN_MAPS, "return {f'layer {i}': maps[n][0] for i, n in enumerate(outputs)}")),
        marks=6,
        fails={"q10_layers": "The keys are the layers' names"},
    ),
    wrong(
        "q10",
        "maps scaled to 0 to 1",
        "the values are lost",
        line(
            "feature_maps", (RETURN_MAPS, "return {n: (m[0] - m.min()) / (np.ptp(m) + 1e-8) for n, m in maps.items()}")
        ),
        marks=5,
        fails={"q10_values": "was scaled"},
    ),
    wrong(
        "q10",
        "every filter standardised",
        "scaling belongs in the plot",
        function(
            "feature_maps",
            """
def feature_maps(model, image):
    chosen = [l for l in model.layers if len(l.output.shape) == 4]
    activations = keras.Model(model.inputs, [l.output for l in chosen]).predict(image[np.newaxis], verbose=0)
    maps = {}
    for layer, activation in zip(chosen, activations):
        fmap = activation[0]
        fmap -= fmap.mean(axis=(0, 1))
        fmap /= fmap.std(axis=(0, 1)) + 1e-5
        maps[layer.name] = fmap
    return maps
""",
        ),
        marks=5,
        fails={"q10_values": "was scaled"},
    ),
    wrong(
        "q10",
        "bytes for display in the maps",
        "clipped and rounded",
        line(
            "feature_maps",
            (RETURN_MAPS, "return {n: np.clip(maps[n][0] * 64 + 128, 0, 255).astype('uint8') for n in outputs}"),
        ),
        marks=5,
        fails={"q10_values": "with its own values"},
    ),
    wrong(
        "q10",
        "channels first",
        "the axes are rows, columns, filters",
        line("feature_maps", ("maps[name][0] for", "maps[name][0].transpose(2, 0, 1) for")),
        marks=7,
        fails={"q10_answered": "has the shape (10, 32, 32): the filters come first"},
    ),
    wrong(
        "q10",
        "rows and columns exchanged in the maps",
        "each map is transposed",
        line("feature_maps", ("maps[name][0] for", "maps[name][0].swapaxes(0, 1) for")),
        marks=5,
        fails={"q10_values": "was transposed"},
    ),
    wrong(
        "q10",
        "averaged over the filters",
        "one mean map is left",
        line("feature_maps", ("maps[name][0] for", "maps[name][0].mean(axis=-1, keepdims=True).repeat(10, -1) for")),
        marks=5,
        fails={"q10_values": "is something else"},
    ),
    wrong(
        "q10",
        "ReLU applied to every map",
        "a convolution's output has both signs",
        line("feature_maps", ("maps[name][0] for", "np.maximum(maps[name][0], 0) for")),
        marks=5,
        fails={"q10_values": "is that of `block1_relu1`"},
    ),
    wrong(
        "q10",
        "a new network with weights of its own",
        "the model that is passed in is not used",
        line("feature_maps", ("    outputs = {", "    model = build_tiny_vgg()\n    outputs = {")),
        marks=5,
        fails={"q10_values": "is something else"},
    ),
    wrong(
        "q10",
        "image divided by 255 once more",
        "it is preprocessed already",
        line("feature_maps", ("image[np.newaxis]", "image[np.newaxis] / 255.0")),
        marks=5,
        fails={"q10_values": "Leave the image and the values as they are"},
    ),
    wrong(
        "q10",
        "maps of the first call kept",
        "a second image gets the maps of the first",
        function(
            "feature_maps",
            """
activations = {}

def feature_maps(model, image):
    x = image[np.newaxis]
    for layer in model.layers[1:-2]:
        x = layer(x)
        if layer.name not in activations:
            activations[layer.name] = np.array(x[0])
    return activations
""",
        ),
        marks=5,
        fails={"q10_values": "for the given image"},
    ),
    wrong(
        "q10",
        "symbolic outputs returned",
        "nothing is computed",
        function(
            "feature_maps",
            """
def feature_maps(model, image):
    return {layer.name: layer.output for layer in model.layers[1:-2]}
""",
        ),
        marks=2,
        fails={"q10_answered": "symbolic"},
    ),
    wrong(
        "q10",
        "a list without names",
        "the question asks for a dict",
        line("feature_maps", (RETURN_MAPS, "return [maps[name][0] for name in outputs]")),
        marks=7,
        fails={"q10_answered": "returns a dict"},
    ),
    wrong(
        "q10",
        "one filter of every map",
        "the axis of the filters is gone",
        line("feature_maps", ("maps[name][0] for", "maps[name][0, :, :, 0] for")),
        marks=2,
        fails={"q10_answered": "an array of shape (32, 32)"},
    ),
    wrong(
        "q10",
        "image without a batch axis",
        "Keras takes its rows for a batch, and stops",
        line("feature_maps", ("image[np.newaxis]", "image")),
        marks=2,
        fails={"q10_answered": "`feature_maps` raised"},
    ),
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
)

KERNEL = "return kernel.transpose(2, 3, 0, 1)"
PANEL = "axis.imshow(kernels[channel, number],"

KERNELS: tuple[Entry, ...] = (
    wrong(
        "q11",
        "rows and columns exchanged",
        "each kernel is transposed",
        line("first_layer_kernels", (KERNEL, "return kernel.T.swapaxes(0, 1)")),
        marks=3,
        fails={"q11_values": "the other way round"},
    ),
    wrong(
        "q11",
        "reshape in place of transpose",
        "it keeps the order in memory and mixes the kernels up",
        line("first_layer_kernels", (KERNEL, "return kernel.reshape(3, 10, 3, 3)")),
        marks=3,
        fails={"q11_values": "`reshape` does not"},
    ),
    wrong(
        "q11",
        "row axis taken for the channel",
        "both have three entries, so the shape looks right",
        line("first_layer_kernels", (KERNEL, "return kernel.transpose(0, 3, 1, 2)")),
        marks=3,
        fails={"q11_values": "in another order"},
    ),
    wrong(
        "q11",
        "in the order of Keras",
        "the axes are not reordered",
        line("first_layer_kernels", (KERNEL, "return kernel")),
        marks=4,
        fails={"q11_answered": "shape (3, 3, 3, 10).\nHint: Keras keeps kernels as (row, column, channel, filter)"},
    ),
    wrong(
        "q11",
        "filters before channels",
        "as PyTorch keeps them",
        line("first_layer_kernels", (KERNEL, "return kernel.transpose(3, 2, 0, 1)")),
        marks=4,
        fails={"q11_answered": "shape (10, 3, 3, 3)"},
    ),
    wrong(
        "q11",
        "biases",
        "the second of the layer's arrays",
        line("first_layer_kernels", ("get_weights()[0]", "get_weights()[1]"), (KERNEL, "return kernel")),
        marks=2,
        fails={"q11_answered": "shape (10,)"},
    ),
    wrong(
        "q11",
        "kernel and bias together",
        "the question asks for the kernels",
        line("first_layer_kernels", ("get_weights()[0]", "get_weights()"), (KERNEL, "return kernel")),
        marks=2,
        fails={"q11_answered": "2 values"},
    ),
    wrong(
        "q11",
        "second convolution",
        "counted from 1 among the convolutions",
        function(
            "first_layer_kernels",
            """
def first_layer_kernels(model):
    conv_layers = [layer for layer in model.layers if 'conv' in layer.name]
    weights = conv_layers[1].get_weights()[0]
    return np.transpose(weights, (2, 3, 0, 1))
""",
        ),
        marks=2,
        fails={"q11_answered": "shape (10, 10, 3, 3)"},
    ),
    wrong(
        "q11",
        "three channels of the second convolution",
        "cut to the shape that is asked for",
        line(
            "first_layer_kernels",
            ("isinstance(layer, layers.Conv2D)", "layer.name == 'block1_conv2'"),
            (KERNEL, "return kernel.transpose(2, 3, 0, 1)[:3]"),
        ),
        marks=3,
        fails={"q11_values": "other values"},
    ),
    wrong(
        "q11",
        "input layer asked for weights",
        "the first layer of a functional model is its input",
        function(
            "first_layer_kernels",
            """
def first_layer_kernels(model):
    weights = model.layers[0].get_weights()[0]
    return weights.transpose(2, 3, 0, 1)
""",
        ),
        marks=2,
        fails={"q11_answered": "raised IndexError"},
    ),
    wrong(
        "q11",
        "absolute values",
        "the signs are lost",
        line("first_layer_kernels", (KERNEL, "return np.abs(kernel).transpose(2, 3, 0, 1)")),
        marks=3,
        fails={"q11_values": "signs are lost"},
    ),
    wrong(
        "q11",
        "scaled to 0 to 1",
        "scaling belongs in the plot",
        line(
            "first_layer_kernels",
            (
                KERNEL,
                "kernel = (kernel - kernel.min()) / np.ptp(kernel)\n    return kernel.transpose(2, 3, 0, 1)",
            ),
        ),
        marks=3,
        fails={"q11_values": "Scale in the plot only"},
    ),
    wrong(
        "q11",
        "each kernel scaled by itself",
        "raw weights are asked for",
        function(
            "first_layer_kernels",
            """
def first_layer_kernels(model):
    weights = model.get_weights()[0]
    out = np.zeros((3, 10, 3, 3))
    for c in range(3):
        for f in range(10):
            k = weights[:, :, c, f]
            out[c, f] = (k - k.mean()) / k.std()
    return out
""",
        ),
        marks=3,
        fails={"q11_values": "They are scaled"},
    ),
    wrong(
        "q11",
        "mean over the channels",
        "three equal copies of it",
        line("first_layer_kernels", (KERNEL, "return np.stack([kernel.mean(axis=2).transpose(2, 0, 1)] * 3)")),
        marks=3,
        fails={"q11_values": "other values"},
    ),
    wrong(
        "q11",
        "channels reversed",
        "blue first",
        line("first_layer_kernels", (KERNEL, "return kernel.transpose(2, 3, 0, 1)[::-1]")),
        marks=3,
        fails={"q11_values": "They are in reverse order."},
    ),
    wrong(
        "q11",
        "kernels of a new network",
        "the model that is passed in is not used",
        line("first_layer_kernels", ("    first = next(", "    model = build_tiny_vgg()\n    first = next(")),
        marks=3,
        fails={"q11_values": "other values"},
    ),
    wrong(
        "q11",
        "three filters only",
        "all of them are asked for",
        line("first_layer_kernels", (KERNEL, "return kernel.transpose(2, 3, 0, 1)[:, :3]")),
        marks=2,
        fails={"q11_answered": "shape (3, 3, 3, 3)"},
    ),
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
)

SCALED = "return (filters - low) / (high - low)"
NETWORK = 'keras.applications.ResNet50(weights="imagenet")'
TRANSPOSED = "kernel.transpose(3, 0, 1, 2)"

FILTERS: tuple[Entry, ...] = (
    wrong(
        "q12",
        "raw weights",
        "they have both signs, and the plot cuts them off",
        line("resnet50_filters", (SCALED, "return filters")),
        marks=5,
        fails={"q12_answered": "floats between 0 and 1"},
    ),
    wrong(
        "q12",
        "range from -1 to 1",
        "divided by the largest magnitude only",
        line("resnet50_filters", (SCALED, "return filters / np.abs(filters).max()")),
        marks=5,
        fails={"q12_answered": "between -"},
    ),
    wrong(
        "q12",
        "bytes from 0 to 255",
        "floats from 0 to 1 are asked for",
        line("resnet50_filters", (SCALED, "return (255 * (filters - low) / (high - low)).astype('uint8')")),
        marks=5,
        fails={"q12_answered": "of type uint8"},
    ),
    wrong(
        "q12",
        "clipped and not scaled",
        "half of the weights become 0",
        line("resnet50_filters", (SCALED, "return np.clip(filters, 0, 1)")),
        marks=3,
        fails={"q12_filters": "were values clipped?"},
    ),
    wrong(
        "q12",
        "standardised then clipped",
        "as pictures of activations are made in tutorials",
        function(
            "resnet50_filters",
            """
def resnet50_filters():
    model = keras.applications.ResNet50(weights='imagenet', include_top=False)
    filters = model.get_layer('conv1_conv').get_weights()[0].transpose(3, 0, 1, 2)
    filters = (filters - filters.mean()) / (filters.std() + 1e-5)
    filters = filters * 0.25 + 0.5
    return np.clip(filters, 0, 1)
""",
        ),
        marks=3,
        fails={"q12_filters": "Subtract the minimum"},
    ),
    wrong(
        "q12",
        "absolute values",
        "opposite weights look alike",
        line("resnet50_filters", (TRANSPOSED, "np.abs(kernel.transpose(3, 0, 1, 2))")),
        marks=3,
        fails={"q12_filters": "signs of the weights are lost"},
    ),
    wrong(
        "q12",
        "light and dark exchanged",
        "the scaling decreases",
        line("resnet50_filters", (SCALED, "return (high - filters) / (high - low)")),
        marks=3,
        fails={"q12_filters": "They are inverted"},
    ),
    wrong(
        "q12",
        "each colour scaled by itself",
        "the hues change",
        line(
            "resnet50_filters",
            ("low = filters.min(axis=(1, 2, 3), keepdims=True)", "low = filters.min(axis=(1, 2), keepdims=True)"),
            ("high = filters.max(axis=(1, 2, 3), keepdims=True)", "high = filters.max(axis=(1, 2), keepdims=True)"),
        ),
        marks=3,
        fails={"q12_filters": "Each colour channel is scaled by itself"},
    ),
    wrong(
        "q12",
        "each colour scaled over all filters",
        "three ranges, one a channel",
        line(
            "resnet50_filters",
            ("low = filters.min(axis=(1, 2, 3), keepdims=True)", "low = filters.min(axis=(0, 1, 2))"),
            ("high = filters.max(axis=(1, 2, 3), keepdims=True)", "high = filters.max(axis=(0, 1, 2))"),
        ),
        marks=3,
        fails={"q12_filters": "changes the hues"},
    ),
    wrong(
        "q12",
        "reshaped to the shape asked for",
        "the filters are mixed up",
        line("resnet50_filters", (TRANSPOSED, "kernel.reshape(64, 7, 7, 3)")),
        marks=3,
        fails={"q12_filters": "`reshape` does not"},
    ),
    wrong(
        "q12",
        "filters transposed",
        "T reverses all axes, so that columns come first",
        line("resnet50_filters", (TRANSPOSED, "np.moveaxis(kernel.T, 1, -1)")),
        marks=3,
        fails={"q12_filters": "Rows and columns are exchanged"},
    ),
    wrong(
        "q12",
        "sorted by the strength of the filters",
        "in their order is asked for",
        line(
            "resnet50_filters",
            (
                TRANSPOSED,
                "kernel.transpose(3, 0, 1, 2)\n    filters = filters[np.argsort(filters.std(axis=(1, 2, 3)))]",
            ),
        ),
        marks=3,
        fails={"q12_filters": "in another order"},
    ),
    wrong(
        "q12",
        "grey filters",
        "the mean over the colours, three times",
        line("resnet50_filters", (TRANSPOSED, "kernel.mean(axis=2, keepdims=True).repeat(3, 2).transpose(3, 0, 1, 2)")),
        marks=3,
        fails={"q12_filters": "They are grey"},
    ),
    wrong(
        "q12",
        "first ten filters",
        "there are 64",
        line("resnet50_filters", (TRANSPOSED, "kernel.transpose(3, 0, 1, 2)[:10]")),
        marks=2,
        fails={"q12_answered": "shape (10, 7, 7, 3)"},
    ),
    wrong(
        "q12",
        "in the order of Keras",
        "the filters are the last axis",
        line("resnet50_filters", (TRANSPOSED, "kernel")),
        marks=5,
        fails={"q12_answered": "shape (7, 7, 3, 64).\nHint: Keras keeps kernels as (row, column, channel, filter)"},
    ),
    wrong(
        "q12",
        "channels before rows",
        "pictures have their colours last",
        line("resnet50_filters", (TRANSPOSED, "kernel.transpose(3, 2, 0, 1)")),
        marks=5,
        fails={"q12_answered": "shape (64, 3, 7, 7)"},
    ),
    wrong(
        "q12",
        "batch normalisation after the convolution",
        "conv1_bn has one number a filter",
        function(
            "resnet50_filters",
            """
def resnet50_filters():
    resnet = keras.applications.ResNet50(weights="imagenet")
    w = resnet.get_layer("conv1_bn").get_weights()[0]
    return (w - w.min()) / (w.max() - w.min())
""",
        ),
        marks=2,
        fails={"q12_answered": "shape (64,)"},
    ),
    wrong(
        "q12",
        "convolution of the second stage",
        "another layer of the network",
        line("resnet50_filters", ("conv1_conv", "conv2_block1_1_conv")),
        marks=2,
        fails={"q12_answered": "shape (64, 1, 1, 64)"},
    ),
    wrong(
        "q12",
        "padding layer asked for weights",
        "the index counts from the padding",
        line("resnet50_filters", ('network.get_layer("conv1_conv")', "network.layers[1]")),
        marks=2,
        fails={"q12_answered": "raised IndexError"},
    ),
    wrong(
        "q12",
        "ResNet101",
        "another network",
        line("resnet50_filters", (NETWORK, 'keras.applications.ResNet101(weights="imagenet")')),
        marks=3,
        fails={"q12_filters": "another network"},
    ),
    wrong(
        "q12",
        "ResNet50V2",
        "another network, with weights of its own",
        line("resnet50_filters", (NETWORK, 'keras.applications.ResNet50V2(weights="imagenet")')),
        marks=3,
        fails={"q12_filters": "another network"},
    ),
    wrong(
        "q12",
        "VGG16",
        "its filters have 3×3 pixels",
        function(
            "resnet50_filters",
            """
from keras.applications.vgg16 import VGG16

def resnet50_filters():
    model = VGG16(weights=None, include_top=False)
    kernel = model.get_layer("block1_conv1").get_weights()[0]
    f_min, f_max = kernel.min(), kernel.max()
    return ((kernel - f_min) / (f_max - f_min)).transpose(3, 0, 1, 2)
""",
        ),
        marks=2,
        fails={"q12_answered": "shape (64, 3, 3, 3)"},
    ),
    wrong(
        "q12",
        "untrained weights",
        "they are random numbers",
        line("resnet50_filters", ('weights="imagenet"', "weights=None")),
        marks=3,
        fails={"q12_filters": "They are random numbers, as a network has before any training."},
    ),
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
)

_LAYERS = """
def feature_maps(model, image):
    shown = [layer for layer in model.layers if len(layer.output.shape) == 4]
    maps = keras.Model(model.inputs, [layer.output for layer in shown]).predict(image[np.newaxis], verbose=0)
    return {layer.name: np.moveaxis(m[0], -1, 0) for layer, m in zip(shown, maps)}
"""


def _first_layer(returned: str) -> str:
    """Source of `first_layer_kernels` that returns an expression of `kernel` and `bias`."""
    return f"""
def first_layer_kernels(model):
    kernel, bias = next(y for y in model.layers if isinstance(y, layers.Conv2D)).get_weights()
    return {returned}
"""


def _resnet50(weights: str, change: str = "") -> str:
    """Source of `resnet50_filters` that changes the filters."""
    return f"""
def resnet50_filters():
    network = keras.applications.ResNet50(weights={weights})
    kernel, bias = network.get_layer("conv1_conv").get_weights()
    filters = np.moveaxis(kernel, -1, 0){change}
    return (filters - filters.min()) / np.ptp(filters)
"""


FORMS_AND_ORDERS: tuple[Entry, ...] = (
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

ENTRIES: tuple[Entry, ...] = (*FEATURE_MAPS, *KERNELS, *FILTERS, *FORMS_AND_ORDERS)
