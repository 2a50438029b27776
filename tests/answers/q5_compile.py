"""Question 5: how the network is compiled."""

from answers.entries import Entry, function, line, right, wrong

SPARSE = '"sparse_categorical_crossentropy"'
ONE_HOT = line(
    "preprocess",
    ("y_train.flatten()", "keras.utils.to_categorical(y_train, settings.N_CLASSES)"),
    ("y_test.flatten()", "keras.utils.to_categorical(y_test, settings.N_CLASSES)"),
)


RIGHT: tuple[Entry, ...] = (
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

WRONG: tuple[Entry, ...] = (
    wrong(
        "q5",
        "SGD",
        "the question asks for Adam",
        line("compile_model", ('"adam"', "keras.optimizers.SGD(learning_rate=0.01, momentum=0.9)")),
        marks=5,
        fails={"q5_adam": "It is SGD"},
    ),
    wrong(
        "q5",
        "RMSprop by default",
        "that is what Keras takes where no optimizer is given",
        line("compile_model", ('optimizer="adam", ', "")),
        marks=5,
        fails={"q5_adam": "It is RMSprop"},
    ),
    wrong(
        "q5",
        "AdamW",
        "a relative of Adam, with weight decay",
        line("compile_model", ('"adam"', '"adamw"')),
        marks=5,
        fails={"q5_adam": "It is AdamW"},
    ),
    wrong(
        "q5",
        "Adam with weight decay",
        "which makes it AdamW",
        line("compile_model", ('"adam"', "keras.optimizers.Adam(1e-3, weight_decay=1e-4)")),
        marks=5,
        fails={"q5_adam": "weight decay"},
    ),
    wrong(
        "q5",
        "Nadam",
        "a relative of Adam",
        line("compile_model", ('"adam"', "keras.optimizers.Nadam()")),
        marks=5,
        fails={"q5_adam": "It is Nadam"},
    ),
    wrong(
        "q5",
        "learning rate of a tenth",
        "usual with SGD, far too large for Adam",
        line("compile_model", ('"adam"', "keras.optimizers.Adam(learning_rate=0.1)")),
        marks=5,
        fails={"q5_learning_rate": "It is 0.1."},
    ),
    wrong(
        "q5",
        "learning rate of a ten-millionth",
        "the weights hardly move",
        line("compile_model", ('"adam"', "keras.optimizers.Adam(learning_rate=1e-7)")),
        marks=5,
        fails={"q5_learning_rate": "It is 1e-07."},
    ),
    wrong(
        "q5",
        "learning rate that vanishes",
        "halved every 100 steps, with 274 steps an epoch",
        line(
            "compile_model",
            ('"adam"', "keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(1e-3, 100, 0.5))"),
        ),
        marks=5,
        fails={"q5_learning_rate": "of the training"},
    ),
    wrong(
        "q5",
        "softmax taken for logits",
        "the loss takes a softmax once more",
        line("compile_model", (SPARSE, "keras.losses.SparseCategoricalCrossentropy(from_logits=True)")),
        marks=4.5,
        fails={"q5_loss": "but it has one"},
    ),
    wrong(
        "q5",
        "logits taken for probabilities",
        "the logarithm of raw scores",
        line("build_tiny_vgg", ('activation="softmax", ', "")),
        marks=4.5,
        fails={"q5_loss": "the loss has to know"},
    ),
    wrong(
        "q5",
        "categorical loss with class numbers",
        "it wants one-hot rows",
        line("compile_model", (SPARSE, '"categorical_crossentropy"')),
        marks=4,
        fails={"q5_loss_runs": "Labels are class numbers"},
    ),
    wrong(
        "q5",
        "sparse loss with one-hot labels",
        "it wants class numbers",
        ONE_HOT,
        marks=4,
        fails={"q5_loss_runs": "Labels are one-hot rows"},
    ),
    wrong(
        "q5",
        "mean squared error",
        "of one-hot rows it can be computed, but it is no crossentropy",
        ONE_HOT,
        line("compile_model", (SPARSE, '"mse"')),
        marks=4.5,
        fails={"q5_loss": "`mse` does not compute it"},
    ),
    wrong(
        "q5",
        "binary crossentropy",
        "ten yes-or-no questions in place of one of ten",
        ONE_HOT,
        line("compile_model", (SPARSE, "keras.losses.BinaryCrossentropy()")),
        marks=4.5,
        fails={"q5_loss": "does not compute it"},
    ),
    wrong(
        "q5",
        "accuracy as the loss",
        "Keras has no loss of that name",
        line("compile_model", (SPARSE, '"accuracy"')),
        marks=4,
        fails={"q5_loss_runs": "accuracy"},
    ),
    wrong(
        "q5",
        "class of the optimizer, not an object",
        "the parentheses are missing",
        line("compile_model", ('"adam"', "keras.optimizers.Adam")),
        marks=0,
        fails={"q5_answered": "Could not interpret optimizer"},
    ),
    wrong(
        "q5",
        "no metric",
        "the accuracy is not reported",
        line("compile_model", (', metrics=["accuracy"]', "")),
        marks=5,
        fails={"q5_accuracy": "There are no metrics"},
    ),
    wrong(
        "q5",
        "Accuracy of keras.metrics",
        "it compares probabilities with labels for equality",
        line("compile_model", ('"accuracy"', "keras.metrics.Accuracy()")),
        marks=5,
        fails={"q5_accuracy": '`metrics=["accuracy"]`'},
    ),
    wrong(
        "q5",
        "top-five accuracy alone",
        "counts more than the first choice",
        line("compile_model", ('"accuracy"', 'keras.metrics.SparseTopKCategoricalAccuracy(k=5, name="accuracy")')),
        marks=5,
        fails={"q5_accuracy": "highest output"},
    ),
    wrong(
        "q5",
        "metrics as the third argument",
        "the third argument of compile is loss_weights",
        line("compile_model", ("optimizer=", ""), ("loss=", ""), ("metrics=", "")),
        marks=3,
        fails={"q5_loss_runs": "fails", "q5_accuracy": "There are no metrics"},
    ),
    wrong(
        "q5",
        "metrics as a bare text",
        "Keras wants a list",
        line("compile_model", ('["accuracy"]', '"accuracy"')),
        marks=0,
        fails={"q5_answered": "ValueError"},
    ),
    wrong(
        "q5",
        "learning rate given to compile",
        "it is an argument of the optimizer",
        line("compile_model", ('"adam", ', '"adam", learning_rate=0.001, ')),
        marks=0,
        fails={"q5_answered": "TypeError"},
    ),
    wrong(
        "q5",
        "optimizer misspelt",
        "Keras does not know the name",
        line("compile_model", ('"adam"', '"adams"')),
        marks=0,
        fails={"q5_answered": "adams"},
    ),
    wrong(
        "q5",
        "optimizer made, but compile not called",
        "the model is returned as it came",
        function(
            "compile_model",
            """
def compile_model(model):
    optimizer = keras.optimizers.Adam(learning_rate=0.001)
    loss = keras.losses.SparseCategoricalCrossentropy()
    return model
""",
        ),
        marks=0,
        fails={"q5_answered": "the model is not compiled"},
    ),
    wrong(
        "q5",
        "compiles a model of its own",
        "the one that it is given stays as it is",
        line("compile_model", ("    model.compile", "    model = build_tiny_vgg()\n    model.compile")),
        marks=0,
        fails={"q5_answered": "Given another model"},
    ),
)
