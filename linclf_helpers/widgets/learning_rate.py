"""LearningRateExplorer: what a learning rate does, from too small to wild (notebook 07)."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from linclf_helpers._validate import Array
from linclf_helpers.datasets import Dataset, load_penguins, make_blobs
from linclf_helpers.loss_surface import LossSlice, loss_slice
from linclf_helpers.plots import CLASS_COLOURS, INK, MUTED, PALETTE, loss_surface, scatter_classes
from linclf_helpers.sweeps import SweepRuns, safe_learning_rate, sweep_runs
from linclf_helpers.widgets.explorer import Artists, Explorer
from linclf_helpers.widgets.live import Regions

__all__ = ["LearningRateExplorer", "verdict"]

RATES = 10.0 ** (-4 + 0.06 * np.arange(101))
STEPS = 200
GOAL, GOAL_STEPS = 0.10, 100
STANDARDISED, RAW, BLOBS = "penguins, standardised", "penguins in millimetres", "made-up blobs"
GRID = (300, 240)  # rows and columns of the map of decision regions, about one cell per CSS pixel
TOP = 2.2  # of the axis of the loss; beyond, the words say how much


@dataclass(frozen=True)
class LearningRateState:
    """What trains, how fast, and which of its steps is shown. A batch size of 0 stands for all examples."""

    data: str
    learning_rate: float
    steps: int
    batch_size: int
    momentum: float


@dataclass(frozen=True, eq=False)
class LearningRateResult:
    """One run up to one of its steps, and where it stands among all rates."""

    state: LearningRateState
    learning_rate: float
    safe: float
    losses: Array
    losses_by_rate: Array
    classes: NDArray[np.integer[Any]]
    path: Array
    verdict: str
    words: str


@dataclass(frozen=True, eq=False)
class _Problem:
    data: Dataset
    safe: float
    surface: LossSlice


def verdict(losses: ArrayLike, best: float, noisy: bool = False) -> tuple[str, str]:
    """Judge a run of gradient descent by its losses.

    Parameters
    ----------
    losses : array of shape (steps + 1,)
    best : float
        The lowest loss there is.
    noisy : bool, default False
        Whether the steps were taken on batches, so that rises are no sign of too large a rate.

    Returns
    -------
    verdict : str
        "not started", "wild", "oscillating", "noisy", "too slow" or "good".
    words : str
        One sentence that says why.

    Notes
    -----
    Wild: above the start in the last quarter, on average. Oscillating (noisy, with batches): more than one step
    in ten goes up. Too slow: less than nine tenths of the way down. Good: all else. Used in notebook 07.

    Examples
    --------
    >>> verdict([1.1, 3.0, 5.0, 9.0], best=0.1)
    ('wild', 'from step 1 on the loss is above its start at times, up to 9.0000')
    """
    losses = np.asarray(losses, dtype=float)
    if len(losses) == 1:
        return "not started", "no step taken yet: every class has the same probability"
    if losses[-max(1, len(losses) // 4) :].mean() > losses[0]:
        first = int(np.flatnonzero(losses > losses[0])[0])
        return "wild", f"from step {first} on the loss is above its start at times, up to {_number(losses.max())}"
    ups = int((np.diff(losses) > 1e-9).sum())
    share = (losses[0] - losses[-1]) / (losses[0] - best)
    if ups > 0.1 * (len(losses) - 1):
        if noisy:
            return "noisy", f"the loss rose in {ups} of {len(losses) - 1} steps, as batches differ"
        return "oscillating", f"the loss rose in {ups} of {len(losses) - 1} steps: they overshoot"
    if share < 0.9:
        return "too slow", f"only {max(share, 0):.0%} of the way down to the lowest loss, {best:.2f}"
    return "good", f"{share:.1%} of the way down to the lowest loss, {best:.2f}"


class LearningRateExplorer(Explorer[LearningRateState, LearningRateResult]):
    """The learning rate on a logarithmic slider, with everything that depends on it.

    Notes
    -----
    All 101 rates have been run before the slider is first moved (`linclf_helpers.sweeps.sweep_runs`), so a move
    only looks up. Another batch size or momentum is run when it is first chosen, in a tenth of a second.
    Used in notebook 07.

    Examples
    --------
    >>> explorer = LearningRateExplorer()
    >>> explorer.set(learning_rate=0.5)
    >>> explorer.compute(explorer.state()).verdict
    'good'
    """

    shows = (
        "loss curve, loss by learning rate with 1/β and 2/β marked, decision regions,"
        " and the shadow of the path on a slice of the loss"
    )
    size = (900, 430)
    state_type = LearningRateState

    def __init__(self) -> None:
        everyone = load_penguins()
        blobs = make_blobs(np.random.default_rng(3), n_examples=300, n_classes=4, spread=1.4)
        data = {STANDARDISED: everyone.standardize(), RAW: everyone, BLOBS: blobs}
        self._problems = {name: _Problem(one, safe_learning_rate(one.X), loss_slice(one)) for name, one in data.items()}
        self._run = cache(self._run_all_rates)
        for name in data:
            self._run(name, 0, 0.0)
        layout = {"width": "265px"}
        style = {"description_width": "auto"}
        self.marks = ipywidgets.HTML()
        steps = ipywidgets.IntSlider(
            value=100, min=0, max=STEPS, description="steps", style=style, layout={"width": "420px"}
        )
        self.play = ipywidgets.Play(min=0, max=STEPS, value=100, interval=120, description="Play the steps")
        self._link = ipywidgets.jslink((self.play, "value"), (steps, "value"))
        super().__init__(
            {
                "learning_rate": ipywidgets.FloatLogSlider(
                    value=0.1, base=10, min=-4, max=2, step=0.06, description="learning rate η", readout_format=".2g",
                    style={"description_width": "110px"}, layout={"width": "880px"},
                ),
                "steps": steps,
                "data": ipywidgets.Dropdown(options=list(data), description="data", style=style, layout=layout),
                "batch_size": ipywidgets.Dropdown(
                    options=[("all", 0), ("32", 32), ("1", 1)], description="examples per step",
                    style=style, layout=layout,
                ),
                "momentum": ipywidgets.Dropdown(
                    options=[("none", 0.0), ("0.5", 0.5), ("0.9", 0.9)], description="momentum",
                    style=style, layout={"width": "170px"},
                ),
            }
        )  # fmt: skip

    def arrange(self) -> list[Any]:
        """Put the marks 1/β and 2/β under the slider, and Play beside the steps."""
        of = self.controls
        rate = ipywidgets.VBox([of["learning_rate"], self.marks])
        return [of["data"], of["batch_size"], of["momentum"], rate, of["steps"], self.play]

    def build(self, figure: Figure) -> Artists:
        """Draw axes; what belongs to one data set is drawn when it is first chosen."""
        grid = figure.add_gridspec(2, 3, width_ratios=[1.15, 1, 1], height_ratios=[1.4, 1])
        curve, by_rate = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[1, 0])
        plane, surface = figure.add_subplot(grid[:, 1]), figure.add_subplot(grid[:, 2])
        curve.set(title="Loss at each step", xlim=(-4, STEPS + 4), ylim=(0, TOP), ylabel="loss (nats)")
        curve.axhline(GOAL, color=MUTED, linewidth=1, linestyle="--")
        curve.text(0, GOAL + 0.03, f"goal {GOAL:.2f}", ha="left", color=MUTED, fontsize=9)
        by_rate.set(
            title="Loss by learning rate", xlim=(RATES[0], RATES[-1]), ylim=(0.03, 3e3), xscale="log", yscale="log"
        )
        by_rate.set(xlabel="η", xticks=10.0 ** np.arange(-4, 3), yticks=[0.1, 1, 10, 100, 1000])
        by_rate.minorticks_off()
        plane.set(title="Decision regions")
        surface.set(title="Shadow on a slice")
        moving: dict[str, Any] = {"animated": True, "color": PALETTE["loss"]}
        artists = {
            "axes": (curve, by_rate, plane, surface),
            "future": curve.plot([], [], color=MUTED, linewidth=1.2, animated=True)[0],
            "past": curve.plot([], [], **moving)[0],
            "now": curve.plot([], [], "o", markersize=7, **moving)[0],
            "by_rate": by_rate.plot([], [], **moving)[0],
            "rate_now": by_rate.plot([], [], "o", markersize=8, markeredgecolor=INK, **moving)[0],
            "regions": Regions(plane, CLASS_COLOURS[:4]),
            "path": surface.plot([], [], "-", linewidth=1.2, marker=".", markersize=5, **moving)[0],
            "here": surface.plot([], [], "o", markersize=9, markeredgecolor=INK, **moving)[0],
            "of_data": [],
        }
        self._show_data(artists, STANDARDISED)
        return artists

    def compute(self, state: LearningRateState) -> LearningRateResult:
        """Look the run up, and say what it did."""
        problem, runs = self._problems[state.data], self._run(state.data, state.batch_size, state.momentum)
        rate = int(np.abs(np.log(RATES / state.learning_rate)).argmin())
        losses, W, b = runs.losses[rate], runs.W_path[rate], runs.b_path[rate]
        xs, ys = self._edges(problem.data)
        Z = W[state.steps, 0, :, None, None] * xs + W[state.steps, 1, :, None, None] * ys[:, None]
        Z += b[state.steps, :, None, None]
        judged, words = verdict(losses[: state.steps + 1], problem.surface.best, state.batch_size > 0)
        path = problem.surface.shadow(W[: state.steps + 1], b[: state.steps + 1])
        return LearningRateResult(
            state, float(RATES[rate]), problem.safe, losses, runs.losses[:, state.steps], Z.argmax(axis=0), path,
            judged, words,
        )  # fmt: skip

    def draw(self, artists: Artists, result: LearningRateResult) -> None:
        """Set lines, regions and the path; with other data also what stands behind them."""
        if result.state.data != self._shown:
            self._show_data(artists, result.state.data)
            self.live.freeze()
        steps, shown = np.arange(STEPS + 1), result.state.steps
        above = 2 * TOP  # a finite height outside the axes, which matplotlib draws faster than a million
        losses = np.minimum(result.losses, above)
        artists["future"].set_data(steps[shown:], losses[shown:])
        artists["past"].set_data(steps[: shown + 1], losses[: shown + 1])
        artists["now"].set_data([shown], [min(losses[shown], 0.97 * TOP)])
        artists["now"].set_marker("^" if losses[shown] > TOP else "o")
        artists["by_rate"].set_data(RATES, result.losses_by_rate)
        artists["rate_now"].set_data([result.learning_rate], [result.losses[shown]])
        artists["regions"].set_classes(result.classes)
        surface = artists["axes"][3]
        (left, right), (low, high) = surface.get_xlim(), surface.get_ylim()
        path = np.clip(result.path, [2 * left - right, 2 * low - high], [2 * right - left, 2 * high - low])
        artists["path"].set_data(*path.T)
        here = np.clip(path[-1], [left, low], [right, high])
        artists["here"].set_data(*here[:, None])
        artists["here"].set_marker("o" if (here == path[-1]).all() else "X")

    def describe(self, result: LearningRateResult) -> str:
        """Say the verdict, the loss, the place among 1/β and 2/β, and whether the goal is reached."""
        loss = result.losses[result.state.steps]
        reached = result.losses[GOAL_STEPS] < GOAL
        times = result.learning_rate / result.safe
        lowest = self._problems[result.state.data].surface.best
        if reached:
            goal = f"<strong>✓ Goal reached</strong>: {result.losses[GOAL_STEPS]:.3f} in {GOAL_STEPS} steps"
        elif lowest >= GOAL:
            goal = f"The goal, below {GOAL:.2f}, is out of reach with these data: the lowest loss is {lowest:.2f}"
        else:
            goal = f"Goal, below {GOAL:.2f} in {GOAL_STEPS} steps: not yet ({_number(result.losses[GOAL_STEPS])})"
        return (
            f"<strong>Verdict: {result.verdict}</strong>, {result.words}.<br>"
            f"η = {result.learning_rate:.2g}, which is {times:.3g} times 1/β = {result.safe:.2g}"
            f" ({'below' if times < 2 else 'above'} 2/β)."
            f" Loss after {result.state.steps} step{'' if result.state.steps == 1 else 's'}: {_number(loss)}. {goal}."
        )

    def _run_all_rates(self, data: str, batch_size: int, momentum: float) -> SweepRuns:
        of = self._problems[data].data
        return sweep_runs(of.X, of.labels, RATES, STEPS, batch_size or None, momentum, np.random.default_rng(0))

    def _edges(self, data: Dataset) -> tuple[Array, Array]:
        low, high = data.X.min(axis=0), data.X.max(axis=0)
        margin = 0.06 * (high - low)
        rows, columns = GRID
        return (
            np.linspace(low[0] - margin[0], high[0] + margin[0], columns),
            np.linspace(low[1] - margin[1], high[1] + margin[1], rows),
        )

    def _show_data(self, artists: Artists, name: str) -> None:
        """Draw what stands behind the moving parts anew: points, contours, the marks 1/β and 2/β."""
        problem = self._problems[name]
        _, by_rate, plane, surface = artists["axes"]
        for artist in artists["of_data"]:
            artist.remove()
        before = {id(artist) for ax in artists["axes"] for artist in ax.get_children()}
        for times, place in ((1, "right"), (2, "left")):
            by_rate.axvline(times * problem.safe, color=INK, linewidth=1, linestyle="-" if times == 1 else "--")
            by_rate.text(times * problem.safe, 1.4e3, f" {times}/β ", ha=place, va="center", fontsize=9)
        xs, ys = self._edges(problem.data)
        scatter_classes(plane, problem.data, label=False)
        for k, species in enumerate(problem.data.class_names):
            plane.annotate(species, problem.data.X[problem.data.labels == k].mean(axis=0), ha="center", fontsize=9,
                           weight="bold", color=CLASS_COLOURS[k], zorder=5,
                           bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"})  # fmt: skip
        plane.set(xlim=xs[[0, -1]], ylim=ys[[0, -1]], xlabel=problem.data.feature_names[0])
        plane.set_ylabel(problem.data.feature_names[1])
        loss_surface(surface, problem.surface)
        artists["of_data"] = [
            artist for ax in artists["axes"] for artist in ax.get_children() if id(artist) not in before
        ]
        self._shown = name
        self.marks.value = _marks_under_slider(problem.safe)


def _marks_under_slider(safe: float) -> str:
    """Return ticks at 1/β and 2/β, placed under the track of the slider above."""
    marks = []
    for times, side in ((1, "right"), (2, "left")):
        place = 100 * (np.log10(times * safe) + 4) / 6
        shift = "translateX(-100%)" if side == "right" else "none"
        border = f"border-{side}:2px solid currentColor"
        marks.append(
            f'<span style="position:absolute;left:{place:.1f}%;transform:{shift};{border};padding:0 4px;'
            f'line-height:15px">{times}/β = {times * safe:.2g}</span>'
        )
    return f'<div style="position:relative;height:16px;margin:0 80px 0 126px">{"".join(marks)}</div>'


def _number(loss: float) -> str:
    return f"{loss:.4f}" if loss < 10 else f"{loss:,.0f}"
