"""The course's equations: which conventions each follows, which code stands beside it, which can't be evaluated."""

import ast
import contextlib
import io
import itertools
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from formula_reader import NOTEBOOKS, RELATION, Chain, Display, FormulaError, displays, parse, read
from formula_values import Evaluator, code_name, compare, kind_of
from formula_world import SIZES, Definitions, Value, World, draw, softmax

# Formulas within a sentence that are not evaluated: notebook, cell, a part of the LaTeX without colours, reason. An
# entry that matches nothing fails. Displayed equations are evaluated without exception. (Only what has =, ≈, ← or an
# inequality is an equation.)
ALLOWED_INLINE: list[tuple[str, str, str, str]] = [
    ("04", "formula-together", r"\delta_{ij} = 1", "half of a definition; the sentence goes on 'if i = j'"),
    ("07", "momentum", r"\dots", "an infinite sum"),
    ("09", "end", "L_0 =", "the loss at step 0 of the learner's own run"),
    ("09", "end", "L_{500} =", "the loss at step 500 of the learner's own run, which the capstone checks"),
    ("10", "end", r"\theta", "θ stands for any parameter; notebook 03 shows the central difference, evaluated"),
]

# Vectors are rows, as notebook 00 says, and 05 where a shape depends on it: notebook, cell, words.
ROW_VECTORS = [
    ("00", "notation-letters", "Lower-case x, z, ŷ, y stand for one row of X, Z, Ŷ, Y."),
    ("05", "contract-matrix", "With x and g as rows, shapes (1, D) and (1, K)"),
]
# Except where the page says columns: notebook, cell, a part of the LaTeX if other equations there have rows, and cell
# and words that say so.
COLUMN_VECTORS = [
    ("04", "formula-together", "", "formula-together", "with ŷ as a column"),
    ("04", "variance", "", "formula-together", "with ŷ as a column"),
    ("04", "end", r"\operatorname{diag}(", "formula-together", "with ŷ as a column"),
    ("05", "columns", "", "columns", "z = Wx + b, with W of shape (K, D)"),
]
# Where NumPy broadcasts a number (besides the bias, over the rows): notebook, the sum in LaTeX, the same in NumPy.
BROADCASTS = [
    ("01", "z + a", "z + a"),
    ("04", r"g - g \cdot \hat{y}", "g - g @ y_hat"),
]


def at_zero(more: int) -> Definitions:
    """Define zero weights, and data with two examples of each class, and some `more` of the first classes."""
    return {
        "W": lambda w: np.zeros((int(w["D"]), int(w["K"]))),
        "b": lambda w: np.zeros(int(w["K"])),
        "N": lambda w: 2 * w["K"] + more,
        "X": lambda w: np.sin(np.arange(w["N"] * w["D"]) ** 2).reshape(-1, int(w["D"])),
        "c": lambda w: np.arange(int(w["N"])) % int(w["K"]),
        "Y": lambda w: np.eye(int(w["K"]))[w["c"]],
    }


# Where a letter means something of its own, or only some sizes will do: notebook, cell, K, definitions. With ≈ behind
# the cell, what holds for its links with ≈.
LOCAL: list[tuple[str, str, int | None, Definitions]] = [
    ("01", "temperature", None, {"y_hat": lambda w: softmax(w["z"] / w["T"])}),
    ("01", "two-classes", 2, {}),
    ("07", "step ≈", None, {"eta": lambda w: 1e-5}),  # a small step
    ("07", "why", None, {"beta": lambda w: np.linalg.norm(w["X_tilde"], 2) ** 2 / len(w["X"]) / 2}),  # the bound
    ("07", "end", None, {"beta": lambda w: np.linalg.norm(w["X_tilde"], 2) ** 2 / len(w["X"]) / 2}),
    ("07", "momentum", None, {"W after": lambda w: w["W"] - w["eta"] * w["V"]}),
    ("08", "first-step", None, at_zero(1)),
    ("08", "first-step ≈", None, at_zero(0)),  # "when all classes are about equally common"
    ("08", "end ≈", None, at_zero(0)),
]

# The code beside an equation: (notebook, cell, left side) -> how to get the left side from the notebook's own code,
# or from the package where the notebook imports it. `cell(id)` runs a cell on random values and returns its variables.
CODE: dict[tuple[str, str, str], str] = {
    ("00", "pipeline-logits", r"Z"): "cell('logits')['Z']",
    ("00", "pipeline-softmax", r"\hat{y}_i"): "cell('softmax', Z=row(z))['Y_hat'][0]",
    ("00", "pipeline-loss", r"L"): "cell('loss')['L']",
    ("00", "pipeline-gradient", r"\frac{\partial L}{\partial W}"): "cell('gradient')['dL_dW']",
    ("00", "predict", r"W"): "cell('step', cell('gradient'), keep='eta')['W_new']",
    ("01", "formula-softmax", r"\hat{y}_i"): "naive_softmax(row(z))[0]",
    ("01", "formula-softmax-batch", r"\hat{Y}"): "naive_softmax(Z)",
    ("01", "formula-softmax-batch", r"\hat{y}_{ni}"): "naive_softmax(Z)",
    ("01", "softmax-cure", r"\hat{y}_i"): "softmax(row(z))[0]",
    ("01", "temperature", r"\hat{y}_i"): "softmax(row(z / T))[0]",
    ("01", "two-classes", r"\operatorname{softmax}(z)_1"): "cell('two-classes-run', z_two=row(z))['sigmoid']",
    ("01", "loss-formula", r"L"): "cross_entropy(Y_hat, Y) if batch else cross_entropy(row(y_hat), row(y))",
    ("01", "lse", r"\log \hat{y}_i"): "log_softmax(row(z))[0]",
    ("01", "check", r"\frac{\partial}{\partial z_i} \log \sum_{j=1}^{K} e^{z_j}"): "softmax(row(z))[0]",
    ("02", "formula", r"\frac{\partial L}{\partial W}"): "cell('multiply', cell('measure'))['dL_dW']",
    (
        "02",
        "formula",
        r"\frac{\partial L}{\partial W_{dk}}",
    ): "cell('loops', cell('multiply', cell('measure')))['summed']",
    ("03", "formula", r"\frac{\partial L}{\partial \hat{y}_j}"): "dL_dYhat(row(y_hat), row(y))[0]",
    ("03", "formula-vector", r"\frac{\partial L}{\partial \hat{y}}"): "dL_dYhat(row(y_hat), row(y))",
    ("03", "formula-vector", r"\frac{\partial L}{\partial \hat{Y}}"): "dL_dYhat(Y_hat, Y)",
    ("03", "finite", r"f'(p)"): "(f(p + h) - f(p - h)) / (2 * h)",
    ("03", "mistake", r"L"): "forward_.cross_entropy(y_hat, y)",
    ("04", "formula-own", r"\frac{\partial \hat{y}_i}{\partial z_i}"): "np.diag(jacobian_with_loops(y_hat))",
    ("04", "formula-other", r"\frac{\partial \hat{y}_i}{\partial z_j}"): "jacobian_with_loops(y_hat)",
    ("04", "formula-together", r"\frac{\partial \hat{y}_i}{\partial z_j}"): "jacobian_with_loops(y_hat)",
    ("04", "formula-together", r"\frac{\partial \hat{y}}{\partial z}"): "softmax_jacobian(y_hat)",
    ("04", "variance", r"v^\top J v"): "v @ softmax_jacobian(y_hat) @ v",
    ("05", "formula", r"z_j"): "forward_.linear(x, W, b)",
    ("05", "formula", r"\frac{\partial z_j}{\partial W_{dk}}"): "dz_dW(x, K)",
    ("05", "formula", r"\frac{\partial z_j}{\partial b_k}"): "gradients_.dz_db(K)",
    ("05", "contract", r"\frac{\partial L}{\partial W_{dk}}"): "np.tensordot(g, dz_dW(x, K), axes=1)",
    (
        "05",
        "contract-matrix",
        r"\frac{\partial L}{\partial W}",
    ): "cell('contract-run', keep='g', tensor=dz_dW(x, K))['matrix']",
    ("05", "contract-bias", r"\frac{\partial L}{\partial b_k}"): "gradients_.dL_db(g)",
    ("05", "columns", r"\frac{\partial L}{\partial W}"): "np.transpose(gradients_.dL_dW(x, g))",
    ("05", "columns", r"z"): "forward_.linear(x, W.T, b)",
    ("06", "formula", r"\frac{\partial L}{\partial z_j}"): "dL_dZ(row(y_hat), row(y))[0]",
    ("06", "formula-vector", r"\frac{\partial L}{\partial z}"): "dL_dZ(row(y_hat), row(y))",
    ("06", "formula-vector", r"\frac{\partial L}{\partial Z}"): "dL_dZ(Y_hat, Y)",
    ("06", "formula-weights", r"\frac{\partial L}{\partial W}"): "dL_dW(row(x), dL_dZ(row(y_hat), row(y)))",
    ("06", "formula-weights", r"\frac{\partial L}{\partial b}"): "dL_db(dL_dZ(row(y_hat), row(y)))",
    ("06", "formula-batch", r"\frac{\partial L}{\partial W_{dk}}"): "dL_dW(X, dL_dZ(Y_hat, Y))",
    ("06", "formula-matrix", r"\frac{\partial L}{\partial W}"): "dL_dW(X, dL_dZ(Y_hat, Y))",
    ("06", "formula-matrix", r"\frac{\partial L}{\partial b_k}"): "dL_db(dL_dZ(Y_hat, Y))",
    ("06", "l2", r"L_{\lambda}"): "penalised_loss(W)",
    ("06", "l2", r"\frac{\partial L_{\lambda}}{\partial W}"): "gradients_.loss_and_gradients(X, Y, W, b, l2)[1]",
    ("06", "update", r"W"): "gradient_step(W, b, dL_dW(X, G), dL_db(G), eta)[0]",
    ("06", "update", r"b"): "gradient_step(W, b, dL_dW(X, G), dL_db(G), eta)[1]",
}


def is_allowed(display: Display) -> bool:
    """Whether an equation within a sentence is listed as one that is not evaluated."""
    return display.inline and any(
        display.notebook[:2] == number and display.cell == cell and part in display.plain
        for number, cell, part, _ in ALLOWED_INLINE
    )


def all_displays(inline: bool = False) -> list[Display]:
    """Return what all notebooks display (or, inline, write within sentences), in reading order."""
    return [display for path in NOTEBOOKS for display in displays(path, inline)]


def equations(inline: bool = False) -> list[Display]:
    """Return what has to be evaluated: all that relates something, unless it is listed."""
    return [d for d in all_displays(inline) if RELATION.search(bare(d.plain)) and not is_allowed(d)]


def bare(latex: str) -> str:
    """Drop words, and what stands below and above: what relates is left."""
    latex = re.sub(r"\\text *\{[^{}]*\}", " ", latex)
    return re.sub(r"[_^] *\{(?:[^{}]|\{[^{}]*\})*\}", " ", latex)


@cache
def world(kind: str, seed: int, notebook: str, cell: str) -> World:
    """Draw the world of an equation, with what its cell says of its own."""
    K, more = None, {}
    for number, where, sizes, definitions in LOCAL:
        if number == notebook[:2] and where == cell:
            K, more = sizes, definitions
    return draw(kind, seed, K, more)


def kind(display: Display, chain: Chain) -> str:
    """Tell whether an equation is about a batch, one example in rows, or one in columns."""
    at = display.notebook[:2], display.cell
    if any(at == (number, cell) and part in display.plain for number, cell, part, *_ in COLUMN_VECTORS):
        return "columns"
    return kind_of([parse(side) for side in chain.sides])


def kinds(display: Display, found: list[Chain]) -> list[str]:
    """Return the kind of each chain: what the page's own chains are about, where others stand in their place."""
    own = read(display)
    return [kind(display, chain) for chain in (own if len(own) == len(found) else found)]


def check(display: Display, seeds: range = range(len(SIZES)), changed: list[Chain] | None = None) -> int:
    """Evaluate every link of a display (or of other chains in its place); return how many there are."""
    found = read(display) if changed is None else changed
    if not found:
        raise FormulaError("no =, ≈, ≤, ≥ or ← in it, or none that can be read")
    links = 0
    for what, chain in zip(kinds(display, found), found, strict=True):
        for seed, (where, part) in itertools.product(seeds, parts(display.cell, chain)):
            links += compare(evaluator(what, seed, display.notebook, where), part)
    return links // len(seeds)


def parts(cell: str, chain: Chain) -> list[tuple[str, Chain]]:
    """Take a chain with ≈ apart, since that may hold in fewer worlds; return cell, or "cell ≈", and part."""
    if "\\approx" not in chain.relations:
        return [(cell, chain)]
    return [
        (f"{cell} ≈" if relation == "\\approx" else cell, Chain(chain.sides[k : k + 2], (relation,), chain.only))
        for k, relation in enumerate(chain.relations)
    ]


@cache
def evaluator(kind: str, seed: int, notebook: str, cell: str) -> Evaluator:
    """Keep what was computed in a world for the next equation that asks."""
    broadcasts = frozenset(tuple(parse(part).children) for number, part, _ in BROADCASTS if number == notebook[:2])
    return Evaluator(world(kind, seed, notebook, cell), broadcasts)


def report(display: Display, problem: object) -> str:
    """Say where, what is written, and what is wrong with it."""
    return f"{display.where}\n  as written: {display.written}\n{problem}"


# The notebook's own code


@cache
def source(path: Path) -> dict[str, str]:
    """Return the code of a notebook by cell id."""
    cells = nbformat.read(path, as_version=nbformat.NO_CONVERT).cells
    return {cell.get("id"): cell.source for cell in cells if cell.cell_type == "code"}


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield cell id and definition of every function a notebook defines, stubs of exercises left out."""
    for cell, text in source(path).items():
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and not is_stub(node):
                yield cell, node


def is_stub(node: ast.FunctionDef) -> bool:
    """Whether a function has no body yet."""
    return all(
        isinstance(s, ast.Pass | ast.Raise) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        for s in node.body
    )


def namespace(path: Path, values: dict[str, Any]) -> dict[str, Any]:
    """Return a notebook's imports (screens left out) and functions, with other values for its variables."""
    space: dict[str, Any] = {"__name__": "notebook"}
    for text in source(path).values():
        for node in ast.parse(text).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                module = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
                if module is not None and not module.startswith(("matplotlib", "linclf_helpers.plots")):
                    run([node], space)
            elif isinstance(node, ast.FunctionDef) and not is_stub(node):
                run([node], space)
    space.update(values)
    return space


def run(nodes: list[ast.stmt], space: dict[str, Any]) -> None:
    """Execute statements, printing nothing."""
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(ast.Module(nodes, []), "<notebook>", "exec"), space)


def left_by_code(path: Path, expression: str, of: World) -> Value:
    """Compute the left side of an equation as the notebook's own code does."""
    from linclf_helpers import forward, gradients

    with np.errstate(all="ignore"):
        known = {name: of[name] for name in (*of.base, *of.definitions) if name.isidentifier()}
    known |= {name: int(known[name]) for name in ("N", "D", "K") if name in known}
    known |= {"l2": known.pop("lambda", None), "batch": of.kind == "batch", "np": np, "labels": known["c"]}
    space = namespace(path, known)

    def cell(name: str, before: dict[str, Any] | None = None, keep: str = "", **values: Any) -> dict[str, Any]:
        inside = {**space, **(before or {}), **values}
        kept = {keep, *values}
        nodes = [
            node
            for node in ast.parse(source(path)[name]).body
            if not (isinstance(node, ast.Assign) and any(getattr(t, "id", "") in kept for t in node.targets))
        ]
        run(nodes, inside)
        return inside

    space |= {"cell": cell, "row": lambda a: np.reshape(a, (1, -1)), "forward_": forward, "gradients_": gradients}
    return np.asarray(eval(expression, space))


def letters_in_order(side: str) -> list[str]:
    """Return the free index letters of a left side in the order they are read: those of code's axes."""
    from formula_values import free_letters

    tree = parse(side)
    free = free_letters(tree)
    order: list[str] = []
    for token in tree.scan_values(lambda t: code_name(t) in free):
        if token not in order:
            order.append(str(token))
    return order
