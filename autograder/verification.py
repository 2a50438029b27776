"""Whether the weights of a run record reach the accuracies that it claims, on CIFAR-10's test set.

The submitted code is not needed for that: the network is the graph that the sandbox observed, computed by
`autograder.forward`, and the images are scaled by the map that the student's `preprocess` was seen to be, worked out
here from the data. So nothing that a student wrote can tell an image's label to the judge.

A few images of every run are looked at first. Only where they do not fit the claim are more looked at, in the end all:
nobody loses marks through the drawing of a sample.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from autograder import forward
from autograder.dataset import dataset
from lab import settings
from lab.probes import inputs

STAGES: Final = (250, 1000, settings.N_TEST)  # test images of every run
DOUBT: Final = 2.5  # standard errors, of all runs together, from which on more images are looked at
DOUBT_OF_ONE: Final = 3.5  # the same for one run
CERTAIN: Final = 8.0  # standard errors that need no more images
TOLERANCE: Final = 0.01  # of an accuracy, on all images: other hardware rounds otherwise
BUDGET: Final = 2e11  # multiplications for all runs of a record, images of `STAGES` are fewer beyond
FEWEST: Final = 100  # images below which nothing is said
CHUNK: Final = 10  # images at a time: what they take fits into a cache

Bytes = npt.NDArray[np.uint8]
Scaling = tuple[Any, Any]  # shift and factor: (x - shift) * factor
Weights = Sequence[Mapping[str, Any]]  # of one run, as `lab.run_record` reads them


class CannotVerify(Exception):
    """These weights cannot be evaluated here, which says nothing against them; the message says why."""


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
    return dataset().source == "CIFAR-10"


def verify(
    spec: Mapping[str, Any],
    runs: Sequence[Weights],
    claims: Sequence[float],
    preprocessing: Mapping[str, Any],
    seed: int,
) -> Verdict:
    """Evaluate the weights of every run.

    Args:
        spec: graph of the network that the student's builder makes, see `lab.model_spec`.
        runs: weights of each run.
        claims: the accuracy of each run, as recorded.
        preprocessing: the observation of question 3.
        seed: of the observations; decides, too, which images are looked at.

    Raises:
        CannotVerify: the network has layers that this grader does not know, or is too large.
    """
    networks = [_weights(spec, weights) for weights in runs]
    try:
        work = sum(forward.work(spec, network) for network in networks)
    except forward.UnsupportedSpec as error:
        raise CannotVerify(str(error)) from None
    most = int(BUDGET / work)
    if most < FEWEST:
        raise CannotVerify("the network is too large to be evaluated here")
    x_test, y_test = dataset().arrays[1]
    # Other images for each run: the same ones would be hard, or easy, for all of them.
    orders = [np.random.default_rng([seed, run]).permutation(len(x_test)) for run in range(len(runs))]
    best: Verdict | None = None
    for scaling in scalings(preprocessing, seed):

        def hits(network: Mapping[str, Any], rows: npt.NDArray[Any], scaling: Scaling = scaling) -> int:
            shift, factor = scaling
            images = (x_test[np.sort(rows)] - np.float32(shift)) * np.asarray(factor, np.float32)
            outputs = forward.predict(spec, network, images.astype(np.float32), batch_size=CHUNK)
            if outputs.shape[1:] != (settings.N_CLASSES,):
                raise CannotVerify("the network does not give one value a class")
            return int((outputs.argmax(axis=1) == y_test[np.sort(rows)].ravel()).sum())

        with threadpool_limits(1):  # others are graded at the same time
            verdict = _staged(networks, claims, hits, orders, most)
        if verdict.agrees:
            return verdict
        if best is None or abs(np.mean(verdict.measured) - np.mean(claims)) < abs(
            np.mean(best.measured) - np.mean(claims)
        ):
            best = verdict
    assert best is not None  # there is always a scaling
    return best


def _weights(spec: Mapping[str, Any], weights: Weights) -> dict[str, npt.NDArray[Any]]:
    """`"<layer>/<weight name>"` -> array, of one run."""
    keys = spec.get("order")
    values = [weight["value"] for weight in weights if "seed" not in str(weight["path"]).rpartition("/")[2]]
    if not isinstance(keys, list) or len(keys) != len(values) or not all(isinstance(key, str) for key in keys):
        raise CannotVerify("it is not known which weight belongs to which layer")
    return dict(zip(keys, values, strict=True))


def _staged(
    networks: Sequence[Mapping[str, Any]],
    claims: Sequence[float],
    hits: Callable[[Mapping[str, Any], npt.NDArray[Any]], int],
    orders: Sequence[npt.NDArray[Any]],
    most: int,
) -> Verdict:
    """Look at more and more images, until the claims are believed or disproved."""
    counts, seen = np.zeros(len(networks)), 0
    claimed = np.clip(np.asarray(claims, float), 0, 1)
    for stage in STAGES:
        n = min(stage, most, len(orders[0]))
        counts += [hits(network, order[seen:n]) for network, order in zip(networks, orders, strict=True)]
        seen, measured = n, counts / n
        together, worst = _doubts(measured, claimed, n, len(orders[0]))
        if n == len(orders[0]):
            agrees = bool((np.abs(np.sort(measured) - np.sort(claimed)) <= TOLERANCE).all())
        else:
            agrees = max(together, worst) <= CERTAIN
        is_believed = together <= DOUBT and worst <= DOUBT_OF_ONE
        if is_believed or not agrees or n in (most, len(orders[0])):
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


def scalings(preprocessing: Mapping[str, Any], seed: int) -> Iterator[Scaling]:
    """The maps that the student's `preprocess` may be: those that fit what was seen of it; where none fits, all.

    Args:
        preprocessing: the observation of question 3.
        seed: of the observations.
    """
    seen = _seen(preprocessing, seed)
    names = [name for name, map_ in _MAPS.items() if seen is not None and _fits(map_(seen[0]), *seen)]
    if not names and seen is not None:
        constant = _constant(*seen)
        if constant is not None:
            yield constant
            return
    for name in names[:1] or _MAPS:
        yield _of_training_set(name)


def _seen(preprocessing: Mapping[str, Any], seed: int) -> tuple[Bytes, npt.NDArray[Any]] | None:
    """Raw training images of a probe, and what `preprocess` made of them; None where it made nothing of that shape."""
    for number, call in enumerate(preprocessing.get("calls") or []):
        value = call.get("value")
        raw = inputs.preprocess_inputs(seed, number, str(preprocessing.get("label_shape")))[0]
        images = value[0] if isinstance(value, list) and len(value) == 4 else None
        if isinstance(images, np.ndarray) and images.shape == raw.shape and np.isfinite(images).all():
            return raw, images.astype(float)
    return None


def _fits(scaling: Scaling, raw: Bytes, value: npt.NDArray[Any]) -> bool:
    shift, factor = scaling
    return bool(np.allclose((raw - shift) * factor, value, atol=1e-3 * max(float(np.abs(value).max()), 1e-9)))


def _constant(raw: Bytes, value: npt.NDArray[Any]) -> Scaling | None:
    """The one linear map of all pixels that `preprocess` is; None where it is none."""
    factor, offset = np.polyfit(raw.ravel().astype(float), value.ravel(), 1)
    if factor == 0 or not _fits((-offset / factor, factor), raw, value):
        return None
    return float(-offset / factor), float(factor)


def _standardised(axes: tuple[int, ...], factor: float | None = None) -> Callable[[Any], Scaling]:
    def map_(images: Any) -> Scaling:
        mean, std = _moments(images, axes)
        return mean, (1 / np.maximum(std, 1e-9) if factor is None else factor)

    return map_


def _moments(images: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """Mean and standard deviation over some axes, kept as axes of length one (the first one is gone)."""
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


_ALL, _CHANNEL, _PIXEL = (0, 1, 2, 3), (0, 1, 2), (0,)
_MAPS: Final[dict[str, Callable[[Any], Scaling]]] = {
    "divided by 255": lambda images: (0.0, 1 / 255),
    "from -1 to 1": lambda images: (127.5, 1 / 127.5),
    "standardised": _standardised(_ALL),
    "standardised by channel": _standardised(_CHANNEL),
    "standardised by pixel": _standardised(_PIXEL),
    "centred": _standardised(_ALL, 1 / 255),
    "centred by channel": _standardised(_CHANNEL, 1 / 255),
    "centred by pixel": _standardised(_PIXEL, 1 / 255),
    "as they are": lambda images: (0.0, 1.0),
}


@cache
def _of_training_set(name: str) -> Scaling:
    return _MAPS[name](dataset().arrays[0][0])
