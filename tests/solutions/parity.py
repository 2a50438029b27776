"""An ensemble against Keras' own training on the same batches: `parity.py VARIANT FLOATX`, with KERAS_BACKEND=jax.

Prints, as JSON, the differences of the epochs' means, of the final weights, and of the evaluation: "found" of the
ensemble from `fit`; "rounding" of `fit` from itself where only rounding differs; "slip" of `fit` from itself where
Adam's second moment decays faster, which changes each of the first steps by less than a hundredth.
"""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

IMAGES, BATCH, SEEDS = 150, 64, (3, 5)  # the last batch of an epoch is smaller than the others
EPOCHS = {"float64": 4, "float32": 1}  # Adam magnifies rounding: after twelve steps in float32, it hides small faults
ROUNDED = 2  # trainings a seed in which only rounding differs
SLIP = 0.99  # in place of 0.999


class Comparison:
    """What training on the same batches comes to, each way.

    Args:
        variant: one of `QUESTIONS.variants`.
        floatx: "float32" or "float64".
    """

    def __init__(self, variant: str, floatx: str) -> None:
        keras.config.set_floatx(floatx)
        from solutions import reference
        from solutions.trainers import ensemble

        self._reference, self._ensemble = reference, ensemble
        self._variant, self._build = variant, getattr(reference, f"build_{variant}")
        self._rng = np.random.default_rng(0)
        self._x = self._rng.uniform(size=(IMAGES, 32, 32, 3)).astype(floatx)
        self._y = self._rng.integers(0, 10, IMAGES)
        self._orders = [np.stack([self._rng.permutation(IMAGES) for _ in SEEDS]) for _ in range(EPOCHS[floatx])]

    def run(self) -> dict[str, dict[str, float]]:
        """The differences, as above: of loss and accuracy of each epoch, of the weights, of the evaluation."""
        together = self._together()
        found: dict[str, dict[str, float]] = {}
        for member in range(len(SEEDS)):
            usual = self._fit(member)
            _widen(found, "found", usual, together[member])
            for _ in range(ROUNDED):
                _widen(found, "rounding", usual, self._fit(member, within=self._rng.permutation, move=self._moved))
            _widen(found, "slip", usual, self._fit(member, beta_2=SLIP))
        return found

    def _together(self) -> list[dict[str, Any]]:
        """All members in one program."""
        ensemble = self._ensemble.Ensemble(self._build, SEEDS, batch_size=BATCH)
        means = [ensemble.epoch(self._x, self._y, order) for order in self._orders]
        evaluated = ensemble.evaluate(self._x, self._y)
        return [
            {
                "loss": [losses[member] for losses, _ in means],
                "accuracy": [accuracies[member] for _, accuracies in means],
                "weights": self._compared(ensemble.weights(member)),
                "evaluated": [values[member] for values in evaluated],
            }
            for member in range(len(SEEDS))
        ]

    def _fit(
        self,
        member: int,
        within: Callable[[Any], Any] = lambda rows: rows,
        move: Callable[[Any], Any] = lambda weight: weight,
        beta_2: float | None = None,
    ) -> dict[str, Any]:
        """One member by `fit`; `within` gives the order of rows within a batch, `move` the weights to start from."""
        keras.utils.set_random_seed(SEEDS[member])
        model = self._reference.compile_model(self._build())
        model.set_weights([move(weight) for weight in model.get_weights()])
        if beta_2 is not None:
            model.optimizer.beta_2 = beta_2
        seen: dict[str, Any] = {"loss": [], "accuracy": []}
        for order in self._orders:
            starts = range(0, IMAGES, BATCH)
            rows = np.concatenate([within(order[member][start : start + BATCH]) for start in starts])
            history = model.fit(self._x[rows], self._y[rows], batch_size=BATCH, shuffle=False, verbose=0).history
            seen["loss"] += history["loss"]
            seen["accuracy"] += history["accuracy"]
        evaluated = list(self._reference.evaluate(model, self._x, self._y))
        return seen | {"weights": self._compared(model.get_weights()), "evaluated": evaluated}

    def _moved(self, weight: Any) -> Any:
        """Each weight one step of its number format up, down, or not at all."""
        towards = self._rng.choice([-np.inf, np.nan, np.inf], weight.shape).astype(weight.dtype)
        return np.where(np.isnan(towards), weight, np.nextafter(weight, towards))

    def _compared(self, weights: Sequence[Any]) -> Sequence[Any]:
        """All weights but the biases before a batch normalisation, which change nothing: their gradients are rounding,
        which Adam makes steps of."""
        names = [(v.path, v.name) for v in self._build().weights]
        biases = [self._variant != "tiny_vgg" and "conv" in path and name == "bias" for path, name in names]
        return [weight for weight, is_free in zip(weights, biases, strict=True) if not is_free]


def _widen(found: dict[str, dict[str, float]], kind: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    """Take in the differences of two trainings, as far as they are larger than those so far.

    Of weights it is the mean over each array: where a gradient is next to nothing, rounding alone makes a step of it.
    """
    largest = found.setdefault(kind, {})
    for name in one:
        pairs = zip(one[name], other[name], strict=True)
        difference = max(float(np.abs(np.asarray(a) - np.asarray(b)).mean()) for a, b in pairs)
        largest[name] = max(largest.get(name, 0.0), difference)


if __name__ == "__main__":
    print(json.dumps(Comparison(*sys.argv[1:]).run()))
