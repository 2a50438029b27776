"""Question 1: loading the data."""

from answers.entries import Entry, code, function, right, wrong


def load(returned: str) -> str:
    """Source of `load_data`, given what it returns."""
    return f"def load_data():\n    (a, b), (c, d) = keras.datasets.cifar10.load_data()\n    return {returned}\n"


RIGHT: tuple[Entry, ...] = (
    right(
        "q1",
        "labels flattened on loading",
        "labels of shape (n,) are as good as columns",
        function(
            "load_data",
            """
def load_data():
    (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
    return (x_train, y_train.flatten()), (x_test, y_test.flatten())
""",
        ),
        function(
            "describe_data",
            """
def describe_data(x_train, y_train, x_test, y_test):
    return {
        "n_train": x_train.shape[0],
        "n_test": x_test.shape[0],
        "image_shape": list(x_test.shape[1:]),
        "n_classes": int(np.concatenate([y_train, y_test]).max()) + 1,
        "class_counts": np.bincount(y_train, minlength=int(np.concatenate([y_train, y_test]).max()) + 1).tolist(),
    }
""",
        ),
    ),
    right(
        "q1",
        "data loaded through tf.keras",
        "it is the same Keras, and prints and assertions do no harm",
        function(
            "load_data",
            """
import tensorflow as tf
from tensorflow.keras.datasets import cifar10


def load_data():
    (train_images, train_labels), (test_images, test_labels) = cifar10.load_data()
    print("train:", train_images.shape, train_labels.shape)
    print("test:", test_images.shape, test_labels.shape)
    assert train_images.dtype == tf.keras.datasets.cifar10.load_data()[1][0].dtype
    return (train_images, train_labels), (test_images, test_labels)
""",
        ),
    ),
    right(
        "q1",
        "lists in place of tuples on loading",
        "they stand for pairs",
        code("""
def load_data():
    (a, b), (c, d) = keras.datasets.cifar10.load_data()
    return [[a, b], [c, d]]
"""),
    ),
)

WRONG: tuple[Entry, ...] = (
    # `load_data`
    wrong(
        "q1",
        "training and test set swapped",
        "the smaller set would be trained on",
        function(
            "load_data",
            """
def load_data():
    (x_test, y_test), (x_train, y_train) = keras.datasets.cifar10.load_data()
    return (x_train, y_train), (x_test, y_test)
""",
        ),
        marks=4,
        fails={"q1_shapes": "Is the training set returned first"},
    ),
    wrong(
        "q1",
        "four arrays in a row",
        "the question asks for two pairs",
        function(
            "load_data",
            """
def load_data():
    (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
    return x_train, y_train, x_test, y_test
""",
        ),
        marks=4.5,
        fails={"q1_answered": "It returned four arrays in a row."},
    ),
    wrong(
        "q1",
        "training set returned as test set too",
        "accuracy would be measured on images that were learned",
        function(
            "load_data",
            """
def load_data():
    (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
    return (x_train, y_train), (x_train, y_train)
""",
        ),
        marks=4,
        fails={"q1_shapes": "`x_test` has the shape (10000, 32, 32, 3)"},
    ),
    wrong(
        "q1",
        "validation images split off on loading",
        "ten thousand training images are missing",
        function(
            "load_data",
            """
def load_data():
    (x, y), test = keras.datasets.cifar10.load_data()
    x_train, x_val = x[:40000], x[40000:]
    y_train, y_val = y[:40000], y[40000:]
    return (x_train, y_train), test
""",
        ),
        marks=4,
        fails={"q1_shapes": "Its shape is (40000, 32, 32, 3)"},
    ),
    wrong(
        "q1",
        "images scaled on loading",
        "question 1 asks for raw images",
        function(
            "load_data",
            """
def load_data():
    (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_train = x_train.astype("float32") / 255
    x_test = x_test.astype("float32") / 255
    return (x_train, y_train), (x_test, y_test)
""",
        ),
        marks=4,
        fails={"q1_images": "Scaling belongs into `preprocess`"},
    ),
    wrong(
        "q1",
        "labels one-hot on loading",
        "question 1 asks for integer labels",
        function(
            "load_data",
            """
def load_data():
    (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
    y_train = keras.utils.to_categorical(y_train)
    y_test = keras.utils.to_categorical(y_test)
    return (x_train, y_train), (x_test, y_test)
""",
        ),
        marks=4,
        fails={"q1_shapes": "Its shape is (50000, 10)"},
    ),
    wrong(
        "q1",
        "training images shuffled without labels",
        "labels no longer belong to their images",
        function(
            "load_data",
            """
def load_data():
    (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
    order = np.random.default_rng(0).permutation(len(x_train))
    x_train = x_train[order]
    return (x_train, y_train), (x_test, y_test)
""",
        ),
        marks=4,
        fails={"q1_images": "The images of the train arrays are those of CIFAR-10, in their order"},
    ),
    wrong(
        "q1",
        "labels turned into floats",
        "the question asks for integers",
        function(
            "load_data",
            """
def load_data():
    (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
    return (x_train, y_train.astype("float32")), (x_test, y_test.astype("float32"))
""",
        ),
        marks=4,
        fails={"q1_images": "`y_train` holds whole numbers"},
    ),
    wrong(
        "q1",
        "images and labels swapped",
        "images come first",
        code(load("(b, a), (d, c)")),
        marks=3,
        fails={"q1_shapes": "images and labels in their places"},
    ),
    wrong(
        "q1",
        "training set alone",
        "the test set is asked for too",
        code(load("(a, b)")),
        marks=2.5,
        fails={"q1_answered": "It returned"},
    ),
    wrong(
        "q1",
        "sets in a dictionary",
        "two pairs are asked for",
        code(load("{'train': (a, b), 'test': (c, d)}")),
        marks=2.5,
        fails={"q1_answered": "It returned a dict"},
    ),
    wrong(
        "q1",
        "training labels shuffled without images",
        "images get the labels of others",
        code(load("(a, np.random.permutation(b)), (c, d)")),
        marks=4,
        fails={"q1_images": "The labels of the train"},
    ),
    wrong(
        "q1",
        "channels first",
        "the images of Keras have their channels last",
        code(load("(np.moveaxis(a, 3, 1), b), (np.moveaxis(c, 3, 1), d)")),
        marks=4,
        fails={"q1_shapes": "(50000, 3, 32, 32)"},
    ),
    wrong(
        "q1",
        "images of both sets first",
        "a pair for each set is asked for",
        code(load("(a, c), (b, d)")),
        marks=4.5,
        fails={"q1_answered": "the images of both sets first, then the labels of both"},
    ),
    wrong(
        "q1",
        "loading raises an error",
        "nothing is loaded",
        code("def load_data():\n    return 1 / 0\n"),
        marks=2.5,
        fails={"q1_answered": "ZeroDivisionError"},
    ),
    wrong(
        "q1",
        "loading left as it came",
        "nothing is loaded",
        code("def load_data():\n    ...\n"),
        marks=2.5,
        fails={"q1_answered": "It returned None"},
    ),
    wrong(
        "q1",
        "load_data left out",
        "the notebook does not define it",
        code("del load_data"),
        marks=2.5,
        fails={"q1_answered": "`load_data` is not defined"},
    ),
)
