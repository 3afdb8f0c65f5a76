"""SoftmaxExplorer: from scores to probabilities (notebook 01)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from linclf_helpers._validate import Array
from linclf_helpers.forward import softmax as stable_softmax
from linclf_helpers.plots import CLASS_COLOURS, CLASS_MARKERS, INK, MUTED, PALETTE
from linclf_helpers.widgets.explorer import Artists, Explorer, LearnersFunction, slider

__all__ = ["SoftmaxExplorer"]

CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])  # of the probability triangle


@dataclass(frozen=True)
class SoftmaxState:
    """Three logits, a number added to all of them, and the temperature they are divided by."""

    z0: float
    z1: float
    z2: float
    shift: float
    temperature: float


@dataclass(frozen=True, eq=False)
class SoftmaxResult:
    """The three rows of bars, and the probabilities by both ways."""

    logits: Array
    exponentials: Array
    naive: Array
    probabilities: Array


class SoftmaxExplorer(Explorer[SoftmaxState, SoftmaxResult]):
    """Three logits, a common shift and a temperature, and the probabilities they give.

    Parameters
    ----------
    softmax : callable, optional
        Takes logits of shape (N, K), returns probabilities of that shape; the course's by default. It gets N = 1.

    Raises
    ------
    ValueError
        If softmax is not a function.

    Notes
    -----
    ŷ_i = e^{z_i/T} / Σ_j e^{z_j/T}. Used in notebook 01.

    Examples
    --------
    >>> explorer = SoftmaxExplorer()
    >>> explorer.set(z0=0, z1=0, z2=0)
    >>> print(explorer.compute(explorer.state()).probabilities.round(4))
    [0.3333 0.3333 0.3333]
    """

    shows = "bars of three scores, their exponentials and the softmax, and the point in the probability triangle"
    state_type = SoftmaxState

    def __init__(self, softmax: Callable[..., Any] = stable_softmax) -> None:
        self._softmax = LearnersFunction(softmax, "softmax")
        number = ipywidgets.FloatSlider
        super().__init__(
            {
                "z0": slider(number, "score z₀", 1.0, -5, 5, 0.1),
                "z1": slider(number, "score z₁", 2.0, -5, 5, 0.1),
                "z2": slider(number, "score z₂", 0.5, -5, 5, 0.1),
                "shift": slider(number, "shift of all", 0.0, -1000, 1000, 10),
                "temperature": slider(number, "temperature T", 1.0, 0.1, 5, 0.1),
            }
        )

    def build(self, figure: Figure) -> Artists:
        """Draw axes and the triangle."""
        axes = figure.subplots(1, 4, width_ratios=[1, 1, 1, 1.6])
        bars, numbers = [], []
        names = ("score\nz / T", "exponential\n$e^{z/T}$", "probability\nŷ")
        for ax, name, colour in zip(axes[:3], names, (INK, MUTED, PALETTE["predictions"]), strict=True):
            bars.append(ax.bar(range(3), 1, width=0.65, color=colour, animated=True).patches)
            numbers.append([ax.text(k, 0, "", ha="center", animated=True, fontsize=10) for k in range(3)])
            ax.axhline(0, color=MUTED, linewidth=0.8)
            ax.set(title=name, yticks=[], ylim=(-1.35, 1.35) if ax is axes[0] else (0, 1.2))
            ax.set_xticks(range(3), ["class 0", "1", "2"])
            ax.tick_params(length=0)
            ax.spines[["left", "bottom"]].set_visible(False)
        triangle = axes[3]
        triangle.fill(*CORNERS.T, facecolor="white", edgecolor=MUTED, linewidth=1.5)
        for k, (corner, place) in enumerate(
            zip(CORNERS, (("right", "top"), ("left", "top"), ("center", "bottom")), strict=True)
        ):
            triangle.plot(*corner, CLASS_MARKERS[k], color=CLASS_COLOURS[k], markersize=9)
            triangle.annotate(
                f"surely {k}", corner, (0, 9 if k == 2 else -9), textcoords="offset points", ha="center", va=place[1]
            )
        triangle.plot(*CORNERS.mean(axis=0), "+", color=MUTED, markersize=9)
        (point,) = triangle.plot(
            [], [], "o", color=PALETTE["predictions"], markersize=13, markeredgecolor=INK, animated=True
        )
        triangle.set(title="all probabilities\nthat sum to 1", xlim=(-0.25, 1.25), ylim=(-0.2, 1.05), aspect="equal")
        triangle.set_axis_off()
        return {"bars": bars, "numbers": numbers, "point": point}

    def compute(self, state: SoftmaxState) -> SoftmaxResult:
        """Return scores, exponentials and probabilities, by the naive way and by the function under study."""
        z = (np.array([state.z0, state.z1, state.z2]) + state.shift) / state.temperature
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            exponentials = np.exp(z)
            naive = exponentials / exponentials.sum()
        return SoftmaxResult(z, exponentials, naive, self._softmax(z[None], shape=(1, 3))[0])

    def draw(self, artists: Artists, result: SoftmaxResult) -> None:
        """Set bars, numbers and the point."""
        largest = result.exponentials.max()
        rows = (
            result.logits / (np.abs(result.logits).max() or 1),
            np.where(result.exponentials == largest, 1, result.exponentials / largest)
            if 0 < largest < np.inf
            else (result.exponentials > 0).astype(float),
            np.clip(result.probabilities, 0, 1),
        )
        values = (result.logits, result.exponentials, result.probabilities)
        for bars, numbers, heights, row in zip(artists["bars"], artists["numbers"], rows, values, strict=True):
            for bar, number, height, value in zip(bars, numbers, heights, row, strict=True):
                bar.set_height(height)
                number.set(
                    y=height + (0.03 if height >= 0 else -0.03),
                    va="bottom" if height >= 0 else "top",
                    text=_short(value),
                )
        artists["point"].set_data(*(result.probabilities[:, None] * CORNERS).sum(axis=0)[:, None])
        artists["point"].set_visible(not _not_probabilities(result.probabilities))

    def describe(self, result: SoftmaxResult) -> str:
        """Say the probabilities, and whether the naive way survived."""
        said = ", ".join(f"ŷ<sub>{k}</sub> = {p:.4f}" for k, p in enumerate(result.probabilities))
        if np.isfinite(result.naive).all():
            naive = f"The naive formula gives {_list(result.naive)}."
        elif np.isinf(result.exponentials).any():
            naive = "<strong>The naive formula gives “not a number”: e<sup>z</sup> is too large for a float.</strong>"
        else:
            naive = (
                "<strong>The naive formula gives 0/0, “not a number”: every e<sup>z</sup> has rounded to 0.</strong>"
            )
        problem = _not_probabilities(result.probabilities)
        if problem:
            return f"{said}. <strong>⚠ {problem}</strong> So there is no point in the triangle. {naive}"
        return f"{said}; they sum to {result.probabilities.sum():.4f}. {naive}"


def _not_probabilities(values: Array) -> str:
    """Return why a row is no row of probabilities, or ""."""
    if values.min() < 0:
        return f"A probability can't be negative, and yours are down to {values.min():.4g}."
    total = values.sum()
    if abs(total - 1) < 1e-6:
        return ""
    digits = 4 if abs(total - 1) > 1e-3 else 8
    hint = " Over which axis of Z, shape (1, 3), do you sum?" if np.allclose(values, 1) else ""
    return f"Yours sum to {total:.{digits}f}, and probabilities sum to 1.{hint}"


def _list(values: Array) -> str:
    return ", ".join(f"{value:.4f}" for value in values)


def _short(value: float) -> str:
    if np.isinf(value):
        return "too\nlarge"
    return f"{value:.2f}" if 0.005 <= abs(value) < 1000 or value == 0 else f"{value:.0e}"
