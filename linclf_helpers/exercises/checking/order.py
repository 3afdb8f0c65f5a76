"""Find out in which order a function takes its arguments: from the names of its parameters, or by trying."""

import inspect
import itertools
from collections.abc import Callable

from linclf_helpers.exercises.checking.observe import Function

_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
# The names that stand for an argument of the course, in small letters and without underscores.
_ALSO = {
    "Y_hat": "ŷ p yp ypred phat pred preds prediction predictions predicted prob probs proba probas probabilities",
    "y_hat": "ŷ p yp ypred phat pred prediction predicted prob probs proba probabilities",
    "Y": "t ytrue true truth target targets label labels onehot yonehot",
    "labels": "label y t ytrue true truth target targets",
    "Z": "logits scores",
    "X": "features inputs data",
    "x": "features input theta",
    "dL_dZ": "dz g grad gradz delta",
    "dL_dW": "dw gradw wgrad",
    "dL_db": "db gradb bgrad",
    "W": "weights",
    "b": "bias",
    "K": "nclasses numclasses classes",
    "f": "func function fn loss",
    "learning_rate": "lr rate eta η alpha step stepsize",
    "steps": "nsteps epochs iterations",
    "l2": "lam lambda lmbda λ reg strength penalty",
    "X_train": "train",
    "X_test": "test",
}


def order_by_name(function: Function, arguments: tuple[str, ...]) -> tuple[int, ...] | None:
    """Return for each parameter the number of the argument it is named after, or None if the names don't tell.

    One name may be unknown; it then stands for the argument that is left.
    """
    try:
        parameters = inspect.signature(function).parameters.values()
        names = [_plain(each.name) for each in parameters if each.kind in _BY_POSITION][: len(arguments)]
    except (TypeError, ValueError):
        return None
    known = [_plain(argument) for argument in arguments]
    order = [known.index(name) if name in known else None for name in names]
    for i, name in enumerate(names):
        others = [n for n, a in enumerate(arguments) if n not in order and name in _ALSO.get(a, "").split()]
        if order[i] is None and len(others) == 1:
            order[i] = others[0]
    left = set(range(len(arguments))) - set(order)
    if len(left) == 1 and len(arguments) > 1 and order.count(None) == 1:
        order[order.index(None)] = left.pop()
    return tuple(n for n in order if n is not None) if set(order) == set(range(len(arguments))) else None


def order_by_behaviour(count: int, is_right: Callable[[tuple[int, ...]], bool]) -> tuple[int, ...] | None:
    """Return the one order of `count` arguments in which a function is right, other than the usual; else None."""
    orders = itertools.islice(itertools.permutations(range(count)), 1, 120)
    return next((order for order in orders if is_right(order)), None)


def call_with(name: str, arguments: tuple[str, ...], order: tuple[int, ...]) -> str:
    """Return a call in words, its arguments in another order."""
    return f"{name}({', '.join(arguments[i] for i in order)})"


def _plain(name: str) -> str:
    return name.lower().replace("_", "")
