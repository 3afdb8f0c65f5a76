"""Inputs on which mistakes differ from each other and from the right answer.

N, D and K always differ, no parameter is zero, one class is missing from each batch, the others are of unequal
size, features are off-centre and of unequal scale.
"""

from dataclasses import dataclass

import numpy as np

from linclf_helpers.exercises._observe import Array
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
