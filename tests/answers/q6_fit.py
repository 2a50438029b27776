"""Question 6: arguments of `fit`, and data in other forms; snippets."""

from answers.entries import Entry, code, right, wrong


def train(body: str, head: str = "model, x, y, epochs=100, batch_size=128") -> str:
    """Source of `train`, given the lines of its body."""
    return f"def train({head}):\n" + "".join(f"    {line}\n" for line in body.strip().splitlines())


def fit(*more: str, **replaced: str) -> str:
    """Source of `train` that calls `fit` with more arguments or other ones; empty, they are left out."""
    options = {"epochs": "epochs", "batch_size": "batch_size", "validation_split": "0.3", "verbose": "0"} | replaced
    inside = ", ".join(["x", "y", *(f"{key}={value}" for key, value in options.items() if value), *more])
    return train(f"return model.fit({inside})")


SPLIT = "n = int(0.7 * len(x))\n"
SPLIT_FIT = "return model.fit(a, ya, epochs=epochs, batch_size=batch_size, validation_data=(b, yb), verbose=0)"
TF_DATA = "import tensorflow as tf\nds = tf.data.Dataset.from_tensor_slices\n"
GLOBALS = """
_r = np.random.default_rng(1)
x_train, x_test = (_r.random((n, 32, 32, 3), dtype=np.float32) for n in (600, 400))
y_train, y_test = (_r.integers(0, 10, n) for n in (600, 400))
"""

RIGHT: tuple[Entry, ...] = (
    right(
        "q6",
        "every argument of fit in its place",
        "Keras takes them all by position",
        code(train("return model.fit(x, y, batch_size, epochs, 0, None, 0.3)")),
    ),
    right(
        "q6",
        "images and labels by keyword",
        "`fit` has names for them too",
        code(train("return model.fit(x=x, y=y, validation_split=3 / 10, epochs=epochs, batch_size=batch_size)")),
    ),
    right("q6", "progress bar left as it comes", "what is printed is free", code(fit(verbose=""))),
    right(
        "q6",
        "first part held out",
        "which images are held out is free",
        code(train("n = round(0.3 * len(x))\na, b, ya, yb = x[n:], x[:n], y[n:], y[:n]\n" + SPLIT_FIT)),
    ),
    right(
        "q6",
        "last 15000 held out",
        "that is 30% of the training images of CIFAR-10",
        code(train("a, b, ya, yb = x[:-15000], x[-15000:], y[:-15000], y[-15000:]\n" + SPLIT_FIT)),
    ),
    right(
        "q6",
        "first 15000 held out",
        "that is 30% of the training images of CIFAR-10",
        code(train("a, b, ya, yb = x[15000:], x[:15000], y[15000:], y[:15000]\n" + SPLIT_FIT)),
    ),
    right(
        "q6",
        "three of every ten images held out",
        "which images are held out is free",
        code(
            train(
                "held = np.arange(len(x)) % 10 < 3\na, b, ya, yb = x[~held], x[held], y[~held], y[held]\n" + SPLIT_FIT
            )
        ),
    ),
    right(
        "q6",
        "pipelines of tf.data made of slices",
        "split before anything is shuffled",
        code(
            train(
                TF_DATA + SPLIT + "t = ds((x[:n], y[:n])).shuffle(1000).batch(batch_size).prefetch(2)\n"
                "v = ds((x[n:], y[n:])).batch(256)\n"
                "return model.fit(t, epochs=epochs, validation_data=v, verbose=0)"
            )
        ),
    ),
    right(
        "q6",
        "pipelines of tf.data without a smaller last batch",
        "the few images left out of a pass do not change the share",
        code(
            train(
                TF_DATA + SPLIT + "t = ds((x[:n], y[:n])).shuffle(99).batch(batch_size, drop_remainder=True)\n"
                "v = ds((x[n:], y[n:])).batch(batch_size, drop_remainder=True)\n"
                "return model.fit(t, epochs=epochs, validation_data=v, verbose=0)"
            )
        ),
    ),
    right(
        "q6",
        "pipeline of tf.data repeated for ever",
        "the steps of an epoch are one pass",
        code(
            train(
                TF_DATA + SPLIT + "t = ds((x[:n], y[:n])).shuffle(n).repeat().batch(batch_size)\n"
                "return model.fit(t, steps_per_epoch=n // batch_size, epochs=epochs, validation_data=(x[n:], y[n:]))"
            )
        ),
    ),
    right(
        "q6",
        "batches from a generator",
        "the steps of an epoch are one pass",
        code(
            """
def batches(x, y, size):
    while True:
        for i in range(0, len(x), size):
            yield x[i : i + size], y[i : i + size]
"""
            + train(
                SPLIT + "return model.fit(batches(x[:n], y[:n], batch_size), steps_per_epoch=-(-n // batch_size), "
                "epochs=epochs,\n"
                "    validation_data=(x[n:], y[n:]))"
            )
        ),
    ),
    right(
        "q6",
        "learning rate lowered on plateaus and by a schedule",
        "the number of epochs stays",
        code(
            fit(
                "callbacks=[keras.callbacks.ReduceLROnPlateau(patience=2),"
                " keras.callbacks.LearningRateScheduler(lambda e, lr: lr * 0.99)]"
            )
        ),
    ),
    right(
        "q6",
        "own callback that prints dots",
        "it does not end training",
        code(
            "class Dots(keras.callbacks.Callback):\n"
            "    def on_epoch_end(self, epoch, logs=None):\n        print('.', end='')\n" + fit("callbacks=[Dots()]")
        ),
    ),
    right(
        "q6",
        "further arguments with defaults",
        "those that are asked for are there",
        code(
            train(
                "return model.fit(x, y, epochs=epochs, batch_size=batch_size, validation_split=split, verbose=verbose)",
                "model, x, y, epochs=100, batch_size=128, split=0.3, verbose=0",
            )
        ),
    ),
    right(
        "q6",
        "images as a tensor",
        "Keras takes tensors too",
        code(
            train(
                "import tensorflow as tf\nx = tf.constant(x)\n"
                "return model.fit(x, y, epochs=epochs, batch_size=batch_size, validation_split=0.3)"
            )
        ),
    ),
    right("q6", "class weights of one", "they change nothing", code(fit("class_weight={k: 1.0 for k in range(10)}"))),
)

WRONG: tuple[Entry, ...] = (
    wrong(
        "q6",
        "ten epochs whatever is asked",
        "it is neither the default that is asked for nor what is passed in",
        code(fit(epochs="10")),
        marks=5,
        fails={"q6_arguments": "10 epochs with batches of 50", "q6_epochs": "`fit` was asked for 10."},
    ),
    wrong(
        "q6",
        "a third held out",
        "the question asks for 30%",
        code(fit(validation_split="1 / 3")),
        marks=7,
        fails={"q6_validation_share": "(33."},
    ),
    wrong(
        "q6",
        "trained on the arrays of the notebook",
        "the arguments are not used",
        code(
            GLOBALS
            + train("return model.fit(x_train, y_train, epochs=epochs, batch_size=batch_size, validation_split=0.3)")
        ),
        marks=7,
        fails={"q6_held_out": "the images that `train` gets"},
    ),
    wrong(
        "q6",
        "overlapping slices",
        "some images are trained on and validated on",
        code(train("n = int(0.7 * len(x))\na, b, ya, yb = x[:n + 40], x[n:], y[:n + 40], y[n:]\n" + SPLIT_FIT)),
        marks=7,
        fails={"q6_held_out": "40 images are used for both"},
    ),
    wrong(
        "q6",
        "another model of the notebook trained",
        "the one that is passed in stays untrained",
        code(
            "other = compile_model(build_tiny_vgg())\n"
            + train("return other.fit(x, y, epochs=epochs, batch_size=batch_size, validation_split=0.3)")
        ),
        marks=7,
        fails={"q6_arguments": "another model of the notebook"},
    ),
    wrong(
        "q6",
        "model returned",
        "the history is lost",
        code(train("model.fit(x, y, epochs=epochs, batch_size=batch_size, validation_split=0.3)\nreturn model")),
        marks=7,
        fails={"q6_history": "Return what `fit` returns"},
    ),
    wrong(
        "q6",
        "epochs in three calls, the last history returned",
        "that of the earlier epochs is lost",
        code(
            train(
                "for a, b in ((0, 1), (1, 5), (5, epochs)):\n"
                "    h = model.fit(x, y, initial_epoch=a, epochs=b, batch_size=batch_size, validation_split=0.3)\n"
                "return h"
            )
        ),
        marks=7,
        fails={"q6_history": "For epochs=100 it has 95, and `fit` was called 3 times."},
    ),
    wrong(
        "q6",
        "no arguments for epochs and batch size",
        "nobody can ask for others",
        code(train("return model.fit(x, y, epochs=100, batch_size=128, validation_split=0.3)", "model, x, y")),
        marks=7,
        fails={"q6_arguments": "Keep the arguments"},
    ),
    wrong(
        "q6",
        "evaluated in place of trained",
        "`fit` is not called",
        code(train("return model.evaluate(x, y)")),
        marks=0,
        fails={"q6_answered": "`fit` was not called"},
    ),
    wrong(
        "q6",
        "left as it came",
        "nothing is trained",
        code(train("...")),
        marks=0,
        fails={"q6_answered": "`fit` was not called"},
    ),
    wrong(
        "q6",
        "raises an error",
        "nothing is trained",
        code(train("raise ValueError('later')")),
        marks=0,
        fails={"q6_answered": "ValueError"},
    ),
    wrong(
        "q6",
        "left out",
        "the notebook does not define it",
        code("del train"),
        marks=0,
        fails={"q6_answered": "`train` is not defined"},
    ),
)
