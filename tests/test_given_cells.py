"""Cells that the handout gives take what the questions accept: tensors, lists and data frames besides arrays."""

from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from autograder import assignment, master
from autograder.intake import skippable_cells

CELLS = skippable_cells.given_cells(master.read(assignment.current().master).given_cells)

FORMS = {
    "tensors": keras.ops.convert_to_tensor,
    "lists": lambda array: array.tolist(),
    "labels in data frames": lambda array: pd.DataFrame(array) if array.ndim < 3 else array,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        ("preprocess", [(5, 32, 32, 3), (5,), (4, 32, 32, 3), (4,)]),
        ("first_layer_kernels", [(3, 10, 3, 3)]),
        ("resnet50_filters", [(64, 7, 7, 3)]),
    ],
)
def test_a_given_cell_takes_any_form_that_is_accepted(
    function: str, shapes: list[tuple[int, ...]], form: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    values = [form(np.ones(shape, np.float32)) for shape in shapes]
    names: dict[str, Any] = dict.fromkeys(["x_train_raw", "y_train_raw", "x_test_raw", "y_test_raw", "model"])
    names |= {"np": np, function: lambda *_: values if len(values) > 1 else values[0]}
    names |= dict.fromkeys(["plot_first_layer_kernels", "plot_resnet50_filters"], lambda _: None)
    [cell] = [cell for cell in CELLS if f" = {function}(" in cell]
    exec(cell, names)
    assert str(shapes[0]) in capsys.readouterr().out
