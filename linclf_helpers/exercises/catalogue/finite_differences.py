"""The exercise of notebook 03 about finite differences."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from linclf_helpers.exercises.checking.exercise import Exercise
from linclf_helpers.exercises.checking.observe import Array, Probe, Seen
from linclf_helpers.exercises.checking.probes import SEVEN, SIX


def _numerical_gradient(f: Callable[[Array], float], x: Array) -> Array:
    h = 1e-5
    gradient = np.zeros_like(x, dtype=float)
    for index in np.ndindex(x.shape):
        nudge = np.zeros_like(x, dtype=float)
        nudge[index] = h
        gradient[index] = (f(x + nudge) - f(x - nudge)) / (2 * h)
    return gradient


def _entry_by_entry(difference: Callable[[Callable[[Array], float], Array, Array], float]) -> Any:
    """Return a gradient made of `difference(f, x, direction)`, one entry at a time."""

    def gradient(f: Callable[[Array], float], x: Array) -> Array:
        result = np.zeros_like(x, dtype=float)
        for index in np.ndindex(x.shape):
            direction = np.zeros_like(x, dtype=float)
            direction[index] = 1
            result[index] = difference(f, x, direction)
        return result

    return gradient


def _central(h: float, width: float = 2) -> Any:
    return _entry_by_entry(lambda f, x, d: (f(x + h * d) - f(x - h * d)) / (width * h))


def _forward(h: float) -> Any:
    return _entry_by_entry(lambda f, x, d: (f(x + h * d) - f(x)) / h)


def _backward(h: float) -> Any:
    return _entry_by_entry(lambda f, x, d: (f(x) - f(x - h * d)) / h)


def _undivided(h: float) -> Any:
    return _entry_by_entry(lambda f, x, d: f(x + h * d) - f(x - h * d))


def _backwards_signed(h: float) -> Any:
    return _entry_by_entry(lambda f, x, d: (f(x - h * d) - f(x + h * d)) / (2 * h))


def _half_divided(h: float) -> Any:
    return _entry_by_entry(lambda f, x, d: (f(x + h * d) - f(x - h * d)) / 2 * h)


def _not_restored(h: float) -> Any:
    def gradient(f: Callable[[Array], float], x: Array) -> Array:
        result = np.zeros(x.shape)
        for index in np.ndindex(x.shape):
            x[index] += h
            high = f(x)
            x[index] -= 2 * h
            result[index] = (high - f(x)) / (2 * h)
        return result

    return gradient


def _half_restored(h: float) -> Any:
    def gradient(f: Callable[[Array], float], x: Array) -> Array:
        result = np.zeros(x.shape)
        for index in np.ndindex(x.shape):
            before = f(x)
            x[index] += h
            result[index] = (f(x) - before) / h
        return result

    return gradient


def _restored(h: float) -> Any:
    def gradient(f: Callable[[Array], float], x: Array) -> Array:
        result = np.zeros(x.shape)
        for index in np.ndindex(x.shape):
            kept = x[index].copy()
            x[index] = kept + h
            high = f(x)
            x[index] = kept - h
            result[index] = (high - f(x)) / (2 * h)
            x[index] = kept
        return result

    return gradient


def _alias(h: float) -> Any:
    def gradient(f: Callable[[Array], float], x: Array) -> Array:
        result = np.zeros(x.shape)
        for index in np.ndindex(x.shape):
            x_plus = x
            x_minus = x
            x_plus[index] += h
            x_minus[index] -= h
            result[index] = (f(x_plus) - f(x_minus)) / (2 * h)
        return result

    return gradient


def _all_at_once(h: float) -> Any:
    return lambda f, x: np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


def _one_number(h: float) -> Any:
    return lambda f, x: (f(x + h) - f(x - h)) / (2 * h)


def _whole_rows(h: float) -> Any:
    def gradient(f: Callable[[Array], float], x: Array) -> Array:
        result = np.zeros(x.shape)
        for n in range(len(x)):
            nudge = np.zeros(x.shape)
            nudge[n] = h
            result[n] = (f(x + nudge) - f(x - nudge)) / (2 * h)
        return result

    return gradient


def _integer_nudge(f: Callable[[Array], float], x: Array) -> Array:
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        high, low = x.copy(), x.copy()
        high[index] += 1e-5
        low[index] -= 1e-5
        gradient[index] = (f(high) - f(low)) / 2e-5
    return gradient


def _whole_result(f: Callable[[Array], float], x: Array) -> Array:
    gradient = np.zeros_like(x)
    gradient[...] = _numerical_gradient(f, x)
    return gradient


def _put_back_by_sums(h: float) -> Any:
    def gradient(f: Callable[[Array], float], x: Array) -> Array:
        result = np.zeros(x.shape)
        for index in np.ndindex(x.shape):
            x[index] += h
            high = f(x)
            x[index] -= 2 * h
            result[index] = (high - f(x)) / (2 * h)
            x[index] += h
        return result

    return gradient


def _relative_step(h: float) -> Any:
    def gradient(f: Callable[[Array], float], x: Array) -> Array:
        result = np.zeros(x.shape)
        for index in np.ndindex(x.shape):
            nudge = np.zeros(x.shape)
            nudge[index] = h * abs(x[index])
            result[index] = np.divide(f(x + nudge) - f(x - nudge), 2 * nudge[index])
        return result

    return gradient


def _complex_step(h: float) -> Any:
    return _entry_by_entry(lambda f, x, d: np.imag(f(x + 1j * h * d)) / h)


# Functions to take the gradient of. They take complex numbers as well, all but the last.


def _mixed(x: Array) -> Any:
    return (x**2).sum() + x.flat[0] * x.flat[-1]


def _bent(x: Array) -> Any:
    return np.exp(x * np.arange(1, x.size + 1).reshape(x.shape) / x.size).sum() + (x**3).sum()


def _fixed_shape(x: Array) -> Any:
    return ((_TABLE * x) ** 3).sum() + (_TABLE[:, 0] * x[:, 1]).sum()


def _narrow_valley(x: Array) -> Any:
    return 5e3 * ((x - 1) ** 2).sum()


def _flat(x: Array) -> Any:
    return 1e-12 * _bent(x)


def _steep_slopes(x: Array) -> Any:
    return 1e6 * _bent(x)


def _cubes(x: Array) -> Any:
    return ((x / 100) ** 3).sum()


def _length(x: Array) -> Any:
    return np.linalg.norm(x.ravel())


@dataclass(eq=False, repr=False)
class _NumericalGradient(Exercise):
    """Digits are lost to the nudge before they are lost to anything else."""

    def _lost_digits(self, probes: list[Probe], seen: list[Seen]) -> tuple[str, str]:
        title, question = super()._lost_digits(probes, seen)
        if title.startswith("nearly"):
            question = (
                "Make your nudge ten times smaller, then ten times larger: which digits move? Does f answer on both "
                "sides of x?"
            )
        return title, question


_HS = [10.0**-n for n in range(3, 10)]
_OTHER_HS = [0.1, 0.01, 2e-6, 1.5e-8, float(np.sqrt(np.finfo(float).eps)), 1e-10, 1e-11, 1e-12]
_TABLE = np.array([[0.5, -1.0], [0.75, 0.25], [-0.5, 1.25]])
_rng = np.random.default_rng(4)
_f_of_three = np.array([0.5, -1.0, 2.0])
_BENT = "f(x) = the sum of exp(x_i · i/n) + x_i³ over i = 1 … n"
_MIXED = "f(x) = the sum of x_i², plus the first entry times the last"
_CUBES = "f(x) = the sum of (x_i/100)³"
numerical_gradient = _NumericalGradient(
    name="numerical_gradient",
    hints=(
        "One entry at a time: how do you nudge that one and leave all others, and x itself, as they were?",
        "Step to both sides and compare. How far apart are your two points? A nudge of about 1e-5 keeps both the "
        "bend of the curve and the rounding out of sight.",
    ),
    reference=_numerical_gradient,
    formula="∂f/∂x_i ≈ (f(x + h e_i) − f(x − h e_i)) / 2h",
    stages=(
        [
            Probe((_bent, _f_of_three), _BENT),
            Probe((_mixed, np.array([[1.0, 2.0, -1.0], [0.5, 3.0, 1.5]])), _MIXED),
            Probe((_bent, SEVEN.W), _BENT),
            Probe((_bent, SIX.b), _BENT),
            Probe(
                (_fixed_shape, _TABLE[::-1] + 0.3), "f(x) = the sum of (a_ij x_ij)³ + a_i1 x_i2, with A of shape (3, 2)"
            ),
        ],
        [Probe((_mixed, np.array([1, -2, 3])), f"{_MIXED}; an x of whole numbers")],
        [
            Probe((_bent, np.array([0.0, 0.7, 1e-12, -0.4, 0.0])), f"{_BENT}; entries that are 0 or nearly"),
            Probe(
                (_narrow_valley, 1 + 1e-3 * _rng.uniform(0.5, 2, size=(3, 4))),
                "f(x) = 5000 times the sum of (x_i − 1)²: a narrow valley",
                rtol=1e-8,
                atol=1e-7,
            ),
            Probe((_flat, SIX.b), "slopes of 1e-12", atol=1e-20),
            Probe((_steep_slopes, SIX.b), "slopes of a million", atol=1e-2),
            Probe((_cubes, np.array([150.0, -800.0, 40.0])), f"{_CUBES}; large entries", rtol=1e-4, atol=1e-6),
            Probe((_mixed, np.array([0.3])), f"{_MIXED}; an x of one entry"),
            Probe((_mixed, np.array([[1.5]])), f"{_MIXED}; an x of shape (1, 1)"),
            Probe((_bent, SEVEN.b.reshape(2, 1, 2)), f"{_BENT}; an x with three axes"),
            Probe((_mixed, _rng.normal(size=(40, 9)) / 20), f"{_MIXED}; an x of shape (40, 9)"),
        ],
        [Probe((_length, np.array([3.0, -4.0, 1.0])), "f(x) = the length of x, the root of the sum of |x_i|²")],
    ),
    outputs=("gradient",),
    rtol=1e-7,
    atol=1e-8,
)
numerical_gradient.mistake(
    "forward",
    _forward(1e-5),
    "right to a few digits only: one-sided.",
    "Write down Taylor's series for a step forward and one for a step back. Which term cancels if you use both?",
    "From one side the error is proportional to h, from both sides to h².",
    variants=[_forward(h) for h in (*_HS, *_OTHER_HS)],
)
numerical_gradient.mistake(
    "backward",
    _backward(1e-5),
    "right to a few digits only: one-sided, backwards.",
    "Write down Taylor's series for a step forward and one for a step back. Which term cancels if you use both?",
    "From one side the error is proportional to h, from both sides to h².",
    variants=[_backward(h) for h in (*_HS, *_OTHER_HS)],
)
numerical_gradient.mistake(
    "two_missing",
    _central(1e-5, width=1),
    "every entry is twice as large as it should be.",
    "You step h to the right and h to the left. How far apart are the two points?",
    "The difference of the values has to be divided by the distance between the points.",
    variants=[_central(h, width=1) for h in _HS],
)
numerical_gradient.mistake(
    "h_too_large",
    _central(1e-1),
    "the nudge is so large that the curve bends.",
    "Make h ten times smaller. By how much does the error shrink? Is the secant the tangent yet?",
    "The error of cutting off the series grows with h². Where it shrinks a hundredfold for a tenth of h, h is still "
    "too large.",
    variants=[_central(h) for h in (1.0, 0.5, 0.2, 0.05, 0.02, 0.01, 0.005, 0.003, 0.002, 0.001, 5e-4, 3e-4, 2e-4)],
)
numerical_gradient.mistake(
    "h_too_small",
    _central(1e-12),
    "the nudge is so small that rounding takes over.",
    "f has 16 digits. How many of them survive the subtraction of two values that are nearly equal?",
    "The error of rounding grows as h shrinks. Where the error grows tenfold for a tenth of h, h is too small.",
    variants=[_central(h) for h in (3e-8, 1e-8, 3e-9, 1e-9, 1e-10, 1e-11, 1e-13, 1e-14)],
)
numerical_gradient.mistake(
    "relative_step",
    _relative_step(1e-5),
    "an entry that is 0 is not nudged at all.",
    "How large is your nudge where x_i is 0? And what do you divide by there?",
    "A nudge that is a share of x_i shrinks with it, to nothing at 0. Zero weights are where training starts.",
    variants=[_relative_step(h) for h in (1e-3, 1e-4, 1e-6, 1e-7, 1e-8)],
)
numerical_gradient.mistake(
    "complex_step",
    _complex_step(1e-20),
    "right as long as f takes complex numbers; this one takes the size of its entries.",
    "What is |3 + 1e-20·i|? What is left of the imaginary part that you read the slope from?",
    "The complex step is exact to the last digit where f is made of sums, products and exponentials. Where f takes an "
    "absolute value or stores its numbers as floats, the imaginary part is lost. A difference asks f at real points "
    "only.",
    variants=[_complex_step(h) for h in (1e-6, 1e-7, 1e-8, 1e-10, 1e-12, 1e-15, 1e-30, 1e-50, 1e-100, 1e-200)],
)
numerical_gradient.mistake(
    "not_divided",
    _undivided(1e-5),
    "the difference has not been divided.",
    "How far the value moves for how far a step: which part of that fraction is missing?",
    "A slope is a change per distance. Yours is the change alone, so it shrinks with h.",
    variants=[_undivided(h) for h in _HS],
)
numerical_gradient.mistake(
    "brackets",
    _half_divided(1e-5),
    "multiplied by h in the end.",
    "In which order does Python work off / and *? What stands under your fraction?",
    "Without brackets around the denominator, the division stops at the first factor and the second multiplies.",
    variants=[_half_divided(h) for h in (1e-3, 1e-4)],
)
numerical_gradient.mistake(
    "sign",
    _backwards_signed(1e-5),
    "the sign is the other way round.",
    "If f rises to the right, which of your two values is larger?",
    "The two values were subtracted in the wrong order.",
    variants=[_backwards_signed(h) for h in _HS],
)
numerical_gradient.mistake(
    "not_restored",
    _not_restored(1e-5),
    "your function leaves x changed.",
    "Is x the same before and after the call? And while the second entry is nudged, where is the first?",
    "Each nudge stays in x. Later entries are measured somewhere else, and the caller's parameters have moved.",
    variants=[_not_restored(h) for h in _HS],
)
numerical_gradient.mistake(
    "put_back_by_sums",
    _put_back_by_sums(1e-5),
    "right, but x comes back changed in its last digits.",
    "What is 0.1 + 0.00001 − 0.00002 + 0.00001 in floats? Is it 0.1?",
    "Every sum is rounded, so going there and back does not end where it began. After a thousand checks the "
    "parameters have drifted.",
    variants=[_put_back_by_sums(h) for h in (-1e-5, 1e-4, -1e-4, 1e-6, -1e-6, 1e-7, -1e-7)],
)
numerical_gradient.mistake(
    "half_restored",
    _half_restored(1e-5),
    "one-sided, and x is left changed.",
    "Is x the same before and after the call? Does each entry start from the same point?",
    "The nudges pile up in x while the loop goes on.",
    variants=[_half_restored(h) for h in _HS],
)
numerical_gradient.mistake(
    "alias",
    _alias(1e-5),
    "all differences are 0.",
    "Two names for the nudged points; how many arrays?",
    "Both names stand for x itself, so what one adds the other takes away again, and f is asked twice at the same "
    "point.",
)
numerical_gradient.mistake(
    "all_at_once",
    _all_at_once(1e-5),
    "all entries are nudged together.",
    "How many parameters did you move? If f changes, which of them did it?",
    "What you get is the sum of all the partial derivatives, the same number everywhere. For weights in front of a "
    "softmax it is even 0.",
    variants=[_all_at_once(h) for h in _HS],
)
numerical_gradient.mistake(
    "whole_rows",
    _whole_rows(1e-5),
    "right for a vector; in a matrix whole rows are nudged.",
    "How many entries does your loop visit for an x of shape (2, 3)? How many move when you set x[0]?",
    "One index picks a row of a matrix, so all its entries are moved together and get the sum of their slopes.",
    variants=[_whole_rows(h) for h in (1e-3, 1e-4, 1e-6, 1e-7)],
)
numerical_gradient.mistake(
    "one_number",
    _one_number(1e-5),
    "one number came out.",
    "x has several entries. How many slopes does f have at x?",
    "All entries were nudged together and gave one slope, along the diagonal.",
    variants=[_one_number(h) for h in _HS],
)
numerical_gradient.mistake(
    "whole_number_nudge",
    _integer_nudge,
    "a nudge of 0.00001 vanishes in an array of whole numbers.",
    "Look at the dtype of the array you nudge. What becomes of 1 + 0.00001 when it is stored there?",
    "What you nudge has the type of x. In whole numbers a nudge up is cut off, and a nudge down becomes a whole step.",
    variants=[_restored(h) for h in (1e-5, 1e-6)],
)
numerical_gradient.mistake(
    "whole_number_result",
    _whole_result,
    "slopes do not fit into an array of whole numbers.",
    "Which dtype has the array that you fill? What becomes of 0.7 in it?",
    "It took its type from x. With whole numbers in x, everything behind the decimal point is cut off.",
)
