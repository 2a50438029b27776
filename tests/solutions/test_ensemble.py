"""All seeds in one program take the same steps as Keras' own `fit`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import PROJECT

# What an ensemble may differ from `fit` by follows from rounding, as this machine rounds: two trainings by `fit` that
# start from weights one step of the number format apart, and add up each batch in another order, differ by so much.
MARGIN = 8  # times the largest difference of four such pairs
FLOOR = {"accuracy": 1e-7}  # which Keras gives in float32, whatever it computes in
CASES = (("tiny_vgg", "float64"), ("tiny_vgg_bn", "float64"), ("tiny_vgg", "float32"))


@pytest.mark.slow
@pytest.mark.parametrize(("variant", "floatx"), CASES, ids=map("-".join, CASES))
def test_a_member_ends_where_fit_ends(variant: str, floatx: str) -> None:
    environment = os.environ | {
        "KERAS_BACKEND": "jax",
        "JAX_ENABLE_X64": str(int(floatx == "float64")),
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": f"{PROJECT}:{PROJECT}/assignment:{PROJECT}/autograder/handed_out",
    }
    script = Path(__file__).with_name("parity.py")
    done = subprocess.run(
        [sys.executable, str(script), variant, floatx], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    differences = json.loads(done.stdout.splitlines()[-1])
    limits = {name: max(MARGIN * most, FLOOR.get(name, 1e-12)) for name, most in differences["rounding"].items()}
    assert {name for name, found in differences["found"].items() if found > limits[name]} == set(), differences
    assert any(slip > limits[name] for name, slip in differences["slip"].items()), differences  # it would be seen
