"""What gradient descent offers beyond a learning rate: each option against a few plain lines that do the same."""

import os
import signal
import sys
import threading
import tracemalloc

import numpy as np
import pytest
from scipy.optimize import minimize

from linclf_helpers import training
from linclf_helpers.datasets import load_digits, load_penguins, make_blobs
from linclf_helpers.forward import one_hot
from linclf_helpers.gradients import loss_and_gradients
from linclf_helpers.model import LinearClassifier
from linclf_helpers.training import gradient_descent, safe_learning_rate, sweep_runs


@pytest.fixture
def data():
    return make_blobs(np.random.default_rng(3), n_examples=23, n_features=3, n_classes=4, spread=2.5)


def new_model():
    return LinearClassifier(3, 4, np.random.default_rng(5))


def run(data, *arguments, **options):
    model = new_model()
    return model, gradient_descent(model, data.X, data.labels, *arguments, **options)


def assert_same_run(one, other):
    (model, history), (model_again, history_again) = one, other
    np.testing.assert_array_equal(model.W, model_again.W)
    np.testing.assert_array_equal(model.b, model_again.b)
    for name in ("steps", "losses", "accuracies", "validation_losses", "validation_accuracies", "W_path", "b_path"):
        np.testing.assert_array_equal(getattr(history, name), getattr(history_again, name), err_msg=name)


# --- the updates -----------------------------------------------------------------------------------------------------


def test_nesterov_looks_ahead(data):
    model, plain = run(data, 0.05, 12, momentum=0.8, nesterov=True, l2=0.1)[0], new_model()
    V_W, V_b = np.zeros((3, 4)), np.zeros(4)
    for _ in range(12):
        _, dW, db = loss_and_gradients(data.X, data.labels, plain.W, plain.b, 0.1)
        V_W, V_b = 0.8 * V_W + dW, 0.8 * V_b + db
        plain.W, plain.b = plain.W - 0.05 * (dW + 0.8 * V_W), plain.b - 0.05 * (db + 0.8 * V_b)
    np.testing.assert_allclose(model.W, plain.W, rtol=1e-12)
    np.testing.assert_allclose(model.b, plain.b, rtol=1e-12)
    assert not np.allclose(model.W, run(data, 0.05, 12, momentum=0.8, l2=0.1)[0].W)


def test_a_schedule_is_asked_before_each_step(data):
    asked = []

    def schedule(step):
        asked.append(step)
        return 0.2 / (1 + step)

    model, plain = run(data, schedule, 5, batch_size=7)[0], new_model()
    batches = [slice(0, 7), slice(7, 14), slice(14, 21), slice(21, 23), slice(0, 7)]
    for step, batch in enumerate(batches):
        plain.step(data.X[batch], data.labels[batch], 0.2 / (1 + step))
    assert asked == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(model.W, plain.W, rtol=1e-12)


def test_shuffled_batches_are_a_new_permutation_each_pass(data):
    model, plain, rng = run(data, 0.1, 9, batch_size=6, rng=np.random.default_rng(8))[0], new_model(), None
    rng = np.random.default_rng(8)
    order = np.concatenate([rng.permutation(23) for _ in range(3)])
    for start in (0, 6, 12, 18, 23, 29, 35, 41, 46):
        batch = order[start : min(start + 6, -(-(start + 1) // 23) * 23)]
        plain.step(data.X[batch], data.labels[batch], 0.1)
    np.testing.assert_allclose(model.W, plain.W, rtol=1e-12)


def test_a_full_batch_gives_the_same_bits_every_time():
    digits = load_digits()
    runs = []
    for _ in range(2):
        model = LinearClassifier(64, 10)
        runs.append((model, gradient_descent(model, digits.X / 16, digits.labels, 0.5, 20, momentum=0.9)))
    assert_same_run(*runs)


def test_barzilai_and_borwein_find_the_optimum():
    data = load_penguins().standardize()
    model = LinearClassifier(2, 3)
    history = gradient_descent(model, data.X, data.labels, "barzilai-borwein", 500, l2=0.01, tolerance=1e-9)

    def f(theta):
        W, b = theta[:6].reshape(2, 3), theta[6:]
        loss, dW, db = loss_and_gradients(data.X, data.labels, W, b, 0.01)
        return loss, np.concatenate([dW.ravel(), db])

    best = minimize(f, np.zeros(9), jac=True, method="BFGS", options={"gtol": 1e-10})
    assert history.stopped == "converged"
    assert repr(history).endswith("converged)")
    assert len(history.losses) == len(history.steps) < 60
    np.testing.assert_allclose(history.losses[-1], best.fun, rtol=1e-12)
    np.testing.assert_allclose(model.W, best.x[:6].reshape(2, 3), atol=1e-6)
    W, b, dW, db = [], [], [], []
    for step in (4, 5, 6):
        W.append(history.W_path[step])
        b.append(history.b_path[step])
        gradients = loss_and_gradients(data.X, data.labels, W[-1], b[-1], 0.01)
        dW.append(gradients[1])
        db.append(gradients[2])
    s, y = np.vstack([W[1] - W[0], b[1] - b[0]]), np.vstack([dW[1] - dW[0], db[1] - db[0]])
    rate = (s * s).sum() / (s * y).sum()  # before an even step, after an odd number of them
    np.testing.assert_allclose(W[2], W[1] - rate * dW[1], rtol=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_barzilai_and_borwein_never_run_away(seed):
    """Badly scaled, separable, no penalty: the loss stays within the last ten, and below that of a safe rate."""
    rng = np.random.default_rng(seed)
    data = make_blobs(rng, n_examples=30, n_features=5, n_classes=3, spread=0.5)
    X = data.X * 10.0 ** rng.integers(-2, 4, 5)
    model = LinearClassifier(5, 3)
    history = gradient_descent(model, X, data.labels, "barzilai-borwein", 80)
    for step in range(1, 81):
        assert history.losses[step] <= history.losses[max(0, step - 10) : step].max()
    plain = gradient_descent(LinearClassifier(5, 3), X, data.labels, safe_learning_rate(X), 80)
    assert history.losses[-1] < plain.losses[-1]
    assert history.diverged_at is None


def test_barzilai_and_borwein_stay_at_the_optimum():
    X, labels = [[1.0], [1.0], [1.0]], [0, 1, 2]
    model = LinearClassifier(1, 3)
    history = gradient_descent(model, X, labels, "barzilai-borwein", 3)
    np.testing.assert_allclose(history.losses, np.log(3), rtol=1e-15)


# --- when to stop ----------------------------------------------------------------------------------------------------


def test_the_validation_loss_has_no_penalty(data):
    model, history = run(data, 0.1, 3, l2=2.0, validation=(data.X, one_hot(data.labels, 4)))
    np.testing.assert_allclose(history.validation_losses[-1], model.loss(data.X, data.labels), rtol=1e-12)
    assert history.losses[-1] > history.validation_losses[-1]
    assert history.stopped == "finished"
    np.testing.assert_array_equal(model.W, history.W_path[-1])  # the last, not the best


def test_stops_when_the_gradient_is_within_the_tolerance(data):
    model, history = run(data, 0.1, 5000, l2=0.5, tolerance=1e-3)
    dW, db = model.gradients(data.X, data.labels, l2=0.5)
    assert history.stopped == "converged"
    assert 0.9e-3 < max(np.abs(dW).max(), np.abs(db).max()) <= 1e-3


# --- stop, and go on -------------------------------------------------------------------------------------------------


@@STOP@@


# --- the record ------------------------------------------------------------------------------------------------------


def test_fewer_entries_are_the_same_entries(data):
    _, all_of_them = run(data, 0.1, 11, batch_size=6)
    _, some = run(data, 0.1, 11, batch_size=6, record_every=4)
    assert list(some.steps) == [0, 4, 8, 11]
    for name in ("losses", "accuracies", "W_path", "b_path"):
        np.testing.assert_array_equal(getattr(some, name), getattr(all_of_them, name)[some.steps])


def test_a_long_path_is_left_out(data, monkeypatch):
    monkeypatch.setattr(training, "_LARGEST_PATH", 1000)
    model, short = run(data, 0.1, 3)
    _, long = run(data, 0.1, 30)
    assert short.W_path.shape == (4, 3, 4)
    assert long.W_path.shape == (0, 3, 4)
    assert long.b_path.shape == (0, 4)
    assert len(long.losses) == 31


def test_large_data_is_not_copied():
    rng = np.random.default_rng(0)
    X = rng.random((8000, 784))  # 50 MB
    labels = rng.integers(0, 10, 8000)
    model = LinearClassifier(784, 10)
    tracemalloc.start()
    try:
        gradient_descent(model, X, labels, 0.1, 8, batch_size=2000, record_every=4, rng=rng)
        safe_learning_rate(X[:2000])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100e6 * 8000 / 60_000  # for MNIST 100 MB; half of it asks whether all numbers are finite


def test_a_run_that_leaves_the_floats_between_entries_ends_there(data):
    model, history = run(data, 1e308, 10, batch_size=5, record_every=10)
    assert history.stopped == "diverged"
    assert history.diverged_at is not None
    assert history.steps[-1] == history.diverged_at - 1
    assert np.isfinite(model.W).all()


def test_a_sweep_in_float32_is_the_sweep(data):
    rates = [0.01, 0.1]  # below 2/L, so that rounding errors shrink
    exact = sweep_runs(data.X, data.labels, rates, 20).losses
    short = sweep_runs(data.X.astype(np.float32), data.labels, rates, 20).losses
    assert short.dtype == np.float32
    np.testing.assert_allclose(short, exact, rtol=1e-4)


def test_the_progress_bar_shows_if_asked_for(data, capsys):
    run(data, 0.1, 5, progress=True)
    assert "5/5" in capsys.readouterr().err
    run(data, 0.1, 5)
    assert capsys.readouterr().err == ""


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": "adam"}, "learning_rate: expected a number, a function or 'barzilai-borwein', got 'adam'"),
        (
            {"learning_rate": "barzilai-borwein", "momentum": 0.5},
            "learning_rate: expected full batches and no momentum",
        ),
        (
            {"learning_rate": "barzilai-borwein", "batch_size": 5},
            "learning_rate: expected full batches and no momentum",
        ),
        ({"learning_rate": lambda step: 1.0 - step}, "learning_rate: expected a finite number greater than 0, got 0.0"),
        ({"tolerance": -1.0}, "tolerance: expected a finite number of at least 0"),
        ({"record_every": 0}, "record_every: expected a whole number of at least 1"),
        ({"validation": ([[1.0, 2.0]], [0])}, "validation: expected shape"),
        ({"validation": ([[1.0, 2.0, 3.0]], [4])}, "Y: expected labels from 0 to 3, got 4"),
    ],
)
def test_refuses_what_cannot_be_right(data, options, message):
    model = new_model()
    options = {"learning_rate": 0.1, "steps": 4} | options
    with pytest.raises(ValueError, match=message):
        gradient_descent(model, data.X, data.labels, **options)
    if not callable(options["learning_rate"]):
        np.testing.assert_array_equal(model.W, new_model().W)


def test_refuses_a_model_whose_loss_is_not_finite(data):
    model = new_model()
    model.W = model.W * np.inf
    with pytest.raises(ValueError, match="model: expected W and b with a finite loss"):
        gradient_descent(model, data.X, data.labels, 0.1, 3)
