"""Train one model as a student does: the reference solution's own functions, Keras' own `fit`."""

import contextlib
import functools
import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from solutions import reference
from solutions.runs import Trained
from solutions.trainers.checkpoint import Backup


def train(
    variant: str,
    seed: int,
    epochs: int,
    raw: Sequence[npt.NDArray[Any]],
    progress: Callable[[int], None] = lambda epoch: None,
    backup: Backup | None = None,
) -> Trained:
    """Train one seed, or go on with it.

    Args:
        variant: one of `QUESTIONS.variants`.
        seed: of initial weights and shuffling.
        epochs: to train for.
        raw: x_train, y_train, x_test, y_test as `load_data` gives them.
        progress: called with the number of epochs done.
        backup: keeps the training now and then, and has what was kept before it was stopped.
    """
    x_train, y_train, x_test, y_test = reference.preprocess(*raw)
    keras.utils.set_random_seed(seed)
    model = reference.compile_model(getattr(reference, f"build_{variant}")())
    told = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: progress(epoch + 1))
    done = backup.restore(model, seed) if backup else 0
    callbacks = [told, *([backup] if backup else [])]
    model.fit = functools.partial(model.fit, callbacks=callbacks, initial_epoch=done)  # `train` takes neither
    start, cpu_start = time.perf_counter(), time.process_time()
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        history = reference.train(model, x_train, y_train, epochs=epochs).history
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    if backup:
        history, seconds, cpu_seconds = backup.history, backup.seconds, backup.cpu_seconds
    loss, accuracy = reference.evaluate(model, x_test, y_test)
    return Trained(
        seed=seed,
        accuracy=float(accuracy),
        loss=float(loss),
        history={name: [float(v) for v in values] for name, values in history.items()},
        weights=[np.asarray(value) for value in model.get_weights()],
        parameters=int(sum(np.prod(v.shape) for v in model.trainable_weights)),
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        resumed_at=backup.resumed_at if backup else [],
    )
