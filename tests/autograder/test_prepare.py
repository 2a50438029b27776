"""What the sandbox changes in a student's kernel to save time: nothing on which the marks of right code depend."""

import json
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from support import PROJECT

from autograder.sandbox.inside import prepare

LOOK = """
import json
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
from autograder.sandbox.inside import prepare

def look(style, is_drawn):
    with plt.style.context(style):
        figure, axes = plt.subplots(2, 2, sharex=True, figsize=(3, 3))
        axes[0, 0].imshow([[1, 2], [3, 4]])
        axes[0, 1].plot([1, 5, 2])
        axes[0, 1].minorticks_on()
        axes[0, 1].grid(True, which="minor")
        axes[1, 0].set_xticks([])
        axes[1, 1].tick_params(labelsize=5, rotation=30)
        axes[1, 1].twinx()
        figure.add_subplot(5, 5, 1, xticks=range(3), yticklabels=[])
        plt.axes((0, 0, 0.1, 0.1), xticks=[0, 16, 31], yticks=[])
        if is_drawn:
            figure.canvas.draw()
        every = [one for a in figure.axes for one in (a.xaxis, a.yaxis)]
        return [seen(tick) for one in every for tick in (*one.get_major_ticks(), *one.get_minor_ticks())]

def seen(tick):
    label = tick.label1
    return [
        float(tick.get_loc()), label.get_text(), label.get_visible(), label.get_fontsize(), label.get_rotation(),
        tick.gridline.get_visible(), str(tick.gridline.get_color()), tick.tick1line.get_markersize(),
        tick.tick2line.get_visible(),
    ]

cases = [(style, is_drawn) for style in ("default", "ggplot", "grayscale") for is_drawn in (True, False)]
before = [look(*case) for case in cases]
prepare._make_ticks_late()
print(json.dumps([before, [look(*case) for case in cases]]))
"""


def test_late_ticks_are_those_of_matplotlib() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOOK],
        cwd=PROJECT,
        env={
            "PYTHONPATH": f"{PROJECT}:{PROJECT}/assignment:{PROJECT}/autograder/handed_out",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        },
        capture_output=True,
        check=True,
    )
    at_once, late = json.loads(done.stdout)
    assert sum(map(len, at_once)) > 100
    assert late == at_once


RESNET = """
import keras
import numpy as np
import tensorflow as tf
from assignment.kernel import serve
kernel, bias = np.random.default_rng(0).normal(size=(7, 7, 3, 64)), np.arange(64.0)
serve._serve_resnet50(kernel.astype("float32"), bias.astype("float32"))
options = {"include_top": False, "input_shape": (64, 64, 3)}
served, usual = (keras.applications.ResNet50(weights=weights, **options) for weights in ("imagenet", None))
for one, other in zip(served.layers, usual.layers, strict=True):
    assert [v.name for v in one.weights] == [v.name for v in other.weights]
    assert [v.shape for v in one.weights] == [v.shape for v in other.weights]
assert np.allclose(served.layers[2].kernel.numpy(), kernel)
assert np.allclose(served.get_layer("conv1_conv").get_weights()[1], bias)
values = [np.full(value.shape, number / 1000, "float32") for number, value in enumerate(usual.get_weights())]
for model in (served, usual, keras.models.clone_model(served)):
    model.set_weights(values)
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), values, strict=True))
x = np.random.default_rng(1).uniform(size=(2, 64, 64, 3)).astype("float32")
assert np.allclose(served.predict(x, verbose=0), usual.predict(x, verbose=0))
fresh = keras.applications.ResNet50(weights="imagenet", **(options | {"pooling": "avg"}))
assert type(fresh.weights[9]) is serve._OnDemand
fresh.compile("sgd", "mse")
fresh.fit(x, np.zeros((2, 2048), "float32"), verbose=0)
fresh.save("resnet.keras")
loaded = keras.models.load_model("resnet.keras")
assert all(np.array_equal(a, b) for a, b in zip(loaded.get_weights(), fresh.get_weights(), strict=True))
assert {type(v) for v in fresh.weights} == {keras.Variable}
frozen = keras.applications.ResNet50(weights="imagenet", **(options | {"pooling": "max"}))
frozen.trainable = False
frozen.get_weights()
frozen.trainable = True
with tf.GradientTape() as tape:
    loss = keras.ops.sum(frozen(x))
assert all(gradient is not None for gradient in tape.gradient(loss, frozen.trainable_weights))
print("the same")
"""


def test_a_resnet50_whose_values_come_on_demand_is_like_any_other(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RESNET],
        cwd=tmp_path,
        env={
            "PYTHONPATH": f"{PROJECT}:{PROJECT}/assignment:{PROJECT}/autograder/handed_out",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "the same\n", done.stderr


def test_a_figure_is_not_drawn_before_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare._hasten()
    drawn: list[str] = []
    monkeypatch.setattr(FigureCanvasAgg, "draw", lambda self: drawn.append("drawn"))
    with plt.ion():
        figure, axes = plt.subplots()
        axes.plot([1, 2])
        plt.draw()
        figure.canvas.draw_idle()
    plt.close(figure)
    assert drawn == []
