"""What the notebooks of the course import: NumPy at the bottom, figures and controls at the top.

The layers, lowest first (each module imports only from those above it in this list):

- `forward`: logits, softmax, cross-entropy (notebook 01); `datasets`: penguins, digits, blobs
- `gradients`: one function for each derivative (notebooks 02 to 06)
- `gradcheck`: finite differences, to check every derivative; `fast_gradcheck`: all of the classifier's at once
- `model`: `LinearClassifier`; `fast`: its loss once more, as fast as NumPy goes (notebook 08)
- `training`: gradient descent; `history`: its record
- `sweeps`: many learning rates at once, and the safe one; `loss_surface`: slices of the loss (notebook 07)
- `estimator`: model and training with scikit-learn's interface
- `plots`: static figures (matplotlib)
- `widgets`: explorers, live pictures with controls (ipywidgets)
- `exercises`: checks that name the mistake, hints, solutions (every "Your turn")
- `teaching`: for teachers: assignments, handout, summary, slides

A module is loaded when it is first asked for:

>>> import linclf_helpers as lh
>>> print(lh.forward.softmax([[0.0, 0.0]]))
[[0.5 0.5]]
"""

from importlib import import_module
from types import ModuleType

__version__ = "1.0.0"
__all__ = ["__version__", "setup"]
_MODULES = (
    "datasets",
    "estimator",
    "exercises",
    "fast",
    "fast_gradcheck",
    "forward",
    "gradcheck",
    "gradients",
    "history",
    "loss_surface",
    "model",
    "plots",
    "sweeps",
    "teaching",
    "training",
    "widgets",
)


def __getattr__(name: str) -> ModuleType:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})


def setup() -> None:
    """Prepare a notebook: print four decimals, and give figures the style of the course.

    Every notebook calls this once, at the end of its import cell. NumPy prints arrays with exactly four decimals,
    so that the same numbers look the same on every machine; matplotlib gets the course's colours and fonts, in place
    of those of a matplotlibrc or a style, and shows figures in the notebook whatever MPLBACKEND says.

    Examples
    --------
    >>> import numpy as np
    >>> from linclf_helpers import setup
    >>> setup()
    >>> print(np.array([1 / 3, 2]))
    [0.3333 2.0000]
    """
    import numpy as np

    # Here, so that importing the package stays cheap.
    from linclf_helpers.plots import show_figures_in_notebooks, use_course_style

    np.set_printoptions(precision=4, suppress=True, floatmode="fixed", linewidth=100)
    show_figures_in_notebooks()  # first, since it applies what the user's IPython wants of figures
    use_course_style()
