"""Question 5: optimizers, losses and metrics in rarer forms; snippets."""

from answers.entries import Entry, right, wrong
from answers.networks import CONV, DENSE, LOGITS, network, vgg

ONE_HOT = """
def preprocess(x_train, y_train, x_test, y_test):
    one_hot = keras.utils.to_categorical
    return x_train / np.float32(255), one_hot(y_train, CLASSES), x_test / np.float32(255), one_hot(y_test, CLASSES)
"""
SPARSE = "'sparse_categorical_crossentropy'"
ACCURACY = "['accuracy']"


def compiled(optimizer: str = "'adam'", loss: str = SPARSE, metrics: str = ACCURACY, more: str = "") -> str:
    """Source of compile_model."""
    return (
        "def compile_model(model):\n"
        f"    model.compile(optimizer={optimizer}, loss={loss}, metrics={metrics}{more})\n    return model\n"
    )


def adam(options: str) -> str:
    """Source of compile_model with options for Adam."""
    return compiled(f"keras.optimizers.Adam({options})")


SCHEDULES = "keras.optimizers.schedules"


RIGHT: tuple[Entry, ...] = (
    right("q5", "names throughout", "Keras knows them", network(compiled())),
    right("q5", "name of the optimizer with a capital", "Keras knows it too", network(compiled("'Adam'"))),
    right("q5", "options of Adam", "it is still Adam", network(adam("1e-3, beta_1=.8, beta_2=.99, epsilon=1e-6"))),
    right("q5", "smallest learning rate that will do", "it is within the range", network(adam("1e-5"))),
    right("q5", "largest learning rate that will do", "it is within the range", network(adam("1e-2"))),
    right("q5", "learning rate as a function", "its value counts", network(adam("learning_rate=lambda: 1e-3"))),
    right(
        "q5",
        "clipping, AMSGrad and averages",
        "it is still Adam",
        network(adam("clipnorm=1., amsgrad=True, use_ema=True")),
    ),
    right(
        "q5",
        "learning rate with exponential decay",
        "its values are within the range",
        network(adam(f"{SCHEDULES}.ExponentialDecay(1e-3, 10000, .5)")),
    ),
    right(
        "q5",
        "learning rate constant by pieces",
        "its values are within the range",
        network(adam(f"{SCHEDULES}.PiecewiseConstantDecay([9000, 18000], [1e-3, 5e-4, 1e-4])")),
    ),
    right(
        "q5",
        "schedule of its own",
        "its values are within the range",
        network(
            f"class Mine({SCHEDULES}.LearningRateSchedule):\n    def __call__(self, step):\n"
            "        return 1e-3 / (1 + ops.cast(step, 'float32') / 1e4)\n" + adam("Mine()")
        ),
    ),
    right(
        "q5",
        "optimizer that scales the loss",
        "the one within is Adam",
        network(compiled("keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())")),
    ),
    right(
        "q5",
        "loss as a function",
        "it is the same",
        network(compiled(loss="keras.losses.sparse_categorical_crossentropy")),
    ),
    right("q5", "list of one loss", "it is the same", network(compiled(loss=f"[{SPARSE}]"))),
    right(
        "q5",
        "loss as a lambda",
        "its values are the same",
        network(compiled(loss="lambda y, p: keras.losses.sparse_categorical_crossentropy(y, p)")),
    ),
    right(
        "q5",
        "loss summed over a batch",
        "it is the same for an image",
        network(compiled(loss="keras.losses.SparseCategoricalCrossentropy(reduction='sum')")),
    ),
    right(
        "q5",
        "cross-entropy of its own",
        "its values are the same",
        network(compiled(loss="lambda y, p: -ops.log(ops.sum(p * ops.one_hot(ops.reshape(y, (-1,)), CLASSES), -1))")),
    ),
    right(
        "q5",
        "one-hot labels made within the loss",
        "its values are the same",
        network(
            compiled(
                loss="lambda y, p: keras.losses.categorical_crossentropy("
                "ops.one_hot(ops.reshape(y, (-1,)), CLASSES), p)",
                metrics="['sparse_categorical_accuracy']",
            )
        ),
    ),
    right("q5", "metrics in a nested list", "they are the same", network(compiled(metrics="[['accuracy']]"))),
    right(
        "q5",
        "sparse accuracy by its name",
        "it is the accuracy",
        network(compiled(metrics="['sparse_categorical_accuracy']")),
    ),
    right(
        "q5",
        "named metric, and another beside it",
        "one of them is the accuracy",
        network(
            compiled(
                metrics="[keras.metrics.SparseCategoricalAccuracy('hits'), "
                "keras.metrics.SparseTopKCategoricalAccuracy(3)]"
            )
        ),
    ),
    right(
        "q5",
        "accuracy of its own",
        "its values are the same",
        network(compiled(metrics="[lambda y, p: ops.cast(y, 'int32') == ops.argmax(p, -1)]")),
    ),
    right(
        "q5",
        "other arguments of compile",
        "they are free",
        network(compiled(more=", run_eagerly=True, jit_compile=False, steps_per_execution=4")),
    ),
    right(
        "q5",
        "compiles a copy",
        "it is returned",
        network(compiled().replace("model.compile", "model = keras.models.clone_model(model)\n    model.compile")),
    ),
    right(
        "q5", "optional argument", "it has a default", network(compiled().replace("(model):", "(model, rate=1e-3):"))
    ),
    right(
        "q5",
        "one-hot labels, and objects for names",
        "they fit each other",
        network(
            ONE_HOT
            + compiled(loss="keras.losses.CategoricalCrossentropy()", metrics="[keras.metrics.CategoricalAccuracy()]")
        ),
    ),
    right(
        "q5",
        "KL divergence of one-hot labels",
        "it is the cross-entropy for these",
        network(ONE_HOT + compiled(loss="'kl_divergence'")),
    ),
    right(
        "q5",
        "logits of the network known to the loss",
        "they fit each other",
        network(LOGITS + compiled(loss="keras.losses.SparseCategoricalCrossentropy(from_logits=True)")),
    ),
    right(
        "q5",
        "logits known to a lambda",
        "they fit each other",
        network(
            LOGITS + compiled(loss="lambda y, p: keras.losses.sparse_categorical_crossentropy(y, p, from_logits=True)")
        ),
    ),
    right(
        "q5",
        "logits known to a function of TensorFlow",
        "they fit each other",
        network(
            LOGITS
            + compiled(
                loss="lambda y, p: tf.nn.sparse_softmax_cross_entropy_with_logits(tf.reshape(tf.cast(y, 'int32'), "
                "[-1]), p)"
            )
        ),
    ),
    right(
        "q5",
        "one-hot labels and logits",
        "they fit each other",
        network(ONE_HOT + LOGITS + compiled(loss="keras.losses.CategoricalCrossentropy(from_logits=True)")),
    ),
    right(
        "q5",
        "labels in a column",
        "Keras takes them too",
        network(
            ONE_HOT.replace("one_hot(y_train, CLASSES)", "y_train.reshape(-1, 1)").replace(
                "one_hot(y_test, CLASSES)", "y_test.reshape(-1, 1)"
            )
            + compiled()
        ),
    ),
    right(
        "q5",
        "question 4 has a regulariser",
        "that costs marks there alone",
        network(vgg(conv=CONV[:-1] + ", kernel_regularizer='l2')") + compiled()),
    ),
    right(
        "q5",
        "question 4 is another network",
        "that costs marks there alone",
        network(
            vgg(conv=CONV.replace("KERNEL", "5"), head=("layers.Flatten()", "layers.Dense(7)", DENSE)) + compiled()
        ),
    ),
    right(
        "q5",
        "question 4 ends with a sigmoid",
        "that costs marks there alone",
        network(vgg(head=("layers.Flatten()", "layers.Dense(CLASSES, 'sigmoid')")) + compiled()),
    ),
    right(
        "q5",
        "question 4 ends with ReLU",
        "that costs marks there alone",
        network(
            vgg(head=("layers.Flatten()", "layers.Dense(CLASSES, 'relu')"))
            + compiled(loss="keras.losses.SparseCategoricalCrossentropy(from_logits=True)")
        ),
    ),
    right(
        "q5",
        "question 4 has three outputs",
        "that costs marks there alone",
        network(vgg().replace("CLASSES", "3") + compiled()),
    ),
    right(
        "q5",
        "question 4 left blank, logits assumed",
        "without a network either form will do",
        network(
            "def build_tiny_vgg():\n    pass\n"
            + compiled(loss="keras.losses.SparseCategoricalCrossentropy(from_logits=True)")
        ),
    ),
    right(
        "q5",
        "question 3 left out, one-hot labels assumed",
        "without labels either form will do",
        network("del preprocess\n" + compiled(loss="'categorical_crossentropy'")),
    ),
    right(
        "q5",
        "question 3 left out, whole numbers assumed",
        "without labels either form will do",
        network("del preprocess\n" + compiled()),
    ),
    right(
        "q5",
        "question 3 scales the labels",
        "that costs marks there alone",
        network("def preprocess(*arrays):\n    return [a.astype('float32') / 255 for a in arrays]\n" + compiled()),
    ),
    right(
        "q5",
        "nothing before it",
        "it stands alone",
        network(
            "del build_tiny_vgg, preprocess, load_data\n"
            + compiled(loss="keras.losses.CategoricalCrossentropy(from_logits=True)")
        ),
    ),
)

WRONG: tuple[Entry, ...] = (
    wrong(
        "q5", "Adamax", "Adam is asked for", network(compiled("'adamax'")), marks=5, fails={"q5_adam": "It is Adamax"}
    ),
    wrong(
        "q5",
        "another class named Adam",
        "it is SGD",
        network("class Adam(keras.optimizers.SGD):\n    pass\n" + compiled("Adam(1e-3)")),
        marks=5,
        fails={"q5_adam": "It is Adam."},
    ),
    wrong(
        "q5",
        "learning rate of one",
        "it is too large",
        network(adam("1.")),
        marks=5,
        fails={"q5_learning_rate": "It is 1."},
    ),
    wrong(
        "q5",
        "learning rate of nought",
        "nothing is learnt",
        network(adam("0.")),
        marks=5,
        fails={"q5_learning_rate": "It is 0."},
    ),
    wrong(
        "q5",
        "learning rate that is large at the start",
        "it is out of the range there",
        network(adam(f"{SCHEDULES}.PiecewiseConstantDecay([9000], [.1, 1e-3])")),
        marks=5,
        fails={"q5_learning_rate": "It is 0.1 at step 0"},
    ),
    wrong(
        "q5",
        "broken schedule",
        "it has no value",
        network(
            f"class Mine({SCHEDULES}.LearningRateSchedule):\n    def __call__(self, step):\n"
            f"        return self.rate\n" + adam("Mine()")
        ),
        marks=5,
        fails={"q5_learning_rate": "AttributeError"},
    ),
    wrong(
        "q5",
        "focal loss",
        "the cross-entropy is asked for",
        network(ONE_HOT + compiled(loss="keras.losses.CategoricalFocalCrossentropy()")),
        marks=4.5,
        fails={"q5_loss": "Focal"},
    ),
    wrong(
        "q5",
        "hinge loss",
        "the cross-entropy is asked for",
        network(ONE_HOT + compiled(loss="'categorical_hinge'")),
        marks=4.5,
        fails={"q5_loss": "hinge"},
    ),
    wrong(
        "q5",
        "logits not known to the loss of one-hot labels",
        "it takes them for probabilities",
        network(LOGITS + ONE_HOT + compiled(loss="'categorical_crossentropy'")),
        marks=4.5,
        fails={"q5_loss": "the loss has to know"},
    ),
    wrong(
        "q5",
        "mean absolute error for metric",
        "the accuracy is asked for",
        network(compiled(metrics="['mae']")),
        marks=5,
        fails={"q5_accuracy": "Incompatible shapes"},
    ),
    wrong(
        "q5",
        "accuracy of the first two",
        "the first one alone counts",
        network(compiled(metrics="[keras.metrics.SparseTopKCategoricalAccuracy(2)]")),
        marks=5,
        fails={"q5_accuracy": "top_k"},
    ),
    wrong(
        "q5",
        "accuracy for one-hot labels",
        "labels are whole numbers",
        network(compiled(metrics="['categorical_accuracy']")),
        marks=5,
        fails={"q5_accuracy": "categorical_accuracy"},
    ),
    wrong(
        "q5",
        "binary accuracy",
        "each class counts by itself",
        network(ONE_HOT + compiled(loss="'categorical_crossentropy'", metrics="['binary_accuracy']")),
        marks=5,
        fails={"q5_accuracy": "binary_accuracy"},
    ),
    wrong(
        "q5",
        "three faults at once",
        "each costs its own check",
        network(ONE_HOT + compiled("'sgd'", "'mse'", "[]")),
        marks=2.5,
        fails={"q5_adam": "It is SGD", "q5_loss": "`mse` does not compute it.", "q5_accuracy": "There are no metrics."},
    ),
    wrong(
        "q5",
        "left as it came",
        "nothing is compiled",
        network("def compile_model(model):\n    ..."),
        marks=0,
        fails={"q5_answered": "returned None"},
    ),
    wrong(
        "q5",
        "text returned",
        "the model is asked for",
        network("def compile_model(model):\n    return 'compiled'"),
        marks=0,
        fails={"q5_answered": "a text"},
    ),
    wrong(
        "q5",
        "class returned",
        "the model is asked for",
        network("def compile_model(model):\n    return type(model)"),
        marks=0,
        fails={"q5_answered": "itself"},
    ),
    wrong(
        "q5",
        "huge list returned",
        "the model is asked for",
        network("def compile_model(model):\n    return list(range(10 ** 6))"),
        marks=0,
        fails={"q5_answered": "values"},
    ),
    wrong(
        "q5",
        "raises an error",
        "nothing is compiled",
        network("def compile_model(model):\n    raise ValueError('no')"),
        marks=0,
        fails={"q5_answered": "ValueError"},
    ),
    wrong(
        "q5",
        "optimizer that does not exist",
        "nothing is compiled",
        network(compiled("keras.optimizers.AdamX()")),
        marks=0,
        fails={"q5_answered": "AttributeError"},
    ),
    wrong(
        "q5",
        "left out",
        "the notebook does not define it",
        network("del compile_model"),
        marks=0,
        fails={"q5_answered": "`compile_model` is not defined"},
    ),
    wrong(
        "q5",
        "network of the notebook compiled",
        "the argument is not used",
        network(
            "network = build_tiny_vgg()\n"
            + compiled().replace("model.", "network.").replace("return model", "return network")
        ),
        marks=0,
        fails={"q5_answered": "Given another model"},
    ),
    wrong(
        "q5",
        "mean squared error of class numbers",
        "it cannot be computed, which costs no more than the loss",
        network(compiled(loss="'mse'")),
        marks=4,
        fails={"q5_loss_runs": "Incompatible shapes: [24] vs. [24,10]"},
    ),
    wrong(
        "q5",
        "broken loss",
        "it cannot be computed, which costs no more than the loss",
        network(compiled(loss="lambda y, p: undefined(y, p)")),
        marks=4,
        fails={"q5_loss_runs": "undefined"},
    ),
    wrong(
        "q5",
        "loss that is no number",
        "it cannot be learnt from, which costs no more than the loss",
        network(compiled(loss="lambda y, p: p[:, 0] * np.nan")),
        marks=4,
        fails={"q5_loss_runs": "it is nan"},
    ),
)
