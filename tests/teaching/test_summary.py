"""The summary of a class, with a stand-in for nbgrader's gradebook; `test_nbgrader` has the real one."""

import builtins
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from stand_ins import Gradebook, install

from linclf_helpers.teaching import summary

NAME = "04_softmax_derivative"
TEST = {"nbgrader": {"grade": True, "grade_id": "softmax_jacobian"}}


def returned(course: Path, learner: str, *cells: Any, mended: Any = ()) -> None:
    """Put what a learner returned, and the notebook as it was graded, into a course."""
    for folder in ("submitted", "autograded"):
        path = course / folder / learner / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        notebook = new_notebook(cells=cells, metadata={"mended": [*mended]})
        nbformat.write(notebook, path)


def shown(**outcome: Any) -> Any:
    """Return a test whose output names its outcome."""
    return new_code_cell("test", metadata=TEST, outputs=[new_output("display_data", metadata={"outcome": outcome})])


def failed(name: str, why: str, of_exercise: bool = True) -> Any:
    output = new_output("error", ename=name, evalue=why, traceback=[])
    return new_code_cell("cell", metadata=TEST if of_exercise else {}, outputs=[output])


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A class of four, of whom one was not graded."""
    install(monkeypatch)
    mistake = "softmax_jacobian.diagonal_only"
    returned(tmp_path, "ada", shown(kind="right", mistake=""))
    returned(tmp_path, "ben", shown(kind="recognised", mistake=mistake), mended=[["softmax_jacobian", "copied"]])
    late = failed("DeadKernelError", "Not run: an earlier cell ended the notebook.")
    returned(tmp_path, "cem", failed("CellTimeoutError", "slow", of_exercise=False), shown(mistake=mistake), late)
    (tmp_path / "submitted" / "dora" / NAME).mkdir(parents=True)
    (tmp_path / "gradebook.db").touch()

    def submission(learner: str, score: int) -> Any:
        grade = SimpleNamespace(cell=SimpleNamespace(name="softmax_jacobian"), score=score, max_score=2)
        return SimpleNamespace(student=SimpleNamespace(id=learner), notebooks=[SimpleNamespace(grades=[grade])])

    cells = [SimpleNamespace(name=name) for name in ("softmax_jacobian-yours", "softmax_jacobian", "why_no_inverse")]
    page = SimpleNamespace(source_cells=cells, grade_cells=cells[1:])
    gradebook = SimpleNamespace(
        assignments=[SimpleNamespace(name=NAME), SimpleNamespace(name="05_linear_derivative")],
        find_assignment=lambda name: SimpleNamespace(notebooks=[page]),
        assignment_submissions=lambda name: [submission("ada", 2), submission("ben", 0), submission("cem", 0)],
    )
    monkeypatch.setattr(Gradebook, "content", gradebook)
    return tmp_path


def test_the_class(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    title, question = summary.known_mistakes()["softmax_jacobian.diagonal_only"]
    summary.main([f"--course={course}"])
    assert capsys.readouterr().out.splitlines() == [
        f"{NAME}: 4 returned, 3 graded",
        "   33% passed  softmax_jacobian (1 of 3)",
        "  The most frequent mistakes:",
        f"    2 learners  softmax_jacobian.diagonal_only: {title}",
        f"{'':16}{question}",
        "  Hung, crashed or not graded:",
        "    cem: a cell took too long (a cell that is no exercise)",
        "    dora: not graded; nbgrader's messages say why",
        "  Cells of exercises, mended before grading:",
        f"    ben: softmax_jacobian: {summary.MENDED['copied']}",
    ]


def test_nothing_to_tell_is_left_out(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in [*course.glob("submitted/*"), *course.glob("autograded/*")]:
        if path.name != "ada":
            shutil.rmtree(path)
    summary.main([NAME, f"--course={course}"])
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_what_is_missing_is_said(course: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(SystemExit, match=r"No assignment '05' in the gradebook. It has: 04_softmax_derivative, 05_"):
        summary.main(["05", f"--course={course}"])
    (course / "submitted").rename(course / "elsewhere")
    with pytest.raises(SystemExit, match="Nobody has returned anything yet"):
        summary.main([f"--course={course}"])
    with pytest.raises(SystemExit, match="First: make assignments"):
        summary.main([f"--course={tmp_path_factory.mktemp('empty')}"])


def test_without_nbgrader_it_says_so(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without(name: str, *arguments: Any) -> Any:
        if name.startswith("nbgrader"):
            raise ImportError(name)
        return original(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SystemExit, match="nbgrader is not installed here"):
        summary.main([f"--course={course}"])
