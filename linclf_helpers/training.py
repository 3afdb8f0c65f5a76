"""Gradient descent with a record of its way, and many learning rates at once. Used in notebooks 06, 07 and 08."""

import math
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linclf_helpers._validate import (
    Array,
    as_array_of_shape,
    as_labels,
    as_real_array,
    generator,
    not_negative,
    positive,
    whole_number,
    within_range,
)
from linclf_helpers.datasets import Dataset
from linclf_helpers.model import LinearClassifier
from linclf_helpers.workspace import Workspace, pack, unpack

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

LearningRate = float | Callable[[int], float] | Literal["barzilai-borwein"]

# The path of the parameters is kept only as long as it is small; on images it would outgrow the data.
_LARGEST_PATH = 16 * 2**20  # bytes


def _nothing() -> Array:
    return np.empty(0)


@dataclass(frozen=True, eq=False)
class History:
    """What happened in a run of gradient descent. Entry 0 of everything is before the first update.

    Attributes
    ----------
    losses : ndarray of shape (steps + 1,)
        Mean loss on all the training data, the penalty included. With `record_every`, S entries rather than
        steps + 1, as in all that follows.
    accuracies : ndarray of shape (steps + 1,)
        Share of the training data classified correctly.
    W_path : ndarray of shape (steps + 1, D, K)
        The weights. Left out, with length 0, where it would take more than 16 MB.
    b_path : ndarray of shape (steps + 1, K)
        The bias, likewise.
    diverged_at : int or None
        The step whose update left the range of floating-point numbers, if one did. The arrays end just before it.
    steps : integers of shape (steps + 1,)
        Which step each entry belongs to: 0, 1, 2, … unless `record_every` says otherwise.
    validation_losses, validation_accuracies : ndarray of shape (steps + 1,)
        On the validation set, without the penalty; length 0 if there is none.
    best_step : int or None
        The entry of `steps` with the lowest validation loss.
    stopped : str
        Why the run ended: "finished", "converged" (gradient within the tolerance), "early" (validation loss no longer
        falls), "callback", "diverged" or "interrupted".

    Notes
    -----
    Read in notebook 06, drawn in notebook 07.
    """

    losses: Array
    accuracies: Array
    W_path: Array
    b_path: Array
    diverged_at: int | None = None
    steps: NDArray[np.integer[Any]] = field(default_factory=lambda: np.arange(0))
    validation_losses: Array = field(default_factory=_nothing)
    validation_accuracies: Array = field(default_factory=_nothing)
    best_step: int | None = None
    stopped: str = "finished"
    _state: "_State | None" = None  # what `resume` needs

    def __repr__(self) -> str:
        last = self.steps[-1] if len(self.steps) else len(self.losses) - 1
        end = "" if self.diverged_at is None else f", diverged at step {self.diverged_at}"
        if self.stopped in ("converged", "early", "interrupted"):
            end = f", {self.stopped}"
        return f"History(steps={last}, loss {self.losses[0]:.4f} → {self.losses[-1]:.4f}{end})"


@dataclass
class _State:
    """Where a run stands after a whole step. Arrays are replaced, never changed, so a copy stays what it was."""

    theta: Array
    velocity: Array
    queue: NDArray[np.integer[Any]]  # the examples still to come in this pass
    step: int = 0
    epoch: int = 0
    before: tuple[Array, Array] | None = None  # theta and gradient one step ago; this and the next for Barzilai–Borwein
    recent_losses: tuple[float, ...] = ()
    best_loss: float = math.inf
    best_step: int | None = None
    best_theta: Array | None = None
    waited: int = 0  # entries since the best one


def gradient_descent(
    model: LinearClassifier,
    X: ArrayLike,
    Y: ArrayLike,
    learning_rate: LearningRate,
    steps: int,
    batch_size: int | None = None,
    l2: float = 0.0,
    momentum: float = 0.0,
    rng: np.random.Generator | None = None,
    *,
    nesterov: bool = False,
    tolerance: float = 0.0,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    patience: int | None = None,
    record_every: int = 1,
    callback: Callable[[int, LinearClassifier], object] | None = None,
    progress: bool = False,
    resume: History | None = None,
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
    learning_rate : float, callable or "barzilai-borwein"
        η, greater than 0; or a schedule, a function of the number of steps done so far, `lambda step: 0.5 / (1 + step)`
        for example; or the rate that sets itself (Notes), for full batches without momentum.
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
    nesterov : bool, default False
        Use Nesterov's form of momentum, which looks one step ahead.
    tolerance : float, default 0
        Stop when no entry of the gradient on all examples is larger. Looked at with every entry of the history.
    validation : (X, Y), optional
        Examples that are not trained on, whose loss and accuracy are recorded as well.
    patience : int, optional
        Stop early: when the validation loss has not fallen for this many entries in a row. The model ends with the
        parameters of the lowest one.
    record_every : int, default 1
        Make an entry in the history after every so many steps (and at both ends). One entry takes a pass through all
        the data, so for small batches of many examples choose about a pass, N / batch_size.
    callback : callable, optional
        Called as `callback(epoch, model)` after every pass through the data. If it returns True, training stops.
    progress : bool, default False
        Show a progress bar (never under pytest).
    resume : History, optional
        Go on where that run ended, for `steps` more, as if it had never stopped (pass the same data and `rng`). The
        history returned covers both.

    Returns
    -------
    history : History
        Stopping the kernel ends the run after the step it is in: the history and the model are then those of the last
        whole step, `history.stopped` is "interrupted", and `resume=history` goes on.

    Raises
    ------
    ValueError
        If an argument is out of range or shapes do not fit. The model is then as it was.

    Notes
    -----
    V ← μ V + ∂L/∂W, W ← W − η V, and the same for b; with momentum μ = 0 that is plain gradient descent. Nesterov:
    W ← W − η (∂L/∂W + μ V). Derived in notebook 06; batches and momentum in notebook 07.

    Barzilai and Borwein (IMA Journal of Numerical Analysis 8, 1988) read the curvature off the last step: with s the
    change of the parameters and y the change of the gradient, η = s·s / s·y and η = s·y / y·y, taken in turn. Such a
    step may raise the loss for a while; if it exceeds the largest of the last ten, the step is taken again with a
    tenth of the rate. Explained in notebook 08.

    A full-batch run gives the same bits every time on one machine with one number of threads.

    Examples
    --------
    >>> model = LinearClassifier(n_features=2, n_classes=3)
    >>> X, labels = [[1.0, 2.0], [-1.0, 0.5], [0.0, 1.0], [2.0, -1.0]], [0, 1, 1, 2]
    >>> gradient_descent(model, X, labels, learning_rate=0.5, steps=10)
    History(steps=10, loss 1.0986 → 0.2710)
    """
    X = as_array_of_shape("X", X, "N", model.W.shape[0])
    N, K = len(X), len(model.b)
    theta = pack(model.W, model.b, np.result_type(X, model.W))
    space = Workspace(X, Y, l2, n_classes=K, dtype=theta.dtype)
    steps = whole_number("steps", steps, at_least=0)
    size = N if batch_size is None else whole_number("batch_size", batch_size, at_least=1)
    if size > N:
        raise ValueError(f"batch_size: expected at most the {N} examples there are, got {size}")
    momentum = not_negative("momentum", momentum, below=1)
    tolerance = not_negative("tolerance", tolerance)
    record_every = whole_number("record_every", record_every, at_least=1)
    schedule = _schedule(learning_rate, plain=size == N and momentum == 0)
    if rng is not None:
        rng = generator("rng", rng)
    held_out = None
    if validation is not None:
        X_held_out = as_array_of_shape("validation", validation[0], "N", model.W.shape[0])
        held_out = Workspace(X_held_out, validation[1], n_classes=K, dtype=theta.dtype)
    if patience is not None:
        patience = whole_number("patience", patience, at_least=1)
        if held_out is None:
            raise ValueError("patience: expected a validation set to go with it, got none")
    state = _State(theta, np.zeros_like(theta), np.arange(0))
    if resume is not None:
        if resume._state is None or resume._state.theta.shape != theta.shape:
            raise ValueError(f"resume: expected the history of a run of {model}, got {resume}")
        if (len(resume.validation_losses) > 0) != (held_out is not None):
            raise ValueError("validation: expected to resume with a validation set if and only if there was one before")
        state = replace(resume._state)

    last, stopped, diverged_at = state.step + steps, "finished", None
    entries = _Entries(state, held_out, keep_path=(steps // record_every + 2) * theta.nbytes <= _LARGEST_PATH)
    loss, gradient, accuracy = _look(space, state.theta, accuracy=True)
    if not math.isfinite(loss):
        raise ValueError(f"model: expected W and b with a finite loss, got {loss}")
    if resume is None:
        state.recent_losses = (loss,)
        entries.add(loss, accuracy)
    try:
        with _StopButton() as stop_button, _progress_bar(steps, progress) as advance:
            while state.step < last:
                if size == N and tolerance > 0 and np.abs(gradient).max() <= tolerance:
                    stopped = "converged"
                    break
                step, velocity, queue = state.step + 1, state.velocity, state.queue[:0]
                due = step % record_every == 0 or step == last
                if size < N:
                    queue = state.queue
                    if len(queue) == 0:
                        queue = np.arange(N) if rng is None else rng.permutation(N)
                    batch, queue = queue[:size], queue[size:]
                    gradient = space.batch_gradient(state.theta, batch)
                if schedule is None:
                    theta, loss, gradient, accuracy = _step_of_barzilai_borwein(space, state, gradient, due)
                else:
                    with np.errstate(over="ignore", invalid="ignore"):
                        direction = gradient
                        if momentum:
                            velocity = momentum * velocity + gradient
                            direction = gradient + momentum * velocity if nesterov else velocity
                        theta = state.theta - schedule(step - 1) * direction
                    if size == N or due:
                        loss, gradient, accuracy = _look(space, theta, accuracy=due)
                if not (math.isfinite(loss) and np.isfinite(theta).all()):
                    stopped, diverged_at = "diverged", step
                    break
                state.theta, state.velocity, state.queue, state.step = theta, velocity, queue, step
                if due:
                    entries.add(loss, accuracy)
                advance(1)
                if len(queue) == 0:
                    state.epoch += 1
                    if callback is not None:
                        model.W, model.b = unpack(theta)
                        if callback(state.epoch, model) is True:
                            stopped = "callback"
                            break
                if patience is not None and state.waited >= patience:
                    stopped = "early"
                    break
                if stop_button.pressed:
                    stopped = "interrupted"
                    break
        if state.step != entries.last_step:
            loss, _, accuracy = _look(space, state.theta, accuracy=True)
            entries.add(loss, accuracy)
    finally:
        best = state.best_theta if patience is not None else None
        model.W, model.b = unpack(state.theta if best is None else best)
    return entries.history(resume, diverged_at, stopped)


def _look(space: Workspace, theta: Array, accuracy: bool) -> tuple[float, Array, float]:
    """Return the loss, its gradient, and the accuracy if it is asked for."""
    if accuracy:
        loss, gradient, share = space.loss_gradient_and_accuracy(theta)
        return float(loss[0]), gradient, float(share[0])
    loss, gradient = space.loss_and_gradient(theta)
    return float(loss[0]), gradient, math.nan


def _step_of_barzilai_borwein(
    space: Workspace, state: _State, gradient: Array, accuracy: bool
) -> tuple[Array, float, Array, float]:
    """Take a step with the rate that sets itself, and return where it leads."""
    gradient = gradient.copy()
    theta_before, gradient_before = state.before or (state.theta, gradient)
    s, y = state.theta - theta_before, gradient - gradient_before
    ss, sy, yy = float(np.vdot(s, s)), float(np.vdot(s, y)), float(np.vdot(y, y))
    # At the first step, or where no curvature is to be seen, there is nothing to read the rate off.
    rate = space.safe_rate() if sy <= 0 else ss / sy if state.step % 2 else sy / yy
    theta = state.theta - rate * gradient
    loss, new_gradient, share = _look(space, theta, accuracy)
    while not loss <= max(state.recent_losses):
        rate /= 10
        theta = state.theta - rate * gradient
        loss, new_gradient, share = _look(space, theta, accuracy)
    state.before = (state.theta, gradient)
    state.recent_losses = (*state.recent_losses[-9:], loss)
    return theta, loss, new_gradient, share


def _schedule(learning_rate: LearningRate, plain: bool) -> Callable[[int], float] | None:
    """Return the learning rate as a function of the step, or None for Barzilai and Borwein's."""
    if isinstance(learning_rate, str):
        if learning_rate != "barzilai-borwein":
            raise ValueError(
                f"learning_rate: expected a number, a function or 'barzilai-borwein', got {learning_rate!r}"
            )
        if not plain:
            raise ValueError("learning_rate: expected full batches and no momentum with 'barzilai-borwein'")
        return None
    if callable(learning_rate):
        chosen = learning_rate
        return lambda step: positive("learning_rate", chosen(step))
    constant = positive("learning_rate", learning_rate)
    return lambda step: constant


class _Entries:
    """The entries of a history in the making."""

    def __init__(self, state: _State, held_out: Workspace | None, keep_path: bool) -> None:
        self.state, self.held_out, self.keep_path = state, held_out, keep_path
        self.steps: list[int] = []
        self.last_step = state.step  # when a run is resumed, its last entry is there already
        self.numbers: list[tuple[float, ...]] = []  # loss and accuracy; both again on the validation set, if any
        self.path: list[Array] = []

    def add(self, loss: float, accuracy: float) -> None:
        state = self.state
        numbers: tuple[float, ...] = (loss, accuracy)
        if self.held_out is not None:
            loss, _, accuracy = _look(self.held_out, state.theta, accuracy=True)
            numbers += (loss, accuracy)
            state.waited += 1
            if loss < state.best_loss:
                state.best_loss, state.best_step, state.best_theta = loss, state.step, state.theta
                state.waited = 0
        self.steps.append(state.step)
        self.last_step = state.step
        self.numbers.append(numbers)
        if self.keep_path:
            self.path.append(state.theta)

    def history(self, earlier: History | None, diverged_at: int | None, stopped: str) -> History:
        _, K, width = self.state.theta.shape
        path = np.concatenate(self.path or [np.empty((0, K, width))])
        columns: list[NDArray[Any]] = [np.array(column, float) for column in zip(*self.numbers, strict=True)]
        columns += [_nothing()] * (4 - len(columns))
        columns += [np.array(self.steps), path[:, :, :-1].transpose(0, 2, 1).copy(), path[:, :, -1].copy()]
        if earlier is not None:
            columns = [np.concatenate(both) for both in zip(_columns(earlier), columns, strict=True)]
            if len(columns[5]) < len(columns[0]):  # a path with gaps is none
                columns[5:] = [columns[5][:0], columns[6][:0]]
        losses, accuracies, validation_losses, validation_accuracies, steps, W_path, b_path = columns
        return History(
            losses,
            accuracies,
            W_path,
            b_path,
            diverged_at,
            steps,
            validation_losses,
            validation_accuracies,
            self.state.best_step,
            stopped,
            replace(self.state),
        )


def _columns(history: History) -> list[NDArray[Any]]:
    return [
        history.losses,
        history.accuracies,
        history.validation_losses,
        history.validation_accuracies,
        history.steps,
        history.W_path,
        history.b_path,
    ]


class _StopButton:
    """Let the kernel's stop button (SIGINT) wait until a step is whole; pressed twice, it stops at once."""

    def __enter__(self) -> "_StopButton":
        self.pressed = False
        # Signals reach the main thread only; elsewhere there is no button to watch.
        self.in_main_thread = threading.current_thread() is threading.main_thread()
        if self.in_main_thread:
            self.before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, *exception: object) -> None:
        if self.in_main_thread:
            signal.signal(signal.SIGINT, self.before)

    def _press(self, number: int, frame: FrameType | None) -> None:
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True


@contextmanager
def _progress_bar(steps: int, show: bool) -> Iterator[Callable[[int], object]]:
    """Give a function that moves the bar; under pytest, or if it is not wanted, one that does nothing."""
    if not show or "PYTEST_VERSION" in os.environ:
        yield lambda steps: None
        return
    from tqdm.auto import tqdm  # here, so that importing the package stays cheap

    with tqdm(total=steps, unit="step") as bar:
        yield bar.update


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
    space, rates, steps = _prepare_sweep(X, Y, learning_rates, steps)
    losses = np.stack([losses for _, losses in _together(space, rates, steps)], axis=1)
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

    Notes
    -----
    Drawn in notebook 07.
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
    rng: np.random.Generator | None = None,
) -> SweepRuns:
    """Return the losses and the ways of gradient descent from zero, with many learning rates at once.

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
    Equal to R runs of `gradient_descent` up to rounding, and many times faster: the R models are stacked, class by
    class, into one tall matrix, so that a step is two matrix products for all of them (`linclf_helpers.workspace`).
    Used in notebook 07.

    Examples
    --------
    >>> X, labels = [[1.0, 2.0], [-1.0, 0.5], [0.0, 1.0], [2.0, -1.0]], [0, 1, 1, 2]
    >>> sweep_runs(X, labels, [0.1, 0.5], steps=10)
    SweepRuns(2 learning rates, 10 steps)
    """
    space, rates, steps = _prepare_sweep(X, Y, learning_rates, steps)
    size = space.N if batch_size is None else whole_number("batch_size", batch_size, at_least=1)
    if size > space.N:
        raise ValueError(f"batch_size: expected at most the {space.N} examples there are, got {size}")
    momentum = not_negative("momentum", momentum, below=1)
    path = np.empty((steps + 1, space.R, space.K, space.D + 1), space.dtype)
    losses = np.empty((space.R, steps + 1), space.dtype)
    for step, (theta, loss) in enumerate(_together(space, rates, steps, size, momentum, rng)):
        path[step], losses[:, step] = theta, loss
    path = path.transpose(1, 0, 3, 2)  # (R, steps + 1, D + 1, K)
    return SweepRuns(rates, np.where(np.isfinite(losses), losses, np.inf), path[:, :, :-1], path[:, :, -1])


def _prepare_sweep(X: ArrayLike, Y: ArrayLike, learning_rates: ArrayLike, steps: int) -> tuple[Workspace, Array, int]:
    """Check the arguments of a sweep, and make room for all its models."""
    X = as_array_of_shape("X", X, "N", "D")
    K = _number_of_classes(Y)
    rates = as_array_of_shape("learning_rates", learning_rates, "R")
    if (rates <= 0).any():
        raise ValueError(f"learning_rates: expected only numbers greater than 0, got {rates.min():g}")
    return Workspace(X, Y, n_classes=K, models=len(rates)), rates, whole_number("steps", steps, at_least=0)


def _together(
    space: Workspace,
    rates: Array,
    steps: int,
    size: int | None = None,
    momentum: float = 0.0,
    rng: np.random.Generator | None = None,
) -> Iterator[tuple[Array, Array]]:
    """Yield the parameters, (R, K, D + 1), and the losses, (R,), of all models before each step and after the last."""
    theta = np.zeros((space.R, space.K, space.D + 1), space.dtype)
    push = np.zeros_like(theta)
    scale = rates[:, None, None].astype(space.dtype)
    queue = np.arange(0)
    with np.errstate(over="ignore", invalid="ignore"):  # a rate that diverges ends in inf − inf
        for _ in range(steps):
            loss, gradient = space.loss_and_gradient(theta)
            yield theta, loss
            if size is not None and size < space.N:
                if len(queue) == 0:
                    queue = np.arange(space.N) if rng is None else rng.permutation(space.N)
                batch, queue = queue[:size], queue[size:]
                gradient = space.batch_gradient(theta, batch)
            push = momentum * push + gradient if momentum else gradient
            theta = theta - scale * push
        yield theta, space.loss_and_gradient(theta)[0]


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
    Drawn in notebook 07.
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
    """Return the loss on a plane: along the way to the solution, and along where it curves most at the start.

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
    share that each class has of it in the gradient at zero. Used in notebook 07.

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
