"""Questions 4, 5, 13 and 14: networks, and how they are compiled, in the styles in which students write."""

from zoo.entries import Entry, function, line, right

QUESTION_4 = (
    right(
        "q4",
        "layers added one by one",
        "the usual way of tutorials; numbers in place of the settings",
        function(
            "build_tiny_vgg",
            """
from keras.models import Sequential
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D

def build_tiny_vgg():
    model = Sequential()
    model.add(Conv2D(10, (3, 3), activation='relu', padding='same', input_shape=(32, 32, 3)))
    model.add(Conv2D(10, (3, 3), activation='relu', padding='same'))
    model.add(MaxPooling2D((2, 2)))

    model.add(Conv2D(10, (3, 3), activation='relu', padding='same'))
    model.add(Conv2D(10, (3, 3), activation='relu', padding='same'))
    model.add(MaxPooling2D((2, 2)))

    model.add(Flatten())
    model.add(Dense(10, activation='softmax'))
    return model
""",
        ),
    ),
    right(
        "q4",
        "Sequential list without an input",
        "Keras learns the size of the images from the first ones",
        function(
            "build_tiny_vgg",
            """
def build_tiny_vgg():
    def block():
        return [
            layers.Conv2D(settings.FILTERS, settings.KERNEL_SIZE, padding="same", activation="relu"),
            layers.Conv2D(settings.FILTERS, settings.KERNEL_SIZE, padding="same", activation="relu"),
            layers.MaxPool2D(),
        ]

    return keras.Sequential([*block(), *block(), layers.Flatten(), layers.Dense(settings.N_CLASSES, "softmax")])
""",
        ),
    ),
    right(
        "q4",
        "functional with a block helper",
        "activations are layers of their own, by name",
        function(
            "build_tiny_vgg",
            """
from keras.layers import Activation, Conv2D, Dense, Flatten, Input, MaxPooling2D
from keras.models import Model

def vgg_block(tensor, n_filters):
    for _ in range(2):
        tensor = Conv2D(n_filters, kernel_size=(3, 3), strides=(1, 1), padding="same")(tensor)
        tensor = Activation("relu")(tensor)
    return MaxPooling2D(pool_size=(2, 2), strides=(2, 2))(tensor)

def build_tiny_vgg():
    img = Input(shape=(32, 32, 3))
    features = vgg_block(img, 10)
    features = vgg_block(features, 10)
    scores = Dense(10)(Flatten()(features))
    return Model(inputs=img, outputs=Activation("softmax")(scores))
""",
        ),
    ),
    right(
        "q4",
        "subclassed model",
        "layers are made in the constructor and used in call",
        function(
            "build_tiny_vgg",
            """
class TinyVGG(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv1a = layers.Conv2D(10, 3, padding="same", activation="relu")
        self.conv1b = layers.Conv2D(10, 3, padding="same", activation="relu")
        self.conv2a = layers.Conv2D(10, 3, padding="same", activation="relu")
        self.conv2b = layers.Conv2D(10, 3, padding="same", activation="relu")
        self.pool = layers.MaxPooling2D(2)
        self.flatten = layers.Flatten()
        self.classifier = layers.Dense(10, activation="softmax")

    def call(self, x, training=False):
        x = self.pool(self.conv1b(self.conv1a(x)))
        x = self.pool(self.conv2b(self.conv2a(x)))
        return self.classifier(self.flatten(x))

def build_tiny_vgg():
    return TinyVGG()
""",
        ),
    ),
    right(
        "q4",
        "subclass with TensorFlow functions",
        "not to be followed layer by layer, but it computes the same",
        function(
            "build_tiny_vgg",
            """
import tensorflow as tf

class Net(tf.keras.Model):
    def __init__(self):
        super().__init__(name="net")
        self.convs = [tf.keras.layers.Conv2D(10, 3, padding="same") for _ in range(4)]
        self.fc = tf.keras.layers.Dense(10)

    def call(self, x):
        for i, conv in enumerate(self.convs):
            x = tf.nn.relu(conv(x))
            if i % 2 == 1:
                x = tf.nn.max_pool2d(x, ksize=2, strides=2, padding="VALID")
        x = tf.reshape(x, [-1, 8 * 8 * 10])
        return tf.nn.softmax(self.fc(x))

def build_tiny_vgg():
    return Net()
""",
        ),
    ),
    right(
        "q4",
        "blocks as layers of their own",
        "a block holds its convolutions and its pooling",
        function(
            "build_tiny_vgg",
            """
class VGGBlock(layers.Layer):
    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.conv1 = layers.Conv2D(filters, settings.KERNEL_SIZE, padding="same")
        self.conv2 = layers.Conv2D(filters, settings.KERNEL_SIZE, padding="same")
        self.relu = layers.ReLU()
        self.pool = layers.MaxPooling2D(settings.POOL_SIZE)

    def call(self, inputs):
        x = self.relu(self.conv1(inputs))
        x = self.relu(self.conv2(x))
        return self.pool(x)

def build_tiny_vgg():
    return keras.Sequential([
        keras.Input(shape=settings.IMAGE_SHAPE),
        VGGBlock(settings.FILTERS, name="block_1"),
        VGGBlock(settings.FILTERS, name="block_2"),
        layers.Flatten(),
        layers.Dense(settings.N_CLASSES, activation="softmax"),
    ])
""",
        ),
    ),
    right(
        "q4",
        "nested Sequential blocks",
        "a model may be made of models",
        function(
            "build_tiny_vgg",
            """
from keras import layers as L

def make_block(name):
    return keras.Sequential(
        [
            L.Conv2D(filters=10, kernel_size=3, padding="same"), L.ReLU(),
            L.Conv2D(filters=10, kernel_size=3, padding="same"), L.ReLU(),
            L.MaxPooling2D(),
        ],
        name=name,
    )

def build_tiny_vgg():
    inp = L.Input((32, 32, 3))
    x = make_block("block1")(inp)
    x = make_block("block2")(x)
    x = L.Flatten()(x)
    out = L.Dense(10, "softmax")(x)
    return keras.Model(inp, out)
""",
        ),
    ),
    right(
        "q4",
        "layers and functions of tf.keras",
        "the same layers under another name, activations as functions",
        function(
            "build_tiny_vgg",
            """
import tensorflow as tf

def build_tiny_vgg():
    K = tf.keras.layers
    conv = lambda: K.Conv2D(settings.FILTERS, settings.KERNEL_SIZE, padding="SAME", activation=tf.nn.relu)
    net = tf.keras.Sequential([tf.keras.Input(settings.IMAGE_SHAPE)])
    for _ in range(settings.BLOCKS):
        net.add(conv())
        net.add(conv())
        net.add(K.MaxPool2D(settings.POOL_SIZE))
    net.add(K.Flatten())
    net.add(K.Dense(settings.N_CLASSES, activation=tf.nn.softmax))
    net.summary()
    return net
""",
        ),
    ),
    right(
        "q4",
        "ReLU by keras.ops",
        "functions on tensors are steps like layers",
        line(
            "build_tiny_vgg",
            ('layers.ReLU(name=f"block{block}_relu{conv}")(x)', "keras.ops.relu(x)"),
            (
                'layers.Dense(settings.N_CLASSES, activation="softmax", name="classifier")(x)',
                "keras.ops.softmax(layers.Dense(settings.N_CLASSES)(x))",
            ),
        ),
    ),
    right(
        "q4",
        "raw scores, known to the loss",
        "from_logits=True at question 5 makes up for the softmax",
        line("build_tiny_vgg", ('activation="softmax", ', "")),
        line("build_tiny_vgg_bn", ('activation="softmax", ', "")),
        line("build_tiny_vgg_3blocks", ('activation="softmax", ', "")),
        line("build_tiny_resnet", ('activation="softmax", ', "")),
        line(
            "compile_model",
            ('"sparse_categorical_crossentropy"', "keras.losses.SparseCategoricalCrossentropy(from_logits=True)"),
        ),
    ),
    right(
        "q4",
        "softmax as a layer of its own",
        "the same as an activation of the dense layer",
        line(
            "build_tiny_vgg",
            (
                'activation="softmax", name="classifier")(x)',
                'name="scores")(x)\n    outputs = layers.Softmax()(outputs)',
            ),
        ),
    ),
    right(
        "q4",
        "images rescaled within the model",
        "a Rescaling layer is free",
        line("build_tiny_vgg", ("x = inputs\n", "x = layers.Rescaling(2.0, offset=-1.0)(inputs)  # to [-1, 1]\n")),
    ),
    right(
        "q4",
        "zero padding and valid convolutions",
        "a border of zeros is what same padding adds",
        line(
            "build_tiny_vgg",
            (
                "            x = layers.Conv2D",
                "            x = layers.ZeroPadding2D(padding=(1, 1))(x)\n            x = layers.Conv2D",
            ),
            ('padding="same"', 'padding="valid"'),
        ),
    ),
    right(
        "q4",
        "reshape in place of flatten",
        "one axis either way",
        line("build_tiny_vgg", ('layers.Flatten(name="flatten")(x)', "layers.Reshape((-1,))(x)")),
    ),
    right(
        "q4",
        "initialisers and everything spelt out",
        "how weights start is free, and defaults may be written",
        line(
            "build_tiny_vgg",
            (
                "settings.KERNEL_SIZE, ",
                'kernel_size=(3, 3), strides=(1, 1), use_bias=True, kernel_initializer="he_normal", ',
            ),
            (
                "layers.MaxPooling2D(settings.POOL_SIZE, ",
                'layers.MaxPooling2D(pool_size=(2, 2), strides=2, padding="valid", ',
            ),
            ('"softmax", ', '"softmax", kernel_initializer=keras.initializers.GlorotNormal(), '),
        ),
    ),
    right(
        "q4",
        "builder with optional arguments",
        "it may be called without any",
        line(
            "build_tiny_vgg",
            ("build_tiny_vgg():", "build_tiny_vgg(filters=10, n_blocks=2, input_shape=(32, 32, 3), num_classes=10):"),
            ("keras.Input(settings.IMAGE_SHAPE)", "keras.layers.Input(shape=input_shape)"),
            ("settings.BLOCKS + 1", "n_blocks + 1"),
            ("settings.FILTERS", "filters"),
            ("settings.N_CLASSES, ", "num_classes, "),
        ),
    ),
    right(
        "q4",
        "drawn from a list of numbers",
        "as the VGG of libraries is configured",
        function(
            "build_tiny_vgg",
            """
CONFIG = [10, 10, "M", 10, 10, "M"]

def build_tiny_vgg(config=CONFIG):
    inputs = keras.Input(shape=settings.IMAGE_SHAPE, name="image")
    x = inputs
    for entry in config:
        if entry == "M":
            x = layers.MaxPooling2D(2, 2)(x)
        else:
            x = layers.Conv2D(entry, 3, 1, "same")(x)
            x = layers.Activation(keras.activations.relu)(x)
    x = layers.Flatten()(x)
    return keras.Model(inputs=[inputs], outputs=[layers.Dense(10, activation="softmax")(x)], name="TinyVGG")
""",
        ),
    ),
)

QUESTION_5 = (
    right(
        "q5",
        "objects in place of names",
        "they say the same",
        line(
            "compile_model",
            ('optimizer="adam"', "optimizer=keras.optimizers.Adam(learning_rate=0.0005, beta_1=0.9, epsilon=1e-7)"),
            ('"sparse_categorical_crossentropy"', "keras.losses.SparseCategoricalCrossentropy()"),
            ('"accuracy"', 'keras.metrics.SparseCategoricalAccuracy(name="accuracy")'),
        ),
    ),
    right(
        "q5",
        "optimizer and loss of tf.keras",
        "the same classes under another name, and the model is compiled in place",
        function(
            "compile_model",
            """
import tensorflow as tf

def compile_model(model):
    opt = tf.keras.optimizers.Adam(1e-3)
    loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=False)
    model.compile(opt, loss_fn, metrics=['accuracy'])
""",
        ),
    ),
    right(
        "q5",
        "returns what compile returns",
        "that is None, but the model is compiled",
        line("compile_model", ("    model.compile(", "    return model.compile("), ("    return model\n", "")),
    ),
    right(
        "q5",
        "learning rate on a cosine",
        "it stays between 1e-5 and 1e-2",
        line(
            "compile_model",
            (
                'optimizer="adam"',
                "optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, 27400, alpha=0.05))",
            ),
        ),
    ),
    right(
        "q5",
        "one-hot labels with categorical crossentropy",
        "labels and loss fit one another",
        line(
            "preprocess",
            ("y_train.flatten()", "keras.utils.to_categorical(y_train, settings.N_CLASSES)"),
            ("y_test.flatten()", "keras.utils.to_categorical(y_test, settings.N_CLASSES)"),
        ),
        line("compile_model", ("sparse_categorical_crossentropy", "categorical_crossentropy")),
    ),
    right(
        "q5",
        "smoothed one-hot labels",
        "still the crossentropy of these labels",
        line(
            "preprocess",
            ("y_train.flatten()", "np.eye(10)[y_train.ravel()]"),
            ("y_test.flatten()", "np.eye(10)[y_test.ravel()]"),
        ),
        line(
            "compile_model",
            ('"sparse_categorical_crossentropy"', "keras.losses.CategoricalCrossentropy(label_smoothing=0.1)"),
            ('"adam"', "keras.optimizers.Adam(clipnorm=1.0)"),
        ),
    ),
    right(
        "q5",
        "acc as the name of the metric",
        "Keras takes it for the accuracy, and the series are named so",
        line("compile_model", ('"accuracy"', '"acc"')),
        line("evaluate", ('scores["accuracy"]', 'scores["acc"]')),
        line("plot_history", ('["loss", "accuracy"]', '["loss", "acc"]')),
    ),
    right(
        "q5",
        "metric with a French name",
        "the name of a metric is free, and the series are named so",
        line("compile_model", ('"accuracy"', 'keras.metrics.SparseCategoricalAccuracy(name="justesse")')),
        line("evaluate", ('scores["accuracy"]', 'scores["justesse"]')),
        line("plot_history", ('["loss", "accuracy"]', '["loss", "justesse"]')),
    ),
    right(
        "q5",
        "class of the loss, not an object",
        "Keras makes an object of it",
        line("compile_model", ('"sparse_categorical_crossentropy"', "keras.losses.SparseCategoricalCrossentropy")),
    ),
    right(
        "q5",
        "a second metric beside the accuracy",
        "more may be measured",
        line("compile_model", ('["accuracy"]', '["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(k=5)]')),
    ),
    right(
        "q5",
        "labels that are whole floats",
        "Keras takes them, and so does question 3",
        line(
            "preprocess",
            ("y_train.flatten()", 'y_train.flatten().astype("float32")'),
            ("y_test.flatten()", 'y_test.flatten().astype("float32")'),
        ),
    ),
)

QUESTION_13 = (
    right(
        "q13",
        "one builder with a switch",
        "question 4 and this one share it",
        function(
            "build_tiny_vgg",
            """
def make_vgg(blocks=settings.BLOCKS, batch_norm=False):
    model = keras.Sequential([keras.Input(settings.IMAGE_SHAPE)])
    for _ in range(blocks):
        for _ in range(settings.CONVS_PER_BLOCK):
            model.add(layers.Conv2D(settings.FILTERS, settings.KERNEL_SIZE, padding="same"))
            if batch_norm:
                model.add(layers.BatchNormalization())
            model.add(layers.Activation("relu"))
        model.add(layers.MaxPooling2D(settings.POOL_SIZE))
    model.add(layers.Flatten())
    model.add(layers.Dense(settings.N_CLASSES, activation="softmax"))
    return model

def build_tiny_vgg():
    return make_vgg()
""",
        ),
        function("build_tiny_vgg_bn", "def build_tiny_vgg_bn():\n    return make_vgg(batch_norm=True)\n"),
        function("build_tiny_vgg_3blocks", "def build_tiny_vgg_3blocks():\n    return make_vgg(blocks=3)\n"),
    ),
    right(
        "q13",
        "arguments of the normalisation",
        "momentum, epsilon and the axis of the channels are free",
        line("build_tiny_vgg_bn", ("BatchNormalization(", "BatchNormalization(axis=3, momentum=0.9, epsilon=1e-5, ")),
    ),
    right(
        "q13",
        "convolutions without their bias",
        "the offset of the normalisation takes its place",
        line("build_tiny_vgg_bn", ('padding="same", ', 'padding="same", use_bias=False, ')),
    ),
    right(
        "q13",
        "normalisation without offset",
        "of bias and offset one may be left out",
        line("build_tiny_vgg_bn", ("BatchNormalization(", "BatchNormalization(center=False, scale=False, ")),
    ),
    right(
        "q13",
        "a unit of convolution, normalisation and ReLU",
        "a layer of one's own that hands the mode on",
        function(
            "build_tiny_vgg_bn",
            """
class ConvBNReLU(keras.layers.Layer):
    def __init__(self, filters, kernel_size):
        super().__init__()
        self.conv = layers.Conv2D(filters, kernel_size, padding="same", use_bias=False)
        self.bn = layers.BatchNormalization()
        self.relu = layers.ReLU()

    def call(self, x, training=None):
        return self.relu(self.bn(self.conv(x), training=training))

def build_tiny_vgg_bn():
    return keras.Sequential([
        keras.Input(settings.IMAGE_SHAPE),
        ConvBNReLU(10, 3), ConvBNReLU(10, 3), layers.MaxPooling2D(),
        ConvBNReLU(10, 3), ConvBNReLU(10, 3), layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ])
""",
        ),
    ),
    right(
        "q13",
        "subclassed model with normalisation",
        "each convolution has a normalisation of its own",
        function(
            "build_tiny_vgg_bn",
            """
class TinyVGGBN(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.convs = [layers.Conv2D(10, 3, padding="same") for _ in range(4)]
        self.bns = [layers.BatchNormalization() for _ in range(4)]
        self.pool = layers.MaxPooling2D()
        self.head = keras.Sequential([layers.Flatten(), layers.Dense(10, activation="softmax")])

    def call(self, x, training=False):
        for i in range(4):
            x = keras.activations.relu(self.bns[i](self.convs[i](x), training=training))
            if i in (1, 3):
                x = self.pool(x)
        return self.head(x)

build_tiny_vgg_bn = TinyVGGBN
""",
        ),
    ),
)

QUESTION_14 = (
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

ENTRIES: tuple[Entry, ...] = QUESTION_4 + QUESTION_5 + QUESTION_13 + QUESTION_14
