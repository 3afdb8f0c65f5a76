"""The exercises of notebook 01 about the loss: cross-entropy, and cross-entropy from logits."""

from collections.abc import Callable
from typing import Any

import numpy as np

from linclf_helpers.exercises.catalogue.softmax import _CUTS, _OTHER_SHIFTS, _normalised, _powers, _softmax, _steps
from linclf_helpers.exercises.checking.exercise import Exercise
from linclf_helpers.exercises.checking.observe import Array, Probe
from linclf_helpers.exercises.checking.probes import BATCHES, SEVEN, SINGLE, SIZES, SMALL, SQUARE, WIDE_LOGITS


def _cross_entropy(Y_hat: Array, Y: Array) -> Any:
    return -np.log(Y_hat[Y == 1]).mean()


_AGAIN = [0, 2, 2, 0, 5, 2]
_tiny = np.array([[1.0 - 1e-9, 1e-9, 0.0], [0.0, 1e-200, 1.0]])
cross_entropy = Exercise(
    name="cross_entropy",
    hints=(
        "Which probability of each row does the loss look at? How would you pick exactly those?",
        "For one example take minus the natural logarithm of the correct class's probability. Then remember that the "
        "batch has N examples, and that one number should come out.",
    ),
    reference=_cross_entropy,
    formula="L = −(1/N) Σ_n Σ_i y_ni log ŷ_ni",
    stages=(
        [Probe((each.Y_hat, each.Y)) for each in (*BATCHES, SQUARE)],
        [
            Probe((_tiny, np.array([[0.0, 1, 0], [0, 1, 0]])), "very small probabilities"),
            Probe((SEVEN.Y_hat[_AGAIN], SEVEN.Y[_AGAIN]), "examples that come more than once"),
            Probe((_tiny[:, ::-1], np.array([[0.0, 0, 1], [1, 0, 0]])), "a 0 among the wrong classes"),
            Probe((np.array([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]]), np.eye(3)[[0, 1]]), "a probability of 1"),
            Probe((np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]), np.eye(3)[[1, 0]]), "a model that is sure, and right"),
            Probe((np.array([[1 - 1e-13, 1e-13, 0.0]]), np.eye(3)[[0]]), "a model that is nearly sure, and right"),
            Probe((np.array([[0.4, 0.35, 0.25], [1e-300, 1, 0]]), np.eye(3)[[1, 0]]), "a probability of 1e-300"),
            Probe((np.array([[0.5, 0.5, 0.0], [0.2, 0.8, 0.0]]), np.eye(3)[[2, 1]]), "a 0 for the correct class"),
            *(Probe((each.Y_hat, each.Y), note) for each, note in SIZES),
        ],
    ),
    outputs=("L",),
    laws=(
        lambda Y_hat, Y, L: f"A logarithm of something below 1 is negative; your loss {L:.4g} is too." if L < 0 else "",
        lambda Y_hat, Y, L: "Your loss is nan: not a number at all." if np.isnan(L) else "",
    ),
)


def _picked_by_two_lists(Y_hat: Array, Y: Array) -> Any:
    return -np.log(Y_hat[:, Y.argmax(axis=1)]).mean()


def _epsilon_added(epsilon: float) -> Any:
    return lambda Y_hat, Y: -np.log(Y_hat[Y == 1] + epsilon).mean()


def _epsilon_clipped(epsilon: float) -> Any:
    return lambda Y_hat, Y: -np.log(np.clip(Y_hat[Y == 1], epsilon, 1)).mean()


def _both_ends_clipped(epsilon: float) -> Any:
    return lambda Y_hat, Y: -np.log(np.clip(Y_hat[Y == 1], epsilon, 1 - epsilon)).mean()


_EPSILONS = [*_powers(2, 16), float(np.finfo(float).eps)]
_TINY_EPSILONS = [1e-18, 1e-20, 1e-30, 1e-32, 1e-40, 1e-45, 1e-50, 1e-100, 1e-200, 1e-300, float(np.finfo(float).tiny)]
_FLOORS = (10, 20, 30, 50, 100, 500, 700, 1000)  # for a logarithm that may not fall below −10, …


def _and_epsilon(of_probabilities: Any) -> list[Any]:
    """Return a mistake together with an ε in the logarithm, which many add out of habit; the ε is told later."""
    return [lambda Y_hat, Y, e=e: of_probabilities(Y_hat[Y == 1] + e, Y) for e in _EPSILONS]


def _left_out_below(limit: float) -> Any:
    return lambda Y_hat, Y: -np.log(np.where(Y_hat > limit, Y_hat, 1))[Y == 1].mean()


def _zero_times_infinity(Y_hat: Array, Y: Array) -> Any:
    return -(Y * np.log(Y_hat)).sum() / len(Y)


cross_entropy.mistake(
    "sum",
    lambda Y_hat, Y: -np.log(Y_hat[Y == 1]).sum(),
    "the loss of the batch is added up, not averaged.",
    "Copy every example once, so that the batch is twice as long. Should the loss double?",
    "A sum grows with the number of examples: a learning rate that suits 100 examples is too large for 1000.",
    variants=_and_epsilon(lambda p, Y: -np.log(p).sum()),
)
cross_entropy.mistake(
    "mean_of_all",
    lambda Y_hat, Y: -np.log(Y_hat[Y == 1]).sum() / Y.size,
    "the average counts the entries, not the examples.",
    "How many numbers did you average, and how many examples are there?",
    "N times K entries went into the mean, although only N of them are not zero. An ignorant model then pays "
    "(log K)/K instead of log K.",
    variants=_and_epsilon(lambda p, Y: -np.log(p).sum() / Y.size),
)
cross_entropy.mistake(
    "sign",
    lambda Y_hat, Y: np.log(Y_hat[Y == 1]).mean(),
    "the sign is missing.",
    "What sign has the logarithm of a number below 1? And which way should a loss point when the model is bad?",
    "You return the mean log-likelihood. It is what the model should make large; a loss is to be made small.",
    variants=_and_epsilon(lambda p, Y: np.log(p).mean()),
)
cross_entropy.mistake(
    "per_example",
    lambda Y_hat, Y: -np.log(Y_hat[Y == 1]),
    "one loss per example came out.",
    "Gradient descent makes one number smaller. How many did you return?",
    "These are the losses of the examples, each one right. The loss of the batch is one number made of them.",
    variants=_and_epsilon(lambda p, Y: -np.log(p)),
)
cross_entropy.mistake(
    "log2",
    lambda Y_hat, Y: -np.log2(Y_hat[Y == 1]).mean(),
    "this is measured in bits.",
    "Give every class the same probability 1/K. Is your loss the natural logarithm of K?",
    "The base of the logarithm is 2. Every loss is 1.4427 times too large, and so is the slope, which the derivation "
    "takes to be −1/ŷ.",
)
cross_entropy.mistake(
    "log10",
    lambda Y_hat, Y: -np.log10(Y_hat[Y == 1]).mean(),
    "this is a logarithm to the base 10.",
    "Give every class the same probability 1/K. Is your loss the natural logarithm of K?",
    "The base of the logarithm is 10. Every loss is 0.4343 times the right one, and its slope is not −1/ŷ.",
)
cross_entropy.mistake(
    "log_of_mean",
    lambda Y_hat, Y: -np.log(Y_hat[Y == 1].mean()),
    "the mean was taken before the logarithm.",
    "Take two examples, with probabilities 1 and 0.01 for their correct class. Which of the two losses should be felt?",
    "The logarithm of an average hides the examples that go badly wrong: a single confident mistake hardly counts.",
)
cross_entropy.mistake(
    "binary",
    lambda Y_hat, Y: -(Y * np.log(Y_hat) + (1 - Y) * np.log(1 - Y_hat)).sum(axis=1).mean(),
    "this is the loss of K separate yes-or-no questions.",
    "Does the model give one probability per class on its own, or one distribution over the classes?",
    "The second part charges for the wrong classes as well. Softmax has charged for them already, since what they "
    "get the correct class lacks. The gradient Ŷ − Y belongs to the loss without that part.",
)
cross_entropy.mistake(
    "squared_error",
    lambda Y_hat, Y: ((Y_hat - Y) ** 2).sum(axis=1).mean(),
    "this is a squared error.",
    "How much does your loss charge at most for one example? How much should a confident mistake cost?",
    "Squared distance between probabilities and labels never exceeds 2, however sure and wrong the model is.",
    variants=(lambda Y_hat, Y: ((Y_hat - Y) ** 2).mean(), lambda Y_hat, Y: ((Y_hat - Y) ** 2).sum() / 2 / len(Y)),
)
cross_entropy.mistake(
    "no_log",
    lambda Y_hat, Y: 1 - Y_hat[Y == 1].mean(),
    "there is no logarithm in it.",
    "Let the correct class's probability fall from 0.01 to 0.0001. How much more does your loss charge?",
    "The missing probability is at most 1, so a hopeless prediction costs hardly more than a poor one.",
    variants=(lambda Y_hat, Y: -Y_hat[Y == 1].mean(),),
)
cross_entropy.mistake(
    "entropy",
    lambda Y_hat, Y: -(Y_hat * np.log(Y_hat)).sum(axis=1).mean(),
    "the labels do not occur in it.",
    "Shuffle the labels. Does your loss notice?",
    "You computed the entropy of the predictions: how undecided the model is, whether it is right or not.",
)
cross_entropy.mistake(
    "most_probable",
    lambda Y_hat, Y: -np.log(Y_hat.max(axis=1)).mean(),
    "it looks at the class that the model prefers, not at the correct one.",
    "Shuffle the labels. Does your loss notice?",
    "Taking the largest probability of each row rewards being sure. The correct class may be another one.",
)
cross_entropy.mistake(
    "two_lists",
    _picked_by_two_lists,
    "more than one number per example was picked.",
    "Print the shape of what you pick out of Y_hat. How many numbers should that be?",
    "A slice and a list give every row with every label, N times N numbers. What is wanted are pairs: row n with "
    "the label of row n.",
)
cross_entropy.mistake(
    "softmax_inside",
    lambda Y_hat, Y: _cross_entropy(_softmax(Y_hat), Y),
    "a softmax is taken of what already are probabilities.",
    "What goes in, logits or probabilities? Can your loss ever come near 0?",
    "Softmax of probabilities flattens them: the loss stays above log(1 + (K − 1)/e) even for a perfect model.",
)
cross_entropy.mistake(
    "zero_times_infinity",
    _zero_times_infinity,
    "a wrong class with probability 0 spoils everything.",
    "Which entries do you multiply by 0? And what is 0 times infinity, in a float?",
    "The logarithm of 0 is minus infinity, and 0 times that is not a number. The entries of wrong classes should not "
    "be looked at in the first place.",
)
cross_entropy.mistake(
    "epsilon",
    _epsilon_added(1e-7),
    "a small number inside the logarithm puts a ceiling on the loss.",
    "Make the model more and more wrong. At which value does your loss stop growing?",
    "With ε inside, the loss can't exceed −log ε, and there its slope is 0 while the formula for the gradient goes "
    "on. Infinity is the right answer for a probability of exactly 0; the cure is to start from the logits.",
    variants=[
        *(make(e) for make in (_epsilon_added, _epsilon_clipped) for e in [*_EPSILONS, *_TINY_EPSILONS]),
        *(_both_ends_clipped(e) for e in _EPSILONS),
        *((lambda Y_hat, Y, f=f: -np.maximum(np.log(Y_hat[Y == 1]), -f).mean()) for f in _FLOORS),
    ],
)
cross_entropy.mistake(
    "masked",
    lambda Y_hat, Y: -np.log(np.where(Y_hat > 0, Y_hat, 1))[Y == 1].mean(),
    "a probability of exactly 0 costs nothing.",
    "Let the correct class's probability shrink: 0.1, 0.001, 0. What does your loss charge each time?",
    "The logarithm of 0 was put out of the way, and with it the worst of all answers: sure and wrong. Only the wrong "
    "classes' entries may be left out. The loss is infinite there; the cure is to start from the logits.",
    variants=(
        lambda Y_hat, Y: -np.log(Y_hat[(Y == 1) & (Y_hat > 0)]).mean(),
        *(_left_out_below(e) for e in [*_EPSILONS, *_TINY_EPSILONS]),
    ),
)
cross_entropy.mistake(
    "infinity_hidden",
    lambda Y_hat, Y: np.nan_to_num(-np.log(Y_hat[Y == 1])).mean(),
    "infinity became a very large number.",
    "What does log 0 tend to? Is the largest number of your machine a fact about the model?",
    "Infinity says that the loss is out of reach; about 1.8e308 looks like a loss and is none. For the wrong "
    "classes the logarithm need not be taken in the first place.",
    variants=(
        lambda Y_hat, Y: np.nan_to_num(-np.log(Y_hat[Y == 1]).mean()),
        lambda Y_hat, Y: np.nan_to_num(_zero_times_infinity(Y_hat, Y)),
    ),
)


def _cross_entropy_from_logits(Z: Array, labels: Array) -> Any:
    top = Z.max(axis=1, keepdims=True)
    log_total = top[:, 0] + np.log(np.exp(Z - top).sum(axis=1))
    return (log_total - Z[np.arange(len(Z)), labels]).mean()


cross_entropy_from_logits = Exercise(
    name="cross_entropy_from_logits",
    hints=(
        "Write the logarithm of a softmax on paper. What does the logarithm do to a fraction, and what to e^z?",
        "Two terms remain for each example: the logarithm of the sum of exponentials, and the correct class's logit. "
        "Take the largest logit of the row out of the first, so that no exponential overflows.",
    ),
    reference=_cross_entropy_from_logits,
    formula="L = (1/N) Σ_n (log Σ_j e^{z_nj} − z_nc)",
    stages=(
        [Probe((each.Z, each.labels)) for each in (*BATCHES, SQUARE)],
        [
            Probe((np.array([[0.0, 0.0, -30.0], [0.0, 0.0, 0.0]]), np.array([2, 0])), "a lost case"),
            Probe((SMALL.Z + 1000, SMALL.labels), "logits near 1000"),
            Probe((np.array([[0.0, -800.0, 1.0]]), np.array([1])), "a hopeless case, 800 below"),
            Probe((SMALL.Z - 1000, SMALL.labels), "logits near −1000"),
            Probe((SINGLE.Z + 1000, SINGLE.labels), "one example, with logits near 1000"),
            Probe((SMALL.Z - _steps, SMALL.labels), "a batch in which one row lies 1000 below the other"),
            Probe((np.array([[0.0, -800.0, 1.0]]), np.array([2])), "a hopeless class that is not the correct one"),
            Probe((WIDE_LOGITS[0][0], np.array([0, 2, 1])), "scores far apart, and right"),
            Probe((np.array([[0.0, 50.0], [60.0, 0.0]]), np.array([1, 0])), "a model that is sure, and right"),
            *(
                Probe((Z, np.array(labels)), note)
                for (Z, note), labels in zip(WIDE_LOGITS, ([1, 1, 0], [1, 0, 2], [2, 0, 1]), strict=True)
            ),
            *(Probe((each.Z, each.labels), note) for each, note in SIZES),
        ],
    ),
    outputs=("L",),
    atol=1e-12,  # a loss of 1e-17 is 0 for most right ways to compute it
    laws=(lambda Z, labels, L: f"A cross-entropy is never negative; yours is {L:.4g}." if L < 0 else "",),
)


def _log_Y_hat(Z: Array) -> Array:
    Z = Z - Z.max(axis=1, keepdims=True)
    return Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))


def _picked(values: Array, labels: Array) -> Array:
    return values[np.arange(len(values)), labels]


def _on_softmax(loss: Callable[[Array, Array], Any]) -> Callable[[Array, Array], Any]:
    """Return the loss from logits that a loss of probabilities makes."""
    return lambda Z, labels: loss(_softmax(Z), np.eye(Z.shape[1])[labels])


def _loss_shifted(Z: Array, labels: Array, shift: Any) -> Any:
    Z = Z - shift
    return (np.log(np.exp(Z).sum(axis=1)) - _picked(Z, labels)).mean()


cross_entropy_from_logits.mistake(
    "log_of_softmax",
    lambda Z, labels: -np.log(_picked(_softmax(Z), labels)).mean(),
    "right, until a probability underflows.",
    "Simplify log(e^a / S) on paper before you compute it. Which exponential is gone?",
    "For a hopeless case the probability itself is too small for a float and becomes 0, though its logarithm, −800 "
    "or so, would fit well. Taking the softmax first throws that away.",
)
cross_entropy_from_logits.mistake(
    "no_shift",
    lambda Z, labels: (np.log(np.exp(Z).sum(axis=1)) - _picked(Z, labels)).mean(),
    "right for small logits; large ones overflow.",
    "What is e to the 1000th for NumPy? What may be taken out of the sum before the logarithm?",
    "The logarithm would bring the number back to about 1000, but the exponential has overflowed by then.",
    variants=(lambda Z, labels: -np.log(_picked(_normalised(np.exp(Z)), labels)).mean(),),
)
cross_entropy_from_logits.mistake(
    "sum",
    lambda Z, labels: -_picked(_log_Y_hat(Z), labels).sum(),
    "the loss of the batch is added up, not averaged.",
    "Copy every example once. Should the loss double?",
    "A sum grows with the batch, and with it the length of every step.",
    variants=[(lambda Z, labels, e=e: -np.log(_picked(_softmax(Z), labels) + e).sum()) for e in _EPSILONS],
)
cross_entropy_from_logits.mistake(
    "sign",
    lambda Z, labels: _picked(_log_Y_hat(Z), labels).mean(),
    "the sign is the other way round.",
    "Which is larger, the logarithm of the sum of exponentials or any single logit?",
    "You return the mean log-likelihood, which is never above 0.",
    variants=[(lambda Z, labels, e=e: np.log(_picked(_softmax(Z), labels) + e).mean()) for e in _EPSILONS],
)
cross_entropy_from_logits.mistake(
    "label_as_number",
    lambda Z, labels: -(labels[:, None] * _log_Y_hat(Z)).sum(axis=1).mean(),
    "the labels are used as amounts.",
    "Does class 3 count three times as much as class 1? What does an example of class 0 pay in your loss?",
    "A label is a name. It says which logit to take, not what to multiply with.",
    variants=(lambda Z, labels: -(labels[:, None] * _log_Y_hat(Z)).mean(),),
)
cross_entropy_from_logits.mistake(
    "labels_from_1",
    lambda Z, labels: -_picked(_log_Y_hat(Z), labels - 1).mean(),
    "every label is off by one.",
    "Which column belongs to class 0? Where does index −1 point?",
    "The labels count from 0 here. Shifted by one, class 0 wraps around to the last column without an error.",
)
cross_entropy_from_logits.mistake(
    "softmax_twice",
    lambda Z, labels: -_picked(_log_Y_hat(_softmax(Z)), labels).mean(),
    "the softmax has been taken twice.",
    "This loss contains a softmax already. What do you hand into it, logits or probabilities?",
    "Probabilities in place of logits are squeezed once more: the loss stays above log(1 + (K − 1)/e) for ever.",
)
cross_entropy_from_logits.mistake(
    "two_lists",
    lambda Z, labels: -_log_Y_hat(Z)[:, labels].mean(),
    "every row is paired with every label.",
    "Print the shape of what you pick. How many numbers should that be?",
    "A slice and a list pick N times N numbers. What is wanted are N pairs: row n with label n.",
)
cross_entropy_from_logits.mistake(
    "logit_alone",
    lambda Z, labels: -_picked(Z, labels).mean(),
    "only the correct class's logit is in it.",
    "Add 5 to all logits of a row. Should the loss change? Does yours?",
    "Without the other term nothing holds the logits back: raising all of them would lower the loss for ever.",
)
cross_entropy_from_logits.mistake(
    "epsilon",
    lambda Z, labels: -np.log(_picked(_softmax(Z), labels) + 1e-7).mean(),
    "a small number inside the logarithm puts a ceiling on the loss.",
    "Lower the correct class's logit step by step. Where does your loss stop growing?",
    "With ε inside, no example can cost more than −log ε. From the logits the loss is finite by itself.",
    variants=[
        *(_on_softmax(make(e)) for make in (_epsilon_added, _epsilon_clipped) for e in [*_EPSILONS, *_TINY_EPSILONS]),
        *(_on_softmax(_both_ends_clipped(e)) for e in _EPSILONS),
        *((lambda Z, labels, f=f: -np.maximum(_picked(_log_Y_hat(Z), labels), -f).mean()) for f in _FLOORS[:-1]),
    ],
)
cross_entropy_from_logits.mistake(
    "global_max",
    lambda Z, labels: _loss_shifted(Z, labels, Z.max()),
    "you use one maximum for the whole batch.",
    "What is left of a row whose best score lies 1000 below the best score of the batch? What is log 0?",
    "All exponentials of such a row become 0, and the logarithm of their sum is minus infinity. Each row needs a shift "
    "of its own.",
    variants=(lambda Z, labels: -np.log(_picked(_normalised(np.exp(Z - Z.max())), labels)).mean(),),
)
cross_entropy_from_logits.mistake(
    "other_shift",
    lambda Z, labels: _loss_shifted(Z, labels, Z.mean(axis=1, keepdims=True)),
    "the number you take out of the sum is not the row's largest score.",
    "Which number has to be taken out so that no exponential overflows, and that not all of them become 0?",
    "In a row of widely spread scores the largest is still far above your shift, or all are far below it.",
    variants=[
        *((lambda Z, labels, shift=shift: _loss_shifted(Z, labels, shift(Z))) for shift in _OTHER_SHIFTS[1:]),
        *(
            (lambda Z, labels, shift=shift: -np.log(_picked(_normalised(np.exp(Z - shift(Z))), labels)).mean())
            for shift in _OTHER_SHIFTS
        ),
    ],
)
cross_entropy_from_logits.mistake(
    "cut_off",
    lambda Z, labels: -_picked(_log_Y_hat(np.clip(Z, -500, 500)), labels).mean(),
    "scores beyond a limit are cut off.",
    "Lower the correct class's score step by step. Does your loss go on rising?",
    "Beyond the limit all scores count the same, so the loss stops there. Shifting the whole row keeps the "
    "exponentials finite and changes nothing.",
    variants=[(lambda Z, labels, cut=cut: -_picked(_log_Y_hat(cut(Z)), labels).mean()) for cut in _CUTS],
)
cross_entropy_from_logits.mistake(
    "masked",
    _on_softmax(lambda Y_hat, Y: -np.log(np.where(Y_hat > 0, Y_hat, 1))[Y == 1].mean()),
    "a hopeless case costs nothing.",
    "Lower the correct class's score step by step: what does your loss charge at −700, and what at −800?",
    "Where the probability is too small for a float you put its logarithm out of the way. From the scores it can be "
    "computed, and it is about −800.",
    variants=(
        _on_softmax(lambda Y_hat, Y: -np.log(Y_hat[(Y == 1) & (Y_hat > 0)]).mean()),
        *(_on_softmax(_left_out_below(e)) for e in [*_EPSILONS, *_TINY_EPSILONS]),
    ),
)
cross_entropy_from_logits.mistake(
    "infinity_hidden",
    _on_softmax(lambda Y_hat, Y: np.nan_to_num(-np.log(Y_hat[Y == 1])).mean()),
    "infinity became a very large number.",
    "Which number belongs there? It fits well into a float, if the exponential is not taken first.",
    "The probability became 0 and its logarithm infinite. A replacement of 1.8e308 is farther from the truth, about "
    "800, than it looks.",
    variants=(_on_softmax(lambda Y_hat, Y: np.nan_to_num(-np.log(Y_hat[Y == 1]).mean())),),
)
cross_entropy_from_logits.mistake(
    "width_from_batch",
    lambda Z, labels: -(np.eye(labels.max() + 1)[labels] * _log_Y_hat(Z)).sum() / len(Z),
    "the number of classes was read off the labels.",
    "What happens in a batch in which the last class does not occur? Who else knows how many classes there are?",
    "The largest label tells how many classes this batch happens to hold. Z has a column for every class.",
)
