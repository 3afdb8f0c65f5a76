"""Print how the class did: `make class-summary`. Reads nbgrader's gradebook and the autograded notebooks.

For each assignment: the share of learners who passed each exercise, the three mistakes recognised most often, and
whose notebook hung, crashed or was not graded, and in whose a cell of an exercise had been copied, deleted or changed.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from linclf_helpers.exercises import CAPSTONE_EXERCISES, CLINIC, FUNCTIONS, QUESTIONS, Choice
from linclf_helpers.teaching.checkout import BUILD

COURSE = BUILD / "nbgrader"

MOST_FREQUENT = 3
MENDED = {
    "copied": "there more than once: the last copy counts",
    "deleted": "deleted; a test was put back",
    "metadata": "nbgrader's notes on the cell had been changed, and were put back",
    "type": "no longer a code cell; made one again",
}
TROUBLE = {"CellTimeoutError": "a cell took too long", "DeadKernelError": "Python died"}


def known_mistakes() -> dict[str, tuple[str, str]]:
    """Return what each mistake on record is called, and the question that leads to it, by its id.

    Only these are printed: what stands in a returned notebook may be anything.
    """
    known: dict[str, tuple[str, str]] = {}
    for task in (*FUNCTIONS, *CAPSTONE_EXERCISES, *CLINIC, *QUESTIONS):
        if isinstance(task, Choice):
            known |= {f"{task.name}.{a}": (f"chose {a!r}: {text}", task.replies[a]) for a, text in task.options.items()}
        else:
            known |= {mistake.id: (mistake.title, mistake.question) for mistake in task.mistakes}
    return known


def mistakes_in(notebook: NotebookNode) -> set[str]:
    """Return the ids of the mistakes that were recognised in an autograded notebook's tests."""
    shown = (
        output.get("metadata", {}).get("outcome", {})
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
        for output in cell.get("outputs", [])
    )
    return {outcome["mistake"] for outcome in shown if isinstance(outcome, dict) and outcome.get("mistake")}


def trouble_in(notebook: NotebookNode) -> list[str]:
    """Return what interrupted or ended an autograded notebook, and in which exercise."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("ename") in TROUBLE and not output.evalue.startswith("Not run"):
                where = cell.metadata.get("nbgrader", {}).get("grade_id", "a cell that is no exercise")
                found.append(f"{TROUBLE[output.ename]} ({where.removesuffix('-yours')})")
    return found


def mended_in(notebook: NotebookNode, known: list[str]) -> list[str]:
    """Return what was mended in an autograded notebook before it ran, cell by cell in the assignment's order."""
    noted = notebook.metadata.get("mended", [])
    return [f"{name}: {MENDED[what]}" for name in known for what in MENDED if [name, what] in noted]


def summary_of(gradebook: Any, course: Path, name: str) -> Iterator[str]:
    """Yield the lines about one assignment.

    Parameters
    ----------
    gradebook : nbgrader.api.Gradebook
    course : Path
        The folder of the nbgrader course.
    name : str
        The assignment.
    """
    passed: dict[str, list[bool]] = defaultdict(list)
    learners: dict[str, set[str]] = defaultdict(set)
    trouble: list[str] = []
    mended: list[str] = []
    pages = gradebook.find_assignment(name).notebooks
    cells = [cell.name for page in pages for cell in page.source_cells]
    returned = sorted(path.parent.name for path in course.glob(f"submitted/*/{name}"))
    graded = 0
    submissions = {s.student.id: s for s in gradebook.assignment_submissions(name)}
    for student in returned:
        path = course / "autograded" / student / name / f"{name}.ipynb"
        if not path.exists():
            trouble.append(f"{student}: not graded; nbgrader's messages say why")
            continue
        graded += 1
        notebook = nbformat.read(path, as_version=4)
        for grade in (grade for page in submissions[student].notebooks for grade in page.grades):
            passed[grade.cell.name].append(grade.score >= grade.max_score)
        for mistake in mistakes_in(notebook):
            learners[mistake].add(student)
        trouble += [f"{student}: {text}" for text in trouble_in(notebook)]
        mended += [f"{student}: {text}" for text in mended_in(notebook, cells)]

    yield f"{name}: {len(returned)} returned, {graded} graded"
    order = [cell.name for page in pages for cell in page.grade_cells]
    for exercise in order:
        right = sum(passed[exercise])
        if passed[exercise]:
            yield f"  {right / len(passed[exercise]):>4.0%} passed  {exercise} ({right} of {len(passed[exercise])})"
    known = known_mistakes()
    often = sorted((m for m in learners if m in known), key=lambda m: (-len(learners[m]), m))[:MOST_FREQUENT]
    if often:
        yield "  The most frequent mistakes:"
    for mistake in often:
        title, question = known[mistake]
        count = f"{len(learners[mistake])} learner{'s' * (len(learners[mistake]) > 1)}"
        yield f"    {count:<10}  {mistake}: {title}"
        yield f"{'':16}{question}"
    if trouble:
        yield "  Hung, crashed or not graded:"
        yield from (f"    {line}" for line in trouble)
    if mended:
        yield "  Cells of exercises, mended before grading:"
        yield from (f"    {line}" for line in mended)


def main(arguments: Sequence[str]) -> None:
    """Print the summary of one assignment, or of all that somebody returned."""
    parser = argparse.ArgumentParser("summary", description="How the class did.")
    parser.add_argument("assignment", nargs="?", help="its name (default: all that were returned)")
    parser.add_argument("--course", type=Path, default=COURSE, help="the course's folder (default: build/nbgrader)")
    args = parser.parse_args(arguments)
    database = args.course / "gradebook.db"
    if not database.exists():
        sys.exit(f"There is no {database}. First: make assignments, then nbgrader generate_assignment NAME.")
    try:
        from nbgrader.api import Gradebook
    except ImportError:
        sys.exit("nbgrader is not installed here. make assignments installs it.")
    with Gradebook(f"sqlite:///{database.resolve()}") as gradebook:
        names = sorted(assignment.name for assignment in gradebook.assignments)
        returned = [name for name in names if any(args.course.glob(f"submitted/*/{name}"))]
        wanted = [args.assignment] if args.assignment else returned
        if not set(wanted) <= set(names):
            sys.exit(f"No assignment {args.assignment!r} in the gradebook. It has: {', '.join(names) or 'none'}.")
        if not wanted:
            sys.exit("Nobody has returned anything yet.")
        for name in wanted:
            print("\n".join(summary_of(gradebook, args.course, name)))
