"""What people do to right numbers to be on the safe side: cut off large ones, drop small ones, replace nan."""

from collections.abc import Sequence

import numpy as np

from linclf_helpers.exercises.checking.exercise import Exercise
from linclf_helpers.exercises.checking.observe import Array, Function

SMALL_NUMBERS = (*(10.0**-n for n in range(2, 17)), float(np.finfo(float).eps))
_BOUNDS = (0.1, 0.5, 1, 2, 3, 5, 10, 50, 100, 500, 700, 1000, 1e4, 1e5, 1e6)


def add_guards(exercise: Exercise, bounds: Sequence[float] = _BOUNDS) -> None:
    """Put on record what cuts off large numbers, drops small ones or replaces nan in an exercise's right result."""
    right = exercise.reference
    exercise.mistake(
        "clipped",
        _then(right, lambda A: np.clip(A, -bounds[0], bounds[0])),
        "large numbers are cut off.",
        "One slope is 10, another a million. Is it good to return the same for both?",
        "A gradient says how steep the loss is, also where it is very steep. Whether a step is too long is decided "
        "later, by the learning rate.",
        variants=[
            *(_then(right, lambda A, m=m: np.clip(A, -m, m)) for m in bounds),
            *(_then(right, lambda A, m=m: shortened(A, m)) for m in bounds),
        ],
    )
    exercise.mistake(
        "small_dropped",
        _then(right, lambda A: np.where(np.abs(A) < 1e-8, 0, A)),
        "very small numbers are taken for 0.",
        "Near a minimum every slope is small. Is the minimum reached?",
        "A small slope is a slope. If it is set to 0, training stops too early, and a comparison with finite "
        "differences shows it.",
        variants=[_then(right, lambda A, e=e: np.where(np.abs(A) < e, 0, A)) for e in SMALL_NUMBERS],
    )
    exercise.mistake(
        "nan_hidden",
        _then(right, np.nan_to_num),
        "what is not a number was replaced.",
        "A gradient holds a nan. Is 0 its right value? Who will notice that something went wrong before?",
        "nan is a sign that a number was lost earlier. Put 0 in its place, and training goes on with a gradient that "
        "belongs to nothing.",
        variants=(lambda *args: right(*map(np.nan_to_num, args)),),
    )


def shortened(A: Array, most: float) -> Array:
    """Return an array scaled down to a length of `most` if it is longer."""
    return A * min(1.0, most / max(float(np.linalg.norm(A)), 1e-300))


def _then(code: Function, change: Function) -> Function:
    def changed(*args: Array) -> Array | tuple[Array, ...]:
        result = code(*args)
        return tuple(map(change, result)) if isinstance(result, tuple) else change(result)

    return changed
