"""Question 14: three blocks in rarer forms, and after other answers to question 4; snippets."""

from answers.entries import Entry, right, wrong
from answers.networks import (
    BARE,
    BLOCK,
    BN_BLOCK,
    CONV,
    DENSE,
    HEAD,
    INPUT,
    LOOP,
    POOL,
    POOLED,
    RELU,
    TAIL,
    functional,
    network,
    sequential,
    subclass,
    three,
    vgg,
)

ONE_CONV = (CONV, POOL)


RIGHT: tuple[Entry, ...] = (
    right("q14", "Sequential with an input", "all layers in a list", network(three([INPUT, *BLOCK * 3, *HEAD]))),
    right(
        "q14",
        "activation layers",
        "they are the same",
        network(three([INPUT, *(BARE, RELU, BARE, "layers.Activation('relu')", POOL) * 3, *HEAD])),
    ),
    right(
        "q14",
        "functional in a loop",
        "it is the same",
        network(functional(f"x = {CONV}(x)", name="build_tiny_vgg_3blocks").replace("range(2)", "range(3)", 1)),
    ),
    right(
        "q14",
        "reshape and softmax layers",
        "they are the same",
        network(three([INPUT, *BLOCK * 3, "layers.Reshape((-1,))", "layers.Dense(CLASSES)", "layers.Softmax()"])),
    ),
    right(
        "q14",
        "subclass with TensorFlow",
        "it is followed",
        network(
            subclass(LOOP + "x = tf.nn.relu(conv(x))" + POOLED + TAIL)
            .replace("range(4)", "range(6)")
            .replace("build_tiny_vgg", "build_tiny_vgg_3blocks")
        ),
    ),
    right(
        "q14",
        "larger kernels as in question 4",
        "that costs marks there alone",
        network(
            three([INPUT, *(CONV.replace("KERNEL", "5"), CONV.replace("KERNEL", "5"), POOL) * 3, *HEAD])
            + vgg(conv=CONV.replace("KERNEL", "5"))
        ),
    ),
    right(
        "q14",
        "question 4 wrong, this one right",
        "what is asked for is right",
        network(three([INPUT, *BLOCK * 3, *HEAD]) + vgg(conv=CONV.replace("KERNEL", "5"))),
    ),
    right(
        "q14",
        "one convolution a block as in question 4",
        "that costs marks there alone",
        network(three([INPUT, *ONE_CONV * 3, *HEAD]) + sequential([INPUT, *ONE_CONV * 2, *HEAD])),
    ),
    right(
        "q14",
        "one block more than three in question 4",
        "one more is asked for",
        network(three([INPUT, *BLOCK * 4, *HEAD]) + sequential([INPUT, *BLOCK * 3, *HEAD])),
    ),
    right(
        "q14",
        "three blocks, as in question 4",
        "that costs marks there alone",
        network(three([INPUT, *BLOCK * 3, *HEAD]) + sequential([INPUT, *BLOCK * 3, *HEAD])),
    ),
    right(
        "q14",
        "last pooling missing as in question 4",
        "that costs marks there alone",
        network(three([INPUT, *BLOCK, *BLOCK, CONV, CONV, *HEAD]) + sequential([INPUT, *BLOCK, CONV, CONV, *HEAD])),
    ),
    right(
        "q14",
        "no pooling as in question 4",
        "that costs marks there alone",
        network(three([INPUT, *(CONV,) * 6, *HEAD]) + sequential([INPUT, *(CONV,) * 4, *HEAD])),
    ),
    right(
        "q14",
        "batch normalisation as in question 4",
        "that costs marks there alone",
        network(three([INPUT, *BN_BLOCK * 3, *HEAD]) + sequential([INPUT, *BN_BLOCK * 2, *HEAD])),
    ),
    right(
        "q14",
        "question 4 left out",
        "it costs nothing here",
        network(three([INPUT, *BLOCK * 3, *HEAD]) + "del build_tiny_vgg"),
    ),
    right(
        "q14",
        "question 13 left out",
        "it costs nothing here",
        network(three([INPUT, *BLOCK * 3, *HEAD]) + "del build_tiny_vgg_bn"),
    ),
)

WRONG: tuple[Entry, ...] = (
    wrong(
        "q14",
        "batch normalisation kept, dropout in question 4",
        "neither is asked for here",
        network(three([INPUT, *BN_BLOCK * 3, *HEAD]) + vgg(head=("layers.Flatten()", "layers.Dropout(.5)", DENSE))),
        marks=4,
        fails={"q14_rest": "without batch normalisation"},
    ),
    wrong(
        "q14",
        "no block more, question 4 wrong",
        "three are asked for",
        network(three([INPUT, *BLOCK * 2, *HEAD]) + sequential([INPUT, *ONE_CONV * 2, *HEAD])),
        marks=3,
        fails={"q14_blocks": "3 blocks"},
    ),
    wrong(
        "q14",
        "average pooling in the third block",
        "nothing else is to change",
        network(three([INPUT, *BLOCK * 2, CONV, CONV, POOL.replace("Max", "Average"), *HEAD])),
        marks=4,
        fails={"q14_rest": "average pooling"},
    ),
    wrong(
        "q14",
        "left out",
        "the notebook does not define it",
        network("del build_tiny_vgg_3blocks"),
        marks=0,
        fails={"q14_answered": "`build_tiny_vgg_3blocks` is not defined"},
    ),
    wrong(
        "q14",
        "class in place of the function",
        "there is no network",
        network("build_tiny_vgg_3blocks = keras.Sequential"),
        marks=0,
        fails={"q14_answered": "Expected"},
    ),
)
