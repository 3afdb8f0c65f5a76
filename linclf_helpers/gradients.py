"""Steps 2 to 6: one function for each derivative. Every batch derivative is of the *mean* loss, so it carries 1/N.

Shapes: N examples, D features, K classes. `dL_dW` reads "d L over d W" and has the shape of W.
"""

import numpy as np
from numpy.typing import ArrayLike

from linclf_helpers._validate import (
    Array,
    as_array_of_shape,
    as_logits,
    as_one_hot,
    as_probabilities,
    as_vector_or_matrix,
    not_negative,
    whole_number,
    within_range,
)

__all__ = [
    "dL_dW",
    "dL_dYhat",
    "dL_dZ",
    "dL_db",
    "dz_dW",
    "dz_db",
    "loss_and_gradients",
    "softmax_jacobian",
]


def dL_dYhat(Y_hat: ArrayLike, Y: ArrayLike) -> Array:
    """Return how the mean loss changes with each predicted probability (step 3).

    Parameters
    ----------
    Y_hat : array of shape (N, K) or (K,)
        Probabilities.
    Y : array of shape (N, K) or (K,), or integers of shape (N,) or ()
        One-hot labels, or integer labels.

    Returns
    -------
    dL_dYhat : ndarray of the shape of Y_hat
        0 for the wrong classes; −inf where the correct class has probability 0, or one below 1e-308.

    Raises
    ------
    ValueError
        As `linclf_helpers.forward.cross_entropy` does.

    Notes
    -----
    ∂L/∂ŷ_nj = −y_nj / ŷ_nj / N, as an array −Y/Ŷ/N. The K probabilities of a row count as K separate variables
    here; that they sum to 1 is the business of the softmax (step 4). Derived in notebook 03.

    Examples
    --------
    >>> print(dL_dYhat([[0.5, 0.25, 0.25]], [0]))
    [[-2.  0.  0.]]
    """
    Y_hat = as_probabilities("Y_hat", Y_hat)
    Y = as_one_hot("Y", Y, Y_hat, "Y_hat")
    N = len(Y_hat) if Y_hat.ndim == 2 else 1
    correct = Y == 1
    slope = np.zeros_like(Y_hat)
    with np.errstate(divide="ignore", over="ignore"):  # −1/0 = −inf is the right answer here; 0/0 is never asked
        slope[correct] = -1 / Y_hat[correct] / N
    return slope


def softmax_jacobian(y_hat: ArrayLike) -> Array:
    """Return how each probability changes with each logit, for one example (step 4).

    Parameters
    ----------
    y_hat : array of shape (K,)
        Probabilities of one example.

    Returns
    -------
    J : ndarray of shape (K, K)
        J[i, j] = ∂ŷ_i/∂z_j. Symmetric; rows and columns sum to 0.

    Raises
    ------
    ValueError
        If y_hat has another shape or is not made of probabilities.

    Notes
    -----
    ∂ŷ_i/∂z_j = ŷ_i (δ_ij − ŷ_j), as a matrix diag(ŷ) − ŷ ŷᵀ. Derived in notebook 04.

    Examples
    --------
    >>> print(softmax_jacobian([0.5, 0.5]))
    [[ 0.25 -0.25]
     [-0.25  0.25]]
    """
    y_hat = as_probabilities("y_hat", as_array_of_shape("y_hat", y_hat, "K"))
    return np.diag(y_hat) - np.outer(y_hat, y_hat)


def dz_dW(x: ArrayLike, K: int) -> Array:
    """Return how each logit changes with each weight, for one example (step 5).

    Parameters
    ----------
    x : array of shape (D,)
        Features of one example.
    K : int
        The number of classes.

    Returns
    -------
    dz_dW : ndarray of shape (K, D, K)
        dz_dW[j, d, k] = ∂z_j/∂W_dk.

    Raises
    ------
    ValueError
        If x has another shape, a number is not finite, or K < 2.

    Notes
    -----
    ∂z_j/∂W_dk = x_d δ_jk: a weight moves only the logit of its own class. Derived in notebook 05.

    Examples
    --------
    >>> print(dz_dW([3.0, 5.0], 2)[0])
    [[3. 0.]
     [5. 0.]]
    """
    x = as_array_of_shape("x", x, "D")
    K = whole_number("K", K, at_least=2)
    tensor = np.zeros((K, len(x), K), x.dtype)
    for j in range(K):
        tensor[j, :, j] = x
    return tensor


def dz_db(K: int) -> Array:
    """Return how each logit changes with each bias (step 5).

    Parameters
    ----------
    K : int
        The number of classes.

    Returns
    -------
    dz_db : ndarray of shape (K, K)
        The identity matrix.

    Raises
    ------
    ValueError
        If K < 2.

    Notes
    -----
    ∂z_j/∂b_k = δ_jk. Derived in notebook 05.

    Examples
    --------
    >>> print(dz_db(2))
    [[1. 0.]
     [0. 1.]]
    """
    return np.eye(whole_number("K", K, at_least=2))


def dL_dZ(Y_hat: ArrayLike, Y: ArrayLike) -> Array:
    """Return how the mean loss changes with each logit (step 6: steps 3 and 4 multiplied).

    Parameters
    ----------
    Y_hat : array of shape (N, K) or (K,)
        Probabilities, the softmax of the logits.
    Y : array of shape (N, K) or (K,), or integers of shape (N,) or ()
        One-hot labels, or integer labels.

    Returns
    -------
    dL_dZ : ndarray of the shape of Y_hat
        Each row sums to 0.

    Raises
    ------
    ValueError
        As `linclf_helpers.forward.cross_entropy` does.

    Notes
    -----
    ∂L/∂Z = (Ŷ − Y)/N. The division by ŷ of step 3 has cancelled, so nothing can blow up. Derived in notebook 06.

    Examples
    --------
    >>> print(dL_dZ([[0.5, 0.25, 0.25]], [0]))
    [[-0.5   0.25  0.25]]
    """
    Y_hat = as_probabilities("Y_hat", Y_hat)
    Y = as_one_hot("Y", Y, Y_hat, "Y_hat")
    N = len(Y_hat) if Y_hat.ndim == 2 else 1
    return (Y_hat - Y) / N


def dL_dW(X: ArrayLike, dL_dZ: ArrayLike) -> Array:
    """Return how the mean loss changes with each weight (step 6).

    Parameters
    ----------
    X : array of shape (N, D) or (D,)
        The examples.
    dL_dZ : array of shape (N, K) or (K,)
        The derivative by the logits. It already carries the 1/N of the mean.

    Returns
    -------
    dL_dW : ndarray of shape (D, K)

    Raises
    ------
    ValueError
        If the shapes do not fit or a number is not finite.

    Notes
    -----
    ∂L/∂W = Xᵀ ∂L/∂Z, the sum over the batch of the outer products of each example with its row of ∂L/∂Z.
    Derived in notebook 06.

    Examples
    --------
    >>> print(dL_dW([[2.0, 3.0]], [[-0.5, 0.25, 0.25]]))
    [[-1.    0.5   0.5 ]
     [-1.5   0.75  0.75]]
    """
    X = as_vector_or_matrix("X", X, "(D,) or (N, D)")
    G = as_array_of_shape("dL_dZ", dL_dZ, *X.shape[:-1], "K")
    as_logits("dL_dZ", G)  # at least two classes
    if X.ndim == 1:
        return np.outer(X, G)
    return X.T @ G


def dL_db(dL_dZ: ArrayLike) -> Array:
    """Return how the mean loss changes with each bias (step 6).

    Parameters
    ----------
    dL_dZ : array of shape (N, K) or (K,)
        The derivative by the logits. It already carries the 1/N of the mean.

    Returns
    -------
    dL_db : ndarray of shape (K,)

    Raises
    ------
    ValueError
        If dL_dZ has another shape, K < 2, or a number is not finite.

    Notes
    -----
    ∂L/∂b_k = Σ_n ∂L/∂z_nk: a bias has a share in every example, so it collects from every row. Derived in notebook 06.

    Examples
    --------
    >>> print(dL_db([[-0.5, 0.25, 0.25], [0.125, -0.25, 0.125]]))
    [-0.375  0.     0.375]
    """
    G = as_logits("dL_dZ", dL_dZ)
    return G.reshape(-1, G.shape[-1]).sum(axis=0)


def loss_and_gradients(
    X: ArrayLike, Y: ArrayLike, W: ArrayLike, b: ArrayLike, l2: float = 0.0
) -> tuple[float, Array, Array]:
    """Return the mean loss of a batch and its gradients: the six steps in one call.

    Parameters
    ----------
    X : array of shape (N, D)
        The examples.
    Y : array of shape (N, K), or integers of shape (N,)
        One-hot labels, or integer labels.
    W : array of shape (D, K)
        Weights.
    b : array of shape (K,)
        Bias.
    l2 : float, default 0
        Strength λ of the penalty on the weights. The bias is not penalised.

    Returns
    -------
    loss : float
    dL_dW : ndarray of shape (D, K)
    dL_db : ndarray of shape (K,)

    Raises
    ------
    ValueError
        If shapes do not fit, a number, given or computed, is not finite, Y is neither one-hot nor valid labels, or l2
        is negative.

    Notes
    -----
    L = −(1/N) Σ_n log ŷ_nc + (λ/2) ‖W‖², ∂L/∂W = Xᵀ(Ŷ − Y)/N + λW, ∂L/∂b = (1/N) Σ_n (ŷ_n − y_n).
    Derived in notebook 06.

    Examples
    --------
    >>> loss, dW, db = loss_and_gradients([[2.0, 3.0]], [0], [[0.0] * 3] * 2, [0.0] * 3)
    >>> print(f"{loss:.4f}", dW.shape, db.shape)
    1.0986 (2, 3) (3,)
    """
    X = as_array_of_shape("X", X, "N", "D")
    W = as_array_of_shape("W", W, X.shape[1], "K")
    b = as_array_of_shape("b", b, W.shape[1])
    as_logits("b", b)  # at least two classes
    l2 = not_negative("l2", l2)
    return _six_steps(X, Y, W, b, l2)


def _six_steps(X: Array, Y: ArrayLike, W: Array, b: Array, l2: float) -> tuple[float, Array, Array]:
    """Return what `loss_and_gradients` does, of arrays known to fit; only Y, and what is computed, is checked here."""
    with np.errstate(over="ignore", invalid="ignore"):
        Z = within_range("X, W, b", "XW + b", X @ W + b)
        Y = as_one_hot("Y", Y, Z, "X and W")
        Z = Z - Z.max(axis=1, keepdims=True)
        E = np.exp(Z)
        S = E.sum(axis=1, keepdims=True)
        loss = float(-(Z - np.log(S))[Y == 1].mean()) + 0.0  # turns −0 into 0
        dZ = (E / S - Y) / len(X)
        dW, db = X.T @ dZ, dZ.sum(axis=0)
        if l2 > 0:  # a penalty beyond the largest float is infinite
            loss, dW = loss + l2 / 2 * float((W**2).sum()), dW + l2 * W
    return loss, dW, db
