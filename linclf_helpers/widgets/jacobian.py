"""JacobianExplorer: how every probability moves with every score (notebook 04)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from linclf_helpers._validate import Array
from linclf_helpers.forward import softmax
from linclf_helpers.gradcheck import numerical_jacobian
from linclf_helpers.gradients import softmax_jacobian
from linclf_helpers.plots import INK, PALETTE
from linclf_helpers.widgets.explorer import Artists, Explorer, LearnersFunction, slider
from linclf_helpers.widgets.tiles import Tiles

__all__ = ["JacobianExplorer"]


@dataclass(frozen=True)
class JacobianState:
    """Three logits."""

    z0: float
    z1: float
    z2: float


@dataclass(frozen=True, eq=False)
class JacobianResult:
    """The probabilities, and their Jacobian three ways."""

    y_hat: Array
    formula: Array
    numeric: Array
    diagonal: Array


class JacobianExplorer(Explorer[JacobianState, JacobianResult]):
    """The softmax's Jacobian by formula, by finite differences, and with its off-diagonal forgotten.

    Parameters
    ----------
    jacobian : callable, optional
        Takes probabilities of shape (K,), returns the Jacobian of shape (K, K); the course's by default.

    Raises
    ------
    ValueError
        If jacobian is not a function.

    Notes
    -----
    ∂ŷ_i/∂z_j = ŷ_i (δ_ij − ŷ_j). Used in notebook 04.

    Examples
    --------
    >>> explorer = JacobianExplorer()
    >>> result = explorer.compute(explorer.state())
    >>> bool(abs(result.formula - result.numeric).max() < 1e-9)
    True
    """

    shows = "the probabilities and their 3 × 3 Jacobian: formula, finite differences, and the diagonal alone"
    size = (900, 330)
    state_type = JacobianState

    def __init__(self, jacobian: Callable[..., Any] = softmax_jacobian) -> None:
        self._jacobian = LearnersFunction(jacobian, "jacobian")
        start = np.log([0.2, 0.3, 0.5]).round(1)
        super().__init__(
            {f"z{k}": slider(ipywidgets.FloatSlider, f"score z{'₀₁₂'[k]}", start[k], -6, 6, 0.1) for k in range(3)}
        )

    def build(self, figure: Figure) -> Artists:
        """Draw axes and names."""
        axes = figure.subplots(1, 4, width_ratios=[0.7, 1, 1, 1])
        rows, columns = ["ŷ₀", "ŷ₁", "ŷ₂"], ["z₀", "z₁", "z₂"]
        axes[0].set(title="ŷ", xlim=(0, 1.25), ylim=(2.45, -0.55), xticks=[])
        axes[0].set_yticks(range(3), rows)
        axes[0].tick_params(length=0)
        axes[0].spines["bottom"].set_visible(False)
        bars = axes[0].barh(range(3), 0.5, height=0.6, color=PALETTE["predictions"], animated=True).patches
        numbers = [axes[0].text(0, k, "", va="center", color=INK, animated=True) for k in range(3)]
        titles = ("formula", "finite differences", "diagonal only")
        tiles = [Tiles(ax, rows, columns, 0.25, title) for ax, title in zip(axes[1:], titles, strict=True)]
        return {"bars": bars, "numbers": numbers, "tiles": tiles}

    def compute(self, state: JacobianState) -> JacobianResult:
        """Return the three matrices."""
        z = np.array([state.z0, state.z1, state.z2])
        y_hat = softmax(z)
        return JacobianResult(
            y_hat,
            self._jacobian(y_hat, shape=(3, 3)),
            numerical_jacobian(softmax, z),
            np.diag(y_hat * (1 - y_hat)),
        )

    def draw(self, artists: Artists, result: JacobianResult) -> None:
        """Set bars and tiles."""
        for bar, number, p in zip(artists["bars"], artists["numbers"], result.y_hat, strict=True):
            bar.set_width(p)
            number.set(x=p + 0.04, text=f"{p:.3f}")
        for tiles, matrix in zip(artists["tiles"], (result.formula, result.numeric, result.diagonal), strict=True):
            tiles.set(matrix)

    def describe(self, result: JacobianResult) -> str:
        """Say the errors, and the largest entry."""
        off = float(np.abs(result.formula - result.numeric).max())
        missing = float(np.abs(result.diagonal - result.numeric).max())
        agrees = "agrees with the finite differences" if off < 1e-7 else f"<strong>is off by {off:.3f}</strong>"
        return (
            f"The formula {agrees}; the diagonal alone is off by {missing:.3f}."
            f" Largest entry: {np.abs(result.numeric).max():.4f}. Sums of the formula's rows:"
            f" {', '.join(f'{total:z.3f}' for total in result.formula.sum(axis=1))}."
        )
