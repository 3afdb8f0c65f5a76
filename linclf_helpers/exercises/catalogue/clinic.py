"""The bug clinic, notebook 10: eight patients, each repaired by the learner and judged by evidence."""

from typing import Any

import numpy as np

from linclf_helpers.exercises.catalogue.cross_entropy import (
    cross_entropy_from_logits as cross_entropy_from_logits_exercise,
)
from linclf_helpers.exercises.catalogue.gradient_of_logits import dL_dZ as dL_dZ_exercise
from linclf_helpers.exercises.catalogue.patient import (
    _EXTREMES,
    _HUGE,
    _LEAST,
    _LOOK_AGAIN,
    _STILL_SICK,
    _TINY,
    _TWELVE,
    _Patient,
    _patient,
)
from linclf_helpers.exercises.catalogue.shuffle import patient_7
from linclf_helpers.exercises.catalogue.softmax import _softmax
from linclf_helpers.exercises.catalogue.softmax import softmax as softmax_exercise
from linclf_helpers.exercises.catalogue.standardize import standardize as standardize_exercise
from linclf_helpers.exercises.checking.observe import Array, Function, Probe
from linclf_helpers.exercises.checking.probes import (
    BATCHES,
    MANY_CLASSES,
    SEVEN,
    SINGLE,
    SIX,
    SIZES,
    SMALL,
    SQUARE,
    THOUSANDS,
    WIDE_LOGITS,
    Batch,
    batch,
)

__all__ = ["CLINIC"]


def _gradients(X: Array, Y: Array, W: Array, b: Array) -> tuple[Array, Array]:
    G = (_softmax(X @ W + b) - Y) / len(X)
    return X.T @ G, G.sum(axis=0)


def _dead_bias(X: Array, Y: Array, W: Array, b: Array) -> tuple[Array, Array]:
    G = (_softmax(X @ W + b) - Y) / len(X)
    return X.T @ G, np.asarray(G.sum())


patient_1 = _Patient(
    name="patient_1",
    hints=(
        "Print the bias after training. What do its entries have in common?",
        "Compare each of the two gradients with finite differences, each by itself. Which shape should the second one "
        "have?",
    ),
    reference=_gradients,
    formula="∂L/∂W = Xᵀ(Ŷ − Y)/N, ∂L/∂b = (1/N) Σ_n (ŷ_n − y_n)",
    stages=(
        [Probe((each.X, each.Y, each.W, each.b)) for each in (*BATCHES, SQUARE)],
        [Probe((each.X, each.Y, each.W, each.b), note) for each, note in _EXTREMES],
    ),
    outputs=("dL_dW", "dL_db"),
    likeness=1e-12,  # a sum that cancels is 1e-17 or 0, as rounding will have it
)
patient_1.mistake("still_sick", _dead_bias, _STILL_SICK, _LOOK_AGAIN, patient_1.hints[0])
patient_1.mistake(
    "over_classes",
    lambda X, Y, W, b: (_gradients(X, Y, W, b)[0], (_softmax(X @ W + b) - Y).sum(axis=1) / len(X)),
    "the right idea, over the other axis.",
    "Which axis counts the examples here? Which shape has b?",
    "Each row of ∂L/∂Z sums to 0, so N zeros come out.",
)
patient_1.mistake(
    "mean",
    lambda X, Y, W, b: (_gradients(X, Y, W, b)[0], _gradients(X, Y, W, b)[1] / len(X)),
    "the right axis, and one division too many.",
    "∂L/∂Z carries the 1/N already. Is there a second one?",
    "The bias would learn N times more slowly than the weights.",
)
patient_1.mistake(
    "sum",
    lambda X, Y, W, b: (_gradients(X, Y, W, b)[0], _gradients(X, Y, W, b)[1] * len(X)),
    "the right axis, and the mean is lost.",
    "The loss is a mean over the batch. Do both gradients belong to a mean?",
    "The bias would learn N times faster than the weights, and the more data there are the worse it gets.",
)
patient_1.mistake(
    "one_number",
    lambda X, Y, W, b: (_gradients(X, Y, W, b)[0], np.full(len(b), _gradients(X, Y, W, b)[1].sum())),
    "there are K entries now, and all of them are the same number.",
    "May the bias of one class rise while another's falls? Can yours?",
    "One sum over everything was copied K times. It is 0, since each row of ∂L/∂Z sums to 0.",
)


def _dL_dV(X: Array, H: Array, dL_dZ: Array, W: Array) -> Array:
    return X.T @ ((dL_dZ @ W.T) * (H > 0))


def _hidden_probe(each: Batch, M: int, scale: float = 1.0, note: str = "") -> Probe:
    """Return a probe with a hidden layer of M units."""
    rng = np.random.default_rng(M)
    V, W = rng.normal(size=(each.X.shape[1], M)) * scale, rng.normal(size=(M, each.Y.shape[1])) / max(scale, 1)
    H = np.maximum(each.X @ V, 0)
    G = (_softmax(H @ W) - each.Y) / len(H)
    return Probe((each.X, H, G, W), note)


_OFF = np.maximum(SEVEN.X[:, :3], 0) * [0, 1, 1] * (np.arange(7) != 2)[:, None]  # one for all, all for one
patient_2 = _Patient(
    name="patient_2",
    hints=(
        "Count how often the mask that is multiplied in is 0. What did you expect?",
        "H has been through the ReLU already. Which values can it have, and which question can you still ask of it?",
    ),
    reference=_dL_dV,
    formula="∂L/∂V = Xᵀ((∂L/∂Z Wᵀ) · 1[H > 0]), for H = max(XV, 0)",
    stages=(
        [_hidden_probe(batch(0, D=2, K=4, labels=[3, 0]), 3), _hidden_probe(batch(1, 3, 4, [0, 2, 2, 0, 3]), 6)],
        [
            *(_hidden_probe(each, 7, note=note) for each, note in SIZES),
            _hidden_probe(_LEAST, 1, note="one of everything, and two classes"),
            _hidden_probe(_TINY, 6, note="tiny features"),
            _hidden_probe(_HUGE, 6, 1e-8, "huge features"),
            _hidden_probe(SIX, 1, note="one hidden unit"),
            _hidden_probe(SEVEN, 6, 1e-13, "activations near 0"),
            _hidden_probe(SEVEN, 6, 1e-300, "activations nearer 0"),
            _hidden_probe(SEVEN, 6, 1e9, "huge activations"),
            Probe((SEVEN.X, _OFF, SEVEN.dL_dZ * 1e-9, np.ones((3, 4)) * [[1], [2], [3]]), "units that are off"),
        ],
    ),
    outputs=("dL_dV",),
)
patient_2.mistake(
    "still_sick",
    lambda X, H, dL_dZ, W: X.T @ ((dL_dZ @ W.T) * (H >= 0)),
    _STILL_SICK,
    _LOOK_AGAIN,
    patient_2.hints[0],
    variants=(lambda X, H, dL_dZ, W: X.T @ (dL_dZ @ W.T),),
)
patient_2.mistake(
    "activation",
    lambda X, H, dL_dZ, W: X.T @ ((dL_dZ @ W.T) * H),
    "the activation stands in for its slope.",
    "How steep is the ReLU where it is 3? And where it is 5?",
    "Its slope is 0 or 1, whatever its height.",
)
patient_2.mistake(
    "inverted",
    lambda X, H, dL_dZ, W: X.T @ ((dL_dZ @ W.T) * (H <= 0)),
    "the gradient flows where the unit is off.",
    "Nudge V where H is 0. Does the loss move?",
    "The mask is 1 where it should be 0, and 0 where it should be 1.",
)
patient_2.mistake(
    "mean",
    lambda X, H, dL_dZ, W: X.T @ ((dL_dZ @ W.T) * (H > 0)) / len(X),
    "the right mask, and one division too many.",
    "∂L/∂Z carries the 1/N already. Is there a second one?",
    "The hidden layer would learn N times more slowly than the last.",
)


def _loss(Z: Array, Y: Array) -> Any:
    top = Z.max(axis=1, keepdims=True)
    log_Y_hat = Z - top - np.log(np.exp(Z - top).sum(axis=1, keepdims=True))
    return -log_Y_hat[Y == 1].mean()


def _capped(epsilon: float) -> Function:
    return lambda Z, Y: -np.log(_softmax(Z)[Y == 1] + epsilon).mean()


def _floored(epsilon: float) -> Function:
    return lambda Z, Y: -np.log(np.maximum(_softmax(Z)[Y == 1], epsilon)).mean()


patient_3 = _Patient(
    name="patient_3",
    hints=(
        "Make the model more and more wrong: multiply the weights by 10, by 100. Where does the loss stop?",
        "The gradient is that of the plain cross-entropy. Let the loss be that too, computed from the logits.",
    ),
    reference=_loss,
    formula="L = (1/N) Σ_n (log Σ_j e^{z_nj} − z_nc)",
    stages=(
        [Probe((each.Z, each.Y)) for each in (*BATCHES, SQUARE)],
        [
            Probe((SMALL.Z * 1000, SMALL.Y), "a model that is surely wrong"),
            Probe((SMALL.Z * 1e9, SMALL.Y), "huge scores"),
            Probe((SIX.Z / 1e5, SIX.Y), "scores near 0"),
            *(
                Probe((Z, np.eye(Z.shape[1])[labels]), probe.note)
                for probe in cross_entropy_from_logits_exercise.stages[1]
                for Z, labels in [probe.args]
            ),
        ],
    ),
    outputs=("L",),
    laws=(lambda Z, Y, L: f"A cross-entropy is never negative; yours is {L:.4g}." if L < 0 else "",),
    atol=cross_entropy_from_logits_exercise.atol,
)
patient_3.mistake("still_sick", _capped(1e-3), _STILL_SICK, _LOOK_AGAIN, patient_3.hints[0])
patient_3.mistake(
    "smaller",
    _capped(1e-9),
    "a smaller ε is still an ε.",
    "Where does the loss stop now?",
    "The ceiling is higher, and it is still a ceiling: −log ε.",
    variants=[cap(10.0**-n) for n in range(4, 17) for cap in (_capped, _floored)],
)
patient_3.mistake(
    "log_of_softmax",
    _capped(0.0),
    "without ε, and infinite in a hopeless case.",
    "Simplify the logarithm of the softmax on paper. What need not be computed at all?",
    "The probability underflows to 0 before its logarithm is taken.",
)
patient_3.mistake(
    "hopeless_for_free",
    lambda Z, Y: np.nan_to_num(-np.log(_softmax(Z)[Y == 1]), posinf=0).mean(),
    "the hopeless cases cost nothing.",
    "What does an example pay whose correct class has the probability 0? And one with 1e-300?",
    "What is infinite was replaced by 0, the loss of a perfect answer.",
)
patient_3.mistake(
    "one_maximum",
    lambda Z, Y: (np.log(np.exp(Z - Z.max()).sum(axis=1)) + Z.max() - Z[Y == 1]).mean(),
    "one maximum was taken for the whole batch.",
    "What is left of a row whose best score lies 1000 below the best of the batch?",
    "A row that lies far below the largest score of all underflows to log 0. Each row needs a maximum of its own.",
)
patient_3.mistake(
    "sum",
    lambda Z, Y: _loss(Z, Y) * len(Z),
    "this is the sum over the batch.",
    "Does the loss of one example twice differ from its loss once?",
    "The formula has a 1/N in front.",
)


def _with_penalty(factor: float) -> Function:
    def gradients(X: Array, Y: Array, W: Array, b: Array, l2: float) -> tuple[Array, Array]:
        dL_dW, dL_db = _gradients(X, Y, W, b)
        return dL_dW + factor * l2 * W, dL_db

    return gradients


def _penalised(X: Array, Y: Array, W: Array, b: Array, l2: float) -> tuple[Array, Array]:
    G = (_softmax(X @ W + b) - Y) / len(X)
    return X.T @ G + l2 * W, G.sum(axis=0)


_STRENGTHS = (0.3, 3.0, 0.01, 1.0, 0.2, 0.1, 2.0, 0.4, 1e-14, 30.0, 1e-9, 0.05)
patient_4 = _Patient(
    name="patient_4",
    hints=(
        "The gradient check passes, nearly. What happens to its error if the penalty is made a thousand times "
        "stronger?",
        "Differentiate the very line that adds the penalty to the loss. Which factor stands in front?",
    ),
    reference=_penalised,
    formula="∂/∂W (L + (λ/2)‖W‖²) = Xᵀ(Ŷ − Y)/N + λW",
    stages=(
        [Probe((each.X, each.Y, each.W, each.b, l2)) for each, l2 in zip(BATCHES, (0.5, 0.1, 1e-4), strict=True)],
        [
            *(
                Probe((each.X, each.Y, each.W, each.b, l2), note)
                for (each, note), l2 in zip(_EXTREMES, _STRENGTHS, strict=True)
            ),
            Probe((SIX.X, SIX.Y, SIX.W, SIX.b, 0.0), "no penalty"),
            Probe((SIX.X, SIX.Y, SIX.W, SIX.b, 1e6), "a huge penalty"),
        ],
    ),
    outputs=("dL_dW", "dL_db"),
)
patient_4.mistake("still_sick", _with_penalty(2), _STILL_SICK, _LOOK_AGAIN, patient_4.hints[0])
patient_4.mistake(
    "no_penalty",
    _with_penalty(0),
    "now the penalty has left the gradient altogether.",
    "The loss still contains it. Does it have a slope?",
    "Loss and gradient must be of one and the same function.",
)
patient_4.mistake(
    "half",
    _with_penalty(0.5),
    "half of it is too little.",
    "What is the derivative of a square? And of half a square?",
    "The ½ in the penalty cancels the 2 that comes down from the square.",
)
patient_4.mistake(
    "bias_too",
    lambda X, Y, W, b, l2: (_penalised(X, Y, W, b, l2)[0], _penalised(X, Y, W, b, l2)[1] + l2 * b),
    "the bias is penalised as well.",
    "Which of the two parameters stands in the penalty?",
    "The penalty is of W alone. The bias has no part in it, so its gradient stays as it is.",
)
patient_4.mistake(
    "penalty_in_the_mean",
    lambda X, Y, W, b, l2: (_gradients(X, Y, W, b)[0] + l2 * W / len(X), _gradients(X, Y, W, b)[1]),
    "the penalty is divided by N.",
    "Is the penalty inside the mean over the examples, or beside it?",
    "Loss and gradient must be of one and the same function, and in the loss nothing divides the penalty by N.",
)
patient_4.mistake(
    "sign",
    _with_penalty(-1),
    "the penalty has the wrong sign.",
    "Make a positive weight larger. Does the penalty grow or shrink?",
    "With this gradient a step downhill makes the weights larger.",
)

patient_5 = _patient(
    "patient_5",
    softmax_exercise,
    "axis_0",
    [
        Probe((np.array([[1e7, 1e7 + 1, 0], [-1e7, -1e7 - 1, -1e7]]),), "huge scores"),
        Probe((SIX.Z / 1e5,), "scores near 0"),
    ],
    (
        "Predict one example alone, then the same one in company. Do its probabilities agree?",
        "Print the sums of the rows, and the sums of the columns.",
    ),
)
patient_6 = _patient(
    "patient_6",
    dL_dZ_exercise,
    "lost_division",
    [
        *(Probe((each.Y_hat, each.Y), note) for each, note in SIZES),
        *(Probe((_softmax(Z), np.eye(3)[[0, 1, 1]]), note) for Z, note in WIDE_LOGITS),
        Probe((_softmax(WIDE_LOGITS[1][0] / 100), np.eye(3)[[2, 1, 0]]), "very small probabilities"),
    ],
    (
        "The check was made at one single point. Which property does that point have that others lack?",
        "Compare with finite differences at random logits. In which columns do they agree, and in which not?",
    ),
)


_ONE_FIXED = np.array([[1.0, 7.0], [3.0, 7.0], [8.0, 7.0]])
_NEAR_MEAN = np.array([[-1.1, 0.7], [1.1, 1e-7], [1e-9, -0.7], [-1e-9, -1e-7]])
patient_8 = _patient(
    "patient_8",
    standardize_exercise,
    "fit_on_all",
    [
        Probe((SEVEN.X * 10.0 ** np.array([-9, -6, -3, 0, 9]), SEVEN.X[:3] + 1), "features of very different spread"),
        Probe((SIX.X, 1e4 * SMALL.X[:1, :3]), "one test example, far away"),
        Probe((SIX.X, SIX.X[[0, 0, 0]]), "a test set whose features never change"),
        Probe((SINGLE.X, SINGLE.X), "one training example"),
        Probe((_ONE_FIXED, np.array([[2, 7 + 1e-10]])), "a feature that changes a little in the test set alone"),
        Probe((SMALL.X, SEVEN.X[:1, :4]), "two training examples"),
        Probe((SIX.X[:, :1], SEVEN.X[:, :1]), "one feature"),
        Probe((_TWELVE.X, _TWELVE.X[1:] + 1), "twelve features"),
        Probe((_NEAR_MEAN, _NEAR_MEAN[::-1]), "values very near the mean"),
        Probe((THOUSANDS.X, SEVEN.X[:, :2]), "5,000 training examples"),
        Probe((MANY_CLASSES.X, THOUSANDS.X), "5,000 test examples"),
    ],
    (
        "Change one test example wildly. Which numbers of the training set move?",
        "Which data may have a say in the mean and the deviation? Could you have known them a day earlier?",
    ),
)
patient_8.atol = 1e-9  # a feature that never changed may be shifted alone, or set to 0

CLINIC = (patient_1, patient_2, patient_3, patient_4, patient_5, patient_6, patient_7, patient_8)
