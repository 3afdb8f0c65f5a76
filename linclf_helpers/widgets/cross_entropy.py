"""CrossEntropyExplorer: the loss, its tangent, and the secant that becomes the tangent (notebooks 01 and 03)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from linclf_helpers._validate import Array
from linclf_helpers.plots import INK, MUTED, PALETTE
from linclf_helpers.widgets.explorer import Artists, Explorer, LearnersFunction, slider

__all__ = ["CrossEntropyExplorer"]

STEP_SIZES = 10.0 ** np.linspace(-12, -0.5, 47)


@dataclass(frozen=True)
class CrossEntropyState:
    """The probability of the correct class, and the size of the nudge."""

    p: float
    h: float


@dataclass(frozen=True, eq=False)
class CrossEntropyResult:
    """The loss, both slopes, and the error of the secant for every step size."""

    p: float
    wanted: float
    h: float
    loss: float
    secant_ends: Array
    tangent: float
    secant: float
    errors: Array


class CrossEntropyExplorer(Explorer[CrossEntropyState, CrossEntropyResult]):
    """The loss −log p of the correct class, its tangent, and the secant of a central difference.

    Parameters
    ----------
    loss : callable, optional
        Takes a probability, returns the loss; −log p by default.

    Raises
    ------
    ValueError
        If loss is not a function.

    Notes
    -----
    The slope of −log p is −1/p. Where p − h would leave the range of probabilities, h is held at 0.9 p.
    Used in notebooks 01 and 03.

    Examples
    --------
    >>> explorer = CrossEntropyExplorer()
    >>> explorer.set(p=0.5)
    >>> explorer.compute(explorer.state()).tangent
    -2.0
    """

    shows = "the loss −log p with its tangent and a secant, and the error of the secant's slope by step size"
    state_type = CrossEntropyState

    def __init__(self, loss: Callable[..., Any] | None = None) -> None:
        self._loss = LearnersFunction(_minus_log if loss is None else loss, "loss")
        super().__init__(
            {
                "p": slider(ipywidgets.FloatSlider, "probability p", 0.4, 0.01, 1.0, 0.01),
                "h": slider(ipywidgets.FloatLogSlider, "nudge h", 10**-0.75, -12, -0.5, 0.25, readout_format=".1e"),
            }
        )

    def build(self, figure: Figure) -> Artists:
        """Draw axes and the curve."""
        left, right = figure.subplots(1, 2)
        grid = np.linspace(0.005, 1.3, 400)
        left.plot(grid, -np.log(grid), color=PALETTE["loss"], alpha=0.5, label="loss −log p")
        left.axvspan(1, 1.3, color="#E4E4DF", zorder=0)
        left.set(title="Loss, tangent and secant", xlim=(0, 1.3), ylim=(-0.4, 4.8), ylabel="loss (nats)")
        left.set_xlabel("probability p of the correct class")
        right.set(title="How far the secant is off", xlim=(0.7e-12, 0.45), ylim=(1e-13, 10), xscale="log", yscale="log")
        right.set(xlabel="nudge h", ylabel="relative error of the slope")
        right.minorticks_off()
        artists = {
            "tangent": left.plot([], [], color=INK, linewidth=1.5, animated=True, label="tangent")[0],
            "secant": left.plot([], [], "D--", color=PALETTE["predictions"], animated=True, label="secant")[0],
            "point": left.plot([], [], "o", color=INK, markersize=8, animated=True)[0],
            "errors": right.plot([], [], color=PALETTE["loss"], animated=True)[0],
            "error": right.plot([], [], "D", color=PALETTE["predictions"], markersize=9, animated=True)[0],
        }
        left.text(1.15, 4.3, "not a\nprobability", ha="center", va="center", color=MUTED, fontsize=9)
        left.legend(loc="upper center")
        return artists

    def compute(self, state: CrossEntropyState) -> CrossEntropyResult:
        """Return the loss at p and the slopes of tangent and secants."""
        p, h = state.p, min(state.h, 0.9 * state.p)
        h = max(h, 2.5e-16)  # a smaller nudge would not move p at all
        ends = np.array([p - h, p + h])
        tangent = -1 / p
        secants = [self._secant(p, min(step, 0.9 * p)) for step in STEP_SIZES]
        errors = np.abs(np.array(secants) / tangent - 1)
        heights = np.array([self._at(end) for end in ends])
        return CrossEntropyResult(
            p, state.h, h, self._at(p), np.stack([ends, heights]), tangent, (heights[1] - heights[0]) / (2 * h), errors
        )

    def draw(self, artists: Artists, result: CrossEntropyResult) -> None:
        """Set tangent, secant and both marks."""
        along = np.array([-1.0, 2.0])
        artists["tangent"].set_data(along, -np.log(result.p) + result.tangent * (along - result.p))
        artists["secant"].set_data(*result.secant_ends)
        artists["point"].set_data([result.p], [result.loss])
        artists["errors"].set_data(STEP_SIZES, np.maximum(result.errors, 2e-13))
        error = abs(result.secant / result.tangent - 1)
        artists["error"].set_data([result.h], [np.clip(error, 2e-13, 8)])

    def describe(self, result: CrossEntropyResult) -> str:
        """Say the loss and both slopes."""
        error = abs(result.secant / result.tangent - 1)
        off = f"off by {error:.0e}" if error > 1e-13 else "no difference left to see"
        held = ""
        if result.wanted > result.h:
            held = f" The nudge is held at 0.9 p, so that p − h stays above 0; the slider asks for {result.wanted:.1e}."
        return (
            f"p = {result.p:.2f}: loss −log p = {result.loss + 0.0:z.4f}. Slope of the tangent −1/p ="
            f" {result.tangent:.4f}; of the secant with h = {result.h:.1e}: {result.secant:.4f} ({off}).{held}"
        )

    def _at(self, p: float) -> float:
        return float(self._loss(np.array(p), shape=()))

    def _secant(self, p: float, h: float) -> float:
        return (self._at(p + h) - self._at(p - h)) / (2 * h)


def _minus_log(p: Array) -> Any:
    return -np.log(p)
