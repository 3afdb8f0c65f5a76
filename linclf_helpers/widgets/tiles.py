"""A matrix of signed numbers whose tiles change colour and number at every move."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from linclf_helpers.plots import CARD, INK, SIGNED

__all__ = ["Tiles"]


class Tiles:
    """The moving twin of `linclf_helpers.plots.heatmap`: orange above 0, white at 0, blue below, numbers inside.

    Parameters
    ----------
    ax : Axes
    rows, columns : sequences of str
        Names, at the left and at the top.
    limit : float
        The number that gets the full colour.
    """

    def __init__(self, ax: Axes, rows: Sequence[str], columns: Sequence[str], limit: float, title: str = "") -> None:
        self._limit = limit
        places = list(np.ndindex(len(rows), len(columns)))
        self._tiles = [
            ax.add_patch(Rectangle((c - 0.48, r - 0.48), 0.96, 0.96, edgecolor=CARD, animated=True)) for r, c in places
        ]
        self._numbers = [ax.text(c, r, "", ha="center", va="center", animated=True, zorder=4) for r, c in places]
        ax.set(title=title, xlim=(-0.55, len(columns) - 0.45), ylim=(len(rows) - 0.45, -0.55))
        ax.set_xticks(range(len(columns)), columns)
        ax.set_yticks(range(len(rows)), rows)
        ax.tick_params(length=0, labeltop=True, labelbottom=False)
        ax.spines[:].set_visible(False)

    def set(self, matrix: ArrayLike, framed: tuple[int, int] | None = None) -> None:
        """Show a matrix, with a dark frame around one of its entries if wanted."""
        matrix = np.asarray(matrix, dtype=float)
        colours: Any = SIGNED(0.5 + 0.5 * np.clip(matrix / self._limit, -1, 1))
        for (place, value), tile, number in zip(np.ndenumerate(matrix), self._tiles, self._numbers, strict=True):
            tile.set(facecolor=colours[place], edgecolor=INK if place == framed else CARD, linewidth=2.5)
            number.set(text=f"{value:z.2f}", color="white" if abs(value) > 0.75 * self._limit else INK)
