"""Public checks of questions 1 to 3."""

from typing import Any

import numpy as np

from lab import settings
from lab.checks import registry
from lab.checks.common import require_array, require_call, require_no_error, shape_text
from lab.judging import Failure, Observations
from lab.observe import kind_of
from lab.probes.inputs import PREPROCESSED

SUMMARY_KEYS = ("n_train", "n_test", "image_shape", "n_classes", "class_counts")


@registry.check("q1", 1)
def q1_answered(observations: Observations) -> None:
    """`load_data` returns two pairs of arrays, and `describe_data` a dict with the five keys."""
    load = observations["q1"].get("load", {})
    require_no_error(load, "load_data")
    if not load.get("parts"):
        raise Failure(
            "`load_data` returns `(x_train, y_train), (x_test, y_test)`.",
            f"It returned {load.get('form') or 'something else'}.",
            "Keras has a function for CIFAR-10 that returns just this.",
        )
    for call in observations["q1"]["describe"]:
        summary = require_call(call, "describe_data")
        if not isinstance(summary, dict):
            raise Failure("`describe_data` returns a dict.", f"It returned {kind_of(summary)}.")
        missing = [key for key in SUMMARY_KEYS if key not in summary]
        if missing:
            raise Failure(
                "The dict has the keys " + ", ".join(f"`{key}`" for key in SUMMARY_KEYS) + ".",
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
                "`fig, axes = plt.subplots(...)`, and `return fig` at the end.",
            )
        if not images_drawn(call["figures"]):
            raise Failure("The figure shows images.", "No axes of it holds an image.", "`ax.imshow(image)`")


@registry.check("q3", 1)
def q3_answered(observations: Observations) -> None:
    """`preprocess` returns four arrays: training images and labels, test images and labels."""
    n_train, n_test = PREPROCESSED
    for call in observations["q3"].get("calls", [{}]):
        value = require_call(call, "preprocess")
        if not isinstance(value, list) or len(value) != 4:
            raise Failure("`preprocess` returns `x_train, y_train, x_test, y_test`.", f"It returned {kind_of(value)}.")
        for x, n, name in ((value[0], n_train, "x_train"), (value[2], n_test, "x_test")):
            require_array(x, (n, *settings.IMAGE_SHAPE), f"For {n} images, `{name}`")
        for y, n, name in ((value[1], n_train, "y_train"), (value[3], n_test, "y_test")):
            shapes = ((n,), (n, 1), (n, settings.N_CLASSES))
            if not isinstance(y, np.ndarray) or y.shape not in shapes:
                raise Failure(
                    f"For {n} labels, `{name}` has the shape "
                    + " or ".join(shape_text(shape) for shape in shapes)
                    + ".",
                    f"It is {kind_of(y)}.",
                )
