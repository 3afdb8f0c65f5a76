"""What a parsed side of an equation is worth in a world.

Without indices a letter is an array; vectors are matrices with one row (or, in "columns", one column), a product is a
matrix product, and shapes must fit exactly: the only thing ever broadcast is the bias. With indices a letter is one
number, and an equation must hold for all values of its free indices.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import sympy
from formula_reader import Chain, FormulaError, Side, parse
from formula_world import BATCH, RANGES, STEP, Value, World, exp, log, softmax
from lark import Tree

Env = dict[str, int]  # index letter -> its value, counted from 0
ROWS = {"x": "X", "z": "Z", "y": "Y", "y_hat": "Y_hat", "g": "G"}  # a row of ... in a batch


def code_name(token: str) -> str:
    r"""Return the name in code: `y_hat` for \hat{y}, `eta` for \eta."""
    if accent := re.fullmatch(r"\\(hat|bar|tilde)\{(.)\}", token):
        return f"{accent[2]}_{accent[1]}"
    if token.startswith("\\text"):
        return " ".join(token[6:].replace("}", " ").split())
    return token.lstrip("\\")


def name_of(tree: Side) -> tuple[str, list[str]]:
    """Return name and index letters of a symbol like W or W_dk; the name is empty if it is none."""
    if tree.data == "name":
        return code_name(tree.children[0]), []
    if tree.data == "index" and tree.children[0].data == "name":
        letters = [code_name(t) for t in tree.children[1].children]
        name = code_name(tree.children[0].children[0])
        return (f"{name}_lambda", []) if letters == ["lambda"] else (name, letters)
    return "", []


def free_letters(tree: Side, bound: frozenset[str] = frozenset()) -> set[str]:
    """Return the index letters that no sum binds."""
    if tree.data in ("sum_over", "max_over"):
        letter = code_name(tree.children[0].children[0])
        return set().union(*(free_letters(t, bound | {letter}) for t in tree.children[1:] if isinstance(t, Tree)))
    found: set[str] = set()
    if tree.data == "index":
        letters = [code_name(t) for t in tree.children[1].children]
        found = {s for s in letters if s.isalpha() and s not in bound and s not in ("c", "lambda")}
    if tree.data in ("upper", "bound", "script"):
        return found
    return found.union(*(free_letters(t, bound) for t in tree.children if isinstance(t, Tree)))


def names(tree: Side) -> Iterator[str]:
    """Yield every symbol of a side, and for every index letter n the symbol N: only a batch has either."""
    for node in tree.iter_subtrees():
        if node.data == "name":
            yield code_name(node.children[0])
        if node.data == "index" and any(t == "n" for t in node.children[1].children):
            yield "N"


def kind_of(sides: list[Side]) -> str:
    """Tell whether an equation is about a batch or about one example."""
    used = {name for side in sides for name in names(side)}
    if used & BATCH:
        return "batch"
    return "one" if used & {"x", "z", "y", "y_hat", "g", "S", "J"} else "batch"


class Evaluator:
    """Computes sides in one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.slopes: dict[Any, Value] = {}

    def value(self, tree: Side, env: Env) -> Value:
        """Return a number, or an array with two axes."""
        return getattr(self, "_" + tree.data)(tree, env)

    # Symbols

    def _number(self, tree: Side, env: Env) -> Value:
        return np.float64(tree.children[0])

    def _name(self, tree: Side, env: Env) -> Value:
        return self.symbol(code_name(tree.children[0]))

    def symbol(self, name: str) -> Value:
        if name == "c":
            raise FormulaError("'c' is an index, no number")
        return self._matrix(self.world[name])

    def _matrix(self, value: Value) -> Value:
        """Give a vector its second axis, and a table of z by W its two."""
        value = np.asarray(value)
        if value.ndim == 1:
            return value.reshape((-1, 1) if self.world.kind == "columns" else (1, -1))
        return value.reshape(len(value), -1) if value.ndim > 2 else value[()]

    def _index(self, tree: Side, env: Env) -> Value:
        name, letters = name_of(tree)
        if name == "L_lambda":
            return self.symbol(name)
        letters = letters or [code_name(t) for t in tree.children[1].children]
        if name == "delta":
            return np.float64(len({self.at(s, env) for s in letters}) == 1)
        if name:
            name = self.row_of_batch(name, letters)
            value = self.world[name]
        else:
            value = self.value(tree.children[0], env)
            value = value.ravel() if np.ndim(value) == 2 and 1 in value.shape and len(letters) == 1 else value
        return self._matrix(self._entry(value, letters, env, name or "the bracket"))

    def row_of_batch(self, name: str, letters: list[str]) -> str:
        if (name, len(letters)) in (("N", 1), ("x_bar", 2)):
            return f"{name}_k"  # of one class
        return ROWS.get(name, name) if "n" in letters else name

    def _entry(self, value: Value, letters: list[str], env: Env, name: str) -> Value:
        value = np.asarray(value)
        if len(letters) != value.ndim and not (letters == ["n"] and value.ndim == 2):
            raise FormulaError(f"{name} has {value.ndim} axes and gets the indices {' '.join(letters)}")
        entry = tuple(self.at(letter, env) for letter in letters)
        for letter, at, size in zip(letters, entry, value.shape, strict=False):
            if not 0 <= at < size:
                raise FormulaError(f"{name} has no entry {letter} = {at + 1}: that axis has {size}")
        return value[entry]

    def at(self, letter: str, env: Env) -> int:
        if letter.isdigit():
            return int(letter) - 1
        if letter == "c":
            c = self.world["c"]
            return int(c if np.ndim(c) == 0 else c[self.at("n", env)])
        if letter not in env:
            raise FormulaError(f"the index {letter!r} has no value here")
        return env[letter]

    # Algebra

    def _pair(self, tree: Side, env: Env) -> tuple[Value, Value]:
        return self.value(tree.children[0], env), self.value(tree.children[1], env)

    def _neg(self, tree: Side, env: Env) -> Value:
        return -self.value(tree.children[0], env)

    def _add(self, tree: Side, env: Env) -> Value:
        left, right = self._pair(tree, env)
        bias = tree.children[1].data == "name" and tree.children[1].children[0] == "b"
        self._same_shape(left, right, "+", bias)
        return left + right

    def _sub(self, tree: Side, env: Env) -> Value:
        left, right = self._pair(tree, env)
        self._same_shape(left, right, "-")
        return left - right

    def _same_shape(self, left: Value, right: Value, sign: str, bias: bool = False) -> None:
        a, b = np.shape(left), np.shape(right)
        if a and b and a != b and not (bias and b == (1, a[1])):
            raise FormulaError(f"shapes don't fit: {a} {sign} {b}")

    def _mul(self, tree: Side, env: Env) -> Value:
        left, right = self._pair(tree, env)
        if not np.shape(left) or not np.shape(right):
            return left * right
        if left.shape[1] != right.shape[0]:
            raise FormulaError(f"shapes don't fit: the product of {left.shape} and {right.shape}")
        return left @ right

    def _dot(self, tree: Side, env: Env) -> Value:
        left, right = self._pair(tree, env)
        if np.shape(left) == np.shape(right) != () and 1 in left.shape:
            return (left * right).sum()
        return self._mul(tree, env)

    def _odot(self, tree: Side, env: Env) -> Value:
        left, right = self._pair(tree, env)
        self._same_shape(left, right, "⊙")
        return left * right

    def _div(self, tree: Side, env: Env) -> Value:
        left, right = self._pair(tree, env)
        self._same_shape(left, right, "/")
        return np.true_divide(left, right)

    def _transpose(self, tree: Side, env: Env) -> Value:
        value = self.value(tree.children[0], env)
        if not np.shape(value):
            raise FormulaError("a number has no transpose")
        return value.T

    def _power(self, tree: Side, env: Env) -> Value:
        base, exponent = tree.children[0], self.value(tree.children[1], env)
        if base.data == "name" and base.children[0] == "e":
            return exp(exponent)[()]
        return self._raised(self.value(base, env), exponent)

    def _power_number(self, tree: Side, env: Env) -> Value:
        if tree.children[0].data == "name" and tree.children[0].children[0] == "e":
            return np.exp(np.float64(tree.children[1]))
        return self._raised(self.value(tree.children[0], env), np.float64(tree.children[1]))

    def _power_name(self, tree: Side, env: Env) -> Value:
        return self._power(Tree("power", [tree.children[0], Tree("name", [tree.children[1]])]), env)

    def _raised(self, base: Value, exponent: Value) -> Value:
        if np.shape(base) or np.shape(exponent):
            raise FormulaError("only numbers are raised to a power")
        return base ** (int(exponent) if exponent == int(np.real(exponent)) else exponent)

    def _log(self, tree: Side, env: Env) -> Value:
        return log(self.value(tree.children[0], env))[()]

    def _call(self, tree: Side, env: Env) -> Value:
        function, argument = str(tree.children[0]), self.value(tree.children[1], env)
        if "softmax" in function:
            return softmax(argument.T).T if self.world.kind == "columns" else softmax(argument)
        if "diag" in function and 1 in np.shape(argument):
            return np.diag(argument.ravel())
        if function == "\\sigma":
            return (1 / (1 + exp(-argument)))[()]
        if function == "L":  # the loss as a function of the weights, or of weights and bias
            world = self.world.pin("W", argument)
            return (world.pin("b", self.value(tree.children[2], env)) if len(tree.children) == 3 else world)["L"]
        if "max" in function and np.ndim(argument) == 2 and np.allclose(argument, argument.T):
            return np.linalg.eigvalsh(argument)[-1]
        if function == "f":  # the function of notebook 03
            return -log(argument)[()]
        if function == "f'":
            return np.imag(-log(argument + 1j * STEP))[()] / STEP
        raise FormulaError(f"{function} has no meaning for shape {np.shape(argument)}")

    def _norm(self, tree: Side, env: Env) -> Value:
        value = self.value(tree.children[0], env)
        return (value * value).sum() ** 0.5

    def _beside(self, tree: Side, env: Env) -> Value:
        left, right = self._pair(tree, env)
        if np.ndim(left) != 2 or np.ndim(right):
            raise FormulaError("[X, 1] puts a column of one number beside a matrix")
        return np.column_stack([left, np.full(len(left), right)])

    # Sums

    def _sum_over(self, tree: Side, env: Env) -> Value:
        bound, upper, body = tree.children
        letter = code_name(bound.children[0])
        terms = [self.value(body, {**env, letter: at}) for at in self._range(bound, upper, letter)]
        return sum(terms[1:], terms[0])

    def _max_over(self, tree: Side, env: Env) -> Value:
        letter = code_name(tree.children[0].children[0])
        ends = self._range(tree.children[0], None, letter)
        terms = [self.value(tree.children[1], {**env, letter: at}) for at in ends]
        if np.ndim(terms[0]):
            raise FormulaError("a maximum is of numbers")
        return max(terms)

    def _range(self, bound: Side, upper: Side | None, letter: str) -> range:
        first = int(bound.children[1]) if len(bound.children) == 2 else 1
        if letter not in RANGES and upper is None:
            raise FormulaError(f"the sum over {letter!r} has no upper end, and {letter!r} is no index of the course")
        size = RANGES[letter] if upper is None else code_name(upper.children[0])
        if size not in ("N", "D", "K"):
            raise FormulaError(f"a sum ends at N, D or K, not {size}")
        return range(first - 1, int(self.symbol(size)))

    # Derivatives

    def _partial(self, tree: Side, env: Env) -> Value:
        return self._slope(tree.children[0], tree.children[1], env)

    def _slope_of(self, tree: Side, env: Env) -> Value:
        return self._slope(tree.children[1], tree.children[0], env)

    def _slope(self, of: Side, by: Side, env: Env) -> Value:
        name, letters = name_of(by)
        name = self.row_of_batch(name, letters)
        if not name:
            raise FormulaError("a derivative is by a symbol")
        if letters:
            value = self.world[name]
            self._entry(value, letters, env, name)
            entry = tuple(self.at(letter, env) for letter in letters)
            key = (id(of), name, entry, *sorted(env.items()))
            if key not in self.slopes:
                self.slopes[key] = np.imag(Evaluator(self.world.nudged(name, entry)).value(of, env)) / STEP
            return self.slopes[key]
        if free_letters(of) or of.data not in ("name", "index"):
            raise FormulaError("a derivative by a whole array is of a symbol without indices")
        return self._matrix(self.world.jacobian(name_of(of)[0], name))


def compare(evaluator: Evaluator, chain: Chain) -> int:
    """Check every link of a chain at every value of its free indices; return the number of links."""
    sides = [parse(side) for side in chain.sides]
    letters = sorted(set().union(*(free_letters(side) for side in sides)))
    for letter in letters:
        if letter not in RANGES:
            raise FormulaError(f"{letter!r} is no index of the course: n, d, i, j, k, or c for the correct class")
    if "n" in letters and evaluator.world.kind != "batch":
        raise FormulaError("the index n needs a batch")
    met = 0
    for at in itertools.product(*(range(int(evaluator.world[RANGES[letter]])) for letter in letters)):
        env = dict(zip(letters, at, strict=True))
        if chain.only:
            one, same, other = chain.only
            known = all(letter in env or letter == "c" for letter in (one, other))  # "Case i = j" may write i for both
            if known and (evaluator.at(one, env) == evaluator.at(other, env)) != same:
                continue
        met += 1
        values = [target(evaluator, side, chain.relations, k, env) for k, side in enumerate(sides)]
        for k, relation in enumerate(chain.relations):
            link(values[k], values[k + 1], relation, chain.sides[k], chain.sides[k + 1], env)
    if not met:
        raise FormulaError("its condition on the indices is never met")
    return len(chain.relations)


def target(evaluator: Evaluator, side: Side, relations: tuple[str, ...], k: int, env: Env) -> Value:
    r"""Return the value of a side; left of \leftarrow it is the value after the update."""
    with np.errstate(all="ignore"):
        if k < len(relations) and relations[k] == "\\leftarrow":
            return evaluator.symbol(f"{name_of(side)[0]} after")
        return evaluator.value(side, env)


def link(left: Value, right: Value, relation: str, left_text: str, right_text: str, env: Env) -> None:
    """Raise with both values, and the first place where they differ, if a link doesn't hold."""
    a, b = np.squeeze(left), np.squeeze(right)
    if a.shape != b.shape and a.size == b.size and right_text.count("\\partial") > 2:
        b = b.reshape(a.shape)  # a product of Jacobians has one row; the page puts it back into the shape of W
    setting = "".join(f" at {letter} = {at + 1}," for letter, at in env.items())
    sides = f"  left:  {left_text}\n  right: {right_text}\n "
    if a.shape != b.shape:
        raise FormulaError(
            f"{sides}{setting} shapes differ: {np.shape(left)} on the left, {np.shape(right)} on the right"
        )
    if relation.startswith(("\\g", "\\l", "<", ">")) and relation != "\\leftarrow":
        good = a >= b if relation.startswith(("\\g", ">")) else a <= b
    else:
        a, b = a.astype(float), b.astype(float)
        tolerance = 1e-8 if relation == "\\approx" else 1e-11
        good = np.abs(a - b) <= tolerance * (1 + np.maximum(np.abs(a), np.abs(b)))
    if not np.all(good):
        first = tuple(int(n) for n in np.argwhere(~np.atleast_1d(good))[0])
        x, y = np.atleast_1d(a)[first], np.atleast_1d(b)[first]
        place = f" first at entry {', '.join(str(n + 1) for n in first)}," if a.ndim else ""
        raise FormulaError(f"{sides}{setting}{place} {x:.6g} on the left, {y:.6g} on the right")


def symbolic(evaluator: Evaluator, side: Side, env: Env) -> tuple[Value, Value] | None:
    """Differentiate with SymPy what a side differentiates; return its value and ours, None if SymPy can't."""
    of, by = (side.children[0], side.children[1]) if side.data == "partial" else (side.children[1], side.children[0])
    world = evaluator.world
    name, letters = name_of(by)
    name = evaluator.row_of_batch(name, letters)
    value = world[name]
    symbols = np.array(sympy.symbols(f"s:{np.size(value)}", real=True), dtype=object).reshape(np.shape(value))
    numbers = dict(zip(symbols.ravel(), map(float, np.ravel(value)), strict=True))
    try:
        result = np.asarray(Evaluator(world.pin(name, symbols)).value(of, env), dtype=object)
    except (TypeError, AttributeError):
        return None
    chosen = [tuple(evaluator.at(s, env) for s in letters)] if letters else list(np.ndindex(symbols.shape))
    exact = [
        [float(sympy.sympify(entry).diff(symbols[at]).evalf(17, subs=numbers)) for at in chosen]
        for entry in result.ravel()
    ]
    return np.squeeze(exact), np.squeeze(np.asarray(evaluator.value(side, env), dtype=float).reshape(np.shape(exact)))


def derivatives(chain: Chain) -> list[Side]:
    """Return the derivatives a chain is about, wherever they stand in it."""
    found = []
    for side in chain.sides:
        tree = parse(side)
        found += [node for node in tree.iter_subtrees_topdown() if node.data in ("partial", "slope_of")]
    return found
