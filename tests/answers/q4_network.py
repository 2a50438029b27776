"""Question 4: layers spelt in other ways, what stands around the blocks, and what is no network."""

from answers.entries import Entry, cell_after, function, line, right, wrong
from answers.q4_blocks import POOL, RELU

FLATTEN = 'x = layers.Flatten(name="flatten")(x)'
HEAD = 'layers.Dense(settings.N_CLASSES, activation="softmax", name="classifier")(x)'

RIGHT: tuple[Entry, ...] = (
    right(
        "q4",
        "ReLU by keras.ops",
        "functions on tensors are steps like layers",
        line(
            "build_tiny_vgg",
            ('layers.ReLU(name=f"block{block}_relu{conv}")(x)', "keras.ops.relu(x)"),
            (
                'layers.Dense(settings.N_CLASSES, activation="softmax", name="classifier")(x)',
                "keras.ops.softmax(layers.Dense(settings.N_CLASSES)(x))",
            ),
        ),
    ),
    right(
        "q4",
        "raw scores, known to the loss",
        "from_logits=True at question 5 makes up for the softmax",
        line("build_tiny_vgg", ('activation="softmax", ', "")),
        line("build_tiny_vgg_bn", ('activation="softmax", ', "")),
        line("build_tiny_vgg_3blocks", ('activation="softmax", ', "")),
        line("build_tiny_resnet", ('activation="softmax", ', "")),
        line(
            "compile_model",
            ('"sparse_categorical_crossentropy"', "keras.losses.SparseCategoricalCrossentropy(from_logits=True)"),
        ),
    ),
    right(
        "q4",
        "softmax as a layer of its own",
        "the same as an activation of the dense layer",
        line(
            "build_tiny_vgg",
            (
                'activation="softmax", name="classifier")(x)',
                'name="scores")(x)\n    outputs = layers.Softmax()(outputs)',
            ),
        ),
    ),
    right(
        "q4",
        "images rescaled within the model",
        "a Rescaling layer is free",
        line("build_tiny_vgg", ("x = inputs\n", "x = layers.Rescaling(2.0, offset=-1.0)(inputs)  # to [-1, 1]\n")),
    ),
    right(
        "q4",
        "zero padding and valid convolutions",
        "a border of zeros is what same padding adds",
        line(
            "build_tiny_vgg",
            (
                "            x = layers.Conv2D",
                "            x = layers.ZeroPadding2D(padding=(1, 1))(x)\n            x = layers.Conv2D",
            ),
            ('padding="same"', 'padding="valid"'),
        ),
    ),
    right(
        "q4",
        "reshape in place of flatten",
        "one axis either way",
        line("build_tiny_vgg", ('layers.Flatten(name="flatten")(x)', "layers.Reshape((-1,))(x)")),
    ),
    right(
        "q4",
        "initialisers and everything spelt out",
        "how weights start is free, and defaults may be written",
        line(
            "build_tiny_vgg",
            (
                "settings.KERNEL_SIZE, ",
                'kernel_size=(3, 3), strides=(1, 1), use_bias=True, kernel_initializer="he_normal", ',
            ),
            (
                "layers.MaxPooling2D(settings.POOL_SIZE, ",
                'layers.MaxPooling2D(pool_size=(2, 2), strides=2, padding="valid", ',
            ),
            ('"softmax", ', '"softmax", kernel_initializer=keras.initializers.GlorotNormal(), '),
        ),
    ),
    right(
        "q4",
        "builder with optional arguments",
        "it may be called without any",
        line(
            "build_tiny_vgg",
            ("build_tiny_vgg():", "build_tiny_vgg(filters=10, n_blocks=2, input_shape=(32, 32, 3), num_classes=10):"),
            ("keras.Input(settings.IMAGE_SHAPE)", "keras.layers.Input(shape=input_shape)"),
            ("settings.BLOCKS + 1", "n_blocks + 1"),
            ("settings.FILTERS", "filters"),
            ("settings.N_CLASSES, ", "num_classes, "),
        ),
    ),
    right(
        "q4",
        "drawn from a list of numbers",
        "as the VGG of libraries is configured",
        function(
            "build_tiny_vgg",
            """
CONFIG = [10, 10, "M", 10, 10, "M"]

def build_tiny_vgg(config=CONFIG):
    inputs = keras.Input(shape=settings.IMAGE_SHAPE, name="image")
    x = inputs
    for entry in config:
        if entry == "M":
            x = layers.MaxPooling2D(2, 2)(x)
        else:
            x = layers.Conv2D(entry, 3, 1, "same")(x)
            x = layers.Activation(keras.activations.relu)(x)
    x = layers.Flatten()(x)
    return keras.Model(inputs=[inputs], outputs=[layers.Dense(10, activation="softmax")(x)], name="TinyVGG")
""",
        ),
    ),
)

WRONG: tuple[Entry, ...] = (
    # The head
    wrong(
        "q4",
        "global average pooling for flatten",
        "the dense layer sees 10 values, not 640",
        line("build_tiny_vgg", (FLATTEN, "x = layers.GlobalAveragePooling2D()(x)")),
        marks=11,
        fails={"q4_head": "Global pooling keeps one value of each feature map"},
    ),
    wrong(
        "q4",
        "sigmoid at the end",
        "its outputs do not sum to one",
        line("build_tiny_vgg", ('"softmax"', '"sigmoid"')),
        marks=11,
        fails={"q4_head": "comes activation sigmoid"},
    ),
    wrong(
        "q4",
        "ReLU at the end",
        "neither probabilities nor raw scores",
        line("build_tiny_vgg", ('"softmax"', '"relu"')),
        marks=11,
        fails={"q4_head": "comes activation relu"},
    ),
    # Nothing else
    wrong(
        "q4",
        "a hidden dense layer",
        "as most tutorials have it; it would hold most of the weights",
        line("build_tiny_vgg", (FLATTEN, f'{FLATTEN}\n    x = layers.Dense(64, activation="relu")(x)')),
        marks=11,
        fails={"q4_nothing_else": "2 dense layers"},
    ),
    wrong(
        "q4",
        "dropout before the classifier",
        "another experiment; outputs in use do not show it",
        line("build_tiny_vgg", (FLATTEN, f"{FLATTEN}\n    x = layers.Dropout(0.5)(x)")),
        marks=11,
        fails={"q4_nothing_else": "(Dropout)"},
    ),
    wrong(
        "q4",
        "dropout after each pooling",
        "another experiment",
        function(
            "build_tiny_vgg",
            """
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras.models import Sequential

def build_tiny_vgg():
    model = Sequential()
    for i in range(2):
        model.add(Conv2D(10, (3, 3), activation='relu', padding='same'))
        model.add(Conv2D(10, (3, 3), activation='relu', padding='same'))
        model.add(MaxPooling2D(pool_size=(2, 2)))
        model.add(Dropout(0.25))
    model.add(Flatten())
    model.add(Dense(10, activation='softmax'))
    return model
""",
        ),
        marks=11,
        fails={"q4_nothing_else": "(Dropout)"},
    ),
    wrong(
        "q4",
        "batch normalisation already",
        "that is question 13",
        line("build_tiny_vgg", (RELU, f"x = layers.BatchNormalization()(x)\n            {RELU}")),
        marks=11,
        fails={"q4_nothing_else": "(batch normalisation)"},
    ),
    wrong(
        "q4",
        "images flipped within the model",
        "augmentation is another experiment",
        line("build_tiny_vgg", ("x = inputs\n", 'x = layers.RandomFlip("horizontal")(inputs)\n')),
        marks=11,
        fails={"q4_nothing_else": "RandomFlip"},
    ),
    wrong(
        "q4",
        "weight decay by a regulariser",
        "another loss than the crossentropy",
        line(
            "build_tiny_vgg", ('padding="same", ', 'padding="same", kernel_regularizer=keras.regularizers.l2(1e-4), ')
        ),
        marks=11,
        fails={"q4_nothing_else": "has a regulariser"},
    ),
    wrong(
        "q4",
        "softmax twice",
        "in the dense layer and once more: nearly even probabilities",
        line("build_tiny_vgg", (HEAD, f'{HEAD}\n    outputs = layers.Activation("softmax")(outputs)')),
        marks=11,
        fails={"q4_nothing_else": "comes after activation softmax"},
    ),
    wrong(
        "q4",
        "one convolution object used again and again",
        "its weights are shared",
        function(
            "build_tiny_vgg",
            """
def build_tiny_vgg():
    first = layers.Conv2D(10, 3, padding="same", activation="relu")
    conv = layers.Conv2D(10, 3, padding="same", activation="relu")
    pool = layers.MaxPooling2D(2)

    inputs = keras.Input(shape=(32, 32, 3))
    x = pool(conv(first(inputs)))
    x = pool(conv(conv(x)))
    x = layers.Flatten()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
""",
        ),
        marks=11,
        fails={"q4_nothing_else": "its weights are shared"},
    ),
    wrong(
        "q4",
        "a shortcut round the second block",
        "that is the bonus",
        line(
            "build_tiny_vgg",
            ("        for conv in", "        shortcut = x\n        for conv in"),
            (
                f"        x = {POOL}",
                f"        x = layers.Add()([x, shortcut]) if block == 2 else x\n        x = {POOL}",
            ),
        ),
        marks=11,
        fails={"q4_nothing_else": "(Add)"},
    ),
    wrong(
        "q4",
        "frozen first block",
        "it cannot learn",
        line("build_tiny_vgg", ('padding="same", ', 'padding="same", trainable=block > 1, ')),
        marks=11,
        fails={"q4_nothing_else": "`block1_conv1` is frozen"},
    ),
    # What it computes
    wrong(
        "q4",
        "a subclass that adds noise in training",
        "its layers do not show it",
        function(
            "build_tiny_vgg",
            """
class NoisyVGG(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [
            [layers.Conv2D(10, 3, padding="same", activation="relu") for _ in range(2)] for _ in range(2)
        ]
        self.pool = layers.MaxPooling2D(2)
        self.flatten = layers.Flatten()
        self.out = layers.Dense(10, activation="softmax")

    def call(self, x, training=False):
        if training:
            x = x + 0.1 * keras.random.normal(keras.ops.shape(x))
        for first, second in self.blocks:
            x = self.pool(second(first(x)))
        return self.out(self.flatten(x))

def build_tiny_vgg():
    return NoisyVGG()
""",
        ),
        marks=10,
        fails={"q4_outputs": "in training mode they are random"},
    ),
    wrong(
        "q4",
        "features halved in training",
        "a hand-made dropout that also forgets to scale",
        function(
            "build_tiny_vgg",
            """
class TinyVGG(keras.Model):
    def __init__(self):
        super().__init__()
        self.c1, self.c2, self.c3, self.c4 = [
            layers.Conv2D(10, 3, padding="same", activation="relu") for _ in range(4)
        ]
        self.pool = layers.MaxPooling2D(2)
        self.flatten = layers.Flatten()
        self.dense = layers.Dense(10, activation="softmax")

    def call(self, x, training=False):
        x = self.pool(self.c2(self.c1(x)))
        x = self.pool(self.c4(self.c3(x)))
        x = self.flatten(x)
        if training:
            x = 0.5 * x
        return self.dense(x)

def build_tiny_vgg():
    return TinyVGG()
""",
        ),
        marks=10,
        fails={"q4_outputs": "in training mode they differ"},
    ),
    # No usable model
    wrong(
        "q4",
        "a hundred classes",
        "that is the other CIFAR",
        line("build_tiny_vgg", ("Dense(settings.N_CLASSES", "Dense(100")),
        marks=10,
        fails={"q4_answered": "(n, 100)"},
    ),
    wrong(
        "q4",
        "no flatten",
        "each position gets its own probabilities",
        line("build_tiny_vgg", (f"    {FLATTEN}\n", "")),
        marks=10,
        fails={"q4_answered": "(n, 8, 8, 10)"},
        elsewhere={"q9": 11},
        opens={"q9_record": "the network does not give one value a class"},
    ),
    wrong(
        "q4",
        "model that ends before the classifier",
        "the wrong variable is given as output",
        line("build_tiny_vgg", ("keras.Model(inputs, outputs", "keras.Model(inputs, x")),
        marks=10,
        fails={"q4_answered": "(n, 640)"},
    ),
    wrong(
        "q4",
        "images of MNIST's size",
        "copied from another exercise",
        line("build_tiny_vgg", ("Input(settings.IMAGE_SHAPE)", "Input((28, 28, 1))")),
        marks=8,
        fails={"q4_answered": "(n, 32, 32, 3)"},
    ),
    wrong(
        "q4",
        "return forgotten",
        "the function returns None",
        line("build_tiny_vgg", ("return keras.Model", "model = keras.Model")),
        marks=0,
        fails={"q4_answered": "It returned None"},
    ),
    wrong(
        "q4",
        "returns the summary",
        "summary() prints, and returns None",
        line("build_tiny_vgg", ('name="tiny_vgg")', 'name="tiny_vgg").summary()')),
        marks=0,
        fails={"q4_answered": "It returned None"},
    ),
    wrong(
        "q4",
        "a list of layers",
        "nothing puts them together",
        function(
            "build_tiny_vgg",
            """
def build_tiny_vgg():
    model = [layers.Input((32, 32, 3))]
    for block in range(2):
        model += [
            layers.Conv2D(10, 3, padding="same", activation="relu"),
            layers.Conv2D(10, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
        ]
    model += [layers.Flatten(), layers.Dense(10, activation="softmax")]
    return model
""",
        ),
        marks=0,
        fails={"q4_answered": "A model is what `keras.Sequential(...)`"},
    ),
    wrong(
        "q4",
        "the class and not a model",
        "the parentheses are missing",
        function(
            "build_tiny_vgg",
            """
class TinyVGG(keras.Sequential):
    def __init__(self):
        super().__init__([keras.Input((32, 32, 3))])
        for _ in range(2):
            self.add(layers.Conv2D(10, 3, padding="same", activation="relu"))
            self.add(layers.Conv2D(10, 3, padding="same", activation="relu"))
            self.add(layers.MaxPooling2D())
        self.add(layers.Flatten())
        self.add(layers.Dense(10, activation="softmax"))

def build_tiny_vgg():
    return TinyVGG
""",
        ),
        marks=0,
        fails={"q4_answered": "the class `TinyVGG` itself"},
    ),
    wrong(
        "q4",
        "a name of the student's own",
        "nothing finds the function",
        line("build_tiny_vgg", ("def build_tiny_vgg(", "def build_model(")),
        marks=0,
        fails={"q4_answered": "`build_tiny_vgg` is not defined"},
    ),
    wrong(
        "q4",
        "kernel sides as separate arguments",
        "the third argument is the stride",
        line("build_tiny_vgg", ("settings.KERNEL_SIZE, ", "3, 3, "), ('padding="same", ', "")),
        marks=0,
        fails={"q4_answered": "ValueError"},
    ),
    wrong(
        "q4",
        "a layer that is not imported",
        "the name is unknown in this notebook",
        line("build_tiny_vgg", ("layers.MaxPooling2D", "MaxPooling2D")),
        marks=0,
        fails={"q4_answered": "NameError"},
    ),
    wrong(
        "q4",
        "layers added to one global model",
        "each call adds the whole network again",
        function(
            "build_tiny_vgg",
            """
model = keras.Sequential([keras.Input(shape=(32, 32, 3))])

def build_tiny_vgg():
    for _ in range(2):
        model.add(layers.Conv2D(10, 3, padding="same", activation="relu"))
        model.add(layers.Conv2D(10, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.Flatten())
    model.add(layers.Dense(10, activation="softmax"))
    return model
""",
        ),
        cell_after("build_tiny_vgg", "my_vgg = build_tiny_vgg()\nmy_vgg.summary()"),
        marks=0,
        fails={"q4_answered": "ValueError"},
    ),
    wrong(
        "q4",
        "layers made in call",
        "each call draws new weights",
        function(
            "build_tiny_vgg",
            """
class TinyVGG(keras.Model):
    def call(self, x):
        for _ in range(2):
            x = layers.Conv2D(10, 3, padding="same", activation="relu")(x)
            x = layers.Conv2D(10, 3, padding="same", activation="relu")(x)
            x = layers.MaxPooling2D(2)(x)
        x = layers.Flatten()(x)
        return layers.Dense(10, activation="softmax")(x)

def build_tiny_vgg():
    return TinyVGG()
""",
        ),
        marks=8,  # without outputs that could be compared
        fails={"q4_answered": "It makes new layers"},
        elsewhere={"q9": 11},  # whose record holds no weights, since Keras knows of none
    ),
    wrong(
        "q4",
        "layers kept where Keras does not look",
        "they are never trained",
        function(
            "build_tiny_vgg",
            """
class TinyVGG(keras.Model):
    def __init__(self):
        super().__init__()
        for i in range(4):
            vars(self)[f"conv{i}"] = layers.Conv2D(10, 3, padding="same", activation="relu", name=f"conv{i}")
        self.pools = [layers.MaxPooling2D(2), layers.MaxPooling2D(2)]
        self.head = keras.Sequential([layers.Flatten(), layers.Dense(10, activation="softmax")])

    def call(self, x):
        x = self.pools[0](self.conv1(self.conv0(x)))
        x = self.pools[1](self.conv3(self.conv2(x)))
        return self.head(x)

def build_tiny_vgg():
    return TinyVGG()
""",
        ),
        marks=10,
        fails={"q4_answered": "It does not know `conv0`, `conv1`, `conv2`, `conv3`"},
    ),
    wrong(
        "q4",
        "convolutions inside Lambda layers",
        "Keras does not see them",
        function(
            "build_tiny_vgg",
            """
def build_tiny_vgg():
    convs = [layers.Conv2D(10, 3, padding="same", activation="relu") for _ in range(4)]
    inputs = keras.Input((32, 32, 3))
    x = layers.Lambda(lambda t: convs[1](convs[0](t)))(inputs)
    x = layers.MaxPooling2D()(x)
    x = layers.Lambda(lambda t: convs[3](convs[2](t)))(x)
    x = layers.MaxPooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(layers.Flatten()(x)))
""",
        ),
        marks=10,
        fails={"q4_answered": "used when the model is called, but never trained"},
    ),
    wrong(
        "q4",
        "classifier without a bias",
        "ten weights are missing",
        line("build_tiny_vgg", (HEAD, HEAD.replace('"softmax"', '"softmax", use_bias=False'))),
        marks=11,
        fails={"q4_head": "`classifier` has no bias."},
    ),
)
