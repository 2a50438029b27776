"""What is drawn in a figure, as plain data: compared with what was drawn."""

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

from labkit.figure_description import describe_figure, figures_of


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


def seen(figure: Any) -> dict[str, Any]:
    return dict(describe_figure(figure))


def only_axes(figure: Any) -> dict[str, Any]:
    (axes,) = seen(figure)["axes"]
    return dict(axes)


def test_lines_keep_their_values() -> None:
    figure, ax = plt.subplots()
    ax.plot([1, 2, 3], [0.5, 0.25, 0.125], label="a")
    ax.semilogy(["x", "y"], [1, 10], label="b")
    ax.scatter([4, 5], [6, 7], label="c")
    ax.plot([0], [0], visible=False)
    lines = only_axes(figure)["lines"]
    assert [(line["label"], line["y"].tolist()) for line in lines] == [
        ("a", [0.5, 0.25, 0.125]),
        ("b", [1, 10]),
        ("c", [6, 7]),
    ]
    assert lines[0]["x"].tolist() == [1, 2, 3]
    assert [line["name"] for line in lines] == ["", "", ""]  # no legend is drawn


def test_names_come_from_legends() -> None:
    figure, (one, two, three) = plt.subplots(1, 3)
    for ax in (one, two, three):
        ax.plot([1, 2], color="k", label="_hidden")
        ax.plot([2, 1], "r--", label="_hidden")
    one.legend(["first", "second"])
    two.legend([two.lines[1]], ["second alone"])
    figure.legend(three.lines, ["of the", "figure"])
    names = [[line["name"] for line in axes["lines"]] for axes in seen(figure)["axes"]]
    assert names == [["first", "second"], ["of the", "second alone"], ["of the", "figure"]]


def test_twin_axes_share_a_legend() -> None:
    figure, left = plt.subplots()
    right = left.twinx()
    lines = left.plot([1, 2], "b", label="loss") + right.plot([3, 4], "g", label="accuracy")
    right.legend(lines, [line.get_label() for line in lines])
    assert [axes["lines"][0]["name"] for axes in seen(figure)["axes"]] == ["loss", "accuracy"]


def test_a_legend_speaks_of_other_panels_too_where_lines_look_alike() -> None:
    figure, (one, two, three) = plt.subplots(1, 3)
    for ax in (one, two, three):
        ax.plot([1, 2], "b", label="training" if ax is not two else "_")
        ax.plot([2, 1], "r--" if ax is not three else "r:", label="validation")
    one.legend()
    names = [[line["name"] for line in axes["lines"]] for axes in seen(figure)["axes"]]
    assert names == [["training", "validation"], ["training", "validation"], ["training", ""]]
    three.legend(handles=[])  # speaks for itself, and says nothing
    assert [line["name"] for line in seen(figure)["axes"][2]["lines"]] == ["", ""]


def test_lines_that_look_alike_have_no_name() -> None:
    figure, ax = plt.subplots()
    ax.plot([1, 2], "k")
    ax.plot([2, 3], "k")
    ax.legend(["one", "two"])
    assert [line["name"] for line in only_axes(figure)["lines"]] == ["", ""]


def test_images_keep_their_values_and_their_place() -> None:
    figure, ax = plt.subplots()
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    ax.imshow(picture)
    ax.imshow(picture / 255, extent=(10, 14, 0, 4))
    ax.pcolormesh(np.eye(3))
    images = only_axes(figure)["images"]
    assert np.array_equal(images[0]["data"], picture)
    assert np.allclose(images[1]["data"], picture / 255)
    assert images[0]["extent"] == [-0.5, 3.5, 3.5, -0.5]
    assert images[1]["extent"] == [10, 14, 0, 4]
    assert np.array_equal(images[2]["data"], np.eye(3))


def test_a_colour_bar_is_no_image() -> None:
    figure, ax = plt.subplots()
    figure.colorbar(ax.imshow(np.eye(3)))
    assert [len(axes["images"]) for axes in seen(figure)["axes"]] == [1, 0]


def test_texts_and_their_places() -> None:
    figure, ax = plt.subplots()
    ax.set(title="middle", xlabel="below", ylabel="beside", xlim=(0, 10), ylim=(0, 10))
    ax.set_title("left", loc="left")
    ax.text(2, 3, "in data")
    ax.text(0.5, 0.5, "in the middle", transform=ax.transAxes)
    ax.annotate("pointing", (7, 8), xytext=(30, 30), textcoords="offset points")
    figure.text(0.25, 0.75, "loose")
    figure.suptitle("over all")
    axes = only_axes(figure)
    assert axes["title"] == "left middle"
    assert (axes["xlabel"], axes["ylabel"]) == ("below", "beside")
    assert [(t["text"], round(t["x"], 6), round(t["y"], 6)) for t in axes["texts"]] == [
        ("in data", 2, 3),
        ("in the middle", 5, 5),
        ("pointing", 7, 8),
    ]
    found = seen(figure)
    assert found["title"] == "over all loose"
    assert [(t["text"], round(t["x"], 6), round(t["y"], 6)) for t in found["placed"]] == [("loose", 0.25, 0.75)]


def test_what_is_switched_off_is_not_seen() -> None:
    figure, (one, two, three) = plt.subplots(1, 3)
    for ax in (one, two, three):
        ax.set(title="title", xlabel="label", xticks=[0, 1], xticklabels=["a", "b"])
    one.axis("off")
    two.xaxis.set_visible(False)
    three.set_visible(False)
    found = seen(figure)["axes"]
    assert [(axes["title"], axes["xlabel"], axes["ticks"]["x"]) for axes in found] == [("title", "", [])] * 2


def test_tick_labels_that_were_set() -> None:
    figure, ax = plt.subplots()
    ax.imshow(np.zeros((64, 64, 3)))
    ax.set_yticks([16, 48], ["cat", "dog"])
    axes = only_axes(figure)
    assert axes["ticks"] == {"x": [], "y": [[16.0, "cat"], [48.0, "dog"]]}


def test_subfigures_have_headings() -> None:
    figure = plt.figure()
    for part, name in zip(figure.subfigures(1, 2), ("one", "two"), strict=True):
        part.suptitle(name)
        part.subplots()
    assert [axes["heading"] for axes in seen(figure)["axes"]] == ["one", "two"]


def test_figures_are_found_in_whatever_is_returned() -> None:
    one, axes = plt.subplots(2, 2)
    two = plt.figure()
    for returned in (one, axes, axes[0, 0], (one, axes), [axes], {"figure": one}, [[one]]):
        assert figures_of(returned, []) == [one]
    assert figures_of([one, two], []) == [one, two]
    assert figures_of(None, [two]) == [two]
    assert figures_of(two, [one, two]) == [two, one]
    assert figures_of("neither", []) == []
    part = one.subfigures(1, 1)
    assert figures_of(part, []) == [one]
