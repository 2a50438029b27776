"""The bonus question: parts of the network in rarer forms; snippets."""

from answers.entries import Entry, code, right, wrong

PRELUDE = """
import tensorflow as tf
from keras import ops
FILTERS, KERNEL, POOL, CLASSES, SHAPE = (
    settings.FILTERS, settings.KERNEL_SIZE, settings.POOL_SIZE, settings.N_CLASSES, settings.IMAGE_SHAPE)
STEM, AVERAGE = settings.STEM_KERNEL_SIZE, settings.AVERAGE_POOL_SIZE

def conv(x, size=KERNEL, filters=FILTERS, **options):
    return layers.Conv2D(filters, size, padding="same", **options)(x)

def bn(x):
    return layers.BatchNormalization()(x)

def relu(x):
    return layers.ReLU()(x)

def add(*tensors):
    return layers.Add()(tensors)
"""
STEM = "layers.MaxPooling2D(POOL)(relu(bn(conv(x, STEM))))"
BLOCK = "relu(add(conv(relu(conv(x))), x))"
BN_BLOCK = "relu(add(bn(conv(relu(bn(conv(x))))), x))"
HEAD = "layers.Dense(CLASSES, activation='softmax')(layers.Flatten()(layers.AveragePooling2D(AVERAGE)(x)))"


def resnet(stem: str = STEM, block: str = BLOCK, head: str = HEAD, blocks: int = 2) -> str:
    """Source of build_tiny_resnet; each part makes x of x."""
    lines = [f"    x = {part}" for part in (stem, *(block,) * blocks)]
    return "\n".join(
        [
            PRELUDE,
            "def build_tiny_resnet():",
            "    inputs = x = keras.Input(SHAPE)",
            *lines,
            f"    return keras.Model(inputs, {head})",
        ]
    )


def subclass(block: str, shortcut: str = "x") -> str:
    """Source of a subclassed tiny ResNet; `block` adds y to the shortcut."""
    return f"""{PRELUDE}
class Network(keras.Model):
    def __init__(self):
        super().__init__()
        self.stem = layers.Conv2D(FILTERS, STEM, padding="same")
        self.convs = [layers.Conv2D(FILTERS, KERNEL, padding="same") for _ in range(4)]
        self.projections = [layers.Conv2D(FILTERS, 1) for _ in range(2)]
        self.norms = [layers.BatchNormalization() for _ in range(5)]
        self.relu, self.pool, self.average = layers.ReLU(), layers.MaxPooling2D(POOL), layers.AveragePooling2D(AVERAGE)
        self.flatten, self.dense = layers.Flatten(), layers.Dense(CLASSES, activation="softmax")

    def call(self, x, training=False):
        x = self.pool(self.relu(self.norms[0](self.stem(x), training=training)))
        for i in range(2):
            shortcut = {shortcut}
            y = self.relu(self.norms[2 * i + 1](self.convs[2 * i](x), training=training))
            y = self.norms[2 * i + 2](self.convs[2 * i + 1](y), training=training)
            x = {block}
        return self.dense(self.flatten(self.average(x)))

build_tiny_resnet = Network
"""


UNFOLLOWED = dict.fromkeys(
    ("bonus_stem", "bonus_blocks", "bonus_head", "bonus_nothing_else", "bonus_outputs"), "cannot be followed"
)

RIGHT: tuple[Entry, ...] = (
    right("bonus", "the solution itself", "it is the answer", code("")),
    right(
        "bonus",
        "blocks with normalisation after both convolutions",
        "normalisation within the blocks is free",
        code(resnet(block=BN_BLOCK)),
    ),
    right(
        "bonus",
        "three blocks with normalisation",
        "how many blocks there are is free from two on",
        code(resnet(block=BN_BLOCK, blocks=3)),
    ),
    right("bonus", "sum by keras.ops.add", "it is a sum", code(resnet(block="relu(ops.add(conv(relu(conv(x))), x))"))),
    right(
        "bonus", "sum by layers.add", "it is a sum", code(resnet(block="relu(layers.add([conv(relu(conv(x))), x]))"))
    ),
    right(
        "bonus",
        "activation as an argument, and by keras.ops",
        "they are the same",
        code(resnet(block="ops.relu(ops.add(x, conv(conv(x, activation='relu'))))")),
    ),
    right(
        "bonus",
        "one by one convolution without bias on the shortcut",
        "the shortcut may have one",
        code(resnet(block="relu(add(conv(relu(conv(x))), conv(x, 1, use_bias=False)))")),
    ),
    right(
        "bonus",
        "identity layer on the shortcut",
        "it changes nothing",
        code(resnet(block="relu(add(conv(relu(conv(x))), layers.Identity()(x)))")),
    ),
    right(
        "bonus",
        "stem's convolution without bias",
        "the normalisation behind it has an offset",
        code(resnet(stem="layers.MaxPooling2D(POOL)(relu(bn(conv(x, STEM, use_bias=False))))")),
    ),
    right(
        "bonus",
        "stem's ReLU after its pooling",
        "the maximum of both orders is the same",
        code(resnet(stem="relu(layers.MaxPooling2D(POOL)(bn(conv(x, STEM))))")),
    ),
    right(
        "bonus",
        "images rescaled within the network",
        "what scales the input is free",
        code(resnet(stem=STEM.replace("(x, STEM)", "(layers.Rescaling(2.)(x), STEM)"))),
    ),
    right(
        "bonus",
        "logits",
        "the loss can know that they are logits",
        code(resnet(head=HEAD.replace("activation='softmax'", ""))),
    ),
    right(
        "bonus",
        "softmax as a layer of its own",
        "it is the same",
        code(resnet(head=f"layers.Softmax()({HEAD})".replace("activation='softmax'", ""))),
    ),
    right(
        "bonus",
        "reshape in place of flatten",
        "it is the same",
        code(resnet(head=HEAD.replace("Flatten()", "Reshape((-1,))"))),
    ),
    right(
        "bonus",
        "arguments of the last pooling spelt out",
        "they are the same",
        code(resnet(head=HEAD.replace("AVERAGE)", "AVERAGE, padding='same', strides=AVERAGE)"))),
    ),
    right(
        "bonus",
        "layer of its own for the sum of a list",
        "it is followed",
        code(
            resnet(block="relu(Sum()([conv(relu(conv(x))), x]))")
            + "\nclass Sum(layers.Layer):\n    def call(self, tensors):\n"
            "        return tensors[0] + tensors[1]\n"
        ),
    ),
    right(
        "bonus",
        "layer of its own for the sum of two arguments",
        "it is followed",
        code(
            resnet(block="relu(Sum()(conv(relu(conv(x))), x))")
            + "\nclass Sum(layers.Layer):\n    def call(self, a, b):\n"
            "        return ops.add(a, b)\n"
        ),
    ),
    right(
        "bonus",
        "Lambda layer for the sum",
        "it is followed",
        code(resnet(block="relu(layers.Lambda(lambda both: both[0] + both[1])([conv(relu(conv(x))), x]))")),
    ),
    right(
        "bonus",
        "subclass whose last activation is TensorFlow's",
        "it is followed",
        code(subclass("tf.nn.relu(y + shortcut)")),
    ),
    right(
        "bonus",
        "subclass with a sum by TensorFlow and a convolution on the shortcut",
        "it is followed",
        code(subclass("tf.nn.relu(tf.add(y, shortcut))", "self.projections[i](x)")),
    ),
    right(
        "bonus",
        "earlier questions missing",
        "they cost nothing here",
        code("del build_tiny_vgg, build_tiny_vgg_bn, compile_model"),
    ),
)

WRONG: tuple[Entry, ...] = (
    wrong(
        "bonus",
        "stem with average pooling",
        "max pooling is asked for",
        code(resnet(stem=STEM.replace("Max", "Average"))),
        marks=7,
        fails={"bonus_stem": "average pooling"},
    ),
    wrong(
        "bonus",
        "normalisation of the flat maps",
        "none is asked for there",
        code(resnet(head=HEAD.replace("layers.Flatten()", "bn(layers.Flatten()") + ")")),
        marks=7,
        fails={"bonus_nothing_else": "batch normalisation"},
    ),
    wrong(
        "bonus",
        "frozen convolutions",
        "they do not learn",
        code(resnet(block="relu(add(conv(relu(conv(x, trainable=False))), x))")),
        marks=7,
        fails={"bonus_nothing_else": "is frozen"},
    ),
    wrong(
        "bonus",
        "normalisation along another axis",
        "channels are to be normalised",
        code(resnet(stem=STEM.replace("bn(", "layers.BatchNormalization(axis=1)("))),
        marks=7,
        fails={"bonus_nothing_else": "axis = 1"},
    ),
    wrong(
        "bonus",
        "one normalisation for all convolutions",
        "each needs statistics of its own",
        code(resnet(block="relu(add(norm(conv(relu(norm(conv(x))))), x))") + "\nnorm = layers.BatchNormalization()\n"),
        marks=7,
        fails={"bonus_nothing_else": "weights are shared"},
    ),
    wrong(
        "bonus",
        "shortcut added twice",
        "it is added once",
        code(resnet(block="relu(add(conv(relu(conv(x))), x, x))")),
        marks=5,
        fails={"bonus_blocks": "adds 3 tensors"},
    ),
    wrong(
        "bonus",
        "normalisation on the shortcut",
        "it belongs behind a convolution there",
        code(resnet(block="relu(add(conv(relu(conv(x))), bn(x)))")),
        marks=5,
        fails={"bonus_blocks": "On the shortcut there is"},
    ),
    wrong(
        "bonus",
        "one filter on the shortcut",
        "all channels then get the same",
        code(resnet(block="relu(add(conv(relu(conv(x))), conv(x, 1, strides=1, filters=1)))")),
        marks=5,
        fails={"bonus_blocks": "has filters = 1."},
    ),
    wrong(
        "bonus",
        "separable convolution in a block",
        "it has fewer weights",
        code(resnet(block="relu(add(conv(relu(layers.SeparableConv2D(FILTERS, KERNEL, padding='same')(x))), x))")),
        marks=5,
        fails={"bonus_blocks": "Where convolution 1 of a block should be"},
    ),
    wrong(
        "bonus",
        "padding after the convolutions",
        "each is to keep the size",
        code(resnet(block="relu(add(layers.ZeroPadding2D(2)(conv(relu(layers.Conv2D(FILTERS, 5)(x)))), x))")),
        marks=4,
        fails={
            "bonus_blocks": "Where convolution 2 of a block should be",
            "bonus_nothing_else": "The model also holds `zero_padding2d` (ZeroPadding2D).",
        },
    ),
    wrong(
        "bonus",
        "left as it came",
        "there is no network",
        code("def build_tiny_resnet():\n    ..."),
        marks=0,
        fails={"bonus_answered": "It returned None"},
    ),
    wrong(
        "bonus",
        "class and not a network returned",
        "there is no network",
        code("def build_tiny_resnet():\n    return keras.Model"),
        marks=0,
        fails={"bonus_answered": "itself"},
    ),
    wrong(
        "bonus",
        "dictionary returned",
        "there is no network",
        code("def build_tiny_resnet():\n    return {'model': 1}"),
        marks=0,
        fails={"bonus_answered": "a dict"},
    ),
    wrong(
        "bonus",
        "raises an error",
        "there is no network",
        code("def build_tiny_resnet():\n    raise RuntimeError('later')"),
        marks=0,
        fails={"bonus_answered": "RuntimeError"},
    ),
    wrong(
        "bonus",
        "summands of different shapes",
        "they cannot be added",
        code(resnet(block="relu(add(conv(relu(conv(x, filters=7)), filters=7), x))")),
        marks=0,
        fails={"bonus_answered": "ValueError"},
    ),
    wrong(
        "bonus",
        "subclass with TensorFlow's activation before the sum",
        "what TensorFlow does is not seen, and the outputs differ",
        code(subclass("tf.nn.relu(y) + shortcut")),
        marks=1,
        fails={},
        opens=UNFOLLOWED,
    ),
    wrong(
        "bonus",
        "subclass with TensorFlow and without a shortcut",
        "what TensorFlow does is not seen, and the outputs differ",
        code(subclass("tf.nn.relu(y)")),
        marks=1,
        fails={},
        opens=UNFOLLOWED,
    ),
    wrong(
        "bonus",
        "subclass with TensorFlow and a difference",
        "what TensorFlow does is not seen, and the outputs differ",
        code(subclass("tf.nn.relu(y - shortcut)")),
        marks=1,
        fails={},
        opens=UNFOLLOWED,
    ),
)
