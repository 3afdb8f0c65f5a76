"""The fast form against the plain one: the same loss, gradient and accuracy up to rounding, for any data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linclf_helpers import fast
from linclf_helpers.fast import FastLoss, pack, unpack
from linclf_helpers.forward import one_hot
from linclf_helpers.gradients import loss_and_gradients


def problem(N, D, K, seed=0, scale=1.0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, D)) * rng.uniform(0.2, 3, size=D) + rng.normal(size=D)
    return X, rng.integers(0, K, N), scale * rng.normal(size=(D, K)), rng.normal(size=K)


def small_chunks(monkeypatch, numbers=40):
    monkeypatch.setattr(fast, "_IN_CACHE", numbers)
    monkeypatch.setattr(fast, "_CHUNK", numbers)


def assert_equals_plain(space, X, labels, W, b, l2=0.0, rtol=1e-13):
    loss, dW, db = loss_and_gradients(X, labels, W, b, l2)
    got, gradient, accuracy = space.loss_gradient_and_accuracy(pack(W, b))
    size = np.abs(X @ W + b).max() + 1  # rounding is relative to the logits
    assert got.shape == (1,)
    assert got[0] == pytest.approx(loss, rel=rtol, abs=1e-15 * size)
    dW_fast, db_fast = unpack(gradient)
    np.testing.assert_allclose(dW_fast, dW, rtol=rtol, atol=1e-15 * size * (1 + np.abs(X).max()))
    np.testing.assert_allclose(db_fast, db, rtol=rtol, atol=1e-15 * size)
    assert accuracy[0] == ((X @ W + b).argmax(axis=1) == labels).mean()
    again, _ = space.loss_and_gradient(pack(W, b))
    assert again == got


@settings(deadline=None)
@given(
    N=st.integers(1, 40),
    D=st.integers(1, 6),
    K=st.integers(2, 7),
    seed=st.integers(0, 99),
    scale=st.sampled_from([0.0, 1e-3, 1.0, 30.0, 1000.0]),
    l2=st.sampled_from([0.0, 0.1]),
)
def test_equals_the_plain_form(N, D, K, seed, scale, l2):
    X, labels, W, b = problem(N, D, K, seed, scale)
    assert_equals_plain(FastLoss(X, labels, l2, n_classes=K), X, labels, W, b, l2)


@pytest.mark.parametrize("l2", [0.0, 0.3])
@pytest.mark.parametrize("scale", [1.0, 400.0])
def test_equals_the_plain_form_in_chunks(monkeypatch, scale, l2):
    small_chunks(monkeypatch)
    X, labels, W, b = problem(53, 4, 5, scale=scale)
    space = FastLoss(X, labels, l2, n_classes=5)
    assert space._rows == 8  # 40 // (D + 1): the last chunk of the 53 rows is smaller
    assert_equals_plain(space, X, labels, W, b, l2)


def test_takes_one_hot_labels_without_being_told_the_number_of_classes():
    X, labels, W, b = problem(9, 3, 5)
    assert_equals_plain(FastLoss(X, one_hot(labels, 5)), X, labels, W, b)


@pytest.mark.parametrize("in_chunks", [False, True])
def test_the_gradient_of_a_batch(monkeypatch, in_chunks):
    if in_chunks:
        small_chunks(monkeypatch)
    X, labels, W, b = problem(30, 4, 5, scale=2.0)
    space = FastLoss(X, labels, 0.2, n_classes=5)
    batch = np.array([3, 28, 3, 7, 0, 11, 12, 13, 14, 15, 16])
    _, dW, db = loss_and_gradients(X[batch], labels[batch], W, b, 0.2)
    dW_fast, db_fast = unpack(space.batch_gradient(pack(W, b), batch))
    np.testing.assert_allclose(dW_fast, dW, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(db_fast, db, rtol=1e-13, atol=1e-14)
    assert_equals_plain(space, X, labels, W, b, 0.2)  # nothing is left over from the batch


@pytest.mark.parametrize(
    "examples",
    [
        np.arange(30) % 3 == 0,
        (np.arange(30) % 7 == 2).tolist(),
        np.ones(30, bool),
        [4],
        [-1, 29, -30],
        np.array([5, 5, 5, 2], np.uint8),
        np.array([7, 8], np.uint64),
        range(3, 9),
        slice(None),
        slice(20, 3, -4),
        slice(25, 99),
    ],
    ids=str,
)
@pytest.mark.parametrize("in_chunks", [False, True])
def test_a_batch_is_what_numpy_would_take(monkeypatch, in_chunks, examples):
    if in_chunks:
        small_chunks(monkeypatch)
    X, labels, W, b = problem(30, 4, 5, scale=2.0)
    rows = examples if isinstance(examples, slice) else np.array(examples)
    _, dW, db = loss_and_gradients(X[rows], labels[rows], W, b, 0.2)
    dW_fast, db_fast = unpack(FastLoss(X, labels, 0.2, n_classes=5).batch_gradient(pack(W, b), examples))
    np.testing.assert_allclose(dW_fast, dW, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(db_fast, db, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        ([], "examples: expected at least one whole number, or 30 booleans of which one is True, got an array"),
        (np.zeros(30, bool), "examples: expected at least one whole number, or 30 booleans of which one is True"),
        (np.ones(29, bool), "examples: expected at least one .*, got an array of bool with shape \\(29,\\)"),
        (np.ones((30, 1), bool), "examples: expected at least one .*, got an array of bool"),
        ([0.0, 1.0], "examples: expected at least one .*, got an array of float64"),
        (3, "examples: expected at least one .*, got an array of int64"),
        (True, "examples: expected at least one .*, got an array of bool"),
        (None, "examples: expected at least one .*, got NoneType"),
        ([[0, 1]], "examples: expected at least one .*, got an array of int64 with shape \\(1, 2\\)"),
        ([[0], [1, 2]], "examples: expected an array of numbers, got rows of different lengths"),
        (["0"], "examples: expected at least one .*, got an array of <U1"),
        (slice(5, 5), "examples: expected at least one"),
        ([0, 30], "examples: expected numbers of the 30 examples, 0 to 29, got 30"),
        ([0, -31], "examples: expected numbers of the 30 examples, 0 to 29, got -31"),
        (
            np.array([2**63 + 1], np.uint64),
            "examples: expected numbers of the 30 examples, 0 to 29, got 9223372036854775809",
        ),
    ],
)
def test_refuses_batches_that_are_none(examples, message):
    X, labels, W, b = problem(30, 4, 5)
    space = FastLoss(X, labels, n_classes=5)
    with pytest.raises(ValueError, match=f"^{message}"):
        space.batch_gradient(pack(W, b), examples)


@pytest.mark.parametrize(
    "theta",
    [np.zeros((1, 5, 4)), np.zeros((2, 5, 5)), np.zeros((5, 5)), np.zeros((1, 5, 5), np.float32)],
)
def test_refuses_parameters_that_do_not_fit(theta):
    X, labels, _, _ = problem(30, 4, 5)
    space = FastLoss(X, labels, n_classes=5)
    message = r"^theta: expected float64 of shape \(1, 5, 5\), got float"
    for call in (
        space.loss_and_gradient,
        space.loss_gradient_and_accuracy,
        lambda theta: space.batch_gradient(theta, [0]),
    ):
        with pytest.raises(ValueError, match=message):
            call(theta)


def test_no_safe_rate_where_the_squares_leave_the_floats():
    with pytest.raises(ValueError, match=r"^X: expected XᵀX to stay within the range of floats, got inf"):
        FastLoss([[1e200], [1.0]], [0, 1], n_classes=2).safe_rate()


@pytest.mark.parametrize("in_chunks", [False, True])
def test_many_models_at_once_are_each_what_they_are_alone(monkeypatch, in_chunks):
    if in_chunks:
        small_chunks(monkeypatch)
    X, labels, _, _ = problem(23, 3, 5)
    rng = np.random.default_rng(1)
    theta = rng.normal(size=(4, 5, 4)) * np.array([0.0, 1.0, 50.0, 1e4])[:, None, None]
    together = [array.copy() for array in FastLoss(X, labels, 0.1, 5, models=4).loss_gradient_and_accuracy(theta)]
    alone = FastLoss(X, labels, 0.1, 5)
    for r in range(4):
        for got, want in zip(together, alone.loss_gradient_and_accuracy(theta[r : r + 1]), strict=True):
            np.testing.assert_allclose(got[r], want[0], rtol=1e-12, atol=1e-14)


def test_a_tiny_loss_keeps_its_digits():
    """The difference of two sums would leave noise, even negative; so would doing without the maximum."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 30)
    X = np.eye(4)[labels] + 0.1 * rng.normal(size=(30, 4))
    b = rng.normal(size=4)
    for scale in (20.0, 60.0, 300.0):
        W = scale * np.eye(4)
        Z = X @ W + b
        margins = Z - Z[np.arange(30), labels][:, None]
        margins[np.arange(30), labels] = -np.inf
        want = np.log1p(np.exp(margins).sum(axis=1)).mean()
        (loss,), _ = FastLoss(X, labels, n_classes=4).loss_and_gradient(pack(W, b))
        assert loss == pytest.approx(want, rel=1e-11, abs=0)
    assert 0 < want < 1e-60


def test_a_tiny_mean_may_hide_a_mistake():
    """Scores of 1e6, and one example in a thousand that is wrong by 5."""
    X, labels = np.repeat([[1e6], [-5.0]], [999, 1], axis=0), np.zeros(1000, int)
    (loss,), _ = FastLoss(X, labels, n_classes=2).loss_and_gradient(pack(np.array([[1.0, 0.0]]), np.zeros(2)))
    assert loss == pytest.approx(np.log1p(np.exp(5)) / 1000, rel=1e-12)


def test_a_tie_goes_to_the_lower_class():
    X, labels, _, _ = problem(40, 3, 5)
    _, _, accuracy = FastLoss(X, labels, n_classes=5).loss_gradient_and_accuracy(np.zeros((1, 5, 4)))
    assert accuracy == (labels == 0).mean() != (labels == 4).mean()


def test_the_largest_logits():
    X, labels = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), np.array([1, 0, 2])
    W, b = np.array([[1e4, 0.0, -1e4, 3.0], [-1e4, 5.0, 2.0, 1e4]]), np.zeros(4)
    assert_equals_plain(FastLoss(X, labels, n_classes=4), X, labels, W, b)


def test_parameters_beyond_the_floats_give_a_loss_that_is_not_finite():
    X, labels, W, b = problem(8, 3, 5)
    space = FastLoss(X, labels, n_classes=5)
    for bad in (np.inf, np.nan):
        W[0, 0] = bad
        assert not np.isfinite(space.loss_and_gradient(pack(W, b))[0][0])


def test_float32_stays_float32_and_comes_close():
    X, labels, W, b = problem(50, 4, 5)
    space = FastLoss(X.astype(np.float32), labels, n_classes=5)
    loss, gradient, _ = space.loss_gradient_and_accuracy(pack(W, b, np.float32))
    assert loss.dtype == gradient.dtype == np.float32
    want, dW, _ = loss_and_gradients(X, labels, W, b)
    assert loss[0] == pytest.approx(want, rel=1e-5)
    np.testing.assert_allclose(unpack(gradient)[0], dW, rtol=1e-3, atol=1e-5)
    (mixed,), _ = FastLoss(X, labels, n_classes=5, dtype=np.float32).loss_and_gradient(pack(W, b, np.float32))
    assert mixed == loss[0]


def test_changes_none_of_its_arguments():
    X, labels, W, b = problem(30, 4, 5)
    theta = pack(W, b)
    before = [array.copy() for array in (X, labels, W, b, theta)]
    space = FastLoss(X, labels, 0.1, n_classes=5)
    space.loss_gradient_and_accuracy(theta)
    space.batch_gradient(theta, np.arange(3))
    for array, copy in zip((X, labels, W, b, theta), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_pack_and_unpack_are_inverse_and_share_no_memory():
    _, _, W, b = problem(3, 4, 5)
    theta = pack(W, b)
    assert theta.shape == (1, 5, 5)
    assert theta[0, 2, 1] == W[1, 2]
    W_again, b_again = unpack(theta)
    np.testing.assert_array_equal(W_again, W)
    np.testing.assert_array_equal(b_again, b)
    assert not any(np.shares_memory(theta, array) for array in (W, b, W_again, b_again))


def test_the_safe_rate_is_below_the_bound_on_the_curvature():
    X, labels, _, _ = problem(30, 4, 5)
    X1 = np.hstack([X, np.ones((30, 1))])
    bound = 1 / (np.linalg.eigvalsh(X1.T @ X1 / 30)[-1] / 2 + 0.3)
    assert 0.2 * bound < FastLoss(X, labels, 0.3, n_classes=5).safe_rate() <= bound


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"X": [1.0, 2.0]}, "X: expected shape"),
        ({"Y": [0, 1, 3]}, "Y: expected labels from 0 to 2, got 3"),
        ({"Y": [0, 1]}, "Y: expected 3 labels"),
        ({"Y": [0, 1, 2], "n_classes": None}, "Y: expected shape"),
        ({"n_classes": 1}, "n_classes: expected a whole number of at least 2"),
        ({"models": 0}, "models: expected a whole number of at least 1"),
        ({"l2": -1.0}, "l2: expected"),
        ({"dtype": np.int64}, "dtype: expected float64 or float32, got int64"),
    ],
)
def test_refuses_what_cannot_be_right(arguments, message):
    right = {"X": [[1.0, 2.0], [0.0, 1.0], [2.0, 2.0]], "Y": [0, 1, 2], "n_classes": 3}
    with pytest.raises(ValueError, match=message):
        FastLoss(**(right | arguments))
