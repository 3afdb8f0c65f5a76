r"""From the LaTeX in a notebook to chains of equal sides, each of them parsed.

SymPy's own LaTeX grammar was tried first. It has no \top, \hat or \partial W_{dk}, reads ŷ(1 − ŷ) as a function call
as well, and cancels y/ŷ · ŷ while it parses, so that a wrong link in a derivation can't be seen. Hence our own
grammar for Lark, the parser generator that SymPy's grammar is written for, too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
from lark import Lark, Tree, UnexpectedInput

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PARSER = Lark(
    (Path(__file__).parent / "formula_grammar.lark").read_text(encoding="utf-8"),
    parser="lalr",
    propagate_positions=True,
)
RELATION = re.compile(r"\\leftarrow(?![a-z])|\\approx(?![a-z])|\\[gl]eq?(?![a-z])|=|<|>")

CONDITION = re.compile(r"\(? *([ndijkc]) *(=|\\neq?) *([ndijkc]) *\)?[,.]?")  # on indices

Side = Tree  # one side of an equation, parsed


class FormulaError(Exception):
    """An equation that can't be read, can't be computed, or is false; the message says which and why."""


class ShapeError(FormulaError):
    """An equation refused for its rows, columns, axes or ends of sums, before any number is looked at."""


class UnequalError(FormulaError):
    """An equation of the right shapes that is false."""


@dataclass(frozen=True)
class Display:
    """What stands between two pairs of dollars, and where."""

    notebook: str  # file name
    cell: str  # cell id
    written: str  # the LaTeX, as in the file
    before: str  # the Markdown of the cell up to here
    inline: bool = False

    @property
    def where(self) -> str:
        """Notebook and cell, as failures name them."""
        return f"{self.notebook}, cell {self.cell!r}"

    @property
    def plain(self) -> str:
        """The LaTeX without colours, as it is parsed."""
        return plain(self.written)


@dataclass(frozen=True)
class Chain:
    """Sides joined by relations: a = b = c is one chain with two links."""

    sides: tuple[str, ...]
    relations: tuple[str, ...]
    only: tuple[str, bool, str] | None = None  # ("i", False, "j") for i ≠ j, True for i = j


def displays(path: Path, inline: bool = False) -> list[Display]:
    """Return what a notebook displays between $$ and $$ (or, inline, between $ and $), in reading order."""
    found = []
    for cell in nbformat.read(path, as_version=nbformat.NO_CONVERT).cells:
        if cell.cell_type == "markdown":
            # Code and its dollars are no formulas; blanks of the same length keep the places.
            text = re.sub(r"(?ms)^```.*?^```|`[^`\n]+`", lambda m: " " * len(m[0]), cell.source)
            for match in re.finditer(r"(?s)\$\$(.+?)\$\$|(?<!\$)\$(?!\$)(.+?)\$", text):
                if (match[1] is None) == inline:
                    written = (match[1] or match[2]).strip()
                    found.append(Display(path.name, cell.get("id", "?"), written, text[: match.start()], inline))
    return found


def plain(latex: str) -> str:
    """Drop colours, sizes of brackets, and spare blanks."""
    while True:
        changed = re.sub(
            r"\{\\color *\{#\w+\}\s*(\{(?:[^{}]|\{[^{}]*\})*\})\s*\}", lambda m: m[1][1:-1], latex, count=1
        )
        if changed == latex:
            break
        latex = changed
    latex = re.sub(r"\\(left|right|[bB]igg?[lr]?)(?![A-Za-z])", "", latex)
    latex = re.sub(r"\\(hat|bar|tilde) *([a-zA-Z])(?![a-zA-Z])", r"\\\1{\2}", latex)
    return re.sub(r"\s+", " ", latex).strip()


def chains(latex: str, before: str = "") -> list[Chain]:
    """Split a display, without colours, into its chains. What relates nothing is left out."""
    only = None
    if case := re.search(r"Case \$?(\w) *(=|≠) *(\w)\$?[^\n]*\n*\Z", before):
        only = (case[1], case[2] == "=", case[3])
    found: list[Chain] = []
    rows = re.split(r"\\\\(?:\[[^]]*\])?", re.sub(r"\\(begin|end)\{(aligned|align\*?)\}", "", latex))
    running = ""
    for row in rows:
        main, _, reason = row.partition("&&")
        main = main.replace("&", " ").strip()
        if RELATION.match(main):
            running += " " + main
        else:
            found += statements(running, only)
            running = main
        for part in re.split(
            r"\\text *\{[^{}]*\}", reason
        ):  # "step 6, with ŷ = 1/K" holds one, "only i = j is left" none
            if not CONDITION.fullmatch(part.strip()):
                found += statements(part, None)
    return [*found, *statements(running, only)]


def statements(text: str, only: tuple[str, bool, str] | None) -> Iterator[Chain]:
    """Yield the chains of text without alignment: between commas and spaces, and after 'for'."""
    for part in re.split(r"[,.;]? *\\q?quad *(?:\\text\{ *(?:and|for|with|where) *\})?", text):
        condition = CONDITION.fullmatch(part.strip())
        if condition and found_last(part):
            yield Chain((), (), (condition[1], condition[2] == "=", condition[3]))
        elif pieces := split(part.strip().rstrip(",.")):
            yield Chain(*pieces, only)


def found_last(part: str) -> bool:
    """Whether this is a bracketed condition on indices, and no equation."""
    return part.strip().startswith("(")


def split(text: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Split at relations outside of braces and brackets."""
    depth, last, sides, relations = 0, 0, [], []
    at = 0
    while at < len(text):
        if text[at] in "{([":
            depth += 1
        elif text[at] in "})]":
            depth -= 1
        elif depth == 0 and (relation := RELATION.match(text, at)):
            sides.append(text[last:at].strip())
            relations.append(relation[0])
            last = at = relation.end()
            continue
        at += 1
    sides.append(text[last:].strip())
    return (tuple(sides), tuple(relations)) if relations else None


def with_conditions(found: list[Chain]) -> list[Chain]:
    """Attach each bracketed condition, `(j \\ne c)`, to the chain in front of it."""
    joined: list[Chain] = []
    for chain in found:
        if chain.sides:
            joined.append(chain)
        elif joined:
            joined[-1] = Chain(joined[-1].sides, joined[-1].relations, chain.only)
    return joined


def read(display: Display) -> list[Chain]:
    """Return the chains of a display."""
    return with_conditions(chains(display.plain, display.before))


@cache
def parse(side: str) -> Side:
    """Parse one side of an equation."""
    try:
        return PARSER.parse(side)
    except UnexpectedInput as error:
        seen = side[error.pos_in_stream or 0 :][:20] if error.pos_in_stream is not None else "the end"
        raise FormulaError(f"can't read {side!r}: stuck at {seen!r}") from None
