"""The explorers without a browser: every position of every control, the numbers behind them, errors, leaks."""

import base64
import dataclasses
import gc
import io
import itertools
import re
import sys
import threading
import tracemalloc
import weakref
from types import SimpleNamespace
from typing import Any

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from PIL import Image
from scipy.optimize import minimize
from scipy.special import softmax as scipy_softmax

from linclf_helpers import widgets
from linclf_helpers.datasets import Dataset, load_penguins
from linclf_helpers.forward import cross_entropy_from_logits
from linclf_helpers.forward import softmax as stable_softmax
from linclf_helpers.gradcheck import check_gradient, error_by_step_size
from linclf_helpers.loss_surface import loss_slice
from linclf_helpers.model import LinearClassifier
from linclf_helpers.plots import CARD, CLASS_COLOURS, INK, MUTED, PALETTE, SIGNED
from linclf_helpers.sweeps import safe_learning_rate, sweep_runs
from linclf_helpers.training import gradient_descent
from linclf_helpers.widgets import explorer as explorer_module
from linclf_helpers.widgets import learning_rate as lr
from linclf_helpers.widgets.explorer import Explorer, LearnersError, LearnersFunction
from linclf_helpers.widgets.live import LiveFigure, Regions, course_style

EXPLORERS = [getattr(widgets, name) for name in widgets.__all__ if name.endswith("Explorer")]


@pytest.fixture(scope="module", params=EXPLORERS, ids=lambda kind: kind.__name__)
def shared(request: pytest.FixtureRequest) -> Any:
    """One explorer of each kind for the whole module, with small pictures; tests leave it as they like."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Explorer, "ratio", 0.5)
        return request.param()


@pytest.fixture
def explorer(shared: Any) -> Any:
    """The shared explorer, set back to its first setting."""
    shared.reset.click()
    assert shared.problem == ""
    return shared


def picture(explorer: Any) -> bytes:
    return bytes(explorer.live.image.value)


def decoded(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def positions(control: Any) -> list[Any]:
    """Every value that a control can take."""
    if hasattr(control, "options"):
        return [option[1] if isinstance(option, tuple) else option for option in control.options]
    if isinstance(control, ipywidgets.Checkbox):
        return [False, True]
    if isinstance(control, ipywidgets.FloatLogSlider):
        n = round((control.max - control.min) / control.step)
        return [control.base ** (control.min + k * control.step) for k in range(n + 1)]
    if isinstance(control, ipywidgets.VBox):  # the pad: nothing, everything, and one pixel after the other
        single = [tuple(k == pixel for k in range(64)) for pixel in range(64)]
        return [(False,) * 64, (True,) * 64, *single]
    return [control.min + k * control.step for k in range(round((control.max - control.min) / control.step) + 1)]


def move(explorer: Any) -> None:
    """Move the first control to the end that it is not at."""
    control = next(iter(explorer.controls.values()))
    first, last = positions(control)[0], positions(control)[-1]
    control.value = last if control.value != last else first


def arrays(result: Any) -> list[np.ndarray]:
    """All arrays of floats in a result, nested tuples included."""
    found = []
    for field in dataclasses.fields(result):
        value = getattr(result, field.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, np.ndarray | float) and np.asarray(part).dtype.kind == "f":
                found.append(np.asarray(part))
    return found


class TestEveryExplorer:
    def test_every_position_of_every_control(self, explorer: Any) -> None:
        for name, control in explorer.controls.items():
            explorer.reset.click()
            if name == "pad":
                explorer.set(use_pad=True)
            for value in positions(control):
                result = explorer.compute(dataclasses.replace(explorer.state(), **{name: value}))
                words = explorer.describe(result)
                assert "nan" not in words, (name, value, words)

    def test_pictures_along_every_control(self, explorer: Any) -> None:
        for name, control in explorer.controls.items():
            explorer.reset.click()
            if name == "pad":
                explorer.set(use_pad=True)
            some = positions(control)
            some = some[:: max(1, len(some) // 12)]
            pictures = set()
            for value in some:
                control.value = value
                assert explorer.problem == "", (name, value)
                assert decoded(picture(explorer)).std() > 5, (name, value)  # not empty
                pictures.add(picture(explorer))
            assert len(pictures) > 0.8 * len(some), (name, len(pictures), len(some))

    def test_extremes_together(self, explorer: Any) -> None:
        """The ends of all controls in all combinations, where one alone might be harmless."""
        ends = [(positions(c)[0], positions(c)[-1]) for c in explorer.controls.values()]
        for values in itertools.product(*ends):
            explorer.set(**dict(zip(explorer.controls, values, strict=True)))
            assert explorer.problem == "", values

    def test_compute_is_pure_and_finite(self, explorer: Any) -> None:
        rng = np.random.default_rng(0)
        for _ in range(40):
            values = {name: positions(c)[rng.integers(len(positions(c)))] for name, c in explorer.controls.items()}
            state = explorer.state_type(**values)
            first, second = explorer.compute(state), explorer.compute(state)
            for a, b in zip(arrays(first), arrays(second), strict=True):
                assert np.array_equal(a, b, equal_nan=True)
                assert not np.isnan(a).any() or type(explorer) is widgets.SoftmaxExplorer  # shows the naive nan
            with pytest.raises(dataclasses.FrozenInstanceError):
                state.anything = 1

    def test_the_same_state_gives_the_same_picture(self, explorer: Any) -> None:
        first, words = picture(explorer), explorer.readout.value
        move(explorer)
        assert picture(explorer) != first
        explorer.reset.click()
        assert (picture(explorer), explorer.readout.value) == (first, words)

    def test_setting_several_controls_draws_once(self, explorer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        drawn = []
        monkeypatch.setattr(explorer.live, "show", lambda faded: drawn.append(faded))
        explorer.set(**{name: positions(control)[-1] for name, control in explorer.controls.items()})
        assert drawn == [False]

    def test_every_control_has_a_label(self, explorer: Any) -> None:
        for control in explorer.controls.values():
            if isinstance(control, ipywidgets.VBox):
                assert len({pixel.tooltip for pixel in control.pixels}) == 64
            else:
                assert control.description
        assert explorer.reset.description

    def test_repr_is_stable_and_says_what_is_seen(self, explorer: Any) -> None:
        first = repr(explorer)
        move(explorer)
        assert repr(explorer) == first == f"{type(explorer).__name__}: {explorer.shows}"
        assert len(first) < 200

    def test_display(self, explorer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        shown: list[tuple[dict[str, Any], dict[str, Any]]] = []
        monkeypatch.setattr(explorer_module, "display", lambda data, raw, metadata=None: shown.append((data, metadata)))
        explorer._ipython_display_()
        explorer._ipython_display_()  # a second view of the same
        script, bundle = shown[0][0], shown[1][0]
        assert "<script>" in script["text/html"]
        assert script["text/plain"] == ""
        assert bundle["text/plain"] == repr(explorer)
        assert base64.b64decode(bundle["image/png"]) == picture(explorer)
        width, height = explorer.size
        assert shown[1][1] == {"image/png": {"width": width, "height": height}}
        assert (
            shown[3][0]["application/vnd.jupyter.widget-view+json"]
            == bundle["application/vnd.jupyter.widget-view+json"]
        )

    def test_a_move_redraws_only_what_moves(self, explorer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Figure, "draw", lambda *_: pytest.fail("the whole figure was drawn again"))
        move(explorer)
        assert explorer.problem == ""

    def test_own_errors_are_shown_not_raised(self, explorer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(state: Any) -> Any:
            raise RuntimeError("x < y & z")

        good = picture(explorer)
        with monkeypatch.context() as patch:
            patch.setattr(explorer, "compute", broken)
            explorer.refresh()
            assert "RuntimeError: x < y & z" in explorer.problem
            assert "x &lt; y &amp; z" in explorer.readout.value
            assert picture(explorer) != good  # faded
        explorer.refresh()
        assert explorer.problem == ""
        assert picture(explorer) == good


def test_two_hundred_moves_leave_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Explorer, "ratio", 0.5)
    explorer = widgets.LearningRateExplorer()
    slider = explorer.controls["learning_rate"]
    values = positions(slider)

    def move(times: int) -> None:
        for k in range(times):
            slider.value = values[k % len(values)]

    move(len(values))
    gc.collect()
    figures, models = len(plt.get_fignums()), len(ipywidgets.widgets.widget._instances)
    objects = len(gc.get_objects())
    tracemalloc.start()
    move(len(values))  # what is replaced at every move is now counted once
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    move(200)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(plt.get_fignums()) == figures
    assert len(ipywidgets.widgets.widget._instances) == models
    assert len(gc.get_objects()) < objects + 500
    assert after - before < 200_000  # one picture is 15,000 bytes: two hundred would be 3 million


class TestSet:
    @pytest.mark.parametrize(
        ("values", "says"),
        [
            ({"z0": 4, "z9": 1}, "z9: expected one of z0, z1, z2, shift, temperature"),
            ({"z0": 4, "z1": 99}, "z1: expected a number from -5 to 5, got 99"),
            ({"z0": 4, "z1": "x"}, "z1: expected a number from -5 to 5, got 'x'"),
            ({"z0": 4, "z1": np.nan}, "z1: expected a number from -5 to 5, got nan"),
        ],
    )
    def test_all_or_nothing(self, values: dict[str, Any], says: str) -> None:
        explorer = widgets.SoftmaxExplorer()
        before = explorer.state()
        with pytest.raises(ValueError, match=re.escape(says)):
            explorer.set(**values)
        assert explorer.state() == before

    def test_a_value_that_is_no_option(self) -> None:
        explorer = widgets.LinearLayerExplorer()
        before = explorer.state()
        with pytest.raises(ValueError, match="penguin: can't be set to 9"):
            explorer.set(change=2.0, penguin=9)
        assert explorer.state() == before

    def test_ends_of_a_logarithmic_slider(self) -> None:
        explorer = widgets.CrossEntropyExplorer()
        explorer.set(h=10**-0.5)
        with pytest.raises(ValueError, match=r"h: expected a number from 1e-12 to 0.3162, got 1"):
            explorer.set(h=1)


class TestClose:
    def test_nothing_stays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Explorer, "ratio", 0.5)
        open_before = set(ipywidgets.widgets.widget._instances)
        for kind in (widgets.SoftmaxExplorer, widgets.LearningRateExplorer):
            explorer = kind()
            figure = weakref.ref(explorer.live.figure)
            explorer.close()
            gc.collect()
            assert figure() is None
            assert set(ipywidgets.widgets.widget._instances) == open_before
            assert repr(explorer).startswith(f"{kind.__name__}: ")  # Out[n] still shows it

    def test_running_a_cell_again_closes_what_it_made(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Explorer, "ratio", 0.5)
        request: dict[str, Any] = {}
        shell = SimpleNamespace(kernel=SimpleNamespace(get_parent=lambda channel: request))
        monkeypatch.setattr(explorer_module, "get_ipython", lambda: shell)

        def run(cell: str, run: str) -> Any:
            request.update(metadata={"cellId": cell}, header={"msg_id": run})
            return widgets.SoftmaxExplorer()

        first, beside = run("a", "1"), run("a", "1")
        other = run("b", "2")
        assert first.controls
        assert beside.controls
        assert other.controls
        again = run("a", "3")
        assert not first.controls
        assert not beside.controls
        assert other.controls
        assert again.controls
        request.clear()  # a front end that does not say which cell it runs
        assert widgets.SoftmaxExplorer().controls
        assert again.controls


def test_moves_from_several_threads_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """JupyterLab may handle each control's messages in a thread of its own; no picture may be drawn into another."""
    monkeypatch.setattr(Explorer, "ratio", 0.5)
    explorer, own = widgets.JacobianExplorer(), widgets.JacobianExplorer()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    draws, most = [], []
    pixels = explorer.live.pixels

    def counted() -> Any:
        draws.append(1)
        most.append(len(draws))
        try:
            return pixels()
        finally:
            draws.pop()

    monkeypatch.setattr(explorer.live, "pixels", counted)

    def move_one(name: str) -> None:
        for value in np.linspace(-5, 5, 12).round(1):
            explorer.controls[name].value = float(value)

    try:
        threads = [threading.Thread(target=move_one, args=[name]) for name in explorer.controls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert max(most) == 1  # never two pictures at a time
    own.set(z0=5.0, z1=5.0, z2=5.0)
    assert picture(explorer) == picture(own)  # the last state is the one shown
    assert explorer.problem == ""


class TestLiveFigure:
    def test_size_palette_and_moving_parts(self) -> None:
        live = LiveFigure(300, 200)
        ax = live.figure.subplots()
        ax.set(xlim=(0, 1), ylim=(0, 1))
        ax.text(0.5, 0.9, "stays")
        (line,) = ax.plot([0, 1], [0.5, 0.5], animated=True)
        live.freeze()
        live.show()
        first = bytes(live.image.value)
        image = Image.open(io.BytesIO(first))
        assert (image.size, image.mode) == ((600, 400), "P")
        assert (live.image.layout.width, live.image.layout.height) == ("300px", "200px")
        line.set_ydata([0.2, 0.2])
        live.show()
        second = bytes(live.image.value)
        changed = (decoded(first) != decoded(second)).any(axis=2)
        assert changed.any()
        assert changed.any(axis=1).sum() < 20  # the rows of the two lines, and nothing else
        line.set_ydata([0.5, 0.5])
        live.show()
        assert bytes(live.image.value) == first

    def test_close_to_a_full_draw(self) -> None:
        """Background plus moving parts is what matplotlib draws, but for the shades that the palette lacks."""
        live = LiveFigure(300, 200, ratio=1)
        with course_style():
            ax = live.figure.subplots()
        (line,) = ax.plot([0, 1], [0, 1], animated=True, color=PALETTE["loss"])
        live.freeze()
        ours = decoded(live.encode(live.pixels())).astype(int)
        line.set_animated(False)
        live._canvas.draw()
        full = np.asarray(live._canvas.buffer_rgba())[:, :, :3].astype(int)
        assert np.abs(ours - full).mean() < 1
        assert np.abs(ours - full).max() < 40

    def test_every_colour_of_the_course_stays_what_it_is(self) -> None:
        flat = [CARD, INK, MUTED, *PALETTE.values(), *CLASS_COLOURS[:4]]
        colours = [*flat, *SIGNED(np.linspace(0, 1, 64))]
        rgba = np.array([[round(255 * part) for part in to_rgba(colour)] for colour in colours], np.uint8)
        shown = decoded(LiveFigure(30, 20).encode(np.repeat(rgba[None], 2, axis=0).copy())).astype(int)
        off = np.abs(shown[0] - rgba[:, :3]).max(axis=1)
        assert (off[: len(flat)] == 0).all()
        assert off.max() < 8  # Pillow looks colours up in boxes of 8 × 8 × 8

    def test_course_style_leaves_the_notebooks_own_alone(self) -> None:
        with plt.rc_context({"font.size": 30, "axes.facecolor": "red"}):
            live = LiveFigure(300, 200)
            assert plt.rcParams["font.size"] == 30
        assert live.figure.get_facecolor() != (1, 0, 0, 1)

    def test_regions_paint_classes_borders_and_spare_points(self) -> None:
        live = LiveFigure(300, 300, ratio=1)
        live.figure.set_layout_engine("none")
        with course_style():
            ax = live.figure.add_axes((0, 0, 1, 1))
        ax.set(xlim=(0, 3), ylim=(0, 3), xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        ax.plot(1.5, 1.5, "s", color="black", markersize=30)
        regions = Regions(ax, CLASS_COLOURS[:2])
        live.freeze()
        classes = np.zeros((300, 300), int)
        classes[:, 100:] = 1  # left third: class 0
        classes[250:, 100:] = 0  # and at the top, on the right as well
        regions.set_classes(classes)
        assert classes.max() == 1  # the argument is not changed
        pixels = live.pixels()[:, :, :3]
        bottom_left, bottom_right, top_right = pixels[290, 10], pixels[290, 290], pixels[10, 290]
        assert (bottom_left == top_right).all()
        assert (bottom_left != bottom_right).any()
        assert tuple(pixels[150, 150]) == (0, 0, 0)  # the point in the middle
        ink = tuple(int(INK[i : i + 2], 16) for i in (1, 3, 5))
        assert tuple(pixels[290, 99]) == ink  # the border between the classes
        card = tuple(int(CARD[i : i + 2], 16) for i in (1, 3, 5))
        assert not (pixels == card).all(axis=2).any()  # no blank pixel left


class TestLearnersFunction:
    @pytest.mark.parametrize(
        ("function", "says"),
        [
            (lambda z: 1 / 0, "raised ZeroDivisionError: division by zero"),
            (lambda z: None, "returned None (is the return missing?); expected shape (3,)"),
            (lambda z: z[:2], "returned shape (2,); expected shape (3,)"),
            (lambda z: "abc", "returned str, not real numbers"),
            (lambda z: "1", "returned str, not real numbers"),
            (lambda z: [1, [2, 3]], "returned list, not real numbers"),
            (lambda z: z + 0j, "returned an array of complex128, not real numbers"),
            (lambda z: sys.exit("bye"), "raised SystemExit: bye"),
            (lambda z: z * np.nan, "returned nan for [1.0, 2.0, 3.0]"),
            (lambda z: np.exp(1000 * z), "returned inf for [1.0, 2.0, 3.0]"),
        ],
    )
    def test_says_what_is_wrong(self, function: Any, says: str) -> None:
        with pytest.raises(LearnersError) as caught:
            LearnersFunction(function, "f")(np.array([1.0, 2.0, 3.0]), shape=(3,))
        assert says in str(caught.value)

    def test_none_where_one_number_is_expected(self) -> None:
        with pytest.raises(LearnersError, match="returned None"):
            LearnersFunction(lambda p: None, "loss")(np.array(0.5), shape=())

    def test_the_stop_button_passes_through(self) -> None:
        def stopped(z: np.ndarray) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            LearnersFunction(stopped, "f")(np.zeros(3), shape=(3,))

    def test_what_it_prints_is_kept_off_the_page(self, capsys: pytest.CaptureFixture[str]) -> None:
        def chatty(z: np.ndarray) -> np.ndarray:
            print("hello")
            print("hello", file=sys.stderr)
            return z

        LearnersFunction(chatty, "f")(np.zeros(3), shape=(3,))
        assert capsys.readouterr() == ("", "")

    @pytest.mark.parametrize(
        ("given", "value"),
        [
            ("f = LearnersFunction(mine, 'f')", 2.0),  # the name it was given by: the newest counts
            ("f = make(mine)", 2.0),  # through a function of the learner's own
            ("first = mine; f = LearnersFunction(first, 'f')", 1.0),
            ("f = LearnersFunction({'a': mine}['a'], 'f'); other = mine", 2.0),
            ("f = LearnersFunction(space['mine'], 'f')", 1.0),  # by no name
            ("first = mine; f = LearnersFunction(first or mine, 'f')", 1.0),  # by two
        ],
    )
    def test_a_redefinition_counts_for_the_name_it_was_given_by(self, given: str, value: float) -> None:
        space: dict[str, Any] = {"LearnersFunction": LearnersFunction, "np": np}
        space["space"] = space
        exec("def mine(z): return z + 1\ndef make(g): return LearnersFunction(g, 'f')", space)
        for statement in given.split("; "):  # as IPython runs a cell: each statement compiled by itself
            exec(statement, space)
        exec("def mine(z): return z + 2", space)
        assert space["f"](np.zeros(1), shape=(1,)) == value

    def test_gets_a_copy(self) -> None:
        def greedy(z: np.ndarray) -> np.ndarray:
            z += 1
            return z

        z = np.zeros(3)
        LearnersFunction(greedy, "f")(z, shape=(3,))
        assert (z == 0).all()

    def test_callable_objects_work(self) -> None:
        assert LearnersFunction(np.sin, "f")(np.zeros(2), shape=(2,)).tolist() == [0, 0]

    def test_not_a_function(self) -> None:
        with pytest.raises(ValueError, match="softmax: expected a function, got int"):
            widgets.SoftmaxExplorer(softmax=3)

    @pytest.mark.parametrize(
        ("kind", "argument", "good", "bad"),
        [
            (widgets.SoftmaxExplorer, "softmax", "lambda Z: np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)", "1 / 0"),
            (widgets.CrossEntropyExplorer, "loss", "lambda p: -np.log(p)", "np.zeros(3)"),
            (widgets.JacobianExplorer, "jacobian", "lambda p: np.diag(p) - np.outer(p, p)", "p"),
            (widgets.LinearLayerExplorer, "gradient", "lambda x, g: np.outer(x, g)", "np.outer(g, x)"),
            (widgets.GradientCheckExplorer, "gradient", "lambda X, Y, W, b: np.zeros((2, 3))", "None"),
        ],
    )
    def test_message_and_recovery(
        self, kind: Any, argument: str, good: str, bad: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As in a notebook: the explorer is made with a broken function, which is then mended under the same name."""
        monkeypatch.setattr(Explorer, "ratio", 0.5)
        notebook: dict[str, Any] = {"np": np}
        parameters = good.split(":")[0].removeprefix("lambda ")
        exec(f"def mine({parameters}):\n    return {bad}", notebook)
        notebook["kind"] = kind
        exec(f"explorer = kind({argument}=mine)", notebook)
        explorer = notebook["explorer"]
        assert explorer.problem.startswith("Your function r")
        assert 'role="alert"' in explorer.readout.value
        faded = picture(explorer)
        exec(f"def mine({parameters}):\n    return ({good})({parameters})", notebook)
        control = next(iter(explorer.controls.values()))
        control.value = positions(control)[0]
        assert explorer.problem == ""
        assert picture(explorer) != faded
        notebook["mine"] = 3  # the name now means something else: the function given still counts
        control.value = positions(control)[-1]
        assert explorer.problem.startswith("Your function r")


class TestSoftmaxExplorer:
    def test_known_values_and_the_overflow(self) -> None:
        explorer = widgets.SoftmaxExplorer()
        explorer.set(z0=1.0, z1=2.0, z2=-1.0, shift=0.0, temperature=2.0)
        result = explorer.compute(explorer.state())
        assert np.allclose(result.probabilities, scipy_softmax(np.array([0.5, 1.0, -0.5])))
        assert np.allclose(result.naive, result.probabilities)
        assert np.allclose(result.exponentials, np.exp([0.5, 1.0, -0.5]))
        before = result.probabilities
        explorer.set(shift=1000.0, temperature=1.0)
        assert "too large for a float" in explorer.text()
        explorer.set(shift=-1000.0)
        assert "0/0" in explorer.text()
        explorer.set(shift=0.0, temperature=2.0)
        assert np.allclose(explorer.compute(explorer.state()).probabilities, before)

    def test_point_in_the_triangle(self) -> None:
        explorer = widgets.SoftmaxExplorer()
        explorer.set(z0=-5.0, z1=5.0, z2=-5.0, temperature=0.1)
        assert np.allclose(np.ravel(explorer.artists["point"].get_data()), [1, 0])  # the corner of class 1

    @pytest.mark.parametrize(
        ("softmax", "says"),
        [
            (
                lambda Z: np.exp(Z) / np.exp(Z).sum(axis=0),
                "Yours sum to 3.0000, and probabilities sum to 1. Over which axis of Z, shape (1, 3), do you sum?",
            ),
            (lambda Z: stable_softmax(Z) / 2, "Yours sum to 0.5000, and probabilities sum to 1."),
            (lambda Z: stable_softmax(Z) + 1e-5, "Yours sum to 1.00003000, and probabilities sum to 1."),
            (lambda Z: stable_softmax(Z) - [0.5, 0, -0.5], "A probability can't be negative, and yours are down to"),
        ],
    )
    def test_what_are_no_probabilities_is_said_and_seen(self, softmax: Any, says: str) -> None:
        explorer = widgets.SoftmaxExplorer(softmax=softmax)
        assert says in explorer.text()
        assert "no point in the triangle" in explorer.text()
        assert not explorer.artists["point"].get_visible()

    def test_rounding_is_no_mistake(self) -> None:
        explorer = widgets.SoftmaxExplorer(softmax=lambda Z: stable_softmax(Z).astype(np.float32))
        assert "they sum to 1.0000" in explorer.text()
        assert explorer.artists["point"].get_visible()


class TestCrossEntropyExplorer:
    def test_slopes(self) -> None:
        explorer = widgets.CrossEntropyExplorer()
        explorer.set(p=0.25, h=1e-5)
        result = explorer.compute(explorer.state())
        assert np.isclose(result.loss, np.log(4))
        assert result.tangent == -4
        assert np.isclose(result.secant, -4, rtol=1e-7)
        assert result.errors.min() < 1e-9 < result.errors[-1]
        expected = (-np.log(0.25 + 0.1) + np.log(0.25 - 0.1)) / 0.2
        explorer.set(h=0.1)
        assert np.isclose(explorer.compute(explorer.state()).secant, expected)

    def test_h_is_held_below_p(self) -> None:
        explorer = widgets.CrossEntropyExplorer()
        explorer.set(p=0.01, h=10**-0.5)
        assert np.isclose(explorer.compute(explorer.state()).h, 0.009)
        assert (
            "The nudge is held at 0.9 p, so that p − h stays above 0; the slider asks for 3.2e-01." in explorer.text()
        )
        explorer.set(h=1e-4)
        assert "held" not in explorer.text()


class TestChainRuleExplorer:
    def test_the_last_gradients_pass_the_check(self) -> None:
        explorer = widgets.ChainRuleExplorer()
        for n in range(4):
            explorer.set(penguin=n, step=7)
            *_, by_W, by_b = explorer.compute(explorer.state()).values
            x, c = explorer._four.X[n], int(explorer._four.labels[n])
            W = np.array([[0.3, -0.4, 0.5], [0.2, 0.6, -0.1]])
            b = np.array([0.1, -0.2, 0.0])
            check_gradient(lambda W, x=x, b=b, c=c: cross_entropy_from_logits(x @ W + b, c), W, by_W).assert_ok()
            check_gradient(lambda b, x=x, W=W, c=c: cross_entropy_from_logits(x @ W + b, c), b, by_b).assert_ok()

    def test_buttons_fill_in_the_graph(self) -> None:
        explorer = widgets.ChainRuleExplorer()
        explorer.back.click()
        explorer.back.click()  # nothing before the first
        assert explorer.state().step == 0
        for step in range(1, 8):
            explorer.forward.click()
            hidden = [box.get_text() for box in explorer.artists["boxes"]].count("?")
            assert hidden == 7 - step
            assert f"Step {step} of 7" in explorer.text()
        explorer.forward.click()
        assert explorer.state().step == 7

    def test_the_gradients_stand_where_their_arguments_do(self) -> None:
        explorer = widgets.ChainRuleExplorer()
        texts = {text.get_text(): text.get_position() for text in explorer.artists["boxes"][0].axes.texts}
        boxes = [box.get_position() for box in explorer.artists["boxes"]]
        assert texts["∂L/∂L"][0] == texts["1"][0] == texts["L"][0] == boxes[3][0]
        *_, of_y_hat, of_z, of_W, of_b = boxes
        assert of_b[0] == of_W[0] < of_z[0] < of_y_hat[0] < boxes[3][0]  # b is used at the first step, as W is
        assert texts["∂L/∂b"][0] == of_b[0]
        for arrow in explorer.artists["arrows"]:
            assert arrow.xy[0] < arrow.xyann[0]  # backwards is leftwards

    def test_no_formula_is_shown_before_it_is_derived(self) -> None:
        explorer = widgets.ChainRuleExplorer()
        for step in range(8):
            explorer.set(step=step)
            assert not re.search("ŷ − y|−y/ŷ|outer product|identity|= ∂L/∂z", explorer.text())


class TestJacobianExplorer:
    def test_a_wrong_formula_is_called_wrong(self) -> None:
        explorer = widgets.JacobianExplorer(jacobian=lambda p: np.diag(p * (1 - p)))
        assert "is off by" in explorer.text()
        assert "agrees" in widgets.JacobianExplorer().text()

    def test_goal_can_be_reached(self) -> None:
        explorer = widgets.JacobianExplorer()
        explorer.set(z0=6.0, z1=-6.0, z2=-6.0)
        assert np.abs(explorer.compute(explorer.state()).formula).max() < 0.01


class TestLinearLayerExplorer:
    @pytest.mark.parametrize("weight", list(np.ndindex(2, 3)))
    def test_one_weight_moves_one_score(self, weight: tuple[int, int]) -> None:
        explorer = widgets.LinearLayerExplorer()
        explorer.set(weight=weight, change=0.7, penguin=2)
        result = explorer.compute(explorer.state())
        moved = result.z - result.z_before
        expected = np.zeros(3)
        expected[weight[1]] = 0.7 * result.x[weight[0]]
        assert np.allclose(moved, expected)
        b = np.array([0.1, -0.2, 0.0])
        check_gradient(lambda W: cross_entropy_from_logits(result.x @ W + b, 1), result.W, result.gradient).assert_ok()

    def test_a_wrong_gradient_is_called_wrong(self) -> None:
        explorer = widgets.LinearLayerExplorer(gradient=lambda x, g: 2 * np.outer(x, g))
        assert "Your gradient is not" in explorer.text()


class TestGradientCheckExplorer:
    def test_agrees_with_the_packages_curve(self) -> None:
        explorer = widgets.GradientCheckExplorer()
        X, Y, W, b = explorer._arguments
        h = np.array([1e-2, 1e-4])
        analytic = explorer._gradient(X, Y, W, b, shape=(2, 3))
        _, errors = error_by_step_size(lambda W: cross_entropy_from_logits(X @ W + b, Y), W, analytic, h)
        for step, error in zip(h, errors, strict=True):
            explorer.set(h=float(step))
            assert np.isclose(explorer.compute(explorer.state()).error, error, rtol=0.01)

    def test_precision_and_scheme_matter(self) -> None:
        explorer = widgets.GradientCheckExplorer()

        def best(**setting: str) -> float:
            explorer.set(**setting)
            return float(explorer.compute(explorer.state()).errors.min())

        central = best(precision="float64", scheme="central")
        forward = best(precision="float64", scheme="forward")
        single = best(precision="float32", scheme="central")
        assert central < 1e-9 < forward < 1e-6 < single
        explorer.set(h=1e-13)
        assert "lost in rounding" in explorer.text()

    def test_a_wrong_gradient_never_passes(self) -> None:
        explorer = widgets.GradientCheckExplorer(gradient=lambda X, Y, W, b: np.ones((2, 3)))
        assert explorer.compute(explorer.state()).errors.min() > 0.1


@pytest.fixture(scope="module")
def rates() -> Any:
    return widgets.LearningRateExplorer()


@pytest.fixture(scope="module")
def digits() -> Any:
    return widgets.DigitsExplorer()


class TestLearningRateExplorer:
    @pytest.mark.parametrize("data", [lr.STANDARDISED, lr.BLOBS])
    @pytest.mark.parametrize(("batch_size", "momentum"), [(0, 0.0), (32, 0.0), (1, 0.5), (0, 0.9)])
    def test_is_gradient_descent(self, rates: Any, data: str, batch_size: int, momentum: float) -> None:
        rate = float(lr.RATES[60])
        state = lr.LearningRateState(data, rate, 70, batch_size, momentum)
        result = rates.compute(state)
        of = rates._problems[data].data
        model = LinearClassifier(of.X.shape[1], len(of.class_names))
        options: dict[str, Any] = {"momentum": momentum, "rng": 0, "record_every": 1}
        history = gradient_descent(model, of.X, of.labels, rate, 70, batch_size or None, **options)
        assert np.allclose(result.losses[:71], history.losses)
        xs, ys = rates._edges(of)
        mesh = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
        assert (result.classes == model.predict(mesh).reshape(result.classes.shape)).mean() > 0.9999
        assert result.path.shape == (71, 2)
        assert np.allclose(result.path[0], 0)

    def test_all_rates_equal_the_sweep(self, rates: Any) -> None:
        state = lr.LearningRateState(lr.STANDARDISED, 1.0, 200, 0, 0.0)
        data = load_penguins().standardize()
        losses = sweep_runs(data.X, data.labels, lr.RATES, 200).losses
        tame = lr.RATES < 40  # beyond, a difference in the last digit grows with every leap
        assert np.allclose(rates.compute(state).losses_by_rate[tame], losses[tame, -1])

    def test_nothing_is_trained_when_the_slider_moves(self, rates: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lr, "sweep_runs", lambda *_: pytest.fail("trained on a move"))
        for data in (lr.RAW, lr.BLOBS, lr.STANDARDISED):
            rates.set(data=data, batch_size=0, momentum=0.0)
            rates.set(learning_rate=float(lr.RATES[77]), steps=33)
            assert rates.problem == ""

    def test_raw_diverges_where_standardised_is_harmless(self, rates: Any) -> None:
        rates.set(data=lr.RAW, learning_rate=0.01, steps=200, batch_size=0, momentum=0.0)
        assert "Verdict: wild" in rates.text()
        assert "from step 1 on the loss is above its start at times, up to 10" in rates.text()
        rates.set(data=lr.STANDARDISED, learning_rate=0.5)
        assert "Verdict: good" in rates.text()
        rates.set(learning_rate=0.01, steps=100)
        assert "Verdict: too slow" in rates.text()
        rates.set(steps=0)
        assert "Verdict: not started" in rates.text()
        rates.set(steps=200, batch_size=1, learning_rate=1.0)
        assert "Verdict: noisy" in rates.text()

    def test_goal(self, rates: Any) -> None:
        rates.set(data=lr.STANDARDISED, batch_size=0, momentum=0.0, learning_rate=0.5, steps=100)
        assert "not yet (0.1484)" in rates.text()
        rates.set(learning_rate=3.0)
        assert "✓ Goal reached" in rates.text()
        rates.set(data=lr.BLOBS)
        assert "The goal, below 0.10, is out of reach with these data: the lowest loss is 0.23" in rates.text()

    @pytest.mark.parametrize(("steps", "says"), [(0, "after 0 steps:"), (1, "after 1 step:"), (2, "after 2 steps:")])
    def test_one_step_is_singular(self, rates: Any, steps: int, says: str) -> None:
        rates.set(steps=steps)
        assert says in rates.text()

    def test_marks(self, rates: Any) -> None:
        rates.set(data=lr.RAW)
        safe = safe_learning_rate(load_penguins().X)
        assert f"1/β = {safe:.2g}" in rates.marks.value
        assert f"2/β = {2 * safe:.2g}" in rates.marks.value
        rates.set(data=lr.STANDARDISED)
        assert "1/β = 1.6" in rates.marks.value

    @pytest.mark.parametrize(
        ("losses", "noisy", "expected"),
        [
            ([1.0], False, "not started"),
            ([1.0, 2.0, 3.0, 4.0], False, "wild"),
            ([1.0, 0.5, 0.6, 0.3, 0.4, 0.2], False, "oscillating"),
            ([1.0, 0.5, 0.6, 0.3, 0.4, 0.2], True, "noisy"),
            ([1.0, 0.99, 0.98], False, "too slow"),
            ([1.0, 0.3, 0.11], False, "good"),
            ([1.0, 5.0, 0.5, 0.4, 0.3, 0.2, 0.15, 0.13, 0.12, 0.11, 0.11, 0.11], False, "good"),
        ],
    )
    def test_verdict(self, losses: list[float], noisy: bool, expected: str) -> None:
        assert lr.verdict(losses, 0.1, noisy)[0] == expected


class TestLossSlice:
    @pytest.mark.parametrize("data", [load_penguins(), load_penguins().standardize()], ids=["raw", "standardised"])
    def test_is_the_loss_on_that_plane(self, data: Dataset) -> None:
        surface = loss_slice(data, points=9)
        plane = np.linalg.pinv(surface.to_plane)  # (9, 2)
        for j, i in [(0, 0), (4, 2), (8, 8), (3, 7)]:
            theta = (plane @ [surface.along[i], surface.across[j]]).reshape(3, 3).T  # (D + 1, K)
            expected = cross_entropy_from_logits(data.X @ theta[:2] + theta[2], data.labels)
            assert np.isclose(surface.losses[j, i], expected)
            assert np.allclose(surface.shadow(theta[:2], theta[2]), [surface.along[i], surface.across[j]])

    def test_the_solution_is_the_minimum(self) -> None:
        data = load_penguins().standardize()

        def loss(theta: np.ndarray) -> float:
            theta = theta.reshape(3, 3)
            return cross_entropy_from_logits(data.X @ theta[:2] + theta[2], data.labels)

        lowest = minimize(loss, np.zeros(9), method="BFGS", options={"gtol": 1e-6}).fun
        assert np.isclose(loss_slice(data, points=3).best, lowest, atol=1e-4)


class TestDigitsExplorer:
    def test_accuracy_and_mistakes_are_the_models(self, digits: Any) -> None:
        digits.set(step=120)
        result = digits.compute(digits.state())
        model = LinearClassifier(64, 10)
        model.W, model.b = digits._history.W_path[120], digits._history.b_path[120]
        X, labels = digits._test.X / 16, digits._test.labels
        assert result.accuracy == model.score(X, labels) > 0.9
        probabilities = model.predict_proba(X)
        wrong = model.predict(X) != labels
        surest = probabilities[wrong].max()
        assert np.isclose(result.mistakes[0][3], surest)
        for n, label, guess, sure in result.mistakes:
            assert (labels[n], model.predict(X)[n]) == (label, guess)
            assert np.isclose(probabilities[n].max(), sure)
            assert label != guess

    def test_no_mistakes_left_is_said(self, digits: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        few = np.flatnonzero(digits._test.labels == 0)[:3]
        easy = dataclasses.replace(digits._test, X=digits._test.X[few], labels=digits._test.labels[few])
        monkeypatch.setattr(digits, "_test", easy)
        digits.set(step=200, example=0)
        assert "Surest mistakes: none" in digits.text()

    def test_the_pad(self, digits: Any) -> None:
        digits.reset.click()
        digits.pad.pixels[9].value = True  # one click on a pixel
        assert digits.state().use_pad
        image = digits.compute(digits.state()).image
        assert image[1, 1] == 16
        assert image.sum() == 16
        assert digits.pad.pixels[9].description == "■"
        digits.controls["example"].value = 5
        digits.copy.click()
        result = digits.compute(digits.state())
        original = digits._test.X[5].reshape(8, 8)
        assert ((result.image == 16) == (original >= 8)).all()
        assert result.label is None
        assert "Your digit" in digits.text()
        assert result.probabilities.argmax() == digits._test.labels[5]
        digits.clear.click()
        assert not any(digits.state().pad)
        assert all(pixel.description == "" for pixel in digits.pad.pixels)
