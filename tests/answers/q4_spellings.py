"""Question 4: right networks, spelt in rarer ways; snippets."""

from answers.entries import Entry, right
from answers.networks import (
    BARE,
    BLOCK,
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
    vgg,
)

RIGHT: tuple[Entry, ...] = (
    right("q4", "Sequential with an input", "all layers in a list", network(vgg())),
    right(
        "q4",
        "input shape in every convolution",
        "only the first one needs it",
        network(vgg(conv=CONV[:-1] + ", input_shape=SHAPE)", start=())),
    ),
    right("q4", "input as a layer", "it is the same", network(vgg(start=("layers.InputLayer(shape=SHAPE)",)))),
    right("q4", "ReLU as a layer of its own", "it is the same", network(vgg(conv=f"{BARE}, {RELU}"))),
    right(
        "q4",
        "activation layer of tf.nn.relu",
        "it is ReLU",
        network(vgg(conv=f"{BARE}, layers.Activation(tf.nn.relu)")),
    ),
    right(
        "q4",
        "activation layer of a lambda",
        "it is ReLU",
        network(vgg(conv=f"{BARE}, layers.Activation(lambda t: ops.maximum(t, 0))")),
    ),
    right(
        "q4",
        "Lambda layer of tf.nn.relu",
        "it is ReLU",
        network(vgg(conv=f"{BARE}, layers.Lambda(lambda t: tf.nn.relu(t))")),
    ),
    right(
        "q4",
        "Lambda layer with arguments",
        "it is ReLU",
        network(vgg(conv=f"{BARE}, layers.Lambda(lambda t, low: ops.maximum(t, low), arguments=dict(low=0.))")),
    ),
    right(
        "q4",
        "activation as a function",
        "it is ReLU",
        network(vgg(conv=CONV.replace("'relu'", "keras.activations.relu"))),
    ),
    right("q4", "layer as an activation", "it is ReLU", network(vgg(conv=CONV.replace("'relu'", "layers.ReLU()")))),
    right("q4", "ReLU twice", "the second changes nothing", network(vgg(conv=f"{CONV}, {RELU}"))),
    right(
        "q4", "kernel size as a list", "it is the same", network(vgg(conv=CONV.replace("KERNEL", "[KERNEL, KERNEL]")))
    ),
    right(
        "q4",
        "Convolution2D",
        "Keras' other name of the layer",
        network(vgg(conv=CONV.replace("Conv2D", "Convolution2D"))),
    ),
    right("q4", "pooling by default", "it is over two by two", network(vgg(pool="layers.MaxPooling2D()"))),
    right(
        "q4",
        "pooling with strides and padding spelt out",
        "the size is even, so that padding adds nothing",
        network(vgg(pool="layers.MaxPooling2D((POOL, POOL), strides=POOL, padding='same')")),
    ),
    right(
        "q4",
        "pooling with strides of None",
        "they are then those of the pool",
        network(vgg(pool="layers.MaxPooling2D([POOL, POOL], strides=None)")),
    ),
    right(
        "q4",
        "images rescaled by a Lambda layer",
        "what scales the input is free",
        network(vgg(start=(INPUT, "layers.Lambda(lambda t: t / 255.)"))),
    ),
    right(
        "q4",
        "images normalised by given numbers",
        "what scales the input is free",
        network(vgg(start=(INPUT, "layers.Normalization(mean=[.5, .4, .3], variance=[.1, .2, .3])"))),
    ),
    right(
        "q4",
        "flatten twice",
        "the second changes nothing",
        network(vgg(head=("layers.Flatten()", "layers.Flatten()", DENSE))),
    ),
    right(
        "q4",
        "logits of a linear activation",
        "the loss can know that they are logits",
        network(vgg(head=("layers.Flatten()", "layers.Dense(CLASSES, activation='linear', name='scores')"))),
    ),
    right("q4", "identity layer at the end", "it changes nothing", network(vgg(head=(*HEAD, "layers.Identity()")))),
    right(
        "q4",
        "ReLU after the max pooling",
        "the maximum of both orders is the same",
        network(sequential([INPUT, *(CONV, BARE, POOL, RELU) * 2, *HEAD])),
    ),
    right(
        "q4",
        "named model",
        "names are free",
        network(vgg().replace("keras.Sequential([", "keras.Sequential(name='my_vgg', layers=[")),
    ),
    right(
        "q4",
        "model cloned",
        "the clone has the same layers",
        network(vgg().replace("return", "model =") + "    return keras.models.clone_model(model)"),
    ),
    right(
        "q4",
        "compiled already",
        "question 5 compiles it again",
        network(vgg().replace("return", "model =") + "    model.compile('adam', 'mse')\n    return model"),
    ),
    right(
        "q4",
        "same object each time",
        "question 4 asks for a network",
        network(vgg().replace("build_tiny_vgg", "make") + "kept = make()\nbuild_tiny_vgg = lambda: kept"),
    ),
    right(
        "q4",
        "model of a model's ends",
        "it has the same layers",
        network(
            vgg().replace("return", "model =") + "    y = model(np.zeros((1, *SHAPE), 'float32'))\n"
            "    return keras.Model(model.inputs, model.outputs)"
        ),
    ),
    right(
        "q4",
        "nested model called with training=False",
        "none of its layers cares",
        network(
            f"def build_tiny_vgg():\n    inputs = keras.Input(SHAPE)\n"
            f"    core = keras.Sequential([{', '.join(BLOCK * 2)}])\n"
            "    x = layers.Flatten()(core(inputs, training=False))\n"
            "    return keras.Model(inputs, layers.Dense(CLASSES, 'softmax')(x))"
        ),
    ),
    right("q4", "keras.activations.relu", "it is ReLU", network(functional(f"x = keras.activations.relu({BARE}(x))"))),
    right("q4", "ReLU by ops.maximum", "it is ReLU", network(functional(f"x = ops.maximum({BARE}(x), 0.)"))),
    right(
        "q4",
        "ReLU by ops.where",
        "it is ReLU",
        network(functional(f"x = {BARE}(x)\n            x = ops.where(x > 0, x, 0.)")),
    ),
    right(
        "q4",
        "padded by ops.pad",
        "the convolutions keep the size",
        network(
            functional(
                f"x = {BARE.replace('same', 'valid')}(ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]))"
                "\n            x = layers.ReLU()(x)"
            )
        ),
    ),
    right(
        "q4",
        "pooled by ops.max_pool",
        "it is the same",
        network(functional(f"x = {CONV}(x)").replace("layers.MaxPooling2D(POOL)(x)", "ops.max_pool(x, POOL)")),
    ),
    right(
        "q4",
        "reshape and softmax of keras.ops",
        "they are the same",
        network(
            functional(
                f"x = {CONV}(x)",
                "x = ops.reshape(x, (-1, 8 * 8 * FILTERS))\n    outputs = ops.softmax(layers.Dense(CLASSES)(x))",
            )
        ),
    ),
    right(
        "q4",
        "input divided by 255",
        "what scales the input is free",
        network(functional(f"x = {CONV}(x)").replace("x = inputs", "x = inputs / 255.")),
    ),
    right(
        "q4",
        "arithmetic on the input",
        "what scales the input is free",
        network(functional(f"x = {CONV}(x)").replace("x = inputs", "x = (ops.cast(inputs, 'float32') - 0.5) * 2")),
    ),
    right(
        "q4",
        "unused branch",
        "what does not reach the output is no part of the network",
        network(functional(f"unused = layers.Dense(7)(x)\n            x = {CONV}(x)")),
    ),
    right(
        "q4",
        "dictionary of one output",
        "it is the output",
        network(
            functional(f"x = {CONV}(x)").replace(
                "keras.Model(inputs, outputs)", "keras.Model(inputs=inputs, outputs=dict(y=outputs))"
            )
        ),
    ),
    right(
        "q4",
        "layers in bfloat16",
        "the layers are the same",
        network(vgg(conv=CONV[:-1] + ", dtype='mixed_bfloat16')")),
    ),
    right(
        "q4",
        "layers in double precision",
        "the layers are the same",
        network(vgg(conv=CONV[:-1] + ", dtype='float64')")),
    ),
    right(
        "q4",
        "subclass with the functional constructor",
        "its layers are found",
        network(
            "class Network(keras.Model):\n    def __init__(self):\n"
            "        inputs = keras.Input(SHAPE)\n"
            f"        x = inputs\n        for layer in ({', '.join(BLOCK * 2)}):\n"
            f"            x = layer(x)\n"
            "        super().__init__(inputs, layers.Dense(CLASSES, 'softmax')(layers.Flatten()(x)))\n"
            "build_tiny_vgg = lambda: Network()"
        ),
    ),
    right(
        "q4",
        "subclass with a training argument",
        "none of its layers cares",
        network(subclass(LOOP + "x = self.relu(conv(x))" + POOLED + TAIL, signature="x, training=False")),
    ),
    right(
        "q4",
        "subclass that needs a training argument",
        "Keras gives it",
        network(subclass(LOOP + "x = self.relu(conv(x))" + POOLED + TAIL, signature="x, training")),
    ),
    right(
        "q4",
        "subclass with keras.ops",
        "it is followed",
        network(subclass(LOOP + "x = ops.relu(conv(x))" + POOLED + TAIL)),
    ),
    right(
        "q4",
        "subclass with TensorFlow, logits and convolutions in reverse order",
        "with its weights, the network that is asked for gives the same outputs",
        network(
            subclass(
                LOOP + "x = tf.nn.relu(conv(x))" + POOLED + "\n        return self.dense(self.flatten(x))",
                "self.dense = layers.Dense(CLASSES); self.convs = self.convs[::-1]",
            )
        ),
    ),
    right(
        "q4",
        "subclass around a Sequential",
        "it is followed",
        network(subclass("return self.core(x)", f"self.core = keras.Sequential([{', '.join((*BLOCK * 2, *HEAD))}])")),
    ),
    right(
        "q4",
        "layers of its own that make their parts in build",
        "they are followed",
        network(
            "class Block(layers.Layer):\n    def build(self, shape):\n"
            "        self.first = layers.Conv2D(FILTERS, KERNEL, padding='same', activation='relu')\n"
            "        self.second = layers.Conv2D(FILTERS, KERNEL, padding='same', activation='relu')\n"
            "        self.first.build(shape)\n        self.second.build((*shape[:3], FILTERS))\n"
            f"    def call(self, x):\n        return {POOL}(self.second(self.first(x)))\n"
            + sequential([INPUT, "Block()", "Block()", *HEAD])
        ),
    ),
    right(
        "q4",
        "activation layer of its own with TensorFlow",
        "it is followed",
        network(
            "class Rectify(layers.Layer):\n    def call(self, x):\n        return tf.nn.relu(x)\n"
            + vgg(conv=f"{BARE}, Rectify()")
        ),
    ),
    right(
        "q4",
        "convolution layer of its own that rectifies",
        "it is followed",
        network(
            "class Conv(layers.Conv2D):\n    def call(self, x):\n"
            "        return ops.relu(super().call(x))\n" + vgg(conv="Conv(FILTERS, KERNEL, padding='same')")
        ),
    ),
    right(
        "q4",
        "convolution of its own by keras.ops",
        "it is followed",
        network(
            "class Conv(layers.Layer):\n    def build(self, shape):\n"
            "        self.w = self.add_weight(shape=(KERNEL, KERNEL, shape[-1], FILTERS), name='w')\n"
            "        self.b = self.add_weight(shape=(FILTERS,), initializer='zeros', name='b')\n"
            "    def call(self, x):\n"
            "        return ops.relu(ops.conv(x, self.w, padding='same') + self.b)\n" + vgg(conv="Conv()")
        ),
    ),
    right(
        "q4",
        "convolution of its own by TensorFlow, weights without names",
        "it is followed",
        network(
            "class Conv(layers.Layer):\n    def build(self, shape):\n"
            "        self.w = self.add_weight(shape=(KERNEL, KERNEL, shape[-1], FILTERS))\n"
            "        self.b = self.add_weight(shape=(FILTERS,))\n"
            "    def call(self, x):\n"
            "        return tf.nn.relu(tf.nn.conv2d(x, self.w, 1, 'SAME') + self.b)\n" + vgg(conv="Conv()")
        ),
    ),
    right(
        "q4",
        "input taken apart and put together again",
        "it is the same",
        network(
            functional(f"x = {CONV}(x)").replace(
                "x = inputs", "x = layers.Concatenate()([inputs[..., :2], inputs[..., 2:]])"
            )
        ),
    ),
)

WRONG: tuple[Entry, ...] = ()
