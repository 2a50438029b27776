"""Question 3: labels, and what `preprocess` returns."""

from answers.entries import Entry, function, line, wrong
from answers.q3_scaling import SCALED, images_as

LABELS = ("y_train.flatten()", "y_test.flatten()")


def labels_as(train: str, test: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Changes of `preprocess`: other expressions for the labels."""
    return (LABELS[0], train), (LABELS[1], test)


RIGHT: tuple[Entry, ...] = ()

WRONG: tuple[Entry, ...] = (
    wrong(
        "q3",
        "training images flipped at random",
        "augmentation belongs into training, where every epoch draws anew",
        function(
            "preprocess",
            """
def preprocess(x_train, y_train, x_test, y_test):
    x_train, x_test = x_train.astype("float32") / 255, x_test.astype("float32") / 255
    flipped = np.random.random(len(x_train)) < 0.5
    x_train[flipped] = x_train[flipped, :, ::-1]
    return x_train, y_train, x_test, y_test
""",
        ),
        marks=6,
        fails={"q3_same_map": "nothing is left to chance"},
    ),
    # Labels
    wrong(
        "q3",
        "labels scaled like images",
        "classes are no quantities",
        line("preprocess", *labels_as('y_train.astype("float32") / 255', 'y_test.astype("float32") / 255')),
        marks=6,
        fails={"q3_labels": "Labels are names of classes, not quantities"},
    ),
    wrong(
        "q3",
        "labels counted from one",
        "class 10 does not exist",
        line("preprocess", *labels_as("y_train.flatten() + 1", "y_test.flatten() + 1")),
        marks=6,
        fails={"q3_labels": "It reaches from 1 to 10"},
    ),
    wrong(
        "q3",
        "labels shuffled apart from images",
        "nothing can be learned from them",
        line("preprocess", (LABELS[0], "np.random.default_rng(1).permutation(y_train.flatten())")),
        marks=6,
        fails={
            "q3_labels": "In `y_train`, labels came out beside other images than they came in.\n"
            "Hint: Reorder images and labels together"
        },
    ),
    wrong(
        "q3",
        "one-hot labels for training only",
        "no loss fits both sets",
        line("preprocess", (LABELS[0], "keras.utils.to_categorical(y_train, 10)")),
        marks=6,
        fails={"q3_labels": "One-hot rows in one, whole numbers in the other"},
    ),
    wrong(
        "q3",
        "labels smoothed",
        "a row holds no single 1",
        line(
            "preprocess",
            *labels_as(
                "0.9 * keras.utils.to_categorical(y_train, 10) + 0.01",
                "0.9 * keras.utils.to_categorical(y_test, 10) + 0.01",
            ),
        ),
        line("compile_model", ("sparse_categorical_crossentropy", "categorical_crossentropy")),
        marks=6,
        fails={"q3_labels": "A one-hot row of `y_train` holds a single 1"},
    ),
    # Arguments and results
    wrong(
        "q3",
        "labels reshaped in place",
        "the raw labels of the caller lose their second axis",
        function(
            "preprocess",
            """
def preprocess(x_train, y_train, x_test, y_test):
    y_train.resize(len(y_train))
    y_test.resize(len(y_test))
    return x_train.astype("float32") / 255, y_train, x_test.astype("float32") / 255, y_test
""",
        ),
        marks=7,
        fails={"q3_inputs_unchanged": "After the call, the raw arrays had changed"},
    ),
    wrong(
        "q3",
        "divided in place",
        "whole numbers cannot hold fractions",
        function(
            "preprocess",
            """
def preprocess(x_train, y_train, x_test, y_test):
    x_train /= 255
    x_test /= 255
    return x_train, y_train, x_test, y_test
""",
        ),
        marks=0,
        fails={"q3_answered": "make a float copy first"},
    ),
    wrong(
        "q3",
        "images first, then labels",
        "the order is that of the arguments",
        function(
            "preprocess",
            """
def preprocess(x_train, y_train, x_test, y_test):
    x_train, x_test = x_train.astype("float32") / 255, x_test.astype("float32") / 255
    return x_train, x_test, y_train, y_test
""",
        ),
        marks=7,
        fails={"q3_answered": "The order is `x_train, y_train, x_test, y_test`"},
    ),
    wrong(
        "q3",
        "test set returned first",
        "the order is that of the arguments",
        function(
            "preprocess",
            """
def preprocess(x_train, y_train, x_test, y_test):
    x_train, x_test = x_train.astype("float32") / 255, x_test.astype("float32") / 255
    return x_test, y_test, x_train, y_train
""",
        ),
        marks=7,
        fails={"q3_answered": "The test set comes first"},
    ),
    wrong(
        "q3",
        "two pairs returned",
        "the question asks for four arrays",
        function(
            "preprocess",
            """
def preprocess(x_train, y_train, x_test, y_test):
    x_train, x_test = x_train.astype("float32") / 255, x_test.astype("float32") / 255
    return (x_train, y_train), (x_test, y_test)
""",
        ),
        marks=0,
        fails={"q3_answered": "It returned 2 values"},
    ),
    wrong(
        "q3",
        "one-hot rows of a column",
        "np.eye(10)[y] keeps the axis of length 1",
        line("preprocess", *labels_as("np.eye(10)[y_train]", "np.eye(10)[y_test]")),
        marks=0,
        fails={"q3_answered": "an array of shape (120, 1, 10)"},
    ),
    wrong(
        "q3",
        "images flattened to rows",
        "a convolution needs rows, columns and channels",
        line("preprocess", *images_as("x_train.reshape(-1, 3072) / 255", "x_test.reshape(-1, 3072) / 255")),
        marks=7,
        fails={"q3_answered": "an array of shape (120, 3072)"},
    ),
    wrong(
        "q3",
        "validation images split off here",
        "question 6 does that, and needs all training images",
        function(
            "preprocess",
            """
def preprocess(x_train, y_train, x_test, y_test):
    n = int(0.7 * len(x_train))
    x_val, y_val = x_train[n:] / 255.0, y_train[n:]
    return x_train[:n] / 255.0, y_train[:n], x_test / 255.0, y_test
""",
        ),
        marks=7,
        fails={"q3_answered": "Of 120 images, `x_train` holds 84."},
    ),
    wrong(
        "q3",
        "a fifth of the training images only",
        "the others are thrown away",
        line(
            "preprocess",
            *images_as('x_train[::5].astype("float32") / 255', SCALED[1]),
            (LABELS[0], "y_train[::5].flatten()"),
        ),
        marks=7,
        fails={"q3_answered": "Of 120 images, `x_train` holds 24."},
    ),
    wrong(
        "q3",
        "each image scaled to length one",
        "it is one fault, however small the values become",
        function(
            "preprocess",
            """
def preprocess(x_train, y_train, x_test, y_test):
    def scaled(x):
        return np.stack([image / np.linalg.norm(image.astype("float32")) for image in x])
    return scaled(x_train), y_train.flatten(), scaled(x_test), y_test.flatten()
""",
        ),
        marks=6,
        fails={"q3_same_map": "take it over the whole training set, not over each image"},
    ),
)
