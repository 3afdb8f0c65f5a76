"""The exercise of notebook 06 about the update."""

from collections.abc import Callable

import numpy as np

from linclf_helpers.exercises.catalogue.guards import SMALL_NUMBERS, shortened
from linclf_helpers.exercises.checking.exercise import Exercise
from linclf_helpers.exercises.checking.observe import Array, Function, Probe
from linclf_helpers.exercises.checking.probes import MANY_CLASSES, MANY_FEATURES, ONE_FEATURE, SEVEN, SIX, SMALL, TWIN

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
