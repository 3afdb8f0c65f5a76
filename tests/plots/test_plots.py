"""Figures: what they show is what they were given, and everyone can tell the colours apart."""

import itertools
import subprocess
import sys
from collections.abc import Iterator

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from linclf_helpers import plots, setup
from linclf_helpers.datasets import Dataset, load_digits, load_four_penguins, load_penguins

# Simulation of full colour blindness on linear RGB: Machado, Oliveira, Fernandes (2009), doi:10.1109/TVCG.2009.113.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def linear_rgb(colour: str) -> np.ndarray:
    c = np.array(to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one: str, other: str) -> float:
    dark, light = sorted(float(linear_rgb(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other))
    return (light + 0.05) / (dark + 0.05)


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


@pytest.fixture
def ax() -> Axes:
    return Figure(figsize=(6, 4)).add_subplot()


@pytest.fixture(autouse=True)
def matplotlib_as_it_was() -> Iterator[None]:
    with matplotlib.rc_context():
        yield


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("colours", [tuple(plots.PALETTE.values()), plots.CLASS_COLOURS[:3]], ids=["roles", "species"])
def test_colours_stay_apart(vision: str, colours: tuple[str, ...]) -> None:
    for one, other in itertools.combinations(colours, 2):
        distance = np.linalg.norm(lab(VISION[vision] @ linear_rgb(one)) - lab(VISION[vision] @ linear_rgb(other)))
        assert distance > 20, f"{one} and {other} look alike with {vision}"  # 2.3 is just noticeable


def test_red_and_green_would_be_caught() -> None:
    """The simulation sees the classic pair of colours that nobody should use."""
    red, green = (lab(VISION["deuteranopia"] @ linear_rgb(c)) for c in ("#C03000", "#607000"))
    assert np.linalg.norm(red - green) < 20


@pytest.mark.parametrize("background", ["#FFFFFF", "#111111", plots.CARD])
def test_formula_colours_have_contrast_on_both_themes(background: str) -> None:
    for role, colour in plots.PALETTE.items():
        assert contrast(colour, background) >= 3, f"{role} is too faint on {background}"


def test_text_has_contrast_on_the_card() -> None:
    assert contrast(plots.INK, plots.CARD) >= 7
    assert contrast(plots.MUTED, plots.CARD) >= 4.5
    assert len(plots.CLASS_MARKERS) == len(plots.CLASS_COLOURS) == len(set(plots.CLASS_MARKERS))


def test_scatter_draws_every_example_once(ax: Axes) -> None:
    data = load_penguins()
    plots.scatter_classes(ax, data)
    drawn = [np.asarray(points.get_offsets()) for points in ax.collections]
    for k in range(3):
        np.testing.assert_array_equal(drawn[k], data.X[data.labels == k])
    assert texts(ax) == list(data.class_names)
    assert (ax.get_xlabel(), ax.get_ylabel()) == data.feature_names


def test_scatter_without_labels_and_with_an_absent_class(ax: Axes) -> None:
    data = load_four_penguins()
    only_first = Dataset(data.X[:1], data.labels[:1], data.feature_names, data.class_names)
    plots.scatter_classes(ax, only_first)
    assert texts(ax) == ["Adelie"]
    plots.scatter_classes(ax, data, label=False)
    assert texts(ax) == ["Adelie"]


def test_regions_are_tinted_by_the_prediction(ax: Axes) -> None:
    data = load_penguins().standardize()
    plots.decision_regions(ax, lambda X: np.where(X[:, 0] < 0, 0, 2), data)
    image = np.asarray(ax.images[0].get_array())
    left, right = image[:, 0], image[:, -1]
    assert (left == left[0]).all()
    assert (right == right[0]).all()
    for tint, k in ((left[0], 0), (right[0], 2)):
        towards = tint - np.array(to_rgb(plots.CARD))  # a tint is a little way from the card to the class's colour
        ways = np.array([to_rgb(colour) for colour in plots.CLASS_COLOURS[:3]]) - to_rgb(plots.CARD)
        likeness = ways @ towards / np.linalg.norm(ways, axis=1) / np.linalg.norm(towards)
        assert int(likeness.argmax()) == k
        assert likeness.max() > 0.999


def test_one_region_needs_no_border(ax: Axes) -> None:
    plots.decision_regions(ax, lambda X: np.zeros(len(X), dtype=int), load_four_penguins(), label=False)
    assert len(ax.collections) == 3  # the three species' points, and no contour


@pytest.mark.parametrize("draw", [plots.scatter_classes, lambda ax, data: plots.decision_regions(ax, len, data)])
def test_only_two_features_can_be_drawn(ax: Axes, draw) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="data: expected 2 features and at most 6 classes to draw, got 64 and 10"):
        draw(ax, load_digits())


def test_loss_curve_shows_the_losses_and_both_ends(ax: Axes) -> None:
    plots.loss_curve(ax, [1.0986, 0.5, 0.25], label="train", linestyle="--")
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [1.0986, 0.5, 0.25])
    assert ax.lines[0].get_linestyle() == "--"
    assert texts(ax) == ["1.10", "train 0.25"]
    assert ax.get_ylim()[0] == 0


def test_bars_show_the_values(ax: Axes) -> None:
    plots.bars(ax, [0.5, -1.25, 0.0], ["a", "b", "c"], "predictions", "title")
    assert [patch.get_height() for patch in ax.patches] == [0.5, -1.25, 0.0]
    assert texts(ax) == ["0.50", "-1.25", "0.00"]
    low, high = ax.get_ylim()
    assert low < -1.25
    assert high > 0.5
    with pytest.raises(ValueError, match=r"names: expected one per value, got 2 for values of shape \(3,\)"):
        plots.bars(ax, [1, 2, 3], ["a", "b"], "predictions")


def test_bars_of_nothing_but_zeros(ax: Axes) -> None:
    plots.bars(ax, [0, 0], ["a", "b"], "#123456")
    low, high = ax.get_ylim()
    assert low == 0 < high


def test_heatmap_writes_every_entry(ax: Axes) -> None:
    matrix = np.array([[1.0, -0.5, 0.0], [0.25, -1.0, -0.0]])
    plots.heatmap(ax, matrix, ["r", "s"], ["a", "b", "c"], "title")
    assert texts(ax) == ["1.00", "-0.50", "0.00", "0.25", "-1.00", "0.00"]
    np.testing.assert_array_equal(ax.images[0].get_array(), matrix)
    assert ax.images[0].get_clim() == (-1, 1)  # so that 0 is white
    assert [label.get_text() for label in ax.get_yticklabels()] == ["r", "s"]
    with pytest.raises(ValueError, match=r"rows, columns: expected names for a matrix of shape \(2, 3\), got 3 and 2"):
        plots.heatmap(ax, matrix, ["r", "s", "t"], ["a", "b"])


def test_heatmap_scale_and_zeros(ax: Axes) -> None:
    plots.heatmap(ax, np.zeros((1, 2)), ["r"], ["a", "b"])
    assert ax.images[0].get_clim() == (-1, 1)
    plots.heatmap(ax, np.ones((1, 2)), ["r"], ["a", "b"], limit=4)
    assert ax.images[1].get_clim() == (-4, 4)


def test_graph_shows_numbers_there_and_back(ax: Axes) -> None:
    plots.computation_graph(ax, ["1\n2", "3", "4", "5"], ["6", "7", "8\n9"])
    assert {"1\n2", "3", "4", "5", "6", "7", "8\n9", "∂L/∂W"} <= set(texts(ax))
    with pytest.raises(ValueError, match="forwards, backwards: expected 4 and 3 texts, got 3 and 3"):
        plots.computation_graph(ax, ["1", "2", "3"], ["", "", ""])


def test_graph_without_the_way_back(ax: Axes) -> None:
    plots.computation_graph(ax, ["1", "2", "3", "4"], ["", "", ""])
    assert not any("∂" in text for text in texts(ax))


def test_loss_picture_has_the_right_slopes(ax: Axes) -> None:
    plots.loss_against_probability(ax, p=0.4, h=0.2)
    _, tangent, secant, point = ax.lines
    (x, y) = (np.asarray(line) for line in tangent.get_data())
    assert np.isclose((y[1] - y[0]) / (x[1] - x[0]), -1 / 0.4)
    (x, y) = (np.asarray(line) for line in secant.get_data())
    np.testing.assert_allclose(x, [0.2, 0.6])
    np.testing.assert_allclose(y, -np.log(x))
    assert np.allclose(point.get_data(), [[0.4], [-np.log(0.4)]])


@pytest.mark.parametrize(("p", "h"), [(0.5, 0), (0.1, 0.1), (0.9, 0.2)])
def test_loss_picture_refuses_what_has_no_logarithm(ax: Axes, p: float, h: float) -> None:
    with pytest.raises(ValueError, match="p, h: expected 0 < p - h and p"):
        plots.loss_against_probability(ax, p, h)


def test_push_is_against_the_gradient(ax: Axes) -> None:
    G = np.array([[-0.7, 0.5, 0.2], [0.3, 0.1, -0.4]])
    plots.push_and_pull(ax, G, [0, 2], ["a", "b", "c"])
    np.testing.assert_allclose([patch.get_height() for patch in ax.patches], -G.ravel())
    assert [patch.get_hatch() or "" for patch in ax.patches] == ["", "///", "///", "///", "///", ""]
    with pytest.raises(ValueError, match="expected shapes"):
        plots.push_and_pull(ax, G, [0, 2, 1], ["a", "b", "c"])


def test_step_size_curve_leaves_out_zeros(ax: Axes) -> None:
    plots.step_size_curve(ax, [1e-1, 1e-2, 1e-3], [1e-3, 1e-5, 0.0], "central", color="black")
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [1e-1, 1e-2])
    assert texts(ax) == ["central"]
    assert ax.get_xscale() == ax.get_yscale() == "log"
    with pytest.raises(ValueError, match="h, error: expected equal shapes and an error above 0"):
        plots.step_size_curve(ax, [1e-1], [0.0], "none")


def test_histogram_counts_all_directions(ax: Axes) -> None:
    slopes = np.linspace(-0.5, 0.6, 100)
    plots.direction_histogram(ax, slopes, steepest=0.7)
    assert sum(patch.get_height() for patch in ax.patches) == 100
    assert [float(np.asarray(line.get_xdata())[0]) for line in ax.lines] == [0.7, -0.7]


def test_setup_styles_figures_and_numbers() -> None:
    setup()
    assert matplotlib.rcParams["figure.facecolor"] == plots.CARD
    assert str(np.array([1 / 3, 2.0])) == "[0.3333 2.0000]"


def test_no_pyplot_inside_the_package() -> None:
    code = "import sys, linclf_helpers; linclf_helpers.setup(); sys.exit('matplotlib.pyplot' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
