"""Questions 4, 5, 13 and 14: networks, and how they are compiled."""

from zoo.entries import Entry, cell_after, function, line, wrong

# Lines of the solution that many mistakes are about
RELU = 'x = layers.ReLU(name=f"block{block}_relu{conv}")(x)'
POOL = 'layers.MaxPooling2D(settings.POOL_SIZE, name=f"block{block}_pool")'
NORM = 'x = layers.BatchNormalization(name=f"block{block}_bn{conv}")(x)'
FLATTEN = 'x = layers.Flatten(name="flatten")(x)'
HEAD = 'layers.Dense(settings.N_CLASSES, activation="softmax", name="classifier")(x)'
SPARSE = '"sparse_categorical_crossentropy"'
ONE_HOT = line(
    "preprocess",
    ("y_train.flatten()", "keras.utils.to_categorical(y_train, settings.N_CLASSES)"),
    ("y_test.flatten()", "keras.utils.to_categorical(y_test, settings.N_CLASSES)"),
)

QUESTION_4 = (
    # The convolutions
    wrong(
        "q4",
        "five by five kernels",
        "the question asks for 3×3",
        line("build_tiny_vgg", ("settings.KERNEL_SIZE", "5")),
        marks=10,
        fails={"q4_convolutions": "has kernel_size = [5, 5]"},
    ),
    wrong(
        "q4",
        "five by five kernels in all variants",
        "questions 13 and 14 are right as changes of this network",
        line("build_tiny_vgg", ("settings.KERNEL_SIZE", "5")),
        line("build_tiny_vgg_bn", ("settings.KERNEL_SIZE", "5")),
        line("build_tiny_vgg_3blocks", ("settings.KERNEL_SIZE", "5")),
        marks=10,
        fails={"q4_convolutions": "has kernel_size = [5, 5]"},
    ),
    wrong(
        "q4",
        "second convolution of one by one",
        "every kernel is 3×3",
        line("build_tiny_vgg", ("settings.KERNEL_SIZE", "settings.KERNEL_SIZE if conv == 1 else 1")),
        marks=10,
        fails={"q4_convolutions": "`block1_conv2` has kernel_size = [1, 1]"},
    ),
    wrong(
        "q4",
        "padding left at its default",
        "the default is valid: the picture shrinks",
        line("build_tiny_vgg", ('padding="same", ', "")),
        marks=10,
        fails={"q4_convolutions": "the picture shrinks"},
    ),
    wrong(
        "q4",
        "thirty-two filters",
        "the question asks for 10",
        line("build_tiny_vgg", ("settings.FILTERS", "32")),
        marks=10,
        fails={"q4_convolutions": "has filters = 32"},
    ),
    wrong(
        "q4",
        "filters doubled in the second block",
        "as in the large VGG, but here all have 10",
        line("build_tiny_vgg", ("settings.FILTERS", "settings.FILTERS * block")),
        marks=10,
        fails={"q4_convolutions": "`block2_conv1` has filters = 20"},
    ),
    wrong(
        "q4",
        "convolutions without a bias",
        "that belongs to batch normalisation, which is another question",
        line("build_tiny_vgg", ('padding="same", ', 'padding="same", use_bias=False, ')),
        marks=10,
        fails={"q4_convolutions": "has use_bias = False"},
    ),
    wrong(
        "q4",
        "separable convolutions",
        "another kind of layer, with fewer weights",
        line("build_tiny_vgg", ("layers.Conv2D", "layers.SeparableConv2D")),
        marks=10,
        fails={"q4_convolutions": "is a SeparableConv2D"},
        elsewhere={"q9": 11},
        opens={"q9_record": "the network cannot be computed here"},
    ),
    wrong(
        "q4",
        "dilated convolutions",
        "their kernels reach over 5×5",
        line("build_tiny_vgg", ('padding="same", ', 'padding="same", dilation_rate=2, ')),
        marks=10,
        fails={"q4_convolutions": "has dilation = [2, 2]"},
    ),
    # Their activations
    wrong(
        "q4",
        "no activation at all",
        "convolutions in a row are one linear map",
        line("build_tiny_vgg", (f"            {RELU}\n", "")),
        marks=11,
        fails={"q4_activations": "After `block1_conv1` comes convolution 3×3"},
    ),
    wrong(
        "q4",
        "ReLU once a block",
        "the first convolution of each block has none",
        line("build_tiny_vgg", (f"            {RELU}\n", '        x = layers.ReLU(name=f"block{block}_relu")(x)\n')),
        marks=11,
        fails={"q4_activations": "After `block1_conv1` comes convolution 3×3"},
    ),
    wrong(
        "q4",
        "result of ReLU thrown away",
        "the layer is called, but x stays what it was",
        line("build_tiny_vgg", (RELU, RELU.removeprefix("x = "))),
        marks=11,
        fails={"q4_activations": "After `block1_conv1` comes convolution 3×3"},
    ),
    wrong(
        "q4",
        "last convolution without activation",
        "forgotten in one of four lines",
        function(
            "build_tiny_vgg",
            """
def build_tiny_vgg():
    model = keras.Sequential()
    model.add(keras.Input(shape=(32, 32, 3)))
    model.add(layers.Conv2D(10, (3, 3), activation="relu", padding="same"))
    model.add(layers.Conv2D(10, (3, 3), activation="relu", padding="same"))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Conv2D(10, (3, 3), activation="relu", padding="same"))
    model.add(layers.Conv2D(10, (3, 3), padding="same"))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dense(10, activation="softmax"))
    return model
""",
        ),
        marks=11,
        fails={"q4_activations": "comes max pooling 2×2"},
    ),
    wrong(
        "q4",
        "leaky ReLU",
        "another activation",
        line("build_tiny_vgg", ("layers.ReLU(", "layers.LeakyReLU(negative_slope=0.1, ")),
        marks=11,
        fails={"q4_activations": "activation leaky_relu"},
    ),
    wrong(
        "q4",
        "ReLU capped at six",
        "another activation, though none of the outputs may show it",
        line("build_tiny_vgg", ("layers.ReLU(", "layers.ReLU(max_value=6, ")),
        marks=11,
        fails={"q4_activations": "activation relu6"},
    ),
    wrong(
        "q4",
        "tanh in a subclass",
        "another activation",
        function(
            "build_tiny_vgg",
            """
class TinyVGG(keras.Model):
    def __init__(self):
        super().__init__()
        self.convs = [layers.Conv2D(10, 3, padding="same", activation="tanh") for _ in range(4)]
        self.pool = layers.MaxPooling2D()
        self.flat = layers.Flatten()
        self.fc = layers.Dense(10, activation="softmax")

    def call(self, x):
        x = self.pool(self.convs[1](self.convs[0](x)))
        x = self.pool(self.convs[3](self.convs[2](x)))
        return self.fc(self.flat(x))

def build_tiny_vgg():
    return TinyVGG()
""",
        ),
        marks=11,
        fails={"q4_activations": "activation tanh"},
    ),
    # The pooling
    wrong(
        "q4",
        "average pooling",
        "the question asks for the maximum",
        line("build_tiny_vgg", ("MaxPooling2D", "AveragePooling2D")),
        marks=11,
        fails={"q4_pooling": "average pooling 2×2"},
    ),
    wrong(
        "q4",
        "pooling over three by three",
        "the question asks for 2×2",
        line(
            "build_tiny_vgg",
            ("settings.POOL_SIZE", "settings.KERNEL_SIZE"),
            ("layers.MaxPooling2D(", "layers.MaxPool2D("),
        ),
        marks=11,
        fails={"q4_pooling": "max pooling 3×3"},
    ),
    wrong(
        "q4",
        "pooling that moves by one",
        "with strides of 1 the picture stays as large as it was",
        line("build_tiny_vgg", ("settings.POOL_SIZE", "settings.POOL_SIZE, strides=1")),
        marks=11,
        fails={"q4_pooling": "with strides 1×1"},
    ),
    # The blocks
    wrong(
        "q4",
        "one convolution a block",
        "the question asks for two",
        line("build_tiny_vgg", ("settings.CONVS_PER_BLOCK + 1", "settings.CONVS_PER_BLOCK")),
        marks=10,
        fails={"q4_blocks": "conv, pool, conv, pool"},
    ),
    wrong(
        "q4",
        "a third block",
        "that is question 14",
        line("build_tiny_vgg", ("settings.BLOCKS + 1", "4")),
        marks=10,
        fails={"q4_blocks": "2 blocks"},
    ),
    wrong(
        "q4",
        "loop over blocks one short",
        "range ends before its end",
        line("build_tiny_vgg", ("settings.BLOCKS + 1", "settings.BLOCKS")),
        marks=10,
        fails={"q4_blocks": "the model has: conv, conv, pool."},
    ),
    wrong(
        "q4",
        "pooling after every convolution",
        "it stands within the inner loop",
        line("build_tiny_vgg", (f"        x = {POOL}", "            x = layers.MaxPooling2D(settings.POOL_SIZE)")),
        marks=10,
        fails={"q4_blocks": "conv, pool, conv, pool, conv, pool"},
    ),
    wrong(
        "q4",
        "pooling once, after both blocks",
        "each block ends with one",
        line("build_tiny_vgg", (f"        x = {POOL}", "    x = layers.MaxPooling2D(settings.POOL_SIZE)")),
        marks=10,
        fails={"q4_blocks": "conv, conv, conv, conv, pool"},
    ),
    wrong(
        "q4",
        "second convolution of the block's input",
        "the first one leads nowhere",
        function(
            "build_tiny_vgg",
            """
def build_tiny_vgg():
    inputs = keras.Input(shape=(32, 32, 3))
    x = layers.Conv2D(10, 3, activation="relu", padding="same")(inputs)
    x = layers.Conv2D(10, 3, activation="relu", padding="same")(inputs)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(10, 3, activation="relu", padding="same")(x)
    x = layers.Conv2D(10, 3, activation="relu", padding="same")(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    outputs = layers.Dense(10, activation="softmax")(x)
    return keras.Model(inputs, outputs)
""",
        ),
        marks=10,
        fails={"q4_blocks": "conv, pool, conv, conv, pool"},
    ),
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

QUESTION_5 = (
    wrong(
        "q5",
        "SGD",
        "the question asks for Adam",
        line("compile_model", ('"adam"', "keras.optimizers.SGD(learning_rate=0.01, momentum=0.9)")),
        marks=5,
        fails={"q5_adam": "It is SGD"},
    ),
    wrong(
        "q5",
        "RMSprop by default",
        "that is what Keras takes where no optimizer is given",
        line("compile_model", ('optimizer="adam", ', "")),
        marks=5,
        fails={"q5_adam": "It is RMSprop"},
    ),
    wrong(
        "q5",
        "AdamW",
        "a relative of Adam, with weight decay",
        line("compile_model", ('"adam"', '"adamw"')),
        marks=5,
        fails={"q5_adam": "It is AdamW"},
    ),
    wrong(
        "q5",
        "Adam with weight decay",
        "which makes it AdamW",
        line("compile_model", ('"adam"', "keras.optimizers.Adam(1e-3, weight_decay=1e-4)")),
        marks=5,
        fails={"q5_adam": "weight decay"},
    ),
    wrong(
        "q5",
        "Nadam",
        "a relative of Adam",
        line("compile_model", ('"adam"', "keras.optimizers.Nadam()")),
        marks=5,
        fails={"q5_adam": "It is Nadam"},
    ),
    wrong(
        "q5",
        "learning rate of a tenth",
        "usual with SGD, far too large for Adam",
        line("compile_model", ('"adam"', "keras.optimizers.Adam(learning_rate=0.1)")),
        marks=5,
        fails={"q5_learning_rate": "It is 0.1."},
    ),
    wrong(
        "q5",
        "learning rate of a ten-millionth",
        "the weights hardly move",
        line("compile_model", ('"adam"', "keras.optimizers.Adam(learning_rate=1e-7)")),
        marks=5,
        fails={"q5_learning_rate": "It is 1e-07."},
    ),
    wrong(
        "q5",
        "learning rate that vanishes",
        "halved every 100 steps, with 274 steps an epoch",
        line(
            "compile_model",
            ('"adam"', "keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(1e-3, 100, 0.5))"),
        ),
        marks=5,
        fails={"q5_learning_rate": "of the training"},
    ),
    wrong(
        "q5",
        "softmax taken for logits",
        "the loss takes a softmax once more",
        line("compile_model", (SPARSE, "keras.losses.SparseCategoricalCrossentropy(from_logits=True)")),
        marks=4.5,
        fails={"q5_loss": "but it has one"},
    ),
    wrong(
        "q5",
        "logits taken for probabilities",
        "the logarithm of raw scores",
        line("build_tiny_vgg", ('activation="softmax", ', "")),
        marks=4.5,
        fails={"q5_loss": "the loss has to know"},
    ),
    wrong(
        "q5",
        "categorical loss with class numbers",
        "it wants one-hot rows",
        line("compile_model", (SPARSE, '"categorical_crossentropy"')),
        marks=4,
        fails={"q5_loss_runs": "Labels are class numbers"},
    ),
    wrong(
        "q5",
        "sparse loss with one-hot labels",
        "it wants class numbers",
        ONE_HOT,
        marks=4,
        fails={"q5_loss_runs": "Labels are one-hot rows"},
    ),
    wrong(
        "q5",
        "mean squared error",
        "of one-hot rows it can be computed, but it is no crossentropy",
        ONE_HOT,
        line("compile_model", (SPARSE, '"mse"')),
        marks=4.5,
        fails={"q5_loss": "`mse` does not compute it"},
    ),
    wrong(
        "q5",
        "binary crossentropy",
        "ten yes-or-no questions in place of one of ten",
        ONE_HOT,
        line("compile_model", (SPARSE, "keras.losses.BinaryCrossentropy()")),
        marks=4.5,
        fails={"q5_loss": "does not compute it"},
    ),
    wrong(
        "q5",
        "accuracy as the loss",
        "Keras has no loss of that name",
        line("compile_model", (SPARSE, '"accuracy"')),
        marks=4,
        fails={"q5_loss_runs": "accuracy"},
    ),
    wrong(
        "q5",
        "class of the optimizer, not an object",
        "the parentheses are missing",
        line("compile_model", ('"adam"', "keras.optimizers.Adam")),
        marks=0,
        fails={"q5_answered": "Could not interpret optimizer"},
    ),
    wrong(
        "q5",
        "no metric",
        "the accuracy is not reported",
        line("compile_model", (', metrics=["accuracy"]', "")),
        marks=5,
        fails={"q5_accuracy": "There are no metrics"},
    ),
    wrong(
        "q5",
        "Accuracy of keras.metrics",
        "it compares probabilities with labels for equality",
        line("compile_model", ('"accuracy"', "keras.metrics.Accuracy()")),
        marks=5,
        fails={"q5_accuracy": '`metrics=["accuracy"]`'},
    ),
    wrong(
        "q5",
        "top-five accuracy alone",
        "counts more than the first choice",
        line("compile_model", ('"accuracy"', 'keras.metrics.SparseTopKCategoricalAccuracy(k=5, name="accuracy")')),
        marks=5,
        fails={"q5_accuracy": "highest output"},
    ),
    wrong(
        "q5",
        "metrics as the third argument",
        "the third argument of compile is loss_weights",
        line("compile_model", ("optimizer=", ""), ("loss=", ""), ("metrics=", "")),
        marks=3,
        fails={"q5_loss_runs": "fails", "q5_accuracy": "There are no metrics"},
    ),
    wrong(
        "q5",
        "metrics as a bare text",
        "Keras wants a list",
        line("compile_model", ('["accuracy"]', '"accuracy"')),
        marks=0,
        fails={"q5_answered": "ValueError"},
    ),
    wrong(
        "q5",
        "learning rate given to compile",
        "it is an argument of the optimizer",
        line("compile_model", ('"adam", ', '"adam", learning_rate=0.001, ')),
        marks=0,
        fails={"q5_answered": "TypeError"},
    ),
    wrong(
        "q5",
        "optimizer misspelt",
        "Keras does not know the name",
        line("compile_model", ('"adam"', '"adams"')),
        marks=0,
        fails={"q5_answered": "adams"},
    ),
    wrong(
        "q5",
        "optimizer made, but compile not called",
        "the model is returned as it came",
        function(
            "compile_model",
            """
def compile_model(model):
    optimizer = keras.optimizers.Adam(learning_rate=0.001)
    loss = keras.losses.SparseCategoricalCrossentropy()
    return model
""",
        ),
        marks=0,
        fails={"q5_answered": "the model is not compiled"},
    ),
    wrong(
        "q5",
        "compiles a model of its own",
        "the one that it is given stays as it is",
        line("compile_model", ("    model.compile", "    model = build_tiny_vgg()\n    model.compile")),
        marks=0,
        fails={"q5_answered": "Given another model"},
    ),
)

QUESTION_13 = (
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

QUESTION_14 = (
    wrong(
        "q14",
        "batch normalisation kept",
        "made from question 13: two changes at a time",
        line("build_tiny_vgg_3blocks", (RELU, f"{NORM}\n            {RELU}")),
        marks=6,
        fails={"q14_rest": "without batch normalisation"},
    ),
    wrong(
        "q14",
        "third block of one convolution",
        "a block has two",
        line("build_tiny_vgg_3blocks", ("settings.CONVS_PER_BLOCK + 1", "(3 if block < 3 else 2)")),
        marks=5,
        fails={"q14_blocks": "conv, conv, pool, conv, conv, pool, conv, pool"},
    ),
    wrong(
        "q14",
        "third block without its pooling",
        "each block ends with one",
        line("build_tiny_vgg_3blocks", (f"x = {POOL}(x)", f"if block < 3:\n            x = {POOL}(x)")),
        marks=5,
        fails={"q14_blocks": "3 blocks"},
    ),
    wrong(
        "q14",
        "still two blocks",
        "the copy was not changed",
        line("build_tiny_vgg_3blocks", ("settings.BLOCKS + 2", "settings.BLOCKS + 1")),
        marks=5,
        fails={"q14_blocks": "3 blocks"},
    ),
    wrong(
        "q14",
        "four blocks",
        "range counted one too far",
        line("build_tiny_vgg_3blocks", ("range(1, settings.BLOCKS + 2)", "range(0, settings.BLOCKS + 2)")),
        marks=5,
        fails={"q14_blocks": "3 blocks"},
    ),
    wrong(
        "q14",
        "a third convolution a block",
        "in place of a third block",
        line(
            "build_tiny_vgg_3blocks",
            ("settings.BLOCKS + 2", "settings.BLOCKS + 1"),
            ("settings.CONVS_PER_BLOCK + 1", "settings.CONVS_PER_BLOCK + 2"),
        ),
        marks=5,
        fails={"q14_blocks": "conv, conv, conv, pool"},
    ),
    wrong(
        "q14",
        "more filters in each further block",
        "two changes at a time",
        line("build_tiny_vgg_3blocks", ("settings.FILTERS", "settings.FILTERS * 2 ** (block - 1)")),
        marks=6,
        fails={"q14_rest": "`block2_conv1` has filters = 20"},
    ),
    wrong(
        "q14",
        "third block with valid padding",
        "written anew, and the padding forgotten",
        line("build_tiny_vgg_3blocks", ('"same"', '"same" if block < 3 else "valid"')),
        marks=6,
        fails={"q14_rest": "`block3_conv1` has padding = valid"},
    ),
    wrong(
        "q14",
        "third block without activation",
        "written anew, and the activation forgotten",
        line("build_tiny_vgg_3blocks", (RELU, f"if block < 3:\n                {RELU}")),
        marks=6,
        fails={"q14_rest": "After `block3_conv1` comes convolution 3×3"},
    ),
    wrong(
        "q14",
        "layers of the second block used again",
        "the third block shares its weights",
        function(
            "build_tiny_vgg_3blocks",
            """
def build_tiny_vgg_3blocks():
    def block():
        return [
            layers.Conv2D(10, 3, padding="same", activation="relu"),
            layers.Conv2D(10, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
        ]

    block1 = block()
    block2 = block3 = block()
    inputs = keras.Input(settings.IMAGE_SHAPE)
    x = inputs
    for layer in block1 + block2 + block3:
        x = layer(x)
    x = layers.Flatten()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
""",
        ),
        marks=6,
        fails={"q14_rest": "its weights are shared"},
    ),
    wrong(
        "q14",
        "dropout against overfitting",
        "two changes at a time",
        line("build_tiny_vgg_3blocks", (FLATTEN, f"{FLATTEN}\n    x = layers.Dropout(0.3)(x)")),
        marks=6,
        fails={"q14_rest": "(Dropout)"},
    ),
    wrong(
        "q14",
        "global pooling in place of flatten",
        "two changes at a time",
        line("build_tiny_vgg_3blocks", (FLATTEN, "x = layers.GlobalMaxPooling2D()(x)")),
        marks=6,
        fails={"q14_rest": "Before `classifier` comes GlobalMaxPooling2D"},
    ),
    wrong(
        "q14",
        "hidden dense layer along with the block",
        "two changes at a time",
        line("build_tiny_vgg_3blocks", (FLATTEN, f'{FLATTEN}\n    x = layers.Dense(128, activation="relu")(x)')),
        marks=6,
        fails={"q14_rest": "2 dense layers"},
    ),
    wrong(
        "q14",
        "valid padding everywhere",
        "the pictures become too small for a third block",
        line("build_tiny_vgg_3blocks", ('"same"', '"valid"'), ("settings.KERNEL_SIZE", "5")),
        marks=2,
        fails={"q14_answered": "ValueError"},
        real=True,
    ),
    wrong(
        "q14",
        "left as it came",
        "the function returns None",
        function("build_tiny_vgg_3blocks", "def build_tiny_vgg_3blocks():\n    ...\n"),
        marks=2,
        fails={"q14_answered": "It returned None"},
        real=True,
    ),
)

ENTRIES: tuple[Entry, ...] = QUESTION_4 + QUESTION_5 + QUESTION_13 + QUESTION_14
