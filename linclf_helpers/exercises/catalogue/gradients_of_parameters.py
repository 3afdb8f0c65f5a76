"""The exercises of notebook 06 about ∂L/∂W and ∂L/∂b: sums over a batch."""

import numpy as np

from linclf_helpers.exercises.catalogue.guards import add_guards
from linclf_helpers.exercises.checking.exercise import Exercise
from linclf_helpers.exercises.checking.observe import Array, Probe
from linclf_helpers.exercises.checking.probes import (
    BATCHES,
    MANY_FEATURES,
    ONE_FEATURE,
    SEVEN,
    SINGLE,
    SIZES,
    SMALL,
    SQUARE,
    TWIN,
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
