"""Stand-ins for nbgrader, for tests that run where it isn't installed; `test_nbgrader` uses it."""

import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from nbformat import NotebookNode


class Gradebook:
    """What is asked of nbgrader's gradebook; `content` is what it holds."""

    content: Any = None

    def __init__(self, url: str) -> None:
        self.url = url

    def __enter__(self) -> Any:
        return self.content

    def __exit__(self, *_: object) -> None: ...


class Preprocessor:
    """nbgrader's parents, as far as they are called."""

    log = SimpleNamespace(warning=lambda *_: None)
    kc = SimpleNamespace(execute=lambda *_, **__: None)
    runs: Callable[[NotebookNode], None] = staticmethod(lambda cell: None)

    def preprocess(self, nb: NotebookNode, resources: Any = None, km: Any = None) -> tuple[NotebookNode, Any]:
        for index, cell in enumerate(nb.cells):
            nb.cells[index], resources = self.preprocess_cell(cell, resources, index)
        return nb, resources

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        type(self).runs(cell)
        return cell, resources

    def missing_cell_transform(self, cell: Any, points: float) -> NotebookNode:
        return NotebookNode(cell_type="code", source=cell.source, metadata={"nbgrader": {"grade_id": cell.name}})


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the stand-ins where nbgrader would be imported from."""
    kinds = {name: type(name, (Preprocessor,), {}) for name in ("DeduplicateIds", "Execute", "OverwriteCells")}
    kinds["NbGraderPreprocessor"] = Preprocessor

    class Autograde:
        sanitize_preprocessors = (kinds["DeduplicateIds"], int)
        autograde_preprocessors = (kinds["OverwriteCells"], kinds["Execute"])

    contents: dict[str, dict[str, Any]] = {
        "nbgrader": {},
        "nbgrader.api": {"Gradebook": Gradebook},
        "nbgrader.converters": {"Autograde": Autograde},
        "nbgrader.preprocessors": kinds,
        "nbgrader.utils": {"is_grade": lambda cell: cell.metadata.get("nbgrader", {}).get("grade", False)},
    }
    for name, content in contents.items():
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
