"""Question 1: describing the data."""

from answers.entries import Entry, function, line, right, wrong

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
)
