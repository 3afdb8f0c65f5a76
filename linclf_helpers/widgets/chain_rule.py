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
    "backwards: ∂L/∂ŷ, how the loss changes with each probability, shape (1, 3)",
    "backwards: times ∂ŷ/∂z of shape (3, 3) gives ∂L/∂z, shape (1, 3)",
    "backwards: times ∂z/∂W of shape (3, 6) gives ∂L/∂W, put back into the shape of W, (2, 3)",
    "backwards: times ∂z/∂b of shape (3, 3) gives ∂L/∂b, shape (3,)",
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

    The way back starts with ∂L/∂L = 1 under L, and forks after ∂L/∂z: to ∂L/∂W and to ∂L/∂b, both at the first step.

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
    size = (900, 460)
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
        ax.set(xlim=(-0.9, 10.4), ylim=(-1.75, 5.1))
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
        # name, place of its box, where the arrow to it starts
        back = (
            ("∂L/∂ŷ", (6.9, 0.5), (9.2, 0.5)),
            ("∂L/∂z", (3.7, 0.5), (5.9, 0.5)),
            ("∂L/∂W", (0.5, 1.3), (2.75, 0.7)),
            ("∂L/∂b", (0.5, -0.6), (2.75, 0.3)),
        )
        label: dict[str, Any] = {"ha": "center", "va": "center", "color": PALETTE["loss"], "weight": "bold"}
        arrows = []
        for name, (x, y), tail in back:
            ax.text(x, y + (0.85 if y > 1 else -1.0), name, fontsize=13, **label)
            boxes.append(_box(ax, x, y, PALETTE["loss"]))
            path = {**arrow, "color": PALETTE["loss"]}
            half_width = 1.45 if name == "∂L/∂W" else 0.85
            (note := ax.annotate("", (x + half_width, y), tail, arrowprops=path)).set_animated(True)
            note.arrow_patch.set_animated(False) if note.arrow_patch is not None else None
            arrows.append(note)
        ax.text(9.6, -0.5, "∂L/∂L", fontsize=13, **label)
        ax.text(9.6, 0.5, "1", ha="center", va="center", family="monospace", bbox=_frame(PALETTE["loss"]), zorder=4)
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


def _frame(colour: str) -> dict[str, Any]:
    return {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": colour}


def _box(ax: Any, x: float, y: float, colour: str) -> Any:
    return ax.text(
        x, y, "?", ha="center", va="center", family="monospace", bbox=_frame(colour), animated=True, zorder=4
    )


def _column(values: Array) -> str:
    rows = values if values.ndim == 2 else values[:, None]
    return "\n".join(" ".join(f"{value:z5.2f}" for value in row) for row in rows)
