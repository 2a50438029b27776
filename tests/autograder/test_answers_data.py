"""Questions 1 to 3: right answers lose nothing, each mistake loses its own checks and is told in words."""

# ruff: noqa: E501 - code of students, in as few lines as it takes

import pytest
from support import failed, results_of

from lab.judging import CheckResult

ALL_1 = {"q1_answered", "q1_described", "q1_shapes", "q1_images", "q1_summary"}
LOADING = {"q1_answered", "q1_shapes", "q1_images"}
DESCRIBING = {"q1_described", "q1_summary"}
ALL_2 = {"q2_answered", "q2_images", "q2_titles", "q2_all_classes"}
ALL_3 = {"q3_answered", "q3_scaled", "q3_same_map", "q3_labels", "q3_inputs_unchanged"}

NONSENSE = {
    "text": "'an answer'",
    "number": "7",
    "huge-list": "[[0.0] * 20000] * 20000",
    "class": "type('Thing', (), {})",
    "function": "len",
    "generator": "(i for i in range(3))",
    "dict-of-junk": "{'n_train': 'many', 'kind': 'array', 'loss': None, 3: [None]}",
    "nothing-in-four": "[None] * 4",
    "nested": "[[[]], {}, (), set()]",
    "complex": "np.array([1j, 2])",
    "objects": "np.array([None, {}, 'x'], dtype=object)",
    "scalar-array": "np.array(3.0)",
    "not-a-number": "float('nan')",
    "bytes": "b'xyz'",
    "empty": "[]",
    "two-texts": "('a', 'b')",
    "pair-of-pairs": "(('a', 'b'), (3, None))",
    "dict-like-an-array": "{'kind': 'object', 'type': 'x'}",
}


def words(results: dict[str, CheckResult], name: str) -> str:
    result = results[name]
    return " ".join([result.expected, result.found, result.hint])


def assert_fails(results: dict[str, CheckResult], checks: set[str], **phrases: str) -> None:
    """Exactly these checks fail, with these phrases, and no fault of the grader."""
    said = {name: (r.outcome, r.message, r.traceback) for name, r in results.items() if r.outcome != "passed"}
    assert failed(results) == checks, said
    assert not any(r.outcome in ("error", "unjudged") for r in results.values()), said
    for name, phrase in phrases.items():
        assert phrase in words(results, name), words(results, name)


# ---- Question 1 ----

Q1_RIGHT = {
    "reference": "",
    "list-of-lists": """
def load_data():
    (a, b), (c, d) = keras.datasets.cifar10.load_data()
    return [[a, b], [c, d]]
""",
    "counts-in-a-dict-by-number": """
def describe_data(x_train, y_train, x_test, y_test):
    n_classes = 1 + max(map(int, [*np.ravel(y_train), *np.ravel(y_test)]))
    counts = {k: (np.ravel(y_train) == k).sum() for k in range(n_classes)}
    return dict(n_train=len(x_train), n_test=len(x_test), image_shape=x_train.shape[1:], n_classes=n_classes,
                class_counts=counts, more="keys are fine", mean=x_train.mean())
""",
    "numpy-numbers": """
def describe_data(x_train, y_train, x_test, y_test):
    return dict(n_train=np.int64(len(x_train)), n_test=np.float32(len(x_test)), image_shape=np.array(x_test.shape[1:]),
                n_classes=np.maximum(y_train.max(), y_test.max()) + 1,
                class_counts=np.histogram(y_train, bins=np.arange(int(max(y_train.max(), y_test.max())) + 2))[0])
""",
    "tensors": """
import tensorflow as tf
def describe_data(x_train, y_train, x_test, y_test):
    train, test = (tf.cast(tf.reshape(y, [-1]), tf.int32) for y in (y_train, y_test))
    n_classes = tf.reduce_max(tf.concat([train, test], 0)) + 1
    return dict(n_train=tf.constant(len(x_train)), n_test=len(x_test), image_shape=tf.constant(x_test.shape[1:]),
                n_classes=n_classes, class_counts=tf.math.bincount(train, minlength=n_classes))
""",
    "ordered-dict-and-prints": """
import collections
def describe_data(x_train, y_train, x_test, y_test):
    print("looking"); print(x_train.shape)
    counts = collections.Counter(np.ravel(y_train).tolist())
    return collections.OrderedDict(n_train=len(x_train), n_test=len(x_test), image_shape=x_train.shape[1:],
                                   n_classes=(n := int(np.max([*y_train.flat, *y_test.flat])) + 1),
                                   class_counts=[counts[k] for k in range(n)])
""",
}


@pytest.mark.parametrize("code", Q1_RIGHT.values(), ids=Q1_RIGHT)
def test_q1_accepts(code: str) -> None:
    assert_fails(results_of("q1", code), set())


def describe(**replaced: str) -> str:
    values = {
        "n_train": "len(x_train)",
        "n_test": "len(x_test)",
        "image_shape": "x_train.shape[1:]",
        "n_classes": "int(max(y_train.max(), y_test.max())) + 1",
        "class_counts": "np.bincount(np.ravel(y_train), minlength=int(max(y_train.max(), y_test.max())) + 1)",
    } | replaced
    inside = ", ".join(f"{key}={value}" for key, value in values.items() if value)
    return f"def describe_data(x_train, y_train, x_test, y_test):\n    return dict({inside})\n"


def load(returned: str) -> str:
    return f"def load_data():\n    (a, b), (c, d) = keras.datasets.cifar10.load_data()\n    return {returned}\n"


Q1_WRONG = {
    "images-and-labels-swapped": (
        load("(b, a), (d, c)"), {"q1_shapes", "q1_images"}, {"q1_shapes": "images and labels in their places"}
    ),
    "only-the-training-set": (load("(a, b)"), LOADING, {"q1_answered": "It returned"}),
    "a-dict": (load("{'train': (a, b), 'test': (c, d)}"), LOADING, {"q1_answered": "It returned a dict"}),
    "labels-of-the-training-set-shuffled": (
        load("(a, np.random.permutation(b)), (c, d)"), {"q1_images"}, {"q1_images": "The labels of the train"}
    ),
    "channels-first": (
        load("(np.moveaxis(a, 3, 1), b), (np.moveaxis(c, 3, 1), d)"),
        {"q1_shapes"}, {"q1_shapes": "(50000, 3, 32, 32)"}
    ),
    "hard-coded-image-shape": (
        describe(image_shape="settings.IMAGE_SHAPE"), {"q1_summary"}, {"q1_summary": "`image_shape` describes"}
    ),
    "counts-of-the-test-set": (
        describe(class_counts="np.bincount(np.ravel(y_test), minlength=10)"),
        {"q1_summary"}, {"q1_summary": "Count the labels of the training set"}
    ),
    "counts-of-the-wrong-axis": (
        describe(class_counts="np.sum(x_train, axis=(0, 1, 2))"), {"q1_summary"}, {"q1_summary": "counts the training"}
    ),
    "absent-class-left-out-of-a-dict": (
        describe(class_counts="dict(zip(*np.unique(y_train, return_counts=True)))"),
        {"q1_summary"}, {"q1_summary": "0 for a class that has none"}
    ),
    "classes-of-the-training-set-only": (
        describe(n_classes="len(np.unique(y_train))"), {"q1_summary"}, {"q1_summary": "`n_classes` is the largest label in either set"}
    ),
    "train-and-test-swapped": (
        describe(n_train="len(x_test)", n_test="len(x_train)"), {"q1_summary"}, {"q1_summary": "`n_train`"}
    ),
    "key-missing": (describe(n_classes=""), {"q1_described"}, {"q1_described": "There is no `n_classes`."}),
    "other-keys": (
        "def describe_data(a, b, c, d):\n    return {'n_train': len(a), 'test': len(c), 'shape': a.shape[1:], 'classes': 10}\n",
        DESCRIBING, {"q1_described": "There is no `n_test`, no `image_shape`"}
    ),
    "four-arrays-in-a-row": (load("a, b, c, d"), {"q1_answered"}, {"q1_answered": "It returned four arrays in a row."}),
    "images-first": (
        load("(a, c), (b, d)"), {"q1_answered"}, {"q1_answered": "the images of both sets first, then the labels of both"}
    ),
    "train-and-test-set-swapped": (load("(c, d), (a, b)"), {"q1_shapes"}, {"q1_shapes": "Is the training set returned first"}),
    "labels-for-counts": (
        describe(class_counts="np.ravel(y_train)"), {"q1_summary"}, {"q1_summary": "It holds the labels themselves"}
    ),
    "labels-of-the-classes-for-counts": (
        describe(class_counts="range(1 + int(max(y_train.max(), y_test.max())))"),
        {"q1_summary"}, {"q1_summary": "the labels of the classes themselves"}
    ),
    "ten-classes-typed-in": (
        describe(n_classes="10"), {"q1_summary"}, {"q1_summary": "is the largest label in either set, plus one"}
    ),
    "classes-of-both-sets-counted": (
        describe(n_classes="len(np.unique([*np.ravel(y_train), *np.ravel(y_test)]))"),
        {"q1_summary"}, {"q1_summary": "A class without any image counts, too"}
    ),
    "list-instead-of-dict": (
        "def describe_data(*arrays):\n    return [len(a) for a in arrays]\n",
        DESCRIBING, {"q1_described": "returns a dictionary"}
    ),
    "uses-the-notebook": (
        describe(n_train="len(x_train_raw)"), DESCRIBING, {"q1_described": "names from cells that have run"}
    ),
    "load-data-raises": ("def load_data():\n    return 1 / 0\n", LOADING, {"q1_answered": "ZeroDivisionError"}),
    "load-data-returns-nothing": ("def load_data():\n    ...\n", LOADING, {"q1_answered": "It returned None"}),
}  # fmt: skip


@pytest.mark.parametrize(("code", "checks", "phrases"), Q1_WRONG.values(), ids=Q1_WRONG)
def test_q1_catches(code: str, checks: set[str], phrases: dict[str, str]) -> None:
    assert_fails(results_of("q1", code), checks, **phrases)


def test_q1_missing_functions_cost_their_own_part() -> None:
    assert_fails(results_of("q1", without=("load_data",)), LOADING, q1_answered="`load_data` is not defined")
    assert_fails(results_of("q1", without=("describe_data",)), DESCRIBING, q1_described="was it renamed")


# ---- Question 2 ----

GRID = """
def plot_examples(x, y, class_names):
    labels = np.ravel(y)
    fig, axes = plt.subplots(2, 5)
    for k, ax in enumerate(axes.flat):
        i = np.flatnonzero(labels == k)[0]
        {draw}
    return fig
"""
Q2_RIGHT = {
    "reference": "",
    "upper-case-and-index": GRID.format(draw="ax.imshow(x[i]); ax.set_title(f'{i}: {class_names[k].upper()} (class {k})')"),
    "category-colon": GRID.format(draw="ax.imshow(x[i]); ax.set_title(f'Category: {class_names[k]}')"),
    "underscores": GRID.format(draw="ax.imshow(x[i]); ax.set_title(f'{k}_{class_names[k]}_{i}')"),
    "left-title": GRID.format(draw="ax.imshow(x[i]); ax.set_title(class_names[k], loc='left'); ax.axis('off')"),
    "text-in-the-axes": GRID.format(draw="ax.imshow(x[i]); ax.text(0, -2, class_names[k]); ax.axis('off')"),
    "enlarged": GRID.format(draw="ax.imshow(x[i].repeat(4, 0).repeat(4, 1)); ax.set_title(class_names[k])"),
    "smoothed-display": GRID.format(draw="ax.imshow(x[i], interpolation='bilinear'); ax.set_title(class_names[k])"),
    "drawn-twice": GRID.format(draw="ax.imshow(x[i]); ax.imshow(x[i]); ax.set_title(class_names[k])"),
    "closed-at-the-end": GRID.format(draw="ax.imshow(x[i]); ax.set_title(class_names[k])").replace(
        "    return", "    plt.close(fig)\n    return"),
    "returns-figure-and-axes": GRID.format(draw="ax.imshow(x[i]); ax.set_title(class_names[k])").replace(
        "return fig", "return fig, axes"),
    "returns-axes": GRID.format(draw="ax.imshow(x[i]); ax.set_title(class_names[k])").replace("return fig", "return axes"),
    "random-order-no-pyplot-figure": """
from matplotlib.figure import Figure
def plot_examples(x, y, class_names):
    fig = Figure(); labels = np.ravel(y)
    axes = fig.subplots(2, 5)
    for ax, k in zip(axes.ravel(), np.random.permutation(10)):
        i = np.random.choice(np.flatnonzero(labels == k))
        ax.imshow(x[i]); ax.set_title(class_names[labels[i]])
    return fig
""",
    "rows-titled-at-the-left": """
def plot_examples(x, y, class_names):
    labels = np.ravel(y)
    fig, axes = plt.subplots(10, 3)
    for k in range(10):
        for j, i in enumerate(np.resize(np.flatnonzero(labels == k), 3)):
            axes[k, j].imshow(x[i]); axes[k, j].set(xticks=[], yticks=[])
        axes[k, 0].set_ylabel(class_names[k], rotation=0)
    return fig
""",
    "columns-titled-at-the-bottom": """
def plot_examples(x, y, class_names):
    labels = np.ravel(y)
    fig, axes = plt.subplots(2, 10)
    for k in range(10):
        axes[-1, k].set_xlabel(class_names[k])
        for j, i in enumerate(np.resize(np.flatnonzero(labels == k), 2)):
            axes[j, k].imshow(x[i]); axes[j, k].set(xticks=[], yticks=[])
    return fig
""",
    "names-written-beside-the-rows": """
def plot_examples(x, y, class_names):
    labels = np.ravel(y)
    fig, axes = plt.subplots(10, 2)
    for k in range(10):
        for j, i in enumerate(np.resize(np.flatnonzero(labels == k), 2)):
            axes[k, j].imshow(x[i]); axes[k, j].axis("off")
        box = axes[k, 0].get_position()
        fig.text(0.02, box.y0 + box.height / 2, class_names[k], va="center")
    return fig
""",
    "framed-mosaic-with-names-on-the-axis": """
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
""",
    "images-placed-in-one-axes": """
def plot_examples(x, y, class_names):
    labels = np.ravel(y)
    fig, ax = plt.subplots()
    for k in range(10):
        i = np.flatnonzero(labels == k)[0]
        ax.imshow(x[i], extent=(40 * k, 40 * k + 32, 0, 32))
        ax.text(40 * k + 16, 35, class_names[k], ha="center")
    ax.set(xlim=(0, 400), ylim=(0, 45)); ax.axis("off")
    return fig
""",
    "a-subfigure-a-class": """
def plot_examples(x, y, class_names):
    fig = plt.figure()
    for k, part in enumerate(fig.subfigures(10, 1)):
        part.suptitle(class_names[k])
        for ax, image in zip(part.subplots(1, 2), x[np.ravel(y) == k][[0, -1]]):
            ax.imshow(image); ax.axis("off")
    return fig
""",
}  # fmt: skip


@pytest.mark.parametrize("code", Q2_RIGHT.values(), ids=Q2_RIGHT)
def test_q2_accepts(code: str) -> None:
    assert_fails(results_of("q2", code), set())


def test_q2_takes_labels_in_the_form_of_question_1() -> None:
    index = "ax.imshow(x[i]); ax.set_title(class_names[y[i]])"
    flat = "y_train_raw = np.zeros(50000, np.uint8)\n"
    assert_fails(results_of("q2", flat + GRID.format(draw=index)), set())


DRAW = "ax.imshow({image}); ax.set_title({title})"
Q2_WRONG = {
    "titles-in-another-order": (
        GRID.format(draw=DRAW.format(image="x[i]", title="sorted(class_names)[9 - k]")),
        {"q2_titles"}, {"q2_titles": "has the title"}
    ),
    "numbers-for-names": (
        GRID.format(draw=DRAW.format(image="x[i]", title="str(k)")), {"q2_titles"}, {"q2_titles": "the title “0”"}
    ),
    "no-titles": (GRID.format(draw="ax.imshow(x[i])"), {"q2_titles"}, {"q2_titles": "an image without title"}),
    "every-name-in-every-title": (
        GRID.format(draw=DRAW.format(image="x[i]", title="' '.join(class_names)")),
        {"q2_titles"}, {"q2_titles": "and of no other"}
    ),
    "mosaic-with-names-in-another-order": (
        """
def plot_examples(x, y, class_names):
    fig, ax = plt.subplots()
    ax.imshow(np.hstack([x[np.ravel(y) == k][0] for k in range(10)]))
    ax.set_xticks(16 + 32 * np.arange(10), class_names[::-1])
    return fig
""",
        {"q2_titles"}, {"q2_titles": "must have the same index"}
    ),
    "one-image": (
        """
def plot_examples(x, y, class_names):
    plt.imshow(x[0]); plt.title(class_names[np.ravel(y)[0]])
    return plt.gcf()
""",
        {"q2_all_classes"}, {"q2_all_classes": "At least one image of each"}
    ),
    "one-channel": (
        GRID.format(draw=DRAW.format(image="x[i, :, :, 1]", title="class_names[k]")),
        {"q2_images"}, {"q2_images": "with its own colours"}
    ),
    "rows-and-columns-swapped": (
        GRID.format(draw=DRAW.format(image="x[i].transpose(1, 0, 2)", title="class_names[k]")),
        {"q2_images"}, {"q2_images": "upright"}
    ),
    "negative": (
        GRID.format(draw=DRAW.format(image="255 - x[i]", title="class_names[k]")),
        {"q2_images", "q2_titles", "q2_all_classes"}, {"q2_images": "10 of 10 drawn images are not"}
    ),
    "no-figure": ("def plot_examples(x, y, class_names):\n    return x[:10]\n", ALL_2, {"q2_answered": "no figure"}),
    "nothing": ("def plot_examples(x, y, class_names):\n    ...\n", ALL_2, {"q2_answered": "returned no figure"}),
    "raises": (
        "def plot_examples(x, y, class_names):\n    return x[5000]\n",
        ALL_2, {"q2_answered": "does the code rely on certain sizes"}
    ),
    "wrong-arguments": ("def plot_examples(x, y):\n    pass\n", ALL_2, {"q2_answered": "Keep the arguments"}),
}  # fmt: skip


@pytest.mark.parametrize(("code", "checks", "phrases"), Q2_WRONG.values(), ids=Q2_WRONG)
def test_q2_catches(code: str, checks: set[str], phrases: dict[str, str]) -> None:
    assert_fails(results_of("q2", code), checks, **phrases)


def test_q2_missing() -> None:
    assert_fails(results_of("q2", without=("plot_examples",)), ALL_2, q2_answered="`plot_examples` is not defined")


# ---- Question 3 ----


def preprocess(body: str, returned: str = "a, y_train, b, y_test") -> str:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"def preprocess(x_train, y_train, x_test, y_test):\n{lines}    return {returned}\n"


FLOATS = "a, b = x_train.astype('float32'), x_test.astype('float32')\n"
Q3_RIGHT = {
    "reference": "",
    "centred": preprocess("a, b = x_train / 255 - 0.5, x_test / 255 - 0.5"),
    "float16": preprocess("a, b = (x_train / 255).astype('float16'), (x_test / 255).astype('float16')"),
    "divided-then-standardised": preprocess(
        FLOATS + "a /= 255; b /= 255\nm, s = a.mean(), a.std()\na = (a - m) / s; b = (b - m) / s"),
    "mean-of-the-training-set-then-255": preprocess("m = x_train.mean()\na, b = (x_train - m) / 255, (x_test - m) / 255"),
    "training-minimum-and-maximum": preprocess(
        FLOATS + "low, high = a.min(), a.max()\na, b = (a - low) / (high - low), (b - low) / (high - low)"),
    "training-maximum": preprocess("a, b = x_train / x_train.max(), x_test / x_train.max()"),
    "gamma": preprocess("a, b = (x_train / 255) ** 2.2, (x_test / 255) ** 2.2"),
    "rescaling-layer": preprocess("r = keras.layers.Rescaling(1 / 255)\na, b = r(x_train), r(x_test)"),
    "tensors": preprocess(
        "import tensorflow as tf\na, b = tf.cast(x_train, tf.float32) / 255, tf.image.convert_image_dtype(x_test, tf.float32)\n"
        "y_train, y_test = tf.one_hot(np.ravel(y_train), 10), tf.one_hot(np.ravel(y_test), 10)"),
    "one-hot-booleans": preprocess(
        "a, b = x_train / 255, x_test / 255\ny_train, y_test = (y.reshape(-1, 1) == np.arange(10) for y in (y_train, y_test))"),
    "labels-as-whole-floats": preprocess("a, b = x_train / 255, x_test / 255\ny_train, y_test = y_train * 1.0, y_test * 1.0"),
    "list-returned": preprocess("a, b = x_train / 255, x_test / 255", "[a, y_train, b, y_test]"),
    "shuffled-together": preprocess(
        "p, q = np.random.permutation(len(x_train)), np.random.permutation(len(x_test))\n"
        "a, b = x_train[p] / 255, x_test[q] / 255\ny_train, y_test = y_train[p], y_test[q]"),
}  # fmt: skip


@pytest.mark.parametrize("code", Q3_RIGHT.values(), ids=Q3_RIGHT)
def test_q3_accepts(code: str) -> None:
    assert_fails(results_of("q3", code), set())


Q3_WRONG = {
    "whole-numbers": (preprocess("a, b = x_train, x_test"), {"q3_scaled"}, {"q3_scaled": "Its type is uint8"}),
    "test-set-by-its-own-statistics": (
        preprocess(FLOATS + "a, b = (a - a.mean()) / a.std(), (b - b.mean()) / b.std()"),
        {"q3_same_map"}, {"q3_same_map": "by the same numbers as the training images"}
    ),
    "test-set-by-its-own-extremes": (
        preprocess(FLOATS + "a, b = ((x - x.min()) / (x.max() - x.min()) for x in (a, b))"),
        {"q3_same_map"}, {"q3_same_map": "in both sets came out different"}
    ),
    "two-layers-adapted": (
        preprocess(FLOATS + "def f(x):\n  n = keras.layers.Normalization()\n  n.adapt(x)\n  return n(x)\na, b = f(a), f(b)"),
        {"q3_same_map"}, {"q3_same_map": "in both sets came out different"}
    ),
    "maximum-of-both-sets": (
        preprocess("m = max(x_train.max(), x_test.max())\na, b = x_train / m, x_test / m"),
        {"q3_same_map"}, {"q3_same_map": "With another test set"}
    ),
    "different-maps": (
        preprocess("a, b = x_train / 255, x_test / 127.5 - 1"), {"q3_same_map"}, {"q3_same_map": "in both sets"}
    ),
    "per-image-standardisation": (
        preprocess(FLOATS + "a, b = ((x - x.mean((1, 2, 3), keepdims=True)) / x.std((1, 2, 3), keepdims=True) for x in (a, b))"),
        {"q3_same_map"}, {"q3_same_map": "not over each image"}
    ),
    "per-image-maximum": (
        preprocess("a, b = (x / x.max(axis=(1, 2, 3), keepdims=True) for x in (x_train, x_test))"),
        {"q3_same_map"}, {"q3_same_map": "not over each image"}
    ),
    "keras-normalize": (
        preprocess("a, b = (keras.utils.normalize(x, axis=1) for x in (x_train, x_test))"),
        {"q3_same_map"}, {"q3_same_map": "not over each image"}
    ),
    "images-shuffled-apart": (
        preprocess("a, b = np.random.permutation(x_train) / 255, x_test / 255"), {"q3_labels"}, {"q3_labels": "In `y_train`"}
    ),
    "in-place-and-rounded": (
        preprocess("a, b = x_train / 255, x_test / 255\nx_train //= 255"),
        {"q3_inputs_unchanged"}, {"q3_inputs_unchanged": "makes a new array"}
    ),
    "labels-shuffled-in-place": (
        preprocess("a, b = x_train / 255, x_test / 255\nnp.random.shuffle(y_train)"),
        {"q3_inputs_unchanged", "q3_labels"}, {"q3_labels": "keeps its own label"}
    ),
    "images-only": (preprocess("a, b = x_train / 255, x_test / 255", "a, b"), ALL_3, {"q3_answered": "It returned 2 values"}),
    "hard-coded-size": (
        preprocess("a, b = x_train.reshape(50000, 32, 32, 3) / 255, x_test / 255"),
        ALL_3, {"q3_answered": "does the code rely on certain sizes"}
    ),
    "nothing": (preprocess("a, b = 0, 0", ""), ALL_3, {"q3_answered": "end the function with `return`"}),
    "division-by-zero": (
        preprocess("a, b = x_train / 0.0, x_test / 0.0"), {"q3_scaled"}, {"q3_scaled": "Some are NaN or infinite"}
    ),
}  # fmt: skip


@pytest.mark.parametrize(("code", "checks", "phrases"), Q3_WRONG.values(), ids=Q3_WRONG)
def test_q3_catches(code: str, checks: set[str], phrases: dict[str, str]) -> None:
    assert_fails(results_of("q3", code), checks, **phrases)


SCALED_BEFORE = "x_train_raw = np.random.default_rng(0).random((20, 32, 32, 3), dtype=np.float32)\n"


@pytest.mark.parametrize(
    "code", [preprocess("a, b = x_train, x_test"), preprocess("a, b = x_train * 2 - 1, x_test * 2 - 1"), ""]
)
def test_q3_follows_images_that_question_1_has_scaled(code: str) -> None:
    assert_fails(results_of("q3", SCALED_BEFORE + code), set())


def test_q3_missing_or_raising() -> None:
    assert_fails(results_of("q3", without=("preprocess",)), ALL_3, q3_answered="`preprocess` is not defined")
    raising = "def preprocess(*arrays):\n    raise RuntimeError('no idea')\n"
    assert_fails(results_of("q3", raising), ALL_3, q3_answered="`preprocess` raised RuntimeError: no idea")


# ---- All three ----


@pytest.mark.parametrize("value", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_told_and_no_fault_of_the_grader(value: str) -> None:
    code = f"def anything(*arguments):\n    return {value}\nload_data = describe_data = plot_examples = preprocess = anything\n"
    for question, checks in (("q1", ALL_1), ("q2", ALL_2), ("q3", ALL_3)):
        assert_fails(results_of(question, code), checks)


def test_nothing_else_is_needed() -> None:
    """Questions 1 to 3 are judged alike where every other question is missing."""
    others = ("build_tiny_vgg", "compile_model", "train", "evaluate", "plot_history", "run_experiment")
    for question in ("q1", "q2", "q3"):
        assert_fails(results_of(question, without=others), set())


@pytest.mark.parametrize("seed", range(5))
def test_the_reference_is_right_for_any_seed(seed: int) -> None:
    for question in ("q2", "q3"):
        assert_fails(results_of(question, seed=seed), set())
