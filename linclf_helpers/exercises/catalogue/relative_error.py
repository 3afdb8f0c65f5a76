"""The exercise about comparing a derivative with finite differences."""

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from linclf_helpers.exercises.checking.exercise import Exercise
from linclf_helpers.exercises.checking.observe import Array, Function, Probe, Seen
from linclf_helpers.exercises.checking.outcome import Outcome
from linclf_helpers.exercises.checking.probes import SEVEN, SIX


def _relative_error(analytic: Array, numeric: Array) -> Any:
    size = np.maximum(abs(analytic), abs(numeric))
    return (abs(analytic - numeric) / np.where(size == 0, 1, size)).max()


def _errors_below(size: Function) -> Any:
    """Return a (wrong) relative error: the largest difference divided by size(|a|, |n|)."""
    return lambda analytic, numeric: (abs(analytic - numeric) / size(abs(analytic), abs(numeric))).max()


def _norms(analytic: Array, numeric: Array) -> list[float]:
    return [float(np.linalg.norm(part.ravel())) for part in (analytic - numeric, analytic, numeric)]


@dataclass(eq=False, repr=False)
class _RelativeError(Exercise):
    """A function that passes over nan in a gradient does what the task asks for; it is right, and told what it does."""

    def _judge(self, answer: object) -> Outcome:
        outcome = super()._judge(answer)
        if outcome.kind == "right":
            values = self._floats(cast(Function, answer), self.stages[-1][0])
            if values and np.isfinite(values[0]):
                return replace(outcome, lines=(*outcome.lines, _PASSES_OVER_NAN))
        return outcome

    def _has_right_values(self, probe: Probe, seen: Seen) -> bool:
        if super()._has_right_values(probe, seen):
            return True
        if seen.values is None or not self._has_right_shapes(probe, seen) or np.isfinite(self._expected(probe)[0]):
            return False
        known = np.isfinite(probe.args[0] + probe.args[1])
        without_nan = _relative_error(probe.args[0][known], probe.args[1][known])
        return bool(np.isclose(seen.values[0], without_nan, rtol=1e-9, atol=0) or np.isposinf(seen.values[0]))


_PASSES_OVER_NAN = (
    "One thing more: an entry that is nan, a number that was lost, is no error for it. A check that should find that "
    "as well returns nan there."
)
_a = np.array([[0.5, -2.0], [1e-8, 4.0], [3e-4, -0.1]])
_n = _a * np.array([[1.0, 1.003], [1.02, 0.999], [0.98, 1.0]])
_rng = np.random.default_rng(5)
_nearly = _rng.normal(size=(4, 3))
_long = _rng.normal(size=(300, 10)) * 10.0 ** _rng.integers(-3, 4, size=(300, 10))
# Of each pair the first lies below a power of ten and the second above; the worst error, one half, is elsewhere.
_around = np.array([[0.9 * 10.0**-n, 1.5 * 10.0**-n] for n in range(1, 13)])
_around = np.vstack([_around, [[-1e-12, -1.3e-12], [-4e-300, -2.4e-300], [1.0, 0.5]]])
_FLOORS = [1.0, 0.1, *(10.0**-n for n in range(2, 11))]
relative_error = _RelativeError(
    name="relative_error",
    hints=(
        "An error of 0.001: is that much? Compared with what?",
        "Divide each difference by the larger of the two sizes, then report the worst entry. What do you do where "
        "both are 0?",
    ),
    reference=_relative_error,
    formula="max |a − n| / max(|a|, |n|), and 0 where both are 0",
    stages=(
        [
            Probe((_a, _n), rtol=1e-3),  # room for a floor of 1e-12, which spoils no check
            Probe((_n, _a), rtol=1e-3),
            Probe((SEVEN.W, SEVEN.W + 1e-3)),
            Probe((SIX.W, -SIX.W)),
            Probe((SIX.b, SIX.b * np.array([1.0, 1.0, 1.004, 1.0, 0.997]))),
            Probe((np.array([-0.4]), np.array([0.3]))),
        ],
        [
            Probe((np.array([0.0, 2.0]), np.array([0.0, 2.002])), "a 0 in both"),
            Probe((np.array([2.0, 0.0, 5.0]), np.array([2.0, 0.0, 5.0])), "two equal gradients"),
            Probe((np.zeros((2, 3)), np.zeros((2, 3))), "two gradients that are 0"),
            Probe((np.array([[0.0, 3.0]]), np.array([[1e-3, 3.0]])), "a 0 in the analytic gradient alone"),
            Probe((np.array([2.0, 1e-3]), np.array([2.0, 0.0])), "a 0 in the numeric gradient alone"),
        ],
        [
            Probe((_nearly, _nearly * (1 + 3e-8 * np.arange(12).reshape(4, 3))), "gradients that differ by 1e-7"),
            Probe((_nearly, _nearly * (1 + 1e-10)), "gradients that differ by 1e-10 of themselves"),
            Probe((_long, _long * np.where(np.arange(3000).reshape(300, 10) == 2222, 0.9, 1)), "3,000 entries"),
            Probe((np.array([1e-9, 1.0, 1e3]), np.array([2e-9, 1.001, 1e3])), "an entry of 1e-9", rtol=2e-3),
            Probe((np.array([1.0, 2e-11]), np.array([1.0, 1e-11])), "an entry of 1e-11", rtol=0.06),
            Probe((np.array([2e6, 3e3]), np.array([1.9e6, 3e3])), "entries of a million"),
            Probe((np.array([2e300, 1.0]), np.array([-1e300, 1.0])), "entries of 1e300"),
            Probe((_around[:, 0], _around[:, 1]), "entries from 1 down to 1e-300"),
        ],
        [
            Probe((np.array([0.5, np.nan, 2.0]), np.array([0.5, 0.1, 2.002])), "an analytic gradient that holds nan"),
            Probe((np.array([[0.5, 0.1]]), np.array([[0.5, np.nan]])), "a numeric gradient that holds nan"),
        ],
    ),
    outputs=("error",),
)
relative_error.mistake(
    "absolute",
    lambda analytic, numeric: abs(analytic - numeric).max(),
    "this is the absolute error.",
    "A gradient of 1e-8 is off by a fiftieth of itself. Would you notice?",
    "Small entries pass whatever is wrong with them, and large ones fail for mere rounding.",
)
relative_error.mistake(
    "zero_by_zero",
    lambda analytic, numeric: (abs(analytic - numeric) / np.maximum(abs(analytic), abs(numeric))).max(),
    "0/0 is not a number.",
    "A pixel that is always white has gradient 0, by formula and by difference. Is that a mistake? What do you get?",
    "Where both are 0 they agree. One such entry turns your whole answer into nan, and a comparison with nan is "
    "never true.",
    variants=(lambda analytic, numeric: np.nanmax(abs(analytic - numeric) / np.maximum(abs(analytic), abs(numeric))),),
)
relative_error.mistake(
    "mean",
    lambda analytic, numeric: np.mean(abs(analytic - numeric) / np.maximum(abs(analytic), abs(numeric))),
    "one bad entry drowns in the good ones.",
    "One of a thousand entries has the wrong sign. What does your number say?",
    "The average hides what a check should find: the single entry that is wrong.",
)
relative_error.mistake(
    "signed",
    lambda analytic, numeric: ((analytic - numeric) / np.maximum(abs(analytic), abs(numeric))).max(),
    "errors in one direction do not count.",
    "Let the numeric value be larger everywhere. What is your largest error?",
    "Without its size, a negative difference is smaller than no difference.",
)
relative_error.mistake(
    "one_side",
    lambda analytic, numeric: (abs(analytic - numeric) / abs(analytic)).max(),
    "divided by the analytic value alone.",
    "Exchange the two arguments. Should the error change?",
    "Where the formula says almost 0 and the difference does not, the quotient explodes; the other way round it hides.",
    variants=(_errors_below(lambda a, n: n), *(_errors_below(lambda a, n, e=e: a + e) for e in (1e-12, 1e-10, 1e-8))),
)
relative_error.mistake(
    "smaller_below",
    _errors_below(np.minimum),
    "divided by the smaller of the two sizes.",
    "Between which two numbers does an error of your kind lie? And what if one of the two values is 0?",
    "The smaller size makes errors larger than they are, and infinite where one value is 0. The larger one keeps them "
    "between 0 and 2.",
)
relative_error.mistake(
    "per_entry",
    lambda analytic, numeric: abs(analytic - numeric) / np.maximum(abs(analytic), abs(numeric)),
    "one error per entry came out.",
    "A check says yes or no. Which of these numbers decides?",
    "These are the relative errors of the entries. The worst of them is the answer.",
)
relative_error.mistake(
    "sum_below",
    _errors_below(lambda a, n: a + n),
    "divided by the sum of both sizes.",
    "Opposite signs are as wrong as can be. Which error does your formula give them?",
    "The sum is about twice the size, so every error comes out half as large. Some texts do it so; the thresholds of "
    "this course are for the larger of the two.",
    variants=[
        below
        for e in (1e-16, 1e-15, 1e-12, 1e-10, 1e-8, 1e-7, 1e-6)
        for below in (
            _errors_below(lambda a, n, e=e: a + n + e),
            _errors_below(lambda a, n, e=e: np.maximum(a + n, e)),
        )
    ],
)
relative_error.mistake(
    "mean_below",
    _errors_below(lambda a, n: (a + n) / 2),
    "divided by the mean of both sizes.",
    "One value is 0 and the other is not. Which error does your formula give, and which does the one asked for?",
    "Close values get nearly the same error, but the farther they are apart the larger yours becomes.",
)
relative_error.mistake(
    "sizes_signed",
    lambda analytic, numeric: (abs(analytic - numeric) / np.maximum(analytic, numeric)).max(),
    "the larger of the two was looked for among signed numbers.",
    "Of −3 and −2, which is larger, and which has the larger size?",
    "For negative entries the denominator is the smaller size, and negative: their errors never are the largest.",
    variants=(lambda analytic, numeric: abs((analytic - numeric) / np.maximum(analytic, numeric)).max(),),
)
relative_error.mistake(
    "norms",
    lambda analytic, numeric: _norms(analytic, numeric)[0] / max(_norms(analytic, numeric)[1:]),
    "the gradients were compared as wholes.",
    "One small entry has the wrong sign, beside a thousand large ones. What does your number say?",
    "Large entries decide the length of a vector. A small entry that is all wrong hardly shows.",
    variants=(
        lambda analytic, numeric: _norms(analytic, numeric)[0] / sum(_norms(analytic, numeric)[1:]),
        lambda analytic, numeric: _norms(analytic, numeric)[0] / _norms(analytic, numeric)[1],
        lambda analytic, numeric: _norms(analytic, numeric)[0] / _norms(analytic, numeric)[2],
        lambda analytic, numeric: abs(analytic - numeric).max() / max(abs(analytic).max(), abs(numeric).max()),
        lambda analytic, numeric: abs(analytic - numeric).sum() / np.maximum(abs(analytic), abs(numeric)).sum(),
    ),
)
relative_error.mistake(
    "floor",
    _errors_below(lambda a, n: np.maximum(np.maximum(a, n), 1e-8)),
    "small gradients are never wrong.",
    "Two gradients of 1e-9 and 2e-9: one is twice the other. What do you return?",
    "The number in your denominator is larger than many a gradient. Where both are 0 something has to be done, but "
    "something that leaves all other entries alone.",
    variants=[
        below
        for e in _FLOORS
        for below in (
            _errors_below(lambda a, n, e=e: np.maximum(np.maximum(a, n), e)),
            _errors_below(lambda a, n, e=e: np.maximum(a, n) + e),
            _errors_below(lambda a, n, e=e: np.where(np.maximum(a, n) < e, 1, np.maximum(a, n))),
            lambda analytic, numeric, e=e: np.where(
                np.maximum(abs(analytic), abs(numeric)) < e,
                0,
                abs(analytic - numeric) / np.maximum(abs(analytic), abs(numeric)),
            ).max(),
        )
    ],
)
relative_error.mistake(
    "hidden_at_the_end",
    lambda analytic, numeric: np.nan_to_num((abs(analytic - numeric) / np.maximum(abs(analytic), abs(numeric))).max()),
    "one 0/0 and the worst error becomes 0.",
    "One entry is 0 in both gradients, another one is wrong. What is the largest of nan and 0.001?",
    "nan had swallowed all the other errors before it was replaced. Where both are 0, that one entry has no error.",
)
relative_error.mistake(
    "nan_to_zero",
    lambda analytic, numeric: _relative_error(np.nan_to_num(analytic), np.nan_to_num(numeric)),
    "a nan in a gradient was turned into 0.",
    "nan means that a number was lost. Is 0 the number that was lost?",
    "A derivative of 0 says that the loss does not move. If that is what you compare with, nobody hears that the "
    "gradient could not be computed.",
)
