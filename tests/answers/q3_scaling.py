"""Question 3: scaling the images."""

from answers.entries import Entry, function, line, right, wrong

ONE_HOT_LOSS = line("compile_model", ("sparse_categorical_crossentropy", "categorical_crossentropy"))
SCALED = ('x_train.astype("float32") / 255', 'x_test.astype("float32") / 255')


def images_as(train: str, test: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Changes of `preprocess`: other expressions for the images."""
    return (SCALED[0], train), (SCALED[1], test)


RIGHT: tuple[Entry, ...] = (
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
    right(
        "q3",
        "divided by 255 in double precision",
        "only memory is lost",
        line(
            "preprocess",
            ('x_train.astype("float32") / 255', "x_train / 255.0"),
            ('x_test.astype("float32") / 255', "x_test / 255.0"),
        ),
    ),
    right(
        "q3",
        "scaled to minus one to one",
        "one fixed map for all images",
        function(
            "preprocess",
            """
def to_unit_interval(images):
    return images.astype(np.float32) / 127.5 - 1


def preprocess(x_train, y_train, x_test, y_test):
    return [to_unit_interval(x_train), np.squeeze(y_train), to_unit_interval(x_test), np.squeeze(y_test)]
""",
        ),
    ),
    right(
        "q3",
        "standardised per channel",
        "three means and deviations, all of the training images",
        function(
            "preprocess",
            """
def preprocess(x_train, y_train, x_test, y_test):
    x_train, x_test = x_train.astype("float32"), x_test.astype("float32")
    mean = np.mean(x_train, axis=(0, 1, 2))
    std = np.std(x_train, axis=(0, 1, 2))
    for channel in range(3):
        for images in (x_train, x_test):
            images[..., channel] = (images[..., channel] - mean[channel]) / std[channel]
    return x_train, y_train.astype("int64"), x_test, y_test.astype("int64")
""",
        ),
    ),
    right(
        "q3",
        "standardised per pixel",
        "every place has a mean and deviation of its own, of the training images",
        function(
            "preprocess",
            """
def preprocess(x_train, y_train, x_test, y_test):
    x_train, x_test = x_train.astype("float32"), x_test.astype("float32")
    mean = x_train.mean(axis=0, keepdims=True)
    std = x_train.std(axis=0, keepdims=True)
    x_train -= mean
    x_train /= std + 1e-7
    x_test -= mean
    x_test /= std + 1e-7
    return x_train, y_train.ravel(), x_test, y_test.ravel()
""",
        ),
    ),
    right(
        "q3",
        "mean image subtracted, one-hot labels",
        "centring by the training images leaves values of order one",
        function(
            "preprocess",
            """
def preprocess(x_train, y_train, x_test, y_test):
    x_train = x_train.astype("float32") / 255
    x_test = x_test.astype("float32") / 255
    x_train_mean = np.mean(x_train, axis=0)
    x_train -= x_train_mean
    x_test -= x_train_mean
    y_train = keras.utils.to_categorical(y_train, settings.N_CLASSES)
    y_test = keras.utils.to_categorical(y_test, settings.N_CLASSES)
    return x_train, y_train, x_test, y_test
""",
        ),
        ONE_HOT_LOSS,
    ),
    right(
        "q3",
        "one-hot rows of an identity matrix",
        "whole numbers 0 and 1 are one-hot too",
        line(
            "preprocess",
            ("y_train.flatten()", "np.eye(10, dtype=int)[y_train.flatten()]"),
            ("y_test.flatten()", "np.eye(10, dtype=int)[y_test.flatten()]"),
        ),
        ONE_HOT_LOSS,
    ),
    right(
        "q3",
        "scaler and binarizer of scikit-learn",
        "both are fitted to the training set and applied to both sets",
        function(
            "preprocess",
            """
from sklearn.preprocessing import LabelBinarizer, StandardScaler


def preprocess(x_train, y_train, x_test, y_test):
    scaler = StandardScaler()
    train = scaler.fit_transform(x_train.reshape(-1, 3).astype("float32")).reshape(x_train.shape)
    test = scaler.transform(x_test.reshape(-1, 3).astype("float32")).reshape(x_test.shape)
    binarizer = LabelBinarizer().fit(range(10))
    return train, binarizer.transform(y_train.ravel()), test, binarizer.transform(y_test.ravel())
""",
        ),
        ONE_HOT_LOSS,
    ),
    right(
        "q3",
        "one-hot labels as data frames of pandas",
        "Keras trains on them as on arrays",
        function(
            "preprocess",
            """
import pandas as pd


def preprocess(x_train, y_train, x_test, y_test):
    y_train = pd.get_dummies(y_train.ravel(), dtype="float32")
    y_test = pd.get_dummies(y_test.ravel(), dtype="float32")
    return x_train.astype("float32") / 255, y_train, x_test.astype("float32") / 255, y_test
""",
        ),
        ONE_HOT_LOSS,
    ),
    right(
        "q3",
        "normalization layer adapted to the training set",
        "a layer of Keras may do the scaling",
        function(
            "preprocess",
            """
import tensorflow as tf


def preprocess(x_train, y_train, x_test, y_test):
    scale = tf.keras.layers.Normalization(axis=-1)
    scale.adapt(x_train[:5000].astype("float32"))
    x_train, x_test = (np.asarray(scale(x.astype("float32"))) for x in (x_train, x_test))
    return x_train, y_train, x_test, y_test
""",
        ),
    ),
    right(
        "q3",
        "scaled by published means",
        "fixed numbers from the literature leak nothing",
        function(
            "preprocess",
            """
CIFAR_MEAN = np.array([0.4914, 0.4822, 0.4465], dtype="float32")
CIFAR_STD = np.array([0.2470, 0.2435, 0.2616], dtype="float32")


def preprocess(x_train, y_train, x_test, y_test):
    x_train, x_test = [(x.astype("float32") / 255 - CIFAR_MEAN) / CIFAR_STD for x in (x_train, x_test)]
    return x_train, y_train[:, 0], x_test, y_test[:, 0]
""",
        ),
    ),
    right(
        "q3",
        "training images and labels shuffled together",
        "every image keeps its label",
        function(
            "preprocess",
            """
from sklearn.utils import shuffle


def preprocess(x_train, y_train, x_test, y_test):
    x_train, y_train = shuffle(x_train, y_train, random_state=42)
    return x_train.astype("float32") / 255, y_train, x_test.astype("float32") / 255, y_test
""",
        ),
    ),
    right(
        "q3",
        "colours in the order blue green red",
        "one fixed map for all images, and a network has no use for the names of its channels",
        function(
            "preprocess",
            """
def preprocess(x_train, y_train, x_test, y_test):
    x_train = x_train[..., ::-1].astype("float32")
    x_test = x_test[..., ::-1].astype("float32")
    mean = [103.939, 116.779, 123.68]
    return (x_train - mean) / 255, y_train.ravel(), (x_test - mean) / 255, y_test.ravel()
""",
        ),
    ),
)

WRONG: tuple[Entry, ...] = (
    # Scale
    wrong(
        "q3",
        "images turned into floats but not scaled",
        "values reach 255",
        line("preprocess", *images_as('x_train.astype("float32")', 'x_test.astype("float32")')),
        marks=6,
        fails={"q3_scaled": "Raw values reach from 0 to 255"},
    ),
    wrong(
        "q3",
        "divided by 255 twice",
        "values stay below 0.004",
        function(
            "preprocess",
            """
def preprocess(x_train, y_train, x_test, y_test):
    x_train = x_train.astype("float32") / 255
    x_test = x_test.astype("float32") / 255
    x_train, x_test = x_train / 255.0, x_test / 255.0
    return x_train, y_train, x_test, y_test
""",
        ),
        marks=6,
        fails={"q3_scaled": "Were they scaled twice"},
    ),
    wrong(
        "q3",
        "divided as whole numbers",
        "all but the brightest values become 0",
        line("preprocess", *images_as("x_train // 255", "x_test // 255")),
        marks=6,
        fails={"q3_scaled": "`x_train` holds floats"},
    ),
    wrong(
        "q3",
        "converted to float after whole division",
        "the fractions are lost before",
        line("preprocess", *images_as('(x_train // 255).astype("float32")', '(x_test // 255).astype("float32")')),
        marks=6,
        fails={"q3_scaled": "divided as whole numbers"},
    ),
    wrong(
        "q3",
        "only the mean subtracted",
        "values still reach beyond 100",
        line("preprocess", *images_as("x_train - x_train.mean()", "x_test - x_train.mean()")),
        marks=6,
        fails={"q3_scaled": "between -10 and 10"},
    ),
    wrong(
        "q3",
        "parentheses forgotten in standardising",
        "the mean is divided, not the difference",
        line(
            "preprocess",
            *images_as("x_train - x_train.mean() / x_train.std()", "x_test - x_train.mean() / x_train.std()"),
        ),
        marks=6,
        fails={"q3_scaled": "They reach from"},
    ),
    wrong(
        "q3",
        "preprocessing of ResNet50",
        "it subtracts means and does not divide",
        line(
            "preprocess",
            *images_as(
                "keras.applications.resnet50.preprocess_input(x_train)",
                "keras.applications.resnet50.preprocess_input(x_test)",
            ),
        ),
        marks=6,
        fails={"q3_scaled": "of order one"},
    ),
    wrong(
        "q3",
        "test images forgotten",
        "they stay raw",
        line("preprocess", (SCALED[1], "x_test")),
        marks=4,
        fails={"q3_scaled": "`x_test` holds floats", "q3_same_map": "by the same numbers as the training images"},
    ),
    # One map, from the training images
    wrong(
        "q3",
        "test set scaled by its own statistics",
        "an image means something else in the test set",
        function(
            "preprocess",
            """
def standardise(x):
    mean = np.mean(x, axis=(0, 1, 2))
    std = np.std(x, axis=(0, 1, 2))
    return (x - mean) / (std + 1e-7)


def preprocess(x_train, y_train, x_test, y_test):
    x_train, x_test = x_train.astype("float32"), x_test.astype("float32")
    return standardise(x_train), y_train, standardise(x_test), y_test
""",
        ),
        marks=6,
        fails={
            "q3_same_map": "Images that were in both sets came out different.\n"
            "Hint: Scale the test images by the same numbers as the training images"
        },
    ),
    wrong(
        "q3",
        "scaler fitted again to the test set",
        "fit_transform where transform is right",
        function(
            "preprocess",
            """
from sklearn.preprocessing import StandardScaler


def preprocess(x_train, y_train, x_test, y_test):
    scaler = StandardScaler()
    train = scaler.fit_transform(x_train.reshape(-1, 3).astype("float32")).reshape(x_train.shape)
    test = scaler.fit_transform(x_test.reshape(-1, 3).astype("float32")).reshape(x_test.shape)
    return train, y_train, test, y_test
""",
        ),
        marks=6,
        fails={"q3_same_map": "Scale the test images by the same numbers"},
    ),
    wrong(
        "q3",
        "test set divided by its own maximum",
        "in CIFAR-10 both are 255, in other data they are not",
        line("preprocess", *images_as("x_train / x_train.max()", "x_test / x_test.max()")),
        marks=6,
        fails={"q3_same_map": "whether it is in the training or in the test set"},
    ),
    wrong(
        "q3",
        "training mean but test deviation",
        "half of the statistics are of the wrong set",
        line(
            "preprocess",
            *images_as("(x_train - x_train.mean()) / x_train.std()", "(x_test - x_train.mean()) / x_test.std()"),
        ),
        marks=6,
        fails={"q3_same_map": "Scale the test images by the same numbers"},
    ),
    wrong(
        "q3",
        "statistics of both sets together",
        "test images help to choose the scale",
        function(
            "preprocess",
            """
def preprocess(x_train, y_train, x_test, y_test):
    everything = np.concatenate([x_train, x_test])
    mean, std = everything.mean(), everything.std()
    del everything
    x_train = (x_train.astype("float32") - mean) / std
    x_test = (x_test.astype("float32") - mean) / std
    return x_train, y_train, x_test, y_test
""",
        ),
        marks=6,
        fails={"q3_same_map": "come from the training images only"},
    ),
    wrong(
        "q3",
        "statistics of the test set for both",
        "the training images should give them",
        function(
            "preprocess",
            """
def preprocess(x_train, y_train, x_test, y_test):
    x_train, x_test = x_train.astype("float32"), x_test.astype("float32")
    mean, std = x_test.mean(axis=(0, 1, 2)), x_test.std(axis=(0, 1, 2))
    return (x_train - mean) / std, y_train, (x_test - mean) / std, y_test
""",
        ),
        marks=6,
        fails={"q3_same_map": "With another test set, other training images came out"},
    ),
    wrong(
        "q3",
        "every image standardised by itself",
        "brightness and contrast are lost, and no two images share a map",
        function(
            "preprocess",
            """
import tensorflow as tf


def preprocess(x_train, y_train, x_test, y_test):
    x_train = tf.image.per_image_standardization(x_train).numpy()
    x_test = tf.image.per_image_standardization(x_test).numpy()
    return x_train, y_train.flatten(), x_test, y_test.flatten()
""",
        ),
        marks=6,
        fails={"q3_same_map": "not over each image"},
    ),
    wrong(
        "q3",
        "pixels scaled to unit length",
        "keras.utils.normalize divides every pixel by its own brightness",
        line("preprocess", *images_as("keras.utils.normalize(x_train)", "keras.utils.normalize(x_test)")),
        marks=6,
        fails={"q3_same_map": "The same raw value became different values"},
    ),
    wrong(
        "q3",
        "subtraction in whole numbers",
        "values below 128 start again from 255",
        line("preprocess", *images_as("(x_train - 128) / 128", "(x_test - 128) / 128")),
        marks=6,
        fails={"q3_same_map": "convert to float first"},
    ),
)
