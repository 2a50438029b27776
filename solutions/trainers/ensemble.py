"""Train all seeds of a variant in one program: Keras' stateless API on JAX.

One small network leaves a GPU idle between the launches of its kernels. Here every array of every member has a
leading axis of seeds, an epoch is one compiled loop, and the data stays on the device. The arithmetic is Keras' own,
layers, loss and optimizer alike (`stateless_call`, `stateless_compute_loss`, `stateless_apply`), so a member ends where
`fit` ends that sees the same batches; only which batches those are is drawn here.
"""

import functools
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import numpy.typing as npt

from lab import settings
from solutions import reference
from solutions.runs import Trained

Arrays = Sequence[npt.NDArray[Any]]
EVALUATED = 1000  # images at a time, for every member
State = tuple[list[Any], list[Any], list[Any]]  # trainable, other and optimizer variables, each (members, ...)


def train(
    variant: str,
    seeds: Sequence[int],
    epochs: int,
    raw: Arrays,
    progress: Callable[[int], None] = lambda epoch: None,
) -> list[Trained]:
    """Train one member for each seed.

    Args:
        variant: one of `QUESTIONS.variants`.
        seeds: of the members.
        epochs: to train for.
        raw: x_train, y_train, x_test, y_test as `load_data` gives them.
        progress: called with the number of epochs done.

    Returns:
        One a seed, in their order.

    Raises:
        RuntimeError: Keras does not run on JAX.
    """
    if keras.backend.backend() != "jax":
        raise RuntimeError(f"this trainer needs KERAS_BACKEND=jax, not {keras.backend.backend()}")
    x, y, x_test, y_test = (jnp.asarray(array) for array in reference.preprocess(*raw))
    split = math.floor(len(x) * (1 - settings.VALIDATION_SPLIT))  # as `fit` does: the last images validate
    ensemble = Ensemble(getattr(reference, f"build_{variant}"), seeds)
    series: list[dict[str, npt.NDArray[Any]]] = []
    start, cpu_start = time.perf_counter(), time.process_time()
    for epoch in range(epochs):
        losses, accuracies = ensemble.epoch(x[:split], y[:split], shuffled(seeds, epoch, split))
        val_losses, val_accuracies = ensemble.evaluate(x[split:], y[split:])
        values = {"accuracy": accuracies, "loss": losses, "val_accuracy": val_accuracies, "val_loss": val_losses}
        series.append(values)
        progress(epoch + 1)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    test_losses, test_accuracies = ensemble.evaluate(x_test, y_test)
    return [
        Trained(
            seed=seed,
            accuracy=float(test_accuracies[i]),
            loss=float(test_losses[i]),
            history={name: [float(values[name][i]) for values in series] for name in series[0]},
            weights=ensemble.weights(i),
            parameters=int(sum(np.prod(v.shape) for v in ensemble.model.trainable_weights)),
            seconds=seconds / len(seeds),
            cpu_seconds=cpu_seconds / len(seeds),
        )
        for i, seed in enumerate(seeds)
    ]


def shuffled(seeds: Sequence[int], epoch: int, n: int) -> Any:
    """An order of n images for each member, drawn anew in each epoch: (members, n)."""
    keys = [jax.random.fold_in(jax.random.key(seed), epoch) for seed in seeds]
    return jnp.stack([jax.random.permutation(key, n) for key in keys])


class Ensemble:
    """Models of one architecture, each from its own seed, that take every step together.

    Args:
        build: a builder of the reference solution.
        seeds: one a member.
        batch_size: images a step.
    """

    def __init__(self, build: Callable[[], Any], seeds: Sequence[int], batch_size: int = settings.BATCH_SIZE) -> None:
        self.batch_size = batch_size
        states = []
        for seed in seeds:
            keras.utils.set_random_seed(seed)
            model = reference.compile_model(build())
            model.optimizer.build(model.trainable_variables)
            groups = (model.trainable_variables, model.non_trainable_variables, model.optimizer.variables)
            states.append(tuple([jnp.asarray(v.value) for v in group] for group in groups))
        self.model = model  # one stands for all: of it, only the code is used
        self.state: State = jax.tree.map(lambda *values: jnp.stack(values), *states)

    def epoch(self, x: Any, y: Any, order: Any) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Train on every image once, in each member's own order, the last batch as small as `fit` makes it.

        Args:
            x, y: preprocessed images (n, rows, columns, 3) and integer labels (n,).
            order: (members, n), numbers of images.

        Returns:
            The mean loss and accuracy of each member over the epoch, (members,) each.
        """
        whole = order.shape[1] // self.batch_size * self.batch_size
        batches = order[:, :whole].reshape(len(order), -1, self.batch_size).swapaxes(0, 1)
        self.state, sums = _steps(self.model, self.state, x, y, batches)
        if whole < order.shape[1]:
            self.state, more = _steps(self.model, self.state, x, y, order[:, whole:][None])
            sums = jax.tree.map(jnp.add, sums, more)
        losses, hits = sums
        return np.asarray(losses) / order.shape[1], np.asarray(hits) / order.shape[1]

    def evaluate(self, x: Any, y: Any) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Mean loss and accuracy of each member in inference mode, (members,) each."""
        losses, hits = np.zeros((2, 1))
        for start in range(0, len(x), EVALUATED):
            part = slice(start, start + EVALUATED)
            loss, hit = _evaluated(self.model, self.state, x[part], y[part])
            losses, hits = losses + np.asarray(loss, np.float64), hits + np.asarray(hit)
        return np.asarray(losses / len(x)), np.asarray(hits / len(x))

    def weights(self, member: int) -> list[npt.NDArray[Any]]:
        """Of one member, in the order of `model.weights`."""
        trainable, others, _ = self.state
        values = {id(v): value for v, value in zip(self.model.trainable_variables, trainable, strict=True)}
        values |= {id(v): value for v, value in zip(self.model.non_trainable_variables, others, strict=True)}
        return [np.asarray(values[id(v)][member]) for v in self.model.weights]


@functools.partial(jax.jit, static_argnums=0, donate_argnums=1)
def _steps(model: Any, state: State, x: Any, y: Any, batches: Any) -> tuple[State, tuple[Any, Any]]:
    """Steps on batches (steps, members, batch), one after the other; the state, and sums of losses and hits."""

    def step(carry: tuple[State, tuple[Any, Any]], rows: Any) -> tuple[tuple[State, tuple[Any, Any]], None]:
        state, (losses, hits) = carry
        state, loss, hit = jax.vmap(functools.partial(_step, model))(state, x[rows], y[rows])
        return (state, (losses + loss * rows.shape[1], hits + hit)), None

    members = batches.shape[1]
    zero = (jnp.zeros(members, x.dtype), jnp.zeros(members, jnp.int32))
    done: tuple[State, tuple[Any, Any]] = jax.lax.scan(step, (state, zero), batches)[0]
    return done


def _step(model: Any, state: State, x: Any, y: Any) -> tuple[State, Any, Any]:
    """One step of one member: its state, the loss, the number of hits."""
    trainable, others, optimizer = state

    def loss_of(trainable: list[Any]) -> tuple[Any, tuple[list[Any], Any]]:
        outputs, changed = model.stateless_call(trainable, others, x, training=True)
        loss, _ = model.stateless_compute_loss(trainable, others, [], x=x, y=y, y_pred=outputs, training=True)
        return loss, (changed, outputs)

    (loss, (others, outputs)), gradients = jax.value_and_grad(loss_of, has_aux=True)(trainable)
    trainable, optimizer = model.optimizer.stateless_apply(optimizer, gradients, trainable)
    return (trainable, others, optimizer), loss, _hits(outputs, y)


@functools.partial(jax.jit, static_argnums=0)
def _evaluated(model: Any, state: State, x: Any, y: Any) -> tuple[Any, Any]:
    """Sums over the same images of each member's losses and hits."""

    def one(trainable: list[Any], others: list[Any]) -> tuple[Any, Any]:
        outputs, _ = model.stateless_call(trainable, others, x, training=False)
        loss, _ = model.stateless_compute_loss(trainable, others, [], x=x, y=y, y_pred=outputs, training=False)
        return loss * len(x), _hits(outputs, y)

    sums: tuple[Any, Any] = jax.vmap(one)(state[0], state[1])
    return sums


def _hits(outputs: Any, y: Any) -> Any:
    return (outputs.argmax(axis=-1) == y).sum(dtype=jnp.int32)
