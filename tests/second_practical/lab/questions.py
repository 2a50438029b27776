"""The questions whose answers are probed: a row each. Question 3 stands in the master notebook alone."""

from typing import Any, Final

import numpy as np

from lab import settings
from labkit import calls
from labkit.plain_data import Plain
from labkit.questions import Question, Questions
from labkit.student import Student


def draw_images(rng: np.random.Generator) -> tuple[Any, ...]:
    """Some images: whole numbers, shape (n, 8, 8)."""
    n = int(rng.integers(5, 30))
    return (rng.integers(0, settings.HIGHEST + 1, (n, settings.SIDE, settings.SIDE)).astype("float64"),)


def probe_network(student: Student) -> dict[str, Plain]:
    """The model that `build_mlp` gives, as a graph."""
    answer = student.call("build_mlp")
    if answer.value is None or answer.value.kind != "model":
        told = student.told(answer) if answer.error else {"error": None, "value": student.what_is(answer.value)}
        return {"call": told, "is_model": False}
    shape = [settings.SIDE * settings.SIDE]
    outputs = student.ask("output_shapes", model=answer.value, shape=shape, training=False)
    weights = student.ask("weights", model=answer.value)
    return {"call": {"error": None}, "is_model": True, "outputs": outputs, "shapes": list(weights["shapes"].values())}


QUESTIONS: Final = Questions(
    Question("d1", 4, calls.probe_of("scale", draw_images)),
    Question("d2", 6, probe_network),
)
