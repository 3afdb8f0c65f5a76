"""Exercises of notebook 06, and of 08 for the penalty: the gradients of a whole batch."""

from collections.abc import Callable

import numpy as np

from linclf_helpers.exercises._exercise import Exercise, rows_sum_to
from linclf_helpers.exercises._guards import SMALL_NUMBERS, add_guards
from linclf_helpers.exercises._observe import Array, Function, Probe
from linclf_helpers.exercises._probes import (
    BATCHES,
    MANY_FEATURES,
    ONE_FEATURE,
    SEVEN,
    SINGLE,
    SIX,
    SIZES,
    SMALL,
    SQUARE,
    TWIN,
)

__all__ = ["dL_dW", "dL_dZ", "dL_db", "l2_gradients"]


def _dL_dZ(Y_hat: Array, Y: Array) -> Array:
    return (Y_hat - Y) / len(Y)


def _through_jacobians(dL_dYhat: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    """Return the derivative by the logits that a (wrong) derivative by the probabilities leads to."""

    def dL_dZ(Y_hat: Array, Y: Array) -> Array:
        row = dL_dYhat(Y_hat, Y)
        return Y_hat * (row - (row * Y_hat).sum(axis=1, keepdims=True)) / len(Y)

    return dL_dZ


def _softmax(Z: Array) -> Array:
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


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


def _with_nan(A: Array) -> Array:
    return np.where(np.arange(A.size).reshape(A.shape) == 1, np.nan, A)


# Plain numbers, whose rows do not sum to 0 as those of a gradient do: they tell "all 0" from "summed too much".
_plain = np.array([[1.0, 2.0, 4.0], [0.5, 3.0, -1.0]])


_all_sizes = ((ONE_FEATURE, "one feature and two classes"), (MANY_FEATURES, "300 features"), *SIZES)
_few_features = (np.array([[0.0, 2.0], [0.0, 0.0], [0.0, -1.0]]), np.array([[1e6, 0.5, 0], [3, 1, 2], [-2, 0, 1e-9]]))
_spread = np.array([[1e-100, 1e6, -1e-9, 0.5], [3e-100, 2.0, 2e-9, -1e6], [-1e-100, 1e-6, 1e-9, 0.25]])


def _dL_dW(X: Array, dL_dZ: Array) -> Array:
    return X.T @ dL_dZ


def _whole_numbers(X: Array, dL_dZ: Array) -> Array:
    out = np.zeros((X.shape[1], dL_dZ.shape[1]), dtype=X.dtype)
    out[:] = X.T @ dL_dZ
    return out


dL_dW = Exercise(
    name="dL_dW",
    hints=(
        "The result must have the shape of W, (D, K). You have (N, D) and (N, K). Which axis has to disappear?",
        "Each example gives the outer product of its features with its row of dL_dZ, and the N of them are added. "
        "One matrix product does exactly that; which of the two must be turned?",
    ),
    reference=_dL_dW,
    formula="∂L/∂W = Xᵀ ∂L/∂Z",
    stages=(
        [Probe((each.X, each.dL_dZ)) for each in (*BATCHES, SQUARE, TWIN)],
        [
            Probe(_few_features, "a feature that is always 0, and an example that is all 0"),
            Probe((_spread, np.array([[0.5, -0.3], [100, 1e-9], [-0.7, 1e3]])), "tiny and huge numbers"),
            Probe((np.array([[3, -1, 0], [2, 5, 1]]), SMALL.dL_dZ[:, :2]), "features that are whole numbers"),
            Probe((SEVEN.X, np.zeros((7, 3))), "a gradient of zeros"),
            *(Probe((each.X, each.dL_dZ), note) for each, note in _all_sizes),
        ],
        [Probe((SEVEN.X, _with_nan(SEVEN.dL_dZ)), "a nan in dL_dZ", may_raise=True)],
    ),
    outputs=("dL_dW",),
)
dL_dW.mistake(
    "times_N",
    lambda X, dL_dZ: X.T @ dL_dZ * len(X),
    "the 1/N has been undone.",
    "dL_dZ carries the 1/N of the mean already. What did you do with N?",
    "This is the gradient of the sum of the losses.",
)
dL_dW.mistake(
    "mean_twice",
    lambda X, dL_dZ: X.T @ dL_dZ / len(X),
    "divided by N once more.",
    "Follow the N. Is it in dL_dZ already?",
    "Every batch derivative here is of the mean loss and carries its 1/N from the start.",
)
dL_dW.mistake(
    "divided",
    lambda X, dL_dZ: X.T @ dL_dZ / X.shape[1],
    "divided by something that is not in the loss.",
    "Is there any mean over features or classes in the loss? And where is the mean over examples?",
    "The one mean of the loss runs over the N examples, and dL_dZ carries its 1/N already.",
    variants=(
        lambda X, dL_dZ: X.T @ dL_dZ / dL_dZ.shape[1],
        lambda X, dL_dZ: X.T @ dL_dZ / X.size,
        lambda X, dL_dZ: X.T @ dL_dZ / (len(X) - 1),
        lambda X, dL_dZ: X.T @ dL_dZ / max(len(X) - 1, 1),
    ),
)
dL_dW.mistake(
    "transposed",
    lambda X, dL_dZ: dL_dZ.T @ X,
    "this is the transpose.",
    "dL_dW is subtracted from W. Which shape has W?",
    "The numbers are right, in the order of a course that keeps examples in columns and has W of shape (K, D). Here "
    "an example is a row. With D = K the shapes would even fit, and the model would learn something else.",
)
dL_dW.mistake(
    "elementwise",
    lambda X, dL_dZ: X * dL_dZ,
    "multiplied entry by entry.",
    "How many products go into one single entry of dL_dW?",
    "A weight is used by every example, so each entry is a sum over the batch. Multiplying entry by entry sums "
    "nothing, and only works at all if D and K are equal.",
)
dL_dW.mistake(
    "last_example",
    lambda X, dL_dZ: np.outer(X[-1], dL_dZ[-1]),
    "only the last example has left a trace.",
    "After your loop, which examples can still be found in the result?",
    "Each pass replaces what the last one found. The contributions belong together.",
)
dL_dW.mistake(
    "first_example",
    lambda X, dL_dZ: np.outer(X[0], dL_dZ[0]),
    "only the first example is in it.",
    "How often does your loop run before it returns?",
    "A return inside the loop ends it after the first pass.",
)
dL_dW.mistake(
    "one_short",
    lambda X, dL_dZ: X[:-1].T @ dL_dZ[:-1],
    "one example is missing.",
    "Which is the first number that your loop goes through, and which the last? How many are they?",
    "All examples but one are in it. In a batch of one, nothing would be.",
    variants=(lambda X, dL_dZ: X[1:].T @ dL_dZ[1:],),
)
dL_dW.mistake(
    "sums_first",
    lambda X, dL_dZ: np.outer(X.sum(axis=0), dL_dZ.sum(axis=0)),
    "summed before multiplying.",
    "Is a product of sums the same as a sum of products? Try 1·2 + 3·4.",
    "Examples are mixed with each other's errors. The outer product has to be taken example by example.",
)
dL_dW.mistake(
    "means_first",
    lambda X, dL_dZ: np.outer(X.mean(axis=0), dL_dZ.sum(axis=0)),
    "averaged before multiplying.",
    "Is a product of averages the same as an average of products?",
    "The average example is multiplied with the average error. What one example has to do with its own error is lost.",
    variants=(lambda X, dL_dZ: np.outer(X.mean(axis=0), dL_dZ.mean(axis=0)),),
)
dL_dW.mistake(
    "examples_kept",
    lambda X, dL_dZ: X[:, :, None] * dL_dZ[:, None, :],
    "one matrix per example came out.",
    "W is there once for all examples. How many gradients does it need?",
    "These are the N outer products, all right. They are not added up yet.",
)
dL_dW.mistake(
    "mean_of_outer",
    lambda X, dL_dZ: (X**2).T @ dL_dZ,
    "the features are squared.",
    "How often does x_d occur in z? What is the derivative of x·w by w?",
    "x enters once, as the slope. Somewhere it was multiplied in a second time.",
)
dL_dW.mistake(
    "sign",
    lambda X, dL_dZ: -X.T @ dL_dZ,
    "the sign is the other way round.",
    "The minus of the update comes later. Is there one in the derivative of XW?",
    "This is the direction to go in, not the gradient; subtracting it would climb.",
)
dL_dW.mistake(
    "no_features",
    lambda X, dL_dZ: np.ones_like(X).T @ dL_dZ,
    "the features do not occur in it.",
    "A feature is 0 for every example. Can its weights matter?",
    "All rows are equal. That is the derivative by a bias; a weight is multiplied by its feature.",
)
dL_dW.mistake(
    "integer_buffer",
    _whole_numbers,
    "whole numbers can't hold a gradient.",
    "Look at the dtype of the array you fill. What becomes of 0.7 when it is stored there?",
    "Your result has the type of the features. With whole numbers in, everything behind the decimal point is cut off.",
)
add_guards(dL_dW)


def _dL_db(dL_dZ: Array) -> Array:
    return dL_dZ.sum(axis=0)


def _into_first_row(dL_dZ: Array) -> Array:
    total = dL_dZ[0]
    for row in dL_dZ[1:]:
        total += row
    return total


def _biases_cancel(G: Array, db: Array) -> str:
    if not np.allclose(G.sum(axis=1), 0) or abs(db.sum()) < 1e-9:
        return ""
    return f"The K entries should sum to 0; yours sum to {db.sum():.4g}."


dL_db = Exercise(
    name="dL_db",
    hints=(
        "One bias per class. Which of the two axes of dL_dZ has to disappear?",
        "A bias has a share in every example's logit, with slope 1. So what does it collect, and from where?",
    ),
    reference=_dL_db,
    formula="∂L/∂b_k = Σ_n ∂L/∂z_nk",
    stages=(
        [*(Probe((each.dL_dZ,)) for each in (*BATCHES, SQUARE, SINGLE)), Probe((_plain,))],
        [
            Probe((_spread,), "tiny and huge numbers"),
            Probe((SEVEN.dL_dZ[[0, 2, 2, 0, 5, 2]],), "examples that come more than once"),
            Probe(
                (np.array([[0.5, -0.5, 0.0], [-0.5, 0.25, 0.25], [1e-9, -1e-9, 0.0]]),), "numbers that nearly cancel"
            ),
            *(Probe((each.dL_dZ,), note) for each, note in SIZES if each is not SINGLE),
        ],
        [Probe((_with_nan(SEVEN.dL_dZ),), "a nan in dL_dZ", may_raise=True)],
    ),
    outputs=("dL_db",),
    laws=(_biases_cancel,),
)
dL_db.mistake(
    "one_number",
    lambda dL_dZ: dL_dZ.sum(),
    "one number for all the biases.",
    "There is one bias per class. How many numbers came out, and why is it 0?",
    "Each row of dL_dZ sums to 0, so the sum of everything is 0 as well: the biases would never move. The model "
    "still trains, and looks fine.",
)
dL_db.mistake(
    "one_number_repeated",
    lambda dL_dZ: np.full(dL_dZ.shape[1], dL_dZ.sum()),
    "all biases get the same number.",
    "Adding one constant to every class's score changes no probability. What do your biases add?",
    "The sum went over the classes too. It is 0 up to rounding, so the biases never move.",
    variants=(lambda dL_dZ: np.full(dL_dZ.shape[1], dL_dZ.mean()),),
)
dL_db.mistake(
    "not_summed",
    lambda dL_dZ: dL_dZ,
    "one row of biases per example.",
    "Does b depend on how many examples you have?",
    "The bias is shared by all examples and collects from all of them. Left like this, NumPy turns b into a matrix "
    "at the first update, and prediction breaks for a batch of another size.",
)
dL_db.mistake(
    "over_classes",
    lambda dL_dZ: dL_dZ.sum(axis=1),
    "summed over the classes.",
    "Which axis counts the examples here? And what do your N numbers have in common?",
    "In courses that keep examples in columns this axis is right. Here an example is a row, and each row sums to 0.",
)
dL_db.mistake(
    "mean",
    lambda dL_dZ: dL_dZ.mean(axis=0),
    "divided by N once more.",
    "dL_dZ carries the 1/N of the mean already. Do you divide again?",
    "Weights and biases would learn at different speeds, by a factor of N.",
)
dL_db.mistake(
    "times_N",
    lambda dL_dZ: dL_dZ.sum(axis=0) * len(dL_dZ),
    "the 1/N has been undone.",
    "dL_dZ carries the 1/N of the mean already. What did you do with N?",
    "The biases would take steps N times as long as the weights.",
)
dL_db.mistake(
    "mean_of_all",
    lambda dL_dZ: dL_dZ.sum(axis=0) / dL_dZ.shape[1],
    "divided by the number of classes.",
    "Is there any mean over the classes in the loss?",
    "Each bias belongs to one class and collects from the examples; K has no part in it.",
)
dL_db.mistake(
    "last_example",
    lambda dL_dZ: dL_dZ[-1],
    "only the last example has left a trace.",
    "After your loop, which examples can still be found in the result?",
    "Each pass replaces what the last one found.",
)
dL_db.mistake(
    "first_example",
    lambda dL_dZ: dL_dZ[0],
    "only the first example is in it.",
    "The bias has a share in every example. How many rows did you look at?",
    "The other rows of dL_dZ pull on the bias too.",
)
dL_db.mistake(
    "one_short",
    lambda dL_dZ: dL_dZ[:-1].sum(axis=0),
    "one example is missing.",
    "Which is the first number that your loop goes through, and which the last? How many are they?",
    "All examples but one are in it. In a batch of one, nothing would be.",
    variants=(lambda dL_dZ: dL_dZ[1:].sum(axis=0),),
)
dL_db.mistake(
    "one_less",
    lambda dL_dZ: dL_dZ.sum(axis=0) / (len(dL_dZ) - 1),
    "divided by N − 1.",
    "dL_dZ carries the 1/N of the mean already. For what do you divide?",
    "Neither N nor N − 1 has a place here, and a batch of one example would be divided by 0.",
    variants=(lambda dL_dZ: dL_dZ.sum(axis=0) / max(len(dL_dZ) - 1, 1),),
)
dL_db.mistake(
    "zeros",
    lambda dL_dZ: np.zeros(dL_dZ.shape[1]),
    "the biases never move.",
    "If b stays 0, through which point must every line between two classes pass?",
    "The bias drops out when differentiating by W, not when differentiating by b: there its slope is 1.",
)
dL_db.mistake(
    "keepdims",
    lambda dL_dZ: dL_dZ.sum(axis=0, keepdims=True),
    "the right numbers in a matrix of one row.",
    "b has shape (K,). Which shape will it have after the first update?",
    "NumPy will broadcast it for a while; comparing shapes, saving and loading will not.",
    variants=(lambda dL_dZ: dL_dZ.sum(axis=0)[:, None],),
)
dL_db.mistake(
    "sign",
    lambda dL_dZ: -dL_dZ.sum(axis=0),
    "the sign is the other way round.",
    "The minus of the update comes later. Is there one in the derivative of z + b by b?",
    "This is the direction to go in, not the gradient.",
)
dL_db.mistake(
    "absolute",
    lambda dL_dZ: np.abs(dL_dZ).sum(axis=0),
    "the signs are gone.",
    "Two examples pull a bias in opposite directions with equal force. Where should it go?",
    "Without signs every pull counts as the same direction.",
)
dL_db.mistake(
    "changes_argument",
    _into_first_row,
    "right, but your function changed its argument dL_dZ.",
    "Into which array does your loop add? Look at dL_dZ before and after the call.",
    "One row taken out of an array is a view, not a copy. Adding to it in place spoils the caller's first example.",
)
add_guards(dL_db)


def _l2_gradients(dL_dW: Array, dL_db: Array, W: Array, b: Array, l2: float) -> tuple[Array, Array]:
    return dL_dW + l2 * W, dL_db


def _l2_in_place(dL_dW: Array, dL_db: Array, W: Array, b: Array, l2: float) -> tuple[Array, Array]:
    dL_dW += l2 * W
    return dL_dW, dL_db


def _weights_shrunk_in_place(dL_dW: Array, dL_db: Array, W: Array, b: Array, l2: float) -> tuple[Array, Array]:
    W *= l2
    return dL_dW + W, dL_db


def _of_strength(strength: Function) -> Callable[..., tuple[Array, Array]]:
    return lambda dL_dW, dL_db, W, b, l2: (dL_dW + strength(l2) * W, dL_db)


_weights = np.array([[0.0, 1e6, -1e-9], [-9e6, 0.5, 0.0], [1e-100, -3.0, 4e-5]])
_slopes = np.array([[1.5, 0.0, 2e-9], [1e6, -1e-9, 0.0], [-1e-100, 2.0, 4e-5]])
_biases, _bias_slopes = np.array([30.0, -2e6, 1e-9]), np.array([-1e6, 0.0, 1e-9])
l2_gradients = Exercise(
    name="l2_gradients",
    hints=(
        "The penalty is (λ/2)‖W‖². Differentiate it by one weight.",
        "The derivative of a sum is the sum of the derivatives: what does the data say, what does the penalty say, "
        "and does the penalty say anything about b?",
    ),
    reference=_l2_gradients,
    formula="∂/∂W (L + (λ/2)‖W‖²) = ∂L/∂W + λW; the bias is not penalised",
    stages=(
        [
            Probe((each.X.T @ each.dL_dZ, each.dL_dZ.sum(axis=0), each.W, each.b, l2))
            for each, l2 in zip(BATCHES, (0.1, 0.3, 0.02), strict=True)
        ],
        [
            *(
                Probe((each.X.T @ each.dL_dZ, each.dL_dZ.sum(axis=0), each.W, each.b, l2), f"λ = {l2:g}")
                for each, l2 in ((SMALL, 0.0), (TWIN, 250.0), (SIX, 5.0), (SEVEN, 1e-9))
            ),
            Probe((_slopes, _bias_slopes, _weights, _biases, 0.7), "tiny and huge numbers"),
            Probe((_slopes, _bias_slopes, _weights, _biases, 0.0), "λ = 0, and tiny and huge numbers"),
            Probe((np.zeros((2, 3)), np.zeros(3), SMALL.W[:2], SMALL.b, 1e-17), "no slope, and a tiny λ"),
            *(
                Probe((each.X.T @ each.dL_dZ, each.dL_dZ.sum(axis=0), each.W, each.b, 0.2), note)
                for each, note in (*SIZES[3:5], *_all_sizes[:2])
            ),
        ],
        [
            Probe(
                (_with_nan(SMALL.W), _with_nan(SMALL.b), SMALL.W, SMALL.b, 0.1),
                "a nan in both gradients",
                may_raise=True,
            )
        ],
    ),
    outputs=("dL_dW", "dL_db"),
)
l2_gradients.mistake(
    "twice",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW + 2 * l2 * W, dL_db),
    "the penalty pulls twice as hard as it should.",
    "Differentiate your penalty line itself. There is a ½ in it; what becomes of the 2 from the square?",
    "λ/2 times a square has the slope λ times the weight. Loss and gradient must share the convention.",
)
l2_gradients.mistake(
    "half",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 / 2 * W, dL_db),
    "the penalty pulls half as hard as it should.",
    "Differentiate a square: which factor comes down in front?",
    "The ½ of the penalty is there to cancel the 2 of the square. One of the two got lost.",
)
l2_gradients.mistake(
    "forgotten",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW, dL_db),
    "the penalty is not in it.",
    "Make λ very large. What should happen to the weights? Does your gradient know about it?",
    "The gradient is that of the data alone.",
)
l2_gradients.mistake(
    "sign",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW - l2 * W, dL_db),
    "the penalty rewards large weights.",
    "The penalty grows with the weights. Which way must descent then push them?",
    "With a minus the weights are driven outwards.",
)
l2_gradients.mistake(
    "bias_too",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 * W, dL_db + l2 * b),
    "the bias is penalised as well.",
    "Shift all features by 10 and let the bias make up for it. Should the penalty care?",
    "A bias says how frequent a class is and where the origin lies. Pulling it to zero pulls all classes to the same "
    "frequency.",
)
l2_gradients.mistake(
    "by_rows",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 * W / len(W), dL_db),
    "the penalty was averaged.",
    "Is there a mean in (λ/2)‖W‖², or a sum?",
    "The data's loss is a mean over examples. The penalty is a plain sum over the weights.",
    variants=(
        lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 * W / W.size, dL_db),
        lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 * W / W.shape[1], dL_db),
    ),
)
l2_gradients.mistake(
    "penalty_alone",
    lambda dL_dW, dL_db, W, b, l2: (l2 * W, dL_db),
    "the data has disappeared.",
    "Both terms are in the loss. How many are in your gradient?",
    "Only the penalty is left, which would shrink all weights to zero.",
)
l2_gradients.mistake(
    "value",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 / 2 * (W**2).sum(), dL_db),
    "the penalty itself was added, not its slope.",
    "How many numbers is the penalty, and how many is its gradient?",
    "One number went to every entry alike. Each weight has a slope of its own.",
    variants=(lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 * (W**2).sum(), dL_db),),
)
l2_gradients.mistake(
    "lasso",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 * np.sign(W), dL_db),
    "this is the slope of another penalty.",
    "Is the penalty the sum of squares, or of absolute values?",
    "A constant pull towards zero belongs to ‖W‖₁. For a square the pull grows with the weight.",
)
l2_gradients.mistake(
    "absolute",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 * np.abs(W), dL_db),
    "the signs of the weights are gone.",
    "One weight is 2, another −2. Must both be pushed the same way to come closer to 0?",
    "The pull goes towards 0, from either side. Without the sign negative weights are driven outwards.",
)
l2_gradients.mistake(
    "squared_weights",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 * W**2, dL_db),
    "the weights are still squared.",
    "Differentiate a square. Which power is left?",
    "The penalty has the square; its slope is a straight line through 0.",
    variants=(lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 / 2 * W**2, dL_db),),
)
l2_gradients.mistake(
    "normed",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 * W / np.sqrt((W**2).sum()), dL_db),
    "this is the slope of the length, not of its square.",
    "Is the penalty ‖W‖, or ‖W‖²?",
    "Divided by its length, W pulls equally hard however large it is, and at W = 0 it is 0/0.",
)
l2_gradients.mistake(
    "strength_limited",
    _of_strength(lambda l2: l2 or 0.1),
    "another λ than the one asked for is used.",
    "What should come out for λ = 0? For a very large one? What does your function make of it?",
    "0 is a strength like any other: it switches the penalty off. No λ has to be replaced, lifted or cut.",
    variants=[
        *(_of_strength(lambda l2, e=e: l2 or e) for e in (1.0, *SMALL_NUMBERS)),
        *(_of_strength(lambda l2, e=e: max(l2, e)) for e in SMALL_NUMBERS),
        *(_of_strength(lambda l2, e=e: l2 + e) for e in SMALL_NUMBERS),
        *(_of_strength(lambda l2, m=m: min(l2, m)) for m in (0.1, 0.5, 1, 2, 5, 10, 100)),
    ],
)
l2_gradients.mistake(
    "weights_alone",
    lambda dL_dW, dL_db, W, b, l2: dL_dW + l2 * W,
    "only the gradient of the weights came back.",
    "How many parameters does the model have, and how many gradients did you return?",
    "The bias has a gradient too, even if the penalty has no part in it.",
)
l2_gradients.mistake(
    "swapped",
    lambda dL_dW, dL_db, W, b, l2: (dL_db, dL_dW + l2 * W),
    "the two results have changed places.",
    "In which order does the caller expect them?",
    "Both are right. The first is expected to belong to W.",
)
l2_gradients.mistake(
    "bias_still",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 * W, np.zeros_like(dL_db)),
    "the slope of the bias was set to 0.",
    "The penalty says nothing about b. Does the data say nothing about it, either?",
    "Not penalised does not mean not trained: what the data says about b stays as it is.",
)
l2_gradients.mistake(
    "changes_arguments",
    _l2_in_place,
    "right, but your function changed an array it was given.",
    "Look at all your arguments before and after the call. Which line writes into one?",
    "Adding in place changes the array for everybody who holds it; a second call would add the penalty twice.",
    variants=(_weights_shrunk_in_place,),
)
add_guards(l2_gradients)
