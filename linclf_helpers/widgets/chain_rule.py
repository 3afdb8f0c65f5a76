"""ChainRuleExplorer: forwards and backwards through the computation graph, one step at a time (notebook 02)."""

from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from linclf_helpers._validate import Array
from linclf_helpers.datasets import load_four_penguins
from linclf_helpers.forward import softmax
from linclf_helpers.gradients import dL_dYhat, softmax_jacobian
from linclf_helpers.plots import INK, MUTED, PALETTE
from linclf_helpers.widgets.explorer import Artists, Explorer

__all__ = ["ChainRuleExplorer"]

W = np.array([[0.3, -0.4, 0.5], [0.2, 0.6, -0.1]])  # (D, K), the made-up weights of notebook 00
b = np.array([0.1, -0.2, 0.0])
STAGES = (
    "the features x of one penguin, shape (2,)",
    "forwards: scores z = x W + b, shape (3,)",
    "forwards: probabilities ŷ = softmax(z), shape (3,)",
    "forwards: loss L = −log of the correct class's probability, one number",
    "backwards: ∂L/∂ŷ = −y/ŷ, shape (1, 3)",
    "backwards: times the softmax's Jacobian of shape (3, 3) gives ∂L/∂z = ŷ − y, shape (1, 3)",
    "backwards: times ∂z/∂W gives ∂L/∂W, the outer product of x and ∂L/∂z, shape (2, 3)",
    "backwards: times ∂z/∂b, the identity, gives ∂L/∂b = ∂L/∂z, shape (3,)",
)


@dataclass(frozen=True)
class ChainRuleState:
    """How many of the steps are done, and for which of the four penguins."""

    step: int
    penguin: int


@dataclass(frozen=True, eq=False)
class ChainRuleResult:
    """The numbers at every stage, and how many stages are shown."""

    step: int
    values: tuple[Array, ...]


class ChainRuleExplorer(Explorer[ChainRuleState, ChainRuleResult]):
    """The computation graph of the worked example, filling in node by node: first forwards, then backwards.

    Notes
    -----
    ∂L/∂W = ∂L/∂ŷ · ∂ŷ/∂z · ∂z/∂W. Used in notebook 02.

    Examples
    --------
    >>> explorer = ChainRuleExplorer()
    >>> explorer.forward.click()
    >>> explorer.state().step
    2
    """

    shows = "the chain x, z, ŷ, L with its numbers forwards, and the gradients filling in backwards"
    size = (900, 380)
    state_type = ChainRuleState

    def __init__(self) -> None:
        self._four = load_four_penguins()
        self.back = ipywidgets.Button(description="◀ Back", layout={"width": "90px"})
        self.forward = ipywidgets.Button(description="Next ▶", button_style="primary", layout={"width": "90px"})
        self.back.on_click(lambda _: self._go(-1))
        self.forward.on_click(lambda _: self._go(+1))
        names = [(f"{n}: {self._four.class_names[k]}", n) for n, k in enumerate(self._four.labels)]
        super().__init__(
            {
                "step": ipywidgets.IntSlider(value=1, min=0, max=len(STAGES) - 1, description="step"),
                "penguin": ipywidgets.Dropdown(options=names, description="penguin"),
            }
        )

    def arrange(self) -> list[Any]:
        """Put the two buttons first."""
        return [self.back, self.forward, *super().arrange()]

    def build(self, figure: Figure) -> Artists:
        """Draw the graph without its numbers."""
        ax = figure.subplots()
        ax.set(xlim=(-0.9, 10.4), ylim=(-0.4, 5.1))
        ax.set_axis_off()
        places = (0.5, 3.7, 6.9, 9.6)
        names, shapes = ("x", "z", "ŷ", "L"), ("(2,)", "(3,)", "(3,)", "one number")
        colours = (PALETTE["inputs"], INK, PALETTE["predictions"], PALETTE["loss"])
        arrow: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 15, "linewidth": 1.6, "color": MUTED}
        for place, name, shape, colour in zip(places, names, shapes, colours, strict=True):
            ax.text(place, 4.85, name, ha="center", va="center", color=colour, weight="bold", fontsize=15)
            ax.text(place, 4.5, shape, ha="center", va="center", color=MUTED, fontsize=9)
        operations = ("times W, plus b", "softmax", "− log of the\ncorrect class")
        for start, end, operation in zip(places[:-1], places[1:], operations, strict=True):
            ax.annotate("", (end - 0.75, 3.5), (start + 0.75, 3.5), arrowprops=arrow)
            ax.text((start + end) / 2, 3.65, operation, ha="center", va="bottom", fontsize=9)
        boxes = [_box(ax, place, 3.5, colour) for place, colour in zip(places, colours, strict=True)]
        back = (("∂L/∂ŷ", 6.9, 8.9), ("∂L/∂z", 3.7, 5.9), ("∂L/∂W", 0.5, 2.4))
        arrows = []
        for name, place, start in back:
            ax.text(place, 0.0, name, ha="center", va="center", color=PALETTE["loss"], weight="bold", fontsize=13)
            boxes.append(_box(ax, place, 1.1, PALETTE["loss"]))
            path = {**arrow, "color": PALETTE["loss"]}
            (note := ax.annotate("", (place + 1.1, 1.1), (start, 1.1), arrowprops=path)).set_animated(True)
            note.arrow_patch.set_animated(False) if note.arrow_patch is not None else None
            arrows.append(note)
        ax.text(9.6, 0.0, "∂L/∂b", ha="center", va="center", color=PALETTE["loss"], weight="bold", fontsize=13)
        boxes.append(_box(ax, 9.6, 1.1, PALETTE["loss"]))
        return {"boxes": boxes, "arrows": arrows}

    def compute(self, state: ChainRuleState) -> ChainRuleResult:
        """Return the numbers of all stages."""
        x, c = self._four.X[state.penguin], int(self._four.labels[state.penguin])
        z = x @ W + b
        y_hat = softmax(z)
        by_y_hat = dL_dYhat(y_hat, c)
        by_z = by_y_hat @ softmax_jacobian(y_hat)
        loss = -np.log(y_hat[[c]])
        return ChainRuleResult(state.step, (x, z, y_hat, loss, by_y_hat, by_z, np.outer(x, by_z), by_z))

    def draw(self, artists: Artists, result: ChainRuleResult) -> None:
        """Fill in the stages reached."""
        for stage, (box, values) in enumerate(zip(artists["boxes"], result.values, strict=True)):
            reached = stage <= result.step
            box.set_text(_column(values) if reached else "?")
            box.set_color(INK if reached else MUTED)
            box.get_bbox_patch().set_linewidth(3.5 if stage == result.step else 1.5)
        for stage, arrow in enumerate(artists["arrows"], start=4):
            arrow.set_visible(stage <= result.step)

    def describe(self, result: ChainRuleResult) -> str:
        """Say the step and its numbers."""
        numbers = _column(result.values[result.step]).replace("\n", "; ")
        return f"<strong>Step {result.step} of {len(STAGES) - 1}</strong>, {STAGES[result.step]}: {numbers}."

    def _go(self, by: int) -> None:
        slider = self.controls["step"]
        slider.value = min(max(slider.value + by, slider.min), slider.max)


def _box(ax: Any, x: float, y: float, colour: str) -> Any:
    box = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": colour}
    return ax.text(x, y, "?", ha="center", va="center", family="monospace", bbox=box, animated=True, zorder=4)


def _column(values: Array) -> str:
    rows = values if values.ndim == 2 else values[:, None]
    return "\n".join(" ".join(f"{value:z5.2f}" for value in row) for row in rows)
