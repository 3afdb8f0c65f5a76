"""Exercises of notebooks 03 to 05: the derivatives of loss, softmax and linear layer, each on its own."""

import numpy as np

from linclf_helpers.exercises.checking.compare import apart, sums_off
from linclf_helpers.exercises.checking.exercise import Exercise
from linclf_helpers.exercises.checking.observe import Array, Probe
from linclf_helpers.exercises.checking.probes import BATCHES, MANY_CLASSES, SEVEN, SINGLE, SIX, SIZES, SMALL

__all__ = ["dL_dYhat", "dz_dW", "softmax_jacobian"]


def _dL_dYhat(Y_hat: Array, Y: Array) -> Array:
    return -Y / Y_hat / len(Y)


def _survivors(Y_hat: Array, Y: Array, slope: Array) -> str:
    many = int((slope != 0).sum(axis=1).max())
    return f"In each row one entry should differ from 0; in one of yours {many} do." if many > 1 else ""


dL_dYhat = Exercise(
    name="dL_dYhat",
    hints=(
        "How many of the K probabilities of a row occur in the loss? What is the slope with respect to the others?",
        "Differentiate −log at the correct class's probability, and mind that the loss of the batch is a mean.",
    ),
    reference=_dL_dYhat,
    formula="∂L/∂ŷ_nj = −y_nj / ŷ_nj / N",
    stages=(
        [Probe((each.Y_hat, each.Y)) for each in (*BATCHES, SINGLE)],
        [
            Probe((np.array([[1e-9, 0.4, 0.6], [0.3, 0.3, 0.4]]), np.eye(3)[[0, 2]]), "a very small probability"),
            Probe((np.array([[0.4, 1e-300, 0.6], [1.0, 1e-12, 1e-15]]), np.eye(3)[[1, 0]]), "tiny probabilities"),
            Probe((np.array([[0.3, 0.7, 0.0], [0.2, 0.3, 0.5]]), np.eye(3)[[2, 1]]), "a 0 for the correct class"),
            *(Probe((each.Y_hat, each.Y), note) for each, note in SIZES),
        ],
    ),
    outputs=("dL_dYhat",),
    laws=(_survivors,),
)
dL_dYhat.mistake(
    "loss_itself",
    lambda Y_hat, Y: -Y * np.log(Y_hat) / len(Y),
    "this is the loss, not its slope.",
    "Is this the height of the curve or how steep it is? How steep is −log at 0.5?",
    "Your entries add up to L. The height of −log is positive everywhere, and its slope is negative everywhere: "
    "descent with it would go uphill from the first step.",
    variants=(lambda Y_hat, Y: -Y * np.log(Y_hat),),
)
dL_dYhat.mistake(
    "sign",
    lambda Y_hat, Y: Y / Y_hat / len(Y),
    "the sign is the other way round.",
    "Raise the correct class's probability a little. Should the loss grow?",
    "A positive slope says that a better prediction costs more.",
)
dL_dYhat.mistake(
    "no_mask",
    lambda Y_hat, Y: -1 / Y_hat / len(Y),
    "every class has a slope.",
    "There is one logarithm per example in the loss. Of which probability?",
    "The wrong classes' probabilities do not occur in L, so moving them, and nothing else, does not move it.",
)
dL_dYhat.mistake(
    "no_mean",
    lambda Y_hat, Y: -Y / Y_hat,
    "this is the slope of the sum over the batch.",
    "The loss is a mean. Is your derivative one?",
    "Each entry is N times too large: the 1/N of the mean stands in front of every term and stays there when it is "
    "differentiated.",
)
dL_dYhat.mistake(
    "mean_of_all",
    lambda Y_hat, Y: -Y / Y_hat / Y.size,
    "the division counts the entries, not the examples.",
    "By how many numbers does the mean of the loss divide: the examples, or all entries of Y_hat?",
    "You divided by N times K. The loss averages over the examples alone.",
)
dL_dYhat.mistake(
    "by_classes",
    lambda Y_hat, Y: -Y / Y_hat / Y.shape[1],
    "the division counts the classes.",
    "Over what does the loss take its mean, and how many of those are there?",
    "You divided by K where the mean over the batch divides by N.",
)
dL_dYhat.mistake(
    "mean_twice",
    lambda Y_hat, Y: -Y / Y_hat / len(Y) ** 2,
    "the 1/N is in it twice.",
    "Follow the N through your lines. Where do you divide for the first time?",
    "One mean makes one division.",
)
dL_dYhat.mistake(
    "product",
    lambda Y_hat, Y: -Y * Y_hat / len(Y),
    "multiplied where the slope divides.",
    "How steep is −log close to 0: flat or very steep?",
    "Your slope shrinks where the prediction gets worse; the curve of −log gets steeper there.",
)
dL_dYhat.mistake(
    "already_dL_dZ",
    lambda Y_hat, Y: (Y_hat - Y) / len(Y),
    "this is the derivative with respect to the logits.",
    "With respect to which variable do you differentiate here: the probabilities, or what goes into the softmax?",
    "You are two steps ahead. Ŷ − Y comes out when this derivative has gone through the Jacobian of the softmax.",
    variants=(lambda Y_hat, Y: Y_hat - Y,),
)
dL_dYhat.mistake(
    "only_correct",
    lambda Y_hat, Y: -1 / Y_hat[Y == 1] / len(Y),
    "one number per example came out.",
    "The next step multiplies a row by a K × K matrix. How long must the row be?",
    "These are the slopes of the correct classes, and they are right. The other classes have a slope too: 0.",
    variants=(lambda Y_hat, Y: (-1 / Y_hat[Y == 1] / len(Y))[:, None],),
)
dL_dYhat.mistake(
    "binary",
    lambda Y_hat, Y: (-Y / Y_hat + (1 - Y) / (1 - Y_hat)) / len(Y),
    "this belongs to another loss.",
    "Write down the loss that you differentiated. Does it contain log(1 − ŷ)?",
    "The second term is the slope of K separate yes-or-no losses. Our loss has one logarithm per example.",
)
dL_dYhat.mistake(
    "squared_error",
    lambda Y_hat, Y: 2 * (Y_hat - Y) / len(Y),
    "this is the slope of a squared error.",
    "Which loss has this derivative? Is it the one of step 1?",
    "A squared distance has a slope that grows with the distance; −log has one that explodes near 0.",
    variants=(lambda Y_hat, Y: 2 * (Y_hat - Y),),
)
dL_dYhat.mistake(
    "epsilon",
    lambda Y_hat, Y: -Y / (Y_hat + 1e-8) / len(Y),
    "a small number sits in the denominator.",
    "Differentiate the very line that computes your loss. Is there an ε in it?",
    "With ε in the gradient and none in the loss the two describe different curves, and a strict check shows it.",
    variants=[
        change
        for e in (*(10.0**-n for n in range(2, 17)), float(np.finfo(float).eps), 1e-20, 1e-30, 1e-100, 1e-300)
        for change in (
            lambda Y_hat, Y, e=e: -Y / (Y_hat + e) / len(Y),
            lambda Y_hat, Y, e=e: -Y / np.maximum(Y_hat, e) / len(Y),
            lambda Y_hat, Y, e=e: -Y / np.clip(Y_hat, e, 1 - e) / len(Y),
        )
    ],
)
dL_dYhat.mistake(
    "masked",
    lambda Y_hat, Y: -Y / np.where(Y_hat > 0, Y_hat, 1) / len(Y),
    "where the probability is 0 the slope was put out of the way.",
    "Let the correct class's probability shrink: 0.1, 0.001, 0. How steep is −log at each of them?",
    "The slope grows without limit; at 0 it is minus infinity. Only the wrong classes may be left out.",
    variants=(
        lambda Y_hat, Y: np.where(Y_hat > 0, -Y / np.where(Y_hat > 0, Y_hat, 1), 0) / len(Y),
        lambda Y_hat, Y: np.nan_to_num(-Y / Y_hat / len(Y)),
        lambda Y_hat, Y: np.nan_to_num(-Y / Y_hat / len(Y), neginf=0.0),
    ),
)


def _softmax_jacobian(y_hat: Array) -> Array:
    return np.diag(y_hat) - np.outer(y_hat, y_hat)


def _rows_cancel(y_hat: Array, J: Array) -> str:
    shown = sums_off(J.sum(axis=1), 0)
    if not shown:
        return ""
    return f"What one class gains the others lose, so each row should sum to 0; yours sum to {shown}."


def _symmetric(y_hat: Array, J: Array) -> str:
    if np.allclose(J, J.T, rtol=0, atol=1e-12):
        return ""
    i, j = np.argwhere(~np.isclose(J, J.T, rtol=0, atol=1e-12))[0]
    one, other = apart(J[i, j], J[j, i])
    return f"It should be symmetric; yours has {one} at [{i}, {j}] and {other} at [{j}, {i}]."


_y_hats = [np.array([0.2, 0.3, 0.5]), SEVEN.Y_hat[1], SIX.Y_hat[0], np.array([0.9, 0.1])]
softmax_jacobian = Exercise(
    name="softmax_jacobian",
    hints=(
        "Raise one logit and keep the others. How many of the probabilities change? So how many entries does one "
        "column have that are not 0?",
        "Two cases, i = j and i ≠ j. Both contain the product of two probabilities; one of them contains something "
        "more. Does each row of yours sum to 0?",
    ),
    reference=_softmax_jacobian,
    formula="∂ŷ_i/∂z_j = ŷ_i (δ_ij − ŷ_j), as a matrix diag(ŷ) − ŷ ŷᵀ",
    stages=(
        [Probe((y_hat,)) for y_hat in _y_hats],
        [
            Probe((np.array([0.5, 0.5, 0.0]),), "a probability of 0"),
            Probe((np.array([0.0, 1.0, 0.0]),), "probabilities of 0 and 1"),
            Probe((np.array([1e-9, 0.6, 0.4 - 1e-9, 1e-300]),), "tiny probabilities"),
            Probe((np.array([1.0, 1e-20]),), "two classes, and a model that is very sure"),
            Probe((MANY_CLASSES.Y_hat[0],), "30 classes"),
        ],
    ),
    outputs=("J",),
    laws=(_rows_cancel, _symmetric),
)
softmax_jacobian.mistake(
    "diagonal_only",
    lambda y_hat: np.diag(y_hat * (1 - y_hat)),
    "only the diagonal is there.",
    "Raise the first logit and nothing else. Do the other probabilities stay where they are? Which entries tell how "
    "they move?",
    "ŷ(1 − ŷ) is right for a class and its own logit. But every logit stands in the denominator of every "
    "probability, so no entry off the diagonal may be 0.",
)
softmax_jacobian.mistake(
    "vector",
    lambda y_hat: y_hat * (1 - y_hat),
    "one number per class came out where one per pair of classes is asked for.",
    "There are K probabilities and K logits. How many pairs of one that moves and one that is moved?",
    "You found how each probability reacts to its own logit. How it reacts to the other logits is missing.",
)
softmax_jacobian.mistake(
    "no_delta",
    lambda y_hat: -np.outer(y_hat, y_hat),
    "the diagonal lacks a term.",
    "If z_i goes up, which way does its own probability go? Which sign has your diagonal?",
    "−ŷ_i ŷ_j is right for i ≠ j. For i = j the numerator moves as well, and that adds something.",
)
softmax_jacobian.mistake(
    "one_case_everywhere",
    lambda y_hat: np.outer(y_hat, 1 - y_hat),
    "the formula of the diagonal fills the whole matrix.",
    "Give the index inside the sum a letter of its own. Does the numerator contain z_j when i and j differ?",
    "ŷ_i(1 − ŷ_j) treats every pair as if i and j were the same. With i ≠ j the numerator does not move at all.",
    variants=(lambda y_hat: np.outer(1 - y_hat, y_hat),),
)
softmax_jacobian.mistake(
    "plus",
    lambda y_hat: np.diag(y_hat) + np.outer(y_hat, y_hat),
    "the product has the wrong sign.",
    "The probabilities sum to 1, before and after the nudge. What must the changes in one column add up to?",
    "With a plus every probability would grow when one logit does.",
)
softmax_jacobian.mistake(
    "plus_off_diagonal",
    lambda y_hat: np.outer(y_hat, y_hat) + np.diag(y_hat - 2 * y_hat**2),
    "off the diagonal the sign is the other way round.",
    "One class gains. Do the others gain too?",
    "The diagonal is right. The other entries say that all classes rise together, which their sum of 1 forbids.",
)
softmax_jacobian.mistake(
    "negative",
    lambda y_hat: np.outer(y_hat, y_hat) - np.diag(y_hat),
    "every sign is the other way round.",
    "If the first logit goes up, which way does its own probability go?",
    "Each row sums to 0 as it should, but a class would lose when its own logit rises.",
)
softmax_jacobian.mistake(
    "inner_product",
    lambda y_hat: np.diag(y_hat) - y_hat @ y_hat,
    "the product of ŷ with itself became one number.",
    "ŷŷᵀ: a column times a row. Which shape has that, and which shape has what you subtracted?",
    "For a vector of shape (K,), NumPy takes the matrix product with itself to be the sum of squares, a single number.",
    variants=(lambda y_hat: np.diag(y_hat) - np.dot(y_hat, y_hat.T),),
)
softmax_jacobian.mistake(
    "elementwise_product",
    lambda y_hat: np.diag(y_hat) - y_hat * y_hat,
    "the product of ŷ with itself stayed a row.",
    "ŷŷᵀ has an entry for every pair i, j. How many entries has what you subtracted?",
    "The squares have shape (K,). NumPy subtracts that row from every row of the diagonal matrix, without a word.",
    variants=(lambda y_hat: np.diag(y_hat) - (y_hat * y_hat)[:, None],),
)
softmax_jacobian.mistake(
    "no_factor",
    lambda y_hat: np.eye(len(y_hat)) - y_hat,
    "a factor ŷ_i is missing.",
    "Let ŷ_i be almost 0. How much can it still change?",
    "δ_ij − ŷ_j is the derivative of log ŷ_i. What stands in front turns it into the derivative of ŷ_i.",
    variants=(lambda y_hat: np.eye(len(y_hat)) - y_hat[:, None],),
)
softmax_jacobian.mistake(
    "softmax_again",
    lambda y_hat: _softmax_jacobian(np.exp(y_hat) / np.exp(y_hat).sum()),
    "the softmax has been taken once more.",
    "What is handed in: logits, or probabilities?",
    "Your function treats the probabilities as logits. The formula needs ŷ itself.",
)
softmax_jacobian.mistake(
    "floor",
    lambda y_hat: _softmax_jacobian(np.clip(y_hat, 1e-12, 1 - 1e-12)),
    "the probabilities were kept away from 0 and 1.",
    "A class has the probability 0. Does nudging a logit a little move it?",
    "Nothing is divided here and no logarithm is taken, so 0 and 1 need no protection; with it a saturated class seems "
    "to react.",
    variants=[
        change
        for e in (*(10.0**-n for n in range(2, 17)), float(np.finfo(float).eps))
        for change in (
            lambda y_hat, e=e: _softmax_jacobian(np.clip(y_hat, e, 1 - e)),
            lambda y_hat, e=e: _softmax_jacobian(np.maximum(y_hat, e)),
            lambda y_hat, e=e: _softmax_jacobian(y_hat + e),
        )
    ],
)
softmax_jacobian.mistake(
    "squared_diagonal",
    lambda y_hat: np.eye(len(y_hat)) - np.outer(y_hat, y_hat),
    "the diagonal matrix holds ones.",
    "On the diagonal: what is 1 · ŷ_i minus ŷ_i²? Which of the two do you have there?",
    "The matrix with ŷ on its diagonal has been replaced by the identity.",
)


def _dz_dW(x: Array, K: int) -> Array:
    tensor = np.zeros((K, len(x), K))
    for j in range(K):
        tensor[j, :, j] = x
    return tensor


def _mostly_zero(x: Array, K: int, tensor: Array) -> str:
    crossed = tensor[~np.eye(K, dtype=bool)[:, None, :].repeat(len(x), axis=1)]
    if not crossed.any():
        return ""
    return f"A weight moves the logit of its own class only; {np.count_nonzero(crossed)} of yours move another."


dz_dW = Exercise(
    name="dz_dW",
    hints=(
        "Which logits move when you change the one weight W[d, k]? How far, per unit?",
        "Three indices: the logit j, and the weight's d and k. Most of the K · D · K entries are 0. For which j and "
        "k are they not, and what stands there?",
    ),
    reference=_dz_dW,
    formula="∂z_j/∂W_dk = x_d δ_jk",
    stages=(
        [
            Probe((np.array([2.0, 5.0]), 3)),
            Probe((SMALL.X[0], 3)),
            Probe((SEVEN.X[0], 4)),
            Probe((SIX.X[0], 5)),
        ],
        [
            Probe((np.array([0.0, -3.0, 0.0, 0.7]), 2), "features that are 0, and two classes"),
            Probe((np.array([1e-300, 1e-9, -1e6, 1e300]), 3), "tiny and huge features"),
            Probe((np.array([-0.3]), 4), "one feature"),
            Probe((np.array([1.5, -0.1]), 9), "far more classes than features"),
            Probe((np.zeros(3), 4), "features that are all 0"),
            Probe((np.array([3, -1, 2]), 2), "features that are whole numbers"),
            Probe((np.linspace(-1, 2, 40), 30), "40 features and 30 classes"),
        ],
    ),
    outputs=("dz_dW",),
    laws=(_mostly_zero,),
)
dz_dW.mistake(
    "x_alone",
    lambda x, K: x,
    "this is what is left after the tensor has met the row from the left.",
    "One logit, one weight, one number. How many logits and how many weights are there?",
    "The short form is x alone. The full derivative keeps three indices: one for the logit, two for the weight.",
    variants=(lambda x, K: x[:, None], lambda x, K: x[None, :]),
)
dz_dW.mistake(
    "no_logit",
    lambda x, K: np.outer(x, np.ones(K)),
    "the axis of the logit is missing.",
    "Which of the K logits do you differentiate here? And the others?",
    "This is one slice, shaped like W. There is one such slice for each logit, and they are not all alike.",
    variants=(lambda x, K: np.outer(np.ones(K), x),),
)
dz_dW.mistake(
    "no_delta",
    lambda x, K: np.zeros((K, len(x), K)) + x[None, :, None],
    "every weight moves every logit.",
    "Change one weight of class 0. Does the logit of class 1 notice?",
    "The numbers are right where j = k. For other pairs the weight does not occur in the logit.",
)
dz_dW.mistake(
    "ones",
    lambda x, K: np.eye(K)[:, None, :].repeat(len(x), axis=1),
    "the right places, filled with ones.",
    "Nudge W[d, k] by 0.1. By how much does the logit move: always 0.1, or does that depend on x?",
    "You have δ_jk, which says which logit moves. How far it moves is said by the feature that the weight multiplies.",
)
dz_dW.mistake(
    "first_class_only",
    lambda x, K: _dz_dW(x, K) * (np.arange(K) == 0)[:, None, None],
    "only the first logit has a derivative.",
    "Look at the slice of the second logit. Does none of the weights move it?",
    "The loop stopped, or returned, after the first class.",
)
dz_dW.mistake(
    "axes_swapped",
    lambda x, K: _dz_dW(x, K).transpose(0, 2, 1),
    "the weight's two indices have changed places.",
    "W has shape (D, K). In which order should the last two axes come?",
    "The numbers are right for weights of shape (K, D). In this course an example is a row, and W is (D, K).",
)
dz_dW.mistake(
    "logit_last",
    lambda x, K: _dz_dW(x, K).transpose(1, 2, 0),
    "the axis of the logit comes last.",
    "In a Jacobian what moves comes first, what is moved by hand last. Which axis of yours is the logit?",
    "The entries are right, but a row from the left can't be multiplied to an array whose first axis is D.",
)
dz_dW.mistake(
    "flat",
    lambda x, K: _dz_dW(x, K).reshape(K, -1),
    "flattened a step too early.",
    "How many indices has ∂z_j/∂W_dk?",
    "The entries are right and in order. The product with the row from the left wants them flat; the tensor itself "
    "keeps D and K apart.",
)
dz_dW.mistake(
    "sign",
    lambda x, K: -_dz_dW(x, K),
    "the sign is the other way round.",
    "If a feature is positive and its weight grows, does the logit rise or fall?",
    "z contains + x_d W_dk.",
)
dz_dW.mistake(
    "diagonal_of_D",
    lambda x, K: np.zeros((K, len(x), K)) + np.arange(1.0, K + 1)[:, None, None] * np.eye(K)[:, None, :] * x[:, None],
    "the slices grow with the number of the class.",
    "A class number is a name. Should class 2 react twice as strongly as class 1?",
    "The index of the class has been multiplied into the entries.",
    variants=(lambda x, K: np.arange(K)[:, None, None] * np.eye(K)[:, None, :] * x[:, None],),
)
