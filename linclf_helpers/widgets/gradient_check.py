"""GradientCheckExplorer: the best step size of a finite difference (notebook 06)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from linclf_helpers._validate import Array
from linclf_helpers.datasets import load_four_penguins
from linclf_helpers.forward import cross_entropy_from_logits, one_hot
from linclf_helpers.gradients import loss_and_gradients
from linclf_helpers.plots import INK, MUTED, PALETTE
from linclf_helpers.widgets.chain_rule import W, b
from linclf_helpers.widgets.explorer import Artists, Explorer, LearnersFunction

__all__ = ["GradientCheckExplorer"]

EXPONENTS = np.linspace(-13, -1, 49)
THRESHOLD = 1e-7
LOWEST, HIGHEST = 1e-13, 10.0  # of the axis


@dataclass(frozen=True)
class GradientCheckState:
    """The step size, in which floats it is taken, and to which sides."""

    h: float
    precision: str
    scheme: str


@dataclass(frozen=True, eq=False)
class GradientCheckResult:
    """The error at this step size, and at all others."""

    state: GradientCheckState
    errors: Array
    error: float
    nothing_moves: bool


class GradientCheckExplorer(Explorer[GradientCheckState, GradientCheckResult]):
    """The error of finite differences against the step size, for both precisions and both schemes.

    Parameters
    ----------
    gradient : callable, optional
        Takes X (N, D), Y (N, K), W (D, K), b (K,), returns ∂L/∂W of shape (D, K); the course's by default.

    Raises
    ------
    ValueError
        If gradient is not a function.

    Notes
    -----
    The finite differences of all step sizes are taken before the first move. Used in notebook 06.

    Examples
    --------
    >>> explorer = GradientCheckExplorer()
    >>> explorer.set(h=1e-5)
    >>> explorer.compute(explorer.state()).error < 1e-7
    True
    """

    shows = "the relative error of finite differences by step size, a V, with the threshold of the check"
    state_type = GradientCheckState

    def __init__(self, gradient: Callable[..., Any] | None = None) -> None:
        four = load_four_penguins()
        self._arguments = four.X, one_hot(four.labels, 3), W, b
        self._gradient = LearnersFunction(_course_gradient if gradient is None else gradient, "gradient")
        self._numeric = {
            (precision, scheme): np.array([self._differences(10**e, precision, scheme) for e in EXPONENTS])
            for precision in ("float64", "float32")
            for scheme in ("central", "forward")
        }
        style = {"description_width": "auto"}
        super().__init__(
            {
                "h": ipywidgets.FloatLogSlider(
                    value=1e-2, base=10, min=-13, max=-1, step=0.25, description="step size h", readout_format=".1e",
                    style=style, layout={"width": "430px"},
                ),
                "precision": ipywidgets.Dropdown(
                    options=["float64", "float32"], description="floats", style=style, layout={"width": "150px"}
                ),
                "scheme": ipywidgets.Dropdown(
                    options=["central", "forward"], description="scheme", style=style, layout={"width": "160px"}
                ),
            }
        )  # fmt: skip

    def build(self, figure: Figure) -> Artists:
        """Draw axes, the threshold and what the two slopes mean."""
        ax = figure.subplots()
        ax.set(xscale="log", yscale="log", xlim=(0.6e-13, 0.17), ylim=(LOWEST, HIGHEST))
        ax.set(title="Error of the finite difference", xlabel="step size h", ylabel="largest relative error")
        ax.minorticks_off()
        ax.grid(alpha=0.7)
        ax.axhline(THRESHOLD, color=INK, linestyle="--", linewidth=1.2)
        ax.text(0.8e-13, 0.3 * THRESHOLD, "below 1e-7 a check passes", fontsize=9)
        ax.text(1e-12, 3, "rounding takes over  ←", color=MUTED, fontsize=9)
        ax.text(0.1, 3, "→  the secant is not the tangent", color=MUTED, fontsize=9, ha="right")
        (curve,) = ax.plot([], [], ".-", color=PALETTE["loss"], animated=True)
        (mark,) = ax.plot([], [], "D", color=PALETTE["predictions"], markersize=12, markeredgecolor=INK, animated=True)
        return {"curve": curve, "mark": mark}

    def compute(self, state: GradientCheckState) -> GradientCheckResult:
        """Compare the gradient with the finite differences of every step size."""
        analytic = self._gradient(*self._arguments, shape=W.shape)
        numeric = self._numeric[state.precision, state.scheme]
        size = np.maximum(np.abs(analytic).max(), np.abs(numeric).max(axis=(1, 2)))
        errors = np.abs(numeric - analytic).max(axis=(1, 2)) / size
        at = int(np.abs(EXPONENTS - np.log10(state.h)).argmin())
        return GradientCheckResult(state, errors, float(errors[at]), not numeric[at].any())

    def draw(self, artists: Artists, result: GradientCheckResult) -> None:
        """Set curve and mark."""
        artists["curve"].set_data(10**EXPONENTS, np.clip(result.errors, LOWEST, HIGHEST))
        artists["mark"].set_data([result.state.h], [np.clip(result.error, LOWEST, HIGHEST)])

    def describe(self, result: GradientCheckResult) -> str:
        """Say the error and whether the check passes."""
        state = result.state
        passes = "<strong>✓ passes</strong>" if result.error < THRESHOLD else "<strong>✗ fails</strong>"
        lost = " The nudge is lost in rounding: no weight moves at all." if result.nothing_moves else ""
        best = 10 ** EXPONENTS[result.errors.argmin()]
        return (
            f"h = {state.h:.1e}, {state.scheme} differences in {state.precision}: relative error {result.error:.0e},"
            f" a check with tolerance 1e-7 {passes}.{lost} Lowest error of this curve: {result.errors.min():.0e}"
            f" near h = {best:.0e}."
        )

    def _differences(self, h: float, precision: str, scheme: str) -> Array:
        """Return the finite differences of all weights, with every number in the given precision."""
        X, Y, W, b = (argument.astype(precision) for argument in self._arguments)
        h = W.dtype.type(h)

        def loss(d: int, k: int, by: float) -> float:
            nudged = W.copy()
            nudged[d, k] += by
            return cross_entropy_from_logits(X @ nudged + b, Y)

        below, width = (-h, 2 * h) if scheme == "central" else (W.dtype.type(0), h)
        return np.array([(loss(d, k, h) - loss(d, k, below)) / float(width) for d, k in np.ndindex(W.shape)]).reshape(
            W.shape
        )


def _course_gradient(X: Array, Y: Array, W: Array, b: Array) -> Array:
    return loss_and_gradients(X, Y, W, b)[1]
