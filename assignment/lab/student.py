"""The student of this practical: what earlier answers give later questions to work with."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lab import settings
from lab.probes import inputs
from labkit.student import (
    Answer,
    NeedsEarlier,
    Raised,
    Student,
    Value,
    missing_or_raised,
    of_form,
    short,
)


class TinyVggStudent(Student):
    """A notebook of this practical, see `labkit.student.Student`."""

    def label_shape(self) -> str:
        """Form of raw labels in the student's question 1: "(n, 1)" or "(n,)"."""
        for value in self.named("y_train_raw", "y_test_raw").values():
            if value.kind == "array" and value.shape is not None and len(value.shape) in (1, 2):
                return "(n, 1)" if len(value.shape) == 2 else "(n,)"
        return "(n, 1)"

    def data(self, key: str, n_train: int, n_test: int) -> "Data":
        """Small fresh data, through the student's own `preprocess` as far as that gives something usable.

        Images and labels are judged apart: labels keep the form that the student gives them even where the
        images cannot be used, and the other way round.
        """
        raw = inputs.raw_data(self.seed, key, n_train, n_test, self.label_shape())
        answer = self.call("preprocess", *raw)
        fault = missing_or_raised("preprocess", answer)
        x_train, y_train, x_test, y_test = (np.zeros((0, 0, 0)),) * 4  # of no form
        if fault is None:
            parts = self._four_arrays(answer.value)
            x_train, y_train, x_test, y_test = parts or (x_train, y_train, x_test, y_test)
            fault = "`preprocess` does not return four arrays" if parts is None else None
        image_fault = _image_fault("x_train", x_train, n_train) or _image_fault("x_test", x_test, n_test)
        if image_fault:
            x_train, x_test = raw[0] / np.float32(255), raw[2] / np.float32(255)
        form = _label_form(y_train) or _label_form(y_test)
        if form is None:
            self.ask("catch_up")
            own = self.named("y_train").get("y_train")
            form = _label_form(of_form(own)) if own is not None and own.kind == "array" else None
        label_faults = _label_fault("y_train", y_train, n_train), _label_fault("y_test", y_test, n_test)
        mixed = (_label_form(y_train) == "one-hot") != (_label_form(y_test) == "one-hot")
        if label_faults[0] or _label_form(y_train) != form:
            y_train = _labels_in_form(raw[1], form)
        if label_faults[1] or _label_form(y_test) != form:
            y_test = _labels_in_form(raw[3], form)
        return Data(
            x_train.astype("float32"),
            y_train,
            x_test.astype("float32"),
            y_test,
            labels=(integers(y_train), integers(y_test)),
            fault=fault or image_fault or label_faults[0] or label_faults[1],
            own_labels=fault is None and not any(label_faults) and not mixed,
        )

    def _four_arrays(self, value: Value | None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None:
        if value is None or value.kind != "sequence" or len(value.items) != 4:
            return None
        try:
            x_train, y_train, x_test, y_test = (self.array(item) for item in value.items)
        except Raised:
            return None
        return x_train, y_train, x_test, y_test

    def neutral_data(self, key: str, n_train: int, n_test: int) -> "Data":
        """Small fresh data that nothing of the student's has touched."""
        x_train, y_train, x_test, y_test = inputs.raw_data(self.seed, key, n_train, n_test)
        x_train, x_test = x_train / np.float32(255), x_test / np.float32(255)
        labels = integers(y_train), integers(y_test)
        return Data(x_train, y_train, x_test, y_test, labels, fault=None, own_labels=False)

    def model(self, is_own: bool = True) -> tuple[Value, bool]:
        """A fresh tiny VGG of the student's, or the neutral model; and whether it is the student's.

        Args:
            is_own: whether the student's is wanted at all.

        Raises:
            NeedsEarlier: there is neither.
        """
        found = self.ask("usable_model", **self._builder(is_own))
        if found["model"] is not None:
            return Value.of(found["model"]), bool(found["is_own"])
        if self.defines("build_tiny_vgg"):
            answer = self.answer({"error": found["error"], "value": found["value"]})
        else:
            answer = Answer(error=self.missing("build_tiny_vgg"))
        fault = missing_or_raised("build_tiny_vgg", answer)
        if fault is None and (answer.value is None or answer.value.kind != "model"):
            fault = "`build_tiny_vgg` does not return a Keras model"
        if found["classifies"]:
            fault = "the model of `build_tiny_vgg` has no weights that Keras could train"
        sizes = f"{settings.N_CLASSES} values for an image of shape {settings.IMAGE_SHAPE}"
        raise NeedsEarlier(4, fault or f"the model of `build_tiny_vgg` does not give {sizes}")

    def _builder(self, is_own: bool) -> dict[str, Any]:
        """Arguments of the agent's `usable_model` and `count`."""
        return {
            "builder": "build_tiny_vgg" if is_own and self.defines("build_tiny_vgg") else None,
            "shape": list(settings.IMAGE_SHAPE),
            "n_classes": settings.N_CLASSES,
            "stand_in": "build_tiny_vgg" if "build_tiny_vgg" in self.stand_ins else None,
        }

    def counted_builder(self, is_own: bool) -> Value:
        """A function that gives what `model` does, or the neutral model, and counts its calls."""
        return self.value("count", **self._builder(is_own))

    def compiled(self, data: "Data") -> tuple[Value, dict[str, bool]]:
        """A fresh compiled model that fits the data, and which parts of it are the student's own.

        Raises:
            NeedsEarlier: neither the student's functions nor neutral ones give one.
        """
        model, own_model = self.model()
        answer = self.call("compile_model", model)
        compiled = answer.value if answer.value is not None and answer.value.kind == "model" else model
        fault = missing_or_raised("compile_model", answer) or self._misfit(compiled, data)
        if fault is None:
            return compiled, {"model": own_model, "compile": True}
        if "compile_model" in self.stand_ins:
            model, own_model = self.model()
            compiled = self.call_stand_in("compile_model", model, data.y_train)
            return compiled, {"model": own_model, "compile": False}
        if data.fault is not None and not data.own_labels and answer.error is None:
            raise NeedsEarlier(3, data.fault)
        raise NeedsEarlier(5, fault)

    def _misfit(self, model: Value, data: "Data") -> str | None:
        """Why loss, metrics, model and labels do not fit each other, tried on a few rows; None if they do."""
        if self.ask("compiled", model=model, steps=[0]) is None:
            return "`compile_model` does not compile the model"
        try:
            logs = self.ask("evaluate", model=model, x=data.x_train[:8], y=data.y_train[:8], eagerly=True)
        except Raised as error:
            message = short(error.message)
            return f"the compiled model cannot be evaluated on your labels ({error.type}: {message})"
        numbers = (np.asarray(value) for value in logs.values())
        finite = all(number.dtype.kind in "biuf" and np.isfinite(number).all() for number in numbers)
        return None if finite else "the loss of the compiled model is not a finite number"

    def spec(self, model: Value) -> dict[str, Any]:
        """A model as a graph, see `labkit.agent.Agent.spec`."""
        described: dict[str, Any] = self.ask("spec", model=model, shape=list(settings.IMAGE_SHAPE))
        return described

    @contextlib.contextmanager
    def weights_drawn(self, model: Value, described: Mapping[str, Any], seed: int) -> Iterator[None]:
        """A model with weights drawn from a seed; its own come back at the end.

        Args:
            described: what the agent's `spec` or `weights` says of its variables.
        """
        variables = Value.of(described["variables"])
        kept = self.value("keep", model=model, variables=variables)
        self.ask("assign", variables=variables, values=drawn_weights(described, seed))
        try:
            yield
        finally:
            self.ask("restore", kept=kept)


def drawn_weights(described: Mapping[str, Any], seed: int, only: str = "") -> dict[str, np.ndarray]:
    """Weights for a model's variables, drawn from a seed as the judge will draw them again.

    Args:
        described: what the agent says of them: "shapes" and "names" by key, and "dtypes" where some are no numbers.
        seed: see there.
        only: the beginning of the names of those that are wanted.
    """
    dtypes = described.get("dtypes", {})
    return {
        key: inputs.weight(seed, key, name, tuple(described["shapes"][key]))
        for key, name in described["names"].items()
        if "float" in str(dtypes.get(key, "float")) and name.startswith(only)
    }


@dataclass
class Data:
    """Preprocessed arrays.

    Args:
        x_train, x_test: float32 (n, 32, 32, 3).
        y_train, y_test: labels in the student's form: (n,), (n, 1) or one-hot (n, N_CLASSES).
        labels: the same as integers (n,), of train and of test.
        fault: why they are not all what the student's own `preprocess` returned; None if they are.
        own_labels: whether the labels are, and have one form in training and test.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    labels: tuple[np.ndarray, np.ndarray]
    fault: str | None
    own_labels: bool


def _image_fault(name: str, x: np.ndarray, n: int) -> str | None:
    if x.shape != (n, *settings.IMAGE_SHAPE):
        return f"for {n} images, the `{name}` that `preprocess` returns has the shape {x.shape}"
    if x.dtype.kind != "f":
        return f"the `{name}` that `preprocess` returns is of type {x.dtype}, not float"
    if not np.abs(x).max(initial=0) <= 1000:  # also where a value is not a number
        return f"the `{name}` that `preprocess` returns holds values that are not of order one"
    return None


def _label_form(y: Any) -> str | None:
    """ "(n,)", "(n, 1)" or "one-hot"; None for anything else."""
    if not isinstance(y, np.ndarray) or y.dtype.kind not in "biuf" or y.ndim not in (1, 2):
        return None
    if y.ndim == 1:
        return "(n,)"
    return {1: "(n, 1)", settings.N_CLASSES: "one-hot"}.get(y.shape[1])


def _label_fault(name: str, y: np.ndarray, n: int) -> str | None:
    form = _label_form(y)
    if form is None or len(y) != n:
        return f"for {n} labels, the `{name}` that `preprocess` returns has the shape {y.shape}"
    whole = form == "one-hot" or bool(((y >= 0) & (y < settings.N_CLASSES) & (y == np.floor(y))).all())
    if not whole or not np.isfinite(y).all():
        return f"the `{name}` that `preprocess` returns holds values that are no class numbers"
    return None


def _labels_in_form(raw: np.ndarray, form: str | None) -> np.ndarray:
    """Raw labels in a form of `_label_form`; as they are for None."""
    if form == "one-hot":
        return np.asarray(np.eye(settings.N_CLASSES, dtype="float32")[raw.reshape(-1)])
    if form is None:
        return raw
    return raw.reshape(-1) if form == "(n,)" else raw.reshape(-1, 1)


def integers(y: Any) -> np.ndarray:
    """Labels of any form as class numbers (n,)."""
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == settings.N_CLASSES:
        return np.asarray(y.argmax(axis=1))
    return np.asarray(y.reshape(-1))
