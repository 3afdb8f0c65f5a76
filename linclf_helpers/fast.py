"""The loss and its gradient once more, as fast as NumPy goes: the same numbers, in arrays that are made once.

`gradients.loss_and_gradients` is the form to read. This is the form to run many times; notebook 08 shows, line by
line, why it is faster. `training` uses it, and tests prove that both agree up to rounding.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from linclf_helpers._validate import (
    Array,
    as_any_array,
    as_array_of_shape,
    as_one_hot,
    describe,
    not_negative,
    whole_number,
    within_range,
)

__all__ = ["FastLoss", "pack", "unpack"]

Integers = NDArray[np.integer[Any]]
Chunk = tuple[slice | Integers, Array, Array, Array]  # which examples; X or [X, 1]; its transpose; room for Z

# Numbers that a processor keeps at hand (1 MB). Data of at most that size is taken whole.
_IN_CACHE = 2**17
# Larger data goes through in chunks of rows. Of this size (1.6 MB) they were fastest with one thread; several threads
# share the product of a larger one better.
_CHUNK = 200_000
# Where no more than this share of two sums is left as their difference, the loss is computed another way.
_CANCELLED = 1e-4


class FastLoss:
    """Everything that the loss of some data needs, prepared once and used at every step.

    Parameters
    ----------
    X : array of shape (N, D)
        Examples. Large data is not copied, so it must not change while this is in use.
    Y : array of shape (N, K), or integers of shape (N,)
        Labels. Integers need `n_classes`.
    l2 : float, default 0
        Strength λ of the penalty on the weights.
    n_classes : int, optional
        K, at least 2. By default the width of Y.
    models : int, default 1
        R: how many classifiers go through the data together.
    dtype : dtype, optional
        float64 or float32; by default that of X.

    Attributes
    ----------
    N, D, K, R : int
    l2 : float
    largest : float
        The largest entry of X, its sign aside.

    Raises
    ------
    ValueError
        If shapes do not fit, labels are not valid, a number is not finite, or an argument is out of range.

    Notes
    -----
    Five ideas, none of which changes the mathematics:

    1. Parameters and scores lie class after class, θ (K, D + 1) and Z (K, N): adding up K long rows is several times
       faster than adding up N short ones.
    2. The bias is the last column of θ, on a feature that is always 1.
    3. The labels enter the mean loss only through YᵀX/N, which never changes: L = mean log Σ e^z − ⟨θ, YᵀX/N⟩ and
       ∂L/∂θ = ŶᵀX/N − YᵀX/N.
    4. Only differences of scores matter, so the last class keeps the score 0 and K − 1 are computed; the softmax
       divides by 1 + Σ e^z. The gradient of the last class is minus the sum of the others.
    5. Data larger than the cache goes through in chunks of rows, while they are warm.

    Two things are done only when needed, and noticed at no cost. An exponential that overflows makes the loss
    infinite: then the chunk is done again with the maximum subtracted. A loss that is tiny beside the two sums whose
    difference it is (idea 3) has lost its digits: then it is summed again, example by example. Explained in
    notebook 08.

    Examples
    --------
    >>> X, labels = [[1.0, 2.0], [-1.0, 0.5], [0.0, 1.0], [2.0, -1.0]], [0, 1, 1, 2]
    >>> fast = FastLoss(X, labels, n_classes=3)
    >>> loss, gradient = fast.loss_and_gradient(np.zeros((1, 3, 3)))
    >>> print(loss.round(4), gradient.shape)
    [1.0986] (1, 3, 3)
    """

    def __init__(
        self,
        X: ArrayLike,
        Y: ArrayLike,
        l2: float = 0.0,
        n_classes: int | None = None,
        models: int = 1,
        dtype: DTypeLike | None = None,
    ) -> None:
        self._X = X = as_array_of_shape("X", X, "N", "D")
        self.N, self.D = N, D = X.shape
        if n_classes is None:
            n_classes = as_array_of_shape("Y", Y, N, "K").shape[1]
        self.K = K = whole_number("n_classes", n_classes, at_least=2)
        self.R = R = whole_number("models", models, at_least=1)
        self.l2 = not_negative("l2", l2)
        self.largest = max(float(X.max()), -float(X.min()))
        wanted: Any = X.dtype if dtype is None else dtype
        self.dtype: np.dtype[np.floating[Any]] = np.dtype(wanted)
        dtype = self.dtype
        if dtype not in (np.float64, np.float32):
            raise ValueError(f"dtype: expected float64 or float32, got {dtype}")
        Y = as_one_hot("Y", Y, np.broadcast_to(self.dtype.type(0), (N, K)), "X")
        self._labels = Y.argmax(axis=1)

        width = R * (K - 1)
        whole = N * max(D + 1, width) <= _IN_CACHE
        self._rows = N if whole else min(N, max(1, _CHUNK // max(D + 1, width)))
        self._signs = np.vstack([np.eye(K - 1), -np.ones(K - 1)]).astype(dtype)  # (K, K - 1): ±1 in each column
        self._signs_by_N = self._signs / N
        self._room = np.empty((width + 1) * self._rows, dtype)  # a row more, for the scores of the last class
        self._differences = np.empty((R, K - 1, D + 1), dtype)
        self._by_class, self._by_model = (
            self._differences.reshape(width, D + 1),
            self._differences.reshape(R, -1),
        )  # views of U
        self._products = {d: np.empty((width, d), dtype) for d in (D, D + 1)}
        self._sums = np.empty((width, D + 1), dtype)
        self._gradient = np.empty((R, K, D + 1), dtype)
        self._unknown = np.full(R, np.nan)
        YX = np.zeros((K - 1, D + 1), dtype)
        for rows, X, _, _ in self._chunks():
            YX[:, :D] += Y[rows, :-1].T.astype(dtype) @ X
        YX[:, D] = Y[:, :-1].sum(axis=0)
        self._label_sums, self._minus_label_sums = YX.reshape(-1), np.tile(-YX, (R, 1))
        self._prepared: list[Chunk] = []
        if whole:
            X1 = np.hstack([self._X, np.ones((N, 1))]).astype(dtype)
            self._prepared = [(slice(0, N), X1, X1.T.copy(), self._room[: width * N].reshape(width, N))]

    def loss_and_gradient(self, theta: Array) -> tuple[Array, Array]:
        """Return the mean loss of each model and its gradient.

        Parameters
        ----------
        theta : ndarray of shape (R, K, D + 1)
            Weights of each class, its bias last, as `pack` makes them; of this dtype.

        Returns
        -------
        loss : ndarray of shape (R,)
            Not finite if the parameters have left the range of floating-point numbers.
        gradient : ndarray of shape (R, K, D + 1)
            The same array at every call: it holds until the next one.

        Raises
        ------
        ValueError
            If theta has another shape or dtype.
        """
        return self.evaluate(theta)[:2]

    def loss_gradient_and_accuracy(self, theta: Array) -> tuple[Array, Array, NDArray[np.float64]]:
        """Return the same, and the share of the examples that each model classifies correctly, shape (R,)."""
        return self.evaluate(theta, accuracy=True)

    def batch_gradient(self, theta: Array, examples: ArrayLike | slice) -> Array:
        """Return the gradient on some of the examples only.

        Parameters
        ----------
        theta : ndarray of shape (R, K, D + 1)
        examples : integers of shape (n,), booleans of shape (N,), or slice
            Which rows of X, as NumPy would take them: a number that stands twice counts twice, −1 is the last row.

        Returns
        -------
        gradient : ndarray of shape (R, K, D + 1)
            The same array at every call.

        Raises
        ------
        ValueError
            If theta has another shape or dtype, or there are no such examples.
        """
        self._check(theta)
        return self.of_batch(theta, self._numbers(examples))

    def of_batch(self, theta: Array, examples: Integers | slice) -> Array:
        """Return what `batch_gradient` does, without its checks: for numbers of examples known to be right."""
        self._sums.fill(0)
        with np.errstate(all="ignore"):
            self._take_differences(theta)
            n = 0
            for rows, X, X_T, Z in self._chunks(examples):
                self._scores(X_T, Z)
                self._probabilities(X_T, Z)
                n += len(X)
                labels = self._labels[rows]
                others = np.flatnonzero(labels < self.K - 1)  # the last class has no row
                Z.reshape(self.R, self.K - 1, -1)[:, labels[others], others] -= 1  # Ŷ − Y
                self._add_products(Z, X)
            return self._gradient_of(theta, self._signs / n)

    def safe_rate(self) -> float:
        """Return a learning rate that is certain to lower the loss: 1/β with the trace for the largest eigenvalue.

        Raises
        ------
        ValueError
            If XᵀX is beyond the largest float.
        """
        squares = float(self.N)  # of the feature that is always 1
        for _, X, _, _ in self._chunks():
            X = X.astype(np.float64, copy=False)
            squares += float(np.vdot(X, X))
        within_range("X", "XᵀX", np.array(squares))
        return 1 / (squares / self.N / 2 + self.l2)

    def evaluate(
        self, theta: Array, accuracy: bool = False, gradient: bool = True
    ) -> tuple[Array, Array, NDArray[np.float64]]:
        """Return loss, gradient and accuracy as above: the accuracy nan and the gradient empty if not asked for."""
        self._check(theta)
        np.copyto(self._sums, self._minus_label_sums)
        correct: Any = 0
        log_sums: Any = 0
        with np.errstate(all="ignore"):
            self._take_differences(theta)
            for rows, X, X_T, Z in self._prepared or self._chunks():
                self._scores(X_T, Z)
                if accuracy:
                    correct = correct + self._count_correct(Z, self._labels[rows])
                log_sums = log_sums + self._probabilities(X_T, Z)
                if gradient:
                    self._add_products(Z, X)
            loss = log_sums - np.dot(self._by_model, self._label_sums)
            if any(map(_CANCELLED.__gt__, (loss / log_sums).tolist())):  # in C: NumPy's own any takes 2 µs
                loss = self._loss_by_example()
            loss /= self.N
            if self.l2:
                loss += self.l2 / 2 * (theta[:, :, :-1] ** 2).sum(axis=(1, 2))
            slope = self._gradient_of(theta, self._signs_by_N) if gradient else self._gradient[:0]
            return loss, slope, correct / self.N if accuracy else self._unknown

    def _check(self, theta: Array) -> None:
        if theta.shape != self._gradient.shape or theta.dtype != self.dtype:
            wanted = f"{self.dtype} of shape {self._gradient.shape}"
            raise ValueError(f"theta: expected {wanted}, got {theta.dtype} of shape {theta.shape}")

    def _numbers(self, examples: ArrayLike | slice) -> Integers:
        """Check which examples are meant, and return their numbers."""
        if isinstance(examples, slice):
            examples = np.arange(self.N)[examples]
        numbers = as_any_array("examples", examples)
        if numbers.dtype == bool and numbers.shape == (self.N,):
            numbers = np.flatnonzero(numbers)
        if numbers.ndim != 1 or numbers.size == 0 or numbers.dtype.kind not in "iu":
            raise ValueError(
                f"examples: expected at least one whole number, or {self.N} booleans of which one is True,"
                f" got {describe(examples, numbers)}"
            )
        if numbers.min() < -self.N or numbers.max() >= self.N:
            bad = numbers.min() if numbers.min() < -self.N else numbers.max()
            raise ValueError(f"examples: expected numbers of the {self.N} examples, 0 to {self.N - 1}, got {bad}")
        return numbers

    def _loss_by_example(self) -> Array:
        """Return the losses summed, shape (R,), each log Σ_k e^(z_k − z_c) on its own: exact where they are tiny."""
        loss = np.zeros(self.R, self.dtype)
        for rows, X, X_T, Z in self._prepared or self._chunks():
            n = np.arange(len(X))
            self._scores(X_T, Z)
            scores = np.zeros((self.R, self.K, len(n)), self.dtype)  # the last class has 0
            scores[:, :-1] = Z.reshape(self.R, self.K - 1, -1)
            lead = scores - scores[:, self._labels[rows], n][:, None]  # of each class over the correct one
            lead[:, self._labels[rows], n] = -np.inf
            top = np.maximum(lead.max(axis=1), 0)
            others = np.exp(lead - top[:, None]).sum(axis=1)
            loss += (top + np.log1p(others + np.expm1(-top))).sum(axis=1)
        return loss

    def _chunks(self, examples: Integers | slice = slice(None)) -> Iterator[Chunk]:
        """Yield all examples, or those with the given numbers, a few at a time; a slice of them is not copied."""
        first, end, _ = examples.indices(self.N) if isinstance(examples, slice) else (0, len(examples), 1)
        for start in range(first, end, self._rows):
            part = slice(start, min(start + self._rows, end))
            rows = part if isinstance(examples, slice) else examples[part]
            X = self._X[rows].astype(self.dtype, copy=False)
            Z = self._room[: len(self._sums) * len(X)].reshape(len(self._sums), len(X))
            yield rows, X, X.T, Z

    def _scores(self, X_T: Array, Z: Array) -> None:
        """Set Z = U [X, 1]ᵀ, whether X has the column of ones or not."""
        if len(X_T) > self.D:
            np.dot(self._by_class, X_T, out=Z)
        else:
            np.dot(self._by_class[:, :-1], X_T, out=Z)
            Z += self._by_class[:, -1:]

    def _add_products(self, Z: Array, X: Array) -> None:
        """Add Z [X, 1] to the total, whether X has the column of ones or not."""
        columns = X.shape[1]
        self._sums[:, :columns] += np.dot(Z, X, out=self._products[columns])
        if columns == self.D:
            self._sums[:, -1] += Z.sum(axis=1)

    def _take_differences(self, theta: Array) -> None:
        """Set U = Sᵀθ: each class's parameters minus those of the last class."""
        self._times(self._signs.T, theta, self._differences)

    def _gradient_of(self, theta: Array, S: Array) -> Array:
        """Return ∂L/∂θ = S ∂L/∂U, the chain rule through U = Sᵀθ, and the penalty's part."""
        gradient = self._gradient
        self._times(S, self._sums.reshape(self._differences.shape), gradient)
        if self.l2:
            gradient[:, :, :-1] += self.l2 * theta[:, :, :-1]
        return gradient

    def _times(self, S: Array, stack: Array, out: Array) -> None:
        """Multiply each model's matrix by S. For a single one, dot takes half the time of matmul."""
        if self.R == 1:
            np.dot(S, stack[0], out=out[0])
        else:
            np.matmul(S, stack, out=out)

    def _probabilities(self, X_T: Array, Z: Array) -> Array:
        """Turn Z, shape (R·(K - 1), n), from scores into probabilities; return Σ_n log Σ_k e^z, shape (R,)."""
        by_model = Z.reshape(self.R, self.K - 1, -1)
        np.exp(Z, out=Z)
        denominator = np.add.reduce(by_model, axis=1, initial=1)  # (R, n); the last class has e^0 = 1
        by_model /= denominator[:, None]
        log_sums = np.add.reduce(np.log(denominator), axis=1)
        if math.isfinite(sum(log_sums.tolist())):
            return log_sums
        self._scores(X_T, Z)  # an exponential overflowed: again, with the maximum subtracted
        top = np.maximum(by_model.max(axis=1), 0)
        by_model -= top[:, None]
        np.exp(Z, out=Z)
        denominator = by_model.sum(axis=1) + np.exp(-top)
        by_model /= denominator[:, None]
        return (np.log(denominator) + top).sum(axis=1)

    def _count_correct(self, Z: Array, labels: Integers) -> NDArray[np.integer[Any]]:
        """Return how many of these examples each model classifies correctly by its scores Z, shape (R,)."""
        if self.R == 1:  # the room goes on where Z ends
            scores = self._room[: self.K * len(labels)].reshape(self.K, -1)
            scores[-1] = 0  # of the last class
            return np.array([np.count_nonzero(scores.argmax(axis=0) == labels)])  # ties: the lower class
        by_model = Z.reshape(self.R, self.K - 1, -1)
        predicted = by_model.argmax(axis=1)
        predicted[by_model.max(axis=1) < 0] = self.K - 1
        return (predicted == labels).sum(axis=1)


def pack(W: Array, b: Array, dtype: DTypeLike | None = None) -> Array:
    """Return the parameters of one model, class after class, the bias last.

    Parameters
    ----------
    W : ndarray of shape (D, K)
    b : ndarray of shape (K,)
    dtype : dtype, optional
        By default that of W and b.

    Returns
    -------
    theta : ndarray of shape (1, K, D + 1)

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Notes
    -----
    θ_kd = W_dk, and θ_kD = b_k. Used in notebook 08.

    Examples
    --------
    >>> print(pack(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([7.0, 8.0])))
    [[[1. 3. 5. 7.]
      [2. 4. 6. 8.]]]
    """
    return np.ascontiguousarray(np.vstack([W, b]).T[None], dtype)


def unpack(theta: Array) -> tuple[Array, Array]:
    """Return the weights and the bias that `pack` put together, as copies.

    Parameters
    ----------
    theta : ndarray of shape (1, K, D + 1)

    Returns
    -------
    W : ndarray of shape (D, K)
    b : ndarray of shape (K,)

    Raises
    ------
    IndexError
        If theta does not have three axes.

    Notes
    -----
    Used in notebook 08, for gradients as well as for parameters.

    Examples
    --------
    >>> W, b = unpack(np.array([[[1.0, 7.0], [2.0, 8.0]]]))
    >>> print(W, b)
    [[1. 2.]] [7. 8.]
    """
    return theta[0, :, :-1].T.copy(), theta[0, :, -1].copy()
