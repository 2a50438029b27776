"""Questions 1 to 3: loading, looking at and preprocessing the data."""

from zoo.entries import Entry, function, line, wrong

COUNTS = "np.bincount(y_train.ravel(), minlength=n_classes)"
SCALED = ('x_train.astype("float32") / 255', 'x_test.astype("float32") / 255')
LABELS = ("y_train.flatten()", "y_test.flatten()")


def images_as(train: str, test: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Changes of `preprocess`: other expressions for the images."""
    return (SCALED[0], train), (SCALED[1], test)


def labels_as(train: str, test: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Changes of `preprocess`: other expressions for the labels."""
    return (LABELS[0], train), (LABELS[1], test)


ENTRIES: tuple[Entry, ...] = (
    # Question 1: load_data
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
    # Question 1: describe_data
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
    # Question 2
    wrong(
        "q2",
        "titles by the position of the panel",
        "image k is not of class k, nor are all classes among the first ten images",
        line("plot_examples", ("axes[row, k].imshow(x[index])", "axes[row, k].imshow(x[row * 10 + k])")),
        marks=2,
        fails={"q2_titles": "Image and label must have the same index", "q2_all_classes": "look for one of each"},
    ),
    wrong(
        "q2",
        "class names off by one",
        "labels start at 0, not at 1",
        line("plot_examples", ("set_title(name,", "set_title(class_names[k - 1],")),
        marks=3,
        fails={"q2_titles": "`class_names[k]` is the name of class `k`"},
    ),
    wrong(
        "q2",
        "label of the next image as title",
        "image and label have different indices",
        line("plot_examples", ("set_title(name,", "set_title(class_names[labels[(index + 1) % len(labels)]],")),
        marks=3,
        fails={"q2_titles": "must have the same index"},
    ),
    wrong(
        "q2",
        "class numbers as titles",
        "the question asks for names",
        line("plot_examples", ("set_title(name,", 'set_title(f"label {y[index]}",')),
        marks=3,
        fails={"q2_titles": "has the title “label ["},
    ),
    wrong(
        "q2",
        "class names of a list of its own",
        "the names are given, these are others",
        function(
            "plot_examples",
            """
classes = ["plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def plot_examples(x, y, class_names):
    fig, axes = plt.subplots(2, 5, figsize=(10, 4))
    for label, ax in enumerate(axes.ravel()):
        i = np.where(y.ravel() == label)[0][0]
        ax.imshow(x[i])
        ax.set_title(classes[label])
    return fig
""",
        ),
        marks=3,
        fails={"q2_titles": "its own, or the nearest that names a class"},
    ),
    wrong(
        "q2",
        "every image in one set of axes for want of a show between",
        "each title takes the place of the one before",
        function(
            "plot_examples",
            """
def plot_examples(x, y, class_names):
    for label in range(len(class_names)):
        i = np.where(y.ravel() == label)[0][0]
        plt.imshow(x[i])
        plt.title(class_names[label])
    plt.show()
""",
        ),
        marks=3,
        fails={"q2_titles": "An image of class “airplane” has the title “truck”"},
    ),
    wrong(
        "q2",
        "title set after the loop",
        "only the last image has one",
        function(
            "plot_examples",
            """
def plot_examples(x, y, class_names):
    fig = plt.figure(figsize=(10, 4))
    for k in range(10):
        plt.subplot(2, 5, k + 1)
        plt.imshow(x[np.flatnonzero(y.ravel() == k)[0]])
        plt.axis("off")
    plt.title(class_names[k])
    return fig
""",
        ),
        marks=3,
        fails={"q2_titles": "There is an image without title"},
    ),
    wrong(
        "q2",
        "names on axes that are switched off",
        "the label of a hidden axis is not drawn",
        line("plot_examples", ("set_title(name,", "set_xlabel(name,")),
        marks=3,
        fails={"q2_titles": "where the axes are not switched off"},
    ),
    wrong(
        "q2",
        "a mosaic under one title with all names",
        "no image is told from the others",
        function(
            "plot_examples",
            """
def plot_examples(x, y, class_names):
    fig, ax = plt.subplots(figsize=(12, 2))
    ax.imshow(np.hstack([x[np.ravel(y) == k][0] for k in range(len(class_names))]))
    ax.set_title(" - ".join(class_names))
    ax.axis("off")
    return fig
""",
        ),
        marks=3,
        fails={"q2_titles": "and of no other"},
    ),
    wrong(
        "q2",
        "one class missing",
        "the range ends one too early",
        function(
            "plot_examples",
            """
def plot_examples(x, y, class_names):
    labels = y.ravel()
    fig, axes = plt.subplots(3, 3, figsize=(6, 6))
    for k in range(len(class_names) - 1):
        ax = axes[k // 3, k % 3]
        ax.imshow(x[labels == k][0])
        ax.set_title(class_names[k])
    return fig
""",
        ),
        marks=4,
        fails={"q2_all_classes": "There is none of: truck"},
    ),
    wrong(
        "q2",
        "the first twenty-five images",
        "nothing says that all classes are among them",
        function(
            "plot_examples",
            """
def plot_examples(x, y, class_names):
    fig = plt.figure(figsize=(10, 10))
    for i in range(25):
        plt.subplot(5, 5, i + 1)
        plt.xticks([])
        plt.yticks([])
        plt.imshow(x[i])
        plt.xlabel(class_names[y[i][0]])
    return fig
""",
        ),
        marks=4,
        fails={"q2_all_classes": "Do not count on the first images of `x`"},
    ),
    wrong(
        "q2",
        "the same image everywhere",
        "nine of ten titles are false, and nine classes are not shown",
        line("plot_examples", ("imshow(x[index])", "imshow(x[0])")),
        marks=2,
        fails={"q2_titles": "An image of class", "q2_all_classes": "At least one image of each"},
    ),
    wrong(
        "q2",
        "red and blue swapped",
        "the images come out in false colours",
        line("plot_examples", ("imshow(x[index])", "imshow(x[index][:, :, ::-1])")),
        marks=4,
        fails={"q2_images": "images of `x` in other colours"},
    ),
    wrong(
        "q2",
        "images in grey",
        "the question asks for the raw images",
        line("plot_examples", ("imshow(x[index])", 'imshow(x[index].mean(axis=-1), cmap="gray")')),
        marks=4,
        fails={"q2_images": "with its own colours"},
    ),
    wrong(
        "q2",
        "standardised images drawn",
        "values below 0 and above 1 are cut off",
        line("plot_examples", ("imshow(x[index])", "imshow((x[index] - x.mean()) / x.std())")),
        marks=4,
        fails={"q2_images": "in other colours"},
    ),
    wrong(
        "q2",
        "floats up to 255 drawn",
        "imshow takes floats from 0 to 1, so that all images are white",
        line("plot_examples", ("imshow(x[index])", 'imshow(x[index].astype("float32"))')),
        marks=1,
        fails={
            "q2_images": "floats from 0 to 1",
            "q2_titles": "No image of `x` is drawn",
            "q2_all_classes": "No image of `x` is drawn",
        },
    ),
    wrong(
        "q2",
        "images reshaped as if channels came first",
        "pixels end up in other places",
        line("plot_examples", ("imshow(x[index])", "imshow(x[index].reshape(3, 32, 32).transpose(1, 2, 0))")),
        marks=1,
        fails={
            "q2_images": "one of `x`",
            "q2_titles": "No image of `x` is drawn",
            "q2_all_classes": "No image of `x` is drawn",
        },
    ),
    wrong(
        "q2",
        "images of the notebook, not of the argument",
        "other images than those given are drawn",
        function(
            "plot_examples",
            """
(all_images, all_labels), _ = keras.datasets.cifar10.load_data()


def plot_examples(x, y, class_names):
    fig, axes = plt.subplots(1, 10, figsize=(15, 2))
    for k, ax in enumerate(axes):
        ax.imshow(all_images[np.flatnonzero(all_labels == k)[0]])
        ax.set_title(class_names[k])
    return fig
""",
        ),
        marks=1,
        fails={
            "q2_images": "10 of 10 drawn images are not",
            "q2_titles": "No image of `x` is drawn",
            "q2_all_classes": "No image of `x` is drawn",
        },
    ),
    wrong(
        "q2",
        "axes left empty",
        "titles alone show nothing",
        line("plot_examples", ("axes[row, k].imshow(x[index])", "image = x[index]")),
        marks=0,
        fails={"q2_answered": "No axes of it holds an image"},
    ),
    wrong(
        "q2",
        "names looked up by a column of labels",
        "a label of shape (1,) is no index",
        line("plot_examples", ("set_title(name,", "set_title(class_names[y[index]],")),
        marks=0,
        fails={"q2_answered": "`np.ravel(y)` gives plain numbers"},
    ),
    # Question 3: scale
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
    # Question 3: one map, from the training images
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
        fails={"q3_same_map": "Images that were in both sets came out different"},
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
    # Question 3: labels
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
        fails={"q3_labels": "Reorder images and labels together"},
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
    # Question 3: arguments and results
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
