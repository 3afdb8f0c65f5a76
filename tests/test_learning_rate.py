"""What notebook 07 and its explorer stand on: many runs at once, the slice of the loss, and their figures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from linclf_helpers.datasets import load_penguins
from linclf_helpers.forward import cross_entropy_from_logits
from linclf_helpers.model import LinearClassifier
from linclf_helpers.plots import loss_surface, loss_valley, rate_curve
from linclf_helpers.training import gradient_descent, loss_slice, safe_learning_rate, sweep_runs

PENGUINS = load_penguins()
STANDARDISED = PENGUINS.standardize()


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    batch_size=st.sampled_from([None, 1, 4, 11]),
    momentum=st.sampled_from([0.0, 0.5, 0.9]),
    shuffled=st.booleans(),
)
def test_is_gradient_descent_for_each_rate(seed: int, batch_size: int | None, momentum: float, shuffled: bool) -> None:
    rng = np.random.default_rng(seed)
    N, D, K = 11, 2, 4
    X = rng.normal(size=(N, D)) * 3
    labels = np.concatenate([np.arange(K), rng.integers(K, size=N - K)])
    rates = [0.01, 0.3]
    order = np.random.default_rng(1) if shuffled else None
    runs = sweep_runs(X, labels, rates, 17, batch_size, momentum, order)
    assert runs.losses.shape == (2, 18)
    for r, rate in enumerate(rates):
        model = LinearClassifier(D, K)
        again = np.random.default_rng(1) if shuffled else None
        history = gradient_descent(model, X, labels, rate, 17, batch_size, momentum=momentum, rng=again, record_every=1)
        assert np.allclose(runs.losses[r], history.losses, rtol=1e-9, atol=1e-12)
        assert np.allclose(runs.W_path[r], history.W_path, rtol=1e-9, atol=1e-12)
        assert np.allclose(runs.b_path[r], history.b_path, rtol=1e-9, atol=1e-12)


def test_logits_in_the_thousands() -> None:
    """Where e^z would overflow: the losses still are those of the weights."""
    runs = sweep_runs(PENGUINS.X, PENGUINS.labels, [0.001, 50.0], 12)
    assert repr(runs) == "SweepRuns(2 learning rates, 12 steps)"
    assert np.abs(PENGUINS.X @ runs.W_path[1, 5]).max() > 1000
    for r in (0, 1):
        for step in (1, 5, 12):
            Z = PENGUINS.X @ runs.W_path[r, step] + runs.b_path[r, step]
            assert np.isclose(runs.losses[r, step], cross_entropy_from_logits(Z, PENGUINS.labels))


@pytest.mark.parametrize("size", [None, 32, 1])
def test_arguments_are_left_alone(size: int | None) -> None:
    X, labels, rates = STANDARDISED.X.copy(), STANDARDISED.labels.copy(), np.array([0.1, 1.0])
    sweep_runs(X, labels, rates, 3, size)
    assert (X == STANDARDISED.X).all()
    assert (labels == STANDARDISED.labels).all()
    assert (rates == [0.1, 1.0]).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Y": [0, 1]}, r"Y: expected 3 labels, one per row of X, got 2"),
        ({"Y": [0, 0, 0]}, r"Y: expected at least 2 classes, got 1"),
        ({"learning_rates": [0.1, 0.0]}, r"learning_rates: expected only numbers greater than 0, got 0"),
        ({"steps": -1}, r"steps: expected a whole number of at least 0, got -1"),
        ({"batch_size": 0}, r"batch_size: expected a whole number of at least 1, got 0"),
        ({"batch_size": 4}, r"batch_size: expected at most the 3 examples there are, got 4"),
        ({"momentum": 1.0}, r"momentum: expected a finite number of at least 0 and less than 1, got 1"),
        ({"X": [[1.0], [2.0]]}, r"Y: expected 2 labels, one per row of X, got 3"),
    ],
)
def test_refuses(change: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {
        "X": [[1.0], [2.0], [4.0]],
        "Y": [0, 1, 1],
        "learning_rates": [0.1],
        "steps": 2,
    }
    with pytest.raises(ValueError, match=message):
        sweep_runs(**{**arguments, **change})  # type: ignore[arg-type]


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


def test_a_slice_needs_two_points() -> None:
    with pytest.raises(ValueError, match="points: expected a whole number of at least 2, got 1"):
        loss_slice(load_penguins(), points=1)


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
