"""Every displayed equation of the notebooks is evaluated; a failure names notebook, cell, equation and both values.

`-s` shows how many equations there are, and how many of them are evaluated, differentiated and listed.
"""

import itertools
import re

import nbformat
import numpy as np
import pytest
from formula_pages import (
    ALLOWED_INLINE,
    BROADCASTS,
    CODE,
    COLUMN_VECTORS,
    ROW_VECTORS,
    all_displays,
    bare,
    check,
    equations,
    evaluator,
    kind,
    left_by_code,
    letters_in_order,
    report,
    world,
)
from formula_reader import CONDITION, NOTEBOOKS, RELATION, Chain, Display, FormulaError, parse, plain, read
from formula_values import derivatives, free_letters, symbolic, target
from formula_world import RANGES, SIZES

pytestmark = pytest.mark.no_cover  # measuring slows it by half, and other tests reach the same lines

DISPLAYS, INLINE = equations(), equations(inline=True)


def name(display: Display) -> str:
    return f"{display.notebook[:2]}-{display.cell}"


@pytest.mark.parametrize("display", [*DISPLAYS, *INLINE], ids=name)
def test_equation_holds(display: Display) -> None:
    message = ""
    try:
        check(display)
    except FormulaError as problem:
        message = report(display, problem)
    if message:  # outside of the except, so that it is shown once
        pytest.fail(message, pytrace=False)


def test_every_displayed_equation_is_evaluated(capsys: pytest.CaptureFixture[str]) -> None:
    """README says so. What relates nothing, such as the legend of the colours, is no equation."""
    links = sum(len(chain.relations) for display in DISPLAYS for chain in read(display))
    differentiated = sum(any(derivatives(chain) for chain in read(display)) for display in DISPLAYS)
    with capsys.disabled():
        print(
            f"\n{len(all_displays())} formulas displayed: {len(DISPLAYS)} are equations, all of them evaluated, in "
            f"{links} links, {differentiated} with derivatives; {len(INLINE)} more evaluated within sentences"
        )
    assert DISPLAYS
    for display in DISPLAYS:
        relations = RELATION.findall(re.sub(CONDITION.pattern, " ", bare(display.plain)))
        assert len(relations) == sum(len(chain.relations) for chain in read(display)), report(
            display, "not all is read"
        )


def test_no_entry_of_the_list_is_stale() -> None:
    for entry in ALLOWED_INLINE:
        number, cell, part, reason = entry
        assert reason
        assert any(
            d.notebook.startswith(number) and d.cell == cell and part in d.plain for d in all_displays(inline=True)
        ), entry


# Rows, columns, and what is broadcast


def markdown(number: str) -> dict[str, str]:
    """Return the text of a notebook's cells by id."""
    path = next(path for path in NOTEBOOKS if path.name.startswith(number))
    return {c.id: c.source for c in nbformat.read(path, as_version=nbformat.NO_CONVERT).cells}


@pytest.mark.parametrize(("number", "cell", "words"), ROW_VECTORS)
def test_the_text_says_that_vectors_are_rows(number: str, cell: str, words: str) -> None:
    assert words in markdown(number)[cell]


@pytest.mark.parametrize(("number", "cell", "part", "said", "words"), COLUMN_VECTORS)
def test_the_text_says_where_vectors_are_columns(number: str, cell: str, part: str, said: str, words: str) -> None:
    """In the equation's own cell or in one before it."""
    cells = markdown(number)
    assert words in cells[said]
    assert list(cells).index(said) <= list(cells).index(cell)
    assert any(d.notebook.startswith(number) and d.cell == cell and part in d.plain for d in [*DISPLAYS, *INLINE])


@pytest.mark.parametrize(("number", "part", "code"), BROADCASTS)
def test_numpy_broadcasts_where_an_equation_does(number: str, part: str, code: str) -> None:
    path = next(path for path in NOTEBOOKS if path.name.startswith(number))
    assert any(part in d.plain for d in [*DISPLAYS, *INLINE] if d.notebook == path.name)
    calculator = evaluator("one", 0, path.name, "any")
    value = calculator.value(parse(part), {})
    np.testing.assert_allclose(left_by_code(path, code, calculator.world), value[0])


# Derivatives, once more, with SymPy


@pytest.mark.parametrize("display", [d for d in DISPLAYS if any(derivatives(chain) for chain in read(d))], ids=name)
def test_sympy_differentiates_the_same(display: Display) -> None:
    compared = 0
    for chain in read(display):
        for node in derivatives(chain):
            what = kind(display, chain)
            letters = sorted(free_letters(node))
            calculator = evaluator(what, 2, display.notebook, display.cell)
            ranges = [range(int(calculator.world[RANGES[letter]])) for letter in letters]
            for at in list(itertools.product(*ranges))[:: max(1, int(np.prod([len(r) for r in ranges])) // 4)]:
                pair = symbolic(calculator, node, dict(zip(letters, at, strict=True)))
                if pair is not None:
                    exact, ours = pair
                    np.testing.assert_allclose(ours, exact, rtol=1e-10, atol=1e-12, err_msg=display.where)
                    compared += 1
    assert compared, f"{display.where}: SymPy differentiates nothing of {display.plain}"


# The code beside the equation


def find(key: tuple[str, str, str]) -> list[tuple[Display, Chain]]:
    """Return the equations a key of CODE means."""
    number, cell, left = key
    return [
        (display, chain)
        for display in DISPLAYS
        if display.notebook.startswith(number) and display.cell == cell
        for chain in read(display)
        if chain.sides[0] == left
    ]


@pytest.mark.parametrize("key", CODE, ids=lambda key: f"{key[0]}-{key[1]}-{key[2]}")
def test_code_beside_the_equation_computes_the_same(key: tuple[str, str, str]) -> None:
    found = find(key)
    assert found, f"no equation in notebook {key[0]}, cell {key[1]!r}, has the left side {key[2]}: mend CODE"
    path = next(path for path in NOTEBOOKS if path.name.startswith(key[0]))
    for (display, chain), seed in itertools.product(found, range(len(SIZES))):
        what = kind(display, chain)
        of = world(what, seed, display.notebook, display.cell)
        calculator = evaluator(what, seed, display.notebook, display.cell)
        code = np.asarray(left_by_code(path, CODE[key], of), dtype=float)
        digits = 1e-5 if "measure" in CODE[key] else 1e-8  # notebook 02 has finite differences where others have code
        letters = letters_in_order(chain.sides[0])
        for at in itertools.product(*(range(int(of[RANGES[letter]])) for letter in letters)):
            env = dict(zip(letters, at, strict=True))
            if chain.only and chain.only == ("i", False, "j") and env.get("i") == env.get("j"):
                continue
            if chain.only and chain.only[0] == "j" and env.get("j") == of["c"]:
                continue
            formula = target(calculator, parse(chain.sides[0]), chain.relations, 0, env)
            both = f"{report(display, '')}  and the code: {CODE[key]}"
            there = calculator.as_matrix(code[at])
            assert np.shape(there) == np.shape(formula), both
            np.testing.assert_allclose(there, formula, rtol=digits, atol=digits / 100, err_msg=both)


# The reader itself


def test_colours_go_and_braces_stay() -> None:
    assert plain(r"{\color{#0E9F92}{\hat{y}}}_i \left( {\color{#2255EE}{X}}^\top \right)") == r"\hat{y}_i ( X^\top )"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (r"\hat{y}_i = \frac{e^{z_i}}{\sum_{j=1}^{N} e^{z_j}}", "'j' runs up to K, and this sum up to N"),
        (r"\hat{y}_i = \frac{1}{N}", "'y_hat' has no value for a batch"),
        (r"\frac{\partial z_j}{\partial W_{dk}} = x_d \delta_{jd}", "δ compares two indices of the same kind"),
        (r"\hat{Y}_{in} = \hat{y}_{ni}", "i is no index of that axis of Y_hat"),
        (r"\hat{Y}_{ni} = y_{ni}", "at i = 1, at n = 1, .* on the left, .* on the right"),
        (
            r"\frac{\partial L}{\partial z} = (\hat{y} - y)^\top",
            r"a row \(1, K\) on the left, a column \(K, 1\) on the r",
        ),
        (r"Z = X W + Y", "first at entry 1, 1"),
        (r"Z = X W + \lambda", "shapes don't fit: a table .* a number"),
        (r"\frac{\partial L}{\partial W} = X (\hat{Y} - Y)", "the product of"),
        (r"z_j = \sum_d x_d W_{dj}", "at j = 1"),
        (r"\frac{\partial L}{\partial \hat{y}} = -\hat{y}^\top", "shapes differ"),
        (
            r"\hat{Y} = \operatorname{softmax}(Z^\top)^\top",
            "the softmax is of rows with K scores, not of a table .K, N.",
        ),
        (r"L = L(W^\top)", "L is a function of weights"),
        (r"\frac{\partial \hat{y}}{\partial z_j} = 0", "a derivative by one number is of one number"),
        (r"\frac{\partial Z}{\partial W} = 0", "too many axes"),
        (r"q = 1", "'q' has no value"),
        (r"z_j = \sum_d x_d W_{dj} +", "can't read"),
        (r"z_t = 1", "'t' is no index"),
        (r"x_n = 1", "shapes differ"),
        (r"L", "no ="),
    ],
)
def test_false_equations_are_refused_in_words(wrong: str, message: str) -> None:
    with pytest.raises(FormulaError, match=message):
        check(Display("99.ipynb", "made-up", wrong, ""))


@pytest.mark.parametrize(
    "right",
    [
        r"\frac{\partial L}{\partial W} = \sum_n \frac{1}{N} x_n^\top (\hat{y}_n - y_n)",
        r"\frac{\partial L}{\partial z_{nk}} = \frac{1}{N}(\hat{y}_{nk} - y_{nk})",
        r"\frac{\partial L}{\partial z_n} = \frac{1}{N}(\hat{y}_n - y_n)",
        r"\frac{\partial L}{\partial b} = \frac{1}{N} \sum_n (\hat{y}_n - y_n)",
        r"L = -y \log \hat{y}^\top",
        r"L = -y \cdot \log \hat{y}",
        r"Z = b + X W",
        r"z_n = x_n W + b",
        r"\frac{\partial L}{\partial \hat{y}} = -y \odot \frac{1}{\hat{y}}",
        r"\frac{\partial L}{\partial z} = -\frac{y}{\hat{y}} (\operatorname{diag}(\hat{y}) - \hat{y}^\top \hat{y})",
        r"\frac{\partial L}{\partial W}^\top = \frac{1}{N} (\hat{Y} - Y)^\top X",
        r"W_{dk} \leftarrow W_{dk} - \eta \frac{\partial L}{\partial W_{dk}}",
    ],
)
def test_true_equations_are_let_through(right: str) -> None:
    assert check(Display("99.ipynb", "made-up", right, "")) == 1
