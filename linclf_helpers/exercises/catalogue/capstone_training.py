"""The capstone's training: what it is tried on, and the mistakes that are known by name."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from linclf_helpers.exercises.catalogue.capstone_stages import (
    ALL_SIZES,
    CODE_HINT,
    gradients_of,
    loss_of,
    width_from_batch,
)
from linclf_helpers.exercises.checking.exercise import Exercise
from linclf_helpers.exercises.checking.observe import Array, Function, Probe
from linclf_helpers.exercises.checking.probes import SEVEN, SIX, SMALL

__all__ = ["train"]


def _train(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
    return _descend(X, labels, K, learning_rate, steps)


def _descend(
    X: Array,
    labels: Array,
    K: int,
    learning_rate: float,
    steps: int,
    gradients: Function = gradients_of,
    start: float = 0.0,
    rates: Callable[[int], float] = lambda step: 1.0,
) -> tuple[Array, Array]:
    W, b = np.full((X.shape[1], K), start), np.full(K, start)
    for step in range(steps):
        dL_dW, dL_db = gradients(X, labels, W, b)
        rate = learning_rate * rates(step)
        W, b = W - rate * dL_dW, b - rate * dL_db
    return W, b


_PAIR = np.array([[1.0, -0.5, 2.0], [0.25, 1.5, -1.0]])  # two examples, one of each class
train = Exercise(
    name="train",
    hints=CODE_HINT,
    reference=_train,
    formula="W ← W − η ∂L/∂W, b ← b − η ∂L/∂b, from zero",
    stages=(
        [
            Probe((each.X, each.labels, each.Y.shape[1], rate, steps))
            for each, rate, steps in ((SMALL, 0.5, 1), (SMALL, 0.1, 2), (SEVEN, 0.3, 4), (SIX, 0.2, 3))
        ],
        [Probe((SMALL.X, SMALL.labels, 3, 0.5, 0), "a run of no steps at all")],
        [
            Probe((SEVEN.X, SEVEN.labels, 4, 0.1, 60), "60 steps"),
            Probe((SEVEN.X, SEVEN.labels, 4, 1e-9, 3), "a learning rate of 1e-9"),
            Probe((1e-12 * _PAIR, np.array([1, 0]), 2, 0.5, 3), "gradients of the size of 1e-12"),
            *(Probe((_PAIR, np.array([1, 0]), 2, rate, 40), "a loss that comes near 0") for rate in (1.0, 3.3, 5.5)),
            Probe((SIX.X, SIX.labels, 5, 5.0, 6), "a learning rate so large that the loss rises"),
            Probe((SIX.X * np.linspace(1, 3000, 6)[:, None], SIX.labels, 5, 1.0, 3), "very long and short examples"),
            *(Probe((each.X, each.labels, each.Y.shape[1], 0.3, 2), note) for each, note in ALL_SIZES),
        ],
    ),
    outputs=("W", "b"),
    atol=1e-14,
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
        dL_dW, dL_db = gradients_of(X, labels, W, b)
        total_W, total_b = total_W + dL_dW, total_b + dL_db
        return total_W, total_b

    return _descend(X, labels, K, learning_rate, steps, gradients)


def _one_after_the_other(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
    W, b = np.zeros((X.shape[1], K)), np.zeros(K)
    for _ in range(steps):
        W = W - learning_rate * gradients_of(X, labels, W, b)[0]
        b = b - learning_rate * gradients_of(X, labels, W, b)[1]
    return W, b


def _with_gradients(change: Callable[[Array, Array, Array], tuple[Array, Array]]) -> Function:
    """Return a training whose gradients are changed: change(dL_dW, dL_db, X)."""

    def run(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
        def wrong(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
            return change(*gradients_of(X, labels, W, b), X)

        return _descend(X, labels, K, learning_rate, steps, wrong)

    return run


def _momentum(beta: float, share: float) -> Function:
    def run(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
        velocity: list[Any] = [0.0, 0.0]

        def gradients(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
            for i, gradient in enumerate(gradients_of(X, labels, W, b)):
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
            return gradients_of(X[piece], labels[piece], W, b)

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
            dL_dW, dL_db = gradients_of(X, labels, W, b)
            before = loss_of(X, labels, W, b)
            drop = before - loss_of(X, labels, W - learning_rate * dL_dW, b - learning_rate * dL_db)
            stopped = stopped or enough(dL_dW, dL_db, before, drop)
            return (0 * dL_dW, 0 * dL_db) if stopped else (dL_dW, dL_db)

        return _descend(X, labels, K, learning_rate, steps, gradients)

    return run


def _penalised(l2: float) -> Function:
    def gradients(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
        dL_dW, dL_db = gradients_of(X, labels, W, b)
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


def _reordered(order: Callable[[int], Any]) -> Iterator[Function]:
    yield _on(lambda X, labels: (X[order(len(X))], labels))
    yield _on(lambda X, labels: (X, labels[order(len(X))]))


def _always(count: int) -> Function:
    return _for_steps(lambda steps: count)


def _stopping() -> Iterator[Function]:
    """Yield trainings that stop at a small change, a small gradient or a small loss, or when the loss rises."""
    for e in (10.0**-n for n in range(2, 12)):
        yield _stops(lambda dL_dW, dL_db, loss, drop, e=e: bool(abs(drop) < e))  # type: ignore[misc]
        yield _stops(lambda dL_dW, dL_db, loss, drop, e=e: bool(np.linalg.norm(dL_dW) < e))  # type: ignore[misc]
        yield _stops(lambda dL_dW, dL_db, loss, drop, e=e: _largest(dL_dW, dL_db) < e)  # type: ignore[misc]
        if e > 1e-8:
            yield _stops(lambda dL_dW, dL_db, loss, drop, e=e: loss < e)  # type: ignore[misc]
    yield _stops(lambda dL_dW, dL_db, loss, drop: drop < 0)


def _largest(*gradients: Array) -> float:
    return max(float(np.abs(gradient).max()) for gradient in gradients)


_ORDERS: tuple[Callable[[int], Any], ...] = (
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
    variants=[_always(n) for n in (2, 3, 5, 10, 20, 50, 200, 500)],
)
train.mistake(
    "stops_early",
    _stops(lambda dL_dW, dL_db, loss, drop: abs(drop) < 1e-6),
    "it stops before all steps are taken.",
    "What makes your loop end, besides the number of steps? Try a tiny learning rate.",
    "A small change, a small gradient or a small loss is no sign of having arrived. Only the number of steps is.",
    variants=list(_stopping()),
)
train.mistake(
    "rate_decays",
    _rates(lambda step: 1 / (1 + step)),
    "the learning rate changes on the way.",
    "Divide the second change of W by its gradient. Is that the rate that was asked for?",
    "Smaller and smaller steps have their uses. This path, the same for everybody, has one rate for all steps.",
    variants=[_rates(q.__pow__) for q in (0.999, 0.99, 0.95, 0.9, 0.5)]
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
    next(_reordered(lambda N: np.arange(N)[::-1])),
    "pictures and labels no longer belong together.",
    "What is the label of the first example after you put them in another order? Is it the one it came with?",
    "The examples were put in another order and their labels were not, or the labels were alone.",
    variants=[each for order in _ORDERS for each in _reordered(order)],
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
        _with_gradients(lambda dL_dW, dL_db, X, m=m: (np.clip(dL_dW, -m, m), np.clip(dL_db, -m, m)))  # type: ignore[misc]
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
        lambda X, labels, K, learning_rate, steps: _descend(X, labels, K, learning_rate, steps, width_from_batch),
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
