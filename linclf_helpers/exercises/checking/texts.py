"""How arrays, results and functions are written in an answer."""

import ast
import inspect
import re

import numpy as np

from linclf_helpers.exercises.checking.observe import (
    Array,
    Function,
    Seen,
)


def plain_source(function: Function, name: str) -> str:
    """Return a function's source as a learner would write it, under another name and without type hints."""
    tree = ast.parse(inspect.getsource(function))
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    definition.name, definition.returns = name, None
    for argument in definition.args.args:
        argument.annotation = None
    return re.sub(r"\b_softmax\(", "softmax(", ast.unparse(tree))


def _float(array: Array) -> Array:
    return array.astype(float)


def _equal(mine: tuple[Array, ...], other: tuple[Array, ...], rtol: float, atol: float) -> bool:
    return len(mine) == len(other) and all(
        a.shape == b.shape and np.allclose(_float(a), _float(b), rtol=rtol, atol=atol, equal_nan=True)
        for a, b in zip(mine, other, strict=True)
    )


def _alike(once: Seen, again: Seen, rtol: float, atol: float) -> bool:
    if once.values is None or again.values is None:
        return once.values is again.values and type(once.error) is type(again.error)
    return _equal(once.values, again.values, rtol, atol)


def _outline(seen: Seen) -> str:
    if seen.values is None:
        return seen.problem or type(seen.error).__name__
    return ", ".join(map(_short, seen.values))


def _shapes(values: tuple[Array, ...]) -> str:
    return " and ".join(f"{v.shape}" if v.shape else "a single number" for v in values) or "nothing"


def _short(array: Array) -> str:
    """Return a small array's numbers, or a large one's shape."""
    if array.size > 18:
        return f"an array of shape {array.shape}"
    if array.dtype.kind == "f":
        array = array + 0.0  # no −0
    return np.array2string(array, precision=4, suppress_small=False, separator=", ", floatmode="maxprec")
