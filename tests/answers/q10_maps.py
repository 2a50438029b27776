"""Question 10: the feature maps."""

from answers.entries import Entry, function, line, right, wrong

RETURN_MAPS = "return {name: maps[name][0] for name in outputs}"
SPATIAL = "len(layer.output.shape) == 4 and not isinstance(layer, layers.InputLayer)"

RIGHT: tuple[Entry, ...] = (
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
)

WRONG: tuple[Entry, ...] = (
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
        fails={
            "q10_values": "for the given image, with its own values.\nFound: That of `block1_conv1` is something else"
        },
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
)
