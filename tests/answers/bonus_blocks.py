"""The bonus question: the residual blocks."""

from answers.entries import Entry, function, line, right, wrong

SUM = 'layers.Add(name=f"block{block}_add")([shortcut, x])'
ADD = f"        x = {SUM}\n"
LAST_RELU = '        x = layers.ReLU(name=f"block{block}_relu{settings.CONVS_PER_BLOCK}")(x)\n'
STEM_POOL = '    x = layers.MaxPooling2D(settings.POOL_SIZE, name="stem_pool")(x)\n'


def network_of(block: str) -> str:
    """Source of a tiny ResNet whose block is a function from x to what it returns."""
    return f"""
def residual_block(x):
{block.strip(chr(10))}


def build_tiny_resnet():
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(10, 7, padding="same")(inputs)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.MaxPooling2D(2)(x)
    x = residual_block(x)
    x = residual_block(x)
    x = layers.AveragePooling2D(4)(x)
    x = layers.Flatten()(x)
    outputs = layers.Dense(10, activation="softmax")(x)
    return keras.Model(inputs, outputs)
"""


RIGHT: tuple[Entry, ...] = (
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
        line("build_tiny_resnet", (SUM, "x + shortcut")),
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
        line("build_tiny_resnet", (SUM, f"layers.BatchNormalization()({SUM})")),
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
)

WRONG: tuple[Entry, ...] = (
    # Blocks: activations
    wrong(
        "bonus",
        "activation before the sum",
        "the last ReLU of a block comes after the Add",
        function(
            "build_tiny_resnet",
            network_of("""
    y = layers.Conv2D(10, 3, padding="same", activation="relu")(x)
    y = layers.Conv2D(10, 3, padding="same", activation="relu")(y)
    return layers.add([x, y])
"""),
        ),
        marks=7,
        fails={"bonus_blocks": "waits until after the Add"},
    ),
    wrong(
        "bonus",
        "activation before and after the sum",
        "what is added cannot be negative any more",
        line(
            "build_tiny_resnet",
            ("            if conv < settings.CONVS_PER_BLOCK:", "            if True:"),
            (LAST_RELU, "        x = layers.ReLU()(x)\n"),
        ),
        marks=7,
        fails={"bonus_blocks": "waits until after the Add"},
    ),
    wrong(
        "bonus",
        "no activation after the sum",
        "a block ends with a ReLU",
        line("build_tiny_resnet", (LAST_RELU, "")),
        marks=7,
        fails={"bonus_blocks": "last activation follows the Add"},
    ),
    wrong(
        "bonus",
        "no activation between the convolutions",
        "without it the two could be one",
        line(
            "build_tiny_resnet",
            (
                """
            if conv < settings.CONVS_PER_BLOCK:  # the last ReLU comes after the sum
                x = layers.ReLU(name=f"block{block}_relu{conv}")(x)""",
                "",
            ),
        ),
        marks=7,
        fails={"bonus_blocks": "comes batch normalisation, not ReLU"},
    ),
    wrong(
        "bonus",
        "activation and normalisation before each convolution",
        "the order of a later paper",
        function(
            "build_tiny_resnet",
            network_of("""
    y = layers.ReLU()(layers.BatchNormalization()(x))
    y = layers.Conv2D(10, 3, padding="same")(y)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.Conv2D(10, 3, padding="same")(y)
    return layers.Add()([x, y])
"""),
        ),
        marks=7,
        fails={"bonus_blocks": "the first convolution there is activation relu"},
    ),
    wrong(
        "bonus",
        "leaky relu after the sum",
        "another activation than asked for",
        line("build_tiny_resnet", (LAST_RELU, "        x = layers.LeakyReLU()(x)\n")),
        marks=7,
        fails={"bonus_blocks": "leaky"},
    ),
    wrong(
        "bonus",
        "normalisation after the last activation",
        "it may stand after the sum, but before the ReLU",
        line("build_tiny_resnet", (LAST_RELU, LAST_RELU + "        x = layers.BatchNormalization()(x)\n")),
        marks=7,
        fails={"bonus_blocks": "with nothing in between"},
    ),
    # Blocks: the sum and the shortcut
    wrong(
        "bonus",
        "shortcut round every single convolution",
        "a block has two",
        function(
            "build_tiny_resnet",
            network_of("""
    for _ in range(2):
        y = layers.Conv2D(10, 3, padding="same")(x)
        x = layers.ReLU()(layers.Add()([x, y]))
    return x
"""),
        ),
        marks=7,
        fails={"bonus_blocks": "It has 4 Add layers.\nHint: Each block has a shortcut of its own"},
    ),
    wrong(
        "bonus",
        "one convolution in each block",
        "a block has two",
        line("build_tiny_resnet", ("range(1, settings.CONVS_PER_BLOCK + 1)", "[settings.CONVS_PER_BLOCK]")),
        marks=7,
        fails={"bonus_blocks": "there is 1 convolution."},
    ),
    wrong(
        "bonus",
        "three convolutions in each block",
        "a block has two",
        line(
            "build_tiny_resnet",
            ("range(1, settings.CONVS_PER_BLOCK + 1)", "range(3)"),
            ("if conv < settings.CONVS_PER_BLOCK", "if conv < 2"),
        ),
        marks=7,
        fails={"bonus_blocks": "there are 3 convolutions."},
    ),
    wrong(
        "bonus",
        "no shortcut",
        "a plain network",
        line("build_tiny_resnet", (ADD, ""), ("        shortcut = x\n", "")),
        marks=7,
        fails={"bonus_blocks": "It has no Add layer"},
    ),
    wrong(
        "bonus",
        "shortcut taken after the convolutions",
        "a tensor is added to itself",
        line(
            "build_tiny_resnet",
            ("        shortcut = x\n", ""),
            (ADD, "        shortcut = x\n" + ADD),
        ),
        marks=7,
        fails={"bonus_blocks": "`block1_add` adds a tensor to itself"},
    ),
    wrong(
        "bonus",
        "shortcut taken after the first convolution",
        "the block's input is lost",
        function(
            "build_tiny_resnet",
            network_of("""
    x = layers.Conv2D(10, 3, padding="same", activation="relu")(x)
    y = layers.Conv2D(10, 3, padding="same")(x)
    return layers.ReLU()(layers.Add()([x, y]))
"""),
        ),
        marks=7,
        fails={"bonus_blocks": "Keep the block's input in a variable before the first convolution"},
    ),
    wrong(
        "bonus",
        "shortcut from the stem to both blocks",
        "it is kept once before the loop",
        line(
            "build_tiny_resnet",
            ("        shortcut = x\n", ""),
            (STEM_POOL, STEM_POOL + "    shortcut = x\n"),
        ),
        marks=7,
        fails={"bonus_blocks": "A block has 2 convolutions, and a shortcut of its own"},
    ),
    wrong(
        "bonus",
        "one shortcut round both blocks",
        "each block has its own",
        line(
            "build_tiny_resnet",
            ("        shortcut = x\n", ""),
            (STEM_POOL, STEM_POOL + "    shortcut = x\n"),
            (ADD, "        if block == settings.BLOCKS:\n    " + ADD),
        ),
        marks=7,
        fails={"bonus_blocks": "It has 1 Add layer"},
    ),
    wrong(
        "bonus",
        "one block only",
        "two or three are asked for",
        line("build_tiny_resnet", ("range(1, settings.BLOCKS + 1)", "range(1, 2)")),
        marks=7,
        fails={"bonus_blocks": "has 2 or 3 residual blocks"},
    ),
    wrong(
        "bonus",
        "four blocks",
        "two or three are asked for",
        line("build_tiny_resnet", ("range(1, settings.BLOCKS + 1)", "range(1, 5)")),
        marks=7,
        fails={"bonus_blocks": "It has 4 Add layers"},
    ),
    wrong(
        "bonus",
        "activation on the shortcut's convolution",
        "the shortcut is linear",
        line(
            "build_tiny_resnet",
            ("shortcut = x", 'shortcut = layers.Conv2D(settings.FILTERS, 1, padding="same", activation="relu")(x)'),
        ),
        marks=7,
        fails={"bonus_blocks": "On the shortcut there is"},
    ),
    wrong(
        "bonus",
        "three by three convolution on the shortcut",
        "it mixes neighbours, as the main path does",
        line("build_tiny_resnet", ("shortcut = x", 'shortcut = layers.Conv2D(settings.FILTERS, 3, padding="same")(x)')),
        marks=7,
        fails={"bonus_blocks": "has kernel_size = [3, 3]"},
    ),
    wrong(
        "bonus",
        "concatenation for the sum",
        "a dense connection, not a residual one",
        line("build_tiny_resnet", ('layers.Add(name=f"block{block}_add")', "layers.Concatenate()")),
        marks=6,
        fails={"bonus_blocks": "It has no Add layer", "bonus_nothing_else": "Concatenate"},
    ),
    wrong(
        "bonus",
        "multiplication for the sum",
        "the gradient no longer passes through unchanged",
        line("build_tiny_resnet", ('layers.Add(name=f"block{block}_add")', "layers.Multiply()")),
        marks=6,
        fails={"bonus_blocks": "It has no Add layer", "bonus_nothing_else": "Multiply"},
    ),
    # Blocks: convolutions and pooling
    wrong(
        "bonus",
        "pooling left inside the blocks",
        "both paths are pooled before the sum",
        function(
            "build_tiny_resnet",
            network_of("""
    y = layers.Conv2D(10, 3, padding="same", activation="relu")(x)
    y = layers.Conv2D(10, 3, padding="same")(y)
    y = layers.MaxPooling2D(2)(y)
    return layers.ReLU()(layers.Add()([layers.MaxPooling2D(2)(x), y]))
"""),
        ),
        marks=7,
        fails={"bonus_blocks": "Nothing is pooled inside a residual block"},
    ),
    wrong(
        "bonus",
        "pooling after the first block",
        "left over from the tiny VGG",
        line(
            "build_tiny_resnet",
            (LAST_RELU, LAST_RELU + "        if block == 1:\n            x = layers.MaxPooling2D(2)(x)\n"),
        ),
        marks=7,
        fails={"bonus_blocks": "with nothing in between"},
    ),
    wrong(
        "bonus",
        "five by five kernels in the blocks",
        "the question asks for 3×3",
        line("build_tiny_resnet", ("settings.KERNEL_SIZE", "5")),
        marks=7,
        fails={"bonus_blocks": "has kernel_size = [5, 5]"},
    ),
    wrong(
        "bonus",
        "twenty filters in the second block",
        "a convolution on the shortcut makes the shapes fit",
        line(
            "build_tiny_resnet",
            ("shortcut = x", "filters = 10 * block\n        shortcut = layers.Conv2D(filters, 1)(x)"),
            ("layers.Conv2D(settings.FILTERS, settings.KERNEL_SIZE", "layers.Conv2D(filters, settings.KERNEL_SIZE"),
        ),
        marks=7,
        fails={"bonus_blocks": "has filters = 20"},
    ),
    wrong(
        "bonus",
        "sixty-four filters everywhere",
        "as in the original ResNet, instead of 10",
        line(
            "build_tiny_resnet",
            ("settings.FILTERS, settings.STEM", "64, settings.STEM"),
            ("settings.FILTERS, settings.KERNEL", "64, settings.KERNEL"),
        ),
        marks=6,
        fails={"bonus_stem": "has filters = 64", "bonus_blocks": "has filters = 64"},
    ),
    wrong(
        "bonus",
        "valid padding in the blocks",
        "the summands have different shapes, so nothing can be built",
        line(
            "build_tiny_resnet",
            ('padding="same", name=f"block', 'padding="valid", name=f"block'),
        ),
        marks=2,
        fails={"bonus_answered": "raised ValueError"},
        real=True,
    ),
)
