"""Question 8: the learning curves."""

from answers.entries import Entry, code, function, line, right, wrong


def panels(
    draw: str = "ax.plot(h[q], label='training'); ax.plot(h['val_' + q], label='validation')",
    after: str = "ax.set_ylabel(q); ax.legend()",
) -> str:
    """Source of `plot_history` with a panel for each quantity q of the history h."""
    return f"""
def plot_history(history):
    h = history.history
    fig, axes = plt.subplots(1, 2)
    for ax, q in zip(axes, ("loss", "accuracy")):
        {draw}
        {after}
    return fig
"""


RIGHT: tuple[Entry, ...] = (
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
)

WRONG: tuple[Entry, ...] = (
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
        "training accuracy twice",
        "the validation accuracy is missing",
        code(
            panels("ax.plot(h[q], label='training'); ax.plot(h['val_loss' if q == 'loss' else q], label='validation')")
        ),
        marks=3,
        fails={"q8_series": "validation accuracy"},
    ),
    wrong(
        "q8",
        "one panel of two for want of a second",
        "`zip` ends with the panels",
        code(
            panels()
            .replace("plt.subplots(1, 2)", "plt.subplots(1, 1, squeeze=False); axes = axes[0]")
            .replace(", strict=True", "")
        ),
        marks=1.5,
        fails={
            "q8_lines": "There are 2 curves.",
            "q8_series": "training accuracy",
            "q8_labels": "speaks of the accuracy",
        },
    ),
    wrong(
        "q8",
        "one curve of four",
        "the others are missing",
        code(
            "def plot_history(history):\n    plt.plot(history.history['loss'], label='loss')\n"
            "    plt.title('loss and accuracy')\n"
        ),
        marks=2.5,
        fails={"q8_lines": "There is 1 curve.", "q8_series": "No curve has the values of:"},
    ),
    wrong(
        "q8",
        "last epoch cut off",
        "its values are part of the curve",
        code(panels("ax.plot(h[q][:-1], label='training'); ax.plot(h['val_' + q][:-1], label='validation')")),
        marks=3,
        fails={"q8_series": "No curve has the values of:"},
    ),
    wrong(
        "q8",
        "logarithm of the training curves",
        "the values are asked for",
        code(panels("ax.plot(np.log(h[q]), label='training'); ax.plot(h['val_' + q], label='validation')")),
        marks=3,
        fails={"q8_series": "training loss, training accuracy"},
    ),
    wrong(
        "q8",
        "values sorted",
        "the order of the epochs is lost",
        code(panels("ax.plot(sorted(h[q]), label='training'); ax.plot(sorted(h['val_' + q]), label='validation')")),
        marks=3,
        fails={"q8_series": "No curve has the values of:"},
    ),
    wrong(
        "q8",
        "no names at all",
        "which curve is which remains open",
        code(panels("ax.plot(h[q]); ax.plot(h['val_' + q])", "ax.set_ylabel(q)")),
        marks=5,
        fails={"q8_told_apart": "have no such names"},
    ),
    wrong(
        "q8",
        "names that say nothing",
        "which curve is which remains open",
        code(panels("ax.plot(h[q], label='A'); ax.plot(h['val_' + q], label='B')")),
        marks=5,
        fails={"q8_told_apart": "which curve is training"},
    ),
    wrong(
        "q8",
        "titles of the panels swapped",
        "loss is called accuracy",
        code(panels(after="ax.set_title('loss' if q == 'accuracy' else 'accuracy'); ax.legend()")),
        marks=5,
        fails={"q8_labels": "of the curves in question"},
    ),
    wrong(
        "q8",
        "an empty figure",
        "nothing is drawn",
        code("def plot_history(history):\n    return plt.figure()\n"),
        marks=0,
        fails={"q8_answered": "No axes of it holds a line"},
    ),
    wrong(
        "q8",
        "raises an error",
        "nothing is drawn",
        code("def plot_history(history):\n    raise RuntimeError\n"),
        marks=0,
        fails={"q8_answered": "raised RuntimeError"},
    ),
    wrong(
        "q8",
        "left out",
        "the notebook does not define it",
        code("del plot_history"),
        marks=0,
        fails={"q8_answered": "`plot_history` is not defined"},
    ),
)
