"""Gradient descent with a record of its path, and many learning rates at once. Used in notebooks 06, 07 and 08."""

import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, Literal, NamedTuple

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
    "descend",
    "gradient_descent",
    "loss_slice",
    "safe_learning_rate",
    "sweep_runs",
]

LearningRate = float | Callable[[int], float] | Literal["barzilai-borwein"]
Random = int | np.random.Generator | None
Batch = NDArray[np.integer[Any]] | slice

# The path of the parameters is kept only as long as it is small; on images it would outgrow the data.
_LARGEST_PATH = 16 * 2**20  # bytes
# How often a step of Barzilai and Borwein is tried with a tenth of the rate, before it is left out.
_ATTEMPTS = 20


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


def descend(
    model: LinearClassifier,
    X: ArrayLike,
    Y: ArrayLike,
    learning_rate: LearningRate,
    batch_size: int | None = None,
    l2: float = 0.0,
    momentum: float = 0.0,
    rng: Random = None,
    *,
    nesterov: bool = False,
) -> Iterator[int]:
    """Train a model in place without end, one step each time the caller's loop asks for the next.

    Parameters
    ----------
    model, X, Y, learning_rate, batch_size, l2, momentum, rng, nesterov
        As in `gradient_descent`.

    Returns
    -------
    steps : iterator of int
        Gives 1, 2, 3, …: the number of steps done, each time with the model up to date.

    Raises
    ------
    ValueError
        If an argument is out of range or shapes do not fit; in the loop, if W or b leave the range of floats or a
        schedule returns no rate. The model is then as it was after the last whole step.

    Notes
    -----
    When to stop, what to look at in between, when to go on: all that is the caller's loop. The run keeps its own
    parameters, momentum and shuffled examples, so it goes on as if it had never paused, and what is written into the
    model meanwhile is overwritten.

    Examples
    --------
    Stop when the loss on other examples no longer falls:

    >>> X, labels = [[1.0, 2.0], [-1.0, 0.5], [0.0, 1.0], [2.0, -1.0]], [0, 1, 1, 2]
    >>> model = LinearClassifier(n_features=2, n_classes=3)
    >>> run, lowest = descend(model, X, labels, learning_rate=0.5), np.inf
    >>> for step in run:
    ...     loss = model.loss([[1.0, 0.0], [-1.0, 0.0]], [2, 1])
    ...     if loss >= lowest:
    ...         break
    ...     lowest = loss
    ...     if step == 10:
    ...         break

    Go on later, for two more:

    >>> next(run), next(run)
    (11, 12)
    """
    objective, start, _, batches = _prepare(model, X, Y, batch_size, l2, rng)
    path = _path(objective, start, batches, learning_rate, momentum, nesterov, lambda step: False)

    def steps() -> Iterator[int]:
        for step, theta in enumerate(path, 1):
            within_range("learning_rate", "W and b", theta)
            model.W, model.b = unpack(theta)
            yield step

    return steps()


def gradient_descent(
    model: LinearClassifier,
    X: ArrayLike,
    Y: ArrayLike,
    learning_rate: LearningRate,
    steps: int,
    batch_size: int | None = None,
    l2: float = 0.0,
    momentum: float = 0.0,
    rng: Random = None,
    *,
    nesterov: bool = False,
    tolerance: float = 0.0,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    record_every: int | None = None,
    progress: bool = False,
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
    rng : int or numpy.random.Generator, optional
        Shuffles the examples anew for each pass; without it batches are taken in order.
    nesterov : bool, default False
        Use Nesterov's form of momentum, which looks one step ahead.
    tolerance : float, default 0
        Stop when no entry of the gradient on all examples is larger: looked at before each step or, with batches,
        with each entry of the history.
    validation : (X, Y), optional
        Examples that are not trained on, whose loss and accuracy are recorded as well.
    record_every : int, optional
        Make an entry in the history after every so many steps, and at both ends. By default after each step or, with
        batches, after each pass: an entry takes a pass of its own through all the data.
    progress : bool, default False
        Show a progress bar.

    Returns
    -------
    history : History
        Stopping the kernel (KeyboardInterrupt) ends the run: the history and the model are then those of the last
        whole step, and `history.stopped` is "interrupted".

    Raises
    ------
    ValueError
        If an argument is out of range or shapes do not fit. The model is then as it was; if it is a schedule that
        returns no rate, as it was after the last whole step.

    Notes
    -----
    V ← μ V + ∂L/∂W, W ← W − η V, and the same for b; with momentum μ = 0 that is plain gradient descent. Nesterov:
    W ← W − η (∂L/∂W + μ V). Derived in notebook 06.

    Barzilai and Borwein (IMA Journal of Numerical Analysis 8, 1988) read the curvature off the last step: with s the
    change of the parameters and y the change of the gradient, η = s·s / s·y and η = s·y / y·y, taken in turn. Such a
    step may raise the loss for a while; if it exceeds the largest of the last ten, the step is taken again with a
    tenth of the rate. Explained in notebook 08.

    To stop early or do something after each step, write the loop yourself, around `descend`. A full-batch run gives
    the same bits every time on one machine with one number of threads.

    Examples
    --------
    >>> model = LinearClassifier(n_features=2, n_classes=3)
    >>> X, labels = [[1.0, 2.0], [-1.0, 0.5], [0.0, 1.0], [2.0, -1.0]], [0, 1, 1, 2]
    >>> gradient_descent(model, X, labels, learning_rate=0.5, steps=10)
    History(steps=10, loss 1.0986 → 0.2710)
    """
    steps = whole_number("steps", steps, at_least=0)
    tolerance = not_negative("tolerance", tolerance)
    objective, start, size, batches = _prepare(model, X, Y, batch_size, l2, rng)
    a_pass = math.ceil(objective.space.N / size)
    every = a_pass if record_every is None else whole_number("record_every", record_every, at_least=1)

    def due(step: int) -> bool:
        return step % every == 0 or step == steps

    path = islice(_path(objective, start, batches, learning_rate, momentum, nesterov, due), steps)
    entries = _Entries(_held_out(validation, start), keep_path=(steps // every + 2) * start.nbytes <= _LARGEST_PATH)
    if progress:
        from tqdm.auto import tqdm  # here, so that importing the package stays cheap

        path = tqdm(path, total=steps, unit="step")
    done, stopped, diverged_at = (0, start), "finished", None
    try:
        for step, theta in enumerate(chain([start], path)):
            recorded = due(step)
            if batches is None or recorded or objective.may_overflow(theta):
                look = objective.look(theta, accuracy=recorded, gradient=batches is None or tolerance > 0)
                if not (math.isfinite(look.loss) and np.isfinite(theta).all()):
                    stopped, diverged_at = "diverged", step
                    break
            done = (step, theta)
            if recorded:
                entries.add(step, theta, look)
            if tolerance > 0 and (batches is None or recorded) and np.abs(look.gradient).max() <= tolerance:
                stopped = "converged"
                break
    except KeyboardInterrupt:
        stopped = "interrupted"
    finally:
        model.W, model.b = unpack(done[1])
    if entries.last != done[0]:
        entries.add(*done, objective.look(done[1], accuracy=True, gradient=False))
    return entries.history(diverged_at, stopped)


# --- the loop, in the letters of the formula -------------------------------------------------------------------------


def _path(
    objective: "_Objective",
    theta: Array,
    batches: Iterator[Batch] | None,
    learning_rate: LearningRate,
    momentum: float,
    nesterov: bool,
    due: Callable[[int], bool],
) -> Iterator[Array]:
    """Check how the steps are to be taken, and return the parameters after each."""
    momentum = not_negative("momentum", momentum, below=1)
    if isinstance(learning_rate, str):
        if learning_rate != "barzilai-borwein":
            raise ValueError(
                f"learning_rate: expected a number, a function or 'barzilai-borwein', got {learning_rate!r}"
            )
        if batches is not None or momentum:
            raise ValueError("learning_rate: expected full batches and no momentum with 'barzilai-borwein'")
        return _barzilai_borwein(objective, theta, due)

    def gradient_at(theta: Array) -> Array:
        return objective.look(theta).gradient if batches is None else objective.space.of_batch(theta, next(batches))

    return _momentum(theta, gradient_at, _schedule(learning_rate), momentum, nesterov)


def _momentum(
    theta: Array,
    gradient_at: Callable[[Array], Array],
    rate: Callable[[int], float],
    momentum: float,
    nesterov: bool,
) -> Iterator[Array]:
    """Yield the parameters after each step: V ← μ V + ∂L/∂θ, θ ← θ − η V."""
    V, step = np.zeros_like(theta), 0
    while True:
        gradient = gradient_at(theta)
        eta = rate(step)
        with np.errstate(over="ignore", invalid="ignore"):
            V = momentum * V + gradient if momentum else gradient
            theta = theta - eta * (gradient + momentum * V if nesterov else V)
        yield theta
        step += 1


def _barzilai_borwein(objective: "_Objective", theta: Array, due: Callable[[int], bool]) -> Iterator[Array]:
    """Yield the parameters after each step, with the rate that sets itself; `due` says where accuracy is asked for."""
    safe_rate = objective.space.safe_rate()
    look = objective.look(theta)
    losses = deque([look.loss], maxlen=10)
    before, gradient_before, step = theta, look.gradient.copy(), 0
    while True:
        start, gradient = theta, objective.look(theta).gradient.copy()
        with np.errstate(over="ignore", invalid="ignore"):
            s, y = start - before, gradient - gradient_before
            ss, sy, yy = float(np.vdot(s, s)), float(np.vdot(s, y)), float(np.vdot(y, y))
        # At the first step, or where no curvature is to be seen, there is nothing to read the rate off.
        rate = safe_rate
        if all(0 < number < math.inf for number in (ss, sy, yy)):
            rate = ss / sy if step % 2 else sy / yy
        for attempt in range(_ATTEMPTS + 1):
            with np.errstate(over="ignore", invalid="ignore"):
                theta = start - rate * gradient
            loss = objective.look(theta, accuracy=due(step + 1)).loss
            if loss <= max(losses):
                break
            rate = rate / 10 if attempt < _ATTEMPTS - 1 else 0.0  # at last stay: no lower loss is to be seen
        losses.append(loss)
        before, gradient_before = start, gradient
        yield theta
        step += 1


def _schedule(learning_rate: float | Callable[[int], float]) -> Callable[[int], float]:
    """Return the learning rate as a function of the steps done so far."""
    if not callable(learning_rate):
        constant = positive("learning_rate", learning_rate)
        return lambda step: constant

    def rate(step: int) -> float:
        value = learning_rate(step)
        try:
            return positive("learning_rate", value)
        except ValueError as error:
            raise ValueError(f"{error} from the schedule after {step} steps") from None

    return rate


def _prepare_batches(N: int, batch_size: int | None, rng: Random) -> tuple[int, Iterator[Batch] | None]:
    """Check the arguments; return the size of a batch, and the batches, or None if each is all the data."""
    size = N if batch_size is None else whole_number("batch_size", batch_size, at_least=1)
    if size > N:
        raise ValueError(f"batch_size: expected at most the {N} examples there are, got {size}")
    order = None if rng is None else generator("rng", rng)
    return size, None if size == N else _batches(N, size, order)


def _batches(N: int, size: int, rng: np.random.Generator | None) -> Iterator[Batch]:
    """Yield the numbers of the examples of one batch after another, pass after pass."""
    while True:
        order = None if rng is None else rng.permutation(N)
        for start in range(0, N, size):
            batch = slice(start, start + size)
            yield batch if order is None else order[batch]


class _Look(NamedTuple):
    """What all the data say about some parameters; the gradient holds until the next look."""

    loss: float
    gradient: Array
    accuracy: float


class _Objective:
    """The loss on all the data. Asked twice in a row about the same parameters, it computes once."""

    def __init__(self, space: Workspace) -> None:
        self.space = space
        self._theta: Array | None = None
        self._look = _Look(math.nan, _nothing(), math.nan)
        # Scores, their sum and the squares of the parameters are certain to be finite below this.
        largest = math.sqrt(np.finfo(space.dtype).max)
        self._limit = largest / (4 * space.N * space.K * (space.D + 1) * (1 + space.largest) * (1 + space.l2))

    def look(self, theta: Array, accuracy: bool = False, gradient: bool = True) -> _Look:
        known = theta is self._theta and (not accuracy or not math.isnan(self._look.accuracy))
        if not known or (gradient and not self._look.gradient.size):
            loss, slope, share = self.space.evaluate(theta, accuracy=accuracy, gradient=gradient)
            self._theta, self._look = theta, _Look(float(loss[0]), slope, float(share[0]))
        return self._look

    def may_overflow(self, theta: Array) -> bool:
        return not np.abs(theta).max() < self._limit


def _prepare(
    model: LinearClassifier, X: ArrayLike, Y: ArrayLike, batch_size: int | None, l2: float, rng: Random
) -> tuple["_Objective", Array, int, Iterator[Batch] | None]:
    """Check the arguments that every run has; return the loss, the start, and the batches with their size."""
    if not isinstance(model, LinearClassifier):
        raise ValueError(f"model: expected a LinearClassifier, got {model!r}")
    W = as_array_of_shape("model.W", model.W, "D", "K")
    b = as_array_of_shape("model.b", model.b, W.shape[1])
    X = as_array_of_shape("X", X, "N", len(W))
    theta = pack(W, b, np.result_type(X, W))
    objective = _Objective(Workspace(X, Y, l2, n_classes=len(b), dtype=theta.dtype))
    size, batches = _prepare_batches(len(X), batch_size, rng)
    loss = objective.look(theta, accuracy=True).loss
    if not math.isfinite(loss):
        raise ValueError(f"model: expected W and b with a finite loss, got {loss}")
    return objective, theta, size, batches


# --- the record ------------------------------------------------------------------------------------------------------


def _held_out(validation: tuple[ArrayLike, ArrayLike] | None, theta: Array) -> Workspace | None:
    """Check the validation set and make room for it."""
    if validation is None:
        return None
    if not isinstance(validation, tuple | list) or len(validation) != 2:
        raise ValueError(f"validation: expected a pair (X, Y), got {type(validation).__name__}")
    _, K, width = theta.shape
    try:
        X = as_array_of_shape("X", validation[0], "N", width - 1)
        return Workspace(X, validation[1], n_classes=K, dtype=theta.dtype)
    except ValueError as error:
        raise ValueError(f"validation: {error}") from None


class _Entries:
    """The entries of a history in the making."""

    def __init__(self, held_out: Workspace | None, keep_path: bool) -> None:
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


# --- many learning rates at once -------------------------------------------------------------------------------------


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
    batch_size : int, optional
        Examples per update, from 1 to N; all N by default. All rates see the same batches.
    momentum : float, default 0
        From 0 up to, but not including, 1.
    rng : int or numpy.random.Generator, optional
        Shuffles the examples anew for each pass; without it batches are taken in order.

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
    class, into one tall matrix, so that a step is two matrix products for all of them (`linclf_helpers.workspace`).
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
    space = Workspace(X, Y, n_classes=K, models=len(rates))
    _, batches = _prepare_batches(space.N, batch_size, rng)

    path = np.empty((steps + 1, space.R, K, space.D + 1), space.dtype)
    losses = np.empty((space.R, steps + 1), space.dtype)
    theta = np.zeros_like(path[0])
    push = np.zeros_like(theta)
    scale = rates[:, None, None].astype(space.dtype)
    with np.errstate(over="ignore", invalid="ignore"):  # a rate that diverges ends in inf − inf
        for step in range(steps + 1):
            losses[:, step], gradient, _ = space.evaluate(theta)
            path[step] = theta
            if step < steps:
                if batches is not None:
                    gradient = space.of_batch(theta, next(batches))
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
