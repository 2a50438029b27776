"""Question 13: batch normalisation."""

from answers.entries import Entry, function, line, right, wrong
from answers.q4_blocks import POOL, RELU
from answers.q4_network import FLATTEN

NORM = 'x = layers.BatchNormalization(name=f"block{block}_bn{conv}")(x)'

RIGHT: tuple[Entry, ...] = (
    right(
        "q13",
        "one builder with a switch",
        "question 4 and this one share it",
        function(
            "build_tiny_vgg",
            """
def make_vgg(blocks=settings.BLOCKS, batch_norm=False):
    model = keras.Sequential([keras.Input(settings.IMAGE_SHAPE)])
    for _ in range(blocks):
        for _ in range(settings.CONVS_PER_BLOCK):
            model.add(layers.Conv2D(settings.FILTERS, settings.KERNEL_SIZE, padding="same"))
            if batch_norm:
                model.add(layers.BatchNormalization())
            model.add(layers.Activation("relu"))
        model.add(layers.MaxPooling2D(settings.POOL_SIZE))
    model.add(layers.Flatten())
    model.add(layers.Dense(settings.N_CLASSES, activation="softmax"))
    return model

def build_tiny_vgg():
    return make_vgg()
""",
        ),
        function("build_tiny_vgg_bn", "def build_tiny_vgg_bn():\n    return make_vgg(batch_norm=True)\n"),
        function("build_tiny_vgg_3blocks", "def build_tiny_vgg_3blocks():\n    return make_vgg(blocks=3)\n"),
    ),
    right(
        "q13",
        "arguments of the normalisation",
        "momentum, epsilon and the axis of the channels are free",
        line("build_tiny_vgg_bn", ("BatchNormalization(", "BatchNormalization(axis=3, momentum=0.9, epsilon=1e-5, ")),
    ),
    right(
        "q13",
        "convolutions without their bias",
        "the offset of the normalisation takes its place",
        line("build_tiny_vgg_bn", ('padding="same", ', 'padding="same", use_bias=False, ')),
    ),
    right(
        "q13",
        "normalisation without offset",
        "of bias and offset one may be left out",
        line("build_tiny_vgg_bn", ("BatchNormalization(", "BatchNormalization(center=False, scale=False, ")),
    ),
    right(
        "q13",
        "a unit of convolution, normalisation and ReLU",
        "a layer of one's own that hands the mode on",
        function(
            "build_tiny_vgg_bn",
            """
class ConvBNReLU(keras.layers.Layer):
    def __init__(self, filters, kernel_size):
        super().__init__()
        self.conv = layers.Conv2D(filters, kernel_size, padding="same", use_bias=False)
        self.bn = layers.BatchNormalization()
        self.relu = layers.ReLU()

    def call(self, x, training=None):
        return self.relu(self.bn(self.conv(x), training=training))

def build_tiny_vgg_bn():
    return keras.Sequential([
        keras.Input(settings.IMAGE_SHAPE),
        ConvBNReLU(10, 3), ConvBNReLU(10, 3), layers.MaxPooling2D(),
        ConvBNReLU(10, 3), ConvBNReLU(10, 3), layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ])
""",
        ),
    ),
    right(
        "q13",
        "subclassed model with normalisation",
        "each convolution has a normalisation of its own",
        function(
            "build_tiny_vgg_bn",
            """
class TinyVGGBN(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.convs = [layers.Conv2D(10, 3, padding="same") for _ in range(4)]
        self.bns = [layers.BatchNormalization() for _ in range(4)]
        self.pool = layers.MaxPooling2D()
        self.head = keras.Sequential([layers.Flatten(), layers.Dense(10, activation="softmax")])

    def call(self, x, training=False):
        for i in range(4):
            x = keras.activations.relu(self.bns[i](self.convs[i](x), training=training))
            if i in (1, 3):
                x = self.pool(x)
        return self.head(x)

build_tiny_vgg_bn = TinyVGGBN
""",
        ),
    ),
)

WRONG: tuple[Entry, ...] = (
    wrong(
        "q13",
        "normalisation after the activation",
        "the question asks for before",
        line("build_tiny_vgg_bn", (f"{NORM}\n            {RELU}", f"{RELU}\n            {NORM}")),
        marks=5,
        fails={"q13_batch_normalization": "`block1_relu1` (activation relu) comes before the normalisation"},
    ),
    wrong(
        "q13",
        "convolutions keep their activation",
        "ReLU comes before the normalisation, and after it again",
        line("build_tiny_vgg_bn", ('padding="same", ', 'padding="same", activation="relu", ')),
        marks=5,
        fails={"q13_batch_normalization": "Leave `activation` out of the convolution"},
    ),
    wrong(
        "q13",
        "normalisation put between the lines of question 4",
        "the convolutions end with their ReLU",
        function(
            "build_tiny_vgg_bn",
            """
def build_tiny_vgg_bn():
    model = keras.Sequential()
    model.add(layers.Input((32, 32, 3)))
    for block in range(2):
        model.add(layers.Conv2D(10, (3, 3), activation="relu", padding="same"))
        model.add(layers.BatchNormalization())
        model.add(layers.Conv2D(10, (3, 3), activation="relu", padding="same"))
        model.add(layers.BatchNormalization())
        model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dense(10, activation="softmax"))
    return model
""",
        ),
        marks=5,
        fails={"q13_batch_normalization": "Leave `activation` out of the convolution"},
    ),
    wrong(
        "q13",
        "normalisation once a block",
        "every convolution needs one",
        line("build_tiny_vgg_bn", (NORM, f"if conv == 1:\n                {NORM}")),
        marks=5,
        fails={"q13_batch_normalization": "After `block1_conv2` comes activation relu"},
    ),
    wrong(
        "q13",
        "normalisation after each pooling",
        "not between convolution and activation",
        line(
            "build_tiny_vgg_bn",
            (f"            {NORM}\n", ""),
            (f"        x = {POOL}(x)\n", f"        x = {POOL}(x)\n        x = layers.BatchNormalization()(x)\n"),
        ),
        marks=5,
        fails={"q13_batch_normalization": "After `block1_conv1` comes activation relu."},
    ),
    wrong(
        "q13",
        "normalisation before each convolution",
        "of its input, not of its output",
        function(
            "build_tiny_vgg_bn",
            """
def build_tiny_vgg_bn():
    inputs = keras.Input(settings.IMAGE_SHAPE)
    x = inputs
    for block in range(2):
        for conv in range(2):
            x = layers.BatchNormalization()(x)
            x = layers.Conv2D(10, 3, padding="same")(x)
            x = layers.Activation("relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
""",
        ),
        marks=5,
        fails={"q13_batch_normalization": "comes before the normalisation"},
    ),
    wrong(
        "q13",
        "result of the normalisation thrown away",
        "x stays what the convolution gave",
        line("build_tiny_vgg_bn", (NORM, NORM.removeprefix("x = "))),
        marks=5,
        fails={"q13_batch_normalization": "normalises, but nothing uses its result."},
    ),
    wrong(
        "q13",
        "images normalised too",
        "one more than the question asks for",
        line("build_tiny_vgg_bn", ("x = inputs\n", "x = layers.BatchNormalization()(inputs)\n")),
        marks=5,
        fails={"q13_batch_normalization": "comes after input"},
    ),
    wrong(
        "q13",
        "flat features normalised too",
        "one more than the question asks for",
        line("build_tiny_vgg_bn", (FLATTEN, f"{FLATTEN}\n    x = layers.BatchNormalization()(x)")),
        marks=5,
        fails={"q13_batch_normalization": "comes after flatten"},
    ),
    wrong(
        "q13",
        "one normalisation for all convolutions",
        "its averages mix what different layers put out",
        line(
            "build_tiny_vgg_bn",
            ("x = inputs\n", "x = inputs\n    bn = layers.BatchNormalization()\n"),
            (NORM, "x = bn(x)"),
        ),
        marks=5,
        fails={"q13_batch_normalization": "One and the same layer object"},
    ),
    wrong(
        "q13",
        "normalisation held in training mode",
        "in use, it depends on the other images of the batch",
        line("build_tiny_vgg_bn", (NORM, NORM.removesuffix("(x)") + "(x, training=True)")),
        marks=5,
        fails={"q13_batch_normalization": "training=True"},
    ),
    wrong(
        "q13",
        "normalisation held in inference mode",
        "the batch's statistics are never used",
        function(
            "build_tiny_vgg_bn",
            """
class TinyVGGBN(keras.Model):
    def __init__(self):
        super().__init__()
        self.convs = [layers.Conv2D(10, 3, padding="same") for _ in range(4)]
        self.norms = [layers.BatchNormalization() for _ in range(4)]
        self.relu, self.pool, self.flatten = layers.ReLU(), layers.MaxPooling2D(2), layers.Flatten()
        self.classifier = layers.Dense(10, activation="softmax")

    def call(self, x):
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms)):
            x = self.relu(norm(conv(x), training=False))
            if i % 2:
                x = self.pool(x)
        return self.classifier(self.flatten(x))

def build_tiny_vgg_bn():
    return TinyVGGBN()
""",
        ),
        marks=5,
        fails={"q13_batch_normalization": "training=False"},
    ),
    wrong(
        "q13",
        "frozen normalisation",
        "it keeps its first scale and offset, and never uses the batch",
        line("build_tiny_vgg_bn", ("BatchNormalization(", "BatchNormalization(trainable=False, ")),
        marks=5,
        fails={"q13_batch_normalization": "is frozen"},
    ),
    wrong(
        "q13",
        "rows normalised in place of channels",
        "axis 1 is that of the rows",
        line("build_tiny_vgg_bn", ("BatchNormalization(", "BatchNormalization(axis=1, ")),
        marks=3,
        fails={"q13_batch_normalization": "has axis = 1"},
        real=True,
        opens={"q13_record": "normalises along another axis than the last"},
    ),
    wrong(
        "q13",
        "neither bias nor offset",
        "nothing shifts where ReLU begins",
        line(
            "build_tiny_vgg_bn",
            ('padding="same", ', 'padding="same", use_bias=False, '),
            ("BatchNormalization(", "BatchNormalization(center=False, "),
        ),
        marks=5,
        fails={"q13_batch_normalization": "no offset"},
    ),
    wrong(
        "q13",
        "question 4 once more",
        "there is no normalisation",
        function("build_tiny_vgg_bn", "def build_tiny_vgg_bn():\n    return build_tiny_vgg()\n"),
        marks=5,
        fails={"q13_batch_normalization": "comes activation relu"},
    ),
    wrong(
        "q13",
        "dropout along with the normalisation",
        "two changes at a time",
        line("build_tiny_vgg_bn", (f"{POOL}(x)", f"{POOL}(x)\n        x = layers.Dropout(0.2)(x)")),
        marks=6,
        fails={"q13_rest": "(Dropout)"},
    ),
    wrong(
        "q13",
        "more filters along with the normalisation",
        "two changes at a time",
        line("build_tiny_vgg_bn", ("settings.FILTERS", "16")),
        marks=6,
        fails={"q13_rest": "has filters = 16"},
    ),
    wrong(
        "q13",
        "a third block along with the normalisation",
        "two changes at a time",
        line("build_tiny_vgg_bn", ("settings.BLOCKS + 1", "settings.BLOCKS + 2")),
        marks=6,
        fails={"q13_rest": "2 blocks"},
    ),
    wrong(
        "q13",
        "swish in place of ReLU",
        "two changes at a time",
        line("build_tiny_vgg_bn", (RELU, 'x = layers.Activation("swish")(x)')),
        marks=6,
        fails={"q13_rest": "activation silu"},
    ),
    wrong(
        "q13",
        "returns what is not defined",
        "a line was renamed, another was not",
        line("build_tiny_vgg_bn", ("return keras.Model(inputs, outputs", "return keras.Model(inputs, predictions")),
        marks=2,
        fails={"q13_answered": "NameError"},
        real=True,
    ),
)
