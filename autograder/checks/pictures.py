"""Find given pictures in what was drawn, whatever the layout."""

from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_SIDE = 4_000  # of a drawn image that is searched for smaller ones


@dataclass(frozen=True)
class Drawn:
    """One image that was drawn: rows of the given images that it shows (none: it shows something else),
    and the text that names it."""

    rows: tuple[int, ...]
    text: str


def drawn_images(figures: Any, x: np.ndarray) -> list[Drawn]:
    """Match every drawn image against x (n, 32, 32, 3), raw values 0 to 255.

    An axes without text of its own takes that of the axes to its left in the same row, else above it.
    A mosaic of several images in one axes counts as one drawing of several rows.
    """
    drawn = []
    keys = _keys(x)
    for figure in figures:
        boxes = [(axes, _own_text(axes)) for axes in figure["axes"]]
        for axes, text in boxes:
            for image in axes["images"]:
                rows = _rows_of(np.asarray(image["data"]), x, keys)
                drawn.append(Drawn(rows, text or _neighbour_text(axes, boxes) or _single(figure)))
    return drawn


def _single(figure: Any) -> str:
    """A figure with one image may say it in the figure's title."""
    return str(figure["title"]) if sum(len(a["images"]) for a in figure["axes"]) == 1 else ""


def _own_text(axes: Any) -> str:
    return " ".join([axes["title"], axes["xlabel"], axes["ylabel"], *axes["texts"]]).strip()


def _neighbour_text(axes: Any, boxes: list[tuple[Any, str]]) -> str:
    left, bottom = axes["box"][:2]
    row = [(b["box"][0], t) for b, t in boxes if t and abs(b["box"][1] - bottom) < 0.01 and b["box"][0] < left]
    if row:
        return max(row)[1]
    column = [(b["box"][1], t) for b, t in boxes if t and abs(b["box"][0] - left) < 0.01]
    above = [item for item in column if item[0] > bottom]
    return min(above)[1] if above else ""


def _keys(x: np.ndarray) -> np.ndarray:
    """A few values of each image, for finding candidates fast: (n, 27)."""
    return x[:, 4::12, 4::12, :].reshape(len(x), -1).astype(np.float64)


def _rows_of(image: np.ndarray, x: np.ndarray, keys: np.ndarray) -> tuple[int, ...]:
    if image.ndim != 3 or image.shape[2] not in (3, 4) or max(image.shape[:2]) > MAX_SIDE:
        return ()
    image = image[:, :, :3].astype(np.float64)
    if image.max(initial=0) <= 1.0:
        image = image * 255
    height, width = x.shape[1:3]
    if image.shape[:2] == (height, width):
        row = _row_of(image, x, keys)
        return () if row is None else (row,)
    rows = []
    for top, left in _tiles(image.shape[0], image.shape[1], height, width, image):
        row = _row_of(image[top : top + height, left : left + width], x, keys)
        if row is not None:
            rows.append(row)
    return tuple(rows)


def _row_of(tile: np.ndarray, x: np.ndarray, keys: np.ndarray) -> int | None:
    distance = np.abs(keys - tile[4::12, 4::12].reshape(-1)).max(axis=1)
    best = int(distance.argmin())
    return best if np.abs(x[best] - tile).max() <= 1.5 else None


def _tiles(rows: int, columns: int, height: int, width: int, image: np.ndarray) -> list[tuple[int, int]]:
    """Corners of tiles of a mosaic: side by side, or with frames of one width around or between them."""
    for gap in range(9):
        for start in {0, gap}:
            down, across = (
                rows - start + (gap if start == 0 else 0),
                columns - start + (gap if start == 0 else 0),
            )
            if down % (height + gap) == 0 and across % (width + gap) == 0 and down > 0 and across > 0:
                return [
                    (start + i * (height + gap), start + j * (width + gap))
                    for i in range(down // (height + gap))
                    for j in range(across // (width + gap))
                ]
    return []


def missing_patches(figures: Any, patches: np.ndarray) -> list[int]:
    """Which of the given patches are drawn nowhere, up to a positive scaling and shift of values.

    Args:
        figures: described figures.
        patches: (n, h, w) drawn through a colour map, or (n, h, w, 3) drawn as colours.

    A patch may be an image of its own or part of a larger one; scaling may be per patch or common.
    """
    images = [np.asarray(i["data"], dtype=np.float64) for f in figures for a in f["axes"] for i in a["images"]]
    images = [i for i in images if max(i.shape[:2]) <= MAX_SIDE]
    height, width = patches.shape[1:3]
    colours = patches.ndim == 4
    windows: list[np.ndarray] = []
    for image in images:
        if colours and (image.ndim != 3 or image.shape[2] < 3):
            continue
        if not colours and image.ndim == 3:
            if image.shape[2] != 1 and not np.allclose(image[..., :1], image[..., :3]):
                continue
            image = image[..., 0]
        image = image[..., :3] if colours else image
        if image.shape[0] < height or image.shape[1] < width:
            continue
        view = np.lib.stride_tricks.sliding_window_view(image, (height, width), axis=(0, 1))  # type: ignore[call-overload]
        if colours:
            view = np.moveaxis(view, 2, -1)
        if view.shape[0] * view.shape[1] > 400_000:
            continue
        windows.append(_normalized(view.reshape(-1, int(np.prod(patches.shape[1:])))))
    if not windows:
        return list(range(len(patches)))
    every = np.concatenate(windows)
    wanted = _normalized(patches.reshape(len(patches), -1).astype(np.float64))
    return [i for i, patch in enumerate(wanted) if not (every @ patch > 1 - 1e-4).any()]


def _normalized(rows: np.ndarray) -> np.ndarray:
    rows = rows - rows.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(norms < 1e-12, 1, norms))
