"""Figures of training and of what it leads to: losses, rates, surfaces, confusions, reliability."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy.typing import ArrayLike

from linclf_helpers.loss_surface import LossSlice
from linclf_helpers.plots.style import CARD, INK, MUTED, PALETTE

__all__ = [
    "confusion_table",
    "loss_curve",
    "loss_surface",
    "loss_valley",
    "rate_curve",
    "reliability_curve",
    "train_and_test",
]


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


def rate_curve(ax: Axes, learning_rates: ArrayLike, losses: ArrayLike, safe: float, label: str, **line: Any) -> None:
    """Draw the loss that each learning rate reaches, both axes logarithmic, with marks at 1/β and 2/β.

    Parameters
    ----------
    ax : Axes
    learning_rates : array of shape (R,)
    losses : array of shape (R,)
        After the last step of each run.
    safe : float
        1/β, from `linclf_helpers.sweeps.safe_learning_rate`.
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


def loss_surface(ax: Axes, surface: LossSlice) -> None:
    """Draw the lines of equal loss on a slice through the space of weights, with the start and the solution.

    Parameters
    ----------
    ax : Axes
    surface : LossSlice
        From `linclf_helpers.loss_surface.loss_slice`.

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
