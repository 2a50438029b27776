"""The handout's figures: right numbers, readable, reproducible, and in step with the settings."""

import importlib.util
import itertools
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from assignment.data.dataset import Dataset
from lab import settings

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[1] / "assignment" / "figures"
SCRIPT = FOLDER / "draw_figures.py"
DIAGRAMS = ("tiny_vgg", "blocks", "tiny_resnet", "same_padding", "split", "curves")
CHANGES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "32 filters": {"FILTERS": 32},
    "3 blocks of 3 convolutions 5×5": {"BLOCKS": 3, "CONVS_PER_BLOCK": 3, "KERNEL_SIZE": 5},
    "another split": {"VALIDATION_SPLIT": 0.1, "BATCH_SIZE": 50, "N_TRAIN": 20_000, "EPOCHS": 7},
}


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("draw_figures", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


draw_figures = load_script()


@pytest.fixture(params=CHANGES.values(), ids=list(CHANGES))
def changed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings, changed in one of several ways."""
    for name, value in request.param.items():
        monkeypatch.setattr(settings, name, value)


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def assert_stages_fit(sections: Sequence[Any], model: keras.Model) -> None:
    stages = [stage for section in sections for stage in section.stages]
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    assert [stage.shape for stage in stages] == [layer.output.shape[1:] for layer in layers]
    assert [stage.parameters for stage in stages] == [layer.count_params() for layer in layers]
    assert draw_figures.total_parameters(sections) == model.count_params()


@pytest.mark.usefixtures("changed")
def test_tiny_vgg_has_keras_shapes_and_counts() -> None:
    layers: list[Any] = [keras.Input((32, 32, 3))]
    for _ in range(settings.BLOCKS):
        for _ in range(settings.CONVS_PER_BLOCK):
            layers.append(keras.layers.Conv2D(settings.FILTERS, settings.KERNEL_SIZE, padding="same"))
            layers.append(keras.layers.ReLU())
        layers.append(keras.layers.MaxPooling2D())
    layers += [keras.layers.Flatten(), keras.layers.Dense(10), keras.layers.Softmax()]
    model = keras.Sequential(layers)
    assert_stages_fit(draw_figures.tiny_vgg_sections(), model)
    assert f"{model.count_params():,} parameters in all" in " ".join(texts(draw_figures.tiny_vgg()))


@pytest.mark.usefixtures("changed")
def test_tiny_resnet_has_keras_shapes_and_counts() -> None:
    image = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(settings.FILTERS, 7, padding="same")(image)
    x = keras.layers.MaxPooling2D()(keras.layers.ReLU()(keras.layers.BatchNormalization()(x)))
    for _ in range(settings.BLOCKS):
        entrance = x
        for number in range(settings.CONVS_PER_BLOCK):
            x = keras.layers.ReLU()(x) if number else x
            x = keras.layers.Conv2D(settings.FILTERS, settings.KERNEL_SIZE, padding="same")(x)
        x = keras.layers.ReLU()(keras.layers.Add()([entrance, x]))
    x = keras.layers.Flatten()(keras.layers.AveragePooling2D(4)(x))
    model = keras.Model(image, keras.layers.Softmax()(keras.layers.Dense(10)(x)))
    assert_stages_fit(draw_figures.tiny_resnet_sections(), model)
    assert f"{model.count_params():,} parameters in all" in " ".join(texts(draw_figures.tiny_resnet()))


def test_the_default_counts() -> None:
    assert draw_figures.total_parameters(draw_figures.tiny_vgg_sections()) == 9_420
    kinds = [stage.kind for stage in draw_figures.chain((32, 32, 3), draw_figures.plain_block(norm=True))]
    assert kinds == ["conv", "norm", "activation"] * 2 + ["pool"]


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("blocks", [2, 3])
def test_sizes_through_blocks_are_those_of_keras(padding: str, blocks: int) -> None:
    x = keras.KerasTensor((None, 32, 32, 3))
    expected = [32]
    try:
        for _ in range(blocks):
            for layer in (
                keras.layers.Conv2D(1, 3, padding=padding),
                keras.layers.Conv2D(1, 3, padding=padding),
                keras.layers.MaxPooling2D(),
            ):
                x = layer(x)
                expected.append(x.shape[1])
    except ValueError:  # nothing is left of the image
        expected.append(0)
    sizes = draw_figures.sizes_through_blocks(padding, blocks)
    assert [max(size, 0) for size in sizes] == expected
    assert (0 in expected) == (padding == "valid" and blocks == 3)


@pytest.mark.parametrize(("images", "batch", "share"), [(1000, 128, 0.3), (1001, 100, 0.3), (640, 64, 0.1)])
def test_split_numbers_are_what_fit_does(
    monkeypatch: pytest.MonkeyPatch, images: int, batch: int, share: float
) -> None:
    monkeypatch.setattr(settings, "N_TRAIN", images)
    monkeypatch.setattr(settings, "BATCH_SIZE", batch)
    monkeypatch.setattr(settings, "VALIDATION_SPLIT", share)
    monkeypatch.setattr(settings, "EPOCHS", 2)
    seen: list[int] = []

    class Recorder(keras.Model):  # type: ignore[misc]
        def train_on(self, x: Any) -> None:
            seen.append(len(x))

        def train_step(self, data: Any) -> dict[str, Any]:
            self.train_on(data[0])
            return {"loss": 0.0}

        def test_step(self, data: Any) -> dict[str, Any]:
            return {"loss": 0.0}

        def call(self, x: Any) -> Any:
            return x

    model = Recorder()
    model.compile(loss="mse", run_eagerly=True)
    x = np.zeros((images, 1), "float32")
    model.fit(x, x, batch_size=batch, validation_split=share, epochs=2, verbose=0)
    numbers = draw_figures.split_numbers()
    assert numbers.updates == len(seen)
    assert numbers.batches == len(seen) // 2
    assert numbers.last_batch == seen[-1]
    assert numbers.training == sum(seen) // 2
    assert numbers.training + numbers.validation == images


def test_split_tells_the_default_numbers() -> None:
    words = " ".join(texts(draw_figures.split()))
    assert "1 epoch = 35,000 images = 274 batches of 128 (the last one has 56)" in words
    assert "100 epochs × 274 batches = 27,400 updates" in words


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize("name", DIAGRAMS)
def test_no_text_overlaps_another_or_leaves_the_figure(name: str) -> None:
    with draw_figures.house_style():
        figure = draw_figures.FIGURES[name]()
        canvas: Any = FigureCanvasAgg(figure)  # untyped in part
        canvas.draw()
        found = [
            (text.get_text(), text.get_window_extent(canvas.get_renderer()))
            for axes in figure.axes
            for text in axes.texts
        ]
    width, height = canvas.get_width_height()
    for words, box in found:
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
        assert inside, f"{words!r} leaves the figure"
    for (words, box), (others, other) in itertools.combinations(found, 2):
        assert not box.padded(-1).overlaps(other.padded(-1)), f"{words!r} overlaps {others!r}"


def test_pictures_of_real_data_are_not_replaced_by_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("examples", "resnet50_filters")
    monkeypatch.setattr(draw_figures, "FIGURES", {name: draw_figures.FIGURES[name] for name in names})
    monkeypatch.setattr(draw_figures, "dataset", lambda: Dataset((([], []), ([], [])), "stand-in"))
    draw_figures.main(["--out", str(tmp_path)])
    assert capsys.readouterr().out.splitlines() == [
        "examples: left as it is, since CIFAR-10 is not in KERAS_HOME",
        "resnet50_filters: left as it is, since --resnet50-kernel gives the real ones",
    ]
    assert list(tmp_path.iterdir()) == []
    draw_figures.main(["--out", str(tmp_path), "--only", "resnet50_filters"])
    assert [path.name for path in tmp_path.iterdir()] == ["resnet50_filters.png"]


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    arguments = ["--only", "tiny_vgg", "split", "--out"]
    for run in ("first", "second"):
        command = [sys.executable, str(SCRIPT), *arguments, str(tmp_path / run)]
        subprocess.run(command, check=True, capture_output=True)
    for name in ("tiny_vgg.png", "split.png"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
    assert len(list((tmp_path / "first").iterdir())) == 2


@pytest.mark.parametrize("name", draw_figures.FIGURES)
def test_committed_figures_are_small_and_wide_enough(name: str) -> None:
    path = FOLDER / f"{name}.png"
    assert path.stat().st_size < 200_000
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.width >= 800
        assert not {"Software", "Creation Time", "date"} & set(picture.info)


@pytest.mark.parametrize("name", DIAGRAMS)
def test_committed_diagrams_are_in_step_with_the_settings(name: str, tmp_path: Path) -> None:
    draw_figures.save(draw_figures.FIGURES[name], tmp_path / "now.png")
    now, committed = (
        np.asarray(Image.open(path)).astype(int) for path in (tmp_path / "now.png", FOLDER / f"{name}.png")
    )
    assert now.shape == committed.shape
    # Other processors may round a shade of an edge differently; another digit changes far more.
    assert np.abs(now - committed).max() < 64, f"{name}.png is old: run assignment/figures/draw_figures.py"


def test_resnet50_filters_are_drawn_in_order_as_rgb(tmp_path: Path) -> None:
    kernel = np.random.default_rng(0).normal(size=(7, 7, 3, 64)).astype("float32")
    np.savez(tmp_path / "kernel.npz", kernel=kernel)
    figure = draw_figures.resnet50_filters(tmp_path / "kernel.npz")
    drawn = [np.asarray(image.get_array()) for axes in figure.axes for image in axes.images]
    assert len(drawn) == 64
    for number, picture in enumerate(drawn):
        raw = kernel[..., number]
        red_last = picture[:, :, [2, 1, 0]]
        assert (picture.min(), picture.max()) == (0, 1)
        np.testing.assert_allclose(red_last * (raw.max() - raw.min()) + raw.min(), raw, atol=1e-5)


@pytest.mark.parametrize("filters", [10, 32])
def test_every_kernel_is_drawn_by_channel_and_filter(filters: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(filters, 3)])
    monkeypatch.setattr(draw_figures, "trained_tiny_vgg", lambda: model)
    axes = [axes for axes in draw_figures.kernels().axes if axes.images]
    drawn = np.array([one.images[0].get_array() for one in axes])
    bands = -(-filters // 10)
    drawn = drawn.reshape(bands, 3, filters // bands, 3, 3).transpose(1, 0, 2, 3, 4).reshape(3, filters, 3, 3)
    np.testing.assert_array_equal(drawn, np.moveaxis(np.asarray(model.layers[0].kernel), (2, 3), (0, 1)))
