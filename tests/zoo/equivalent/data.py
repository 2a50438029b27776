"""Questions 1 to 3: loading, looking at and preprocessing the data."""

from zoo.entries import Entry, function, line, right

ENTRIES: tuple[Entry, ...] = (
    right(
        "q3",
        "standardised by the training set",
        "the test images are mapped by the same mean and standard deviation",
        function(
            "preprocess",
            """
def preprocess(x_train, y_train, x_test, y_test):
    mean, std = x_train.mean(), x_train.std()
    x_train = (x_train - mean) / std
    x_test = (x_test - mean) / std
    return x_train.astype("float32"), y_train.ravel(), x_test.astype("float32"), y_test.ravel()
""",
        ),
    ),
    right(
        "q3",
        "labels left as columns",
        "Keras takes them so",
        line("preprocess", ("y_train.flatten()", "y_train"), ("y_test.flatten()", "y_test")),
    ),
)
