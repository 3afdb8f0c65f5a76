"""What a parsed side of an equation is worth in a world.

Without indices a letter is an array; vectors are matrices with one row (or, in "columns", one column), a product is a
matrix product, and shapes must fit exactly before any number is looked at: a row equals no column, an array no number.
Broadcast are only the bias, over the rows, and what `BROADCASTS` (`formula_pages.py`) lists. With indices a letter is
one number, each index must belong to its axis, and an equation must hold for all values of its free indices.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import sympy
from formula_reader import Chain, FormulaError, ShapeError, Side, UnequalError, parse
from formula_world import BATCH, RANGES, STEP, Value, World, exp, log, softmax
from lark import Tree

Env = dict[str, int]  # index letter -> its value, counted from 0
BIAS = parse("b")
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


def derivative(tree: Side) -> tuple[str, str] | None:
    """Return what is differentiated by what: L by W for ∂L/∂W, and for ∂L/∂z · ∂z/∂W, where the z cancel."""
    if tree.data == "partial":
        (of, of_letters), (by, by_letters) = map(name_of, tree.children)
        return (of, by) if of and by and not of_letters and not by_letters else None
    if tree.data in ("mul", "dot"):
        left, right = map(derivative, tree.children)
        return (left[0], right[1]) if left and right and left[1] == right[0] else None
    return None


class Evaluator:
    """Computes sides in one world. `broadcasts` are the terms of which one may be an array and one a number."""

    def __init__(self, world: World, broadcasts: frozenset[tuple[Side, ...]] = frozenset()) -> None:
        self.world, self.broadcasts = world, broadcasts
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
        return self.as_matrix(self.world[name])

    def as_matrix(self, value: Value) -> Value:
        """Make a vector a row, or a column where the page has columns."""
        value = np.asarray(value)
        return value.reshape((-1, 1) if self.world.kind == "columns" else (1, -1)) if value.ndim == 1 else value[()]

    def shape_words(self, value: Value) -> str:
        """Say a shape as the course does: "a row (1, K)"."""
        shape = np.shape(value)
        if len(shape) != 2:
            return f"an array {shape}" if shape else "a number"
        letters = {int(self.world[name]): name for name in "KDN" if name in self.world} | {1: "1"}
        kind = {(True, False): "a row", (False, True): "a column"}.get((shape[0] == 1, shape[1] == 1), "a table")
        return f"{kind} ({', '.join(letters.get(size, str(size)) for size in shape)})"

    def _index(self, tree: Side, env: Env) -> Value:
        name, letters = name_of(tree)
        if name == "L_lambda":
            return self.symbol(name)
        letters = letters or [code_name(t) for t in tree.children[1].children]
        if name == "delta":
            if len({RANGES.get(letter, "K") for letter in letters}) > 1:
                raise ShapeError(f"δ compares two indices of the same kind, not {' and '.join(letters)}")
            return np.float64(len({self.at(s, env) for s in letters}) == 1)
        if name:
            name = self.row_of_batch(name, letters)
            value = self.world[name]
        else:
            value = self.value(tree.children[0], env)
            value = value.ravel() if np.ndim(value) == 2 and 1 in value.shape and len(letters) == 1 else value
        return self.as_matrix(self._entry(value, letters, env, name or "the bracket"))

    def row_of_batch(self, name: str, letters: list[str]) -> str:
        if (name, len(letters)) in (("N", 1), ("x_bar", 2)):
            return f"{name}_k"  # of one class
        return ROWS.get(name, name) if "n" in letters else name

    def _entry(self, value: Value, letters: list[str], env: Env, name: str) -> Value:
        value = np.asarray(value)
        if len(letters) != value.ndim and not (letters == ["n"] and value.ndim == 2):
            raise ShapeError(f"{name} has {value.ndim} axes and gets the indices {' '.join(letters)}")
        entry = tuple(self.at(letter, env) for letter in letters)
        for letter, at, size in zip(letters, entry, value.shape, strict=False):
            counted = RANGES.get(letter, "K" if letter == "c" else "")
            if not 0 <= at < size or (counted and int(self.world[counted]) != size):
                raise ShapeError(f"{letter} is no index of that axis of {name}, which has {size} entries")
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
        self._same_shape(left, right, "+", tree)
        return left + right

    def _sub(self, tree: Side, env: Env) -> Value:
        left, right = self._pair(tree, env)
        self._same_shape(left, right, "-", tree)
        return left - right

    def _same_shape(self, left: Value, right: Value, sign: str, tree: Side) -> None:
        """Refuse what NumPy might broadcast, but for the bias (over the rows of Z) and what the page broadcasts."""
        a, b = np.shape(left), np.shape(right)
        terms = zip(tree.children, ((a, b), (b, a)), strict=True)
        bias = sign in "+-" and any(term == BIAS and row == (1, *table[1:]) for term, (row, table) in terms)
        listed = sign in "+-" and tuple(tree.children) in self.broadcasts
        if a != b and not bias and not listed:
            hint = "" if a and b else " (if NumPy broadcasts it on that page, list it in BROADCASTS)"
            raise ShapeError(f"shapes don't fit: {self.shape_words(left)} {sign} {self.shape_words(right)}{hint}")

    def _mul(self, tree: Side, env: Env) -> Value:
        left, right = self._pair(tree, env)
        if not np.shape(left) or not np.shape(right):
            return left * right
        if left.shape[1] != right.shape[0]:
            both = f"{self.shape_words(left)} and {self.shape_words(right)}"
            raise ShapeError(f"shapes don't fit: the product of {both}")
        product = left @ right
        if product.shape == (1, 1):
            return product[0, 0]  # a row times a column is a number
        if (what := derivative(tree)) and np.shape(self.world[what[0]]) == ():
            product = self.as_matrix(product.reshape(np.shape(self.world[what[1]])))  # ∂L/∂z · ∂z/∂W has the shape of W
        return product

    def _dot(self, tree: Side, env: Env) -> Value:
        left, right = self._pair(tree, env)
        if np.shape(left) == np.shape(right) != () and 1 in left.shape:
            return (left * right).sum()
        return self._mul(tree, env)

    def _odot(self, tree: Side, env: Env) -> Value:
        left, right = self._pair(tree, env)
        self._same_shape(left, right, "⊙", tree)
        return left * right

    def _div(self, tree: Side, env: Env) -> Value:
        left, right = self._pair(tree, env)
        if np.shape(left) and np.shape(right):  # with a number, each entry is meant
            self._same_shape(left, right, "/", tree)
        return np.true_divide(left, right)

    def _transpose(self, tree: Side, env: Env) -> Value:
        value = self.value(tree.children[0], env)
        if not np.shape(value):
            raise ShapeError("a number has no transpose")
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
            raise ShapeError("only numbers are raised to a power")
        return base ** (int(exponent) if exponent == int(np.real(exponent)) else exponent)

    def _log(self, tree: Side, env: Env) -> Value:
        return log(self.value(tree.children[0], env))[()]

    def _call(self, tree: Side, env: Env) -> Value:
        function, argument = str(tree.children[0]), self.value(tree.children[1], env)
        if "softmax" in function:
            columns = self.world.kind == "columns"
            axis = np.shape(argument)[:1] if columns else np.shape(argument)[1:]
            if axis != (int(self.world["K"]),):
                rows = "columns" if columns else "rows"
                raise ShapeError(f"the softmax is of {rows} with K scores, not of {self.shape_words(argument)}")
            return softmax(argument.T).T if columns else softmax(argument)
        if "diag" in function and np.shape(argument) == np.shape(self.as_matrix(np.ravel(argument))):
            return np.diag(argument.ravel())
        if function == "\\sigma":
            return (1 / (1 + exp(-argument)))[()]
        if function == "L":  # the loss as a function of the weights, or of weights and bias
            if np.shape(argument) != np.shape(self.world["W"]):
                raise ShapeError(f"L is a function of weights, not of {self.shape_words(argument)}")
            world = self.world.pin("W", argument)
            if len(tree.children) == 3:
                bias = self.value(tree.children[2], env)
                if np.shape(bias) != np.shape(self.value(Tree("name", ["b"]), env)):
                    raise ShapeError(f"L is a function of weights and bias, not of {self.shape_words(bias)}")
                world = world.pin("b", np.reshape(bias, np.shape(self.world["b"])))
            return world["L"]
        square = np.ndim(argument) == 2 and argument.shape == argument.T.shape
        if "max" in function and square and np.allclose(argument, argument.T):
            return np.linalg.eigvalsh(argument)[-1]
        if function == "f":  # the function of notebook 03
            return -log(argument)[()]
        if function == "f'":
            return np.imag(-log(argument + 1j * STEP))[()] / STEP
        raise ShapeError(f"{function} has no meaning for {self.shape_words(argument)}")

    def _norm(self, tree: Side, env: Env) -> Value:
        value = self.value(tree.children[0], env)
        return (value * value).sum() ** 0.5

    def _beside(self, tree: Side, env: Env) -> Value:
        left, right = self._pair(tree, env)
        if np.ndim(left) != 2 or np.ndim(right):
            raise ShapeError("[X, 1] puts a column of one number beside a matrix")
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
            raise ShapeError("a maximum is of numbers")
        return max(terms)

    def _range(self, bound: Side, upper: Side | None, letter: str) -> range:
        first = int(bound.children[1]) if len(bound.children) == 2 else 1
        if letter not in RANGES and upper is None:
            raise FormulaError(f"the sum over {letter!r} has no upper end, and {letter!r} is no index of the course")
        size = RANGES[letter] if upper is None else code_name(upper.children[0])
        if size not in ("N", "D", "K"):
            raise FormulaError(f"a sum ends at N, D or K, not {size}")
        if size != RANGES.get(letter, size):
            raise ShapeError(f"{letter!r} runs up to {RANGES[letter]}, and this sum up to {size}")
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
        value = self.world[name]
        if letters:
            self._entry(value, letters, env, name)
        entry = tuple(self.at(letter, env) for letter in letters)
        if letters and len(letters) == np.ndim(value):
            key = (id(of), name, entry, *sorted(env.items()))
            if key not in self.slopes:
                nudged = Evaluator(self.world.nudged(name, entry), self.broadcasts)
                self.slopes[key] = np.imag(nudged.value(of, env)) / STEP
            if np.shape(self.slopes[key]):
                raise ShapeError("a derivative by one number is of one number here, not of an array")
            return self.slopes[key]
        if free_letters(of) or of.data not in ("name", "index"):
            raise FormulaError("a derivative by a whole array is of a symbol without indices")
        table = self.world.jacobian(name_of(of)[0], name)
        of_axes = np.ndim(self.world[name_of(of)[0]])
        if of_axes == 0:
            return self.as_matrix(table[entry])  # ∂L/∂W, or, for one example of a batch, ∂L/∂z_n
        if of_axes > 1 or letters:
            raise ShapeError("this derivative has too many axes to be written without indices")
        return table.reshape(len(table), -1)  # one row per result


def settings(evaluator: Evaluator, chain: Chain) -> Iterator[Env]:
    """Yield every value of a chain's free indices that its condition allows."""
    letters = sorted(set().union(*(free_letters(parse(side)) for side in chain.sides)))
    for letter in letters:
        if letter not in RANGES:
            raise FormulaError(f"{letter!r} is no index of the course: n, d, i, j, k, or c for the correct class")
    if "n" in letters and evaluator.world.kind != "batch":
        raise FormulaError("the index n needs a batch")
    for at in itertools.product(*(range(int(evaluator.world[RANGES[letter]])) for letter in letters)):
        env = dict(zip(letters, at, strict=True))
        if chain.only:
            one, same, other = chain.only
            known = all(letter in env or letter == "c" for letter in (one, other))  # "Case i = j" may write i for both
            if known and (evaluator.at(one, env) == evaluator.at(other, env)) != same:
                continue
        yield env


def compare(evaluator: Evaluator, chain: Chain) -> int:
    """Check every link of a chain at every value of its free indices; return the number of links."""
    sides = [parse(side) for side in chain.sides]
    met = 0
    for env in settings(evaluator, chain):
        met += 1
        values = [target(evaluator, side, chain.relations, k, env) for k, side in enumerate(sides)]
        for k, relation in enumerate(chain.relations):
            try:
                link(evaluator, values[k], values[k + 1], relation)
            except FormulaError as problem:
                setting = "".join(f" at {letter} = {at + 1}," for letter, at in env.items())
                place = f"  left:  {chain.sides[k]}\n  right: {chain.sides[k + 1]}\n {setting} "
                raise type(problem)(f"{place}{problem}") from None
    if not met:
        raise FormulaError("its condition on the indices is never met")
    return len(chain.relations)


def target(evaluator: Evaluator, side: Side, relations: tuple[str, ...], k: int, env: Env) -> Value:
    r"""Return the value of a side; left of \leftarrow it is the value after the update."""
    with np.errstate(all="ignore"):
        if k < len(relations) and relations[k] == "\\leftarrow":
            updated = set(names(side)) - {"N"}
            if len(updated) != 1:
                raise FormulaError("an update is of one symbol")
            name = updated.pop()
            after = evaluator.world.pin(name, evaluator.world[f"{name} after"])
            return Evaluator(after, evaluator.broadcasts).value(side, env)
        return evaluator.value(side, env)


def link(evaluator: Evaluator, left: Value, right: Value, relation: str) -> None:
    """Raise if a link doesn't hold: with both shapes, or else with both values at the first place where they differ."""
    if np.shape(left) != np.shape(right):
        both = f"{evaluator.shape_words(left)} on the left, {evaluator.shape_words(right)} on the right"
        raise ShapeError(f"shapes differ: {both}")
    if relation.startswith(("\\g", "\\l", "<", ">")) and relation != "\\leftarrow":
        good = left >= right if relation.startswith(("\\g", ">")) else left <= right
    else:
        tolerance = 1e-8 if relation == "\\approx" else 1e-11
        good = np.abs(left - right) <= tolerance * (1 + np.maximum(np.abs(left), np.abs(right)))
    if not np.all(good):
        first = tuple(int(n) for n in np.argwhere(~np.atleast_1d(good))[0]) if np.ndim(left) else ()
        x, y = np.asarray(left)[first], np.asarray(right)[first]
        place = f"first at entry {', '.join(str(n + 1) for n in first)}, " if first else ""
        raise UnequalError(f"{place}{x:.6g} on the left, {y:.6g} on the right")


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
        pinned = Evaluator(world.pin(name, symbols), evaluator.broadcasts)
        result = np.asarray(pinned.value(of, env), dtype=object)
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
