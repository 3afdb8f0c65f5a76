"""Finite differences: nudge a number, watch the result, and compare with the formula. Explained in notebook 03."""

import html
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linclf_helpers._validate import (
    Array,
    as_any_array,
    as_array_of_shape,
    as_real_array,
    describe,
    not_negative,
    positive,
    within_range,
)

__all__ = [
    "GradientCheck",
    "check_gradient",
    "error_by_step_size",
    "numerical_gradient",
    "numerical_jacobian",
]

Scheme = Literal["central", "forward"]


def numerical_gradient(f: Callable[[Array], float], x: ArrayLike, h: float = 1e-5, scheme: Scheme = "central") -> Array:
    """Return the gradient of a function of an array, by finite differences.

    Parameters
    ----------
    f : callable
        Takes an array of the shape of x and returns one number. It gets a fresh copy at every call.
    x : array of any shape
        Where to take the gradient. Never changed. Integers are turned into floats; float32 stays float32.
    h : float, default 1e-5
        Size of the nudge.
    scheme : {"central", "forward"}, default "central"
        Nudge to both sides, or to one.

    Returns
    -------
    gradient : ndarray of the shape of x

    Raises
    ------
    ValueError
        If f is not a function that returns one finite number, x is not made of finite numbers, h is not greater than 0
        or so small that x + h equals x, or the scheme is unknown.

    Notes
    -----
    Central: (f(x + h) − f(x − h)) / 2h, whose error is O(h²) from cutting the Taylor series plus O(ε/h) from
    rounding; in float64 the best h is near 1e-5. Forward: (f(x + h) − f(x)) / h, with an error of O(h).
    Explained in notebook 03; the error is measured in notebook 06.

    Examples
    --------
    >>> print(np.round(numerical_gradient(lambda x: (x**2).sum(), [1.0, 2.0, 3.0]), 4))
    [2. 4. 6.]
    """
    gradient = numerical_jacobian(f, x, h, scheme)
    shape_of_f = gradient.shape[: gradient.ndim - np.ndim(x)]
    if shape_of_f != ():
        raise ValueError(
            f"f: expected a function that returns one number, got a result of shape {shape_of_f}"
            " (numerical_jacobian takes such functions)"
        )
    return gradient


def numerical_jacobian(
    f: Callable[[Array], ArrayLike], x: ArrayLike, h: float = 1e-5, scheme: Scheme = "central"
) -> Array:
    """Return how every entry of a function's result changes with every entry of its argument.

    Parameters
    ----------
    f : callable
        Takes an array of the shape of x and returns an array, always of the same shape. It gets a fresh copy at
        every call.
    x, h, scheme
        As in `numerical_gradient`.

    Returns
    -------
    jacobian : ndarray of shape f(x).shape + x.shape
        The entry [i, j] is ∂f_i/∂x_j, for vectors; in general the indices of f come first, those of x last.

    Raises
    ------
    ValueError
        If f is not a function of finite results, all of one shape, x is not made of finite numbers, h is not greater
        than 0 or so small that x + h equals x, or the scheme is unknown.

    Notes
    -----
    As for `numerical_gradient`, one entry of x at a time. The difference is divided by the distance of the two points
    as floats, which is not exactly 2h where x is large. Used in notebook 04.

    Examples
    --------
    >>> print(np.round(numerical_jacobian(lambda x: np.array([x[0] * x[1], x[0]]), [2.0, 5.0]), 4))
    [[5. 2.]
     [1. 0.]]
    """
    derivatives, _ = _differences(f, x, h, scheme)
    return derivatives


@dataclass(frozen=True, eq=False, repr=False)
class GradientCheck:
    """What `check_gradient` found. It prints as a verdict; `assert_ok` turns a failure into an error.

    Attributes
    ----------
    ok : bool
        Whether every entry of the formula agrees with its finite difference, and the check could tell.
    max_relative_error : float
        The largest |analytic − numeric| / max(|analytic|, |numeric|, absolute_floor) of all entries.
    worst_index : tuple of int
        Where that is.
    analytic, numeric : ndarray
        All derivatives by the formula and by finite differences.
    tolerance : float
        The relative error that was allowed.
    absolute_floor : float
        Entries smaller than this were compared absolutely, to tolerance · absolute_floor.
    problem : str
        Why the check could not tell, or an empty string.
    caution : str
        What makes this check weaker than it looks, or an empty string.

    Notes
    -----
    What `check_gradient` returns: read in notebook 03.
    """

    ok: bool
    max_relative_error: float
    worst_index: tuple[int, ...]
    analytic: Array
    numeric: Array
    tolerance: float
    absolute_floor: float
    problem: str = ""
    caution: str = ""

    @property
    def worst_analytic(self) -> float:
        """The formula's value at the worst entry."""
        return float(self.analytic[self.worst_index])

    @property
    def worst_numeric(self) -> float:
        """The finite difference at the worst entry."""
        return float(self.numeric[self.worst_index])

    def assert_ok(self) -> None:
        """Raise an AssertionError with the whole verdict if the check failed."""
        if not self.ok:
            raise AssertionError(str(self))

    def _sentence(self) -> str:
        entries = "1 entry" if self.analytic.size == 1 else f"{self.analytic.size} entries"
        if self.problem:
            return f"Gradient check undecided: {self.problem}."
        if self.ok:  # no measured error here: its digits differ between machines
            return f"Gradient check passed: {entries}, each within {self.tolerance:g} of its finite difference."
        where = f" at index {list(self.worst_index)}, the worst of {entries}" if self.worst_index else ""
        return (
            f"Gradient check FAILED{where}:\n"
            f"formula {self.worst_analytic:.4g}, finite difference {self.worst_numeric:.4g},"
            f" relative error {self.max_relative_error:.1g} (allowed {self.tolerance:g})."
        )

    def __repr__(self) -> str:
        return self._sentence() + (f" Caution: {self.caution}." if self.caution else "")

    def _repr_html_(self) -> str:
        mark = "✓" if self.ok else "✗"
        caution = f"<br>⚠ {html.escape(self.caution)}." if self.caution else ""
        return f"<div><strong>{mark}</strong> {html.escape(self._sentence())}{caution}</div>"


def check_gradient(
    f: Callable[[Array], ArrayLike],
    x: ArrayLike,
    analytic: ArrayLike,
    tolerance: float = 1e-7,
    *,
    h: float = 1e-5,
    absolute_floor: float | None = None,
    allow_float32: bool = False,
) -> GradientCheck:
    """Compare derivatives from a formula with central finite differences, entry by entry.

    Parameters
    ----------
    f : callable
        The function that was differentiated: takes an array of the shape of x, returns a number or an array.
    x : array of any shape
        The point, best a random one. Never changed.
    analytic : array of shape f(x).shape + x.shape
        What the formula says. For a function that returns one number, that is the shape of x.
    tolerance : float, default 1e-7
        The relative error allowed for each entry, less than 1.
    h : float, default 1e-5
        Size of the nudge.
    absolute_floor : float, optional
        Entries below this size are compared absolutely, so that 0 against 1e-12 is no error. By default it is the
        size at which the rounding of f, 4 ε max|f| / h, makes up the whole tolerance. That knows the size of f's
        results, not of the numbers inside f: for a loss that is tiny beside its logits, give a larger floor.
    allow_float32 : bool, default False
        Whether to accept float32, in which a correct gradient is off by about 1e-2 at this h.

    Returns
    -------
    check : GradientCheck
        With a readable verdict that names the worst entry and both values.

    Raises
    ------
    ValueError
        If analytic has the wrong shape or is a function, f or x are refused by `numerical_jacobian`, x, analytic or
        the result of f are float32 without `allow_float32`, or tolerance, h or the floor are out of range.

    Warns
    -----
    UserWarning
        If x is zero everywhere: at zero weights the softmax is uniform whatever the logits do, and many wrong
        gradients agree with the right one there.

    Notes
    -----
    The check passes if |a − n| ≤ tolerance · max(|a|, |n|, floor) for every entry. If no entry, by the formula or by
    differences, exceeds the floor, it is undecided and does not pass: then nothing was compared but rounding errors.
    A NaN or infinite entry in `analytic` fails. Explained in notebook 03.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 3.0])
    >>> check_gradient(lambda x: (x**2).sum(), x, 2 * x)
    Gradient check passed: 3 entries, each within 1e-07 of its finite difference.
    >>> check_gradient(lambda x: (x**2).sum(), x, [2.0, 4.0, 5.0])
    Gradient check FAILED at index [2], the worst of 3 entries:
    formula 5, finite difference 6, relative error 0.2 (allowed 1e-07).
    """
    if callable(analytic):
        raise ValueError("analytic: expected the derivatives as an array, got a function (call it at x first)")
    tolerance = positive("tolerance", tolerance)
    if tolerance >= 1:
        raise ValueError(f"tolerance: expected a number less than 1, got {tolerance:g} (then hardly anything fails)")
    a = as_any_array("analytic", analytic)
    if a.dtype.kind not in "fiub":
        raise ValueError(f"analytic: expected an array of real numbers, got an array of {a.dtype}")
    x = as_real_array("x", x)
    numeric, largest = _differences(f, x, h, "central")
    precision = numeric.dtype
    short = [array.dtype for array in (x, a, numeric) if _is_short_float(array)]
    if short and not allow_float32:
        raise ValueError(
            f"x, analytic, f: expected float64 throughout, got {short[0]}, in which rounding swamps the difference"
            " (use astype(np.float64), or allow_float32=True with a larger h and tolerance)"
        )
    if a.shape != numeric.shape:
        raise ValueError(f"analytic: expected shape {numeric.shape} (shape of f(x), then shape of x), got {a.shape}")
    with np.errstate(over="ignore"):  # a longdouble may not fit: it becomes inf, and fails
        a, numeric = a.astype(np.float64), numeric.astype(np.float64)
    if absolute_floor is None:
        eps = max(float(np.finfo(dtype).eps) for dtype in (x.dtype, precision))
        floor = 4 * eps * largest / h / tolerance
    else:
        floor = not_negative("absolute_floor", absolute_floor)

    return _verdict(a, numeric, tolerance, floor, at_zero=not x.any())


def error_by_step_size(
    f: Callable[[Array], ArrayLike],
    x: ArrayLike,
    analytic: ArrayLike,
    h: ArrayLike | None = None,
    scheme: Scheme = "central",
) -> tuple[Array, Array]:
    """Return the error of finite differences for many step sizes: the V-curve.

    Parameters
    ----------
    f : callable
        The function that was differentiated.
    x : array of any shape
        The point. float32 stays float32.
    analytic : array of shape f(x).shape + x.shape
        The true derivatives, with at least one that is not 0.
    h : array of shape (H,), optional
        The step sizes; by default 1e-1, 1e-2, …, 1e-13.
    scheme : {"central", "forward"}, default "central"
        Nudge to both sides, or to one.

    Returns
    -------
    h : ndarray of shape (H,)
    error : ndarray of shape (H,)
        For each h the largest |analytic − numeric|, divided by the largest |analytic|.

    Raises
    ------
    ValueError
        If analytic has the wrong shape or is 0 everywhere, a step size is not greater than 0 or too small to change
        x, or f or x are refused by `numerical_jacobian`.

    Notes
    -----
    To the right of the best h the error falls like h² (central) or h (forward), where the Taylor series is cut off;
    to its left it grows like ε/h, where rounding takes over. Drawn in notebook 06.

    Examples
    --------
    >>> h, error = error_by_step_size(lambda x: np.exp(x).sum(), [1.0, 2.0], np.exp([1.0, 2.0]), [1e-2, 1e-3])
    >>> print(f"{error[0] / error[1]:.0f}")
    100
    """
    steps = as_array_of_shape("h", 10.0 ** -np.arange(1, 14) if h is None else h, "H")
    a = as_real_array("analytic", analytic)
    largest = np.abs(a).max()
    if largest == 0:
        raise ValueError("analytic: expected at least one derivative that is not 0, got only zeros")
    errors = []
    for step in steps:
        numeric = numerical_jacobian(f, x, float(step), scheme)
        if numeric.shape != a.shape:
            raise ValueError(f"analytic: expected shape {numeric.shape} (shape of f(x), then of x), got {a.shape}")
        errors.append(np.abs(a - numeric).max() / largest)
    return steps, np.array(errors)


def _differences(f: Callable[[Array], ArrayLike], x: ArrayLike, h: float, scheme: Scheme) -> tuple[Array, float]:
    """Return all finite differences, shape f(x).shape + x.shape, and the largest |f| met on the way."""
    if not callable(f):
        raise ValueError(f"f: expected a function, got {type(f).__name__} (pass f itself, not its result)")
    x = as_real_array("x", x)
    h = positive("h", h)
    if scheme not in ("central", "forward"):
        raise ValueError(f"scheme: expected 'central' or 'forward', got {scheme!r}")

    def nudged(index: tuple[int, ...], by: float) -> tuple[float, Array]:
        point = x.copy()
        point[index] += by
        if by and point[index] == x[index]:
            raise ValueError(
                f"h: expected a nudge that changes x, got {h:g} at x = {x[index]:g}, which is lost in rounding"
            )
        place = float(point[index])  # read before f runs, which may write into its argument
        result = f(point)
        value = as_any_array("f", result)
        if value.dtype.kind not in "fiub" or value.size == 0:
            raise ValueError(f"f: expected a function that returns real numbers, got {describe(result, value)}")
        # As floats, since uint8 wraps around; as a copy, since f may hand out the same buffer every time.
        value = value.astype(np.float32 if _is_short_float(value) else np.float64)
        if not np.isfinite(value).all():
            where = f" with entry {list(index)} nudged by {by:g}" if index else f" nudged by {by:g}"
            raise ValueError(f"f: expected finite results, got {value[~np.isfinite(value)][0]} at x{where}")
        return place, value

    columns = []
    largest = 0.0
    for index in np.ndindex(x.shape):
        right, above = nudged(index, h)
        left, below = nudged(index, -h if scheme == "central" else 0.0)
        if above.shape != below.shape:
            raise ValueError(f"f: expected results of one shape, got {above.shape} and {below.shape}")
        with np.errstate(over="ignore"):
            slope = (above - below) / (right - left)
        columns.append(within_range("f", "its differences", slope))
        largest = max(largest, float(np.abs(above).max()), float(np.abs(below).max()))
    return np.stack(columns, axis=-1).reshape(columns[0].shape + x.shape), largest


def _verdict(a: Array, numeric: Array, tolerance: float, floor: float, at_zero: bool) -> GradientCheck:
    """Compare the formula's derivatives with finite differences, entry by entry."""
    known = np.isfinite(a)  # NaN and infinity in the formula count as infinitely wrong
    size = np.maximum(np.abs(numeric), np.where(known, np.abs(a), 0))
    with np.errstate(over="ignore"):
        difference = np.where(known, np.abs(np.where(known, a, 0) - numeric), np.inf)
    relative = np.full_like(difference, np.inf)
    relative[known & (difference == 0)] = 0  # 0 against 0 is no error, whatever the floor
    np.divide(difference, np.maximum(size, floor), out=relative, where=known & (difference > 0))
    worst = _worst(relative, difference)
    problem = ""
    if known.all() and size.max() <= floor:
        problem = (
            f"no derivative exceeds {floor:.1g}, below which rounding hides everything, so nothing was compared"
            " (does f use its argument? is the gradient zero at this point? take a random one)"
        )
    caution = ""
    if at_zero:
        caution = (
            "every entry of x is 0, and many wrong gradients agree with the right one there;"
            " check at random parameters as well"
        )
        warnings.warn(caution, stacklevel=3)
    return GradientCheck(
        ok=not problem and bool(relative.max() <= tolerance),
        max_relative_error=float(relative.max()),
        worst_index=worst,
        analytic=a,
        numeric=numeric,
        tolerance=tolerance,
        absolute_floor=floor,
        problem=problem,
        caution=caution,
    )


def _worst(relative: Array, difference: Array) -> tuple[int, ...]:
    """Return the index of the largest relative error; among equals the largest difference, then the first."""
    candidates = relative >= relative.max() * (1 - 1e-6)  # rounding must not choose between equals
    among = np.where(candidates, difference, -1)
    first = int((among >= among.max() * (1 - 1e-6)).argmax())
    return tuple(int(i) for i in np.unravel_index(first, relative.shape))


def _is_short_float(array: NDArray[Any]) -> bool:
    return array.dtype.kind == "f" and array.dtype.itemsize < 8
