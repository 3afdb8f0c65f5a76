"""The five functions of the capstone: what they are tried on, and the mistakes that are known by name."""

from collections.abc import Callable
from typing import Any

import numpy as np

from linclf_helpers.exercises import _batch_gradients, _softmax_and_loss
from linclf_helpers.exercises._exercise import Exercise
from linclf_helpers.exercises._observe import Array, Function, Probe
from linclf_helpers.exercises._probes import BATCHES, SEVEN, SIX, SIZES, SMALL, SQUARE, WIDE_LOGITS
from linclf_helpers.forward import cross_entropy_from_logits, one_hot
from linclf_helpers.gradients import loss_and_gradients

__all__ = ["CAPSTONE_EXERCISES"]

# What each exercise of the capstone looks for besides the mistakes of the earlier notebooks.
_CODE_HINT = (
    "The contract at the top of the notebook says what goes in and what comes out. How did you do it before?",
)


def _softmax(Z: Array) -> Array:
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def _normalised(E: Array) -> Array:
    return E / E.sum(axis=1, keepdims=True)


def _loss(X: Array, labels: Array, W: Array, b: Array) -> float:
    return cross_entropy_from_logits(X @ W + b, labels)


def _gradients(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
    _, dL_dW, dL_db = loss_and_gradients(X, labels, W, b)
    return dL_dW, dL_db


def _train(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
    return _descend(X, labels, K, learning_rate, steps)


def _predict(X: Array, W: Array, b: Array) -> Array:
    return (X @ W + b).argmax(axis=1)


def _descend(
    X: Array,
    labels: Array,
    K: int,
    learning_rate: float,
    steps: int,
    gradients: Function = _gradients,
    start: float = 0.0,
    rates: Callable[[int], float] = lambda step: 1.0,
) -> tuple[Array, Array]:
    W, b = np.full((X.shape[1], K), start), np.full(K, start)
    for step in range(steps):
        dL_dW, dL_db = gradients(X, labels, W, b)
        rate = learning_rate * rates(step)
        W, b = W - rate * dL_dW, b - rate * dL_db
    return W, b


def _with_scores(Z: Array, note: str, *labels: Array) -> Probe:
    """Return a probe whose scores are Z, each example being a unit vector."""
    N, K = Z.shape
    return Probe((np.eye(N), *labels, Z, np.zeros(K)), note)


_WIDE = [
    *zip(*zip(*WIDE_LOGITS, strict=True), ([0, 2, 1], [1, 0, 2], [2, 0, 1]), strict=True),
    (WIDE_LOGITS[0][0], "a model that is sure, and wrong", [1, 1, 0]),
    (np.array([[0.0, -800.0, 1.0], [0.5, 0.25, -300.0]]), "a hopeless case, 800 below", [1, 2]),
    (np.array([[0.0, 50.0], [60.0, 0.0]]), "a model that is sure, and right", [1, 0]),
    (np.array([[0.0, 1000.5, 1000.0], [-1000.5, 0.25, 0.5]]), "one row near 1000, another near 0", [2, 1]),
]
_WIDE_PROBES = [_with_scores(Z, note, np.array(labels)) for Z, note, labels in _WIDE]

loss = Exercise(
    name="loss",
    hints=_CODE_HINT,
    reference=_loss,
    formula="L = (1/N) Σ_n (log Σ_j e^{z_nj} − z_nc), Z = XW + b",
    stages=(
        [Probe((each.X, each.labels, each.W, each.b)) for each in (*BATCHES, SQUARE)],
        [
            Probe((SMALL.X, SMALL.labels, SMALL.W * 0, SMALL.b * 0), "zero weights: L = log K"),
            Probe((SMALL.X, SMALL.labels, SMALL.W * 15, SMALL.b), "large weights"),
            Probe((SMALL.X, SMALL.labels, SMALL.W * 1000, SMALL.b), "huge weights"),
            Probe((SMALL.X, SMALL.labels, SMALL.W, SMALL.b + 1000), "logits near 1000"),
            Probe((SMALL.X, SMALL.labels, SMALL.W, SMALL.b - 1000), "logits near −1000"),
            *_WIDE_PROBES,
            *(Probe((each.X, each.labels, each.W, each.b), note) for each, note in SIZES),
        ],
    ),
    outputs=("L",),
    atol=1e-12,  # a loss of 1e-17 is 0 for most right ways to compute it
)
gradients = Exercise(
    name="gradients",
    hints=_CODE_HINT,
    reference=_gradients,
    formula="∂L/∂W = Xᵀ(Ŷ − Y)/N, ∂L/∂b = (1/N) Σ_n (ŷ_n − y_n)",
    stages=(
        [Probe((each.X, each.labels, each.W, each.b)) for each in (*BATCHES, SQUARE)],
        [
            Probe((SMALL.X, SMALL.labels, SMALL.W, SMALL.b + 1000), "logits near 1000"),
            Probe((SMALL.X, SMALL.labels, SMALL.W, SMALL.b - 1000), "logits near −1000"),
            Probe((SIX.X, SIX.labels, SIX.W * 2000, SIX.b), "huge weights"),
            *_WIDE_PROBES,
            Probe((1e-9 * SEVEN.X, SEVEN.labels, SEVEN.W, SEVEN.b), "features of the size of 1e-9"),
            Probe((1e6 * SEVEN.X, SEVEN.labels, SEVEN.W / 1e6, SEVEN.b), "features of the size of 1e6"),
            *(Probe((each.X, each.labels, each.W, each.b), note) for each, note in SIZES),
        ],
    ),
    outputs=("dL_dW", "dL_db"),
    atol=1e-14,  # where nothing is to be learned any more
)
_PAIR = np.array([[1.0, -0.5, 2.0], [0.25, 1.5, -1.0]])  # two examples, one of each class
train = Exercise(
    name="train",
    hints=_CODE_HINT,
    reference=_train,
    formula="W ← W − η ∂L/∂W, b ← b − η ∂L/∂b, from zero",
    stages=(
        [
            Probe((each.X, each.labels, each.Y.shape[1], rate, steps))
            for each, rate, steps in ((SMALL, 0.5, 1), (SMALL, 0.1, 2), (SEVEN, 0.3, 4), (SIX, 0.2, 3))
        ],
        [Probe((SMALL.X, SMALL.labels, 3, 0.5, 0), "a run of no steps at all")],
        [
            Probe((SEVEN.X, SEVEN.labels, 4, 0.1, 120), "120 steps"),
            Probe((SEVEN.X, SEVEN.labels, 4, 1e-9, 3), "a learning rate of 1e-9"),
            Probe((1e-8 * _PAIR, np.array([1, 0]), 2, 0.5, 3), "gradients of the size of 1e-8"),
            Probe((_PAIR, np.array([1, 0]), 2, 20.0, 60), "a loss that comes near 0"),
            Probe((SIX.X, SIX.labels, 5, 5.0, 6), "a learning rate so large that the loss rises"),
            Probe((SIX.X * np.linspace(1, 3000, 6)[:, None], SIX.labels, 5, 1.0, 3), "very long and short examples"),
            *(Probe((each.X, each.labels, each.Y.shape[1], 0.3, 3), note) for each, note in SIZES),
        ],
    ),
    outputs=("W", "b"),
    atol=1e-14,
)


class _Choices(Exercise):
    """A function that chooses classes: where scores tie, either is right."""

    def _right_entries(self, probe: Probe, values: tuple[Array, ...]) -> list[Array]:
        X, W, b = probe.args
        Z, chosen = X @ W + b, _float(values[0])
        known = np.isin(chosen, np.arange(len(b)))
        score = Z[np.arange(len(Z)), np.where(known, chosen, 0).astype(int)]
        rounding = 1e-14 * (np.abs(X) @ np.abs(W) + np.abs(b)).max(axis=1)
        return [known & (score >= Z.max(axis=1) - rounding)]


def _float(values: Array) -> Array:
    return values.astype(float)


_FAR = np.array([-0.4, 0.2, 1.5])
_CLOSE = np.array([[0.3, 0.3 + 4e-12, 0.3], [0.1, 0.2, 0.2 + 4e-12], [-0.5, -0.25 - 4e-12, -0.25]])
predict = _Choices(
    name="predict",
    hints=_CODE_HINT,
    reference=_predict,
    formula="argmax_k z_nk",
    stages=(
        [
            *(Probe((each.X, each.W, each.b)) for each in (*BATCHES, SQUARE)),
            Probe((SMALL.X, SMALL.W, _FAR)),
            Probe((SIX.X, SIX.W, np.arange(5.0))),
        ],
        [
            Probe((SMALL.X, SMALL.W, SMALL.b + 1000), "logits near 1000"),
            Probe((SMALL.X, SMALL.W, SMALL.b - 1000), "logits near −1000"),
            Probe((SMALL.X, SMALL.W * 0, SMALL.b * 0), "zero weights, where all classes tie"),
            _with_scores(_CLOSE, "scores that differ by 4e-12"),
            _with_scores(np.array([[40.0, 45, 50], [-50, -45, -40], [800, 0, 900]]), "scores far from 0"),
            *(_with_scores(Z, note) for Z, note in WIDE_LOGITS),
            *(Probe((each.X, each.W, each.b), note) for each, note in SIZES),
        ],
    ),
    outputs=("labels",),
)
CAPSTONE_EXERCISES = (loss, gradients, train, predict)


def _borrow(target: Exercise, source: Exercise, wrap: Callable[[Function], Function], names: tuple[str, ...]) -> None:
    """Put mistakes of an earlier exercise on record here, with their code built into what is asked for here."""
    for mistake in source.mistakes:
        name = mistake.id.partition(".")[2]
        if name in names:
            variants = [wrap(variant) for variant in mistake.variants]
            code = wrap(mistake.code)
            target.mistake(f"{source.name}.{name}", code, mistake.title, mistake.question, mistake.why, variants)


def _as_loss_of_probabilities(code: Function) -> Function:
    return lambda X, labels, W, b: code(_softmax(X @ W + b), one_hot(labels, len(b)))


def _as_loss_of_logits(code: Function) -> Function:
    return lambda X, labels, W, b: code(X @ W + b, labels)


def _as_softmax_in_loss(code: Function) -> Function:
    return lambda X, labels, W, b: -np.log(code(X @ W + b)[np.arange(len(X)), labels]).mean()


def _as_dL_dZ(code: Function) -> Function:
    def gradients(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
        G = code(_softmax(X @ W + b), one_hot(labels, len(b)))
        return X.T @ G, G.sum(axis=0)

    return gradients


def _as_softmax_in_gradients(code: Function) -> Function:
    return _with_probabilities(lambda X, W, b: code(X @ W + b))


def _with_probabilities(probabilities: Function) -> Function:
    def gradients(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
        G = (probabilities(X, W, b) - one_hot(labels, len(b))) / len(X)
        return X.T @ G, G.sum(axis=0)

    return gradients


def _as_dL_dW(code: Function) -> Function:
    def gradients(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
        G = (_softmax(X @ W + b) - one_hot(labels, len(b))) / len(X)
        return code(X, G), G.sum(axis=0)

    return gradients


def _as_dL_db(code: Function) -> Function:
    def gradients(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
        G = (_softmax(X @ W + b) - one_hot(labels, len(b))) / len(X)
        return X.T @ G, code(G)

    return gradients


def _width_from_batch(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
    G = (_softmax(X @ W + b) - np.eye(labels.max() + 1)[labels]) / len(X)
    return X.T @ G, G.sum(axis=0)


def _width_from_names(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
    G = (_softmax(X @ W + b) - (labels[:, None] == np.unique(labels))) / len(X)
    return X.T @ G, G.sum(axis=0)


_borrow(
    loss,
    _softmax_and_loss.cross_entropy,
    _as_loss_of_probabilities,
    (
        *("sum", "mean_of_all", "sign", "per_example", "log2", "log10", "log_of_mean", "binary", "squared_error"),
        *("no_log", "entropy", "most_probable", "two_lists", "softmax_inside"),
    ),
)
_borrow(
    loss,
    _softmax_and_loss.cross_entropy_from_logits,
    _as_loss_of_logits,
    (
        *("log_of_softmax", "no_shift", "label_as_number", "labels_from_1", "logit_alone", "epsilon", "global_max"),
        *("other_shift", "cut_off", "masked", "infinity_hidden", "width_from_batch"),
    ),
)
_borrow(loss, _softmax_and_loss.softmax, _as_softmax_in_loss, ("axis_0", "global_sum", "minus", "base_2", "sigmoid"))
loss.mistake(
    "no_bias",
    lambda X, labels, W, b: _loss(X, labels, W, 0 * b),
    "the bias is not in it.",
    "Change b and nothing else. Does your loss notice?",
    "The scores are XW alone, so the model's lines must all pass through the origin.",
)
_borrow(
    gradients,
    _batch_gradients.dL_dZ,
    _as_dL_dZ,
    (
        *("no_mean", "mean_twice", "by_classes", "by_size", "sign", "lost_division", "diagonal_jacobian"),
        *("derivative_again", "minus_one", "every_label_column", "rows_by_label", "no_labels", "dL_dYhat"),
        *("loss_for_slope", "binary", "squared_error", "softmax_again"),
    ),
)
_borrow(
    gradients,
    _batch_gradients.dL_dW,
    _as_dL_dW,
    ("times_N", "mean_twice", "transposed", "last_example", "sums_first", "means_first", "sign", "no_features"),
)
_borrow(
    gradients,
    _batch_gradients.dL_db,
    _as_dL_db,
    (
        *("one_number", "not_summed", "over_classes", "mean", "times_N", "last_example"),
        *("zeros", "keepdims", "sign", "absolute"),
    ),
)
_borrow(
    gradients,
    _softmax_and_loss.softmax,
    _as_softmax_in_gradients,
    (
        *("axis_0", "global_sum", "no_shift", "global_max", "other_shift", "cut_off", "nan_hidden", "epsilon"),
        *("floor", "max_with_zero", "minus", "base_2", "sigmoid", "twice", "hard_max"),
    ),
)
gradients.mistake(
    "width_from_batch",
    _width_from_batch,
    "the number of classes was read off the labels.",
    "What happens in a batch in which the last class does not occur? Who else knows how many classes there are?",
    "The largest label tells how many classes this batch happens to hold. W and b have a column for every class.",
    variants=(_width_from_names,),
)
gradients.mistake(
    "scores_minus_labels",
    _with_probabilities(lambda X, W, b: X @ W + b),
    "the labels were subtracted from the scores.",
    "What did you subtract Y from? Does it lie between 0 and 1?",
    "That is the gradient of a regression. The labels belong beside probabilities.",
)
gradients.mistake(
    "no_bias",
    _with_probabilities(lambda X, W, b: _softmax(X @ W)),
    "the bias is missing in the scores.",
    "Change b and nothing else. Do your gradients notice?",
    "The gradient is taken where the bias is zero, wherever the model really stands.",
)


def _plus(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
    return _descend(X, labels, K, -learning_rate, steps)


def _one_fewer(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
    return _descend(X, labels, K, learning_rate, max(0, steps - 1))


def _one_more(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
    return _descend(X, labels, K, learning_rate, steps + 1)


def _accumulating(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
    total_W, total_b = np.zeros((X.shape[1], K)), np.zeros(K)

    def gradients(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
        nonlocal total_W, total_b
        dL_dW, dL_db = _gradients(X, labels, W, b)
        total_W, total_b = total_W + dL_dW, total_b + dL_db
        return total_W, total_b

    return _descend(X, labels, K, learning_rate, steps, gradients)


def _one_after_the_other(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
    W, b = np.zeros((X.shape[1], K)), np.zeros(K)
    for _ in range(steps):
        W = W - learning_rate * _gradients(X, labels, W, b)[0]
        b = b - learning_rate * _gradients(X, labels, W, b)[1]
    return W, b


def _with_gradients(change: Callable[[Array, Array, Array], tuple[Array, Array]]) -> Function:
    """Return a training whose gradients are changed: change(dL_dW, dL_db, X)."""

    def run(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
        def wrong(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
            return change(*_gradients(X, labels, W, b), X)

        return _descend(X, labels, K, learning_rate, steps, wrong)

    return run


def _momentum(beta: float, share: float) -> Function:
    def run(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
        velocity: list[Any] = [0.0, 0.0]

        def gradients(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
            for i, gradient in enumerate(_gradients(X, labels, W, b)):
                velocity[i] = beta * velocity[i] + share * gradient
            return velocity[0], velocity[1]

        return _descend(X, labels, K, learning_rate, steps, gradients)

    return run


def _in_pieces(size: int, every: bool) -> Function:
    """Return a training that looks at `size` examples at a time: at all pieces in each step, or at one piece."""

    def run(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
        starts = list(range(0, len(X), size))
        turns = starts * steps if every else [starts[step % len(starts)] for step in range(steps)]
        pieces = iter(turns)

        def gradients(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
            piece = slice(first := next(pieces), first + size)
            return _gradients(X[piece], labels[piece], W, b)

        return _descend(X, labels, K, learning_rate, len(turns), gradients)

    return run


def _on(change: Callable[[Array, Array], tuple[Array, Array]]) -> Function:
    """Return a training on other data: change(X, labels)."""
    return lambda X, labels, K, learning_rate, steps: _descend(*change(X, labels), K, learning_rate, steps)


def _stops(enough: Callable[[Array, Array, float, float], bool]) -> Function:
    """Return a training that stays where it is as soon as enough(dL_dW, dL_db, loss, its drop in this step)."""

    def run(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
        stopped = False

        def gradients(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
            nonlocal stopped
            dL_dW, dL_db = _gradients(X, labels, W, b)
            before = _loss(X, labels, W, b)
            drop = before - _loss(X, labels, W - learning_rate * dL_dW, b - learning_rate * dL_db)
            stopped = stopped or enough(dL_dW, dL_db, before, drop)
            return (0 * dL_dW, 0 * dL_db) if stopped else (dL_dW, dL_db)

        return _descend(X, labels, K, learning_rate, steps, gradients)

    return run


def _penalised(l2: float) -> Function:
    def gradients(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
        dL_dW, dL_db = _gradients(X, labels, W, b)
        return dL_dW + l2 * W, dL_db

    return lambda X, labels, K, learning_rate, steps: _descend(X, labels, K, learning_rate, steps, gradients)


def _clipped(most: float) -> Function:
    return _with_gradients(lambda dL_dW, dL_db, X: (_shortened(dL_dW, most), _shortened(dL_db, most)))


def _shortened(gradient: Array, most: float) -> Array:
    return gradient * min(1.0, most / max(float(np.linalg.norm(gradient)), 1e-300))


def _rates(rates: Callable[[int], float]) -> Function:
    return lambda X, labels, K, learning_rate, steps: _descend(X, labels, K, learning_rate, steps, rates=rates)


def _for_steps(count: Callable[[int], int]) -> Function:
    return lambda X, labels, K, learning_rate, steps: _descend(X, labels, K, learning_rate, count(steps))


_TOLERANCES = [10.0**-n for n in range(2, 13)]
_ORDERS: tuple[Callable[[int], Any], ...] = (
    lambda N: np.arange(N)[::-1],
    *(lambda N, seed=seed: np.random.default_rng(seed).permutation(N) for seed in (0, 1, 42)),
    *(lambda N, seed=seed: np.random.RandomState(seed).permutation(N) for seed in (0, 1, 42)),
)

train.mistake(
    "stands_still",
    _for_steps(lambda steps: 0),
    "W and b are still where they started.",
    "Print W after the loop. Where does the result of a step go, and who still has the old W?",
    "The steps are computed and lost, or never taken: what comes back is the start.",
)
train.mistake(
    "one_step_only",
    _for_steps(lambda steps: min(steps, 1)),
    "it stops after the first step.",
    "At which depth of indentation does your return stand? How often does the loop run?",
    "A return inside the loop ends it at the first step.",
)
train.mistake(
    "other_steps",
    _for_steps(lambda steps: 100),
    "the number of steps is not used.",
    "Ask for 1 step and for 2. Do the results differ?",
    "It takes as many steps as are written in it, whatever number is asked for.",
    variants=[_for_steps(lambda steps, n=n: n) for n in (2, 3, 5, 10, 20, 50, 200, 500, 1000)],
)
train.mistake(
    "stops_early",
    _stops(lambda dL_dW, dL_db, loss, drop: abs(drop) < 1e-6),
    "it stops before all steps are taken.",
    "What makes your loop end, besides the number of steps? Try a tiny learning rate.",
    "A step that changes little is no sign of having arrived: with a small learning rate each step changes little.",
    variants=[
        stop
        for e in _TOLERANCES
        for stop in (
            _stops(lambda dL_dW, dL_db, loss, drop, e=e: abs(drop) < e),
            _stops(lambda dL_dW, dL_db, loss, drop, e=e: loss < e),
            _stops(lambda dL_dW, dL_db, loss, drop, e=e: np.abs(dL_dW).max() < e and np.abs(dL_db).max() < e),
            _stops(lambda dL_dW, dL_db, loss, drop, e=e: np.linalg.norm(dL_dW) < e),
        )
    ]
    + [_stops(lambda dL_dW, dL_db, loss, drop: drop < 0)],
)
train.mistake(
    "rate_decays",
    _rates(lambda step: 1 / (1 + step)),
    "the learning rate changes on the way.",
    "Divide the second change of W by its gradient. Is that the rate that was asked for?",
    "Smaller and smaller steps have their uses. This path, the same for everybody, has one rate for all steps.",
    variants=[_rates(lambda step, q=q: q**step) for q in (0.999, 0.99, 0.95, 0.9, 0.5)]
    + [_rates(lambda step: 1 / np.sqrt(1 + step)), _rates(lambda step: 1 / (1 + 0.1 * step))],
)
train.mistake(
    "momentum",
    _momentum(0.9, 1.0),
    "a step carries on part of the one before.",
    "Divide the second change of W by the gradient at that place. Is it the learning rate?",
    "Momentum is a method of its own. Plain gradient descent looks at the gradient where it stands and nowhere else.",
    variants=[_momentum(beta, 1.0) for beta in (0.5, 0.8, 0.95, 0.99)]
    + [_momentum(beta, 1 - beta) for beta in (0.5, 0.8, 0.9, 0.95, 0.99)],
)
train.mistake(
    "part_of_the_data",
    _in_pieces(1, every=True),
    "a step looks at part of the data only.",
    "How many examples go into the gradient of one step?",
    "Steps with one example or a few after the other lead another way. Here every step sees all the data.",
    variants=[_in_pieces(size, every) for size in (1, 2, 3, 10, 32, 64, 100) for every in (True, False)],
)
train.mistake(
    "unpaired",
    _on(lambda X, labels: (X[::-1], labels)),
    "pictures and labels no longer belong together.",
    "What is the label of the first example after you put them in another order? Is it the one it came with?",
    "The examples were put in another order and their labels were not, or the labels were alone.",
    variants=[_on(lambda X, labels, order=order: (X[order(len(X))], labels)) for order in _ORDERS[1:]]
    + [_on(lambda X, labels, order=order: (X, labels[order(len(X))])) for order in _ORDERS],
)
train.mistake(
    "scaled",
    _on(lambda X, labels: ((X - X.mean(axis=0)) / X.std(axis=0), labels)),
    "the features are scaled inside.",
    "Which X will the weights be used with, once they are trained?",
    "Weights that were found for scaled features are wrong for the features as they come.",
    variants=(
        _on(lambda X, labels: ((X - X.mean(axis=0)) / (X.std(axis=0) + 1e-8), labels)),
        _on(lambda X, labels: (X - X.mean(axis=0), labels)),
        _on(lambda X, labels: (X / X.max(), labels)),
        _on(lambda X, labels: (X / 16, labels)),
        _on(lambda X, labels: (X / 255, labels)),
    ),
)
train.mistake(
    "clipped",
    _clipped(1.0),
    "long gradients are cut short.",
    "Try data whose features are a thousand times larger. Is the first step the learning rate times the gradient?",
    "Cutting a gradient short hides a rate that is too large. Here the whole gradient is asked for.",
    variants=[_clipped(most) for most in (0.1, 0.5, 2, 3, 5, 10, 100)]
    + [
        _with_gradients(lambda dL_dW, dL_db, X, m=m: (np.clip(dL_dW, -m, m), np.clip(dL_db, -m, m)))
        for m in (0.1, 0.5, 1, 2, 3, 5, 10, 100)
    ],
)
train.mistake(
    "width_from_batch",
    lambda X, labels, K, learning_rate, steps: _descend(X, labels, labels.max() + 1, learning_rate, steps),
    "the number of classes was read off the labels.",
    "What happens with data in which the last class does not occur? Which argument tells how many classes there are?",
    "The largest label tells how many classes these data happen to hold. K says how many there are.",
    variants=(
        lambda X, labels, K, learning_rate, steps: _descend(X, labels, len(set(labels)), learning_rate, steps),
        lambda X, labels, K, learning_rate, steps: _descend(X, labels, K, learning_rate, steps, _width_from_batch),
        lambda X, labels, K, learning_rate, steps: _descend(X, labels, K, learning_rate, steps, _width_from_names),
    ),
)
train.mistake(
    "penalty",
    _penalised(0.01),
    "a penalty on the weights is in it.",
    "Which loss do you descend? Is there a term in it that the labels have no part in?",
    "A penalty keeps weights small and is a good thing to have. Here the mean cross-entropy alone is descended.",
    variants=[_penalised(l2) for l2 in (1e-4, 1e-3, 0.1, 1.0)] + [_penalised(2 * l2) for l2 in (1e-4, 1e-3, 0.1, 1.0)],
)
train.mistake(
    "plus",
    _plus,
    "this climbs.",
    "The gradient points uphill. Where do you want to go? Print the loss after every step.",
    "With a plus the loss rises at every step.",
)
train.mistake(
    "no_rate",
    lambda X, labels, K, learning_rate, steps: _descend(X, labels, K, 1.0, steps),
    "the learning rate is not used.",
    "Run it with two learning rates. Do the results differ?",
    "The step has the same length whatever rate is asked for.",
    variants=[
        (lambda X, labels, K, learning_rate, steps, fixed=fixed: _descend(X, labels, K, fixed, steps))
        for fixed in (0.5, 0.1, 0.05, 0.01, 0.001)
    ],
)
train.mistake(
    "rate_squared",
    lambda X, labels, K, learning_rate, steps: _descend(X, labels, K, learning_rate**2, steps),
    "the learning rate is in it twice.",
    "Divide the first change of W by its gradient. Which number should that be?",
    "Multiplied twice, a rate of 0.1 becomes 0.01.",
)
train.mistake(
    "no_mean",
    _with_gradients(lambda dL_dW, dL_db, X: (len(X) * dL_dW, len(X) * dL_db)),
    "these are steps down the sum of the losses.",
    "Your loss is a mean. Is the gradient you step along one?",
    "Every step is N times too long. With much data it diverges.",
)
train.mistake(
    "bias_forgotten",
    _with_gradients(lambda dL_dW, dL_db, X: (dL_dW, 0 * dL_db)),
    "the bias never moves.",
    "What is b after training? Where may the lines between the classes pass?",
    "Accuracy hardly shows it, and the loss stays above what it could be.",
)
train.mistake(
    "one_step_short",
    _one_fewer,
    "one step is missing.",
    "Count: how often are W and b changed if one step is asked for?",
    "The last update, or the first, never takes place.",
)
train.mistake(
    "one_step_more",
    _one_more,
    "there is one step too many.",
    "Count: how often are W and b changed if no step is asked for?",
    "The loop runs once more than it should.",
)
train.mistake(
    "accumulating",
    _accumulating,
    "gradients of earlier steps are still in it.",
    "What is in your gradient at the beginning of the second step?",
    "Something that adds up was not emptied, so each step repeats all the earlier ones and the path swings.",
)
train.mistake(
    "one_after_the_other",
    _one_after_the_other,
    "the bias looks at the weights after their step.",
    "At which W and b is each of the two gradients taken?",
    "Both gradients belong to one and the same point. Taking the second after the first has been used is another "
    "method, close by, and its losses are not the ones of this course.",
)
train.mistake(
    "starts_elsewhere",
    lambda X, labels, K, learning_rate, steps: _descend(X, labels, K, learning_rate, steps, start=1.0),
    "it does not start from zero.",
    "What do you return if no step is asked for?",
    "The model is convex, so a start at zero is as good as any, and it makes the path the same for everybody.",
)
predict.mistake(
    "probabilities",
    lambda X, W, b: _softmax(X @ W + b),
    "these are probabilities, not choices.",
    "How many numbers per example should come out, and which?",
    "The choice is the class with the largest probability.",
    variants=(lambda X, W, b: X @ W + b,),
)
predict.mistake(
    "one_choice",
    lambda X, W, b: (X @ W + b).argmax(),
    "one choice was made for the whole batch.",
    "How many predictions do you need?",
    "Without an axis the largest of all scores is looked for.",
)
predict.mistake(
    "axis_0",
    lambda X, W, b: (X @ W + b).argmax(axis=0),
    "the best example of each class was looked for.",
    "Best class per example, or best example per class: which do you want?",
    "K numbers came out, each the number of an example.",
)
predict.mistake(
    "no_bias",
    lambda X, W, b: (X @ W).argmax(axis=1),
    "the bias is not used.",
    "Raise the bias of one class very much. Does it win every time?",
    "The scores are XW alone.",
)
predict.mistake(
    "least",
    lambda X, W, b: (X @ W + b).argmin(axis=1),
    "the least probable class was chosen.",
    "Which class would you bet on?",
    "The smallest score wins here.",
)
predict.mistake(
    "from_1",
    lambda X, W, b: (X @ W + b).argmax(axis=1) + 1,
    "every choice is one too high.",
    "From which number do the labels count?",
    "The labels start at 0, as columns do.",
)
predict.mistake(
    "one_hot",
    lambda X, W, b: np.eye(len(b))[(X @ W + b).argmax(axis=1)],
    "the choices came as one-hot rows.",
    "How many numbers per example should come out?",
    "Each row says which class was chosen. Its number is wanted.",
)
predict.mistake(
    "rounded",
    lambda X, W, b: (X @ W + b).round(2).argmax(axis=1),
    "the scores are rounded before the largest is looked for.",
    "Two classes are a hair apart. Which one wins after rounding?",
    "Rounding makes close scores equal, and the first of them wins, right or wrong.",
    variants=[
        *((lambda X, W, b, n=n: (X @ W + b).round(n).argmax(axis=1)) for n in range(12) if n != 2),
        *((lambda X, W, b, n=n: _softmax(X @ W + b).round(n).argmax(axis=1)) for n in range(12)),
        lambda X, W, b: (X @ W + b).astype(int).argmax(axis=1),
        lambda X, W, b: (X @ W + b).astype(np.float32).argmax(axis=1),
        lambda X, W, b: (X @ W + b).astype(np.float16).argmax(axis=1),
        lambda X, W, b: (X.astype(np.float32) @ W.astype(np.float32) + b.astype(np.float32)).argmax(axis=1),
    ],
)
predict.mistake(
    "overflow",
    lambda X, W, b: _normalised(np.exp(X @ W + b)).argmax(axis=1),
    "right, until the exponential overflows.",
    "Which class has the largest probability if two of them are not a number? Do you need probabilities at all?",
    "Beyond scores of about 709 the exponential is infinite. The largest score can be found without it.",
    variants=(
        lambda X, W, b: np.exp(X @ W + b).argmax(axis=1),
        lambda X, W, b: np.nan_to_num(_normalised(np.exp(X @ W + b))).argmax(axis=1),
        lambda X, W, b: _normalised(np.exp(X @ W + b - (X @ W + b).max())).argmax(axis=1),
        lambda X, W, b: np.nan_to_num(_normalised(np.exp(X @ W + b - (X @ W + b).max()))).argmax(axis=1),
    ),
)
predict.mistake(
    "sigmoid",
    lambda X, W, b: (1 / (1 + np.exp(-(X @ W + b)))).argmax(axis=1),
    "large scores all become 1.",
    "What does your function make of the scores 40 and 50? Which of the two should win?",
    "The logistic function is 1 from about 37 on, to all the digits of a float. Scores can be compared as they are.",
    variants=(lambda X, W, b: np.tanh(X @ W + b).argmax(axis=1),),
)
predict.mistake(
    "threshold",
    lambda X, W, b: (_softmax(X @ W + b) > 0.5).argmax(axis=1),
    "a class has to pass a limit to be chosen.",
    "What do you choose if no class reaches the limit?",
    "The most probable class may have less than half. Where none passes the limit, class 0 comes out.",
    variants=(lambda X, W, b: (X @ W + b > 0).argmax(axis=1),),
)
predict.mistake(
    "absolute",
    lambda X, W, b: np.abs(X @ W + b).argmax(axis=1),
    "the sign of the scores is lost.",
    "Which class wins, one with the score −5 or one with the score 3?",
    "A large negative score speaks against a class.",
    variants=(lambda X, W, b: ((X @ W + b) ** 2).argmax(axis=1),),
)
