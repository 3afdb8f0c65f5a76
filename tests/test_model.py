"""LinearClassifier: the functions of the course put together."""

import numpy as np
import pytest
from hypothesis import given
from strategies import problems

from linclf_helpers.datasets import load_four_penguins
from linclf_helpers.forward import linear, softmax
from linclf_helpers.gradients import loss_and_gradients
from linclf_helpers.model import LinearClassifier


def model_with(W, b):
    model = LinearClassifier(*W.shape)
    model.W, model.b = W, b
    return model


@given(problems())
def test_every_method_is_its_function(problem):
    X, labels, W, b, _ = problem
    model = model_with(W, b)
    np.testing.assert_array_equal(model.logits(X), linear(X, W, b))
    np.testing.assert_array_equal(model.predict_proba(X), softmax(linear(X, W, b)))
    loss, dW, db = loss_and_gradients(X, labels, W, b, 0.3)
    assert model.loss(X, labels, l2=0.3) == loss
    np.testing.assert_array_equal(model.gradients(X, labels, l2=0.3)[0], dW)
    np.testing.assert_array_equal(model.gradients(X, labels, l2=0.3)[1], db)
    by_hand = [max(range(len(b)), key=lambda k, n=n: X[n] @ W[:, k] + b[k]) for n in range(len(X))]
    assert model.predict(X).tolist() == by_hand
    share = sum(p == c for p, c in zip(by_hand, labels, strict=True)) / len(X)
    assert model.score(X, labels) == pytest.approx(share, rel=1e-15)
    for form in (labels.tolist(), labels.astype(np.uint8), problem.Y, problem.Y.tolist()):
        assert model.score(X, form) == model.score(X, labels)
        assert model.loss(X, form) == model.loss(X, labels)


@given(problems())
def test_a_step_goes_down_both_gradients_taken_before_either_changes(problem):
    X, labels, W, b, _ = problem
    model = model_with(W, b)
    kept_W, kept_b, bytes_before = model.W, model.b, (W.tobytes(), b.tobytes())
    loss, dW, db = loss_and_gradients(X, labels, W, b, 0.1)
    assert model.step(X, labels, 0.25, l2=0.1) == loss
    np.testing.assert_allclose(model.W, W - 0.25 * dW, rtol=1e-15)
    np.testing.assert_allclose(model.b, b - 0.25 * db, rtol=1e-15)
    assert (kept_W.tobytes(), kept_b.tobytes()) == bytes_before  # new arrays: a kept copy stays what it was


def test_without_a_word_there_is_no_penalty():
    data = load_four_penguins()
    model = LinearClassifier(2, 3, rng=np.random.default_rng(0))
    loss, dW, _ = loss_and_gradients(data.X, data.labels, model.W, model.b, l2=0)
    assert model.loss(data.X, data.labels) == loss
    np.testing.assert_array_equal(model.gradients(data.X, data.labels)[0], dW)
    expected = model.W - 0.5 * dW
    model.step(data.X, data.labels, 0.5)
    np.testing.assert_array_equal(model.W, expected)


def test_one_step_on_the_four_penguins_lowers_the_loss():
    data = load_four_penguins()
    model = LinearClassifier(2, 3, rng=np.random.default_rng(0))
    first = model.step(data.X, data.labels, 0.5)
    assert model.loss(data.X, data.labels) < first


def test_it_starts_at_zero_or_at_random_numbers():
    model = LinearClassifier(2, 3)
    assert (model.W.shape, model.b.shape) == ((2, 3), (3,))
    assert not model.W.any()
    assert not model.b.any()
    one, same, other = (LinearClassifier(400, 300, np.random.default_rng(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.W, same.W)
    np.testing.assert_array_equal(one.b, same.b)
    assert (one.W != other.W).any()
    assert one.W.std() == pytest.approx(1 / 20, rel=0.02)  # 1/√D; 120,000 numbers
    assert one.b.std() == pytest.approx(1 / 20, rel=0.2)
    assert repr(one) == "LinearClassifier(n_features=400, n_classes=300)"


def test_ties_go_to_the_lower_class():
    assert LinearClassifier(2, 3).predict([[1.0, 2.0]]).tolist() == [0]


def test_whole_numbers_of_numpy_are_fine():
    assert LinearClassifier(np.int64(2), np.uint8(3)).W.shape == (2, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: LinearClassifier(0, 3), r"n_features: expected a whole number of at least 1, got 0"),
        (lambda m: LinearClassifier(2.0, 3), r"n_features: expected a whole number of at least 1, got 2.0"),
        (lambda m: LinearClassifier("2", 3), r"n_features: expected a whole number of at least 1, got '2'"),
        (lambda m: LinearClassifier(2, 1), r"n_classes: expected a whole number of at least 2, got 1"),
        (lambda m: LinearClassifier(2, True), r"n_classes: expected a whole number of at least 2, got True"),
        (
            lambda m: LinearClassifier(2, 3, rng=1.0),
            r"rng: expected a seed \(.*\), a numpy.random.Generator or None, got 1.0",
        ),
        (
            lambda m: LinearClassifier(2, 3, rng=np.random),
            r"rng: expected a seed \(.*\), a numpy.random.Generator or None, got <module",
        ),
        (lambda m: m.logits(np.ones((4, 3))), r"X: expected shape \(N, 2\), got \(4, 3\)"),
        (lambda m: m.predict_proba(np.ones(2)), r"X: expected shape \(N, 2\), got \(2,\)"),
        (lambda m: m.predict([[np.nan, 1]]), r"X: expected finite numbers, got nan"),
        (lambda m: m.loss(np.ones((4, 3)), [0] * 4), r"X: expected shape \(N, 2\), got \(4, 3\)"),
        (lambda m: m.loss(np.ones((4, 2)), [0] * 5), r"Y: expected 4 labels, one per row of X and W, got 5"),
        (lambda m: m.gradients(np.ones((4, 3)), [0] * 4), r"X: expected shape \(N, 2\), got \(4, 3\)"),
        (lambda m: m.gradients(np.ones((4, 2)), [3] * 4), r"Y: expected labels from 0 to 2, got 3"),
        (lambda m: m.gradients(np.ones((4, 2)), [0] * 4, l2=-1), r"l2: expected a finite number of at least 0, got -1"),
        (lambda m: m.score(np.ones((4, 3)), [0] * 4), r"X: expected shape \(N, 2\), got \(4, 3\)"),
        (lambda m: m.score(np.ones((4, 2)), [0] * 5), r"labels: expected 4 labels, one per row of X, got 5"),
        (lambda m: m.score(np.ones((4, 2)), [0.0] * 4), r"labels: expected integer labels, got an array of float64"),
        (lambda m: m.score(np.ones((4, 2)), [0, 1, 2, 3]), r"labels: expected labels from 0 to 2, got 3"),
        (lambda m: m.step(np.ones((4, 3)), [0] * 4, 0.1), r"X: expected shape \(N, 2\), got \(4, 3\)"),
        (
            lambda m: m.step(np.ones((4, 2)), [0] * 4, 0),
            r"learning_rate: expected a finite number greater than 0, got 0",
        ),
        (lambda m: m.step(np.ones((4, 2)), [0] * 4, -1), r"learning_rate: expected a finite number greater than 0"),
        (lambda m: m.step(np.ones((4, 2)), [0] * 4, np.nan), r"learning_rate: expected a finite number .*, got nan"),
        (lambda m: m.step(np.ones((4, 2)), [0] * 4, "a"), r"learning_rate: expected a number, got 'a'"),
        (lambda m: m.step(np.ones((4, 2)), [0] * 4, 10**400), r"learning_rate: expected a number within the range"),
        (
            lambda m: m.step(np.full((4, 2), 1e9), [0] * 4, 1e308),
            r"learning_rate: expected W to stay within .*, got inf",
        ),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(call, message):
    model = LinearClassifier(2, 3)
    W, b = model.W, model.b
    with pytest.raises(ValueError, match=f"^{message}"):
        call(model)
    assert model.W is W
    assert model.b is b
    assert not W.any()
    assert not b.any()


def test_a_bias_beyond_the_floats_is_refused_too():
    model = model_with(np.zeros((1, 3)), np.array([1.7e308, 1.7e308, 0.0]))
    with pytest.raises(ValueError, match=r"^learning_rate: expected b to stay within the range of floats, got inf"):
        model.step([[0.0]], [0], 1.7e308)
    assert model.b.tolist() == [1.7e308, 1.7e308, 0.0]
