"""Exercises for pencil and paper, and questions with answers to choose from: notebooks 01 to 06."""

import numpy as np

from linclf_helpers.exercises.checking.observe import Array, Probe
from linclf_helpers.exercises.checking.paper import Choice, Paper

__all__ = [
    "chain_on_paper",
    "descent_on_paper",
    "jacobian_on_paper",
    "outer_on_paper",
    "recall_on_paper",
    "shapes_on_paper",
    "slope_on_paper",
    "softmax_on_paper",
    "why_bias",
    "why_both_sums",
    "why_log",
    "why_loss_rises",
    "why_no_inverse",
    "why_random_weights",
    "why_twice_the_data",
]


def _paper(name: str, hint: str, answer: Array, formula: str, result: str, decimals: int = 2) -> Paper:
    """Return an exercise whose answer is an array of numbers, asked for to some decimals; 0 asks for whole numbers.

    A number may be off by half a unit of the last decimal, so that of 0.125 both 0.12 and 0.13 are right.
    """
    half = 0.5 * 10.0**-decimals if decimals else 0.0
    return Paper(name, (hint,), lambda: answer, formula, [[Probe(())]], (result,), rtol=0, atol=half)


softmax_on_paper = _paper(
    "softmax_on_paper",
    "What is e to the power of log 2? So what are the three exponentials, and what do they add up to?",
    np.array([1, 2, 5]) / 8,
    "ŷ_i = e^{z_i} / Σ_j e^{z_j}, and e^{log a} = a: 1/8, 2/8, 5/8",
    "y_hat",
)
softmax_on_paper.mistake(
    "not_divided",
    lambda: np.array([1.0, 2, 5]),
    "these are the exponentials.",
    "What do they add up to? What should they add up to?",
    "The exponentials are the numerators. Probabilities sum to 1.",
)
softmax_on_paper.mistake(
    "no_exp",
    lambda: np.log([1, 2, 5]) / np.log(10),
    "the scores themselves were divided by their sum.",
    "Which function makes a score positive before it is divided?",
    "The exponential comes first.",
)

shapes_on_paper = _paper(
    "shapes_on_paper",
    "A Jacobian has one row per result and one column per argument. How many results has each of the three steps, and "
    "how many arguments?",
    np.array([[1.0, 5], [5, 5], [5, 20]]),
    "(1, K), (K, K), (K, D·K) with D = 4 and K = 5",
    "shapes",
    decimals=0,
)
shapes_on_paper.mistake(
    "transposed",
    lambda: np.array([[5.0, 1], [5, 5], [20, 5]]),
    "rows and columns have changed places.",
    "The product starts at the loss. Which shapes can be multiplied in this order?",
    "One row per result, one column per argument.",
)
shapes_on_paper.mistake(
    "weights",
    lambda: np.array([[1.0, 5], [5, 5], [5, 4]]),
    "the last one has a column for each feature, not for each weight.",
    "By how many weights is each score differentiated?",
    "W has D · K entries, and each of them is a variable.",
)

chain_on_paper = _paper(
    "chain_on_paper",
    "One row times one matrix: only one entry of the row is not 0. Which row of the matrix is left, and times what?",
    np.array([-0.5, 0.25, 0.25]),
    "[−2, 0, 0] times the matrix is −2 times its first row; it equals ŷ − y",
    "dL_dz",
)
chain_on_paper.mistake(
    "diagonal",
    lambda: np.array([-0.5, 0, 0]),
    "only the diagonal of the matrix was used.",
    "How many entries has the row of the matrix that is left over?",
    "The other scores move the correct class's probability as well.",
)
chain_on_paper.mistake(
    "sign",
    lambda: np.array([0.5, -0.25, -0.25]),
    "every sign is the other way round.",
    "What is −2 times a positive number?",
    "The minus of the slope got lost.",
)

slope_on_paper = _paper(
    "slope_on_paper",
    "Where is the label 1? Only there the slope is not 0. And the loss is the mean over how many examples?",
    np.array([[-1.0, 0, 0], [0, 0, -0.625]]),
    "−y/ŷ/N: −1/0.5/2 = −1 and −1/0.8/2 = −0.625",
    "dL_dYhat",
)
slope_on_paper.mistake(
    "no_mean",
    lambda: np.array([[-2.0, 0, 0], [0, 0, -1.25]]),
    "the 1/N of the mean is missing.",
    "How many examples are there? Is the loss their sum or their mean?",
    "Each entry is twice as large as it should be.",
)
slope_on_paper.mistake(
    "height",
    lambda: np.array([[0.35, 0, 0], [0, 0, 0.11]]),
    "this is the height of the curve.",
    "Is −log 0.5 how high the curve is at 0.5, or how steep?",
    "The loss is −log ŷ; its slope is another function.",
)
slope_on_paper.mistake(
    "sign",
    lambda: np.array([[1.0, 0, 0], [0, 0, 0.625]]),
    "the sign is the other way round.",
    "If the correct class gains, does the loss rise?",
    "The curve of −log falls everywhere.",
)
slope_on_paper.mistake(
    "every_class",
    lambda: np.array([[-1, -1.667, -2.5], [-5, -5, -0.625]]),
    "every class has a slope.",
    "How many logarithms does one example contribute to the loss?",
    "The probabilities of wrong classes do not occur in it.",
)

_HALVES = np.array([[0.25, -0.25, 0], [-0.25, 0.25, 0], [0, 0, 0]])
jacobian_on_paper = _paper(
    "jacobian_on_paper",
    "Begin with the diagonal. Then the others: both factors are probabilities. What is anything times 0?",
    _HALVES,
    "ŷ_i (δ_ij − ŷ_j)",
    "J",
)
jacobian_on_paper.mistake(
    "diagonal_only",
    lambda: np.diag([0.25, 0.25, 0]),
    "only the diagonal is there.",
    "Raise the first score. Does the second probability stay at 0.5?",
    "What the first gains somebody has to lose.",
)
jacobian_on_paper.mistake(
    "no_minus",
    lambda: np.abs(_HALVES),
    "a sign is missing off the diagonal.",
    "What should a row add up to, if the probabilities always add up to 1?",
    "With a plus, both classes would gain at the same time.",
)
jacobian_on_paper.mistake(
    "no_delta",
    lambda: np.array([[-0.25, -0.25, 0], [-0.25, -0.25, 0], [0, 0, 0]]),
    "the diagonal lacks a term.",
    "If a score rises, does its own probability fall?",
    "On the diagonal the numerator moves too.",
)
jacobian_on_paper.mistake(
    "negative",
    lambda: -_HALVES,
    "every sign is the other way round.",
    "If a score rises, does its own probability fall?",
    "The diagonal must be positive.",
)
outer_on_paper = _paper(
    "outer_on_paper",
    "W has one row per feature and one column per class. Which two numbers meet in row d and column k?",
    np.array([[1.0, -0.5, -0.5], [-0.5, 0.25, 0.25]]),
    "∂L/∂W_dk = x_d g_k",
    "dL_dW",
)
outer_on_paper.mistake(
    "transposed",
    lambda: np.array([[1.0, -0.5], [-0.5, 0.25], [-0.5, 0.25]]),
    "this is the transpose.",
    "Which shape has W in this course?",
    "The numbers are right for a course that keeps examples in columns.",
)
outer_on_paper.mistake(
    "sign",
    lambda: -np.array([[1.0, -0.5, -0.5], [-0.5, 0.25, 0.25]]),
    "every sign is the other way round.",
    "What is 2 times 0.5?",
    "The minus of the update comes later.",
)

descent_on_paper = _paper(
    "descent_on_paper",
    "The slope of ½βw² is βw. What is left of w after one step: which number multiplies it, every time?",
    np.array([-0.2, 0.04, -0.008]),
    "w ← w − η β w = (1 − 0.3 · 4) w = −0.2 w, three times",
    "w",
    decimals=3,
)
descent_on_paper.mistake(
    "plus",
    lambda: np.array([2.2, 4.84, 10.648]),
    "this climbs.",
    "Is the step added or subtracted?",
    "The gradient points uphill.",
)
descent_on_paper.mistake(
    "same_step",
    lambda: np.array([-0.2, -1.4, -2.6]),
    "every step is as long as the first.",
    "What is the slope at the new w? Is it still 4?",
    "The gradient has to be taken anew at each point.",
)
descent_on_paper.mistake(
    "no_overshoot",
    lambda: np.array([0.2, 0.04, 0.008]),
    "the sizes are right; a sign is lost.",
    "From w = 1, how long is the first step? On which side of 0 does it end?",
    "The step is longer than the way to the minimum, so each one lands on the other side.",
)

recall_on_paper = _paper(
    "recall_on_paper",
    "Recall is about one true class at a time: which line of the table belongs to it, and which entry of it is right?",
    np.array([0.9, 0.6, 0.98]),
    "the diagonal entry divided by the sum of its row: 45/50, 30/50, 49/50",
    "recall",
)
recall_on_paper.mistake(
    "precision",
    lambda: np.array([45 / 55, 30 / 36, 49 / 59]),
    "the columns were added up, not the rows.",
    "Of all true examples of a class, or of all that were called so?",
    "That is the precision: how often the answer is right when the class is named.",
)
recall_on_paper.mistake(
    "share_of_all",
    lambda: np.array([0.3, 0.2, 0.327]),
    "divided by the number of all examples.",
    "How many examples of this one class are there?",
    "Recall looks at one true class at a time.",
)

why_twice_the_data = Choice(
    "why_twice_the_data",
    ("Write the step once with the mean and once with the sum. Which product is its true length?",),
    "Somebody's gradient is a sum over the examples instead of a mean. It trains well with η = 0.001. Then the data is "
    "doubled. What happens, and why?",
    {
        "a": "Nothing changes: more data makes the gradient more exact, not longer.",
        "b": "Every step becomes twice as long, as if η had been doubled; training may diverge.",
        "c": "Every step becomes half as long, since each example counts less.",
    },
    "b",
    {
        "a": "That holds for a mean. How does a sum change when every term occurs twice?",
        "b": "A sum with η is a mean with N · η. That is why the course's loss is a mean.",
        "c": "Each example would count less in a mean. What does a sum do?",
    },
)
why_loss_rises = Choice(
    "why_loss_rises",
    ("Two predictions for the correct class: 0.4, then 0.001, both wrong. Which of the two scores notices?",),
    "During a long training the test loss rises from 0.3 to 0.4 while the test accuracy stays the same. How can that "
    "be?",
    {
        "a": "There must be a bug: loss and accuracy always move in opposite directions.",
        "b": "The model gets surer of its mistakes. Accuracy does not see that; the loss charges for it.",
        "c": "The test loss contains the penalty on the weights, which grows.",
    },
    "b",
    {
        "a": "Accuracy only asks whether the first choice is right. Does the loss ask the same?",
        "b": "Weights that grow without end push every probability towards 0 or 1, the wrong ones as well.",
        "c": "Without any penalty it happens too. What does the loss see that accuracy does not?",
    },
)
why_log = Choice(
    "why_log",
    ("Two models give the correct class 0.01 and 0.0001. How much worse is the second one?",),
    "Why does the loss take the logarithm of the correct class's probability, and not the probability itself?",
    {
        "a": "Because a logarithm makes numbers smaller.",
        "b": "Because probabilities of independent examples multiply, and the logarithm turns the product into a sum.",
        "c": "Because the softmax would overflow without it.",
    },
    "b",
    {
        "a": "Smaller how, and what for? Look at what happens to the probability of all labels together when examples "
        "are independent.",
        "b": "And a sum is what can be averaged, and differentiated term by term. It also charges without limit for "
        "being confidently wrong.",
        "c": "The overflow was cured by subtracting the maximum, in the softmax itself. What does the loss need?",
    },
)
why_both_sums = Choice(
    "why_both_sums",
    ("Follow one weight: which scores does it move? Which probabilities do these move?",),
    "The chain rule has a sum over i (probabilities) and a sum over j (scores). You forget the terms with i ≠ j. What "
    "is left out?",
    {
        "a": "Nothing: a score moves its own probability only.",
        "b": "That a score moves the probabilities of the other classes, because all share one denominator.",
        "c": "That a weight moves the scores of the other classes.",
    },
    "b",
    {
        "a": "Then the probabilities would not sum to 1 after a nudge. What do they share?",
        "b": "These terms are the only ones that push the wrong classes down.",
        "c": "A weight belongs to one class and moves that one score. Where do the classes meet?",
    },
)
why_no_inverse = Choice(
    "why_no_inverse",
    ("What happens to the probabilities if all scores are raised by the same amount?",),
    "The matrix of the softmax can't be inverted, whatever the scores are. Why?",
    {
        "a": "Because its entries are small.",
        "b": "Because it is symmetric.",
        "c": "Because raising all scores together changes nothing, so from the probabilities nobody can tell the "
        "scores.",
    },
    "c",
    {
        "a": "0.001 has an inverse: 1000. Which vector does the matrix send to 0?",
        "b": "The identity is symmetric as well, and is its own inverse. Which vector does the matrix send to 0?",
        "c": "The vector of ones goes to 0: that is what 'each row sums to 0' says. The rank is K − 1.",
    },
)
why_bias = Choice(
    "why_bias",
    ("By which variable do you differentiate? What is held fixed?",),
    "∂L/∂b for one example is ŷ − y, without x. Why?",
    {
        "a": "Because the bias is a constant, and the derivative of a constant is 0.",
        "b": "Because ∂z_k/∂b_k = 1: the bias acts like the weight of a feature that is always 1.",
        "c": "Because x and b are never multiplied, so their derivative is not defined.",
    },
    "b",
    {
        "a": "It is a constant when you differentiate by W. What happens to z if b itself is nudged?",
        "b": "Put a column of ones into X, and b becomes one more row of W.",
        "c": "z = xW + b can be differentiated by each of its variables. How far does z move when b moves by 1?",
    },
)
why_random_weights = Choice(
    "why_random_weights",
    ("What are the probabilities at zero weights, whatever the features?",),
    "Why is a gradient checked at random weights and not at zero?",
    {
        "a": "Because the gradient is zero at zero weights.",
        "b": "Because the loss is infinite at zero weights.",
        "c": "Because at zero weights all probabilities are equal, and many wrong formulas agree with the right one.",
    },
    "c",
    {
        "a": "Compute (Ŷ − Y)/N with Ŷ = 1/K. Is it zero?",
        "b": "It is log K there, the price of knowing nothing. What is special about the probabilities?",
        "c": "A softmax with a wrong sign, a wrong base or a lost division: at that one point none of them shows.",
    },
)
