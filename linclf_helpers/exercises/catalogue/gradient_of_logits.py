"""The exercise of notebook 06 about ∂L/∂Z, the gradient of a whole batch by its logits."""

from collections.abc import Callable

import numpy as np

from linclf_helpers.exercises.catalogue.guards import SMALL_NUMBERS, add_guards
from linclf_helpers.exercises.catalogue.softmax import _softmax
from linclf_helpers.exercises.checking.exercise import Exercise, rows_sum_to
from linclf_helpers.exercises.checking.observe import Array, Probe
from linclf_helpers.exercises.checking.probes import (
    BATCHES,
    SINGLE,
    SIZES,
    SQUARE,
)


def _dL_dZ(Y_hat: Array, Y: Array) -> Array:
    return (Y_hat - Y) / len(Y)


def _through_jacobians(dL_dYhat: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    """Return the derivative by the logits that a (wrong) derivative by the probabilities leads to."""

    def dL_dZ(Y_hat: Array, Y: Array) -> Array:
        row = dL_dYhat(Y_hat, Y)
        return Y_hat * (row - (row * Y_hat).sum(axis=1, keepdims=True)) / len(Y)

    return dL_dZ


def _every_label_column(Y_hat: Array, Y: Array) -> Array:
    G = Y_hat.copy()
    G[:, Y.argmax(axis=1)] -= 1
    return G / len(Y)


def _rows_numbered_by_labels(Y_hat: Array, Y: Array) -> Array:
    G = Y_hat.copy()
    G[Y.argmax(axis=1)] -= 1
    return G / len(Y)


def _in_place(Y_hat: Array, Y: Array) -> Array:
    G = Y_hat
    G -= Y
    return G / len(Y)


def _with_floor(e: float) -> list[Callable[[Array, Array], Array]]:
    """Return derivatives whose division by the probabilities was left in, and made harmless by a small number."""
    return [
        _through_jacobians(lambda Y_hat, Y: -Y / (Y_hat + e)),
        _through_jacobians(lambda Y_hat, Y: -Y / np.maximum(Y_hat, e)),
        _through_jacobians(lambda Y_hat, Y: -Y / np.clip(Y_hat, e, 1 - e)),
    ]


def _rows_cancel(Y_hat: Array, Y: Array, dL_dZ: Array) -> str:
    return "" if np.isnan(Y_hat).any() else rows_sum_to(0)(dL_dZ)


_certain = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.25, 0.0, 0.75]])  # surely right, surely wrong, half wrong
_tiny = np.array([[1e-300, 0.4, 0.6], [1 - 1e-9, 1e-9, 1e-17], [3e-5, 1 - 4e-5, 1e-5], [1e-20, 1, 1e-300]])
dL_dZ = Exercise(
    name="dL_dZ",
    hints=(
        "Multiply steps 3 and 4 for one example, on paper. Which factor cancels?",
        "What is left compares what the model says with what it should say. Does each of your rows sum to 0, and is "
        "it the derivative of a mean?",
    ),
    reference=_dL_dZ,
    formula="∂L/∂Z = (Ŷ − Y)/N",
    stages=(
        [Probe((each.Y_hat, each.Y)) for each in (*BATCHES, SQUARE, SINGLE)],
        [
            Probe((_certain, np.eye(3)[[0, 2, 1]]), "probabilities of 0 and 1"),
            Probe((_tiny, np.eye(3)[[0, 0, 2, 1]]), "tiny probabilities"),
            *(Probe((each.Y_hat, each.Y), note) for each, note in SIZES),
        ],
        [Probe((np.array([[np.nan] * 3, [0.2, 0.3, 0.5]]), np.eye(3)[[0, 2]]), "a row of nan", may_raise=True)],
    ),
    outputs=("dL_dZ",),
    laws=(_rows_cancel,),
)
dL_dZ.mistake(
    "no_mean",
    lambda Y_hat, Y: Y_hat - Y,
    "this is the gradient of the sum over the batch.",
    "Your loss is a mean. Is your gradient one?",
    "Every entry is N times too large, so every step is N times too long, and it gets worse with more data.",
)
dL_dZ.mistake(
    "mean_twice",
    lambda Y_hat, Y: (Y_hat - Y) / len(Y) ** 2,
    "the 1/N is in it twice.",
    "Follow the N. Where do you divide for the first time?",
    "A gradient that is N times too small only crawls; nothing else looks wrong.",
)
dL_dZ.mistake(
    "one_less",
    lambda Y_hat, Y: (Y_hat - Y) / (len(Y) - 1),
    "divided by N − 1.",
    "How many terms has the mean of the loss? What would a batch of one example give?",
    "N − 1 belongs to the estimate of a variance. The loss is a plain mean of N terms.",
    variants=(lambda Y_hat, Y: (Y_hat - Y) / max(len(Y) - 1, 1), lambda Y_hat, Y: (Y_hat - Y) / (len(Y) + 1)),
)
dL_dZ.mistake(
    "by_classes",
    lambda Y_hat, Y: (Y_hat - Y) / Y.shape[1],
    "divided by the number of classes.",
    "There are N examples and K classes. Over which of the two does the loss take its mean?",
    "With N = K nobody would notice, which is why the two always differ in this course.",
)
dL_dZ.mistake(
    "by_size",
    lambda Y_hat, Y: (Y_hat - Y) / Y.size,
    "divided by the number of entries.",
    "How many losses does the mean run over: one per example, or one per entry?",
    "You divided by N times K; the loss has one term per example.",
)
dL_dZ.mistake(
    "sign",
    lambda Y_hat, Y: (Y - Y_hat) / len(Y),
    "the sign is the other way round.",
    "Raise the correct class's logit. Does the loss rise or fall? Which sign has your entry there?",
    "This is the direction in which to go, not the gradient. Subtracting it later would climb.",
)
dL_dZ.mistake(
    "lost_division",
    lambda Y_hat, Y: ((Y_hat * Y).sum(axis=1, keepdims=True) - Y) / len(Y),
    "right for the correct class, wrong for the others.",
    "The derivative of log ŷ_c is the derivative of ŷ_c divided by something. By what?",
    "The other classes all got the correct class's probability. A 1/ŷ was lost on the way. At zero weights all "
    "probabilities are equal, and nobody would see it.",
)
dL_dZ.mistake(
    "diagonal_jacobian",
    lambda Y_hat, Y: -Y * (1 - Y_hat) / len(Y),
    "the wrong classes never move.",
    "Raise a wrong class's logit. Does the loss stay the same?",
    "This is what comes out if only the diagonal of the softmax's Jacobian is used: the correct class is pulled up, "
    "and none of the others is pushed down.",
)
dL_dZ.mistake(
    "derivative_again",
    lambda Y_hat, Y: (Y_hat - Y) * Y_hat * (1 - Y_hat) / len(Y),
    "the derivative of the softmax is in it twice.",
    "Ŷ − Y already is the derivative by the logits. Which step do you take a second time?",
    "Multiplied by ŷ(1 − ŷ), at most 1/4, learning is slow, and it stalls where the model is sure and wrong.",
    variants=(lambda Y_hat, Y: (Y_hat - Y) * Y_hat * (1 - Y_hat),),
)
dL_dZ.mistake(
    "minus_one",
    lambda Y_hat, Y: (Y_hat - 1) / len(Y),
    "1 was subtracted from every class.",
    "Which entries of Y are 1? From how many entries of each row did you subtract it?",
    "For the wrong classes the label is 0, so nothing is taken off there. Here all logits are pulled up together, "
    "and that changes nothing.",
    variants=(lambda Y_hat, Y: Y_hat - 1,),
)
dL_dZ.mistake(
    "every_label_column",
    _every_label_column,
    "1 was subtracted in the columns of all labels that occur.",
    "Pairs are wanted: row n with its own label. How many entries did your index pick?",
    "A slice and a list of labels pick whole columns. Where every class occurs in the batch, that is everything.",
    variants=(lambda Y_hat, Y: _every_label_column(Y_hat, Y) * len(Y),),
)
dL_dZ.mistake(
    "rows_by_label",
    _rows_numbered_by_labels,
    "labels were used as row numbers.",
    "Which rows did your index pick: one after the other, or those whose number happens to be a label?",
    "One list of labels picks rows. What is wanted are pairs of a row and a column.",
    variants=(lambda Y_hat, Y: _rows_numbered_by_labels(Y_hat, Y) * len(Y),),
)
dL_dZ.mistake(
    "no_labels",
    lambda Y_hat, Y: Y_hat / len(Y),
    "the labels are missing.",
    "If a prediction is perfect, what should its row of the gradient be? What is yours?",
    "The probabilities alone push every class down, the correct one hardest.",
)
dL_dZ.mistake(
    "dL_dYhat",
    lambda Y_hat, Y: -Y / Y_hat / len(Y),
    "this is the derivative by the probabilities.",
    "One step is missing between the probabilities and the logits. Which?",
    "It still has to go through the Jacobian of the softmax; then the division by ŷ cancels.",
    variants=(lambda Y_hat, Y: -Y / Y_hat,),
)
dL_dZ.mistake(
    "loss_for_slope",
    _through_jacobians(lambda Y_hat, Y: -Y * np.log(Y_hat)),
    "somewhere the loss stands in for its slope.",
    "Check step 3 by itself: what is the slope of −log at 0.5?",
    "Each row is the right one times ŷ_c log ŷ_c, which is negative: −log ŷ went through the Jacobian instead of "
    "−1/ŷ. The rows still sum to 0, so that law can't see it.",
)
dL_dZ.mistake(
    "no_mask",
    _through_jacobians(lambda Y_hat, Y: -1 / Y_hat),
    "every class was treated as the correct one.",
    "The loss has one logarithm per example. Of which probability?",
    "Without the mask of the labels all classes pull, and what comes out does not contain the labels at all.",
)
dL_dZ.mistake(
    "binary",
    _through_jacobians(lambda Y_hat, Y: -Y / Y_hat + (1 - Y) / (1 - Y_hat)),
    "this belongs to K separate yes-or-no losses.",
    "Differentiate the very loss of step 1. Does it contain log(1 − ŷ)?",
    "The gradient is right for another loss. Loss and gradient must be of one and the same model.",
)
dL_dZ.mistake(
    "squared_error",
    _through_jacobians(lambda Y_hat, Y: 2 * (Y_hat - Y)),
    "this is the gradient of a squared error.",
    "Which loss did you differentiate? Is it the cross-entropy?",
    "It is a correct derivative, of (Ŷ − Y)². That one fades away where the model is sure and wrong.",
    variants=(_through_jacobians(lambda Y_hat, Y: Y_hat - Y),),
)
dL_dZ.mistake(
    "softmax_again",
    lambda Y_hat, Y: (_softmax(Y_hat) - Y) / len(Y),
    "the softmax has been taken once more.",
    "What is handed in here: logits, or probabilities?",
    "Probabilities went through another softmax, which flattens them.",
    variants=(lambda Y_hat, Y: _softmax(Y_hat) - Y,),
)
dL_dZ.mistake(
    "division_left",
    _through_jacobians(lambda Y_hat, Y: -Y / Y_hat),
    "a division by ŷ is left in it, and ŷ can be 0.",
    "Multiply steps 3 and 4 on paper before you program them. What becomes of the 1/ŷ?",
    "At ŷ = 0 the two steps give 0/0. A mask or a small number below hides that, and takes away the slope where the "
    "model is sure and wrong. On paper the factor cancels, and nothing has to be divided.",
    variants=[
        *(change for e in (*SMALL_NUMBERS, 1e-20, 1e-30, 1e-100, 1e-300) for change in _with_floor(e)),
        _through_jacobians(lambda Y_hat, Y: np.nan_to_num(-Y / Y_hat)),
        lambda Y_hat, Y: np.nan_to_num(_through_jacobians(lambda Y_hat, Y: -Y / Y_hat)(Y_hat, Y)),
    ],
)
dL_dZ.mistake(
    "floor",
    lambda Y_hat, Y: (np.clip(Y_hat, 1e-12, 1 - 1e-12) - Y) / len(Y),
    "the probabilities were kept away from 0 and 1.",
    "Is there a logarithm or a division by ŷ in this derivative? So what can a probability of 0 do to it?",
    "A difference needs no protection. With it even a perfect prediction pulls at the weights.",
    variants=[
        change
        for e in SMALL_NUMBERS
        for change in (
            lambda Y_hat, Y, e=e: (np.clip(Y_hat, e, 1 - e) - Y) / len(Y),
            lambda Y_hat, Y, e=e: (np.maximum(Y_hat, e) - Y) / len(Y),
            lambda Y_hat, Y, e=e: (Y_hat + e - Y) / len(Y),
        )
    ],
)
dL_dZ.mistake(
    "masked",
    lambda Y_hat, Y: np.where(Y_hat > 0, Y_hat - Y, 0) / len(Y),
    "where the probability is 0 the slope was put out of the way.",
    "The correct class has the probability 0. Could a prediction be worse? What does your gradient say to it?",
    "That is where the gradient is needed most: its entry there is −1/N, and nothing in it is infinite.",
)
add_guards(dL_dZ, bounds=(0.1, 0.2, 0.5))
dL_dZ.mistake(
    "changes_argument",
    _in_place,
    "right, but your function changed its argument Y_hat.",
    "Two names; how many arrays?",
    "Giving an array another name makes no copy. The probabilities of the caller are gone, and whatever loss or "
    "accuracy is computed afterwards is nonsense.",
)
