"""Small errors, put into the equations one at a time: each must be noticed, or be no error for a stated reason."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from formula_pages import check, evaluator, kinds
from formula_reader import Chain, Display, FormulaError, Side, parse, read
from formula_values import Evaluator, code_name, name_of, settings, target
from formula_world import RANGES, SIZES
from lark import Tree

# Changes that leave an equation true, as the mutation test found them; each was thought through. The first two columns
# are the kind of error and what `Mutant.shown` says; an entry that no survivor needs any more fails. The reason is not
# taken on trust: `is_the_same` compares shape and value of each changed side with what they were, in other worlds.
ONE_HOT = "only the correct class has a label, so where a term carries y_i or ∂L/∂ŷ_i, i is c"
PICKED = "a factor δ_jk, or one that contains it, is 0 unless j = k, so either letter will do beside it"
SYMMETRIC = "the Jacobian of the softmax is symmetric, and so are its two parts"
BIAS = "a bias is added to its score: what is differentiated by one changes as much with the other"
CASE = "the page says 'Case i = j' above it, so either letter will do"
ORDER = "rows for columns, or another order"
GROUPS = {
    "rows, columns, order": (ORDER, "transposed", "along the other axis", "an entry for the whole"),
    "letters": ("another letter",),
    "indices and sums": (
        *("wrong index", "index lost", "indices swapped", "sum lost"),
        *("another end of the sum", "sum from 2", "sum over the wrong letter"),
    ),
    "signs and numbers": (),  # the others
}
EQUIVALENT: list[tuple[str, str, str]] = [
    ("indices swapped", r"\\delta_\{(\w)(\w)\}.*-> .*\\delta_\{\2\1\}", "δ is symmetric"),
    (
        "transposed",
        r"v\^\\top J |g J |ag\}\(\\hat|\\partial z\} -> .*\\partial z\}\^\\top|\(\\hat\{y\} \\hat",
        SYMMETRIC,
    ),
    (ORDER, r"v\^\\top J |g J |diag", SYMMETRIC),
    ("transposed", r"\)_(\w) -> .*\^\\top_\1", "the same entries stand in a row and in a column"),
    ("transposed", r"\\rVert", "a table and its transpose have the same length"),
    ("transposed", r"da_\{\\max\}.*\)\^\\top", "a matrix AᵀA is symmetric"),
    (ORDER, r"da_\{\\max\}", "AᵀA and AAᵀ have the same largest eigenvalue"),
    ("another letter", r"ac\{\\partial z_j\}.*-> .*ac\{\\partial b_j\}", "∂b_j/∂b_k is δ_jk, as ∂z_j/∂b_k is"),
    ("another letter", r"\\partial ([zb])(?![a-z]).* -> .*\\partial (?!\1)[zb](?![a-z])", BIAS),
    ("minus gained", r"-> .*- 0 ", "−0 is 0"),
    (
        "minus for plus",
        r"softmax\}\(z \+ a\)_i",
        "a shift by −a changes the softmax as little as a shift by a: the page's result",
    ),
    ("another letter", r"_\{i=1\}\^\{K\} y_i ->", "the probabilities of a row sum to 1, as the labels do"),
    ("wrong index", r"_c|_\{nc\}|_\{cj\}", ONE_HOT),
    (
        "wrong index",
        r"y_i \\frac\{\\part.*-> .*y_j \\frac\{\\part",
        "∂ log ŷ_i/∂ŷ_j is 0 unless i = j, so either letter will do",
    ),
    ("wrong index", r"g_j .*-> .*g_k |partial z_j\} .*-> .*partial z_k\} ", PICKED),
    ("wrong index", r"z_i|z_j|\\hat\{y\}_i|\\hat\{y\}_j", CASE),
]

CAPITALS, SMALL = ["X", "Z", "\\hat{Y}", "Y", "W", "b"], ["x", "z", "\\hat{y}", "y", "W", "b"]
ARRAYS = {*map(code_name, CAPITALS + SMALL), *"guvVJ", "X_tilde"}
PAIRS = {
    **{"add": "{0} + {1}", "sub": "{0} - {1}", "div": r"\frac{{{0}}}{{{1}}}"},
    **{"mul": "{0} {1}", "dot": "{0} {1}", "odot": r"{0} \odot {1}"},
}
INDEX = r"_(?:\{[a-z]+\}|[a-z])"


@dataclass(frozen=True)
class Mutant:
    """One error in one place: the chains to be read in place of the display's own."""

    display: Display
    error: str
    shown: str  # the place, before and after
    chains: tuple[Chain, ...]

    @property
    def group(self) -> str:
        """The row of the report that counts it."""
        return next((group for group, errors in GROUPS.items() if self.error in errors), "signs and numbers")


def shown(before: str, after: str) -> str:
    """Return where two texts differ, before and after, with a little of what is around."""
    start, end = 0, 1
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    while end <= min(len(before), len(after)) - start and before[-end] == after[-end]:
        end += 1
    low = max(0, start - 12)
    return f"{before[low : len(before) - end + 13]} -> {after[low : len(after) - end + 13]}"


# Rows and columns: errors that know the shape of every letter and of every part, as the page's own world has them


def span(side: str, tree: Side) -> tuple[int, int]:
    """Return where a part of a side begins and ends, with its brackets."""
    meta = tree.meta
    return getattr(meta, "container_start_pos", meta.start_pos), getattr(meta, "container_end_pos", meta.end_pos)


def bracketed(side: str, tree: Side) -> str:
    """Return a part so that ^⊤ can follow it, or another factor."""
    start, end = span(side, tree)
    text, has_brackets = side[start:end], start < tree.meta.start_pos
    fraction = tree.data == "partial" and text.startswith("\\frac")
    return text if has_brackets or fraction or tree.data in ("name", "index", "transpose", "call") else f"({text})"


def transposed(side: str, tree: Side) -> str:
    """Return a part with the transpose that it has not, or without the one it has."""
    return bracketed(side, tree.children[0]) if tree.data == "transpose" else bracketed(side, tree) + "^\\top"


def parts(tree: Side) -> Iterator[Side]:
    """Yield every part that has a value of its own: what is differentiated, and by what, has none, nor an index."""
    if tree.data in ("script", "bound", "upper"):
        return
    yield tree
    if tree.data not in ("partial", "slope_of") and not name_of(tree)[0]:
        for child in tree.children:
            if isinstance(child, Tree):
                yield from parts(child)


def shape(calculator: Evaluator, tree: Side) -> tuple[int, ...]:
    """Return the shape of a part; a number has none."""
    try:
        with np.errstate(all="ignore"):
            return np.shape(calculator.value(tree, dict.fromkeys(RANGES, 0)))
    except FormulaError:  # e in e^z, or the name in an entry: no part of its own
        return ()


def shape_errors(side: str, calculator: Evaluator) -> Iterator[tuple[str, str]]:
    """Yield kind of error and changed side: rows for columns, factors in another order, one letter for another."""
    for part in parts(parse(side)):
        start, end = span(side, part)

        def put(new: str, start: int = start, end: int = end) -> str:
            return side[:start] + new + side[end:]

        if shape(calculator, part):
            yield "transposed", put(transposed(side, part))
            if part.data == "call":
                name, argument = side[start : side.index("(", start)], transposed(side, part.children[1])
                yield "along the other axis", put(f"{name}({argument})^\\top")
        if part.data in PAIRS and all(shape(calculator, child) for child in part.children):
            own = tuple(bracketed(side, child) for child in part.children)
            other = tuple(transposed(side, child) for child in part.children)
            yield ORDER, put(f"({PAIRS[part.data].format(*other)})")
            for first, second in itertools.product(*zip(own, other, strict=True)):
                for pair in ("{0} {1}", "{1} {0}", r"{0} \odot {1}"):
                    if pair != PAIRS[part.data] or (first, second) not in (own, other):
                        yield ORDER, put(f"({pair.format(first, second)})")
    yield from letter_errors(side, calculator)


def letter_errors(side: str, calculator: Evaluator) -> Iterator[tuple[str, str]]:
    """Yield the side with one letter replaced by each other letter that the page has, or by an entry of the letter."""
    world, tree = calculator.world, parse(side)
    entries = {id(t.children[0]): t for t in tree.iter_subtrees() if t.data == "index"}
    for part in tree.iter_subtrees_topdown():
        name = name_of(part)[0] if part.data == "name" else ""
        if name not in ARRAYS:
            continue
        start, end = part.meta.start_pos, part.meta.end_pos
        if id(part) in entries:  # z_nk is an entry of Z
            letters = name_of(entries[id(part)])[1]
            axes = np.ndim(world[calculator.row_of_batch(name, letters)])
            rows = {other: calculator.row_of_batch(code_name(other), letters) for other in SMALL}
            others = [other for other, row in rows.items() if row in world and np.ndim(world[row]) == axes]
        else:
            others = CAPITALS if world.kind == "batch" else SMALL
            for letter, counted in {"n": "N", "d": "D", "k": "K"}.items():
                if counted in world and np.shape(world[name])[:1] == (int(world[counted]),):
                    yield "an entry for the whole", f"{side[:end]}_{letter}{side[end:]}"
        for other in others:
            if code_name(other) != name:
                yield "another letter", side[:start] + other + side[end:]


# Indices, sums, signs, numbers: errors in the text


def replaced(text: str, pattern: str, by: str) -> Iterator[str]:
    """Yield the text with one match replaced, for each match."""
    for match in re.finditer(pattern, text):
        yield text[: match.start()] + match.expand(by) + text[match.end() :]


def errors(text: str) -> Iterator[tuple[str, str]]:
    """Yield kind of error and changed text."""

    def all_of(error: str, pattern: str, by: str) -> Iterator[tuple[str, str]]:
        for changed in replaced(text, pattern, by):
            yield error, changed

    yield from all_of("plus for minus", r"-", "+")
    yield from all_of("minus for plus", r"\+", "-")
    yield from all_of("minus lost", r"(?<=[=({&\s}])-", " ")
    yield from all_of("minus gained", r"(?<==)(?= )", " -")
    yield from all_of("1/N lost", r"\\frac\{1\}\{N\}", "")
    yield from all_of("1/K for 1/N", r"\\frac\{1\}\{N\}", r"\\frac{1}{K}")
    yield from all_of("1/2 lost", r"\\frac\{(\\?[a-z]+)\}\{2\}", r"\1")
    yield from all_of("upside down", r"\\frac\{((?:[^{}]|\{[^{}]*\})+)\}\{((?:[^{}]|\{[^{}]*\})+)\}", r"\\frac{\2}{\1}")
    yield from all_of("log lost", r"\\log", "")
    yield from all_of("exp lost", r"e\^(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})", r"\1")
    yield from all_of("square lost", r"\^2", "")
    yield from all_of("sum lost", r"\\sum_(?:\{\w=\d\}\^\{\w\}|\w)", "")
    yield from all_of("another end of the sum", r"(\\sum_\{\w=\d\})\^\{K\}", r"\1^{D}")
    yield from all_of("another end of the sum", r"(\\sum_\{\w=\d\})\^\{[DN]\}", r"\1^{K}")
    yield from all_of("sum from 2", r"(\\sum_\{\w=)1\}", r"\g<1>2}")
    for letter in "ndijk":
        yield from all_of("sum over the wrong letter", rf"\\sum_\{{(?!{letter})\w=", rf"\\sum_{{{letter}=")
    yield from all_of("sum over the wrong letter", r"\\sum_j", r"\\sum_i")
    yield from all_of("index lost", INDEX, "")
    yield from all_of("indices swapped", r"_\{([a-z])([a-z])\}", r"_{\2\1}")
    for letter in "ndijkc":
        yield from all_of("wrong index", rf"(?<!sum)(?<!max)_(?!{letter})[a-z](?![a-z])", f"_{letter}")
        yield from all_of("wrong index", rf"_\{{(?!{letter})[a-z]([a-z])\}}", rf"_{{{letter}\1}}")
        yield from all_of("wrong index", rf"_\{{([a-z])(?!{letter})[a-z]\}}", rf"_{{\1{letter}}}")
    yield from all_of("wrong number", r"(?<![_{\d=])1(?![\d}])", "2")
    yield from all_of("wrong number", r"(?<=frac\{)1(?=\}\{(?!N))", "2")
    yield from all_of("wrong number", r"(?<=[ =&])0", "1")
    yield from all_of("wrong number", r"(?<=_)([12])", "3")
    yield from all_of("factor lost", r"(?<=[ }])(\\delta_\{\w\w\}|\\eta|\\lambda)(?![}])", " ")
    yield from all_of("bracket lost", r" \(([^()]*[-+][^()]*)\)(?!\^|_)", r" \1")
    yield from all_of("another letter", r"\\partial L(?=})", r"\\partial z")
    yield from all_of("condition reversed", r"\\ne ", "= ")
    yield from all_of("minimum for maximum", r"\\max_", r"-\\max_")


def mutants(display: Display) -> list[Mutant]:
    """Return the errors that leave an equation which can still be read, each once."""
    own = tuple(read(display))
    found: list[Mutant] = []
    seen = {meaning(own)}

    def add(error: str, place: str, chains: tuple[Chain, ...]) -> None:
        if meaning(chains) not in seen:
            seen.add(meaning(chains))
            found.append(Mutant(display, error, place, chains))

    for n, (kind, chain) in enumerate(zip(kinds(display, list(own)), own, strict=True)):
        calculator = evaluator(kind, 0, display.notebook, display.cell)
        for k, side in enumerate(chain.sides):
            gained = [("1/N gained", rf"\frac{{1}}{{N}} ({side})")] if kind == "batch" and k > 0 else []
            for error, changed in [*shape_errors(side, calculator), *gained]:
                sides = (*chain.sides[:k], changed, *chain.sides[k + 1 :])
                add(error, shown(side, changed), (*own[:n], replace(chain, sides=sides), *own[n + 1 :]))
    for error, text in errors(math_only(display.plain)):
        text = unmask(text, display.plain)
        try:
            chains = tuple(read(replace(display, written=text)))
            if chains:
                add(error, shown(display.plain, text), chains)
        except FormulaError:
            pass  # it can't be read
    return found


def meaning(chains: tuple[Chain, ...]) -> tuple[object, ...]:
    """Return what is read, so that brackets and blanks make no difference."""
    return tuple((tuple(map(parse, chain.sides)), chain.relations, chain.only) for chain in chains)


def math_only(text: str) -> str:
    r"""Hide reasons in words, `&& \text{...}`, from the errors: they are not evaluated."""
    return re.sub(r"&&[^&]*?\\text.*?(?=\\\\|\\end|$)", lambda m: "\x00" * len(m[0]), text)


def unmask(text: str, original: str) -> str:
    """Put the reasons back."""
    reasons = iter(m[0] for m in re.finditer(r"&&[^&]*?\\text.*?(?=\\\\|\\end|$)", original))
    return re.sub(r"\x00+", lambda _: next(reasons), text)


def problem(mutant: Mutant) -> FormulaError | None:
    """Return what the check says against a mutant, None if it sees nothing."""
    try:
        check(mutant.display, range(1), list(mutant.chains))  # most are seen in the first world
        check(mutant.display, range(2 * len(SIZES)), list(mutant.chains))
    except FormulaError as error:
        return error
    return None


def excuse(mutant: Mutant) -> tuple[str, str, str] | None:
    """Return why a mutant that the check lets through is no error: an entry of EQUIVALENT."""
    for entry in EQUIVALENT:
        error, pattern, reason = entry
        fits = error == mutant.error and re.search(pattern, mutant.shown)
        if fits and (reason != CASE or "Case i = j" in mutant.display.before.rpartition("$$")[2]):
            return entry
    return None


def is_the_same(mutant: Mutant) -> bool:
    """Whether each changed side has the shape and, to round-off, the value it had, in worlds the check has not seen."""
    own = read(mutant.display)
    if [(c.relations, c.only) for c in own] != [(c.relations, c.only) for c in mutant.chains]:
        return False
    for kind, before, after in zip(kinds(mutant.display, own), own, mutant.chains, strict=True):
        for seed, side in itertools.product(range(100, 106), range(len(before.sides))):
            calculator = evaluator(kind, seed, mutant.display.notebook, mutant.display.cell)
            for env in settings(calculator, Chain((*before.sides, *after.sides), (), before.only)):
                x, y = (target(calculator, parse(c.sides[side]), c.relations, side, env) for c in (before, after))
                if np.shape(x) != np.shape(y) or not np.allclose(x, y, rtol=1e-11, atol=1e-11):
                    return False
    return True
