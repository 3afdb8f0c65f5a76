"""DigitsExplorer: what a classifier of handwritten digits has learned, and where it is surely wrong (notebook 08)."""

import contextlib
from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np
import traitlets
from matplotlib.figure import Figure
from numpy.typing import NDArray

from linclf_helpers._validate import Array
from linclf_helpers.datasets import Dataset, load_digits
from linclf_helpers.forward import softmax
from linclf_helpers.history import History
from linclf_helpers.model import LinearClassifier
from linclf_helpers.plots import INK, MUTED, PALETTE, SIGNED
from linclf_helpers.training import gradient_descent
from linclf_helpers.widgets.explorer import Artists, Explorer, slider

__all__ = ["DigitsExplorer"]

STEPS = 200
INK_LEVELS = 16
MISTAKES = 4


@dataclass(frozen=True)
class DigitsState:
    """The training step, the class whose template is framed, the example, and the pad with its 64 pixels."""

    step: int
    digit: int
    example: int
    use_pad: bool
    pad: tuple[bool, ...]


@dataclass(frozen=True, eq=False)
class DigitsResult:
    """What the model of this step says."""

    state: DigitsState
    templates: Array
    image: Array
    label: int | None
    probabilities: Array
    accuracy: float
    mistakes: tuple[tuple[int, int, int, float], ...]
    mistaken: Array


class Pad(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Eight by eight switches to draw on; `value` is a tuple of 64 bools, row after row."""

    value: Any = traitlets.Tuple((False,) * 64)

    def __init__(self) -> None:
        self.pixels = [
            ipywidgets.ToggleButton(
                tooltip=f"row {row + 1}, column {column + 1}",
                layout={"width": "26px", "height": "24px", "margin": "1px", "padding": "0"},
            )
            for row, column in np.ndindex(8, 8)
        ]
        rows = [ipywidgets.HBox(self.pixels[8 * row : 8 * row + 8]) for row in range(8)]
        super().__init__([ipywidgets.Label("Your own digit: switch pixels on"), *rows])
        self.add_class("linclf-pad")
        for pixel in self.pixels:
            pixel.observe(self._drawn, names="value")
        self.observe(self._set, names="value")

    def _drawn(self, _change: object) -> None:
        self.value = tuple(pixel.value for pixel in self.pixels)

    def _set(self, _change: object) -> None:
        wanted = self.value
        with contextlib.ExitStack() as all_at_once:
            for pixel, on in zip(self.pixels, wanted, strict=True):
                all_at_once.enter_context(pixel.hold_trait_notifications())
                pixel.value, pixel.description = on, "■" if on else ""


class DigitsExplorer(Explorer[DigitsState, DigitsResult]):
    """The classifier of handwritten digits at every step of its training.

    Notes
    -----
    Trains 200 steps of gradient descent on three quarters of the digits when it is made (about a second), and keeps
    the weights of every step. All pictures and the accuracy are of the other quarter. Used in notebook 08.

    Examples
    --------
    >>> explorer = DigitsExplorer()
    >>> result = explorer.compute(explorer.state())
    >>> result.templates.shape, bool(result.accuracy > 0.9)
    ((10, 8, 8), True)
    """

    shows = "the ten weight templates, one digit with its probabilities, and the most confident mistakes"
    size = (900, 360)
    state_type = DigitsState

    def __init__(self) -> None:
        train, self._test = load_digits().train_test_split(seed=0)
        self._history = _train(train)
        self.pad = Pad()
        style = {"description_width": "auto"}
        clear = ipywidgets.Button(description="Clear", layout={"width": "80px"})
        clear.on_click(lambda _: self.set(pad=(False,) * 64))
        copy = ipywidgets.Button(description="Copy the example", layout={"width": "150px"})
        copy.on_click(lambda _: self.set(pad=self._example_as_pad(), use_pad=True))
        self.clear, self.copy = clear, copy
        use_pad = ipywidgets.Checkbox(description="show my own digit", indent=False, layout={"width": "auto"})
        self._below = ipywidgets.HBox([self.pad, ipywidgets.VBox([use_pad, copy, clear])])
        super().__init__(
            {
                "step": slider(ipywidgets.IntSlider, "training step", STEPS, 0, STEPS, 1),
                "example": slider(ipywidgets.IntSlider, "example", 0, 0, len(self._test.X) - 1, 1),
                "digit": ipywidgets.Dropdown(
                    options=list(range(10)), description="frame template", style=style, layout={"width": "170px"}
                ),
                "use_pad": use_pad,
                "pad": self.pad,
            }
        )
        self.box.children = (*self.box.children, self._below)
        self.controls["pad"].observe(self._pad_used, names="value")

    def arrange(self) -> list[Any]:
        """Leave the pad to the row below the picture."""
        return [self.controls[name] for name in ("step", "example", "digit")]

    def build(self, figure: Figure) -> Artists:
        """Draw axes, names and frames."""
        left, image, bars, right = figure.subplots(1, 4, width_ratios=[2.6, 1, 1.05, 1.05])
        left.set_title("Templates (orange for, blue against)")
        templates = left.imshow(np.zeros((22, 45)), cmap=SIGNED, vmin=-1, vmax=1, animated=True)
        for k in range(10):
            left.text(
                9 * (k % 5) - 0.4, 11 * (k // 5) - 0.6, str(k), va="bottom", fontsize=9, weight="bold", color=MUTED
            )
        left.set(xlim=(-1, 45), ylim=(20.5, -2.6))
        (frame,) = left.plot([], [], color=INK, linewidth=2, animated=True)
        image.set_title("Example")
        digit = image.imshow(np.zeros((8, 8)), cmap="Greys", vmin=0, vmax=INK_LEVELS, animated=True)
        bars.set(title="Probabilities", xlim=(0, 1.75), ylim=(9.6, -0.6), xticks=[])
        bars.set_yticks(range(10), [str(k) for k in range(10)])
        bars.tick_params(length=0)
        patches = bars.barh(range(10), 0.5, height=0.7, color=PALETTE["predictions"], animated=True).patches
        numbers = [bars.text(0, k, "", va="center", fontsize=9, animated=True) for k in range(10)]
        (truth,) = bars.plot([], [], "<", color=PALETTE["labels"], markersize=10, animated=True)
        right.set_title("Surely wrong")
        mistakes = right.imshow(np.zeros((9 * MISTAKES, 8)), cmap="Greys", vmin=0, vmax=INK_LEVELS, animated=True)
        right.set(xlim=(-0.5, 20), ylim=(9 * MISTAKES - 0.5, -0.5))
        words = [right.text(8.5, 9 * m + 3.5, "", va="center", fontsize=9, animated=True) for m in range(MISTAKES)]
        for ax in (left, image, right):
            ax.set_axis_off()
        return {
            "templates": templates, "frame": frame, "image": digit, "bars": patches, "numbers": numbers,
            "truth": truth, "mistakes": mistakes, "words": words,
        }  # fmt: skip

    def compute(self, state: DigitsState) -> DigitsResult:
        """Return templates, probabilities and mistakes of the model at one step."""
        W, b = self._history.W_path[state.step], self._history.b_path[state.step]
        X, labels = self._test.X, self._test.labels
        Y_hat = softmax(X / INK_LEVELS @ W + b)
        guesses = Y_hat.argmax(axis=1)
        sure = np.where(guesses == labels, -1.0, Y_hat.max(axis=1))
        worst = [n for n in np.argsort(-sure, kind="stable")[:MISTAKES] if sure[n] >= 0]
        mistaken = np.zeros((MISTAKES, 9, 8))
        for place, n in enumerate(worst):
            mistaken[place, :8] = X[n].reshape(8, 8)
        image: NDArray[Any] = INK_LEVELS * np.array(state.pad, dtype=float) if state.use_pad else X[state.example]
        return DigitsResult(
            state=state,
            templates=W.T.reshape(10, 8, 8),
            image=image.reshape(8, 8),
            label=None if state.use_pad else int(labels[state.example]),
            probabilities=softmax(image / INK_LEVELS @ W + b),
            accuracy=float((guesses == labels).mean()),
            mistakes=tuple((int(n), int(labels[n]), int(guesses[n]), float(sure[n])) for n in worst),
            mistaken=mistaken.reshape(-1, 8),
        )

    def draw(self, artists: Artists, result: DigitsResult) -> None:
        """Set pictures, bars and words."""
        mosaic = np.full((2, 11, 5, 9), np.nan)
        largest = np.abs(result.templates).max() or 1.0
        mosaic[:, :8, :, :8] = (result.templates / largest).reshape(2, 5, 8, 8).transpose(0, 2, 1, 3)
        artists["templates"].set_data(np.ma.masked_invalid(mosaic.reshape(22, 45)))
        top, left = 11 * (result.state.digit // 5), 9 * (result.state.digit % 5)
        artists["frame"].set_data(left + np.array([-1, 8, 8, -1, -1]), top + np.array([-1, -1, 8, 8, -1]))
        artists["image"].set_data(result.image)
        for bar, number, p in zip(artists["bars"], artists["numbers"], result.probabilities, strict=True):
            bar.set_width(p)
            number.set(x=p + 0.03, text=f"{p:.2f}" if p >= 0.005 else "")
        truth = [] if result.label is None else [result.label]
        artists["truth"].set_data([1.6] * len(truth), truth)
        artists["mistakes"].set_data(result.mistaken)
        for m, words in enumerate(artists["words"]):
            known = m < len(result.mistakes)
            words.set_text("is {1}, said {2}\n({3:.0%} sure)".format(*result.mistakes[m]) if known else "")

    def describe(self, result: DigitsResult) -> str:
        """Say the guess, the label, the accuracy and the mistakes."""
        guess = int(result.probabilities.argmax())
        sure = f"{guess} with probability {result.probabilities[guess]:.2f}"
        what = "Your digit" if result.label is None else f"Example {result.state.example}, a {result.label}"
        wrong = "; ".join(f"example {n} is {k}, said {g} ({p:.0%})" for n, k, g, p in result.mistakes)
        return (
            f"Step {result.state.step}: {result.accuracy:.1%} of the test digits right. {what}: the model says {sure}."
            f" {_arrow(result)} Surest mistakes: {wrong or 'none'}."
        )

    def _example_as_pad(self) -> tuple[bool, ...]:
        image = self._test.X[self.controls["example"].value]
        return tuple(bool(ink >= INK_LEVELS / 2) for ink in image)

    def _pad_used(self, _change: object) -> None:
        """Show the pad as soon as somebody draws on it."""
        if not self._together:
            self.controls["use_pad"].value = True


def _arrow(result: DigitsResult) -> str:
    return "" if result.label is None else "The arrow ◀ marks the right one."


def _train(train: Dataset) -> History:
    model = LinearClassifier(n_features=64, n_classes=10)
    return gradient_descent(model, train.X / INK_LEVELS, train.labels, learning_rate=0.5, steps=STEPS)
