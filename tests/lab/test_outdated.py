"""What tutorials for older versions of Keras write: the hint says what has taken its place."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import backend

from lab.checks.common import require_no_error
from labkit.agent import Agent
from labkit.judging import Failure
from labkit.student import Student


def model() -> keras.Model:
    made = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Conv2D(2, 3), keras.layers.Flatten()])
    made.compile(loss="mse")
    return made


def unbuilt() -> keras.Model:
    return keras.Sequential([keras.layers.Conv2D(2, 3), keras.layers.Flatten()])


X = np.zeros((2, 4, 4, 3), "float32")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("keras.optimizers.Adam(lr=1e-3)", "In Keras 3 it is called `learning_rate`."),
        ("model().optimizer.lr", "In Keras 3 it is called `learning_rate`."),
        ("model().fit_generator(X)", "In Keras 3 `fit` itself takes generators"),
        ("model().predict_classes(X)", "its `argmax(axis=1)` is the class"),
        ("model().predict_proba(X)", "In Keras 3 `predict` gives what the last layer puts out"),
        ("model().layers[0].output_shape", "has `layer.output.shape`"),
        ("backend.function([], [])", "Keras 3 has no `K.function`"),
        ("backend.get_session()", "Keras 3 has no `K.get_session`"),
        ("keras.Model(model().input, [])", "once it is built, `model.inputs` is there"),
        ("unbuilt().output", "once it is built, `model.outputs` is there"),
        ("unbuilt().inputs", "give it a `keras.Input` first"),
        ("model().fit(X, nb_epoch=1)", "In Keras 3 it is called `epochs`."),
        ("model().fit(X, workers=4)", "In Keras 3 `workers` belongs to the data set"),
        ("keras.layers.Conv2D(2, 3, border_mode='same')", "In Keras 3 it is called `padding`."),
        ("__import__('keras.layers.convolutional')", "all layers are in `keras.layers`"),
        ("keras.utils.np_utils", "`to_categorical` in `keras.utils`"),
        ("tf.Session()", "`tf.Session` is TensorFlow 1"),
    ],
)
def test_names_of_old_tutorials_get_a_hint(code: str, words: str) -> None:
    names = {"keras": keras, "tf": tf, "backend": backend, "model": model, "unbuilt": unbuilt, "X": X}
    pupil = Student(Agent({"f": lambda: eval(code, names)}).answer, 7)
    answer = pupil.told(pupil.call("f"))
    with pytest.raises(Failure) as failure:
        require_no_error(answer, "train")
    assert words in failure.value.hint, failure.value


def test_other_errors_get_their_own_hints() -> None:
    error = {"kind": "raised", "type": "NameError", "message": "name 'lr' is not defined"}
    with pytest.raises(Failure) as failure:
        require_no_error({"error": error}, "train")
    assert failure.value.hint == "A function can use its arguments, and names from cells that have run."
