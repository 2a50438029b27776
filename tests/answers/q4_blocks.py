"""Question 4: the blocks of the tiny VGG, and how they are put together."""

from answers.entries import Entry, function, line, right, wrong

# Lines of the solution that many mistakes are about
RELU = 'x = layers.ReLU(name=f"block{block}_relu{conv}")(x)'

POOL = 'layers.MaxPooling2D(settings.POOL_SIZE, name=f"block{block}_pool")'

RIGHT: tuple[Entry, ...] = (
    right(
        "q4",
        "layers added one by one",
        "the usual way of tutorials; numbers in place of the settings",
        function(
            "build_tiny_vgg",
            """
from keras.models import Sequential
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D

def build_tiny_vgg():
    model = Sequential()
    model.add(Conv2D(10, (3, 3), activation='relu', padding='same', input_shape=(32, 32, 3)))
    model.add(Conv2D(10, (3, 3), activation='relu', padding='same'))
    model.add(MaxPooling2D((2, 2)))

    model.add(Conv2D(10, (3, 3), activation='relu', padding='same'))
    model.add(Conv2D(10, (3, 3), activation='relu', padding='same'))
    model.add(MaxPooling2D((2, 2)))

    model.add(Flatten())
    model.add(Dense(10, activation='softmax'))
    return model
""",
        ),
    ),
    right(
        "q4",
        "Sequential list without an input",
        "Keras learns the size of the images from the first ones",
        function(
            "build_tiny_vgg",
            """
def build_tiny_vgg():
    def block():
        return [
            layers.Conv2D(settings.FILTERS, settings.KERNEL_SIZE, padding="same", activation="relu"),
            layers.Conv2D(settings.FILTERS, settings.KERNEL_SIZE, padding="same", activation="relu"),
            layers.MaxPool2D(),
        ]

    return keras.Sequential([*block(), *block(), layers.Flatten(), layers.Dense(settings.N_CLASSES, "softmax")])
""",
        ),
    ),
    right(
        "q4",
        "functional with a block helper",
        "activations are layers of their own, by name",
        function(
            "build_tiny_vgg",
            """
from keras.layers import Activation, Conv2D, Dense, Flatten, Input, MaxPooling2D
from keras.models import Model

def vgg_block(tensor, n_filters):
    for _ in range(2):
        tensor = Conv2D(n_filters, kernel_size=(3, 3), strides=(1, 1), padding="same")(tensor)
        tensor = Activation("relu")(tensor)
    return MaxPooling2D(pool_size=(2, 2), strides=(2, 2))(tensor)

def build_tiny_vgg():
    img = Input(shape=(32, 32, 3))
    features = vgg_block(img, 10)
    features = vgg_block(features, 10)
    scores = Dense(10)(Flatten()(features))
    return Model(inputs=img, outputs=Activation("softmax")(scores))
""",
        ),
    ),
    right(
        "q4",
        "subclassed model",
        "layers are made in the constructor and used in call",
        function(
            "build_tiny_vgg",
            """
class TinyVGG(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv1a = layers.Conv2D(10, 3, padding="same", activation="relu")
        self.conv1b = layers.Conv2D(10, 3, padding="same", activation="relu")
        self.conv2a = layers.Conv2D(10, 3, padding="same", activation="relu")
        self.conv2b = layers.Conv2D(10, 3, padding="same", activation="relu")
        self.pool = layers.MaxPooling2D(2)
        self.flatten = layers.Flatten()
        self.classifier = layers.Dense(10, activation="softmax")

    def call(self, x, training=False):
        x = self.pool(self.conv1b(self.conv1a(x)))
        x = self.pool(self.conv2b(self.conv2a(x)))
        return self.classifier(self.flatten(x))

def build_tiny_vgg():
    return TinyVGG()
""",
        ),
    ),
    right(
        "q4",
        "subclass with TensorFlow functions",
        "not to be followed layer by layer, but it computes the same",
        function(
            "build_tiny_vgg",
            """
import tensorflow as tf

class Net(tf.keras.Model):
    def __init__(self):
        super().__init__(name="net")
        self.convs = [tf.keras.layers.Conv2D(10, 3, padding="same") for _ in range(4)]
        self.fc = tf.keras.layers.Dense(10)

    def call(self, x):
        for i, conv in enumerate(self.convs):
            x = tf.nn.relu(conv(x))
            if i % 2 == 1:
                x = tf.nn.max_pool2d(x, ksize=2, strides=2, padding="VALID")
        x = tf.reshape(x, [-1, 8 * 8 * 10])
        return tf.nn.softmax(self.fc(x))

def build_tiny_vgg():
    return Net()
""",
        ),
    ),
    right(
        "q4",
        "blocks as layers of their own",
        "a block holds its convolutions and its pooling",
        function(
            "build_tiny_vgg",
            """
class VGGBlock(layers.Layer):
    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.conv1 = layers.Conv2D(filters, settings.KERNEL_SIZE, padding="same")
        self.conv2 = layers.Conv2D(filters, settings.KERNEL_SIZE, padding="same")
        self.relu = layers.ReLU()
        self.pool = layers.MaxPooling2D(settings.POOL_SIZE)

    def call(self, inputs):
        x = self.relu(self.conv1(inputs))
        x = self.relu(self.conv2(x))
        return self.pool(x)

def build_tiny_vgg():
    return keras.Sequential([
        keras.Input(shape=settings.IMAGE_SHAPE),
        VGGBlock(settings.FILTERS, name="block_1"),
        VGGBlock(settings.FILTERS, name="block_2"),
        layers.Flatten(),
        layers.Dense(settings.N_CLASSES, activation="softmax"),
    ])
""",
        ),
    ),
    right(
        "q4",
        "nested Sequential blocks",
        "a model may be made of models",
        function(
            "build_tiny_vgg",
            """
from keras import layers as L

def make_block(name):
    return keras.Sequential(
        [
            L.Conv2D(filters=10, kernel_size=3, padding="same"), L.ReLU(),
            L.Conv2D(filters=10, kernel_size=3, padding="same"), L.ReLU(),
            L.MaxPooling2D(),
        ],
        name=name,
    )

def build_tiny_vgg():
    inp = L.Input((32, 32, 3))
    x = make_block("block1")(inp)
    x = make_block("block2")(x)
    x = L.Flatten()(x)
    out = L.Dense(10, "softmax")(x)
    return keras.Model(inp, out)
""",
        ),
    ),
    right(
        "q4",
        "layers and functions of tf.keras",
        "the same layers under another name, activations as functions",
        function(
            "build_tiny_vgg",
            """
import tensorflow as tf

def build_tiny_vgg():
    K = tf.keras.layers
    conv = lambda: K.Conv2D(settings.FILTERS, settings.KERNEL_SIZE, padding="SAME", activation=tf.nn.relu)
    net = tf.keras.Sequential([tf.keras.Input(settings.IMAGE_SHAPE)])
    for _ in range(settings.BLOCKS):
        net.add(conv())
        net.add(conv())
        net.add(K.MaxPool2D(settings.POOL_SIZE))
    net.add(K.Flatten())
    net.add(K.Dense(settings.N_CLASSES, activation=tf.nn.softmax))
    net.summary()
    return net
""",
        ),
    ),
)

WRONG: tuple[Entry, ...] = (
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
)
