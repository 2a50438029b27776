"""Public checks of questions 1 to 3."""

from typing import Any

import numpy as np

from lab import settings
from lab.checks import registry
from lab.checks.common import require_array, require_call, require_no_error, shape_text
from lab.judging import Failure, Observations
from lab.observe import kind_of
from lab.probes.inputs import PREPROCESSED

MAX_SCALED = 10.0  # of preprocessed values, either sign
MIN_SPREAD = 0.05  # standard deviation of the preprocessed training images
SUMMARY_KEYS = ("n_train", "n_test", "image_shape", "n_classes", "class_counts")


@registry.check("q1", 0.5)
def q1_answered(observations: Observations) -> None:
    """`load_data` returns two pairs of arrays."""
    load = observations["q1"].get("load", {})
    require_no_error(load, "load_data")
    if not load.get("parts"):
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
        missing = [key for key in SUMMARY_KEYS if key not in summary]
        if missing:
            raise Failure(
                "The dictionary has the keys " + ", ".join(f"`{key}`" for key in SUMMARY_KEYS) + ".",
                "There is no " + ", no ".join(f"`{key}`" for key in missing) + ".",
            )


@registry.check("q1", 1, after="q1_answered")
def q1_shapes(observations: Observations) -> None:
    """The arrays have the shapes of CIFAR-10."""
    parts = observations["q1"]["load"]["parts"]
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
            require_array(x, (n, *settings.IMAGE_SHAPE), f"For {n} images, `{name}`")
        for y, n, name in ((value[1], n_train, "y_train"), (value[3], n_test, "y_test")):
            forms = ((n,), (n, 1), (n, settings.N_CLASSES))
            if not isinstance(y, np.ndarray) or y.shape not in forms:
                raise Failure(
                    f"For {n} labels, `{name}` has the shape " + " or ".join(shape_text(form) for form in forms) + ".",
                    f"It is {kind_of(y)}.",
                )


@registry.check("q3", 2, after="q3_answered")
def q3_scaled(observations: Observations) -> None:
    """The images become floats of order one."""
    for call in observations["q3"]["calls"]:
        x_train, _, x_test, _ = (np.asarray(v) for v in call["value"])
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
        if spread < MIN_SPREAD:
            raise Failure(
                f"The values of `x_train` differ by something of order one (standard deviation above {MIN_SPREAD:g}).",
                f"Their standard deviation is {spread:.2g}.",
                "Were they scaled twice, or divided as whole numbers?",
            )
