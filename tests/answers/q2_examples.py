"""Question 2: examples of the classes."""

from answers.entries import Entry, function, line, right, wrong

RIGHT: tuple[Entry, ...] = (
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

WRONG: tuple[Entry, ...] = (
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
)
