"""Steps 2 to 6: every derivative against finite differences, complex steps, loops, and its own laws."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import batches_of_logits, labels_for, problems

from linclf_helpers.forward import cross_entropy, cross_entropy_from_logits, linear, one_hot, softmax
from linclf_helpers.gradcheck import check_gradient
from linclf_helpers.gradients import (
    dL_db,
    dL_dW,
    dL_dYhat,
    dL_dZ,
    dz_db,
    dz_dW,
    loss_and_gradients,
    softmax_jacobian,
)


def loss_from_the_definition(X, labels, W, b, l2=0.0):
    """Return the loss, written apart from the package, and for complex W and b too."""
    Z = X @ W + b
    top = Z.real.max(axis=1, keepdims=True)
    log_sums = top[:, 0] + np.log(np.exp(Z - top).sum(axis=1))
    return (log_sums - Z[np.arange(len(X)), labels]).mean() + l2 / 2 * (W**2).sum()


def complex_step(f, x, h=1e-30):
    """Return the gradient of f by f(x + ih) = f(x) + ih f'(x): no subtraction, so exact to rounding."""
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        point = x.astype(complex)
        point[index] += 1j * h
        gradient[index] = f(point).imag / h
    return gradient


# --- known values: one penguin-sized example by hand ---


def test_known_values_of_one_example():
    """Scores [0.2, 0.3, 0.5] as probabilities, the correct class in the middle."""
    y_hat, x = np.array([0.2, 0.3, 0.5]), np.array([2.0, -1.0])
    np.testing.assert_allclose(dL_dYhat(y_hat, 1), [0, -1 / 0.3, 0])
    np.testing.assert_allclose(
        softmax_jacobian(y_hat), [[0.16, -0.06, -0.10], [-0.06, 0.21, -0.15], [-0.10, -0.15, 0.25]]
    )
    np.testing.assert_allclose(dL_dZ(y_hat, 1), [0.2, -0.7, 0.5])
    np.testing.assert_allclose(dL_dW(x, dL_dZ(y_hat, 1)), [[0.4, -1.4, 1.0], [-0.2, 0.7, -0.5]])
    np.testing.assert_allclose(dL_db(dL_dZ(y_hat, 1)), [0.2, -0.7, 0.5])


def test_known_values_of_a_batch_carry_one_over_n():
    Y_hat = np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1], [0.2, 0.2, 0.6], [0.25, 0.5, 0.25]])
    X, labels = np.array([[2.0, -1.0], [0.0, 1.0], [1.0, 1.0], [4.0, 0.0]]), [1, 0, 2, 0]
    np.testing.assert_allclose(dL_dYhat(Y_hat, labels)[[0, 1, 2, 3], labels], [-1 / 1.2, -1 / 2.4, -1 / 2.4, -1.0])
    G = dL_dZ(Y_hat, labels)
    np.testing.assert_allclose(4 * G, [[0.2, -0.7, 0.5], [-0.4, 0.3, 0.1], [0.2, 0.2, -0.4], [-0.75, 0.5, 0.25]])
    np.testing.assert_allclose(4 * dL_dW(X, G), [[-2.4, 0.8, 1.6], [-0.4, 1.2, -0.8]])
    np.testing.assert_allclose(4 * dL_db(G), [-0.75, 0.3, 0.45])


# --- each derivative against finite differences of what it derives ---


@given(problems())
def test_step_3_against_finite_differences(problem):
    Y_hat = softmax(0.5 * linear(problem.X, problem.W, problem.b))
    assume(Y_hat.min() > 0.02)  # −log curves too sharply near 0 for h = 1e-5 and this tolerance
    f = lambda P: cross_entropy(P, problem.labels)  # noqa: E731
    check_gradient(f, Y_hat, dL_dYhat(Y_hat, problem.labels), tolerance=2e-7).assert_ok()


@given(problems())
def test_step_4_against_finite_differences(problem):
    z = linear(problem.X[0], problem.W, problem.b)
    assume(softmax(z).max() < 0.99)  # else no entry of the Jacobian stands out from rounding
    check_gradient(softmax, z, softmax_jacobian(softmax(z))).assert_ok()


@given(problems())
def test_step_5_against_finite_differences(problem):
    X, _, W, b, _ = problem
    check_gradient(lambda W: linear(X[0], W, b), W, dz_dW(X[0], len(b))).assert_ok()
    check_gradient(lambda b: linear(X[0], W, b), b, dz_db(len(b))).assert_ok()


@given(problems())
def test_step_6_against_finite_differences(problem):
    X, labels, W, b, _ = problem
    Z = linear(X, W, b)
    assume(cross_entropy_from_logits(Z, labels) > 0.3)  # where all is right already, rounding is all that is left
    G = dL_dZ(softmax(Z), labels)
    assume(np.abs(dL_db(G)).max() > 0.01 < np.abs(dL_dW(X, G)).max())  # contributions may cancel by chance
    check_gradient(lambda Z: cross_entropy_from_logits(Z, labels), Z, G).assert_ok()
    f = lambda W, b: cross_entropy_from_logits(linear(X, W, b), labels)  # noqa: E731
    check_gradient(lambda W: f(W, b), W, dL_dW(X, G)).assert_ok()
    check_gradient(lambda b: f(W, b), b, dL_db(G)).assert_ok()


@given(problems(), st.sampled_from([0.0, 0.1, 3.0]))
def test_all_six_steps_against_the_complex_step(problem, l2):
    X, labels, W, b, _ = problem
    loss, dW, db = loss_and_gradients(X, labels, W, b, l2)
    f = loss_from_the_definition
    assert loss == pytest.approx(f(X, labels, W, b, l2), rel=1e-13, abs=1e-14)
    np.testing.assert_allclose(dW, complex_step(lambda W: f(X, labels, W, b, l2), W), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(db, complex_step(lambda b: f(X, labels, W, b, l2), b), rtol=1e-12, atol=1e-14)


# --- each derivative against explicit loops ---


@given(batches_of_logits(size=30))
def test_batch_derivatives_by_loops(Z):
    labels, Y_hat, (N, K) = labels_for(Z), softmax(Z), Z.shape
    slope, fused = np.zeros((N, K)), np.zeros((N, K))
    for n in range(N):
        for j in range(K):
            y = 1.0 if labels[n] == j else 0.0
            slope[n, j] = -y / Y_hat[n, j] / N
            fused[n, j] = (Y_hat[n, j] - y) / N
    np.testing.assert_allclose(dL_dYhat(Y_hat, labels), slope, rtol=1e-15)
    np.testing.assert_allclose(dL_dZ(Y_hat, labels), fused, rtol=1e-15)
    np.testing.assert_allclose(dL_db(fused), [math.fsum(fused[:, k]) for k in range(K)], rtol=0, atol=1e-15)


@given(batches_of_logits(size=30))
def test_jacobian_of_softmax_by_loops(Z):
    y_hat, K = softmax(Z[0]), Z.shape[1]
    J = np.empty((K, K))
    for i in range(K):
        for j in range(K):
            J[i, j] = y_hat[i] * ((1 if i == j else 0) - y_hat[j])
    np.testing.assert_allclose(softmax_jacobian(y_hat), J, rtol=0, atol=1e-15)


@given(problems())
def test_tensor_and_outer_products_by_loops(problem):
    X, rng = problem.X, problem.rng
    (N, D), K = X.shape, len(problem.b)
    tensor = dz_dW(X[0], K)
    assert tensor.shape == (K, D, K)
    for j, d, k in np.ndindex(K, D, K):
        assert tensor[j, d, k] == (X[0, d] if j == k else 0)
    np.testing.assert_array_equal(dz_db(K), [[float(j == k) for k in range(K)] for j in range(K)])
    G = rng.normal(size=(N, K))
    total = np.zeros((D, K))
    for n in range(N):
        for d in range(D):
            for k in range(K):
                total[d, k] += X[n, d] * G[n, k]
    np.testing.assert_allclose(dL_dW(X, G), total, rtol=0, atol=1e-13)
    np.testing.assert_allclose(dL_dW(X[0], G[0]), X[0][:, None] * G[0][None, :], rtol=1e-15)


# --- laws ---


@given(batches_of_logits())
def test_jacobian_of_softmax_is_symmetric_and_sums_to_zero(Z):
    J = softmax_jacobian(softmax(Z[0]))
    np.testing.assert_array_equal(J, J.T)
    np.testing.assert_allclose(J.sum(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(J.sum(axis=1), 0, atol=1e-15)
    assert np.linalg.eigvalsh(J).min() > -1e-15  # positive semi-definite


@given(problems())
def test_jacobian_of_softmax_has_rank_k_minus_1(problem):
    y_hat = softmax(0.5 * linear(problem.X[0], problem.W, problem.b))
    eigenvalues = np.linalg.eigvalsh(softmax_jacobian(y_hat))
    assert (np.abs(eigenvalues) < 1e-14).sum() == 1
    assert (eigenvalues > 1e-6).sum() == len(y_hat) - 1


@given(problems())
def test_chain_of_jacobians_is_the_fused_form(problem):
    X, labels, W, b, _ = problem
    N, K = len(X), len(b)
    Y_hat = softmax(linear(X, W, b))
    by_rows = dL_dYhat(Y_hat, labels)
    chained = np.array([by_rows[n] @ softmax_jacobian(Y_hat[n]) for n in range(N)])
    np.testing.assert_allclose(chained, dL_dZ(Y_hat, labels), rtol=0, atol=1e-15)
    contracted = sum(np.einsum("j,jdk->dk", chained[n], dz_dW(X[n], K)) for n in range(N))
    np.testing.assert_allclose(contracted, dL_dW(X, chained), rtol=0, atol=1e-14)


@given(batches_of_logits())
def test_rows_of_dl_dz_sum_to_zero(Z):
    G = dL_dZ(softmax(Z), labels_for(Z))
    np.testing.assert_allclose(G.sum(axis=1), 0, atol=1e-15)
    assert (np.abs(G) <= 1 / len(Z)).all()


@given(problems())
def test_the_classes_of_dl_dw_sum_to_zero(problem):
    _, dW, db = loss_and_gradients(problem.X, problem.labels, problem.W, problem.b)
    np.testing.assert_allclose(dW.sum(axis=1), 0, atol=1e-14)
    assert abs(db.sum()) < 1e-14


@given(problems(), st.floats(-100, 100))
def test_one_constant_for_all_classes_changes_nothing(problem, c):
    X, labels, W, b, _ = problem
    column = c * np.linspace(-1, 1, len(W))[:, None]
    loss, dW, db = loss_and_gradients(X, labels, W, b)
    moved, dW_moved, db_moved = loss_and_gradients(X, labels, W + column, b + c)
    assert moved == pytest.approx(loss, rel=1e-11, abs=1e-11)
    np.testing.assert_allclose(dW_moved, dW, rtol=0, atol=1e-11)
    np.testing.assert_allclose(db_moved, db, rtol=0, atol=1e-11)


@given(problems())
def test_the_batch_is_the_mean_of_its_examples(problem):
    X, labels, W, b, _ = problem
    loss, dW, db = loss_and_gradients(X, labels, W, b)
    each = [loss_and_gradients(X[n : n + 1], labels[n : n + 1], W, b) for n in range(len(X))]
    assert loss == pytest.approx(math.fsum(e[0] for e in each) / len(X), rel=1e-13)
    np.testing.assert_allclose(dW, sum(e[1] for e in each) / len(X), rtol=0, atol=1e-14)
    np.testing.assert_allclose(db, sum(e[2] for e in each) / len(X), rtol=0, atol=1e-14)
    twice = loss_and_gradients(np.vstack([X, X]), np.tile(labels, 2), W, b)
    np.testing.assert_allclose(twice[1], dW, rtol=0, atol=1e-14)


@given(problems())
def test_permuting_examples_features_and_classes(problem):
    X, labels, W, b, rng = problem
    loss, dW, db = loss_and_gradients(X, labels, W, b)
    n, d, k = (rng.permutation(size) for size in (len(X), *W.shape))
    new_name = np.argsort(k)  # class k[i] is called i
    permuted = loss_and_gradients(X[n][:, d], new_name[labels[n]], W[d][:, k], b[k])
    assert permuted[0] == pytest.approx(loss, rel=1e-13)
    np.testing.assert_allclose(permuted[1], dW[d][:, k], rtol=0, atol=1e-14)
    np.testing.assert_allclose(permuted[2], db[k], rtol=0, atol=1e-14)


@given(problems(), st.floats(0.0, 10.0))
def test_l2_adds_to_the_weights_alone(problem, l2):
    X, labels, W, b, _ = problem
    loss, dW, db = loss_and_gradients(X, labels, W, b)
    loss_l2, dW_l2, db_l2 = loss_and_gradients(X, labels, W, b, l2)
    assert loss_l2 == pytest.approx(loss + l2 / 2 * math.fsum((W**2).ravel()), rel=1e-13)
    np.testing.assert_allclose(dW_l2, dW + l2 * W, rtol=1e-15)
    np.testing.assert_array_equal(db_l2, db)
    assert loss_and_gradients(X, labels, W, b + 5, l2)[0] == pytest.approx(loss_l2, rel=1e-11)


@given(problems(), st.floats(0, 1), st.sampled_from([0.0, 0.3]))
def test_the_loss_is_convex_along_a_segment(problem, t, l2):
    X, labels, W, b, rng = problem
    W2, b2 = W + 3 * rng.normal(size=W.shape), b + 3 * rng.normal(size=b.shape)
    start, dW, db = loss_and_gradients(X, labels, W, b, l2)
    end = loss_and_gradients(X, labels, W2, b2, l2)[0]
    between = loss_and_gradients(X, labels, (1 - t) * W + t * W2, (1 - t) * b + t * b2, l2)[0]
    assert between <= (1 - t) * start + t * end + 1e-12
    assert end >= start + (dW * (W2 - W)).sum() + (db * (b2 - b)).sum() - 1e-12  # above every tangent


@given(problems(K=(2, 2)))
def test_two_classes_are_logistic_regression(problem):
    X, labels, W, b, _ = problem
    _, dW, db = loss_and_gradients(X, labels, W, b)
    p = 1 / (1 + np.exp(-(X @ (W[:, 1] - W[:, 0]) + b[1] - b[0])))
    np.testing.assert_allclose(dW[:, 1], X.T @ (p - labels) / len(X), rtol=0, atol=1e-13)
    np.testing.assert_allclose(dW[:, 0], -dW[:, 1], rtol=0, atol=1e-13)
    assert db[1] == pytest.approx((p - labels).mean(), abs=1e-14)


@given(problems())
def test_both_forms_of_label_mean_the_same(problem):
    X, labels, W, b, _ = problem
    Y_hat = softmax(linear(X, W, b))
    np.testing.assert_array_equal(dL_dYhat(Y_hat, problem.Y), dL_dYhat(Y_hat, labels))
    np.testing.assert_array_equal(dL_dZ(Y_hat, problem.Y), dL_dZ(Y_hat, labels.tolist()))
    np.testing.assert_array_equal(dL_dZ(Y_hat[0], problem.Y[0]), dL_dZ(Y_hat[0], labels[0]))
    for one, other in zip(
        loss_and_gradients(X, problem.Y, W, b), loss_and_gradients(X, labels.astype(np.uint8), W, b), strict=True
    ):
        np.testing.assert_array_equal(one, other)


# --- the mistakes of the course must not pass ---


MISTAKES = {
    "the loss instead of its slope": lambda X, Y, P: X.T @ (-Y * np.log(P)) / len(X),
    "the diagonal of the Jacobian alone": lambda X, Y, P: X.T @ (-Y / P * P * (1 - P)) / len(X),
    "1/N forgotten": lambda X, Y, P: X.T @ (P - Y),
    "1/N twice": lambda X, Y, P: X.T @ (P - Y) / len(X) ** 2,
    "the sign": lambda X, Y, P: X.T @ (Y - P) / len(X),
    "no softmax": lambda X, Y, P: X.T @ (np.log(P) - Y) / len(X),
    "one per cent too much": lambda X, Y, P: 1.01 * X.T @ (P - Y) / len(X),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_gradient_fails_its_check(mistake, seed):
    rng = np.random.default_rng(seed)
    X, labels, W, b = rng.normal(size=(4, 2)), rng.permutation([0, 1, 2, 2]), rng.normal(size=(2, 3)), np.zeros(3)
    f = lambda W: cross_entropy_from_logits(linear(X, W, b), labels)  # noqa: E731
    right = loss_and_gradients(X, labels, W, b)[1]
    check_gradient(f, W, right).assert_ok()
    with pytest.raises(AssertionError, match="FAILED"):
        check_gradient(f, W, mistake(X, one_hot(labels, 3), softmax(linear(X, W, b)))).assert_ok()


# --- extremes ---


def test_slope_at_a_probability_of_zero():
    Y_hat = [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    np.testing.assert_array_equal(dL_dYhat(Y_hat, [0, 0]), [[-np.inf, 0, 0], [-0.5, 0, 0]])
    np.testing.assert_array_equal(dL_dYhat([5e-324, 1.0], 0), [-np.inf, 0])
    np.testing.assert_array_equal(dL_dZ(Y_hat, [0, 0]), [[-0.5, 0.5, 0], [0, 0, 0]])


def test_a_confident_batch_has_a_finite_gradient():
    X = np.array([[1e4, 0.0], [0.0, 1e4], [1e4, 1e4], [-1e4, 5e-324]])
    W, b = np.array([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]]), np.zeros(3)
    loss, dW, db = loss_and_gradients(X, [1, 2, 0, 1], W, b)
    assert loss == pytest.approx((2e4 + 2e4 + 0 + 0) / 4)
    np.testing.assert_allclose(dW, [[2500, -2500, 0], [0, 2500, -2500]], atol=1e-10)
    np.testing.assert_allclose(db, [0.25, 0, -0.25], atol=1e-12)


def test_a_thousand_classes_and_one_example():
    rng = np.random.default_rng(0)
    X, W, b = rng.normal(size=(1, 3)), rng.normal(size=(3, 1000)), rng.normal(size=1000)
    loss, dW, db = loss_and_gradients(X, [999], W, b)
    assert loss == pytest.approx(loss_from_the_definition(X, [999], W, b), rel=1e-13)
    np.testing.assert_allclose(dW, X.T * db, rtol=1e-14)


def test_huge_weights():
    """Without a penalty the size of W does not matter, if only XW is finite; with one the loss is infinite."""
    loss, dW, _ = loss_and_gradients([[1e-200]], [0], [[1e200, 0.0]], [0.0, 0.0])
    assert loss == pytest.approx(math.log1p(math.exp(-1)))
    np.testing.assert_allclose(dW, [[-2.689414214e-201, 2.689414214e-201]])
    loss, dW, _ = loss_and_gradients([[1e-200]], [0], [[1e200, 0.0]], [0.0, 0.0], l2=2.0)
    assert loss == np.inf
    np.testing.assert_allclose(dW, [[2e200, 0]], atol=1e-200)


def test_float32_stays_float32():
    x32 = lambda *shape: np.full(shape, 0.25, np.float32)  # noqa: E731
    Y_hat, labels, Y = x32(3, 4), [0, 1, 2], np.eye(4)[:3]
    for result in (
        dL_dYhat(Y_hat, labels),
        dL_dYhat(Y_hat, Y),
        dL_dZ(Y_hat, labels),
        dL_dZ(Y_hat, Y),
        softmax_jacobian(Y_hat[0]),
        dz_dW(x32(2), 4),
        dL_dW(x32(3, 2), Y_hat),
        dL_db(Y_hat),
        *loss_and_gradients(x32(3, 2), Y, x32(2, 4), x32(4), 0.1)[1:],
    ):
        assert result.dtype == np.float32


# --- what is refused (the hostile values of test_validate.py come on top) ---

P, ONES = np.array([[0.5, 0.25, 0.25]] * 4), np.ones


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dL_dYhat([[2.0, -1.0]], [0]), r"Y_hat: expected probabilities, got the negative number -1"),
        (lambda: dL_dYhat([[2.0, 3.0]], [0]), r"Y_hat: expected each row to sum to 1, got a sum of 5"),
        (lambda: dL_dYhat(P, [0, 1, 3, 1]), r"Y: expected labels from 0 to 2, got 3"),
        (lambda: dL_dYhat(P, [0, 1]), r"Y: expected 4 labels, one per row of Y_hat, got 2"),
        (lambda: dL_dZ(P, P), r"Y: expected one-hot rows \(a single 1, the rest 0\), got \[0.5  0.25 0.25\] in row 0"),
        (lambda: dL_dZ(P, np.eye(3)[:1]), r"Y: expected one-hot rows of shape \(4, 3\) .*, got shape \(1, 3\)"),
        (lambda: dL_dZ(P, np.eye(3)), r"Y: expected one-hot rows of shape \(4, 3\) .*, got shape \(3, 3\)"),
        (lambda: dL_dZ([[1.0, -2.0]], [0]), r"Y_hat: expected probabilities"),
        (lambda: softmax_jacobian(P), r"y_hat: expected shape \(K,\), got \(4, 3\)"),
        (lambda: softmax_jacobian([1.0]), r"y_hat: expected at least 2 classes"),
        (lambda: softmax_jacobian([3.0, 4.0]), r"y_hat: expected each row to sum to 1, got a sum of 7"),
        (lambda: dz_dW(ONES((1, 2)), 3), r"x: expected shape \(D,\), got \(1, 2\)"),
        (lambda: dz_dW(ONES(2), 1), r"K: expected a whole number of at least 2, got 1"),
        (lambda: dz_db(1), r"K: expected a whole number of at least 2, got 1"),
        (lambda: dz_db(None), r"K: expected a whole number of at least 2, got None"),
        (lambda: dL_dW(ONES((4, 2)), ONES((3, 3))), r"dL_dZ: expected shape \(4, K\), got \(3, 3\)"),
        (lambda: dL_dW(ONES((4, 2)), ONES(3)), r"dL_dZ: expected shape \(4, K\), got \(3,\)"),
        (lambda: dL_dW(ONES(2), ONES((4, 3))), r"dL_dZ: expected shape \(K,\), got \(4, 3\)"),
        (lambda: dL_dW(ONES((4, 2)), ONES((4, 1))), r"dL_dZ: expected at least 2 classes"),
        (lambda: dL_dW(1.0, ONES(3)), r"X: expected shape \(D,\) or \(N, D\), got \(\)"),
        (lambda: dL_db(ONES(1)), r"dL_dZ: expected at least 2 classes"),
        (lambda: dL_db(ONES((4, 3, 2))), r"dL_dZ: expected shape \(K,\) or \(N, K\), got \(4, 3, 2\)"),
        (lambda: loss_and_gradients(ONES(2), [0], ONES((2, 3)), ONES(3)), r"X: expected shape \(N, D\), got \(2,\)"),
        (lambda: loss_and_gradients(ONES((4, 2)), [0] * 4, ONES((3, 2)), ONES(2)), r"W: expected shape \(2, K\)"),
        (lambda: loss_and_gradients(ONES((4, 2)), [0] * 4, ONES((2, 3)), ONES((4, 3))), r"b: expected shape \(3,\)"),
        (lambda: loss_and_gradients(ONES((4, 2)), [0] * 4, ONES((2, 1)), ONES(1)), r"b: expected at least 2 classes"),
        (lambda: loss_and_gradients(ONES((4, 2)), [0] * 3, ONES((2, 3)), ONES(3)), r"Y: expected 4 labels"),
        (lambda: loss_and_gradients(ONES((4, 2)), [3] * 4, ONES((2, 3)), ONES(3)), r"Y: expected labels from 0 to 2"),
        (lambda: loss_and_gradients([[1e200]], [0], [[1e200, 0]], [0, 0]), r"X, W, b: expected XW \+ b to stay"),
        (lambda: loss_and_gradients(ONES((4, 2)), [0] * 4, ONES((2, 3)), ONES(3), -0.1), r"l2: expected .*, got -0.1"),
        (lambda: loss_and_gradients(ONES((4, 2)), [0] * 4, ONES((2, 3)), ONES(3), np.nan), r"l2: expected .*, got nan"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
