"""Whether the weights of a run record reach the accuracies that it claims, on CIFAR-10's test set.

The submitted code is not needed for that: the network is the graph that the sandbox observed, computed by
`hidden.forward_pass`, and the images are scaled by the map that the student's `preprocess` was seen to be, worked out
here from the data. So nothing that a student wrote can tell an image's label to the judge.

A few images of every run are looked at first. Only where they do not fit the claim are more looked at, in the end all:
nobody loses marks through the drawing of a sample.
"""

import functools
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from assignment.data.dataset import dataset
from assignment.hidden import forward_pass, same_trainings
from lab import settings
from lab.probes import inputs
from lab.run_record.faults import is_seed

STAGES: Final = (250, 1000, settings.N_TEST)  # test images of every run
DOUBT: Final = 2.5  # standard errors, of all runs together, from which on more images are looked at
DOUBT_OF_ONE: Final = 3.5  # the same for one run
CERTAIN: Final = 8.0  # standard errors that need no more images
TOLERANCE: Final = 0.01  # of an accuracy, on all images: other hardware rounds otherwise
BUDGET: Final = 2e11  # multiplications for all runs of a record, images of `STAGES` are fewer beyond
LONGEST: Final = 60.0  # CPU seconds for all of a record, however busy the machine is
BUDGET_OF_ANSWERS: Final = 2e10  # multiplications for the answers of a record, see `answers`
FEWEST: Final = 100  # images below which nothing is said
PART: Final = 50  # images between two looks at the clock
CHUNK: Final = 10  # images at a time: what they take fits into a cache

Bytes = npt.NDArray[np.uint8]
Scaling = Callable[[Any], Any]  # raw images (n, rows, columns, channels) -> prepared ones; it knows no labels
Weights = Sequence[Mapping[str, Any]]  # of one run, as `lab.run_record` reads them


class CannotVerify(Exception):
    """These weights cannot be evaluated here, which says nothing against them; the message says why."""


class UnknownScaling(CannotVerify):
    """The student prepares images in a way that is not known here, and no known way fits the claims."""


@dataclass(frozen=True)
class Verdict:
    """Args:
    agrees: whether the weights reach what was claimed.
    measured: accuracy of each run on the images that were looked at.
    images: how many of the test set these are.
    """

    agrees: bool
    measured: list[float]
    images: int


def is_possible() -> bool:
    """Whether the real test set is at hand."""
    return dataset().is_real


def verify(
    spec: Mapping[str, Any],
    runs: Sequence[Weights],
    claims: Sequence[float],
    preprocessing: Mapping[str, Any],
    seed: int,
) -> Verdict:
    """Evaluate the weights of every run.

    Args:
        spec: graph of the network that the student's builder makes, see `labkit.model_spec`.
        runs: weights of each run.
        claims: the accuracy of each run, as recorded.
        preprocessing: the observation of question 3.
        seed: of the observations.

    Raises:
        CannotVerify: the network has layers that this grader does not know, or is too large.
    """
    networks = [_weights(spec, weights) for weights in runs]
    most = int(BUDGET / _work(spec, networks))
    if most < FEWEST:
        raise CannotVerify("the network is too large to be evaluated here")
    x_test, y_test = dataset().arrays[1]
    # Other images for each run: the same ones would be hard, or easy, for all of them. They follow from the weights, so
    # that a record is judged alike wherever and how often it is graded.
    orders = [np.random.default_rng([run, *_digest(net)]).permutation(len(x_test)) for run, net in enumerate(networks)]

    end = time.thread_time() + LONGEST

    def hits(scaling: Scaling, first: int, last: int) -> npt.NDArray[Any]:
        """How many of some images each run classifies as they are labelled."""
        counts = []
        for network, order in zip(networks, orders, strict=True):
            rows, count = np.sort(order[first:last]), 0
            for start in range(0, len(rows), PART):
                part = rows[start : start + PART]
                if time.thread_time() > end:
                    raise CannotVerify("to evaluate the network takes too long")
                classes = _outputs(spec, network, scaling(x_test[part])).argmax(axis=1)
                count += int((classes == y_test[part].ravel()).sum())
            counts.append(count)
        return np.array(counts)

    with threadpool_limits(1):  # others are graded at the same time
        known, candidates = scalings(preprocessing, seed)
        for scaling in candidates:
            verdict = staged(functools.partial(hits, scaling), claims, most)
            if verdict.agrees:
                break
    if not verdict.agrees and not known:
        raise UnknownScaling("`preprocess` prepares images in a way that this grader does not know")
    return verdict


def answers(spec: Mapping[str, Any], runs: Sequence[Weights], preprocessing: Mapping[str, Any], seed: int) -> list[str]:
    """The classes that the weights of every run give for the images of `hidden.same_trainings`, a digit each.

    These images are the same for all runs of all students; without CIFAR-10 they are of the stand-in set.

    Args:
        spec, runs, preprocessing, seed: as for `verify`.

    Raises:
        CannotVerify: as `verify` does.
    """
    networks = [_weights(spec, weights) for weights in runs]
    if _work(spec, networks) * same_trainings.IMAGES > BUDGET_OF_ANSWERS:
        raise CannotVerify("the network is too large to be evaluated here")
    images = 255 - dataset().arrays[1][0][: same_trainings.IMAGES]
    with threadpool_limits(1):
        scaled = scalings(preprocessing, seed)[1][0](images)
        classes = [_outputs(spec, network, scaled).argmax(axis=1) for network in networks]
    return ["".join(map(str, of_run % settings.N_CLASSES)) for of_run in classes]


def _work(spec: Mapping[str, Any], networks: Sequence[Mapping[str, Any]]) -> int:
    """Multiplications an image, of all runs together."""
    try:
        return sum(forward_pass.work(spec, network) for network in networks)
    except forward_pass.UnsupportedSpec as error:
        raise CannotVerify(str(error)) from None


def _outputs(spec: Mapping[str, Any], network: Mapping[str, Any], images: Any) -> npt.NDArray[np.float32]:
    try:
        outputs = forward_pass.predict(spec, network, images.astype(np.float32), batch_size=CHUNK)
    except forward_pass.UnsupportedSpec as error:
        raise CannotVerify(str(error)) from None
    if outputs.ndim != 2 or outputs.shape[1] < settings.N_CLASSES:  # Keras' accuracy takes more of them too
        raise CannotVerify("the network does not give one value a class")
    return outputs


def _weights(spec: Mapping[str, Any], weights: Weights) -> dict[str, npt.NDArray[Any]]:
    """`"<layer>/<weight name>"` -> array, of one run."""
    if spec.get("untracked"):
        raise CannotVerify("the network has layers that Keras does not track, whose weights no record can hold")
    keys = spec.get("order")
    values = [weight["value"] for weight in weights if not is_seed(weight)]
    if not isinstance(keys, list) or len(keys) != len(values) or not all(isinstance(key, str) for key in keys):
        raise CannotVerify("it is not known which weight belongs to which layer")
    return dict(zip(keys, values, strict=True))


def _digest(network: Mapping[str, npt.NDArray[Any]]) -> bytes:
    digest = hashlib.sha256()
    for array in network.values():
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.digest()


def staged(hits: Callable[[int, int], npt.NDArray[Any]], claims: Sequence[float], most: int) -> Verdict:
    """Look at more and more images, until the claims are believed or disproved.

    Args:
        hits: of every run, among its images from one number to another.
        claims: accuracy of every run.
        most: images that may be looked at.
    """
    claimed = np.clip(np.asarray(claims, float), 0, 1)
    counts, seen, total = np.zeros(len(claimed)), 0, settings.N_TEST
    for stage in STAGES:
        n = min(stage, most, total)
        counts += hits(seen, n)
        seen, measured = n, counts / n
        together, worst = _doubts(measured, claimed, n, total)
        if n == total:
            agrees = bool((np.abs(np.sort(measured) - np.sort(claimed)) <= TOLERANCE).all())
        else:
            agrees = max(together, worst) <= CERTAIN
        is_believed = together <= DOUBT and worst <= DOUBT_OF_ONE
        if is_believed or not agrees or n in (most, total):
            break
    return Verdict(agrees, [float(m) for m in measured], seen)


def _doubts(measured: Any, claimed: Any, n: int, of: int) -> tuple[float, float]:
    """How many standard errors accuracies on n of so many images are from the claims: together, and the worst one."""
    rates = np.clip(claimed, 1 / n, 1 - 1 / n)
    variances = rates * (1 - rates) / n * max(of - n, 1) / (of - 1)
    differences = measured - claimed
    together = abs(differences.sum()) / np.sqrt(variances.sum())
    return float(together), float((np.abs(differences) / np.sqrt(variances)).max())


# ---- how the images were scaled ----


def scalings(preprocessing: Mapping[str, Any], seed: int) -> tuple[bool, list[Scaling]]:
    """What the student's `preprocess` may be on the whole data set.

    Args:
        preprocessing: the observation of question 3.
        seed: of the observations.

    Returns:
        Whether it is known, and what it may be: one map where it is, all that are known where it is not.
    """
    seen = _seen(preprocessing, seed)
    if seen is not None:
        raw, value = seen
        for name, family in _FAMILIES.items():
            if _fits(family(raw)(raw), value):
                return True, [_of_training_set(name)]
    others = [_of_training_set(name) for name in _FAMILIES]
    constant = None if seen is None else _constant(*seen)
    return False, others if constant is None else [constant, *others]


def _seen(preprocessing: Mapping[str, Any], seed: int) -> tuple[Bytes, npt.NDArray[Any]] | None:
    """Raw training images of a probe, and what `preprocess` made of them; None where it made nothing of that shape."""
    for number, call in enumerate((preprocessing.get("calls") or [])[:2]):  # the probe makes two
        value = call.get("value")
        raw = inputs.preprocess_inputs(seed, number, str(preprocessing.get("label_shape")))[0]
        images = value[0] if isinstance(value, list) and len(value) == 4 else None
        if isinstance(images, np.ndarray) and images.shape == raw.shape and np.isfinite(images).all():
            return raw, images.astype(float)
    return None


def _fits(expected: Any, value: npt.NDArray[Any]) -> bool:
    return bool(np.allclose(expected, value, atol=1e-3 * max(float(np.abs(value).max()), 1e-9)))


def _constant(raw: Bytes, value: npt.NDArray[Any]) -> Scaling | None:
    """The one linear map of all pixels that `preprocess` was; None where it was none."""
    factor, offset = np.polyfit(raw.ravel().astype(float), value.ravel(), 1)
    return _linear(factor, offset) if _fits(raw * factor + offset, value) else None


def _linear(factor: float, offset: float = 0.0) -> Scaling:
    return lambda images: images * np.float32(factor) + np.float32(offset)


def _standardised(axes: tuple[int, ...], factor: float | None = None) -> Callable[[Any], Scaling]:
    """By mean and standard deviation of the training images over some axes, or by the mean and a factor."""

    def family(train: Any) -> Scaling:
        mean, std = _moments(train, axes)
        scale = 1 / np.maximum(std, 1e-9) if factor is None else factor
        return lambda images: ((images - mean) * scale).astype(np.float32)

    return family


def _moments(images: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """Mean and standard deviation over some axes, the first one among them, which is gone."""
    total = np.zeros(images.shape[1:])
    squares = np.zeros(images.shape[1:])
    for start in range(0, len(images), 1000):
        part = np.asarray(images[start : start + 1000], np.float32)
        total += part.sum(axis=0, dtype=float)
        squares += np.square(part).sum(axis=0, dtype=float)
    inner = tuple(axis - 1 for axis in axes if axis)
    mean = (total / len(images)).mean(axis=inner, keepdims=True)
    square = (squares / len(images)).mean(axis=inner, keepdims=True)
    return mean, np.sqrt(np.maximum(square - mean**2, 0))


def _between_ends(axes: tuple[int, ...]) -> Callable[[Any], Scaling]:
    """From 0 at the lowest to 1 at the highest value of the training images over some axes."""

    def family(train: Any) -> Scaling:
        low, high = (np.asarray(f(train, axis=axes), np.float32) for f in (np.min, np.max))
        return lambda images: (images - low) / np.maximum(high - low, 1e-9)

    return family


def _each_by_itself(axes: tuple[int, ...]) -> Callable[[Any], Scaling]:
    """Every image by its own mean and standard deviation: wrong in question 3, which is where it costs marks."""

    def scaling(images: Any) -> Any:
        values = np.asarray(images, np.float32)
        return (values - values.mean(axis=axes, keepdims=True)) / (values.std(axis=axes, keepdims=True) + 1e-7)

    return lambda train: scaling


_ALL, _CHANNEL, _PIXEL = (0, 1, 2, 3), (0, 1, 2), (0,)
_FAMILIES: Final[dict[str, Callable[[Any], Scaling]]] = {  # name -> training images -> map
    "divided by 255": lambda train: _linear(1 / 255),
    "from -1 to 1": lambda train: _linear(1 / 127.5, -1),
    "standardised": _standardised(_ALL),
    "standardised by channel": _standardised(_CHANNEL),
    "standardised by pixel": _standardised(_PIXEL),
    "centred": _standardised(_ALL, 1 / 255),
    "centred by channel": _standardised(_CHANNEL, 1 / 255),
    "centred by pixel": _standardised(_PIXEL, 1 / 255),
    "between its ends": _between_ends(_ALL),
    "between its ends by channel": _between_ends(_CHANNEL),
    "between its ends by pixel": _between_ends(_PIXEL),
    "as they are": lambda train: _linear(1.0),
    "divided by 255 twice": lambda train: _linear(1 / 255**2),
    "each image by itself": _each_by_itself((1, 2, 3)),
    "each channel of each image by itself": _each_by_itself((1, 2)),
}


@cache
def _of_training_set(name: str) -> Scaling:
    return _FAMILIES[name](dataset().arrays[0][0])
