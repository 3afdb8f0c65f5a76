"""Static figures of the course. Each function draws on the axes it is given; none touches pyplot.

Colours have meanings, the same in formulas, code and figures: see `PALETTE`. Two hues of it, and two of
`CLASS_COLOURS`, stay apart for every common kind of colour blindness (a test simulates them); nothing is told by
colour alone. Text and lines are dark on a light card, so that figures read the same in JupyterLab's dark theme.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from linclf_helpers.datasets import Dataset
from linclf_helpers.training import LossSlice

__all__ = [
    "CLASS_COLOURS",
    "CLASS_MARKERS",
    "PALETTE",
    "SIGNED",
    "bars",
    "computation_graph",
    "confusion_table",
    "course_style",
    "decision_regions",
    "direction_histogram",
    "heatmap",
    "image_grid",
    "loss_against_probability",
    "loss_curve",
    "loss_surface",
    "loss_valley",
    "push_and_pull",
    "rate_curve",
    "reliability_curve",
    "scatter_classes",
    "show_figures_in_notebooks",
    "step_size_curve",
    "train_and_test",
    "use_course_style",
]

PALETTE = {
    "inputs": "#2255EE",  # X
    "parameters": "#B42BA8",  # W, b
    "predictions": "#0E9F92",  # Ŷ
    "labels": "#716136",  # Y
    "loss": "#EC6115",  # L and every gradient
}
CLASS_COLOURS = ("#BE8A00", "#2F4B7C", "#D45087", "#0E9F92", "#7F6BD6", "#716136")
CLASS_MARKERS = ("o", "^", "s", "D", "v", "P")
INK, MUTED, CARD = "#26282B", "#62666B", "#F8F8F6"
INK_ON_PAPER = LinearSegmentedColormap.from_list("ink", ["#FFFFFF", INK])
SIGNED = LinearSegmentedColormap.from_list("signed", ["#3D5A80", "#A9BCD4", "#FFFFFF", "#F6C19C", "#D9561B"])


def use_course_style() -> None:
    """Give matplotlib the colours and fonts of the course, whatever a matplotlibrc or a style asked for before.

    Called by `linclf_helpers.setup`. It starts from matplotlib's own defaults, all but the backend.
    """
    matplotlib.rcParams.update({name: value for name, value in matplotlib.rcParamsDefault.items() if name != "backend"})
    matplotlib.rcParams.update(
        {
            "figure.facecolor": CARD,
            "savefig.facecolor": CARD,
            "axes.facecolor": CARD,
            "figure.figsize": (6.0, 3.6),
            "figure.constrained_layout.use": True,
            "figure.constrained_layout.h_pad": 0.1,
            "figure.constrained_layout.w_pad": 0.1,
            "font.size": 11,
            "axes.titlesize": 12,
            "axes.titlelocation": "left",
            "axes.titleweight": "bold",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": MUTED,
            "axes.labelcolor": INK,
            "axes.titlecolor": INK,
            "text.color": INK,
            "xtick.color": MUTED,
            "ytick.color": MUTED,
            "xtick.labelcolor": INK,
            "ytick.labelcolor": INK,
            "grid.color": "#DDDDD8",
            "lines.linewidth": 2,
            "legend.frameon": False,
        }
    )


@contextmanager
def course_style() -> Iterator[None]:
    """Make whatever is built inside look like the course, and give matplotlib its own settings back afterwards."""
    with matplotlib.rc_context():
        use_course_style()
        yield


def show_figures_in_notebooks() -> None:
    """Show figures below their cells, twice as sharp, where a notebook's kernel runs, and change nothing elsewhere.

    A kernel that inherits another MPLBACKEND, or whose matplotlibrc names one, would show none and not say so.
    """
    try:
        from IPython import get_ipython
    except ImportError:  # pragma: no cover  # only without IPython, where there is no notebook to draw in
        return
    shell = get_ipython()
    if shell is not None and hasattr(shell, "kernel"):  # pragma: no cover  # a kernel's own: tests/test_any_settings.py
        from IPython.core.pylabtools import select_figure_formats
        from matplotlib_inline.backend_inline import set_matplotlib_close

        shell.enable_matplotlib("inline")
        set_matplotlib_close(True)
        select_figure_formats(shell, {"retina"}, bbox_inches="tight")


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


def loss_curve(ax: Axes, losses: ArrayLike, label: str = "", **line: Any) -> None:
    """Draw the loss against the step, with its first and last value written beside the curve.

    Parameters
    ----------
    ax : Axes
    losses : array of shape (steps + 1,)
        In nats; entry 0 is before the first step.
    label : str, optional
        Written before the last value.
    **line
        Passed on to `Axes.plot`.

    Notes
    -----
    Used from notebook 00 on.
    """
    losses = np.asarray(losses)
    ax.plot(losses, **{"color": PALETTE["loss"], **line})
    ax.annotate(f"{losses[0]:.2f}", (0, losses[0]), (6, 0), textcoords="offset points", va="center")
    last = f"{label} {losses[-1]:.2f}".strip()
    ax.annotate(last, (len(losses) - 1, losses[-1]), (0, 7), textcoords="offset points", ha="right")
    ax.set(xlabel="step", ylabel="mean loss (nats)", ylim=(0, None))
    ax.grid(axis="y")


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


def computation_graph(ax: Axes, forwards: Sequence[str], backwards: Sequence[str]) -> None:
    """Draw the chain x → z → ŷ → L with the numbers that flow forwards and, underneath, the gradients coming back.

    Parameters
    ----------
    ax : Axes
    forwards : sequence of 4 str
        What to write in the boxes of x, z, ŷ and L.
    backwards : sequence of 3 str
        What to write on the way back: ∂L/∂ŷ, ∂L/∂z, ∂L/∂W. Empty strings leave the way back out.

    Raises
    ------
    ValueError
        If there are not four and three texts.

    Notes
    -----
    Used in notebook 02.
    """
    if len(forwards) != 4 or len(backwards) != 3:
        raise ValueError(f"forwards, backwards: expected 4 and 3 texts, got {len(forwards)} and {len(backwards)}")
    names = ("x", "z", "ŷ", "L")
    colours = (PALETTE["inputs"], INK, PALETTE["predictions"], PALETTE["loss"])
    operations = ("times W, plus b", "softmax", "− log of the\ncorrect class")
    places = (1.0, 4.0, 7.0, 9.7)
    arrow = {"arrowstyle": "-|>", "mutation_scale": 16, "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0}
    numbers: dict[str, Any] = {"ha": "center", "va": "center", "family": "monospace", "fontsize": 12}
    for x, name, colour, text in zip(places, names, colours, forwards, strict=True):
        box = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": colour, "linewidth": 2}
        ax.text(x, 2.0, text, bbox=box, zorder=4, **numbers)
        ax.text(x, 3.1, name, ha="center", va="center", color=colour, weight="bold", fontsize=14)
    for start, end, operation in zip(places[:-1], places[1:], operations, strict=True):
        ax.annotate("", (end - 0.75, 2.0), (start + 0.75, 2.0), arrowprops={**arrow, "color": MUTED})
        ax.text((start + end) / 2, 2.2, operation, ha="center", va="bottom", fontsize=10)
    back_names = ("∂L/∂ŷ", "∂L/∂z", "∂L/∂W")
    for start, end, name, text in zip(places[:0:-1], places[-2::-1], back_names, backwards, strict=True):
        if text:
            half_width = 0.3 + 0.07 * max(len(line) for line in text.splitlines())
            ax.annotate(
                "", (end + half_width, 0.1), (start - 0.75, 0.1), arrowprops={**arrow, "color": PALETTE["loss"]}
            )
            ax.text(end, 0.1, text, **numbers)
            ax.text(end, -0.85, name, ha="center", va="center", color=PALETTE["loss"], weight="bold", fontsize=14)
    ax.set(xlim=(-0.2, 10.3), ylim=(-1.2 if any(backwards) else 1.2, 3.45))
    ax.set_axis_off()


def loss_against_probability(ax: Axes, p: float, h: float) -> None:
    """Draw −log p with its tangent at one probability and the secant of a central difference.

    Parameters
    ----------
    ax : Axes
    p : float
        Probability of the correct class, where the tangent touches.
    h : float
        The secant goes from p − h to p + h.

    Raises
    ------
    ValueError
        If p − h is not greater than 0 or p + h is greater than 1.

    Notes
    -----
    Used in notebook 03.
    """
    if not (h > 0 and p - h > 0 and p + h <= 1):
        raise ValueError(f"p, h: expected 0 < p - h and p + h <= 1 with h > 0, got p = {p!r}, h = {h!r}")
    grid = np.linspace(0.02, 1, 300)
    ax.plot(grid, -np.log(grid), color=PALETTE["loss"], label="loss −log p")
    along = np.array([max(p - 0.42, 0.0), min(p + 0.42, 1.0)])
    ax.plot(along, -np.log(p) - (along - p) / p, color=INK, linewidth=1.5, label="tangent, slope −1/p")
    ends = np.array([p - h, p + h])
    ax.plot(ends, -np.log(ends), "D--", color=PALETTE["predictions"], markersize=6, label="secant through p ± h")
    ax.plot(p, -np.log(p), "o", color=INK, markersize=7, zorder=5)
    ax.set(xlabel="probability of the correct class", ylabel="loss (nats)", xlim=(0, 1.02), ylim=(-0.15, 3.2))
    ax.legend(loc="upper right")


def push_and_pull(ax: Axes, dL_dZ: ArrayLike, labels: ArrayLike, class_names: Sequence[str]) -> None:
    """Draw for each example how a descent step moves each score: up for the correct class, down for the others.

    Parameters
    ----------
    ax : Axes
    dL_dZ : array of shape (N, K)
        The derivative by the logits; a step moves the scores against it.
    labels : integers of shape (N,)
    class_names : sequence of K str

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Notes
    -----
    Used in notebook 06.
    """
    G, labels = np.asarray(dL_dZ, dtype=float), np.asarray(labels)
    if G.ndim != 2 or labels.shape != G.shape[:1] or len(class_names) != G.shape[1]:
        raise ValueError(
            f"dL_dZ, labels, class_names: expected shapes (N, K), (N,) and K names,"
            f" got {G.shape}, {labels.shape} and {len(class_names)}"
        )
    N, K = G.shape
    for n in range(N):
        for k in range(K):
            correct = k == labels[n]
            place = n * (K + 1) + k
            ax.bar(
                place,
                -G[n, k],
                width=0.8,
                color=PALETTE["labels"] if correct else PALETTE["predictions"],
                hatch="" if correct else "///",
                edgecolor="white",
            )
            ax.annotate(
                class_names[k],
                (place, 0),
                (0, -4 if correct else 4),
                textcoords="offset points",
                ha="center",
                va="top" if correct else "bottom",
                rotation=90,
                fontsize=9,
            )
    ax.axhline(0, color=MUTED, linewidth=0.8)
    middle = [n * (K + 1) + (K - 1) / 2 for n in range(N)]
    ax.set_xticks(middle, [f"penguin {n}\n({class_names[labels[n]]})" for n in range(N)])
    reach = 1.25 * float(np.abs(G).max() or 1)
    ax.set(ylabel="push on the score", ylim=(-reach, reach))
    ax.tick_params(axis="x", length=0)
    ax.spines["bottom"].set_visible(False)


def step_size_curve(ax: Axes, h: ArrayLike, error: ArrayLike, label: str, **line: Any) -> None:
    """Draw the error of finite differences against the step size, both axes logarithmic.

    Parameters
    ----------
    ax : Axes
    h : array of shape (H,)
    error : array of shape (H,)
        Relative. Errors of exactly 0 are left out, as they have no logarithm.
    label : str
        Written beside the curve's right end.
    **line
        Passed on to `Axes.plot`.

    Raises
    ------
    ValueError
        If the two lengths differ or no error is greater than 0.

    Notes
    -----
    Used in notebook 06.
    """
    h, error = np.asarray(h, dtype=float), np.asarray(error, dtype=float)
    if h.shape != error.shape or not (error > 0).any():
        raise ValueError(
            f"h, error: expected equal shapes and an error above 0, got shapes {h.shape} and {error.shape}"
        )
    h, error = h[error > 0], error[error > 0]
    (curve,) = ax.loglog(h, error, **{"color": PALETTE["loss"], "marker": "o", "markersize": 5, **line})
    right = int(h.argmax())
    ax.annotate(
        label,
        (h[right], error[right]),
        (-9, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        color=curve.get_color(),
        weight="bold",
    )
    ax.set(xlabel="step size h", ylabel="relative error")
    ax.grid(alpha=0.7)


def direction_histogram(ax: Axes, slopes: ArrayLike, steepest: float) -> None:
    """Draw how steep the loss is along many random directions, and along the gradient itself.

    Parameters
    ----------
    ax : Axes
    slopes : array of shape (M,)
        Slopes along random directions of length 1.
    steepest : float
        The slope along the gradient: its length.

    Notes
    -----
    Used in notebook 02.
    """
    slopes = np.asarray(slopes, dtype=float)
    reach = 1.15 * max(float(np.abs(slopes).max()), abs(steepest))
    ax.hist(slopes, bins=np.linspace(-reach, reach, 25).tolist(), color="#A9A9A3", edgecolor=CARD)
    for value, words in ((steepest, "along the gradient"), (-steepest, "against the gradient")):
        ax.axvline(value, color=PALETTE["loss"], linestyle="--" if value < 0 else "-")
        ax.annotate(
            words,
            (value, 1),
            (-4 if value > 0 else 4, -2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            rotation=90,
            ha="right" if value > 0 else "left",
            va="top",
            color=PALETTE["loss"],
            weight="bold",
            fontsize=10,
        )
    ax.set(xlabel="slope of the loss in that direction", ylabel="directions", xlim=(-reach, reach))


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


def train_and_test(ax: Axes, x: ArrayLike, train: ArrayLike, test: ArrayLike, what: str) -> None:
    """Draw a quantity on the training and on the test data, each curve with its name at its end.

    Parameters
    ----------
    ax : Axes
    x : array of shape (S,)
    train, test : array of shape (S,)
    what : str
        Written at the axis.

    Notes
    -----
    Used in notebook 08.
    """
    ends = {}
    for name, values, colour, style in (("train", train, PALETTE["loss"], "-"), ("test", test, INK, "--")):
        ax.plot(x, values, color=colour, linestyle=style)
        ends[name] = (float(np.asarray(x)[-1]), float(np.asarray(values)[-1]), colour)
    train_is_lower = ends["train"][1] < ends["test"][1]
    floor = 0.04 * max(np.asarray(train).max(), np.asarray(test).max())  # a name that close to 0 would lie on the axis
    for name, (right, level, colour) in ends.items():
        lower = (name == "train") == train_is_lower
        ax.annotate(
            name,
            (right, level),
            xytext=(6, (5 if level < floor else -5) if lower else 5),
            textcoords="offset points",
            va="center",
            color=colour,
            weight="bold",
            annotation_clip=False,
            bbox={"boxstyle": "square,pad=0.1", "facecolor": CARD, "edgecolor": "none"},
        )
    ax.set(ylabel=what)


def confusion_table(ax: Axes, counts: ArrayLike, names: Sequence[str]) -> None:
    """Draw how often each class was taken for each: right answers in green, mistakes the more orange, the more often.

    Parameters
    ----------
    ax : Axes
    counts : integers of shape (K, K)
        Row: the true class. Column: the predicted one.
    names : sequence of K str

    Raises
    ------
    ValueError
        If counts is not a square table with as many rows as names.

    Notes
    -----
    Used in notebook 08.
    """
    table = np.asarray(counts)
    K = len(names)
    if table.shape != (K, K):
        raise ValueError(f"counts: expected shape ({K}, {K}), one row and column per name, got {table.shape}")
    mistakes = np.where(np.eye(K, dtype=bool), 0, table)
    share = mistakes[..., None] / max(1, mistakes.max())
    tiles = (1 - share) + share * np.array(to_rgb(PALETTE["loss"]))
    tiles[np.arange(K), np.arange(K)] = 0.65 + 0.35 * np.array(to_rgb(PALETTE["predictions"]))
    ax.imshow(tiles)
    for i, j in np.ndindex(K, K):
        weight = "bold" if table[i, j] and i != j else "normal"
        ax.text(j, i, str(table[i, j]) if table[i, j] else "·", ha="center", va="center", color=INK, weight=weight)
    ax.set_xticks(range(K), names)
    ax.set_yticks(range(K), names)
    ax.tick_params(length=0)
    ax.set(xlabel="predicted class", ylabel="true class")
    ax.spines[:].set_visible(False)


def reliability_curve(
    ax: Axes, confidence: ArrayLike, correct: ArrayLike, edges: ArrayLike, label: str, **line: Any
) -> None:
    """Draw how often answers are right against how probable the classifier held them, with intervals of 95 %.

    Parameters
    ----------
    ax : Axes
    confidence : array of shape (N,)
        Probability of each answer.
    correct : booleans of shape (N,)
        Whether it was right.
    edges : array of shape (B + 1,)
        Ends of the intervals of confidence over which answers are averaged. Empty ones are left out.
    label : str
        Written at the left of the first point.
    **line
        Passed on to `Axes.plot`.

    Notes
    -----
    On the diagonal a probability of 0.8 is right 8 times in 10. The area of a marker goes with the number of answers.
    The intervals are Wilson's, which are right for few answers, too. Used in notebook 08.
    """
    confidence, correct, edges = np.asarray(confidence), np.asarray(correct, float), np.asarray(edges, float)
    interval = np.clip(np.searchsorted(edges, confidence, side="right") - 1, 0, len(edges) - 2)
    counts = np.bincount(interval, minlength=len(edges) - 1)
    used = counts > 0
    x = np.bincount(interval, confidence, len(counts))[used] / counts[used]
    y = np.bincount(interval, correct, len(counts))[used] / counts[used]
    style: dict[str, Any] = {"color": PALETTE["predictions"], "marker": "o"} | line
    marker = style.pop("marker")
    ax.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=":", zorder=1)
    n, z = counts[used], 1.96
    middle = (y + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(y * (1 - y) / n + z**2 / (4 * n**2))
    ax.plot(x, y, zorder=2, **style)
    ax.vlines(x, middle - half, middle + half, color=style["color"], linewidth=1, alpha=0.7)
    ax.scatter(x, y, s=0.5 * counts[used] + 16, color=style["color"], marker=marker, edgecolor="white", zorder=3)
    ax.annotate(
        label,
        (x[0], y[0]),
        xytext=(-9, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        color=style["color"],
        weight="bold",
    )
    ax.set(xlabel="probability of the answer", ylabel="share of right answers")


def loss_surface(ax: Axes, surface: LossSlice) -> None:
    """Draw the lines of equal loss on a slice through the space of weights, with the start and the solution.

    Parameters
    ----------
    ax : Axes
    surface : LossSlice
        From `linclf_helpers.training.loss_slice`.

    Notes
    -----
    From line to line the loss changes by one factor. A path of more than two weights is seen as its shadow on the
    slice: the loss read off there is not the loss of the run.
    """
    levels = np.geomspace(1.05 * surface.losses.min(), surface.losses.max(), 14)
    ax.contour(surface.along, surface.across, surface.losses, levels=levels, colors=MUTED, linewidths=0.8, alpha=0.7)
    ax.plot(1, 0, "*", color=PALETTE["predictions"], markersize=13, zorder=3)
    ax.annotate("solution", (1, 0), (0, -12), textcoords="offset points", ha="center", va="top", fontsize=9)
    ax.annotate("start", (0, 0), (-4, 6), textcoords="offset points", ha="right", fontsize=9)
    ax.set(xlim=surface.along[[0, -1]], ylim=surface.across[[0, -1]], xticks=[0, 1], yticks=[])
    ax.set(xlabel="towards the solution", ylabel="steepest direction")


def loss_valley(ax: Axes, X: ArrayLike, y: ArrayLike, path: ArrayLike) -> None:
    """Draw the loss of a model with two weights over both of them, and the path of a run on it.

    Parameters
    ----------
    ax : Axes
    X : array of shape (N, 2)
    y : array of shape (N,)
        1 for examples of the second class, 0 for those of the first.
    path : array of shape (S, 2)
        The weights w before the first step and after each one; the second class has the score w · x, the first 0.

    Notes
    -----
    The axes are turned into the two directions in which the loss curves least and most at w = 0; the lines of equal
    loss and the path are exact. Between one line and the next lies the same share of the picture. Used in notebook 07.
    """
    X, y = np.asarray(X, float), np.asarray(y, float)
    directions = np.linalg.eigh(X.T @ X)[1]  # columns: least curved, most curved
    directions *= np.sign(directions.T @ (X.T @ (y - 0.5)))  # the way the loss falls first
    along, across = (np.asarray(path) @ directions).T
    reach = 1.3 * np.abs(across).max()
    u, v = np.meshgrid(np.linspace(-0.2, 1.15 * along.max(), 121), np.linspace(-reach, reach, 121))
    scores = np.stack([u, v], axis=-1) @ directions.T @ X.T  # (121, 121, N)
    losses = np.logaddexp(0, np.where(y == 1, -scores, scores)).mean(axis=-1)
    levels = np.quantile(losses, np.linspace(0.04, 0.96, 12))
    ax.contour(u, v, losses, levels=levels, colors=MUTED, linewidths=0.8, alpha=0.7)
    ax.plot(along, across, ".-", color=PALETTE["loss"], linewidth=1, markersize=4)
    ax.plot(along[-1], across[-1], "o", color=PALETTE["loss"], markeredgecolor=INK, zorder=3)
    ax.plot(0, 0, "o", color="white", markeredgecolor=INK, zorder=3)
    ax.annotate("start", (0, 0), (0, -8), textcoords="offset points", ha="center", va="top", fontsize=9)
    ax.set(xlabel="least curved direction", ylabel="most curved direction")


def rate_curve(ax: Axes, learning_rates: ArrayLike, losses: ArrayLike, safe: float, label: str, **line: Any) -> None:
    """Draw the loss that each learning rate reaches, both axes logarithmic, with marks at 1/β and 2/β.

    Parameters
    ----------
    ax : Axes
    learning_rates : array of shape (R,)
    losses : array of shape (R,)
        After the last step of each run.
    safe : float
        1/β, from `linclf_helpers.training.safe_learning_rate`.
    label : str
        Written beside the curve's last point.
    **line
        Passed on to `Axes.plot`.

    Notes
    -----
    Used in notebook 07.
    """
    rates, losses = np.asarray(learning_rates), np.asarray(losses)
    (curve,) = ax.loglog(rates, losses, **{"color": PALETTE["loss"], **line})
    for times in (1, 2):
        at = times * safe
        height = float(np.interp(at, rates, losses))
        ax.plot(at, height, "o" if times == 1 else "D", color=curve.get_color(), zorder=4)
        ax.annotate(
            f"{times}/β",
            (at, height),
            (0, 7),
            textcoords="offset points",
            ha="center",
            fontsize=9,
        )
    ax.annotate(
        label,
        (rates[-1], losses[-1]),
        (6, 0),
        textcoords="offset points",
        va="center",
        color=curve.get_color(),
        weight="bold",
        annotation_clip=False,
    )
    ax.set(xlabel="learning rate η", ylabel="loss (nats)")
    ax.grid(alpha=0.7)


def _two_features(data: Dataset) -> None:
    if data.X.shape[1] != 2 or len(data.class_names) > len(CLASS_COLOURS):
        raise ValueError(
            f"data: expected 2 features and at most {len(CLASS_COLOURS)} classes to draw,"
            f" got {data.X.shape[1]} and {len(data.class_names)}"
        )
