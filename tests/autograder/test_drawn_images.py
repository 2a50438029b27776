"""Pictures are found in what was drawn, and told from others."""

from typing import Any

import matplotlib
import numpy as np
import pytest

from assignment.hidden.drawn_images import drawn_images, missing_patches, named_classes

NAMES = ("cat", "dog", "bird")
RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)


def axes(*images: np.ndarray, **given: Any) -> dict[str, Any]:
    """Axes as `labkit.figure_description` describes them."""
    described = {"title": "", "xlabel": "", "ylabel": "", "heading": "", "texts": [], "box": [0.1, 0.1, 0.8, 0.8]}
    described |= {"ticks": {"x": [], "y": []}, "images": [{"data": i, "extent": None} for i in images]}
    return described | given


def figure(*described: dict[str, Any], **given: Any) -> list[dict[str, Any]]:
    return [{"title": "", "placed": [], "axes": list(described)} | given]


def rows(figures: list[dict[str, Any]]) -> list[tuple[int | None, bool]]:
    return [(d.row, d.exact) for d in drawn_images(figures, X, NAMES)]


def texts(figures: list[dict[str, Any]]) -> list[str]:
    return [d.text for d in drawn_images(figures, X, NAMES)]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("cat", {"cat"}),
        ("A CAT, no. 3", {"cat"}),
        ("3_cat_12", {"cat"}),
        ("cats", {"cat"}),
        ("category: dog", {"dog"}),
        ("birdcage", set()),
        ("cat or dog", {"cat", "dog"}),
        ("", set()),
    ],
)
def test_names_are_whole_words(text: str, named: set[str]) -> None:
    assert named_classes(text, NAMES) == named


@pytest.mark.parametrize(
    ("shown", "exact"),
    [
        (X[5], True),
        (X[5] / 255, True),
        ((X[5] / 255).astype(np.float32), True),
        (np.dstack([X[5], np.full((32, 32), 255, np.uint8)]), True),
        (X[5].repeat(3, 0).repeat(3, 1), True),
        (X[5][..., ::-1], False),
        (X[5].transpose(1, 0, 2), False),
        (X[5][::-1], False),
        (X[5][:, ::-1], False),
        (X[5].mean(axis=2), False),
        (X[5][..., 2], False),
        (X[5] * 0.5 + 30, False),
    ],
)
def test_an_image_is_known_again(shown: np.ndarray, exact: bool) -> None:
    assert rows(figure(axes(shown))) == [(5, exact)]


@pytest.mark.parametrize(
    "shown",
    [
        RNG.integers(0, 256, (32, 32, 3), dtype=np.uint8),
        RNG.random((32, 32)),
        RNG.random((7, 9)),
        np.zeros((32, 32, 3), np.uint8),
        RNG.random((50, 70, 3)),
        np.zeros((5000, 4, 3), np.uint8),
        255 - X[5],
    ],
)
def test_another_image_is_not(shown: np.ndarray) -> None:
    assert rows(figure(axes(shown))) == [(None, False)]


@pytest.mark.parametrize("gap", [0, 1, 4])
@pytest.mark.parametrize("framed", [True, False])
def test_mosaics_are_taken_apart(gap: int, framed: bool) -> None:
    side = 32 + gap
    canvas = np.full((2 * side + gap, 3 * side + gap, 3), 255, np.uint8)
    shown = [7, 2, 9, 0, 4]  # the sixth place stays empty
    for number, row in enumerate(shown):
        top, left = gap + side * (number // 3), gap + side * (number % 3)
        canvas[top : top + 32, left : left + 32] = X[row]
    if not framed and gap:
        canvas = canvas[gap:-gap, gap:-gap]
    assert rows(figure(axes(canvas))) == [(row, True) for row in shown]


def test_a_mosaic_with_a_stranger() -> None:
    stranger = RNG.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert rows(figure(axes(np.hstack([X[3], stranger])))) == [(3, True), (None, False)]


def test_text_of_the_axes_comes_first() -> None:
    one = axes(X[0], title="a cat", box=[0.1, 0.1, 0.3, 0.8])
    two = axes(X[1], xlabel="some dog", box=[0.6, 0.1, 0.3, 0.8])
    assert texts(figure(one, two)) == ["a cat", "some dog"]


def test_row_and_column_titles() -> None:
    boxes = [[0.1, 0.6, 0.3, 0.3], [0.5, 0.6, 0.3, 0.3], [0.1, 0.1, 0.3, 0.3], [0.5, 0.1, 0.3, 0.3]]
    rows_titled = [axes(X[i], box=box) for i, box in enumerate(boxes)]
    rows_titled[0]["ylabel"], rows_titled[2]["ylabel"] = "cat", "dog"
    rows_titled[1]["title"] = "example 2"
    assert texts(figure(*rows_titled)) == ["cat", "cat", "dog", "dog"]
    columns_titled = [axes(X[i], box=box) for i, box in enumerate(boxes)]
    columns_titled[0]["title"], columns_titled[1]["title"] = "cat", "dog"
    assert texts(figure(*columns_titled)) == ["cat", "dog", "cat", "dog"]


def test_loose_texts_headings_and_titles() -> None:
    upper = axes(X[0], box=[0.3, 0.6, 0.3, 0.3])
    lower = axes(X[1], box=[0.3, 0.1, 0.3, 0.3], heading="bird")
    placed = [{"text": "cat", "x": 0.05, "y": 0.75}]
    assert texts(figure(upper, lower, placed=placed)) == ["cat", "bird"]
    assert texts(figure(axes(X[0]), title="dog")) == ["dog"]
    assert texts(figure(axes(X[0]), axes(X[1]), title="dog")) == ["dog", "dog"]
    assert texts(figure(axes(X[0]), axes(X[1]), title="from cat to dog")) == ["", ""]
    assert texts(figure(axes(X[0], heading="bird"))) == ["bird"]


def test_places_within_one_axes() -> None:
    mosaic = axes(np.hstack([X[0], X[1]]), ticks={"x": [[16.0, "cat"], [48.0, "dog"]], "y": []}, title="animals")
    assert texts(figure(mosaic)) == ["cat", "dog"]
    apart = axes(X[0], X[1], texts=[{"text": "bird", "x": 16, "y": -2}, {"text": "cat", "x": 56, "y": -2}])
    apart["images"][1]["extent"] = [39.5, 71.5, 31.5, -0.5]
    assert texts(figure(apart)) == ["bird", "cat"]


PATCHES = RNG.normal(size=(6, 3, 3))
COLOURS = RNG.random((5, 7, 7, 3))


def test_patches_are_found_alone_scaled_and_within_larger_images() -> None:
    alone = [axes(patch * 3 - 1) for patch in PATCHES[:4]]
    within = axes(np.hstack([np.zeros((3, 2)), PATCHES[4], PATCHES[5]]))
    assert missing_patches(figure(*alone, within), PATCHES) == []


def test_missing_patches_are_named() -> None:
    drawn = [axes(patch) for patch in PATCHES[[0, 2]]] + [axes(-PATCHES[1]), axes(PATCHES[3].T)]
    assert missing_patches(figure(*drawn), PATCHES) == [1, 3, 4, 5]
    assert missing_patches(figure(), PATCHES) == [0, 1, 2, 3, 4, 5]


def test_colour_patches_need_their_colours() -> None:
    drawn = [axes(COLOURS[0]), axes(COLOURS[1] / 2), axes(COLOURS[2].mean(axis=2)), axes(COLOURS[3][..., [1, 0, 2]])]
    assert missing_patches(figure(*drawn), COLOURS) == [2, 3, 4]


def test_grey_drawn_as_colours_counts_as_grey() -> None:
    grey = np.repeat(PATCHES[:1, :, :, None], 3, axis=3)
    assert missing_patches(figure(axes(grey[0])), PATCHES[:1]) == []


@pytest.mark.parametrize("colour_map", ["viridis", "gray_r", "coolwarm"])
@pytest.mark.parametrize("as_bytes", [True, False])
def test_values_are_known_by_their_colours(colour_map: str, as_bytes: bool) -> None:
    unit = (PATCHES - PATCHES.min()) / np.ptp(PATCHES)
    drawn = [axes(matplotlib.colormaps[colour_map](patch, bytes=as_bytes)) for patch in unit[:5]]
    assert missing_patches(figure(*drawn), PATCHES) == [5]


def test_patches_of_different_sizes_enlarged_to_one() -> None:
    large, small = RNG.normal(size=(2, 8, 8)), RNG.normal(size=(2, 4, 4))
    mosaic = np.hstack([large[0], small[0].repeat(2, 0).repeat(2, 1), large[1], small[1].repeat(2, 0).repeat(2, 1)])
    assert missing_patches(figure(axes(mosaic)), large) == []
    assert missing_patches(figure(axes(mosaic)), small) == []
    assert missing_patches(figure(axes(mosaic)), small.transpose(0, 2, 1)) == [0, 1]


def test_large_patches_may_be_cut_off_at_the_ends() -> None:
    patches = RNG.normal(size=(3, 16, 16))
    drawn = [axes(np.clip(patches[0], -2, 2)), axes(np.abs(patches[1])), axes(np.sign(patches[2]))]
    assert missing_patches(figure(*drawn), patches) == [1, 2]
