"""Question 6: training."""

from answers.entries import Entry, cell_before, function, line, right, wrong

RIGHT: tuple[Entry, ...] = (
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

WRONG: tuple[Entry, ...] = (
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
