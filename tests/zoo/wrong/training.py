"""Questions 6 to 8: training, testing and learning curves."""

from zoo.entries import Entry, cell_before, function, line, wrong

QUESTION_6: tuple[Entry, ...] = (
    wrong(
        "q6",
        "ten epochs by default",
        "the question asks for 100",
        line("train", ("epochs=settings.EPOCHS", "epochs=10")),
        marks=6,
        fails={"q6_epochs": "`fit` was asked for 10."},
    ),
    wrong(
        "q6",
        "hundred epochs whatever is asked",
        "the argument `epochs` is not used",
        line("train", ("epochs=epochs", "epochs=100")),
        marks=7,
        fails={"q6_arguments": "100 epochs with batches of 50"},
    ),
    wrong(
        "q6",
        "epochs not handed on",
        "Keras then trains a single epoch",
        line("train", ("        epochs=epochs,\n", "")),
        marks=7,
        fails={"q6_arguments": "`fit` was asked for 1 epochs with batches of 50.\nHint: Hand the arguments on"},
    ),
    wrong(
        "q6",
        "batches of 32 by default",
        "the question asks for 128",
        line("train", ("batch_size=settings.BATCH_SIZE", "batch_size=32")),
        marks=7,
        fails={"q6_batch_size": "It has 32."},
    ),
    wrong(
        "q6",
        "batch size not handed on",
        "Keras then takes 32",
        function(
            "train",
            """
def train(model, x, y, epochs=100, batch_size=128):
    return model.fit(x, y, epochs=epochs, validation_split=0.3)
""",
        ),
        marks=7,
        fails={"q6_arguments": "7 epochs with batches of 32"},
    ),
    wrong(
        "q6",
        "epochs and batch size in the wrong places",
        "without names, `fit` takes the batch size first",
        function(
            "train",
            """
def train(model, x, y, epochs=100, batch_size=128):
    history = model.fit(x, y, epochs, batch_size, validation_split=0.3, verbose=1)
    return history
""",
        ),
        marks=7,
        fails={"q6_arguments": "have an order of their own"},
    ),
    wrong(
        "q6",
        "no default values",
        "`train(model, x, y)` does not run",
        line("train", ("epochs=settings.EPOCHS, batch_size=settings.BATCH_SIZE", "epochs, batch_size")),
        marks=5,
        fails={"q6_epochs": "Both have defaults", "q6_batch_size": "Both have defaults"},
    ),
    wrong(
        "q6",
        "twenty percent held out",
        "the question asks for 30%",
        line("train", ("settings.VALIDATION_SPLIT,", "0.2,")),
        marks=7,
        fails={"q6_validation_share": "(20.0%)"},
    ),
    wrong(
        "q6",
        "train and validation sizes mixed up",
        "30% are trained on, 70% held out",
        cell_before("train", "from sklearn.model_selection import train_test_split"),
        function(
            "train",
            """
def train(model, x, y, epochs=100, batch_size=128):
    x_val, x_tr, y_val, y_tr = train_test_split(x, y, test_size=0.3, random_state=1)
    return model.fit(x_tr, y_tr, epochs=epochs, batch_size=batch_size, validation_data=(x_val, y_val))
""",
        ),
        marks=7,
        fails={"q6_validation_share": "for training and 709 for validation"},
    ),
    wrong(
        "q6",
        "no validation",
        "nothing is held out",
        line("train", ("        validation_split=settings.VALIDATION_SPLIT,\n", "")),
        marks=5.5,
        fails={
            "q6_validates": "without validation data",
            "q6_validation_share": "(0.0%)",
            "q6_held_out": "All are trained on.",
        },
    ),
    wrong(
        "q6",
        "validated on the test set",
        "nothing of the training images is held out",
        function(
            "train",
            """
def train(model, x, y, epochs=100, batch_size=128):
    _, (x_val, y_val) = keras.datasets.cifar10.load_data()
    x_val, y_val = x_val / 255.0, y_val.flatten()
    return model.fit(x, y, epochs=epochs, batch_size=batch_size, validation_data=(x_val, y_val))
""",
        ),
        marks=6,
        fails={"q6_validation_share": "1013 were for training and 10000", "q6_held_out": "the test set?"},
    ),
    wrong(
        "q6",
        "held out images trained on as well",
        "`fit` gets all of `x`",
        function(
            "train",
            """
def train(model, x, y, epochs=100, batch_size=128):
    n_val = int(0.3 * len(x))
    x_val, y_val = x[-n_val:], y[-n_val:]
    return model.fit(x, y, epochs=epochs, batch_size=batch_size, validation_data=(x_val, y_val), verbose=2)
""",
        ),
        marks=7,
        fails={"q6_held_out": "303 images are used for both"},
    ),
    wrong(
        "q6",
        "shuffled anew before each split",
        "take and skip see another order every epoch",
        function(
            "train",
            """
import tensorflow as tf

def train(model, x, y, epochs=100, batch_size=128):
    ds = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(10000)
    n = int(0.7 * len(x))
    train_ds, val_ds = ds.take(n).batch(batch_size), ds.skip(n).batch(batch_size)
    return model.fit(train_ds, validation_data=val_ds, epochs=epochs)
""",
        ),
        marks=7,
        fails={"q6_held_out": "are used for both"},
    ),
    wrong(
        "q6",
        "another split every ten epochs",
        "sooner or later all images are trained on",
        cell_before("train", "from sklearn.model_selection import train_test_split"),
        function(
            "train",
            """
def train(model, x, y, epochs=100, batch_size=128):
    done = 0
    while done < epochs:
        x_tr, x_val, y_tr, y_val = train_test_split(x, y, test_size=0.3)
        until = min(done + 10, epochs)
        history = model.fit(x_tr, y_tr, initial_epoch=done, epochs=until, batch_size=batch_size,
                            validation_data=(x_val, y_val), verbose=0)
        done = until
    return history
""",
        ),
        marks=6,
        fails={"q6_history": "For epochs=100 it has 10", "q6_held_out": "Split once"},
    ),
    wrong(
        "q6",
        "images shuffled without their labels",
        "each image gets the label of another",
        function(
            "train",
            """
def train(model, x, y, epochs=100, batch_size=128):
    rng = np.random.default_rng(0)
    x = rng.permutation(x)
    return model.fit(x, y, epochs=epochs, batch_size=batch_size, validation_split=0.3, verbose=0)
""",
        ),
        marks=7,
        fails={"q6_held_out": "labels of other images"},
    ),
    wrong(
        "q6",
        "split twice",
        "what the first split sets aside is never used",
        cell_before("train", "from sklearn.model_selection import train_test_split"),
        function(
            "train",
            """
def train(model, x, y, epochs=100, batch_size=128):
    x_tr, x_val, y_tr, y_val = train_test_split(x, y, test_size=0.3, random_state=42)
    return model.fit(x_tr, y_tr, epochs=epochs, batch_size=batch_size, validation_split=0.3)
""",
        ),
        marks=7,
        fails={"q6_held_out": "304 of 1013 are not used"},
    ),
    wrong(
        "q6",
        "fifth of the images for speed",
        "left over from trying out",
        line("train", ("    return", "    x, y = x[::5], y[::5]\n    return")),
        marks=7,
        fails={"q6_held_out": "are not used"},
    ),
    wrong(
        "q6",
        "images scaled once more",
        "`preprocess` has done so already",
        line("train", ("        x,\n", "        x / 255.0,\n")),
        marks=7,
        fails={"q6_held_out": "these with other values"},
    ),
    wrong(
        "q6",
        "early stopping",
        "it can end training before 100 epochs",
        line(
            "train",
            ("verbose=2", 'callbacks=[keras.callbacks.EarlyStopping(monitor="val_loss", patience=10)]'),
        ),
        marks=6,
        fails={"q6_epochs": "EarlyStopping can end training after 11"},
    ),
    wrong(
        "q6",
        "own callback stops at good accuracy",
        "runs of different lengths cannot be compared",
        function(
            "train",
            """
class StopAt90(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if logs.get("val_accuracy", 0) > 0.9:
            print("90% reached, stopping")
            self.model.stop_training = True


def train(model, x, y, epochs=100, batch_size=128):
    return model.fit(
        x, y, epochs=epochs, batch_size=batch_size, validation_split=0.3, callbacks=[StopAt90()], verbose=0
    )
""",
        ),
        marks=6,
        fails={"q6_epochs": "StopAt90 can end training"},
    ),
    wrong(
        "q6",
        "warm-up epochs besides",
        "they add to the 100",
        function(
            "train",
            """
def train(model, x, y, epochs=100, batch_size=128):
    model.fit(x, y, epochs=5, batch_size=batch_size, validation_split=0.3, verbose=0)  # warm up
    return model.fit(x, y, epochs=epochs, batch_size=batch_size, validation_split=0.3, verbose=0)
""",
        ),
        marks=5,
        fails={"q6_arguments": "12 epochs", "q6_epochs": "`fit` was asked for 105 in all: it was called 2 times."},
    ),
    wrong(
        "q6",
        "builds a model of its own",
        "the one that is passed in stays untrained",
        line("train", ("    return model.fit", "    model = compile_model(build_tiny_vgg())\n    return model.fit")),
        marks=7,
        fails={"q6_arguments": "its weights were what they had been"},
    ),
    wrong(
        "q6",
        "dictionary of the history returned",
        "the object itself is asked for",
        line("train", ("        verbose=2,\n    )", "        verbose=2,\n    ).history")),
        marks=7,
        fails={"q6_history": "an object of type dict"},
    ),
    wrong(
        "q6",
        "nothing returned",
        "the history is lost",
        line("train", ("return model.fit", "history = model.fit")),
        marks=7,
        fails={"q6_history": "nothing (None)"},
    ),
    wrong(
        "q6",
        "model returned with the history",
        "`plot_history` needs the history alone",
        function(
            "train",
            """
def train(model, x, y, epochs=100, batch_size=128):
    history = model.fit(x, y, validation_split=0.3, epochs=epochs, batch_size=batch_size)
    return model, history
""",
        ),
        marks=7,
        fails={"q6_history": "an object of type tuple"},
    ),
    wrong(
        "q6",
        "two batches an epoch",
        "an epoch is one pass over all images",
        line("train", ("        epochs=epochs,\n", "        epochs=epochs,\n        steps_per_epoch=2,\n")),
        marks=7,
        fails={"q6_held_out": "It goes through 256 of 709."},
    ),
    wrong(
        "q6",
        "fit called twice",
        "the training is prolonged",
        function(
            "train",
            """
def train(model, x, y, epochs=100, batch_size=128):
    model.fit(x, y, epochs=epochs, batch_size=batch_size, validation_split=0.3)
    return model.fit(x, y, epochs=epochs, batch_size=batch_size, validation_split=0.3)
""",
        ),
        marks=6,
        fails={"q6_epochs": "`fit` was asked for 200 in all: it was called 2 times.\nHint: One call of `fit`"},
    ),
    wrong(
        "q6",
        "starts at half of the epochs",
        "`initial_epoch` counts as if they had been trained",
        line("train", ("epochs=epochs,", "epochs=epochs,\n        initial_epoch=epochs // 2,")),
        marks=6,
        fails={"q6_epochs": "`fit` was asked for 50.\nHint: With `initial_epoch`"},
    ),
    wrong(
        "q6",
        "one epoch a call of fit",
        "the history that comes back is that of the last epoch",
        function(
            "train",
            """
def train(model, x, y, epochs=100, batch_size=128):
    for _ in range(epochs):
        h = model.fit(x, y, batch_size=batch_size, validation_split=0.3)
    return h
""",
        ),
        marks=7,
        fails={"q6_history": "For epochs=100 it has 1, and `fit` was called 100 times."},
    ),
    wrong(
        "q6",
        "mirrored images added",
        "augmentation was not asked for, and would have to be the same for all networks",
        line(
            "train",
            (
                "    return model.fit(",
                "    x, y = np.concatenate([x, x[:, :, ::-1]]), np.concatenate([y, y])\n    return model.fit(",
            ),
        ),
        marks=7,
        fails={"q6_held_out": "augmentation (flipped, shifted or noisy images) is not asked for"},
    ),
    wrong(
        "q6",
        "five folds",
        "the training is repeated, and a fifth is held out",
        function(
            "train",
            """
from sklearn.model_selection import KFold


def train(model, x, y, epochs=100, batch_size=128):
    for a, b in KFold(5).split(x):
        h = model.fit(x[a], y[a], epochs=epochs, batch_size=batch_size, validation_data=(x[b], y[b]))
    return h
""",
        ),
        marks=5,
        fails={"q6_epochs": "Folds are not asked for", "q6_validation_share": "(20.0%)"},
    ),
)

QUESTION_7: tuple[Entry, ...] = (
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

QUESTION_8: tuple[Entry, ...] = (
    wrong(
        "q8",
        "training curves under both names",
        "the validation curves are missing",
        line("plot_history", ('history.history[f"val_{quantity}"]', "history.history[quantity]")),
        marks=3,
        fails={"q8_series": "No curve has the values of: validation loss, validation accuracy."},
    ),
    wrong(
        "q8",
        "training curves only",
        "the validation curves are missing",
        function(
            "plot_history",
            """
def plot_history(history):
    fig, (ax1, ax2) = plt.subplots(1, 2)
    ax1.plot(history.history["loss"], label="training loss")
    ax1.set_ylabel("loss")
    ax2.plot(history.history["accuracy"], label="training accuracy")
    ax2.set_ylabel("accuracy")
    ax1.legend()
    ax2.legend()
    return fig
""",
        ),
        marks=2.5,
        fails={"q8_lines": "There are 2 curves.", "q8_series": "validation loss, validation accuracy"},
    ),
    wrong(
        "q8",
        "accuracy only",
        "the loss is asked for too",
        function(
            "plot_history",
            """
def plot_history(history):
    plt.plot(history.history["accuracy"], label="train")
    plt.plot(history.history["val_accuracy"], label="validation")
    plt.title("Accuracy")
    plt.xlabel("Epoch")
    plt.legend()
    plt.show()
""",
        ),
        marks=1.5,
        fails={"q8_lines": "There are 2 curves.", "q8_series": "training loss", "q8_labels": "speaks of the loss"},
    ),
    wrong(
        "q8",
        "loss drawn in the accuracy panel",
        "copied, and one of two names changed",
        function(
            "plot_history",
            """
def plot_history(history):
    fig, (ax1, ax2) = plt.subplots(1, 2, figsize=(12, 4))
    ax1.plot(history.history["loss"], label="Training")
    ax1.plot(history.history["val_loss"], label="Validation")
    ax1.set_title("Loss")
    ax1.legend()
    ax2.plot(history.history["accuracy"], label="Training")
    ax2.plot(history.history["val_loss"], label="Validation")
    ax2.set_title("Accuracy")
    ax2.legend()
    return fig
""",
        ),
        marks=3,
        fails={"q8_series": "No curve has the values of: validation accuracy."},
    ),
    wrong(
        "q8",
        "moving averages drawn instead",
        "the values of the epochs are not to be seen",
        function(
            "plot_history",
            """
import pandas as pd

def plot_history(history):
    smooth = pd.DataFrame(history.history).rolling(3, min_periods=1).mean()
    fig, axes = plt.subplots(1, 2)
    for ax, name in zip(axes, ("loss", "accuracy")):
        ax.plot(smooth[name], label="training")
        ax.plot(smooth["val_" + name], label="validation")
        ax.set_ylabel(name)
        ax.legend()
    return fig
""",
        ),
        marks=3,
        fails={"q8_series": "one value an epoch"},
    ),
    wrong(
        "q8",
        "scaled to a maximum of one",
        "what is drawn is no loss and no accuracy any more",
        line(
            "plot_history",
            ("axis.plot(epochs, training,", "axis.plot(epochs, np.array(training) / max(training),"),
            ("axis.plot(epochs, validation,", "axis.plot(epochs, np.array(validation) / max(validation),"),
        ),
        marks=3,
        fails={"q8_series": "training loss, training accuracy, validation loss"},
    ),
    wrong(
        "q8",
        "error rate for accuracy",
        "the accuracy is asked for",
        function(
            "plot_history",
            """
def plot_history(history):
    h = history.history
    fig, axes = plt.subplots(1, 2, figsize=(10, 4))
    axes[0].plot(h["loss"], "b", h["val_loss"], "r")
    axes[0].set_title("Loss")
    axes[1].plot([1 - a for a in h["accuracy"]], "b")
    axes[1].plot([1 - a for a in h["val_accuracy"]], "r")
    axes[1].set_title("Error rate (1 - accuracy)")
    for ax in axes:
        ax.legend(["train", "validation"])
        ax.set_xlabel("epoch")
    return fig
""",
        ),
        marks=3,
        fails={"q8_series": "No curve has the values of: training accuracy, validation accuracy."},
    ),
    wrong(
        "q8",
        "first epochs left out",
        "their values are part of the curve",
        function(
            "plot_history",
            """
def plot_history(history, skip=5):
    fig, axes = plt.subplots(2, 1, sharex=True)
    for ax, name in zip(axes, ["loss", "accuracy"]):
        for key, label in ((name, "training"), ("val_" + name, "validation")):
            ax.plot(history.epoch[skip:], history.history[key][skip:], label=label)
        ax.set_ylabel(name)
        ax.legend()
    return fig
""",
        ),
        marks=3,
        fails={"q8_series": "one value an epoch"},
    ),
    wrong(
        "q8",
        "no legend drawn",
        "lines have labels, but nobody sees them",
        line("plot_history", ("        axis.legend()\n", "")),
        marks=5,
        fails={"q8_told_apart": "then `ax.legend()`"},
    ),
    wrong(
        "q8",
        "legend in another order than the lines",
        "the names are swapped",
        function(
            "plot_history",
            """
def plot_history(history):
    for metric in ["accuracy", "loss"]:
        plt.figure()
        plt.plot(history.history["val_" + metric])
        plt.plot(history.history[metric])
        plt.title("Model " + metric)
        plt.xlabel("Epoch")
        plt.legend(["Train", "Validation"])
    plt.show()
""",
        ),
        marks=5,
        fails={"q8_told_apart": "The training loss is called “Validation”"},
    ),
    wrong(
        "q8",
        "two plots in one set of axes for want of a show between",
        "the second title takes the place of the first, and its legend too",
        function(
            "plot_history",
            """
def plot_history(history):
    for what in ["accuracy", "loss"]:
        plt.plot(history.history[what])
        plt.plot(history.history["val_" + what])
        plt.title("model " + what)
        plt.ylabel(what)
        plt.legend(["train", "val"])
    plt.show()
""",
        ),
        marks=4,
        fails={
            "q8_labels": "No title and no axis label of the curves in question speaks of the accuracy.",
            "q8_told_apart": "The curves of the loss have no such names in the figure.",
        },
    ),
    wrong(
        "q8",
        "both lines labelled as training",
        "copied, and the label not changed",
        line("plot_history", ('label="validation"', 'label="training"')),
        marks=5,
        fails={"q8_told_apart": "The validation loss is called “training”"},
    ),
    wrong(
        "q8",
        "legend names quantities and not sets",
        "which curve is validation remains open",
        line("plot_history", ('label="training"', "label=quantity"), ('label="validation"', "label=quantity")),
        marks=5,
        fails={"q8_told_apart": "are called “loss” and “loss”"},
    ),
    wrong(
        "q8",
        "neither axes nor titles named",
        "which panel is loss remains open",
        line("plot_history", ("        axis.set_ylabel(quantity)\n", "")),
        marks=5,
        fails={"q8_labels": "speaks of the loss"},
    ),
    wrong(
        "q8",
        "accuracy axis labelled as loss",
        "copied, and the label not changed",
        line("plot_history", ("axis.set_ylabel(quantity)", 'axis.set_ylabel("loss")')),
        marks=5,
        fails={"q8_labels": "speaks of the accuracy"},
    ),
    wrong(
        "q8",
        "all four on one unlabelled axis",
        "no axis says what it measures",
        function(
            "plot_history",
            """
import pandas as pd

def plot_history(history):
    ax = pd.DataFrame(history.history).plot(figsize=(8, 5), grid=True)
    ax.set_ylim(0, 3)
    return ax.get_figure()
""",
        ),
        marks=5,
        fails={"q8_labels": "says where loss and where accuracy"},
    ),
    wrong(
        "q8",
        "history indexed like a dictionary",
        "it is an object with a dictionary",
        function(
            "plot_history",
            """
def plot_history(history):
    fig, axes = plt.subplots(1, 2)
    for ax, name in zip(axes, ("loss", "accuracy")):
        ax.plot(history[name], label="train")
        ax.plot(history["val_" + name], label="val")
        ax.set_title(name)
        ax.legend()
    return fig
""",
        ),
        marks=0,
        fails={"q8_answered": "`history.history` is the dictionary"},
    ),
    wrong(
        "q8",
        "metric called acc but compiled as accuracy",
        "the name of an older Keras",
        line("plot_history", ('["loss", "accuracy"]', '["loss", "acc"]')),
        marks=0,
        fails={"q8_answered": "they follow from the metrics of Question 5"},
    ),
    wrong(
        "q8",
        "hundred epochs taken for granted",
        "histories can be shorter",
        line("plot_history", ("range(1, len(training) + 1)", "range(1, 101)")),
        marks=0,
        fails={"q8_answered": "x and y must have same first dimension"},
    ),
    wrong(
        "q8",
        "bars of the last epoch",
        "curves over all epochs are asked for",
        function(
            "plot_history",
            """
def plot_history(history):
    last = {name: values[-1] for name, values in history.history.items()}
    fig, ax = plt.subplots()
    ax.bar(list(last), list(last.values()))
    ax.set_title("Loss and accuracy, training and validation")
    return fig
""",
        ),
        marks=0,
        fails={"q8_answered": "No axes of it holds a line"},
    ),
    wrong(
        "q8",
        "table printed instead of a figure",
        "nothing is drawn",
        function(
            "plot_history",
            """
import pandas as pd

def plot_history(history):
    table = pd.DataFrame(history.history)
    print(table.tail())
    return table
""",
        ),
        marks=0,
        fails={"q8_answered": "It returned no figure"},
    ),
    wrong(
        "q8",
        "accuracy starts with a nought of its own",
        "nobody has measured it before the first epoch",
        line(
            "plot_history",
            ("history.history[quantity]", '[0.0] * (quantity == "accuracy") + history.history[quantity]'),
            (
                'history.history[f"val_{quantity}"]',
                '[0.0] * (quantity == "accuracy") + history.history[f"val_{quantity}"]',
            ),
        ),
        marks=3,
        fails={"q8_series": "A curve has a further value in front of its first epoch."},
    ),
)

ENTRIES: tuple[Entry, ...] = (*QUESTION_6, *QUESTION_7, *QUESTION_8)
