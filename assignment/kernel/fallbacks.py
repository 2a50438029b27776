"""What stands in where an earlier question has no usable answer, so that its fault costs nothing later.

Student code can find these functions, so none of them is an answer to the question in whose place it stands.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from lab import settings


def build() -> Any:
    """An uncompiled classifier that is none of the practical's variants."""
    return keras.Sequential(
        [
            keras.Input(settings.IMAGE_SHAPE),
            keras.layers.Conv2D(settings.FILTERS, settings.KERNEL_SIZE, strides=2),
            keras.layers.Activation("tanh"),
            keras.layers.AveragePooling2D(3),
            keras.layers.Conv2D(settings.FILTERS, settings.KERNEL_SIZE, activation="tanh"),
            keras.layers.Flatten(),
            keras.layers.Dense(settings.N_CLASSES, activation="softmax"),
        ]
    )


def compile_model(model: Any, y: Any = None) -> Any:
    """Compile for the labels at hand."""
    one_hot = np.ndim(y) == 2 and np.shape(y)[1] == settings.N_CLASSES
    outputs = np.asarray(model(np.zeros((2, *settings.IMAGE_SHAPE), "float32"), training=False))
    logits = not np.allclose(outputs.sum(axis=1), 1, atol=1e-3)
    losses = keras.losses
    loss = losses.CategoricalCrossentropy if one_hot else losses.SparseCategoricalCrossentropy
    model.compile(optimizer="sgd", loss=loss(from_logits=logits), metrics=["accuracy"])
    return model


def train(
    model: Any,
    x: Any,
    y: Any,
    epochs: int = settings.EPOCHS,
    batch_size: int = settings.BATCH_SIZE,
    **options: Any,
) -> Any:
    """Fit with validation, on another share than question 6 asks for, and with other batches."""
    share = settings.VALIDATION_SPLIT / 2
    return model.fit(x, y, epochs=epochs, batch_size=batch_size + 1, validation_split=share, verbose=0)


def evaluate(model: Any, x_test: Any, y_test: Any, **options: Any) -> tuple[float, float]:
    """(no loss, accuracy)."""
    accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
    return 0.0, float(accuracy)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "build_tiny_vgg": build,
    "compile_model": compile_model,
    "train": train,
    "evaluate": evaluate,
}
