"""The bonus question: what stands before and after the blocks, and styles in which the network is written."""

from answers.bonus_blocks import STEM_POOL, network_of
from answers.entries import Entry, function, line, right, wrong

STEM_BN = '    x = layers.BatchNormalization(name="stem_bn")(x)\n'
STEM_RELU = '    x = layers.ReLU(name="stem_relu")(x)\n'
AVERAGE = '    x = layers.AveragePooling2D(settings.AVERAGE_POOL_SIZE, name="average_pool")(x)\n'
FLATTEN = '    x = layers.Flatten(name="flatten")(x)\n'

RIGHT: tuple[Entry, ...] = (
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

WRONG: tuple[Entry, ...] = (
    # Stem
    wrong(
        "bonus",
        "small stem",
        "the question asks for 7×7",
        line("build_tiny_resnet", ("settings.STEM_KERNEL_SIZE", "settings.KERNEL_SIZE")),
        marks=9,
        fails={"bonus_stem": "has kernel_size = [3, 3]"},
    ),
    wrong(
        "bonus",
        "stem without batch normalisation",
        "in the stem it is not optional",
        line("build_tiny_resnet", (STEM_BN, "")),
        marks=9,
        fails={"bonus_stem": "comes activation relu"},
    ),
    wrong(
        "bonus",
        "stem without activation",
        "batch normalisation is linear",
        line("build_tiny_resnet", (STEM_RELU, "")),
        marks=9,
        fails={"bonus_stem": "comes max pooling"},
    ),
    wrong(
        "bonus",
        "activation of the stem before its normalisation",
        "the order is convolution, normalisation, ReLU",
        line("build_tiny_resnet", (STEM_BN + STEM_RELU, STEM_RELU + STEM_BN)),
        marks=9,
        fails={"bonus_stem": "comes activation relu"},
    ),
    wrong(
        "bonus",
        "stem without pooling",
        "every block works on four times as many pixels",
        line("build_tiny_resnet", (STEM_POOL, "")),
        marks=9,
        fails={"bonus_stem": "max pooling 2×2"},
    ),
    wrong(
        "bonus",
        "strides in the stem for pooling",
        "as in the original ResNet",
        line(
            "build_tiny_resnet",
            ('STEM_KERNEL_SIZE, padding="same"', 'STEM_KERNEL_SIZE, strides=2, padding="same"'),
            (STEM_POOL, ""),
        ),
        marks=9,
        fails={"bonus_stem": "has strides = [2, 2]"},
    ),
    wrong(
        "bonus",
        "stem without padding",
        "the maps shrink from 32×32 to 26×26",
        line("build_tiny_resnet", ('STEM_KERNEL_SIZE, padding="same"', 'STEM_KERNEL_SIZE, padding="valid"')),
        marks=9,
        fails={"bonus_stem": "has padding = valid"},
    ),
    # Head
    wrong(
        "bonus",
        "global pooling for average pooling and flatten",
        "as in the original ResNet: one value a filter is left",
        line("build_tiny_resnet", (AVERAGE + FLATTEN, "    x = layers.GlobalAveragePooling2D()(x)\n")),
        marks=9,
        fails={"bonus_head": "There is no flatten, but"},
    ),
    wrong(
        "bonus",
        "global pooling before flatten",
        "one value a filter is left",
        line("build_tiny_resnet", (AVERAGE, "    x = layers.GlobalAveragePooling2D(keepdims=True)(x)\n")),
        marks=9,
        fails={"bonus_head": "would leave one value a filter"},
    ),
    wrong(
        "bonus",
        "maximum for average in the last pooling",
        "the question asks for the average",
        line("build_tiny_resnet", ("layers.AveragePooling2D", "layers.MaxPooling2D")),
        marks=9,
        fails={"bonus_head": "max pooling 4×4"},
    ),
    wrong(
        "bonus",
        "average pooling two by two",
        "the size that all other poolings have",
        line(
            "build_tiny_resnet",
            ('AveragePooling2D(settings.AVERAGE_POOL_SIZE, name="average_pool")', "AveragePooling2D(2)"),
        ),
        marks=9,
        fails={"bonus_head": "average pooling 2×2"},
    ),
    wrong(
        "bonus",
        "no average pooling",
        "the dense layer grows to sixteen times its size",
        line("build_tiny_resnet", (AVERAGE, "")),
        marks=9,
        fails={"bonus_head": "Before flatten there is activation relu"},
    ),
    wrong(
        "bonus",
        "sigmoid at the end",
        "the outputs do not sum to one",
        line("build_tiny_resnet", ('"softmax"', '"sigmoid"')),
        marks=9,
        fails={"bonus_head": "sigmoid"},
    ),
    wrong(
        "bonus",
        "no flatten",
        "the dense layer works on each of 4×4 places by itself",
        line("build_tiny_resnet", (FLATTEN, "")),
        marks=7,
        fails={"bonus_answered": "(n, 4, 4, 10)"},
        real=True,
        opens={"bonus_record": "the network does not give one value a class"},
    ),
    # Anything else
    wrong(
        "bonus",
        "hidden dense layer",
        "one dense layer is asked for",
        line("build_tiny_resnet", (FLATTEN, FLATTEN + '    x = layers.Dense(64, activation="relu")(x)\n')),
        marks=9,
        fails={"bonus_nothing_else": "It has 2 dense layers"},
    ),
    wrong(
        "bonus",
        "dropout before the dense layer",
        "an experiment of its own",
        line("build_tiny_resnet", (FLATTEN, FLATTEN + "    x = layers.Dropout(0.5)(x)\n")),
        marks=9,
        fails={"bonus_nothing_else": "Dropout"},
    ),
    wrong(
        "bonus",
        "a convolution between stem and blocks",
        "more than asked for",
        line(
            "build_tiny_resnet",
            (STEM_POOL, STEM_POOL + '    x = layers.Conv2D(10, 3, padding="same", activation="relu")(x)\n'),
        ),
        marks=9,
        fails={"bonus_nothing_else": "(convolution 3×3, 10 filters, same padding)"},
    ),
    wrong(
        "bonus",
        "same convolutions in both blocks",
        "layers made once and called again share their weights",
        function(
            "build_tiny_resnet",
            "conv_a = layers.Conv2D(10, 3, padding='same')\nconv_b = layers.Conv2D(10, 3, padding='same')\n\n"
            + network_of("""
    y = layers.ReLU()(conv_a(x))
    return layers.ReLU()(layers.Add()([x, conv_b(y)]))
"""),
        ),
        marks=9,
        fails={"bonus_nothing_else": "weights are shared"},
    ),
    wrong(
        "bonus",
        "weight decay on the convolutions",
        "a regulariser changes what is minimised",
        line(
            "build_tiny_resnet",
            ('padding="same", name=f"block', 'padding="same", kernel_regularizer="l2", name=f"block'),
        ),
        marks=9,
        fails={"bonus_nothing_else": "regulariser"},
    ),
    wrong(
        "bonus",
        "normalisation called with training true",
        "it never uses its running statistics",
        line(
            "build_tiny_resnet",
            ('BatchNormalization(name="stem_bn")(x)', 'BatchNormalization(name="stem_bn")(x, training=True)'),
        ),
        marks=9,
        fails={"bonus_nothing_else": "training=True"},
    ),
    wrong(
        "bonus",
        "network of question 13 handed in",
        "no residual network at all",
        function(
            "build_tiny_resnet",
            """
def build_tiny_resnet():
    return build_tiny_vgg_bn()
""",
        ),
        marks=5,
        fails={"bonus_stem": "The stem is", "bonus_blocks": "It has no Add layer", "bonus_head": "average pooling 4×4"},
    ),
    wrong(
        "bonus",
        "question left out",
        "neither the network nor its experiment is there",
        function("build_tiny_resnet", ""),
        record=lambda record: None,
        marks=0,
        fails={"bonus_answered": "`build_tiny_resnet` is not defined", "bonus_record": "There is none"},
    ),
    wrong(
        "bonus",
        "record of a network without normalisation",
        "the blocks were changed after the experiment",
        record=lambda record: (
            record
            | {
                "runs": [
                    run | {"weights": [w for w in run["weights"] if "_bn" not in w["path"] or "stem" in w["path"]]}
                    for run in record["runs"]
                ]
            }
        ),
        marks=8,
        fails={"bonus_record": "belong to another one"},
    ),
    wrong(
        "bonus",
        "sum computed and thrown away",
        "the block goes on without its shortcut",
        line("build_tiny_resnet", ("x = layers.Add(", "layers.Add(")),
        marks=7,
        fails={"bonus_blocks": "`block1_add` adds up two tensors, but nothing uses the sum."},
    ),
)
