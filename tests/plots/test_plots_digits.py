"""What the figures of notebook 08 show is what they were given."""

from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.stats import binomtest

from linclf_helpers.plots import confusion_table, image_grid, reliability_curve, train_and_test


@pytest.fixture
def ax() -> Iterator[Axes]:
    figure = Figure()
    axes = figure.subplots()
    yield axes
    FigureCanvasAgg(figure).draw()


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_images_stand_in_reading_order(ax: Axes) -> None:
    images = np.arange(7 * 9.0).reshape(7, 9)
    image_grid(ax, images, [f"image {i}" for i in range(7)], columns=3, rows=["first", "second", "third"])
    assert texts(ax) == [f"image {i}" for i in range(7)] + ["first", "second", "third"]
    lefts, tops = [], []
    for drawn, image in zip(ax.images, images, strict=True):
        np.testing.assert_array_equal(drawn.get_array(), image.reshape(3, 3))
        assert drawn.get_clim() == (0, 62)
        left, _, _, top = drawn.get_extent()
        lefts.append(round(left, 3))
        tops.append(top)
    assert lefts == [0, 1.1, 2.2, 0, 1.1, 2.2, 0]
    assert tops[0] == tops[2] > tops[3] == tops[5] > tops[6]


def test_signed_images_have_white_in_the_middle(ax: Axes) -> None:
    image_grid(ax, np.array([[-1.0, 0.0, 0.5, 2.0]]), limit=2.0)
    assert ax.images[0].get_clim() == (-2, 2)
    assert ax.images[0].cmap(0.5)[:3] == pytest.approx((1, 1, 1), abs=0.01)
    assert texts(ax) == []


@pytest.mark.parametrize(
    ("images", "titles", "message"),
    [(np.ones((2, 5)), [], "images: expected square images, got 5"), (np.ones((2, 4)), ["a"], "titles: expected 2")],
)
def test_images_that_do_not_fit_are_refused(ax: Axes, images, titles, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        image_grid(ax, images, titles)


@pytest.mark.parametrize("train_ends_lower", [True, False])
def test_train_and_test_have_their_names_at_their_ends(ax: Axes, train_ends_lower: bool) -> None:
    curves = [[3.0, 1.0], [3.0, 2.0]] if train_ends_lower else [[0.5, 0.9], [0.4, 0.8]]
    train_and_test(ax, [1, 10], *curves, "accuracy")
    for line, values in zip(ax.lines, curves, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), values)
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()
    labels = {text.get_text(): text for text in ax.texts}
    lower = "train" if train_ends_lower else "test"
    assert {name: text.xy[1] for name, text in labels.items()} == {"train": curves[0][1], "test": curves[1][1]}
    assert labels[lower].xyann[1] < 0 < labels["test" if train_ends_lower else "train"].xyann[1]
    assert ax.get_ylabel() == "accuracy"


def test_confusion_table_writes_every_count(ax: Axes) -> None:
    counts = np.array([[5, 0, 2], [1, 7, 0], [0, 4, 3]])
    confusion_table(ax, counts, ["a", "b", "c"])
    assert texts(ax) == ["5", "·", "2", "1", "7", "·", "·", "4", "3"]
    tiles = np.asarray(ax.images[0].get_array())
    white = tiles[0, 1]
    np.testing.assert_array_equal(white, 1)
    assert (tiles[2, 1] < tiles[0, 2] + 1e-9).all()  # the commoner mistake has the fuller colour
    np.testing.assert_array_equal(tiles[0, 0], tiles[1, 1])


def test_confusion_without_mistakes_and_of_the_wrong_shape(ax: Axes) -> None:
    confusion_table(ax, np.diag([3, 4]), ["a", "b"])
    with pytest.raises(ValueError, match=r"counts: expected shape \(2, 2\)"):
        confusion_table(ax, np.ones((2, 3)), ["a", "b"])


def test_reliability_averages_each_interval(ax: Axes) -> None:
    confidence = [0.55, 0.45, 0.95, 1.0, 0.9, 0.85]
    correct = [True, False, True, True, True, False]
    reliability_curve(ax, confidence, correct, [0.4, 0.6, 0.8, 1.0], "ours", marker="s")
    _, line = ax.lines
    np.testing.assert_allclose(line.get_xdata(), [0.5, 0.925])  # nothing between 0.6 and 0.8
    np.testing.assert_allclose(line.get_ydata(), [0.5, 0.75])
    assert texts(ax) == ["ours"]
    intervals, markers = ax.collections
    assert markers.get_sizes()[1] > markers.get_sizes()[0]
    for (_, low), (_, high) in intervals.get_segments():
        assert 0 <= low < high <= 1


@pytest.mark.parametrize("hits", [0, 1, 8])
def test_intervals_are_as_scipy_computes_them(ax: Axes, hits: int) -> None:
    correct = np.arange(8) < hits
    reliability_curve(ax, np.full(8, 0.7), correct, [0.0, 1.0], "ours")
    ((_, low), (_, high)) = ax.collections[0].get_segments()[0]
    interval = binomtest(hits, 8).proportion_ci(method="wilson")
    np.testing.assert_allclose([low, high], interval, atol=1e-4)


def test_a_name_does_not_lie_on_the_axis(ax: Axes) -> None:
    train_and_test(ax, [1, 10], [3.0, 0.01], [3.0, 0.5], "loss")
    assert {text.get_text(): text.xyann[1] for text in ax.texts}["train"] > 0
