"""Small errors, put into the equations one at a time: each must be noticed, or be no error for a stated reason."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from formula_pages import check
from formula_reader import Display, FormulaError, parse, read
from formula_world import SIZES

# Changes that leave an equation true, as the mutation test found them; each was thought through. The first two columns
# are the kind of error and what `Mutant.shown` says; an entry that no survivor needs any more fails.
ONE_HOT = "only the correct class has a label, so where a term carries y_i or ∂L/∂ŷ_i, i is c"
PICKED = "a factor δ_jk, or one that contains it, is 0 unless j = k, so either letter will do beside it"
CASE = "the page says 'Case i = j' above it, so either letter will do"
EQUIVALENT: list[tuple[str, str, str]] = [
    ("indices swapped", r"\\delta_\{(\w)(\w)\}.*-> .*\\delta_\{\2\1\}", "δ is symmetric"),
    ("transpose gained", r"v\^\\top J v.*-> .*v\^\\top J\^\\top v", "the Jacobian of the softmax is symmetric"),
    ("minus gained", r"-> .*- 0 ", "−0 is 0"),
    (
        "minus for plus",
        r"softmax\}\(z \+ a\)_i",
        "a shift by −a changes the softmax as little as a shift by a: the page's result",
    ),
    ("ŷ for y", r"_\{i=1\}\^\{K\} y_i &&", "the probabilities of a row sum to 1, as the labels do"),
    ("wrong index", r"_c|_\{nc\}|_\{cj\}", ONE_HOT),
    (
        "wrong index",
        r"y_i \\frac\{\\part.*-> .*y_j \\frac\{\\part",
        "∂ log ŷ_i/∂ŷ_j is 0 unless i = j, so either letter will do",
    ),
    ("wrong index", r"g_j .*-> .*g_k |partial z_j\} .*-> .*partial z_k\} ", PICKED),
    ("wrong index", r"z_i|z_j|\\hat\{y\}_i|\\hat\{y\}_j", CASE),
]

INDEX = r"_(?:\{[a-z]+\}|[a-z])"
SYMBOL = r"(?:\\hat\{[a-zA-Z]\}|(?<![\\a-zA-Z{])[a-zA-Z](?![a-zA-Z]))"


@dataclass(frozen=True)
class Mutant:
    """One error in one place."""

    display: Display
    error: str
    text: str
    at: int

    @property
    def shown(self) -> str:
        """The place, before and after."""
        before, after = self.display.plain, self.text
        end = 1
        while end <= min(len(before), len(after)) - self.at and before[-end] == after[-end]:
            end += 1
        low = max(0, self.at - 12)
        return f"{before[low : len(before) - end + 13]} -> {after[low : len(after) - end + 13]}"


def replaced(text: str, pattern: str, by: str) -> Iterator[tuple[str, int]]:
    """Yield the text with one match replaced, for each match."""
    for match in re.finditer(pattern, text):
        yield text[: match.start()] + match.expand(by) + text[match.end() :], match.start()


def errors(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield kind of error, changed text, place."""

    def all_of(error: str, pattern: str, by: str) -> Iterator[tuple[str, str, int]]:
        for changed, at in replaced(text, pattern, by):
            yield error, changed, at

    yield from all_of("plus for minus", r"-", "+")
    yield from all_of("minus for plus", r"\+", "-")
    yield from all_of("minus lost", r"(?<=[=({&\s}])-", " ")
    yield from all_of("minus gained", r"(?<==)(?= )", " -")
    yield from all_of("transpose lost", r"\^\\top", "")
    yield from all_of("transpose moved right", rf"({SYMBOL})\^\\top (\\?\(?.+?\)|{SYMBOL})", r"\1 \2^\\top")
    yield from all_of("transpose gained", r"(\\hat\{Y\}|(?<![\\a-zA-Z])[XWYZJ])(?=[ +\-}]|$)", r"\1^\\top")
    yield from all_of("1/N lost", r"\\frac\{1\}\{N\}", "")
    yield from all_of("1/K for 1/N", r"\\frac\{1\}\{N\}", r"\\frac{1}{K}")
    yield from all_of("1/2 lost", r"\\frac\{(\\?[a-z]+)\}\{2\}", r"\1")
    yield from all_of("upside down", r"\\frac\{((?:[^{}]|\{[^{}]*\})+)\}\{((?:[^{}]|\{[^{}]*\})+)\}", r"\\frac{\2}{\1}")
    yield from all_of("y for ŷ", r"\\hat\{([yY])\}", r"\1")
    yield from all_of("ŷ for y", r"(?<![\\a-zA-Z{])([yY])(?![a-zA-Z}])", r"\\hat{\1}")
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
    yield from all_of("factors swapped", rf"(?<![A-Za-z}}]) ({SYMBOL}) ({SYMBOL})(?![_A-Za-z(])", r" \2 \1")
    yield from all_of("factor lost", r"(?<=[ }])(\\delta_\{\w\w\}|\\eta|\\lambda)(?![}])", " ")
    yield from all_of("bracket lost", r" \(([^()]*[-+][^()]*)\)(?!\^|_)", r" \1")
    yield from all_of("another letter", r"\\partial W(?=[}_])", r"\\partial b")
    yield from all_of("another letter", r"\\partial L(?=})", r"\\partial z")
    yield from all_of("condition reversed", r"\\ne ", "= ")
    yield from all_of("minimum for maximum", r"\\max_", r"-\\max_")


def mutants(display: Display) -> list[Mutant]:
    """Return the errors that leave an equation which can still be read."""
    found, seen = [], {display.plain}
    for error, text, at in errors(math_only(display.plain)):
        text = unmask(text, display.plain)
        if text in seen:
            continue
        seen.add(text)
        try:
            chains = read(Display(display.notebook, display.cell, text, display.before, display.inline))
            readable = bool(chains) and all(parse(side) for chain in chains for side in chain.sides)
        except FormulaError:
            readable = False
        if readable:
            found.append(Mutant(display, error, text, at))
    return found


def math_only(text: str) -> str:
    r"""Hide reasons in words, `&& \text{...}`, from the errors: they are not evaluated."""
    return re.sub(r"&&[^&]*?\\text.*?(?=\\\\|\\end|$)", lambda m: "\x00" * len(m[0]), text)


def unmask(text: str, original: str) -> str:
    """Put the reasons back."""
    reasons = iter(m[0] for m in re.finditer(r"&&[^&]*?\\text.*?(?=\\\\|\\end|$)", original))
    return re.sub(r"\x00+", lambda _: next(reasons), text)


def problem(mutant: Mutant) -> str | None:
    """Return what the check says against a mutant, None if it sees nothing."""
    try:
        check(mutant.display, mutant.text, range(1))  # most are seen in the first world
        check(mutant.display, mutant.text, range(2 * len(SIZES)))
    except FormulaError as error:
        return str(error)
    return None


def excuse(mutant: Mutant) -> tuple[str, str, str] | None:
    """Return why a mutant that the check lets through is no error: an entry of EQUIVALENT."""
    for entry in EQUIVALENT:
        error, pattern, reason = entry
        fits = error == mutant.error and re.search(pattern, mutant.shown)
        if fits and (reason != CASE or "Case i = j" in mutant.display.before.rpartition("$$")[2]):
            return entry
    return None
