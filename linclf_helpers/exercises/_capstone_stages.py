"""The five functions of the capstone: what they are tried on, and the mistakes that are known by name."""

from collections.abc import Callable

import numpy as np

from linclf_helpers.exercises import _batch_gradients, _softmax_and_loss
from linclf_helpers.exercises._exercise import Exercise
from linclf_helpers.exercises._observe import Array, Function, Probe
from linclf_helpers.exercises._probes import BATCHES, SEVEN, SIX, SMALL, SQUARE
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
) -> tuple[Array, Array]:
    W, b = np.full((X.shape[1], K), start), np.full(K, start)
    for _ in range(steps):
        dL_dW, dL_db = gradients(X, labels, W, b)
        W, b = W - learning_rate * dL_dW, b - learning_rate * dL_db
    return W, b


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
        ],
    ),
    outputs=("L",),
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
            Probe((SIX.X, SIX.labels, SIX.W * 2000, SIX.b), "huge weights"),
        ],
    ),
    outputs=("dL_dW", "dL_db"),
)
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
    ),
    outputs=("W", "b"),
)
_FAR = np.array([-0.4, 0.2, 1.5])
predict = Exercise(
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
            Probe((SMALL.X, SMALL.W * 0, SMALL.b * 0), "zero weights, where all classes tie"),
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


_borrow(
    loss,
    _softmax_and_loss.cross_entropy,
    _as_loss_of_probabilities,
    (
        *("sum", "mean_of_all", "sign", "per_example", "log2", "log10", "log_of_mean", "binary", "squared_error"),
        *("no_log", "entropy", "most_probable", "two_lists", "softmax_inside", "epsilon"),
    ),
)
_borrow(
    loss,
    _softmax_and_loss.cross_entropy_from_logits,
    _as_loss_of_logits,
    ("log_of_softmax", "no_shift", "label_as_number", "labels_from_1", "logit_alone"),
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
    ("axis_0", "global_sum", "no_shift", "global_max", "minus", "base_2", "sigmoid"),
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
    "The step is as long as the gradient, whatever rate is asked for.",
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
