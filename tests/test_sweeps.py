"""Many learning rates at once, and the safe one: against runs of their own, the Hessian and known values."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import model_with, problems

from linclf_helpers.datasets import load_penguins, make_blobs
from linclf_helpers.forward import cross_entropy_from_logits
from linclf_helpers.model import LinearClassifier
from linclf_helpers.sweeps import safe_learning_rate, sweep_runs
from linclf_helpers.training import gradient_descent

PENGUINS = load_penguins()
STANDARDISED = PENGUINS.standardize()
ONES, FOUR = np.ones((4, 2)), [0, 1, 2, 0]


@given(problems(N=(2, 8)), st.floats(0.05, 1.99), st.floats(-2, 2), st.sampled_from([0.0, 0.5]))
def test_descent_is_certain_below_two_over_l(problem, fraction, log10_scale, l2):
    X = problem.X * 10**log10_scale
    rate = fraction * safe_learning_rate(X, l2)
    history = gradient_descent(model_with(problem.W, problem.b), X, problem.labels, rate, 15, l2=l2)
    assert (np.diff(history.losses) <= 1e-13 * history.losses[0]).all()


@given(problems(), st.floats(0, 5))
def test_the_bound_covers_the_hessian_everywhere(problem, l2):
    """No eigenvalue of the Hessian, Σ_n (diag(p_n) − p_n p_nᵀ) ⊗ x̃_n x̃_nᵀ / N plus the penalty, is above L."""
    X, _, W, b, _ = problem
    X1, (D, K) = np.hstack([X, np.ones((len(X), 1))]), W.shape
    P = np.exp(X @ W + b)
    P /= P.sum(axis=1, keepdims=True)
    blocks = sum(np.kron(np.diag(p) - np.outer(p, p), np.outer(x, x)) for p, x in zip(P, X1, strict=True)) / len(X)
    penalty = np.kron(np.eye(K), np.diag([1.0] * D + [0.0])) * l2
    assert np.linalg.eigvalsh(blocks + penalty)[-1] <= 1 / safe_learning_rate(X, l2) + 1e-12


def test_safe_learning_rate_known_values():
    assert safe_learning_rate([[1.0], [-1.0]]) == pytest.approx(2)  # X̃ᵀX̃/N is the identity, L = ½
    assert safe_learning_rate([[1.0], [-1.0]], l2=1.5) == pytest.approx(1 / 2)
    assert safe_learning_rate([[3.0], [3.0]]) == pytest.approx(1 / 5)  # rank one, λ = 9 + 1
    assert safe_learning_rate([[0.0, 5e-324]]) == pytest.approx(2)


@given(problems(N=(2, 8)), st.lists(st.floats(1e-3, 5), min_size=1, max_size=4))
@settings(max_examples=30)
def test_sweep_is_many_runs_of_descent(problem, rates):
    X, labels = problem.X, problem.labels.copy()
    labels[0] = len(problem.b) - 1  # so that the largest label names K
    losses = sweep_runs(X, labels, rates, steps=8).losses
    assert losses.shape == (len(rates), 9)
    for r, rate in enumerate(rates):
        model = LinearClassifier(*problem.W.shape)
        np.testing.assert_allclose(
            losses[r], gradient_descent(model, X, labels, rate, 8).losses, rtol=1e-11, atol=1e-14
        )
    np.testing.assert_allclose(sweep_runs(X, np.eye(len(problem.b))[labels], rates, steps=8).losses, losses, rtol=1e-13)


def test_sweep_takes_k_from_one_hot_columns_or_the_largest_label():
    X = np.ones((4, 2))
    np.testing.assert_allclose(sweep_runs(X, [0, 1, 0, 2], [0.1, 1.0], 0).losses, math.log(3))
    np.testing.assert_allclose(sweep_runs(X, np.eye(5)[[0, 1, 0, 2]], [0.1], 0).losses, math.log(5))


def test_sweep_knows_small_losses():
    """Two far-apart classes and a large rate: the loss is far below the rounding of the scores."""
    losses = sweep_runs([[1.0], [-1.0]], [0, 1], [50.0], 3).losses[0]
    model = LinearClassifier(1, 2)
    np.testing.assert_allclose(losses, gradient_descent(model, [[1.0], [-1.0]], [0, 1], 50.0, 3).losses, atol=1e-300)
    X, labels = np.array([[1e3], [-1e3], [2e3]]), [0, 1, 0]
    assert (sweep_runs(X, labels, [0.01, 1.0, 1e3], 5).losses >= 0).all()


def test_a_rate_that_leaves_the_floats_ends_in_infinity_and_leaves_the_others_alone():
    X, labels = np.array([[1.0, 2.0], [-3.0, 1.0], [0.5, -1.0], [2.0, 2.0]]), [0, 1, 2, 1]
    losses = sweep_runs(X, labels, [0.1, 1e308], 10).losses
    np.testing.assert_allclose(losses[0], sweep_runs(X, labels, [0.1], 10).losses[0], rtol=1e-13)
    run = gradient_descent(LinearClassifier(2, 3), X, labels, 1e308, 10)
    np.testing.assert_allclose(losses[1, : run.diverged_at], run.losses)
    assert (losses[1, run.diverged_at :] == np.inf).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sweep_runs(np.ones(4), FOUR, [1.0], 2).losses, r"X: expected shape \(N, D\), got \(4,\)"),
        (lambda: sweep_runs(ONES, [0, 1, 2], [1.0], 2).losses, r"Y: expected 4 labels, one per row of X, got 3"),
        (lambda: sweep_runs(ONES, [0, 1, 2, -1], [1.0], 2).losses, r"Y: expected labels of 0 or more, got -1"),
        (
            lambda: sweep_runs(ONES, [0.0, 1.0, 2.0, 0.0], [1.0], 2).losses,
            r"Y: expected integer labels, got an array of float64",
        ),
        (lambda: sweep_runs(ONES, [0, 0, 0, 0], [1.0], 2).losses, r"Y: expected at least 2 classes, got 1"),
        (lambda: sweep_runs(ONES, np.ones((4, 1)), [1.0], 2).losses, r"Y: expected at least 2 classes, got 1"),
        (
            lambda: sweep_runs(ONES, np.eye(3), [1.0], 2).losses,
            r"Y: expected one-hot rows of shape \(4, 3\) .*, got shape \(3, 3\)",
        ),
        (lambda: sweep_runs(ONES, np.ones((4, 3)), [1.0], 2).losses, r"Y: expected one-hot rows"),
        (
            lambda: sweep_runs(ONES, [[0, 1], [1]], [1.0], 2).losses,
            r"Y: expected an array of numbers, got rows of different",
        ),
        (lambda: sweep_runs(ONES, 3, [1.0], 2).losses, r"Y: expected shape \(N,\) with N >= 1, got \(\)"),
        (lambda: sweep_runs(ONES, FOUR, 1.0, 2).losses, r"learning_rates: expected shape \(R,\), got \(\)"),
        (
            lambda: sweep_runs(ONES, FOUR, [], 2).losses,
            r"learning_rates: expected at least one number, got an empty array",
        ),
        (
            lambda: sweep_runs(ONES, FOUR, [1.0, 0.0], 2).losses,
            r"learning_rates: expected only numbers greater than 0, got 0",
        ),
        (
            lambda: sweep_runs(ONES, FOUR, [1.0, -2.0], 2).losses,
            r"learning_rates: expected only numbers greater than 0, got -2",
        ),
        (
            lambda: sweep_runs(ONES, FOUR, [1.0, np.nan], 2).losses,
            r"learning_rates: expected finite numbers, got nan at index \[1\]",
        ),
        (lambda: sweep_runs(ONES, FOUR, [1.0], -1).losses, r"steps: expected a whole number of at least 0, got -1"),
        (lambda: safe_learning_rate(np.ones(3)), r"X: expected shape \(N, D\), got \(3,\)"),
        (lambda: safe_learning_rate([[1e200]]), r"X: expected XᵀX to stay within the range of floats, got inf"),
        (lambda: safe_learning_rate(ONES, l2=-1), r"l2: expected a finite number of at least 0, got -1"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


def test_a_sweep_in_float32_is_the_sweep():
    data = make_blobs(np.random.default_rng(3), n_examples=23, n_features=3, n_classes=4, spread=2.5)
    rates = [0.01, 0.1]  # below 2/L, so that rounding errors shrink
    exact = sweep_runs(data.X, data.labels, rates, 20).losses
    short = sweep_runs(data.X.astype(np.float32), data.labels, rates, 20).losses
    assert short.dtype == np.float32
    np.testing.assert_allclose(short, exact, rtol=1e-4)


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
