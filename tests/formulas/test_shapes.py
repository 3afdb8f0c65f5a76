"""Shapes that the text states are computed: "Z is (N, K)", "(D, N)(N, K) = (D, K)", and the rows of its tables."""

import itertools
import re
from collections.abc import Iterator
from functools import cache
from math import prod
from pathlib import Path

import nbformat
import numpy as np
import pytest
from formula_pages import evaluator, kind
from formula_reader import NOTEBOOKS, Display, FormulaError, Side, displays, parse, read
from formula_world import SIZES, World, draw
from lark import Tree
from prose_numbers import prose

pytestmark = pytest.mark.no_cover  # measuring slows it by half, and other tests reach the same lines

SHAPE = r"\((?:[NDK1](?: · [NDK])*(?:, |,|(?=\))))+\)"
SYMBOL = r"(?:∂[LŷŶzZ]/∂[ŷŶzZWb]|[XWZŶYLbxzŷyg](?![A-Za-z]))"
CODE_NAMES = {"ŷ": "y_hat", "Ŷ": "Y_hat"}


def size(shape: str, sizes: dict[str, int]) -> tuple[int, ...]:
    """Return a shape in numbers: (K, D · K) is (3, 6)."""
    return tuple(prod(sizes[letter] for letter in axis.split(" · ")) for axis in re.split(r", ?", shape[1:-1]) if axis)


def claims(text: str) -> Iterator[tuple[str, str]]:
    """Yield symbol and shape, for every sentence and table row that states the shape of a symbol."""
    for symbols, shape in re.findall(rf"((?:{SYMBOL}(?:, | and )?)+) (?:is|are|has shape|have shape) ({SHAPE})", text):
        for symbol in re.findall(SYMBOL, symbols):
            yield symbol, shape
    for row in re.findall(r"(?m)^\|(.*)\|$", text):
        first, *columns = (column.strip() for column in row.split("|"))
        symbols = re.findall(SYMBOL, re.sub(r" = .*|.*product, ", "", first))
        for column in columns:
            if re.fullmatch(rf"{SHAPE}(?:, {SHAPE})*", column):
                yield from zip(symbols, re.findall(SHAPE, column), strict=True)


def products(text: str) -> list[tuple[list[str], str]]:
    """Return every product of shapes, as its factors and its result."""
    found = re.findall(rf"((?:{SHAPE} ?){{2,}})= ({SHAPE})", text)
    return [(re.findall(SHAPE, factors), result) for factors, result in found]


@cache
def worlds(seed: int) -> tuple[World, World]:
    return draw("one", seed), draw("batch", seed)


def true_shapes(symbol: str, seed: int) -> set[tuple[int, ...]]:
    """Return the shapes a symbol may be said to have: a derivative's own, and that of its Jacobian."""
    for world in worlds(seed):
        parts = [CODE_NAMES.get(s, s) for s in symbol.replace("∂", "").split("/")]
        if not all(part in world for part in parts) or (symbol[-1] in "ZŶ" and world.kind == "one"):
            continue
        if symbol == "y":  # a row of labels, or, in the notation table, the integer labels of a batch
            return {np.shape(world["y"]), np.shape(worlds(seed)[1]["c"])}
        if len(parts) == 1:
            return {np.shape(world[parts[0]])}
        of, by = np.shape(world[parts[0]]), np.shape(world[parts[1]])
        return {of + by, (prod(of), prod(by))}
    raise FormulaError(f"{symbol} has no value")


def cells() -> list[tuple[str, str]]:
    return [
        (f"{path.name}, cell {cell.id!r}", cell.source)
        for path in NOTEBOOKS
        for cell in nbformat.read(path, as_version=nbformat.NO_CONVERT).cells
        if cell.cell_type == "markdown"
    ]


def faults(text: str) -> list[str]:
    """Return what is wrong with the shapes that a text states."""
    found = []
    text = prose(text)
    for seed, numbers in enumerate(SIZES):
        sizes = dict(zip("NDK", numbers, strict=True)) | {"1": 1}
        for symbol, shape in claims(text):
            if size(shape, sizes) not in true_shapes(symbol, seed):
                found.append(f"{symbol} is said to have shape {shape}")
        for factors, result in products(text):
            arrays = [size(factor, sizes) for factor in factors]
            if any(len(a) != 2 for a in arrays) or any(a[1] != b[0] for a, b in itertools.pairwise(arrays)):
                found.append(f"{''.join(factors)}: the inner sizes differ")
            elif (arrays[0][0], arrays[-1][1]) != size(result, sizes):
                found.append(f"{''.join(factors)} = {result}: that is not the shape of the product")
    return sorted(set(found))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_shapes_under_an_equation_are_those_of_its_left_sides(path: Path) -> None:
    """ "Shapes: (K,) and (N, K)." under a display with two equations, and nothing but shapes in the sentence."""
    for display in displays(path):
        under = text_under(path, display)
        if sentence := re.match(rf"\s*Shapes?: ((?:(?:{SHAPE} ?)+(?:= {SHAPE})?(?:,? and |, )?)+)[.,]", under):
            stated = [re.findall(SHAPE, item)[-1] for item in re.split(r",? and ", sentence[1])]
            for seed, numbers in enumerate(SIZES):
                sizes = dict(zip("NDK", numbers, strict=True)) | {"1": 1}
                for chain, shape in zip(read(display), stated, strict=False):
                    world = evaluator(kind(display, chain), seed, display.notebook, display.cell)
                    left = whole(parse(chain.sides[0]))
                    there = np.shape(world.as_matrix(np.zeros(size(shape, sizes))))  # (K,) is a row, or a column there
                    message = f"{display.where}: {chain.sides[0]} is said to be {shape}"
                    assert left is None or np.shape(world.value(left, {})) == there, message


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_factors_of_a_product_have_the_shapes_under_it(path: Path) -> None:
    """ "Shapes: (D, 1)(1, K) = (D, K)" under ∂L/∂W = x^⊤ g: x^⊤ is (D, 1) and g is (1, K)."""
    for display in displays(path):
        for chain, (factors, _) in zip(read(display), products(text_under(path, display).split("\n")[0]), strict=False):
            for seed, numbers in enumerate(SIZES):
                sizes = dict(zip("NDK", numbers, strict=True)) | {"1": 1}
                world = evaluator(kind(display, chain), seed, display.notebook, display.cell)
                there = [np.shape(world.value(factor, {})) for factor in flat(parse(chain.sides[1]))]
                stated = [size(factor, sizes) for factor in factors]
                assert [s for s in there if s] == stated, f"{display.where}: {chain.sides[1]} is said to be {factors}"


def flat(side: Side) -> list[Side]:
    """Return the factors of a product."""
    return [factor for child in side.children for factor in flat(child)] if side.data == "mul" else [side]


def text_under(path: Path, display: Display) -> str:
    """Return what follows a display in its cell."""
    cell = next(c for c in nbformat.read(path, as_version=nbformat.NO_CONVERT).cells if c.id == display.cell)
    return cell.source[cell.source.index(display.written) + len(display.written) :].lstrip("\n$")


def whole(side: Side) -> Side | None:
    """Return the left side without its indices: its shape is that of ∂L/∂W for ∂L/∂W_dk."""
    if side.data == "index":
        return side.children[0]
    if side.data == "partial":
        parts = [whole(part) for part in side.children]
        return Tree("partial", parts) if all(parts) else None
    return side if side.data == "name" else None


def test_shapes_in_the_text_are_right(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [f"{where}: {fault}" for where, text in cells() for fault in faults(text)]
    counts = [(len(list(claims(prose(text)))), len(products(prose(text)))) for _, text in cells()]
    with capsys.disabled():
        print(f"\n{sum(c for c, _ in counts)} shapes and {sum(p for _, p in counts)} products of shapes computed")
    assert not wrong, "\n".join(wrong)
    assert all(any(column) for column in zip(*counts, strict=True)), "the text states shapes in another way now"


@pytest.mark.parametrize(
    "text",
    [
        "Z is (N, D), as you see.",
        "Shapes: ∂L/∂ŷ is (D,), like ŷ.",
        "∂z/∂W is (D, K, K), one index for the score.",
        "| ∂z/∂W | K | D · K | (K, D · D) |",
        "Y and Ŷ are (K, N).",
        "(D, N)(K, N) = (D, K)",
        "(D, N)(N, K) = (K, D)",
    ],
)
def test_a_wrong_shape_is_noticed(text: str) -> None:
    assert faults(text)
