"""Turn the course into an nbgrader course: `make assignments`.

Every notebook with exercises becomes an assignment: the learner's cells are solution cells, and each `check` is a
locked test with points. The committed notebooks are read, never written. A second run replaces `source` and the
settings, and leaves gradebook, releases and submissions alone.
"""

import argparse
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from linclf_helpers import exercises
from linclf_helpers.exercises.page import Check, find_check
from linclf_helpers.teaching.checkout import BUILD, NOTEBOOKS, in_a_clone

COURSE = BUILD / "nbgrader"

POINTS_ON_PAPER = 1  # numbers worked out by hand, and questions with answers to choose from
POINTS_IN_CODE = 2  # a function, a repair of the clinic, a stage of the capstone

TEST = """\
{hint}from IPython.display import display
from linclf_helpers import exercises
from linclf_helpers.exercises.page import Check, find_check

outcome = {task}.check({answer})
display(outcome, metadata={{"outcome": {{"kind": outcome.kind, "mistake": outcome.mistake}}}})
{points} if outcome.kind == "right" else 0  # the points"""
HINT = "# A hint, one more each time: run {task}.hint() in a cell of your own.\n"
SOLUTION = "{stub}\n### BEGIN SOLUTION\n{solution}\n### END SOLUTION"


def is_in_code(check: Check) -> bool:
    """Return whether code is asked for, rather than numbers or a letter."""
    return not isinstance(getattr(exercises, check.name, None), exercises.Paper | exercises.Choice)


def points_of(check: Check) -> int:
    """Return what a right answer is worth."""
    return POINTS_IN_CODE if is_in_code(check) else POINTS_ON_PAPER


def solution_of(check: Check) -> str:
    """Return the reference solution, as a learner would hand it in."""
    task = eval(check.task, {"exercises": exercises})
    if isinstance(task, exercises.Choice):
        return f"{check.answer} = {task.right!r}"
    code = str(task._show_solution().code)  # `solution()` counts how often it is asked
    return re.sub(r"^def \w+", f"def {check.answer}", code) if is_in_code(check) else f"{check.answer} = {code}"


def solution_cell(cell: NotebookNode, grade_id: str, stub: str, solution: str) -> NotebookNode:
    """Return a learner's cell: the stub stays when nbgrader takes the solution out."""
    nbgrader = {"schema_version": 3, "grade": False, "solution": True, "locked": False, "task": False}
    metadata = {**cell.metadata, "nbgrader": {**nbgrader, "grade_id": grade_id}}
    source = SOLUTION.format(stub=stub, solution=solution)
    return new_code_cell(source, id=cell.id, metadata=metadata)


def check_cell(cell_id: str, check: Check) -> NotebookNode:
    """Return the locked test with its points."""
    nbgrader = {"schema_version": 3, "grade": True, "solution": False, "locked": True, "task": False}
    metadata = {"nbgrader": {**nbgrader, "grade_id": check.name, "points": points_of(check)}}
    hint = "" if check.name.startswith("capstone-") else HINT.format(task=check.task)
    source = TEST.format(hint=hint, task=check.task, answer=check.answer, points=points_of(check))
    return new_code_cell(source, id=cell_id, metadata=metadata)


def without_solution_links(source: str) -> str:
    """Return Markdown without the paragraphs that link to a worked solution."""
    return "\n\n".join(part for part in source.split("\n\n") if "](solutions/" not in part)


def assignment(path: Path) -> NotebookNode | None:
    """Return a notebook of the course as nbgrader's source notebook, or None if it has no exercises."""
    notebook = nbformat.read(path, as_version=4)
    worked = path.parent / "solutions" / path.name
    solutions = {c.id: c.source for c in nbformat.read(worked, as_version=4).cells} if worked.exists() else {}
    graded = {cell.id for cell in notebook.cells if cell.cell_type == "code" and find_check(cell.source)}
    cells = []
    for cell in notebook.cells:
        if cell.id in graded:
            check = find_check(cell.source)
            assert check
            if check.stub:
                cells.append(solution_cell(cell, f"{check.name}-yours", check.stub, f"\n\n{solution_of(check)}"))
            cells.append(check_cell(f"{cell.id}-check" if check.stub else cell.id, check))
        elif cell.id in solutions and cell.id.replace("-yours", "-check") in graded:
            cells.append(solution_cell(cell, f"capstone-{cell.id}", cell.source, solutions[cell.id]))
        else:
            if cell.cell_type == "markdown":
                text = without_solution_links(cell.source).replace("in place of `check(…)`", "in a cell of your own")
                cell.source = re.sub(r"\]\((\d\d_\w+)\.ipynb", r"](../\1/\1.ipynb", text)
            cells.append(cell)
    notebook.cells = cells
    return notebook if graded else None


def make_course(course: Path) -> dict[str, tuple[int, int]]:
    """Write the nbgrader course; return how many exercises and points each assignment has.

    Parameters
    ----------
    course : Path
        The folder of the course. What it already holds besides `source` and the settings stays.
    """
    made = {}
    shutil.rmtree(course / "source", ignore_errors=True)
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = assignment(path)
        if notebook is None:
            continue
        folder = course / "source" / path.stem
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / path.name)
        points = [cell.metadata.get("nbgrader", {}).get("points", 0) for cell in notebook.cells]
        made[path.stem] = (sum(p > 0 for p in points), sum(points))
    shutil.copyfile(Path(__file__).with_name("nbgrader_config.py"), course / "nbgrader_config.py")
    return made


def main(arguments: Sequence[str]) -> None:
    """Make the course and say what to do next."""
    parser = argparse.ArgumentParser("assignments", description="Turn the course into an nbgrader course.")
    parser.add_argument("course", nargs="?", type=Path, default=COURSE, help="its folder (default: build/nbgrader)")
    course = parser.parse_args(arguments).course
    in_a_clone()
    for name, (count, points) in make_course(course).items():
        print(f"{name:<34}{count:>2} exercises {points:>3} points")
    print(f"The course is in {course}. Next, there: nbgrader generate_assignment NAME")
