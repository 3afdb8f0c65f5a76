"""Tie every number that the text states as a result to a value that a cell prints.

The ties are in `prose_numbers.json`: "see-seen": {"0.16": "matrix[0]"} says that the 0.16 in the Markdown cell see-seen
is the first number that the code cell matrix printed, rounded to the digits written. Strict nbval recomputes what is
printed, `test_prose_numbers.py` compares the text with it. After changing numbers, run

    python tests/formulas/prose_numbers.py

It keeps the ties that hold, ties each new number to the nearest printed value (or number in the code) that rounds to
it, and says which it could not tie. Review what it wrote: near is not always right. A tie written by hand may also be
the negative of a printed value, "-matrix[1]", a printed percentage as a share, "judge-run[0]%", or Python,
"= softmax_jacobian([0.5, 0.5])[0, 0]".
"""

import ast
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
from formula_reader import NOTEBOOKS

from linclf_helpers import datasets, forward, gradients

TIES = Path(__file__).with_suffix(".json")
NUMBER = re.compile(r"(?<![\w.,^⁰¹²³⁴-⁹₀-₉])[−-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w⁰¹²³⁴-⁹]|[.,]\d)")
YEAR = re.compile(r"(19[89]|20[0-4])\d")
PRINTED = re.compile(r"(?<![\w.,])-?(?:\d{1,3}(?:,\d{3})+(?!,?\d)|\d+)(?:\.\d+)?(?:e[-+]?\d+)?(?![\w.]*[A-Za-z_])")

# Numbers of the text that state no result of a cell: notebook, cell, number (* for all of the cell), reason. One that
# occurs nowhere fails. Years, and what names a link to elsewhere, are no results either.
CONSTANTS: list[tuple[str, str, str, str]] = [
    ("01", "check", "0.00001", "the step of check_gradient, 1e-5"),
    ("02", "turn-chain_on_paper", "0.5", "what the exercise starts from"),
    ("03", "predict", "0.01", "from 0.50 to 0.51, which are both in the code"),
    ("07", "why-seen", "1900", "44 squared, in round figures"),
    ("08", "published", "*", "other people's results, linked there"),
    ("08", "published-why", "*", "the same results, explained"),
    ("08", "fast-seen", "*", "times measured once, on a machine that is described there"),
    ("08", "check", "1,300", "two nudges for each of the 650 parameters"),
    ("08", "calibration-seen", "95", "the width of the intervals, as they are usual"),
    ("08", "l2-seen", "100", "90, in round figures"),
    ("08", "l2-read", "60", "made-up probabilities, to compare"),
    ("08", "l2-read", "99.9", "made-up probabilities, to compare"),
    ("09", "softmax", "1000", "a size of score that the check tries"),
    ("09", "train", "*", "the learning rate and the steps that the check asks for"),
    ("09", "explore", "500", "the steps of the stage before"),
    ("10", "patient-1", "100", "of 100: a proportion"),
    ("10", "patient-1-story", "*", "another course's output, linked there"),
    ("10", "patient-2-story", "*", "about other people's code, linked there"),
    ("10", "patient-3-examine", "1000", "a size of weight to try"),
    ("10", "patient-3-story", "*", "about other people's code, linked there"),
    ("10", "patient-5", "100", "of 100: a proportion"),
    ("10", "patient-7", "100", "of 100: a proportion"),
    ("10", "patient-8-examine", "10,000", "an absurd bill to try"),
    ("06", "v-curve-read", "1", "a round figure: mistakes are off by 1 % or more"),
]

Ties = dict[str, dict[str, dict[str, str]]]  # notebook -> Markdown cell -> number as written -> "cell[k]"


@dataclass(frozen=True)
class Stated:
    """A number in the text."""

    notebook: str
    cell: str
    written: str

    @property
    def where(self) -> str:
        """Name the place in a failure."""
        return f"{self.notebook}, cell {self.cell!r}: the text says {self.written}"


@dataclass(frozen=True)
class Source:
    """A number that a code cell prints, or has in its code."""

    name: str  # "cell[k]" or "cell:k" for code
    value: Decimal
    exact: bool  # a number in code is not rounded


@cache
def order(path: Path) -> list[str]:
    """Return the ids of a notebook's cells."""
    return [cell.id for cell in nbformat.read(path, as_version=nbformat.NO_CONVERT).cells]


def prose(text: str) -> str:
    """Blank out code, formulas, links to elsewhere, targets of others, tags and headings."""
    hidden = (
        r"(?ms)^```.*?^```|`[^`\n]+`|\$\$.+?\$\$|\$.+?\$|\[[^]\n]*\]\(http[^)]*\)|(?<=\])\([^)]*\)|<[^>]+>|^#{1,6} .*?$"
    )
    return re.sub(hidden, lambda m: " " * len(m[0]), text)


def stated(path: Path) -> list[Stated]:
    """Return the results that the text of a notebook states: decimals, what has a unit, and whole numbers from 100."""
    found = []
    for cell in nbformat.read(path, as_version=nbformat.NO_CONVERT).cells:
        if cell.cell_type != "markdown":
            continue
        text = prose(cell.source)
        for match in NUMBER.finditer(text):
            digits = match[0].strip("−-")
            unit = re.match(r" *(%|mm|g\b)", text[match.end() :])
            if not YEAR.fullmatch(digits) and ("." in digits or len(digits) > 2 or unit):
                found.append(Stated(path.name, cell.id, match[0]))
    constants = {(number, cell, written) for number, cell, written, _ in CONSTANTS}
    unique = dict.fromkeys(found)
    return [s for s in unique if not {(s.notebook[:2], s.cell, w) for w in (s.written, "*")} & constants]


@cache
def sources(path: Path) -> dict[str, list[Source]]:
    """Return what each code cell prints, and the numbers in its code."""
    found = {}
    for cell in nbformat.read(path, as_version=nbformat.NO_CONVERT).cells:
        if cell.cell_type == "code":
            shown = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
            printed = [n for text in shown if not text.startswith("<Figure") for n in PRINTED.findall(text)]
            found[cell.id] = [Source(f"{cell.id}[{k}]", value_of(n), False) for k, n in enumerate(printed)]
            found[cell.id] += [Source(f"{cell.id}:{k}", n, True) for k, n in enumerate(literals(cell.source))]
    return found


def literals(code: str) -> Iterator[Decimal]:
    """Yield the numbers in code, with their minus signs."""
    nodes = list(ast.walk(ast.parse(code)))
    negative = {id(n.operand) for n in nodes if isinstance(n, ast.UnaryOp) and isinstance(n.op, ast.USub)}
    for node in nodes:
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            yield Decimal(repr(node.value)) * (-1 if id(node) in negative else 1)


def value_of(written: str) -> Decimal:
    """Return the number that is written, with a real minus sign and commas perhaps."""
    return Decimal(written.replace("−", "-").replace(",", ""))


def agrees(written: str, source: Source) -> bool:
    """Whether a source, rounded to the digits that are written, is the number that is written."""
    number = value_of(written)
    if source.exact:
        return source.value == number
    if not source.name.startswith("=") and source.value.as_tuple().exponent > number.as_tuple().exponent:
        return False  # the text claims more digits than were printed
    return abs(source.value - number) * 2 < Decimal(1).scaleb(number.as_tuple().exponent)  # a half rounds either way


def lookup(tie: str, notebook: str) -> Source | None:
    """Return the source of a tie; the module's docstring says how one is written."""
    if tie.startswith("="):
        space = {"np": np, **vars(forward), **vars(gradients), **vars(datasets)}
        return Source(tie, Decimal(repr(round(float(eval(tie[1:], space)), 12))), False)
    number, _, name = tie.removeprefix("-").removesuffix("%").rpartition("/")
    path = next((p for p in NOTEBOOKS if p.name.startswith(number or notebook)), None)
    cell = re.split(r"[\[:]", name)[0]
    source = next((s for s in sources(path).get(cell, []) if s.name == name), None) if path else None
    if source and tie.endswith("%"):
        return replace(source, value=source.value.scaleb(-2))
    return replace(source, value=-source.value) if source and tie.startswith("-") else source


def nearest(number: Stated, path: Path) -> str | None:
    """Return the closest source that agrees, in this notebook or else in notebook 00.

    A printed value is preferred to a number in the code, and for a number like 0.5, which many values round to, a
    value that equals it.
    """
    coarse = len(number.written.strip("−-0.").replace(".", "")) < 2
    value = value_of(number.written)
    here = order(path).index(number.cell)
    found = [
        (abs(order(path).index(cell) - here) + 6 * source.exact + 20 * (coarse and source.value != value), source.name)
        for cell, some in sources(path).items()
        for source in some
        if agrees(number.written, source)
    ]
    if found:
        return min(found)[1]
    first = [s for some in sources(NOTEBOOKS[0]).values() for s in some if not s.exact and s.value == value]
    return f"00/{first[0].name}" if first else None


def read_ties() -> Ties:
    """Return the ties as committed."""
    return json.loads(TIES.read_text(encoding="utf-8")) if TIES.exists() else {}


def fault(number: Stated, ties: Ties) -> str | None:
    """Return what is wrong with a number of the text, None if it is what its cell computed."""
    tie = ties.get(number.notebook, {}).get(number.cell, {}).get(number.written)
    if tie is None:
        return f"{number.where}, and it is tied to no printed value: run python tests/formulas/prose_numbers.py"
    source = lookup(tie, number.notebook)
    if source is None:
        return f"{number.where}, tied to {tie}, which is gone: run python tests/formulas/prose_numbers.py"
    if not agrees(number.written, source):
        return f"{number.where}, and {tie} is {source.value}"
    return None


def main() -> int:
    """Write the ties anew; return how many numbers could not be tied."""
    old, new, untied = read_ties(), Ties(), 0
    for path in NOTEBOOKS:
        for number in stated(path):
            tie = old.get(path.name, {}).get(number.cell, {}).get(number.written)
            if fault(number, old) is not None:
                tie = nearest(number, path)
                print(f"{number.where}: {f'tied to {tie}' if tie else 'NO CELL PRINTS IT'}")
            if tie:
                new.setdefault(path.name, {}).setdefault(number.cell, {})[number.written] = tie
            else:
                untied += 1
    TIES.write_text(json.dumps(new, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return untied


if __name__ == "__main__":
    sys.exit(min(main(), 1))
