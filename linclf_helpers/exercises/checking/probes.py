"""Inputs on which mistakes differ from each other and from the right answer.

N, D and K always differ, no parameter is zero, one class is missing from each batch, the others are of unequal
size, features are off-centre and of unequal scale. The extremes below are for a later stage of an exercise: each
holds what one kind of shortcut needs not to be there.
"""

from dataclasses import dataclass

import numpy as np

from linclf_helpers.exercises.checking.observe import Array
from linclf_helpers.forward import one_hot, softmax


@dataclass(frozen=True)
class Batch:
    """Everything one forward and backward pass holds."""

    X: Array
    W: Array
    b: Array
    Z: Array
    Y_hat: Array
    Y: Array
    labels: Array
    dL_dZ: Array


def batch(seed: int, D: int, K: int, labels: list[int], decimals: int = 15) -> Batch:
    """Return a random batch; a few decimals make it readable."""
    rng = np.random.default_rng(seed)
    N = len(labels)
    X = np.round(rng.normal(size=(N, D)) * np.linspace(0.5, 2, D) + np.linspace(1, -1, D), decimals)
    W = np.round(rng.normal(size=(D, K)) / 2, decimals)
    b = np.round(rng.normal(size=K) / 2, decimals)
    Z = np.round(X @ W + b, decimals)
    Y_hat = np.round(softmax(Z), decimals)
    Y_hat[:, 0] = np.round(Y_hat[:, 0] + 1 - Y_hat.sum(axis=1), 15)  # rounding must not spoil the sum
    Y = one_hot(labels, K)
    return Batch(X, W, b, Z, Y_hat, Y, np.array(labels), (Y_hat - Y) / N)


SMALL = batch(33, D=4, K=3, labels=[2, 0], decimals=1)
SEVEN = batch(1, D=5, K=4, labels=[0, 3, 1, 0, 0, 1, 0])
SIX = batch(2, D=3, K=5, labels=[4, 1, 4, 4, 2, 1])
# Shapes that make a forgotten axis silent: only to tell such mistakes apart, always beside the others.
SQUARE = batch(3, D=3, K=4, labels=[0, 3, 1, 0])  # N = K
TWIN = batch(4, D=3, K=3, labels=[0, 2, 2, 0, 0])  # D = K
SINGLE = batch(6, D=2, K=3, labels=[1])
BATCHES = (SMALL, SEVEN, SIX)

# Extremes: a batch without its last class, one with its first class alone (so that np.eye(labels.max() + 1) has one
# column, which NumPy broadcasts without a word), two classes, many classes and few features, thousands of examples.
NO_LAST = batch(7, D=3, K=4, labels=[1, 0, 0, 2, 1])
FIRST_ALONE = batch(8, D=4, K=3, labels=[0, 0])
TWO_CLASSES = batch(9, D=4, K=2, labels=[1, 0, 1])
MANY_CLASSES = batch(10, D=2, K=30, labels=[7, 29, 0, 7])
ONE_FEATURE = batch(13, D=1, K=2, labels=[0, 1, 0])
MANY_FEATURES = batch(14, D=300, K=3, labels=[2, 0, 2, 1])
THOUSANDS = batch(11, D=2, K=3, labels=np.random.default_rng(12).choice(3, size=5000, p=[0.6, 0.3, 0.1]).tolist())
SIZES = (
    (NO_LAST, "a batch without its last class"),
    (FIRST_ALONE, "a batch in which every example belongs to class 0"),
    (SINGLE, "a batch of one example"),
    (TWO_CLASSES, "two classes"),
    (MANY_CLASSES, "30 classes and two features"),
    (THOUSANDS, "a batch of 5,000 examples"),
)
# Logits of very different size, the largest first, in the middle and last; no two rows of a batch may share a shift.
WIDE_LOGITS = (
    (np.array([[900.0, 195, 0.25], [-3, -745, 800], [-705, 0, -20]]), "scores far apart in one row"),
    (np.array([[10000, 9998.5, 9999.25], [-10001.5, -10000, -9999], [-1.5, 0.5, -35]]), "rows that lie far apart"),
    (np.array([[-1e300, 0.0, 1e300], [1e-9, 1e-300, -1e-9], [0, 0, 0]]), "huge and tiny scores"),
)
