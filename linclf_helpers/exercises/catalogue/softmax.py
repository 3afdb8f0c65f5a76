"""The exercise of notebook 01 about softmax."""

from collections.abc import Callable
from typing import Any

import numpy as np

from linclf_helpers.exercises.checking.exercise import Exercise, rows_sum_to
from linclf_helpers.exercises.checking.observe import Array, Probe
from linclf_helpers.exercises.checking.probes import BATCHES, SINGLE, SIZES, SMALL, SQUARE, WIDE_LOGITS


def _softmax(Z: Array) -> Array:
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def _normalised(E: Array) -> Array:
    return E / E.sum(axis=1, keepdims=True)


def _over(E: Array, epsilon: float) -> Array:
    return E / (E.sum(axis=1, keepdims=True) + epsilon)


def _powers(first: int, last: int) -> list[float]:
    return [10.0**-n for n in range(first, last + 1)]


# What people subtract from a row, besides its largest score, and where they cut scores off.
_OTHER_SHIFTS: tuple[Callable[[Array], Any], ...] = (
    lambda Z: Z.mean(axis=1, keepdims=True),
    lambda Z: np.median(Z, axis=1, keepdims=True),
    lambda Z: Z.min(axis=1, keepdims=True),
    lambda Z: Z[:, :1],
    lambda Z: Z[:, -1:],
    lambda Z: np.abs(Z).max(axis=1, keepdims=True),
    lambda Z: Z.mean(),
    lambda Z: Z.min(),
    lambda Z: np.abs(Z).max(),
)
_LIMITS = (10, 20, 30, 50, 88, 100, 200, 300, 500, 600, 700)
_CUTS: list[Callable[[Array], Array]] = [
    cut
    for limit in _LIMITS
    for cut in (
        lambda Z, m=limit: np.clip(Z, -m, m),
        lambda Z, m=limit: np.minimum(Z, m),
        lambda Z, m=limit: np.maximum(Z - Z.max(axis=1, keepdims=True), -m),
    )
] + [lambda Z: np.clip(Z, -709, 709), lambda Z: np.minimum(Z, 709)]


def _within_float(probabilities: Array) -> str:
    return "Some of your numbers are nan: not a number at all." if np.isnan(probabilities).any() else ""


_steps = 1000.0 * np.arange(len(SMALL.Z))[:, None]
softmax = Exercise(
    name="softmax",
    hints=(
        "Two moves: make every score positive without changing their order, then make each row sum to 1. "
        "Which function does the first?",
        "Print the sums of your rows. Then try a row of scores near 1000: what does the exponential return, and "
        "which number may you add to a whole row without changing its probabilities?",
    ),
    reference=_softmax,
    formula="ŷ_i = e^{z_i} / Σ_j e^{z_j}",
    stages=(
        [Probe((each.Z,)) for each in (*BATCHES, SQUARE)] + [Probe((SINGLE.Z,), "a batch of one example")],
        [Probe((np.array([[1, 2, 0], [0, 3, 1]]),), "a batch of whole numbers")],
        [
            Probe((SMALL.Z + 1000,), "logits near 1000"),
            Probe((SMALL.Z - 1000,), "logits near −1000"),
            Probe((SINGLE.Z + 1000,), "one example, with logits near 1000"),
            Probe((SMALL.Z - _steps,), "a batch in which one row lies 1000 below the other"),
            *(Probe((Z,), note) for Z, note in WIDE_LOGITS),
            *(Probe((each.Z,), note) for each, note in SIZES[3:]),
        ],
    ),
    outputs=("Y_hat",),
    laws=(rows_sum_to(1), lambda Z, Y_hat: _within_float(Y_hat)),
)


def _integer_buffer(Z: Array) -> Array:
    out = np.zeros_like(Z)
    out[:] = _softmax(Z)
    return out


def _shift_in_place(Z: Array) -> Array:
    Z -= Z.max(axis=1, keepdims=True)
    return _softmax(Z)


softmax.mistake(
    "axis_0",
    lambda Z: np.exp(Z - Z.max()) / np.exp(Z - Z.max()).sum(axis=0),
    "your columns sum to 1, not your rows.",
    "Whose probabilities should add up to 1: one example's over the classes, or one class's over the examples?",
    "You divided by the sum over the examples. A probability then changes when somebody adds another example to the "
    "batch, and a batch of one gets 1 for every class.",
)
softmax.mistake(
    "global_sum",
    lambda Z: np.exp(Z - Z.max()) / np.exp(Z - Z.max()).sum(),
    "the whole batch together sums to 1.",
    "It is right for one example. What does your sum add up as soon as there are two?",
    "You divided by one number, the sum over all rows. Each row is right up to a factor, and the factor shrinks as "
    "the batch grows.",
)
softmax.mistake(
    "no_keepdims",
    lambda Z: np.exp(Z) / np.exp(Z).sum(axis=1),
    "the row sums are broadcast along the wrong axis.",
    "Write the two shapes under each other, aligned on the right. Which axis does NumPy pair with which?",
    "The sums came out with shape (N,). NumPy lines that up with the last axis, the classes: it fails when N and K "
    "differ, and when they are equal it divides column j by the sum of row j without a word.",
)
softmax.mistake(
    "no_shift",
    lambda Z: _normalised(np.exp(Z)),
    "right for small logits; large ones overflow.",
    "What does NumPy return for e to the 1000th? Which number may you add to a whole row of logits without changing "
    "the probabilities?",
    "The exponential leaves the range of a float above about 709, and infinity by infinity is not a number. The "
    "formula is right; the order of the arithmetic is what fails.",
)
softmax.mistake(
    "global_max",
    lambda Z: _normalised(np.exp(Z - Z.max())),
    "you use one maximum for the whole batch.",
    "What is left of a row whose best score lies 1000 below the best score of the batch?",
    "You subtract the largest logit of all rows. A row that lies far below it underflows to zeros, and 0/0 is not a "
    "number. Each row needs a shift of its own.",
)
softmax.mistake(
    "other_shift",
    lambda Z: _normalised(np.exp(Z - Z.mean(axis=1, keepdims=True))),
    "the number you subtract is not the row's largest score.",
    "Any shift leaves the probabilities as they are. But which one makes sure that no exponential overflows, and that "
    "not all of them become 0?",
    "In a row of widely spread scores the largest is still far above your shift, or all are far below it. After the "
    "right shift the largest exponential is 1.",
    variants=[(lambda Z, shift=shift: _normalised(np.exp(Z - shift(Z)))) for shift in _OTHER_SHIFTS[1:]],
)
softmax.mistake(
    "cut_off",
    lambda Z: _normalised(np.exp(np.clip(Z, -500, 500))),
    "scores beyond a limit are cut off.",
    "Two scores lie beyond your limit, one of them 3 above the other. How much likelier should its class be?",
    "Cutting keeps the exponential finite and changes the answer: what lies beyond the limit becomes equal. A shift of "
    "the whole row changes nothing.",
    variants=[(lambda Z, cut=cut: _normalised(np.exp(cut(Z)))) for cut in _CUTS],
)
softmax.mistake(
    "nan_hidden",
    lambda Z: np.nan_to_num(_normalised(np.exp(Z))),
    "what is not a number was replaced.",
    "A row's probabilities sum to 1. Do they still, where you put something in the place of nan?",
    "infinity/infinity is a sign that a number was lost before. A replacement hides the sign; the row's probabilities "
    "stay lost.",
    variants=(
        lambda Z: np.nan_to_num(_normalised(np.exp(Z)), nan=1.0),
        lambda Z: _normalised(np.nan_to_num(np.exp(Z))),
        lambda Z: np.nan_to_num(_normalised(np.nan_to_num(np.exp(Z)))),
        lambda Z: np.nan_to_num(_normalised(np.exp(Z - Z.max()))),
        *((lambda Z, shift=shift: np.nan_to_num(_normalised(np.exp(Z - shift(Z))))) for shift in _OTHER_SHIFTS),
    ),
)
softmax.mistake(
    "epsilon",
    lambda Z: _over(np.exp(Z - Z.max(axis=1, keepdims=True)), 1e-8),
    "a small number sits in the denominator.",
    "Can the sum of the exponentials be 0, once the largest score has been subtracted? So what does your small number "
    "protect from?",
    "With it the rows no longer sum to 1. After the shift one exponential is 1, so the sum is never 0; without the "
    "shift it only turns a lost row into zeros.",
    variants=[
        *((lambda Z, e=e: _over(np.exp(Z - Z.max(axis=1, keepdims=True)), e)) for e in _powers(2, 7)),
        *((lambda Z, e=e: _over(np.exp(Z), e)) for e in _powers(2, 16)),
        *((lambda Z, e=e: _over(np.exp(Z - Z.max()), e)) for e in _powers(2, 16)),
    ],
)
softmax.mistake(
    "floor",
    lambda Z: np.clip(_softmax(Z), 1e-12, 1.0),
    "very small probabilities are lifted.",
    "Take a row with the scores 0 and −40. What is e to the −40th, and what do you return?",
    "A probability may be 1e-18, or even too small for a float and so 0. A lower limit changes the row, and hides the "
    "log 0 that the loss has to care for.",
    variants=[
        change
        for e in [*_powers(2, 16), float(np.finfo(float).eps)]
        for change in (
            lambda Z, e=e: np.clip(_softmax(Z), e, 1),
            lambda Z, e=e: np.clip(_softmax(Z), e, 1 - e),
            lambda Z, e=e: _softmax(Z) + e,
        )
    ]
    + [(lambda Z, e=e: _normalised(np.maximum(_softmax(Z), e))) for e in (1e-15, 1e-12, 1e-10, 1e-8, 1e-7, 1e-6)]
    + [(lambda Z, e=e: _normalised(_softmax(Z) + e)) for e in (1e-15, 1e-12, 1e-10, 1e-8, 1e-7, 1e-6)],
)
softmax.mistake(
    "max_with_zero",
    lambda Z: _normalised(np.exp(Z - np.maximum(0, Z.max(axis=1, keepdims=True)))),
    "the shift only works one way.",
    "Try a row in which every score is about −1000. What do you subtract there?",
    "Your shift never lifts a row whose scores are all far below zero, so all its exponentials underflow to 0.",
)
softmax.mistake(
    "column_max",
    lambda Z: _normalised(np.exp(Z - Z.max(axis=0))),
    "each class is shifted by a number of its own.",
    "You may subtract one number from a whole row. How many different numbers did you subtract from the first row?",
    "Subtracting the largest of each column moves the scores of one example against each other, and that changes "
    "which class is preferred.",
)
softmax.mistake(
    "twice",
    lambda Z: _softmax(_softmax(Z)),
    "the softmax has been taken twice.",
    "What range do the numbers have that go into your last exponential? Could the result ever reach 0.99?",
    "Probabilities went in where logits belong. They differ by 1 at most, so no class can be more than e times as "
    "likely as another, however sure the model is.",
)
softmax.mistake(
    "base_2",
    lambda Z: _normalised(2.0**Z),
    "these are powers of 2.",
    "Raise one logit by 1. By which factor does your unnormalised score grow, and by which should it?",
    "With another base the rows still sum to 1 and the order is right, but every probability is too close to the "
    "others, and the derivatives of the later steps do not fit.",
    variants=(lambda Z: _normalised(10.0**Z),),
)
softmax.mistake(
    "minus",
    lambda Z: _normalised(np.exp(-Z)),
    "the order is upside down.",
    "Which class has the largest logit in the first row, and which the largest probability?",
    "A sign crept into the exponent: the class with the highest score gets the lowest probability.",
)
softmax.mistake(
    "no_exp",
    lambda Z: _normalised(Z),
    "the scores are divided by their sum as they are.",
    "Some logits are negative. Can a probability be? What should happen to the scores before they are divided?",
    "Dividing makes the rows sum to 1, but a negative score stays negative, and a row that sums to 0 can't be divided.",
)
softmax.mistake(
    "not_normalised",
    lambda Z: np.exp(Z),
    "these are positive, but they are not probabilities yet.",
    "What do the numbers of one row add up to?",
    "The exponentials are the numerators alone.",
    variants=(lambda Z: np.exp(Z - Z.max(axis=1, keepdims=True)),),
)
softmax.mistake(
    "log_softmax",
    lambda Z: np.log(_softmax(Z)),
    "these are logarithms of probabilities.",
    "Can a probability be negative? What did you take of it?",
    "Your numbers are right up to a last logarithm. The loss wants it; the softmax itself does not.",
)
softmax.mistake(
    "sigmoid",
    lambda Z: 1 / (1 + np.exp(-Z)),
    "each class is judged on its own.",
    "If one class becomes more likely, must another become less likely? Do yours?",
    "The logistic function squeezes every score by itself. Classes do not compete, so the rows do not sum to 1.",
)
softmax.mistake(
    "hard_max",
    lambda Z: (Z.max(axis=1, keepdims=True) == Z).astype(float),
    "the winner takes everything.",
    "Nudge one logit a little. Does any of your numbers move? What would its derivative be?",
    "You return 1 for the best class and 0 for the rest. That is the softmax's harder brother: it jumps, so it has "
    "no slope that a gradient could follow.",
)
softmax.mistake(
    "integer_buffer",
    _integer_buffer,
    "whole numbers can't hold probabilities.",
    "Look at the dtype of the array you fill. What becomes of 0.7 when it is stored there?",
    "Your result has the type of the input. With whole numbers in, everything behind the decimal point is cut off.",
)
softmax.mistake(
    "changes_argument",
    _shift_in_place,
    "right, but your function changed its argument Z.",
    "Look at Z before and after the call. Which line writes into it?",
    "An array handed to a function is not a copy. Whoever called yours now works with shifted logits and does not "
    "know it.",
    variants=(lambda Z: _normalised(np.exp(Z, out=Z)),),
)
