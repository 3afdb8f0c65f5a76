"""Slices of the loss: its values on a plane through the space of all weights. `LearningRateExplorer` draws one."""

from dataclasses import dataclass

import numpy as np

from linclf_helpers._validate import Array, whole_number
from linclf_helpers.datasets import Dataset
from linclf_helpers.sweeps import safe_learning_rate, sweep_runs

__all__ = ["LossSlice", "loss_slice"]


@dataclass(frozen=True, eq=False)
class LossSlice:
    """A plane through the space of all weights: 0 is the start, (1, 0) the solution, upwards the loss curves most.

    Attributes
    ----------
    along, across : ndarray of shape (A,) and (B,)
        Coordinates in the plane.
    losses : ndarray of shape (B, A)
    to_plane : ndarray of shape (2, K·(D + 1))
        Takes the weights and biases, one class after the other, to the nearest point of the plane.
    best : float
        The loss at the solution.

    Notes
    -----
    Drawn by `LearningRateExplorer`, in notebook 07.
    """

    along: Array
    across: Array
    losses: Array
    to_plane: Array
    best: float

    def shadow(self, W: Array, b: Array) -> Array:
        """Return the points of the plane nearest to weights (..., D, K) and biases (..., K), shape (..., 2)."""
        theta = np.concatenate([W, b[..., None, :]], axis=-2)
        return np.swapaxes(theta, -1, -2).reshape(*b.shape[:-1], -1) @ self.to_plane.T


def loss_slice(data: Dataset, points: int = 61) -> LossSlice:
    """Return the loss on a plane: along the path to the solution, and along where it curves most at the start.

    Parameters
    ----------
    data : Dataset
        Not separable, so that there is a solution.
    points : int, default 61
        Per direction, at least 2.

    Returns
    -------
    surface : LossSlice

    Raises
    ------
    ValueError
        If points is not a whole number of at least 2.

    Notes
    -----
    With X̃ = [X, 1], the steepest direction is c vᵀ: v the eigenvector of X̃ᵀX̃/N with the largest eigenvalue, c the
    share that each class has of it in the gradient at zero.

    Examples
    --------
    >>> from linclf_helpers.datasets import load_penguins
    >>> surface = loss_slice(load_penguins().standardize())
    >>> print(surface.losses.shape, f"{surface.best:.2f}")
    (61, 61) 0.07
    """
    points = whole_number("points", points, at_least=2)
    scaled = data.standardize()
    long_run = sweep_runs(scaled.X, scaled.labels, [safe_learning_rate(scaled.X)], 2000, momentum=0.95)
    mean, deviation = data.X.mean(axis=0), data.X.std(axis=0)
    W = long_run.W_path[0, -1] / deviation[:, None]  # the same solution, for features as they are
    b = long_run.b_path[0, -1] - mean @ W
    N, K = len(data.X), len(b)
    X1 = np.hstack([data.X, np.ones((N, 1))])
    Y = np.eye(K)[data.labels]
    v = np.linalg.eigh(X1.T @ X1 / N)[1][:, -1]
    share = (Y - 1 / K).T @ (X1 @ v)
    solution = np.vstack([W, b]).T.ravel()
    steep = np.outer(share / np.linalg.norm(share), v).ravel()
    plane = np.stack([solution, steep], axis=1)

    safe = safe_learning_rate(data.X)
    some = sweep_runs(data.X, data.labels, [safe, 3 * safe], 60)
    flat = LossSlice(np.zeros(1), np.zeros(1), np.zeros((1, 1)), np.linalg.pinv(plane), 0.0)
    reach = 1.6 * np.abs(flat.shadow(some.W_path, some.b_path)[..., 1]).max()
    along, across = np.linspace(-0.3, 1.3, points), np.linspace(-reach, reach, points)
    mesh = np.stack(np.meshgrid(along, across), axis=-1) @ plane.T
    Z = mesh.reshape(-1, K, X1.shape[1]) @ X1.T  # (points², K, N)
    Z -= Z.max(axis=1, keepdims=True)
    of_label = np.take_along_axis(Z, data.labels[None, None], axis=1)[:, 0]
    losses = (np.log(np.exp(Z).sum(axis=1)) - of_label).mean(axis=1).reshape(points, points)
    return LossSlice(along, across, losses, flat.to_plane, float(long_run.losses[0, -1]))
