"""The colours and the style of the course's figures.

Colours have meanings, the same in formulas, code and figures: see `PALETTE`. Two hues of it, and two of
`CLASS_COLOURS`, stay apart for every common kind of colour blindness (a test simulates them); nothing is told by
colour alone. Text and lines are dark on a light card, so that figures read the same in JupyterLab's dark theme.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib
from matplotlib.colors import LinearSegmentedColormap

__all__ = [
    "CARD",
    "CLASS_COLOURS",
    "CLASS_MARKERS",
    "INK",
    "INK_ON_PAPER",
    "MUTED",
    "PALETTE",
    "SIGNED",
    "course_style",
    "show_figures_in_notebooks",
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
    if shell is not None and hasattr(shell, "kernel"):  # pragma: no cover  # a kernel's own
        from IPython.core.pylabtools import select_figure_formats
        from matplotlib_inline.backend_inline import set_matplotlib_close

        shell.enable_matplotlib("inline")
        set_matplotlib_close(True)
        select_figure_formats(shell, {"retina"}, bbox_inches="tight")
