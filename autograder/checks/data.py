"""Hidden checks of questions 1 to 3."""

from typing import Any

import numpy as np

from autograder.checks import registry
from autograder.checks.pictures import Drawn, drawn_images
from autograder.dataset import dataset
from lab import settings
from lab.checks.common import numbers
from lab.judging import Failure, Observations
from lab.observe import kind_of
from lab.probes import inputs

MAX_SCALED = 10.0
MIN_SPREAD = 0.05


@registry.check("q1", 1, after="q1_shapes")
def q1_images(observations: Observations) -> None:
    """The arrays hold the raw images and labels of CIFAR-10, training and test set in their places."""
    parts = observations["q1"]["load"]["parts"]
    (x_train, y_train), (x_test, y_test) = dataset().arrays
    for split, x, y in (("train", x_train, y_train), ("test", x_test, y_test)):
        part = parts[split]
        if part["x_dtype"] != "uint8":
            raise Failure(
                f"`x_{split}` holds raw images: whole numbers from 0 to 255, type uint8.",
                f"Its type is {part['x_dtype']}.",
                "Scaling belongs into `preprocess` (question 3).",
            )
        labels = part["y"]
        if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iu":
            raise Failure(f"`y_{split}` holds whole numbers.", f"Its type is {part['y_dtype']}.")
        rows = inputs.sampled_rows(observations.seed, split, len(x))
        same_images = np.array_equal(part["x_rows"], x[rows])
        if not same_images or not np.array_equal(labels.reshape(-1), y.reshape(-1)):
            what = "labels" if same_images else "images"
            raise Failure(
                f"The {what} of the {split} arrays are those of CIFAR-10, in their order.",
                "Some differ.",
                "Return what Keras loads, unchanged.",
            )


@registry.check("q1", 2, after="q1_answered")
def q1_summary(observations: Observations) -> None:
    """`describe_data` describes whatever arrays it is given."""
    for number, call in enumerate(observations["q1"]["describe"]):
        x_train, y_train, x_test, _ = inputs.describe_inputs(observations.seed, number)
        value = call["value"]
        given = f"For {len(x_train)} training and {len(x_test)} test images of shape {x_train.shape[1:]}"
        wanted: dict[str, Any] = {
            "n_train": [len(x_train)],
            "n_test": [len(x_test)],
            "image_shape": list(x_train.shape[1:]),
            "n_classes": [settings.N_CLASSES],
            "class_counts": np.bincount(y_train.reshape(-1), minlength=settings.N_CLASSES).tolist(),
        }
        for key, right in wanted.items():
            found = _counts(value[key]) if key == "class_counts" else numbers(value[key])
            if found == [float(v) for v in right]:
                continue
            rule = "counts the training images of each class, 0 for a class that has none"
            raise Failure(
                f"{given}, `{key}` " + (rule if key == "class_counts" else "describes these arrays") + ".",
                f"It is {kind_of(value[key])}."
                if found is None or len(found) != len(right)
                else f"It is {[f'{v:g}' for v in found]}.".replace("'", ""),
                "Compute every value from the arguments; nothing may be typed in."
                if key != "class_counts"
                else "Count the labels of the training set, for every class from 0 on.",
            )


def _counts(value: Any) -> list[float] | None:
    """Counts in the order of classes, also from a dict class -> count (absent classes left out)."""
    if isinstance(value, dict) and "kind" not in value:
        if all(key.isdigit() for key in value):
            return [float(value.get(str(c), 0)) for c in range(settings.N_CLASSES)]
        if set(value) <= set(settings.CLASS_NAMES):
            return [float(value.get(name, 0)) for name in settings.CLASS_NAMES]
    return numbers(value)


def _shown(observations: Observations) -> list[tuple[list[Drawn], np.ndarray]]:
    """For each call: what was drawn, matched against the given images; and the labels."""
    seen = observations["q2"]
    result = []
    for number, call in enumerate(seen["calls"]):
        x, y = inputs.example_inputs(observations.seed, number, seen["label_shape"])
        result.append((drawn_images(call["figures"], x), y.reshape(-1)))
    return result


@registry.check("q2", 1, after="q2_answered")
def q2_images(observations: Observations) -> None:
    """The images that are drawn are among those given."""
    for drawn, _ in _shown(observations):
        strange = [d for d in drawn if not d.rows]
        if strange:
            raise Failure(
                "Every image that is drawn is one of `x`, with its own colours.",
                f"{len(strange)} of {len(drawn)} drawn images are not.",
                "Draw `x[i]` as it is (or divided by 255).",
            )


@registry.check("q2", 2, after="q2_answered")
def q2_titles(observations: Observations) -> None:
    """Each image carries the name of its class."""
    for drawn, labels in _shown(observations):
        matched = [d for d in drawn if d.rows]
        if not matched:
            raise Failure("Each image of `x` that is drawn has a title.", "No image of `x` is drawn.")
        for d in matched:
            names = {settings.CLASS_NAMES[labels[row]] for row in d.rows}
            text = d.text.lower()
            if not text.strip():
                raise Failure(
                    "Each image has a title with the name of its class.",
                    "There is an image without title.",
                    "`ax.set_title(class_names[...])`; a label of shape (1,) has to become a number first.",
                )
            if not all(name.lower() in text for name in names):
                raise Failure(
                    "The title of an image contains the name of its class.",
                    f"An image of class “{min(names)}” has the title “{d.text.strip()[:60]}”.",
                    "Image and label must have the same index.",
                )


@registry.check("q2", 1, after="q2_answered")
def q2_all_classes(observations: Observations) -> None:
    """Every class appears."""
    for drawn, labels in _shown(observations):
        shown = {int(labels[row]) for d in drawn for row in d.rows}
        missing = [name for c, name in enumerate(settings.CLASS_NAMES) if c not in shown]
        if missing:
            raise Failure(
                f"At least one image of each of the {settings.N_CLASSES} classes is drawn.",
                f"There is none of: {', '.join(missing)}.",
                "Do not count on the first images of `x` to show every class: look for one of each.",
            )


def _preprocessed(observations: Observations) -> list[tuple[list[np.ndarray], tuple[np.ndarray, ...]]]:
    seen = observations["q3"]
    return [
        (
            [np.asarray(v) for v in call["value"]],
            inputs.preprocess_inputs(observations.seed, number, seen["label_shape"]),
        )
        for number, call in enumerate(seen["calls"])
    ]


@registry.check("q3", 2, after="q3_answered")
def q3_scaled(observations: Observations) -> None:
    """The images become small floats."""
    for (x_train, _, x_test, _), _ in _preprocessed(observations):
        for x, name in ((x_train, "x_train"), (x_test, "x_test")):
            if x.dtype.kind != "f":
                raise Failure(f"`{name}` holds floats.", f"Its type is {x.dtype}.", '`astype("float32")`')
            if not np.isfinite(x).all():
                raise Failure(f"Every value of `{name}` is a finite number.", "Some are NaN or infinite.")
            if np.abs(x).max() > MAX_SCALED:
                raise Failure(
                    f"The values of `{name}` are small: of the order of 1.",
                    f"They reach from {x.min():.3g} to {x.max():.3g}.",
                    "Raw values reach from 0 to 255.",
                )
        if x_train.std() < MIN_SPREAD:
            raise Failure(
                "The values are spread over a range of the order of 1.",
                f"Their standard deviation is {x_train.std():.2g}.",
                "Were they scaled twice, or divided as whole numbers?",
            )


@registry.check("q3", 2, after="q3_answered")
def q3_same_map(observations: Observations) -> None:
    """Training and test images are scaled alike, by what is known of the training images."""
    calls = _preprocessed(observations)
    first, second = calls[0][0], calls[1][0]
    if not np.allclose(first[0], second[0], rtol=1e-4, atol=1e-5):
        raise Failure(
            "The training images come out the same, whatever the test set is.",
            "With another test set, other training images came out.",
            "Means and deviations for scaling may come from the training images only.",
        )
    for (x_train, _, x_test, _), raw in calls:
        copies = slice(0, inputs.COPIES)
        order = _matching(x_train, raw[0])
        position = {int(source): i for i, source in enumerate(order)}
        twins = np.stack([x_train[position.get(i, i)] for i in range(inputs.COPIES)])
        if not np.allclose(twins, x_test[copies], rtol=1e-3, atol=1e-4):
            raise Failure(
                "An image comes out the same, whether it is in the training or in the test set.",
                "Images that were in both sets came out different.",
                "Scale the test images by the same numbers as the training images.",
            )
        if not _one_map(x_train, raw[0][order]):
            raise Failure(
                "All images are scaled by the same numbers.",
                "The same raw value became different values in different images.",
                "Means and deviations are taken over the whole training set, not over each image.",
            )


def _matching(x: np.ndarray, raw: np.ndarray) -> np.ndarray:
    """Row of `raw` from which each row of x comes, by correlation; shape (n,)."""

    def unit(a: np.ndarray) -> np.ndarray:
        flat = a.reshape(len(a), -1).astype(np.float64)
        flat = flat - flat.mean(axis=0)
        norms = np.linalg.norm(flat, axis=1, keepdims=True)
        return np.asarray(flat / np.where(norms == 0, 1, norms))

    return np.asarray((unit(x) @ unit(raw).T).argmax(axis=1))


def _one_map(x: np.ndarray, raw: np.ndarray) -> bool:
    """Whether at every place (pixel and channel) output = a * input + b with the same a, b for all images."""
    u = raw.reshape(len(raw), -1).astype(np.float64)
    v = x.reshape(len(x), -1).astype(np.float64)
    u, v = u - u.mean(axis=0), v - v.mean(axis=0)
    slope = (u * v).sum(axis=0) / np.maximum((u * u).sum(axis=0), 1e-12)
    residual = np.abs(v - slope * u).max()
    return bool(residual <= 0.01 * max(float(np.abs(v).max()), 1e-12))


@registry.check("q3", 2, after="q3_answered")
def q3_labels(observations: Observations) -> None:
    """Labels are whole numbers or one-hot rows, and stay with their images."""
    for value, raw in _preprocessed(observations):
        for x, y, raw_x, raw_y, name in (
            (value[0], value[1], raw[0], raw[1], "y_train"),
            (value[2], value[3], raw[2], raw[3], "y_test"),
        ):
            labels = y
            if y.ndim == 2 and y.shape[1] == settings.N_CLASSES:
                if not np.array_equal(np.sort(np.unique(y)), [0, 1]) or not (y.sum(axis=1) == 1).all():
                    raise Failure(f"A one-hot row of `{name}` holds a single 1.", "Some rows hold something else.")
                labels = y.argmax(axis=1)
            labels = labels.reshape(-1)
            if not set(np.unique(labels).tolist()) <= set(range(settings.N_CLASSES)):
                raise Failure(
                    f"`{name}` holds class numbers from 0 to {settings.N_CLASSES - 1} (or one-hot rows).",
                    f"It holds values such as {float(labels.max()):.3g}.",
                    "Labels are names of classes, not quantities: they are not scaled.",
                )
            if not np.array_equal(labels, raw_y.reshape(-1)[_matching(x, raw_x)]):
                raise Failure(
                    "Every image keeps its own label.",
                    f"In `{name}`, labels came out beside other images than they came in.",
                    "Reorder images and labels together, or not at all.",
                )


@registry.check("q3", 1, after="q3_answered")
def q3_inputs_unchanged(observations: Observations) -> None:
    """The arrays that are passed in stay as they are."""
    if not all(call["unchanged"] for call in observations["q3"]["calls"]):
        raise Failure(
            "`preprocess` returns new arrays and leaves its arguments alone.",
            "After the call, the raw arrays had changed.",
            "`x = x / 255` makes a new array; `x /= 255` changes the one that was passed in.",
        )
