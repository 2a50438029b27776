"""Question 2: titles, mosaics and figures in other forms; snippets."""

from answers.entries import Entry, code, right, wrong

GRID = """
def plot_examples(x, y, class_names):
    labels = np.ravel(y)
    fig, axes = plt.subplots(2, 5)
    for k, ax in enumerate(axes.flat):
        i = np.flatnonzero(labels == k)[0]
        {draw}
    return fig
"""
DRAW = "ax.imshow({image}); ax.set_title({title})"

RIGHT: tuple[Entry, ...] = (
    right(
        "q2",
        "index and number beside the name in capitals",
        "the name is there",
        code(GRID.format(draw="ax.imshow(x[i]); ax.set_title(f'{i}: {class_names[k].upper()} (class {k})')")),
    ),
    right(
        "q2",
        "the word “Category” before the name",
        "the name is there",
        code(GRID.format(draw="ax.imshow(x[i]); ax.set_title(f'Category: {class_names[k]}')")),
    ),
    right(
        "q2",
        "number, name and index joined by underscores",
        "the name is there",
        code(GRID.format(draw="ax.imshow(x[i]); ax.set_title(f'{k}_{class_names[k]}_{i}')")),
    ),
    right(
        "q2",
        "title at the left",
        "it is a title too",
        code(GRID.format(draw="ax.imshow(x[i]); ax.set_title(class_names[k], loc='left'); ax.axis('off')")),
    ),
    right(
        "q2",
        "name as a text in the axes",
        "it stands at its image",
        code(GRID.format(draw="ax.imshow(x[i]); ax.text(0, -2, class_names[k]); ax.axis('off')")),
    ),
    right(
        "q2",
        "images enlarged by repeating pixels",
        "they show the same",
        code(GRID.format(draw="ax.imshow(x[i].repeat(4, 0).repeat(4, 1)); ax.set_title(class_names[k])")),
    ),
    right(
        "q2",
        "smoothed display",
        "the image that is handed over counts",
        code(GRID.format(draw="ax.imshow(x[i], interpolation='bilinear'); ax.set_title(class_names[k])")),
    ),
    right(
        "q2",
        "every image drawn twice",
        "one covers the other",
        code(GRID.format(draw="ax.imshow(x[i]); ax.imshow(x[i]); ax.set_title(class_names[k])")),
    ),
    right(
        "q2",
        "figure closed at the end",
        "it is returned all the same",
        code(
            GRID.format(draw="ax.imshow(x[i]); ax.set_title(class_names[k])").replace(
                "    return", "    plt.close(fig)\n    return"
            )
        ),
    ),
    right(
        "q2",
        "figure and axes returned",
        "the figure is among them",
        code(
            GRID.format(draw="ax.imshow(x[i]); ax.set_title(class_names[k])").replace("return fig", "return fig, axes")
        ),
    ),
    right(
        "q2",
        "axes returned",
        "they belong to a figure",
        code(GRID.format(draw="ax.imshow(x[i]); ax.set_title(class_names[k])").replace("return fig", "return axes")),
    ),
    right(
        "q2",
        "random examples in a random order, without pyplot",
        "which examples are shown is free",
        code("""
from matplotlib.figure import Figure
def plot_examples(x, y, class_names):
    fig = Figure(); labels = np.ravel(y)
    axes = fig.subplots(2, 5)
    for ax, k in zip(axes.ravel(), np.random.permutation(10)):
        i = np.random.choice(np.flatnonzero(labels == k))
        ax.imshow(x[i]); ax.set_title(class_names[labels[i]])
    return fig
"""),
    ),
    right(
        "q2",
        "columns named at the bottom",
        "one name for all of a column",
        code("""
def plot_examples(x, y, class_names):
    labels = np.ravel(y)
    fig, axes = plt.subplots(2, 10)
    for k in range(10):
        axes[-1, k].set_xlabel(class_names[k])
        for j, i in enumerate(np.resize(np.flatnonzero(labels == k), 2)):
            axes[j, k].imshow(x[i]); axes[j, k].set(xticks=[], yticks=[])
    return fig
"""),
    ),
    right(
        "q2",
        "names written beside the rows",
        "one name for all of a row",
        code("""
def plot_examples(x, y, class_names):
    labels = np.ravel(y)
    fig, axes = plt.subplots(10, 2)
    for k in range(10):
        for j, i in enumerate(np.resize(np.flatnonzero(labels == k), 2)):
            axes[k, j].imshow(x[i]); axes[k, j].axis("off")
        box = axes[k, 0].get_position()
        fig.text(0.02, box.y0 + box.height / 2, class_names[k], va="center")
    return fig
"""),
    ),
    right(
        "q2",
        "framed mosaic with names on its axis",
        "a column a class",
        code("""
def plot_examples(x, y, class_names):
    labels = np.ravel(y)
    canvas = np.full((2 + 4 * 34, 2 + 10 * 34, 3), 255, np.uint8)
    for k in range(10):
        for j, i in enumerate(np.flatnonzero(labels == k)[:4]):
            canvas[2 + 34 * j : 34 + 34 * j, 2 + 34 * k : 34 + 34 * k] = x[i]
    fig, ax = plt.subplots()
    ax.imshow(canvas)
    ax.set_yticks([])
    ax.set_xticks(18 + 34 * np.arange(10)); ax.set_xticklabels(class_names, rotation=45)
    return fig
"""),
    ),
    right(
        "q2",
        "images placed in one set of axes",
        "each has its name above it",
        code("""
def plot_examples(x, y, class_names):
    labels = np.ravel(y)
    fig, ax = plt.subplots()
    for k in range(10):
        i = np.flatnonzero(labels == k)[0]
        ax.imshow(x[i], extent=(40 * k, 40 * k + 32, 0, 32))
        ax.text(40 * k + 16, 35, class_names[k], ha="center")
    ax.set(xlim=(0, 400), ylim=(0, 45)); ax.axis("off")
    return fig
"""),
    ),
    right(
        "q2",
        "a subfigure a class",
        "its heading names the class",
        code("""
def plot_examples(x, y, class_names):
    fig = plt.figure()
    for k, part in enumerate(fig.subfigures(10, 1)):
        part.suptitle(class_names[k])
        for ax, image in zip(part.subplots(1, 2), x[np.ravel(y) == k][[0, -1]]):
            ax.imshow(image); ax.axis("off")
    return fig
"""),
    ),
    right(
        "q2",
        "names looked up by the labels that question 1 has flattened",
        "labels have the form of the student's own question 1",
        code(
            "y_train_raw = np.zeros(50000, np.uint8)\n"
            + GRID.format(draw="ax.imshow(x[i]); ax.set_title(class_names[y[i]])")
        ),
    ),
)

WRONG: tuple[Entry, ...] = (
    wrong(
        "q2",
        "names sorted backwards",
        "each image has the name of another class",
        code(GRID.format(draw=DRAW.format(image="x[i]", title="sorted(class_names)[9 - k]"))),
        marks=3,
        fails={"q2_titles": "has the title"},
    ),
    wrong(
        "q2",
        "no titles",
        "the classes are not named",
        code(GRID.format(draw="ax.imshow(x[i])")),
        marks=3,
        fails={"q2_titles": "an image without title"},
    ),
    wrong(
        "q2",
        "every name in every title",
        "which class it is remains open",
        code(GRID.format(draw=DRAW.format(image="x[i]", title="' '.join(class_names)"))),
        marks=3,
        fails={"q2_titles": "and of no other"},
    ),
    wrong(
        "q2",
        "mosaic with names in reverse order",
        "each column has the name of another class",
        code("""
def plot_examples(x, y, class_names):
    fig, ax = plt.subplots()
    ax.imshow(np.hstack([x[np.ravel(y) == k][0] for k in range(10)]))
    ax.set_xticks(16 + 32 * np.arange(10), class_names[::-1])
    return fig
"""),
        marks=3,
        fails={"q2_titles": "must have the same index"},
    ),
    wrong(
        "q2",
        "a single image",
        "each class is asked for",
        code("""
def plot_examples(x, y, class_names):
    plt.imshow(x[0]); plt.title(class_names[np.ravel(y)[0]])
    return plt.gcf()
"""),
        marks=4,
        fails={"q2_all_classes": "At least one image of each"},
    ),
    wrong(
        "q2",
        "one channel drawn",
        "the colours are lost",
        code(GRID.format(draw=DRAW.format(image="x[i, :, :, 1]", title="class_names[k]"))),
        marks=4,
        fails={"q2_images": "with its own colours"},
    ),
    wrong(
        "q2",
        "rows and columns swapped",
        "the images lie on their side",
        code(GRID.format(draw=DRAW.format(image="x[i].transpose(1, 0, 2)", title="class_names[k]"))),
        marks=4,
        fails={"q2_images": "upright"},
    ),
    wrong(
        "q2",
        "negative images drawn",
        "they are no images of the data any more",
        code(GRID.format(draw=DRAW.format(image="255 - x[i]", title="class_names[k]"))),
        marks=1,
        fails={
            "q2_images": "10 of 10 drawn images are not",
            "q2_titles": "No image of `x` is drawn.",
            "q2_all_classes": "No image of `x` is drawn.",
        },
    ),
    wrong(
        "q2",
        "images returned",
        "a figure is asked for",
        code("def plot_examples(x, y, class_names):\n    return x[:10]\n"),
        marks=0,
        fails={"q2_answered": "no figure"},
    ),
    wrong(
        "q2",
        "left as it came",
        "nothing is drawn",
        code("def plot_examples(x, y, class_names):\n    ...\n"),
        marks=0,
        fails={"q2_answered": "returned no figure"},
    ),
    wrong(
        "q2",
        "an image that is not there",
        "not every set has so many images",
        code("def plot_examples(x, y, class_names):\n    return x[5000]\n"),
        marks=0,
        fails={"q2_answered": "does the code rely on certain sizes"},
    ),
    wrong(
        "q2",
        "no argument for the names",
        "it is called with three",
        code("def plot_examples(x, y):\n    pass\n"),
        marks=0,
        fails={"q2_answered": "Keep the arguments"},
    ),
    wrong(
        "q2",
        "left out",
        "the notebook does not define it",
        code("del plot_examples"),
        marks=0,
        fails={"q2_answered": "`plot_examples` is not defined"},
    ),
)
