"""Hidden checks of questions 1 to 3."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from assignment.data.dataset import dataset
from assignment.hidden._registry import registry
from assignment.hidden.drawn_images import Drawn, drawn_images, named_classes
from lab import settings
from lab.checks.common import numbers
from lab.checks.data import Preprocessed, as_images, images_drawn, missing_keys, preprocessed, scaled_alike
from lab.probes import inputs
from labkit.judging import Failure, Observations, Skipped
from labkit.plain_data import kind_of

SAME = 0.02  # difference of preprocessed values that counts as none, in standard deviations of the training images


@registry.check("q1", 1)
def q1_images(observations: Observations) -> None:
    """The arrays hold the raw images and labels of CIFAR-10."""
    parts = observations["q1"].get("load", {}).get("parts")
    if not parts:
        raise Skipped("q1_answered")
    for split in ("train", "test"):
        part = parts[split]
        x, y = _meant(part, split)
        if part["x_dtype"] != "uint8":
            raise Failure(
                f"`x_{split}` holds raw images: whole numbers from 0 to 255, type uint8.",
                f"Its type is {part['x_dtype']}.",
                "Scaling belongs into `preprocess` (question 3).",
            )
        labels = part["y"]
        if isinstance(labels, np.ndarray) and labels.shape[1:] == (settings.N_CLASSES,):  # judged with the shapes
            labels = labels.argmax(axis=1)
        if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iu":
            raise Failure(f"`y_{split}` holds whole numbers.", f"Its type is {part['y_dtype']}.")
        rows = inputs.sampled_rows(observations.seed, split, len(x))
        images = part["x_rows"] if part["x_rows"] is None else as_images(part["x_rows"])
        same_images = images is not None and np.array_equal(images, x[rows])
        if not same_images or not np.array_equal(labels.reshape(-1), y.reshape(-1)):
            what = "labels" if same_images else "images"
            raise Failure(
                f"The {what} of the {split} arrays are those of CIFAR-10, in their order.",
                "Some differ.",
                "Return what Keras loads, unchanged.",
            )


def _meant(part: dict[str, Any], split: str) -> tuple[np.ndarray, np.ndarray]:
    """The images and labels of CIFAR-10 that a part can be: those of its place, or else (which is judged above) of the
    other set if it has that one's size, or the first ones if there are fewer.

    Raises:
        Skipped: the part has another shape.
    """
    n = part["x_shape"][0] if part["x_shape"] else 0
    sets = dict(zip(("train", "test"), dataset().arrays, strict=True))
    x, y = next((arrays for arrays in (sets[split], *sets.values()) if len(arrays[0]) == n), sets[split])
    images, labels = part["x_rows"], part["y_shape"]
    has_images = isinstance(images, np.ndarray) and as_images(images) is not None
    if not has_images or n > len(x) or labels[:1] != [n] or labels[1:] not in ([], [1], [settings.N_CLASSES]):
        raise Skipped("q1_shapes")
    return x[:n], y[:n]


@registry.check("q1", 2)
def q1_summary(observations: Observations) -> None:
    """`describe_data` describes whatever arrays it is given."""
    calls = observations["q1"].get("describe", [])
    described = [number for number, call in enumerate(calls) if len(missing_keys(call["value"])) <= 1]
    if not described:
        raise Skipped("q1_described")
    for number in described:
        x_train, y_train, x_test, y_test = inputs.describe_inputs(observations.seed, number)
        n_classes = int(max(y_train.max(), y_test.max())) + 1
        value = calls[number]["value"]
        given = f"For {len(x_train)} training and {len(x_test)} test images of shape {x_train.shape[1:]}"
        wanted: dict[str, Any] = {
            "n_train": [len(x_train)],
            "n_test": [len(x_test)],
            "image_shape": list(x_train.shape[1:]),
            "n_classes": [n_classes],
            "class_counts": np.bincount(y_train.reshape(-1), minlength=n_classes).tolist(),
        }
        for key in [key for key in wanted if key in value]:
            right = [float(v) for v in wanted[key]]
            found = _counts(value[key], n_classes) if key == "class_counts" else numbers(value[key])
            if found == right:
                continue
            rule, hint = "describes these arrays", "Compute every value from the arguments; nothing may be typed in."
            if key == "n_classes":
                rule = "is the largest label in either set, plus one"
                hint = "Compute it from both `y_train` and `y_test`. A class without any image counts, too."
            if key == "class_counts":
                rule = "counts the training images of each class, 0 for a class that has none"
                hint = "Count the labels of the training set, for every class from 0 on: `n_classes` counts."
            raise Failure(f"{given}, `{key}` {rule}.", _what_it_is(value[key], found, right, y_train), hint)


def _what_it_is(value: Any, found: list[float] | None, right: list[float], labels: np.ndarray) -> str:
    """What a description holds in place of the right numbers, as a sentence."""
    if found is None:
        return f"It is {kind_of(value)}."
    if len(found) > 2 and found == list(range(len(found))):
        return "It holds the labels of the classes themselves, not how often each occurs."
    if len(found) == len(right):
        return f"It is {_text(found)}."
    if found == labels.reshape(-1).tolist():
        return "It holds the labels themselves, one for each training image."
    return f"It holds {len(found)} numbers, not {len(right)}."


def _text(values: list[float]) -> str:
    """7 or [5, 0, 2]."""
    texts = [f"{v:g}" for v in values]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def _counts(value: Any, n_classes: int) -> list[float] | None:
    """Counts in the order of classes, also from a dict class -> count that has all classes."""
    if isinstance(value, dict) and "kind" not in value:
        for names in ([str(c) for c in range(n_classes)], settings.CLASS_NAMES[:n_classes], settings.CLASS_NAMES):
            if set(value) == set(names):
                counts = numbers([value[name] for name in names]) or []
                return counts if any(counts[n_classes:]) else counts[:n_classes]  # names of further classes: fine
    return numbers(value)


def _shown(observations: Observations) -> list[tuple[list[Drawn], np.ndarray]]:
    """For each call that drew something: what was drawn, matched against the given images; and the labels.

    Raises:
        Skipped: none did.
    """
    seen = observations["q2"]
    result = []
    if not any(images_drawn(call["figures"]) for call in seen.get("calls", [])):
        raise Skipped("q2_answered")
    for number, call in enumerate(seen["calls"]):
        if not images_drawn(call["figures"]):
            continue
        x, y = inputs.example_inputs(observations.seed, number, seen["label_shape"])
        result.append((drawn_images(call["figures"], x, settings.CLASS_NAMES), y.reshape(-1)))
    return result


@registry.check("q2", 1)
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


@registry.check("q2", 2)
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


@registry.check("q2", 1)
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


@dataclass(frozen=True)
class _Split:
    """Images and labels that `preprocess` gave for one set, each beside what it was made from.

    Args:
        x, y: (m, 32, 32, 3) and labels, in the order of the raw images.
        raw_x, raw_y: what went in.
        rows: which of the given images these are, (m,): all of them, in a right answer.
    """

    x: np.ndarray
    y: np.ndarray
    raw_x: np.ndarray
    raw_y: np.ndarray
    rows: np.ndarray


def _preprocessed(observations: Observations) -> list[tuple[_Split, _Split]]:
    """For each call the training and the test set.

    Raises:
        Skipped: there are no such arrays.
    """
    seen = observations["q3"]
    result = []
    if not seen.get("calls"):
        raise Skipped("q3_answered")
    for number, call in enumerate(seen["calls"]):
        raw = inputs.preprocess_inputs(observations.seed, number, seen["label_shape"], seen["form"])
        found = Preprocessed(*(np.nan_to_num(v, posinf=0, neginf=0) for v in preprocessed(call)))
        result.append((_split(found.x_train, found.y_train, *raw[:2]), _split(found.x_test, found.y_test, *raw[2:])))
    return result


def _split(x: np.ndarray, y: np.ndarray, raw_x: np.ndarray, raw_y: np.ndarray) -> _Split:
    """Bring every image back to the place that it came from; where some are left out, those that are there."""
    if len(x) >= len(raw_x):
        places, rows = _places(x, raw_x), np.arange(len(raw_x))
    else:
        rows = _places(raw_x, x)
        places = rows.argsort()
        rows = rows[places]
    if len(y) <= places.max(initial=-1):  # fewer labels than images
        raise Skipped("q3_answered")
    return _Split(x[places], y[places], raw_x[rows], raw_y[rows], rows)


def _places(x: np.ndarray, raw: np.ndarray) -> np.ndarray:
    """Where in x each image of `raw` went, by correlation, shape (n,); its own place where that cannot be told."""

    def unit(a: np.ndarray) -> np.ndarray:
        flat = a.reshape(len(a), -1).astype(np.float32)
        flat = flat - flat.mean(axis=0)
        norms = np.linalg.norm(flat, axis=1, keepdims=True)
        return np.asarray(flat / np.where(norms == 0, 1, norms))

    before, after = unit(raw), unit(x)
    if len(x) == len(raw) and (before * after).sum(axis=1).min() > 0.95:  # as raw images have little in common
        return np.arange(len(x))
    alike = before @ after.T
    places = alike.argmax(axis=1)
    certain = len(set(places.tolist())) == len(raw) and alike.max(axis=1).min() > 0.5
    return np.asarray(places) if certain else np.arange(len(raw))


@registry.check("q3", 2)
def q3_same_map(observations: Observations) -> None:
    """Training and test images are scaled alike, by what is known of the training images."""
    calls = _preprocessed(observations)
    first, second = (train for train, _ in calls)
    _, in_first, in_second = np.intersect1d(first.rows, second.rows, return_indices=True)
    near = SAME * max(float(first.x.astype(np.float64).std()), 1e-12)
    if np.abs(first.x[in_first] - second.x[in_second]).max(initial=0) > near:
        raise Failure(
            "The training images come out the same, whatever the test set is.",
            "With another test set, other training images came out.",
            "Means and deviations for scaling come from the training images only, and nothing is left to chance.",
        )
    for train, test in calls:
        _, in_train, in_test = np.intersect1d(
            train.rows[train.rows < inputs.COPIES], test.rows[test.rows < inputs.COPIES], return_indices=True
        )
        if np.abs(train.x[in_train] - test.x[in_test]).max(initial=0) > near:
            raise Failure(
                "An image comes out the same, whether it is in the training or in the test set.",
                "Images that were in both sets came out different.",
                "Scale the test images by the same numbers as the training images.",
            )
        before, after = np.concatenate([train.raw_x, test.raw_x]), np.concatenate([train.x, test.x])
        same, ordered = scaled_alike(after, before, near)
        if not same:
            raise Failure(
                "All images are scaled by the same numbers.",
                "The same raw value became different values in different images.",
                "Whatever the scaling is made from (mean, deviation, largest value, norm), take it over the whole "
                "training set, not over each image.",
            )
        if not ordered:
            raise Failure(
                "Of two raw values the larger one stays the larger one.",
                "Their order changed.",
                "Arithmetic on `uint8` starts again from 0 above 255: convert to float first.",
            )


@registry.check("q3", 2)
def q3_labels(observations: Observations) -> None:
    """Labels are whole numbers or one-hot rows, and stay with their images."""
    for train, test in _preprocessed(observations):
        one_hot = []
        for split, name in ((train, "y_train"), (test, "y_test")):
            y = labels = split.y
            one_hot.append(y.ndim == 2 and y.shape[1] > 1)
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
            if not np.array_equal(labels, split.raw_y.reshape(-1)):
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


@registry.check("q3", 1)
def q3_inputs_unchanged(observations: Observations) -> None:
    """The arrays that are passed in stay as they are."""
    calls = observations["q3"].get("calls", [{}])
    for call in calls:
        preprocessed(call)
    if not all(call["unchanged"] for call in calls):
        raise Failure(
            "`preprocess` returns new arrays and leaves its arguments alone.",
            "After the call, the raw arrays had changed.",
            "`x = x / 255` makes a new array; `x /= 255` changes the one that was passed in.",
        )
