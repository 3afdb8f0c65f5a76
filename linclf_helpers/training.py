"""Gradient descent with a record of its way, and many learning rates at once. Used in notebooks 06 and 07."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from linclf_helpers._validate import (
    Array,
    as_array_of_shape,
    as_labels,
    as_one_hot,
    as_real_array,
    generator,
    not_negative,
    positive,
    whole_number,
    within_range,
)
from linclf_helpers.datasets import Dataset
from linclf_helpers.gradients import loss_and_gradients
from linclf_helpers.model import LinearClassifier

__all__ = [
    "History",
    "LossSlice",
    "SweepRuns",
    "gradient_descent",
    "loss_slice",
    "safe_learning_rate",
    "sweep",
    "sweep_runs",
]


@dataclass(frozen=True, eq=False)
class History:
    """What happened in a run of gradient descent. Entry 0 of everything is before the first update.

    Attributes
    ----------
    losses : ndarray of shape (steps + 1,)
        Mean loss on all the training data, the penalty included.
    accuracies : ndarray of shape (steps + 1,)
        Share of the training data classified correctly.
    W_path : ndarray of shape (steps + 1, D, K)
        The weights.
    b_path : ndarray of shape (steps + 1, K)
        The bias.
    diverged_at : int or None
        The step whose update left the range of floating-point numbers, if one did. The arrays end just before it.

    Notes
    -----
    Read in notebook 06, drawn in notebook 07.
    """

    losses: Array
    accuracies: Array
    W_path: Array
    b_path: Array
    diverged_at: int | None = None

    def __repr__(self) -> str:
        end = "" if self.diverged_at is None else f", diverged at step {self.diverged_at}"
        return f"History(steps={len(self.losses) - 1}, loss {self.losses[0]:.4f} → {self.losses[-1]:.4f}{end})"


def gradient_descent(
    model: LinearClassifier,
    X: ArrayLike,
    Y: ArrayLike,
    learning_rate: float,
    steps: int,
    batch_size: int | None = None,
    l2: float = 0.0,
    momentum: float = 0.0,
    rng: np.random.Generator | None = None,
) -> History:
    """Train a model in place by gradient descent and return the history.

    Parameters
    ----------
    model : LinearClassifier
        Trained from where it stands; its W and b are replaced by the last ones.
    X : array of shape (N, D)
        Training examples.
    Y : array of shape (N, K), or integers of shape (N,)
        Their labels, one-hot or integers.
    learning_rate : float
        η, greater than 0.
    steps : int
        Number of updates, at least 0.
    batch_size : int, optional
        Examples per update, from 1 to N; all N by default. The last batch of a pass may be smaller.
    l2 : float, default 0
        Strength of the penalty on the weights.
    momentum : float, default 0
        From 0 up to, but not including, 1.
    rng : numpy.random.Generator, optional
        Shuffles the examples anew for each pass; without it batches are taken in order.

    Returns
    -------
    history : History

    Raises
    ------
    ValueError
        If an argument is out of range or shapes do not fit. The model is then as it was.

    Notes
    -----
    V ← μ V + ∂L/∂W, W ← W − η V, and the same for b; with momentum μ = 0 that is plain gradient descent.
    Derived in notebook 06; batches and momentum in notebook 07.

    Examples
    --------
    >>> model = LinearClassifier(n_features=2, n_classes=3)
    >>> X, labels = [[1.0, 2.0], [-1.0, 0.5], [0.0, 1.0], [2.0, -1.0]], [0, 1, 1, 2]
    >>> gradient_descent(model, X, labels, learning_rate=0.5, steps=10)
    History(steps=10, loss 1.0986 → 0.2710)
    """
    X = as_array_of_shape("X", X, "N", model.W.shape[0])
    Y = as_one_hot("Y", Y, model.logits(X), "X")
    labels = Y.argmax(axis=1)
    N = len(X)
    learning_rate = positive("learning_rate", learning_rate)
    steps = whole_number("steps", steps, at_least=0)
    size = N if batch_size is None else whole_number("batch_size", batch_size, at_least=1)
    if size > N:
        raise ValueError(f"batch_size: expected at most the {N} examples there are, got {size}")
    momentum = not_negative("momentum", momentum, below=1)
    if rng is not None:
        rng = generator("rng", rng)

    losses, accuracies, W_path, b_path = [], [], [model.W.copy()], [model.b.copy()]
    V_W, V_b = np.zeros_like(model.W), np.zeros_like(model.b)
    queue = np.arange(0)
    diverged_at = None
    loss, dW, db = loss_and_gradients(X, Y, model.W, model.b, l2)
    losses.append(loss)
    accuracies.append(model.score(X, labels))
    for step in range(1, steps + 1):
        if size < N:
            if len(queue) == 0:
                queue = np.arange(N) if rng is None else rng.permutation(N)
            batch, queue = queue[:size], queue[size:]
            _, dW, db = loss_and_gradients(X[batch], Y[batch], model.W, model.b, l2)
        with np.errstate(over="ignore", invalid="ignore"):
            V_W, V_b = momentum * V_W + dW, momentum * V_b + db
            W, b = model.W - learning_rate * V_W, model.b - learning_rate * V_b
            finite = np.isfinite(X @ W + b).all()
        loss = np.inf
        if finite:
            loss, dW, db = loss_and_gradients(X, Y, W, b, l2)
        if loss == np.inf:
            diverged_at = step
            break
        model.W, model.b = W, b
        losses.append(loss)
        accuracies.append(model.score(X, labels))
        W_path.append(W.copy())
        b_path.append(b.copy())
    return History(np.array(losses), np.array(accuracies), np.array(W_path), np.array(b_path), diverged_at)


def sweep(X: ArrayLike, Y: ArrayLike, learning_rates: ArrayLike, steps: int) -> Array:
    """Return the losses of full-batch gradient descent from zero for many learning rates at once.

    Parameters
    ----------
    X : array of shape (N, D)
        Training examples.
    Y : array of shape (N, K), or integers of shape (N,)
        Their labels. Integers count up to the largest one present: K = max + 1.
    learning_rates : array of shape (R,)
        All greater than 0.
    steps : int
        Number of updates, at least 0.

    Returns
    -------
    losses : ndarray of shape (R, steps + 1)
        Entry 0 of each row is before the first update, log K. A rate that drives the parameters beyond the largest
        float has infinite losses from there on.

    Raises
    ------
    ValueError
        If shapes do not fit, a rate is not greater than 0, or steps is negative.

    Notes
    -----
    The R models are stacked, class by class, into one tall matrix, so that each step is two matrix products for all
    of them together. Equal to R runs of `gradient_descent` up to rounding. Used in notebook 07.

    Examples
    --------
    >>> X, labels = [[1.0, 2.0], [-1.0, 0.5], [0.0, 1.0], [2.0, -1.0]], [0, 1, 1, 2]
    >>> sweep(X, labels, [0.1, 0.5], steps=10).shape
    (2, 11)
    """
    X = as_array_of_shape("X", X, "N", "D")
    K = _number_of_classes(Y)
    Y = as_one_hot("Y", Y, np.zeros((len(X), K)), "X")
    rates = as_array_of_shape("learning_rates", learning_rates, "R")
    if (rates <= 0).any():
        raise ValueError(f"learning_rates: expected only numbers greater than 0, got {rates.min():g}")
    steps = whole_number("steps", steps, at_least=0)

    N, R = len(X), len(rates)
    X1 = np.hstack([X, np.ones((N, 1))])  # (N, D + 1): the bias is one more weight, on a feature that is always 1
    labels, n = Y.argmax(axis=1), np.arange(N)
    labels_X = Y.T @ X1 / N  # (K, D + 1): the part of the gradient that never changes
    W = np.zeros((R, K, X1.shape[1]))
    losses = np.empty((R, steps + 1))
    with np.errstate(over="ignore", invalid="ignore"):  # a rate that diverges ends in inf − inf
        for step in range(steps + 1):
            Z = (W.reshape(R * K, -1) @ X1.T).reshape(R, K, N)
            Z -= Z.max(axis=1, keepdims=True)
            Z_label = Z[:, labels, n]  # (R, N)
            E = np.exp(Z, out=Z)
            total = E.sum(axis=1, keepdims=True)
            losses[:, step] = (np.log(total[:, 0]) - Z_label).mean(axis=1)
            if step < steps:
                E /= total
                gradient = (E.reshape(R * K, N) @ X1 / N).reshape(R, K, -1) - labels_X
                W -= rates[:, None, None] * gradient
    return np.where(np.isfinite(losses), losses, np.inf)


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
    labels: ArrayLike,
    learning_rates: ArrayLike,
    steps: int,
    batch_size: int | None = None,
    momentum: float = 0.0,
    rng: np.random.Generator | None = None,
) -> SweepRuns:
    """Run gradient descent from zero with many learning rates at once, and keep the losses and the ways.

    Parameters
    ----------
    X : array of shape (N, D)
        Training examples.
    labels : integers of shape (N,)
        They count up to the largest one present: K = max + 1.
    learning_rates : array of shape (R,)
        All greater than 0, and together with X small enough that no logit leaves the range of floating-point numbers.
    steps : int
        Number of updates, at least 0.
    batch_size : int, optional
        Examples per update, from 1 to N; all N by default. All rates see the same batches.
    momentum : float, default 0
        From 0 up to, but not including, 1.
    rng : numpy.random.Generator, optional
        Shuffles the examples anew for each pass; without it batches are taken in order.

    Returns
    -------
    runs : SweepRuns

    Raises
    ------
    ValueError
        If shapes do not fit or a number is out of range.

    Notes
    -----
    Equal to R runs of `gradient_descent` up to rounding, and many times faster, for three reasons. The R models are
    stacked, class by class, into one tall matrix, so that a step is two matrix products for all of them. The label's
    share of the gradient, YᵀX/N, never changes. And only differences of logits matter: with the last class as
    reference, K − 1 of them suffice, ŷ_k = e^{z_k − z_K} / (1 + Σ_j e^{z_j − z_K}). Used in notebook 07.

    Examples
    --------
    >>> X, labels = [[1.0, 2.0], [-1.0, 0.5], [0.0, 1.0], [2.0, -1.0]], [0, 1, 1, 2]
    >>> sweep_runs(X, labels, [0.1, 0.5], steps=10)
    SweepRuns(2 learning rates, 10 steps)
    """
    X = as_array_of_shape("X", X, "N", "D")
    labels = as_labels("labels", labels)
    N, D = X.shape
    K = int(labels.max()) + 1
    if labels.shape != (N,) or K < 2:
        raise ValueError(f"labels: expected {N} of them, one per row of X, of at least 2 classes, got {labels.shape}")
    rates = as_array_of_shape("learning_rates", learning_rates, "R")
    if (rates <= 0).any():
        raise ValueError(f"learning_rates: expected only numbers greater than 0, got {rates.min():g}")
    steps = whole_number("steps", steps, at_least=0)
    size = N if batch_size is None else whole_number("batch_size", batch_size, at_least=1)
    if size > N:
        raise ValueError(f"batch_size: expected at most the {N} examples there are, got {size}")
    momentum = not_negative("momentum", momentum, below=1)

    R, C = len(rates), K - 1
    X1 = np.hstack([X, np.ones((N, 1))])  # (N, D + 1): the bias is one more weight, on a feature that is always 1
    Y = (labels[:, None] == np.arange(C)).astype(float)  # (N, C): one-hot, without the reference class
    labels_X = Y.T @ X1 / N  # (C, D + 1): the part of the gradient that never changes
    path = np.zeros((steps + 1, R, C, D + 1))  # weights minus those of the reference class
    velocity = np.zeros((R, C, D + 1))
    losses = np.empty((R, steps + 1))
    Y_hat = np.empty((R, C, N))
    queue = np.arange(0)
    for step in range(steps + 1):
        V = path[step]
        np.matmul(V.reshape(R * C, D + 1), X1.T, out=Y_hat.reshape(R * C, N))  # logits, for the moment
        losses[:, step] = _softmax_in_place(Y_hat) - (V * labels_X).sum(axis=(1, 2))
        if step < steps:
            if size == N:
                gradient = (Y_hat.reshape(R * C, N) @ X1 / N).reshape(R, C, D + 1) - labels_X
            else:
                if len(queue) == 0:
                    queue = np.arange(N) if rng is None else rng.permutation(N)
                batch, queue = queue[:size], queue[size:]
                gradient = (Y_hat[:, :, batch] - Y[batch].T) @ X1[batch] / len(batch)
            gradient += gradient.sum(axis=1, keepdims=True)  # minus the gradient of the reference class
            velocity = momentum * velocity + gradient
            path[step + 1] = V - rates[:, None, None] * velocity
    # From zero, the weights of the K classes always sum to 0: that gives the reference class's own.
    path = np.concatenate([path, np.zeros((steps + 1, R, 1, D + 1))], axis=2)
    path -= path.mean(axis=2, keepdims=True)
    path = path.transpose(1, 0, 3, 2)  # (R, steps + 1, D + 1, K)
    return SweepRuns(rates, losses, path[:, :, :D], path[:, :, D])


def _softmax_in_place(Z: Array) -> Array:
    """Turn logits against a reference class, (R, C, N), into probabilities; return each model's mean log-sum-exp."""
    high = np.flatnonzero(Z.max(axis=(1, 2)) > 700)  # beyond, exponentials overflow: subtract the maximum first
    top = np.maximum(Z[high].max(axis=1), 0)
    Z[high] -= top[:, None]
    np.exp(Z, out=Z)
    total = Z.sum(axis=1)
    total += 1
    total[high] += np.exp(-top) - 1
    Z /= total[:, None]
    log_total = np.log(total)
    log_total[high] += top
    return log_total.mean(axis=1)


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
        1/L. Up to 2/L the loss can't rise; beyond, it may or may not.

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
    X1 = np.hstack([X, np.ones((len(X), 1))])
    with np.errstate(over="ignore", invalid="ignore"):
        squares = within_range("X", "XᵀX", X1.T @ X1 / len(X1))
    largest = float(np.linalg.eigvalsh(squares)[-1])
    return 1 / (largest / 2 + l2)


def _number_of_classes(Y: ArrayLike) -> int:
    """Return K: the columns of one-hot rows, or the largest integer label plus 1."""
    array = as_real_array("Y", Y)
    K = array.shape[1] if array.ndim == 2 else int(as_labels("Y", Y).max()) + 1
    if K < 2:
        raise ValueError(f"Y: expected at least 2 classes, got {K}")
    return K


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
    """Cut the loss along the way to the solution and along the direction in which it curves most at the start.

    Parameters
    ----------
    data : Dataset
        Not separable, so that there is a solution.
    points : int, default 61
        Per direction.

    Returns
    -------
    surface : LossSlice

    Notes
    -----
    With X̃ = [X, 1], the steepest direction is c vᵀ: v the eigenvector of X̃ᵀX̃/N with the largest eigenvalue, c the
    share that each class has of it in the gradient at zero. Used in notebook 07.

    Examples
    --------
    >>> from linclf_helpers.datasets import load_penguins
    >>> surface = loss_slice(load_penguins().standardize())
    >>> print(surface.losses.shape, f"{surface.best:.2f}")
    (61, 61) 0.07
    """
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
