"""Proof that the gate bites: spoil one thing at a time, and the gate that watches it must fail."""

import copy
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import guards
import nbformat
import pytest
from guards import ROOT, Guard, Page
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

STEP = ROOT / "notebooks" / "04_softmax_derivative.ipynb"
START = ROOT / "notebooks" / "00_start_here.ipynb"
Spoil = Callable[[NotebookNode], None]


# nbval: a real run, with the project's own configuration


def two_cells(printed: str) -> NotebookNode:
    """Make a notebook whose second cell shows what it prints."""
    return new_notebook(
        cells=[
            new_code_cell("third = 1 / 3", id="compute", execution_count=1),
            new_code_cell(
                'print(f"{third:.4f}")',
                id="show",
                execution_count=2,
                outputs=[new_output("stream", name="stdout", text=printed)],
            ),
        ]
    )


def test_nbval_refuses_one_changed_output(tmp_path: Path) -> None:
    nbformat.write(two_cells("0.3333\n"), tmp_path / "honest.ipynb")
    nbformat.write(two_cells("0.3334\n"), tmp_path / "tampered.ipynb")
    command = [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", "--rootdir", ROOT, "-p", "conftest"]
    run = subprocess.run(
        [*command, "-p", "no:cacheprovider", tmp_path],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    assert "1 failed, 3 passed" in run.stdout
    assert re.search(r"tampered.ipynb::Cell \d", run.stdout)
    assert "Cell outputs differ" in run.stdout
    assert "'0.3334\\n' == '0.3333\\n'" in run.stdout


# The guards


def cells(notebook: NotebookNode, kind: str) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def last_code(notebook: NotebookNode) -> NotebookNode:
    return cells(notebook, "code")[-1]


def replace(notebook: NotebookNode, kind: str, old: str, new: str) -> None:
    for cell in cells(notebook, kind):
        cell.source = cell.source.replace(old, new)


def figure_at(notebook: NotebookNode) -> int:
    """Return the index of the first cell that shows a figure."""
    shown = [any("image/png" in o.get("data", {}) for o in cell.get("outputs", [])) for cell in notebook.cells]
    return shown.index(True)


def delete_a_gradient_check(notebook: NotebookNode) -> None:
    """Delete one checking cell, and number the others anew, as `make notebooks` would."""
    imports, *others = cells(notebook, "code")
    checking = (c for c in others if guards.gradient_checks(Page(STEP, new_notebook(cells=[imports, c]))))
    notebook.cells.remove(next(checking))
    for n, cell in enumerate(cells(notebook, "code"), start=1):
        cell.execution_count = n


def disarm_the_gradient_checks(notebook: NotebookNode) -> None:
    """Keep every comparison, and none that fails."""
    replace(notebook, "code", ".assert_ok()", "")
    replace(notebook, "code", "assert ", "")


def answer_first(notebook: NotebookNode) -> None:
    """Put the folded answer directly under its question."""
    at = next(i for i, cell in enumerate(notebook.cells) if "<details>" in cell.source)
    answer = notebook.cells.pop(at)
    question = max(i for i, cell in enumerate(notebook.cells[:at]) if "## Predict" in cell.source)
    notebook.cells.insert(question + 1, answer)


def ask_only(notebook: NotebookNode) -> None:
    """Take all answers away."""
    notebook.cells = [cell for cell in notebook.cells if "<details>" not in cell.source]


def say(source: str) -> Spoil:
    """Add a Markdown cell in the middle."""
    return lambda notebook: notebook.cells.insert(3, new_markdown_cell(source, id="added"))


def run(source: str) -> Spoil:
    """Add lines to the last code cell."""
    return lambda notebook: last_code(notebook).update(source=last_code(notebook).source + "\n" + source)


def present(cell_id: str, kind: str) -> Spoil:
    """Give a cell another place on the slides."""
    return lambda notebook: next(c for c in notebook.cells if c.id == cell_id).metadata.slideshow.update(
        slide_type=kind
    )


def show(output: NotebookNode) -> Spoil:
    """Add an output to the last code cell."""
    return lambda notebook: last_code(notebook).outputs.append(output)


# The guard, the notebook, what is done to it, and a part of the fault that must be named.
TAMPERINGS: list[tuple[Guard, Path, Spoil, str]] = [
    (guards.is_valid, STEP, lambda n: n.cells[1].update(id=n.cells[0].id), "more than once"),
    (guards.is_valid, STEP, lambda n: n.update(nbformat_minor=4), "not 4.5"),
    (guards.is_valid, STEP, lambda n: n.metadata.update(widgets={}), "widgets"),
    (guards.ran_in_order, STEP, lambda n: last_code(n).update(execution_count=None, outputs=[]), "count None"),
    (guards.ran_in_order, STEP, lambda n: last_code(n).update(execution_count=99), "count 99"),
    (guards.shows_no_accident, STEP, show(new_output("stream", name="stderr", text="oh")), "stderr"),
    (guards.shows_no_accident, STEP, show(new_output("error", ename="E", evalue="", traceback=[])), "error"),
    (
        guards.hides_nothing_from_nbval,
        STEP,
        lambda n: last_code(n).metadata.update(tags=["raises-exception"]),
        "raises",
    ),
    (guards.hides_nothing_from_nbval, STEP, lambda n: last_code(n).metadata.update(tags=["nbval-skip"]), "skip"),
    (guards.hides_nothing_from_nbval, STEP, run("# NBVAL_IGNORE_OUTPUT"), "NBVAL_IGNORE_OUTPUT"),
    (guards.code_is_plain_python, STEP, run("%matplotlib inline"), "not plain Python"),
    (guards.code_is_plain_python, STEP, run("z;  # hidden"), "semicolon"),
    (guards.code_is_plain_python, STEP, run("warnings.simplefilter('ignore')"), "filters warnings"),
    (guards.code_is_plain_python, STEP, run("z\n" * 20), "lines"),
    (guards.code_is_plain_python, STEP, lambda n: last_code(n).update(source=""), "empty"),
    (guards.imports_come_first, STEP, run("if True:\n    import math"), "imports"),
    (guards.imports_come_first, STEP, lambda n: replace(n, "code", "\nsetup()", ""), "setup()"),
    (guards.has_a_title, STEP, lambda n: n.cells.pop(0), "no title"),
    (
        guards.uses_the_worked_example,
        STEP,
        lambda n: replace(n, "code", "four_penguins()", "penguins()"),
        "four penguins",
    ),
    (guards.keeps_the_rhythm, STEP, lambda n: replace(n, "markdown", "## Check", "## Trust"), "## Check"),
    (guards.states_its_formulas, STEP, lambda n: replace(n, "markdown", "{diag}", "{tr}"), "diag"),
    (guards.states_its_formulas, STEP, lambda n: replace(n, "markdown", r"\delta_{ij} -", r"\delta_{ij} +"), "delta"),
    (guards.uses_the_palette, STEP, say(r"$\color{#123456}{x}$"), "#123456"),
    (guards.checks_its_gradients, STEP, delete_a_gradient_check, "gradient checks"),
    (guards.checks_its_gradients, STEP, disarm_the_gradient_checks, "has 0 gradient checks"),
    (guards.has_the_notation, START, lambda n: replace(n, "markdown", "| (N, D) |", "| (D, N) |"), "`X`"),
    (guards.has_the_notation, START, lambda n: replace(n, "markdown", "D = 2", "D = 3"), "D = 2"),
    (guards.answers_after_the_code, STEP, answer_first, "answers before"),
    (guards.answers_after_the_code, STEP, ask_only, "no folded answer"),
    (guards.answers_after_the_code, STEP, lambda n: replace(n, "markdown", "</details>", ""), "not closed"),
    (guards.describes_its_figures, STEP, lambda n: n.cells.pop(figure_at(n) + 1), "*Figure.*"),
    (
        guards.describes_its_figures,
        STEP,
        lambda n: n.cells[figure_at(n) + 1].update(source="*Figure.* A plot."),
        "8 words",
    ),
    (guards.ends_with_what_we_have, STEP, lambda n: replace(n, "markdown", "---\n", ""), "rule"),
    (
        guards.ends_with_what_we_have,
        STEP,
        lambda n: replace(n, "markdown", "What we have now", "The end"),
        "What we have",
    ),
    (guards.ends_with_what_we_have, STEP, lambda n: replace(n, "markdown", "$", ""), "mathematics"),
    (guards.ends_with_what_we_have, STEP, lambda n: replace(n, "markdown", "`", ""), "code"),
    (guards.ends_with_what_we_have, STEP, lambda n: replace(n, "markdown", "(05_", "(00_"), "link"),
    (guards.links_work, STEP, say("[gone](99_gone.ipynb)"), "99_gone.ipynb: no such file"),
    (guards.links_work, STEP, say('<a href="figures/gone.png">gone</a>'), "gone.png: no such file"),
    (guards.links_work, STEP, say("[gone](#No-such-heading)"), "No-such-heading: not one heading"),
    (guards.links_work, STEP, say("[gone](00_start_here.ipynb#No-such-heading)"), "not one heading"),
    (guards.makes_slides, STEP, say("More."), "slide type None"),
    (guards.makes_slides, STEP, present("see", "fragment"), "does not begin a slide"),
    (guards.makes_slides, STEP, present("imports", "fragment"), "set-up"),
    (guards.makes_slides, STEP, present("see-seen", "fragment"), "description"),
    (guards.makes_slides, STEP, lambda n: n.cells[2].metadata.update(tags=["hide-input"]), "nothing is left"),
]


@pytest.mark.parametrize(("guard", "path", "spoil", "fault"), TAMPERINGS)
def test_guard_refuses(guard: Guard, path: Path, spoil: Spoil, fault: str) -> None:
    page = Page.read(path)
    assert guard(page) == []
    notebook = copy.deepcopy(page.notebook)
    spoil(notebook)
    faults = guard(Page(path, notebook))
    assert any(fault in found for found in faults), faults


def test_guard_refuses_a_huge_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "MAX_BYTES", 1000)
    assert guards.is_small(Page.read(STEP))


def test_every_guard_is_known_to_bite() -> None:
    assert {guard for guard, *_ in TAMPERINGS} | {guards.is_small} == set(guards.GUARDS)


def test_links_that_work_are_let_through() -> None:
    page = Page.read(START)
    page.notebook.cells += [
        new_markdown_cell(
            "## Two words: `code`\n\n[here](#Two-words:-code), [file](../README.md), [web](https://a.b/c)"
        ),
    ]
    assert guards.links_work(page) == []
