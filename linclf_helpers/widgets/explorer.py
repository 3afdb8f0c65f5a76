"""What all explorers have in common: controls, a live picture, the values in words, and errors shown kindly."""

import base64
import html
import re
import sys
import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib import resources
from numbers import Real
from typing import Any, ClassVar, Generic, TypeVar

import ipywidgets
import numpy as np
from IPython import get_ipython
from IPython.display import display
from matplotlib.figure import Figure
from numpy.typing import NDArray

from linclf_helpers._careful import call
from linclf_helpers.widgets.live import LiveFigure, course_style

__all__ = ["Explorer", "LearnersError", "LearnersFunction"]

State = TypeVar("State")
Result = TypeVar("Result")
Artists = dict[str, Any]

# JupyterLab lets the messages of widgets arrive in threads of their own ("subshells"), even two of one explorer at
# once, and matplotlib is made for one thread. So one picture is drawn at a time.
_one_at_a_time = threading.RLock()


class LearnersError(Exception):
    """The learner's function raised, or returned what can't be right; the message says it to the learner."""


class LearnersFunction:
    """A function that the learner wrote, called with care.

    Parameters
    ----------
    function : callable
    name : str
        What it is called in messages.

    Raises
    ------
    ValueError
        If function is not callable.

    Notes
    -----
    Defined again in the notebook under the name by which it was given, the new one counts: the explorer need not be
    made again. A function that was given by another name, or without one, stays what it was.

    What the function prints is kept off the page, where it would stand under whichever cell ran last.
    """

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        if not callable(function):
            raise ValueError(f"{name}: expected a function, got {type(function).__name__}")
        self._function, self.name = function, name
        self._given_as = _name_given(function)

    def __call__(self, *arguments: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Return the function's result as finite floats of the shape expected, or raise LearnersError."""
        called = call(self._newest(), *(argument.copy() for argument in arguments))
        if called.error is not None:
            raise LearnersError(f"raised {type(called.error).__name__}: {called.error}") from called.error
        value = called.result
        if value is None:
            raise LearnersError(f"returned None (is the return missing?); expected shape {shape}")
        try:
            array = np.asarray(value)
        except Exception:
            array = np.empty((), dtype=object)
        if array.dtype.kind not in "fiub":
            kind = f"an array of {array.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
            raise LearnersError(f"returned {kind}, not real numbers")
        array = array.astype(np.float64)
        if array.shape != shape:
            raise LearnersError(f"returned shape {array.shape}; expected shape {shape}")
        if not np.isfinite(array).all():
            raise LearnersError(f"returned {array[~np.isfinite(array)].flat[0]} for {arguments[0].round(3).tolist()}")
        return array

    def _newest(self) -> Callable[..., Any]:
        names = getattr(self._function, "__globals__", {})
        newest = names.get(self._given_as, self._function)
        return newest if callable(newest) else self._function


def _name_given(function: Callable[..., Any]) -> str:
    """Return the name by which the learner's code hands a function in, or "" if there is none or more than one.

    A cell's statements are compiled one by one, so the names that the calling statement mentions are few.
    """
    space = getattr(function, "__globals__", None)
    frame = sys._getframe(1)
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_globals is space:
            named = [name for name in frame.f_code.co_names if space.get(name) is function]
            if named:
                return named[0] if len(named) == 1 else ""
    return ""


class Explorer(ABC, Generic[State, Result]):
    """Controls above one live picture, with its values in words below: `compute` turns state into what is drawn.

    A subclass names its `State` (a frozen dataclass with a field for each control) and defines `build`, `compute`,
    `draw` and `describe`.

    Attributes
    ----------
    controls : dict of str to ipywidgets widget
        By field of the state.
    live : LiveFigure
    readout : ipywidgets.HTML
    problem : str
        The message shown in place of the values, or "".

    Notes
    -----
    Running a cell again closes the explorers that it made before.
    """

    shows: ClassVar[str]
    size: ClassVar[tuple[int, int]] = (900, 400)
    ratio: ClassVar[float] = 1.5  # at 2, a move takes 15 ms longer to reach the screen
    state_type: type[State]

    def __init__(self, controls: dict[str, Any]) -> None:
        self.controls = controls
        self.problem = ""
        self.live = LiveFigure(*self.size, self.ratio)
        with course_style():
            self.artists = self.build(self.live.figure)
            self.live.freeze()
        self._first = {name: control.value for name, control in controls.items()}
        self._together = False
        for control in controls.values():
            control.observe(self._moved, names="value")
        reset = ipywidgets.Button(description="Reset", tooltip="Back to the first setting", layout={"width": "80px"})
        reset.on_click(lambda _: self.set(**self._first))
        self.reset = reset
        row = ipywidgets.HBox([*self.arrange(), reset], layout={"flex_flow": "row wrap", "align_items": "center"})
        row.add_class("linclf-controls")
        self.readout = ipywidgets.HTML()
        self.readout.add_class("linclf-readout")
        self.live.image.add_class("linclf-picture")
        self.box = ipywidgets.VBox([row, self.live.image, self.readout])
        self.box.add_class("linclf-explorer")
        _close_older_ones_of_this_cell(self)
        self.refresh()

    @abstractmethod
    def build(self, figure: Figure) -> Artists:
        """Draw what never moves; return what does, by name, each with `animated=True`."""

    @abstractmethod
    def compute(self, state: State) -> Result:
        """Return everything that a state shows; the same state gives the same result."""

    @abstractmethod
    def draw(self, artists: Artists, result: Result) -> None:
        """Put a result into the moving artists."""

    @abstractmethod
    def describe(self, result: Result) -> str:
        """Return the values in words, as HTML."""

    def arrange(self) -> list[Any]:
        """Return the widgets of the control row; by default all controls."""
        return list(self.controls.values())

    def state(self) -> State:
        """Return what the controls are set to."""
        return self.state_type(**{name: _value(control) for name, control in self.controls.items()})

    def set(self, **values: Any) -> None:
        """Set several controls at once, and draw once.

        Raises
        ------
        ValueError
            If there is no such control, or it can't take the value. All controls are then where they were.
        """
        for name, value in values.items():
            if name not in self.controls:
                raise ValueError(f"{name}: expected one of {', '.join(self.controls)}")
            _within_range(name, value, self.controls[name])
        with _one_at_a_time:
            before = {name: self.controls[name].value for name in values}
            self._together = True
            try:
                for name, value in values.items():
                    try:
                        self.controls[name].value = value
                    except Exception as error:
                        for moved, old in before.items():
                            self.controls[moved].value = old
                        raise ValueError(f"{name}: can't be set to {value!r} ({error})") from None
            finally:
                self._together = False
            self.refresh()

    def close(self) -> None:
        """Take the explorer off the page, and give back what it holds: 10 MB of pictures and runs."""
        for part in vars(self).values():
            if isinstance(part, ipywidgets.Widget):
                _close_widgets(part)
        vars(self).clear()
        self.controls = {}

    def refresh(self) -> str:
        """Show the current state; return the problem met, or ""."""
        with _one_at_a_time, course_style():
            return self._refresh()

    def _refresh(self) -> str:
        self._shown_state = state = self.state()
        try:
            result = self.compute(state)
            self.draw(self.artists, result)
            words, self.problem = self.describe(result), ""
        except LearnersError as mistake:
            self.problem = f"Your function {mistake}."
        except Exception as error:
            self.problem = f"The explorer stumbled: {type(error).__name__}: {error}."
        if self.problem:
            words = (
                f'<p role="alert"><strong>⚠ {html.escape(self.problem)}</strong> The faded picture is not up to date.'
                " Mend the function, run its cell, and move any control.</p>"
            )
        self.live.show(faded=bool(self.problem))
        self.readout.value = words
        return self.problem

    def _moved(self, _change: object) -> None:
        with _one_at_a_time:
            if not self._together and (self.problem or self.state() != self._shown_state):
                self.refresh()

    def text(self) -> str:
        """Return the values in words, without markup."""
        return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.readout.value))).strip()

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self.shows}"

    def _ipython_display_(self) -> None:
        """Show the controls; where no kernel runs, the picture; where there are no pictures, a sentence."""
        script = resources.files(__package__).joinpath("accessibility.js").read_text("utf-8")
        display({"text/html": f"<script>{script}</script>", "text/plain": ""}, raw=True)
        width, height = self.size
        bundle = {
            **self.box._repr_mimebundle_(),
            "image/png": base64.b64encode(self.live.image.value).decode("ascii"),
            "text/plain": repr(self),
        }
        display(bundle, raw=True, metadata={"image/png": {"width": width, "height": height}})


def _value(control: Any) -> Any:
    """Return a control's value, without the last digits that a browser's arithmetic and Python's differ in."""
    if isinstance(control, ipywidgets.FloatLogSlider):
        return float(control.base ** round(np.log(control.value) / np.log(control.base), 6))
    return round(control.value, 9) if isinstance(control, ipywidgets.FloatSlider) else control.value


def _within_range(name: str, value: Any, control: Any) -> None:
    """Raise ValueError for a number beyond a slider's ends, which ipywidgets would move to the end."""
    if not isinstance(control, ipywidgets.FloatSlider | ipywidgets.FloatLogSlider | ipywidgets.IntSlider):
        return
    low, high = control.min, control.max
    if isinstance(control, ipywidgets.FloatLogSlider):
        low, high = control.base**low, control.base**high
    margin = 1e-9 * (high - low)
    if not isinstance(value, Real) or not low - margin <= value <= high + margin:
        raise ValueError(f"{name}: expected a number from {low:.4g} to {high:.4g}, got {value!r}")


# The explorers that each cell made: the run that made them (the id of its request), and they themselves.
_made_by_cell: dict[str, tuple[str, list[weakref.ref[Any]]]] = {}


def _close_older_ones_of_this_cell(new: Any) -> None:
    """Close what an earlier run of the same cell made; the page has thrown its picture away already."""
    kernel = getattr(get_ipython(), "kernel", None)
    request = kernel.get_parent("shell") if kernel else {}
    cell = request.get("metadata", {}).get("cellId")
    if not cell:
        return
    run = request["header"]["msg_id"]
    made_in, explorers = _made_by_cell.get(cell, ("", []))
    if made_in != run:
        for explorer in filter(None, (each() for each in explorers)):
            explorer.close()
        explorers = []
    _made_by_cell[cell] = run, [*explorers, weakref.ref(new)]


def _close_widgets(box: Any) -> None:
    """Close a widget, those in it, and the layouts and styles that ipywidgets leaves open."""
    for child in getattr(box, "children", ()):
        _close_widgets(child)
    for part in (box, getattr(box, "layout", None), getattr(box, "style", None)):
        if part is not None:
            part.unobserve_all()
            part.close()


def slider(kind: Any, label: str, value: float, low: float, high: float, step: float, **options: Any) -> Any:
    """Return a slider with a visible label, wide enough to be moved in small steps."""
    return kind(
        value=value,
        min=low,
        max=high,
        step=step,
        description=label,
        style={"description_width": "auto"},
        layout={"width": "290px"},
        **options,
    )
