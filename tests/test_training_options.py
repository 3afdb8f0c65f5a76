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
from linclf_helpers.training import gradient_descent, safe_learning_rate, sweep


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


def test_early_stopping_ends_with_the_best_parameters():
    digits = load_digits()
    X, labels = digits.X / 16, digits.labels
    model = LinearClassifier(64, 10)
    history = gradient_descent(model, X[:60], labels[:60], 1.0, 400, validation=(X[1500:], labels[1500:]), patience=5)
    best = int(history.validation_losses.argmin())
    assert history.stopped == "early"
    assert "early" in repr(history)
    assert history.best_step == history.steps[best] == history.steps[-1] - 5
    np.testing.assert_array_equal(model.W, history.W_path[best])
    np.testing.assert_allclose(model.loss(X[1500:], labels[1500:]), history.validation_losses[best], rtol=1e-12)
    assert model.score(X[1500:], labels[1500:]) == history.validation_accuracies[best]


def test_the_validation_loss_has_no_penalty(data):
    model, history = run(data, 0.1, 3, l2=2.0, validation=(data.X, one_hot(data.labels, 4)))
    np.testing.assert_allclose(history.validation_losses[-1], model.loss(data.X, data.labels), rtol=1e-12)
    assert history.losses[-1] > history.validation_losses[-1]
    assert history.stopped == "finished"
    np.testing.assert_array_equal(model.W, history.W_path[-1])  # without patience the last, not the best


def test_patience_that_never_runs_out_still_ends_with_the_best(data):
    held_out = (data.X, (data.labels + 1) % 4)  # what is learned is wrong there: the best is the start or near it
    model, history = run(data, 0.1, 4, validation=held_out, patience=50)
    np.testing.assert_array_equal(model.W, history.W_path[history.best_step])
    assert history.best_step < 4


def test_stops_when_the_gradient_is_within_the_tolerance(data):
    model, history = run(data, 0.1, 5000, l2=0.5, tolerance=1e-3)
    dW, db = model.gradients(data.X, data.labels, l2=0.5)
    assert history.stopped == "converged"
    assert 0.9e-3 < max(np.abs(dW).max(), np.abs(db).max()) <= 1e-3


def test_the_callback_is_called_after_each_pass_and_may_stop(data):
    seen = []

    def callback(epoch, model):
        seen.append((epoch, model.loss(data.X, data.labels)))
        return epoch == 3

    model, history = run(data, 0.1, 100, batch_size=10, callback=callback)
    assert [epoch for epoch, _ in seen] == [1, 2, 3]
    assert history.stopped == "callback"
    assert list(history.steps) == list(range(10))  # three passes of three batches
    np.testing.assert_allclose([loss for _, loss in seen], history.losses[3::3], rtol=1e-12)
    np.testing.assert_array_equal(model.W, history.W_path[-1])


def test_a_callback_that_fails_leaves_the_model_after_a_whole_step(data):
    def callback(epoch, model):
        if epoch == 2:
            raise RuntimeError("no")

    model = new_model()
    with pytest.raises(RuntimeError, match="no"):
        gradient_descent(model, data.X, data.labels, 0.1, 9, callback=callback)
    np.testing.assert_array_equal(model.W, run(data, 0.1, 2)[0].W)


# --- stop, and go on -------------------------------------------------------------------------------------------------


def stop_at(step):
    """Return a schedule that presses the stop button in the middle of a step."""

    def schedule(now):
        if now == step:
            signal.raise_signal(signal.SIGINT)
        return 0.1

    return schedule


@pytest.mark.parametrize("options", [{}, {"batch_size": 6, "momentum": 0.9}, {"record_every": 4}])
def test_the_stop_button_ends_after_a_whole_step(data, options):
    before = signal.getsignal(signal.SIGINT)
    model, history = run(data, stop_at(6), 50, **options)
    assert history.stopped == "interrupted"
    assert "interrupted" in repr(history)
    assert history.steps[-1] == 7
    assert signal.getsignal(signal.SIGINT) is before
    whole, whole_history = run(data, 0.1, 7, **options)
    assert_same_run((model, history), (whole, whole_history))


def test_pressed_twice_it_stops_at_once(data):
    def schedule(step):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("never reached")

    model = new_model()
    with pytest.raises(KeyboardInterrupt):
        gradient_descent(model, data.X, data.labels, schedule, 5)
    np.testing.assert_array_equal(model.W, new_model().W)


def test_trains_outside_the_main_thread_too(data):
    runs = []
    thread = threading.Thread(target=lambda: runs.append(run(data, 0.1, 4)))
    thread.start()
    thread.join()
    assert_same_run(runs[0], run(data, 0.1, 4))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"momentum": 0.9, "l2": 0.1},
        {"batch_size": 6, "momentum": 0.5, "nesterov": True, "shuffled": True},
        {"learning_rate": "barzilai-borwein"},
        {"validated": True, "patience": 30},
        {"record_every": 3},
    ],
)
def test_a_resumed_run_is_the_run_that_never_stopped(data, options):
    options = dict(options)
    rate = options.pop("learning_rate", lambda step: 0.1 / (1 + 0.1 * step))
    shuffled, validated = options.pop("shuffled", False), options.pop("validated", False)
    if validated:
        options["validation"] = (data.X[:5], data.labels[:5])
    runs = []
    for parts in ((17,), (5, 1, 0, 11)):
        model, history = new_model(), None
        rng = np.random.default_rng(2) if shuffled else None
        for steps in parts:
            history = gradient_descent(model, data.X, data.labels, rate, steps, rng=rng, resume=history, **options)
        runs.append((model, history))
    if options.get("record_every") == 3:  # each end has an entry: take the common ones
        (_, whole), (_, pieces) = runs
        common = np.isin(pieces.steps, whole.steps)
        np.testing.assert_array_equal(pieces.losses[common], whole.losses)
        np.testing.assert_array_equal(runs[0][0].W, runs[1][0].W)
    else:
        assert_same_run(*runs)


def test_a_history_is_not_changed_by_going_on_from_it(data):
    model, first = run(data, 0.1, 3, momentum=0.9)
    copies = [first.losses.copy(), first.W_path.copy(), first._state.theta.copy(), first._state.velocity.copy()]
    gradient_descent(model, data.X, data.labels, 0.1, 3, momentum=0.9, resume=first)
    for now, copy in zip((first.losses, first.W_path, first._state.theta, first._state.velocity), copies, strict=True):
        np.testing.assert_array_equal(now, copy)


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
    both = gradient_descent(model, data.X, data.labels, 0.1, 30, resume=short)  # a path with a gap is none
    assert both.W_path.shape == (0, 3, 4)
    assert len(both.losses) == 34


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
    exact = sweep(data.X, data.labels, rates, 20)
    short = sweep(data.X.astype(np.float32), data.labels, rates, 20)
    assert short.dtype == np.float32
    np.testing.assert_allclose(short, exact, rtol=1e-4)


def test_the_progress_bar_shows_unless_under_pytest(data, capsys, monkeypatch):
    run(data, 0.1, 5, progress=True)
    assert capsys.readouterr().err == ""
    monkeypatch.delenv("PYTEST_VERSION")
    run(data, 0.1, 5, progress=True)
    assert "5/5" in capsys.readouterr().err
    run(data, 0.1, 5)
    assert capsys.readouterr().err == ""


def test_pytest_says_that_it_is_there():
    assert "PYTEST_VERSION" in os.environ  # what keeps the bar silent, in notebooks' kernels as well
    assert "pytest" in sys.modules


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
        ({"patience": 3}, "patience: expected a validation set"),
        ({"patience": 0}, "patience: expected a whole number of at least 1"),
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


def test_refuses_to_resume_what_does_not_fit(data):
    _, history = run(data, 0.1, 3)
    other = LinearClassifier(3, 5)
    with pytest.raises(ValueError, match="resume: expected the history of a run of LinearClassifier"):
        gradient_descent(other, data.X, data.labels, 0.1, 3, resume=history)
    bare = training.History(history.losses, history.accuracies, history.W_path, history.b_path)
    assert repr(bare) == repr(history)
    with pytest.raises(ValueError, match="resume: expected the history"):
        gradient_descent(new_model(), data.X, data.labels, 0.1, 3, resume=bare)
    with pytest.raises(ValueError, match="validation: expected to resume with a validation set if and only if"):
        run(data, 0.1, 3, validation=(data.X, data.labels), resume=history)


def test_refuses_a_model_whose_loss_is_not_finite(data):
    model = new_model()
    model.W = model.W * np.inf
    with pytest.raises(ValueError, match="model: expected W and b with a finite loss"):
        gradient_descent(model, data.X, data.labels, 0.1, 3)
