"""Question 12: the filters of ResNet50."""

from answers.entries import Entry, cell_before, function, line, right, wrong

SCALED = "return (filters - low) / (high - low)"
NETWORK = 'keras.applications.ResNet50(weights="imagenet")'
TRANSPOSED = "kernel.transpose(3, 0, 1, 2)"

RIGHT: tuple[Entry, ...] = (
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
)

WRONG: tuple[Entry, ...] = (
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
)
