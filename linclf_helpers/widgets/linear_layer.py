"""LinearLayerExplorer: one weight, the one score it moves, and the outer product (notebook 05)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from linclf_helpers._validate import Array
from linclf_helpers.datasets import load_four_penguins
from linclf_helpers.forward import softmax
from linclf_helpers.plots import INK, MUTED, PALETTE
from linclf_helpers.widgets.chain_rule import W, b
from linclf_helpers.widgets.explorer import Artists, Explorer, LearnersFunction, slider
from linclf_helpers.widgets.tiles import Tiles

__all__ = ["LinearLayerExplorer"]


@dataclass(frozen=True)
class LinearLayerState:
    """Which weight is moved, by how much, and for which penguin."""

    weight: tuple[int, int]
    change: float
    penguin: int


@dataclass(frozen=True, eq=False)
class LinearLayerResult:
    """Scores before and after, and the outer product."""

    state: LinearLayerState
    x: Array
    W: Array
    z_before: Array
    z: Array
    g: Array
    gradient: Array


class LinearLayerExplorer(Explorer[LinearLayerState, LinearLayerResult]):
    """One weight on a slider: which scores move, and what the gradient of all weights is then.

    Parameters
    ----------
    gradient : callable, optional
        Takes x of shape (D,) and ∂L/∂z of shape (K,), returns ∂L/∂W of shape (D, K); `numpy.outer` by default.

    Raises
    ------
    ValueError
        If gradient is not a function.

    Notes
    -----
    ∂z_j/∂W_dk = x_d δ_jk, and ∂L/∂W = xᵀ(ŷ − y). Used in notebook 05.

    Examples
    --------
    >>> explorer = LinearLayerExplorer()
    >>> result = explorer.compute(explorer.state())
    >>> print(np.flatnonzero(result.z != result.z_before))
    [1]
    """

    shows = "features and weights, the scores before and after, and the outer product that is the gradient"
    size = (900, 330)
    state_type = LinearLayerState

    def __init__(self, gradient: Callable[..., Any] = np.outer) -> None:
        self._four = load_four_penguins()
        self._gradient = LearnersFunction(gradient, "gradient")
        names = [(f"{n}: {self._four.class_names[k]}", n) for n, k in enumerate(self._four.labels)]
        weights = [(f"W{'₀₁'[d]}{'₀₁₂'[k]}: feature {d} to class {k}", (d, k)) for d, k in np.ndindex(W.shape)]
        style = {"description_width": "auto"}
        super().__init__(
            {
                "weight": ipywidgets.Dropdown(options=weights, value=(0, 1), description="weight", style=style),
                "change": slider(ipywidgets.FloatSlider, "change it by", 1.0, -3, 3, 0.1),
                "penguin": ipywidgets.Dropdown(options=names, value=1, description="penguin", style=style),
            }
        )

    def build(self, figure: Figure) -> Artists:
        """Draw axes and names."""
        axes = figure.subplots(1, 4, width_ratios=[0.45, 1.25, 1, 1.25])
        rows, classes = ["d = 0", "d = 1"], ["k = 0", "k = 1", "k = 2"]
        x = Tiles(axes[0], rows, ["x"], 2.1, "features")
        weights = Tiles(axes[1], rows, classes, 3.5, "weights W")
        axes[2].axhline(0, color=MUTED, linewidth=0.8)
        axes[2].set(title="scores z = xW + b", ylim=(-8, 8), ylabel="score")
        axes[2].set_xticks(range(3), classes)
        axes[2].tick_params(axis="x", length=0)
        axes[2].spines["bottom"].set_visible(False)
        bars = axes[2].bar(range(3), 1, width=0.6, color=INK, animated=True).patches
        (before,) = axes[2].plot([], [], "_", color=PALETTE["loss"], markersize=26, markeredgewidth=3, animated=True)
        axes[2].text(0.5, 0.98, "orange line: before", transform=axes[2].transAxes, ha="center", va="top",
                     fontsize=9, color=PALETTE["loss"])  # fmt: skip
        gradient = Tiles(axes[3], rows, classes, 2.1, "∂L/∂W = xᵀ(ŷ − y)")
        return {"x": x, "W": weights, "bars": bars, "before": before, "gradient": gradient}

    def compute(self, state: LinearLayerState) -> LinearLayerResult:
        """Return the scores before and after the change, and the gradient after it."""
        x, c = self._four.X[state.penguin], self._four.labels[state.penguin]
        changed = W.copy()
        changed[state.weight] += state.change
        z = x @ changed + b
        g = softmax(z) - np.eye(3)[c]
        return LinearLayerResult(state, x, changed, x @ W + b, z, g, self._gradient(x, g, shape=(2, 3)))

    def draw(self, artists: Artists, result: LinearLayerResult) -> None:
        """Set tiles and bars."""
        artists["x"].set(result.x[:, None])
        artists["W"].set(result.W, framed=result.state.weight)
        for bar, z in zip(artists["bars"], result.z, strict=True):
            bar.set_height(z)
        artists["before"].set_data(range(3), result.z_before)
        artists["gradient"].set(result.gradient)

    def describe(self, result: LinearLayerResult) -> str:
        """Say which scores moved, by what, and the gradient's factors."""
        d, k = result.state.weight
        moved = result.z - result.z_before
        scores = ", ".join(
            f"z<sub>{j}</sub> {'moved by ' + f'{by:z.2f}' if by else 'stayed'}" for j, by in enumerate(moved)
        )
        right = np.allclose(result.gradient, np.outer(result.x, result.g), rtol=1e-9, atol=1e-12)
        verdict = "" if right else " <strong>Your gradient is not xᵀ(ŷ − y).</strong>"
        return (
            f"{scores}. The change {result.state.change:z.1f} counts x<sub>{d}</sub> = {result.x[d]:z.2f} times,"
            f" for class {k} alone. ŷ − y = {', '.join(f'{g:z.2f}' for g in result.g)}.{verdict}"
        )
