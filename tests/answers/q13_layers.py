"""Question 13: batch normalisation in rarer forms, and after other answers to question 4; snippets."""

from answers.entries import Entry, right, wrong
from answers.networks import (
    BARE,
    BLOCK,
    BN,
    BN_BLOCK,
    CONV,
    DENSE,
    HEAD,
    INPUT,
    LOGITS,
    LOOP,
    POOL,
    POOLED,
    RELU,
    TAIL,
    bn,
    bn_vgg,
    functional,
    network,
    sequential,
    subclass,
    vgg,
)

RIGHT: tuple[Entry, ...] = (
    right("q13", "Sequential with an input", "all layers in a list", network(bn_vgg())),
    right(
        "q13",
        "normalisation without scale",
        "the next layer has one",
        network(bn_vgg(f"{BARE}, layers.BatchNormalization(scale=False), {RELU}")),
    ),
    right(
        "q13",
        "initialiser and regulariser of the normalisation",
        "arguments of the normalisation are free",
        network(bn_vgg(f"{BARE}, layers.BatchNormalization(gamma_initializer='zeros', beta_regularizer='l2'), {RELU}")),
    ),
    right(
        "q13",
        "activation layer for ReLU",
        "it is the same",
        network(bn_vgg(f"{BARE}, {BN}, layers.Activation('relu')")),
    ),
    right(
        "q13", "Lambda layer for ReLU", "it is the same", network(bn_vgg(f"{BARE}, {BN}, layers.Lambda(tf.nn.relu)"))
    ),
    right(
        "q13",
        "images rescaled within the model",
        "what scales the input is free",
        network(bn([INPUT, "layers.Rescaling(2.)", *BN_BLOCK * 2, *HEAD])),
    ),
    right(
        "q13",
        "nested blocks",
        "they are followed",
        network(bn([INPUT, *(f"keras.Sequential([{', '.join(BN_BLOCK)}])",) * 2, *HEAD])),
    ),
    right(
        "q13",
        "ReLU after the max pooling",
        "the maximum of both orders is the same",
        network(bn([INPUT, BARE, BN, RELU, BARE, BN, POOL, RELU, *BN_BLOCK, *HEAD])),
    ),
    right(
        "q13",
        "functional with ReLU by keras.ops",
        "it is the same",
        network(functional(f"x = ops.relu({BN}({BARE}(x)))", name="build_tiny_vgg_bn")),
    ),
    right(
        "q13",
        "normalisation called with training=None",
        "Keras then decides",
        network(functional(f"x = keras.activations.relu({BN}({BARE}(x), training=None))", name="build_tiny_vgg_bn")),
    ),
    right(
        "q13",
        "subclass that hands training on",
        "Keras would do so too",
        network(
            subclass(
                LOOP + "x = self.relu(self.norms[i](conv(x), training=training))" + POOLED + TAIL,
                bn=True,
                signature="x, training=False",
            )
        ),
    ),
    right(
        "q13",
        "subclass with TensorFlow",
        "it is followed",
        network(subclass(LOOP + "x = tf.nn.relu(self.norms[i](conv(x)))" + POOLED + TAIL, bn=True)),
    ),
    right(
        "q13",
        "subclass with TensorFlow and no bias",
        "the offset of the normalisation does the same",
        network(
            subclass(
                LOOP + "x = tf.nn.relu(self.norms[i](conv(x), training=training))" + POOLED + TAIL,
                bn=True,
                signature="x, training=False",
            ).replace('same")', 'same", use_bias=False)')
        ),
    ),
    right(
        "q13",
        "question 4 wrong, this one right",
        "what is asked for is right",
        network(bn_vgg() + vgg(conv=CONV.replace("KERNEL", "5"))),
    ),
    right(
        "q13",
        "larger kernels as in question 4",
        "that costs marks there alone",
        network(bn_vgg(f"{BARE.replace('KERNEL', '5')}, {BN}, {RELU}") + vgg(conv=CONV.replace("KERNEL", "5"))),
    ),
    right(
        "q13",
        "leaky ReLU as in question 4",
        "that costs marks there alone",
        network(bn_vgg(f"{BARE}, {BN}, layers.LeakyReLU()") + vgg(conv=f"{BARE}, layers.LeakyReLU()")),
    ),
    right(
        "q13",
        "no activation before the pooling as in question 4",
        "that costs marks there alone",
        network(
            bn([INPUT, *(BARE, BN, RELU, BARE, BN, POOL) * 2, *HEAD])
            + sequential([INPUT, *(CONV, BARE, POOL) * 2, *HEAD])
        ),
    ),
    right(
        "q13",
        "three blocks as in question 4",
        "that costs marks there alone",
        network(bn([INPUT, *BN_BLOCK * 3, *HEAD]) + sequential([INPUT, *BLOCK * 3, *HEAD])),
    ),
    right(
        "q13",
        "dropout as in question 4",
        "that costs marks there alone",
        network(
            bn([INPUT, *BN_BLOCK * 2, "layers.Flatten()", "layers.Dropout(.5)", DENSE])
            + vgg(head=("layers.Flatten()", "layers.Dropout(.5)", DENSE))
        ),
    ),
    right(
        "q13",
        "logits as in question 4",
        "the loss can know that they are logits",
        network(bn_vgg(head=("layers.Flatten()", "layers.Dense(CLASSES)")) + LOGITS),
    ),
    right("q13", "question 4 left out", "it costs nothing here", network(bn_vgg() + "del build_tiny_vgg")),
    right(
        "q13",
        "question 4 returns nonsense",
        "it costs nothing here",
        network(bn_vgg() + "def build_tiny_vgg():\n    return 'nothing'"),
    ),
    right(
        "q13",
        "question 4 cannot be followed",
        "it costs nothing here",
        network(bn_vgg() + subclass(LOOP + "x = tf.nn.relu(conv(x))" + POOLED + TAIL)),
    ),
)

WRONG: tuple[Entry, ...] = (
    wrong(
        "q13",
        "one normalisation in all",
        "each convolution needs one",
        network(bn([INPUT, BARE, BN, RELU, CONV, POOL, *BLOCK, *HEAD])),
        marks=3,
        fails={"q13_batch_normalization": "comes activation relu"},
    ),
    wrong(
        "q13",
        "normalisation before the pooling",
        "it belongs behind each convolution",
        network(bn([INPUT, *(CONV, CONV, BN, POOL) * 2, *HEAD])),
        marks=3,
        fails={"q13_batch_normalization": "comes activation relu"},
    ),
    wrong(
        "q13",
        "normalisation twice",
        "once is asked for",
        network(bn_vgg(f"{BARE}, {BN}, {BN}, {RELU}")),
        marks=3,
        fails={"q13_batch_normalization": "comes batch normalisation"},
    ),
    wrong(
        "q13",
        "normalisation called with training=True in a subclass",
        "it then never uses its averages",
        network(subclass(LOOP + "x = self.relu(self.norms[i](conv(x), training=True))" + POOLED + TAIL, bn=True)),
        marks=3,
        fails={"q13_batch_normalization": "training=True"},
    ),
    wrong(
        "q13",
        "layer normalisation",
        "batch normalisation is asked for",
        network(bn_vgg(f"{BARE}, layers.LayerNormalization(), {RELU}")),
        marks=2,
        fails={"q13_batch_normalization": "LayerNormalization", "q13_rest": "LayerNormalization"},
    ),
    wrong(
        "q13",
        "larger kernels",
        "nothing else is to change",
        network(bn_vgg(f"{BARE.replace('KERNEL', '5')}, {BN}, {RELU}")),
        marks=4,
        fails={"q13_rest": "kernel_size = [5, 5]"},
    ),
    wrong(
        "q13",
        "leaky ReLU",
        "nothing else is to change",
        network(bn_vgg(f"{BARE}, {BN}, layers.LeakyReLU()")),
        marks=4,
        fails={"q13_rest": "activation leaky_relu"},
    ),
    wrong(
        "q13",
        "no activation",
        "nothing else is to change",
        network(bn_vgg(f"{BARE}, {BN}")),
        marks=2,
        fails={
            "q13_batch_normalization": "After `batch_normalization` comes convolution 3×3, 10 filters, same padding.",
            "q13_rest": "Each convolution is followed by ReLU",
        },
    ),
    wrong(
        "q13",
        "average pooling",
        "nothing else is to change",
        network(bn_vgg().replace("MaxPool", "AveragePool")),
        marks=4,
        fails={"q13_rest": "average pooling"},
    ),
    wrong(
        "q13",
        "regulariser of the kernels",
        "nothing else is to change",
        network(bn_vgg(f"{BARE[:-1]}, kernel_regularizer='l2'), {BN}, {RELU}")),
        marks=4,
        fails={"q13_rest": "regulariser"},
    ),
    wrong(
        "q13",
        "nine classes",
        "there are ten",
        network(bn_vgg().replace("CLASSES", "CLASSES - 1")),
        marks=4,
        fails={"q13_answered": "(n, 9)"},
    ),
    wrong(
        "q13",
        "left out",
        "the notebook does not define it",
        network("del build_tiny_vgg_bn"),
        marks=0,
        fails={"q13_answered": "`build_tiny_vgg_bn` is not defined"},
    ),
    wrong(
        "q13",
        "left as it came",
        "there is no network",
        network("def build_tiny_vgg_bn():\n    ..."),
        marks=0,
        fails={"q13_answered": "It returned None"},
    ),
)
