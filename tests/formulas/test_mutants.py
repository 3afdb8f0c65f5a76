"""Proof that the check of the formulas bites: every small error in every equation is noticed.

By default every sixth error is tried; `make test-formulas` sets ALL_MUTANTS and tries them all. The report counts each
kind of error by itself: how many there are, how many leave the equation true, and what refuses the others.
"""

import os
from collections import Counter
from dataclasses import replace

import pytest
from formula_mutants import EQUIVALENT, GROUPS, excuse, is_the_same, mutants, problem
from formula_pages import all_displays, check, equations
from formula_reader import Display, FormulaError, ShapeError, UnequalError

pytestmark = pytest.mark.no_cover  # measuring slows it by half, and other tests reach the same lines

EVERY = 1 if os.environ.get("ALL_MUTANTS") else 6


def test_every_error_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    pages = [*equations(), *equations(inline=True)]
    everything = [mutant for display in pages for mutant in mutants(display)]
    counts, survivors, used = Counter[tuple[str, str]](), [], set()
    for mutant in everything[::EVERY]:
        refusal = problem(mutant)
        ending = {ShapeError: "shape", UnequalError: "value", FormulaError: "sense", type(None): "true"}[type(refusal)]
        if refusal is None:
            used.add(reason := excuse(mutant))
            if reason is None or not is_the_same(mutant):
                ending = "unnoticed"
                survivors.append(f"{mutant.display.where}: {mutant.error}: {mutant.shown}")
        counts[mutant.group, ending] += 1
    with capsys.disabled():
        which = "each" if EVERY == 1 else f"one in {EVERY}"
        print(f"\nSmall errors put into {len(pages)} equations: {len(everything)}, of which {which} was tried")
        for group in GROUPS:
            tried = sum(number for (of, _), number in counts.items() if of == group)
            shape, value, sense, true, missed = (
                counts[group, ending] for ending in ("shape", "value", "sense", "true", "unnoticed")
            )
            print(
                f"  {group}: {tried} tried, {true} leave the equation true; of {tried - true} errors {shape} are "
                f"refused for shapes, {value} for values, {sense} as meaningless, {missed} go unnoticed"
            )
    assert not survivors, (
        "These changes go unnoticed. If they leave the equation true, say why in EQUIVALENT (formula_mutants.py); "
        "if not, the check has a hole:\n" + "\n".join(survivors)
    )
    assert EVERY > 1 or used == set(EQUIVALENT), "no survivor needs these any more"


JACOBIANS = r" \cdot ".join([r"\frac{\partial %s}{\partial %s}"] * 3)

# Errors as people make them: notebook, cell, a part of an equation there, what is written in its place.
PLANTED = [
    ("00", "pipeline-logits", "X W + b", "W X + b"),
    ("00", "pipeline-logits", "X W + b", r"X W + b^\top"),
    ("00", "pipeline-logits", "Z =", r"Z^\top ="),
    ("00", "pipeline-loss", r"\hat{y}_{ni}", r"\hat{y}_{in}"),
    ("00", "pipeline-loss", r"\sum_{n=1}^{N}", r"\sum_{n=1}^{K}"),
    ("00", "pipeline-gradient", r"X^\top (\hat{Y} - Y)", r"(\hat{Y} - Y)^\top X"),
    ("00", "pipeline-gradient", r"X^\top (\hat{Y} - Y)", r"X (\hat{Y} - Y)^\top"),
    ("00", "predict", r"\frac{\partial L}{\partial W}", r"\frac{\partial L}{\partial W}^\top"),
    ("01", "formula-softmax-batch", "(Z)", "(Z)^\\top"),
    ("01", "formula-softmax-batch", "(Z)", "(Z^\\top)^\\top"),  # each column in place of each row
    ("01", "formula-softmax-batch", r"\sum_{j=1}^{K} e^{z_{nj}}", r"\sum_{j=1}^{K} e^{z_{jn}}"),
    ("01", "formula-softmax-batch", r"\sum_{j=1}^{K} e^{z_{nj}}", r"\sum_{n=1}^{N} e^{z_{ni}} e^{\hat{y}_n}"),
    ("01", "softmax-cure", r"\frac{e^{z_i - m}}", r"\frac{e^{z - m}}"),  # NumPy would broadcast it
    ("01", "loss-formula", r"-\log \hat{y}_c", r"-\log \hat{y}"),
    (
        *("02", "formula", r"\frac{\partial L}{\partial \hat{y}} \cdot \frac{\partial \hat{y}}{\partial z}"),
        r"\frac{\partial \hat{y}}{\partial z} \cdot \frac{\partial L}{\partial \hat{y}}",
    ),
    (  # a column of Jacobians for the row
        *("02", "formula", JACOBIANS % ("L", r"\hat{y}", r"\hat{y}", "z", "z", "W")),
        (JACOBIANS % ("z", "W", r"\hat{y}", "z", "L", r"\hat{y}")).replace(r" \cdot", r"^\top \cdot") + r"^\top",
    ),
    ("02", "tells", "u_{dk}", "u_{kd}"),
    ("03", "formula-vector", r"-\frac{y}{\hat{y}}", r"-\frac{y^\top}{\hat{y}^\top}"),
    ("03", "formula-vector", r"-\frac{y}{\hat{y}}", r"-\frac{y^\top}{\hat{y}}"),  # NumPy makes a table of it
    ("03", "formula-vector", r"\frac{Y}{\hat{Y}}", r"\frac{Y^\top}{\hat{Y}^\top}"),
    ("03", "end", r"\frac{Y}{\hat{Y}}", r"(\frac{Y}{\hat{Y}})^\top"),
    ("04", "formula-together", r"\hat{y} \hat{y}^\top", r"\hat{y}^\top \hat{y}"),  # inner for outer
    ("04", "formula-together", r"\hat{y} \hat{y}^\top", r"\hat{y}"),
    ("04", "formula-together", r"\hat{y} \hat{y}^\top", r"\hat{y} \odot \hat{y}"),
    ("04", "formula-together", r"diag}(\hat{y})", r"diag}(\hat{y}^\top)"),  # NumPy takes the diagonal of a row
    ("04", "variance", r"v^\top J v", r"v J v^\top"),
    ("04", "variance", r"v^\top J v", r"v^\top J v^\top"),
    ("04", "end", "g J", r"J g"),
    ("04", "end", r"\hat{y} \odot (g - g \cdot \hat{y})", r"\hat{y}^\top \odot (g - g \cdot \hat{y})^\top"),
    ("04", "end", "g J", r"J g^\top"),
    ("05", "contract", r"\partial L / \partial z", r"(\partial L / \partial z)^\top"),
    ("05", "contract-matrix", r"x^\top g", r"g^\top x"),
    ("05", "contract-matrix", r"x^\top g", r"x g^\top"),
    ("05", "contract-matrix", r"x^\top g", r"x g"),
    ("05", "columns", r"g \, x^\top", r"x \, g^\top"),
    ("05", "columns", r"g \, x^\top", r"x^\top g"),
    ("05", "columns", "W x + b", "W x + b^\\top"),
    ("05", "columns", "W x + b", "x W + b"),
    ("05", "columns", "z =", "z^\\top ="),
    ("06", "formula-vector", r"\hat{y} - y", r"(\hat{y} - y)^\top"),
    ("06", "formula-vector", r"\hat{y} - y", r"\hat{y} - y^\top"),
    ("06", "formula-vector", r"\hat{y} - y", r"\hat{y}^\top - y^\top"),
    ("06", "formula-vector", r"{\partial z}", r"{\partial z}^\top"),
    ("06", "formula-vector", r"(\hat{Y} - Y)", r"(\hat{Y} - Y)^\top"),
    ("06", "formula-weights", r"x^\top (\hat{y} - y)", r"x (\hat{y} - y)^\top"),
    ("06", "formula-weights", r"x^\top (\hat{y} - y)", r"(\hat{y} - y)^\top x"),
    ("06", "formula-weights", r"= \hat{y} - y", r"= (\hat{y} - y)^\top"),
    ("06", "formula-batch", r"(X^\top)_{dn}", "X_{dn}"),
    ("06", "formula-matrix", r"X^\top (\hat{Y} - Y)", r"(X^\top (\hat{Y} - Y))^\top"),
    ("06", "formula-matrix", r"\sum_{n=1}^{N} (\hat{y}_{nk} - y_{nk})", r"\sum_{n=1}^{N} (\hat{y}_n - y_n)"),
    ("06", "formula-matrix", r"\sum_{n=1}^{N}", r"\sum_{k=1}^{N}"),
    ("06", "l2", r"\lambda W", r"\lambda W^\top"),
    ("06", "l2", r"\lambda W", r"\lambda"),  # NumPy would broadcast it
    ("06", "l2", "W_{dk}^2", "W_{kd}^2"),
    ("06", "update", r"\eta \frac{\partial L}{\partial W}", r"\eta \frac{\partial L}{\partial b}"),  # this, too
    ("06", "update", r"\frac{\partial L}{\partial b}", r"\frac{\partial L}{\partial b}^\top"),
    ("07", "step", r"\frac{\partial L}{\partial W},", r"\frac{\partial L}{\partial W}^\top,"),
    ("07", "step", r"b - \eta \frac{\partial L}{\partial b}", r"b - \eta \frac{\partial L}{\partial W}"),
    ("07", "step", r"b - \eta \frac{\partial L}{\partial b}", r"W - \eta \frac{\partial L}{\partial W}"),
    ("07", "why", r"\tilde{X}^\top \tilde{X}", r"\tilde{X} \tilde{X}"),
    ("07", "why", "[X, 1]", r"[X^\top, 1]"),
    ("07", "momentum", r"\mu V", r"\mu V^\top"),
    ("08", "first-step", "x_{nd}", "x_{dn}"),
    ("08", "first-step", r"\bar{x}_{kd}", r"\bar{x}_{dk}"),
]


@pytest.mark.parametrize(("number", "cell", "right", "wrong"), PLANTED)
def test_a_wrong_shape_is_refused_for_its_shape(number: str, cell: str, right: str, wrong: str) -> None:
    pages = [*all_displays(), *all_displays(inline=True)]
    found = [d for d in pages if d.notebook.startswith(number) and d.cell == cell and right in d.plain]
    assert found, "the equation has changed: plant the error anew"
    for display in found:
        spoilt = replace(display, written=display.plain.replace(right, wrong))
        assert check(display)
        with pytest.raises(ShapeError):
            check(spoilt)


def test_rows_and_columns_refuse_each_other() -> None:
    rows = Display("05_linear_derivative.ipynb", "contract-matrix", r"\frac{\partial L}{\partial W} = x^\top g", "")
    columns = replace(rows, cell="columns", written=r"\frac{\partial L}{\partial W} = g x^\top")
    assert check(rows) == check(columns) == 1
    for wrong in (replace(rows, written=columns.written), replace(columns, written=rows.written)):
        with pytest.raises(ShapeError):
            check(wrong)


def test_only_jacobians_whose_letters_cancel_make_a_table() -> None:
    """∂L/∂z · ∂z/∂W is the row of Jacobians put back into the shape of W; any other row is none, however written."""
    chain = r"\frac{\partial L}{\partial %s} \cdot \frac{\partial z}{\partial W}"
    page = Display("02_chain_rule.ipynb", "made-up", rf"\frac{{\partial L}}{{\partial W}} = {chain % 'z'}", "")
    assert check(page) == 1
    for row in (
        chain % "b",
        chain % r"\hat{y}",
        r"(\hat{y} - y) \frac{\partial z}{\partial W}",
        rf"2 \cdot {chain % 'z'}^\top",
    ):
        with pytest.raises(ShapeError):
            check(replace(page, written=rf"\frac{{\partial L}}{{\partial W}} = {row}"))
