"""The fast gradient check: the same differences as the plain one, more exact, and no mistake gets past it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linclf_helpers.datasets import load_digits
from linclf_helpers.fast_gradcheck import check_classifier, numerical_gradients
from linclf_helpers.forward import one_hot, softmax
from linclf_helpers.gradcheck import numerical_gradient
from linclf_helpers.gradients import loss_and_gradients


def problem(N=7, D=5, K=4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N, D)) + 0.3, rng.integers(0, K, N), rng.normal(size=(D, K)), rng.normal(size=K)


@settings(deadline=None, max_examples=30)
@given(N=st.integers(1, 9), D=st.integers(1, 5), K=st.integers(2, 6), seed=st.integers(0, 99))
def test_are_the_differences_of_the_loss(N, D, K, seed):
    X, labels, W, b = problem(N, D, K, seed)

    def loss_of_W(W):
        return loss_and_gradients(X, labels, W, b, 0.2)[0]

    def loss_of_b(b):
        return loss_and_gradients(X, labels, W, b, 0.2)[0]

    dW, db = numerical_gradients(X, labels, W, b, 0.2, h=1e-3)
    np.testing.assert_allclose(dW, numerical_gradient(loss_of_W, W, h=1e-3), atol=1e-11)
    np.testing.assert_allclose(db, numerical_gradient(loss_of_b, b, h=1e-3), atol=1e-11)
    _, exact, _ = loss_and_gradients(X, labels, W, b, 0.2)
    difference = np.abs(dW - exact).max()
    assert difference < 1e-5  # h is large here, so that they differ from the derivative, and by how much shows it
    dW, db = numerical_gradients(X, one_hot(labels, K), W, b, 0.2)
    np.testing.assert_allclose(dW, exact, atol=1e-11)


def test_are_differences_and_not_the_formula_again():
    X, labels, W, b = problem()
    _, exact, _ = loss_and_gradients(X, labels, W, b)
    errors = [np.abs(numerical_gradients(X, labels, W, b, h=h)[0] - exact).max() for h in (0.2, 0.1, 0.05)]
    np.testing.assert_allclose(np.divide(errors[:-1], errors[1:]), 4, rtol=0.05)  # O(h²)


def test_all_650_digit_parameters_to_1e_11():
    data = load_digits()
    rng = np.random.default_rng(0)
    W, b = rng.normal(size=(64, 10)) / 4, rng.normal(size=10)
    for X in (data.X / 16, data.standardize().X):
        _, dW, db = loss_and_gradients(X, data.labels, W, b, 0.1)
        numeric_W, numeric_b = numerical_gradients(X, data.labels, W, b, 0.1)
        largest = np.abs(dW).max()
        assert np.abs(numeric_W - dW).max() / largest < 1e-11
        assert np.abs(numeric_b - db).max() / largest < 1e-11


def P(X, W, b):
    return softmax(X @ W + b)


MISTAKES = {
    "1/N forgotten": lambda X, Y, W, b: (X.T @ (P(X, W, b) - Y), (P(X, W, b) - Y).sum(axis=0)),
    "1/N twice": lambda X, Y, W, b: (X.T @ (P(X, W, b) - Y) / 49, (P(X, W, b) - Y).sum(axis=0) / 49),
    "sign": lambda X, Y, W, b: (X.T @ (Y - P(X, W, b)) / 7, (Y - P(X, W, b)).sum(axis=0) / 7),
    "diagonal only": lambda X, Y, W, b: (X.T @ ((P(X, W, b) - 1) * Y) / 7, ((P(X, W, b) - 1) * Y).sum(axis=0) / 7),
    "db over everything": lambda X, Y, W, b: (X.T @ (P(X, W, b) - Y) / 7, np.zeros(4)),
    "one entry off by 1e-6": lambda X, Y, W, b: (
        X.T @ (P(X, W, b) - Y) / 7 * (1 + 1e-6 * (np.arange(20) == 13).reshape(5, 4)),
        (P(X, W, b) - Y).sum(axis=0) / 7,
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_caught(name):
    X, labels, W, b = problem()
    check = check_classifier(X, labels, W, b, *MISTAKES[name](X, one_hot(labels, 4), W, b))
    assert not check.ok
    if name.startswith("one entry"):
        assert check.worst_index == (3, 1)
    if name.startswith("db"):
        assert check.worst_index[0] == 5  # the row of the bias


def test_a_penalty_left_out_is_caught_and_the_right_one_passes():
    X, labels, W, b = problem()
    _, dW, db = loss_and_gradients(X, labels, W, b, 0.1)
    check_classifier(X, labels, W, b, dW, db, l2=0.1).assert_ok()
    assert not check_classifier(X, labels, W, b, dW, db).ok


def test_warns_at_zero():
    X, labels, W, b = problem()
    _, dW, db = loss_and_gradients(X, labels, 0 * W, 0 * b)
    with pytest.warns(UserWarning, match="every entry of x is 0") as caught:
        assert check_classifier(X, labels, 0 * W, 0 * b, dW, db).ok
    assert caught[0].filename == __file__


def test_works_in_pieces_and_changes_nothing():
    X, labels, W, b = problem(N=9000)  # more than fits in one piece
    arguments = [X, labels, W, b]
    before = [array.copy() for array in arguments]
    _, dW, db = loss_and_gradients(*arguments)
    numeric_W, numeric_b = numerical_gradients(*arguments)
    np.testing.assert_allclose(numeric_W, dW, atol=1e-11)
    np.testing.assert_allclose(numeric_b, db, atol=1e-11)
    for array, copy in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dW": np.ones((4, 5))}, r"dW: expected real numbers of shape \(5, 4\), got .* shape \(4, 5\)"),
        ({"db": np.ones(5)}, r"db: expected real numbers of shape \(4,\)"),
        ({"dW": np.full((5, 4), "x")}, "dW: expected real numbers"),
        ({"tolerance": 0.0}, "tolerance: expected"),
        ({"X": np.ones((6, 5))}, "Y: expected 6 labels"),
        ({"l2": -1.0}, "l2: expected"),
    ],
)
def test_refuses_what_cannot_be_right(change, message):
    X, labels, W, b = problem()
    right = {"X": X, "Y": labels, "W": W, "b": b, "dW": W, "db": b}
    with pytest.raises(ValueError, match=message):
        check_classifier(**(right | change))
    with pytest.raises(ValueError, match="h: expected"):
        numerical_gradients(X, labels, W, b, h=0.0)
