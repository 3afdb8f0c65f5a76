"""The exercise of notebook 08 about accuracy."""

from typing import Any

import numpy as np

from linclf_helpers.exercises.catalogue.one_hot import _one_hot
from linclf_helpers.exercises.checking.exercise import Exercise
from linclf_helpers.exercises.checking.observe import Array, Probe
from linclf_helpers.exercises.checking.probes import (
    BATCHES,
    SEVEN,
    SINGLE,
    SIZES,
    SQUARE,
)


def _accuracy(Y_hat: Array, labels: Array) -> Any:
    return (Y_hat.argmax(axis=1) == labels).mean()


def _a_share(Y_hat: Array, labels: Array, share: Array) -> str:
    return "" if 0 <= share <= 1 else f"A share lies between 0 and 1; yours is {share:.4g}."


def _batch_of_choices(seed: int, N: int, K: int, hits: int) -> tuple[Array, Array]:
    """Return probabilities, small ones among them, and labels of which `hits` are the most probable class."""
    rng = np.random.default_rng(seed)
    Y_hat = rng.uniform(0.001, 1, size=(N, K))
    Y_hat /= Y_hat.sum(axis=1, keepdims=True)
    labels = Y_hat.argmax(axis=1)
    labels[hits:] = (labels[hits:] + rng.integers(1, K, size=N - hits)) % K
    order = rng.permutation(N)
    return Y_hat[order], labels[order]


_hits = np.eye(4)[[0, 3, 1, 2, 1, 1, 3]] * 0.4 + 0.15
_ties = np.array([[0.4, 0.2, 0.4], [0.4, 0.2, 0.4], [0.25, 0.35, 0.4]])
_most_probable = np.round(np.array([[0.4, 0.35, 0.25], [0.1, 0.2, 0.7]]), 2)
# The last class leads by so little in the first rows that the rounding of an input gives the lead to another.
_LEADS = (4e-2, 4e-3, 4e-4, 4e-5, 4e-6, 4e-7, 4e-8, 4e-9, 4e-12, 4e-15)
_close_calls = np.array(
    [[0.3 - lead, 0.35, 0.35 + lead] for lead in _LEADS] + [[0.0, 1e-12, 1 - 1e-12], [0.0, 0.0, 1.0]]
)
accuracy = Exercise(
    name="accuracy",
    hints=(
        "Which class does the model choose in each row? How many choices should come out?",
        "Compare N choices with N labels, entry by entry. What is the mean of a list of True and False?",
    ),
    reference=_accuracy,
    formula="the share of examples with argmax_k ŷ_nk = y_n",
    stages=(
        [
            Probe((_most_probable, np.array([1, 2]))),
            Probe((_hits, SEVEN.labels)),
            *(Probe((each.Y_hat, each.labels)) for each in BATCHES),
            Probe(_batch_of_choices(1, 11, 5, 4)),
            Probe((SQUARE.Y_hat, SQUARE.Y_hat.argmax(axis=1))),
        ],
        # Whichever of the two a function chooses, if it chooses one in both rows, it is right in one of them.
        [Probe((_ties, np.array([0, 2, 0])), "a batch with ties: two equal probabilities")],
        [
            Probe((_close_calls, np.full(len(_close_calls), 2)), "a batch in which the best two are nearly equal"),
            Probe((SINGLE.Y_hat, SINGLE.Y_hat.argmax(axis=1)), "a batch of one example, a hit"),
            Probe((SINGLE.Y_hat, SINGLE.Y_hat.argmin(axis=1)), "a batch of one example, a miss"),
            Probe(_batch_of_choices(2, 6, 3, 0), "a batch without a single hit"),
            *(Probe((each.Y_hat, each.labels), note) for each, note in SIZES[:4]),
            Probe(_batch_of_choices(3, 4, 30, 3), "30 classes"),
            Probe(_batch_of_choices(4, 5000, 3, 3337), "a batch of 5,000 examples"),
        ],
    ),
    outputs=("accuracy",),
    laws=(_a_share,),
)
accuracy.mistake(
    "one_argmax",
    lambda Y_hat, labels: (Y_hat.argmax() == labels).mean(),
    "one choice was made for the whole batch.",
    "How many predictions do you need, and how many did you make?",
    "Without an axis the largest number of the whole array is looked for, counted through row after row. Its number "
    "can even be larger than any class.",
)
accuracy.mistake(
    "axis_0",
    lambda Y_hat, labels: np.mean(Y_hat.argmax(axis=0) == labels),
    "the best example of each class was looked for.",
    "Best class per example, or best example per class: which do you want?",
    "Along the first axis you get K numbers between 0 and N − 1. If N and K are equal, nothing complains.",
)
accuracy.mistake(
    "all_pairs",
    lambda Y_hat, labels: (Y_hat.argmax(axis=1)[:, None] == labels).mean(),
    "every prediction was compared with every label.",
    "Print the shape of the comparison before you average. Does your accuracy change if you shuffle the labels?",
    "A column against a row gives a table of N × N. Its mean does not depend on the order of the labels at all.",
)
accuracy.mistake(
    "count",
    lambda Y_hat, labels: (Y_hat.argmax(axis=1) == labels).sum(),
    "the hits were counted.",
    "Is 7 a good result? Out of how many?",
    "This is the number of correct predictions. A share lies between 0 and 1.",
)
accuracy.mistake(
    "percent",
    lambda Y_hat, labels: 100 * (Y_hat.argmax(axis=1) == labels).mean(),
    "this is in percent.",
    "Between which two numbers should a share lie?",
    "It is right, times 100. The course reports shares from 0 to 1.",
)
accuracy.mistake(
    "error_rate",
    lambda Y_hat, labels: (Y_hat.argmax(axis=1) != labels).mean(),
    "this is the share of mistakes.",
    "A perfect model should score 1. What does yours get?",
    "You counted where prediction and label differ.",
)
accuracy.mistake(
    "argmin",
    lambda Y_hat, labels: (Y_hat.argmin(axis=1) == labels).mean(),
    "the least probable class was chosen.",
    "Which class would you bet on?",
    "The model's choice is where its probability is largest.",
)
accuracy.mistake(
    "mean_probability",
    lambda Y_hat, labels: Y_hat[np.arange(len(labels)), labels].mean(),
    "this is how much probability the correct classes got on average.",
    "0.51 or 0.99 for the correct class: does accuracy care?",
    "Accuracy only asks whether the first choice is right. How sure the model is shows in the loss.",
)
accuracy.mistake(
    "above_half",
    lambda Y_hat, labels: (Y_hat[np.arange(len(labels)), labels] > 0.5).mean(),
    "more than one half was asked for.",
    "With three classes, can 0.4 be the largest probability?",
    "A class wins with the largest probability, which needs not be above 0.5 when there are more than two.",
    variants=(
        lambda Y_hat, labels: (Y_hat[np.arange(len(labels)), labels] >= 0.5).mean(),
        lambda Y_hat, labels: ((Y_hat > 0.5) == _one_hot(labels, Y_hat.shape[1])).all(axis=1).mean(),
    ),
)
accuracy.mistake(
    "rounded_first",
    lambda Y_hat, labels: (Y_hat.round().argmax(axis=1) == labels).mean(),
    "the probabilities were rounded before the choice.",
    "0.4 and 0.36: which of the two is larger, and which is larger after your rounding?",
    "Rounding makes different probabilities equal, and argmax then takes the first of them. Nothing needs to be "
    "rounded, nor held in float32, to see which is the largest.",
    variants=[
        (lambda Y_hat, labels, cut=cut: (cut(Y_hat).argmax(axis=1) == labels).mean())
        for cut in (
            *((lambda P, n=n: P.round(n)) for n in range(1, 15)),
            lambda P: P > 0.5,
            lambda P: P >= 0.5,
            lambda P: P.astype(np.float16),
            lambda P: P.astype(np.float32),
            lambda P: (100 * P).astype(int),
        )
    ],
)
accuracy.mistake(
    "by_classes",
    lambda Y_hat, labels: (Y_hat.argmax(axis=1) == labels).sum() / Y_hat.shape[1],
    "the hits were divided by the number of classes.",
    "Seven examples, four classes, all seven right. Which share comes out?",
    "Hits are counted among the examples, so their share is taken of the N examples.",
)
accuracy.mistake(
    "by_size",
    lambda Y_hat, labels: (Y_hat.argmax(axis=1) == labels).sum() / Y_hat.size,
    "the hits were divided by the number of entries.",
    "Seven examples, four classes, all seven right. Which share comes out?",
    "The batch has N · K probabilities, but only N choices that can be right.",
)
accuracy.mistake(
    "all_or_nothing",
    lambda Y_hat, labels: (Y_hat.argmax(axis=1) == labels).all(),
    "one miss and nothing counts.",
    "Nine of ten are right. What do you return?",
    "You ask whether every prediction is right: a yes or no for the whole batch.",
    variants=(
        lambda Y_hat, labels: (Y_hat.argmax(axis=1) == labels).sum() // len(labels),
        lambda Y_hat, labels: int((Y_hat.argmax(axis=1) == labels).mean()),
    ),
)
accuracy.mistake(
    "per_class",
    lambda Y_hat, labels: np.mean([(Y_hat.argmax(axis=1) == k)[labels == k].mean() for k in np.unique(labels)]),
    "the classes count alike, not the examples.",
    "99 examples of one class, all right, and one of another, wrong. What do you return?",
    "You averaged the shares of the classes, each of them the recall of a class. It is a good number to know, called "
    "balanced accuracy; accuracy lets every example count alike.",
    variants=(
        lambda Y_hat, labels: np.mean(
            [
                ((Y_hat.argmax(axis=1) == k) & (labels == k)).sum() / max((labels == k).sum(), 1)
                for k in range(Y_hat.shape[1])
            ]
        ),
    ),
)
accuracy.mistake(
    "order_lost",
    lambda Y_hat, labels: (np.sort(Y_hat.argmax(axis=1)) == np.sort(labels)).mean(),
    "predictions are not compared with the labels of their own examples.",
    "Shuffle the labels and leave the predictions. Does your accuracy change?",
    "How often each class is predicted says nothing about where. Prediction and label of the same example belong "
    "together.",
    variants=(
        lambda Y_hat, labels: (
            np.minimum(*(np.bincount(c, minlength=Y_hat.shape[1]) for c in (Y_hat.argmax(axis=1), labels))).sum()
            / len(labels)
        ),
        lambda Y_hat, labels: np.isin(Y_hat.argmax(axis=1), labels).mean(),
        lambda Y_hat, labels: np.isin(labels, Y_hat.argmax(axis=1)).mean(),
    ),
)
accuracy.mistake(
    "per_entry",
    lambda Y_hat, labels: (np.round(Y_hat) == _one_hot(labels, Y_hat.shape[1])).mean(),
    "entries were counted, not examples.",
    "How many answers does each example give?",
    "Comparing all N · K entries rewards every wrong class that was rightly ruled out.",
)
accuracy.mistake(
    "per_example",
    lambda Y_hat, labels: Y_hat.argmax(axis=1) == labels,
    "one True or False per example came out.",
    "You know which are right. What is their share?",
    "These are the hits. One number is wanted.",
)
accuracy.mistake(
    "ties_count",
    lambda Y_hat, labels: (Y_hat[np.arange(len(labels)), labels] == Y_hat.max(axis=1)).mean(),
    "a tie counts as a hit.",
    "Ten equal probabilities: which class does the model choose? Is it right for every label?",
    "If two classes share the largest probability, the model still has to choose one: argmax takes the first. "
    "Otherwise an untrained model, with all probabilities equal, would be right every time.",
    variants=(lambda Y_hat, labels: np.isclose(Y_hat[np.arange(len(labels)), labels], Y_hat.max(axis=1)).mean(),),
)
