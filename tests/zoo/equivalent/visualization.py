"""Questions 10 to 12: feature maps, kernels, and the filters of ResNet50."""

from zoo.entries import Entry, cell_before, function, line, right

FEATURE_MAPS: tuple[Entry, ...] = (
    right(
        "q10",
        "layers called one after another",
        "a chain of layers needs no second model",
        function(
            "feature_maps",
            """
def feature_maps(model, image):
    x = np.expand_dims(image, axis=0)
    maps = {}
    for layer in model.layers[1:]:  # the first is the input
        x = layer(x)
        if x.ndim == 4:
            maps[layer.name] = x.numpy()[0]
    return maps
""",
        ),
    ),
    right(
        "q10",
        "layers of a Sequential called till flatten",
        "its layers begin with the first convolution",
        function(
            "build_tiny_vgg",
            """
def build_tiny_vgg():
    net = keras.Sequential()
    net.add(keras.Input(shape=(32, 32, 3)))
    for block in range(2):
        for conv in range(2):
            net.add(layers.Conv2D(10, 3, padding="same"))
            net.add(layers.Activation("relu"))
        net.add(layers.MaxPool2D(2))
    net.add(layers.Flatten())
    net.add(layers.Dense(10, activation="softmax"))
    return net
""",
        ),
        function(
            "feature_maps",
            """
def feature_maps(model, image):
    activations = {}
    out = keras.ops.convert_to_tensor(image[None])
    for layer in model.layers:
        if isinstance(layer, layers.Flatten):
            return activations
        out = layer(out)
        activations[layer.name] = out[0]
""",
        ),
    ),
    right(
        "q10",
        "one submodel a layer with predict",
        "slow, but each has the same weights",
        function(
            "feature_maps",
            """
def feature_maps(model, image):
    batch = image.reshape((1,) + image.shape)
    result = dict()
    for layer in model.layers:
        if isinstance(layer, (layers.InputLayer, layers.Flatten, layers.Dense)):
            continue
        submodel = keras.Model(inputs=model.inputs, outputs=model.get_layer(layer.name).output)
        result[layer.name] = submodel.predict(batch, verbose=0).squeeze()
    return result
""",
        ),
    ),
    right(
        "q10",
        "batched tensors and the input layer",
        "tensors count as arrays, the batch axis is no harm",
        function(
            "feature_maps",
            """
def feature_maps(model, image):
    spatial = [layer for layer in model.layers if len(layer.output.shape) == 4]
    activation_model = keras.Model(inputs=model.input, outputs=[layer.output for layer in spatial])
    activations = activation_model(image[None, ...], training=False)
    return {layer.name: activation for layer, activation in zip(spatial, activations)}
""",
        ),
    ),
    right(
        "q10",
        "a keras Function in place of a model",
        "what K.function was",
        function(
            "feature_maps",
            """
def feature_maps(model, image):
    chosen = [l for l in model.layers if l.name.split("_")[-1][:4] in ("conv", "relu", "pool")]
    get_outputs = keras.Function(model.inputs, [l.output for l in chosen])
    outputs = get_outputs([keras.ops.convert_to_tensor(image[np.newaxis])])
    return {l.name: np.array(o)[0] for l, o in zip(chosen, outputs)}
""",
        ),
    ),
    right(
        "q10",
        "names and outputs in two lists",
        "as older tutorials have it",
        function(
            "feature_maps",
            """
from collections import OrderedDict

def feature_maps(model, image):
    layer_names, layer_outputs = [], []
    for layer in model.layers[1:]:
        if 'flatten' in layer.name:
            break
        layer_names.append(layer.name)
        layer_outputs.append(layer.output)
    viz_model = keras.models.Model(model.inputs, layer_outputs)
    successive = viz_model.predict(np.array([image]))
    return OrderedDict((n, fm[0, :, :, :].astype(np.float64)) for n, fm in zip(layer_names, successive))
""",
        ),
    ),
    right(
        "q10",
        "Rescaling in the model and among the maps",
        "a layer that puts out pictures may be included",
        function(
            "build_tiny_vgg",
            """
def build_tiny_vgg():
    model = keras.Sequential([keras.Input((32, 32, 3)), layers.Rescaling(2.0, offset=-1.0)])
    for _ in range(2):
        for _ in range(2):
            model.add(layers.Conv2D(10, (3, 3), padding="same", activation="relu"))
        model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dense(10, activation="softmax"))
    return model
""",
        ),
    ),
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

KERNELS: tuple[Entry, ...] = (
    right(
        "q11",
        "kernel attribute and moveaxis",
        "the same array by other means",
        function(
            "first_layer_kernels",
            """
def first_layer_kernels(model):
    convs = [l for l in model.layers if isinstance(l, keras.layers.Conv2D)]
    weights = convs[0].kernel.numpy()
    return np.moveaxis(weights, (2, 3), (0, 1))
""",
        ),
    ),
    right(
        "q11",
        "found by the name conv and einsum",
        "axes named by letters",
        function(
            "first_layer_kernels",
            """
def first_layer_kernels(model):
    for layer in model.layers:
        if 'conv' not in layer.name:
            continue
        kernel, bias = layer.get_weights()
        return np.einsum('hwcf->cfhw', kernel)
""",
        ),
    ),
    right(
        "q11",
        "filled in by two loops",
        "no reordering of axes at all",
        function(
            "first_layer_kernels",
            """
def first_layer_kernels(model):
    w = model.get_weights()[0]
    n_channels, n_filters = w.shape[2], w.shape[3]
    result = np.empty((n_channels, n_filters) + w.shape[:2])
    for c in range(n_channels):
        for f in range(n_filters):
            result[c, f] = w[:, :, c, f]
    return result
""",
        ),
    ),
    right(
        "q11",
        "a tensor from the trainable variables",
        "tensors count as arrays",
        function(
            "first_layer_kernels",
            """
import tensorflow as tf

def first_layer_kernels(model):
    return tf.transpose(model.trainable_variables[0], perm=[2, 3, 0, 1])
""",
        ),
    ),
    right(
        "q11",
        "nested lists of kernels",
        "they stack to the array that is asked for",
        line(
            "first_layer_kernels",
            (
                "return kernel.transpose(2, 3, 0, 1)",
                "return [[kernel[..., c, f] for f in range(10)] for c in range(3)]",
            ),
        ),
        line(
            "plot_first_layer_kernels", ("channels, filters =", "kernels = np.array(kernels)\n    channels, filters =")
        ),
    ),
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

FILTERS: tuple[Entry, ...] = (
    right(
        "q12",
        "without top scaled over all filters",
        "the first convolution is the same, common limits are linear too",
        function(
            "resnet50_filters",
            """
def resnet50_filters():
    base = keras.applications.ResNet50(include_top=False, weights='imagenet', input_shape=(224, 224, 3))
    filters, biases = base.get_layer(name='conv1_conv').get_weights()
    f_min, f_max = filters.min(), filters.max()
    filters = (filters - f_min) / (f_max - f_min)
    return np.transpose(filters, (3, 0, 1, 2))
""",
        ),
    ),
    right(
        "q12",
        "imported from the module resnet50",
        "blue first is accepted, a list of pictures stacks",
        function(
            "resnet50_filters",
            """
from keras.applications.resnet50 import ResNet50

def resnet50_filters():
    model = ResNet50(weights='imagenet')
    weights = model.layers[2].get_weights()[0]
    out = []
    for i in range(weights.shape[3]):
        f = weights[:, :, :, i]
        out.append((f - np.min(f)) / np.ptp(f))
    return np.array(out)
""",
        ),
    ),
    right(
        "q12",
        "loaded once through tf keras",
        "the network in a global name",
        cell_before(
            "resnet50_filters",
            """
import tensorflow as tf

resnet = tf.keras.applications.resnet.ResNet50(include_top=False, weights="imagenet", pooling="avg")
""",
        ),
        function(
            "resnet50_filters",
            """
def resnet50_filters():
    kernel = resnet.get_layer("conv1_conv").kernel
    kernel = tf.transpose(kernel, [3, 0, 1, 2])[:, :, :, ::-1]
    smallest = tf.reduce_min(kernel, axis=[1, 2, 3], keepdims=True)
    largest = tf.reduce_max(kernel, axis=[1, 2, 3], keepdims=True)
    return (kernel - smallest) / (largest - smallest)
""",
        ),
    ),
    right(
        "q12",
        "scaled around one half",
        "zero weights become middle grey, still linear",
        line(
            "resnet50_filters",
            ("low = filters.min(axis=(1, 2, 3), keepdims=True)", "limit = np.abs(filters).max()"),
            ("    high = filters.max(axis=(1, 2, 3), keepdims=True)\n", ""),
            ("(filters - low) / (high - low)", "0.5 + 0.5 * filters / limit"),
        ),
    ),
    right(
        "q12",
        "sklearn scales every filter",
        "MinMaxScaler works column by column, one filter each",
        function(
            "resnet50_filters",
            """
from sklearn.preprocessing import MinMaxScaler

def resnet50_filters():
    net = keras.applications.resnet.ResNet50()
    first_conv = [l for l in net.layers if l.__class__.__name__ == "Conv2D"][0]
    w = first_conv.weights[0].numpy().astype("float64")
    flat = MinMaxScaler().fit_transform(w.reshape(-1, 64))
    return flat.T.reshape(64, 7, 7, 3)
""",
        ),
    ),
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

ENTRIES: tuple[Entry, ...] = (*FEATURE_MAPS, *KERNELS, *FILTERS)
