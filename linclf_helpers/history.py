"""The record of a run of gradient descent, which `gradient_descent` returns."""

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linclf_helpers._validate import Array, as_array_of_shape
from linclf_helpers.fast import FastLoss

__all__ = ["History"]


def _nothing() -> Array:
    return np.empty(0)


@dataclass(frozen=True, eq=False)
class History:
    """What happened in a run of gradient descent. Entry 0 of everything is before the first update.

    Attributes
    ----------
    losses : ndarray of shape (S,)
        Mean loss on all the training data, the penalty included: one for each entry. S = steps + 1 if every step has
        an entry.
    accuracies : ndarray of shape (S,)
        Share of the training data classified correctly.
    W_path : ndarray of shape (S, D, K)
        The weights. Left out, with length 0, where it would take more than 16 MB.
    b_path : ndarray of shape (S, K)
        The bias, likewise.
    diverged_at : int or None
        The step whose update left the range of floating-point numbers, if one did. The arrays end just before it.
    steps : integers of shape (S,)
        Which step each entry belongs to: 0, 1, 2, … unless `record_every` says otherwise.
    validation_losses, validation_accuracies : ndarray of shape (S,)
        On the validation set, without the penalty; length 0 if there is none.
    stopped : str
        Why the run ended: "finished", "converged" (gradient within the tolerance), "diverged" or "interrupted".

    Notes
    -----
    What `gradient_descent` returns: read in notebook 06, drawn in notebook 08.
    """

    losses: Array
    accuracies: Array
    W_path: Array
    b_path: Array
    diverged_at: int | None = None
    steps: NDArray[np.integer[Any]] = field(default_factory=lambda: np.arange(0))
    validation_losses: Array = field(default_factory=_nothing)
    validation_accuracies: Array = field(default_factory=_nothing)
    stopped: str = "finished"

    def __repr__(self) -> str:
        last = self.steps[-1] if len(self.steps) else len(self.losses) - 1
        end = "" if self.diverged_at is None else f", diverged at step {self.diverged_at}"
        if self.stopped in ("converged", "interrupted"):
            end = f", {self.stopped}"
        return f"History(steps={last}, loss {self.losses[0]:.4f} → {self.losses[-1]:.4f}{end})"


class _Look(NamedTuple):
    """What all the data say about some parameters; the gradient holds until the next look."""

    loss: float
    gradient: Array
    accuracy: float


def _held_out(validation: tuple[ArrayLike, ArrayLike] | None, theta: Array) -> FastLoss | None:
    """Check the validation set and make room for it."""
    if validation is None:
        return None
    if not isinstance(validation, tuple | list) or len(validation) != 2:
        raise ValueError(f"validation: expected a pair (X, Y), got {type(validation).__name__}")
    _, K, width = theta.shape
    try:
        X = as_array_of_shape("X", validation[0], "N", width - 1)
        return FastLoss(X, validation[1], n_classes=K, dtype=theta.dtype)
    except ValueError as error:
        raise ValueError(f"validation: {error}") from None


class _Entries:
    """The entries of a history in the making."""

    def __init__(self, held_out: FastLoss | None, keep_path: bool) -> None:
        self.held_out, self.keep_path = held_out, keep_path
        self.entries: list[tuple[int, float, float, float, float, Array]] = []

    @property
    def last(self) -> int:
        return self.entries[-1][0] if self.entries else -1

    def add(self, step: int, theta: Array, look: _Look) -> None:
        loss = accuracy = math.nan
        if self.held_out is not None:
            losses, _, shares = self.held_out.evaluate(theta, accuracy=True, gradient=False)
            loss, accuracy = float(losses[0]), float(shares[0])
        self.entries.append((step, look.loss, look.accuracy, loss, accuracy, theta if self.keep_path else theta[:0]))

    def history(self, diverged_at: int | None, stopped: str) -> History:
        steps, losses, accuracies, held_out_losses, held_out_accuracies, thetas = zip(*self.entries, strict=True)
        path = np.concatenate(thetas)
        held_out = slice(None if self.held_out else 0)
        return History(
            np.array(losses),
            np.array(accuracies),
            path[:, :, :-1].transpose(0, 2, 1).copy(),
            path[:, :, -1].copy(),
            diverged_at,
            np.array(steps, dtype=np.int64),
            np.array(held_out_losses)[held_out],
            np.array(held_out_accuracies)[held_out],
            stopped,
        )
