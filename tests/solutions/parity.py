"""An ensemble against Keras' own training on the same batches: `parity.py VARIANT FLOATX`, with KERAS_BACKEND=jax.

Prints, as JSON, the largest differences of the epochs' means, of the final weights, and of the evaluation.
"""

import json
import sys

import keras
import numpy as np

IMAGES, BATCH, EPOCHS, SEEDS = 150, 64, 4, (3, 5)  # the last batch of an epoch is smaller than the others


def main(variant: str, floatx: str) -> None:
    """Train both ways and compare."""
    keras.config.set_floatx(floatx)
    from solutions import ensemble, reference

    build = getattr(reference, f"build_{variant}")
    rng = np.random.default_rng(0)
    x, y = rng.uniform(size=(IMAGES, 32, 32, 3)).astype(floatx), rng.integers(0, 10, IMAGES)
    orders = [np.stack([rng.permutation(IMAGES) for _ in SEEDS]) for _ in range(EPOCHS)]
    together = ensemble.Ensemble(build, SEEDS, batch_size=BATCH)
    means = [together.epoch(x, y, order) for order in orders]
    evaluated = together.evaluate(x, y)

    found = {"loss": 0.0, "accuracy": 0.0, "evaluated": 0.0, "weights": 0.0}
    for member, seed in enumerate(SEEDS):
        keras.utils.set_random_seed(seed)
        model = reference.compile_model(build())
        for order, (losses, accuracies) in zip(orders, means, strict=True):
            rows = order[member]
            history = model.fit(x[rows], y[rows], batch_size=BATCH, shuffle=False, verbose=0).history
            found["loss"] = max(found["loss"], abs(history["loss"][0] - losses[member]))
            found["accuracy"] = max(found["accuracy"], abs(history["accuracy"][0] - accuracies[member]))
        for one, other in zip(reference.evaluate(model, x, y), evaluated, strict=True):
            found["evaluated"] = max(found["evaluated"], abs(one - other[member]))
        pairs = zip(model.weights, together.weights(member), strict=True)
        for variable, weight in pairs:
            # A bias before batch normalisation changes nothing: its gradient is rounding, which Adam makes a step of.
            if not (variant != "tiny_vgg" and "conv" in variable.path and variable.name == "bias"):
                found["weights"] = max(found["weights"], float(np.abs(np.asarray(variable) - weight).max()))
    print(json.dumps({name: float(value) for name, value in found.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
