"""The figures of notebook 07: the loss by rate, its slice, and a valley."""

import numpy as np
from matplotlib.figure import Figure

from linclf_helpers.datasets import load_penguins
from linclf_helpers.loss_surface import loss_slice
from linclf_helpers.plots import loss_surface, loss_valley, rate_curve
from linclf_helpers.sweeps import safe_learning_rate, sweep_runs

PENGUINS = load_penguins()
STANDARDISED = PENGUINS.standardize()


def test_loss_surface_shows_start_and_solution() -> None:
    ax = Figure().subplots()
    surface = loss_slice(STANDARDISED, points=21)
    loss_surface(ax, surface)
    assert {text.get_text() for text in ax.texts} == {"start", "solution"}
    assert ax.get_xlim() == (surface.along[0], surface.along[-1])
    assert ax.get_ylim() == (surface.across[0], surface.across[-1])
    (star,) = ax.lines
    assert np.ravel(star.get_data()).tolist() == [1, 0]


def test_rate_curve_marks_the_promise_on_the_curve() -> None:
    ax = Figure().subplots()
    rates = 10 ** np.linspace(-2, 1, 31)
    losses = sweep_runs(STANDARDISED.X, STANDARDISED.labels, rates, 20).losses[:, -1]
    safe = safe_learning_rate(STANDARDISED.X)
    rate_curve(ax, rates, losses, safe, "penguins")
    curve, one, two = ax.lines
    assert np.allclose(curve.get_data(), [rates, losses])
    for mark, times in ((one, 1), (two, 2)):
        (x,), (y,) = mark.get_data()
        assert x == times * safe
        assert np.isclose(y, np.interp(x, rates, losses))
    assert one.get_marker() != two.get_marker()
    assert [text.get_text() for text in ax.texts] == ["1/β", "2/β", "penguins"]


def test_a_valley_is_drawn_with_the_path_as_it_is() -> None:
    ax = Figure().subplots()
    adelie_or_chinstrap = STANDARDISED.labels < 2
    X, y = STANDARDISED.X[adelie_or_chinstrap], STANDARDISED.labels[adelie_or_chinstrap]
    path = np.array([[0.0, 0.0], [0.3, -0.1], [0.5, 0.4]])
    loss_valley(ax, X, y, path)
    line, end, start = ax.lines
    drawn = np.column_stack(line.get_data())
    assert np.allclose(np.linalg.norm(np.diff(drawn, axis=0), axis=1), np.linalg.norm(np.diff(path, axis=0), axis=1))
    assert np.ravel(end.get_data()).tolist() == drawn[-1].tolist()
    assert np.ravel(start.get_data()).tolist() == [0, 0]
    curvature = np.var(X @ np.linalg.lstsq(drawn[1:], path[1:], rcond=None)[0].T, axis=0)
    assert curvature[0] < curvature[1]  # upwards it curves most
