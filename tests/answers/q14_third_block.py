"""Question 14: a third block."""

from answers.entries import Entry, function, line, right, wrong
from answers.q4_blocks import POOL, RELU
from answers.q4_network import FLATTEN
from answers.q13_batch_normalization import NORM

RIGHT: tuple[Entry, ...] = (
    right(
        "q14",
        "three blocks written out",
        "as question 4, with one block more",
        function(
            "build_tiny_vgg_3blocks",
            """
def build_tiny_vgg_3blocks():
    model = keras.models.Sequential([
        # block 1
        keras.layers.Conv2D(10, (3, 3), activation="relu", padding="same", input_shape=(32, 32, 3)),
        keras.layers.Conv2D(10, (3, 3), activation="relu", padding="same"),
        keras.layers.MaxPooling2D((2, 2)),
        # block 2
        keras.layers.Conv2D(10, (3, 3), activation="relu", padding="same"),
        keras.layers.Conv2D(10, (3, 3), activation="relu", padding="same"),
        keras.layers.MaxPooling2D((2, 2)),
        # block 3
        keras.layers.Conv2D(10, (3, 3), activation="relu", padding="same"),
        keras.layers.Conv2D(10, (3, 3), activation="relu", padding="same"),
        keras.layers.MaxPooling2D((2, 2)),

        keras.layers.Flatten(),
        keras.layers.Dense(10, activation="softmax"),
    ])
    return model
""",
        ),
    ),
    right(
        "q14",
        "nested blocks in a loop",
        "each pass makes a new block",
        function(
            "build_tiny_vgg_3blocks",
            """
def build_tiny_vgg_3blocks():
    inputs = keras.Input(shape=settings.IMAGE_SHAPE)
    x = inputs
    for i in range(3):
        block = keras.Sequential(name=f"block{i}")
        for _ in range(2):
            block.add(layers.Conv2D(settings.FILTERS, settings.KERNEL_SIZE, padding="same"))
            block.add(layers.ReLU())
        block.add(layers.MaxPooling2D(settings.POOL_SIZE))
        x = block(x)
    x = layers.Flatten()(x)
    x = layers.Dense(settings.N_CLASSES)(x)
    return keras.Model(inputs, layers.Softmax()(x))
""",
        ),
    ),
    right(
        "q14",
        "blocks of question 4 by a parameter",
        "the builder of question 4 takes the number of blocks",
        line(
            "build_tiny_vgg",
            ("build_tiny_vgg():", "build_tiny_vgg(blocks=settings.BLOCKS):"),
            ("settings.BLOCKS + 1", "blocks + 1"),
        ),
        function("build_tiny_vgg_3blocks", "build_tiny_vgg_3blocks = lambda: build_tiny_vgg(blocks=3)\n"),
    ),
    right(
        "q14",
        "a block put onto those of question 4",
        "a new model from the features of a fresh one",
        function(
            "build_tiny_vgg_3blocks",
            """
def build_tiny_vgg_3blocks():
    base = build_tiny_vgg()
    x = base.get_layer("block2_pool").output
    x = layers.Conv2D(10, 3, padding="same", activation="relu")(x)
    x = layers.Conv2D(10, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    return keras.Model(base.input, layers.Dense(10, activation="softmax")(x))
""",
        ),
    ),
)

WRONG: tuple[Entry, ...] = (
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
