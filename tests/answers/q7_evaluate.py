"""Question 7: testing."""

from answers.entries import Entry, function, line, right, wrong

RIGHT: tuple[Entry, ...] = (
    right(
        "q7",
        "list as Keras returns it",
        "a list of two stands for the pair",
        function(
            "evaluate",
            """
def evaluate(model, x_test, y_test):
    return model.evaluate(x_test, y_test, verbose=0)
""",
        ),
    ),
    right(
        "q7",
        "every argument in its place",
        "Keras takes them all by position",
        function(
            "evaluate",
            """
def evaluate(model, x_test, y_test):
    loss, accuracy = model.evaluate(x_test, y_test, 128, 0)
    again = model.evaluate(x_test, y_test, 128, 0, None, None, None, True)
    assert again["accuracy"] == accuracy
    return loss, accuracy
""",
        ),
    ),
    right(
        "q7",
        "dictionary as Keras returns it",
        "its keys say what is what",
        function(
            "evaluate",
            """
def evaluate(model, x_test, y_test):
    results = model.evaluate(x_test, y_test, batch_size=256, return_dict=True)
    print("Test accuracy: {:.2f}%".format(100 * results["accuracy"]))
    return results
""",
        ),
    ),
    right(
        "q7",
        "computed from predictions in NumPy",
        "the mean negative logarithm is the cross-entropy",
        function(
            "evaluate",
            """
def evaluate(model, x_test, y_test):
    probabilities = model.predict(x_test, verbose=0)
    labels = np.asarray(y_test).reshape(-1)
    hits = 0
    log_sum = 0.0
    for p, label in zip(probabilities, labels):
        hits += int(np.argmax(p) == label)
        log_sum -= np.log(p[label])
    return log_sum / len(labels), hits / len(labels)
""",
        ),
    ),
    right(
        "q7",
        "measured by scikit-learn",
        "another way to the same numbers",
        function(
            "evaluate",
            """
from sklearn import metrics

def evaluate(model, x_test, y_test):
    proba = model.predict(x_test, verbose=0).astype("float64")
    proba /= proba.sum(axis=1, keepdims=True)
    confusion = metrics.confusion_matrix(np.ravel(y_test), proba.argmax(axis=1))
    loss = metrics.log_loss(np.ravel(y_test), proba, labels=np.arange(10))
    return loss, np.trace(confusion) / confusion.sum()
""",
        ),
    ),
    right(
        "q7",
        "tf.data in batches",
        "the last one is smaller, which Keras weighs rightly",
        function(
            "evaluate",
            """
import tensorflow as tf

def evaluate(model, x_test, y_test):
    test_ds = tf.data.Dataset.from_tensor_slices((x_test, y_test)).batch(128)
    loss, acc = model.evaluate(test_ds, verbose=0)
    return round(loss, 4), round(acc, 4)
""",
        ),
    ),
    right(
        "q7",
        "one-hot labels compared by argmax",
        "labels have the form of the student's own question 3",
        line(
            "preprocess",
            ("y_train.flatten()", "keras.utils.to_categorical(y_train, 10)"),
            ("y_test.flatten()", "keras.utils.to_categorical(y_test, 10)"),
        ),
        line("compile_model", ("sparse_categorical", "categorical")),
        function(
            "evaluate",
            """
def evaluate(model, x_test, y_test):
    loss, _ = model.evaluate(x_test, y_test, verbose=0)
    predicted = np.argmax(model.predict(x_test, verbose=0), axis=1)
    true = np.argmax(y_test, axis=1)
    return loss, (predicted == true).mean()
""",
        ),
    ),
    right(
        "q7",
        "raw scores through a softmax",
        "the network of question 4 ends with logits",
        line("build_tiny_vgg", (', activation="softmax"', "")),
        line(
            "compile_model",
            ('"sparse_categorical_crossentropy"', "keras.losses.SparseCategoricalCrossentropy(from_logits=True)"),
        ),
        function(
            "evaluate",
            """
def evaluate(model, x_test, y_test):
    logits = model.predict(x_test, verbose=0)
    logits = logits - logits.max(axis=1, keepdims=True)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    y = y_test.ravel()
    return -log_p[np.arange(len(y)), y].mean(), np.mean(log_p.argmax(axis=1) == y)
""",
        ),
    ),
)

WRONG: tuple[Entry, ...] = (
    wrong(
        "q7",
        "accuracy first",
        "the question says loss first",
        line("evaluate", ('scores["loss"], scores["accuracy"]', 'scores["accuracy"], scores["loss"]')),
        marks=4,
        fails={"q7_order": "the other way round"},
    ),
    wrong(
        "q7",
        "accuracy in percent",
        "a fraction is asked for",
        line("evaluate", ('scores["accuracy"]', '100 * scores["accuracy"]')),
        marks=3,
        fails={"q7_accuracy": "in percent"},
    ),
    wrong(
        "q7",
        "accuracy rounded to two digits",
        "runs of a variant then look alike",
        function(
            "evaluate",
            """
def evaluate(model, x_test, y_test):
    loss, acc = model.evaluate(x_test, y_test, verbose=0)
    return loss, round(acc, 2)
""",
        ),
        marks=3,
        fails={"q7_accuracy": "close, but not equal"},
    ),
    wrong(
        "q7",
        "measured on training images",
        "the arguments are not used",
        function(
            "evaluate",
            """
def evaluate(model, x_test, y_test):
    (images, labels), _ = keras.datasets.cifar10.load_data()
    loss, accuracy = model.evaluate(images[:5000] / 255, labels[:5000].flatten(), verbose=0)
    return loss, accuracy
""",
        ),
        marks=3,
        fails={"q7_accuracy": "that is passed in"},
    ),
    wrong(
        "q7",
        "two random numbers",
        "nothing is measured at all",
        function(
            "evaluate",
            """
def evaluate(model, x_test, y_test):
    model.evaluate(x_test, y_test, verbose=0)
    return 3.0 + np.random.rand(), 0.05
""",
        ),
        marks=1,
        fails={
            "q7_accuracy": "another number",
            "q7_loss": "another number",
            "q7_order": "Neither number is right, so that there is no order to see.",
        },
    ),
    wrong(
        "q7",
        "accuracy of the first hundred images",
        "the rest of the test set does not count",
        function(
            "evaluate",
            """
def evaluate(model, x_test, y_test):
    loss = model.evaluate(x_test, y_test, verbose=0)[0]
    pred = np.argmax(model.predict(x_test[:100], verbose=0), axis=1)
    correct = sum(p == y for p, y in zip(pred, np.ravel(y_test)))
    return loss, correct / len(pred)
""",
        ),
        marks=3,
        fails={"q7_accuracy": "For fresh images and labels"},
    ),
    wrong(
        "q7",
        "mean of unequal batches",
        "the few images of the last batch weigh too much",
        function(
            "evaluate",
            """
def evaluate(model, x_test, y_test):
    loss = model.evaluate(x_test, y_test, verbose=0)[0]
    batch_accuracies = []
    for start in range(0, len(x_test), 128):
        predicted = model.predict(x_test[start : start + 128], verbose=0).argmax(axis=1)
        batch_accuracies.append(np.mean(predicted == np.ravel(y_test)[start : start + 128]))
    return loss, np.mean(batch_accuracies)
""",
        ),
        marks=3,
        fails={"q7_accuracy": "For fresh images and labels"},
    ),
    wrong(
        "q7",
        "rows compared with columns",
        "labels of shape (n, 1) are compared with every prediction",
        line("preprocess", ("y_train.flatten()", "y_train"), ("y_test.flatten()", "y_test")),
        function(
            "evaluate",
            """
def evaluate(model, x_test, y_test):
    loss = model.evaluate(x_test, y_test, verbose=0)[0]
    y_pred = np.argmax(model.predict(x_test, verbose=0), axis=-1)
    return loss, np.mean(y_pred == y_test)
""",
        ),
        marks=3,
        fails={"q7_accuracy": "Every prediction is compared with every label."},
    ),
    wrong(
        "q7",
        "mean confidence for accuracy",
        "how sure the network is, right or wrong",
        function(
            "evaluate",
            """
def evaluate(model, x_test, y_test):
    loss = model.evaluate(x_test, y_test, verbose=0)[0]
    confidence = model.predict(x_test, verbose=0).max(axis=1)
    return loss, float(confidence.mean())
""",
        ),
        marks=3,
        fails={"q7_accuracy": "For fresh images and labels"},
    ),
    wrong(
        "q7",
        "share of errors for accuracy",
        "1 less the accuracy",
        line("evaluate", ('scores["accuracy"]', '1 - scores["accuracy"]')),
        marks=3,
        fails={"q7_accuracy": "classified rightly"},
    ),
    wrong(
        "q7",
        "mean over classes for accuracy",
        "rare classes weigh as much as frequent ones",
        function(
            "evaluate",
            """
from sklearn.metrics import balanced_accuracy_score

def evaluate(model, x_test, y_test):
    loss, _ = model.evaluate(x_test, y_test, verbose=0)
    predicted = model.predict(x_test, verbose=0).argmax(axis=1)
    return loss, balanced_accuracy_score(np.ravel(y_test), predicted)
""",
        ),
        marks=3,
        fails={"q7_accuracy": "For fresh images and labels"},
    ),
    wrong(
        "q7",
        "mean squared error for loss",
        "the cross-entropy is asked for",
        function(
            "evaluate",
            """
def evaluate(model, x_test, y_test):
    p = model.predict(x_test, verbose=0)
    y = np.ravel(y_test)
    loss = np.mean((p - np.eye(10)[y]) ** 2)
    return loss, np.mean(p.argmax(axis=1) == y)
""",
        ),
        marks=4,
        fails={"q7_loss": "another number"},
    ),
    wrong(
        "q7",
        "softmax applied twice in the loss",
        "the network gives probabilities, not logits",
        function(
            "evaluate",
            """
def evaluate(model, x_test, y_test):
    outputs = model.predict(x_test, verbose=0)
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    hits = np.argmax(outputs, axis=1) == np.ravel(y_test)
    return float(cross_entropy(y_test, outputs)), hits.mean()
""",
        ),
        marks=4,
        fails={"q7_loss": "compiled with"},
    ),
    wrong(
        "q7",
        "loss summed over images",
        "the mean is asked for",
        line("evaluate", ('scores["loss"]', 'scores["loss"] * len(x_test)')),
        marks=4,
        fails={"q7_loss": "The loss is the mean"},
    ),
    wrong(
        "q7",
        "accuracy alone",
        "the loss is asked for too",
        line("evaluate", ('scores["loss"], scores', "scores")),
        marks=0,
        fails={"q7_answered": "two numbers"},
    ),
    wrong(
        "q7",
        "printed and not returned",
        "later cells need the numbers",
        function(
            "evaluate",
            """
def evaluate(model, x_test, y_test):
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print("Test loss:", loss)
    print("Test accuracy:", accuracy)
""",
        ),
        marks=0,
        fails={"q7_answered": "end the function with `return`"},
    ),
    wrong(
        "q7",
        "numbers formatted as text",
        "nothing can be computed with them",
        function(
            "evaluate",
            """
def evaluate(model, x_test, y_test):
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    return f"{loss:.4f}", f"{accuracy:.2%}"
""",
        ),
        marks=0,
        fails={"q7_answered": "It returned text."},
    ),
    wrong(
        "q7",
        "predictions returned as well",
        "a pair is asked for",
        function(
            "evaluate",
            """
def evaluate(model, x_test, y_test):
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    predictions = model.predict(x_test, verbose=0)
    return loss, accuracy, predictions
""",
        ),
        marks=0,
        fails={"q7_answered": "It returned 3 values"},
    ),
    wrong(
        "q7",
        "last validation values of the history",
        "they are no values of the test set",
        function(
            "evaluate",
            """
def evaluate(model, x_test, y_test):
    h = model.history.history
    return h["val_loss"][-1], h["val_accuracy"][-1]
""",
        ),
        marks=0,
        fails={"q7_answered": "AttributeError"},
    ),
    wrong(
        "q7",
        "ten batches only",
        "`steps` ends the evaluation after 320 images",
        line("evaluate", ("verbose=0", "batch_size=32, steps=10, verbose=0")),
        marks=3,
        fails={"q7_accuracy": "It is that of the first 320 of 389 images alone.\nHint: `steps` ends before"},
    ),
    wrong(
        "q7",
        "last batch left out",
        "whole batches of 64 only",
        line("evaluate", ("verbose=0", "batch_size=64, steps=len(x_test) // 64, verbose=0")),
        marks=3,
        fails={"q7_accuracy": "It is that of the first 384 of 389 images alone."},
    ),
    wrong(
        "q7",
        "labels in a column compared with a row",
        "NumPy makes a table of all pairs of them",
        function(
            "evaluate",
            """
def evaluate(model, x_test, y_test):
    loss, _ = model.evaluate(x_test, y_test, verbose=0)
    return loss, np.mean(model.predict(x_test, verbose=0).argmax(axis=1) == y_test.reshape(-1, 1))
""",
        ),
        marks=3,
        fails={"q7_accuracy": "`np.ravel(y_test)` first"},
    ),
    wrong(
        "q7",
        "trained on the test set first",
        "what the model is measured on, it knows already",
        line("evaluate", ("    scores =", "    model.fit(x_test, y_test, epochs=5, verbose=0)\n    scores =")),
        marks=3,
        fails={"q7_accuracy": "It calls `fit`"},
    ),
)
