"""The course through nbgrader and back: handed out, returned by nine learners, graded, with feedback and a summary.

They need the group nbgrader of pyproject.toml. Without it they are skipped; with CLASS_TESTS=required in the
environment, as in `.ci/run`, they fail instead.
"""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from linclf_helpers import exercises
from linclf_helpers.exercises.page import find_check
from linclf_helpers.teaching import assignments, summary
from tests.optional import install, lacks, skip

ROOT = Path(__file__).resolve().parents[2]

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAME = "04_softmax_derivative"  # the assignment that goes the whole way
COURSE_ID = "how-a-classifier-learns"


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def marked(notebook: NotebookNode, what: str) -> dict[str, NotebookNode]:
    """Return the cells that nbgrader knows as tests ("grade") or learners' cells ("solution"), by their grade ids."""
    cells = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get(what)]
    found = {cell.metadata.nbgrader.grade_id: cell for cell in cells}
    assert len(found) == len(cells)
    return found


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the course in a folder with a space in its name."""
    folder = tmp_path_factory.mktemp("nbgrader") / "a course"
    assignments.make_course(folder)
    return folder


# The conversion, which needs no nbgrader


def test_every_check_of_the_course_is_one_test_of_an_assignment(course: Path) -> None:
    """Counted in another way than the conversion does: by the text of the cells."""
    in_source = {path.stem: read(path) for path in sorted(course.glob("source/*/*.ipynb"))}
    for path in NOTEBOOKS:
        code = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "code")
        checks = re.findall(r"(?m)^(exercises\.\w+|patient_\d|capstone)\.check\((.+)\)$", code)
        assert len(set(checks)) == len(checks) == len(re.findall(r"\.check\(", code))
        assert bool(checks) == (path.stem in in_source)
        if checks:
            tests = marked(in_source[path.stem], "grade")
            wanted = [f"capstone-{arg[1:-1]}" if task == "capstone" else task.split(".")[-1] for task, arg in checks]
            assert list(tests) == wanted
    names = [name for notebook in in_source.values() for name in marked(notebook, "grade")]
    assert len(set(names)) == len(names)
    assert sum(len(marked(n, "grade")) for n in in_source.values()) == 42


def test_tests_are_locked_and_have_points_and_learners_keep_their_stubs(course: Path) -> None:
    for path in course.glob("source/*/*.ipynb"):
        notebook, committed = read(path), {c.id: c for c in read(ROOT / "notebooks" / path.name).cells}
        tests, solutions = marked(notebook, "grade"), marked(notebook, "solution")
        for name, cell in tests.items():
            assert cell.metadata.nbgrader.locked
            assert not cell.metadata.nbgrader.solution
            on_paper = isinstance(getattr(exercises, name, None), exercises.Paper | exercises.Choice)
            assert cell.metadata.nbgrader.points == (1 if on_paper else 2)
        assert {f"{name}-yours" for name in tests} - set(solutions) <= {"capstone-own_work-yours"}
        assert len(solutions) == len(tests) - (path.stem[:2] == "09")
        for cell in solutions.values():
            stub, _, solution = cell.source.partition("\n### BEGIN SOLUTION\n")
            assert committed[cell.id].source.startswith(stub)
            assert "check(" not in cell.source
            assert solution.endswith("\n### END SOLUTION")
        others = [c for c in notebook.cells if "nbgrader" not in c.metadata and c.cell_type == "code"]
        assert [c.source for c in others] == [committed[c.id].source for c in others]
        text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        assert "](solutions/" not in text
        assert "in place of `check(" not in text  # that cell is locked
        for name in re.findall(r"\]\((\.\./[^)]+\.ipynb)", text):
            assert (path.parent / name).exists() or name.endswith("00_start_here.ipynb")


def test_a_second_run_leaves_what_came_back(course: Path, tmp_path: Path) -> None:
    assignments.make_course(tmp_path)
    kept = tmp_path / "submitted" / "ada" / NAME / f"{NAME}.ipynb"
    kept.parent.mkdir(parents=True)
    kept.write_text("precious", encoding="utf-8")
    (tmp_path / "source" / "gone").mkdir()
    assignments.make_course(tmp_path)
    assert kept.read_text(encoding="utf-8") == "precious"
    assert not (tmp_path / "source" / "gone").exists()
    for path in course.glob("source/*/*.ipynb"):
        assert (tmp_path / path.relative_to(course)).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("source", ["", "f(", "check(f)", "f.check()", "f.check(a, b)", "x = f.check(a)", "f.hint(a)"])
def test_what_is_no_check(source: str) -> None:
    assert find_check(source) is None


# nbgrader's own commands


def need_nbgrader() -> None:
    """Skip, or fail where the tests are required to run."""
    if os.name == "nt":
        pytest.skip("nbgrader's exchange does not work on Windows")
    if lacks("nbgrader"):
        skip("nbgrader", install("nbgrader"), "CLASS_TESTS")


def test_metadata_are_valid_by_nbgraders_own_schema(course: Path) -> None:
    need_nbgrader()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries that nbgrader imports
        from nbgrader.nbgraderformat import MetadataValidator
    for path in course.glob("source/*/*.ipynb"):
        MetadataValidator().validate_nb(read(path))


RIGHT_PAPER = "answer = [[0.25, -0.25, 0], [-0.25, 0.25, 0], [0, 0, 0]]"
RIGHT_CODE = "def my_softmax_jacobian(y_hat):\n    return np.diag(y_hat) - np.outer(y_hat, y_hat)"
DIAGONAL = "def my_softmax_jacobian(y_hat):\n    return np.diag(y_hat * (1 - y_hat))"
HANGS = "def my_softmax_jacobian(y_hat):\n    while True:\n        pass"
STUBBORN = "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass"
TAMPERS = """\
exercises.jacobian_on_paper.check = exercises.softmax_jacobian.check = lambda *_: right
type(exercises.jacobian_on_paper).check = type(exercises.softmax_jacobian).check = lambda *_: right
right = exercises.Outcome("right", "softmax_jacobian", "right.")
def check(*_): return right
def display(*_, **__): return right
print("✓ softmax_jacobian: right.")
def my_softmax_jacobian(y_hat): return y_hat
2"""
# 16 GB if it got them. They are never touched, so no machine suffers.
GREEDY = "import numpy as np\nhoard = [np.zeros(2**27) for _ in range(16)]"
# What each learner writes in the three exercises. `None` leaves the stub.
ANSWERS: dict[str, tuple[str, str, str | None]] = {
    "ada": (RIGHT_PAPER, RIGHT_CODE, 'answer = "c"'),
    "ben": ("answer = [[0.25, 0, 0], [0, 0.25, 0], [0, 0, 0]]", DIAGONAL, 'answer = "b"'),
    "cem": ("while True:\n    pass", HANGS, 'answer = "c"\nimport os\nos._exit(1)'),
    "dora": ("deleted", DIAGONAL, 'answer = "a"'),
    "eve": ("1 / 0", TAMPERS, None),
    "gil": (RIGHT_PAPER, RIGHT_CODE, 'answer = "c"'),
    "hana": (RIGHT_PAPER, RIGHT_CODE, 'answer = "c"'),
    "ivo": (RIGHT_PAPER, RIGHT_CODE, 'answer = "c"'),
    "fay": (f"{GREEDY}\nraise ValueError('no idea')\n{RIGHT_PAPER}", RIGHT_CODE, f'answer = "c"\n{STUBBORN}'),
}
SCORES = {"ada": [1, 2, 1], "ben": [0] * 3, "cem": [0] * 3, "dora": [0] * 3, "eve": [0] * 3, "fay": [0, 2, 0]}
# Whatever Gil copied, Hana changed and Ivo deleted: they lose what the deleted answer was worth.
SCORES |= {"gil": [1, 2, 1], "hana": [1, 2, 1], "ivo": [0, 2, 1]}
# One process for several commands, since nbgrader takes seconds to import.
COMMANDS = """
import json, os, sys
from jupyter_core.application import NoStart
from nbgrader.apps import NbGraderApp

for folder, arguments in json.loads(sys.argv[1]):
    os.chdir(folder)
    print("$ nbgrader", *arguments, flush=True)
    app = NbGraderApp.instance()
    app.initialize(arguments)
    try:
        app.start()
    except NoStart:
        pass
    except SystemExit as end:
        if end.code:
            raise
    type(app.subapp).clear_instance()
    NbGraderApp.clear_instance()
"""


def answered(released: NotebookNode, learner: str) -> NotebookNode:
    """Return what a learner sends back. All but Ada deleted whatever is no exercise, which saves time.

    Those who are stopped after some seconds deleted the imports too: they take long on a busy machine.
    """
    notebook = nbformat.from_dict(released)
    for cell, answer in zip(marked(notebook, "solution").values(), ANSWERS[learner], strict=True):
        cell.source = answer or cell.source
    if learner != "ada":
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        imports = code[: learner not in ("cem", "fay")]
        notebook.cells = imports + [cell for cell in code if "nbgrader" in cell.metadata]
    if learner == "eve":  # changes one test and its points, and deletes another
        tests = marked(notebook, "grade")
        tests["why_no_inverse"].source = "100"
        tests["why_no_inverse"].metadata.nbgrader.points = 100
        notebook.cells.remove(tests["jacobian_on_paper"])
    tests, solutions = marked(notebook, "grade"), marked(notebook, "solution")
    if learner == "gil":  # copies a test and two answers, as JupyterLab does and as a text editor does
        for cell in (tests["softmax_jacobian"], solutions["softmax_jacobian-yours"], solutions["why_no_inverse-yours"]):
            copy = nbformat.from_dict(cell)
            copy.id = cell.id if cell is solutions["why_no_inverse-yours"] else f"{cell.id}-2"
            notebook.cells.insert(notebook.cells.index(cell), copy)
    if learner == "hana":  # changes types and nbgrader's metadata
        for cell in (tests["jacobian_on_paper"], solutions["softmax_jacobian-yours"]):
            cell.cell_type = "markdown" if "grade_id" in cell.source else "raw"
            del cell["outputs"], cell["execution_count"]
        tests["softmax_jacobian"].metadata.nbgrader = {"grade_id": "softmax_jacobian", "solution": "yes", "points": "2"}
        solutions["why_no_inverse-yours"].metadata.nbgrader |= {"grade": True, "points": 5, "locked": True}
        notebook.cells[0].metadata.nbgrader = ["none of nbgrader's"]
        notebook.cells.append(new_code_cell("1", metadata={"nbgrader": {"grade_id": "mine", "grade": True}}))
    if learner == "ivo":  # deletes an answer, a test, and all that nbgrader knows of another test
        notebook.cells.remove(solutions["jacobian_on_paper-yours"])
        notebook.cells.remove(tests["softmax_jacobian"])
        tests["why_no_inverse"].metadata = nbformat.from_dict({})
    if learner == "dora":  # deletes a whole exercise
        gone = marked(notebook, "grade")["jacobian_on_paper"], marked(notebook, "solution")["jacobian_on_paper-yours"]
        notebook.cells = [cell for cell in notebook.cells if cell not in gone]
    return notebook


@dataclass
class Journey:
    """What stands in the folders and on the screen when all commands have run."""

    course: Path
    learners: Path
    log: str
    summary: str

    def feedback(self, learner: str) -> str:
        return (self.course / "feedback" / learner / NAME / f"{NAME}.html").read_text(encoding="utf-8")

    def graded(self, learner: str) -> NotebookNode:
        return read(self.course / "autograded" / learner / NAME / f"{NAME}.ipynb")

    def scores(self, learner: str) -> list[float]:
        """Return the points of each exercise, as the feedback shows them."""
        return [float(s) for s in re.findall(r">Test cell</a> \(Score: ([\d.]+) / [\d.]+\)", self.feedback(learner))]


@pytest.fixture(scope="module")
def journey(course: Path, tmp_path_factory: pytest.TempPathFactory) -> Journey:
    """Go the whole way: two learners through the exchange, the others by files that they sent."""
    need_nbgrader()
    learners = tmp_path_factory.mktemp("learners")
    environment = os.environ | {"JUPYTER_DATA_DIR": str(learners / "data"), "NO_COLOR": "1"}

    def run(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def nbgrader(*commands: tuple[Path, str]) -> str:
        """Run commands, each in its folder, with the assignment's name as first argument."""
        split = [(str(folder), [command.split()[0], NAME, *command.split()[1:]]) for folder, command in commands]
        exchange = f"--Exchange.root={course / 'exchange'}"
        learner_needs = [f"--course={COURSE_ID}", exchange]
        return run("-c", COMMANDS, json.dumps([(f, a + learner_needs * (f != str(course))) for f, a in split]))

    ada, ben = learners / "ada", learners / "ben"
    ada.mkdir()
    nbgrader((course, "generate_assignment"), (course, "release_assignment"), (ada, "fetch_assignment"))
    shutil.copytree(ada, ben)
    released = read(ada / NAME / f"{NAME}.ipynb")
    for folder in (ada, ben):
        nbformat.write(answered(released, folder.name), folder / NAME / f"{NAME}.ipynb")
    archive = course / "downloaded" / NAME / "archive"
    archive.mkdir(parents=True)
    for name in ("cem", "dora", "eve", "gil", "hana", "ivo"):
        sent = json.dumps(answered(released, name))  # as it is: nbformat would mend what is there twice
        (archive / f"{name}__{NAME}.ipynb").write_text(sent, encoding="utf-8")
    with zipfile.ZipFile(archive / "fay.zip", "w") as package:
        package.writestr(f"{NAME}.ipynb", nbformat.writes(answered(released, "fay")))
    nbgrader((ada, "submit --student=ada"), (ben, "submit --student=ben"), (course, "collect"), (course, "zip_collect"))
    for module in ("linclf_helpers", "numpy"):  # a teacher who copies folders by hand may copy these as well
        shadow = course / "submitted" / "eve" / NAME / f"{module}.py"
        shadow.write_text("raise SystemExit('a learner\\'s own module was imported')\n", encoding="utf-8")

    log = nbgrader(
        *((course, f"autograde --student={name} --Execute.timeout=6") for name in ("cem", "fay")),
        (course, "autograde"),  # of all who are left
        (course, "generate_feedback"),
        (course, "release_feedback --student=ben"),
        (ben, "fetch_feedback --student=ben"),
        (course, f"export --to={learners / 'grades.csv'}"),
    )
    summary = run("-m", "linclf_helpers.teaching", "summary", NAME, f"--course={course}")
    return Journey(course, learners, log, summary)


def test_what_is_released_has_the_stub_and_no_solution(journey: Journey) -> None:
    released = read(journey.course / "release" / NAME / f"{NAME}.ipynb")
    stubs = [cell.source.strip() for cell in marked(released, "solution").values()]
    assert stubs == [
        "answer = [[..., ..., ...], [..., ..., ...], [..., ..., ...]]",
        "def my_softmax_jacobian(y_hat): ...",
        'answer = ...  # "a", "b" or "c"',
    ]
    assert "SOLUTION" not in nbformat.writes(released)
    for cell in marked(released, "grade").values():
        assert cell.metadata.editable is cell.metadata.deletable is False


@pytest.mark.parametrize("learner", ANSWERS)
def test_points_follow_the_outcomes(journey: Journey, learner: str) -> None:
    """In the feedback, and in the table that a teacher exports."""
    assert journey.scores(learner) == SCORES[learner]
    with (journey.learners / "grades.csv").open(encoding="utf-8") as file:
        [row] = [row for row in csv.DictReader(file) if row["student_id"] == learner]
    assert (row["assignment"], float(row["score"]), float(row["max_score"])) == (NAME, sum(SCORES[learner]), 4)


@pytest.mark.parametrize(
    ("learner", "mistakes"),
    {
        "ben": ("jacobian_on_paper.diagonal_only", "softmax_jacobian.diagonal_only", "why_no_inverse.b"),
        "dora": ("softmax_jacobian.diagonal_only", "why_no_inverse.a"),
    }.items(),
)
def test_feedback_has_the_recognised_mistakes_and_their_hints(
    journey: Journey, learner: str, mistakes: tuple[str, ...]
) -> None:
    text = re.sub(r"\s+", " ", journey.feedback(learner))
    known = summary.known_mistakes()
    assert summary.mistakes_in(journey.graded(learner)) == set(mistakes)
    for mistake in mistakes:
        title, question = known[mistake]
        assert question in text
        assert title in text or title.startswith("chose")


def test_feedback_reaches_the_learner(journey: Journey) -> None:
    [fetched] = (journey.learners / "ben" / NAME / "feedback").rglob("*.html")
    assert fetched.read_text(encoding="utf-8") == journey.feedback("ben")


def test_a_cell_that_hangs_and_one_that_ends_python_stop_nobody_else(journey: Journey) -> None:
    """What hangs is interrupted, what ends Python is written down, and the feedback says so."""
    feedback = journey.feedback("cem")
    assert "This cell took too long and was stopped." in feedback
    assert "you stopped the check while your function was still running" in feedback
    assert "Python died here" in feedback
    assert "Not run: an earlier cell ended the notebook." in feedback
    assert "This cell took too long and could not be stopped." in journey.feedback("fay")


def test_a_cell_that_raises_costs_its_own_points_only(journey: Journey) -> None:
    assert journey.scores("fay")[:2] == [0, 2]
    if sys.platform == "linux":  # elsewhere memory is not limited, and the next line raises
        assert "MemoryError" in journey.feedback("fay")
    else:
        assert "no idea" in journey.feedback("fay")


def test_tampering_gives_no_points_and_is_reported(journey: Journey) -> None:
    assert journey.scores("eve") == [0, 0, 0]
    assert "own module was imported" not in journey.feedback("eve")
    tests = marked(journey.graded("eve"), "grade")
    committed = marked(read(journey.course / "source" / NAME / f"{NAME}.ipynb"), "grade")
    assert tests["why_no_inverse"].source == committed["why_no_inverse"].source
    assert tests["jacobian_on_paper"].source.endswith(committed["jacobian_on_paper"].source)
    changed = re.findall(r"Attribute '(\w+)' for cell why_no_inverse has changed!", journey.log)
    assert sorted(changed) == ["checksum", "points"]
    assert "Test jacobian_on_paper was deleted; it is put back" in journey.log


def test_the_summary_of_the_class(journey: Journey) -> None:
    """Two learners made one mistake; of the three made once, the first two by name."""
    known = summary.known_mistakes()
    lines = [f"{NAME}: 9 returned, 9 graded"]
    lines += ["   33% passed  jacobian_on_paper (3 of 9)", "   56% passed  softmax_jacobian (5 of 9)"]
    lines += ["   44% passed  why_no_inverse (4 of 9)", "  The most frequent mistakes:"]
    for count, mistake in (
        ("2 learners", "softmax_jacobian.diagonal_only"),
        ("1 learner", "jacobian_on_paper.diagonal_only"),
        ("1 learner", "why_no_inverse.a"),
    ):
        title, question = known[mistake]
        lines += [f"    {count:<10}  {mistake}: {title}", f"{'':16}{question}"]
    lines += ["  Hung, crashed or not graded:"]
    lines += ["    cem: a cell took too long (jacobian_on_paper)"]
    lines += ["    cem: a cell took too long (softmax_jacobian)", "    cem: Python died (why_no_inverse)"]
    lines += ["    fay: a cell took too long (why_no_inverse)", "  Cells of exercises, mended before grading:"]
    copied, deleted, metadata, changed = summary.MENDED.values()
    for cell, what in {
        "dora: jacobian_on_paper-yours": deleted,
        "dora: jacobian_on_paper": deleted,
        "eve: jacobian_on_paper": deleted,
        "eve: why_no_inverse": metadata,
        "gil: softmax_jacobian-yours": copied,
        "gil: softmax_jacobian": copied,
        "gil: why_no_inverse-yours": copied,
        "hana: jacobian_on_paper": changed,
        "hana: softmax_jacobian-yours": changed,
        "hana: softmax_jacobian": metadata,
        "hana: why_no_inverse-yours": metadata,
        "ivo: jacobian_on_paper-yours": deleted,
        "ivo: softmax_jacobian": deleted,
        "ivo: why_no_inverse": deleted,
    }.items():
        lines += [f"    {cell}: {what}"]
    assert journey.summary.splitlines() == lines


def test_the_summary_says_what_is_missing(journey: Journey, tmp_path: Path) -> None:
    def refused(*arguments: str) -> str:
        command = [sys.executable, "-m", "linclf_helpers.teaching", "summary", *arguments]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        return done.stderr

    assert "First: make assignments" in refused(f"--course={tmp_path}")
    assert f"No assignment '05' in the gradebook. It has: {NAME}." in refused("05", f"--course={journey.course}")
