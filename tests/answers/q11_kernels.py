"""Question 11: the kernels of the first layer."""

from answers.entries import Entry, function, line, right, wrong

KERNEL = "return kernel.transpose(2, 3, 0, 1)"

RIGHT: tuple[Entry, ...] = (
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
)

WRONG: tuple[Entry, ...] = (
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
)
