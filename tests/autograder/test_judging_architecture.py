"""Questions 4, 5 and 13, and the bonus question: networks of another precision, and a check that everybody sees."""

import keras
import pytest
from answers.networks import PRELUDE, bn_vgg, vgg
from answers.q5_options import compiled
from support import failed, results_of


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_right_network_of_another_precision(policy: str) -> None:
    """As where a notebook asks for it once, for all its models."""
    before = keras.mixed_precision.global_policy()
    try:
        for question, code in (("q4", vgg()), ("q5", vgg()), ("q13", bn_vgg()), ("bonus", "")):
            code = f"{PRELUDE}keras.config.set_dtype_policy('{policy}')\n{code}"
            results = results_of(question, code, also=("q4",))
            assert failed(results) == set(), {name: (r.message, r.traceback) for name, r in results.items()}
    finally:
        keras.config.set_dtype_policy(before)


def test_a_loss_that_cannot_be_computed_is_told_at_once() -> None:
    result = results_of("q5", PRELUDE + compiled(loss="'mse'"))["q5_loss_runs"]
    assert result.outcome == "failed"
    assert not result.hidden
