"""How `SoftmaxRegression` fits: the loss with weights on examples, and its descent."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linclf_helpers._validate import Array, positive

_PATIENCE = 5  # passes in mini-batches that may go by without a lower loss


_DIVERGED = 1e150  # beyond it, the squares in the penalty would leave the range of floats


@dataclass(frozen=True)
class _Task:
    """The loss to be made small: Σ_n w_n ℓ_n + ½ Σ p_d θ_dk², where θ is W with b as its last row."""

    X1: Array  # (N, D + 1), the last column 1
    Y: Array  # (N, K), one-hot
    weights: Array  # (N,), their sum is 1
    penalty: Array  # (D + 1, 1), 0 for the bias

    def loss_and_gradient(self, theta: Array) -> tuple[float, Array]:
        Z = self.X1 @ theta
        Z -= Z.max(axis=1, keepdims=True)
        log_Y_hat = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
        loss = -self.weights @ (log_Y_hat * self.Y).sum(axis=1) + (self.penalty * theta**2).sum() / 2
        dL_dZ = self.weights[:, None] * (np.exp(log_Y_hat) - self.Y)
        return float(loss), self.X1.T @ dL_dZ + self.penalty * theta

    def batch(self, rows: NDArray[np.integer[Any]]) -> "_Task":
        """Return the same task for some examples: with equal weights, their mean loss."""
        N = len(self.weights)
        return _Task(self.X1[rows], self.Y[rows], self.weights[rows] * (N / len(rows)), self.penalty)

    def start(self) -> Array:
        return np.zeros((self.X1.shape[1], self.Y.shape[1]))

    def safe_rate(self) -> float:
        """Return a rate below 1/β, with the trace for the largest eigenvalue."""
        squares = self.weights @ (self.X1**2).sum(axis=1)
        return float(1 / (squares / 2 + self.penalty.max()))


@dataclass(frozen=True)
class _Run:
    theta: Array
    losses: list[float]
    steps: int
    trouble: str  # why it has not converged; empty if it has


def _prepare(X: Array, Y: Array, weights: Array, l2: float, rescale: bool) -> tuple[_Task, Array, Array]:
    """Return the task, and the origin and unit in which it sees each feature.

    With x' = (x − origin) / unit and W' = unit · W, XW + b is the same for a suitable b', and the penalty l2 on W is
    l2/unit² on W'. In units of √(σ² + 2 l2), the loss is curved by at most ½ along each feature.
    """
    origin, unit = np.zeros(X.shape[1]), np.ones(X.shape[1])
    with np.errstate(over="ignore", invalid="ignore"):
        if rescale:
            constant = np.ptp(X, axis=0) == 0
            origin = np.where(constant, X[0], weights @ X)
            X = X - origin
            largest = np.where(constant, 1, np.abs(X).max(axis=0))
            deviation = largest * np.sqrt(weights @ (X / largest) ** 2)  # no square leaves the range of floats
            unit = np.hypot(deviation, math.sqrt(2 * l2))
            unit[unit == 0] = 1
            X = X / unit
        X1 = np.column_stack([X, np.ones(len(X))])
        task = _Task(X1, Y, weights, np.append((math.sqrt(l2) / unit) ** 2, 0)[:, None])
        if not (np.isfinite(X1).all() and task.safe_rate() > 0):
            raise ValueError("X: expected numbers whose squares stay within the range of floats, got larger ones")
    return task, origin, unit


def _schedule(learning_rate: object, safe_rate: float) -> Callable[[int], float]:
    """Return the learning rate as a function of the number of steps done."""
    if isinstance(learning_rate, str):
        if learning_rate != "auto":
            raise ValueError(f"learning_rate: expected a number, a function or 'auto', got {learning_rate!r}")
        return lambda step: safe_rate
    if callable(learning_rate):
        chosen = learning_rate
        return lambda step: positive("learning_rate", chosen(step))
    constant = positive("learning_rate", learning_rate)  # type: ignore[arg-type]
    return lambda step: constant


def _descend(
    task: _Task,
    learning_rate: Callable[[int], float],
    steps: int,
    size: int,
    momentum: float,
    nesterov: bool,
    tolerance: float,
    rng: np.random.Generator,
) -> _Run:
    """Take steps with a given rate, in batches of a given size."""
    theta, losses, N = task.start(), [], len(task.weights)
    velocity, queue = np.zeros_like(theta), np.arange(0)
    step = 0
    while True:
        if len(queue) == 0 or step == steps:
            loss, gradient = task.loss_and_gradient(theta)
            losses.append(loss)
            trouble = _not_converged(gradient, tolerance, losses if size < N else [], step)
            if not trouble or step == steps:
                break
            queue = rng.permutation(N)
        batch, queue = queue[:size], queue[size:]
        if size < N:
            _, gradient = task.batch(batch).loss_and_gradient(theta)
        velocity = momentum * velocity + gradient
        direction = gradient + momentum * velocity if nesterov else velocity
        with np.errstate(over="ignore", invalid="ignore"):
            moved = theta - learning_rate(step) * direction
        if not (np.abs(moved) < _DIVERGED).all():
            trouble = f"the learning rate is too large, and step {step + 1} left the range of floats"
            break
        theta = moved
        step += 1
    return _Run(theta, losses, step, trouble if tolerance else "")


def _descend_barzilai_borwein(task: _Task, steps: int, tolerance: float) -> _Run:
    """Take full-batch steps whose rate is read off the last one.

    As explained in notebook 08: s·s / s·y and s·y / y·y in turn; a step after which the loss exceeds the largest of
    the last ten is taken again with a tenth of the rate.
    """
    theta = task.start()
    loss, gradient = task.loss_and_gradient(theta)
    losses, rate = [loss], task.safe_rate()
    step = 0
    while True:
        trouble = _not_converged(gradient, tolerance, [], step)
        if not trouble or step == steps:
            break
        old_theta, old_gradient, loss = theta, gradient, math.inf
        while not loss <= max(losses[-10:]):  # NaN is no loss either
            theta = old_theta - rate * old_gradient
            loss, gradient = task.loss_and_gradient(theta)
            rate /= 10
        losses.append(loss)
        s, y = theta - old_theta, gradient - old_gradient
        ss, sy, yy = float((s * s).sum()), float((s * y).sum()), float((y * y).sum())
        # Where no curvature is to be seen, there is nothing to read the rate off.
        rate = task.safe_rate() if sy <= 1e-12 * ss else sy / yy if step % 2 else ss / sy
        step += 1
    return _Run(theta, losses, step, trouble if tolerance else "")


def _not_converged(gradient: Array, tolerance: float, losses: list[float], step: int) -> str:
    """Return what is missing to convergence; nothing if nothing is. `losses` are those of mini-batches, a pass each."""
    largest = np.abs(gradient).max()
    if largest <= tolerance:
        return ""
    if not losses:
        return f"after {step} steps an entry of the gradient is {largest:.2g}, above the tolerance of {tolerance:g}"
    if tolerance and len(losses) > _PATIENCE and min(losses[-_PATIENCE:]) >= min(losses[:-_PATIENCE]) - tolerance:
        return ""
    return f"after {step} steps the loss still falls by more than the tolerance of {tolerance:g} in {_PATIENCE} passes"
