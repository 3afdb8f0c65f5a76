"""Gradient descent, sweeps and the safe learning rate, against loops and the reference numbers of the data."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from strategies import model_with, problems

from linclf_helpers.datasets import load_digits, load_four_penguins, load_penguins
from linclf_helpers.gradients import loss_and_gradients
from linclf_helpers.model import LinearClassifier
from linclf_helpers.sweeps import safe_learning_rate, sweep_runs
from linclf_helpers.training import gradient_descent


def descend_by_hand(X, Y, W, b, learning_rate, steps, batches=None, l2=0.0, momentum=0.0):
    """Return the losses and the path of (W, b), with gradients written out; `batches` yields index arrays."""

    def probabilities(rows):
        E = np.exp(X[rows] @ W + b - (X[rows] @ W + b).max(axis=1, keepdims=True))
        return E / E.sum(axis=1, keepdims=True)

    everyone = np.arange(len(X))
    V_W, V_b = 0.0, 0.0
    losses, path = [], []
    for step in range(steps + 1):
        losses.append(-np.log(probabilities(everyone)[Y == 1]).mean() + l2 / 2 * (W**2).sum())
        path.append((W, b))
        if step == steps:
            return np.array(losses), path
        rows = everyone if batches is None else next(batches)
        difference = (probabilities(rows) - Y[rows]) / len(rows)
        V_W = momentum * V_W + X[rows].T @ difference + l2 * W
        V_b = momentum * V_b + difference.sum(axis=0)
        W, b = W - learning_rate * V_W, b - learning_rate * V_b


# --- the reference numbers of the two data sets ---

PENGUINS = {0: 1.0986122887, 1: 0.8572921091, 10: 0.3441395940, 100: 0.1505815580, 500: 0.0960996965}
DIGITS = {0: 2.3025850930, 1: 2.2033560370, 2: 2.1094969597, 10: 1.5219565201, 100: 0.3764282060, 500: 0.1440229862}


def test_reference_losses_of_the_penguins():
    data = load_penguins().standardize()
    history = gradient_descent(LinearClassifier(2, 3), data.X, data.labels, learning_rate=0.5, steps=500)
    losses = sweep_runs(data.X, data.labels, [0.5], steps=500).losses[0]
    for step, loss in PENGUINS.items():
        assert history.losses[step] == pytest.approx(loss, abs=1e-9)
        assert losses[step] == pytest.approx(loss, abs=1e-9)


def test_reference_losses_and_accuracy_of_the_digits():
    data = load_digits()
    X, labels = data.X / 16, data.labels
    model = LinearClassifier(64, 10)
    history = gradient_descent(model, X[:1347], labels[:1347], learning_rate=0.5, steps=500)
    for step, loss in DIGITS.items():
        assert history.losses[step] == pytest.approx(loss, abs=1e-9)
    assert model.score(X[1347:], labels[1347:]) == pytest.approx(409 / 450)  # 0.909
    losses = sweep_runs(X[:1347], labels[:1347], [0.5], steps=10).losses[0]
    np.testing.assert_allclose(losses, history.losses[:11], rtol=1e-13)


def test_reference_optimum_of_the_penguins():
    """Found by another optimiser, with the gradients of the package."""
    data = load_penguins().standardize()

    def f(parameters):
        loss, dW, db = loss_and_gradients(data.X, data.labels, parameters[:6].reshape(2, 3), parameters[6:])
        return loss, np.concatenate([dW.ravel(), db])

    best = optimize.minimize(f, np.zeros(9), jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 2000})
    assert best.fun == pytest.approx(0.070017, abs=1e-6)
    model = model_with(best.x[:6].reshape(2, 3), best.x[6:])
    assert model.score(data.X, data.labels) == pytest.approx(0.9649, abs=1e-4)


def test_reference_curvature_and_divergence_of_the_penguins():
    raw, standard = load_penguins(), load_penguins().standardize()
    assert 2 / safe_learning_rate(standard.X) == pytest.approx(1.235, abs=5e-4)
    assert 2 / safe_learning_rate(raw.X) == pytest.approx(2248.9, abs=0.05)
    losses = sweep_runs(raw.X, raw.labels, [0.01], steps=10).losses[0]
    assert losses[0] == pytest.approx(1.10, abs=0.005)
    assert losses[10] == pytest.approx(4.38, abs=0.005)
    far_above = sweep_runs(standard.X, standard.labels, [8.0, 32.0], steps=200).losses  # 2/L is a promise, not a wall
    assert (far_above[:, -1] < far_above[:, 0] / 5).all()


# --- gradient descent against the loop ---


@given(problems(), st.floats(0.01, 2), st.sampled_from([0.0, 0.2]), st.sampled_from([0.0, 0.9]))
@settings(max_examples=30)
def test_descent_is_the_loop(problem, learning_rate, l2, momentum):
    X, labels, W, b, _ = problem
    losses, path = descend_by_hand(X, problem.Y, W, b, learning_rate, 7, l2=l2, momentum=momentum)
    for form in (labels, problem.Y):
        model = model_with(W, b)
        history = gradient_descent(model, X, form, learning_rate, 7, l2=l2, momentum=momentum)
        np.testing.assert_allclose(history.losses, losses, rtol=1e-11, atol=1e-14)
        np.testing.assert_allclose(history.W_path, [W for W, _ in path], rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(history.b_path, [b for _, b in path], rtol=1e-10, atol=1e-12)
        np.testing.assert_array_equal(model.W, history.W_path[-1])
        np.testing.assert_array_equal(model.b, history.b_path[-1])


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("batch_size", [1, 2, 3, 5, 7])
def test_batches_are_the_loop(batch_size, shuffled):
    """Seven examples: batches of 2, 3 and 5 leave a smaller last one, and each pass starts afresh."""
    rng = np.random.default_rng(3)
    X, labels, W, b = rng.normal(size=(7, 2)), rng.integers(3, size=7), rng.normal(size=(2, 3)), rng.normal(size=3)

    def batches(rng):
        while True:
            order = rng.permutation(7) if shuffled else np.arange(7)
            yield from (order[i : i + batch_size] for i in range(0, 7, batch_size))

    losses, path = descend_by_hand(
        X, np.eye(3)[labels], W, b, 0.3, 20, batches(np.random.default_rng(5)), l2=0.1, momentum=0.5
    )
    history = gradient_descent(
        model_with(W, b), X, labels, 0.3, 20, batch_size=batch_size, l2=0.1, momentum=0.5,
        rng=np.random.default_rng(5) if shuffled else None, record_every=1,
    )  # fmt: skip
    np.testing.assert_allclose(history.losses, losses, rtol=1e-12)
    np.testing.assert_allclose(history.W_path[-1], path[-1][0], rtol=1e-11, atol=1e-13)


def test_one_step_of_descent_is_one_step_of_the_model():
    data = load_four_penguins()
    one, other = (LinearClassifier(2, 3, np.random.default_rng(0)) for _ in range(2))
    history = gradient_descent(one, data.X, data.labels, 0.5, 1, l2=0.1)
    assert other.step(data.X, data.labels, 0.5, l2=0.1) == pytest.approx(history.losses[0], rel=1e-14)
    np.testing.assert_allclose(one.W, other.W, rtol=1e-14)
    np.testing.assert_allclose(one.b, other.b, rtol=1e-14)
    assert history.losses[1] < history.losses[0]


def test_history_has_an_entry_before_the_first_update():
    data = load_four_penguins()
    model = LinearClassifier(2, 3, np.random.default_rng(0))
    W, b = model.W.copy(), model.b.copy()
    history = gradient_descent(model, data.X, data.labels, 0.5, 3, batch_size=2, record_every=1)
    assert (history.losses.shape, history.accuracies.shape) == ((4,), (4,))
    assert (history.W_path.shape, history.b_path.shape) == ((4, 2, 3), (4, 3))
    np.testing.assert_array_equal(history.W_path[0], W)
    np.testing.assert_array_equal(history.b_path[0], b)
    for step in range(4):  # losses and accuracies are of all the data, whatever the batch
        then = model_with(history.W_path[step], history.b_path[step])
        assert history.losses[step] == pytest.approx(then.loss(data.X, data.labels), rel=1e-14)
        assert history.accuracies[step] == then.score(data.X, data.labels)
    assert history.diverged_at is None
    with pytest.raises(AttributeError):
        history.losses = []
    model.W[:] = 99  # the path is a record, not a window
    assert not (history.W_path == 99).any()
    assert repr(history) == f"History(steps=3, loss {history.losses[0]:.4f} → {history.losses[-1]:.4f})"


def test_no_steps_are_no_change():
    data = load_four_penguins()
    history = gradient_descent(LinearClassifier(2, 3), data.X, data.labels, 0.5, 0)
    assert history.losses.tolist() == [pytest.approx(math.log(3))]
    assert history.W_path.shape == (1, 2, 3)


def test_leaving_the_floats_ends_the_run_just_before():
    X, labels = np.array([[1.0, 2.0], [-3.0, 1.0], [0.5, -1.0], [2.0, 2.0]]), [0, 1, 2, 1]
    model = LinearClassifier(2, 3)
    history = gradient_descent(model, X, labels, 1e308, 10)
    assert history.diverged_at == len(history.losses) == len(history.accuracies) == len(history.W_path)
    assert 1 <= history.diverged_at <= 10
    assert np.isfinite(history.losses).all()
    assert np.isfinite(history.W_path).all()
    np.testing.assert_array_equal(model.W, history.W_path[-1])
    assert repr(history).endswith(f", diverged at step {history.diverged_at})")


def test_an_infinite_penalty_is_divergence_and_no_penalty_is_none():
    X, labels = np.array([[1e-200], [2e-200], [0.0]]), [0, 1, 1]
    assert gradient_descent(LinearClassifier(1, 2), X, labels, 1e300, 3).diverged_at is None  # W = 1e100
    model = model_with(np.array([[1e160, 0.0]]), np.zeros(2))
    assert gradient_descent(model, X, labels, 0.1, 3).diverged_at is None
    history = gradient_descent(LinearClassifier(1, 2), X * 1e200, labels, 1e170, 3, l2=1.0)
    assert history.diverged_at == 1
    assert len(history.losses) == 1


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_raw_features_diverge_in_loss_but_stay_numbers(momentum):
    data = load_penguins()
    history = gradient_descent(LinearClassifier(2, 3), data.X, data.labels, 1.0, 20, momentum=momentum)
    assert history.diverged_at is None
    assert history.losses.max() > 100


# --- below 2/L the loss can't rise ---


# --- sweep ---


# --- what is refused ---

ONES, FOUR = np.ones((4, 2)), [0, 1, 2, 0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"X": np.ones((4, 3))}, r"X: expected shape \(N, 2\), got \(4, 3\)"),
        ({"X": np.ones(2)}, r"X: expected shape \(N, 2\), got \(2,\)"),
        ({"Y": [0, 1, 2]}, r"Y: expected 4 labels, one per row of X, got 3"),
        ({"Y": [0, 1, 2, 3]}, r"Y: expected labels from 0 to 2, got 3"),
        ({"Y": np.eye(4)}, r"Y: expected one-hot rows of shape \(4, 3\) .*, got shape \(4, 4\)"),
        ({"learning_rate": 0}, r"learning_rate: expected a finite number greater than 0, got 0"),
        ({"learning_rate": -0.5}, r"learning_rate: expected a finite number greater than 0, got -0.5"),
        ({"learning_rate": np.inf}, r"learning_rate: expected a finite number greater than 0, got inf"),
        ({"learning_rate": [0.5]}, r"learning_rate: expected a number, got \[0.5\]"),
        ({"learning_rate": True}, r"learning_rate: expected a number, got True"),
        ({"steps": -1}, r"steps: expected a whole number of at least 0, got -1"),
        ({"steps": 2.0}, r"steps: expected a whole number of at least 0, got 2.0"),
        ({"batch_size": 0}, r"batch_size: expected a whole number of at least 1, got 0"),
        ({"batch_size": 2.5}, r"batch_size: expected a whole number of at least 1, got 2.5"),
        ({"batch_size": 5}, r"batch_size: expected at most the 4 examples there are, got 5"),
        ({"l2": -1e-9}, r"l2: expected a finite number of at least 0, got -1e-09"),
        ({"l2": np.inf}, r"l2: expected a finite number of at least 0, got inf"),
        ({"momentum": 1}, r"momentum: expected a finite number of at least 0 and less than 1, got 1"),
        ({"momentum": -0.1}, r"momentum: expected a finite number of at least 0 and less than 1, got -0.1"),
        ({"momentum": None}, r"momentum: expected a number, got None"),
        ({"rng": -1}, r"rng: expected a seed .*, a numpy.random.Generator or None, got -1"),
        ({"rng": 0.5}, r"rng: expected a seed .*, a numpy.random.Generator or None, got 0.5"),
    ],
)
def test_what_can_not_be_trained_is_refused_and_the_model_stays(options, message):
    model = LinearClassifier(2, 3, np.random.default_rng(0))
    W, b = model.W.copy(), model.b.copy()
    arguments = {"X": ONES, "Y": FOUR, "learning_rate": 0.5, "steps": 2} | options
    with pytest.raises(ValueError, match=f"^{message}"):
        gradient_descent(model, **arguments)
    np.testing.assert_array_equal(model.W, W)
    np.testing.assert_array_equal(model.b, b)
