"""How a returned notebook is mended and run to its end, with stand-ins for nbgrader."""

import importlib
import runpy
import sys
from collections import defaultdict
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from stand_ins import Gradebook, install

from linclf_helpers import teaching

CONFIG = Path(teaching.__file__).with_name("nbgrader_config.py")


@pytest.fixture
def grading(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    install(monkeypatch)
    monkeypatch.delitem(sys.modules, "linclf_helpers.teaching.grading", raising=False)
    module = importlib.import_module("linclf_helpers.teaching.grading")
    monkeypatch.setitem(sys.modules, "linclf_helpers.teaching.grading", module)  # and so taken away again
    return module


def cell(source: str, name: str = "", **more: Any) -> Any:
    """Return a code cell, as nbgrader's if it has a name."""
    return new_code_cell(source, metadata={"nbgrader": {"grade_id": name, **more}} if name else {})


def test_a_notebook_goes_on_to_its_end(grading: ModuleType) -> None:
    asked = []
    execute = grading.ExecuteToTheEnd()
    type(execute).kc = SimpleNamespace(execute=lambda code, **_: asked.append(code))
    notebook = new_notebook(cells=[new_markdown_cell("words"), cell("1 / 2"), cell("test", "a", grade=True)])
    execute.preprocess(notebook)
    assert asked == [grading.AFRESH]
    assert not any(each.outputs for each in notebook.cells[1:])


@pytest.mark.parametrize(
    ("error", "name", "why"),
    [
        (DeadKernelError("died"), "DeadKernelError", "Python died here"),
        (CellTimeoutError("slow"), "CellTimeoutError", "took too long"),
    ],
)
def test_after_the_end_no_cell_runs(grading: ModuleType, error: Exception, name: str, why: str) -> None:
    def run(cell: Any) -> None:
        if cell.source == "ends here":
            raise error

    execute = grading.ExecuteToTheEnd()
    type(execute).runs = staticmethod(run)
    notebook = new_notebook(cells=[cell("fine"), cell("ends here"), new_markdown_cell("words"), cell("later")])
    execute.preprocess(notebook)
    fine, ends, _, later = notebook.cells
    assert not fine.outputs
    assert (ends.outputs[0].ename, why in ends.outputs[0].evalue) == (name, True)
    assert (later.outputs[0].ename, later.outputs[0].evalue[:8]) == (name, "Not run:")
    execute.preprocess(again := new_notebook(cells=[cell("fine")]))  # the next notebook starts anew
    assert not again.cells[0].outputs


def page() -> Any:
    """Return an assignment of two tests and a learner's cell, as the gradebook has it."""
    cells = [
        SimpleNamespace(name=name, locked=locked, checksum=f"sum of {name}", source=f"the test {name}", max_score=2)
        for name, locked in (("one-yours", False), ("one", True), ("two", True))
    ]
    found = SimpleNamespace(source_cells=cells, grade_cells=cells[1:])
    return SimpleNamespace(find_notebook=lambda notebook, assignment: found)


def test_cells_are_mended_and_it_is_noted(grading: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Gradebook, "content", page())
    right = {"schema_version": 3, "grade": True, "solution": False, "locked": True, "task": False, "points": 2}
    words = new_markdown_cell("two, as text", metadata={"nbgrader": {"grade_id": "two", **right, "points": 100}})
    stranger = new_markdown_cell("words", metadata={"nbgrader": ["none of nbgrader's"]})
    notebook = new_notebook(
        cells=[
            cell("first", "one", **right),
            cell("copy", "one", **right),
            words,
            stranger,
            cell("own"),
            cell("x", "?"),
        ]
    )
    nb, _ = grading.Recognise().preprocess(notebook, {"nbgrader": {"db_url": "", "notebook": "a", "assignment": "b"}})
    assert nb.metadata["mended"] == [["two", "type"], ["two", "metadata"], ["one", "copied"], ["one-yours", "deleted"]]
    assert "nbgrader" not in nb.cells[0].metadata  # the last copy counts
    assert nb.cells[1].metadata.nbgrader == {
        **right, "grade_id": "one", "checksum": "sum of one", "cell_type": "code",
    }  # fmt: skip
    assert (nb.cells[2].cell_type, nb.cells[2].metadata.nbgrader.points) == ("code", 2)
    assert all("nbgrader" not in each.metadata for each in nb.cells[3:])


def test_deleted_tests_are_put_back_beside_their_cell(grading: ModuleType) -> None:
    put_back = grading.PutBack()
    put_back.gradebook, put_back.notebook_id, put_back.assignment_id = page(), "a", "b"
    notebook = new_notebook(cells=[cell("mine", "one-yours"), cell("words")])
    nb, _ = put_back.add_missing_grade_cells(notebook, None)
    assert [each.source for each in nb.cells] == ["mine", "the test one", "words", "the test two"]
    assert put_back.add_missing_grade_cells(nb, None)[0] is nb
    assert len(nb.cells) == 4


@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_the_settings(grading: ModuleType, monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    settings: Any = defaultdict(SimpleNamespace)
    config = SimpleNamespace()

    class Config:
        def __getattr__(self, name: str) -> Any:
            return settings[name]

    config = Config()
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("PYTHONSAFEPATH", "")
    monkeypatch.setenv("PATH", "elsewhere")
    monkeypatch.setenv("NBGRADER_EXCHANGE", "a folder for all")
    runpy.run_path(str(CONFIG), {"get_config": lambda: config})
    assert settings["Exchange"].root == "a folder for all"
    assert settings["Autograde"].sanitize_preprocessors == [grading.Recognise, int]
    assert settings["Autograde"].autograde_preprocessors == [grading.PutBack, grading.ExecuteToTheEnd]
    assert settings["Execute"].timeout == 60
    limited = [f"--IPKernelApp.exec_lines={[grading.LIMIT.format(4)]!r}"]
    assert getattr(settings["Execute"], "extra_arguments", None) == (limited if platform == "linux" else None)
