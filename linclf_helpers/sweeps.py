"""Gradient descent with many learning rates at once, and the rate that is safe. Used in notebook 07."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from linclf_helpers._validate import (
    Array,
    as_array_of_shape,
    as_labels,
    as_real_array,
    not_negative,
    whole_number,
    within_range,
)
from linclf_helpers.fast import FastLoss
from linclf_helpers.training import Random, _prepare_batches

__all__ = ["SweepRuns", "safe_learning_rate", "sweep_runs"]


@dataclass(frozen=True, eq=False)
class SweepRuns:
    """Many runs of gradient descent from zero, one for each learning rate. Entry 0 is before the first update.

    Attributes
    ----------
    learning_rates : ndarray of shape (R,)
    losses : ndarray of shape (R, steps + 1)
        Mean loss on all the training data.
    W_path : ndarray of shape (R, steps + 1, D, K)
    b_path : ndarray of shape (R, steps + 1, K)

    Notes
    -----
    What `sweep_runs` returns: drawn in notebook 07.
    """

    learning_rates: Array
    losses: Array
    W_path: Array
    b_path: Array

    def __repr__(self) -> str:
        R, entries = self.losses.shape
        return f"SweepRuns({R} learning rates, {entries - 1} steps)"


def sweep_runs(
    X: ArrayLike,
    Y: ArrayLike,
    learning_rates: ArrayLike,
    steps: int,
    batch_size: int | None = None,
    momentum: float = 0.0,
    rng: Random = None,
) -> SweepRuns:
    """Return the losses and the paths of gradient descent from zero, with many learning rates at once.

    Parameters
    ----------
    X : array of shape (N, D)
        Training examples.
    Y : array of shape (N, K), or integers of shape (N,)
        Their labels. Integers count up to the largest one present: K = max + 1.
    learning_rates : array of shape (R,)
        All greater than 0. One that drives the parameters beyond the largest float has infinite losses from there on.
    steps : int
        Number of updates, at least 0.
    batch_size, momentum, rng
        As in `linclf_helpers.training.gradient_descent`. All rates see the same batches.

    Returns
    -------
    runs : SweepRuns
        With the loss on all the data before each step and after the last, whatever the batches.

    Raises
    ------
    ValueError
        If shapes do not fit or a number is out of range.

    Notes
    -----
    Equal to R runs of `gradient_descent` up to rounding, and many times faster: the R models are stacked, class by
    class, into one tall matrix, so that a step is two matrix products for all of them (`linclf_helpers.fast`).
    Used in notebook 07.

    Examples
    --------
    >>> X, labels = [[1.0, 2.0], [-1.0, 0.5], [0.0, 1.0], [2.0, -1.0]], [0, 1, 1, 2]
    >>> sweep_runs(X, labels, [0.1, 0.5], steps=10)
    SweepRuns(2 learning rates, 10 steps)
    """
    X = as_array_of_shape("X", X, "N", "D")
    K = _number_of_classes(Y)
    rates = as_array_of_shape("learning_rates", learning_rates, "R")
    if (rates <= 0).any():
        raise ValueError(f"learning_rates: expected only numbers greater than 0, got {rates.min():g}")
    steps = whole_number("steps", steps, at_least=0)
    momentum = not_negative("momentum", momentum, below=1)
    fast = FastLoss(X, Y, n_classes=K, models=len(rates))
    _, batches = _prepare_batches(fast.N, batch_size, rng)

    path = np.empty((steps + 1, fast.R, K, fast.D + 1), fast.dtype)
    losses = np.empty((fast.R, steps + 1), fast.dtype)
    theta = np.zeros_like(path[0])
    push = np.zeros_like(theta)
    scale = rates[:, None, None].astype(fast.dtype)
    with np.errstate(over="ignore", invalid="ignore"):  # a rate that diverges ends in inf − inf
        for step in range(steps + 1):
            losses[:, step], gradient, _ = fast.evaluate(theta)
            path[step] = theta
            if step < steps:
                if batches is not None:
                    gradient = fast.of_batch(theta, next(batches))
                push = momentum * push + gradient if momentum else gradient
                theta = theta - scale * push
    path = path.transpose(1, 0, 3, 2)  # (R, steps + 1, D + 1, K)
    return SweepRuns(rates, np.where(np.isfinite(losses), losses, np.inf), path[:, :, :-1], path[:, :, -1])


def safe_learning_rate(X: ArrayLike, l2: float = 0.0) -> float:
    """Return a learning rate with which full-batch gradient descent is certain to lower the loss at every step.

    Parameters
    ----------
    X : array of shape (N, D)
        Training examples.
    l2 : float, default 0
        Strength λ of the penalty on the weights.

    Returns
    -------
    learning_rate : float
        1/β. Up to 2/β the loss can't rise; beyond, it may or may not.

    Raises
    ------
    ValueError
        If X has another shape, a number is not finite, XᵀX is beyond the largest float, or l2 is negative.

    Notes
    -----
    L = ½ λ_max(X̃ᵀX̃/N) + λ bounds the curvature of the loss everywhere, with X̃ = [X, 1] (D. Böhning, Multinomial
    logistic regression algorithm, Annals of the Institute of Statistical Mathematics 44, 1992). It is a promise and
    not a wall: where predictions are confident the curvature is much smaller. Used in notebook 07.

    Examples
    --------
    >>> print(f"{safe_learning_rate([[1.0], [-1.0]]):.4f}")
    2.0000
    """
    X = as_array_of_shape("X", X, "N", "D")
    l2 = not_negative("l2", l2)
    D = X.shape[1]
    squares = np.ones((D + 1, D + 1))  # X̃ᵀX̃/N; X̃ itself would be a second copy of the data
    with np.errstate(over="ignore", invalid="ignore"):
        squares[:D, :D] = X.T @ X / len(X)
        squares[:D, D] = squares[D, :D] = X.mean(axis=0)
    within_range("X", "XᵀX", squares)
    largest = float(np.linalg.eigvalsh(squares)[-1])
    return 1 / (largest / 2 + l2)


def _number_of_classes(Y: ArrayLike) -> int:
    """Return K: the columns of one-hot rows, or the largest integer label plus 1."""
    array = as_real_array("Y", Y)
    K = array.shape[1] if array.ndim == 2 else int(as_labels("Y", Y).max()) + 1
    if K < 2:
        raise ValueError(f"Y: expected at least 2 classes, got {K}")
    return K
