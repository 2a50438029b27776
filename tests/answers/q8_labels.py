"""Question 8: legends, titles and axes, and other histories."""

from answers.entries import Entry, code, function, line, right, wrong
from answers.q7_numbers import ACC
from answers.q8_curves import panels

TRAINED = (
    "import pandas as pd\ndef train(model, x, y, epochs=100, batch_size=128):\n"
    "    history = model.fit(x, y, epochs=epochs, batch_size=batch_size, validation_split=0.3)\n    return {}\n"
)


RIGHT: tuple[Entry, ...] = (
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
    right(
        "q8",
        "two figures, only one returned",
        "a figure that was shown counts",
        code("""
def plot_history(history):
    for q in ("loss", "accuracy"):
        fig = plt.figure()
        plt.plot(history.history[q], label="training " + q)
        plt.plot(history.history["val_" + q], label="validation " + q)
        plt.ylabel(q); plt.legend(); plt.show()
    return fig
"""),
    ),
    right(
        "q8",
        "legend of the figure with handles",
        "it is for all panels",
        code("""
def plot_history(history):
    h = history.history
    fig, axes = plt.subplots(2, 1, sharex=True)
    for ax, q in zip(axes, ("loss", "accuracy")):
        one, = ax.plot(h[q], color="k"); two, = ax.plot(h["val_" + q], color="tab:red")
        ax.set_title(q)
    fig.legend([one, two], ["training", "validation"])
    return fig
"""),
    ),
    right(
        "q8",
        "a panel a set of images",
        "titles tell the sets apart, legends the quantities",
        code("""
def plot_history(history):
    fig, axes = plt.subplots(1, 2)
    for ax, prefix, title in zip(axes, ("", "val_"), ("Training: loss and accuracy", "Validation: loss and accuracy")):
        ax.plot(history.history[prefix + "loss"], label="loss")
        ax.plot(history.history[prefix + "accuracy"], label="accuracy")
        ax.set_title(title); ax.legend()
    return fig
"""),
    ),
    right(
        "q8",
        "data frame plots a panel a column",
        "pandas names the lines by the columns",
        code("""
import pandas as pd
def plot_history(history):
    axes = pd.DataFrame(history.history).plot(subplots=True)
    return axes[0].figure
"""),
    ),
    right(
        "q8",
        "data frame plots one labelled panel",
        "the label of the axis names both quantities",
        code("""
import pandas as pd
def plot_history(history):
    ax = pd.DataFrame(history.history).plot(ylabel="loss / accuracy", grid=True)
    return ax.figure
"""),
    ),
    right(
        "q8",
        "dots in place of lines",
        "a dot an epoch shows the values",
        code("""
def plot_history(history):
    fig, axes = plt.subplots(1, 2)
    for ax, q in zip(axes, ("loss", "accuracy")):
        for prefix, name in (("", "training"), ("val_", "validation")):
            values = history.history[prefix + q]
            ax.scatter(range(len(values)), values, label=name)
        ax.set_ylabel(q); ax.legend()
    return fig
"""),
    ),
    right(
        "q8",
        "names beside the lines",
        "texts at their ends tell the curves apart",
        code("""
def plot_history(history):
    fig, axes = plt.subplots(1, 2)
    for ax, q in zip(axes, ("loss", "accuracy")):
        for prefix, name in (("", "training"), ("val_", "validation")):
            values = history.history[prefix + q]
            ax.plot(values)
            if q == "loss": ax.text(len(values) - 1, values[-1], name)
            else: ax.annotate(name, (len(values) - 1, values[-1]), xytext=(5, 0), textcoords="offset points")
        ax.set_title(q)
    return fig
"""),
    ),
    right(
        "q8",
        "smoothed curves besides",
        "the values themselves are drawn too",
        code("""
def plot_history(history):
    fig, axes = plt.subplots(1, 2)
    for ax, q in zip(axes, ("loss", "accuracy")):
        for prefix, name in (("", "training"), ("val_", "validation")):
            values = history.history[prefix + q]
            ax.plot(values, label=name)
            ax.plot(np.convolve(values, np.ones(3) / 3, mode="same"), alpha=0.4)
            ax.axhline(min(values))
        ax.set_ylabel(q); ax.legend()
    return fig
"""),
    ),
    right(
        "q8",
        "ggplot style, names of epochs as ticks",
        "the legend names quantity and set",
        code("""
def plot_history(history):
    with plt.style.context("ggplot"):
        fig, axes = plt.subplots(1, 2)
        for ax, q in zip(axes, ("loss", "accuracy")):
            ax.plot(history.epoch, history.history[q], ls="-", c="0.2", lw=3, label=f"{q} of training")
            ax.plot(history.epoch, history.history["val_" + q], ls=":", c="0.2", label=f"{q} of validation")
            ax.legend(); ax.set_xticks(history.epoch, [f"epoch {e}" for e in history.epoch])
        fig.suptitle("Loss and accuracy")
    return fig
"""),
    ),
    right(
        "q8",
        "epochs as texts",
        "their order is that of the values",
        code("""
def plot_history(history):
    fig, axes = plt.subplots(1, 2)
    for ax, q in zip(axes, ("loss", "accuracy")):
        names = [f"e{e}" for e in history.epoch]
        ax.plot(names, history.history[q], label="train"); ax.plot(names, history.history["val_" + q], label="val")
        ax.legend(); ax.set_ylabel(q + " value")
    return fig
"""),
    ),
    right(
        "q8",
        "labels that end in “value”",
        "`val` at the beginning of a word is not validation",
        code("""
def plot_history(history):
    fig, axes = plt.subplots(1, 2)
    for ax, q in zip(axes, ("loss", "accuracy")):
        ax.plot(history.history[q], label=q + " value")
        ax.plot(history.history["val_" + q], label=q + " value on held-out images")
        ax.legend(); ax.set_ylabel(q)
    return fig
"""),
    ),
    right(
        "q8",
        "a subfigure a quantity",
        "its heading names the quantity",
        code("""
def plot_history(history):
    fig = plt.figure()
    for part, q in zip(fig.subfigures(1, 2), ("loss", "accuracy")):
        part.suptitle(q); ax = part.subplots()
        ax.plot(history.history[q], label="train"); ax.plot(history.history["val_" + q], label="val"); ax.legend()
    return fig
"""),
    ),
    right(
        "q8",
        "metric named acc under a wrong loss",
        "names follow from the student's own question 5",
        code(ACC + panels().replace('"accuracy"', '"acc"')),
    ),
    right(
        "q8",
        "train returns the dictionary of the history",
        "the history has the form of the student's own question 6",
        code(TRAINED.format("history.history") + panels().replace("history.history", "history")),
    ),
    right(
        "q8",
        "train returns a data frame of the history",
        "the history has the form of the student's own question 6",
        code(
            TRAINED.format("pd.DataFrame(history.history)")
            + panels().replace("history.history", "history.to_dict('list')")
        ),
    ),
)

WRONG: tuple[Entry, ...] = (
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
