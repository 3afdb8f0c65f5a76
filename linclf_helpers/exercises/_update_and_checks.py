"""Exercises of notebooks 03 and 06: the update, finite differences, and how to compare with them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from linclf_helpers.exercises._exercise import Exercise
from linclf_helpers.exercises._guards import SMALL_NUMBERS, shortened
from linclf_helpers.exercises._observe import Array, Function, Probe, Seen
from linclf_helpers.exercises._outcome import Outcome
from linclf_helpers.exercises._probes import MANY_CLASSES, MANY_FEATURES, ONE_FEATURE, SEVEN, SIX, SMALL, TWIN

__all__ = ["gradient_step", "numerical_gradient", "relative_error"]

Pair = tuple[Array, Array]


def _gradient_step(W: Array, b: Array, dL_dW: Array, dL_db: Array, learning_rate: float) -> Pair:
    return W - learning_rate * dL_dW, b - learning_rate * dL_db


def _in_place(W: Array, b: Array, dL_dW: Array, dL_db: Array, learning_rate: float) -> Pair:
    W -= learning_rate * dL_dW
    b -= learning_rate * dL_db
    return W, b


def _gradients_scaled_in_place(W: Array, b: Array, dL_dW: Array, dL_db: Array, learning_rate: float) -> Pair:
    dL_dW *= learning_rate
    dL_db *= learning_rate
    return W - dL_dW, b - dL_db


def _bias_in_place(W: Array, b: Array, dL_dW: Array, dL_db: Array, learning_rate: float) -> Pair:
    b -= learning_rate * dL_db
    return W - learning_rate * dL_dW, b


def _weights_in_place(W: Array, b: Array, dL_dW: Array, dL_db: Array, learning_rate: float) -> Pair:
    W -= learning_rate * dL_dW
    return W, b - learning_rate * dL_db


def _at_rate(rate: Function) -> Callable[..., Pair]:
    return lambda W, b, dL_dW, dL_db, learning_rate: _gradient_step(W, b, dL_dW, dL_db, rate(learning_rate))


def _along(change: Function) -> Callable[..., Pair]:
    """Return a step along gradients that were changed, each by itself."""
    return lambda W, b, dL_dW, dL_db, learning_rate: _gradient_step(W, b, change(dL_dW), change(dL_db), learning_rate)


def _result(change: Function) -> Callable[..., Pair]:
    """Return a right step whose results were changed."""

    def step(W: Array, b: Array, dL_dW: Array, dL_db: Array, learning_rate: float) -> Pair:
        new_W, new_b = _gradient_step(W, b, dL_dW, dL_db, learning_rate)
        return change(new_W), change(new_b)

    return step


def _step_clipped(most: float) -> Callable[..., Pair]:
    return lambda W, b, dL_dW, dL_db, learning_rate: (
        W - np.clip(learning_rate * dL_dW, -most, most),
        b - np.clip(learning_rate * dL_db, -most, most),
    )


def _shortened_together(most: float) -> Callable[..., Pair]:
    def step(W: Array, b: Array, dL_dW: Array, dL_db: Array, learning_rate: float) -> Pair:
        length = np.sqrt((dL_dW**2).sum() + (dL_db**2).sum())
        return _gradient_step(W, b, dL_dW, dL_db, learning_rate * min(1.0, most / max(length, 1e-300)))

    return step


def _normed_together(W: Array, b: Array, dL_dW: Array, dL_db: Array, learning_rate: float) -> Pair:
    return _gradient_step(W, b, dL_dW, dL_db, learning_rate / np.sqrt((dL_dW**2).sum() + (dL_db**2).sum()))


_BOUNDS = (0.1, 0.5, 1, 2, 3, 5, 10, 50, 100, 500, 700, 1000, 1e4, 1e5, 1e6)
_steep = np.array([[3e6, 0.0, -2e-9], [-1.0, 40.0, 7e6], [1e-17, -700.0, 6.0]])
_gradients = _steep, np.array([2e6, -1e-9, 5e6])
gradient_step = Exercise(
    name="gradient_step",
    hints=(
        "The gradient points uphill. Which way do you go, and how far?",
        "Both parameters move the same way: from where they are, against their own gradient, learning_rate times its "
        "length. Return new arrays; the old ones belong to the caller.",
    ),
    reference=_gradient_step,
    formula="W ← W − η ∂L/∂W, b ← b − η ∂L/∂b",
    stages=(
        [
            Probe((each.W, each.b, each.X.T @ each.dL_dZ, each.dL_dZ.sum(axis=0), rate))
            for each, rate in ((SMALL, 0.5), (SEVEN, 0.05), (SIX, 1.5))
        ]
        + [Probe((SMALL.W, SMALL.b, SMALL.W[::-1] + 0.35, np.array([0.4, -1.0, 2.0]), 0.3))],  # slopes with a sum
        [
            Probe((TWIN.W, TWIN.b, *_gradients, 0.3), "gradients of very different size"),
            Probe((np.zeros((3, 3)), np.zeros(3), *_gradients, 1e-9), "parameters of 0, and a tiny learning rate"),
            Probe((1e6 * TWIN.W, 1e6 * TWIN.b, *_gradients, 300.0), "large parameters, and a large learning rate"),
            Probe((SIX.W, SIX.b, np.zeros((3, 5)), np.zeros(5), 0.2), "gradients of 0"),
            Probe((SMALL.W, SMALL.b, SMALL.X.T @ SMALL.dL_dZ, SMALL.dL_dZ.sum(axis=0), 0.0), "a learning rate of 0"),
            Probe((np.zeros((3, 3)), np.zeros(3), *_gradients, 1e-17), "parameters of 0, and almost no learning rate"),
            *(
                Probe((each.W, each.b, each.W[::-1] + 0.1, each.b[::-1], 0.7), note)
                for each, note in (
                    (MANY_CLASSES, "30 classes"),
                    (MANY_FEATURES, "300 features"),
                    (ONE_FEATURE, "one feature and two classes"),
                )
            ),
        ],
        [
            Probe(
                (TWIN.W, TWIN.b, *(np.where(g == g.max(), np.nan, g) for g in _gradients), 0.3),
                "nan in the gradients",
                may_raise=True,
            )
        ],
    ),
    outputs=("W", "b"),
)
gradient_step.mistake(
    "plus",
    lambda W, b, dL_dW, dL_db, learning_rate: (W + learning_rate * dL_dW, b + learning_rate * dL_db),
    "this step climbs.",
    "The gradient points uphill. Where do you want to go?",
    "With a plus the loss rises at every step, however small the learning rate.",
)
gradient_step.mistake(
    "no_rate",
    lambda W, b, dL_dW, dL_db, learning_rate: (W - dL_dW, b - dL_db),
    "the learning rate is not used.",
    "Divide the change of W by dL_dW. Which number should that be?",
    "The step is as long as the gradient, whatever rate is asked for.",
)
gradient_step.mistake(
    "fixed_rate",
    _at_rate(lambda rate: 0.1),
    "a learning rate of your own is used, not the one that comes in.",
    "Call your function with two learning rates. Does it go equally far?",
    "The number stands in the function, so whoever calls it can't choose.",
    variants=[_at_rate(lambda rate, own=own: own) for own in (0.5, 0.05, 0.01, 0.001, 1e-4)],
)
gradient_step.mistake(
    "rate_limited",
    _at_rate(lambda rate: min(rate, 1.0)),
    "some learning rates are replaced by others.",
    "Ask for a very large rate, for a very small one, for 0. Which step should you get, and which do you?",
    "Whoever asks for a rate wants to see what it does, also if it is a bad one. The rule of the step has no limits.",
    variants=[
        *(_at_rate(lambda rate, m=m: min(rate, m)) for m in (0.1, 0.5, 2, 5, 10, 100)),
        *(_at_rate(lambda rate, e=e: max(rate, e)) for e in SMALL_NUMBERS),
        *(_at_rate(lambda rate, e=e: float(np.clip(rate, e, 1))) for e in (0.0, *SMALL_NUMBERS)),
        *(_at_rate(lambda rate, e=e: rate or e) for e in (1.0, 0.1, 0.01, 0.001, 1e-4)),
        *(_at_rate(lambda rate, e=e: rate + e) for e in SMALL_NUMBERS),
    ],
)
gradient_step.mistake(
    "rate_halved",
    _at_rate(lambda rate: rate / 2),
    "the step is half as long as it should be.",
    "Divide the change of W by dL_dW. Which number should that be?",
    "There is no ½ in the rule of the step. The factor in front of the gradient is the learning rate and nothing else.",
)
gradient_step.mistake(
    "rate_doubled",
    _at_rate(lambda rate: 2 * rate),
    "the step is twice as long as it should be.",
    "How often do you subtract? Divide the change of W by dL_dW.",
    "Either a 2 stands in front of the gradient, or the step is taken twice.",
)
gradient_step.mistake(
    "averaged",
    lambda W, b, dL_dW, dL_db, learning_rate: _gradient_step(W, b, dL_dW / len(W), dL_db / len(W), learning_rate),
    "the gradients were divided once more.",
    "The gradients that come in are those of a mean. Over what do you average again?",
    "Neither the number of features nor that of classes has a place in the step.",
    variants=(
        lambda W, b, dL_dW, dL_db, learning_rate: _gradient_step(W, b, dL_dW / len(W), dL_db, learning_rate),
        lambda W, b, dL_dW, dL_db, learning_rate: _gradient_step(W, b, dL_dW / len(b), dL_db / len(b), learning_rate),
        lambda W, b, dL_dW, dL_db, learning_rate: _gradient_step(W, b, dL_dW / W.size, dL_db / b.size, learning_rate),
    ),
)
gradient_step.mistake(
    "clipped",
    _along(lambda g: np.clip(g, -1, 1)),
    "large gradients are cut off.",
    "One slope is 10, another a million. Should the step be the same?",
    "Clipping is a rule of its own, which changes length and direction of the step. This one follows the gradient "
    "wherever it leads.",
    variants=[
        *(_along(lambda g, m=m: np.clip(g, -m, m)) for m in _BOUNDS),
        *(_along(lambda g, m=m: shortened(g, m)) for m in _BOUNDS),
        *(_shortened_together(m) for m in _BOUNDS),
        *(_step_clipped(m) for m in _BOUNDS),
    ],
)
gradient_step.mistake(
    "parameters_limited",
    _result(lambda new: np.clip(new, -10, 10)),
    "large or small parameters are replaced by others.",
    "The right step leads to a weight of a million, or of a billionth. Which one do you return?",
    "Where the step leads is where the parameters are. Limits for them are another rule, which nobody asked for.",
    variants=[
        *(_result(lambda new, m=m: np.clip(new, -m, m)) for m in _BOUNDS),
        *(_result(lambda new, e=e: np.where(np.abs(new) < e, 0, new)) for e in SMALL_NUMBERS),
    ],
)
gradient_step.mistake(
    "small_dropped",
    _along(lambda g: np.where(np.abs(g) < 1e-8, 0, g)),
    "very small gradients are taken for 0.",
    "Near a minimum every slope is small. Is the minimum reached?",
    "A small slope is a slope. With a large learning rate it may still lead far.",
    variants=[_along(lambda g, e=e: np.where(np.abs(g) < e, 0, g)) for e in SMALL_NUMBERS],
)
gradient_step.mistake(
    "nan_hidden",
    _along(np.nan_to_num),
    "what is not a number was replaced.",
    "A gradient holds a nan. Is 0 its right value? Who will notice that something went wrong before?",
    "nan is a sign that a number was lost earlier. Put 0 in its place, and training goes on with a gradient that "
    "belongs to nothing.",
    variants=(_result(np.nan_to_num),),
)
gradient_step.mistake(
    "normed",
    _along(lambda g: g / np.linalg.norm(g)),
    "every step is equally long.",
    "Near a minimum the gradient is short. Should the step be? And what is 0 divided by 0?",
    "Divided by its length the gradient only tells a direction, and where it is 0 not even that.",
    variants=[
        *(_along(lambda g, e=e: g / (np.linalg.norm(g) + e)) for e in SMALL_NUMBERS),
        _along(lambda g: g / np.abs(g).max()),
        _normed_together,
    ],
)
gradient_step.mistake(
    "bias_by_sum",
    lambda W, b, dL_dW, dL_db, learning_rate: (W - learning_rate * dL_dW, b - learning_rate * dL_db.sum()),
    "all biases move by the same amount.",
    "dL_db has one slope for each class. What is left of them after summing?",
    "The slopes of the biases sum to 0, so they would never move; and a common shift changes no probability.",
    variants=(lambda W, b, dL_dW, dL_db, learning_rate: (W - learning_rate * dL_dW, b - learning_rate * dL_db.mean()),),
)
gradient_step.mistake(
    "bias_by_weights",
    lambda W, b, dL_dW, dL_db, learning_rate: (W - learning_rate * dL_dW, b - learning_rate * dL_dW.sum(axis=0)),
    "the bias follows the gradient of the weights.",
    "Read the line for b aloud. Whose gradient does it contain?",
    "dL_dW holds the features; the slope of the bias does not.",
    variants=(
        lambda W, b, dL_dW, dL_db, learning_rate: (W - learning_rate * dL_dW, b - learning_rate * dL_dW.mean(axis=0)),
        lambda W, b, dL_dW, dL_db, learning_rate: (W - learning_rate * dL_dW, b - learning_rate * dL_dW[0]),
        lambda W, b, dL_dW, dL_db, learning_rate: (W - learning_rate * dL_dW, b - learning_rate * dL_dW),
    ),
)
gradient_step.mistake(
    "weights_by_bias",
    lambda W, b, dL_dW, dL_db, learning_rate: (W - learning_rate * dL_db, b - learning_rate * dL_db),
    "the weights follow the gradient of the bias.",
    "Read the line for W aloud. Whose gradient does it contain?",
    "NumPy subtracts the one row from every row of W without a word: all features get the same step.",
)
gradient_step.mistake(
    "rate_squared",
    lambda W, b, dL_dW, dL_db, learning_rate: (W - learning_rate**2 * dL_dW, b - learning_rate**2 * dL_db),
    "the learning rate is in it twice.",
    "Divide the change of W by dL_dW. Which number should that be?",
    "Multiplied twice, a rate of 0.1 becomes 0.01.",
)
gradient_step.mistake(
    "divided",
    lambda W, b, dL_dW, dL_db, learning_rate: (W - dL_dW / learning_rate, b - dL_db / learning_rate),
    "divided by the learning rate.",
    "Should a smaller learning rate make the step shorter or longer?",
    "A rate of 0.1 makes steps ten times too long here.",
)
gradient_step.mistake(
    "bias_forgotten",
    lambda W, b, dL_dW, dL_db, learning_rate: (W - learning_rate * dL_dW, b),
    "the bias stays where it is.",
    "Where may the lines between two classes pass, if b never changes?",
    "Only the weights learn. On data that is not centred that costs much.",
)
gradient_step.mistake(
    "weights_forgotten",
    lambda W, b, dL_dW, dL_db, learning_rate: (W, b - learning_rate * dL_db),
    "the weights stay where they are.",
    "Which of the two parameters looks at the features?",
    "Only the bias learns: the model can learn how frequent each class is, and nothing else.",
)
gradient_step.mistake(
    "bias_by_itself",
    lambda W, b, dL_dW, dL_db, learning_rate: (W - learning_rate * dL_dW, b - learning_rate * b),
    "the bias is updated with itself.",
    "Read the line for b aloud. Whose gradient does it contain?",
    "It only shrinks towards 0; the data has no say.",
)
gradient_step.mistake(
    "weights_by_themselves",
    lambda W, b, dL_dW, dL_db, learning_rate: (W - learning_rate * W, b - learning_rate * dL_db),
    "the weights are updated with themselves.",
    "Read the line for W aloud. Whose gradient does it contain?",
    "They only shrink towards 0; the data has no say.",
)
gradient_step.mistake(
    "bias_plus",
    lambda W, b, dL_dW, dL_db, learning_rate: (W - learning_rate * dL_dW, b + learning_rate * dL_db),
    "the bias climbs while the weights descend.",
    "Compare the two lines. Do both parameters walk downhill?",
    "One of the two signs is the other way round.",
)
gradient_step.mistake(
    "bias_without_rate",
    lambda W, b, dL_dW, dL_db, learning_rate: (W - learning_rate * dL_dW, b - dL_db),
    "the bias does not use the learning rate.",
    "Divide the change of b by dL_db. Is that the number you find for W?",
    "Both parameters take part in one step of one length.",
)
gradient_step.mistake(
    "step_alone",
    lambda W, b, dL_dW, dL_db, learning_rate: (-learning_rate * dL_dW, -learning_rate * dL_db),
    "this is the step, not where it leads.",
    "You know how far to go and which way. From where do you start?",
    "The old parameters are not in the result: everything learned so far would be forgotten.",
)
gradient_step.mistake(
    "swapped",
    lambda W, b, dL_dW, dL_db, learning_rate: (b - learning_rate * dL_db, W - learning_rate * dL_dW),
    "the two results have changed places.",
    "In which order does the caller expect them?",
    "Both are right. The first is expected to be W.",
)
gradient_step.mistake(
    "weights_alone",
    lambda W, b, dL_dW, dL_db, learning_rate: W - learning_rate * dL_dW,
    "only the weights came back.",
    "How many parameters does the model have, and how many did you return?",
    "The new bias is missing.",
)
gradient_step.mistake(
    "multiplied",
    lambda W, b, dL_dW, dL_db, learning_rate: (W * (1 - learning_rate * dL_dW), b * (1 - learning_rate * dL_db)),
    "the gradient scales the parameters.",
    "If a weight is 0, can your step move it?",
    "Multiplied instead of subtracted, the step depends on how large the parameter already is. From zero weights "
    "nothing would ever move.",
)
gradient_step.mistake(
    "sign_only",
    lambda W, b, dL_dW, dL_db, learning_rate: (
        W - learning_rate * np.sign(dL_dW),
        b - learning_rate * np.sign(dL_db),
    ),
    "only the sign of the gradient is used.",
    "Near a minimum the slope is small. Should the step be?",
    "Every weight moves equally far. Then steps do not become shorter near the minimum, and it is overshot.",
)
gradient_step.mistake(
    "changes_arguments",
    _in_place,
    "right, but your function changed W and b themselves.",
    "Keep the old W under another name, take a step, and compare. What do you see?",
    "Writing into the array changes it for everybody who holds it: a history of weights would hold the same array "
    "again and again.",
    variants=(_weights_in_place, _bias_in_place),
)
gradient_step.mistake(
    "changes_gradients",
    _gradients_scaled_in_place,
    "right, but your function changed the gradients it was given.",
    "Look at dL_dW before and after the call. Which line writes into it?",
    "The caller may still want the gradient itself, to look at its length for example.",
)


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
