"""A learner goes through the notebooks: wrong first, then right; every answer is the one that fits."""

import ast
import re
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode

from linclf_helpers import exercises
from linclf_helpers.exercises import CLINIC, FUNCTIONS, QUESTIONS, Choice, Exercise, Paper
from linclf_helpers.exercises.page import EXERCISES_OF

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# The capstone and the clinic have cells of another form, and tests of their own.
LESSONS = {name: names for name, names in EXERCISES_OF.items() if names and name < "09"}

# What a learner writes at first, and which mistake the answer should name.
WRONG = {
    "softmax": ("def f(Z):\n    E = np.exp(Z)\n    return E / E.sum(axis=0)", "columns sum to 1"),
    "cross_entropy_from_logits": (
        "def f(Z, labels):\n    E = np.exp(Z - Z.max())\n    P = E / E.sum(axis=1, keepdims=True)\n"
        "    return -np.log(P[np.arange(len(Z)), labels] + 1e-8).mean()",
        "a ceiling on the loss",
    ),
    "dL_dYhat": ("def f(Y_hat, Y):\n    return -Y * np.log(Y_hat) / len(Y)", "the loss, not its slope"),
    "numerical_gradient": (
        "def f(g, x):\n    x, h, out = x.astype(float), 1e-5, np.zeros(x.shape)\n    for i in np.ndindex(x.shape):\n"
        "        d = np.zeros(x.shape)\n        d[i] = h\n        out[i] = (g(x + d) - g(x)) / h\n    return out",
        "one-sided",
    ),
    "softmax_jacobian": ("def f(y_hat):\n    return np.diag(y_hat * (1 - y_hat))", "only the diagonal"),
    "dz_dW": ("def f(x, K):\n    return x", "left after the tensor"),
    "dL_dZ": ("def f(Y_hat, Y):\n    return Y_hat - Y", "the sum over the batch"),
    "dL_dW": ("def f(X, dL_dZ):\n    return dL_dZ.T @ X", "the transpose"),
    "dL_db": ("def f(dL_dZ):\n    return dL_dZ.sum()", "one number for all the biases"),
    "gradient_step": (
        "def f(W, b, dW, db, rate):\n    W -= rate * dW\n    b -= rate * db\n    return W, b",
        "changed W and b themselves",
    ),
    "standardize": (
        "def f(X_train, X_test):\n    return [(X - X.mean(axis=0)) / X.std(axis=0) for X in (X_train, X_test)]",
        "scaled by numbers of its own",
    ),
    "accuracy": ("def f(Y_hat, labels):\n    return (Y_hat.argmax() == labels).mean()", "one choice"),
    "l2_gradients": (
        "def f(dL_dW, dL_db, W, b, l2):\n    return dL_dW + 2 * l2 * W, dL_db",
        "twice as hard",
    ),
    "descent_on_paper": ("[-0.2, -1.4, -2.6]", "as long as the first"),
    "recall_on_paper": ("[0.818, 0.833, 0.831]", "the columns"),
    "why_twice_the_data": ('"a"', "not that one"),
    "why_loss_rises": ('"a"', "not that one"),
    "softmax_on_paper": ("[1, 2, 5]", "the exponentials"),
    "shapes_on_paper": ("[[1, 5], [5, 5], [5, 4]]", "a column for each feature"),
    "chain_on_paper": ("[-0.5, 0, 0]", "only the diagonal"),
    "slope_on_paper": ("[[0.347, 0, 0], [0, 0, 0.112]]", "the height of the curve"),
    "jacobian_on_paper": ("[[0.25, 0, 0], [0, 0.25, 0], [0, 0, 0]]", "only the diagonal"),
    "outer_on_paper": ("[[1, -0.5], [-0.5, 0.25], [-0.5, 0.25]]", "the transpose"),
    "why_log": ('"a"', "not that one"),
    "why_both_sums": ('"c"', "not that one"),
    "why_no_inverse": ('"b"', "not that one"),
    "why_bias": ('"a"', "not that one"),
    "why_random_weights": ('"a"', "not that one"),
}
RIGHT = {
    "softmax_on_paper": "[1/8, 1/4, 0.625]",
    "shapes_on_paper": "[(1, 5), (5, 5), (5, 20)]",
    "chain_on_paper": "[-0.5, 0.25, 0.25]",
    "slope_on_paper": "[[-1, 0, 0], [0, 0, -0.625]]",
    "jacobian_on_paper": "[[0.25, -0.25, 0], [-0.25, 0.25, 0], [0, 0, 0]]",
    "outer_on_paper": "np.outer([2, -1], [0.5, -0.25, -0.25])",
    "descent_on_paper": "[-0.2, 0.04, -0.008]",
    "recall_on_paper": "[0.9, 0.6, 0.98]",
    "why_twice_the_data": '"b"',
    "why_loss_rises": '"b"',
    "why_log": '"b"',
    "why_both_sums": '"b"',
    "why_no_inverse": '"c"',
    "why_bias": '"b"',
    "why_random_weights": '"c"',
}


def the_exercise(name: str) -> Exercise | Choice:
    found = getattr(exercises, name)
    assert isinstance(found, Exercise | Choice)
    return found


def solved(name: str) -> str:
    task = the_exercise(name)
    return RIGHT[name] if name in RIGHT else task._show_solution().code


def turns(notebook: NotebookNode) -> list[NotebookNode]:
    return [c for c in notebook.cells if re.fullmatch(r"turn-\w+-yours", c.get("id", ""))]


def name_of(cell: NotebookNode) -> str:
    return str(re.fullmatch(r"turn-(\w+)-yours", cell.id)[1])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_has_its_exercises_and_they_are_not_started(path: Path) -> None:
    """Each cell of the learner's holds a stub and its check, and says "not started" as committed."""
    cells = turns(nbformat.read(path, as_version=4))
    assert tuple(map(name_of, cells)) == LESSONS.get(path.stem, ())
    for cell in cells:
        name = name_of(cell)
        assert f"exercises.{name}.check(" in cell.source
        [output] = cell.outputs
        assert f"{name}: not started." in output.data["text/plain"]
        assert "<div" in output.data["text/html"]
        arguments = [
            a.arg for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.FunctionDef) for a in n.args.args
        ]
        task = the_exercise(name)
        if arguments:
            assert isinstance(task, Exercise)
            assert tuple(arguments) == task.arguments


@pytest.mark.parametrize("path", [p for p in NOTEBOOKS if p.stem in LESSONS], ids=lambda path: path.stem)
def test_wrong_then_right(path: Path) -> None:
    """Fill in a wrong answer and then the right one, with no more than the notebook imports, and read what is said."""
    notebook = nbformat.read(path, as_version=4)
    imports = next(cell.source for cell in notebook.cells if cell.id == "imports")
    space: dict[str, Any] = {}
    exec(imports, space)
    for name in map(name_of, turns(notebook)):
        wrong, says = WRONG[name]
        for answer, wanted in ((wrong, says), (solved(name), f"✓ {name}: right.")):
            function = re.match(r"def (\w+)", answer)
            exec(answer if function else f"answer = {answer}", space)
            outcome = eval(f"exercises.{name}.check({function[1] if function else 'answer'})", space)
            assert wanted in repr(outcome), answer


@pytest.mark.parametrize("path", [p for p in NOTEBOOKS if p.stem in LESSONS], ids=lambda path: path.stem)
def test_no_cell_reads_what_a_learner_writes(path: Path) -> None:
    """Whatever somebody answers, the rest of the notebook runs as committed."""
    notebook = nbformat.read(path, as_version=4)
    written, read = set(), set()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            words = [node for part in ast.parse(cell.source).body for node in ast.walk(part)]
            if cell in turns(notebook):
                written |= {w.id for w in words if isinstance(w, ast.Name) and isinstance(w.ctx, ast.Store)}
                written |= {w.name for w in words if isinstance(w, ast.FunctionDef)}
            else:
                read |= {w.id for w in words if isinstance(w, ast.Name)}
    assert written
    assert not written & read


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.name)
def test_questions_and_papers_answer_every_answer(question: Paper | Choice) -> None:
    if isinstance(question, Choice):
        for letter in question.options:
            assert question.check(letter).kind == ("right" if letter == question.right else "recognised")
            assert question.replies[letter] in question.check(letter).message
        return
    for mistake in question.mistakes:
        assert question.check(mistake.code()).mistake == mistake.id
    answer = question.reference()
    assert question.check(answer.tolist()).kind == "right"
    for index in np.ndindex(answer.shape):
        slip = answer.copy()
        slip[index] += 0.3
        outcome = question.check(slip)
        assert outcome.kind == "wrong"
        assert any(str(list(index))[1:-1] in name for name, _ in outcome.table)  # says which entry is off


def test_paper_answers_against_finite_differences() -> None:
    """The numbers on paper are those that the derivation leads to."""
    from linclf_helpers import forward, gradients

    answer = {q.name: q.reference() for q in QUESTIONS if isinstance(q, Paper)}
    assert np.allclose(answer["softmax_on_paper"], forward.softmax([0, np.log(2), np.log(5)]))
    assert np.allclose(answer["jacobian_on_paper"], gradients.softmax_jacobian([0.5, 0.5, 0]))
    slope = gradients.dL_dYhat([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]], [0, 2])
    assert np.allclose(answer["slope_on_paper"], slope)
    y_hat = np.array([0.5, 0.25, 0.25])
    chain = gradients.dL_dYhat(y_hat, 0) @ gradients.softmax_jacobian(y_hat)
    assert np.allclose(answer["chain_on_paper"], chain)
    assert np.allclose(answer["outer_on_paper"], gradients.dL_dW([2, -1], [0.5, -0.25, -0.25]))
    table = np.array([[45, 5, 0], [10, 30, 10], [0, 1, 49]])
    assert np.allclose(answer["recall_on_paper"], np.diag(table) / table.sum(axis=1))
    assert np.allclose(answer["descent_on_paper"], [(1 - 0.3 * 4) ** n for n in (1, 2, 3)])
    tensor = gradients.dz_dW(np.ones(4), 5)
    assert np.allclose(answer["shapes_on_paper"], [[1, 5], [5, 5], [5, tensor[0].size]])


def test_every_exercise_has_a_wrong_and_a_right_answer_here() -> None:
    names = {task.name for task in (*FUNCTIONS, *QUESTIONS)}
    unused = {"cross_entropy", "one_hot", "relative_error"}  # ready for use, in no notebook yet
    assert set(WRONG) == names - unused
    for name, (wrong, says) in WRONG.items():
        space: dict[str, object] = {"np": np}
        exec(wrong if wrong.startswith("def") else f"f = {wrong}", space)
        assert says in the_exercise(name).check(space["f"]).message


def test_names_are_unique() -> None:
    names = [task.name for task in (*FUNCTIONS, *QUESTIONS, *CLINIC)]
    assert len(set(names)) == len(names)
    for task in (*FUNCTIONS, *QUESTIONS):
        assert getattr(exercises, task.name) is task
