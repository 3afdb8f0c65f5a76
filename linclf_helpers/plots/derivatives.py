"""Figures of the derivation: the computation graph, slopes, gradients, finite differences."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from linclf_helpers.plots.style import CARD, INK, MUTED, PALETTE

__all__ = [
    "computation_graph",
    "direction_histogram",
    "loss_against_probability",
    "push_and_pull",
    "step_size_curve",
]


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
