"""The exercise of notebook 01 about one-hot labels."""

import numpy as np

from linclf_helpers.exercises.checking.exercise import Exercise
from linclf_helpers.exercises.checking.observe import Array, Probe
from linclf_helpers.exercises.checking.probes import SEVEN, SIX, SIZES, SQUARE


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
