"""The capstone's loss, gradients and prediction: what they are tried on, and the mistakes that are known by name."""

from collections.abc import Callable

import numpy as np

from linclf_helpers.exercises.catalogue.cross_entropy import cross_entropy as cross_entropy_exercise
from linclf_helpers.exercises.catalogue.cross_entropy import (
    cross_entropy_from_logits as cross_entropy_from_logits_exercise,
)
from linclf_helpers.exercises.catalogue.gradient_of_logits import dL_dZ as dL_dZ_exercise
from linclf_helpers.exercises.catalogue.gradients_of_parameters import dL_db as dL_db_exercise
from linclf_helpers.exercises.catalogue.gradients_of_parameters import dL_dW as dL_dW_exercise
from linclf_helpers.exercises.catalogue.softmax import _normalised, _softmax
from linclf_helpers.exercises.catalogue.softmax import softmax as softmax_exercise
from linclf_helpers.exercises.checking.exercise import Exercise
from linclf_helpers.exercises.checking.observe import Array, Function, Probe
from linclf_helpers.exercises.checking.probes import (
    BATCHES,
    MANY_FEATURES,
    ONE_FEATURE,
    SEVEN,
    SINGLE,
    SIX,
    SIZES,
    SMALL,
    SQUARE,
    WIDE_LOGITS,
)
from linclf_helpers.forward import cross_entropy_from_logits, one_hot

__all__ = ["ALL_SIZES", "CODE_HINT", "gradients", "gradients_of", "loss", "loss_of", "predict", "width_from_batch"]

# What each exercise of the capstone looks for besides the mistakes of the earlier notebooks.
CODE_HINT = ("The contract at the top of the notebook says what goes in and what comes out. How did you do it before?",)
_AGAIN = [0, 2, 2, 0, 5, 2]
ALL_SIZES = (*SIZES, (ONE_FEATURE, "one feature"), (MANY_FEATURES, "300 features"))


def loss_of(X: Array, labels: Array, W: Array, b: Array) -> float:
    """Return the loss, as the capstone's first stage asks for it."""
    return cross_entropy_from_logits(X @ W + b, labels)


def gradients_of(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
    """Return ∂L/∂W and ∂L/∂b, as its second stage asks for them."""
    G = _softmax(X @ W + b)
    G[np.arange(len(X)), labels] -= 1
    G /= len(X)
    return X.T @ G, G.sum(axis=0)


def _predict(X: Array, W: Array, b: Array) -> Array:
    return (X @ W + b).argmax(axis=1)


def _with_scores(Z: Array, note: str, *labels: Array) -> Probe:
    """Return a probe whose scores are Z, each example being a unit vector."""
    N, K = Z.shape
    return Probe((np.eye(N), *labels, Z, np.zeros(K)), note)


_WIDE = [
    *zip(*zip(*WIDE_LOGITS, strict=True), ([0, 2, 1], [1, 0, 2], [2, 0, 1]), strict=True),
    (WIDE_LOGITS[0][0], "a model that is sure, and wrong", [1, 1, 0]),
    (np.array([[0.0, -800.0, 1.0], [0.5, 0.25, -300.0]]), "a hopeless case, 800 below", [1, 2]),
    (np.array([[0.0, -800.0, 1.0]]), "a hopeless class that is not the correct one", [2]),
    (np.array([[0.0, 50.0], [60.0, 0.0]]), "a model that is sure, and right", [1, 0]),
    (np.array([[0.0, 1000.5, 1000.0], [-1000.5, 0.25, 0.5]]), "one row near 1000, another near 0", [2, 1]),
]
_WIDE_PROBES = [_with_scores(Z, note, np.array(labels)) for Z, note, labels in _WIDE]

loss = Exercise(
    name="loss",
    hints=CODE_HINT,
    reference=loss_of,
    formula="L = (1/N) Σ_n (log Σ_j e^{z_nj} − z_nc), Z = XW + b",
    stages=(
        [Probe((each.X, each.labels, each.W, each.b)) for each in (*BATCHES, SQUARE)],
        [
            Probe((SMALL.X, SMALL.labels, SMALL.W * 0, SMALL.b * 0), "zero weights: L = log K"),
            Probe((SMALL.X, SMALL.labels, SMALL.W * 15, SMALL.b), "large weights"),
            Probe((SMALL.X, SMALL.labels, SMALL.W * 1000, SMALL.b), "huge weights"),
            Probe((SMALL.X, SMALL.labels, SMALL.W, SMALL.b + 1000), "logits near 1000"),
            Probe((SMALL.X, SMALL.labels, SMALL.W, SMALL.b - 1000), "logits near −1000"),
            Probe((SINGLE.X, SINGLE.labels, SINGLE.W, SINGLE.b + 1000), "one example, with logits near 1000"),
            Probe((SEVEN.X[_AGAIN], SEVEN.labels[_AGAIN], SEVEN.W, SEVEN.b), "examples that come more than once"),
            *_WIDE_PROBES,
            Probe((1e-9 * SEVEN.X, SEVEN.labels, 1e9 * SEVEN.W, SEVEN.b), "features of the size of 1e-9"),
            Probe((1e9 * SEVEN.X, SEVEN.labels, SEVEN.W / 1e9, SEVEN.b), "features of the size of 1e9"),
            *(Probe((each.X, each.labels, each.W, each.b), note) for each, note in ALL_SIZES),
        ],
    ),
    outputs=("L",),
    atol=1e-12,  # a loss of 1e-17 is 0 for most right ways to compute it
)
gradients = Exercise(
    name="gradients",
    hints=CODE_HINT,
    reference=gradients_of,
    formula="∂L/∂W = Xᵀ(Ŷ − Y)/N, ∂L/∂b = (1/N) Σ_n (ŷ_n − y_n)",
    stages=(
        [Probe((each.X, each.labels, each.W, each.b)) for each in (*BATCHES, SQUARE)],
        [
            Probe((SMALL.X, SMALL.labels, SMALL.W, SMALL.b + 1000), "logits near 1000"),
            Probe((SMALL.X, SMALL.labels, SMALL.W, SMALL.b - 1000), "logits near −1000"),
            Probe((SINGLE.X, SINGLE.labels, SINGLE.W, SINGLE.b + 1000), "one example, with logits near 1000"),
            Probe((SEVEN.X[_AGAIN], SEVEN.labels[_AGAIN], SEVEN.W, SEVEN.b), "examples that come more than once"),
            Probe((SIX.X, SIX.labels, SIX.W * 2000, SIX.b), "huge weights"),
            *_WIDE_PROBES,
            Probe((1e-12 * SEVEN.X, SEVEN.labels, SEVEN.W, SEVEN.b), "features of the size of 1e-12"),
            Probe((1e6 * SEVEN.X, SEVEN.labels, SEVEN.W / 1e6, SEVEN.b), "features of the size of 1e6"),
            *(Probe((each.X, each.labels, each.W, each.b), note) for each, note in ALL_SIZES),
        ],
    ),
    outputs=("dL_dW", "dL_db"),
    atol=1e-14,  # where nothing is to be learned any more
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
    hints=CODE_HINT,
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
            _with_scores(np.array([[40.0, 45, 50], [-50, -45, -40], [705, 708, 0]]), "scores far from 0"),
            _with_scores(np.array([[800.0, 0, 900], [0, 0, 1]]), "scores beyond 709"),
            _with_scores(np.array([[0.25, -0.5], [-1.0, 2.0]]), "two examples, two features and two classes"),
            *(_with_scores(Z, note) for Z, note in WIDE_LOGITS),
            *(Probe((each.X, each.W, each.b), note) for each, note in ALL_SIZES),
        ],
    ),
    outputs=("labels",),
)


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


def width_from_batch(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
    """Return the gradients, K taken from the labels of the batch: a mistake."""
    G = (_softmax(X @ W + b) - np.eye(labels.max() + 1)[labels]) / len(X)
    return X.T @ G, G.sum(axis=0)


_borrow(
    loss,
    cross_entropy_exercise,
    _as_loss_of_probabilities,
    (
        *("sum", "mean_of_all", "sign", "per_example", "log2", "log10", "log_of_mean", "binary", "squared_error"),
        *("no_log", "entropy", "most_probable", "two_lists", "softmax_inside"),
    ),
)
_borrow(
    loss,
    cross_entropy_from_logits_exercise,
    _as_loss_of_logits,
    (
        *("log_of_softmax", "no_shift", "label_as_number", "labels_from_1", "logit_alone", "epsilon", "global_max"),
        *("other_shift", "cut_off", "masked", "infinity_hidden", "width_from_batch"),
    ),
)
_borrow(loss, softmax_exercise, _as_softmax_in_loss, ("axis_0", "global_sum", "minus", "base_2", "sigmoid"))
loss.mistake(
    "no_bias",
    lambda X, labels, W, b: loss_of(X, labels, W, 0 * b),
    "the bias is not in it.",
    "Change b and nothing else. Does your loss notice?",
    "The scores are XW alone, so the model's lines must all pass through the origin.",
)
_borrow(
    gradients,
    dL_dZ_exercise,
    _as_dL_dZ,
    (
        *("no_mean", "mean_twice", "by_classes", "by_size", "sign", "lost_division", "diagonal_jacobian"),
        *("derivative_again", "minus_one", "every_label_column", "rows_by_label", "no_labels", "dL_dYhat"),
        *("loss_for_slope", "binary", "squared_error", "softmax_again"),
    ),
)
_borrow(
    gradients,
    dL_dW_exercise,
    _as_dL_dW,
    ("times_N", "mean_twice", "transposed", "last_example", "sums_first", "means_first", "sign", "no_features"),
)
_borrow(
    gradients,
    dL_db_exercise,
    _as_dL_db,
    (
        *("one_number", "not_summed", "over_classes", "mean", "times_N", "last_example"),
        *("zeros", "keepdims", "sign", "absolute"),
    ),
)
_borrow(
    gradients,
    softmax_exercise,
    _as_softmax_in_gradients,
    (
        *("axis_0", "global_sum", "no_shift", "global_max", "other_shift", "cut_off", "nan_hidden", "epsilon"),
        *("floor", "max_with_zero", "minus", "base_2", "sigmoid", "hard_max"),
    ),
)
gradients.mistake(
    "width_from_batch",
    width_from_batch,
    "the number of classes was read off the labels.",
    "What happens in a batch in which the last class does not occur? Who else knows how many classes there are?",
    "The largest label tells how many classes this batch happens to hold. W and b have a column for every class.",
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


def _choosing_within(most: float) -> Function:
    return lambda X, W, b: np.clip(X @ W + b, -most, most).argmax(axis=1)


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
        *((lambda X, W, b, n=n: _softmax(X @ W + b).round(n).argmax(axis=1)) for n in range(1, 12)),
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
    "cut_off",
    _choosing_within(500.0),
    "scores beyond a limit all become equal.",
    "What does your function make of the scores 705 and 708? Which of the two should win?",
    "Beyond the limit all scores become equal, and the first of them wins. Scores can be compared as they are.",
    variants=[
        *(_choosing_within(most) for most in (1.0, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0, 600.0, 700.0)),
        lambda X, W, b: np.tanh(X @ W + b).argmax(axis=1),  # 1 from about 19 on, to all the digits of a float
    ],
)
predict.mistake(
    "sigmoid",
    lambda X, W, b: (1 / (1 + np.exp(-(X @ W + b)))).argmax(axis=1),
    "large scores all become 1.",
    "What does your function make of the scores 40 and 50? Which of the two should win?",
    "The logistic function is 1 from about 37 on, to all the digits of a float. Scores can be compared as they are.",
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
