"""Questions 6 to 8: training, testing and learning curves."""

from zoo.entries import Entry, cell_before, function, line, right

QUESTION_6: tuple[Entry, ...] = (
    right(
        "q6",
        "split at 35000 by slices",
        "that is 70% of the training images of CIFAR-10",
        function(
            "train",
            """
def train(model, x, y, epochs=100, batch_size=128):
    x_tr, y_tr = x[:35000], y[:35000]
    x_val, y_val = x[35000:], y[35000:]
    history = model.fit(x_tr, y_tr, validation_data=(x_val, y_val), epochs=epochs, batch_size=batch_size)
    return history
""",
        ),
    ),
    right(
        "q6",
        "stratified split by scikit-learn",
        "which images are held out is free",
        cell_before("train", "from sklearn.model_selection import train_test_split"),
        function(
            "train",
            """
def train(model, x, y, epochs=settings.EPOCHS, batch_size=settings.BATCH_SIZE):
    parts = train_test_split(x, y, test_size=settings.VALIDATION_SPLIT, stratify=np.ravel(y), random_state=0)
    x_train, x_val, y_train, y_val = parts
    return model.fit(
        x_train, y_train, batch_size, epochs, validation_data=(x_val, y_val), validation_batch_size=500, verbose=0
    )
""",
        ),
    ),
    right(
        "q6",
        "shuffled by one permutation, first part held out",
        "images and labels are shuffled alike",
        function(
            "train",
            """
def train(model, x, y, epochs=100, batch_size=128):
    order = np.random.default_rng(42).permutation(len(x))
    n_val = int(len(x) * 0.3)
    val, rest = order[:n_val], order[n_val:]
    return model.fit(
        x[rest], y[rest], epochs=epochs, batch_size=batch_size, validation_data=(x[val], y[val]), verbose=2
    )
""",
        ),
    ),
    right(
        "q6",
        "pipeline of tf.data",
        "split by take and skip before anything is shuffled",
        function(
            "train",
            """
import tensorflow as tf

def train(model, x, y, epochs=100, batch_size=128):
    n_train = int(0.7 * len(x))
    data = tf.data.Dataset.from_tensor_slices((x, y))
    train_ds = data.take(n_train).cache().shuffle(5000).batch(batch_size).prefetch(tf.data.AUTOTUNE)
    val_ds = data.skip(n_train).batch(batch_size)
    return model.fit(train_ds, validation_data=val_ds, epochs=epochs, verbose=2)
""",
        ),
    ),
    right(
        "q6",
        "batches from a sequence class",
        "Keras takes such objects",
        function(
            "train",
            """
class Batches(keras.utils.PyDataset):
    def __init__(self, x, y, batch_size):
        super().__init__()
        self.x, self.y, self.batch_size = x, y, batch_size

    def __len__(self):
        return int(np.ceil(len(self.x) / self.batch_size))

    def __getitem__(self, i):
        rows = slice(i * self.batch_size, (i + 1) * self.batch_size)
        return self.x[rows], self.y[rows]


def train(model, x, y, epochs=100, batch_size=128):
    split = round(0.7 * len(x))
    return model.fit(
        Batches(x[:split], y[:split], batch_size),
        epochs=epochs,
        validation_data=Batches(x[split:], y[split:], batch_size),
        verbose=0,
    )
""",
        ),
    ),
    right(
        "q6",
        "one epoch at a time, histories merged",
        "the epochs of all calls add up",
        function(
            "train",
            """
def train(model, x, y, epochs=100, batch_size=128):
    merged = keras.callbacks.History()
    merged.epoch, merged.history = [], {}
    for epoch in range(epochs):
        part = model.fit(
            x, y, batch_size=batch_size, initial_epoch=epoch, epochs=epoch + 1, validation_split=0.3, verbose=0
        )
        merged.epoch.append(epoch)
        for name, values in part.history.items():
            merged.history.setdefault(name, []).extend(values)
        if (epoch + 1) % 10 == 0:
            print(epoch + 1, {name: round(values[-1], 3) for name, values in merged.history.items()})
    return merged
""",
        ),
    ),
    right(
        "q6",
        "keeps the best model and a log",
        "such callbacks do not end training",
        function(
            "train",
            """
def train(model, x, y, epochs=100, batch_size=128):
    callbacks = [
        keras.callbacks.ModelCheckpoint("best.keras", monitor="val_accuracy", save_best_only=True),
        keras.callbacks.CSVLogger("training.csv"),
        keras.callbacks.TensorBoard(log_dir="logs"),
        keras.callbacks.TerminateOnNaN(),
    ]
    return model.fit(x, y, validation_split=0.3, epochs=epochs, batch_size=batch_size, callbacks=callbacks, verbose=0)
""",
        ),
    ),
    right(
        "q6",
        "learning rate lowered on plateaus",
        "the number of epochs stays",
        line(
            "train",
            ("verbose=2", "verbose=2,\n        callbacks=[keras.callbacks.ReduceLROnPlateau(patience=5, factor=0.5)]"),
        ),
    ),
    right(
        "q6",
        "best weights restored after all epochs",
        "with so much patience it cannot stop",
        line(
            "train",
            (
                "    return",
                "    best = keras.callbacks.EarlyStopping(patience=epochs, restore_best_weights=True)\n    return",
            ),
            ("verbose=2", "callbacks=[best]"),
        ),
    ),
    right(
        "q6",
        "options in a dictionary, fit wrapped and timed",
        "what `fit` is asked for counts",
        function(
            "train",
            """
import time

OPTIONS = {"validation_split": 3 / 10, "shuffle": True, "verbose": 0}

def timed_fit(model, *data, **options):
    start = time.time()
    model.fit(*data, **OPTIONS, **options)
    print(f"trained for {time.time() - start:.0f} s")

def train(model, x, y, epochs=100, batch_size=128, **options):
    timed_fit(model, x, y, epochs=epochs, batch_size=batch_size, **options)
    return model.history
""",
        ),
    ),
    right(
        "q6",
        "checkpoints on a drive that is not mounted",
        "they are fine, and where they go is not there at grading",
        line(
            "train",
            (
                "        epochs=epochs,\n",
                "        epochs=epochs,\n"
                '        callbacks=[keras.callbacks.ModelCheckpoint("/dev/null/best.keras", save_best_only=True),\n'
                '                   keras.callbacks.CSVLogger("/dev/null/log.csv")],\n',
            ),
        ),
    ),
)

QUESTION_7: tuple[Entry, ...] = (
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

QUESTION_8: tuple[Entry, ...] = (
    right(
        "q8",
        "drawn with plt and shown, nothing returned",
        "a figure that is left open counts",
        function(
            "plot_history",
            """
def plot_history(history):
    plt.figure(figsize=(12, 4))

    plt.subplot(1, 2, 1)
    plt.plot(history.history['accuracy'])
    plt.plot(history.history['val_accuracy'])
    plt.title('model accuracy')
    plt.ylabel('accuracy')
    plt.xlabel('epoch')
    plt.legend(['train', 'test'], loc='upper left')

    plt.subplot(1, 2, 2)
    plt.plot(history.history['loss'])
    plt.plot(history.history['val_loss'])
    plt.title('model loss')
    plt.ylabel('loss')
    plt.xlabel('epoch')
    plt.legend(['train', 'test'], loc='upper left')

    plt.tight_layout()
    plt.show()
""",
        ),
    ),
    right(
        "q8",
        "two plots shown one after the other",
        "plt.show() ends a figure, as it does in Jupyter",
        function(
            "plot_history",
            """
def plot_history(history):
    # summarize history for accuracy
    plt.plot(history.history['accuracy'])
    plt.plot(history.history['val_accuracy'])
    plt.title('model accuracy')
    plt.ylabel('accuracy')
    plt.xlabel('epoch')
    plt.legend(['train', 'test'], loc='upper left')
    plt.show()
    # summarize history for loss
    plt.plot(history.history['loss'])
    plt.plot(history.history['val_loss'])
    plt.title('model loss')
    plt.ylabel('loss')
    plt.xlabel('epoch')
    plt.legend(['train', 'test'], loc='upper left')
    plt.show()
""",
        ),
    ),
    right(
        "q8",
        "star import, saved, shown and cleared",
        "what was shown counts as it was then",
        function(
            "plot_history",
            """
from pylab import *

def plot_history(history):
    for i, what in enumerate(["loss", "accuracy"]):
        plot(history.history[what], "r", label="Training " + what)
        plot(history.history["val_" + what], "b", label="Validation " + what)
        title(what)
        legend()
        savefig("history%d.png" % i)
        show()
        clf()
    close("all")
""",
        ),
    ),
    right(
        "q8",
        "four figures with a heading each",
        "headings tell the curves apart",
        function(
            "plot_history",
            """
def plot_history(history):
    for name, values in history.history.items():
        fig = plt.figure()
        fig.suptitle(name.replace("val_", "validation "))
        fig.add_subplot().plot(range(1, len(values) + 1), values)
        fig.show()
""",
        ),
    ),
    right(
        "q8",
        "two figures in a list",
        "the question allows it",
        function(
            "plot_history",
            """
def plot_history(history):
    figures = []
    for metric in ("loss", "accuracy"):
        fig, ax = plt.subplots(figsize=(6, 3))
        ax.plot(history.epoch, history.history[metric], "o-", label="Training")
        ax.plot(history.epoch, history.history["val_" + metric], "s--", label="Validation")
        ax.set(title=metric.capitalize(), xlabel="Epoch")
        ax.legend()
        figures.append(fig)
    return figures
""",
        ),
    ),
    right(
        "q8",
        "data frame plots its columns",
        "pandas names the lines by the columns",
        function(
            "plot_history",
            """
import pandas as pd

def plot_history(history):
    df = pd.DataFrame(history.history)
    df.index += 1
    fig, axes = plt.subplots(2, 1, sharex=True, figsize=(7, 8))
    df[["loss", "val_loss"]].plot(ax=axes[0], ylabel="Loss", grid=True)
    df[["accuracy", "val_accuracy"]].plot(ax=axes[1], ylabel="Accuracy", xlabel="Epoch", grid=True, ylim=(0, 1))
    return fig
""",
        ),
    ),
    right(
        "q8",
        "seaborn's lines of a long table",
        "the legend's names come from a column, its title is the column's name",
        function(
            "plot_history",
            """
import seaborn as sns
import pandas as pd
sns.set_theme()
def plot_history(history):
    h = pd.DataFrame(history.history)
    h["epoch"] = range(1, len(h) + 1)
    fig, axes = plt.subplots(1, 2)
    for ax, q in zip(axes, ("loss", "accuracy")):
        both = h.rename(columns={q: "training", f"val_{q}": "validation"})
        long = both.melt("epoch", ["training", "validation"], var_name="set", value_name=q)
        sns.lineplot(long, x="epoch", y=q, hue="set", ax=ax)
    return fig
""",
        ),
    ),
    right(
        "q8",
        "seaborn's facets",
        "relplot returns a grid, which holds the figure",
        function(
            "plot_history",
            """
import seaborn as sns
import pandas as pd
def plot_history(history):
    h = pd.DataFrame(history.history).rename_axis("epoch").reset_index()
    long = h.melt("epoch", var_name="name")
    long["set"] = np.where(long["name"].str.startswith("val_"), "validation", "training")
    long["quantity"] = long["name"].str.removeprefix("val_")
    grid = sns.relplot(long, x="epoch", y="value", hue="set", col="quantity", kind="line", facet_kws={"sharey": False})
    return grid
""",
        ),
    ),
    right(
        "q8",
        "seaborn's lines with bands",
        "a band around a curve is no curve",
        function(
            "plot_history",
            """
import seaborn as sns
import pandas as pd
def plot_history(history):
    h = pd.DataFrame(history.history).rename_axis("epoch").reset_index()
    h = pd.concat([h, h])
    fig, axes = plt.subplots(1, 2)
    for ax, q in zip(axes, ("loss", "accuracy")):
        sns.lineplot(h, x="epoch", y=q, errorbar="sd", label="training", ax=ax)
        sns.lineplot(h, x="epoch", y=f"val_{q}", errorbar="sd", label="validation", ax=ax)
    return fig
""",
        ),
    ),
    right(
        "q8",
        "twin axes with one legend",
        "each quantity has its own axis",
        function(
            "plot_history",
            """
def plot_history(history):
    h = history.history
    fig, ax_loss = plt.subplots(figsize=(9, 5))
    ax_acc = ax_loss.twinx()
    lines = ax_loss.plot(h["loss"], color="tab:red", label="training loss")
    lines += ax_loss.plot(h["val_loss"], color="tab:red", ls="--", label="validation loss")
    lines += ax_acc.plot(h["accuracy"], color="tab:blue", label="training accuracy")
    lines += ax_acc.plot(h["val_accuracy"], color="tab:blue", ls="--", label="validation accuracy")
    ax_loss.set_xlabel("epoch")
    ax_loss.set_ylabel("loss")
    ax_acc.set_ylabel("accuracy")
    ax_loss.legend(lines, [line.get_label() for line in lines], loc="center right")
    return fig
""",
        ),
    ),
    right(
        "q8",
        "logarithmic loss, accuracy in percent",
        "scales and units are free",
        function(
            "plot_history",
            """
def plot_history(history):
    h = {name: np.array(values) for name, values in history.history.items()}
    epochs = np.arange(1, len(h["loss"]) + 1)
    fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4))
    left.semilogy(epochs, h["loss"], "k-", epochs, h["val_loss"], "k:")
    left.set_ylabel("cross-entropy (log scale)")
    right.plot(epochs, 100 * h["accuracy"], "k-", epochs, 100 * h["val_accuracy"], "k:")
    right.set_ylabel("correct images (%)")
    for ax in (left, right):
        ax.set_xlabel("epoch")
        ax.legend(["training set", "validation set"])
    return fig
""",
        ),
    ),
    right(
        "q8",
        "one legend for both panels",
        "equal looks mean equal things",
        function(
            "plot_history",
            """
def plot_history(history):
    h = history.history
    plt.figure(figsize=(10, 4))
    for i, name in enumerate(["loss", "accuracy"]):
        plt.subplot(1, 2, i + 1)
        plt.plot(h[name], "b", label="train")
        plt.plot(h["val_" + name], "r", label="val")
        plt.ylabel(name)
    plt.legend()
    fig = plt.gcf()
    plt.show()
    return fig
""",
        ),
    ),
    right(
        "q8",
        "four panels with a title each",
        "titles tell the curves apart",
        function(
            "plot_history",
            """
def plot_history(history):
    fig, axes = plt.subplots(2, 2, figsize=(10, 7), sharex=True)
    for ax, (name, values) in zip(axes.flatten(), history.history.items()):
        ax.plot(values, marker=".")
        ax.set_title(name.replace("val_", "validation "))
        ax.grid(alpha=0.3)
    return fig
""",
        ),
    ),
    right(
        "q8",
        "styled, best epoch marked, saved to a file",
        "more lines and marks do no harm",
        function(
            "plot_history",
            """
def plot_history(history, filename="curves.png"):
    h = history.history
    best = int(np.argmin(h["val_loss"]))
    with plt.style.context("seaborn-v0_8-whitegrid"):
        fig, axes = plt.subplots(1, 2, figsize=(12, 4))
        for ax, name in zip(axes, ["loss", "accuracy"]):
            ax.plot(h[name], lw=2, label=f"Train ({h[name][-1]:.3f})")
            ax.plot(h[f"val_{name}"], lw=2, label=f"Val ({h[f'val_{name}'][-1]:.3f})")
            ax.fill_between(range(len(h[name])), h[name], h[f"val_{name}"], alpha=0.1)
            ax.axvline(best, color="grey", linestyle=":", label="lowest validation loss")
            ax.scatter([best], [h[f"val_{name}"][best]], color="k", zorder=3)
            ax.set_xlabel("Epoch")
            ax.legend()
        fig.suptitle("Loss and accuracy")
        fig.savefig(filename, dpi=150)
    plt.close(fig)
    return fig
""",
        ),
    ),
    right(
        "q8",
        "metric named acc throughout",
        "names follow from the student's own question 5",
        line("compile_model", ('["accuracy"]', '["acc"]')),
        line("evaluate", ('scores["accuracy"]', 'scores["acc"]')),
        line("plot_history", ('"accuracy"', '"acc"')),
    ),
    right(
        "q8",
        "a panel for the learning rate",
        "their histories hold it, and further lines are fine",
        line("train", ("epochs=epochs,", "epochs=epochs, callbacks=[keras.callbacks.ReduceLROnPlateau(patience=5)],")),
        function(
            "plot_history",
            """
def plot_history(history):
    h = history.history
    fig, axes = plt.subplots(1, 3, figsize=(15, 4))
    for ax, name in zip(axes, ("loss", "accuracy")):
        ax.plot(h[name], label="train")
        ax.plot(h["val_" + name], label="val")
        ax.set_title(name)
        ax.legend()
    axes[2].semilogy(h["learning_rate"])
    axes[2].set_title("learning rate")
    fig.suptitle(history.model.name)
    return fig
""",
        ),
    ),
    right(
        "q8",
        "a panel for a second metric",
        "the model is compiled with it",
        line(
            "compile_model",
            (
                'metrics=["accuracy"]',
                'metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(3, name="top3")]',
            ),
        ),
        function(
            "plot_history",
            """
def plot_history(history):
    fig, axes = plt.subplots(1, 3, figsize=(15, 4))
    for ax, name in zip(axes, ("loss", "accuracy", "top3")):
        ax.plot(history.history[name], label="training")
        ax.plot(history.history[f"val_{name}"], label="validation")
        ax.set_ylabel(name)
        ax.legend()
    return fig
""",
        ),
    ),
    right(
        "q8",
        "titles in German",
        "the quantities are named",
        function(
            "plot_history",
            """
def plot_history(history):
    fig, axes = plt.subplots(1, 2, figsize=(11, 4))
    for ax, name, title in zip(axes, ("loss", "accuracy"), ("Verlust", "Genauigkeit")):
        ax.plot(history.history[name], label="Training")
        ax.plot(history.history["val_" + name], label="Validierung")
        ax.set_title(title)
        ax.set_xlabel("Epoche")
        ax.legend()
    return fig
""",
        ),
    ),
)

ENTRIES: tuple[Entry, ...] = (*QUESTION_6, *QUESTION_7, *QUESTION_8)
