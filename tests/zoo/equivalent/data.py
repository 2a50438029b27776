"""Questions 1 to 3: loading, looking at and preprocessing the data."""

from zoo.entries import Entry, function, line, right

ONE_HOT_LOSS = line("compile_model", ("sparse_categorical_crossentropy", "categorical_crossentropy"))

ENTRIES: tuple[Entry, ...] = (
    # Question 1
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
    # Question 2
    right(
        "q2",
        "pyplot without a returned figure",
        "what plt.show() ends counts",
        function(
            "plot_examples",
            """
def plot_examples(x, y, class_names):
    plt.figure(figsize=(10, 4))
    for k in range(10):
        i = int(np.where(y.flatten() == k)[0][-1])
        plt.subplot(2, 5, k + 1)
        plt.imshow(x[i])
        plt.title(class_names[int(y[i, 0])])
        plt.axis("off")
    plt.tight_layout()
    plt.show()
""",
        ),
    ),
    right(
        "q2",
        "each image shown as a figure of its own",
        "plt.show() ends a figure, as it does in Jupyter",
        function(
            "plot_examples",
            """
def plot_examples(x, y, class_names):
    for label in range(len(class_names)):
        for i in np.where(np.ravel(y) == label)[0][:2]:
            plt.imshow(x[i])
            plt.title(class_names[label])
            plt.show()
""",
        ),
    ),
    right(
        "q2",
        "a figure for each class with the class as its heading",
        "every image of the figure is of the class that is named above it",
        function(
            "plot_examples",
            """
def plot_examples(x, y, class_names):
    for k, name in enumerate(class_names):
        fig, axs = plt.subplots(1, 3)
        fig.suptitle(name.upper())
        for ax, i in zip(axs, np.flatnonzero(y.squeeze() == k)):
            ax.imshow(x[i])
            ax.set_axis_off()
        fig.show()
""",
        ),
    ),
    right(
        "q2",
        "class names below the images",
        "the label of the x axis names an image as well as a title",
        function(
            "plot_examples",
            """
def plot_examples(x, y, class_names):
    fig = plt.figure(figsize=(10, 10))
    first = [list(y.reshape(-1)).index(label) for label in range(len(class_names))]
    for place, i in enumerate(first):
        ax = fig.add_subplot(4, 3, place + 1)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.grid(False)
        ax.imshow(x[i], cmap=plt.cm.binary)
        ax.set_xlabel(class_names[y[i][0]])
    return fig
""",
        ),
    ),
    right(
        "q2",
        "one row of images as floats",
        "values from 0 to 1 look the same as those from 0 to 255",
        function(
            "plot_examples",
            """
def plot_examples(x, y, class_names):
    fig, axs = plt.subplots(1, len(class_names), figsize=(20, 3))
    for label, ax in enumerate(axs):
        picture = x[np.argmax(y == label)].astype("float32") / 255.0
        ax.imshow(picture, interpolation="bicubic")
        ax.set_title(f"Class {label}: {class_names[label].upper()}")
        ax.axis("off")
    return fig, axs
""",
        ),
    ),
    right(
        "q2",
        "only the first image of a column titled",
        "the title at the top names the whole column",
        function(
            "plot_examples",
            """
def plot_examples(x, y, class_names):
    n_classes, samples = len(class_names), 4
    fig = plt.figure(figsize=(12, 5))
    rng = np.random.default_rng(7)
    for label, name in enumerate(class_names):
        candidates = np.flatnonzero(np.ravel(y) == label)
        for row, i in enumerate(rng.choice(candidates, samples)):
            plt.subplot(samples, n_classes, row * n_classes + label + 1)
            plt.imshow(x[i].astype("uint8"))
            plt.axis("off")
            if row == 0:
                plt.title(name)
    return fig
""",
        ),
    ),
    right(
        "q2",
        "rows named at the left",
        "the name beside a row holds for all its images, the numbers above the columns name none",
        function(
            "plot_examples",
            """
def plot_examples(x, y, class_names):
    labels = np.ravel(y)
    fig, axes = plt.subplots(len(class_names), 3, figsize=(4, 12))
    for k, name in enumerate(class_names):
        found = np.resize(np.flatnonzero(labels == k), 3)
        for j, ax in enumerate(axes[k]):
            ax.imshow(x[found[j]])
            ax.set(xticks=[], yticks=[])
            if k == 0:
                ax.set_title(f"example {j + 1}")
        axes[k, 0].set_ylabel(name, rotation=0, ha="right")
    return fig
""",
        ),
    ),
    right(
        "q2",
        "a mosaic for every class",
        "several images side by side in one axes share its title",
        function(
            "plot_examples",
            """
def plot_examples(x, y, class_names):
    labels = np.ravel(y)
    fig, axes = plt.subplots(10, 1, figsize=(4, 14))
    for k, ax in enumerate(axes):
        chosen = np.resize(np.flatnonzero(labels == k), 4)
        ax.imshow(np.concatenate([x[i] for i in chosen], axis=1))
        ax.set_title(class_names[k])
        ax.axis("off")
    return fig
""",
        ),
    ),
    right(
        "q2",
        "one mosaic with names on its axis",
        "the tick beside a row of the mosaic names it",
        function(
            "plot_examples",
            """
def plot_examples(x, y, class_names):
    height = x.shape[1]
    rows = []
    for k in range(len(class_names)):
        members = x[np.ravel(y) == k]
        rows.append(np.hstack([members[n % len(members)] for n in range(6)]))
    fig, ax = plt.subplots(figsize=(6, 10))
    ax.imshow(np.vstack(rows))
    ax.set_yticks(height * np.arange(len(class_names)) + height / 2, labels=class_names)
    ax.set_xticks([])
    return fig
""",
        ),
    ),
    right(
        "q2",
        "a grid with places to spare",
        "axes without an image show nothing wrong",
        function(
            "plot_examples",
            """
from PIL import Image


def show(ax, image, caption):
    ax.imshow(Image.fromarray(image))
    ax.set_title(caption, loc="left", fontsize=8)
    ax.tick_params(labelbottom=False, labelleft=False)


def plot_examples(x, y, class_names):
    shown = set()
    fig, axes = plt.subplots(4, 4, figsize=(8, 8))
    places = iter(axes.flat)
    for number, (image, label) in enumerate(zip(x, y.flatten())):
        if label not in shown:
            shown.add(label)
            show(next(places), image, f"{number}_{class_names[label]}")
    return fig
""",
        ),
    ),
    right(
        "q2",
        "a figure for every class",
        "a list of figures, each headed by its class, shows as much as one",
        function(
            "plot_examples",
            """
def plot_examples(x, y, class_names):
    figures = []
    for k, name in enumerate(class_names):
        fig = plt.figure(figsize=(2, 2))
        fig.suptitle(name)
        plt.imshow(x[np.ravel(y) == k][0])
        plt.axis("off")
        figures.append(fig)
    return figures
""",
        ),
    ),
    # Question 3
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
    right(
        "q2",
        "five examples a class drawn without replacement",
        "how many are drawn is free",
        function(
            "plot_examples",
            """
def plot_examples(x, y, class_names):
    rng = np.random.default_rng(0)
    figure, axes = plt.subplots(len(class_names), 5, figsize=(7, 14))
    for k, name in enumerate(class_names):
        chosen = rng.choice(np.flatnonzero(np.ravel(y) == k), 5, replace=False)
        for axis, index in zip(axes[k], chosen):
            axis.imshow(x[index])
            axis.set_title(name)
            axis.axis("off")
    return figure
""",
        ),
    ),
    right(
        "q2",
        "image grid with a class a row",
        "such axes find their place when they are drawn",
        function(
            "plot_examples",
            """
from mpl_toolkits.axes_grid1 import ImageGrid


def plot_examples(x, y, class_names):
    labels = np.ravel(y)
    figure = plt.figure(figsize=(6, 12))
    grid = ImageGrid(figure, 111, nrows_ncols=(len(class_names), 4), axes_pad=0.05)
    for k, name in enumerate(class_names):
        for column, index in enumerate(np.flatnonzero(labels == k)[:4]):
            axis = grid[4 * k + column]
            axis.imshow(x[index])
            axis.set_xticks([])
            axis.set_yticks([])
        grid[4 * k].set_ylabel(name, rotation=0, ha="right")
    return figure
""",
        ),
    ),
)
