"""Public checks of questions 1 to 3."""

from typing import Any, NamedTuple

import numpy as np

from lab import settings
from lab.checks._registry import registry
from lab.checks.common import require_array, require_call, require_no_error, shape_text
from lab.probes import inputs
from lab.probes.inputs import PREPROCESSED, TWO_PAIRS
from labkit.judging import Failure, Observations, Skipped
from labkit.plain_data import kind_of

MAX_SCALED = 10.0  # of preprocessed values, either sign
MIN_SPREAD = 0.05  # standard deviation of the preprocessed training images
SUMMARY_KEYS = ("n_train", "n_test", "image_shape", "n_classes", "class_counts")


@registry.check("q1", 0.5)
def q1_answered(observations: Observations) -> None:
    """`load_data` returns two pairs of arrays."""
    load = observations["q1"].get("load", {})
    require_no_error(load, "load_data")
    if not load.get("parts") or load.get("form") != TWO_PAIRS:
        raise Failure(
            "`load_data` returns `(x_train, y_train), (x_test, y_test)`.",
            f"It returned {load.get('form') or 'something else'}.",
            "Keras has a function for CIFAR-10 that returns just this.",
        )


@registry.check("q1", 0.5)
def q1_described(observations: Observations) -> None:
    """`describe_data` returns a dictionary with the five keys."""
    for call in observations["q1"].get("describe", [{}]):
        summary = require_call(call, "describe_data")
        if not isinstance(summary, dict) or summary.get("kind") in ("object", "array", "Figure", "DataFrame"):
            raise Failure("`describe_data` returns a dictionary.", f"It returned {kind_of(summary)}.")
        missing = missing_keys(summary)
        if missing:
            raise Failure(
                "The dictionary has the keys " + ", ".join(f"`{key}`" for key in SUMMARY_KEYS) + ".",
                "There is no " + ", no ".join(f"`{key}`" for key in missing) + ".",
            )


def missing_keys(summary: Any) -> list[str]:
    """Keys that a description lacks; all of them where it is no dictionary."""
    return [key for key in SUMMARY_KEYS if not isinstance(summary, dict) or key not in summary]


@registry.check("q1", 1)
def q1_shapes(observations: Observations) -> None:
    """The arrays have the shapes of CIFAR-10."""
    parts = observations["q1"].get("load", {}).get("parts")
    if not parts:
        raise Skipped("q1_answered")
    for split, n in (("train", settings.N_TRAIN), ("test", settings.N_TEST)):
        part = parts[split]
        if tuple(part["x_shape"]) != (n, *settings.IMAGE_SHAPE):
            raise Failure(
                f"`x_{split}` has the shape {shape_text((n, *settings.IMAGE_SHAPE))}.",
                f"Its shape is {shape_text(part['x_shape'])}.",
                "Is the training set returned first, and are images and labels in their places?",
            )
        if tuple(part["y_shape"]) not in ((n,), (n, 1)):
            raise Failure(
                f"`y_{split}` has the shape ({n}, 1) or ({n},).",
                f"Its shape is {shape_text(part['y_shape'])}.",
            )


def images_drawn(figures: Any) -> int:
    """Number of images over all figures."""
    return sum(len(axes["images"]) for figure in figures for axes in figure["axes"])


@registry.check("q2", 1)
def q2_answered(observations: Observations) -> None:
    """`plot_examples` draws images."""
    for call in observations["q2"].get("calls", [{}]):
        require_no_error(call, "plot_examples")
        if not call["figures"]:
            raise Failure(
                "`plot_examples` returns a Matplotlib figure.",
                "It returned no figure and left none open.",
                "Replace the `...` by your code: make a figure with `plt.subplots`, and return it.",
            )
        if not images_drawn(call["figures"]):
            raise Failure("The figure shows images.", "No axes of it holds an image.", "`ax.imshow(...)`")


@registry.check("q3", 1)
def q3_answered(observations: Observations) -> None:
    """`preprocess` returns four arrays: training images and labels, test images and labels."""
    n_train, n_test = PREPROCESSED
    for call in observations["q3"].get("calls", [{}]):
        value = require_call(call, "preprocess")
        if not isinstance(value, list) or len(value) != 4:
            raise Failure("`preprocess` returns `x_train, y_train, x_test, y_test`.", f"It returned {kind_of(value)}.")
        shapes = [v.shape if isinstance(v, np.ndarray) else () for v in value]
        order = "The order is `x_train, y_train, x_test, y_test`."
        if len(shapes[1]) == 4 and len(shapes[2]) in (1, 2):
            raise Failure(order, "The second of the four arrays holds images, the third labels.")
        if [s[:1] for s in shapes] == [(n_test,), (n_test,), (n_train,), (n_train,)]:
            raise Failure(order, "The test set comes first.")
        for x, n, name in ((value[0], n_train, "x_train"), (value[2], n_test, "x_test")):
            if np.shape(x)[1:] == settings.IMAGE_SHAPE and len(x) < n:
                raise Failure(
                    "`preprocess` returns all the images that it is given.",
                    f"Of {n} images, `{name}` holds {len(x)}.",
                    "Leave none out here. Question 6 holds images out for validation.",
                )
            require_array(x, (n, *settings.IMAGE_SHAPE), f"For {n} images, `{name}`")
        for y, n, name in ((value[1], n_train, "y_train"), (value[3], n_test, "y_test")):
            forms = ((n,), (n, 1), (n, settings.N_CLASSES))
            if not isinstance(y, np.ndarray) or y.shape not in forms:
                raise Failure(
                    f"For {n} labels, `{name}` has the shape " + " or ".join(shape_text(form) for form in forms) + ".",
                    f"It is {kind_of(y)}.",
                )


class Preprocessed(NamedTuple):
    """What `preprocess` returned, each array in its place and images as (n, rows, columns, channels)."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def preprocessed(call: dict[str, Any]) -> Preprocessed:
    """The arrays of a call of `preprocess`, brought into their places and forms where these are others (which costs the
    marks of `q3_answered`).

    Raises:
        Skipped: they are no images and labels of two sets.
    """
    value = call.get("value")
    if not isinstance(value, list) or not all(isinstance(v, np.ndarray) and v.size for v in value):
        raise Skipped("q3_answered")
    images = [image for v in value if (image := as_images(v)) is not None]
    labels = [v for v in value if as_images(v) is None and v.ndim in (1, 2)]
    if len(value) != 4 or len(images) != 2 or len(labels) != 2:
        raise Skipped("q3_answered")
    sets = list(zip(images, labels, strict=True))
    if [len(v) for v in images] == list(reversed(PREPROCESSED)):
        sets.reverse()
    return Preprocessed(*sets[0], *sets[1])


def as_images(array: np.ndarray) -> np.ndarray | None:
    """(n, rows, columns, channels) from that shape, with the channels first, or flat; None from anything else."""
    rows, columns, channels = settings.IMAGE_SHAPE
    if array.shape[1:] == settings.IMAGE_SHAPE:
        return array
    if array.shape[1:] == (channels, rows, columns):
        return np.moveaxis(array, 1, -1)
    return array.reshape(-1, *settings.IMAGE_SHAPE) if array.shape[1:] == (rows * columns * channels,) else None


def scaled_alike(x: np.ndarray, raw: np.ndarray, near: float) -> tuple[bool, bool]:
    """Whether at every place (pixel and channel) equal raw values became equal, and kept (or reversed) their order.

    Args:
        x, raw: images (n, rows, columns, channels) after and before scaling; of x, blue may come first.
        near: difference of scaled values that counts as none.
    """
    first = _one_map(x, raw, near)
    return first if all(first) else max(first, _one_map(x, raw[..., ::-1], near))


def _one_map(x: np.ndarray, raw: np.ndarray, near: float) -> tuple[bool, bool]:
    u, v = (a.reshape(len(a), -1).astype(np.float64) for a in (raw, x))
    order = u.argsort(axis=0, kind="stable")
    steps, changes = (np.diff(np.take_along_axis(a, order, axis=0), axis=0) for a in (u, v))
    same = not (np.abs(changes[steps == 0]) > near).any()
    up, down = (changes >= -near).all(axis=0), (changes <= near).all(axis=0)
    return same, bool(up.all() or down.all())


@registry.check("q3", 2)
def q3_scaled(observations: Observations) -> None:
    """The images become floats of order one."""
    seen = observations["q3"]
    for number, call in enumerate(seen.get("calls", [{}])):
        x_train, _, x_test, _ = preprocessed(call)
        for x, name in ((x_train, "x_train"), (x_test, "x_test")):
            if x.dtype.kind != "f":
                raise Failure(f"`{name}` holds floats.", f"Its type is {x.dtype}.", '`astype("float32")`')
            if not np.isfinite(x).all():
                raise Failure(f"Every value of `{name}` is a finite number.", "Some are NaN or infinite.")
            if np.abs(x).max() > MAX_SCALED:
                raise Failure(
                    f"The values of `{name}` are of order one: between -{MAX_SCALED:g} and {MAX_SCALED:g}.",
                    f"They reach from {x.min():.3g} to {x.max():.3g}.",
                    "Raw values reach from 0 to 255.",
                )
        spread = float(x_train.astype(np.float64).std())
        raw = inputs.preprocess_inputs(observations.seed, number, seen["label_shape"], seen["form"])[0]
        one_map = len(raw) != len(x_train) or scaled_alike(x_train, raw, 0.02 * spread)[0]
        if spread < MIN_SPREAD and one_map:  # scaling of each image by itself is judged elsewhere, whatever it leaves
            raise Failure(
                f"The values of `x_train` differ by something of order one (standard deviation above {MIN_SPREAD:g}).",
                f"Their standard deviation is {spread:.2g}.",
                "Were they scaled twice, or divided as whole numbers?",
            )
