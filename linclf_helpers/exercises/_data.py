"""Exercises about labels, accuracy and scaling: notebooks 01, 07 and 08."""

from typing import Any

import numpy as np

from linclf_helpers.exercises._exercise import Exercise
from linclf_helpers.exercises._observe import Array, Probe
from linclf_helpers.exercises._probes import BATCHES, MANY_CLASSES, SEVEN, SINGLE, SIX, SIZES, SMALL, SQUARE, THOUSANDS

__all__ = ["accuracy", "one_hot", "standardize"]


def _one_hot(labels: Array, K: int) -> Array:
    Y = np.zeros((len(labels), K))
    Y[np.arange(len(labels)), labels] = 1
    return Y


def _single_one(labels: Array, K: int, Y: Array) -> str:
    wrong = np.flatnonzero(Y.sum(axis=1) != 1)
    return f"Each row should hold a single 1; your row {wrong[0]} sums to {Y[wrong[0]].sum():g}." if len(wrong) else ""


def _whole_columns(labels: Array, K: int) -> Array:
    Y = np.zeros((len(labels), K))
    Y[:, labels] = 1
    return Y


def _by_row_numbers(labels: Array, K: int) -> Array:
    Y = np.zeros((len(labels), K))
    Y[labels] = 1
    return Y


def _column_by_row(labels: Array, K: int) -> Array:
    Y = np.zeros((len(labels), K))
    Y[labels, np.arange(len(labels))] = 1
    return Y


def _numbers_instead(labels: Array, K: int) -> Array:
    Y = np.zeros((len(labels), K))
    Y[np.arange(len(labels)), labels] = labels
    return Y


one_hot = Exercise(
    name="one_hot",
    hints=(
        "Which shape should the result have, and where does its width come from if a class is missing in the batch?",
        "Start from zeros. Which row and which column get a 1, for the first label? For all of them you need two "
        "lists of equal length.",
    ),
    reference=_one_hot,
    formula="y_ni = 1 if i is the label of example n, else 0",
    stages=(
        [Probe((np.array([2, 0]), 3)), *(Probe((each.labels, each.Y.shape[1])) for each in (SEVEN, SIX, SQUARE))],
        [Probe((np.array([0, 0, 1]), 4), "a batch that lacks the last classes")],
        [
            *(Probe((each.labels, each.Y.shape[1]), note) for each, note in SIZES),
            Probe((np.array([2, 1, 2]), 3), "a batch without its first class"),
            Probe((np.array([3, 3]), 4), "a batch in which every example belongs to the last class"),
            Probe((np.array([999, 0, 128, 256]), 1000), "1,000 classes"),
        ],
    ),
    outputs=("Y",),
    laws=(_single_one,),
)
one_hot.mistake(
    "width_from_batch",
    lambda labels, K: np.eye(labels.max() + 1)[labels],
    "the width was taken from the batch.",
    "What comes out for a batch that holds only zeros?",
    "The largest label of a batch says nothing about the number of classes. K is given for that.",
    variants=(lambda labels, K: np.eye(max(labels.max() + 1, 2))[labels],),
)
one_hot.mistake(
    "classes_present",
    lambda labels, K: (labels[:, None] == np.unique(labels)).astype(float),
    "only the classes that occur have a column.",
    "A class is missing from the batch. Where is its column?",
    "Without a column for the missing class, later classes move to the left and the model learns wrong names.",
)
one_hot.mistake(
    "renumbered",
    lambda labels, K: np.eye(K)[np.unique(labels, return_inverse=True)[1]],
    "the labels were counted anew, by the classes that occur.",
    "Take a batch of the labels 4, 1 and 4. In which column does your function put the ones of class 1?",
    "The smallest label of the batch went to column 0, whichever class it is. A label is the number of its column "
    "already.",
)
one_hot.mistake(
    "sorted",
    lambda labels, K: _one_hot(np.sort(labels), K),
    "the ones are in order, the examples are not.",
    "Which class has the first example? And which class does your first row name?",
    "Sorting the labels gives each row the label of another example.",
)
one_hot.mistake(
    "column_by_row",
    _column_by_row,
    "the two indices changed places.",
    "Y has shape (N, K). Which of the two indices counts the examples, and which the classes?",
    "The label was used as the number of the row. That fails as soon as a label or a number of an example is too "
    "large, and for N = K it gives the transpose without a word.",
)
one_hot.mistake(
    "transposed",
    lambda labels, K: _one_hot(labels, K).T,
    "examples are in columns.",
    "In this course, is an example a row or a column?",
    "This is the transpose: right in courses that keep examples in columns.",
)
one_hot.mistake(
    "labels_from_1",
    lambda labels, K: _one_hot(labels - 1, K),
    "every 1 is one column too far left.",
    "Which column belongs to class 0? Where does index −1 point?",
    "The labels count from 0 already. One less, and class 0 wraps around to the last column without an error.",
)
one_hot.mistake(
    "off_by_one",
    lambda labels, K: _one_hot((labels + 1) % K, K),
    "every 1 is one column too far right.",
    "Which column belongs to class 0?",
    "The labels count from 0, and so do the columns.",
)
one_hot.mistake(
    "whole_columns",
    _whole_columns,
    "whole columns were filled.",
    "How many entries did your index pick, and how many ones do you need?",
    "A slice and a list pick every row together with every label. What is wanted are pairs.",
)
one_hot.mistake(
    "rows_by_label",
    _by_row_numbers,
    "labels were used as row numbers.",
    "Which rows did your index pick? What does a label say: which row, or which column?",
    "One list of labels alone picks rows, and fills them from end to end.",
)
one_hot.mistake(
    "complement",
    lambda labels, K: 1 - _one_hot(labels, K),
    "ones and zeros have changed places.",
    "How many ones should a row have?",
    "This marks the classes that an example does not belong to.",
)
one_hot.mistake(
    "label_as_value",
    _numbers_instead,
    "the label stands where the 1 belongs.",
    "Is class 3 three times as much of a class as class 1? And where is class 0?",
    "The label says where the 1 goes, not what goes there.",
)
one_hot.mistake(
    "labels_back",
    lambda labels, K: labels,
    "these are the labels themselves.",
    "Which shape has Y?",
    "One number per example came back; one row of K per example is wanted.",
    variants=(lambda labels, K: labels[:, None],),
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


def _standardize(X_train: Array, X_test: Array) -> tuple[Array, Array]:
    mean, deviation = X_train.mean(axis=0), X_train.std(axis=0)
    deviation = np.where(deviation == 0, 1, deviation)
    return (X_train - mean) / deviation, (X_test - mean) / deviation


def _with(mean: Any, deviation: Any) -> Any:
    """Return a (wrong) standardisation that takes its mean and deviation by functions of (train, test)."""

    def standardize(X_train: Array, X_test: Array) -> tuple[Array, Array]:
        m, s = mean(X_train, X_test), deviation(X_train, X_test)
        return (X_train - m) / s, (X_test - m) / s

    return standardize


def _or_1(deviation: Array) -> Array:
    return np.where(deviation == 0, 1, deviation)


def _of_train(statistic: str, **options: Any) -> Any:
    return lambda train, test: getattr(train, statistic)(**options)


def _of_all(statistic: str) -> Any:
    return lambda train, test: getattr(np.vstack([train, test]), statistic)(axis=0)


def _of_test(statistic: str) -> Any:
    return lambda train, test: getattr(test, statistic)(axis=0)


def _each_by_itself(X_train: Array, X_test: Array) -> tuple[Array, Array]:
    return (X_train - X_train.mean(axis=0)) / X_train.std(axis=0), (X_test - X_test.mean(axis=0)) / X_test.std(axis=0)


def _in_place(X_train: Array, X_test: Array) -> tuple[Array, Array]:
    mean, deviation = X_train.mean(axis=0), X_train.std(axis=0)
    deviation = np.where(deviation == 0, 1, deviation)
    X_train -= mean
    X_train /= deviation
    X_test -= mean
    X_test /= deviation
    return X_train, X_test


def _min_max(X_train: Array, X_test: Array) -> tuple[Array, Array]:
    low, width = X_train.min(axis=0), np.ptp(X_train, axis=0)
    return (X_train - low) / width, (X_test - low) / width


def _mean_zero(X_train: Array, X_test: Array, train: Array, test: Array) -> str:
    means = train.mean(axis=0)
    if np.allclose(means, 0, atol=1e-9):
        return ""
    return f"Each training feature should have mean 0; the first of yours has {means[0]:.4g}."


_rng = np.random.default_rng(6)
_widths = _rng.normal(size=(9, 6)) * 10.0 ** np.array([-2, -1, 0, 2, 6, 8]) + 10.0 ** np.array([-1, 0, 1, 3, 7, 7])
_narrow = _rng.normal(size=(8, 2)) * [1e-6, 1e-9]
_far_off = 1e6 * np.array([1.0, -3.0]) + _rng.integers(-4, 5, size=(8, 2))  # whole numbers, so the squares are exact
_symmetric = np.array([[sign * 10.0**-n, sign * (n + 0.5)] for n in range(13) for sign in (1, -1)])
_train_of_three = np.array([[1.0, 40.0], [2.0, 60.0], [6.0, 50.0]])
_EPSILONS = [10.0**-n for n in range(1, 12)]
_mean, _std = _of_train("mean", axis=0), _of_train("std", axis=0)
standardize = Exercise(
    name="standardize",
    hints=(
        "Could you compute your mean on the day before the test data arrives?",
        "Per feature: shift by one number, then scale by another, so that the training features have mean 0 and "
        "standard deviation 1. The test data is treated with the same two numbers.",
    ),
    reference=_standardize,
    formula="x' = (x − μ_train) / σ_train, per feature, σ with divisor N",
    stages=(
        [
            Probe((_train_of_three, np.array([[3.0, 45.0], [0.0, 70.0]]))),
            Probe((SEVEN.X, SIX.X[:, [0, 1, 2, 0, 1]] + 1)),
            Probe((SIX.X, SMALL.X[:, :3])),
        ],
        [
            Probe(
                (np.array([[1.0, 7.0], [3.0, 7.0], [8.0, 7.0]]), np.array([[2.0, 7.0]])),
                "a feature that never changes",
            )
        ],
        [
            Probe((_widths[:6], _widths[6:]), "features with spreads from 0.01 to 1e8"),
            # A number of 1e-12 in the denominator spoils nothing and is let pass.
            Probe((_narrow[:5], _narrow[5:]), "features with spreads of 1e-6 and 1e-9", rtol=2e-3),
            Probe((_narrow[:5] * 5e-3, _narrow[5:] * 5e-3), "features with spreads of 5e-9 and 5e-12", rtol=0.3),
            Probe((SEVEN.X[:, :1], SIX.X[:, :1]), "one feature"),
            Probe((_far_off[:5], _far_off[5:]), "features whose mean is a million times their spread"),
            Probe(
                (_symmetric, np.array([[1e-7, 2.0], [-2000.0, 1500.0], [50.0, -9.0]])), "values near the mean, and far"
            ),
            Probe((THOUSANDS.X, SIX.X[:, :2]), "a training set of 5,000 examples"),
            Probe((SMALL.X[:, :1] + SEVEN.X[:2], THOUSANDS.X[:1000].reshape(400, 5)), "a training set of two examples"),
            Probe((SMALL.X[:1], SMALL.X[:1]), "a training set of one example"),
            Probe((MANY_CLASSES.Y_hat, MANY_CLASSES.Y_hat[2:3] + 0.1), "30 features and one test example"),
        ],
    ),
    outputs=("X_train", "X_test"),
    laws=(_mean_zero,),
)
standardize.mistake(
    "fit_on_all",
    _with(_of_all("mean"), _of_all("std")),
    "the test data had a say in mean and deviation.",
    "Could you compute these two numbers on the day before the test data arrives?",
    "What is measured on the test data must not flow into the model. Here a little of it does, and the score is a "
    "little too good.",
)
standardize.mistake(
    "fit_on_test",
    _with(_of_test("mean"), _of_test("std")),
    "mean and deviation come from the test data.",
    "Which of the two sets may the model learn from?",
    "The two numbers are part of the model, and the model learns from the training data alone.",
)
standardize.mistake(
    "each_by_itself",
    _each_by_itself,
    "the test data was scaled by numbers of its own.",
    "One example in the test set: what would its mean and deviation be? Does the same penguin get the same numbers "
    "in both sets?",
    "The same measurement means different things in the two sets then, and the weights fit only one of them.",
)
standardize.mistake(
    "only_shifted",
    _with(_mean, lambda train, test: 1.0),
    "shifted, not scaled.",
    "Compare the spread of your columns. Are they alike?",
    "One learning rate has to suit all features; a wide one still dictates it.",
)
standardize.mistake(
    "only_scaled",
    _with(lambda train, test: 0.0, _std),
    "scaled, not shifted.",
    "What is the mean of your columns?",
    "The features are of equal width, but far from 0, and the bias has to fight the weights.",
)
standardize.mistake(
    "ddof_1",
    _with(_mean, _of_train("std", axis=0, ddof=1)),
    "the deviation was computed with N − 1.",
    "What is the standard deviation of your training columns: exactly 1?",
    "N − 1 is for estimating the spread of a population. Here the data at hand shall have deviation 1; the "
    "reference values of the course divide by N.",
)
standardize.mistake(
    "by_variance",
    _with(_mean, _of_train("var", axis=0)),
    "divided by the variance.",
    "In which unit is the variance of millimetres? What would be left after dividing?",
    "The variance is the square of what you need: units do not cancel, and wide columns become the narrow ones.",
)
standardize.mistake(
    "whole_table",
    _with(_of_train("mean"), _of_train("std")),
    "one mean for the whole table.",
    "Is it sensible to average millimetres of length with millimetres of depth, or with grams?",
    "Features keep their different positions and widths, since all were treated with the same two numbers.",
)
standardize.mistake(
    "across_features",
    lambda X_train, X_test: (
        (X_train - X_train.mean(axis=1, keepdims=True)) / X_train.std(axis=1, keepdims=True),
        (X_test - X_test.mean(axis=1, keepdims=True)) / X_test.std(axis=1, keepdims=True),
    ),
    "each example was standardised, not each feature.",
    "Which axis counts the examples? Over which should the mean be taken?",
    "The mean of one penguin's bill length and depth says nothing about other penguins.",
)
standardize.mistake(
    "min_max",
    _min_max,
    "scaled to lie between 0 and 1.",
    "What is the mean of your columns?",
    "That is another way to scale. The extremes decide it, so a single odd measurement squeezes all the others.",
)
standardize.mistake(
    "test_untouched",
    lambda X_train, X_test: (_standardize(X_train, X_test)[0], X_test),
    "the test data was left as it was.",
    "The weights learn from standardised features. What do they meet in the test?",
    "Raw millimetres through weights for standardised ones: the predictions mean nothing.",
)
standardize.mistake(
    "constant_feature",
    _with(_mean, _std),
    "a feature that never changes gives 0/0.",
    "What is the deviation of a pixel that is always white? What do you divide by?",
    "Its deviation is 0, and one nan spreads to every number of the model.",
)
standardize.mistake(
    "epsilon",
    _with(_mean, lambda train, test: train.std(axis=0) + 1e-8),
    "a small number was added to the deviation.",
    "Is the deviation of your training columns exactly 1 now? What becomes of a feature measured in kilometres?",
    "It avoids 0/0 by changing every other number a little, the more the narrower the feature. Which features need "
    "the exception?",
    variants=[
        _with(_mean, deviation)
        for e in _EPSILONS
        for deviation in (
            lambda train, test, e=e: train.std(axis=0) + e,
            lambda train, test, e=e: np.sqrt(train.var(axis=0) + e),
        )
    ],
)
standardize.mistake(
    "narrow_left_alone",
    _with(_mean, lambda train, test: np.where(train.std(axis=0) < 1e-8, 1, train.std(axis=0))),
    "narrow features were not scaled to deviation 1.",
    "A length measured in kilometres has a small spread. Does the same length in millimetres come out the same?",
    "What counts as small depends on the unit. A feature that never changes has deviation 0; a narrow one has not.",
    variants=[
        _with(_mean, deviation)
        for e in (0.5, *_EPSILONS)
        for deviation in (
            lambda train, test, e=e: np.where(train.std(axis=0) < e, 1, train.std(axis=0)),
            lambda train, test, e=e: np.maximum(train.std(axis=0), e),
            lambda train, test, e=e: np.where(train.std(axis=0) < e, e, train.std(axis=0)),
            lambda train, test, e=e: np.where(train.std(axis=0) < e, np.inf, train.std(axis=0)),
        )
    ],
)
standardize.mistake(
    "one_pass",
    _with(_mean, lambda train, test: _or_1(np.sqrt((train**2).mean(axis=0) - train.mean(axis=0) ** 2))),
    "the deviation loses its digits where the mean is large.",
    "1000001² and 1000003² have how many digits in common? What is left of them when you subtract?",
    "The mean of the squares minus the square of the mean is right on paper. In floats two large and nearly equal "
    "numbers cancel; subtract the mean first, and square what is left.",
)
standardize.mistake(
    "clipped",
    lambda X_train, X_test: tuple(np.clip(part, -3, 3) for part in _standardize(X_train, X_test)),
    "values far from the mean were cut off.",
    "A test example lies 2,000 deviations from the mean. Where does your function put it?",
    "Whatever lies beyond your limit becomes equal. Standardising moves and stretches; it takes nothing away.",
    variants=[
        (lambda X_train, X_test, m=m: tuple(np.clip(part, -m, m) for part in _standardize(X_train, X_test)))
        for m in (1, 2, 2.5, 4, 5, 6, 10, 20, 50, 100, 1000)
    ],
)
standardize.mistake(
    "median",
    _with(
        lambda train, test: np.median(train, axis=0),
        lambda train, test: _or_1(np.subtract(*np.percentile(train, [75, 25], axis=0))),
    ),
    "the median was used instead of the mean.",
    "What is the mean of your training columns?",
    "Median and quartiles do not mind odd measurements, and some prefer them for that. What was asked for has mean 0 "
    "and deviation 1.",
    variants=[
        _with(lambda train, test: np.median(train, axis=0), lambda train, test, f=f: _or_1(f(train)))
        for f in (
            lambda train: np.median(abs(train - np.median(train, axis=0)), axis=0),
            lambda train: 1.4826 * np.median(abs(train - np.median(train, axis=0)), axis=0),
            lambda train: train.std(axis=0),
        )
    ],
)
standardize.mistake(
    "by_range",
    _with(_mean, lambda train, test: _or_1(np.ptp(train, axis=0))),
    "divided by the range.",
    "What is the standard deviation of your training columns?",
    "Largest minus smallest is a width as well, but two odd measurements decide it.",
)
standardize.mistake(
    "mean_deviation",
    _with(_mean, lambda train, test: _or_1(abs(train - train.mean(axis=0)).mean(axis=0))),
    "divided by the mean distance from the mean.",
    "What is the standard deviation of your training columns?",
    "The standard deviation squares the distances before it averages them, and takes the root afterwards.",
)
standardize.mistake(
    "half_of_test",
    _with(_mean, lambda train, test: _or_1(test.std(axis=0))),
    "one of the two numbers comes from the test data.",
    "You need a mean and a deviation. From which set does each of yours come?",
    "Both numbers belong to the model, which learns from the training data alone.",
    variants=(_with(_of_test("mean"), lambda train, test: _or_1(train.std(axis=0))),),
)
standardize.mistake(
    "swapped",
    lambda X_train, X_test: _standardize(X_train, X_test)[::-1],
    "training and test data changed places.",
    "Which of the two arrays does your function return first?",
    "Both are right, but the first result is taken for the training data.",
)
standardize.mistake(
    "changes_arguments",
    _in_place,
    "right, but your function changed the data it was given.",
    "Run your function twice on the same array. What do you get the second time?",
    "The raw measurements are gone for everybody who still holds that array.",
)
