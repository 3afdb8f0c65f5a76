"""Figures of data and of arrays: classes, regions, bars, heat maps, images."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from linclf_helpers.datasets import Dataset
from linclf_helpers.plots.style import CARD, CLASS_COLOURS, CLASS_MARKERS, INK, INK_ON_PAPER, MUTED, PALETTE, SIGNED

__all__ = [
    "bars",
    "decision_regions",
    "heatmap",
    "image_grid",
    "scatter_classes",
]


def scatter_classes(ax: Axes, data: Dataset, label: bool = True) -> None:
    """Draw the examples of a two-feature data set, each class with a colour and a marker of its own.

    Parameters
    ----------
    ax : Axes
    data : Dataset
        D = 2 and at most six classes.
    label : bool, default True
        Whether to write each class's name beside its cloud.

    Raises
    ------
    ValueError
        If the data set does not have two features, or has more than six classes.

    Notes
    -----
    Used from notebook 00 on.
    """
    _two_features(data)
    for k, name in enumerate(data.class_names):
        points = data.X[data.labels == k]
        ax.scatter(
            points[:, 0],
            points[:, 1],
            s=26,
            color=CLASS_COLOURS[k],
            marker=CLASS_MARKERS[k],
            edgecolor="white",
            linewidth=0.6,
            zorder=3,
        )
        if label and len(points):
            where = points.mean(axis=0)
            ax.annotate(
                name,
                where,
                ha="center",
                va="center",
                weight="bold",
                color=CLASS_COLOURS[k],
                zorder=5,
                bbox={"boxstyle": "round,pad=0.25", "facecolor": CARD, "edgecolor": CLASS_COLOURS[k], "alpha": 0.92},
            )
    ax.set(xlabel=data.feature_names[0], ylabel=data.feature_names[1])


def decision_regions(
    ax: Axes, predict: Callable[[NDArray[Any]], NDArray[Any]], data: Dataset, label: bool = True
) -> None:
    """Tint the plane by the predicted class and draw the examples over it.

    Parameters
    ----------
    ax : Axes
    predict : callable
        Takes examples of shape (N, 2), returns integer classes of shape (N,).
    data, label
        As in `scatter_classes`, which also says what is refused.

    Notes
    -----
    Used from notebook 00 on.
    """
    _two_features(data)
    low, high = data.X.min(axis=0), data.X.max(axis=0)
    margin = 0.08 * (high - low)
    xs, ys = (np.linspace(low[d] - margin[d], high[d] + margin[d], 301) for d in (0, 1))
    grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    classes = predict(grid).reshape(len(ys), len(xs))
    tints = np.array([0.8 * np.array(to_rgb(CARD)) + 0.2 * np.array(to_rgb(colour)) for colour in CLASS_COLOURS])
    ax.imshow(tints[classes], origin="lower", extent=(xs[0], xs[-1], ys[0], ys[-1]), aspect="auto", zorder=0)
    for k in range(len(data.class_names)):
        if 0 < (classes == k).mean() < 1:
            ax.contour(xs, ys, classes == k, levels=[0.5], colors=INK, linewidths=0.9)
    scatter_classes(ax, data, label)


def bars(
    ax: Axes, values: ArrayLike, names: Sequence[str], colour: str, title: str = "", number: str = "{:.2f}"
) -> None:
    """Draw one bar per class with its value written at its end.

    Parameters
    ----------
    ax : Axes
    values : array of shape (K,)
    names : sequence of K str
    colour : str
        A key of `PALETTE`, or any colour.
    title : str, optional
    number : str, default "{:.2f}"
        How to write the values.

    Raises
    ------
    ValueError
        If there are not as many names as values.

    Notes
    -----
    Used from notebook 01 on.
    """
    values = np.asarray(values, dtype=float)
    if values.shape != (len(names),):
        raise ValueError(f"names: expected one per value, got {len(names)} for values of shape {values.shape}")
    ax.bar(range(len(values)), values, width=0.62, color=PALETTE.get(colour, colour))
    ax.axhline(0, color=MUTED, linewidth=0.8)
    for k, value in enumerate(values):
        above = value >= 0
        ax.annotate(
            number.format(value),
            (k, value),
            (0, 3 if above else -3),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "top",
        )
    low, high = min(values.min(), 0), max(values.max(), 0)
    room = 0.16 * (high - low or 1)
    ax.set(title=title, ylim=(low - room * (low < 0), high + room), yticks=[])
    ax.set_xticks(range(len(values)), names)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(length=0)


def heatmap(
    ax: Axes,
    matrix: ArrayLike,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str = "",
    limit: float | None = None,
    number: str = "{:.2f}",
) -> None:
    """Draw a matrix of signed numbers as tiles with the numbers in them: orange above 0, white at 0, blue below.

    Parameters
    ----------
    ax : Axes
    matrix : array of shape (R, C)
    rows, columns : sequences of R and C str
        Names of the rows, at the left, and of the columns, at the top.
    title : str, optional
    limit : float, optional
        The number that gets the full colour; by default the largest size in the matrix.
    number : str, default "{:.2f}"
        How to write the entries.

    Raises
    ------
    ValueError
        If the names do not fit the matrix.

    Notes
    -----
    Used from notebook 02 on.
    """
    matrix = np.asarray(matrix, dtype=float)
    if matrix.shape != (len(rows), len(columns)):
        raise ValueError(
            f"rows, columns: expected names for a matrix of shape {matrix.shape}, got {len(rows)} and {len(columns)}"
        )
    limit = limit or float(np.abs(matrix).max()) or 1.0
    ax.imshow(matrix, cmap=SIGNED, vmin=-limit, vmax=limit, aspect="auto")
    for (r, c), value in np.ndenumerate(matrix):
        colour = "white" if abs(value) > 0.75 * limit else INK
        ax.text(c, r, number.format(value + 0.0), ha="center", va="center", color=colour)
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    ax.set_xticks(np.arange(len(columns) - 1) + 0.5, minor=True)
    ax.set_yticks(np.arange(len(rows) - 1) + 0.5, minor=True)
    ax.grid(which="minor", color=CARD, linewidth=3)
    ax.tick_params(which="both", length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    ax.spines[:].set_visible(False)
    ax.set_title(title)


def image_grid(
    ax: Axes,
    images: ArrayLike,
    titles: Sequence[str] = (),
    columns: int = 10,
    rows: Sequence[str] = (),
    limit: float | None = None,
) -> None:
    """Draw square images side by side, row after row.

    Parameters
    ----------
    ax : Axes
    images : array of shape (n, side²)
        One image per row, its own rows one after the other.
    titles : sequence of n str, optional
        Written above the images.
    columns : int, default 10
        How many go side by side.
    rows : sequence of str, optional
        Written at the left of each row of images.
    limit : float, optional
        If given, the pixels are signed: orange above 0, white at 0, blue below, full colours at ±limit. Otherwise
        they are ink, from the lightest pixel of all to the darkest.

    Raises
    ------
    ValueError
        If the images are not square, or there are not as many titles as images.

    Notes
    -----
    Used in notebook 08.
    """
    pixels = np.asarray(images, float)
    side = int(np.sqrt(pixels.shape[1]))
    if side**2 != pixels.shape[1]:
        raise ValueError(f"images: expected square images, got {pixels.shape[1]} pixels each")
    if titles and len(titles) != len(pixels):
        raise ValueError(f"titles: expected {len(pixels)}, one per image, got {len(titles)}")
    low, high, colours = (pixels.min(), pixels.max(), INK_ON_PAPER) if limit is None else (-limit, limit, SIGNED)
    height = 1.16 if not titles else 1.42  # of a row, its title included
    count = -(-len(pixels) // columns)
    for i, image in enumerate(pixels):
        x, y = 1.1 * (i % columns), -height * (i // columns)
        ax.imshow(image.reshape(side, side), colours, vmin=low, vmax=high, extent=(x, x + 1, y - 1, y), zorder=2)
        ax.add_patch(Rectangle((x, y - 1), 1, 1, fill=False, edgecolor=MUTED, linewidth=0.5, zorder=3))
        if titles:
            ax.text(x + 0.5, y + 0.06, titles[i], ha="center", va="bottom", fontsize=9)
    for row, name in enumerate(rows):
        ax.text(-0.15, -height * row - 0.5, name, ha="right", va="center", fontsize=10)
    ax.set(xlim=(-0.05, 1.1 * min(columns, len(pixels)) - 0.05), ylim=(-height * (count - 1) - 1.05, height - 1))
    ax.set_aspect("equal")
    ax.set_axis_off()


def _two_features(data: Dataset) -> None:
    if data.X.shape[1] != 2 or len(data.class_names) > len(CLASS_COLOURS):
        raise ValueError(
            f"data: expected 2 features and at most {len(CLASS_COLOURS)} classes to draw,"
            f" got {data.X.shape[1]} and {len(data.class_names)}"
        )
