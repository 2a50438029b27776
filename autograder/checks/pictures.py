"""Find given pictures in what was drawn, whatever the layout."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

MAX_SIDE = 4_000  # of a drawn image that is searched for smaller ones
MAX_GAP = 8  # width of frames in a mosaic
ALIKE = 0.8  # correlation from which on an image counts as another one, altered

Box = tuple[float, float, float, float]  # left, bottom, width, height


@dataclass(frozen=True)
class Drawn:
    """One image that was drawn.

    Args:
        row: which of the given images it shows; None where it shows something else.
        exact: whether it shows it as it is, not in other colours, turned or mirrored.
        text: what names it.
    """

    row: int | None
    exact: bool
    text: str


def named_classes(text: str, names: Iterable[str]) -> set[str]:
    """The classes whose names occur in a text as words of their own ("cat_3", "CATS", not "category")."""
    low = text.lower()
    return {n for n in names if re.search(rf"(?<![^\W\d_]){re.escape(n.lower())}(e?s)?(?![^\W\d_])", low)}


def drawn_images(figures: Any, x: np.ndarray, names: Iterable[str]) -> list[Drawn]:
    """Match every drawn image against x (n, 32, 32, 3), raw values 0 to 255; mosaics are taken apart.

    What names an image is the text of its axes, or, where that names no class, the nearest text that does: in its
    row, in its column, over its part of the figure, or over a figure that holds only this image.
    """
    gallery, names = _Gallery(x), list(names)
    drawn = []
    for figure in figures:
        places = [(axes["box"], _own_text(axes)) for axes in figure["axes"]]
        places += [((t["x"], t["y"], 0.0, 0.0), t["text"]) for t in figure["placed"]]
        alone = sum(len(axes["images"]) for axes in figure["axes"]) == 1
        for axes in figure["axes"]:
            tiles = [tile for image in axes["images"] for tile in _tiles(image, gallery)]
            own = _own_text(axes)
            fallbacks = [own, *_neighbours(axes["box"], places), axes["heading"], figure["title"] if alone else ""]
            common = next((text for text in fallbacks if named_classes(text, names)), own)
            for row, exact, box in tiles:
                beside = _beside(axes, box) if len(tiles) > 1 else ""
                drawn.append(Drawn(row, exact, beside if named_classes(beside, names) else common))
    return drawn


def _own_text(axes: Any) -> str:
    return " ".join([axes["title"], axes["xlabel"], axes["ylabel"], *(t["text"] for t in axes["texts"])]).strip()


def _neighbours(box: Box, places: list[tuple[Box, str]]) -> Iterator[str]:
    """Texts in the same row, those to the left first, then in the same column, those above first; nearest first."""
    left, bottom, width, height = box
    for axis, start, size, across, breadth in ((0, left, width, bottom, height), (1, bottom, height, left, width)):
        ranked = []
        for other, text in places:
            middle, along = other[1 - axis] + other[3 - axis] / 2, other[axis] + other[axis + 2] / 2
            away = along - (start + size / 2)
            if text and across <= middle <= across + breadth and away:
                preferred = away < 0 if axis == 0 else away > 0
                ranked.append((not preferred, abs(away), text))
        yield from (text for _, _, text in sorted(ranked))


def _beside(axes: Any, box: Box) -> str:
    """Labels of ticks, and texts, next to one of several images in the same axes; box in data coordinates."""
    x, y, width, height = box
    near = [text for at, text in axes["ticks"]["x"] if abs(at - x) <= width / 2]
    near += [text for at, text in axes["ticks"]["y"] if abs(at - y) <= height / 2]
    near += [t["text"] for t in axes["texts"] if abs(t["x"] - x) <= width / 2 and abs(t["y"] - y) <= 0.7 * height]
    return " ".join(near)


class _Gallery:
    """The given images, ready to be compared with."""

    def __init__(self, x: np.ndarray) -> None:
        self.x = x
        self.height, self.width = x.shape[1:3]
        self._keys = x[:, 4::12, 4::12, :].reshape(len(x), -1).astype(np.float64)

    def row_of(self, tile: np.ndarray) -> int | None:
        """Which image this is, (32, 32, 3), values 0 to 255."""
        distance = np.abs(self._keys - tile[4::12, 4::12].reshape(-1)).max(axis=1)
        best = int(distance.argmin())
        return best if np.abs(self.x[best] - tile).max() <= 1.5 else None

    def altered_row_of(self, tile: np.ndarray) -> int | None:
        """Which image this is in other colours, grey, turned or mirrored."""
        if tile.ndim == 2:
            known, forms = self._grey, [tile, tile.T, tile[::-1], tile[:, ::-1]]
        else:
            known = self._colours
            forms = [tile, tile[..., ::-1], tile.transpose(1, 0, 2), tile[::-1], tile[:, ::-1]]
        alike = known @ _normalized(np.stack([form.ravel() for form in forms])).T
        return int(alike.max(axis=1).argmax()) % len(self.x) if alike.max() > ALIKE else None

    @cached_property
    def _colours(self) -> np.ndarray:
        return _normalized(self.x.reshape(len(self.x), -1).astype(np.float64))

    @cached_property
    def _grey(self) -> np.ndarray:
        """Means over the channels, then each channel: (4n, h * w)."""
        channels = np.concatenate([self.x.mean(axis=3), *np.moveaxis(self.x.astype(np.float64), 3, 0)])
        return _normalized(channels.reshape(len(channels), -1))


def _tiles(image: Any, gallery: _Gallery) -> list[tuple[int | None, bool, Box]]:
    """(row, exact, (x, y, width, height) in data coordinates, x and y of the middle) of each image in a drawn one."""
    data = np.asarray(image["data"])
    left, right, bottom, top = image["extent"] or (-0.5, data.shape[1] - 0.5, data.shape[0] - 0.5, -0.5)

    def box(x: float, y: float, width: float, height: float) -> Box:
        across, down = (right - left) / data.shape[1], (bottom - top) / data.shape[0]
        return left + (x + width / 2) * across, top + (y + height / 2) * down, abs(width * across), abs(height * down)

    whole = box(0, 0, data.shape[1], data.shape[0])
    if data.ndim != 3 or data.shape[2] not in (3, 4) or max(data.shape[:2]) > MAX_SIDE:
        small = data.ndim == 2 and data.shape == (gallery.height, gallery.width)
        return [(gallery.altered_row_of(data.astype(np.float64)) if small else None, False, whole)]
    pixels = data[:, :, :3].astype(np.float64)
    if pixels.max(initial=0) <= 1.0:
        pixels = pixels * 255
    pixels, scale = _shrunk(pixels, gallery.height)
    if pixels.shape[:2] == (gallery.height, gallery.width):
        row = gallery.row_of(pixels)
        return [(row, True, whole)] if row is not None else [(gallery.altered_row_of(pixels), False, whole)]
    best: list[tuple[int | None, bool, Box]] = [(None, False, whole)]
    for corners in _grids(pixels.shape[0], pixels.shape[1], gallery.height, gallery.width):
        found: list[tuple[int | None, bool, Box]] = []
        for y, x in corners:
            tile = pixels[y : y + gallery.height, x : x + gallery.width]
            if np.ptp(tile) > 0:  # else an empty place
                row = gallery.row_of(tile)
                place = box(x * scale, y * scale, gallery.width * scale, gallery.height * scale)
                found.append((row, row is not None, place))
        if sum(exact for _, exact, _ in found) > sum(exact for _, exact, _ in best):
            best = found
    return best


def _shrunk(pixels: np.ndarray, height: int) -> tuple[np.ndarray, int]:
    """An image of which every pixel was repeated, as it was before; and how often that was."""
    for scale in range(pixels.shape[0] // height, 1, -1):
        if pixels.shape[0] % scale == pixels.shape[1] % scale == 0:
            small = pixels[::scale, ::scale]
            if np.array_equal(small.repeat(scale, axis=0).repeat(scale, axis=1), pixels):
                return small, scale
    return pixels, 1


def _grids(rows: int, columns: int, height: int, width: int) -> Iterator[list[tuple[int, int]]]:
    """Corners of the tiles of a mosaic: side by side, or with frames of one width around or between them."""
    for gap in range(MAX_GAP + 1):
        for start in {0, gap}:
            down, across = (side - start + (gap if start == 0 else 0) for side in (rows, columns))
            if down % (height + gap) == 0 and across % (width + gap) == 0 and down > 0 and across > 0:
                yield [
                    (start + i * (height + gap), start + j * (width + gap))
                    for i in range(down // (height + gap))
                    for j in range(across // (width + gap))
                ]


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
        view = np.lib.stride_tricks.sliding_window_view(image, (height, width), axis=(0, 1))
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
