"""Gradient descent with a record of its path. Used in notebooks 06, 07 and 08."""

import math
from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linclf_helpers._validate import (
    Array,
    as_array_of_shape,
    generator,
    not_negative,
    positive,
    whole_number,
    within_range,
)
from linclf_helpers.fast import FastLoss, pack, unpack
from linclf_helpers.history import History, _Entries, _held_out, _Look
from linclf_helpers.model import LinearClassifier

__all__ = ["descend", "gradient_descent"]

LearningRate = float | Callable[[int], float] | Literal["barzilai-borwein"]
Random = int | np.random.Generator | None
Batch = NDArray[np.integer[Any]] | slice

# The path of the parameters is kept only as long as it is small; on images it would outgrow the data.
_LARGEST_PATH = 16 * 2**20  # bytes
# How often a step of Barzilai and Borwein is tried with a tenth of the rate, before it is left out.
_ATTEMPTS = 20


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
    a_pass = math.ceil(objective.fast.N / size)
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
                if not math.isfinite(look.loss):  # nor is it where a parameter isn't
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
        return objective.look(theta).gradient if batches is None else objective.fast.of_batch(theta, next(batches))

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
    safe_rate = objective.fast.safe_rate()
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


class _Objective:
    """The loss on all the data. Asked twice in a row about the same parameters, it computes once."""

    def __init__(self, fast: FastLoss) -> None:
        self.fast = fast
        self._theta: Array | None = None
        self._look = _Look(math.nan, np.empty(0), math.nan)
        # Scores, their sum and the squares of the parameters are certain to be finite below this.
        largest = math.sqrt(np.finfo(fast.dtype).max)
        self._limit = largest / (4 * fast.N * fast.K * (fast.D + 1) * (1 + fast.largest) * (1 + fast.l2))

    def look(self, theta: Array, accuracy: bool = False, gradient: bool = True) -> _Look:
        known = theta is self._theta and (not accuracy or not math.isnan(self._look.accuracy))
        if not known or (gradient and not self._look.gradient.size):
            loss, slope, share = self.fast.evaluate(theta, accuracy=accuracy, gradient=gradient)
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
    objective = _Objective(FastLoss(X, Y, l2, n_classes=len(b), dtype=theta.dtype))
    size, batches = _prepare_batches(len(X), batch_size, rng)
    loss = objective.look(theta, accuracy=True).loss
    if not math.isfinite(loss):
        raise ValueError(f"model: expected W and b with a finite loss, got {loss}")
    return objective, theta, size, batches
