"""The bonus question: the tiny ResNet."""

from zoo.entries import Entry, function, line, right

ADD = 'layers.Add(name=f"block{block}_add")([shortcut, x])'

ENTRIES: tuple[Entry, ...] = (
    right(
        "bonus",
        "residual block in a helper function",
        "blocks without batch normalisation, activation as an argument",
        function(
            "build_tiny_resnet",
            '''
def residual_block(x, filters=10):
    """Two convolutions and a skip connection."""
    skip = x
    x = layers.Conv2D(filters, (3, 3), padding="same", activation="relu")(x)
    x = layers.Conv2D(filters, (3, 3), padding="same")(x)
    x = layers.add([x, skip])
    return layers.Activation("relu")(x)


def build_tiny_resnet():
    inp = layers.Input(shape=(32, 32, 3))
    x = layers.Conv2D(10, (7, 7), padding="same")(inp)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    x = layers.MaxPooling2D((2, 2))(x)
    x = residual_block(x)
    x = residual_block(x)
    x = layers.AveragePooling2D((4, 4))(x)
    x = layers.Flatten()(x)
    out = layers.Dense(10, activation="softmax")(x)
    return keras.models.Model(inputs=inp, outputs=out)
''',
        ),
    ),
    right(
        "bonus",
        "plus sign for the sum",
        "Keras makes an Add of it",
        line("build_tiny_resnet", (ADD, "x + shortcut")),
    ),
    right(
        "bonus",
        "three residual blocks",
        "one more is fine",
        line("build_tiny_resnet", ("range(1, settings.BLOCKS + 1)", "range(1, settings.BLOCKS + 2)")),
    ),
    right(
        "bonus",
        "one by one convolution on the shortcut",
        "the shapes would fit without it, and it is allowed",
        line("build_tiny_resnet", ("shortcut = x", "shortcut = layers.Conv2D(settings.FILTERS, 1)(x)")),
    ),
    right(
        "bonus",
        "shortcut convolution with batch normalisation",
        "as in the original ResNet where the shape changes; no biases before a normalisation",
        function(
            "build_tiny_resnet",
            """
def conv_bn(x, kernel):
    x = layers.Conv2D(settings.FILTERS, kernel, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    return layers.BatchNormalization(momentum=0.9)(x)


def build_tiny_resnet():
    inputs = keras.Input(shape=settings.IMAGE_SHAPE)
    x = keras.activations.relu(conv_bn(inputs, settings.STEM_KERNEL_SIZE))
    x = layers.MaxPool2D()(x)
    for _ in range(2):
        y = keras.activations.relu(conv_bn(x, 3))
        y = conv_bn(y, 3)
        x = keras.activations.relu(layers.Add()([y, conv_bn(x, 1)]))
    x = layers.AvgPool2D(4)(x)
    x = layers.Flatten()(x)
    return keras.Model(inputs, layers.Dense(settings.N_CLASSES, "softmax")(x), name="tinyResNet")
""",
        ),
    ),
    right(
        "bonus",
        "shortcut convolution in the first block only",
        "each block has its own shortcut",
        line(
            "build_tiny_resnet",
            ("shortcut = x", "shortcut = layers.Conv2D(settings.FILTERS, 1, use_bias=False)(x) if block == 1 else x"),
        ),
    ),
    right(
        "bonus",
        "shortcut convolution only where channels differ",
        "they never do, so the shortcut is the block's input",
        line(
            "build_tiny_resnet",
            (
                "shortcut = x",
                """shortcut = x
        if shortcut.shape[-1] != settings.FILTERS:
            shortcut = layers.Conv2D(settings.FILTERS, (1, 1), padding="same")(shortcut)""",
            ),
        ),
    ),
    right(
        "bonus",
        "batch normalisation after the sum",
        "it may stand there, before the last activation",
        line("build_tiny_resnet", (ADD, f"layers.BatchNormalization()({ADD})")),
    ),
    right(
        "bonus",
        "normalisation after the first convolution only",
        "inside the blocks it is optional",
        line(
            "build_tiny_resnet",
            (
                'x = layers.BatchNormalization(name=f"block{block}_bn{conv}")(x)',
                "x = layers.BatchNormalization()(x) if conv == 1 else x",
            ),
        ),
    ),
    right(
        "bonus",
        "subclass of Model",
        "layers made in `__init__`, the sum in `call`",
        function(
            "build_tiny_resnet",
            """
class TinyResNet(keras.Model):
    def __init__(self, n_blocks=2, **kwargs):
        super().__init__(**kwargs)
        self.stem = keras.Sequential([
            layers.Conv2D(10, 7, padding="same"), layers.BatchNormalization(), layers.ReLU(), layers.MaxPooling2D(2),
        ])
        self.first = [layers.Conv2D(10, 3, padding="same", activation="relu") for _ in range(n_blocks)]
        self.second = [layers.Conv2D(10, 3, padding="same") for _ in range(n_blocks)]
        self.pool = layers.AveragePooling2D(4)
        self.flatten = layers.Flatten()
        self.classifier = layers.Dense(10, activation="softmax")

    def call(self, x, training=None):
        x = self.stem(x, training=training)
        for first, second in zip(self.first, self.second):
            x = keras.ops.relu(second(first(x)) + x)
        return self.classifier(self.flatten(self.pool(x)))


def build_tiny_resnet():
    return TinyResNet()
""",
        ),
    ),
    right(
        "bonus",
        "residual block as an own layer",
        "a Sequential of such layers",
        function(
            "build_tiny_resnet",
            """
class ResidualBlock(layers.Layer):
    def __init__(self, filters, kernel_size=3, **kwargs):
        super().__init__(**kwargs)
        self.conv1 = layers.Conv2D(filters, kernel_size, padding="same")
        self.bn1 = layers.BatchNormalization()
        self.conv2 = layers.Conv2D(filters, kernel_size, padding="same")
        self.bn2 = layers.BatchNormalization()
        self.add = layers.Add()
        self.relu = layers.ReLU()

    def call(self, inputs, training=None):
        x = self.relu(self.bn1(self.conv1(inputs), training=training))
        x = self.bn2(self.conv2(x), training=training)
        return self.relu(self.add([x, inputs]))


def build_tiny_resnet():
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(10, 7, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            ResidualBlock(10),
            ResidualBlock(10),
            layers.AveragePooling2D(4),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
""",
        ),
    ),
    right(
        "bonus",
        "main path of each block as a Sequential",
        "a model within the model, added to its input",
        function(
            "build_tiny_resnet",
            """
def main_path():
    return keras.Sequential([
        layers.Conv2D(settings.FILTERS, settings.KERNEL_SIZE, padding="same"),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Conv2D(settings.FILTERS, settings.KERNEL_SIZE, padding="same"),
        layers.BatchNormalization(),
    ])


def build_tiny_resnet():
    inputs = keras.Input(settings.IMAGE_SHAPE)
    x = layers.Conv2D(settings.FILTERS, settings.STEM_KERNEL_SIZE, padding="same")(inputs)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.MaxPooling2D(settings.POOL_SIZE)(x)
    for _ in range(settings.BLOCKS):
        x = layers.ReLU()(layers.Add()([x, main_path()(x)]))
    x = layers.Flatten()(layers.AveragePooling2D(settings.AVERAGE_POOL_SIZE)(x))
    return keras.Model(inputs, layers.Dense(settings.N_CLASSES, activation="softmax")(x))
""",
        ),
    ),
    right(
        "bonus",
        "functions of TensorFlow in a subclass",
        "`tf.nn.relu` and `tf.add` do what the layers do",
        function(
            "build_tiny_resnet",
            """
import tensorflow as tf


class Block(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.conv1 = tf.keras.layers.Conv2D(10, 3, padding="same")
        self.conv2 = tf.keras.layers.Conv2D(10, 3, padding="same")
        self.proj = tf.keras.layers.Conv2D(10, 1)

    def call(self, x):
        y = self.conv2(tf.nn.relu(self.conv1(x)))
        return tf.nn.relu(tf.add(self.proj(x), y))


class TinyResNet(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = tf.keras.layers.Conv2D(10, 7, padding="same")
        self.bn = tf.keras.layers.BatchNormalization()
        self.blocks = [Block(), Block()]
        self.out = tf.keras.layers.Dense(10, activation="softmax")

    def call(self, x, training=False):
        x = tf.nn.relu(self.bn(self.conv(x), training=training))
        x = tf.nn.max_pool2d(x, 2, 2, "VALID")
        for block in self.blocks:
            x = block(x)
        x = tf.nn.avg_pool2d(x, 4, 4, "VALID")
        return self.out(tf.reshape(x, (-1, 4 * 4 * 10)))


def build_tiny_resnet():
    return TinyResNet()
""",
        ),
    ),
    right(
        "bonus",
        "stem padded by hand",
        "three zeros on each side and no padding in the convolution come to the same",
        line(
            "build_tiny_resnet",
            (
                'settings.STEM_KERNEL_SIZE, padding="same", name="stem_conv")(inputs)',
                'settings.STEM_KERNEL_SIZE, name="stem_conv")(layers.ZeroPadding2D(3)(inputs))',
            ),
        ),
    ),
    right(
        "bonus",
        "named layers and a partial for convolutions",
        "names are free, and so is the order of the two summands",
        function(
            "build_tiny_resnet",
            """
from functools import partial

from tensorflow.keras import Input, Model
from tensorflow.keras.layers import Add, AveragePooling2D, BatchNormalization, Conv2D, Dense, Flatten, MaxPool2D, ReLU

Conv3x3 = partial(Conv2D, filters=10, kernel_size=3, strides=1, padding="SAME", kernel_initializer="he_uniform")


def build_tiny_resnet():
    image = Input((32, 32, 3), name="image")
    z = Conv2D(10, 7, padding="SAME", name="conv1")(image)
    z = BatchNormalization(name="bn_conv1")(z)
    z = ReLU(name="relu_conv1")(z)
    z = MaxPool2D(2, name="pool1")(z)
    for stage in "ab":
        identity = z
        z = ReLU(name=f"res2{stage}_relu")(Conv3x3(name=f"res2{stage}_branch2a")(z))
        z = Conv3x3(name=f"res2{stage}_branch2b")(z)
        z = ReLU(name=f"res2{stage}_out")(Add(name=f"res2{stage}_add")([identity, z]))
    z = AveragePooling2D(4, name="avg_pool")(z)
    z = Flatten(name="flat")(z)
    return Model(image, Dense(10, activation="softmax", name="fc10")(z), name="ResNet-6")
""",
        ),
    ),
)
