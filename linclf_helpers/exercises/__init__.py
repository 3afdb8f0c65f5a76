"""Exercises that name the mistake: `check(your_function)`, `hint()`, `solution()`.

    from linclf_helpers.exercises import softmax as exercise

    exercise.check(my_softmax)

A mistake is a wrong implementation with an explanation. A check calls the learner's function on probe inputs, looks
for the one mistake that behaves exactly as it does, and names that; else it shows the smallest input that gives the
function away. `python -m linclf_helpers.exercises` prints all exercises and mistakes with their diagnoses.
"""

from linclf_helpers.exercises.catalogue.accuracy import accuracy
from linclf_helpers.exercises.catalogue.capstone import CAPSTONE_EXERCISES, Capstone, Certificate
from linclf_helpers.exercises.catalogue.clinic import CLINIC
from linclf_helpers.exercises.catalogue.cross_entropy import cross_entropy, cross_entropy_from_logits
from linclf_helpers.exercises.catalogue.finite_differences import numerical_gradient
from linclf_helpers.exercises.catalogue.gradient_of_logits import dL_dZ
from linclf_helpers.exercises.catalogue.gradients_of_parameters import dL_db, dL_dW
from linclf_helpers.exercises.catalogue.local_derivatives import dL_dYhat, dz_dW, softmax_jacobian
from linclf_helpers.exercises.catalogue.one_hot import one_hot
from linclf_helpers.exercises.catalogue.penalty import l2_gradients
from linclf_helpers.exercises.catalogue.questions import (
    chain_on_paper,
    descent_on_paper,
    jacobian_on_paper,
    outer_on_paper,
    recall_on_paper,
    shapes_on_paper,
    slope_on_paper,
    softmax_on_paper,
    why_bias,
    why_both_sums,
    why_log,
    why_loss_rises,
    why_no_inverse,
    why_random_weights,
    why_twice_the_data,
)
from linclf_helpers.exercises.catalogue.relative_error import relative_error
from linclf_helpers.exercises.catalogue.softmax import softmax
from linclf_helpers.exercises.catalogue.standardize import standardize
from linclf_helpers.exercises.catalogue.update import gradient_step
from linclf_helpers.exercises.checking.exercise import Exercise
from linclf_helpers.exercises.checking.outcome import Outcome
from linclf_helpers.exercises.checking.paper import Choice, Paper
from linclf_helpers.exercises.checking.task import Mistake

__all__ = [
    "CAPSTONE_EXERCISES",
    "CLINIC",
    "FUNCTIONS",
    "QUESTIONS",
    "Capstone",
    "Certificate",
    "Choice",
    "Exercise",
    "Mistake",
    "Outcome",
    "Paper",
    "accuracy",
    "chain_on_paper",
    "cross_entropy",
    "cross_entropy_from_logits",
    "dL_dW",
    "dL_dYhat",
    "dL_dZ",
    "dL_db",
    "descent_on_paper",
    "dz_dW",
    "gradient_step",
    "jacobian_on_paper",
    "l2_gradients",
    "numerical_gradient",
    "one_hot",
    "outer_on_paper",
    "recall_on_paper",
    "relative_error",
    "shapes_on_paper",
    "slope_on_paper",
    "softmax",
    "softmax_jacobian",
    "softmax_on_paper",
    "standardize",
    "why_bias",
    "why_both_sums",
    "why_log",
    "why_loss_rises",
    "why_no_inverse",
    "why_random_weights",
    "why_twice_the_data",
]

FUNCTIONS = (
    one_hot,
    softmax,
    cross_entropy,
    cross_entropy_from_logits,
    numerical_gradient,
    dL_dYhat,
    softmax_jacobian,
    dz_dW,
    dL_dZ,
    dL_dW,
    dL_db,
    gradient_step,
    relative_error,
    l2_gradients,
    accuracy,
    standardize,
)
"""Every exercise that asks for a function, in the order of the course."""

QUESTIONS = (
    softmax_on_paper,
    why_log,
    shapes_on_paper,
    chain_on_paper,
    why_both_sums,
    slope_on_paper,
    jacobian_on_paper,
    why_no_inverse,
    outer_on_paper,
    why_bias,
    why_random_weights,
    descent_on_paper,
    why_twice_the_data,
    recall_on_paper,
    why_loss_rises,
)
"""Every exercise on paper and every question, in the order of the course."""
