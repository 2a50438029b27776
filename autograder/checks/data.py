"""Hidden checks of questions 1 to 3."""

from typing import Any

import numpy as np

from autograder.checks import registry
from autograder.checks.pictures import Drawn, drawn_images, named_classes
from autograder.dataset import dataset
from lab import settings
from lab.checks.common import numbers
from lab.judging import Failure, Observations
from lab.observe import kind_of
from lab.probes import inputs

SAME = 0.02  # difference of preprocessed values that counts as none, in standard deviations of the training images


@registry.check("q1", 1, after="q1_shapes", why="arrays of other shapes cannot be compared")
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


@registry.check("q1", 2, after="q1_described", why="what the dictionary lacks cannot be compared")
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
            rule, hint = "describes these arrays", "Compute every value from the arguments; nothing may be typed in."
            if key == "n_classes":
                hint = "It is the largest label in either set, plus one."
            if key == "class_counts":
                rule = "counts the training images of each class, 0 for a class that has none"
                hint = "Count the labels of the training set, for every class from 0 on."
            raise Failure(
                f"{given}, `{key}` {rule}.",
                f"It is {kind_of(value[key])}."
                if found is None or len(found) != len(right)
                else f"It is {_text(found)}.",
                hint,
            )


def _text(values: list[float]) -> str:
    """7 or [5, 0, 2]."""
    texts = [f"{v:g}" for v in values]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def _counts(value: Any) -> list[float] | None:
    """Counts in the order of classes, also from a dict class -> count that has all classes."""
    if isinstance(value, dict) and "kind" not in value:
        for names in ([str(c) for c in range(settings.N_CLASSES)], list(settings.CLASS_NAMES)):
            if set(value) == set(names):
                return numbers([value[name] for name in names])
    return numbers(value)


def _shown(observations: Observations) -> list[tuple[list[Drawn], np.ndarray]]:
    """For each call: what was drawn, matched against the given images; and the labels."""
    seen = observations["q2"]
    result = []
    for number, call in enumerate(seen["calls"]):
        x, y = inputs.example_inputs(observations.seed, number, seen["label_shape"])
        result.append((drawn_images(call["figures"], x, settings.CLASS_NAMES), y.reshape(-1)))
    return result


@registry.check("q2", 1, after="q2_answered")
def q2_images(observations: Observations) -> None:
    """The images that are drawn are among those given."""
    for drawn, _ in _shown(observations):
        strange = [d for d in drawn if not d.exact]
        if strange:
            known = sum(d.row is not None for d in strange)
            which = "they are" if known == len(strange) else f"{known} of them are"
            raise Failure(
                "Every image that is drawn is one of `x`, upright and with its own colours.",
                f"{len(strange)} of {len(drawn)} drawn images are not"
                + (f" ({which} images of `x` in other colours, or turned)." if known else "."),
                "Draw `x[i]` as it is: `imshow` takes whole numbers from 0 to 255, or floats from 0 to 1.",
            )


@registry.check("q2", 2, after="q2_answered")
def q2_titles(observations: Observations) -> None:
    """Each image carries the name of its class, and no other's."""
    for drawn, labels in _shown(observations):
        matched = [(d, d.row) for d in drawn if d.row is not None]
        if not matched:
            raise Failure("Each image of `x` that is drawn has a title.", "No image of `x` is drawn.")
        for d, row in matched:
            name = settings.CLASS_NAMES[labels[row]]
            if not d.text.strip():
                raise Failure(
                    "Each image has a title with the name of its class.",
                    "There is an image without title.",
                    "A label below the image counts too, where the axes are not switched off.",
                )
            named = named_classes(d.text, settings.CLASS_NAMES)
            if name.lower() not in d.text.lower() or named - {name}:
                whose = " (its own, or the nearest that names a class)" if named else ""
                raise Failure(
                    "The title of an image contains the name of its class, and of no other.",
                    f"An image of class “{name}” has the title “{d.text.strip()[:60]}”{whose}.",
                    "Image and label must have the same index, and `class_names[k]` is the name of class `k`.",
                )


@registry.check("q2", 1, after="q2_answered")
def q2_all_classes(observations: Observations) -> None:
    """Every class appears."""
    for drawn, labels in _shown(observations):
        shown = {int(labels[d.row]) for d in drawn if d.row is not None}
        if not shown:
            raise Failure("At least one image of each class is drawn.", "No image of `x` is drawn.")
        missing = [name for c, name in enumerate(settings.CLASS_NAMES) if c not in shown]
        if missing:
            raise Failure(
                f"At least one image of each of the {settings.N_CLASSES} classes is drawn.",
                f"There is none of: {', '.join(missing)}.",
                "Do not count on the first images of `x` to show every class: look for one of each.",
            )


Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _preprocessed(observations: Observations) -> list[tuple[Arrays, Arrays]]:
    """For each call: what came out, every image brought back to the place that it came from; and what went in."""
    seen = observations["q3"]
    result = []
    for number, call in enumerate(seen["calls"]):
        raw = inputs.preprocess_inputs(observations.seed, number, seen["label_shape"], seen["form"])
        x_train, y_train, x_test, y_test = (np.nan_to_num(v, posinf=0, neginf=0) for v in call["value"])
        train, test = _places(x_train, raw[0]), _places(x_test, raw[2])
        result.append(((x_train[train], y_train[train], x_test[test], y_test[test]), raw))
    return result


def _places(x: np.ndarray, raw: np.ndarray) -> np.ndarray:
    """Where in x each image of `raw` went, by correlation, shape (n,); its own place where that cannot be told."""

    def unit(a: np.ndarray) -> np.ndarray:
        flat = a.reshape(len(a), -1).astype(np.float32)
        flat = flat - flat.mean(axis=0)
        norms = np.linalg.norm(flat, axis=1, keepdims=True)
        return np.asarray(flat / np.where(norms == 0, 1, norms))

    before, after = unit(raw), unit(x)
    if (before * after).sum(axis=1).min() > 0.95:  # none is more like another, as raw images have little in common
        return np.arange(len(x))
    alike = before @ after.T
    places = alike.argmax(axis=1)
    certain = len(set(places.tolist())) == len(x) and alike.max(axis=1).min() > 0.5
    return np.asarray(places) if certain else np.arange(len(x))


@registry.check("q3", 2, after="q3_answered")
def q3_same_map(observations: Observations) -> None:
    """Training and test images are scaled alike, by what is known of the training images."""
    calls = _preprocessed(observations)
    (first, _, _, _), _ = calls[0]
    (second, _, _, _), _ = calls[1]
    near = SAME * max(float(first.astype(np.float64).std()), 1e-12)
    if np.abs(first - second).max() > near:
        raise Failure(
            "The training images come out the same, whatever the test set is.",
            "With another test set, other training images came out.",
            "Means and deviations for scaling come from the training images only, and nothing is left to chance.",
        )
    for (x_train, _, x_test, _), raw in calls:
        if np.abs(x_train[: inputs.COPIES] - x_test[: inputs.COPIES]).max() > near:
            raise Failure(
                "An image comes out the same, whether it is in the training or in the test set.",
                "Images that were in both sets came out different.",
                "Scale the test images by the same numbers as the training images.",
            )
        before = np.concatenate([raw[0], raw[2]]).astype(np.float64)
        after = np.concatenate([x_train, x_test])
        same, ordered = _one_map(after, before, near)
        if not (same and ordered):  # blue may come first
            same, ordered = max((same, ordered), _one_map(after, before[..., ::-1], near))
        if not same:
            raise Failure(
                "All images are scaled by the same numbers.",
                "The same raw value became different values in different images.",
                "Means and deviations are taken over the whole training set, not over each image.",
            )
        if not ordered:
            raise Failure(
                "Of two raw values the larger one stays the larger one.",
                "Their order changed.",
                "Arithmetic on `uint8` starts again from 0 above 255: convert to float first.",
            )


def _one_map(x: np.ndarray, raw: np.ndarray, near: float) -> tuple[bool, bool]:
    """Whether at every place (pixel and channel) equal raw values became equal, and kept (or reversed) their order."""
    u, v = raw.reshape(len(raw), -1), x.reshape(len(x), -1).astype(np.float64)
    order = u.argsort(axis=0, kind="stable")
    steps, changes = (np.diff(np.take_along_axis(a, order, axis=0), axis=0) for a in (u, v))
    same = not (np.abs(changes[steps == 0]) > near).any()
    up, down = (changes >= -near).all(axis=0), (changes <= near).all(axis=0)
    return same, bool(up.all() or down.all())


@registry.check("q3", 2, after="q3_answered")
def q3_labels(observations: Observations) -> None:
    """Labels are whole numbers or one-hot rows, and stay with their images."""
    for (_, y_train, _, y_test), (_, raw_train, _, raw_test) in _preprocessed(observations):
        one_hot = []
        for y, raw, name in ((y_train, raw_train, "y_train"), (y_test, raw_test, "y_test")):
            labels = y
            one_hot.append(y.ndim == 2 and y.shape[1] == settings.N_CLASSES)
            if one_hot[-1]:
                if not np.isin(y, [0, 1]).all() or not (y.sum(axis=1) == 1).all():
                    raise Failure(f"A one-hot row of `{name}` holds a single 1.", "Some rows hold something else.")
                labels = y.argmax(axis=1)
            labels = labels.reshape(-1)
            if not np.isin(labels, np.arange(settings.N_CLASSES)).all():
                raise Failure(
                    f"`{name}` holds class numbers from 0 to {settings.N_CLASSES - 1} (or one-hot rows).",
                    f"It reaches from {float(labels.min()):.3g} to {float(labels.max()):.3g}"
                    + (", with fractions." if (labels % 1).any() else "."),
                    "Labels are names of classes, not quantities: they are not scaled.",
                )
            if not np.array_equal(labels, raw.reshape(-1)):
                raise Failure(
                    "Every image keeps its own label.",
                    f"In `{name}`, labels came out beside other images than they came in.",
                    "Reorder images and labels together, or not at all.",
                )
        if one_hot[0] != one_hot[1]:
            raise Failure(
                "Labels of both sets have the same form.",
                "One-hot rows in one, whole numbers in the other.",
                "One loss has to fit both.",
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
