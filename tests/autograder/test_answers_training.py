"""Questions 6 to 8: right answers lose nothing, each mistake loses its own checks and is told in words."""

# ruff: noqa: E501 - code of students, in as few lines as it takes

import os
from pathlib import Path

import pytest
from support import failed, results_of

from autograder.checks import all_checks
from lab.judging import CheckResult, Observations, judge
from lab.student import Student

ALL_6 = {
    "q6_answered",
    "q6_validates",
    "q6_arguments",
    "q6_epochs",
    "q6_batch_size",
    "q6_validation_share",
    "q6_held_out",
    "q6_history",
}
ALL_7 = {"q7_answered", "q7_accuracy", "q7_loss", "q7_order"}
ALL_8 = {"q8_answered", "q8_lines", "q8_series", "q8_told_apart", "q8_labels"}


@pytest.fixture(autouse=True)
def _scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Callbacks write files."""
    monkeypatch.chdir(tmp_path)


def assert_fails(results: dict[str, CheckResult], checks: set[str], **phrases: str) -> None:
    """Exactly these checks fail, with these phrases, and no fault of the grader."""
    said = {name: (r.outcome, r.message, r.traceback) for name, r in results.items() if r.outcome != "passed"}
    assert failed(results) == checks, said
    assert not any(r.outcome in ("error", "unjudged") for r in results.values()), said
    for name, phrase in phrases.items():
        assert phrase in results[name].message, results[name].message


# ---- Question 6 ----


def train(body: str, head: str = "model, x, y, epochs=100, batch_size=128") -> str:
    return f"def train({head}):\n" + "".join(f"    {line}\n" for line in body.strip().splitlines())


def fit(*more: str, **replaced: str) -> str:
    options = {"epochs": "epochs", "batch_size": "batch_size", "validation_split": "0.3", "verbose": "0"} | replaced
    inside = ", ".join(["x", "y", *(f"{key}={value}" for key, value in options.items() if value), *more])
    return train(f"return model.fit({inside})")


SPLIT = "n = int(0.7 * len(x))\n"
SPLIT_FIT = "return model.fit(a, ya, epochs=epochs, batch_size=batch_size, validation_data=(b, yb), verbose=0)"
TF_DATA = "import tensorflow as tf\nds = tf.data.Dataset.from_tensor_slices\n"

Q6_RIGHT = {
    "reference": "",
    "positional": train("return model.fit(x, y, batch_size, epochs, 0, None, 0.3)"),
    "by-keyword": train("return model.fit(x=x, y=y, validation_split=3 / 10, epochs=epochs, batch_size=batch_size)"),
    "default-progress-bar": fit(verbose=""),
    "slices": train(SPLIT + "a, b, ya, yb = x[:n], x[n:], y[:n], y[n:]\n" + SPLIT_FIT),
    "first-part-held-out": train("n = round(0.3 * len(x))\na, b, ya, yb = x[n:], x[:n], y[n:], y[:n]\n" + SPLIT_FIT),
    "last-15000": train("a, b, ya, yb = x[:-15000], x[-15000:], y[:-15000], y[-15000:]\n" + SPLIT_FIT),
    "first-15000": train("a, b, ya, yb = x[15000:], x[:15000], y[15000:], y[:15000]\n" + SPLIT_FIT),
    "sklearn": train("from sklearn.model_selection import train_test_split\n"
                     "a, b, ya, yb = train_test_split(x, y, test_size=0.3, random_state=1)\n" + SPLIT_FIT),
    "every-tenth": train("held = np.arange(len(x)) % 10 < 3\na, b, ya, yb = x[~held], x[held], y[~held], y[held]\n" + SPLIT_FIT),
    "tf-data": train(TF_DATA + SPLIT + "t = ds((x[:n], y[:n])).shuffle(1000).batch(batch_size).prefetch(2)\n"
                     "v = ds((x[n:], y[n:])).batch(256)\nreturn model.fit(t, epochs=epochs, validation_data=v, verbose=0)"),
    "tf-data-without-the-last-batch": train(
        TF_DATA + SPLIT + "t = ds((x[:n], y[:n])).shuffle(99).batch(batch_size, drop_remainder=True)\n"
        "v = ds((x[n:], y[n:])).batch(batch_size, drop_remainder=True)\n"
        "return model.fit(t, epochs=epochs, validation_data=v, verbose=0)"),
    "tf-data-repeated": train(
        TF_DATA + SPLIT + "t = ds((x[:n], y[:n])).shuffle(n).repeat().batch(batch_size)\n"
        "return model.fit(t, steps_per_epoch=n // batch_size, epochs=epochs, validation_data=(x[n:], y[n:]))"),
    "generator": """
def batches(x, y, size):
    while True:
        for i in range(0, len(x), size):
            yield x[i : i + size], y[i : i + size]
""" + train(SPLIT + "return model.fit(batches(x[:n], y[:n], batch_size), steps_per_epoch=-(-n // batch_size), epochs=epochs,\n"
            "    validation_data=(x[n:], y[n:]))"),
    "learning-rate-reduction": fit(
        "callbacks=[keras.callbacks.ReduceLROnPlateau(patience=2),"
        " keras.callbacks.LearningRateScheduler(lambda e, lr: lr * 0.99)]"),
    "own-callback": "class Dots(keras.callbacks.Callback):\n    def on_epoch_end(self, epoch, logs=None):\n        print('.', end='')\n"
    + fit("callbacks=[Dots()]"),
    "more-arguments": train("return model.fit(x, y, epochs=epochs, batch_size=batch_size, validation_split=split, verbose=verbose)",
                            "model, x, y, epochs=100, batch_size=128, split=0.3, verbose=0"),
    "tensors": train("import tensorflow as tf\nx = tf.constant(x)\nreturn model.fit(x, y, epochs=epochs, batch_size=batch_size, validation_split=0.3)"),
    "class-weights": fit("class_weight={k: 1.0 for k in range(10)}"),
}  # fmt: skip


@pytest.mark.parametrize("code", Q6_RIGHT.values(), ids=Q6_RIGHT)
def test_q6_accepts(code: str) -> None:
    assert_fails(results_of("q6", code), set())


GLOBALS = """
_r = np.random.default_rng(1)
x_train, x_test = (_r.random((n, 32, 32, 3), dtype=np.float32) for n in (600, 400))
y_train, y_test = (_r.integers(0, 10, n) for n in (600, 400))
"""
Q6_WRONG = {
    "ten-epochs-whatever-is-asked": (
        fit(epochs="10"), {"q6_epochs", "q6_arguments"}, {"q6_arguments": "10 epochs with batches of 50"}
    ),
    "a-third": (fit(validation_split="1 / 3"), {"q6_validation_share"}, {"q6_validation_share": "(33."}),
    "training-on-the-notebook-arrays": (
        GLOBALS + train("return model.fit(x_train, y_train, epochs=epochs, batch_size=batch_size, validation_split=0.3)"),
        {"q6_held_out"}, {"q6_held_out": "the images that `train` gets"}
    ),
    "overlapping-slices": (
        train("n = int(0.7 * len(x))\na, b, ya, yb = x[:n + 40], x[n:], y[:n + 40], y[n:]\n" + SPLIT_FIT),
        {"q6_held_out"}, {"q6_held_out": "40 images are used for both"}
    ),
    "another-model": (
        "other = compile_model(build_tiny_vgg())\n" + train(
            "return other.fit(x, y, epochs=epochs, batch_size=batch_size, validation_split=0.3)"),
        {"q6_arguments"}, {"q6_arguments": "another model of the notebook"}
    ),
    "model-returned": (
        train("model.fit(x, y, epochs=epochs, batch_size=batch_size, validation_split=0.3)\nreturn model"),
        {"q6_history"}, {"q6_history": "Return what `fit` returns"}
    ),
    "in-chunks": (
        train("for a, b in ((0, 1), (1, 5), (5, epochs)):\n"
                       "    h = model.fit(x, y, initial_epoch=a, epochs=b, batch_size=batch_size, validation_split=0.3)\nreturn h"),
        {"q6_history"}, {"q6_history": "For epochs=100 it has 95, and `fit` was called 3 times."}
    ),
    "no-epochs-argument": (
        train("return model.fit(x, y, epochs=100, batch_size=128, validation_split=0.3)", "model, x, y"),
        {"q6_arguments"}, {"q6_arguments": "Keep the arguments"}
    ),
    "no-fit": (train("return model.evaluate(x, y)"), ALL_6, {"q6_answered": "`fit` was not called"}),
    "nothing": (train("..."), ALL_6, {"q6_answered": "`fit` was not called"}),
    "raises": (train("raise ValueError('later')"), ALL_6, {"q6_answered": "ValueError"}),
}  # fmt: skip


@pytest.mark.parametrize(("code", "checks", "phrases"), Q6_WRONG.values(), ids=Q6_WRONG)
def test_q6_catches(code: str, checks: set[str], phrases: dict[str, str]) -> None:
    assert_fails(results_of("q6", code), checks, **phrases)


# ---- Question 7 ----


def evaluate(body: str) -> str:
    return "def evaluate(model, x_test, y_test):\n" + "".join(f"    {line}\n" for line in body.strip().splitlines())


BOTH = "loss, accuracy = model.evaluate(x_test, y_test, verbose=0)\n"
BY_HAND = """p = model.predict(x_test, verbose=0)
labels = np.ravel(y_test)
loss = -np.mean(np.log(p[np.arange(len(p)), labels]))
"""
ONE_HOT = """
def preprocess(x_train, y_train, x_test, y_test):
    return (x_train / 255, keras.utils.to_categorical(y_train, 10), x_test / 255, keras.utils.to_categorical(y_test, 10))
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
Q7_RIGHT = {
    "reference": "",
    "tuple": evaluate(BOTH + "return loss, accuracy"),
    "batch-size": evaluate("return tuple(model.evaluate(x_test, y_test, batch_size=50, verbose=0))"),
    "dict-with-own-names": evaluate(BOTH + "return {'test_accuracy': accuracy, 'test_loss': loss}"),
    "array": evaluate("return np.array(model.evaluate(x_test, y_test))"),
    "numpy-numbers": evaluate(BOTH + "return np.float32(loss), np.float64(accuracy)"),
    "tensors": evaluate("import tensorflow as tf\n" + BOTH + "return tf.constant(loss), tf.constant(accuracy)"),
    "rounded": evaluate(BOTH + "return round(loss, 4), round(accuracy, 4)"),
    "by-hand": evaluate(BY_HAND + "return loss, np.mean(p.argmax(axis=1) == labels)"),
    "called-instead-of-predict": evaluate(
        BY_HAND.replace("model.predict(x_test, verbose=0)", "np.array(model(x_test))") + "return loss, np.mean(p.argmax(axis=1) == labels)"),
    "keras-functions": evaluate(
        "p = model.predict(x_test, verbose=0)\nloss = keras.losses.sparse_categorical_crossentropy(np.ravel(y_test), p)\n"
        "hits = keras.metrics.sparse_categorical_accuracy(np.ravel(y_test), p)\nreturn float(np.mean(loss)), float(np.mean(hits))"),
    "another-order-of-images": evaluate(
        "p = np.random.permutation(len(x_test))\nreturn model.evaluate(x_test[p], y_test[p], verbose=0)"),
    "batches-weighted-rightly": evaluate(
        "total = np.zeros(2)\nfor i in range(0, len(x_test), 100):\n    part = slice(i, i + 100)\n"
        "    total += len(x_test[part]) * np.array(model.evaluate(x_test[part], y_test[part], verbose=0))\nreturn total / len(x_test)"),
    "prints-too": evaluate(BOTH + "print(f'{100 * accuracy:.1f}%')\nreturn loss, accuracy"),
    "one-hot-labels": ONE_HOT + evaluate("return model.evaluate(x_test, y_test, verbose=0)"),
    "logits": LOGITS + evaluate("return model.evaluate(x_test, y_test, verbose=0)"),
}  # fmt: skip


@pytest.mark.parametrize("code", Q7_RIGHT.values(), ids=Q7_RIGHT)
def test_q7_accepts(code: str) -> None:
    assert_fails(results_of("q7", code), set())


Q7_WRONG = {
    "swapped-and-percent": (
        evaluate(BOTH + "return 100 * accuracy, loss"), {"q7_order", "q7_accuracy"}, {"q7_accuracy": "in percent"}
    ),
    "on-the-test-set-of-the-notebook": (
        "x_all, y_all = np.random.rand(600, 32, 32, 3), np.arange(600) % 10\n"
        + evaluate("return model.evaluate(x_all, y_all, verbose=0)"),
        {"q7_accuracy"}, {"q7_accuracy": "Use the model that is passed in"}
    ),
    "another-model": (
        "other = compile_model(build_tiny_vgg())\n" + evaluate("return other.evaluate(x_test, y_test, verbose=0)"),
        {"q7_accuracy"}, {"q7_accuracy": "it is another number"}
    ),
    "labels-shuffled": (
        evaluate("return model.evaluate(x_test, y_test[::-1], verbose=0)"), {"q7_accuracy"}, {}
    ),
    "constants": (
        evaluate("return 0.5, 0.5"), {"q7_accuracy", "q7_loss", "q7_order"}, {"q7_order": "there is no order to see"}
    ),
    "accuracy-twice": (evaluate(BOTH + "return accuracy, accuracy"), {"q7_loss"}, {"q7_loss": "another number"}),
    "result-of-the-first-call-kept": (
        "kept = []\n" + evaluate("kept.append(model.evaluate(x_test, y_test, verbose=0))\nreturn kept[0]"),
        {"q7_accuracy", "q7_loss"}, {}
    ),
    "predictions": (evaluate("return model.predict(x_test)"), ALL_7, {"q7_answered": "an array of shape"}),
    "other-metric-name": (
        evaluate("return 0, model.evaluate(x_test, y_test, return_dict=True)['precision']"),
        ALL_7, {"q7_answered": "follow from the metrics of Question 5"}
    ),
    "raises": (evaluate("return x_test[99999], 0"), ALL_7, {"q7_answered": "rely on certain sizes"}),
}  # fmt: skip


NO_FUNCTION = {
    "evaluate = (0.1, 0.5)": "`evaluate` is now a tuple, not a function.",
    "evaluate = 0.5": "`evaluate` is now a float, not a function.",
    "evaluate = []": "`evaluate` is now a list, not a function.",
    "evaluate = None": "`evaluate` is now None, not a function.",
    "evaluate = keras.Sequential()": "`evaluate` is now a Sequential, not a function.",
}


@pytest.mark.parametrize("code", NO_FUNCTION)
def test_what_a_name_is_now_is_told(code: str) -> None:
    result = results_of("q7", code)["q7_answered"]
    assert result.expected == "The notebook defines the function `evaluate`."
    assert result.found == NO_FUNCTION[code]
    assert result.hint == "Give that value another name, and run the cell of the function again."


def test_an_answer_in_a_markdown_cell_is_told() -> None:
    student = Student({}, 0, markdown={"evaluate": 31})
    observations = Observations({"q7": {"calls": [student.call("evaluate").plain()]}})
    result = next(r for r in judge(all_checks(), observations) if r.name == "q7_answered")
    assert result.found == "The code of `evaluate` stands in a Markdown cell (cell 31), so it did not run."
    assert result.hint == "Turn that cell into a code cell, and run it."


@pytest.mark.parametrize(("code", "checks", "phrases"), Q7_WRONG.values(), ids=Q7_WRONG)
def test_q7_catches(code: str, checks: set[str], phrases: dict[str, str]) -> None:
    assert_fails(results_of("q7", code), checks, **phrases)


# ---- Question 8 ----

Q8_RIGHT = {
    "reference": "",
    "two-figures-only-one-returned": """
def plot_history(history):
    for q in ("loss", "accuracy"):
        fig = plt.figure()
        plt.plot(history.history[q], label="training " + q); plt.plot(history.history["val_" + q], label="validation " + q)
        plt.ylabel(q); plt.legend(); plt.show()
    return fig
""",
    "figure-legend-with-handles": """
def plot_history(history):
    h = history.history
    fig, axes = plt.subplots(2, 1, sharex=True)
    for ax, q in zip(axes, ("loss", "accuracy")):
        one, = ax.plot(h[q], color="k"); two, = ax.plot(h["val_" + q], color="tab:red")
        ax.set_title(q)
    fig.legend([one, two], ["training", "validation"])
    return fig
""",
    "a-panel-a-set": """
def plot_history(history):
    fig, axes = plt.subplots(1, 2)
    for ax, prefix, title in zip(axes, ("", "val_"), ("Training: loss and accuracy", "Validation: loss and accuracy")):
        ax.plot(history.history[prefix + "loss"], label="loss"); ax.plot(history.history[prefix + "accuracy"], label="accuracy")
        ax.set_title(title); ax.legend()
    return fig
""",
    "pandas-subplots": """
import pandas as pd
def plot_history(history):
    axes = pd.DataFrame(history.history).plot(subplots=True)
    return axes[0].figure
""",
    "pandas-labelled": """
import pandas as pd
def plot_history(history):
    ax = pd.DataFrame(history.history).plot(ylabel="loss / accuracy", grid=True)
    return ax.figure
""",
    "scatter": """
def plot_history(history):
    fig, axes = plt.subplots(1, 2)
    for ax, q in zip(axes, ("loss", "accuracy")):
        for prefix, name in (("", "training"), ("val_", "validation")):
            values = history.history[prefix + q]
            ax.scatter(range(len(values)), values, label=name)
        ax.set_ylabel(q); ax.legend()
    return fig
""",
    "names-beside-the-lines": """
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
""",
    "smoothed-curves-besides": """
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
""",
    "styled": """
def plot_history(history):
    with plt.style.context("ggplot"):
        fig, axes = plt.subplots(1, 2)
        for ax, q in zip(axes, ("loss", "accuracy")):
            ax.plot(history.epoch, history.history[q], ls="-", c="0.2", lw=3, label=f"{q} of training")
            ax.plot(history.epoch, history.history["val_" + q], ls=":", c="0.2", label=f"{q} of validation")
            ax.legend(); ax.set_xticks(history.epoch, [f"epoch {e}" for e in history.epoch])
        fig.suptitle("Loss and accuracy")
    return fig
""",
    "epochs-as-texts": """
def plot_history(history):
    fig, axes = plt.subplots(1, 2)
    for ax, q in zip(axes, ("loss", "accuracy")):
        names = [f"e{e}" for e in history.epoch]
        ax.plot(names, history.history[q], label="train"); ax.plot(names, history.history["val_" + q], label="val")
        ax.legend(); ax.set_ylabel(q + " value")
    return fig
""",
    "labels-with-loss-value": """
def plot_history(history):
    fig, axes = plt.subplots(1, 2)
    for ax, q in zip(axes, ("loss", "accuracy")):
        ax.plot(history.history[q], label=q + " value"); ax.plot(history.history["val_" + q], label=q + " value on held-out images")
        ax.legend(); ax.set_ylabel(q)
    return fig
""",
    "subfigures": """
def plot_history(history):
    fig = plt.figure()
    for part, q in zip(fig.subfigures(1, 2), ("loss", "accuracy")):
        part.suptitle(q); ax = part.subplots()
        ax.plot(history.history[q], label="train"); ax.plot(history.history["val_" + q], label="val"); ax.legend()
    return fig
""",
}  # fmt: skip


@pytest.mark.parametrize("code", Q8_RIGHT.values(), ids=Q8_RIGHT)
def test_q8_accepts(code: str) -> None:
    assert_fails(results_of("q8", code), set())


def panels(
    draw: str = "ax.plot(h[q], label='training'); ax.plot(h['val_' + q], label='validation')",
    after: str = "ax.set_ylabel(q); ax.legend()",
) -> str:
    return f"""
def plot_history(history):
    h = history.history
    fig, axes = plt.subplots(1, 2)
    for ax, q in zip(axes, ("loss", "accuracy")):
        {draw}
        {after}
    return fig
"""


LINES_MISSING = {"q8_lines", "q8_series"}
Q8_WRONG = {
    "accuracy-of-training-twice": (
        panels("ax.plot(h[q], label='training'); ax.plot(h['val_loss' if q == 'loss' else q], label='validation')"),
        {"q8_series"}, {"q8_series": "validation accuracy"}
    ),
    "no-accuracy": (
        panels().replace("plt.subplots(1, 2)", "plt.subplots(1, 1, squeeze=False); axes = axes[0]").replace(", strict=True", ""),
        LINES_MISSING | {"q8_labels"}, {"q8_series": "training accuracy", "q8_labels": "speaks of the accuracy"}
    ),
    "one-curve": (
        "def plot_history(history):\n    plt.plot(history.history['loss'], label='loss')\n    plt.title('loss and accuracy')\n",
        LINES_MISSING, {"q8_lines": "There is 1 curve."}
    ),
    "last-epoch-cut-off": (
        panels("ax.plot(h[q][:-1], label='training'); ax.plot(h['val_' + q][:-1], label='validation')"), {"q8_series"}, {}
    ),
    "logarithm-taken": (
        panels("ax.plot(np.log(h[q]), label='training'); ax.plot(h['val_' + q], label='validation')"),
        {"q8_series"}, {"q8_series": "training loss, training accuracy"}
    ),
    "sorted": (
        panels("ax.plot(sorted(h[q]), label='training'); ax.plot(sorted(h['val_' + q]), label='validation')"), {"q8_series"}, {}
    ),
    "no-names": (
        panels("ax.plot(h[q]); ax.plot(h['val_' + q])", "ax.set_ylabel(q)"),
        {"q8_told_apart"}, {"q8_told_apart": "have no such names"}
    ),
    "names-that-say-nothing": (
        panels("ax.plot(h[q], label='A'); ax.plot(h['val_' + q], label='B')"),
        {"q8_told_apart"}, {"q8_told_apart": "which curve is training"}
    ),
    "names-swapped": (
        panels("ax.plot(h[q], label='validation'); ax.plot(h['val_' + q], label='training')"),
        {"q8_told_apart"}, {"q8_told_apart": "The training loss is called “validation”"}
    ),
    "labels-swapped": (
        panels(after="ax.set_title('loss' if q == 'accuracy' else 'accuracy'); ax.legend()"),
        {"q8_labels"}, {"q8_labels": "of the curves in question"}
    ),
    "keys-of-the-object": (
        "def plot_history(history):\n    for k in history.keys(): plt.plot(history[k])\n",
        ALL_8, {"q8_answered": "`history.history` is the dictionary"}
    ),
    "empty-figure": ("def plot_history(history):\n    return plt.figure()\n", ALL_8, {"q8_answered": "No axes of it holds a line"}),
    "raises": ("def plot_history(history):\n    raise RuntimeError\n", ALL_8, {"q8_answered": "raised RuntimeError"}),
}  # fmt: skip


@pytest.mark.parametrize(("code", "checks", "phrases"), Q8_WRONG.values(), ids=Q8_WRONG)
def test_q8_catches(code: str, checks: set[str], phrases: dict[str, str]) -> None:
    assert_fails(results_of("q8", code), checks, **phrases)


# ---- Faults elsewhere ----

OTHERS = {
    "no-preprocess": ("", ("preprocess",)),
    "no-model": ("", ("build_tiny_vgg",)),
    "no-compile": ("", ("compile_model",)),
    "nothing-else": (
        "", ("load_data", "plot_examples", "preprocess", "build_tiny_vgg", "compile_model", "run_experiment")
    ),
    "model-raises": ("def build_tiny_vgg():\n    raise ValueError('later')\n", ()),
    "other-architecture": (
        "def build_tiny_vgg():\n    return keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(4, 5), layers.Flatten(),"
        " layers.Dropout(0.5), layers.Dense(10, activation='softmax', kernel_regularizer='l2')])\n", ()
    ),
    "wrong-loss": ("def compile_model(model):\n    model.compile('adam', 'categorical_crossentropy', ['accuracy'])\n    return model\n", ()),
    "mean-squares": ("def compile_model(model):\n    model.compile('sgd', 'mse', ['accuracy'])\n    return model\n", ()),
    "no-metric": ("def compile_model(model):\n    model.compile('adam', 'sparse_categorical_crossentropy')\n    return model\n", ()),
    "metric-that-compares-numbers": (
        "def compile_model(model):\n"
        "    model.compile('adam', 'sparse_categorical_crossentropy', [keras.metrics.MeanSquaredError(name='accuracy')])\n"
        "    return model\n", ()
    ),
    "probabilities-as-logits": (
        "def compile_model(model):\n"
        "    model.compile('adam', keras.losses.SparseCategoricalCrossentropy(from_logits=True), ['accuracy'])\n    return model\n", ()
    ),
    "one-hot-in-training-only": (
        "def preprocess(a, b, c, d):\n    return a / np.float32(255), keras.utils.to_categorical(b, 10), c / np.float32(255), d\n", ()
    ),
    "images-not-scaled": ("def preprocess(*arrays):\n    return arrays\n", ()),
}  # fmt: skip


@pytest.mark.parametrize(("code", "without"), OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("question", ["q6", "q7"])
def test_faults_of_earlier_questions_cost_nothing_here(question: str, code: str, without: tuple[str, ...]) -> None:
    assert_fails(results_of(question, code, without), set())


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "sparse_categorical_crossentropy"])
def test_labels_of_two_forms_cost_question_3_alone(loss: str) -> None:
    code = OTHERS["one-hot-in-training-only"][0] + (
        f"def compile_model(model):\n    model.compile('adam', '{loss}', metrics=['accuracy'])\n    return model\n"
    )
    for question in ("q5", "q6", "q7"):
        assert_fails(results_of(question, code), set())
    assert "failed" in {result.outcome for result in results_of("q3", code).values()}


def test_what_is_right_is_not_to_be_found_on_the_way_to_evaluate() -> None:
    spying = """
def evaluate(model, x_test, y_test):
    import sys
    frame, found = sys._getframe(1), []
    while frame is not None:
        found += [value for value in frame.f_locals.values() if isinstance(value, dict) and "y_pred" in value]
        frame = frame.f_back
    return (found[0]["loss"], float(np.mean(found[0]["y_pred"].argmax(1) == found[0]["labels"])))
"""
    assert_fails(results_of("q7", spying), ALL_7, q7_answered="IndexError")


def test_a_loss_that_evaluate_compiles_itself_is_not_the_models() -> None:
    code = evaluate(
        "model.compile(loss='mse', metrics=['accuracy'])\nreturn model.evaluate(x_test, np.eye(10)[np.ravel(y_test)])"
    )
    assert_fails(results_of("q7", code), {"q7_loss"})


def test_evaluation_by_hand_is_right_under_a_wrong_loss() -> None:
    wrong = "def compile_model(model):\n    model.compile('adam', keras.losses.SparseCategoricalCrossentropy(from_logits=True), ['accuracy'])\n"
    by_hand = Q7_RIGHT["by-hand"]
    assert_fails(results_of("q7", wrong + by_hand), set())


def test_faults_after_question_5_cost_nothing_in_question_8() -> None:
    assert_fails(
        results_of("q8", without=("preprocess", "build_tiny_vgg", "compile_model", "train", "evaluate")), set()
    )


def test_names_of_metrics_are_the_students_even_where_question_5_is_wrong() -> None:
    wrong = (
        "def compile_model(model):\n    model.compile('adam', 'categorical_crossentropy', ['acc'])\n    return model\n"
    )
    drawn = panels().replace('"accuracy"', '"acc"')
    measured = evaluate("s = model.evaluate(x_test, y_test, return_dict=True)\nreturn s['loss'], s['acc']")
    assert_fails(results_of("q8", wrong + drawn), set())
    assert_fails(results_of("q7", wrong + measured), set())


@pytest.mark.parametrize(
    ("returned", "used"),
    [("history.history", "history"), ("__import__('pandas').DataFrame(history.history)", "history.to_dict('list')")],
)
def test_histories_have_the_form_of_question_6(returned: str, used: str) -> None:
    own = train(
        "history = model.fit(x, y, epochs=epochs, batch_size=batch_size, validation_split=0.3)\nreturn " + returned
    )
    assert_fails(results_of("q8", own + panels().replace("history.history", used)), set())


# ---- All three ----

NONSENSE = {
    "text": "'an answer'",
    "number": "7",
    "huge-list": "[[0.0] * 20000] * 20000",
    "class": "type('Thing', (), {})",
    "generator": "(i for i in range(3))",
    "dict-of-junk": "{'loss': None, 'accuracy': [1, 'x'], 'kind': 'array'}",
    "dict-of-dicts": "{'loss': {}, 'acc': {}}",
    "pair-of-nothing": "(None, None)",
    "pair-of-lists": "([1, 2], [3])",
    "not-numbers": "(float('nan'), 1e400)",
    "complex": "np.array([1j, 2])",
    "huge-number": "(10 ** 400, 1)",
    "true": "True",
}


@pytest.mark.parametrize("value", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_told_and_no_fault_of_the_grader(value: str) -> None:
    code = f"def anything(*arguments, **options):\n    return {value}\ntrain = evaluate = plot_history = anything\n"
    assert_fails(results_of("q6", code), ALL_6)
    seven = results_of("q7", code)
    assert failed(seven) in (ALL_7, ALL_7 - {"q7_answered"})
    assert {r.outcome for r in seven.values()} <= {"passed", "failed", "skipped"}
    assert_fails(results_of("q8", code), ALL_8)


@pytest.mark.parametrize(
    ("question", "function", "checks"),
    [("q6", "train", ALL_6), ("q7", "evaluate", ALL_7), ("q8", "plot_history", ALL_8)],
)
def test_a_missing_function_is_told(question: str, function: str, checks: set[str]) -> None:
    assert_fails(
        results_of(question, without=(function,)), checks, **{f"{question}_answered": f"`{function}` is not defined"}
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_reference_is_right_for_any_seed(seed: int) -> None:
    for question in ("q6", "q7", "q8"):
        assert_fails(results_of(question, seed=seed), set())


def test_nothing_is_left_in_the_working_directory() -> None:
    results_of("q6")
    assert os.listdir() == []
