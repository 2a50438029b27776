"""Question 7: how the two numbers are measured, and the forms in which they come; snippets."""

from answers.entries import Entry, code, right, wrong


def evaluate(body: str) -> str:
    """Source of `evaluate`, given the lines of its body."""
    return "def evaluate(model, x_test, y_test):\n" + "".join(f"    {line}\n" for line in body.strip().splitlines())


BOTH = "loss, accuracy = model.evaluate(x_test, y_test, verbose=0)\n"
BY_HAND = """p = model.predict(x_test, verbose=0)
labels = np.ravel(y_test)
loss = -np.mean(np.log(p[np.arange(len(p)), labels]))
"""
ONE_HOT = """
def preprocess(x_train, y_train, x_test, y_test):
    y_train, y_test = keras.utils.to_categorical(y_train, 10), keras.utils.to_categorical(y_test, 10)
    return x_train / 255, y_train, x_test / 255, y_test
def compile_model(model):
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
"""
LOGITS = """
def build_tiny_vgg():
    return keras.Sequential([keras.Input((32, 32, 3)), layers.Flatten(), layers.Dense(10)])
def compile_model(model):
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"])
    return model
"""
WRONG_LOSS = """def compile_model(model):
    model.compile('adam', keras.losses.SparseCategoricalCrossentropy(from_logits=True), ['accuracy'])
"""
ACC = "def compile_model(model):\n    model.compile('adam', 'categorical_crossentropy', ['acc'])\n    return model\n"

NO_FUNCTION = ", not a function.\nHint: Give that value another name, and run the cell of the function again."

RIGHT: tuple[Entry, ...] = (
    right(
        "q7", "pair taken apart and put together", "as Keras returns it", code(evaluate(BOTH + "return loss, accuracy"))
    ),
    right(
        "q7",
        "in batches of fifty, as a tuple",
        "the size of batches is free",
        code(evaluate("return tuple(model.evaluate(x_test, y_test, batch_size=50, verbose=0))")),
    ),
    right(
        "q7",
        "dictionary with names of its own",
        "they say what is what",
        code(evaluate(BOTH + "return {'test_accuracy': accuracy, 'test_loss': loss}")),
    ),
    right(
        "q7",
        "array of two",
        "it stands for the pair",
        code(evaluate("return np.array(model.evaluate(x_test, y_test))")),
    ),
    right(
        "q7",
        "numbers of NumPy",
        "they are numbers too",
        code(evaluate(BOTH + "return np.float32(loss), np.float64(accuracy)")),
    ),
    right(
        "q7",
        "tensors for numbers",
        "they are numbers too",
        code(evaluate("import tensorflow as tf\n" + BOTH + "return tf.constant(loss), tf.constant(accuracy)")),
    ),
    right(
        "q7",
        "both rounded to four digits",
        "what is lost is less than one image",
        code(evaluate(BOTH + "return round(loss, 4), round(accuracy, 4)")),
    ),
    right(
        "q7",
        "computed from predictions of all rows at once",
        "the mean negative logarithm is the cross-entropy",
        code(evaluate(BY_HAND + "return loss, np.mean(p.argmax(axis=1) == labels)")),
    ),
    right(
        "q7",
        "model called in place of predict",
        "a call gives the same probabilities",
        code(
            evaluate(
                BY_HAND.replace("model.predict(x_test, verbose=0)", "np.array(model(x_test))")
                + "return loss, np.mean(p.argmax(axis=1) == labels)"
            )
        ),
    ),
    right(
        "q7",
        "loss and hits by functions of Keras",
        "means over the images",
        code(
            evaluate(
                "p = model.predict(x_test, verbose=0)\n"
                "loss = keras.losses.sparse_categorical_crossentropy(np.ravel(y_test), p)\n"
                "hits = keras.metrics.sparse_categorical_accuracy(np.ravel(y_test), p)\n"
                "return float(np.mean(loss)), float(np.mean(hits))"
            )
        ),
    ),
    right(
        "q7",
        "images in another order",
        "means do not depend on it",
        code(
            evaluate("p = np.random.permutation(len(x_test))\nreturn model.evaluate(x_test[p], y_test[p], verbose=0)")
        ),
    ),
    right(
        "q7",
        "batches weighted by their size",
        "the sum over all images is the same",
        code(
            evaluate(
                "total = np.zeros(2)\nfor i in range(0, len(x_test), 100):\n"
                "    part = slice(i, i + 100)\n"
                "    total += len(x_test[part]) * np.array(model.evaluate(x_test[part], y_test[part], verbose=0))\n"
                "return total / len(x_test)"
            )
        ),
    ),
    right(
        "q7",
        "printed as well as returned",
        "what is printed is free",
        code(evaluate(BOTH + "print(f'{100 * accuracy:.1f}%')\nreturn loss, accuracy")),
    ),
    right(
        "q7",
        "one-hot labels and their loss",
        "labels have the form of the student's own question 3",
        code(ONE_HOT + evaluate("return model.evaluate(x_test, y_test, verbose=0)")),
    ),
    right(
        "q7",
        "logits of another network",
        "the loss of question 5 knows that they are logits",
        code(LOGITS + evaluate("return model.evaluate(x_test, y_test, verbose=0)")),
    ),
    right(
        "q7",
        "computed by hand under a wrong loss of question 5",
        "the loss that is asked for is the cross-entropy",
        code(WRONG_LOSS + evaluate(BY_HAND + "return loss, np.mean(p.argmax(axis=1) == labels)")),
    ),
    right(
        "q7",
        "metric named acc under a wrong loss of question 5",
        "names follow from the student's own question 5",
        code(ACC + evaluate("s = model.evaluate(x_test, y_test, return_dict=True)\nreturn s['loss'], s['acc']")),
    ),
)

WRONG: tuple[Entry, ...] = (
    wrong(
        "q7",
        "accuracy first, and in percent",
        "loss first, and a fraction, is asked for",
        code(evaluate(BOTH + "return 100 * accuracy, loss")),
        marks=2,
        fails={"q7_accuracy": "in percent", "q7_order": "They are the other way round."},
    ),
    wrong(
        "q7",
        "measured on arrays of the notebook",
        "the arguments are not used",
        code(
            "x_all, y_all = np.random.rand(600, 32, 32, 3), np.arange(600) % 10\n"
            + evaluate("return model.evaluate(x_all, y_all, verbose=0)")
        ),
        marks=3,
        fails={"q7_accuracy": "Use the model that is passed in"},
    ),
    wrong(
        "q7",
        "another model of the notebook measured",
        "the argument is not used",
        code(
            "other = compile_model(build_tiny_vgg())\n" + evaluate("return other.evaluate(x_test, y_test, verbose=0)")
        ),
        marks=3,
        fails={"q7_accuracy": "it is another number"},
    ),
    wrong(
        "q7",
        "labels in reverse order",
        "each image is compared with the label of another",
        code(evaluate("return model.evaluate(x_test, y_test[::-1], verbose=0)")),
        marks=3,
        fails={"q7_accuracy": "For fresh images and labels, it is another number."},
    ),
    wrong(
        "q7",
        "two equal constants",
        "nothing is measured at all",
        code(evaluate("return 0.5, 0.5")),
        marks=1,
        fails={
            "q7_accuracy": "For fresh images and labels, it is another number.",
            "q7_loss": "For fresh images and labels, it is another number.",
            "q7_order": "there is no order to see",
        },
    ),
    wrong(
        "q7",
        "accuracy twice",
        "the loss is asked for",
        code(evaluate(BOTH + "return accuracy, accuracy")),
        marks=4,
        fails={"q7_loss": "another number"},
    ),
    wrong(
        "q7",
        "result of the first call kept",
        "later calls give it again",
        code("kept = []\n" + evaluate("kept.append(model.evaluate(x_test, y_test, verbose=0))\nreturn kept[0]")),
        marks=2,
        fails={
            "q7_accuracy": "For fresh images and labels, it is another number.",
            "q7_loss": "For fresh images and labels, it is another number.",
        },
    ),
    wrong(
        "q7",
        "predictions returned",
        "a pair of numbers is asked for",
        code(evaluate("return model.predict(x_test)")),
        marks=0,
        fails={"q7_answered": "an array of shape"},
    ),
    wrong(
        "q7",
        "a metric that the model does not have",
        "names follow from question 5",
        code(evaluate("return 0, model.evaluate(x_test, y_test, return_dict=True)['precision']")),
        marks=0,
        fails={"q7_answered": "follow from the metrics of Question 5"},
    ),
    wrong(
        "q7",
        "an image that is not there",
        "not every test set has 100,000 images",
        code(evaluate("return x_test[99999], 0")),
        marks=0,
        fails={"q7_answered": "rely on certain sizes"},
    ),
    wrong(
        "q7",
        "left out",
        "the notebook does not define it",
        code("del evaluate"),
        marks=0,
        fails={"q7_answered": "`evaluate` is not defined"},
    ),
    wrong(
        "q7",
        "name used again for a pair",
        "the function is gone",
        code("evaluate = (0.1, 0.5)"),
        marks=0,
        fails={"q7_answered": "`evaluate` is now a tuple" + NO_FUNCTION},
    ),
    wrong(
        "q7",
        "name used again for a number",
        "the function is gone",
        code("evaluate = 0.5"),
        marks=0,
        fails={"q7_answered": "`evaluate` is now a float" + NO_FUNCTION},
    ),
    wrong(
        "q7",
        "name used again for a list",
        "the function is gone",
        code("evaluate = []"),
        marks=0,
        fails={"q7_answered": "`evaluate` is now a list" + NO_FUNCTION},
    ),
    wrong(
        "q7",
        "name used again for nothing",
        "the function is gone",
        code("evaluate = None"),
        marks=0,
        fails={"q7_answered": "`evaluate` is now None" + NO_FUNCTION},
    ),
    wrong(
        "q7",
        "name used again for a network",
        "the function is gone",
        code("evaluate = keras.Sequential()"),
        marks=0,
        fails={"q7_answered": "`evaluate` is now a Sequential" + NO_FUNCTION},
    ),
    wrong(
        "q7",
        "compiles another loss of its own",
        "the loss is that of the model",
        code(
            evaluate(
                "model.compile(loss='mse', metrics=['accuracy'])\n"
                "return model.evaluate(x_test, np.eye(10)[np.ravel(y_test)])"
            )
        ),
        marks=4,
        fails={"q7_loss": "For fresh images and labels, it is another number."},
    ),
)
