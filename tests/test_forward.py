"""Step 1: linear, softmax, log_softmax, cross-entropy, one_hot."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special
from strategies import batches_of_logits, labels_for, problems

from linclf_helpers.datasets import load_four_penguins
from linclf_helpers.forward import cross_entropy, cross_entropy_from_logits, linear, log_softmax, one_hot, softmax

# --- known values ---


def test_linear_known_values():
    Z = linear([[1.0, 2.0], [0.0, -1.0]], [[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]], [0.5, 0.0, -1.0])
    np.testing.assert_array_equal(Z, [[1.5, 2.0, 3.0], [0.5, -1.0, -2.0]])
    np.testing.assert_array_equal(linear([1.0, 2.0], [[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]], [0.5, 0.0, -1.0]), Z[0])


def test_softmax_known_values():
    np.testing.assert_allclose(
        softmax(np.log([[1.0, 2.0, 3.0], [5.0, 4.0, 1.0]])), [[1 / 6, 1 / 3, 1 / 2], [0.5, 0.4, 0.1]]
    )
    np.testing.assert_allclose(softmax([1.0, 2.0, 3.0]), [0.09003057317, 0.24472847105, 0.66524095577], rtol=1e-10)


def test_softmax_needs_the_max_shift():
    """e^1000 overflows, and e^-1000 underflows: both ends, alone and together."""
    np.testing.assert_array_equal(softmax([1000.0, 0.0, -1000.0]), [1.0, 0.0, 0.0])
    np.testing.assert_array_equal(softmax([-1000.0, -1000.0]), [0.5, 0.5])
    np.testing.assert_array_equal(log_softmax([1000.0, 0.0, -1000.0]), [0.0, -1000.0, -2000.0])
    np.testing.assert_array_equal(log_softmax([-1000.0, -1000.0]), [-math.log(2)] * 2)


def test_cross_entropy_known_values():
    Y_hat = [[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]]
    assert cross_entropy(Y_hat, [0, 2]) == pytest.approx(-(math.log(0.5) + math.log(0.7)) / 2, rel=1e-15)
    assert cross_entropy(Y_hat[0], 1) == pytest.approx(math.log(4), rel=1e-15)
    assert cross_entropy_from_logits([[0.0, 0.0, math.log(2)], [0, 0, 0]], [2, 1]) == pytest.approx(
        (math.log(2) + math.log(3)) / 2, rel=1e-15
    )


def test_zero_weights_lose_log_k():
    data = load_four_penguins()
    Z = linear(data.X, np.zeros((2, 3)), np.zeros(3))
    assert cross_entropy(softmax(Z), data.labels) == pytest.approx(math.log(3), rel=1e-15)
    assert cross_entropy_from_logits(Z, data.labels) == pytest.approx(math.log(3), rel=1e-15)


def test_one_hot_known_values():
    Y = one_hot([2, 0, 2, 1], 5)
    np.testing.assert_array_equal(Y, [[0, 0, 1, 0, 0], [1, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 1, 0, 0, 0]])
    assert Y.dtype == np.float64


# --- laws ---

TINY = 1e-300  # below about 1e-308 floats have fewer digits, so no relative comparison holds there


@given(batches_of_logits())
def test_rows_of_softmax_are_probabilities(Z):
    Y_hat = softmax(Z)
    assert Y_hat.shape == Z.shape
    assert ((Y_hat >= 0) & (Y_hat <= 1)).all()
    np.testing.assert_allclose(Y_hat.sum(axis=1), 1, rtol=1e-14)


@given(batches_of_logits(), st.floats(-1e4, 1e4))
def test_shift_invariance(Z, c):
    shift = c * np.arange(1, len(Z) + 1)[:, None] / len(Z)  # another number for each row
    # Z + shift rounds to about 2e-12 before softmax sees it; nothing else may differ.
    np.testing.assert_allclose(softmax(Z + shift), softmax(Z), rtol=0, atol=1e-11)
    np.testing.assert_allclose(log_softmax(Z + shift), log_softmax(Z), rtol=0, atol=1e-11)


@given(batches_of_logits())
def test_softmax_keeps_the_order(Z):
    Y_hat = softmax(Z)
    ordered = Z[:, :, None] <= Z[:, None, :]
    assert (Y_hat[:, :, None] <= Y_hat[:, None, :])[ordered].all()


@given(batches_of_logits(), st.randoms(use_true_random=False))
def test_permuting_the_classes_permutes_the_probabilities(Z, random):
    p = list(range(Z.shape[1]))
    random.shuffle(p)
    np.testing.assert_allclose(softmax(Z[:, p]), softmax(Z)[:, p], rtol=1e-14, atol=TINY)
    np.testing.assert_allclose(log_softmax(Z[:, p]), log_softmax(Z)[:, p], rtol=1e-14, atol=1e-15)


@given(batches_of_logits())
def test_each_row_is_on_its_own(Z):
    np.testing.assert_allclose(softmax(Z), [softmax(z) for z in Z], rtol=1e-14, atol=TINY)
    np.testing.assert_allclose(log_softmax(Z), [log_softmax(z) for z in Z], rtol=1e-14, atol=1e-15)


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_two_classes_are_the_sigmoid(a, b):
    np.testing.assert_allclose(softmax([a, b])[0], special.expit(a - b), rtol=1e-13, atol=TINY)
    np.testing.assert_allclose(log_softmax([a, b])[0], special.log_expit(a - b), rtol=1e-12, atol=1e-15)


# --- independent oracles ---


@given(problems())
def test_linear_by_loops(problem):
    X, _, W, b, _ = problem
    expected = [
        [math.fsum(X[n, d] * W[d, k] for d in range(len(W))) + b[k] for k in range(len(b))] for n in range(len(X))
    ]
    np.testing.assert_allclose(linear(X, W, b), expected, rtol=0, atol=1e-13)
    np.testing.assert_allclose(linear(X[0], W, b), expected[0], rtol=0, atol=1e-13)


@given(batches_of_logits())
def test_softmax_agrees_with_scipy(Z):
    np.testing.assert_allclose(softmax(Z), special.softmax(Z, axis=1), rtol=1e-13, atol=TINY)
    np.testing.assert_allclose(log_softmax(Z), special.log_softmax(Z, axis=1), rtol=1e-13, atol=1e-15)


@given(batches_of_logits())
def test_cross_entropy_from_logits_by_loops(Z):
    labels = labels_for(Z)
    each = [special.logsumexp(z) - z[c] for z, c in zip(Z, labels, strict=True)]
    # logsumexp(z) - z_c loses what lies below 1e4 · ε; the package's own order of operations does not.
    assert cross_entropy_from_logits(Z, labels) == pytest.approx(math.fsum(each) / len(Z), rel=1e-13, abs=1e-11)


@given(batches_of_logits(size=30))
def test_cross_entropy_by_loops(Z):
    labels = labels_for(Z)
    Y_hat = softmax(Z)
    expected = -math.fsum(math.log(Y_hat[n, c]) for n, c in enumerate(labels)) / len(Z)
    assert cross_entropy(Y_hat, labels) == pytest.approx(expected, rel=1e-13, abs=1e-15)
    assert cross_entropy_from_logits(Z, labels) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert cross_entropy(Y_hat, labels) >= 0


@given(batches_of_logits(size=100))
def test_both_forms_of_label_mean_the_same(Z):
    labels = labels_for(Z)
    Y = np.eye(Z.shape[1])[labels]
    np.testing.assert_array_equal(one_hot(labels, Z.shape[1]), Y)
    for form in (Y, Y.astype(bool), Y.astype(int), Y.tolist(), labels.tolist(), labels.astype(np.uint8)):
        assert cross_entropy_from_logits(Z, form) == cross_entropy_from_logits(Z, labels)
        assert cross_entropy(softmax(Z), form) == cross_entropy(softmax(Z), labels)
    assert cross_entropy_from_logits(Z[0], Y[0]) == cross_entropy_from_logits(Z[0], labels[0])
    assert cross_entropy(softmax(Z[0]), Y[0]) == cross_entropy(softmax(Z[0]), int(labels[0]))


# --- extremes (warnings are errors in this suite, so none may leak) ---


def test_logits_of_ten_thousand():
    Z = np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, 1e4]])
    np.testing.assert_array_equal(softmax(Z), [[1, 0, 0], [0, 0, 1]])
    np.testing.assert_array_equal(log_softmax(Z), [[0, -2e4, -1e4], [-2e4, -2e4, 0]])
    assert cross_entropy_from_logits(Z, [1, 2]) == 1e4
    assert cross_entropy(softmax(Z), [1, 2]) == np.inf
    assert cross_entropy(softmax(Z), [0, 2]) == 0


def test_logits_at_the_end_of_the_range():
    np.testing.assert_array_equal(softmax([1.7e308, -1.7e308]), [1, 0])
    np.testing.assert_array_equal(log_softmax([1.7e308, -1.7e308]), [0, -np.inf])
    assert cross_entropy_from_logits([1.7e308, -1.7e308], 1) == np.inf
    assert cross_entropy_from_logits([[8e307, -8e307], [8e307, -8e307]], [1, 1]) == np.inf  # the sum, not the mean


def test_subnormal_numbers():
    np.testing.assert_array_equal(softmax([5e-324, -5e-324]), [0.5, 0.5])
    assert cross_entropy([[5e-324, 1.0]], [0]) == pytest.approx(744.4400719213812, rel=1e-15)


def test_a_thousand_classes():
    Z = np.random.default_rng(0).normal(scale=50, size=(3, 1000))
    np.testing.assert_allclose(softmax(Z), special.softmax(Z, axis=1), rtol=1e-13)
    assert cross_entropy_from_logits(np.zeros((3, 1000)), [0, 500, 999]) == pytest.approx(math.log(1000), rel=1e-14)


def test_a_perfect_prediction_loses_nothing_and_not_minus_nothing():
    for loss in (cross_entropy([[1.0, 0.0, 0.0]], [0]), cross_entropy_from_logits([[1e4, 0.0, 0.0]], [0])):
        assert loss == 0
        assert math.copysign(1, loss) == 1


def test_probabilities_may_be_nudged_one_by_one():
    """Notebook 03 takes finite differences of the loss by one probability, so rows may miss 1 a little."""
    assert cross_entropy([[0.6, 0.25, 0.25]], [0]) == -math.log(0.6)
    with pytest.raises(ValueError, match=r"^Y_hat: expected each row to sum to 1, got a sum of 1\.1[0-9]* in row 1"):
        cross_entropy([[0.5, 0.5, 0.0], [0.61, 0.25, 0.25]], [0, 0])


def test_float32_stays_float32():
    X, W, b = (np.ones(shape, np.float32) for shape in [(4, 2), (2, 3), 3])
    Z = linear(X, W, b)
    assert [a.dtype for a in (Z, softmax(Z), log_softmax(Z))] == [np.float32] * 3
    assert linear(X, W, b.astype(float)).dtype == np.float64
    assert softmax(np.ones(3, np.float16)).dtype == np.float64
    assert isinstance(cross_entropy(softmax(Z), [0, 1, 2, 0]), float)


# --- what is refused (the hostile values of test_validate.py come on top) ---


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linear(3.0, np.ones((2, 3)), np.ones(3)), r"X: expected shape \(D,\) or \(N, D\), got \(\)"),
        (lambda: linear(np.ones((4, 2, 1)), np.ones((2, 3)), np.ones(3)), r"X: expected shape .*, got \(4, 2, 1\)"),
        (lambda: linear(np.ones((4, 2)), np.ones((3, 2)), np.ones(2)), r"W: expected shape \(2, K\), got \(3, 2\)"),
        (lambda: linear(np.ones((4, 2)), np.ones(2), np.ones(3)), r"W: expected shape \(2, K\), got \(2,\)"),
        (lambda: linear(np.ones((4, 2)), np.ones((2, 3)), np.ones(4)), r"b: expected shape \(3,\), got \(4,\)"),
        (lambda: linear(np.ones((4, 2)), np.ones((2, 3)), np.ones((1, 3))), r"b: expected shape \(3,\), got \(1, 3\)"),
        (lambda: linear(np.ones((4, 2)), np.ones((2, 3)), 1.0), r"b: expected shape \(3,\), got \(\)"),
        (lambda: linear(np.ones((4, 2)), np.ones((2, 1)), np.ones(1)), r"b: expected at least 2 classes \(K >= 2\)"),
        (lambda: linear([[1e200]], [[1e200, 0]], [0, 0]), r"X, W, b: expected XW \+ b to stay within .*, got inf"),
        (lambda: linear([[1e200, 1e200]], [[1e200, 0], [-1e200, 0]], [0, 0]), r"X, W, b: expected XW \+ b"),
        (lambda: softmax(1.0), r"Z: expected shape \(K,\) or \(N, K\), got \(\)"),
        (lambda: softmax([1.0]), r"Z: expected at least 2 classes \(K >= 2\), got shape \(1,\)"),
        (lambda: softmax(np.ones((4, 1))), r"Z: expected at least 2 classes \(K >= 2\), got shape \(4, 1\)"),
        (lambda: softmax(np.ones((4, 3, 2))), r"Z: expected shape .*, got \(4, 3, 2\)"),
        (lambda: log_softmax(np.ones((4, 1))), r"Z: expected at least 2 classes"),
        (lambda: cross_entropy([[2.0, -1.0]], [0]), r"Y_hat: expected probabilities, got the negative number -1"),
        (lambda: cross_entropy([[2.0, 1.0]], [0]), r"Y_hat: expected each row to sum to 1, got a sum of 3 in row 0"),
        (lambda: cross_entropy([1e308, 1e308], 0), r"Y_hat: expected each row to sum to 1, got a sum of inf"),
        (lambda: cross_entropy([[0.5, 0.5]], [2]), r"Y: expected labels from 0 to 1, got 2"),
        (lambda: cross_entropy([[0.5, 0.5]], [-1]), r"Y: expected labels from 0 to 1, got -1"),
        (lambda: cross_entropy([[0.5, 0.5]], [1.0]), r"Y: expected integer labels, got an array of float64"),
        (lambda: cross_entropy([[0.5, 0.5]], [True]), r"Y: expected integer labels, got an array of bool"),
        (lambda: cross_entropy([[0.5, 0.5]], [0, 1]), r"Y: expected 1 labels, one per row of Y_hat, got 2"),
        (lambda: cross_entropy([[0.5, 0.5]], 0), r"Y: expected one-hot rows of shape \(1, 2\) .*, got shape \(\)"),
        (lambda: cross_entropy([0.5, 0.5], 0.0), r"Y: expected integer labels, got an array of float64"),
        (lambda: cross_entropy([[0.5, 0.5]], [[0.9, 0.1]]), r"Y: expected one-hot rows .*, got \[0.9 0.1\] in row 0"),
        (lambda: cross_entropy([[0.5, 0.5]], [[1, 1]]), r"Y: expected one-hot rows .*, got \[1. 1.\] in row 0"),
        (lambda: cross_entropy([[0.5, 0.5]] * 3, [[0, 1], [0, 0], [0, 2]]), r"Y: expected one-hot .* in row 1"),
        (lambda: cross_entropy([[0.5, 0.5]], [[-1, 2]]), r"Y: expected one-hot rows"),
        (lambda: cross_entropy([[0.5, 0.5]] * 3, [[0, 1]]), r"Y: expected one-hot rows .*, got shape \(1, 2\)"),
        (lambda: cross_entropy([[0.5, 0.5]] * 3, [[0], [1], [0]]), r"Y: expected one-hot rows .*, got shape \(3, 1\)"),
        (lambda: cross_entropy_from_logits(np.ones((3, 2)), [[0, 1]]), r"Y: expected one-hot rows .* to go with Z"),
        (lambda: cross_entropy_from_logits(np.ones((3, 2)), [0, 1]), r"Y: expected 3 labels, one per row of Z, got 2"),
        (lambda: one_hot([0, 3], 3), r"labels: expected labels from 0 to 2, got 3"),
        (lambda: one_hot([0, -1], 3), r"labels: expected labels from 0 to 2, got -1"),
        (lambda: one_hot([0.0, 1.0], 3), r"labels: expected integer labels, got an array of float64 with shape \(2,\)"),
        (lambda: one_hot([[0, 1]], 3), r"labels: expected shape \(N,\) with N >= 1, got \(1, 2\)"),
        (lambda: one_hot(np.zeros(0, int), 3), r"labels: expected shape \(N,\) with N >= 1, got \(0,\)"),
        (lambda: one_hot([0], 1), r"K: expected a whole number of at least 2, got 1"),
        (lambda: one_hot([0], 3.0), r"K: expected a whole number of at least 2, got 3.0"),
        (lambda: one_hot([0], True), r"K: expected a whole number of at least 2, got True"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
