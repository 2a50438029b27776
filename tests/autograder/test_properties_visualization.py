"""Questions 10 to 12, whatever is drawn and however large: pictures are found, and only those that are there."""

import itertools
from typing import Any

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import tries

from assignment.data.dataset import resnet50_conv1
from assignment.hidden.architecture import drawn_weights
from assignment.hidden.drawn_images import missing_patches
from autograder import assignment
from labkit.judging import Observations, judge

seeds = st.integers(0, 2**32 - 1)
quick = settings(deadline=None, max_examples=tries(60))


def figures(*images: np.ndarray) -> list[dict[str, Any]]:
    return [{"axes": [{"images": [{"data": image}]} for image in images]}]


def mosaic(tiles: np.ndarray, columns: int, gap: int, frame: float) -> np.ndarray:
    """Tiles (n, h, w) or (n, h, w, colours) side by side, with frames around them."""
    around = [(0, 0), (gap, gap), (gap, gap)] + [(0, 0)] * (tiles.ndim - 3)
    framed = np.pad(tiles, around, constant_values=frame)
    empty = np.full((-len(tiles) % columns, *framed.shape[1:]), frame)
    cells = np.concatenate([framed, empty])
    return np.vstack([np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)])


@quick
@given(
    seed=seeds,
    number=st.integers(1, 12),
    side=st.integers(3, 9),
    columns=st.integers(1, 5),
    gap=st.integers(0, 2),
    repeats=st.integers(1, 9),
    colour_map=st.sampled_from([None, "gray", "viridis", "coolwarm_r", "RdBu", "jet"]),
    left_out=st.integers(0, 11),
)
def test_values_are_found_in_any_mosaic(
    seed: int, number: int, side: int, columns: int, gap: int, repeats: int, colour_map: str | None, left_out: int
) -> None:
    rng = np.random.default_rng(seed)
    patches = rng.normal(rng.normal(), rng.uniform(0.1, 10), (number, side, side))
    low, high = patches.min(), patches.max()
    shown = np.delete(patches, left_out, axis=0) if left_out < number else patches
    shown = ((shown - low) / (high - low)).repeat(repeats, axis=1).repeat(repeats, axis=2)
    drawn = figures()
    if len(shown):
        tiles = shown if colour_map is None else matplotlib.colormaps[colour_map](shown)[..., :3]
        drawn = figures(mosaic(tiles, columns, gap, 1.0))
    assert missing_patches(drawn, patches) == ([left_out] if left_out < number else [])


@quick
@given(
    seed=seeds,
    number=st.integers(1, 12),
    side=st.integers(3, 9),
    columns=st.integers(1, 5),
    gap=st.integers(0, 2),
    repeats=st.integers(1, 9),
    as_bytes=st.booleans(),
    left_out=st.integers(0, 11),
)
def test_colours_are_found_in_any_mosaic(
    seed: int, number: int, side: int, columns: int, gap: int, repeats: int, as_bytes: bool, left_out: int
) -> None:
    patches = np.random.default_rng(seed).uniform(0, 1, (number, side, side, 3))
    shown = patches.copy()
    if left_out < number:
        shown[left_out] = shown[left_out].swapaxes(0, 1)  # there, but not as it is
    shown = shown.repeat(repeats, axis=1).repeat(repeats, axis=2)
    drawn = mosaic((255 * shown).astype(np.uint8) if as_bytes else shown, columns, gap, 0.0)
    assert missing_patches(figures(drawn), patches) == ([left_out] if left_out < number else [])


def outcome(check: str, observations: Observations) -> str:
    [result] = judge([c for c in assignment.all_checks() if c.name in (check, f"{check[:3]}_answered")], observations)[
        1:
    ]
    return result.outcome


KERNEL = np.moveaxis(resnet50_conv1()[0], -1, 0).astype(float)


@settings(quick, max_examples=tries(12))
@given(seed=seeds, per_filter=st.booleans(), reverse=st.booleans(), decimals=st.sampled_from([4, 8]))
def test_any_increasing_linear_scaling_of_the_filters_is_right(
    seed: int, per_filter: bool, reverse: bool, decimals: int
) -> None:
    rng = np.random.default_rng(seed)
    axes = (1, 2, 3) if per_filter else (0, 1, 2, 3)
    low, high = KERNEL.min(axes, keepdims=True), KERNEL.max(axes, keepdims=True)
    margins = rng.uniform(0, 0.4, (2, 64, 1, 1, 1) if per_filter else (2, 1, 1, 1, 1))
    scaled = margins[0] + (1 - margins.sum(axis=0)) * (KERNEL - low) / (high - low)
    scaled = np.round(scaled[..., ::-1] if reverse else scaled, decimals)
    plot = {"error": None, "figures": []}
    for value, expected in ((scaled, "passed"), (1 - scaled, "failed"), (scaled[rng.permutation(64)], "failed")):
        seen = {"filters": {"error": None, "value": value}, "plots": [plot]}
        assert outcome("q12_filters", Observations({"q12": seen}, seed)) == expected


@pytest.mark.parametrize("sizes", [(3, 3, 3, 10), (3, 3, 3, 3), (5, 3, 3, 3), (5, 5, 3, 32)])
def test_one_order_of_axes_is_right(sizes: tuple[int, ...]) -> None:
    """Of all ways to reorder a kernel (row, column, channel, filter), one: channel, filter, row, column."""
    shape = list(sizes)
    node = {"kind": "Conv2D", "layer": 0, "weights": ["kernel"], "weight_shapes": [shape]}
    spec = {"nodes": [node], "weights": {"0/kernel": shape}}
    kernel = drawn_weights(spec, 5 + 1)["0/kernel"]
    accepted = []
    for order in itertools.permutations(range(4)):
        call = {"error": None, "value": kernel.transpose(order), "spec": spec, "usual": True, "number": 1}
        seen = {"calls": [call], "plots": [{"error": None, "figures": []}]}
        checks = [c for c in assignment.all_checks() if c.name in ("q11_answered", "q11_values")]
        outcomes = [result.outcome for result in judge(checks, Observations({"q11": seen}, 5))]
        assert outcomes.count("failed") == (order != (2, 3, 0, 1))  # one slip, one check
        if outcomes == ["passed", "passed"]:
            accepted.append(order)
    assert accepted == [(2, 3, 0, 1)]
