"""Question 4: wrong networks in rarer forms; snippets."""

from answers.entries import Entry, wrong
from answers.networks import (
    BARE,
    CONV,
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
    vgg,
)

UNFOLLOWED = dict.fromkeys(
    ("q4_blocks", "q4_convolutions", "q4_activations", "q4_pooling", "q4_head", "q4_nothing_else", "q4_outputs"),
    "cannot be followed",
)

RIGHT: tuple[Entry, ...] = ()

WRONG: tuple[Entry, ...] = (
    wrong(
        "q4",
        "leaky ReLU by its slope",
        "ReLU is asked for",
        network(vgg(conv=f"{BARE}, layers.ReLU(negative_slope=.1)")),
        marks=11,
        fails={"q4_activations": "leaky_relu"},
    ),
    wrong(
        "q4",
        "PReLU",
        "ReLU is asked for",
        network(vgg(conv=f"{BARE}, layers.PReLU()")),
        marks=11,
        fails={"q4_activations": "activation prelu"},
    ),
    wrong(
        "q4",
        "GELU",
        "ReLU is asked for",
        network(vgg(conv=CONV.replace("relu", "gelu"))),
        marks=11,
        fails={"q4_activations": "activation gelu"},
    ),
    wrong(
        "q4",
        "activation of its own",
        "ReLU is asked for",
        network(vgg(conv=CONV.replace("'relu'", "lambda t: ops.relu(t) ** 2"))),
        marks=11,
        fails={"q4_activations": "own function"},
    ),
    wrong(
        "q4",
        "GELU by keras.ops",
        "ReLU is asked for",
        network(functional(f"x = ops.gelu({BARE}(x))")),
        marks=11,
        fails={"q4_activations": "activation gelu"},
    ),
    wrong(
        "q4",
        "flat kernels",
        "three by three is asked for",
        network(vgg(conv=CONV.replace("KERNEL", "(KERNEL, 1)"))),
        marks=10,
        fails={"q4_convolutions": "kernel_size = [3, 1]"},
    ),
    wrong(
        "q4",
        "too much zero padding",
        "the maps grow",
        network(vgg(conv=f"layers.ZeroPadding2D(2), {CONV.replace('same', 'valid')}")),
        marks=9,
        fails={
            "q4_convolutions": "padding = valid",
            "q4_nothing_else": "The model also holds `zero_padding2d` (ZeroPadding2D).",
        },
    ),
    wrong(
        "q4",
        "convolutions in groups",
        "each filter is to see all channels",
        network(sequential([INPUT, CONV, *(CONV[:-1] + ", groups=2)",), POOL, CONV, CONV, POOL, *HEAD])),
        marks=10,
        fails={"q4_convolutions": "groups = 2"},
    ),
    wrong(
        "q4",
        "depthwise convolutions",
        "each filter is to see all channels",
        network(vgg(conv="layers.DepthwiseConv2D(KERNEL, padding='same', activation='relu')")),
        marks=10,
        fails={"q4_convolutions": "is a DepthwiseConv2D"},
    ),
    wrong(
        "q4",
        "transposed convolutions",
        "they are another layer",
        network(vgg(conv=CONV.replace("Conv2D", "Conv2DTranspose"))),
        marks=10,
        fails={"q4_convolutions": "is a Conv2DTranspose"},
    ),
    wrong(
        "q4",
        "three convolutions a block",
        "two are asked for",
        network(sequential([INPUT, *(CONV, CONV, CONV, POOL) * 2, *HEAD])),
        marks=10,
        fails={"q4_blocks": "conv, conv, conv, pool"},
    ),
    wrong(
        "q4",
        "no pooling",
        "blocks end with one",
        network(sequential([INPUT, *(CONV,) * 4, *HEAD])),
        marks=10,
        fails={"q4_blocks": "conv, conv, conv, conv"},
    ),
    wrong(
        "q4",
        "strides in place of pooling",
        "blocks end with a pooling",
        network(sequential([INPUT, *(CONV, CONV[:-1] + ", strides=2)") * 2, *HEAD])),
        marks=8,
        fails={"q4_blocks": "conv, conv, conv, conv.", "q4_convolutions": "strides = [2, 2]"},
    ),
    wrong(
        "q4",
        "overlapping pooling",
        "two by two is asked for",
        network(vgg(pool="layers.MaxPooling2D(3, strides=2)")),
        marks=11,
        fails={"q4_pooling": "strides 2×2"},
    ),
    wrong(
        "q4",
        "dropout of maps",
        "none is asked for",
        network(vgg(conv=f"{BARE}, layers.SpatialDropout2D(.2), {RELU}")),
        marks=11,
        fails={"q4_nothing_else": "(SpatialDropout2D)"},
    ),
    wrong(
        "q4",
        "layer normalisation",
        "none is asked for",
        network(vgg(conv=f"{CONV}, layers.LayerNormalization()")),
        marks=11,
        fails={"q4_nothing_else": "LayerNormalization"},
    ),
    wrong(
        "q4",
        "noise layer",
        "none is asked for",
        network(vgg(start=(INPUT, "layers.GaussianNoise(.1)"))),
        marks=11,
        fails={"q4_nothing_else": "GaussianNoise"},
    ),
    wrong(
        "q4",
        "constraint of the kernels",
        "none is asked for",
        network(vgg(conv=CONV[:-1] + ", kernel_constraint='max_norm')")),
        marks=11,
        fails={"q4_nothing_else": "or a constraint"},
    ),
    wrong(
        "q4",
        "regulariser as a layer",
        "none is asked for",
        network(vgg(pool=f"{POOL}, layers.ActivityRegularization(l2=.1)")),
        marks=11,
        fails={"q4_nothing_else": "has a regulariser"},
    ),
    wrong(
        "q4",
        "frozen model",
        "it does not learn",
        network(vgg().replace("return", "model =") + "    model.trainable = False\n    return model"),
        marks=11,
        fails={"q4_nothing_else": "is frozen"},
    ),
    wrong(
        "q4",
        "maps added to themselves",
        "no sums are asked for",
        network(functional(f"y = {CONV}(x)\n            x = y + y")),
        marks=11,
        fails={"q4_nothing_else": "(Add)"},
    ),
    wrong(
        "q4",
        "two outputs",
        "one is asked for",
        network(
            functional(f"x = {CONV}(x)").replace("keras.Model(inputs, outputs)", "keras.Model(inputs, [outputs, x])")
        ),
        marks=0,
        fails={"q4_answered": "It has 2 outputs"},
    ),
    wrong(
        "q4",
        "raises an error",
        "there is no network",
        network("def build_tiny_vgg():\n    return 1 / 0"),
        marks=0,
        fails={"q4_answered": "ZeroDivisionError"},
    ),
    wrong(
        "q4",
        "text returned",
        "there is no network",
        network("def build_tiny_vgg():\n    return 'a model'"),
        marks=0,
        fails={"q4_answered": "It returned a text"},
    ),
    wrong(
        "q4",
        "huge list returned",
        "there is no network",
        network("def build_tiny_vgg():\n    return list(range(10 ** 6))"),
        marks=0,
        fails={"q4_answered": "values"},
    ),
    wrong(
        "q4",
        "array returned",
        "there is no network",
        network("def build_tiny_vgg():\n    return np.zeros((3, 3))"),
        marks=0,
        fails={"q4_answered": "(3, 3)"},
    ),
    wrong(
        "q4",
        "tuple returned",
        "the network alone is asked for",
        network(vgg().replace("return", "model =") + "    return model, 'history'"),
        marks=0,
        fails={"q4_answered": "2 values"},
    ),
    wrong(
        "q4",
        "subclass without call",
        "it cannot be called",
        network("class Network(keras.Model):\n    pass\ndef build_tiny_vgg():\n    return Network()"),
        marks=0,
        fails={"q4_answered": "Calling it raised"},
    ),
    wrong(
        "q4",
        "takes an argument",
        "it is called without any",
        network("def build_tiny_vgg(shape):\n    pass"),
        marks=0,
        fails={"q4_answered": "TypeError"},
    ),
    wrong(
        "q4",
        "leaves TensorFlow in call",
        "it cannot be trained",
        network(
            subclass(
                LOOP
                + "x = self.relu(conv(x))"
                + POOLED
                + "\n        return ops.convert_to_tensor(self.dense(self.flatten(x)).numpy())"
            )
        ),
        marks=0,
        fails={"q4_answered": "Calling it raised"},
    ),
    wrong(
        "q4",
        "layer of its own that tosses one coin a batch in training",
        "its outputs are random",
        network(
            "class Flip(layers.Layer):\n    def call(self, x, training=False):\n"
            "        if not training:\n            return x\n"
            "        coin = tf.random.uniform(()) < .5\n"
            "        return tf.cond(coin, lambda: tf.image.flip_left_right(x), lambda: x)\n"
            + vgg(start=(INPUT, "Flip()"))
        ),
        marks=10,
        fails={"q4_outputs": "random"},
    ),
    wrong(
        "q4",
        "subclass with dropout",
        "none is asked for",
        network(
            subclass(
                LOOP
                + "x = self.relu(conv(x))"
                + POOLED
                + "\n        return self.dense(layers.Dropout(.5)(self.flatten(x), training=training))",
                signature="x, training=None",
            )
        ),
        marks=11,
        fails={"q4_nothing_else": "(Dropout)"},
    ),
    wrong(
        "q4",
        "subclass with tanh of TensorFlow",
        "what TensorFlow does is not seen, and the outputs differ",
        network(subclass(LOOP + "x = tf.nn.tanh(conv(x))" + POOLED + TAIL)),
        marks=2,
        fails={},
        opens=UNFOLLOWED,
    ),
    wrong(
        "q4",
        "subclass with TensorFlow and larger kernels",
        "what TensorFlow does is not seen, and the outputs differ",
        network(subclass(LOOP + "x = tf.nn.relu(conv(x))" + POOLED + TAIL).replace("KERNEL,", "KERNEL + 2,")),
        marks=2,
        fails={},
        opens=UNFOLLOWED,
    ),
    wrong(
        "q4",
        "subclass with dropout of TensorFlow",
        "what TensorFlow does is not seen, and the outputs differ",
        network(
            subclass(
                LOOP
                + "x = tf.nn.dropout(tf.nn.relu(conv(x)), .5) if training else tf.nn.relu(conv(x))"
                + POOLED
                + TAIL,
                signature="x, training=False",
            )
        ),
        marks=2,
        fails={},
        opens=UNFOLLOWED,
    ),
    wrong(
        "q4",
        "subclass with TensorFlow and shared convolutions",
        "what TensorFlow does is not seen, and the outputs differ",
        network(subclass(LOOP + "x = tf.nn.relu(self.convs[min(i, 1)](x))" + POOLED + TAIL)),
        marks=2,
        fails={},
        opens=UNFOLLOWED,
    ),
    wrong(
        "q4",
        "subclass with TensorFlow and a frozen convolution",
        "it does not learn",
        network(subclass(LOOP + "x = tf.nn.relu(conv(x))" + POOLED + TAIL, "self.convs[2].trainable = False")),
        marks=11,
        fails={"q4_nothing_else": "is frozen"},
    ),
)
