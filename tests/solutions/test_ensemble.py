"""All seeds in one program take the same steps as Keras' own `fit`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import PROJECT

# Differences that rounding explains. Batch normalisation keeps its averages in float32, and a bias before it, which has
# no effect but through those averages, wanders by rounding. Adam magnifies rounding, so that in float32 only the first
# steps (here twelve) can be compared.
TOLERANCES = {
    ("tiny_vgg", "float64"): {"loss": 1e-9, "weights": 1e-9, "evaluated": 1e-9},
    ("tiny_vgg_bn", "float64"): {"loss": 1e-6, "weights": 2e-3, "evaluated": 1e-3},
    ("tiny_vgg", "float32"): {"loss": 1e-4, "weights": 2e-3, "evaluated": 1e-4},
}


@pytest.mark.parametrize(("variant", "floatx"), TOLERANCES, ids=map("-".join, TOLERANCES))
def test_a_member_ends_where_fit_ends(variant: str, floatx: str) -> None:
    environment = os.environ | {
        "KERAS_BACKEND": "jax",
        "JAX_ENABLE_X64": str(int(floatx == "float64")),
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": f"{PROJECT}:{PROJECT / 'assignment'}",
    }
    script = Path(__file__).with_name("parity.py")
    done = subprocess.run(
        [sys.executable, str(script), variant, floatx], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["accuracy"] < 1e-7
    for name, tolerance in TOLERANCES[variant, floatx].items():
        assert found[name] <= tolerance, (name, found)
