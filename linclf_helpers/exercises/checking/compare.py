"""Compare numbers entry by entry, as closely as the rounding of floats allows, and show them apart."""

from collections.abc import Callable

import numpy as np

from linclf_helpers.exercises.checking.observe import Array, Probe

FINEST = 1e-314  # smaller floats have lost the digits that are compared here
NOISE = 1e-13  # some hundred times the rounding of one operation: long sums in another order stay below it


def close(mine: Array, other: Array, rtol: float, atol: float | Array) -> Array:
    """Return where two arrays of one shape agree; nan agrees with nan, and infinity with infinity."""
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(mine - other) <= (rtol * np.abs(other) + atol) * (1 + 1e-9) + FINEST
    return np.where(np.isfinite(mine) & np.isfinite(other), near, (mine == other) | (np.isnan(mine) & np.isnan(other)))


def rounding(values: Callable[[Probe], tuple[Array, ...] | None], probe: Probe) -> list[Array]:
    """Return how far rounding may take each entry of a result: as far as it moves when the arguments' 13th digit does.

    A sum whose terms cancel moves by a share of its terms and not of itself; a small number that is no remainder moves
    by a share of itself. Whole numbers are left as they are, since labels, sizes and zeros are exact.
    """
    rng = np.random.default_rng(0)
    here = values(probe)
    assert here is not None
    moves = [np.zeros(value.shape) for value in here]
    for _ in range(4):
        there = values(Probe(tuple(_nudged(argument, rng) for argument in probe.args)))
        for move, old, new in zip(moves, here, there or here, strict=False):
            with np.errstate(invalid="ignore"):
                np.fmax(move, np.abs(new - old), out=move, where=np.isfinite(new))
    return [np.minimum(move, room(value)) for move, value in zip(moves, here, strict=True)]


def room(value: Array) -> float:
    """Return the most that is ever put down to rounding: what is more comes from a jump."""
    return 1e-9 * max(1.0, float(np.abs(value[np.isfinite(value)]).max(initial=0.0)))


def _nudged(argument: object, rng: np.random.Generator) -> object:
    if isinstance(argument, float) or (isinstance(argument, np.ndarray) and argument.dtype.kind == "f"):
        share = NOISE * rng.uniform(-1, 1, size=np.shape(argument))
        with np.errstate(over="ignore"):
            return np.where(np.mod(argument, 1) == 0, argument, argument * (1 + share))[()]
    return argument


def apart(mine: float, other: float) -> tuple[str, str]:
    """Return two numbers with as many digits as it takes to see that they differ, at least four."""
    for digits in range(4, 18):
        shown = f"{mine:.{digits}g}", f"{other:.{digits}g}"
        if shown[0] != shown[1]:
            break
    return shown


def sums_off(sums: Array, target: float) -> str:
    """Return the first sums that miss the target, with digits enough to see it, or "" if none does."""
    off = sums[~np.isclose(sums, target, rtol=0, atol=1e-9)]
    return ", ".join(apart(float(s), target)[0] for s in off[:3]) + (", …" if len(off) > 3 else "")


def lost_digits(mine: list[Array], right: list[Array]) -> tuple[str, str]:
    """Return what is to be said of results whose last digits alone are off, as title and question, or two "".

    Parameters
    ----------
    mine, right : lists of arrays
        Of the same shapes.
    """
    if not all(np.array_equal(np.isfinite(a), np.isfinite(e)) for a, e in zip(mine, right, strict=True)):
        return "", ""
    a, e = ([value[np.isfinite(value)] for value in values] for values in (mine, right))
    sizes = [max(float(np.abs(value).max(initial=0.0)), FINEST) for value in e]
    error = max(float(np.abs(x - y).max(initial=0.0)) / size for x, y, size in zip(a, e, sizes, strict=True))
    for name, digits, most in (("float16", 3, 3e-2), ("float32", 7, 1e-5)):
        if error <= most and all(np.array_equal(x, x.astype(name).astype(float)) for x in a):
            title = f"the formula is right, the precision is not: your numbers have the type {name}."
            return title, f"{name}: how many digits does that keep? About {digits}; float64 has 16."
    mine_all, right_all = np.concatenate(a), np.concatenate(e)
    for decimals in range(1, 11):
        cut = np.allclose(mine_all, mine_all.round(decimals), rtol=0, atol=1e-12)
        if cut and (np.abs(mine_all - right_all) <= 10.0**-decimals).all():
            title = f"the formula is right, but your numbers are cut to {decimals} decimal{'s' * (decimals > 1)}."
            return title, "Which line rounds? What becomes of a number that is smaller than its last decimal?"
    if error <= 1e-5:
        title = f"nearly: your numbers are right to about {int(-np.log10(error))} digits."
        return title, "Is something rounded, held in float32, cut off, or is a small number added?"
    return "", ""
