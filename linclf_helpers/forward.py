"""Step 1, from features to loss: logits, softmax, cross-entropy. Derived in notebook 01.

Shapes: N examples, D features, K classes. Functions of rows take one row or a batch of rows.
"""

import numpy as np
from numpy.typing import ArrayLike

from linclf_helpers._validate import (
    Array,
    as_array_of_shape,
    as_labels,
    as_logits,
    as_one_hot,
    as_probabilities,
    as_vector_or_matrix,
    whole_number,
    within_range,
)

__all__ = ["cross_entropy", "cross_entropy_from_logits", "linear", "log_softmax", "one_hot", "softmax"]


def linear(X: ArrayLike, W: ArrayLike, b: ArrayLike) -> Array:
    """Return the logits: one score per example and class.

    Parameters
    ----------
    X : array of shape (N, D) or (D,)
        One example per row, or a single example.
    W : array of shape (D, K)
        Weights, one column per class.
    b : array of shape (K,)
        Bias, one number per class.

    Returns
    -------
    Z : ndarray of shape (N, K) or (K,)

    Raises
    ------
    ValueError
        If the shapes do not fit, K < 2, or a number, given or computed, is not finite.

    Notes
    -----
    Z = X W + b, that is z_nk = Σ_d x_nd W_dk + b_k. Derived in notebook 01; differentiated in notebook 05.

    Examples
    --------
    >>> Z = linear([[1.0, 2.0]], [[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]], [0.5, 0.0, 0.0])
    >>> print(Z)
    [[1.5 2.  4. ]]
    """
    X = as_vector_or_matrix("X", X, "(D,) or (N, D)")
    W = as_array_of_shape("W", W, X.shape[-1], "K")
    b = as_array_of_shape("b", b, W.shape[1])
    as_logits("b", b)  # at least two classes
    with np.errstate(over="ignore", invalid="ignore"):
        Z = X @ W + b
    return within_range("X, W, b", "XW + b", Z)


def softmax(Z: ArrayLike) -> Array:
    """Return the probabilities that the logits stand for.

    Parameters
    ----------
    Z : array of shape (N, K) or (K,)
        Logits of any finite size.

    Returns
    -------
    Y_hat : ndarray of the shape of Z
        Each row is positive (or 0, where a probability is too small for the float) and sums to 1.

    Raises
    ------
    ValueError
        If Z has another shape, K < 2, or a number is not finite.

    Notes
    -----
    ŷ_i = e^{z_i} / Σ_j e^{z_j}. Adding one number to a whole row changes nothing, so the row's maximum is
    subtracted first: then the largest exponential is e^0 = 1 and none can overflow. Derived in notebook 01.

    Examples
    --------
    >>> print(softmax([0.0, 0.0]))
    [0.5 0.5]
    >>> print(softmax([1000.0, 0.0]))
    [1. 0.]
    """
    Z = as_logits("Z", Z)
    with np.errstate(over="ignore"):  # a gap beyond the largest float becomes −inf, and e^−inf = 0
        E = np.exp(Z - Z.max(axis=-1, keepdims=True))
    return E / E.sum(axis=-1, keepdims=True)


def log_softmax(Z: ArrayLike) -> Array:
    """Return the logarithms of the softmax, exact even where the probability itself rounds to 0.

    Parameters
    ----------
    Z : array of shape (N, K) or (K,)
        Logits of any finite size.

    Returns
    -------
    log_Y_hat : ndarray of the shape of Z
        −inf only where the logarithm itself is beyond the largest float (about 1.8e308).

    Raises
    ------
    ValueError
        If Z has another shape, K < 2, or a number is not finite.

    Notes
    -----
    log ŷ_i = z_i − log Σ_j e^{z_j}, with the row's maximum subtracted first. Derived in notebook 01.

    Examples
    --------
    >>> print(log_softmax([0.0, -800.0]))
    [   0. -800.]
    """
    Z = as_logits("Z", Z)
    with np.errstate(over="ignore"):
        Z = Z - Z.max(axis=-1, keepdims=True)
    return Z - np.log(np.exp(Z).sum(axis=-1, keepdims=True))


def cross_entropy(Y_hat: ArrayLike, Y: ArrayLike) -> float:
    """Return the mean cross-entropy of probabilities against labels.

    Parameters
    ----------
    Y_hat : array of shape (N, K) or (K,)
        Probabilities. Rows may miss a sum of 1 by up to 0.1, so that a finite difference can nudge one entry alone.
    Y : array of shape (N, K) or (K,), or integers of shape (N,) or ()
        One-hot labels, or integer labels from 0 to K - 1.

    Returns
    -------
    loss : float
        In nats (natural logarithm). It is infinite if the correct class of some example has probability 0.

    Raises
    ------
    ValueError
        If shapes do not fit, Y_hat is not made of probabilities, or Y is neither one-hot nor valid integer labels.

    Notes
    -----
    L = −(1/N) Σ_n Σ_i y_ni log ŷ_ni. Only the correct class of each row has y = 1, so only its logarithm is taken,
    and 0 · log 0 never arises. Derived in notebook 01.

    Examples
    --------
    >>> print(f"{cross_entropy([[0.5, 0.25, 0.25]], [0]):.4f}")
    0.6931
    """
    Y_hat = as_probabilities("Y_hat", Y_hat)
    Y = as_one_hot("Y", Y, Y_hat, "Y_hat")
    with np.errstate(divide="ignore"):  # log 0 = −inf is the right answer here
        return float(-np.log(Y_hat[Y == 1]).mean()) + 0.0  # turns −0 into 0


def cross_entropy_from_logits(Z: ArrayLike, Y: ArrayLike) -> float:
    """Return the mean cross-entropy straight from the logits, finite even where a probability rounds to 0.

    Parameters
    ----------
    Z : array of shape (N, K) or (K,)
        Logits of any finite size.
    Y : array of shape (N, K) or (K,), or integers of shape (N,) or ()
        One-hot labels, or integer labels from 0 to K - 1.

    Returns
    -------
    loss : float
        In nats (natural logarithm). Infinite only if it is itself beyond the largest float (about 1.8e308).

    Raises
    ------
    ValueError
        If shapes do not fit, a number is not finite, or Y is neither one-hot nor valid integer labels.

    Notes
    -----
    L = (1/N) Σ_n (log Σ_j e^{z_nj} − z_nc), with c the correct class of example n. Derived in notebook 01.

    Examples
    --------
    >>> cross_entropy_from_logits([0.0, -800.0], 1)
    800.0
    """
    log_Y_hat = log_softmax(Z)
    Y = as_one_hot("Y", Y, log_Y_hat, "Z")
    with np.errstate(over="ignore"):
        return float(-log_Y_hat[Y == 1].mean()) + 0.0  # turns −0 into 0


def one_hot(labels: ArrayLike, K: int) -> Array:
    """Return one row per label: 1 in the column of the label, 0 elsewhere.

    Parameters
    ----------
    labels : integers of shape (N,)
        From 0 to K - 1.
    K : int
        The number of classes. It can't be read off the labels, since a batch may lack a class.

    Returns
    -------
    Y : ndarray of shape (N, K)

    Raises
    ------
    ValueError
        If a label is not an integer from 0 to K - 1, there are no labels, or K < 2.

    Notes
    -----
    y_ni = 1 if i is the label of example n, else 0. Introduced in notebook 01.

    Examples
    --------
    >>> print(one_hot([0, 2], 3))
    [[1. 0. 0.]
     [0. 0. 1.]]
    """
    K = whole_number("K", K, at_least=2)
    labels = as_labels("labels", labels, K)
    Y = np.zeros((labels.size, K))
    Y[np.arange(labels.size), labels] = 1
    return Y
