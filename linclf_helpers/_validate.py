"""Refuse what can't be right, with a message that names the argument, what was expected and what came."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]

# How far a row of probabilities may be from summing to 1. Generous on purpose: a finite difference nudges one
# probability on its own (notebook 03), while logits handed in by mistake miss by far more.
ROW_SUM_SLACK = 0.1


def as_real_array(name: str, value: ArrayLike) -> Array:
    """Return `value` as a finite array of floats: float32 stays float32, all else becomes float64."""
    array = as_any_array(name, value)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name}: expected an array of real numbers, got {describe(value, array)}")
    if array.size == 0:
        raise ValueError(f"{name}: expected at least one number, got an empty array of shape {array.shape}")
    if array.dtype != np.float32:
        with np.errstate(over="ignore"):  # a longdouble may not fit: it becomes inf, and is refused below
            array = array.astype(np.float64, copy=False)
    if not np.isfinite(array).all():
        first = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        where = f" at index {list(first)}" if first else ""
        raise ValueError(f"{name}: expected finite numbers, got {array[first]}{where}")
    return array


def as_vector_or_matrix(name: str, value: ArrayLike, shapes: str) -> Array:
    """Return `value` as one row, shape (n,), or a batch of rows, shape (N, n)."""
    array = as_real_array(name, value)
    if array.ndim not in (1, 2):
        raise ValueError(f"{name}: expected shape {shapes}, got {array.shape}")
    return array


def as_array_of_shape(name: str, value: ArrayLike, *shape: int | str) -> Array:
    """Return `value` as an array of the given shape, in which a letter stands for any length."""
    array = as_real_array(name, value)
    fits = array.ndim == len(shape) and all(
        isinstance(want, str) or want == got for want, got in zip(shape, array.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join(str(want) for want in shape) + ("," if len(shape) == 1 else "")
        raise ValueError(f"{name}: expected shape ({wanted}), got {array.shape}")
    return array


def as_logits(name: str, value: ArrayLike) -> Array:
    """Return `value` as logits: shape (K,) for one example or (N, K) for a batch, K at least 2."""
    Z = as_vector_or_matrix(name, value, "(K,) or (N, K)")
    if Z.shape[-1] < 2:
        raise ValueError(f"{name}: expected at least 2 classes (K >= 2), got shape {Z.shape}")
    return Z


def as_probabilities(name: str, value: ArrayLike) -> Array:
    """Return `value` as probabilities of K classes: nothing negative, each row summing to about 1."""
    Y_hat = as_logits(name, value)
    if (Y_hat < 0).any():
        raise ValueError(
            f"{name}: expected probabilities, got the negative number {Y_hat.min():.6g} (are these logits?)"
        )
    with np.errstate(over="ignore"):
        sums = np.atleast_1d(Y_hat.sum(axis=-1))
    worst = int(np.abs(sums - 1).argmax())
    # The last term lets a nudge of exactly ROW_SUM_SLACK pass in spite of rounding.
    if abs(sums[worst] - 1) > ROW_SUM_SLACK + 1e-6:
        raise ValueError(
            f"{name}: expected each row to sum to 1, got a sum of {sums[worst]:.6g} in row {worst} (are these logits?)"
        )
    return Y_hat


def as_labels(name: str, value: ArrayLike, K: int | None = None) -> Labels:
    """Return `value` as integer labels, shape (N,), all from 0 to K - 1."""
    labels = as_any_array(name, value)
    if labels.dtype.kind not in "iu":
        raise ValueError(f"{name}: expected integer labels, got {describe(value, labels)}")
    if labels.ndim != 1 or labels.size == 0:
        raise ValueError(f"{name}: expected shape (N,) with N >= 1, got {labels.shape}")
    if labels.min() < 0 or (K is not None and labels.max() >= K):
        wanted = "labels of 0 or more" if K is None else f"labels from 0 to {K - 1}"
        bad = labels.min() if labels.min() < 0 else labels.max()
        raise ValueError(f"{name}: expected {wanted}, got {bad}")
    return labels


def as_one_hot(name: str, value: ArrayLike, like: Array, like_name: str) -> Array:
    """Return labels for the rows of `like` as one-hot rows of the shape of `like`, from either form of label."""
    N_or_nothing, K = like.shape[:-1], like.shape[-1]
    array = as_any_array(name, value)
    if array.ndim == like.ndim - 1:
        labels = as_labels(name, array.reshape(-1), K)
        if array.shape != N_or_nothing:
            raise ValueError(f"{name}: expected {like.shape[0]} labels, one per row of {like_name}, got {array.size}")
        Y = np.zeros((labels.size, K), like.dtype)
        Y[np.arange(labels.size), labels] = 1
        return Y.reshape(like.shape)
    Y = as_real_array(name, value)
    if Y.shape != like.shape:
        raise ValueError(
            f"{name}: expected one-hot rows of shape {like.shape} or integer labels of shape {N_or_nothing}"
            f" to go with {like_name}, got shape {Y.shape}"
        )
    rows = Y.reshape(-1, K)
    wrong = ~(((rows == 0) | (rows == 1)).all(axis=1) & (rows.sum(axis=1) == 1))
    if wrong.any():
        first = int(wrong.argmax())
        raise ValueError(f"{name}: expected one-hot rows (a single 1, the rest 0), got {rows[first]} in row {first}")
    return Y.astype(like.dtype, copy=False)


def within_range(names: str, what: str, result: Array) -> Array:
    """Return a result, or refuse the arguments that drove it beyond the largest float."""
    if not np.isfinite(result).all():
        bad = result[~np.isfinite(result)][0]
        raise ValueError(f"{names}: expected {what} to stay within the range of floats, got {bad}")
    return result


def positive(name: str, value: float) -> float:
    """Return `value` as a float that is finite and greater than 0."""
    number = _as_number(name, value)
    if not (np.isfinite(number) and number > 0):
        raise ValueError(f"{name}: expected a finite number greater than 0, got {value!r}")
    return number


def not_negative(name: str, value: float, below: float = np.inf) -> float:
    """Return `value` as a float that is at least 0 and less than `below`."""
    number = _as_number(name, value)
    if not 0 <= number < below:
        limit = "" if below == np.inf else f" and less than {below:g}"
        raise ValueError(f"{name}: expected a finite number of at least 0{limit}, got {value!r}")
    return number


def whole_number(name: str, value: int, at_least: int) -> int:
    """Return `value` as an int that is at least `at_least`."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer) or value < at_least:
        raise ValueError(f"{name}: expected a whole number of at least {at_least}, got {value!r}")
    return int(value)


def generator(name: str, value: int | np.random.Generator | None) -> np.random.Generator:
    """Return the random number generator that `value` is, is the seed of, or, being None, leaves to chance."""
    if value is None or isinstance(value, np.random.Generator):
        return np.random.default_rng(value)
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer) or value < 0:
        raise ValueError(
            f"{name}: expected a seed (a whole number of at least 0), a numpy.random.Generator or None, got {value!r}"
        )
    return np.random.default_rng(int(value))


def as_any_array(name: str, value: object) -> NDArray[Any]:
    """Return `value` as an array of anything; ragged and masked ones are refused."""
    if isinstance(value, np.ma.MaskedArray) and value.mask.any():  # np.asarray would bring the hidden numbers back
        raise ValueError(f"{name}: expected no masked entries, got {np.count_nonzero(value.mask)}")
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(f"{name}: expected an array of numbers, got rows of different lengths") from None


def _as_number(name: str, value: float) -> float:
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise ValueError(f"{name}: expected a number, got {value!r}")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{name}: expected a number within the range of floats, got a larger one") from None


def describe(value: object, array: NDArray[Any]) -> str:
    """Return in words what came: the type of `value`, or the dtype and shape of the array it became."""
    if array.dtype == object and array.ndim == 0:
        return f"{type(value).__name__}"
    return f"an array of {array.dtype} with shape {array.shape}"
