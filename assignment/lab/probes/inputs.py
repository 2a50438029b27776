"""What the probes feed to students' functions. Drawn from a seed, so that the judge can draw it again.

Everything here is plain NumPy, and takes `key`, a text that tells one draw from another.
"""

import zlib

import numpy as np

from lab import settings

SAMPLED_ROWS = 64
DESCRIBED = ((57, 23, (20, 28, 3)), (90, 41, settings.IMAGE_SHAPE))
SHOWN = (310, 357)
SHOWN_OF_CLASS = 16  # images of a class at least: how many are drawn is free
PREPROCESSED = (120, 80)
COPIES = 12  # test images that are training images too, to see whether both are mapped alike
MODEL_IMAGES = 6
PREDICTED_ROWS = 24
TRAINED_ROWS = 1013
OTHER_EPOCHS, OTHER_BATCH_SIZE = 7, 50
EVALUATED = (389, 347)
HITS = (0.6, 0.3)  # share of these images that the model is made to classify rightly, besides lucky ones
CURVE_LENGTHS = (9, 14)
EXPERIMENT_RUNS, EXPERIMENT_EPOCHS = 3, 2
AGAIN_RUNS = 2  # of a second, small experiment
RESULT_KEYS = ("accuracies", "mean", "std", "histories")
TWO_PAIRS = "two pairs of arrays"  # form of what `load_data` gives
FILTER_INDEX = 3
KERNELS_SHAPE = (settings.IMAGE_SHAPE[2], settings.FILTERS, settings.KERNEL_SIZE, settings.KERNEL_SIZE)
RESNET50_SHAPE = (64, 7, 7, 3)


def generator(seed: int, key: str) -> np.random.Generator:
    """A random generator for one purpose."""
    return np.random.default_rng([seed, zlib.crc32(key.encode())])


def images(rng: np.random.Generator, n: int, low: float | np.ndarray = 0, high: float | np.ndarray = 255) -> np.ndarray:
    """Raw images: uint8 (n, 32, 32, 3), each unlike all others, smooth like photographs.

    Args:
        low, high: the range of values; arrays of shape (n, 1, 1, 1) give each image a range of its own.
    """
    coarse = rng.standard_normal((n, 4, 4, 3), np.float32).repeat(8, axis=1).repeat(8, axis=2)
    values = coarse + rng.standard_normal((n, *settings.IMAGE_SHAPE), np.float32) / 2
    low, high = np.asarray(low, np.float32), np.asarray(high, np.float32)
    values = (values + np.float32(2.5)) * ((high - low) / 5) + low
    return np.asarray(np.clip(values.round(), low, high).astype(np.uint8))


def labels(rng: np.random.Generator, n: int, shape: str = "(n, 1)") -> np.ndarray:
    """Labels in uneven numbers, every class at least once (n >= N_CLASSES): uint8 (n, 1) or (n,)."""
    shares = rng.dirichlet(np.full(settings.N_CLASSES, 2.0))
    drawn = rng.choice(settings.N_CLASSES, n, p=shares)
    drawn[rng.permutation(n)[: settings.N_CLASSES]] = np.arange(settings.N_CLASSES)
    drawn = drawn.astype(np.uint8)
    return drawn[:, None] if shape == "(n, 1)" else drawn


def raw_data(
    seed: int, key: str, n_train: int, n_test: int, label_shape: str = "(n, 1)"
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """x_train, y_train, x_test, y_test as Question 1's `load_data` gives them, only fewer."""
    rng = generator(seed, key)
    return (
        images(rng, n_train),
        labels(rng, n_train, label_shape),
        images(rng, n_test),
        labels(rng, n_test, label_shape),
    )


def weight(seed: int, key: str, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Weights that neither saturate nor vanish, biases that are not zero: float32 of that shape."""
    rng = generator(seed, f"weight {key}")
    if name in ("gamma", "moving_variance"):
        values = rng.uniform(0.5, 1.5, shape)
    elif len(shape) < 2:
        values = rng.normal(0, 0.1, shape)
    else:
        values = rng.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape)
    return np.asarray(values, dtype=np.float32)


# Questions 1 to 3


def sampled_rows(seed: int, split: str, n: int) -> np.ndarray:
    """Which rows of a split are looked at."""
    return np.sort(generator(seed, f"rows of {split}").choice(n, min(SAMPLED_ROWS, n), replace=False))


def describe_inputs(
    seed: int, number: int, label_shape: str = "(n, 1)"
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Arrays for `describe_data`: one class has no image in either set, and the last one only in the test set (0) or
    the training set (1). There are as many classes as in CIFAR-10 (0), or fewer (1).
    """
    n_train, n_test, image_shape = DESCRIBED[number]
    rng = generator(seed, f"describe {number}")
    x_train, x_test = (rng.integers(0, 256, (n, *image_shape), dtype=np.uint8) for n in (n_train, n_test))
    y_train, y_test = (labels(rng, n, label_shape) for n in (n_train, n_test))
    last = settings.N_CLASSES - 1 - number * int(rng.integers(1, 4))
    absent = int(rng.integers(1, last - 1))
    for y, end in ((y_train, last - (number == 0)), (y_test, last - (number == 1))):
        y[y > end] = 0
        y[y == absent] = absent - 1
    return x_train, y_train, x_test, y_test


def example_inputs(seed: int, number: int, label_shape: str) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels for `plot_examples`, `SHOWN_OF_CLASS` of each class among them, one class only near the end."""
    n = SHOWN[number]
    rng = generator(seed, f"examples {number}")
    x, y = images(rng, n), labels(rng, n, label_shape)
    flat = y.reshape(-1)
    late = int(rng.integers(settings.N_CLASSES))
    others = np.delete(np.arange(settings.N_CLASSES), late)
    flat[flat == late] = others[0]
    flat[n - 2 * SHOWN_OF_CLASS :: 2] = late
    early = np.repeat(others, SHOWN_OF_CLASS)
    flat[rng.permutation(n // 2)[: len(early)]] = early
    return x, y


def preprocess_inputs(
    seed: int, number: int, label_shape: str, form: str = "raw"
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Arrays for `preprocess`, chosen so that every kind of scaling but a common one shows.

    Brightness and contrast differ from image to image. The first `COPIES` images are the same in both sets and
    reach neither end of the range of the training set; the other test images are darker (0) or brighter (1)
    than all training images.

    Args:
        form: "raw" (uint8), "float" (the same as float32), or "unit" (float32, divided by 255).
    """
    n_train, n_test = PREPROCESSED
    rng = generator(seed, "preprocess train")
    low, high = rng.uniform(40, 90, (n_train, 1, 1, 1)), rng.uniform(150, 210, (n_train, 1, 1, 1))
    low[COPIES:], high[COPIES:] = low[COPIES:] - 30, high[COPIES:] + 30
    x_train, y_train = images(rng, n_train, low.round(), high.round()), labels(rng, n_train, label_shape)
    rng = generator(seed, f"preprocess test {number}")
    darkest, brightest = ((0, 140), (95, 255))[number]
    x_test, y_test = images(rng, n_test, darkest, brightest), labels(rng, n_test, label_shape)
    x_test[:COPIES] = x_train[:COPIES]
    if form != "raw":
        divisor = np.float32(255 if form == "unit" else 1)
        x_train, x_test = x_train / divisor, x_test / divisor
    return x_train, y_train, x_test, y_test


# Questions 4, 5, 13, 14 and bonus


def model_images(seed: int, key: str) -> np.ndarray:
    """A few preprocessed-looking images: float32 (n, 32, 32, 3) in [0, 1]."""
    return images(generator(seed, f"images for {key}"), MODEL_IMAGES) / np.float32(255)


def predictions(seed: int, number: int, probabilities: bool) -> np.ndarray:
    """Made-up model outputs: float32 (PREDICTED_ROWS, N_CLASSES), probabilities or logits."""
    rng = generator(seed, f"predictions {number}")
    logits = rng.normal(0, 1.5, (PREDICTED_ROWS, settings.N_CLASSES)).astype(np.float32)
    if not probabilities:
        return logits
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True), dtype=np.float32)


# Questions 6 to 8


def many_numbers(seed: int) -> np.ndarray:
    """The row of numbers that `many_images` are windows of."""
    size = int(np.prod(settings.IMAGE_SHAPE))
    return generator(seed, "many images").random(settings.N_TRAIN + size - 1, np.float32)


def many_images(seed: int) -> np.ndarray:
    """As many preprocessed-looking images as the training set of CIFAR-10 has: float32, read-only, all different.

    They are windows of one long row of numbers, so that they take no memory before they are copied.
    """
    windows = np.lib.stride_tricks.sliding_window_view(many_numbers(seed), int(np.prod(settings.IMAGE_SHAPE)))
    return windows.reshape(settings.N_TRAIN, *settings.IMAGE_SHAPE)


def curves(seed: int, number: int, metric: str) -> dict[str, list[float]]:
    """The four series of a history, none like another."""
    rng = generator(seed, f"curves {number}")
    n = CURVE_LENGTHS[number]
    levels = {"loss": 1.1, metric: 0.61, "val_loss": 1.6, f"val_{metric}": 0.42}
    return {name: [float(v) for v in level + rng.normal(0, 0.06, n)] for name, level in levels.items()}


def further_curves(seed: int, number: int, name: str) -> dict[str, list[float]]:
    """A series of a history that only some have, such as the learning rate, and its values in validation."""
    rng = generator(seed, f"curves {number} {name}")
    return {key: [float(v) for v in rng.uniform(0.1, 0.9, CURVE_LENGTHS[number])] for key in (name, f"val_{name}")}


# Questions 10 to 12


def feature_image(seed: int, number: int) -> np.ndarray:
    """One preprocessed-looking image: float32 (32, 32, 3) in [0, 1]."""
    rng = generator(seed, f"feature image {number}")
    return np.asarray(images(rng, 1)[0] / np.float32(255))


def made_up_maps(seed: int) -> dict[str, np.ndarray]:
    """Feature maps as `feature_maps` returns them, of any values."""
    rng = generator(seed, "made-up maps")
    names = ("conv2d", "activation", "max_pooling2d", "conv2d_1", "activation_1")
    return {
        name: rng.normal(0, 1, (size, size, settings.FILTERS)).astype(np.float32)
        for name, size in zip(names, (32, 32, 16, 16, 16), strict=True)
    }


def made_up_kernels(seed: int) -> np.ndarray:
    """Kernels as `first_layer_kernels` returns them: float32 (channel, filter, row, column)."""
    rng = generator(seed, "made-up kernels")
    return rng.normal(0, 0.3, KERNELS_SHAPE).astype(np.float32)


def made_up_filters(seed: int) -> np.ndarray:
    """Filters as `resnet50_filters` returns them: float (64, 7, 7, 3) in [0, 1], 0 and 1 in each filter."""
    rng = generator(seed, "made-up filters")
    values = rng.uniform(0, 1, RESNET50_SHAPE)
    low, high = values.min(axis=(1, 2, 3), keepdims=True), values.max(axis=(1, 2, 3), keepdims=True)
    return np.asarray((values - low) / (high - low))


def has_channels_first(shape: tuple[int, ...]) -> bool:
    """Whether a feature map, with a batch axis or not, is (channels, rows, columns), as images are as wide as high."""
    last = shape[1:] if len(shape) == 4 and shape[0] == 1 else shape
    return len(last) == 3 and last[1] == last[2] != last[0]
