"""The bonus question: the tiny ResNet."""

from zoo.entries import Entry, function, line, wrong

ADD = '        x = layers.Add(name=f"block{block}_add")([shortcut, x])\n'
LAST_RELU = '        x = layers.ReLU(name=f"block{block}_relu{settings.CONVS_PER_BLOCK}")(x)\n'
STEM_BN = '    x = layers.BatchNormalization(name="stem_bn")(x)\n'
STEM_RELU = '    x = layers.ReLU(name="stem_relu")(x)\n'
STEM_POOL = '    x = layers.MaxPooling2D(settings.POOL_SIZE, name="stem_pool")(x)\n'
AVERAGE = '    x = layers.AveragePooling2D(settings.AVERAGE_POOL_SIZE, name="average_pool")(x)\n'
FLATTEN = '    x = layers.Flatten(name="flatten")(x)\n'


def _network(block: str) -> str:
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


ENTRIES: tuple[Entry, ...] = (
    # Blocks: activations
    wrong(
        "bonus",
        "activation before the sum",
        "the last ReLU of a block comes after the Add",
        function(
            "build_tiny_resnet",
            _network("""
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
            _network("""
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
            _network("""
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
            _network("""
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
            _network("""
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
            + _network("""
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
