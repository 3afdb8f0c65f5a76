"""The checks on a notebook's page: which cells ask for what, and what is to be said about the answer there."""

import ast
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["EXERCISES_OF", "Check", "find_check", "verdict"]

EXERCISES_OF = {
    "00_start_here": (),
    "01_softmax_and_cross_entropy": ("softmax_on_paper", "softmax", "cross_entropy_from_logits", "why_log"),
    "02_chain_rule": ("shapes_on_paper", "chain_on_paper", "why_both_sums"),
    "03_loss_derivative": ("slope_on_paper", "dL_dYhat", "numerical_gradient"),
    "04_softmax_derivative": ("jacobian_on_paper", "softmax_jacobian", "why_no_inverse"),
    "05_linear_derivative": ("outer_on_paper", "dz_dW", "why_bias"),
    "06_gradients_and_update": ("dL_dZ", "dL_dW", "dL_db", "gradient_step", "why_random_weights"),
    "07_learning_rate": ("descent_on_paper", "standardize", "why_twice_the_data"),
    "08_real_digits": ("recall_on_paper", "accuracy", "l2_gradients", "why_loss_rises"),
    "09_build_your_own": tuple(
        f"capstone-{stage}" for stage in ("softmax", "loss", "gradients", "train", "predict", "own_work")
    ),
    "10_bug_clinic": tuple(f"patient_{n}" for n in range(1, 9)),
}
"""What each notebook asks for, in its order: a learner may have deleted it."""


@dataclass(frozen=True)
class Check:
    """A call of `check` at the end of a cell.

    Attributes
    ----------
    stub : str
        What stands before it: the learner's part.
    task : str
        An expression for what checks, good in any notebook after `from linclf_helpers import exercises`.
    answer : str
        The argument.
    name : str
        What the exercise is called in a gradebook.
    """

    stub: str
    task: str
    answer: str
    name: str


def find_check(source: str) -> Check | None:
    r"""Return the check that a cell's source ends with, if it does.

    Parameters
    ----------
    source : str
        The source of a cell.

    Returns
    -------
    check : Check or None

    Examples
    --------
    >>> find_check("def my_softmax(Z): ...\n\nexercises.softmax.check(my_softmax)").name
    'softmax'
    """
    try:
        last = ast.parse(source).body[-1]
    except (SyntaxError, ValueError, IndexError):
        return None
    if not (isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and len(last.value.args) == 1):
        return None
    function = last.value.func
    if not (isinstance(function, ast.Attribute) and function.attr == "check"):
        return None
    task, answer = ast.unparse(function.value), ast.unparse(last.value.args[0])
    stub = "\n".join(source.splitlines()[: last.lineno - 1]).rstrip()
    if patient := re.fullmatch(r"patient_(\d)", task):
        return Check(stub, f"exercises.CLINIC[{int(patient[1]) - 1}]", answer, task)
    if task == "capstone":
        return Check(stub, "exercises.Capstone(globals())", answer, f"capstone-{answer.strip(chr(39))}")
    return Check(stub, task, answer, task.removeprefix("exercises."))


def verdict(name: str, answer: Callable[[], object], namespace: dict[str, Any]) -> str:
    """Return what is to be said about a learner's answer, as JSON: its kind, mistake and title.

    Parameters
    ----------
    name : str
        One of `EXERCISES_OF`.
    answer : callable
        Returns the answer; called here, since its name may not be there.
    namespace : dict
        The names of the learner's notebook.

    Returns
    -------
    outcome : str
        A JSON object with the keys "kind", "mistake" and "title" of `Outcome`. An answer whose name isn't there is
        "not_started".

    Raises
    ------
    AttributeError
        If there is no such exercise.
    """
    from linclf_helpers import exercises  # here, since that package imports nothing of this module

    try:
        if name.startswith("capstone-"):
            outcome = exercises.Capstone(namespace).check(name.removeprefix("capstone-"))
        elif name.startswith("patient_"):
            outcome = exercises.CLINIC[int(name.removeprefix("patient_")) - 1].check(answer())
        else:
            outcome = getattr(exercises, name).check(answer())
    except NameError as error:
        outcome = exercises.Outcome("not_started", name, f"not started ({error}).")
    return json.dumps({"kind": outcome.kind, "mistake": outcome.mistake, "title": outcome.title})
