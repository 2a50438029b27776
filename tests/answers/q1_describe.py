"""Question 1: describing the data."""

from answers.entries import Entry, code, function, line, right, wrong


def describe(**replaced: str) -> str:
    """Source of `describe_data` with other values for some keys; empty, they are left out."""
    values = {
        "n_train": "len(x_train)",
        "n_test": "len(x_test)",
        "image_shape": "x_train.shape[1:]",
        "n_classes": "int(max(y_train.max(), y_test.max())) + 1",
        "class_counts": "np.bincount(np.ravel(y_train), minlength=int(max(y_train.max(), y_test.max())) + 1)",
    } | replaced
    inside = ", ".join(f"{key}={value}" for key, value in values.items() if value)
    return f"def describe_data(x_train, y_train, x_test, y_test):\n    return dict({inside})\n"


COUNTS = "np.bincount(y_train.ravel(), minlength=n_classes)"

RIGHT: tuple[Entry, ...] = (
    right(
        "q1",
        "classes counted by pandas",
        "a series with a row for every class holds the counts in the order of the labels",
        function(
            "describe_data",
            """
import pandas as pd


def describe_data(x_train, y_train, x_test, y_test):
    train_labels = pd.Series(np.ravel(y_train), name="label")
    classes = range(max(set(np.ravel(y_train).tolist()) | set(np.ravel(y_test).tolist())) + 1)
    counts = train_labels.value_counts().reindex(range(len(classes)), fill_value=0)
    return dict(
        n_train=len(x_train),
        n_test=len(x_test),
        image_shape=x_train.shape[1:],
        n_classes=len(classes),
        class_counts=counts,
    )
""",
        ),
    ),
    right(
        "q1",
        "counted one label at a time",
        "a plain loop over the column of labels counts as well as NumPy",
        function(
            "describe_data",
            """
def describe_data(x_train, y_train, x_test, y_test):
    n_classes = 0
    for labels in (y_train, y_test):
        for label in labels:
            n_classes = max(n_classes, int(label[0]) + 1)
    class_counts = [0] * n_classes
    for label in y_train:
        class_counts[int(label[0])] += 1
    rows, columns, channels = x_train[0].shape
    summary = {}
    summary["n_train"] = len(x_train)
    summary["n_test"] = len(x_test)
    summary["image_shape"] = (rows, columns, channels)
    summary["n_classes"] = n_classes
    summary["class_counts"] = class_counts
    return summary
""",
        ),
    ),
    right(
        "q1",
        "counts in a dict by class name",
        "every class has its count, and further keys are fine",
        function(
            "describe_data",
            """
def describe_data(x_train, y_train, x_test, y_test):
    labels = np.squeeze(y_train)
    return {
        "n_train": len(x_train),
        "n_test": len(x_test),
        "image_shape": x_train.shape[1:],
        "n_classes": int(np.union1d(y_train, y_test).max()) + 1,
        "class_counts": {name: int((labels == k).sum()) for k, name in enumerate(settings.CLASS_NAMES)},
        "mean_pixel": float(x_train.mean()),
        "dtype": x_train.dtype,
    }
""",
        ),
    ),
    right(
        "q1",
        "counted by adding one-hot rows",
        "sums over the rows are the counts, also as floats",
        line(
            "describe_data",
            (
                "np.bincount(y_train.ravel(), minlength=n_classes)",
                "keras.utils.to_categorical(y_train, n_classes).sum(axis=0)",
            ),
        ),
    ),
    right(
        "q1",
        "counts in a dict by number, and more keys",
        "what else it holds is free",
        code("""
def describe_data(x_train, y_train, x_test, y_test):
    n_classes = 1 + max(map(int, [*np.ravel(y_train), *np.ravel(y_test)]))
    counts = {k: (np.ravel(y_train) == k).sum() for k in range(n_classes)}
    return dict(n_train=len(x_train), n_test=len(x_test), image_shape=x_train.shape[1:], n_classes=n_classes,
                class_counts=counts, more="keys are fine", mean=x_train.mean())
"""),
    ),
    right(
        "q1",
        "numbers of NumPy",
        "they are numbers too",
        code("""
def describe_data(x_train, y_train, x_test, y_test):
    return dict(n_train=np.int64(len(x_train)), n_test=np.float32(len(x_test)), image_shape=np.array(x_test.shape[1:]),
                n_classes=np.maximum(y_train.max(), y_test.max()) + 1,
                class_counts=np.histogram(y_train, bins=np.arange(int(max(y_train.max(), y_test.max())) + 2))[0])
"""),
    ),
    right(
        "q1",
        "tensors for numbers",
        "they are numbers too",
        code("""
import tensorflow as tf
def describe_data(x_train, y_train, x_test, y_test):
    train, test = (tf.cast(tf.reshape(y, [-1]), tf.int32) for y in (y_train, y_test))
    n_classes = tf.reduce_max(tf.concat([train, test], 0)) + 1
    return dict(n_train=tf.constant(len(x_train)), n_test=len(x_test), image_shape=tf.constant(x_test.shape[1:]),
                n_classes=n_classes, class_counts=tf.math.bincount(train, minlength=n_classes))
"""),
    ),
    right(
        "q1",
        "ordered dictionary, and prints",
        "an ordered one is a dictionary too",
        code("""
import collections
def describe_data(x_train, y_train, x_test, y_test):
    print("looking"); print(x_train.shape)
    counts = collections.Counter(np.ravel(y_train).tolist())
    return collections.OrderedDict(n_train=len(x_train), n_test=len(x_test), image_shape=x_train.shape[1:],
                                   n_classes=(n := int(np.max([*y_train.flat, *y_test.flat])) + 1),
                                   class_counts=[counts[k] for k in range(n)])
"""),
    ),
)

WRONG: tuple[Entry, ...] = (
    # `describe_data`
    wrong(
        "q1",
        "numbers of CIFAR-10 typed in",
        "they describe no other arrays",
        function(
            "describe_data",
            """
def describe_data(x_train, y_train, x_test, y_test):
    return {
        "n_train": 50000,
        "n_test": 10000,
        "image_shape": (32, 32, 3),
        "n_classes": 10,
        "class_counts": [5000] * 10,
    }
""",
        ),
        marks=3,
        fails={"q1_summary": "It is 50000.\nHint: Compute every value from the arguments; nothing may be typed in"},
    ),
    wrong(
        "q1",
        "counts typed in",
        "5000 a class holds for CIFAR-10 only",
        line("describe_data", (COUNTS, "[5000] * n_classes")),
        marks=3,
        fails={"q1_summary": "Count the labels of the training set, for every class"},
    ),
    wrong(
        "q1",
        "global arrays described, not the arguments",
        "the function gives the same answer for any arrays",
        function(
            "describe_data",
            """
(X, Y), (X_t, Y_t) = keras.datasets.cifar10.load_data()


def describe_data(x_train, y_train, x_test, y_test):
    labels, counts = np.unique(Y, return_counts=True)
    return dict(n_train=len(X), n_test=len(X_t), image_shape=X.shape[1:], n_classes=len(labels), class_counts=counts)
""",
        ),
        marks=3,
        fails={"q1_summary": "Compute every value from the arguments"},
    ),
    wrong(
        "q1",
        "labels of both sets counted",
        "the question asks for training images",
        line(
            "describe_data",
            (COUNTS, "np.bincount(np.concatenate([y_train.ravel(), y_test.ravel()]), minlength=n_classes)"),
        ),
        marks=3,
        fails={"q1_summary": "counts the training images of each class"},
    ),
    wrong(
        "q1",
        "one-hot rows added along the wrong axis",
        "that gives a 1 for every image",
        line("describe_data", (COUNTS, "keras.utils.to_categorical(y_train, n_classes).sum(axis=1)")),
        marks=3,
        fails={"q1_summary": "It holds 57 numbers, not 10."},
    ),
    wrong(
        "q1",
        "class without training images left out",
        "all later counts move to the class before",
        line("describe_data", (COUNTS, "np.unique(y_train, return_counts=True)[1]")),
        marks=3,
        fails={"q1_summary": "0 for a class that has none"},
    ),
    wrong(
        "q1",
        "counts sorted by size",
        "value_counts puts the most frequent class first",
        function(
            "describe_data",
            """
import pandas as pd


def describe_data(x_train, y_train, x_test, y_test):
    n_classes = int(max(y_train.max(), y_test.max())) + 1
    labels = pd.Categorical(y_train.ravel(), categories=range(n_classes))
    counts = pd.Series(labels).value_counts()
    return {
        "n_train": len(x_train),
        "n_test": len(x_test),
        "image_shape": x_train.shape[1:],
        "n_classes": n_classes,
        "class_counts": counts.tolist(),
    }
""",
        ),
        marks=3,
        fails={"q1_summary": "for every class from 0 on"},
    ),
    wrong(
        "q1",
        "numbers looked for among columns",
        "a list of one-element lists holds no number, so every count is 0",
        line("describe_data", (COUNTS, "[y_train.tolist().count(k) for k in range(n_classes)]")),
        marks=3,
        fails={"q1_summary": "It is [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]"},
    ),
    wrong(
        "q1",
        "largest label taken for number of classes",
        "labels start at 0",
        function(
            "describe_data",
            """
def describe_data(x_train, y_train, x_test, y_test):
    return {
        "n_train": len(x_train),
        "n_test": len(x_test),
        "image_shape": x_train.shape[1:],
        "n_classes": int(y_train.max()),
        "class_counts": np.bincount(y_train.ravel()),
    }
""",
        ),
        marks=3,
        fails={"q1_summary": "`n_classes` is the largest label in either set, plus one"},
    ),
    wrong(
        "q1",
        "number of images within the image shape",
        "the shape of one image has three numbers",
        line("describe_data", ("x_train.shape[1:]", "x_train.shape")),
        marks=3,
        fails={"q1_summary": "`image_shape` describes these arrays"},
    ),
    wrong(
        "q1",
        "column of labels given to bincount",
        "bincount takes flat arrays only",
        line("describe_data", ("y_train.ravel()", "y_train")),
        marks=2.5,
        fails={"q1_described": "`np.ravel(y)` gives plain numbers"},
    ),
    wrong(
        "q1",
        "keys with names of their own",
        "the keys are given in the question",
        line("describe_data", ('"n_train": len', '"num_train": len'), ('"n_test": len', '"num_test": len')),
        marks=2.5,
        fails={"q1_described": "There is no `n_train`, no `n_test`"},
    ),
    wrong(
        "q1",
        "description printed, not returned",
        "nothing comes back",
        function(
            "describe_data",
            """
def describe_data(x_train, y_train, x_test, y_test):
    print("training images:", len(x_train), "test images:", len(x_test))
    print("shape of an image:", x_train.shape[1:])
    print("images of each class:", np.bincount(y_train.ravel(), minlength=10))
""",
        ),
        marks=2.5,
        fails={"q1_described": "returned nothing"},
    ),
    wrong(
        "q1",
        "image shape typed in",
        "that of the argument is asked for",
        code(describe(image_shape="settings.IMAGE_SHAPE")),
        marks=3,
        fails={"q1_summary": "`image_shape` describes"},
    ),
    wrong(
        "q1",
        "labels of the test set counted",
        "those of the training set are asked for",
        code(describe(class_counts="np.bincount(np.ravel(y_test), minlength=10)")),
        marks=3,
        fails={"q1_summary": "Count the labels of the training set"},
    ),
    wrong(
        "q1",
        "sums of the images for counts",
        "labels are to be counted",
        code(describe(class_counts="np.sum(x_train, axis=(0, 1, 2))")),
        marks=3,
        fails={"q1_summary": "counts the training"},
    ),
    wrong(
        "q1",
        "class without images left out of a dictionary",
        "its count is 0",
        code(describe(class_counts="dict(zip(*np.unique(y_train, return_counts=True)))")),
        marks=3,
        fails={"q1_summary": "0 for a class that has none"},
    ),
    wrong(
        "q1",
        "classes of the training set only",
        "the test set can hold others",
        code(describe(n_classes="len(np.unique(y_train))")),
        marks=3,
        fails={"q1_summary": "`n_classes` is the largest label in either set"},
    ),
    wrong(
        "q1",
        "numbers of images swapped",
        "each has its name",
        code(describe(n_train="len(x_test)", n_test="len(x_train)")),
        marks=3,
        fails={"q1_summary": "`n_train`"},
    ),
    wrong(
        "q1",
        "number of classes left out",
        "it is asked for",
        code(describe(n_classes="")),
        marks=4.5,
        fails={"q1_described": "There is no `n_classes`."},
    ),
    wrong(
        "q1",
        "shorter keys",
        "the names are given",
        code(
            "def describe_data(a, b, c, d):\n"
            "    return {'n_train': len(a), 'test': len(c), 'shape': a.shape[1:], 'classes': 10}\n"
        ),
        marks=2.5,
        fails={"q1_described": "There is no `n_test`, no `image_shape`"},
    ),
    wrong(
        "q1",
        "labels for counts",
        "they are to be counted",
        code(describe(class_counts="np.ravel(y_train)")),
        marks=3,
        fails={"q1_summary": "It holds the labels themselves"},
    ),
    wrong(
        "q1",
        "labels of the classes for counts",
        "their images are to be counted",
        code(describe(class_counts="range(1 + int(max(y_train.max(), y_test.max())))")),
        marks=3,
        fails={"q1_summary": "the labels of the classes themselves"},
    ),
    wrong(
        "q1",
        "ten classes typed in",
        "they follow from the arguments",
        code(describe(n_classes="10")),
        marks=3,
        fails={"q1_summary": "is the largest label in either set, plus one"},
    ),
    wrong(
        "q1",
        "classes of both sets counted",
        "one without any image is missed",
        code(describe(n_classes="len(np.unique([*np.ravel(y_train), *np.ravel(y_test)]))")),
        marks=3,
        fails={"q1_summary": "A class without any image counts, too"},
    ),
    wrong(
        "q1",
        "list of lengths",
        "a dictionary is asked for",
        code("def describe_data(*arrays):\n    return [len(a) for a in arrays]\n"),
        marks=2.5,
        fails={"q1_described": "returns a dictionary"},
    ),
    wrong(
        "q1",
        "an array of the notebook described",
        "the arguments are not used",
        code(describe(n_train="len(x_train_raw)")),
        marks=2.5,
        fails={"q1_described": "names from cells that have run"},
    ),
    wrong(
        "q1",
        "describe_data left out",
        "the notebook does not define it",
        code("del describe_data"),
        marks=2.5,
        fails={"q1_described": "was it renamed"},
    ),
)
