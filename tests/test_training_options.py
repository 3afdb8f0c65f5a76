"""What gradient descent offers beyond a learning rate: each option against a few plain lines that do the same."""

import signal
import threading
import tracemalloc

import numpy as np
import pytest
from scipy.optimize import minimize

from linclf_helpers import training
from linclf_helpers.datasets import load_digits, load_penguins, make_blobs
from linclf_helpers.fast import FastLoss
from linclf_helpers.forward import one_hot
from linclf_helpers.gradients import loss_and_gradients
from linclf_helpers.history import History
from linclf_helpers.model import LinearClassifier
from linclf_helpers.sweeps import safe_learning_rate
from linclf_helpers.training import descend, gradient_descent


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


@pytest.mark.parametrize(
    ("X", "labels", "l2"),
    [
        ([[1.0], [1.0], [1.0]], [0, 1, 2], 0.0),  # at the optimum from the start
        ([[0.0], [0.0], [0.0]], [0, 0, 1], 0.0),  # only the bias can learn
        ([[1.0], [2.0], [3.0]], [0, 0, 0], 0.0),  # separable: the loss falls for ever
        ([[1e-320], [2e-320], [0.0]], [0, 1, 2], 0.0),
        ([[1e-160], [-1e-160], [0.0]], [0, 1, 2], 0.0),  # a curvature whose square is no float
        ([[1e150], [-1e150], [3.0]], [0, 1, 2], 0.0),
        ([[1e150, 1e-150], [-1e150, 0.0], [3.0, 1e-150]], [0, 1, 0], 0.0),
        ([[1.0], [-1.0], [3.0]], [0, 1, 2], 1e300),
        ([[1.0], [-1.0], [3.0]], [0, 1, 2], 1e-300),
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_barzilai_and_borwein_always_end(X, labels, l2, dtype, monkeypatch):
    """A step takes a bounded number of looks at the data, whatever they show, and the loss never ends higher."""
    X = np.array(X).clip(-1e15, 1e15) if dtype == np.float32 else np.array(X)
    looks, evaluate = [], FastLoss.evaluate

    def counted(*arguments, **options):
        looks.append(1)
        assert len(looks) < 1500
        return evaluate(*arguments, **options)

    monkeypatch.setattr(FastLoss, "evaluate", counted)
    for start in (0.0, 1.0):
        looks.clear()
        model = LinearClassifier(X.shape[1], 3)
        model.W = (model.W + start * np.arange(3.0)).astype(dtype)
        model.b = model.b.astype(dtype)
        history = gradient_descent(
            model, X.astype(dtype), labels, "barzilai-borwein", 60, l2=min(l2, 1e30) if dtype == np.float32 else l2
        )
        assert history.losses[-1] <= history.losses[0]
        assert np.isfinite(history.losses).all()
        assert np.isfinite(model.W).all()


def test_barzilai_and_borwein_stay_where_no_lower_loss_is_to_be_seen(data, monkeypatch):
    """A loss that only ever rises: of another penalty, of changed data, or of rounding."""
    evaluate, looks = FastLoss.evaluate, []

    def rising(space, theta, **options):
        looks.append(theta)
        loss, gradient, share = evaluate(space, theta, **options)
        return loss * 0 + len(looks), gradient, share

    monkeypatch.setattr(FastLoss, "evaluate", rising)
    model, history = run(data, "barzilai-borwein", 5)
    np.testing.assert_array_equal(model.W, new_model().W)
    assert len(looks) <= 1 + 5 * 22
    assert history.stopped == "finished"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_barzilai_and_borwein_end_where_every_loss_is_no_number(data, value, monkeypatch):
    evaluate, looks = FastLoss.evaluate, []

    def broken(space, theta, **options):
        looks.append(theta)
        loss, gradient, share = evaluate(space, theta, **options)
        return loss * (1 if len(looks) <= 1 else value), gradient, share

    monkeypatch.setattr(FastLoss, "evaluate", broken)
    model, history = run(data, "barzilai-borwein", 5)
    assert (history.stopped, history.diverged_at, history.steps.tolist()) == ("diverged", 1, [0])
    assert len(looks) <= 23
    np.testing.assert_array_equal(model.W, new_model().W)


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


def interrupting(step):
    """Return a schedule during which the kernel is stopped, in the middle of a step."""

    def schedule(now):
        if now == step:
            signal.raise_signal(signal.SIGINT)
        return 0.1

    return schedule


@pytest.fixture
def kernels_handler():
    """Set the handler that a kernel sets; started in the background of a shell, tests would ignore the signal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("kernels_handler")
@pytest.mark.parametrize("options", [{}, {"batch_size": 6, "momentum": 0.9}, {"record_every": 4}])
def test_stopping_the_kernel_leaves_the_last_whole_step(data, options):
    model, history = run(data, interrupting(6), 50, **options)
    assert history.stopped == "interrupted"
    assert repr(history).endswith(", interrupted)")
    assert history.steps[-1] == 6
    assert_same_run((model, history), run(data, 0.1, 6, **options))


def test_stopping_the_kernel_during_the_record_leaves_the_last_whole_step(data, monkeypatch):
    validation, evaluate, calls = (data.X[:5], data.labels[:5]), FastLoss.evaluate, []

    def stopped_at_the_fifth(space, *arguments, **options):
        if space.N == 5:
            calls.append(1)
            if len(calls) == 5:
                raise KeyboardInterrupt
        return evaluate(space, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(FastLoss, "evaluate", stopped_at_the_fifth)
        stopped = run(data, 0.1, 50, validation=validation)
    assert stopped[1].stopped == "interrupted"
    assert_same_run(stopped, run(data, 0.1, 4, validation=validation))


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
        {"batch_size": 6, "momentum": 0.5, "nesterov": True, "rng": 2},
        {"learning_rate": "barzilai-borwein"},
        {"learning_rate": lambda step: 0.1 / (1 + 0.1 * step)},
    ],
)
def test_a_loop_around_descend_is_the_same_run(data, options):
    """It stops where the caller likes, and goes on as if it never had."""
    options = {"learning_rate": 0.1} | options
    _, history = run(data, steps=17, record_every=1, **options)
    paused, path = new_model(), []
    steps = descend(paused, data.X, data.labels, **options)
    np.testing.assert_array_equal(paused.W, history.W_path[0])  # nothing is done before the first is asked for
    for stop in (5, 6, 17):
        for step in steps:
            path.append(paused.W)
            if step == stop:
                break
        paused.W = paused.W * 0  # the run keeps its own
    np.testing.assert_array_equal(path, history.W_path[1:])


def test_a_loop_around_descend_is_told_when_a_step_leaves_the_floats(data):
    model = new_model()
    path = [model.W]

    def train():
        for _ in descend(model, data.X, data.labels, 1e307, batch_size=5):
            path.append(model.W)

    with pytest.raises(ValueError, match=r"^learning_rate: expected W and b to stay within the range of floats"):
        train()
    assert np.isfinite(model.W).all()
    np.testing.assert_array_equal(model.W, path[-1])


def test_a_schedule_that_breaks_leaves_the_last_whole_step(data):
    def schedule(step):
        return 0.1 if step < 3 else -0.1

    message = "^learning_rate: expected a finite number greater than 0, got -0.1 from the schedule after 3 steps"
    for train in (
        lambda model: gradient_descent(model, data.X, data.labels, schedule, 9),
        lambda model: list(zip(range(9), descend(model, data.X, data.labels, schedule), strict=True)),
    ):
        model = new_model()
        with pytest.raises(ValueError, match=message):
            train(model)
        np.testing.assert_array_equal(model.W, run(data, 0.1, 3)[0].W)


# --- the record ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"tolerance": 1e-12}, {"momentum": 0.9, "rng": 0}])
def test_batches_have_an_entry_a_pass_and_no_other_look_at_all_the_data(data, options, monkeypatch):
    looks, evaluate = [], FastLoss.evaluate

    def counted(space, *arguments, **keywords):
        looks.append(space.N)
        return evaluate(space, *arguments, **keywords)

    monkeypatch.setattr(FastLoss, "evaluate", counted)
    _, history = run(data, 0.1, 18, batch_size=6, **options)  # 23 examples: four batches a pass
    assert list(history.steps) == [0, 4, 8, 12, 16, 18]
    assert len(looks) <= 7  # one for each entry; with a tolerance the first is looked at again for its gradient
    looks.clear()
    assert len(run(data, 0.1, 18, **options)[1].losses) == 19
    assert len(looks) == 19


@pytest.mark.parametrize("steps", [0, 1, 7, np.int64(8)])
@pytest.mark.parametrize("options", [{}, {"batch_size": 6}, {"record_every": 3}, {"batch_size": 23}])
def test_the_steps_of_the_entries_are_integers_and_end_with_the_last(data, steps, options):
    for rate in (0.1, "barzilai-borwein"):
        if rate == 0.1 or options.get("batch_size", 23) == 23:
            _, history = run(data, rate, steps, **options)
            assert history.steps.dtype == np.int64
            assert (history.steps[0], history.steps[-1]) == (0, steps)
            assert len(history.steps) == len(history.losses) == len(history.accuracies) == len(history.W_path)
            assert (np.diff(history.steps) > 0).all()


def test_a_history_made_by_hand_has_integer_steps_too():
    bare = History(np.array([2.0, 1.0]), np.ones(2), np.zeros((2, 1, 2)), np.zeros((2, 2)))
    assert bare.steps.dtype.kind == "i"
    assert repr(bare) == "History(steps=1, loss 2.0000 → 1.0000)"


@pytest.mark.parametrize("options", [{"batch_size": 6}, {"batch_size": 6, "rng": 1}, {"record_every": 7}])
def test_the_tolerance_works_with_every_entry(data, options):
    model, history = run(data, 0.02, 5000, l2=0.5, tolerance=5e-2, **options)
    dW, db = model.gradients(data.X, data.labels, l2=0.5)
    assert history.stopped == "converged"
    assert 0 < history.steps[-1] < 5000
    assert max(np.abs(dW).max(), np.abs(db).max()) <= 5e-2
    np.testing.assert_array_equal(model.W, history.W_path[-1])


@pytest.mark.parametrize("options", [{}, {"batch_size": 6}, {"learning_rate": "barzilai-borwein"}])
def test_within_the_tolerance_from_the_start_no_step_is_taken(data, options):
    model, history = run(data, steps=9, tolerance=1e9, **({"learning_rate": 0.1} | options))
    assert (history.stopped, history.steps.tolist()) == ("converged", [0])
    np.testing.assert_array_equal(model.W, new_model().W)


def test_fewer_entries_are_the_same_entries(data):
    _, all_of_them = run(data, 0.1, 11, batch_size=6, record_every=1)
    _, some = run(data, 0.1, 11, batch_size=6, record_every=4)
    assert list(some.steps) == [0, 4, 8, 11]
    for name in ("losses", "accuracies", "W_path", "b_path"):
        np.testing.assert_array_equal(getattr(some, name), getattr(all_of_them, name)[some.steps])


def test_a_long_path_is_left_out(data, monkeypatch):
    monkeypatch.setattr(training, "_LARGEST_PATH", 1000)
    _, short = run(data, 0.1, 3)
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
        (
            {"learning_rate": lambda step: np.nan},
            "learning_rate: expected a finite number .*, got nan from the schedule",
        ),
        (
            {"learning_rate": lambda step: "0.1"},
            "learning_rate: expected a number, got '0.1' from the schedule after 0",
        ),
        ({"learning_rate": lambda step: None}, "learning_rate: expected a number, got None from the schedule"),
        ({"learning_rate": lambda step: np.ones(3)}, "learning_rate: expected a number, got array"),
        ({"validation": ([[1.0, 2.0]], [0])}, "validation: X: expected shape"),
        ({"validation": ([[1.0, 2.0, np.nan]], [0])}, "validation: X: expected finite numbers"),
        ({"validation": ([[1.0, 2.0, 3.0]], [4])}, "validation: Y: expected labels from 0 to 3, got 4"),
        ({"validation": [[1.0, 2.0, 3.0]]}, r"validation: expected a pair \(X, Y\), got list"),
        ({"validation": 5}, r"validation: expected a pair \(X, Y\), got int"),
    ],
)
def test_refuses_what_cannot_be_right(data, options, message):
    model = new_model()
    options = {"learning_rate": 0.1, "steps": 4} | options
    with pytest.raises(ValueError, match=message):
        gradient_descent(model, data.X, data.labels, **options)
    if not callable(options["learning_rate"]):
        np.testing.assert_array_equal(model.W, new_model().W)


@pytest.mark.parametrize("train", [descend, lambda *arguments: gradient_descent(*arguments, steps=3)])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda model: None, "model: expected a LinearClassifier, got None"),
        (lambda model: LinearClassifier, "model: expected a LinearClassifier, got <class"),
        (
            lambda model: setattr(model, "W", model.W * np.inf) or model,
            "model.W: expected finite numbers, got -?inf at",
        ),
        (lambda model: setattr(model, "b", np.zeros(3)) or model, r"model.b: expected shape \(4,\), got \(3,\)"),
        (lambda model: setattr(model, "W", model.W * 1e308) or model, "model: expected W and b with a finite loss"),
    ],
)
def test_refuses_a_model_that_cannot_be_trained(data, train, change, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        train(change(new_model()), data.X * 100, data.labels, 0.1)
