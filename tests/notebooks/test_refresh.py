"""`make notebooks` saves what a fresh kernel gives, the same bytes every time, and never saves an accident."""

import re
from pathlib import Path

import nbformat
import pytest
import refresh
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook


def save(path: Path, *sources: str) -> Path:
    """Write a notebook as JupyterLab might leave it: not executed, with metadata of its own."""
    cells = [new_code_cell(source, id=f"code-{n}") for n, source in enumerate(sources)]
    notebook = new_notebook(cells=[new_markdown_cell("# Überschrift", id="title"), *cells])
    notebook.metadata = nbformat.from_dict({"kernelspec": {"name": "gone", "display_name": "Gone"}, "widgets": {}})
    nbformat.write(notebook, path)
    return path


def save_again(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr("sys.argv", ["refresh.py", *map(str, arguments)])
    return refresh.main()


def test_saves_outputs_and_then_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save(
        tmp_path / "a.ipynb",
        "import os\nfrom pathlib import Path\n\nfrom ipywidgets import FloatSlider\n\nimport linclf_helpers",
        "print(Path.cwd().name, linclf_helpers.__name__, 'inline' in os.environ['MPLBACKEND'])\nFloatSlider(1.0)",
    )
    assert save_again(monkeypatch, "--check", path) == 1
    assert nbformat.read(path, as_version=4).cells[1].execution_count is None
    assert save_again(monkeypatch, path) == 0
    first = path.read_bytes()
    assert save_again(monkeypatch, path) == 0
    assert path.read_bytes() == first
    assert re.findall(r"/a.ipynb: (.+)", capsys.readouterr().out) == ["would change", "saved", "unchanged"]

    notebook = nbformat.read(path, as_version=4)
    assert [cell.id for cell in notebook.cells] == ["title", "code-0", "code-1"]
    assert [cell.execution_count for cell in notebook.cells[1:]] == [1, 2]
    printed, slider = notebook.cells[2].outputs
    assert printed.text == f"{tmp_path.name} linclf_helpers True\n"
    assert slider.data["application/vnd.jupyter.widget-view+json"]["model_id"] == "widget-1"
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert "Überschrift" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("source", "said"), [("1 / 0", "raised"), ("import sys\n\nprint('careful', file=sys.stderr)", "wrote to stderr")]
)
def test_an_accident_is_named_and_not_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], source: str, said: str
) -> None:
    path = save(tmp_path / "a.ipynb", "x = 1", source)
    before = path.read_bytes()
    assert save_again(monkeypatch, path) == 1
    assert path.read_bytes() == before
    assert f"a.ipynb: cell 2 (code-1) {said}" in capsys.readouterr().err
