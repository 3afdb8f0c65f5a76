"""Finite differences of the classifier's loss, computing only what a nudge changes. Explained in notebook 08."""

import numpy as np
from numpy.typing import ArrayLike

from linclf_helpers._validate import (
    Array,
    as_any_array,
    as_array_of_shape,
    as_one_hot,
    describe,
    not_negative,
    positive,
)
from linclf_helpers.forward import linear, softmax
from linclf_helpers.gradcheck import GradientCheck, _verdict

__all__ = ["check_classifier", "numerical_gradients"]


def numerical_gradients(
    X: ArrayLike, Y: ArrayLike, W: ArrayLike, b: ArrayLike, l2: float = 0.0, h: float = 1e-6
) -> tuple[Array, Array]:
    """Return the classifier's ∂L/∂W and ∂L/∂b by central differences, computing only what a nudge changes.

    Parameters
    ----------
    X : array of shape (N, D)
    Y : array of shape (N, K), or integers of shape (N,)
    W : array of shape (D, K)
    b : array of shape (K,)
    l2 : float, default 0
    h : float, default 1e-6
        Size of the nudge. It can be smaller than elsewhere, since no digits are lost here.

    Returns
    -------
    dW : ndarray of shape (D, K)
    db : ndarray of shape (K,)

    Raises
    ------
    ValueError
        If shapes do not fit, a number is not finite, or h is not greater than 0.

    Notes
    -----
    A nudge of W_dk by ±h moves one logit of each example, z_nk, by ±h x_nd. So the sum of exponentials changes by the
    factor 1 + ŷ_nk (e^{±h x_nd} − 1), and the loss by the mean of the logarithm of that factor, minus ±h x_nd y_nk.
    The difference of the two logarithms is log1p(2 ŷ sinh(h x) / (1 + ŷ (e^{−h x} − 1))), in which nothing cancels.
    The penalty is a square, whose central difference is exactly λW. These are the differences of the loss that
    `numerical_gradient` takes, with fewer rounding errors and much faster. Explained in notebook 08.

    Examples
    --------
    >>> dW, db = numerical_gradients([[1.0, 2.0]], [0], np.zeros((2, 3)), np.zeros(3))
    >>> print(dW.round(4))
    [[-0.6667  0.3333  0.3333]
     [-1.3333  0.6667  0.6667]]
    """
    X = as_array_of_shape("X", X, "N", "D").astype(np.float64, copy=False)
    W = as_array_of_shape("W", W, X.shape[1], "K").astype(np.float64, copy=False)
    Y_hat = softmax(linear(X, W, b))
    Y = as_one_hot("Y", Y, Y_hat, "X and W")
    h, l2 = positive("h", h), not_negative("l2", l2)
    N, D = X.shape
    gradient = np.zeros((W.shape[1], D + 1))
    rows = max(1, 2**15 // (D + 1))  # examples at a time, so that the work stays in the cache
    for start in range(0, N, rows):
        n = slice(start, start + rows)
        X1 = np.hstack([X[n], np.ones((len(X[n]), 1))])  # the bias is a weight on a feature that is always 1
        rise, fall = 2 * np.sinh(h * X1), np.expm1(-h * X1)
        for k, y_hat in enumerate(Y_hat[n].T[:, :, None]):
            gradient[k] += np.log1p(y_hat * rise / (1 + y_hat * fall)).sum(axis=0)
        gradient -= 2 * h * Y[n].T @ X1
    gradient /= 2 * h * N
    return gradient[:, :-1].T + l2 * W, gradient[:, -1].copy()


def check_classifier(
    X: ArrayLike,
    Y: ArrayLike,
    W: ArrayLike,
    b: ArrayLike,
    dW: ArrayLike,
    db: ArrayLike,
    l2: float = 0.0,
    tolerance: float = 1e-9,
) -> GradientCheck:
    """Check all derivatives of the classifier's loss at once, quickly.

    Parameters
    ----------
    X : array of shape (N, D)
    Y : array of shape (N, K), or integers of shape (N,)
    W : array of shape (D, K)
        The weights, best random ones.
    b : array of shape (K,)
        The bias.
    dW : array of shape (D, K)
        ∂L/∂W as the formula has it.
    db : array of shape (K,)
        ∂L/∂b likewise.
    l2 : float, default 0
    tolerance : float, default 1e-9
        The error allowed for each entry, relative to the entry; entries that are less than a thousandth of the
        largest are compared with that thousandth.

    Returns
    -------
    check : GradientCheck
        Its arrays have the shape (D + 1, K): row D is the bias.

    Raises
    ------
    ValueError
        If an argument has the wrong shape, or is refused by `numerical_gradients`.

    Warns
    -----
    UserWarning
        If W and b are zero everywhere, as `check_gradient` does.

    Notes
    -----
    Compares with `numerical_gradients`. Used in notebook 08.

    Examples
    --------
    >>> X, labels, W, b = [[1.0, 2.0], [0.0, -1.0]], [2, 0], np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]]), np.ones(3)
    >>> dW, db = numerical_gradients(X, labels, W, b)
    >>> check_classifier(X, labels, W, b, dW, db)
    Gradient check passed: 9 entries, each within 1e-09 of its finite difference.
    """
    numeric = np.vstack(numerical_gradients(X, Y, W, b, l2))
    W, b = np.asarray(W), np.asarray(b)
    dW, db = as_any_array("dW", dW), as_any_array("db", db)
    for name, array, like in (("dW", dW, W), ("db", db, b)):
        if array.shape != like.shape or array.dtype.kind not in "fiu":
            raise ValueError(f"{name}: expected real numbers of shape {like.shape}, got {describe(array, array)}")
    analytic = np.vstack([dW, db]).astype(np.float64)
    floor = float(np.abs(numeric).max()) / 1000
    return _verdict(analytic, numeric, positive("tolerance", tolerance), floor, at_zero=not (W.any() or b.any()))
